"""CPU time of each job that is no import, for each order, client, product or webhook.

No HTTP is in it: a job runs once on a fake store, whose answers are kept, and then on the kept
answers and a copy of the same books. The floor does the same work: it parses the same answers with
orjson and writes the same requests with it, reads the same tables of the books with SQL, and writes
the rows that the job left with `executemany`: in one transaction, or in one for each order, client
or webhook where the job must not lose one. It checks the webhooks' signatures, and writes files of
the same cells.
"""

from __future__ import annotations

import base64
import csv
import hmac
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias

import attrs
import httpx
import orjson
from example import joined, load_clients, write_products
from figure import Figure, compared, microseconds, ratio, spent
from import_cpu import Books
from replay import Kept, Recorder, Replay

from avbc import Orchestrator, SqlGateway
from avbc.acctvantage.files import write_clients
from avbc.acctvantage.files import write_products as write_product_file
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.clock import Clock
from avbc.orchestrator.webhooks import ImportOrder
from avbc.testing import FakeStore, OrderFactory, Payment
from avbc.testing.example import books_toml
from avbc.testing.fakestore.events import WebhookCall

SALES_ORDERS = (
    *("sales_orders", "sales_order_ship_tos", "sales_order_lines", "sales_order_discounts"),
    "receipts",
)
HELD = {"gl": {"credit_card_transactions_are_preauthorizations": True}}
JOURNAL = {
    "journal": {
        "receivable": "11200",
        "pending": "11300",
        "rounding": "69900",
        "sales": "40000",
        "freight": "41000",
        "returns": "49000",
        "tax": [{"tax_area": "BigCommerce", "gl_code": "22000"}],
        "clearing": [{"receipt_type": "Visa/MC", "gl_code": "10500"}],
    }
}
_ACCOUNTS = '"11200", "11300", "69900", "40000", "41000", "49000", "22000", "10500", '
JOURNAL_BOOKS = 'hand_over = "journal"\n' + books_toml.replace(
    "gl_accounts = [", f"gl_accounts = [{_ACCOUNTS}"
)
ROUNDS = 5
SECRET = "example-secret"
_DAY = timedelta(days=1)

Work: TypeAlias = Callable[[Orchestrator, SqlGateway, Path], object]
"""What is measured, with a folder for files."""
Do: TypeAlias = Callable[[], object]


