"""When the timer's jobs last ran for each store: for every process that serves it.

It is in the journal, so a restart does not push all products again, and a second process does not
do what the first has just done. All stamps are by the clock of the journal's database. Losing them
costs repeated work, never a duplicate.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32

import attrs
import sqlalchemy as sa

from avbc.bigcommerce.api_account import store_of
from avbc.database import NOW
from avbc.logs import StoreName
from avbc.orchestrator.engine.journal import Journal, aware
from avbc.orchestrator.engine.journal import last_cycles as _table
from avbc.settings import Settings
from avbc.statements import AnySelect, insert_into, write
from avbc.turns import Lease

LONGEST_REST = timedelta(minutes=30)
"""How long a store that does not answer is left alone at most, or one interval if that is longer.
"""
_OTHERS_TURN = timedelta(minutes=1)
_AHEAD = timedelta(minutes=1)
"""How far in the future a stamp may be: how long a cycle took is not measured by the database."""
_NEVER = datetime.min.replace(tzinfo=UTC)


def scope_of(settings: Settings) -> str:
    """Return what the record of a store's cycles belongs to: its Import Source Code and the store.

    No client is opened, and no token is needed.
    """
    _, store_hash = store_of(settings.store.api_url)
    return f"{settings.order_status.import_source_code}@{store_hash}"


def name_of(settings: Settings) -> StoreName:
    """Return what a store is called in logs and reports."""
    return StoreName(settings.store.description, settings.order_status.import_source_code)


def rest_of(interval: timedelta, unanswered: int) -> timedelta:
    """Return how long to wait for the next cycle, after so many in a row without an answer.

    One interval at first; then it doubles.

    >>> minutes = timedelta(minutes=1)
    >>> [rest_of(5 * minutes, count) // minutes for count in range(6)]
    [5, 5, 10, 20, 30, 30]
    >>> [rest_of(60 * minutes, count) // minutes for count in range(3)]
    [60, 60, 60]
    """
    doubled: int = 1 << min(max(unanswered - 1, 0), 12)
    return max(interval, min(interval * doubled, LONGEST_REST))


def others_turn(interval: timedelta) -> timedelta:
    """Return how long a process leaves a store to the one that ran its last cycle, or is in one.

    >>> str(others_turn(timedelta(minutes=1))), str(others_turn(timedelta(minutes=5)))
    ('0:00:30', '0:01:00')
    """
    return min(interval / 2, _OTHERS_TURN)


def own_moment(scope: str, interval: timedelta, at: datetime) -> datetime:
    """Return the last moment up to a time that is the store's own in the interval.

    With these, the cycles of many stores are spread over the interval, also once all of them were
    due together.

    >>> at = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)
    >>> for code in ("RTL", "TRD"):
    ...     print(f"{own_moment(f'{code}@abc123', timedelta(minutes=5), at):%H:%M:%S}")
    12:00:25
    12:04:01
    """
    seconds, now = int(interval.total_seconds()), int(at.timestamp())
    place = crc32(scope.encode()) % seconds
    return datetime.fromtimestamp(now - (now - place) % seconds, UTC)


@attrs.frozen
class LastCycle:
    """What is known of the last cycle of a store. Nothing is known before the first one."""

    began: datetime | None = None
    ended: datetime | None = None
    next_at: datetime | None = None
    """When the next cycle is due: the interval in force at the end of the last one counts."""
    unanswered: int = 0
    """How many cycles in a row the store did not answer."""
    done: Mapping[str, datetime] = attrs.field(factory=dict[str, datetime])
    """When the cycle began in which a job with an interval last succeeded, by method."""
    told: Mapping[str, datetime] = attrs.field(factory=dict[str, datetime])
    """When failures that repeat were last logged, by what they are known by."""

    def as_of(self, now: datetime) -> LastCycle:
        """Return what still counts at a time: a stamp from the future says nothing.

        The clock of the database was set back, or the database was restored elsewhere.
        """
        is_past = self.ended is None or self.ended <= now + _AHEAD
        return attrs.evolve(
            self,
            began=self.began if is_past else None,
            ended=self.ended if is_past else None,
            next_at=self.next_at if is_past else None,
            done=_until(now, self.done),
            told=_until(now, self.told),
        )

    def is_due(self, now: datetime) -> bool:
        """Whether the next cycle is due at a time."""
        next_at = self.as_of(now).next_at
        return next_at is None or next_at <= now


class Cycles:
    """The last cycles of all stores that share a journal.

    Args:
        journal: The journal that they are kept in.

    >>> journal = Journal("sqlite://")
    >>> cycles = Cycles(journal)
    >>> last, now = cycles.read("WEB@abc123")
    >>> cycles.write("WEB@abc123", attrs.evolve(last, ended=now, next_at=now + timedelta(hours=1)))
    >>> cycles.due(["WEB@abc123", "TRD@def456"])
    ['TRD@def456']
    >>> journal.close()
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def read(self, scope: str) -> tuple[LastCycle, datetime]:
        """Return what is known of a store's last cycle, and the present by the database's clock.

        Raises:
            JournalUnreachable: It could not be read.
        """
        ((now, began, ended, next_at, unanswered, done, told),) = self._journal.rows(
            _one(self._journal.kind), {"scope": scope}
        )
        at = _time(now) or _NEVER
        found = LastCycle(
            _time(began), _time(ended), _time(next_at), unanswered or 0, _times(done), _times(told)
        )
        return found, at

    def write(self, scope: str, cycle: LastCycle) -> None:
        """Note a store's last cycle. After a power failure the one before may be known.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        row = {
            "scope": scope,
            "began_at": cycle.began,
            "ended_at": cycle.ended,
            "next_at": cycle.next_at,
            "asked_at": None,
            "unanswered": cycle.unanswered,
            "done": _text(cycle.done),
            "told": _text(cycle.told),
        }
        noted = _noted(self._journal.kind)
        self._journal.change(lambda connection: write(connection, noted, row), durable=False)

    def take_turn(self, scope: str) -> Lease:
        """Take the turn to run a cycle of a store; it says whether another process runs one.

        Raises:
            JournalUnreachable: The journal could not be asked.
        """
        return self._journal.take_turn(f"cycle {scope}")

    def due(self, scopes: Iterable[str], *, hold: timedelta = timedelta(0)) -> list[str]:
        """Return the stores whose next cycle is due, the longest overdue first; one SELECT.

        Args:
            scopes: The stores, each as `scope_of` returns it. One that had no cycle yet is due.
            hold: Leave out those that `take_due` returned so lately, unless their cycle has ended.

        Raises:
            JournalUnreachable: It could not be read.
        """
        rows = self._journal.rows(_all(self._journal.kind), {})
        return [scope for scope, _ in _due(rows, scopes, hold)]

    def take_due(self, scopes: Iterable[str], hold: timedelta) -> list[str]:
        """Return what `due` returns, and leave it out for a while: a worker is asked for it now.

        Raises:
            JournalUnreachable: Nothing was noted.
        """
        wanted = list(scopes)

        def work(connection: sa.Connection) -> list[str]:
            found = connection.execute(_all(self._journal.kind)).all()
            due = _due(found, wanted, hold)
            if due:
                empty = {"unanswered": 0, "done": "{}", "told": "{}"}
                rows = [{"scope": scope, "asked_at": now, **empty} for scope, now in due]
                connection.execute(_asked(self._journal.kind), rows)
            return [scope for scope, _ in due]

        return self._journal.change(work, durable=False)


# Statements of every cycle are made once.


@cache
def _one(kind: str) -> AnySelect:
    columns = ("began_at", "ended_at", "next_at", "unanswered", "done", "told")
    return _with_present(kind, columns, _table.c.scope == sa.bindparam("scope"))


@cache
def _all(kind: str) -> AnySelect:
    return _with_present(kind, ("scope", "ended_at", "next_at", "asked_at"), sa.true())


def _with_present(kind: str, columns: Sequence[str], where: sa.ColumnElement[bool]) -> AnySelect:
    """The present and some columns: one row also where nothing is known."""
    now: sa.ColumnElement[Any] = sa.literal_column(NOW[kind])
    wanted: list[sa.ColumnElement[Any]] = [now, *(_table.c[name] for name in columns)]
    one: sa.ColumnElement[int] = sa.literal_column("1")
    here = sa.select(one.label("one")).subquery()
    rows = here.outerjoin(_table, where)
    return sa.select(*wanted).select_from(rows)


@cache
def _noted(kind: str) -> sa.Insert:
    return insert_into(list(_table.columns), kind, replaced=["scope"], kept=["asked_at"])


@cache
def _asked(kind: str) -> sa.Insert:
    columns = list(_table.columns["scope", "asked_at"])
    return insert_into(columns, kind, replaced=["scope"])


def _due(
    rows: Collection[Any], scopes: Iterable[str], hold: timedelta
) -> list[tuple[str, datetime]]:
    """The stores that are due, and the present."""
    known: dict[str, tuple[LastCycle, datetime | None]] = {}
    now = _NEVER
    for present, scope, ended_at, next_at, asked_at in rows:
        now = _time(present) or now
        last = LastCycle(ended=_time(ended_at), next_at=_time(next_at)).as_of(now)
        known[scope] = last, _time(asked_at)

    def is_due(scope: str) -> bool:
        last, asked = known.get(scope, (LastCycle(), None))
        is_asked = asked is not None and asked - _AHEAD <= now < asked + hold
        if is_asked and (last.ended is None or asked is None or last.ended <= asked):
            return False
        return last.is_due(now)

    def since(scope: str) -> datetime:
        last, _ = known.get(scope, (LastCycle(), None))
        return last.next_at or _NEVER

    due = filter(is_due, dict.fromkeys(scopes))
    return [(scope, now) for scope in sorted(due, key=since)]


def _time(value: object) -> datetime | None:
    """A time as the driver returns it, or SQLAlchemy."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return aware(value) if isinstance(value, datetime) else None


def _times(text: str | None) -> dict[str, datetime]:
    found: dict[str, str] = json.loads(text or "{}")
    return {name: datetime.fromisoformat(at) for name, at in found.items()}


def _text(times: Mapping[str, datetime]) -> str:
    return json.dumps({name: at.isoformat() for name, at in times.items()})


def _until(now: datetime, times: Mapping[str, datetime]) -> dict[str, datetime]:
    return {name: at for name, at in times.items() if at <= now + _AHEAD}
