"""Turns of processes at one store: whoever imports its orders, or pushes one thing to it, holds a lease, and no other does it meanwhile.

A lease is a lock of the journal's database and not a row in it, so that it ends with the process
that holds it, however that ends: nothing is left behind for others to wait for, and no clocks have
to agree. Where a machine vanishes or a process hangs, PostgreSQL ends the lease by its own clock,
once nothing was heard of the process for the length of a lease.

It saves work and keeps what must not be sent twice (a shipment, a capture) from being sent by two
at once. That an order is in the books once does not rest on it: the unique Import ID decides.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

LEASE = timedelta(minutes=5)
"""How long a process that says nothing keeps its lease on PostgreSQL: longer than the three minutes of patience with one request."""

_TAKEN = "another process is at it for this store"
_LOST = (
    "the database ended this process's lease, since nothing was heard of it or the connection broke"
)


class Lease(Protocol):
    """A turn, or none."""

    def check(self) -> str:
        """Why this process may not go on; empty while it has its turn. Asking is what keeps a lease on PostgreSQL."""
        ...

    def release(self) -> None:
        """End the turn; does nothing the second time."""
        ...


class NoLease:
    """Where nobody else can be at it: a preview, or a journal that is in memory."""

    def check(self) -> str:
        """Nothing stands in the way."""
        return ""

    def release(self) -> None:
        """Nothing is held."""


class TakenLease:
    """Another process has its turn."""

    def check(self) -> str:
        """Another is at it."""
        return _TAKEN

    def release(self) -> None:
        """Nothing is held."""


class FileLease:
    """An empty SQLite file that is locked: the operating system unlocks it when the process ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def check(self) -> str:
        """A lock of a file is never lost."""
        return ""

    def release(self) -> None:
        """Unlock it. The file stays: another process may be about to lock it."""
        self._connection.close()


class SessionLease:
    """A transaction on PostgreSQL that does nothing but hold an advisory lock: the server ends both when the connection is gone."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._is_lost = False

    def check(self) -> str:
        """Ask the server, which then knows that this process lives."""
        if not self._is_lost:
            try:
                self._connection.execute(sa.select(1))
            except SQLAlchemyError:
                self._is_lost = True
                self._connection.invalidate()
        return _LOST if self._is_lost else ""

    def release(self) -> None:
        """End the transaction."""
        # A connection that breaks now is released as well.
        with suppress(SQLAlchemyError):
            self._connection.close()


def take_lease(engine: sa.Engine, file: Path | None, name: str, wait: timedelta) -> Lease:
    """Take a lease in a database, or tell that another process has it.

    Args:
        engine: The database.
        file: Its file, where it is SQLite and not in memory.
        name: What the lease is for.
        wait: How long to wait for another that has it.

    Raises:
        OSError: A file cannot be made beside the database.
        sqlite3.Error: A file beside the database cannot be locked.
        SQLAlchemyError: The database cannot be had.
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
    return NoLease() if file is None else _take_file(file, name, wait)


def _take_file(file: Path, name: str, wait: timedelta) -> Lease:
    folder = file.with_name(f"{file.name}.leases")
    folder.mkdir(exist_ok=True)
    # Whoever releases it may be another thread than the one that took it.
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
            return TakenLease()
        raise
    return FileLease(connection)


_LOCK_NOT_AVAILABLE = "55P03"
# Locks are of the whole database, while there may be books in each of its schemas.
_KEY = "hashtextextended(concat(current_schema(), ' ', CAST(:name AS text)), 0)"
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
        if wait:
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_KEY})"), {"name": name})
            is_taken = True
        else:
            is_taken = bool(
                connection.scalar(
                    sa.text(f"SELECT pg_try_advisory_xact_lock({_KEY})"), {"name": name}
                )
            )
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
    finally:
        if not is_taken:
            connection.close()
    return SessionLease(connection) if is_taken else TakenLease()


def _milliseconds(time: timedelta) -> str:
    return str(int(time / timedelta(milliseconds=1)))
