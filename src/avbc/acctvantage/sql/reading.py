"""Reading the books. Each function takes a few statements for hundreds of records.

The connection sees one snapshot of the books. Functions without a `_` in front are methods of
`SqlGateway` under the same name, unless they say otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy as sa

from avbc.acctvantage.import_ids import customers
from avbc.acctvantage.records import (
    ORDER_STATUSES,
    PURCHASE_ORDER,
    Client,
    Contact,
    Product,
    Promotion,
    Receipt,
    ReferenceData,
    SalesOrder,
    ShipVia,
    Warehouse,
)
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.column_types import DatabaseNow
from avbc.acctvantage.sql.rows import (
    CLIENTS,
    CONTACTS,
    DISCOUNTS,
    LINES,
    ORDERS,
    PRODUCTS,
    PROMOTIONS,
    RECEIPTS,
    SHIP_TOS,
    SHIP_VIAS,
    TAX_AREAS,
    Rows,
)
from avbc.database import CHUNK, Database, chunks
from avbc.statements import AnyRow, AnySelect, fetch, fetch_column
from avbc.text import text_key

K = TypeVar("K")
R = TypeVar("R")

_PAGE = 5_000
"""Products that are read at once."""


def key_chunks(keys: Iterable[K]) -> Iterator[list[K]]:
    """Cut keys into lists that a statement takes, each key once."""
    return chunks(dict.fromkeys(keys))


def collect(
    connection: sa.Connection,
    select: AnySelect,
    key: sa.Column[K],
    keys: Collection[K] | None,
    records: Callable[[Sequence[AnyRow]], Iterable[tuple[int, R]]],
) -> list[R]:
    """Read the records with these keys, or all, some hundreds at a time; sorted by id.

    The ids are the first column of `select`, which is made once, and `records` makes the records of
    its rows.
    """
    found: list[tuple[int, R]] = []
    if keys is None:
        last = -1
        while rows := fetch(connection, page_of(select), {"after": last}):
            found += records(rows)
            last = rows[-1][0]
    for chunk in key_chunks(keys or ()):
        found += records(fetch(connection, among(select, key), {"keys": chunk}))
    return [record for _, record in sorted(found, key=itemgetter(0))]


@cache
def page_of(select: AnySelect) -> AnySelect:
    """Return the rows `after` an id: a statement costs more to make than to run."""
    order: Any = next(iter(select.selected_columns))
    return select.order_by(order).where(order > sa.bindparam("after")).limit(CHUNK)


@cache
def among(select: AnySelect, key: sa.Column[Any]) -> AnySelect:
    """The rows of a SELECT that have one of the `keys`, made once."""
    return select.where(key.in_(sa.bindparam("keys", expanding=True)))


def sales_orders(
    connection: sa.Connection, import_ids: Collection[str] | None = None
) -> list[SalesOrder]:
    """Return the sales orders with these Import IDs, or all; in the order in which they came in."""
    return _sales_orders(connection, schema.sales_orders.c.import_id, import_ids)


def sales_orders_page(connection: sa.Connection, after: int) -> list[tuple[int, SalesOrder]]:
    """The next sales orders after an id, each with its own."""
    rows = fetch(connection, page_of(_SALES_ORDERS), {"after": after})
    return list(_order_records(connection, rows))


def now(connection: sa.Connection) -> datetime:
    """Return the present by the clock that stamps, and never a time before a stamp in the books."""
    found: Sequence[datetime | None] = fetch(connection, _STAMPS)[0]
    return max(stamp for stamp in found if stamp is not None)


def _stamps() -> AnySelect:
    order, shipment = schema.sales_orders.c, schema.shipments.c
    changed = sa.select(sa.func.max(order.status_changed_at)).where(
        order.status_changed_at.is_not(None)
    )
    shipped = sa.select(sa.func.max(shipment.changed_at))
    return sa.select(DatabaseNow(), changed.scalar_subquery(), shipped.scalar_subquery())


_STAMPS = _stamps()


def sales_orders_changed(
    connection: sa.Connection, source_code: str, since: datetime | None
) -> list[SalesOrder]:
    """Return the orders of a source whose status changed since a time, or all of the source.

    They come in the order in which they came in. An order whose status never changed after its
    import has no `status_changed_at`, and is only among all.
    """
    select = _OF_SOURCE if since is None else _CHANGED
    ids = fetch_column(connection, select, {"code": source_code, "since": since})
    return _sales_orders(connection, schema.sales_orders.c.id, ids)


_OF_SOURCE: AnySelect = sa.select(schema.sales_orders.c.id).where(
    schema.sales_orders.c.source_code == sa.bindparam("code")
)
_CHANGED = _OF_SOURCE.where(schema.sales_orders.c.status_changed_at >= sa.bindparam("since"))


def orders_in_status(
    connection: sa.Connection, source_code: str, statuses: Collection[str]
) -> list[str]:
    """Return the Import IDs of a source's orders that have one of these statuses now."""
    return fetch_column(connection, _IN_STATUS, {"code": source_code, "statuses": sorted(statuses)})


