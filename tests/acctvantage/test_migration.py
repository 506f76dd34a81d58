"""Books that an earlier avbc made: the files beside this one are dumps of them."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from avbc.acctvantage import Product, SqlGateway
from avbc.acctvantage.sql import schema
from avbc.testing.contract import make_bundle

HERE = Path(__file__).parent


def restore(url: str, version: int) -> None:
    """Make the books of a version at a URL."""
    kind = sa.make_url(url).get_backend_name()
    script = (HERE / f"books_version_{version}.{kind}.sql").read_text(encoding="utf-8")
    if kind == "sqlite":
        with sqlite3.connect(str(sa.make_url(url).database)) as connection:
            connection.executescript(script)
        connection.close()
        return
    engine = sa.create_engine(url)
    with engine.begin() as session:
        session.exec_driver_sql(script)
    engine.dispose()


def tables(books: SqlGateway) -> dict[str, Any]:
    """Everything that the database knows of its tables."""
    look = sa.inspect(books.engine)
    found: dict[str, Any] = {}
    for name in sorted(look.get_table_names()):
        found[name] = {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in look.get_columns(name)
            ],
            "key": look.get_pk_constraint(name),
            "foreign": sorted(look.get_foreign_keys(name), key=str),
            "unique": sorted(look.get_unique_constraints(name), key=str),
            "indexes": sorted(
                json.dumps(index, default=str, sort_keys=True) for index in look.get_indexes(name)
            ),
        }
    if books.engine.dialect.name == "sqlite":
        with books.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE type = 'table'"
            )
            found["clustered"] = sorted(name for name, is_clustered in rows if is_clustered)
    return found


@pytest.fixture
def fresh(url: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The tables that this version makes in an empty database of the same kind."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        with SqlGateway(f"sqlite:///{tmp_path}/fresh.db") as books:
            books.reference_data()
            return tables(books)
    with SqlGateway(url) as books:
        books.reference_data()
        found = tables(books)
        schema.metadata.drop_all(books.engine)
        return found


def test_tables_of_version_1_become_those_of_today(url: str, fresh: dict[str, Any]) -> None:
    restore(url, 1)
    with SqlGateway(url) as books:
        books.reference_data()
        assert tables(books) == fresh
        with books.engine.connect() as connection:
            assert (
                connection.scalar(sa.select(schema.books_version.c.version)) == schema.BOOKS.version
            )


def test_books_of_version_1_keep_what_they_hold(url: str) -> None:
    restore(url, 1)
    with SqlGateway(url) as books:
        mug = Product("MUG-0", "Mug", "Goods", list_price=Decimal("9.95"), aliases=("Becher",))
        assert [order.import_id for order in books.sales_orders()] == ["WEB1", "WEB2"]
        assert [order.status for order in books.sales_orders()] == ["Open", "Picked"]
        assert all(balance.difference == 0 for balance in books.trial_balance())
        assert len(books.receipts()) == 4
        assert all(receipt.captured_at is receipt.voided_at is None for receipt in books.receipts())
        assert [dict(client.store_customer_ids) for client in books.clients()] == [
            {"WEB": 7},
            {},
            {},
        ]
        assert books.find_products(["becher"]) == [mug]
        assert books.available("Main") == {"MUG-0": 9, "mug-1": 4, "Straße": 0}
        assert books.available("Outlet", ["MUG-0"]) == {"MUG-0": Decimal("0.5")}
        reference = books.reference_data()
    assert reference.currency == "CAD"
    assert [warehouse.name for warehouse in reference.warehouses] == ["Main", "Outlet"]


def test_books_of_version_1_take_what_is_new(url: str) -> None:
    restore(url, 1)
    with SqlGateway(url) as books:
        assert books.create_order(make_bundle(3)).created
        assert [number for number, _ in books.quantities_available("Main")] == ["MUG-0", "Straße"]
        (changed,) = books.sales_orders_changed("WEB", datetime(2020, 1, 1, tzinfo=UTC))
        assert changed.import_id == "WEB2"
        books.want_capture("WEB1-1")
        assert (
            books.record_capture("WEB1-1", Decimal(3), datetime(2026, 4, 1, tzinfo=UTC)).state
            == "captured"
        )
        books.set_quantity("mug-0", "Outlet", 4)
        assert books.available("Outlet", ["MUG-0"]) == {"MUG-0": 4}


def test_many_that_open_books_of_version_1_at_once_bring_them_up_once(url: str) -> None:
    restore(url, 1)
    start = threading.Barrier(4, timeout=30)

    def open_books(_: int) -> int:
        with SqlGateway(url) as books:
            start.wait()
            return len(books.sales_orders())

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(open_books, range(4))) == {2}
