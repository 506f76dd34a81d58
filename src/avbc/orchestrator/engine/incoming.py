"""Orders of the store on their way into the books: read with what they need, and mapped."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo

import attrs

from avbc.acctvantage import OrderBundle, Pickup, Receipt, SalesOrder
from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import ListCall, Page, UnreadableRow
from avbc.bigcommerce.at_once import Begun
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, OrderCoupon, Transaction
from avbc.errors import AvbcError, FinalError
from avbc.mapping import MappedOrder, OrderInputs, Problem, difference, is_fingerprint_of
from avbc.mapping.edits import first_few, form_field_differences
from avbc.mapping.offline import has_gateway_payments, uses_gateways
from avbc.mapping.waiting import holds_back, waits
from avbc.orchestrator.engine.changes import CONCERNS_ALL
from avbc.orchestrator.engine.channels import channel_of
from avbc.orchestrator.engine.customising import (
    Customisation,
    CustomisedOrder,
    customised,
    customised_order,
)
from avbc.orchestrator.engine.lookups import Lookups
from avbc.orchestrator.engine.order_reads import status_of, windows
from avbc.orchestrator.engine.paid_statuses import paid_statuses
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.store_orders import complete_orders, non_empty, non_empty_lists
from avbc.orchestrator.reports import ImportReport


class NoSuchOrder(FinalError):
    """The store has no order of this id, or it is archived.

    >>> issubclass(NoSuchOrder, FinalError)
    True
    """


@attrs.define
class Incoming:
    """An order of the store, with what its import needs."""

    order: Order
    """Of one that cannot be read, only its id, its status and its staff notes."""
    import_id: str
    read_at: float = 0.0
    """When the order was read last, by `order_reads.moment`."""
    is_readable: bool = True
    existing: SalesOrder | None = None
    pickup: Pickup | None = None
    """How far AcctVantage is with the sales order, where it picks orders up from the books."""
    is_unchanged: bool = False
    """The sales order was imported from an order with this content."""
    receipts: list[Receipt] = attrs.field(factory=list[Receipt])
    """The receipts of the sales order; read only where the order was edited."""
    transactions: Sequence[Transaction] = ()
    paid_status_id: int | None = None
    """The status that says whether it was paid, where that is not the one that it has."""
    error: AvbcError | None = None
    """Why it cannot be imported in this run."""
    left: Problem | None = None
    """Why it is left alone."""
    looked_at: float = 0.0
    """When another read ended that found it as it was."""
    to_map: CustomisedOrder | None = None
    """The order as it is mapped, from its look-up on."""
    waits: Problem | None = None
    """Why it is held back until its payment allows the import."""

    @property
    def is_refused(self) -> bool:
        """Whether AcctVantage refused the sales order, as the books offer it now."""
        return self.pickup is not None and self.pickup.refusal is not None

    def take(self, now: Incoming) -> None:
        """Take the order as it is now, which has everything else still to be read."""
        for field in attrs.fields(Incoming):
            setattr(self, field.name, getattr(now, field.name))

    def differs(self, now: Incoming) -> bool:
        """Whether the order in the store is no longer as it was read."""
        before = self.order
        if now.order.consignments is None and before.consignments is not None:
            # Its parts were read apart, and are not read again.
            before = attrs.evolve(before, consignments=None, fees=now.order.fees)
        if before.products is None:
            # A change of nothing but this date is none.
            return attrs.evolve(before, date_modified=now.order.date_modified) != now.order
        # Its lines were cut off in the list, and are cut off in this one.
        return attrs.evolve(before, products=now.order.products) != now.order


class Incomers:
    """Reads orders with what they need, and maps them, for one run.

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
        self.lookups = Lookups(run.settings, run.parts)
        self._holds_back = holds_back(run.settings)
        self._time_zone: tzinfo | None = None
        self._ahead: dict[tuple[int, ...], Begun[list[Transaction] | AvbcError]] = {}
        """Transactions that are being read, by the ids of their orders."""

    def of_page(self, page: Page[Order], read_at: float) -> list[Incoming]:
        """Return the orders of a page by id, those that cannot be read among them.

        A row without an id is left out.
        """
        code = self._run.source_code
        found = [
            Incoming(order, order_import_id(code, order.id), read_at) for order in page.items
        ] + [
            Incoming(
                Order(
                    id=row.id,
                    status_id=status_of(row),
                    staff_notes=_notes(row),
                    channel_id=channel_of(row),
                ),
                order_import_id(code, row.id),
                read_at,
                is_readable=False,
                error=row.error,
            )
            for row in page.unreadable
            if row.id is not None
        ]
        return sorted(found, key=lambda each: each.order.id)

    def missing(self, order_id: int) -> Incoming:
        """Return an order that the store does not list."""
        import_id = order_import_id(self._run.source_code, order_id)
        return Incoming(Order(id=order_id), import_id, is_readable=False)

    def by_id(
        self, order_ids: Collection[int], read_at: float, status_id: int | None = None
    ) -> dict[int, Incoming]:
        """Read orders by id: one request, unless they are far apart; all of one status, or any.

        Those that the store does not list are left out.

        Raises:
            StoreError: The store does not answer.
        """
        wanted = frozenset(order_ids)
        if status_id is None:
            spans: Iterable[tuple[int, int]] = windows(wanted)
        else:
            spans = [(min(wanted), max(wanted))]
        return {
            each.order.id: each
            for first, last in spans
            for page in self._run.order_pages.walk(self._listed(first, last, status_id))
            for each in self.of_page(page, read_at)
            if each.order.id in wanted
        }

    def one(self, order_id: int) -> Incoming:
        """Read one order.

        Raises:
            NoSuchOrder: The store does not list it.
            StoreError: The store does not answer.
        """
        # As a list of one: then an order that cannot be read is a row like others.
        found = self.by_id([order_id], self._run.clock.monotonic())
        if order_id not in found:
            raise NoSuchOrder(f"the store has no order {order_id}, or it is archived")
        return found[order_id]

    def _listed(self, first: int, last: int, status_id: int | None) -> ListCall[Order]:
        return self._run.store.orders.list.call(
            min_id=first, max_id=last, status_id=status_id, include=EVERYTHING
        )

    def look_up(
        self, incoming: Sequence[Incoming], *, again: bool = False, explain: bool = False
    ) -> None:
        """Find orders in the books, and read what they need.

        Args:
            incoming: The orders of a page.
            again: They are some of the orders that were looked up before.
            explain: Read everything, also for orders that are held back, or in the books unchanged.
        """
        self.find(incoming, explain=explain)
        self.complete(incoming, again=again, explain=explain)

    def find(self, incoming: Sequence[Incoming], *, explain: bool = False) -> None:
        """Find orders in the books, and those that are held back (`Incoming.waits`).

        By what the list shows: they need nothing more.
        """
        existing = {
            order.import_id: order
            for order in self._run.books.sales_orders([each.import_id for each in incoming])
        }
        pickups = self._run.parts.known_pickups(existing)
        for each in incoming:
            each.existing = existing.get(each.import_id)
            each.pickup = pickups.get(each.import_id)
        if not explain:
            self._hold_back(incoming)

    def complete(
        self, incoming: Sequence[Incoming], *, again: bool = False, explain: bool = False
    ) -> None:
        """Read what orders need that were found: the books in bulk, and lines that were cut off.

        Customisations of orders run here, and the books are searched by what orders contain.
        """
        readable = [each for each in incoming if each.is_readable and each.waits is None]
        failed = complete_orders(self._run.store, [each.order for each in readable])
        edited: dict[str, Incoming] = {}
        for each in incoming:
            if each.order.id in failed:
                self.fail(each, failed[each.order.id])
            if each.existing is not None and each.is_readable:
                each.is_unchanged = is_fingerprint_of(each.existing.fingerprint, each.order)
                if not each.is_unchanged:
                    edited[each.import_id] = each
        for receipt in self._run.books.receipts(list(edited)) if edited else ():
            edited[receipt.order_import_id].receipts.append(receipt)
        self._look_up_statuses(readable)
        due = [each for each in readable if explain or not each.is_unchanged]
        for each in due:
            each.to_map = customised_order(each.order, self._run.integration.order_customisations)
        if due:
            self._time_zone = self._run.integration.days.zone_of_orders()
        orders = [each.to_map.order for each in due if each.to_map]
        self.lookups.read_language(orders, self._run.integration)
        self.lookups.read(orders, again=again)

    def _hold_back(self, incoming: Sequence[Incoming]) -> None:
        """Find the orders that wait for their payment, by what the list shows of it."""
        if not self._holds_back:
            return
        absent = [each for each in incoming if each.is_readable and each.existing is None]
        self._look_up_statuses(absent)
        for each in absent:
            each.waits = self.waits(each, is_read=False)

    def waits(self, each: Incoming, *, is_read: bool = True) -> Problem | None:
        """Say why an order that is not in the books waits for its payment; None where it does not.

        Args:
            each: The order.
            is_read: Whether its transactions were read.
        """
        if not self._holds_back:
            return None
        order = OrderInputs(each.order, paid_status_id=each.paid_status_id).paid_order
        return waits(order, each.transactions if is_read else None, self.lookups.rules)

    def _look_up_statuses(self, incoming: Sequence[Incoming]) -> None:
        """Find the statuses that say whether orders were paid, where they have one of avbc's."""
        run = self._run
        later = {
            each.import_id: each for each in incoming if each.order.status_id != run.statuses.new
        }
        awaited = {
            key
            for key, each in later.items()
            if any(receipt.state == "pending" for receipt in each.receipts)
        }
        stored = {key: each.order for key, each in later.items()}
        found = paid_statuses(run, self.lookups.rules, stored, awaited)
        for key, status_id in found.items():
            later[key].paid_status_id = status_id

    @contextmanager
    def payments_ahead(self, order_ids: Collection[int]) -> Generator[None]:
        """Read the transactions of orders that are not read yet, where a gateway may be used."""
        ids = tuple(order_ids) if uses_gateways(self.lookups.rules) else ()
        begun = self._ahead[ids] = self._run.store.begin(
            [self._run.store.transactions.list.call(number) for number in ids]
        )
        try:
            yield
        finally:
            begun.drop()

    def read_payments(self, incoming: Sequence[Incoming]) -> None:
        """Read the transactions of the orders that a gateway may have been paid for."""
        self.begin_payments(incoming).take()

    def begin_payments(self, incoming: Sequence[Incoming]) -> Payments:
        """Begin to read these transactions."""
        rules = self.lookups.rules
        online = [
            each
            for each in incoming
            if each.error is None and each.is_readable and has_gateway_payments(each.order, rules)
        ]
        ids = tuple(each.order.id for each in online)
        return Payments(self, self._run, online, self._ahead.pop(ids, None))

    def fail(self, each: Incoming, error: AvbcError) -> None:
        """Note why an order cannot be imported; an error that concerns all ends the run."""
        if isinstance(error, CONCERNS_ALL):
            self._run.halt(error)
        each.error = error

    def map(self, each: Incoming) -> MappedOrder:
        """Map an order: as the sales order of this store, with its customisations.

        Raises:
            AvbcError: Its coupons cannot be read.
            Exception: A customisation raised it.
        """
        made = each.to_map or CustomisedOrder(each.order, each.order)
        if made.error is not None:
            raise made.error
        if made.problems:
            return made.refused(each.import_id)
        inputs = OrderInputs(
            made.order,
            tuple(each.transactions),
            paid_status_id=each.paid_status_id,
            store_hash=self._run.store.store_hash,
            in_store=made.in_store,
            time_zone=self._time_zone,
        )
        mapped = self.lookups.map(inputs, self._read_coupons)
        if mapped.bundle is not None and each.existing is not None:
            bundle = _keeping_client(mapped.bundle, each.existing)
            mapped = attrs.evolve(mapped, bundle=bundle)
        return customised(made.order, made.added_to(mapped), self._customisations)

    def map_again(self, each: Incoming) -> MappedOrder:
        """Look the client of an order up again, and map the order with it.

        Raises:
            AvbcError: The books do not answer, or its coupons cannot be read.
            Exception: A customisation raised it.
        """
        if each.to_map is not None:
            self.lookups.read([each.to_map.order], again=True)
        return self.map(each)

    def _read_coupons(self, order: Order) -> Sequence[OrderCoupon]:
        (coupons,) = non_empty_lists(
            self._run.store, [self._run.store.order_coupons.list.call(order.id)]
        )
        if isinstance(coupons, AvbcError):
            raise coupons
        return coupons


