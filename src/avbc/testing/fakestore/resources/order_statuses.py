"""Order statuses, which merchants may rename (BigCommerce: orders API)."""

from __future__ import annotations

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.routes import ORDERS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.orders import SYSTEM_STATUSES
from avbc.testing.values import Row


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
        for status_id, name, place in SYSTEM_STATUSES
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
