"""What a test suite that runs the contract supplies."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from typing import ParamSpec, TypeVar

import pytest

from avbc.acctvantage.gateway import BooksRefused, Gateway
from avbc.acctvantage.records import OrderBundle, Product, Shipment

P = ParamSpec("P")
T = TypeVar("T")


class ContractSetup:
    """How your books are opened, and filled with what comes from their own users."""

    @pytest.fixture
    def gateway(self) -> Iterable[Gateway]:
        """Yield a gateway on empty books of its own."""
        raise NotImplementedError(
            "override the fixture `gateway`: yield your Gateway on empty books"
        )

    def add_products(self, gateway: Gateway, products: Sequence[Product]) -> None:
        """Put these products into the books."""
        raise NotImplementedError("override `add_products`: put the products into your books")

    def add_quantities(
        self, gateway: Gateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        """Set the quantities on hand of part numbers in the books, in a warehouse, new or not."""
        raise NotImplementedError(
            "override `add_quantities`: put the quantities into your books, with their warehouse"
        )

    def add_shipment(self, gateway: Gateway, shipment: Shipment) -> None:
        """Put this shipment into the books, or change the one of its number."""
        raise NotImplementedError("override `add_shipment`: put the shipment into your books")


def refused(call: Callable[P, object], *args: P.args, **named: P.kwargs) -> None:
    """Fail unless the books refuse a call."""
    with pytest.raises(BooksRefused):
        call(*args, **named)


def create_orders(gateway: Gateway, *bundles: OrderBundle) -> None:
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
