"""docs/books.md says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from attrs import evolve

from avbc.acctvantage import SqlGateway, files
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
    assert set(tomllib.loads(example)) == {field.name for field in files.BooksFile.__attrs_attrs__} - {"quantities"}
    assert memory.available("Main") == {"SKU-1": 12}
    assert [client.open_ar for client in memory.clients()] == [True]


def test_every_key_is_listed() -> None:
    for name, table in [
        ("tax_areas", files._TAX_AREA),
        ("warehouses", files._WAREHOUSE),
        ("ship_vias", files._SHIP_VIA),
        ("promotions", files._PROMOTION),
        ("products", files._PRODUCT),
        ("clients", files._CLIENT),
        ("address", files._ADDRESS),
        ("contacts", files._CONTACT),
    ]:
        (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| `{name}`") and line.count(" | ") == 1)
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
    statements = [block for block in blocks("sql") if not block.startswith(f"-- {other}")]
    assert len(statements) == 4
    with books.engine.begin() as connection:
        counts = [len(connection.exec_driver_sql(statement).all()) for statement in statements[:3]]
        connection.exec_driver_sql(statements[3].replace("%", "%%") if other == "SQLite" else statements[3])
    assert counts == [1, 2, 2]
    (order,) = books.sales_orders()
    assert order.status == "Committed"
    assert order.status_changed_at is not None
    assert order.status_changed_at.utcoffset() is not None
