"""The orders of the books that are followed in the store, with what the rules need of each."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import attrs

from avbc.acctvantage import Receipt, SalesOrder
from avbc.bigcommerce.models import Order, Refund, Transaction
from avbc.errors import AvbcError
from avbc.mapping import (
    MappingRules,
    ReceiptChange,
    Ruling,
    follow_receipts,
    status_for_store,
)
from avbc.mapping.following import is_credited, is_open, shows_refund, to_ship_now
from avbc.mapping.offline import has_gateway_payments, hides_payment
from avbc.mapping.stopped import stopped
from avbc.mapping.to_ship import left_to_ship
from avbc.mapping.worth import RECEIVED
from avbc.money import ZERO, amount_text
from avbc.orchestrator.engine.edited_refunds import edited_refunds
from avbc.orchestrator.engine.paid_statuses import paid_statuses, written_here
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.store_orders import complete_orders, non_empty_lists, non_empty_pages
from avbc.text import text_key


@attrs.define
class Followed:
    """An order that is in the books, with what its rules need."""

    order: Order
    sales_order: SalesOrder
    state: str
    """How it is in the store."""
    receipts: Sequence[Receipt] = ()
    credited: Decimal = ZERO
    shipped: Mapping[int, Decimal] = attrs.field(factory=dict[int, Decimal])
    """What the books' shipments hold, by line."""
    transactions: Sequence[Transaction] | None = None
    """None: not read."""
    refunds: Sequence[Decimal] = ()
    """Those that are to have a credit."""
    paid_status_id: int | None = None
    """The status that says whether it was paid, where that is not the one that it has."""
    is_refund_in_total: bool = False
    """Whether its total leaves out something that was refunded."""
    is_echo: bool = False
    """Whether its status in the store is the one that an import or a push gives it."""
    error: AvbcError | None = None

    @property
    def import_id(self) -> str:
        """The Import ID."""
        return self.sales_order.import_id

    def receipts_followed(self, rules: MappingRules) -> Ruling[tuple[ReceiptChange, ...]]:
        """Return which receipts follow the payments, and what of them is for a person."""
        order = self.order
        if self.paid_status_id is not None:
            order = attrs.evolve(order, status_id=self.paid_status_id)
        return follow_receipts(
            self.sales_order,
            self.receipts,
            order,
            self.transactions,
            rules,
            credited=self.credited,
        )

    def needs_transactions(self, rules: MappingRules) -> bool:
        """Whether the order's payment status, or the amounts received, ask for a closer look."""
        ruling = self.receipts_followed(rules)
        if ruling.value or ruling.problems:
            return True
        if hides_payment(self.order) and any(receipt.gateway for receipt in self.receipts):
            # Nothing but its transactions shows what became of the payment.
            return True
        captured = [one.amount for one in self.receipts if one.state == "captured"]
        missing = self.sales_order.total - sum(captured, ZERO)
        is_received = text_key(self.order.payment_status) in RECEIVED
        return bool(self.receipts) and is_received and abs(missing) >= rules.half_minor_unit

    @property
    def is_handled(self) -> bool:
        """Whether credits cover all of it."""
        return is_credited(self.sales_order, self.credited)

    def can_ship(self, rules: MappingRules) -> bool:
        """Whether AcctVantage has something of it left to ship that a stopped order should not."""
        if not is_open(self.sales_order.status, rules):
            return False
        if self.order.lines and not any(left_to_ship(self.order).values()):
            return bool(to_ship_now(self.sales_order, self.order, self.shipped))
        return any(line.to_ship > 0 for line in self.sales_order.lines if line.store_line_id)

    def leave_to_ship(self, left: Mapping[int, Decimal]) -> None:
        """Note what the books have left to ship now of lines, by the line's id in the store."""
        lines = (
            attrs.evolve(line, to_ship=left.get(line.store_line_id or 0, line.to_ship))
            for line in self.sales_order.lines
        )
        self.sales_order = attrs.evolve(self.sales_order, lines=tuple(lines))


