"""Seeded builders of orders in every shape that BigCommerce sends, with amounts that foot exactly.

The amounts follow one reading of BigCommerce's orders API (docs/facts.md, bigcommerce-money):
discounts come off the amounts with tax, fees are part of the subtotal, and the total is what the
order costs before store credit and gift certificates are taken as tenders. `fees_on_top` and
`net_of_tenders` build orders by the other readings.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias, TypedDict, Unpack

import attrs

from avbc.money import ZERO, decimals, share, to_minor_unit
from avbc.testing.orders import FakeOrder
from avbc.testing.resources.order_statuses import SYSTEM_NAMES
from avbc.testing.values import Row, amount_of, money, number, rfc2822, text

ItemType: TypeAlias = Literal["physical", "digital", "giftcertificate"]

_FOUR = Decimal("0.0001")


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

_PEOPLE = [
    ("Ana", "Rivera", "14 Harbor Road", "Austin", "Texas", "78751"),
    ("Jonas", "Berg", "220 Lake Street", "Denver", "Colorado", "80202"),
    ("Mei", "Tanaka", "8 Orchard Lane", "Portland", "Oregon", "97201"),
    ("Samir", "Haddad", "61 Mill Court", "Albany", "New York", "12207"),
    ("Olga", "Nowak", "305 Birch Avenue", "Madison", "Wisconsin", "53703"),
    ("Tom", "Ashby", "77 Quarry Hill", "Boise", "Idaho", "83702"),
]


@attrs.frozen
class Person:
    """Who buys, or who receives a consignment. `customer_id` 0 is a guest."""

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
class Line:
    """A line to put on an order. `price` is per unit, as the merchant typed it: with tax in a tax-inclusive store."""

    sku: str
    name: str
    price: Decimal
    quantity: int = 1
    type: ItemType = "physical"
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
    wrapping: Decimal | None = None
    """What gift wrapping of the whole line costs."""
    wrapping_message: str = ""
    event_date: str = ""


@attrs.frozen
class Discount:
    """A discount of an order.

    `coupon_amount` is money off the total, `coupon_percent` percent off each item; `automatic` and
    `manual` are money off the total without a coupon.
    """

    kind: Literal["coupon_amount", "coupon_percent", "automatic", "manual"]
    value: Decimal
    code: str = ""
    name: str = ""


@attrs.frozen
class Shipping:
    """A shipping consignment: its method, cost and handling as typed in, and its receiver (by default the buyer)."""

    method: str = "UPS Ground"
    cost: Decimal = Decimal("8.00")
    handling: Decimal = ZERO
    receiver: Person | None = None


@attrs.frozen
class FeeLine:
    """A custom fee."""

    name: str
    cost: Decimal
    taxable: bool = True


@attrs.frozen
class Payment:
    """How the rest of an order is paid after store credit and gift certificates.

    `paid` is one purchase; `authorized` holds the money; `captured` was authorized first; `offline`
    has no transaction.
    """

    method: str = "Credit Card"
    gateway: str = "authorizenet"
    state: Literal["paid", "authorized", "captured", "declined", "offline"] = "paid"
    reference: str = ""


CARD = Payment()


class OrderOptions(TypedDict, total=False):
    """What `OrderFactory.order` takes beside the lines; everything has a default."""

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
    staff_notes: str
    customer_message: str
    shape: str
    importable: bool


@attrs.frozen
class _Cost:
    """An amount without tax, with it, and the tax."""

    ex: Decimal = ZERO
    inc: Decimal = ZERO

    @property
    def tax(self) -> Decimal:
        return self.inc - self.ex

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.ex + other.ex, self.inc + other.inc)

    def times(self, quantity: int) -> _Cost:
        return _Cost(self.ex * quantity, self.inc * quantity)

    def fields(self, name: str) -> Row:
        return {
            f"{name}_ex_tax": money(self.ex),
            f"{name}_inc_tax": money(self.inc),
            f"{name}_tax": money(self.tax),
        }


_FREE = _Cost()


def _sum(costs: Sequence[_Cost]) -> _Cost:
    return sum(costs, _FREE)


def item(
    sku: str,
    quantity: int = 1,
    *,
    consignment: int = 0,
    pickup: bool = False,
    options: Sequence[tuple[str, str]] = (),
) -> Line:
    """Return a line of the catalogue.

    >>> item("MUG-BLUE", 2).price
    Decimal('9.95')
    """
    product = CATALOGUE[sku]
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


class OrderFactory:
    """Builds orders, the same ones for the same seed.

    >>> order = OrderFactory(seed=7).plain()
    >>> order.header["total_inc_tax"] == OrderFactory(seed=7).plain().header["total_inc_tax"]
    True

    Args:
        seed: Of the random choices.
        first_id: The first order's id; the next ones count on.
        tax_rate: The store's tax rate, as a fraction.
        tax_inclusive: The merchant types prices with tax.
        currency: The currency of amounts, and of the store.
        fees_on_top: Build by the other reading: fees are added to the total beside the subtotal.
        net_of_tenders: Build by the other reading: the total is what is left to pay after store
            credit and gift certificates.
        status_id: The orders' status; 11 is Awaiting Fulfillment.
        created: When the first order was placed; each next one comes 7 minutes later.
    """

    def __init__(
        self,
        seed: int = 1,
        first_id: int = 1001,
        *,
        tax_rate: Decimal = Decimal("0.0825"),
        tax_inclusive: bool = False,
        currency: str = "USD",
        fees_on_top: bool = False,
        net_of_tenders: bool = False,
        status_id: int = 11,
        created: datetime = datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
    ) -> None:
        self.next_id = first_id
        self._first_id = first_id
        self._random = random.Random(seed)
        self._tax_rate = tax_rate
        self._tax_inclusive = tax_inclusive
        self._currency = currency
        self._fees_on_top = fees_on_top
        self._net_of_tenders = net_of_tenders
        self._status_id = status_id
        self._created = created

    def person(self, customer_id: int = 0) -> Person:
        """Return somebody; the same customer id gives the same person. Emails end in example.com."""
        index = customer_id or self._random.randrange(1000)
        first, last, street, city, state, zip_code = _PEOPLE[index % len(_PEOPLE)]
        email = f"{first}.{last}.{index}@example.com".lower()
        return Person(
            first, last, street, city, state, zip_code, email=email, customer_id=customer_id
        )

    def lines(self, count: int) -> list[Line]:
        """Return random physical lines of the catalogue, each SKU once while there are enough."""
        skus = self._random.sample(PHYSICAL, min(count, len(PHYSICAL)))
        skus += [self._random.choice(PHYSICAL) for _ in range(count - len(skus))]
        return [item(sku, self._random.randint(1, 4)) for sku in skus]

    def order(self, lines: Sequence[Line], **options: Unpack[OrderOptions]) -> FakeOrder:
        """Build one order from its lines; every option of `OrderOptions` has a default."""
        order_id = self.next_id
        self.next_id += 1
        return _Building(
            order_id=order_id,
            lines=list(lines),
            options=options,
            buyer=options.get("buyer") or self.person(),
            rate=options.get("tax_rate", self._tax_rate),
            inclusive=options.get("tax_inclusive", self._tax_inclusive),
            currency=options.get("currency", self._currency),
            store_currency=self._currency,
            fees_on_top=self._fees_on_top,
            net_of_tenders=self._net_of_tenders,
            status_id=options.get("status_id", self._status_id),
            created=options.get(
                "created", self._created + timedelta(minutes=7 * (order_id - self._first_id))
            ),
            cart_id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
        ).build()

    def plain(self) -> FakeOrder:
        """One to three lines, one address, paid by card."""
        return self.order(self.lines(self._random.randint(1, 3)), shape="plain")


@attrs.define
class _Priced:
    """A line with what it costs, and what discounts take off it."""

    line: Line
    id: int
    unit: _Cost
    wrapping: _Cost
    applied: list[Row] = attrs.field(factory=list[Row])
    taken: Decimal = ZERO
    """The discounts' amounts, with tax."""
    taken_tax: Decimal = ZERO
    """The tax in them."""

    @property
    def total(self) -> _Cost:
        return self.unit.times(self.line.quantity)

    @property
    def left(self) -> Decimal:
        """What discounts may still take; a gift certificate is never discounted."""
        return (
            ZERO
            if self.line.type == "giftcertificate"
            else self.unit.inc * self.line.quantity - self.taken
        )


