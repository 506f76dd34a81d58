"""The timer: which jobs run how often, until it is stopped (manual 2.1.2)."""

from __future__ import annotations

import html
import logging
import signal
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias, cast

import attrs

from avbc.acctvantage.gateway import ImportGateway
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.logs import STORE, StoreName, get_logger, working_for
from avbc.orchestrator.engine.parts import NEEDS, MethodsMissing, Parts
from avbc.orchestrator.engine.stopping import Stop
from avbc.orchestrator.worklist import Worklist, waiting
from avbc.report import Report, counted
from avbc.settings import Settings, SettingsError
from avbc.stopping import ended_by, pause

_log = get_logger("avbc.orchestrator")


# What runs how often


@attrs.frozen
class Job:
    """A method of the orchestrator, and how often the timer calls it.

    >>> Job("push_inventory", every=timedelta(minutes=15))
    Job('push_inventory', every=15 min)
    """

    method: str
    """The method's name. It is called without arguments and returns a report."""
    every: timedelta = timedelta(0)
    """The shortest time between two successful calls; zero means every cycle.

    A call that failed is repeated in the next cycle.
    """
    when: Callable[[Settings], bool] = lambda _: True
    """Whether the settings turn it on."""

    def __repr__(self) -> str:
        often = f"every={self.every.total_seconds() / 60:g} min" if self.every else "in every cycle"
        return f"Job({self.method!r}, {often})"


def _job(method: str, every: timedelta = timedelta(0)) -> Job:
    return Job(method, every, NEEDS[method].is_on)


SCHEDULE: tuple[Job, ...] = (
    Job("import_orders"),
    Job("follow_orders"),
    _job("take_answers"),
    _job("import_refunds"),
    _job("push_order_statuses"),
    _job("pull_order_statuses"),
    _job("capture_payments"),
    _job("push_shipments", every=timedelta(minutes=5)),
    _job("push_inventory", every=timedelta(minutes=15)),
    _job("push_products", every=timedelta(hours=1)),
    Job("check_hooks", every=timedelta(hours=1)),
    Job("prune_journal", every=timedelta(days=1)),
)
"""The jobs of a cycle in sequence: orders come first, since they change the quantities to push.

The timer leaves out a job whose part the books lack.
"""


# Reports


@attrs.frozen
class JobOutcome:
    """How one job of a cycle ended."""

    method: str
    report: Report | None = None
    """What it did; None where it failed."""
    error: Exception | None = None
    """Why it failed. The next cycle calls it again."""

    @property
    def ok(self) -> bool:
        """It did not fail, and its report is ok."""
        return self.error is None and bool(getattr(self.report, "ok", True))

    def __str__(self) -> str:
        if self.error is None:
            return "" if self.report is None else self.report.summary()
        # The message of another's error may say little without its class.
        name = "" if isinstance(self.error, AvbcError) else f"{type(self.error).__name__}: "
        return f"failed: {name}{self.error}"


@attrs.frozen
class CycleReport(Report):
    """What one cycle of the timer did.

    >>> started = datetime.fromisoformat("2026-01-02T12:05:00+00:00")
    >>> jobs = (JobOutcome("import_orders", error=ValueError("no")),)
    >>> print(CycleReport("Example store", started, started, jobs))
    Example store, 2026-01-02 12:05:00 UTC: 1 of 1 jobs failed, 0 requests.
    <BLANKLINE>
    job            outcome
    import_orders  failed: ValueError: no
    """

    columns = ("job", "outcome")

    store: str
    """The settings' name for the store."""
    started: datetime
    finished: datetime
    jobs: tuple[JobOutcome, ...] = ()
    """The jobs that were called, in sequence; a job that was not due is left out."""
    notes: tuple[str, ...] = ()
    """Reported once: changed settings, a settings file with errors, a store that is not enabled, a
    job that the settings ask for and the books cannot do."""
    settings_error: SettingsError | None = None
    """New errors in the settings file; the previous settings stay in force."""
    stopped: bool = False
    """The cycle ended early because a stop was requested."""
    worklist: int = 0
    """How many items wait for a person (`Orchestrator.worklist`)."""

    @property
    def ok(self) -> bool:
        """Nothing failed, and every job's report is ok."""
        return self.settings_error is None and all(job.ok for job in self.jobs)

    @property
    def requests(self) -> int:
        """How many requests its jobs sent to the store."""
        return sum(int(getattr(job.report, "requests", 0)) for job in self.jobs)

    @property
    def failed(self) -> list[JobOutcome]:
        """The jobs that failed."""
        return [job for job in self.jobs if job.error is not None]

    def summary(self) -> str:
        """How the cycle went, and its notes."""
        done = f"{counted(len(self.jobs), 'job')} done"
        if self.failed:
            done = f"{len(self.failed)} of {len(self.jobs)} jobs failed"
        text = (
            f"{self.store}, {self.started:%Y-%m-%d %H:%M:%S} UTC: {done}, "
            f"{counted(self.requests, 'request')}{', then stopped' if self.stopped else ''}."
        )
        if self.worklist:
            text += f" {waiting(self.worklist)} for a person."
        return "\n".join([text, *self.notes])

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per job: job, ok, outcome."""
        return [{"job": job.method, "ok": job.ok, "outcome": str(job)} for job in self.jobs]

    def _repr_html_(self) -> str:
        details = [
            f"<details><summary>{html.escape(job.method)}</summary>"
            f"{job.report._repr_html_()}</details>"
            for job in self.jobs
            if job.report is not None
        ]
        return super()._repr_html_() + "".join(details)


# Cycles


class Web(Protocol):
    """What the timer needs of an orchestrator, in addition to the methods of its schedule."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        ...

    @property
    def books(self) -> ImportGateway:
        """AcctVantage's side."""
        ...

    @property
    def clock(self) -> Clock:
        """The time: intervals are measured by it."""
        ...

    @property
    def stop_request(self) -> Stop:
        """Whether it was asked to stop."""
        ...

    def use(self, settings: Settings) -> None:
        """Continue with other settings."""

    def worklist(self) -> Worklist:
        """List everything that waits for a person."""
        ...


