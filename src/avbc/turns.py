"""Turns: one process at a time imports a store's orders, or pushes one thing to it.

A turn is a lock of a database, not a row in it. It ends with the process that holds it, however
that ends, so no other process waits for the dead and no clocks have to agree. Where a machine
vanishes or a process is frozen, PostgreSQL ends the turn by its own clock, once it has heard
nothing of the process for the length of a lease.

With each turn comes a number, its fence, which goes up by one whenever the turn is taken. Who does
not have the last number has lost the turn, however the lock was lost.

Turns save work, and keep what must not be sent twice (a shipment, a capture) from being sent by two
processes at once. That an order is in the books once does not depend on them: the unique Import ID
decides.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Self
from urllib.parse import quote

import attrs
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from avbc import forks
from avbc.database import SLICE, Database, Tables
from avbc.errors import AvbcError
from avbc.statements import AnyRows, AnySelect, fetch_column, insert_into
from avbc.stopping import is_stop_due

LEASE = timedelta(minutes=5)
"""How long a silent process keeps its turn on PostgreSQL."""

_KEPT = timedelta(hours=1)
"""How long a turn is kept for a holder that does not ask whether it still has it."""

_TAKEN = "another process is doing this for the store"
_TAKEN_OVER = "another process took this turn, since the lock of this process was lost"
_ENDED = (
    "the database ended this process's turn, since nothing was heard of it or the connection broke"
)
_FORKED = "the turn belongs to the process that this one was forked from"
_RELEASED = "the turn was given back"

_metadata = sa.MetaData()
_version = sa.Table(
    "avbc_turns_version",
    _metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)
_fences = sa.Table(
    "avbc_turns",
    _metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
)


@cache
def _raised(kind: str) -> AnyRows:
    """Return the statement that raises a number and returns it."""
    insert = insert_into(
        list(_fences.columns), kind, replaced=["name"], kept=["number"], counted=["number"]
    )
    return insert.returning(_fences.c.number)


_NUMBER: AnySelect = sa.select(_fences.c.number).where(_fences.c.name == sa.bindparam("name"))


@attrs.define(eq=False)
class Lease:
    """A turn, or none.

    Args:
        refusal: Why this process has no turn; empty where it has one, or where there can be no
            other process: in a preview, or with a database in memory.
    """

    _refusal: str = ""
    _process: int = attrs.field(factory=os.getpid, init=False)

    def check(self) -> str:
        """Return why this process must stop, or "" while it has its turn; asking keeps the turn."""
        if os.getpid() != self._process:
            return _FORKED
        return self._refusal

    def release(self) -> None:
        """End the turn; does nothing the second time, or in a forked process."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@attrs.define(eq=False, kw_only=True)
class FileLease(Lease):
    """A lock on an empty SQLite file: the operating system ends it with the process."""

    _connection: sqlite3.Connection = attrs.field(alias="connection")
    _fence: Fence = attrs.field(alias="fence")

    def __attrs_post_init__(self) -> None:
        forks.watch(self)

    def after_fork(self) -> None:
        """Forget the lock in a forked process, which the system gives to the parent alone.

        SQLite would hold the turn taken in the child for as long as it lives.
        """
        self._connection.close()

    def check(self) -> str:
        """Compare the fence: a lock on a file that was deleted keeps nobody out."""
        if not (refusal := super().check()):
            refusal = self._refusal = self._fence.check()
        return refusal

    def release(self) -> None:
        """Unlock the file. It stays: another process may be about to lock it."""
        if os.getpid() == self._process:
            self._refusal = self._refusal or _RELEASED
            self._connection.close()


@attrs.define(eq=False, kw_only=True)
class SessionLease(Lease):
    """A PostgreSQL transaction with an advisory lock: the server ends both with the connection.

    A thread keeps it alive while its holder works or waits.
    """

    _connection: sa.Connection = attrs.field(alias="connection")
    _fence: Fence = attrs.field(alias="fence")
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False)
    """The connection is asked by the holder's threads and the one that keeps it alive."""
    _released: threading.Event = attrs.field(factory=threading.Event, init=False)
    _asked_at: float = attrs.field(factory=time.monotonic, init=False)

    def __attrs_post_init__(self) -> None:
        forks.watch(self)
        threading.Thread(target=self._keep, name="avbc-turn", daemon=True).start()

    def check(self) -> str:
        """Ask the server, which then knows that this process lives."""
        self._asked_at = time.monotonic()
        return super().check() or self._ask()

    def release(self) -> None:
        """End the transaction."""
        if os.getpid() != self._process or self._released.is_set():
            return
        self._released.set()
        with self._lock:
            self._refusal = self._refusal or _RELEASED
            # A connection that breaks now is released as well.
            with suppress(SQLAlchemyError):
                self._connection.close()

    def after_fork(self) -> None:
        """Cut a forked process off from its parent's connection: its exit must not end it."""
        if self._released.is_set():
            return
        forks.keep(self)
        driver = self._connection.connection.driver_connection
        if driver is not None:  # pragma: no branch
            nowhere = os.open(os.devnull, os.O_RDWR)
            os.dup2(nowhere, driver.fileno())
            os.close(nowhere)

    def _keep(self) -> None:
        while not self._released.wait(LEASE.total_seconds() / 10):
            is_hung = time.monotonic() - self._asked_at > _KEPT.total_seconds()
            if is_hung or self._ask():
                return

    def _ask(self) -> str:
        with self._lock:
            if not self._refusal:
                try:
                    self._refusal = self._fence.check_on(self._connection)
                except SQLAlchemyError:
                    self._refusal = _ENDED
                    self._connection.invalidate()
            return self._refusal


