"""Stock: items by location, locations, and the store's rules for it."""

from __future__ import annotations

from datetime import datetime

import attrs

from avbc.bigcommerce.models.base import Draft, Model, Required
from avbc.unset import UNSET, Unset


@attrs.define(kw_only=True)
class InventoryIdentity(Model):
    """Which variant an item is."""

    sku: str = ""
    variant_id: Required[int] = 0
    product_id: Required[int] = 0
    sku_id: int | None = None


@attrs.define(kw_only=True)
class ItemSettings(Model):
    """How a location treats an item."""

    safety_stock: int = 0
    is_in_stock: bool | None = None
    """Whether it is sold whatever its quantity."""
    warning_level: int = 0
    bin_picking_number: str = ""


@attrs.define(kw_only=True)
class ItemLocation(Model):
    """An item at a location."""

    location_id: Required[int] = 0
    location_code: str = ""
    location_name: str = ""
    available_to_sell: int | None = None
    """On hand less the safety stock, unless backorders are on (docs/facts.md)."""
    total_inventory_onhand: int | None = None
    location_enabled: bool = True
    settings: ItemSettings | None = None
    safety_stock: int | None = None
    """Here, and not in `settings`, in some stores (docs/facts.md); so are the next two."""
    warning_level: int | None = None
    bin_picking_number: str = ""


@attrs.define(kw_only=True)
class InventoryItem(Model):
    """A variant and its stock at each location."""

    identity: Required[InventoryIdentity] = attrs.field(factory=InventoryIdentity)
    locations: tuple[ItemLocation, ...] = ()

    def at(self, location_id: int) -> ItemLocation | None:
        """The item at a location, or None where that one does not have it.

        >>> main = ItemLocation(location_id=1, available_to_sell=12)
        >>> InventoryItem(locations=(main,)).at(1).available_to_sell
        12
        """
        return next(
            (location for location in self.locations if location.location_id == location_id), None
        )


@attrs.define(kw_only=True)
class Location(Model):
    """A place where stock is kept. Writes to one that is not enabled are refused."""

    id: Required[int] = 0
    code: str = ""
    label: str = ""
    description: str = ""
    type_id: str = ""
    """`PHYSICAL` or `VIRTUAL`."""
    enabled: bool = True
    managed_by_external_source: bool = False
    storefront_visibility: bool = True
    time_zone: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.define(kw_only=True)
class InventorySettings(Model):
    """When the store itself changes stock: also as orders are edited, refunded or canceled.

    A text is empty, and a flag None, if a channel has the global setting.
    """

    update_stock_behavior: str = ""
    """`order_placed` or `order_completed_or_shipped`."""
    edit_order_stock_adjustment: bool | None = None
    refund_order_stock_adjustment: bool | None = None
    product_out_of_stock_behavior: str = ""
    option_out_of_stock_behavior: str = ""
    stock_level_display: str = ""


@attrs.frozen(kw_only=True)
class InventoryAdjustment(Draft):
    """A quantity to set at a location, for exactly one of `sku`, `variant_id` and `product_id`.

    A product tracked by product takes `product_id`, one tracked by variant takes `variant_id` or
    `sku`; the other is refused (BigCommerce: inventory API).
    """

    location_id: int
    quantity: int
    """0 to 2,147,483,647."""
    sku: str | Unset = UNSET
    variant_id: int | Unset = UNSET
    product_id: int | Unset = UNSET
