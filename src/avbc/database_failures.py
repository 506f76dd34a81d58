"""What the errors of a SQLite or PostgreSQL database mean."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from pathlib import Path
from typing import Literal, TypeAlias

import attrs
from sqlalchemy.exc import TimeoutError as PoolTimeout

ErrorKind: TypeAlias = Literal["unreachable", "refused", "unusable", "misplaced", "too_new"]
"""Trying again can help; a value is not taken; the database must be repaired first; the URL cannot
be used, or something else is kept there; the tables are of a later version."""


@attrs.frozen
class Failure:
    """What an error of a database means."""

    kind: ErrorKind
    reason: str
    repeat: bool = False
    """The database gave the transaction up (deadlock, lost connection) and may take it now."""
    is_busy: bool = False
    """Another writer holds a lock. Nothing was written, and the same may be tried again."""


def failure(error: Exception, file: Path | None = None) -> Failure:
    """Say what an error means: SQLAlchemy's, sqlite3's, psycopg's, or that of a value.

    Args:
        error: The error.
        file: The database's file, where it is one: it may be that this process may not open it.

    >>> failure(OverflowError("Python int too large to convert to SQLite INTEGER")).kind
    'refused'
    """
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        found = _of_sqlite(cause)
        is_not_opened = getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN
        if is_not_opened and file is not None and _is_forbidden(file):
            return Failure("unusable", f"{found.reason}: no right to write there")
        return found
    if isinstance(cause, PoolTimeout):
        return Failure("unreachable", "all connections are in use")
    if isinstance(cause, OSError) and cause.errno in _NO_RIGHT:
        return Failure("unusable", str(cause))
    if isinstance(cause, UnicodeError):
        return Failure("refused", "a text holds half a character (a lone surrogate)")
    if isinstance(cause, OverflowError):
        return Failure("refused", "a whole number has more than 64 bits")
    return _of_postgresql(cause)


_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}


def _is_forbidden(file: Path) -> bool:
    """Whether this process lacks the right to write a file, or to make files beside it."""
    try:
        return (file.parent.exists() and not os.access(file.parent, os.W_OK | os.X_OK)) or (
            file.exists() and not os.access(file, os.R_OK | os.W_OK)
        )
    except PermissionError:
        return True


# The primary result codes of SQLite (sqlite.org/rescode.html) that are the fault of a value: too
# big, of the wrong type.
_SQLITE_REFUSES = {18, 20, 25}
# Busy, locked, no memory, interrupted, I/O error, disk full, cannot open, locking protocol.
_SQLITE_UNREACHABLE = {5, 6, 7, 9, 10, 13, 14, 15}


def _of_sqlite(error: sqlite3.Error) -> Failure:
    text = str(error)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, sqlite3.IntegrityError):
        return Failure("refused", _broken_rule(text))
    if (
        isinstance(error, sqlite3.DataError | sqlite3.InterfaceError)
        or code in _SQLITE_REFUSES
        or "binding parameter" in text
    ):
        return Failure("refused", text)
    kind: ErrorKind = "unreachable" if code in _SQLITE_UNREACHABLE else "unusable"
    return Failure(kind, text, is_busy=code == sqlite3.SQLITE_BUSY)


def _broken_rule(text: str) -> str:
    """The rule behind SQLite's words.

    >>> _broken_rule("UNIQUE constraint failed: receipts.import_id")
    'another record has the same receipts.import_id'
    """
    if unique := re.fullmatch(r"UNIQUE constraint failed: (.+)", text):
        return f"another record has the same {unique[1]}"
    if text == "FOREIGN KEY constraint failed":
        return "it names a record that is not in the books"
    return text


# Classes of SQLSTATE (PostgreSQL manual, appendix A) by what they mean. Data and integrity are the
# record's fault; a missing role, database, table or right must be repaired; the others pass
# (connections, resources, shutdowns, locks).
_PG_REFUSES = {"22", "23"}
_PG_UNUSABLE = {"0A", "28", "3D", "3F", "42"}
# A server that refuses the connection says no SQLSTATE through libpq.
_PG_NO_ENTRY = re.compile(
    r'FATAL: +(?:(?:role|database) ".*" (?:does not exist|is not permitted to log in)'
    r"|password authentication failed|permission denied for database|no pg_hba\.conf entry)"
)
# Serialization failure, deadlock, the session was ended from the server's side.
_PG_REPEATS = {"40001", "40P01", "57P01", "57P02", "25P03"}
_PG_BUSY = "55P03"  # lock_not_available


def _of_postgresql(error: Exception) -> Failure:
    names = {parent.__name__ for parent in type(error).__mro__}
    state: str | None = getattr(error, "sqlstate", None)
    diagnosis = getattr(error, "diag", None)
    text = " ".join((getattr(diagnosis, "message_primary", None) or str(error)).split())
    if state is None:
        if names & {"DataError", "ProgrammingError", "NotSupportedError"}:
            return Failure("refused", text)
        if _PG_NO_ENTRY.search(text):
            return Failure("unusable", text)
        # No answer of the server: the connection was lost, or never made.
        return Failure("unreachable", text, repeat="ConnectionTimeout" not in names)
    if state == "23505":
        column = str(getattr(diagnosis, "constraint_name", "")).removeprefix(
            f"uq_{getattr(diagnosis, 'table_name', '')}_"
        )
        return Failure(
            "refused",
            f"another record has the same {getattr(diagnosis, 'table_name', '')}.{column}",
        )
    if state == "23503":
        return Failure("refused", "it names a record that is not in the books")
    if state[:2] in _PG_REFUSES:
        return Failure("refused", text)
    if state[:2] in _PG_UNUSABLE:
        return Failure("unusable", text)
    return Failure(
        "unreachable",
        text,
        repeat=state in _PG_REPEATS or state[:2] == "08",
        is_busy=state == _PG_BUSY,
    )
