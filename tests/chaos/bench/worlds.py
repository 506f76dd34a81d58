"""Worlds: a store, its books and the settings that join them.

Each in the state in which a run begins, and what can be seen of its end.
"""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeAlias, cast
from unittest.mock import patch

import attrs
from bench import acts
from bench.acts import STORES

import avbc
from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Parcel, SalesOrder, Shipment, ShippedItem
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine import order_reads
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, example, item

NEW = 11
ROUNDS = 8
"""After so many starts a run must be quiet."""

SettingsDict: TypeAlias = "dict[str, dict[str, object]]"


@attrs.frozen
class World:
    """Where a run begins."""

    name: str
    calls: tuple[str, ...]
    """The orchestrator's methods, one after another."""
    settings: Callable[[str], SettingsDict]
    """The settings for an API URL."""
    state: bytes
    """The store's state, pickled."""
    books: bytes
    """The books' SQLite file."""
    orders: int
    """How many orders the store has."""

    def store(self) -> FakeStore:
        """A store of its own in the state in which the run begins."""
        store = STORES.get(self.name, FakeStore)()
        store.state = pickle.loads(self.state)
        return store

    def write_books(self, path: Path) -> str:
        """Put the books into a file; returns their URL."""
        for suffix in ["-wal", "-shm"]:
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        path.write_bytes(_in_mode(self.books, _WAL))
        return f"sqlite:///{path}"

    def reset(self, books: SqlGateway) -> None:
        """Put books in memory into the state in which the run begins.

        Used again, they keep their compiled statements.
        """
        with closing(books.engine.raw_connection()) as connection:
            cast("sqlite3.Connection", connection.driver_connection).deserialize(
                _in_mode(self.books, _ROLLBACK)
            )


_ROLLBACK, _WAL = b"\x01\x01", b"\x02\x02"


def _in_mode(database: bytes, mode: bytes) -> bytes:
    """A database file in another journal mode. In memory there is no WAL.

    Bytes 18 and 19 hold the mode (sqlite.org/fileformat2.html).
    """
    return database[:18] + mode + database[20:]


def is_quiet(report: object) -> bool:
    """Whether a run found nothing to do."""
    done = (
        ["imported", "relinked", "updated", "refused"] if hasattr(report, "imported") else ["sent"]
    )
    return not any(getattr(report, name) for name in [*done, "postponed"]) and not getattr(
        report, "stopped", ""
    )


# --- the worlds ---


def changed(api_url: str, **screens: Mapping[str, object]) -> SettingsDict:
    """The example's settings, with changes by screen."""
    settings = example.settings_dict(api_url)
    return {name: {**values, **screens.get(name, {})} for name, values in settings.items()}


def _plain(api_url: str) -> SettingsDict:
    return changed(api_url)


def _held(api_url: str) -> SettingsDict:
    return changed(api_url, gl={"credit_card_transactions_are_preauthorizations": True})


def _pulled(api_url: str) -> SettingsDict:
    return changed(api_url, order_status={"updates": "pull", "mapping": _BOTH_WAYS})


def _pushed(api_url: str) -> SettingsDict:
    return changed(api_url, order_status={"mapping": _BOTH_WAYS})


def _refunded(api_url: str) -> SettingsDict:
    return changed(api_url, gl={"import_refunds": True})


def _every_box(api_url: str) -> SettingsDict:
    return changed(
        api_url,
        order_status={"mapping": _BOTH_WAYS},
        gl={"credit_card_transactions_are_preauthorizations": True, "import_refunds": True},
        shipping={"push_shipments": True},
    )


_BOTH_WAYS = [
    {"acctvantage": "Picked", "bigcommerce": "Awaiting Pickup"},
    {"acctvantage": "Shipped/Invoice", "bigcommerce": "Shipped"},
]


Build: TypeAlias = "Callable[[FakeStore, SqlGateway, Orchestrator], object]"


def _edited(store: FakeStore, web: Orchestrator) -> None:
    """An order that was imported, then edited by a person and given the New status again."""
    buyer = OrderFactory(seed=5).person(0)
    store.add_order(OrderFactory(first_id=900).order([item("MUG-BLUE")], buyer=buyer))
    web.import_orders()
    store.add_order(OrderFactory(first_id=900).order([item("MUG-BLUE", 2)], buyer=buyer))
    store.edit_order(900, status_id=NEW)


def _waiting(store: FakeStore, _: SqlGateway, web: Orchestrator) -> None:
    _edited(store, web)
    example.populate(store, orders=40)


