"""Orders of every shape, by name. An `OrderFactory` builds each; amounts foot unless named so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

import attrs

from avbc.testing.factories import (
    Discount,
    FeeLine,
    Line,
    OrderFactory,
    Payment,
    Person,
    Shipping,
    item,
)
from avbc.testing.orders import FakeOrder
from avbc.testing.values import amount_of, money, number
from avbc.text import did_you_mean, quoted

Shape: TypeAlias = Callable[[OrderFactory], FakeOrder]

SAVE5 = Discount("coupon_amount", Decimal("5.00"), "SAVE5", "$5 off")
TEN_PERCENT = Discount("coupon_percent", Decimal(10), "TEN", "10% off each item")
NEW_COUPON = Discount("coupon_amount", Decimal("3.00"), "WELCOME3", "$3 welcome")
AUTOMATIC = Discount("automatic", Decimal("4.00"))
MANUAL = Discount("manual", Decimal("2.50"))

GIFT_CERTIFICATE = Line(
    "", "$25.00 Gift Certificate", Decimal("25.00"), type="giftcertificate", taxable=False
)
CUSTOM_ITEM = Line("", "Engraving, by agreement", Decimal("17.35"))
PURCHASER = Person(
    "Lee", "Purchasing", company="Example Fittings Inc", email="purchasing@example.com"
)
"""Buys by purchase order; the example books have this client on open A/R."""
_CASH = Payment("Cash on Delivery", state="offline")
_UNTAXED = Decimal(0)


def _two_consignments(factory: OrderFactory) -> FakeOrder:
    receiver = Person(
        "Rosa",
        "Lind",
        "9 Station Street",
        "Salem",
        "Oregon",
        "97301",
        email="rosa.lind@example.com",
    )
    return factory.order(
        [item("MUG-BLUE", 2), item("LAMP-01", consignment=1), item("CANDLE-3", 3, consignment=1)],
        shipping=[Shipping(), Shipping("UPS Ground", Decimal("11.40"), receiver=receiver)],
        buyer=factory.person(8),
    )


def _bundle(factory: OrderFactory) -> FakeOrder:
    components = [
        attrs.evolve(part, price=Decimal(0), component_of=0)
        for part in [item("MUG-BLUE", 4), item("TEAPOT-01", 2)]
    ]
    return factory.order([item("SET-TEA", 2), *components, item("POSTER-A2")])


def _options(factory: OrderFactory) -> FakeOrder:
    chosen = [("Size", "S"), ("Colour", "Orange"), ("Letters", "A & B <3")]
    return factory.order(
        [attrs.evolve(item("TOWEL-ST", 2, options=chosen), event_date="2026-04-01")]
    )


def _gift_wrapping(factory: OrderFactory) -> FakeOrder:
    wrapped = attrs.evolve(
        item("MUG-BLUE", 2), wrapping=Decimal("5.00"), wrapping_message="For you, with love"
    )
    return factory.order([wrapped, item("CANDLE-3")])


def _fees(factory: OrderFactory) -> FakeOrder:
    return factory.order(
        [item("LAMP-01")],
        fees=[
            FeeLine("Package protection", Decimal("3.10")),
            FeeLine("Recycling", Decimal("1.00"), taxable=False),
        ],
    )


def _zero_total(factory: OrderFactory) -> FakeOrder:
    everything = Discount("coupon_percent", Decimal(100), "FREE100", "On the house")
    return factory.order([item("PATTERN-1")], discounts=[everything])


def _unicode(factory: OrderFactory) -> FakeOrder:
    buyer = Person(
        "Zoë",
        "Łukasiewicz-O'Hara",
        "Straße des 17. Juni 1 🏠",
        "München",
        "東京都",
        "80331",
        company="Ünïcode & Söhne <GmbH>",
    )
    lines = [item("MUG-BLUE"), Line("", "Gravur „Für Ömür“ — 名入れ 🎁", Decimal("9.00"))]
    return factory.order(
        lines,
        buyer=attrs.evolve(buyer, email="zoe@example.com"),
        staff_notes="Merchant's own note: שלום\nsecond line",
        customer_message="Please ring twice &amp; wave 👋",
    )


def _off_by_a_cent(factory: OrderFactory) -> FakeOrder:
    order = factory.order([item("TEAPOT-01")], importable=False)
    for key in ["total_inc_tax", "total_tax"]:
        order.header[key] = money(amount_of(order.header[key]) + Decimal("0.01"))
    order.transactions[0]["amount"] = number(order.header["total_inc_tax"])
    return order


def _null_total(factory: OrderFactory) -> FakeOrder:
    order = factory.order([item("TEAPOT-01")], importable=False)
    order.header["total_inc_tax"] = None
    return order


def _everything(factory: OrderFactory) -> FakeOrder:
    """Most of the above on one order."""
    wrapped = attrs.evolve(item("MUG-BLUE", 2), wrapping=Decimal("5.00"), wrapping_message="Hooray")
    return factory.order(
        [
            wrapped,
            item("LAMP-01", consignment=1),
            item("EBOOK-01"),
            GIFT_CERTIFICATE,
            CUSTOM_ITEM,
            item("MUG-RED", pickup=True),
        ],
        shipping=[Shipping(handling=Decimal("1.75")), Shipping("UPS Ground", Decimal("10.00"))],
        discounts=[SAVE5, TEN_PERCENT, AUTOMATIC, MANUAL],
        fees=[FeeLine("Package protection", Decimal("3.10"))],
        store_credit=Decimal("10.00"),
        gift_certificate=Decimal("15.00"),
        buyer=factory.person(11),
        tax_inclusive=True,
    )


def _fraction_of_a_cent(factory: OrderFactory) -> FakeOrder:
    screws = Line("MUG-RED", "Red mug, by the crate", Decimal("0.3333"), 7, product_id=102)
    return factory.order([screws, item("CANDLE-3")], tax_rate=_UNTAXED)


def _form_fields(factory: OrderFactory) -> FakeOrder:
    """Checkout form fields: the buyer's PO number, and a note of several lines."""
    return factory.order(
        [item("TEAPOT-01")],
        form_fields=[("PO number", "4711")],
        shipping=[Shipping(form_fields=[("Delivery note", "Back door.\nRing twice.")])],
    )


