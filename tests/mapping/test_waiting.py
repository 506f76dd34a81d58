"""Which orders wait for their payment, by `import_when` of their method."""

from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from avbc.bigcommerce.models import Transaction
from avbc.mapping import MappingRules
from avbc.mapping.waiting import NEVER_IMPORTED, WAITS_FOR_PAYMENT, waits
from avbc.settings import PaymentMethodMapping

D = Decimal
WHEN = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)
AWAITING_PAYMENT, PAID_STATUS = 7, 11


def transaction(event, amount="11.00", id_=1, **more):
    fields = {"currency": "USD", "gateway": "authorizenet", "date_created": WHEN, "status": "ok"}
    return Transaction(id=id_, order_id=1042, event=event, amount=D(amount), **(fields | more))


@pytest.fixture
def rules_of(settings, reference):
    def make(method="Credit Card", when="paid", offline=None, **gl):
        rows = (
            PaymentMethodMapping(bigcommerce="Other", receipt_type="Check"),
            PaymentMethodMapping(
                bigcommerce=method, receipt_type="Visa/MC", import_when=when, offline=offline
            ),
        )
        gl = attrs.evolve(settings.gl, payment_methods=rows, **gl)
        return MappingRules(attrs.evolve(settings, gl=gl), reference)

    return make


@pytest.mark.parametrize(
    ("payment_status", "authorized", "paid"),
    [
        ("captured", False, False),
        ("paid", False, False),
        ("partially refunded", False, False),
        ("Captured ", False, False),
        ("authorized", False, True),
        ("capture pending", False, True),
        ("pending", True, True),
        ("held for review", True, True),
        ("declined", True, True),
        ("void", True, True),
        ("void pending", True, True),
        # What is wrong is for the import to say.
        ("refunded", False, False),
        ("strange", False, False),
        # Only transactions can say it.
        ("", False, False),
    ],
)
@pytest.mark.parametrize("status_id", [AWAITING_PAYMENT, PAID_STATUS])
def test_the_payment_status_decides_where_there_is_one(
    make_order, rules_of, *, payment_status, authorized, paid, status_id
):
    order = make_order(payment_status=payment_status, status_id=status_id)
    for when, expected in (("always", False), ("authorized", authorized), ("paid", paid)):
        found = waits(order, None, rules_of(when=when))
        assert (found is not None) == expected
        if found is not None:
            assert (found.code, found.severity) == (WAITS_FOR_PAYMENT, "warning")
            assert "gl.payment_methods[1]" in found.message
            assert found.fix


@pytest.mark.parametrize(
    "method",
    [
        "Bank Deposit",
        "Cash",
        "Cash on Delivery",
        "Check",
        "Manual",
        "Money Order",
        "Pay in Store",
        "cash on  delivery",
    ],
)
@pytest.mark.parametrize("payment_status", ["", "pending", "authorized"])
@pytest.mark.parametrize("when", ["authorized", "paid"])
def test_of_an_offline_method_the_orders_status_decides(
    make_order, rules_of, *, method, payment_status, when
):
    rules = rules_of(method, when)
    values = {"payment_method": method, "payment_status": payment_status}
    for status_id, expected in ((0, True), (1, True), (7, True), (11, False), (9, False)):
        found = waits(make_order(**values, status_id=status_id), None, rules)
        assert (found is not None) == expected
        if found is not None:
            assert "call import_order(1042)" in found.fix


def test_a_row_may_say_that_a_method_is_offline_or_is_not(make_order, rules_of):
    wire = make_order(payment_method="Wire", payment_status="pending", status_id=11)
    assert waits(wire, None, rules_of("Wire", "paid", offline=True)) is None
    found = waits(wire, None, rules_of("Wire", "paid"))
    assert found is not None
    assert "set offline = true in gl.payment_methods[1]" in found.fix
    check = make_order(payment_method="Check", payment_status="", status_id=7)
    assert waits(check, None, rules_of("Check", "paid")) is not None
    assert waits(check, None, rules_of("Check", "paid", offline=False)) is None


