"""Records as rows: in which table they lie, compiled statements and the values that go with them.

An import writes few rows by many statements, and building a statement costs more than SQLite needs
to run it. So what an import runs is compiled once for each kind of database, and its values come
from the record by one call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from avbc.acctvantage.records import (
    Address,
    Client,
    Contact,
    Credit,
    CreditLine,
    CreditTender,
    OrderDiscount,
    Product,
    Promotion,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShippedItem,
    ShipVia,
    TaxArea,
)
from avbc.acctvantage.sql import column_types, schema
from avbc.statements import DIALECTS, AnySelect, insert_into, write

R = TypeVar("R")


def compiled(statement: sa.sql.expression.ClauseElement, kind: str) -> str:
    """The SQL of a statement for the driver of `kind`; values go in the order of their places."""
    return str(statement.compile(dialect=DIALECTS[kind]))


def insert_sql(
    columns: Sequence[sa.Column[Any]],
    kind: str,
    *,
    returns: str = "",
    stamped: Sequence[str] = (),
    **conflict: Sequence[str],
) -> str:
    """The SQL of an INSERT of one row, with its values in the order of `columns`.

    `returns` is a column that comes back, and `stamped` are columns that take the present by the
    clock of the database; the other options are those of `insert_into`.
    """
    table = columns[0].table
    stamps = [table.columns[name] for name in stamped]
    insert = insert_into([*columns, *stamps], kind, **conflict)
    insert = insert.values({column: sa.bindparam(column.name) for column in columns})
    if "offered_at" in table.columns:
        # Where they are given, the trigger of SQLite has no row to write a second time.
        stamps.append(table.columns["offered_at"])
    insert = insert.values(dict.fromkeys(stamps, column_types.DatabaseNow()))
    if table is schema.sales_orders:
        decided = sa.select(schema.books.c.hand_over).scalar_subquery()
        insert = insert.values(hand_over=sa.func.coalesce(decided, sa.literal_column("'pick_up'")))
    return compiled(insert.returning(table.columns[returns]) if returns else insert, kind)


class Rows(Generic[R]):
    """How records of one class lie in the columns of one table.

    Args:
        table: The table.
        record: The class. Its fields are the columns, but for those in `apart`.
        apart: Columns that are no fields: keys, positions, what belongs to the table alone.
        address: The field whose address lies in columns with its name before theirs.
    """

    def __init__(
        self, table: sa.Table, record: Callable[..., R], *apart: str, address: str = ""
    ) -> None:
        self.table = table
        self.columns = [column for column in table.columns if column.name not in apart]
        self._record = record
        self._address = address
        own = [column.name for column in self.columns]
        nested = [name for name in own if address and name.startswith(f"{address}_")]
        self._start = own.index(nested[0]) if nested else 0
        self._stop = self._start + len(nested)
        self._names = [name for name in own if name not in nested]
        self.values: Callable[[R], tuple[Any, ...]] = attrgetter(
            *(
                f"{address}.{name.removeprefix(f'{address}_')}" if name in nested else name
                for name in own
            )
        )
        """A record's values, in the order of `columns`."""

    def record(self, row: Sequence[Any], **others: object) -> R:
        """Make the record of the values of `columns`; `others` are its other fields."""
        if not self._address:
            return self._record(**dict(zip(self._names, row, strict=True)), **others)
        plain = [*row[: self._start], *row[self._stop :]]
        others[self._address] = Address(*row[self._start : self._stop])
        return self._record(**dict(zip(self._names, plain, strict=True)), **others)


def _line(*, to_ship: Decimal | None, **fields: Any) -> SalesOrderLine:
    if to_ship is None:
        return SalesOrderLine(**fields)
    return SalesOrderLine(**fields, to_ship=to_ship)


# Which record lies in which table.

_OFFERED = ("version", "offered_at", "answered")