# By the index of statuses: most orders of the books are posted, and are not looked at.
_IN_STATUS: AnySelect = sa.select(schema.sales_orders.c.import_id).where(
    schema.sales_orders.c.status.in_(sa.bindparam("statuses", expanding=True)),
    schema.sales_orders.c.source_code == sa.bindparam("code"),
)


def order_sources(database: Database) -> frozenset[tuple[str, str]]:
    """Return the `source_code` and `store_hash` of all orders, each pair once.

    Orders without a `store_hash` are left out.
    """
    return frozenset((row[0], row[1]) for row in database.rows(_SOURCES, {}))


def _sources() -> AnySelect:
    # By the index, from one pair to the next: there are one or two of them and a million orders.
    table = schema.sales_orders.c
    least = sa.select(sa.func.min(table.store_hash).label("store_hash"))
    store = least.where(table.store_hash > "").cte("stores", recursive=True)
    following = least.where(table.store_hash > store.c.store_hash).scalar_subquery()
    store = store.union_all(sa.select(following).where(store.c.store_hash.is_not(None)))
    least = sa.select(sa.func.min(table.source_code))
    first = least.where(table.store_hash == store.c.store_hash).scalar_subquery()
    pair = (
        sa.select(store.c.store_hash, first.label("source_code"))
        .where(store.c.store_hash.is_not(None))
        .cte("sources", recursive=True)
    )
    of_store = least.where(table.store_hash == pair.c.store_hash)
    following = of_store.where(table.source_code > pair.c.source_code).scalar_subquery()
    pair = pair.union_all(
        sa.select(pair.c.store_hash, following).where(pair.c.source_code.is_not(None))
    )
    return sa.select(pair.c.source_code, pair.c.store_hash).where(pair.c.source_code.is_not(None))


_SOURCES = _sources()


def ids_ordered(
    database: Database, source_code: str, since: datetime, until: datetime
) -> Iterator[list[int]]:
    """Yield the ids of a source's orders that were ordered in a period, by the store's order id.

    Few are found by their times and sorted. Many are walked in sequence, so that who needs only the
    first ones need not wait for all.
    """
    period: dict[str, object] = {"code": source_code, "since": since, "until": until}
    rows = database.rows(_ORDERED, period)
    if len(rows) <= _SORTED:
        yield from key_chunks(order_id for _, order_id in sorted(rows))
        return
    last = (-1, -1)
    while rows := database.rows(_BY_NUMBER, {"code": source_code, "of": last[0], "id": last[1]}):
        yield [
            order_id
            for _, order_id, ordered_at in rows
            if ordered_at is not None and since <= ordered_at <= until
        ]
        last = rows[-1][:2]


_SORTED = 2_000
_NUMBERED: AnySelect = sa.select(
    schema.sales_orders.c.store_order_id, schema.sales_orders.c.id
).where(schema.sales_orders.c.source_code == sa.bindparam("code"))
_ORDERED = _NUMBERED.where(
    schema.sales_orders.c.ordered_at >= sa.bindparam("since"),
    schema.sales_orders.c.ordered_at <= sa.bindparam("until"),
).limit(_SORTED + 1)
_BY_NUMBER = (
    _NUMBERED.add_columns(schema.sales_orders.c.ordered_at)
    .where(
        sa.tuple_(schema.sales_orders.c.store_order_id, schema.sales_orders.c.id)
        > sa.tuple_(sa.bindparam("of"), sa.bindparam("id"))
    )
    .order_by(schema.sales_orders.c.store_order_id, schema.sales_orders.c.id)
    .limit(CHUNK)
)


