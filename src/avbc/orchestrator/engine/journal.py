"""The journal: what was done, in an append-only table, and what is known of the other side.

It holds no secret.

Losing it costs repeated work, never a duplicate: what decides about an order is its status in the
store and its Import ID in the books, and what is not known to have been pushed is read or pushed
again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from avbc.database import Database, Tables, chunks
from avbc.errors import FinalError, TransientError
from avbc.logs import get_logger
from avbc.orchestrator.reports import JournalEntry
from avbc.secret import without_frames
from avbc.statements import AnyRow, AnySelect, Values, insert_into, write
from avbc.text import quoted
from avbc.turns import Lease, Turns

T = TypeVar("T")
W = TypeVar("W")

_metadata = sa.MetaData()

_version = sa.Table(
    "avbc_journal_version",
    _metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)

journal_entries = sa.Table(
    "avbc_journal",
    _metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("run", sa.String(32), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("import_id", sa.String(64), nullable=False, index=True),
    sa.Column("detail", sa.Text, nullable=False),
)

POSTPONED = "postponed"
"""The outcome of what the next run takes: nothing is decided by it."""
IS_OF_NO_ORDER = journal_entries.c.import_id == sa.literal_column("''")
IS_POSTPONED = journal_entries.c.outcome == sa.literal_column(f"'{POSTPONED}'")
"""A query with these very words, or those above, uses the index of entries that go in time."""
_where = IS_OF_NO_ORDER | IS_POSTPONED
_prunable = sa.Index(
    "ix_avbc_journal_prunable",
    journal_entries.c.import_id,
    journal_entries.c.at,
    sqlite_where=_where,
    postgresql_where=_where,
)

received_webhooks = sa.Table(
    "avbc_webhooks",
    _metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
)

open_webhooks = sa.Table(
    "avbc_open_webhooks",
    _metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("event_key", sa.String(64), nullable=False),
    sa.Column("scope", sa.String(120), nullable=False),
    sa.Column("asks", sa.String(10), nullable=False),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)
"""What accepted webhooks ask for, until it is done (`engine.open_webhooks`)."""

_watermarks = sa.Table(
    "avbc_watermarks",
    _metadata,
    sa.Column("name", sa.String(120), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)

# Keys sort by code points, as Python sorts, whatever the language of a PostgreSQL database.
_KEY = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

_fingerprints = sa.Table(
    "avbc_fingerprints",
    _metadata,
    sa.Column("kind", sa.String(120), primary_key=True),
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)


worklist = sa.Table(
    "avbc_worklist",
    _metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("area", sa.Text, primary_key=True),
    # An application's customisation has codes of its own.
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("import_id", sa.Text, nullable=False),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("fix", sa.Text, nullable=False),
    sa.Column("is_reported", sa.Boolean, nullable=False),
    sa.Column("is_settled", sa.Boolean, nullable=False),
)
"""What waits for a person (`engine.open_items`)."""

last_cycles = sa.Table(
    "avbc_cycles",
    _metadata,
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("began_at", sa.DateTime(timezone=True)),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("next_at", sa.DateTime(timezone=True)),
    sa.Column("asked_at", sa.DateTime(timezone=True)),
    sa.Column("unanswered", sa.Integer, nullable=False),
    # Times by name, as JSON.
    sa.Column("done", sa.Text, nullable=False),
    sa.Column("told", sa.Text, nullable=False),
)
"""When the timer's jobs last ran for each store (`engine.cycles`)."""


class JournalUnreachable(TransientError):
    """The journal's database could not be opened, read or written.

    >>> issubclass(JournalUnreachable, TransientError)
    True
    """


class JournalUnusable(FinalError):
    """The journal's database must be repaired first: a right or a table is missing.

    >>> issubclass(JournalUnusable, FinalError)
    True
    """


class JournalTooNew(FinalError):
    """The journal was written by a later version of avbc, whose tables this one does not know.

    >>> issubclass(JournalTooNew, FinalError)
    True
    """


def _step_to_4(connection: sa.Connection) -> None:
    """Version 3 had no index of entries that go, and remembered refusals and waiting apart."""
    _prunable.create(connection, checkfirst=True)
    kind = _fingerprints.c.kind
    old = kind.like("% refused %") | kind.like("waiting %")
    connection.execute(_fingerprints.delete().where(old))


def _step_to_5(connection: sa.Connection) -> None:
    """Version 4 left it to each process to remember what it last ran."""
    last_cycles.create(connection, checkfirst=True)


