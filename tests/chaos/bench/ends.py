"""What is seen of the end of a run, and how it differs from the one that it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias, cast

import attrs
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Client
from avbc.orchestrator import WorklistItem
from avbc.orchestrator.engine.journal import open_webhooks, worklist
from avbc.testing import FakeStore

Facts: TypeAlias = "dict[str, list[object]]"


@attrs.frozen
class Seen:
    """All that a death or a fault could spoil.

    Without what may differ between two good runs: ids that were given, and times.
    """

    orders: Facts
    """Sales orders by Import ID."""
    amounts: Facts
    """Their amounts, and those of their receipts."""
    receipts: Facts
    """By the order's Import ID."""
    clients: Facts
    """By name, email and Import ID."""
    marks: Facts
    """Status, staff notes and payment of each order of the store."""
    shipments: Facts
    """The store's, by order."""
    captures: Facts
    """Transactions, by order."""
    customers: Facts
    """The store's, by email."""
    worklist: Facts
    """What waits for a person, by what it is about."""
    rest: Facts


def seen(store: FakeStore, books: SqlGateway) -> Seen:
    """Look at both sides."""
    store.settle()
    clients = {client.id: client for client in books.clients()}
    emails = {number: str(row["email"]) for number, row in store.state.customers.items()}
    receipts = books.receipts()
    orders = books.sales_orders()
    mine: Facts = {}
    amounts: Facts = {}
    for order in orders:
        client = clients.get(order.client_id)
        bare = attrs.evolve(order, id=None, client_id=None, contact_id=None, status_changed_at=None)
        mine.setdefault(f"WEB{order.store_order_id}", []).append(
            (bare, client and (client.name, client.email, client.import_id))
        )
        parts = (
            order.total,
            order.tax,
            order.freight,
            order.subtotal,
            order.discount,
            order.rounding,
        )
        amounts.setdefault(order.import_id, []).append(parts)
    on_orders: Facts = {}
    for receipt in sorted(receipts, key=lambda receipt: receipt.import_id):
        bare_receipt = attrs.evolve(receipt, id=None, captured_at=None, voided_at=None)
        on_orders.setdefault(receipt.order_import_id, []).append(bare_receipt)
        amounts.setdefault(receipt.order_import_id, []).append(
            (receipt.import_id, receipt.amount, receipt.pre_auth_amount)
        )
    held: Facts = {}
    for client in clients.values():
        key = f"{client.name} {client.email} {client.import_id}"
        held.setdefault(key, []).append(_client(client, emails))
    found = sorted(store.state.orders.items())
    header = ["status_id", "staff_notes", "payment_status", "items_shipped"]
    return Seen(
        orders=mine,
        amounts=amounts,
        receipts=on_orders,
        clients=held,
        marks={
            str(number): [tuple(order.header.get(key) for key in header)] for number, order in found
        },
        shipments={
            str(number): sorted((_bare(row) for row in order.shipments), key=repr)
            for number, order in found
            if order.shipments
        },
        captures={
            str(number): [
                tuple(row.get(key) for key in ("event", "status", "amount"))
                for row in order.transactions
            ]
            for number, order in found
        },
        customers=_customers(store),
        worklist=_waiting(books),
        rest={
            "promotions": sorted(books.promotions(), key=repr),
            "ship vias": sorted(books.ship_vias(), key=repr),
            "credits": sorted(
                (attrs.evolve(credit, created_at=None) for credit in books.credits()), key=repr
            ),
            "store products": sorted(
                (_bare(row) for row in store.state.products.values()), key=repr
            ),
            "store variants": sorted(
                (_bare(row) for row in store.state.catalog.variants.values()), key=repr
            ),
            "stock": [
                sorted(store.inventory(number).items())
                for number in (1, 2, 3)
                if any(row["id"] == number for row in store.state.locations)
            ],
            "open webhooks": _open_webhooks(books),
        },
    )


def _waiting(books: SqlGateway) -> Facts:
    columns = worklist.c
    wanted = sa.select(
        columns.key, columns.area, columns.code, columns.message, columns.fix, columns.is_settled
    )
    found: Facts = {}
    for row in _rows(books, wanted):
        found.setdefault(str(row[0]), []).append(tuple(row)[1:])
    return {key: sorted(items, key=repr) for key, items in found.items()}


