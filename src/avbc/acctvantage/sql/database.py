"""One database: its connections, its transactions, and how they end."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, TypeVar
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import Pool, PoolProxiedConnection, QueuePool

from avbc.acctvantage.gateway import BooksUnusable
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.verdicts import verdict
from avbc.errors import AvbcError
from avbc.secret import strip_frames

T = TypeVar("T")

_WAIT = 30
"""Seconds to wait for another writer before the books count as not to be had."""

_ATTEMPTS = 3
"""How often a transaction is run that the database gave up. It is whole or nothing each time."""

_READS = "avbc_reads"

_log = logging.getLogger("avbc.acctvantage")


class Database:
    """A SQLite or PostgreSQL database with the books' tables, which it creates on first use.

    Args:
        url: `sqlite://` (in memory), `sqlite:///books.db` or
            `postgresql://user:password@host/database`. On SQLite, `?timeout=5` is the number of
            seconds to wait for another writer.

    Raises:
        BooksUnusable: The URL is none of these, or its driver is not installed.
    """

    def __init__(self, url: str) -> None:
        self.engine, self._is_file = _engine(url)
        self.kind = self.engine.dialect.name
        self._driver_error: type[Exception] = self.engine.dialect.loaded_dbapi.Error
        if self.kind == "sqlite":
            self._readers = self.engine.execution_options(**{_READS: True})
        else:
            self._readers = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._is_closed = False
        self._writer: PoolProxiedConnection | None = None
        self._start()
        _databases.add(self)

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` on one snapshot of the books.

        Raises:
            BooksUnreachable: The database is not to be had.
            BooksUnusable: The database must be mended first.
        """
        return self._attempts(lambda: _transaction(self._readers, work), "")

    def write(self, work: Callable[[sa.Connection], T], about: str = "") -> T:
        """Run `work` in one transaction, as the only writer where the database is SQLite.

        Args:
            work: What to do. It may run again, and must have no effects but those on the database.
            about: The record that is written, for the message of an error.

        Raises:
            BooksUnreachable: The database is not to be had. Nothing was written, unless the
                connection was lost during the commit.
            BooksRefused: It refuses a value. Nothing was written.
            BooksUnusable: The database must be mended first. Nothing was written.
        """

        def run() -> T:
            with self._turn:
                return _transaction(self.engine, work)

        return self._attempts(run, about)

    def write_fast(self, work: Callable[[DBAPICursor], T], about: str = "") -> T:
        """The same as `write` on the driver's own cursor, for compiled statements, at a fraction of the cost of each."""

        def run() -> T:
            with self._turn:
                connection = self._writer or self._bare()
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

    def close(self) -> None:
        """Close all connections. Books in memory are lost with them."""
        self._is_closed = True
        self._is_prepared = False
        with self._turn:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
        self.engine.dispose()

    def __str__(self) -> str:
        return self.engine.url.render_as_string(hide_password=True)

    def __repr__(self) -> str:
        return f"Database({str(self)!r})"

    def _start(self) -> None:
        """What a process may not share with another."""
        self._is_prepared = False
        self._preparing = threading.Lock()
        # Threads that write to one SQLite file take turns here rather than poll for the file's
        # lock.
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self._is_file else nullcontext()
        )
        self._writer = None

    def after_fork(self) -> None:
        """Let go of the connections in a process that was forked: they are the parent's, which alone may close them."""
        if self._is_file or self.kind != "sqlite":
            _parents_connections.append((self._writer, self.engine.pool))
            self.engine.dispose(close=False)
            self._start()

    def _attempts(self, run: Callable[[], T], about: str) -> T:
        attempt = 1
        while True:
            try:
                if not self._is_prepared:
                    self._prepare()
                return run()
            except (SQLAlchemyError, self._driver_error, UnicodeError, OverflowError) as error:
                # A value that a column's type refuses comes wrapped.
                refused = getattr(error, "orig", None)
                if isinstance(refused, AvbcError):
                    raise refused from None
                found = verdict(error)
                if attempt == _ATTEMPTS or not found.repeat:
                    raise found.meaning(
                        f"{about or 'the books'} ({self}): {found.reason}"
                    ) from strip_frames(error)
            wait = random.uniform(0, 0.02 * attempt)
            attempt += 1
            said = about or "the books"
            _log.info(
                "%s: attempt %d follows in %.3f s: %s",
                said,
                attempt,
                wait,
                found.reason,
                extra={"attempt": attempt, "wait": wait},
            )
            time.sleep(wait)

    def _prepare(self) -> None:
        with self._preparing:
            if self._is_closed:
                raise BooksUnusable(f"the books ({self}) are closed")
            if self._is_file:
                self._switch_to_wal()
            if _transaction(self._readers, schema.found_version) != schema.VERSION:
                with self._turn:
                    _transaction(self.engine, schema.prepare)
            self._is_prepared = True

    def _switch_to_wal(self) -> None:
        """Readers and a writer work at once in this mode, which stays with the file. A file system without it keeps the mode it has."""
        give_up_at = time.monotonic() + _WAIT
        with self._turn:
            cursor = (self._writer or self._bare()).cursor()
            while cursor.execute("PRAGMA journal_mode").fetchall() != [("wal",)]:
                # The one lock that SQLite's own timeout does not wait for: two processes that open
                # new books at once.
                try:
                    cursor.execute("PRAGMA journal_mode = WAL")
                    break
                except self._driver_error:
                    if time.monotonic() > give_up_at:
                        raise
                    time.sleep(0.01)
            cursor.close()

    def _bare(self) -> PoolProxiedConnection:
        """A connection outside of any transaction. A SQLite file keeps one for all its fast writes."""
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
            self.engine.dispose()


