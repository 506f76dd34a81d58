"""Receipts (manual 2.2.3, 2.2.4; BigCommerce - Store Credits & Gift Cards)."""

from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from avbc.bigcommerce.models import Transaction
from avbc.mapping import MappingRules, payment_for, receipt_type_for
from avbc.settings import PaymentMethodMapping

D = Decimal

WHEN = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)


def codes(ruling):
    return [problem.code for problem in ruling.problems]


def transaction(event, amount="19.80", id_=1, **more):
    fields = {
        "currency": "USD",
        "gateway": "authorizenet",
        "gateway_transaction_id": f"gw-{id_}",
        "date_created": WHEN,
    }
    return Transaction(id=id_, order_id=1042, event=event, amount=D(amount), **(fields | more))


@pytest.fixture
def rules_with(settings, reference):
    def make(*rows, books=reference, **gl):
        methods = tuple(
            PaymentMethodMapping(bigcommerce=method, receipt_type=type_) for method, type_ in rows
        )
        changed = attrs.evolve(
            settings.gl, payment_methods=methods or settings.gl.payment_methods, **gl
        )
        return MappingRules(attrs.evolve(settings, gl=changed), books)

    return make


@pytest.mark.parametrize(
    ("method", "value", "code"),
    [
        ("Credit Card", "Visa/MC", None),
        ("creditcard", "Visa/MC", None),
        (" CREDIT  card ", "Visa/MC", None),
        ("Amex", "Visa/MC", None),  # many to one
        ("PO", "Purchase Order", None),
        ("PayPal", None, "payment_method_unmapped"),  # a Receipt Type of that name is not enough
        ("Wire", None, "receipt_type_unknown"),
        ("", None, "payment_method_missing"),
    ],
)
def test_a_method_maps_to_a_receipt_type(rules_with, method, value, code):
    rules = rules_with(
        ("Credit Card", "visa/mc"), ("Amex", "Visa/MC"), ("PO", "purchase order"), ("Wire", "Bank")
    )
    ruling = receipt_type_for(method, rules)
    assert (ruling.value, codes(ruling)) == (value, [code] if code else [])


@pytest.mark.parametrize(
    ("method", "quoted"),
    [
        ("PayPal", "'PayPal'"),
        ("Jo's", '"Jo\'s"'),
        ('Jo\'s "Cash" \\ Carry', "'Jo's \"Cash\" \\ Carry'"),
    ],
)
def test_the_row_to_add_is_named(rules, method, quoted):
    fix = receipt_type_for(method, rules).problems[0].fix
    assert fix == (
        f"Give {quoted} a Receipt Type in the Payment Methods Mapping (gl.payment_methods)."
    )


def test_a_reason_quotes_as_a_message_does(rules_with):
    method = 'Jo\'s "Cash"'
    ruling = receipt_type_for(method, rules_with((method, "Visa/MC")))
    assert ruling.decisions[0].reason == f"the payment method '{method}' is mapped to it"


@pytest.mark.parametrize(
    ("status", "preauthorized", "state", "code"),
    [
        # The four combinations of manual 2.2.4.
        ("authorized", True, "pre_authorized", None),
        ("captured", True, "captured", None),
        ("captured", False, "captured", None),
        ("authorized", False, "pending", "payment_not_captured"),
        # The rest of BigCommerce's payment statuses.
        ("paid", False, "captured", None),
        (" Paid ", True, "captured", None),
        # A gateway's payment of which nothing is known.
        ("", False, None, "payment_status_missing"),
        ("", True, None, "payment_status_missing"),
        ("partially refunded", True, "captured", "payment_partly_refunded"),
        ("pending", True, "pending", "payment_not_captured"),
        ("capture pending", True, "pending", "payment_not_captured"),
        ("declined", True, None, "payment_declined"),
        ("void", False, None, "payment_void"),
        ("void pending", True, None, "payment_void"),
        ("held for review", False, None, "payment_held"),
        ("refunded", True, None, "payment_refunded"),
        ("half paid", True, None, "payment_status_unknown"),
    ],
)
def test_payment_status_and_preauthorization(
    make_order, rules_with, *, status, preauthorized, state, code
):
    order = make_order(payment_status=status)
    ruling = payment_for(
        order,
        (),
        D("19.80"),
        "WEB1042",
        rules_with(credit_card_transactions_are_preauthorizations=preauthorized),
    )
    assert codes(ruling) == ([code] if code else [])
    if state is None:
        assert ruling.value is None
        return
    [receipt] = ruling.value.receipts
    assert receipt.state == state
    assert receipt.amount == (D("19.80") if state == "captured" else 0)
    assert receipt.pre_auth_amount == (D("19.80") if state == "pre_authorized" else 0)
    assert (receipt.gateway_transaction_id, receipt.store_payment_method) == ("gw-1", "Credit Card")


