"""Books in memory that an import can write to, and nothing else: the smallest Gateway."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from threading import RLock

from attrs import evolve

from avbc import acctvantage as av
from avbc.text import text_key


def _keys(texts: Iterable[str]) -> set[str]:
    return set(map(text_key, texts)) - {""}


def _person(contact: av.Contact) -> str:
    return text_key(f"{contact.last_name}, {contact.first_name}, {contact.email}")


class MemoryImportGateway(av.ImportGateway):
    """Orders, receipts, clients, products and reference data, in dictionaries behind one lock."""

    def __init__(self, reference_data: av.ReferenceData | None = None) -> None:
        self._lock, self._ids = RLock(), count(1)
        data = reference_data or av.ReferenceData()
        types = dict.fromkeys((*data.receipt_types, "Purchase Order"))
        self._reference_data = evolve(data, receipt_types=tuple(types))
        self._promotions = {text_key(each.code): each for each in data.promotions}
        self._ship_vias = {text_key(each.name): each for each in data.ship_vias}
        self._products: dict[str, av.Product] = {}  # by text_key of the part number
        self._clients: dict[int | None, av.Client] = {}  # by id
        self._orders: dict[str, av.SalesOrder] = {}  # by Import ID, as the receipts are
        self._receipts: dict[str, av.Receipt] = {}

    def reference_data(self) -> av.ReferenceData:
        """Return the reference data, with what orders brought."""
        with self._lock:
            promotions = tuple(self._promotions.values())
            ship_vias = tuple(self._ship_vias.values())
        return evolve(self._reference_data, promotions=promotions, ship_vias=ship_vias)

    def add_products(self, products: Iterable[av.Product]) -> None:
        """Take products, as a user of AcctVantage enters them."""
        with self._lock:
            self._products |= {text_key(each.part_number): each for each in products}

    def find_products(self, part_numbers: Collection[str]) -> list[av.Product]:
        """Return the products whose part number or alias is among these."""
        keys = _keys(part_numbers)
        with self._lock:
            return [p for p in self._products.values() if keys & _keys([p.part_number, *p.aliases])]

    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[av.Client]:
        """Return the clients with one of these Import IDs or emails, their own or a contact's."""
        ids, keys = set(import_ids), _keys(emails)
        with self._lock:
            found = [(c, [c.email, *(p.email for p in c.contacts)]) for c in self._clients.values()]
        return [each for each, own in found if each.import_id in ids or keys & _keys(own)]

    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[av.SalesOrder]:
        """Return the orders with these Import IDs, or all, as they were inserted."""
        with self._lock:
            wanted = self._orders if import_ids is None else set(import_ids)
            return [each for each in self._orders.values() if each.import_id in wanted]

    def receipts(self, import_ids: Collection[str] | None = None) -> list[av.Receipt]:
        """Return the receipts on the orders with these Import IDs, or all, as inserted."""
        with self._lock:
            wanted = self._orders if import_ids is None else set(import_ids)
            return [each for each in self._receipts.values() if each.order_import_id in wanted]

    def sales_orders_ordered(
        self, source_code: str, since: datetime, until: datetime
    ) -> Iterator[av.SalesOrder]:
        """Yield the orders of a source that were ordered in a period, by the store's order id."""
        for order in sorted(self.sales_orders(), key=lambda order: order.store_order_id):
            at = order.ordered_at
            if order.source_code == source_code and at is not None and since <= at <= until:
                yield order

    def order_sources(self) -> frozenset[tuple[str, str]]:
        """Return the Import Source Code and the store of all orders, where the store is known."""
        orders = [each for each in self.sales_orders() if each.store_hash]
        return frozenset((order.source_code, order.store_hash) for order in orders)

    def create_order(self, bundle: av.OrderBundle) -> av.CreatedOrder:
        """Write an order and all that belongs to it, or return what is in the books."""
        with self._lock:
            there = self._orders.get(bundle.order.import_id)
            if there is None:
                return av.CreatedOrder(self._write(bundle, next(self._ids)), created=True)
            av.check_store(there.import_id, there.store_hash, bundle.order.store_hash)
            return av.CreatedOrder(there, created=False)

    def update_order(self, bundle: av.OrderBundle) -> av.SalesOrder:
        """Replace an Open order and its receipts."""
        order = bundle.order
        with self._lock:
            there, receipts = self._orders.get(order.import_id), self.receipts([order.import_id])
            if there is None:
                raise av.BooksRefused(f"there is no order {order.import_id} in the books")
            av.check_store(there.import_id, there.store_hash, order.store_hash)
            if text_key(there.status) != "open" or any(each.posted for each in receipts):
                raise av.BooksRefused(f"{there.import_id} is {there.status}, or partly posted")
            order = evolve(order, store_hash=order.store_hash or there.store_hash)
            order = evolve(order, status=there.status, status_changed_at=there.status_changed_at)
            return self._write(evolve(av.replacing(bundle, receipts), order=order), there.id)

    def _write(self, bundle: av.OrderBundle, order_id: int | None) -> av.SalesOrder:
        # First all that may be refused, so that a refusal leaves nothing behind.
        av.check_order(bundle)
        order, import_id = bundle.order, bundle.order.import_id
        receipts = {each.import_id: evolve(each, id=next(self._ids)) for each in bundle.receipts}
        others = {k: v for k, v in self._receipts.items() if v.order_import_id != import_id}
        if others.keys() & receipts.keys() or len(receipts) < len(bundle.receipts):
            raise av.BooksRefused(f"order {import_id}: the Import ID of a receipt is taken")
        client_id, contact_id = self._client(bundle)
        self._receipts = others | receipts
        self._promotions = {text_key(p.code): p for p in bundle.new_promotions} | self._promotions
        self._ship_vias = {text_key(s.name): s for s in bundle.new_ship_vias} | self._ship_vias
        order = evolve(order, id=order_id, client_id=client_id, contact_id=contact_id)
        order = evolve(order, ordered_at=order.ordered_at and order.ordered_at.astimezone(UTC))
        self._orders[import_id] = order
        return order

    def _client(self, bundle: av.OrderBundle) -> tuple[int | None, int | None]:
        new, contact, there = bundle.new_client, bundle.new_contact, bundle.client_id
        if there in self._clients:
            client = self._clients[there]
            client = evolve(client, import_id=client.import_id or bundle.bind_import_id)
        elif there is None and new is not None:
            known = self.find_clients([new.import_id or ""], [])
            if not known and self.find_clients([], [bundle.client_email]):
                raise av.ClientTaken(f"order {bundle.order.import_id}: its client came meanwhile")
            client = known[0] if known else evolve(new, id=next(self._ids))
        else:
            raise av.BooksRefused(f"order {bundle.order.import_id} names no client of the books")
        others = {each.id for each in self.find_clients([client.import_id or ""], [])} - {client.id}
        if others or bundle.contact_id not in {None, *(each.id for each in client.contacts)}:
            raise av.BooksRefused(f"the client or contact of {bundle.order.import_id} is another")
        people = {_person(each): each for each in client.contacts}
        if contact is not None:
            contact = people.setdefault(_person(contact), evolve(contact, id=next(self._ids)))
        self._clients[client.id] = evolve(client, contacts=tuple(people.values()))
        return client.id, contact.id if contact else bundle.contact_id
