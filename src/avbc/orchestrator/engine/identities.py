"""Which product or variant of the store a part number is: looked up in bulk by SKU, and remembered in the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

import attrs

from avbc.bigcommerce import ScopeMissing
from avbc.bigcommerce.call import ListCall
from avbc.bigcommerce.models import InventoryItem, Product, Variant
from avbc.orchestrator.engine.run import PushRun
from avbc.orchestrator.engine.url_lists import url_lists
from avbc.text import text_key

KIND = "identity"
"""What the journal knows identities by: the key is the `text_key` of the part number."""

_AT_ONCE = 4
_PRODUCTS_A_PAGE = 250
_ITEMS_A_PAGE = 1000


@attrs.frozen
class Identity:
    """What a part number is in the store."""

    product_id: int
    variant_id: int = 0
    """Where the SKU is one of several variants of the product; 0 where it is the product's own."""
    tracking: str = ""
    """`none`, `product` or `variant`: the level that keeps the stock. Empty where it is not known."""

    @property
    def text(self) -> str:
        """How the journal remembers it.

        >>> Identity(107, tracking="product").text
        '107/0/product'
        """
        return f"{self.product_id}/{self.variant_id}/{self.tracking}"

    @classmethod
    def read(cls, text: str) -> Identity | None:
        """What the journal remembered; None where that is no identity.

        >>> Identity.read("107/607/variant")
        Identity(product_id=107, variant_id=607, tracking='variant')
        """
        product_id, _, rest = text.partition("/")
        variant_id, _, tracking = rest.partition("/")
        if not (product_id.isdecimal() and variant_id.isdecimal()):
            return None
        return cls(int(product_id), int(variant_id), tracking)


def remembered(run: PushRun, keys: Collection[str]) -> dict[str, Identity]:
    """The identities that are remembered of these part numbers, by `text_key`."""
    found = {key: Identity.read(text) for key, text in run.known(KIND, keys).items()}
    return {key: identity for key, identity in found.items() if identity is not None}


def look_up(run: PushRun, skus: Mapping[str, str], *, variants: bool = True) -> dict[str, Identity]:
    """Ask the store which products have these SKUs, 250 at a time, and which variants the others are. What is found is remembered.

    Args:
        run: The run.
        skus: The SKU to look for, by the `text_key` of the part number.
        variants: Look for variants too, where no product has the SKU.

    Raises:
        StoreError: The store does not say.
    """
    wanted = {text_key(sku): key for key, sku in skus.items()}
    products = run.store.map(
        _calls(
            skus.values(),
            _PRODUCTS_A_PAGE,
            lambda sku_in: _products(run, sku_in),
            lambda sku: _product(run, sku),
        ),
        limit=_AT_ONCE,
    )
    found: dict[str, Identity] = {}
    for product in (product for page in products for product in page):
        if text_key(product.sku) in wanted:
            found[wanted[text_key(product.sku)]] = Identity(
                product.id, tracking=product.inventory_tracking
            )
    rest = [sku for key, sku in skus.items() if key not in found]
    if variants and rest:
        for sku, identity in _variants(run, rest):
            if text_key(sku) in wanted:
                found.setdefault(wanted[text_key(sku)], identity)
    for key, identity in found.items():
        run.know(KIND, key, identity.text)
    return found


def _products(run: PushRun, sku_in: Collection[str]) -> ListCall[Product]:
    return run.store.products.list.call(sku_in=sku_in, include_fields=_FIELDS)


def _product(run: PushRun, sku: str) -> ListCall[Product]:
    return run.store.products.list.call(sku=sku, include_fields=_FIELDS)


_FIELDS = ("sku", "inventory_tracking")


def _variants(run: PushRun, skus: Collection[str]) -> Iterator[tuple[str, Identity]]:
    """The catalog has no filter by several SKUs of variants, but the inventory has."""
    together = [sku for sku in skus if "," not in sku]
    try:
        calls = [_items(run, lot) for lot in url_lists(together, _ITEMS_A_PAGE)]
        for item in (item for found in run.store.map(calls, limit=_AT_ONCE) for item in found):
            yield item.identity.sku, Identity(item.identity.product_id, item.identity.variant_id)
    except ScopeMissing:
        together = []
    alone = [_variant(run, sku) for sku in skus if sku not in set(together)]
    for variant in (variant for found in run.store.map(alone, limit=_AT_ONCE) for variant in found):
        yield variant.sku, Identity(variant.product_id, variant.id)


def _items(run: PushRun, sku_in: Collection[str]) -> ListCall[InventoryItem]:
    return run.store.inventory.items.call(sku_in=sku_in)


def _variant(run: PushRun, sku: str) -> ListCall[Variant]:
    return run.store.variants.list.call(sku=sku, include_fields=("sku", "product_id"))


def _calls(
    skus: Iterable[str],
    size: int,
    several: Callable[[Collection[str]], ListCall[Product]],
    one: Callable[[str], ListCall[Product]],
) -> list[ListCall[Product]]:
    """A SKU with a comma cannot stand in a list, and is asked for alone."""
    skus = list(skus)
    calls = [several(lot) for lot in url_lists((sku for sku in skus if "," not in sku), size)]
    return [*calls, *(one(sku) for sku in skus if "," in sku)]
