"""Order statuses, in one direction only, by the Order Status Mapping (manual 2.1.6 and 2.1.7).

What is known of an order's status in the store is remembered: it was set by the import or a push,
or seen by a pull. So a push sends nothing that the store has, and a pull recognizes the echo of our
own writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, partial

import attrs

from avbc.acctvantage import CreditGateway, SalesOrder
from avbc.acctvantage.import_ids import order_import_id, store_order_ids
from avbc.bigcommerce import NotFound, RequestRefused
from avbc.bigcommerce.models import OrderStatus
from avbc.bigcommerce.models.base import EPOCH
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.errors import AvbcError, TransientError
from avbc.mapping import MappingRules, Problem, status_for_books, status_for_store
from avbc.mapping.status import status_name, system_name
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.books_changes import BooksChanges
from avbc.orchestrator.engine.changed_orders import OVERLAP
from avbc.orchestrator.engine.changes import order_change
from avbc.orchestrator.engine.held import STATUS_HELD, Held
from avbc.orchestrator.engine.order_reads import NO_STATUS, Seen, orders_of
from avbc.orchestrator.engine.paid_statuses import note_statuses_seen
from avbc.orchestrator.engine.push_run import PushRun, Step
from avbc.orchestrator.engine.statuses import SHIPPED, STATUS, require_mapping
from avbc.orchestrator.engine.store_orders import RESTORE, unavailable
from avbc.orchestrator.reports import Change, sentence
from avbc.posting import means_posted
from avbc.text import quoted, text_key

_PUSHED = "status pushed"
"""When the status in AcctVantage changed that was dealt with last, and the id of the status that it
is in the store, by Import ID. It is not sent again, whatever happens to it in the store."""
_UNRULED = "status unruled"
"""What was reported of orders that the mapping has no answer for, by Import ID. They are looked at
again when the mapping changes."""
_SETTING, _MAPPING = "setting", "order_status.mapping"
"""The mapping that was in force last."""

_LOOK = 249
"""Orders that are looked at together before their statuses are sent."""


def _require_direction(run: PushRun, direction: str) -> None:
    """Make sure that the settings have statuses go this way (manual 2.1.6), by a sound mapping."""
    updates = run.settings.order_status.updates
    advice = {
        "push": "statuses go from AcctVantage to the store only: call push_order_statuses",
        "pull": "statuses go from the store to AcctVantage only: call pull_order_statuses",
        "off": f"statuses go neither way: set it to {quoted(direction)} to have them go this way",
    }[updates]
    run.require(
        updates == direction,
        "order_status.updates",
        f"is {quoted(updates)}, so {advice} (manual 2.1.6)",
    )
    mapped = run.integration.mapped_statuses
    require_mapping(run.settings, mapped, run.statuses.new)


# AcctVantage to store


def push_order_statuses(run: PushRun) -> None:
    """Send the store the statuses that changed in the books since the last push.

    Each order is read right before its status is sent: the store's own list says whether it has the
    status already, was stopped, or would go backwards.

    Raises:
        SettingsError: The settings pull statuses, or neither.
        AvbcError: The books or the store cannot be read.
    """
    _require_direction(run, "push")
    changes = BooksChanges(run)
    changed = run.parts.statuses.sales_orders_changed(run.source_code, changes.since or EPOCH)
    push = _Push(run)
    push.take({order.import_id: order for order in (*changed, *push.again())})
    changes.note(order.status_changed_at for order in changed)


@attrs.frozen
class _Due:
    """An order, and the status that the store is to have of it."""

    order: SalesOrder
    wanted: OrderStatus
    is_held: bool = False
    """Whether it was dealt with, and is looked at again for its status in the store alone."""

    @property
    def stamp(self) -> str:
        """What is remembered of it when it is dealt with."""
        return f"{self.order.status_changed_at} {self.wanted.id}"


class _Push:
    """One push: what it takes again, and how each order ends."""

    def __init__(self, run: PushRun) -> None:
        self._run = run
        self._names = {status.id: status_name(status) for status in run.integration.mapped_statuses}
        self._unruled = _Unruled(run)
        self._held = Held(run, STATUS_HELD)

    @cached_property
    def _rules(self) -> MappingRules:
        # Most runs find no order, and need no reference data.
        return _rules(self._run)

    def again(self) -> list[SalesOrder]:
        """Return the orders to be looked at again, though AcctVantage has not changed them."""
        held = self._held if self._unruled.is_changed else self._held.again
        return self._run.books.sales_orders({*self._unruled.again(), *held})

    def take(self, orders: Mapping[str, SalesOrder]) -> None:
        """Send the statuses of these orders that the store does not have."""
        run = self._run
        pushed = run.known(_PUSHED, orders)
        again = set(self._held if self._unruled.is_changed else self._held.again)
        due: list[_Due] = []
        for import_id, order in orders.items():
            ruling = status_for_store(order.status, self._rules)
            if ruling.value is None:
                change = order_change(order, "status", decisions=ruling.decisions)
                self._unruled.refuse(change, order.status, ruling.problems)
                self._held.release(import_id)
                continue
            self._unruled.ruled(import_id)
            each = _Due(order, ruling.value)
            is_held = pushed.get(import_id) == each.stamp
            if is_held and import_id not in again:
                run.unchanged()
            else:
                due.append(attrs.evolve(each, is_held=is_held))
        run.total = len(due)
        due.sort(key=lambda each: each.order.store_order_id)
        for chunk in run.chunks(due, _LOOK):
            seen = run.orders_now.read([each.order.store_order_id for each in chunk])
            statuses = {
                each.order.import_id: seen[each.order.store_order_id].status_id for each in chunk
            }
            note_statuses_seen(run, statuses)
            run.send(
                [
                    step
                    for each in chunk
                    if (step := self.step(each, seen[each.order.store_order_id].status_id))
                ]
            )
        self._unruled.finish()
        run.settle(import_id for _, import_id in self._held.deleted())
        self._held.finish()

    def step(self, due: _Due, now: int) -> _SetStatus | None:
        """Return what is to be sent for an order that has this status in the store now."""
        run, order, wanted = self._run, due.order, due.wanted
        if now != NO_STATUS:
            run.know(STATUS, order.import_id, str(now))
        if now == wanted.id:
            self.done(due)
            run.set_items(order.import_id, ())
            self._leave()
            return None
        is_held = due.is_held and not self._unruled.is_changed
        if is_held and self._held.is_held_for(order.import_id, str(now)):
            # What was known of its status was older.
            self._leave()
            return None
        if now == run.statuses.new:
            # A person reset it: the import takes it first, and gives it another status.
            self.hold(due, str(now))
            self._leave()
            return None
        # A stopped order is a matter of `PushRun.send`, and so is one that the store does not list.
        is_ruled_by_place = now != NO_STATUS and not stopped(now)
        ruling = status_for_store(order.status, self._rules, now if is_ruled_by_place else None)
        before, after = self._names.get(now, ""), status_name(wanted)
        change = order_change(order, "status", before, after, ruling.decisions)
        if ruling.value is None:
            run.refuse(change, *ruling.problems)
            self.hold(due, str(now))
            return None
        call = run.store.orders.update.call(order.store_order_id, status_id=wanted.id)
        return _SetStatus(call, (change,), due, self)

    def _leave(self) -> None:
        """Count an order for which nothing is sent."""
        self._run.unchanged()
        self._run.total = None if self._run.total is None else self._run.total - 1

    def done(self, due: _Due) -> None:
        """Note that an order is dealt with, until its status changes in AcctVantage."""
        self._run.know(_PUSHED, due.order.import_id, due.stamp)
        self._held.release(due.order.import_id)

    def hold(self, due: _Due, now: str) -> None:
        """Note that an order is dealt with, until its status changes on either side."""
        self.done(due)
        self._held.hold(due.order.import_id, due.order.import_id, now)


@attrs.frozen
class _SetStatus(Step[None]):
    """The status that the store is to have of an order."""

    due: _Due
    push: _Push

    def settle(self, run: PushRun, answer: AvbcError | None) -> None:
        order = self.due.order
        if isinstance(answer, NotFound):
            # What is held is not looked at again, and would be lost to the worklist.
            run.refuse(self.changes[0], unavailable(order.store_order_id, None, RESTORE))
            self.push.hold(self.due, "")
            return
        if answer is None:
            run.know(STATUS, order.import_id, str(self.due.wanted.id))
        if answer is None or isinstance(answer, RequestRefused):
            self.push.done(self.due)
        super().settle(run, answer)

    def as_seen(self, seen: Seen) -> _SetStatus | None:
        return self.push.step(self.due, seen.status_id)

    def stop(self, run: PushRun, seen: Seen, problem: Problem) -> None:
        self.push.hold(self.due, str(seen.status_id))
        super().stop(run, seen, problem)


# Store to AcctVantage


def pull_order_statuses(run: PushRun) -> None:
    """Write in the books the statuses that changed in the store since the last pull.

    Raises:
        SettingsError: The settings push statuses, or neither.
        AvbcError: The books or the store cannot be read.
    """
    _require_direction(run, "pull")
    since = run.watermark()
    if since is None:
        # The first pull starts at the first order whose status can still change.
        statuses = run.books.reference_data().order_statuses
        going = [status for status in statuses if not means_posted(status)]
        order_ids = store_order_ids(
            run.source_code, run.parts.statuses.orders_in_status(run.source_code, going)
        )
        if not order_ids:
            return
        listed = run.store.orders.list.call(min_id=min(order_ids), sort="id:asc")
        pages = run.order_pages.owing("pull_order_statuses", run.order_pages.walk(listed))
    else:
        pages = run.integration.changed_orders.pages(
            run.order_pages, since - OVERLAP, "pull_order_statuses"
        )
    pull = _Pull(run, is_first=since is None)
    known = run.known(STATUS, pull.unruled.again())
    pull.rule({import_id: int(status) for import_id, status in known.items()}, again=True)
    newest = since
    for page in pages:
        if run.is_over():
            break
        pull.rule(
            {
                order_import_id(run.source_code, order.id): order.status_id
                for order in orders_of(page)
                if order.status_id != NO_STATUS
            }
        )
        times = [order.date_modified for order in page.items]
        newest = max(times if newest is None else [*times, newest], default=None)
    pull.unruled.finish()
    if newest is not None:
        run.set_watermark(newest)


class _Pull:
    """One pull: page after page of orders, each ruled and written by itself."""

    def __init__(self, run: PushRun, *, is_first: bool) -> None:
        self.unruled = _Unruled(run)
        self._run = run
        self._is_first = is_first
        """Whether what is known of the store's statuses was noted for a push."""
        self._names = {status.id: status_name(status) for status in run.integration.mapped_statuses}
        self._of_import = {run.statuses.new, run.statuses.downloaded, run.statuses.import_error}

    @cached_property
    def _rules(self) -> MappingRules:
        return _rules(self._run)

    def rule(self, seen: Mapping[str, int], *, again: bool = False) -> None:
        """Rule the orders that have these statuses in the store, by Import ID; skip others' orders.

        Unless they are to be ruled again, those whose status is known already are unchanged.
        """
        orders = self._run.books.sales_orders(list(seen))
        keys = [order.import_id for order in orders]
        note_statuses_seen(self._run, {key: seen[key] for key in keys})
        known = {} if again or self._is_first else self._run.known(STATUS, keys)
        # The import set the Downloaded Order Status: where nothing is known, that one is no news.
        expected = "" if again else str(self._run.statuses.downloaded)
        shipped = self._run.known(SHIPPED, [order.import_id for order in orders])
        for order in orders:
            if self._run.is_over():
                return
            status = str(seen[order.import_id])
            if known.get(order.import_id, expected) == status:
                # What was held back while the store did not list the order is taken up again.
                if order.import_id not in known:
                    self._run.know(STATUS, order.import_id, status)
                self._run.unchanged()
            else:
                ours = shipped.get(order.import_id, "")
                # The last shipment may come while the store shows the first.
                is_echo = status == ours or (
                    ours != "" and status == str(SystemStatus.PARTIALLY_SHIPPED)
                )
                self._rule(order, seen[order.import_id], is_echo=is_echo)

    def _rule(self, order: SalesOrder, status_id: int, *, is_echo: bool) -> None:
        """Give an order the status that the mapping has for the store's.

        An echo of our own shipments is no problem where the mapping cannot follow it.
        """
        run = self._run
        known = (STATUS, order.import_id, str(status_id))
        name = self._names.get(status_id, system_name(status_id))
        ruling = status_for_books(status_id, order.status, self._rules)
        after = ruling.value or ""
        change = order_change(order, "status", order.status, after, ruling.decisions)
        problems = ruling.problems
        is_mapped = all(problem.code != "status_unmapped" for problem in problems)
        if is_echo or (not is_mapped and status_id in self._of_import):
            # An order that was reset to one of the import's own statuses is left to the import.
            problems = ()
        elif happened := stopped(status_id):
            problem = run.add_stopped_item(order.store_order_id, order.import_id, happened)
            if is_mapped:
                change = attrs.evolve(change, problems=(attrs.evolve(problem, severity="warning"),))
            else:
                problems = (problem,)
        elif not is_mapped and status_id == SystemStatus.PARTIALLY_REFUNDED:
            is_booked = run.settings.gl.import_refunds
            problems = (
                () if is_booked else (_partly_refunded(order, name, run.parts.has(CreditGateway)),)
            )
        if not after and problems:
            run.know(*known)
            self.unruled.refuse(change, name, problems)
            return
        self.unruled.ruled(order.import_id)
        if not after or text_key(after) == text_key(order.status):
            run.know(*known)
            run.set_items(order.import_id, ())
            run.unchanged()
        elif run.write(change, partial(_set_status, run, order, after)):
            run.know(*known)


