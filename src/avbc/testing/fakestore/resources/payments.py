"""Payments of orders: transactions, refunds, captures and voids (BigCommerce: orders API v3).

The answer to a capture or a void only says that it is scheduled: `payment_status` becomes `capture
pending` or `void pending`, and the gateway's result shows later (docs/facts.md,
bigcommerce-orders).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from avbc.testing.factories.rows import transaction_row
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, data, no_content, ok
from avbc.testing.fakestore.lists import Filter, by, dates, ids_in
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import (
    ORDERS,
    ORDERS_READ,
    TRANSACTIONS,
    TRANSACTIONS_READ,
    Handler,
    Route,
    row_with,
    v3_list,
)
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, amount_of, as_rows, from_unix, text, whole

PAYMENT_STATUSES = frozenset(
    {
        "authorized",
        "captured",
        "capture pending",
        "declined",
        "held for review",
        "paid",
        "partially refunded",
        "pending",
        "refunded",
        "void",
        "void pending",
    }
)
"""Every `payment_status` but the empty one of offline payments."""


EVENTS = ("purchase", "authorization", "capture", "refund", "void", "pending", "settled")
"""What a transaction of a gateway may be."""

_DONE = {"capture": "captured", "void": "void"}
"""The `payment_status` after what the gateway did."""


def _action(event: str) -> Handler:
    def handler(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
        state.later(act(state, find(state, ids[0]), event))
        return ok({}, 201)

    return handler


def act(state: State, order: FakeOrder, event: str) -> Callable[[], None]:
    """Ask the gateway to capture or void an authorized payment; returns what lets it answer."""
    status = text(order.header, "payment_status")
    is_there = any(
        row["event"] == "authorization" and row["status"] == "ok" for row in order.transactions
    )
    if status != "authorized" or not is_there:
        raise Refusal(
            422,
            f"The payment of order {order.id} cannot be changed.",
            {
                "payment_status": f"an authorized payment is needed to {event}; "
                f"payment_status is '{status}'"
            },
        )
    state.change_order(order.id, {"payment_status": f"{event} pending"})
    return lambda: _finish(state, order.id, event)


def _finish(state: State, order_id: int, event: str) -> None:
    """Let the gateway answer: by default it does what was asked."""
    order, success = state.orders.get(order_id), _DONE[event]
    if order is None or order.header["payment_status"] != f"{event} pending":
        return
    result = state.payment_results.pop(order_id, success)
    authorization = next(row for row in order.transactions if row["event"] == "authorization")
    made = state.add_transaction(
        order, authorization, event=event, status="ok" if result == success else "error"
    )
    made["gateway_transaction_id"] = f"{authorization['gateway']}-{made['id']}"
    state.change_order(order_id, {"payment_status": result})
    state.emit(
        "store/order/transaction/created",
        None,
        type="transaction",
        order_id=str(order_id),
        transaction_id=made["gateway_transaction_id"],
        transaction_status="complete" if result == success else "error",
        transaction_type=event,
    )


def _transactions(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    """Answer all transactions of an order on one page, or 204."""
    rows = find(state, ids[0]).transactions
    pages: Row = {
        "total": len(rows),
        "count": len(rows),
        "per_page": 50,
        "current_page": 1,
        "total_pages": 1,
        "links": {},
    }
    return ok({"data": rows, "meta": {"pagination": pages}}) if rows else no_content()


def _refunds(state: State, _ids: tuple[int, ...]) -> list[Row]:
    return sorted(
        (refund for order in state.orders.values() for refund in order.refunds),
        key=lambda refund: whole(refund["id"]),
    )


def transact(state: State, order: FakeOrder, event: str, amount: Decimal, fields: Row) -> Row:
    """Add a transaction of the order's gateway, or of a credit card; returns it."""
    at_gateway = [row for row in order.transactions if row["method"] not in _TENDERS]
    first = next(iter(at_gateway), None)
    last = max((whole(row["id"]) for row in order.transactions), default=order.id * 10 - 1)
    row: Row = {
        **transaction_row(
            (order.id, last + 1),
            event,
            amount,
            _CARD if first is None else (text(first, "gateway"), text(first, "method")),
            from_unix(state.clock() + state.clock_offset),
        ),
        "currency": order.header["default_currency_code"],
        **({} if first is None else {"reference_transaction_id": first["id"]}),
        **fields,
    }
    order.transactions.append(row)
    return row


_CARD = ("authorizenet", "credit_card")
_TENDERS = {"store_credit", "gift_certificate"}

_FILTERS: Mapping[str, Filter] = {
    "order_id:in": ids_in("order_id"),
    "id:in": ids_in("id"),
    "transaction_id": by(
        lambda params, key: params[key],
        lambda refund, wanted: any(
            text(payment, "transaction_id") == wanted
            for payment in as_rows(refund.get("payments", []))
        ),
    ),
    **dates("created"),
}


def _refund(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    refund = row_with(_refunds(state, ids), ids[0])
    items = as_rows(refund.get("items", []))
    return data(
        {**refund, "items": [{**item, "requested_amount": _as_text(item)} for item in items]}
    )


def _as_text(item: Row) -> str | None:
    """Return an item's amount as one refund shows it: text with 2 decimals; lists have numbers."""
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
    Route(
        "POST",
        "/v3/orders/{id}/payment_actions/capture",
        ORDERS | TRANSACTIONS,
        _action("capture"),
    ),
    Route(
        "POST",
        "/v3/orders/{id}/payment_actions/void",
        ORDERS | TRANSACTIONS,
        _action("void"),
    ),
]
