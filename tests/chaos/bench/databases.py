"""Faults of the books' database, which are real.

A locked SQLite file, a full disk, a PostgreSQL connection that is lost, a deadlock.
"""

from __future__ import annotations

import logging
import os
import pickle
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import attrs
import psycopg
import sqlalchemy as sa
from bench.ends import damage, seen
from bench.tally import Row
from bench.worlds import ROUNDS, WORLDS, Clock, World, build_world, is_quiet, world
from psycopg.pq import TransactionStatus
from sqlalchemy import event

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.errors import AvbcError
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore


class Trouble(Protocol):
    """What goes wrong, from one point on."""

    points: int
    """How many points came by."""
    hits: int
    """How often it went wrong."""

    def end(self) -> None:
        """It is over."""


class Place(Protocol):
    """A database that runs are made in, each from the beginning of a world."""

    world: World

    @property
    def url(self) -> str:
        """The books' URL."""

    def reset(self) -> FakeStore:
        """Put the books into the state in which the run begins; returns the store for them."""

    def troubled(self, kind: str, at: int) -> tuple[SqlGateway, Trouble]:
        """Open the books in which something goes wrong at a point; 0 is never."""

    def calm(self) -> SqlGateway:
        """Open the books."""


# --- SQLite ---

SQLITE_KINDS = ("locked", "locked for a moment", "full disk")


@attrs.define
class _SqliteTrouble:
    kind: str
    at: int
    path: Path
    points: int = 0
    hits: int = 0
    _other: sqlite3.Connection | None = None

    def begins(self, execute: Callable[[str], sqlite3.Cursor]) -> None:
        """A transaction that writes is about to begin."""
        self.points += 1
        if self.kind == "full disk" and 0 < self.at <= self.points:
            (pages,) = execute("PRAGMA page_count").fetchone()
            execute(f"PRAGMA max_page_count = {pages}").fetchone()
            self.hits += 1
        elif self.kind.startswith("locked") and self.points == self.at:
            self._other = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
            self._other.execute("BEGIN IMMEDIATE")
            self.hits += 1
            if self.kind != "locked":
                threading.Timer(0.02, self.end).start()

    def end(self) -> None:
        other, self._other = self._other, None
        if other is not None:
            other.execute("ROLLBACK")
            other.close()


class SqlitePlace:
    """A SQLite file."""

    def __init__(self, name: str, folder: Path) -> None:
        self.world = world(name)
        self._path = folder / "books.db"

    def reset(self) -> FakeStore:
        self.world.write_books(self._path)
        return self.world.store()

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    def calm(self) -> SqlGateway:
        return SqlGateway(self.url)

    def troubled(self, kind: str, at: int) -> tuple[SqlGateway, Trouble]:
        trouble = _SqliteTrouble(kind, at, self._path)

        class TroubledCursor(sqlite3.Cursor):
            def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
                if sql == "BEGIN IMMEDIATE":
                    trouble.begins(super().execute)
                return super().execute(sql, parameters)

        class TroubledConnection(sqlite3.Connection):
            def cursor(self, _factory: Any = None) -> sqlite3.Cursor:
                return super().cursor(TroubledCursor)

        books = SqlGateway(f"{self.url}?timeout={0.01 if kind == 'locked' else 10}")

        @event.listens_for(books.engine, "do_connect")
        def connect(
            _dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]
        ) -> sqlite3.Connection:
            return sqlite3.connect(*arguments, **options, factory=TroubledConnection)

        return books, trouble


# --- PostgreSQL ---

# It warns of each connection that is lost in the middle of its work, which is what happens here.
logging.getLogger("psycopg").addHandler(logging.NullHandler())

POSTGRESQL_KINDS = ("connection lost", "connection lost in a commit", "server away", "deadlock")


