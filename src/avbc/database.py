"""A SQLite or PostgreSQL database: how it is opened and versioned, and what its errors mean.

The books and the journal use it. It brings SQLAlchemy with it, so it is not imported before one of
them is opened.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NoReturn, TypeVar, cast

import attrs
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from avbc import forks
from avbc.database_failures import ErrorKind, Failure, failure
from avbc.errors import AvbcError
from avbc.secret import strip_frames
from avbc.statements import AnyRow, AnySelect, Values, compiled
from avbc.stopping import is_stop_due

T = TypeVar("T")

WAIT = 30
"""Seconds to wait for another writer before the database counts as unreachable."""

SLICE = 1
"""Seconds that one try of a transaction waits: no signal ends a wait inside of the database."""

CHUNK = 500
"""Keys in one statement: each number of them has a plan of its own, which is kept."""

NOW = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')",
    "postgresql": "clock_timestamp()",
}
"""The present by the clock of the database, by its kind: as text in SQLite."""

_SPARE = 5
"""Connections to a SQLite file that are kept open while nobody uses them."""

_KEPT = "_avbc_kept"
"""Where an engine of avbc's own has them."""

_OF_VALUES = (UnicodeError, OverflowError)
"""Errors of a value on its way to the database."""


@attrs.frozen
class Tables:
    """What one part of avbc keeps in a database, and which errors it raises.

    Two parts may keep their tables in the same database: each has a version of its own.
    """

    owner: str
    """What messages call it: `the books`."""
    metadata: sa.MetaData
    versions: sa.Table
    """One of them. Its only row holds the version of all."""
    version: int
    """Raised by everyone who changes the tables, together with a step in `migrations`."""
    migrations: Mapping[int, Callable[[sa.Connection], None]]
    """By version: what brings tables of that version to the next one, in one transaction."""
    errors: Mapping[ErrorKind, type[AvbcError]]
    """What it raises for each kind of error."""
    log: logging.Logger
    programs: tuple[Callable[[sa.Connection], None], Callable[[sa.Connection], None]] | None = None
    """Create the views and triggers, and drop those of any version. They are dropped before a
    migration and created after it."""
    on_open: Callable[[sa.Connection], None] | None = None
    """Looks at the tables once they are there, each time they are opened."""
    attempts: int = 1
    """How often a transaction is run that the database gave up: 1 where repeating is not safe."""


