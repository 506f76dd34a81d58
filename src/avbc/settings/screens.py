"""The four screens of the manual as classes, with the keys of the settings file as attributes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

import attrs

from avbc.secret import Secret
from avbc.shown import Shown
from avbc.text import text_key

T = TypeVar("T")

StoreStatus: TypeAlias = str | int
"""A BigCommerce order status as the user wrote it: its name, custom label or id."""

Updates: TypeAlias = Literal["push", "pull", "off"]
EditedOrders: TypeAlias = Literal["update", "refuse"]
ImportWhen: TypeAlias = Literal["always", "authorized", "paid", "never"]
UnsupportedCoupons: TypeAlias = Literal["refuse", "amount"]
FormFieldTarget: TypeAlias = Literal["po_number", "memo"]


_WRITTEN_TOGETHER = frozenset(
    {
        "amazonpay",
        "applepay",
        "bankdeposit",
        "cashondelivery",
        "creditcard",
        "giftcard",
        "giftcertificate",
        "googlepay",
        "moneyorder",
        "payinstore",
        "paypal",
        "purchaseorder",
        "storecredit",
    }
)
"""Names that the manual, BigCommerce and people write with spaces or without: `StoreCredit`."""


@lru_cache(maxsize=1024)  # asked for every order, about few names
def payment_method_key(name: str) -> str:
    """The key by which payment methods and Receipt Types compare: that of `text_key`.

    Well-known names compare without spaces too (manual, BigCommerce - Store Credits & Gift Cards).

    >>> payment_method_key("Store credit") == payment_method_key("StoreCredit ")
    True
    """
    key = text_key(name)
    together = key.replace(" ", "")
    return together if together in _WRITTEN_TOGETHER else key


def _trimmed(text: str) -> str:
    return text.strip()


def _trimmed_status(status: StoreStatus) -> StoreStatus:
    return status.strip() if isinstance(status, str) else status


def _secret(value: str | Secret | None) -> Secret | None:
    # A token passed as plain text would show in the repr.
    return (Secret(value.strip()) if isinstance(value, str) else value) or None


def _instant(value: date | datetime | None) -> date | datetime | None:
    # A date stays one: when it begins, the store's time zone says.
    if not isinstance(value, datetime):
        return value
    try:
        return value if value.utcoffset() is None else value.astimezone(UTC)
    except OverflowError:  # the rules refuse what is not UTC
        return value


def _rows(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(values)


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.strip() for value in values)


@attrs.frozen(kw_only=True)
class StoreSetup(Shown):
    """The Store Setup tab (manual 1.3): which store, and with what credentials."""

    description: str = attrs.field(default="", converter=_trimmed)
    """The user's own name for the store."""
    api_url: str = attrs.field(converter=_trimmed)
    """The API path that BigCommerce showed: `https://api.bigcommerce.com/stores/{hash}/v3/`."""
    client_id: str = attrs.field(default="", converter=_trimmed)
    client_secret: Secret | None = attrs.field(default=None, converter=_secret)
    access_token: Secret | None = attrs.field(default=None, converter=_secret)
    """None where it is given later, or never: rules can be tried without a store."""
    license_key: Secret | None = attrs.field(default=None, converter=_secret)
    """The AV BigCommerce License Key, from AcctVantage Support."""
    credentials_file: Path | None = None
    """The text file that BigCommerce downloaded, from which this screen is completed."""
    enabled: bool = True
    """The Enable box: unticked, nothing runs for this store."""
    journal_keep_days: int = 400
    """Days after which the timer removes records that no order needs from the journal.

    Beyond the manual.
    """


@attrs.frozen(kw_only=True)
class StatusMapping(Shown):
    """A row of the Order Status Mapping (manual 2.1.7)."""

    acctvantage: str = attrs.field(converter=_trimmed)
    bigcommerce: StoreStatus = attrs.field(converter=_trimmed_status)
    may_move_backwards: bool = False
    """An order may be moved by this row to an earlier status than it has."""


@attrs.frozen(kw_only=True)
class FormFieldMapping(Shown):
    """A checkout form field, and where its value goes. Beyond the manual."""

    bigcommerce: str = attrs.field(converter=_trimmed)
    """The form field's name. `*` stands for any text, and the first row that fits counts."""
    acctvantage: FormFieldTarget
    """`po_number`: the sales order's PO number. `memo`: its memo, as `Label: value`."""


