"""How orders of an import end: in the report, the journal, the worklist, and the store."""

from __future__ import annotations

import logging
from collections.abc import Generator, Sequence
from datetime import timedelta

import attrs

from avbc.bigcommerce import NotFound, RequestRefused
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping import MappedOrder, Problem
from avbc.mapping.stopped import stopped
from avbc.mapping.waiting import WAITS_FOR_PAYMENT
from avbc.orchestrator.engine.attention import (
    EDITED_AFTER_IMPORT,
    FOLLOWING,
    ORDER_EDITED,
    STATUS_KEPT,
    kept_problem,
)
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    NEXT_RUN,
    UNEXPECTED,
    order_extra,
    record_problem,
)
from avbc.orchestrator.engine.choosing import NOT_THERE, Choice
from avbc.orchestrator.engine.decisions_taken import DECISIONS, as_text
from avbc.orchestrator.engine.follower import EDITED
from avbc.orchestrator.engine.held import hold_status
from avbc.orchestrator.engine.incoming import Incoming
from avbc.orchestrator.engine.order_reads import NO_STATUS
from avbc.orchestrator.engine.paid_statuses import note_statuses_before
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.second_look import SecondLook, changing
from avbc.orchestrator.engine.staff_notes import with_error, without_error
from avbc.orchestrator.engine.statuses import FOLLOWED, STATUS
from avbc.orchestrator.engine.writes import LOOKS, NotSent, Write
from avbc.orchestrator.reports import ImportReport, Outcome, Result, sentence
from avbc.unset import UNSET, Unset

_log = get_logger("avbc.orchestrator")


@attrs.define
class Ending:
    """How an order ends, once the status that is left to set is set."""

    each: Incoming
    result: Result
    outcome: Outcome
    status_id: int | Unset = UNSET
    notes: str | Unset = UNSET
    mapped: MappedOrder | None = None
    error: AvbcError | None = None
    """Why the status could not be set."""

    @property
    def is_due(self) -> bool:
        """Whether the store is to be changed."""
        return self.status_id is not UNSET or self.notes is not UNSET

    def leave(self, result: Result, problem: Problem) -> None:
        """Leave the order in the store as it is, and say why."""
        self.result = result
        self.status_id = self.notes = UNSET
        self.outcome = attrs.evolve(self.outcome, problems=(*self.outcome.problems, problem))


