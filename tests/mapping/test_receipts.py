"""Receipts follow what becomes of the store's payments, or say why they cannot."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avbc.acctvantage.records import Address, Receipt, SalesOrder
from avbc.bigcommerce.models import Order, Transaction
from avbc.mapping import MappingRules, follow_receipts, payment_for, payment_without_order

D = Decimal
AUTHORIZED = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)
CAPTURED = AUTHORIZED + timedelta(days=2)
MODIFIED = AUTHORIZED + timedelta(days=3)

SALES_ORDER = SalesOrder(
    import_id="WEB1042",
    store_order_id=1042,
    client="Rivera",
    lines=(),
    total=D("19.80"),
    tax=D(0),
    tax_area="BigCommerce",
    currency="USD",
    warehouse="Main",
    ship_via="UPS Ground",
    bill_to=Address(),
)
PENDING = Receipt(
    "WEB1042",
    "Visa/MC",
    D(0),
    "pending",
    import_id="WEB1042-1",
    store_payment_method="Credit Card",
    gateway="authorizenet",
    gateway_transaction_id="gw-1",
    authorized_at=AUTHORIZED,
)
HELD = attrs.evolve(PENDING, state="pre_authorized", pre_auth_amount=D("19.80"))
RECEIVED = attrs.evolve(PENDING, state="captured", amount=D("19.80"), authorized_at=None)
VOIDED = attrs.evolve(HELD, state="voided", voided_at=CAPTURED)
CREDIT = Receipt(
    "WEB1042", "StoreCredit", D("4.00"), import_id="WEB1042-2", store_payment_method="StoreCredit"
)
BY_HAND = Receipt("WEB1042", "Check", D("19.80"))


def step(event, amount="19.80", id_=1, reference=None, **more):
    fields = {
        "currency": "USD",
        "gateway": "authorizenet",
        "gateway_transaction_id": f"gw-{id_}",
        "reference_transaction_id": reference,
        "date_created": CAPTURED if reference else AUTHORIZED,
    }
    return Transaction(id=id_, order_id=1042, event=event, amount=D(amount), **(fields | more))


AUTHORIZATION = step("authorization")
CAPTURE = step("capture", id_=2, reference=1)
VOID = step("void", id_=2, reference=1)


def order_with(status, **more):
    fields = {
        "id": 1042,
        "status_id": 9,
        "payment_status": status,
        "payment_method": "Credit Card",
        "date_created": AUTHORIZED,
        "date_modified": MODIFIED,
    }
    return Order(**(fields | more))


@pytest.fixture
def rules_with(settings, reference):
    def make(**gl):
        return MappingRules(attrs.evolve(settings, gl=attrs.evolve(settings.gl, **gl)), reference)

    return make


@pytest.fixture
def follow(rules_with):
    def run(receipts, status, *steps, total="19.80", box=True, gl=None, **order):
        rules = rules_with(credit_card_transactions_are_preauthorizations=box, **(gl or {}))
        sales_order = attrs.evolve(SALES_ORDER, total=D(total))
        if isinstance(receipts, Receipt):
            receipts = [receipts]
        return follow_receipts(sales_order, receipts, order_with(status, **order), steps, rules)

    return run


def codes(ruling):
    return [problem.code for problem in ruling.problems]


def followed(ruling):
    return [
        (
            change.before.state,
            change.after.state,
            change.after.amount,
            change.after.captured_at or change.after.voided_at,
        )
        for change in ruling.value
    ]


@pytest.mark.parametrize(
    ("receipt", "status", "steps", "expected"),
    [
        # What nothing became of.
        (PENDING, "pending", [], None),
        (PENDING, "capture pending", [AUTHORIZATION], None),
        (HELD, "authorized", [AUTHORIZATION], None),
        (HELD, "authorized", [], None),
        (HELD, "capture pending", [AUTHORIZATION], None),
        (HELD, "void pending", [AUTHORIZATION], None),
        (PENDING, "pending", [AUTHORIZATION, VOID], None),
        (RECEIVED, "captured", [AUTHORIZATION, CAPTURE], None),
        (RECEIVED, "captured", [], None),
        (RECEIVED, "", [], None),
        (RECEIVED, "pending", [], None),
        # An offline order says nothing of what a payment was before.
        (PENDING, "", [], None),
        (HELD, "", [], None),
        # Captured in the panel, or cleared: when, the capture says, or else the order.
        (PENDING, "captured", [AUTHORIZATION, CAPTURE], ("captured", "19.80", CAPTURED)),
        (HELD, "captured", [AUTHORIZATION, CAPTURE], ("captured", "19.80", CAPTURED)),
        (HELD, "captured", [AUTHORIZATION], ("captured", "19.80", MODIFIED)),
        (HELD, "captured", [], ("captured", "19.80", MODIFIED)),
        (HELD, " Paid", [], ("captured", "19.80", MODIFIED)),
        (PENDING, "paid", [], ("captured", "19.80", MODIFIED)),
        (HELD, "authorized", [AUTHORIZATION, CAPTURE], ("captured", "19.80", CAPTURED)),
        (
            PENDING,
            "captured",
            [step("pending"), step("settled", id_=2, reference=1)],
            ("captured", "19.80", CAPTURED),
        ),
        # A capture in two parts came with the second one.
        (
            HELD,
            "captured",
            [
                AUTHORIZATION,
                step("capture", "12.00", 2, 1),
                step("capture", "7.80", 3, 1, date_created=MODIFIED),
            ],
            ("captured", "19.80", MODIFIED),
        ),
        # A settlement of what was captured is no more money.
        (
            HELD,
            "captured",
            [AUTHORIZATION, CAPTURE, step("settled", id_=3, reference=2, date_created=MODIFIED)],
            ("captured", "19.80", CAPTURED),
        ),
        # Authorized after the import.
        (PENDING, "authorized", [AUTHORIZATION], ("pre_authorized", "0", None)),
        (PENDING, "authorized", [], ("pre_authorized", "0", None)),
    ],
)
def test_a_receipt_follows_its_payment(follow, receipt, status, steps, expected):
    ruling = follow(receipt, status, *steps)
    assert ruling.problems == ()
    if expected is None:
        assert ruling.value == ()
        return
    state, amount, when = expected
    assert followed(ruling) == [(receipt.state, state, D(amount), when)]
    assert len(ruling.decisions) == 1
    after = ruling.value[0].after
    assert ruling.value[0].before == receipt
    if state == "pre_authorized":
        assert (after.pre_auth_amount, after.authorized_at) == (D("19.80"), AUTHORIZED)
    # What follows has nothing left to follow.
    assert follow(after, status, *steps).value == ()


@pytest.mark.parametrize("status_id", range(15))
def test_what_is_paid_offline_is_received_by_the_order_s_status(follow, status_id):
    awaited = attrs.evolve(PENDING, gateway="", gateway_transaction_id="", authorized_at=None)
    ruling = follow(awaited, "", status_id=status_id)
    assert ruling.problems == ()
    is_received = status_id in {2, 3, 8, 9, 10, 11, 14}
    expected = [("pending", "captured", D("19.80"), MODIFIED)] if is_received else []
    assert followed(ruling) == expected


def test_a_test_payment_is_never_received(follow):
    assert follow(PENDING, "captured", step("purchase", test=True)).value == ()


@pytest.mark.parametrize("status_id", [9, 2, 10, 5])
@pytest.mark.parametrize(
    ("receipt", "status", "steps", "state", "code", "when"),
    [
        (HELD, "void", [AUTHORIZATION, VOID], "voided", "payment_void_after_import", CAPTURED),
        (HELD, "void", [], "voided", "payment_void_after_import", MODIFIED),
        # The transactions know it before the order does.
        (
            HELD,
            "authorized",
            [AUTHORIZATION, VOID],
            "voided",
            "payment_void_after_import",
            CAPTURED,
        ),
        (PENDING, "void", [AUTHORIZATION], "voided", "payment_void_after_import", MODIFIED),
        (PENDING, "declined", [], "voided", "payment_declined_after_import", MODIFIED),
        # An authorization may outlive a capture that was declined.
        (HELD, "declined", [AUTHORIZATION], None, "payment_declined_after_import", None),
        # The problem stays as long as its cause.
        (VOIDED, "void", [AUTHORIZATION, VOID], None, "payment_void_after_import", None),
        (VOIDED, "void", [], None, "payment_void_after_import", None),
    ],
)
def test_a_void_or_a_decline_is_for_a_person_unless_the_order_is_stopped(
    follow, *, receipt, status, steps, state, code, when, status_id
):
    ruling = follow(receipt, status, *steps, status_id=status_id)
    assert codes(ruling) == ([] if status_id == 5 else [code])
    assert followed(ruling) == ([(receipt.state, state, D(0), when)] if state else [])
    if state:
        after = ruling.value[0].after
        assert (after.capture_wanted, after.void_wanted) == (False, False)
        again = follow(after, status, *steps, status_id=status_id)
        assert (again.value, codes(again)) == ((), codes(ruling))


def test_what_a_person_received_otherwise_settles_a_void(follow):
    assert codes(follow([VOIDED, BY_HAND], "void")) == []
    part = attrs.evolve(BY_HAND, amount=D("19.79"))
    assert codes(follow([VOIDED, part], "void")) == ["payment_void_after_import"]


def test_a_payment_that_was_authorized_again_takes_the_place_of_the_voided_one(follow):
    again = step("authorization", id_=3, date_created=MODIFIED)
    ruling = follow(HELD, "authorized", AUTHORIZATION, VOID, again)
    [change] = ruling.value
    assert (change.after.state, change.after.gateway_transaction_id) == ("pre_authorized", "gw-3")
    assert (change.after.authorized_at, change.after.pre_auth_amount) == (MODIFIED, D("19.80"))
    assert ruling.problems == ()


def test_the_box_decides_whether_an_authorization_is_to_be_captured_here(follow):
    assert follow(PENDING, "authorized", AUTHORIZATION, box=False).value == ()
    assert follow(HELD, "authorized", AUTHORIZATION, box=False).value == ()


@pytest.mark.parametrize(
    ("receipt", "status", "steps", "code"),
    [
        # Amounts.
        (
            HELD,
            "captured",
            [step("authorization", "25.00"), step("capture", "12.00", 2, 1)],
            "receipt_amount_differs",
        ),
        (PENDING, "captured", [step("purchase", "25.00")], "receipt_amount_differs"),
        (HELD, "authorized", [step("authorization", "25.00")], "receipt_amount_differs"),
        (RECEIVED, "captured", [step("purchase", "25.00")], "receipt_amount_differs"),
        (RECEIVED, "captured", [step("refund")], "receipt_amount_differs"),
        # Captured in the books, and not in the store.
        (RECEIVED, "void", [AUTHORIZATION, VOID], "receipt_not_backed"),
        (RECEIVED, "void", [], "receipt_not_backed"),
        (RECEIVED, "declined", [], "receipt_not_backed"),
        (RECEIVED, "authorized", [AUTHORIZATION], "receipt_not_backed"),
        # Not as avbc wrote it.
        (attrs.evolve(HELD, posted=True), "captured", [], "receipt_cannot_follow"),
        (attrs.evolve(PENDING, amount=D(5)), "captured", [], "receipt_cannot_follow"),
        (attrs.evolve(HELD, amount=D(5)), "captured", [], "receipt_cannot_follow"),
        (VOIDED, "captured", [AUTHORIZATION, CAPTURE], "receipt_missing"),
        (VOIDED, "authorized", [AUTHORIZATION], "receipt_missing"),
        # What avbc cannot read.
        (HELD, "half paid", [], "payment_status_unknown"),
        (HELD, "held for review", [], "payment_held"),
        (HELD, "captured", [step("capture", currency="EUR")], "transaction_currency_differs"),
        (HELD, "captured", [step("capture", "NaN")], "amount_unreadable"),
        (attrs.evolve(HELD, pre_auth_amount=D("NaN")), "captured", [], "amount_unreadable"),
    ],
)
def test_what_cannot_follow_is_for_a_person(follow, receipt, status, steps, code):
    ruling = follow(receipt, status, *steps)
    assert (codes(ruling), ruling.value) == ([code], ())
    problem = ruling.problems[0]
    assert problem.severity == "error"
    assert problem.fix
    assert "by hand" not in problem.fix


@pytest.mark.parametrize("status", ["refunded", "partially refunded"])
def test_a_refund_changes_no_receipt(follow, status):
    ruling = follow(RECEIVED, status, step("purchase"), step("refund", id_=2))
    assert (ruling.value, ruling.problems) == ((), ())


def test_money_that_came_and_went_back_is_received_first(follow):
    ruling = follow(HELD, "refunded", AUTHORIZATION, CAPTURE, step("refund", id_=3))
    assert followed(ruling) == [("pre_authorized", "captured", D("19.80"), CAPTURED)]
    assert codes(ruling) == []


def test_a_capture_of_what_was_asked_for_in_full_follows(follow):
    asked = attrs.evolve(HELD, amount=D("19.80"), capture_wanted=True)
    [change] = follow(asked, "captured", AUTHORIZATION, CAPTURE).value
    assert (change.after.state, change.after.capture_wanted) == ("captured", False)


def test_tenders_are_no_payments_at_the_gateway(follow):
    receipts = [attrs.evolve(PENDING, pre_auth_amount=D(0)), CREDIT]
    ruling = follow(receipts, "captured", step("capture", "15.80"))
    assert followed(ruling) == [("pending", "captured", D("15.80"), AUTHORIZED)]
    assert follow([CREDIT], "captured", step("purchase", "15.80")).value == ()
    assert follow([BY_HAND], "captured").value == ()


def test_a_receipt_of_another_import_id_was_entered_by_a_person(follow):
    entered = attrs.evolve(BY_HAND, import_id="AV-7")
    assert codes(follow([VOIDED, entered], "void")) == []
    held = attrs.evolve(entered, state="pre_authorized")
    assert codes(follow([VOIDED, held], "void")) == ["payment_void_after_import"]
    assert follow([attrs.evolve(HELD, import_id="WEB1042-x")], "captured").value == ()


def test_receipts_are_taken_in_the_order_of_their_numbers(follow):
    receipts = [
        attrs.evolve(one, gateway_transaction_id="", import_id=f"WEB1042-{number}")
        for one, number in zip(two("pending"), (10, 9), strict=True)
    ]
    captures = [step("purchase", "10.00"), step("purchase", "9.80", 2)]
    changes = follow(receipts, "captured", *captures).value
    assert [(one.before.import_id, one.after.amount) for one in changes] == [
        ("WEB1042-9", D("10.00")),
        ("WEB1042-10", D("9.80")),
    ]


def test_another_payment_method_has_another_receipt_type(follow):
    assert codes(follow(PENDING, "captured", payment_method="Manual")) == ["receipt_cannot_follow"]
    assert codes(follow(PENDING, "captured", payment_method="Beads")) == [
        "payment_method_unmapped",
        "receipt_cannot_follow",
    ]
    # Under today's settings the method has another Receipt Type; the receipt is right as it is.
    other = attrs.evolve(PENDING, receipt_type="PayPal")
    assert len(follow(other, "captured").value) == 1
    # A void gives up what was there, whatever the order is paid by now.
    assert len(follow(HELD, "void", payment_method="Manual").value) == 1


def two(state, first="10.00", second="9.80"):
    field = {"captured": "amount", "pre_authorized": "pre_auth_amount"}.get(state, "amount")
    return [
        attrs.evolve(
            PENDING,
            state=state,
            import_id=f"WEB1042-{number}",
            gateway_transaction_id=f"gw-{number}",
            **{field: D(amount) if state != "pending" else D(0)},
        )
        for number, amount in ((1, first), (2, second))
    ]


def test_several_receipts_match_their_payments_by_the_gateway_s_id(follow):
    authorizations = [step("authorization", "10.00"), step("authorization", "9.80", 2)]
    ruling = follow(
        two("pre_authorized"), "authorized", *authorizations, step("capture", "9.80", 3, 2)
    )
    assert [(one.before.import_id, one.after.amount) for one in ruling.value] == [
        ("WEB1042-2", D("9.80"))
    ]
    swapped = list(reversed(two("pre_authorized")))
    ruling = follow(swapped, "authorized", *authorizations, step("void", "10.00", 3, 1))
    assert [(one.before.import_id, one.after.state) for one in ruling.value] == [
        ("WEB1042-1", "voided")
    ]
    assert codes(ruling) == ["payment_void_after_import"]


def test_several_voids_are_several_payments(follow):
    steps = [
        step("authorization", "10.00"),
        step("authorization", "9.80", 2),
        step("void", "10.00", 3, 1),
        step("void", "9.80", 4, 2),
    ]
    ruling = follow(two("pre_authorized"), "void", *steps)
    assert [one.after.state for one in ruling.value] == ["voided", "voided"]
    assert codes(ruling) == ["payment_void_after_import"]
    ruling = follow(HELD, "void", *steps)
    assert ([one.after.state for one in ruling.value], len(ruling.problems)) == (["voided"], 1)


def test_several_pending_receipts_need_the_transactions(follow):
    captures = [
        step("authorization", "10.00"),
        step("authorization", "9.80", 2),
        step("capture", "10.00", 3, 1),
        step("capture", "9.80", 4, 2),
    ]
    ruling = follow(two("pending"), "captured", *captures)
    assert [one.after.amount for one in ruling.value] == [D("10.00"), D("9.80")]
    ruling = follow(two("pending"), "captured")
    assert (ruling.value, set(codes(ruling))) == ((), {"receipt_amount_differs"})
    # One is received, so the status is about the other.
    one = attrs.evolve(two("captured")[0], amount=D("10.00"))
    assert followed(follow([one, two("pending")[1]], "captured")) == [
        ("pending", "captured", D("9.80"), MODIFIED)
    ]


def test_the_numbers_of_payments_and_receipts_must_agree(follow):
    paid = [step("purchase", "10.00"), step("purchase", "9.80", 2)]
    assert codes(follow(two("captured"), "captured", paid[0])) == ["receipt_amount_differs"]
    first = attrs.evolve(RECEIVED, amount=D("10.00"))
    ruling = follow(first, "captured", *paid)
    assert codes(ruling) == ["receipt_missing"]
    assert "9.80" in ruling.problems[0].message
    entered = attrs.evolve(BY_HAND, amount=D("9.80"))
    assert codes(follow([first, entered], "captured", *paid)) == []


def in_part(*amounts):
    """An authorization of 19.80, and captures."""
    captures = [step("capture", amount, 2 + n, 1) for n, amount in enumerate(amounts)]
    return [AUTHORIZATION, *captures]


PART = attrs.evolve(RECEIVED, amount=D("12.00"))


@pytest.mark.parametrize("receipt", [PENDING, HELD])
def test_what_was_captured_in_part_is_received_in_part(follow, receipt):
    ruling = follow(receipt, "captured", *in_part("12.00"))
    assert [one.after.amount for one in ruling.value] == [D("12.00")]
    (problem,) = ruling.problems
    assert (problem.code, problem.value) == ("payment_partly_captured", "7.80")
    # A stopped order has nothing to wait for.
    ruling = follow(receipt, "captured", *in_part("12.00"), status_id=5)
    assert ([one.after.amount for one in ruling.value], ruling.problems) == ([D("12.00")], ())


def test_more_of_an_authorization_is_received_when_it_is_captured(follow):
    ruling = follow(PART, "captured", *in_part("12.00", "7.80"))
    assert ([one.after.amount for one in ruling.value], ruling.problems) == ([D("19.80")], ())
    assert follow(ruling.value[0].after, "captured", *in_part("12.00", "7.80")).value == ()
    ruling = follow(PART, "captured", *in_part("12.00", "5.00"))
    assert [one.after.amount for one in ruling.value] == [D("17.00")]
    assert [(one.code, one.value) for one in ruling.problems] == [
        ("payment_partly_captured", "2.80")
    ]


@pytest.mark.parametrize(
    ("receipt", "by_hand", "codes_"),
    [
        (attrs.evolve(PART, posted=True), None, ["receipt_amount_differs"]),
        (attrs.evolve(PART, posted=True), "7.80", []),
        (attrs.evolve(PART, posted=True), "7.79", ["receipt_amount_differs"]),
        # A person changed it: it was never over this amount.
        (attrs.evolve(PART, amount=D("11.00")), None, ["receipt_amount_differs"]),
    ],
)
def test_what_a_person_has_changed_or_posted_stays(follow, receipt, by_hand, codes_):
    entered = [attrs.evolve(BY_HAND, amount=D(by_hand))] if by_hand else []
    ruling = follow([receipt, *entered], "captured", *in_part("12.00", "7.80"))
    assert (ruling.value, codes(ruling)) == ((), codes_)


def test_a_receipt_never_grows_over_what_was_authorized(follow):
    steps = [step("authorization"), step("capture", id_=2), step("capture", id_=3)]
    ruling = follow(RECEIVED, "captured", *steps)
    assert (ruling.value, codes(ruling)) == ((), ["receipt_amount_differs"])
    assert "is over 19.80, and the store received 39.60" in ruling.problems[0].message


@pytest.mark.parametrize("authorized", ["19.80", "19.796", "0"])
def test_a_receipt_grows_to_what_was_authorized(follow, authorized):
    captures = [step("capture", "12.00", 2, 1), step("capture", "7.80", 3, 1)]
    ruling = follow(PART, "captured", step("authorization", authorized), *captures)
    assert [one.after.amount for one in ruling.value] == [D("19.80")]


def test_a_credit_settles_the_rest_unless_the_gateway_paid_it_out(follow, rules_with):
    rules = rules_with()

    def waits(credited, *more):
        steps = [*in_part("12.00"), *more]
        ruling = follow_receipts(
            SALES_ORDER, [PART], order_with("captured"), steps, rules, credited=D(credited)
        )
        return [one.value for one in ruling.problems]

    assert waits("0") == ["7.80"]
    assert waits("7.80") == []
    assert waits("5.00") == ["2.80"]
    assert waits("7.80", step("refund", "7.80", 5, 2)) == ["7.80"]


def test_a_receipt_is_net_of_a_refund_where_the_total_was_edited_down(follow):
    steps = [step("purchase", "83.24"), step("refund", "53.04", 2, 1)]
    net = attrs.evolve(RECEIVED, amount=D("30.20"))
    ruling = follow(net, "partially refunded", *steps, total="30.20")
    assert (ruling.value, ruling.problems) == ((), ())
    whole = attrs.evolve(RECEIVED, amount=D("83.24"))
    ruling = follow(whole, "partially refunded", *steps, total="83.24")
    assert (ruling.value, ruling.problems) == ((), ())
    # The books still have the total before the edit off their receipt.
    assert codes(follow(whole, "partially refunded", *steps, total="30.20")) == [
        "receipt_amount_differs"
    ]
    waiting = attrs.evolve(PENDING, gateway_transaction_id="")
    ruling = follow(waiting, "partially refunded", *steps, total="30.20")
    assert [one.after.amount for one in ruling.value] == [D("30.20")]


def test_a_declined_authorization_is_voided(follow):
    failed = step("authorization", status="error")
    ruling = follow(HELD, "declined", failed)
    assert [one.after.state for one in ruling.value] == ["voided"]
    assert codes(ruling) == ["payment_declined_after_import"]


def test_money_for_an_order_that_was_never_completed():
    problem = payment_without_order(order_with("Captured", status_id=0, total_inc_tax=D("19.80")))
    assert (problem.code, problem.severity) == ("payment_without_order", "error")
    assert "19.80" in problem.message
    assert payment_without_order(order_with("captured")) is None
    assert payment_without_order(order_with("authorized", status_id=0)) is None


EVENTS = ["purchase", "authorization", "capture", "settled", "void", "refund", "pending", "odd"]
STATUSES = [
    "",
    "authorized",
    "captured",
    "capture pending",
    "declined",
    "held for review",
    "paid",
    "partially refunded",
    "pending",
    "refunded",
    "void",
    "void pending",
    "odd",
]


@st.composite
def transactions(draw):
    count = draw(st.integers(0, 5))
    return tuple(
        step(
            draw(st.sampled_from(EVENTS)),
            draw(st.sampled_from(["19.80", "10.00", "9.80", "0", "NaN"])),
            number,
            draw(st.none() | st.integers(1, 5)),
            status=draw(st.sampled_from(["ok", "ok", "ok", "error"])),
        )
        for number in range(1, count + 1)
    )


@given(
    status=st.sampled_from(STATUSES),
    later=st.sampled_from(STATUSES),
    steps=transactions(),
    more=transactions(),
    box=st.booleans(),
    posted=st.booleans(),
    status_id=st.sampled_from([4, 5, 9, 10]),
)
def test_following_is_total_idempotent_and_never_goes_back(
    make_order, settings, reference, *, status, later, steps, more, box, posted, status_id
):
    changed = attrs.evolve(settings.gl, credit_card_transactions_are_preauthorizations=box)
    rules = MappingRules(attrs.evolve(settings, gl=changed), reference)
    made = payment_for(make_order(payment_status=status), steps, D("19.80"), "WEB1042", rules)
    if made.value is None:
        return
    receipts = [attrs.evolve(receipt, posted=posted) for receipt in made.value.receipts]
    order = order_with(later, status_id=status_id)
    ruling = follow_receipts(SALES_ORDER, receipts, order, (*steps, *more), rules)
    ranks = {"pending": 0, "pre_authorized": 1, "captured": 2, "voided": 2}
    after = {receipt.import_id: receipt for receipt in receipts}
    for change in ruling.value:
        assert change.before in receipts
        assert not change.before.posted
        if change.before.state == "captured":
            # More of its authorization was captured.
            assert change.after.amount > change.before.amount
        assert change.before.state in ("pending", "pre_authorized", "captured")
        assert ranks[change.after.state] >= ranks[change.before.state]
        assert change.after.amount >= 0
        assert (change.after.captured_at is not None) == (change.after.state == "captured")
        assert (change.after.voided_at is not None) == (change.after.state == "voided")
        after[change.after.import_id] = change.after
    again = follow_receipts(SALES_ORDER, list(after.values()), order, (*steps, *more), rules)
    assert again.value == ()
    assert sum(receipt.amount for receipt in after.values()) <= D("19.80")


@pytest.mark.no_cover
@given(status=st.sampled_from(STATUSES), steps=transactions(), box=st.booleans())
@example(
    status="",
    steps=(step("purchase", "19.80", 1, None), step("authorization", "0", 2, None)),
    box=True,
)
def test_what_was_just_imported_has_nothing_to_follow(
    make_order, settings, reference, *, status, steps, box
):
    changed = attrs.evolve(settings.gl, credit_card_transactions_are_preauthorizations=box)
    rules = MappingRules(attrs.evolve(settings, gl=changed), reference)
    order = make_order(payment_status=status, status_id=9)
    made = payment_for(order, steps, D("19.80"), "WEB1042", rules)
    if made.value is None:
        return
    ruling = follow_receipts(SALES_ORDER, made.value.receipts, order, steps, rules)
    assert ruling.value == ()
    # What is left of an authorization is a warning of the import, and then waits for a person.
    left = [problem for problem in made.problems if problem.code == "payment_partly_captured"]
    assert [problem.code for problem in ruling.problems] == [problem.code for problem in left]


def test_a_payment_of_which_nothing_is_known_after_the_import_is_for_a_person(follow):
    ruling = follow(PENDING, "", payment_provider_id="gw-1")
    assert (ruling.value, codes(ruling)) == ((), ["payment_status_missing"])
