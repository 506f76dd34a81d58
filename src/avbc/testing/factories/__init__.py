"""Seeded builders of orders in every shape that BigCommerce sends."""

from avbc.testing.factories.factory import OrderFactory
from avbc.testing.factories.parts import (
    CATALOGUE,
    PHYSICAL,
    Discount,
    FeeLine,
    Item,
    Line,
    OrderOptions,
    Payment,
    Person,
    Shipping,
    item,
)

__all__ = [
    "CATALOGUE",
    "PHYSICAL",
    "Discount",
    "FeeLine",
    "Item",
    "Line",
    "OrderFactory",
    "OrderOptions",
    "Payment",
    "Person",
    "Shipping",
    "item",
]