@attrs.define
class _Building:
    """One order in the making."""

    order_id: int
    lines: list[Line]
    options: OrderOptions
    buyer: Person
    rate: Decimal
    inclusive: bool
    currency: str
    store_currency: str
    fees_on_top: bool
    net_of_tenders: bool
    status_id: int
    created: datetime
    cart_id: str

    def build(self) -> FakeOrder:
        shipped = any(_is_shipped(line) for line in self.lines)
        consignments = list(self.options.get("shipping", [Shipping()])) if shipped else []
        shipping = [self._cost(consignment.cost) for consignment in consignments]
        handling = [self._cost(consignment.handling) for consignment in consignments]
        fee_lines = list(self.options.get("fees", []))
        fees = [self._cost(fee.cost, taxable=fee.taxable) for fee in fee_lines]
        priced = [
            _Priced(
                line,
                id=self.order_id * 100 + index,
                unit=self._cost(line.price, taxable=line.taxable),
                wrapping=self._cost(line.wrapping or ZERO),
            )
            for index, line in enumerate(self.lines)
        ]
        coupons = self._discount(priced)
        taken = sum((row.taken for row in priced), ZERO)
        taken_tax = sum((row.taken_tax for row in priced), ZERO)
        coupon_discount = sum((amount_of(coupon["discount"]) for coupon in coupons), ZERO)
        wrapping = _sum([row.wrapping for row in priced])
        lines = _sum([row.total for row in priced])
        subtotal = lines if self.fees_on_top else lines + _sum(fees)
        parts = lines + _sum(fees) + _sum(shipping) + _sum(handling) + wrapping
        exact = _Cost(parts.ex - taken + taken_tax, parts.inc - taken)
        # What unit prices of four decimals leave below the smallest coin is not paid by anybody.
        total = _Cost(exact.ex - (exact.inc - self._payable(exact.inc)), self._payable(exact.inc))
        tenders, transactions = self._pay(total.inc)
        redeemed = sum(tenders.values(), ZERO) if self.net_of_tenders else ZERO
        header: Row = {
            **self._head(),
            **subtotal.fields("subtotal"),
            "subtotal_tax": money(subtotal.tax - taken_tax),
            **self._charge("shipping_cost", _sum(shipping)),
            **self._charge("handling_cost", _sum(handling)),
            **self._charge("wrapping_cost", wrapping),
            **_Cost(total.ex - redeemed, total.inc - redeemed).fields("total"),
            "items_total": sum(line.quantity for line in self.lines if line.component_of is None),
            "items_shipped": 0,
            "order_is_digital": all(line.type != "physical" for line in self.lines),
            "shipping_address_count": len(consignments),
            "store_credit_amount": money(tenders["store_credit"]),
            "gift_certificate_amount": money(tenders["gift_certificate"]),
            "discount_amount": money(taken - coupon_discount),
            "coupon_discount": money(coupon_discount),
            **self._payment_fields(transactions),
        }
        return FakeOrder(
            header=header,
            products=[self._product(row) for row in priced],
            shipping=[
                self._address(index, *costs)
                for index, costs in enumerate(zip(consignments, shipping, handling, strict=True))
            ],
            pickups=[_pickup_row(self._address_id(_PICKUP))]
            if any(line.pickup for line in self.lines)
            else [],
            coupons=coupons,
            taxes=self._taxes(priced, shipping, handling, fees),
            fees=[self._fee(index, fee, fees[index]) for index, fee in enumerate(fee_lines)],
            transactions=transactions,
            customer=_customer_row(self.buyer) if self.buyer.customer_id else None,
            shape=self.options.get("shape", ""),
            importable=self.options.get("importable", True),
        )

    # Amounts

    def _payable(self, amount: Decimal) -> Decimal:
        return to_minor_unit(amount, self.currency)

    def _cost(self, typed: Decimal, *, taxable: bool = True) -> _Cost:
        """Take an amount as typed in: the other side is computed, in a tax-inclusive store to 4 decimals."""
        if not typed:
            return _FREE
        rate = self.rate if taxable else ZERO
        if self.inclusive:
            return _Cost((typed / (1 + rate)).quantize(_FOUR, rounding=ROUND_HALF_UP), typed)
        return _Cost(typed, typed + self._payable(typed * rate))

    def _tax_within(self, amount: Decimal, *, taxable: bool) -> Decimal:
        """Return the tax in a discount, which comes off the amounts with tax."""
        if not taxable:
            return ZERO
        tax = amount * self.rate / (1 + self.rate)
        return tax.quantize(_FOUR, rounding=ROUND_HALF_UP) if self.inclusive else self._payable(tax)

    def _discount(self, priced: Sequence[_Priced]) -> list[Row]:
        """Take the discounts off the lines; returns the coupons."""
        coupons: list[Row] = []
        for index, discount in enumerate(self.options.get("discounts", [])):
            left = [row.left for row in priced]
            if discount.kind == "coupon_percent":
                parts = [self._payable(amount * discount.value / 100) for amount in left]
            else:
                parts = share(min(discount.value, sum(left, ZERO)), left, decimals(self.currency))
            code = discount.code if discount.kind.startswith("coupon") else None
            for row, part in zip(priced, parts, strict=True):
                if part:
                    row.applied.append(_applied_row(discount, index, part, code))
                    row.taken += part
                    row.taken_tax += self._tax_within(part, taxable=row.line.taxable)
            if code is not None:
                coupons.append(
                    {
                        "id": self.order_id * 10 + index,
                        "coupon_id": 41 + index,
                        "order_id": self.order_id,
                        "code": code,
                        "amount": number(discount.value),
                        "type": 2 if discount.kind == "coupon_amount" else 1,
                        "discount": number(sum(parts, ZERO)),
                    }
                )
        return coupons

    # Payment

    def _pay(self, total: Decimal) -> tuple[dict[str, Decimal], list[Row]]:
        """Return what store credit and gift certificates pay, and the transactions of everything."""
        transactions: list[Row] = []
        certificate = min(self.options.get("gift_certificate", ZERO), total)
        if certificate:
            balances: Row = {
                "original_balance": number(certificate),
                "starting_balance": number(certificate),
                "remaining_balance": 0,
            }
            self._transact(transactions, "purchase", "gift_certificate", certificate)[
                "gift_certificate"
            ] = {
                "code": "EXAMPLE-GIFT-1",
                **balances,
                "status": "active",
            }
        credit = min(self.options.get("store_credit", ZERO), total - certificate)
        if credit:
            self._transact(transactions, "purchase", "store_credit", credit)["store_credit"] = {
                "remaining_balance": 12.5
            }
        payment = self.options.get("payment", CARD)
        left = total - certificate - credit
        if left and payment.state != "offline":
            event = "purchase" if payment.state in {"paid", "declined"} else "authorization"
            first = self._transact(transactions, event, "gateway", left)
            first["status"] = "error" if payment.state == "declined" else "ok"
            if payment.state == "captured":
                self._transact(transactions, "capture", "gateway", left)[
                    "reference_transaction_id"
                ] = first["id"]
        return {"gift_certificate": certificate, "store_credit": credit}, transactions

    def _transact(self, transactions: list[Row], event: str, tender: str, amount: Decimal) -> Row:
        gateway = (
            self.options.get("payment", CARD).gateway
            if tender == "gateway"
            else tender.replace("_", "")
        )
        card = tender == "gateway" and not gateway.startswith("paypal")
        method = tender if tender != "gateway" else "credit_card" if card else "electronic_wallet"
        row: Row = {
            "id": self.order_id * 10 + len(transactions),
            "order_id": str(self.order_id),
            "event": event,
            "method": method,
            "amount": number(amount),
            "currency": self.currency,
            "gateway": gateway,
            "gateway_transaction_id": f"{gateway}-{self.order_id * 10 + len(transactions)}",
            "date_created": self.created.isoformat(),
            "test": False,
            "status": "ok",
            "fraud_review": False,
            "payment_method_id": f"{gateway}.{method}",
        }
        if card:
            row["credit_card"] = {"card_type": "visa", "card_iin": "411111", "card_last4": "1111"}
        transactions.append(row)
        return row

    def _payment_fields(self, transactions: Sequence[Row]) -> Row:
        payment = self.options.get("payment", CARD)
        gateway = [
            row for row in transactions if row["method"] not in {"store_credit", "gift_certificate"}
        ]
        if gateway:
            status = {"paid": "captured"}.get(payment.state, payment.state)
            reference = payment.reference or text(gateway[0], "gateway_transaction_id")
            return {
                "payment_method": payment.method,
                "payment_provider_id": reference,
                "payment_status": status,
            }
        if transactions:
            name = (
                "Gift Certificate"
                if transactions[0]["method"] == "gift_certificate"
                else "Store Credit"
            )
            return {"payment_method": name, "payment_provider_id": None, "payment_status": ""}
        method = payment.method if payment.state == "offline" else ""
        return {
            "payment_method": method,
            "payment_provider_id": payment.reference,
            "payment_status": "",
        }

    # Rows

    def _head(self) -> Row:
        names = SYSTEM_NAMES[self.status_id]
        foreign = self.currency != self.store_currency
        return {
            "id": self.order_id,
            "customer_id": self.buyer.customer_id,
            "date_created": rfc2822(self.created),
            "date_modified": rfc2822(self.created),
            "date_shipped": "",
            "status_id": self.status_id,
            "status": names,
            "custom_status": names,
            "is_tax_inclusive_pricing": self.inclusive,
            "refunded_amount": "0.0000",
            "ip_address": "192.0.2.10",
            "ip_address_v6": "",
            "geoip_country": self.buyer.country,
            "geoip_country_iso2": self.buyer.country_iso2,
            "currency_id": 2 if foreign else 1,
            "currency_code": self.currency,
            "currency_exchange_rate": "1.0000000000",
            "default_currency_id": 2 if foreign else 1,
            "default_currency_code": self.currency,
            "store_default_currency_code": self.store_currency,
            "store_default_to_transactional_exchange_rate": "0.9200000000"
            if foreign
            else "1.0000000000",
            "staff_notes": self.options.get("staff_notes", ""),
            "customer_message": self.options.get("customer_message", ""),
            "ebay_order_id": "0",
            "cart_id": self.cart_id,
            "billing_address": {
                **_address_fields(self.buyer),
                "email": self.buyer.email,
                "form_fields": [],
            },
            "is_email_opt_in": False,
            "credit_card_type": [None, [], {}][self.order_id % 3],
            "order_source": "www",
            "channel_id": 1,
            "external_source": None,
            "external_id": None,
            "external_merchant_id": None,
            "external_order_id": "",
            "tax_provider_id": "BasicTaxProvider",
            "customer_locale": "en",
            "is_deleted": False,
        }

    def _address_id(self, index: int) -> int:
        return self.order_id * 10 + index

    def _charge(self, name: str, cost: _Cost) -> Row:
        base = money(cost.inc if self.inclusive else cost.ex)
        return {f"base_{name}": base, **cost.fields(name), f"{name}_tax_class_id": 2}

    def _product(self, row: _Priced) -> Row:
        line = row.line
        parent = None if line.component_of is None else self.order_id * 100 + line.component_of
        return {
            "id": row.id,
            "order_id": self.order_id,
            "product_id": line.product_id,
            "variant_id": line.product_id + 500 if line.product_id else 0,
            "order_pickup_method_id": self._address_id(_PICKUP) if line.pickup else 0,
            "order_address_id": self._address_id(line.consignment) if _is_shipped(line) else 0,
            "name": line.name,
            "name_customer": line.name,
            "name_merchant": line.name,
            "sku": line.sku,
            "type": line.type,
            "base_price": money(line.price),
            **row.unit.fields("price"),
            "base_total": money(line.price * line.quantity),
            **row.total.fields("total"),
            "weight": "1.0000" if line.type == "physical" else "0.0000",
            "quantity": line.quantity,
            "wrapping_id": 1 if line.wrapping is not None else 0,
            "wrapping_name": "Gift wrap" if line.wrapping is not None else None,
            "base_wrapping_cost": money(line.wrapping or ZERO),
            **row.wrapping.fields("wrapping_cost"),
            "wrapping_message": line.wrapping_message,
            "event_name": "Delivery date" if line.event_date else None,
            "event_date": line.event_date or None,
            "option_set_id": 19 if line.options else None,
            "parent_order_product_id": parent,
            "is_bundled_product": line.component_of is not None,
            "applied_discounts": row.applied,
            "product_options": [
                _option_row(row.id, place, *option) for place, option in enumerate(line.options)
            ],
            "configurable_fields": [],
            "gift_certificate_id": row.id if line.type == "giftcertificate" else None,
            "discounted_total_inc_tax": money(row.total.inc - row.taken),
            **_SAME_ON_EVERY_LINE,
        }

    def _address(self, index: int, consignment: Shipping, cost: _Cost, handling: _Cost) -> Row:
        receiver = consignment.receiver or self.buyer
        address_id = self._address_id(index)
        quantity = sum(
            line.quantity
            for line in self.lines
            if line.type == "physical"
            and not line.pickup
            and line.consignment == index
            and line.component_of is None
        )
        return {
            "id": address_id,
            "order_id": self.order_id,
            **_address_fields(receiver),
            "email": receiver.email or self.buyer.email,
            "items_total": quantity,
            "items_shipped": 0,
            "shipping_method": consignment.method,
            "base_cost": money(consignment.cost),
            **cost.fields("cost"),
            "cost_tax_class_id": 2,
            "base_handling_cost": money(consignment.handling),
            **handling.fields("handling_cost"),
            "handling_cost_tax_class_id": 2,
            "shipping_zone_id": 1,
            "shipping_zone_name": "United States",
            "form_fields": [],
        }

    def _fee(self, index: int, fee: FeeLine, cost: _Cost) -> Row:
        return {
            "id": self.order_id * 10 + index,
            "type": "custom_fee",
            "display_name_customer": fee.name,
            "display_name_merchant": fee.name,
            "source": "v2",
            "base_cost": money(fee.cost),
            **cost.fields("cost"),
            "tax_class_id": 0,
        }

    def _taxes(
        self,
        priced: Sequence[_Priced],
        shipping: Sequence[_Cost],
        handling: Sequence[_Cost],
        fees: Sequence[_Cost],
    ) -> list[Row]:
        """Return one row for each taxed thing, as `?details=true` shows them."""
        parts: list[tuple[str, int | None, int, Decimal]] = []
        for row in priced:
            address = self._address_id(row.line.consignment) if _is_shipped(row.line) else 0
            parts.append(("item", row.id, address, row.total.tax - row.taken_tax))
            parts.append(("gift-wrapping", row.id, address, row.wrapping.tax))
        parts += [
            ("shipping", None, self._address_id(index), cost.tax)
            for index, cost in enumerate(shipping)
        ]
        parts += [
            ("handling", None, self._address_id(index), cost.tax)
            for index, cost in enumerate(handling)
        ]
        parts += [("item", None, 0, cost.tax) for cost in fees]
        return [
            {
                "id": self.order_id * 1000 + place,
                "order_id": self.order_id,
                "order_address_id": address,
                "order_pickup_method_id": 0,
                "tax_rate_id": 1,
                "sales_tax_id": "1",
                "tax_class_id": 0,
                "name": "Sales Tax",
                "class": "Default Tax Class",
                "rate": money(self.rate * 100),
                "priority": 0,
                "priority_amount": money(tax),
                "line_amount": money(tax),
                "line_item_type": kind,
                **({} if line_id is None else {"order_product_id": str(line_id)}),
            }
            for place, (kind, line_id, address, tax) in enumerate(parts)
            if tax
        ]


