"""Stock levels: the list of items, and adjustments (BigCommerce: inventory API v3).

An adjustment is answered with a transaction's id only, and shows later (docs/facts.md,
bigcommerce-limits).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeAlias

from avbc.testing.fakestore.fields import batch
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.lists import (
    Filter,
    Params,
    chosen,
    filtered,
    ids_in,
    integers,
    texts,
    texts_in,
    v3_page,
)
from avbc.testing.fakestore.products import HIGHEST, Keeper
from avbc.testing.fakestore.routes import (
    INVENTORY,
    INVENTORY_READ,
    INVENTORY_WRITES,
    Handler,
    Route,
    row_with,
)
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, is_row, text, whole

BATCH = 2000
"""Items in one adjustment."""
_PAGE = 1000
_PROBLEM = "application/problem+json"

_LOCATIONS: Mapping[str, Filter] = {
    "location_id:in": ids_in("id"),
    "location_code:in": texts_in("code"),
}
Adjustment: TypeAlias = "tuple[Keeper, int, int]"
"""What the level belongs to, the location's id, and the quantity."""


def _items(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    locations = filtered(state.locations, request.params, _LOCATIONS)

    def show(variant: Row) -> Row:
        keeper = state.keeper(whole(variant["id"]))
        return {
            "identity": _identity(state, variant),
            "locations": [
                {
                    "location_id": location["id"],
                    "location_code": location["code"],
                    "location_name": location["label"],
                    "location_enabled": location["enabled"],
                    **_level(state, keeper, location),
                }
                for location in locations
            ],
        }

    return ok(v3_page(_candidates(state, request.params), request, show=show, maximum=_PAGE))


def _items_at(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    """List the items of one location."""
    location = row_with(state.locations, ids[0])

    def show(variant: Row) -> Row:
        keeper = state.keeper(whole(variant["id"]))
        return {"identity": _identity(state, variant), **_level(state, keeper, location)}

    return ok(v3_page(_candidates(state, request.params), request, show=show, maximum=_PAGE))


def _candidates(state: State, params: Params) -> list[Row]:
    """Return the requested variants by id; an unknown SKU is left out."""
    catalog = state.catalog
    skus, products = texts(params, "sku:in"), integers(params, "product_id:in")
    known = (products or set()) & catalog.rows.keys()
    return chosen(
        catalog.variants,
        integers(params, "variant_id:in"),
        None if skus is None else {catalog.variant_by_sku.get(sku) or 0 for sku in skus},
        None
        if products is None
        else {whole(row["id"]) for key in known for row in catalog.variants_of(key)},
    )


def _identity(state: State, variant: Row) -> Row:
    return {
        "sku": text(variant, "sku"),
        "variant_id": variant["id"],
        "product_id": variant["product_id"],
        **({} if state.flat_inventory_settings else {"sku_id": variant["sku_id"]}),
    }


def _level(state: State, keeper: Keeper, location: Row) -> Row:
    location_id = whole(location["id"])
    onhand = state.stock.onhand(keeper, location_id)
    settings = state.stock.settings(keeper, location_id)
    shown: Row = {
        "available_to_sell": max(0, onhand - whole(settings["safety_stock"])),
        "total_inventory_onhand": onhand,
        **(_flat(settings) if state.flat_inventory_settings else {"settings": settings}),
    }
    if (location_id, keeper) not in state.stock.backorders:
        return shown
    most = state.stock.backorders[location_id, keeper]
    return {
        **shown,
        # Undocumented; where there is no limit, 0 can be sold although anything can (inferred).
        "available_to_sell": 0 if most is None else onhand + most,
        "available_on_hand": onhand,
        "available_for_backorder": most,
        "unlimited_backorder": most is None,
        "backorder_message_id": None,
    }


def _flat(settings: Row) -> Row:
    return {key: value for key, value in settings.items() if key != "is_in_stock"}


def _adjusting(*, relative: bool) -> Handler:
    def handler(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
        body = request.json()
        adjustments: list[Adjustment] = []
        found: list[str] = []
        for row in batch(body.get("items") if is_row(body) else None, BATCH, _PROBLEM):
            try:
                adjustments.append(_read(state, row, relative=relative))
            except (TypeError, ValueError) as error:
                found.append(str(error))
        if relative and not found:
            found = _below_safety_stock(state, adjustments)
        if found:
            raise Refusal(
                422,
                f"[{', '.join(found)}]" if state.names_faulty_items else "",
                content_type=_PROBLEM,
            )
        state.later(lambda: _apply(state, adjustments, relative=relative))
        return ok({"transaction_id": f"{state.next_id('inventory transaction'):032x}"})

    return handler


def _read(state: State, row: object, *, relative: bool) -> Adjustment:
    """Read one item; raises an error that says what is wrong with it."""
    if not is_row(row):
        raise TypeError("An item must be an object")
    keys = [key for key in _KEYS if row.get(key) is not None]
    if len(keys) != 1:
        raise ValueError("An item needs exactly one of sku, variant_id and product_id")
    named = f"Item with {keys[0]} {row[keys[0]]}"
    quantity = row.get("quantity")
    if (
        isinstance(quantity, bool)
        or not isinstance(quantity, int)
        or quantity > HIGHEST
        or (quantity < 0 and not relative)
    ):
        raise TypeError(f"{named} needs a whole quantity from 0 to {HIGHEST}")
    location_id = row.get("location_id")
    location = next((place for place in state.locations if place["id"] == location_id), None)
    if location is None:
        raise ValueError(f"{named}: location with id {location_id} was not found")
    if not location["enabled"]:
        raise ValueError(f"{named}: location with id {location_id} is disabled")
    keeper = _KEYS[keys[0]](state, row[keys[0]])
    if isinstance(keeper, str):  # why there is none
        raise TypeError(f"{named} {keeper}")
    if relative and not state.stock.is_set(keeper, whole(location_id)):
        raise ValueError(f"{named} requires absolute adjustment before relative")
    return keeper, whole(location_id), quantity


def _of_sku(state: State, sku: object) -> Keeper | str:
    return _of_variant(
        state, state.catalog.variant_by_sku.get(sku) if isinstance(sku, str) else None
    )


def _of_variant(state: State, variant_id: object) -> Keeper | str:
    if not isinstance(variant_id, int) or variant_id not in state.catalog.variants:
        return "was not found"
    keeper = state.keeper(variant_id)
    if keeper[0] == "product":
        return "is tracked by product, please update stock by product id"
    return _tracked(state, whole(state.catalog.variants[variant_id]["product_id"]), keeper)


def _of_product(state: State, product_id: object) -> Keeper | str:
    if not isinstance(product_id, int) or product_id not in state.catalog.rows:
        return "was not found"
    if state.catalog.rows[product_id].get("inventory_tracking") == "variant":
        return "is tracked by variant, please update stock by variant id or sku"
    return _tracked(state, product_id, ("product", product_id))


def _tracked(state: State, product_id: int, keeper: Keeper) -> Keeper | str:
    """Return what has the level, or why it has none: tracking is off (inferred)."""
    tracking = state.catalog.rows[product_id].get("inventory_tracking", "none")
    return "is not tracked" if tracking == "none" else keeper


_KEYS: Mapping[str, Callable[[State, object], Keeper | str]] = {
    "sku": _of_sku,
    "variant_id": _of_variant,
    "product_id": _of_product,
}


def _below_safety_stock(state: State, adjustments: list[Adjustment]) -> list[str]:
    sums = Counter[tuple[Keeper, int]]()
    for keeper, location_id, quantity in adjustments:
        sums[keeper, location_id] += quantity
    return [
        f"Item of {keeper[0]} {keeper[1]} would fall below its safety stock"
        for (keeper, location_id), quantity in sums.items()
        if state.stock.onhand(keeper, location_id) + quantity
        < whole(state.stock.settings(keeper, location_id)["safety_stock"])
    ]


def _apply(state: State, adjustments: list[Adjustment], *, relative: bool) -> None:
    for keeper, location_id, quantity in adjustments:
        before = state.stock.onhand(keeper, location_id)
        state.stock.put(
            keeper, location_id, min(HIGHEST, before + quantity if relative else quantity)
        )
        _emit(state, keeper, quantity, "relative" if relative else "absolute")


def _emit(state: State, keeper: Keeper, quantity: int, method: str) -> None:
    """Add an event for the change if a hook waits for it; there may be very many changes."""
    kind, identity = keeper
    if kind == "product":
        scope, product_id, more = "product", identity, dict[str, object]()
    elif identity in state.catalog.variants:
        scope, more = "sku", {"variant_id": identity}
        product_id = whole(state.catalog.variants[identity]["product_id"])
    else:
        return
    if state.has_hook(f"store/{scope}/inventory/updated"):
        state.emit(
            f"store/{scope}/inventory/updated",
            identity,
            inventory={"product_id": product_id, "method": method, "value": quantity, **more},
        )


ROUTES = [
    Route("GET", "/v3/inventory/items", INVENTORY_READ, _items),
    Route("GET", "/v3/inventory/locations/{id}/items", INVENTORY_READ, _items_at),
    Route(
        "PUT",
        "/v3/inventory/adjustments/absolute",
        INVENTORY,
        _adjusting(relative=False),
        INVENTORY_WRITES,
    ),
    Route(
        "POST",
        "/v3/inventory/adjustments/relative",
        INVENTORY,
        _adjusting(relative=True),
        INVENTORY_WRITES,
    ),
]