@attrs.frozen
class Fence:
    """The number of one turn."""

    database: Database
    name: str
    number: int

    @classmethod
    def raised(cls, database: Database, name: str) -> Fence:
        """Make the number of this turn the last one."""
        raised, row = _raised(database.kind), {"name": name, "number": 1}
        number: int = database.write(
            lambda connection: fetch_column(connection, raised, row)[0],
            # A power failure ends all turns, too.
            durable=False,
        )
        return cls(database, name, number)

    def check(self) -> str:
        """Return why the turn is lost, or ""."""
        try:
            found = self.database.rows(_NUMBER, {"name": self.name})
        except AvbcError as error:
            return f"whether this process still has its turn could not be read: {error}"
        return self._lost(found[0][0] if found else None)

    def check_on(self, connection: sa.Connection) -> str:
        """Return the same, read on an open connection."""
        return self._lost(connection.scalar(_NUMBER, {"name": self.name}))

    def _lost(self, last: int | None) -> str:
        return "" if last == self.number else _TAKEN_OVER


class Turns:
    """The turns of one database.

    Args:
        engine: The engine of the database, which stays the caller's.
        tables: What is kept in it, for its owner and its errors.
    """

    def __init__(self, engine: sa.Engine, tables: Tables) -> None:
        self._fences = Database(
            engine,
            attrs.evolve(
                tables,
                metadata=_metadata,
                versions=_version,
                version=1,
                migrations={},
                programs=None,
                on_open=None,
                attempts=5,
            ),
        )
        self._about = f"{tables.owner} could not be locked"
        self._file: Path | None = None

    def prepare(self) -> None:
        """Create the table of fences where it is not there yet, as the first turn does.

        Raises:
            AvbcError: The database could not be opened.
        """
        self._fences.read(lambda _: None, self._about)

    def take(self, name: str, wait: timedelta) -> Lease:
        """Take a turn, or one that says that another process has it.

        Args:
            name: What for.
            wait: How long to wait for another that has it.

        Raises:
            AvbcError: The database could not be asked.
        """
        engine = self._fences.engine
        if engine.dialect.name == "postgresql":
            with self._fences.translated(self._about):
                connection = _session(engine, name, wait)
            if connection is None:
                return Lease(_TAKEN)
            try:
                return SessionLease(connection=connection, fence=Fence.raised(self._fences, name))
            except BaseException:
                connection.close()
                raise
        if not self._fences.is_file:
            return Lease()
        self._file = self._file or self._fences.read(_file_of, self._about)
        with self._fences.translated(self._about):
            locked = _locked(self._file, name, wait)
        if locked is None:
            return Lease(_TAKEN)
        try:
            return FileLease(connection=locked, fence=Fence.raised(self._fences, name))
        except BaseException:
            locked.close()
            raise


def _file_of(connection: sa.Connection) -> Path:
    """The file of a SQLite database."""
    # The columns are sequence, name and file.
    return Path(str(connection.exec_driver_sql("PRAGMA database_list").all()[0][2]))


def _locked(file: Path, name: str, wait: timedelta) -> sqlite3.Connection | None:
    folder = file.with_name(f"{file.name}.leases")
    folder.mkdir(exist_ok=True)
    give_up_at = time.monotonic() + wait.total_seconds()
    # Another thread may release it than the one that took it.
    connection = sqlite3.connect(
        folder / quote(name, safe="@"),
        timeout=min(SLICE, wait.total_seconds()),
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        while not _begun(connection):
            if time.monotonic() >= give_up_at or is_stop_due():
                connection.close()
                return None
    except BaseException:
        connection.close()
        raise
    return connection


def _begun(connection: sqlite3.Connection) -> bool:
    try:
        # Nothing is written, so there is nothing to roll back: a rollback journal on disk would
        # only be left behind by the dead.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


# Locks are of the whole database, while there may be books in each of its schemas.
_KEY = "hashtextextended(concat(current_schema(), ' ', CAST(:name AS text)), 0)"
_LOCK = f"SELECT pg_advisory_xact_lock({_KEY})"
_LOCK_AT_ONCE = f"SELECT pg_try_advisory_xact_lock({_KEY})"
_SETTINGS = (
    "SELECT set_config('idle_in_transaction_session_timeout', :lease, true), "
    "set_config('lock_timeout', :wait, true)"
)


def _session(engine: sa.Engine, name: str, wait: timedelta) -> sa.Connection | None:
    try:
        return _new_session(engine, name, wait)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        # It was opened before the server was restarted, and so were all others in the pool, which
        # are thrown away now.
        return _new_session(engine, name, wait)


def _new_session(engine: sa.Engine, name: str, wait: timedelta) -> sa.Connection | None:
    connection = engine.connect().execution_options(isolation_level="READ COMMITTED")
    is_taken = False
    try:
        connection.execute(
            sa.text(_SETTINGS), {"lease": _milliseconds(LEASE), "wait": _milliseconds(wait)}
        )
        # The lock that waits returns nothing, and raises if it waited in vain.
        lock = sa.text(_LOCK) if wait else sa.text(_LOCK_AT_ONCE)
        is_taken = connection.scalar(lock, {"name": name}) is not False
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != "55P03":  # lock_not_available
            raise
    finally:
        if not is_taken:
            connection.close()
    return connection if is_taken else None


def _milliseconds(time: timedelta) -> str:
    return str(int(time / timedelta(milliseconds=1)))
