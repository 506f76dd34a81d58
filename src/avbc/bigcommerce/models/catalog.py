"""Products and their variants."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from avbc.bigcommerce.models.base import Draft, Model, Required
from avbc.unset import UNSET, Unset


@attrs.define(kw_only=True)
class OptionValue(Model):
    """What makes a variant differ from its siblings: the red of the colour."""

    id: int = 0
    option_id: int = 0
    option_display_name: str = ""
    label: str = ""


@attrs.define(kw_only=True)
class Variant(Model):
    """A variant of a product. A simple product has one, the base variant, with the product's SKU.

    An amount of None is the product's own.
    """

    id: Required[int] = 0
    product_id: int = 0
    sku: str = ""
    """Unique among products and variants, whatever its case."""
    sku_id: int | None = None
    price: Decimal | None = None
    cost_price: Decimal | None = None
    sale_price: Decimal | None = None
    retail_price: Decimal | None = None
    map_price: Decimal | None = None
    calculated_price: Decimal | None = None
    weight: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    depth: Decimal | None = None
    is_free_shipping: bool = False
    fixed_cost_shipping_price: Decimal | None = None
    purchasing_disabled: bool = False
    purchasing_disabled_message: str = ""
    upc: str = ""
    mpn: str = ""
    gtin: str = ""
    bin_picking_number: str = ""
    inventory_level: int | None = None
    """Of the default location only."""
    inventory_warning_level: int | None = None
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
class Product(Model):
    """A product.

    A list that asked for some fields only (`include_fields`) leaves the others at their defaults:
    `raw` shows what came.
    """

    id: Required[int] = 0
    name: str = ""
    type: str = ""
    """`physical` or `digital`."""
    sku: str = ""
    """Unique among products and variants, regardless of case; empty if only variants have SKUs."""
    description: str = ""
    """HTML."""
    weight: Decimal | None = None
    """In the store's `weight_units`."""
    width: Decimal | None = None
    """In the store's `dimension_units`."""
    depth: Decimal | None = None
    height: Decimal | None = None
    price: Decimal | None = None
    """With or without tax, by the store's `is_price_entered_with_tax`."""
    cost_price: Decimal | None = None
    retail_price: Decimal | None = None
    sale_price: Decimal | None = None
    map_price: Decimal | None = None
    calculated_price: Decimal | None = None
    tax_class_id: int | None = None
    product_tax_code: str = ""
    categories: tuple[int, ...] = ()
    brand_id: int | None = None
    inventory_level: int | None = None
    """Of the default location only."""
    inventory_warning_level: int | None = None
    inventory_tracking: str = ""
    """`none`, `product` or `variant`: the level at which stock is kept and written."""
    fixed_cost_shipping_price: Decimal | None = None
    is_free_shipping: bool = False
    is_visible: bool = False
    is_featured: bool = False
    warranty: str = ""
    bin_picking_number: str = ""
    upc: str = ""
    mpn: str = ""
    gtin: str = ""
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
    """None when not asked for by `include`."""
    variants: tuple[Variant, ...] | None = None
    """None when not asked for by `include`."""
    channels: tuple[int, ...] | None = None
    """None when not asked for by `include`."""


@attrs.frozen(kw_only=True)
class OptionValueDraft(Draft):
    """What makes a new variant differ from its siblings."""

    option_display_name: str
    """The option: Colour. At most 255 characters."""
    label: str
    """Its value: red. At most 255 characters."""


@attrs.frozen(kw_only=True)
class VariantDraft(Draft):
    """A variant to update (`id`, changes) or to create with its product (`sku`, `option_values`).

    An amount of None gives the variant the product's own.
    """

    id: int | Unset = UNSET
    """For updates."""
    sku: str | Unset = UNSET
    """At most 255 characters; unique among products and variants, whatever its case."""
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
    """At most 14 characters."""
    mpn: str | Unset = UNSET
    gtin: str | Unset = UNSET
    """At most 14 characters."""
    bin_picking_number: str | Unset = UNSET
    inventory_level: int | Unset = UNSET
    inventory_warning_level: int | Unset = UNSET


@attrs.frozen(kw_only=True)
class CustomFieldDraft(Draft):
    """A field to add to a product, or to change where `id` is given."""

    id: int | Unset = UNSET
    name: str
    """1 to 250 characters."""
    value: str
    """1 to 250 characters."""


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
    """A product to create (`name`, `type`, `weight`, `price`) or to update (`id` and changes)."""

    id: int | Unset = UNSET
    """For updates."""
    name: str | Unset = UNSET
    """1 to 250 characters, unique."""
    type: str | Unset = UNSET
    """`physical` or `digital`."""
    sku: str | Unset = UNSET
    """At most 255 characters; unique among products and variants, whatever its case."""
    description: str | Unset = UNSET
    """HTML."""
    weight: Decimal | Unset = UNSET
    """In the store's `weight_units`."""
    width: Decimal | Unset = UNSET
    """In the store's `dimension_units`."""
    depth: Decimal | Unset = UNSET
    height: Decimal | Unset = UNSET
    price: Decimal | Unset = UNSET
    """With or without tax, by the store's `is_price_entered_with_tax`."""
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
    """`none`, `product` or `variant`."""
    fixed_cost_shipping_price: Decimal | Unset = UNSET
    is_free_shipping: bool | Unset = UNSET
    is_visible: bool | Unset = UNSET
    is_featured: bool | Unset = UNSET
    warranty: str | Unset = UNSET
    bin_picking_number: str | Unset = UNSET
    """At most 255 characters."""
    upc: str | Unset = UNSET
    """At most 14 characters."""
    mpn: str | Unset = UNSET
    gtin: str | Unset = UNSET
    """At most 14 characters."""
    search_keywords: str | Unset = UNSET
    availability: str | Unset = UNSET
    """`available`, `disabled` or `preorder`."""
    availability_description: str | Unset = UNSET
    sort_order: int | Unset = UNSET
    condition: str | Unset = UNSET
    """`New`, `Used` or `Refurbished`."""
    order_quantity_minimum: int | Unset = UNSET
    order_quantity_maximum: int | Unset = UNSET
    page_title: str | Unset = UNSET
    """At most 255 characters."""
    meta_description: str | Unset = UNSET
    custom_url: CustomUrlDraft | Unset = UNSET
    custom_fields: tuple[CustomFieldDraft, ...] | Unset = UNSET
    variants: tuple[VariantDraft, ...] | Unset = UNSET
    """For new products only; later `variants.update_many` writes them."""
