"""Captures and voids: whether a pre-authorized payment may be captured or voided (manual 2.2.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.acctvantage.records import Receipt, ReceiptState, SalesOrder
from avbc.bigcommerce.models import Order
from avbc.mapping.case import Findings, Ruling
from avbc.mapping.worth import RECEIVED
from avbc.money import ZERO, amount_text, decimals, is_amount
from avbc.settings import Settings, payment_method_key
from avbc.shown import Shown
from avbc.text import quoted, text_key

AUTHORIZATION_DAYS = 7
"""For how many days an authorization by a payment method without a row in the mapping is good
(docs/facts.md, acctvantage-payments)."""

PaymentStep: TypeAlias = Literal["send", "wait", "record"]

_DONE: Mapping[str, ReceiptState] = {"capture": "captured", "void": "voided"}

_STEPS: Mapping[str, Mapping[str, PaymentStep]] = {
    "capture": {
        "authorized": "send",
        "capture pending": "wait",
        **dict.fromkeys(RECEIVED, "record"),
    },
    "void": {"authorized": "send", "void pending": "wait", "void": "record"},
}
"""What the order's payment status makes of each action."""


@attrs.frozen
class PaymentAction(Shown):
    """What to do about the authorized payment of one order."""

    action: Literal["capture", "void"]
    step: PaymentStep
    """`send` it; `wait` for the gateway; or `record` in the books what the store has done."""
    receipts: tuple[Receipt, ...]
    """The pre-authorized receipts that it concerns."""
    amount: Decimal
    """What they hold: the whole authorization."""

    @property
    def done(self) -> ReceiptState:
        """The state of the receipts once it is done."""
        return _DONE[self.action]


@attrs.frozen
class AuthorizationAge(Shown):
    """How old an authorization is, and how long one by its payment method is good."""

    since: datetime
    age: timedelta
    good_days: int
    """`authorization_days` of its row in the Payment Methods Mapping."""

    @property
    def is_old(self) -> bool:
        """Whether the gateway may have let it lapse."""
        return self.age > timedelta(days=self.good_days)


def authorization_age(
    receipt: Receipt, settings: Settings, now: datetime
) -> AuthorizationAge | None:
    """How old the authorization of a receipt is; None where it has no time."""
    if receipt.authorized_at is None:
        return None
    days = _good_days(settings).get(payment_method_key(receipt.store_payment_method))
    return _age(receipt.authorized_at, now, AUTHORIZATION_DAYS if days is None else days)


def shortest_authorization(settings: Settings) -> timedelta:
    """The age up to which no authorization is old, by whatever payment method."""
    return timedelta(days=min([AUTHORIZATION_DAYS, *_good_days(settings).values()]))


def _good_days(settings: Settings) -> dict[str, int]:
    rows = settings.gl.payment_methods
    return {payment_method_key(row.bigcommerce): row.authorization_days for row in rows}


def _age(since: datetime, now: datetime, good_days: int) -> AuthorizationAge:
    return AuthorizationAge(since, _aware(now) - _aware(since), good_days)


def payment_action(
    sales_order: SalesOrder,
    receipts: Sequence[Receipt],
    order: Order,
    *,
    now: datetime,
    settings: Settings | None = None,
    old_after_days: int = AUTHORIZATION_DAYS,
) -> Ruling[PaymentAction]:
    """What to do about the receipts on an order that AcctVantage wants captured or voided.

    No value and no problem means nothing. Only what was pre-authorized through BigCommerce can be
    captured there, PayPal too (manual 2.2.4), and only while its `payment_status` is `authorized`
    (BigCommerce: orders API). What the store has done already is recorded and not sent again, and
    what the gateway is processing is waited for: so asking again after a crash, with the order read
    again, is safe. BigCommerce captures the whole authorization of an order and no part of it, so a
    request for a part is a problem, and so is a capture that would leave more received than the
    sales order's total (inferred). A capture of an old authorization is sent with a warning.

    Args:
        sales_order: The order as the books have it.
        receipts: All receipts on it, including those that are not to be captured.
        order: The order as the store has it, read just before.
        now: The time.
        settings: For how many days an authorization is good, by payment method.
        old_after_days: After how many days it counts as old where no settings are given.
    """
    found = Findings()
    captures = [receipt for receipt in receipts if receipt.capture_wanted]
    voids = [receipt for receipt in receipts if receipt.void_wanted]
    if captures and voids:
        found.error(
            "capture_and_void",
            "receipts",
            sales_order.import_id,
            f"Both a capture and a void are requested on {sales_order.import_id}.",
            "Decide on one of the two in AcctVantage.",
        )
        return found.ruling(None)
    action: Literal["capture", "void"] = "capture" if captures else "void"
    held = [receipt for receipt in captures or voids if _is_held(receipt, action, found)]
    if not held:
        return found.ruling(None)
    for value in (
        sales_order.total,
        *(value for receipt in receipts for value in (receipt.amount, receipt.pre_auth_amount)),
    ):
        if not is_amount(value):
            found.error(
                "amount_unreadable",
                "receipts",
                value,
                f"An amount on {sales_order.import_id} is {value}.",
                "Correct it in AcctVantage.",
            )
            return found.ruling(None)
    amount = sum((receipt.pre_auth_amount for receipt in held), ZERO)
    _check_whole(receipts, held, action, amount, found)
    if action == "capture":
        _check_total(sales_order, receipts, amount, found)
        _check_edited(sales_order, order, amount, found)
    step = _step(order, action, found)
    if step == "send" and action == "capture":
        for receipt in held:
            age = None
            if settings is not None:
                age = authorization_age(receipt, settings, now)
            elif receipt.authorized_at is not None:
                age = _age(receipt.authorized_at, now, old_after_days)
            _check_age(receipt, age, found)
    return found.ruling(None if step is None else PaymentAction(action, step, tuple(held), amount))