@pytest.mark.parametrize(
    ("steps", "status", "preauthorized", "receipts"),
    [
        ([("purchase", "19.80", None)], "captured", False, [("captured", "19.80", "gw-1")]),
        (
            [("authorization", "19.80", None)],
            "authorized",
            True,
            [("pre_authorized", "19.80", "gw-1")],
        ),
        (
            [("authorization", "19.80", None), ("capture", "19.80", 1)],
            "captured",
            True,
            [("captured", "19.80", "gw-1")],
        ),
        # Captured, though the order does not say so yet.
        (
            [("authorization", "19.80", None), ("capture", "19.80", 1)],
            "authorized",
            True,
            [("captured", "19.80", "gw-1")],
        ),
        (
            [("authorization", "19.80", None), ("capture", "19.80", None)],
            "authorized",
            False,
            [("captured", "19.80", "gw-1")],
        ),
        # An authorization on an order that says nothing.
        ([("authorization", "19.80", None)], "", True, [("pre_authorized", "19.80", "gw-1")]),
        ([("purchase", "19.80", None)], "", True, [("captured", "19.80", "gw-1")]),
        # Voided and authorized again; a void that refers to nothing known is nobody's.
        (
            [
                ("authorization", "25.00", None),
                ("void", "25.00", 1),
                ("authorization", "19.80", None),
            ],
            "authorized",
            True,
            [("pre_authorized", "19.80", "gw-3")],
        ),
        (
            [
                ("authorization", "25.00", None),
                ("void", "25.00", None),
                ("purchase", "19.80", None),
            ],
            "paid",
            True,
            [("captured", "19.80", "gw-3")],
        ),
        (
            [("void", "25.00", 9), ("purchase", "19.80", None)],
            "paid",
            True,
            [("captured", "19.80", "gw-2")],
        ),
        # Two payments are two receipts.
        (
            [("purchase", "10.00", None), ("purchase", "9.80", None)],
            "captured",
            False,
            [("captured", "10.00", "gw-1"), ("captured", "9.80", "gw-2")],
        ),
        (
            [
                ("authorization", "10.00", None),
                ("authorization", "9.80", None),
                ("capture", "9.80", 2),
            ],
            "authorized",
            True,
            [("pre_authorized", "10.00", "gw-1"), ("captured", "9.80", "gw-2")],
        ),
        # A settlement of a pending payment; what is pending is not money yet.
        (
            [("pending", "19.80", None), ("settled", "19.80", 1)],
            "captured",
            False,
            [("captured", "19.80", "gw-2")],
        ),
        ([("pending", "19.80", None)], "pending", False, [("pending", "0", "gw-1")]),
        (
            [("refund", "5.00", 1), ("purchase", "19.80", None)],
            "partially refunded",
            False,
            [("captured", "19.80", "gw-2")],
        ),
    ],
)
def test_transactions_make_the_receipts(
    make_order, rules_with, *, steps, status, preauthorized, receipts
):
    given = tuple(
        transaction(event, amount, id_=number, reference_transaction_id=reference)
        for number, (event, amount, reference) in enumerate(steps, 1)
    )
    rules = rules_with(credit_card_transactions_are_preauthorizations=preauthorized)
    ruling = payment_for(make_order(payment_status=status), given, D("19.80"), "WEB1042", rules)
    assert ruling.errors == ()
    made = ruling.value.receipts
    assert [
        (one.state, one.amount + one.pre_auth_amount, one.gateway_transaction_id) for one in made
    ] == [(state, D(amount), reference) for state, amount, reference in receipts]
    assert [one.import_id for one in made] == [
        f"WEB1042-{number}" for number in range(1, len(made) + 1)
    ]
    assert all(
        (one.authorized_at == WHEN) == (one.state == "pre_authorized")
        for one in made
        if one.state != "pending"
    )


