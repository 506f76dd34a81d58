"""Products (BigCommerce: catalog API v3): created one by one, updated in batches of ten."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence

from avbc.testing.fakestore.fields import (
    Field,
    Fields,
    batch,
    faults,
    known,
    one_row,
    refuse,
    under,
)
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, data, no_content, ok
from avbc.testing.fakestore.lists import (
    Filter,
    Params,
    by,
    choose_fields,
    chosen,
    compared,
    dates,
    equal,
    filtered,
    flag,
    integer,
    integers,
    searched,
    texts,
    v3_page,
)
from avbc.testing.fakestore.products import HIGHEST, PARTS
from avbc.testing.fakestore.resources.variants import VARIANT_FIELDS, check_variant, show_variant
from avbc.testing.fakestore.routes import CATALOG_WRITES, PRODUCTS, PRODUCTS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_list, as_rows, is_list, is_row, text, whole
from avbc.text import text_key

BATCH = 10
"""Products in one update."""
_WITH_OPTIONS = 10
"""Products of a page that includes options or modifiers."""
_VARIANTS = 600
"""Variants of one product."""

_AMOUNT = Field("number", 9_999_999_999)
PRODUCT_FIELDS: Fields = {
    "name": Field("text", 250, 1),
    "type": Field("text", among=frozenset({"physical", "digital"})),
    "sku": Field("text", 255),
    "description": Field("text"),
    "weight": _AMOUNT,
    "width": _AMOUNT,
    "depth": _AMOUNT,
    "height": _AMOUNT,
    "price": Field("number"),
    "cost_price": Field("number"),
    "retail_price": Field("number"),
    "sale_price": Field("number"),
    "map_price": Field("number"),
    "tax_class_id": Field("integer", 255),
    "product_tax_code": Field("text", 255),
    "categories": Field("list", 1000),
    "brand_id": Field("integer", 1_000_000_000),
    "brand_name": Field("text"),
    "inventory_level": Field("integer", HIGHEST),
    "inventory_warning_level": Field("integer", HIGHEST),
    "inventory_tracking": Field("text", among=frozenset({"none", "product", "variant"})),
    "fixed_cost_shipping_price": Field("number"),
    "is_free_shipping": Field("flag"),
    "is_visible": Field("flag"),
    "is_featured": Field("flag"),
    "related_products": Field("list"),
    "warranty": Field("text", 65_535),
    "bin_picking_number": Field("text", 255),
    "layout_file": Field("text", 500),
    "upc": Field("text", 14),
    "gtin": Field("text", 14),
    "mpn": Field("text"),
    "search_keywords": Field("text", 65_535),
    "availability_description": Field("text", 255),
    "availability": Field("text", among=frozenset({"available", "disabled", "preorder"})),
    "gift_wrapping_options_type": Field("text", among=frozenset({"any", "none", "list"})),
    "sort_order": Field("integer", HIGHEST, -HIGHEST - 1),
    "condition": Field("text", among=frozenset({"New", "Used", "Refurbished"})),
    "is_condition_shown": Field("flag"),
    "order_quantity_minimum": Field("integer", 1_000_000_000),
    "order_quantity_maximum": Field("integer", 1_000_000_000),
    "page_title": Field("text", 255),
    "meta_keywords": Field("list"),
    "meta_description": Field("text", 65_535),
    "custom_url": Field("object"),
    "custom_fields": Field("list", 255),
    "images": Field("list"),
}
"""What can be written to a product, in addition to `variants` on creation."""


def show(
    state: State, product_id: int, params: Mapping[str, str], included: Iterable[str] = ()
) -> Row:
    """Return a product with the parts and fields that a request chose."""
    products = state.catalog
    row = choose_fields(products.show(product_id, state.catalog_level(product_id)), params)
    for part in included:
        if part == "variants":
            row[part] = [
                show_variant(state, whole(variant["id"]))
                for variant in products.variants_of(product_id)
            ]
        elif part in PARTS:
            row[part] = products.rows[product_id].get(part, {} if part == "primary_image" else [])
    return row


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    included = sorted(texts(params, "include") or ())
    return ok(
        v3_page(
            filtered(_candidates(state, params), params, _FILTERS),
            request,
            show=lambda row: show(state, whole(row["id"]), params, included),
            limit_to=_WITH_OPTIONS if {"options", "modifiers"} & set(included) else None,
        )
    )


def _candidates(state: State, params: Params) -> list[Row]:
    """Return products by id, from the index if the request has ids, SKUs or a name.

    SKUs are the products' own, not variants'.
    """
    products = state.catalog
    one, skus = integer(params, "id"), texts(params, "sku:in")
    return chosen(
        products.rows,
        integers(params, "id:in"),
        None if one is None else {one},
        None if skus is None else {products.by_sku.get(sku) or 0 for sku in skus},
        {products.by_sku.get(params["sku"]) or 0} if "sku" in params else None,
        {products.by_name.get(params["name"]) or 0} if "name" in params else None,
    )


_FILTERS: Mapping[str, Filter] = {
    "upc": equal("upc"),
    "mpn": equal("mpn"),
    "type": equal("type", "physical"),
    "availability": equal("availability", "available"),
    "inventory_tracking": equal("inventory_tracking", "none"),
    "id:min": compared("id", operator.ge),
    "id:max": compared("id", operator.le),
    "id:greater": compared("id", operator.gt),
    "id:less": compared("id", operator.lt),
    "id:not_in": by(integers, lambda row, unwanted: row["id"] not in unwanted),
    "categories:in": by(
        integers,
        lambda row, wanted: not wanted.isdisjoint(map(whole, as_list(row.get("categories", [])))),
    ),
    "is_visible": flag("is_visible", default=True),
    "keyword": by(
        searched,
        lambda row, part: any(part in text_key(text(row, field)) for field in ("name", "sku")),
    ),
    **dates("date_modified"),
}
"""In addition to what the index answers."""


def _get(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    _find(state, ids[0])
    params = request.params
    return data(show(state, ids[0], params, sorted(texts(params, "include") or ())))


def _post(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Create one product, with its variants where they are sent."""
    body = one_row(request)
    found = faults(body, PRODUCT_FIELDS, ("name", "type", "weight", "price"))
    variants = body.get("variants", [])
    if (
        not is_list(variants)
        or len(variants) > _VARIANTS
        or not all(is_row(row) for row in variants)
    ):
        found["variants"] = f"must be an array of at most {_VARIANTS} objects"
    refuse(found)
    rows = as_rows(variants)
    conflicts = _conflicts(state, body, 0)
    taken = {text_key(text(body, "sku"))}
    for index, row in enumerate(rows):
        found |= under(f"variants.{index}", check_variant(state, row, 0, new=True))
        if text_key(text(row, "sku")) in taken:
            conflicts[f"variants.{index}.sku"] = f"the SKU {text(row, 'sku')} is already in use"
        taken.add(text_key(text(row, "sku")))
    _raise(found, conflicts)
    cut = state.take_partial()
    created = {
        **_written(state, body, cut=cut),
        "variants": [known(row, VARIANT_FIELDS) for row in rows],
    }
    product_id = state.catalog.put(created, state.now_iso())
    failed = _write_level(state, product_id, body, cut=cut, place="")
    for row, variant in zip(rows, state.catalog.variants_of(product_id), strict=False):
        keeper = state.keeper(whole(variant["id"]))
        if "inventory_level" in row and keeper[0] == "variant" and not cut:
            state.stock.put(keeper, state.default_location, whole(row["inventory_level"]))
    state.emit("store/product/created", product_id)
    return _saved(state, [product_id], failed, request, one=True, included=["variants"])