class Endings:
    """Ends the orders of one import.

    Args:
        run: The run.
        choice: Which orders it takes, and whose status it sets.
        look: Looks at the orders once more before their statuses are set.
    """

    def __init__(self, run: Run[ImportReport], choice: Choice, look: SecondLook) -> None:
        self._run = run
        self._choice = choice
        self._look = look

    def of(
        self,
        result: Result,
        each: Incoming,
        problems: Sequence[Problem] = (),
        mapped: MappedOrder | None = None,
    ) -> Ending:
        """How an order ends: the status and the staff notes that it gets for its result."""
        run, notes = self._run, each.order.staff_notes
        total = each.order.total_inc_tax if each.is_readable else None
        outcome = Outcome(
            each.order.id,
            each.import_id,
            total if mapped is None else mapped.total,
            tuple(problems) if mapped is None else (*problems, *mapped.problems),
            mapped if run.preview else None,
        )
        ending = Ending(each, result, outcome, mapped=mapped)
        sets_status = self._choice.sets_status(each)
        if result == "refused" and not sets_status:
            ending.leave(result, self._choice.kept(each.order))
        elif result == "refused":
            ending.status_id = run.statuses.import_error
            if run.settings.order_status.staff_notes_on_errors:
                reasons = sentence(each for each in outcome.problems if each.severity == "error")
                ending.notes = with_error(notes, reasons)
        elif result not in ("waiting", "postponed"):
            if sets_status:
                ending.status_id = run.statuses.downloaded
            if (without := without_error(notes)) != notes:
                ending.notes = without
        return ending

    def left(self, each: Incoming, problem: Problem) -> Ending:
        """How an order ends that is not taken."""
        total = each.order.total_inc_tax if each.is_readable else None
        outcome = Outcome(each.order.id, each.import_id, total, (problem,))
        return Ending(each, "postponed", outcome)

    def finish(self, endings: Sequence[Ending]) -> None:
        """Set the statuses of a chunk, report how its orders ended, and write the journal."""
        for _ in self.finishing(endings):
            pass

    def finishing(self, endings: Sequence[Ending]) -> Generator[None]:
        """Finish a chunk; yields while its statuses are on their way."""
        run = self._run
        self._note(endings)
        due = [] if run.preview else [each for each in endings if each.is_due]
        yield from self._set_statuses(due)
        due = [each for each in due if each.is_due]
        # A note that BigCommerce refuses, say for its length, must not prevent the status.
        again = [
            each
            for each in due
            if isinstance(each.error, RequestRefused)
            and not isinstance(each.error, NotFound)
            and each.notes is not UNSET
        ]
        for each in again:
            each.notes = UNSET
            if each.is_due:
                each.error = None
        yield from self._set_statuses([each for each in again if each.is_due])
        for each in endings:
            self.end(each)
        run.stop_if_all_failed([each.error for each in due])
        for each in due:
            if isinstance(each.error, CONCERNS_ALL):
                run.halt(each.error)
        run.advance(len(endings))

    def _leave_changed(self, due: Sequence[Ending]) -> None:
        """Leave the orders that were changed while the books were slow."""
        try:
            changed = self._look.changed([each.each for each in due])
        except AvbcError as error:
            for each in due:
                each.error = error
            return
        for ending in due:
            if ending.each.left is not None:
                ending.leave(ending.result, attrs.evolve(ending.each.left, severity="warning"))
            elif any(each is ending.each for each in changed):
                ending.leave("postponed", changing(ending.each.order.id))

    def _set_statuses(self, endings: Sequence[Ending]) -> Generator[None]:
        """Set statuses; an order whose turn comes late is looked at again before."""
        for looks in range(1, LOOKS + 1):
            self._leave_changed(endings)
            due = [each for each in endings if each.is_due and each.error is None]
            endings = yield from self._set_at_once(due, is_last_look=looks == LOOKS)
            if not endings:
                return

    def _set_at_once(
        self, endings: Sequence[Ending], *, is_last_look: bool
    ) -> Generator[None, None, list[Ending]]:
        """Set statuses; returns those that waited for so long that the orders may have changed."""
        run, update = self._run, self._run.store.orders.update.call
        writes: list[Write[None]] = [
            Write(
                update(each.outcome.order_id, status_id=each.status_id, staff_notes=each.notes),
                looked_at=None if is_last_look else max(each.each.read_at, each.each.looked_at),
            )
            for each in endings
        ]
        late: list[Ending] = []
        with run.sending(writes) as begun:
            if writes:
                yield
            answers = begun.results()
        for each, answer in zip(endings, answers, strict=True):
            if isinstance(answer, NotSent) and answer.is_late:
                late.append(each)
                continue
            each.error = answer
            if answer is None:
                run.is_begun = True
                if each.status_id is not UNSET:
                    run.know(STATUS, each.outcome.import_id, str(each.status_id))
                    self._have_pushed_again(each)
        return late

    def _have_pushed_again(self, ending: Ending) -> None:
        """Have AcctVantage's status sent again that the import's own status has replaced."""
        run, existing = self._run, ending.each.existing
        if (
            existing is None
            or existing.status_changed_at is None
            or run.settings.order_status.updates != "push"
        ):
            return
        # The store lists it again, and the push reads it only when its status changes.
        run.settle([existing.import_id], area="push_order_statuses", codes=[NOT_THERE])
        is_refused = ending.result == "refused"
        # What was refused waits until a person gives it another status.
        until = run.statuses.import_error if is_refused else run.statuses.new
        hold_status(run, existing.import_id, until)

    def _note(self, endings: Sequence[Ending]) -> None:
        """Note what waits for a person, what does not any more, and what was decided.

        Before statuses are set: an Import Error is not looked at again after a death.
        """
        run = self._run
        due = {
            each.outcome.import_id: each.each
            for each in endings
            if each.status_id is not UNSET and each.each.order.status_id != NO_STATUS
        }
        note_statuses_before(
            run,
            {key: each.order for key, each in due.items()},
            [key for key, each in due.items() if each.existing is not None],
        )
        for each in endings:
            ids = (each.outcome.order_id, each.outcome.import_id)
            problems = each.outcome.problems
            errors = [problem for problem in problems if problem.severity == "error"]
            kept = next((problem for problem in problems if problem.code == STATUS_KEPT), None)
            if kept is not None:
                errors = [kept_problem(kept, errors, ids[0])]
            if each.result == "refused":
                run.set_items(ids[1], errors, *ids)
                if any(problem.code == ORDER_EDITED for problem in problems):
                    # There is one item for one edit, and this one says how it goes.
                    run.settle([ids[1]], area=FOLLOWING, codes=[EDITED_AFTER_IMPORT])
                    _know_edit(run, each)
                    # A person may move it on at this moment: it says what differs still.
                    run.know(FOLLOWED, ids[1], "")
                elif kept is not None:
                    # Nor here: it says why the edit cannot be taken over.
                    run.settle([ids[1]], area=FOLLOWING, codes=[EDITED_AFTER_IMPORT])
            elif each.result == "waiting":
                self._note_waiting(each)
            elif each.result == "postponed":
                self._note_unexpected(each)
            else:
                run.set_items(ids[1], (), *ids)
                if each.each.existing is not None:
                    # A person's status says whether it was paid, and avbc's hides it.
                    run.know(FOLLOWED, ids[1], "")
                    _know_edit(run, each)
                if each.mapped is not None and each.result != "relinked":
                    run.know(DECISIONS, ids[1], as_text(run.clock.now(), each.result, each.mapped))
                if happened := stopped(each.each.order.status_id):
                    run.add_stopped_item(*ids, happened)
        # An order that waits is found in every run.
        run.read_said([each.outcome.import_id for each in endings if each.result == "waiting"])
        refused = [each for each in endings if each.result == "refused"]
        if refused and not run.is_written():
            message = f"The worklist could not be written: {run.report.unrecorded}"
            for each in refused:
                each.leave("postponed", record_problem("try_again", message))

    def _note_waiting(self, ending: Ending) -> None:
        """Have an order that has waited for too long on the worklist, and no other that waits."""
        run, order, outcome = self._run, ending.each.order, ending.outcome
        if order.status_id != run.statuses.new:
            # It was asked for by its id, and no run takes it: what it may have stays.
            return
        late = run.started - order.date_created >= timedelta(
            days=run.settings.order_status.waiting_days
        )
        problems = [each for each in outcome.problems if each.code == WAITS_FOR_PAYMENT]
        ids = (outcome.order_id, outcome.import_id)
        run.set_items(outcome.import_id, problems if late else (), *ids)

    def _note_unexpected(self, ending: Ending) -> None:
        """Have an order on the worklist that a program error keeps out of the books."""
        run, outcome = self._run, ending.outcome
        is_new = ending.each.order.status_id == run.statuses.new
        then = NEXT_RUN if is_new else f"Then call import_order({outcome.order_id})."
        for problem in outcome.problems:
            if problem.code == UNEXPECTED:
                run.add_item(
                    attrs.evolve(problem, fix=f"{problem.fix} {then}"),
                    key=outcome.import_id,
                    order_id=outcome.order_id,
                    import_id=outcome.import_id,
                )

    def end(self, ending: Ending) -> None:
        """Put an order into the report, the log and the journal."""
        run, result, outcome = self._run, ending.result, ending.outcome
        ids = (outcome.order_id, outcome.import_id)
        if ending.error is not None:
            # It is still New, or has the status that it had.
            done = "refused" if result == "refused" else "in the books"
            message = f"The order is {done}, but its status could not be set: {ending.error}"
            problem = record_problem("status_not_set", message, "The next run sets it.")
            outcome = attrs.evolve(outcome, problems=(*outcome.problems, problem))
            result = "postponed"
        run.report.outcomes(result).append(outcome)
        # Of an order that keeps its status, the journal must not say that it has ours.
        kept = result == "refused" and ending.status_id is UNSET
        done = "refused, status kept" if kept else result
        entry = run.entry("import", done, *ids, sentence(outcome.problems))
        is_old = result == "waiting" and run.is_said(entry, outcome.import_id)
        codes = ", ".join(dict.fromkeys(problem.code for problem in outcome.problems))
        # Of all orders that a webhook names, an import of new ones takes only some: a normal day.
        is_left = result == "postponed" and self._choice.leaves_alone(outcome.problems)
        word = "left alone" if is_left else result
        text = f"{'would be ' if run.preview else ''}{word}{f' ({codes})' if codes else ''}"
        failed = result in ("refused", "postponed") and not (run.preview or is_left)
        _log.log(
            logging.WARNING if failed else logging.DEBUG if is_old else logging.INFO,
            "order %d: %s",
            outcome.order_id,
            text,
            extra=order_extra(*ids),
        )
        if not is_left:
            run.record(entry, ids[1:], lasts=result in ("waiting", "postponed"))


def _know_edit(run: Run[ImportReport], each: Ending) -> None:
    """Remember an edit that the import compared: it is none any more where the books agree."""
    if each.mapped is not None and each.mapped.bundle is not None:
        run.know(EDITED, each.outcome.import_id, each.mapped.bundle.order.fingerprint)
