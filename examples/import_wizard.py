"""Files for AcctVantage's Import Wizard, from another system's export.

Without an account: the embedded books.

python examples/import_wizard.py
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

from attrs import evolve

import avbc
from avbc.acctvantage.files import Layout, products_since, write_aliases, write_products

EXPORT = """\
SKU;Color;Title;Class;Retail
MUG-1;blue;Mug;Goods;1.009,95
CUP-1;red;Cup;Goods;4,50
"""
ALIASES = "Part Number\tAlias\nMUG-1\t4006381333931\n"
SHOP = Layout(
    {"Part Number": "SKU", "Name": "Title", "Product Class": "Class", "List Price": "Retail"},
    decimal_mark=",",
)


def main(folder: Path) -> None:
    export, aliases = folder / "export.csv", folder / "aliases.txt"
    export.write_text(EXPORT, encoding="utf-8")
    aliases.write_text(ALIASES, encoding="utf-8")
    with avbc.SqlGateway() as books:
        print("products read:", books.load_products(export, SHOP))
        print("aliases read:", books.load_aliases(aliases))

        written = folder / "products.txt"
        print("products for the Wizard:", write_products(written, books.products()))
        print("aliases for the Wizard:", write_aliases(folder / "wizard.txt", books.products()))

        cup, mug = books.products()
        changes = products_since([evolve(cup, list_price=Decimal("5.00")), mug], written)
        changed = folder / "changed.txt"
        write_products(changed, changes.changed, update=True)
        print("changed since then, without what cannot change:")
        print(changed.read_text(encoding="utf-8"))

        export.write_text(EXPORT + "PEN-1;;;Goods;free\n", encoding="utf-8")
        try:
            books.load_products(export, SHOP)
        except avbc.BooksFileError as error:
            print(str(error).replace(str(folder), "."))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
