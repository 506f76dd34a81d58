"""One run of one direction, push or pull: what is sent, how it ends, what is remembered. Every direction goes through here.

```python
with PushRun("push_order_statuses", "Pushing order statuses", settings=..., store=..., books=..., journal=..., lease=...) as run:
    known = run.known("status", import_ids)
    run.send(Step(store.orders.update.call(order_id, status_id=2), (change,)) for ...)
    run.set_watermark(started)
return run.report
```
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from types import TracebackType
from typing import Generic, Self, TypeAlias, TypeVar

import attrs

from avbc import tracing
from avbc.acctvantage.gateway import BooksRefused, BooksUnreachable, BooksUnusable, Gateway
from avbc.bigcommerce import (
    BigCommerce,
    ClientClosed,
    NotFound,
    ScopeMissing,
    StoreError,
    TokenRefused,
)
from avbc.bigcommerce.call import Call
from avbc.errors import AvbcError, Fault, FinalError, TransientError
from avbc.mapping import Problem
from avbc.orchestrator.engine.journal import Journal, JournalUnreachable
from avbc.orchestrator.engine.leases import Lease
from avbc.orchestrator.engine.log_extras import order_extra
from avbc.orchestrator.engine.progress import Progress, tell_nobody
from avbc.orchestrator.reports import (
    EFFECTS,
    Change,
    Effect,
    JournalEntry,
    PlannedCall,
    PushReport,
    sentence,
)
from avbc.settings import Settings, SettingsError

T = TypeVar("T")

CONCERNS_ALL = (TokenRefused, ScopeMissing, ClientClosed, BooksUnusable)
"""Errors that concern every record and not the one at hand."""

_CHUNK = 32
"""Requests after which the journal is written and a stop is heeded."""
_AT_ONCE = 8
"""Requests in flight."""

_log = logging.getLogger("avbc.orchestrator")

Known: TypeAlias = tuple[str, str, str]
"""What is known of the other side: kind, key and text of a fingerprint."""


@attrs.frozen
class Step(Generic[T]):
    """One request, and the changes that it makes on the other side."""

    call: Call[T]
    changes: tuple[Change, ...]
    settle: Callable[[T | AvbcError], object] | None = None
    """Tells the run how each change ended (`sent`, `refuse`, `postpone`, `fail`, `know`), where that is not the same for all of them.
    Without it, all changes were sent, or all failed."""


class PushRun:
    """One run of one direction, to be used as a context: it opens the report and closes it.

    An `AvbcError` that comes out of the context is raised where nothing has been done yet;
    otherwise it ends the run, and the report says so in `stopped`.

    Args:
        direction: The method that was called, as it stands in the report and the journal:
            `push_order_statuses`.
        doing: What it does, for the progress: "Pushing order statuses".
        settings: The settings.
        store: The store.
        books: The books.
        journal: Keeps the entries, the watermarks and the fingerprints.
        lease: Whether it is this process's turn at this direction.
        on_progress: Told of each chunk of requests.
        preview: Change nothing; the report says what would be sent.
        is_stopping: Whether the run shall end early: what is in hand is finished, and nothing new
            is begun.

    Raises:
        SettingsError: The store is not enabled.
    """

    def __init__(
        self,
        direction: str,
        doing: str,
        *,
        settings: Settings,
        store: BigCommerce,
        books: Gateway,
        journal: Journal,
        lease: Lease,
        on_progress: Progress = tell_nobody,
        preview: bool = False,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        if not settings.store.enabled:
            raise SettingsError(
                "settings",
                [Fault("store.enabled", "is false, so nothing runs for this store (manual 1.3)")],
            )
        self.settings = settings
        self.store = store
        self.books = books
        self.preview = preview
        self.started = datetime.now(UTC)
        self.report = PushReport(direction, preview=preview, started=self.started)
        self.total: int | None = None
        """How many there are to do, for the progress; None while that is not known."""
        self._doing = doing
        self._journal = journal
        self._lease = lease
        self._on_progress = on_progress
        self._is_stopping = is_stopping
        self._id = uuid.uuid4().hex
        self._scope = scope_of(settings, store)
        self._entries: list[JournalEntry] = []
        self._refusals: dict[str, JournalEntry] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._done = 0
        self._requests_before = store.requests_sent

    @property
    def source_code(self) -> str:
        """The Import Source Code."""
        return self.settings.order_status.import_source_code

    def is_over(self) -> bool:
        """Whether nothing new shall be begun."""
        if not self.report.stopped and self._is_stopping():
            self.report.stopped = "a stop was asked for"
        self.report.stopped = self.report.stopped or self._lease.trouble()
        return bool(self.report.stopped)

    # What is remembered, for this store and source

    def watermark(self) -> datetime | None:
        """Up to which time this direction is done; None where that is not known."""
        return self._journal.watermark(f"{self.report.direction} {self._scope}")

    def set_watermark(self, at: datetime) -> None:
        """Note up to which time this direction is done; not in a preview, and not where the run ended early or something waits."""
        if not (self.preview or self.report.stopped or self.report.postponed):
            self._flush()
            self._kept(
                partial(self._journal.set_watermark, f"{self.report.direction} {self._scope}", at)
            )

    def known(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """What is known of these keys on the other side; a key of which nothing is known is left out."""
        return self._journal.fingerprints(f"{kind} {self._scope}", keys)

    def all_known(self, kind: str) -> Iterator[tuple[str, str]]:
        """All that is known of a kind, sorted by key and streamed: made for `journal.merged`."""
        return self._journal.all_fingerprints(f"{kind} {self._scope}")

    def know(self, kind: str, key: str, text: str) -> None:
        """Remember what stands on the other side now. It is written with the journal, after the chunk at hand."""
        if not self.preview:
            self._known.setdefault(f"{kind} {self._scope}", {})[key] = text

    def forget(self, kind: str, keys: Collection[str] | None = None) -> None:
        """Forget what was known of some keys, or of all of the kind."""
        if not self.preview:
            self._flush()
            self._kept(partial(self._journal.forget_fingerprints, f"{kind} {self._scope}", keys))

    # Ends of changes

    def sent(self, *changes: Change) -> None:
        """The changes stand on the other side; those that were made together are one entry of the journal."""
        self._end("sent", *changes)

    def unchanged(self, count: int = 1) -> None:
        """So many were looked at and stand on the other side as they should."""
        self.report.unchanged += count

    def refuse(self, change: Change, *problems: Problem) -> None:
        """The change cannot be made, for its own reasons. One that is refused again in the same words is not journaled again."""
        self._end("refused", attrs.evolve(change, problems=(*change.problems, *problems)))

    def postpone(self, change: Change, *problems: Problem) -> None:
        """The change could not be made this time; the next run takes it."""
        self._end("postponed", attrs.evolve(change, problems=(*change.problems, *problems)))

    def fail(self, change: Change, error: AvbcError) -> None:
        """The change was tried and failed: it waits where trying again can help, and is refused otherwise.

        Raises:
            AvbcError: The error itself, where it concerns every change and not this one.
        """
        if isinstance(error, CONCERNS_ALL):
            self.postpone(change, Problem("run_stopped", "", "", str(error)))
            raise error
        if isinstance(error, FinalError):
            self.refuse(change, problem_of(error))
            return
        self.postpone(change, problem_of(error))
        if isinstance(error, BooksUnreachable):
            self.report.stopped = self.report.stopped or str(error)

    # Doing

    def send(self, steps: Iterable[Step[T]], *, at_once: int = _AT_ONCE) -> None:
        """Send requests, in chunks: each chunk's changes come to their ends, then the journal is written and a stop is heeded.

        The steps are taken as they are needed, so that there may be very many of them. A request
        that must not be repeated (a shipment, a capture) gets an entry `begun` before it is sent;
        whoever sends it reads first whether it took effect already. In a preview nothing is sent,
        and the changes say what would be.

        Raises:
            AvbcError: An error that concerns every change, such as a refused token.
            JournalUnreachable: That a request begins could not be noted, so it was not sent.
        """
        rest = iter(steps)
        while not self.is_over() and (chunk := list(islice(rest, _CHUNK))):
            if self.preview:
                for step in chunk:
                    self._imagine(step)
                continue
            self._note_begun(chunk)
            answers = self.store.map(
                [step.call for step in chunk], limit=at_once, return_errors=True
            )
            concerning_all: AvbcError | None = None
            for step, answer in zip(chunk, answers, strict=True):
                try:
                    self._settle(step, answer)
                except CONCERNS_ALL as error:
                    concerning_all = error
            self.stop_if_all_failed(answers)
            self._flush()
            if concerning_all is not None:
                raise concerning_all

    def write(
        self, change: Change, work: Callable[[], object], *, known: tuple[Known, ...] = ()
    ) -> bool:
        """Write one change in the books, unless this is a preview; returns whether it stands there, or would.

        Raises:
            BooksUnusable: The books must be mended first.
        """
        if not self.preview:
            try:
                work()
            except AvbcError as error:
                self.fail(change, error)
                return False
            except Exception as error:  # noqa: BLE001  # a fault of a gateway of the application's must not stop the other changes
                _log.exception(
                    "%s: unexpected %s",
                    change.key,
                    type(error).__name__,
                    extra=order_extra(change.order_id, change.import_id),
                )
                message = f"{type(error).__name__} in the books: {error}"
                self.postpone(
                    change,
                    Problem(
                        "unexpected_error",
                        "",
                        "",
                        message,
                        "Correct the program; the log has the traceback.",
                    ),
                )
                return False
            for kind, key, text in known:
                self.know(kind, key, text)
        self.sent(change)
        return True

    def stop_if_all_failed(self, answers: Collection[object]) -> None:
        """Where not one request of many came through, the store is away: asking on for each record would take hours."""
        errors = [answer for answer in answers if isinstance(answer, TransientError)]
        if errors and len(errors) == len(answers):
            self.report.stopped = self.report.stopped or str(errors[0])

    def tell(self) -> None:
        """Tell the progress how far the run is."""
        self._on_progress(self._done, self.total, self._doing)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._flush()
        self.report.finished = datetime.now(UTC)
        self.report.requests = self.store.requests_sent - self._requests_before
        is_begun = bool(self.report.sent or self.report.refused) and not self.preview
        if error is not None and not (isinstance(error, AvbcError) and is_begun):
            return False
        if error is not None:
            self.report.stopped = str(error)
        _log.info("%s", self.report.summary())
        tracing.note(
            {
                "avbc.unchanged": self.report.unchanged,
                **{f"avbc.{effect}": len(self.report.changes(effect)) for effect in EFFECTS},
            }
        )
        return True

    def _imagine(self, step: Step[T]) -> None:
        first, *others = step.changes
        self.sent(attrs.evolve(first, calls=(*first.calls, PlannedCall.of(step.call))), *others)

    def _settle(self, step: Step[T], answer: T | AvbcError) -> None:
        if step.settle is not None:
            step.settle(answer)
        elif isinstance(answer, AvbcError):
            for change in step.changes:
                self.fail(change, answer)
        else:
            self.sent(*step.changes)

    def _end(self, effect: Effect, *changes: Change) -> None:
        self.report.changes(effect).extend(changes)
        self._done += len(changes)
        for change in changes:
            said = f"would be {effect}" if self.preview else effect
            _log.debug(
                "%s: %s %s",
                change.key,
                change.what,
                said,
                extra=order_extra(change.order_id, change.import_id),
            )
        if self.preview:
            return
        entry = self._entry(effect, changes)
        if effect == "refused":
            self._refusals.update((change.key, entry) for change in changes)
        else:
            self._entries.append(entry)

    def _entry(self, outcome: str, changes: Collection[Change]) -> JournalEntry:
        first = next(iter(changes))
        detail = "; ".join(_detail(change) for change in changes)
        # Changes that were made together are of many records, or of one.
        same = all(change.import_id == first.import_id for change in changes)
        order_id, import_id = (first.order_id, first.import_id) if same else (0, "")
        return JournalEntry(
            datetime.now(UTC), self.report.direction, outcome, order_id, import_id, detail, self._id
        )

    def _note_begun(self, chunk: Iterable[Step[T]]) -> None:
        begun = [self._entry("begun", step.changes) for step in chunk if not step.call.repeatable]
        if begun:
            self._journal.write(begun)

    def _flush(self) -> None:
        """Write what is known and the entries, and tell the progress."""
        if not self.preview:
            self._kept(self._note_refusals)
            known, self._known = self._known, {}
            entries, self._entries = self._entries, []
            for kind, texts in known.items():
                self._kept(partial(self._journal.remember, kind, texts.items()))
            self._kept(partial(self._journal.write, entries))
        if self._done:
            self.tell()

    def _note_refusals(self) -> None:
        refusals, self._refusals = self._refusals, {}
        kind = f"{self.report.direction} refused"
        told = self.known(kind, refusals) if refusals else {}
        for key, entry in refusals.items():
            if told.get(key) != entry.detail:
                self.know(kind, key, entry.detail)
                self._entries.append(entry)

    def _kept(self, work: Callable[[], object]) -> None:
        try:
            work()
        except JournalUnreachable as error:
            # What was done is done and safe: without its record it is looked at again.
            _log.warning("a part of the journal is lost: %s", error)


def scope_of(settings: Settings, store: BigCommerce) -> str:
    """What is remembered for one store and source: another store under the same code knows nothing of what was told to this one."""
    return f"{settings.order_status.import_source_code}@{store.store_hash}"


def problem_of(error: AvbcError) -> Problem:
    """An error as the problem of the one record that it happened to."""
    if isinstance(error, NotFound):
        return Problem(
            "not_in_store",
            "",
            "",
            str(error),
            "It was deleted in BigCommerce, or belongs to another store.",
        )
    if isinstance(error, StoreError):
        return Problem(
            "store_failed" if isinstance(error, TransientError) else "store_refused",
            "",
            "",
            str(error),
        )
    if isinstance(error, BooksUnreachable):
        return Problem("books_unreachable", "", "", str(error))
    return Problem(
        "books_refused" if isinstance(error, BooksRefused) else "try_again", "", "", str(error)
    )


def _detail(change: Change) -> str:
    values = f"{change.before} -> {change.after}" if change.before else change.after
    text = f"{change.key}: {change.what} {values}".rstrip()
    return f"{text}; {sentence(change.problems)}" if change.problems else text
