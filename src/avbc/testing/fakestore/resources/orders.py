"""Orders and their parts: lists, filters, counts, the update (BigCommerce: orders API)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from avbc.testing.fakestore.edits import remove_line
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.lists import (
    Filter,
    Params,
    by,
    equal,
    filtered,
    page_and_limit,
    searched,
    v2_slice,
)
from avbc.testing.fakestore.routes import ORDERS, ORDERS_READ, Route, v2_list, v2_one
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder, View, link
from avbc.testing.values import (
    Row,
    amount_of,
    as_row,
    is_list,
    is_row,
    money,
    read_date,
    text,
    whole,
)
from avbc.text import text_key

_Value = TypeVar("_Value")

_WRITABLE = {
    "status_id",
    "staff_notes",
    "customer_message",
    "customer_id",
    "external_id",
    "external_order_id",
    "external_source",
    "payment_method",
    "payment_provider_id",
    "is_deleted",
    "customer_locale",
    "ip_address",
}
_EDITS = {
    "products",
    "billing_address",
    "fees",
    "discount_amount",
    "subtotal_ex_tax",
    "total_ex_tax",
    "shipping_cost_ex_tax",
}


def find(state: State, order_id: int) -> FakeOrder:
    """Return an order, archived or not; refuses with 404 where there is none."""
    order = state.orders.get(order_id)
    if order is None:
        raise Refusal(404, "The requested resource was not found.")
    return order


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    page, limit = page_and_limit(params)
    edges = [
        _read_as(params, key, _digits) if key in params else None
        for key in ["status_id", "min_id", "max_id"]
    ]
    ids = list(state.order_ids(*edges))
    if _FILTERS.keys() & params.keys():
        headers = [state.orders[order_id].header for order_id in ids]
        ids = [whole(header["id"]) for header in filtered(headers, params, _FILTERS)]
    _sort(state, ids, params.get("sort", "id:asc"))
    cut = ids[(page - 1) * limit : page * limit]
    if not cut:
        return no_content()
    view = _view(request) if state.embeds else View()
    return StoreResponse(
        200, b"[" + b",".join([state.render(order_id, view) for order_id in cut]) + b"]"
    )


def _get(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    find(state, ids[0])
    view = _view(request) if state.embeds else View()
    return StoreResponse(200, state.render(ids[0], view))


def _count(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows: list[Row] = [
        {
            **{key: value for key, value in status.items() if key != "order"},
            "count": state.count(whole(status["id"])),
            "sort_order": status["order"],
        }
        for status in sorted(state.statuses, key=lambda row: whole(row["order"]))
    ]
    return ok({"statuses": rows, "count": len(state.order_ids())})


def _put(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    order = state.orders.get(ids[0])
    if order is None or order.header.get("is_deleted"):
        raise Refusal(404, "The requested resource was not found.")
    body = request.json()
    if not is_row(body):
        raise Refusal(400, "Input is invalid: an object is expected.")
    if "external_merchant_id" in body:
        raise Refusal(400, "The field 'external_merchant_id' cannot be written to.")
    edits = sorted(_EDITS & body.keys())
    removed = _removed(order, body) if edits == ["products"] else []
    if edits and not removed:
        raise Refusal(
            400,
            f"The fake store does not recalculate an order: {', '.join(edits)}. Use "
            "FakeStore.edit_order.",
        )
    accepted: Row = {key: value for key, value in body.items() if key in _WRITABLE}
    if "status_id" in accepted:
        fields = state.status_fields(accepted["status_id"])
        if fields is None:
            raise Refusal(400, "The field 'status_id' is invalid.")
        accepted |= fields
    for key in ["staff_notes", "customer_message"]:
        if not isinstance(accepted.get(key, ""), str):
            raise Refusal(400, f"The field '{key}' is invalid.")
    for line_id in removed:
        remove_line(state, order, line_id)
    state.change_order(ids[0], accepted)
    return StoreResponse(200, state.render(ids[0], View()))


def _removed(order: FakeOrder, body: Row) -> list[int]:
    """Return the lines that are set to quantity 0, which removes them; [] for any other edit."""
    rows = body["products"]
    if not is_list(rows):
        return []
    lines = {line["id"] for line in order.products if line["quantity"]}
    there = [row for row in rows if is_row(row) and row.get("id") in lines]
    if len(there) < len(rows) or any(row.keys() != {"id", "quantity"} for row in there):
        return []
    return [whole(row["id"]) for row in there] if not any(r["quantity"] for r in there) else []


def _delete(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    find(state, ids[0])
    state.change_order(ids[0], {"is_deleted": True})
    return no_content()


def _view(request: StoreRequest) -> View:
    params = request.params
    return View.of(params.get("include", ""), params.get("consignment_structure", ""))


def _sort(state: State, ids: list[int], sort: str) -> None:
    key, _, direction = sort.partition(":")
    if key not in _SORT_KEYS or direction not in {"", "asc", "desc"}:
        raise Refusal(400, "The field 'sort' is invalid.")
    if key != "id":
        read = _SORT_KEYS[key]
        ids.sort(key=lambda order_id: (read(state.orders[order_id].header, key), order_id))
    if direction == "desc":
        ids.reverse()


def _unix(header: Row, field: str) -> float:
    return read_date(text(header, field)).timestamp()


def _number(header: Row, field: str) -> float:
    return whole(header.get(field) or 0)


_SORT_KEYS: Mapping[str, Callable[[Row, str], float | str]] = {
    "id": _number,
    "customer_id": _number,
    "date_created": _unix,
    "date_modified": _unix,
    "status_id": _number,
    "channel_id": _number,
    "external_id": text,
}


def _read_as(params: Params, key: str, read: Callable[[str], _Value]) -> _Value:
    try:
        return read(params[key])
    except (ValueError, InvalidOperation) as error:
        raise Refusal(400, f"The field '{key}' is invalid.") from error


def _same_id(field: str) -> Filter:
    return by(
        lambda params, key: _read_as(params, key, _digits),
        lambda header, wanted: _number(header, field) == wanted,
    )


def _total(sign: int) -> Filter:
    return by(
        lambda params, key: _read_as(params, key, Decimal),
        lambda header, edge: (amount_of(header["total_inc_tax"]) - edge) * sign >= 0,
    )


def _date(field: str, sign: int) -> Filter:
    return by(
        lambda params, key: _read_as(params, key, read_date).timestamp(),
        lambda header, edge: (_unix(header, field) - edge) * sign >= 0,
    )


def _digits(value: str) -> int:
    if not value.isdecimal():
        raise ValueError(value)
    return int(value)


_FILTERS: Mapping[str, Filter] = {
    "customer_id": _same_id("customer_id"),
    "channel_id": _same_id("channel_id"),
    "cart_id": equal("cart_id"),
    "payment_method": equal("payment_method"),
    "external_order_id": equal("external_order_id"),
    "email": by(
        searched,
        lambda header, wanted: (
            text_key(text(as_row(header.get("billing_address") or {}), "email")) == wanted
        ),
    ),
    "min_total": _total(1),
    "max_total": _total(-1),
    "min_date_created": _date("date_created", 1),
    "max_date_created": _date("date_created", -1),
    "min_date_modified": _date("date_modified", 1),
    "max_date_modified": _date("date_modified", -1),
}
"""On an order's header; the index answers status and ids."""


# Parts: lines, addresses, consignments, coupons, taxes, fees


def _products(state: State, ids: tuple[int, ...]) -> list[Row]:
    return find(state, ids[0]).products


def _addresses(state: State, ids: tuple[int, ...]) -> list[Row]:
    order = find(state, ids[0])
    quotes = f"/orders/{order.id}/shippingaddresses/{{}}/shippingquotes"
    return [
        {**address, "shipping_quotes": link(state.base, quotes.format(address["id"]))}
        for address in order.shipping
    ]


def _consignments(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return ok(find(state, ids[0]).consignments(state.base, with_lines=_view(request).line_items))


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
            row["line_amount"] = row["priority_amount"] = money(
                amount_of(row["line_amount"]) + amount_of(tax["line_amount"])
            )
    return list(sums.values())


ROUTES = [
    Route("GET", "/v2/orders", ORDERS_READ, _list),
    Route("GET", "/v2/orders/count", ORDERS_READ, _count),
    Route("GET", "/v2/orders/{id}", ORDERS_READ, _get),
    Route("PUT", "/v2/orders/{id}", ORDERS, _put),
    Route("DELETE", "/v2/orders/{id}", ORDERS, _delete),
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
