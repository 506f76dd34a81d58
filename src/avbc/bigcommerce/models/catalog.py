"""Products and their variants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from avbc.bigcommerce.models.base import Draft, Model, Required
from avbc.unset import UNSET, Unset


@attrs.define(kw_only=True)
class OptionValue(Model):
    """What makes a variant differ from its siblings: the red (`label`) of the color."""

    id: int = 0
    option_id: int = 0
    option_display_name: str = ""
    label: str = ""


@attrs.define(kw_only=True)
class CatalogItem(Model):
    """What products and variants have in common. A variant's amount of None is its product's."""

    id: Required[int] = 0
    sku: str = ""
    """Unique among products and variants, regardless of case; empty if only variants have SKUs."""
    price: Decimal | None = None
    """With or without tax, by the store's `is_price_entered_with_tax`."""
    cost_price: Decimal | None = None
    sale_price: Decimal | None = None
    retail_price: Decimal | None = None
    map_price: Decimal | None = None
    calculated_price: Decimal | None = None
    weight: Decimal | None = None
    """In the store's `weight_units`; width, height and depth are in its `dimension_units`."""
    width: Decimal | None = None
    height: Decimal | None = None
    depth: Decimal | None = None
    is_free_shipping: bool = False
    fixed_cost_shipping_price: Decimal | None = None
    upc: str = ""
    mpn: str = ""
    gtin: str = ""
    bin_picking_number: str = ""
    inventory_level: int | None = None
    """Of the default location only."""
    inventory_warning_level: int | None = None


@attrs.define(kw_only=True)
class Variant(CatalogItem):
    """A variant of a product; a simple product has one, the base variant, with the same SKU."""

    product_id: int = 0
    sku_id: int | None = None
    purchasing_disabled: bool = False
    purchasing_disabled_message: str = ""
    option_values: tuple[OptionValue, ...] = ()
    """Empty for a base variant."""


@attrs.define(kw_only=True)
class CustomField(Model):
    """A field that the merchant added to a product."""

    id: int = 0
    name: str = ""
    value: str = ""


@attrs.define(kw_only=True)
class CustomUrl(Model):
    """Where the storefront shows a product."""

    url: str = ""
    is_customized: bool = False


@attrs.define(kw_only=True)
class Product(CatalogItem):
    """A product.

    A list that asked for some fields only (`include_fields`) leaves the others at their defaults:
    `raw` shows what came. `custom_fields`, `variants` and `channels` are None where they were not
    asked for by `include`.
    """

    name: str = ""
    type: str = ""
    """`physical` or `digital`."""
    description: str = ""
    """HTML."""
    tax_class_id: int | None = None
    product_tax_code: str = ""
    categories: tuple[int, ...] = ()
    brand_id: int | None = None
    inventory_tracking: str = ""
    """`none`, `product` or `variant`: the level at which stock is kept and written."""
    is_visible: bool = False
    is_featured: bool = False
    warranty: str = ""
    search_keywords: str = ""
    availability: str = ""
    """`available`, `disabled` or `preorder`."""
    availability_description: str = ""
    sort_order: int | None = None
    condition: str = ""
    """`New`, `Used` or `Refurbished`."""
    order_quantity_minimum: int | None = None
    order_quantity_maximum: int | None = None
    page_title: str = ""
    meta_description: str = ""
    base_variant_id: int | None = None
    """The one variant of a simple product; None where there are options."""
    date_created: datetime | None = None
    date_modified: datetime | None = None
    custom_url: CustomUrl | None = None
    custom_fields: tuple[CustomField, ...] | None = None
    variants: tuple[Variant, ...] | None = None
    channels: tuple[int, ...] | None = None


@attrs.frozen(kw_only=True)
class OptionValueDraft(Draft):
    """What makes a new variant differ from its siblings: the red (`label`) of the color.

    Both texts have at most 255 characters.
    """

    option_display_name: str
    label: str


