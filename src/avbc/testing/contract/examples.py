"""Orders that use every field, for the contract and for tests of your own."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from attrs import evolve

from avbc.acctvantage.records import (
    Address,
    Client,
    Contact,
    OrderBundle,
    OrderDiscount,
    Product,
    Promotion,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    ShipVia,
)
from avbc.money import ZERO

ANA = Client(
    name="Rivera",
    first_name="Ana",
    email="ana@example.com",
    phone="+1 555 0100",
    address=Address(
        name="Ana Rivera",
        address_1="1 Main Street",
        city="Austin",
        state="Texas",
        zip="78701",
        country="US",
    ),
    import_id="WEB7",
)
MUG = Product(
    part_number="MUG-1",
    name="Mug",
    product_class="Goods",
    description="A mug",
    sales_memo="A mug of stoneware",
    list_price=Decimal("9.95"),
    sell_price=Decimal("8.955"),
    weight=Decimal("0.3"),
    length=Decimal("9.1"),
    width=Decimal(8),
    height=Decimal("10.25"),
    taxable=False,
    webstore_category="Kitchen",
    aliases=("4006381333931", "Becher"),
)
"""A product that uses every field."""


def make_order(number: int, lines: int = 2) -> SalesOrder:
    """An order that uses every field and adds up to its total."""
    parts = tuple(
        SalesOrderLine(
            kind="product",
            description=f"Mug {place}",
            quantity=Decimal("1.5"),
            unit_price=Decimal("6.6333"),
            amount=Decimal("9.94995"),
            tax=Decimal("0.8209"),
            part_number=f"MUG-{place}",
            memo="Colour: blue",
            gl_code="40100-000-000",
            ship_to=place % 2,
            ship_via="UPS Ground",
            store_line_id=number * 1000 + place,
            store_address_id=number * 10,
            component_of=number * 1000 if place else None,
            to_ship=Decimal("1.25"),
        )
        for place in range(lines)
    )
    freight, tax, discount, rounding = (
        Decimal("5.0000"),
        Decimal("1.6418"),
        Decimal("2.5"),
        Decimal("0.0001"),
    )
    return SalesOrder(
        import_id=f"WEB{number}",
        store_order_id=number,
        client="Rivera",
        lines=parts,
        total=sum((line.amount for line in parts), ZERO) + freight + tax - discount + rounding,
        tax=tax,
        tax_area="BigCommerce",
        currency="USD",
        warehouse="Main",
        ship_via="UPS Ground",
        bill_to=evolve(
            ANA.address,
            attention="Accounts",
            address_2="Floor 2",
            address_3="Door B",
            phone="1",
            email="ap@example.com",
        ),
        ship_tos=(ANA.address, evolve(ANA.address, name="Ben Rivera", city="Dallas")),
        freight=freight,
        discounts=(
            OrderDiscount("SAVE", discount, "40200-000-000", "Ten percent", Decimal("2.7")),
        ),
        rounding=rounding,
        po_number="PO 12",
        reference="R 1",
        memo="Leave at the door",
        ordered_at=datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC),
        source_code="WEB",
        fingerprint="f" * 64,
        store_hash="abc123",
        ordered_on=date(2026, 3, 1),
    )


def make_bundle(number: int) -> OrderBundle:
    """An order of a new client with a contact, paid in two parts."""
    order = make_order(number)
    rest = order.total - Decimal(3)
    return OrderBundle(
        order=order,
        receipts=(
            Receipt(
                order_import_id=order.import_id,
                receipt_type="Visa/MC",
                amount=ZERO,
                state="pre_authorized",
                pre_auth_amount=rest,
                import_id=f"{order.import_id}-1",
                store_payment_method="Credit Card",
                gateway="authorizenet",
                gateway_transaction_id="600123",
                authorized_at=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
            ),
            Receipt(
                order_import_id=order.import_id,
                receipt_type="GiftCard",
                amount=Decimal(3),
                import_id=f"{order.import_id}-2",
            ),
        ),
        new_client=evolve(ANA, import_id=f"WEB{number}"),
        new_contact=Contact(
            last_name="Rivera", first_name="Ana", email="ana@example.com", phone="1"
        ),
        new_promotions=(Promotion("SAVE", "$", Decimal("2.5"), "40200-000-000", "Ten percent"),),
        new_ship_vias=(ShipVia("UPS Ground", "Freight"),),
    )
