"""Every order of a period in both systems: what is missing, doubled or different, to the cent. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import Credit, SalesOrder
from avbc.bigcommerce import BigCommerce, NotFound
from avbc.bigcommerce.call import Page
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, Refund
from avbc.errors import AvbcError
from avbc.mapping import Difference, Reconciled
from avbc.mapping import reconcile as compare
from avbc.mapping.rules import MappingRules
from avbc.mapping.text import amount_text
from avbc.money import ZERO
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.statuses import NEVER_DUE, REFUNDED, ImportStatuses
from avbc.orchestrator.engine.store_orders import complete_lines, orders_of_period, unread
from avbc.orchestrator.reports import RunReport, Unread, problem_dict
from avbc.settings import Settings

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
"""After every order, in every time zone."""

_REFUNDS = frozenset({REFUNDED, 14})
_REFUNDED = frozenset({"refunded", "partially refunded"})

_AT_ONCE = 32
"""Orders that the store did not list and that are asked for one by one."""
_IDS_AT_ONCE = 200
"""Order ids in one URL."""


@attrs.define
class ReconcileReport(RunReport):
    """How the orders of a period stand in both systems.

    `different`: in both, and not the same. `missing_in_books`: due to be imported by its status in
    the store, and not imported. `missing_in_store`: imported, and deleted in the store since.
    `doubled`: more than one sales order for one order.

    >>> report = ReconcileReport(datetime(2026, 3, 1, tzinfo=UTC), same=2)
    >>> report.different.append(Reconciled(1042, "WEB1042", "different", Decimal("19.95"), Decimal("19.94"), (
    ...     Difference("total", "19.94", "19.95"),
    ... )))
    >>> print(report)
    2 orders are the same in both systems, different 1.
    <BLANKLINE>
    verdict    order_id  import_id  in_store  in_books  note
    different  1042      WEB1042    19.95     19.94     total: 19.94 in AcctVantage, 19.95 in the store
    """

    columns = ("verdict", "order_id", "import_id", "in_store", "in_books", "note")

    since: datetime
    until: datetime | None = None
    """None: there was no end."""
    same: int = 0
    """How many are the same in both systems. A number: there may be very many."""
    different: list[Reconciled] = attrs.field(factory=list[Reconciled])
    missing_in_books: list[Reconciled] = attrs.field(factory=list[Reconciled])
    missing_in_store: list[Reconciled] = attrs.field(factory=list[Reconciled])
    doubled: list[Reconciled] = attrs.field(factory=list[Reconciled])
    not_due: dict[str, int] = attrs.field(factory=dict[str, int])
    """How many orders are rightly not in the books, by their status in the store."""
    unread: list[Unread] = attrs.field(factory=list[Unread])
    """Orders that could not be compared."""
    total_in_store: Decimal = ZERO
    """The sum of the orders that are in the books or should be, as the store has them."""
    total_in_books: Decimal = ZERO
    """The sum of the sales orders."""

    def __iter__(self) -> Iterator[Reconciled]:
        for found in (self.different, self.missing_in_books, self.missing_in_store, self.doubled):
            yield from found

    @property
    def ok(self) -> bool:
        """Every order was compared, and all are the same."""
        return not (any(True for _ in self) or self.unread or self.stopped)

    def add(self, found: Reconciled, order: Order | None) -> None:
        """Count an order, or list it where something is to be seen."""
        if found.verdict == "not_due":
            name = (
                "not known"
                if order is None
                else order.custom_status or order.status or str(order.status_id)
            )
            self.not_due[name] = self.not_due.get(name, 0) + 1
            return
        if found.in_store is not None and found.in_store.is_finite():
            self.total_in_store += found.in_store
        if found.in_books is not None and found.in_books.is_finite():
            self.total_in_books += found.in_books
        match found.verdict:
            case "same":
                self.same += 1
            case "different":
                self.different.append(found)
            case "missing_in_books":
                self.missing_in_books.append(found)
            case "missing_in_store":
                self.missing_in_store.append(found)
            case "doubled":
                self.doubled.append(found)

    def summary(self) -> str:
        """How many orders came to which verdict."""
        same = (
            f"{self.same} {'order is' if self.same == 1 else 'orders are'} the same in both systems"
        )
        counts = {
            "different": len(self.different),
            "missing in the books": len(self.missing_in_books),
            "missing in the store": len(self.missing_in_store),
            "doubled": len(self.doubled),
            "not compared": len(self.unread),
        }
        text = (
            ", ".join([same, *(f"{name} {count}" for name, count in counts.items() if count)]) + "."
        )
        if self.not_due:
            statuses = ", ".join(f"{name} {count}" for name, count in sorted(self.not_due.items()))
            text += f" Not due to be imported: {statuses}."
        if self.total_in_store or self.total_in_books:
            text += (
                f" In the store {amount_text(self.total_in_store)}, in the books "
                f"{amount_text(self.total_in_books)}."
            )
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per order that is not the same: verdict, order_id, import_id, in_store, in_books, differences, problems."""
        rows: list[dict[str, object]] = [
            {
                "verdict": found.verdict,
                "order_id": found.order_id,
                "import_id": found.import_id,
                "in_store": None if found.in_store is None else amount_text(found.in_store),
                "in_books": None if found.in_books is None else amount_text(found.in_books),
                "differences": [attrs.asdict(difference) for difference in found.differences],
                "problems": [problem_dict(problem) for problem in found.problems],
            }
            for found in self
        ]
        for each in self.unread:
            row: dict[str, object] = {
                "verdict": "not_compared",
                "order_id": each.order_id,
                "import_id": "",
            }
            rows.append(
                {
                    **row,
                    "in_store": None,
                    "in_books": None,
                    "differences": [],
                    "problems": [problem_dict(each.problem)],
                }
            )
        return rows

    def shown(self) -> list[dict[str, object]]:
        """The same rows, with what differs as one text."""
        rows: list[dict[str, object]] = []
        for row, told in zip(
            self.to_dicts(),
            [*map(_told, self), *(str(each.problem) for each in self.unread)],
            strict=True,
        ):
            rows.append(
                {
                    **row,
                    "in_store": row["in_store"] or "",
                    "in_books": row["in_books"] or "",
                    "note": told,
                }
            )
        return rows


