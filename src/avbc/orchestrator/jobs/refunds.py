"""Refunds made in the store, as credits on the imported orders, if the settings ask for them.

The books decide: a credit is there once, by its Import ID. A refund changes its order, so the
refunds of changed orders are listed, and none is listed where no order changed. The journal
remembers how far the changes were read, and which refunds have no credit yet, so that they are
looked at again (BigCommerce: orders API v3, refunds).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial

import attrs

from avbc.acctvantage.import_ids import credit_import_id, order_import_id
from avbc.acctvantage.records import SalesOrder
from avbc.bigcommerce import ListCall, UnexpectedData
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, Refund
from avbc.bigcommerce.models.base import EPOCH
from avbc.errors import AvbcError
from avbc.mapping import Problem, map_refund
from avbc.mapping.following import shows_refund
from avbc.money import amount_text
from avbc.orchestrator.engine.changed_orders import OVERLAP
from avbc.orchestrator.engine.changes import order_change, problem_of
from avbc.orchestrator.engine.edited_refunds import edited_refunds
from avbc.orchestrator.engine.order_reads import orders_of, read_orders
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.store_orders import (
    complete_orders,
    created_since,
    non_empty_pages,
    unavailable,
)
from avbc.orchestrator.reports import Change
from avbc.text import text_key

_WAITING = "refund waiting"
"""Refunds without a credit, by refund id: the order's Import ID and when the refund was made."""

_LOOKED_AT = "refunds looked at"
"""How the orders of the last listing were when their refunds were listed, by order id."""

_SAME_SECOND = timedelta(seconds=2)
"""Times of the store are in seconds: an order may change again within the one it was read in."""
_IDS_IN_A_URL = 200
_BY_HAND = "Enter the credit by hand."
_ORDER_MAY_COME = timedelta(days=90)
"""For how long the refund of an order that is not in the books waits for it (inferred)."""


def import_refunds(run: PushRun, since: date | None = None) -> None:
    """Write credits for refunds made in the store since the last run, and for those that waited.

    Args:
        run: The run.
        since: The first refund to look at. By default those of the orders that changed since the
            last run, and in the first run all of them.

    Raises:
        SettingsError: The settings do not ask for refunds.
        AvbcError: The books or the store cannot be read.
    """
    run.require(
        run.settings.gl.import_refunds,
        "gl.import_refunds",
        "is false: set it to true to have refunds of the store as credits",
    )
    until = run.watermark()
    refunds = _Refunds(run)
    if since is None and until is not None:
        until = refunds.take_changed(until)
    else:
        asked = run.integration.days.start(since)
        run.note_begin(asked)
        first = asked or created_since(run.integration)
        refunds.take_list(run.store.refunds.list.call(created_min=first))
        # From here on changed orders show what is refunded, by the store's clock.
        until = until or refunds.newest or run.integration.changed_orders.newest()
    refunds.take_waiting()
    refunds.finish(until)


