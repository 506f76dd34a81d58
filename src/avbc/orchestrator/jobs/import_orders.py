"""One run of the import: from pages of New orders to sales orders in the books, and each order's status back to the store.

The sequence of steps is what makes it safe to die anywhere. For each order: the books first, the
status last. Until its status is set an order is New, and the next run takes it again; then its
Import ID stands in the books, and only the status is set.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import attrs

from avbc import tracing
from avbc.acctvantage.gateway import BooksRefused, BooksUnreachable, BooksUnusable, Gateway
from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import OPEN, OrderBundle, Receipt, SalesOrder
from avbc.bigcommerce import (
    BigCommerce,
    ClientClosed,
    NotFound,
    RequestRefused,
    ScopeMissing,
    StoreError,
    TokenRefused,
    UnexpectedData,
)
from avbc.bigcommerce.call import Page, UnreadableRow
from avbc.bigcommerce.models import Order, OrderCoupon, Transaction
from avbc.errors import AvbcError, FinalError, TransientError
from avbc.mapping import MappedOrder, Problem, difference, fingerprint
from avbc.mapping.status import status_name
from avbc.orchestrator.engine.customising import Customisation, customised
from avbc.orchestrator.engine.leases import Lease, NoLease
from avbc.orchestrator.engine.lookups import Lookups
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.run import order_extra
from avbc.orchestrator.engine.staff_notes import with_error, without_error
from avbc.orchestrator.engine.statuses import SYSTEM_STATUSES, ImportStatuses
from avbc.orchestrator.engine.store_orders import non_empty_lists, unreadable
from avbc.orchestrator.reports import RESULTS, ImportReport, JournalEntry, Outcome, Result, sentence
from avbc.settings import Settings
from avbc.unset import UNSET, Unset

NOT_NEW = "order_not_new"
"""The problem of an order that is not to be imported, since it has another status."""

_CHUNK = 32
"""Orders that are written to the books before their statuses are set together: how many a death can leave with their status missing."""
_AT_ONCE = 4
"""Requests in flight: at 100 ms each 40 in a second, more than twice a Pro plan's quota. More of them only cost CPU time."""
_DIFFERENCES_TOLD = 8
# What concerns every order and not the one at hand.
_CONCERNS_ALL = (TokenRefused, ScopeMissing, ClientClosed, BooksUnusable)

_log = logging.getLogger("avbc.orchestrator")


class NoSuchOrder(FinalError):
    """The store has no order of this id, or it is archived."""


@attrs.define
class _Work:
    """An order on its way."""

    order: Order
    import_id: str
    existing: SalesOrder | None = None
    """The sales order with its Import ID, if there is one."""
    is_unchanged: bool = False
    """The sales order was imported from an order that said what this one says."""
    receipts: Sequence[Receipt] = ()
    """The receipts on it; read only where the order was edited."""
    transactions: Sequence[Transaction] = ()
    trouble: AvbcError | None = None
    """Why it cannot go on in this run."""


@attrs.frozen
class _Step:
    """What is left to do for an order: one status write. Then its outcome is true."""

    result: Result
    outcome: Outcome
    status_id: int
    notes: str | Unset = UNSET