class Payments:
    """Transactions of orders that are being read.

    Args:
        incomers: Notes what fails.
        run: The run.
        incoming: The orders.
        begun: Their transactions, where they were begun before.
    """

    def __init__(
        self,
        incomers: Incomers,
        run: Run[ImportReport],
        incoming: Sequence[Incoming],
        begun: Begun[list[Transaction] | AvbcError] | None = None,
    ) -> None:
        self._incomers = incomers
        self._run = run
        self._incoming = incoming
        self._calls = [run.store.transactions.list.call(each.order.id) for each in incoming]
        self._begun = begun or run.store.begin(self._calls)

    def take(self) -> None:
        """Wait for them, and give them to the orders."""
        found = non_empty(self._run.store, self._calls, self._begun)
        for each, transactions in zip(self._incoming, found, strict=True):
            if isinstance(transactions, AvbcError):
                self._incomers.fail(each, transactions)
            else:
                each.transactions = transactions
        self._run.stop_if_all_failed(found)

    def drop(self) -> None:
        """Read no more of them."""
        self._begun.drop()


def edits_of(each: Incoming, mapped: MappedOrder) -> str:
    """Return what differs between the sales order and what the order would become, as text.

    It begins with a colon, and is empty where nothing differs.
    """
    existing, bundle = each.existing, mapped.bundle
    if existing is None or bundle is None:
        return ""
    found = (
        *difference(existing, each.receipts, bundle),
        *form_field_differences(existing, each.to_map.order if each.to_map else each.order),
    )
    changes = [str(change) for change in found]
    if bundle.client_id != existing.client_id:
        clients = f"{existing.client} in AcctVantage, {bundle.order.client} in the store"
        changes.insert(0, f"client: {clients}")
    return f": {first_few(changes)}" if changes else ""


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
        client_email="",
    )


def _notes(row: UnreadableRow) -> str:
    notes = row.row.get("staff_notes") if isinstance(row.row, Mapping) else None
    return notes if isinstance(notes, str) else ""
