"""Order statuses, one way and then the other.

Without an account: a store on loopback, the embedded books, and a mapping between them.

python examples/push_statuses.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import attrs

import avbc
from avbc.settings import StatusMapping
from avbc.testing import FakeStore, example

MAPPING = (
    StatusMapping(acctvantage="Packed", bigcommerce="Awaiting Pickup"),
    StatusMapping(acctvantage="Shipped/Invoice", bigcommerce="Shipped"),
    StatusMapping(acctvantage="Posted", bigcommerce="Completed"),
)


def main(folder: Path) -> None:
    store = FakeStore()
    first, second, third = (store.add_order(order).id for order in example.plain_orders(3))

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))
        pushing = attrs.evolve(
            settings,
            order_status=attrs.evolve(settings.order_status, updates="push", mapping=MAPPING),
        )

        with avbc.Orchestrator(pushing, books) as web:
            web.import_orders()

            print(
                "In AcctVantage one order is shipped and another picked, which the mapping does "
                "not have:"
            )
            books.set_order_status(f"WEB{first}", "Shipped/Invoice")
            books.set_order_status(f"WEB{second}", "Picked")
            preview = web.push_order_statuses(preview=True)
            print(preview, end="\n\n")
            print("Why:", preview.sent[0], sep="\n", end="\n\n")
            print(web.push_order_statuses(), end="\n\n")

            print("If nothing changed, no request is sent:")
            print(web.push_order_statuses(), end="\n\n")

        # The other way needs other settings: never both (manual 2.1.6).
        pulling = attrs.evolve(
            pushing, order_status=attrs.evolve(pushing.order_status, updates="pull")
        )
        with avbc.Orchestrator(pulling, books) as web:
            web.pull_order_statuses()

            print("In the store one order is completed, another canceled, and a third is ready:")
            store.edit_order(first, status_id=10)
            store.edit_order(second, status_id=5)
            store.edit_order(third, status_id=8)
            print(web.pull_order_statuses(), end="\n\n")
            for order in books.sales_orders():
                print(
                    f"{order.import_id} is {order.status} in AcctVantage: no change in the store "
                    "ever posts an order."
                )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
