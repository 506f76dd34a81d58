"""Shipments of the books for the store (BigCommerce: orders API, shipments).

An order's status does not follow its shipments: the Order Status Mapping decides it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import attrs

from avbc.acctvantage import SalesOrder, Shipment
from avbc.bigcommerce import NotFound, UnexpectedData
from avbc.bigcommerce.models import OrderShipment, ShipmentDraft
from avbc.errors import AvbcError
from avbc.mapping import map_shipments
from avbc.orchestrator.engine.changes import order_change, record_problem
from avbc.orchestrator.engine.run import IN_FLIGHT, PushRun, Step
from avbc.orchestrator.reports import Change
from avbc.unset import UNSET

_SHIPMENT = "shipment"
"""Shipments that the store has as the books have them: a digest of each, by number."""

_OVERLAP = timedelta(hours=1)
"""Looked at again in the books: their clock may differ, and a record is stamped before others can
read it (`Gateway`)."""

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
    # An earlier first instant takes shipments that no push has looked at.
    found = _shipments(run, run.watermark() if is_as_before else None)
    known = run.known(_SHIPMENT, [str(shipment.number) for shipment in found])
    changed: dict[str, list[Shipment]] = {}
    for shipment in found:
        if known.get(str(shipment.number)) == _digest(shipment):
            run.unchanged()
        else:
            changed.setdefault(shipment.order_import_id, []).append(shipment)
    orders = {order.import_id: order for order in run.books.sales_orders(list(changed))}
    work = [
        _OrderShipments(run, orders[import_id], shipments)
        for import_id, shipments in changed.items()
        if import_id in orders
    ]
    run.total = sum(len(each.shipments) for each in work)
    for chunk in run.chunks(work):
        calls = [run.store.order_shipments.list.call(each.order.store_order_id) for each in chunk]
        in_store = run.store.map(calls, limit=IN_FLIGHT, return_errors=True)
        run.send(
            [step for each, rows in zip(chunk, in_store, strict=True) for step in each.steps(rows)]
        )
        run.stop_if_all_failed(in_store)
    if not (run.report.stopped or run.report.postponed or any(each.waits for each in work)):
        if not is_as_before:
            run.know(_SETTING, _SINCE, first)
        run.set_watermark(run.started)


def _shipments(run: PushRun, done: datetime | None) -> list[Shipment]:
    """Return the shipments that changed since the last push, and that settings let go out."""
    first = run.settings.shipping.push_shipments_since
    times = [first, None if done is None else done - _OVERLAP]
    since = max((time for time in times if time is not None), default=None)
    return [
        shipment
        for shipment in run.books.shipments(run.source_code, since)
        if first is None or shipment.shipped_at is None or shipment.shipped_at >= first
    ]


def _digest(shipment: Shipment) -> str:
    return hashlib.sha256(repr(shipment).encode()).hexdigest()


@attrs.define
class _OrderShipments:
    run: PushRun
    order: SalesOrder
    shipments: Sequence[Shipment]
    waits: bool = False
    """One was refused, and may go through once a person acts in the store or in the books."""

    def steps(self, in_store: list[OrderShipment] | AvbcError) -> Iterator[Step[OrderShipment]]:
        """What is to be sent, where the store has these shipments of the order."""
        if isinstance(in_store, AvbcError):
            for shipment in self.shipments:
                self.fail(shipment, self._change(shipment), in_store)
            return
        create = self.run.store.order_shipments.create
        rulings = map_shipments(self.shipments, self.order, in_store)
        for shipment, ruling in zip(self.shipments, rulings, strict=True):
            change = attrs.evolve(self._change(shipment), decisions=ruling.decisions)
            if ruling.value is None:
                self.waits = True
                self.run.refuse(change, *ruling.problems)
            elif ruling.value.drafts:
                rest = set(range(len(ruling.value.drafts)))
                for number, draft in enumerate(ruling.value.drafts):
                    # What a person should check is reported with the first parcel.
                    problems = () if number else ruling.problems
                    sent = attrs.evolve(change, after=_parcel(draft), problems=problems)
                    call = create.call(self.order.store_order_id, draft)
                    yield _Parcel(call, (sent,), self, shipment, number, rest)
            else:
                self.know(shipment)
                if ruling.problems:
                    self.run.refuse(change, *ruling.problems)
                else:
                    self.run.unchanged()

    def fail(self, shipment: Shipment, change: Change, error: AvbcError) -> None:
        """Report a shipment that failed."""
        if isinstance(error, UnexpectedData):
            # An answer came that cannot be read, so the store may have it: the next run finds it.
            self.run.postpone(change, record_problem("shipment_unconfirmed", str(error)))
            return
        if isinstance(error, NotFound):
            # The order cannot be brought back.
            self.know(shipment)
        else:
            self.waits = True
        self.run.fail(change, error)

    def know(self, shipment: Shipment) -> None:
        """Remember that the store has a shipment as the books have it."""
        self.run.know(_SHIPMENT, str(shipment.number), _digest(shipment))

    def _change(self, shipment: Shipment) -> Change:
        return attrs.evolve(
            order_change(self.order, "shipment"),
            key=f"{self.order.import_id} shipment {shipment.number}",
        )


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
        self.rest.remove(self.number)
        if not self.rest:
            self.order.know(self.shipment)
        super().settle(run, answer)


def _parcel(draft: ShipmentDraft) -> str:
    units = sum(item.quantity for item in draft.items)
    number = "" if draft.tracking_number is UNSET else f", {draft.tracking_number}"
    return (
        f"{units} {'unit' if units == 1 else 'units'} to address {draft.order_address_id}{number}"
    )
