"""The main job from end to end.

Without an account: a store on loopback, the embedded books, and an import between them.

    python examples/quickstart.py [books.db]

The store holds orders of every shape that BigCommerce sends, good and bad. Without an argument the
books are a file in a temporary folder.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import avbc
from avbc.testing import FakeStore, example


def main(books_file: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=45)

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{books_file}") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        with avbc.Orchestrator(settings, books) as web:
            print(web.test_connection(), end="\n\n")
            print(web.check_setup(), end="\n\n")

            report = web.import_orders()
            print(report, end="\n\n")

            print(web.explain(report.imported[0].order_id), end="\n\n")

            print("The books, read back:")
            for balance in books.trial_balance(
                [outcome.import_id for outcome in report.imported[:5]]
            ):
                print(
                    f"  {balance.import_id}: total {balance.total}, received "
                    f"{balance.receipts:.2f}, difference {balance.difference:.2f}"
                )

            # As if the last run had died between the books and the status: the order is in the
            # books and New in the store.
            store.edit_order(report.imported[0].order_id, status_id=11)
            print("\nA second run imports nothing twice:", web.import_orders(), sep="\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder) / "books.db")
