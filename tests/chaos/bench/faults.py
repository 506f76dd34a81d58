"""Faults of the network and the store.

Every kind at every request of a run, and at random in long ones. Waits cost nothing here.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import attrs
from bench.ends import Report, Seen, damage, report_of, seen, unreported
from bench.tally import Row
from bench.worlds import ROUNDS, Clock, World, is_quiet, looking, world

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.errors import AvbcError
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore
from avbc.testing.fakestore.faults import KINDS, Fault, FaultKind, fault_kind

_LONGER_THAN_PATIENCE = 31.0
"""Seconds that a slow body takes: beyond the client's timeout."""


@attrs.frozen
class Blow:
    """A fault at one request of a run."""

    kind: FaultKind
    at: int
    seconds: float | None = None
    attempts: int = 6
    """How often the client sends a request at most: 1 lets every fault come through."""

    def __str__(self) -> str:
        return f"{self.kind} at request {self.at}, {self.attempts} attempts"


def every_kind() -> list[tuple[FaultKind, float | None]]:
    """Every kind of fault with its seconds; a slow body is within or beyond the timeout."""
    kinds: list[tuple[FaultKind, float | None]] = [
        (fault_kind(kind), None) for kind in KINDS if kind != "slow_body"
    ]
    return [*kinds, ("slow_body", 0.001), ("slow_body", _LONGER_THAN_PATIENCE)]


class Trial:
    """A world that runs are made in, each from its beginning; a context, which closes its books."""

    def __init__(self, name: str) -> None:
        self.world: World = world(name)
        self.books = SqlGateway()
        self.reports: set[Report] = set()
        """What was reported of the worklist since a run began."""
        store = self.store()
        with self._joined(store, attempts=6) as web:
            for call in self.world.calls:
                getattr(web, call)()
        self.requests = len(store.log)
        wrong = self.until_quiet(store)
        assert not wrong, wrong
        self.expected: Seen = seen(store, self.books)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.books.close()

    def store(self) -> FakeStore:
        """A store, and the books, as they are in the beginning."""
        self.world.reset(self.books)
        self.reports.clear()
        return self.world.store()

    @contextmanager
    def _joined(self, store: FakeStore, attempts: int) -> Iterator[Orchestrator]:
        clock = Clock()
        reports = self.reports
        retries = Retries(attempts=attempts, jitter=lambda: 0.0)
        client = BigCommerce(
            store.api_url,
            "example-token",
            transport=store.transport(),
            retries=retries,
            sleep=clock.sleep,
            clock=clock,
        )
        with (
            looking(self.world.name),
            client,
            Orchestrator(
                Settings.from_dict(self.world.settings(store.api_url)),
                self.books,
                store=client,
                on_attention=lambda items: reports.update(map(report_of, items)),
            ) as web,
        ):
            yield web

    def run(self, store: FakeStore, attempts: int, row: Row, at: str) -> bool:
        """Make all calls of a run once; returns whether it was quiet.

        An error that is no AvbcError is a violation.
        """
        quiet = True
        with self._joined(store, attempts) as web:
            for call in self.world.calls:
                try:
                    report = getattr(web, call)()
                except AvbcError as error:
                    quiet = False
                    if not str(error):
                        row.complain(at, f"{call} raised {type(error).__name__} without a word")
                except Exception as error:  # noqa: BLE001  # what the bench looks for
                    quiet = False
                    row.complain(at, f"{call} raised {type(error).__name__}: {error}")
                else:
                    quiet = quiet and is_quiet(report)
                    if "unexpected_error" in str(report):
                        row.complain(at, f"{call} met an unexpected error: {report}")
        return quiet

    def until_quiet(self, store: FakeStore) -> str:
        """Run without faults until there is nothing to do; returns what is wrong, if anything."""
        row = Row("")
        for _ in range(ROUNDS):
            quiet = self.run(store, 1, row, "afterwards")
            store.settle()
            if row.wrong:
                return row.wrong[0]
            if quiet:
                return ""
        return f"it is not quiet after {ROUNDS} runs"

    def strike(self, blow: Blow, row: Row) -> bool:
        """Try one fault; returns whether it struck."""
        store = self.store()
        name = f"{self.world.name}: {blow}"
        fault = store.fail("*", blow.kind, at=blow.at, seconds=blow.seconds)
        self.run(store, blow.attempts, row, name)
        struck = fault.hits > 0
        store.mend()
        if struck:
            self._judge(store, row, name)
        return struck

    def weather(self, seed: int, chance: float, row: Row, rounds: int = 6) -> None:
        """Runs in which any request may go wrong at random, then calm ones.

        Each fault is a point.
        """
        store = self.store()
        name = f"{self.world.name}: random faults with seed {seed}"
        choose = random.Random(f"{self.world.name} {seed}")
        storm = Weather(choose=choose, chance=chance)
        store.faults.append(storm)
        for number in range(rounds):
            self.run(store, (6, 2, 1)[number % 3], row, name)
        store.mend()
        self._judge(store, row, name)
        row.points += storm.hits - 1

    def _judge(self, store: FakeStore, row: Row, name: str) -> None:
        wrong = self.until_quiet(store)
        end = seen(store, self.books)
        row.count(self.world.orders, damage(self.expected, end), name)
        for complaint in filter(None, [wrong, *unreported(end, self.reports)]):
            row.complain(name, complaint)