def _put_many(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Change up to ten products; one faulty row refuses all of them (inferred)."""
    return _update(state, request, batch(request.json(), BATCH), one=False)


def _put(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    _find(state, ids[0])
    return _update(state, request, [{**one_row(request), "id": ids[0]}], one=True)


def _update(
    state: State, request: StoreRequest, body: Sequence[object], *, one: bool
) -> StoreResponse:
    found: dict[str, str] = {}
    conflicts: dict[str, str] = {}
    rows: list[Row] = []
    taken: set[tuple[str, str]] = set()
    for index, item in enumerate(body):
        row = item if is_row(item) else dict[str, object]()
        product_id, place = row.get("id"), "" if one else f"{index}."
        if isinstance(product_id, bool) or not isinstance(product_id, int):
            found[f"{place}id"] = "is required"
            continue
        _find(state, product_id)
        rows.append(row)
        names = {(key, text_key(text(row, key))) for key in ("name", "sku") if text(row, key)}
        clashes = _conflicts(state, row, product_id) | {
            key: f"the {key} {text(row, key)} is already in use" for key, _ in names & taken
        }
        taken |= names
        found |= {f"{place}{key}": fault for key, fault in faults(row, PRODUCT_FIELDS).items()}
        conflicts |= {f"{place}{key}": fault for key, fault in clashes.items()}
    _raise(found, conflicts)
    failed: dict[str, str] = {}
    for row in rows:
        product_id, cut = whole(row["id"]), state.take_partial()
        state.catalog.change(product_id, _written(state, row, cut=cut), state.now_iso())
        failed.update(
            _write_level(state, product_id, row, cut=cut, place="" if one else f"{product_id}.")
        )
        state.emit("store/product/updated", product_id)
    return _saved(state, [whole(row["id"]) for row in rows], failed, request, one=one)


def _delete(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    _find(state, ids[0])
    state.catalog.drop(ids[0])
    state.emit("store/product/deleted", ids[0])
    return no_content()


def _find(state: State, product_id: int) -> None:
    if product_id not in state.catalog.rows:
        raise Refusal(404, "The resource was not found.")


def _conflicts(state: State, row: Row, product_id: int) -> dict[str, str]:
    """Return what is in conflict with other products: name, SKU, tax class."""
    found: dict[str, str] = {}
    name, sku = row.get("name"), row.get("sku")
    if isinstance(name, str) and state.catalog.by_name.get(name) not in {None, product_id}:
        found["name"] = f"the name {name} is already in use"
    if isinstance(sku, str) and sku and state.catalog.sku_is_taken(sku, product_id):
        found["sku"] = f"the SKU {sku} is already in use"
    if row.get("tax_class_id", 0) not in {
        0,
        *(whole(tax_class["id"]) for tax_class in state.tax_classes),
    }:
        found["tax_class_id"] = "there is no such tax class"
    return found


def _raise(found: dict[str, str], conflicts: dict[str, str]) -> None:
    refuse(found)
    if conflicts:
        raise Refusal(
            409,
            f"The product is in conflict with another: {'; '.join(conflicts.values())}.",
            conflicts,
        )


def _written(state: State, row: Row, *, cut: bool) -> Row:
    changes = known(row, PRODUCT_FIELDS)
    changes.pop("inventory_level", None)
    brand = changes.pop("brand_name", None)
    if brand:
        changes["brand_id"] = state.brands.setdefault(text_key(str(brand)), len(state.brands) + 1)
    if cut:
        changes.pop("custom_url", None)
    return changes


def _write_level(
    state: State, product_id: int, row: Row, *, cut: bool, place: str
) -> dict[str, str]:
    """Write `inventory_level` to the default location; returns what failed, which a 207 reports."""
    if cut:
        return {f"{place}inventory_level": "the inventory and the URL could not be saved"}
    if "inventory_level" not in row:
        return {}
    if state.catalog.rows[product_id].get("inventory_tracking", "none") != "product":
        return {f"{place}inventory_level": "the product is not tracked by product"}
    state.stock.put(("product", product_id), state.default_location, whole(row["inventory_level"]))
    return {}


def _saved(
    state: State,
    ids: list[int],
    failed: dict[str, str],
    request: StoreRequest,
    *,
    one: bool,
    included: Iterable[str] = (),
) -> StoreResponse:
    rows = [show(state, product_id, request.params, included) for product_id in ids]
    answer: Row = {"data": rows[0] if one else rows, "meta": {}}
    if not failed:
        return ok(answer)
    errors: Row = {
        "status": 207,
        "title": "The products were saved, but not all of their inventory or URLs.",
        "errors": failed,
    }
    return ok({**answer, "errors": errors}, 207)


ROUTES = [
    Route("GET", "/v3/catalog/products", PRODUCTS_READ, _list),
    Route("POST", "/v3/catalog/products", PRODUCTS, _post),
    Route("PUT", "/v3/catalog/products", PRODUCTS, _put_many, CATALOG_WRITES),
    Route("GET", "/v3/catalog/products/{id}", PRODUCTS_READ, _get),
    Route("PUT", "/v3/catalog/products/{id}", PRODUCTS, _put),
    Route("DELETE", "/v3/catalog/products/{id}", PRODUCTS, _delete),
]
