"""The main job from end to end, without an account: `avbc demo`.

A store on loopback, the embedded books, and an import between them. The store holds orders of every
shape that BigCommerce sends, good and bad. The books are a file in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from avbc.acctvantage import SqlGateway
from avbc.documentation import see
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import example
from avbc.testing.fakestore.store import FakeStore


def main() -> None:
    """Run it, and print what happens."""
    for each in shown():
        print(each, end="\n\n")


def run(books_file: Path) -> None:
    """Run it with books in a file."""
    for each in _steps(books_file):
        print(each, end="\n\n")


def shown() -> Iterator[object]:
    """Run it, and yield what there is to show: reports and texts."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _steps(Path(folder) / "books.db")
    yield (
        "The store and the books of this demo are gone now. What was advised above is for a store "
        f"and books of your own, which the tutorial sets up step by step:\n{see('tutorial')}."
    )


def _steps(books_file: Path) -> Iterator[object]:
    store = FakeStore()
    example.populate(store, orders=45)

    with store.serve() as served, SqlGateway(f"sqlite:///{books_file}") as books:
        books.load(example.books_toml)
        settings = Settings.from_dict(example.settings_dict(served.api_url))

        with Orchestrator(settings, books) as web:
            yield web.test_connection()
            yield web.check_setup()

            report = web.import_orders()
            yield report

            yield web.explain(report.imported[0].order_id)

            balances = books.trial_balance([order.import_id for order in report.imported[:5]])
            lines = (
                f"  {balance.import_id}: total {balance.total}, received {balance.receipts:.2f}, "
                f"difference {balance.difference:.2f}"
                for balance in balances
            )
            yield "\n".join(["The books, read back:", *lines])

            # As if the last run had died between the books and the status: the order is in the
            # books and New in the store.
            store.edit_order(report.imported[0].order_id, status_id=11)
            yield "A second run imports nothing twice:"
            yield web.import_orders()
