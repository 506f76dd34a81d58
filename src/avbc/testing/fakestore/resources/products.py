"""Products (BigCommerce: catalog API v3): one POST each, updates in batches of ten; what is not sent is kept."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from avbc.testing.fakestore.fields import Field, Fields, faults, known
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.products import PARTS
from avbc.testing.fakestore.query import choose_fields, integer, integers, texts, within_dates
from avbc.testing.fakestore.resources.variants import VARIANT_FIELDS, check_variant, show_variant
from avbc.testing.fakestore.routes import CATALOG_WRITES, PRODUCTS, PRODUCTS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.fakestore.stock import HIGHEST
from avbc.testing.values import Row, as_list, as_row, as_rows, is_list, is_row, text, whole

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
"""What can be written to a product, beside `variants` on creation."""


def show(
    state: State, product_id: int, params: Mapping[str, str], included: Iterable[str] = ()
) -> Row:
    """Return a product as a request asked for it: with the parts included, and only the fields chosen."""
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
    ids = _candidates(state, params)
    for keep in _filters(params):
        ids = [product_id for product_id in ids if keep(state.catalog.rows[product_id])]
    limit_to = _WITH_OPTIONS if {"options", "modifiers"} & set(included) else None
    return ok(
        v3_page(
            ids,
            request,
            show=lambda product_id: show(state, product_id, params, included),
            limit_to=limit_to,
        )
    )


def _candidates(state: State, params: Mapping[str, str]) -> list[int]:
    """Return ascending ids, by the index where ids, SKUs or a name are asked for. SKUs are the products' own, not variants'."""
    products = state.catalog
    chosen = set(products.rows)
    for ids in [
        integers(params, "id:in"),
        None if (one := integer(params, "id")) is None else {one},
    ]:
        if ids is not None:
            chosen &= ids
    skus = [texts(params, "sku:in"), {params["sku"]} if "sku" in params else None]
    for wanted in skus:
        if wanted is not None:
            chosen &= {
                product_id for sku in wanted if (product_id := products.by_sku(sku)) is not None
            }
    if "name" in params:
        named = products.by_name(params["name"])
        chosen &= set() if named is None else {named}
    return sorted(chosen)


def _filters(params: Mapping[str, str]) -> list[Callable[[Row], bool]]:
    """Return the tests that the index does not answer, only those that are asked for: stores are large."""
    tests: list[Callable[[Row], bool]] = []
    for key, default in _TEXT_FILTERS.items():
        if key in params:
            tests.append(partial(_has_text, key=key, default=default, wanted=params[key]))
    for key, judge in _ID_FILTERS.items():
        edge = integer(params, key)
        if edge is not None:
            tests.append(partial(_has_id, judge=judge, edge=edge))
    unwanted, categories = integers(params, "id:not_in"), integers(params, "categories:in")
    if unwanted is not None:
        tests.append(lambda row: whole(row["id"]) not in unwanted)
    if categories is not None:
        tests.append(
            lambda row: bool(
                categories & {whole(category) for category in as_list(row.get("categories", []))}
            )
        )
    if "is_visible" in params:
        tests.append(
            lambda row: bool(row.get("is_visible", True)) == (params["is_visible"] in {"true", "1"})
        )
    if "keyword" in params:
        found = params["keyword"].casefold()
        tests.append(
            lambda row: (
                found in text(row, "name").casefold() or found in text(row, "sku").casefold()
            )
        )
    if "date_modified:min" in params or "date_modified:max" in params:
        tests.append(lambda row: within_dates(row, params, "date_modified"))
    return tests


_TEXT_FILTERS = {
    "upc": "",
    "mpn": "",
    "type": "physical",
    "availability": "available",
    "inventory_tracking": "none",
}
"""Filters for one value of a field, with what the field shows unless it was written."""
_ID_FILTERS: Mapping[str, Callable[[int, int], bool]] = {
    "id:min": operator.ge,
    "id:max": operator.le,
    "id:greater": operator.gt,
    "id:less": operator.lt,
}


def _has_text(row: Row, key: str, default: str, wanted: str) -> bool:
    return (text(row, key) or default) == wanted


def _has_id(row: Row, judge: Callable[[int, int], bool], edge: int) -> bool:
    return judge(whole(row["id"]), edge)


def _get(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    _find(state, ids[0])
    params = request.params
    return ok(
        {"data": show(state, ids[0], params, sorted(texts(params, "include") or ())), "meta": {}}
    )


def _post(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Create one product, with its variants where they are sent."""
    body = request.json()
    if not is_row(body):
        raise Refusal(422, "JSON data is missing or invalid", {"": "a product is expected"})
    found = faults(body, PRODUCT_FIELDS, ("name", "type", "weight", "price"))
    variants = body.get("variants", [])
    if (
        not is_list(variants)
        or len(variants) > _VARIANTS
        or not all(is_row(row) for row in variants)
    ):
        found["variants"] = f"must be an array of at most {_VARIANTS} objects"
    if found:
        raise Refusal(422, "JSON data is missing or invalid", found)
    rows = as_rows(variants)
    conflicts = _conflicts(state, body, 0)
    skus = [text(row, "sku").casefold() for row in rows]
    for index, row in enumerate(rows):
        found.update(
            {
                f"variants.{index}.{key}": fault
                for key, fault in check_variant(state, row, 0, new=True).items()
            }
        )
        if skus[index] in skus[:index] or skus[index] == text(body, "sku").casefold():
            conflicts[f"variants.{index}.sku"] = f"the SKU {text(row, 'sku')} is already in use"
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
    body = request.json()
    if not is_list(body) or not body:
        raise Refusal(
            422, "JSON data is missing or invalid", {"0": "at least one product is required"}
        )
    if len(body) > BATCH:
        raise Refusal(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {BATCH}.",
        )
    return _update(state, request, [as_row(row) for row in body], one=False)


def _put(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    _find(state, ids[0])
    body = request.json()
    if not is_row(body):
        raise Refusal(422, "JSON data is missing or invalid", {"": "a product is expected"})
    return _update(state, request, [{**body, "id": ids[0]}], one=True)


def _update(state: State, request: StoreRequest, rows: list[Row], *, one: bool) -> StoreResponse:
    found: dict[str, str] = {}
    conflicts: dict[str, str] = {}
    for index, row in enumerate(rows):
        place = "" if one else f"{index}."
        product_id = row.get("id") if is_row(row) else None
        if isinstance(product_id, bool) or not isinstance(product_id, int):
            found[f"{place}id"] = "is required"
            continue
        _find(state, product_id)
        found.update({f"{place}{key}": fault for key, fault in faults(row, PRODUCT_FIELDS).items()})
        conflicts.update(
            {f"{place}{key}": fault for key, fault in _conflicts(state, row, product_id).items()}
        )
        for key in ["name", "sku"]:
            others = [text(other, key).casefold() for other in rows[:index] if is_row(other)]
            if text(row, key) and text(row, key).casefold() in others:
                conflicts[f"{place}{key}"] = f"the {key} {text(row, key)} is already in use"
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
    if isinstance(name, str) and state.catalog.by_name(name) not in {None, product_id}:
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
    if found:
        raise Refusal(422, "JSON data is missing or invalid", found)
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
        changes["brand_id"] = state.brands.setdefault(str(brand).casefold(), len(state.brands) + 1)
    if cut:
        changes.pop("custom_url", None)
    return changes


def _write_level(
    state: State, product_id: int, row: Row, *, cut: bool, place: str
) -> dict[str, str]:
    """Write `inventory_level` to the default location; returns what failed, which is told by a 207."""
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