def _partly_captured(factory: OrderFactory) -> FakeOrder:
    """Authorized in full, captured for less: the order's total stays."""
    return factory.order(
        [item("LAMP-01")], payment=Payment(state="captured", captured=Decimal("31.50"))
    )


SHAPES: Mapping[str, Shape] = {
    "plain": lambda factory: factory.plain(),
    "guest": lambda factory: factory.order(factory.lines(2), buyer=factory.person(0)),
    "registered": lambda factory: factory.order(factory.lines(2), buyer=factory.person(7)),
    "two_consignments": _two_consignments,
    "pickup": lambda factory: factory.order(
        [item("TEAPOT-01", pickup=True), item("MUG-RED", 2, pickup=True)]
    ),
    "digital_only": lambda factory: factory.order([item("EBOOK-01"), item("PATTERN-1", 2)]),
    "gift_certificate_bought": lambda factory: factory.order([GIFT_CERTIFICATE]),
    "custom_item": lambda factory: factory.order([item("LAMP-01"), CUSTOM_ITEM]),
    "bundle": _bundle,
    "options": _options,
    "gift_wrapping": _gift_wrapping,
    "handling": lambda factory: factory.order(
        [item("CHAIR-OAK")], shipping=[Shipping(handling=Decimal("6.25"))]
    ),
    "fees": _fees,
    "tax_inclusive": lambda factory: factory.order(factory.lines(3), tax_inclusive=True),
    "tax_inclusive_with_discounts": lambda factory: factory.order(
        factory.lines(3), tax_inclusive=True, discounts=[SAVE5, TEN_PERCENT, AUTOMATIC]
    ),
    "coupon_amount": lambda factory: factory.order(
        [item("MUG-BLUE", 3), item("TOWEL-ST")], discounts=[SAVE5]
    ),
    "coupon_percent": lambda factory: factory.order(
        [item("MUG-BLUE", 3), item("TOWEL-ST")], discounts=[TEN_PERCENT]
    ),
    "automatic_discount": lambda factory: factory.order(
        [item("LAMP-01"), item("MUG-RED")], discounts=[AUTOMATIC]
    ),
    "manual_discount": lambda factory: factory.order(
        [item("LAMP-01"), item("MUG-RED")], discounts=[MANUAL]
    ),
    "store_credit": lambda factory: factory.order(
        [item("CHAIR-OAK")], store_credit=Decimal("20.00"), buyer=factory.person(9)
    ),
    "gift_certificate_redeemed": lambda factory: factory.order(
        [item("CHAIR-OAK")], gift_certificate=Decimal("25.00")
    ),
    "split_tender": lambda factory: factory.order(
        [item("CHAIR-OAK")],
        store_credit=Decimal("20.00"),
        gift_certificate=Decimal("25.00"),
        buyer=factory.person(10),
    ),
    "purchase_order": lambda factory: factory.order(
        [item("CHAIR-OAK", 4)],
        buyer=PURCHASER,
        payment=Payment("Purchase Order", state="offline", reference="PO-7741"),
    ),
    "authorized": lambda factory: factory.order(
        [item("LAMP-01")], payment=Payment(state="authorized")
    ),
    "captured": lambda factory: factory.order([item("LAMP-01")], payment=Payment(state="captured")),
    "zero_total": _zero_total,
    "long": lambda factory: factory.order(factory.lines(62)),
    "unicode": _unicode,
    "foreign_currency": lambda factory: factory.order(
        [item("TEAPOT-01")], currency="EUR", importable=False
    ),
    "declined": lambda factory: factory.order(
        [item("TEAPOT-01")], payment=Payment(state="declined"), importable=False
    ),
    "off_by_a_cent": _off_by_a_cent,
    "unknown_sku": lambda factory: factory.order(
        [Line("NO-SUCH-SKU", "Sold nowhere else", Decimal("12.00"), product_id=999)],
        importable=False,
    ),
    "unmapped_method": lambda factory: factory.order(
        [item("TEAPOT-01")], payment=Payment("Pay by Pigeon", "custom"), importable=False
    ),
    "null_total": _null_total,
    "registered_again": lambda factory: factory.order(factory.lines(1), buyer=factory.person(7)),
    "paypal": lambda factory: factory.order(
        [item("POSTER-A2", 2)], payment=Payment("PayPal", "paypalexpress")
    ),
    "new_coupon": lambda factory: factory.order([item("TOWEL-ST")], discounts=[NEW_COUPON]),
    "no_shipping_method": lambda factory: factory.order(
        [item("CANDLE-3")], shipping=[Shipping("", Decimal(0))]
    ),
    "new_shipping_method": lambda factory: factory.order(
        [item("RUG-WOOL")], shipping=[Shipping("Freight Example Express", Decimal("42.00"))]
    ),
    "everything": _everything,
    "shipping_and_pickup": lambda factory: factory.order(
        [item("RUG-WOOL"), item("MUG-RED", 2, pickup=True)]
    ),
    "digital_and_physical": lambda factory: factory.order([item("EBOOK-01"), item("TEAPOT-01")]),
    "gift_certificate_and_goods": lambda factory: factory.order(
        [item("MUG-BLUE"), attrs.evolve(GIFT_CERTIFICATE, quantity=2)], discounts=[SAVE5]
    ),
    "untaxed": lambda factory: factory.order(factory.lines(2), tax_rate=_UNTAXED),
    "store_credit_only": lambda factory: factory.order(
        [item("MUG-BLUE")], store_credit=Decimal("500.00"), buyer=factory.person(9)
    ),
    "cash_on_delivery": lambda factory: factory.order([item("POSTER-A2")], payment=_CASH),
    "fraction_of_a_cent": _fraction_of_a_cent,
    "purchase_order_without_open_ar": lambda factory: factory.order(
        [item("TEAPOT-01")], payment=Payment("Purchase Order", state="offline"), importable=False
    ),
    "cash_on_delivery_pending": lambda factory: factory.order(
        [item("POSTER-A2")], payment=_CASH, payment_status="pending"
    ),
    "partly_captured": _partly_captured,
    "removed_line": lambda factory: factory.order(
        [item("MUG-BLUE", 2), attrs.evolve(item("LAMP-01"), quantity=0)]
    ),
    "form_of_2013": lambda factory: factory.order(
        [item("CHAIR-OAK", 2), item("CANDLE-3")], discounts=[MANUAL], body="2013"
    ),
    "unknown_line_totals": lambda factory: factory.order(
        [item("CHAIR-OAK"), item("CANDLE-3", 2)], discounts=[SAVE5], body="zeros"
    ),
    "promotion_code": lambda factory: factory.order(
        [item("MUG-BLUE", 2)], discounts=[Discount("promotion", Decimal("1.99"), "SPRING10")]
    ),
    "form_fields": _form_fields,
    "translated_method": lambda factory: factory.order(
        [item("TEAPOT-01")],
        payment=Payment("Kreditkarte"),
        customer_locale="de",
        importable=False,
    ),
    "test_transaction": lambda factory: factory.order(
        [item("TEAPOT-01")], payment=Payment(test=True), importable=False
    ),
}
"""Every shape by name, as a function of an `OrderFactory`. The first 40 cover most kinds."""


def order_of_shape(name: str, factory: OrderFactory | None = None) -> FakeOrder:
    """Build one order of a shape.

    Raises:
        KeyError: There is no such shape.

    >>> order_of_shape("pickup").header["shipping_address_count"]
    0
    """
    if name not in SHAPES:
        hint = did_you_mean(name, SHAPES) or f"There are {', '.join(SHAPES)}."
        raise KeyError(f"there is no shape {quoted(name)}. {hint}")
    order = SHAPES[name](factory or OrderFactory())
    order.shape = name
    return order


def orders_of_every_shape(seed: int = 1, first_id: int = 1001) -> list[FakeOrder]:
    """Build one order of every shape; the same ones for the same seed.

    Those that an import must refuse have `importable` False: another currency than the books', a
    declined payment, a purchase order without open A/R, a total off by a cent, an unknown SKU, an
    unmapped payment method, a payment method in the shopper's language, a payment in test mode, a
    null total.

    >>> [order.shape for order in orders_of_every_shape() if not order.importable][:2]
    ['foreign_currency', 'declined']
    """
    factory = OrderFactory(seed, first_id)
    return [order_of_shape(name, factory) for name in SHAPES]
