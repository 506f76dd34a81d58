"""Inventory and locations, as far as probing a token's scopes goes (BigCommerce: inventory API v3)."""

from __future__ import annotations

from avbc.testing.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.paging import v3_page
from avbc.testing.routes import INVENTORY, INVENTORY_READ, LOCATIONS_READ, Route
from avbc.testing.state import State
from avbc.testing.values import Row, is_row

_MAXIMUM = 1000
"""Rows of a page."""


def example_locations() -> list[Row]:
    """Return the one location of the example store."""
    return [{"id": 1, "code": "MAIN", "label": "Main", "type_id": "PHYSICAL", "enabled": True, "is_default": True}]


def _items(_state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok(v3_page([], request, maximum=_MAXIMUM))


def _locations(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok(v3_page(state.locations, request, maximum=_MAXIMUM))


def _absolute(_state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    body = request.json()
    if not is_row(body) or not body.get("items"):
        raise Refusal(422, "JSON data is missing or invalid", {"items": "at least one item is required"})
    raise Refusal(501, "The fake store does not adjust inventory.")


ROUTES = [
    Route("GET", "/v3/inventory/items", INVENTORY_READ, _items),
    Route("GET", "/v3/inventory/locations", LOCATIONS_READ, _locations),
    Route("PUT", "/v3/inventory/adjustments/absolute", INVENTORY, _absolute),
]