@pytest.mark.parametrize(
    ("status", "steps", "code"),
    [
        # Voided, and the order does not say so yet.
        ("authorized", [("authorization", "19.80", None), ("void", "19.80", 1)], "payment_void"),
        ("", [("authorization", "19.80", None), ("void", "19.80", 1)], "payment_void"),
        # Neither what was authorized nor what was captured is the order's total.
        (
            "captured",
            [("authorization", "19.81", None), ("capture", "12.00", 1)],
            "transactions_do_not_foot",
        ),
        # Captured in parts, and settled: once each.
        (
            "captured",
            [
                ("authorization", "19.80", None),
                ("capture", "12.00", 1),
                ("capture", "7.80", 1),
                ("settled", "12.00", 2),
            ],
            None,
        ),
    ],
)
def test_transactions_say_what_became_of_a_payment(make_order, rules_with, status, steps, code):
    given = tuple(
        transaction(event, amount, id_=number, reference_transaction_id=reference)
        for number, (event, amount, reference) in enumerate(steps, 1)
    )
    rules = rules_with(credit_card_transactions_are_preauthorizations=True)
    ruling = payment_for(make_order(payment_status=status), given, D("19.80"), "WEB1042", rules)
    assert [problem.code for problem in ruling.errors] == ([code] if code else [])


@pytest.mark.parametrize("status_id", range(15))
@pytest.mark.parametrize("preauthorized", [True, False])
def test_without_a_payment_status_the_order_s_status_says_what_was_received(
    make_order, rules_with, *, status_id, preauthorized
):
    rules = rules_with(credit_card_transactions_are_preauthorizations=preauthorized)
    order = make_order(payment_status="", status_id=status_id, payment_provider_id=None)
    ruling = payment_for(order, (), D("19.80"), "WEB1042", rules)
    (receipt,) = ruling.value.receipts
    if status_id in (0, 1, 7):
        assert (receipt.state, receipt.amount, receipt.pre_auth_amount) == ("pending", 0, 0)
        assert codes(ruling) == ["payment_not_captured"]
    else:
        assert (receipt.state, receipt.amount, codes(ruling)) == ("captured", D("19.80"), [])


def test_a_payment_without_a_transaction_has_no_time_of_its_own(make_order, rules_with):
    def receipt(status):
        rules = rules_with(credit_card_transactions_are_preauthorizations=True)
        order = make_order(payment_status=status, date_created=WHEN)
        return payment_for(order, (), D("19.80"), "WEB1042", rules).value.receipts[0]

    assert receipt("pending").authorized_at is None
    assert receipt("authorized").authorized_at == WHEN
    assert receipt("captured").authorized_at is None


def test_the_advice_for_a_payment_that_waits_names_what_brings_it_up_to_date(make_order, rules):
    ruling = payment_for(make_order(payment_status="pending"), (), D("19.80"), "WEB1042", rules)
    assert "follow_orders()" in ruling.problems[0].fix


@pytest.mark.parametrize(
    ("steps", "status", "off"),
    [
        ([("purchase", "19.79")], "captured", "0.01"),
        ([("purchase", "19.80"), ("purchase", "0.01")], "captured", "0.01"),
        ([("authorization", "20.00")], "authorized", "0.20"),
        ([("refund", "19.80")], "captured", "19.80"),
    ],
)
def test_transactions_must_add_up_to_the_gateway_amount(make_order, rules, steps, status, off):
    given = tuple(
        transaction(event, amount, id_=number) for number, (event, amount) in enumerate(steps, 1)
    )
    ruling = payment_for(make_order(payment_status=status), given, D("19.80"), "WEB1042", rules)
    assert [problem.code for problem in ruling.errors] == ["transactions_do_not_foot"]
    assert f"off by {off}." in ruling.errors[0].message


