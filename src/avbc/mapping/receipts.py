"""Receipts after the import: which follow the store's payments, and what is for a person.

A receipt follows while it is as avbc last wrote it: not posted, and pending over nothing, or
pre-authorized over the authorization. Everything else in the books stays, and a difference is a
problem. Nothing here is posted, refunded or undone (docs/facts.md, acctvantage-payments).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal, localcontext

import attrs

from avbc.acctvantage.import_ids import receipt_number
from avbc.acctvantage.records import (
    GIFT_CARD,
    STORE_CREDIT,
    Receipt,
    ReceiptState,
    SalesOrder,
)
from avbc.bigcommerce.models import Order, Transaction
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.decisions import MappingProblem, Problem
from avbc.mapping.edits import is_fingerprint_of
from avbc.mapping.offline import has_gateway_payments, is_offline
from avbc.mapping.payment import STATUS_MISSING, receipt_type_for, uncaptured_fix
from avbc.mapping.proof import prove
from avbc.mapping.stopped import stopped
from avbc.mapping.text import plain
from avbc.mapping.worth import (
    AUTHORIZED,
    DECLINED,
    HELD,
    MISSING,
    PAID,
    RECEIVED,
    GatewayPayment,
    Worth,
    payments_worth,
)
from avbc.money import ARITHMETIC, ZERO, amount_text, is_amount
from avbc.shown import Shown
from avbc.text import quoted, text_key

_TENDERS = (STORE_CREDIT, GIFT_CARD)
_ALIVE: tuple[ReceiptState, ...] = ("captured", "pre_authorized", "pending")
_PAID = PAID | {SystemStatus.PARTIALLY_REFUNDED}
_CORRECT = "Check the order's payments in BigCommerce, and correct the receipt in AcctVantage."


@attrs.frozen
class ReceiptChange(Shown):
    """A receipt as it is in the books, and as the store's payment makes it."""

    before: Receipt
    after: Receipt


def follow_receipts(
    sales_order: SalesOrder,
    receipts: Sequence[Receipt],
    order: Order,
    transactions: Sequence[Transaction] | None,
    rules: MappingRules,
    *,
    credited: Decimal = ZERO,
) -> Ruling[tuple[ReceiptChange, ...]]:
    """Which receipts of an imported order follow its payments, and what a person must settle.

    Unlike other rules this one returns its value together with errors: what follows, follows, and
    each error is something for a person. A pending receipt becomes pre-authorized, captured or
    voided, a pre-authorized one captured or voided; none goes back. A voided or declined payment of
    an order that is not stopped is always a problem, since goods would go out unpaid, unless a
    receipt that a person entered covers it. A refund changes no receipt: it is a credit of its own.

    What is due at the gateway is the sales order's total less its receipts for store credit and
    gift certificates. Payments and receipts belong together by the gateway's transaction id, or
    else by their order. Without transactions the order's `payment_status` and status decide for all
    of its receipts, so a first look needs none: only where it finds something are they worth
    reading. A captured receipt changes only where more of its authorization is captured.

    Args:
        sales_order: The order as the books have it.
        receipts: All receipts on it.
        order: The order as the store has it now.
        transactions: Its transactions; None if they were not read.
        rules: Settings and reference data.
        credited: The total of the credits on the sales order.
    """
    case = Case(rules)
    changes: tuple[ReceiptChange, ...] = ()
    amounts = [
        sales_order.total,
        *(value for one in receipts for value in (one.amount, one.pre_auth_amount)),
    ]
    with localcontext(ARITHMETIC):
        if all(map(is_amount, amounts)):
            books = _Books.of(sales_order, receipts, credited)
            changes = _followed(books, order, transactions, case)
        else:
            case.error(
                "amount_unreadable",
                "receipts",
                sales_order.import_id,
                f"An amount on {sales_order.import_id} is not a number.",
                "Correct it in AcctVantage.",
            )
    return Ruling(changes, tuple(case.problems), tuple(case.notes))


def payment_without_order(order: Order) -> Problem | None:
    """The problem of money that was received for an order that was never completed (status 0).

    Such an order is never imported, and nobody ships it (docs/facts.md, bigcommerce-orders).
    """
    status = text_key(order.payment_status)
    if order.status_id or status not in RECEIVED:
        return None
    return Problem(
        "payment_without_order",
        "payment_status",
        status,
        f"The payment of {amount_text(order.total_inc_tax)} for order {order.id} is "
        f"{quoted(status)}, and the order was never completed: it is Incomplete.",
        "Give the order its New Order Status in BigCommerce, so that it is imported, or refund the "
        "payment.",
    )


