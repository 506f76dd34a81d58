"""Stock: items, quantities, locations, and the store's rules for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import attrs

from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import Call, Cap, ListCall, Paging
from avbc.bigcommerce.endpoints.parts import check, object_call, paged_call
from avbc.bigcommerce.endpoints.scopes import INFORMATION, INVENTORY, INVENTORY_MODIFY, LOCATIONS
from avbc.bigcommerce.models.inventory import (
    InventoryAdjustment,
    InventoryItem,
    InventorySettings,
    Location,
)
from avbc.text import quoted, text_key
from avbc.unset import UNSET

ADJUSTMENTS_AT_ONCE = 2000
"""How many quantities one request may set."""
LARGEST_QUANTITY = 2_147_483_647
"""The largest quantity that a location can hold."""

_PAGE = 1000
_ONE_AT_A_TIME = Cap("inventory adjustments", 1)
_LISTED_AT_ONCE = Cap("list locations", 50)
_KEYS = ("sku", "variant_id", "product_id")


def list_inventory_items(
    *,
    sku_in: Collection[str] | None = None,
    variant_id_in: Collection[int] | None = None,
    product_id_in: Collection[int] | None = None,
    location_id_in: Collection[int] | None = None,
    location_code_in: Collection[str] | None = None,
    limit: int | None = None,
) -> ListCall[InventoryItem]:
    """List variants with their stock at each location, 1,000 a page.

    It is also the way to find the product and variant ids of many SKUs.

    Quantities are written in the background: a read right after a write may show the old ones.

    Args:
        sku_in: With these SKUs, in any case. An unknown one is missing in the answer without a
            word.
        variant_id_in: Of these variants.
        product_id_in: Of these products.
        location_id_in: At these locations only.
        location_code_in: At these locations only, by their codes.
        limit: At most so many variants, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma.

    Scope: Store Inventory: read-only.

    >>> list_inventory_items(sku_in=["MUG-1"], location_id_in=[1]).params
    {'sku:in': 'MUG-1', 'location_id:in': '1'}
    """
    return paged_call(
        "/v3/inventory/items",
        InventoryItem,
        INVENTORY,
        {
            "sku:in": sku_in,
            "variant_id:in": variant_id_in,
            "product_id:in": product_id_in,
            "location_id:in": location_id_in,
            "location_code:in": location_code_in,
        },
        Paging.V3,
        limit=_PAGE,
    ).first(limit)


def adjust_absolute(items: Sequence[InventoryAdjustment], *, reason: str = "") -> Call[str]:
    """Set up to 2,000 quantities and return the id of the transaction.

    BigCommerce applies them in the background, in no guaranteed order.

    BigCommerce takes one such request at a time; the client sees to it. Where one item is refused
    (422: it is tracked at the other level, unknown, or at a disabled location), none may have been
    taken.

    Args:
        items: The quantities, each item of a location once.
        reason: What the store's history shows.

    Raises:
        ValueError: There are none or too many, an item has no key or several, comes twice, or its
            quantity is below 0 or too large.

    Scope: Store Inventory: modify.

    >>> mug = InventoryAdjustment(location_id=1, sku="MUG-1", quantity=12)
    >>> adjust_absolute([mug], reason="AcctVantage").body
    {'reason': 'AcctVantage', 'items': [{'location_id': 1, 'quantity': 12, 'sku': 'MUG-1'}]}
    """
    check("items", items, ADJUSTMENTS_AT_ONCE, others=_faults(items))
    return Call(
        "PUT",
        "/v3/inventory/adjustments/absolute",
        _transaction_id,
        body={"reason": reason, "items": [item.body() for item in items]},
        scope=INVENTORY_MODIFY,
        cap=_ONE_AT_A_TIME,
    )


def _faults(items: Sequence[InventoryAdjustment]) -> Iterator[str]:
    seen: dict[tuple[int, str, object], int] = {}
    for index, item in enumerate(items):
        if not 0 <= item.quantity <= LARGEST_QUANTITY:
            yield f"items[{index}].quantity: {item.quantity} is not from 0 to {LARGEST_QUANTITY}"
        keys = [key for key in _KEYS if getattr(item, key) is not UNSET]
        if len(keys) != 1:
            yield f"items[{index}]: exactly one of {', '.join(_KEYS)} is required"
            continue
        named = getattr(item, keys[0])
        key = (item.location_id, keys[0], text_key(named) if isinstance(named, str) else named)
        if seen.setdefault(key, index) != index:
            yield f"items[{index}]: {keys[0]} {quoted(named)} is in items[{seen[key]}] too"


def _transaction_id(body: Json) -> str:
    # The quantities are taken, so an answer that looks otherwise is no reason to raise.
    return str(body.get("transaction_id") or "") if isinstance(body, dict) else ""


def list_locations(
    *,
    location_id_in: Collection[int] | None = None,
    location_code_in: Collection[str] | None = None,
    is_default: bool | None = None,
    is_active: bool | None = None,
    limit: int | None = None,
) -> ListCall[Location]:
    """List the places where stock is kept. The storefront sells the default location's stock.

    Args:
        location_id_in: With these ids.
        location_code_in: With these codes.
        is_default: The default location only, or all others.
        is_active: Enabled ones only, or all others.
        limit: At most so many locations, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma.

    Scope: Store Locations: read-only.
    """
    return attrs.evolve(
        paged_call(
            "/v3/inventory/locations",
            Location,
            LOCATIONS,
            {
                "location_id:in": location_id_in,
                "location_code:in": location_code_in,
                "is_default": is_default,
                "is_active": is_active,
            },
            Paging.V3,
            limit=_PAGE,
        ),
        cap=_LISTED_AT_ONCE,
    ).first(limit)


def get_inventory_settings(*, channel_id: int | None = None) -> Call[InventorySettings]:
    """Read when the store itself changes stock.

    It decides whether quantities must be net of orders that are not shipped yet.

    Args:
        channel_id: Of this channel; otherwise the global ones.

    Scope: Information & Settings: read-only.
    """
    return object_call(
        "/v3/settings/inventory", InventorySettings, INFORMATION, {"channel_id": channel_id}
    )