def test_failed_transactions_do_not_count(make_order, rules):
    given = (transaction("purchase", "5.00", status="error"), transaction("purchase", id_=2))
    assert (
        payment_for(make_order(), given, D("19.80"), "WEB1042", rules)
        .value.receipts[0]
        .gateway_transaction_id
        == "gw-2"
    )


def test_a_test_transaction_is_refused_except_in_a_rehearsal(make_order, rules_with):
    steps = (transaction("purchase", test=True),)
    ruling = payment_for(make_order(), steps, D("19.80"), "WEB1042", rules_with())
    assert (codes(ruling), ruling.value) == (["test_transaction"], None)
    assert "gl.import_test_transactions = true" in ruling.problems[0].fix
    rules = rules_with(import_test_transactions=True)
    ruling = payment_for(make_order(), steps, D("19.80"), "WEB1042", rules)
    assert [(one.code, one.severity) for one in ruling.problems] == [
        ("test_transaction", "warning")
    ]
    (receipt,) = ruling.value.receipts
    assert (receipt.state, receipt.amount) == ("captured", D("19.80"))
    assert receipt.gateway == "authorizenet (test)"


OFFLINE = [
    "Bank Deposit",
    "Check",
    "Money Order",
    "Cash on Delivery",
    "cash on  delivery ",
    "Pay in Store",
    "Cash",
    "Manual",
]


@pytest.mark.parametrize("method", OFFLINE)
@pytest.mark.parametrize(
    "status", ["", "pending", "authorized", "capture pending", "captured", "paid"]
)
def test_the_order_s_status_says_what_was_received_offline(make_order, rules_with, method, status):
    for preauthorized in (True, False):
        rules = rules_with(
            (method, "Check"), credit_card_transactions_are_preauthorizations=preauthorized
        )
        for status_id in range(15):
            order = make_order(payment_method=method, payment_status=status, status_id=status_id)
            ruling = payment_for(order, (), D("19.80"), "WEB1042", rules)
            (receipt,) = ruling.value.receipts
            if status_id in (0, 1, 7):
                assert (receipt.state, receipt.amount, receipt.pre_auth_amount) == ("pending", 0, 0)
                (problem,) = ruling.problems
                assert problem.code == "payment_not_captured"
                assert "Capture it" not in problem.fix
            else:
                assert (receipt.state, receipt.amount) == ("captured", D("19.80"))
                assert ruling.problems == ()


def test_transactions_of_a_gateway_decide_whatever_the_method(make_order, rules_with):
    rules = rules_with(("Manual", "Check"))
    order = make_order(payment_method="Manual", payment_status="pending", status_id=7)
    ruling = payment_for(order, (transaction("purchase"),), D("19.80"), "WEB1042", rules)
    (receipt,) = ruling.value.receipts
    assert (receipt.state, receipt.amount, codes(ruling)) == ("captured", D("19.80"), [])


@pytest.mark.parametrize("kind", ["offline", "custom"])
def test_a_transaction_that_no_gateway_made_says_that_the_method_is_offline(
    make_order, rules_with, kind
):
    rules = rules_with(("Net 30", "Check"))
    steps = (transaction("purchase", method=kind, gateway=""),)

    def receipt(status_id):
        order = make_order(payment_method="Net 30", payment_status="pending", status_id=status_id)
        return payment_for(order, steps, D("19.80"), "WEB1042", rules).value.receipts[0]

    assert (receipt(7).state, receipt(7).amount) == ("pending", 0)
    assert (receipt(11).state, receipt(11).amount) == ("captured", D("19.80"))


@pytest.mark.parametrize("status", ["captured", "paid", "partially refunded"])
def test_nothing_is_received_in_awaiting_payment_without_transactions(make_order, rules, status):
    order = make_order(payment_status=status, status_id=7)
    ruling = payment_for(order, (), D("19.80"), "WEB1042", rules)
    (receipt,) = ruling.value.receipts
    assert (receipt.state, receipt.amount) == ("pending", 0)
    ruling = payment_for(order, (transaction("purchase"),), D("19.80"), "WEB1042", rules)
    assert ruling.value.receipts[0].state == "captured"


