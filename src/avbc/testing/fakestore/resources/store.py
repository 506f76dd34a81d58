"""What a store is set up with, most of it read only.

BigCommerce: store information, order statuses, currencies, shipping, payment methods, tax classes,
marketing, locations and settings APIs.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping

from avbc.testing.fakestore.fields import Field, Fields, faults, known, one_row, refuse
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, data
from avbc.testing.fakestore.lists import compared, equal, flag, ids_in, texts_in
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import (
    INFORMATION,
    INFORMATION_READ,
    LOCATION_READS,
    LOCATIONS_READ,
    MARKETING_READ,
    NO_SCOPE,
    ORDERS_READ,
    PAYMENT_METHODS,
    Route,
    row_with,
    shown,
    v2_list,
    v2_one,
    v3_list,
)
from avbc.testing.fakestore.state import State
from avbc.testing.orders import SYSTEM_STATUSES
from avbc.testing.values import Row, as_row, as_rows, copied

_INFORMATION: Row = {
    "account_uuid": "00000000-0000-4000-8000-000000000001",
    "domain": "store.example.com",
    "secure_url": "https://store.example.com",
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
_ZONES: list[Row] = [
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
_CURRENCIES = [
    (1, "USD", "US Dollar", "US", "1.0000000000", "$"),
    (2, "EUR", "Euro", "EU", "0.9200000000", "€"),
]
"""Dollars, and euros as a second transactional currency."""
_PAYMENT_METHODS = {
    "authorizenet": "Credit Card",
    "paypalexpress": "PayPal",
    "cod": "Cash on Delivery",
}
_TAX_CLASSES = ["Non-Taxable Products", "Shipping", "Gift Wrapping"]
"""What every store has in addition to the default class, which is 0."""
_INVENTORY_SETTINGS: Row = {
    "product_out_of_stock_behavior": "do_nothing",
    "option_out_of_stock_behavior": "do_nothing",
    "update_stock_behavior": "order_placed",
    "edit_order_stock_adjustment": True,
    "refund_order_stock_adjustment": False,
    "stock_level_display": "dont_show",
    "default_out_of_stock_message": "",
    "hide_in_product_filtering": False,
    "show_pre_order_stock_levels": False,
    "show_out_of_stock_message": False,
}
"""An order takes its stock when it is placed."""
_SETTING_FIELDS: Fields = {
    "product_out_of_stock_behavior": Field(
        "text",
        among=frozenset(
            {
                "do_nothing",
                "hide_product",
                "hide_product_and_accessible",
                "hide_product_and_redirect",
            }
        ),
    ),
    "option_out_of_stock_behavior": Field(
        "text", among=frozenset({"do_nothing", "hide_option", "label_option"})
    ),
    "update_stock_behavior": Field(
        "text", among=frozenset({"order_placed", "order_completed_or_shipped"})
    ),
    "edit_order_stock_adjustment": Field("flag"),
    "refund_order_stock_adjustment": Field("flag"),
    "stock_level_display": Field("text", among=frozenset({"dont_show", "show", "show_when_low"})),
    "default_out_of_stock_message": Field("text"),
    "hide_in_product_filtering": Field("flag"),
    "show_pre_order_stock_levels": Field("flag"),
    "show_out_of_stock_message": Field("flag"),
}


def set_up(state: State, labels: Mapping[int, str]) -> None:
    """Give a new store what every store has. `labels` renames order statuses by id."""
    state.statuses = [
        {
            "id": status_id,
            "name": name,
            "system_label": name,
            "custom_label": labels.get(status_id, name),
            "system_description": f"{name} (fake store)",
            "order": place,
        }
        for status_id, name, place in SYSTEM_STATUSES
    ]
    state.information = {
        "id": state.store_hash,
        "control_panel_base_url": f"https://store-{state.store_hash}.example.com",
        **as_row(copied(_INFORMATION)),
    }
    state.currencies = [
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
        for currency_id, code, name, country, rate, token in _CURRENCIES
    ]
    state.payment_methods = [
        {"code": code, "name": name, "test_mode": False} for code, name in _PAYMENT_METHODS.items()
    ]
    state.shipping_zones = as_rows(copied(_ZONES))
    state.shipping_methods = {
        1: [
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
            for index, name in enumerate(["UPS Ground", "Flat Rate"], start=1)
        ]
    }
    state.locations = [location(1, "MAIN", "Main", is_default=True)]
    state.inventory_settings = dict(_INVENTORY_SETTINGS)
    moment = "2026-01-05T10:00:00.000+00:00"
    # Ids are text here, and numbers on products.
    state.tax_classes = [
        {"id": str(index), "name": name, "created_at": moment, "updated_at": moment}
        for index, name in enumerate(_TAX_CLASSES, start=1)
    ]


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


def _zone_methods(state: State, ids: tuple[int, ...]) -> list[Row]:
    row_with(state.shipping_zones, ids[0])
    return state.shipping_methods.get(ids[0], [])


def _accepted_methods(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Answer the payment methods of one order or checkout."""
    order_id = request.params.get("order_id", "")
    if not order_id and "checkout_id" not in request.params:
        raise Refusal(400, "order_id or checkout_id is required")
    if order_id:
        find(state, int(order_id) if order_id.isdecimal() else 0)
    rows: list[Row] = [
        {
            "id": f"{method['code']}.card",
            "name": method["name"],
            "test_mode": method["test_mode"],
            "type": "card",
            "supported_instruments": [],
            "stored_instruments": [],
        }
        for method in state.payment_methods
    ]
    return data(rows)