def sales_orders_by_id(connection: sa.Connection, ids: list[int]) -> list[SalesOrder]:
    """The orders with these ids, by the store's order id."""
    return sorted(
        _sales_orders(connection, schema.sales_orders.c.id, ids),
        key=lambda order: (order.store_order_id, order.id),
    )


_SALES_ORDERS: AnySelect = sa.select(
    schema.sales_orders.c.id,
    schema.sales_orders.c.client_id,
    schema.sales_orders.c.contact_id,
    *ORDERS.columns,
)


def _sales_orders(
    connection: sa.Connection, key: sa.Column[K], keys: Collection[K] | None
) -> list[SalesOrder]:
    return collect(connection, _SALES_ORDERS, key, keys, partial(_order_records, connection))


def _order_records(
    connection: sa.Connection, rows: Sequence[AnyRow]
) -> Iterator[tuple[int, SalesOrder]]:
    ids = [row[0] for row in rows]
    ship_tos, lines, discounts = (
        parts(connection, SHIP_TOS, ids),
        parts(connection, LINES, ids),
        parts(connection, DISCOUNTS, ids),
    )
    for order_id, client_id, contact_id, *values in rows:
        yield (
            order_id,
            ORDERS.record(
                values,
                id=order_id,
                client_id=client_id,
                contact_id=contact_id,
                ship_tos=tuple(ship_tos[order_id]),
                lines=tuple(lines[order_id]),
                discounts=tuple(discounts[order_id]),
            ),
        )


def parts(connection: sa.Connection, part: Rows[R], ids: list[int]) -> defaultdict[int, list[R]]:
    """The records that belong to the owners with these ids, in their positions.

    The first column of their table names the owner.
    """
    found: defaultdict[int, list[R]] = defaultdict(list)
    for owner, *values in fetch(connection, _parts_of(part), {"keys": ids}):
        found[owner].append(part.record(values))
    return found


@cache
def _parts_of(part: Rows[Any]) -> AnySelect:
    owner_id, position = part.table.columns[0], part.table.c.position
    return among(sa.select(owner_id, *part.columns).order_by(owner_id, position), owner_id)


def receipts(connection: sa.Connection, import_ids: Collection[str] | None = None) -> list[Receipt]:
    """Return the receipts on the orders with these Import IDs, or all; as they came in."""
    return receipts_where(connection, schema.receipts.c.order_import_id, import_ids)


_RECEIPTS: AnySelect = sa.select(
    schema.receipts.c.id,
    schema.receipts.c.order_import_id,
    schema.receipts.c.import_id,
    *RECEIPTS.columns,
)


def receipts_where(
    connection: sa.Connection, key: sa.Column[K], keys: Collection[K] | None
) -> list[Receipt]:
    """The receipts whose `key` is among these, or all."""

    def records(rows: Sequence[AnyRow]) -> Iterator[tuple[int, Receipt]]:
        for receipt_id, order_import_id, import_id, *values in rows:
            yield (
                receipt_id,
                RECEIPTS.record(
                    values, id=receipt_id, order_import_id=order_import_id, import_id=import_id
                ),
            )

    return collect(connection, _RECEIPTS, key, keys, records)


def clients(connection: sa.Connection, import_ids: Collection[str] | None = None) -> list[Client]:
    """Return the clients with these Import IDs, or all; in the order in which they came in."""
    return clients_where(connection, schema.clients.c.import_id, import_ids)


_CLIENTS: AnySelect = sa.select(schema.clients.c.id, *CLIENTS.columns)


def clients_where(
    connection: sa.Connection, key: sa.Column[K], keys: Collection[K] | None
) -> list[Client]:
    """The clients whose `key` is among these, or all."""
    return collect(connection, _CLIENTS, key, keys, partial(_clients, connection))


