"""Seeded builders of orders in every shape that BigCommerce sends, with amounts that foot exactly.

The amounts follow one reading of BigCommerce's orders API (docs/facts.md, bigcommerce-money): discounts come off the amounts with tax,
fees are part of the subtotal, and the total is what the order costs before store credit and gift certificates are taken as tenders.
`fees_on_top` and `net_of_tenders` build orders by the other readings.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias, TypedDict, Unpack

import attrs

from avbc.money import ZERO, decimals, share
from avbc.testing.orders import FakeOrder
from avbc.testing.resources.order_statuses import SYSTEM_NAMES
from avbc.testing.values import Row, amount_of, as_row, money, number, rfc2822, text

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

    `coupon_amount` is money off the total, `coupon_percent` percent off each item; `automatic` and `manual` are money off the total
    without a coupon.
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

    `paid` is one purchase; `authorized` holds the money; `captured` was authorized first; `offline` has no transaction.
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
        return {f"{name}_ex_tax": money(self.ex), f"{name}_inc_tax": money(self.inc), f"{name}_tax": money(self.tax)}


def _sum(costs: Sequence[_Cost]) -> _Cost:
    return sum(costs, _Cost())


def item(sku: str, quantity: int = 1, *, consignment: int = 0, pickup: bool = False, options: Sequence[tuple[str, str]] = ()) -> Line:
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
        net_of_tenders: Build by the other reading: the total is what is left to pay after store credit and gift certificates.
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
        index = customer_id if customer_id else self._random.randrange(1000)
        first, last, street, city, state, zip_code = _PEOPLE[index % len(_PEOPLE)]
        email = f"{first}.{last}.{index}@example.com".lower()
        return Person(first, last, street, city, state, zip_code, email=email, customer_id=customer_id)

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
            created=self._created + timedelta(minutes=7 * (order_id - self._first_id)),
            cart_id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
        ).build()

    def plain(self) -> FakeOrder:
        """One to three lines, one address, paid by card."""
        return self.order(self.lines(self._random.randint(1, 3)), shape="plain")


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
        physical = [line for line in self.lines if line.type == "physical" and not line.pickup]
        consignments = list(self.options.get("shipping", [Shipping()])) if physical else []
        shipping = [self.cost(consignment.cost) for consignment in consignments]
        handling = [self.cost(consignment.handling) for consignment in consignments]
        units = [self.cost(line.price, taxable=line.taxable) for line in self.lines]
        totals = [unit.times(line.quantity) for unit, line in zip(units, self.lines, strict=True)]
        wrapping = [self.cost(line.wrapping or ZERO) for line in self.lines]
        fee_lines = list(self.options.get("fees", []))
        fees = [self.cost(fee.cost, taxable=fee.taxable) for fee in fee_lines]
        applied, coupons = self._discounts(totals)
        taken = [sum((amount_of(part["amount"]) for part in parts), ZERO) for parts in applied]
        taken_tax = [self._tax_within(amount, taxable=line.taxable) for amount, line in zip(taken, self.lines, strict=True)]
        subtotal = _sum(totals) if self.fees_on_top else _sum([*totals, *fees])
        on_top = _sum(fees) if self.fees_on_top else _Cost()
        sides = subtotal + _sum(shipping) + _sum(handling) + _sum(wrapping) + on_top
        total = _Cost(sides.ex - sum(taken, ZERO) + sum(taken_tax, ZERO), sides.inc - sum(taken, ZERO))
        # What four-decimal unit prices leave below a cent is not paid by anybody.
        cents = _Cost(total.ex - (total.inc - self.paid(total.inc)), self.paid(total.inc))
        tenders, transactions = self._pay(cents.inc)
        left = _Cost(cents.ex - sum(tenders.values()), cents.inc - sum(tenders.values())) if self.net_of_tenders else cents
        coupon_discount = sum((amount_of(coupon["discount"]) for coupon in coupons), ZERO)
        subtotal_fields: Row = {**subtotal.fields("subtotal"), "subtotal_tax": money(subtotal.tax - sum(taken_tax, ZERO))}
        header: Row = {
            **self._head(),
            **subtotal_fields,
            **_charge("shipping_cost", "base_shipping_cost", _sum(shipping), inclusive=self.inclusive),
            **_charge("handling_cost", "base_handling_cost", _sum(handling), inclusive=self.inclusive),
            **_charge("wrapping_cost", "base_wrapping_cost", _sum(wrapping), inclusive=self.inclusive),
            **left.fields("total"),
            "items_total": sum(line.quantity for line in self.lines if line.component_of is None),
            "items_shipped": 0,
            "order_is_digital": all(line.type != "physical" for line in self.lines),
            "shipping_address_count": len(consignments),
            "store_credit_amount": money(tenders["store_credit"]),
            "gift_certificate_amount": money(tenders["gift_certificate"]),
            "discount_amount": money(sum(taken, ZERO) - coupon_discount),
            "coupon_discount": money(coupon_discount),
            **self._payment_fields(transactions),
        }
        return FakeOrder(
            header=header,
            products=self._products(units, totals, wrapping, applied),
            shipping=[
                self._address(index, consignment, shipping[index], handling[index]) for index, consignment in enumerate(consignments)
            ],
            pickups=[self._pickup()] if any(line.pickup for line in self.lines) else [],
            coupons=coupons,
            taxes=self._taxes(totals, taken_tax, shipping, handling, wrapping, fees),
            fees=[self._fee(index, fee, fees[index]) for index, fee in enumerate(fee_lines)],
            transactions=transactions,
            customer=self._customer(),
            shape=self.options.get("shape", ""),
            importable=self.options.get("importable", True),
        )

    # Amounts

    def paid(self, amount: Decimal) -> Decimal:
        """Round to what can be paid in the order's currency."""
        return amount.quantize(Decimal(1).scaleb(-decimals(self.currency)), rounding=ROUND_HALF_UP)

    def cost(self, typed: Decimal, *, taxable: bool = True) -> _Cost:
        """Take an amount as typed in: the other side is computed, in a tax-inclusive store to 4 decimals."""
        rate = self.rate if taxable else ZERO
        if self.inclusive:
            return _Cost((typed / (1 + rate)).quantize(_FOUR, rounding=ROUND_HALF_UP), typed)
        return _Cost(typed, typed + self.paid(typed * rate))

    def _tax_within(self, amount: Decimal, *, taxable: bool) -> Decimal:
        """Return the tax in a discount, which comes off the amounts with tax."""
        if not taxable:
            return ZERO
        tax = amount * self.rate / (1 + self.rate)
        return tax.quantize(_FOUR, rounding=ROUND_HALF_UP) if self.inclusive else self.paid(tax)

    def _discounts(self, totals: Sequence[_Cost]) -> tuple[list[list[Row]], list[Row]]:
        """Return each line's applied discounts, and the coupons."""
        left = [ZERO if line.type == "giftcertificate" else total.inc for line, total in zip(self.lines, totals, strict=True)]
        applied: list[list[Row]] = [[] for _ in self.lines]
        coupons: list[Row] = []
        for index, discount in enumerate(self.options.get("discounts", [])):
            if discount.kind == "coupon_percent":
                parts = [self.paid(amount * discount.value / 100) for amount in left]
            else:
                parts = share(min(discount.value, sum(left, ZERO)), left, decimals(self.currency))
            left = [amount - part for amount, part in zip(left, parts, strict=True)]
            coupon = discount.kind.startswith("coupon")
            names: Mapping[str, tuple[str, str]] = {
                "coupon_amount": ("total-coupon", "order"),
                "coupon_percent": (str(41 + index), "product"),
                "automatic": (str(71 + index), "order"),
                "manual": ("manual-discount", "order"),
            }
            identity, target = names[discount.kind]
            name = discount.name or {"manual": "Manual Discount", "automatic": "Spring promotion"}.get(discount.kind, discount.code)
            for row, part in zip(applied, parts, strict=True):
                if part:
                    code = discount.code if coupon else None
                    row.append({"id": identity, "amount": money(part), "name": name, "code": code, "target": target})
            if coupon:
                coupons.append(
                    {
                        "id": self.order_id * 10 + index,
                        "coupon_id": 41 + index,
                        "order_id": self.order_id,
                        "code": discount.code,
                        "amount": number(discount.value),
                        "type": 2 if discount.kind == "coupon_amount" else 1,
                        "discount": number(sum(parts, ZERO)),
                    }
                )
        return applied, coupons

    # Payment

    def _pay(self, total: Decimal) -> tuple[dict[str, Decimal], list[Row]]:
        tenders = {"store_credit": ZERO, "gift_certificate": ZERO}
        transactions: list[Row] = []
        left = total
        for key, wanted in [
            ("gift_certificate", self.options.get("gift_certificate", ZERO)),
            ("store_credit", self.options.get("store_credit", ZERO)),
        ]:
            tenders[key] = min(wanted, left)
            left -= tenders[key]
            if tenders[key]:
                extra: Row = {"store_credit": {"remaining_balance": 12.5}}
                if key == "gift_certificate":
                    balances: Row = {"original_balance": number(wanted), "starting_balance": number(wanted)}
                    extra = {"gift_certificate": {"code": "GC-EXAMPLE-1", **balances, "remaining_balance": 0, "status": "active"}}
                transactions.append(self._transaction(transactions, "purchase", key, tenders[key], key.replace("_", ""), extra))
        payment = self.options.get("payment", CARD)
        if left and payment.state != "offline":
            method = "electronic_wallet" if payment.gateway.startswith("paypal") else "credit_card"
            card: Row = (
                {"credit_card": {"card_type": "visa", "card_iin": "411111", "card_last4": "1111"}} if method == "credit_card" else {}
            )
            event = "purchase" if payment.state in {"paid", "declined"} else "authorization"
            first = self._transaction(transactions, event, method, left, payment.gateway, card)
            if payment.state == "declined":
                first["status"] = "error"
            transactions.append(first)
            if payment.state == "captured":
                second = self._transaction(transactions, "capture", method, left, payment.gateway, card)
                transactions.append({**second, "reference_transaction_id": first["id"]})
        return tenders, transactions

    def _transaction(self, before: Sequence[Row], event: str, method: str, amount: Decimal, gateway: str, extra: Row) -> Row:
        transaction_id = self.order_id * 10 + len(before)
        return {
            "id": transaction_id,
            "order_id": str(self.order_id),
            "event": event,
            "method": method,
            "amount": number(amount),
            "currency": self.currency,
            "gateway": gateway,
            "gateway_transaction_id": f"{gateway}-{transaction_id}",
            "date_created": self.created.isoformat(),
            "test": False,
            "status": "ok",
            "fraud_review": False,
            "payment_method_id": f"{gateway}.{method}",
            **extra,
        }

    def _payment_fields(self, transactions: Sequence[Row]) -> Row:
        payment = self.options.get("payment", CARD)
        gateway = [row for row in transactions if row["method"] not in {"store_credit", "gift_certificate"}]
        if gateway:
            status = {"paid": "captured", "captured": "captured", "authorized": "authorized", "declined": "declined"}[payment.state]
            reference = payment.reference or text(gateway[0], "gateway_transaction_id")
            return {"payment_method": payment.method, "payment_provider_id": reference, "payment_status": status}
        if transactions:
            name = "Gift Certificate" if transactions[0]["method"] == "gift_certificate" else "Store Credit"
            return {"payment_method": name, "payment_provider_id": None, "payment_status": ""}
        offline = payment.state == "offline"
        return {"payment_method": payment.method if offline else "", "payment_provider_id": payment.reference, "payment_status": ""}

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
            "store_default_to_transactional_exchange_rate": "0.9200000000" if foreign else "1.0000000000",
            "staff_notes": self.options.get("staff_notes", ""),
            "customer_message": self.options.get("customer_message", ""),
            "ebay_order_id": "0",
            "cart_id": self.cart_id,
            "billing_address": {**_address_fields(self.buyer), "email": self.buyer.email, "form_fields": []},
            "is_email_opt_in": False,
            "credit_card_type": None,
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

    def _line_id(self, index: int) -> int:
        return self.order_id * 100 + index

    def _address_id(self, index: int) -> int:
        return self.order_id * 10 + index

    def _products(
        self, units: Sequence[_Cost], totals: Sequence[_Cost], wrapping: Sequence[_Cost], applied: Sequence[list[Row]]
    ) -> list[Row]:
        return [
            self._product(index, line, units[index], totals[index], wrapping[index], applied[index])
            for index, line in enumerate(self.lines)
        ]

    def _product(self, index: int, line: Line, unit: _Cost, total: _Cost, wrapping: _Cost, applied: list[Row]) -> Row:
        shipped = line.type == "physical" and not line.pickup
        taken = sum((amount_of(discount["amount"]) for discount in applied), ZERO)
        return {
            "id": self._line_id(index),
            "order_id": self.order_id,
            "product_id": line.product_id,
            "variant_id": line.product_id + 500 if line.product_id else 0,
            "order_pickup_method_id": self._address_id(9) if line.pickup else 0,
            "order_address_id": self._address_id(line.consignment) if shipped else 0,
            "name": line.name,
            "name_customer": line.name,
            "name_merchant": line.name,
            "sku": line.sku,
            "upc": "",
            "type": line.type,
            "base_price": money(line.price),
            **unit.fields("price"),
            "base_total": money(line.price * line.quantity),
            **total.fields("total"),
            "weight": "1.0000" if line.type == "physical" else "0.0000",
            "width": "1.0000",
            "height": "1.0000",
            "depth": "1.0000",
            "quantity": line.quantity,
            "base_cost_price": "0.0000",
            "cost_price_inc_tax": "0.0000",
            "cost_price_ex_tax": "0.0000",
            "cost_price_tax": "0.0000",
            "is_refunded": False,
            "quantity_refunded": 0,
            "refund_amount": "0.0000",
            "return_id": 0,
            "wrapping_id": 1 if line.wrapping is not None else 0,
            "wrapping_name": "Gift wrap" if line.wrapping is not None else None,
            "base_wrapping_cost": money(line.wrapping or ZERO),
            **wrapping.fields("wrapping_cost"),
            "wrapping_message": line.wrapping_message,
            "quantity_shipped": 0,
            "event_name": "Delivery date" if line.event_date else None,
            "event_date": line.event_date or None,
            "fixed_shipping_cost": "0.0000",
            "ebay_item_id": "",
            "ebay_transaction_id": "",
            "option_set_id": 19 if line.options else None,
            "parent_order_product_id": None if line.component_of is None else self._line_id(line.component_of),
            "is_bundled_product": line.component_of is not None,
            "bin_picking_number": "",
            "external_id": None,
            "brand": "",
            "applied_discounts": applied,
            "product_options": [self._option(index, place, option) for place, option in enumerate(line.options)],
            "configurable_fields": [],
            "gift_certificate_id": self._line_id(index) if line.type == "giftcertificate" else None,
            "discounted_total_inc_tax": money(total.inc - taken),
        }

    def _option(self, index: int, place: int, option: tuple[str, str]) -> Row:
        name, value = option
        return {
            "id": self._line_id(index) * 10 + place,
            "option_id": 18 + place,
            "order_product_id": self._line_id(index),
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

    def _address(self, index: int, consignment: Shipping, cost: _Cost, handling: _Cost) -> Row:
        receiver = consignment.receiver or self.buyer
        address_id = self._address_id(index)
        quantity = sum(
            line.quantity
            for line in self.lines
            if line.type == "physical" and not line.pickup and line.consignment == index and line.component_of is None
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

    def _pickup(self) -> Row:
        return {
            "id": self._address_id(9),
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
        totals: Sequence[_Cost],
        taken_tax: Sequence[Decimal],
        shipping: Sequence[_Cost],
        handling: Sequence[_Cost],
        wrapping: Sequence[_Cost],
        fees: Sequence[_Cost],
    ) -> list[Row]:
        """Return one row for each taxed thing, as `?details=true` shows them."""
        parts: list[tuple[str, int, int, Decimal]] = []
        for index, line in enumerate(self.lines):
            address = self._address_id(line.consignment) if line.type == "physical" and not line.pickup else 0
            parts.append(("item", self._line_id(index), address, totals[index].tax - taken_tax[index]))
            parts.append(("gift-wrapping", self._line_id(index), address, wrapping[index].tax))
        for kind, costs in [("shipping", shipping), ("handling", handling)]:
            parts += [(kind, 0, self._address_id(index), cost.tax) for index, cost in enumerate(costs)]
        parts += [("item", 0, 0, cost.tax) for cost in fees]
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
                "order_product_id": line_id or None,
                "line_item_type": kind,
            }
            for place, (kind, line_id, address, tax) in enumerate(parts)
            if tax
        ]

    def _customer(self) -> Row | None:
        buyer = self.buyer
        if not buyer.customer_id:
            return None
        return {
            "id": buyer.customer_id,
            "email": buyer.email,
            "first_name": buyer.first_name,
            "last_name": buyer.last_name,
            "company": buyer.company,
            "phone": buyer.phone,
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
                    "id": buyer.customer_id * 10,
                    "customer_id": buyer.customer_id,
                    "first_name": buyer.first_name,
                    "last_name": buyer.last_name,
                    "company": buyer.company,
                    "address1": buyer.street_1,
                    "address2": buyer.street_2,
                    "city": buyer.city,
                    "state_or_province": buyer.state,
                    "postal_code": buyer.zip,
                    "country": buyer.country,
                    "country_code": buyer.country_iso2,
                    "phone": buyer.phone,
                    "address_type": "residential",
                }
            ],
        }


def _charge(name: str, base: str, cost: _Cost, *, inclusive: bool) -> Row:
    return {base: money(cost.inc if inclusive else cost.ex), **cost.fields(name), f"{name}_tax_class_id": 2}


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
