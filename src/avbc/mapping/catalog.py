"""Product details for the store (manual 2.3.1), by a field map that is data."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from avbc.acctvantage.records import Product
from avbc.bigcommerce.models import ProductDraft, VariantDraft
from avbc.mapping.case import Findings, Ruling
from avbc.mapping.field_map import (
    FieldRule,
    FieldValue,
    arguments,
    changed_fields,
    check_names,
    field_values,
    values_text,
)
from avbc.mapping.text import plain
from avbc.money import ZERO
from avbc.text import quoted, text_key

_OWN_STOCK = frozenset(["inventory", "assembly"])
_NOT_BY_MAP = frozenset(["id", "option_values", "inventory_level", "inventory_warning_level"])
_OF_PRODUCTS = frozenset(field.name for field in attrs.fields(ProductDraft)) - _NOT_BY_MAP

VARIANT_FIELDS = _OF_PRODUCTS & frozenset(field.name for field in attrs.fields(VariantDraft))
"""The fields that variants have too; the others are the product's alone."""


def html_text(text: str) -> str:
    r"""Plain text as the HTML that the store wants: signs escaped, lines kept (inferred).

    >>> html_text(" Tea & cup\n<5 cm>")
    'Tea &amp; cup<br>\n&lt;5 cm&gt;'
    """
    return "<br>\n".join(html.escape(line, quote=False) for line in plain(text).splitlines())


def _price(product: Product) -> Decimal | None:
    return product.sell_price if product.list_price is None else product.list_price


def _sale_price(product: Product) -> Decimal | None:
    price, listed = product.sell_price, product.list_price
    if price is None or not price.is_finite():
        return price
    return price if listed is not None and listed.is_finite() and price < listed else ZERO


def _inventory_tracking(product: Product) -> str:
    return "product" if product.kind in _OWN_STOCK else "none"


PRODUCT_FIELDS: tuple[FieldRule[Product], ...] = (
    FieldRule(
        "sku", "Part Number", lambda product: plain(product.part_number), required=True, longest=255
    ),
    FieldRule("name", "Name", lambda product: plain(product.name), required=True, longest=250),
    FieldRule("type", "Product Kind", lambda _product: "physical", required=True, only_new=True),
    FieldRule(
        "description", "Default Sales Line Memo", lambda product: html_text(product.sales_memo)
    ),
    FieldRule("price", "List Price", _price, required=True),
    FieldRule("sale_price", "Sell Price", _sale_price),
    FieldRule("weight", "Weight", lambda product: product.weight, required=True),
    FieldRule("depth", "Length", lambda product: product.length),
    FieldRule("width", "Width", lambda product: product.width),
    FieldRule("height", "Height", lambda product: product.height),
    FieldRule("inventory_tracking", "Inventory box", _inventory_tracking, only_new=True),
)
"""What fills the store's fields, unless you say otherwise.

The map of AcctVantage's own integration is not published; this follows that of its other web store
(manual, WooCommerce - Supported Features), so it is inferred. Weights and measures are sent as they
are: the books and the store must use the same units. A Sell Price that is lower than the List Price
is the sale price, and any other Sell Price ends a sale; without a List Price the Sell Price is the
price. What the map does not name (images, categories, visibility, options) is never sent, so that
the merchant's work stays.
"""


def keep_fields(
    fields: Iterable[FieldRule[Product]], keep: Iterable[str]
) -> tuple[FieldRule[Product], ...]:
    """The map, with these fields sent with new products only: the store's values stay.

    >>> [rule.only_new for rule in keep_fields(PRODUCT_FIELDS[:2], ["Name"])]
    [False, True]
    """
    kept = frozenset(map(text_key, keep))
    return tuple(
        attrs.evolve(rule, only_new=rule.only_new or text_key(rule.name) in kept) for rule in fields
    )


def is_field_to_keep(name: str) -> bool:
    """Whether a push can leave a field of this name alone; the SKU is what it finds products by."""
    return text_key(name) in _OF_PRODUCTS - {"sku"}


def product_text(product: Product, fields: Sequence[FieldRule[Product]] = PRODUCT_FIELDS) -> str:
    """The product's values in the store as a text to compare with later; no fields of new ones."""
    return values_text(_values(product, fields, Findings(), new=False))


def product_draft(
    product: Product,
    fields: Sequence[FieldRule[Product]] = PRODUCT_FIELDS,
    *,
    product_id: int | None = None,
    before: str = "",
) -> Ruling[ProductDraft]:
    """The product for the store: a new one, or what to change of the one with this id.

    A new product needs what the map says is required (BigCommerce: name, type, weight and price).
    Of an old one only the fields are sent that changed since `before`, the `product_text` of the
    last push; without it, all of the map. Where nothing changed the draft has the id alone.
    """
    found = Findings()
    check_names(fields, _OF_PRODUCTS)
    values = _values(product, fields, found, new=product_id is None)
    if product_id is None:
        return found.ruling(ProductDraft(**arguments(values)))
    return found.ruling(ProductDraft(id=product_id, **arguments(_changed(values, before, found))))


def variant_draft(
    product: Product,
    fields: Sequence[FieldRule[Product]] = PRODUCT_FIELDS,
    *,
    variant_id: int,
    before: str = "",
) -> Ruling[VariantDraft]:
    """What to change of the store's variant with this id, for a product whose SKU is a variant.

    Only `VARIANT_FIELDS` are sent. A sale that ended is sent as null. A variant that has no amount
    of its own shows the product's, and one that has hides it: so the base variant of a simple
    product is better left without, and the product itself written (inferred).
    """
    found = Findings()
    check_names(fields, _OF_PRODUCTS)
    values = _values(product, fields, found, new=False)
    changed = _changed(values, before, found)
    for name in changed.keys() - VARIANT_FIELDS:
        found.note(name, "", "a variant has no such field: not sent")
    own = {
        name: None if name == "sale_price" and not value else value
        for name, value in changed.items()
        if name in VARIANT_FIELDS
    }
    return found.ruling(VariantDraft(id=variant_id, **arguments(own)))


def only_variant_fields(before: str, after: str) -> bool:
    """Whether all that changed between two texts of `product_text` are fields that variants have.

    >>> only_variant_fields('{"name":"Mug","price":"9.95"}', '{"name":"Mug","price":"8.95"}')
    True
    """
    return changed_fields(before, after) <= VARIANT_FIELDS


def _values(
    product: Product, fields: Iterable[FieldRule[Product]], found: Findings, *, new: bool
) -> dict[str, FieldValue]:
    return field_values(
        product,
        fields,
        found,
        missing="product_field_missing" if new else None,
        whose=quoted(product.part_number),
    )


def _changed(
    values: Mapping[str, FieldValue], before: str, found: Findings
) -> dict[str, FieldValue]:
    changed = changed_fields(before, values_text(values))
    if before:
        found.note(
            "changes",
            ", ".join(name for name in values if name in changed),
            "against what was pushed last",
        )
    return {name: value for name, value in values.items() if name in changed}
