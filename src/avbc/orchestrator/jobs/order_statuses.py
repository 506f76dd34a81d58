"""Order statuses from one side to the other: in one direction only, by the Order Status Mapping (manual 2.1.6 and 2.1.7).

What is known of an order's status in the store is remembered: it was set by the import or a push,
or seen by a pull. So a push sends nothing that the store has, and a pull takes the echo of our own
writes for what it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import SalesOrder
from avbc.bigcommerce import RequestRefused
from avbc.bigcommerce.call import Page, UnreadableRow
from avbc.bigcommerce.models import Order, OrderStatus
from avbc.errors import AvbcError, Fault, TransientError
from avbc.mapping import Problem
from avbc.mapping.decisions import Decision, Ruling
from avbc.mapping.rules import MappingRules
from avbc.mapping.status import status_for_books, status_for_store, status_name
from avbc.orchestrator.engine.run import CallbackStep, PushRun, Step
from avbc.orchestrator.engine.statuses import REFUNDED, STATUS, ImportStatuses
from avbc.orchestrator.engine.store_orders import windows
from avbc.orchestrator.reports import Change, sentence
from avbc.posting import means_posted
from avbc.settings import Settings, SettingsError
from avbc.text import text_key

_NOT_TAKEN = "status not taken"
"""The status's id that the store refused last, by Import ID. It is not sent again."""
_UNRULED = "status unruled"
"""What was said of orders for which the mapping had no answer, by Import ID. They are ruled again when the mapping changes."""
_SETTING, _MAPPING = "setting", "order_status.mapping"
"""The mapping that was in force last."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_STAMPED_LATE = timedelta(minutes=10)
"""Looked at again in the books: a record is stamped before others can read it (`Gateway`)."""
_OVERLAP = timedelta(hours=1)
"""Looked at again in the store (docs/facts.md, bigcommerce-pitfalls)."""
_FOR_A_PERSON = {
    REFUNDED: "refunded",
    5: "cancelled",
    6: "declined",
    13: "disputed",
    14: "partly refunded",
}
"""BigCommerce's statuses that AcctVantage has no counterpart for, so that a person must act (docs/facts.md, acctvantage-orders)."""


_STOPPED = {
    str(status_id): happened
    for status_id, happened in _FOR_A_PERSON.items()
    if happened != "partly refunded"
}
"""Of these no push makes another one: they are a person's decision. What was refunded in part goes on."""


def require_direction(settings: Settings, direction: str) -> None:
    """See that the settings want statuses to go this way (manual 2.1.6).

    Raises:
        SettingsError: They want the other way, or none.
    """
    updates = settings.order_status.updates
    if updates == direction:
        return
    told = {
        "push": "statuses go from AcctVantage to the store only: call push_order_statuses",
        "pull": "statuses go from the store to AcctVantage only: call pull_order_statuses",
        "off": f"statuses go neither way: set it to {direction!r} to have them go this way",
    }[updates]
    raise SettingsError(
        "settings", [Fault("order_status.updates", f"is {updates!r}, so {told} (manual 2.1.6)")]
    )


# AcctVantage to store


