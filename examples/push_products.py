"""Product details from the books to the store.

Without an account: a store on loopback and the embedded books.

python examples/push_products.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import avbc
from avbc.testing import FakeStore, example

PRODUCTS = """\
part_number,name,product_class,list_price,sell_price,weight
MUG-BLUE,Blue mug,Goods,9.95,9.95,1
MUG-RED,Red mug,Goods,9.95,7.95,1
BOWL-01,Bowl,Goods,14.50,14.50,1
APRON-S,"Apron, small",Goods,24.00,24.00,1
"""


def main(folder: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=0)
    products = folder / "products.csv"

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        with avbc.Orchestrator(settings, books) as web:
            print("The first push looks up which products the store has, and sends all of them:")
            print(web.push_products(), end="\n\n")

            print(
                "In the books one price falls, one product is new, and one that is a variant in "
                "the store has another price:"
            )
            products.write_text(PRODUCTS, encoding="utf-8")
            books.load_products(products)
            report = web.push_products(preview=True)
            print(report, end="\n\n")
            print("Where each value of the new product comes from:")
            print(next(change for change in report.sent if change.key == "BOWL-01"), end="\n\n")
            print(web.push_products(), end="\n\n")

            print(
                "Somebody made a product of that name in the store, so one name cannot be sent; "
                "the others go through:"
            )
            store.add_product({"sku": "ELSEWHERE", "name": "Blue cup"})
            products.write_text(
                PRODUCTS.replace("Blue mug", "Blue cup").replace("Red mug", "Red cup"),
                encoding="utf-8",
            )
            books.load_products(products)
            print(web.push_products())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
