"""Inventory locations (BigCommerce: locations API v3)."""

from __future__ import annotations

from collections.abc import Mapping

from avbc.testing.fakestore.http import StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.query import integers, texts
from avbc.testing.fakestore.routes import LOCATION_READS, LOCATIONS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, text, whole

_PAGE = 1000


def location(
    location_id: int, code: str, label: str, *, enabled: bool = True, is_default: bool = False
) -> Row:
    """Return a location as the API shows it."""
    return {
        "id": location_id,
        "code": code,
        "label": label,
        "description": "",
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": enabled,
        "is_default": is_default,
        "operating_hours": {},
        "time_zone": "America/Chicago",
        "created_at": "2026-01-05T10:00:00Z",
        "updated_at": "2026-01-05T10:00:00Z",
        "address": {
            "address1": "1 Example Street",
            "address2": "",
            "city": "Austin",
            "state": "Texas",
            "zip": "78751",
            "email": f"{code.lower()}@example.com",
            "phone": "555-0199",
            "geo_coordinates": {"latitude": 30.3, "longitude": -97.7},
            "country_code": "US",
        },
        "storefront_visibility": True,
        "special_hours": [],
    }


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    ids, codes = integers(params, "location_id:in"), texts(params, "location_code:in")
    rows = [
        row
        for row in state.locations
        if (ids is None or whole(row["id"]) in ids)
        and (codes is None or text(row, "code").casefold() in codes)
        and _flagged(row, params, "is_default", "is_default")
        and _flagged(row, params, "is_active", "enabled")
    ]
    return ok(v3_page(rows, request, maximum=_PAGE))


def _flagged(row: Row, params: Mapping[str, str], key: str, field: str) -> bool:
    return key not in params or bool(row.get(field)) == (params[key] == "true")


ROUTES = [Route("GET", "/v3/inventory/locations", LOCATIONS_READ, _list, LOCATION_READS)]
