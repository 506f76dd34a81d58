"""The store itself: its profile and its time (BigCommerce: store information API)."""

from __future__ import annotations

from avbc.testing.fakestore.http import StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.routes import INFORMATION_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row


def example_information(store_hash: str) -> Row:
    """Return the profile of the example store."""
    return {
        "id": store_hash,
        "account_uuid": "00000000-0000-4000-8000-000000000001",
        "domain": "store.example.com",
        "secure_url": "https://store.example.com",
        "control_panel_base_url": f"https://store-{store_hash}.example.com",
        "status": "live",
        "name": "Example store",
        "first_name": "Ana",
        "last_name": "Rivera",
        "address": "1 Example Street",
        "country": "United States",
        "country_code": "US",
        "phone": "555-0199",
        "admin_email": "admin@example.com",
        "order_email": "orders@example.com",
        "timezone": {
            "name": "America/Chicago",
            "raw_offset": -21600,
            "dst_offset": -18000,
            "dst_correction": True,
            "date_format": {
                "display": "M jS Y",
                "export": "M jS Y",
                "extended_display": "M jS Y @ g:i A",
            },
        },
        "language": "en",
        "currency": "USD",
        "currency_symbol": "$",
        "decimal_separator": ".",
        "thousands_separator": ",",
        "decimal_places": 2,
        "currency_symbol_location": "left",
        "weight_units": "Ounces",
        "dimension_units": "Inches",
        "dimension_decimal_places": 2,
        "dimension_decimal_token": ".",
        "dimension_thousands_token": ",",
        "plan_name": "Standard",
        "plan_level": "Standard",
        "plan_is_trial": False,
        "industry": "Household",
        "is_price_entered_with_tax": False,
        "store_id": 1025646,
        "default_channel_id": 1,
        "default_site_id": 1000,
        "active_comparison_modules": [],
        "features": {
            "stencil_enabled": True,
            "sitewidehttps_enabled": True,
            "checkout_type": "optimized",
            "multi_storefront_enabled": False,
        },
    }


def _store(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok(state.information)


def _time(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok({"time": int(state.clock() + state.clock_offset)})


ROUTES = [
    Route("GET", "/v2/store", INFORMATION_READ, _store),
    Route("GET", "/v2/time", INFORMATION_READ, _time),
]
