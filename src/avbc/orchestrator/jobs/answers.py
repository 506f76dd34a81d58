"""What AcctVantage answered about the orders that it picks up.

A refusal is on the worklist, and where the settings say so, the order gets the Import Error Status.
The answers stay in the books and are read there in each run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from avbc.acctvantage import Acknowledgement, Pickup
from avbc.acctvantage.import_ids import order_import_id, store_order_ids
from avbc.bigcommerce import Call, NotFound, RequestRefused
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.errors import AvbcError
from avbc.mapping.status import order_status_name, system_name
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.attention import FOLLOWING, IMPORTING, STOPPED
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.order_reads import Seen
from avbc.orchestrator.engine.pickups import REFUSED, refused_problem, refused_text
from avbc.orchestrator.engine.push_run import PushRun, Step
from avbc.orchestrator.engine.run import CHUNK
from avbc.orchestrator.engine.staff_notes import with_error, without_error
from avbc.orchestrator.engine.statuses import STATUS
from avbc.orchestrator.reports import Change, JournalEntry

_REPORTED = "refusal reported"
"""The Import ID and version whose refusal was reported last, by the order's Import ID."""
_MARKED = "refusal in the store"
"""The version for whose refusal an order was given the Import Error Status, by Import ID."""
_LEFT = " left"
"""Ends a version for which it was not: the order did not have the Downloaded Order Status."""


def take_answers(run: PushRun) -> None:
    """Put the orders that AcctVantage refused on the worklist, and take off the others.

    Where the settings say so, they get the Import Error Status, and the Downloaded Order Status
    again once AcctVantage has entered them.

    Raises:
        BooksUnreachable: The books cannot be read.
        StoreError: The store does not answer.
    """
    items = OpenItems.of(run.integration)
    # What was stopped in the store has one item already, which says what to do.
    over = {key for key, code in items.keys(FOLLOWING) if code == STOPPED}
    refused = {
        each.order_import_id: each
        for each in run.parts.staging.orders_refused(run.source_code)
        if each.order_import_id not in over
    }
    _report(run, refused)
    # An order is not looked at again once it has the Import Error Status: its item comes first.
    if run.is_written():
        statuses = _Statuses(run)
        if run.settings.order_status.import_error_when_acctvantage_refuses:
            # An order that AcctVantage has keeps its status, whatever becomes of its receipts.
            statuses.mark({key: each for key, each in refused.items() if each.is_refused})
        # An order that an import has refused since keeps the status that says so.
        statuses.take_back({key for key, _ in items.keys(IMPORTING)})
    run.settle_rest(REFUSED)
    run.settle_rest()


def _report(run: PushRun, refused: Mapping[str, Pickup]) -> None:
    """Put refusals on the worklist, and those that are new in the report."""
    reported = dict(run.all_known(_REPORTED))
    for key, pickup in refused.items():
        refusal = pickup.refusal
        if refusal is None:
            continue
        version = f"{refusal.import_id} {refusal.version}"
        (order_id,) = store_order_ids(run.source_code, [key]) or {0}
        problem = refused_problem(refusal, order_id)
        run.add_item(problem, key=key, order_id=order_id, import_id=key, area=REFUSED)
        if reported.pop(key, "") == version:
            run.unchanged()
        else:
            # Its item is there already, in an area of its own.
            run.refuse(
                Change(key, "order", order_id=order_id, import_id=key),
                attrs.evolve(problem, severity="warning"),
            )
            run.know(_REPORTED, key, version)
    if reported:
        run.forget(_REPORTED, list(reported))


