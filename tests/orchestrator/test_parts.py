"""Books that have some parts of the Gateway: what runs, what is left out, and what says so."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

import avbc
from avbc.acctvantage import (
    BooksUnusable,
    Gateway,
    ImportGateway,
    ShipmentGateway,
    SqlGateway,
)
from avbc.orchestrator import MethodsMissing, Orchestrator
from avbc.orchestrator.engine.parts import NEEDS, PARTS, methods_of
from avbc.testing import FakeStore, OrderFactory

Join = Callable[..., Orchestrator]


def passed_on(books: SqlGateway, name: str) -> Callable[..., object]:
    def method(_: object, *arguments: object, **named: object) -> object:
        return getattr(books, name)(*arguments, **named)

    return method


def books_with(books: SqlGateway, *parts: type[object], without: str = "") -> ImportGateway:
    """Books of a class of an application, which has the methods of these parts and no others."""
    names = {name for part in parts for name in methods_of(part)} - {without}
    made: Any = type("MyBooks", (), {name: passed_on(books, name) for name in names})()
    return made


def test_every_method_of_the_gateway_is_in_a_part() -> None:
    in_parts = [name for part in PARTS for name in methods_of(part)]
    assert len(in_parts) == len(set(in_parts))
    assert set(in_parts) >= Gateway.__abstractmethods__  # type: ignore[attr-defined]  # of ABCMeta


@pytest.mark.parametrize("job", NEEDS)
def test_a_job_says_which_methods_it_needs(
    job: str, join: Join, books: SqlGateway, store: FakeStore
) -> None:
    web = join(books=books_with(books, ImportGateway))
    with pytest.raises(MethodsMissing) as caught:
        getattr(web, job)()
    error = caught.value
    assert error.job == job
    assert error.part == NEEDS[job].part.__name__
    assert list(error.methods) == methods_of(NEEDS[job].part)
    assert f"{job} needs the part {error.part}, and MyBooks lacks" in str(error)
    for name in error.methods:
        assert f"\n  {name}(" in str(error)
    assert NEEDS[job].off in str(error)
    assert store.requests == []
    assert not web.worklist()


def test_an_error_shows_how_the_method_is_defined(join: Join, books: SqlGateway) -> None:
    web = join(books=books_with(books, ImportGateway, ShipmentGateway, without="shipments_of"))
    with pytest.raises(MethodsMissing) as caught:
        web.push_shipments()
    assert str(caught.value) == (
        "push_shipments needs the part ShipmentGateway, and MyBooks lacks this method of it:\n"
        "  shipments_of(order_import_ids: Collection[str]) -> list[Shipment]\n"
        "Add this method to MyBooks (docs/gateway.md), or set shipping.push_shipments = false."
    )
    for made in (copy.copy(caught.value), pickle.loads(pickle.dumps(caught.value))):
        assert str(made) == str(caught.value)


def test_an_import_needs_its_part_alone(
    join: Join, books: SqlGateway, store: FakeStore, factory: OrderFactory
) -> None:
    order = store.add_order(factory.plain())
    web = join(books=books_with(books, ImportGateway))
    assert [each.order_id for each in web.preview_orders().imported] == [order.id]
    assert [each.order_id for each in web.import_orders().imported] == [order.id]
    assert [each.store_order_id for each in books.sales_orders()] == [order.id]
    assert web.reconcile(since=date(2020, 1, 1)).ok
    assert web.explain(order.id)
    assert web.history(order.id).sales_order is not None


def test_books_that_lack_what_an_import_needs(settings: avbc.Settings, books: SqlGateway) -> None:
    class MyBooks:
        def reference_data(self) -> object: ...

    with pytest.raises(MethodsMissing) as caught:
        Orchestrator(settings, MyBooks())  # type: ignore[arg-type]  # what is refused
    assert list(caught.value.methods) == methods_of(ImportGateway)[1:]
    assert "import_orders needs the part ImportGateway, and MyBooks lacks" in str(caught.value)


def test_a_method_that_returns_none(join: Join, books: SqlGateway) -> None:
    given: Any = books_with(books, ImportGateway)
    type(given).sales_orders_ordered = lambda *_: None
    with pytest.raises(
        BooksUnusable, match=r"MyBooks\.sales_orders_ordered returned None"
    ) as caught:
        join(books=given).reconcile(since=date(2020, 1, 1))
    assert "must return Iterator[SalesOrder]" in str(caught.value)