def test_a_row_says_whether_its_method_is_offline(make_order, rules_with):
    def state(method, offline):
        row = PaymentMethodMapping(bigcommerce=method, receipt_type="Check", offline=offline)
        rules = rules_with()
        screen = attrs.evolve(rules.settings.gl, payment_methods=(row,))
        rules = MappingRules(attrs.evolve(rules.settings, gl=screen), rules.reference)
        order = make_order(payment_method=method, payment_status="pending")
        return payment_for(order, (), D("19.80"), "WEB1042", rules).value.receipts[0].state

    assert (state("Net 30", None), state("Net 30", True)) == ("pending", "captured")
    assert (state("Check", None), state("Check", False)) == ("captured", "pending")


def steps_of(*rows):
    return tuple(
        transaction(event, amount, id_=number, reference_transaction_id=reference)
        for number, (event, amount, reference) in enumerate(rows, 1)
    )


def test_a_payment_that_was_captured_in_part_is_received_in_part(make_order, rules):
    steps = steps_of(("authorization", "48.00", None), ("capture", "31.50", 1))
    ruling = payment_for(make_order(), steps, D("48.00"), "WEB1042", rules)
    (receipt,) = ruling.value.receipts
    assert (receipt.state, receipt.amount) == ("captured", D("31.50"))
    (problem,) = ruling.problems
    assert (problem.code, problem.severity) == ("payment_partly_captured", "warning")
    assert "16.50" in problem.message
    # Lowered to what was captured, nothing is left.
    ruling = payment_for(make_order(), steps, D("31.50"), "WEB1042", rules)
    assert (ruling.value.receipts[0].amount, ruling.problems) == (D("31.50"), ())
    # The rest was given up: it is still not received.
    rest = (*steps, *steps_of(("void", "16.50", 1)))
    rest = (*steps, attrs.evolve(rest[-1], id=3))
    ruling = payment_for(make_order(), rest, D("48.00"), "WEB1042", rules)
    assert (ruling.value.receipts[0].amount, codes(ruling)) == (
        D("31.50"),
        ["payment_partly_captured"],
    )


@pytest.mark.parametrize(
    ("rows", "due", "received", "warned"),
    [
        # A line was taken off, and its price refunded.
        ([("purchase", "83.24", None), ("refund", "53.04", 1)], "30.20", "30.20", False),
        # The same without an edit, which is a credit.
        ([("purchase", "83.24", None), ("refund", "53.04", 1)], "83.24", "83.24", True),
        # Both: the edit's refund, and then one of its own; and the other way round.
        (
            [("purchase", "83.24", None), ("refund", "53.04", 1), ("refund", "10.00", 1)],
            "30.20",
            "30.20",
            True,
        ),
        (
            [("purchase", "83.24", None), ("refund", "10.00", 1), ("refund", "53.04", 1)],
            "30.20",
            "30.20",
            True,
        ),
        # Captured after an authorization.
        (
            [
                ("authorization", "83.24", None),
                ("capture", "83.24", 1),
                ("refund", "53.04", 2),
            ],
            "30.20",
            "30.20",
            False,
        ),
        # Edited down twice.
        (
            [("purchase", "83.24", None), ("refund", "3.04", 1), ("refund", "50.00", 1)],
            "30.20",
            "30.20",
            False,
        ),
        # Neither.
        ([("purchase", "83.24", None), ("refund", "53.05", 1)], "30.20", None, False),
        ([("purchase", "83.24", None), ("refund", "53.04", 1)], "136.28", None, False),
    ],
)
def test_refunds_are_off_the_receipt_only_where_the_total_was_edited_down(
    make_order, rules, *, rows, due, received, warned
):
    order = make_order(payment_status="partially refunded")
    ruling = payment_for(order, steps_of(*rows), D(due), "WEB1042", rules)
    if received is None:
        assert "transactions_do_not_foot" in codes(ruling)
        return
    (receipt,) = ruling.value.receipts
    assert (receipt.state, receipt.amount) == ("captured", D(received))
    assert codes(ruling) == (["payment_partly_refunded"] if warned else [])
    reasons = " ".join(one.reason for one in ruling.decisions)
    assert ("net of the refund" in reasons) == (received != "83.24")


