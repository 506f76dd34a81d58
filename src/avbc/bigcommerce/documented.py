"""Fields that BigCommerce documents and no model declares, and the search for unknown ones.

A new field of BigCommerce breaks nothing: it is in its model's `extra`. It may still say that
something changes, so a run reports each field that neither a model nor this list names.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import TypeAlias, cast, get_args, get_origin, get_type_hints

import attrs

from avbc.bigcommerce import models
from avbc.bigcommerce.call import WriteResult
from avbc.bigcommerce.models.base import Model, json_key
from avbc.bigcommerce.models.catalog import CatalogItem
from avbc.bigcommerce.models.store import Timezone

_MOST = 50
"""How many unknown fields are collected: a store whose keys are data has any number of them."""
_LONGEST = 60

# By model: what its fields are called in a report, and the documented names that it does not
# declare. A model has the names of the models that it is derived from, too. The OpenAPI files lack
# credit_card_type, customer, fulfillment_source and a status's order (live bodies), the fields of
# backorders (BigCommerce's own theme and portal), is_default of locations (a filter there), and
# slips of examples (cost_exc_tax, currency_code").
NAMES: MappingProxyType[type[Model], tuple[str, str]] = MappingProxyType(
    {
        # Orders
        models.Order: (
            "orders",
            """
                base_handling_cost base_shipping_cost base_wrapping_cost currency_exchange_rate
                currency_id default_currency_id ebay_order_id
                external_merchant_id external_source geoip_country geoip_country_iso2
                handling_cost_tax_class_id ip_address ip_address_v6 is_email_opt_in order_source
                shipping_addresses shipping_cost_tax_class_id tax_provider_id
                wrapping_cost_tax_class_id credit_card_type customer currency_code"
            """,
        ),
        models.Address: ("orders.billing_address", ""),
        models.FormField: ("orders.form_fields", ""),
        models.ShippingAddress: (
            "orders.shipping_addresses",
            """
                base_cost base_handling_cost cost_tax_class_id handling_cost_tax_class_id
                shipping_quotes
            """,
        ),
        models.Consignments: ("orders.consignments", "resource url"),
        models.ShippingConsignment: ("orders.consignments.shipping", ""),
        models.PickupConsignment: (
            "orders.consignments.pickups",
            "collection_instructions collection_time_description",
        ),
        models.PickupLocation: ("orders.consignments.pickups.location", ""),
        models.EmailConsignments: ("orders.consignments.email", ""),
        models.EmailedConsignment: ("orders.consignments.downloads", ""),
        models.OrderProduct: (
            "orders.products",
            """
                base_cost_price base_price base_total base_wrapping_cost bin_picking_number
                brand cost_price_ex_tax cost_price_inc_tax cost_price_tax depth ebay_item_id
                ebay_transaction_id external_id height is_refunded name_customer name_merchant
                option_set_id refund_amount resource return_id upc url weight width wrapping_id
                fulfillment_source
            """,
        ),
        models.AppliedDiscount: ("orders.products.applied_discounts", ""),
        models.ProductOption: (
            "orders.products.product_options",
            """
                display_name_customer display_name_merchant display_style display_value_customer
                display_value_merchant name option_id order_product_id product_option_id
            """,
        ),
        models.ConfigurableField: ("orders.products.configurable_fields", ""),
        models.Fee: ("orders.fees", "base_cost cost_exc_tax resource tax_class_id url"),
        models.OrderCoupon: ("orders.coupons", "resource url"),
        models.OrderTax: ("orders.taxes", "class tax_rate_id"),
        models.OrderStatus: ("order_statuses", "order"),
        models.OrderCount: ("orders.count", ""),
        models.StatusCount: ("orders.count.statuses", "sort_order"),
        models.OrderShipment: ("orders.shipments", "billing_address shipping_address"),
        models.ShipmentItem: ("orders.shipments.items", ""),
        # Payments
        models.Transaction: (
            "orders.transactions",
            """
                avs_result custom_provider_field_result cvv_result payment_instrument_token
                provider_customer_id provider_instrument_token
            """,
        ),
        models.CreditCard: (
            "orders.transactions.credit_card",
            "card_expiry_month card_expiry_year card_iin card_last4",
        ),
        models.GiftCertificate: ("orders.transactions.gift_certificate", ""),
        models.StoreCredit: ("orders.transactions.store_credit", ""),
        models.OfflinePayment: ("orders.transactions.offline", ""),
        models.CustomPayment: ("orders.transactions.custom", ""),
        models.Refund: ("orders.refunds", "user_id"),
        models.RefundItem: ("orders.refunds.items", ""),
        models.RefundAdjustment: ("orders.refunds.items.adjustments", ""),
        models.RefundPayment: ("orders.refunds.payments", ""),
        models.PaymentMethod: ("payments.methods", ""),
        models.AcceptedPaymentMethod: (
            "payments.accepted_methods",
            "stored_instruments supported_instruments",
        ),
        # Customers
        models.Customer: (
            "customers",
            """
                accepts_product_review_abandoned_cart_emails attribute_count attributes
                authentication channel_ids form_fields origin_channel_id registration_ip_address
                store_credit_amounts segment_ids shopper_profile_id
            """,
        ),
        models.CustomerAddress: ("customers.addresses", "form_fields"),
        # Catalog
        CatalogItem: ("catalog", ""),
        models.Product: (
            "catalog.products",
            """
                brand_name bulk_pricing_rules date_last_imported gift_wrapping_options_list
                gift_wrapping_options_type images is_condition_shown is_preorder_only
                is_price_hidden layout_file meta_keywords modifiers open_graph_description
                open_graph_title open_graph_type open_graph_use_image
                open_graph_use_meta_description open_graph_use_product_name option_set_display
                option_set_id options parent_relations preorder_message preorder_release_date
                price_hidden_label primary_image related_products reviews reviews_count
                reviews_rating_sum total_sold videos view_count
            """,
        ),
        models.Variant: ("catalog.variants", "calculated_weight image_url"),
        models.OptionValue: ("catalog.variants.option_values", ""),
        models.CustomField: ("catalog.products.custom_fields", ""),
        models.CustomUrl: ("catalog.products.custom_url", "create_redirect"),
        # Inventory
        models.InventoryItem: ("inventory.items", ""),
        models.InventoryIdentity: ("inventory.items.identity", ""),
        models.ItemLocation: (
            "inventory.items.locations",
            """
                identity available_for_backorder available_on_hand backorder_message_id
                total_on_hand unlimited_backorder
            """,
        ),
        models.ItemSettings: ("inventory.items.locations.settings", ""),
        models.Location: (
            "inventory.locations",
            "address is_default operating_hours special_hours",
        ),
        models.InventorySettings: (
            "settings.inventory",
            """
                default_out_of_stock_message hide_in_product_filtering show_out_of_stock_message
                show_pre_order_stock_levels
            """,
        ),
        # The store
        models.StoreInformation: (
            "store",
            """
                account_uuid active_comparison_modules address control_panel_base_url
                currency_symbol currency_symbol_location decimal_separator default_site_id
                dimension_decimal_places dimension_decimal_token dimension_thousands_token
                favicon_url features first_name industry infrastructure_region last_name logo
                order_email phone plan_is_trial plan_level thousands_separator
            """,
        ),
        Timezone: ("store.timezone", "date_format dst_correction"),
        models.Currency: (
            "currencies",
            """
                auto_update country_iso2 decimal_token default_for_country_codes last_updated
                thousands_token token_location use_default_name
            """,
        ),
        models.TaxClass: ("tax_classes", "created_at updated_at"),
        models.Zone: ("shipping.zones", "free_shipping handling_fees locations"),
        models.ShippingMethod: ("shipping.zones.methods", "channel_ids handling_fees settings"),
        models.Hook: ("hooks", "headers"),
    }
)

_Shape: TypeAlias = "tuple[str, frozenset[str], tuple[str, ...], tuple[str, ...]]"
"""What a model is called, all names that its rows may have, its fields that hold one row each, and
those that hold several."""

_SHAPES: dict[type[Model], _Shape] = {}
_FOUND: ContextVar[set[str] | None] = ContextVar("avbc_unknown_fields", default=None)


@contextmanager
def collecting(found: set[str]) -> Generator[None]:
    """Add the unknown fields of all that is read in the meantime, in this context."""
    token = _FOUND.set(found)
    try:
        yield
    finally:
        _FOUND.reset(token)


def collect(rows: object) -> None:
    """Collect the unknown fields of rows that were read, where somebody asks for them."""
    found = _FOUND.get()
    if found is None or len(found) >= _MOST:
        return
    rows = cast("WriteResult[object]", rows).saved if isinstance(rows, WriteResult) else rows
    for row in cast("Iterable[object]", rows) if isinstance(rows, list | tuple) else [rows]:
        if isinstance(row, Model):
            _add(row, found)


def unknown_fields(row: Model) -> list[str]:
    """Return the fields of a row, and of the rows in it, that neither a model nor the list names.

    >>> from avbc.bigcommerce.models import Order, OrderProduct
    >>> line = OrderProduct(id=1, raw={"id": 1, "upc": "", "origin": "DE"})
    >>> unknown_fields(Order(id=7, products=(line,), raw={"id": 7, "mood": "good"}))
    ['orders.mood', 'orders.products.origin']
    """
    found: set[str] = set()
    _add(row, found)
    return sorted(found)


def known_fields(model: type[Model]) -> frozenset[str]:
    """Return the fields that rows of a model may have: those it declares, and the documented ones.

    >>> from avbc.bigcommerce.models import Transaction
    >>> {"event", "avs_result"} <= known_fields(Transaction)
    True
    """
    return (_SHAPES.get(model) or _shape(model))[1]


def _add(row: Model, found: set[str]) -> None:
    name, known, single, several = _SHAPES.get(type(row)) or _shape(type(row))
    if not known.issuperset(row.raw):
        for key in row.raw:
            if key not in known and len(found) < _MOST:
                found.add(f"{name}.{_shown(key)}")
    for field in single:
        if (value := getattr(row, field)) is not None:
            _add(value, found)
    for field in several:
        for each in getattr(row, field) or ():
            _add(each, found)


def _shown(key: str) -> str:
    """A name as it was sent, but neither long nor harmful in a terminal."""
    text = key if key.isprintable() else ascii(key)[1:-1]
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _shape(model: type[Model]) -> _Shape:
    known: set[str] = {json_key(field) for field in attrs.fields(model)}
    for kind in model.__mro__:
        if issubclass(kind, Model) and kind in NAMES:
            known |= set(NAMES[kind][1].split())
    hints = get_type_hints(model)
    inner = [field.name for field in attrs.fields(model) if _holds_rows(hints[field.name])]
    several = tuple(field for field in inner if _is_many(hints[field]))
    single = tuple(field for field in inner if field not in several)
    name = NAMES[model][0] if model in NAMES else model.__name__
    _SHAPES[model] = shape = name, frozenset(known), single, several
    return shape


def _holds_rows(kind: object) -> bool:
    if isinstance(kind, type) and issubclass(kind, Model):
        return True
    return any(_holds_rows(part) for part in get_args(kind))


def _is_many(kind: object) -> bool:
    return get_origin(kind) is tuple or any(map(_is_many, get_args(kind)))