TAX_AREAS = Rows(schema.tax_areas, TaxArea, "id")
SHIP_VIAS = Rows(schema.ship_vias, ShipVia, "id", "name_key")
PROMOTIONS = Rows(schema.promotions, Promotion, "id", "code_key")
PRODUCTS = Rows(schema.products, Product, "part_key")
CLIENTS = Rows(schema.clients, Client, "id", "email_key", "client_number", address="address")
CONTACTS = Rows(schema.contacts, Contact, "id", "client_id", "email_key", "person_key")
ORDERS = Rows(
    schema.sales_orders,
    SalesOrder,
    "id",
    "client_id",
    "contact_id",
    "imported_at",
    "updated_at",
    "hand_over",
    *_OFFERED,
    address="bill_to",
)
SHIP_TOS = Rows(schema.sales_order_ship_tos, Address, "order_id", "position")
LINES = Rows(schema.sales_order_lines, _line, "order_id", "position")
DISCOUNTS = Rows(schema.sales_order_discounts, OrderDiscount, "order_id", "position")
RECEIPTS = Rows(schema.receipts, Receipt, "id", "order_import_id", "import_id", *_OFFERED)
SHIPMENTS = Rows(schema.shipments, Shipment, "id", "changed_at")
SHIPPED_ITEMS = Rows(schema.shipment_items, ShippedItem, "shipment_id", "position")
PARCEL_ITEMS = Rows(schema.shipment_parcel_items, ShippedItem, "shipment_id", "parcel", "position")
CREDITS = Rows(schema.credits, Credit, "id", "imported_at", *_OFFERED)
CREDIT_LINES = Rows(schema.credit_lines, CreditLine, "credit_id", "position")
CREDIT_TENDERS = Rows(schema.credit_tenders, CreditTender, "credit_id", "position")


class Insert(Generic[R]):
    """A compiled INSERT of records: the values of the columns `before`, then the record's own.

    The options are those of `insert_sql`.
    """

    def __init__(
        self,
        rows: Rows[R],
        kind: str,
        *before: str,
        returns: str = "",
        stamped: Sequence[str] = (),
        **conflict: Sequence[str],
    ) -> None:
        columns = [*(rows.table.columns[name] for name in before), *rows.columns]
        self.sql = insert_sql(columns, kind, returns=returns, stamped=stamped, **conflict)
        self._values = rows.values
        # The places of values that this database has no type for, and what converts each.
        self._conversions = [
            (place, column_types.TO_STORE[kind][type(column.type)])
            for place, column in enumerate(columns)
            if type(column.type) in column_types.TO_STORE[kind]
        ]

    def row(self, record: R, *before: object) -> list[Any]:
        """The values for `sql`."""
        values = [*before, *self._values(record)]
        for index, convert in self._conversions:
            value = values[index]
            if value is not None:
                values[index] = convert(value)
        return values

    def positioned(self, records: Sequence[R], owner_id: int | None) -> list[list[Any]]:
        """The values of what belongs to one owner: its id and the position go before."""
        return [self.row(record, owner_id, position) for position, record in enumerate(records)]

    def many(self, connection: sa.Connection, records: Sequence[Sequence[Any]]) -> None:
        """Insert records, each followed by the values that go before its own, if there are any."""
        rows = [self.row(record, *before) for record, *before in records]
        insert_many(connection, self.sql, rows)


def insert_many(connection: sa.Connection, sql: str, rows: Sequence[Sequence[object]]) -> None:
    """Run a compiled INSERT for these rows, if there are any, in the connection's transaction."""
    if rows:
        connection.exec_driver_sql(sql, [tuple(row) for row in rows])


def put(connection: sa.Connection, table: sa.Table, *rows: Mapping[str, object]) -> None:
    """Insert rows of the same columns, or give them to those with the same primary key."""
    if rows:
        write(connection, _put(table, connection.dialect.name, tuple(rows[0])), *rows)


@cache
def _put(table: sa.Table, kind: str, names: tuple[str, ...]) -> sa.Insert:
    key = [column.name for column in table.primary_key]
    return insert_into([table.columns[name] for name in names], kind, replaced=key)


def texts(connection: sa.Connection, select: AnySelect) -> Sequence[tuple[Any, ...]]:
    """Rows of texts as the driver returns them, at half the cost: nothing is converted."""
    result = connection.execute(select)
    cursor: Any = result.cursor
    rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    return rows
