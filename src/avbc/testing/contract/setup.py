"""What a test suite that runs the contract supplies."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import ClassVar, ParamSpec, TypeVar

import pytest
from attrs import evolve

from avbc.acctvantage.gateway import BooksRefused, ImportGateway
from avbc.acctvantage.records import OPEN, OrderBundle, Product, SalesOrder, Shipment

P = ParamSpec("P")
T = TypeVar("T")


class ContractSetup:
    """How your books are opened, and filled with what comes from their own users."""

    part: ClassVar[type] = ImportGateway
    """The part of the books whose methods must be there."""

    def test_satisfies_the_protocol(self, gateway: ImportGateway) -> None:
        """It has every method of the protocol, and of each part whose contract it runs."""
        parts = [kind.__dict__["part"] for kind in type(self).__mro__ if "part" in kind.__dict__]
        lacking = [part.__name__ for part in parts if not isinstance(gateway, part)]
        assert not lacking, f"{type(gateway).__name__} lacks methods of {', '.join(lacking)}"

    @pytest.fixture
    def gateway(self) -> Iterable[ImportGateway]:
        """Yield a gateway on empty books of its own."""
        raise NotImplementedError(
            "override the fixture `gateway`: yield your Gateway on empty books"
        )

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        """Put these products into the books."""
        raise NotImplementedError("override `add_products`: put the products into your books")

    def add_quantities(
        self, gateway: ImportGateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        """Set the quantities on hand of part numbers in the books, in a warehouse, new or not."""
        raise NotImplementedError(
            "override `add_quantities`: put the quantities into your books, with their warehouse"
        )

    def add_shipment(self, gateway: ImportGateway, shipment: Shipment) -> None:
        """Put this shipment into the books, or change the one of its number."""
        raise NotImplementedError("override `add_shipment`: put the shipment into your books")


def refused(call: Callable[P, object], *args: P.args, **named: P.kwargs) -> None:
    """Fail unless the books refuse a call."""
    with pytest.raises(BooksRefused):
        call(*args, **named)


def create_orders(gateway: ImportGateway, *bundles: OrderBundle) -> None:
    """Import orders, one after the other."""
    for bundle in bundles:
        gateway.create_order(bundle)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make calls in threads that start at the same moment; returns their results in order."""
    start = threading.Barrier(len(calls), timeout=30)

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def tried_at_once(calls: Sequence[Callable[[], T]]) -> list[T | BooksRefused]:
    """Make calls like `at_once`; the result of a refused one is the refusal."""

    def tried(call: Callable[[], T]) -> T | BooksRefused:
        try:
            return call()
        except BooksRefused as refusal:
            return refusal

    return at_once([partial(tried, call) for call in calls])


def content(order: SalesOrder) -> SalesOrder:
    """The order without the ids that the books gave it."""
    return evolve(order, id=None, client_id=None, contact_id=None)


def assert_is_one_of(gateway: ImportGateway, bundles: Sequence[OrderBundle]) -> None:
    """Fail unless the one order in the books, of any status, and its receipts are a bundle's."""
    (order,) = gateway.sales_orders()
    in_books = (
        evolve(content(order), status=OPEN, status_changed_at=None),
        [evolve(receipt, id=None) for receipt in gateway.receipts()],
    )
    assert in_books in [(bundle.order, list(bundle.receipts)) for bundle in bundles]
