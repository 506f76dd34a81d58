"""Advice about what is sent between the two sides is followed as it is written, to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem
from avbc.orchestrator import Orchestrator, WorklistItem
from avbc.settings import Settings, StatusMapping
from avbc.testing import FakeStore, OrderFactory, Payment, item
from avbc.testing.values import as_rows

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

ON: Mapping[str, Mapping[str, object]] = {
    "shipping": {"push_shipments": True},
    "gl": {"credit_card_transactions_are_preauthorizations": True, "import_refunds": True},
}


@attrs.define
class World:
    store: FakeStore
    books: SqlGateway
    web: Orchestrator
    change: Change
    order_id: int
    item: WorklistItem | None = None

    @property
    def import_id(self) -> str:
        return f"WEB{self.order_id}"

    def sql(self, statement: str, **values: object) -> None:
        with self.books.engine.begin() as connection:
            assert connection.execute(sa.text(statement), values).rowcount > 0

    def load(self, text: str) -> None:
        self.books.load(text)

    def ship(
        self, *quantities: str, parcels: tuple[Parcel, ...] = (Parcel("1Z9"),), link: str = ""
    ) -> None:
        """Enter shipment 1, or correct it."""
        (order,) = self.books.sales_orders([self.import_id])
        lines = [line.store_line_id or 0 for line in order.lines if line.kind == "product"]
        items = tuple(
            ShippedItem(line, Decimal(quantity))
            for line, quantity in zip(lines, quantities, strict=False)
        )
        self.books.add_shipment(
            Shipment(1, self.import_id, items, parcels, "UPS Ground", "UPS", link)
        )

    def settle(self) -> None:
        assert self.item is not None
        self.web.settle(self.item)

    def use(self, **screens: dict[str, object]) -> None:
        self.web.use(self.change(**{**ON, **screens}))


Act = Callable[[World], object]


@attrs.frozen
class Advice:
    code: str
    says: str
    method: str
    breaks: Act
    follow: Act


def client(number: int, more: str = "") -> str:
    return (
        f'clients = [{{ name = "Client {number}", first_name = "Ana", '
        f'email = "client{number}@example.com"{more} }}]\n'
    )


ADDRESS = ', address = { address_1 = "1 Main St", city = "Albany", zip = "12207", '


def row(acctvantage: str, bigcommerce: str) -> dict[str, object]:
    return {"mapping": (StatusMapping(acctvantage=acctvantage, bigcommerce=bigcommerce),)}


def other_contents(world: World) -> None:
    world.ship("1")
    world.web.push_shipments()
    world.ship("2")


def delete_shipments(world: World) -> None:
    world.store.order(world.order_id).shipments.clear()
    for line in world.store.order(world.order_id).products:
        line["quantity_shipped"] = 0


def refund(**wrong: object) -> Act:
    return lambda world: world.store.refund(world.order_id).update(wrong)


def of_payment(**wrong: object) -> Act:
    return lambda world: as_rows(world.store.refund(world.order_id)["payments"])[0].update(wrong)


def of_item(**wrong: object) -> Act:
    return lambda world: as_rows(world.store.refund(world.order_id)["items"])[0].update(wrong)


def mail(name: str) -> str:
    return f"email = '{name}@example.com', email_key = '{name}@example.com'"


ONE = "clients WHERE email_key = 'client1@example.com'"
SENT: list[Advice] = [
    # Statuses
    Advice(
        "status_unmapped",
        "Add a row with 'Picked'",
        "push_order_statuses",
        lambda world: world.books.set_order_status(world.import_id, "Picked"),
        lambda world: world.use(order_status=row("Picked", "Awaiting Shipment")),
    ),
    Advice(
        "status_posting_refused",
        "leave it",
        "pull_order_statuses",
        lambda world: (
            world.use(order_status={"updates": "pull", **row("Packed", "Completed")}),
            world.web.pull_order_statuses(),
            world.books.set_order_status(world.import_id, "Posted"),
            world.store.edit_order(world.order_id, status_id=10),
        ),
        World.settle,
    ),
    # Shipments
    Advice(
        "shipment_empty",
        "Enter in AcctVantage what was shipped",
        "push_shipments",
        lambda world: (
            world.ship("1"),
            # As books of one's own may return it: these refuse it.
            world.sql("DELETE FROM shipment_items"),
        ),
        lambda world: world.ship("1"),
    ),
    Advice(
        "shipped_quantity_invalid",
        "correct the shipment in AcctVantage",
        "push_shipments",
        lambda world: world.ship("0.5"),
        lambda world: world.ship("1"),
    ),
    Advice(
        "shipped_more_than_remains",
        "Compare the order's shipments",
        "push_shipments",
        lambda world: world.ship("9"),
        lambda world: world.ship("3"),
    ),
    Advice(
        "parcels_differ",
        "Correct the shipment or its parcels",
        "push_shipments",
        lambda world: world.ship(
            "3", parcels=(Parcel("1Z9", items=(ShippedItem(line(world), Decimal(1)),)),)
        ),
        lambda world: world.ship("3"),
    ),
    Advice(
        "tracking_link_invalid",
        "or leave it out",
        "push_shipments",
        lambda world: world.ship("1", link="no link"),
        lambda world: world.ship("1"),
    ),
    Advice(
        "shipment_differs",
        "Delete it in BigCommerce",
        "push_shipments",
        other_contents,
        delete_shipments,
    ),
    # Captures
    Advice(
        "payment_not_authorized",
        "Check the payment in BigCommerce",
        "capture_payments",
        lambda world: (
            world.books.want_capture(f"{world.import_id}-1"),
            world.store.edit_order(world.order_id, payment_status="void"),
        ),
        lambda world: world.store.edit_order(world.order_id, payment_status="captured"),
    ),
    Advice(
        "capture_exceeds_order",
        "correct the order in AcctVantage",
        "capture_payments",
        lambda world: (
            world.books.want_capture(f"{world.import_id}-1"),
            world.sql("UPDATE sales_orders SET total = '1.00'"),
        ),
        lambda world: world.sql("UPDATE sales_orders SET total = '900.00'"),
    ),
    # Refunds
    Advice(
        "refund_does_not_foot",
        "enter the credit by hand",
        "import_refunds",
        refund(total_amount=1.5),
        World.settle,
    ),
    Advice(
        "refund_tax_does_not_foot",
        "enter the credit by hand",
        "import_refunds",
        refund(total_tax=3),
        World.settle,
    ),
    Advice(
        "refund_unreadable",
        "Enter the credit by hand",
        "import_refunds",
        refund(total_amount=None),
        World.settle,
    ),
    *(
        Advice(code, "by hand", "import_refunds", breaks, World.settle)
        for code, breaks in (
            ("refund_tenders_do_not_foot", of_payment(amount=1.5)),
            ("refund_declined", of_payment(is_declined=True)),
            ("refund_item_unknown", of_item(item_type="MOON")),
            ("refund_line_unknown", of_item(item_id=999_999)),
        )
    ),
    Advice(
        "capture_and_void",
        "Decide on one of the two in AcctVantage",
        "capture_payments",
        lambda world: world.sql("UPDATE receipts SET capture_wanted = 1, void_wanted = 1"),
        lambda world: world.sql("UPDATE receipts SET void_wanted = 0"),
    ),
    # Clients
    Advice(
        "email_invalid",
        "Correct it in AcctVantage",
        "export_clients",
        lambda world: (
            world.load(client(1)),
            world.sql(
                f"UPDATE {ONE}".replace(
                    "WHERE", "SET email = 'a,b@example.com', email_key = 'a,b@example.com' WHERE"
                )
            ),
        ),
        lambda world: world.sql(
            "UPDATE clients SET email = 'a@example.com', "
            "email_key = 'a@example.com' WHERE name = 'Client 1'"
        ),
    ),
    Advice(
        "client_field_missing",
        "Enter its First Name in AcctVantage",
        "export_clients",
        lambda world: world.load(client(1).replace('first_name = "Ana", ', "")),
        lambda world: world.sql("UPDATE clients SET first_name = 'Ana' WHERE name = 'Client 1'"),
    ),
    Advice(
        "country_unknown",
        "Write its usual English name",
        "export_clients",
        lambda world: world.load(client(1, ADDRESS + 'state = "NY", country = "Moon" }')),
        lambda world: world.load(client(1, ADDRESS + 'state = "NY", country = "US" }')),
    ),
    Advice(
        "state_unknown",
        "Write its name or its code",
        "export_clients",
        lambda world: world.load(client(1, ADDRESS + 'state = "Moon", country = "US" }')),
        lambda world: world.load(client(1, ADDRESS + 'state = "NY", country = "US" }')),
    ),
    Advice(
        "client_email_shared",
        "or give each its own email",
        "export_clients",
        lambda world: (
            world.load(client(1)),
            world.load(client(2)),
            world.sql(
                "UPDATE clients SET email_key = 'client1@example.com', email = "
                "'client1@example.com' WHERE name = 'Client 2'"
            ),
        ),
        lambda world: world.sql(
            "UPDATE clients SET email_key = 'client2@example.com', email = "
            "'client2@example.com' WHERE name = 'Client 2'"
        ),
    ),
    Advice(
        "text_too_long",
        "Shorten it in AcctVantage",
        "export_clients",
        lambda world: world.load(client(1).replace('"Ana"', f'"{"A" * 300}"')),
        lambda world: world.sql("UPDATE clients SET first_name = 'Ana' WHERE name = 'Client 1'"),
    ),
    Advice(
        "customer_of_other_client",
        "correct the email of one of them",
        "export_clients",
        lambda world: (
            world.load(client(1)),
            world.web.export_clients(),
            world.sql(f"UPDATE {ONE}".replace("WHERE", f"SET {mail('new')} WHERE")),
            world.load(client(3)),
            world.sql(f"UPDATE clients SET {mail('client1')} WHERE name = 'Client 3'"),
        ),
        lambda world: world.sql(f"UPDATE clients SET {mail('client3')} WHERE name = 'Client 3'"),
    ),
    # Products
    Advice(
        "product_field_missing",
        "Enter its Weight in AcctVantage",
        "push_products",
        lambda world: None,
        lambda world: world.sql("UPDATE products SET weight = '1' WHERE weight IS NULL"),
    ),
    Advice(
        "amount_negative",
        "",
        "push_products",
        lambda world: (
            world.load(product('name = "Urn"')),
            world.sql("UPDATE products SET sell_price = '-1.00' WHERE part_number = 'URN-1'"),
        ),
        lambda world: world.load(product('name = "Urn"')),
    ),
]


def line(world: World) -> int:
    (order,) = world.books.sales_orders([world.import_id])
    return next(each.store_line_id or 0 for each in order.lines if each.kind == "product")


def product(more: str) -> str:
    return (
        'products = [{ part_number = "URN-1", product_class = "Goods", list_price = "9.00", '
        f'sell_price = "9.00", weight = 1, sync_to_webstore = true, {more} }}]\n'
    )


@pytest.fixture
def new_world(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> Callable[[str], World]:
    """An order whose payment has a status is imported."""

    def made(paid: str) -> World:
        web = join(settings=change(**ON))
        order = OrderFactory().order(
            [item("MUG-RED", 3), item("TOWEL-ST")],
            payment=Payment("Credit Card", "authorizenet", paid),
            created=datetime.now(UTC) - timedelta(hours=1),
        )
        order_id = store.add_order(order).id
        assert len(web.import_orders().imported) == 1
        return World(store, books, web, change, order_id)

    return made


@pytest.mark.one_python
@pytest.mark.parametrize("advice", SENT, ids=[f"{each.code}-{each.says}" for each in SENT])
def test_advice_about_what_is_sent_is_followed(
    advice: Advice, new_world: Callable[[str], World]
) -> None:
    world = new_world("authorized" if advice.method == "capture_payments" else "captured")
    web = world.web
    advice.breaks(world)
    getattr(web, advice.method)()
    world.item = [each for each in web.worklist() if each.code == advice.code][-1]
    assert world.item.area == advice.method
    assert advice.says.casefold() in world.item.fix.casefold()
    advice.follow(world)
    # A capture is recorded by the run after it.
    reports = [getattr(web, advice.method)() for _ in range(2)]
    assert world.item not in list(web.worklist()), str(reports[0])
    if advice.follow is not World.settle:
        for report in reports:
            assert world.item.key not in [each.key for each in report.refused], str(report)
