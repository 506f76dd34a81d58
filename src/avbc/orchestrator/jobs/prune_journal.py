"""What the journal need not keep for ever: it grows with the orders, and not with the runs.

Of its records, `docs/running.md` says which is kept for how long. Whatever decides something stays:
of the entries, that is how an order's import ended last (`Journal.refused`) and what a person
settled (`Journal.settled`), and nothing is decided by what was postponed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import attrs
import sqlalchemy as sa

from avbc.database import chunks
from avbc.orchestrator.engine.journal import (
    IS_OF_NO_ORDER,
    IS_POSTPONED,
    POSTPONED,
    Journal,
    aware,
)
from avbc.orchestrator.engine.journal import journal_entries as _entries
from avbc.orchestrator.engine.journal import received_webhooks as _received
from avbc.orchestrator.engine.open_webhooks import REMEMBERED
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.reports import RunReport
from avbc.report import counted

_ROWS = 500
"""Rows in one transaction: other writers of a SQLite file wait for a few milliseconds."""
_PAGE = 5_000
"""Entries of one order that are read at once."""


@attrs.define
class PruneReport(RunReport):
    """What was removed from the journal."""

    columns = ("records", "removed")

    entries: int = 0
    """Entries of no order."""
    repeated: int = 0
    """Entries that said of an order what an earlier one says."""
    webhooks: int = 0
    """Records of received webhooks."""

    @property
    def ok(self) -> bool:
        """Everything that was due is removed."""
        return self.is_whole

    def counts(self) -> dict[str, int]:
        """How many records of each kind were removed."""
        return {"entries": self.entries, "repeated": self.repeated, "webhooks": self.webhooks}

    def summary(self) -> str:
        """How many records were removed."""
        removed = counted(sum(self.counts().values()), "old record")
        return self._with_cost(f"Journal: {removed} removed.")

    def to_dicts(self) -> list[dict[str, object]]:
        """One row for each kind of records: records, removed."""
        return [{"records": name, "removed": count} for name, count in self.counts().items()]


def prune_journal(run: Run[PruneReport]) -> None:
    """Remove what the journal need not keep any more, in small transactions.

    Raises:
        JournalUnreachable: The rest is still there.
    """
    journal, report = run.integration.journal, run.report
    # A process whose clock is ahead must not remove what is not old.
    now = min(run.clock.now(), _database_time(journal))
    before = now - timedelta(days=run.settings.store.journal_keep_days)
    old = _entries.c.at < before
    for count in _removed(run, _entries, _entries.c.id, IS_OF_NO_ORDER & old):
        report.entries += count
    for import_id in _repeating(journal, old):
        for ids in chunks(_repeated(journal, import_id, before), _ROWS):
            if run.is_over():
                return
            gone = _entries.delete().where(_entries.c.id.in_(ids))
            report.repeated += journal.change(partial(_count, gone))
    for count in _removed(run, _received, _received.c.key, _received.c.at < now - REMEMBERED):
        report.webhooks += count


def _database_time(journal: Journal) -> datetime:
    now = sa.select(sa.func.now())
    return aware(journal.read(lambda connection: connection.execute(now).scalar_one()))


def _removed(
    run: Run[PruneReport],
    table: sa.Table,
    key: sa.Column[Any],
    condition: sa.ColumnElement[bool],
) -> Iterator[int]:
    """Remove the rows of a table for which a condition holds; yields how many at a time."""
    # The oldest first, by their index.
    some = sa.select(key).where(condition).order_by(table.c.at).limit(_ROWS)
    gone = table.delete().where(key.in_(some))
    count = _ROWS
    while count == _ROWS and not run.is_over():
        count = run.integration.journal.change(partial(_count, gone))
        yield count


def _count(gone: sa.Delete, connection: sa.Connection) -> int:
    return connection.execute(gone).rowcount


def _repeating(journal: Journal, old: sa.ColumnElement[bool]) -> list[str]:
    """Return the Import IDs of orders of which an old entry says what another one says."""
    often = (
        sa.select(_entries.c.import_id)
        .where(IS_POSTPONED, old, _entries.c.import_id > sa.literal_column("''"))
        .group_by(_entries.c.import_id, _entries.c.action, _entries.c.detail)
        .having(sa.func.count() > 1)
    )
    return journal.read(lambda connection: sorted(set(connection.scalars(often))))


def _repeated(journal: Journal, import_id: str, before: datetime) -> Iterator[int]:
    """Yield the ids of old entries that say of an order what an earlier one says.

    What else a job did for the order in between ends what it said before.
    """
    said: dict[str, set[str]] = {}
    page = (
        _entries.select()
        .where(_entries.c.import_id == import_id, _entries.c.id > sa.bindparam("after"))
        .order_by(_entries.c.id)
        .limit(_PAGE)
    )
    after, count = 0, _PAGE
    while count == _PAGE:
        rows = journal.read(partial(_rows, page, after))
        count = len(rows)
        for row in rows:
            after = row.id
            words = said.setdefault(row.action, set())
            if row.outcome != POSTPONED:
                words.clear()
            elif row.detail not in words:
                words.add(row.detail)
            elif aware(row.at) < before:
                yield row.id


def _rows(page: sa.Select[Any], after: int, connection: sa.Connection) -> Sequence[sa.Row[Any]]:
    return connection.execute(page, {"after": after}).all()
