"""New orders are written to the books in groups, each of which is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

import avbc
from avbc.acctvantage import BooksRefused, BooksUnreachable, ClientTaken, CreatedOrder, SqlGateway
from avbc.acctvantage.records import OrderBundle
from avbc.orchestrator import Orchestrator
from avbc.testing import FakeStore, OrderFactory, example, item
from avbc.testing.shapes import NEW_COUPON

NEW, DOWNLOADED = 11, 9
Join = Callable[..., Orchestrator]


class Grouped(SqlGateway):
    """Books that note which orders came together, and may refuse one or go away."""

    def __init__(self, url: str = "sqlite://") -> None:
        super().__init__(url)
        self.groups: list[list[int]] = []
        self.alone: list[int] = []
        self.wrong: dict[int, Exception] = {}

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        self.alone.append(number(bundle))
        self.fail([bundle])
        return super().create_order(bundle)

    def create_orders(self, bundles: Sequence[OrderBundle]) -> list[CreatedOrder]:
        self.groups.append([number(bundle) for bundle in bundles])
        self.fail(bundles)
        return super().create_orders(bundles)

    def fail(self, bundles: Sequence[OrderBundle]) -> None:
        for bundle in bundles:
            if (error := self.wrong.get(number(bundle))) is not None:
                raise error


def number(bundle: OrderBundle) -> int:
    return bundle.order.store_order_id


@pytest.fixture
def made(books_toml: Path) -> Iterator[Callable[[type[SqlGateway]], SqlGateway]]:
    with ExitStack() as stack:

        def opened(kind: type[SqlGateway]) -> SqlGateway:
            books = stack.enter_context(kind())
            books.load(books_toml)
            return books

        yield opened


@pytest.fixture
def books(made: Callable[[type[SqlGateway]], SqlGateway]) -> Grouped:
    books = made(Grouped)
    assert isinstance(books, Grouped)
    return books


def guests(store: FakeStore, count: int) -> list[int]:
    """Orders of as many guests."""
    factory = OrderFactory()
    orders = [
        factory.order([item("MUG-RED")], buyer=factory.person(customer_id))
        for customer_id in range(1, count + 1)
    ]
    return [store.add_order(order).id for order in orders]


def statuses(store: FakeStore, order_ids: Sequence[int]) -> list[object]:
    return [store.order(order_id).header["status_id"] for order_id in order_ids]


def test_eight_orders_are_one_transaction(join: Join, store: FakeStore, books: Grouped) -> None:
    ids = guests(store, 19)
    assert len(join(books=books).import_orders().imported) == 19
    assert books.groups == [ids[:8], ids[8:16], ids[16:]]
    assert books.alone == []
    assert statuses(store, ids) == [DOWNLOADED] * 19


def test_an_order_that_is_refused_holds_up_no_other_of_its_group(
    join: Join, store: FakeStore, books: Grouped
) -> None:
    ids = guests(store, 4)
    books.wrong[ids[1]] = BooksRefused("the client is on hold")
    report = join(books=books).import_orders()
    assert [outcome.order_id for outcome in report.imported] == [ids[0], *ids[2:]]
    (refused,) = report.refused
    assert (refused.order_id, refused.problems[0].code) == (ids[1], "books_refused")
    assert (books.groups, books.alone) == ([ids], ids)


def test_an_error_of_ones_own_books_is_that_of_one_order(
    join: Join, store: FakeStore, books: Grouped
) -> None:
    ids = guests(store, 3)
    books.wrong[ids[0]] = KeyError("a bug")
    report = join(books=books).import_orders()
    assert [outcome.order_id for outcome in report.postponed] == ids[:1]
    assert statuses(store, ids) == [NEW, DOWNLOADED, DOWNLOADED]


def test_a_client_that_came_meanwhile_is_looked_up_for_its_order_alone(
    join: Join, store: FakeStore, books: Grouped
) -> None:
    ids = guests(store, 3)
    books.wrong[ids[2]] = ClientTaken("another process was first")
    report = join(books=books).import_orders()
    assert [outcome.order_id for outcome in report.imported] == ids[:2]
    # It was tried twice by itself: as it was mapped, and mapped anew.
    assert books.alone == [*ids, ids[2]]


def test_a_group_whose_transaction_is_lost_stays_new(
    join: Join, store: FakeStore, books: Grouped
) -> None:
    ids = guests(store, 10)
    books.wrong[ids[9]] = BooksUnreachable("the books are locked")
    web = join(books=books)
    report = web.import_orders()
    assert [outcome.order_id for outcome in report.imported] == ids[:8]
    assert [outcome.problems[0].code for outcome in report.postponed] == ["books_unreachable"] * 2
    assert report.stopped == "the books are locked"
    assert statuses(store, ids) == [DOWNLOADED] * 8 + [NEW] * 2
    books.wrong.clear()
    assert [outcome.order_id for outcome in web.import_orders().imported] == ids[8:]


def test_an_order_that_needs_what_another_creates_is_mapped_after_it(
    join: Join, store: FakeStore, books: Grouped
) -> None:
    """Its client, or a promotion."""
    factory = OrderFactory()
    one, other, third = (factory.person(customer_id) for customer_id in (1, 2, 3))
    ids = [
        store.add_order(factory.order([item("MUG-RED")], buyer=buyer, discounts=discounts)).id
        for buyer, discounts in [
            (one, ()),
            (other, ()),
            (one, ()),
            (third, [NEW_COUPON]),
            (other, [NEW_COUPON]),
        ]
    ]
    assert len(join(books=books).import_orders().imported) == 5
    assert books.groups == [ids[:2], ids[2:4], ids[4:]]
    assert books.alone == []
    orders = {order.store_order_id: order.client_id for order in books.sales_orders()}
    assert orders[ids[0]] == orders[ids[2]]
    assert orders[ids[1]] == orders[ids[4]]
    assert [each.code for each in books.promotions()].count(NEW_COUPON.code) == 1


class Overridden(SqlGateway):
    """Books of an application that does something for each order."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        self.seen.append(number(bundle))
        return super().create_order(bundle)


