"""The books of the simulation: a SQLite file that several processes open, each for itself."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import attrs
import sqlalchemy as sa
from scheduler import Process, Scheduler

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.optional import Turn
from avbc.database import NOW
from avbc.orchestrator.engine.journal import Journal
from avbc.testing import example

LEASE = 300.0
"""Seconds after which a turn is taken from a process of which nothing was heard."""


class SimConnection(sqlite3.Connection):
    """A connection whose transactions are steps: before they begin, and after they have committed.

    Nobody else goes on inside of a transaction, so nobody waits for a lock.
    """

    books: SimBooks | None = None
    changes = 0
    """What was changed by earlier transactions."""

    def cursor(self, *args: Any) -> Any:
        """Open a cursor; the first one begins a transaction."""
        self._step()
        return super().cursor(*args)

    def execute(self, *args: Any) -> Any:
        """Run a statement, such as the one that begins a transaction."""
        self._step()
        return super().execute(*args)

    def commit(self) -> None:
        """End a transaction; one that only read was one step."""
        super().commit()
        if self.changes != self.total_changes:
            self.changes = self.total_changes
            self._step()

    def _step(self) -> None:
        if not self.in_transaction and self.books is not None:
            self.books.step()
            if self.books.is_full():
                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error


class SimBooks(SqlGateway):
    """The books as one process has them open. They are used again, by one world after another.

    Args:
        path: The SQLite file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"sqlite:///{path}")
        self.scheduler = Scheduler(0, datetime.now(UTC))
        self.skew = timedelta(0)
        """How far the clock of its machine is ahead."""
        self.full = 0
        """How many of its next transactions fail, as on a full disk."""
        self.leases: Leases | None = None
        """Who has which turn, where turns end by the clock."""
        sa.event.listen(self.engine, "do_connect", self._connect)
        sa.event.listen(self.engine, "connect", self._connected)

    def step(self) -> None:
        """Let others go on."""
        scheduler = self.scheduler
        # Nothing is drawn for looks, nor for what is done before the day.
        if scheduler.running is not None and not scheduler.is_still:
            scheduler.spend(scheduler.draw(0.05))

    def is_full(self) -> bool:
        """Whether the disk is full, for the next transaction of the running process."""
        scheduler = self.scheduler
        is_due = self.full > 0 and scheduler.running is not None and not scheduler.is_still
        self.full -= is_due
        return is_due

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Turn:  # type: ignore[override]
        """Take a turn, or wait for it in virtual time."""
        scheduler, leases = self.scheduler, self.leases
        until = scheduler.seconds + wait.total_seconds()
        while True:
            self.step()
            turn = (
                super().take_turn(name) if leases is None else leases.take(name, scheduler.running)
            )
            if scheduler.seconds >= until or not turn.check():
                return turn
            scheduler.spend(1.0)

    def _connect(self, _dialect: object, _record: object, of: Any, options: Any) -> SimConnection:
        made = sqlite3.connect(*of, **options, factory=SimConnection)
        # A process dies here, not the machine.
        made.execute("PRAGMA synchronous = OFF")
        made.create_function("strftime", 2, self._strftime)
        return made

    def _connected(self, connection: Any, _record: object) -> None:
        connection.books = self

    def _strftime(self, form: str, of: str) -> str:
        assert f"strftime('{form}', '{of}')" == NOW["sqlite"]
        now = self.scheduler.now() + self.skew
        return now.isoformat(timespec="milliseconds").replace("+", "000+")


@attrs.define
class Lease:
    """A turn that ends by the clock of a database server."""

    process: Process | None
    refusal: str = ""

    def check(self) -> str:
        """Why its process must stop, or nothing."""
        return self.refusal

    def release(self) -> None:
        """Give it back."""
        self.refusal = self.refusal or "the turn was given back"


@attrs.define
class Leases:
    """The turns of a server: it ends those of a process of which it hears nothing."""

    _held: dict[str, Lease] = attrs.field(factory=dict[str, Lease], init=False)

    def take(self, name: str, process: Process | None) -> Lease:
        """Take a turn, or one that another has."""
        holder = self._held.get(name)
        if holder is not None and not holder.refusal:
            return Lease(process, "another process has the turn")
        self._held[name] = Lease(process)
        return self._held[name]

    def end(self, process: Process) -> None:
        """End all turns of a process."""
        for lease in self._held.values():
            if lease.process is process:
                lease.refusal = lease.refusal or "the server heard nothing of the process"


@cache
def _template() -> sqlite3.Connection:
    """Books that were filled once, with an empty journal, in memory."""
    kept = sqlite3.connect(":memory:")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        with SqlGateway(f"sqlite:///{path / 'books.db'}") as books:
            books.load(example.books_toml)
            books.take_turn("none").release()
            Journal(books.journal_engine).close()
            with closing(books.engine.raw_connection()) as connection:
                cast("sqlite3.Connection", connection.driver_connection).backup(kept)
    return kept


def fill(books: SqlGateway) -> None:
    """Make books what the template is, whatever they were."""
    with closing(books.engine.raw_connection()) as connection:
        _template().backup(cast("sqlite3.Connection", connection.driver_connection))
        # A copy counts as another schema, for which each statement would be compiled anew.
        connection.cursor().execute("PRAGMA schema_version = 1")


class Shelf:
    """Books that no world uses now: used again, they keep their compiled statements."""

    def __init__(self) -> None:
        ram = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(dir=ram if ram.is_dir() else None)
        self._books: list[SimBooks] = []

    def take(self, count: int, scheduler: Scheduler, leases: Leases | None) -> list[SimBooks]:
        """Open new books so many times."""
        path = Path(self._folder.name) / "books.db"
        while len(self._books) < count:
            self._books.append(SimBooks(path))
        taken = self._books[:count]
        for books in taken:
            books.scheduler, books.leases = scheduler, leases
            books.skew, books.full = timedelta(0), 0
        fill(taken[0])
        for books in taken:
            # What is done once, at the first use, is no step of any day.
            books.reference_data()
            books.take_turn("none").release()
        return taken


SHELF = Shelf()