def _put_settings(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    body = one_row(request)
    refuse(faults(body, _SETTING_FIELDS))
    state.inventory_settings.update(known(body, _SETTING_FIELDS))
    return data(state.inventory_settings)


ROUTES = [
    Route("GET", "/v2/store", INFORMATION_READ, shown(lambda state: state.information)),
    Route(
        "GET",
        "/v2/time",
        INFORMATION_READ,
        shown(lambda state: {"time": int(state.clock() + state.clock_offset)}),
    ),
    Route("GET", "/v2/order_statuses", ORDERS_READ, shown(lambda state: state.statuses)),
    Route("GET", "/v2/order_statuses/{id}", ORDERS_READ, v2_one(lambda state, _: state.statuses)),
    Route("GET", "/v2/currencies", NO_SCOPE, v2_list(lambda state, _: state.currencies)),
    Route("GET", "/v2/currencies/{id}", NO_SCOPE, v2_one(lambda state, _: state.currencies)),
    Route("GET", "/v2/shipping/zones", NO_SCOPE, v2_list(lambda state, _: state.shipping_zones)),
    Route(
        "GET", "/v2/shipping/zones/{id}", NO_SCOPE, v2_one(lambda state, _: state.shipping_zones)
    ),
    Route("GET", "/v2/shipping/zones/{id}/methods", NO_SCOPE, v2_list(_zone_methods)),
    Route(
        "GET",
        "/v2/payments/methods",
        PAYMENT_METHODS,
        v2_list(lambda state, _: state.payment_methods),
    ),
    Route("GET", "/v3/payments/methods", PAYMENT_METHODS, _accepted_methods),
    Route("GET", "/v2/tax_classes", NO_SCOPE, v2_list(lambda state, _: state.tax_classes)),
    Route("GET", "/v2/tax_classes/{id}", NO_SCOPE, v2_one(lambda state, _: state.tax_classes)),
    Route(
        "GET",
        "/v2/coupons",
        MARKETING_READ,
        v2_list(
            lambda state, _: state.coupons,
            {"min_id": compared("id", operator.ge), "code": equal("code")},
        ),
    ),
    Route(
        "GET",
        "/v3/inventory/locations",
        LOCATIONS_READ,
        v3_list(
            lambda state, _: state.locations,
            {
                "location_id:in": ids_in("id"),
                "location_code:in": texts_in("code"),
                "is_default": flag("is_default"),
                "is_active": flag("enabled"),
            },
            maximum=1000,
        ),
        LOCATION_READS,
    ),
    Route(
        "GET",
        "/v3/settings/inventory",
        INFORMATION_READ,
        shown(lambda state: {"data": state.inventory_settings, "meta": {}}),
    ),
    Route("PUT", "/v3/settings/inventory", INFORMATION, _put_settings),
]
