"""AcctVantage's records as values, in its own words (`docs/facts.md`, `acctvantage-` sections).

Money is `Decimal` in the books' currency. Times are aware and UTC. Quantities are `Decimal`, since
AcctVantage sells fractions. Ids that AcctVantage gives are ints, and None until the record is in
the books.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.money import ZERO, trimmed
from avbc.shown import Shown

OPEN = "Open"
COMMITTED = "Committed"
PICKED = "Picked"
PACKED = "Packed"
SHIPPED = "Shipped/Invoice"
POSTED = "Posted"
ORDER_STATUSES = ("Quote", OPEN, COMMITTED, PICKED, PACKED, SHIPPED, POSTED)
"""The known order statuses in sequence. A status is any text: users may be able to add some."""

PURCHASE_ORDER = "Purchase Order"
"""The extra item of the Receipt Type list for clients on open A/R: no receipt is made."""

STORE_CREDIT = "StoreCredit"
GIFT_CARD = "GiftCard"
"""Receipt types for redeemed store credit and gift certificates (manual, Store Credits)."""


@attrs.frozen
class Address(Shown):
    """A Bill To or Ship To address.

    >>> Address("Ana Rivera", city="Austin", state="Texas", country="United States").city
    'Austin'
    """

    name: str = ""
    attention: str = ""
    address_1: str = ""
    address_2: str = ""
    address_3: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""


@attrs.frozen
class Contact(Shown):
    """A person at a client.

    >>> Contact("Rivera", "Ana", "ana@example.com").last_name
    'Rivera'
    """

    last_name: str
    first_name: str = ""
    email: str = ""
    phone: str = ""
    id: int | None = None


@attrs.frozen
class Client(Shown):
    """A client (Sales Master). `name` is the company, or the last name of an individual.

    >>> Client("Rivera", "Ana", "ana@example.com", import_id="WEB7").open_ar
    False
    """

    name: str
    first_name: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Address()
    import_id: str | None = None
    """Import Source Code + BigCommerce customer id; None for guests and if never imported."""
    open_ar: bool = False
    """Buys on open A/R: may pay by Purchase Order."""
    contacts: tuple[Contact, ...] = ()
    store_customer_ids: Mapping[str, int] = attrs.field(factory=dict[str, int])
    """BigCommerce customer id by Import Source Code, bound by an export."""
    id: int | None = None


ProductKind: TypeAlias = Literal["inventory", "non_inventory", "assembly", "kit"]


@attrs.frozen
class Product(Shown):
    """A product record. Part numbers compare without case, as SKUs do at BigCommerce.

    >>> mug = Product("MUG-RED", "Red mug", "Goods", list_price=Decimal("9.95"), aliases=("MUG-R",))
    >>> mug.kind, mug.sync_to_webstore
    ('inventory', True)
    """

    part_number: str
    name: str
    product_class: str
    kind: ProductKind = "inventory"
    description: str = ""
    sales_memo: str = ""
    """Default Sales Line Memo: the longer text."""
    list_price: Decimal | None = None
    sell_price: Decimal | None = None
    weight: Decimal | None = None
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    taxable: bool = True
    webstore_category: str = ""
    sync_to_webstore: bool = True
    aliases: tuple[str, ...] = ()
    """Alternate part numbers that order entry accepts."""


@attrs.frozen
class ShipVia(Shown):
    """A shipping method of the books.

    >>> ShipVia("UPS Ground", "Freight").product_class
    'Freight'
    """

    name: str
    product_class: str = ""


@attrs.frozen
class Promotion(Shown):
    """A Promotion/Discount record: `$` off the order's subtotal or `%` off each item.

    >>> Promotion("SAVE5", "$", Decimal("5.00"), "40200-000-000").inactive
    False
    """

    code: str
    kind: Literal["$", "%"]
    value: Decimal
    gl_code: str
    name: str = ""
    inactive: bool = False


@attrs.frozen
class TaxArea(Shown):
    """A tax area; `avatax` marks the one whose tax AcctVantage computes through AvaTax.

    >>> TaxArea("AvaTax", avatax=True).avatax
    True
    """

    name: str
    avatax: bool = False


@attrs.frozen
class Warehouse(Shown):
    """A warehouse and the product classes active in it.

    >>> Warehouse("Main", ("Goods", "Freight")).product_classes
    ('Goods', 'Freight')
    """

    name: str
    product_classes: tuple[str, ...] = ()


@attrs.frozen
class ReferenceData(Shown):
    """One snapshot of the books' reference data: what the mapping engine sees of AcctVantage.

    >>> ReferenceData(receipt_types=("Visa/MC",)).order_statuses[-1]
    'Posted'
    """

    currency: str = "USD"
    order_statuses: tuple[str, ...] = ORDER_STATUSES
    receipt_types: tuple[str, ...] = ()
    gl_accounts: tuple[str, ...] = ()
    tax_areas: tuple[TaxArea, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    ship_vias: tuple[ShipVia, ...] = ()
    promotions: tuple[Promotion, ...] = ()


LineKind: TypeAlias = Literal[
    "product", "custom", "gift_certificate", "wrapping", "handling", "fee"
]


def _all_of_it(line: SalesOrderLine) -> Decimal:
    return line.quantity


@attrs.frozen
class SalesOrderLine(Shown):
    """A line. `amount` is quantity x unit price, before discounts and tax, to 4 decimals.

    >>> line = SalesOrderLine("product", "Mug", Decimal(2), Decimal("9.95"), Decimal("19.90"))
    >>> line.to_ship
    Decimal('2')
    """

    kind: LineKind
    description: str
    quantity: Decimal
    """What was ordered (AcctVantage's Order qty)."""
    unit_price: Decimal = attrs.field(converter=trimmed)
    amount: Decimal = attrs.field(converter=trimmed)
    tax: Decimal = attrs.field(default=ZERO, converter=trimmed)
    """The store's tax on this line, for information: the order's tax is the header's."""
    part_number: str | None = None
    """None for custom items, gift certificates, wrapping, handling and fees."""
    memo: str = ""
    """Options chosen, the gift message, the event: what the packer must know."""
    gl_code: str = ""
    ship_to: int | None = None
    """Index into the order's `ship_tos`; None where nothing is shipped."""
    ship_via: str = ""
    store_line_id: int | None = None
    """BigCommerce's order_product_id, which shipments and refunds name."""
    store_address_id: int | None = None
    """BigCommerce's order_address_id of the line's consignment."""
    component_of: int | None = None
    """The `store_line_id` of the bundle this line is a component of; a component has amount 0."""
    to_ship: Decimal = attrs.Factory(_all_of_it, takes_self=True)
    """What is left to ship of it (Ship qty): all that was ordered, unless it is given."""


@attrs.frozen
class OrderDiscount(Shown):
    """A discount by promotion code, or an automatic or manual one. `amount` is positive, net.

    >>> OrderDiscount("SAVE5", Decimal("5.00"), "40200-000-000").amount
    Decimal('5.00')
    """

    code: str
    amount: Decimal = attrs.field(converter=trimmed)
    gl_code: str
    name: str = ""
    amount_in_store: Decimal = attrs.field(default=ZERO, converter=trimmed)
    """The amount as the store shows it, which may include tax."""


ReceiptState: TypeAlias = Literal["captured", "pre_authorized", "pending", "voided"]


@attrs.frozen
class Receipt(Shown):
    """A receipt on an order. An order may have several (split tender).

    `captured`: `amount` was received. `pre_authorized`: `pre_auth_amount` is held by the gateway
    and may be captured. `pending`: nothing was received and nothing may be captured by AcctVantage;
    `amount` is 0. `voided`: the authorization was given up; `amount` is 0.

    >>> held = Decimal("57.37")
    >>> Receipt("WEB1042", "Visa/MC", ZERO, "pre_authorized", held).money
    ('Visa/MC', 'pre_authorized', Decimal('57.37'))
    """

    order_import_id: str
    receipt_type: str
    amount: Decimal = attrs.field(converter=trimmed)
    state: ReceiptState = "captured"
    pre_auth_amount: Decimal = attrs.field(default=ZERO, converter=trimmed)
    import_id: str = ""
    """Unique: the order's Import ID, a dash and a number counted from 1 within the order."""
    store_payment_method: str = ""
    gateway: str = ""
    gateway_transaction_id: str = ""
    authorized_at: datetime | None = None
    posted: bool = False
    capture_wanted: bool = False
    """A user of AcctVantage asked for the capture of this pre-authorization."""
    void_wanted: bool = False
    captured_at: datetime | None = None
    """When the store captured what was pre-authorized; None where the payment came captured."""
    voided_at: datetime | None = None
    id: int | None = None

    @property
    def money(self) -> tuple[str, ReceiptState, Decimal]:
        """Its type, its state, and what was received or is held."""
        is_held = self.state == "pre_authorized"
        return self.receipt_type, self.state, self.pre_auth_amount if is_held else self.amount


@attrs.frozen
class SalesOrder(Shown):
    """A sales order. total = lines + freight + tax - discounts + rounding, to the last decimal.

    >>> from avbc.testing.contract import make_bundle
    >>> order = make_bundle(1042).order
    >>> parts = order.subtotal + order.freight + order.tax - order.discount + order.rounding
    >>> order.import_id, order.total == parts
    ('WEB1042', True)
    """

    _first = ("import_id", "client", "total", "status")

    import_id: str
    """Import Source Code + BigCommerce order id; unique in the books."""
    store_order_id: int
    client: str
    """The client's name on the order."""
    lines: tuple[SalesOrderLine, ...]
    total: Decimal = attrs.field(converter=trimmed)
    tax: Decimal = attrs.field(converter=trimmed)
    tax_area: str
    currency: str
    warehouse: str
    ship_via: str
    bill_to: Address
    ship_tos: tuple[Address, ...] = ()
    freight: Decimal = attrs.field(default=ZERO, converter=trimmed)
    discounts: tuple[OrderDiscount, ...] = ()
    rounding: Decimal = attrs.field(default=ZERO, converter=trimmed)
    """What four-decimal amounts leave below one minor unit; never a cent."""
    tax_override: bool = True
    """Ticked where the store computed the tax, so that AcctVantage does not do it again."""
    status: str = OPEN
    po_number: str = ""
    reference: str = ""
    memo: str = ""
    ordered_at: datetime | None = None
    source_code: str = ""
    fingerprint: str = ""
    """Of the store's order as imported: another fingerprint means that it was edited."""
    client_id: int | None = None
    contact_id: int | None = None
    status_changed_at: datetime | None = None
    id: int | None = None
    store_hash: str = ""
    """The store that it came from; empty if it was imported before this was kept."""
    ordered_on: date | None = None
    """The day of `ordered_at` in the store's time zone: the day, and so the period, of the sale.

    None where it is not known: the token may not read the store's time zone, or the order was
    imported before avbc kept it.
    """

    @property
    def subtotal(self) -> Decimal:
        """The lines' amounts, before discounts and tax."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def discount(self) -> Decimal:
        """All discounts, without tax."""
        return sum((discount.amount for discount in self.discounts), ZERO)


@attrs.frozen
class OrderBundle(Shown):
    """Everything that one import writes, all or nothing.

    `client_id` names a client of the books; otherwise `new_client` is created, or taken if one with
    its Import ID has come up meanwhile. `bind_import_id` is written to a client found by email.
    `contact_id` or `new_contact` likewise.

    `client_email` says that clients are matched by email, and that none had this one: a new client
    is created only while that is so (`ClientTaken`). It is empty where they are not matched.

    `replaced` are the receipts in the books from which an edited order was made: `update_order`
    replaces these and no others (`ReceiptsChanged`). None stands for those that are there.

    >>> from avbc.testing.contract import make_bundle
    >>> bundle = make_bundle(1042)
    >>> {receipt.order_import_id for receipt in bundle.receipts}
    {'WEB1042'}
    """

    order: SalesOrder
    receipts: tuple[Receipt, ...] = ()
    client_id: int | None = None
    new_client: Client | None = None
    bind_import_id: str | None = None
    contact_id: int | None = None
    new_contact: Contact | None = None
    new_promotions: tuple[Promotion, ...] = ()
    new_ship_vias: tuple[ShipVia, ...] = ()
    client_email: str = ""
    replaced: tuple[Receipt, ...] | None = None


@attrs.frozen
class CreatedOrder(Shown):
    """What `create_order` returns. If the order was there already, `created` is False.

    >>> from avbc.testing.contract import make_bundle
    >>> CreatedOrder(make_bundle(1042).order, created=False).order.import_id
    'WEB1042'
    """

    order: SalesOrder
    created: bool


@attrs.frozen
class ShippedItem(Shown):
    """How much of a sales order line left with a shipment.

    >>> ShippedItem(1042000, Decimal(1)).quantity
    Decimal('1')
    """

    store_line_id: int
    """BigCommerce's order_product_id of the line, which the import kept."""
    quantity: Decimal


@attrs.frozen
class Parcel(Shown):
    """A parcel: one label, one tracking number (manual, EasyPost - Process a Shipment).

    >>> Parcel("1Z999AA1").items
    ()
    """

    tracking_number: str = ""
    items: tuple[ShippedItem, ...] = ()
    """Empty where contents are not kept for each parcel."""


@attrs.frozen
class Shipment(Shown):
    """A shipment of a sales order, with its parcels.

    >>> items = (ShippedItem(1042000, Decimal(1)),)
    >>> sent = Shipment(501, "WEB1042", items, (Parcel("1Z999AA1"),), carrier="UPS")
    >>> sent.parcels[0].tracking_number
    '1Z999AA1'
    """

    number: int
    """AcctVantage's own number of the shipment; unique in the books."""
    order_import_id: str
    items: tuple[ShippedItem, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    ship_via: str = ""
    carrier: str = ""
    """As AcctVantage names it: `UPS`, `FedEx Ground`."""
    tracking_link: str = ""
    """A link of the merchant's own; otherwise the store makes one of carrier and number."""
    comments: str = ""
    shipped_at: datetime | None = None
    changed_at: datetime | None = attrs.field(default=None, eq=False, repr=False)
    """When it was made or last changed in the books, by the clock of the books: they stamp it."""


CreditKind: TypeAlias = Literal[
    "product", "wrapping", "shipping", "handling", "fee", "tax", "order"
]


@attrs.frozen
class CreditLine(Shown):
    """What a refund gives back for one thing. `amount` is without tax.

    >>> CreditLine("product", Decimal("9.95"), Decimal("0.82"), Decimal(1), 1042000).kind
    'product'
    """

    kind: CreditKind
    amount: Decimal = attrs.field(converter=trimmed)
    tax: Decimal = attrs.field(default=ZERO, converter=trimmed)
    quantity: Decimal | None = None
    store_line_id: int | None = None
    part_number: str | None = None
    description: str = ""


@attrs.frozen
class CreditTender(Shown):
    """How a refund was paid out.

    >>> CreditTender("Visa/MC", Decimal("10.77")).amount
    Decimal('10.77')
    """

    receipt_type: str
    amount: Decimal = attrs.field(converter=trimmed)
    store_payment_method: str = ""


@attrs.frozen
class Credit(Shown):
    """A credit on a sales order: a refund made in the store. total = lines + tax = tenders.

    >>> lines = (CreditLine("product", Decimal("9.95"), Decimal("0.82")),)
    >>> tax, total = Decimal("0.82"), Decimal("10.77")
    >>> credit = Credit("WEB1042-CM7", "WEB1042", 7, lines, tax, total, "USD")
    >>> sum(line.amount for line in credit.lines) + credit.tax == credit.total
    True
    """

    import_id: str
    """The order's Import ID, `-CM` and the store's refund id; unique in the books (inferred)."""
    order_import_id: str
    store_refund_id: int
    lines: tuple[CreditLine, ...]
    tax: Decimal = attrs.field(converter=trimmed)
    total: Decimal = attrs.field(converter=trimmed)
    currency: str
    tenders: tuple[CreditTender, ...] = ()
    reason: str = ""
    created_at: datetime | None = None


@attrs.frozen
class TrialBalance(Shown):
    """What one imported order adds up to in the books; `difference` is zero when it balances.

    >>> from avbc import SqlGateway
    >>> with SqlGateway() as books:
    ...     books.trial_balance()
    []
    """

    import_id: str
    lines: Decimal = attrs.field(converter=trimmed)
    freight: Decimal = attrs.field(converter=trimmed)
    tax: Decimal = attrs.field(converter=trimmed)
    discounts: Decimal = attrs.field(converter=trimmed)
    rounding: Decimal = attrs.field(converter=trimmed)
    total: Decimal = attrs.field(converter=trimmed)
    receipts: Decimal = attrs.field(converter=trimmed)
    """Captured receipts."""
    pre_authorized: Decimal = attrs.field(converter=trimmed)
    """Held by gateways, not received."""

    @property
    def difference(self) -> Decimal:
        """The order's total less its parts: zero."""
        return self.total - (self.lines + self.freight + self.tax - self.discounts + self.rounding)

    @property
    def open_ar(self) -> Decimal:
        """What the client still owes: the total less captured receipts."""
        return self.total - self.receipts


@attrs.frozen
class LookAlike(Shown):
    """A record of the books that compares as equal to another one of its table.

    Both are in the books. Look-ups find the other one, and only that one goes to the store.
    """

    table_name: str
    """As `docs/handshake.md` names it: `products`."""
    key: str
    """Of this record, in the column that ends in `_key`; a client's id; otherwise the name."""
    text: str
    """What this record is called: its part number, name or code."""
    same_as: str
    """What the other one is called: other Unicode characters or spaces that read the same."""
