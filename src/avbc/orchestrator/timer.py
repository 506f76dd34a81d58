"""The timer: what runs how often, from the first cycle until it is stopped (manual 2.1.2)."""

from __future__ import annotations

import html
import logging
import queue
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias, cast

import attrs

from avbc.errors import AvbcError
from avbc.orchestrator.engine.stopping import Stop
from avbc.report import Report
from avbc.settings import Settings, SettingsError

_log = logging.getLogger("avbc.orchestrator")


# What runs how often


def _always(_: Settings) -> bool:
    return True


def _pushes_statuses(settings: Settings) -> bool:
    return settings.order_status.updates == "push"


def _pulls_statuses(settings: Settings) -> bool:
    return settings.order_status.updates == "pull"


def _imports_refunds(settings: Settings) -> bool:
    return settings.gl.import_refunds


def _preauthorizes(settings: Settings) -> bool:
    return settings.gl.credit_card_transactions_are_preauthorizations


def _syncs_inventory(settings: Settings) -> bool:
    return settings.shipping.sync_inventory_levels


def _syncs_products(settings: Settings) -> bool:
    return settings.shipping.sync_product_details


@attrs.frozen
class Job:
    """A method of the orchestrator, and how often the timer calls it.

    >>> Job("push_inventory", every=timedelta(minutes=15))
    Job('push_inventory', every=15 min)
    """

    method: str
    """The method's name. It is called without arguments and returns a report."""
    every: timedelta = timedelta(0)
    """The shortest time between two calls that succeed; nothing means in every cycle. One that failed is called again in the next cycle."""
    when: Callable[[Settings], bool] = _always
    """Whether the settings want it."""

    def __repr__(self) -> str:
        often = f"every={self.every.total_seconds() / 60:g} min" if self.every else "in every cycle"
        return f"Job({self.method!r}, {often})"


SCHEDULE: tuple[Job, ...] = (
    Job("import_orders"),
    Job("import_refunds", when=_imports_refunds),
    Job("push_order_statuses", when=_pushes_statuses),
    Job("pull_order_statuses", when=_pulls_statuses),
    Job("capture_payments", when=_preauthorizes),
    Job("push_shipments", every=timedelta(minutes=5)),
    Job("push_inventory", every=timedelta(minutes=15), when=_syncs_inventory),
    Job("push_products", every=timedelta(hours=1), when=_syncs_products),
)
"""What a cycle does, in this sequence: first what shoppers do, so that quantities are pushed after the orders that change them."""


# What it tells


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
        """It did not fail, and its report is content too."""
        return self.error is None and bool(getattr(self.report, "ok", True))

    def __str__(self) -> str:
        if self.error is not None:
            return f"failed: {_told(self.error)}"
        return "" if self.report is None else self.report.summary()


@attrs.frozen
class CycleReport(Report):
    """What one cycle of the timer did.

    >>> started = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)
    >>> print(CycleReport("Example store", started, started, (JobOutcome("import_orders", error=ValueError("no")),)))
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
    """What was called, in sequence; a job that was not due is left out."""
    notes: tuple[str, ...] = ()
    """What happened besides: settings that changed, a settings file with faults, a store that is not enabled. Each is told once."""
    settings_error: SettingsError | None = None
    """The faults that the settings file has since this cycle; the settings read before stay in force."""
    stopped: bool = False
    """The cycle ended early since a stop was asked for."""

    @property
    def ok(self) -> bool:
        """Nothing failed, and every report of a job is content."""
        return self.settings_error is None and all(job.ok for job in self.jobs)

    @property
    def requests(self) -> int:
        """How many requests its jobs sent to the store, as far as their reports tell."""
        return sum(int(getattr(job.report, "requests", 0)) for job in self.jobs)

    @property
    def failed(self) -> list[JobOutcome]:
        """The jobs that failed."""
        return [job for job in self.jobs if job.error is not None]

    def summary(self) -> str:
        """How the cycle went, and what happened besides."""
        count = len(self.jobs)
        done = f"{count} {'job' if count == 1 else 'jobs'} done"
        if self.failed:
            done = f"{len(self.failed)} of {count} jobs failed"
        asked = f"{self.requests} {'request' if self.requests == 1 else 'requests'}"
        text = (
            f"{self.store}, {self.started:%Y-%m-%d %H:%M:%S} UTC: {done}, "
            f"{asked}{', then stopped' if self.stopped else ''}."
        )
        return "\n".join([text, *self.notes])

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per job: job, ok, outcome."""
        return [{"job": job.method, "ok": job.ok, "outcome": str(job)} for job in self.jobs]

    def _repr_html_(self) -> str:
        details = [
            f"<details><summary>{html.escape(job.method)}</summary>{job.report._repr_html_()}</details>"
            for job in self.jobs
            if job.report is not None
        ]
        return super()._repr_html_() + "".join(details)


