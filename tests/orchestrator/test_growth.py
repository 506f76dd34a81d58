"""No statement of a job looks at all that is in the books: each finds its rows by an index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import Shipment, ShippedItem, SqlGateway
from avbc.acctvantage.sql.versions import BOOKS
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.journal import JOURNAL
from avbc.settings import JournalClearing, JournalTax, Settings
from avbc.statements import DIALECTS
from avbc.testing import FakeStore, OrderFactory, Payment, example, item

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Sent = dict[str, Any]
"""Statements by their text, with the values that came last."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
JOURNALED = {
    "receivable": "1100",
    "pending": "1150",
    "rounding": "6900",
    "sales": "4000",
    "freight": "4100",
    "returns": "4900",
    "tax": (JournalTax(tax_area="BigCommerce", gl_code="2200"),),
    "clearing": tuple(
        JournalClearing(receipt_type=name, gl_code="1050")
        for name in ("Visa/MC", "PayPal", "Check", "StoreCredit", "GiftCard", "Purchase Order")
    ),
}
# Reference data, one row for each store, what is open at the moment or of the last days.
SMALL = {
    *("books", "books_version", "order_statuses", "receipt_types", "gl_accounts", "tax_areas"),
    *("warehouses", "warehouse_product_classes", "ship_vias", "promotions", "look_alikes"),
    *("avbc_journal_version", "avbc_watermarks", "avbc_open_webhooks", "avbc_worklist"),
    *("avbc_cycles", "entered_since", "journal_removed"),
}
GROWING = {
    table.name: table
    for tables in (BOOKS, JOURNAL)
    for table in tables.metadata.sorted_tables
    if table.name not in SMALL
}
PARTIAL = {
    str(index.name)
    for table in GROWING.values()
    for index in table.indexes
    if index.dialect_kwargs.get("sqlite_where") is not None
}
"""Indexes of what is open: they hold few rows, however many there are."""


@pytest.fixture
def call_each_job(
    join: Join, change: Change, store: FakeStore, tmp_path: Path
) -> Callable[[SqlGateway], None]:
    return partial(_call_each_job, join, change, store, tmp_path)


def _call_each_job(
    join: Join, change: Change, store: FakeStore, folder: Path, books: SqlGateway
) -> None:
    """Call each job, with something to do and without."""
    authorized = Payment("Credit Card", "authorizenet", "authorized")
    factory = OrderFactory(first_id=5001)
    example.populate(store, 8)
    for _ in range(2):
        store.add_order(
            factory.order([item("MUG-RED")], payment=authorized, created=datetime.now(UTC))
        )
    gl = {"import_refunds": True, "credit_card_transactions_are_preauthorizations": True}
    web = join(books=books, settings=change(gl=gl, journal=JOURNALED))
    web.check_setup()
    web.preview_orders()
    web.import_orders()
    web.import_orders(retry_errors=True)
    web.follow_orders()
    orders = books.sales_orders()
    for number, order in enumerate(orders[:4], 1):
        books.set_order_status(order.import_id, "Shipped/Invoice")
        items = tuple(
            ShippedItem(line.store_line_id, line.quantity)
            for line in order.lines
            if line.store_line_id is not None and line.kind == "product"
        )
        books.add_shipment(Shipment(number, order.import_id, items, carrier="UPS"))
    held = [receipt for receipt in books.receipts() if receipt.state == "pre_authorized"]
    books.want_capture(held[0].import_id)
    first = orders[0].store_order_id
    line = next(line.store_line_id for line in orders[1].lines if line.store_line_id is not None)
    store.refund(orders[1].store_order_id, items={line: 1})
    store.edit_order(orders[5].store_order_id, status_id=5)
    store.edit_order(orders[6].store_order_id, status_id=11)
    for _ in range(2):
        web.take_answers()
        web.import_orders()
        web.follow_orders()
        web.import_refunds()
        web.push_order_statuses()
        web.capture_payments()
        web.push_shipments()
        web.push_inventory()
        web.push_products()
        # Without ids it looks at each client: no timer calls it.
        web.export_clients([client.id for client in books.clients()[:3] if client.id])
        web.check_hooks()
    handle_webhooks(web, store)
    web.follow_orders([first])
    web.prune_journal()
    web.reconcile(since=LONG_AGO)
    web.backtest(web.settings, since=LONG_AGO)
    web.worklist()
    web.page(folder / "avbc.html")
    web.explain(first)
    web.history(first)
    pull = join(books=books, settings=change(order_status={"updates": "pull"}))
    for _ in range(2):
        pull.pull_order_statuses()
    with books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE books SET hand_over = 'journal'")
    for day in (date(2026, 5, 1), date(2026, 6, 1)):
        store.add_order(factory.plain())
        web.import_orders()
        web.write_journal(folder, through=day)


def handle_webhooks(web: Orchestrator, store: FakeStore) -> None:
    """Handle the last webhooks, each of which comes twice."""
    for event in store.events[-4:] * 2:
        call = store.webhook(event)
        web.handle_webhook(call.body, call.headers)


def is_asked(statement: str) -> bool:
    return statement.lstrip()[:6].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH R"}