def _many_waiting(store: FakeStore, _: SqlGateway, web: Orchestrator) -> None:
    """Two pages of orders."""
    _edited(store, web)
    example.populate(store, orders=300)


def _few_waiting(store: FakeStore, _: SqlGateway, web: Orchestrator) -> None:
    """Seven orders, as different as their ways through an import.

    One edited, a guest's two, one paid in three ways, one with a new ship via, one refused, one
    that cannot be read.
    """
    _edited(store, web)
    factory = OrderFactory()
    guest = factory.person(0)
    for lines in [[item("MUG-RED")], [item("TOWEL-ST")]]:
        store.add_order(factory.order(lines, buyer=guest))
    for shape in ("split_tender", "new_shipping_method", "unknown_sku", "null_total"):
        store.add_order(avbc.testing.order_of_shape(shape, factory))


def _imported(store: FakeStore, books: SqlGateway, web: Orchestrator) -> list[SalesOrder]:
    """The forty orders, as far as they can be, in the books."""
    example.populate(store, orders=40)
    web.import_orders()
    return books.sales_orders()


def _further(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Orders that went on in the books, most of them since the last push."""
    orders = _imported(store, books, web)
    for place, order in enumerate(orders):
        if place == 5:
            web.push_order_statuses()
        if place % 4 != 3:
            books.set_order_status(
                order.import_id, ("Picked", "Shipped/Invoice", "Committed")[place % 3]
            )


def _shipped(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """A shipment of each order that can be shipped.

    To each address, in parcels, some sent before, and one of more than there is.
    """
    for number, order in enumerate(_imported(store, books, web), 1):
        if number == 7:
            web.push_shipments()
        goods = [
            line
            for line in order.lines
            if line.store_line_id is not None and line.ship_to is not None
        ]
        # One of each, where there are more: so that the store would take it a second time.
        items = tuple(
            ShippedItem(line.store_line_id or 0, min(line.quantity, Decimal(1))) for line in goods
        )
        parcels = [Parcel(f"1Z{number:04}")]
        if number % 3:
            parcels = [Parcel(f"1Z{number:04}{place}", (part,)) for place, part in enumerate(items)]
        if items:
            books.add_shipment(
                Shipment(number, order.import_id, items, tuple(parcels), "UPS Ground", "UPS")
            )
            too_many = Shipment(
                999,
                order.import_id,
                (ShippedItem(items[0].store_line_id, Decimal(99)),),
                (),
                "UPS Ground",
                "UPS",
            )
    books.add_shipment(too_many)


def _to_capture(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Authorized payments: most to be captured, some to be voided.

    Of some the gateway declines the capture.
    """
    factory = OrderFactory(seed=3, first_id=2000)
    for number in range(24):
        payment = (
            Payment("Credit Card", "authorizenet", "authorized")
            if number % 4
            else Payment("PayPal", "paypal", "authorized")
        )
        store.add_order(
            factory.order(
                factory.lines(2), payment=payment, created=datetime.now(UTC) - timedelta(hours=2)
            )
        )
    _imported(store, books, web)
    for number, receipt in enumerate(
        receipt for receipt in books.receipts() if receipt.state == "pre_authorized"
    ):
        if number % 5 == 4:
            books.want_void(receipt.import_id)
        else:
            books.want_capture(receipt.import_id)
        if number % 9 == 7:
            store.set_payment_result(int(receipt.order_import_id[3:]), "declined")


def _catalogued(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Products of which some are as the store has them, some changed since, and thirty are new."""
    example.populate(store, orders=40)
    web.push_products()
    rows = [
        f"{part},{part} renamed,Goods,19.95,1"
        for part in ("MUG-BLUE", "LAMP-01", "APRON-S", "SET-TEA")
    ]
    rows += [
        f"NEW-{number:02},New product {number},Goods,{number + 1}.50,1" for number in range(30)
    ]
    _load(books.load_products, "part_number,name,product_class,list_price,weight", rows)


def _stocked(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Quantities that changed in the books, while orders wait to be imported."""
    _imported(store, books, web)
    web.push_inventory()
    example.populate(store, orders=6, first_id=3000)
    for quantity, product in enumerate(books.products()):
        if product.kind == "inventory":
            books.set_quantity(product.part_number, "Main", 3 * quantity)


def _clients(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Clients of the books, some of them customers by their email, and one without an email."""
    _imported(store, books, web)
    address = [f"address.{name}" for name in ("address_1", "city", "state", "zip", "country")]
    columns = ",".join(["name", "first_name", "email", "phone", *address])
    place = "1 Harbor Road,Austin,Texas,78751,United States"
    rows = [
        f"Buyer{number},Ana,buyer{number}@example.com,555-01{number:02},{place}"
        for number in range(34)
    ]
    _load(books.load_clients, columns, [*rows, f"Nobody,Al,,555-0199,{place}"])
    for number in (3, 12):
        store.add_customer(
            {
                "email": f"buyer{number}@example.com",
                "first_name": "Ana",
                "last_name": f"Buyer{number}",
            }
        )


def _with_refunds(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Orders that were refunded in the store, wholly and by lines."""
    orders = _imported(store, books, web)
    web.import_refunds()
    for place, order in enumerate(orders):
        lines = [line for line in store.order(order.store_order_id).products if line["quantity"]]
        if place % 3 == 0:
            store.refund(order.store_order_id)
        elif place % 3 == 1 and lines:
            store.refund(order.store_order_id, items={int(str(lines[0]["id"])): 1})
    acts.minutes_ago(store)


def _went_on(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """Orders that went on in the store: to statuses that are mapped, and to some that are not."""
    orders = _imported(store, books, web)
    web.pull_order_statuses()
    for place, order in enumerate(orders):
        if place % 4 != 3:
            store.edit_order(order.store_order_id, status_id=(8, 2, 5)[place % 3])


def _load(load: Callable[[Path], object], columns: str, rows: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        file.write_text("\n".join([columns, *rows]), encoding="utf-8")
        load(file)


@cache
def world(name: str) -> World:
    """A world by its name: one of `WORLDS`."""
    settings, calls, _ = WORLDS[name]
    with SqlGateway() as books:
        store = build_world(name, books)
        with closing(books.engine.raw_connection()) as connection:
            data = cast("sqlite3.Connection", connection.driver_connection).serialize()
    return World(name, calls, settings, pickle.dumps(store.state), data, len(store.state.orders))


def build_world(name: str, books: SqlGateway) -> FakeStore:
    """Fill empty books, and return the store that goes with them."""
    settings, _, build = WORLDS[name]
    store = FakeStore()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.toml"
        file.write_text(example.books_toml, encoding="utf-8")
        books.load(file)
    made = Settings.from_dict(settings(store.api_url))
    with (
        BigCommerce(
            store.api_url, "example-token", transport=store.transport(), retries=Retries(attempts=1)
        ) as client,
        Orchestrator(made, books, store=client) as web,
    ):
        build(store, books, web)
    store.settle()
    return store


WORLDS: Mapping[str, tuple[Callable[[str], SettingsDict], tuple[str, ...], Build]] = {
    "import": (_plain, ("import_orders",), _waiting),
    "import held": (_held, ("import_orders",), _waiting),
    "few": (_plain, ("import_orders",), _few_waiting),
    "many": (_plain, ("import_orders",), _many_waiting),
    "push statuses": (_pushed, ("push_order_statuses",), _further),
    "pull statuses": (_pulled, ("pull_order_statuses",), _went_on),
    "push shipments": (_plain, ("push_shipments",), _shipped),
    "capture payments": (_held, ("capture_payments",), _to_capture),
    "push products": (_plain, ("push_products",), _catalogued),
    "push inventory": (_plain, ("push_inventory",), _stocked),
    "export clients": (_plain, ("export_clients",), _clients),
    "follow": (_plain, ("follow_orders",), acts.followed),
    "follow held": (_held, ("follow_orders",), acts.followed),
    "follow first": (_pulled, ("follow_orders",), acts.never_followed),
    "follow in a cycle": (
        _every_box,
        (
            "import_orders",
            "follow_orders",
            "import_refunds",
            "push_order_statuses",
            "capture_payments",
            "push_shipments",
        ),
        acts.everything,
    ),
    "webhooks": (_held, ("import_orders", "follow_orders"), acts.reported),
    "second look": (_plain, ("import_orders",), acts.waiting),
    "import refunds": (_refunded, ("import_refunds",), _with_refunds),
}


@contextmanager
def looking(name: str) -> Iterator[None]:
    """Have each look at the store count as long ago, in worlds where people act during a run."""
    seconds = 0.0 if name in STORES else order_reads.FRESH
    with patch.object(order_reads, "FRESH", seconds):
        yield


class Clock:
    """A clock that moves by waiting on it, so that waits cost nothing."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
