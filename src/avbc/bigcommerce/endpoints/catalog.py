"""Products and their variants."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from avbc.bigcommerce.call import Call, ListCall, Paging, WriteResult, path_with
from avbc.bigcommerce.endpoints.parts import (
    check,
    object_call,
    paged_call,
    query,
    result_reader,
    same_id,
)
from avbc.bigcommerce.endpoints.scopes import PRODUCTS, PRODUCTS_MODIFY
from avbc.bigcommerce.models.catalog import Product, ProductDraft, Variant, VariantDraft
from avbc.unset import UNSET

PRODUCTS_AT_ONCE = 10
"""How many products one request may update."""
VARIANTS_AT_ONCE = 50
"""How many variants one request may update."""

ProductInclude: TypeAlias = Literal[
    "bulk_pricing_rules",
    "channels",
    "custom_fields",
    "images",
    "modifiers",
    "options",
    "parent_relations",
    "primary_image",
    "reviews",
    "variants",
    "videos",
]
"""What a list of products can include. What `Product` does not declare is in its `extra`."""

_VARIANTS_OF_A_PRODUCT = 600
_PATH = "/v3/catalog/products"
_VARIANTS_PATH = "/v3/catalog/variants"


def list_products(
    *,
    id: int | None = None,  # noqa: A002 - BigCommerce's own word
    id_in: Collection[int] | None = None,
    id_not_in: Collection[int] | None = None,
    id_min: int | None = None,
    id_max: int | None = None,
    sku: str | None = None,
    sku_in: Collection[str] | None = None,
    name: str | None = None,
    keyword: str | None = None,
    upc: str | None = None,
    mpn: str | None = None,
    price: Decimal | None = None,
    brand_id: int | None = None,
    categories_in: Collection[int] | None = None,
    channel_id_in: Collection[int] | None = None,
    date_modified_min: datetime | None = None,
    date_modified_max: datetime | None = None,
    inventory_level: int | None = None,
    inventory_level_in: Collection[int] | None = None,
    inventory_level_not_in: Collection[int] | None = None,
    inventory_level_min: int | None = None,
    inventory_level_max: int | None = None,
    is_visible: bool | None = None,
    availability: Literal["available", "disabled", "preorder"] | None = None,
    type: Literal["physical", "digital"] | None = None,  # noqa: A002 - BigCommerce's own word
    sort: str | None = None,
    direction: Literal["asc", "desc"] | None = None,
    include: Collection[ProductInclude] = (),
    include_fields: Collection[str] = (),
    exclude_fields: Collection[str] = (),
    limit: int | None = None,
) -> ListCall[Product]:
    """List products, 250 a page; 10 where `include` asks for options or modifiers.

    Args:
        id: With this id.
        id_in: With these ids.
        id_not_in: Without these ids.
        id_min: With this id or above.
        id_max: With this id or below.
        sku: With this SKU of a product, not of a variant.
        sku_in: With these SKUs of products, in any case. An unknown one is missing in the answer
            without a word.
        name: With this name.
        keyword: With this text in name, description, SKU or brand.
        upc: With this UPC.
        mpn: With this manufacturer's part number.
        price: At this price.
        brand_id: Of this brand.
        categories_in: In all of these categories.
        channel_id_in: In these channels.
        date_modified_min: Modified then or later; needs a time zone.
        date_modified_max: Modified then or earlier.
        inventory_level: With this quantity.
        inventory_level_in: With one of these quantities.
        inventory_level_not_in: With none of these quantities.
        inventory_level_min: With this quantity or more.
        inventory_level_max: With this quantity or less.
        is_visible: Shown on the storefront, or not.
        availability: Of this availability.
        type: Of this type.
        sort: `id`, `name`, `sku`, `price`, `date_modified`, `inventory_level`, ...
        direction: Ascending or descending.
        include: What comes with each product.
        include_fields: The only fields to come with the id; the others are at their defaults.
        exclude_fields: Fields that do not come.
        limit: At most so many products, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma; or a time has no time
            zone.

    Scope: Products: read-only.

    >>> list_products(sku_in=["MUG-1", "MUG-2"], include_fields=["sku"]).params
    {'sku:in': 'MUG-1,MUG-2', 'include_fields': 'sku'}
    """
    page_size = 10 if {"options", "modifiers"} & set(include) else 250
    return paged_call(
        _PATH,
        Product,
        PRODUCTS,
        {
            "id": id,
            "id:in": id_in,
            "id:not_in": id_not_in,
            "id:min": id_min,
            "id:max": id_max,
            "sku": sku,
            "sku:in": sku_in,
            "name": name,
            "keyword": keyword,
            "upc": upc,
            "mpn": mpn,
            "price": price,
            "brand_id": brand_id,
            "categories:in": categories_in,
            "channel_id:in": channel_id_in,
            "date_modified:min": date_modified_min,
            "date_modified:max": date_modified_max,
            "inventory_level": inventory_level,
            "inventory_level:in": inventory_level_in,
            "inventory_level:not_in": inventory_level_not_in,
            "inventory_level:min": inventory_level_min,
            "inventory_level:max": inventory_level_max,
            "is_visible": is_visible,
            "availability": availability,
            "type": type,
            "sort": sort,
            "direction": direction,
            "include": include or None,
            "include_fields": include_fields or None,
            "exclude_fields": exclude_fields or None,
        },
        Paging.V3,
        limit=page_size,
    ).first(limit)


def get_product(
    product_id: int,
    *,
    include: Collection[ProductInclude] = (),
    include_fields: Collection[str] = (),
    exclude_fields: Collection[str] = (),
) -> Call[Product]:
    """Read one product.

    Args:
        product_id: The product's id.
        include: What comes with it.
        include_fields: The only fields to come with the id.
        exclude_fields: Fields that do not come.

    Scope: Products: read-only.
    """
    return object_call(
        path_with(f"{_PATH}/{{}}", product_id),
        Product,
        PRODUCTS,
        {
            "include": include or None,
            "include_fields": include_fields or None,
            "exclude_fields": exclude_fields or None,
        },
    )


def create_product(product: ProductDraft) -> Call[WriteResult[Product]]:
    """Create one product, with its variants where it has some. `saved[0]` is the new product.

    It is never sent twice by itself: after a failure in which an answer was lost, look for its SKU
    first. A name or SKU that another product has is a `Conflict`.

    Args:
        product: What to create.

    Raises:
        ValueError: `name`, `type`, `weight` or `price` is not given, or an id is.

    Scope: Products: modify.

    >>> mug = ProductDraft(name="Mug", type="physical", weight=Decimal("0.4"), price=Decimal(9))
    >>> create_product(mug).name
    'POST /v3/catalog/products'
    """
    check(
        "products",
        [product],
        1,
        needs=("name", "type", "weight", "price"),
        without={"id": "a new product has none yet"},
    )
    if product.variants is not UNSET and product.variants:
        check(
            "variants",
            product.variants,
            _VARIANTS_OF_A_PRODUCT,
            needs=("sku",),
            without={"id": "a new variant has none yet"},
        )
    return Call(
        "POST",
        _PATH,
        result_reader("products", Product, [product], same_id),
        body=product.body(),
        scope=PRODUCTS_MODIFY,
        repeatable=False,
        reads_207=True,
    )


def update_products(
    products: Sequence[ProductDraft], *, include_fields: Collection[str] = ()
) -> Call[WriteResult[Product]]:
    """Update up to 10 products. Fields that a draft leaves out stay as they are.

    Lists, such as `categories`, are replaced as a whole.

    Where only a part of a product failed (its inventory, its URL), `failures` says so; the rest of
    it is saved. If BigCommerce does not say which product a failure belongs to, its `row` is
    None: update them one by one.

    Args:
        products: What changes, each with its id.
        include_fields: The only fields to come back with the id.

    Raises:
        ValueError: There are none or too many, an id is missing, or variants are given.

    Scope: Products: modify.

    >>> update_products([ProductDraft(id=7, price=Decimal("8.95"))]).body
    [{'id': 7, 'price': Decimal('8.95')}]
    """
    check(
        "products",
        products,
        PRODUCTS_AT_ONCE,
        needs=("id",),
        without={"variants": "variants.update_many writes them"},
    )
    return Call(
        "PUT",
        _PATH,
        result_reader("products", Product, products, same_id),
        params=query({"include_fields": include_fields or None}),
        body=[product.body() for product in products],
        scope=PRODUCTS_MODIFY,
        reads_207=True,
    )


def list_variants(
    *,
    id: int | None = None,  # noqa: A002 - BigCommerce's own word
    sku: str | None = None,
    upc: str | None = None,
    product_id_in: Collection[int] | None = None,
    include_fields: Collection[str] = (),
    exclude_fields: Collection[str] = (),
    limit: int | None = None,
) -> ListCall[Variant]:
    """List the variants of all products, base variants among them.

    There is no filter by several SKUs: `inventory.items(sku_in=...)` finds the ids of many at once.

    Args:
        id: With this id.
        sku: With this SKU.
        upc: With this UPC.
        product_id_in: Of these products.
        include_fields: The only fields to come with the id.
        exclude_fields: Fields that do not come.
        limit: At most so many variants, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma.

    Scope: Products: read-only.
    """
    return paged_call(
        _VARIANTS_PATH,
        Variant,
        PRODUCTS,
        {
            "id": id,
            "sku": sku,
            "upc": upc,
            "product_id:in": product_id_in,
            "include_fields": include_fields or None,
            "exclude_fields": exclude_fields or None,
        },
        Paging.V3,
    ).first(limit)


def update_variants(variants: Sequence[VariantDraft]) -> Call[WriteResult[Variant]]:
    """Update up to 50 variants, of any products. What a draft does not give stays as it is.

    A refusal (422) holds what BigCommerce says of single variants in the error's `rows`.

    Args:
        variants: What changes, each with its id.

    Raises:
        ValueError: There are none or too many, an id is missing, or option values are given.

    Scope: Products: modify.
    """
    check(
        "variants",
        variants,
        VARIANTS_AT_ONCE,
        needs=("id",),
        without={"option_values": "a variant keeps its options"},
    )
    return Call(
        "PUT",
        _VARIANTS_PATH,
        result_reader("variants", Variant, variants, same_id),
        body=[variant.body() for variant in variants],
        scope=PRODUCTS_MODIFY,
        reads_207=True,
    )
