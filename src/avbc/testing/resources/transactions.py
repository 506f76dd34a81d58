"""Transactions and refunds of orders (BigCommerce: orders API v3)."""

from __future__ import annotations

from avbc.testing.http import StoreRequest, StoreResponse, no_content, ok
from avbc.testing.paging import v3_page
from avbc.testing.query import integers
from avbc.testing.resources.orders import find
from avbc.testing.routes import ORDERS_READ, TRANSACTIONS_READ, Route
from avbc.testing.state import State
from avbc.testing.values import Row, whole


def _transactions(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    rows = find(state, ids[0]).transactions
    if not rows:
        return no_content()
    count = len(rows)
    links: Row = {}
    pagination: Row = {"total": count, "count": count, "per_page": 50, "current_page": 1, "total_pages": 1, "links": links}
    return ok({"data": rows, "meta": {"pagination": pagination}})


def _refunds_of_order(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return ok({"data": find(state, ids[0]).refunds, "meta": {}})


def _refunds(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    orders, wanted = integers(request.params, "order_id:in"), integers(request.params, "id:in")
    refunds = [refund for order in state.orders.values() for refund in order.refunds]
    refunds = [
        refund
        for refund in refunds
        if (orders is None or whole(refund["order_id"]) in orders) and (wanted is None or whole(refund["id"]) in wanted)
    ]
    return ok(v3_page(sorted(refunds, key=lambda refund: whole(refund["id"])), request))


ROUTES = [
    Route("GET", "/v3/orders/{id}/transactions", TRANSACTIONS_READ, _transactions),
    Route("GET", "/v3/orders/{id}/payment_actions/refunds", ORDERS_READ | TRANSACTIONS_READ, _refunds_of_order),
    Route("GET", "/v3/orders/payment_actions/refunds", ORDERS_READ | TRANSACTIONS_READ, _refunds),
]
