"""What an order's payment is worth: transactions decide, or else the order's own status."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Receipt
from avbc.acctvantage.sql import schema
from avbc.orchestrator import Orchestrator
from avbc.settings import PaymentMethodMapping, Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item

AWAITING_PAYMENT, AWAITING_PICKUP, DOWNLOADED, NEW, ERROR = 7, 8, 9, 11, 12
CANCELED = 5

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def row(method: str, **more: object) -> PaymentMethodMapping:
    return PaymentMethodMapping(bigcommerce=method, receipt_type="Check", **more)  # type: ignore[arg-type]


@pytest.fixture
def mapped(change: Change, settings: Settings) -> Callable[..., Settings]:
    """Settings with more rows of payment methods."""

    def made(*rows: PaymentMethodMapping, status: str = "Awaiting Fulfillment") -> Settings:
        methods = (*rows, *settings.gl.payment_methods)
        return change(gl={"payment_methods": methods}, order_status={"new_order_status": status})

    return made


@pytest.fixture
def place(store: FakeStore, factory: OrderFactory) -> Callable[..., FakeOrder]:
    def placed(
        method: str,
        payment_status: str,
        *,
        status_id: int = NEW,
        paid: bool = False,
        **header: object,
    ) -> FakeOrder:
        payment = Payment(method) if paid else Payment(method, "", "offline")
        order = factory.order([item("LAMP-01", 3)], payment=payment, status_id=status_id)
        order.header.update(payment_status=payment_status, **header)
        return store.add_order(order)

    return placed


def reads(store: FakeStore) -> int:
    """How often transactions were read."""
    return sum("/transactions" in request.path for request in store.log)


def one(books: SqlGateway) -> Receipt:
    (receipt,) = books.receipts()
    return receipt


@pytest.mark.parametrize(
    "method",
    ["Bank Deposit", "Check", "Money Order", "Cash on Delivery", "Pay in Store", "Cash", "Manual"],
)
@pytest.mark.parametrize("payment_status", ["", "pending", "authorized", "captured"])
def test_an_offline_order_is_received_when_its_status_says_so(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    method: str,
    payment_status: str,
) -> None:
    rows = [] if method == "Cash on Delivery" else [row(method)]
    web = join(settings=mapped(*rows, status="Awaiting Payment"))
    order = place(method, payment_status, status_id=AWAITING_PAYMENT)
    (outcome,) = web.import_orders().imported
    (problem,) = outcome.problems
    assert (problem.code, "Capture it" in problem.fix) == ("payment_not_captured", False)
    assert (one(books).state, one(books).amount) == ("pending", 0)
    # Our own Downloaded is no word about money.
    web.follow_orders()
    assert store.order(order.id).header["status_id"] == DOWNLOADED
    assert one(books).state == "pending"
    assert web.reconcile(since=books.sales_orders()[0].ordered_at).ok
    store.edit_order(order.id, status_id=AWAITING_PICKUP)
    web.follow_orders()
    assert (one(books).state, one(books).amount) == ("captured", books.sales_orders()[0].total)
    assert list(web.worklist()) == []
    assert reads(store) == 0


@pytest.mark.parametrize("payment_status", ["", "pending", "authorized", "captured", "paid"])
def test_an_offline_order_that_is_canceled_before_it_is_paid_received_nothing(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    payment_status: str,
) -> None:
    web = join(settings=mapped(status="Awaiting Payment"))
    order = place("Cash on Delivery", payment_status, status_id=AWAITING_PAYMENT)
    web.import_orders()
    web.follow_orders()
    store.edit_order(order.id, status_id=CANCELED)
    web.follow_orders()
    assert (one(books).state, one(books).amount) == ("pending", 0)
    assert [each.code for each in web.worklist()] == ["order_stopped_in_store"]


@pytest.mark.parametrize("payment_status", ["", "pending", "authorized", "captured", "refunded"])
@pytest.mark.parametrize("stopped", [4, 5, 6, 13])
def test_a_stopped_order_says_nothing_about_money(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    payment_status: str,
    stopped: int,
) -> None:
    web = join(settings=mapped(row("Bank Deposit"), status="Awaiting Payment"))
    order = place("Bank Deposit", "captured", status_id=AWAITING_PAYMENT)
    web.import_orders()
    web.follow_orders()
    store.edit_order(order.id, status_id=stopped, payment_status=payment_status)
    web.follow_orders()
    assert (one(books).state, one(books).amount) == ("pending", 0)
    # It goes on, and is paid.
    store.edit_order(order.id, status_id=AWAITING_PICKUP, payment_status="captured")
    web.follow_orders()
    assert one(books).state == "captured"


@pytest.mark.parametrize("has_transactions", [True, False])
def test_transactions_alone_say_what_was_received_of_a_stopped_order(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    has_transactions: bool,
) -> None:
    order = place("Credit Card", "authorized", paid=has_transactions)
    if has_transactions:
        store.order(order.id).transactions[0]["event"] = "authorization"
    web.import_orders()
    assert one(books).state == "pending"
    if has_transactions:
        own = store.order(order.id)
        store.state.add_transaction(own, own.transactions[0], event="capture")
    store.edit_order(order.id, status_id=5, payment_status="captured")
    web.follow_orders()
    assert one(books).state == ("captured" if has_transactions else "pending")


@pytest.mark.parametrize("how", ["moved on", "entered"])
def test_the_advice_about_an_order_that_avbc_gave_a_paid_status_is_followed(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    how: str,
) -> None:
    web = join(settings=mapped(row("Wire", offline=True), status="Awaiting Payment"))
    order = place("Wire", "authorized", status_id=AWAITING_PAYMENT)
    (outcome,) = web.import_orders().imported
    (problem,) = outcome.problems
    assert "another status of paid orders in BigCommerce than the one that avbc" in problem.fix
    assert "Or enter the receipt in AcctVantage" in problem.fix
    web.follow_orders()
    total = books.sales_orders()[0].total
    if how == "moved on":
        store.edit_order(order.id, status_id=AWAITING_PICKUP)
    else:
        with books.engine.begin() as connection:
            change = sa.update(schema.receipts).values(state="captured", amount=total)
            connection.execute(change)
    web.follow_orders()
    assert (one(books).state, one(books).amount) == ("captured", total)
    assert list(web.worklist()) == []


@pytest.mark.parametrize("payment_status", ["", "pending", "authorized"])
def test_an_offline_order_in_a_paid_status_is_received(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    payment_status: str,
) -> None:
    place("Cash on Delivery", payment_status)
    assert web.preview_orders().imported[0].problems == ()
    (outcome,) = web.import_orders().imported
    assert outcome.problems == ()
    assert one(books).state == "captured"
    web.follow_orders()
    assert (one(books).state, reads(store)) == ("captured", 0)
    assert web.reconcile(since=books.sales_orders()[0].ordered_at).ok


def test_what_was_refused_after_it_was_paid_is_received(
    join: Join, mapped: Callable[..., Settings], books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    """11, then our Import Error."""
    order = place("Bank Deposit", "pending")
    web = join()
    assert len(web.import_orders().refused) == 1
    web = join(settings=mapped(row("Bank Deposit")))
    assert len(web.import_order(order.id).imported) == 1
    assert one(books).state == "captured"


def test_transactions_decide_in_awaiting_payment(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
) -> None:
    web = join(settings=mapped(status="Awaiting Payment"))
    place("Credit Card", "captured", status_id=AWAITING_PAYMENT, paid=True)
    (outcome,) = web.import_orders().imported
    assert outcome.problems == ()
    assert (one(books).state, reads(store)) == ("captured", 1)


def test_transactions_are_read_unless_the_method_is_known_to_be_offline(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
) -> None:
    """A card's payment without a payment status, of which the transactions say what it is."""
    place("Credit Card", "", paid=True)
    place("Net 30", "pending")
    place("Purchase Order", "", payment_provider_id="PO-7")
    web = join(settings=mapped(row("Net 30", offline=True)))
    report = web.import_orders()
    assert [outcome.problems for outcome in report.imported] == [(), ()]
    assert [outcome.problems[0].code for outcome in report.refused] == ["client_not_on_open_ar"]
    assert [receipt.state for receipt in books.receipts()] == ["captured", "captured"]
    assert reads(store) == 1


