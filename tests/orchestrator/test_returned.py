"""What methods of books of one's own return: one error says which method returned what."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from avbc.acctvantage import BooksUnusable, SqlGateway
from avbc.acctvantage.records import CreatedOrder, ReferenceData
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.parts import Parts
from avbc.settings import Settings
from avbc.testing import FakeStore, example

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


class MyBooks:
    """Books of an application, of which one method returns something else."""

    def __init__(self, books: SqlGateway, name: str, answer: object) -> None:
        self._books, self._name, self._answer = books, name, answer

    def __getattr__(self, name: str) -> Any:
        if (name, self._name) == ("create_orders", "create_order"):
            raise AttributeError(name)
        return (lambda *_, **__: self._answer) if name == self._name else getattr(self._books, name)


def _reference(**fields: Any) -> ReferenceData:
    return ReferenceData(**fields)


def _created(order: Any) -> CreatedOrder:
    return CreatedOrder(order, created=True)


STRANGE: list[tuple[str, object, str]] = [
    ("reference_data", {}, "a dict, and must return ReferenceData"),
    (
        "reference_data",
        _reference(tax_areas=("Moon",)),
        "a ReferenceData whose tax_areas is a tuple that holds a str, and must be tuple[T",
    ),
    (
        "reference_data",
        _reference(receipt_types="Cash"),
        "a ReferenceData whose receipt_types is a str, and must be tuple[str, ...]: correct it",
    ),
    ("order_sources", {"WEB"}, "a set that holds a str, and must return frozenset[tuple[str, str"),
    ("order_sources", [("WEB", 7)], "a list that holds a tuple that holds an int,"),
    ("order_sources", [("WEB", "a", "b")], "a list that holds a tuple of 3,"),
    ("order_sources", {"WEB": "abc123"}, "a dict, and"),
    ("sales_orders", "none", "a str, and must return list[SalesOrder]"),
    ("sales_orders", [{"total": 1}], "a list that holds a dict, and"),
    ("sales_orders", iter(()), "a tuple_iterator, and"),
    ("find_products", [("LAMP-01", "Mug")], "a list that holds a tuple, and must return list[Pr"),
    ("find_clients", [None], "a list that holds None"),
    ("take_turn", None, "None, and must return Turn"),
    ("create_order", True, "a bool, and must return CreatedOrder"),
    (
        "create_order",
        _created("WEB1"),
        "a CreatedOrder whose order is a str, and must be SalesOrder:",
    ),
]


@pytest.mark.parametrize("strange", STRANGE)
def test_an_import_says_which_method_returned_what(
    join: Join, books: SqlGateway, store: FakeStore, strange: tuple[str, object, str]
) -> None:
    name, answer, says = strange
    (order, _) = store.add_orders(example.plain_orders(2))
    before = order.header["status_id"]
    web = join(books=MyBooks(books, name, answer))
    with pytest.raises(BooksUnusable) as caught:
        web.import_orders()
    assert str(caught.value).startswith(f"MyBooks.{name} returned {says}") or (
        str(caught.value).startswith(f"MyBooks.{name} returned a ") and says in str(caught.value)
    )
    assert str(caught.value).endswith("correct it in MyBooks.")
    assert order.header["status_id"] == before
    (item,) = web.worklist()
    assert f"MyBooks.{name} returned" in item.message


QUANTITIES = "Iterator[tuple[str, Decimal | None]]"
JOBS: list[tuple[str, object, str, str]] = [
    ("sales_orders_changed", ["WEB1"], "push_order_statuses", "list[SalesOrder]"),
    ("shipments", [("WEB1", "1Z")], "push_shipments", "list[Shipment]"),
    (
        "quantities_available",
        {"LAMP-01": 1},
        "push_inventory",
        "Iterator[tuple[str, Decimal | None]]",
    ),
    (
        "quantities_available",
        [("LAMP-01", 3)],
        "push_inventory",
        "Iterator[tuple[str, Decimal | None]]",
    ),
    ("products_for_store", ["LAMP-01"], "push_products", "Iterator[Product]"),
    ("products_for_store", 5, "push_products", "Iterator[Product]"),
    ("clients_to_export", [1], "export_clients", "list[Client]"),
    ("receipts_to_capture", [1], "capture_payments", "list[Receipt]"),
    ("orders_refused", [1], "take_answers", "list[Pickup]"),
]


@pytest.mark.parametrize("strange", JOBS)
def test_a_job_says_which_method_returned_what(
    join: Join, books: SqlGateway, change: Change, strange: tuple[str, object, str, str]
) -> None:
    name, answer, job, result = strange
    settings = change(
        gl={"credit_card_transactions_are_preauthorizations": True},
        shipping={"push_shipments": True},
    )
    web = join(books=MyBooks(books, name, answer), settings=settings)
    with pytest.raises(BooksUnusable) as caught:
        getattr(web, job)()
    assert str(caught.value).startswith(f"MyBooks.{name} returned ")
    assert f", and must return {result}: correct it in MyBooks." in str(caught.value)


def test_a_union_is_one_of_its_kinds(books: SqlGateway) -> None:
    for answer in ((None, 1), (date(2026, 1, 2), 0)):
        given = Parts(MyBooks(books, "late_orders", answer))
        assert given.journal.late_orders("WEB") == answer
    given = Parts(MyBooks(books, "late_orders", ("2026-01-02", 0)))
    with pytest.raises(BooksUnusable, match="returned a tuple that holds a str, and must return"):
        given.journal.late_orders("WEB")


def test_the_fields_of_records_in_a_list_are_looked_at(books: SqlGateway) -> None:
    groups = Parts(MyBooks(books, "create_orders", [_created(7)])).order_groups
    assert groups is not None
    says = "returned a list that holds a CreatedOrder whose order is an int, and must be SalesOrder"
    with pytest.raises(BooksUnusable, match=says):
        groups.create_orders([])


def test_a_reconciliation_says_it_too(join: Join, books: SqlGateway) -> None:
    web = join(books=MyBooks(books, "sales_orders_ordered", iter(["WEB1"])))
    with pytest.raises(BooksUnusable, match="returned a str among its items, and must return Ite"):
        web.reconcile(since=date(2020, 1, 1))


@pytest.mark.parametrize("kind", [tuple, set, deque, frozenset])
def test_any_collection_is_a_list_and_any_iterable_an_iterator(
    books: SqlGateway, kind: Callable[[Collection[object]], object]
) -> None:
    receipts = kind(books.receipts())
    taken = Parts(MyBooks(books, "receipts", receipts)).importing.receipts()
    assert taken is receipts
    products = kind(books.find_products(["LAMP-01"]))
    given = Parts(MyBooks(books, "products_for_store", products))
    assert [each.part_number for each in given.products.products_for_store()] == ["LAMP-01"]


def test_items_of_an_iterator_are_taken_one_by_one(books: SqlGateway) -> None:
    taken: list[str] = []

    def quantities() -> Iterator[tuple[str, Decimal]]:
        for name in ("A", "B"):
            taken.append(name)
            yield name, Decimal(1)

    given = Parts(MyBooks(books, "quantities_available", quantities()))
    rows = iter(given.stock.quantities_available("Main"))
    assert next(rows) == ("A", Decimal(1))
    assert taken == ["A"]


def test_a_derived_record_is_a_record(books: SqlGateway) -> None:
    product = books.find_products(["LAMP-01"])[0]
    made: Any = type("OwnProduct", (type(product),), {"__slots__": ()})
    own = made(
        **{field.name: getattr(product, field.name) for field in attrs.fields(type(product))}
    )
    given = Parts(MyBooks(books, "find_products", [own]))
    assert given.importing.find_products(["LAMP-01"]) == [own]


def test_a_time_without_a_time_zone_is_no_present(books: SqlGateway) -> None:
    for now in (datetime(2026, 1, 2), 7, None):  # noqa: DTZ001
        with pytest.raises(BooksUnusable, match=r"MyBooks\.now returned"):
            Parts(MyBooks(books, "now", now)).now(datetime.now(UTC))
