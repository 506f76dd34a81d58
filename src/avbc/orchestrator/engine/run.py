"""Runs: what each job of the orchestrator works with, and where its results, journal and errors go.

The runs of jobs that push or write changes are in `push_run`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import islice
from typing import Generic, Self, TypeVar

import attrs

from avbc import tracing
from avbc.bigcommerce import StopAsked
from avbc.bigcommerce.at_once import Begun
from avbc.bigcommerce.documented import collecting
from avbc.bigcommerce.writes import before_writes
from avbc.errors import AvbcError, Fault, TransientError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.mapping.following import is_credited, money_held
from avbc.money import ZERO
from avbc.orchestrator.engine.arguments import require_flags
from avbc.orchestrator.engine.attention import FOLLOWING, GONE, Attention, stopped_problem
from avbc.orchestrator.engine.clocks import note_clocks
from avbc.orchestrator.engine.failures import note_failure, note_success
from avbc.orchestrator.engine.in_hand import InHand
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS
from avbc.orchestrator.engine.order_pages import OrderPages
from avbc.orchestrator.engine.order_reads import OrdersNow
from avbc.orchestrator.engine.progress import Progress, no_progress, progress_shown
from avbc.orchestrator.engine.source_code import code_faults
from avbc.orchestrator.engine.states import Noted, States
from avbc.orchestrator.engine.statuses import ImportStatuses
from avbc.orchestrator.engine.writes import Write, Writes, checked_turn
from avbc.orchestrator.reports import JournalEntry, RunReport
from avbc.turns import Lease

R = TypeVar("R", bound=RunReport)
T = TypeVar("T")

CHUNK = 32
"""Records after which the journal is written and a stop is looked for."""

_log = get_logger("avbc.orchestrator")


@attrs.frozen
class Task:
    """What a run is for.

    Raises:
        TypeError: `preview` is neither True nor False, or `progress` is neither nor None.
    """

    name: str
    """The orchestrator's method: `push_order_statuses`."""
    doing: str
    """What the progress shows: "Pushing order statuses"."""
    preview: bool = False
    """Change nothing; the report says what would change."""
    progress: bool | None = None
    """Whether to draw a bar. None: on a terminal, once it has lasted for a while."""
    turn: str = ""
    """What only one process at a time may do for the store; a preview needs no turn. Empty for
    checks, which write nothing and run for a store that is not enabled too."""
    patience: timedelta = timedelta(0)
    """How long to wait while another process has its turn."""

    def __attrs_post_init__(self) -> None:
        require_flags(preview=self.preview)
        if self.progress is not None:
            require_flags(progress=self.progress)


