"""What an error of a database means: whose fault it is, and whether the same transaction may be run again at once."""

from __future__ import annotations

import re
import sqlite3
from typing import TypeAlias

import attrs
from sqlalchemy.exc import TimeoutError as PoolTimeout

from avbc.acctvantage.gateway import BooksRefused, BooksUnreachable, BooksUnusable

Meaning: TypeAlias = type[BooksRefused] | type[BooksUnreachable] | type[BooksUnusable]


@attrs.frozen
class Verdict:
    """`repeat`: the database gave the transaction up (a deadlock's victim, a lost connection), and may well take it now."""

    meaning: Meaning
    reason: str
    repeat: bool = False


def verdict(error: Exception) -> Verdict:
    """Judge an error of SQLAlchemy, of sqlite3 or of psycopg, or of a value on its way there.

    >>> verdict(OverflowError("Python int too large to convert to SQLite INTEGER")).meaning.__name__
    'BooksRefused'
    """
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    if isinstance(cause, PoolTimeout):
        return Verdict(BooksUnreachable, "all connections are in use")
    if isinstance(cause, UnicodeError):
        return Verdict(BooksRefused, "a text holds half a character (a lone surrogate)")
    if isinstance(cause, OverflowError):
        return Verdict(BooksRefused, "a whole number has more than 64 bits")
    return _of_postgresql(cause)


# The primary result codes of SQLite (sqlite.org/rescode.html) that are the fault of a value: too
# big, of the wrong type.
_SQLITE_REFUSES = {18, 20, 25}
# Busy, locked, no memory, interrupted, I/O error, disk full, cannot open, locking protocol.
_SQLITE_UNREACHABLE = {5, 6, 7, 9, 10, 13, 14, 15}


def _of_sqlite(error: sqlite3.Error) -> Verdict:
    text = str(error)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, sqlite3.IntegrityError):
        return Verdict(BooksRefused, _broken_rule(text))
    if (
        isinstance(error, sqlite3.DataError | sqlite3.InterfaceError)
        or code in _SQLITE_REFUSES
        or "binding parameter" in text
    ):
        return Verdict(BooksRefused, text)
    return Verdict(BooksUnreachable if code in _SQLITE_UNREACHABLE else BooksUnusable, text)


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
# record's fault; a role, a database, a table or a right that is missing must be mended; all others
# (connections, resources, shutdowns, locks) pass.
_PG_REFUSES = {"22", "23"}
_PG_UNUSABLE = {"0A", "28", "3D", "3F", "42"}
# Serialization failure, deadlock, the session was ended from the server's side.
_PG_REPEATS = {"40001", "40P01", "57P01", "57P02", "25P03"}


def _of_postgresql(error: Exception) -> Verdict:
    names = {parent.__name__ for parent in type(error).__mro__}
    state: str | None = getattr(error, "sqlstate", None)
    diagnosis = getattr(error, "diag", None)
    text = " ".join((getattr(diagnosis, "message_primary", None) or str(error)).split())
    if state is None:
        if names & {"DataError", "ProgrammingError", "NotSupportedError"}:
            return Verdict(BooksRefused, text)
        # No answer of the server: the connection was lost, or never made.
        return Verdict(BooksUnreachable, text, repeat="ConnectionTimeout" not in names)
    if state == "23505":
        column = str(getattr(diagnosis, "constraint_name", "")).removeprefix(
            f"uq_{getattr(diagnosis, 'table_name', '')}_"
        )
        return Verdict(
            BooksRefused,
            f"another record has the same {getattr(diagnosis, 'table_name', '')}.{column}",
        )
    if state == "23503":
        return Verdict(BooksRefused, "it names a record that is not in the books")
    if state[:2] in _PG_REFUSES:
        return Verdict(BooksRefused, text)
    if state[:2] in _PG_UNUSABLE:
        return Verdict(BooksUnusable, text)
    return Verdict(BooksUnreachable, text, repeat=state in _PG_REPEATS or state[:2] == "08")