@attrs.frozen(kw_only=True)
class VariantDraft(Draft):
    """A variant to update (`id`, changes) or to create with its product (`sku`, `option_values`).

    An amount of None gives the variant the product's own. `sku` has at most 255 characters, `upc`
    and `gtin` have at most 14.
    """

    id: int | Unset = UNSET
    sku: str | Unset = UNSET
    option_values: tuple[OptionValueDraft, ...] | Unset = UNSET
    """For new variants only."""
    price: Decimal | Unset | None = UNSET
    cost_price: Decimal | Unset | None = UNSET
    sale_price: Decimal | Unset | None = UNSET
    retail_price: Decimal | Unset | None = UNSET
    weight: Decimal | Unset | None = UNSET
    width: Decimal | Unset | None = UNSET
    height: Decimal | Unset | None = UNSET
    depth: Decimal | Unset | None = UNSET
    is_free_shipping: bool | Unset = UNSET
    fixed_cost_shipping_price: Decimal | Unset | None = UNSET
    purchasing_disabled: bool | Unset = UNSET
    purchasing_disabled_message: str | Unset = UNSET
    upc: str | Unset = UNSET
    mpn: str | Unset = UNSET
    gtin: str | Unset = UNSET
    bin_picking_number: str | Unset = UNSET
    inventory_level: int | Unset = UNSET
    inventory_warning_level: int | Unset = UNSET


@attrs.frozen(kw_only=True)
class CustomFieldDraft(Draft):
    """A field to add to a product, or to change where `id` is given.

    `name` and `value` have 1 to 250 characters.
    """

    id: int | Unset = UNSET
    name: str
    value: str


@attrs.frozen(kw_only=True)
class CustomUrlDraft(Draft):
    """Where the storefront is to show a product."""

    url: str
    """At most 255 Latin characters, as in `/blue-mug/`."""
    is_customized: bool | Unset = UNSET
    create_redirect: bool | Unset = UNSET
    """Whether the old URL leads to the new one."""


@attrs.frozen(kw_only=True)
class ProductDraft(Draft):
    """A product to create (`name`, `type`, `weight`, `price`) or to update (`id` and changes).

    Fields mean what they mean in `Product`. A `name` is unique and has 1 to 250 characters; `sku`,
    `bin_picking_number` and `page_title` have at most 255, `upc` and `gtin` at most 14.
    """

    id: int | Unset = UNSET
    name: str | Unset = UNSET
    type: str | Unset = UNSET
    sku: str | Unset = UNSET
    description: str | Unset = UNSET
    weight: Decimal | Unset = UNSET
    width: Decimal | Unset = UNSET
    depth: Decimal | Unset = UNSET
    height: Decimal | Unset = UNSET
    price: Decimal | Unset = UNSET
    cost_price: Decimal | Unset = UNSET
    retail_price: Decimal | Unset = UNSET
    sale_price: Decimal | Unset = UNSET
    map_price: Decimal | Unset = UNSET
    tax_class_id: int | Unset = UNSET
    product_tax_code: str | Unset = UNSET
    categories: tuple[int, ...] | Unset = UNSET
    """All of them: the list replaces the store's."""
    brand_id: int | Unset = UNSET
    brand_name: str | Unset = UNSET
    """Made when there is no such brand."""
    inventory_level: int | Unset = UNSET
    """Of the default location; `inventory.adjust_absolute` is made for levels."""
    inventory_warning_level: int | Unset = UNSET
    inventory_tracking: str | Unset = UNSET
    fixed_cost_shipping_price: Decimal | Unset = UNSET
    is_free_shipping: bool | Unset = UNSET
    is_visible: bool | Unset = UNSET
    is_featured: bool | Unset = UNSET
    warranty: str | Unset = UNSET
    bin_picking_number: str | Unset = UNSET
    upc: str | Unset = UNSET
    mpn: str | Unset = UNSET
    gtin: str | Unset = UNSET
    search_keywords: str | Unset = UNSET
    availability: str | Unset = UNSET
    availability_description: str | Unset = UNSET
    sort_order: int | Unset = UNSET
    condition: str | Unset = UNSET
    order_quantity_minimum: int | Unset = UNSET
    order_quantity_maximum: int | Unset = UNSET
    page_title: str | Unset = UNSET
    meta_description: str | Unset = UNSET
    custom_url: CustomUrlDraft | Unset = UNSET
    custom_fields: tuple[CustomFieldDraft, ...] | Unset = UNSET
    variants: tuple[VariantDraft, ...] | Unset = UNSET
    """For new products only; later `variants.update_many` writes them."""
