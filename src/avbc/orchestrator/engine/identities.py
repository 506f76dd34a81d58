"""Which product or variant of the store a part number is: looked up by SKU, then remembered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain

import attrs

from avbc.bigcommerce import ScopeMissing
from avbc.bigcommerce.models import Product
from avbc.orchestrator.engine.batches import url_lists
from avbc.orchestrator.engine.order_reads import IN_FLIGHT
from avbc.orchestrator.engine.push_run import PushRun
from avbc.text import text_key

KIND = "identity"
"""What the journal remembers identities under, by the `text_key` of the part number."""

_PRODUCTS_A_PAGE = 250
_ITEMS_A_PAGE = 1000


@attrs.frozen
class Identity:
    """What a part number is in the store."""

    product_id: int
    variant_id: int = 0
    """Where the SKU is one of several variants of the product; 0 where it is the product's own."""
    tracking: str = ""
    """The level that keeps the stock: `none`, `product`, `variant`; empty where it is unknown."""

    @property
    def text(self) -> str:
        """The text that the journal remembers.

        >>> Identity(107, tracking="product").text
        '107/0/product'
        """
        return f"{self.product_id}/{self.variant_id}/{self.tracking}"

    @classmethod
    def read(cls, text: str) -> Identity | None:
        """Read what the journal remembers; None where that is no identity.

        >>> Identity.read("107/607/variant")
        Identity(product_id=107, variant_id=607, tracking='variant')
        """
        found = re.fullmatch(r"(\d+)/(\d+)/(.*)", text)
        return cls(int(found[1]), int(found[2]), found[3]) if found else None


def remembered(run: PushRun, keys: Collection[str]) -> dict[str, Identity]:
    """Return the identities that the journal remembers of these part numbers."""
    return {
        key: identity
        for key, text in run.known(KIND, keys).items()
        if (identity := Identity.read(text)) is not None
    }


def look_up(run: PushRun, skus: Mapping[str, str], *, variants: bool = True) -> dict[str, Identity]:
    """Ask the store which products, or else which variants, have these SKUs, and remember it.

    Args:
        run: The run.
        skus: The SKU to look for, by the `text_key` of the part number.
        variants: Look for variants too, where no product has the SKU.

    Raises:
        StoreError: The store could not be read.
    """
    keys = {text_key(sku): key for key, sku in skus.items()}
    found: dict[str, Identity] = {}
    for product in _products(run, skus.values()):
        if (key := keys.get(text_key(product.sku))) is not None:
            found[key] = Identity(product.id, tracking=product.inventory_tracking)
    rest = [sku for key, sku in skus.items() if key not in found]
    if variants and rest:
        for sku, identity in _variants(run, rest):
            if (key := keys.get(text_key(sku))) is not None:
                found.setdefault(key, identity)
    for key, identity in found.items():
        run.know(KIND, key, identity.text)
    return found


def _products(run: PushRun, skus: Collection[str]) -> Iterator[Product]:
    list_products, fields = run.store.products.list.call, ("sku", "inventory_tracking")
    # A comma would end a SKU in a list of them.
    lists = url_lists((sku for sku in skus if "," not in sku), _PRODUCTS_A_PAGE)
    calls = [
        *(list_products(sku_in=each, include_fields=fields) for each in lists),
        *(list_products(sku=sku, include_fields=fields) for sku in skus if "," in sku),
    ]
    return chain.from_iterable(run.store.map(calls, limit=IN_FLIGHT))


def _variants(run: PushRun, skus: Collection[str]) -> Iterator[tuple[str, Identity]]:
    """The catalog does not filter variants by several SKUs, but the inventory does."""
    alone = [sku for sku in skus if "," in sku]
    lists = url_lists((sku for sku in skus if "," not in sku), _ITEMS_A_PAGE)
    calls = [run.store.inventory.items.call(sku_in=each) for each in lists]
    try:
        for item in chain.from_iterable(run.store.map(calls, limit=IN_FLIGHT)):
            yield item.identity.sku, Identity(item.identity.product_id, item.identity.variant_id)
    except ScopeMissing:
        alone = list(skus)
    list_variants, fields = run.store.variants.list.call, ("sku", "product_id")
    one_by_one = [list_variants(sku=sku, include_fields=fields) for sku in alone]
    for variant in chain.from_iterable(run.store.map(one_by_one, limit=IN_FLIGHT)):
        yield variant.sku, Identity(variant.product_id, variant.id)
