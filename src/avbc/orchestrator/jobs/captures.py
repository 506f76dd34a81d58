"""Captures and voids of authorized payments, as AcctVantage requests them (manual 2.2.4).

Of a capture that is under way, only that it was begun is recorded: the receipt in the books
requests it until the store says that the payment is captured, and the store is asked before
anything is sent. So a run may die anywhere, and the next one never captures twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial

import attrs

from avbc.acctvantage import PaymentGateway, Receipt
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError, FinalError
from avbc.mapping import (
    PaymentAction,
    Problem,
    Ruling,
    authorization_age,
    payment_action,
    shortest_authorization,
)
from avbc.mapping.stopped import stopped
from avbc.money import amount_text
from avbc.orchestrator.engine.changes import CONCERNS_ALL, order_change, record_problem
from avbc.orchestrator.engine.held import Held
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.order_reads import Seen
from avbc.orchestrator.engine.push_run import PushRun, Step
from avbc.orchestrator.engine.store_orders import unavailable
from avbc.orchestrator.reports import Change
from avbc.text import quoted, text_key

_HELD = "capture held"
"""Captures of orders that were stopped in the store, by Import ID."""
_OLD = "authorization_old"
"""The code of old authorizations, which are an area of the worklist of their own: each run looks at
all of them, and not at all captures that were refused."""

_NEXT_RUN_READS = "The next run reads the order first."


def capture_payments(run: PushRun) -> None:
    """Capture or void the payments that AcctVantage wants captured or voided, and record it.

    Raises:
        AvbcError: The books or the store cannot be read, or the store refuses everything.
    """
    held = Held(run, _HELD)
    wanted = run.parts.payments.receipts_to_capture(run.source_code)
    waiting = {
        receipt.order_import_id: receipt
        for receipt in wanted
        if receipt.void_wanted or not held.holds(receipt.order_import_id)
    }
    if waiting:
        _Captures(run, waiting, held).take()
    for import_id in set(held) - {receipt.order_import_id for receipt in wanted}:
        held.release(import_id)
    held.finish()
    if not run.is_over():
        # All that is wanted was looked at; what is not wanted any more is settled.
        run.settle_rest()
        _report_old(run)


@attrs.frozen
class _Send(Step[None]):
    """A capture or a void to be sent: its answer is kept until the order is read again."""

    answers: dict[int, AvbcError | None]
    held: Held

    # The run is not used: the change ends when the order has been read again.
    def settle(self, run: PushRun, answer: AvbcError | None) -> None:  # noqa: ARG002
        self.answers[self.changes[0].order_id] = answer

    def stop(self, run: PushRun, seen: Seen, problem: Problem) -> None:
        import_id = self.changes[0].import_id
        self.held.hold(import_id, import_id, str(seen.status_id))
        super().stop(run, seen, problem)


class _Captures:
    """The orders of one run whose payments are to be captured or voided."""

    def __init__(self, run: PushRun, import_ids: Collection[str], held: Held) -> None:
        self._run = run
        self._held = held
        self._orders = {order.store_order_id: order for order in run.books.sales_orders(import_ids)}
        self._receipts: dict[str, list[Receipt]] = {}
        for receipt in run.books.receipts(import_ids):
            self._receipts.setdefault(receipt.order_import_id, []).append(receipt)
        self._answers: dict[int, AvbcError | None] = {}
        """What was answered to what was sent, by order id."""
        self._warned: dict[int, tuple[Problem, ...]] = {}
        """What a person should check of what was sent, by order id."""
        run.total = len(self._orders)

    def take(self) -> None:
        """Read the orders, send what is to be sent, and read again whether it is done."""
        in_store = self._run.orders_now.read(self._orders)
        steps: dict[int, Step[None]] = {}
        for order_id in self._orders:
            if self._run.is_over():
                return
            if (step := self._rule(order_id, in_store[order_id])) is not None:
                steps[order_id] = step
        try:
            self._run.send(steps.values())
        except AvbcError:
            self._confirm(steps)
            raise
        self._confirm(steps)

    def _confirm(self, steps: Mapping[int, Step[None]]) -> None:
        """Read what became of what was sent: an answer, or none, says too little."""
        run = self._run
        run.orders_now.forget(self._answers)
        try:
            in_store = run.orders_now.read(self._answers)
        except AvbcError as error:
            for order_id, answer in self._answers.items():
                message = f"What became of it is not known: {answer or error}"
                problem = record_problem("payment_unconfirmed", message, _NEXT_RUN_READS)
                run.postpone(steps[order_id].changes[0], problem)
            run.end_for(error)
        else:
            for order_id in self._answers:
                self._rule(order_id, in_store[order_id])

    def _rule(self, order_id: int, seen: Seen) -> Step[None] | None:
        """Record or report an order by its state in the store; return what is left to send."""
        run = self._run
        sales_order, order = self._orders[order_id], seen.order
        receipts = self._receipts.get(sales_order.import_id, [])
        what = "void" if any(receipt.void_wanted for receipt in receipts) else "capture"
        change = order_change(sales_order, what)
        if order is None:
            run.refuse(
                change,
                unavailable(
                    order_id,
                    seen.error,
                    "Capture or void the payment at the gateway, and correct the receipt in "
                    "AcctVantage.",
                ),
            )
            return None
        ruling = payment_action(
            sales_order,
            receipts,
            order,
            now=run.started,
            settings=run.settings,
        )
        action, status = ruling.value, order.payment_status
        change = attrs.evolve(change, before=status, decisions=ruling.decisions)
        if action is None:
            if problems := _problems(ruling, order, what):
                run.refuse(change, *problems)
            return None
        after = f"{action.done} {amount_text(action.amount)} {sales_order.currency}"
        warnings = self._warned.setdefault(order_id, ruling.problems)
        change = attrs.evolve(change, after=after, problems=warnings)
        if action.step == "record":
            change = attrs.evolve(change, before="authorized")
            run.write(change, partial(_record, run.parts.payments, action, order))
        elif action.step == "wait":
            run.postpone(
                change,
                Problem(
                    "payment_pending",
                    "payment_status",
                    status,
                    f"The gateway is still processing it: the payment is {quoted(status)}.",
                    "The next run looks again.",
                ),
            )
        elif order_id not in self._answers:
            actions = run.store.payment_actions
            send = actions.capture if action.action == "capture" else actions.void
            return _Send(
                send.call(order_id),
                (change,),
                self._answers,
                self._held,
                # No money is taken by a void: it is what a stopped order needs.
                even_if_stopped=action.action == "void",
            )
        else:
            # It was sent, and the payment is still no more than authorized.
            answer = self._answers[order_id]
            if isinstance(answer, FinalError) and not isinstance(answer, CONCERNS_ALL):
                run.fail(change, answer)
            else:
                why = f": {answer}" if answer else "."
                message = f"The {what} was sent, and the payment is still {quoted(status)}{why}"
                run.postpone(
                    change,
                    Problem(
                        "payment_unconfirmed", "payment_status", status, message, _NEXT_RUN_READS
                    ),
                )
        return None


def _problems(ruling: Ruling[PaymentAction], order: Order, what: str) -> tuple[Problem, ...]:
    if text_key(order.payment_status) != "declined":
        return ruling.problems
    fix = f"ancel the request for the {what} of the receipt in AcctVantage."
    is_over = what == "void" or stopped(order.status_id)
    fix = f"C{fix}" if is_over else f"Ask the customer for another payment, and c{fix}"
    return (
        Problem(
            "payment_declined",
            "payment_status",
            order.payment_status,
            f"The gateway declined the payment of order {order.id}: nothing was received.",
            fix,
        ),
        *(problem for problem in ruling.problems if problem.code != "payment_not_authorized"),
    )


def _record(books: PaymentGateway, action: PaymentAction, order: Order) -> None:
    """Record what the store has done. The order was changed then or later, and not before."""
    for receipt in action.receipts:
        if action.action == "capture":
            books.record_capture(receipt.import_id, receipt.pre_auth_amount, order.date_modified)
        else:
            books.record_void(receipt.import_id, order.date_modified)


def _report_old(run: PushRun) -> None:
    """Put authorizations that grow old without a capture or a void on the worklist.

    A new one is in the report, too.
    """
    before = run.started - shortest_authorization(run.settings)
    receipts = run.parts.payments.receipts_authorized(run.source_code, before)
    orders = {
        order.import_id: order.store_order_id
        for order in run.books.sales_orders({receipt.order_import_id for receipt in receipts})
    }
    on_worklist = OpenItems(run.integration.journal, run.integration.scope).keys(_OLD)
    for receipt in receipts:
        age = authorization_age(receipt, run.settings, run.started)
        if age is None or not age.is_old:
            continue
        number, amount = receipt.import_id, amount_text(receipt.pre_auth_amount)
        problem = Problem(
            _OLD,
            "authorized_at",
            age.since.isoformat(),
            f"{amount} were authorized on {age.since:%Y-%m-%d} by {receipt.store_payment_method}, "
            f"no capture was requested, and an authorization is good for {age.good_days} days.",
            "Capture or void it in AcctVantage: gateways let authorizations lapse.",
            "warning",
        )
        import_id = receipt.order_import_id
        order_id = orders.get(import_id, 0)
        is_new = (number, _OLD) not in on_worklist
        run.add_item(problem, key=number, order_id=order_id, import_id=import_id, area=_OLD)
        if is_new:
            run.refuse(Change(number, "authorization", amount, "", order_id, import_id), problem)
    run.settle_rest(_OLD)