def push_order_statuses(run: PushRun, statuses: Sequence[OrderStatus]) -> None:
    """Give the store the statuses that changed in the books since the last push.

    Args:
        run: The run.
        statuses: The store's statuses, by which the mapping is read.

    Raises:
        AvbcError: The books or the store cannot be read.
    """
    rules = MappingRules(run.settings, run.books.reference_data(), tuple(statuses))
    since = run.watermark()
    changed = run.books.sales_orders_changed(
        run.source_code, _BEGINNING if since is None else since - _STAMPED_LATE
    )
    unruled = _Unruled(run)
    orders = {
        order.import_id: order for order in (*changed, *run.books.sales_orders(unruled.again()))
    }
    unruled.look_up(list(orders))
    due: list[tuple[SalesOrder, OrderStatus, Ruling[OrderStatus]]] = []
    for order in orders.values():
        ruling = status_for_store(order.status, rules)
        if ruling.value is None:
            unruled.refuse(
                _change(order, "status", decisions=ruling.decisions), order.status, ruling.problems
            )
        else:
            unruled.ruled(order.import_id)
            due.append((order, ruling.value, ruling))
    wanted = {order.import_id: str(status.id) for order, status, _ in due}
    not_taken = run.known(_NOT_TAKEN, wanted)
    known = run.known(STATUS, wanted)
    open_ids = [
        import_id
        for import_id, status in wanted.items()
        if status not in (known.get(import_id), not_taken.get(import_id))
    ]
    known |= _read_statuses(
        run, [orders[import_id] for import_id in open_ids if import_id not in known]
    )
    stale = [
        row
        for row in due
        if row[0].import_id in set(open_ids)
        and known.get(row[0].import_id) != wanted[row[0].import_id]
    ]
    run.unchanged(len(due) - len(stale))
    run.total = len(stale)
    names = {str(status.id): status_name(status) for status in statuses}
    steps: list[Step[None]] = []
    for order, status, ruling in stale:
        before = known.get(order.import_id, "")
        change = _change(
            order, "status", names.get(before, ""), status_name(status), decisions=ruling.decisions
        )
        if stopped := _STOPPED.get(before):
            run.know(_NOT_TAKEN, order.import_id, str(status.id))
            run.refuse(change, _stopped_before(order, change, stopped))
        else:
            steps.append(_status_step(run, order, status, change))
    run.send(steps)
    unruled.finish()
    if stamps := [
        order.status_changed_at for order in changed if order.status_changed_at is not None
    ]:
        run.set_watermark(max(stamps))


def _stopped_before(order: SalesOrder, change: Change, happened: str) -> Problem:
    message = (
        f"The order was {happened} in the store, so it is not made {change.after}; in "
        f"AcctVantage it is {order.status}."
    )
    fix = "Stop it in AcctVantage too, or, if the status is right, set it in BigCommerce by hand."
    return Problem("order_stopped_in_store", "status_id", change.before, message, fix)


def _status_step(
    run: PushRun, order: SalesOrder, status: OrderStatus, change: Change
) -> Step[None]:
    def settle(answer: AvbcError | None) -> None:
        if answer is None:
            run.know(STATUS, order.import_id, str(status.id))
            run.sent(change)
            return
        if isinstance(answer, RequestRefused):
            run.know(_NOT_TAKEN, order.import_id, str(status.id))
        run.fail(change, answer)

    return CallbackStep(
        run.store.orders.update.call(order.store_order_id, status_id=status.id),
        (change,),
        settle,
    )


def _read_statuses(run: PushRun, orders: Sequence[SalesOrder]) -> dict[str, str]:
    """Read the statuses of orders of which nothing is known. An order that the store does not list is left out."""
    import_ids = {order.store_order_id: order.import_id for order in orders}
    found: dict[str, str] = {}
    for first, last in windows(import_ids):
        for page in run.store.pages(run.store.orders.list.call(min_id=first, max_id=last)):
            for seen in _seen(page):
                if seen.order_id in import_ids and seen.status_id is not None:
                    found[import_ids[seen.order_id]] = str(seen.status_id)
    for import_id, status in found.items():
        run.know(STATUS, import_id, status)
    return found


# Store to AcctVantage