class _Statuses:
    """Gives orders that AcctVantage refused the Import Error Status, and takes it back."""

    def __init__(self, run: PushRun) -> None:
        self._run = run
        self._marked = dict(run.all_known(_MARKED))
        self._again: list[_SetStatus] = []

    def mark(self, refused: Mapping[str, Pickup]) -> None:
        """Give orders the Import Error Status, once for each version that was refused."""
        run = self._run
        due = [
            key
            for key, each in refused.items()
            if self._marked.get(key, "").removesuffix(_LEFT) != str(each.version)
        ]
        for keys in run.chunks(due, CHUNK):
            seen = self._seen(keys)
            # AcctVantage may have entered it since.
            refusals = {
                key: each.answer
                for key, each in run.parts.known_pickups(seen).items()
                if each.answer is not None and each.answer.is_refusal
            }
            # Mostly this is no request: the store was asked a moment before.
            seen = self._seen(refusals)
            refused_here = run.integration.journal.refused("import", seen)
            steps: list[_SetStatus] = []
            for key, now in seen.items():
                version = str(refusals[key].version)
                if now.status_id == run.statuses.downloaded:
                    steps.append(self._step(now, refusals[key]))
                elif now.status_id == run.statuses.import_error and key in refused_here:
                    # The run that gave it this status died before it could note that.
                    run.know(_MARKED, key, version)
                else:
                    run.know(_MARKED, key, version + _LEFT)
            self._send(steps, refused_here)

    def take_back(self, but: Collection[str]) -> None:
        """Give orders that AcctVantage has entered after all the Downloaded Order Status again."""
        run, over = self._run, list[str]()
        for keys in run.chunks([key for key in self._marked if key not in but], CHUNK):
            pickups = run.parts.known_pickups(keys)
            over += [key for key in keys if key not in pickups]
            entered = {
                key: each.answer
                for key, each in pickups.items()
                if each.answer is not None and not each.answer.is_refusal
            }
            seen = self._seen([key for key in entered if not self._marked[key].endswith(_LEFT)])
            error = run.statuses.import_error
            here = {key: now for key, now in seen.items() if now.status_id == error}
            over += [key for key in entered if key not in here]
            steps = [self._step(now, entered[key]) for key, now in here.items()]
            self._send(steps, run.integration.journal.refused("import", here))
        if over:
            run.forget(_MARKED, over)

    def _seen(self, keys: Collection[str]) -> dict[str, Seen]:
        """Return orders as they are in the store now, by Import ID."""
        code = self._run.source_code
        seen = self._run.orders_now.read(store_order_ids(code, keys))
        return {order_import_id(code, number): now for number, now in seen.items()}

    def _step(self, now: Seen, answer: Acknowledgement) -> _SetStatus:
        """Return the request for an order: the status and the staff notes for its answer."""
        run, key = self._run, answer.import_id
        (order_id,) = store_order_ids(run.source_code, [key])
        notes = None if now.order is None else now.order.staff_notes
        status_id, new_notes = run.statuses.import_error, notes
        if not answer.is_refusal:
            status_id = run.statuses.downloaded
            new_notes = None if notes is None else without_error(notes)
        elif notes is not None and run.settings.order_status.staff_notes_on_errors:
            new_notes = with_error(notes, refused_text(answer))
        update = run.store.orders.update.call
        call, alone = update(order_id, status_id=status_id), None
        if new_notes is not None and new_notes != notes:
            call, alone = update(order_id, status_id=status_id, staff_notes=new_notes), call
        before = system_name(now.status_id) if now.order is None else order_status_name(now.order)
        after = SystemStatus(status_id).label
        return _SetStatus(
            call,
            (Change(key, "status", before, after, order_id, key),),
            answer,
            now.status_id,
            status_id,
            alone,
            self._again,
            # An Import Error Status may be one of a stopped order, and is taken back all the same.
            even_if_stopped=not answer.is_refusal and bool(stopped(now.status_id)),
        )

    def _send(self, steps: Sequence[_SetStatus], refused: Collection[str]) -> None:
        """Send statuses; the journal says before which orders count as refused by an import."""
        run = self._run
        if not run.preview:
            entries = [
                step.entry(run)
                for step in steps
                if step.answer.is_refusal != (step.answer.import_id in refused)
            ]
            run.integration.journal.write(entries)
        run.send(steps)
        # A note that BigCommerce refuses, say for its length, must not prevent the status.
        again = self._again.copy()
        self._again.clear()
        run.send(again)


@attrs.frozen
class _SetStatus(Step[None]):
    """The status that an order is to have for an answer of AcctVantage's."""

    answer: Acknowledgement
    seen_id: int
    """The status for which it is: an order that a person gave another one is left alone."""
    status_id: int
    alone: Call[None] | None
    """The same request without the staff notes, where it has some."""
    again: list[_SetStatus]
    """Gets what is to be sent once more."""

    def entry(self, run: PushRun) -> JournalEntry:
        """Return the import's entry, by which it knows whether the status is to be taken back."""
        result = "refused" if self.answer.is_refusal else "relinked"
        change = self.changes[0]
        text = f"AcctVantage {self.answer}"
        return run.entry("import", result, change.order_id, change.import_id, text)

    def as_seen(self, seen: Seen) -> _SetStatus | None:
        return self if seen.status_id == self.seen_id else None

    def settle(self, run: PushRun, answer: AvbcError | None) -> None:
        if isinstance(answer, RequestRefused) and not isinstance(answer, NotFound) and self.alone:
            self.again.append(attrs.evolve(self, call=self.alone, alone=None))
            return
        if answer is None:
            key, left = self.answer.import_id, "" if self.answer.is_refusal else _LEFT
            run.know(STATUS, key, str(self.status_id))
            run.know(_MARKED, key, f"{self.answer.version}{left}")
        super().settle(run, answer)