class Wrapped:
    """Books that pass calls on to others, except for new orders."""

    def __init__(self, books: SqlGateway) -> None:
        self.books = books
        self.seen: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.books, name)

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        self.seen.append(number(bundle))
        return self.books.create_order(bundle)


@pytest.mark.parametrize("kind", ["subclass", "wrapper", "instance"])
def test_books_that_override_one_of_two_methods_see_each_order(
    join: Join,
    store: FakeStore,
    made: Callable[[type[SqlGateway]], SqlGateway],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    ids = guests(store, 3)
    given = made(Overridden)
    assert isinstance(given, Overridden)
    books: avbc.Gateway | Wrapped = given
    seen = given.seen
    if kind == "wrapper":
        books = Wrapped(made(SqlGateway))
        seen = books.seen
    elif kind == "instance":
        books = made(SqlGateway)
        monkeypatch.setattr(books, "create_order", given.create_order)
    join(books=books, journal="sqlite://").import_orders()
    assert seen == ids


def test_example_orders_end_alike_in_groups_and_alone(
    join: Join, store: FakeStore, made: Callable[[type[SqlGateway]], SqlGateway]
) -> None:
    found: list[object] = []
    for kind in (Grouped, Overridden):
        books, twin = made(kind), FakeStore(clock=store.state.clock)
        twin.add_orders(example.example_orders(60))
        report = join(transport=twin.transport(), books=books).import_orders()
        found.append(
            [
                (outcome.order_id, name)
                for name in report.counts()
                for outcome in getattr(report, name)
            ]
            + [
                *map(str, books.sales_orders()),
                *map(str, books.receipts()),
                *map(str, books.clients()),
            ]
        )
    assert found[0] == found[1]