def _told(found: Reconciled) -> str:
    return "; ".join(map(str, (*found.differences, *found.problems)))


def reconcile_period(
    *,
    settings: Settings,
    store: BigCommerce,
    books: Gateway,
    statuses: ImportStatuses,
    since: datetime,
    until: datetime | None,
    on_progress: Progress,
    is_stopping: Callable[[], bool],
) -> ReconcileReport:
    """Compare all orders of a period.

    Both sides are walked side by side by the order's id, so that a year of orders needs no more
    memory than a day, but for what is listed.

    Raises:
        AvbcError: Nothing could be compared: the store or the books cannot be read. Later the
            report says so in `stopped`.
        ValueError: A time has no time zone.
    """
    before = store.requests_sent
    report = ReconcileReport(since, until, started=datetime.now(UTC))
    pages = orders_of_period(store, since, until)
    walk = _Walk(report, settings, store, books, statuses)
    done = 0
    try:
        for page in pages:
            done += page.count
            walk.take(page)
            del page  # Two pages in memory at once are one too many.
            on_progress(done, None, "Reconciling orders")
            if is_stopping():
                report.stopped = "a stop was asked for"
                break
        else:
            walk.finish()
    except AvbcError as error:
        if not done:
            raise
        report.stopped = str(error)
    report.requests = store.requests_sent - before
    report.finished = datetime.now(UTC)
    return report


