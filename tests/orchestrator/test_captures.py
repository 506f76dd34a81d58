"""What AcctVantage wants captured is captured once, and recorded when the store says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage import BooksUnreachable, BooksUnusable, SqlGateway
from avbc.acctvantage.records import Receipt, SalesOrder
from avbc.bigcommerce import ScopeMissing, StoreUnavailable
from avbc.orchestrator import JournalUnreachable, Orchestrator, PushReport
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.run import Task
from avbc.orchestrator.engine.statuses import STATUS
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item

CAPTURE, VOID, LIST = (
    "POST /v3/orders/{id}/payment_actions/capture",
    "POST /v3/orders/{id}/payment_actions/void",
    "GET /v2/orders",
)

CANCELED = 5

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """AcctVantage captures."""
    return attrs.evolve(
        settings, gl=attrs.evolve(settings.gl, credit_card_transactions_are_preauthorizations=True)
    )


@pytest.fixture
def store() -> FakeStore:
    """What a gateway was asked for shows when the test says so."""
    return FakeStore(settle_after=None)


def authorized(method: str = "Credit Card", gateway: str = "authorizenet") -> Payment:
    return Payment(method, gateway, "authorized")


@pytest.fixture
def place(store: FakeStore, web: Orchestrator, factory: OrderFactory) -> Callable[..., FakeOrder]:
    """Place an order whose payment is authorized an hour ago, and import it."""

    def placed(payment: Payment | None = None, age: timedelta = timedelta(hours=1)) -> FakeOrder:
        created = datetime.now(UTC) - age
        order = store.add_order(
            factory.order([item("LAMP-01")], payment=payment or authorized(), created=created)
        )
        assert len(web.import_orders().imported) == 1
        store.clear_log()
        return order

    return placed


def see(web: Orchestrator, order_id: int, status_id: int) -> None:
    """A job saw that an order has a status in the store."""
    run = PushRun(web._integration, Task("follow_orders", "Following orders"))
    run.do(lambda run: run.know(STATUS, f"WEB{order_id}", str(status_id)))


def receipt(books: SqlGateway, order_id: int) -> Receipt:
    return books.receipts([f"WEB{order_id}"])[0]


def status(store: FakeStore, order_id: int) -> object:
    return store.order(order_id).header["payment_status"]


def codes(report: PushReport) -> list[str]:
    return [problem.code for _, change in report for problem in change.problems]


@pytest.mark.parametrize("payment", [authorized(), authorized("PayPal", "paypal")])
def test_a_capture_is_sent_once_and_recorded_when_the_store_says_so(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    payment: Payment,
) -> None:
    order = place(payment)
    assert (receipt(books, order.id).state, receipt(books, order.id).amount) == (
        "pre_authorized",
        0,
    )
    books.want_capture(f"WEB{order.id}-1")
    report = web.capture_payments()
    assert (report.sent, codes(report), report.postponed[0].key) == (
        [],
        ["payment_pending"],
        f"WEB{order.id}",
    )
    assert status(store, order.id) == "capture pending"
    assert receipt(books, order.id).state == "pre_authorized"
    assert store.counts() == {LIST: 2, CAPTURE: 1}

    # Another run while the gateway is at it only looks.
    assert codes(web.capture_payments()) == ["payment_pending"]
    assert store.counts() == {LIST: 3, CAPTURE: 1}

    store.settle()
    report = web.capture_payments()
    (change,) = report.sent
    total = Decimal(str(order.header["total_inc_tax"])).quantize(Decimal("0.01"))
    assert (change.what, change.before, change.after) == (
        "capture",
        "authorized",
        f"captured {total} USD",
    )
    captured = receipt(books, order.id)
    assert (captured.state, captured.amount, captured.capture_wanted) == ("captured", total, False)
    assert captured.captured_at is not None
    assert store.counts() == {LIST: 4, CAPTURE: 1}

    # Done is done: nothing is asked any more.
    assert list(web.capture_payments()) == []
    assert store.counts() == {LIST: 4, CAPTURE: 1}
    assert [entry.outcome for entry in web.history(order.id).entries] == [
        "imported",
        "begun",
        "postponed",
        "sent",
    ]


def test_a_fast_gateway_is_confirmed_in_the_same_run(
    join: Join, settings: Settings, books: SqlGateway, factory: OrderFactory
) -> None:
    store = FakeStore(settle_after=0)
    web = join(transport=store.transport())
    order = store.add_order(
        factory.order([item("LAMP-01")], payment=authorized(), created=datetime.now(UTC))
    )
    web.import_orders()
    books.want_capture(f"WEB{order.id}-1")
    report = web.capture_payments()
    assert [change.after.split()[0] for change in report.sent] == ["captured"]
    assert receipt(books, order.id).state == "captured"


def test_many_are_confirmed_with_one_request(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    orders = [
        store.add_order(
            factory.order([item("MUG-RED")], payment=authorized(), created=datetime.now(UTC))
        )
        for _ in range(40)
    ]
    web.import_orders()
    for order in orders:
        books.want_capture(f"WEB{order.id}-1")
    store.clear_log()
    assert len(web.capture_payments().postponed) == 40
    assert store.counts() == {LIST: 2, CAPTURE: 40}
    store.settle()
    assert len(web.capture_payments().sent) == 40
    assert store.counts() == {LIST: 3, CAPTURE: 40}
    assert {receipt.state for receipt in books.receipts()} == {"captured"}


def test_a_void_likewise(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_void(f"WEB{order.id}-1")
    assert codes(web.capture_payments()) == ["payment_pending"]
    assert status(store, order.id) == "void pending"
    store.settle()
    (change,) = web.capture_payments().sent
    assert (change.what, change.before) == ("void", "authorized")
    voided = receipt(books, order.id)
    assert (voided.state, voided.amount, voided.void_wanted) == ("voided", 0, False)
    assert store.counts()[VOID] == 1
    assert list(web.capture_payments()) == []


def test_what_the_gateway_declines_is_refused_and_nothing_is_received(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.set_payment_result(order.id, "declined")
    web.capture_payments()
    store.settle()
    for _ in range(2):
        report = web.capture_payments()
        assert [problem.code for problem in report.refused[0].problems] == ["payment_declined"]
        assert "nothing was received" in str(report)
    assert (receipt(books, order.id).state, receipt(books, order.id).amount) == (
        "pre_authorized",
        0,
    )
    assert store.counts()[CAPTURE] == 1
    # The same refusal is one entry.
    assert [entry.outcome for entry in web.history(order.id).entries] == [
        "imported",
        "begun",
        "postponed",
        "refused",
    ]


def test_a_declined_payment_waits_until_the_request_is_withdrawn(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order, other = place(), place()
    for each in (order, other):
        books.want_capture(f"WEB{each.id}-1")
        store.edit_order(each.id, payment_status="declined")
    web.capture_payments()
    waits = web.worklist().of(order.id)
    assert [each.code for each in waits] == ["payment_declined"]
    assert "cancel the request for the capture of the receipt in AcctVantage" in waits[0].fix
    # A void asks no customer for another payment.
    books.want_void(f"WEB{order.id}-1")
    web.capture_payments()
    (waits,) = web.worklist().of(order.id)
    assert waits.fix == "Cancel the request for the void of the receipt in AcctVantage."
    books.want_void(f"WEB{order.id}-1", wanted=False)
    web.capture_payments()
    assert [each.order_id for each in web.worklist()] == [other.id]


@pytest.mark.parametrize("payment_status", ["void", "refunded", "held for review"])
def test_only_what_is_authorized_is_captured(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    payment_status: str,
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, payment_status=payment_status)
    assert codes(web.capture_payments()) == ["payment_not_authorized"]
    assert CAPTURE not in store.counts()


def test_what_a_person_captured_in_the_store_is_recorded_and_not_sent(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, payment_status="captured")
    assert len(web.capture_payments().sent) == 1
    assert receipt(books, order.id).state == "captured"
    assert store.counts() == {LIST: 1}


def test_an_order_that_was_deleted_and_one_that_cannot_be_read(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    orders = [place() for _ in range(3)]
    for order in orders:
        books.want_capture(f"WEB{order.id}-1")
    store.delete_order(orders[0].id)
    store.edit_order(orders[1].id, total_inc_tax=None)
    report = web.capture_payments()
    assert {change.order_id: change.problems[0].code for _, change in report} == {
        orders[0].id: "not_in_store",
        orders[1].id: "order_unreadable",
        orders[2].id: "payment_pending",
    }
    assert "deleted or archived" in str(report)


def test_what_is_no_order_in_place_of_an_archived_one_says_nothing_about_it(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, is_deleted=True)
    store.fail("GET /v2/orders/*", "wrong_json")
    assert codes(web.capture_payments()) == ["not_in_store"]
    assert [each.code for each in web.worklist()] == ["not_in_store"]


def test_a_preview_sends_nothing_and_writes_nothing(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    to_send, to_record = place(), place()
    for order in (to_send, to_record):
        books.want_capture(f"WEB{order.id}-1")
    store.edit_order(to_record.id, payment_status="captured")
    before = books.receipts()
    report = web.capture_payments(preview=True)
    assert {change.order_id: [str(call) for call in change.calls] for change in report.sent} == {
        to_send.id: [f"POST /v3/orders/{to_send.id}/payment_actions/capture"],
        to_record.id: [],
    }
    assert report.sent[0].decisions
    assert store.counts() == {LIST: 1}
    assert books.receipts() == before
    assert [entry.action for entry in web.history(to_send.id).entries] == ["import"]


def test_a_quiet_run_asks_nothing(
    web: Orchestrator, store: FakeStore, place: Callable[..., FakeOrder]
) -> None:
    place()
    report = web.capture_payments()
    assert (list(report), report.requests, store.counts()) == ([], 0, {})


def test_a_disabled_store_has_nothing_captured(join: Join, change: Change) -> None:
    with pytest.raises(SettingsError, match=r"store\.enabled"):
        join(settings=change(store={"enabled": False})).capture_payments()


# What goes wrong on the way


@pytest.mark.parametrize("fault", ["reset_after", "504_after", "timeout_after"])
def test_an_answer_that_was_lost_captures_once(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    fault: str,
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.fail("POST *", fault)  # type: ignore[arg-type]  # pytest's parameters are plain texts
    assert codes(web.capture_payments()) == ["payment_pending"]
    store.settle()
    assert len(web.capture_payments().sent) == 1
    assert store.counts()[CAPTURE] == 1


@pytest.mark.parametrize("fault", ["reset_before", "500"])
def test_a_capture_that_did_not_arrive_is_sent_by_the_next_run(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    fault: str,
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.fail("POST *", fault)  # type: ignore[arg-type]  # pytest's parameters are plain texts
    report = web.capture_payments()
    assert codes(report) == ["payment_unconfirmed"]
    assert "still 'authorized'" in str(report)
    assert receipt(books, order.id).state == "pre_authorized"
    assert codes(web.capture_payments()) == ["payment_pending"]


def test_a_capture_that_the_store_refuses_is_refused(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.order(order.id).transactions.clear()
    report = web.capture_payments()
    assert [problem.code for problem in report.refused[0].problems] == ["store_refused"]


def test_two_processes_at_once_capture_once(
    join: Join, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    """Captured between our read and our request: the store refuses ours, and its word counts."""
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    ours, theirs = join(), join()
    send = ours.store.begin

    def late(calls: object, **options: object) -> object:
        theirs.capture_payments()
        return send(calls, **options)  # type: ignore[call-overload]  # passed on as they are

    ours.store.begin = late  # type: ignore[method-assign,assignment]  # the other process acts before the request
    assert codes(ours.capture_payments()) == ["payment_pending"]
    # The store was asked twice and took one.
    assert [entry.status for entry in store.log if entry.name == CAPTURE] == [201, 422]
    store.settle()
    assert len(join().capture_payments().sent) == 1


def test_the_store_goes_away_before_it_is_read_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.fail("GET /v2/orders", "503", at=2)
    report = web.capture_payments()
    assert codes(report) == ["payment_unconfirmed"]
    assert report.stopped
    assert web.history(order.id).entries[-1].outcome == "postponed"
    store.settle()
    assert len(web.capture_payments().sent) == 1
    assert store.counts()[CAPTURE] == 1


def test_the_store_is_away(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreUnavailable):
        web.capture_payments()
    assert CAPTURE not in store.counts()


def test_a_token_that_may_not_capture(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.scopes = {"store_v2_orders_read_only"}
    with pytest.raises(ScopeMissing):
        web.capture_payments()
    assert status(store, order.id) == "authorized"
    assert web.history(order.id).entries[-1].outcome == "postponed"


def test_the_books_go_away_before_a_capture_is_recorded(
    join: Join, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    orders = [place(), place()]
    for order in orders:
        books.want_capture(f"WEB{order.id}-1")
        store.edit_order(order.id, payment_status="captured")
    web = join()
    record = books.record_capture

    def away(*_: object) -> Receipt:
        raise BooksUnreachable("the books are away")

    books.record_capture = away  # type: ignore[method-assign]  # the database goes away
    report = web.capture_payments()
    assert codes(report) == ["books_unreachable"]
    assert report.stopped == "the books are away"
    books.record_capture = record  # type: ignore[method-assign]
    assert len(web.capture_payments().sent) == 2
    assert CAPTURE not in store.counts()


def test_books_that_must_be_mended_stop_the_run(
    join: Join, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, payment_status="captured")

    def unusable(*_: object) -> Receipt:
        raise BooksUnusable("no permission")

    books.record_capture = unusable  # type: ignore[method-assign]  # the database user lost a permission
    with pytest.raises(BooksUnusable):
        join().capture_payments()


def test_a_stop_leaves_what_was_not_begun(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    orders = [
        store.add_order(
            factory.order([item("MUG-RED")], payment=authorized(), created=datetime.now(UTC))
        )
        for _ in range(40)
    ]
    web.import_orders()
    for order in orders:
        books.want_capture(f"WEB{order.id}-1")
    web.store.payment_actions.capture(orders[39].id)
    store.settle()
    store.clear_log()
    send = web.store.begin

    def stopping(calls: object, **options: object) -> object:
        web.stop()
        return send(calls, **options)  # type: ignore[call-overload]  # passed on as they are

    web.store.begin = stopping  # type: ignore[method-assign,assignment]  # somebody stops it in the middle
    with web.stop_request.listening():
        report = web.capture_payments()
    # What was begun is read again; the rest is left to the next run.
    assert (len(report.sent), len(report.postponed), report.stopped) == (
        1,
        32,
        "a stop was asked for",
    )
    assert store.counts() == {LIST: 2, CAPTURE: 32}
    web.stop()
    with web.stop_request.listening():
        web.stop()
        assert list(web.capture_payments()) == []


@pytest.mark.one_python
def test_a_run_may_die_anywhere(
    live_on: Callable[..., None],
    store: FakeStore,
    settings: Settings,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
) -> None:
    orders = [place() for _ in range(4)]
    books.want_capture(f"WEB{orders[0].id}-1")
    books.want_capture(f"WEB{orders[1].id}-1")
    books.want_void(f"WEB{orders[2].id}-1")
    books.want_capture(f"WEB{orders[3].id}-1")
    store.edit_order(orders[3].id, payment_status="captured")

    def state(store: FakeStore, books: SqlGateway) -> object:
        return (
            [
                (one.import_id, one.state, one.amount, one.capture_wanted, one.void_wanted)
                for one in books.receipts()
            ],
            [order.header["payment_status"] for _, order in sorted(store.state.orders.items())],
            store.counts()[CAPTURE],
            store.counts()[VOID],
        )

    live_on("capture_payments", state, settings)


def test_a_journal_that_cannot_be_written_to_has_nothing_captured(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    """The intent is noted before the request, or it is not sent."""
    order = place()
    books.want_capture(f"WEB{order.id}-1")

    def lost(_: object) -> None:
        raise JournalUnreachable("the journal is away")

    web._integration.journal.write = lost  # type: ignore[method-assign]  # its database goes away
    with pytest.raises(JournalUnreachable):
        web.capture_payments()
    assert CAPTURE not in store.counts()
    assert status(store, order.id) == "authorized"


def test_what_another_process_recorded_meanwhile_is_left(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    wanted = books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, payment_status="captured")
    books.record_capture(wanted.import_id, wanted.pre_auth_amount, datetime.now(UTC))
    books.receipts_to_capture = lambda _: [wanted]  # type: ignore[method-assign]  # as it was a moment before
    report = web.capture_payments()
    assert list(report) == []
    assert receipt(books, order.id).state == "captured"


# Authorizations that grow old


def test_an_old_authorization_is_warned_about_and_captured_all_the_same(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place(age=timedelta(days=8))
    books.want_capture(f"WEB{order.id}-1")
    report = web.capture_payments(preview=True)
    assert [problem.code for problem in report.sent[0].problems] == ["authorization_old"]
    assert "8 days ago" in str(report)
    # The run that sends it says so, too.
    assert codes(web.capture_payments()) == ["authorization_old", "payment_pending"]
    assert web.store.orders.get(order.id).payment_status == "capture pending"


def test_a_fast_gateway_does_not_hide_the_warning(
    join: Join, settings: Settings, books: SqlGateway, factory: OrderFactory
) -> None:
    store = FakeStore(settle_after=0)
    web = join(transport=store.transport())
    created = datetime.now(UTC) - timedelta(days=8)
    order = store.add_order(factory.order([item("LAMP-01")], payment=authorized(), created=created))
    web.import_orders()
    books.want_capture(f"WEB{order.id}-1")
    (change,) = web.capture_payments().sent
    assert [problem.code for problem in change.problems] == ["authorization_old"]


def test_an_old_authorization_waits_for_a_person_until_it_is_used(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    old, other, _ = (place(age=timedelta(days=days)) for days in (8, 9, 6))
    report = web.capture_payments()
    assert [(change.key, change.import_id) for change in report.refused] == [
        (f"WEB{order.id}-1", f"WEB{order.id}") for order in (old, other)
    ]
    assert codes(report) == ["authorization_old"] * 2
    assert store.counts() == {}
    assert list(web.capture_payments()) == []
    waits, _ = web.worklist().of(old.id), web.worklist().of(other.id)
    assert [(each.code, each.order_id) for each in waits] == [("authorization_old", old.id)]
    assert "Capture or void it in AcctVantage" in waits[0].fix
    # What it says is followed: it goes.
    books.want_void(f"WEB{old.id}-1")
    assert codes(web.capture_payments()) == ["payment_pending"]
    assert [each.order_id for each in web.worklist()] == [other.id]
    books.want_capture(f"WEB{other.id}-1")
    web.capture_payments()
    store.settle()
    web.capture_payments()
    assert not web.worklist()


def test_each_payment_method_says_how_long_its_authorizations_are_good(
    join: Join, books: SqlGateway, place: Callable[..., FakeOrder], settings: Settings
) -> None:
    card, paypal = place(age=timedelta(days=8)), place(authorized("PayPal", "paypal"))
    rows = tuple(
        attrs.evolve(row, authorization_days=10 if row.bigcommerce == "Credit Card" else 1)
        for row in settings.gl.payment_methods
    )
    web = join(settings=attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows)))
    assert list(web.capture_payments()) == []
    books.want_capture(f"WEB{card.id}-1")
    assert codes(web.capture_payments(preview=True)) == []
    three = place(authorized("PayPal", "paypal"), age=timedelta(days=3))
    assert [change.order_id for change in web.capture_payments().refused] == [three.id]
    assert paypal.id not in {each.order_id for each in web.worklist()}


# Orders that were stopped in the store


@pytest.mark.parametrize("stopped", [CANCELED, 6, 13])
def test_nothing_is_captured_for_a_canceled_order_until_it_goes_on(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    stopped: int,
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, status_id=stopped)
    assert codes(web.capture_payments()) == ["order_stopped_in_store"]
    (waits,) = web.worklist()
    assert (waits.code, waits.order_id) == ("order_stopped_in_store", order.id)
    # It is quiet when the next listing of changed orders has shown it.
    see(web, order.id, stopped)
    assert (list(web.capture_payments()), web.capture_payments().requests) == ([], 0)
    assert (status(store, order.id), CAPTURE in store.counts()) == ("authorized", False)
    # It goes on, and AcctVantage still wants it.
    store.edit_order(order.id, status_id=9)
    web.follow_orders()
    assert not web.worklist()
    assert codes(web.capture_payments()) == ["payment_pending"]
    assert store.counts()[CAPTURE] == 1


def test_a_capture_that_cannot_be_made_waits_no_longer_than_it_is_wanted(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.request("POST", f"/v3/orders/{order.id}/payment_actions/void")
    store.settle()
    assert codes(web.capture_payments()) == ["payment_not_authorized"]
    assert [each.code for each in web.worklist()] == ["payment_not_authorized"]
    # The receipt follows: nothing is left to capture.
    web.follow_orders()
    assert list(web.capture_payments()) == []
    assert "payment_not_authorized" not in {each.code for each in web.worklist()}


def test_the_payment_of_a_canceled_order_is_voided(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    """Also if its capture was held back before."""
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    store.edit_order(order.id, status_id=CANCELED)
    web.capture_payments()
    see(web, order.id, CANCELED)
    books.want_void(f"WEB{order.id}-1")
    assert codes(web.capture_payments()) == ["payment_pending"]
    store.settle()
    assert len(web.capture_payments().sent) == 1
    assert receipt(books, order.id).state == "voided"
    assert (store.counts()[VOID], CAPTURE in store.counts()) == (1, False)


def test_receipts_of_another_kind_are_none_of_its_business(
    join: Join,
    settings: Settings,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
) -> None:
    """Receipts of another source stay; a receipt without its order is left alone."""
    order = place()
    books.want_capture(f"WEB{order.id}-1")
    till = FakeStore(store_hash="xyz789")
    other = attrs.evolve(
        settings,
        store=attrs.evolve(settings.store, api_url=till.api_url),
        order_status=attrs.evolve(settings.order_status, import_source_code="POS"),
    )
    theirs = join(settings=other, transport=till.transport())
    assert list(theirs.capture_payments()) == []

    class Forgetful(SqlGateway):
        def sales_orders(self, import_ids: object = None) -> list[SalesOrder]:
            return []

    forgetful = Forgetful()
    forgetful.receipts_to_capture = books.receipts_to_capture  # type: ignore[method-assign]  # the rest of it is empty
    assert list(join(books=forgetful).capture_payments()) == []
    forgetful.close()
