"""Which refunds of the store are no credits: those of what an order was edited down by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from avbc.acctvantage import SalesOrder
from avbc.bigcommerce.models import Order, Refund, Transaction
from avbc.errors import AvbcError
from avbc.mapping import MappingRules, is_fingerprint_of
from avbc.mapping.edited_down import edited_away, refunds_of_edits
from avbc.mapping.offline import has_gateway_payments
from avbc.mapping.payment import NET_OF_REFUND
from avbc.orchestrator.engine.decisions_taken import DECISIONS
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.store_orders import non_empty_lists, non_empty_pages
from avbc.orchestrator.reports import RunReport

R = TypeVar("R", bound=RunReport)


def edited_refunds(
    run: Run[R],
    rules: MappingRules,
    orders: Sequence[tuple[Order, SalesOrder]],
    refunds: Mapping[int, Sequence[Refund]],
) -> dict[int, frozenset[int] | AvbcError]:
    """Return the ids of the refunds that are no credits, by order id; or why that is not known.

    The transactions say it: a request for each order, unless its import read them, found no such
    refund, and the order is as it was then. If the journal is lost, they are read again.

    Args:
        run: The run.
        rules: Settings and reference data.
        orders: Orders as the store has them, with all their lines, and their sales orders.
        refunds: Some of their refunds, by order id.
    """
    taken = run.known(DECISIONS, [sales_order.import_id for _, sales_order in orders])
    found: dict[int, frozenset[int] | AvbcError] = {}
    asked: list[Order] = []
    for order, sales_order in orders:
        if not has_gateway_payments(order, rules):
            found[order.id] = refunds_of_edits(refunds.get(order.id, ()), order, (), rules)
        elif not _was_gross(order, sales_order, taken.get(sales_order.import_id)):
            asked.append(order)
    calls = [run.store.transactions.list.call(order.id) for order in asked]
    answers = non_empty_lists(run.store, calls)
    edited: list[tuple[Order, Sequence[Transaction]]] = []
    for order, answer in zip(asked, answers, strict=True):
        if isinstance(answer, AvbcError):
            found[order.id] = answer
        elif edited_away(order, answer, rules):
            edited.append((order, answer))
    all_of = _read(run, [order.id for order, _ in edited]) if edited else {}
    for order, transactions in edited:
        refunded = all_of if isinstance(all_of, AvbcError) else all_of.get(order.id, [])
        found[order.id] = (
            refunded
            if isinstance(refunded, AvbcError)
            else refunds_of_edits(refunded, order, transactions, rules)
        )
    return found


def _was_gross(order: Order, sales_order: SalesOrder, decisions: str | None) -> bool:
    """Whether the order is as its import found it, when no refund was off its total."""
    return (
        decisions is not None
        and NET_OF_REFUND not in decisions
        and is_fingerprint_of(sales_order.fingerprint, order)
    )


def _read(run: Run[R], order_ids: Sequence[int]) -> dict[int, list[Refund]] | AvbcError:
    """All refunds of orders: one that is earlier may be the one of the edit."""
    found: dict[int, list[Refund]] = {}
    try:
        for page in non_empty_pages(run.store, run.store.refunds.list.call(order_id_in=order_ids)):
            for refund in page.items:
                found.setdefault(refund.order_id, []).append(refund)
    except AvbcError as error:
        return error
    return found
