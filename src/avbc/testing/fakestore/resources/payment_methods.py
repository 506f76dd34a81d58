"""Payment methods: the deprecated v2 list of the store's, and v3's of one order (BigCommerce: payment methods API)."""

from __future__ import annotations

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v2_slice
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import PAYMENT_METHODS, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row


def example_methods() -> list[Row]:
    """Return the payment methods of the example store."""
    names = {"authorizenet": "Credit Card", "paypalexpress": "PayPal", "cod": "Cash on Delivery"}
    return [{"code": code, "name": name, "test_mode": False} for code, name in names.items()]


def _v2(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    cut = v2_slice(state.payment_methods, request.params)
    return ok(cut) if cut else no_content()


def _v3(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
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
    return ok({"data": rows, "meta": {}})


ROUTES = [
    Route("GET", "/v2/payments/methods", PAYMENT_METHODS, _v2),
    Route("GET", "/v3/payments/methods", PAYMENT_METHODS, _v3),
]
