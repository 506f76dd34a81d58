"""Runs: what each job of the orchestrator works with, and where its results, journal and errors go.

```python
run = PushRun(integration, Task("push_order_statuses", "Pushing order statuses"))
report = run.do(push_order_statuses)  # calls run.known(...), run.send(...), ...
```
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Generic, Self, TypeVar

import attrs

from avbc import tracing
from avbc.acctvantage import BooksUnreachable
from avbc.bigcommerce import Call, NotFound
from avbc.errors import AvbcError, Fault, FinalError, TransientError
from avbc.mapping import Problem
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.attention import FOLLOWING, STOPPED, Attention, stopped_problem
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    change_text,
    order_extra,
    problem_of,
    unexpected,
)
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JournalUnreachable, merged
from avbc.orchestrator.engine.leases import Lease
from avbc.orchestrator.engine.order_reads import IN_FLIGHT, OrdersNow, Seen
from avbc.orchestrator.engine.progress import Progress, no_progress, progress_shown
from avbc.orchestrator.engine.statuses import ImportStatuses
from avbc.orchestrator.reports import (
    Change,
    Effect,
    JournalEntry,
    PlannedCall,
    PushReport,
    RunReport,
)
from avbc.settings import SettingsError

R = TypeVar("R", bound=RunReport)
T = TypeVar("T")

CHUNK = 32
"""Records after which the journal is written and a stop is looked for."""

_log = logging.getLogger("avbc.orchestrator")


@attrs.frozen
class Task:
    """What a run is for."""

    name: str
    """The orchestrator's method: `push_order_statuses`."""
    doing: str
    """What the progress shows: "Pushing order statuses"."""
    preview: bool = False
    """Change nothing; the report says what would change."""
    progress: bool = False
    turn: str = ""
    """What only one process at a time may do for the store; a preview needs no turn. Empty for
    checks, which write nothing and run for a store that is not enabled too."""
    patience: timedelta = timedelta(0)
    """How long to wait while another process has its turn."""


