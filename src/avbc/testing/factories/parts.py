"""What orders are made of: the catalog, people, lines, discounts, payments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Literal, TypeAlias, TypedDict, TypeVar, get_args, get_type_hints

import attrs

from avbc.money import ZERO
from avbc.shown import Shown
from avbc.text import did_you_mean, quoted

T = TypeVar("T")


def _is_one_of(record: object, field: attrs.Attribute[T], value: T) -> None:
    """Make sure that a field has one of the values of its type: a slip would count for another."""
    kind: Callable[..., object] = type(record)
    known = _known(kind, field.name)
    if value not in known:
        hint = did_you_mean(str(value), known)
        raise ValueError(
            f"{field.name}: {quoted(value)} is none of {', '.join(known)}. {hint}".rstrip()
        )


@cache
def _known(record: Callable[..., object], name: str) -> tuple[str, ...]:
    return get_args(get_type_hints(record)[name])


def _is_count(_: object, field: attrs.Attribute[T], value: T) -> None:
    """Make sure that a field is a number of things."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{field.name}: {quoted(value)} must be an int")
    if value < 0:
        raise ValueError(f"{field.name}: {value} is below zero")


def _is_money(_: object, field: attrs.Attribute[T], value: T) -> None:
    """Make sure that a field is an exact amount: a float is none."""
    if value is not None and not isinstance(value, Decimal):
        raise TypeError(
            f'{field.name}: {quoted(value)} must be a Decimal, such as Decimal("24.00")'
        )


FormAnswer: TypeAlias = tuple[str, str | int]
"""Name of a checkout form field, and what the shopper entered: text of any lines, or a number."""
ItemType: TypeAlias = Literal["physical", "digital", "giftcertificate"]
BodyForm: TypeAlias = Literal["modern", "zeros", "2013"]
"""How an order is written: as today; with `discounted_total_inc_tax` "0.0000" on every line, which
means unknown; or as in 2013: the tax of lines and subtotal is before discounts, there is no
`discounted_total_inc_tax` and no `is_tax_inclusive_pricing`, and a line's discounts have an id and
an amount only."""


@attrs.frozen
class Item:
    """A product of the example store; `price` is what the merchant typed in."""

    sku: str
    name: str
    price: Decimal
    product_id: int
    type: ItemType = "physical"


CATALOGUE: Mapping[str, Item] = {
    item.sku: item
    for item in [
        Item("MUG-BLUE", "Blue mug", Decimal("9.95"), 101),
        Item("MUG-RED", "Red mug", Decimal("9.95"), 102),
        Item("TOWEL-ST", "Striped towel", Decimal("27.50"), 103),
        Item("LAMP-01", "Reading lamp", Decimal("49.00"), 104),
        Item("CHAIR-OAK", "Oak chair", Decimal("129.00"), 105),
        Item("RUG-WOOL", "Wool rug", Decimal("249.50"), 106),
        Item("CANDLE-3", "Three candles", Decimal("14.25"), 107),
        Item("TEAPOT-01", "Teapot", Decimal("38.00"), 108),
        Item("POSTER-A2", "Poster A2", Decimal("18.00"), 109),
        Item("SET-TEA", "Tea set", Decimal("45.00"), 110),
        Item("EBOOK-01", "Brewing tea, the e-book", Decimal("12.00"), 111, "digital"),
        Item("PATTERN-1", "Knitting pattern", Decimal("7.50"), 112, "digital"),
    ]
}
"""What the example store sells, by SKU."""

PHYSICAL = [item.sku for item in CATALOGUE.values() if item.type == "physical"]


@attrs.frozen
class Person(Shown):
    """Who buys, or who receives a consignment. `customer_id` 0 is a guest.

    >>> Person("Ana", "Rivera", email="ana@example.com", customer_id=7).city
    'Austin'
    """

    first_name: str
    last_name: str
    street_1: str = "14 Harbor Road"
    city: str = "Austin"
    state: str = "Texas"
    zip: str = "78751"
    country: str = "United States"
    country_iso2: str = "US"
    company: str = ""
    street_2: str = ""
    phone: str = "555-0100"
    email: str = ""
    customer_id: int = 0


@attrs.frozen
class Line(Shown):
    """An order line. `price` is per unit as typed in: with tax in a tax-inclusive store.

    `item` makes one of the example store's catalog.

    >>> Line("POT-1", "Pot", Decimal("24.00"), product_id=900).quantity
    1
    """

    sku: str
    name: str
    price: Decimal = attrs.field(validator=_is_money)
    quantity: int = attrs.field(default=1, validator=_is_count)
    type: ItemType = attrs.field(default="physical", validator=_is_one_of)
    product_id: int = 0
    """0 is a custom item."""
    consignment: int = 0
    """Which shipping consignment it goes with, counted from 0."""
    pickup: bool = False
    component_of: int | None = None
    """Place of the bundle's line; a component costs nothing itself."""
    taxable: bool = True
    options: tuple[tuple[str, str], ...] = ()
    """Name and value of each option chosen."""
    wrapping: Decimal | None = attrs.field(default=None, validator=_is_money)
    """What gift wrapping of the whole line costs."""
    wrapping_message: str = ""
    event_date: str = ""


