"""Cycles: one call of each job that is due, for one store (manual 2.1.2).

The timer, Celery workers and loops of an application all run them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Protocol, cast

import attrs

from avbc.acctvantage.errors import BooksUnusable
from avbc.acctvantage.gateway import ImportGateway
from avbc.bigcommerce import BadAnswer, StopAsked, StoreUnavailable, StoreUnreachable
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.logs import get_logger, lines_of, log_lines, working_for
from avbc.orchestrator.cycle_report import CycleReport, JobOutcome, moment
from avbc.orchestrator.engine.arguments import (
    checked_arguments,
    require_function,
    require_kind,
    require_wait,
)
from avbc.orchestrator.engine.cycles import (
    Cycles,
    LastCycle,
    name_of,
    others_turn,
    own_moment,
    rest_of,
    scope_of,
)
from avbc.orchestrator.engine.failures import failures_to_tell
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.parts import NEEDS, MethodsMissing, Parts, named
from avbc.orchestrator.engine.stopping import Stop
from avbc.orchestrator.worklist import Worklist
from avbc.report import Report, counted
from avbc.settings import Settings, SettingsError
from avbc.shown import Shown
from avbc.stopping import ended_by
from avbc.text import quoted

_log = get_logger("avbc.orchestrator")

_NO_ANSWER = (StoreUnreachable, StoreUnavailable, BadAnswer)
"""Failures of a store that is away, or of one request."""


# What runs how often


def always(_: Settings) -> bool:
    """Whatever the settings say."""
    return True


@attrs.frozen
class Job(Shown):
    """A method of the orchestrator, and how often the timer calls it.

    Raises:
        TypeError: The method is no text, or `every` no timedelta.
        ValueError: `every` is below zero.

    >>> Job("push_inventory", every=timedelta(minutes=15))
    Job('push_inventory', every=15 min)
    """

    method: str
    """The method's name. It is called without arguments and returns a report."""
    every: timedelta = timedelta(0)
    """The shortest time between the beginnings of two cycles in which it succeeds, whichever
    process runs them; zero means every cycle. A call that failed is repeated in the next cycle.
    """
    when: Callable[[Settings], bool] = always
    """Whether the settings turn it on."""
    needs_store: bool = True
    """Whether it is left out in a cycle in which the store does not answer."""

    def __attrs_post_init__(self) -> None:
        """Check what the timer would only find when the job is due."""
        with checked_arguments:
            require_kind(self.method, "method", str, "a method's name, such as 'import_orders'")
            require_wait(self.every, "every")
            require_function(self.when, "when")

    def _in_a_line(self) -> str:
        often = f"every={self.every.total_seconds() / 60:g} min" if self.every else "in every cycle"
        return f"Job({quoted(self.method)}, {often})"


def _job(method: str, every: timedelta = timedelta(0), *, needs_store: bool = True) -> Job:
    return Job(method, every, NEEDS[method].is_on, needs_store)


SCHEDULE: tuple[Job, ...] = (
    Job("import_orders"),
    Job("follow_orders"),
    _job("take_answers", needs_store=False),
    _job("import_refunds"),
    _job("push_order_statuses"),
    _job("pull_order_statuses"),
    _job("capture_payments"),
    _job("push_shipments", every=timedelta(minutes=5)),
    _job("push_products", every=timedelta(hours=1)),
    _job("push_inventory", every=timedelta(minutes=15)),
    Job("check_hooks", every=timedelta(hours=1)),
    Job("prune_journal", every=timedelta(days=1), needs_store=False),
)
"""The jobs of a cycle in sequence: orders come first, since they change the quantities to push, and
products before quantities, since the store needs the product first.

A job whose part the books lack is left out.
"""


# Cycles


class Timed(Protocol):
    """What the timer and its cycles need of an orchestrator."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        ...

    @property
    def clock(self) -> Clock:
        """The time: intervals are measured by it."""
        ...

    @property
    def stop_request(self) -> Stop:
        """Whether it was asked to stop."""
        ...


class Web(Timed, Protocol):
    """What a cycle needs of an orchestrator, in addition to the methods of its schedule."""

    @property
    def books(self) -> ImportGateway:
        """AcctVantage's side."""
        ...

    def use(self, settings: Settings) -> None:
        """Continue with other settings."""

    def worklist(self) -> Worklist:
        """List everything that waits for a person."""
        ...


