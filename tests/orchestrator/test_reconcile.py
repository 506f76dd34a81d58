"""What is missing, doubled or different is found, with few requests and nothing written."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import BooksUnreachable, SqlGateway
from avbc.acctvantage.records import OrderBundle, SalesOrder
from avbc.bigcommerce import StoreUnavailable
from avbc.bigcommerce.models import Order
from avbc.orchestrator import Orchestrator, ReconcileReport
from avbc.settings import PaymentMethodMapping, Settings
from avbc.testing import (
    FakeOrder,
    FakeStore,
    OrderFactory,
    Payment,
    item,
    order_of_shape,
    orders_of_every_shape,
)
from avbc.testing.example import plain_orders

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
LIST, GET, REFUNDS = (
    "GET /v2/orders",
    "GET /v2/orders/{id}",
    "GET /v3/orders/payment_actions/refunds",
)

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def imported(store: FakeStore, web: Orchestrator) -> list[FakeOrder]:
    """Six orders that are in the books."""
    orders = [store.add_order(order) for order in plain_orders(6)]
    assert len(web.import_orders().imported) == 6
    store.clear_log()
    return orders


def verdicts(report: ReconcileReport) -> dict[int, str]:
    return {found.order_id: found.verdict for found in report}


def change_books(books: SqlGateway, statement: str, **values: object) -> None:
    """As a person or a script would who writes to the books by hand."""
    with books.engine.begin() as connection:
        assert connection.execute(sa.text(statement), values).rowcount


def double(books: SqlGateway, order: FakeOrder) -> None:
    """Enter an order's sales order once more, under another Import ID."""
    (booked,) = books.sales_orders([f"WEB{order.id}"])
    again = attrs.evolve(booked, import_id="WEB-again")
    books.create_order(OrderBundle(order=again, client_id=booked.client_id))


def cents(order: FakeOrder) -> Decimal:
    return Decimal(str(order.header["total_inc_tax"])).quantize(Decimal("0.01"))


