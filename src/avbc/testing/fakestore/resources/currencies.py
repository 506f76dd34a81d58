"""Currencies (BigCommerce: currencies API v2)."""

from __future__ import annotations

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v2_slice
from avbc.testing.fakestore.routes import NO_SCOPE, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row


def example_currencies() -> list[Row]:
    """Return the currencies of the example store: dollars, and euros as a second transactional one."""
    rows = [
        (1, "USD", "US Dollar", "US", "1.0000000000", "$"),
        (2, "EUR", "Euro", "EU", "0.9200000000", "€"),
    ]
    return [
        {
            "id": currency_id,
            "is_default": currency_id == 1,
            "last_updated": "2026-03-02T00:00:00+00:00",
            "country_iso2": country,
            "default_for_country_codes": [country],
            "currency_code": code,
            "currency_exchange_rate": rate,
            "auto_update": False,
            "token_location": "left",
            "token": token,
            "decimal_token": ".",
            "thousands_token": ",",
            "decimal_places": 2,
            "name": name,
            "enabled": True,
            "is_transactional": True,
            "use_default_name": False,
        }
        for currency_id, code, name, country, rate, token in rows
    ]


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    cut = v2_slice(state.currencies, request.params)
    return ok(cut) if cut else no_content()


def _get(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    for currency in state.currencies:
        if currency["id"] == ids[0]:
            return ok(currency)
    raise Refusal(404)


ROUTES = [
    Route("GET", "/v2/currencies", NO_SCOPE, _list),
    Route("GET", "/v2/currencies/{id}", NO_SCOPE, _get),
]
