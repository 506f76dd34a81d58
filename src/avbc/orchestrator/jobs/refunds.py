"""Refunds made in the store, as credits on the imported orders (BigCommerce: orders API v3, refunds). Off unless the settings want them.

The books decide: a credit stands there once, by its Import ID. What is remembered beside is how far
the list was read, and which refunds have no credit yet, so that they are looked at again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

import attrs

from avbc.acctvantage.import_ids import credit_import_id, order_import_id
from avbc.acctvantage.records import SalesOrder
from avbc.bigcommerce.call import ListCall
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, Refund
from avbc.errors import Fault
from avbc.mapping import Problem, map_refund
from avbc.mapping.rules import MappingRules
from avbc.mapping.text import amount_text
from avbc.orchestrator.engine.run import PushRun, problem_of
from avbc.orchestrator.engine.store_orders import complete_lines, read_orders, unreadable
from avbc.orchestrator.reports import Change
from avbc.settings import Settings, SettingsError

_WAITING = "refund waiting"
"""Refunds without a credit, by refund id: the order's Import ID and when the refund was made."""

_OVERLAP = timedelta(hours=1)
"""Looked at again in the store (docs/facts.md, bigcommerce-pitfalls)."""
_IDS_AT_ONCE = 200
"""Refund ids in one URL."""
_ORDER_MAY_COME = timedelta(days=90)
"""For how long the refund of an order that is not in the books waits for it (inferred)."""


def require_refunds(settings: Settings) -> None:
    """See that the settings want refunds imported.

    Raises:
        SettingsError: They do not.
    """
    if not settings.gl.import_refunds:
        raise SettingsError(
            "settings",
            [
                Fault(
                    "gl.import_refunds",
                    "is false: set it to true to have refunds of the store as credits",
                )
            ],
        )


def import_refunds(run: PushRun, since: datetime | None = None) -> None:
    """Write the credits of refunds that were made in the store since the last run, and of those that had to wait.

    Args:
        run: The run.
        since: From when on; by default from the last refund on that an earlier run saw, and in the
            first run all there are.

    Raises:
        AvbcError: The books or the store cannot be read.
    """
    seen_until = run.watermark()
    begin = since or (
        run.settings.order_status.import_orders_created_since
        if seen_until is None
        else seen_until - _OVERLAP
    )
    work = _Refunds(run, seen_until)
    work.take_list(run.store.refunds.list.call(created_min=begin))
    work.take_waiting()
    work.finish()


@attrs.frozen
class _Waiting:
    """A refund without a credit."""

    import_id: str
    created: datetime

    @classmethod
    def read(cls, text: str) -> _Waiting:
        import_id, _, created = text.partition(" ")
        return cls(import_id, datetime.fromisoformat(created))

    def __str__(self) -> str:
        return f"{self.import_id} {self.created.isoformat()}"