class PostgresqlPlace:
    """A database on a PostgreSQL server, copied for each run from the world's own."""

    def __init__(self, name: str, server: str) -> None:
        self._server = sa.make_url(server).set(drivername="postgresql+psycopg")
        self._admin = sa.create_engine(self._server, isolation_level="AUTOCOMMIT")
        unique = f"{os.getpid()}_{random.randrange(10**9)}"
        self._origin, self._copy = f"chaos_{unique}", f"chaos_{unique}_copy"
        settings, calls, _ = WORLDS[name]
        self._sql(f"CREATE DATABASE {self._origin}")
        with SqlGateway(self._url(self._origin)) as books:
            store = build_world(name, books)
        self.world = World(
            name, calls, settings, pickle.dumps(store.state), b"", len(store.state.orders)
        )

    def close(self) -> None:
        """Remove the databases."""
        for name in (self._copy, self._origin):
            self._sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._admin.dispose()

    def reset(self) -> FakeStore:
        self._sql(f"DROP DATABASE IF EXISTS {self._copy} WITH (FORCE)")
        self._sql(f"CREATE DATABASE {self._copy} TEMPLATE {self._origin}")
        return self.world.store()

    @property
    def url(self) -> str:
        return self._url(self._copy)

    def calm(self) -> SqlGateway:
        return SqlGateway(self.url)

    def troubled(self, kind: str, at: int) -> tuple[SqlGateway, Trouble]:
        trouble = _PostgresqlTrouble(kind, at, self)

        class TroubledCursor(psycopg.Cursor[Any]):
            def execute(self, *arguments: Any, **options: Any) -> Any:
                trouble.statement(self.connection)
                return super().execute(*arguments, **options)

            def executemany(self, *arguments: Any, **options: Any) -> None:
                trouble.statement(self.connection)
                super().executemany(*arguments, **options)

        class TroubledConnection(psycopg.Connection[Any]):
            def commit(self) -> None:
                trouble.commit(super().commit, self)

        books = self.calm()

        @event.listens_for(books.engine, "do_connect")
        def connect(
            _dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]
        ) -> Any:
            return trouble.connect(
                lambda: TroubledConnection.connect(
                    *arguments, **options, cursor_factory=TroubledCursor
                )
            )

        return books, trouble

    def end_session(self, pid: int) -> None:
        """End a session from the server's side, as a restart does."""
        self._sql(f"SELECT pg_terminate_backend({pid}, 5000)")

    def other_session(self) -> Any:
        """Another session of the same database."""
        url = sa.make_url(self.url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False))

    def wait_for_lock(self, pid: int) -> None:
        """Return when a session waits for a lock."""
        waiting = sa.text("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = :pid")
        with self._admin.connect() as connection:
            while not connection.scalar(waiting, {"pid": pid}):
                time.sleep(0.002)

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _sql(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.exec_driver_sql(statement)


@attrs.define
class _PostgresqlTrouble:
    kind: str
    at: int
    place: PostgresqlPlace
    points: int = 0
    hits: int = 0
    is_away: bool = False
    _made: list[Any] = attrs.field(factory=list)

    def connect(self, connect: Callable[[], Any]) -> Any:
        """Make a connection."""
        if self.is_away:
            raise psycopg.OperationalError("connection refused")
        self._made.append(connect())
        return self._made[-1]

    def statement(self, connection: Any) -> None:
        """A statement is about to be sent."""
        # A lock that is taken before a transaction is open would not be kept.
        is_open = connection.pgconn.transaction_status == TransactionStatus.INTRANS
        if not self._is_due("commit" not in self.kind and (is_open or self.kind != "deadlock")):
            return
        if self.kind == "deadlock":
            self._deadlock(connection)
            return
        self.is_away = self.kind == "server away"
        self.place.end_session(connection.info.backend_pid)
        self.hits += 1

    def commit(self, commit: Callable[[], None], connection: Any) -> None:
        """A transaction is about to be committed."""
        if not self._is_due("commit" in self.kind):
            commit()
            return
        # It is committed, and nobody is told.
        commit()
        self.place.end_session(connection.info.backend_pid)
        connection.close()
        self.hits += 1
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    def end(self) -> None:
        self.is_away = False
        # One that is lost as soon as it is made is left open by SQLAlchemy.
        for connection in self._made:
            connection.close()

    def _is_due(self, counts: bool) -> bool:
        self.points += counts
        return counts and self.points == self.at

    def _deadlock(self, connection: Any) -> None:
        """Wait for another session that waits for us.

        The server gives up the one whose patience ends first: this one.
        """
        with self.place.other_session() as other:
            other.execute("SET deadlock_timeout = '10s'")
            other.execute("SELECT pg_advisory_xact_lock(2)")
            connection.pgconn.exec_(
                b"SET LOCAL deadlock_timeout = '1ms'; SELECT pg_advisory_xact_lock(1)"
            )
            waiter = threading.Thread(
                target=lambda: other.execute("SELECT pg_advisory_xact_lock(1)")
            )
            waiter.start()
            self.place.wait_for_lock(other.info.backend_pid)
            result = connection.pgconn.exec_(b"SELECT pg_advisory_xact_lock(2)")
            try:
                if b"deadlock" in result.error_message:
                    self.hits += 1
                    connection.rollback()
                    raise psycopg.errors.DeadlockDetected(result.error_message.decode())
            finally:
                waiter.join()
                other.rollback()


# --- runs ---


@contextmanager
def _joined(world_: World, store: FakeStore, books: SqlGateway) -> Iterator[Orchestrator]:
    clock = Clock()
    client = BigCommerce(
        store.api_url,
        "example-token",
        transport=store.transport(),
        sleep=clock.sleep,
        clock=clock,
        retries=Retries(attempts=1),
    )
    with (
        client,
        Orchestrator(
            Settings.from_dict(world_.settings(store.api_url)), books, store=client
        ) as web,
    ):
        yield web


def _run(world_: World, store: FakeStore, books: SqlGateway, row: Row, at: str) -> bool:
    quiet = True
    with _joined(world_, store, books) as web:
        for call in world_.calls:
            try:
                report = getattr(web, call)()
            except AvbcError:
                quiet = False
            except Exception as error:  # noqa: BLE001  # what the bench looks for
                quiet = False
                row.complain(at, f"{call} raised {type(error).__name__}: {error}")
            else:
                quiet = quiet and is_quiet(report)
                if "unexpected_error" in str(report):
                    row.complain(at, f"{call} met an unexpected error: {report}")
    return quiet


def run_until_quiet(place: Place, store: FakeStore, row: Row, at: str) -> None:
    """Make a world's runs until there is nothing to do."""
    with place.calm() as books:
        for _ in range(ROUNDS):
            quiet = _run(place.world, store, books, row, at)
            store.settle()
            if quiet:
                return
    row.complain(at, f"it is not quiet after {ROUNDS} runs")


def database_faults(
    place: Place,
    kinds: Sequence[str],
    *,
    sample: int,
    seed: int = 1,
    share: tuple[int, int] = (0, 1),
) -> list[Row]:
    """Let the books' database fail at points of a run, and run again until it is quiet.

    Args:
        place: The database.
        kinds: What goes wrong.
        sample: At how many points for each kind, at most.
        seed: Of the choice of points.
        share: Which part of how many parts, where several work on it.
    """
    rows: list[Row] = []
    store = place.reset()
    run_until_quiet(place, store, Row(""), "")
    with place.calm() as books:
        expected = seen(store, books)
    for kind in kinds:
        started = time.monotonic()
        row = Row(f"books: {kind}")
        store = place.reset()
        books, trouble = place.troubled(kind, 0)
        with books:
            _run(place.world, store, books, row, "undisturbed")
        trouble.end()
        points = range(1, trouble.points + 1)
        choose = random.Random(f"{place.world.name} {kind} {seed}")
        tried = points if len(points) <= sample else sorted(choose.sample(points, sample))
        for at in tried[share[0] :: share[1]]:
            name = f"{place.world.name}: at point {at}"
            store = place.reset()
            books, trouble = place.troubled(kind, at)
            with books:
                _run(place.world, store, books, row, name)
            trouble.end()
            if not trouble.hits:
                row.complain(name, "it never went wrong")
            run_until_quiet(place, store, row, name)
            with place.calm() as books:
                row.count(place.world.orders, damage(expected, seen(store, books)), name)
        row.seconds = time.monotonic() - started
        rows.append(row)
    return rows


def sqlite_faults(
    name: str, *, sample: int, seed: int = 1, share: tuple[int, int] = (0, 1)
) -> list[Row]:
    """The faults of a SQLite file."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        return database_faults(
            SqlitePlace(name, Path(folder)), SQLITE_KINDS, sample=sample, seed=seed, share=share
        )


def postgresql_faults(
    name: str, server: str, *, sample: int, seed: int = 1, share: tuple[int, int] = (0, 1)
) -> list[Row]:
    """The faults of a PostgreSQL server."""
    with closing(PostgresqlPlace(name, server)) as place:
        return database_faults(
            cast("Place", place), POSTGRESQL_KINDS, sample=sample, seed=seed, share=share
        )
