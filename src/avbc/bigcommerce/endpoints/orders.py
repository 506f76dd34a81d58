"""Orders and what hangs on them, shipments among it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.bigcommerce.body import Body
from avbc.bigcommerce.call import Call, ListCall, Paging, path_with, rows_of
from avbc.bigcommerce.decoding import fee_rows
from avbc.bigcommerce.endpoints.parts import (
    Value,
    ignored,
    list_call,
    object_call,
    object_reader,
    paged_call,
    value_reader,
)
from avbc.bigcommerce.endpoints.scopes import ORDERS, ORDERS_MODIFY
from avbc.bigcommerce.models.orders import (
    Consignments,
    Fee,
    Order,
    OrderCount,
    OrderCoupon,
    OrderProduct,
    OrderShipment,
    OrderStatus,
    OrderTax,
    ShipmentDraft,
    ShippingAddress,
)
from avbc.bigcommerce.values import integer
from avbc.unset import UNSET, Unset

Include: TypeAlias = Literal["consignments", "consignments.line_items", "fees"]
"""What an order can include; not coupons, taxes, shipments or transactions."""

EVERYTHING: tuple[Include, ...] = ("consignments.line_items", "fees")
"""All that an order can include: its lines include their consignments."""


def list_orders(
    *,
    status_id: int | None = None,
    min_id: int | None = None,
    max_id: int | None = None,
    min_date_created: datetime | None = None,
    max_date_created: datetime | None = None,
    min_date_modified: datetime | None = None,
    max_date_modified: datetime | None = None,
    min_total: Decimal | None = None,
    max_total: Decimal | None = None,
    customer_id: int | None = None,
    email: str | None = None,
    payment_method: str | None = None,
    channel_id: int | None = None,
    cart_id: str | None = None,
    external_order_id: str | None = None,
    sort: str | None = None,
    include: Collection[Include] = (),
    limit: int | None = None,
) -> ListCall[Order]:
    """List orders, page by page.

    Do not change what the filter asks for while listing: rows then move between pages and some are
    skipped. `waiting_orders` is made for that.

    Args:
        status_id: One status; BigCommerce takes no list of them.
        min_id: The lowest id.
        max_id: The highest id.
        min_date_created: Created then or later; needs a time zone, as all times here do.
        max_date_created: Created then or earlier.
        min_date_modified: Modified then or later. Our own writes modify orders too.
        max_date_modified: Modified then or earlier.
        min_total: The lowest total.
        max_total: The highest total.
        customer_id: A registered customer; 0 for guests.
        email: The customer's mail address.
        payment_method: Its display name, "Credit Card".
        channel_id: The sales channel.
        cart_id: The cart that became the order.
        external_order_id: The order's id elsewhere, as set by `update_order`.
        sort: `id` (if not given), `customer_id`, `date_created`, `date_modified`, `status_id`,
            `channel_id` or `external_id`, with `:asc` or `:desc`.
        include: What comes with each order; `EVERYTHING` for all that BigCommerce offers. Embedded
            lines stop at 50 for each consignment: see `Order.lines_complete`.
        limit: At most so many orders, 1 or more; without it, all of them.

    Raises:
        ValueError: A time has no time zone.

    Scope: Orders: read-only. Archived orders are left out.

    >>> from datetime import UTC
    >>> list_orders(status_id=11, min_date_created=datetime(2024, 5, 1, tzinfo=UTC)).params
    {'status_id': '11', 'min_date_created': '2024-05-01T00:00:00+00:00'}
    >>> list_orders(include=["fees", "consignments"]).params
    {'include': 'fees,consignments', 'consignment_structure': 'object'}
    """
    return paged_call(
        "/v2/orders",
        Order,
        ORDERS,
        {
            "status_id": status_id,
            "min_id": min_id,
            "max_id": max_id,
            "min_date_created": min_date_created,
            "max_date_created": max_date_created,
            "min_date_modified": min_date_modified,
            "max_date_modified": max_date_modified,
            "min_total": min_total,
            "max_total": max_total,
            "customer_id": customer_id,
            "email": email,
            "payment_method": payment_method,
            "channel_id": channel_id,
            "cart_id": cart_id,
            "external_order_id": external_order_id,
            "sort": sort,
            **_including(include),
        },
    ).first(limit)


def waiting_orders(
    status_id: int,
    *,
    min_id: int | None = None,
    min_date_created: datetime | None = None,
    channel_id: int | None = None,
    include: Collection[Include] = EVERYTHING,
    limit: int | None = None,
) -> ListCall[Order]:
    """List the orders of a status by ascending id, even while orders leave the status.

    Each next page asks for ids above the last one, and never for page 2 (docs/facts.md,
    bigcommerce-pitfalls). An order that enters the status later with a lower id is found by the
    next listing.

    Args:
        status_id: The status to wait in.
        min_id: The lowest id to begin with.
        min_date_created: Created then or later; needs a time zone.
        channel_id: The sales channel.
        include: What comes with each order.
        limit: At most so many orders, 1 or more; without it, all of them.

    Raises:
        ValueError: The time has no time zone.

    Scope: Orders: read-only.

    >>> waiting_orders(11).params["include"]
    'consignments.line_items,fees'
    """
    return paged_call(
        "/v2/orders",
        Order,
        ORDERS,
        {
            "status_id": status_id,
            "min_id": min_id,
            "min_date_created": min_date_created,
            "channel_id": channel_id,
            "sort": "id:asc",
            **_including(include),
        },
        Paging.MIN_ID,
    ).first(limit)


def get_order(order_id: int, *, include: Collection[Include] = ()) -> Call[Order]:
    """Read one order. Archived orders may still be read this way.

    Args:
        order_id: The order's id.
        include: What comes with it; `EVERYTHING` for all that BigCommerce offers.

    Scope: Orders: read-only.

    >>> get_order(218).name
    'GET /v2/orders/218'
    """
    return object_call(path_with("/v2/orders/{}", order_id), Order, ORDERS, _including(include))


def count_orders() -> Call[OrderCount]:
    """Count orders, in all and by status, in one request.

    Scope: Orders: read-only.
    """
    return object_call("/v2/orders/count", OrderCount, ORDERS)


def update_order(
    order_id: int,
    *,
    status_id: int | Unset = UNSET,
    staff_notes: str | Unset = UNSET,
    external_order_id: str | Unset = UNSET,
) -> Call[None]:
    """Write an order's status, staff notes or external id; what is not given is not sent and stays.

    The answer is not read: the order may be one whose data cannot be, and its status must be
    written all the same. The write modifies the order and fires webhooks.

    Args:
        order_id: The order's id.
        status_id: The new status.
        staff_notes: The whole text of the notes, which replaces the old one.
        external_order_id: The order's id elsewhere.

    Raises:
        ValueError: Nothing is given.

    Scope: Orders: modify.

    >>> update_order(218, status_id=9).body
    {'status_id': 9}
    """
    given: dict[str, int | str | Unset] = {
        "status_id": status_id,
        "staff_notes": staff_notes,
        "external_order_id": external_order_id,
    }
    body: dict[str, Body] = {
        name: value for name, value in given.items() if not isinstance(value, Unset)
    }
    if not body:
        raise ValueError("nothing to update: give status_id, staff_notes or external_order_id")
    return Call(
        "PUT",
        path_with("/v2/orders/{}", order_id),
        ignored,
        body=body,
        scope=ORDERS_MODIFY,
        empty=lambda: None,
    )


def list_order_products(order_id: int, *, limit: int | None = None) -> ListCall[OrderProduct]:
    """List all lines of an order, also those beyond the 50 that come with it.

    Args:
        order_id: The order's id.
        limit: At most so many lines, 1 or more; without it, all of them.

    Scope: Orders: read-only.
    """
    return paged_call(path_with("/v2/orders/{}/products", order_id), OrderProduct, ORDERS).first(
        limit
    )


def list_order_shipping_addresses(
    order_id: int, *, limit: int | None = None
) -> ListCall[ShippingAddress]:
    """List the addresses that an order goes to, with methods and costs.

    An order that includes its `consignments` has the same data.

    Args:
        order_id: The order's id.
        limit: At most so many addresses, 1 or more; without it, all of them.

    Scope: Orders: read-only.
    """
    return paged_call(
        path_with("/v2/orders/{}/shipping_addresses", order_id), ShippingAddress, ORDERS
    ).first(limit)


def get_order_consignments(order_id: int, *, line_items: bool = False) -> Call[Consignments]:
    """Read how an order's lines reach the customer.

    Args:
        order_id: The order's id.
        line_items: Whether the lines come along; otherwise `line_items` is empty.

    Scope: Orders: read-only.
    """
    params = {"include": "consignments.line_items"} if line_items else {}
    return attrs.evolve(
        object_call(
            path_with("/v2/orders/{}/consignments", order_id), Consignments, ORDERS, params
        ),
        empty=Consignments,
    )


def list_order_coupons(order_id: int, *, limit: int | None = None) -> ListCall[OrderCoupon]:
    """List the coupons that an order used, with their types. Lines have their codes and shares.

    Args:
        order_id: The order's id.
        limit: At most so many coupons, 1 or more; without it, all of them.

    Scope: Orders: read-only.
    """
    return paged_call(path_with("/v2/orders/{}/coupons", order_id), OrderCoupon, ORDERS).first(
        limit
    )


def list_order_taxes(
    order_id: int, *, details: bool = False, limit: int | None = None
) -> ListCall[OrderTax]:
    """List an order's tax rows.

    Args:
        order_id: The order's id.
        details: Whether rows have the line and the kind of item taxed.
        limit: At most so many rows, 1 or more; without it, all of them.

    Scope: Orders: read-only.
    """
    return paged_call(
        path_with("/v2/orders/{}/taxes", order_id), OrderTax, ORDERS, {"details": details or None}
    ).first(limit)


def list_order_fees(order_id: int) -> Call[list[Fee]]:
    """List an order's fees.

    Scope: Orders: read-only.
    """
    return list_call(
        path_with("/v2/orders/{}/fees", order_id),
        Fee,
        ORDERS,
        rows=lambda body: rows_of(fee_rows(body)),
    )


def list_order_statuses() -> Call[list[OrderStatus]]:
    """List the statuses that orders can have, with the merchant's own labels.

    Scope: Orders: read-only.
    """
    return list_call("/v2/order_statuses", OrderStatus, ORDERS)


def list_shipments(order_id: int, *, limit: int | None = None) -> ListCall[OrderShipment]:
    """List an order's shipments.

    Args:
        order_id: The order's id.
        limit: At most so many shipments, 1 or more; without it, all of them.

    Scope: Orders: read-only.
    """
    return paged_call(path_with("/v2/orders/{}/shipments", order_id), OrderShipment, ORDERS).first(
        limit
    )


def get_shipment(order_id: int, shipment_id: int) -> Call[OrderShipment]:
    """Read one shipment of an order.

    Scope: Orders: read-only.
    """
    return object_call(
        path_with("/v2/orders/{}/shipments/{}", order_id, shipment_id), OrderShipment, ORDERS
    )


def count_shipments(order_id: int) -> Call[int]:
    """Count an order's shipments.

    Scope: Orders: read-only.

    >>> count_shipments(218).read({"count": 2})
    2
    """
    path = path_with("/v2/orders/{}/shipments/count", order_id)
    return Call("GET", path, value_reader("count", integer), scope=ORDERS, empty=int)


def create_shipment(order_id: int, shipment: ShipmentDraft) -> Call[OrderShipment]:
    """Record a shipment to one address of an order.

    BigCommerce emails the customer if the store has those emails on.

    It is never sent twice by itself: after a failure in which an answer was lost, read
    `order_shipments.list` first. The order's status does not follow (BigCommerce: orders overview).

    Args:
        order_id: The order's id.
        shipment: What goes out.

    Raises:
        ValueError: There are no items.

    Scope: Orders: modify.

    >>> from avbc.bigcommerce.models import ShipmentItemDraft
    >>> items = (ShipmentItemDraft(order_product_id=15, quantity=2),)
    >>> shipment = ShipmentDraft(order_address_id=51, items=items, tracking_number="1Z9")
    >>> create_shipment(218, shipment).body["tracking_number"]
    '1Z9'
    """
    if not shipment.items:
        raise ValueError("items: a shipment of nothing")
    path = path_with("/v2/orders/{}/shipments", order_id)
    return Call(
        "POST",
        path,
        object_reader(path, OrderShipment),
        body=shipment.body(),
        scope=ORDERS_MODIFY,
        repeatable=False,
    )


def _including(include: Collection[Include]) -> dict[str, Value]:
    # Without consignment_structure the old array comes back, which mixes the kinds of consignments.
    consignments = any(part.startswith("consignments") for part in include)
    return {
        "include": include or None,
        "consignment_structure": "object" if consignments else None,
    }
