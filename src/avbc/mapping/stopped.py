"""Stopped in the store: the one rule that every writer asks (docs/facts.md, acctvantage-orders)."""

from __future__ import annotations

from collections.abc import Mapping

from avbc.bigcommerce.models.statuses import SystemStatus

_STOPPED: Mapping[int, str] = {
    SystemStatus.REFUNDED: "refunded",
    SystemStatus.CANCELLED: "canceled",
    SystemStatus.DECLINED: "declined",
    SystemStatus.DISPUTED: "disputed",
}


def stopped(status_id: int) -> str:
    """What stopped an order that has this status in the store; empty where it goes on.

    No status, shipment or capture is sent for a stopped order: what happens next is a person's
    decision (inferred: AcctVantage has no status for it). An order that was refunded in part goes
    on.

    >>> stopped(5), stopped(14), stopped(11)
    ('canceled', '', '')
    """
    return _STOPPED.get(status_id, "")
