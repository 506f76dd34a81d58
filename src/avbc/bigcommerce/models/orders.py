"""Orders and what hangs on them: lines, consignments, coupons, taxes, fees, statuses, shipments.

All amounts are in the order's own currency, `Order.default_currency_code`, with up to four
decimals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain

import attrs

from avbc.bigcommerce.models.base import EPOCH, Draft, Model, Required
from avbc.bigcommerce.values import answer, warning
from avbc.money import ZERO
from avbc.unset import UNSET, Unset


@attrs.define(kw_only=True)
class FormField(Model):
    """A question of the merchant's at checkout, and what the shopper answered.

    BigCommerce keeps them on addresses. Names are the merchant's.
    """

    name: str = ""
    value: str = attrs.field(default="", metadata={"read": answer})
    """Text, also of several lines; a number is its digits."""


@attrs.define(kw_only=True)
class Address(Model):
    """A postal address of an order. The billing address also identifies a guest, by `email`."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street_1: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    """A full name ("Texas") or a code, as the order has it."""
    zip: str = ""
    country: str = ""
    country_iso2: str = ""
    phone: str = ""
    email: str = ""
    form_fields: tuple[FormField, ...] = ()


@attrs.define(kw_only=True)
class AppliedDiscount(Model):
    """One discount's share of one line."""

    id: str = ""
    """`manual-discount`, `total-coupon`, or a coupon's or promotion's id."""
    amount: Required[Decimal] = ZERO
    name: str = ""
    code: str | None = None
    """The coupon code; None where the discount is no coupon."""
    target: str = ""
    """`order` or `product`."""


@attrs.define(kw_only=True)
class ProductOption(Model):
    """A choice that the shopper made on a line: size, color, engraving."""

    id: int = 0
    display_name: str = ""
    display_value: str = ""
    value: str = ""
    type: str = ""


@attrs.define(kw_only=True)
class ConfigurableField(Model):
    """A field of a line in stores on the old catalogue."""

    name: str = ""
    value: str = ""


@attrs.define(kw_only=True)
class OrderProduct(Model):
    """A line of an order.

    `price_*` are per unit and `total_*` are unit price times quantity, both before any discount.
    """

    _first = ("id", "quantity", "sku", "name")

    id: Required[int] = 0
    """The order product id, which shipments and refunds refer to; not the product's id."""
    order_id: int = 0
    product_id: Required[int] = 0
    """0 for a custom item that is not in the catalogue."""
    variant_id: int = 0
    sku: str = ""
    name: str = ""
    type: str = "physical"
    """`physical`, `digital` or `giftcertificate`."""
    quantity: Required[int] = 1
    price_ex_tax: Required[Decimal] = ZERO
    price_inc_tax: Required[Decimal] = ZERO
    price_tax: Required[Decimal] = ZERO
    total_ex_tax: Required[Decimal] = ZERO
    total_inc_tax: Required[Decimal] = ZERO
    total_tax: Required[Decimal] = ZERO
    applied_discounts: tuple[AppliedDiscount, ...] = ()
    discounted_total_inc_tax: Decimal | None = None
    """What the shopper paid for the line, all discounts out; the store may leave it out."""
    order_address_id: int = 0
    """The shipping address (consignment) of the line; 0 for what is not shipped (inferred)."""
    order_pickup_method_id: int = 0
    wrapping_name: str = ""
    wrapping_message: str = ""
    wrapping_cost_ex_tax: Decimal = ZERO
    wrapping_cost_inc_tax: Decimal = ZERO
    wrapping_cost_tax: Decimal = ZERO
    fixed_shipping_cost: Decimal = ZERO
    product_options: tuple[ProductOption, ...] = ()
    configurable_fields: tuple[ConfigurableField, ...] = ()
    parent_order_product_id: int | None = None
    """The line of the bundle that this one is a component of."""
    is_bundled_product: bool = False
    quantity_shipped: int = 0
    quantity_refunded: int = 0
    gift_certificate_id: int | None = None
    event_name: str = ""
    event_date: str = ""

    @property
    def is_component(self) -> bool:
        """Whether the line is part of a bundle with a line of its own: count one (inferred).

        >>> OrderProduct(id=66, parent_order_product_id=65).is_component
        True
        """
        return bool(self.parent_order_product_id)

    @property
    def is_removed(self) -> bool:
        """Whether the line was taken off its order: quantity 0, and no money on it (inferred).

        The API cannot delete a line, and keeps it with quantity 0 (docs/facts.md,
        bigcommerce-orders).

        >>> OrderProduct(id=66, quantity=0, price_ex_tax=Decimal(5)).is_removed
        True
        >>> OrderProduct(id=66, quantity=0, total_ex_tax=Decimal(5)).is_removed
        False
        """
        return self.quantity == 0 and not any(
            (
                self.total_ex_tax,
                self.total_inc_tax,
                self.total_tax,
                self.discounted_total_inc_tax,
                self.wrapping_cost_ex_tax,
                self.wrapping_cost_inc_tax,
                self.wrapping_cost_tax,
                *(discount.amount for discount in self.applied_discounts),
            )
        )