@attrs.frozen(kw_only=True)
class OrderStatusSettings(Shown):
    """The Order Status section (manual 2.1): what is imported and when, and how statuses follow."""

    import_source_code: str = attrs.field(converter=_trimmed)
    """Three ASCII letters or digits in front of every Import ID of this store (manual 2.1.1)."""
    check_interval_minutes: int = 5
    """Whole minutes between two looks for new orders (manual 2.1.2)."""
    new_order_status: StoreStatus = attrs.field(converter=_trimmed_status)
    """Orders with this status are imported (manual 2.1.3)."""
    match_clients_by_email: bool = False
    """Allow Client match by Email, for new customers and guests (manual 2.1.3)."""
    downloaded_order_status: StoreStatus = attrs.field(converter=_trimmed_status)
    """Set once the order is in AcctVantage (manual 2.1.4)."""
    import_error_status: StoreStatus = attrs.field(converter=_trimmed_status)
    """Set where the order itself cannot be imported (manual 2.1.5)."""
    updates: Updates = "off"
    """Push AcctVantage's statuses to the store, pull the store's, or neither (manual 2.1.6)."""
    mapping: tuple[StatusMapping, ...] = attrs.field(default=(), converter=_rows)
    """Order Status Mapping (manual 2.1.7): pushed left to right, pulled right to left."""
    import_orders_created_since: date | datetime | None = attrs.field(
        default=None, converter=_instant
    )
    """Orders created before this instant, or day of the store, are never imported.

    Beyond the manual.
    """
    new_sales_order_status: str = attrs.field(default="Open", converter=_trimmed)
    """The AcctVantage status of an imported order. Beyond the manual."""
    edited_orders: EditedOrders = "update"
    """What happens to an imported order that was edited and reset to New. Beyond the manual.

    `update`: it is updated while it is Open with nothing posted. `refuse`: it never is.
    """
    staff_notes_on_errors: bool = True
    """Say in the order's staff notes why it was not imported. Beyond the manual."""
    import_error_when_acctvantage_refuses: bool = False
    """Set the Import Error Status of orders that AcctVantage refuses. Beyond the manual.

    Only with books that AcctVantage picks orders up from.
    """
    channels: tuple[int, ...] = attrs.field(default=(), converter=_rows)
    """The ids of the channels whose orders are imported; empty: all. Beyond the manual."""
    form_fields: tuple[FormFieldMapping, ...] = attrs.field(default=(), converter=_rows)
    """Where the values of checkout form fields go; others go to the memo. Beyond the manual."""
    waiting_days: int = 7
    """Days after which an order that `import_when` holds back is on the worklist.

    Beyond the manual.
    """


@attrs.frozen(kw_only=True)
class PaymentMethodMapping(Shown):
    """A row of the Payment Methods Mapping (manual 2.2.3): methods may share a receipt type."""

    bigcommerce: str = attrs.field(converter=_trimmed)
    receipt_type: str = attrs.field(converter=_trimmed)
    """An AcctVantage Receipt Type, or `Purchase Order` for clients on open A/R."""
    authorization_days: int = 7
    """Days for which an authorization by this method can be captured. Beyond the manual."""
    import_when: ImportWhen = "always"
    """What must have become of the payment before the order is imported. Beyond the manual."""
    offline: bool | None = None
    """Paid outside of any gateway, so there are no transactions to read. Beyond the manual.

    None: the method's name decides (`avbc.mapping.offline.OFFLINE`).
    """
    payment_method_id: str = attrs.field(default="", converter=_trimmed)
    """BigCommerce's id of the method, whose name may be translated. Beyond the manual."""


@attrs.frozen(kw_only=True)
class GlSettings(Shown):
    """The GL section (manual 2.2): discounts, tax and receipts."""

    default_discount_gl_code: str = attrs.field(default="", converter=_trimmed)
    """Required once a coupon comes in (manual 2.2.1)."""
    tax_area: str = attrs.field(converter=_trimmed)
    """The Tax Area of the store's sales tax; not the one of AvaTax (manual 2.2.2)."""
    payment_methods: tuple[PaymentMethodMapping, ...] = attrs.field(default=(), converter=_rows)
    """Payment Methods Mapping (manual 2.2.3)."""
    credit_card_transactions_are_preauthorizations: bool = False
    """The store only authorizes; AcctVantage captures (manual 2.2.4)."""
    gift_certificate_gl_code: str = attrs.field(default="", converter=_trimmed)
    """The liability account of gift certificates sold. Beyond the manual."""
    import_refunds: bool = False
    """Refunds made in the store come back as credits on the imported orders. Beyond the manual."""
    import_test_transactions: bool = False
    """Import orders whose payment is a test, for a rehearsal. Beyond the manual."""
    purchase_orders_from_new_clients: bool = False
    """Take a Purchase Order from a buyer who is no client of AcctVantage yet. Beyond the manual."""
    unsupported_coupons: UnsupportedCoupons = "refuse"
    """What becomes of an order with a coupon of a kind that AcctVantage does not support.

    `refuse`: it is refused. `amount`: the discount is booked by its amount. Beyond the manual.
    """


@attrs.frozen(kw_only=True)
class ShippingMethodMapping(Shown):
    """A shipping method of the store, and its Ship Via. Beyond the manual."""

    bigcommerce: str = attrs.field(converter=_trimmed)
    """The method's name. `*` stands for any text, and the first row that fits counts."""
    ship_via: str = attrs.field(converter=_trimmed)
    """An AcctVantage Ship Via."""