def _transaction(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    with engine.connect() as connection, connection.begin():
        return work(connection)


def _engine(text: str) -> tuple[sa.Engine, bool]:
    """The engine of a database URL, and whether it is a SQLite file."""
    try:
        url = sa.make_url(text)
    except (SQLAlchemyError, ValueError):
        # SQLAlchemy's message may repeat the URL with its password.
        raise BooksUnusable(
            "the URL of the books is no database URL such as sqlite:///books.db"
        ) from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        is_file = url.database not in {None, "", ":memory:"}
        options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}
        if "timeout" not in url.query:
            options["timeout"] = _WAIT
        # A database in memory is its connection: all threads wait for the only one.
        pool: dict[str, Any] = (
            {"pool_size": 5, "max_overflow": -1} if is_file else {"pool_size": 1, "max_overflow": 0}
        )
        engine = sa.create_engine(
            url,
            connect_args=options,
            hide_parameters=True,
            poolclass=QueuePool,
            pool_timeout=_WAIT,
            **pool,
        )
        event.listen(engine, "connect", _on_sqlite)
        event.listen(engine, "begin", _begin_on_sqlite)
        return engine, is_file
    if url.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        options = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
        try:
            engine = sa.create_engine(
                url.set(drivername="postgresql+psycopg"),
                connect_args=options,
                hide_parameters=True,
                pool_timeout=_WAIT,
                max_overflow=-1,
            )
        except ImportError:
            raise BooksUnusable(
                "books on PostgreSQL need psycopg: install avbc[postgresql]"
            ) from None
        event.listen(engine, "connect", _on_postgresql)
        return engine, False
    raise BooksUnusable(
        f"books are kept on SQLite or PostgreSQL, not on {url.drivername}: use sqlite:///books.db "
        "or postgresql://..."
    )


def _on_sqlite(connection: DBAPIConnection, _entry: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_on_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later can fail at its first write: writers say so at
    # the start.
    connection.exec_driver_sql(
        "BEGIN" if connection.get_execution_options().get(_READS) else "BEGIN IMMEDIATE"
    )


def _on_postgresql(connection: DBAPIConnection, _entry: object) -> None:
    # Nobody waits for ever for a writer that has died: its session ends, or the waiter is told.
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = '{_WAIT}s'")
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{2 * _WAIT}s'")
    cursor.close()
    connection.commit()


_databases: WeakSet[Database] = WeakSet()
_parents_connections: list[tuple[PoolProxiedConnection | None, Pool]] = []


def _let_go() -> None:
    for database in _databases:
        database.after_fork()


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows does not fork
    os.register_at_fork(after_in_child=_let_go)
