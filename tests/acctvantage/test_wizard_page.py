"""docs/files.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avbc.acctvantage import Address, Client, Product, SqlGateway
from avbc.acctvantage.files import exports

PAGE = Path(__file__).parents[2] / "docs" / "files.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    toml = 'warehouses = [{ name = "Main" }]\n'
    Path("books.toml").write_text(toml, encoding="utf-8")
    Path("export.csv").write_text("SKU,Title,Product Class\nA,Mug,Goods\n", encoding="utf-8")
    Path("aliases.csv").write_text("Part Number,Alias\nA,B\n", encoding="utf-8")
    Path("customers.csv").write_text("Last,First,City\nRivera,Ana,Austin\n", encoding="utf-8")
    Path("stock.csv").write_text("Part Number,Warehouse,On hand\nA,Main,3\n", encoding="utf-8")
    with SqlGateway("sqlite:///books.db") as books:
        books.load("books.toml")
        names: dict[str, object] = {"books": books}
        section = TEXT[TEXT.index("## The Import Wizard") :]
        for block in re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE):
            exec(block, names)
            names["books"] = books
        assert books.products() == [Product("A", "Mug", "Goods", aliases=("B",))]
        assert books.clients() == [Client("Rivera", "Ana", address=Address(city="Austin"), id=1)]
        assert books.available("Main") == {"A": 3}


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("products", exports.PRODUCTS_FILE),
        ("aliases", exports.ALIASES_FILE),
        ("clients", exports.CLIENTS_FILE),
        ("quantities (read only)", exports.QUANTITIES_FILE),
    ],
)
def test_every_field_is_listed(row: str, kind: exports.FileKind) -> None:
    (line,) = (line for line in TEXT.splitlines() if line.startswith(f"| {row} |"))
    cells = [cell.strip() for cell in line.split("|")[2].split(",")]
    required = {field for field, key in kind.fields.items() if key in kind.table.required}
    assert [cell.strip("*") for cell in cells] == list(kind.fields)
    assert {cell.strip("*") for cell in cells if cell.startswith("**")} == required