class FollowReader:
    """Reads the books in bulk, and of the store as little as can be.

    Args:
        run: The run.
        rules: Settings and reference data.
    """

    def __init__(self, run: PushRun, rules: MappingRules) -> None:
        self._run = run
        self._rules = rules
        self._is_push = run.settings.order_status.updates == "push"

    def read(self, orders: Sequence[Followed]) -> None:
        """Read what a chunk of orders needs."""
        run = self._run
        going = [each for each in orders if each.error is None]
        failed = complete_orders(
            run.store,
            [each.order for each in going if stopped(each.order.status_id) in ("", "refunded")],
        )
        for each in going:
            each.error = failed.get(each.order.id)
        self._read_books(orders)
        going = [each for each in going if each.error is None]
        self._read_transactions(going)
        if not run.settings.gl.import_refunds:
            self._read_refunds(
                [
                    each
                    for each in going
                    if shows_refund(each.order) and not stopped(each.order.status_id)
                ]
            )

    def _read_books(self, orders: Sequence[Followed]) -> None:
        run, by_key = self._run, self._with_payments(orders)
        awaited = [
            key
            for key, each in by_key.items()
            if any(receipt.state == "pending" for receipt in each.receipts)
        ]
        stored = {key: each.order for key, each in by_key.items()}
        paid = paid_statuses(run, self._rules, stored, awaited)
        for key, each in by_key.items():
            each.is_echo = self._is_echo(each)
            each.paid_status_id = paid.get(key)
        due = [
            each.import_id
            for each in orders
            if is_open(each.sales_order.status, self._rules)
            and to_ship_now(each.sales_order, each.order, {}, status_is_ours=each.is_echo)
        ]
        if not due:
            return
        # The books may have moved on since avbc gave the order its status in the store.
        for key in written_here(run, {key: stored[key].status_id for key in due}):
            by_key[key].is_echo = True
        shipped: dict[str, dict[int, Decimal]] = {}
        for shipment in run.parts.known_shipments(due):
            lines = shipped.setdefault(shipment.order_import_id, {})
            for item in shipment.items:
                lines[item.store_line_id] = lines.get(item.store_line_id, ZERO) + item.quantity
        for key in due:
            by_key[key].shipped = shipped.get(key, {})

    def _is_echo(self, each: Followed) -> bool:
        """Whether the store has the Downloaded Order Status, or AcctVantage's as it is mapped."""
        if each.order.status_id == self._run.statuses.downloaded:
            return True
        if not self._is_push:
            return False
        ours = status_for_store(each.sales_order.status, self._rules).value
        return ours is not None and ours.id == each.order.status_id

    def _read_transactions(self, orders: Sequence[Followed]) -> None:
        """Read the transactions of the orders whose payment is not as the books have it."""
        run = self._run
        due = [
            each
            for each in orders
            if has_gateway_payments(each.order, self._rules)
            and each.needs_transactions(self._rules)
        ]
        calls = [run.store.transactions.list.call(each.order.id) for each in due]
        found = non_empty_lists(run.store, calls)
        for each, transactions in zip(due, found, strict=True):
            if isinstance(transactions, AvbcError):
                each.error = transactions
            else:
                each.transactions = transactions
        run.stop_if_all_failed(found)

    def _read_refunds(self, orders: Sequence[Followed]) -> None:
        if not orders:
            return
        refunds: dict[int, list[Refund]] = {}
        call = self._run.store.refunds.list.call(order_id_in=[each.order.id for each in orders])
        try:
            for page in non_empty_pages(self._run.store, call):
                for refund in page.items:
                    refunds.setdefault(refund.order_id, []).append(refund)
        except AvbcError as error:
            for each in orders:
                each.error = error
        listed = [each for each in orders if refunds.get(each.order.id)]
        pairs = [(each.order, each.sales_order) for each in listed]
        of_edits = edited_refunds(self._run, self._rules, pairs, refunds)
        for each in listed:
            of_edit = of_edits.get(each.order.id, frozenset[int]())
            if isinstance(of_edit, AvbcError):
                each.error = of_edit
                continue
            made = refunds[each.order.id]
            each.refunds = [one.total_amount for one in made if one.id not in of_edit]
            each.is_refund_in_total = len(each.refunds) < len(made)

    def of_books(self, import_ids: Collection[str]) -> dict[str, Followed]:
        """Return the orders of the books with these Import IDs, without what the store has."""
        if not import_ids:
            return {}
        return self._with_payments(
            [
                Followed(Order(id=each.store_order_id), each, "")
                for each in self._run.books.sales_orders(import_ids)
            ]
        )

    def _with_payments(self, orders: Sequence[Followed]) -> dict[str, Followed]:
        """Read the receipts and credits of orders; returns them by Import ID."""
        by_key = {each.import_id: each for each in orders}
        for receipt in self._run.books.receipts(by_key):
            each = by_key[receipt.order_import_id]
            each.receipts = (*each.receipts, receipt)
        for credit in self._run.parts.known_credits(by_key):
            by_key[credit.order_import_id].credited += credit.total
        return by_key

    def state(self, each: Followed) -> str:
        """A short text that changes with what the rules read of the books and the settings."""
        order, settings = each.sales_order, self._run.settings
        parts = [
            order.status,
            order.fingerprint,
            str(order.total),
            str((order.bill_to, order.ship_tos, order.po_number, order.memo)),
            str(each.credited.normalize()),
            *(f"{line.store_line_id} {line.to_ship.normalize()}" for line in order.lines),
            *sorted(
                f"{receipt.id} {receipt.receipt_type} {receipt.posted} {receipt_text(receipt)}"
                for receipt in each.receipts
            ),
            settings.order_status.edited_orders,
            str(settings.gl.import_refunds),
        ]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def receipt_text(receipt: Receipt) -> str:
    """Return the state of a receipt and what it is over: `captured 69.84`."""
    amount = receipt.amount if receipt.state == "captured" else receipt.pre_auth_amount
    return f"{receipt.state} {amount_text(amount)}"