_PICKUP = 9
"""The place of the pickup among an order's address ids."""

_SAME_ON_EVERY_LINE: Mapping[str, object] = {
    "upc": "",
    "width": "1.0000",
    "height": "1.0000",
    "depth": "1.0000",
    "base_cost_price": "0.0000",
    "cost_price_inc_tax": "0.0000",
    "cost_price_ex_tax": "0.0000",
    "cost_price_tax": "0.0000",
    "is_refunded": False,
    "quantity_refunded": 0,
    "refund_amount": "0.0000",
    "return_id": 0,
    "quantity_shipped": 0,
    "fixed_shipping_cost": "0.0000",
    "ebay_item_id": "",
    "ebay_transaction_id": "",
    "bin_picking_number": "",
    "external_id": None,
    "brand": "",
}


def _is_shipped(line: Line) -> bool:
    return line.type == "physical" and not line.pickup


def _applied_row(discount: Discount, index: int, amount: Decimal, code: str | None) -> Row:
    identity, target, name = {
        "coupon_amount": ("total-coupon", "order", discount.code),
        "coupon_percent": (str(41 + index), "product", discount.code),
        "automatic": (str(71 + index), "order", "Spring promotion"),
        "manual": ("manual-discount", "order", "Manual Discount"),
    }[discount.kind]
    return {
        "id": identity,
        "amount": money(amount),
        "name": discount.name or name,
        "code": code,
        "target": target,
    }