def find_clients(
    connection: sa.Connection, import_ids: Collection[str], emails: Collection[str]
) -> list[Client]:
    """Return the clients with one of these Import IDs or emails, their own or a contact's.

    Emails compare by `text_key`. A client is found by the Import ID of a customer that it is bound
    to, too.
    """
    table, contacts, bound = schema.clients.c, schema.contacts.c, schema.client_store_customers.c
    keys = {text_key(email) for email in emails} - {""}
    ids: set[int] = set()
    for select, column, wanted in (
        (_CLIENT_IDS, table.import_id, import_ids),
        (_CLIENT_IDS, table.email_key, keys),
        (_CONTACT_CLIENT_IDS, contacts.email_key, keys),
    ):
        for chunk in key_chunks(wanted):
            ids.update(fetch_column(connection, among(select, column), {"keys": chunk}))
    for code, numbers in customers(import_ids).items():
        for numbered in key_chunks(numbers):
            values = {"code": code, "keys": numbered}
            ids.update(fetch_column(connection, among(_BOUND, bound.customer_id), values))
    return clients_where(connection, table.id, ids)


_CLIENT_IDS: AnySelect = sa.select(schema.clients.c.id)
_CONTACT_CLIENT_IDS: AnySelect = sa.select(schema.contacts.c.client_id)
_BOUND: AnySelect = sa.select(schema.client_store_customers.c.client_id).where(
    schema.client_store_customers.c.source_code == sa.bindparam("code")
)
_CONTACTS: AnySelect = sa.select(
    schema.contacts.c.client_id, schema.contacts.c.id, *CONTACTS.columns
).order_by(schema.contacts.c.id)
_CUSTOMERS: AnySelect = sa.select(
    *(schema.client_store_customers.c[name] for name in ("client_id", "source_code", "customer_id"))
)


def _clients(connection: sa.Connection, rows: Sequence[AnyRow]) -> list[tuple[int, Client]]:
    ids = [row[0] for row in rows]
    contacts = among(_CONTACTS, schema.contacts.c.client_id)
    people: defaultdict[int, list[Contact]] = defaultdict(list)
    for client_id, contact_id, *values in fetch(connection, contacts, {"keys": ids}):
        people[client_id].append(CONTACTS.record(values, id=contact_id))
    numbers = among(_CUSTOMERS, schema.client_store_customers.c.client_id)
    bound: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for client_id, code, number in fetch(connection, numbers, {"keys": ids}):
        bound[client_id][code] = number
    return [
        (
            client_id,
            CLIENTS.record(
                values,
                id=client_id,
                contacts=tuple(people[client_id]),
                store_customer_ids=bound[client_id],
            ),
        )
        for client_id, *values in rows
    ]


_PART_KEY = schema.products.c.part_key
_PRODUCTS: AnySelect = sa.select(_PART_KEY, *PRODUCTS.columns).order_by(_PART_KEY)
_ALIAS = schema.product_aliases.c
_ALIASES: AnySelect = (
    sa.select(_ALIAS.part_key, _ALIAS.alias)
    .join(schema.products)
    .where(sa.bindparam("first") <= _PART_KEY, sa.bindparam("last") >= _PART_KEY)
    .order_by(_ALIAS.part_key, _ALIAS.position)
)
_IS_NEXT = sa.bindparam("after") < _PART_KEY
_IS_AMONG = _PART_KEY.in_(sa.bindparam("keys", expanding=True))


@cache
def _that(
    select: AnySelect, *conditions: sa.ColumnElement[bool], limit: int | None = None
) -> AnySelect:
    return select.where(*conditions).limit(limit)


def _products(
    connection: sa.Connection,
    *conditions: sa.ColumnElement[bool],
    limit: int | None = None,
    **values: object,
) -> list[tuple[str, Product]]:
    """The first products that meet the conditions, by the key of the part number, with the key."""
    rows = fetch(connection, _that(_PRODUCTS, *conditions, limit=limit), values)
    aliases: defaultdict[str, list[str]] = defaultdict(list)
    if rows:
        values |= {"first": rows[0][0], "last": rows[-1][0]}
        for owner, alias in fetch(connection, _that(_ALIASES, *conditions), values):
            aliases[owner].append(alias)
    return [
        (part_key, PRODUCTS.record(values, aliases=tuple(aliases.get(part_key, ()))))
        for part_key, *values in rows
    ]


