"""Shipments of the books for the store (BigCommerce: orders API, shipments).

An order's status does not follow its shipments: the Order Status Mapping decides it. Some stores
move it all the same; what our own shipments make of it is remembered, so that no pull takes it for
news.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

import attrs

from avbc.acctvantage import SalesOrder, SalesOrderLine, Shipment
from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import NotFound, UnexpectedData
from avbc.bigcommerce.models import OrderShipment, ShipmentDraft
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.errors import AvbcError
from avbc.mapping import Problem, map_shipments
from avbc.orchestrator.engine.attention import FOLLOWING, STOPPED
from avbc.orchestrator.engine.books_changes import BooksChanges
from avbc.orchestrator.engine.changes import order_change, record_problem
from avbc.orchestrator.engine.held import Held
from avbc.orchestrator.engine.order_reads import Seen
from avbc.orchestrator.engine.push_run import PushRun, Step
from avbc.orchestrator.engine.statuses import SHIPPED
from avbc.orchestrator.engine.store_orders import RESTORE, unavailable
from avbc.orchestrator.engine.unpushed import NOT_PUSHED
from avbc.orchestrator.reports import Change
from avbc.shown import full_text
from avbc.unset import UNSET

_SHIPMENT = "shipment"
"""Shipments that the store has as the books have them: a digest of each, by number."""

_HELD = "shipment held"
"""Shipments of orders that were stopped in the store, or that it does not list, by number."""

_SETTING, _SINCE = "setting", "shipping.push_shipments_since"
"""The first instant of shipments that was in force last."""


def push_shipments(run: PushRun) -> None:
    """Send the store the shipments that were made or changed in the books since the last push.

    What the store has of an order is read right before something is sent for it, in every run: so a
    shipment is never sent twice, whatever died or was lost in between.

    Raises:
        SettingsError: `shipping.push_shipments` is false.
        AvbcError: The books cannot be read, or the store refuses everything.
    """
    run.require(
        run.settings.shipping.push_shipments,
        "shipping.push_shipments",
        "is false, so shipments are not sent to the store: set it to true first, and "
        "push_shipments_since to the date from which they are sent",
    )
    first = str(run.settings.shipping.push_shipments_since)
    is_as_before = run.known(_SETTING, [_SINCE]).get(_SINCE, "None") == first
    changes = BooksChanges(run)
    # An earlier first instant takes shipments that no push has looked at.
    made = _made_since(run, changes.since if is_as_before else None)
    found = {each.number: each for each in _due(run, made)}
    held = Held(run, _HELD)
    if held.again:
        again = run.parts.shipments.shipments_of(held.orders_again)
        found |= {each.number: each for each in _due(run, again) if str(each.number) in held.again}
    known = run.known(_SHIPMENT, [str(number) for number in found])
    changed: list[Shipment] = []
    for number, shipment in found.items():
        digest = _digest(shipment)
        if known.get(str(number)) == digest or held.holds(str(number), digest):
            run.unchanged()
        else:
            changed.append(shipment)
    deleted = [_key(import_id, number) for number, import_id in held.deleted()]
    run.settle([NOT_PUSHED, *deleted])
    is_done = _send(run, changed, held)
    if is_done and not (run.report.stopped or run.report.postponed):
        if not is_as_before:
            run.know(_SETTING, _SINCE, first)
        changes.note(shipment.changed_at for shipment in made)


def push_shipments_of(run: PushRun, order_ids: Collection[int]) -> None:
    """Send the store all shipments of some orders that it lacks, because a person asks for it.

    The person decides, so they are sent for an order that was stopped in the store too, and
    whatever the settings say. Nothing is sent twice.

    Raises:
        AvbcError: The books cannot be read, or the store refuses everything.
    """
    import_ids = {order_import_id(run.source_code, order_id) for order_id in order_ids}
    wanted = run.parts.shipments.shipments_of(import_ids)
    _send(run, wanted, Held(run, _HELD), even_if_stopped=True)
    run.refuse_unbooked(order_ids)
    shipped = {shipment.order_import_id for shipment in wanted}
    for order in run.books.sales_orders(import_ids - shipped):
        problem = Problem(
            "shipment_missing",
            "shipment",
            "",
            f"The books have no shipment of {order.import_id}.",
            "Ship the order in AcctVantage, and see that the shipment is in the books.",
        )
        run.refuse(order_change(order, "shipment", "", ""), problem)


def _send(
    run: PushRun, shipments: Sequence[Shipment], held: Held, *, even_if_stopped: bool = False
) -> bool:
    """Send what the store lacks of these shipments; returns whether none of them waits."""
    of_orders: dict[str, list[Shipment]] = {}
    for shipment in shipments:
        of_orders.setdefault(shipment.order_import_id, []).append(shipment)
    work = [
        _OrderShipments(
            run, order, of_orders[order.import_id], held, even_if_stopped=even_if_stopped
        )
        for order in run.books.sales_orders(list(of_orders))
    ]
    run.total = sum(len(each.shipments) for each in work)
    for chunk in run.chunks(work):
        in_store = _in_store(run, [each.order.store_order_id for each in chunk])
        run.send(
            [step for each, rows in zip(chunk, in_store, strict=True) for step in each.steps(rows)]
        )
        run.stop_if_all_failed(in_store)
    held.finish()
    return not any(each.waits for each in work)


def _in_store(run: PushRun, order_ids: Sequence[int]) -> list[list[OrderShipment] | AvbcError]:
    """Read the shipments of orders; an empty list is asked for once more if the order has some.

    The order is read right before anything is sent anyway.
    """
    calls = [run.store.order_shipments.list.call(order_id) for order_id in order_ids]
    found = run.store.map(calls, return_errors=True)
    empty = {order_id: place for place, order_id in enumerate(order_ids) if found[place] == []}
    seen = run.orders_now.read(empty)
    again = [
        place
        for order_id, place in empty.items()
        if (order := seen[order_id].order) is not None and order.items_shipped
    ]
    answers = run.store.map([calls[n] for n in again], return_errors=True)
    for place, answer in zip(again, answers, strict=True):
        found[place] = answer
    return found


def _made_since(run: PushRun, since: datetime | None) -> list[Shipment]:
    """Return the shipments that were made or changed since a time, and that settings ask for."""
    times = [time for time in (_first(run), since) if time is not None]
    return run.parts.shipments.shipments(run.source_code, max(times, default=None))


def _first(run: PushRun) -> datetime | None:
    """Return from when on shipments are sent."""
    return run.integration.days.start(run.settings.shipping.push_shipments_since)


def _due(run: PushRun, shipments: Iterable[Shipment]) -> Iterator[Shipment]:
    """Yield those of some shipments that settings let go out."""
    first = _first(run)
    for shipment in shipments:
        if first is None or shipment.shipped_at is None or shipment.shipped_at >= first:
            yield shipment


def _key(import_id: str, number: int | str) -> str:
    return f"{import_id} shipment {number}"


def _digest(shipment: Shipment) -> str:
    return hashlib.sha256(full_text(shipment).encode()).hexdigest()


@attrs.define
class _OrderShipments:
    """The shipments of one order that the store may lack."""

    run: PushRun
    order: SalesOrder
    shipments: Sequence[Shipment]
    held: Held
    even_if_stopped: bool = attrs.field(kw_only=True)
    waits: bool = attrs.field(default=False, init=False)
    """One was refused, and may go through once a person acts in the store or in the books."""
    _left: int = attrs.field(default=0, init=False)
    """Units of the order that are not shipped in the store."""
    _stopped: set[int] = attrs.field(factory=set[int], init=False)
    """Shipments that were reported as held back."""

    def steps(self, in_store: list[OrderShipment] | AvbcError) -> Iterator[Step[OrderShipment]]:
        """What is to be sent, where the store has these shipments of the order."""
        if isinstance(in_store, AvbcError):
            for shipment in self.shipments:
                self.fail(shipment, self._change(shipment), in_store)
            return
        goods = {line.store_line_id: line for line in self.order.lines if _is_shipped(line)}
        # The store may have shipped a line that was taken off since.
        shipped = sum(
            item.quantity
            for row in in_store
            for item in row.items
            if item.order_product_id in goods
        )
        self._left = int(sum(line.quantity for line in goods.values())) - shipped
        create = self.run.store.order_shipments.create
        rulings = map_shipments(self.shipments, self.order, in_store)
        for shipment, ruling in zip(self.shipments, rulings, strict=True):
            change = attrs.evolve(self._change(shipment), decisions=ruling.decisions)
            if ruling.value is None:
                self.waits = True
                self.run.refuse(change, *ruling.problems)
                continue
            if ruling.value.standing:
                self.shipped(0)
            rest = set(range(len(ruling.value.drafts)))
            for number, draft in enumerate(ruling.value.drafts):
                # What a person should check is reported with the first parcel.
                problems = () if number else ruling.problems
                sent = attrs.evolve(change, after=_parcel(draft), problems=problems)
                call = create.call(self.order.store_order_id, draft)
                yield _Parcel(
                    call,
                    (sent,),
                    self,
                    shipment,
                    number,
                    rest,
                    even_if_stopped=self.even_if_stopped,
                )
            if not rest:
                self.know(shipment)
                if ruling.problems:
                    self.run.refuse(change, *ruling.problems)
                else:
                    self.run.set_items(change.key, ())
                    self.run.unchanged()

    def shipped(self, units: int) -> None:
        """Note that the store has so many more units of ours."""
        self._left -= units
        status = SystemStatus.SHIPPED if self._left <= 0 else SystemStatus.PARTIALLY_SHIPPED
        self.run.know(SHIPPED, self.order.import_id, str(status))

    def fail(self, shipment: Shipment, change: Change, error: AvbcError) -> None:
        """Report a shipment that failed."""
        if isinstance(error, UnexpectedData):
            # An answer came that cannot be read, so the store may have it: the next run finds it.
            self.run.postpone(change, record_problem("shipment_unconfirmed", str(error)))
        elif isinstance(error, NotFound):
            # What is held is not looked at again, and would be lost to the worklist.
            self.run.refuse(change, unavailable(self.order.store_order_id, None, RESTORE))
            self._hold(shipment, "")
        else:
            self.waits = True
            self.run.fail(change, error)

    def stop(self, shipment: Shipment, change: Change, seen: Seen, problem: Problem) -> None:
        """Hold back a shipment of an order that was stopped in the store."""
        if shipment.number in self._stopped:
            return
        self._stopped.add(shipment.number)
        self._hold(shipment, str(seen.status_id))
        left, stopped = shipment.shipped_at, self._stopped_at(seen)
        if left is None or stopped is None or left >= stopped:
            self.run.refuse(change, problem)
            return
        before = Problem(
            "shipment_before_stop",
            "shipped_at",
            left.isoformat(),
            f"Shipment {shipment.number} of order {self.order.store_order_id} is dated "
            f"{left:%Y-%m-%d %H:%M}, before the order was {problem.value} in the store. It was not "
            "sent.",
            "If the goods have left, send it: call push_shipments(order_ids="
            f"[{self.order.store_order_id}]). Tracking decides disputes. Otherwise settle this "
            "item.",
        )
        self.run.refuse(change, problem, before)

    def know(self, shipment: Shipment) -> None:
        """Remember that the store has a shipment as the books have it."""
        self.run.know(_SHIPMENT, str(shipment.number), _digest(shipment))
        self.held.release(str(shipment.number))

    def _hold(self, shipment: Shipment, status: str) -> None:
        number = str(shipment.number)
        self.held.hold(number, self.order.import_id, status, _digest(shipment))

    def _stopped_at(self, seen: Seen) -> datetime | None:
        """When the order was stopped, or later: the store has no time of it."""
        known = self.run.first_seen(STOPPED, self.order.import_id, FOLLOWING)
        times = [known, seen.order.date_modified if seen.order else None]
        return min((time for time in times if time is not None), default=None)

    def _change(self, shipment: Shipment) -> Change:
        return attrs.evolve(
            order_change(self.order, "shipment"),
            key=_key(self.order.import_id, shipment.number),
        )


def _is_shipped(line: SalesOrderLine) -> bool:
    return line.store_line_id is not None and line.store_address_id is not None


@attrs.frozen
class _Parcel(Step[OrderShipment]):
    """What of a shipment goes to one address; the store has the shipment after the last of them."""

    order: _OrderShipments
    shipment: Shipment
    number: int
    rest: set[int]

    def settle(self, run: PushRun, answer: OrderShipment | AvbcError) -> None:
        if isinstance(answer, AvbcError):
            self.order.fail(self.shipment, self.changes[0], answer)
            return
        self.order.shipped(sum(item.quantity for item in answer.items))
        self.rest.remove(self.number)
        if not self.rest:
            self.order.know(self.shipment)
        super().settle(run, answer)

    # The order of the shipment has the run.
    def stop(self, run: PushRun, seen: Seen, problem: Problem) -> None:  # noqa: ARG002
        self.order.stop(self.shipment, self.changes[0], seen, problem)


def _parcel(draft: ShipmentDraft) -> str:
    units = sum(item.quantity for item in draft.items)
    number = "" if draft.tracking_number is UNSET else f", {draft.tracking_number}"
    return (
        f"{units} {'unit' if units == 1 else 'units'} to address {draft.order_address_id}{number}"
    )