# How it runs


class Web(Protocol):
    """What the timer needs of an orchestrator, besides the methods that its schedule names."""

    settings: Settings
    stop_wish: Stop

    def use(self, settings: Settings) -> None:
        """Go on with other settings."""
        ...


OnReport: TypeAlias = Callable[[CycleReport], object]
"""Called after each cycle. What it raises is logged and stops nothing."""


def run_all(
    webs: Sequence[Web], *, schedule: Sequence[Job] = SCHEDULE, on_report: OnReport | None = None
) -> None:
    """Run the timer of several configurations in one process, until all of them are stopped: `Orchestrator.run` of each.

    ```python
    avbc.run_all([avbc.Orchestrator(avbc.Settings.load(path), books) for path in ("retail.toml", "trade.toml")])
    ```

    They take turns, so nothing that they share has to be safe between threads. What goes wrong with
    one stops no other, though a cycle that takes long delays the others: run one process for each
    where that must not be.

    Args:
        webs: The orchestrators.
        schedule: What a cycle calls, in sequence and how often.
        on_report: Called with the report of each cycle of each.
    """
    run_timer(webs, schedule=schedule, on_report=on_report)


def run_timer(
    webs: Sequence[Web],
    *,
    schedule: Sequence[Job] = SCHEDULE,
    on_report: OnReport | None = None,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Run the cycles of some configurations in this thread, each at its own interval, until all of them are stopped.

    SIGTERM and SIGINT (Ctrl-C) stop all of them, where this is the main thread; the handlers that
    were there are put back at the end.

    Args:
        webs: The orchestrators.
        schedule: What a cycle calls, in sequence.
        on_report: Told of each cycle.
        clock: Seconds that only ever grow.
        wait: Waits so many seconds, and may return early.
    """
    wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
    timers = [_Timer(web, schedule, on_report, clock) for web in webs]

    # SimpleQueue.put may interrupt anything, which threading.Event.set may not: a signal handler
    # would wait for a lock of its own thread.
    def wake() -> None:
        wakes.put(None)

    def pause(seconds: float) -> None:
        with suppress(queue.Empty):
            wakes.get(timeout=seconds)

    with ExitStack() as stack:
        for web in webs:
            stack.enter_context(web.stop_wish.heeded(wake))
        received = stack.enter_context(_stopping_by_signal(webs))
        while waiting := [timer for timer in timers if not timer.is_over]:
            timer = min(waiting, key=lambda timer: timer.due)
            seconds = timer.due - clock()
            if seconds > 0:
                (wait or pause)(seconds)
            else:
                timer.cycle()
        if received:
            _log.info("stopped by %s", received[0])


class _Timer:
    """The cycles of one configuration."""

    def __init__(
        self,
        web: Web,
        schedule: Sequence[Job],
        on_report: OnReport | None,
        clock: Callable[[], float],
    ) -> None:
        self.due = clock()
        self._web = web
        self._schedule = schedule
        self._on_report = on_report
        self._clock = clock
        self._done: dict[str, float] = {}
        """When each method was last called with success."""
        self._fault = ""
        """The faults of the settings file that were told already."""
        self._is_told_disabled = False

    @property
    def is_over(self) -> bool:
        """Whether there will be no more cycles: it was stopped, or nothing can ever enable its store."""
        settings = self._web.settings
        return self._web.stop_wish.is_due or (self._is_told_disabled and settings.file is None)

    def cycle(self) -> None:
        """Run one cycle and wait for the next. Nothing that goes wrong in it is raised."""
        started = datetime.now(UTC)
        notes, error = self._reread()
        jobs = tuple(self._jobs())
        settings = self._web.settings
        if settings.store.enabled:
            self._is_told_disabled = False
        elif not self._is_told_disabled:
            self._is_told_disabled = True
            notes.append("store.enabled is false, so nothing runs for this store (manual 1.3).")
        if jobs or notes:
            name = settings.store.description or settings.order_status.import_source_code
            self._tell(
                CycleReport(
                    name,
                    started,
                    datetime.now(UTC),
                    jobs,
                    tuple(notes),
                    error,
                    self._web.stop_wish.is_due,
                )
            )
        # The interval is read here and the file at the start of a cycle: so a change applies after
        # the wait that is going on.
        self.due = self._clock() + 60 * settings.order_status.check_interval_minutes

    def _reread(self) -> tuple[list[str], SettingsError | None]:
        """Take over what changed in the settings file; returns what is to be told of it."""
        old = self._web.settings
        if old.file is None:
            return [], None
        try:
            new = Settings.load(old.file)
        except SettingsError as error:
            if str(error) == self._fault:
                return [], None
            self._fault = str(error)
            return [f"{error}\nThe settings read before stay in force."], error
        notes = [f"{old.file.name} has no faults any more."] if self._fault else []
        self._fault = ""
        if new != old:
            self._web.use(new)
            notes.append(f"Settings changed: {', '.join(_changed(old, new))}.")
        return notes, None

    def _jobs(self) -> Iterator[JobOutcome]:
        settings = self._web.settings
        for job in self._schedule:
            if not settings.store.enabled or self._web.stop_wish.is_due:
                return
            now = self._clock()
            last = self._done.get(job.method)
            if job.when(settings) and (last is None or now - last >= job.every.total_seconds()):
                outcome = self._do(job)
                if outcome.error is None:
                    self._done[job.method] = now
                yield outcome

    def _do(self, job: Job) -> JobOutcome:
        try:
            method = cast("Callable[[], Report]", getattr(self._web, job.method))
            return JobOutcome(job.method, method())
        except AvbcError as error:
            return JobOutcome(job.method, error=error)
        except Exception as error:  # noqa: BLE001  # a fault of a gateway, a customisation or ours must not end the timer
            _log.exception("%s failed unexpectedly", job.method)
            return JobOutcome(job.method, error=error)

    def _tell(self, report: CycleReport) -> None:
        _log.log(logging.INFO if report.ok else logging.WARNING, "%s", report.summary())
        for job in report.failed:
            _log.error("%s: %s %s", report.store, job.method, job)
        if self._on_report is None:
            return
        try:
            self._on_report(report)
        except Exception:  # noqa: BLE001  # the application's own fault
            _log.exception("on_report failed")


@contextmanager
def _stopping_by_signal(webs: Sequence[Web]) -> Generator[list[str]]:
    """Let SIGTERM and SIGINT ask all to stop; yields the names of the signals that came."""
    received: list[str] = []
    # Only the main thread may set handlers.
    if threading.current_thread() is not threading.main_thread():
        yield received
        return

    def ask(number: int, _: object) -> None:
        received.append(signal.Signals(number).name)
        for web in webs:
            web.stop_wish.ask()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            # None: it was set outside of Python, and cannot be put back from here.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _changed(old: Settings, new: Settings) -> list[str]:
    """The keys whose values differ. Never the values: there are secrets among them."""
    screens: list[tuple[str, attrs.AttrsInstance, attrs.AttrsInstance]] = [
        ("store", old.store, new.store),
        ("order_status", old.order_status, new.order_status),
        ("gl", old.gl, new.gl),
        ("shipping", old.shipping, new.shipping),
    ]
    return [
        f"{name}.{field.name}"
        for name, before, after in screens
        for field in attrs.fields(type(before))
        if getattr(before, field.name) != getattr(after, field.name)
    ]


def _told(error: Exception) -> str:
    # The message of an error of ours says it all; of another the kind is half of what it says.
    return str(error) if isinstance(error, AvbcError) else f"{type(error).__name__}: {error}"
