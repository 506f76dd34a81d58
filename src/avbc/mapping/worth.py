"""What an order's payments are worth: the state, amount and time of each payment at the gateway.

One rule, at the import and on every day after it (docs/facts.md, bigcommerce-money). Where the
gateway's transactions are given they decide; otherwise the order's `payment_status` does, and of
an order without one its status: nothing is received in `UNPAID` ones, whatever the method.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import attrs

from avbc.acctvantage.records import ReceiptState
from avbc.bigcommerce.models import Order, Transaction
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import Case
from avbc.mapping.text import amount_text
from avbc.money import ZERO, is_amount
from avbc.text import text_key

RECEIVED = frozenset(["captured", "paid", "partially refunded"])
"""The payment statuses of money that was received."""
AUTHORIZED = "authorized"
VOID = "void"
DECLINED = "declined"
REFUNDED = "refunded"
HELD = "held for review"
AWAITED = "awaiting payment"
"""The payment status of an order without one, while it has one of the statuses `UNPAID`."""
PAID = frozenset(
    {
        SystemStatus.SHIPPED,
        SystemStatus.PARTIALLY_SHIPPED,
        SystemStatus.AWAITING_PICKUP,
        SystemStatus.AWAITING_SHIPMENT,
        SystemStatus.COMPLETED,
        SystemStatus.AWAITING_FULFILLMENT,
    }
)
"""Statuses of paid orders. Any other but Refunded may void the order's tax document (docs/facts.md,
bigcommerce-orders)."""
UNPAID = frozenset({SystemStatus.INCOMPLETE, SystemStatus.PENDING, SystemStatus.AWAITING_PAYMENT})
"""Incomplete, Pending and Awaiting Payment (docs/facts.md, bigcommerce-orders)."""

_STATES: dict[str, ReceiptState] = {
    # Without a payment status the method is an offline one, and the order's own status decides.
    **dict.fromkeys([*RECEIVED, "", REFUNDED], "captured"),
    **dict.fromkeys(
        [AUTHORIZED, "pending", "capture pending", "void pending", HELD, AWAITED], "pending"
    ),
    **dict.fromkeys([VOID, DECLINED], "voided"),
}
_TENDER_METHODS = {
    "store_credit": "store_credit_amount",
    "gift_certificate": "gift_certificate_amount",
}
_PAYING = frozenset(["purchase", "authorization"])


@attrs.frozen
class GatewayPayment:
    """One payment at the gateway, as the store has it."""

    state: ReceiptState
    amount: Decimal
    """What was received, is held, is awaited, or was given up."""
    gateway: str = ""
    gateway_transaction_id: str = ""
    authorized_at: datetime | None = None
    """When it was made, by its transaction, or with the order where it is only authorized."""
    settled_at: datetime | None = None
    """When the money came or was given up, by the store's word; None while neither happened."""


@attrs.frozen
class Worth:
    """What the payments of an order are worth, without redeemed store credit and certificates."""

    status: str
    """The payment's status, by the transactions and the order's `payment_status` together."""
    payments: tuple[GatewayPayment, ...]
    """Those that count; one for all where no transaction distinguishes them."""
    given_up: tuple[GatewayPayment, ...] = ()
    """Those that were voided or declined."""
    transacted: Decimal | None = None
    """What the transactions add up to; None where there is none to compare with."""

    @property
    def is_known(self) -> bool:
        """Whether avbc knows what the payment status means."""
        return self.status in _STATES


@attrs.define
class _Payment:
    """A purchase or an authorization, and what the later transactions made of it."""

    first: Transaction
    amount: Decimal
    ids: list[int]
    received_at: datetime | None = None
    voided_at: datetime | None = None


def payments_worth(
    order: Order, transactions: Sequence[Transaction], due: Decimal, case: Case
) -> Worth:
    """What the payments of an order are worth.

    Without a transaction that says more there is one payment, over what is `due` at the gateway. An
    authorized payment is `pre_authorized` only where AcctVantage captures (manual 2.2.4). Where the
    transactions cannot be read, that is a problem, and `payment_status` alone says what can be
    said.
    """
    found = _at_gateway(order, transactions, case) if transactions else None
    alive = [payment for payment in found or () if payment.voided_at is None]
    voided = [payment for payment in found or () if payment.voided_at is not None]
    status = _status(order, alive, voided)
    payments = [_worth(payment, status, order, case) for payment in alive]
    given_up = [_worth(payment, VOID, order, case) for payment in voided]
    transacted = sum((payment.amount for payment in alive), ZERO)
    state = _state(status, case)
    says_more = found is not None and bool(
        alive or (voided and state == "voided") or status == AUTHORIZED or status in RECEIVED
    )
    if not says_more:
        payments = [
            GatewayPayment(
                state=state,
                amount=due,
                gateway_transaction_id=order.payment_provider_id or "",
                authorized_at=order.date_created if status == AUTHORIZED else None,
                settled_at=None if state in ("pending", "pre_authorized") else order.date_modified,
            )
        ]
    return Worth(
        status,
        tuple(payment for payment in payments if payment.state != "voided"),
        tuple(payment for payment in (*payments, *given_up) if payment.state == "voided"),
        transacted if says_more else None,
    )