class _Walk:
    """Two walks side by side: the store's pages, and the sales orders of the same period."""

    def __init__(
        self,
        report: ReconcileReport,
        settings: Settings,
        store: BigCommerce,
        books: Gateway,
        statuses: ImportStatuses,
    ) -> None:
        self._report = report
        self._settings = settings
        self._store = store
        self._books = books
        self._rules = MappingRules(settings, books.reference_data())
        self._not_due = frozenset({statuses.new, statuses.import_error, *NEVER_DUE})
        self._booked = _Ahead(
            books.sales_orders_ordered(
                self._rules.source_code, report.since, report.until or END_OF_TIME
            )
        )
        self._not_listed: dict[int, list[SalesOrder]] = {}
        """Sales orders whose orders the store did not list."""

    def take(self, page: Page[Order]) -> None:
        """Compare the orders of a page."""
        for row in page.unreadable:
            self._not_read(row.id or 0, row.error)
        failed = complete_lines(self._store, page.items)
        for order_id, error in failed.items():
            self._not_read(order_id, error)
        orders = {order.id: order for order in page.items if order.id not in failed}
        listed = {order.id for order in page.items} | {row.id for row in page.unreadable}
        booked: list[SalesOrder] = []
        for sales_order in self._booked.up_to(
            max((number for number in listed if number is not None), default=0)
        ):
            if sales_order.store_order_id in listed:
                booked.append(sales_order)
            else:
                self._not_listed.setdefault(sales_order.store_order_id, []).append(sales_order)
        found = {sales_order.store_order_id for sales_order in booked}
        # What was imported since the walk began, or is dated otherwise in the books.
        late = [
            order_import_id(self._rules.source_code, number)
            for number in orders
            if number not in found
        ]
        booked += self._books.sales_orders(late) if late else []
        self._compare(
            list(orders.values()),
            [sales_order for sales_order in booked if sales_order.store_order_id in orders],
        )
        if len(self._not_listed) >= _AT_ONCE:
            self._ask_one_by_one()

    def finish(self) -> None:
        """Look after the sales orders beyond the store's last order, and after all that it did not list."""
        for sales_order in self._booked.rest():
            self._not_listed.setdefault(sales_order.store_order_id, []).append(sales_order)
            if len(self._not_listed) >= _AT_ONCE:
                self._ask_one_by_one()
        self._ask_one_by_one()

    def _ask_one_by_one(self) -> None:
        """Ask for orders that the store did not list: archived ones are only hidden."""
        asked, self._not_listed = self._not_listed, {}
        answers = self._store.map(
            [self._store.orders.get.call(number, include=EVERYTHING) for number in asked],
            return_errors=True,
        )
        for (number, booked), answer in zip(asked.items(), answers, strict=True):
            if isinstance(answer, Order):
                failed = complete_lines(self._store, [answer])
                if failed:
                    self._not_read(number, failed[number])
                else:
                    self._compare([answer], booked)
            elif isinstance(answer, NotFound):
                self._compare([], booked)
            else:
                self._not_read(number, answer)

    def _compare(self, orders: Sequence[Order], booked: Sequence[SalesOrder]) -> None:
        import_ids = [sales_order.import_id for sales_order in booked]
        receipts = self._books.receipts(import_ids) if import_ids else []
        refunds, credit_notes = self._refunds(orders, import_ids)
        by_id = {order.id: order for order in orders}
        for found in compare(
            orders,
            booked,
            receipts,
            self._rules,
            not_due=self._not_due,
            refunds=refunds,
            credit_notes=credit_notes,
        ):
            order = by_id.get(found.order_id)
            self._report.add(found if order is None else self._as_due(found, order), order)

    def _as_due(self, found: Reconciled, order: Order) -> Reconciled:
        if found.verdict != "missing_in_books":
            return found
        first = self._settings.order_status.import_orders_created_since
        if first is not None and order.date_created < first:
            return attrs.evolve(found, verdict="not_due")
        status = Difference(
            "status", "", order.custom_status or order.status or str(order.status_id)
        )
        return attrs.evolve(found, differences=(*found.differences, status))

    def _refunds(
        self, orders: Sequence[Order], import_ids: Sequence[str]
    ) -> tuple[list[Refund] | None, list[Credit] | None]:
        """The refunds of these orders and the credits on their sales orders; none where the settings leave refunds to people."""
        if not self._settings.gl.import_refunds or not import_ids:
            return None, None
        credit_notes = self._books.credits(import_ids)
        credited = {credit.order_import_id for credit in credit_notes}
        asked = [
            order.id
            for order in orders
            if order.status_id in _REFUNDS
            or order.payment_status.casefold() in _REFUNDED
            or order.refunded_amount
            or order_import_id(self._rules.source_code, order.id) in credited
        ]
        refunds: list[Refund] = []
        for numbers in _chunks(asked):
            for page in self._store.pages(self._store.refunds.list.call(order_id_in=numbers)):
                refunds += page.items
                for row in page.unreadable:
                    order_id = row.row.get("order_id") if isinstance(row.row, Mapping) else None
                    self._not_read(order_id if isinstance(order_id, int) else 0, row.error)
        return refunds, credit_notes

    def _not_read(self, order_id: int, error: AvbcError) -> None:
        self._report.unread.append(unread(order_id, error))


class _Ahead:
    """Sales orders by the store's order id, taken as far as they are needed."""

    def __init__(self, rows: Iterator[SalesOrder]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def up_to(self, order_id: int) -> Iterator[SalesOrder]:
        """Those with this id or a lower one that were not taken yet."""
        while self._next is not None and self._next.store_order_id <= order_id:
            yield self._next
            self._next = next(self._rows, None)

    def rest(self) -> Iterator[SalesOrder]:
        """All that were not taken yet."""
        while self._next is not None:
            yield self._next
            self._next = next(self._rows, None)


def _chunks(numbers: Collection[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while chunk := list(islice(rest, _IDS_AT_ONCE)):
        yield chunk
