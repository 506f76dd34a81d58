"""The store's products and variants, found by id, SKU and name, and their stock levels.

It knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Literal, TypeAlias

import attrs

from avbc.testing.values import Row, as_row, as_rows, copied, text, whole
from avbc.text import text_key

PRODUCT_DEFAULTS: Mapping[str, object] = {
    "name": "",
    "type": "physical",
    "sku": "",
    "description": "",
    "weight": 0,
    "width": 0,
    "depth": 0,
    "height": 0,
    "price": 0,
    "cost_price": 0,
    "retail_price": 0,
    "sale_price": 0,
    "map_price": 0,
    "tax_class_id": 0,
    "product_tax_code": "",
    "brand_id": 0,
    "inventory_warning_level": 0,
    "inventory_tracking": "none",
    "date_last_imported": None,
    "option_set_id": None,
    "option_set_display": "right",
    "fixed_cost_shipping_price": 0,
    "is_free_shipping": False,
    "is_visible": True,
    "is_featured": False,
    "warranty": "",
    "bin_picking_number": "",
    "layout_file": "",
    "upc": "",
    "gtin": "",
    "mpn": "",
    "search_keywords": "",
    "availability_description": "",
    "availability": "available",
    "gift_wrapping_options_type": "any",
    "sort_order": 0,
    "condition": "New",
    "is_condition_shown": False,
    "order_quantity_minimum": 0,
    "order_quantity_maximum": 0,
    "page_title": "",
    "meta_description": "",
    "view_count": 0,
    "preorder_release_date": None,
    "preorder_message": "",
    "is_preorder_only": False,
    "is_price_hidden": False,
    "price_hidden_label": "",
    "open_graph_type": "product",
    "open_graph_title": "",
    "open_graph_description": "",
    "open_graph_use_meta_description": True,
    "open_graph_use_product_name": True,
    "open_graph_use_image": True,
    "reviews_rating_sum": 0,
    "reviews_count": 0,
    "total_sold": 0,
}
"""What a product shows for an unwritten field."""

VARIANT_DEFAULTS: Mapping[str, object] = {
    "sku": "",
    "cost_price": 0,
    "price": None,
    "sale_price": None,
    "retail_price": None,
    "weight": None,
    "width": None,
    "height": None,
    "depth": None,
    "is_free_shipping": False,
    "fixed_cost_shipping_price": None,
    "purchasing_disabled": False,
    "purchasing_disabled_message": "",
    "upc": "",
    "gtin": "",
    "mpn": "",
    "map_price": None,
    "image_url": "",
    "inventory_warning_level": 0,
    "bin_picking_number": "",
}
"""What a variant shows for an unwritten field; null is inherited from the product."""

PARTS = frozenset(
    {
        "images",
        "primary_image",
        "custom_fields",
        "bulk_pricing_rules",
        "options",
        "modifiers",
        "channels",
        "parent_relations",
        "reviews",
        "videos",
        "variants",
    }
)
"""What a product shows only where `include` asks for it."""

_LISTS = ["categories", "related_products", "gift_wrapping_options_list", "meta_keywords"]


@attrs.define
class _Index:
    """Ids by text; where a text has several ids, the last one counts."""

    _ids: dict[str, int] = attrs.field(factory=dict[str, int], init=False)

    def get(self, value: str) -> int | None:
        """Return the id of a text."""
        return self._ids.get(text_key(value))

    def put(self, value: str, identity: int) -> None:
        """Give a text that is not empty its id."""
        if value:
            self._ids[text_key(value)] = identity

    def drop(self, value: str, identity: int) -> None:
        """Forget a text if it has this id."""
        if self.get(value) == identity:
            del self._ids[text_key(value)]


@attrs.define
class Products:
    """Products and their variants. Only written fields are stored; defaults are added on reads.

    A product without options has one base variant, which has the product's SKU; a product with
    options has a variant for each combination, and no base variant.
    """

    rows: dict[int, Row] = attrs.field(factory=dict[int, Row], init=False)
    """Products by id."""
    variants: dict[int, Row] = attrs.field(factory=dict[int, Row], init=False)
    _variants_of: dict[int, list[int]] = attrs.field(factory=dict[int, list[int]], init=False)
    by_name: _Index = attrs.field(factory=_Index, init=False)
    """Product ids by name (inferred)."""
    by_sku: _Index = attrs.field(factory=_Index, init=False)
    """Product ids by the products' own SKUs."""
    variant_by_sku: _Index = attrs.field(factory=_Index, init=False)
    _product_ids: Iterator[int] = attrs.field(factory=lambda: count(101), init=False)
    _variant_ids: Iterator[int] = attrs.field(factory=lambda: count(601), init=False)

    def put(self, product: Mapping[str, object], now: str) -> int:
        """Add or replace a product with its `variants`; returns its id, the next free by default.

        Without `variants` it gets a base variant, under `base_variant_id` where that is given.
        """
        row = as_row(copied(dict(product)))
        product_id = whole(row.get("id") or 0) or _next(self._product_ids, self.rows)
        self.drop(product_id)
        variants = as_rows(row.pop("variants", None) or [])
        base_id = row.pop("base_variant_id", None)
        row = {"date_created": now, "date_modified": now, **row, "id": product_id}
        self.rows[product_id] = row
        self._index(row)
        self._variants_of[product_id] = []
        for variant in variants or [{"id": base_id, "sku": text(row, "sku")}]:
            self._put_variant(product_id, variant)
        row["base_variant_id"] = None if variants else self._variants_of[product_id][0]
        return product_id

    def add_variant(self, product_id: int, variant: Row) -> int:
        """Add a variant to a product, replacing its base variant; returns the variant's id."""
        base = self.rows[product_id]["base_variant_id"]
        if base is not None:
            self._change_variant_sku(whole(base), "")
            del self.variants[whole(base)]
            self._variants_of[product_id] = []
            self.rows[product_id]["base_variant_id"] = None
        return self._put_variant(product_id, variant)

    def _put_variant(self, product_id: int, variant: Row) -> int:
        variant_id = whole(variant.get("id") or 0) or _next(self._variant_ids, self.variants)
        row: Row = {**variant, "id": variant_id, "product_id": product_id, "sku_id": variant_id}
        for computed in ("inventory_level", "calculated_price"):
            row.pop(computed, None)
        self.variants[variant_id] = row
        self._variants_of[product_id].append(variant_id)
        self.variant_by_sku.put(text(row, "sku"), variant_id)
        return variant_id

    def change(self, product_id: int, changes: Row, now: str) -> None:
        """Change the given fields. The base variant's SKU follows the product's."""
        row = self.rows[product_id]
        self._unindex(row)
        row.update(changes)
        row["date_modified"] = now
        self._index(row)
        base = row["base_variant_id"]
        if base is not None and "sku" in changes:
            self._change_variant_sku(whole(base), text(row, "sku"))

    def change_variant(self, variant_id: int, changes: Row, now: str) -> None:
        """Change the given fields. The product's SKU follows its base variant's."""
        row = self.variants[variant_id]
        product = self.rows[whole(row["product_id"])]
        if "sku" in changes:
            if product["base_variant_id"] == variant_id:
                self._unindex(product)
                product["sku"] = changes["sku"]
                self._index(product)
            self._change_variant_sku(variant_id, text(changes, "sku"))
        row.update(changes)
        product["date_modified"] = now

    def drop(self, product_id: int) -> None:
        """Remove a product and its variants; does nothing where there is none."""
        row = self.rows.pop(product_id, None)
        if row is None:
            return
        self._unindex(row)
        for variant_id in self._variants_of.pop(product_id):
            self._change_variant_sku(variant_id, "")
            del self.variants[variant_id]

    def variants_of(self, product_id: int) -> list[Row]:
        """Return a product's variants."""
        return [self.variants[variant_id] for variant_id in self._variants_of[product_id]]

    def sku_is_taken(self, sku: str, product_id: int, variant_id: int | None = None) -> bool:
        """Whether another product or variant has this SKU; a base variant shares its product's."""
        product, variant = self.by_sku.get(sku), self.variant_by_sku.get(sku)
        own = self.rows.get(product_id, {}).get("base_variant_id")
        if product is not None and (
            product != product_id or (variant_id is not None and variant_id != own)
        ):
            return True
        return variant is not None and variant != (own if variant_id is None else variant_id)

    def show(self, product_id: int, level: int) -> Row:
        """Return a product as the catalog API shows it, without the parts for `include`."""
        shown: Row = {
            **PRODUCT_DEFAULTS,
            **{key: [] for key in _LISTS},
            "custom_url": {"url": f"/{product_id}/", "is_customized": False},
            **{key: value for key, value in self.rows[product_id].items() if key not in PARTS},
        }
        shown["calculated_price"] = shown["sale_price"] or shown["price"]
        shown["inventory_level"] = level
        return shown

    def show_variant(self, variant_id: int, level: int) -> Row:
        """Return a variant as the catalog API shows it."""
        row = self.variants[variant_id]
        product = self.rows[whole(row["product_id"])]
        shown: Row = {**VARIANT_DEFAULTS, "option_values": [], **row, "inventory_level": level}
        weight = shown["weight"]
        shown["calculated_weight"] = product.get("weight", 0) if weight is None else weight
        own = shown["price"] if shown["price"] is not None else product.get("price", 0)
        shown["calculated_price"] = shown["sale_price"] or product.get("sale_price") or own
        return shown

    def _index(self, row: Row) -> None:
        self.by_sku.put(text(row, "sku"), whole(row["id"]))
        self.by_name.put(text(row, "name"), whole(row["id"]))

    def _unindex(self, row: Row) -> None:
        self.by_sku.drop(text(row, "sku"), whole(row["id"]))
        self.by_name.drop(text(row, "name"), whole(row["id"]))

    def _change_variant_sku(self, variant_id: int, sku: str) -> None:
        row = self.variants[variant_id]
        self.variant_by_sku.drop(text(row, "sku"), variant_id)
        self.variant_by_sku.put(sku, variant_id)
        row["sku"] = sku


