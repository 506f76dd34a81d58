"""docs/books.md and docs/handshake.md say what is so."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from attrs import evolve

from avbc.acctvantage import BooksRefused, SqlGateway, books_file
from avbc.acctvantage.sql import handshake, schema, versions
from avbc.testing.contract import make_bundle

PAGES = Path(__file__).parents[2] / "docs"
BOOKS = (PAGES / "books.md").read_text(encoding="utf-8")
HANDSHAKE = (PAGES / "handshake.md").read_text(encoding="utf-8")


def blocks(language: str, page: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def test_the_example_loads(memory: SqlGateway, tmp_path: Path) -> None:
    (example,) = blocks("toml", BOOKS)
    (tmp_path / "books.toml").write_text(example, encoding="utf-8")
    memory.load(tmp_path / "books.toml")
    assert set(tomllib.loads(example)) == {
        field.name for field in books_file.BooksFile.__attrs_attrs__
    } - {"quantities", "source"}
    assert memory.available("Main") == {"SKU-1": 12}
    assert [client.open_ar for client in memory.clients()] == [True]


def test_every_key_is_listed() -> None:
    for name, table in [
        ("tax_areas", books_file._TAX_AREA),
        ("warehouses", books_file._WAREHOUSE),
        ("ship_vias", books_file._SHIP_VIA),
        ("promotions", books_file._PROMOTION),
        ("products", books_file._PRODUCT),
        ("clients", books_file._CLIENT),
        ("address", books_file._ADDRESS),
        ("contacts", books_file._CONTACT),
    ]:
        (row,) = (
            line
            for line in BOOKS.splitlines()
            if line.startswith(f"| `{name}`") and line.count(" | ") == 1
        )
        listed = re.findall(r"`(\w+)`", row.split("|")[2])
        assert set(table.fields) <= set(listed), name
        assert set(re.findall(r"\*\*`(\w+)`\*\*", row)) == set(table.required), name


@pytest.mark.parametrize("table", schema.metadata.tables.values(), ids=str)
def test_every_table_and_column_is_listed(table: schema.sa.Table) -> None:
    rows = [line.split("|") for line in HANDSHAKE.splitlines() if line.startswith("| `")]
    (row,) = (row for row in rows if len(row) == 5 and f"`{table.name}`" in row[1])
    assert {column.name for column in table.columns} <= set(re.findall(r"`(\w+)`", row[3]))


@pytest.mark.parametrize("view", handshake.VIEWS)
def test_the_columns_of_every_view_are_listed(memory: SqlGateway, view: str) -> None:
    (row,) = (line.split("|") for line in HANDSHAKE.splitlines() if line.startswith(f"| `{view}`"))
    whole = re.search(r"those of `(\w+)`(?: but ([^;|]*))?", row[3])
    if whole is None:
        listed = set(
            re.findall(r"`(\w+)`", row[3].partition(":")[0] if "wanted" in view else row[3])
        )
        assert listed == columns_of(memory, view)
        return
    names, others = re.findall(r"`(\w+)`", row[3]), re.findall(r"`(\w+)`", whole[2] or "")
    of_table = [column.name for column in schema.metadata.tables[whole[1]].columns]
    assert set(others) <= set(of_table)
    listed = {*of_table, *names} - {whole[1], *others}
    assert listed == columns_of(memory, view)


def columns_of(books: SqlGateway, view: str) -> set[str]:
    books.reference_data()  # which makes the tables
    return {column["name"] for column in schema.sa.inspect(books.engine).get_columns(view)}


def test_a_posted_receipt_is_left_alone(books: SqlGateway) -> None:
    """The statements that the stand-in for AcctVantage runs are named; this one is not."""
    bundle = make_bundle(1042)
    books.create_order(bundle)
    (posting,) = (block for block in blocks("sql", HANDSHAKE) if not block.startswith("-- "))
    with books.engine.begin() as connection:
        assert connection.exec_driver_sql(posting).rowcount == 1
    assert [one.posted for one in books.receipts(["WEB1042"])] == [True, False]
    with pytest.raises(BooksRefused, match="posted"):
        books.update_order(bundle)


def test_the_days_of_earlier_orders_are_filled(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bundle = make_bundle(1042)
    at = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    with SqlGateway(url) as books:
        books.create_order(evolve(bundle, order=evolve(bundle.order, ordered_at=at)))
        if books.engine.dialect.name == "sqlite":
            (script,) = (block for block in blocks("python", BOOKS) if "store_day" in block)
            exec(script, {})
        else:
            (statement,) = blocks("sql", BOOKS)
            with books.engine.begin() as connection:
                connection.exec_driver_sql(statement)
        (order,) = books.sales_orders()
    assert order.ordered_on == date(2026, 3, 1)


def test_orders_from_before_are_decided_as_the_page_says(memory: SqlGateway) -> None:
    for number in (1042, 1043, 1044):
        memory.create_order(make_bundle(number))
    with memory.engine.begin() as connection:
        connection.execute(schema.sales_orders.update().values(hand_over=None))
    (script,) = (block for block in blocks("python", BOOKS) if "hand_over_earlier" in block)
    exec(script, {"books": memory})
    with memory.engine.connect() as connection:
        columns = schema.sales_orders.c
        found = schema.sa.select(columns.import_id, columns.hand_over, columns.answered)
        assert connection.execute(found.order_by(columns.id)).all() == [
            ("WEB1042", "pick_up", None),
            ("WEB1043", "journal", None),
            ("WEB1044", "pick_up", "entered"),
        ]


def test_every_version_has_a_row() -> None:
    upgrades = BOOKS[BOOKS.index("## Upgrades") :]
    listed = [int(number) for number in re.findall(r"^\| (\d+) \|", upgrades, re.MULTILINE)]
    assert listed == list(range(2, versions.BOOKS.version + 1))
