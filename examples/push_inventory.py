"""Quantities from the books to the store.

Without an account: a store on loopback and the embedded books.

python examples/push_inventory.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import avbc
from avbc.testing import FakeStore, example, item

MUG = "MUG-BLUE"


def main(folder: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=0)

    def in_store() -> str:
        # BigCommerce carries quantities out in the background: here they are carried out now.
        store.settle()
        return (
            f"  {MUG}: {store.inventory()[MUG]} in the store, "
            f"{books.available('Main', [MUG])[MUG]} available in the books"
        )

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        with avbc.Orchestrator(settings, books) as web:
            print("The first push sends all quantities:")
            print(web.push_inventory().summary())
            print(in_store(), end="\n\n")

            print(
                "A shopper buys three, and twenty come in before the order is imported. What was "
                "sold does not go back on sale:"
            )
            store.place_order([item(MUG, 3)])
            books.set_quantity(MUG, "Main", 120)
            print(web.push_inventory(preview=True).sent[0])
            print(web.push_inventory().summary())
            print(in_store(), end="\n\n")

            print("Once the order is imported, the books say the same by themselves:")
            web.import_orders()
            print(web.push_inventory().summary())
            print(in_store(), end="\n\n")

            print("If nothing changed, no request is sent:")
            print(web.push_inventory().summary(), end="\n\n")

            print("A product that the store lacks is reported, and the rest is sent:")
            products = folder / "products.csv"
            products.write_text(
                "part_number,name,product_class\nGHOST,Ghost,Goods\n", encoding="utf-8"
            )
            books.load_products(products)
            books.set_quantity("GHOST", "Main", 5)
            books.set_quantity(MUG, "Main", 80)
            print(web.push_inventory())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
