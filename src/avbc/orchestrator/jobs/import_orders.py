"""The import: New orders of the store become sales orders in the books, and get their next status.

The sequence of steps makes it safe to die anywhere. For each order: the books first, the status
last. Until its status is set an order is New, and the next run takes it again; then its Import ID
is in the books, and only the status is set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise

from avbc import tracing
from avbc.acctvantage import BooksRefused, BooksUnreachable, ClientTaken, SalesOrder
from avbc.acctvantage.import_ids import store_order_ids
from avbc.bigcommerce import Page, RequestRefused, UnexpectedData
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError, Fault
from avbc.mapping import MappedOrder, Problem
from avbc.mapping.following import is_credited_already, may_update
from avbc.mapping.updating import update_of
from avbc.mapping.waiting import WAITS_FOR_PAYMENT
from avbc.money import ZERO, amount_text
from avbc.orchestrator.engine.attention import IMPORTING
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    order_extra,
    problem_of,
    record_problem,
    unexpected,
)
from avbc.orchestrator.engine.channels import is_of_channels, only_channel
from avbc.orchestrator.engine.choosing import (
    Choice,
    Kind,
    Selection,
    not_there,
)
from avbc.orchestrator.engine.customising import Customisation
from avbc.orchestrator.engine.endings import Ending, Endings
from avbc.orchestrator.engine.in_hand import why_left_out
from avbc.orchestrator.engine.incoming import Incomers, Incoming, Payments, edits_of
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.open_webhooks import OpenWebhooks, close_webhooks
from avbc.orchestrator.engine.order_pages import OrderNotShown
from avbc.orchestrator.engine.order_reads import windows
from avbc.orchestrator.engine.pickups import REFUSED, offered_again
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.second_look import SecondLook
from avbc.orchestrator.engine.store_orders import orders_of_period, unreadable, waiting_orders
from avbc.orchestrator.reports import ImportReport, Outcome, Result
from avbc.settings import SettingsError
from avbc.text import did_you_mean

CHUNK = 50
"""Orders that are written together: the store is looked at once for all of them, right before."""


class Import:
    """The import of one run.

    Args:
        run: The run.
        customisations: Applied to each order that was mapped.
    """

    _incomers: Incomers
    _choice: Choice
    _look: SecondLook
    _endings: Endings

    def __init__(self, run: Run[ImportReport], customisations: Sequence[Customisation]) -> None:
        self._run = run
        self._customisations = customisations

    def selected(self, selection: Selection) -> ImportReport:
        """Import the orders of a selection.

        Raises:
            SettingsError: The set-up has faults that concern every order.
            AvbcError: The run could not begin, and nothing was written.
        """
        return self._run.do(lambda _: self._selected(selection), self._faults)

    def one(self, order_id: int, *, only_new: bool = False, is_new: bool = False) -> ImportReport:
        """Import one placed order, whatever its status.

        Args:
            order_id: Its id.
            only_new: Only if it has the New Order Status.
            is_new: It was said to have it: its transactions are read at the same time as itself.

        Raises:
            NoSuchOrder: The store has no such order.
            SettingsError: The set-up has faults that concern every order.
            AvbcError: The run could not begin, and nothing was written.
        """
        return self._run.do(
            lambda _: self._one(order_id, only_new=only_new, is_new=is_new), self._faults
        )

    def _faults(self) -> list[Fault]:
        """Read the books' reference data and the store's statuses, and return what is wrong."""
        run = self._run
        self._incomers = Incomers(run, self._customisations)
        return list(_setup_faults(run, self._incomers.lookups.setup_problems))

    # Which orders

    def _begin(self, kind: Kind) -> None:
        self._choice = Choice(self._run, kind)
        self._look = SecondLook(self._run, self._incomers, self._choice)
        self._endings = Endings(self._run, self._choice, self._look)
        self._waited: set[str] = set()

    def _selected(self, selection: Selection) -> None:
        if selection.ids is not None:
            self._begin("placed")
            self._by_id(frozenset(selection.ids))
        elif selection.since is not None:
            self._begin("placed")
            run = self._run
            since, until = run.integration.days.period(selection.since, selection.until)
            channel = only_channel(run.settings)
            pages = orders_of_period(run.order_pages, since, until, channel)
            for page in self._pages(pages):
                self._take([each for each in page if not self._choice.refusal(each)], missing=True)
        elif selection.retry_errors:
            self._begin("errors")
            self._waiting()
        else:
            self._begin("new")
            run = self._run
            webhooks = [] if run.preview else OpenWebhooks.of(run.integration).read("import")
            self._waited = set() if run.preview else self._waits()
            self._waiting()
            self._settle_waiting()
            if not (run.preview or run.is_over()):
                run.order_pages.look_again()
            close_webhooks(run, webhooks, {outcome.order_id for outcome in run.report.postponed})

    def _waiting(self) -> None:
        run, choice = self._run, self._choice
        listed = waiting_orders(run.integration, choice.waiting)
        for page in self._pages(run.order_pages.walk(listed)):
            if len(page) < listed.limit and choice.kind == "new":
                run.total = run.done + len(page)
            own = [each for each in page if is_of_channels(each.order, run.settings)]
            run.report.other_channels += len(page) - len(own)
            taken = [each for each in own if not choice.refusal(each)]
            self._waited.difference_update(each.import_id for each in taken)
            self._take(taken)

    def _waits(self) -> set[str]:
        """The Import IDs of orders that wait for their payment, as the worklist has them."""
        items = OpenItems.of(self._run.integration).keys(IMPORTING)
        return {key for key, code in items if code == WAITS_FOR_PAYMENT}

    def _settle_waiting(self) -> None:
        """Settle the items of orders that waited for their payment, and are New no more."""
        run = self._run
        if run.preview or run.is_over():
            return
        keys = self._waited and self._waited & self._waits()
        here = self._incomers.by_id(store_order_ids(run.source_code, keys), run.clock.monotonic())
        new = {each.import_id for each in here.values() if not self._choice.refusal(each)}
        run.settle(keys - new, area=IMPORTING, codes=[WAITS_FOR_PAYMENT])

    def _pages(self, pages: Iterator[Page[Order]]) -> Iterator[list[Incoming]]:
        """Yield pages of orders, until the run is over; rows without an id are reported here."""
        run = self._run
        read_at = run.clock.monotonic()
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
                self._endings.end(Ending(each, "postponed", outcome))
            run.advance(len(nameless))
            if run.is_over():
                return
            read_at = run.clock.monotonic()

    def _by_id(self, ids: Collection[int]) -> None:
        run = self._run
        run.total = len(ids)
        for first, last in windows(ids):
            wanted = sorted(number for number in ids if first <= number <= last)
            read_at = run.clock.monotonic()
            found = self._incomers.by_id(wanted, read_at)
            self._choice.learn(found.values())
            self._endings.finish(
                [
                    self._endings.left(self._incomers.missing(number), not_there(number))
                    for number in wanted
                    if number not in found
                ]
            )
            self._asked_for(list(found.values()))
            if run.is_over():
                return

    def _one(self, order_id: int, *, only_new: bool, is_new: bool) -> None:
        self._begin("new" if only_new else "placed")
        self._run.total = 1
        with self._incomers.payments_ahead([order_id] if is_new else []):
            each = self._incomers.one(order_id)
            self._choice.learn([each])
            self._asked_for([each])

    def _asked_for(self, incoming: Sequence[Incoming]) -> None:
        """Import orders that were asked for by their ids, or say why they are not taken."""
        refusals = [(each, self._choice.refusal(each)) for each in incoming]
        self._endings.finish(
            [self._endings.left(each, refusal) for each, refusal in refusals if refusal]
        )
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
            self._incomers.find(incoming)
        except AvbcError as error:
            run.halt(error)
        if missing:
            incoming = [each for each in incoming if each.existing is None]
        waiting = [(each, each.waits) for each in incoming if each.waits]
        due = [each for each in incoming if each.waits is None]
        if ended := run.in_hand.ended(due):
            problem = why_left_out("imported", "")
            self._endings.finish([self._endings.of("refused", each, [problem]) for each in ended])
            run.in_hand.settle(ended)
        for portion in run.in_hand.portions(due):
            self._take_portion(portion)
        # They need neither a request nor a second look.
        self._endings.finish([self._endings.of("waiting", each, [why]) for each, why in waiting])

    def _take_portion(self, due: Sequence[Incoming]) -> None:
        """Import orders that were found in the books or are not there."""
        run = self._run
        if not run.is_over():
            try:
                if run.preview:
                    self._incomers.complete(due)
                else:
                    complete = partial(self._incomers.complete, due)
                    run.integration.require_setting_statuses(complete)
            except AvbcError as error:
                run.halt(error)
        chunks = [due[start : start + CHUNK] for start in range(0, len(due), CHUNK)]
        with ExitStack() as stack:
            behind: Iterator[None] = iter(())
            for chunk in stack.enter_context(closing(self._paid(chunks))):
                # Their statuses were on their way while these payments were read.
                deque(behind, maxlen=0)
                if not run.preview:
                    self._look.refresh(chunk)
                finishing = self._endings.finishing([self._import(each) for each in chunk])
                behind = stack.enter_context(closing(finishing))
                next(behind, None)
            deque(behind, maxlen=0)

    def _paid(self, chunks: Sequence[Sequence[Incoming]]) -> Generator[Sequence[Incoming]]:
        """Yield chunks with their payments; meanwhile those of the next one are read."""
        with ExitStack() as stack:

            def begin(chunk: Sequence[Incoming]) -> Payments:
                is_over = self._run.is_over()
                payments = self._incomers.begin_payments(
                    [each for each in chunk if not (is_over or each.is_unchanged)]
                )
                stack.callback(payments.drop)
                return payments

            ahead = pairwise(map(begin, [*chunks, ()]))
            for chunk, (payments, _) in zip(chunks, ahead, strict=False):
                if not self._run.is_over():
                    payments.take()
                yield chunk

    # One order

    def _import(self, each: Incoming) -> Ending:
        """Write an order to the books; its status is left to set."""
        with tracing.span(
            "avbc.order", {"avbc.order_id": each.order.id, "avbc.import_id": each.import_id}
        ):
            ending = self._tried(each)
            tracing.note({"avbc.result": ending.result})
        return ending

    def _tried(self, each: Incoming) -> Ending:
        run = self._run
        if each.left is not None:
            return self._endings.left(each, each.left)
        if each.waits is not None:
            return self._endings.of("waiting", each, [each.waits])
        if each.error is None and run.is_over():
            message = f"The run stopped before this order: {run.report.stopped}"
            return self._endings.of("postponed", each, [record_problem("run_stopped", message)])
        try:
            return self._write(each)
        except BooksRefused as error:
            problem = record_problem(
                "books_refused",
                f"AcctVantage refuses the order: {error}",
                "Correct the order in BigCommerce or the record in AcctVantage.",
            )
            return self._endings.of("refused", each, [problem])
        except UnexpectedData as error:
            # Of an order that is not shown, nothing says that it is at fault itself.
            is_shown = not isinstance(error, OrderNotShown)
            result: Result = "refused" if is_shown else "postponed"
            return self._endings.of(result, each, [unreadable(error)])
        except AvbcError as error:
            if isinstance(error, CONCERNS_ALL):
                run.halt(error)
            elif isinstance(error, BooksUnreachable):
                run.end_for(error)
            problem = problem_of(error)
            if isinstance(error, RequestRefused):
                # A part of the order that the store refuses to show may be shown next time.
                problem = record_problem("store_failed", str(error))
        except Exception as error:  # noqa: BLE001
            # A bug in a customisation, a gateway or avbc must not stop the other orders.
            ids = order_extra(each.order.id, each.import_id)
            problem = unexpected(error, f"order {each.order.id}", "while it was imported", ids)
        return self._endings.of("postponed", each, [problem])

    def _write(self, each: Incoming) -> Ending:
        if each.error is not None:
            raise each.error
        if each.existing is not None and each.is_unchanged:
            return self._endings.of("relinked", each, self._offer_again(each))
        if each.existing is None and (held := self._incomers.waits(each)):
            # Its transactions, or the order as it is now, say less than the list did.
            return self._endings.of("waiting", each, [held])
        mapped = self._incomers.map(each)
        try:
            return self._write_mapped(each, mapped)
        except ClientTaken:
            # Another import, of this store or of another, wrote the client since the look-up.
            return self._write_mapped(each, self._incomers.map_again(each))

    def _write_mapped(self, each: Incoming, mapped: MappedOrder) -> Ending:
        lookups = self._incomers.lookups
        if each.existing is not None:
            return self._write_edited(each, each.existing, mapped)
        if mapped.bundle is None:
            return self._endings.of("refused", each, mapped=mapped)
        if self._run.preview:
            lookups.imagine(mapped.bundle)
            return self._endings.of("imported", each, mapped=mapped)
        self._require_turn(each)
        created = self._run.books.create_order(mapped.bundle)
        self._run.is_begun = True
        if not created.created and created.order.fingerprint != mapped.bundle.order.fingerprint:
            problem = record_problem(
                "order_imported_meanwhile",
                f"Another process wrote {each.import_id} to the books in the meantime, with other "
                "content; the next run compares them.",
            )
            return self._endings.of("postponed", each, [problem])
        lookups.remember(mapped.bundle, created.order.client_id, created.order.contact_id)
        return self._endings.of("imported" if created.created else "relinked", each, mapped=mapped)

    def _require_turn(self, each: Incoming) -> None:
        self._run.writes.require_turn(f"{each.import_id} was not written")

    def _offer_again(self, each: Incoming) -> tuple[Problem, ...]:
        """Offer an order again that AcctVantage refused, though the store has not changed it."""
        if each.pickup is None or each.pickup.refusal is None:
            return ()
        if not self._run.preview:
            self._require_turn(each)
            offered = self._run.parts.staging.offer_again(each.import_id)
            if each.pickup.is_refused and offered.version == each.pickup.version:
                return ()  # AcctVantage has entered it meanwhile.
            self._run.is_begun = True
        return self._offered_again(each)

    def _offered_again(self, each: Incoming) -> tuple[Problem, ...]:
        """Say that an order is offered again that AcctVantage refused, and settle its item."""
        if each.pickup is None or each.pickup.refusal is None:
            return ()
        self._run.settle([each.import_id], area=REFUSED)
        return (offered_again(each.pickup, each.pickup.refusal),)

    def _write_edited(self, each: Incoming, existing: SalesOrder, mapped: MappedOrder) -> Ending:
        """Handle an order that was edited in the store after its import, as the settings say."""
        bundle = mapped.bundle
        credited = sum((one.total for one in self._run.parts.known_credits([each.import_id])), ZERO)
        order, settings = each.order, self._run.settings
        is_updated = may_update(
            existing,
            order,
            each.receipts,
            credited,
            settings,
            never_entered=each.pickup is not None and each.pickup.was_only_refused,
        )
        if bundle is None and is_updated:
            return self._endings.of("refused", each, mapped=mapped)
        edits = edits_of(each, mapped)
        if bundle is not None and not edits:
            return self._endings.of("relinked", each, self._offer_again(each), mapped)
        update = None if bundle is None else update_of(bundle, each.receipts)
        if update is not None and is_updated and not update.why_not:
            if not self._run.preview:
                self._require_turn(each)
                updated = self._run.books.update_order(update.bundle)
                self._run.is_begun = True
                self._incomers.lookups.remember(
                    update.bundle, updated.client_id, updated.contact_id
                )
            problems = (*self._offered_again(each), *update.warnings)
            return self._endings.of("updated", each, problems, mapped)
        then = (
            "give the order the Downloaded Order Status"
            if self._choice.sets_status(each) and not each.is_refused
            else f"call import_order({each.order.id})"
        )
        fix = f"Change {each.import_id} in AcctVantage by hand, then {then}."
        why = (update and update.why_not) or f"is {existing.status}"
        if any(receipt.posted for receipt in each.receipts):
            why = "has a posted receipt"
        elif is_credited_already(existing, order, credited):
            why = f"has a credit of {amount_text(credited)}, perhaps for the same goods,"
            fix += f" Or delete the credit there, then call import_order({each.order.id})."
        problem = Problem(
            "order_edited",
            "import_id",
            each.import_id,
            f"The order was edited after it was imported as {each.import_id}, which {why} "
            f"and is not changed{edits}.",
            fix,
        )
        return self._endings.of("refused", each, [problem], mapped)


def _setup_faults(run: Run[ImportReport], problems: Sequence[Problem]) -> Iterator[Fault]:
    """Yield the faults of the settings with which every order would be refused."""
    try:
        _ = run.statuses
    except SettingsError as error:
        yield from error.faults
    for problem in problems:
        near = did_you_mean(problem.value, problem.candidates)
        choices = f"There are: {', '.join(problem.candidates)}." if problem.candidates else ""
        texts = (problem.message, near, problem.fix, choices)
        yield Fault(problem.field, " ".join(text for text in texts if text))
