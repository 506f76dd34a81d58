"""Shipments of orders."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from avbc.bigcommerce.models.base import Draft, Model, Required
from avbc.unset import UNSET, Unset


@attrs.define(kw_only=True)
class ShipmentItem(Model):
    """How many of an order's line went out."""

    order_product_id: Required[int] = 0
    """The line's id."""
    product_id: int = 0
    quantity: Required[int] = 0


@attrs.define(kw_only=True)
class OrderShipment(Model):
    """What went to one address of an order."""

    id: Required[int] = 0
    order_id: int = 0
    customer_id: int = 0
    order_address_id: Required[int] = 0
    date_created: datetime | None = None
    tracking_number: str = ""
    tracking_carrier: str = ""
    tracking_link: str = ""
    """The link that was given when the shipment was made."""
    generated_tracking_link: str = ""
    """The link that BigCommerce made of provider or carrier and number."""
    shipping_provider: str = ""
    shipping_provider_display_name: str = ""
    shipping_method: str = ""
    merchant_shipping_cost: Decimal | None = None
    comments: str = ""
    items: tuple[ShipmentItem, ...] = ()


@attrs.frozen(kw_only=True)
class ShipmentItemDraft(Draft):
    """How many of an order's line go out."""

    order_product_id: int
    """The line's id."""
    quantity: int


@attrs.frozen(kw_only=True)
class ShipmentDraft(Draft):
    """A shipment to one address of an order. Several addresses need a shipment each.

    There are three ways to a tracking link: `shipping_provider` and number, `tracking_carrier` and
    number, or a `tracking_link` of one's own.
    """

    order_address_id: int
    """The id of the shipping consignment: `order_address_id` of the lines."""
    items: tuple[ShipmentItemDraft, ...]
    """They cannot be changed later."""
    tracking_number: str | Unset = UNSET
    """At most 50 characters."""
    shipping_provider: str = ""
    """`fedex`, `ups`, `usps`, `royalmail`, ..., `carrier_{id}`, or "".

    It is always sent: BigCommerce makes a missing one `custom`, which has no tracking link.
    """
    tracking_carrier: str | Unset = UNSET
    """The carrier by AfterShip's short name."""
    tracking_link: str | Unset = UNSET
    """At most 500 characters."""
    shipping_method: str | Unset = UNSET
    comments: str | Unset = UNSET
    """At most 65,535 characters."""