def _state(status: str, case: Case) -> ReceiptState:
    if status == AUTHORIZED and (
        case.rules.settings.gl.credit_card_transactions_are_preauthorizations
    ):
        return "pre_authorized"
    return _STATES.get(status, "pending")


def _status(order: Order, alive: Sequence[_Payment], voided: Sequence[_Payment]) -> str:
    """The payment's status; transactions that are newer than it, or say more, decide."""
    status = text_key(order.payment_status)
    if not (status or alive or voided) and order.status_id in UNPAID:
        return AWAITED
    if status not in ("", AUTHORIZED) or not (alive or voided):
        return status
    if not alive:
        return VOID
    return AUTHORIZED if any(payment.received_at is None for payment in alive) else "captured"


def _worth(payment: _Payment, status: str, order: Order, case: Case) -> GatewayPayment:
    state = _state(status, case)
    if status == AUTHORIZED and payment.received_at is not None:
        state = "captured"
    if state == "captured" and payment.first.test:
        # No money moved.
        state = "pending"
    settled_at = None
    if state == "captured":
        settled_at = payment.received_at or order.date_modified
    elif state == "voided":
        settled_at = payment.voided_at or order.date_modified
    return GatewayPayment(
        state=state,
        amount=payment.amount,
        gateway=payment.first.gateway,
        gateway_transaction_id=payment.first.gateway_transaction_id
        or order.payment_provider_id
        or "",
        authorized_at=payment.first.date_created,
        settled_at=settled_at,
    )


def _at_gateway(
    order: Order, transactions: Sequence[Transaction], case: Case
) -> list[_Payment] | None:
    """The payments at the gateway; None where the transactions cannot be read."""
    tenders = dict.fromkeys(_TENDER_METHODS.values(), ZERO)
    rows: list[Transaction] = []
    currency = order.default_currency_code
    for transaction in transactions:
        if not is_amount(transaction.amount):
            case.error(
                "amount_unreadable",
                "transactions",
                transaction.amount,
                f"Transaction {transaction.id} has {transaction.amount} as its amount.",
                "Check the order's payments in BigCommerce.",
            )
            return None
        if transaction.status != "ok" and text_key(transaction.status) != "ok":
            continue
        if transaction.currency not in ("", currency) and (
            text_key(transaction.currency) != text_key(currency)
        ):
            case.error(
                "transaction_currency_differs",
                "transactions",
                transaction.currency,
                f"A transaction is in {transaction.currency}, and the order is in {currency}.",
                "Enter the order by hand.",
            )
            return None
        if transaction.test:
            case.warn(
                "test_transaction",
                "transactions",
                transaction.gateway,
                f"Transaction {transaction.id} is a test: no money moved.",
                "Turn off the gateway's test mode.",
            )
        tender = _TENDER_METHODS.get(transaction.method)
        if tender is None:
            rows.append(transaction)
        elif transaction.event in _PAYING:
            tenders[tender] += transaction.amount
    for (field, amount), expected in zip(
        tenders.items(), (order.store_credit_amount, order.gift_certificate_amount), strict=True
    ):
        if amount and is_amount(expected) and not case.rules.rounds_to_zero(amount - expected):
            case.error(
                "tender_does_not_foot",
                field,
                expected,
                f"The order says that {amount_text(expected)} was redeemed, its transactions say "
                f"{amount_text(amount)}: "
                f"off by {amount_text(abs(amount - expected))}.",
                "Check the order's payments in BigCommerce.",
            )
    return _followed(rows)


def _followed(rows: Sequence[Transaction]) -> list[_Payment]:
    """What was paid or authorized, each with what became of it."""
    payments: list[_Payment] = []
    for row in sorted(rows, key=lambda row: row.id):
        of_it = _meant(row, payments)
        if row.event in _PAYING:
            received_at = row.date_created if row.event == "purchase" else None
            payments.append(_Payment(row, row.amount, [row.id], received_at))
        elif row.event == "void" and of_it is not None:
            of_it.voided_at = row.date_created
        elif row.event in ("capture", "settled"):
            if of_it is None:
                payments.append(_Payment(row, row.amount, [row.id], row.date_created))
                continue
            of_it.ids.append(row.id)
            if of_it.received_at is None:
                of_it.amount, of_it.received_at = row.amount, row.date_created
            elif row.event == "capture" and of_it.first.event == "authorization":
                # One authorization may be captured in parts; a settlement moves no more money.
                of_it.amount, of_it.received_at = of_it.amount + row.amount, row.date_created
    return payments


def _meant(row: Transaction, payments: Sequence[_Payment]) -> _Payment | None:
    """The payment that a transaction acts on; without a reference the one payment there is."""
    named = [payment for payment in payments if row.reference_transaction_id in payment.ids]
    open_ = named or [payment for payment in payments if payment.voided_at is None]
    return open_[0] if len(open_) == 1 else None


def is_given_up(order: Order) -> bool:
    """Whether the payment of an order was voided or declined."""
    return text_key(order.payment_status) in (VOID, DECLINED)
