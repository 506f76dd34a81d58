"""The import: New orders of the store become sales orders in the books, and get their next status.

The sequence of steps makes it safe to die anywhere. For each order: the books first, the status
last. Until its status is set an order is New, and the next run takes it again; then its Import ID
is in the books, and only the status is set.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import pairwise
from typing import TypeVar

import attrs

from avbc import tracing
from avbc.acctvantage import (
    BooksRefused,
    BooksUnreachable,
    ClientTaken,
    CreatedOrder,
    OrderBundle,
    OrderGroupGateway,
    SalesOrder,
)
from avbc.acctvantage.import_ids import store_order_ids
from avbc.bigcommerce import Page, RequestRefused, UnexpectedData
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError, Fault
from avbc.logs import get_logger
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
from avbc.orchestrator.engine.writes import NotSent
from avbc.orchestrator.reports import ImportReport, Outcome, Result
from avbc.settings import SettingsError
from avbc.text import did_you_mean, some_of

CHUNK = 50
"""Orders that are taken together: the store is looked at once for all of them, right before."""

GROUP = 8
"""New orders in one transaction of the books, at most: so many does a death undo. It saves seven of
eight commits; twice as many would save less than 2 % of an import's CPU more."""

T = TypeVar("T")

_log = get_logger("avbc.orchestrator")