def _step_to_6(connection: sa.Connection) -> None:
    """Version 5 looked at all entries for those of the last days."""
    for index in journal_entries.indexes:
        index.create(connection, checkfirst=True)


JOURNAL_ERRORS = (JournalUnreachable, JournalUnusable)
"""What is lost then is only the record of what was done."""

JOURNAL = Tables(
    owner="the journal",
    metadata=_metadata,
    versions=_version,
    version=6,
    # Version 1 had the entries only, version 2 had no worklist.
    migrations={
        1: _metadata.create_all,
        2: _metadata.create_all,
        3: _step_to_4,
        4: _step_to_5,
        5: _step_to_6,
    },
    errors={
        "unreachable": JournalUnreachable,
        "refused": JournalUnreachable,
        "unusable": JournalUnusable,
        "misplaced": FinalError,
        "too_new": JournalTooNew,
    },
    log=get_logger("avbc.orchestrator"),
)
"""What a database is opened with. No transaction is repeated: an entry could be there twice."""

_PAGE = 10_000
"""Fingerprints read or written at once: no transaction is open while the caller works."""

# Statements of every run are made once: making one costs as much as SQLite takes to run it.
_OF_KIND: AnySelect = sa.select(_fingerprints.c.key, _fingerprints.c.text).where(
    _fingerprints.c.kind == sa.bindparam("kind")
)
_KNOWN = _OF_KIND.where(_fingerprints.c.key.in_(sa.bindparam("keys", expanding=True)))
_ALL_KNOWN = _OF_KIND.order_by(_fingerprints.c.key).limit(_PAGE)
_REST_KNOWN = _ALL_KNOWN.where(_fingerprints.c.key > sa.bindparam("after"))
_FORGET_ALL = _fingerprints.delete().where(_fingerprints.c.kind == sa.bindparam("kind"))
_FORGET = _FORGET_ALL.where(_fingerprints.c.key.in_(sa.bindparam("keys", expanding=True)))
_APPEND = journal_entries.insert().inline()
_FIELDS = ("at", "action", "outcome", "order_id", "import_id", "detail", "run")
_ENTRIES: AnySelect = (
    sa.select(*(journal_entries.c[name] for name in _FIELDS))
    .where(journal_entries.c.import_id == sa.bindparam("import_id"))
    .order_by(journal_entries.c.id)
)
_SINCE: AnySelect = (
    sa.select(*(journal_entries.c[name] for name in _FIELDS))
    .where(journal_entries.c.import_id.startswith(sa.bindparam("code"), autoescape=False))
    .where(journal_entries.c.at >= sa.bindparam("since"))
    # Not by the ids alone: SQLite would walk all entries by them.
    .order_by(journal_entries.c.at, journal_entries.c.id)
)
_WATERMARK: AnySelect = sa.select(_watermarks.c.at).where(
    _watermarks.c.name == sa.bindparam("name")
)


@cache
def _upsert(table: sa.Table, kind: str) -> sa.Insert:
    keys = [column.name for column in table.primary_key]
    return insert_into(list(table.columns), kind, replaced=keys)


