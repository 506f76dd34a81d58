"""The order statuses that every store has (BigCommerce: orders API, order statuses)."""

from __future__ import annotations

from enum import IntEnum

from avbc.bigcommerce.models.orders import OrderStatus


class SystemStatus(IntEnum):
    """The ids of the order statuses; merchants can relabel them, but not add any.

    >>> SystemStatus.PARTIALLY_SHIPPED.label, SystemStatus(5).label
    ('Partially Shipped', 'Cancelled')
    """

    INCOMPLETE = 0
    PENDING = 1
    SHIPPED = 2
    PARTIALLY_SHIPPED = 3
    REFUNDED = 4
    CANCELLED = 5
    DECLINED = 6
    AWAITING_PAYMENT = 7
    AWAITING_PICKUP = 8
    AWAITING_SHIPMENT = 9
    COMPLETED = 10
    AWAITING_FULFILLMENT = 11
    MANUAL_VERIFICATION_REQUIRED = 12
    DISPUTED = 13
    PARTIALLY_REFUNDED = 14

    @property
    def label(self) -> str:
        """BigCommerce's name of the status."""
        return self.name.replace("_", " ").title()


SYSTEM_STATUSES = tuple(OrderStatus(id=int(each), name=each.label) for each in SystemStatus)
"""The statuses under BigCommerce's names."""
