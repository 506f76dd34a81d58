"""Products of the books that lines and settings name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from avbc.acctvantage.records import Product
from avbc.bigcommerce.models import OrderProduct
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.product_names import ProductName
from avbc.mapping.reference import product_for
from avbc.mapping.text import plain
from avbc.settings import ProductMapping, ProductSettings
from avbc.text import quoted, text_key


def rows_by_part_number(screen: ProductSettings) -> dict[str, tuple[ProductMapping, ...]]:
    """The rows of `[[products.mapping]]` by `text_key` of the part number that they name."""
    rows: dict[str, tuple[ProductMapping, ...]] = {}
    for row in screen.mapping:
        key = text_key(row.part_number)
        rows[key] = (*rows.get(key, ()), row)
    return rows


def is_exact(row: ProductMapping) -> bool:
    """Whether a row names one product or variant of the store: by an id, or by its whole SKU.

    >>> is_exact(ProductMapping(sku="TEE-RED", part_number="TEE"))
    True
    >>> is_exact(ProductMapping(sku="TEE-*", part_number="TEE"))
    False
    """
    if row.name or "*" in row.sku:
        return False
    return bool(row.product_id or row.variant_id or row.sku)


def product_named(
    wanted: ProductName,
    line: OrderProduct,
    products: Mapping[str, Sequence[Product]],
    rules: MappingRules,
    field: str,
) -> Ruling[Product]:
    """The product that a line is looked up by. `field` is the line's, for problems.

    A part number of the settings that the books lack is a problem of its own: the line's SKU is
    not tried instead, since the merchant said what the line is.
    """
    if not wanted.setting:
        return product_for(wanted.name, products, rules, field=f"{field}.sku", line=line.name)
    called = plain(line.name) or plain(line.sku)
    return configured_product(wanted, products, rules, f" names for {quoted(called)}")


def configured_product(
    wanted: ProductName,
    products: Mapping[str, Sequence[Product]],
    rules: MappingRules,
    used: str = " names",
) -> Ruling[Product]:
    """The product of a part number of the settings; `used` ends the sentence about its setting."""
    if products.get(text_key(wanted.name)):
        return product_for(wanted.name, products, rules, field=wanted.setting)
    case = Case(rules)
    case.error(
        "part_number_unknown",
        wanted.setting,
        wanted.name,
        f"AcctVantage has no product with part number {quoted(wanted.name)}, which {wanted.setting}"
        f"{used}.",
        f"{rules.how_to_create('the product', 'load_products')}, or correct {wanted.setting}.",
    )
    return case.ruling(None)


def products_by_name(
    found: Iterable[Product], names: AbstractSet[str]
) -> dict[str, tuple[Product, ...]]:
    """Products of the books by those `names` that are their part number or an alias.

    Names are `text_key`s.
    """
    by_name: dict[str, tuple[Product, ...]] = {}
    for product in found:
        for name in {text_key(product.part_number), *map(text_key, product.aliases)} & names:
            by_name[name] = (*by_name.get(name, ()), product)
    return by_name