class _Refunds:
    def __init__(self, run: PushRun) -> None:
        self._run = run
        self._rules = run.parts.rules(run.settings)
        self._waiting = {int(refund_id): text for refund_id, text in run.all_known(_WAITING)}
        self._known = set(self._waiting)
        self._seen: set[int] = set()
        self.newest: datetime | None = None
        """When the last refund that was listed was made."""
        self._changed: dict[int, Order] = {}
        """Orders of a page of changed orders, by id."""

    def take_changed(self, until: datetime) -> datetime:
        """Take the refunds of the orders that changed; returns up to which change they are seen."""
        run = self._run
        looked_at = dict(run.all_known(_LOOKED_AT))
        listed: set[str] = set()
        for page in run.integration.changed_orders.pages(
            run.order_pages, until - OVERLAP, "import_refunds"
        ):
            if run.is_over():
                return until
            self._changed = {order.id: order for order in page.items}
            states = {str(order.id): _state(order) for order in orders_of(page)}
            listed |= states.keys()
            new = [key for key, state in states.items() if looked_at.get(key) != state]
            for ids in run.chunks(new, _IDS_IN_A_URL):
                refunded = any(self._shows_refund(key) for key in ids)
                refunds = run.store.refunds.list.call(order_id_in=list(map(int, ids)))
                self.take_list(refunds, is_empty=not refunded)
                if not run.is_over():
                    self._note_looked_at({key: states[key] for key in ids})
            until = max([until, *(order.date_modified for order in page.items)])
        self._changed = {}
        if gone := looked_at.keys() - listed:
            run.forget(_LOOKED_AT, gone)
        return until

    def _note_looked_at(self, states: Mapping[str, str]) -> None:
        for key, state in states.items():
            order = self._changed.get(int(key))
            is_over = (
                order is not None and order.date_modified < self._run.store_started - _SAME_SECOND
            )
            if order is None or is_over or not shows_refund(order):
                self._run.know(_LOOKED_AT, key, state)

    def _shows_refund(self, order_id: str) -> bool:
        order = self._changed.get(int(order_id))
        return order is not None and shows_refund(order)

    def take_list(self, listed: ListCall[Refund], *, is_empty: bool = True) -> None:
        """Credit, refuse or postpone each refund of a list, page by page.

        Args:
            listed: The list.
            is_empty: Whether it can be empty; otherwise it is asked for once more where it is.
        """
        store = self._run.store
        for page in store.pages(listed) if is_empty else non_empty_pages(store, listed):
            if self._run.is_over():
                return
            for row in page.unreadable:
                place = (row.error.path, row.error.value_repr)
                self._run.refuse(
                    Change(f"refund {row.id or 'without an id'}", "credit"),
                    Problem("refund_unreadable", *place, str(row.error), _BY_HAND),
                )
            self._run.settle(f"refund {refund.id}" for refund in page.items)
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

    def finish(self, until: datetime | None) -> None:
        """Remember up to which time refunds were read, and which wait."""
        for number in self._waiting.keys() - self._seen:
            created = datetime.fromisoformat(self._waiting[number].partition(" ")[2])
            if until is not None and created < until - _ORDER_MAY_COME:
                del self._waiting[number]
        if done := self._known - self._waiting.keys():
            self._run.forget(_WAITING, [str(number) for number in sorted(done)])
        if until is not None:
            self._run.set_watermark(until)

    def _take(self, refunds: Sequence[Refund]) -> None:
        run = self._run
        self._seen.update(refund.id for refund in refunds)
        times = [refund.created for refund in refunds]
        self.newest = max(times if self.newest is None else [*times, self.newest], default=None)
        import_ids = {order_import_id(run.source_code, refund.order_id) for refund in refunds}
        orders = {order.store_order_id: order for order in run.books.sales_orders(import_ids)}
        written = run.parts.credits.credits(import_ids) if orders else []
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
        in_store = self._orders(refunds)
        readable = [order for order in in_store.values() if isinstance(order, Order)]
        failed = complete_orders(run.store, readable)
        of_edits = self._of_edits(
            refunds,
            [(order, orders[order.id]) for order in readable if order.id not in failed],
        )
        for refund in refunds:
            if run.is_over():
                return
            sales_order, order = orders[refund.order_id], in_store.get(refund.order_id)
            after = f"{amount_text(refund.total_amount)} {sales_order.currency}"
            change = attrs.evolve(
                order_change(sales_order, "credit", after=after),
                key=credit_import_id(sales_order.import_id, refund.id),
            )
            of_edit = of_edits.get(refund.order_id, frozenset[int]())
            if refund.order_id in failed:
                run.postpone(change, problem_of(failed[refund.order_id]))
            elif isinstance(of_edit, AvbcError):
                run.postpone(change, problem_of(of_edit))
            elif refund.id in of_edit:
                # The order's total, and its receipt, leave it out.
                self._waiting.pop(refund.id, None)
                run.settle([change.key])
                run.unchanged()
                continue
            elif not isinstance(order, Order):
                run.refuse(change, unavailable(refund.order_id, order, _BY_HAND))
            else:
                ruling = map_refund(refund, order, sales_order, self._rules)
                change = attrs.evolve(change, decisions=ruling.decisions, problems=ruling.problems)
                if ruling.value is None:
                    run.refuse(change)
                elif run.write(change, partial(run.parts.credits.create_credit, ruling.value)):
                    self._waiting.pop(refund.id, None)
                    continue
            self._wait(refund)

    def _of_edits(
        self, refunds: Sequence[Refund], orders: Sequence[tuple[Order, SalesOrder]]
    ) -> dict[int, frozenset[int] | AvbcError]:
        by_order: dict[int, list[Refund]] = {}
        for refund in refunds:
            by_order.setdefault(refund.order_id, []).append(refund)
        return edited_refunds(self._run, self._rules, orders, by_order)

    def _orders(self, refunds: Sequence[Refund]) -> dict[int, Order | UnexpectedData]:
        """The refunds' orders: those of the listing, where they are as new as the refunds."""
        newest: dict[int, datetime] = {}
        for refund in refunds:
            newest[refund.order_id] = max(refund.created, newest.get(refund.order_id, EPOCH))
        found: dict[int, Order | UnexpectedData] = {
            number: order
            for number, order in self._changed.items()
            if number in newest and newest[number] <= order.date_modified
        }
        return found | read_orders(self._run.order_pages, newest.keys() - found.keys(), EVERYTHING)

    def _wait(self, refund: Refund) -> None:
        import_id = order_import_id(self._run.source_code, refund.order_id)
        text = f"{import_id} {refund.created.isoformat()}"
        if self._waiting.get(refund.id) != text:
            self._waiting[refund.id] = text
            self._known.add(refund.id)
            self._run.know(_WAITING, str(refund.id), text)


def _state(order: Order) -> str:
    """Of an order, all that a refund may change: its time is in seconds."""
    refunded = sum(line.quantity_refunded for line in order.all_lines)
    status = f"{order.status_id} {text_key(order.payment_status)}"
    return f"{order.date_modified.isoformat()} {status} {refunded}"
