"""Order statuses, in one direction only, by the Order Status Mapping (manual 2.1.6 and 2.1.7).

What is known of an order's status in the store is remembered: it was set by the import or a push,
or seen by a pull. So a push sends nothing that the store has, and a pull recognizes the echo of our
own writes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import attrs

from avbc.acctvantage import Gateway, SalesOrder
from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import RequestRefused
from avbc.errors import AvbcError, TransientError
from avbc.mapping import MappingRules, Problem, status_for_books, status_for_store
from avbc.mapping.status import status_name
from avbc.orchestrator.engine.changed_orders import OVERLAP
from avbc.orchestrator.engine.changes import order_change
from avbc.orchestrator.engine.order_reads import NO_STATUS, orders_of, windows
from avbc.orchestrator.engine.run import PushRun, Step
from avbc.orchestrator.engine.statuses import REFUNDED, STATUS, require_mapping
from avbc.orchestrator.reports import Change, sentence
from avbc.posting import means_posted
from avbc.text import text_key

_NOT_TAKEN = "status not taken"
"""The id of the status that the store refused last, by Import ID. It is not sent again."""
_UNRULED = "status unruled"
"""What was reported of orders that the mapping has no answer for, by Import ID. They are looked at
again when the mapping changes."""
_SETTING, _MAPPING = "setting", "order_status.mapping"
"""The mapping that was in force last."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_STAMPED_LATE = timedelta(minutes=10)
"""Looked at again in the books: a record is stamped before others can read it (`Gateway`)."""

_FOR_A_PERSON = {
    REFUNDED: "refunded",
    5: "cancelled",
    6: "declined",
    13: "disputed",
    14: "partly refunded",
}
"""BigCommerce's statuses that AcctVantage has no counterpart for, so that a person must act
(docs/facts.md, acctvantage-orders)."""
_STOPPED = {
    str(status_id): happened
    for status_id, happened in _FOR_A_PERSON.items()
    if happened != "partly refunded"
}
"""No push changes these: they are a person's decision. An order refunded in part goes on."""


def _require_direction(run: PushRun, direction: str) -> None:
    """Make sure that the settings have statuses go this way (manual 2.1.6), by a sound mapping."""
    updates = run.settings.order_status.updates
    advice = {
        "push": "statuses go from AcctVantage to the store only: call push_order_statuses",
        "pull": "statuses go from the store to AcctVantage only: call pull_order_statuses",
        "off": f"statuses go neither way: set it to {direction!r} to have them go this way",
    }[updates]
    run.require(
        updates == direction,
        "order_status.updates",
        f"is {updates!r}, so {advice} (manual 2.1.6)",
    )
    mapped = run.integration.mapped_statuses
    require_mapping(run.settings.order_status, mapped, run.statuses.new)


# AcctVantage to store


@attrs.frozen
class _SetStatus(Step[None]):
    """The status that the store is to have of an order."""

    order: SalesOrder
    status: str
    """Its id, as the journal remembers it."""

    def settle(self, run: PushRun, answer: AvbcError | None) -> None:
        if answer is None or isinstance(answer, RequestRefused):
            kind = STATUS if answer is None else _NOT_TAKEN
            run.know(kind, self.order.import_id, self.status)
        super().settle(run, answer)


def push_order_statuses(run: PushRun) -> None:
    """Send the store the statuses that changed in the books since the last push.

    Raises:
        SettingsError: The settings pull statuses, or neither.
        AvbcError: The books or the store cannot be read.
    """
    _require_direction(run, "push")
    rules = MappingRules(run.settings, run.books.reference_data(), run.integration.mapped_statuses)
    since = run.watermark()
    changed = run.books.sales_orders_changed(
        run.source_code, _BEGINNING if since is None else since - _STAMPED_LATE
    )
    unruled = _Unruled(run)
    orders = {
        order.import_id: order for order in (*changed, *run.books.sales_orders(unruled.again()))
    }
    due: dict[str, _SetStatus] = {}
    for import_id, order in orders.items():
        ruling = status_for_store(order.status, rules)
        change = order_change(order, "status", decisions=ruling.decisions)
        if ruling.value is None:
            unruled.refuse(change, order.status, ruling.problems)
        else:
            unruled.ruled(import_id)
            change = attrs.evolve(change, after=status_name(ruling.value))
            call = run.store.orders.update.call(order.store_order_id, status_id=ruling.value.id)
            due[import_id] = _SetStatus(call, (change,), order, str(ruling.value.id))
    _send(run, due)
    unruled.finish()
    stamps = [order.status_changed_at for order in changed if order.status_changed_at is not None]
    if stamps:
        run.set_watermark(max(stamps))


def _send(run: PushRun, due: Mapping[str, _SetStatus]) -> None:
    """Send the statuses that the store does not have, and did not refuse."""
    known, not_taken = run.known(STATUS, due), run.known(_NOT_TAKEN, due)
    fresh = {
        import_id: each
        for import_id, each in due.items()
        if each.status not in (known.get(import_id), not_taken.get(import_id))
    }
    known |= _read_statuses(
        run, [each.order for import_id, each in fresh.items() if import_id not in known]
    )
    stale = {key: each for key, each in fresh.items() if each.status != known.get(key)}
    run.unchanged(len(due) - len(stale))
    run.total = len(stale)
    names = {str(status.id): status_name(status) for status in run.integration.mapped_statuses}
    steps: list[_SetStatus] = []
    for import_id, each in stale.items():
        before = known.get(import_id, "")
        change = attrs.evolve(each.changes[0], before=names.get(before, ""))
        if stopped := _STOPPED.get(before):
            run.know(_NOT_TAKEN, import_id, each.status)
            run.refuse(
                change,
                Problem(
                    "order_stopped_in_store",
                    "status_id",
                    change.before,
                    f"The order was {stopped} in the store, so it is not made {change.after}; in "
                    f"AcctVantage it is {each.order.status}.",
                    "Stop it in AcctVantage too, or, if the status is right, set it in "
                    "BigCommerce by hand.",
                ),
            )
        else:
            steps.append(attrs.evolve(each, changes=(change,)))
    run.send(steps)


