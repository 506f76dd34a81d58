"""docs/books.md says what is so."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from avbc.acctvantage import Parcel, Shipment, ShippedItem, SqlGateway, books_file
from avbc.acctvantage.sql import schema
from avbc.testing.contract import make_bundle

PAGE = Path(__file__).parents[2] / "docs" / "books.md"
TEXT = PAGE.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def test_the_example_loads(memory: SqlGateway, tmp_path: Path) -> None:
    (example,) = blocks("toml")
    (tmp_path / "books.toml").write_text(example, encoding="utf-8")
    memory.load(tmp_path / "books.toml")
    assert set(tomllib.loads(example)) == {
        field.name for field in books_file.BooksFile.__attrs_attrs__
    } - {"quantities"}
    assert memory.available("Main") == {"SKU-1": 12}
    assert [client.open_ar for client in memory.clients()] == [True]


def test_every_key_is_listed() -> None:
    for name, table in [
        ("tax_areas", books_file._TAX_AREA),
        ("warehouses", books_file._WAREHOUSE),
        ("ship_vias", books_file._SHIP_VIA),
        ("promotions", books_file._PROMOTION),
        ("products", books_file._PRODUCT),
        ("clients", books_file._CLIENT),
        ("address", books_file._ADDRESS),
        ("contacts", books_file._CONTACT),
    ]:
        (row,) = (
            line
            for line in TEXT.splitlines()
            if line.startswith(f"| `{name}`") and line.count(" | ") == 1
        )
        listed = re.findall(r"`(\w+)`", row.split("|")[2])
        assert set(table.fields) <= set(listed), name
        assert set(re.findall(r"\*\*`(\w+)`\*\*", row)) == set(table.required), name


@pytest.mark.parametrize("table", schema.metadata.tables.values(), ids=str)
def test_every_table_and_column_is_listed(table: schema.sa.Table) -> None:
    rows = [line.split("|") for line in TEXT.splitlines() if line.startswith("| `")]
    (row,) = (row for row in rows if len(row) == 5 and f"`{table.name}`" in row[1])
    assert {column.name for column in table.columns} <= set(re.findall(r"`(\w+)`", row[3]))


def test_the_statements_run(books: SqlGateway) -> None:
    bundle = make_bundle(1042)
    books.create_order(evolve(bundle, order=evolve(bundle.order, po_number="7")))
    other = "PostgreSQL" if books.engine.dialect.name == "sqlite" else "SQLite"
    kept = [block for block in blocks("sql") if not block.startswith(f"-- {other}")]
    statements = [statement for block in kept for statement in block.split(";\n") if statement]
    counts = []
    with books.engine.begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(
                statement.replace("%", "%%") if other == "SQLite" else statement
            )
            counts.append(len(result.all()) if result.returns_rows else result.rowcount)
    # Only PostgreSQL has time zones, and fills the days that are not known: there are none.
    days = [0] if other == "SQLite" else []
    assert counts == [1, 2, 2, 1, 1, 1, 1, 0, *days]
    (shipment,) = books.shipments("WEB", datetime.now(UTC) - timedelta(minutes=1))
    item, parcel = ShippedItem(1042000, Decimal("1.5")), Parcel("1Z999AA10123456784")
    assert shipment == Shipment(
        501, "WEB1042", (item,), (parcel,), "UPS Ground", "UPS", shipped_at=shipment.shipped_at
    )
    (order,) = books.sales_orders()
    assert order.status == "Committed"
    assert order.status_changed_at is not None
    assert order.status_changed_at.utcoffset() is not None
