"""Death: a child is killed at each point of its run, and started again until it is quiet."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs
from bench.ends import Report, Seen, damage, seen, unreported
from bench.mortal import Forks
from bench.tally import Row
from bench.worlds import ROUNDS, World, world

from avbc.acctvantage import SqlGateway
from avbc.testing import FakeStore, LoopbackServer


@attrs.frozen
class Death:
    """Where a child dies, and where the one that is started after it dies, too."""

    ends_at: int
    again_at: int | None = None
    statements: bool = False


class Arena:
    """A served store, books in a file and a server of forks; a context.

    The store is outside of the child that dies.
    """

    def __init__(self, name: str) -> None:
        self.world: World = world(name)
        self._server = LoopbackServer(FakeStore())
        self._forks = Forks()
        # In memory where possible: a process is killed here, not a machine.
        memory = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(
            ignore_cleanup_errors=True, dir=memory if os.access(memory, os.W_OK) else None
        )
        self._books = Path(self._folder.name) / "books.db"
        self._reports = Path(self._folder.name) / "reports"

    def __enter__(self) -> Self:
        self._server.__enter__()
        self._forks.__enter__()
        self._settings = self.world.settings(self._server.api_url)
        self.points = self._undisturbed(statements=False)
        self.expected = self._end()
        assert not self._unreported(self.expected), self._unreported(self.expected)
        twice = [report for report, count in self._reported().items() if count > 1]
        assert not twice, twice
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forks.__exit__(kind, error, trace)
        self._server.close()
        self._folder.cleanup()

    def statements(self) -> int:
        """How many points there are where each statement of a writer is one, too."""
        return len(self._undisturbed(statements=True))

    def _undisturbed(self, *, statements: bool) -> list[str]:
        self._begin()
        ended = self._run(None, statements=statements)
        assert ended.told is not None
        assert not ended.told["errors"], ended.told["errors"]
        self._until_quiet()
        points: list[str] = ended.told["points"]
        return points

    def _begin(self) -> None:
        self._server.store = self.world.store()
        self.world.write_books(self._books)
        self._reports.write_text("", encoding="utf-8")

    def _run(self, ends_at: int | None, *, statements: bool = False) -> Any:
        return self._forks.run(
            {
                "world": self.world.name,
                "settings": self._settings,
                "calls": self.world.calls,
                "books": f"sqlite:///{self._books}",
                "reports": str(self._reports),
                "ends_at": ends_at,
                "statements": statements,
            }
        )

    def _until_quiet(self) -> str:
        """Start until there is nothing to do; returns what is wrong with that, if anything."""
        for _ in range(ROUNDS):
            ended = self._run(None)
            if ended.told is None:
                return f"a start after it ended by signal {ended.signal}"
            if ended.told["errors"]:
                return f"a start after it failed: {ended.told['errors']}"
            if ended.told["quiet"]:
                return ""
            self._server.store.settle()
        return f"it is not quiet after {ROUNDS} starts: {ended.told['reports']}"

    def _end(self) -> Seen:
        with SqlGateway(f"sqlite:///{self._books}") as books:
            return seen(self._server.store, books)

    def _reported(self) -> Counter[Report]:
        lines = self._reports.read_text(encoding="utf-8").splitlines()
        return Counter(tuple(json.loads(line)) for line in lines)

    def _unreported(self, end: Seen) -> list[str]:
        return unreported(end, self._reported())

    def die(self, death: Death, row: Row) -> bool:
        """Try one death; returns whether the point came at all."""
        self._begin()
        ended = self._run(death.ends_at, statements=death.statements)
        name = self._name(death)
        if not ended.killed:
            if ended.told is None or ended.told["errors"]:
                row.complain(name, f"ended by signal {ended.signal}: {ended.told}")
            return False
        if death.again_at is not None:
            self._run(death.again_at)
        wrong = self._until_quiet()
        end = self._end()
        row.count(self.world.orders, damage(self.expected, end), name)
        for complaint in filter(None, [wrong, *self._unreported(end)]):
            row.complain(name, complaint)
        return True

    def _name(self, death: Death) -> str:
        point = (
            ""
            if death.statements or death.ends_at > len(self.points)
            else f" ({self.points[death.ends_at - 1]})"
        )
        again = "" if death.again_at is None else f" and again at {death.again_at}"
        return f"{self.world.name}: death at point {death.ends_at}{point}{again}"


def deaths(
    name: str,
    *,
    sample: int | None = None,
    distinct: bool = False,
    share: tuple[int, int] = (0, 1),
    seed: int = 1,
    more: int = 0,
) -> Row:
    """Try the deaths of a world.

    Args:
        name: The world.
        sample: How many points of its run to try; by default every one.
        distinct: Try each state that a death can leave behind once. A process that is killed after
            a request or commit leaves the same as one that is killed before the next.
        share: Which part of how many parts, where several work on it.
        seed: Of the random choices.
        more: How many random deaths in addition: two in a row, and between the statements of a
            transaction.
    """
    started = time.monotonic()
    with Arena(name) as arena:
        row = Row(f"death: {name}")
        choose = random.Random(f"{name} {seed}")
        points = [
            at
            for at, point in enumerate(arena.points, 1)
            if not distinct or point.startswith("before") or at == len(arena.points)
        ]
        tried = [Death(at) for at in (points if sample is None else choose.sample(points, sample))]
        if more:
            tried += _random_deaths(choose, len(arena.points), arena.statements(), more)
        for death in tried[share[0] :: share[1]]:
            if not arena.die(death, row):
                row.complain(arena._name(death), "the point never came")
    row.seconds = time.monotonic() - started
    return row


def _random_deaths(choose: random.Random, points: int, statements: int, count: int) -> list[Death]:
    found = [
        Death(choose.randint(1, points), again_at=choose.randint(1, points))
        for _ in range(count - count // 2)
    ]
    return [
        *found,
        *(Death(choose.randint(1, statements), statements=True) for _ in range(count // 2)),
    ]
