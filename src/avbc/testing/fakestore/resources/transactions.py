"""Transactions and refunds of orders (BigCommerce: orders API v3)."""

from __future__ import annotations

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.query import integers, within_dates
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import ORDERS_READ, TRANSACTIONS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, amount_of, as_rows, text, whole


def _transactions(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    rows = find(state, ids[0]).transactions
    if not rows:
        return no_content()
    count = len(rows)
    links: Row = {}
    pagination: Row = {
        "total": count,
        "count": count,
        "per_page": 50,
        "current_page": 1,
        "total_pages": 1,
        "links": links,
    }
    return ok({"data": rows, "meta": {"pagination": pagination}})


def _refunds_of_order(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return ok({"data": find(state, ids[0]).refunds, "meta": {}})


def _refunds(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    orders, wanted = integers(request.params, "order_id:in"), integers(request.params, "id:in")
    refunds = [refund for order in state.orders.values() for refund in order.refunds]
    refunds = [
        refund
        for refund in refunds
        if (orders is None or whole(refund["order_id"]) in orders)
        and (wanted is None or whole(refund["id"]) in wanted)
        and within_dates(refund, request.params, "created")
        and (
            "transaction_id" not in request.params
            or request.params["transaction_id"] in _transactions_of(refund)
        )
    ]
    return ok(v3_page(sorted(refunds, key=lambda refund: whole(refund["id"])), request))


def _transactions_of(refund: Row) -> set[str]:
    return {text(payment, "transaction_id") for payment in as_rows(refund.get("payments", []))}


def _refund(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    for order in state.orders.values():
        for refund in order.refunds:
            if refund["id"] == ids[0]:
                items: list[Row] = [
                    {**item, "requested_amount": _as_text(item)}
                    for item in as_rows(refund.get("items", []))
                ]
                return ok({"data": {**refund, "items": items}, "meta": {}})
    raise Refusal(404)


def _as_text(item: Row) -> str | None:
    """Write an item's amount as one refund shows it: text with 2 decimals, where lists show a number."""
    amount = item.get("requested_amount")
    return None if amount is None else f"{amount_of(amount):.2f}"


ROUTES = [
    Route("GET", "/v3/orders/{id}/transactions", TRANSACTIONS_READ, _transactions),
    Route(
        "GET",
        "/v3/orders/{id}/payment_actions/refunds",
        ORDERS_READ | TRANSACTIONS_READ,
        _refunds_of_order,
    ),
    Route("GET", "/v3/orders/payment_actions/refunds", ORDERS_READ | TRANSACTIONS_READ, _refunds),
    Route(
        "GET", "/v3/orders/payment_actions/refunds/{id}", ORDERS_READ | TRANSACTIONS_READ, _refund
    ),
]