class _Refunds:
    """The refunds of one run."""

    def __init__(self, run: PushRun, seen_until: datetime | None) -> None:
        self._run = run
        self._rules = MappingRules(run.settings, run.books.reference_data())
        self._newest = seen_until
        self._waiting = {
            int(refund_id): _Waiting.read(text) for refund_id, text in run.all_known(_WAITING)
        }
        self._seen: set[int] = set()
        self._done: list[str] = []

    def take_list(self, listed: ListCall[Refund]) -> None:
        """Bring all refunds of a list to their ends, page by page."""
        run = self._run
        for page in run.store.pages(listed):
            if run.is_over():
                return
            for row in page.unreadable:
                key = f"refund {row.id or 'without an id'}"
                problem = Problem(
                    "refund_unreadable",
                    row.error.path,
                    row.error.value_repr,
                    str(row.error),
                    "Enter the credit by hand.",
                )
                run.refuse(Change(key, "credit"), problem)
            self._take(page.items)

    def take_waiting(self) -> None:
        """Look again at the refunds that had to wait, as far as their orders are in the books."""
        left = {
            number: each.import_id
            for number, each in self._waiting.items()
            if number not in self._seen
        }
        standing = (
            {order.import_id for order in self._run.books.sales_orders(set(left.values()))}
            if left
            else set[str]()
        )
        for numbers in _chunks(
            number for number, import_id in sorted(left.items()) if import_id in standing
        ):
            self.take_list(self._run.store.refunds.list.call(id_in=numbers))

    def finish(self) -> None:
        """Remember how far the list was read, and what waits."""
        run, newest = self._run, self._newest
        for number, each in self._waiting.items():
            if (
                newest is not None
                and each.created < newest - _ORDER_MAY_COME
                and number not in self._seen
            ):
                self._done.append(str(number))
        if self._done:
            run.forget(_WAITING, self._done)
        if newest is not None:
            run.set_watermark(newest)

    def _take(self, refunds: Sequence[Refund]) -> None:
        run = self._run
        self._seen.update(refund.id for refund in refunds)
        self._newest = max(
            [refund.created for refund in refunds]
            + ([] if self._newest is None else [self._newest]),
            default=None,
        )
        import_ids = {order_import_id(run.source_code, refund.order_id) for refund in refunds}
        orders = {order.store_order_id: order for order in run.books.sales_orders(import_ids)}
        credited = (
            {credit.import_id for credit in run.books.credits(import_ids)} if orders else set[str]()
        )
        due: list[Refund] = []
        for refund in refunds:
            if (order := orders.get(refund.order_id)) is None:
                self._wait(refund)
            elif credit_import_id(order.import_id, refund.id) in credited:
                self._have(refund)
                run.unchanged()
            else:
                due.append(refund)
        if due:
            self._write(due, orders)

    def _write(self, refunds: Sequence[Refund], orders: dict[int, SalesOrder]) -> None:
        run = self._run
        in_store = read_orders(run.store, {refund.order_id for refund in refunds}, EVERYTHING)
        failed = complete_lines(
            run.store, [order for order in in_store.values() if isinstance(order, Order)]
        )
        for refund in refunds:
            if run.is_over():
                return
            sales_order, order = orders[refund.order_id], in_store.get(refund.order_id)
            change = Change(
                credit_import_id(sales_order.import_id, refund.id),
                "credit",
                after=f"{amount_text(refund.total_amount)} {sales_order.currency}",
                order_id=refund.order_id,
                import_id=sales_order.import_id,
            )
            if refund.order_id in failed:
                self._wait(refund)
                run.postpone(change, problem_of(failed[refund.order_id]))
            elif not isinstance(order, Order):
                self._wait(refund)
                run.refuse(change, _unread(refund) if order is None else unreadable(order))
            else:
                self._write_one(change, refund, order, sales_order)

    def _write_one(
        self, change: Change, refund: Refund, order: Order, sales_order: SalesOrder
    ) -> None:
        run = self._run
        ruling = map_refund(refund, order, sales_order, self._rules)
        change = attrs.evolve(change, decisions=ruling.decisions)
        if ruling.value is None:
            self._wait(refund)
            run.refuse(change, *ruling.problems)
        elif run.write(
            attrs.evolve(change, problems=ruling.problems),
            partial(run.books.create_credit, ruling.value),
        ):
            self._have(refund)
        else:
            self._wait(refund)

    def _wait(self, refund: Refund) -> None:
        waiting = _Waiting(order_import_id(self._run.source_code, refund.order_id), refund.created)
        if self._waiting.get(refund.id) != waiting:
            self._waiting[refund.id] = waiting
            self._run.know(_WAITING, str(refund.id), str(waiting))

    def _have(self, refund: Refund) -> None:
        if self._waiting.pop(refund.id, None) is not None:
            self._done.append(str(refund.id))


def _unread(refund: Refund) -> Problem:
    message = f"The store lists no order {refund.order_id}, of which refund {refund.id} is."
    return Problem(
        "not_in_store",
        "",
        str(refund.order_id),
        message,
        "It was deleted or archived in BigCommerce: enter the credit by hand.",
    )


def _chunks(numbers: Iterator[int]) -> Iterator[list[int]]:
    while chunk := list(islice(numbers, _IDS_AT_ONCE)):
        yield chunk
