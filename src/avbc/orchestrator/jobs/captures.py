"""Captures and voids: what AcctVantage wants of authorized payments, and what the gateway made of it (manual 2.2.4).

Nothing is remembered of a capture that is under way but that it was begun: the receipt in the books
is wanted until the store says that the payment is captured, and the store is asked before anything
is sent. So a run may die anywhere, and the next one never captures twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.records import Receipt, SalesOrder
from avbc.bigcommerce import UnexpectedData
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError, FinalError
from avbc.mapping import PaymentAction, Problem, Ruling, payment_action
from avbc.mapping.capture import AUTHORIZATION_DAYS
from avbc.mapping.text import amount_text
from avbc.orchestrator.engine.run import CONCERNS_ALL, CallbackStep, PushRun, Step
from avbc.orchestrator.engine.store_orders import read_orders, unreadable
from avbc.orchestrator.reports import Change
from avbc.text import text_key

_TOLD = "old authorization"
"""The day on which a person was told last that an authorization grows old, by the receipt's Import ID."""

_DONE = {"capture": "captured", "void": "voided"}


def capture_payments(run: PushRun) -> None:
    """Have the gateway capture or void the payments that AcctVantage wants captured or voided, and record what it has done.

    Args:
        run: The run.

    Raises:
        AvbcError: The books or the store cannot be read, or the store refuses everything.
    """
    wanted = run.books.receipts_to_capture(run.source_code)
    if wanted:
        _Captures(run, {receipt.order_import_id for receipt in wanted}).take()
    if not run.is_over():
        _tell_old(run)


class _Captures:
    """The orders of one run whose payments are wanted."""

    def __init__(self, run: PushRun, import_ids: Collection[str]) -> None:
        self._run = run
        self._orders = {order.store_order_id: order for order in run.books.sales_orders(import_ids)}
        self._receipts: dict[str, list[Receipt]] = {}
        for receipt in run.books.receipts(import_ids):
            self._receipts.setdefault(receipt.order_import_id, []).append(receipt)
        run.total = len(self._orders)

    def take(self) -> None:
        """Read the orders, send what is to be sent, and read again whether it is done."""
        run = self._run
        in_store = read_orders(run.store, self._orders)
        steps: dict[int, Step[None]] = {}
        for order_id in self._orders:
            if run.is_over():
                return
            if (step := self._rule(order_id, in_store)) is not None:
                steps[order_id] = step
        answers: dict[int, AvbcError | None] = {}
        failure: AvbcError | None = None
        try:
            run.send(
                CallbackStep(step.call, step.changes, partial(answers.__setitem__, order_id))
                for order_id, step in steps.items()
            )
        except AvbcError as error:
            failure = error
        self._confirm(steps, answers)
        failure = failure or next(
            (answer for answer in answers.values() if isinstance(answer, CONCERNS_ALL)), None
        )
        if failure is not None:
            raise failure

    def _confirm(
        self, steps: Mapping[int, Step[None]], answers: Mapping[int, AvbcError | None]
    ) -> None:
        """See what became of what was sent: an answer, or none, tells too little."""
        try:
            in_store = read_orders(self._run.store, answers)
        except AvbcError as error:
            for order_id, answer in answers.items():
                message = f"What became of it is not known: {answer or error}"
                problem = Problem(
                    "payment_unconfirmed", "", "", message, "The next run reads the order first."
                )
                self._run.postpone(steps[order_id].changes[0], problem)
            self._run.report.stopped = self._run.report.stopped or str(error)
            return
        for order_id in answers:
            self._rule(order_id, in_store, answers)

    def _rule(
        self,
        order_id: int,
        in_store: Mapping[int, Order | UnexpectedData],
        answers: Mapping[int, AvbcError | None] | None = None,
    ) -> Step[None] | None:
        """Bring an order to its end, as the store has it now; what is left to do is a step.

        Args:
            order_id: The order.
            in_store: The orders of the store, as they were read just now.
            answers: What was answered to what was sent for them; None where nothing was sent yet.
        """
        run = self._run
        sales_order, order = self._orders[order_id], in_store.get(order_id)
        receipts = self._receipts.get(sales_order.import_id, [])
        if not isinstance(order, Order):
            run.refuse(_change(sales_order, receipts), _unread(sales_order, order))
            return None
        ruling = payment_action(sales_order, receipts, order, now=run.started)
        change = attrs.evolve(
            _change(sales_order, receipts, order, ruling.value), decisions=ruling.decisions
        )
        if ruling.value is None:
            if problems := _problems(ruling, order):
                run.refuse(change, *problems)
            return None
        action = ruling.value
        change = attrs.evolve(change, problems=ruling.problems)
        if action.step == "record":
            change = attrs.evolve(change, before="authorized")
            run.write(change, partial(_record, run.books, action, order))
        elif action.step == "wait":
            message = f"The gateway is at it: the payment is {order.payment_status!r}."
            run.postpone(
                change,
                Problem(
                    "payment_pending",
                    "payment_status",
                    order.payment_status,
                    message,
                    "The next run looks again.",
                ),
            )
        elif answers is None:
            return Step(self._call(action, order_id), (change,))
        else:
            self._not_taken(change, action, answers[order_id])
        return None

    def _not_taken(self, change: Change, action: PaymentAction, answer: AvbcError | None) -> None:
        """It was sent, and the payment is still no more than authorized."""
        if isinstance(answer, FinalError) and not isinstance(answer, CONCERNS_ALL):
            self._run.fail(change, answer)
            return
        message = (
            f"The {action.action} was sent, and the payment is still "
            f"{change.before!r}{f': {answer}' if answer else '.'}"
        )
        problem = Problem(
            "payment_unconfirmed",
            "payment_status",
            change.before,
            message,
            "The next run reads the order first.",
        )
        self._run.postpone(change, problem)

    def _call(self, action: PaymentAction, order_id: int) -> Call[None]:
        actions = self._run.store.payment_actions
        return (
            actions.capture.call(order_id)
            if action.action == "capture"
            else actions.void.call(order_id)
        )


