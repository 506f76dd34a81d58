"""The import: New orders of the store become sales orders in the books, and get their next status.

The sequence of steps makes it safe to die anywhere. For each order: the books first, the status
last. Until its status is set an order is New, and the next run takes it again; then its Import ID
is in the books, and only the status is set.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

import attrs

from avbc import tracing
from avbc.acctvantage import BooksRefused, BooksUnreachable, OrderBundle, Receipt, SalesOrder
from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import OPEN
from avbc.bigcommerce import (
    BigCommerce,
    NotFound,
    Page,
    RequestRefused,
    UnexpectedData,
    UnreadableRow,
)
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, OrderCoupon, Transaction
from avbc.errors import AvbcError, FinalError
from avbc.mapping import MappedOrder, Problem, difference, fingerprint
from avbc.mapping.status import status_name
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    order_extra,
    problem_of,
    record_problem,
    unexpected,
)
from avbc.orchestrator.engine.customising import Customisation, customised
from avbc.orchestrator.engine.lookups import Lookups
from avbc.orchestrator.engine.open_webhooks import OpenWebhooks, close_webhooks
from avbc.orchestrator.engine.order_reads import NO_STATUS, status_of
from avbc.orchestrator.engine.run import CHUNK, IN_FLIGHT, Run
from avbc.orchestrator.engine.staff_notes import with_error, without_error
from avbc.orchestrator.engine.statuses import STATUS, SYSTEM_STATUSES
from avbc.orchestrator.engine.store_orders import (
    complete_lines,
    is_too_old,
    non_empty_lists,
    unreadable,
    waiting_orders,
)
from avbc.orchestrator.reports import ImportReport, Outcome, Result, sentence
from avbc.text import text_key
from avbc.unset import UNSET, Unset

NOT_NEW = "order_not_new"
"""The problem of an order that is not to be imported, since it has another status."""
TOO_OLD = "order_too_old"
"""The problem of an order that is not to be imported, since it was created too early."""

_DIFFERENCES_SHOWN = 8

_log = logging.getLogger("avbc.orchestrator")


class NoSuchOrder(FinalError):
    """The store has no order of this id, or it is archived."""


@attrs.define
class _Incoming:
    """An order of the store, with what its import needs."""

    order: Order
    import_id: str
    existing: SalesOrder | None = None
    is_unchanged: bool = False
    """The sales order was imported from an order with this content."""
    receipts: list[Receipt] = attrs.field(factory=list[Receipt])
    """The receipts of the sales order; read only where the order was edited."""
    transactions: Sequence[Transaction] = ()
    error: AvbcError | None = None
    """Why it cannot be imported in this run."""


@attrs.define
class _Ending:
    """How an order ends, once the status that is left to set is set."""

    result: Result
    outcome: Outcome
    status_id: int | Unset = UNSET
    notes: str | Unset = UNSET
    error: AvbcError | None = None
    """Why the status could not be set."""


class Import:
    """The import of one run.

    Args:
        run: The run.
        customisations: Applied to each order that was mapped.

    Raises:
        BooksUnreachable: The books' reference data cannot be read.
    """

    def __init__(self, run: Run[ImportReport], customisations: Sequence[Customisation]) -> None:
        self._run = run
        self._customisations = customisations
        # The books are read before the journal is opened: mostly it is in the same database, and
        # then theirs is the error to report.
        self._lookups = Lookups(run.settings, run.books)

    def all_new(self) -> ImportReport:
        """Import the orders that have the New Order Status.

        Raises:
            AvbcError: The run could not begin, and nothing was written.
        """
        return self._run.do(lambda _: self._all_new())

    def one(self, order_id: int, *, only_new: bool = False) -> ImportReport:
        """Import one order, which has the New Order Status or the Import Error Status.

        Raises:
            NoSuchOrder: The store has no such order.
            AvbcError: The run could not begin, and nothing was written.
        """
        return self._run.do(lambda _: self._one(order_id, only_new=only_new))

    def explain(self, order_id: int) -> MappedOrder:
        """Map an order as an import would, and add warnings where an import would not take it.

        Raises:
            NoSuchOrder: The store has no such order.
            AvbcError: Something of it cannot be read.
        """
        page = _page_of(self._run.store, order_id)
        if page.unreadable:
            raise page.unreadable[0].error
        each = self._incoming(page.items[0])
        self._look_up([each], explain=True)
        self._read_payments([each])
        if each.error is not None:
            raise each.error
        mapped = self._map(each)
        problems = list(mapped.problems)
        statuses = (self._run.statuses.new, self._run.statuses.import_error)
        if not_new := self._not_new(each.order, statuses):
            problems.append(attrs.evolve(not_new, severity="warning"))
        if each.existing is not None:
            state = "with the same content"
            if not each.is_unchanged:
                state = f"and the order was edited since{_listed(_changes(each, mapped))}"
            problems.append(
                Problem(
                    "order_imported",
                    "import_id",
                    each.import_id,
                    f"{each.import_id} is in the books already as {each.existing.status}, {state}.",
                    severity="warning",
                )
            )
        return attrs.evolve(mapped, problems=tuple(problems))

    # Pages and chunks

    def _all_new(self) -> None:
        run, new = self._run, self._run.statuses.new
        webhooks = [] if run.preview else OpenWebhooks.of(run.integration).read("import")
        listed = waiting_orders(run.store, run.settings, new)
        for page in run.store.pages(listed):
            if page.count < listed.limit:
                run.total = run.done + page.count
            self._take(page, {new})
            if run.is_over():
                break
            del page  # Two pages in memory at once are one too many.
        close_webhooks(run, webhooks, {outcome.order_id for outcome in run.report.postponed})

    def _one(self, order_id: int, *, only_new: bool) -> None:
        run, statuses = self._run, {self._run.statuses.new}
        if not only_new:
            statuses.add(run.statuses.import_error)
        page = _page_of(run.store, order_id)
        run.total = page.count
        for order in page.items:
            if problem := self._not_new(order, statuses) or self._too_old(order):
                self._end(self._ending("postponed", self._incoming(order), [problem]))
                return
        self._take(page, statuses)

    def _take(self, page: Page[Order], statuses: set[int]) -> None:
        """Import the orders of a page that have one of these statuses, or an unreadable one."""
        run = self._run
        incoming = [self._incoming(each) for each in page.items if each.status_id in statuses]
        rows = [row for row in page.unreadable if status_of(row) in (NO_STATUS, *statuses)]
        if not incoming and not rows:
            return
        try:
            if not run.preview:
                run.integration.require_setting_statuses()
            self._look_up(incoming)
        except AvbcError as error:
            run.halt(error)
        for start in range(0, len(incoming), CHUNK):
            chunk = incoming[start : start + CHUNK]
            if not run.is_over():
                self._read_payments([each for each in chunk if not each.is_unchanged])
            self._finish([self._import(each) for each in chunk])
        self._finish([self._unreadable(row) for row in rows])

    def _finish(self, endings: Sequence[_Ending]) -> None:
        """Set the statuses of a chunk, report how its orders ended, and write the journal."""
        run = self._run
        self._note(endings)
        due = [] if run.preview else [each for each in endings if each.status_id is not UNSET]
        self._set_statuses(due)
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
        self._set_statuses(again)
        for each in endings:
            self._end(each)
        run.stop_if_all_failed([each.error for each in due])
        for each in due:
            if isinstance(each.error, CONCERNS_ALL):
                run.halt(each.error)
        run.advance(len(endings))

    def _note(self, endings: Sequence[_Ending]) -> None:
        """Put the refused orders on the worklist, and take the others off.

        Before their statuses are set: an Import Error is not looked at again after a death.
        """
        for each in endings:
            ids = (each.outcome.order_id, each.outcome.import_id)
            errors = [problem for problem in each.outcome.problems if problem.severity == "error"]
            if each.result != "postponed":
                self._run.only_attention(ids[1], errors if each.result == "refused" else (), *ids)
        if any(each.result == "refused" for each in endings):
            self._run.flush()

    def _set_statuses(self, endings: Sequence[_Ending]) -> None:
        update = self._run.store.orders.update.call
        calls = [
            update(each.outcome.order_id, status_id=each.status_id, staff_notes=each.notes)
            for each in endings
        ]
        answers = self._run.store.map(calls, limit=IN_FLIGHT, return_errors=True)
        for each, answer in zip(endings, answers, strict=True):
            each.error = answer
            if answer is None:
                self._run.is_begun = True
                self._run.know(STATUS, each.outcome.import_id, str(each.status_id))

    def _end(self, ending: _Ending) -> None:
        """Put an order into the report, the log and the journal."""
        run, result, outcome = self._run, ending.result, ending.outcome
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
            extra=order_extra(outcome.order_id, outcome.import_id),
        )
        ids = (outcome.order_id, outcome.import_id)
        run.record(run.entry("import", result, *ids, sentence(outcome.problems)))

    # What the orders need

    def _incoming(self, order: Order) -> _Incoming:
        return _Incoming(order, order_import_id(self._run.source_code, order.id))

    def _look_up(self, incoming: Sequence[_Incoming], *, explain: bool = False) -> None:
        """Read what a page of orders needs: the lines that were cut off, then the books in bulk."""
        failed = complete_lines(self._run.store, [each.order for each in incoming])
        existing = {
            order.import_id: order
            for order in self._run.books.sales_orders([each.import_id for each in incoming])
        }
        edited: dict[str, _Incoming] = {}
        for each in incoming:
            if each.order.id in failed:
                self._fail(each, failed[each.order.id])
            each.existing = existing.get(each.import_id)
            if each.existing is not None:
                each.is_unchanged = each.existing.fingerprint == fingerprint(each.order)
                if not each.is_unchanged:
                    edited[each.import_id] = each
        for receipt in self._run.books.receipts(list(edited)) if edited else ():
            edited[receipt.order_import_id].receipts.append(receipt)
        self._lookups.read([each.order for each in incoming if explain or not each.is_unchanged])

    def _read_payments(self, incoming: Sequence[_Incoming]) -> None:
        """Read the transactions of the orders that were paid online; the others have none."""
        online = [each for each in incoming if each.order.payment_status and each.error is None]
        calls = [self._run.store.transactions.list.call(each.order.id) for each in online]
        found = non_empty_lists(self._run.store, calls)
        for each, transactions in zip(online, found, strict=True):
            if isinstance(transactions, AvbcError):
                self._fail(each, transactions)
            else:
                each.transactions = transactions
        self._run.stop_if_all_failed(found)

    def _read_coupons(self, order: Order) -> Sequence[OrderCoupon]:
        (coupons,) = non_empty_lists(
            self._run.store, [self._run.store.order_coupons.list.call(order.id)]
        )
        if isinstance(coupons, AvbcError):
            raise coupons
        return coupons

    def _fail(self, each: _Incoming, error: AvbcError) -> None:
        if isinstance(error, CONCERNS_ALL):
            self._run.halt(error)
        each.error = error

    def _map(self, each: _Incoming) -> MappedOrder:
        mapped = self._lookups.map(each.order, each.transactions, self._read_coupons)
        if mapped.bundle is not None and each.existing is not None:
            mapped = attrs.evolve(mapped, bundle=_keeping_client(mapped.bundle, each.existing))
        return customised(each.order, mapped, self._customisations)

    # One order

    def _import(self, each: _Incoming) -> _Ending:
        """Write an order to the books; its status is left to set."""
        with tracing.span(
            "avbc.order", {"avbc.order_id": each.order.id, "avbc.import_id": each.import_id}
        ):
            ending = self._tried(each)
            tracing.note({"avbc.result": ending.result})
        return ending

    def _tried(self, each: _Incoming) -> _Ending:
        run = self._run
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

    def _write(self, each: _Incoming) -> _Ending:
        if each.error is not None:
            raise each.error
        if each.existing is not None and each.is_unchanged:
            return self._ending("relinked", each)
        mapped = self._map(each)
        if each.existing is not None:
            return self._write_edited(each, each.existing, mapped)
        if mapped.bundle is None:
            return self._ending("refused", each, mapped=mapped)
        if self._run.preview:
            self._lookups.imagine(mapped.bundle)
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
        self._lookups.remember(mapped.bundle, created.order.client_id, created.order.contact_id)
        return self._ending("imported" if created.created else "relinked", each, mapped=mapped)

    def _write_edited(self, each: _Incoming, existing: SalesOrder, mapped: MappedOrder) -> _Ending:
        """Handle an order that was edited in the store after its import, as the settings say."""
        bundle = mapped.bundle
        posted = any(receipt.posted for receipt in each.receipts)
        may_update = (
            self._run.settings.order_status.edited_orders == "update"
            and text_key(existing.status) == text_key(OPEN)
            and not posted
        )
        if bundle is None and may_update:
            return self._ending("refused", each, mapped=mapped)
        changes = _changes(each, mapped)
        if bundle is not None and not changes:
            return self._ending("relinked", each, mapped=mapped)
        if bundle is not None and may_update:
            if not self._run.preview:
                updated = self._run.books.update_order(bundle)
                self._run.is_begun = True
                self._lookups.remember(bundle, updated.client_id, updated.contact_id)
            return self._ending("updated", each, mapped=mapped)
        why = "has a posted receipt" if posted else f"is {existing.status}"
        problem = Problem(
            "order_edited",
            "import_id",
            each.import_id,
            f"The order was edited after it was imported as {each.import_id}, which {why} "
            f"and is not changed{_listed(changes)}.",
            f"Change {each.import_id} in AcctVantage by hand, then give the order the "
            "Downloaded Order Status.",
        )
        return self._ending("refused", each, [problem], mapped)

    # How it ends

    def _ending(
        self,
        result: Result,
        each: _Incoming,
        problems: Sequence[Problem] = (),
        mapped: MappedOrder | None = None,
    ) -> _Ending:
        """How an order ends: the status and the staff notes that it gets for its result."""
        run, notes = self._run, each.order.staff_notes
        outcome = Outcome(
            each.order.id,
            each.import_id,
            each.order.total_inc_tax if mapped is None else mapped.total,
            tuple(problems) if mapped is None else (*problems, *mapped.problems),
            mapped if run.preview else None,
        )
        ending = _Ending(result, outcome)
        if result == "refused":
            ending.status_id = run.statuses.import_error
            if run.settings.order_status.staff_notes_on_errors:
                reasons = sentence(each for each in outcome.problems if each.severity == "error")
                ending.notes = with_error(notes, reasons)
        elif result != "postponed":
            ending.status_id = run.statuses.downloaded
            if (without := without_error(notes)) != notes:
                ending.notes = without
        return ending

    def _unreadable(self, row: UnreadableRow) -> _Ending:
        if row.id is None:
            return _Ending("postponed", Outcome(0, "", None, (unreadable(row.error),)))
        notes = row.row.get("staff_notes") if isinstance(row.row, Mapping) else None
        each = self._incoming(Order(id=row.id, staff_notes=notes if isinstance(notes, str) else ""))
        each.error = row.error
        ending = self._import(each)
        ending.outcome = attrs.evolve(ending.outcome, total=None)
        return ending

    # Which orders are not imported

    def _too_old(self, order: Order) -> Problem | None:
        if not is_too_old(order, self._run.settings):
            return None
        since = self._run.settings.order_status.import_orders_created_since
        return Problem(
            TOO_OLD,
            "date_created",
            order.date_created.isoformat(),
            f"It was created {order.date_created:%Y-%m-%d}, before the date from which orders "
            f"are imported, {since:%Y-%m-%d}.",
            "Enter it by hand, or change order_status.import_orders_created_since.",
        )

    def _not_new(self, order: Order, statuses: Collection[int]) -> Problem | None:
        if order.status_id in statuses:
            return None
        names = {status.id: status_name(status) for status in SYSTEM_STATUSES}
        new_id = self._run.statuses.new
        new = names.get(new_id, str(new_id))
        status = order.custom_status or order.status or order.status_id
        return Problem(
            NOT_NEW,
            "status_id",
            str(order.status_id),
            f"The order is {status!r}, and only {new!r} is imported.",
            f"Give it the status {new!r} to have it imported.",
        )


def _page_of(store: BigCommerce, order_id: int) -> Page[Order]:
    # As a list of one: then an order that cannot be read is a row like others, and an archived one
    # is left out.
    listed = store.orders.list.call(min_id=order_id, max_id=order_id, include=EVERYTHING)
    page = next(store.pages(listed))
    if not page.count:
        raise NoSuchOrder(f"the store has no order {order_id}, or it is archived")
    return page


def _changes(each: _Incoming, mapped: MappedOrder) -> list[str]:
    """What differs between the sales order and what the order would become."""
    existing, bundle = each.existing, mapped.bundle
    if existing is None or bundle is None:
        return []
    changes = [str(change) for change in difference(existing, each.receipts, bundle)]
    if bundle.client_id != existing.client_id:
        clients = f"{existing.client} in AcctVantage, {bundle.order.client} in the store"
        changes.insert(0, f"client: {clients}")
    return changes


def _keeping_client(bundle: OrderBundle, existing: SalesOrder) -> OrderBundle:
    """Keep an edited guest order with its client: a guest can only be found again by email."""
    if (
        bundle.new_client is None
        or bundle.new_client.import_id is not None
        or existing.client_id is None
    ):
        return bundle
    client_id, contact_id = existing.client_id, existing.contact_id
    order = attrs.evolve(
        bundle.order, client=existing.client, client_id=client_id, contact_id=contact_id
    )
    return attrs.evolve(
        bundle,
        order=order,
        client_id=client_id,
        contact_id=contact_id,
        new_client=None,
        new_contact=None,
    )


def _listed(changes: Sequence[str]) -> str:
    if not changes:
        return ""
    left = len(changes) - _DIFFERENCES_SHOWN
    more = f"; and {left} more" if left > 0 else ""
    return f": {'; '.join(changes[:_DIFFERENCES_SHOWN])}{more}"
