"""What an order's payments are worth: the state, amount and time of each payment at the gateway.

One rule, at the import and on every day after it (docs/facts.md, bigcommerce-money). Where the
gateway's transactions are given they decide. Where there are none, the order's status does for
methods that are paid outside of any gateway: nothing is received in `UNPAID` ones, whatever the
method and whatever `payment_status` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from operator import attrgetter

import attrs

from avbc.acctvantage.records import ReceiptState
from avbc.bigcommerce.models import Order, Transaction
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import Case, MappingRules
from avbc.mapping.offline import is_offline, is_owed
from avbc.money import ZERO, amount_text, is_amount
from avbc.text import text_key

RECEIVED = frozenset(["captured", "paid", "partially refunded"])
"""The payment statuses of money that was received."""
AUTHORIZED = "authorized"
VOID = "void"
DECLINED = "declined"
REFUNDED = "refunded"
HELD = "held for review"
PARTLY_REFUNDED = "partially refunded"
AWAITED = "awaiting payment"
"""What takes the place of a payment status while the order's status is one of `UNPAID`."""
MISSING = "missing"
"""What takes its place where an order names a gateway's payment of which nothing is known."""
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
    # Without a payment status the order's own status decides.
    **dict.fromkeys([*RECEIVED, "", REFUNDED], "captured"),
    **dict.fromkeys(
        [AUTHORIZED, "pending", "capture pending", "void pending", HELD, AWAITED, MISSING],
        "pending",
    ),
    **dict.fromkeys([VOID, DECLINED], "voided"),
}
_TENDER_METHODS = {
    "store_credit": "store_credit_amount",
    "gift_certificate": "gift_certificate_amount",
}
_PAYING = frozenset(["purchase", "authorization"])
_NO_GATEWAY = frozenset(["offline", "custom"])
"""The methods of transactions that only repeat that an order is paid outside of any gateway."""
_UNSETTLED = frozenset(["pending", "capture pending"])
_MOST_REFUNDS = 8
"""Of more refunds it is not tried which of them an edited total leaves out."""


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
    authorized: Decimal | None = None
    """What was authorized first, whatever was captured of it; None for a purchase."""
    so_far: tuple[Decimal, ...] = ()
    """What was received after each capture, where there are several."""
    payment_method_id: str = ""

    @property
    def is_open(self) -> bool:
        """Whether more was authorized than was received."""
        return self.authorized is not None and self.authorized > self.amount


@attrs.frozen
class Worth:
    """What the payments of an order are worth, without redeemed store credit and certificates.

    Amounts are in the order's currency.
    """

    status: str
    """The payment's status, by the transactions, `payment_status` and the order's status."""
    payments: tuple[GatewayPayment, ...]
    """Those that count; one for all where no transaction distinguishes them."""
    given_up: tuple[GatewayPayment, ...] = ()
    """Those that were voided or declined."""
    transacted: Decimal | None = None
    """What the transactions add up to; None where there is none to compare with."""
    uncaptured: Decimal = ZERO
    """What was authorized and is due, less what was captured."""
    edited_away: Decimal = ZERO
    """What was refunded and is no longer due, since the order's total was edited down."""
    refunded: Decimal = ZERO
    """What else the gateway paid back."""

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
    so_far: list[Decimal] = attrs.field(factory=list[Decimal])
    refunds: list[Decimal] = attrs.field(factory=list[Decimal])

    edited_away: Decimal = ZERO

    @property
    def uncaptured(self) -> Decimal:
        """What was authorized, and not captured when a part of it was."""
        if self.received_at is None:
            return ZERO
        return max(ZERO, self.first.amount - self.amount - self.edited_away)


def payments_worth(
    order: Order, transactions: Sequence[Transaction] | None, due: Decimal, case: Case
) -> Worth:
    """What the payments of an order are worth.

    Without a transaction that says more there is one payment, over what is `due` at the gateway. An
    authorized payment is `pre_authorized` only where AcctVantage captures (manual 2.2.4). Where the
    transactions cannot be read, that is a problem, and `payment_status` alone says what can be
    said.

    Transactions are read gross or net of refunds, and in full or as far as they were captured:
    whichever adds up to what is due.

    Args:
        order: The order, with the status that says whether it was paid.
        transactions: Its transactions; None if they were not read.
        due: What is to be paid at the gateway.
        case: Where problems are added.
    """
    found = _at_gateway(order, transactions, case) if transactions else None
    alive = [payment for payment in found or () if payment.voided_at is None]
    voided = [payment for payment in found or () if payment.voided_at is not None]
    status = _status(order, transactions, found or (), case.rules)
    uncaptured = edited_away = ZERO
    transacted = sum((payment.amount for payment in alive), ZERO)
    refunded = sum((amount for payment in alive for amount in payment.refunds), ZERO)
    if not case.rules.rounds_to_zero(transacted - due):
        left = sum((payment.uncaptured for payment in alive), ZERO)
        if left and transacted < due:
            uncaptured = min(left, due - transacted)
            transacted += left
        else:
            edited_away = _edit_away(alive, transacted - due, case.rules)
            transacted, refunded = transacted - edited_away, refunded - edited_away
            alive = [payment for payment in alive if payment.amount or not edited_away]
    payments = [_worth(payment, status, order, case) for payment in alive]
    given_up = [_worth(payment, VOID, order, case) for payment in voided]
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
        uncaptured,
        edited_away,
        refunded,
    )