@attrs.define(kw_only=True)
class ShippingAddress(Address):
    """Where a part of an order goes, by which method, at what cost."""

    id: Required[int] = 0
    order_id: int = 0
    items_total: int = 0
    items_shipped: int = 0
    shipping_method: str = ""
    cost_ex_tax: Required[Decimal] = ZERO
    cost_inc_tax: Required[Decimal] = ZERO
    cost_tax: Required[Decimal] = ZERO
    handling_cost_ex_tax: Decimal = ZERO
    handling_cost_inc_tax: Decimal = ZERO
    handling_cost_tax: Decimal = ZERO
    shipping_zone_id: int = 0
    shipping_zone_name: str = ""


# Why `warning` on each kind: BigCommerce cuts embedded lines at 50 per consignment and says so
# under the key "__warning__" (docs/facts.md, bigcommerce-orders).
_CUT = {"key": "__warning__", "read": warning}


@attrs.define(kw_only=True)
class ShippingConsignment(ShippingAddress):
    """A shipping address with its lines. Its `id` is the `order_address_id` of those lines."""

    line_items: tuple[OrderProduct, ...] = ()
    """Empty when the store sent links only."""
    warning: str = attrs.field(default="", metadata=_CUT)
    """Not empty when lines are missing: read them by `order_products.list`."""


@attrs.define(kw_only=True)
class PickupLocation(Model):
    """The place where a pickup waits."""

    id: int = 0
    name: str = ""
    code: str = ""
    address_line_1: str = ""
    address_line_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_alpha2: str = ""
    email: str = ""
    phone: str = ""


@attrs.define(kw_only=True)
class PickupConsignment(Model):
    """Lines that the customer collects."""

    id: int = 0
    pickup_method_id: int = 0
    pickup_method_display_name: str = ""
    location: PickupLocation = attrs.field(factory=PickupLocation)
    line_items: tuple[OrderProduct, ...] = ()
    warning: str = attrs.field(default="", metadata=_CUT)


@attrs.define(kw_only=True)
class EmailedConsignment(Model):
    """Lines that go to a mail address: downloads, or gift certificates."""

    recipient_email: str = ""
    line_items: tuple[OrderProduct, ...] = ()
    warning: str = attrs.field(default="", metadata=_CUT)


@attrs.define(kw_only=True)
class EmailConsignments(Model):
    """What an order sends by mail."""

    gift_certificates: tuple[EmailedConsignment, ...] = ()