def test_what_was_imported_is_the_same(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = [store.add_order(order) for order in orders_of_every_shape()]
    web.import_orders()
    web.follow_orders()
    before = books.sales_orders()
    store.clear_log()
    report = web.reconcile(SINCE)
    importable = [order for order in orders if order.importable]
    # The order's header says captured; that a part of it was not is on the worklist.
    (partly,) = [order for order in orders if order.shape == "partly_captured"]
    assert [(row.order_id, [each.field for each in row.differences]) for row in report] == [
        (partly.id, ["received"])
    ]
    assert [item.code for item in web.worklist().of(partly.id)] == ["payment_partly_captured"]
    assert (report.ok, report.same) == (False, len(importable) - 1)
    assert sum(report.not_due.values()) + report.same + len(report.unread) == len(orders) - 1
    assert (
        report.total_in_books == report.total_in_store == sum(cents(order) for order in importable)
    )
    assert books.sales_orders() == before
    assert [entry.method for entry in store.log if entry.method != "GET"] == []


@pytest.mark.no_cover
def test_orders_of_a_year_take_a_request_for_250(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    orders = [store.add_order(order) for order in plain_orders(300)]
    web = join()
    web.import_orders()
    store.clear_log()
    report = web.reconcile(SINCE)
    assert (report.same, report.requests) == (300, 2)
    assert store.counts() == {LIST: 2}
    assert str(report).startswith("300 orders are the same in both systems.")
    assert f"in the books {sum(map(cents, orders))}." in str(report)


def test_what_is_missing_in_the_books(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder], factory: OrderFactory
) -> None:
    factory.next_id = 2000
    for status_id in (0, 1, 5, 6, 7, 11, 12, 2, 10):
        store.add_order(factory.order([item("MUG-RED")], status_id=status_id))
    report = web.reconcile(SINCE)
    assert [(found.order_id, str(found.differences[0])) for found in report.missing_in_books] == [
        (2007, "status: nothing in AcctVantage, Shipped in the store"),
        (2008, "status: nothing in AcctVantage, Completed in the store"),
    ]
    assert report.not_due == {
        "Incomplete": 1,
        "Pending": 1,
        "Cancelled": 1,
        "Declined": 1,
        "Awaiting Payment": 1,
        "Awaiting Fulfillment": 1,
        "Manual Verification Required": 1,
    }
    assert report.same == 6
    assert report.total_in_store - report.total_in_books == sum(
        found.in_store for found in report.missing_in_books if found.in_store
    )


def test_orders_from_before_the_first_import_are_not_missing(
    join: Join, change: Change, store: FakeStore, factory: OrderFactory
) -> None:
    old = store.add_order(
        factory.order([item("MUG-RED")], status_id=10, created=SINCE - timedelta(days=10))
    )
    settings = change(order_status={"import_orders_created_since": SINCE})
    assert join(settings=settings).reconcile(SINCE - timedelta(days=20)).not_due == {"Completed": 1}
    assert verdicts(join().reconcile(SINCE - timedelta(days=20))) == {old.id: "missing_in_books"}


def test_what_is_missing_in_the_store(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    """One before, one between and one after those that the store lists."""
    for place in (0, 2, 5):
        store.delete_order(imported[place].id)
    report = web.reconcile(SINCE)
    assert verdicts(report) == {imported[place].id: "missing_in_store" for place in (0, 2, 5)}
    assert [found.in_books for found in report.missing_in_store] == [
        cents(imported[place]) for place in (0, 2, 5)
    ]
    assert report.same == 3
    assert store.counts() == {LIST: 1, GET: 3}


def test_all_of_a_period_missing_in_the_store(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    for order in imported:
        store.delete_order(order.id)
    assert len(web.reconcile(SINCE).missing_in_store) == 6


def test_many_that_the_store_does_not_list_are_asked_for_in_portions(
    join: Join, store: FakeStore
) -> None:
    orders = [store.add_order(order) for order in plain_orders(80)]
    web = join()
    web.import_orders()
    for order in orders[:39]:
        store.delete_order(order.id)
    for order in orders[41:]:
        store.delete_order(order.id)
    report = web.reconcile(SINCE)
    assert (len(report.missing_in_store), report.same) == (78, 2)


def test_the_last_of_a_portion_is_doubled(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = [store.add_order(order) for order in plain_orders(40)]
    web.import_orders()
    double(books, orders[31])
    for order in orders:
        store.edit_order(order.id, date_created="Sun, 01 Feb 2026 12:00:00 +0000")
    store.clear_log()
    report = web.reconcile(SINCE)
    assert verdicts(report) == {orders[31].id: "doubled"}
    assert report.same == 39
    assert store.counts() == {LIST: 1, GET: 40}


def test_what_the_store_hides_is_compared_all_the_same(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    """It is not listed for the period, but it is there when it is asked for."""
    earlier = "Sun, 01 Feb 2026 12:00:00 +0000"
    store.edit_order(imported[1].id, date_created=earlier)
    store.edit_order(
        imported[4].id,
        date_created=earlier,
        total_inc_tax="999.0000",
        total_ex_tax="999.0000",
        total_tax="0.0000",
    )
    report = web.reconcile(SINCE)
    assert verdicts(report) == {imported[4].id: "different"}
    assert report.same == 5


def test_what_is_doubled(web: Orchestrator, books: SqlGateway, imported: list[FakeOrder]) -> None:
    double(books, imported[3])
    report = web.reconcile(SINCE)
    (found,) = report.doubled
    assert (found.order_id, found.in_books) == (imported[3].id, 2 * cents(imported[3]))
    assert f"WEB{imported[3].id}, WEB-again" in str(report)
    assert report.same == 5


def test_what_is_off_by_a_cent(
    web: Orchestrator, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    order = imported[2]
    total = cents(order)
    change_books(
        books,
        "UPDATE sales_orders SET total = :total WHERE import_id = :id",
        total=str(total - Decimal("0.01")),
        id=f"WEB{order.id}",
    )
    change_books(
        books,
        "UPDATE receipts SET amount = '0.01' WHERE order_import_id = :id",
        id=f"WEB{imported[5].id}",
    )
    report = web.reconcile(SINCE)
    assert {
        found.order_id: [difference.field for difference in found.differences]
        for found in report.different
    } == {
        order.id: ["total"],
        imported[5].id: ["received"],
    }
    assert f"total: {total - Decimal('0.01')} in AcctVantage, {total} in the store" in str(report)
    row = report.to_dicts()[0]
    assert (row["verdict"], row["in_store"], row["in_books"]) == (
        "different",
        str(total),
        str(total - Decimal("0.01")),
    )
    assert report.to_frame()["order_id"].tolist() == [order.id, imported[5].id]
    assert ">different</mark>" in report._repr_html_()


def test_an_order_that_was_edited_after_its_import(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, imported: list[FakeOrder]
) -> None:
    factory.next_id = imported[0].id
    store.add_order(factory.order([item("CHAIR-OAK", 3)], status_id=9))
    report = web.reconcile(SINCE)
    fields = {difference.field for difference in report.different[0].differences}
    assert {"total", "tax", "fingerprint"} <= fields
    # An edit moves no money: what was received is as it was.
    assert "received" not in fields


def test_an_edit_that_has_an_item_is_not_said_twice(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, imported: list[FakeOrder]
) -> None:
    web.follow_orders()
    factory.next_id = imported[0].id
    store.add_order(factory.order([item("CHAIR-OAK", 3)], status_id=9))
    store.edit_order(imported[0].id, staff_notes="edited")
    web.follow_orders()
    assert [each.code for each in web.worklist()] == ["order_edited_after_import"]
    assert len(web.reconcile(SINCE).different) == 1
    assert [each.code for each in web.worklist()] == ["order_edited_after_import"]


def test_money_that_was_received_and_is_awaited_again_has_advice_that_works(
    join: Join, change: Change, store: FakeStore, settings: Settings, factory: OrderFactory
) -> None:
    row = PaymentMethodMapping(bigcommerce="Check", receipt_type="Check")
    web = join(settings=change(gl={"payment_methods": (*settings.gl.payment_methods, row)}))
    check = Payment("Check", gateway="", state="offline")
    order = store.add_order(factory.order([item("MUG-RED")], payment=check))
    web.import_orders()
    store.edit_order(order.id, status_id=7)
    web.reconcile(SINCE)
    (found,) = web.worklist()
    assert found.code == "order_differs"
    assert "follow_orders" not in found.fix
    assert "give the order a status of paid orders" in found.fix
    store.edit_order(order.id, status_id=9)
    web.reconcile(SINCE)
    assert list(web.worklist()) == []


def test_a_payment_that_was_captured_in_the_store(
    join: Join, change: Change, store: FakeStore, factory: OrderFactory
) -> None:
    web = join(settings=change(gl={"credit_card_transactions_are_preauthorizations": True}))
    order = store.add_order(factory.order([item("MUG-RED")], payment=Payment(state="authorized")))
    web.import_orders()
    assert web.reconcile(SINCE).ok
    store.edit_order(order.id, payment_status="captured")
    report = web.reconcile(SINCE)
    assert [difference.field for difference in report.different[0].differences] == [
        "received",
        "held",
    ]


def test_money_that_was_not_captured_is_not_to_be_entered(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    """The header of an order that was captured in part says that all of it was."""
    order = store.add_order(order_of_shape("partly_captured", factory))
    web.import_orders()
    web.reconcile(SINCE)
    (item,) = web.worklist().of(order.id)
    assert f"follow_orders([{order.id}])" in item.fix
    assert "in AcctVantage or the order" not in item.fix
    # The advice works.
    web.follow_orders([order.id])
    assert "are not received" in "".join(each.message for each in web.worklist().of(order.id))
    web.reconcile(SINCE)
    assert [each.code for each in web.worklist()] == ["payment_partly_captured"]


def test_the_period_is_kept_on_both_sides(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    made = [order.ordered_at for order in books.sales_orders()]
    first, last = made[1], made[3]
    assert first is not None
    assert last is not None
    for order in imported:
        store.delete_order(order.id)
    report = web.reconcile(first, last)
    assert list(verdicts(report)) == [order.id for order in imported[1:4]]
    assert (report.since, report.until) == (first, last)


def test_an_order_of_many_lines_is_read_in_full(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    long, plain = store.add_order(order_of_shape("long", factory)), store.add_order(factory.plain())
    web.import_orders()
    store.clear_log()
    assert web.reconcile(SINCE).same == 2
    assert store.counts() == {LIST: 1, "GET /v2/orders/{id}/products": 1}
    store.fail("GET /v2/orders/*/products", "503")
    report = web.reconcile(SINCE)
    assert (report.same, report.ok) == (1, False)
    assert [(unread.order_id, unread.problem.code) for unread in report.unread] == [
        (long.id, "store_failed")
    ]
    # It is asked for one by one where the store does not list it, and its lines are read then too.
    store.edit_order(long.id, date_created="Sun, 01 Feb 2026 12:00:00 +0000")
    assert web.reconcile(SINCE).same == 2
    store.fail("GET /v2/orders/*/products", "503")
    assert [unread.order_id for unread in web.reconcile(SINCE).unread] == [long.id]
    assert plain.id != long.id


def test_an_order_that_cannot_be_read(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    store.edit_order(imported[0].id, total_inc_tax=None)
    report = web.reconcile(SINCE)
    assert [(unread.order_id, unread.problem.code) for unread in report.unread] == [
        (imported[0].id, "order_unreadable")
    ]
    assert (report.same, list(report)) == (5, [])
    assert "unread 1" in str(report)
    assert report.to_dicts()[0]["verdict"] == "unread"


def test_an_order_that_cannot_be_asked_for(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    store.delete_order(imported[0].id)
    store.fail(f"GET /v2/orders/{imported[0].id}", "503")
    report = web.reconcile(SINCE)
    assert [(unread.order_id, unread.problem.code) for unread in report.unread] == [
        (imported[0].id, "store_failed")
    ]
    assert report.missing_in_store == []


class TestRefunds:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return attrs.evolve(settings, gl=attrs.evolve(settings.gl, import_refunds=True))

    def test_refunds_and_credits(
        self, web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
    ) -> None:
        for order in imported[:3]:
            store.refund(order.id)
        web.import_refunds()
        store.clear_log()
        assert web.reconcile(SINCE).ok
        assert store.counts() == {LIST: 1, REFUNDS: 1}
        store.refund(imported[3].id)
        change_books(
            books,
            "UPDATE credits SET total = '0.01' WHERE order_import_id = :id",
            id=f"WEB{imported[1].id}",
        )
        # A refund that is in the books and not in the store.
        store.order(imported[2].id).refunds.clear()
        store.edit_order(imported[2].id, status_id=9, payment_status="captured")
        report = web.reconcile(SINCE)
        assert {
            found.order_id: [difference.field for difference in found.differences]
            for found in report.different
        } == {
            imported[1].id: ["refund 2.total"],
            imported[2].id: ["refund 3"],
            imported[3].id: ["refund 4"],
        }

    def test_a_refund_that_cannot_be_read(
        self, web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
    ) -> None:
        store.refund(imported[0].id)["total_amount"] = None
        report = web.reconcile(SINCE)
        assert [(unread.order_id, unread.problem.code) for unread in report.unread] == [
            (imported[0].id, "order_unreadable")
        ]

    def test_they_are_left_alone_where_people_enter_them(
        self, join: Join, change: Change, store: FakeStore, imported: list[FakeOrder]
    ) -> None:
        line = imported[0].products[0]
        store.refund(imported[0].id, items={int(str(line["id"])): 1})
        web = join(settings=change(gl={"import_refunds": False}))
        assert web.reconcile(SINCE).ok
        # That all of it was refunded is another matter.
        store.refund(imported[0].id)
        assert verdicts(web.reconcile(SINCE)) == {imported[0].id: "different"}
        assert REFUNDS not in store.counts()


# What goes wrong on the way


def test_an_order_that_is_imported_meanwhile_is_not_missing(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    for order in plain_orders(3):
        store.add_order(order)
    web, other = join(), join()
    pages = web.store.pages

    def late(call: object) -> object:
        other.import_orders()
        return pages(call)  # type: ignore[call-overload,arg-type]  # passed on as it is

    ordered = books.sales_orders_ordered
    books.sales_orders_ordered = lambda *period: iter(list(ordered(*period)))  # type: ignore[method-assign]  # read before the import
    web.store.pages = late  # type: ignore[method-assign,assignment]  # the other process imports between the two
    assert web.reconcile(SINCE).same == 3


def test_the_store_is_away(web: Orchestrator, store: FakeStore, imported: list[FakeOrder]) -> None:
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreUnavailable):
        web.reconcile(SINCE)


def test_the_store_goes_away_in_the_middle(join: Join, store: FakeStore) -> None:
    for order in plain_orders(300):
        store.add_order(order)
    web = join()
    web.import_orders()
    store.fail("GET /v2/orders", "503", at=2)
    report = web.reconcile(SINCE)
    assert (report.same, report.ok) == (250, False)
    assert "Stopped early" in str(report)
    # What was not looked at is not missing.
    assert list(report) == []


def test_the_books_are_away(
    web: Orchestrator, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    def away(*_: object) -> None:
        raise BooksUnreachable("the books are away")

    books.sales_orders_ordered = away  # type: ignore[method-assign,assignment]  # the database goes away
    with pytest.raises(BooksUnreachable):
        web.reconcile(SINCE)


@pytest.mark.no_cover
def test_a_stop_and_the_progress(join: Join, store: FakeStore) -> None:
    for order in plain_orders(300):
        store.add_order(order)
    told: list[tuple[int, int | None, str]] = []
    web = join(on_progress=lambda *progress: told.append(progress))
    web.import_orders()
    told.clear()
    assert web.reconcile(SINCE).same == 300
    assert told == [(250, None, "Reconciling orders"), (300, None, "Reconciling orders")]
    stopped = join(on_progress=lambda *_: stopped.stop())
    with stopped.stop_request.listening():
        report = stopped.reconcile(SINCE)
    assert (report.same, report.stopped) == (250, "a stop was asked for")


def test_times_have_a_zone(web: Orchestrator) -> None:
    with pytest.raises(ValueError, match="time zone"):
        web.reconcile(datetime(2026, 3, 1))  # noqa: DTZ001  # what is refused


@pytest.mark.one_python
def test_memory_is_flat(join: Join, store: FakeStore) -> None:
    """However many orders there are, no more than a page of each side is held."""
    for order in plain_orders(1100):
        store.add_order(order)
    held: list[int] = []

    def in_memory() -> int:
        gc.collect()  # what only a circle holds is nobody's
        return sum(isinstance(thing, Order | SalesOrder) for thing in gc.get_objects())

    def count(*_: object) -> None:
        held.append(in_memory() - before)

    join().import_orders()
    before = in_memory()
    assert join(on_progress=count).reconcile(SINCE).same == 1100
    assert len(held) == 5
    assert max(held) < 800


# Statuses, and the worklist


@pytest.fixture(params=["push", "pull", "off"])
def each_mode(request: pytest.FixtureRequest, join: Join, change: Change) -> Orchestrator:
    return join(settings=change(order_status={"updates": request.param}))


@pytest.mark.parametrize("status_id", [4, 5, 6, 13])
def test_an_order_that_is_stopped_in_the_store_and_alive_in_the_books_differs(
    each_mode: Orchestrator, store: FakeStore, imported: list[FakeOrder], status_id: int
) -> None:
    web, order = each_mode, imported[0]
    store.edit_order(order.id, status_id=status_id)
    report = web.reconcile(SINCE)
    assert verdicts(report) == {order.id: "different"}
    (waiting,) = web.worklist()
    assert (waiting.code, waiting.area, waiting.key) == (
        "order_differs",
        "reconcile",
        f"WEB{order.id}",
    )
    assert "status: Open in AcctVantage, " in waiting.message
    store.edit_order(order.id, status_id=9)
    assert web.reconcile(SINCE).ok
    assert len(web.worklist()) == 0


def test_a_status_that_is_not_pushed_differs_and_its_fix_is_followed(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    order = imported[0]
    books.set_order_status(f"WEB{order.id}", "Shipped/Invoice")
    assert not web.reconcile(SINCE).ok
    (waiting,) = web.worklist()
    assert "status: Shipped/Invoice in AcctVantage, Awaiting Shipment in the store" in (
        waiting.message
    )
    assert waiting.fix.startswith("Call push_order_statuses()")
    web.push_order_statuses()
    assert web.reconcile(SINCE).ok
    # A push moves no order backwards, so one that is further on in the store does not differ.
    store.edit_order(order.id, status_id=10)
    assert web.reconcile(SINCE).ok


def test_a_status_that_is_not_pulled_differs_and_its_fix_is_followed(
    join: Join, change: Change, store: FakeStore, imported: list[FakeOrder]
) -> None:
    web = join(settings=change(order_status={"updates": "pull"}))
    assert web.reconcile(SINCE).ok
    store.edit_order(imported[0].id, status_id=2)
    assert verdicts(web.reconcile(SINCE)) == {imported[0].id: "different"}
    assert web.worklist().items[0].fix.startswith("Call pull_order_statuses()")
    web.pull_order_statuses()
    assert web.reconcile(SINCE).ok
    assert len(web.worklist()) == 0


def test_with_updates_off_only_stopped_orders_differ(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    web = join(settings=change(order_status={"updates": "off"}))
    books.set_order_status(f"WEB{imported[0].id}", "Shipped/Invoice")
    store.edit_order(imported[1].id, status_id=10)
    assert web.reconcile(SINCE).ok


def test_what_is_missing_in_the_books_goes_when_it_is_imported(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder], books: SqlGateway
) -> None:
    order = imported[0]
    web.follow_orders()
    books.delete_order(f"WEB{order.id}")
    assert verdicts(web.reconcile(SINCE)) == {order.id: "missing_in_books"}
    (waiting,) = web.worklist()
    assert (waiting.code, waiting.fix) == (
        "order_missing_in_books",
        f"Call import_order({order.id}).",
    )
    assert len(web.import_order(order.id).imported) == 1
    web.follow_orders()
    assert len(web.worklist()) == 0


def test_what_is_missing_in_the_store_goes_when_it_is_deleted(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder], books: SqlGateway
) -> None:
    order = imported[2]
    store.delete_order(order.id)
    assert verdicts(web.reconcile(SINCE)) == {order.id: "missing_in_store"}
    (waiting,) = web.worklist()
    assert waiting.fix.startswith(f"Delete WEB{order.id} in AcctVantage")
    books.delete_order(f"WEB{order.id}")
    # It is on neither side any more.
    assert web.reconcile(SINCE).ok
    assert len(web.worklist()) == 0


def test_a_double_waits_for_a_person(
    web: Orchestrator, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    double(books, imported[0])
    web.reconcile(SINCE)
    (waiting,) = web.worklist()
    assert waiting.code == "order_doubled"
    assert "WEB-again" in waiting.fix
    books.delete_order("WEB-again")
    assert web.reconcile(SINCE).ok
    assert len(web.worklist()) == 0


def test_an_edit_is_brought_up_to_date_as_the_item_says(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    order = imported[0]
    address = {**cast("dict[str, object]", order.header["billing_address"]), "city": "Springfield"}
    store.edit_order(order.id, billing_address=address)
    web.reconcile(SINCE)
    (waiting,) = web.worklist()
    assert waiting.fix.startswith(f"Call import_order({order.id}), which brings")


def test_another_period_leaves_what_was_found_alone(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    store.edit_order(imported[0].id, status_id=5)
    web.reconcile(SINCE)
    web.reconcile(datetime(2030, 1, 1, tzinfo=UTC))
    assert [item.order_id for item in web.worklist()] == [imported[0].id]


def test_a_refunded_order_that_is_not_in_the_books_is_not_due(
    web: Orchestrator, store: FakeStore
) -> None:
    order = store.add_order(OrderFactory().plain())
    store.refund(order.id)
    report = web.reconcile(since=datetime(2020, 1, 1, tzinfo=UTC))
    assert report.not_due == {"Refunded": 1}
    assert web.worklist().ok


def test_a_stopped_order_is_one_item_whoever_finds_it(web: Orchestrator, store: FakeStore) -> None:
    order = store.add_order(OrderFactory().plain())
    web.import_orders()
    web.follow_orders()
    store.edit_order(order.id, status_id=5)
    web.reconcile(since=datetime(2020, 1, 1, tzinfo=UTC))
    assert [each.code for each in web.worklist()] == ["order_differs"]
    for _ in range(2):
        web.follow_orders()
    assert [each.code for each in web.worklist()] == ["order_stopped_in_store"]
    assert not web.reconcile(since=datetime(2020, 1, 1, tzinfo=UTC)).ok
    assert [each.code for each in web.worklist()] == ["order_stopped_in_store"]


def test_a_period_without_orders_is_no_good_news(
    web: Orchestrator, imported: list[FakeOrder], change: Callable[..., Settings]
) -> None:
    assert imported
    past = web.reconcile(SINCE - timedelta(days=20), SINCE - timedelta(days=10))
    nothing = "Nothing was compared: no orders were made in this period"
    assert past.summary().startswith(f"{nothing}.")
    ahead = datetime.now(UTC) + timedelta(days=400)
    for report in (web.reconcile(ahead), web.backtest(change(), ahead)):
        assert report.summary().startswith(
            f"{nothing}. The period that was asked for begins in the future."
        )