def products(connection: sa.Connection) -> list[Product]:
    """Return all products, by part number."""
    return [product for _, product in _products(connection)]


def find_products(connection: sa.Connection, part_numbers: Collection[str]) -> list[Product]:
    """Return the products whose part number or alias is among these; both by `text_key`."""
    keys: set[str] = set()
    for chunk in key_chunks(text_key(part_number) for part_number in part_numbers):
        keys.update(chunk)
        aliased = among(_ALIAS_OWNERS, _ALIAS.alias_key)
        keys.update(fetch_column(connection, aliased, {"keys": chunk}))
    return [
        product
        for chunk in key_chunks(sorted(keys))
        for _, product in _products(connection, _IS_AMONG, keys=chunk)
    ]


_ALIAS_OWNERS: AnySelect = sa.select(_ALIAS.part_key)


def products_page(connection: sa.Connection, after: str) -> list[tuple[str, Product]]:
    """The next products for the store after the key of a part number, each with its own key."""
    return _products(connection, _IS_NEXT, schema.IS_FOR_STORE, limit=_PAGE, after=after)


def products_for_store(
    connection: sa.Connection, part_keys: Sequence[str]
) -> list[tuple[str, Product]]:
    """Those of these products whose Sync to Webstore is ticked, by part number."""
    return _products(connection, _IS_AMONG, schema.IS_FOR_STORE, keys=list(part_keys))


def promotions(connection: sa.Connection) -> list[Promotion]:
    """Return all promotions, in the order in which they came in."""
    return _all(connection, PROMOTIONS)


def ship_vias(connection: sa.Connection) -> list[ShipVia]:
    """Return all ship vias, in the order in which they came in."""
    return _all(connection, SHIP_VIAS)


def _all(connection: sa.Connection, rows: Rows[R]) -> list[R]:
    return [rows.record(row) for row in fetch(connection, _all_of(rows))]


@cache
def _all_of(rows: Rows[Any]) -> AnySelect:
    return sa.select(*rows.columns).order_by(rows.table.c.id)


def order_statuses(connection: sa.Connection) -> tuple[str, ...]:
    """The order statuses in sequence."""
    return tuple(fetch_column(connection, _STATUSES)) or ORDER_STATUSES


_CLASSES = schema.warehouse_product_classes.c
_STATUSES: AnySelect = sa.select(schema.order_statuses.c.name).order_by(
    schema.order_statuses.c.position
)
_RECEIPT_TYPES: AnySelect = sa.select(schema.receipt_types.c.name).order_by(
    schema.receipt_types.c.id
)
_WAREHOUSES: AnySelect = sa.select(schema.warehouses.c.name).order_by(schema.warehouses.c.id)
_CLASSES_ACTIVE: AnySelect = sa.select(_CLASSES.warehouse, _CLASSES.product_class).order_by(
    _CLASSES.warehouse, _CLASSES.position
)
_GL_ACCOUNTS: AnySelect = sa.select(schema.gl_accounts.c.code).order_by(schema.gl_accounts.c.id)
_CURRENCY: AnySelect = sa.select(schema.books.c.currency)


def reference_data(connection: sa.Connection) -> ReferenceData:
    """Return the reference data as one snapshot.

    Statuses and currency have defaults where none were loaded, and Purchase Order is always there.
    """
    receipt_types = fetch_column(connection, _RECEIPT_TYPES)
    if PURCHASE_ORDER not in receipt_types:
        receipt_types.append(PURCHASE_ORDER)
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for warehouse, product_class in fetch(connection, _CLASSES_ACTIVE):
        classes[warehouse].append(product_class)
    (currency,) = fetch_column(connection, _CURRENCY) or [None]
    return ReferenceData(
        currency=currency or ReferenceData().currency,
        order_statuses=order_statuses(connection),
        receipt_types=tuple(receipt_types),
        gl_accounts=tuple(fetch_column(connection, _GL_ACCOUNTS)),
        tax_areas=tuple(_all(connection, TAX_AREAS)),
        warehouses=tuple(
            Warehouse(name, tuple(classes[name])) for name in fetch_column(connection, _WAREHOUSES)
        ),
        ship_vias=tuple(ship_vias(connection)),
        promotions=tuple(promotions(connection)),
    )