class Database:
    """The tables of one part of avbc in a database, which creates them on first use.

    Args:
        database: `sqlite://` (in memory), `sqlite:///books.db` or
            `postgresql://user:password@host/database`. On SQLite, `?timeout=5` is the number of
            seconds to wait for another writer. Or the engine of another, which alone closes it.
        tables: What is kept in it.

    Raises:
        AvbcError: The URL is none of these, or its driver is not installed (`misplaced`).
    """

    def __init__(self, database: str | sa.Engine, tables: Tables) -> None:
        self._tables = tables
        self._owns_engine = not isinstance(database, sa.Engine)
        self.engine = (
            database if isinstance(database, sa.Engine) else _open_engine(database, tables)
        )
        self._kept: list[sa.Connection] | None = getattr(self.engine, _KEPT, None)
        self.kind = self.engine.dialect.name
        self._is_file = self.kind == "sqlite" and _is_file(self.engine.url)
        self._file = Path(str(self.engine.url.database)) if self._is_file else None
        self._uses: AbstractContextManager[None] = forks.uses if self._is_file else nullcontext()
        self._driver_error: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        self._is_closed = False
        self._writer: PoolProxiedConnection | None = None
        self._start()
        forks.watch(self)

    def read(self, work: Callable[[sa.Connection], T], about: str = "") -> T:
        """Run `work` on one snapshot of the database.

        Args:
            work: What to do.
            about: What it is for, for the message of an error.

        Raises:
            AvbcError: As `tables` names it.
        """
        return self._attempts(lambda: self._snapshot(work), about)

    def rows(self, select: AnySelect, values: Values, about: str = "") -> list[AnyRow]:
        """Run one SELECT, which is a snapshot by itself: cheaper than `read`.

        Args:
            select: What to read. It is compiled once, so it must be one that stays.
            values: Its parameters.
            about: What it is for, for the message of an error.

        Raises:
            AvbcError: As `tables` names it.
        """
        statement = compiled(select, self.kind, values)

        def run(connection: sa.Connection) -> list[AnyRow]:
            driver = connection.connection
            cursor = driver.cursor()
            try:
                return statement.rows(cursor, values)
            except BaseException as error:
                self._give_up(driver, error)
                raise
            finally:
                cursor.close()

        return self._attempts(lambda: self._connected(run), about)

    def write(
        self, work: Callable[[sa.Connection], T], about: str = "", *, durable: bool = True
    ) -> T:
        """Run `work` in one transaction, as the only writer where the database is SQLite.

        Args:
            work: What to do. It may run again, and must have no effects but those on the database.
            about: The record that is written, for the message of an error.
            durable: Whether it must survive a power failure, and so waits for the disk.

        Raises:
            AvbcError: As `tables` names it. Nothing was written, unless the connection was lost
                during the commit.
        """

        def run() -> T:
            with self._turn:
                return self._transaction(work, durable=durable)

        return self._attempts(run, about)

    def write_fast(self, work: Callable[[DBAPICursor], T], about: str = "") -> T:
        """Do the same as `write` on the driver's cursor: much cheaper for compiled statements."""

        def run() -> T:
            with self._turn:
                connection = self._writer or self._without_transaction()
                cursor = connection.cursor()
                try:
                    if self.kind == "sqlite":
                        cursor.execute("BEGIN IMMEDIATE")
                    result = work(cursor)
                    connection.commit()
                except BaseException as error:
                    self._give_up(connection, error)
                    raise
                finally:
                    cursor.close()
                    if connection is not self._writer:
                        connection.close()
                return result

        return self._attempts(run, about)

    @contextmanager
    def translated(self, about: str) -> Generator[None]:
        """Raise the errors of the database as those that `tables` names."""
        try:
            yield
        except (SQLAlchemyError, OSError, self._driver_error) as error:
            self._fail(error, failure(error, self._file), about)

    def close(self) -> None:
        """Close all connections that were opened here. What is in memory is lost with them."""
        self._is_closed = True
        self._is_prepared = False
        with self._turn:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        if self._owns_engine:
            self._close_kept()
            self.engine.dispose()

    @property
    def is_file(self) -> bool:
        """Whether it is a SQLite file."""
        return self._is_file

    def __str__(self) -> str:
        return self.engine.url.render_as_string(hide_password=True)

    def __repr__(self) -> str:
        return f"Database({str(self)!r})"

    def _start(self) -> None:
        """Make what a process cannot share with another."""
        self._is_prepared = False
        self._preparing = threading.Lock()
        # Threads that write to one SQLite file take turns here rather than poll for the file's
        # lock.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self._is_file else nullcontext()
        )
        self._writer = None

    def before_fork(self) -> None:
        """Close the connections to a file: SQLite takes a parent's locks for the child's own."""
        if self._is_file:
            if self._writer is not None:
                self._writer.invalidate()
                self._writer = None
            if self._owns_engine:
                self._close_kept()
                self.engine.dispose()

    def after_fork(self) -> None:
        """Let go of the connections in a forked process: only the parent may close its own."""
        if self._is_file or self.kind != "sqlite":
            if self._owns_engine:
                forks.keep((self._writer, self.engine.pool, [*(self._kept or ())]))
                if self._kept is not None:
                    self._kept.clear()
                self.engine.dispose(close=False)
            self._start()

    def _attempts(self, run: Callable[[], T], about: str) -> T:
        attempt, give_up_at = 1, time.monotonic() + self._patience
        while True:
            try:
                with self._uses:
                    if not self._is_prepared:
                        self._prepare()
                    return run()
            except (SQLAlchemyError, self._driver_error, *_OF_VALUES) as error:
                found = failure(error, self._file)
                if found.is_busy and time.monotonic() < give_up_at and not is_stop_due():
                    time.sleep(0.01)  # SQLite does not wait for every lock
                    continue
                if attempt >= self._tables.attempts or not found.repeat:
                    self._fail(error, found, about)
            wait = random.uniform(0, 0.02 * attempt)
            attempt += 1
            self._tables.log.info(
                "%s: attempt %d follows in %.3f s: %s",
                about or self._tables.owner,
                attempt,
                wait,
                found.reason,
                extra={"attempt": attempt, "wait": wait},
            )
            time.sleep(wait)

    @cached_property
    def _patience(self) -> float:
        """Seconds to wait for another writer."""
        given = self.engine.url.query.get("timeout") if self.kind == "sqlite" else None
        return WAIT if given is None else float(str(given))

    def _fail(self, error: Exception, found: Failure, about: str) -> NoReturn:
        # A value that a column's type refuses comes wrapped.
        refused = getattr(error, "orig", None)
        if isinstance(refused, AvbcError):
            raise refused from None
        message = f"{about or self._tables.owner} ({self}): {found.reason}"
        raise self._tables.errors[found.kind](message) from strip_frames(error)

    def _prepare(self) -> None:
        with self._preparing:
            if self._is_closed:
                raise self._tables.errors["misplaced"](
                    f"{self._tables.owner} ({self}): its connections are closed"
                )
            if self._is_file and self._owns_engine:
                self._switch_to_wal()
            if self._snapshot(self._found_version) != self._tables.version:
                with self._turn:
                    self._transaction(self._bring_up)
            if self._tables.on_open is not None:
                self._snapshot(self._tables.on_open)
            self._is_prepared = True

    def _found_version(self, connection: sa.Connection) -> int | None:
        """Return the version of the tables that are there, or None where there are none."""
        present = set(sa.inspect(connection).get_table_names())
        versions = self._tables.versions
        if versions.name in present:
            return connection.execute(sa.select(sa.func.max(versions.c.version))).scalar()
        others = sorted(present & set(self._tables.metadata.tables))
        if others:
            raise self._tables.errors["misplaced"](
                f"{self._tables.owner} ({self}): the database has tables that are not of "
                f"{self._tables.owner} ({', '.join(others)}): use another database"
            )
        return None

    def _bring_up(self, connection: sa.Connection) -> None:
        """Create the tables, or bring older ones to this version, in the open transaction."""
        if connection.dialect.name == "postgresql":
            # Two processes that open a new database at once: the second waits here, and finds what
            # the first has made.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        found, tables = self._found_version(connection), self._tables
        create, drop = tables.programs or (_nothing, _nothing)
        if found is None:
            tables.metadata.create_all(connection)
            create(connection)
            connection.execute(tables.versions.insert(), {"version": tables.version})
            return
        if found > tables.version:
            raise tables.errors["too_new"](
                f"{tables.owner} ({self}): its tables have version {found} and this avbc knows "
                f"{tables.version}: update avbc"
            )
        if found < tables.version:
            drop(connection)
            for step in range(found, tables.version):
                tables.migrations[step](connection)
            create(connection)
            connection.execute(tables.versions.update(), {"version": tables.version})

    def _switch_to_wal(self) -> None:
        """Let readers and a writer work at once. The file stays in this mode.

        On a file system that cannot do it, it stays in the mode that it has.
        """
        give_up_at = time.monotonic() + WAIT
        with self._turn:
            cursor = (self._writer or self._without_transaction()).cursor()
            while cursor.execute("PRAGMA journal_mode").fetchall() != [("wal",)]:
                # The one lock that SQLite's own timeout does not wait for: two processes that open
                # a new file at once.
                try:
                    cursor.execute("PRAGMA journal_mode = WAL")
                    break
                except self._driver_error:
                    if time.monotonic() > give_up_at:
                        raise
                    time.sleep(0.01)
            cursor.close()

    def _without_transaction(self) -> PoolProxiedConnection:
        """Connect outside of any transaction. A SQLite file has one connection for fast writes."""
        connection = self.engine.raw_connection()
        if self._is_file:
            self._writer = connection
        return connection

    def _give_up(self, connection: PoolProxiedConnection, error: BaseException) -> None:
        with suppress(self._driver_error):
            connection.rollback()
        driver = self.engine.dialect.loaded_dbapi
        if isinstance(error, driver.Error) and self.engine.dialect.is_disconnect(
            error, connection.dbapi_connection, None
        ):
            connection.invalidate()
            self._writer = None
            # Those in the pool were opened before the database went away, too.
            self._close_kept()
            self.engine.dispose()

    def _connected(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` on a connection that nobody uses.

        One to a SQLite file is kept for the next: to take it from the pool and give it back costs
        as much as most statements.
        """
        try:
            connection = (self._kept or []).pop()
        except IndexError:
            connection = self.engine.connect()
        try:
            result = work(connection)
        except BaseException:
            connection.close()
            raise
        if self._kept is None or len(self._kept) >= _SPARE:
            connection.close()
        else:
            self._kept.append(connection)
        return result

    def _close_kept(self) -> None:
        with suppress(IndexError):
            while self._kept:
                self._kept.pop().close()

    def _snapshot(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` in a transaction that only reads."""

        def run(connection: sa.Connection) -> T:
            if self.kind == "sqlite":
                # On the driver's connection: it cannot fail, and a cycle reads fifty times.
                _driver(connection.connection).execute("BEGIN")
            else:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                return work(connection)

        return self._connected(run)

    def _transaction(self, work: Callable[[sa.Connection], T], *, durable: bool = True) -> T:
        def run(connection: sa.Connection) -> T:
            on_sqlite = not durable and self.kind == "sqlite"
            sync = _without_sync(_driver(connection.connection)) if on_sqlite else nullcontext()
            with sync, connection.begin():
                if not (durable or on_sqlite):
                    connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
                return work(connection)

        return self._connected(run)


_SYNC = (
    "PRAGMA synchronous = OFF",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA synchronous = EXTRA",
)
"""By the number that SQLite says."""


@contextmanager
def _without_sync(driver: sqlite3.Connection) -> Generator[None]:
    """Let a commit to a SQLite file in WAL mode not wait for the disk."""
    (before,) = cast("tuple[int]", driver.execute("PRAGMA synchronous").fetchone())
    driver.execute(_SYNC[1])
    try:
        yield
    finally:
        driver.execute(_SYNC[before])


def _driver(connection: PoolProxiedConnection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.dbapi_connection)


def _nothing(_connection: sa.Connection) -> None:
    """What tables without views and triggers need."""


def _is_file(url: sa.URL) -> bool:
    return url.database not in {None, "", ":memory:"}


def _open_engine(text: str, tables: Tables) -> sa.Engine:
    """Return the engine of a database URL."""
    try:
        url = sa.make_url(text)
    except (SQLAlchemyError, ValueError):
        # SQLAlchemy's message may repeat the URL with its password.
        raise tables.errors["misplaced"](
            f"the URL of {tables.owner} is not a database URL such as sqlite:///books.db"
        ) from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        # A database in memory is its connection: all threads wait for the only one.
        engine = sa.create_engine(
            url,
            connect_args={
                "isolation_level": None,
                "check_same_thread": False,
                "timeout": min(SLICE, float(str(url.query.get("timeout", WAIT)))),
            },
            hide_parameters=True,
            poolclass=QueuePool,
            pool_timeout=WAIT,
            pool_size=_SPARE if _is_file(url) else 1,
            max_overflow=-1 if _is_file(url) else 0,
        )
        event.listen(engine, "connect", _on_sqlite)
        if _is_file(url):
            setattr(engine, _KEPT, [])
        # Not as an event: an engine that has one looks at its events for each statement.
        setattr(engine.dialect, "do_begin", _begin_on_sqlite)  # noqa: B010 - of this one alone
        return engine
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        try:
            engine = sa.create_engine(
                url.set(drivername="postgresql+psycopg"),
                connect_args={} if "connect_timeout" in url.query else {"connect_timeout": 10},
                hide_parameters=True,
                pool_timeout=WAIT,
                max_overflow=-1,
            )
        except ImportError:
            raise tables.errors["misplaced"](
                f"{tables.owner} cannot use PostgreSQL without psycopg: install avbc[postgresql]"
            ) from None
        event.listen(engine, "connect", _on_postgresql)
        return engine
    raise tables.errors["misplaced"](
        f"{tables.owner} can be on SQLite or PostgreSQL, not on {url.drivername}: use "
        "sqlite:///books.db or postgresql://..."
    )


def _on_sqlite(connection: DBAPIConnection, _entry: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_on_sqlite(connection: PoolProxiedConnection) -> None:
    # A transaction that reads first and writes later can fail at its first write: writers say so at
    # the start. Readers have begun theirs.
    driver = _driver(connection)
    if not driver.in_transaction:
        driver.execute("BEGIN IMMEDIATE")


def _on_postgresql(connection: DBAPIConnection, _entry: object) -> None:
    # No one waits forever for a writer that has died: its session ends, or the wait does.
    cursor = connection.cursor()
    # After a second the server looks for deadlocks, which it resolves better than a timeout does.
    for name, seconds in (
        ("lock_timeout", min(2 * SLICE, WAIT)),
        ("idle_in_transaction_session_timeout", 2 * WAIT),
    ):
        cursor.execute("SELECT set_config(%s, %s, false)", (name, f"{seconds}s"))
    cursor.close()
    connection.commit()


_LOCK = 0x61766263  # "avbc"


def chunks(things: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut an iterable into lists.

    >>> [len(chunk) for chunk in chunks(range(1200))]
    [500, 500, 200]
    """
    rest = iter(things)
    while chunk := list(islice(rest, size)):
        yield chunk