@attrs.define
class _New:
    """An order that is to be created in the books."""

    each: Incoming
    mapped: MappedOrder
    bundle: OrderBundle
    ending: Ending | None = None
    """How it ended, once it was tried."""


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
            run.note_begin(since)
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
        if missing or self._choice.kind == "errors":
            incoming = self._unsettled(incoming)
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

    def _unsettled(self, incoming: Sequence[Incoming]) -> list[Incoming]:
        """Report the orders that a person settled as left alone; returns the others."""
        settled = self._choice.settled(incoming)
        left = [each for each in incoming if each.import_id in settled]
        if left:
            self._endings.finish(
                [self._endings.left(each, settled[each.import_id]) for each in left]
            )
        return [each for each in incoming if each.import_id not in settled]

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
                finishing = self._endings.finishing(self._import(chunk))
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

    def _import(self, chunk: Sequence[Incoming]) -> list[Ending]:
        """Write orders to the books, new ones in groups; their statuses are left to set."""
        run, lookups, groups = self._run, self._incomers.lookups, self._run.parts.order_groups
        # The span of an order has its transaction.
        if groups is None or run.preview or tracing.is_on():
            return [self._import_alone(each) for each in chunk]
        tried: list[Ending | _New] = []
        group: list[_New] = []
        keys: set[str] = set()

        def write_group() -> None:
            self._write_group(groups, group)
            group.clear()
            keys.clear()

        for each in chunk:
            if each.to_map is not None and not keys.isdisjoint(lookups.keys(each.to_map.order)):
                write_group()  # It is mapped with the client that an order before it creates.
            found = self._tried(each, partial(self._mapped, each))
            if isinstance(found, Ending):
                tried.append(found)
            elif found.bundle is None or each.existing is not None:
                tried.append(self._tried(each, partial(self._write, each, found)))
            else:
                group.append(_New(each, found, found.bundle))
                tried.append(group[-1])
                keys |= lookups.keys_written(found.bundle)
                # Those after it are compared with the names that it creates.
                if len(group) == GROUP or found.bundle.new_promotions or found.bundle.new_ship_vias:
                    write_group()
        write_group()
        endings = [found.ending if isinstance(found, _New) else found for found in tried]
        return [ending for ending in endings if ending is not None]

    def _write_group(self, groups: OrderGroupGateway, group: Sequence[_New]) -> None:
        """Create orders in one transaction, or each by itself where one of them is refused."""
        if not group:
            return
        try:
            self._require_turn(*(new.each for new in group))
            created = groups.create_orders([new.bundle for new in group])
            for new, one in zip(group, created, strict=True):
                new.ending = self._created(new.each, new.mapped, new.bundle, one)
        except (BooksUnreachable, NotSent) as error:
            for new in group:
                new.ending = self._failed(new.each, error)
        except Exception as error:  # noqa: BLE001
            _log.debug("%d orders are written one by one: %s", len(group), type(error).__name__)
        for new in group:
            if new.ending is None:
                write = partial(self._write, new.each, new.mapped)
                new.ending = self._tried(new.each, write)

    # One order

    def _import_alone(self, each: Incoming) -> Ending:
        """Write an order to the books; its status is left to set."""
        with tracing.span(
            "avbc.order", {"avbc.order_id": each.order.id, "avbc.import_id": each.import_id}
        ):
            ending = self._tried(each, partial(self._map_and_write, each))
            tracing.note({"avbc.result": ending.result})
        return ending

    def _tried(self, each: Incoming, work: Callable[[], T]) -> T | Ending:
        """Do a step of an order, unless it is left out; an error is how it ends."""
        run = self._run
        if each.left is not None:
            return self._endings.left(each, each.left)
        if each.waits is not None:
            return self._endings.of("waiting", each, [each.waits])
        if each.error is None and run.is_over():
            message = f"The run stopped before this order: {run.report.stopped}"
            return self._endings.of("postponed", each, [record_problem("run_stopped", message)])
        try:
            return work()
        except Exception as error:  # noqa: BLE001
            return self._failed(each, error)

    def _failed(self, each: Incoming, error: Exception) -> Ending:
        """How an order ends that an error kept out of the books."""
        run = self._run
        if isinstance(error, BooksRefused):
            problem = record_problem(
                "books_refused",
                f"AcctVantage refuses the order: {error}",
                "Correct the order in BigCommerce or the record in AcctVantage.",
            )
            return self._endings.of("refused", each, [problem])
        if isinstance(error, UnexpectedData):
            # Of an order that is not shown, nothing says that it is at fault itself.
            is_shown = not isinstance(error, OrderNotShown)
            result: Result = "refused" if is_shown else "postponed"
            return self._endings.of(result, each, [unreadable(error)])
        if not isinstance(error, AvbcError):
            # A bug in a customisation, a gateway or avbc must not stop the other orders.
            ids = order_extra(each.order.id, each.import_id)
            problem = unexpected(error, f"order {each.order.id}", "while it was imported", ids)
            return self._endings.of("postponed", each, [problem])
        if isinstance(error, CONCERNS_ALL):
            run.halt(error)
        elif isinstance(error, BooksUnreachable):
            run.end_for(error)
        problem = problem_of(error)
        if isinstance(error, RequestRefused):
            # A part of the order that the store refuses to show may be shown next time.
            problem = record_problem("store_failed", str(error))
        return self._endings.of("postponed", each, [problem])

    def _map_and_write(self, each: Incoming) -> Ending:
        found = self._mapped(each)
        return self._write(each, found) if isinstance(found, MappedOrder) else found

    def _mapped(self, each: Incoming) -> MappedOrder | Ending:
        """Map an order, unless that is not needed to say how it ends."""
        if each.error is not None:
            raise each.error
        if each.existing is not None and each.is_unchanged:
            return self._endings.of("relinked", each, self._offer_again(each))
        if each.existing is None and (held := self._incomers.waits(each)):
            # Its transactions, or the order as it is now, say less than the list did.
            return self._endings.of("waiting", each, [held])
        return self._incomers.map(each)

    def _write(self, each: Incoming, mapped: MappedOrder) -> Ending:
        try:
            return self._write_mapped(each, mapped)
        except ClientTaken:
            # Another import, of this store or of another, wrote the client since the look-up.
            return self._write_mapped(each, self._incomers.map_again(each))

    def _write_mapped(self, each: Incoming, mapped: MappedOrder) -> Ending:
        if each.existing is not None:
            return self._write_edited(each, each.existing, mapped)
        if mapped.bundle is None:
            return self._endings.of("refused", each, mapped=mapped)
        if self._run.preview:
            self._incomers.lookups.imagine(mapped.bundle)
            return self._endings.of("imported", each, mapped=mapped)
        self._require_turn(each)
        created = self._run.books.create_order(mapped.bundle)
        return self._created(each, mapped, mapped.bundle, created)

    def _created(
        self, each: Incoming, mapped: MappedOrder, bundle: OrderBundle, created: CreatedOrder
    ) -> Ending:
        """How an order ends that is in the books by now."""
        self._run.is_begun = True
        if not created.created and created.order.fingerprint != bundle.order.fingerprint:
            problem = record_problem(
                "order_imported_meanwhile",
                f"Another process wrote {each.import_id} to the books in the meantime, with other "
                "content; the next run compares them.",
            )
            return self._endings.of("postponed", each, [problem])
        order = created.order
        self._incomers.lookups.remember(bundle, order.client_id, order.contact_id)
        return self._endings.of("imported" if created.created else "relinked", each, mapped=mapped)

    def _require_turn(self, first: Incoming, *others: Incoming) -> None:
        last = f" to {others[-1].import_id} were" if others else " was"
        self._run.writes.require_turn(f"{first.import_id}{last} not written")

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
        there = some_of(problem.candidates, problem.value)
        choices = f"There are: {there}." if there else ""
        texts = (problem.message, near, problem.fix, choices)
        yield Fault(problem.field, " ".join(text for text in texts if text))