class Journal:
    """The journal in one database. Opening it creates its tables where they are not there yet.

    Args:
        database: A database URL (`sqlite:///journal.db`,
            `postgresql://user:password@host/database`), or an engine, which stays the caller's to
            dispose of.

    Raises:
        JournalUnreachable: The database could not be opened.
        JournalUnusable: A right is missing, here or in any later call.
        JournalTooNew: Its tables are of a later version.

    >>> from datetime import datetime
    >>> journal = Journal("sqlite://")
    >>> at = datetime(2026, 1, 2, tzinfo=UTC)
    >>> journal.write([JournalEntry(at, "import", "imported", 1042, "WEB1042")])
    >>> [(entry.action, entry.outcome) for entry in journal.entries("WEB1042")]
    [('import', 'imported')]
    >>> journal.close()
    """

    @without_frames
    def __init__(self, database: str | sa.Engine) -> None:
        self._database = Database(database, JOURNAL)
        self._turns = Turns(self._database.engine, JOURNAL)
        try:
            self._database.read(_nothing, "the journal could not be opened")
        except BaseException:
            # The caller has no journal to close, whatever kept it from being opened, Ctrl-C too.
            self.close()
            raise

    def write(self, entries: Sequence[JournalEntry]) -> None:
        """Append entries in one transaction.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        if not entries:
            return
        rows: list[dict[str, object]] = [
            {
                # SQLite keeps no time zone.
                "at": entry.at.astimezone(UTC),
                "run": entry.run,
                "action": entry.action,
                "outcome": entry.outcome,
                "order_id": entry.order_id,
                "import_id": entry.import_id,
                "detail": entry.detail,
            }
            for entry in entries
        ]
        self.change(lambda connection: write(connection, _APPEND, *rows))

    def entries(self, import_id: str) -> list[JournalEntry]:
        """Return what was done for the order of this Import ID, oldest first.

        Raises:
            JournalUnreachable: It could not be read.
        """
        return _entries(self.rows(_ENTRIES, {"import_id": import_id}))

    def entries_since(self, source_code: str, since: datetime) -> list[JournalEntry]:
        """Return what was done since a time for the orders of a source, oldest first.

        Raises:
            JournalUnreachable: It could not be read.
        """
        return _entries(self.rows(_SINCE, {"code": source_code, "since": since.astimezone(UTC)}))

    def refused(self, action: str, import_ids: Collection[str]) -> set[str]:
        """Return the Import IDs of orders that an action refused the last time that it took them.

        Args:
            action: The action of the entries.
            import_ids: Of these orders.

        Raises:
            JournalUnreachable: It could not be read.
        """
        return self._last(import_ids, [action], "refused")

    def settled(self, action: str, import_ids: Collection[str]) -> set[str]:
        """Return the Import IDs of orders that a person settled after the action took them last.

        Raises:
            JournalUnreachable: It could not be read.
        """
        return self._last(import_ids, [action, "settle"], "settled")

    def _last(self, import_ids: Collection[str], actions: Sequence[str], outcome: str) -> set[str]:
        """Those whose last entry of these actions has this outcome."""
        last = (
            sa.select(sa.func.max(journal_entries.c.id))
            .where(journal_entries.c.action.in_(actions), journal_entries.c.outcome != POSTPONED)
            .group_by(journal_entries.c.import_id)
        )

        def work(connection: sa.Connection) -> set[str]:
            found: set[str] = set()
            for wanted in chunks(import_ids):
                of = last.where(journal_entries.c.import_id.in_(wanted))
                ended = sa.select(journal_entries.c.import_id).where(
                    journal_entries.c.id.in_(of), journal_entries.c.outcome == outcome
                )
                found.update(connection.scalars(ended))
            return found

        return self.read(work)

    def watermark(self, name: str) -> datetime | None:
        """Return up to which time a direction is done; None where it never was, or that was lost.

        Raises:
            JournalUnreachable: It could not be read.
        """
        found = self.rows(_WATERMARK, {"name": name})
        return aware(found[0][0]) if found else None

    def set_watermark(self, name: str, at: datetime) -> None:
        """Note up to which time a direction is done.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        self._upsert(_watermarks, [{"name": name, "at": at.astimezone(UTC)}])

    def fingerprints(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """Return what is known of these keys; a key of which nothing is known is left out.

        Raises:
            JournalUnreachable: It could not be read.
        """
        found: dict[str, str] = {}
        for chunk in chunks(keys):
            found.update(self.rows(_KNOWN, {"kind": kind, "keys": chunk}))
        return found

    def all_fingerprints(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield the key and text of all that is known of a kind, by key as Python sorts texts.

        They are read as they are taken, ten thousand at a time, so that a million of them need
        little memory, and the journal may be written to meanwhile.

        Raises:
            JournalUnreachable: It could not be read.
        """
        wanted, values = _ALL_KNOWN, {"kind": kind}
        while True:
            rows = self.rows(wanted, values)
            yield from rows
            if len(rows) < _PAGE:
                return
            wanted, values = _REST_KNOWN, {"kind": kind, "after": rows[-1][0]}

    def remember(
        self, kind: str, fingerprints: Iterable[tuple[str, str]], *, durable: bool = True
    ) -> None:
        """Note what is known of some keys, in place of what was known before.

        Args:
            kind: What kind of thing they are.
            fingerprints: Keys and texts. Ten thousand at a time are written, each whole or not at
                all.
            durable: Whether it must survive a power failure; that of a process it survives anyway.

        Raises:
            JournalUnreachable: The rest was not written.
        """
        for chunk in chunks(fingerprints, _PAGE):
            self.remember_together({kind: dict(chunk)}, durable=durable)

    def remember_together(
        self, known: Mapping[str, Mapping[str, str]], *, durable: bool = True
    ) -> None:
        """Note what is known of several kinds, by kind and key, all of it or nothing.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        rows: list[dict[str, object]] = [
            {"kind": kind, "key": key, "text": text}
            for kind, texts in known.items()
            for key, text in texts.items()
        ]
        if rows:
            self._upsert(_fingerprints, rows, durable=durable)

    def forget_fingerprints(
        self, kind: str, keys: Collection[str] | None = None, *, durable: bool = True
    ) -> None:
        """Note that nothing is known of some keys, or of all of the kind.

        Raises:
            JournalUnreachable: The rest is still known.
        """
        if keys is not None and not keys:
            return

        def work(connection: sa.Connection) -> None:
            if keys is None:
                write(connection, _FORGET_ALL, {"kind": kind})
            for chunk in chunks(keys or ()):
                write(connection, _FORGET, {"kind": kind, "keys": chunk})

        self.change(work, durable=durable)

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        """Take a turn at something that one process at a time may do.

        It says whether it is this process's turn, and ends with the process, however that ends. A
        journal in memory has no other processes.

        Args:
            name: What for.
            wait: How long to wait for another process that has the turn.

        Raises:
            JournalUnreachable: Its database could not be asked.

        >>> journal = Journal("sqlite://")
        >>> turn = journal.take_turn("import")
        >>> turn.check()
        ''
        >>> turn.release()
        >>> journal.close()
        """
        return self._turns.take(name, wait)

    def close(self) -> None:
        """Close the connections of a journal that was opened by its URL."""
        self._database.close()

    def __repr__(self) -> str:
        return f"Journal({str(self._database)!r})"

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` on one snapshot of the journal.

        Raises:
            JournalUnreachable: It could not be read.
        """
        return self._database.read(work, "the journal could not be read")

    def rows(self, select: AnySelect, values: Values) -> list[AnyRow]:
        """Run one SELECT, as `Database.rows` does.

        Raises:
            JournalUnreachable: It could not be read.
        """
        return self._database.rows(select, values, "the journal could not be read")

    def change(self, work: Callable[[sa.Connection], T], *, durable: bool = True) -> T:
        """Run `work` in one transaction, which survives a power failure if it is durable.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        return self._database.write(work, "the journal could not be written", durable=durable)

    @property
    def kind(self) -> str:
        """Of database: `sqlite` or `postgresql`."""
        return self._database.kind

    def _upsert(
        self, table: sa.Table, rows: list[dict[str, object]], *, durable: bool = True
    ) -> None:
        insert = _upsert(table, self._database.kind)
        self.change(lambda connection: write(connection, insert, *rows), durable=durable)


def merged(
    wanted: Iterable[tuple[str, W]], known: Iterable[tuple[str, T]]
) -> Iterator[tuple[str, W | None, T | None]]:
    """Walk two sequences of keys and values side by side: yields (key, wanted, known).

    A key that only one of them has comes with None for the other. Both are taken row by row, so it
    needs no memory.

    Raises:
        ValueError: One of them is not sorted by key, or has a key twice: what is on the other side
            could not be found any more.

    >>> list(merged([("a", "1"), ("b", "2")], [("b", "2"), ("c", "3")]))
    [('a', '1', None), ('b', '2', '2'), ('c', None, '3')]
    """
    mine, theirs = _ascending(wanted), _ascending(known)
    left, right = next(mine, None), next(theirs, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            left = cast("tuple[str, W]", left)
            yield *left, None
            left = next(mine, None)
        elif left is None or right[0] < left[0]:
            yield right[0], None, right[1]
            right = next(theirs, None)
        else:
            yield *left, right[1]
            left, right = next(mine, None), next(theirs, None)


def _ascending(rows: Iterable[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    last: str | None = None
    for row in rows:
        if last is not None and row[0] <= last:
            raise ValueError(
                f"{quoted(row[0])} comes after {quoted(last)}: keys must be sorted, and each there "
                "once"
            )
        last = row[0]
        yield row


def _nothing(_connection: sa.Connection) -> None:
    """What opens the journal."""


def _entries(rows: Iterable[AnyRow]) -> list[JournalEntry]:
    return [JournalEntry(aware(at), *rest) for at, *rest in rows]


def aware(at: datetime) -> datetime:
    """A time as it was written: SQLite keeps no time zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