class Run(Generic[R]):
    """One run of one job: the one object that the job gets.

    Args:
        integration: The settings, the store, the books and the journal.
        task: What the run is for.
        report: The report that the job fills.

    Raises:
        SettingsError: The store is not enabled, or the settings hold no access token.
        MethodsMissing: The books lack a method that the job needs.
    """

    def __init__(self, integration: Integration, task: Task, report: R) -> None:
        self.integration = integration
        self.parts = integration.parts
        self.settings = self.parts.settings_in_force(integration.settings)
        self._is_unasked = False
        if task.turn:
            self.require(
                self.settings.store.enabled,
                "store.enabled",
                "is false, so nothing runs for this store (manual 1.3)",
            )
        self.store = integration.store
        self.parts.require(task.name)
        self.books = integration.books
        self.source_code = integration.source_code
        self.preview = task.preview
        self.clock = integration.clock
        self.started = self.clock.now()
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
        self.writes = Writes(Lease(), integration)
        self._on_progress: Progress = no_progress
        self._noted: list[Noted] = []
        self._states_kind = f"{task.turn} states"
        self._states = States(partial(self.known, self._states_kind))
        self._area = task.turn or task.name
        self._attention = Attention(integration, self._area)
        self._known: dict[str, dict[str, str]] = {}
        """What is to be remembered with the next flush: texts by key, by kind."""
        self.in_hand = InHand(
            integration,
            task.turn,
            self._id,
            self._kept,
            is_stopped=lambda: bool(self.report.stopped),
            is_marked=not task.preview,
        )
        """The orders that the run works at."""
        self.order_pages = OrderPages(self.store, self)
        self.orders_now = OrdersNow(self.order_pages, self.clock)
        """The store's orders as they are now."""
        self._requests_before = self.store.requests_sent
        self._unknown_fields: set[str] = set()

    def require(self, is_set: bool, key: str, message: str) -> None:
        """Make sure that the settings ask for what is to be done.

        Raises:
            SettingsError: They do not: the key, and what to do about it.
        """
        if not is_set:
            # A caller asked for what the settings do not: that waits for no one.
            self._is_unasked = True
            raise self.settings.origin.error([Fault(key, message)])

    def do(self, job: Callable[[Self], object], faults: Callable[[], Iterable[Fault]] = tuple) -> R:
        """Do the job, if it is this process's turn.

        Nothing is asked of the store before: a process that finds the turn taken sends nothing, so
        a store that does not answer holds one process alone.

        Args:
            job: What to do.
            faults: Finds the faults of the set-up with which every record would fail: they end it
                before the first.

        Returns:
            The report. An `AvbcError` that ended the run early is in its `stopped`.

        Raises:
            AvbcError: The run could not begin, and nothing was changed.
        """
        try:
            self._do(job, faults)
            if self.report.failure is not None:
                self.note_failure(self.report.failure)
            elif not (self.preview or self.report.stopped):
                is_answered = self.report.requests > 0
                note_success(self.integration, self._area, is_answered=is_answered)
                if is_answered:
                    note_clocks(self.integration)
        except AvbcError as error:
            self.note_failure(error)
            raise
        finally:
            # No process has to wait for its turn while the application sends its e-mail.
            if not self.preview:
                self.report.unreported = self._attention.report()
        return self.report

    @cached_property
    def store_started(self) -> datetime:
        """When the run started, by the store's clock: what the store stamps is compared with it.

        By this machine's where the store has not answered yet.
        """
        now = self.store.store_time
        return self.started if now is None else self.started + (now - self.clock.now())

    @property
    def statuses(self) -> ImportStatuses:
        """The three statuses of the import, by id."""
        return self.integration.statuses

    def note_begin(self, since: datetime | None) -> None:
        """Have the report say so, where a period that was asked for begins in the future."""
        self.report.is_ahead = since is not None and since > self.store_started

    # How it ends

    def is_over(self) -> bool:
        """Whether nothing new is to be begun: a stop was asked for, or another has its turn."""
        if not self.report.stopped and self.integration.stop.is_due:
            self.report.stopped = "a stop was asked for"
        self.report.stopped = self.report.stopped or self.writes.lost()
        return bool(self.report.stopped)

    def halt(self, error: AvbcError) -> None:
        """End the run for an error.

        Raises:
            AvbcError: The error, where nothing was done yet that the report must not lose. That a
                stop was asked for is no failure, and not raised.
        """
        if isinstance(error, StopAsked):
            self.report.stopped = self.report.stopped or "a stop was asked for"
            return
        if not self.is_begun:
            raise error
        self.report.failure = error
        self.report.stopped = str(error)

    def note_failure(self, error: AvbcError) -> None:
        """Put what ended the run on the worklist, where it does not pass by itself."""
        if not (self.preview or self._is_unasked):
            note_failure(self.integration, self._area, error)

    def stop_if_all_failed(self, answers: Collection[object]) -> None:
        """End the run if all requests failed: without a store each other one would take minutes."""
        errors = [answer for answer in answers if isinstance(answer, TransientError)]
        if errors and len(errors) == len(answers):
            self.end_for(errors[0])

    def end_for(self, error: AvbcError) -> None:
        """End the run early for an error; the report has what was done."""
        if not self.report.stopped:
            self.report.stopped, self.report.failure = str(error), error

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

    def send_all(self, writes: Sequence[Write[T]]) -> list[T | AvbcError]:
        """Send requests that change something in the store; returns their answers or errors.

        Those that must not be sent any more have `NotSent` for an answer.
        """
        with self.sending(writes) as begun:
            return begun.results()

    @contextmanager
    def sending(self, writes: Sequence[Write[T]]) -> Generator[Begun[T | AvbcError]]:
        """Send such requests while the context is open, and begin no other ones after it."""
        with self.writes.expecting(writes):
            begun = self.store.begin([each.call for each in writes])
            try:
                yield begun
            finally:
                begun.drop()
                self.report.stopped = self.report.stopped or self.writes.why_lost

    # What is remembered, for this store and source

    def watermark(self) -> datetime | None:
        """Return up to which time this job is done; None where that is not known."""
        return self.integration.journal.watermark(self._scoped(self._task.name))

    def set_watermark(self, at: datetime) -> None:
        """Note up to which time this job is done, unless it previews or ended early."""
        if not (self.preview or self.report.stopped) and self.is_written():
            self._kept(
                partial(self.integration.journal.set_watermark, self._scoped(self._task.name), at)
            )
            self.order_pages.settle_owed()

    def known(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """Return what is known of these keys on the other side; unknown keys are left out."""
        return self.integration.journal.fingerprints(self._scoped(kind), keys)

    def all_known(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield all that is known of a kind, sorted by key: made for `journal.merged`."""
        return self.integration.journal.all_fingerprints(self._scoped(kind))

    def know(self, kind: str, key: str, text: str) -> None:
        """Remember what the other side has now. It is written with the journal, after the chunk."""
        self.know_all(kind, {key: text})

    def know_all(self, kind: str, texts: Mapping[str, str]) -> None:
        """Do the same for several keys."""
        if not self.preview:
            self._known.setdefault(self._scoped(kind), {}).update(texts)

    def forget(self, kind: str, keys: Collection[str] | None = None) -> None:
        """Forget what was known of some keys, or of all of the kind."""
        if not self.preview and self.is_written():
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
        """Put an order that was stopped in the store on the worklist; there is one item for all.

        One that was archived or deleted has an item that says so, and needs no second one.
        """
        books, key, held = self.books, [import_id], ""
        if booked := books.sales_orders(key):
            held = money_held(happened, books.receipts(key), booked[0].currency)
        problem = stopped_problem(
            order_id, import_id, happened, held, is_credited=self.settings.gl.import_refunds
        )
        credited = sum((credit.total for credit in self.parts.known_credits(key)), ZERO)
        # What credits cover is handled; whether goods can go out, the job that follows says.
        is_gone = self.first_seen(GONE, import_id, FOLLOWING) is not None
        if not (is_gone or (booked and is_credited(booked[0], credited))):
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
            self.clock.now(), action, outcome, order_id, import_id, detail, self._id
        )

    def record(
        self, entry: JournalEntry, keys: Collection[str] = (), *, lasts: bool = False
    ) -> None:
        """Have an entry written to the journal after the chunk; a preview has no entries.

        Args:
            entry: The entry.
            keys: The records that it is about.
            lasts: Whether the next run finds the same again: it is written where the journal does
                not say it yet. Otherwise what earlier runs found of these records is over.
        """
        if not self.preview:
            self._noted.append(Noted(entry, tuple(keys), lasts))

    def read_said(self, keys: Collection[str]) -> None:
        """Read what earlier runs of the job found and said of these records, for `is_said`.

        Raises:
            JournalUnreachable: The journal could not be read.
        """
        self._states.load(keys)

    def is_said(self, entry: JournalEntry, key: str) -> bool:
        """Whether the journal says of a record already what each run finds again."""
        return not self._states.is_news(Noted(entry, (key,), lasts=True))

    def is_written(self) -> bool:
        """Flush, and return whether the worklist has all that was found.

        Otherwise nothing may count as dealt with: it is not looked at again, and would be lost.
        """
        self.flush()
        return not (self._attention.is_due or self.writes.lost())

    def flush(self) -> None:
        """Write what waits for a person, the entries and what is known to the journal.

        A run that has lost its turn writes what it did, and nothing of what it found: another
        process may know better.
        """
        if not (self._attention.is_due or self._noted or self._known):
            return
        is_ours = not self.writes.lost()
        if is_ours:
            self._kept(self._attention.flush)
        noted, self._noted = self._noted, []
        if noted:
            self._kept(partial(self._write, noted))
        known: dict[str, dict[str, str]] = {}
        if is_ours and not self._attention.is_due:
            known, self._known = self._known, known
        if known:
            self._kept(partial(self.integration.journal.remember_together, known))

    def _write(self, noted: Sequence[Noted]) -> None:
        entries, texts = self._states.news(noted)
        self.integration.journal.write(entries)
        for key, text in texts.items():
            self.know(self._states_kind, key, text)

    def _do(self, job: Callable[[Self], object], faults: Callable[[], Iterable[Fault]]) -> None:
        task = self._task
        with (
            tracing.span(f"avbc.{task.name}", {}),
            progress_shown(
                self.integration.on_progress, bars=task.progress, doing=task.doing
            ) as self._on_progress,
            self._taken_turn(),
            collecting(self._unknown_fields),
        ):
            try:
                if self.is_over():
                    self.report.is_taken = bool(self.writes.why_lost)
                else:
                    self._require_setup(faults())
                    job(self)
            except AvbcError as error:
                self.halt(error)
            finally:
                self.flush()
                self.in_hand.put_down()
                self.report.finished = self.clock.now()
                self.report.requests = self.store.requests_sent - self._requests_before
                self.report.unknown_fields = tuple(sorted(self._unknown_fields))
            self._log_summary()
            tracing.note({f"avbc.{name}": count for name, count in self.report.counts().items()})

    def _log_summary(self) -> None:
        """Log how the run went: the words of what failed at DEBUG alone.

        It may fail in each cycle, and the cycle logs it once an hour.
        """
        report, summary = self.report, self.report.summary()
        if report.failure is not None:
            _log.debug("%s", summary)
            summary = summary.replace(report.stopped, type(report.failure).__name__)
        _log.info("%s", summary)

    def _require_setup(self, found: Iterable[Fault]) -> None:
        """Make sure that nothing is wrong with the set-up that concerns every record.

        The Import Source Code is the one that the books have this store's orders under.
        """
        if faults := [*code_faults(self.integration), *found]:
            raise self.settings.origin.error(faults)

    def _scoped(self, kind: str) -> str:
        return self.integration.scoped(kind)

    def _kept(self, work: Callable[[], object]) -> None:
        try:
            work()
        except JOURNAL_ERRORS as error:
            # What was done is done and safe: without its record it is looked at again.
            self.report.unrecorded = self.report.unrecorded or str(error)
            _log.warning("a part of the journal is lost: %s", error)

    @contextmanager
    def _taken_turn(self) -> Generator[None]:
        task = self._task
        if self.preview or not task.turn:
            yield
            return
        with self.integration.turn(task.turn, task.patience) as turn:
            if not isinstance(turn, Lease):
                # One of the application's that says nothing would stop each run without a word.
                checked_turn(turn)
            self.writes = Writes(turn, self.integration)
            with before_writes(self.writes.before):
                yield