@attrs.frozen
class Webhooks:
    """Webhooks that came, and what is done with each."""

    calls: Sequence[WebhookCall]
    take: Callable[[Orchestrator, WebhookCall], object]

    def __call__(self, web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        for call in self.calls:
            self.take(web, call)


@attrs.frozen
class Job:
    """A job, and what there is to do."""

    name: str
    prepare: Callable[[FakeStore, Orchestrator, SqlGateway, int], Work | Webhooks]
    """Fill store and books."""
    reads: Sequence[str] = ()
    """The tables of the books that it reads all rows of."""
    is_each_kept: bool = False
    """Whether each must be in the books before the next: it has a transaction of its own."""
    count: int = 500
    """How often it is done in a round."""
    screens: Mapping[str, Mapping[str, object]] = attrs.Factory(dict[str, Mapping[str, object]])
    reference: str = books_toml


# What there is to do


def _orders(
    store: FakeStore,
    web: Orchestrator,
    count: int,
    payment: Payment = Payment(),  # noqa: B008, a card's
    age: timedelta = timedelta(0),
) -> list[int]:
    """Import card orders of one to three lines."""
    factory, created = OrderFactory(seed=1), datetime.now(UTC) - age
    orders = [
        factory.order(factory.lines(1 + number % 3), payment=payment, created=created)
        for number in range(count)
    ]
    store.add_orders(orders)
    report = web.import_orders()
    assert len(report.imported) == count, report
    return [order.id for order in orders]


def _followed(store: FakeStore, web: Orchestrator, _: SqlGateway, count: int) -> Work:
    _orders(store, web, count)
    web.follow_orders()

    def work(web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        report = web.follow_orders()
        assert (report.unchanged, len(report.sent)) == (count, 0), report

    # A person wrote a note.
    for order_id in list(store.state.orders):
        store.edit_order(order_id, staff_notes="Call the shopper.")
    return work


def _captured(store: FakeStore, web: Orchestrator, _: SqlGateway, count: int) -> Work:
    order_ids = _orders(store, web, count, Payment("Credit Card", "authorizenet", "authorized"))
    web.follow_orders()
    for order_id in order_ids:
        store.request("POST", f"/v3/orders/{order_id}/payment_actions/capture")
    store.settle()

    def work(web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        report = web.follow_orders()
        assert len(report.sent) == count, report

    return work


def _reconciled(store: FakeStore, web: Orchestrator, _: SqlGateway, count: int) -> Work:
    _orders(store, web, count)
    since = datetime.now(UTC) - _DAY

    def work(web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        report = web.reconcile(since=since)
        assert report.same == count, report

    return work


def _statuses(store: FakeStore, web: Orchestrator, books: SqlGateway, count: int) -> Work:
    _orders(store, web, count)
    for order in books.sales_orders():
        books.set_order_status(order.import_id, "Shipped/Invoice")

    def work(web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        report = web.push_order_statuses()
        assert len(report.sent) == count, report

    return work


def _shipments(store: FakeStore, web: Orchestrator, books: SqlGateway, count: int) -> Work:
    _orders(store, web, count)
    for number, order in enumerate(books.sales_orders(), 1):
        items = tuple(
            ShippedItem(line.store_line_id, line.quantity)
            for line in order.lines
            if line.store_line_id is not None
        )
        books.add_shipment(Shipment(number, order.import_id, items, carrier="UPS"))

    def work(web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        report = web.push_shipments()
        assert len(report.sent) == count, report

    return work


def _webhooks(
    take: Callable[[Orchestrator, WebhookCall], object],
    store: FakeStore,
    web: Orchestrator,
    _: SqlGateway,
    count: int,
) -> Webhooks:
    """The webhooks that say that orders, paid by card, are New."""
    # What a process asks once is asked by now.
    _orders(store, web, 1)
    factory, calls = OrderFactory(seed=2, first_id=2001), []
    orders = [factory.order(factory.lines(1 + number % 3)) for number in range(count)]
    for order in store.add_orders(orders):
        store.edit_order(order.id, status_id=0)
        store.edit_order(order.id, status_id=11)
        calls.append(store.webhook(store.events[-1]))
    return Webhooks(calls, take)


def _accept(web: Orchestrator, call: WebhookCall) -> None:
    assert isinstance(web.accept_webhook(call.body, call.headers).action, ImportOrder)


def _handle(web: Orchestrator, call: WebhookCall) -> None:
    report = web.handle_webhook(call.body, call.headers)
    assert report.import_report is not None, report
    assert len(report.import_report.imported) == 1, report


def _exported(store: FakeStore, _: Orchestrator, books: SqlGateway, count: int) -> Work:
    load_clients(books, count)
    for number in range(count // 3):
        store.add_customer({"email": f"c{number}@example.com", "first_name": "A", "last_name": "B"})

    def work(web: Orchestrator, books: SqlGateway, _folder: Path) -> None:
        web.export_clients()
        assert sum(bool(client.store_customer_ids) for client in books.clients()) == count

    return work


def _products(store: FakeStore, _: Orchestrator, books: SqlGateway, count: int) -> Work:
    store.add_products(count)
    with tempfile.TemporaryDirectory() as folder:
        write_products(books, Path(folder), count, price="9.95", quantity=5)

    def work(web: Orchestrator, _books: SqlGateway, _folder: Path) -> None:
        report = web.push_products()
        assert len(report.sent) == count, report

    return work


def _journaled(store: FakeStore, web: Orchestrator, _: SqlGateway, count: int) -> Work:
    # Their day is over.
    _orders(store, web, count, age=2 * _DAY)

    def work(web: Orchestrator, _books: SqlGateway, folder: Path) -> None:
        report = web.write_journal(folder)
        assert len(report.files) == 1, report

    return work


def _product_file(store: FakeStore, web: Orchestrator, books: SqlGateway, count: int) -> Work:
    _products(store, web, books, count)

    def work(_web: Orchestrator, books: SqlGateway, folder: Path) -> None:
        assert write_product_file(folder / "products.txt", books.products()) == count

    return work


def _client_file(_: FakeStore, _web: Orchestrator, books: SqlGateway, count: int) -> Work:
    load_clients(books, count)

    def work(_web: Orchestrator, books: SqlGateway, folder: Path) -> None:
        assert write_clients(folder / "clients.txt", books.clients()) == count

    return work


WITHOUT_RECORDS = books_toml.partition("products = [")[0]
JOBS = (
    Job("order that `follow_orders` lists and finds as it was", _followed, SALES_ORDERS),
    Job(
        "order that `follow_orders` finds captured",
        _captured,
        SALES_ORDERS,
        is_each_kept=True,
        screens=HELD,
    ),
    Job("order that `reconcile` compares", _reconciled, SALES_ORDERS),
    Job("status that `push_order_statuses` sends", _statuses, SALES_ORDERS),
    Job(
        "shipment that `push_shipments` sends",
        _shipments,
        (*SALES_ORDERS, "shipments", "shipment_items"),
        is_each_kept=True,
    ),
    Job("webhook that `accept_webhook` stores", partial(_webhooks, _accept), is_each_kept=True),
    Job(
        "webhook of a New order that `handle_webhook` imports",
        partial(_webhooks, _handle),
        is_each_kept=True,
        count=100,
    ),
    Job(
        "client that `export_clients` sends",
        _exported,
        ["clients"],
        is_each_kept=True,
        reference=WITHOUT_RECORDS,
    ),
    Job("product that `push_products` sends", _products, ["products"], reference=WITHOUT_RECORDS),
    Job(
        "order that `write_journal` writes",
        _journaled,
        SALES_ORDERS,
        screens=JOURNAL,
        reference=JOURNAL_BOOKS,
    ),
    Job(
        "product that `write_products` writes",
        _product_file,
        ["products"],
        reference=WITHOUT_RECORDS,
    ),
    Job("client that `write_clients` writes", _client_file, ["clients"], reference=WITHOUT_RECORDS),
)


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    for job in JOBS:
        with tempfile.TemporaryDirectory() as folder:
            yield _figure(job, 2 if quick else job.count, 1 if quick else ROUNDS, Path(folder))


# How it is measured


def _figure(job: Job, count: int, rounds: int, folder: Path) -> Figure:
    store, before = FakeStore(client_secret=SECRET), folder / "before"
    before.mkdir()
    # It stands still: what is asked for since when is the same in each round.
    now = datetime.now(UTC)
    clock = Clock(now=lambda: now)
    with joined(store, before, job.screens, job.reference) as (web, books, _):
        web.import_orders()  # It makes the journal, too.
        work = job.prepare(store, web, books, count)

    @contextmanager
    def ready(name: str, transport: httpx.BaseTransport) -> Iterator[tuple[Path, Do]]:
        """A copy of the books, and the job on it. What a process does once is done."""
        place = folder / name
        shutil.copytree(before, place)
        files = place / "files"
        files.mkdir()
        with joined(transport, place, job.screens, clock=clock) as (web, books, _):
            web.test_connection()
            books.sales_orders(["WEB0"])
            yield place, partial(work, web, books, files)

    recorder = Recorder(store.transport())
    with ready("recorded", recorder) as (place, do):
        opening, known = recorder.take(), Books.read(place / "books.db")
        do()
    kept = recorder.take()
    floor = _Floor(job, count, kept, known, place)
    floor.calls = work.calls if isinstance(work, Webhooks) else ()
    own: list[float] = []
    least: list[float] = []
    for number in range(rounds):
        with ready(f"ours {number}", Replay([*opening, *kept])) as (_, do):
            own.append(spent(do).cpu / count)
        least.append(floor.spent(shutil.copytree(before, folder / f"floor {number}")) / count)
    return compared(
        f"CPU per {job.name}", microseconds(own), f"floor: {microseconds(least)}", ratio(own, least)
    )


class _Floor:
    """The same work, as plainly as it can be done.

    Args:
        job: The job.
        count: How often it is done.
        kept: Its requests and their answers.
        known: What was in the books before.
        place: Where it was done.
    """

    def __init__(self, job: Job, count: int, kept: Kept, known: Books, place: Path) -> None:
        self._job, self._count = job, count
        self.calls: Sequence[WebhookCall] = ()
        self._answers = [response.content for _, response in kept if response.content]
        self._requests = [orjson.loads(request.content) for request, _ in kept if request.content]
        self._rows = Books.read(place / "books.db").since(known)
        self._files = {
            path.name: list(csv.reader(path.open(encoding="utf-8", newline=""), delimiter="\t"))
            for path in (place / "files").iterdir()
        }

    def spent(self, place: Path) -> float:
        """CPU seconds, on a copy of the books in a folder."""
        with closing(sqlite3.connect(place / "books.db")) as connection:
            connection.execute(
                "SELECT * FROM sales_orders LIMIT 1"
            ).fetchall()  # the schema is read
            return spent(lambda: self._do(connection, place)).cpu

    def _do(self, connection: sqlite3.Connection, folder: Path) -> None:
        for call in self.calls:
            signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode()
            digest = hmac.digest(SECRET.encode(), signed + call.body, "sha256")
            given = call.headers["webhook-signature"].removeprefix("v1,")
            assert hmac.compare_digest(base64.b64encode(digest).decode(), given)
            orjson.loads(call.body)
        for answer in self._answers:
            orjson.loads(answer)
        for request in self._requests:
            orjson.dumps(request)
        for table in self._job.reads:
            connection.execute(f"SELECT * FROM {table}").fetchall()
        commits = self._count if self._job.is_each_kept else 1
        for number in range(commits):
            with connection:
                for table, rows in self._rows.items():
                    part = rows[len(rows) * number // commits : len(rows) * (number + 1) // commits]
                    if part:
                        marks = ",".join("?" * len(part[0]))
                        statement = f"INSERT OR REPLACE INTO {table} VALUES ({marks})"
                        connection.executemany(statement, part)
        for name, cells in self._files.items():
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, delimiter="\t").writerows(cells)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