@attrs.define
class Cycle:
    """The cycles of one configuration, as one process runs them."""

    _web: Web
    # Opens the journal that the last cycles are kept in.
    _journal: Callable[[], Journal]
    # Asks the store once whether it answers at all.
    _is_answering: Callable[[], bool]
    # What this process knows of the last one, for where the journal cannot be read or written.
    _last: dict[str, LastCycle] = attrs.field(factory=dict[str, LastCycle], init=False)
    # The errors of the settings file that were reported.
    _reported_error: str = attrs.field(default="", init=False)
    _is_disabled_reported: bool = attrs.field(default=False, init=False)
    # The jobs that the settings ask for, and the books cannot do.
    _lacking_reported: frozenset[str] = attrs.field(default=frozenset[str](), init=False)

    def is_due(self) -> bool:
        """Whether the next cycle is due."""
        last, at = self._read()
        return last.is_due(at)

    def run(
        self,
        schedule: Sequence[Job],
        *,
        if_due: bool = False,
        if_free: bool = False,
        spread: bool = False,
    ) -> CycleReport:
        """Run one cycle, and log it. Errors are in its report, not raised.

        Args:
            schedule: The jobs, in sequence, and how often each runs.
            if_due: Do nothing before the next cycle is due, and what `if_free` says.
            if_free: Do nothing while another process is in a cycle of the store.
            spread: Have the next cycle due at the store's own moment of the interval.
        """
        with working_for(name_of(self._web.settings)), ExitStack() as stack:
            started = self._web.clock.now()
            if self._web.settings.store.enabled:
                early = self._early(started) if if_due else None
                if early is None and (if_due or if_free):
                    if taken := self._take_turn(stack):
                        return self._taken(taken, started)
                    # Another process may have run it since it was asked.
                    early = self._early(started) if if_due else None
                if early is not None:
                    return early
            return self._run_now(schedule, started, spread=spread)

    def _run_now(self, schedule: Sequence[Job], started: datetime, *, spread: bool) -> CycleReport:
        notes, error = self._reload()
        if self._web.settings.store.enabled:
            with ended_by(self._web.stop_request):
                report = self._run(schedule, started, spread=spread)
        else:
            report = self._disabled(started)
        if report.jobs or report.notes or notes:
            # Failures have lines of their own, and those are not repeated in each cycle.
            is_ok = all(job.ok or job.failure or job.is_taken for job in report.jobs)
            level = logging.INFO if is_ok else logging.WARNING
            _log.log(level, "%s", report.headline)
            log_lines(_log, logging.INFO if error is None else logging.WARNING, notes)
            log_lines(_log, logging.INFO, report.notes)
        return attrs.evolve(report, notes=(*notes, *report.notes), settings_error=error)

    def _run(self, schedule: Sequence[Job], started: datetime, *, spread: bool) -> CycleReport:
        web, begun = self._web, self._web.clock.monotonic()
        interval, scope = self._interval, scope_of(web.settings)
        stop = web.stop_request
        last, at = self._read()
        lacking = self._lacking(schedule)
        notes = self._missing(lacking)
        # By what was due and not by when a worker came to it: otherwise a job of the same interval
        # would be left out whenever a cycle begins a second sooner than the one before.
        course = _Course(last, own_moment(scope, interval, at) if spread else at)
        self._do_jobs(schedule, lacking, course)
        unanswered = last.unanswered + 1 if course.is_silent else 0
        finished = web.clock.now()
        ended = at + timedelta(seconds=web.clock.monotonic() - begun)
        next_at = ended + rest_of(interval, unanswered)
        if spread:
            next_at = own_moment(scope, interval, next_at)
        wait = next_at - ended
        if course.is_silent:
            notes.append(_no_answer(unanswered, finished + wait, course.skipped))
        told = self._tell(course, last.told, ended)
        if course.jobs:
            done = {**last.done, **course.done}
            self._write(LastCycle(at, ended, next_at, unanswered, done, told))
        return CycleReport(
            self._name,
            started,
            finished,
            tuple(course.jobs),
            tuple(notes),
            stopped=stop.is_due,
            worklist=self._waiting() if course.jobs else 0,
            skipped=tuple(course.skipped),
            unanswered=unanswered,
            next_at=finished + wait,
        )

    def _disabled(self, started: datetime) -> CycleReport:
        """Report once that the store is not enabled."""
        note = "store.enabled is false, so nothing runs for this store (manual 1.3)."
        notes = () if self._is_disabled_reported else (note,)
        self._is_disabled_reported = True
        finished = self._web.clock.now()
        next_at = finished + self._interval
        return CycleReport(self._name, started, finished, notes=notes, next_at=next_at)

    def _early(self, started: datetime) -> CycleReport | None:
        """Return the report of a cycle that is not due; None where it is."""
        last, at = self._read()
        left = timedelta(0) if last.next_at is None else last.next_at - at
        # The clock of a database may be a little slower than the one that was waited by.
        if left <= self._interval / 100:
            return None
        finished = self._web.clock.now()
        notes = (_no_answer(last.unanswered, finished + left),) if last.unanswered else ()
        return CycleReport(
            self._name,
            started,
            finished,
            notes=notes,
            unanswered=last.unanswered,
            next_at=finished + left,
            is_early=True,
            is_served=last.ended != self._mine.ended,
        )

    def _taken(self, taken: str, started: datetime) -> CycleReport:
        finished = self._web.clock.now()
        next_at = finished + others_turn(self._interval)
        report = CycleReport(self._name, started, finished, taken=taken, next_at=next_at)
        _log.info("%s", report.headline)
        return report

    def _take_turn(self, stack: ExitStack) -> str:
        """Take the turn to run a cycle until the stack ends; returns why it could not be had."""
        try:
            turn = Cycles(self._journal()).take_turn(scope_of(self._web.settings))
        except AvbcError:
            # The jobs report it: they need the journal, too.
            return ""
        return stack.enter_context(turn).check()

    @property
    def _interval(self) -> timedelta:
        return timedelta(minutes=self._web.settings.order_status.check_interval_minutes)

    @property
    def _name(self) -> str:
        return name_of(self._web.settings).name

    # What the journal knows

    def _read(self) -> tuple[LastCycle, datetime]:
        """Return what is known of the last cycle, and the present by the same clock."""
        clock, scope = self._web.clock, scope_of(self._web.settings)
        try:
            last, at = Cycles(self._journal()).read(scope)
        except AvbcError:
            # The jobs report it: they need the journal, too.
            last, at = LastCycle(), clock.now()
        if clock != Clock():
            # A test suite has a time of its own.
            at = clock.now()
        mine = self._mine
        if mine.ended is not None and (last.ended is None or last.ended < mine.ended):
            last = mine
        return last.as_of(at), at

    @property
    def _mine(self) -> LastCycle:
        return self._last.get(scope_of(self._web.settings), LastCycle())

    def _write(self, cycle: LastCycle) -> None:
        scope = scope_of(self._web.settings)
        self._last = {scope: cycle}
        try:
            Cycles(self._journal()).write(scope, cycle)
        except AvbcError as error:
            _log.warning("the journal lacks the last cycle: %s", error)

    # The settings file

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
            self._is_disabled_reported &= not new.store.enabled
        return notes, None

    # The jobs

    def _lacking(self, schedule: Sequence[Job]) -> dict[str, MethodsMissing]:
        """Return what the books lack for jobs that the settings turn on."""
        parts, settings = Parts(self._web.books), self._web.settings
        return {
            job.method: lack
            for job in schedule
            if job.when(settings) and (lack := parts.lacks_for(job.method)) is not None
        }

    def _missing(self, lacking: Mapping[str, MethodsMissing]) -> list[str]:
        """Return what to report of the jobs that are left out."""
        asked = {method: lack for method, lack in lacking.items() if NEEDS[method].key}
        notes = [
            lack.left_out for method, lack in asked.items() if method not in self._lacking_reported
        ]
        self._lacking_reported = frozenset(asked)
        return notes

    def _do_jobs(self, schedule: Sequence[Job], left_out: Collection[str], course: _Course) -> None:
        settings = self._web.settings
        for job in schedule:
            if self._web.stop_request.is_due:
                return
            if job.method in left_out or not job.when(settings) or not course.is_due(job):
                continue
            if course.is_silent and job.needs_store:
                course.skipped.append(job.method)
                continue
            outcome = self._do(job)
            course.jobs.append(outcome)
            failure = outcome.failure
            if failure is None and not getattr(outcome.report, "stopped", ""):
                course.done[job.method] = course.at
            course.is_silent = course.is_silent or self._is_silence(failure)

    def _do(self, job: Job) -> JobOutcome:
        try:
            method = cast("Callable[[], Report]", getattr(self._web, job.method))
            return JobOutcome(job.method, method())
        except Exception as error:  # noqa: BLE001
            # A bug in a gateway, a customisation or avbc must not end the timer.
            return JobOutcome(job.method, error=error)

    def _is_silence(self, failure: Exception | None) -> bool:
        """Whether a job failed because the store does not answer, whatever it is asked."""
        if isinstance(failure, StoreUnreachable) and not failure.sent:
            return True
        # A single request may fail again and again while the store answers all others.
        return isinstance(failure, _NO_ANSWER) and not self._is_answering()

    def _waiting(self) -> int:
        try:
            return len(self._web.worklist())
        except AvbcError as error:
            # The jobs have reported it: they need the journal, too.
            _log.warning("the worklist could not be read: %s", error)
            return 0

    def _tell(
        self, course: _Course, told: Mapping[str, datetime], now: datetime
    ) -> dict[str, datetime]:
        """Log the failures that were not logged lately; returns what was."""
        failed = [
            (job.method, job.failure)
            for job in course.jobs
            if job.failure is not None and not isinstance(job.failure, StopAsked)
        ]
        known, news = failures_to_tell(failed, self._web.settings, told, now)
        for methods, error in news:
            _log.error(
                "%s %s",
                named(methods),
                " ".join(lines_of(str(JobOutcome(methods[0], error=error)))),
                exc_info=_traced(error),
            )
        return known


