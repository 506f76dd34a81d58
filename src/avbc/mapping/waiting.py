"""Whether an order waits for its payment before it is imported: `import_when` of its method.

The rule reads the payment as `worth` does, so what an import would book and what it waits for are
one reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

from avbc.bigcommerce.models import Order, Transaction
from avbc.mapping.case import Case, Findings, MappingRules
from avbc.mapping.decisions import Problem
from avbc.mapping.offline import is_offline
from avbc.mapping.payment import TENDER_METHODS
from avbc.mapping.proof import prove
from avbc.mapping.text import plain
from avbc.mapping.worth import (
    AUTHORIZED,
    AWAITED,
    DECLINED,
    HELD,
    MISSING,
    VOID,
    Worth,
    payments_worth,
)
from avbc.money import ARITHMETIC, ZERO, is_amount
from avbc.settings import PaymentMethodMapping, Settings, payment_method_key
from avbc.text import quoted, text_key

WAITS_FOR_PAYMENT = "order_waits_for_payment"
"""The code of an order that is imported once its payment has come as far as its method asks."""
NEVER_IMPORTED = "order_never_imported"
"""The code of an order whose payment method is never imported."""

_SETTING = "gl.payment_methods"
_HELD_BACK = frozenset([AUTHORIZED, "capture pending"])
"""Payment statuses of money that a gateway holds for the store."""
_STATES = {
    AUTHORIZED: "is only authorized",
    AWAITED: "has not come, by the order's status",
    VOID: "was voided",
    DECLINED: "was declined",
    HELD: "is held for review",
}


def holds_back(settings: Settings) -> bool:
    """Whether a payment method has a rule, so that an order may wait."""
    return any(row.import_when != "always" for row in settings.gl.payment_methods)


def waits(
    order: Order, transactions: Sequence[Transaction] | None, rules: MappingRules
) -> Problem | None:
    """Say why an order waits, or is never imported; None where an import takes it.

    A payment that was received is as good as an authorized one, and an order with nothing to pay at
    the gateway waits for nothing. What is wrong with the payment is for the import to say, so such
    an order does not wait. A voided or declined payment does: the shopper may pay again.

    Args:
        order: The order, with the status that says whether it was paid.
        transactions: Its transactions; None where they were not read. An order of which only they
            can say what was paid does not wait then.
        rules: Settings and reference data.
    """
    row, place = _row(order, transactions or (), rules)
    if row is None or row.import_when == "always":
        return None
    found = Findings()
    method = plain(order.payment_method)
    if row.import_when == "never":
        found.warn(
            "order_never_imported",
            "payment_method",
            method,
            f"Orders paid by {quoted(method)} are never imported: {place} has import_when = "
            '"never".',
            "To have it imported, change import_when there.",
        )
        return found.problems[0]
    is_outside = is_offline(row.bigcommerce, rules)
    if transactions is None and not (is_outside or order.payment_status.strip()):
        return None
    due = _due(order, rules)
    if due is None or due <= 0:
        return None
    worth = _worth(order, transactions, due, rules)
    if worth is None or _is_enough(worth, row):
        return None
    wanted = "received" if row.import_when == "paid" else "authorized or received"
    found.warn(
        "order_waits_for_payment",
        "payment_status",
        worth.status,
        f"The order is imported when its payment by {quoted(method)} is {wanted} ({place}), and "
        f"the payment {_STATES.get(worth.status, f'is {quoted(worth.status)}')}.",
        _fix(order.id, worth.status, place, is_outside=is_outside),
    )
    return found.problems[0]


def _row(
    order: Order, transactions: Sequence[Transaction], rules: MappingRules
) -> tuple[PaymentMethodMapping | None, str]:
    """The mapping row of the order's payment method, and its place in the settings.

    A row with the id that a transaction gives the method comes before the name, which may be
    translated.
    """
    rows = rules.settings.gl.payment_methods
    ids = {text_key(each.payment_method_id) for each in transactions} - {""}
    key = payment_method_key(plain(order.payment_method))
    places = [
        *(place for place, row in enumerate(rows) if text_key(row.payment_method_id) in ids),
        *(place for place, row in enumerate(rows) if payment_method_key(row.bigcommerce) == key),
    ]
    if places:
        return rows[places[0]], f"{_SETTING}[{places[0]}]"
    return None, ""


def _due(order: Order, rules: MappingRules) -> Decimal | None:
    """What is to be paid at the gateway, as far as it is known; None where it cannot be read."""
    if payment_method_key(plain(order.payment_method)) in TENDER_METHODS:
        return ZERO
    if order.store_credit_amount or order.gift_certificate_amount:
        with localcontext(ARITHMETIC):
            proof = prove(order, rules).value
        if proof is not None:
            return proof.gateway_amount
    return order.total_inc_tax if is_amount(order.total_inc_tax) else None


def _worth(
    order: Order, transactions: Sequence[Transaction] | None, due: Decimal, rules: MappingRules
) -> Worth | None:
    """What its payments are worth; None where the import has to say what is wrong with them."""
    case = Case(rules)
    with localcontext(ARITHMETIC):
        worth = payments_worth(order, transactions, due, case)
    is_good = worth.is_known and worth.status != MISSING and not case.failed
    return worth if is_good else None


def _is_enough(worth: Worth, row: PaymentMethodMapping) -> bool:
    states = {payment.state for payment in worth.payments}
    if "captured" in states:
        return True
    return row.import_when == "authorized" and (
        "pre_authorized" in states or worth.status in _HELD_BACK
    )


def _fix(order_id: int, status: str, place: str, *, is_outside: bool) -> str:
    may_be_outside = (
        f" If the method is paid outside of any gateway, set offline = true in {place}."
    )
    if is_outside or status == AWAITED:
        return (
            "When the money has come, give the order a status of paid orders in BigCommerce, and "
            f"call import_order({order_id}). If it will not come, cancel the order."
            + ("" if is_outside else may_be_outside)
        )
    if status in (VOID, DECLINED):
        return "Get the order paid again, or cancel it, in BigCommerce."
    if status == HELD:
        return "Approve or decline the payment in BigCommerce."
    if status == AUTHORIZED:
        return "Capture the payment in BigCommerce, or cancel the order."
    return f"Wait until the payment clears, or cancel the order in BigCommerce.{may_be_outside}"
