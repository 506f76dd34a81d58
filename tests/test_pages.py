"""The pages do as they say: their code runs, and their links lead somewhere.

A page is run like a reader who does what it says, block after block, in one folder and one Python.
A block after a line that ends with the name of a file is that file, or the next part of it.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from opentelemetry.sdk.trace import TracerProvider

import avbc
from avbc.testing import FakeStore, OrderFactory, Payment, example, order_of_shape
from avbc.text import text_key

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"
PAGES = [
    *sorted(DOCS.glob("**/*.md")),
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
]

# Links


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"(?ms)^ *```.*?^ *```", "", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as MyST and GitHub make them."""
    titles = re.findall(r"^#{1,4} (.+)$", prose(page), re.MULTILINE)
    titles = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title) for title in titles]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[str]:
    for target in re.findall(r"\]\(([^)\s]*)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if not re.match(r"https?:|mailto:", target):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    lost = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            lost.append(target)
    assert lost == []


def test_llms_txt_has_every_page() -> None:
    """And its links lead to pages of the site."""
    text = (DOCS / "llms.txt").read_text(encoding="utf-8")
    named = re.findall(r"^- \[[^]]+\]\(([\w-]+)\.html\): \S", text, re.MULTILINE)
    assert sorted(named) == sorted(page.stem for page in DOCS.glob("*.md") if page.stem != "index")
    assert text.count("](") == len(named)


@pytest.mark.parametrize("word", ["pagination", "proxy", "timeout", "webhook", "async"])
def test_a_word_that_people_search_for_is_in_the_prose_of_a_page(word: str) -> None:
    assert any(re.search(rf"(?i)\b{word}", prose(page)) for page in DOCS.glob("*.md"))


# Code


@attrs.frozen
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    line: int
    file: str
    """The file that it is, by the line before it; empty where it is none."""


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^( *)```(\w+)\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
        before = text[: found.start()].rstrip()
        named = re.search(r"`([\w-]+(?:\.\w+)+)`:$", before)
        code = re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE)
        line = text.count("\n", 0, found.start()) + 1
        yield Block(found[2], code, line, named[1] if named else "")


@attrs.define
class Reader:
    """Who does what a page says, with a store on loopback."""

    store: FakeStore
    api_url: str
    stack: ExitStack
    names: dict[str, Any] = attrs.Factory(dict)

    def has_files(self) -> None:
        """Give it the settings and the books of the example."""
        made = avbc.Settings.from_dict(example.settings_dict(self.api_url))
        made.save("avbc.toml")
        Path("books.toml").write_text(example.books_toml, encoding="utf-8")

    def has_books(self) -> None:
        """Give it open books, and an orchestrator."""
        self.has_files()
        books = self.stack.enter_context(avbc.SqlGateway("sqlite:///books.db"))
        books.load("books.toml")
        settings = avbc.Settings.load("avbc.toml")
        web = self.stack.enter_context(avbc.Orchestrator(settings, books))
        self.names |= {"avbc": avbc, "settings": settings, "books": books, "web": web}

    def follow(self, page: Path) -> None:
        for block in blocks(page):
            if block.file:
                with Path(block.file).open("a", encoding="utf-8") as file:
                    file.write(self.here(block.text) + "\n")
            if block.language == "python":
                # A failure shows the page's own line.
                tree = ast.increment_lineno(ast.parse(self.here(block.text)), block.line)
                exec(compile(tree, str(page), "exec"), self.names)
                self.close_later()

    def here(self, text: str) -> str:
        """Name the servers of this machine, in place of the page's."""
        text = text.replace(API_URL, self.api_url)
        return text.replace("postgresql://avbc@db.example.com/books", "sqlite:///shared.db")

    def close_later(self) -> None:
        for value in list(self.names.values()):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, avbc.Orchestrator | avbc.BigCommerce | avbc.SqlGateway):
                    self.stack.callback(one.close)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "example-token")
    monkeypatch.setenv("AVBC_CLIENT_SECRET", "example-secret")
    store = FakeStore()
    with store.serve() as served, ExitStack() as stack:
        yield Reader(store, served.api_url, stack)


def starts_with_nothing(reader: Reader) -> None:
    """Five plain orders wait in the store, as in that of `python -m avbc.testing --plain`."""
    example.stock(reader.store)
    reader.store.add_orders(list(example.plain_orders(5, 1, 1001)))


def has_orders(reader: Reader) -> None:
    """Orders wait in the store, and the books are open."""
    example.populate(reader.store, orders=0)
    reader.store.add_orders(list(example.plain_orders(4, 1, 1041)))
    reader.has_books()


def has_a_month(reader: Reader) -> None:
    """One of the orders has a tax with four decimals."""
    has_orders(reader)
    reader.store.add_order(order_of_shape("everything", OrderFactory(first_id=1044)))


def captures_and_refunds(reader: Reader) -> None:
    has_orders(reader)
    settings = reader.names["settings"]
    gl = attrs.evolve(
        settings.gl, import_refunds=True, credit_card_transactions_are_preauthorizations=True
    )
    reader.names["settings"] = attrs.evolve(settings, gl=gl)


def maps_an_order(reader: Reader) -> None:
    has_orders(reader)
    store = reader.stack.enter_context(avbc.BigCommerce(reader.api_url, "example-token"))
    products = {text_key(one.part_number): (one,) for one in reader.names["books"].products()}
    reader.names |= {
        "order": store.orders.get(1042, include=("consignments", "consignments.line_items")),
        "transactions": tuple(store.transactions.list(1042)),
        "products": products,
        "clients": (),
        "CATEGORY_IDS": {},
    }


def runs_until_the_first_report(reader: Reader) -> None:
    has_orders(reader)
    names = reader.names
    other = FakeStore(store_hash="def456")
    served = reader.stack.enter_context(other.serve())
    trade = example.settings_dict(served.api_url)
    trade["order_status"] = {**trade["order_status"], "import_source_code": "TRA"}
    avbc.Settings.from_dict(trade).save("trade.toml")
    Path("avbc.toml").rename("retail.toml")
    avbc.Settings.load("retail.toml").save("avbc.toml")
    reader.store.place_order()
    call = reader.store.webhook(reader.store.events[0])

    def stop(_: object) -> None:
        for web in (names["web"], *names.get("stores", ())):
            web.stop()

    names |= {
        "print": stop,
        "body": call.body,
        "headers": call.headers,
    }


def traces(reader: Reader) -> None:
    has_orders(reader)
    reader.names["tracer_provider"] = TracerProvider()
    reader.stack.callback(logging.getLogger("avbc").setLevel, logging.NOTSET)


def maps_no_payments(reader: Reader) -> None:
    """An order by each of two methods was refused, since the settings have no row for it."""
    has_orders(reader)
    names = reader.names
    gl = attrs.evolve(names["settings"].gl, payment_methods=())
    settings = attrs.evolve(names["settings"], gl=gl)
    settings.save("avbc.toml")
    for method, state in (("Credit Card", "paid"), ("Cash on Delivery", "offline")):
        reader.store.place_order(payment=Payment(method, state=state))
    with avbc.Orchestrator(settings, names["books"]) as web:
        assert not web.check_setup().ok
        web.import_orders()


def has_an_unknown_sku(reader: Reader) -> None:
    example.populate(reader.store, orders=0)
    order = OrderFactory(1, 1042).plain()
    order.products[0]["sku"] = "MUG-TEAL"
    reader.store.add_order(order)
    reader.has_books()


def has_two_stores(reader: Reader) -> None:
    runs_until_the_first_report(reader)

    def stop(report: object) -> None:
        if isinstance(report, avbc.CycleReport):
            for web in reader.names["webs"]:
                web.stop()

    reader.names["print"] = stop


def has_tables(reader: Reader) -> None:
    reader.has_files()
    reader.names["text"] = Path("avbc.toml").read_text(encoding="utf-8")
    reader.names["tables"] = example.settings_dict(reader.api_url)


SETUPS: dict[str, Callable[[Reader], None]] = {
    "clients": has_orders,
    "from-the-built-in": has_orders,
    "go-live": has_orders,
    "import-errors": has_an_unknown_sku,
    "handshake": has_orders,
    "importing": has_orders,
    "life": has_orders,
    "logging": traces,
    "map-payments": maps_no_payments,
    "mapping": maps_an_order,
    "month-end": has_a_month,
    "payments": captures_and_refunds,
    "products": has_orders,
    "reconcile": has_orders,
    "running": runs_until_the_first_report,
    "settings": has_tables,
    "shipments": has_orders,
    "statuses": has_orders,
    "tutorial": starts_with_nothing,
    "two-stores": has_two_stores,
}
"""What a reader has before the first line of a page."""


ELSEWHERE = {
    "books": "acctvantage/test_documentation.py",
    "client": "test_client_page.py",
    "files": "acctvantage/test_wizard_page.py",
    "gateway": "testing/test_gateway_page.py",
    "testing": "testing/test_testing_page.py",
    "worklist": "test_worklist_page.py",
}
"""Pages whose code needs more than a reader, and the tests that run it."""


def test_the_code_of_every_page_is_run() -> None:
    with_code = {
        page.stem
        for page in DOCS.glob("**/*.md")
        if any(block.language == "python" for block in blocks(page))
    }
    assert with_code == SETUPS.keys() | ELSEWHERE.keys()
    assert all((ROOT / "tests" / test).exists() for test in ELSEWHERE.values())


@pytest.mark.one_python
@pytest.mark.parametrize("name", SETUPS)
def test_the_code_of_a_page_runs(name: str, reader: Reader) -> None:
    SETUPS[name](reader)
    reader.follow(DOCS / f"{name}.md")
    check = CHECKS.get(name)
    if check:
        check(reader)


def statuses(reader: Reader, *order_ids: int) -> set[object]:
    return {reader.store.order(number).header["status"] for number in order_ids}


def after_the_tutorial(reader: Reader) -> None:
    assert reader.names["setup"].ok, reader.names["setup"]
    assert statuses(reader, *range(1001, 1006)) == {"Awaiting Shipment"}
    # What comes next: its quantities are those of products that the store has.
    settings = reader.names["settings"]
    shipping = attrs.evolve(settings.shipping, sync_inventory_levels=True)
    web = reader.stack.enter_context(
        avbc.Orchestrator(attrs.evolve(settings, shipping=shipping), reader.names["books"])
    )
    report = web.push_inventory()
    assert report.ok, report
    reader.store.settle()
    assert reader.store.inventory()["TOWEL-ST"] == 40 - sold(reader.names["books"], "TOWEL-ST")


def sold(books: avbc.SqlGateway, part_number: str) -> Decimal:
    lines = (line for order in books.sales_orders() for line in order.lines)
    return sum((line.quantity for line in lines if line.part_number == part_number), Decimal(0))


def has_moved(reader: Reader) -> None:
    (client,) = reader.names["books"].clients(["WEB7"])
    assert client.email == "ana@example.com"
    assert statuses(reader, *range(1041, 1045)) == {"Awaiting Shipment"}


def both_stores_ran(reader: Reader) -> None:
    assert [web.settings.order_status.import_source_code for web in reader.names["webs"]] == [
        "WEB",
        "TRA",
    ]
    assert statuses(reader, *range(1041, 1045)) == {"Awaiting Shipment"}


def after_an_import_error(reader: Reader) -> None:
    assert [outcome.order_id for outcome in reader.names["report"].refused] == [1042]
    assert statuses(reader, 1042) == {"Awaiting Shipment"}
    assert not reader.names["web"].worklist()


def payments_are_mapped(reader: Reader) -> None:
    assert reader.names["setup"].ok, reader.names["setup"]
    assert len(reader.names["books"].sales_orders()) == 6


def is_live(reader: Reader) -> None:
    assert reader.names["report"].ok, reader.names["report"]
    assert reader.names["report"].same == 4


def the_month_is_right(reader: Reader) -> None:
    is_live(reader)
    of_the_month, tax = reader.names["of_the_month"], reader.names["tax"]
    assert len(of_the_month) == 4
    assert tax == tax.quantize(Decimal("0.01"))
    assert tax + reader.names["rounding"] == sum(order.tax for order in of_the_month)
    assert reader.names["rounding"] == Decimal("-0.0042")


CHECKS: dict[str, Callable[[Reader], None]] = {
    "from-the-built-in": has_moved,
    "go-live": is_live,
    "import-errors": after_an_import_error,
    "map-payments": payments_are_mapped,
    "month-end": the_month_is_right,
    "tutorial": after_the_tutorial,
    "two-stores": both_stores_ran,
}
"""What is true after the last line of a page."""
