"""Orders that use every field, for the contract and for tests of your own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from attrs import evolve

from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import (
    Address,
    Client,
    Contact,
    Credit,
    CreditLine,
    CreditTender,
    OrderBundle,
    OrderDiscount,
    Parcel,
    Product,
    Promotion,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShippedItem,
    ShipVia,
)
from avbc.money import ZERO

AT = datetime(2026, 3, 2, 8, 30, 15, 250_000, tzinfo=UTC)
DAY = timedelta(days=1)
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
HIDDEN = Product(part_number="Hidden", name="Hidden", product_class="Goods", sync_to_webstore=False)


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


def make_edit(lines: int) -> OrderBundle:
    """The order WEB1 edited, with so many lines, and paid by one check."""
    order = make_order(1, lines)
    order = evolve(
        order, memo=f"{lines} lines", fingerprint="e" * 64, ship_tos=order.ship_tos[::-1]
    )
    return evolve(
        make_bundle(1),
        order=order,
        receipts=(Receipt("WEB1", "Check", order.total, import_id="WEB1-1"),),
    )


def of_source(source_code: str, number: int) -> OrderBundle:
    """An order of another import source."""
    order = evolve(
        make_order(number), import_id=order_import_id(source_code, number), source_code=source_code
    )
    bundle = make_bundle(number)
    return evolve(
        bundle,
        order=order,
        receipts=tuple(
            evolve(receipt, order_import_id=order.import_id, import_id=f"{order.import_id}-{place}")
            for place, receipt in enumerate(bundle.receipts, 1)
        ),
        new_client=evolve(ANA, import_id=order.import_id),
    )


def wanted(bundle: OrderBundle, *, capture: bool = False, void: bool = False) -> OrderBundle:
    """The bundle with its pre-authorized receipt to be captured or voided."""
    first, *others = bundle.receipts
    return evolve(
        bundle, receipts=(evolve(first, capture_wanted=capture, void_wanted=void), *others)
    )


def make_shipment(number: int) -> Shipment:
    """A shipment of the order WEB1 that uses every field."""
    one, half = ShippedItem(1000, Decimal("1.5")), ShippedItem(1001, Decimal("0.75"))
    return Shipment(
        number=number,
        order_import_id="WEB1",
        items=(one, half),
        parcels=(Parcel("1Z999AA10123456784", (one,)), Parcel("1Z999AA10123456785", (half,))),
        ship_via="UPS Ground",
        carrier="UPS",
        tracking_link="https://example.com/track/1Z",
        comments="Ünder the mat 🎁",
        shipped_at=AT,
    )


def make_credit(number: int, refund: int) -> Credit:
    """A credit on an order that uses every field."""
    return Credit(
        import_id=f"WEB{number}-CM{refund}",
        order_import_id=f"WEB{number}",
        store_refund_id=refund,
        lines=(
            CreditLine(
                "product",
                Decimal("6.6333"),
                Decimal("0.5472"),
                Decimal("0.5"),
                number * 1000,
                "MUG-0",
                "Mug 0",
            ),
            CreditLine("shipping", Decimal("2.5")),
        ),
        tax=Decimal("0.5472"),
        total=Decimal("9.6805"),
        currency="USD",
        tenders=(
            CreditTender("Visa/MC", Decimal("9.0"), "Credit Card"),
            CreditTender("StoreCredit", Decimal("0.6805")),
        ),
        reason="Broken",
        created_at=AT,
    )


def of_store(store_hash: str, number: int = 1) -> OrderBundle:
    """An order of a store that is known by this hash, or of one that is not known."""
    bundle = make_bundle(number)
    return evolve(bundle, order=evolve(bundle.order, store_hash=store_hash))


def wrong_bundles(bundle: OrderBundle) -> Iterator[tuple[str, OrderBundle]]:
    """The bundle with one thing wrong each, and what is wrong."""
    order, (receipt, *others) = bundle.order, bundle.receipts
    cent, nan, infinity = Decimal("0.01"), Decimal("NaN"), Decimal("Infinity")
    line, *other_lines = order.lines
    for row, wrong in [
        ("an empty Import ID", evolve(order, import_id="")),
        ("a total that is a cent more", evolve(order, total=order.total + cent)),
        ("a total that is NaN", evolve(order, total=nan)),
        ("a total that is infinite", evolve(order, total=infinity)),
        ("a tax that is NaN", evolve(order, tax=nan)),
        ("an ordered_at without a time zone", evolve(order, ordered_at=_naive())),
        *(
            (row, evolve(order, lines=(wrong_line, *other_lines)))
            for row, wrong_line in [
                ("a line whose quantity is NaN", evolve(line, quantity=nan)),
                ("a line whose quantity is infinite", evolve(line, quantity=infinity)),
                ("a line whose price is NaN", evolve(line, unit_price=nan)),
                ("a line whose amount is infinite", evolve(line, amount=infinity)),
            ]
        ),
    ]:
        receipts = tuple(evolve(each, order_import_id=wrong.import_id) for each in bundle.receipts)
        yield row, evolve(bundle, order=wrong, receipts=receipts)
    for row, paid in [
        ("a receipt on another order", evolve(receipt, order_import_id="WEB2")),
        ("a receipt whose amount is NaN", evolve(receipt, amount=nan)),
        ("a receipt whose amount is infinite", evolve(receipt, amount=infinity)),
        ("a receipt whose pre_auth_amount is NaN", evolve(receipt, pre_auth_amount=nan)),
        ("a receipt whose authorized_at has no time zone", evolve(receipt, authorized_at=_naive())),
    ]:
        yield row, evolve(bundle, receipts=(paid, *others))
    nameless = evolve(ANA, import_id="")
    yield "a new client with an empty Import ID", evolve(bundle, new_client=nameless)


def _naive() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None)