def _read_statuses(run: PushRun, orders: Sequence[SalesOrder]) -> dict[str, str]:
    """Read the statuses of orders, without those that the store does not list."""
    import_ids = {order.store_order_id: order.import_id for order in orders}
    found: dict[str, str] = {}
    for first, last in windows(import_ids):
        for page in run.store.pages(run.store.orders.list.call(min_id=first, max_id=last)):
            for order in orders_of(page):
                if order.id in import_ids and order.status_id != NO_STATUS:
                    found[import_ids[order.id]] = str(order.status_id)
    for import_id, status in found.items():
        run.know(STATUS, import_id, status)
    return found


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
        orders = run.books.sales_orders_changed(run.source_code, None)
        open_ids = [order.store_order_id for order in orders if not means_posted(order.status)]
        if not open_ids:
            return
        pages = run.store.pages(run.store.orders.list.call(min_id=min(open_ids)))
    else:
        pages = run.integration.changed_orders.pages(since - OVERLAP, "pull_order_statuses")
    pull = _Pull(run)
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

    def __init__(self, run: PushRun) -> None:
        self.unruled = _Unruled(run)
        self._run = run
        self._rules = MappingRules(
            run.settings, run.books.reference_data(), run.integration.mapped_statuses
        )
        self._names = {status.id: status_name(status) for status in run.integration.mapped_statuses}
        self._of_import = {run.statuses.new, run.statuses.downloaded, run.statuses.import_error}

    def rule(self, seen: Mapping[str, int], *, again: bool = False) -> None:
        """Rule the orders that have these statuses in the store, by Import ID; skip others' orders.

        Unless they are to be ruled again, those whose status is known already are unchanged.
        """
        orders = self._run.books.sales_orders(list(seen))
        known = {} if again else self._run.known(STATUS, [order.import_id for order in orders])
        # The import set the Downloaded Order Status: where nothing is known, that one is no news.
        expected = "" if again else str(self._run.statuses.downloaded)
        for order in orders:
            if self._run.is_over():
                return
            if known.get(order.import_id, expected) == str(seen[order.import_id]):
                self._run.unchanged()
            else:
                self._rule(order, seen[order.import_id])

    def _rule(self, order: SalesOrder, status_id: int) -> None:
        """Give an order the status that the mapping has for the store's."""
        run = self._run
        known = (STATUS, order.import_id, str(status_id))
        name = self._names.get(status_id, str(status_id))
        ruling = status_for_books(status_id, order.status, self._rules)
        after = ruling.value or ""
        change = order_change(order, "status", order.status, after, ruling.decisions)
        problems = ruling.problems
        is_mapped = all(problem.code != "status_unmapped" for problem in problems)
        if not is_mapped and status_id in self._of_import:
            # An order that was reset to one of the import's own statuses is left to the import.
            problems = ()
        elif happened := _FOR_A_PERSON.get(status_id):
            stopped = Problem(
                "order_stopped_in_store",
                "status_id",
                name,
                f"The order was {happened} in the store after it was imported; in AcctVantage "
                f"{order.import_id} is {order.status}.",
                "Handle it in AcctVantage, which has no status for it.",
                "warning" if is_mapped else "error",
            )
            if is_mapped:
                change = attrs.evolve(change, problems=(stopped,))
            else:
                problems = (stopped,)
        if not after and problems:
            run.know(*known)
            self.unruled.refuse(change, name, problems)
            return
        self.unruled.ruled(order.import_id)
        if not after or text_key(after) == text_key(order.status):
            run.know(*known)
            run.unchanged()
        elif run.write(change, partial(_set_status, run.books, order, after)):
            run.know(*known)


def _set_status(books: Gateway, order: SalesOrder, status: str) -> None:
    """Set a status, unless a person has moved the order since it was read: that must stand."""
    current = books.sales_orders([order.import_id])
    if not current or text_key(current[0].status) != text_key(order.status):
        found = current[0].status if current else "not there any more"
        raise TransientError(
            f"{order.import_id} was {order.status} and is {found} in the books now; the next run "
            "looks again"
        )
    books.set_order_status(order.import_id, status)


# Both


class _Unruled:
    """The orders that the mapping has no answer for, reported once each until it changes."""

    def __init__(self, run: PushRun) -> None:
        self._run = run
        setup = run.settings.order_status
        rows = [
            [row.acctvantage, str(row.bigcommerce), row.may_move_backwards] for row in setup.mapping
        ]
        self._mapping = json.dumps([setup.updates, rows])
        self._is_changed = run.known(_SETTING, [_MAPPING]).get(_MAPPING) != self._mapping
        self._reported = dict(run.all_known(_UNRULED))
        self._ruled: set[str] = set()

    def again(self) -> list[str]:
        """The orders to be ruled again: all of them where the mapping changed, otherwise none."""
        return list(self._reported) if self._is_changed else []

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
        if self._is_changed and not self._run.report.stopped:
            self._run.know(_SETTING, _MAPPING, self._mapping)
