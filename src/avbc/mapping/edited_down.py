"""Refunds of what an order was edited down by: they are no credits of their own.

BigCommerce moves no money where an order is edited, so staff refund the difference. The total then
leaves out what was refunded, and so does the receipt (`worth`). What tells such a refund from any
other is only that the payments exceed the total by it (docs/facts.md, bigcommerce-money).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from avbc.bigcommerce.models import Order, Refund, Transaction
from avbc.mapping.case import Case, MappingRules
from avbc.mapping.offline import has_gateway_payments
from avbc.mapping.payment import TENDER_METHODS
from avbc.mapping.proof import prove
from avbc.mapping.worth import payments_worth, refunds_of_edit
from avbc.money import ARITHMETIC, ZERO, is_amount
from avbc.settings import payment_method_key
from avbc.text import text_key


def edited_away(order: Order, transactions: Sequence[Transaction], rules: MappingRules) -> Decimal:
    """What of the order's payments was refunded because its total was edited down; 0 for nothing.

    It is 0 also where the order's sums cannot be proved. The amount is in the order's currency.
    """
    with localcontext(ARITHMETIC):
        proof = prove(order, rules).value
        if proof is None:
            return ZERO
        return payments_worth(order, transactions, proof.gateway_amount, Case(rules)).edited_away


def refunds_of_edits(
    refunds: Sequence[Refund],
    order: Order,
    transactions: Sequence[Transaction],
    rules: MappingRules,
) -> frozenset[int]:
    """The ids of the refunds that the order's total leaves out, because it was edited down.

    Where no gateway was paid, only what was refunded of lines that the order has no more says it.

    Args:
        refunds: All refunds of the order.
        order: The order, with all its lines.
        transactions: Its transactions.
        rules: Settings and reference data.
    """
    if not has_gateway_payments(order, rules):
        return frozenset(refund.id for refund in refunds if _is_of_gone_lines(refund, order))
    away = edited_away(order, transactions, rules)
    if not away:
        return frozenset()
    first = sorted(refunds, key=lambda each: (not _is_of_gone_lines(each, order), each.id))
    places = refunds_of_edit([_at_gateway(refund) for refund in first], away, rules)
    return frozenset(first[place].id for place in places)


def _is_of_gone_lines(refund: Refund, order: Order) -> bool:
    there = {line.id for line in order.lines if line.quantity > 0}
    gone = [
        item.item_id not in there
        for item in refund.items
        if text_key(item.item_type) in ("product", "gift_wrapping")
    ]
    return bool(gone) and all(gone) and len(gone) == len(refund.items)


def _at_gateway(refund: Refund) -> Decimal:
    """What of a refund the gateway paid back."""
    amounts = [
        payment.amount
        for payment in refund.payments
        if not payment.offline and payment_method_key(payment.provider_id) not in TENDER_METHODS
    ]
    return sum(amounts, ZERO) if amounts and all(map(is_amount, amounts)) else refund.total_amount
