"""Refunds made in the store, as credits on the imported orders, if the settings ask for them.

The books decide: a credit is there once, by its Import ID. Apart from that, the journal remembers
how far the list was read, and which refunds have no credit yet, so that they are looked at again
(BigCommerce: orders API v3, refunds).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import attrs

from avbc.acctvantage.import_ids import credit_import_id, order_import_id
from avbc.acctvantage.records import SalesOrder
from avbc.bigcommerce import ListCall
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, Refund
from avbc.mapping import MappingRules, Problem, map_refund
from avbc.mapping.text import amount_text
from avbc.orchestrator.engine.changes import order_change, problem_of
from avbc.orchestrator.engine.order_reads import read_orders
from avbc.orchestrator.engine.run import PushRun
from avbc.orchestrator.engine.store_orders import OVERLAP, complete_lines, unavailable
from avbc.orchestrator.reports import Change

_WAITING = "refund waiting"
"""Refunds without a credit, by refund id: the order's Import ID and when the refund was made."""

_IDS_IN_A_URL = 200
_BY_HAND = "Enter the credit by hand."
_ORDER_MAY_COME = timedelta(days=90)
"""For how long the refund of an order that is not in the books waits for it (inferred)."""


def import_refunds(run: PushRun, since: datetime | None = None) -> None:
    """Write credits for refunds made in the store since the last run, and for those that waited.

    Args:
        run: The run.
        since: The first refund to look at; by default the last one that an earlier run saw, and in
            the first run the oldest.

    Raises:
        SettingsError: The settings do not ask for refunds.
        AvbcError: The books or the store cannot be read.
    """
    run.require(
        run.settings.gl.import_refunds,
        "gl.import_refunds",
        "is false: set it to true to have refunds of the store as credits",
    )
    seen_until = run.watermark()
    begin = since or (
        run.settings.order_status.import_orders_created_since
        if seen_until is None
        else seen_until - OVERLAP
    )
    refunds = _Refunds(run, seen_until)
    refunds.take_list(run.store.refunds.list.call(created_min=begin))
    refunds.take_waiting()
    refunds.finish()


class _Refunds:
    def __init__(self, run: PushRun, seen_until: datetime | None) -> None:
        self._run = run
        self._rules = MappingRules(run.settings, run.books.reference_data())
        self._newest = seen_until
        self._waiting = {int(refund_id): text for refund_id, text in run.all_known(_WAITING)}
        self._known = set(self._waiting)
        self._seen: set[int] = set()

    def take_list(self, listed: ListCall[Refund]) -> None:
        """Credit, refuse or postpone each refund of a list, page by page."""
        for page in self._run.store.pages(listed):
            if self._run.is_over():
                return
            for row in page.unreadable:
                place = (row.error.path, row.error.value_repr)
                self._run.refuse(
                    Change(f"refund {row.id or 'without an id'}", "credit"),
                    Problem("refund_unreadable", *place, str(row.error), _BY_HAND),
                )
            self._take(page.items)

    def take_waiting(self) -> None:
        """Look again at the refunds that waited, as far as their orders are in the books."""
        run = self._run
        orders = {
            number: text.partition(" ")[0]
            for number, text in sorted(self._waiting.items())
            if number not in self._seen
        }
        imported = {order.import_id for order in run.books.sales_orders(set(orders.values()))}
        ids = [number for number, import_id in orders.items() if import_id in imported]
        for chunk in run.chunks(ids, _IDS_IN_A_URL):
            self.take_list(run.store.refunds.list.call(id_in=chunk))

    def finish(self) -> None:
        """Remember how far the list was read, and what waits."""
        for number in self._waiting.keys() - self._seen:
            created = datetime.fromisoformat(self._waiting[number].partition(" ")[2])
            if self._newest is not None and created < self._newest - _ORDER_MAY_COME:
                del self._waiting[number]
        if done := self._known - self._waiting.keys():
            self._run.forget(_WAITING, [str(number) for number in sorted(done)])
        if self._newest is not None:
            self._run.set_watermark(self._newest)

    def _take(self, refunds: Sequence[Refund]) -> None:
        run = self._run
        self._seen.update(refund.id for refund in refunds)
        times = [refund.created for refund in refunds]
        self._newest = max(times if self._newest is None else [*times, self._newest], default=None)
        import_ids = {order_import_id(run.source_code, refund.order_id) for refund in refunds}
        orders = {order.store_order_id: order for order in run.books.sales_orders(import_ids)}
        written = run.books.credits(import_ids) if orders else []
        credited = {credit.import_id for credit in written}
        due: list[Refund] = []
        for refund in refunds:
            if (order := orders.get(refund.order_id)) is None:
                self._wait(refund)
            elif credit_import_id(order.import_id, refund.id) in credited:
                self._waiting.pop(refund.id, None)
                run.unchanged()
            else:
                due.append(refund)
        self._write(due, orders)

    def _write(self, refunds: Sequence[Refund], orders: dict[int, SalesOrder]) -> None:
        run = self._run
        in_store = read_orders(run.store, {refund.order_id for refund in refunds}, EVERYTHING)
        readable = [order for order in in_store.values() if isinstance(order, Order)]
        failed = complete_lines(run.store, readable)
        for refund in refunds:
            if run.is_over():
                return
            sales_order, order = orders[refund.order_id], in_store.get(refund.order_id)
            after = f"{amount_text(refund.total_amount)} {sales_order.currency}"
            change = attrs.evolve(
                order_change(sales_order, "credit", after=after),
                key=credit_import_id(sales_order.import_id, refund.id),
            )
            if refund.order_id in failed:
                run.postpone(change, problem_of(failed[refund.order_id]))
            elif not isinstance(order, Order):
                run.refuse(change, unavailable(refund.order_id, order, _BY_HAND))
            else:
                ruling = map_refund(refund, order, sales_order, self._rules)
                change = attrs.evolve(change, decisions=ruling.decisions, problems=ruling.problems)
                if ruling.value is None:
                    run.refuse(change)
                elif run.write(change, partial(run.books.create_credit, ruling.value)):
                    self._waiting.pop(refund.id, None)
                    continue
            self._wait(refund)

    def _wait(self, refund: Refund) -> None:
        import_id = order_import_id(self._run.source_code, refund.order_id)
        text = f"{import_id} {refund.created.isoformat()}"
        if self._waiting.get(refund.id) != text:
            self._waiting[refund.id] = text
            self._known.add(refund.id)
            self._run.know(_WAITING, str(refund.id), text)