@attrs.define(kw_only=True)
class Weather(Fault):
    """A fault of any kind on any request, by chance.

    No list is answered with 204 twice: that there are none is believed when it is said again
    (docs/promises.md).
    """

    match: str = "*"
    kind: FaultKind = "500"
    choose: random.Random
    chance: float
    emptied: set[str] = attrs.field(factory=set)

    def strikes(self, name: str) -> bool:
        """Throw the dice."""
        self.seen += 1
        if self.choose.random() >= self.chance:
            return False
        kinds = [found for found in every_kind() if found[0] != "204" or name not in self.emptied]
        self.kind, seconds = self.choose.choice(kinds)
        if self.kind == "204":
            self.emptied.add(name)
        self.seconds = seconds or 0.0
        self.hits += 1
        return True


def blows(requests: int, attempts: Sequence[int] = (1, 6)) -> list[Blow]:
    """Every kind at every request."""
    return [
        Blow(kind, at, seconds, attempts=attempts[(at + number) % len(attempts)])
        for number, (kind, seconds) in enumerate(every_kind())
        for at in range(1, requests + 1)
    ]


def faults(
    name: str,
    some: Iterable[Blow] | None = None,
    *,
    share: tuple[int, int] = (0, 1),
    sample: int | None = None,
) -> Row:
    """Strike a run of a world: by default with every kind at every request.

    Args:
        name: The world.
        some: Which faults.
        share: Which part of how many parts, where several work on it.
        sample: How many of them, chosen at random; by default all.
    """
    started = time.monotonic()
    row = Row(f"fault: {name}")
    with Trial(name) as trial:
        tried = list(some) if some is not None else blows(trial.requests)
        if sample is not None:
            tried = random.Random(name).sample(tried, min(sample, len(tried)))
        for blow in tried[share[0] :: share[1]]:
            if not trial.strike(blow, row):
                row.complain(str(blow), "it never struck")
    row.seconds = time.monotonic() - started
    return row


def weather(
    name: str, seeds: Sequence[int], chance: float = 0.1, *, share: tuple[int, int] = (0, 1)
) -> Row:
    """Runs with random faults, one for each seed."""
    started = time.monotonic()
    row = Row(f"random faults: {name}")
    with Trial(name) as trial:
        for seed in seeds[share[0] :: share[1]]:
            trial.weather(seed, chance, row)
    row.seconds = time.monotonic() - started
    return row