@pytest.mark.parametrize("how", ["offline", "paid"])
def test_a_payment_of_which_nothing_is_known_waits_for_a_person(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    how: str,
) -> None:
    web = join(settings=mapped(row("Wallet")))
    order = place("Wallet", "", payment_provider_id="w-77")
    (outcome,) = web.import_orders().refused
    (problem,) = outcome.problems
    assert problem.code == "payment_status_missing"
    assert "Check the payment in BigCommerce" in problem.fix
    assert "set offline = true in its row of gl.payment_methods" in problem.fix
    if how == "offline":
        web = join(settings=mapped(row("Wallet", offline=True)))
    else:
        store.edit_order(order.id, payment_status="captured")
    assert len(web.import_orders(retry_errors=True).imported) == 1
    assert one(books).state == "captured"
    assert list(web.worklist()) == []


def test_a_card_without_a_status_a_reference_and_transactions_goes_by_the_order_s_status(
    web: Orchestrator, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    """An order made over the checkout API, 2022."""
    place("Credit Card", "", payment_provider_id=None)
    assert web.import_orders().imported[0].problems == ()
    assert one(books).state == "captured"


def test_captured_without_transactions_is_not_received_in_awaiting_payment(
    join: Join,
    mapped: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
) -> None:
    web = join(settings=mapped(status="Awaiting Payment"))
    order = place("Credit Card", "captured", status_id=AWAITING_PAYMENT)
    web.import_orders()
    web.follow_orders()
    assert one(books).state == "pending"
    store.edit_order(order.id, status_id=AWAITING_PICKUP)
    web.follow_orders()
    assert one(books).state == "captured"
    assert list(web.worklist()) == []


def test_a_declined_authorization_is_given_up(
    join: Join,
    change: Change,
    store: FakeStore,
    books: SqlGateway,
    factory: OrderFactory,
) -> None:
    gl = {"credit_card_transactions_are_preauthorizations": True}
    web = join(settings=change(gl=gl))
    order = store.add_order(
        factory.order([item("LAMP-01", 3)], payment=Payment(state="authorized"))
    )
    web.import_orders()
    assert one(books).state == "pre_authorized"
    store.order(order.id).transactions[0]["status"] = "error"
    store.edit_order(order.id, payment_status="declined")
    web.follow_orders()
    assert one(books).state == "voided"
    assert [each.code for each in web.worklist()] == ["payment_declined_after_import"]


def test_a_test_is_refused_except_in_a_rehearsal(
    join: Join,
    change: Change,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
) -> None:
    order = place("Credit Card", "captured", paid=True)
    store.order(order.id).transactions[0]["test"] = True
    web = join()
    (outcome,) = web.import_orders().refused
    (problem,) = outcome.problems
    assert problem.code == "test_transaction"
    assert "set gl.import_test_transactions = true" in problem.fix
    assert "Turn off the gateway's test mode, and get the order paid" in problem.fix
    web = join(settings=change(gl={"import_test_transactions": True}))
    (outcome,) = web.import_orders(retry_errors=True).imported
    assert [(each.code, each.severity) for each in outcome.problems] == [
        ("test_transaction", "warning")
    ]
    total = books.sales_orders()[0].total
    assert (one(books).state, one(books).amount) == ("captured", total)
    assert one(books).gateway.endswith("(test)")
    assert list(web.worklist()) == []


def test_a_test_that_is_paid_for_is_imported(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place("Credit Card", "captured", paid=True)
    store.order(order.id).transactions[0]["test"] = True
    assert len(web.import_orders().refused) == 1
    store.order(order.id).transactions[0]["test"] = False
    assert len(web.import_orders(retry_errors=True).imported) == 1
    assert one(books).state == "captured"


@pytest.mark.parametrize("how", ["id", "name"])
def test_a_translated_method_is_found_by_its_id_or_its_name(
    join: Join,
    mapped: Callable[..., Settings],
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    how: str,
) -> None:
    order = place("Kreditkarte", "captured", paid=True, customer_locale="de-DE")
    id_ = str(order.transactions[0]["payment_method_id"])
    (outcome,) = join().import_orders().refused
    (problem,) = outcome.problems
    assert problem.code == "payment_method_translated"
    assert f'Set payment_method_id = "{id_}" in the method\'s row' in problem.fix
    new = row("Card", payment_method_id=id_) if how == "id" else row("Kreditkarte")
    web = join(settings=mapped(new))
    assert len(web.import_orders(retry_errors=True).imported) == 1
    assert one(books).receipt_type == "Check"
    assert list(web.worklist()) == []


def edited_down(order: FakeOrder) -> None:
    """As if a line of 53.04 had been taken off, and its price refunded."""
    (purchase,) = order.transactions
    purchase["amount"] += 53.04
    order.transactions.append(
        {
            **purchase,
            "id": purchase["id"] + 1,
            "event": "refund",
            "amount": 53.04,
            "reference_transaction_id": purchase["id"],
        }
    )
    order.header["payment_status"] = "partially refunded"


def taken_off(store: FakeStore, order_id: int) -> None:
    """Take a line off an order in the control panel, and refund its price."""
    whole = store.order(order_id)
    factory = OrderFactory(first_id=order_id)
    payment = Payment() if whole.transactions else Payment("Cash on Delivery", "", "offline")
    less = factory.order([item("MUG-RED", 1)], payment=payment, status_id=NEW)
    off = Decimal(str(whole.header["total_inc_tax"])) - Decimal(str(less.header["total_inc_tax"]))
    less.transactions[:] = whole.transactions
    status = {name: whole.header[name] for name in ("status_id", "status", "custom_status")}
    less.header.update(status, payment_status=whole.header["payment_status"])
    provider = str(whole.transactions[0]["gateway"]) if whole.transactions else "custom"
    gone = int(str(whole.products[0]["id"])) + 7
    less.refunds.append(
        {
            "id": order_id * 100,
            "order_id": order_id,
            "created": store.state.now_iso(),
            "reason": "",
            "total_amount": float(off),
            "total_tax": 0,
            "uses_merchant_override_values": False,
            "items": [
                {"item_type": "PRODUCT", "item_id": gone, "quantity": 1, "requested_amount": None}
            ],
            "payments": [
                {"id": 1, "provider_id": provider, "amount": float(off), "offline": False}
            ],
        }
    )
    store.add_order(less)
    if whole.transactions:
        own = store.order(order_id)
        store.state.add_transaction(own, own.transactions[0], event="refund", amount=float(off))
        store.edit_order(order_id, payment_status="partially refunded")


def given_back(store: FakeStore, order_id: int) -> Decimal:
    """Refund a line, without an edit."""
    order = store.order(order_id)
    (line,) = order.products
    paid, without = (Decimal(str(line[name])) for name in ("total_inc_tax", "total_ex_tax"))
    provider = str(order.transactions[0]["gateway"])
    store.add_refund(
        {
            "id": order_id * 100 + 1,
            "order_id": order_id,
            "created": store.state.now_iso(),
            "reason": "",
            "total_amount": float(paid),
            "total_tax": float(paid - without),
            "uses_merchant_override_values": False,
            "items": [
                {
                    "item_type": "PRODUCT",
                    "item_id": line["id"],
                    "quantity": line["quantity"],
                    "requested_amount": None,
                }
            ],
            "payments": [{"id": 2, "provider_id": provider, "amount": float(paid)}],
        }
    )
    line["quantity_refunded"] = line["quantity"]
    store.state.add_transaction(order, order.transactions[0], event="refund", amount=float(paid))
    store.edit_order(order_id, payment_status="partially refunded", status_id=14)
    return paid


def test_an_order_that_was_edited_down_is_received_net_of_its_refund(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    order = place("Credit Card", "captured", paid=True)
    edited_down(store.order(order.id))
    (outcome,) = web.import_orders().imported
    assert outcome.problems == ()
    assert (one(books).state, one(books).amount) == ("captured", books.sales_orders()[0].total)
    reasons = [each.reason for each in web.explain(order.id).decisions if each.value == "53.04"]
    assert len(reasons) == 1
    assert "makes no credit" in reasons[0]


@pytest.mark.parametrize("imports", [True, False])
@pytest.mark.parametrize("is_lost", [True, False])
def test_the_refund_of_an_edit_makes_no_credit(
    join: Join,
    change: Change,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    imports: bool,
    is_lost: bool,
) -> None:
    settings = change(gl={"import_refunds": imports})
    web = join(settings=settings)
    order = place("Credit Card", "captured", paid=True)
    web.import_orders()
    taken_off(store, order.id)
    store.edit_order(order.id, status_id=NEW)
    assert len(web.import_orders().updated) == 1
    total = books.sales_orders()[0].total
    if is_lost:
        web = join(settings=settings, journal="sqlite://")
    for _ in range(2):
        if imports:
            report = web.import_refunds()
            assert (report.sent, report.refused, report.postponed) == ([], [], [])
        web.follow_orders()
        assert list(web.worklist()) == []
        assert web.reconcile(since=books.sales_orders()[0].ordered_at).ok
    assert [receipt.amount for receipt in books.receipts()] == [total]
    assert books.credits() == []
    # A refund without an edit is a credit of its own, also now.
    amount = given_back(store, order.id)
    web.follow_orders()
    if imports:
        assert len(web.import_refunds().sent) == 1
        assert [credit.total for credit in books.credits()] == [amount]
    else:
        assert [each.code for each in web.worklist()] == ["refund_not_booked"]


def test_a_refund_without_an_edit_needs_no_transactions(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    web = join(settings=change(gl={"import_refunds": True}))
    order = place("Credit Card", "captured", paid=True)
    web.import_orders()
    web.import_refunds()
    store.clear_log()
    given_back(store, order.id)
    assert len(web.import_refunds().sent) == 1
    assert (len(books.credits()), reads(store)) == (1, 0)


def test_what_is_refunded_of_a_line_that_is_gone_makes_no_credit_offline(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    web = join(settings=change(gl={"import_refunds": True}))
    order = place("Cash on Delivery", "")
    taken_off(store, order.id)
    web.import_orders()
    report = web.import_refunds()
    assert (report.sent, report.refused) == ([], [])
    assert books.credits() == []
    assert one(books).amount == books.sales_orders()[0].total