@attrs.frozen
class Discount(Shown):
    """A discount of an order.

    `coupon_amount` is money off the total, `coupon_percent` percent off each item, and
    `coupon_per_item` money off each unit; `promotion` is the code of a promotion, whose `value` is
    what it takes off this order; `automatic` and `manual` are money off the total without a code.

    >>> Discount("coupon_percent", Decimal(10), "TEN").code
    'TEN'
    """

    kind: Literal[
        "coupon_amount", "coupon_percent", "coupon_per_item", "promotion", "automatic", "manual"
    ] = attrs.field(validator=_is_one_of)
    value: Decimal = attrs.field(validator=_is_money)
    code: str = ""
    name: str = ""


@attrs.frozen
class Shipping(Shown):
    """A shipping consignment: method, cost and handling as typed in; the buyer receives it.

    >>> Shipping("Flat Rate", Decimal("4.00")).handling
    Decimal('0')
    """

    method: str = "UPS Ground"
    cost: Decimal = attrs.field(default=Decimal("8.00"), validator=_is_money)
    handling: Decimal = attrs.field(default=ZERO, validator=_is_money)
    receiver: Person | None = None
    form_fields: Sequence[FormAnswer] = ()
    """What was asked for this address at checkout: names and answers."""


@attrs.frozen
class FeeLine(Shown):
    """A custom fee.

    >>> FeeLine("Assembly", Decimal("15.00")).taxable
    True
    """

    name: str
    cost: Decimal
    taxable: bool = True


@attrs.frozen
class Payment(Shown):
    """How the rest of an order is paid after store credit and gift certificates.

    `paid` is one purchase; `authorized` holds the money; `captured` was authorized first; `offline`
    has no transaction; `awaiting` has none either, and its order is in Awaiting Payment until a
    person moves it on, as orders by Check or Bank Deposit are.

    >>> Payment("Bank Deposit", state="awaiting").is_offline
    True
    """

    method: str = "Credit Card"
    gateway: str = "authorizenet"
    state: Literal["paid", "authorized", "captured", "declined", "offline", "awaiting"] = (
        attrs.field(default="paid", validator=_is_one_of)
    )
    reference: str = ""
    captured: Decimal | None = None
    """What was `captured`, where that is not the whole authorization."""
    test: bool = False
    """Whether the gateway was in test mode."""
    method_id: str = ""
    """The transactions' `payment_method_id`; gateway and method by default."""

    @property
    def is_offline(self) -> bool:
        """Whether no gateway has a part in it."""
        return self.state in {"offline", "awaiting"}


CARD = Payment()


class OrderOptions(TypedDict, total=False):
    """What `OrderFactory.order` takes in addition to the lines; everything has a default.

    >>> from avbc.testing import FakeStore
    >>> options = OrderOptions(customer_message="Ring twice.", payment=Payment("PayPal"))
    >>> FakeStore().place_order(**options).header["payment_method"]
    'PayPal'
    """

    buyer: Person
    shipping: Sequence[Shipping]
    discounts: Sequence[Discount]
    fees: Sequence[FeeLine]
    payment: Payment
    store_credit: Decimal
    gift_certificate: Decimal
    tax_rate: Decimal
    tax_inclusive: bool
    currency: str
    status_id: int
    created: datetime
    staff_notes: str | None
    customer_message: str | None
    customer_locale: str
    channel_id: int
    form_fields: Sequence[FormAnswer]
    """What was asked for the billing address at checkout: names and answers."""
    payment_status: str | None
    """What the order says of its payment, whatever the transactions say; None is null."""
    body: BodyForm
    without: Sequence[str]
    """Fields of the order itself that are not sent, such as `payment_status`."""
    shape: str
    importable: bool


def item(
    sku: str,
    quantity: int = 1,
    *,
    consignment: int = 0,
    pickup: bool = False,
    options: Sequence[tuple[str, str]] = (),
) -> Line:
    """Return a line of the catalog.

    Raises:
        KeyError: The catalog has no such SKU.

    >>> item("MUG-BLUE", 2).price
    Decimal('9.95')
    """
    product = CATALOGUE.get(sku)
    if product is None:
        hint = did_you_mean(sku, CATALOGUE) or f"There are {', '.join(CATALOGUE)}."
        raise KeyError(
            f"the example store has no {quoted(sku)}. Goods of your own are a Line. {hint}"
        )
    return Line(
        sku=product.sku,
        name=product.name,
        price=product.price,
        quantity=quantity,
        type=product.type,
        product_id=product.product_id,
        consignment=consignment,
        pickup=pickup,
        options=tuple(options),
    )