def _partly_refunded(order: SalesOrder, name: str, keeps_credits: bool) -> Problem:
    """Say in the report what `follow_orders` puts on the worklist, unless the credit is booked."""
    return Problem(
        "refund_not_booked",
        "status_id",
        name,
        f"Order {order.store_order_id} was refunded in part in the store; {order.import_id} "
        f"is {order.status} in AcctVantage.",
        "Enter the credit in AcctVantage, or have avbc do it: set gl.import_refunds = true and "
        "call import_refunds(since=...), with preview=True first."
        if keeps_credits
        else "Enter the credit in AcctVantage.",
        "warning",
    )


def _set_status(run: PushRun, order: SalesOrder, status: str) -> None:
    """Set a status, unless a person has moved the order since it was read: that must stand."""
    current = run.books.sales_orders([order.import_id])
    if not current or text_key(current[0].status) != text_key(order.status):
        found = current[0].status if current else "not there any more"
        raise TransientError(
            f"{order.import_id} was {order.status} and is {found} in the books now; the next run "
            "looks again"
        )
    run.parts.statuses.set_order_status(order.import_id, status)


# Both


def _rules(run: PushRun) -> MappingRules:
    return run.parts.rules(run.settings, run.integration.mapped_statuses)


class _Unruled:
    """The orders that the mapping has no answer for, reported once each until it changes."""

    def __init__(self, run: PushRun) -> None:
        self._run = run
        setup = run.settings.order_status
        rows = [
            [row.acctvantage, str(row.bigcommerce), row.may_move_backwards] for row in setup.mapping
        ]
        self._mapping = json.dumps([setup.updates, rows])
        self.is_changed = run.known(_SETTING, [_MAPPING]).get(_MAPPING) != self._mapping
        self._reported = dict(run.all_known(_UNRULED))
        self._ruled: set[str] = set()

    def again(self) -> list[str]:
        """The orders to be ruled again: all of them where the mapping changed, otherwise none."""
        return list(self._reported) if self.is_changed else []

    def refuse(self, change: Change, status: str, problems: Sequence[Problem]) -> None:
        """Refuse an order for its status on one side, unless the same was reported before."""
        text = f"{status}: {sentence(problems)}"
        if self._reported.get(change.key) != text:
            self._run.know(_UNRULED, change.key, text)
            self._run.refuse(change, *problems)

    def ruled(self, import_id: str) -> None:
        """Note that the mapping has an answer for an order."""
        if import_id in self._reported:
            self._ruled.add(import_id)

    def finish(self) -> None:
        """Forget those that were ruled, and remember the mapping, unless the run ended early."""
        if self._ruled:
            self._run.forget(_UNRULED, self._ruled)
        if self.is_changed and not self._run.report.stopped:
            self._run.know(_SETTING, _MAPPING, self._mapping)
