"""The status that says whether an order was paid: its last one that avbc did not write.

It matters for orders of which no transaction of a gateway is known: their status says whether they
were paid (`avbc.mapping.worth`). It is remembered where avbc's own status hides it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

from avbc.bigcommerce.models import Order
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import MappingRules
from avbc.mapping.offline import is_offline
from avbc.mapping.status import store_status
from avbc.mapping.stopped import stopped
from avbc.mapping.worth import UNPAID
from avbc.orchestrator.engine.order_reads import NO_STATUS
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.statuses import DOUBTED, SHIPPED, STATUS
from avbc.orchestrator.reports import RunReport

R = TypeVar("R", bound=RunReport)

_BEFORE = "status before ours"
"""The last status of an order that avbc did not write, by Import ID. Kept of orders that had one in
which nothing is received, or that were imported again."""


def paid_statuses(
    run: Run[R], rules: MappingRules, orders: Mapping[str, Order], awaited: Collection[str]
) -> dict[str, int]:
    """Return the statuses that say whether orders were paid, where they are not those of now.

    Args:
        run: The run.
        rules: Settings and reference data.
        orders: Orders as the store has them, by Import ID.
        awaited: Those of which the books know that nothing was received.
    """
    before = run.known(_BEFORE, orders)
    due = {
        key: order
        for key, order in orders.items()
        if key in before
        or (
            key in awaited
            and (not order.payment_status.strip() or is_offline(order.payment_method, rules))
        )
    }
    ours = _note_those_of_persons(run, _ids(due))
    # If none is remembered, our own status changes nothing in the books.
    return {key: int(before.get(key, SystemStatus.AWAITING_PAYMENT)) for key in ours}


def note_statuses_seen(run: Run[R], seen: Mapping[str, int]) -> None:
    """Remember the statuses that persons gave orders, before a push hides them.

    Args:
        run: The run.
        seen: The ids of the statuses that the store has now, by Import ID.
    """
    if run.preview:
        return
    before = run.known(_BEFORE, seen)
    _note_those_of_persons(run, {key: seen[key] for key in before if seen[key] != NO_STATUS})


def note_statuses_before(run: Run[R], orders: Mapping[str, Order], booked: Collection[str]) -> None:
    """Remember the statuses of orders that are about to get another one from avbc.

    Args:
        run: The run.
        orders: The orders, by Import ID.
        booked: Those that were in the books before.
    """
    due = {*run.known(_BEFORE, orders), *booked}
    ours = written_here(run, _ids({key: orders[key] for key in due}))
    for key, order in orders.items():
        if order.status_id in UNPAID or key in due - ours:
            run.know(_BEFORE, key, str(order.status_id))


def _ids(orders: Mapping[str, Order]) -> dict[str, int]:
    return {key: order.status_id for key, order in orders.items()}


def _note_those_of_persons(run: Run[R], status_ids: Mapping[str, int]) -> set[str]:
    """Remember the statuses that avbc did not write; returns the orders that have one of avbc's."""
    ours = written_here(run, status_ids)
    for key in status_ids.keys() - ours:
        # A stopped order says nothing about money.
        if not stopped(status_ids[key]):
            run.know(_BEFORE, key, str(status_ids[key]))
    return ours


def written_here(run: Run[R], status_ids: Mapping[str, int]) -> set[str]:
    """Return the orders whose status avbc wrote, or the store gave them for avbc's shipments.

    Args:
        run: The run.
        status_ids: The ids of the statuses that the store has now, by Import ID.
    """
    if not status_ids:
        return set()
    statuses, shipped = run.known(STATUS, status_ids), run.known(SHIPPED, status_ids)
    of_import = {run.statuses.downloaded, run.statuses.import_error}
    found: set[str] = set()
    for key, status_id in status_ids.items():
        status = str(status_id)
        of_shipments = (
            {shipped[key], str(SystemStatus.PARTIALLY_SHIPPED)} if key in shipped else set[str]()
        )
        written = statuses.get(key, "").removesuffix(DOUBTED)
        if status_id in of_import or status in {*of_shipments, written}:
            found.add(key)
        elif key not in statuses and status in _mapped(run):
            # The journal was lost.
            found.add(key)
    return found


def _mapped(run: Run[R]) -> set[str]:
    """The statuses that a push of AcctVantage's gives orders, by id."""
    setup = run.settings.order_status
    if setup.updates != "push":
        return set()
    statuses = run.integration.mapped_statuses
    found = (store_status(row.bigcommerce, statuses).value for row in setup.mapping)
    return {str(status.id) for status in found if status is not None}