def _edit_away(payments: Sequence[_Payment], excess: Decimal, rules: MappingRules) -> Decimal:
    """Take off the refunds that are exactly what was paid in excess; return their sum.

    BigCommerce moves no money where an order is edited: staff refund the difference. Then the total
    was edited down, and the refund is no credit of its own.
    """
    rows = [(payment, amount) for payment in payments for amount in payment.refunds]
    chosen = refunds_of_edit([amount for _, amount in rows], excess, rules)
    for place in chosen:
        payment, amount = rows[place]
        payment.amount -= amount
        payment.edited_away += amount
    return sum((rows[place][1] for place in chosen), ZERO)


def refunds_of_edit(
    refunds: Sequence[Decimal], excess: Decimal, rules: MappingRules
) -> tuple[int, ...]:
    """The places of the refunds that together are what was paid in excess; the first ones first."""
    if excess < rules.half_minor_unit or len(refunds) > _MOST_REFUNDS:
        return ()
    for count in range(1, len(refunds) + 1):
        for places in combinations(range(len(refunds)), count):
            if rules.rounds_to_zero(sum((refunds[place] for place in places), ZERO) - excess):
                return places
    return ()


def _state(status: str, case: Case) -> ReceiptState:
    if status == AUTHORIZED and (
        case.rules.settings.gl.credit_card_transactions_are_preauthorizations
    ):
        return "pre_authorized"
    return _STATES.get(status, "pending")


def _status(
    order: Order,
    transactions: Sequence[Transaction] | None,
    payments: Sequence[_Payment],
    rules: MappingRules,
) -> str:
    """The payment's status; transactions that are newer than it, or say more, decide."""
    status = text_key(order.payment_status)
    alive = [payment for payment in payments if payment.voided_at is None]
    is_received = all(payment.received_at is not None for payment in alive)
    if alive and (status in ("", AUTHORIZED) or (status in _UNSETTLED and is_received)):
        return "captured" if is_received else AUTHORIZED
    if payments:
        return VOID if not alive and status in ("", AUTHORIZED) else status
    return status_without_transactions(order, transactions, rules)


def status_without_transactions(
    order: Order, transactions: Sequence[Transaction] | None, rules: MappingRules
) -> str:
    """The payment's status where no transaction of a gateway is known.

    Args:
        order: The order, with the status that says whether it was paid.
        transactions: None if they were not read: then a gateway may know more.
        rules: Settings and reference data.
    """
    status, method = text_key(order.payment_status), order.payment_method
    is_outside = is_offline(method, rules) or is_owed(method, rules)
    if is_outside or any(each.method in _NO_GATEWAY for each in transactions or ()):
        if status not in {"", AUTHORIZED, *_UNSETTLED, *RECEIVED}:
            return status
        if order.status_id in UNPAID:
            return AWAITED
        return status if status in RECEIVED else ""
    if order.status_id in UNPAID and (
        not status or (status in RECEIVED and transactions is not None)
    ):
        return AWAITED
    if not status and transactions is not None and order.payment_provider_id:
        return MISSING
    return status


def _worth(payment: _Payment, status: str, order: Order, case: Case) -> GatewayPayment:
    state = _state(status, case)
    if status == AUTHORIZED and payment.received_at is not None:
        state = "captured"
    settled_at = None
    if state == "captured":
        settled_at = payment.received_at or order.date_modified
    elif state == "voided":
        settled_at = payment.voided_at or order.date_modified
    first = payment.first
    return GatewayPayment(
        state=state,
        amount=payment.amount,
        gateway=f"{first.gateway} (test)".strip() if first.test else first.gateway,
        gateway_transaction_id=first.gateway_transaction_id or order.payment_provider_id or "",
        authorized_at=first.date_created,
        settled_at=settled_at,
        authorized=first.amount if first.event == "authorization" else None,
        so_far=tuple(payment.so_far),
        payment_method_id=first.payment_method_id,
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
        if transaction.method in _NO_GATEWAY:
            continue
        if transaction.test:
            _check_test(transaction, case)
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


def _check_test(transaction: Transaction, case: Case) -> None:
    message = f"Transaction {transaction.id} is a test: no money moved."
    if case.rules.settings.gl.import_test_transactions:
        case.warn(
            "test_transaction",
            "transactions",
            transaction.gateway,
            f"{message} The receipt is over its amount all the same, and its gateway says (test).",
            "After the rehearsal, set gl.import_test_transactions = false.",
        )
        return
    case.error(
        "test_transaction",
        "transactions",
        transaction.gateway,
        message,
        "Turn off the gateway's test mode, and get the order paid or cancel it in BigCommerce. To "
        "import the orders of a rehearsal, set gl.import_test_transactions = true.",
    )


def _followed(rows: Sequence[Transaction]) -> list[_Payment]:
    """What was paid or authorized, each with what became of it."""
    payments: list[_Payment] = []
    for row in sorted(rows, key=lambda row: row.id):
        of_it = _meant(row, payments)
        if row.event in _PAYING:
            received_at = row.date_created if row.event == "purchase" else None
            payments.append(_Payment(row, row.amount, [row.id], received_at))
        elif row.event == "void" and of_it is not None:
            # Of what was captured in part, the rest is voided.
            if not of_it.uncaptured or row.amount > of_it.uncaptured:
                of_it.voided_at = row.date_created
        elif row.event == "refund" and payments:
            (of_it or max(payments, key=attrgetter("amount"))).refunds.append(row.amount)
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
            of_it.so_far.append(of_it.amount)
    return payments


def _meant(row: Transaction, payments: Sequence[_Payment]) -> _Payment | None:
    """The payment that a transaction acts on; without a reference the one payment there is."""
    named = [payment for payment in payments if row.reference_transaction_id in payment.ids]
    open_ = named or [payment for payment in payments if payment.voided_at is None]
    return open_[0] if len(open_) == 1 else None


def is_given_up(order: Order) -> bool:
    """Whether the payment of an order was voided or declined."""
    return text_key(order.payment_status) in (VOID, DECLINED)
