"""Statements that run on the driver's cursor say the same as SQLAlchemy's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from avbc.acctvantage.sql.column_types import Exact, Moment
from avbc.statements import AnySelect, compiled, fetch, fetch_column, write

TABLE = sa.Table(
    "statements_tested",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("amount", Exact),
    sa.Column("at", Moment),
    sa.Column("day", sa.Date),
    sa.Column("is_open", sa.Boolean),
)
ALL: AnySelect = sa.select(TABLE).order_by(TABLE.c.number)
SOME = ALL.where(
    TABLE.c.number.in_(sa.bindparam("keys", expanding=True)), TABLE.c.number.not_in([9, 8])
)
SINCE = ALL.where(TABLE.c.at >= sa.bindparam("since"))
GONE = TABLE.delete().where(TABLE.c.number.in_(sa.bindparam("keys", expanding=True)))
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = [
    {
        "number": number,
        "amount": Decimal(f"{number}.50"),
        "at": AT.replace(day=number),
        "day": AT.date(),
        "is_open": bool(number % 2),
    }
    for number in range(1, 6)
]


@pytest.fixture(params=["sqlite://", "postgresql"])
def connection(request: pytest.FixtureRequest) -> Iterator[sa.Connection]:
    url = request.param
    if url == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        TABLE.create(connection)
        write(connection, TABLE.insert(), *ROWS)
        yield connection
    engine.dispose()


def test_values_are_as_the_types_of_columns_make_them(connection: sa.Connection) -> None:
    write(connection, TABLE.insert(), {"number": 6, "amount": None, "at": None})
    found = fetch(connection, ALL)
    assert found == [tuple(row) for row in connection.execute(ALL)]
    assert found[0] == tuple(ROWS[0].values())
    assert [type(value) for value in found[0]] == [type(value) for value in ROWS[0].values()]


@pytest.mark.parametrize("keys", [[], [2], [1, 2, 3], [1, 2, 3, 4, 5]])
def test_a_list_has_any_number_of_values(connection: sa.Connection, keys: list[int]) -> None:
    assert fetch_column(connection, SOME, {"keys": keys}) == keys
    write(connection, GONE, {"keys": keys})
    assert fetch_column(connection, SOME, {"keys": keys}) == []
    assert len(fetch(connection, ALL)) == len(ROWS) - len(keys)


def test_parameters_are_stored_as_their_type_says(connection: sa.Connection) -> None:
    assert fetch_column(connection, SINCE, {"since": AT.replace(day=4)}) == [4, 5]


def test_nothing_is_written_without_rows(connection: sa.Connection) -> None:
    write(connection, TABLE.insert())
    assert len(fetch(connection, ALL)) == len(ROWS)


def test_a_statement_is_compiled_for_few_numbers_of_values() -> None:
    made = {id(compiled(SOME, "sqlite", {"keys": [1] * count})) for count in range(65)}
    assert len(made) == 8


def test_a_connection_that_broke_is_not_used_again(postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    admin = sa.create_engine(postgresql_url, poolclass=sa.NullPool)
    number: AnySelect = sa.select(sa.func.pg_backend_pid())
    with engine.connect() as connection, admin.connect() as other:
        (pid,) = fetch_column(connection, number)
        other.execute(sa.select(sa.func.pg_terminate_backend(pid)))
        with pytest.raises(engine.dialect.loaded_dbapi.Error):
            fetch(connection, number)
        assert connection.invalidated
    engine.dispose()