@attrs.frozen
class _Books:
    """What the books have of an order's payments at the gateway."""

    ours: list[Receipt]
    """The receipts that an import made for them, in their order."""
    due: Decimal
    by_hand: Decimal
    """What was received by receipts that a person entered."""
    credited: Decimal
    fingerprint: str
    """Of the order as it was imported."""

    @classmethod
    def of(cls, sales_order: SalesOrder, receipts: Sequence[Receipt], credited: Decimal) -> _Books:
        """The receipts of one order, by where they come from."""
        numbered = {
            receipt_number(receipt.import_id, sales_order.import_id): receipt
            for receipt in receipts
        }
        made = [numbered[number] for number in sorted(number for number in numbered if number)]
        by_hand = [receipt for receipt in receipts if receipt not in made]
        tenders = [receipt for receipt in made if receipt.store_payment_method in _TENDERS]
        return cls(
            ours=[receipt for receipt in made if receipt not in tenders],
            due=sales_order.total - _sum(receipt.amount for receipt in tenders),
            by_hand=_sum(receipt.amount for receipt in by_hand if receipt.state == "captured"),
            credited=credited,
            fingerprint=sales_order.fingerprint,
        )

    def due_now(self, order: Order, rules: MappingRules) -> Decimal:
        """What is due at the gateway: less than here where the order was edited down since."""
        if not self.fingerprint or is_fingerprint_of(self.fingerprint, order):
            return self.due
        proof = prove(order, rules).value
        return self.due if proof is None else min(self.due, proof.gateway_amount)

    def in_state(self, *states: ReceiptState) -> list[Receipt]:
        """The import's receipts that are in one of these states."""
        return [receipt for receipt in self.ours if receipt.state in states]


def _is_of_gateway(receipt: Receipt, order: Order, rules: MappingRules) -> bool:
    """Whether a gateway made the payment; the date alone may be one that the store made up."""
    is_dated = receipt.authorized_at is not None and not is_offline(order.payment_method, rules)
    return bool(receipt.gateway) or is_dated


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _over(receipt: Receipt) -> Decimal:
    """What the receipt received or holds."""
    return receipt.amount if receipt.state == "captured" else receipt.pre_auth_amount


def _followed(
    books: _Books, order: Order, transactions: Sequence[Transaction] | None, case: Case
) -> tuple[ReceiptChange, ...]:
    if not books.ours:
        return ()
    read = Case(case.rules)
    worth = payments_worth(order, transactions, books.due, read)
    if read.failed:
        # The rule's advice is for the import: by now the order is in the books.
        case.problems += (
            attrs.evolve(problem, fix=_CORRECT)
            for problem in read.problems
            if problem.severity == "error"
        )
        return ()
    if worth.status == MISSING:
        case.error(*STATUS_MISSING)
        return ()
    if not worth.is_known:
        case.error(
            "payment_status_unknown",
            "payment_status",
            worth.status,
            f"BigCommerce says that the payment of order {order.id} is {quoted(worth.status)}, "
            "which avbc does not know.",
            _CORRECT,
        )
        return ()
    if worth.transacted is None:
        if not worth.status and (
            order.status_id not in _PAID
            or any(_is_of_gateway(receipt, order, case.rules) for receipt in books.ours)
        ):
            # Without a payment status a stopped order says nothing about money, nor does any order
            # about what its payment was at a gateway before.
            return ()
        # With unread transactions this is a first look, which asks for them.
        is_all = transactions is not None or not has_gateway_payments(order, case.rules)
        if stopped(order.status_id) and (
            worth.payments and worth.payments[0].state == "captured" and is_all
        ):
            # Nor does its payment status say that anything was received.
            return ()
        # What a person entered is the money that the order's status is about.
        worth = _of_each_receipt(worth, books, books.by_hand if is_all else ZERO)
    return _Comparison(books, order, worth, case).changes()