def _option_row(line_id: int, place: int, name: str, value: str) -> Row:
    return {
        "id": line_id * 10 + place,
        "option_id": 18 + place,
        "order_product_id": line_id,
        "product_option_id": 120 + place,
        "display_name": name,
        "display_name_customer": name,
        "display_name_merchant": name,
        "display_value": value,
        "display_value_customer": value,
        "display_value_merchant": value,
        "value": str(69 + place),
        "type": "Multiple choice",
        "name": name,
        "display_style": "Rectangle",
    }


def _pickup_row(pickup_id: int) -> Row:
    return {
        "id": pickup_id,
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick up in store",
        "collection_instructions": "Bring your order number",
        "collection_time_description": "9am - 6pm",
        "location": {
            "id": 1,
            "name": "Main",
            "code": "MAIN",
            "address_line_1": "1 Example Street",
            "address_line_2": "",
            "city": "Austin",
            "state": "Texas",
            "postal_code": "78751",
            "country_alpha2": "US",
            "email": "main@example.com",
            "phone": "555-0199",
        },
    }


def _customer_row(person: Person) -> Row:
    """Return a registered buyer as the customers API shows them."""
    return {
        "id": person.customer_id,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "phone": person.phone,
        "notes": "",
        "tax_exempt_category": "",
        "customer_group_id": 0,
        "registration_ip_address": "192.0.2.10",
        "date_created": "2026-01-05T10:00:00Z",
        "date_modified": "2026-01-05T10:00:00Z",
        "accepts_product_review_abandoned_cart_emails": False,
        "channel_ids": [1],
        "addresses": [
            {
                "id": person.customer_id * 10,
                "customer_id": person.customer_id,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "company": person.company,
                "address1": person.street_1,
                "address2": person.street_2,
                "city": person.city,
                "state_or_province": person.state,
                "postal_code": person.zip,
                "country": person.country,
                "country_code": person.country_iso2,
                "phone": person.phone,
                "address_type": "residential",
            }
        ],
    }


def _address_fields(person: Person) -> Row:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "street_1": person.street_1,
        "street_2": person.street_2,
        "city": person.city,
        "state": person.state,
        "zip": person.zip,
        "country": person.country,
        "country_iso2": person.country_iso2,
        "phone": person.phone,
    }