class ImportRun:
    """One run. Its report tells how far it came.

    Args:
        settings: The settings.
        statuses: The three statuses, by their ids.
        store: The store.
        books: The books.
        customisations: Applied to each order that was mapped.
        on_progress: Told of each chunk of orders.
        record: Appends to the journal.
        know: Remembers the statuses that orders were given in the store: ids by Import ID.
        before_writing: Raises where the store would refuse the status writes; called once, before
            anything is written.
        preview: Write nothing; the report says what would be written.
        is_stopping: Whether the run shall end early: the order in hand is finished, and no other
            one begun.

    Raises:
        BooksUnreachable: The books' reference data could not be read.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        statuses: ImportStatuses,
        store: BigCommerce,
        books: Gateway,
        customisations: Sequence[Customisation],
        on_progress: Progress | None,
        record: Callable[[Sequence[JournalEntry]], object],
        know: Callable[[Mapping[str, str]], object],
        before_writing: Callable[[], object],
        preview: bool = False,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.report = ImportReport(preview=preview, started=datetime.now(UTC))
        self._settings = settings
        self._statuses = statuses
        self._wanted = frozenset({statuses.new})
        self._store = store
        self._books = books
        self._customisations = customisations
        self._on_progress = on_progress
        self._record = record
        self._know = know
        self._before_writing = before_writing
        self._preview = preview
        self._is_stopping = is_stopping
        self._lookups = Lookups(settings, books)
        self._lease: Lease = NoLease()
        self._has_written = False
        self._done = 0
        self._total: int | None = None
        self._id = uuid.uuid4().hex
        self._entries: list[JournalEntry] = []
        self._given: dict[str, str] = {}
        self._requests_before = store.requests_sent

    def run(self, pages: Iterator[Page[Order]], page_size: int, lease: Lease) -> ImportReport:
        """Import the orders of all pages, while it is this process's turn.

        Raises:
            AvbcError: The run could not begin: nothing was written.
        """
        self._lease = lease
        while not self._is_stopped():
            try:
                page = next(pages, None)
            except AvbcError as error:
                self._halt(error)
                break
            if page is None:
                break
            if page.count < page_size:
                self._total = self._done + page.count
            self._take(page)
        return self._finished()

    def run_one(self, read: Callable[[], Page[Order]], lease: Lease) -> ImportReport:
        """Import the one order of a page, which is New or has the Import Error Status, if it is this process's turn."""
        self._lease = lease
        if self._is_stopped():
            return self._finished()
        page = read()
        self._wanted = frozenset({self._statuses.new, self._statuses.import_error})
        self._total = page.count
        since = self._settings.order_status.import_orders_created_since
        for order in page.items:
            problem = self._not_for_import(order)
            if since is not None and order.date_created < since:
                message = (
                    f"It was created {order.date_created:%Y-%m-%d}, before the date from "
                    f"which orders are imported, {since:%Y-%m-%d}."
                )
                fix = "Enter it by hand, or change order_status.import_orders_created_since."
                problem = Problem(
                    "order_too_old", "date_created", order.date_created.isoformat(), message, fix
                )
            if problem is not None:
                self._postpone(self._work(order), problem)
                return self._finished()
        self._take(page)
        return self._finished()

    def explain(self, order: Order) -> MappedOrder:
        """Map an order as an import would, and say where it stands besides.

        Raises:
            AvbcError: Something could not be read.
        """
        work = self._work(order)
        self._look_up([work], explain=True)
        self._read_payments([work])
        if work.trouble is not None:
            raise work.trouble
        mapped = self._map(work)
        problems: list[Problem] = []
        not_new = self._not_for_import(order)
        if not_new is not None:
            problems.append(attrs.evolve(not_new, severity="warning"))
        if work.existing is not None:
            state = "with the same content"
            if not work.is_unchanged:
                state = f"and the order was edited since{_told(self._changes(work, mapped))}"
            message = (
                f"{work.import_id} stands in the books already as {work.existing.status}, {state}."
            )
            problems.append(
                Problem("order_imported", "import_id", work.import_id, message, severity="warning")
            )
        return attrs.evolve(mapped, problems=(*mapped.problems, *problems)) if problems else mapped

    # Pages and chunks

    def _take(self, page: Page[Order]) -> None:
        works = [self._work(order) for order in page.items if order.status_id in self._wanted]
        rows = [row for row in page.unreadable if _status_of(row) in (None, *self._wanted)]
        if not works and not rows:
            return
        try:
            if not self._preview:
                self._before_writing()
            self._look_up(works)
        except AvbcError as error:
            self._halt(error)
        for start in range(0, len(works), _CHUNK):
            self._take_chunk(works[start : start + _CHUNK])
        self._finish([self._refuse_unreadable(row) for row in rows])

    def _take_chunk(self, works: Sequence[_Work]) -> None:
        if not self._is_stopped():
            self._read_payments([work for work in works if not work.is_unchanged])
        self._finish([self._step(work) for work in works])

    def _finish(self, steps: Sequence[_Step | None]) -> None:
        """Set the statuses of a chunk, write the journal, tell the progress."""
        self._set_statuses([step for step in steps if step is not None])
        self._write_journal()
        self._done += len(steps)
        if self._on_progress is not None and steps:
            self._on_progress(
                self._done,
                self._total,
                "Previewing orders" if self._preview else "Importing orders",
            )

    def _order_span(self, order_id: int, import_id: str) -> AbstractContextManager[object]:
        return tracing.span("avbc.order", {"avbc.order_id": order_id, "avbc.import_id": import_id})

    def _work(self, order: Order) -> _Work:
        return _Work(
            order, order_import_id(self._settings.order_status.import_source_code, order.id)
        )

    # Reading what the orders need

    def _look_up(self, works: Sequence[_Work], *, explain: bool = False) -> None:
        """Read what a page of orders needs: the lines that were cut off, then the books, with one call for each kind of record."""
        cut = [work for work in works if not work.order.lines_complete]
        calls = [self._store.order_products.list.call(work.order.id) for work in cut]
        for work, lines in zip(cut, non_empty_lists(self._store, calls), strict=True):
            if isinstance(lines, AvbcError):
                self._trouble(work, lines)
            else:
                work.order.products = tuple(lines)
        existing = {
            order.import_id: order
            for order in self._books.sales_orders([work.import_id for work in works])
        }
        for work in works:
            work.existing = existing.get(work.import_id)
            work.is_unchanged = (
                work.existing is not None and work.existing.fingerprint == fingerprint(work.order)
            )
        edited = {
            work.import_id: work
            for work in works
            if work.existing is not None and not work.is_unchanged
        }
        for receipt in self._books.receipts(list(edited)) if edited else ():
            work = edited[receipt.order_import_id]
            work.receipts = [*work.receipts, receipt]
        self._lookups.read([work.order for work in works if explain or not work.is_unchanged])

    def _read_payments(self, works: Sequence[_Work]) -> None:
        """Read the transactions of the orders that were paid online; the others have none."""
        online = [work for work in works if work.order.payment_status and work.trouble is None]
        calls = [self._store.transactions.list.call(work.order.id) for work in online]
        found = non_empty_lists(self._store, calls)
        for work, transactions in zip(online, found, strict=True):
            if isinstance(transactions, AvbcError):
                self._trouble(work, transactions)
            else:
                work.transactions = transactions
        self._stop_if_all_failed(found)

    def _read_coupons(self, order: Order) -> Sequence[OrderCoupon]:
        (coupons,) = non_empty_lists(self._store, [self._store.order_coupons.list.call(order.id)])
        if isinstance(coupons, AvbcError):
            raise coupons
        return coupons

    def _trouble(self, work: _Work, error: AvbcError) -> None:
        if isinstance(error, _CONCERNS_ALL):
            self._halt(error)
        work.trouble = error

    # One order

    def _step(self, work: _Work) -> _Step | None:
        """Write an order to the books; what is left is its status. None where nothing is left to do in this run."""
        with self._order_span(work.order.id, work.import_id):
            return self._tried(work)

    def _tried(self, work: _Work) -> _Step | None:
        if work.trouble is None and self._is_stopped():
            self._postpone(
                work,
                _problem(
                    "run_stopped", f"The run stopped before this order: {self.report.stopped}"
                ),
            )
            return None
        try:
            return self._write(work)
        except BooksRefused as error:
            fix = "Correct the order in BigCommerce or the record in AcctVantage."
            return self._refuse(
                work, [_problem("books_refused", f"AcctVantage refuses the order: {error}", fix)]
            )
        except UnexpectedData as error:
            return self._refuse(work, [unreadable(error)])
        except AvbcError as error:
            if isinstance(error, _CONCERNS_ALL):
                self._halt(error)
            elif isinstance(error, BooksUnreachable):
                self.report.stopped = str(error)
            problem = _problem(_code(error), str(error))
        except Exception as error:  # noqa: BLE001  # a fault of a customisation, a gateway or ours must not stop the other orders
            _log.exception(
                "order %d: unexpected %s",
                work.order.id,
                type(error).__name__,
                extra=order_extra(work.order.id, work.import_id),
            )
            message = f"{type(error).__name__} while it was imported: {error}"
            problem = _problem(
                "unexpected_error", message, "Correct the program; the log has the traceback."
            )
        self._postpone(work, problem)
        return None

    def _write(self, work: _Work) -> _Step | None:
        if work.trouble is not None:
            raise work.trouble
        if work.existing is not None and work.is_unchanged:
            return self._accept(work, "relinked")
        mapped = self._map(work)
        if work.existing is not None:
            return self._write_edited(work, work.existing, mapped)
        if mapped.bundle is None:
            return self._refuse(work, mapped.problems, mapped)
        if self._preview:
            self._lookups.imagine(mapped.bundle)
            return self._accept(work, "imported", mapped)
        created = self._books.create_order(mapped.bundle)
        self._has_written = True
        if not created.created and created.order.fingerprint != mapped.bundle.order.fingerprint:
            message = (
                f"{work.import_id} came up in the books meanwhile with other content; the "
                "next run compares them."
            )
            self._postpone(work, _problem("order_imported_meanwhile", message))
            return None
        self._lookups.remember(mapped.bundle, created.order.client_id, created.order.contact_id)
        return self._accept(work, "imported" if created.created else "relinked", mapped)

    def _write_edited(self, work: _Work, existing: SalesOrder, mapped: MappedOrder) -> _Step | None:
        """Treat an order that was edited in the store after it was imported by the policy of the settings."""
        bundle = mapped.bundle
        posted = any(receipt.posted for receipt in work.receipts)
        may_update = (
            self._settings.order_status.edited_orders == "update"
            and existing.status == OPEN
            and not posted
        )
        if bundle is None and may_update:
            return self._refuse(work, mapped.problems, mapped)
        changes = self._changes(work, mapped)
        if bundle is not None and not changes:
            return self._accept(work, "relinked", mapped)
        if bundle is not None and may_update:
            if not self._preview:
                updated = self._books.update_order(bundle)
                self._has_written = True
                self._lookups.remember(bundle, updated.client_id, updated.contact_id)
            return self._accept(work, "updated", mapped)
        why = "has a posted receipt" if posted else f"is {existing.status}"
        message = (
            f"The order was edited after it was imported as {work.import_id}, which {why} "
            f"and stays as it is{_told(changes)}."
        )
        fix = (
            f"Change {work.import_id} in AcctVantage by hand, then give the order the "
            "Downloaded Order Status."
        )
        return self._refuse(
            work,
            [Problem("order_edited", "import_id", work.import_id, message, fix), *mapped.problems],
            mapped,
        )

    def _map(self, work: _Work) -> MappedOrder:
        order = work.order
        mapped = self._lookups.map(order, work.transactions, self._read_coupons)
        if mapped.bundle is not None and work.existing is not None:
            mapped = attrs.evolve(mapped, bundle=_keeping_client(mapped.bundle, work.existing))
        return customised(order, mapped, self._customisations)

    def _changes(self, work: _Work, mapped: MappedOrder) -> list[str]:
        if work.existing is None or mapped.bundle is None:
            return []
        changes = [
            str(change) for change in difference(work.existing, work.receipts, mapped.bundle)
        ]
        if mapped.bundle.client_id != work.existing.client_id:
            changes.insert(
                0,
                f"client: {work.existing.client} in AcctVantage, {mapped.bundle.order.client} in "
                "the store",
            )
        return changes

    # Ends

    def _accept(
        self, work: _Work, result: Result, mapped: MappedOrder | None = None
    ) -> _Step | None:
        """The order is in the books, so what is left is its status. Our line in its staff notes has had its day."""
        notes = without_error(work.order.staff_notes)
        outcome = self._outcome(work, () if mapped is None else mapped.problems, mapped)
        return self._left(
            _Step(
                result,
                outcome,
                self._statuses.downloaded,
                UNSET if notes == work.order.staff_notes else notes,
            )
        )

    def _refuse(
        self, work: _Work, problems: Sequence[Problem], mapped: MappedOrder | None = None
    ) -> _Step | None:
        """The order cannot be imported as it is, so what is left is to say so in the store."""
        return self._left(
            self._refusal(self._outcome(work, problems, mapped), work.order.staff_notes)
        )

    def _refuse_unreadable(self, row: UnreadableRow) -> _Step | None:
        code = self._settings.order_status.import_source_code
        problem = unreadable(row.error)
        if row.id is None:
            self._end("postponed", Outcome(0, "", None, (problem,)))
            return None
        notes = row.row.get("staff_notes") if isinstance(row.row, Mapping) else None
        outcome = Outcome(row.id, order_import_id(code, row.id), None, (problem,))
        with self._order_span(outcome.order_id, outcome.import_id):
            return self._left(self._refusal(outcome, notes if isinstance(notes, str) else ""))

    def _refusal(self, outcome: Outcome, staff_notes: str) -> _Step:
        reasons = sentence(problem for problem in outcome.problems if problem.severity == "error")
        notes = (
            with_error(staff_notes, reasons)
            if self._settings.order_status.staff_notes_on_errors
            else UNSET
        )
        return _Step("refused", outcome, self._statuses.import_error, notes)

    def _postpone(self, work: _Work, problem: Problem) -> None:
        tracing.note({"avbc.result": "postponed"})
        self._end("postponed", self._outcome(work, (problem,)))

    def _outcome(
        self, work: _Work, problems: Sequence[Problem], mapped: MappedOrder | None = None
    ) -> Outcome:
        total = work.order.total_inc_tax if mapped is None else mapped.total
        return Outcome(
            work.order.id, work.import_id, total, tuple(problems), mapped if self._preview else None
        )

    def _left(self, step: _Step) -> _Step | None:
        tracing.note({"avbc.result": step.result})
        if not self._preview:
            return step
        self._end(step.result, step.outcome)
        return None

    def _end(self, result: Result, outcome: Outcome) -> None:
        self.report.outcomes(result).append(outcome)
        codes = ", ".join(dict.fromkeys(problem.code for problem in outcome.problems))
        said = f"{'would be ' if self._preview else ''}{result}{f' ({codes})' if codes else ''}"
        level = (
            logging.WARNING
            if result in ("refused", "postponed") and not self._preview
            else logging.INFO
        )
        _log.log(
            level,
            "order %d: %s",
            outcome.order_id,
            said,
            extra=order_extra(outcome.order_id, outcome.import_id),
        )
        if not self._preview:
            told = sentence(outcome.problems) if outcome.problems else ""
            entry = JournalEntry(
                datetime.now(UTC),
                "import",
                result,
                outcome.order_id,
                outcome.import_id,
                told,
                self._id,
            )
            self._entries.append(entry)

    # The store's side

    def _set_statuses(self, steps: Sequence[_Step]) -> None:
        if not steps:
            return
        answers = self._send(steps)
        # A note that BigCommerce does not take, say for its length, must not keep the status from
        # being set.
        again = [
            index for index, answer in enumerate(answers) if _refuses_notes(steps[index], answer)
        ]
        if again:
            for index, answer in zip(
                again,
                self._send([attrs.evolve(steps[index], notes=UNSET) for index in again]),
                strict=True,
            ):
                answers[index] = answer
        for step, answer in zip(steps, answers, strict=True):
            if answer is None:
                self._has_written = True
                self._given[step.outcome.import_id] = str(step.status_id)
                self._end(step.result, step.outcome)
            else:
                self._end("postponed", _without_status(step, answer))
        self._stop_if_all_failed(answers)
        for answer in answers:
            if isinstance(answer, _CONCERNS_ALL):
                self._halt(answer)

    def _send(self, steps: Sequence[_Step]) -> list[AvbcError | None]:
        update = self._store.orders.update.call
        calls = [
            update(step.outcome.order_id, status_id=step.status_id, staff_notes=step.notes)
            for step in steps
        ]
        return self._store.map(calls, limit=_AT_ONCE, return_errors=True)

    def _stop_if_all_failed(self, answers: Sequence[object]) -> None:
        """Where not one request of many came through, the store is away: asking on for each order would take hours."""
        if answers and all(isinstance(answer, TransientError) for answer in answers):
            self.report.stopped = str(answers[0])

    def _is_stopped(self) -> bool:
        if not self.report.stopped and self._is_stopping():
            self.report.stopped = "a stop was asked for"
        self.report.stopped = self.report.stopped or self._lease.check()
        return bool(self.report.stopped)

    def _halt(self, error: AvbcError) -> None:
        """Stop the run. Where nothing was done yet, the error is all that there is to say."""
        if not self._has_written and not self._done:
            raise error
        self.report.stopped = str(error)

    def _write_journal(self) -> None:
        self._record(self._entries)
        self._entries = []
        self._know(self._given)
        self._given = {}

    def _finished(self) -> ImportReport:
        self._write_journal()
        self.report.finished = datetime.now(UTC)
        self.report.requests = self._store.requests_sent - self._requests_before
        _log.info("%s", self.report.summary())
        tracing.note({f"avbc.{result}": len(self.report.outcomes(result)) for result in RESULTS})
        return self.report

    def _not_for_import(self, order: Order) -> Problem | None:
        if order.status_id in (self._statuses.new, self._statuses.import_error):
            return None
        new = next(
            (status_name(status) for status in SYSTEM_STATUSES if status.id == self._statuses.new),
            str(self._statuses.new),
        )
        message = (
            f"The order is {order.custom_status or order.status or order.status_id!r}, and "
            f"only {new!r} is imported."
        )
        return Problem(
            NOT_NEW,
            "status_id",
            str(order.status_id),
            message,
            f"Give it the status {new!r} to have it imported.",
        )


