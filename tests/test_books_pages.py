"""Programs that do only what the pages about the books say, and get there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import avbc
from avbc.testing import FakeStore, OrderFactory, example, item

PAGES = Path(__file__).parents[1] / "docs"

ACCTVANTAGE = '''
"""AcctVantage's side, as docs/handshake.md says: a process of its own, and SQL alone."""
import json, re, sqlite3, sys
from decimal import Decimal

task = json.load(sys.stdin)
is_postgresql = task["url"].startswith("postgresql")
if is_postgresql:
    import psycopg
    connection = psycopg.connect(task["url"].replace("postgresql+psycopg:", "postgresql:"))
else:
    connection = sqlite3.connect(task["url"].removeprefix("sqlite:///"))


def run(name, **values):
    sql = task["statements"][name]
    sql = re.sub(r":(\\w+)", r"%(\\1)s", sql) if is_postgresql else sql
    cursor = connection.execute(sql, values)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row)) for row in cursor] if names else []


done = []
for order in run("orders"):
    (client,) = run("client", client_id=order["client_id"])
    parts = {
        name: run(name, import_id=order["import_id"]) for name in ("ship tos", "lines", "discounts")
    }
    total = sum(Decimal(order[name]) for name in ("freight", "tax", "rounding"))
    total += sum(Decimal(line["amount"]) for line in parts["lines"])
    total -= sum(Decimal(discount["amount"]) for discount in parts["discounts"])
    assert total == Decimal(order["total"])
    answer = {"import_id": order["import_id"], "version": order["version"]}
    unknown = [row["part_number"] for row in parts["lines"] if row["part_number"] in task["no"]]
    if unknown:
        text = f"Part Number {unknown[0]} is not in AcctVantage."
        run("refused", **answer, refused_code="PART", refused_text=text)
    else:
        number, status = "SO-" + order["import_id"][3:], "Open"
        run("entered", **answer, document_number=number, status=status, client_number="C-1")
    connection.commit()
    done.append([order["import_id"], order["version"], bool(unknown)])
for record in (*run("receipts"), *run("credits")):
    answer = {"import_id": record["import_id"], "version": record["version"]}
    run("entered", **answer, document_number="R-1", status="", client_number="")
    connection.commit()
for name, values in task["send"]:
    run(name, **values)
