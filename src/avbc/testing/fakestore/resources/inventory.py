"""Stock levels: the list of items, and adjustments (BigCommerce: inventory API v3).

An adjustment is answered with a transaction's id only, and shows later (docs/facts.md,
bigcommerce-limits).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from avbc.testing.fakestore.fields import batch
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.query import (
    Filter,
    Params,
    chosen,
    filtered,
    ids_in,
    integers,
    texts,
    texts_in,
)
from avbc.testing.fakestore.routes import (
    INVENTORY,
    INVENTORY_READ,
    INVENTORY_WRITES,
    Handler,
    Route,
    row_with,
)
from avbc.testing.fakestore.state import State
from avbc.testing.fakestore.stock import HIGHEST, Keeper
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
"""What bears the level, the location's id, and the quantity."""


def _items(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    locations = filtered(state.locations, request.params, _LOCATIONS)

    def show(variant: Row) -> Row:
        keeper = state.keeper(whole(variant["id"]))
        rows: list[Row] = [
            {
                "location_id": location["id"],
                "location_code": location["code"],
                "location_name": location["label"],
                "location_enabled": location["enabled"],
                **_level(state, keeper, location),
            }
            for location in locations
        ]
        return {"identity": _identity(variant), "locations": rows}

    return ok(v3_page(_candidates(state, request.params), request, show=show, maximum=_PAGE))


def _items_at(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    """List the items of one location."""
    location = row_with(state.locations, ids[0])

    def show(variant: Row) -> Row:
        keeper = state.keeper(whole(variant["id"]))
        return {"identity": _identity(variant), **_level(state, keeper, location)}

    return ok(v3_page(_candidates(state, request.params), request, show=show, maximum=_PAGE))


def _candidates(state: State, params: Params) -> list[Row]:
    """Return the variants asked for, by id; an unknown SKU is silently missing."""
    catalog = state.catalog
    skus, products = texts(params, "sku:in"), integers(params, "product_id:in")
    known = (products or set()) & catalog.rows.keys()
    return chosen(
        catalog.variants,
        integers(params, "variant_id:in"),
        None if skus is None else {catalog.variant_by_sku(sku) or 0 for sku in skus},
        None
        if products is None
        else {whole(row["id"]) for key in known for row in catalog.variants_of(key)},
    )


def _identity(variant: Row) -> Row:
    return {
        "sku": text(variant, "sku"),
        "variant_id": variant["id"],
        "product_id": variant["product_id"],
        "sku_id": variant["sku_id"],
    }


def _level(state: State, keeper: Keeper, location: Row) -> Row:
    location_id = whole(location["id"])
    onhand, settings = (
        state.stock.onhand(keeper, location_id),
        state.stock.settings(keeper, location_id),
    )
    return {
        "available_to_sell": max(0, onhand - whole(settings["safety_stock"])),
        "total_inventory_onhand": onhand,
        "settings": settings,
    }


def _adjusting(*, relative: bool) -> Handler:
    def handler(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
        body = request.json()
        rows = batch(body.get("items") if is_row(body) else None, BATCH, _PROBLEM)
        adjustments: list[Adjustment] = []
        found: list[str] = []
        for row in rows:
            fault, adjustment = _read(state, row, relative=relative)
            found += [fault] if fault else []
            adjustments += [adjustment] if adjustment else []
        if found:
            raise Refusal(
                422,
                f"[{', '.join(found)}]" if state.names_faulty_items else "",
                content_type=_PROBLEM,
            )
        if relative:
            for (keeper, location_id), quantity in _sums(adjustments).items():
                least = whole(state.stock.settings(keeper, location_id)["safety_stock"])
                if state.stock.onhand(keeper, location_id) + quantity < least:
                    raise Refusal(
                        422,
                        f"[Item of {keeper[0]} {keeper[1]} would fall below its safety stock]",
                        content_type=_PROBLEM,
                    )
        state.later(lambda: _apply(state, adjustments, relative=relative))
        return ok({"transaction_id": f"{state.next_id('inventory transaction'):032x}"})

    return handler


def _read(state: State, row: object, *, relative: bool) -> tuple[str, Adjustment | None]:
    """Read one item; returns what is wrong with it, or the adjustment."""
    if not is_row(row):
        return "An item must be an object", None
    keys = [key for key in _KEYS if row.get(key) is not None]
    if len(keys) != 1:
        return "An item needs exactly one of sku, variant_id and product_id", None
    named = f"Item with {keys[0]} {row[keys[0]]}"
    quantity = row.get("quantity")
    if (
        isinstance(quantity, bool)
        or not isinstance(quantity, int)
        or quantity > HIGHEST
        or (quantity < 0 and not relative)
    ):
        return f"{named} needs a whole quantity from 0 to {HIGHEST}", None
    location = next(
        (location for location in state.locations if location["id"] == row.get("location_id")), None
    )
    if location is None:
        return f"{named}: location with id {row.get('location_id')} was not found", None
    if not location["enabled"]:
        return f"{named}: location with id {location['id']} is disabled", None
    fault, keeper = _KEYS[keys[0]](state, row[keys[0]])
    if fault or keeper is None:
        return f"{named} {fault}", None
    if relative and not state.stock.is_set(keeper, whole(location["id"])):
        return f"{named} requires absolute adjustment before relative", None
    return "", (keeper, whole(location["id"]), quantity)


def _of_sku(state: State, sku: object) -> tuple[str, Keeper | None]:
    return _of_variant(state, state.catalog.variant_by_sku(sku) if isinstance(sku, str) else None)


def _of_variant(state: State, variant_id: object) -> tuple[str, Keeper | None]:
    if not isinstance(variant_id, int) or variant_id not in state.catalog.variants:
        return "was not found", None
    keeper = state.keeper(variant_id)
    if keeper[0] == "product":
        return "is tracked by product, please update stock by product id", None
    return _tracked(state, whole(state.catalog.variants[variant_id]["product_id"]), keeper)


def _of_product(state: State, product_id: object) -> tuple[str, Keeper | None]:
    if not isinstance(product_id, int) or product_id not in state.catalog.rows:
        return "was not found", None
    if state.catalog.rows[product_id].get("inventory_tracking") == "variant":
        return "is tracked by variant, please update stock by variant id or sku", None
    return _tracked(state, product_id, ("product", product_id))


def _tracked(state: State, product_id: int, keeper: Keeper) -> tuple[str, Keeper | None]:
    """Refuse a product whose inventory is not tracked at all (inferred)."""
    if state.catalog.rows[product_id].get("inventory_tracking", "none") == "none":
        return "is not tracked", None
    return "", keeper


_KEYS: Mapping[str, Callable[[State, object], tuple[str, Keeper | None]]] = {
    "sku": _of_sku,
    "variant_id": _of_variant,
    "product_id": _of_product,
}


def _sums(adjustments: list[Adjustment]) -> dict[tuple[Keeper, int], int]:
    sums: dict[tuple[Keeper, int], int] = {}
    for keeper, location_id, quantity in adjustments:
        sums[keeper, location_id] = sums.get((keeper, location_id), 0) + quantity
    return sums


def _apply(state: State, adjustments: list[Adjustment], *, relative: bool) -> None:
    for keeper, location_id, quantity in adjustments:
        before = state.stock.onhand(keeper, location_id)
        state.stock.put(
            keeper, location_id, min(HIGHEST, before + quantity if relative else quantity)
        )
        _tell(state, keeper, quantity, "relative" if relative else "absolute")


def _tell(state: State, keeper: Keeper, quantity: int, method: str) -> None:
    """Add an event for the change if a hook waits for it; there may be very many changes."""
    kind, identity = keeper
    if kind == "product" and state.has_hook("store/product/inventory/updated"):
        inventory: Row = {"product_id": identity, "method": method, "value": quantity}
        state.emit("store/product/inventory/updated", identity, inventory=inventory)
    if (
        kind == "variant"
        and identity in state.catalog.variants
        and state.has_hook("store/sku/inventory/updated")
    ):
        product_id = state.catalog.variants[identity]["product_id"]
        state.emit(
            "store/sku/inventory/updated",
            identity,
            inventory={
                "product_id": product_id,
                "method": method,
                "value": quantity,
                "variant_id": identity,
            },
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
