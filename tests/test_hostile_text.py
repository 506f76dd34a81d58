"""Text of an order or an answer is never HTML, SQL or a command to a terminal."""

from __future__ import annotations

import ast
import contextlib
import html
import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import attrs
import pytest

import avbc
from avbc.acctvantage import Address, Client, Receipt, SqlGateway
from avbc.acctvantage.sql import handshake, schema, versions
from avbc.bigcommerce.models import OrderStatus
from avbc.errors import Fault
from avbc.mapping import Problem
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.open_items import OpenItems, Raised, Settled
from avbc.orchestrator.engine.open_webhooks import OpenWebhook, OpenWebhooks
from avbc.orchestrator.reports import ImportReport, JournalEntry
from avbc.orchestrator.worklist import WorklistItem
from avbc.report import Report
from avbc.settings import SettingsError, StatusMapping
from avbc.testing.contract import make_bundle

HTML = """<script>alert("x")</script><img src=x onerror='alert(1)'>&amp;</td></table>\x1b[31m"""
SQL = "'); DROP TABLE sales_orders; -- \" ` \\ %s %(id)s :id ? {id} \N{RIGHT SINGLE QUOTATION MARK}"


def shown_classes() -> list[type]:
    """Every class of avbc that shows itself in notebooks."""
    classes: dict[str, type] = {}
    for module in pkgutil.walk_packages(avbc.__path__, "avbc."):
        with contextlib.suppress(ImportError):  # of an extra that is not installed
            for one in vars(importlib.import_module(module.name)).values():
                if (
                    inspect.isclass(one)
                    and one.__module__.startswith("avbc.")
                    and hasattr(one, "_repr_html_")
                ):
                    classes[one.__qualname__] = one
    # All models and records have the one table of `Shown`: a few of them are enough.
    kinds = (Report, Address, StatusMapping, Problem, OrderStatus)
    found = [one for _, one in sorted(classes.items()) if attrs.has(one) and attrs.fields(one)]
    # A report without a summary of its own is there for others to be made of.
    bases = [one for one in found if getattr(one, "summary", None) is Report.summary]
    return [one for one in found if issubclass(one, kinds) and one not in bases]


def filled(hint: Any) -> Any:
    """A value of a type with a hostile text wherever there is room for text."""
    if isinstance(hint, (str, typing.ForwardRef)):  # a recursive alias: the body of a request
        return {HTML: HTML}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return arguments[-1]
    if origin in (typing.Union, types.UnionType):
        return filled(
            next((one for one in arguments if one is str), None)
            or next(one for one in arguments if one is not type(None))
        )
    if origin is tuple:
        return tuple(map(filled, arguments[:1] if arguments[-1] is ... else arguments))
    if origin is not None and issubclass(origin, Mapping):
        return {filled(arguments[0]): filled(arguments[1])}
    if origin is not None:
        return [filled(arguments[0])]
    if hint is Report:
        return filled(ImportReport)
    if hint is SettingsError:
        return SettingsError(HTML, [Fault(HTML, HTML)])
    if isinstance(hint, type) and issubclass(hint, BaseException):
        return ValueError(HTML)
    if attrs.has(hint):
        hints = typing.get_type_hints(hint, localns={"Body": "Body"})
        return hint(
            **{field.alias: filled(hints[field.name]) for field in attrs.fields(hint) if field.init}
        )
    now = datetime(2026, 1, 2, tzinfo=UTC)
    values = {
        str: HTML,
        int: 7,
        bool: True,
        Decimal: Decimal("1.5"),
        datetime: now,
        date: now.date(),
        timedelta: timedelta(1),
        object: HTML,
        float: 1.5,
        Path: Path(HTML),
    }
    return values[hint]