def test_a_payment_that_was_given_back_whole_makes_no_receipt(make_order, rules):
    rows = [("purchase", "53.04", None), ("refund", "53.04", 1), ("purchase", "30.20", None)]
    ruling = payment_for(make_order(), steps_of(*rows), D("30.20"), "WEB1042", rules)
    assert [one.amount for one in ruling.value.receipts] == [D("30.20")]


def test_the_id_of_a_method_finds_its_row_before_its_name(make_order, rules_with):
    rules = rules_with()
    card = PaymentMethodMapping(
        bigcommerce="Credit Card", receipt_type="Visa/MC", payment_method_id="authorizenet.card"
    )
    screen = attrs.evolve(rules.settings.gl, payment_methods=(card,))
    rules = MappingRules(attrs.evolve(rules.settings, gl=screen), rules.reference, language="en")
    order = make_order(payment_method="Kreditkarte", customer_locale="de-DE")

    def ruling(id_):
        steps = (transaction("purchase", payment_method_id=id_),)
        return payment_for(order, steps, D("19.80"), "WEB1042", rules)

    (receipt,) = ruling("authorizenet.card").value.receipts
    assert (receipt.receipt_type, receipt.store_payment_method) == ("Visa/MC", "Kreditkarte")
    (problem,) = ruling("stripe.card").problems
    assert (problem.code, problem.value) == ("payment_method_translated", "Kreditkarte")
    assert 'payment_method_id = "stripe.card"' in problem.fix
    (problem,) = payment_for(order, (), D("19.80"), "WEB1042", rules).problems
    assert "payment_method_id" not in problem.fix
    ours = make_order(payment_method="Kreditkarte", customer_locale="en-GB")
    ruling = payment_for(ours, (), D("19.80"), "WEB1042", rules)
    assert codes(ruling) == ["payment_method_unmapped"]


def test_a_transaction_in_another_currency(make_order, rules):
    ruling = payment_for(
        make_order(), (transaction("purchase", currency="EUR"),), D("19.80"), "WEB1042", rules
    )
    assert codes(ruling) == ["transaction_currency_differs"]
    assert (
        payment_for(
            make_order(), (transaction("purchase", currency="usd"),), D("19.80"), "WEB1042", rules
        ).problems
        == ()
    )


def test_a_transaction_that_is_no_amount(make_order, rules):
    assert codes(
        payment_for(make_order(), (transaction("purchase", "NaN"),), D("19.80"), "WEB1042", rules)
    ) == ["amount_unreadable"]


def test_a_split_tender_makes_several_receipts(make_order, map_it):
    order = make_order(store_credit="4.00", gift_certificate="5.00")
    paid = (
        transaction("purchase", "4.00", 1, method="store_credit", gateway=""),
        transaction("purchase", "5.00", 2, method="gift_certificate", gateway=""),
        transaction("purchase", "10.80", 3),
    )
    mapped = map_it(order, transactions=paid)
    assert mapped.problems == ()
    assert [(one.receipt_type, one.amount, one.import_id) for one in mapped.bundle.receipts] == [
        ("Visa/MC", D("10.80"), "WEB1042-1"),
        ("StoreCredit", D("4.00"), "WEB1042-2"),
        ("GiftCard", D("5.00"), "WEB1042-3"),
    ]


def test_a_tender_that_its_transactions_contradict(make_order, map_it):
    paid = (
        transaction("purchase", "3.99", 1, method="store_credit"),
        transaction("purchase", "15.80", 2),
    )
    mapped = map_it(make_order(store_credit="4.00"), transactions=paid)
    assert codes(mapped) == ["tender_does_not_foot"]
    assert "off by 0.01" in mapped.problems[0].message
    refunded = (
        transaction("refund", "3.99", 1, method="store_credit"),
        transaction("purchase", "15.80", 2),
    )
    assert map_it(make_order(store_credit="4.00"), transactions=refunded).problems == ()


