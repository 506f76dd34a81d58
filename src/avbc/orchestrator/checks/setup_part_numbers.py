"""The setup check: the part numbers that the settings name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.records import Product
from avbc.mapping import MappingRules
from avbc.mapping.patterns import covers
from avbc.mapping.product_names import ProductName
from avbc.mapping.products import configured_product, is_exact, products_by_name
from avbc.orchestrator.checks.setup_parts import hidden_rows, ruled
from avbc.orchestrator.reports import Check
from avbc.settings import ProductMapping
from avbc.text import quoted, text_key

_AREA = "part number"


def part_number_checks(books: ImportGateway, rules: MappingRules) -> Iterator[Check]:
    """Check that the books have the part numbers of the rows and of the placeholder."""
    screen = rules.settings.products
    wanted = [
        ProductName(row.part_number, f"products.mapping[{index}].part_number")
        for index, row in enumerate(screen.mapping)
    ]
    if screen.placeholder_product:
        wanted.append(ProductName(screen.placeholder_product, "products.placeholder_product"))
    skus = {text_key(row.sku) for row in screen.mapping if _is_sku(row)}
    names = skus | {text_key(each.name) for each in wanted}
    products = products_by_name(books.find_products(names) if names else (), names)
    for each in wanted:
        ruling = configured_product(each, products, rules)
        check = ruled(_AREA, each.setting, ruling)
        yield attrs.evolve(check, found=ruling.value.part_number) if ruling.value else check
    rows = [(row, row.part_number) for row in screen.mapping]
    yield from hidden_rows(_AREA, "products.mapping", rows, _covers)
    for index, row in enumerate(screen.mapping):
        if _is_sku(row):
            yield from _pushed_elsewhere(row, f"products.mapping[{index}].sku", products)


def _covers(row: ProductMapping, other: ProductMapping) -> bool:
    """Whether a row fits every line that another row fits."""
    return (
        row.product_id in (None, other.product_id)
        and row.variant_id in (None, other.variant_id)
        and (not row.sku or covers(row.sku, other.sku or "*"))
        and (not row.name or covers(row.name, other.name or "*"))
    )


def _is_sku(row: ProductMapping) -> bool:
    return is_exact(row) and not (row.product_id or row.variant_id)


def _pushed_elsewhere(
    row: ProductMapping, setting: str, products: Mapping[str, tuple[Product, ...]]
) -> Iterator[Check]:
    """Warn where pushes of one product go to what orders are booked as another."""
    key = text_key(row.sku)
    for product in products.get(key, ()):
        is_its_own = text_key(product.part_number) == key != text_key(row.part_number)
        if is_its_own and product.sync_to_webstore:
            number = product.part_number
            yield Check(
                _AREA,
                setting,
                "warning",
                f"Orders for the SKU {quoted(row.sku)} are booked as {quoted(row.part_number)}, "
                f"and the details and quantities of {quoted(number)} are pushed to it.",
                f"Untick the Sync to Webstore of {quoted(number)} in AcctVantage, or correct the "
                "row of products.mapping.",
            )
