"""What became of imported orders in the store: their payments, quantities, edits, refunds, ends.

Receipts and what is left to ship are written in the books; all else is for a person, on the
worklist. The rules look at how the order is now in the store and in the books, and not at what has
happened: so a run may die anywhere, and the next one finds the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import InvalidOperation
from functools import cached_property

from avbc.acctvantage.import_ids import order_import_id, store_order_ids
from avbc.bigcommerce import NotFound, Page, UnexpectedData
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError, TransientError
from avbc.mapping import MappingRules, Problem, payment_without_order
from avbc.mapping.following import is_open, order_state
from avbc.mapping.offline import hides_payment, is_offline
from avbc.mapping.stopped import stopped
from avbc.mapping.waiting import WAITS_FOR_PAYMENT, waits
from avbc.orchestrator.engine.archived import bring_back, put_away
from avbc.orchestrator.engine.attention import (
    FOLLOWING,
    GONE,
    IMPORTING,
    NOT_IN_BOOKS,
    RECONCILE,
    STATUS_KEPT,
    STOPPED,
)
from avbc.orchestrator.engine.changed_orders import OVERLAP
from avbc.orchestrator.engine.changes import (
    CONCERNS_ALL,
    order_change,
    order_extra,
    problem_of,
    unexpected,
)
from avbc.orchestrator.engine.channels import is_of_channels
from avbc.orchestrator.engine.decisions_taken import DECISIONS
from avbc.orchestrator.engine.followed import Followed, FollowReader
from avbc.orchestrator.engine.follower import Follower
from avbc.orchestrator.engine.in_hand import ENDED, why_left_out
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.open_webhooks import OpenWebhooks, close_webhooks
from avbc.orchestrator.engine.order_pages import NOT_SHOWN
from avbc.orchestrator.engine.order_reads import NO_STATUS, orders_of, read_orders
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.statuses import FOLLOWED, PLACED, STATUS
from avbc.orchestrator.engine.store_orders import orders_alone
from avbc.orchestrator.engine.unpushed import note_unpushed_shipments
from avbc.orchestrator.reports import Change

_LISTED = "followed lately"
"""When the orders of the last listing were modified, by Import ID: what is missing now is gone."""
_SWEPT = "followed all"
"""When it was last checked that the store still lists all open orders, and of which channels."""
_SWEEP = timedelta(hours=1)
_LATELY = timedelta(days=90)
"""How far back open orders of books without statuses are looked for."""
_SAME_SECOND = timedelta(seconds=2)
_NOT_IMPORTED = "payment_without_order"
_LOST = "order_gone_from_books"
_DELETED = "deleted"
"""What is known of an imported order that a person deleted in the books."""
_GONE_STATE = "gone"
_PARTLY = "payment_partly_captured"


def follow_orders(run: PushRun, order_ids: Collection[int] | None = None) -> None:
    """Follow the orders that changed in the store since the last run, or these orders.

    Raises:
        AvbcError: The books or the store cannot be read.
    """
    follow = _Follow(run)
    if order_ids is not None:
        # Asked for by a person, they are looked at as if for the first time: settings may differ.
        follow.take_ids(order_ids, again=True)
        run.refuse_unbooked(order_ids)
        return
    if not run.preview:
        note_unpushed_shipments(run)
    webhooks = [] if run.preview else OpenWebhooks.of(run.integration).read("follow")
    since = run.watermark()
    newest = follow.take_all() if since is None else follow.take_changed(since)
    follow.take_unlisted(webhook.order_id for webhook in webhooks)
    follow.look_again()
    close_webhooks(run, webhooks, {change.order_id for change in run.report.postponed})
    if newest is not None and not run.is_over():
        run.set_watermark(newest)


class _Follow:
    """One run."""

    def __init__(self, run: PushRun) -> None:
        self._run = run
        self._is_pull = run.settings.order_status.updates == "pull"
        items = OpenItems.of(run.integration)
        self._open: dict[str, set[str]] = {}
        """The codes of open items, by Import ID."""
        for key, code in items.keys(FOLLOWING):
            self._open.setdefault(key, set()).add(code)
        self._reconciled = items.keys(RECONCILE)
        import_items = items.keys(IMPORTING)
        self._import_items = {key for key, _ in import_items}
        self._status_kept = {key for key, code in import_items if code == STATUS_KEPT}
        """Orders that were asked for by their ids: they wait in any status."""
        self._unpaid = {key for key, code in import_items if code == WAITS_FOR_PAYMENT}
        """Orders that wait for their payment, in the New Order Status alone."""
        self._settled: set[str] = set()
        """Orders whose items of the import were settled in this run."""
        self._lately: dict[str, str] = {}
        """What is remembered of the last listing."""
        self._seen: dict[str, Order] = {}
        """Orders with open items that were listed, and are not followed yet."""
        self._listed: set[str] = set()
        self._looked_at: set[str] = set()
        """The orders that were followed in this run."""

    @cached_property
    def _rules(self) -> MappingRules:
        # Most runs find no change, and need no reference data.
        run = self._run
        is_push = run.settings.order_status.updates == "push"
        statuses = run.integration.mapped_statuses if is_push else ()
        return run.parts.rules(run.settings, statuses)

    @cached_property
    def _reader(self) -> FollowReader:
        return FollowReader(self._run, self._rules)

    @cached_property
    def _follower(self) -> Follower:
        return Follower(self._run, self._rules, self._settled)

    # Which orders

    def take_ids(self, order_ids: Collection[int], *, again: bool = False) -> None:
        """Follow orders by their ids."""
        found = read_orders(self._run.order_pages, order_ids, EVERYTHING)
        self._take_read(found, order_ids, again=again)

    def take_unlisted(self, order_ids: Iterable[int]) -> None:
        """Follow those of some orders that were not listed in this run."""
        rest = {number for number in order_ids if self._import_id(number) not in self._listed}
        if rest and not self._run.is_over():
            self.take_ids(rest)

    def take_changed(self, since: datetime) -> datetime | None:
        """Follow the orders that changed; returns when the last one did."""
        run, begin = self._run, since - OVERLAP
        self._lately = dict(run.all_known(_LISTED))
        before = {key: datetime.fromisoformat(at) for key, at in self._lately.items()}
        pages = run.integration.changed_orders.pages(run.order_pages, begin, "follow_orders")
        newest = self._take_pages(pages, since)
        if run.is_over():
            return newest
        missing = {key for key, at in before.items() if at >= begin and key not in self._listed}
        found_out = {key for key in missing if GONE in self._open.get(key, ())}
        self._take_gone(self._order_ids(missing - found_out) | run.order_pages.gone)
        if not run.report.postponed and (
            gone := {key for key, at in before.items() if at < begin and key not in self._listed}
            | missing
        ):
            run.forget(_LISTED, gone)
        at, _, channels = run.known(_SWEPT, ["at"]).get("at", "").partition(" ")
        # By whichever clock it was noted, and be it from the future.
        is_late = not at or abs(run.started - datetime.fromisoformat(at)) >= _SWEEP
        if is_late or channels != self._channels:
            self._sweep()
        if channels != self._channels:
            unpaid = {key for key, codes in self._open.items() if _NOT_IMPORTED in codes}
            self.take_ids(self._order_ids(unpaid), again=True)
        return newest

    def take_all(self) -> datetime | None:
        """Follow all orders from the first that is open: nothing is known of earlier changes."""
        run = self._run
        due = self._open_orders()
        if not due:
            # The store's clock counts, and there is nothing else to learn of them.
            newest = run.integration.changed_orders.newest()
            self._sweep()
            return newest
        listed = run.store.orders.list.call(min_id=min(due), sort="id:asc", include=EVERYTHING)
        pages = run.order_pages.owing("follow_orders", run.order_pages.walk(listed))
        newest = self._take_pages(pages, None)
        if not run.is_over():
            self._take_gone(n for n in due if self._import_id(n) not in self._listed)
            self._sweep(due)
        return newest

    def look_again(self) -> None:
        """Look at the orders on the worklist that changed in the books: their cause may be gone."""
        run = self._run
        self._settle_reconciled()
        keys = [key for key in self._open if key not in self._looked_at]
        of_books = [key for key in keys if self._open[key] - {_NOT_IMPORTED, ENDED}]
        booked = self._reader.of_books(of_books) if of_books else {}
        deleted = [key for key in of_books if key not in booked and _LOST not in self._open[key]]
        run.settle(deleted)
        for key in deleted:
            run.know(FOLLOWED, key, _DELETED)
        known = run.known(FOLLOWED, booked)
        due = {
            each.order.id
            for key, each in booked.items()
            if known.get(key, "").partition(" ")[2] != self._reader.state(each)
        }
        here = {order.id: order for order in self._seen.values() if order.id in due}
        self._take(list(here.values()), again=True)
        if rest := due - here.keys():
            self._take_read(read_orders(run.order_pages, rest, EVERYTHING), rest, again=True)

    def _settle_reconciled(self) -> None:
        """Settle what a reconciliation found of orders that are in the books now, or deleted."""
        if not self._reconciled:
            return
        keys = {key for key, _ in self._reconciled}
        booked = {order.import_id for order in self._run.books.sales_orders(keys)}
        for key, code in self._reconciled:
            # What has an item of its own here is not said twice.
            is_said = bool(self._open.get(key, set()) & {STOPPED, GONE})
            if is_said or (code == NOT_IN_BOOKS) == (key in booked):
                self._run.settle([key], area=RECONCILE, codes=[code])

    def _take_read(
        self,
        found: Mapping[int, Order | UnexpectedData],
        asked: Iterable[int],
        *,
        again: bool = False,
    ) -> None:
        """Follow orders that were read by their ids; those that were not found are gone."""
        errors = {key: each for key, each in found.items() if isinstance(each, UnexpectedData)}
        orders = [
            each if isinstance(each, Order) else Order(id=key, status_id=NO_STATUS, items_total=-1)
            for key, each in found.items()
        ]
        self._take(orders, errors=errors, again=again)
        self._take_gone(number for number in asked if number not in found)

    def _order_ids(self, import_ids: Iterable[str]) -> set[int]:
        return store_order_ids(self._run.source_code, import_ids)

    def _import_id(self, order_id: int) -> str:
        return order_import_id(self._run.source_code, order_id)

    def _open_orders(self) -> set[int]:
        """The ids of the orders that were not shipped in the books yet."""
        statuses = self._rules.reference.order_statuses
        before = [status for status in statuses if is_open(status, self._rules)]
        run = self._run
        return self._order_ids(
            run.parts.known_in_status(run.source_code, before, run.started - _LATELY)
        )

    def _take_pages(self, pages: Iterator[Page[Order]], since: datetime | None) -> datetime | None:
        """Follow the orders of a list; returns when the last one changed, if one is known."""
        run, newest = self._run, since
        for page in pages:
            if run.is_over():
                break
            orders = orders_of(page)
            errors = {row.id: row.error for row in page.unreadable if row.id is not None}
            self._listed |= {self._import_id(order.id) for order in orders}
            times = [order.date_modified for order in page.items]
            newest = max(times if newest is None else [*times, newest], default=None)
            self._take(orders, errors=errors, is_first=since is None)
        return newest

    def _take(
        self,
        orders: Sequence[Order],
        *,
        errors: Mapping[int, AvbcError] | None = None,
        again: bool = False,
        is_first: bool = False,
    ) -> None:
        """Follow orders, in chunks.

        Args:
            orders: The orders as the store has them; those that cannot be read by id and status.
            errors: Why orders cannot be read.
            again: Follow them, changed or not.
            is_first: Leave out those that were shipped in the books before avbc followed orders.
        """
        run, errors = self._run, errors or {}
        found = {self._import_id(order.id): order for order in orders}
        self._settle_import_items(found)
        bring_back(run, found)
        states = {key: self._state(key, order) for key, order in found.items()}
        known = {} if again else run.known(FOLLOWED, found.keys() - self._settled)
        due = [key for key in found if known.get(key, "").partition(" ")[0] != states[key]]
        run.unchanged(len(found) - len(due))
        self._note_back([key for key in known if key not in due], found)
        # What stands in for an order that cannot be read says nothing of it later.
        shown = {key: each for key, each in found.items() if each.id not in errors}
        self._seen |= {key: order for key, order in shown.items() if key in self._open}
        self._note_listed(found[key] for key in found if key in known or key in self._import_items)
        for keys in run.chunks(due):
            booked = {order.import_id: order for order in run.books.sales_orders(keys)}
            missing = [key for key in keys if key not in booked]
            lost = self._lost(missing, found) if missing and not is_first else set[str]()
            for key in missing:
                self._not_in_books(key, found[key], states[key], is_lost=key in lost)
            self._follow(
                [
                    Followed(found[key], each, states[key])
                    for key, each in booked.items()
                    if not is_first or is_open(each.status, self._rules)
                ],
                errors,
            )
            self._note_listed(found[key] for key in booked)
            run.flush()

    def _note_back(self, unchanged: Collection[str], found: Mapping[str, Order]) -> None:
        """Take up again what was held back while the store did not list an order."""
        # A pull looks for itself.
        statuses = {} if self._is_pull else self._run.known(STATUS, unchanged)
        for key in () if self._is_pull else unchanged:
            if key not in statuses and found[key].status_id != NO_STATUS:
                self._run.know(STATUS, key, str(found[key].status_id))

    def _state(self, key: str, order: Order) -> str:
        state = _state(order)
        if _PARTLY in self._open.get(key, ()) or hides_payment(order):
            # What more is captured changes nothing of it but this date, which is in seconds.
            started = self._run.store_started
            is_over = order.date_modified < started - _SAME_SECOND
            return f"{state}@{(order.date_modified if is_over else started).isoformat()}"
        return state

    def _note_listed(self, orders: Iterable[Order]) -> None:
        lately = self._run.store_started - OVERLAP
        for order in orders:
            key, at = self._import_id(order.id), order.date_modified.astimezone(UTC).isoformat()
            # The first run lists older ones, too, which the next listing does not show.
            if order.date_modified < lately and key not in self._lately:
                continue
            if order.items_total >= 0 and self._lately.get(key) != at:
                self._run.know(_LISTED, key, at)

    # Orders that are not in the books

    def _settle_import_items(self, found: Mapping[str, Order]) -> None:
        """Settle what the import could not do where it is not asked to any more."""
        statuses = self._run.statuses
        waiting = {statuses.new, statuses.import_error, NO_STATUS}
        if gone := [
            key
            for key, order in found.items()
            if key in self._import_items
            and (
                not is_of_channels(order, self._run.settings)
                or (
                    order.status_id not in waiting
                    and (key not in self._status_kept or stopped(order.status_id))
                )
            )
        ]:
            # Another process may give it the Import Error Status at this moment.
            put_away(self._run, {key for key in gone if stopped(found[key].status_id)})
            self._run.settle(gone, area=IMPORTING)
            self._settled.update(gone)
        if gone := [
            key
            for key, order in found.items()
            if key in self._unpaid and order.status_id == statuses.import_error
        ]:
            self._run.settle(gone, area=IMPORTING, codes=[WAITS_FOR_PAYMENT])

    def _lost(self, keys: Sequence[str], found: Mapping[str, Order]) -> set[str]:
        """Return the Import IDs of orders that go on, and were in the books before."""
        run = self._run
        going = PLACED - {run.statuses.new, run.statuses.import_error}
        due = {
            key
            for key in keys
            if found[key].status_id in going and not stopped(found[key].status_id)
        } - self._import_items
        deleted = {key for key, text in run.known(FOLLOWED, due).items() if text == _DELETED}
        return (
            deleted
            | run.known(DECISIONS, due).keys()
            | {key for key in due if _LOST in self._open.get(key, ())}
        )

    def _not_in_books(self, key: str, order: Order, state: str, *, is_lost: bool) -> None:
        problem = _lost_problem(order.id, key) if is_lost else payment_without_order(order)
        if (
            problem is not None
            and not is_lost
            and (
                # Another system books its channel or its payment method; or its status says whether
                # it was paid, whatever its payment status says.
                not is_of_channels(order, self._run.settings)
                or waits(order, None, self._rules)
                or is_offline(order.payment_method, self._rules)
            )
        ):
            problem = None
        if problem is not None:
            what = ("order", order.status) if is_lost else ("payment", order.payment_status)
            self._run.refuse(Change(key, *what, "", order.id, key), problem)
            self._run.know(FOLLOWED, key, state)
            self._looked_at.add(key)
        elif key in self._open:
            self._run.set_items(key, (), order.id, key)
            self._looked_at.add(key)

    # Orders that the store does not list any more

    @property
    def _channels(self) -> str:
        return " ".join(map(str, sorted(self._run.settings.order_status.channels)))

    def _sweep(self, seen: Collection[int] = ()) -> None:
        """Check that the store still lists the open orders, and those that wait for an import."""
        run, due = self._run, self._open_orders() - set(seen)
        asked = due | self._order_ids(self._import_items)
        found = read_orders(run.order_pages, asked)
        here = {self._import_id(n): each for n, each in found.items() if isinstance(each, Order)}
        self._settle_import_items(here)
        self._note_listed(each for key, each in here.items() if key in self._import_items)
        keys = {number: self._import_id(number) for number in due & found.keys()}
        known = run.known(FOLLOWED, keys.values())
        # One that is not known yet may have changed long before its import was written.
        back = [n for n, key in keys.items() if key not in known or GONE in self._open.get(key, ())]
        self.take_ids(back)
        self._take_gone(asked - found.keys())
        if not (run.is_over() or run.report.postponed):
            run.know(_SWEPT, "at", f"{run.started.isoformat()} {self._channels}".strip())

    def _take_gone(self, order_ids: Iterable[int]) -> None:
        """Report open orders that the store does not list: they were archived or deleted.

        Each is read by its id first, since an empty list may be sent in place of another answer.
        """
        run = self._run
        keys = {self._import_id(number): number for number in order_ids}
        if not keys:
            return
        ours = {order.import_id for order in run.books.sales_orders(keys)}
        # Others concern no one, and a person may name thousands.
        ours |= keys.keys() & (self._open.keys() | self._import_items)
        asked = sorted(keys[key] for key in ours)
        answers = orders_alone(run.store, asked)
        gone: dict[str, str] = {}
        here: list[Order] = []
        for number, answer in zip(asked, answers, strict=True):
            key = self._import_id(number)
            if isinstance(answer, NotFound):
                gone[key] = "deleted"
            elif isinstance(answer, Order) and answer.is_deleted:
                gone[key] = "archived"
            elif isinstance(answer, Order):
                here.append(answer)
            elif number in run.order_pages.gone:
                # Its own answer is spoiled, too.
                gone[key] = "archived or deleted"
            elif not isinstance(answer, UnexpectedData):
                # One that cannot be read is there.
                change = Change(key, "order", order_id=number, import_id=key)
                run.postpone(change, problem_of(answer))
                if isinstance(answer, CONCERNS_ALL):
                    raise answer
        self._take(here)
        ended = self._import_items & gone.keys()
        archived = {key for key in ended if gone[key] == "archived"}
        put_away(run, archived)
        run.settle(ended - archived, area=IMPORTING)
        run.settle([key for key in gone if key in self._open], codes=[_NOT_IMPORTED, _LOST])
        for key, each in self._reader.of_books(gone).items():
            if each.is_handled or not (
                is_open(each.sales_order.status, self._rules)
                or key in self._open
                # What became of its money cannot be followed any more.
                or any(one.state in ("pending", "pre_authorized") for one in each.receipts)
            ):
                continue
            run.refuse(
                order_change(each.sales_order, "order"),
                _gone_problem(each.order.id, key, gone[key]),
            )
            run.know(FOLLOWED, key, f"{_GONE_STATE} {self._reader.state(each)}")
            self._looked_at.add(key)
        run.flush()

    # Orders that are in the books

    def _follow(self, orders: Sequence[Followed], errors: Mapping[int, AvbcError]) -> None:
        """Follow a chunk of orders, each by itself: an error of one stops no other."""
        if not orders:
            return
        run = self._run
        for each in orders:
            each.error = errors.get(each.order.id)
        if ended := run.in_hand.ended(orders):
            for each in ended:
                self._leave_ended(each)
            run.flush()
            run.in_hand.settle(ended)
        for portion in run.in_hand.portions(orders):
            self._follow_portion(portion)

    def _follow_portion(self, orders: Sequence[Followed]) -> None:
        run = self._run
        self._reader.read(orders)
        for each in orders:
            if run.is_over():
                return
            change = order_change(each.sales_order, "order")
            if isinstance(each.error, (TransientError, *CONCERNS_ALL)):
                run.postpone(change, problem_of(each.error))
                if isinstance(each.error, CONCERNS_ALL):
                    raise each.error
                continue
            try:
                self._follow_one(each)
            except AvbcError as error:
                run.fail(change, error)
            except Exception as error:  # noqa: BLE001
                # A bug of a gateway or of avbc must not stop the other orders.
                ids = order_extra(each.order.id, each.import_id)
                problem = unexpected(error, each.import_id, "while the order was followed", ids)
                run.postpone(change, problem)

    def _leave_ended(self, each: Followed) -> None:
        """Leave out an order that ends its process, until it changes in the store."""
        problem = why_left_out("followed", f"Then call follow_orders([{each.order.id}]).")
        self._run.refuse(order_change(each.sales_order, "order"), problem)
        self._run.know(FOLLOWED, each.import_id, each.state)
        self._looked_at.add(each.import_id)

    def _follow_one(self, each: Followed) -> None:
        run, key, sent = self._run, each.import_id, len(self._run.report.sent)
        self._looked_at.add(key)
        state = each.state
        problems = list(self._follower.follow(each))
        self._note_ended(each, {problem.code for problem in problems})
        if problems:
            run.refuse(order_change(each.sales_order, "order"), *problems)
            if len(run.report.sent) > sent:
                each = self._reader.of_books([key]).get(key, each)
            state = f"{state} {self._reader.state(each)}"
        else:
            run.set_items(key, (), each.order.id, key)
            if len(run.report.sent) == sent:
                run.unchanged()
        run.know(FOLLOWED, key, state)
        if not self._is_pull and each.order.status_id != NO_STATUS:
            # What was held back is taken up again. A pull looks for itself.
            run.know(STATUS, key, str(each.order.status_id))

    def _note_ended(self, each: Followed, codes: Collection[str]) -> None:
        """Have the history say which items of an order are gone; if one is back, once more."""
        run, key = self._run, each.import_id
        ended = sorted(self._open.get(key, set()) - set(codes))
        if ended and NOT_SHOWN not in codes:
            detail = f"off the worklist: {', '.join(ended)}"
            run.record(run.entry(FOLLOWING, "settled", each.order.id, key, detail), [key])


def _state(order: Order) -> str:
    if order.items_total < 0:
        return f"unreadable-{order.status_id}"
    try:
        return order_state(order)
    except InvalidOperation:
        return f"amounts-{order.status_id}"


def _gone_problem(order_id: int, import_id: str, how: str) -> Problem:
    return Problem(
        GONE,
        "",
        str(order_id),
        f"Order {order_id} was {how} in BigCommerce after {import_id} was imported.",
        f"Delete {import_id} in AcctVantage. If its goods are shipped all the same, call "
        f"settle({order_id})."
        + (" Or restore the order in BigCommerce." if how == "archived" else ""),
    )


def _lost_problem(order_id: int, import_id: str) -> Problem:
    return Problem(
        _LOST,
        "",
        import_id,
        f"Order {order_id} goes on in the store, and {import_id} is not in the books any more.",
        f"Call import_order({order_id}). If it is booked elsewhere, call settle({order_id}).",
    )
