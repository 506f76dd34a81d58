"""Transactions and refunds of orders (BigCommerce: orders API v3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from avbc.testing.fakestore.http import StoreRequest, StoreResponse, data, no_content, ok
from avbc.testing.fakestore.query import Filter, Params, dates, ids_in
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import ORDERS_READ, TRANSACTIONS_READ, Route, row_with, v3_list
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, amount_of, as_rows, text, whole


def _transactions(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    """Answer all transactions of an order on one page, or 204."""
    rows = find(state, ids[0]).transactions
    counts: Row = {"total": len(rows), "count": len(rows), "per_page": 50}
    pages: Row = {**counts, "current_page": 1, "total_pages": 1, "links": dict[str, object]()}
    return ok({"data": rows, "meta": {"pagination": pages}}) if rows else no_content()


def _refunds(state: State, _ids: tuple[int, ...]) -> list[Row]:
    refunds = [refund for order in state.orders.values() for refund in order.refunds]
    return sorted(refunds, key=lambda refund: whole(refund["id"]))


def _of_transaction(params: Params, key: str) -> Callable[[Row], bool]:
    return lambda refund: params[key] in _transactions_of(refund)


_FILTERS: Mapping[str, Filter] = {
    "order_id:in": ids_in("order_id"),
    "id:in": ids_in("id"),
    "transaction_id": _of_transaction,
    **dates("created"),
}


def _transactions_of(refund: Row) -> set[str]:
    return {text(payment, "transaction_id") for payment in as_rows(refund.get("payments", []))}


def _refund(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    refund = row_with(_refunds(state, ids), ids[0])
    items: list[Row] = [
        {**item, "requested_amount": _as_text(item)} for item in as_rows(refund.get("items", []))
    ]
    return data({**refund, "items": items})


def _as_text(item: Row) -> str | None:
    """Write an item's amount as one refund shows it: text with 2 decimals, where lists show a number."""
    amount = item.get("requested_amount")
    return None if amount is None else f"{amount_of(amount):.2f}"


_SCOPES = ORDERS_READ | TRANSACTIONS_READ
ROUTES = [
    Route("GET", "/v3/orders/{id}/transactions", TRANSACTIONS_READ, _transactions),
    Route(
        "GET",
        "/v3/orders/{id}/payment_actions/refunds",
        _SCOPES,
        lambda state, _, ids: data(find(state, ids[0]).refunds),
    ),
    Route("GET", "/v3/orders/payment_actions/refunds", _SCOPES, v3_list(_refunds, _FILTERS)),
    Route("GET", "/v3/orders/payment_actions/refunds/{id}", _SCOPES, _refund),
]
