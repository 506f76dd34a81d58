"""What becomes of an order after its import reaches the books, or a person, in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import attrs
import httpx
import pytest
import sqlalchemy as sa

from avbc.acctvantage import BooksRefused, SqlGateway
from avbc.acctvantage.records import Receipt, SalesOrder, Shipment, ShippedItem
from avbc.bigcommerce.models import ShipmentDraft, ShipmentItemDraft
from avbc.mapping import Problem
from avbc.orchestrator import Orchestrator, PushReport
from avbc.orchestrator.engine.followed import Followed
from avbc.orchestrator.engine.follower import Follower
from avbc.orchestrator.engine.writes import Writes
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item
from avbc.testing.example import plain_orders

ORDERS, GET, TRANSACTIONS = (
    "GET /v2/orders",
    "GET /v2/orders/{id}",
    "GET /v3/orders/{id}/transactions",
)
NEW, DOWNLOADED, SHIPPED = 11, 9, 2
MODES = ["push", "pull", "off"]

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Place = Callable[..., FakeOrder]


@pytest.fixture
def webs(join: Join, change: Change) -> Callable[..., Orchestrator]:
    """Join with other settings: `webs(gl={"import_refunds": True})`."""
    return lambda **screens: join(settings=change(**screens))


@pytest.fixture
def orders(store: FakeStore, web: Orchestrator) -> list[FakeOrder]:
    """Four orders that are in the books, and were followed once."""
    found = [store.add_order(order) for order in plain_orders(4)]
    assert len(web.import_orders().imported) == 4
    assert list(web.follow_orders()) == []
    store.clear_log()
    return found


@pytest.fixture
def place(store: FakeStore, web: Orchestrator, factory: OrderFactory) -> Place:
    """Place an order, import it and follow it once."""

    def placed(payment: Payment | None = None, web: Orchestrator = web) -> FakeOrder:
        lines = [item("LAMP-01", 3), item("MUG-RED", 2)]
        paid = payment or Payment("Credit Card", "authorizenet")
        order = store.add_order(factory.order(lines, payment=paid, created=datetime.now(UTC)))
        assert len(web.import_orders().imported) == 1
        web.follow_orders()
        store.clear_log()
        return order

    return placed


def authorized(method: str = "Credit Card") -> Payment:
    return Payment(method, "authorizenet", "authorized")


def line_ids(order: FakeOrder) -> list[int]:
    return [int(str(line["id"])) for line in order.products]


def found(report: PushReport) -> list[tuple[str, str, list[str]]]:
    return [
        (effect, change.key, [problem.code for problem in change.problems])
        for effect, change in report
    ]


def waits(web: Orchestrator, order: FakeOrder) -> list[str]:
    return [each.code for each in web.worklist().of(order.id)]


def receipt(books: SqlGateway, order: FakeOrder) -> Receipt:
    (one,) = books.receipts([f"WEB{order.id}"])
    return one


def to_ship(books: SqlGateway, order: FakeOrder) -> list[Decimal]:
    (sales_order,) = books.sales_orders([f"WEB{order.id}"])
    return [line.to_ship for line in sales_order.lines if line.store_line_id is not None]


def happens(store: FakeStore, order: FakeOrder, event: str, status: str) -> None:
    """Let the gateway do something with a payment, which a person asked for in the panel."""
    own = store.order(order.id)
    store.state.add_transaction(own, own.transactions[0], event=event)
    store.edit_order(order.id, payment_status=status)


def ship(web: Orchestrator, order: FakeOrder, quantities: dict[int, int]) -> None:
    """Ship by hand in the control panel."""
    items = tuple(
        ShipmentItemDraft(order_product_id=key, quantity=count) for key, count in quantities.items()
    )
    address = int(str(order.products[0]["order_address_id"]))
    web.store.order_shipments.create(order.id, ShipmentDraft(order_address_id=address, items=items))


# The cost


def test_orders_that_were_shipped_in_the_books_are_not_read(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """There are a hundred thousand of them after some years, and some dozens that are not."""
    numbers = [store.add_order(order).id for order in plain_orders(6)]
    web.import_orders()
    for number in numbers[:4]:
        books.set_order_status(f"WEB{number}", "Shipped/Invoice")
    read: list[str] = []
    sales_orders, boundless = books.sales_orders, ("sales_orders_changed", "sales_orders_ordered")

    def counted(import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        assert import_ids is not None
        read.extend(import_ids)
        return sales_orders(import_ids)

    def refused(*_: object) -> list[object]:
        raise AssertionError("this grows with the history")

    monkeypatch.setattr(books, "sales_orders", counted)
    for name in (*boundless, "shipments"):
        monkeypatch.setattr(books, name, refused)
    store.clear_log()
    web.follow_orders()
    assert sorted(read) == [f"WEB{number}" for number in numbers[4:]]
    # Nor by the hourly look at all that is open, once their last change was looked at.
    web.follow_orders()
    read.clear()
    with books.engine.begin() as connection:
        swept = sa.text("DELETE FROM avbc_fingerprints WHERE kind LIKE 'followed all%'")
        assert connection.execute(swept).rowcount == 1
    assert list(web.follow_orders()) == []
    assert read == []


def test_of_the_shipments_only_those_of_the_order_are_read(
    web: Orchestrator, store: FakeStore, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, order = web.books, place()
    asked: list[Collection[str]] = []
    shipments_of = books.shipments_of

    def counted(order_import_ids: Collection[str]) -> list[Shipment]:
        asked.append(list(order_import_ids))
        return shipments_of(order_import_ids)

    monkeypatch.setattr(books, "shipments_of", counted)
    store.edit_order(order.id, staff_notes="Seen.")
    web.follow_orders()
    assert asked == []
    ship(web, order, {line_ids(order)[0]: 2})
    assert len(web.follow_orders().sent) == 1
    assert asked == [[f"WEB{order.id}"]]


def test_a_quiet_cycle_costs_two_requests(join: Join, change: Change, store: FakeStore) -> None:
    for order in plain_orders(5):
        store.add_order(order)
    for mode in ("push", "pull"):
        web = join(settings=change(order_status={"updates": mode}, gl={"import_refunds": True}))

        def cycle(web: Orchestrator = web, mode: str = mode) -> int:
            status = web.push_order_statuses if mode == "push" else web.pull_order_statuses
            jobs = (web.import_orders, web.follow_orders, web.import_refunds, status)
            return sum(job().requests for job in jobs)

        for _ in range(3):
            cycle()
        assert cycle() == 2


def test_a_pull_in_the_same_cycle_costs_nothing_more(
    join: Join, change: Change, store: FakeStore
) -> None:
    for order in plain_orders(3):
        store.add_order(order)
    web = join(settings=change(order_status={"updates": "pull"}))
    web.import_orders()
    for _ in range(2):
        web.follow_orders()
        web.pull_order_statuses()
    store.edit_order(1001, status_id=SHIPPED)
    assert web.follow_orders().requests == 1
    report = web.pull_order_statuses()
    assert ([change.key for change in report.sent], report.requests) == (["WEB1001"], 0)
    # A job that asks again has the store read again.
    store.edit_order(1002, status_id=SHIPPED)
    report = web.pull_order_statuses()
    assert ([change.key for change in report.sent], report.requests) == (["WEB1002"], 1)


def test_the_stores_clock_counts(join: Join, new_books: Callable[..., SqlGateway]) -> None:
    """Whatever ours says, and though nothing is in the books at first."""
    now = datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp()
    store, books = FakeStore(clock=lambda: now), new_books()
    web = join(transport=store.transport(), books=books)
    web.follow_orders()
    order = store.place_order()
    web.follow_orders()
    web.import_orders()
    now += 7200
    store.edit_order(order.id, status_id=5)
    web.follow_orders()
    assert waits(web, order) == ["order_stopped_in_store"]


def test_a_run_with_nothing_new_looks_at_nothing(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    report = web.follow_orders()
    assert (list(report), report.unchanged, report.requests) == ([], 4, 1)


@pytest.mark.parametrize("mode", ["push", "off"])
def test_what_is_followed_hides_no_change_from_a_later_pull(
    webs: Callable[..., Orchestrator], store: FakeStore, books: SqlGateway, mode: str
) -> None:
    (order,) = [store.add_order(order) for order in plain_orders(1)]
    web = webs(order_status={"updates": mode})
    web.import_orders()
    store.edit_order(order.id, status_id=SHIPPED)
    web.follow_orders()
    pulling = webs(order_status={"updates": "pull"})
    assert [change.after for change in pulling.pull_order_statuses().sent] == ["Shipped/Invoice"]
    assert books.sales_orders()[0].status == "Shipped/Invoice"


@pytest.mark.parametrize("mode", MODES)
def test_a_part_that_was_refunded_is_one_item(
    webs: Callable[..., Orchestrator], store: FakeStore, place: Place, mode: str
) -> None:
    web = webs(order_status={"updates": mode})
    order = place(web=web)
    store.refund(order.id, items={line_ids(order)[0]: 1})
    web.follow_orders()
    if mode == "pull":
        web.pull_order_statuses()
    assert waits(web, order) == ["refund_not_booked"]


# Stopped


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "end", [(5, "canceled"), (6, "declined"), (4, "refunded"), (13, "disputed")], ids=str
)
def test_an_order_that_is_stopped_waits_for_a_person_once(
    join: Join, change: Change, store: FakeStore, mode: str, end: tuple[int, str]
) -> None:
    status, happened = end
    told: list[str] = []
    store.add_order(next(plain_orders(1)))
    web = join(
        settings=change(order_status={"updates": mode}),
        on_attention=lambda items: told.extend(item.message for item in items),
    )
    web.import_orders()
    web.follow_orders()
    store.edit_order(1001, status_id=status)
    report = web.follow_orders()
    assert found(report) == [("refused", "WEB1001", ["order_stopped_in_store"])]
    assert not report.ok
    (message,) = told
    assert message.startswith(
        f"Order 1001 was {happened} in the store, and is in the books as WEB1001."
    )
    for _ in range(2):
        assert list(web.follow_orders()) == []
    assert len(told) == 1
    assert len(web.worklist()) == 1
    # It goes on: the item goes.
    store.edit_order(1001, status_id=DOWNLOADED)
    web.follow_orders()
    assert len(web.worklist()) == 0
    assert [entry.outcome for entry in web.history(1001).entries if entry.action == "follow_orders"]


def test_the_item_of_a_stopped_order_goes_with_the_order_in_the_books(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[0].id, status_id=5)
    web.follow_orders()
    (waiting,) = web.worklist()
    assert f"Delete WEB{orders[0].id} in AcctVantage" in waiting.fix
    books.delete_order(f"WEB{orders[0].id}")
    web.follow_orders()
    assert len(web.worklist()) == 0


def test_an_order_that_goes_on_and_was_deleted_is_imported_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    order = orders[0]
    store.edit_order(order.id, status_id=5)
    web.follow_orders()
    books.delete_order(f"WEB{order.id}")
    web.follow_orders()
    assert waits(web, order) == []
    store.edit_order(order.id, status_id=DOWNLOADED)
    for _ in range(2):
        web.follow_orders()
        assert waits(web, order) == ["order_gone_from_books"]
    (waiting,) = web.worklist()
    assert f"Order {order.id} goes on in the store" in waiting.message
    assert waiting.fix.startswith(f"Call import_order({order.id}).")
    assert len(web.import_order(order.id).imported) == 1
    web.follow_orders()
    assert waits(web, order) == []


def test_a_deleted_order_that_is_stopped_again_waits_for_nobody(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    order = orders[0]
    # Deleted without an item before: the journal knows its import.
    books.delete_order(f"WEB{order.id}")
    store.edit_order(order.id, status_id=7)
    web.follow_orders()
    assert waits(web, order) == ["order_gone_from_books"]
    store.edit_order(order.id, status_id=5)
    web.follow_orders()
    assert waits(web, order) == []


def test_the_item_of_a_refunded_order_goes_with_its_credit(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> None:
    web = join(settings=change(gl={"import_refunds": True}))
    (order,) = [store.add_order(order) for order in plain_orders(1)]
    web.import_orders()
    web.follow_orders()
    web.import_refunds()
    store.refund(order.id)
    web.follow_orders()
    assert waits(web, order) == ["order_stopped_in_store"]
    assert len(web.import_refunds().sent) == 1
    web.follow_orders()
    assert waits(web, order) == []


@pytest.mark.parametrize("is_imported", [True, False], ids=["credits", "no credits"])
def test_of_a_refunded_order_nothing_is_left_to_ship(
    webs: Callable[..., Orchestrator],
    store: FakeStore,
    books: SqlGateway,
    place: Place,
    is_imported: bool,
) -> None:
    web = webs(gl={"import_refunds": is_imported})
    order = place(web=web)
    if is_imported:
        web.import_refunds()
    # A refund of the whole amount counts no units.
    total = Decimal(str(order.header["total_inc_tax"]))
    store.refund(order.id, amount=total)
    web.follow_orders()
    assert to_ship(books, order) == [0, 0]
    (waiting,) = web.worklist()
    assert ("import_refunds writes the credit" in waiting.fix) == is_imported
    assert waiting.fix.startswith(
        "Ship nothing." if is_imported else f"Delete WEB{order.id} in AcctVantage; where it is"
    )
    if is_imported:
        web.import_refunds()
    else:
        books.delete_order(f"WEB{order.id}")
    web.follow_orders()
    assert waits(web, order) == []
    if is_imported:
        # No other job brings it back.
        books.set_order_status(f"WEB{order.id}", "Shipped/Invoice")
        assert len(web.push_order_statuses().refused) == 1
        assert waits(web, order) == []


def test_a_refunded_order_waits_until_the_books_ship_nothing_more_of_it(
    webs: Callable[..., Orchestrator],
    store: FakeStore,
    books: SqlGateway,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web = webs(gl={"import_refunds": True})
    order = place(web=web)
    web.import_refunds()
    store.refund(order.id)

    def refused(*_: object) -> None:
        raise BooksRefused("somebody has the order open")

    with monkeypatch.context() as patch:
        patch.setattr(books, "set_to_ship", refused)
        web.follow_orders()
        assert len(web.import_refunds().sent) == 1
        web.follow_orders()
    assert set(waits(web, order)) == {"order_stopped_in_store", "left_to_ship_differs"}
    books.set_to_ship(f"WEB{order.id}", dict.fromkeys(line_ids(order), Decimal(0)))
    web.follow_orders()
    assert waits(web, order) == []


@pytest.mark.parametrize(
    "case",
    [
        (
            "captured",
            5,
            "83.24 USD was received for it. ",
            "Refund or void it in BigCommerce first",
        ),
        ("authorized", 5, "An authorization of 83.24 USD is open.", "Refund or void it in"),
        ("captured", 13, "", "Ship nothing until the dispute is decided. "),
    ],
    ids=str,
)
def test_the_item_of_a_stopped_order_says_what_money_is_held(
    webs: Callable[..., Orchestrator],
    store: FakeStore,
    place: Place,
    case: tuple[str, int, str, str],
) -> None:
    state, status, says, advice = case
    web = webs(gl={"credit_card_transactions_are_preauthorizations": True})
    order = place(authorized() if state == "authorized" else None, web=web)
    store.edit_order(order.id, status_id=status)
    web.follow_orders()
    (waiting,) = web.worklist()
    assert waiting.code == "order_stopped_in_store"
    total = f"{Decimal(str(order.header['total_inc_tax'])):.2f}"
    assert says.replace("83.24", total) in waiting.message
    assert ("USD" in waiting.message) == bool(says)
    assert waiting.fix.startswith(advice)
    assert f"where it is posted, reverse it there and call settle({order.id})" in waiting.fix


def test_a_push_of_a_stopped_order_is_one_item_and_stays(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[0].id, status_id=5)
    books.set_order_status(f"WEB{orders[0].id}", "Shipped/Invoice")
    for _ in range(2):
        web.follow_orders()
        web.push_order_statuses()
    assert store.order(orders[0].id).header["status_id"] == 5
    assert waits(web, orders[0]) == ["order_stopped_in_store"]


def test_what_a_person_settled_stays_settled(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[0].id, status_id=5)
    web.follow_orders()
    web.settle(orders[0].id)
    books.set_order_status(f"WEB{orders[0].id}", "Posted")
    store.edit_order(orders[0].id, staff_notes="Reversed")
    for _ in range(2):
        web.follow_orders()
    assert len(web.worklist()) == 0


# Payments


@pytest.mark.parametrize("mode", MODES)
def test_a_payment_that_is_captured_by_hand_is_received(
    webs: Callable[..., Orchestrator], store: FakeStore, books: SqlGateway, place: Place, mode: str
) -> None:
    web = webs(
        order_status={"updates": mode},
        gl={"credit_card_transactions_are_preauthorizations": True},
    )
    order = place(authorized(), web)
    before = receipt(books, order)
    assert before.state == "pre_authorized"
    happens(store, order, "capture", "captured")
    report = web.follow_orders()
    (sent,) = report.sent
    assert (sent.key, sent.what, sent.import_id) == (before.import_id, "receipt", f"WEB{order.id}")
    after = receipt(books, order)
    assert (after.state, after.amount) == ("captured", before.pre_auth_amount)
    assert store.counts() == {ORDERS: 1, TRANSACTIONS: 1}
    assert list(web.follow_orders()) == []
    assert len(web.worklist()) == 0
    (entry,) = [e for e in web.history(order.id).entries if e.action == "follow_orders"]
    assert "pre_authorized" in entry.detail
    assert "captured" in entry.detail


def test_nothing_is_written_to_the_books_once_the_turn_was_lost(
    webs: Callable[..., Orchestrator],
    store: FakeStore,
    books: SqlGateway,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that is frozen right before it writes, and goes on when another has the turn."""
    web = webs(gl={"credit_card_transactions_are_preauthorizations": True})
    order = place(authorized(), web)
    before = receipt(books, order)
    happens(store, order, "capture", "captured")
    follow, lost = Follower.follow, list[str]()

    def frozen(self: Follower, each: Followed) -> Iterator[Problem]:
        lost[:] = ["another process took this turn"]
        return follow(self, each)

    with monkeypatch.context() as patched:
        patched.setattr(Writes, "lost", lambda _: "".join(lost))
        patched.setattr(Follower, "follow", frozen)
        report = web.follow_orders()
    assert receipt(books, order) == before
    (postponed,) = report.postponed
    assert postponed.problems[0].message == (
        f"{before.import_id} was not written: another process took this turn."
    )
    web.follow_orders()
    assert receipt(books, order).state == "captured"


