"""Leases: one process at a time imports a store's orders, or pushes one thing to it.

A lease is a lock of the journal's database, not a row in it. It ends with the process that holds
it, however that ends, so no other process waits for the dead and no clocks have to agree. Where a
machine vanishes or a process hangs, PostgreSQL ends the lease by its own clock, once it has heard
nothing of the process for the length of a lease.

Leases save work, and keep what must not be sent twice (a shipment, a capture) from being sent by
two processes at once. That an order is in the books once does not depend on them: the unique Import
ID decides.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import attrs
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

LEASE = timedelta(minutes=5)
"""How long a silent process keeps its lease on PostgreSQL: longer than one request is repeated."""

_TAKEN = "another process is doing this for the store"


@attrs.define(eq=False)
class Lease:
    """A turn, or none.

    Args:
        refusal: Why this process has no turn; empty where it has one, or where there can be no
            other process: in a preview, or with a journal in memory.
    """

    _refusal: str = ""

    def check(self) -> str:
        """Return why this process must stop, or ""; on PostgreSQL, checking keeps the lease."""
        return self._refusal

    def release(self) -> None:
        """End the turn; does nothing the second time."""


@attrs.define(eq=False)
class FileLease(Lease):
    """A lock on an empty SQLite file: the operating system ends it with the process."""

    _connection: sqlite3.Connection = attrs.field(kw_only=True, alias="connection")

    def release(self) -> None:
        """Unlock the file. It stays: another process may be about to lock it."""
        self._connection.close()


@attrs.define(eq=False)
class SessionLease(Lease):
    """A PostgreSQL transaction with an advisory lock: the server ends both with the connection."""

    _connection: sa.Connection = attrs.field(kw_only=True, alias="connection")

    def check(self) -> str:
        """Ask the server, which then knows that this process lives."""
        if not self._refusal:
            try:
                self._connection.execute(sa.select(1))
            except SQLAlchemyError:
                self._refusal = (
                    "the database ended this process's lease, since nothing was heard of it or the "
                    "connection broke"
                )
                self._connection.invalidate()
        return self._refusal

    def release(self) -> None:
        """End the transaction."""
        # A connection that breaks now is released as well.
        with suppress(SQLAlchemyError):
            self._connection.close()


def take_lease(engine: sa.Engine, file: Path | None, name: str, wait: timedelta) -> Lease:
    """Take a lease in a database, or one that says that another process has it.

    Args:
        engine: The database.
        file: Its file, where it is SQLite and not in memory.
        name: What the lease is for.
        wait: How long to wait for another that has it.

    Raises:
        OSError: A file next to the database cannot be created.
        sqlite3.Error: A file next to the database cannot be locked.
        SQLAlchemyError: The database is unavailable.
    """
    if engine.dialect.name == "postgresql":
        try:
            return _take_session(engine, name, wait)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # It was opened before the server was restarted, and so were all others in the pool,
            # which are thrown away now.
            return _take_session(engine, name, wait)
    return Lease() if file is None else _take_file(file, name, wait)


def _take_file(file: Path, name: str, wait: timedelta) -> Lease:
    folder = file.with_name(f"{file.name}.leases")
    folder.mkdir(exist_ok=True)
    # Another thread may release it than the one that took it.
    connection = sqlite3.connect(
        folder / quote(name, safe="@"),
        timeout=wait.total_seconds(),
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # Nothing is written, so there is nothing to roll back: a rollback journal on disk would
        # only be left behind by the dead.
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return Lease(_TAKEN)
        raise
    return FileLease(connection=connection)


# Locks are of the whole database, while there may be books in each of its schemas.
_KEY = "hashtextextended(concat(current_schema(), ' ', CAST(:name AS text)), 0)"
_LOCK = f"SELECT pg_advisory_xact_lock({_KEY})"
_LOCK_AT_ONCE = f"SELECT pg_try_advisory_xact_lock({_KEY})"
_SETTINGS = (
    "SELECT set_config('idle_in_transaction_session_timeout', :lease, true), "
    "set_config('lock_timeout', :wait, true)"
)


def _take_session(engine: sa.Engine, name: str, wait: timedelta) -> Lease:
    connection = engine.connect().execution_options(isolation_level="READ COMMITTED")
    is_taken = False
    try:
        connection.execute(
            sa.text(_SETTINGS), {"lease": _milliseconds(LEASE), "wait": _milliseconds(wait)}
        )
        # The lock that waits returns nothing, and raises if it waited in vain.
        lock = sa.text(_LOCK) if wait else sa.text(_LOCK_AT_ONCE)
        taken = connection.scalar(lock, {"name": name})
        is_taken = taken is not False
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != "55P03":  # lock_not_available
            raise
    finally:
        if not is_taken:
            connection.close()
    return SessionLease(connection=connection) if is_taken else Lease(_TAKEN)


def _milliseconds(time: timedelta) -> str:
    return str(int(time / timedelta(milliseconds=1)))