@pytest.mark.parametrize(
    ("rows", "types", "value", "code"),
    [
        ([], ("StoreCredit",), "StoreCredit", None),
        ([], ("store credit",), "store credit", None),
        ([("Store Credit", "Vouchers")], ("Vouchers", "StoreCredit"), "Vouchers", None),
        ([], ("Visa/MC",), None, "tender_unmapped"),
        ([("STORECREDIT", "Gone")], ("StoreCredit",), None, "receipt_type_unknown"),
        ([("StoreCredit", "Purchase Order")], ("StoreCredit",), None, "tender_unmapped"),
    ],
)
def test_store_credit_goes_by_the_mapping_or_by_name(
    make_order, rules_with, *, reference, rows, types, value, code
):
    rules = rules_with(
        ("Credit Card", "Visa/MC"), *rows, books=attrs.evolve(reference, receipt_types=types)
    )
    ruling = payment_for(make_order(store_credit="19.80"), (), D(0), "WEB1042", rules)
    assert codes(ruling) == ([code] if code else [])
    assert (ruling.value.receipts[0].receipt_type if ruling.value else None) == value


@pytest.mark.parametrize("word", ["GiftCard", "gift card", "Gift Certificate"])
def test_gift_certificates_go_by_the_manuals_word_or_the_stores(make_order, rules_with, word):
    rules = rules_with((word, "Check"))
    ruling = payment_for(
        make_order(gift_certificate="19.80", payment_method="Beads"), (), D(0), "WEB1042", rules
    )
    assert [(one.receipt_type, one.store_payment_method) for one in ruling.value.receipts] == [
        ("Check", "GiftCard")
    ]


@pytest.mark.parametrize(
    ("provider_id", "number"), [("PO-77", "PO-77"), (" ", "1042"), (None, "1042")]
)
def test_purchase_order_makes_no_receipt_and_fills_the_number(
    make_order, rules, provider_id, number
):
    order = make_order(payment_method="Invoice", payment_status="", payment_provider_id=provider_id)
    value = payment_for(order, (), D("19.80"), "WEB1042", rules).value
    assert (value.receipts, value.po_number) == ((), number)


def test_purchase_order_beside_store_credit(make_order, rules):
    order = make_order(payment_method="Invoice", payment_status="", store_credit="5.00")
    value = payment_for(order, (), D("14.80"), "WEB1042", rules).value
    assert [(one.receipt_type, one.amount) for one in value.receipts] == [
        ("StoreCredit", D("5.00"))
    ]
    assert value.po_number == "gw-1"


def test_tenders_above_the_total(make_order, map_it):
    mapped = map_it(make_order(store_credit="19.81", payment_method="Credit Card"))
    assert codes(mapped) == ["tenders_exceed_total"]
    assert "by 0.01" in mapped.problems[0].message


def test_nothing_left_to_pay_needs_no_method(make_order, map_it):
    mapped = map_it(make_order(store_credit="19.80", payment_method="", payment_status=""))
    assert mapped.problems == ()
    assert [one.receipt_type for one in mapped.bundle.receipts] == ["StoreCredit"]


def test_without_a_proven_total_the_method_is_checked_where_it_is_needed(make_order, map_it):
    broken = {"total_inc_tax": D("19.81"), "payment_method": "Beads"}
    assert "payment_method_unmapped" in codes(map_it(make_order(**broken)))
    assert "payment_method_unmapped" not in codes(map_it(make_order(store_credit="4.00", **broken)))
    good = map_it(make_order(total_inc_tax=D("19.81")), transactions=(transaction("purchase"),))
    assert "transactions_do_not_foot" not in codes(good)


def test_what_is_owed_needs_no_warning_in_a_status_of_unpaid_orders(make_order, rules):
    order = make_order(payment_method="Invoice", payment_status="", status_id=7)
    ruling = payment_for(order, (), D("19.80"), "WEB1042", rules)
    assert (ruling.value.receipts, ruling.value.po_number) == ((), "gw-1")
    assert ruling.problems == ()