def test_a_payment_that_was_awaited_and_is_captured_is_received(
    web: Orchestrator,
    store: FakeStore,
    both: SqlGateway,
    join: Join,
    place: Place,
) -> None:
    web = join(books=both)
    order = place(authorized(), web)
    assert (receipt(both, order).state, receipt(both, order).amount) == ("pending", 0)
    happens(store, order, "capture", "captured")
    assert len(web.follow_orders().sent) == 1
    assert receipt(both, order).state == "captured"
    assert web.reconcile(datetime(2026, 1, 1, tzinfo=UTC)).ok


def test_a_voided_payment_of_an_order_that_goes_on_waits_for_a_person(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order = place(authorized())
    happens(store, order, "void", "void")
    web.follow_orders()
    assert receipt(books, order).state == "voided"
    assert waits(web, order) == ["payment_void_after_import"]
    for _ in range(2):
        assert list(web.follow_orders()) == []
    # It is canceled: then nothing goes out unpaid.
    store.edit_order(order.id, status_id=5)
    web.follow_orders()
    assert waits(web, order) == ["order_stopped_in_store"]


def test_a_receipt_that_a_person_changed_stays_and_waits(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order = place(authorized())
    before = receipt(books, order)
    entered = attrs.evolve(before, state="captured", amount=Decimal("1.00"))
    books.update_receipt(before, entered)
    happens(store, order, "capture", "captured")
    report = web.follow_orders()
    assert report.sent == []
    assert receipt(books, order).amount == Decimal("1.00")
    assert len(waits(web, order)) == 1
    # A person corrects it: the item goes, and the store is read once.
    correct = attrs.evolve(entered, amount=books.sales_orders([f"WEB{order.id}"])[0].total)
    with books.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE receipts SET amount = :amount WHERE import_id = :import_id"),
            {"amount": str(correct.amount), "import_id": before.import_id},
        )
    web.follow_orders()
    assert waits(web, order) == []


def test_a_receipt_that_the_books_refuse_waits_for_a_person(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    web = join()
    order = place(authorized())
    happens(store, order, "capture", "captured")

    def refused(before: Receipt, after: Receipt) -> Receipt:
        raise BooksRefused("the fiscal period is closed")

    monkeypatch.setattr(books, "update_receipt", refused)
    report = web.follow_orders()
    assert found(report) == [("refused", f"WEB{order.id}", ["receipt_cannot_follow"])]
    assert "the fiscal period is closed" in web.worklist().of(order.id)[0].message


def test_money_for_an_order_that_was_never_completed_waits_for_a_person(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    order = store.place_order()
    store.edit_order(order.id, status_id=0, payment_status="captured")
    web.follow_orders()
    assert waits(web, order) == ["payment_without_order"]
    assert list(web.follow_orders()) == []
    # Of an offline method the order's status says that nothing came.
    offline = store.place_order()
    store.edit_order(
        offline.id, status_id=0, payment_method="Cash on Delivery", payment_status="captured"
    )
    web.follow_orders()
    assert waits(web, offline) == []
    store.edit_order(order.id, status_id=NEW)
    web.follow_orders()
    assert waits(web, order) == []


# Quantities


def test_what_is_shipped_by_hand_is_not_left_to_ship(
    web: Orchestrator,
    store: FakeStore,
    join: Join,
    both: SqlGateway,
    place: Place,
) -> None:
    web = join(books=both)
    order = place(web=web)
    lamp, _ = line_ids(order)
    ship(web, order, {lamp: 2})
    report = web.follow_orders()
    assert [change.what for change in report.sent] == ["left to ship"]
    assert to_ship(both, order) == [1, 2]
    assert list(web.follow_orders()) == []
    # All of it is, without a shipment.
    store.edit_order(order.id, status_id=10)
    web.follow_orders()
    assert to_ship(both, order) == [0, 0]


def test_what_acctvantage_ships_is_its_own_business(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    web = join(settings=change(shipping={"push_shipments": True}))
    order = place(web=web)
    lamp, mug = line_ids(order)
    items = (ShippedItem(lamp, Decimal(2)),)
    books.add_shipment(
        Shipment(1, f"WEB{order.id}", items, carrier="UPS", shipped_at=datetime.now(UTC))
    )
    assert len(web.push_shipments().sent) == 1
    web.follow_orders()
    assert to_ship(books, order) == [3, 2]
    # What the store ships beyond that counts.
    ship(web, order, {lamp: 1, mug: 1})
    web.follow_orders()
    assert to_ship(books, order) == [2, 1]


def test_the_echo_of_our_own_status_says_nothing_about_goods(
    webs: Callable[..., Orchestrator], settings: Settings, books: SqlGateway, place: Place
) -> None:
    rows = settings.order_status.mapping
    row = attrs.evolve(rows[0], acctvantage="Packed", bigcommerce=SHIPPED)
    web = webs(order_status={"mapping": (row,)})
    order = place(web=web)
    books.set_order_status(f"WEB{order.id}", "Packed")
    assert len(web.push_order_statuses().sent) == 1
    web.follow_orders()
    assert to_ship(books, order) == [3, 2]


def test_the_echo_of_an_earlier_status_says_nothing_about_goods(
    webs: Callable[..., Orchestrator], settings: Settings, books: SqlGateway, place: Place
) -> None:
    rows = settings.order_status.mapping
    row = attrs.evolve(rows[0], acctvantage="Packed", bigcommerce=SHIPPED)
    web = webs(order_status={"mapping": (row,)})
    order = place(web=web)
    books.set_order_status(f"WEB{order.id}", "Packed")
    assert len(web.push_order_statuses().sent) == 1
    # A person takes it back before the next cycle.
    books.set_order_status(f"WEB{order.id}", "Picked")
    web.follow_orders()
    assert to_ship(books, order) == [3, 2]
    assert not waits(web, order)


def test_an_edited_quantity_is_an_edit_until_the_order_is_shipped(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order = place()
    own = store.order(order.id)
    own.products[0]["quantity"] = 1
    store.edit_order(order.id, items_total=3)
    web.follow_orders()
    assert waits(web, order) == ["order_edited_after_import"]
    assert to_ship(books, order) == [3, 2]
    store.edit_order(order.id, status_id=SHIPPED)
    web.follow_orders()
    assert to_ship(books, order) == [0, 0]


def test_what_is_refunded_is_not_left_to_ship_and_waits_for_its_credit(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order = place()
    lamp, _ = line_ids(order)
    refund = store.refund(order.id, items={lamp: 1})
    web.follow_orders()
    assert to_ship(books, order) == [2, 2]
    assert waits(web, order) == ["refund_not_booked"]
    (waiting,) = web.worklist()
    assert f"{Decimal(str(refund['total_amount'])):.2f} USD" in waiting.message


def test_the_fix_of_a_refund_that_is_not_booked_is_followed(
    web: Orchestrator, join: Join, change: Change, store: FakeStore, place: Place
) -> None:
    order = place()
    store.refund(order.id, items={line_ids(order)[0]: 1})
    web.follow_orders()
    assert "import_refunds(since=...)" in web.worklist().of(order.id)[0].fix
    fixed = join(settings=change(gl={"import_refunds": True}))
    assert len(fixed.import_refunds().sent) == 1
    web.follow_orders()
    assert waits(web, order) == []


@pytest.mark.parametrize("is_imported", [True, False], ids=["credits", "no credits"])
def test_the_warning_of_a_refund_before_the_import_knows_who_books_it(
    webs: Callable[..., Orchestrator], store: FakeStore, factory: OrderFactory, is_imported: bool
) -> None:
    web = webs(gl={"import_refunds": is_imported})
    payment = Payment("Credit Card", "authorizenet")
    order = store.add_order(factory.order([item("LAMP-01", 3)], payment=payment))
    store.refund(order.id, items={line_ids(order)[0]: 1})
    store.edit_order(order.id, status_id=NEW)
    (imported,) = web.import_orders().imported
    fixes = {problem.code: problem.fix for problem in imported.problems}
    assert fixes["payment_partly_refunded"] == (
        "import_refunds writes the credit: book none by hand."
        if is_imported
        else "Book the refund in AcctVantage."
    )
    if is_imported:
        assert len(web.import_refunds().sent) == 1


def test_an_order_that_acctvantage_has_shipped_keeps_its_quantities(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order = place()
    books.set_order_status(f"WEB{order.id}", "Shipped/Invoice")
    ship(web, order, {line_ids(order)[0]: 3})
    assert list(web.follow_orders()) == []
    assert to_ship(books, order) == [3, 2]


def test_quantities_that_the_books_refuse_wait_for_a_person(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = place()
    ship(web, order, {line_ids(order)[0]: 1})

    def refused(*_: object) -> None:
        raise BooksRefused("somebody has the order open")

    monkeypatch.setattr(books, "set_to_ship", refused)
    web.follow_orders()
    assert waits(web, order) == ["left_to_ship_differs"]
    monkeypatch.undo()
    (waiting,) = web.worklist()
    assert waiting.fix.startswith("In AcctVantage, leave to ship: 2 of ")
    # A person does that.
    books.set_to_ship(f"WEB{order.id}", {line_ids(order)[0]: Decimal(2)})
    web.follow_orders()
    assert waits(web, order) == []


# Edits


def test_an_edited_order_waits_for_a_person(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    refusing = join(settings=change(order_status={"edited_orders": "refuse"}))
    total = orders[0].header["total_inc_tax"]
    store.edit_order(orders[0].id, total_inc_tax=str(Decimal(str(total)) + 5))
    refusing.follow_orders()
    (waiting,) = refusing.worklist()
    assert waiting.code == "order_edited_after_import"
    assert f"total: {Decimal(str(total)):.2f} in AcctVantage" in waiting.message
    assert waiting.fix == (
        f"Correct WEB{orders[0].id} in AcctVantage by hand, then call settle({orders[0].id})."
    )
    refusing.settle(orders[0].id)
    assert len(refusing.worklist()) == 0
    # With the other policy the fix is another one, and so the item is back.
    web = join()
    web.follow_orders()
    (waiting,) = web.worklist()
    assert f"Call import_order({orders[0].id})" in waiting.fix
    # The edit is taken back.
    store.edit_order(orders[0].id, total_inc_tax=total)
    web.follow_orders()
    assert len(web.worklist()) == 0


def test_an_edit_that_a_person_makes_in_acctvantage_too_is_settled(
    webs: Callable[..., Orchestrator], store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    web, order = webs(order_status={"edited_orders": "refuse"}), orders[0]
    total, cost = (
        Decimal(str(order.header[name])) + 5 for name in ("total_inc_tax", "shipping_cost_ex_tax")
    )
    store.edit_order(
        order.id,
        total_inc_tax=str(total),
        total_ex_tax=str(Decimal(str(order.header["total_ex_tax"])) + 5),
        shipping_cost_ex_tax=str(cost),
        shipping_cost_inc_tax=str(Decimal(str(order.header["shipping_cost_inc_tax"])) + 5),
    )
    web.follow_orders()
    assert "order_edited_after_import" in waits(web, order)
    with books.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE sales_orders SET total = :total, freight = :freight WHERE import_id = :key"
            ),
            {"total": str(total), "freight": str(cost), "key": f"WEB{order.id}"},
        )
    web.follow_orders()
    assert "order_edited_after_import" not in waits(web, order)
    store.edit_order(order.id, payment_status="paid")
    web.follow_orders()
    assert "order_edited_after_import" not in waits(web, order)


@pytest.mark.parametrize("is_asked_for", [True, False], ids=["by id", "reset to New"])
def test_an_edited_address_is_one_item_that_names_it(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    orders: list[FakeOrder],
    is_asked_for: bool,
) -> None:
    order = orders[0]
    books.set_order_status(f"WEB{order.id}", "Picked")
    address = {**_address(order), "street_1": "99 Moved"}
    store.edit_order(order.id, billing_address=address)
    web.follow_orders()
    (waiting,) = web.worklist()
    assert "bill_to.address_1: " in waiting.message
    assert "99 Moved in the store" in waiting.message
    if is_asked_for:
        web.import_order(order.id)
    else:
        store.edit_order(order.id, status_id=NEW)
        web.import_orders()
    web.follow_orders()
    assert waits(web, order) == ["status_kept" if is_asked_for else "order_edited"]
    assert "99 Moved in the store" in web.worklist().of(order.id)[0].message
    with books.engine.begin() as connection:
        connection.execute(sa.text("UPDATE sales_orders SET bill_to_address_1 = '99 Moved'"))
    if is_asked_for:
        assert len(web.import_order(order.id).relinked) == 1
    else:
        assert "give the order the Downloaded Order Status" in web.worklist().of(order.id)[0].fix
        store.edit_order(order.id, status_id=DOWNLOADED)
    for _ in range(2):
        web.follow_orders()
        assert waits(web, order) == []


def test_an_edit_that_was_refused_waits_whatever_status_its_order_gets(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    """As one of a shipment, which nobody gave it to say that the edit is made."""
    order = orders[0]
    books.set_order_status(f"WEB{order.id}", "Picked")
    address = {**_address(order), "city": "Springfield"}
    store.edit_order(order.id, billing_address=address, status_id=NEW)
    web.import_orders()
    assert waits(web, order) == ["order_edited"]
    store.edit_order(order.id, status_id=3)
    web.follow_orders()
    assert waits(web, order) == ["order_edited_after_import"]


def test_an_edit_that_is_refused_while_orders_are_followed_waits_on(
    join: Join, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    """Another process refuses it, and moves the order on, after this one read the worklist."""
    order, importer = orders[0], join()
    books.set_order_status(f"WEB{order.id}", "Picked")
    address = {**_address(order), "city": "Springfield"}
    store.edit_order(order.id, billing_address=address, status_id=NEW)

    class Meanwhile(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if b"min_date_modified" in request.url.query and not importer.worklist():
                importer.import_orders()
                store.edit_order(order.id, status_id=8)
            return store.handle(request)

    follower = join(transport=Meanwhile())
    follower.follow_orders()
    assert waits(follower, order) == ["order_edited"]
    follower.follow_orders()
    assert waits(follower, order) == ["order_edited_after_import"]


def test_the_fix_of_an_edit_is_followed(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder]
) -> None:
    address = {**_address(orders[0]), "city": "Springfield"}
    store.edit_order(orders[0].id, billing_address=address)
    web.follow_orders()
    (waiting,) = web.worklist()
    assert waiting.fix.startswith(f"Call import_order({orders[0].id})")
    assert len(web.import_order(orders[0].id).updated) == 1
    web.follow_orders()
    assert waits(web, orders[0]) == []
    assert books.sales_orders([f"WEB{orders[0].id}"])[0].bill_to.city == "Springfield"
    assert store.order(orders[0].id).header["status_id"] == DOWNLOADED


def test_an_edited_order_that_is_imported_again_is_no_item(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[0].id, billing_address={**_address(orders[0]), "city": "Springfield"})
    web.follow_orders()
    assert waits(web, orders[0]) == ["order_edited_after_import"]
    store.edit_order(orders[0].id, status_id=NEW)
    assert len(web.import_orders().updated) == 1
    web.follow_orders()
    assert waits(web, orders[0]) == []


def _address(order: FakeOrder) -> dict[str, object]:
    address = order.header["billing_address"]
    assert isinstance(address, dict)
    return address


# Gone


@pytest.mark.parametrize("how", ["archived", "deleted"])
def test_an_order_that_leaves_the_list_waits_for_a_person(
    web: Orchestrator, store: FakeStore, books: SqlGateway, orders: list[FakeOrder], how: str
) -> None:
    order = orders[0]
    web.follow_orders()
    if how == "archived":
        store.edit_order(order.id, is_deleted=True)
    else:
        store.delete_order(order.id)
    web.follow_orders()
    (waiting,) = web.worklist()
    assert (waiting.code, waiting.order_id) == ("order_gone_from_store", order.id)
    assert how in waiting.message
    for _ in range(2):
        report = web.follow_orders()
        assert (list(report), report.requests) == ([], 1)
    if how == "archived":
        store.edit_order(order.id, is_deleted=False)
    else:
        books.delete_order(f"WEB{order.id}")
    web.follow_orders()
    assert len(web.worklist()) == 0


def test_a_posted_order_that_is_gone_waits_where_its_money_was_not_received(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    paid, held = place(web=web), place(authorized(), web)
    web.follow_orders()
    for order in (paid, held):
        books.set_order_status(f"WEB{order.id}", "Posted")
        store.edit_order(order.id, is_deleted=True)
    web.follow_orders()
    assert waits(web, held) == ["order_gone_from_store"]
    assert waits(web, paid) == []


def test_an_old_order_that_is_archived_is_found_within_the_hour(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, scope = web._integration.journal, web._integration.scope
    # It was modified long ago.
    journal.forget_fingerprints(f"followed lately {scope}", None)
    store.edit_order(orders[0].id, is_deleted=True)
    assert list(web.follow_orders()) == []
    ago = datetime.now(UTC) - timedelta(hours=1, minutes=1)
    journal.remember(f"followed all {scope}", {"at": ago.isoformat()}.items())
    web.follow_orders()
    assert waits(web, orders[0]) == ["order_gone_from_store"]
    assert web.follow_orders().requests == 1
    # It is back, and its time is as it was.
    store.order(orders[0].id).header["is_deleted"] = False
    store.add_order(store.order(orders[0].id))
    journal.remember(f"followed all {scope}", {"at": ago.isoformat()}.items())
    web.follow_orders()
    assert waits(web, orders[0]) == []


def test_an_order_that_stopped_long_before_its_import_was_written_is_found_within_the_hour(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    """A process that stood still wrote it: by then, no list of changes had the order any more."""
    journal, scope = web._integration.journal, web._integration.scope
    journal.forget_fingerprints(f"followed {scope}", [f"WEB{orders[0].id}"])
    journal.forget_fingerprints(f"followed lately {scope}", None)
    ago = datetime.now(UTC) - timedelta(hours=3)
    own = store.order(orders[0].id)
    own.header.update(status_id=4, date_modified=format_datetime(ago))
    store.add_order(own)
    assert list(web.follow_orders()) == []
    journal.remember(f"followed all {scope}", {"at": ago.isoformat()}.items())
    web.follow_orders()
    assert waits(web, orders[0]) == ["order_stopped_in_store"]


def test_an_empty_page_in_place_of_an_answer_says_nothing(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    web.follow_orders()
    store.fail("GET /v2/orders", "204")
    web.follow_orders()
    assert len(web.worklist()) == 0


# Errors and deaths


def test_what_is_no_order_in_place_of_a_missing_one_is_asked_for_once_more(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    web.follow_orders()
    store.edit_order(orders[0].id, is_deleted=True)
    store.fail("GET /v2/orders/*", "wrong_json")
    web.follow_orders()
    assert waits(web, orders[0]) == ["order_gone_from_store"]


def test_an_empty_list_of_refunds_is_asked_for_once_more(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    refund = store.refund(orders[0].id, items={line_ids(orders[0])[0]: 1})
    store.fail("GET /v3/orders/payment_actions/refunds", "204")
    web.follow_orders()
    (waiting,) = web.worklist()
    assert waiting.message.startswith(f"{Decimal(str(refund['total_amount'])):.2f} USD")


def test_an_error_of_one_order_stops_no_other(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    one, other = place(authorized()), place(authorized())
    for order in (one, other):
        happens(store, order, "capture", "captured")
    store.fail(f"GET /v3/orders/{one.id}/transactions", "500")
    report = web.follow_orders()
    assert [change.order_id for change in report.postponed] == [one.id]
    assert (receipt(books, one).state, receipt(books, other).state) == ("pending", "captured")
    assert len(web.follow_orders().sent) == 1
    assert receipt(books, one).state == "captured"


def test_a_bug_of_a_gateway_stops_no_other_order(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = place(authorized()), place(authorized())
    for order in (one, other):
        happens(store, order, "capture", "captured")
    update = books.update_receipt

    def buggy(before: Receipt, after: Receipt) -> Receipt:
        if before.order_import_id == f"WEB{one.id}":
            raise ZeroDivisionError
        return update(before, after)

    monkeypatch.setattr(books, "update_receipt", buggy)
    report = web.follow_orders()
    assert found(report) == [
        ("sent", f"WEB{other.id}-1", []),
        ("postponed", f"WEB{one.id}", ["unexpected_error"]),
    ]
    monkeypatch.undo()
    assert len(web.follow_orders().sent) == 1


def test_refunds_that_cannot_be_read_stop_no_other_order(
    web: Orchestrator, store: FakeStore, place: Place
) -> None:
    refunded, canceled = place(), place()
    store.refund(refunded.id, items={line_ids(refunded)[0]: 1})
    store.edit_order(canceled.id, status_id=5)
    store.fail("GET /v3/orders/payment_actions/refunds", "500")
    report = web.follow_orders()
    assert [change.order_id for change in report.postponed] == [refunded.id]
    assert waits(web, canceled) == ["order_stopped_in_store"]
    web.follow_orders()
    assert waits(web, refunded) == ["refund_not_booked"]


def test_an_order_with_many_lines_is_read_once(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order = store.add_order(factory.order([item("MUG-RED", 1) for _ in range(60)]))
    web.import_orders()
    web.follow_orders()
    report = web.follow_orders()
    assert (list(report), report.requests) == ([], 1)
    store.edit_order(order.id, staff_notes="Call first")
    assert web.follow_orders().requests == 1
    store.edit_order(order.id, status_id=SHIPPED)
    assert web.follow_orders().requests == 2
    assert len(web.worklist()) == 0


def test_an_order_that_cannot_be_read_waits_for_a_person(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[0].id, items_total="many")
    store.edit_order(orders[1].id, items_total="many", status_id=5)
    web.follow_orders()
    assert waits(web, orders[0]) == ["order_unreadable"]
    assert set(waits(web, orders[1])) == {"order_stopped_in_store", "order_unreadable"}
    store.edit_order(orders[0].id, items_total=orders[2].header["items_total"])


def test_an_order_that_cannot_be_read_waits_in_the_same_words_wherever_it_is_listed(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[2].id, items_total="many")
    web.follow_orders()
    (before,) = web.worklist()
    store.delete_order(orders[0].id)
    store.edit_order(orders[2].id, status_id=8)
    web.follow_orders()
    (after,) = web.worklist().of(orders[2].id)
    assert after == before


def test_a_preview_writes_nothing(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order, other = place(authorized()), place()
    happens(store, order, "capture", "captured")
    store.edit_order(other.id, status_id=5)
    for _ in range(2):
        report = web.follow_orders(preview=True)
        assert (len(report.sent), len(report.refused)) == (1, 1)
    assert receipt(books, order).state == "pending"
    assert len(web.worklist()) == 0
    assert len(web.follow_orders().sent) == 1


@pytest.mark.one_python
def test_it_may_die_anywhere(
    web: Orchestrator,
    store: FakeStore,
    place: Place,
    live_on: Callable[..., None],
) -> None:
    captured, voided = place(authorized()), place(authorized())
    shipped, canceled = place(), place()
    happens(store, captured, "capture", "captured")
    happens(store, voided, "void", "void")
    ship(web, shipped, {line_ids(shipped)[0]: 2})
    store.edit_order(canceled.id, status_id=5)
    store.refund(shipped.id, items={line_ids(shipped)[1]: 1})

    def state(_: FakeStore, books: SqlGateway) -> object:
        journal = web._integration.journal
        with books.engine.connect() as connection:
            items = connection.exec_driver_sql(
                "SELECT key, code, message FROM avbc_worklist ORDER BY key, code"
            ).all()
        assert journal is not None
        lines = [[line.to_ship for line in order.lines] for order in books.sales_orders()]
        receipts = [(one.import_id, one.state, one.amount) for one in books.receipts()]
        assert len(items) == 3
        return [tuple(row) for row in items], lines, receipts

    live_on("follow_orders", state)


# Orders by id, and webhooks


def test_orders_are_followed_by_id(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    store.edit_order(orders[0].id, status_id=5)
    store.edit_order(orders[1].id, status_id=5)
    store.delete_order(orders[2].id)
    report = web.follow_orders([orders[0].id, orders[2].id, 999_999])
    assert [change.order_id for change in report.refused] == [orders[0].id, orders[2].id, 999_999]
    # The others are found by the next run.
    assert [change.order_id for change in web.follow_orders().refused] == [orders[1].id]


def test_it_is_in_the_timer_after_the_import() -> None:
    from avbc.orchestrator import SCHEDULE

    assert [job.method for job in SCHEDULE][:2] == ["import_orders", "follow_orders"]


def test_what_the_import_could_not_do_goes_when_it_is_not_asked_to_any_more(
    web: Orchestrator, store: FakeStore, orders: list[FakeOrder]
) -> None:
    order = store.place_order(payment=Payment("Barter", state="offline"))
    assert len(web.import_orders().refused) == 1
    web.follow_orders()
    assert len(waits(web, order)) == 1
    store.edit_order(order.id, status_id=5)
    web.follow_orders()
    assert waits(web, order) == []


def test_a_million_old_orders_are_left_alone_in_the_first_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    """What was posted before avbc followed orders is history."""
    orders = [store.add_order(order) for order in plain_orders(3)]
    web.import_orders()
    books.set_order_status(f"WEB{orders[1].id}", "Posted")
    for order in orders:
        store.edit_order(order.id, status_id=5)
    report = web.follow_orders()
    assert [change.order_id for change in report.refused] == [orders[0].id, orders[2].id]


@pytest.mark.one_python
def test_ten_thousand_items_are_checked_locally(web: Orchestrator, store: FakeStore) -> None:
    from avbc.mapping import Problem
    from avbc.orchestrator.engine.open_items import OpenItems, Raised
    from avbc.orchestrator.worklist import WorklistItem

    items = OpenItems(web._integration.journal, web._integration.scope)
    problem = Problem("order_stopped_in_store", "", "", "It was canceled.", "Delete it.")
    items.apply(
        [
            Raised(
                WorklistItem(
                    problem.code,
                    f"WEB{number}",
                    number,
                    f"WEB{number}",
                    datetime.now(UTC),
                    problem.message,
                    problem.fix,
                    "follow_orders",
                )
            )
            for number in range(10_000)
        ]
    )
    started = time.process_time()
    web.follow_orders()
    assert time.process_time() - started < 10
    assert len(web.worklist()) == 0