def _is_held(receipt: Receipt, action: str, found: Findings) -> bool:
    """Whether the receipt is one to act on."""
    held = receipt.pre_auth_amount
    if receipt.state == _DONE[action]:
        found.note(receipt.import_id, receipt.amount, "{} already", "", receipt.state)
    elif receipt.state != "pre_authorized":
        found.error(
            "receipt_not_preauthorized",
            "receipts",
            receipt.state,
            f"The receipt {quoted(receipt.import_id)} is {receipt.state}, so there is nothing to "
            f"{action}.",
            "Refund it in BigCommerce, if the money is to go back."
            if receipt.state == "captured"
            else "Check the payment in BigCommerce.",
        )
    elif not receipt.import_id:
        found.error(
            "receipt_not_from_store",
            "receipts",
            receipt.receipt_type,
            f"The receipt by {receipt.receipt_type} was not made by an import, so its "
            "authorization is not BigCommerce's.",
            f"Let the gateway {action} it (manual 2.2.4).",
        )
    elif held.is_finite() and held <= 0:
        found.error(
            "amount_unreadable",
            "receipts",
            held,
            f"The receipt {quoted(receipt.import_id)} holds {held}, which is not an amount.",
            "Correct the receipt in AcctVantage.",
        )
    else:
        return True
    return False


def _check_whole(
    receipts: Sequence[Receipt],
    held: Sequence[Receipt],
    action: str,
    amount: Decimal,
    found: Findings,
) -> None:
    whole = sum(
        (
            receipt.pre_auth_amount
            for receipt in receipts
            if receipt.state == "pre_authorized" and receipt.import_id
        ),
        ZERO,
    )
    requested = sum((receipt.amount or receipt.pre_auth_amount for receipt in held), ZERO)
    if requested != amount or whole != amount:
        found.error(
            "capture_is_partial",
            "receipts",
            requested,
            f"{amount_text(requested)} of the authorized {amount_text(whole)} are requested, and "
            f"BigCommerce can only {action} all of it.",
            f"Request all of it in AcctVantage and refund the rest in BigCommerce, or {action} it "
            "at the gateway.",
        )


def _check_total(
    sales_order: SalesOrder, receipts: Sequence[Receipt], amount: Decimal, found: Findings
) -> None:
    received = sum((receipt.amount for receipt in receipts if receipt.state == "captured"), ZERO)
    over = received + amount - sales_order.total
    if over >= Decimal(5).scaleb(-decimals(sales_order.currency) - 1):
        found.error(
            "capture_exceeds_order",
            "receipts",
            amount,
            f"{amount_text(amount)} would be captured on top of {amount_text(received)}, and the "
            "order in AcctVantage is over "
            f"{amount_text(sales_order.total)}: {amount_text(over)} too much.",
            "Capture it at the gateway for less, or correct the order in AcctVantage.",
        )


def _check_edited(sales_order: SalesOrder, order: Order, amount: Decimal, found: Findings) -> None:
    """Find an order that was edited down in the store: all that was authorized is too much."""
    total = order.total_inc_tax
    if found.failed or not is_amount(total):
        return
    if amount - total >= Decimal(5).scaleb(-decimals(sales_order.currency) - 1):
        found.error(
            "capture_exceeds_order",
            "receipts",
            amount,
            f"{amount_text(amount)} would be captured, and order {order.id} is over "
            f"{amount_text(total)} in the store now.",
            f"Capture no more than {amount_text(total)} of it at the gateway: the next "
            "follow_orders() updates the receipt, or reports what to enter.",
        )


def _step(order: Order, action: str, found: Findings) -> PaymentStep | None:
    status = text_key(order.payment_status)
    step = _STEPS[action].get(status)
    if step is None:
        known = quoted(status) if status else "an offline one"
        found.error(
            "payment_not_authorized",
            "payment_status",
            status,
            f"The payment of order {order.id} is {known} in the store, so there is no "
            f"authorization to {action}.",
            "Check the payment in BigCommerce, and correct the receipt in AcctVantage.",
        )
        return None
    if status == "partially refunded":
        found.warn(
            "payment_partly_refunded",
            "payment_status",
            status,
            "The payment was captured, and a part of it was refunded; the receipt is over the "
            "whole payment.",
            "Book the refund in AcctVantage, unless gl.import_refunds has avbc do it.",
        )
    found.note("step", step, "the store says that the payment is {!r}", "", status)
    return step


def _check_age(receipt: Receipt, age: AuthorizationAge | None, found: Findings) -> None:
    if age is not None and age.is_old:
        found.warn(
            "authorization_old",
            "authorized_at",
            age.since,
            f"The payment of {amount_text(receipt.pre_auth_amount)} was authorized {age.age.days} "
            f"days ago, and an authorization is good for {age.good_days}: it may have lapsed.",
            "Capture sooner. If the gateway keeps authorizations longer, set authorization_days of "
            "the payment method in gl.payment_methods.",
        )


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.utcoffset() is None else time
