"""The import: New orders of the store become sales orders in the books, and get their next status.

The sequence of steps makes it safe to die anywhere. For each order: the books first, the status
last. Until its status is set an order is New, and the next run takes it again; then its Import ID
is in the books, and only the status is set.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence

import attrs

from avbc import tracing
from avbc.acctvantage import BooksRefused, BooksUnreachable, SalesOrder
from avbc.bigcommerce import NotFound, Page, RequestRefused, UnexpectedData
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError
from avbc.mapping import MappedOrder, Problem
from avbc.mapping.following import may_update
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.attention import (
    EDITED_AFTER_IMPORT,
    FOLLOWING,
    ORDER_EDITED,
    STATUS_KEPT,
    kept_problem,
)
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    order_extra,
    problem_of,
    record_problem,
    unexpected,
)
from avbc.orchestrator.engine.choosing import (
    Choice,
    Kind,
    Selection,
    not_there,
)
from avbc.orchestrator.engine.customising import Customisation
from avbc.orchestrator.engine.decisions_taken import DECISIONS, as_text
from avbc.orchestrator.engine.follower import EDITED
from avbc.orchestrator.engine.held import hold_status
from avbc.orchestrator.engine.incoming import Incomers, Incoming, edits_of
from avbc.orchestrator.engine.open_webhooks import OpenWebhooks, close_webhooks
from avbc.orchestrator.engine.order_reads import IN_FLIGHT, NO_STATUS, is_fresh, moment, windows
from avbc.orchestrator.engine.paid_statuses import note_statuses_before
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.staff_notes import with_error, without_error
from avbc.orchestrator.engine.statuses import FOLLOWED, STATUS
from avbc.orchestrator.engine.store_orders import orders_of_period, unreadable, waiting_orders
from avbc.orchestrator.reports import ImportReport, Outcome, Result, sentence
from avbc.unset import UNSET, Unset

CHUNK = 50
"""Orders that are written together: the store is looked at once for all of them, right before."""

_TIMES_TAKEN = 3
"""An order that has changed each time that it was read is left to the next run."""

_log = logging.getLogger("avbc.orchestrator")


@attrs.define
class _Ending:
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


class Import:
    """The import of one run.

    Args:
        run: The run.
        customisations: Applied to each order that was mapped.

    Raises:
        BooksUnreachable: The books' reference data cannot be read.
    """

    _choice: Choice

    def __init__(self, run: Run[ImportReport], customisations: Sequence[Customisation]) -> None:
        self._run = run
        self._incomers = Incomers(run, customisations)

    def selected(self, selection: Selection) -> ImportReport:
        """Import the orders of a selection.

        Raises:
            SettingsError: The books have another store's orders under the Import Source Code.
            AvbcError: The run could not begin, and nothing was written.
        """
        return self._run.do(lambda _: self._selected(selection))

    def one(self, order_id: int, *, only_new: bool = False) -> ImportReport:
        """Import one placed order, whatever its status.

        Args:
            order_id: Its id.
            only_new: Only if it has the New Order Status.

        Raises:
            NoSuchOrder: The store has no such order.
            SettingsError: The books have another store's orders under the Import Source Code.
            AvbcError: The run could not begin, and nothing was written.
        """
        return self._run.do(lambda _: self._one(order_id, only_new=only_new))

    # Which orders

    def _begin(self, kind: Kind) -> None:
        self._choice = Choice(self._run, kind)

    def _selected(self, selection: Selection) -> None:
        if selection.ids is not None:
            self._begin("placed")
            self._by_id(frozenset(selection.ids))
        elif selection.since is not None:
            self._begin("placed")
            pages = orders_of_period(self._run.store, selection.since, selection.until)
            for page in self._pages(pages):
                self._take([each for each in page if not self._choice.refusal(each)], missing=True)
        elif selection.retry_errors:
            self._begin("errors")
            self._waiting()
        else:
            self._begin("new")
            run = self._run
            webhooks = [] if run.preview else OpenWebhooks.of(run.integration).read("import")
            self._waiting()
            close_webhooks(run, webhooks, {outcome.order_id for outcome in run.report.postponed})

    def _waiting(self) -> None:
        run, choice = self._run, self._choice
        listed = waiting_orders(run.store, run.settings, choice.waiting)
        for page in self._pages(run.store.pages(listed)):
            if len(page) < listed.limit and choice.kind == "new":
                run.total = run.done + len(page)
            self._take([each for each in page if not choice.refusal(each)])

    def _pages(self, pages: Iterator[Page[Order]]) -> Iterator[list[Incoming]]:
        """Yield pages of orders, until the run is over; rows without an id are reported here."""
        run = self._run
        read_at = moment()
        for page in pages:
            incoming = self._incomers.of_page(page, read_at)
            nameless = [row for row in page.unreadable if row.id is None]
            del page  # Two pages in memory at once are one too many.
            self._choice.learn(incoming)
            yield incoming
            del incoming
            for row in nameless:
                each = Incoming(Order(), "")
                outcome = Outcome(0, "", None, (unreadable(row.error),))
                self._end(_Ending(each, "postponed", outcome))
            run.advance(len(nameless))
            if run.is_over():
                return
            read_at = moment()

    def _by_id(self, ids: Collection[int]) -> None:
        run = self._run
        run.total = len(ids)
        for first, last in windows(ids):
            wanted = sorted(number for number in ids if first <= number <= last)
            read_at = moment()
            found = self._incomers.by_id(wanted, read_at)
            self._choice.learn(found.values())
            self._finish(
                [
                    self._left(self._incomers.missing(number), not_there(number))
                    for number in wanted
                    if number not in found
                ]
            )
            self._asked_for(list(found.values()))
            if run.is_over():
                return

    def _one(self, order_id: int, *, only_new: bool) -> None:
        self._begin("new" if only_new else "placed")
        self._run.total = 1
        each = self._incomers.one(order_id)
        self._choice.learn([each])
        self._asked_for([each])

    def _asked_for(self, incoming: Sequence[Incoming]) -> None:
        """Import orders that were asked for by their ids, or say why they are not taken."""
        refusals = [(each, self._choice.refusal(each)) for each in incoming]
        self._finish([self._left(each, refusal) for each, refusal in refusals if refusal])
        self._take([each for each, refusal in refusals if not refusal])

    # Pages and chunks

    def _take(self, incoming: Sequence[Incoming], *, missing: bool = False) -> None:
        """Import the orders of a page.

        Args:
            incoming: The orders.
            missing: Only those that are not in the books.
        """
        run = self._run
        if not incoming:
            return
        try:
            if not run.preview:
                run.integration.require_setting_statuses()
            self._incomers.look_up(incoming)
        except AvbcError as error:
            run.halt(error)
        if missing:
            incoming = [each for each in incoming if each.existing is None]
        for start in range(0, len(incoming), CHUNK):
            chunk = incoming[start : start + CHUNK]
            if not run.is_over():
                self._incomers.read_payments([each for each in chunk if not each.is_unchanged])
            if not run.preview:
                self._look_again(chunk)
            self._finish([self._import(each) for each in chunk])

    def _look_again(self, chunk: Sequence[Incoming]) -> None:
        """Look at a chunk in the store once more, right before it is written.

        What was canceled meanwhile is left alone, and what was changed is taken as it is now. A gap
        stays between this look and the writes: BigCommerce has no conditional write.
        """
        changed: list[Incoming] = []
        for left in reversed(range(_TIMES_TAKEN)):
            try:
                changed = self._changed(chunk)
            except AvbcError as error:
                for each in chunk:
                    self._incomers.fail(each, error)
                self._run.stop_if_all_failed([error])
                return
            if changed and left:
                try:
                    self._incomers.look_up(changed, again=True)
                    self._incomers.read_payments(
                        [each for each in changed if not each.is_unchanged]
                    )
                except AvbcError as error:
                    self._run.halt(error)
            elif not changed:
                return
        for each in changed:
            each.left = self._changing(each.order.id)

    def _changed(self, incoming: Iterable[Incoming]) -> list[Incoming]:
        """Look at orders again that were not read a moment before; returns what is not the same.

        Those that are not to be taken any more are not among them: they have the reason.

        Raises:
            StoreError: The store does not answer.
        """
        stale = [each for each in incoming if each.left is None and not is_fresh(each.read_at)]
        if not stale or self._run.is_over():
            return []
        ids = [each.order.id for each in stale]
        found = self._incomers.by_id(ids, moment(), self._choice.status_id)
        changed: list[Incoming] = []
        for each in stale:
            now = found.get(each.order.id)
            if now is None:
                each.left = self._choice.gone(each.order.id)
            elif not each.differs(now):
                each.read_at = now.read_at
            else:
                each.take(now)
                each.left = self._choice.refusal(each)
                if each.left is None:
                    changed.append(each)
        return changed

    def _finish(self, endings: Sequence[_Ending]) -> None:
        """Set the statuses of a chunk, report how its orders ended, and write the journal."""
        run = self._run
        self._note(endings)
        due = [] if run.preview else [each for each in endings if each.is_due]
        self._leave_changed(due)
        due = [each for each in due if each.is_due]
        self._set_statuses([each for each in due if each.error is None])
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
        self._set_statuses([each for each in again if each.is_due])
        for each in endings:
            self._end(each)
        run.stop_if_all_failed([each.error for each in due])
        for each in due:
            if isinstance(each.error, CONCERNS_ALL):
                run.halt(each.error)
        run.advance(len(endings))

    def _leave_changed(self, due: Sequence[_Ending]) -> None:
        """Leave the orders that were changed while the books were slow."""
        try:
            changed = self._changed([each.each for each in due])
        except AvbcError as error:
            for each in due:
                each.error = error
            return
        for ending in due:
            if ending.each.left is not None:
                ending.leave(ending.result, attrs.evolve(ending.each.left, severity="warning"))
            elif any(each is ending.each for each in changed):
                ending.leave("postponed", self._changing(ending.each.order.id))

    def _set_statuses(self, endings: Sequence[_Ending]) -> None:
        run, update = self._run, self._run.store.orders.update.call
        calls = [
            update(each.outcome.order_id, status_id=each.status_id, staff_notes=each.notes)
            for each in endings
        ]
        answers = run.store.map(calls, limit=IN_FLIGHT, return_errors=True)
        for each, answer in zip(endings, answers, strict=True):
            each.error = answer
            if answer is None:
                run.is_begun = True
                if each.status_id is not UNSET:
                    run.know(STATUS, each.outcome.import_id, str(each.status_id))
                    self._have_pushed_again(each)

    def _have_pushed_again(self, ending: _Ending) -> None:
        """Have AcctVantage's status sent again that the import's own status has replaced."""
        run, existing = self._run, ending.each.existing
        if (
            existing is None
            or existing.status_changed_at is None
            or run.settings.order_status.updates != "push"
        ):
            return
        is_refused = ending.result == "refused"
        # What was refused waits until a person gives it another status.
        until = run.statuses.import_error if is_refused else run.statuses.new
        hold_status(run, existing.import_id, until)

    def _note(self, endings: Sequence[_Ending]) -> None:
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
            elif each.result != "postponed":
                run.set_items(ids[1], (), *ids)
                if each.each.existing is not None:
                    # A person's status says whether it was paid, and avbc's hides it.
                    run.know(FOLLOWED, ids[1], "")
                    _know_edit(run, each)
                if each.mapped is not None and each.result != "relinked":
                    run.know(DECISIONS, ids[1], as_text(each.result, each.mapped))
                if happened := stopped(each.each.order.status_id):
                    run.add_stopped_item(*ids, happened)
        refused = [each for each in endings if each.result == "refused"]
        if refused and not run.is_written():
            message = f"The worklist could not be written: {run.report.unrecorded}"
            for each in refused:
                each.leave("postponed", record_problem("try_again", message))

    def _end(self, ending: _Ending) -> None:
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
        codes = ", ".join(dict.fromkeys(problem.code for problem in outcome.problems))
        text = f"{'would be ' if run.preview else ''}{result}{f' ({codes})' if codes else ''}"
        failed = result in ("refused", "postponed") and not run.preview
        _log.log(
            logging.WARNING if failed else logging.INFO,
            "order %d: %s",
            outcome.order_id,
            text,
            extra=order_extra(*ids),
        )
        # Of an order that keeps its status, the journal must not say that it has ours.
        kept = result == "refused" and ending.status_id is UNSET
        done = "refused, status kept" if kept else result
        run.record(run.entry("import", done, *ids, sentence(outcome.problems)))

    # One order

    def _import(self, each: Incoming) -> _Ending:
        """Write an order to the books; its status is left to set."""
        with tracing.span(
            "avbc.order", {"avbc.order_id": each.order.id, "avbc.import_id": each.import_id}
        ):
            ending = self._tried(each)
            tracing.note({"avbc.result": ending.result})
        return ending

    def _tried(self, each: Incoming) -> _Ending:
        run = self._run
        if each.left is not None:
            return self._left(each, each.left)
        if each.error is None and run.is_over():
            message = f"The run stopped before this order: {run.report.stopped}"
            return self._ending("postponed", each, [record_problem("run_stopped", message)])
        try:
            return self._write(each)
        except BooksRefused as error:
            problem = record_problem(
                "books_refused",
                f"AcctVantage refuses the order: {error}",
                "Correct the order in BigCommerce or the record in AcctVantage.",
            )
            return self._ending("refused", each, [problem])
        except UnexpectedData as error:
            return self._ending("refused", each, [unreadable(error)])
        except AvbcError as error:
            if isinstance(error, CONCERNS_ALL):
                run.halt(error)
            elif isinstance(error, BooksUnreachable):
                run.report.stopped = str(error)
            problem = problem_of(error)
            if isinstance(error, RequestRefused):
                # A part of the order that the store refuses to show may be shown next time.
                problem = record_problem("store_failed", str(error))
        except Exception as error:  # noqa: BLE001
            # A bug in a customisation, a gateway or avbc must not stop the other orders.
            ids = order_extra(each.order.id, each.import_id)
            problem = unexpected(error, f"order {each.order.id}", "while it was imported", ids)
        return self._ending("postponed", each, [problem])

    def _write(self, each: Incoming) -> _Ending:
        if each.error is not None:
            raise each.error
        if each.existing is not None and each.is_unchanged:
            return self._ending("relinked", each)
        mapped = self._incomers.map(each)
        lookups = self._incomers.lookups
        if each.existing is not None:
            return self._write_edited(each, each.existing, mapped)
        if mapped.bundle is None:
            return self._ending("refused", each, mapped=mapped)
        if self._run.preview:
            lookups.imagine(mapped.bundle)
            return self._ending("imported", each, mapped=mapped)
        created = self._run.books.create_order(mapped.bundle)
        self._run.is_begun = True
        if not created.created and created.order.fingerprint != mapped.bundle.order.fingerprint:
            problem = record_problem(
                "order_imported_meanwhile",
                f"Another process wrote {each.import_id} to the books in the meantime, with other "
                "content; the next run compares them.",
            )
            return self._ending("postponed", each, [problem])
        lookups.remember(mapped.bundle, created.order.client_id, created.order.contact_id)
        return self._ending("imported" if created.created else "relinked", each, mapped=mapped)

    def _write_edited(self, each: Incoming, existing: SalesOrder, mapped: MappedOrder) -> _Ending:
        """Handle an order that was edited in the store after its import, as the settings say."""
        bundle = mapped.bundle
        posted = any(receipt.posted for receipt in each.receipts)
        is_updated = may_update(existing, each.receipts, self._run.settings)
        if bundle is None and is_updated:
            return self._ending("refused", each, mapped=mapped)
        edits = edits_of(each, mapped)
        if bundle is not None and not edits:
            return self._ending("relinked", each, mapped=mapped)
        if bundle is not None and is_updated:
            if not self._run.preview:
                updated = self._run.books.update_order(bundle)
                self._run.is_begun = True
                self._incomers.lookups.remember(bundle, updated.client_id, updated.contact_id)
            return self._ending("updated", each, mapped=mapped)
        why = "has a posted receipt" if posted else f"is {existing.status}"
        then = (
            "give the order the Downloaded Order Status"
            if self._choice.sets_status(each)
            else f"call import_order({each.order.id})"
        )
        problem = Problem(
            "order_edited",
            "import_id",
            each.import_id,
            f"The order was edited after it was imported as {each.import_id}, which {why} "
            f"and is not changed{edits}.",
            f"Change {each.import_id} in AcctVantage by hand, then {then}.",
        )
        return self._ending("refused", each, [problem], mapped)

    # How it ends

    def _ending(
        self,
        result: Result,
        each: Incoming,
        problems: Sequence[Problem] = (),
        mapped: MappedOrder | None = None,
    ) -> _Ending:
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
        ending = _Ending(each, result, outcome, mapped=mapped)
        sets_status = self._choice.sets_status(each)
        if result == "refused" and not sets_status:
            ending.leave(result, self._choice.kept(each.order))
        elif result == "refused":
            ending.status_id = run.statuses.import_error
            if run.settings.order_status.staff_notes_on_errors:
                reasons = sentence(each for each in outcome.problems if each.severity == "error")
                ending.notes = with_error(notes, reasons)
        elif result != "postponed":
            if sets_status:
                ending.status_id = run.statuses.downloaded
            if (without := without_error(notes)) != notes:
                ending.notes = without
        return ending

    def _left(self, each: Incoming, problem: Problem) -> _Ending:
        """How an order ends that is not taken."""
        total = each.order.total_inc_tax if each.is_readable else None
        outcome = Outcome(each.order.id, each.import_id, total, (problem,))
        return _Ending(each, "postponed", outcome)

    def _changing(self, order_id: int) -> Problem:
        return record_problem(
            "order_changed",
            "The order was changed in the store while it was imported.",
            f"The next import takes it if it is New; otherwise call import_order({order_id}).",
        )


def _know_edit(run: Run[ImportReport], each: _Ending) -> None:
    """Remember an edit that the import compared: it is none any more where the books agree."""
    if each.mapped is not None and each.mapped.bundle is not None:
        run.know(EDITED, each.outcome.import_id, each.mapped.bundle.order.fingerprint)