@attrs.frozen(kw_only=True)
class ShippingSettings(Shown):
    """The Shipping section (manual 2.3): warehouse, product and inventory sync, ship vias."""

    warehouse: str = attrs.field(converter=_trimmed)
    """Fulfils the imported orders, and its Qty Available is what the store shows (manual 2.3.1)."""
    sync_product_details: bool = False
    """(manual 2.3.1)"""
    sync_inventory_levels: bool = False
    """(manual 2.3.1)"""
    bigcommerce_location: str = attrs.field(default="", converter=_trimmed)
    """The store's location for the quantities, by code; empty: the default. Beyond the manual."""
    default_ship_via: str = attrs.field(default="", converter=_trimmed)
    """For orders that name no shipping method (manual 2.3.2)."""
    auto_create_missing_shipping_methods: bool = False
    """Create a Ship Via where the store's method has none (manual 2.3.3)."""
    default_shipment_product_class: str = attrs.field(default="", converter=_trimmed)
    """The Product Class of the Ship Vias so created (manual 2.3.3)."""
    push_shipments: bool = False
    """Send shipments, which the store may email to customers. Beyond the manual."""
    push_shipments_since: date | datetime | None = attrs.field(default=None, converter=_instant)
    """Shipments dated or made before this instant, or day of the store, are never sent.

    Beyond the manual.
    """
    methods: tuple[ShippingMethodMapping, ...] = attrs.field(default=(), converter=_rows)
    """Ship Vias of the store's methods; they come before a Ship Via of the same name.

    Beyond the manual.
    """


@attrs.frozen(kw_only=True)
class ProductMapping(Shown):
    """A product of the store, and the part number under which the books have it.

    Give one or more of `product_id`, `variant_id`, `sku` and `name`; a line must fit all that are
    given. In `sku` and `name`, `*` stands for any text. The first row that fits counts.
    """

    product_id: int | None = None
    variant_id: int | None = None
    sku: str = attrs.field(default="", converter=_trimmed)
    name: str = attrs.field(default="", converter=_trimmed)
    part_number: str = attrs.field(converter=_trimmed)
    """A part number of AcctVantage."""


@attrs.frozen(kw_only=True)
class ProductSettings(Shown):
    """Which product of AcctVantage each product of the store is. Beyond the manual."""

    mapping: tuple[ProductMapping, ...] = attrs.field(default=(), converter=_rows)
    """Part numbers by product id, variant id, SKU or name; they come before the SKU itself."""
    placeholder_product: str = attrs.field(default="", converter=_trimmed)
    """The part number of lines for custom items; empty: such lines have none."""
    keep_store_fields: tuple[str, ...] = attrs.field(default=(), converter=_names)
    """Fields of the store's products that a product push leaves as they are."""


@attrs.frozen(kw_only=True)
class JournalTax(Shown):
    """A Tax Area, and the GL account of the tax collected for it. Beyond the manual."""

    tax_area: str = attrs.field(converter=_trimmed)
    gl_code: str = attrs.field(converter=_trimmed)


@attrs.frozen(kw_only=True)
class JournalClearing(Shown):
    """A Receipt Type, and the GL account that its receipts clear through. Beyond the manual."""

    receipt_type: str = attrs.field(converter=_trimmed)
    gl_code: str = attrs.field(converter=_trimmed)
    """For gift certificates and store credit, the account of what is owed to their holders."""


@attrs.frozen(kw_only=True)
class JournalSettings(Shown):
    """The GL accounts of the daily journal, for orders that are handed over by it.

    Beyond the manual. Gift certificates sold have `gl.gift_certificate_gl_code`.
    """

    receivable: str = attrs.field(default="", converter=_trimmed)
    """Open A/R: what clients owe."""
    pending: str = attrs.field(default="", converter=_trimmed)
    """Money that a gateway holds: authorized, and not captured yet."""
    rounding: str = attrs.field(default="", converter=_trimmed)
    """What orders leave below a cent, and nothing else."""
    sales: str = attrs.field(default="", converter=_trimmed)
    """Sales of lines that have no GL code of their own."""
    freight: str = attrs.field(default="", converter=_trimmed)
    """Freight charged to clients."""
    returns: str = attrs.field(default="", converter=_trimmed)
    """What credits give back, freight and tax apart."""
    tax: tuple[JournalTax, ...] = attrs.field(default=(), converter=_rows)
    clearing: tuple[JournalClearing, ...] = attrs.field(default=(), converter=_rows)


Screens: TypeAlias = tuple[
    StoreSetup,
    OrderStatusSettings,
    GlSettings,
    ShippingSettings,
    ProductSettings,
    JournalSettings,
]
"""Every screen, in the order of the file."""