def _change(
    sales_order: SalesOrder,
    receipts: Sequence[Receipt],
    order: Order | None = None,
    action: PaymentAction | None = None,
) -> Change:
    what = "void" if any(receipt.void_wanted for receipt in receipts) else "capture"
    after = (
        ""
        if action is None
        else f"{_DONE[action.action]} {amount_text(action.amount)} {sales_order.currency}"
    )
    before = "" if order is None else order.payment_status
    return Change(
        sales_order.import_id,
        what,
        before,
        after,
        sales_order.store_order_id,
        sales_order.import_id,
    )


def _unread(sales_order: SalesOrder, error: UnexpectedData | None) -> Problem:
    if error is not None:
        return unreadable(error)
    message = (
        f"The store lists no order {sales_order.store_order_id}, so its payment cannot be "
        "captured or voided."
    )
    fix = (
        "It was deleted or archived in BigCommerce: act at the gateway, and correct the receipt "
        "in AcctVantage."
    )
    return Problem("not_in_store", "", str(sales_order.store_order_id), message, fix)


def _problems(ruling: Ruling[PaymentAction], order: Order) -> tuple[Problem, ...]:
    if text_key(order.payment_status) != "declined":
        return ruling.problems
    message = f"The gateway declined the payment of order {order.id}: nothing was received."
    fix = "Ask the customer for another payment; take back the wish in AcctVantage."
    declined = Problem("payment_declined", "payment_status", order.payment_status, message, fix)
    return (
        declined,
        *(problem for problem in ruling.problems if problem.code != "payment_not_authorized"),
    )


def _record(books: Gateway, action: PaymentAction, order: Order) -> None:
    """Record what the store has done. The order was changed then or later, and not before."""
    for receipt in action.receipts:
        if action.action == "capture":
            books.record_capture(receipt.import_id, receipt.pre_auth_amount, order.date_modified)
        else:
            books.record_void(receipt.import_id, order.date_modified)


def _tell_old(run: PushRun) -> None:
    """Tell a person, once a day, of the authorizations that grow old and that nobody wants captured or voided."""
    old = run.books.receipts_authorized(
        run.source_code, run.started - timedelta(days=AUTHORIZATION_DAYS)
    )
    today = run.started.date().isoformat()
    told = run.known(_TOLD, [receipt.import_id for receipt in old])
    for receipt in old:
        if told.get(receipt.import_id) == today or receipt.authorized_at is None:
            continue
        days = (run.started - receipt.authorized_at).days
        amount = amount_text(receipt.pre_auth_amount)
        message = (
            f"{amount} were authorized {days} days ago by {receipt.store_payment_method}, "
            "and nobody asked for the capture."
        )
        fix = "Capture or void it in AcctVantage: gateways let authorizations lapse."
        problem = Problem(
            "authorization_old",
            "authorized_at",
            receipt.authorized_at.isoformat(),
            message,
            fix,
            "warning",
        )
        run.refuse(
            Change(receipt.import_id, "authorization", amount, import_id=receipt.order_import_id),
            problem,
        )
        run.know(_TOLD, receipt.import_id, today)
