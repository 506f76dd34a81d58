"""Orders that foot, settings and books to map them with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import attrs
import pytest

from avbc.acctvantage.records import (
    Client,
    Product,
    Promotion,
    ReferenceData,
    ShipVia,
    TaxArea,
    Warehouse,
)
from avbc.bigcommerce.models import (
    Address,
    AppliedDiscount,
    Consignments,
    Fee,
    Order,
    OrderCoupon,
    OrderProduct,
    OrderStatus,
    ShippingConsignment,
    Transaction,
)
from avbc.mapping import MappedOrder, Mapper, MappingRules, OrderInputs
from avbc.settings import (
    GlSettings,
    OrderStatusSettings,
    PaymentMethodMapping,
    Settings,
    ShippingSettings,
    StatusMapping,
    StoreSetup,
)

CENT = Decimal("0.01")
RATE = Decimal("0.10")
D = Decimal


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """In proportion, in cents, none of them negative."""
    ends = [
        cents(amount * sum(weights[: count + 1], D(0)) / sum(weights, D(0)))
        for count in range(len(weights))
    ]
    return [end - start for start, end in zip([D(0), *ends], ends, strict=False)]


@attrs.frozen
class Item:
    sku: str = "MUG"
    price: str = "10.00"
    quantity: int = 1
    address: int = 51
    taxable: bool = True
    wrapping: str = "0"
    more: dict[str, object] = attrs.field(factory=dict)


@attrs.frozen
class Taken:
    """A discount: `code` makes it a coupon."""

    amount: str
    code: str = ""
    id: str = "manual-discount"
    name: str = "Manual Discount"
    on_lines: bool = True


@attrs.frozen
class OrderBuilder:
    """Builds orders whose amounts foot by the reading asked for."""

    rate: Decimal = RATE
    item = staticmethod(Item)
    taken = staticmethod(Taken)

    def with_tax(self, amount: Decimal, taxable: bool = True) -> Decimal:
        return amount + (cents(amount * self.rate) if taxable else D(0))

    def __call__(
        self,
        items: Sequence[Item] = (Item(),),
        *,
        shipping: Sequence[tuple[str, str]] = (("UPS Ground", "8.00"),),
        handling: str = "0",
        fees: Sequence[str] = (),
        fees_on_top: bool = False,
        discounts: Sequence[Taken] = (),
        discounts_with_tax: bool = True,
        store_credit: str = "0",
        gift_certificate: str = "0",
        net: bool = False,
        **header: object,
    ) -> Order:
        lines = [self.line(number, item) for number, item in enumerate(items, 1)]
        counted = [line for line in lines if not line.is_component]
        off_with, off_without = D(0), D(0)
        for taken in discounts:
            amount = D(taken.amount)
            if taken.on_lines:
                parts = spread(amount, [line.total_inc_tax for line in counted])
                for line, part in zip(counted, parts, strict=True):
                    applied = AppliedDiscount(
                        id=taken.id, amount=part, name=taken.name, code=taken.code or None
                    )
                    line.applied_discounts += (applied,)
            tax = (
                cents(amount * self.rate / (1 + self.rate))
                if discounts_with_tax
                else cents(amount * self.rate)
            )
            off_with += amount if discounts_with_tax else amount + tax
            off_without += amount - tax if discounts_with_tax else amount
        if discounts_with_tax:
            for line in counted:
                line.discounted_total_inc_tax = line.total_inc_tax - sum(
                    (one.amount for one in line.applied_discounts), D(0)
                )
        made_fees = tuple(
            Fee(
                id=number,
                display_name_merchant=f"Fee {number}",
                cost_ex_tax=D(fee),
                cost_inc_tax=self.with_tax(D(fee)),
                cost_tax=self.with_tax(D(fee)) - D(fee),
            )
            for number, fee in enumerate(fees, 1)
        )
        fees_ex, fees_inc = (
            sum((fee.cost_ex_tax for fee in made_fees), D(0)),
            sum((fee.cost_inc_tax for fee in made_fees), D(0)),
        )
        lines_ex, lines_inc = (
            sum((line.total_ex_tax for line in counted), D(0)),
            sum((line.total_inc_tax for line in counted), D(0)),
        )
        ship_ex = sum((D(cost) for _, cost in shipping), D(0))
        ship_inc = sum((self.with_tax(D(cost)) for _, cost in shipping), D(0))
        handle_ex, handle_inc = D(handling), self.with_tax(D(handling))
        wrap_ex, wrap_inc = (
            sum((line.wrapping_cost_ex_tax for line in lines), D(0)),
            sum((line.wrapping_cost_inc_tax for line in lines), D(0)),
        )
        sub_ex, sub_inc = (
            (lines_ex, lines_inc) if fees_on_top else (lines_ex + fees_ex, lines_inc + fees_inc)
        )
        total_ex = lines_ex + fees_ex + ship_ex + handle_ex + wrap_ex - off_without
        total_inc = lines_inc + fees_inc + ship_inc + handle_inc + wrap_inc - off_with
        tenders = D(store_credit) + D(gift_certificate) if net else D(0)
        consignments = tuple(
            ShippingConsignment(
                id=51 + position,
                first_name="Ana",
                last_name="Rivera",
                street_1=f"{14 + position} Harbor Road",
                city="Austin",
                state="Texas",
                zip="78751",
                country="United States",
                country_iso2="US",
                shipping_method=method,
                cost_ex_tax=D(cost),
                cost_inc_tax=self.with_tax(D(cost)),
                cost_tax=self.with_tax(D(cost)) - D(cost),
                handling_cost_ex_tax=handle_ex if position == 0 else D(0),
                handling_cost_inc_tax=handle_inc if position == 0 else D(0),
                handling_cost_tax=handle_inc - handle_ex if position == 0 else D(0),
                line_items=tuple(line for line in lines if line.order_address_id == 51 + position),
            )
            for position, (method, cost) in enumerate(shipping)
        )
        fields: dict[str, object] = {
            "id": 1042,
            "customer_id": 0,
            "date_created": datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
            "status_id": 11,
            "subtotal_ex_tax": sub_ex,
            "subtotal_inc_tax": sub_inc,
            "subtotal_tax": sub_inc - sub_ex - (off_with - off_without),
            "shipping_cost_ex_tax": ship_ex,
            "shipping_cost_inc_tax": ship_inc,
            "shipping_cost_tax": ship_inc - ship_ex,
            "handling_cost_ex_tax": handle_ex,
            "handling_cost_inc_tax": handle_inc,
            "handling_cost_tax": handle_inc - handle_ex,
            "wrapping_cost_ex_tax": wrap_ex,
            "wrapping_cost_inc_tax": wrap_inc,
            "wrapping_cost_tax": wrap_inc - wrap_ex,
            "total_ex_tax": total_ex - tenders,
            "total_inc_tax": total_inc - tenders,
            "total_tax": total_inc - total_ex,
            "discount_amount": sum(
                (D(taken.amount) for taken in discounts if not taken.code), D(0)
            ),
            "coupon_discount": sum((D(taken.amount) for taken in discounts if taken.code), D(0)),
            "store_credit_amount": D(store_credit),
            "gift_certificate_amount": D(gift_certificate),
            "items_total": sum(line.quantity for line in counted),
            "payment_method": "Credit Card",
            "payment_status": "captured",
            "payment_provider_id": "gw-1",
            "default_currency_code": "USD",
            "billing_address": Address(
                first_name="Ana",
                last_name="Rivera",
                street_1="14 Harbor Road",
                city="Austin",
                state="Texas",
                zip="78751",
                country="United States",
                country_iso2="US",
                phone="555-0100",
                email="ana@example.com",
            ),
            "shipping_address_count": len(consignments),
            "fees": made_fees,
            "products": tuple(lines),
            "consignments": Consignments(shipping=consignments),
        }
        return Order(**(fields | header))

    def line(self, number: int, item: Item) -> OrderProduct:
        price, price_inc = D(item.price), self.with_tax(D(item.price), item.taxable)
        wrapping, wrapping_inc = D(item.wrapping), self.with_tax(D(item.wrapping))
        fields: dict[str, object] = {
            "id": 100 + number,
            "product_id": 200 + number,
            "sku": item.sku,
            "name": f"Item {item.sku}",
            "quantity": item.quantity,
            "price_ex_tax": price,
            "price_inc_tax": price_inc,
            "price_tax": price_inc - price,
            "total_ex_tax": price * item.quantity,
            "total_inc_tax": price_inc * item.quantity,
            "total_tax": (price_inc - price) * item.quantity,
            "order_address_id": item.address,
            "wrapping_cost_ex_tax": wrapping,
            "wrapping_cost_inc_tax": wrapping_inc,
            "wrapping_cost_tax": wrapping_inc - wrapping,
        }
        return OrderProduct(**(fields | item.more))


@pytest.fixture(scope="session")
def make_order() -> OrderBuilder:
    return OrderBuilder()


SETTINGS = Settings(
    store=StoreSetup(api_url="https://api.bigcommerce.com/stores/abc123/v3/"),
    order_status=OrderStatusSettings(
        import_source_code="WEB",
        new_order_status="Awaiting Fulfillment",
        downloaded_order_status="Awaiting Shipment",
        import_error_status="Manual Verification Required",
        match_clients_by_email=True,
        mapping=(StatusMapping(acctvantage="Shipped/Invoice", bigcommerce="Shipped"),),
    ),
    gl=GlSettings(
        default_discount_gl_code="40200-000-000",
        tax_area="BigCommerce",
        payment_methods=(
            PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Visa/MC"),
            PaymentMethodMapping(bigcommerce="Manual", receipt_type="Check"),
            PaymentMethodMapping(bigcommerce="Invoice", receipt_type="Purchase Order"),
        ),
        gift_certificate_gl_code="25500-000-000",
    ),
    shipping=ShippingSettings(warehouse="Main", default_ship_via="UPS Ground"),
)

REFERENCE = ReferenceData(
    receipt_types=("Visa/MC", "PayPal", "Check", "StoreCredit", "GiftCard"),
    gl_accounts=("40200-000-000", "25500-000-000", "40300-000-000"),
    tax_areas=(TaxArea("BigCommerce"), TaxArea("AvaTax", avatax=True)),
    warehouses=(Warehouse("Main", ("Goods", "Freight")),),
    ship_vias=(ShipVia("UPS Ground", "Freight"), ShipVia("Store pickup", "Freight")),
    promotions=(Promotion("SAVE5", "$", D("5.00"), "40300-000-000", name="Save five"),),
)

STATUS_NAMES = {
    1: "Pending",
    2: "Shipped",
    3: "Partially Shipped",
    7: "Awaiting Payment",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    12: "Manual Verification Required",
}


@pytest.fixture(scope="session")
def settings() -> Settings:
    return SETTINGS


@pytest.fixture(scope="session")
def reference() -> ReferenceData:
    return REFERENCE


@pytest.fixture(scope="session")
def statuses() -> tuple[OrderStatus, ...]:
    return tuple(
        OrderStatus(id=id_, name=name, custom_label=name) for id_, name in STATUS_NAMES.items()
    )


@pytest.fixture(scope="session")
def rules(
    settings: Settings, reference: ReferenceData, statuses: tuple[OrderStatus, ...]
) -> MappingRules:
    return MappingRules(settings, reference, statuses)


@pytest.fixture(scope="session")
def products() -> dict[str, tuple[Product, ...]]:
    names = ["MUG", "TOWEL", "LAMP", "SET", "EBOOK"]
    return {name.casefold(): (Product(name, name.title(), "Goods"),) for name in names}


@pytest.fixture(scope="session")
def map_it(settings: Settings, reference: ReferenceData, products: dict[str, tuple[Product, ...]]):
    """Map an order; `gl=`, `shipping=`, `order_status=`, `rows=` change settings, others books."""

    def run(
        order: Order,
        *,
        transactions: tuple[Transaction, ...] = (),
        clients: tuple[Client, ...] = (),
        coupons: tuple[OrderCoupon, ...] = (),
        products: dict[str, tuple[Product, ...]] = products,
        gl: dict[str, object] | None = None,
        shipping: dict[str, object] | None = None,
        order_status: dict[str, object] | None = None,
        rows: dict[str, object] | None = None,
        **books: object,
    ) -> MappedOrder:
        changed = attrs.evolve(
            settings,
            gl=attrs.evolve(settings.gl, **(gl or {})),
            shipping=attrs.evolve(settings.shipping, **(shipping or {})),
            order_status=attrs.evolve(settings.order_status, **(order_status or {})),
            products=attrs.evolve(settings.products, **(rows or {})),
        )
        inputs = OrderInputs(
            order, transactions=transactions, products=products, clients=clients, coupons=coupons
        )
        return Mapper(changed, attrs.evolve(reference, **books)).map(inputs)

    return run
