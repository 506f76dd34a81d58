"""Orders that `import_when` of their payment method holds back."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.clock import Clock
from avbc.mapping.waiting import NEVER_IMPORTED, WAITS_FOR_PAYMENT
from avbc.orchestrator import Check, ImportReport, Orchestrator, WorklistItem
from avbc.orchestrator.engine.open_webhooks import OpenWebhooks
from avbc.settings import ImportWhen, PaymentMethodMapping, Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, example, item, order_of_shape

NEW, DOWNLOADED, AWAITING_PAYMENT, CANCELED, IMPORT_ERROR = 11, 9, 7, 5, 12
TRANSACTIONS = "GET /v3/orders/{id}/transactions"
CASH = Payment("Cash on Delivery", "", "offline")

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Rule = Callable[..., Settings]
Place = Callable[..., FakeOrder]


@pytest.fixture
def rule(change: Change, settings: Settings) -> Rule:
    """Settings with a rule for one payment method: `rule("paid")`."""

    def made(
        when: ImportWhen,
        method: str = "Credit Card",
        *,
        gl: dict[str, object] | None = None,
        **status: object,
    ) -> Settings:
        rows = tuple(
            attrs.evolve(row, import_when=when) if row.bigcommerce == method else row
            for row in settings.gl.payment_methods
        )
        assert any(row.import_when == when for row in rows)
        return change(gl={"payment_methods": rows, **(gl or {})}, order_status=status)

    return made


@pytest.fixture
def place(store: FakeStore) -> Place:
    """Place an order that was made lately and is only authorized; `age` is in days."""
    factory = OrderFactory()

    def placed(state: str = "authorized", age: float = 0, **more: object) -> FakeOrder:
        made = datetime.now(UTC) - timedelta(days=age)
        payment = Payment(state=state)  # type: ignore[arg-type]
        options: dict[str, object] = {"payment": payment, "created": made, **more}
        return store.add_order(factory.order([item("MUG-RED")], **options))  # type: ignore[arg-type]

    return placed


def capture(store: FakeStore, order: FakeOrder) -> None:
    """In BigCommerce."""
    first = order.transactions[0]
    row = {**first, "id": int(str(first["id"])) + 1, "event": "capture"}
    store.order(order.id).transactions.append({**row, "reference_transaction_id": first["id"]})
    store.edit_order(order.id, payment_status="captured")


def ids(report: ImportReport, result: str) -> list[int]:
    return [outcome.order_id for outcome in getattr(report, result)]


def waiting_codes(report: ImportReport) -> list[list[str]]:
    return [[problem.code for problem in outcome.problems] for outcome in report.waiting]


def header(store: FakeStore, order: FakeOrder) -> dict[str, object]:
    return dict(store.order(order.id).header)


# What waits


def test_an_order_that_waits_stays_new_and_unmarked_and_is_imported_when_it_is_paid(
    join: Join, rule: Rule, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    held, paid = place(staff_notes="Gift."), place("paid")
    before = header(store, held)
    web = join(settings=rule("paid"))
    report = web.import_orders()
    assert (ids(report, "imported"), ids(report, "waiting")) == ([paid.id], [held.id])
    assert (report.refused, report.postponed, report.ok) == ([], [], True)
    assert waiting_codes(report) == [[WAITS_FOR_PAYMENT]]
    assert report.waiting[0].import_id == f"WEB{held.id}"
    assert report.waiting[0].total is not None
    assert header(store, held) == before
    assert [order.store_order_id for order in books.sales_orders()] == [paid.id]
    assert list(web.worklist()) == []
    assert report.summary().startswith("Imported 1 order. Held back by import_when: 1 order.")
    assert f"WEB{held.id}" in str(report)
    capture(store, held)
    report = web.import_orders()
    assert (ids(report, "imported"), report.waiting) == ([held.id], [])
    assert header(store, held)["status_id"] == DOWNLOADED
    assert books.receipts([f"WEB{held.id}"])[0].state == "captured"


def test_authorized_is_enough_where_the_rule_says_so(
    join: Join, rule: Rule, place: Place, store: FakeStore
) -> None:
    authorized, pending = place(), place("paid")
    store.edit_order(pending.id, payment_status="pending")
    report = join(settings=rule("authorized")).import_orders()
    assert (ids(report, "imported"), ids(report, "waiting")) == ([authorized.id], [pending.id])


def test_always_holds_nothing_back(join: Join, rule: Rule, place: Place) -> None:
    order = place()
    assert ids(join(settings=rule("always")).import_orders(), "imported") == [order.id]


def test_never_is_listed_and_is_no_item(
    join: Join, rule: Rule, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    order = place("paid", age=100)
    before = header(store, order)
    web = join(settings=rule("never"))
    for _ in range(2):
        report = web.import_orders()
        assert ids(report, "waiting") == [order.id]
        assert waiting_codes(report) == [[NEVER_IMPORTED]]
        assert report.ok
    assert header(store, order) == before
    assert (books.sales_orders(), list(web.worklist())) == ([], [])
    assert ids(web.import_order(order.id), "waiting") == [order.id]


def test_a_voided_payment_waits_too(join: Join, rule: Rule, store: FakeStore, place: Place) -> None:
    order = place(age=8)
    store.edit_order(order.id, payment_status="void")
    web = join(settings=rule("authorized"))
    assert ids(web.import_orders(), "waiting") == [order.id]
    (only,) = web.worklist()
    assert "was voided" in only.message


def test_an_order_that_is_in_the_books_does_not_wait(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    order = place()
    join().import_orders()
    store.edit_order(order.id, status_id=NEW)
    rules: tuple[ImportWhen, ...] = ("paid", "never")
    for when in rules:
        report = join(settings=rule(when)).import_orders()
        assert (ids(report, "relinked"), report.waiting) == ([order.id], [])
        store.edit_order(order.id, status_id=NEW)


def test_what_is_wrong_with_an_order_that_waits_is_said_when_it_is_imported(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    order = place()
    for row in order.products:
        row["sku"] = "GONE"
    store.edit_order(order.id)
    web = join(settings=rule("paid"))
    assert ids(web.import_orders(), "waiting") == [order.id]
    capture(store, order)
    assert ids(web.import_orders(), "refused") == [order.id]
    assert header(store, order)["status_id"] == IMPORT_ERROR


# However it is asked for


@pytest.mark.parametrize("status_id", [NEW, AWAITING_PAYMENT, 8])
def test_the_rule_holds_by_id_and_by_period_too(
    join: Join, rule: Rule, store: FakeStore, books: SqlGateway, place: Place, *, status_id: int
) -> None:
    order = place(status_id=status_id)
    before = header(store, order)
    web = join(settings=rule("paid"))
    since = datetime.now(UTC) - timedelta(days=2)
    for report in (
        web.import_order(order.id),
        web.import_orders(ids=[order.id]),
        web.import_orders(since=since),
        web.import_orders(ids=[order.id], preview=True),
    ):
        assert ids(report, "waiting") == [order.id]
        assert (len(list(report)), report.ok) == (1, True)
    assert header(store, order) == before
    assert (books.sales_orders(), list(web.worklist())) == ([], [])
    capture(store, order)
    assert ids(web.import_order(order.id), "imported") == [order.id]


def test_a_preview_shows_what_waits(join: Join, rule: Rule, store: FakeStore, place: Place) -> None:
    held, paid = place(age=30), place("paid")
    web = join(settings=rule("paid"))
    report = web.preview_orders()
    assert (ids(report, "imported"), ids(report, "waiting")) == ([paid.id], [held.id])
    assert list(web.worklist()) == []
    assert web.history(held.id).entries == ()
    assert {"result": "waiting", "order_id": held.id}.items() <= report.to_dicts()[1].items()


def test_an_explanation_says_that_the_order_waits(join: Join, rule: Rule, place: Place) -> None:
    order = place()
    explained = join(settings=rule("paid")).explain(order.id)
    assert [problem.code for problem in explained.problems if problem.code == WAITS_FOR_PAYMENT]
    assert explained.bundle is not None


def test_an_order_that_was_refused_waits_in_the_status_that_it_has(
    join: Join, rule: Rule, change: Change, store: FakeStore
) -> None:
    """Its last status before ours says that nothing was received."""
    order = store.add_order(
        OrderFactory().order([item("LAMP-01")], payment=CASH, status_id=AWAITING_PAYMENT)
    )
    store.edit_order(order.id, payment_method="Barter")
    new = {"new_order_status": "Awaiting Payment"}
    refusing = join(settings=change(order_status=new))
    assert ids(refusing.import_orders(), "refused") == [order.id]
    store.edit_order(order.id, payment_method=CASH.method)
    held = header(store, order)
    web = join(settings=rule("paid", CASH.method, **new))
    assert ids(web.import_orders(retry_errors=True), "waiting") == [order.id]
    assert ids(web.import_order(order.id), "waiting") == [order.id]
    assert header(store, order) == held
    # It is still an Import Error, and a person still has to look at it.
    assert [each.code for each in web.worklist()] == ["payment_method_unmapped"]


# What it costs


def test_orders_that_wait_cost_no_request_of_their_own(
    join: Join,
    rule: Rule,
    store: FakeStore,
    place: Place,
) -> None:
    clock = Clock(monotonic=iter(range(0, 10**6, 60)).__next__)
    for age in range(60):
        place(age=age % 20)
    long = store.add_order(order_of_shape("long", OrderFactory(first_id=9000)))
    store.edit_order(long.id, payment_status="pending")
    web = join(settings=rule("paid"), clock=clock)
    for _ in range(3):
        report = web.import_orders()
        assert len(report.waiting) == 61
        assert report.requests == 1
    assert store.counts() == {"GET /v2/orders": 3}


def test_where_the_list_says_nothing_the_transactions_are_read_and_decide(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    order = place()
    store.edit_order(order.id, payment_status="")
    web = join(settings=rule("paid"))
    report = web.import_orders()
    assert ids(report, "waiting") == [order.id]
    assert store.counts()[TRANSACTIONS] == 1
    capture(store, order)
    store.edit_order(order.id, payment_status="")
    assert ids(web.import_orders(), "imported") == [order.id]


def test_a_payment_that_is_given_up_right_before_the_write_waits(
    join: Join,
    rule: Rule,
    store: FakeStore,
    *,
    books: SqlGateway,
    place: Place,
) -> None:
    order = place("paid")
    clock = Clock(monotonic=iter(range(0, 10**6, 60)).__next__)

    class Voiding(httpx.BaseTransport):
        """The payment is voided after its transactions were read."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            answer = store.handle(request)
            if request.url.path.endswith("/transactions"):
                store.edit_order(order.id, payment_status="void")
            return answer

    report = join(settings=rule("paid"), transport=Voiding(), clock=clock).import_orders()
    assert ids(report, "waiting") == [order.id]
    assert books.sales_orders() == []
    assert header(store, order)["status_id"] == NEW


