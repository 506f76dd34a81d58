"""Books in memory with every part of the Gateway."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from typing import TypeVar

from attrs import evolve

from avbc import acctvantage as av
from avbc.testing.memory_gateway.importing import MemoryImportGateway
from avbc.text import text_key

R = TypeVar("R")
_KEPT = ("id", "store_payment_method", "posted", "capture_wanted", "void_wanted")
_identity = attrgetter("import_id", "order_import_id", "receipt_type")
_state = attrgetter("receipt_type", "state", "amount", "pre_auth_amount")


def _is_amount(amount: Decimal) -> bool:
    return amount.is_finite() and amount >= 0


def _known(records: Mapping[str, R], key: str) -> R:
    if key not in records:
        raise av.BooksRefused(f"{key!r} is not in the books")
    return records[key]


class MemoryGateway(MemoryImportGateway, av.Gateway):
    """Books in memory with every part: to copy from, and for tests without a database.

    >>> MemoryGateway().reference_data().receipt_types
    ('Purchase Order',)
    """

    def __init__(self, reference_data: av.ReferenceData | None = None) -> None:
        super().__init__(reference_data)
        self._shipments: dict[int, av.Shipment] = {}  # by number
        self._credits: dict[str, av.Credit] = {}  # by Import ID
        self._on_hand = {one.name: dict[str, Decimal]() for one in self._reference_data.warehouses}
        self._now = datetime.min.replace(tzinfo=UTC)

    # ClockGateway: a machine's clock may be set back, and a stamp never goes back.
    def now(self) -> datetime:
        """Return the present, by which changes are stamped."""
        with self._lock:
            self._now = max(self._now, datetime.now(UTC))
            return self._now

    def _of_source(self, source_code: str) -> list[av.SalesOrder]:
        return [each for each in self.sales_orders() if each.source_code == source_code]

    def _has_reached(self, order: av.SalesOrder, status: str) -> bool:
        statuses = [text_key(each) for each in self._reference_data.order_statuses]
        return text_key(status) in statuses[: statuses.index(text_key(order.status)) + 1]

    def _follow(self, there: av.Receipt, after: av.Receipt, *, may: bool) -> av.Receipt:
        if _state(there) == _state(after):
            return there
        if there.posted or not may:
            raise av.BooksRefused(f"{after.import_id} is {there.state}: {there.amount}, or posted")
        if after.state != "pre_authorized":
            after = evolve(after, capture_wanted=False, void_wanted=False)
        self._receipts[after.import_id] = after
        return after

    # FollowGateway: what becomes of an imported order in the store.
    def update_receipt(self, before: av.Receipt, after: av.Receipt) -> av.Receipt:
        """Let a receipt follow its payment: compare and set."""
        with self._lock:
            there = _known(self._receipts, before.import_id)
            is_same = len({_identity(each) for each in (there, before, after)}) == 1
            if not (is_same and _is_amount(after.amount) and _is_amount(after.pre_auth_amount)):
                raise av.BooksRefused(f"receipt {there.import_id} cannot become {after}")
            after = evolve(after, **{name: getattr(there, name) for name in _KEPT})
            return self._follow(there, after, may=_state(there) == _state(before))

    def set_to_ship(self, order_import_id: str, to_ship: Mapping[int, Decimal]) -> av.SalesOrder:
        """Say what is left to ship of lines of an order."""
        with self._lock:
            order = _known(self._orders, order_import_id)
            ordered = {line.store_line_id: line.quantity for line in order.lines}
            for number, left in to_ship.items():
                if number not in ordered or not _is_amount(left) or left > ordered[number]:
                    raise av.BooksRefused(f"{order_import_id}: {left} of line {number} is wrong")
            keys = [(line, line.store_line_id or 0) for line in order.lines]
            lines = [evolve(line, to_ship=to_ship.get(key, line.to_ship)) for line, key in keys]
            changed = evolve(order, lines=tuple(lines))
            posted = any(receipt.posted for receipt in self.receipts([order_import_id]))
            if changed != order and (posted or self._has_reached(order, "Shipped/Invoice")):
                raise av.BooksRefused(f"{order_import_id} is {order.status}, or partly posted")
            self._orders[order_import_id] = changed
            return changed

    # StatusGateway: order statuses.
    def sales_orders_changed(self, source_code: str, since: datetime) -> list[av.SalesOrder]:
        """Return the orders of a source whose status changed since a time."""
        stamped = [(each, each.status_changed_at) for each in self._of_source(source_code)]
        return [order for order, at in stamped if at is not None and at >= since]

    def orders_in_status(self, source_code: str, statuses: Collection[str]) -> list[str]:
        """Return the Import IDs of a source's orders that have one of these statuses now."""
        return [each.import_id for each in self._of_source(source_code) if each.status in statuses]

    def set_order_status(self, import_id: str, status: str) -> av.SalesOrder:
        """Give an order a status, and stamp the change."""
        with self._lock:
            order = _known(self._orders, import_id)
            if status not in self._reference_data.order_statuses:
                raise av.BooksRefused(f"there is no order status {status!r} in the books")
            at = order.status_changed_at if order.status == status else self.now()
            self._orders[import_id] = evolve(order, status=status, status_changed_at=at)
            return self._orders[import_id]

    # ShipmentGateway: shipments for the store.
    def add_shipment(self, shipment: av.Shipment) -> None:
        """Take a shipment, or the change of one, as a user of AcctVantage enters it."""
        av.check_shipment(shipment)
        with self._lock:
            _known(self._orders, shipment.order_import_id)
            self._shipments[shipment.number] = evolve(shipment, changed_at=self.now())

    def shipments(self, source_code: str, since: datetime | None = None) -> list[av.Shipment]:
        """Return the shipments of a source's orders, or those since a time; by their numbers."""
        found = self.shipments_of([order.import_id for order in self._of_source(source_code)])
        return [each for each in found if since is None or (each.changed_at or since) >= since]

    def shipments_of(self, order_import_ids: Collection[str]) -> list[av.Shipment]:
        """Return the shipments of the orders with these Import IDs, by their numbers."""
        with self._lock:
            found = [shipment for _, shipment in sorted(self._shipments.items())]
        return [each for each in found if each.order_import_id in set(order_import_ids)]

    # ProductGateway: products for the store.
    def products_for_store(
        self, part_numbers: Collection[str] | None = None
    ) -> Iterator[av.Product]:
        """Yield the products whose Sync to Webstore is ticked, by the key of the part number."""
        with self._lock:
            found = dict(sorted(self._products.items()))
        keys = found if part_numbers is None else set(map(text_key, part_numbers))
        yield from (each for key, each in found.items() if key in keys and each.sync_to_webstore)

    # StockGateway: quantities for the store.
    def add_quantities(self, warehouse: str, on_hand: Mapping[str, Decimal]) -> None:
        """Take what is on hand in a warehouse, as a user counts it: without what is picked."""
        with self._lock:
            picked = self._ordered(warehouse, "Picked")
            keys = {text_key(part_number): quantity for part_number, quantity in on_hand.items()}
            counted = {key: quantity + picked[key] for key, quantity in keys.items()}
            self._on_hand[warehouse] = self._on_hand.get(warehouse, {}) | counted

    def quantities_available(
        self, warehouse: str, part_numbers: Collection[str] | None = None
    ) -> Iterator[tuple[str, Decimal | None]]:
        """Yield part number and Qty Available of stocked products with Sync to Webstore ticked."""
        with self._lock:
            on_hand, ordered = _known(self._on_hand, warehouse), self._ordered(warehouse, "Open")
        for product in self.products_for_store(part_numbers):
            if product.kind in {"inventory", "assembly"}:
                key = text_key(product.part_number)
                yield product.part_number, on_hand[key] - ordered[key] if key in on_hand else None

    def _ordered(self, warehouse: str, status: str) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for order in self._orders.values():
            if order.warehouse == warehouse and self._has_reached(order, status):
                for line in order.lines:
                    sums[text_key(line.part_number or "")] += line.quantity
        return sums

    # ClientGateway: clients for the store.
    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[av.Client]:
        """Return the clients, also those who are bound to a customer with one of the Import IDs."""
        ids = set(import_ids)
        with self._lock:
            found = {each.id for each in super().find_clients(import_ids, emails)}
            clients = [(c, c.store_customer_ids.items()) for c in self._clients.values()]
        bound = [(c, {f"{code}{number}" for code, number in pairs}) for c, pairs in clients]
        return [client for client, keys in bound if client.id in found or keys & ids]

    def clients_to_export(
        self, source_code: str, client_ids: Collection[int] | None = None
    ) -> list[av.Client]:
        """Return the clients with these ids, or all who are new to the store of this source."""
        with self._lock:
            clients = list(self._clients.values())
        if client_ids is not None:
            return [client for client in clients if client.id in client_ids]
        buyers = {order.client_id for order in self._of_source(source_code)}
        new = [each for each in clients if source_code not in each.store_customer_ids]
        new = [each for each in new if not (each.import_id or "").startswith(source_code)]
        return [client for client in new if client.id not in buyers]

    def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
        """Note which customer of the store a client is."""
        number, import_id = store_customer_id, f"{source_code}{store_customer_id}"
        with self._lock:
            others = [each for each in self._clients.values() if each.id != client_id]
            taken = [each.store_customer_ids.get(source_code) for each in others]
            is_other = number in taken or import_id in {each.import_id for each in others}
            if client_id not in self._clients or number <= 0 or is_other:
                raise av.BooksRefused(f"client {client_id} cannot be customer {number}")
            ids = {**self._clients[client_id].store_customer_ids, source_code: number}
            self._clients[client_id] = evolve(self._clients[client_id], store_customer_ids=ids)

    # PaymentGateway: captures and voids of pre-authorized receipts.
    def receipts_to_capture(self, source_code: str) -> list[av.Receipt]:
        """Return the pre-authorized receipts of a source that wait for a capture or a void."""
        return self._pre_authorized(source_code, wanted=True)

    def receipts_authorized(self, source_code: str, before: datetime) -> list[av.Receipt]:
        """Return the other pre-authorized ones that were authorized before a time."""
        held = self._pre_authorized(source_code, wanted=False)
        return [each for each in held if each.authorized_at and each.authorized_at < before]

    def _pre_authorized(self, source_code: str, *, wanted: bool) -> list[av.Receipt]:
        receipts = self.receipts([order.import_id for order in self._of_source(source_code)])
        held = [each for each in receipts if each.state == "pre_authorized"]
        return [each for each in held if (each.capture_wanted or each.void_wanted) == wanted]

    def record_capture(self, receipt_import_id: str, amount: Decimal, at: datetime) -> av.Receipt:
        """Turn a pre-authorized receipt into a captured one."""
        if not _is_amount(amount) or amount == 0:
            raise av.BooksRefused(f"receipt {receipt_import_id}: {amount} cannot be captured")
        with self._lock:
            there = _known(self._receipts, receipt_import_id)
            after = evolve(there, state="captured", amount=amount, captured_at=at)
            return self._follow(there, after, may=there.state == "pre_authorized")

    def record_void(self, receipt_import_id: str, at: datetime) -> av.Receipt:
        """Turn a pre-authorized receipt into a voided one."""
        with self._lock:
            there = _known(self._receipts, receipt_import_id)
            after = evolve(there, state="voided", voided_at=at)
            return self._follow(there, after, may=there.state == "pre_authorized")

    # CreditGateway: refunds from the store.
    def create_credit(self, credit: av.Credit) -> bool:
        """Write a credit on an order, or return False where it is in the books."""
        with self._lock:
            if credit.import_id in self._credits:
                return False
            av.check_credit(credit)
            _known(self._orders, credit.order_import_id)
            self._credits[credit.import_id] = credit
            return True

    def credits(self, order_import_ids: Collection[str] | None = None) -> list[av.Credit]:
        """Return the credits on the orders with these Import IDs, or all; as they came in."""
        with self._lock:
            wanted = self._orders if order_import_ids is None else set(order_import_ids)
            return [each for each in self._credits.values() if each.order_import_id in wanted]