def pull_order_statuses(
    run: PushRun, statuses: Sequence[OrderStatus], of_import: ImportStatuses
) -> None:
    """Give the books the statuses that changed in the store since the last pull.

    Args:
        run: The run.
        statuses: The store's statuses, by which the mapping is read.
        of_import: The three statuses that the import moves orders between.

    Raises:
        AvbcError: The books or the store cannot be read.
    """
    since = run.watermark()
    if since is None:
        first = _first_open(run.books, run.source_code)
        if first is None:
            return
        modified = run.store.orders.list.call(min_id=first)
    else:
        modified = run.store.orders.list.call(min_date_modified=since - _OVERLAP)
    pull = _Pull(
        run, MappingRules(run.settings, run.books.reference_data(), tuple(statuses)), of_import
    )
    pull.rule_again()
    newest = since
    for page in run.store.pages(modified):
        if run.is_over():
            break
        seen = _seen(page)
        pull.take(seen)
        times = [order.modified_at for order in seen if order.modified_at is not None]
        newest = max(times if newest is None else [*times, newest], default=None)
    pull.finish()
    if newest is not None:
        run.set_watermark(newest)


def _first_open(books: Gateway, source_code: str) -> int | None:
    """The lowest store id of the orders whose status can still change: what the first pull begins at."""
    return min(
        (
            order.store_order_id
            for order in books.sales_orders_changed(source_code, None)
            if not means_posted(order.status)
        ),
        default=None,
    )


@attrs.frozen
class _Seen:
    """What a list of the store says of an order."""

    order_id: int
    status_id: int | None
    modified_at: datetime | None = None


def _seen(page: Page[Order]) -> list[_Seen]:
    """The orders of a page; of one that cannot be read as a whole, its id and its status all the same."""
    orders = [_Seen(order.id, order.status_id, order.date_modified) for order in page.items]
    return orders + [
        _Seen(row.id, _raw_status(row)) for row in page.unreadable if row.id is not None
    ]


def _raw_status(row: UnreadableRow) -> int | None:
    status = row.row.get("status_id") if isinstance(row.row, Mapping) else None
    return status if isinstance(status, int) else None


class _Pull:
    """One pull: page after page of orders, each ruled and written by itself."""

    def __init__(self, run: PushRun, rules: MappingRules, of_import: ImportStatuses) -> None:
        self._run = run
        self._rules = rules
        self._downloaded = str(of_import.downloaded)
        self._of_import = {of_import.new, of_import.downloaded, of_import.import_error}
        self._unruled = _Unruled(run)

    def take(self, page: Sequence[_Seen]) -> None:
        """Take a page of orders; those that are not in the books are nothing to us."""
        run = self._run
        seen = {
            order_import_id(run.source_code, order.order_id): order
            for order in page
            if order.status_id is not None
        }
        orders = run.books.sales_orders(list(seen))
        import_ids = [order.import_id for order in orders]
        known = run.known(STATUS, import_ids)
        self._unruled.look_up(import_ids)
        for order in orders:
            if run.is_over():
                return
            status_id = seen[order.import_id].status_id
            # The import set the Downloaded Order Status, so where nothing is known that one is no
            # news.
            if status_id is None or known.get(order.import_id, self._downloaded) == str(status_id):
                run.unchanged()
            else:
                self._rule(order, status_id)

    def rule_again(self) -> None:
        """Rule orders again that the mapping had no answer for, where it is another one now."""
        run = self._run
        waiting = run.books.sales_orders(self._unruled.again())
        import_ids = [order.import_id for order in waiting]
        known = run.known(STATUS, import_ids)
        self._unruled.look_up(import_ids)
        for order in waiting:
            if order.import_id in known:
                self._rule(order, int(known[order.import_id]))

    def finish(self) -> None:
        """Remember what the mapping had no answer for."""
        self._unruled.finish()

    def _rule(self, order: SalesOrder, status_id: int) -> None:
        """Give an order the status that the mapping has for the store's."""
        run = self._run
        known = (STATUS, order.import_id, str(status_id))
        name = next(
            (status_name(status) for status in self._rules.statuses if status.id == status_id),
            str(status_id),
        )
        ruling = status_for_books(status_id, order.status, self._rules)
        change = _change(
            order, "status", order.status, ruling.value or "", decisions=ruling.decisions
        )
        problems = ruling.problems
        is_mapped = all(problem.code != "status_unmapped" for problem in problems)
        happened = _FOR_A_PERSON.get(status_id, "")
        if not is_mapped and status_id in self._of_import:
            # The import's own statuses are its own business: an order that was reset to New is
            # taken by it.
            problems = ()
        elif happened and not is_mapped:
            problems = (_late(order, name, happened),)
        elif happened:
            change = attrs.evolve(
                change, problems=(attrs.evolve(_late(order, name, happened), severity="warning"),)
            )
        if ruling.value is None and problems:
            run.know(*known)
            self._unruled.refuse(change, name, problems)
            return
        self._unruled.ruled(order.import_id)
        if ruling.value is None or text_key(ruling.value) == text_key(order.status):
            run.know(*known)
            run.unchanged()
            return
        wanted = ruling.value
        run.write(change, lambda: _set_status(run.books, order, wanted), known=(known,))