@attrs.define(kw_only=True)
class Consignments(Model):
    """An order's lines by how they reach the customer."""

    shipping: tuple[ShippingConsignment, ...] = ()
    pickups: tuple[PickupConsignment, ...] = ()
    downloads: tuple[EmailedConsignment, ...] = ()
    email: EmailConsignments = attrs.field(factory=EmailConsignments)

    @classmethod
    def of(cls, addresses: Iterable[ShippingAddress]) -> Consignments:
        """Make the consignments of shipping addresses that were read apart; they have no lines.

        >>> Consignments.of([ShippingAddress(id=6, shipping_method="Flat Rate")]).shipping[0].id
        6
        """
        names = [field.name for field in attrs.fields(ShippingAddress)]
        return cls(
            shipping=tuple(
                ShippingConsignment(**{name: getattr(address, name) for name in names})
                for address in addresses
            )
        )

    def __iter__(self) -> Iterator[ShippingConsignment | PickupConsignment | EmailedConsignment]:
        """Every consignment: shipping, pickups, downloads, gift certificates."""
        yield from self.shipping
        yield from self.pickups
        yield from self.downloads
        yield from self.email.gift_certificates


@attrs.define(kw_only=True)
class Fee(Model):
    """A fee on an order. Fees are part of its subtotal (docs/facts.md, bigcommerce-money)."""

    id: Required[int] = 0
    type: str = "custom_fee"
    display_name_customer: str = ""
    display_name_merchant: str = ""
    source: str = ""
    cost_ex_tax: Required[Decimal] = ZERO
    cost_inc_tax: Required[Decimal] = ZERO
    cost_tax: Required[Decimal] = ZERO


@attrs.define(kw_only=True)
class OrderCoupon(Model):
    """A coupon that an order used, with its type and id. Lines have its code and share too."""

    id: int = 0
    coupon_id: int = 0
    order_id: int = 0
    code: Required[str] = ""
    amount: Decimal = ZERO
    """The coupon's face value: 5 means five units of money or five percent, by `type`."""
    type: Required[int] = 0
    """0 per item, 1 percentage, 2 per total, 3 shipping, 4 free shipping, 5 promotion."""
    discount: Required[Decimal] = ZERO
    """What it took off this order."""


@attrs.define(kw_only=True)
class OrderTax(Model):
    """A tax row of an order, for a consignment; or for a line, when read with details."""

    id: int = 0
    order_id: int = 0
    """0 where the store uses automatic tax."""
    order_address_id: int = 0
    order_pickup_method_id: int = 0
    sales_tax_id: str = ""
    tax_class_id: int | None = None
    name: str = ""
    rate: Decimal = ZERO
    """In percent: 8 means 8 %."""
    priority: int = 0
    priority_amount: Required[Decimal] = ZERO
    line_amount: Required[Decimal] = ZERO
    order_product_id: int | None = None
    line_item_type: str = ""
    """`item`, `shipping`, `handling` or `gift-wrapping`; with details only."""


