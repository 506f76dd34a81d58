"""Which product or variant of the store a part number is: looked up, then remembered.

It is the one with the part number as its SKU. Where none has it, it is the one that the settings'
`[[products.mapping]]` names, if they name one alone: orders for that are booked under the part
number, so another product of the same goods must not be created.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import chain

import attrs

from avbc.bigcommerce import ScopeMissing
from avbc.bigcommerce.models import Product
from avbc.mapping.products import is_exact, rows_by_part_number
from avbc.orchestrator.engine.batches import id_lists, url_lists
from avbc.orchestrator.engine.push_run import PushRun
from avbc.settings import ProductMapping
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
    row: str = ""
    """The row of the settings that names it, as `_row_text` has it; empty where its SKU does."""
    sku: str = ""
    """The store's SKU of what a row names, which stays as it is."""

    @property
    def text(self) -> str:
        """The text that the journal remembers.

        >>> Identity(107, tracking="product").text
        '107/0/product'
        """
        text = f"{self.product_id}/{self.variant_id}/{self.tracking}"
        return f"{text}/{json.dumps([self.row, self.sku])}" if self.row else text

    @classmethod
    def read(cls, text: str) -> Identity | None:
        """Read what the journal remembers; None where that is no identity.

        >>> Identity.read("107/607/variant")
        Identity(product_id=107, variant_id=607, tracking='variant', row='', sku='')
        """
        found = re.fullmatch(r"(\d+)/(\d+)/([^/]*)(?:/(\[.*\]))?", text)
        if found is None:
            return None
        row, sku = json.loads(found[4]) if found[4] else ("", "")
        return cls(int(found[1]), int(found[2]), found[3], row, sku)


def remembered(run: PushRun, keys: Collection[str]) -> dict[str, Identity]:
    """Return the identities that the journal remembers of these part numbers.

    One that a row gave is forgotten with the row.
    """
    found = {
        key: identity
        for key, text in run.known(KIND, keys).items()
        if (identity := Identity.read(text)) is not None
    }
    rows = _exact_rows(run) if any(identity.row for identity in found.values()) else {}
    return {
        key: identity
        for key, identity in found.items()
        if not identity.row or (key in rows and identity.row == _row_text(rows[key]))
    }


def _exact_rows(run: PushRun) -> dict[str, ProductMapping]:
    """The rows that name one product or variant of the store for a part number."""
    rows = rows_by_part_number(run.settings.products)
    return {key: each[0] for key, each in rows.items() if len(each) == 1 and is_exact(each[0])}


def _row_text(row: ProductMapping) -> str:
    return f"{row.product_id or ''} {row.variant_id or ''} {row.sku}".strip()


def look_up(run: PushRun, skus: Mapping[str, str], *, variants: bool = True) -> dict[str, Identity]:
    """Ask the store which products, or else which variants, have these SKUs, and remember it.

    Args:
        run: The run.
        skus: The SKU to look for, by the `text_key` of the part number.
        variants: Look for variants too, where no product has the SKU.

    Raises:
        StoreError: The store could not be read.
    """
    found = _by_sku(run, skus, variants=variants)
    rows = {key: row for key, row in _exact_rows(run).items() if key in skus and key not in found}
    if rows and not variants:
        # A row is for what has another SKU: a variant that has this one needs none.
        found |= _by_sku(run, {key: skus[key] for key in rows}, variants=True)
        rows = {key: row for key, row in rows.items() if key not in found}
    found |= _by_row(run, rows)
    for key, identity in found.items():
        run.know(KIND, key, identity.text)
    return found


def _by_sku(run: PushRun, skus: Mapping[str, str], *, variants: bool) -> dict[str, Identity]:
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
    return found


def _by_row(run: PushRun, rows: Mapping[str, ProductMapping]) -> dict[str, Identity]:
    """What rows name, of what the store has; a row with ids goes by these."""
    skus = {key: row.sku for key, row in rows.items() if not (row.product_id or row.variant_id)}
    found = _by_sku(run, skus, variants=True) if skus else {}
    found = {key: attrs.evolve(identity, sku=skus[key]) for key, identity in found.items()}
    products = {row.product_id: key for key, row in rows.items() if not row.variant_id}
    variants = {row.variant_id: key for key, row in rows.items()}
    fields = ("sku", "inventory_tracking")
    for ids in id_lists(filter(None, products), _PRODUCTS_A_PAGE):
        for product in run.store.products.list(id_in=ids, include_fields=fields):
            if (key := products.get(product.id)) is not None:
                found[key] = Identity(
                    product.id, tracking=product.inventory_tracking, sku=product.sku
                )
    for ids in id_lists(filter(None, variants), _PRODUCTS_A_PAGE):
        for item in run.store.inventory.items(variant_id_in=ids):
            which = item.identity
            if (key := variants.get(which.variant_id)) is not None:
                found[key] = Identity(which.product_id, which.variant_id, sku=which.sku)
    return {key: attrs.evolve(each, row=_row_text(rows[key])) for key, each in found.items()}


def _products(run: PushRun, skus: Collection[str]) -> Iterator[Product]:
    list_products, fields = run.store.products.list.call, ("sku", "inventory_tracking")
    # A comma would end a SKU in a list of them.
    lists = url_lists((sku for sku in skus if "," not in sku), _PRODUCTS_A_PAGE)
    calls = [
        *(list_products(sku_in=each, include_fields=fields) for each in lists),
        *(list_products(sku=sku, include_fields=fields) for sku in skus if "," in sku),
    ]
    return chain.from_iterable(run.store.map(calls))


def _variants(run: PushRun, skus: Collection[str]) -> Iterator[tuple[str, Identity]]:
    """The catalog does not filter variants by several SKUs, but the inventory does."""
    alone = [sku for sku in skus if "," in sku]
    lists = url_lists((sku for sku in skus if "," not in sku), _ITEMS_A_PAGE)
    calls = [run.store.inventory.items.call(sku_in=each) for each in lists]
    try:
        for item in chain.from_iterable(run.store.map(calls)):
            yield item.identity.sku, Identity(item.identity.product_id, item.identity.variant_id)
    except ScopeMissing:
        alone = list(skus)
    list_variants, fields = run.store.variants.list.call, ("sku", "product_id")
    one_by_one = [list_variants(sku=sku, include_fields=fields) for sku in alone]
    for variant in chain.from_iterable(run.store.map(one_by_one)):
        yield variant.sku, Identity(variant.product_id, variant.id)