@attrs.define
class _Course:
    """How far a cycle is."""

    last: LastCycle
    at: datetime
    """When it began, or was due."""
    jobs: list[JobOutcome] = attrs.field(factory=list[JobOutcome])
    skipped: list[str] = attrs.field(factory=list[str])
    done: dict[str, datetime] = attrs.field(factory=dict[str, datetime])
    is_silent: bool = False
    """The store does not answer."""

    def is_due(self, job: Job) -> bool:
        """Whether its interval has passed."""
        before = self.last.done.get(job.method) if job.every else None
        return before is None or self.at - before >= job.every


def _traced(error: Exception) -> BaseException | None:
    """Return the exception whose traceback says more than the message; None where none does."""
    if isinstance(error, BooksUnusable) and error.is_defect:
        return error.__cause__
    return None if isinstance(error, AvbcError) else error


def _no_answer(count: int, next_at: datetime, skipped: Sequence[str] = ()) -> str:
    text = (
        f"The store did not answer in {counted(count, 'cycle')}; the next try is at "
        f"{moment(next_at)}."
    )
    return f"{text} Not tried: {', '.join(skipped)}." if skipped else text


def _changed(old: Settings, new: Settings) -> list[str]:
    """Return the keys whose values differ; never the values, which include secrets."""
    before: dict[str, dict[str, object]]
    before, after = (
        attrs.asdict(settings, filter=lambda field, _: field.init) for settings in (old, new)
    )
    return [
        f"{screen}.{key}"
        for screen, values in before.items()
        for key, value in values.items()
        if value != after[screen][key]
    ]