@attrs.define(kw_only=True)
class Order(Model):
    """An order.

    Amounts are in `default_currency_code`. `total_tax` is `total_inc_tax` less `total_ex_tax`; how
    the rest adds up is in docs/facts.md, bigcommerce-money.

    >>> totals = {"total_ex_tax": Decimal("64.53"), "total_inc_tax": Decimal("69.84")}
    >>> order = Order(id=218, **totals, total_tax=Decimal("5.31"))
    >>> order.total_tax == order.total_inc_tax - order.total_ex_tax
    True
    """

    _first = ("id", "status", "total_inc_tax", "default_currency_code")

    id: Required[int] = 0
    customer_id: Required[int] = 0
    """0 for a guest."""
    date_created: Required[datetime] = EPOCH
    date_modified: Required[datetime] = EPOCH
    date_shipped: datetime | None = None
    status_id: Required[int] = 0
    status: str = ""
    custom_status: str = ""
    """The merchant's own label of the status."""

    subtotal_ex_tax: Required[Decimal] = ZERO
    """Lines and fees before any discount."""
    subtotal_inc_tax: Required[Decimal] = ZERO
    subtotal_tax: Required[Decimal] = ZERO
    """Tax on lines after discounts; with one it is not `subtotal_inc_tax - subtotal_ex_tax`."""
    shipping_cost_ex_tax: Required[Decimal] = ZERO
    shipping_cost_inc_tax: Required[Decimal] = ZERO
    shipping_cost_tax: Required[Decimal] = ZERO
    handling_cost_ex_tax: Required[Decimal] = ZERO
    handling_cost_inc_tax: Required[Decimal] = ZERO
    handling_cost_tax: Required[Decimal] = ZERO
    wrapping_cost_ex_tax: Required[Decimal] = ZERO
    wrapping_cost_inc_tax: Required[Decimal] = ZERO
    wrapping_cost_tax: Required[Decimal] = ZERO
    total_ex_tax: Required[Decimal] = ZERO
    total_inc_tax: Required[Decimal] = ZERO
    total_tax: Required[Decimal] = ZERO
    discount_amount: Required[Decimal] = ZERO
    """Manual and automatic discounts, positive."""
    coupon_discount: Required[Decimal] = ZERO
    """Coupon discounts, positive, apart from `discount_amount`."""
    store_credit_amount: Required[Decimal] = ZERO
    """Store credit redeemed: a tender."""
    gift_certificate_amount: Required[Decimal] = ZERO
    """Gift certificates redeemed: a tender."""
    refunded_amount: Decimal = ZERO
    """BigCommerce: always 0; refunds have their own endpoint."""

    is_tax_inclusive_pricing: bool = False
    items_total: Required[int] = 0
    """Sum of the lines' quantities, without components of bundles."""
    items_shipped: int = 0
    payment_method: str = ""
    """Display name: "Credit Card", "Cash on Delivery"."""
    payment_provider_id: str | None = None
    """The gateway's own reference of the payment."""
    payment_status: str = ""
    """Empty for offline payments; otherwise `authorized`, `captured`, `pending`, `declined`, ..."""
    currency_code: str = ""
    """The display currency. The amounts are in `default_currency_code`."""
    default_currency_code: Required[str] = "USD"
    store_default_currency_code: str = ""
    store_default_to_transactional_exchange_rate: Decimal | None = None
    staff_notes: str = ""
    customer_message: str = ""
    customer_locale: str = ""
    """The language in which the shopper used the store, such as `en` or `en-US`."""
    billing_address: Address = attrs.field(factory=Address)
    order_is_digital: bool = False
    shipping_address_count: int = 0
    channel_id: int = 1
    external_id: str | None = None
    external_order_id: str | None = None
    cart_id: str | None = None
    is_deleted: bool = False

    fees: tuple[Fee, ...] | None = None
    """None when the store sent no fees with the order (a link, or nothing)."""
    consignments: Consignments | None = None
    """None when not embedded."""
    products: tuple[OrderProduct, ...] | None = None
    """None when the store sent a link; set it to the lines read by `order_products.list`."""
    coupons: tuple[OrderCoupon, ...] | None = None
    """None when the store sent a link; set it to what `order_coupons.list` reads."""

    @property
    def lines(self) -> tuple[OrderProduct, ...]:
        """`products` when they are there, otherwise the embedded lines of all consignments.

        Lines that were taken off the order are not among them: they are `removed_lines`.
        """
        rows = self.all_lines
        # It is asked often, and most orders have no such line.
        if 0 in [line.quantity for line in rows]:
            return tuple(line for line in rows if not line.is_removed)
        return rows

    @property
    def removed_lines(self) -> tuple[OrderProduct, ...]:
        """The lines that were taken off the order, which the store keeps with quantity 0.

        A refund may still name them.

        >>> Order(id=1, products=(OrderProduct(id=5, quantity=0),)).removed_lines[0].id
        5
        """
        return tuple(line for line in self.all_lines if line.is_removed)

    @property
    def all_lines(self) -> tuple[OrderProduct, ...]:
        """`lines` and `removed_lines`, as the store lists them."""
        if self.products is not None:
            return self.products
        parts = [each.line_items for each in self.consignments or () if each.line_items]
        return parts[0] if len(parts) == 1 else tuple(chain.from_iterable(parts))

    @property
    def lines_complete(self) -> bool:
        """Whether `lines` are complete: no consignment was cut, and they add up to `items_total`.

        If not, read them by `order_products.list` (docs/facts.md, bigcommerce-orders).

        >>> Order(id=1, items_total=3, products=(OrderProduct(id=5, quantity=2),)).lines_complete
        False
        """
        if self.products is None and any(
            consignment.warning for consignment in self.consignments or ()
        ):
            return False
        return (
            sum(line.quantity for line in self.lines if not line.is_component) == self.items_total
        )


