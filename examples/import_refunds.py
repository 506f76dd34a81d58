"""Refunds made in the store, as credits in the books.

Without an account: a store on loopback and the embedded books.

python examples/import_refunds.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import attrs

import avbc
from avbc.testing import FakeStore, example, item


def main(folder: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=0)

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))
        # Off by default: where refunds are entered by hand, they would be there twice.
        settings = attrs.evolve(settings, gl=attrs.evolve(settings.gl, import_refunds=True))

        with avbc.Orchestrator(settings, books) as web:
            order = store.place_order([item("MUG-RED", 3), item("TEAPOT-01")])
            web.import_orders()

            first, *_ = (int(str(line["id"])) for line in order.products)
            store.refund(order.id, items={first: 1}, reason="One mug was chipped")
            print("One mug goes back:")
            print(web.import_refunds(), end="\n\n")

            store.refund(order.id, reason="The rest came too late")
            report = web.import_refunds(preview=True)
            print("Then the rest. Where each value would come from:")
            print(report.sent[0], end="\n\n")
            print(web.import_refunds(), end="\n\n")

            print("The credits in the books:")
            for credit in books.credits():
                print(
                    f"  {credit.import_id}: {credit.total} with {credit.tax} tax. {credit.reason}"
                )
                for line in credit.lines:
                    print(
                        f"    {line.kind}: {line.quantity or ''} {line.description} {line.amount} "
                        f"+ {line.tax}"
                    )
            paid, back = (
                books.sales_orders()[0].total,
                sum(credit.total for credit in books.credits()),
            )
            print(f"  paid {paid}, refunded {back}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