class Run(Generic[R]):
    """One run of one job: the one object that the job gets.

    Args:
        integration: The settings, the store, the books and the journal.
        task: What the run is for.
        report: The report that the job fills.

    Raises:
        SettingsError: The store is not enabled, or the settings hold no access token.
    """

    def __init__(self, integration: Integration, task: Task, report: R) -> None:
        self.integration = integration
        self.settings = integration.settings
        if task.turn:
            self.require(
                self.settings.store.enabled,
                "store.enabled",
                "is false, so nothing runs for this store (manual 1.3)",
            )
        self.store = integration.store
        self.books = integration.books
        self.source_code = integration.source_code
        self.preview = task.preview
        self.started = datetime.now(UTC)
        self.report = report
        self.report.started = self.started
        self.done = 0
        self.total: int | None = None
        """How many records there are, for the progress; None while that is not known."""
        self.is_begun = False
        """Whether something was done that the report must not lose: an error then ends the run, and
        is not raised."""
        self._task = task
        self._id = uuid.uuid4().hex
        self._lease: Lease = Lease()
        self._on_progress: Progress = no_progress
        self._entries: list[JournalEntry] = []
        self._attention = Attention(integration, task.turn or task.name)
        self._known: dict[str, dict[str, str]] = {}
        """What is to be remembered with the next flush: texts by key, by kind."""
        self.orders_now = OrdersNow(self.store)
        """The store's orders as they are now."""
        self._requests_before = self.store.requests_sent

    def require(self, is_set: bool, key: str, message: str) -> None:
        """Make sure that the settings ask for what is to be done.

        Raises:
            SettingsError: They do not: the key, and what to do about it.
        """
        if not is_set:
            raise SettingsError("settings", [Fault(key, message)])

    def do(self, job: Callable[[Self], object]) -> R:
        """Do the job, if it is this process's turn.

        Returns:
            The report. An `AvbcError` that ended the run early is in its `stopped`.

        Raises:
            AvbcError: The run could not begin, and nothing was changed.
        """
        try:
            self._do(job)
        finally:
            # No process has to wait for its turn while the application sends its e-mail.
            if not self.preview:
                self._attention.report()
        return self.report

    @property
    def statuses(self) -> ImportStatuses:
        """The three statuses of the import, by id."""
        return self.integration.statuses

    # How it ends

    def is_over(self) -> bool:
        """Whether nothing new is to be begun: a stop was asked for, or another has its turn."""
        if not self.report.stopped and self.integration.stop.is_due:
            self.report.stopped = "a stop was asked for"
        self.report.stopped = self.report.stopped or self._lease.check()
        return bool(self.report.stopped)

    def halt(self, error: AvbcError) -> None:
        """End the run for an error.

        Raises:
            AvbcError: The error, where nothing was done yet that the report must not lose.
        """
        if not self.is_begun:
            raise error
        self.report.stopped = str(error)

    def stop_if_all_failed(self, answers: Collection[object]) -> None:
        """End the run if all requests failed: without a store each other one would take minutes."""
        errors = [answer for answer in answers if isinstance(answer, TransientError)]
        if errors and len(errors) == len(answers):
            self.report.stopped = self.report.stopped or str(errors[0])

    def advance(self, count: int) -> None:
        """Count records as done, write the journal and report the progress."""
        self.flush()
        if count:
            self.is_begun = True
            self.done += count
            self._on_progress(self.done, self.total, self._task.doing)

    def chunks(self, rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
        """Yield rows in lists of at most so many, taken as they are needed, until it is over."""
        rest = iter(rows)
        while not self.is_over() and (chunk := list(islice(rest, size))):
            yield chunk

    # What is remembered, for this store and source

    def watermark(self) -> datetime | None:
        """Return up to which time this job is done; None where that is not known."""
        return self.integration.journal.watermark(self._scoped(self._task.name))

    def set_watermark(self, at: datetime) -> None:
        """Note up to which time this job is done, unless it previews or ended early."""
        if not (self.preview or self.report.stopped):
            self.flush()
            self._kept(
                partial(self.integration.journal.set_watermark, self._scoped(self._task.name), at)
            )

    def known(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """Return what is known of these keys on the other side; unknown keys are left out."""
        return self.integration.journal.fingerprints(self._scoped(kind), keys)

    def all_known(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield all that is known of a kind, sorted by key: made for `journal.merged`."""
        return self.integration.journal.all_fingerprints(self._scoped(kind))

    def know(self, kind: str, key: str, text: str) -> None:
        """Remember what the other side has now. It is written with the journal, after the chunk."""
        if not self.preview:
            self._known.setdefault(self._scoped(kind), {})[key] = text

    def forget(self, kind: str, keys: Collection[str] | None = None) -> None:
        """Forget what was known of some keys, or of all of the kind."""
        if not self.preview:
            self.flush()
            self._kept(
                partial(self.integration.journal.forget_fingerprints, self._scoped(kind), keys)
            )

    # What waits for a person

    def add_item(
        self, problem: Problem, *, key: str, order_id: int = 0, import_id: str = "", area: str = ""
    ) -> None:
        """Put a problem on the worklist, in the area of this job or another."""
        if not self.preview:
            self._attention.add(problem, key=key, order_id=order_id, import_id=import_id, area=area)

    def settle(
        self, keys: Iterable[str], *, area: str = "", codes: Collection[str] | None = None
    ) -> None:
        """Take items off the worklist whose cause is gone."""
        if not self.preview:
            self._attention.settle(keys, area=area, codes=codes)

    def settle_rest(self, area: str = "") -> None:
        """Take off the items of an area that this run did not find: it looked at everything."""
        if not (self.preview or self.report.stopped):
            self._attention.settle_rest(area)

    def set_items(
        self, key: str, problems: Collection[Problem], order_id: int = 0, import_id: str = ""
    ) -> None:
        """Have these problems of the job, and no others, on the worklist for one key."""
        if not self.preview:
            self._attention.replace(key, problems, order_id=order_id, import_id=import_id)

    def add_stopped_item(self, order_id: int, import_id: str, happened: str) -> Problem:
        """Put an order that was stopped in the store on the worklist; there is one item for all."""
        problem = stopped_problem(order_id, import_id, happened)
        self.add_item(
            problem, key=import_id, order_id=order_id, import_id=import_id, area=FOLLOWING
        )
        return problem

    def first_seen(self, code: str, key: str, area: str) -> datetime | None:
        """Return since when something is on the worklist; None if no earlier run put it there."""
        return self._attention.since((area, code, key))

    def entry(
        self, action: str, outcome: str, order_id: int, import_id: str, detail: str
    ) -> JournalEntry:
        """Make an entry of the journal."""
        return JournalEntry(
            datetime.now(UTC), action, outcome, order_id, import_id, detail, self._id
        )

    def record(self, entry: JournalEntry) -> None:
        """Have an entry written to the journal after the chunk; a preview has no entries."""
        if not self.preview:
            self._entries.append(entry)

    def flush(self) -> None:
        """Write what waits for a person, what is known and the entries to the journal."""
        # First: what is known is not looked at again, and would be lost to the worklist.
        self._kept(self._attention.flush)
        known, self._known = self._known, {}
        entries, self._entries = self._entries, []
        if known:
            self._kept(partial(self.integration.journal.remember_together, known))
        if entries:
            self._kept(partial(self.integration.journal.write, entries))

    def _do(self, job: Callable[[Self], object]) -> None:
        task = self._task
        with (
            tracing.span(f"avbc.{task.name}", {"avbc.source_code": self.source_code}),
            progress_shown(self.integration.on_progress, bars=task.progress) as self._on_progress,
            self._turn() as self._lease,
        ):
            try:
                if not self.is_over():
                    self._require_own_orders()
                    job(self)
            except AvbcError as error:
                self.halt(error)
            finally:
                self.flush()
                self.report.finished = datetime.now(UTC)
                self.report.requests = self.store.requests_sent - self._requests_before
            _log.info("%s", self.report.summary())
            tracing.note({f"avbc.{name}": count for name, count in self.report.counts().items()})

    def _require_own_orders(self) -> None:
        """Make sure that no order of another store has this Import Source Code."""
        code, store_hash = self.source_code, self.store.store_hash
        others = self.books.source_stores(code) - {store_hash} if self._task.turn else ()
        self.require(
            not others,
            "order_status.import_source_code",
            f"is {code!r}, and the books have orders of the store {', '.join(sorted(others))} "
            f"under it: orders of {store_hash} would get the same Import IDs. Give this store an "
            "Import Source Code that no other store has",
        )

    def _scoped(self, kind: str) -> str:
        return f"{kind} {self.integration.scope}"

    def _kept(self, work: Callable[[], object]) -> None:
        try:
            work()
        except JournalUnreachable as error:
            # What was done is done and safe: without its record it is looked at again.
            _log.warning("a part of the journal is lost: %s", error)

    def _turn(self) -> AbstractContextManager[Lease]:
        if self.preview or not self._task.turn:
            return nullcontext(Lease())
        return self.integration.journal.lease(self._scoped(self._task.turn), self._task.patience)


@attrs.frozen
class Step(Generic[T]):
    """One request, and the changes that it makes on the other side."""

    call: Call[T]
    changes: tuple[Change, ...]
    even_if_stopped: bool = attrs.field(default=False, kw_only=True)
    """Whether it is sent for an order that was stopped in the store, too."""

    def settle(self, run: PushRun, answer: T | AvbcError) -> None:
        """Report to the run how each change ended: all were sent, or all failed."""
        if isinstance(answer, AvbcError):
            for change in self.changes:
                run.fail(change, answer)
        else:
            run.sent(*self.changes)

    def stop(self, run: PushRun, _seen: Seen, problem: Problem) -> None:
        """Report to the run that the order was stopped in the store: nothing was sent."""
        for change in self.changes:
            run.refuse(change, problem)


class PushRun(Run[PushReport]):
    """A run that changes records on one side as they changed on the other.

    Args:
        integration: The settings, the store, the books and the journal.
        task: What the run is for.

    Raises:
        SettingsError: The store is not enabled, or the settings hold no access token.
    """

    def __init__(self, integration: Integration, task: Task) -> None:
        task = attrs.evolve(task, turn=task.name)
        super().__init__(integration, task, PushReport(task.name, preview=task.preview))
        self._refusals: dict[str, JournalEntry] = {}

    def set_watermark(self, at: datetime) -> None:
        """Note up to which time this job is done, unless something of it waits for the next run."""
        if not self.report.postponed:
            super().set_watermark(at)

    # What changed in the books

    def changed(
        self, kind: str, records: Iterable[tuple[str, tuple[T, str]]], *, full: bool = False
    ) -> Iterator[tuple[str, T, str, str]]:
        """Yield (key, record, text, text pushed last) of each record of the books that changed.

        The books and the journal are walked side by side, so that a million records need no memory.
        The others count as unchanged, and what is gone from the books is forgotten: if it comes
        back, it is pushed again, whatever happened to it in the store meanwhile.

        Args:
            kind: What the journal remembers the texts under.
            records: The key of each record, sorted, then the record and its text.
            full: Yield all of them, changed or not.
        """
        gone: list[str] = []
        for key, record, before in merged(records, self.all_known(kind)):
            if record is None:
                gone.append(key)
            elif record[1] == before and not full:
                self.unchanged()
            else:
                yield key, *record, before or ""
        if gone:
            self.forget(kind, gone)

    # Ends of changes

    def sent(self, *changes: Change) -> None:
        """Report changes that the other side has now; made together, they are one journal entry."""
        self._end("sent", *changes)

    def unchanged(self, count: int = 1) -> None:
        """Count records that the other side has as they should be."""
        self.report.unchanged += count

    def refuse(self, change: Change, *problems: Problem) -> None:
        """Report a change that cannot be made; a refusal in the same words is journaled once."""
        self._end("refused", attrs.evolve(change, problems=(*change.problems, *problems)))

    def postpone(self, change: Change, *problems: Problem) -> None:
        """Report a change that could not be made this time; the next run takes it."""
        self._end("postponed", attrs.evolve(change, problems=(*change.problems, *problems)))

    def fail(self, change: Change, error: AvbcError) -> None:
        """Report a change that failed: postponed where trying again can help, otherwise refused.

        Raises:
            AvbcError: The error itself, where it concerns every change.
        """
        if isinstance(error, FinalError) and not isinstance(error, CONCERNS_ALL):
            self.refuse(change, problem_of(error))
        else:
            self.postpone(change, problem_of(error))
        if isinstance(error, CONCERNS_ALL):
            raise error
        if isinstance(error, BooksUnreachable):
            self.report.stopped = self.report.stopped or str(error)

    # Doing

    def send(self, steps: Iterable[Step[T]]) -> None:
        """Send requests in chunks: each is settled, then the journal is written.

        The steps are taken as they are needed, so there may be very many of them. A request that
        must not be repeated (a shipment, a capture) gets an entry `begun` before it is sent; its
        job first reads whether it took effect already. In a preview nothing is sent, and the
        changes say what would be.

        Raises:
            AvbcError: An error that concerns every change, such as a refused token.
            JournalUnreachable: The entry `begun` could not be written, so nothing was sent.
        """
        for taken in self.chunks(steps):
            chunk = self._going_on(taken)
            if self.preview:
                for step in chunk:
                    first, *others = step.changes
                    planned = (*first.calls, PlannedCall.of(step.call))
                    self.sent(attrs.evolve(first, calls=planned), *others)
                continue
            if not chunk:
                self.flush()
                continue
            self.integration.journal.write(
                [self._entry("begun", each.changes) for each in chunk if not each.call.repeatable]
            )
            calls = [step.call for step in chunk]
            # An endpoint may take fewer requests at once: no thread waits for its turn there.
            limit = min(call.cap.limit if call.cap else IN_FLIGHT for call in calls)
            answers = self.store.map(calls, limit=min(limit, IN_FLIGHT), return_errors=True)
            concerning_all = next(
                (each for each in answers if isinstance(each, CONCERNS_ALL)), None
            )
            for step, answer in zip(chunk, answers, strict=True):
                try:
                    step.settle(self, answer)
                except CONCERNS_ALL as error:
                    concerning_all = error
            self.stop_if_all_failed(answers)
            self.flush()
            if concerning_all is not None:
                raise concerning_all

    def _going_on(self, steps: Sequence[Step[T]]) -> list[Step[T]]:
        """Refuse the steps of orders that were stopped in the store; returns the others.

        Every request about an order passes here, and the store is asked as it is now.
        """
        asked = {step.changes[0].order_id for step in steps if not step.even_if_stopped} - {0}
        try:
            orders = self.orders_now.read(asked)
        except AvbcError as error:
            for change in (change for step in steps for change in step.changes):
                self.postpone(change, problem_of(error))
            if isinstance(error, CONCERNS_ALL):
                raise
            self.report.stopped = self.report.stopped or str(error)
            return []
        going: list[Step[T]] = []
        for step in steps:
            first = step.changes[0]
            order = None if step.even_if_stopped else orders.get(first.order_id)
            if order is not None and (happened := stopped(order.status_id)):
                problem = self.add_stopped_item(first.order_id, first.import_id, happened)
                step.stop(self, order, problem)
            elif order is not None and order.is_gone:
                step.settle(self, NotFound(f"the store does not list order {first.order_id}"))
            else:
                going.append(step)
        return going

    def write(self, change: Change, work: Callable[[], object]) -> bool:
        """Write one change in the books; returns whether they have it, or in a preview would.

        Raises:
            BooksUnusable: The books must be repaired first.
        """
        if not self.preview:
            try:
                work()
            except AvbcError as error:
                self.fail(change, error)
                return False
            except Exception as error:  # noqa: BLE001
                # A bug in the application's gateway must not stop the other changes.
                ids = order_extra(change.order_id, change.import_id)
                self.postpone(change, unexpected(error, change.key, "in the books", ids))
                return False
        self.sent(change)
        return True

    def flush(self) -> None:
        """Write to the journal, also the refusals that are new, and report the progress."""
        refusals, self._refusals = self._refusals, {}
        kind = f"{self._task.name} refused"
        if refusals:
            self._kept(partial(self._note_refusals, kind, refusals))
        super().flush()
        if self.done:
            self._on_progress(self.done, self.total, self._task.doing)

    def _note_refusals(self, kind: str, refusals: dict[str, JournalEntry]) -> None:
        known = self.known(kind, refusals)
        for key, entry in refusals.items():
            if known.get(key) != entry.detail:
                self.know(kind, key, entry.detail)
                self.record(entry)

    def _end(self, effect: Effect, *changes: Change) -> None:
        self.report.changes(effect).extend(changes)
        self.done += len(changes)
        result = f"would be {effect}" if self.preview else effect
        for change in changes:
            ids = order_extra(change.order_id, change.import_id)
            _log.debug("%s: %s %s", change.key, change.what, result, extra=ids)
        if self.preview:
            return
        self.is_begun = self.is_begun or effect != "postponed"
        entry = self._entry(effect, changes)
        for change in changes:
            if effect != "postponed":
                errors = [each for each in change.problems if each.severity == "error"]
                if self._task.name != FOLLOWING:
                    errors = [each for each in errors if each.code != STOPPED]
                problems = errors if effect == "refused" else []
                self.set_items(change.key, problems, change.order_id, change.import_id)
        if effect == "refused":
            self._refusals.update((change.key, entry) for change in changes)
        else:
            self.record(entry)

    def _entry(self, outcome: str, changes: Collection[Change]) -> JournalEntry:
        first = next(iter(changes))
        # Changes that were made together are of many records, or of one.
        same = all(change.import_id == first.import_id for change in changes)
        ids = (first.order_id, first.import_id) if same else (0, "")
        return self.entry(self._task.name, outcome, *ids, "; ".join(map(change_text, changes)))