def _open_webhooks(books: SqlGateway) -> list[object]:
    wanted = sa.select(open_webhooks.c.asks, open_webhooks.c.order_id, open_webhooks.c.detail)
    return [tuple(row) for row in sorted(_rows(books, wanted), key=repr)]


def _rows(books: SqlGateway, wanted: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    """Rows of the journal, which is in the books' database once a run has opened it."""
    with books.engine.connect() as connection:
        if not sa.inspect(connection).has_table(worklist.name):
            return []
        return connection.execute(wanted).all()


_GIVEN = {
    "id",
    "date_created",
    "date_modified",
    "product_id",
    "base_variant_id",
    "variant_id",
    "sku_id",
    "customer_id",
}


def _bare(row: Mapping[str, object]) -> object:
    """A row without what the store gives."""
    if not isinstance(row, Mapping):
        return [_bare(part) for part in row] if isinstance(row, list) else row
    return {
        key: _bare(cast("Mapping[str, object]", value))
        for key, value in row.items()
        if key not in _GIVEN
    }


def _customers(store: FakeStore) -> Facts:
    found: Facts = {}
    for row in store.state.customers.values():
        found.setdefault(str(row["email"]), []).append(
            _bare({**row, "addresses": sorted(map(_bare, row["addresses"]), key=repr)})
        )
    return found


def _client(client: Client, emails: Mapping[int, str]) -> Client:
    contacts = sorted((attrs.evolve(contact, id=None) for contact in client.contacts), key=repr)
    bound = {
        code: emails.get(number, "nobody") for code, number in client.store_customer_ids.items()
    }
    return attrs.evolve(client, id=None, contacts=tuple(contacts), store_customer_ids=bound)


@attrs.define
class Damage:
    """How an end differs from the one that it should be."""

    lost: list[str] = attrs.field(factory=list)
    doubled: list[str] = attrs.field(factory=list)
    off: list[str] = attrs.field(factory=list)
    other: list[str] = attrs.field(factory=list)

    def __bool__(self) -> bool:
        return bool(self.lost or self.doubled or self.off or self.other)

    def __str__(self) -> str:
        told = [
            f"{name}: {'; '.join(texts[:4])}" for name, texts in attrs.asdict(self).items() if texts
        ]
        return " | ".join(told) or "none"


def damage(expected: Seen, found: Seen) -> Damage:
    """Hold an end against the one that it should be."""
    ends = Damage()
    for part in (
        "orders",
        "receipts",
        "clients",
        "shipments",
        "captures",
        "customers",
        "worklist",
        "rest",
    ):
        should, is_ = getattr(expected, part), getattr(found, part)
        for key in sorted(should.keys() | is_.keys()):
            wanted, got = should.get(key, []), is_.get(key, [])
            more, fewer = _less(got, wanted), _less(wanted, got)
            if len(got) > len(wanted):
                ends.doubled.append(f"{part} {key}: {more}")
            elif len(got) < len(wanted):
                ends.lost.append(f"{part} {key}: {fewer}")
            elif more:
                ends.other.append(f"{part} {key}: {more} instead of {fewer}")
    for key, wanted in expected.amounts.items():
        got = found.amounts.get(key, [])
        if len(got) == len(wanted) and got != wanted:
            ends.off.append(f"{key}: {got} instead of {wanted}")
    for key, wanted in expected.marks.items():
        got = found.marks.get(key)
        if got != wanted:
            left_behind = got is None or (got[0][0] != wanted[0][0])
            (ends.lost if left_behind else ends.other).append(
                f"order {key} of the store: {got} instead of {wanted}"
            )
    return ends


def _less(these: Sequence[object], those: Sequence[object]) -> list[object]:
    left = Counter(map(repr, these))
    left.subtract(map(repr, those))
    return [text for text, count in left.items() if count > 0]


Report: TypeAlias = tuple[str, str, str, str, str]
"""Of an item that was reported: what it is about, area, code, message and fix."""


def report_of(item: WorklistItem) -> Report:
    """What is compared of an item that was reported."""
    return (item.key, item.area, item.code, item.message, item.fix)


def unreported(end: Seen, reports: Collection[Report]) -> list[str]:
    """The items of an end that were never reported in their words."""
    return [
        f"{area} {code} of {key} was never reported"
        for key, items in end.worklist.items()
        for area, code, message, fix, is_settled in cast(
            "list[tuple[str, str, str, str, bool]]", items
        )
        if not is_settled and (key, area, code, message, fix) not in reports
    ]
