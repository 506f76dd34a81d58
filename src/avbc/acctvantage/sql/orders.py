"""Writing orders: what one import puts into the books, on a cursor whose transaction is open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter

import sqlalchemy as sa
from attrs import evolve
from sqlalchemy.engine.interfaces import DBAPICursor

from avbc import statements
from avbc.acctvantage.checks import check_store, replacing
from avbc.acctvantage.errors import BooksRefused, BooksUnreachable, ClientTaken
from avbc.acctvantage.import_ids import customers, receipt_import_id
from avbc.acctvantage.records import OPEN, Client, Contact, OrderBundle, SalesOrder
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.client_locks import lock_clients, lock_rows
from avbc.acctvantage.sql.rows import (
    CLIENTS,
    CONTACTS,
    DISCOUNTS,
    LINES,
    ORDERS,
    PROMOTIONS,
    RECEIPTS,
    SHIP_TOS,
    SHIP_VIAS,
    Insert,
    compiled,
)
from avbc.text import quoted, text_key


class ImportIdTaken(Exception):
    """An order is in the books already: nothing of its transaction is written."""


class OrderWriter:
    """The compiled statements that write orders, for one kind of database.

    Locks are taken in the same sequence by all writers (emails, client, contact, promotions, ship
    vias, order), and rows of one table by their keys, so that two writers seldom wait for each
    other in a circle. Where they do, the database gives one up and `Database` repeats it.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        clients, contacts, orders = schema.clients, schema.contacts, schema.sales_orders
        self._client = Insert(CLIENTS, kind, "email_key", taken=["import_id"], returns="id")
        self._client_by_import_id = compiled(
            sa.select(clients.c.id).where(clients.c.import_id == sa.bindparam("import_id")), kind
        )
        self._is_email_there = compiled(
            sa.select(
                sa.exists().where(clients.c.email_key == sa.bindparam("own"))
                | sa.exists().where(contacts.c.email_key == sa.bindparam("of_contact"))
            ),
            kind,
        )
        bound = schema.client_store_customers.c
        self._client_of_customer = compiled(
            sa.select(bound.client_id).where(
                bound.source_code == sa.bindparam("source_code"),
                bound.customer_id == sa.bindparam("customer_id"),
            ),
            kind,
        )
        self._bind = compiled(
            clients.update()
            .values(import_id=sa.bindparam("new_import_id"))
            .where(clients.c.id == sa.bindparam("client_id"), clients.c.import_id.is_(None)),
            kind,
        )
        self._contact = Insert(
            CONTACTS,
            kind,
            "client_id",
            "email_key",
            "person_key",
            taken=["client_id", "person_key"],
            returns="id",
        )
        self._contact_by_person = compiled(
            sa.select(contacts.c.id).where(
                contacts.c.client_id == sa.bindparam("client_id"),
                contacts.c.person_key == sa.bindparam("person_key"),
            ),
            kind,
        )
        self._store_customer = compiled(schema.client_store_customers.insert(), kind)
        self._promotion = Insert(PROMOTIONS, kind, "code_key", taken=["code_key"])
        self._ship_via = Insert(SHIP_VIAS, kind, "name_key", taken=["name_key"])
        self._order = Insert(
            ORDERS,
            kind,
            "client_id",
            "contact_id",
            taken=["import_id"],
            stamped=["imported_at"],
            returns="id",
        )
        self._ship_to = Insert(SHIP_TOS, kind, "order_id", "position")
        self._line = Insert(LINES, kind, "order_id", "position")
        self._discount = Insert(DISCOUNTS, kind, "order_id", "position")
        self._receipt = Insert(RECEIPTS, kind, "order_import_id", "import_id")
        self._order_by_import_id = compiled(
            sa.select(orders.c.id).where(orders.c.import_id == sa.bindparam("import_id")), kind
        )
        answers = schema.acknowledgements.c
        was_entered = sa.exists().where(
            answers.import_id == orders.c.import_id,
            answers.document_number != sa.literal_column("''"),
        )
        self._locked = compiled(
            sa.select(
                orders.c.id,
                orders.c.status,
                orders.c.store_hash,
                (schema.ORDER_IS_REFUSED & ~was_entered).label("is_only_refused"),
            )
            .where(orders.c.import_id == sa.bindparam("import_id"))
            .with_for_update(),
            kind,
        )
        self._receipts_of = statements.compiled(
            sa.select(schema.receipts.c.import_id, *RECEIPTS.columns)
            .where(schema.receipts.c.order_import_id == sa.bindparam("key"))
            .with_for_update(),
            kind,
            {"key": ""},
        )
        self._remove_receipts = compiled(
            schema.receipts.delete().where(
                schema.receipts.c.order_import_id == sa.bindparam("import_id")
            ),
            kind,
        )
        self._remove_parts = [
            compiled(table.delete().where(table.c.order_id == sa.bindparam("order_id")), kind)
            for table in (
                schema.sales_order_ship_tos,
                schema.sales_order_lines,
                schema.sales_order_discounts,
            )
        ]
        self._update = Insert(
            ORDERS,
            kind,
            "client_id",
            "contact_id",
            stamped=["imported_at", "updated_at"],
            replaced=["import_id"],
            kept=["imported_at", "status", "status_changed_at"],
            counted=["version"],
        )

    def lock_clients(self, cursor: DBAPICursor, bundles: Collection[OrderBundle]) -> None:
        """Keep others from creating the clients of these bundles, until the transaction ends.

        It comes first in a transaction, for all orders that it writes.
        """
        new = [
            (bundle.client_email, bundle.new_client.import_id or "")
            for bundle in bundles
            if bundle.client_id is None and bundle.new_client is not None
        ]
        emails, import_ids = [email for email, _ in new], [import_id for _, import_id in new]
        lock_clients(cursor, self._kind, emails, import_ids)
        there = [bundle.client_id for bundle in bundles if bundle.client_id is not None]
        lock_rows(cursor, self._kind, there)

    def create(self, cursor: DBAPICursor, bundles: Sequence[OrderBundle]) -> list[SalesOrder]:
        """Write new orders, and return them.

        Raises:
            ImportIdTaken: One of them is in the books already. The caller rolls back.
            ClientTaken: A client of the books has the `client_email` of one by now.
        """
        self.lock_clients(cursor, bundles)
        parties = [self._parties_of_new(cursor, bundle) for bundle in bundles]
        self._reference_data(cursor, bundles)
        written: list[SalesOrder] = []
        for bundle, (client_id, contact_id) in zip(bundles, parties, strict=True):
            order = bundle.order
            cursor.execute(self._order.sql, self._order.row(order, client_id, contact_id))
            if (order_id := _only(cursor)) is None:
                raise ImportIdTaken(order.import_id)
            written.append(evolve(order, id=order_id, client_id=client_id, contact_id=contact_id))
        self._parts(cursor, bundles, [order.id for order in written])
        return written

    def _parties_of_new(self, cursor: DBAPICursor, bundle: OrderBundle) -> tuple[int, int | None]:
        try:
            return self._parties(cursor, bundle)
        except ClientTaken:
            cursor.execute(self._order_by_import_id, [bundle.order.import_id])
            if cursor.fetchall():
                raise ImportIdTaken(bundle.order.import_id) from None
            raise

    def update(self, cursor: DBAPICursor, bundle: OrderBundle) -> None:
        """Replace what the bundle says of an order, while it is Open and nothing on it is posted.

        One that AcctVantage refused and never entered may have the status of its import instead.

        Raises:
            BooksRefused: There is no such order, it is further on, or it came from another store.
            ClientTaken: A client of the books has the bundle's `client_email` by now.
            ReceiptsChanged: The bundle was made from other receipts.
        """
        order = bundle.order
        self.lock_clients(cursor, [bundle])
        cursor.execute(self._locked, [order.import_id])
        found = cursor.fetchall()
        if not found:
            raise BooksRefused(f"order {order.import_id} cannot be updated: it is not in the books")
        order_id, status, store_hash, is_only_refused = found[0]
        check_store(order.import_id, store_hash, order.store_hash)
        order = evolve(order, store_hash=order.store_hash or store_hash)
        # What AcctVantage never entered, it has done nothing with.
        first = order.status if is_only_refused else OPEN
        if text_key(status) not in {text_key(OPEN), text_key(first)}:
            raise BooksRefused(
                f"order {order.import_id} cannot be updated: it is {status}, and only an Open "
                "order may change"
            )
        receipts = [
            RECEIPTS.record(values, order_import_id=order.import_id, import_id=import_id)
            for import_id, *values in self._receipts_of.rows(cursor, {"key": order.import_id})
        ]
        if any(receipt.posted for receipt in receipts):
            raise BooksRefused(
                f"order {order.import_id} cannot be updated: a receipt on it is posted"
            )
        bundle = replacing(bundle, receipts)
        client_id, contact_id = self._parties(cursor, bundle)
        self._reference_data(cursor, [bundle])
        cursor.execute(self._update.sql, self._update.row(order, client_id, contact_id))
        for statement in self._remove_parts:
            cursor.execute(statement, [order_id])
        cursor.execute(self._remove_receipts, [order.import_id])
        self._parts(cursor, [bundle], [order_id])

    def contact(self, cursor: DBAPICursor, client_id: int, contact: Contact) -> int:
        """The id of this person at this client, who is created if not there yet."""
        key = person_key(contact)
        cursor.execute(
            self._contact.sql, self._contact.row(contact, client_id, text_key(contact.email), key)
        )
        found = _only(cursor)
        return (
            self._existing(cursor, self._contact_by_person, [client_id, key])
            if found is None
            else found
        )

    def client(self, cursor: DBAPICursor, client: Client, unless_taken: str = "") -> int:
        """The id of the client with this Import ID, who is created with all contacts if new.

        One that is bound to the customer of this Import ID has it, too.

        Args:
            cursor: Of the transaction.
            client: The client.
            unless_taken: An email that no client may have then; it is locked (`lock_clients`).

        Raises:
            ClientTaken: A client has it.
        """
        for code, numbers in customers([client.import_id or ""]).items():
            cursor.execute(self._client_of_customer, [code, *numbers])
            if (bound_id := _only(cursor)) is not None:
                return bound_id
        key, is_taken = text_key(unless_taken), False
        if key:
            cursor.execute(self._is_email_there, [key, key])
            is_taken = bool(_only(cursor))
        cursor.execute(self._client.sql, self._client.row(client, text_key(client.email)))
        client_id = _only(cursor)
        if client_id is None:
            return self._existing(cursor, self._client_by_import_id, [client.import_id])
        if is_taken:
            raise ClientTaken(
                "the books have a client by now with the email of the new client "
                f"{quoted(client.name)}: look the client up again"
            )
        for contact in client.contacts:
            self.contact(cursor, client_id, contact)
        bound = [[client_id, code, number] for code, number in client.store_customer_ids.items()]
        _many(cursor, self._store_customer, bound)
        return client_id

    def _parties(self, cursor: DBAPICursor, bundle: OrderBundle) -> tuple[int, int | None]:
        """The ids of the order's client and contact."""
        client_id = bundle.client_id
        if client_id is not None:
            if bundle.bind_import_id is not None:
                cursor.execute(self._bind, [bundle.bind_import_id, client_id])
        elif bundle.new_client is not None:
            client_id = self.client(cursor, bundle.new_client, bundle.client_email)
        else:
            raise BooksRefused(
                f"order {bundle.order.import_id} names neither a client of the books nor a new one"
            )
        if bundle.contact_id is not None or bundle.new_contact is None:
            return client_id, bundle.contact_id
        return client_id, self.contact(cursor, client_id, bundle.new_contact)

    def _reference_data(self, cursor: DBAPICursor, bundles: Sequence[OrderBundle]) -> None:
        # Their rows start with the key.
        promotions = [
            self._promotion.row(one, text_key(one.code))
            for bundle in bundles
            for one in bundle.new_promotions
        ]
        ship_vias = [
            self._ship_via.row(one, text_key(one.name))
            for bundle in bundles
            for one in bundle.new_ship_vias
        ]
        _many(cursor, self._promotion.sql, sorted(promotions, key=itemgetter(0)))
        _many(cursor, self._ship_via.sql, sorted(ship_vias, key=itemgetter(0)))

    def _parts(
        self, cursor: DBAPICursor, bundles: Sequence[OrderBundle], order_ids: Sequence[int | None]
    ) -> None:
        ship_tos: list[list[object]] = []
        lines: list[list[object]] = []
        discounts: list[list[object]] = []
        receipts: list[list[object]] = []
        for bundle, order_id in zip(bundles, order_ids, strict=True):
            order = bundle.order
            ship_tos += self._ship_to.positioned(order.ship_tos, order_id)
            lines += self._line.positioned(order.lines, order_id)
            discounts += self._discount.positioned(order.discounts, order_id)
            receipts += [
                self._receipt.row(
                    receipt,
                    order.import_id,
                    receipt.import_id or receipt_import_id(order.import_id, number),
                )
                for number, receipt in enumerate(bundle.receipts, 1)
            ]
        _many(cursor, self._ship_to.sql, ship_tos)
        _many(cursor, self._line.sql, lines)
        _many(cursor, self._discount.sql, discounts)
        _many(cursor, self._receipt.sql, receipts)

    @staticmethod
    def _existing(cursor: DBAPICursor, select: str, values: Sequence[object]) -> int:
        cursor.execute(select, values)
        found = _only(cursor)
        if found is None:
            raise BooksUnreachable(
                "a record of the books was removed while an order that names it was written: try "
                "again"
            )
        return found


def person_key(contact: Contact) -> str:
    """The key of a contact: at one client, the same names and email are the same person."""
    return "\n".join(
        text_key(text) for text in (contact.email, contact.last_name, contact.first_name)
    )


def _many(cursor: DBAPICursor, sql: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        cursor.executemany(sql, rows)


def _only(cursor: DBAPICursor) -> int | None:
    rows = cursor.fetchall()
    return rows[0][0] if rows else None
