"""The reconciliation: compare every order of a period in both systems, to the cent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import chain

import attrs

from avbc.acctvantage.import_ids import credit_import_id, order_import_id
from avbc.acctvantage.records import Credit, Receipt, SalesOrder
from avbc.bigcommerce import NotFound
from avbc.bigcommerce.call import Page
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.bigcommerce.models import Order, Refund
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.database import chunks
from avbc.errors import AvbcError
from avbc.mapping import Difference, Problem, Reconciled
from avbc.mapping import reconcile as compare
from avbc.mapping.edits import first_few
from avbc.mapping.following import may_update, shows_refund
from avbc.mapping.status import order_status_name
from avbc.mapping.stopped import stopped
from avbc.mapping.waiting import waits
from avbc.mapping.worth import AWAITED, is_given_up, status_without_transactions
from avbc.money import ZERO, amount_text
from avbc.orchestrator.checks.periods import (
    NOTHING,
    PeriodReport,
    Unread,
    pages_of_period,
    take_pages,
    with_all_lines,
)
from avbc.orchestrator.engine.attention import (
    EDITED_AFTER_IMPORT,
    FOLLOWING,
    GONE,
    IMPORTING,
    NOT_IN_BOOKS,
    ORDER_EDITED,
    RECONCILE,
    STATUS_KEPT,
    STOPPED,
)
from avbc.orchestrator.engine.channels import is_of_channels
from avbc.orchestrator.engine.edited_refunds import edited_refunds
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.parts import END_OF_TIME
from avbc.orchestrator.engine.pickups import refused_problem, unanswered_problem
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.statuses import NEVER_DUE
from avbc.orchestrator.engine.store_orders import created_since, is_too_old
from avbc.report import as_data, counted, tally
from avbc.tables import MARK

_AT_ONCE = 32  # orders that the store did not list, and that are read one by one
_IDS_AT_ONCE = 200  # order ids in one URL

_ANSWER_DUE = timedelta(days=1)
"""AcctVantage should have answered an order that was offered for so long."""


@attrs.define
class ReconcileReport(PeriodReport):
    """How the orders of a period compare in both systems.

    `different`: in both, with differences. `missing_in_books`: due to be imported by its status in
    the store, and not imported. `missing_in_store`: imported, and deleted in the store since.
    `doubled`: more than one sales order for one order.

    >>> from datetime import UTC, datetime
    >>> report = ReconcileReport(datetime(2026, 3, 1, tzinfo=UTC), same=2)
    >>> amounts = (Decimal("19.95"), Decimal("19.94"))
    >>> tax = Difference("tax", "1.52", "1.53")
    >>> report.different.append(Reconciled(1042, "WEB1042", "different", *amounts, (tax,)))
    >>> print(report.summary())
    2 orders are the same in both systems, different 1.
    >>> print(report.shown()[0]["note"])
    tax: 1.52 in AcctVantage, 1.53 in the store
    """

    columns = ("verdict", "order_id", "import_id", "in_store", "in_books", "note")

    same: int = 0
    different: list[Reconciled] = attrs.field(factory=list[Reconciled])
    missing_in_books: list[Reconciled] = attrs.field(factory=list[Reconciled])
    missing_in_store: list[Reconciled] = attrs.field(factory=list[Reconciled])
    doubled: list[Reconciled] = attrs.field(factory=list[Reconciled])
    not_entered: list[Unread] = attrs.field(factory=list[Unread], kw_only=True)
    """Orders that AcctVantage refused, or has not answered for more than a day, and why: only where
    it picks orders up from the books. They are compared like others."""
    not_due: dict[str, int] = attrs.field(factory=dict[str, int])
    """How many orders are not due to be imported, by their status in the store."""
    total_in_store: Decimal = ZERO
    """The store's sum of the orders that are in the books or should be."""
    total_in_books: Decimal = ZERO
    """The sum of the sales orders."""

    def __iter__(self) -> Iterator[Reconciled]:
        return chain(self.different, self.missing_in_books, self.missing_in_store, self.doubled)

    @property
    def ok(self) -> bool:
        """Every order was compared, all are the same, and AcctVantage owes no answer."""
        return self.is_whole and not (any(True for _ in self) or self.unread or self.not_entered)

    def add(self, found: Reconciled, order: Order | None) -> None:
        """Count an order, or list it if it needs a look."""
        if found.verdict == "not_due":
            name = "not known" if order is None else order_status_name(order)
            self.not_due[name] = self.not_due.get(name, 0) + 1
            return
        if found.in_store is not None and found.in_store.is_finite():
            self.total_in_store += found.in_store
        if found.in_books is not None and found.in_books.is_finite():
            self.total_in_books += found.in_books
        if found.verdict == "same":
            self.same += 1
        else:
            listed: list[Reconciled] = getattr(self, found.verdict)
            listed.append(found)

    def summary(self) -> str:
        """How many orders have which verdict, and the totals."""
        counts = {
            "different": len(self.different),
            "missing in the books": len(self.missing_in_books),
            "missing in the store": len(self.missing_in_store),
            "doubled": len(self.doubled),
            "unread": len(self.unread),
            "not entered by AcctVantage": len(self.not_entered),
        }
        text = f"{counted(self.same, 'order is', 'orders are')} the same in both systems"
        text += f", {tally(counts)}." if any(counts.values()) else "."
        if not (self.same or any(counts.values()) or self.not_due or self.stopped):
            text = NOTHING
        if self.not_due:
            text += f" Not due to be imported: {tally(dict(sorted(self.not_due.items())))}."
        if self.total_in_store or self.total_in_books:
            text += (
                f" In the store {amount_text(self.total_in_store)}, in the books "
                f"{amount_text(self.total_in_books)}."
            )
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per order that is not the same: verdict, ids, amounts, differences, problems."""
        rows: list[dict[str, object]] = [
            {
                "verdict": found.verdict,
                **as_data(found),
                "in_store": None if found.in_store is None else amount_text(found.in_store),
                "in_books": None if found.in_books is None else amount_text(found.in_books),
            }
            for found in self
        ]
        return rows + [
            {
                "verdict": verdict,
                "order_id": each.order_id,
                "import_id": each.problem.value if verdict == "not_entered" else "",
                "in_store": None,
                "in_books": None,
                "differences": [],
                "problems": [as_data(each.problem)],
            }
            for verdict, listed in self._others()
            for each in listed
        ]

    def _others(self) -> tuple[tuple[str, list[Unread]], ...]:
        return ("unread", self.unread), ("not_entered", self.not_entered)

    def shown(self) -> list[dict[str, object]]:
        """The same rows, with the differences and problems as one text."""
        notes = [
            *("; ".join(map(str, (*found.differences, *found.problems))) for found in self),
            *(str(each.problem) for _, listed in self._others() for each in listed),
        ]
        return [
            {**row, "note": note, MARK: "error"}
            for row, note in zip(self.to_dicts(), notes, strict=True)
        ]


def reconcile_period(run: Run[ReconcileReport]) -> None:
    """Compare all orders of a period.

    Both sides are walked side by side by the order's id, so a year of orders needs no more memory
    than a day, except for what the report lists.

    Raises:
        AvbcError: The store or the books cannot be read.
        ValueError: A time has no time zone.
    """
    # A time without a zone is refused before the books are read.
    pages = pages_of_period(run)
    walk = _SideBySide(run)
    take_pages(run, pages, walk.take)
    if not run.report.stopped:
        walk.finish()


class _SideBySide:
    """Two walks side by side: the store's pages, and the sales orders of the same period."""

    def __init__(self, run: Run[ReconcileReport]) -> None:
        self._run = run
        updates = run.settings.order_status.updates
        statuses = () if updates == "off" else run.integration.mapped_statuses
        self._rules = run.parts.rules(run.settings, statuses)
        self._created_since = created_since(run.integration)
        items = OpenItems.of(run.integration)
        self._open = {key for key, _ in items.keys(RECONCILE)}
        self._followed = items.keys(FOLLOWING) | items.keys(IMPORTING)
        self._met: set[int] = set()
        """The first and the last order that were compared, by id."""
        self._not_due = frozenset(
            {run.statuses.new, run.statuses.import_error, SystemStatus.REFUNDED, *NEVER_DUE}
        )
        since, until = run.report.since, run.report.until or END_OF_TIME
        self._booked = _Ahead(run.books.sales_orders_ordered(run.source_code, since, until))
        # Sales orders whose orders the store did not list, by the order's id.
        self._not_listed: dict[int, list[SalesOrder]] = {}
        self._receipts: Sequence[Receipt] = ()
        """Those on the orders that are compared."""

    def take(self, page: Page[Order]) -> None:
        """Compare the orders of a page."""
        for row in page.unreadable:
            self._run.report.add_unread(row.id or 0, row.error)
        orders = {order.id: order for order in with_all_lines(self._run, page.items)}
        listed = {order.id for order in page.items} | {row.id or 0 for row in page.unreadable}
        booked: list[SalesOrder] = []
        for sales_order in self._booked.up_to(max(listed, default=0)):
            if sales_order.store_order_id in listed:
                booked.append(sales_order)
            else:
                self._put_aside(sales_order)
        found = {sales_order.store_order_id for sales_order in booked}
        # Orders that were imported since the walk began, or have another date in the books.
        late = [
            order_import_id(self._run.source_code, number)
            for number in orders
            if number not in found
        ]
        booked += self._run.books.sales_orders(late) if late else []
        self._compare(
            list(orders.values()),
            [sales_order for sales_order in booked if sales_order.store_order_id in orders],
        )

    def finish(self) -> None:
        """Check the sales orders beyond the store's last order, and all that it did not list."""
        for sales_order in self._booked.up_to(None):
            self._put_aside(sales_order)
        self._ask_one_by_one()
        # What was found before of an order of the period that is on neither side any more.
        code = self._run.source_code
        if self._met:
            gone = [
                key
                for key in self._open
                if (number := key.removeprefix(code)).isdigit()
                and min(self._met) <= int(number) <= max(self._met)
            ]
            self._run.settle(gone)

    def _put_aside(self, sales_order: SalesOrder) -> None:
        """Keep a sales order whose order the store did not list, until there are enough to ask."""
        number = sales_order.store_order_id
        # The sales orders of one order are compared together: there may be two.
        if len(self._not_listed) >= _AT_ONCE and number not in self._not_listed:
            self._ask_one_by_one()
        self._not_listed.setdefault(number, []).append(sales_order)

    def _ask_one_by_one(self) -> None:
        """Ask for orders that the store did not list: archived ones are only hidden."""
        asked, self._not_listed = self._not_listed, {}
        answers = self._run.store.map(
            [self._run.store.orders.get.call(number, include=EVERYTHING) for number in asked],
            return_errors=True,
        )
        for (number, booked), answer in zip(asked.items(), answers, strict=True):
            if isinstance(answer, NotFound):
                self._compare([], booked)
            elif isinstance(answer, AvbcError):
                self._run.report.add_unread(number, answer)
            elif orders := with_all_lines(self._run, [answer]):
                self._compare(orders, booked)

    def _compare(self, orders: Sequence[Order], booked: Sequence[SalesOrder]) -> None:
        import_ids = [sales_order.import_id for sales_order in booked]
        receipts = self._run.books.receipts(import_ids) if import_ids else []
        by_id = {order.id: order for order in orders}
        self._receipts = receipts
        going = {order.id for order in orders if not stopped(order.status_id)}
        self._note_pickups({one.import_id: one for one in booked if one.store_order_id in going})
        for found in compare(
            orders,
            booked,
            receipts,
            self._rules,
            not_due=self._not_due,
            refunds=self._refunds(orders, booked),
        ):
            order = by_id.get(found.order_id)
            due = found if order is None else self._as_due(found, order)
            self._run.report.add(due, order)
            self._note(due, order, [one for one in booked if one.store_order_id == due.order_id])

    def _note_pickups(self, booked: Mapping[str, SalesOrder]) -> None:
        """List what AcctVantage refused, or has not answered for long."""
        late = self._run.started - _ANSWER_DUE
        for key, pickup in self._run.parts.known_pickups(booked).items():
            number, offered_at = booked[key].store_order_id, pickup.offered_at
            if pickup.refusal is not None:
                problem = refused_problem(pickup.refusal, number)
            elif pickup.answer is None and offered_at is not None and offered_at < late:
                problem = unanswered_problem(pickup)
            else:
                continue
            self._run.report.not_entered.append(Unread(number, problem))

    def _note(self, found: Reconciled, order: Order | None, booked: Sequence[SalesOrder]) -> None:
        """Put what was found on the worklist, or take it off."""
        run, key, number = self._run, found.import_id, found.order_id
        self._met = {min({number, *self._met}), max({number, *self._met})}
        is_stopped = order is not None and bool(stopped(order.status_id))
        # What has an item of the order's own is not said twice.
        is_said = (is_stopped and (key, STOPPED) in self._followed) or (
            found.verdict == "missing_in_store" and (key, GONE) in self._followed
        )
        fields = {each.field for each in found.differences}
        if "fingerprint" in fields and not any(
            field == "status" or field.startswith("refund ") for field in fields
        ):
            is_said = is_said or any((key, code) in self._followed for code in _EDITS)
        if fields == {"received"}:
            is_said = is_said or (key, "payment_partly_captured") in self._followed
        if found.verdict not in ("same", "not_due") and not is_said:
            fix = self._fix(found, order, booked)
            run.set_items(key, [_problem(found, booked, fix)], number, key)
        elif key in self._open:
            run.set_items(key, (), number, key)
        self._open.discard(key)

    def _fix(self, found: Reconciled, order: Order | None, booked: Sequence[SalesOrder]) -> str:
        key, number = found.import_id, found.order_id
        in_books = f"Delete {key} in AcctVantage, or reverse it there and call settle({number})."
        if found.verdict == "missing_in_store" or order is None:
            return in_books
        if found.verdict == "doubled":
            keys = ", ".join(one.import_id for one in booked)
            return f"Keep one of {keys} in AcctVantage, and delete the others."
        if found.verdict == "missing_in_books":
            settled = self._run.integration.journal.settled("import", [key])
            by_hand = f"If it was entered by hand, call settle({number}). If not, call "
            return f"{by_hand if settled else 'Call '}import_order({number})."
        fields = {difference.field for difference in found.differences}
        fixes: list[str] = []
        if stopped(order.status_id):
            return in_books
        if "fingerprint" in fields and self._may_update(booked[0], order):
            fixes.append(f"Call import_order({number}), which brings {key} up to date.")
        elif fields & {"received", "held"} and is_given_up(order):
            # No receipt follows such a payment any more: a person decides.
            fixes.append(f"If it was paid in another way, call settle({number}).")
        elif "received" in fields and self._is_received_before(order, key):
            fixes.append(
                "If the money has come, give the order a status of paid orders in BigCommerce. If "
                f"not, correct the receipt of {key} in AcctVantage."
            )
        elif fields & {"received", "held"}:
            fixes.append(f"Call follow_orders([{number}]), which asks what was captured.")
            if fields <= {"received", "held"}:
                # A person who enters the rest books money that never came.
                fixes.append("Enter no receipt for what it says was not received.")
                return " ".join(fixes)
        if "status" in fields:
            updates = self._run.settings.order_status.updates
            fixes.append(f"Call {updates}_order_statuses(): its report says why they differ.")
        if any(field.startswith("refund ") for field in fields):
            fixes.append("Call import_refunds(since=...) from before the refund.")
        otherwise = "Otherwise correct" if fixes else "Correct"
        fixes.append(
            f"{otherwise} {key} in AcctVantage or the order in BigCommerce, and reconcile again."
        )
        return " ".join(fixes)

    def _is_received_before(self, order: Order, key: str) -> bool:
        """Whether the order waits for money that the books have received: no receipt follows."""
        return status_without_transactions(order, None, self._rules) == AWAITED and any(
            one.state == "captured" for one in self._receipts if one.order_import_id == key
        )

    def _may_update(self, sales_order: SalesOrder, order: Order) -> bool:
        key = sales_order.import_id
        receipts = [one for one in self._receipts if one.order_import_id == key]
        credited = sum((one.total for one in self._run.parts.known_credits([key])), ZERO)
        return may_update(sales_order, order, receipts, credited, self._run.settings)

    def _as_due(self, found: Reconciled, order: Order) -> Reconciled:
        if found.verdict != "missing_in_books":
            return found
        # An import would not take it: what would be advised could not be followed.
        if not is_of_channels(order, self._run.settings):
            return attrs.evolve(found, verdict="not_due")
        if is_too_old(order, self._created_since) or waits(order, None, self._rules):
            return attrs.evolve(found, verdict="not_due")
        return attrs.evolve(
            found,
            differences=(*found.differences, Difference("status", "", order_status_name(order))),
        )

    def _refunds(
        self, orders: Sequence[Order], booked: Sequence[SalesOrder]
    ) -> tuple[list[Refund] | None, list[Credit]] | None:
        """Read the credits of orders, and the refunds too, if the settings import refunds."""
        imports = self._run.settings.gl.import_refunds
        import_ids = [sales_order.import_id for sales_order in booked]
        if not import_ids or not (imports or any(stopped(order.status_id) for order in orders)):
            return None
        credit_notes = self._run.parts.known_credits(import_ids)
        if not imports:
            return None, credit_notes
        credited = {credit.order_import_id for credit in credit_notes}
        asked = [
            order.id
            for order in orders
            if shows_refund(order)
            or order.refunded_amount
            or order_import_id(self._run.source_code, order.id) in credited
        ]
        refunds: list[Refund] = []
        for numbers in chunks(asked, _IDS_AT_ONCE):
            for page in self._run.store.pages(
                self._run.store.refunds.list.call(order_id_in=numbers)
            ):
                refunds += page.items
                for row in page.unreadable:
                    order_id = row.row.get("order_id") if isinstance(row.row, Mapping) else None
                    known = order_id if isinstance(order_id, int) else 0
                    self._run.report.add_unread(known, row.error)
        return self._of_credits(refunds, credit_notes, orders, booked), credit_notes

    def _of_credits(
        self,
        refunds: list[Refund],
        credit_notes: Sequence[Credit],
        orders: Sequence[Order],
        booked: Sequence[SalesOrder],
    ) -> list[Refund]:
        """Leave out the refunds of what orders were edited down by: those have no credit."""
        by_id = {sales_order.store_order_id: sales_order for sales_order in booked}
        known = {credit.import_id for credit in credit_notes}
        missing: dict[int, list[Refund]] = {}
        for refund in refunds:
            key = order_import_id(self._run.source_code, refund.order_id)
            if refund.order_id in by_id and credit_import_id(key, refund.id) not in known:
                missing.setdefault(refund.order_id, []).append(refund)
        pairs = [(order, by_id[order.id]) for order in orders if order.id in missing]
        of_edits = edited_refunds(self._run, self._rules, pairs, missing) if pairs else {}
        for order_id, found in of_edits.items():
            if isinstance(found, AvbcError):
                self._run.report.add_unread(order_id, found)
            else:
                refunds = [refund for refund in refunds if refund.id not in found]
        return refunds


