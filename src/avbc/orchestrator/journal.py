"""The journal: an append-only table of what was done, when, to what, with what outcome. It holds no secret.

Losing it costs repeated work, never a duplicate: what decides about an order is its status in the store and its Import ID in the books.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from avbc.errors import FinalError, TransientError
from avbc.orchestrator.reports import JournalEntry

VERSION = 1
"""Of the tables below. A later version of avbc raises it and says how the older ones are brought up."""

_metadata = sa.MetaData()

_version = sa.Table("avbc_journal_version", _metadata, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False))

_entries = sa.Table(
    "avbc_journal",
    _metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("run", sa.String(32), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("outcome", sa.String(40), nullable=False),
    sa.Column("order_id", sa.BigInteger, nullable=False),
    sa.Column("import_id", sa.String(64), nullable=False, index=True),
    sa.Column("detail", sa.Text, nullable=False),
)

_received = sa.Table(
    "avbc_webhooks",
    _metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
)

_REMEMBERED = timedelta(days=3)
"""BigCommerce repeats an event for two days (BigCommerce: webhooks overview)."""


class JournalUnreachable(TransientError):
    """The journal's database could not be opened, read or written."""


class JournalTooNew(FinalError):
    """The journal was written by a later version of avbc, whose tables this one does not know."""


class Journal:
    """The journal in one database. Opening it creates its tables where they are not there yet.

    Args:
        database: A database URL (`sqlite:///journal.db`, `postgresql://user:password@host/database`), or an engine, which stays the
            caller's to dispose of.

    Raises:
        JournalUnreachable: The database could not be opened.
        JournalTooNew: Its tables are of a later version.

    >>> from datetime import datetime
    >>> journal = Journal("sqlite://")
    >>> journal.write([JournalEntry(datetime(2026, 1, 2, tzinfo=UTC), "import", "imported", 1042, "WEB1042")])
    >>> [(entry.action, entry.outcome) for entry in journal.entries("WEB1042")]
    [('import', 'imported')]
    >>> journal.close()
    """

    def __init__(self, database: str | sa.Engine) -> None:
        self._owns_engine = isinstance(database, str)
        try:
            self._engine = _engine(database) if isinstance(database, str) else database
        except (SQLAlchemyError, ImportError, ValueError) as error:
            # The message of a URL that cannot be parsed may repeat the URL with its password.
            raise FinalError(f"the journal's database URL cannot be used ({type(error).__name__})") from None
        self._place = self._engine.url.render_as_string(hide_password=True)
        with self._translated("opened"):
            try:
                self._prepare()
            except SQLAlchemyError:
                # Two processes that open a new database at once may trip over each other: the second look finds what the other made.
                self._prepare()

    def write(self, entries: Sequence[JournalEntry]) -> None:
        """Append entries in one transaction.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        if not entries:
            return
        rows = [
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
        with self._translated("written"), self._engine.begin() as connection:
            connection.execute(_entries.insert(), rows)

    def entries(self, import_id: str) -> list[JournalEntry]:
        """Return what was done for the order of this Import ID, oldest first.

        Raises:
            JournalUnreachable: It could not be read.
        """
        wanted = _entries.select().where(_entries.c.import_id == import_id).order_by(_entries.c.id)
        with self._translated("read"), self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        return [
            JournalEntry(
                at=row.at.replace(tzinfo=UTC) if row.at.tzinfo is None else row.at.astimezone(UTC),
                action=row.action,
                outcome=row.outcome,
                order_id=row.order_id,
                import_id=row.import_id,
                detail=row.detail,
                run=row.run,
            )
            for row in rows
        ]

    def receive(self, keys: Sequence[str], now: datetime) -> bool:
        """Note that an event was received; False where it was already, by whichever process. It is remembered for three days.

        Args:
            keys: What tells the event from others, of at most 64 characters each; one that is known already is enough.
            now: The time.

        Raises:
            JournalUnreachable: Nothing was noted.
        """
        rows = [{"key": key, "at": now} for key in keys]
        with self._translated("written"):
            try:
                # The constraint decides, not a look before it: two processes may be told the same at once.
                with self._engine.begin() as connection:
                    connection.execute(_received.delete().where(_received.c.at < now - _REMEMBERED))
                    connection.execute(_received.insert(), rows)
            except IntegrityError:
                return False
        return True

    def forget(self, keys: Sequence[str]) -> None:
        """Take back that an event was received, so that its repetition counts.

        Raises:
            JournalUnreachable: It could not be written.
        """
        with self._translated("written"), self._engine.begin() as connection:
            connection.execute(_received.delete().where(_received.c.key.in_(keys)))

    def close(self) -> None:
        """Close the connections of a journal that was opened by its URL."""
        if self._owns_engine:
            self._engine.dispose()

    def __repr__(self) -> str:
        return f"Journal({self._place!r})"

    def _prepare(self) -> None:
        with self._engine.begin() as connection:
            _metadata.create_all(connection)
            found = connection.execute(sa.select(sa.func.max(_version.c.version))).scalar()
            if found is None:
                connection.execute(_version.insert(), {"version": VERSION})
            elif found > VERSION:
                raise JournalTooNew(f"the journal {self._place} has version {found} and this avbc knows {VERSION}: update avbc")

    @contextmanager
    def _translated(self, done: str) -> Generator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            reason = getattr(error, "orig", None) or type(error).__name__
            raise JournalUnreachable(f"the journal {self._place} could not be {done}: {reason}") from error


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        # One connection for all threads: each new one would be another, empty database.
        return sa.create_engine(parsed, poolclass=sa.StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True)
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return sa.create_engine(parsed, hide_parameters=True)
