"""Two who create one client at once on PostgreSQL: the second waits, and finds what the first made.

One of them is held between its last write and its commit, until the other waits or is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage import BooksRefused, Client, ClientTaken, OrderBundle, SqlGateway
from avbc.acctvantage.sql.client_locks import lock_clients, lock_rows
from avbc.acctvantage.sql.orders import OrderWriter
from avbc.testing.contract import make_bundle

pytestmark = pytest.mark.one_python

EMAIL = "guest@example.com"
_WAITING = sa.text(
    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE NOT granted "
    "AND application_name = current_setting('application_name')"
)


def of_guest(number: int) -> OrderBundle:
    guest = Client("Rivera", "Ana", EMAIL)
    return evolve(make_bundle(number), new_client=guest, new_contact=None, client_email=EMAIL)


class Held(SqlGateway):
    """Books whose transactions are held before their commit until another one waits or is done."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.is_written = threading.Event()
        self.other_is_done = threading.Event()
        self._watch = sa.create_engine(self.engine.url)
        parts = self._orders._parts
        self._orders = OrderWriter(self.engine.dialect.name)

        def held(*args: object) -> None:
            parts(*args)  # type: ignore[arg-type]
            self.is_written.set()
            with self._watch.connect() as connection:
                while not (
                    self.other_is_done.wait(0.01) or connection.execute(_WAITING).scalar_one()
                ):
                    connection.rollback()

        self._orders._parts = held  # type: ignore[method-assign]

    def close(self) -> None:
        self._watch.dispose()
        super().close()


def one_after_the_other(
    url: str, first: Callable[[SqlGateway], object], second: Callable[[SqlGateway], object]
) -> list[object]:
    """Make a call, and another one before the first is committed; return what each raised."""

    def error_of(call: Callable[[SqlGateway], object], books: SqlGateway) -> object:
        try:
            return call(books) and None
        except (BooksRefused, ClientTaken) as error:
            return type(error)

    with Held(url) as held, SqlGateway(url) as books, ThreadPoolExecutor(1) as pool:
        books.reference_data()  # the tables are there
        one = pool.submit(error_of, first, held)
        try:
            assert held.is_written.wait(30)
            other = error_of(second, books)
        finally:
            held.other_is_done.set()
        return [one.result(30), other]


def clients(url: str) -> list[Client]:
    with SqlGateway(url) as books:
        return books.find_clients([], [EMAIL])


def test_two_orders(postgresql_url: str) -> None:
    one, other = (partial(SqlGateway.create_order, bundle=of_guest(number)) for number in (1, 2))
    assert one_after_the_other(postgresql_url, one, other) == [None, ClientTaken]
    assert len(clients(postgresql_url)) == 1


def test_the_same_order(postgresql_url: str) -> None:
    call = partial(SqlGateway.create_order, bundle=of_guest(1))
    assert one_after_the_other(postgresql_url, call, call) == [None, None]
    assert len(clients(postgresql_url)) == 1


def test_two_groups_in_opposite_sequence(postgresql_url: str) -> None:
    """They share a new client, and two clients of the books whose rows both write."""
    with SqlGateway(postgresql_url) as books:
        there = [
            books.create_order(evolve(make_bundle(number), new_client=guest)).order.client_id
            for number, guest in [(91, Client("One", "A")), (92, Client("Two", "B"))]
        ]

    def group(first: int, client_ids: Sequence[int | None]) -> list[OrderBundle]:
        known = [
            evolve(
                make_bundle(first + place),
                new_client=None,
                client_id=client_id,
                bind_import_id=f"ABC{client_id}",
            )
            for place, client_id in enumerate(client_ids, 1)
        ]
        return [of_guest(first), *known] if first == 1 else [*known, of_guest(first)]

    one, other = (
        partial(SqlGateway.create_orders, bundles=group(first, client_ids))
        for first, client_ids in [(1, there), (11, there[::-1])]
    )
    assert one_after_the_other(postgresql_url, one, other) == [None, ClientTaken]
    assert len(clients(postgresql_url)) == 1


def test_an_order_and_an_edit(postgresql_url: str) -> None:
    with SqlGateway(postgresql_url) as books:
        books.create_order(make_bundle(2))
    edit = partial(SqlGateway.update_order, bundle=of_guest(2))
    new = partial(SqlGateway.create_order, bundle=of_guest(1))
    assert one_after_the_other(postgresql_url, new, edit) == [None, ClientTaken]


def test_an_order_and_a_file_of_clients(postgresql_url: str, tmp_path: Path) -> None:
    """The file has the client that the order creates, and finds it."""
    file = tmp_path / "clients.csv"
    file.write_text(f"name,first_name,email,phone\nRivera,Ana,{EMAIL},7\n", encoding="utf-8")
    new = partial(SqlGateway.create_order, bundle=of_guest(1))
    assert one_after_the_other(postgresql_url, new, lambda books: books.load_clients(file)) == [
        None,
        None,
    ]
    (client,) = clients(postgresql_url)
    assert client.phone == "7"


def test_an_order_and_a_binding(postgresql_url: str) -> None:
    """The first order of a customer, and an export that binds another client to the customer."""
    with SqlGateway(postgresql_url) as books:
        other = books.create_order(make_bundle(2)).order.client_id
    assert other is not None
    new = partial(SqlGateway.create_order, bundle=make_bundle(1))
    calls = one_after_the_other(
        postgresql_url, new, lambda books: books.bind_client(other, "WEB", 1)
    )
    assert calls == [None, BooksRefused]


class Cursor:
    """Notes what is executed."""

    def __init__(self) -> None:
        self.executed: list[tuple[str, Sequence[object]]] = []

    def execute(self, sql: str, values: Sequence[object]) -> None:
        self.executed.append((sql, values))


@pytest.mark.parametrize("emails", [["b@x.com", " A@X.com", ""], ["a@x.com", "B@x.com", "b@X.com"]])
def test_emails_are_locked_in_one_sequence(emails: Sequence[str]) -> None:
    """Whatever the sequence of the orders is: two transactions never wait in a circle."""
    cursor = Cursor()
    lock_clients(cursor, "postgresql", emails, [])  # type: ignore[arg-type]
    assert [values for _, values in cursor.executed] == [[["a@x.com", "b@x.com"]]]


@pytest.mark.parametrize(("kind", "emails"), [("postgresql", ["", " "]), ("sqlite", ["a@x.com"])])
def test_nothing_is_locked_without_need(kind: str, emails: Sequence[str]) -> None:
    cursor = Cursor()
    lock_clients(cursor, kind, emails, [])  # type: ignore[arg-type]
    assert cursor.executed == []


@pytest.mark.parametrize(
    ("kind", "ids", "locked"),
    [
        ("postgresql", [7, 3, 7, 5], [[3, 5, 7]]),
        ("postgresql", [7, 7], []),
        ("postgresql", [], []),
        ("sqlite", [7, 3], []),
    ],
)
def test_rows_of_clients_are_locked_in_one_sequence(
    kind: str, ids: Sequence[int], locked: Sequence[Sequence[int]]
) -> None:
    """One order locks its only client as it is written."""
    cursor = Cursor()
    lock_rows(cursor, kind, ids)  # type: ignore[arg-type]
    assert [list(values) for _, values in cursor.executed] == [[each] for each in locked]
