"""Shipping zones and methods (BigCommerce: shipping API v2)."""

from __future__ import annotations

from collections.abc import Iterable

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.routes import NO_SCOPE, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row


def example_zones() -> list[Row]:
    """Return the zones of the example store."""
    return [
        {
            "id": 1,
            "name": "United States",
            "type": "country",
            "locations": [{"id": 5, "country_iso2": "US"}],
            "free_shipping": {
                "enabled": False,
                "minimum_sub_total": "0.0000",
                "exclude_fixed_shipping_products": False,
            },
            "enabled": True,
        }
    ]


def methods_named(names: Iterable[str]) -> list[Row]:
    """Return shipping methods with these names."""
    return [
        {
            "id": index,
            "name": name,
            "type": "perorder",
            "settings": {"rate": 8},
            "enabled": True,
            "handling_fees": {"fixed_surcharge": "0"},
            "is_fallback": False,
            "channel_ids": [1],
        }
        for index, name in enumerate(names, start=1)
    ]


def _zones(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok(state.shipping_zones) if state.shipping_zones else no_content()


def _zone(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return ok(_find(state, ids[0]))


def _methods(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    _find(state, ids[0])
    methods = state.shipping_methods.get(ids[0], [])
    return ok(methods) if methods else no_content()


def _find(state: State, zone_id: int) -> Row:
    for zone in state.shipping_zones:
        if zone["id"] == zone_id:
            return zone
    raise Refusal(404)


ROUTES = [
    Route("GET", "/v2/shipping/zones", NO_SCOPE, _zones),
    Route("GET", "/v2/shipping/zones/{id}", NO_SCOPE, _zone),
    Route("GET", "/v2/shipping/zones/{id}/methods", NO_SCOPE, _methods),
]
