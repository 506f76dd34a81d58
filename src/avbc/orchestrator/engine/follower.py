"""What follows in the books from what became of one order in the store, and what is for a person.

Receipts and what is left to ship are written; all else is a problem (docs/facts.md,
acctvantage-orders and acctvantage-payments).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from decimal import InvalidOperation
from functools import partial

import attrs

from avbc.acctvantage import BooksRefused, CreditGateway, FollowGateway
from avbc.bigcommerce import UnexpectedData
from avbc.errors import AvbcError
from avbc.mapping import MappingRules, Problem, authorization_age, is_fingerprint_of
from avbc.mapping.following import edit_of, is_open, money_held, refund_not_booked, to_ship_now
from avbc.mapping.offline import is_offline
from avbc.mapping.stopped import stopped
from avbc.mapping.worth import AUTHORIZED
from avbc.orchestrator.engine.attention import (
    IMPORTING,
    ORDER_EDITED,
    STATUS_KEPT,
    stopped_problem,
)
from avbc.orchestrator.engine.changes import order_change, record_problem
from avbc.orchestrator.engine.customising import customised_order
from avbc.orchestrator.engine.followed import Followed, receipt_text
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.order_pages import OrderNotShown
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.store_orders import unreadable
from avbc.orchestrator.reports import Change
from avbc.text import text_key

EDITED = "edit to be made"
"""The fingerprints of orders whose edit changed amounts or quantities, by Import ID."""


class Follower:
    """Brings the books up to date with single orders of the store.

    Args:
        run: The run.
        rules: Settings and reference data.
        settled: The orders whose items of the import go in this run.
    """

    def __init__(self, run: PushRun, rules: MappingRules, settled: Collection[str]) -> None:
        self._run = run
        self._rules = rules
        lacks = run.parts.lacks("follow_orders", FollowGateway)
        self._unwritable = "" if lacks is None else f"{lacks.short}."
        """Why nothing can be written in these books."""
        self._settled = settled
        self._refused = OpenItems.of(run.integration).keys(IMPORTING)

    def follow(self, each: Followed) -> Iterator[Problem]:
        """Write what follows for an order, and yield what is for a person.

        Raises:
            AvbcError: The books cannot be written.
        """
        order, sales_order = each.order, each.sales_order
        happened = stopped(order.status_id)
        problems: list[Problem] = []
        if each.error is not None:
            problems.append(_unread_problem(each, each.error))
        else:
            problems += self._follow_receipts(each)
            if happened in ("", "refunded"):
                problems += self._follow_quantities(each)
        # After them: it says what is left of the money.
        if happened and (each.can_ship(self._rules) or not each.is_handled):
            held = money_held(happened, each.receipts, sales_order.currency)
            is_credited = self._run.settings.gl.import_refunds
            yield stopped_problem(order.id, each.import_id, happened, held, is_credited=is_credited)
        yield from problems
        if happened or each.error is not None:
            return
        if order.status_id not in (self._run.statuses.new, self._run.statuses.import_error):
            yield from self._edits(each)
        refund = refund_not_booked(
            sales_order,
            order,
            each.refunds,
            each.credited,
            self._rules,
            keeps_credits=self._run.parts.has(CreditGateway),
        )
        if refund is not None and (each.refunds or not each.is_refund_in_total):
            yield refund
        yield from self._not_received(each)

    def _not_received(self, each: Followed) -> Iterator[Problem]:
        """Yield the authorization that no one captures, though the goods go or it may lapse."""
        run, order, sales_order = self._run, each.order, each.sales_order
        waiting = [receipt for receipt in each.receipts if receipt.state == "pending"]
        status = text_key(order.payment_status)
        is_authorized = status == AUTHORIZED or (
            not status and any(receipt.gateway and receipt.authorized_at for receipt in waiting)
        )
        if not waiting or not is_authorized or is_offline(order.payment_method, self._rules):
            return
        ages = [authorization_age(receipt, run.settings, run.started) for receipt in waiting]
        old = [age for age in ages if age is not None and age.is_old]
        if is_open(sales_order.status, self._rules) and not old:
            return
        since = f" since {old[0].since:%Y-%m-%d}" if old else ""
        yield Problem(
            "payment_not_received",
            "payment_status",
            order.payment_status,
            f"The payment of order {order.id} is only authorized{since}, {each.import_id} is "
            f"{sales_order.status}, and nothing was received.",
            "Capture the payment in BigCommerce: the next follow_orders() updates the receipt, or "
            f"reports what to enter. If it was paid in another way, call settle({order.id}).",
        )

    def _edits(self, each: Followed) -> Iterator[Problem]:
        """Yield the edit of an order, unless a person has made the same one in AcctVantage."""
        try:
            changed = customised_order(each.order, self._run.integration.order_customisations)
            edit = edit_of(
                each.sales_order,
                each.order,
                each.receipts,
                self._rules,
                as_mapped=changed.order,
                credited=each.credited,
            )
        except InvalidOperation:
            message = f"An amount of order {each.order.id} is not a number."
            yield record_problem("amount_unreadable", message, "Correct the order in BigCommerce.")
            return
        if edit is None:
            return
        if edit.differs:
            self._run.know(EDITED, each.import_id, edit.fingerprint)
            items = {(each.import_id, code) for code in (ORDER_EDITED, STATUS_KEPT)}
            if self._refused & items and each.import_id not in self._settled:
                # The import's item says the same: there is one for one edit.
                return
        elif is_fingerprint_of(
            self._run.known(EDITED, [each.import_id]).get(each.import_id, ""), each.order
        ):
            return
        yield edit.problem

    def _follow_receipts(self, each: Followed) -> Iterator[Problem]:
        ruling = each.receipts_followed(self._rules)
        for found in ruling.value or ():
            before, after = found.before, found.after
            change = attrs.evolve(
                order_change(
                    each.sales_order, "receipt", receipt_text(before), receipt_text(after)
                ),
                key=before.import_id,
                decisions=ruling.decisions,
            )
            why = self._unwritable or self._write(
                change, partial(self._run.parts.following.update_receipt, before, after)
            )
            if not why:
                each.receipts = [
                    after if one.import_id == before.import_id else one for one in each.receipts
                ]
            else:
                message = f"The receipt {before.import_id} could not become {after.state}: {why}"
                yield Problem(
                    "receipt_cannot_follow",
                    "receipts",
                    before.import_id,
                    message,
                    f"Make it {receipt_text(after)} in AcctVantage.",
                )
        for problem in ruling.problems:
            # What was refunded is a problem of its own, with the amount.
            if problem.severity == "error" and problem.code != "payment_partly_refunded":
                yield problem

    def _follow_quantities(self, each: Followed) -> Iterator[Problem]:
        sales_order = each.sales_order
        if not is_open(sales_order.status, self._rules):
            return
        left = to_ship_now(sales_order, each.order, each.shipped, status_is_ours=each.is_echo)
        if not left:
            return
        lines = {line.store_line_id: line for line in sales_order.lines}
        texts = [f"{number:f} of {lines[key].description}" for key, number in left.items()]
        change = attrs.evolve(
            order_change(sales_order, "left to ship", after="; ".join(texts)),
            key=f"{each.import_id} to ship",
        )
        if sales_order.status_changed_at is not None:
            problem = Problem(
                "left_to_ship_lowered",
                "lines",
                sales_order.status,
                f"{each.import_id} is {sales_order.status} already.",
                "Take out of what is picked or packed what is not left to ship.",
                severity="warning",
            )
            change = attrs.evolve(change, problems=(problem,))
        if why := self._unwritable or self._write(
            change, partial(self._run.parts.following.set_to_ship, each.import_id, left)
        ):
            yield Problem(
                "left_to_ship_differs",
                "lines",
                each.import_id,
                f"The store shipped or refunded a part of order {each.order.id}, and "
                f"{each.import_id} could not be changed: {why}",
                f"In AcctVantage, leave to ship: {change.after}.",
            )
        else:
            each.leave_to_ship(left)

    def _write(self, change: Change, work: Callable[[], object]) -> str:
        """Write in the books; returns why they refuse it.

        Raises:
            NotSent: The run has no turn any more.
        """
        if not self._run.preview:
            self._run.writes.require_turn(f"{change.key} was not written")
            try:
                work()
            except BooksRefused as error:
                return str(error)
        self._run.sent(change)
        return ""


def _unread_problem(each: Followed, error: AvbcError) -> Problem:
    if isinstance(error, OrderNotShown):
        return error.problem
    # Without the order's place in a page: each time it is another one.
    why = unreadable(error).message if isinstance(error, UnexpectedData) else error
    return Problem(
        "order_unreadable",
        "",
        str(each.order.id),
        f"What became of order {each.order.id} is not known. {why}",
        f"Compare it with {each.import_id} by hand, and correct the order in BigCommerce.",
    )
