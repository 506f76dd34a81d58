"""Clients for the store, and the customers that they are there (manual, Clients & Contacts)."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.import_ids import client_import_id
from avbc.acctvantage.records import Client
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.client_locks import lock_clients
from avbc.acctvantage.sql.reading import clients_where
from avbc.acctvantage.sql.rows import put

_TABLE = schema.clients
_BOUND = schema.client_store_customers


def clients_to_export(
    connection: sa.Connection, source_code: str, client_ids: Collection[int] | None = None
) -> list[Client]:
    """Return the clients with these ids, or all who are new to the store of this source; by id.

    New are those who are bound to no customer of the store and did not come from it: neither by an
    Import ID of the source nor, as guests, by one of its orders.
    """
    if client_ids is None:
        order = schema.sales_orders.c
        is_from_elsewhere = _TABLE.c.import_id.is_(None) | (
            sa.func.substr(_TABLE.c.import_id, 1, len(source_code)) != source_code
        )
        new = sa.select(_TABLE.c.id).where(
            is_from_elsewhere,
            *(
                ~sa.exists().where(table.client_id == _TABLE.c.id, table.source_code == source_code)
                for table in (_BOUND.c, order)
            ),
        )
        client_ids = list(connection.scalars(new))
    return clients_where(connection, _TABLE.c.id, client_ids)


def bind_client(
    connection: sa.Connection, client_id: int, source_code: str, store_customer_id: int
) -> None:
    """Note which customer of the store a client is; a customer noted before is replaced.

    Raises:
        BooksRefused: There is no such client, this is not the number of a customer, or the customer
            is another client already.
    """
    if store_customer_id <= 0:
        raise BooksRefused(
            f"client {client_id}: {store_customer_id} is not a customer id; guests have none"
        )
    # The second of two that bind clients to one customer waits here, as one does that imports an
    # order of the customer.
    import_id = client_import_id(source_code, store_customer_id) or ""
    cursor = connection.connection.cursor()
    lock_clients(cursor, connection.dialect.name, [], [import_id])
    if connection.scalar(sa.select(_TABLE.c.id).where(_TABLE.c.id == client_id)) is None:
        raise BooksRefused(f"there is no client {client_id} in the books")
    other = connection.scalar(
        sa.select(_BOUND.c.client_id).where(
            _BOUND.c.source_code == source_code,
            _BOUND.c.customer_id == store_customer_id,
            _BOUND.c.client_id != client_id,
        )
    ) or connection.scalar(
        sa.select(_TABLE.c.id).where(
            _TABLE.c.import_id == import_id,
            _TABLE.c.id != client_id,
        )
    )
    if other is not None:
        raise BooksRefused(
            f"client {client_id} cannot be customer {store_customer_id} of {source_code}: client "
            f"{other} is"
        )
    put(
        connection,
        _BOUND,
        {"client_id": client_id, "source_code": source_code, "customer_id": store_customer_id},
    )
