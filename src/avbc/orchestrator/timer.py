"""The timer: cycles of one or several configurations, until they are stopped (manual 2.1.2)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from queue import SimpleQueue
from typing import Protocol, TypeAlias

import attrs

from avbc.logs import get_logger, working_for
from avbc.orchestrator.cycle import SCHEDULE, Job, Timed
from avbc.orchestrator.cycle_report import CycleReport
from avbc.orchestrator.engine.arguments import (
    checked_arguments,
    require_count,
    require_function,
    require_orchestrators,
    require_schedule,
)
from avbc.orchestrator.engine.cycles import name_of, others_turn
from avbc.orchestrator.engine.stopping import Stop
from avbc.stopping import pause, wait_for

_log = get_logger("avbc.orchestrator")

_APART = timedelta(seconds=0.5)
"""How far the first cycles of several stores are apart at most, so that later ones are, too."""


class Web(Timed, Protocol):
    """What the timer needs of an orchestrator."""

    def run_cycle(
        self, schedule: Sequence[Job] = ..., *, if_due: bool = False, if_free: bool = False
    ) -> CycleReport:
        """Run the jobs that are due, once."""
        ...


OnReport: TypeAlias = Callable[[CycleReport], object]
"""Called after each cycle. An exception from it is logged, and the timer continues."""


def run_all(
    webs: Sequence[Web],
    *,
    schedule: Sequence[Job] = SCHEDULE,
    on_report: OnReport | None = None,
    threads: int = 4,
) -> None:
    """Run the timers of several configurations in one process, until all of them are stopped.

    ```python
    paths = ["retail.toml", "trade.toml"]
    avbc.run_all([avbc.Orchestrator(avbc.Settings.load(path), books) for path in paths])
    ```

    A store that fails, hangs or has much to do delays no other, as long as a thread is free. Each
    orchestrator is in one thread at a time.

    Args:
        webs: The orchestrators.
        schedule: The jobs of a cycle, in sequence, and how often each runs.
        on_report: Called with the report of each cycle of each orchestrator, one at a time.
        threads: How many stores are served at once. With 1, all is done in the calling thread, for
            books, callbacks or customisations that are not safe between threads.

    Raises:
        TypeError: `webs` is no list, or `schedule` no list of jobs.
        ValueError: `threads` is less than 1, or a job is no method of the orchestrators: the first
            cycle finds out.
    """
    with checked_arguments:
        webs = require_orchestrators(webs, "webs")
        schedule = require_schedule(schedule, ())  # each checks the methods
        require_function(on_report, "on_report")
        require_count(threads, "threads")
    run_timer(webs, schedule=schedule, on_report=on_report, threads=threads)


def run_timer(
    webs: Sequence[Web],
    *,
    schedule: Sequence[Job] = SCHEDULE,
    on_report: OnReport | None = None,
    wait: Callable[[float], object] | None = None,
    threads: int = 1,
) -> None:
    """Run the cycles of several configurations, each at its own interval.

    It returns when all of them are stopped. In the main thread SIGTERM and SIGINT (Ctrl-C) stop all
    of them; the previous handlers are restored at the end.

    Args:
        webs: The orchestrators.
        schedule: The jobs of a cycle, in sequence.
        on_report: Called with the report of each cycle, one at a time.
        wait: Waits for a number of seconds, and may return early. All is done in this thread then.
        threads: How many cycles run at once; with 1 they run in this thread.
    """
    publish = _Publisher(on_report)
    timers = [_Timer(web, schedule, web.clock.monotonic(), publish) for web in webs]
    with ExitStack() as stack:
        for web in webs:
            stack.enter_context(web.stop_request.listening())
        received = stack.enter_context(_stopping_by_signal(webs))
        if wait is not None or min(threads, len(webs)) <= 1:
            _run_here(timers, wait)
        else:
            _run_in_threads(timers, threads)
        if received:
            _log.info("stopped by %s", received[0])


@attrs.define(eq=False)
class _Timer:
    """The cycles of one configuration."""

    _web: Web
    _schedule: Sequence[Job]
    due: float
    _publish: Callable[[CycleReport], object]
    _is_begun: bool = attrs.field(default=False, init=False)

    @property
    def seconds_left(self) -> float:
        """How long it is until the next cycle is due."""
        return self.due - self._web.clock.monotonic()

    @property
    def stop(self) -> Stop:
        """The request that ends it."""
        return self._web.stop_request

    @property
    def is_over(self) -> bool:
        """Whether there are no more cycles: it was stopped, or no file can enable its store."""
        settings = self._web.settings
        can_run = settings.store.enabled or settings.file is not None or not self._is_begun
        return self.stop.is_due or not can_run

    def cycle(self) -> None:
        """Run one cycle, and set when the next is due. Errors are reported, not raised.

        The first one runs at once, whenever the last one was: somebody has started the process. No
        cycle runs while another process is in one of the store.
        """
        report = self._web.run_cycle(self._schedule, if_due=self._is_begun, if_free=True)
        self._is_begun = True
        interval = timedelta(minutes=self._web.settings.order_status.check_interval_minutes)
        wait = interval if report.next_at is None else report.next_at - report.finished
        if report.is_served:
            # When that process does not serve the store any more, this one does.
            wait += others_turn(interval)
        if not report.is_early and (report.jobs or report.notes):
            with working_for(name_of(self._web.settings)):
                self._publish(report)
        self.due = self._web.clock.monotonic() + wait.total_seconds()


class _Publisher:
    """Hands reports to the application, one at a time."""

    def __init__(self, on_report: OnReport | None) -> None:
        self._on_report = on_report
        self._turn = threading.Lock()

    def __call__(self, report: CycleReport) -> None:
        """Hand over a report."""
        try:
            if self._on_report is not None:
                with self._turn:
                    self._on_report(report)
        except Exception:  # noqa: BLE001  # a bug of the application
            _log.exception("on_report failed")


def _run_here(timers: Sequence[_Timer], wait: Callable[[float], object] | None) -> None:
    """Run the cycles in this thread, one after another."""
    while waiting := [timer for timer in timers if not timer.is_over]:
        timer = min(waiting, key=lambda timer: timer.seconds_left)
        seconds = timer.seconds_left
        if seconds > 0 and wait is not None:
            wait(seconds)
        elif seconds > 0:
            pause(seconds, *(timer.stop for timer in waiting))
        else:
            timer.cycle()


def _run_in_threads(timers: Sequence[_Timer], threads: int) -> None:
    """Run the cycles in a few threads; this one waits for what comes next."""
    for number, timer in enumerate(timers):
        timer.due += number * _APART.total_seconds()
    # What wakes this thread: a cycle has ended, or a stop was asked for.
    wakes: SimpleQueue[object] = SimpleQueue()
    running: dict[_Timer, Future[None]] = {}
    with ExitStack() as stack:
        for timer in timers:
            stack.enter_context(timer.stop.waking(partial(wakes.put, None)))
        pool = stack.enter_context(ThreadPoolExecutor(threads, "avbc"))
        # Where this thread fails, the others end, and the pool waits for them.
        stack.callback(_ask_all, timers)
        while True:
            for timer, cycle in list(running.items()):
                if cycle.done():
                    del running[timer]
                    cycle.result()
            idle = [timer for timer in timers if timer not in running and not timer.is_over]
            if not (idle or running):
                return
            seconds = None
            if idle and len(running) < threads:
                timer = min(idle, key=lambda timer: timer.seconds_left)
                seconds = timer.seconds_left
                if seconds <= 0:
                    cycle = running[timer] = pool.submit(copy_context().run, timer.cycle)
                    cycle.add_done_callback(wakes.put)
                    continue
            wait_for(wakes, seconds)


def _ask_all(timers: Iterable[_Timer]) -> None:
    for timer in timers:
        timer.stop.ask()


@contextmanager
def _stopping_by_signal(webs: Sequence[Web]) -> Generator[list[str]]:
    """Stop all orchestrators on SIGTERM and SIGINT; yields the names of received signals."""
    received: list[str] = []

    def ask(number: int, _: object) -> None:
        received.append(signal.Signals(number).name)
        for web in webs:
            web.stop_request.ask()

    # Only the main thread may set handlers.
    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield received
    finally:
        for number, handler in before.items():
            # None: it was set outside of Python, and cannot be restored.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
