"""Statements that are compiled once and run on the driver's cursor.

SQLAlchemy says what is read and written. What it does each time that a statement runs costs several
times what SQLite takes for it, and a cycle reads some hundreds of times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

T = TypeVar("T")

AnySelect: TypeAlias = "sa.Select[*tuple[Any, ...]]"
AnyRows: TypeAlias = "AnySelect | ReturningInsert[*tuple[Any, ...]]"
AnyStatement: TypeAlias = "AnyRows | sa.UpdateBase"
AnyRow: TypeAlias = tuple[Any, ...]
Values: TypeAlias = Mapping[str, object]
"""Of a statement's parameters, by name; a list where it is `expanding`."""

DIALECTS: Mapping[str, sa.Dialect] = {
    "sqlite": SQLiteDialect_pysqlite(),
    # SQLAlchemy's own, without types.
    "postgresql": PGDialect_psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
}
"""By the kind of database. Parameters go by their places."""

_NONE: Values = MappingProxyType({})
_Convert: TypeAlias = Callable[[Any], Any]


def fetch(connection: sa.Connection, select: AnyRows, values: Values = _NONE) -> list[AnyRow]:
    """Run a SELECT in the connection's transaction: as `connection.execute`, and much cheaper.

    Args:
        connection: The connection.
        select: What to read. It is compiled once, so it must be one that stays.
        values: Its parameters.
    """
    statement = compiled(select, connection.dialect.name, values)
    return _on_cursor(connection, lambda cursor: statement.rows(cursor, values))


def write(connection: sa.Connection, statement: sa.UpdateBase, *rows: Values) -> None:
    """Run a statement that writes in the connection's transaction, once for each of the rows.

    Args:
        connection: The connection.
        statement: What to write. It is compiled once, so it must be one that stays.
        rows: The parameters, all of the same names.
    """
    if rows:
        made = compiled(statement, connection.dialect.name, rows[0])
        _on_cursor(connection, lambda cursor: made.each(cursor, rows))


def _on_cursor(connection: sa.Connection, run: Callable[[DBAPICursor], T]) -> T:
    driver = connection.connection
    cursor = driver.cursor()
    try:
        return run(cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        if connection.dialect.is_disconnect(error, driver.dbapi_connection, cursor):
            connection.invalidate(error)
            # Those in the pool were opened before the database went away, too.
            connection.engine.dispose()
        raise
    finally:
        cursor.close()


def fetch_column(connection: sa.Connection, select: AnyRows, values: Values = _NONE) -> list[Any]:
    """Do the same for the first column alone."""
    return [row[0] for row in fetch(connection, select, values)]


_Shape: TypeAlias = tuple[tuple[str, int | None], ...]
"""The parameters by name, with the number of values of each list."""


class Compiled:
    """A statement for one kind of database, with so many values in each of its lists."""

    def __init__(self, statement: AnyStatement, kind: str, shape: _Shape) -> None:
        self._dialect = DIALECTS[kind]
        made: Any = statement.compile(
            dialect=self._dialect, column_keys=[name for name, _ in shape]
        )
        state = made.construct_expanded_state(
            {name: None if size is None else [None] * size for name, size in shape}
        )
        self._text: str = state.statement
        self._constants: dict[str, object] = state.parameters
        expanded: Mapping[str, list[str]] = state.parameter_expansion
        self._lists = [(name, expanded[name]) for name, _ in shape if name in expanded]
        owners = {each: name for name, names in expanded.items() for each in names}
        types = [(name, made.binds[owners.get(name, name)].type) for name in state.positiontup]
        self._places = [(name, self._impl(of).bind_processor(self._dialect)) for name, of in types]
        self._types = [column.type for column in statement.exported_columns]
        self._conversions: list[tuple[int, _Convert]] | None = None

    def each(self, cursor: DBAPICursor, rows: Sequence[Values]) -> None:
        """Run it for each of these rows."""
        cursor.executemany(self._text, [self._given(row) for row in rows])

    def rows(self, cursor: DBAPICursor, values: Values) -> list[AnyRow]:
        """Run it; returns its rows, whose values are as the types of the columns make them."""
        cursor.execute(self._text, self._given(values))
        rows = cast("list[AnyRow]", cursor.fetchall())
        conversions = self._conversions
        if conversions is None:
            # The driver says only now of which types of the database they are.
            conversions = self._conversions = self._read(cursor.description)
        if not conversions or not rows:
            return rows
        found = [list(row) for row in rows]
        for place, convert in conversions:
            for row in found:
                if row[place] is not None:
                    row[place] = convert(row[place])
        return list(map(tuple, found))

    def _given(self, values: Values) -> tuple[Any, ...]:
        named: dict[str, Any] = {**self._constants, **values}
        for name, names in self._lists:
            given: list[object] = named[name]
            # The last one is asked for again and again: few statements for all numbers of values.
            named.update(zip(names, [*given, *given[-1:] * (len(names) - len(given))], strict=True))
        return tuple(
            [
                named[name] if convert is None else convert(named[name])
                for name, convert in self._places
            ]
        )

    def _read(self, description: Any) -> list[tuple[int, _Convert]]:
        found = (
            self._impl(of).result_processor(self._dialect, column[1])
            for of, column in zip(self._types, description, strict=True)
        )
        return [(place, each) for place, each in enumerate(found) if each is not None]

    def _impl(self, of: TypeEngine[Any]) -> TypeEngine[Any]:
        return of.dialect_impl(self._dialect)


def compiled(statement: AnyStatement, kind: str, values: Values) -> Compiled:
    """The statement, compiled for at least as many values as there are in each list."""
    shape = tuple(
        [
            (name, _size(cast("list[object]", value)) if isinstance(value, list) else None)
            for name, value in values.items()
        ]
    )
    return _compiled(statement, kind, shape)


def _size(values: list[object]) -> int:
    """Round the size of a list up to a power of two, so that few sizes are compiled."""
    count = len(values)
    return count and 1 << (count - 1).bit_length()


_compiled = cache(Compiled)


def insert_into(
    columns: Sequence[sa.Column[Any]],
    kind: str,
    *,
    taken: Sequence[str] = (),
    replaced: Sequence[str] = (),
    kept: Sequence[str] = (),
    counted: Sequence[str] = (),
) -> sqlite.Insert | postgresql.Insert:
    """Return the INSERT of rows into a table's columns, and what it does on a conflict.

    Args:
        columns: The columns, all of one table.
        kind: Of database.
        taken: The unique columns on whose conflict nothing is written.
        replaced: The unique columns on whose conflict the row that is there takes the new values,
        kept: but for these.
        counted: Columns of that row, not of the new one, that go up by one.
    """
    insert = (sqlite.insert if kind == "sqlite" else postgresql.insert)(columns[0].table)
    if taken:
        return insert.on_conflict_do_nothing(index_elements=taken)
    if replaced:
        new = {
            column.name: insert.excluded[column.name]
            for column in columns
            if column.name not in {*replaced, *kept}
        }
        one: sa.ColumnElement[int] = sa.literal_column("1")
        more = {name: insert.table.columns[name] + one for name in counted}
        return insert.on_conflict_do_update(index_elements=replaced, set_={**new, **more})
    return insert