def _next(ids: Iterator[int], taken: Mapping[int, Row]) -> int:
    return next(identity for identity in ids if identity not in taken)


# Stock

HIGHEST = 2_147_483_647
"""The most a location can hold of an item."""

Keeper: TypeAlias = tuple[Literal["product", "variant"], int]
"""What a stock level belongs to: a product that is tracked by product, or a variant."""


@attrs.define
class Stock:
    """Levels and settings by location and keeper."""

    _levels: dict[int, dict[Keeper, int]] = attrs.field(
        factory=dict[int, dict[Keeper, int]], init=False
    )
    _settings: dict[int, dict[Keeper, Row]] = attrs.field(
        factory=dict[int, dict[Keeper, Row]], init=False
    )

    backorders: dict[tuple[int, Keeper], int | None] = attrs.field(
        factory=dict[tuple[int, Keeper], int | None], init=False
    )
    """By location and keeper, how many can be sold beyond what there is; None: any number."""

    def onhand(self, keeper: Keeper, location_id: int) -> int:
        """Return what a location holds; 0 if that was never set."""
        return self._levels.get(location_id, {}).get(keeper, 0)

    def is_set(self, keeper: Keeper, location_id: int) -> bool:
        """Whether the level was ever set absolutely."""
        return keeper in self._levels.get(location_id, {})

    def put(self, keeper: Keeper, location_id: int, quantity: int) -> None:
        """Set a level."""
        self._levels.setdefault(location_id, {})[keeper] = quantity

    def settings(self, keeper: Keeper, location_id: int) -> Row:
        """Return an item's settings at a location."""
        return {
            "safety_stock": 0,
            "is_in_stock": True,
            "warning_level": 0,
            "bin_picking_number": "",
            **self._settings.get(location_id, {}).get(keeper, {}),
        }

    def put_settings(self, keeper: Keeper, location_id: int, settings: Row) -> None:
        """Change an item's settings at a location."""
        self._settings.setdefault(location_id, {}).setdefault(keeper, {}).update(settings)
