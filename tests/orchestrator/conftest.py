"""A store, books and settings that fit each other, and orchestrators that never wait."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, cast

import attrs
import httpx
import pytest
import sqlalchemy as sa

import avbc
from avbc.acctvantage import Gateway, SqlGateway
from avbc.acctvantage.sql.versions import BOOKS
from avbc.bigcommerce import AtOnce, BigCommerce, Retries
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, example
from avbc.turns import Turns


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def factory() -> OrderFactory:
    return OrderFactory()


@pytest.fixture
def settings(store: FakeStore) -> Settings:
    return Settings.from_dict(example.settings_dict(store.api_url))


@pytest.fixture
def change(settings: Settings) -> Callable[..., Settings]:
    """Other settings: `change(order_status={"edited_orders": "refuse"})`."""

    def changed(**screens: dict[str, object]) -> Settings:
        return attrs.evolve(
            settings,
            **{
                name: attrs.evolve(getattr(settings, name), **values)
                for name, values in screens.items()
            },
        )

    return changed


@pytest.fixture(scope="session")
def loaded_books(books_toml: Path) -> Iterator[SqlGateway]:
    """Books that were filled once, to be copied."""
    with SqlGateway("sqlite://") as gateway:
        gateway.load(books_toml)
        # A copy of them takes the place of books that are open.
        Turns(gateway.engine, BOOKS).prepare()
        yield gateway


def copied_books(books: SqlGateway, into: SqlGateway) -> None:
    """Make one database the copy of another, journal included."""
    with (
        closing(books.engine.raw_connection()) as source,
        closing(into.engine.raw_connection()) as target,
    ):
        cast("sqlite3.Connection", source.driver_connection).backup(
            cast("sqlite3.Connection", target.driver_connection)
        )


@pytest.fixture
def copy_books() -> Callable[[SqlGateway, SqlGateway], None]:
    return copied_books


@pytest.fixture
def new_books(loaded_books: SqlGateway) -> Iterator[Callable[..., SqlGateway]]:
    with contextlib.ExitStack() as stack:

        def books(url: str = "sqlite://") -> SqlGateway:
            gateway = stack.enter_context(SqlGateway(url))
            copied_books(loaded_books, gateway)
            return gateway

        yield books


@pytest.fixture
def books(new_books: Callable[..., SqlGateway]) -> SqlGateway:
    return new_books()


@pytest.fixture(params=["sqlite", "postgresql"])
def both(
    request: pytest.FixtureRequest, new_books: Callable[..., SqlGateway], books_toml: Path
) -> Iterator[SqlGateway]:
    """Books, with the journal in them, in each of the databases."""
    if request.param == "sqlite":
        yield new_books()
        return
    with SqlGateway(request.getfixturevalue("postgresql_url")) as gateway:
        gateway.load(str(books_toml))
        yield gateway


@pytest.fixture
def join(
    store: FakeStore, settings: Settings, books: SqlGateway
) -> Iterator[Callable[..., Orchestrator]]:
    """Join the store to the books; keyword arguments replace a part. What fails is not repeated."""
    with contextlib.ExitStack() as stack:

        def joined(
            *,
            books: Gateway = books,
            settings: Settings = settings,
            transport: httpx.BaseTransport | None = None,
            token: str = "example-token",
            at_once: AtOnce | None = None,
            **options: Any,
        ) -> Orchestrator:
            client = BigCommerce(
                settings.store.api_url,
                token,
                transport=transport or store.transport(),
                retries=Retries(attempts=1),
                sleep=lambda _: None,
                # Work is not measured by it, so requests run at once though they take no time.
                clock=partial(time.monotonic),
                at_once=at_once,
            )
            stack.enter_context(client)
            return stack.enter_context(avbc.Orchestrator(settings, books, store=client, **options))

        yield joined


@pytest.fixture
def web(join: Callable[..., Orchestrator]) -> Orchestrator:
    return join()


class Died(BaseException):
    """As a killed process: nothing catches it."""


class Life(httpx.BaseTransport):
    """Ends at one of the steps of a run.

    The steps are: before each request, after each that writes, and before and after each commit
    that writes to the books or the journal. Nothing that lasts happens between two of them.
    """

    def __init__(self, store: FakeStore, ends_at: int | None = None) -> None:
        self.store = store
        self.ends_at = ends_at
        self.steps = 0
        self._lock = threading.Lock()

    def step(self) -> None:
        with self._lock:
            self.steps += 1
            if self.ends_at is not None and self.steps >= self.ends_at:
                raise Died

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.step()
        response = self.store.handle(request)
        if request.method != "GET":
            self.step()
        return response


class MortalConnection(sqlite3.Connection):
    """A connection whose commits are steps of a life, where there is one."""

    life: Life | None = None
    changes = 0

    def commit(self) -> None:
        life, before = MortalConnection.life, self.changes
        self.changes = self.total_changes
        if life is None or self.changes == before:
            super().commit()
            return
        life.step()
        super().commit()
        life.step()

    def rollback(self) -> None:
        self.changes = self.total_changes
        super().rollback()


def connect_mortal(*of: Any) -> sqlite3.Connection:
    """Connect an engine: of its dialect, record, arguments and options."""
    connection = sqlite3.connect(*of[2], **of[3], factory=MortalConnection)
    # A process dies here, not the machine.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


@pytest.fixture
def live_on(
    join: Callable[..., Orchestrator],
    store: FakeStore,
    books: SqlGateway,
    settings: Settings,
    tmp_path: Path,
) -> Iterator[Callable[..., None]]:
    """Let a method die at each of its steps, and call it again until it has nothing to do.

    Each death has a copy of the world as it is. Call it with the method's name, what must be equal
    at the end, and what fills the store in addition to its orders.
    """

    # One file for all lives: a new engine would compile every statement again.
    sa.event.listen(sa.Engine, "do_connect", connect_mortal)
    copy = SqlGateway(f"sqlite:///{tmp_path}/lives.db")

    def copied(fill: Callable[[FakeStore], object]) -> FakeStore:
        other = FakeStore(clock=store.state.clock)
        fill(other)
        for order in store.state.orders.values():
            other.add_order(order)
        copied_books(books, copy)
        return other

    def live(
        method: str, settings: Settings, fill: Callable[[FakeStore], object], ends_at: int | None
    ) -> tuple[FakeStore, bool]:
        world = copied(fill)
        life = Life(world, ends_at)
        died = False
        MortalConnection.life = life
        try:
            getattr(join(books=copy, transport=life, settings=settings), method)()
        except Died:
            died = True
        MortalConnection.life = None
        # What a gateway does later takes a run of its own to be seen.
        for _ in range(3):
            report = getattr(
                join(books=copy, transport=world.transport(), settings=settings), method
            )()
            if not list(report):
                break
        assert not list(report)
        return world, died

    def lived(
        method: str,
        state: Callable[[FakeStore, SqlGateway], object],
        settings: Settings = settings,
        fill: Callable[[FakeStore], object] = lambda _: None,
    ) -> None:
        expected = state(live(method, settings, fill, None)[0], copy)
        for ends_at in itertools.count(1):
            world, died = live(method, settings, fill, ends_at)
            assert state(world, copy) == expected, f"differs after a death at step {ends_at}"
            if not died:
                break
        assert ends_at > 10

    yield lived
    copy.close()
    sa.event.remove(sa.Engine, "do_connect", connect_mortal)


@pytest.fixture
def add(store: FakeStore) -> Callable[..., int]:
    """Put an order into the store, with changed header fields; returns its id."""

    def added(order: FakeOrder, **header: object) -> int:
        order.header.update(header)
        return store.add_order(order).id

    return added
