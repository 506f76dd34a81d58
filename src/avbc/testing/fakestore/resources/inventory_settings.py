"""How the store itself moves its stock (BigCommerce: settings API v3)."""

from __future__ import annotations

from avbc.testing.fakestore.fields import Field, Fields, faults, known
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.routes import INFORMATION, INFORMATION_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, is_row

_FIELDS: Fields = {
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
    "delete_order_stock_adjustment": Field("flag"),
    "refund_order_stock_adjustment": Field("flag"),
    "stock_level_display": Field("text", among=frozenset({"dont_show", "show", "show_when_low"})),
    "default_out_of_stock_message": Field("text"),
    "hide_in_product_filtering": Field("flag"),
    "show_pre_order_stock_levels": Field("flag"),
    "show_out_of_stock_message": Field("flag"),
}


def example_settings() -> Row:
    """Return the settings of the example store: an order takes its stock when it is placed."""
    return {
        "product_out_of_stock_behavior": "do_nothing",
        "option_out_of_stock_behavior": "do_nothing",
        "update_stock_behavior": "order_placed",
        "edit_order_stock_adjustment": True,
        "delete_order_stock_adjustment": True,
        "refund_order_stock_adjustment": False,
        "stock_level_display": "dont_show",
        "default_out_of_stock_message": "",
        "hide_in_product_filtering": False,
        "show_pre_order_stock_levels": False,
        "show_out_of_stock_message": False,
    }


def _get(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    return ok({"data": state.inventory_settings, "meta": {}})


def _put(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    body = request.json()
    found = faults(body, _FIELDS) if is_row(body) else {"": "an object is expected"}
    if not is_row(body) or found:
        raise Refusal(422, "JSON data is missing or invalid", found)
    state.inventory_settings.update(known(body, _FIELDS))
    return ok({"data": state.inventory_settings, "meta": {}})


ROUTES = [
    Route("GET", "/v3/settings/inventory", INFORMATION_READ, _get),
    Route("PUT", "/v3/settings/inventory", INFORMATION, _put),
]
