"""Records as rows: compiled statements and the values that go with them.

An import writes few rows by many statements, and building a statement costs more than SQLite needs
to run it. So what an import runs is compiled once for each kind of database, and its values come
from the record by one call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from avbc.acctvantage.records import Address
from avbc.acctvantage.sql.schema import TO_STORE
from avbc.database import insert_into

R = TypeVar("R")

AnyRow: TypeAlias = "sa.Row[*tuple[Any, ...]]"
AnySelect: TypeAlias = "sa.Select[*tuple[Any, ...]]"

_DIALECTS: dict[str, sa.Dialect] = {
    "sqlite": SQLiteDialect_pysqlite(),
    # SQLAlchemy's own, without types.
    "postgresql": PGDialect_psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
}


def compiled(statement: sa.sql.expression.ClauseElement, kind: str) -> str:
    """The SQL of a statement for the driver of `kind`; values go in the order of their places."""
    dialect: sa.Dialect = _DIALECTS[kind]
    return str(statement.compile(dialect=dialect))


def insert_sql(
    columns: Sequence[sa.Column[Any]], kind: str, *, returns: str = "", **conflict: Sequence[str]
) -> str:
    """The SQL of an INSERT of one row, with its values in the order of `columns`.

    `returns` is a column that comes back; the other options are those of `insert_into`.
    """
    insert = insert_into(columns, kind, **conflict)
    insert = insert.values({column: sa.bindparam(column.name) for column in columns})
    table = columns[0].table
    return compiled(insert.returning(table.columns[returns]) if returns else insert, kind)


def conversions(
    columns: Sequence[sa.Column[Any]], kind: str
) -> list[tuple[int, Callable[[Any], Any]]]:
    """The places of values that this database has no type for, and what converts each."""
    found = [(index, TO_STORE[kind].get(type(column.type))) for index, column in enumerate(columns)]
    return [(index, convert) for index, convert in found if convert is not None]


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
        **conflict: Sequence[str],
    ) -> None:
        columns = [*(rows.table.columns[name] for name in before), *rows.columns]
        self.sql = insert_sql(columns, kind, returns=returns, **conflict)
        self._values = rows.values
        self._conversions = conversions(columns, kind)

    def row(self, record: R, *before: object) -> list[Any]:
        """The values for `sql`."""
        values = [*before, *self._values(record)]
        for index, convert in self._conversions:
            value = values[index]
            if value is not None:
                values[index] = convert(value)
        return values


def insert_many(connection: sa.Connection, sql: str, rows: Sequence[Sequence[object]]) -> None:
    """Run a compiled INSERT for these rows, if there are any, in the connection's transaction."""
    if rows:
        connection.exec_driver_sql(sql, [tuple(row) for row in rows])


def texts(connection: sa.Connection, select: AnySelect) -> Sequence[tuple[Any, ...]]:
    """Rows of texts as the driver returns them, at half the cost: nothing is converted."""
    result = connection.execute(select)
    cursor: Any = result.cursor
    rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    return rows