@attrs.define(kw_only=True)
class OrderStatus(Model):
    """A status of orders. Merchants may rename it, so compare ids and show `custom_label`."""

    id: Required[int] = 0
    name: str = ""
    system_label: str = ""
    custom_label: str = ""
    system_description: str = ""


@attrs.define(kw_only=True)
class StatusCount(OrderStatus):
    """A status and how many orders have it."""

    count: Required[int] = 0


@attrs.define(kw_only=True)
class OrderCount(Model):
    """How many orders there are, in all and by status.

    >>> OrderCount(count=31, statuses=(StatusCount(id=11, count=31),)).of(11)
    31
    """

    count: Required[int] = 0
    statuses: tuple[StatusCount, ...] = ()

    def of(self, status_id: int) -> int:
        """How many orders have the status."""
        return next((status.count for status in self.statuses if status.id == status_id), 0)


@attrs.define(kw_only=True)
class ShipmentItem(Model):
    """How many units of an order's line went out."""

    order_product_id: Required[int] = 0
    product_id: int = 0
    quantity: Required[int] = 0


@attrs.define(kw_only=True)
class OrderShipment(Model):
    """What went to one address of an order."""

    id: Required[int] = 0
    order_id: int = 0
    customer_id: int = 0
    order_address_id: Required[int] = 0
    date_created: datetime | None = None
    tracking_number: str = ""
    tracking_carrier: str = ""
    tracking_link: str = ""
    """The link that was given when the shipment was made."""
    generated_tracking_link: str = ""
    """The link that BigCommerce made of provider or carrier and number."""
    shipping_provider: str = ""
    shipping_provider_display_name: str = ""
    shipping_method: str = ""
    merchant_shipping_cost: Decimal | None = None
    comments: str = ""
    items: tuple[ShipmentItem, ...] = ()


@attrs.frozen(kw_only=True)
class ShipmentItemDraft(Draft):
    """How many units of an order's line go out."""

    order_product_id: int
    quantity: int


@attrs.frozen(kw_only=True)
class ShipmentDraft(Draft):
    """A shipment to one address of an order. Several addresses need a shipment each.

    There are three ways to a tracking link: `shipping_provider` and number, `tracking_carrier` and
    number, or a `tracking_link` of one's own. A number has at most 50 characters, a link 500, and
    `comments` 65,535.
    """

    order_address_id: int
    """The id of the shipping consignment: `order_address_id` of the lines."""
    items: tuple[ShipmentItemDraft, ...]
    """They cannot be changed later."""
    tracking_number: str | Unset = UNSET
    shipping_provider: str = ""
    """`fedex`, `ups`, `usps`, `royalmail`, ..., `carrier_{id}`, or "".

    It is always sent: BigCommerce makes a missing one `custom`, which has no tracking link.
    """
    tracking_carrier: str | Unset = UNSET
    """The carrier by AfterShip's short name."""
    tracking_link: str | Unset = UNSET
    shipping_method: str | Unset = UNSET
    comments: str | Unset = UNSET
