"""Runs that change records on one side as they changed on the other, and the requests they send.

```python
run = PushRun(integration, Task("push_order_statuses", "Pushing order statuses"))
report = run.do(push_order_statuses)  # calls run.known(...), run.send(...), ...
```
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from logging import DEBUG
from typing import Generic, TypeAlias, TypeVar

import attrs

from avbc.acctvantage import BooksUnreachable
from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import Call, NotFound
from avbc.errors import AvbcError, FinalError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.attention import FOLLOWING, STOPPED
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    NEXT_RUN,
    UNEXPECTED,
    change_text,
    order_extra,
    problem_of,
    record_problem,
    unexpected,
)
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import merged
from avbc.orchestrator.engine.order_pages import NOT_SHOWN, OrderNotShown
from avbc.orchestrator.engine.order_reads import Seen
from avbc.orchestrator.engine.paid_statuses import note_statuses_seen
from avbc.orchestrator.engine.run import CHUNK, Run, Task
from avbc.orchestrator.engine.writes import LOOKS, NotSent, Write
from avbc.orchestrator.planned_calls import PlannedCall
from avbc.orchestrator.reports import Change, Effect, JournalEntry, PushReport

T = TypeVar("T")

_OF_THE_CALL = frozenset({"client_unknown", "order_unknown", "shipment_missing"})
"""Problems of a number that was asked for: they are in the report, and wait for no one."""

_log = get_logger("avbc.orchestrator")


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

    def as_seen(self, _seen: Seen) -> Step[T] | None:
        """Return what is to be sent for the order as it is right before; None for nothing."""
        return self

    def stop(self, run: PushRun, _seen: Seen, problem: Problem) -> None:
        """Report to the run that the order was stopped in the store: nothing was sent."""
        for change in self.changes:
            run.refuse(change, problem)


_Looked: TypeAlias = tuple[Step[T], int]
"""A step, and how often its order was looked at right before."""


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
        """Report a change that cannot be made; what each run says again is journaled once."""
        self._end("refused", attrs.evolve(change, problems=(*change.problems, *problems)))

    def refuse_unbooked(self, order_ids: Iterable[int]) -> None:
        """Report the orders that a person named, and that are not in the books."""
        keys = {order_import_id(self.source_code, number): number for number in order_ids}
        reported = {change.order_id for _, change in self.report}
        booked = {order.import_id for order in self.books.sales_orders(keys)}
        for key, number in keys.items():
            if key not in booked and number not in reported:
                problem = Problem(
                    "order_unknown",
                    "import_id",
                    key,
                    f"The books have no order {key}.",
                    f"Check the number. If the store has it, call import_order({number}).",
                )
                self.refuse(Change(key, "order", order_id=number, import_id=key), problem)

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
            self.end_for(error)

    # Doing

    def send(self, steps: Iterable[Step[T]]) -> None:
        """Send requests in chunks: each is settled, then the journal is written.

        The steps are taken as they are needed, so there may be very many of them. A request that
        must not be repeated (a shipment, a capture) gets an entry `begun` right before it is sent;
        its job first reads whether it took effect already. In a preview nothing is sent, and the
        changes say what would be.

        Raises:
            AvbcError: An error that concerns every change, such as a refused token.
            JournalUnreachable: An entry `begun` could not be written, so its request was not sent.
        """
        rest, late = ((step, 0) for step in steps), list[_Looked[T]]()
        while not self.is_over() and (taken := [*late, *islice(rest, CHUNK - len(late))]):
            late = self._send_chunk(self._going_on(taken))
        message = f"The run stopped before it: {self.report.stopped}"
        for change in (change for step, _ in late for change in step.changes):
            self.postpone(change, record_problem("run_stopped", message))

    def _send_chunk(self, chunk: Sequence[_Looked[T]]) -> list[_Looked[T]]:
        """Send a chunk; returns what waited for so long that its orders must be looked at again."""
        if self.preview:
            for step, _ in chunk:
                self.sent(*_planned(step))
            return []
        if not chunk:
            self.flush()
            return []
        writes = [self._write_of(step, looks) for step, looks in chunk]
        answers = self.send_all(writes)
        ends: AvbcError | None = next((a for a in answers if isinstance(a, CONCERNS_ALL)), None)
        late: list[_Looked[T]] = []
        for (step, looks), answer in zip(chunk, answers, strict=True):
            if isinstance(answer, NotSent):
                if answer.is_late:
                    late.append((step, looks))
                else:
                    for change in step.changes:
                        self.postpone(change, problem_of(answer))
                    ends = ends or answer.by_journal
                continue
            try:
                step.settle(self, answer)
            except CONCERNS_ALL as error:
                ends = error
        if not late:
            self.stop_if_all_failed(answers)
        self.flush()
        if ends is not None:
            raise ends
        return late

    def _write_of(self, step: Step[T], looks: int) -> Write[T]:
        begun = None if step.call.repeatable else self._entry("begun", step.changes)
        needs_look = not step.even_if_stopped and looks < LOOKS
        order_id = step.changes[0].order_id
        return Write(step.call, begun, self.orders_now.looked_at(order_id) if needs_look else None)

    def _going_on(self, taken: Sequence[_Looked[T]]) -> list[_Looked[T]]:
        """Refuse the steps of orders that were stopped in the store; returns the others.

        Every request about an order passes here, and the store is asked as it is now.
        """
        steps = [step for step, _ in taken]
        asked = {step.changes[0].order_id for step in steps if not step.even_if_stopped} - {0}
        try:
            orders = self.orders_now.read(asked)
        except AvbcError as error:
            for change in (change for step in steps for change in step.changes):
                self.postpone(change, problem_of(error))
            if isinstance(error, CONCERNS_ALL):
                raise
            self.end_for(error)
            return []
        if orders and not self.preview:
            changes = (step.changes[0] for step in steps)
            seen = {each.import_id: orders.get(each.order_id) for each in changes}
            note_statuses_seen(self, {key: now.status_id for key, now in seen.items() if now})
        going: list[_Looked[T]] = []
        for step, looks in taken:
            first = step.changes[0]
            order = None if step.even_if_stopped else orders.get(first.order_id)
            if order is not None and (happened := stopped(order.status_id)):
                problem = self.add_stopped_item(first.order_id, first.import_id, happened)
                step.stop(self, order, problem)
            elif order is not None and isinstance(order.error, OrderNotShown):
                # It may have been stopped, and nobody can see it.
                step.stop(self, order, order.error.problem)
            elif order is not None and order.is_gone:
                step.settle(self, NotFound(f"the store does not list order {first.order_id}"))
            elif (now := step if order is None else step.as_seen(order)) is not None:
                going.append((now, looks + 1))
        return going

    def write(self, change: Change, work: Callable[[], object]) -> bool:
        """Write one change in the books; returns whether they have it, or in a preview would.

        Raises:
            BooksUnusable: The books must be repaired first.
        """
        if not self.preview:
            try:
                self.writes.require_turn(f"{change.key} was not written")
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
        """Write to the journal, and report the progress."""
        super().flush()
        if self.done:
            self._on_progress(self.done, self.total, self._task.doing)

    def _end(self, effect: Effect, *changes: Change) -> None:
        self.report.changes(effect).extend(changes)
        self.done += len(changes)
        result = f"would be {effect}" if self.preview else effect
        # There may be a million of them.
        for change in changes if _log.isEnabledFor(DEBUG) else ():
            ids = order_extra(change.order_id, change.import_id)
            _log.debug("%s: %s %s", change.key, change.what, result, extra=ids)
        if self.preview:
            return
        self.is_begun = self.is_begun or effect != "postponed"
        for change in changes:
            # What is not shown has one item, whichever run finds it, and keeps what it had.
            is_shown = all(each.code != NOT_SHOWN for each in change.problems)
            if effect != "postponed" and is_shown:
                errors = [
                    each
                    for each in change.problems
                    if each.severity == "error" and each.code not in _OF_THE_CALL
                ]
                if self._task.name != FOLLOWING:
                    errors = [each for each in errors if each.code != STOPPED]
                problems = errors if effect == "refused" else []
                self.set_items(change.key, problems, change.order_id, change.import_id)
            for each in change.problems:
                if each.code == UNEXPECTED:
                    self.add_item(
                        attrs.evolve(each, fix=f"{each.fix} {NEXT_RUN}"),
                        key=change.key,
                        order_id=change.order_id,
                        import_id=change.import_id,
                    )
        keys = [change.key for change in changes]
        self.record(self._entry(effect, changes), keys, lasts=effect != "sent")

    def _entry(self, outcome: str, changes: Collection[Change]) -> JournalEntry:
        first = next(iter(changes))
        # Changes that were made together are of many records, or of one.
        same = all(change.import_id == first.import_id for change in changes)
        ids = (first.order_id, first.import_id) if same else (0, "")
        return self.entry(self._task.name, outcome, *ids, "; ".join(map(change_text, changes)))


def _planned(step: Step[T]) -> list[Change]:
    """The changes of a step, with what would be sent."""
    planned = PlannedCall.of(step.call)
    changes = list(step.changes)
    if len(changes) == len(planned.records) > 1:
        changes = [
            attrs.evolve(change, sends=record)
            for change, record in zip(changes, planned.records, strict=True)
        ]
    first, *others = changes
    return [attrs.evolve(first, calls=(*first.calls, planned)), *others]