OnReport: TypeAlias = Callable[[CycleReport], object]
"""Called after each cycle. An exception from it is logged, and the timer continues."""


def run_all(
    webs: Sequence[Web], *, schedule: Sequence[Job] = SCHEDULE, on_report: OnReport | None = None
) -> None:
    """Run the timers of several configurations in one process, until all of them are stopped.

    ```python
    paths = ["retail.toml", "trade.toml"]
    avbc.run_all([avbc.Orchestrator(avbc.Settings.load(path), books) for path in paths])
    ```

    They take turns in one thread, so what they share need not be safe between threads. A failure of
    one stops no other, but a long cycle delays the others: where that is too slow, run one process
    for each.

    Args:
        webs: The orchestrators.
        schedule: The jobs of a cycle, in sequence, and how often each runs.
        on_report: Called with the report of each cycle of each orchestrator.
    """
    run_timer(webs, schedule=schedule, on_report=on_report)


def run_timer(
    webs: Sequence[Web],
    *,
    schedule: Sequence[Job] = SCHEDULE,
    on_report: OnReport | None = None,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Run the cycles of several configurations in this thread, each at its own interval.

    It returns when all of them are stopped. In the main thread SIGTERM and SIGINT (Ctrl-C) stop all
    of them; the previous handlers are restored at the end.

    Args:
        webs: The orchestrators.
        schedule: The jobs of a cycle, in sequence.
        on_report: Called with the report of each cycle.
        wait: Waits for a number of seconds, and may return early.
    """
    timers = [_Timer(web, schedule, due=web.clock.monotonic()) for web in webs]
    with ExitStack() as stack:
        for web in webs:
            stack.enter_context(web.stop_request.listening())
        received = stack.enter_context(_stopping_by_signal(webs))
        while waiting := [timer for timer in timers if not timer.is_over]:
            timer = min(waiting, key=lambda timer: timer.seconds_left)
            seconds = timer.seconds_left
            if seconds > 0 and wait is not None:
                wait(seconds)
            elif seconds > 0:
                pause(seconds, *(timer.stop for timer in waiting))
            else:
                with working_for(timer.store_name):
                    timer.cycle(on_report)
        if received:
            _log.info("stopped by %s", received[0])


@attrs.define
class _Timer:
    """The cycles of one configuration."""

    _web: Web
    _schedule: Sequence[Job]
    due: float
    # When each method last succeeded.
    _done: dict[str, float] = attrs.field(factory=dict[str, float], init=False)
    # The errors of the settings file that were reported.
    _reported_error: str = attrs.field(default="", init=False)
    _is_disabled_reported: bool = attrs.field(default=False, init=False)
    # The jobs that the settings ask for, and the books cannot do.
    _lacking_reported: frozenset[str] = attrs.field(default=frozenset[str](), init=False)

    @property
    def seconds_left(self) -> float:
        """How long it is until the next cycle is due."""
        return self.due - self._web.clock.monotonic()

    @property
    def store_name(self) -> StoreName:
        """What the store is called in logs."""
        settings = self._web.settings
        return StoreName(settings.store.description, settings.order_status.import_source_code)

    @property
    def stop(self) -> Stop:
        """The request that ends it."""
        return self._web.stop_request

    @property
    def is_over(self) -> bool:
        """Whether there are no more cycles: it was stopped, or no file can enable its store."""
        return self.stop.is_due or (self._is_disabled_reported and self._web.settings.file is None)

    def cycle(self, on_report: OnReport | None) -> None:
        """Run one cycle, and set when the next is due. Errors are reported, not raised."""
        started = self._web.clock.now()
        notes, error = self._reload()
        settings = self._web.settings
        jobs: tuple[JobOutcome, ...] = ()
        if settings.store.enabled:
            lacking = self._lacking()
            asked = {method: lack for method, lack in lacking.items() if NEEDS[method].key}
            notes += [
                lack.left_out
                for method, lack in asked.items()
                if method not in self._lacking_reported
            ]
            self._lacking_reported = frozenset(asked)
            with ended_by(self.stop):
                jobs = tuple(self._jobs(lacking))
        if not settings.store.enabled and not self._is_disabled_reported:
            notes.append("store.enabled is false, so nothing runs for this store (manual 1.3).")
        self._is_disabled_reported = not settings.store.enabled
        if jobs or notes:
            _publish(
                CycleReport(
                    store=settings.store.description or settings.order_status.import_source_code,
                    started=started,
                    finished=self._web.clock.now(),
                    jobs=jobs,
                    notes=tuple(notes),
                    settings_error=error,
                    stopped=self.stop.is_due,
                    worklist=self._waiting() if jobs else 0,
                ),
                on_report,
            )
        # The file is read at the start of a cycle, so a changed interval applies after the current
        # wait.
        self.due = self._web.clock.monotonic() + 60 * settings.order_status.check_interval_minutes

    def _reload(self) -> tuple[list[str], SettingsError | None]:
        """Read the settings file again; returns what to report about it."""
        old = self._web.settings
        if old.file is None:
            return [], None
        try:
            new = Settings.load(old.file)
        except SettingsError as error:
            if str(error) == self._reported_error:
                return [], None
            self._reported_error = str(error)
            return [f"{error}\nThe previous settings stay in force."], error
        notes = [f"{old.file.name} has no errors any more."] if self._reported_error else []
        self._reported_error = ""
        if new != old:
            self._web.use(new)
            notes.append(f"Settings changed: {', '.join(_changed(old, new))}.")
        return notes, None

    def _lacking(self) -> dict[str, MethodsMissing]:
        """Return what the books lack for jobs that the settings turn on."""
        parts, settings = Parts(self._web.books), self._web.settings
        return {
            job.method: lack
            for job in self._schedule
            if job.when(settings) and (lack := parts.lacks_for(job.method)) is not None
        }

    def _jobs(self, left_out: Collection[str]) -> Iterator[JobOutcome]:
        settings = self._web.settings
        for job in self._schedule:
            if self.stop.is_due:
                return
            if job.method in left_out:
                continue
            now = self._web.clock.monotonic()
            last = self._done.get(job.method)
            if job.when(settings) and (last is None or now - last >= job.every.total_seconds()):
                outcome = self._do(job)
                if outcome.error is None:
                    self._done[job.method] = now
                yield outcome

    def _waiting(self) -> int:
        try:
            with ended_by(self.stop):
                return len(self._web.worklist())
        except AvbcError as error:
            # The jobs have reported it: they need the journal, too.
            _log.warning("the worklist could not be read: %s", error)
            return 0

    def _do(self, job: Job) -> JobOutcome:
        try:
            method = cast("Callable[[], Report]", getattr(self._web, job.method))
            return JobOutcome(job.method, method())
        except Exception as error:  # noqa: BLE001
            # A bug in a gateway, a customisation or avbc must not end the timer.
            if not isinstance(error, AvbcError):
                _log.exception("%s failed unexpectedly", job.method)
            return JobOutcome(job.method, error=error)


def _publish(report: CycleReport, on_report: OnReport | None) -> None:
    names_store = STORE.get().fields
    level = logging.INFO if report.ok else logging.WARNING
    _log.log(level, "%s", report.summary(), extra=names_store)
    for job in report.failed:
        _log.error("%s: %s %s", report.store, job.method, job, extra=names_store)
    try:
        if on_report is not None:
            on_report(report)
    except Exception:  # noqa: BLE001  # a bug of the application
        _log.exception("on_report failed")


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


def _changed(old: Settings, new: Settings) -> list[str]:
    """Return the keys whose values differ; never the values, which include secrets."""
    before: dict[str, dict[str, object]]
    before, after = (
        attrs.asdict(settings, filter=lambda field, _: field.name != "file")
        for settings in (old, new)
    )
    return [
        f"{screen}.{key}"
        for screen, values in before.items()
        for key, value in values.items()
        if value != after[screen][key]
    ]
