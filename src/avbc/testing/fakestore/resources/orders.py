"""Orders: the list with its filters, one order, counts, and the update (BigCommerce: orders API)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import attrs

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import page_and_limit
from avbc.testing.fakestore.resources.order_statuses import status_name
from avbc.testing.fakestore.routes import ORDERS, ORDERS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder, View
from avbc.testing.values import Row, amount_of, as_row, is_row, read_date, text, whole

_Ordered = TypeVar("_Ordered", float, Decimal)

_SORT_KEYS = [
    "id",
    "customer_id",
    "date_created",
    "date_modified",
    "status_id",
    "channel_id",
    "external_id",
]
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
    ids = list(
        state.order_ids(
            _integer(params, "status_id"), _integer(params, "min_id"), _integer(params, "max_id")
        )
    )
    filters = _Filters.of(params)
    if not filters.empty:
        ids = [order_id for order_id in ids if filters.keep(state.orders[order_id])]
    _sort(state, ids, params.get("sort", "id:asc"))
    cut = ids[(page - 1) * limit : page * limit]
    if not cut:
        return no_content()
    view = _view(request)
    return StoreResponse(
        200, b"[" + b",".join([state.render(order_id, view) for order_id in cut]) + b"]"
    )


def _get(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    find(state, ids[0])
    return StoreResponse(200, state.render(ids[0], _view(request)))


def _count(state: State, _request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows: list[Row] = []
    for status in sorted(state.statuses, key=lambda row: whole(row["order"])):
        row: Row = {key: value for key, value in status.items() if key != "order"}
        rows.append(
            {**row, "count": state.count(whole(status["id"])), "sort_order": status["order"]}
        )
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
    if edits:
        raise Refusal(
            400,
            f"The fake store does not recalculate an order: {', '.join(edits)}. Use "
            "FakeStore.edit_order.",
        )
    accepted: Row = {key: value for key, value in body.items() if key in _WRITABLE}
    if "status_id" in accepted:
        name = status_name(state, accepted["status_id"])
        if name is None:
            raise Refusal(400, "The field 'status_id' is invalid.")
        accepted.update(
            status_id=whole(accepted["status_id"]), status=name[0], custom_status=name[1]
        )
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


@attrs.frozen
class _Filters:
    """The filters of the list, beside status and ids, which the index answers."""

    ids: Mapping[str, int]
    texts: Mapping[str, str]
    email: str | None
    totals: tuple[Decimal | None, Decimal | None]
    dates: Mapping[str, tuple[float | None, float | None]]

    @classmethod
    def of(cls, params: Mapping[str, str]) -> _Filters:
        email = params.get("email")
        fields = [
            field
            for field in ["date_created", "date_modified"]
            if f"min_{field}" in params or f"max_{field}" in params
        ]
        return cls(
            ids={
                key: identity
                for key in ["customer_id", "channel_id"]
                if (identity := _integer(params, key)) is not None
            },
            texts={
                key: params[key]
                for key in ["cart_id", "payment_method", "external_order_id"]
                if key in params
            },
            email=None if email is None else email.casefold(),
            totals=(_decimal(params, "min_total"), _decimal(params, "max_total")),
            dates={
                field: (_moment(params, f"min_{field}"), _moment(params, f"max_{field}"))
                for field in fields
            },
        )

    @property
    def empty(self) -> bool:
        return (
            not self.ids
            and not self.texts
            and self.email is None
            and self.totals == (None, None)
            and not self.dates
        )

    def keep(self, order: FakeOrder) -> bool:
        header = order.header
        return (
            all(whole(header.get(key) or 0) == identity for key, identity in self.ids.items())
            and all(text(header, key) == wanted for key, wanted in self.texts.items())
            and (self.email is None or _email(order) == self.email)
            and (
                self.totals == (None, None)
                or _within(amount_of(header["total_inc_tax"]), *self.totals)
            )
            and all(_within(_unix(order, field), *edges) for field, edges in self.dates.items())
        )


def _within(value: _Ordered, least: _Ordered | None, most: _Ordered | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


def _sort(state: State, ids: list[int], sort: str) -> None:
    key, _, direction = sort.partition(":")
    if key not in _SORT_KEYS or direction not in {"", "asc", "desc"}:
        raise Refusal(400, "The field 'sort' is invalid.")
    if key == "id":
        if direction == "desc":
            ids.reverse()
    elif key.startswith("date_"):
        ids.sort(
            key=lambda order_id: (_unix(state.orders[order_id], key), order_id),
            reverse=direction == "desc",
        )
    elif key == "external_id":
        ids.sort(
            key=lambda order_id: (text(state.orders[order_id].header, key), order_id),
            reverse=direction == "desc",
        )
    else:
        ids.sort(
            key=lambda order_id: (whole(state.orders[order_id].header.get(key) or 0), order_id),
            reverse=direction == "desc",
        )


def _email(order: FakeOrder) -> str:
    return text(as_row(order.header.get("billing_address") or {}), "email").casefold()


def _unix(order: FakeOrder, field: str) -> float:
    return read_date(text(order.header, field)).timestamp()


def _integer(params: Mapping[str, str], key: str) -> int | None:
    raw = params.get(key)
    if raw is None:
        return None
    if not raw.isdecimal():
        raise Refusal(400, f"The field '{key}' is invalid.")
    return int(raw)


def _decimal(params: Mapping[str, str], key: str) -> Decimal | None:
    if key not in params:
        return None
    try:
        return Decimal(params[key])
    except InvalidOperation as error:
        raise Refusal(400, f"The field '{key}' is invalid.") from error


def _moment(params: Mapping[str, str], key: str) -> float | None:
    if key not in params:
        return None
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
