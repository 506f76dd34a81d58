"""Books that have some parts of the Gateway: what runs, what is left out, and what says so."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from avbc.acctvantage import (
    BooksUnusable,
    FollowGateway,
    Gateway,
    ImportGateway,
    ShipmentGateway,
    SqlGateway,
    StatusGateway,
)
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.bigcommerce.models import ShipmentDraft, ShipmentItemDraft
from avbc.clock import Clock
from avbc.documentation import see
from avbc.mapping import Problem
from avbc.orchestrator import (
    CycleReport,
    MethodsMissing,
    NoteRefund,
    Orchestrator,
    PushReport,
    Webhook,
)
from avbc.orchestrator.engine.parts import NEEDS, PARTS, methods_of
from avbc.orchestrator.timer import run_timer
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item

NEW, CANCELED = 11, 5
ARGUMENTS = {"write_journal": ["journals"]}
"""What a job must be called with."""

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Place = Callable[[], FakeOrder]


def passed_on(books: SqlGateway, name: str) -> Callable[..., object]:
    def method(_: object, *arguments: object, **named: object) -> object:
        return getattr(books, name)(*arguments, **named)

    return method


def books_with(
    books: SqlGateway, *parts: type[object], without: Collection[str] = ()
) -> ImportGateway:
    """Books of a class of an application, which has the methods of these parts and no others."""
    names = {name for part in parts for name in methods_of(part)} - {*without}
    made = type("MyBooks", (), {name: passed_on(books, name) for name in names})()
    return cast("ImportGateway", made)


def test_every_method_of_the_gateway_is_in_a_part() -> None:
    in_parts = [name for part in PARTS for name in methods_of(part)]
    assert len(in_parts) == len(set(in_parts))
    assert set(in_parts) >= Gateway.__abstractmethods__


@pytest.mark.parametrize("job", NEEDS)
def test_a_job_says_which_methods_it_needs(
    job: str, join: Join, books: SqlGateway, store: FakeStore
) -> None:
    web = join(books=books_with(books, ImportGateway))
    with pytest.raises(MethodsMissing) as caught:
        getattr(web, job)(*ARGUMENTS.get(job, []))
    error = caught.value
    assert error.job == job
    assert error.part == NEEDS[job].part.__name__
    assert list(error.methods) == methods_of(NEEDS[job].part)
    assert f"{job} needs {error.part}, and MyBooks lacks" in str(error)
    for name in error.methods:
        assert f"\n  {name}(" in str(error)
    # The setting that turns it off is for the timer: here the job was called.
    assert "or set" not in str(error)
    assert store.requests == []
    assert not web.worklist()


# That of the journal is in test_journal_files.py.
@pytest.mark.parametrize("job", sorted(NEEDS.keys() - {"write_journal"}))
def test_a_job_needs_its_own_part_alone(
    job: str, join: Join, books: SqlGateway, store: FakeStore, change: Change
) -> None:
    """An order that is in the books went on in both: the job has something to do."""
    factory = OrderFactory()
    order = store.add_order(
        factory.order(
            [item("LAMP-01", 3)],
            payment=Payment("Credit Card", "authorizenet", "authorized"),
            created=datetime.now(UTC),
        )
    )
    settings = change(
        order_status={"updates": "pull" if job == "pull_order_statuses" else "push"},
        gl={"import_refunds": True, "credit_card_transactions_are_preauthorizations": True},
        shipping={"push_shipments": True},
    )
    web = join(books=books_with(books, ImportGateway, NEEDS[job].part), settings=settings)
    assert len(web.import_orders().imported) == 1
    books.set_order_status(f"WEB{order.id}", "Shipped/Invoice")
    (line,) = books.sales_orders()[0].lines[:1]
    shipped = ShippedItem(line.store_line_id or 0, Decimal(1))
    books.add_shipment(Shipment(1, f"WEB{order.id}", items=(shipped,)))
    books.want_capture(f"WEB{order.id}-1")
    with books.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO acknowledgements (import_id, version, refused_text) "
            f"VALUES ('WEB{order.id}', 1, 'Unknown part.')"
        )

    def found(report: PushReport) -> list[tuple[str, str, str, tuple[Problem, ...]]]:
        assert not report.stopped
        return [(effect, each.key, each.what, each.problems) for effect, each in report]

    with_all = join(settings=settings)
    assert found(getattr(web, job)(preview=True)) == found(getattr(with_all, job)(preview=True))
    codes = {each.code for row in found(getattr(web, job)()) for each in row[-1]}
    assert "unexpected_error" not in codes


def test_an_error_shows_how_the_method_is_defined(join: Join, books: SqlGateway) -> None:
    web = join(books=books_with(books, ImportGateway, ShipmentGateway, without=["shipments_of"]))
    with pytest.raises(MethodsMissing) as caught:
        web.push_shipments()
    assert str(caught.value) == (
        "push_shipments needs ShipmentGateway, and MyBooks lacks this method of it:\n"
        "  shipments_of(order_import_ids: Collection[str]) -> list[Shipment]\n"
        f"Add this method to MyBooks ({see('gateway')})."
    )
    for made in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert str(made) == str(caught.value)


def test_an_import_needs_its_part_alone(
    join: Join, books: SqlGateway, store: FakeStore, factory: OrderFactory
) -> None:
    order = store.add_order(factory.plain())
    web = join(books=books_with(books, ImportGateway))
    assert [each.order_id for each in web.preview_orders().imported] == [order.id]
    assert [each.order_id for each in web.import_orders().imported] == [order.id]
    assert [each.store_order_id for each in books.sales_orders()] == [order.id]
    assert web.reconcile(since=date(2020, 1, 1)).ok
    assert web.explain(order.id).order_id == order.id
    assert web.history(order.id).sales_order is not None


def test_books_that_lack_what_an_import_needs(settings: Settings, books: SqlGateway) -> None:
    class MyBooks:
        def reference_data(self) -> object: ...

    with pytest.raises(MethodsMissing) as caught:
        Orchestrator(settings, MyBooks())  # type: ignore[arg-type]  # what is refused
    assert list(caught.value.methods) == methods_of(ImportGateway)[1:]
    assert "import_orders needs ImportGateway, and MyBooks lacks" in str(caught.value)


def test_a_subclass_that_forgot_methods_is_refused_by_python() -> None:
    class MyBooks(ImportGateway):
        pass

    with pytest.raises(TypeError) as caught:
        MyBooks()  # type: ignore[abstract]  # what is refused
    assert all(name in str(caught.value) for name in methods_of(ImportGateway))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            None,
            "the methods of avbc.ImportGateway, not None",
        ),
        ("postgresql://user:password@host/books", "ImportGateway, not an object of the class str"),
        (SqlGateway, "books: SqlGateway is a class: pass an instance, SqlGateway()"),
    ],
)
def test_what_is_no_books(settings: Settings, given: Any, says: str) -> None:
    with pytest.raises(TypeError, match=re.escape(says)) as caught:
        Orchestrator(settings, given)
    assert "password" not in str(caught.value)


def test_the_path_of_a_settings_file_is_no_settings(
    settings: Settings, books: SqlGateway, web: Orchestrator
) -> None:
    says = re.escape("must be Settings, not a str: pass avbc.Settings.load('avbc.toml')")
    given: Any = "avbc.toml"
    for use in (
        lambda: Orchestrator(given, books),
        lambda: web.use(given),
        lambda: web.backtest(given, date(2026, 1, 1)),
    ):
        with pytest.raises(TypeError, match=says):
            use()
    given = {"store": {"access_token": "example-token"}}
    with pytest.raises(
        TypeError, match=r"must be Settings, not a dict.*Settings\.from_dict"
    ) as caught:
        Orchestrator(given, books)
    assert "example-token" not in str(caught.value)


def test_a_method_that_returns_none(join: Join, books: SqlGateway) -> None:
    given: Any = books_with(books, ImportGateway)
    type(given).sales_orders_ordered = lambda *_: None
    with pytest.raises(BooksUnusable, match="returned None") as caught:
        join(books=given).reconcile(since=date(2020, 1, 1))
    assert str(caught.value) == (
        "MyBooks.sales_orders_ordered returned None, and must return Iterator[SalesOrder]: correct "
        "it in MyBooks. A read that finds nothing returns an empty list."
    )


def test_a_method_with_a_wrong_signature(join: Join, books: SqlGateway) -> None:
    given: Any = books_with(books, ImportGateway)
    type(given).sales_orders_ordered = lambda _self, _source: []
    with pytest.raises(BooksUnusable) as caught:
        join(books=given).reconcile(since=date(2020, 1, 1))
    assert str(caught.value) == (
        "MyBooks.sales_orders_ordered does not take the arguments it is called with: give it the "
        "signature sales_orders_ordered(source_code: str, since: datetime, until: datetime) -> "
        "Iterator[SalesOrder]."
    )


def test_a_type_error_inside_a_method_is_its_own(join: Join, books: SqlGateway) -> None:
    given: Any = books_with(books, ImportGateway)
    type(given).sales_orders_ordered = _counts_a_number
    with pytest.raises(BooksUnusable, match=r"raised TypeError: .* has no len") as caught:
        join(books=given).reconcile(since=date(2020, 1, 1))
    assert isinstance(caught.value.__cause__, TypeError)


def _counts_a_number(*_: object) -> int:
    given: Any = 5
    return len(given)


async def _coroutine(*_: object) -> list[object]:
    return []


async def _generator(*_: object) -> AsyncIterator[object]:
    yield None


@pytest.mark.parametrize("method", [_coroutine, _generator])
def test_a_method_that_is_async(
    join: Join, books: SqlGateway, method: Callable[..., object]
) -> None:
    given: Any = books_with(books, ImportGateway)
    type(given).sales_orders_ordered = method
    with pytest.raises(BooksUnusable) as caught:
        join(books=given).reconcile(since=date(2020, 1, 1))
    assert str(caught.value) == (
        "MyBooks.sales_orders_ordered is async, and must return Iterator[SalesOrder]: define it "
        "with def, without async."
    )


def test_an_edited_order_is_updated_in_books_without_credits(
    join: Join, books: SqlGateway, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    web = join(
        books=books_with(books, ImportGateway),
        settings=change(order_status={"edited_orders": "update"}),
    )
    order = store.add_order(factory.plain())
    web.import_orders()
    order.products[0]["name"] = "Red mug, glazed"
    store.edit_order(order.id, status_id=NEW)
    (updated,) = web.import_orders().updated
    assert updated.order_id == order.id


# Following


@pytest.fixture
def follower(join: Join, books: SqlGateway, change: Change) -> Orchestrator:
    """An orchestrator whose books have only what an import needs."""
    return join(
        books=books_with(books, ImportGateway),
        settings=change(
            order_status={"updates": "off"},
            gl={"credit_card_transactions_are_preauthorizations": True},
        ),
    )


@pytest.fixture
def place(follower: Orchestrator, store: FakeStore, factory: OrderFactory) -> Place:
    """Place an order, import it and follow it once."""

    def placed() -> FakeOrder:
        payment = Payment("Credit Card", "authorizenet", "authorized")
        made = factory.order([item("LAMP-01", 3)], payment=payment, created=datetime.now(UTC))
        order = store.add_order(made)
        assert len(follower.import_orders().imported) == 1
        assert list(follower.follow_orders()) == []
        return order

    return placed


def waits(web: Orchestrator, order: FakeOrder) -> dict[str, str]:
    return {each.code: f"{each.message} {each.fix}" for each in web.worklist().of(order.id)}


def test_a_cancellation_reaches_the_worklist(
    follower: Orchestrator, store: FakeStore, place: Place
) -> None:
    order = place()
    store.edit_order(order.id, status_id=CANCELED)
    follower.follow_orders()
    assert list(waits(follower, order)) == ["order_stopped_in_store"]
    assert list(follower.follow_orders()) == []
    follower.settle(order.id)
    assert waits(follower, order) == {}


def test_a_payment_that_cannot_be_written_waits_in_words(
    follower: Orchestrator, books: SqlGateway, store: FakeStore, place: Place
) -> None:
    order = place()
    (before,) = books.receipts([f"WEB{order.id}"])
    own = store.order(order.id)
    store.state.add_transaction(own, own.transactions[0], event="capture")
    store.edit_order(order.id, payment_status="captured")
    preview = follower.follow_orders(preview=True)
    assert (len(preview.sent), len(preview.refused)) == (0, 1)
    report = follower.follow_orders()
    assert (len(report.sent), len(report.refused)) == (0, 1)
    said = waits(follower, order)
    assert list(said) == ["receipt_cannot_follow"]
    assert (
        f"The receipt {before.import_id} could not become captured: MyBooks lacks update_receipt "
        "and set_to_ship (FollowGateway). Make it captured"
    ) in said["receipt_cannot_follow"]
    assert books.receipts([f"WEB{order.id}"]) == [before]
    assert list(follower.follow_orders()) == []
    # The item goes once a person has done it.
    amount = before.pre_auth_amount
    after = attrs.evolve(before, state="captured", amount=amount, pre_auth_amount=Decimal(0))
    books.update_receipt(before, after)
    follower.follow_orders()
    assert waits(follower, order) == {}


def test_quantities_that_cannot_be_written_wait_in_words(
    follower: Orchestrator, books: SqlGateway, store: FakeStore, place: Place
) -> None:
    order = place()
    (line,) = order.products
    follower.store.order_shipments.create(
        order.id,
        ShipmentDraft(
            order_address_id=int(str(line["order_address_id"])),
            items=(ShipmentItemDraft(order_product_id=int(str(line["id"])), quantity=2),),
        ),
    )
    assert follower.follow_orders().sent == []
    said = waits(follower, order)
    assert list(said) == ["left_to_ship_differs"]
    assert "could not be changed: MyBooks lacks update_receipt" in said["left_to_ship_differs"]
    assert "leave to ship: 1 of " in said["left_to_ship_differs"]
    assert list(follower.follow_orders()) == []
    books.set_to_ship(f"WEB{order.id}", {int(str(line["id"])): Decimal(1)})
    follower.follow_orders()
    assert waits(follower, order) == {}


@pytest.mark.parametrize("is_first", [False, True], ids=["within the hour", "after a restart"])
def test_an_open_order_that_is_deleted_in_the_store_is_found(
    follower: Orchestrator, join: Join, store: FakeStore, place: Place, is_first: bool
) -> None:
    order = place()
    # The journal is in memory, and the next process knows nothing.
    web = join(books=follower.books, settings=follower.settings) if is_first else follower
    store.delete_order(order.id)
    web.follow_orders()
    assert list(waits(web, order)) == ["order_gone_from_store"]


def test_of_books_without_statuses_the_orders_of_late_are_looked_for(
    follower: Orchestrator, join: Join, store: FakeStore, factory: OrderFactory
) -> None:
    """After a restart without a journal: to read all orders would cost more every day."""
    now = datetime.now(UTC)
    orders = [
        store.add_order(factory.order([item("LAMP-01")], created=now - timedelta(days=days)))
        for days in (100, 80)
    ]
    assert len(follower.import_orders().imported) == 2
    for order in orders:
        store.delete_order(order.id)
    web = join(books=follower.books, settings=follower.settings)
    web.follow_orders()
    assert [each.order_id for each in web.worklist()] == [orders[1].id]


def test_a_refund_that_the_books_cannot_take_is_left_to_a_person(
    join: Join, books: SqlGateway, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    """No credit is written, and the item says so, as where the settings import no refunds."""
    web = join(books=books_with(books, ImportGateway), settings=change(gl={"import_refunds": True}))
    order = store.add_order(factory.order([item("LAMP-01", 3)], created=datetime.now(UTC)))
    web.import_orders()
    web.follow_orders()
    store.refund(order.id, items={int(str(order.products[0]["id"])): 1})
    web.follow_orders()
    assert "refund_not_booked" in waits(web, order)
    assert "import_refunds" not in waits(web, order)["refund_not_booked"]
    assert web.settings.gl.import_refunds


def test_payments_are_booked_as_the_settings_say_without_their_part(
    follower: Orchestrator, books: SqlGateway, place: Place
) -> None:
    order = place()
    assert [each.state for each in books.receipts([f"WEB{order.id}"])] == ["pre_authorized"]
    with pytest.raises(MethodsMissing) as caught:
        follower.capture_payments()
    assert str(caught.value).endswith(f"Add these methods to MyBooks ({see('gateway')}).")


def test_a_webhook_of_a_refund_follows_the_order(
    join: Join, books: SqlGateway, store: FakeStore, change: Change, place: Place
) -> None:
    order = place()
    web = join(books=books_with(books, ImportGateway), settings=change(gl={"import_refunds": True}))
    webhook = Webhook("store/order/refund/created", NoteRefund(order.id))
    report = web.act_on_webhook(webhook)
    assert report.refund_report is None
    assert report.follow_report is not None


def test_shipments_that_books_do_not_have_are_not_missed(
    join: Join, books: SqlGateway, change: Change, tmp_path: Path
) -> None:
    """Shipments were sent once; then other books came, which keep none."""
    journal = f"sqlite:///{tmp_path}/journal.db"
    join(settings=change(shipping={"push_shipments": True}), journal=journal).push_shipments()
    web = join(
        books=books_with(books, ImportGateway),
        settings=change(shipping={"push_shipments": False}),
        journal=journal,
    )
    web.follow_orders()
    assert not web.worklist()


# The timer and the check


def cycle(web: Orchestrator, count: int = 1) -> list[CycleReport]:
    reports: list[CycleReport] = []

    def note(report: CycleReport) -> None:
        reports.append(report)
        if len(reports) == count:
            web.stop()

    now = [0.0]
    start = datetime(2026, 1, 2, tzinfo=UTC)
    web._integration.clock = Clock(lambda: start + timedelta(seconds=now[0]), lambda: now[0])
    run_timer([web], on_report=note, wait=lambda seconds: now.append(now.pop() + seconds))
    return reports


def test_the_timer_leaves_out_what_the_books_cannot_do(
    join: Join, books: SqlGateway, change: Change
) -> None:
    settings = change(shipping={"push_shipments": True})
    web = join(books=books_with(books, ImportGateway, StatusGateway), settings=settings)
    first, second = cycle(web, 2)
    assert [job.method for job in first.jobs] == [
        "import_orders",
        "follow_orders",
        "push_order_statuses",
        "check_hooks",
        "prune_journal",
    ]
    assert first.ok
    assert [note.partition(":")[0] for note in first.notes] == [
        "push_shipments is left out",
        "push_products is left out",
        "push_inventory is left out",
    ]
    assert first.notes[0] == (
        "push_shipments is left out: MyBooks lacks shipments and shipments_of (ShipmentGateway). "
        f"Add these methods to MyBooks ({see('gateway')}), or set shipping.push_shipments = false."
    )
    assert second.notes == ()


def test_a_method_of_a_part_that_was_forgotten_is_an_error_of_the_setup(
    join: Join, books: SqlGateway, change: Change
) -> None:
    settings = change(
        order_status={"updates": "off"},
        shipping={
            "push_shipments": True,
            "sync_inventory_levels": True,
            "sync_product_details": True,
        },
    )
    given = books_with(
        books,
        ImportGateway,
        ShipmentGateway,
        FollowGateway,
        without=("shipments_of", "set_to_ship"),
    )
    web = join(books=given, settings=settings)
    report = web.check_setup()
    # There are no products to compare.
    assert "values of the store" not in {each.item for each in report.checks}
    checks = {each.item: each for each in report.checks if each.area == "books"}
    assert {item: each.state for item, each in checks.items()} == {
        "FollowGateway": "warning",
        "ShipmentGateway": "error",
        "ProductGateway": "warning",
        "StockGateway": "warning",
    }
    assert checks["ShipmentGateway"].found == (
        "MyBooks lacks shipments_of, and has shipments: it was probably forgotten."
    )
    assert checks["ShipmentGateway"].fix == (
        f"Add it to MyBooks ({see('gateway')}), or set shipping.push_shipments = false."
    )
    assert checks["StockGateway"].found == (
        "The settings ask for push_inventory, and MyBooks lacks quantities_available: the timer "
        "leaves it out."
    )


def test_books_that_cannot_follow_are_in_the_setup(follower: Orchestrator) -> None:
    (check,) = [each for each in follower.check_setup().checks if each.item == "FollowGateway"]
    assert check.state == "warning"
    lacks = MethodsMissing("x", "MyBooks", "FollowGateway", tuple(methods_of(FollowGateway))).short
    assert check.found == (
        f"{lacks.removesuffix(' (FollowGateway)')}: follow_orders writes nothing, and reports what "
        "to enter by hand."
    )
    assert check.fix == f"Add them to MyBooks ({see('gateway')})."


def test_refusals_that_no_one_can_make_are_in_the_setup(
    join: Join, books: SqlGateway, change: Change
) -> None:
    asks = change(order_status={"import_error_when_acctvantage_refuses": True})
    web = join(books=books_with(books, ImportGateway), settings=asks)
    (check,) = [each for each in web.check_setup().checks if each.item == "StagingGateway"]
    assert (check.state, check.area) == ("warning", "books")
    assert "AcctVantage picks up no orders from MyBooks" in check.found
    web.use(change(order_status={"import_error_when_acctvantage_refuses": False}))
    assert not [each for each in web.check_setup().checks if each.item == "StagingGateway"]


def test_books_with_every_part_have_no_check(web: Orchestrator) -> None:
    assert not [each for each in web.check_setup().checks if each.area == "books"]