def _keeping_client(bundle: OrderBundle, existing: SalesOrder) -> OrderBundle:
    """An edited order of a guest stays with the client that its import made: a guest cannot be found again but by email."""
    if (
        bundle.new_client is None
        or bundle.new_client.import_id is not None
        or existing.client_id is None
    ):
        return bundle
    order = attrs.evolve(
        bundle.order,
        client=existing.client,
        client_id=existing.client_id,
        contact_id=existing.contact_id,
    )
    return attrs.evolve(
        bundle,
        order=order,
        client_id=existing.client_id,
        contact_id=existing.contact_id,
        new_client=None,
        new_contact=None,
    )


def _refuses_notes(step: _Step, answer: AvbcError | None) -> bool:
    return (
        step.notes is not UNSET
        and isinstance(answer, RequestRefused)
        and not isinstance(answer, NotFound)
    )


def _without_status(step: _Step, error: AvbcError) -> Outcome:
    """The outcome of an order whose status could not be set: not what was meant, since it is still New."""
    meant = "refused" if step.result == "refused" else "in the books"
    message = f"The order is {meant}, but its status could not be set: {error}"
    problem = _problem("status_not_set", message, "The next run sets it.")
    return attrs.evolve(step.outcome, problems=(*step.outcome.problems, problem))


def _problem(code: str, message: str, fix: str = "") -> Problem:
    return Problem(code, "", "", message, fix)


def _code(error: AvbcError) -> str:
    if isinstance(error, _CONCERNS_ALL):
        return "run_stopped"
    if isinstance(error, BooksUnreachable):
        return "books_unreachable"
    return "store_failed" if isinstance(error, StoreError) else "try_again"


def _told(changes: Sequence[str]) -> str:
    if not changes:
        return ""
    more = (
        f"; and {len(changes) - _DIFFERENCES_TOLD} more" if len(changes) > _DIFFERENCES_TOLD else ""
    )
    return f": {'; '.join(changes[:_DIFFERENCES_TOLD])}{more}"


def _status_of(row: UnreadableRow) -> int | None:
    status = row.row.get("status_id") if isinstance(row.row, Mapping) else None
    return status if isinstance(status, int) else None
