"""The details that the store has of products and variants, and the fields that a push keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

import attrs

from avbc.acctvantage import Product as BooksProduct
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Product, Variant
from avbc.errors import Fault
from avbc.mapping import FieldRule
from avbc.mapping.catalog import VARIANT_FIELDS, is_field_to_keep
from avbc.orchestrator.engine.batches import id_lists
from avbc.orchestrator.engine.identities import Identity
from avbc.text import did_you_mean, quoted

_A_PAGE = 250

Key = tuple[int, int]
"""The ids of a product and of one of its variants; 0 for the product itself."""


def keep_faults(keep: Sequence[str], fields: Sequence[FieldRule[BooksProduct]]) -> Iterator[Fault]:
    """The names in `products.keep_store_fields` that no push can leave alone."""
    sent = [rule.name for rule in fields if rule.name != "sku"]
    for index, name in enumerate(keep):
        if not is_field_to_keep(name):
            reason = (
                "the SKU is sent each time, since products are found by it"
                if name == "sku"
                else f"the store's products have no field {quoted(name)} that a push fills"
            )
            yield Fault(
                f"products.keep_store_fields[{index}]",
                f"{reason}. {did_you_mean(name, sent)}".strip() + f" It sends {', '.join(sent)}.",
            )


def field_names(fields: Collection[FieldRule[BooksProduct]]) -> list[str]:
    """The fields of an update that the store's products show."""
    known = attrs.fields_dict(Product)
    return ["sku", *(rule.name for rule in fields if rule.name in known and rule.name != "sku")]


def read_details(
    store: BigCommerce,
    identities: Collection[Identity],
    fields: Collection[FieldRule[BooksProduct]],
) -> dict[Key, Product | Variant]:
    """Read the details of products and variants: one request for each 250, and each page.

    Raises:
        StoreError: The store could not be read.
    """
    names = field_names(fields)
    own = [*(name for name in names if name in VARIANT_FIELDS), "product_id", "calculated_price"]
    products = {each.product_id for each in identities if not each.variant_id}
    parents = {each.product_id for each in identities if each.variant_id}
    product_calls = [
        store.products.list.call(id_in=ids, include_fields=names)
        for ids in id_lists(sorted(products), _A_PAGE)
    ]
    variant_calls = [
        store.variants.list.call(product_id_in=ids, include_fields=own)
        for ids in id_lists(sorted(parents), _A_PAGE)
    ]
    found: dict[Key, Product | Variant] = {}
    for product in chain.from_iterable(store.map(product_calls)):
        found[product.id, 0] = product
    for variant in chain.from_iterable(store.map(variant_calls)):
        found[variant.product_id, variant.id] = variant
    return found
