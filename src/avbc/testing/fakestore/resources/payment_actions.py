"""Capturing and voiding what a payment gateway has authorized (BigCommerce: orders API v3).

The answer only says that it is scheduled: `payment_status` becomes `capture pending` or `void
pending`, and what the gateway says shows later (docs/facts.md, bigcommerce-orders).
"""

from __future__ import annotations

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import ORDERS, TRANSACTIONS, Handler, Route
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, text, whole

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


def _action(event: str, success: str) -> Handler:
    def handler(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
        order = find(state, ids[0])
        status = text(order.header, "payment_status")
        authorization = next(
            (
                row
                for row in order.transactions
                if row["event"] == "authorization" and row["status"] == "ok"
            ),
            None,
        )
        if status != "authorized" or authorization is None:
            reason = f"an authorized payment is needed to {event}; payment_status is '{status}'"
            raise Refusal(
                422,
                f"The payment of order {order.id} cannot be changed.",
                {"payment_status": reason},
            )
        state.change_order(order.id, {"payment_status": f"{event} pending"})
        state.later(lambda: _finish(state, order.id, event, success))
        return ok({}, 201)

    return handler


def _finish(state: State, order_id: int, event: str, success: str) -> None:
    """Let the gateway answer: by default it does what was asked."""
    order = state.orders.get(order_id)
    if order is None or order.header["payment_status"] != f"{event} pending":
        return
    result = state.payment_results.pop(order_id, success)
    _transact(state, order, event, done=result == success)
    state.change_order(order_id, {"payment_status": result})
    state.emit(
        "store/order/transaction/created", order_id, transaction_id=order.transactions[-1]["id"]
    )


def _transact(state: State, order: FakeOrder, event: str, *, done: bool) -> None:
    authorization = next(row for row in order.transactions if row["event"] == "authorization")
    transaction_id = max(whole(row["id"]) for row in order.transactions) + 1
    row: Row = {
        **authorization,
        "id": transaction_id,
        "event": event,
        "status": "ok" if done else "error",
        "date_created": state.now_iso(),
        "gateway_transaction_id": f"{authorization['gateway']}-{transaction_id}",
        "reference_transaction_id": authorization["id"],
    }
    order.transactions.append(row)


ROUTES = [
    Route(
        "POST",
        "/v3/orders/{id}/payment_actions/capture",
        ORDERS | TRANSACTIONS,
        _action("capture", "captured"),
    ),
    Route(
        "POST",
        "/v3/orders/{id}/payment_actions/void",
        ORDERS | TRANSACTIONS,
        _action("void", "void"),
    ),
]