def _of_each_receipt(worth: Worth, books: _Books, by_hand: Decimal) -> Worth:
    """The one payment that the order's status is about, as one for each receipt."""
    one = (*worth.payments, *worth.given_up)[0]
    awaited = books.in_state("pending")
    rest = books.due - _sum(map(_over, books.in_state("captured", "pre_authorized")))
    if by_hand and one.state == "captured":
        rest = max(ZERO, rest - by_hand)
        one = one if rest else attrs.evolve(one, state="pending")
    is_given_up = one.state == "voided"
    each: list[GatewayPayment] = []
    for receipt in books.ours if is_given_up else books.in_state(*_ALIVE):
        # How several share what is awaited, only the transactions say.
        amount = _over(receipt) if receipt not in awaited else rest if len(awaited) == 1 else ZERO
        number = receipt.gateway_transaction_id
        each.append(attrs.evolve(one, amount=amount, gateway_transaction_id=number))
    return Worth(
        worth.status,
        payments=() if is_given_up else tuple(each or [one]),
        given_up=tuple(each) if is_given_up else (),
    )


def _matched(
    receipts: Sequence[Receipt], payments: Sequence[GatewayPayment]
) -> tuple[list[tuple[Receipt, GatewayPayment]], list[Receipt], list[GatewayPayment]]:
    """Receipts with their payments, by the transaction's id or else in order; what is left."""
    pairs: list[tuple[Receipt, GatewayPayment]] = []
    receipts, payments = list(receipts), list(payments)
    for receipt in tuple(receipts):
        number = receipt.gateway_transaction_id
        named = [one for one in payments if number and one.gateway_transaction_id == number]
        if named:
            pairs.append((receipt, named[0]))
            receipts.remove(receipt)
            payments.remove(named[0])
    common = min(len(receipts), len(payments))
    pairs += zip(receipts[:common], payments[:common], strict=True)
    return pairs, receipts[common:], payments[common:]


