"""An import dies at each of its requests and calls of the books, and is started again.

The end is as if nobody had died. A call that only reads is a step before it: nothing lasts of it,
so that dying after it is dying before the next step.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import attrs
import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import (
    Client,
    CreatedOrder,
    OrderBundle,
    Product,
    Receipt,
    ReferenceData,
    SalesOrder,
)
from avbc.orchestrator import Orchestrator
from avbc.testing import FakeStore, OrderFactory, item, order_of_shape
from avbc.testing.shapes import NEW_COUPON

T = TypeVar("T")

NEW = 11
Join = Callable[..., Orchestrator]


class Died(BaseException):
    """As a killed process: nothing catches it."""


class Life:
    """Counts steps, and ends at one of them."""

    def __init__(self, ends_at: int | None = None) -> None:
        self.ends_at = ends_at
        self.steps = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self.steps += 1
            if self.ends_at is not None and self.steps >= self.ends_at:
                raise Died


class MortalTransport(httpx.BaseTransport):
    """Dies before a request is sent, or after one that writes took effect."""

    def __init__(self, store: FakeStore, life: Life) -> None:
        self.store = store
        self.life = life

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.life.step()
        response = self.store.handle(request)
        if request.method != "GET":
            self.life.step()
        return response


class MortalBooks:
    """A Gateway of its own that dies before each call, or after one that writes."""

    def __init__(self, books: SqlGateway, life: Life) -> None:
        self.books = books
        self.life = life

    def _read(self, call: Callable[[], T]) -> T:
        self.life.step()
        return call()

    def _written(self, call: Callable[[], T]) -> T:
        answer = self._read(call)
        self.life.step()
        return answer

    def reference_data(self) -> ReferenceData:
        return self._read(self.books.reference_data)

    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        return self._read(lambda: self.books.sales_orders(import_ids))

    def receipts(self, import_ids: Collection[str] | None = None) -> list[Receipt]:
        return self._read(lambda: self.books.receipts(import_ids))

    def sales_orders_ordered(
        self, source_code: str, since: datetime, until: datetime
    ) -> Iterator[SalesOrder]:
        return self._read(lambda: self.books.sales_orders_ordered(source_code, since, until))

    def order_sources(self) -> frozenset[tuple[str, str]]:
        return self._read(self.books.order_sources)

    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[Client]:
        return self._read(lambda: self.books.find_clients(import_ids, emails))

    def find_products(self, part_numbers: Collection[str]) -> list[Product]:
        return self._read(lambda: self.books.find_products(part_numbers))

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        return self._written(lambda: self.books.create_order(bundle))

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        return self._written(lambda: self.books.update_order(bundle))


class MortalGroups(MortalBooks):
    """Such books that write orders in groups."""

    def create_orders(self, bundles: Sequence[OrderBundle]) -> list[CreatedOrder]:
        return self._written(lambda: self.books.create_orders(bundles))


def fill(store: FakeStore) -> None:
    """Add six orders, as different as their ways through an import.

    A guest's two, the second with a new coupon; several tenders; a new ship via; one refused; one
    unreadable.
    """
    factory = OrderFactory()
    guest = factory.person(0)
    store.add_order(factory.order([item("MUG-RED")], buyer=guest))
    store.add_order(factory.order([item("TOWEL-ST")], buyer=guest, discounts=[NEW_COUPON]))
    for shape in ("split_tender", "new_shipping_method", "unknown_sku", "null_total"):
        store.add_order(order_of_shape(shape, factory))


def edited(store: FakeStore, web: Orchestrator) -> None:
    """An order that was imported, edited and reset before the run that dies."""
    buyer = OrderFactory(seed=5).person(0)
    store.add_order(OrderFactory(first_id=900).order([item("MUG-BLUE")], buyer=buyer))
    web.import_orders()
    store.add_order(OrderFactory(first_id=900).order([item("MUG-BLUE", 2)], buyer=buyer))
    store.edit_order(900, status_id=NEW)


def state(store: FakeStore, books: SqlGateway) -> tuple[object, ...]:
    """All that a death could spoil, without ids and times."""
    clients = {
        client.id: (client.name, client.email, client.import_id, len(client.contacts))
        for client in books.clients()
    }
    orders = [
        (
            attrs.evolve(order, id=None, client_id=None, contact_id=None, status_changed_at=None),
            clients.get(order.client_id),
        )
        for order in sorted(books.sales_orders(), key=lambda order: order.import_id)
    ]
    receipts = sorted(
        (attrs.evolve(receipt, id=None) for receipt in books.receipts()),
        key=lambda receipt: receipt.import_id,
    )
    marks = {
        number: (order.header["status_id"], order.header["staff_notes"])
        for number, order in sorted(store.state.orders.items())
    }
    return (
        orders,
        receipts,
        sorted(map(str, clients.values())),
        books.promotions(),
        books.ship_vias(),
        marks,
    )


class World:
    """A store and books to begin a life in, prepared once and copied for each."""

    def __init__(
        self,
        join: Join,
        copy_books: Callable[[SqlGateway, SqlGateway], None],
        store: FakeStore,
        books: SqlGateway,
    ) -> None:
        self.join = join
        self.copy_books = copy_books
        self.first = store
        self.first_books = books
        edited(self.first, join(transport=self.first.transport(), books=self.first_books))

    def live(
        self,
        books: SqlGateway,
        ends_at: int | None = None,
        mortal: type[MortalBooks] = MortalGroups,
    ) -> tuple[tuple[object, ...], bool, int]:
        """Import until death, and start again until all is quiet.

        Returns the end state, whether it died, and the steps taken.
        """
        store = FakeStore(clock=self.first.state.clock)
        for order in self.first.state.orders.values():
            store.add_order(order)
        fill(store)
        self.copy_books(self.first_books, books)
        life = Life(ends_at)
        died = False
        try:
            self.join(
                transport=MortalTransport(store, life),
                books=mortal(books, life),
                journal="sqlite://",
            ).import_orders()
        except Died:
            died = True
        for _ in range(3):
            report = self.join(transport=store.transport(), books=books).import_orders()
            if not list(report):
                break
        assert list(report) == []
        return state(store, books), died, life.steps


@pytest.fixture
def world(
    join: Join,
    copy_books: Callable[[SqlGateway, SqlGateway], None],
    store: FakeStore,
    books: SqlGateway,
) -> World:
    return World(join, copy_books, store, books)


@pytest.mark.one_python
@pytest.mark.parametrize("mortal", [MortalBooks, MortalGroups])
def test_a_run_may_die_anywhere(
    world: World, new_books: Callable[..., SqlGateway], mortal: type[MortalBooks]
) -> None:
    # One engine for all lives: a new one would compile every statement again.
    books = new_books()
    expected, died, steps = world.live(books, mortal=mortal)
    assert not died
    assert steps > 30
    orders = expected[0]
    assert isinstance(orders, list)
    assert len(orders) == 5
    for ends_at in range(1, steps + 1):
        found, died, _ = world.live(books, ends_at, mortal)
        assert died, f"step {ends_at} never came"
        assert found == expected, f"differs after a death at step {ends_at}"


@pytest.mark.parametrize("ends_at", [10, 20, 30])
def test_a_run_may_die_with_its_books_in_a_file(
    world: World, new_books: Callable[..., SqlGateway], tmp_path: Path, ends_at: int
) -> None:
    expected, _, _ = world.live(new_books())
    found, died, _ = world.live(new_books(f"sqlite:///{tmp_path}/books.db"), ends_at)
    assert died
    assert found == expected
