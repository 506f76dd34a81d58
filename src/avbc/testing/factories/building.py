"""One order, built from its lines and options with amounts that foot exactly.

The amounts follow BigCommerce's orders API (docs/facts.md, bigcommerce-money). Where prices are
typed with tax, discounts are amounts with tax, and come off the prices with tax; where they are
typed without, both are without. A line's tax is what is left of it after discounts, and its other
side before them is that tax scaled up. Fees are part of the subtotal, and the total is what the
order costs before store credit and gift certificates are taken as tenders. `fees_on_top` and
`net_of_tenders` build orders by the other conventions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import attrs

from avbc.money import ZERO, decimals, share, to_minor_unit
from avbc.testing.factories.parts import (
    CARD,
    BodyForm,
    FeeLine,
    Line,
    OrderOptions,
    Payment,
    Person,
    Shipping,
)
from avbc.testing.factories.rows import (
    PICKUP,
    SAME_ON_EVERY_LINE,
    address_fields,
    applied_row,
    coupon_row,
    customer_row,
    form_field_rows,
    has_code,
    is_shipped,
    option_row,
    pickup_row,
    transaction_row,
)
from avbc.testing.orders import SYSTEM_NAMES, FakeOrder
from avbc.testing.values import Row, amount_of, money, number, rfc2822, text

_FOUR = Decimal("0.0001")
_LATER: Mapping[BodyForm, Sequence[str]] = {
    "modern": (),
    "zeros": (),
    "2013": ("is_tax_inclusive_pricing",),
}
"""Fields of an order that a form does not have yet."""


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


@attrs.define
class _Priced:
    """A line with what it costs, and what discounts take off it."""

    line: Line
    id: int
    unit: _Cost
    """Before discounts."""
    wrapping: _Cost
    inclusive: bool
    body: BodyForm = "modern"
    applied: list[Row] = attrs.field(factory=list[Row])
    taken: Decimal = ZERO
    """The discounts' amounts: with tax where prices are."""
    total: _Cost = _FREE
    """The line before discounts, as an order shows it."""
    paid: _Cost = _FREE
    """The line after discounts."""

    @property
    def typed(self) -> Decimal:
        """The side that the merchant typed, before discounts."""
        whole = self.unit.times(self.line.quantity)
        return whole.inc if self.inclusive else whole.ex

    @property
    def left(self) -> Decimal:
        """What discounts may still take; a gift certificate is never discounted."""
        return ZERO if self.line.type == "giftcertificate" else self.typed - self.taken

    def settle(self, tax: Decimal) -> None:
        """Set what the line costs after discounts, of which so much is tax, and before them."""
        left = self.typed - self.taken
        self.paid = _Cost(left - tax, left) if self.inclusive else _Cost(left, left + tax)
        if not self.taken or not left or self.body == "2013":
            self.total = self.unit.times(self.line.quantity)
            return
        tax_before = (tax * self.typed / left).quantize(_FOUR, rounding=ROUND_HALF_UP)
        self.total = (
            _Cost(self.typed - tax_before, self.typed)
            if self.inclusive
            else _Cost(self.typed, self.typed + tax_before)
        )

    @property
    def shown(self) -> Row:
        """The totals and discounts of the line, as an order shows them."""
        fields = {
            **self.total.fields("total"),
            "total_tax": money((self.total if self.body == "2013" else self.paid).tax),
            "applied_discounts": self.applied,
        }
        if self.body != "2013":
            paid = self.paid.inc if self.body == "modern" else ZERO
            return {**fields, "discounted_total_inc_tax": money(paid)}
        applied = [{"id": row["id"], "amount": row["amount"]} for row in self.applied]
        return {**fields, "applied_discounts": applied, "event_date": ""}

    @property
    def price(self) -> _Cost:
        """One unit before discounts, as an order shows it."""
        if not self.taken or self.body == "2013":
            return self.unit
        ex, inc = (
            (side / self.line.quantity).quantize(_FOUR, rounding=ROUND_HALF_UP)
            for side in (self.total.ex, self.total.inc)
        )
        return _Cost(self.unit.ex, inc) if not self.inclusive else _Cost(ex, self.unit.inc)


