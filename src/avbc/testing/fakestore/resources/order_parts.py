"""Parts of orders: lines, addresses, consignments, coupons, taxes, fees (BigCommerce: orders)."""

from __future__ import annotations

from decimal import Decimal

from avbc.testing.fakestore.http import StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v2_slice
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import ORDERS_READ, Route, v2_list, v2_one
from avbc.testing.fakestore.state import State
from avbc.testing.orders import View
from avbc.testing.values import Row, amount_of, money


def _products(state: State, ids: tuple[int, ...]) -> list[Row]:
    return find(state, ids[0]).products


def _addresses(state: State, ids: tuple[int, ...]) -> list[Row]:
    order, rows = find(state, ids[0]), list[Row]()
    for address in order.shipping:
        resource = f"/orders/{order.id}/shippingaddresses/{address['id']}/shippingquotes"
        rows.append(
            {
                **address,
                "shipping_quotes": {"url": f"{state.base}/v2{resource}", "resource": resource},
            }
        )
    return rows


def _consignments(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    view = View.of(request.params.get("include", ""), "object")
    return ok(find(state, ids[0]).consignments(state.base, with_lines=view.line_items))


def _fees(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return ok({"fees": find(state, ids[0]).fees})


def _taxes(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    order = find(state, ids[0])
    rows = order.taxes if request.params.get("details") == "true" else _by_address(order.taxes)
    cut = v2_slice(rows, request.params)
    return ok(cut) if cut else no_content()


def _by_address(taxes: list[Row]) -> list[Row]:
    """Add up the tax rows of one address and one rate: what is shown without details."""
    sums: dict[tuple[object, object], Row] = {}
    for tax in taxes:
        key = (tax.get("order_address_id"), tax.get("name"))
        row = sums.get(key)
        if row is None:
            sums[key] = {
                name: value
                for name, value in tax.items()
                if name not in {"order_product_id", "line_item_type"}
            }
        else:
            total: Decimal = amount_of(row["line_amount"]) + amount_of(tax["line_amount"])
            row["line_amount"] = row["priority_amount"] = money(total)
    return list(sums.values())


ROUTES = [
    Route("GET", "/v2/orders/{id}/products", ORDERS_READ, v2_list(_products)),
    Route("GET", "/v2/orders/{id}/products/{id}", ORDERS_READ, v2_one(_products)),
    Route("GET", "/v2/orders/{id}/shipping_addresses", ORDERS_READ, v2_list(_addresses)),
    Route("GET", "/v2/orders/{id}/shipping_addresses/{id}", ORDERS_READ, v2_one(_addresses)),
    Route("GET", "/v2/orders/{id}/consignments", ORDERS_READ, _consignments),
    Route(
        "GET",
        "/v2/orders/{id}/coupons",
        ORDERS_READ,
        v2_list(lambda state, ids: find(state, ids[0]).coupons),
    ),
    Route("GET", "/v2/orders/{id}/taxes", ORDERS_READ, _taxes),
    Route("GET", "/v2/orders/{id}/fees", ORDERS_READ, _fees),
]