class Reader(HTMLParser):
    """Reads what a browser would."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.add(f"comment {data}")


OUR_TAGS = {
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "p",
    "pre",
    "details",
    "summary",
    "style",
    "div",
    "mark",
}
OUR_CLASSES = {"avbc", "number", "short", "text", "long", "error", "warning"}


def test_there_are_classes_that_show_themselves() -> None:
    assert {
        "ImportReport",
        "PushReport",
        "SetupReport",
        "ConnectionReport",
        "CycleReport",
        "History",
        "MappedOrder",
    } <= {one.__name__ for one in shown_classes()}


@pytest.mark.parametrize("shown", shown_classes(), ids=lambda one: one.__name__)
def test_html_is_escaped(shown: type) -> None:
    thing = filled(shown)
    page = thing._repr_html_()
    read = Reader(page)
    assert read.tags <= OUR_TAGS
    columns = {"field", "value", *getattr(shown, "columns", ()), *ImportReport.columns}
    for name, value in read.attributes:
        assert value in {"class": OUR_CLASSES, "data-column": columns}[name]
    assert HTML in read.text, "it shows no text of others, so this test proves nothing of it"
    assert html.escape(HTML) in page


@pytest.mark.parametrize("shown", shown_classes(), ids=lambda one: one.__name__)
def test_tables_in_a_terminal_hold_no_commands(shown: type) -> None:
    thing = filled(shown)
    assert "\x1b" not in str(thing) if isinstance(thing, Report) else repr(thing)


# SQL


@pytest.fixture(params=["sqlite", "postgresql"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlGateway]:
    url = (
        f"sqlite:///{tmp_path}/books.db"
        if request.param == "sqlite"
        else request.getfixturevalue("postgresql_url")
    )
    with SqlGateway(url) as gateway:
        yield gateway


def with_text(thing: Any) -> Any:
    """A record with hostile text behind every text that the books do not compare with a list."""
    if isinstance(thing, str):
        return f"{thing}{SQL}"
    if isinstance(thing, tuple):
        return tuple(map(with_text, thing))
    if not attrs.has(type(thing)):
        return thing
    kept = {"kind", "state", "status", "currency", "fingerprint"}
    values = {field.name: getattr(thing, field.name) for field in attrs.fields(type(thing))}
    return attrs.evolve(
        thing, **{name: with_text(value) for name, value in values.items() if name not in kept}
    )


def test_sql_in_a_record_is_text(books: SqlGateway) -> None:
    """Every text of an order, its client, contact, promotion, ship via and receipts."""
    bundle = with_text(make_bundle(1))
    created = books.create_order(bundle).order
    assert attrs.evolve(created, id=None, client_id=None, contact_id=None) == bundle.order
    assert [
        attrs.evolve(receipt, id=None) for receipt in books.receipts([bundle.order.import_id])
    ] == list(bundle.receipts)
    assert books.create_order(bundle).order == created
    assert books.promotions() == list(bundle.new_promotions)
    (client,) = books.find_clients([bundle.new_client.import_id], [SQL])
    assert client.name == bundle.new_client.name
    assert books.update_order(bundle).lines == bundle.order.lines


def test_sql_in_a_key_finds_nothing_and_harms_nothing(books: SqlGateway) -> None:
    books.create_order(make_bundle(1))
    assert (
        books.sales_orders([SQL])
        == books.receipts([SQL])
        == books.find_clients([SQL], [SQL])
        == books.find_products([SQL])
        == []
    )
    assert (
        books.sales_orders_changed(SQL, None)
        == books.receipts_to_capture(SQL)
        == books.credits([SQL])
        == books.shipments(SQL)
        == []
    )
    assert SQL not in {code for code, _ in books.order_sources()}
    assert list(books.products_for_store([SQL])) == []
    assert all(isinstance(client, Client) for client in books.clients_to_export(SQL))
    receipt = Receipt(SQL, SQL, Decimal(0), import_id=SQL)
    for refused in (
        lambda: books.set_order_status(SQL, "Committed"),
        lambda: books.set_order_status("WEB1", SQL),
        lambda: books.record_capture(SQL, Decimal(1), datetime.now(UTC)),
        lambda: books.update_receipt(receipt, attrs.evolve(receipt, state="voided")),
        lambda: books.set_to_ship(SQL, {1: Decimal(1)}),
        lambda: books.delete_order(SQL),
        lambda: list(books.quantities_available(SQL)),
    ):
        with pytest.raises(avbc.BooksRefused):
            refused()
    assert len(books.sales_orders()) == 1


def test_sql_in_the_journal_is_text(books: SqlGateway) -> None:
    journal = Journal(books.engine)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    entry = JournalEntry(at, SQL[:40], SQL[:40], 1, SQL[:64], SQL, "run")
    journal.write([entry])
    assert journal.entries(SQL[:64]) == [entry]
    journal.remember(SQL, [(SQL, SQL)])
    assert journal.fingerprints(SQL, [SQL]) == dict(journal.all_fingerprints(SQL)) == {SQL: SQL}
    journal.forget_fingerprints(SQL, [SQL])
    assert journal.fingerprints(SQL, [SQL]) == {}
    journal.set_watermark(SQL, at)
    assert journal.watermark(SQL) == at
    opened, webhook = OpenWebhooks(journal, SQL), OpenWebhook((SQL[:64],), "import", 1, SQL, at)
    assert opened.accept(webhook)
    assert opened.read() == [webhook]
    opened.close([webhook.keys])
    assert not opened.accept(webhook)
    items, item = OpenItems(journal, SQL), WorklistItem(SQL, SQL, 1, SQL, at, SQL, SQL, SQL)
    items.apply([Raised(item)])
    assert items.all() == [item]
    items.apply([Settled(SQL, (SQL,), frozenset({SQL}))])
    assert items.all() == []


def test_no_sql_is_put_together_from_values() -> None:
    """SQL texts are written out in the source, or put together of constants (ruff: S608)."""
    put_together = []
    # The schema, its versions, and its views and triggers name tables by their own names.
    tables = {Path(module.__file__) for module in (schema, versions, handshake)}
    for path in {*Path(avbc.__file__).parent.rglob("*.py")} - tables:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", "")
            if (
                isinstance(node, ast.Call)
                and name in {"execute", "executemany", "exec_driver_sql", "text"}
                and node.args
            ):
                parts = [part for part in ast.walk(node.args[0]) if _puts_together(part)]
                put_together += [
                    f"{path.name}:{node.lineno}: {ast.unparse(part)}" for part in parts
                ]
    assert put_together == []


def _puts_together(part: ast.AST) -> bool:
    """Whether a text has other parts than texts in the source and constants in capitals."""
    if isinstance(part, ast.Call):
        return isinstance(part.func, ast.Attribute) and part.func.attr == "format"
    if not isinstance(part, ast.JoinedStr) and not (
        isinstance(part, ast.BinOp) and any(map(_is_text, (part.left, part.right)))
    ):
        return False
    return not all(node.id.isupper() for node in ast.walk(part) if isinstance(node, ast.Name))


def _is_text(part: ast.expr) -> bool:
    return isinstance(part, ast.JoinedStr) or (
        isinstance(part, ast.Constant) and isinstance(part.value, str)
    )
