"""Orders: the list with its filters, one order, counts, and the update (BigCommerce: orders API)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from avbc.testing.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.orders import FakeOrder, View
from avbc.testing.paging import page_and_limit
from avbc.testing.resources.order_statuses import status_name
from avbc.testing.routes import ORDERS, ORDERS_READ, Route
from avbc.testing.state import State
from avbc.testing.values import Row, amount_of, as_row, read_date, text, whole

_SORT_KEYS = ["id", "customer_id", "date_created", "date_modified", "status_id", "channel_id", "external_id"]
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
_EDITS = {"products", "billing_address", "fees", "discount_amount", "subtotal_ex_tax", "total_ex_tax", "shipping_cost_ex_tax"}


def find(state: State, order_id: int) -> FakeOrder:
    """Return an order, archived or not; refuses with 404 where there is none."""
    order = state.orders.get(order_id)
    if order is None:
        raise Refusal(404, "The requested resource was not found.")
    return order


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    page, limit = page_and_limit(params)
    ids = list(state.order_ids(_integer(params, "status_id"), _integer(params, "min_id"), _integer(params, "max_id")))
    wanted = _filters(params)
    if wanted:
        ids = [order_id for order_id in ids if all(keeps(state.orders[order_id]) for keeps in wanted)]
    _sort(state, ids, params.get("sort", "id:asc"))
    cut = ids[(page - 1) * limit : page * limit]
    if not cut:
        return no_content()
    view = _view(request)
    return StoreResponse(200, b"[" + b",".join([state.render(order_id, view) for order_id in cut]) + b"]")


def _get(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    find(state, ids[0])
    return StoreResponse(200, state.render(ids[0], _view(request)))


def _count(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows: list[Row] = []
    for status in sorted(state.statuses, key=lambda row: whole(row["order"])):
        row: Row = {key: value for key, value in status.items() if key != "order"}
        rows.append({**row, "count": state.count(whole(status["id"])), "sort_order": status["order"]})
    return ok({"statuses": rows, "count": len(state.order_ids())})


def _put(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    order = state.orders.get(ids[0])
    if order is None or order.header.get("is_deleted"):
        raise Refusal(404, "The requested resource was not found.")
    body = request.json()
    if not isinstance(body, dict):
        raise Refusal(400, "Input is invalid: an object is expected.")
    changes = as_row(body)
    if "external_merchant_id" in changes:
        raise Refusal(400, "The field 'external_merchant_id' cannot be written to.")
    edits = sorted(_EDITS & changes.keys())
    if edits:
        raise Refusal(400, f"The fake store does not recalculate an order: {', '.join(edits)}. Use FakeStore.edit_order.")
    accepted: Row = {key: value for key, value in changes.items() if key in _WRITABLE}
    if "status_id" in accepted:
        name = status_name(state, accepted["status_id"])
        if name is None:
            raise Refusal(400, "The field 'status_id' is invalid.")
        accepted.update(status_id=whole(accepted["status_id"]), status=name[0], custom_status=name[1])
    for key in ["staff_notes", "customer_message"]:
        if not isinstance(accepted.get(key, ""), str):
            raise Refusal(400, f"The field '{key}' is invalid.")
    state.change_order(ids[0], accepted)
    return StoreResponse(200, state.render(ids[0], View()))


def _delete(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    find(state, ids[0])
    state.change_order(ids[0], {"is_deleted": True})
    return no_content()


def _view(request: StoreRequest) -> View:
    params = request.params
    return View.of(params.get("include", ""), params.get("consignment_structure", ""))


def _filters(params: dict[str, str]) -> list[Callable[[FakeOrder], bool]]:
    wanted: list[Callable[[FakeOrder], bool]] = []
    for key in ["customer_id", "channel_id"]:
        identity = _integer(params, key)
        if identity is not None:
            wanted.append(lambda order, key=key, identity=identity: whole(order.header.get(key) or 0) == identity)
    for key in ["cart_id", "payment_method", "external_order_id"]:
        if key in params:
            wanted.append(lambda order, key=key: text(order.header, key) == params[key])
    if "email" in params:
        wanted.append(lambda order: _email(order) == params["email"].casefold())
    for key, sign in [("min_total", 1), ("max_total", -1)]:
        if key in params:
            bound = _decimal(params, key)
            wanted.append(lambda order, bound=bound, sign=sign: (amount_of(order.header["total_inc_tax"]) - bound) * sign >= 0)
    for field in ["date_created", "date_modified"]:
        for key, sign in [(f"min_{field}", 1), (f"max_{field}", -1)]:
            if key in params:
                edge = _moment(params, key)
                wanted.append(
                    lambda order, edge=edge, sign=sign, field=field: (_unix(order, field) - edge) * sign >= 0,
                )
    return wanted


def _sort(state: State, ids: list[int], sort: str) -> None:
    key, _, direction = sort.partition(":")
    if key not in _SORT_KEYS or direction not in {"", "asc", "desc"}:
        raise Refusal(400, "The field 'sort' is invalid.")
    if key == "id":
        if direction == "desc":
            ids.reverse()
    elif key.startswith("date_"):
        ids.sort(key=lambda order_id: (_unix(state.orders[order_id], key), order_id), reverse=direction == "desc")
    elif key == "external_id":
        ids.sort(key=lambda order_id: (text(state.orders[order_id].header, key), order_id), reverse=direction == "desc")
    else:
        ids.sort(key=lambda order_id: (whole(state.orders[order_id].header.get(key) or 0), order_id), reverse=direction == "desc")


def _email(order: FakeOrder) -> str:
    return text(as_row(order.header.get("billing_address") or {}), "email").casefold()


def _unix(order: FakeOrder, field: str) -> float:
    return read_date(text(order.header, field)).timestamp()


def _integer(params: dict[str, str], key: str) -> int | None:
    raw = params.get(key)
    if raw is None:
        return None
    if not raw.isdecimal():
        raise Refusal(400, f"The field '{key}' is invalid.")
    return int(raw)


def _decimal(params: dict[str, str], key: str) -> Decimal:
    try:
        return Decimal(params[key])
    except InvalidOperation as error:
        raise Refusal(400, f"The field '{key}' is invalid.") from error


def _moment(params: dict[str, str], key: str) -> float:
    try:
        return read_date(params[key]).timestamp()
    except ValueError as error:
        raise Refusal(400, f"The field '{key}' is invalid.") from error


ROUTES = [
    Route("GET", "/v2/orders", ORDERS_READ, _list),
    Route("GET", "/v2/orders/count", ORDERS_READ, _count),
    Route("GET", "/v2/orders/{id}", ORDERS_READ, _get),
    Route("PUT", "/v2/orders/{id}", ORDERS, _put),
    Route("DELETE", "/v2/orders/{id}", ORDERS, _delete),
]
