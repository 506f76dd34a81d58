"""The main job from end to end, without an account: `avbc demo`.

A store on loopback, the embedded books, and an import between them. The store holds orders of every
shape that BigCommerce sends, good and bad. The books are a file in a temporary folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import example
from avbc.testing.fakestore.store import FakeStore


def main() -> None:
    """Run it, and print what happens."""
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder) / "books.db")


def run(books_file: Path) -> None:
    """Run it with books in a file."""
    store = FakeStore()
    example.populate(store, orders=45)

    with store.serve() as served, SqlGateway(f"sqlite:///{books_file}") as books:
        books.load(example.books_toml)
        settings = Settings.from_dict(example.settings_dict(served.api_url))

        with Orchestrator(settings, books) as web:
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