connection.commit()
print(json.dumps(done))
'''


def statements() -> dict[str, str]:
    page = (PAGES / "handshake.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^```sql\n-- ([a-z ]+)\n(.*?);\n```$", page, re.MULTILINE | re.DOTALL))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'books.db'}"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def books(url: str, books_toml: Path) -> Iterator[avbc.SqlGateway]:
    with avbc.SqlGateway(url) as gateway:
        gateway.load(books_toml)
        yield gateway


def acctvantage(
    url: str, no: Sequence[str] = (), send: Sequence[tuple[str, dict[str, object]]] = ()
) -> list[list[Any]]:
    """Let the other process run once; returns Import ID, version and whether it refused."""
    task = {"url": url, "statements": statements(), "no": no, "send": send}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ACCTVANTAGE],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, list)
    return found


@pytest.mark.one_python
def test_the_handshake_from_a_second_process(url: str, books: avbc.SqlGateway) -> None:
    store, factory = FakeStore(), OrderFactory()
    mugs = store.add_order(factory.order([item("MUG-RED", 3), item("TOWEL-ST")]))
    lamp = store.add_order(factory.order([item("LAMP-01")])).id
    settings = avbc.Settings.from_dict(example.settings_dict(store.api_url))
    client = avbc.BigCommerce(store.api_url, store.access_token, transport=store.transport())
    with client, avbc.Orchestrator(settings, books, store=client) as web:
        assert len(web.import_orders().imported) == 2
        picked_up = acctvantage(url, no=["LAMP-01"])
        assert picked_up == [[f"WEB{mugs.id}", 1, False], [f"WEB{lamp}", 1, True]]
        assert f"SO-{mugs.id}" in str(web.history(mugs.id))

        web.take_answers()
        (refused,) = web.worklist()
        assert (refused.code, refused.order_id) == ("refused_by_acctvantage", lamp)
        assert "Part Number LAMP-01 is not in AcctVantage." in refused.message
        assert acctvantage(url) == []  # It is not offered while nobody settled it.

        store.edit_order(lamp, status_id=11)
        web.import_orders()
        assert acctvantage(url) == [[f"WEB{lamp}", 2, False]]
        web.take_answers()
        assert not web.worklist()

        lines = {
            line.store_line_id: str(line.quantity)
            for line in books.sales_orders([f"WEB{mugs.id}"])[0].lines
            if line.part_number
        }
        number = {"number": 501}
        shipment = {"order_import_id": f"WEB{mugs.id}", "ship_via": "UPS Ground", "carrier": "UPS"}
        acctvantage(
            url,
            send=[
                ("quantity", {"warehouse": "Main", "part_number": "MUG-RED", "available": "40"}),
                ("status", {"import_id": f"WEB{mugs.id}", "status": "Shipped/Invoice"}),
                ("shipment", {**number, **shipment}),
                *(
                    ("shipment item", {**number, "store_line_id": line, "quantity": of})
                    for line, of in lines.items()
                ),
                ("shipment parcel", {**number, "tracking_number": "1Z999AA1"}),
                ("shipment complete", number),
            ],
        )
        web.push_shipments()
        web.push_order_statuses()
        (sent,) = store.shipments()
        assert sent["tracking_number"] == "1Z999AA1"
        assert {one["order_product_id"]: str(one["quantity"]) for one in sent["items"]} == lines
        assert store.order(mugs.id).header["status"] == "Shipped"
        assert books.available("Main")["MUG-RED"] == 40


@pytest.mark.one_python
def test_a_journal_of_a_day_from_a_store(
    tmp_path: Path, books_toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the blocks of docs/files.md, in their sequence."""
    page = (PAGES / "files.md").read_text(encoding="utf-8").partition("## The Import Wizard")[0]
    found = re.findall(r"^ *```(\w+)\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    blocks = [(language, textwrap.dedent(text)) for language, text in found]
    hand_over, journal = (text for language, text in blocks if language == "toml")
    (code,) = (text for language, text in blocks if language == "python")

    monkeypatch.chdir(tmp_path)
    Path("journals").mkdir()
    codes = re.findall(r'= "(\d[\d-]+)"', journal)
    reference = books_toml.read_text(encoding="utf-8")
    reference = reference.replace("gl_accounts = [", f"gl_accounts = {json.dumps(codes)[:-1]}, ")
    Path("books.toml").write_text(hand_over + reference, encoding="utf-8")
    store, factory = FakeStore(), OrderFactory()  # whose orders are of March 2, 2026
    for sku in ("MUG-RED", "LAMP-01"):
        store.add_order(factory.order([item(sku)]))
    values = example.settings_dict(store.api_url)
    values["gl"] = {**values["gl"], "import_refunds": True}
    settings = avbc.Settings.from_dict({**values, **tomllib.loads(journal)})
    client = avbc.BigCommerce(store.api_url, store.access_token, transport=store.transport())
    with client, avbc.SqlGateway("sqlite:///books.db") as books:
        books.load("books.toml")
        with avbc.Orchestrator(settings, books, store=client) as web:
            exec(code, {"web": web})
        totals = sum(order.total for order in books.sales_orders())
        with books.engine.connect() as connection:
            assert not connection.exec_driver_sql("SELECT * FROM orders_to_enter").all()

    lines = Path("journals/journal-WEB-2026-03-02.txt").read_text(encoding="utf-8").splitlines()
    assert (lines[0], lines[2].partition("\t")[0], lines[-1]) == (
        "AVExtDef20050421",
        "03/02/2026",
        "EOF",
    )
    rows = [line.split("\t") for line in lines[4:-2]]
    debit, credit = (sum(Decimal(row[at] or 0) for row in rows) for at in (1, 2))
    assert debit == credit
    debits = {row[0]: Decimal(row[1]) for row in rows if row[1]}
    assert debits["11200"] == debits["10500"] == totals > 0