def _late(order: SalesOrder, name: str, happened: str) -> Problem:
    message = (
        f"The order was {happened} in the store after it was imported; in AcctVantage "
        f"{order.import_id} is {order.status}."
    )
    return Problem(
        "order_stopped_in_store",
        "status_id",
        name,
        message,
        "Look after it in AcctVantage, which has no status for it.",
    )


def _set_status(books: Gateway, order: SalesOrder, status: str) -> None:
    """Set a status, unless the order was moved meanwhile: whoever posts it now must not be overruled."""
    standing = books.sales_orders([order.import_id])
    if not standing or standing[0].status != order.status:
        found = standing[0].status if standing else "not there any more"
        raise TransientError(
            f"{order.import_id} was {order.status} and is {found} in the books now; the next run "
            "looks again"
        )
    books.set_order_status(order.import_id, status)


# Both


class _Unruled:
    """The orders for which the mapping has no answer: a person is told once, and they are ruled again when the mapping changes."""

    def __init__(self, run: PushRun) -> None:
        self._run = run
        rows = [
            [row.acctvantage, str(row.bigcommerce), row.may_move_backwards]
            for row in run.settings.order_status.mapping
        ]
        self._mapping = json.dumps([run.settings.order_status.updates, rows])
        self._is_changed = run.known(_SETTING, [_MAPPING]).get(_MAPPING) != self._mapping
        self._told: dict[str, str] = {}
        self._ruled: set[str] = set()

    def again(self) -> list[str]:
        """The orders to be ruled again: all that wait, where the mapping is another one than the last time."""
        return (
            [import_id for import_id, _ in self._run.all_known(_UNRULED)]
            if self._is_changed
            else []
        )

    def look_up(self, import_ids: Collection[str]) -> None:
        """Read what was said of these orders, before they are ruled."""
        self._told.update(self._run.known(_UNRULED, import_ids))

    def refuse(self, change: Change, status: str, problems: Sequence[Problem]) -> None:
        """Refuse an order for its status on the one side, unless a person was told the same before."""
        text = f"{status}: {sentence(problems)}"
        if self._told.get(change.key) != text:
            self._run.know(_UNRULED, change.key, text)
            self._run.refuse(change, *problems)

    def ruled(self, import_id: str) -> None:
        """Note that the mapping has an answer for an order."""
        if import_id in self._told:
            self._ruled.add(import_id)

    def finish(self) -> None:
        """Forget those that were ruled, and remember the mapping that did it, unless the run ended early."""
        run = self._run
        if self._ruled:
            run.forget(_UNRULED, self._ruled)
        if self._is_changed and not run.report.stopped:
            run.know(_SETTING, _MAPPING, self._mapping)


def _change(
    order: SalesOrder,
    what: str,
    before: str = "",
    after: str = "",
    decisions: Sequence[Decision] = (),
) -> Change:
    return Change(
        order.import_id,
        what,
        before,
        after,
        order.store_order_id,
        order.import_id,
        decisions=tuple(decisions),
    )
