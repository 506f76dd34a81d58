"""Products: the record that a line's SKU means (inferred from AcctVantage's manual for its other web stores)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avbc.acctvantage.records import Product
from avbc.mapping.decisions import Findings, Ruling
from avbc.mapping.rules import MappingRules
from avbc.text import text_key


def product_for(
    sku: str, products: Mapping[str, Sequence[Product]], rules: MappingRules
) -> Ruling[Product]:
    """The product that a SKU means: by part number, otherwise by alias; both compare trimmed and without case.

    `products` holds the books' products by trimmed, case-folded SKU. No product, more than one, or
    a product class that is not active in the warehouse (manual, Product Classes) is a problem:
    AcctVantage takes an order with all its lines or not at all.
    """
    found = Findings()
    return found.ruling(choose_product(sku, products, rules, found, field="sku"))


def choose_product(
    sku: str,
    products: Mapping[str, Sequence[Product]],
    rules: MappingRules,
    found: Findings,
    *,
    field: str,
    description: str = "",
) -> Product | None:
    """As `product_for`, with the problems going to `found`; `field` is the line's place and `description` its text."""
    key = text_key(sku)
    if not key:
        message = (
            f"The line {description!r} has no SKU, so its product cannot be found."
            if description
            else "There is no SKU."
        )
        found.error(
            "sku_missing",
            field,
            "",
            message,
            "Give the product a SKU in BigCommerce that is its part number in AcctVantage.",
        )
        return None
    hits = products.get(key, ())
    if len(hits) > 1:
        # A part number comes before an alias; the same product may be there by both.
        hits = [hit for hit in hits if text_key(hit.part_number) == key] or hits
        hits = list({text_key(hit.part_number): hit for hit in hits}.values())
    if not hits:
        found.error(
            "sku_unknown",
            field,
            sku,
            f"AcctVantage has no product with part number or alias {sku!r}.",
            "Create the product in AcctVantage, or correct the SKU in BigCommerce.",
        )
        return None
    if len(hits) > 1:
        found.error(
            "sku_ambiguous",
            field,
            sku,
            f"More than one product of AcctVantage answers to {sku!r}.",
            "Take the alias off all products but one.",
            candidates=tuple(hit.part_number for hit in hits),
        )
        return None
    hit = hits[0]
    if rules.warehouse is not None and not rules.is_class_active(hit.product_class):
        found.error(
            "product_class_inactive",
            field,
            hit.product_class,
            f"{hit.part_number!r} has product class {hit.product_class!r}, which is not active in "
            f"warehouse {rules.warehouse.name!r}.",
            "Activate the product class in the warehouse.",
        )
        return None
    return hit
