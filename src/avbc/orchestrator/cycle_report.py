"""What a cycle did: one outcome for each of its jobs."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import attrs

from avbc.errors import AvbcError
from avbc.orchestrator.engine.parts import named
from avbc.orchestrator.reports import RunReport, told_counts
from avbc.orchestrator.worklist import waiting
from avbc.report import Report, counted, tally
from avbc.settings import SettingsError
from avbc.shown import Shown
from avbc.tables import MARK

_SAME = "unchanged"


@attrs.frozen
class JobOutcome(Shown):
    """How one job of a cycle ended."""

    method: str
    report: Report | None = None
    """What it did; None where it failed."""
    error: Exception | None = None
    """Why it failed. The next cycle calls it again."""

    @property
    def failure(self) -> Exception | None:
        """The error that it failed with, or that ended it early; None where there was none."""
        return self.error or getattr(self.report, "failure", None)

    @property
    def is_taken(self) -> bool:
        """Another process did the same for the store, so nothing was done."""
        return bool(getattr(self.report, "is_taken", False))

    @property
    def ok(self) -> bool:
        """It did not fail, and its report is ok."""
        return self.error is None and bool(getattr(self.report, "ok", True))

    @property
    def work(self) -> str:
        """What it did, in a short sentence; empty where it changed nothing and left nothing.

        >>> from avbc import Outcome, ImportReport
        >>> done = ImportReport(imported=[Outcome(1042, "WEB1042")])
        >>> JobOutcome("import_orders", done).work
        'Import orders: imported 1.'
        """
        if not isinstance(self.report, RunReport):
            return ""
        counts = {name: count for name, count in told_counts(self.report).items() if name != _SAME}
        if not any(counts.values()):
            return ""
        return f"{self.method.replace('_', ' ').capitalize()}: {tally(counts)}."

    def __str__(self) -> str:
        if self.error is None:
            went = "" if self.report is None else self.report.summary()
            return went if self.failure is None else f"failed: {went}"
        # The message of another's error may say little without its class.
        name = "" if isinstance(self.error, AvbcError) else f"{type(self.error).__name__}: "
        return f"failed: {name}{self.error}"


@attrs.frozen
class CycleReport(Report):
    """What one cycle did.

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
    """Reported once by each process: changed settings, a settings file with errors, a store that is
    not enabled, a job that the settings ask for and the books cannot do. And in each cycle: that
    the store did not answer, and when the next try is."""
    settings_error: SettingsError | None = None
    """New errors in the settings file; the previous settings stay in force."""
    stopped: bool = False
    """The cycle ended early because a stop was requested."""
    worklist: int = 0
    """How many items wait for a person (`Orchestrator.worklist`)."""
    skipped: tuple[str, ...] = ()
    """The jobs that were due and not tried, since the store did not answer."""
    unanswered: int = 0
    """In how many cycles in a row the store did not answer."""
    next_at: datetime | None = None
    """When the next cycle is due, by this machine's clock."""
    is_early: bool = False
    """It was not due yet, so nothing was done (`run_cycle(if_due=True)`)."""
    is_served: bool = False
    """Another process ran the last cycle."""
    taken: str = ""
    """Why nothing was done though it was due: another process is in a cycle of the store, which is
    looked at again at `next_at`."""

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
        """The jobs that failed, or that an error ended early."""
        return [job for job in self.jobs if job.failure is not None]

    def summary(self) -> str:
        """How the cycle went, and its notes."""
        return self._placed(self._went(""))

    @property
    def line(self) -> str:
        """The cycle without its table: how it went, what its jobs did, and its notes."""
        return self._placed(self.headline)

    @property
    def headline(self) -> str:
        """How the cycle went and what its jobs did, in a line that does not name the store."""
        return self._went("".join(f" {text}" for job in self.jobs if (text := job.work)))

    def _placed(self, headline: str) -> str:
        headline = f"{self.store}, {self.started:%Y-%m-%d %H:%M:%S} UTC: {headline}"
        return "\n".join([headline, *self.notes])

    def _went(self, work: str) -> str:
        if self.is_early and self.next_at is not None:
            return f"not due before {moment(self.next_at)}."
        if self.taken:
            return f"{self.taken}."
        done = f"{counted(len(self.jobs), 'job')} done"
        if self.failed:
            done = f"{len(self.failed)} of {len(self.jobs)} jobs failed"
        end = ", then stopped" if self.stopped else ""
        text = f"{done}, {counted(self.requests, 'request')}{end}.{work}"
        if taken := [job.method for job in self.jobs if job.is_taken]:
            text += f" Left to another process: {named(taken)}."
        if self.worklist:
            text += f" {waiting(self.worklist)} for a person."
        unreported = (str(getattr(job.report, "unreported", "")) for job in self.jobs)
        if reason := next(filter(None, unreported), ""):
            text += f" New items were not reported: {reason}."
        return text

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per job: job, ok, outcome."""
        return [{"job": job.method, "ok": job.ok, "outcome": str(job)} for job in self.jobs]

    def shown(self) -> list[dict[str, object]]:
        """One row per outcome, with the jobs that had it."""
        rows: dict[tuple[str, str], list[str]] = {}
        told: dict[str, str] = {}
        for job in self.jobs:
            text, failure = str(job).removeprefix(f"{job.method}: "), job.failure
            if failure is not None:
                # The same reason, whatever was asked for, and whichever scope is missing.
                scope = getattr(failure, "scope", "")
                reason = str(failure).replace(getattr(failure, "call", ""), "").replace(scope, "")
                first = told.setdefault(reason, job.method)
                if first != job.method:
                    same = f"for the same reason as {first}{f': the scope {scope}' * bool(scope)}"
                    text = text.replace(str(failure), same)
            mark = "" if job.ok or job.is_taken else "error" if failure else "warning"
            rows.setdefault((text, mark), []).append(job.method)
        return [
            {"job": ", ".join(methods), "outcome": text, MARK: mark}
            for (text, mark), methods in rows.items()
        ]

    def to_html(self) -> str:
        """The report, with those of its jobs folded."""
        details = [
            f"<details><summary>{html.escape(job.method)}</summary>{job.report.to_html()}</details>"
            for job in self.jobs
            if job.report is not None and job.report.shown()
        ]
        return super().to_html() + "".join(details)


def moment(at: datetime) -> str:
    """A time of today, as notes say it."""
    return f"{at.astimezone(UTC):%H:%M} UTC"