_EDITS = (EDITED_AFTER_IMPORT, ORDER_EDITED, STATUS_KEPT)
"""The codes of items that say that an order was edited, and what to do."""
_WHAT = {
    "different": "order_differs",
    "missing_in_books": NOT_IN_BOOKS,
    "missing_in_store": "order_missing_in_store",
    "doubled": "order_doubled",
}


def _problem(found: Reconciled, booked: Sequence[SalesOrder], fix: str) -> Problem:
    """Return what was found of an order as a problem for a person."""
    number, key = found.order_id, found.import_id
    differences = [str(each) for each in found.differences if each.field != "fingerprint"]
    shown = first_few(differences) or "it was edited in the store"
    message = {
        "different": f"Order {number} and {key} differ: {shown}.",
        "missing_in_books": f"Order {number} is not in the books, and by its status it should be.",
        "missing_in_store": f"{key} is in the books, and the store has no order {number} any more.",
        "doubled": f"Order {number} is in the books {len(booked)} times.",
    }[found.verdict]
    return Problem(_WHAT[found.verdict], "", str(number), message, fix)


class _Ahead:
    """Sales orders by the store's order id, taken as far as they are needed."""

    def __init__(self, rows: Iterator[SalesOrder]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def up_to(self, order_id: int | None) -> Iterator[SalesOrder]:
        """Take those with this id or a lower one; all that are left if it is None."""
        while (order := self._next) and (order_id is None or order.store_order_id <= order_id):
            yield order
            self._next = next(self._rows, None)
