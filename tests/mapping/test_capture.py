"""Whether a pre-authorized payment may be captured or voided now."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.acctvantage.records import Address, Receipt, SalesOrder
from avbc.bigcommerce.models import Order
from avbc.mapping import authorization_age, payment_action, shortest_authorization
from avbc.settings import PaymentMethodMapping

D = Decimal
NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)

SALES_ORDER = SalesOrder(
    import_id="WEB1042",
    store_order_id=1042,
    client="Rivera",
    lines=(),
    total=D("25.00"),
    tax=D(0),
    tax_area="BigCommerce",
    currency="USD",
    warehouse="Main",
    ship_via="UPS Ground",
    bill_to=Address(),
)
HELD = Receipt(
    "WEB1042",
    "Visa/MC",
    D(0),
    "pre_authorized",
    D("20.00"),
    "WEB1042-1",
    "Credit Card",
    gateway="authorizenet",
    gateway_transaction_id="60121",
    authorized_at=NOW - timedelta(days=2),
    capture_wanted=True,
)
CREDIT = Receipt("WEB1042", "StoreCredit", D("5.00"), import_id="WEB1042-2")
VOID = attrs.evolve(HELD, capture_wanted=False, void_wanted=True)


def act(*receipts, status="authorized", **more):
    sales_order = attrs.evolve(
        SALES_ORDER, **{name: more.pop(name) for name in ("total", "currency") if name in more}
    )
    return payment_action(
        sales_order,
        receipts or (HELD, CREDIT),
        Order(id=1042, payment_status=status, total_inc_tax=D(25)),
        **{"now": NOW, **more},
    )


def codes(ruling):
    return [problem.code for problem in ruling.problems]


def test_an_authorized_payment_is_captured_whole():
    ruling = act()
    assert (ruling.value.action, ruling.value.step, ruling.value.amount) == (
        "capture",
        "send",
        D("20.00"),
    )
    assert ruling.value.receipts == (HELD,)
    assert ruling.problems == ()


@pytest.mark.parametrize(
    ("receipt", "status", "step", "code"),
    [
        (HELD, "Authorized", "send", None),
        (HELD, "capture  pending", "wait", None),
        (HELD, "captured", "record", None),
        (HELD, "paid", "record", None),
        (HELD, "partially refunded", "record", "payment_partly_refunded"),
        (HELD, "", None, "payment_not_authorized"),
        (HELD, "pending", None, "payment_not_authorized"),
        (HELD, "declined", None, "payment_not_authorized"),
        (HELD, "held for review", None, "payment_not_authorized"),
        (HELD, "refunded", None, "payment_not_authorized"),
        (HELD, "void", None, "payment_not_authorized"),
        (HELD, "void pending", None, "payment_not_authorized"),
        (HELD, "something new", None, "payment_not_authorized"),
        (VOID, "authorized", "send", None),
        (VOID, "void pending", "wait", None),
        (VOID, "void", "record", None),
        (VOID, "captured", None, "payment_not_authorized"),
        (VOID, "capture pending", None, "payment_not_authorized"),
    ],
)
def test_the_store_s_status_decides(receipt, status, step, code):
    ruling = act(receipt, status=status)
    assert (ruling.value and ruling.value.step) == step
    assert codes(ruling) == ([code] if code else [])


def test_what_is_done_already_is_left_alone():
    for receipt in (
        attrs.evolve(HELD, state="captured", amount=D(20)),
        attrs.evolve(VOID, state="voided"),
    ):
        ruling = act(receipt)
        assert (ruling.value, ruling.problems) == (None, ())
        assert [decision.field for decision in ruling.decisions] == ["WEB1042-1"]


def test_nothing_wanted_is_nothing_to_do():
    ruling = act(attrs.evolve(HELD, capture_wanted=False), CREDIT)
    assert (ruling.value, ruling.problems) == (None, ())


@pytest.mark.parametrize(
    ("receipts", "code"),
    [
        ([attrs.evolve(HELD, void_wanted=True)], "capture_and_void"),
        ([HELD, attrs.evolve(VOID, import_id="WEB1042-2")], "capture_and_void"),
        ([attrs.evolve(HELD, state="pending")], "receipt_not_preauthorized"),
        ([attrs.evolve(HELD, state="voided")], "receipt_not_preauthorized"),
        ([attrs.evolve(VOID, state="captured", amount=D(20))], "receipt_not_preauthorized"),
        ([attrs.evolve(HELD, import_id="")], "receipt_not_from_store"),
        ([attrs.evolve(HELD, pre_auth_amount=D(0))], "amount_unreadable"),
        ([attrs.evolve(HELD, pre_auth_amount=D(-1))], "amount_unreadable"),
        ([attrs.evolve(HELD, pre_auth_amount=D("NaN"))], "amount_unreadable"),
        # A part cannot be captured: neither less than a receipt holds, nor one of two receipts.
        ([attrs.evolve(HELD, amount=D("12.00"))], "capture_is_partial"),
        (
            [
                HELD,
                attrs.evolve(
                    HELD, import_id="WEB1042-2", pre_auth_amount=D(5), capture_wanted=False
                ),
            ],
            "capture_is_partial",
        ),
        (
            [
                VOID,
                attrs.evolve(
                    HELD, import_id="WEB1042-2", pre_auth_amount=D(5), capture_wanted=False
                ),
            ],
            "capture_is_partial",
        ),
        ([HELD, attrs.evolve(CREDIT, amount=D("5.01"))], "capture_exceeds_order"),
        ([HELD, attrs.evolve(CREDIT, amount=D("sNaN"))], "amount_unreadable"),
        ([HELD, attrs.evolve(CREDIT, amount=D("1e300"))], "amount_unreadable"),
    ],
)
def test_what_may_not_be_captured_is_a_problem(receipts, code):
    ruling = act(*receipts)
    assert (ruling.value, codes(ruling)) == (None, [code])


def test_an_amount_that_is_the_whole_is_no_part():
    assert act(attrs.evolve(HELD, amount=D("20.00"))).value.step == "send"


def test_two_authorizations_are_captured_together():
    ruling = act(HELD, attrs.evolve(HELD, import_id="WEB1042-2", pre_auth_amount=D(5)))
    assert (ruling.value.amount, len(ruling.value.receipts)) == (D(25), 2)


def test_a_receipt_that_a_person_entered_does_not_count():
    by_hand = attrs.evolve(HELD, import_id="", pre_auth_amount=D(5), capture_wanted=False)
    assert act(HELD, by_hand).value.amount == D(20)


def test_no_more_is_captured_than_the_order_in_the_books_is_over():
    ruling = act(total=D("19.00"))
    assert ruling.problems[0].message == (
        "20.00 would be captured on top of 5.00, and the order in AcctVantage is over 19.00: 6.00 "
        "too much."
    )
    assert act(total=D("24.996")).problems == ()
    assert codes(act(total=D("24.996"), currency="KWD")) == ["capture_exceeds_order"]
    assert act(VOID, total=D("1.00")).problems == ()


@pytest.mark.parametrize(
    ("age", "warned"),
    [
        (timedelta(days=7), False),
        (timedelta(days=7, seconds=1), True),
        (timedelta(days=40), True),
        (timedelta(days=-3), False),
    ],
)
def test_an_old_authorization_is_warned_about(age, warned):
    ruling = act(attrs.evolve(HELD, authorized_at=NOW - age))
    assert ruling.value.step == "send"
    assert codes(ruling) == (["authorization_old"] if warned else [])


def test_how_old_is_old_is_data():
    old = attrs.evolve(HELD, authorized_at=NOW - timedelta(days=20))
    assert codes(act(old, old_after_days=30)) == []
    assert "20 days ago" in act(old).problems[0].message


@pytest.mark.parametrize(
    ("method", "days"),
    [("Credit Card", 3), ("creditcard", 3), ("PayPal", 29), ("Amex", 7)],
)
def test_how_long_an_authorization_is_good_is_the_payment_method_s(settings, method, days):
    rows = tuple(
        PaymentMethodMapping(bigcommerce=name, receipt_type="Visa/MC", authorization_days=count)
        for name, count in (("Credit Card", 3), ("PayPal", 29))
    )
    changed = attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows))
    for age, is_old in ((timedelta(days=days), False), (timedelta(days=days, seconds=1), True)):
        receipt = attrs.evolve(HELD, authorized_at=NOW - age, store_payment_method=method)
        found = authorization_age(receipt, changed, NOW)
        assert (found.since, found.age, found.good_days) == (NOW - age, age, days)
        assert found.is_old == is_old
        ruling = act(receipt, settings=changed)
        assert codes(ruling) == (["authorization_old"] if is_old else [])
        assert not is_old or f"good for {days}" in ruling.problems[0].message
    assert authorization_age(attrs.evolve(HELD, authorized_at=None), changed, NOW) is None
    assert shortest_authorization(changed) == timedelta(days=3)


def test_without_a_row_of_its_own_an_authorization_is_good_for_a_week(settings):
    bare = attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=()))
    assert authorization_age(HELD, bare, NOW).good_days == 7
    assert shortest_authorization(bare) == timedelta(days=7)


@pytest.mark.parametrize(("receipt", "done"), [(HELD, "captured"), (VOID, "voided")])
def test_an_action_says_what_becomes_of_its_receipts(receipt, done):
    assert act(receipt).value.done == done


def test_the_age_is_of_no_matter_where_nothing_is_captured():
    old = timedelta(days=40)
    assert codes(act(attrs.evolve(VOID, authorized_at=NOW - old))) == []
    assert codes(act(attrs.evolve(HELD, authorized_at=NOW - old), status="captured")) == []
    assert codes(act(attrs.evolve(HELD, authorized_at=None))) == []


def test_times_without_a_zone_are_utc():
    east = timezone(timedelta(hours=9))
    naive = (NOW - timedelta(days=8)).replace(tzinfo=None)
    assert codes(act(attrs.evolve(HELD, authorized_at=naive))) == ["authorization_old"]
    assert (
        codes(
            act(
                attrs.evolve(HELD, authorized_at=(NOW - timedelta(days=7)).astimezone(east)),
                now=NOW.replace(tzinfo=None),
            )
        )
        == []
    )


some_receipts = st.builds(
    Receipt,
    st.just("WEB1042"),
    st.just("Visa/MC"),
    st.decimals(),
    st.sampled_from(["captured", "pre_authorized", "pending", "voided"]),
    st.decimals() | st.just(D(20)),
    st.sampled_from(["", "WEB1042-1"]),
    authorized_at=st.none() | st.datetimes(),
    capture_wanted=st.booleans(),
    void_wanted=st.booleans(),
)


@given(
    st.lists(some_receipts, max_size=3),
    st.sampled_from(["authorized", "captured", "void", "", "void pending"]),
)
def test_whatever_the_receipts_what_is_sent_is_authorized_and_whole(receipts, status):
    ruling = payment_action(
        SALES_ORDER, receipts, Order(id=1042, payment_status=status, total_inc_tax=D(25)), now=NOW
    )
    assert ruling.value is None or not ruling.errors
    if ruling.value is not None and ruling.value.step == "send":
        assert status == "authorized"
        assert ruling.value.amount == sum(
            one.pre_auth_amount
            for one in receipts
            if one.state == "pre_authorized" and one.import_id
        )


def test_what_was_edited_down_is_not_captured():
    edited = Order(id=1042, payment_status="authorized", total_inc_tax=D("19.00"))
    ruling = payment_action(SALES_ORDER, (HELD, CREDIT), edited, now=NOW)
    assert (ruling.value, codes(ruling)) == (None, ["capture_exceeds_order"])
    assert "no more than 19.00 of it at the gateway" in ruling.problems[0].fix
    assert payment_action(SALES_ORDER, (VOID,), edited, now=NOW).problems == ()
    near = attrs.evolve(edited, total_inc_tax=D("19.996"))
    assert payment_action(SALES_ORDER, (HELD, CREDIT), near, now=NOW).problems == ()