def test_transactions_decide_where_the_status_says_nothing(make_order, rules_of):
    order = make_order(payment_status="", status_id=11)
    authorized, paid = rules_of(when="authorized"), rules_of(when="paid")
    held = [transaction("authorization")]
    assert waits(order, held, authorized) is None
    assert waits(order, held, paid).code == WAITS_FOR_PAYMENT
    taken = [*held, transaction("capture", id_=2, reference_transaction_id=1)]
    assert waits(order, taken, paid) is None
    given_up = [*held, transaction("void", id_=2, reference_transaction_id=1)]
    assert waits(order, given_up, paid).value == "void"
    assert waits(order, given_up, authorized).value == "void"
    # An error of a transaction is for the import to say.
    assert waits(order, [transaction("authorization", currency="EUR")], paid) is None


def test_a_payment_that_was_captured_in_part_was_received(make_order, rules_of):
    order = make_order(payment_status="captured")
    parts = [
        transaction("authorization"),
        transaction("capture", "3.50", 2, reference_transaction_id=1),
    ]
    assert waits(order, parts, rules_of(when="paid")) is None


def test_what_acctvantage_captures_is_authorized(make_order, rules_of):
    order = make_order(payment_status="authorized")
    gl = {"credit_card_transactions_are_preauthorizations": True}
    assert waits(order, None, rules_of(when="authorized", **gl)) is None
    assert waits(order, None, rules_of(when="paid", **gl)) is not None


@pytest.mark.parametrize("payment_status", ["", "captured", "authorized"])
def test_never_is_never(make_order, rules_of, payment_status):
    order = make_order(payment_status=payment_status)
    for transactions in (None, (), [transaction("purchase")]):
        found = waits(order, transactions, rules_of(when="never"))
        assert (found.code, found.field, found.value) == (
            NEVER_IMPORTED,
            "payment_method",
            "Credit Card",
        )
    assert waits(make_order(payment_method="Other"), None, rules_of(when="never")) is None


def test_an_order_with_nothing_to_pay_waits_for_nothing(make_order, rules_of):
    free = make_order(total_inc_tax=D(0), payment_status="", payment_method="Check", status_id=7)
    assert waits(free, None, rules_of("Check", "paid")) is None
    credit = make_order(payment_status="", payment_method="Store Credit", status_id=7)
    assert waits(credit, None, rules_of("StoreCredit", "paid")) is None


def test_an_order_that_was_paid_by_store_credit_in_full_waits_for_nothing(make_order, rules_of):
    plain = make_order()
    order = make_order(payment_status="pending", store_credit_amount=plain.total_inc_tax)
    assert waits(order, None, rules_of(when="paid")) is None
    part = make_order(payment_status="pending", store_credit_amount=D(1))
    assert waits(part, None, rules_of(when="paid")) is not None


def test_a_method_is_known_by_the_id_of_its_transactions(make_order, rules_of):
    rules = rules_of(when="paid")
    row = attrs.evolve(rules.settings.gl.payment_methods[1], payment_method_id="stripe.card")
    gl = attrs.evolve(rules.settings.gl, payment_methods=(row,))
    rules = attrs.evolve(rules, settings=attrs.evolve(rules.settings, gl=gl))
    order = make_order(payment_method="Kreditkarte", payment_status="authorized")
    held = [transaction("authorization", payment_method_id="Stripe.Card")]
    assert waits(order, held, rules).code == WAITS_FOR_PAYMENT
    assert waits(order, None, rules) is None
    assert waits(order, [transaction("authorization")], rules) is None


def test_amounts_that_cannot_be_read_are_for_the_import(make_order, rules_of):
    order = make_order(payment_status="pending", total_inc_tax=D("NaN"))
    assert waits(order, None, rules_of(when="paid")) is None


def test_methods_are_compared_as_elsewhere(make_order, rules_of):
    order = make_order(payment_method=" CREDIT   card", payment_status="authorized")
    assert waits(order, None, rules_of("creditcard", "paid")) is not None


def test_an_order_paid_by_store_credit_waits_for_nothing(make_order, rules_of):
    order = make_order(payment_method="Store Credit", payment_status="", status_id=AWAITING_PAYMENT)
    assert waits(order, (), rules_of(method="Store Credit", offline=True)) is None


def test_sums_that_cannot_be_proved_count_as_the_total(make_order, rules_of):
    order = make_order(store_credit="5.00", payment_status="pending")
    order.total_ex_tax += 1
    assert waits(order, (), rules_of()).code == WAITS_FOR_PAYMENT
