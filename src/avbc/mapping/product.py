"""Products: the record that a SKU means (inferred from the manual for its other web stores)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avbc.acctvantage.records import Product
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.text import text_key


def product_for(
    sku: str,
    products: Mapping[str, Sequence[Product]],
    rules: MappingRules,
    *,
    field: str = "sku",
    line: str = "",
) -> Ruling[Product]:
    """The product that a SKU means: by part number, otherwise by alias.

    `products` holds the books' products by `text_key` of the SKU. No product, more than one, or a
    product class that is not active in the warehouse (manual, Product Classes) is a problem:
    AcctVantage takes an order with all its lines or not at all. `field` and `line` say in problems
    where the SKU is and what the line is called.
    """
    key = text_key(sku)
    hits = products.get(key, ())
    if len(hits) > 1:
        # A part number comes before an alias; the same product may be there by both.
        hits = [hit for hit in hits if text_key(hit.part_number) == key] or hits
        hits = list({text_key(hit.part_number): hit for hit in hits}.values())
    if len(hits) == 1 and (rules.warehouse is None or rules.is_class_active(hits[0].product_class)):
        return Ruling(hits[0])
    case = Case(rules)
    if not key:
        case.error(
            "sku_missing",
            field,
            "",
            f"The line {line!r} has no SKU, so its product cannot be found."
            if line
            else "There is no SKU.",
            "Give the product a SKU in BigCommerce that is its part number in AcctVantage.",
        )
    elif not hits:
        case.error(
            "sku_unknown",
            field,
            sku,
            f"AcctVantage has no product with part number or alias {sku!r}.",
            "Create the product in AcctVantage, or correct the SKU in BigCommerce.",
        )
    elif len(hits) > 1:
        case.error(
            "sku_ambiguous",
            field,
            sku,
            f"More than one product of AcctVantage has the part number or alias {sku!r}.",
            "Take the alias off all products but one.",
            candidates=tuple(hit.part_number for hit in hits),
        )
    else:
        case.error(
            "product_class_inactive",
            field,
            hits[0].product_class,
            f"{hits[0].part_number!r} has product class {hits[0].product_class!r}, which is not "
            f"active in warehouse {rules.settings.shipping.warehouse!r}.",
            "Activate the product class in the warehouse.",
        )
    return case.ruling(None)