def test_on_sqlite_each_job_finds_its_rows_by_an_index(
    call_each_job: Callable[[SqlGateway], None], books_toml: Path
) -> None:
    sent: Sent = {}

    def note(statement: str) -> None:
        if is_asked(statement):
            shape = re.sub(r"'[^']*'|\b\d+\b", "?", statement)
            sent[re.sub(r"(\?, )+\?", "?", shape)] = statement

    with SqlGateway("sqlite://") as books:
        drivers: list[Any] = []
        sa.event.listen(books.engine, "connect", lambda driver, _: drivers.append(driver))
        books.load(books_toml)
        for driver in drivers:
            driver.set_trace_callback(note)
        call_each_job(books)
        for driver in drivers:
            driver.set_trace_callback(None)
        assert len(sent) > 100
        found = [
            (step, statement)
            for statement in sent.values()
            for *_, step in drivers[0].execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    assert [each for each in found if is_walk(*each[0].split())] == []


def is_walk(kind: str, table: str = "", *rest: str) -> bool:
    """Whether a step of SQLite's plan looks at all rows of a table that grows."""
    index = rest[-1] if rest else ""
    return kind == "SCAN" and table in GROWING and index not in PARTIAL


# PostgreSQL plans by what is in the tables, so they are filled.

MANY = 2_500


def fill(connection: sa.Connection) -> None:
    """Make thousands of orders that are done with, and of everything else."""
    # Neither triggers nor references.
    connection.exec_driver_sql("SET session_replication_role = replica")
    for table in GROWING.values():
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        values = ", ".join(map(value, table.columns))
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({names}) SELECT {values} FROM generate_series(1, {MANY}) n"
        )
    connection.exec_driver_sql("ANALYZE")
    # As where the index is in memory: some thousand rows are little.
    connection.exec_driver_sql("SET random_page_cost = 1")


DONE = {
    "answered": "'entered'",
    "status": "'Posted'",
    "state": "'captured'",
    "outcome": "'imported'",
    "source_code": "'WEB'",
    "hand_over": "'pick_up'",
    "warehouse": "'Main'",
    "store_hash": "'abc123'",
}


def value(column: sa.Column[Any]) -> str:
    """What the n-th row of a table has in a column."""
    if column.name in DONE:
        return DONE[column.name]
    if str(column) == "avbc_webhooks.at":
        # They are kept for three days.
        return "now() - n * interval '1 minute'"
    kind = column.type.compile(DIALECTS["postgresql"])
    if kind == "BOOLEAN":
        return "false"
    if kind in {"DATE", "TIMESTAMP WITH TIME ZONE"}:
        return f"(now() - interval '1 year' - n * interval '1 day')::{kind}"
    return "'~' || n" if kind.startswith(("TEXT", "VARCHAR")) else "1000000 + n"


def test_on_postgresql_each_job_finds_its_rows_by_an_index(
    call_each_job: Callable[[SqlGateway], None], books_toml: Path, postgresql_url: str
) -> None:
    import psycopg

    sent: Sent = {}

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
            if is_asked(query):
                sent[query] = params
            return super().execute(query, params, **options)

        def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
            rows = list(params_seq)
            if is_asked(query):
                sent[query] = rows[0]
            super().executemany(query, rows, **options)

    def watch(driver: Any, _: object) -> None:
        driver.cursor_factory = Noting

    with SqlGateway(postgresql_url) as books:
        sa.event.listen(books.engine, "connect", watch)
        books.load(books_toml)
        sent.clear()
        call_each_job(books)
        asked = dict(sent)
        with books.engine.connect() as connection:
            fill(connection)
            found = [
                (node, statement)
                for statement, params in asked.items()
                for node in nodes(plan(connection, statement, params))
            ]
            # What is open may be much, and what was answered is more still.
            connection.exec_driver_sql("UPDATE sales_orders SET status = 'Open'")
            connection.exec_driver_sql("ANALYZE sales_orders")
            reserving = [
                node
                for statement, params in asked.items()
                if "JOIN sales_order_lines" in statement and "acknowledgements" in statement
                for node in nodes(plan(connection, statement, params))
            ]
            connection.rollback()
    assert len(asked) > 100
    assert {node.table for node, _ in found}.issuperset({"avbc_webhooks", "avbc_open_webhooks"})
    assert [each for each in found if each[0].is_walk] == []
    answers = [node for node in reserving if node.table == "acknowledgements"]
    assert answers
    assert [node for node in answers if node.is_walk] == []


@attrs.frozen
class Node:
    """A step of PostgreSQL's plan."""

    kind: str
    table: str
    index: str
    is_walk: bool


def plan(connection: sa.Connection, statement: str, params: Any) -> Mapping[str, Any]:
    cursor = connection.connection.cursor()
    cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", params)
    ((made,),) = cursor.fetchall()
    return made[0]["Plan"]


def nodes(found: Mapping[str, Any], *, is_limited: bool = False) -> Iterator[Node]:
    kind, table = found["Node Type"], found.get("Relation Name", "")
    index = found.get("Index Name", "")
    is_limited = is_limited or kind == "Limit"
    is_all = kind == "Seq Scan" or ("Index" in kind and "Index Cond" not in found)
    is_walk = is_all and table in GROWING and index not in PARTIAL and not is_limited
    yield Node(kind, table, index, is_walk)
    for each in found.get("Plans", ()):
        yield from nodes(each, is_limited=is_limited)