# The worklist, the journal, webhooks


def test_an_order_that_waits_for_too_long_is_an_item_until_it_is_imported(
    join: Join, rule: Rule, store: FakeStore, place: Place, both: SqlGateway
) -> None:
    order, young = place(age=7.01), place(age=6.99)
    reported: list[list[WorklistItem]] = []
    web = join(books=both, settings=rule("paid"), on_attention=reported.append)
    for _ in range(3):
        assert ids(web.import_orders(), "waiting") == [order.id, young.id]
    (only,) = web.worklist()
    assert (only.code, only.order_id, only.area) == (WAITS_FOR_PAYMENT, order.id, "import_orders")
    assert "Capture the payment in BigCommerce" in only.fix
    assert "New Order Status again" not in only.fix
    assert len(reported) == 1
    # The journal says it once.
    assert [entry.outcome for entry in web.history(order.id).entries] == ["waiting"]
    web.follow_orders()
    assert len(web.worklist()) == 1
    capture(store, order)
    assert ids(web.import_orders(), "imported") == [order.id]
    assert list(web.worklist()) == []
    assert [entry.outcome for entry in web.history(order.id).entries] == ["waiting", "imported"]


def test_the_journal_says_what_it_waits_for_once_more_where_that_changes(
    join: Join, rule: Rule, store: FakeStore, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    order = place()
    web = join(settings=rule("paid"))
    with caplog.at_level(logging.INFO, "avbc.orchestrator"):
        web.import_orders()
        web.import_orders()
    said = [record.getMessage() for record in caplog.records if hasattr(record, "order_id")]
    assert said == [f"Example store (WEB): order {order.id}: waiting ({WAITS_FOR_PAYMENT})"]
    store.edit_order(order.id, payment_status="void")
    web.import_orders()
    details = [entry.detail for entry in web.history(order.id).entries]
    assert ["authorized" in details[0], "voided" in details[1], len(details)] == [True, True, 2]


@pytest.mark.parametrize("status_id", [CANCELED, 10, AWAITING_PAYMENT, IMPORT_ERROR])
def test_the_item_goes_when_the_order_leaves_the_new_order_status(
    join: Join, rule: Rule, store: FakeStore, place: Place, status_id: int
) -> None:
    order = place(age=10)
    web = join(settings=rule("paid"))
    web.import_orders()
    web.follow_orders()
    assert len(web.worklist()) == 1
    store.edit_order(order.id, status_id=status_id)
    web.import_orders()
    web.follow_orders()
    assert list(web.worklist()) == []


def test_the_item_goes_when_the_order_is_deleted(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    order = place(age=10)
    web = join(settings=rule("paid"))
    web.follow_orders()
    web.import_orders()
    web.follow_orders()
    store.delete_order(order.id)
    web.use(rule("paid"))
    web.follow_orders([order.id])
    assert list(web.worklist()) == []


def cycle(web: Orchestrator) -> int:
    """Do what a cycle of the timer does for orders; returns the requests."""
    return web.import_orders().requests + web.follow_orders().requests


@pytest.mark.parametrize("jobs", ["import_orders", "both"])
@pytest.mark.parametrize("what", [CANCELED, 10, AWAITING_PAYMENT, IMPORT_ERROR, "gone", "channel"])
def test_the_item_goes_within_one_cycle(
    join: Join, rule: Rule, store: FakeStore, place: Place, *, jobs: str, what: int | str
) -> None:
    order = place(age=10)
    web = join(settings=rule("paid"))
    web.import_orders()
    assert len(web.worklist()) == 1
    if what == "gone":
        store.delete_order(order.id)
    elif what == "channel":
        web.use(rule("paid", channels=[99]))
    else:
        store.edit_order(order.id, status_id=what)
    if jobs == "both":
        cycle(web)
    else:
        web.import_orders()
    assert list(web.worklist()) == []
    cycle(web)
    # What is settled is asked for no more.
    assert cycle(web) == 2


@pytest.mark.parametrize("is_followed", [True, False])
@pytest.mark.parametrize("what", [CANCELED, 10, "gone", "channel"])
def test_what_was_refused_goes_within_one_cycle(
    join: Join,
    rule: Rule,
    store: FakeStore,
    factory: OrderFactory,
    *,
    is_followed: bool,
    what: int | str,
) -> None:
    web = join(settings=rule("paid"))
    if is_followed:
        cycle(web)
    order = store.add_order(factory.order([item("MUG-RED", 1)], payment=Payment("Pigeon")))
    web.import_orders()
    if is_followed:
        web.follow_orders()
    assert [each.code for each in web.worklist()] == ["payment_method_unmapped"]
    if what == "gone":
        store.delete_order(order.id)
    elif what == "channel":
        web.use(rule("paid", channels=[99]))
    else:
        store.edit_order(order.id, status_id=what)
    cycle(web)
    assert list(web.worklist()) == []
    cycle(web)
    assert cycle(web) == 2


@pytest.mark.parametrize("status", [12, CANCELED])
def test_what_was_refused_comes_back_with_its_order(
    join: Join, rule: Rule, store: FakeStore, factory: OrderFactory, status: int
) -> None:
    """Archived, it needs nobody; restored, it does as before, unless it was stopped since."""
    web = join(settings=rule("paid"))
    cycle(web)
    order = store.add_order(factory.order([item("MUG-RED", 1)], payment=Payment("Pigeon")))
    cycle(web)
    before = [(each.code, each.message, each.fix) for each in web.worklist()]
    assert [code for code, _, _ in before] == ["payment_method_unmapped"]
    store.edit_order(order.id, is_deleted=True)
    cycle(web)
    assert list(web.worklist()) == []
    store.edit_order(order.id, is_deleted=False, status_id=status)
    cycle(web)
    found = [(each.code, each.message, each.fix) for each in web.worklist()]
    assert found == (before if status == 12 else [])
    cycle(web)
    assert cycle(web) == 2


def test_what_was_refused_while_it_was_canceled_is_on_the_worklist(
    join: Join, rule: Rule, store: FakeStore, factory: OrderFactory
) -> None:
    """One process sees it canceled, and another one sets its Import Error Status after that."""
    web = join(settings=rule("paid"))
    order = store.add_order(factory.order([item("MUG-RED", 1)], payment=Payment("Pigeon")))
    web.import_orders()
    before = [(each.code, each.message, each.fix) for each in web.worklist()]
    store.edit_order(order.id, status_id=CANCELED)
    web.follow_orders()
    assert list(web.worklist()) == []
    store.edit_order(order.id, status_id=12)
    web.follow_orders()
    assert [(each.code, each.message, each.fix) for each in web.worklist()] == before
    # What goes on for good is forgotten.
    store.edit_order(order.id, status_id=CANCELED)
    web.follow_orders()
    for status in (9, 12):
        store.edit_order(order.id, status_id=status)
        web.follow_orders()
    assert list(web.worklist()) == []


@pytest.mark.parametrize(
    ("when", "days", "result"),
    [("always", 7, "imported"), ("never", 7, "waiting"), ("paid", 30, "waiting")],
)
def test_the_item_goes_when_the_rule_changes(
    join: Join, rule: Rule, place: Place, *, when: ImportWhen, days: int, result: str
) -> None:
    order = place(age=10)
    web = join(settings=rule("paid"))
    web.import_orders()
    assert len(web.worklist()) == 1
    web.use(rule(when, waiting_days=days))
    assert ids(web.import_orders(), result) == [order.id]
    assert list(web.worklist()) == []


ADVICE: list[
    tuple[ImportWhen, str, str, Callable[[FakeStore, FakeOrder, Orchestrator], object]]
] = [
    (
        "paid",
        "authorized",
        "Capture the payment in BigCommerce",
        lambda store, order, web: capture(store, order),
    ),
    (
        "paid",
        "void",
        "Get the order paid again",
        lambda store, order, web: store.edit_order(order.id, payment_status="captured"),
    ),
    (
        "authorized",
        "held for review",
        "Approve or decline the payment",
        lambda store, order, web: store.edit_order(order.id, payment_status="authorized"),
    ),
    (
        "paid",
        "pending",
        "Wait until the payment clears",
        lambda store, order, web: capture(store, order),
    ),
]


@pytest.mark.parametrize(("when", "payment_status", "says", "follow"), ADVICE)
def test_the_advice_about_an_order_that_waits_is_followed(
    join: Join,
    rule: Rule,
    store: FakeStore,
    place: Place,
    *,
    when: ImportWhen,
    payment_status: str,
    says: str,
    follow: Callable[[FakeStore, FakeOrder, Orchestrator], object],
) -> None:
    order = place(age=10)
    store.edit_order(order.id, payment_status=payment_status)
    web = join(settings=rule(when))
    web.import_orders()
    (only,) = web.worklist()
    assert says in only.fix
    follow(store, order, web)
    if payment_status == "void":
        # The shopper paid again.
        store.order(order.id).transactions.clear()
    assert ids(web.import_orders(), "imported") == [order.id]
    assert list(web.worklist()) == []


def test_the_advice_to_cancel_an_order_that_waits_is_followed(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    order = place(age=10)
    web = join(settings=rule("paid"))
    web.follow_orders()
    web.import_orders()
    (only,) = web.worklist()
    assert "cancel the order" in only.fix
    store.edit_order(order.id, status_id=CANCELED)
    web.follow_orders()
    assert list(web.worklist()) == []


def test_the_advice_about_a_method_outside_of_any_gateway_is_followed(
    join: Join, rule: Rule, change: Change, settings: Settings, store: FakeStore
) -> None:
    wire = Payment("Wire", "", "offline")
    order = store.add_order(OrderFactory().order([item("MUG-RED")], payment=wire))
    store.edit_order(order.id, payment_status="pending")
    row = PaymentMethodMapping(bigcommerce="Wire", receipt_type="Check", import_when="paid")
    rows = settings.gl.payment_methods
    web = join(settings=change(gl={"payment_methods": (*rows, row)}))
    web.import_orders()
    (only,) = web.worklist()
    assert f"set offline = true in gl.payment_methods[{len(rows)}]" in only.fix
    offline = attrs.evolve(row, offline=True)
    web.use(change(gl={"payment_methods": (*rows, offline)}))
    assert ids(web.import_orders(), "imported") == [order.id]
    assert list(web.worklist()) == []


def test_the_advice_about_offline_money_is_followed(
    join: Join, rule: Rule, store: FakeStore, books: SqlGateway
) -> None:
    order = store.add_order(
        OrderFactory().order([item("MUG-RED")], payment=CASH, status_id=AWAITING_PAYMENT)
    )
    web = join(settings=rule("paid", CASH.method, new_order_status="Awaiting Payment"))
    assert ids(web.import_orders(), "waiting") == [order.id]
    (only,) = web.worklist()
    assert f"call import_order({order.id})" in only.fix
    store.edit_order(order.id, status_id=NEW)
    assert ids(web.import_order(order.id), "imported") == [order.id]
    assert books.receipts()[0].state == "captured"
    assert list(web.worklist()) == []


@pytest.mark.parametrize("when", ["paid", "never"])
def test_webhooks_of_orders_that_wait_are_closed(
    join: Join, rule: Rule, store: FakeStore, when: ImportWhen
) -> None:
    order = store.place_order([item("MUG-RED")], payment=Payment(state="authorized"))
    web = join(settings=rule(when))
    opened = OpenWebhooks.of(web._integration)
    call = store.webhook(store.events[-1])
    report = web.handle_webhook(call.body, call.headers)
    assert (report.ok, report.is_done) == (True, True)
    assert "waiting" in report.summary()
    assert report.to_dicts()[0]["result"] == "waiting"
    assert opened.read() == []
    # One that was accepted before a death.
    store.edit_order(order.id, status_id=AWAITING_PAYMENT)
    store.edit_order(order.id, status_id=NEW)
    call = store.webhook(store.events[-1])
    web.accept_webhook(call.body, call.headers)
    assert [each.order_id for each in opened.read()] == [order.id]
    assert ids(web.import_orders(), "waiting") == [order.id]
    assert opened.read() == []


def test_a_report_with_orders_that_wait_is_plain_data(join: Join, rule: Rule, place: Place) -> None:
    place()
    report = join(settings=rule("paid")).import_orders()
    (row,) = json.loads(json.dumps(report.to_dicts()))
    assert (row["result"], row["problems"][0]["code"]) == ("waiting", WAITS_FOR_PAYMENT)
    assert report.counts()["waiting"] == 1


# The setup check

PAIR = "gl.payment_methods[{}].import_when"


def checked(web: Orchestrator, state: str) -> list[Check]:
    """The checks of rules that can never come true."""
    return [
        check
        for check in web.check_setup().checks
        if check.state == state and ".import_when" in check.item
    ]


@pytest.mark.parametrize("new", ["Awaiting Payment", 7, "Pending"])
@pytest.mark.parametrize("when", ["paid", "authorized"])
def test_a_rule_that_can_never_come_true_is_refused_and_names_both_keys(
    join: Join, rule: Rule, settings: Settings, *, new: str | int, when: ImportWhen
) -> None:
    names = [row.bigcommerce for row in settings.gl.payment_methods]
    key = PAIR.format(names.index(CASH.method))
    web = join(settings=rule(when, CASH.method, new_order_status=new))
    (check,) = checked(web, "error")
    assert key in check.found
    assert "order_status.new_order_status" in check.found
    assert any("import_when" in item.key for item in web.worklist())
    # What it says is followed.
    assert f'Set {key} to "always" or "never"' in check.fix
    others: tuple[ImportWhen, ...] = ("always", "never")
    for other in others:
        web.use(rule(other, CASH.method, new_order_status=new))
        assert checked(web, "error") == []
    assert "or order_status.new_order_status to a status of paid orders" in check.fix
    web.use(rule(when, CASH.method))
    assert checked(web, "error") == []
    assert not any("import_when" in item.key for item in web.worklist())


@pytest.mark.parametrize(("offline", "errors"), [(True, 1), (False, 0), (None, 0)])
def test_a_method_may_be_offline_by_its_row(
    join: Join, change: Change, *, offline: bool | None, errors: int
) -> None:
    row = PaymentMethodMapping(
        bigcommerce="Wire", receipt_type="Check", import_when="paid", offline=offline
    )
    status = {"new_order_status": "Awaiting Payment"}
    web = join(settings=change(gl={"payment_methods": (row,)}, order_status=status))
    assert len(checked(web, "error")) == errors


def test_what_acctvantage_is_to_capture_must_be_imported_before(join: Join, rule: Rule) -> None:
    gl: dict[str, object] = {"credit_card_transactions_are_preauthorizations": True}
    web = join(settings=rule("paid", gl=gl))
    (check,) = checked(web, "warning")
    assert "gl.credit_card_transactions_are_preauthorizations" in check.found
    assert 'import_when to "authorized"' in check.fix
    web.use(rule("authorized", gl=gl))
    assert checked(web, "warning") == []


def test_a_method_that_may_be_offline_costs_requests_while_its_orders_wait(
    join: Join, change: Change, store: FakeStore
) -> None:
    row = PaymentMethodMapping(bigcommerce="Wire", receipt_type="Check", import_when="paid")
    web = join(settings=change(gl={"payment_methods": (row,)}))
    assert checked(web, "warning") == []
    wire = Payment("Wire", "", "offline")
    store.add_order(OrderFactory().order([item("MUG-RED")], payment=wire))
    (check,) = checked(web, "warning")
    assert "gl.payment_methods[0].offline to true, otherwise to false" in check.fix
    for offline in (True, False):
        web.use(change(gl={"payment_methods": (attrs.evolve(row, offline=offline),)}))
        assert checked(web, "warning") == []


# Other jobs


def test_an_order_that_is_held_back_is_not_missing_in_the_books(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    since = datetime.now(UTC) - timedelta(days=30)
    order = place(status_id=8)
    web = join(settings=rule("paid"))
    assert web.reconcile(since).not_due == {"Awaiting Pickup": 1}
    assert list(web.worklist()) == []
    capture(store, order)
    (missing,) = web.reconcile(since).missing_in_books
    assert missing.order_id == order.id
    web.use(rule("never"))
    assert web.reconcile(since).not_due == {"Awaiting Pickup": 1}
    assert list(web.worklist()) == []


def test_money_for_an_order_that_another_system_books_is_no_item(
    join: Join, rule: Rule, store: FakeStore
) -> None:
    order = store.place_order()
    web = join(settings=rule("never"))
    web.follow_orders()
    store.edit_order(order.id, status_id=0, payment_status="captured")
    web.follow_orders()
    assert list(web.worklist()) == []
    web.use(rule("paid"))
    web.follow_orders([order.id])
    assert [each.code for each in web.worklist()] == ["payment_without_order"]
    web.use(rule("never"))
    web.follow_orders([order.id])
    assert list(web.worklist()) == []


# Stock


def test_what_waits_is_netted_from_stock(
    join: Join, rule: Rule, store: FakeStore, place: Place
) -> None:
    example.populate(store, orders=0)
    settings = rule("never")
    settings = attrs.evolve(
        settings, shipping=attrs.evolve(settings.shipping, sync_inventory_levels=True)
    )
    place("paid")
    web = join(settings=settings)
    web.import_orders()
    sent = {change.key: change.after for change in web.push_inventory().sent}
    assert (sent["MUG-RED"], sent["MUG-BLUE"]) == ("99", "100")
