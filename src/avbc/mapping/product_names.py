"""What a line's product is looked up by in the books: a row of the settings, or its SKU."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import attrs

from avbc.bigcommerce.models import OrderProduct
from avbc.mapping.patterns import fits
from avbc.mapping.text import plain
from avbc.settings import ProductMapping, ProductSettings
from avbc.text import text_key

GIFT_CERTIFICATE = "giftcertificate"
_ANY = ("any", "")
"""What every line has."""


@attrs.frozen
class ProductName:
    """What a line's product is looked up by in the books."""

    name: str
    """A part number of the settings, or the line's SKU."""
    setting: str = ""
    """The setting that names it; empty where the SKU does."""


class ProductNames:
    """What lines' products are looked up by under the `[products]` settings.

    Rows may be thousands, so they are sorted once by an id or a whole SKU that a line must have.

    >>> rows = (ProductMapping(sku="TEE-*", part_number="TEE"),)
    >>> ProductNames(ProductSettings(mapping=rows)).of(OrderProduct(product_id=7, sku="TEE-RED"))
    ProductName(name='TEE', setting='products.mapping[0].part_number')
    """

    __slots__ = ("_places", "_screen")

    def __init__(self, screen: ProductSettings) -> None:
        self._screen = screen
        self._places = defaultdict[Hashable, list[int]](list)
        for place, row in enumerate(screen.mapping):
            self._places[_must_have(row)].append(place)

    def of(self, line: OrderProduct) -> ProductName | None:
        """What a line's product is looked up by; None where the line is no product of the books.

        The first row of `[[products.mapping]]` that fits comes before the SKU. A custom item that
        no row fits is the `placeholder_product`, if there is one. A gift certificate is never a
        product: it is owed, and not sold.
        """
        if line.type == GIFT_CERTIFICATE:
            return None
        for place in self._candidates(line):
            if _fits(row := self._screen.mapping[place], line):
                return ProductName(row.part_number, f"products.mapping[{place}].part_number")
        if line.product_id:
            return ProductName(line.sku)
        placeholder = self._screen.placeholder_product
        return ProductName(placeholder, "products.placeholder_product") if placeholder else None

    def _candidates(self, line: OrderProduct) -> Sequence[int]:
        """The places of the rows that may fit a line, in their order."""
        if not self._places:
            return ()
        has = [
            ("variant", line.variant_id),
            ("product", line.product_id),
            ("sku", text_key(line.sku)),
            _ANY,
        ]
        return sorted(place for each in has for place in self._places.get(each, ()))


def _must_have(row: ProductMapping) -> tuple[str, int | str]:
    """What a line must have for a row to fit it."""
    if row.variant_id is not None:
        return "variant", row.variant_id
    if row.product_id is not None:
        return "product", row.product_id
    if row.sku and "*" not in row.sku:
        return "sku", text_key(row.sku)
    return _ANY


def _fits(row: ProductMapping, line: OrderProduct) -> bool:
    return (
        row.product_id in (None, line.product_id)
        and row.variant_id in (None, line.variant_id)
        and (not row.sku or fits(row.sku, line.sku))
        and (not row.name or fits(row.name, plain(line.name)))
    )
