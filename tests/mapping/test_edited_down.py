"""Refunds of what an order was edited down by are no credits."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from avbc.bigcommerce.models import Refund, RefundItem, RefundPayment, Transaction
from avbc.mapping.edited_down import edited_away, refunds_of_edits

D = Decimal
WHEN = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)


def paid(order, amount, *refunds):
    rows = [("purchase", amount), *(("refund", refund) for refund in refunds)]
    return [
        Transaction(
            id=number,
            order_id=order.id,
            event=event,
            amount=D(value),
            currency="USD",
            reference_transaction_id=1 if event == "refund" else None,
            date_created=WHEN,
        )
        for number, (event, value) in enumerate(rows, 1)
    ]


def refund(order, id_, amount, line=None, provider="authorizenet"):
    items = [RefundItem(item_type="ORDER", item_id=order.id, requested_amount=D(amount))]
    if line is not None:
        items = [RefundItem(item_type="PRODUCT", item_id=line, quantity=1)]
    return Refund(
        id=id_,
        order_id=order.id,
        created=WHEN,
        total_amount=D(amount),
        items=tuple(items),
        payments=(RefundPayment(provider_id=provider, amount=D(amount)),),
    )


@pytest.fixture
def order(make_order):
    return make_order()


def test_what_exceeds_the_total_was_edited_away(order, rules):
    total = order.total_inc_tax
    assert edited_away(order, paid(order, total, "5.00"), rules) == 0
    assert edited_away(order, paid(order, total + 5, "5.00"), rules) == D("5.00")
    assert edited_away(order, paid(order, total + 5, "4.00"), rules) == 0
    assert edited_away(order, paid(order, total + 5), rules) == 0


def test_the_refund_of_an_edit_is_told_from_another(order, rules):
    total, line = order.total_inc_tax, order.lines[0].id

    def found(over, *refunds):
        amounts = [one.total_amount for one in refunds]
        return refunds_of_edits(refunds, order, paid(order, total + D(over), *amounts), rules)

    one, other = refund(order, 1, "5.00"), refund(order, 2, "3.00")
    assert found("0", one, other) == frozenset()
    assert found("5.00", one, other) == {1}
    assert found("3.00", one, other) == {2}
    assert found("8.00", one, other) == {1, 2}
    # Of two over the same amount it is the one of the line that is gone.
    here, gone = refund(order, 1, "5.00", line), refund(order, 2, "5.00", 999)
    assert found("5.00", here, gone) == {2}
    assert found("5.00", one, refund(order, 3, "5.00")) == {1}


def test_offline_only_a_line_that_is_gone_says_it(make_order, rules):
    order = make_order(payment_method="Manual", payment_status="")
    here, gone = refund(order, 1, "5.00", order.lines[0].id), refund(order, 2, "5.00", 999)
    whole = refund(order, 3, "5.00")
    assert refunds_of_edits([here, gone, whole], order, (), rules) == {2}


def test_nothing_is_edited_away_where_the_sums_cannot_be_proved(order, rules):
    total = order.total_inc_tax
    order.total_inc_tax += 1
    assert edited_away(order, paid(order, total + 6, "5.00"), rules) == 0
