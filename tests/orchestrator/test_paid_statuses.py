"""Orders that are paid offline: their status says when the money came, and avbc's own does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, item
from avbc.testing.fakestore.events import Event

AWAITING_PAYMENT, AWAITING_PICKUP, DOWNLOADED, NEW, ERROR, PARTLY_SHIPPED = 7, 8, 9, 11, 12, 3
CHECK = Payment("Cash on Delivery", "", "offline")
AWAITED = {"new_order_status": "Awaiting Payment"}

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Place = Callable[[], int]


@pytest.fixture
def place(store: FakeStore, factory: OrderFactory) -> Place:
    """Place an order that is paid by check, and awaits it."""

    def placed() -> int:
        order = factory.order([item("LAMP-01", 3)], payment=CHECK, status_id=AWAITING_PAYMENT)
        return store.add_order(order).id

    return placed


@pytest.fixture
def received(books: SqlGateway) -> Callable[[], Decimal | None]:
    """What was received by the one receipt; None while it is pending."""

    def of_books() -> Decimal | None:
        (receipt,) = books.receipts()
        return receipt.amount if receipt.state == "captured" else None

    return of_books


@pytest.mark.parametrize("updates", ["push", "pull", "off"])
def test_what_awaits_its_payment_is_received_when_a_person_says_so(
    join: Join,
    change: Change,
    store: FakeStore,
    place: Place,
    received: Callable[[], object],
    *,
    books: SqlGateway,
    updates: str,
) -> None:
    web = join(settings=change(order_status={**AWAITED, "updates": updates}))
    order_id = place()
    (outcome,) = web.import_orders().imported
    assert [problem.code for problem in outcome.problems] == ["payment_not_captured"]
    # Our own Downloaded is no word about money.
    web.follow_orders()
    assert (received(), store.order(order_id).header["status_id"]) == (None, DOWNLOADED)
    assert web.reconcile(since=books.sales_orders()[0].ordered_at).ok
    store.edit_order(order_id, status_id=AWAITING_PICKUP)
    web.follow_orders()
    assert received() == books.sales_orders()[0].total
    assert list(web.worklist()) == []


def test_a_status_that_was_pushed_is_no_word_about_money(
    join: Join,
    change: Change,
    place: Place,
    received: Callable[[], object],
    books: SqlGateway,
) -> None:
    settings = change(order_status=AWAITED)
    web = join(settings=settings)
    place()
    web.import_orders()
    web.follow_orders()
    books.set_order_status(books.sales_orders()[0].import_id, "Shipped/Invoice")
    assert len(web.push_order_statuses().sent) == 1
    web.follow_orders()
    assert received() is None
    # Without its journal, too.
    join(settings=settings, journal="sqlite://").follow_orders()
    assert received() is None


def test_an_order_that_was_refused_still_awaits_its_payment(
    join: Join, change: Change, store: FakeStore, place: Place, received: Callable[[], object]
) -> None:
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    store.edit_order(order_id, payment_method="Bank Deposit")
    assert len(web.import_orders().refused) == 1
    assert store.order(order_id).header["status_id"] == ERROR
    store.edit_order(order_id, payment_method=CHECK.method)
    assert len(web.import_orders(retry_errors=True).imported) == 1
    web.follow_orders()
    assert received() is None


def test_an_order_that_is_given_the_new_status_was_paid(
    web: Orchestrator,
    store: FakeStore,
    place: Place,
    received: Callable[[], object],
    books: SqlGateway,
) -> None:
    """Asked for by its id while it awaited payment, and then moved on by a person."""
    order_id = place()
    web.import_order(order_id)
    web.follow_orders()
    store.edit_order(order_id, status_id=DOWNLOADED)
    web.follow_orders()
    store.edit_order(order_id, status_id=NEW)
    assert len(web.import_orders().relinked) == 1
    web.follow_orders()
    assert received() == books.sales_orders()[0].total


def test_an_edit_books_no_money_that_did_not_come(
    join: Join, change: Change, store: FakeStore, place: Place, received: Callable[[], object]
) -> None:
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    factory = OrderFactory(first_id=order_id)
    store.add_order(factory.order([item("LAMP-01", 4)], payment=CHECK, status_id=DOWNLOADED))
    assert len(web.import_order(order_id).updated) == 1
    assert received() is None
    web.follow_orders()
    assert received() is None


@pytest.mark.parametrize("status_id", [5, 6])
def test_an_order_that_is_canceled_before_it_is_paid_was_not_paid(
    join: Join,
    change: Change,
    store: FakeStore,
    place: Place,
    received: Callable[[], object],
    *,
    status_id: int,
) -> None:
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    store.edit_order(order_id, status_id=status_id)
    web.follow_orders()
    assert received() is None
    assert [item.code for item in web.worklist()] == ["order_stopped_in_store"]
    # It goes on, and is paid after all.
    store.edit_order(order_id, status_id=NEW)
    web.follow_orders()
    assert received() is not None
    assert not web.worklist()


@pytest.mark.parametrize("updates", ["push", "pull", "off"])
@pytest.mark.parametrize("status", ["Completed", "Shipped", "Partially Shipped"])
def test_the_downloaded_status_says_nothing_about_goods(
    join: Join,
    change: Change,
    store: FakeStore,
    factory: OrderFactory,
    books: SqlGateway,
    *,
    updates: str,
    status: str,
) -> None:
    web = join(
        settings=change(order_status={"downloaded_order_status": status, "updates": updates})
    )
    store.add_order(factory.order([item("LAMP-01", 3)]))
    web.import_orders()
    web.follow_orders()
    assert [line.to_ship for line in books.sales_orders()[0].lines] == [3]


def test_an_edit_of_an_order_that_was_canceled_books_no_money(
    join: Join, change: Change, store: FakeStore, place: Place, received: Callable[[], object]
) -> None:
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    store.edit_order(order_id, status_id=5)
    web.follow_orders()
    other = OrderFactory(first_id=order_id).order([item("LAMP-01", 4)], payment=CHECK)
    other.header["status_id"] = DOWNLOADED
    store.add_order(other)
    assert len(web.import_order(order_id).updated) == 1
    web.follow_orders()
    assert received() is None


@pytest.mark.parametrize("status_id", [2, 3, AWAITING_PICKUP, 10])
@pytest.mark.parametrize("status", ["Shipped/Invoice", "Picked"])
def test_a_person_moves_an_order_on_before_the_next_push(
    join: Join,
    change: Change,
    store: FakeStore,
    place: Place,
    received: Callable[[], object],
    *,
    books: SqlGateway,
    status_id: int,
    status: str,
) -> None:
    """The push sees that status first, and may write another one over it."""
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    web.follow_orders()
    store.edit_order(order_id, status_id=status_id)
    books.set_order_status(f"WEB{order_id}", status)
    web.push_order_statuses()
    web.follow_orders()
    assert received() == books.sales_orders()[0].total


@pytest.mark.parametrize("status_id", [2, 3, AWAITING_PICKUP, 10])
def test_a_person_moves_an_order_on_before_the_next_pull(
    join: Join,
    change: Change,
    store: FakeStore,
    place: Place,
    received: Callable[[], object],
    *,
    books: SqlGateway,
    status_id: int,
) -> None:
    web = join(settings=change(order_status={**AWAITED, "updates": "pull"}))
    order_id = place()
    web.import_orders()
    web.follow_orders()
    web.pull_order_statuses()
    store.edit_order(order_id, status_id=status_id)
    web.pull_order_statuses()
    web.follow_orders()
    assert received() == books.sales_orders()[0].total


@pytest.mark.parametrize("is_late", [True, False])
def test_a_webhook_does_not_hide_who_gave_an_order_its_status(
    join: Join,
    change: Change,
    store: FakeStore,
    place: Place,
    received: Callable[[], object],
    *,
    books: SqlGateway,
    is_late: bool,
) -> None:
    """The echo of an earlier status may come late; and a person may ship an order that was paid."""
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    web.follow_orders()
    if is_late:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
        web.push_order_statuses()
    else:
        store.edit_order(order_id, status_id=2)
    status = {"previous_status_id": DOWNLOADED, "new_status_id": 8 if is_late else 2}
    data = {"type": "order", "id": order_id, "status": status}
    call = store.webhook(Event("store/order/statusUpdated", data, int(time.time()), 1))
    web.handle_webhook(call.body, call.headers)
    web.follow_orders()
    web.follow_orders()
    assert received() == (None if is_late else books.sales_orders()[0].total)


def _enter_receipt(books: SqlGateway, amount: Decimal) -> None:
    """A person enters a receipt in AcctVantage."""
    metadata = sa.MetaData()
    metadata.reflect(books.engine, only=["receipts"])
    receipts = metadata.tables["receipts"]
    with books.engine.begin() as connection:
        row = dict(connection.execute(sa.select(receipts)).mappings().one())
        row.update(id=row["id"] + 1, import_id="", amount=str(amount), state="captured")
        connection.execute(receipts.insert().values(**row))


@pytest.mark.parametrize("rest", ["0", "60.00"])
def test_money_that_a_person_entered_is_not_received_again(
    join: Join, change: Change, store: FakeStore, place: Place, *, books: SqlGateway, rest: str
) -> None:
    """The order is moved on in the store after that: both say that the same money came."""
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    web.follow_orders()
    total = books.sales_orders()[0].total
    _enter_receipt(books, total - Decimal(rest))
    web.follow_orders()
    assert web.reconcile(since=books.sales_orders()[0].ordered_at).ok
    store.edit_order(order_id, status_id=AWAITING_PICKUP)
    web.follow_orders()
    assert sum(receipt.amount for receipt in books.receipts()) == total
    assert list(web.worklist()) == []
    assert web.reconcile(since=books.sales_orders()[0].ordered_at).ok


def test_an_edit_that_a_person_made_is_made_where_they_entered_the_money_too(
    join: Join, change: Change, store: FakeStore, place: Place, books: SqlGateway
) -> None:
    """As the problem advises: the order is changed by hand, and imported again."""
    web = join(settings=change(order_status=AWAITED))
    order_id = place()
    web.import_orders()
    (order,) = books.sales_orders()
    _enter_receipt(books, order.total)
    name = order.lines[0].description
    store.order(order_id).products[0]["name"] = "Desk lamp"
    store.edit_order(order_id, staff_notes="")
    (outcome,) = web.import_order(order_id).refused
    assert outcome.problems[0].code == "order_edited"
    assert f"description: {name} in AcctVantage, Desk lamp in the store" in (
        outcome.problems[0].message
    )
    with books.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE sales_order_lines SET description = 'Desk lamp' WHERE description = :name"
            ),
            {"name": name},
        )
    assert len(web.import_order(order_id).relinked) == 1
    assert list(web.worklist()) == []
