"""A store-day's world: a store, its books, the processes that run avbc, and the time.

One thread, one seed: who goes on at each request, transaction and sleep is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from avbc.acctvantage import SqlGateway
from avbc.clock import Clock
from avbc.orchestrator import CycleReport
from avbc.settings import Settings
from avbc.testing import FakeStore
from avbc.testing.fakestore.events import WebhookCall
from avbc.testing.fakestore.http import StoreRequest


class Worker:
    """A process that runs the timer of one orchestrator, again and again where it dies."""

    name: str
    """`worker 1`, or `the web server`, which takes webhooks."""
    cycles: int
    """How many it finished."""
    lives: int
    """How often it was started."""
    paused_until: float
    """In minutes; it may be over."""


class World:
    """A store, books and workers, in virtual time. All times are minutes since the day began.

    Args:
        seed: Decides how long each request, transaction and sleep takes, and so who goes on.
        settings: Returns the settings for the store's API URL.
        workers: How many processes run the timer.
        has_leases: Whether turns end by the clock, as a server's do; otherwise with the process, as
            locks of files do.
        on_cycle: Called after each cycle; nothing goes on meanwhile.
        on_write: Called with each request that is not a GET, right before it takes effect.
    """

    store: FakeStore
    books: SqlGateway
    """For people's acts and for looks: its transactions let nobody else go on."""
    clock: Clock
    workers: list[Worker]
    cycles: int
    """How many were finished by all workers."""

    def __init__(
        self,
        seed: int,
        settings: Callable[[str], Settings],
        *,
        workers: int = 2,
        has_leases: bool = False,
        on_cycle: Callable[[CycleReport, Worker], object] = lambda report, worker: None,
        on_write: Callable[[StoreRequest, Worker], object] = lambda request, worker: None,
    ) -> None: ...

    @property
    def minutes(self) -> float:
        """What time it is."""
        raise NotImplementedError

    def at(
        self, minutes: float, act: Callable[[], object], *, after: int = 0, worker: int = 0
    ) -> None:
        """Have something done at a time, between two steps of avbc.

        Args:
            minutes: The time.
            act: What. What it raises ends the day.
            after: Wait for so many more steps (requests, transactions, sleeps) from then on, so
                that it comes in the middle of something.
            worker: Of this worker, counted from 1; 0 for all of them.
        """
        raise NotImplementedError

    def kill(self, worker: int) -> None:
        """End a worker where it is; another is started in its place, with nothing in memory."""
        raise NotImplementedError

    def pause(self, worker: int, minutes: float) -> None:
        """Let a worker stand still where it is; a request that it has sent arrives all the same."""
        raise NotImplementedError

    def accept(self, call: WebhookCall) -> None:
        """Deliver a webhook to the application's web server, which takes one after another."""
        raise NotImplementedError

    def quota(self, limit: int, other_apps: int = 0) -> None:
        """Let the store have so many requests in 30 seconds, some of them for others."""
        raise NotImplementedError

    def run_until(self, minutes: float) -> None:
        """Let everything happen up to a time. What a hook or an act raises comes out here."""
        raise NotImplementedError

    def close(self) -> None:
        """End all workers, and leave the books to the next world."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
