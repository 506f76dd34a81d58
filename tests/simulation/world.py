"""A store-day's world: a store, its books, the processes that run avbc, and the time.

One thread, one seed: who goes on at each request, transaction and sleep is drawn.
"""

from __future__ import annotations

import random
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self, TypeVar

import httpx
from books import LEASE, SHELF, Leases, SimBooks
from scheduler import Process, Scheduler

from avbc.bigcommerce import BigCommerce
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.orchestrator import SCHEDULE, CycleReport, Job, Orchestrator, WorklistItem
from avbc.orchestrator.timer import run_timer
from avbc.settings import Settings
from avbc.testing import FakeStore, example
from avbc.testing.fakestore.events import WebhookCall
from avbc.testing.fakestore.http import Reply, StoreRequest, StoreResponse
from avbc.testing.fakestore.transport import deliver

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When each day begins: a Monday."""
_LATENCY = 0.4
"""Seconds that a request or an answer is on its way, at most."""
_SILENCE = 30.0
"""Seconds after which a client gives up waiting for an answer."""
_RESTART = 120.0
"""Seconds until a dead process is started again, at most."""

T = TypeVar("T")


class Eager(Orchestrator):
    """Runs each of its cycles, though another process has just run one.

    The more goes on at once, the more is found.
    """

    def run_cycle(
        self, schedule: Sequence[Job] = SCHEDULE, *, if_due: bool = False, if_free: bool = False
    ) -> CycleReport:
        """Run a cycle, whether it is due or not."""
        return super().run_cycle(schedule)


class Worker:
    """A process that runs the timer of one orchestrator, again and again where it dies."""

    def __init__(self, world: World, number: int, books: SimBooks) -> None:
        self.name = f"worker {number}" if number else "the web server"
        self.number = number
        self.cycles = 0
        """How many it finished."""
        self.lives = 0
        """How often it was started."""
        self.process = Process(self.name, number)
        self.process.is_dead = True
        self._world = world
        self.books = books
        self.calls: deque[WebhookCall] = deque()
        """The webhooks that the web server has not taken yet."""

    def start(self) -> None:
        """Begin a life with nothing in memory."""
        self.lives += 1
        self.process = Process(self.name, self.number)
        scheduler = self._world.scheduler
        scheduler.begin(self.process, self._run_timer if self.number else self._take_webhooks)
        self._world.heed_signals()

    def orchestrator(self) -> Orchestrator:
        """What the process opens."""
        world, settings = self._world, self._world.settings
        client = BigCommerce(
            settings.store.api_url,
            settings.require_access_token(),
            client_secret=settings.store.client_secret,
            transport=_Network(world, self),
            clock=world.clock.monotonic,
            sleep=world.scheduler.spend,
            at_once=_one_after_another,
        )
        return Eager(
            settings, self.books, store=client, on_attention=self._report_items, clock=world.clock
        )

    def _report_items(self, items: list[WorklistItem]) -> None:
        """Tell the application of the worklist, which takes a moment."""
        scheduler = self._world.scheduler
        scheduler.spend(scheduler.draw(1.0))
        self._world.on_attention(items, self)

    def _run_timer(self) -> None:
        run_timer([self.orchestrator()], on_report=self._report, wait=self._world.scheduler.spend)

    def _take_webhooks(self) -> None:
        web = self.orchestrator()
        while self.calls:
            call = self.calls.popleft()
            # It is not answered with 200, and what it asks for is left to the timer.
            with suppress(AvbcError):
                web.handle_webhook(call.body, call.headers)

    def _report(self, report: CycleReport) -> None:
        self.cycles += 1
        self._world.cycles += 1
        self._world.look(lambda: self._world.on_cycle(report, self))


def _one_after_another(work: Sequence[Callable[[], T]], limit: int, /) -> list[T]:
    return [function() for function in work]


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
        on_answer: Called with each answer that reaches a worker.
        on_attention: Called with the items of the worklist that are news; it may raise.
    """

    def __init__(
        self,
        seed: int,
        settings: Callable[[str], Settings],
        *,
        workers: int = 2,
        has_leases: bool = False,
        on_cycle: Callable[[CycleReport, Worker], object] = lambda report, worker: None,
        on_write: Callable[[StoreRequest, Worker], object] = lambda request, worker: None,
        on_answer: Callable[[StoreRequest, StoreResponse, Worker], object] = (
            lambda request, response, worker: None
        ),
        on_attention: Callable[[list[WorklistItem], Worker], object] = lambda items, worker: None,
    ) -> None:
        # The client draws how much longer it waits from this one.
        random.seed(seed)
        self._handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
        self.scheduler = Scheduler(seed, START)
        self.clock = Clock(self.scheduler.now, lambda: self.scheduler.seconds)
        self.store = FakeStore(clock=lambda: self.scheduler.now().timestamp(), settle_after=None)
        example.populate(self.store, 0)
        self.settings = settings(self.store.api_url)
        self.leases = Leases() if has_leases else None
        self.books, *own = SHELF.take(workers + 2, self.scheduler, self.leases)
        """For people's acts and for looks: its transactions let nobody else go on."""
        self.on_cycle, self.on_write, self.on_answer = on_cycle, on_write, on_answer
        self.on_attention = on_attention
        self.cycles = 0
        """How many were finished by all workers."""
        self._web_server, *self.workers = [
            Worker(self, number, each) for number, each in enumerate(own)
        ]
        interval = 60.0 * self.settings.order_status.check_interval_minutes
        for worker in self.workers:
            self.scheduler.at(interval * self.scheduler.random.random(), worker.start)

    @property
    def minutes(self) -> float:
        """What time it is."""
        return self.scheduler.seconds / 60

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
        if after:
            wait = act
            act = lambda: self.scheduler.after(after, worker, wait)  # noqa: E731
        self.scheduler.at(60 * minutes, act)

    def kill(self, worker: int, *, again: bool = True) -> None:
        """End a worker where it is; another is started in its place, with nothing in memory."""
        one = self.workers[worker - 1]
        if one.process.is_dead:
            return
        self.scheduler.kill(one.process)
        if again:
            soon = self.scheduler.seconds + self.scheduler.draw(_RESTART)
            self.scheduler.at(soon, one.start)

    def pause(self, worker: int, minutes: float) -> None:
        """Let a worker stand still where it is; a request that it has sent arrives all the same."""
        process, now = self.workers[worker - 1].process, self.scheduler.seconds
        self.scheduler.stop(process, now + 60 * minutes)
        leases = self.leases
        if leases is not None:

            def listen() -> None:
                if process.stopped_until > self.scheduler.seconds:
                    leases.end(process)

            self.scheduler.at(now + LEASE, listen)

    def accept(self, call: WebhookCall) -> None:
        """Deliver a webhook to the application's web server, which takes one after another."""
        self._web_server.calls.append(call)
        if self._web_server.process.is_dead:
            self._web_server.process.is_dead = False
            self.scheduler.at(self.scheduler.seconds, self._web_server.start)

    def run_until(self, minutes: float) -> None:
        """Let everything happen up to a time. What a hook or an act raises comes out here."""
        self.scheduler.run_until(60 * minutes)

    def look(self, work: Callable[[], object]) -> None:
        """Do something while nothing goes on; what it raises comes out of `run_until`."""
        before, self.scheduler.is_still = self.scheduler.is_still, True
        try:
            work()
        except Exception as error:  # noqa: BLE001  # the timer would catch it
            self.scheduler.fail(error)
        finally:
            self.scheduler.is_still = before

    def close(self) -> None:
        """End all workers, and leave the books to the next world."""
        for worker in [self._web_server, *self.workers]:
            self.scheduler.kill(worker.process)
        self.heed_signals()

    def heed_signals(self) -> None:
        """A signal is for who runs the simulation, and stops no worker."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Network(httpx.BaseTransport):
    """The way from a worker to the store and back.

    A request that was sent arrives, whatever becomes of the process that sent it.
    """

    def __init__(self, world: World, worker: Worker) -> None:
        self._world = world
        self._worker = worker

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and wait for its answer."""
        world, scheduler = self._world, self._world.scheduler
        process = scheduler.step()
        sent = world.store.translate(request)
        if process is None:
            return deliver(self._answer(sent), request)
        arrives = scheduler.seconds + scheduler.draw(_LATENCY)
        replies: list[Reply] = []

        def arrive() -> None:
            reply = self._answer(sent)
            replies.append(reply)
            silence = {"timeout": _SILENCE, "slow": reply.stall}.get(reply.delivery, 0.0)
            scheduler.wake(process, scheduler.seconds + scheduler.draw(_LATENCY) + silence)

        scheduler.at(arrives, arrive)
        scheduler.park(process)
        world.on_answer(sent, replies[0].response, self._worker)
        return deliver(replies[0], request)

    def _answer(self, sent: StoreRequest) -> Reply:
        if sent.method != "GET":
            self._world.look(lambda: self._world.on_write(sent, self._worker))
        return self._world.store.answer(sent, waited=False)