@attrs.define
class Building:
    """One order while it is built."""

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

    @property
    def body(self) -> BodyForm:
        """How the order is written."""
        return self.options.get("body", "modern")

    @property
    def payment(self) -> Payment:
        """How what is left after store credit and gift certificates is paid."""
        return self.options.get("payment", CARD)

    def build(self) -> FakeOrder:
        """Return the order."""
        consignments = list(
            self.options.get("shipping", [Shipping()]) if any(map(is_shipped, self.lines)) else []
        )
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
                inclusive=self.inclusive,
                body=self.body,
            )
            for index, line in enumerate(self.lines)
        ]
        coupons = self._discount(priced)
        taken = sum((row.taken for row in priced), ZERO)
        for row in priced:
            row.settle(self._tax(row))
        coupon_discount = sum((amount_of(coupon["discount"]) for coupon in coupons), ZERO)
        wrapping = _sum([row.wrapping for row in priced])
        lines, paid = (_sum([row.total for row in priced]), _sum([row.paid for row in priced]))
        subtotal = lines if self.fees_on_top else lines + _sum(fees)
        taxed = lines if self.body == "2013" else paid
        subtotal_tax = taxed.tax if self.fees_on_top else taxed.tax + _sum(fees).tax
        exact = paid + _sum(fees) + _sum(shipping) + _sum(handling) + wrapping
        # Unit prices have four decimals; what they leave below the smallest coin is not paid.
        total = _Cost(exact.ex - (exact.inc - self._payable(exact.inc)), self._payable(exact.inc))
        tenders, transactions = self._pay(total.inc)
        redeemed = sum(tenders.values(), ZERO) if self.net_of_tenders else ZERO
        header: Row = {
            **self._head(),
            **subtotal.fields("subtotal"),
            "subtotal_tax": money(subtotal_tax),
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
        for key in (*self.options.get("without", ()), *_LATER[self.body]):
            header.pop(key, None)
        return FakeOrder(
            header=header,
            products=[self._product(row) for row in priced],
            shipping=[
                self._address(index, *costs)
                for index, costs in enumerate(zip(consignments, shipping, handling, strict=True))
            ],
            pickups=[pickup_row(self._address_id(PICKUP))]
            if any(line.pickup for line in self.lines)
            else [],
            coupons=coupons,
            taxes=self._taxes(priced, shipping, handling, fees),
            fees=[self._fee(index, fee, fees[index]) for index, fee in enumerate(fee_lines)],
            transactions=transactions,
            customer=customer_row(self.buyer) if self.buyer.customer_id else None,
            shape=self.options.get("shape", ""),
            importable=self.options.get("importable", True),
        )

    # Amounts

    def _payable(self, amount: Decimal) -> Decimal:
        return to_minor_unit(amount, self.currency)

    def _cost(self, typed: Decimal, *, taxable: bool = True) -> _Cost:
        """Return both sides of an amount as typed in; in a tax-inclusive store to 4 decimals."""
        if not typed:
            return _FREE
        rate = self.rate if taxable else ZERO
        if self.inclusive:
            return _Cost((typed / (1 + rate)).quantize(_FOUR, rounding=ROUND_HALF_UP), typed)
        return _Cost(typed, typed + self._payable(typed * rate))

    def _tax(self, row: _Priced) -> Decimal:
        """Return the tax of a line after discounts."""
        whole = row.unit.times(row.line.quantity).tax
        if not row.taken or not row.line.taxable:
            return whole
        left = row.typed - row.taken
        if self.inclusive:
            tax = left * self.rate / (1 + self.rate)
            return tax.quantize(_FOUR, rounding=ROUND_HALF_UP)
        return min(self._payable(left * self.rate), whole)

    def _discount(self, priced: Sequence[_Priced]) -> list[Row]:
        """Take the discounts off the lines; returns the coupons."""
        coupons: list[Row] = []
        for index, discount in enumerate(self.options.get("discounts", [])):
            left = [row.left for row in priced]
            if discount.kind == "coupon_percent":
                parts = [self._payable(amount * discount.value / 100) for amount in left]
            elif discount.kind == "coupon_per_item":
                parts = [
                    min(discount.value * row.line.quantity, amount)
                    for row, amount in zip(priced, left, strict=True)
                ]
            else:
                parts = share(min(discount.value, sum(left, ZERO)), left, decimals(self.currency))
            code = discount.code if has_code(discount) else None
            for row, part in zip(priced, parts, strict=True):
                if part:
                    row.applied.append(applied_row(discount, index, part, code))
                    row.taken += part
            if code is not None:
                coupons.append(coupon_row(self.order_id, index, discount, sum(parts, ZERO)))
        return coupons

    # Payment

    def _pay(self, total: Decimal) -> tuple[dict[str, Decimal], list[Row]]:
        """Return what store credit and gift certificates pay, and all transactions."""
        transactions: list[Row] = []
        certificate = min(self.options.get("gift_certificate", ZERO), total)
        if certificate:
            paid = self._transact(transactions, "purchase", "gift_certificate", certificate)
            paid["gift_certificate"] = {
                "code": "EXAMPLE-GIFT-1",
                "original_balance": number(certificate),
                "starting_balance": number(certificate),
                "remaining_balance": 0,
                "status": "active",
            }
        credit = min(self.options.get("store_credit", ZERO), total - certificate)
        if credit:
            self._transact(transactions, "purchase", "store_credit", credit)["store_credit"] = {
                "remaining_balance": 12.5
            }
        payment, left = self.payment, total - certificate - credit
        if left and not payment.is_offline:
            event = "purchase" if payment.state in {"paid", "declined"} else "authorization"
            first = self._transact(transactions, event, "gateway", left)
            first["status"] = "error" if payment.state == "declined" else "ok"
            if payment.state == "captured":
                amount = left if payment.captured is None else min(payment.captured, left)
                self._transact(transactions, "capture", "gateway", amount)[
                    "reference_transaction_id"
                ] = first["id"]
        return {"gift_certificate": certificate, "store_credit": credit}, transactions

    def _transact(self, transactions: list[Row], event: str, tender: str, amount: Decimal) -> Row:
        is_gateway = tender == "gateway"
        gateway = self.payment.gateway if is_gateway else tender.replace("_", "")
        card = is_gateway and not gateway.startswith("paypal")
        method = "credit_card" if card else "electronic_wallet" if is_gateway else tender
        row = transaction_row(
            (self.order_id, self.order_id * 10 + len(transactions)),
            event,
            amount,
            (gateway, method),
            self.created,
        )
        row["currency"] = self.currency
        if is_gateway:
            row["test"] = self.payment.test
            row["payment_method_id"] = self.payment.method_id or row["payment_method_id"]
        transactions.append(row)
        return row

    def _payment_fields(self, transactions: Sequence[Row]) -> Row:
        payment = self.payment
        gateway = [
            row for row in transactions if row["method"] not in {"store_credit", "gift_certificate"}
        ]
        reference: str | None = payment.reference
        method, status = payment.method if payment.is_offline else "", ""
        if gateway:
            reference = reference or text(gateway[0], "gateway_transaction_id")
            method = payment.method
            status = "captured" if payment.state == "paid" else payment.state
        elif transactions:
            reference = None
            method = (
                "Gift Certificate"
                if transactions[0]["method"] == "gift_certificate"
                else "Store Credit"
            )
        return {
            "payment_method": method,
            "payment_provider_id": reference,
            "payment_status": self.options.get("payment_status", status),
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
                **address_fields(self.buyer),
                "email": self.buyer.email,
                "form_fields": form_field_rows(self.options.get("form_fields", ())),
            },
            "is_email_opt_in": False,
            "credit_card_type": [None, [], {}][self.order_id % 3],
            "order_source": "www",
            "channel_id": self.options.get("channel_id", 1),
            "external_source": None,
            "external_id": None,
            "external_merchant_id": None,
            "external_order_id": "",
            "tax_provider_id": "BasicTaxProvider",
            "customer_locale": self.options.get("customer_locale", "en"),
            "is_deleted": False,
        }

    def _address_id(self, index: int) -> int:
        return self.order_id * 10 + index

    def _charge(self, name: str, cost: _Cost) -> Row:
        return {
            f"base_{name}": money(cost.inc if self.inclusive else cost.ex),
            **cost.fields(name),
            f"{name}_tax_class_id": 2,
        }

    def _product(self, row: _Priced) -> Row:
        line = row.line
        parent = None if line.component_of is None else self.order_id * 100 + line.component_of
        return {
            "id": row.id,
            "order_id": self.order_id,
            "product_id": line.product_id,
            "variant_id": line.product_id + 500 if line.product_id else 0,
            "order_pickup_method_id": self._address_id(PICKUP) if line.pickup else 0,
            "order_address_id": self._address_id(line.consignment) if is_shipped(line) else 0,
            "name": line.name,
            "name_customer": line.name,
            "name_merchant": line.name,
            "sku": line.sku,
            "type": line.type,
            "base_price": money(line.price),
            **row.price.fields("price"),
            "base_total": money(line.price * line.quantity),
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
            "product_options": [
                option_row(row.id, place, *option) for place, option in enumerate(line.options)
            ],
            "configurable_fields": [],
            "gift_certificate_id": row.id if line.type == "giftcertificate" else None,
            **row.shown,
            **SAME_ON_EVERY_LINE,
        }

    def _address(self, index: int, consignment: Shipping, cost: _Cost, handling: _Cost) -> Row:
        receiver = consignment.receiver or self.buyer
        return {
            "id": self._address_id(index),
            "order_id": self.order_id,
            **address_fields(receiver),
            "email": receiver.email or self.buyer.email,
            "items_total": sum(
                line.quantity
                for line in self.lines
                if is_shipped(line) and line.consignment == index and line.component_of is None
            ),
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
            "form_fields": form_field_rows(consignment.form_fields),
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
            address = self._address_id(row.line.consignment) if is_shipped(row.line) else 0
            parts.append(("item", row.id, address, row.paid.tax))
            parts.append(("gift-wrapping", row.id, address, row.wrapping.tax))
        parts += [
            (kind, None, self._address_id(index), cost.tax)
            for kind, costs in [("shipping", shipping), ("handling", handling)]
            for index, cost in enumerate(costs)
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
