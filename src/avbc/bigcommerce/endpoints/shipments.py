"""Shipments of orders."""

from __future__ import annotations

from avbc.bigcommerce.call import Call, ListCall
from avbc.bigcommerce.endpoints.parts import object_call, object_reader, paged_call, value_reader
from avbc.bigcommerce.endpoints.scopes import ORDERS, ORDERS_MODIFY
from avbc.bigcommerce.models.shipments import OrderShipment, ShipmentDraft
from avbc.bigcommerce.values import integer


def list_shipments(order_id: int) -> ListCall[OrderShipment]:
    """List an order's shipments.

    Scope: Orders: read-only.
    """
    return paged_call(f"/v2/orders/{order_id}/shipments", OrderShipment, ORDERS)


def get_shipment(order_id: int, shipment_id: int) -> Call[OrderShipment]:
    """Read one shipment of an order.

    Scope: Orders: read-only.
    """
    return object_call(f"/v2/orders/{order_id}/shipments/{shipment_id}", OrderShipment, ORDERS)


def count_shipments(order_id: int) -> Call[int]:
    """Count an order's shipments.

    Scope: Orders: read-only.

    >>> count_shipments(218).read({"count": 2})
    2
    """
    path = f"/v2/orders/{order_id}/shipments/count"
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
    path = f"/v2/orders/{order_id}/shipments"
    return Call(
        "POST",
        path,
        object_reader(path, OrderShipment),
        body=shipment.body(),
        scope=ORDERS_MODIFY,
        repeatable=False,
    )
