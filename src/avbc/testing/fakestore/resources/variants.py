"""Variants of products (BigCommerce: catalog API v3); updates in batches of fifty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avbc.testing.fakestore.fields import Field, Fields, batch, faults, known
from avbc.testing.fakestore.http import STATUS_TYPE, Refusal, StoreRequest, StoreResponse, data, ok
from avbc.testing.fakestore.lists import (
    Filter,
    choose_fields,
    chosen,
    equal,
    filtered,
    ids_in,
    integer,
    v3_page,
)
from avbc.testing.fakestore.products import HIGHEST
from avbc.testing.fakestore.routes import CATALOG_WRITES, PRODUCTS, PRODUCTS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_row, is_row, text, whole
from avbc.text import text_key

BATCH = 50
"""Variants in one update; "subject to change"."""

_AMOUNT = Field("number", nullable=True)
VARIANT_FIELDS: Fields = {
    "sku": Field("text", 255),
    "cost_price": _AMOUNT,
    "price": _AMOUNT,
    "sale_price": _AMOUNT,
    "retail_price": _AMOUNT,
    "weight": _AMOUNT,
    "width": _AMOUNT,
    "height": _AMOUNT,
    "depth": _AMOUNT,
    "is_free_shipping": Field("flag"),
    "fixed_cost_shipping_price": _AMOUNT,
    "purchasing_disabled": Field("flag"),
    "purchasing_disabled_message": Field("text", 255),
    "upc": Field("text", 14, nullable=True),
    "gtin": Field("text", 14, nullable=True),
    "mpn": Field("text", nullable=True),
    "inventory_level": Field("integer", HIGHEST),
    "inventory_warning_level": Field("integer", HIGHEST),
    "bin_picking_number": Field("text", 255),
    "option_values": Field("list"),
}
"""What can be written to a variant."""


def show_variant(state: State, variant_id: int) -> Row:
    """Return a variant as the catalog API shows it."""
    level = state.stock.onhand(state.keeper(variant_id), state.default_location)
    return state.catalog.show_variant(variant_id, level)


def check_variant(
    state: State, row: Row, product_id: int, variant_id: int | None = None, *, new: bool = False
) -> dict[str, str]:
    """Return what is wrong with a variant, by field; a new one needs a SKU and option values."""
    found = faults(row, VARIANT_FIELDS, ("sku", "option_values") if new else ())
    sku = text(row, "sku")
    if sku and "sku" not in found and state.catalog.sku_is_taken(sku, product_id, variant_id or 0):
        found["sku"] = f"the SKU {sku} is already in use"
    return found


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """List variants; there is no filter for several SKUs."""
    params, variants = request.params, state.catalog.variants
    one = integer(params, "id")
    found = chosen(
        variants,
        None if one is None else {one},
        {state.catalog.variant_by_sku.get(params["sku"]) or 0} if "sku" in params else None,
    )
    return _page(state, request, filtered(found, params, _FILTERS))


_FILTERS: Mapping[str, Filter] = {"product_id:in": ids_in("product_id"), "upc": equal("upc")}


def _page(state: State, request: StoreRequest, rows: Sequence[Row]) -> StoreResponse:
    return ok(
        v3_page(
            rows,
            request,
            show=lambda row: choose_fields(show_variant(state, whole(row["id"])), request.params),
        )
    )


def _of_product(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    if ids[0] not in state.catalog.rows:
        raise Refusal(404, "The resource was not found.")
    return _page(state, request, state.catalog.variants_of(ids[0]))


def _get(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    variant = state.catalog.variants.get(ids[1])
    if variant is None or variant["product_id"] != ids[0]:
        raise Refusal(404, "The resource was not found.")
    return data(choose_fields(show_variant(state, ids[1]), request.params))


def _put_many(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Change variants by id, or create them by product; a faulty row refuses all (inferred)."""
    body = batch(request.json(), BATCH)
    errors = [error for error in (_error(state, row) for row in body) if error is not None]
    errors += _repeated([as_row(row) for row in body if is_row(row)])
    if errors:
        return ok({"batch_errors": errors}, 422)
    ids = [_write(state, as_row(row)) for row in body]
    return data([show_variant(state, variant_id) for variant_id in ids])


def _error(state: State, row: object) -> Row | None:
    if not is_row(row):
        return _batch_error(422, "JSON data is missing or invalid", {"": "a variant is expected"})
    variant_id, product_id = row.get("id"), row.get("product_id")
    if variant_id is not None:
        if not isinstance(variant_id, int) or variant_id not in state.catalog.variants:
            return _batch_error(
                404,
                f"Variant with id {variant_id} was not found.",
                {"id": f"{variant_id} was not found"},
            )
        found = check_variant(
            state, row, whole(state.catalog.variants[variant_id]["product_id"]), variant_id
        )
        subject = f"Variant with id {variant_id}"
    else:
        if not isinstance(product_id, int) or product_id not in state.catalog.rows:
            return _batch_error(
                404,
                f"Product with id {product_id} was not found.",
                {"product_id": f"{product_id} was not found"},
            )
        found = check_variant(state, row, product_id, new=True)
        subject = f"Variant with SKU {text(row, 'sku')}"
    status = 409 if "already in use" in found.get("sku", "") else 422
    return _batch_error(status, f"{subject} is invalid.", found) if found else None


def _repeated(rows: list[Row]) -> list[Row]:
    """Refuse SKUs that occur twice in one request."""
    seen: set[str] = set()
    errors: list[Row] = []
    for row in rows:
        sku = text_key(text(row, "sku"))
        if sku and sku in seen:
            errors.append(
                _batch_error(
                    409,
                    f"Variant with SKU {text(row, 'sku')} is invalid.",
                    {"sku": f"the SKU {text(row, 'sku')} is already in use"},
                )
            )
        seen.add(sku)
    return errors


def _batch_error(status: int, title: str, errors: dict[str, str]) -> Row:
    return {"status": status, "title": title, "type": STATUS_TYPE, "errors": errors}


def _write(state: State, row: Row) -> int:
    changes = known(row, VARIANT_FIELDS)
    level = changes.pop("inventory_level", None)
    if row.get("id") is None:
        event, product_id = "created", whole(row["product_id"])
        variant_id = state.catalog.add_variant(product_id, changes)
    else:
        event, variant_id = "updated", whole(row["id"])
        state.catalog.change_variant(variant_id, changes, state.now_iso())
        product_id = whole(state.catalog.variants[variant_id]["product_id"])
    state.emit(
        f"store/sku/{event}",
        variant_id,
        sku={"product_id": product_id, "variant_id": variant_id},
    )
    if level is not None and state.keeper(variant_id)[0] == "variant":
        state.stock.put(state.keeper(variant_id), state.default_location, whole(level))
    return variant_id


ROUTES = [
    Route("GET", "/v3/catalog/variants", PRODUCTS_READ, _list),
    Route("PUT", "/v3/catalog/variants", PRODUCTS, _put_many, CATALOG_WRITES),
    Route("GET", "/v3/catalog/products/{id}/variants", PRODUCTS_READ, _of_product),
    Route("GET", "/v3/catalog/products/{id}/variants/{id}", PRODUCTS_READ, _get),
]
