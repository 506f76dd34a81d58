"""Shipments with their tracking numbers.

Without an account: a store on loopback and the embedded books.

python examples/push_shipments.py
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import avbc
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem
from avbc.testing import FakeStore, OrderFactory, example, item


def main(folder: Path) -> None:
    store = FakeStore()
    order_id = store.add_order(OrderFactory().order([item("MUG-RED", 3), item("TOWEL-ST")])).id

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        with avbc.Orchestrator(settings, books) as web:
            web.import_orders()
            (order,) = books.sales_orders([f"WEB{order_id}"])
            mugs, towel = (
                line.store_line_id or 0 for line in order.lines if line.kind == "product"
            )

            print("Two mugs go out in one parcel:")
            two = (ShippedItem(mugs, Decimal(2)),)
            books.add_shipment(
                Shipment(1, order.import_id, two, (Parcel("1Z999AA10123456784"),), carrier="UPS")
            )
            print(web.push_shipments(preview=True), end="\n\n")
            print(web.push_shipments(), end="\n\n")

            print(
                "The rest follows in two parcels, and the answer to one of them is lost on its way:"
            )
            parcels = (
                Parcel("794601234567", (ShippedItem(mugs, Decimal(1)),)),
                Parcel("794601234568", (ShippedItem(towel, Decimal(1)),)),
            )
            books.add_shipment(
                Shipment(2, order.import_id, parcels=parcels, carrier="FedEx Ground")
            )
            store.fail("POST */shipments", "504_after")
            print(web.push_shipments(), end="\n\n")

            print("The next run finds in the store what was sent, so nothing is sent twice:")
            print(web.push_shipments(), end="\n\n")

            print("What the customer sees:")
            for shipment in web.store.order_shipments.list(order_id):
                units = sum(line.quantity for line in shipment.items)
                carrier = shipment.shipping_provider_display_name or shipment.shipping_provider
                print(f"  {units} by {carrier}, {shipment.tracking_number}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
