"""Payments of orders, refunds, and ways to pay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from avbc.bigcommerce.call import Call, ListCall, Paging, path_with
from avbc.bigcommerce.endpoints.parts import ignored, list_call, paged_call
from avbc.bigcommerce.endpoints.scopes import ORDERS, ORDERS_MODIFY, PAYMENT_METHODS, TRANSACTIONS
from avbc.bigcommerce.models.payments import (
    AcceptedPaymentMethod,
    PaymentMethod,
    Refund,
    Transaction,
)


def list_transactions(order_id: int) -> Call[list[Transaction]]:
    """List the transactions of an order's payment; BigCommerce lists one order at a time, unpaged.

    Scope: Order Transactions: read-only; Orders is not enough.

    >>> list_transactions(218).name
    'GET /v3/orders/218/transactions'
    """
    path = path_with("/v3/orders/{}/transactions", order_id)
    return list_call(path, Transaction, TRANSACTIONS)


def list_refunds(
    *,
    order_id_in: Collection[int] | None = None,
    id_in: Collection[int] | None = None,
    created_min: datetime | None = None,
    created_max: datetime | None = None,
    transaction_id: str | None = None,
    limit: int | None = None,
) -> ListCall[Refund]:
    """List refunds, of many orders at once.

    Args:
        order_id_in: Of these orders.
        id_in: With these ids.
        created_min: Made then or later; needs a time zone.
        created_max: Made then or earlier.
        transaction_id: Paid out by this transaction.
        limit: At most so many refunds, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty or too long for a URL, or a time has no time zone.

    Scope: Orders: read-only (or modify, or either of Order Transactions).

    >>> list_refunds(order_id_in=[218, 247]).params
    {'order_id:in': '218,247'}
    """
    return paged_call(
        "/v3/orders/payment_actions/refunds",
        Refund,
        ORDERS,
        {
            "order_id:in": order_id_in,
            "id:in": id_in,
            "created:min": created_min,
            "created:max": created_max,
            "transaction_id": transaction_id,
        },
        Paging.V3,
    ).first(limit)


def list_payment_methods(*, limit: int | None = None) -> ListCall[PaymentMethod]:
    """List the store's payment methods.

    BigCommerce calls this endpoint deprecated and says that it may leave out enabled methods; it
    has no other one for a whole store.

    Args:
        limit: At most so many methods, 1 or more; without it, all of them.

    Scope: Get accepted methods (observed).
    """
    return paged_call("/v2/payments/methods", PaymentMethod, PAYMENT_METHODS).first(limit)


def list_accepted_payment_methods(order_id: int) -> Call[list[AcceptedPaymentMethod]]:
    """List the ways in which one order can be paid.

    Scope: Get accepted methods.
    """
    return list_call(
        "/v3/payments/methods",
        AcceptedPaymentMethod,
        PAYMENT_METHODS,
        {"order_id": order_id},
    )


def capture_payment(order_id: int) -> Call[None]:
    """Have the gateway capture the authorized amount of an order, all of it and never a part.

    The gateway does it later: `payment_status` becomes `capture pending`, and then `captured` or
    `declined`, which a later read of the order shows. It is never sent twice by itself: after a
    failure in which an answer was lost, read the order first.

    Args:
        order_id: The order, whose `payment_status` is `authorized`.

    Scope: Orders: modify, or Order Transactions: modify.
    """
    return _payment_action(order_id, "capture")


def void_payment(order_id: int) -> Call[None]:
    """Have the gateway void the authorization of an order.

    The gateway does it later: `payment_status` becomes `void pending`, and then `void`. It is never
    sent twice by itself: after a failure in which an answer was lost, read the order first.

    Args:
        order_id: The order, whose `payment_status` is `authorized`.

    Scope: Orders: modify, or Order Transactions: modify.
    """
    return _payment_action(order_id, "void")


def _payment_action(order_id: int, action: str) -> Call[None]:
    path = path_with(f"/v3/orders/{{}}/payment_actions/{action}", order_id)
    return Call("POST", path, ignored, scope=ORDERS_MODIFY, repeatable=False, empty=lambda: None)
