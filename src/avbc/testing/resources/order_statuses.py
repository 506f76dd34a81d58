"""Order statuses, which merchants may rename (BigCommerce: orders API)."""

from __future__ import annotations

from avbc.testing.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.routes import ORDERS_READ, Route
from avbc.testing.state import State
from avbc.testing.values import Row

# (id, system name, place in the merchant's list)
_SYSTEM = [
    (0, "Incomplete", 0),
    (1, "Pending", 1),
    (2, "Shipped", 8),
    (3, "Partially Shipped", 6),
    (4, "Refunded", 11),
    (5, "Cancelled", 9),
    (6, "Declined", 10),
    (7, "Awaiting Payment", 2),
    (8, "Awaiting Pickup", 5),
    (9, "Awaiting Shipment", 4),
    (10, "Completed", 7),
    (11, "Awaiting Fulfillment", 3),
    (12, "Manual Verification Required", 13),
    (13, "Disputed", 12),
    (14, "Partially Refunded", 14),
]


SYSTEM_NAMES = {status_id: name for status_id, name, _ in _SYSTEM}
"""System names by status id."""


def system_statuses(labels: dict[int, str] | None = None) -> list[Row]:
    """Return the fifteen statuses of every store; `labels` renames some by id."""
    return [
        {
            "id": status_id,
            "name": name,
            "system_label": name,
            "custom_label": (labels or {}).get(status_id, name),
            "system_description": f"{name} (fake store)",
            "order": place,
        }
        for status_id, name, place in _SYSTEM
    ]


def status_name(state: State, status_id: object) -> tuple[str, str] | None:
    """Return the system name and the custom label of a status, or None where there is no such id."""
    if isinstance(status_id, bool) or not str(status_id).isdecimal():
        return None
    for status in state.statuses:
        if status["id"] == int(str(status_id)):
            return str(status["name"]), str(status["custom_label"])
    return None


def _list(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok(state.statuses)


def _get(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    for status in state.statuses:
        if status["id"] == ids[0]:
            return ok(status)
    raise Refusal(404)


ROUTES = [
    Route("GET", "/v2/order_statuses", ORDERS_READ, _list),
    Route("GET", "/v2/order_statuses/{id}", ORDERS_READ, _get),
]