@attrs.frozen
class _Comparison:
    """The receipts on one order, and what the store has of its payments."""

    books: _Books
    order: Order
    worth: Worth
    case: Case

    def changes(self) -> tuple[ReceiptChange, ...]:
        """The receipts that follow; what cannot is added to the problems."""
        worth, voided = self.worth, self.books.in_state("voided")
        pairs, left, missing = _matched(self.books.in_state(*_ALIVE), worth.payments)
        given_up, left, _ = _matched([*left, *voided], worth.given_up)
        changes: list[ReceiptChange] = []
        for receipt, payment in (*pairs, *given_up):
            after = self._after(receipt, payment)
            if after is not None and self._may_follow(receipt, payment):
                changes.append(ReceiptChange(receipt, after))
                self.case.note(
                    receipt.import_id,
                    _over(after),
                    "the store says that the payment is {!r}: {} becomes {}",
                    "",
                    worth.status,
                    receipt.state,
                    after.state,
                )
        for receipt in left:
            if receipt.state != "voided":
                self._error(
                    "receipt_amount_differs",
                    receipt,
                    f"is over {amount_text(_over(receipt))}, and no payment in the store belongs "
                    "to it",
                    _CORRECT,
                )
        self._check_missing(missing)
        self._check_doubled(changes)
        if not stopped(self.order.status_id):
            self._check_status(bool(given_up))
            self._check_uncaptured()
        return tuple(changes)

    def _after(self, receipt: Receipt, payment: GatewayPayment) -> Receipt | None:
        """The receipt as its payment makes it; None where it stays."""
        if receipt.state == "captured":
            if self._is_more(receipt, payment):
                settled = payment.settled_at
                return attrs.evolve(receipt, amount=payment.amount, captured_at=settled)
            self._check_captured(receipt, payment)
            return None
        if payment.state == "pending" or receipt.state == "voided":
            return None
        if payment.state == "voided":
            if (
                receipt.state == "pre_authorized"
                and self.worth.status == DECLINED
                and self.worth.transacted
            ):
                # A capture that was declined leaves the authorization.
                return None
            return attrs.evolve(
                _unasked(receipt), state="voided", amount=ZERO, voided_at=payment.settled_at
            )
        amount = self._amount(receipt, payment)
        if amount is None:
            return None
        after = attrs.evolve(
            _unasked(receipt) if payment.state == "captured" else receipt,
            gateway=payment.gateway or receipt.gateway,
            gateway_transaction_id=payment.gateway_transaction_id or receipt.gateway_transaction_id,
        )
        if payment.state == "captured":
            return attrs.evolve(
                after, state="captured", amount=amount, captured_at=payment.settled_at
            )
        if receipt.state == "pre_authorized" and after == receipt:
            return None
        return attrs.evolve(
            after,
            state="pre_authorized",
            pre_auth_amount=amount,
            authorized_at=payment.authorized_at,
        )

    def _amount(self, receipt: Receipt, payment: GatewayPayment) -> Decimal | None:
        """What an open receipt will be over; None where the store's amount is another one."""
        rules, transacted = self.case.rules, self.worth.transacted
        if receipt.state == "pre_authorized":
            expected, in_store = receipt.pre_auth_amount, payment.amount
            authorized = payment.authorized or in_store
            if in_store < authorized and rules.rounds_to_zero(authorized - expected):
                # A part of it was captured.
                return in_store
        elif transacted is None:
            expected = in_store = payment.amount
        else:
            expected, in_store = self.books.due, transacted
        # A gateway may authorize nothing, to see whether a card is good.
        is_amount_of_it = in_store > 0 or receipt.state == "pre_authorized"
        if is_amount_of_it and rules.rounds_to_zero(in_store - expected):
            alone = receipt.state == "pre_authorized" or len(self.worth.payments) == 1
            return expected if alone and not self.worth.uncaptured else payment.amount
        self._error(
            "receipt_amount_differs",
            receipt,
            f"waits for {amount_text(expected)}, and the payment in the store is "
            f"{quoted(self.worth.status)} over {amount_text(in_store)}",
            _CORRECT,
        )
        return None

    def _may_follow(self, receipt: Receipt, payment: GatewayPayment) -> bool:
        """Whether the receipt is as avbc last wrote it, and of the payment's type."""
        method = plain(self.order.payment_method)
        receipt_type = receipt.receipt_type
        is_same = text_key(method) == text_key(receipt.store_payment_method)
        if payment.state != "voided" and not is_same:
            ids = [payment.payment_method_id]
            found = receipt_type_for(
                method, self.case.rules, ids, locale=self.order.customer_locale
            )
            receipt_type = self.case.add(found) or ""
        asked = (ZERO, receipt.pre_auth_amount) if receipt.state == "pre_authorized" else (ZERO,)
        if receipt.posted:
            why = "is posted"
        elif receipt.state == "captured":
            return True
        elif receipt.amount not in asked or (receipt.state == "pending" and _over(receipt)):
            why = f"was changed in AcctVantage, to {amount_text(receipt.amount)}"
        elif receipt_type != receipt.receipt_type:
            why = f"is by {receipt.receipt_type}, and the order is paid by {quoted(method)}"
        else:
            return True
        self._error(
            "receipt_cannot_follow",
            receipt,
            f"{why}; in the store the payment is {payment.state}",
            f"Correct the receipt in AcctVantage: the payment of {amount_text(payment.amount)} is "
            f"{payment.state}.",
        )
        return False

    def _is_more(self, receipt: Receipt, payment: GatewayPayment) -> bool:
        """Whether more of an authorization was captured since avbc wrote the receipt.

        Then it is over what was received after one of the captures before the last. More than was
        authorized is for a person.
        """
        return (
            payment.state == "captured"
            and not self._is_over_authorized(payment)
            and not receipt.posted
            and receipt.amount in payment.so_far[:-1]
            and payment.amount - receipt.amount > self.books.by_hand
        )

    def _is_over_authorized(self, payment: GatewayPayment) -> bool:
        """Whether more was captured than was authorized; some gateways authorize nothing."""
        over = payment.amount - (payment.authorized or payment.amount)
        return over > 0 and not self.case.rules.rounds_to_zero(over)

    def _check_captured(self, receipt: Receipt, payment: GatewayPayment) -> None:
        """Find where a captured receipt, which never changes, is not what the store received."""
        known, status = self.worth.transacted is not None, self.worth.status
        if payment.state == "voided" or (payment.state != "captured" and status == AUTHORIZED):
            state = status if payment.state != "voided" else "declined or voided"
            self._error(
                "receipt_not_backed",
                receipt,
                f"says that {amount_text(receipt.amount)} were received, and in the store the "
                f"payment is {state}",
                _CORRECT,
            )
        elif (
            known
            and payment.state == "captured"
            and not self.case.rules.rounds_to_zero(payment.amount - receipt.amount)
        ):
            more = payment.amount - receipt.amount
            if len(payment.so_far) > 1 and 0 < more <= self.books.by_hand:
                # The rest of what was authorized, which a person entered.
                return
            fix = _CORRECT
            if receipt.posted and more > 0:
                fix = f"Enter a receipt over {amount_text(more)} in AcctVantage."
            self._error(
                "receipt_amount_differs",
                receipt,
                f"is over {amount_text(receipt.amount)}, and the store received "
                f"{amount_text(payment.amount)}",
                fix,
            )

    def _check_uncaptured(self) -> None:
        """Find what was authorized and never captured, unless it came in another way."""
        books = self.books
        # A credit that the gateway paid out was received before.
        settled = books.by_hand + max(ZERO, books.credited - self.worth.refunded)
        rest, rules = self.worth.uncaptured - settled, self.case.rules
        if rest >= rules.half_minor_unit:
            rest -= books.due - books.due_now(self.order, rules)
        if rest >= rules.half_minor_unit and not self.case.failed:
            self.case.error(
                "payment_partly_captured",
                "transactions",
                rest,
                f"Only a part of the payment of order {self.order.id} was captured: "
                f"{amount_text(rest)} that were authorized are not received.",
                uncaptured_fix(amount_text(rest)),
            )

    def _check_missing(self, payments: Sequence[GatewayPayment]) -> None:
        """Find money in the store for which the books have no receipt."""
        amount = self._in_store(payments)
        if amount - self.books.by_hand > self.case.rules.half_minor_unit:
            self.case.error(
                "receipt_missing",
                "transactions",
                amount,
                f"{amount_text(amount)} of order {self.order.id} are {self.worth.status or 'paid'} "
                "in the store, and the books have no receipt for it.",
                f"Enter a receipt over {amount_text(amount)} in AcctVantage, or give the money "
                "back in BigCommerce.",
            )

    def _check_doubled(self, changes: Sequence[ReceiptChange]) -> None:
        """Find money that a gateway received, and a person entered as well."""
        books = self.books
        now = {change.before.import_id: change.after for change in changes}
        ours = [now.get(one.import_id, one) for one in books.ours]
        at_gateway = [one for one in ours if one.state == "captured" and one.gateway]
        more = _sum(one.amount for one in ours if one.state == "captured") + books.by_hand
        more = min(books.by_hand, more - books.due - books.credited)
        if at_gateway and more >= self.case.rules.half_minor_unit:
            self._error(
                "receipt_amount_differs",
                at_gateway[0],
                f"is over what the gateway received, and {amount_text(more)} more than is due were "
                "entered by hand",
                "If that is the same money, delete the receipt that was entered by hand in "
                f"AcctVantage. If it was paid twice, call settle({self.order.id}).",
            )

    def _check_status(self, is_given_up: bool) -> None:
        """Find what concerns the payment of an order as a whole, which goes on in the store."""
        status, case = self.worth.status, self.case
        of_order = f"The payment of order {self.order.id}"
        received = self.books.by_hand + _sum(map(_over, self.books.in_state("captured")))
        received = max(received, self._in_store(self.worth.payments))
        if is_given_up and self.books.due - received >= case.rules.half_minor_unit:
            verb = "declined" if status == DECLINED else "voided"
            case.error(
                "payment_declined_after_import"
                if status == DECLINED
                else "payment_void_after_import",
                "payment_status",
                status,
                f"{of_order} was {verb} after its import, and the order goes on: its goods would "
                "go out unpaid.",
                "Cancel the order in BigCommerce, or enter the receipt of another payment in "
                "AcctVantage.",
            )
        elif status == HELD:
            case.error(
                "payment_held",
                "payment_status",
                status,
                f"{of_order} is held for review.",
                "Approve or decline it in BigCommerce.",
            )

    def _in_store(self, payments: Sequence[GatewayPayment]) -> Decimal:
        """What the store received or holds, no matter who captures it."""
        is_held = self.worth.status == AUTHORIZED
        return _sum(one.amount for one in payments if is_held or one.state != "pending")

    def _error(self, code: MappingProblem, receipt: Receipt, what: str, fix: str) -> None:
        message = f"The receipt {receipt.import_id} by {receipt.receipt_type} {what}."
        self.case.error(code, "receipts", receipt.import_id, message, fix)


def _unasked(receipt: Receipt) -> Receipt:
    return attrs.evolve(receipt, capture_wanted=False, void_wanted=False)
