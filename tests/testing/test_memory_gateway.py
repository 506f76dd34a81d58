"""MemoryGateway: the books to copy from pass the contract, and an orchestrator works with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

import avbc
from avbc.acctvantage import (
    ImportGateway,
    Product,
    Receipt,
    SalesOrder,
    Shipment,
    ShippedItem,
    SqlGateway,
)
from avbc.bigcommerce import BigCommerce
from avbc.orchestrator import SCHEDULE, CycleReport, Orchestrator
from avbc.orchestrator.timer import run_timer
from avbc.settings import Settings
from avbc.testing import (
    FakeStore,
    GatewayContract,
    ImportContract,
    MemoryGateway,
    OrderFactory,
    Payment,
    example,
    item,
    memory_gateway,
)
from avbc.testing.memory_gateway import MemoryImportGateway

CANCELED = 5
TODAY = datetime.now(UTC)


class TestImportPart(ImportContract):
    @pytest.fixture
    def gateway(self) -> MemoryImportGateway:
        return MemoryImportGateway()

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        assert isinstance(gateway, MemoryImportGateway)
        gateway.add_products(products)


class TestEveryPart(GatewayContract):
    @pytest.fixture
    def gateway(self) -> MemoryGateway:
        return MemoryGateway()

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        assert isinstance(gateway, MemoryGateway)
        gateway.add_products(products)

    def add_quantities(
        self, gateway: ImportGateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        assert isinstance(gateway, MemoryGateway)
        gateway.add_quantities(warehouse, on_hand)

    def add_shipment(self, gateway: ImportGateway, shipment: Shipment) -> None:
        assert isinstance(gateway, MemoryGateway)
        gateway.add_shipment(shipment)


# The books to copy from are short.

FOLDER = Path(memory_gateway.__file__).parent


def test_the_import_part_has_150_lines() -> None:
    assert len((FOLDER / "importing.py").read_text(encoding="utf-8").splitlines()) <= 150


def test_all_parts_have_about_400_lines() -> None:
    files = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*.py")]
    assert sum(len(text.splitlines()) for text in files) <= 420


# An orchestrator does with them what it does with a database.


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlGateway]:
    """The example's books, in which there are no clients yet."""
    text, _, _ = example.books_toml.partition("clients = [")
    (tmp_path / "books.toml").write_text(text, encoding="utf-8")
    with SqlGateway() as books:
        books.load(tmp_path / "books.toml")
        yield books


def new_store() -> FakeStore:
    """A store with orders of every shape, and one whose payment is only authorized."""
    store = FakeStore()
    example.populate(store, 30)
    held = Payment("Credit Card", "authorizenet", "authorized")
    factory = OrderFactory(first_id=2001)
    store.add_order(factory.order([item("LAMP-01", 3)], payment=held, created=TODAY))
    return store


@contextmanager
def joined(store: FakeStore, books: ImportGateway) -> Iterator[Orchestrator]:
    screens = example.settings_dict(store.api_url)
    screens["gl"] = {
        **screens["gl"],
        "import_refunds": True,
        "credit_card_transactions_are_preauthorizations": True,
    }
    client = BigCommerce(store.api_url, store.access_token, transport=store.transport())
    settings = Settings.from_dict(screens)
    with client, avbc.Orchestrator(settings, books, store=client) as web:
        yield web


def orders(books: ImportGateway) -> list[SalesOrder]:
    """All orders, without what two books number and stamp for themselves."""
    own = {"id": None, "client_id": None, "contact_id": None, "status_changed_at": None}
    return [attrs.evolve(order, **own) for order in books.sales_orders()]


def receipts(books: ImportGateway) -> list[Receipt]:
    own = {"id": None, "voided_at": None}
    return [attrs.evolve(receipt, **own) for receipt in books.receipts()]


def cycle(web: Orchestrator) -> CycleReport:
    reports: list[CycleReport] = []

    def note(report: CycleReport) -> None:
        reports.append(report)
        web.stop()

    # Also what was done an hour ago at most.
    schedule = [attrs.evolve(job, every=timedelta(0)) for job in SCHEDULE]
    run_timer([web], schedule=schedule, on_report=note, wait=lambda _: None)
    return reports[0]


def test_the_import_part_takes_orders_as_a_database_does(database: SqlGateway) -> None:
    books = MemoryImportGateway(database.reference_data())
    books.add_products(database.products())
    stores = new_store(), new_store()
    with joined(stores[0], books) as web, joined(stores[1], database) as other:
        report, expected = web.import_orders(), other.import_orders()
        assert len(report.imported) > 10
        for (result, outcome), (other_result, other_outcome) in zip(report, expected, strict=True):
            assert (result, outcome.import_id) == (other_result, other_outcome.import_id)
            # Only a SqlGateway is loaded from files.
            for problem, other_problem in zip(
                outcome.problems, other_outcome.problems, strict=True
            ):
                fix = re.sub(r" \(SqlGateway\.\w+\)", "", other_problem.fix)
                assert problem == attrs.evolve(other_problem, fix=fix)
        for store in stores:
            store.edit_order(2001, status_id=CANCELED)
        for each in (web, other):
            assert len(list(each.follow_orders())) == 1
            assert [waiting.code for waiting in each.worklist().of(2001)] == [
                "order_stopped_in_store"
            ]
    assert orders(books) == orders(database)
    assert receipts(books) == receipts(database)
    made, same = books.reference_data(), database.reference_data()
    assert set(made.promotions) == set(same.promotions)
    assert set(made.ship_vias) == set(same.ship_vias)


def test_the_whole_timer_does_what_it_does_with_a_database(database: SqlGateway) -> None:
    books = MemoryGateway(database.reference_data())
    books.add_products(database.products())
    books.add_quantities("Main", database.available("Main"))
    stores = new_store(), new_store()
    with joined(stores[0], books) as web, joined(stores[1], database) as other:
        for each in (web, other):
            assert cycle(each).failed == []
        (first, second, *_) = books.sales_orders()
        for store, there in zip(stores, (books, database), strict=True):
            there.set_order_status(second.import_id, "Shipped/Invoice")
            line = second.lines[0]
            shipped = ShippedItem(line.store_line_id or 0, Decimal(1))
            there.add_shipment(Shipment(7, second.import_id, (shipped,), carrier="UPS"))
            store.edit_order(first.store_order_id, status_id=CANCELED)
        for each in (web, other):
            report = cycle(each)
            assert report.failed == []
            # AcctVantage picks orders up from a database.
            assert [job.method for job in report.jobs if job.method != "take_answers"] == [
                "import_orders",
                "follow_orders",
                "import_refunds",
                "push_order_statuses",
                "capture_payments",
                "push_shipments",
                "push_products",
                "push_inventory",
                "check_hooks",
                "prune_journal",
            ]
    assert orders(books) == orders(database)
    assert receipts(books) == receipts(database)
    assert dict(books.quantities_available("Main")) == dict(database.quantities_available("Main"))
    assert stores[0].counts() == stores[1].counts()
