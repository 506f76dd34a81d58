"""Every order of a period in both systems, and what other settings would change.

Without an account: a store on loopback and the embedded books.

python examples/reconcile.py
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import attrs
import sqlalchemy as sa

import avbc
from avbc.testing import FakeStore, example

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


def main(folder: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=45)

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        with avbc.Orchestrator(settings, books) as web:
            first, second, *_ = (outcome.order_id for outcome in web.import_orders().imported)
            print("After the import:")
            print(web.reconcile(since=SINCE), end="\n\n")

            # What happens over the weeks: somebody types in a total, deletes an order, sets another
            # to Completed without its import.
            with books.engine.begin() as connection:
                wrong = {
                    "total": str(books.sales_orders([f"WEB{first}"])[0].total - 1),
                    "id": f"WEB{first}",
                }
                connection.execute(
                    sa.text("UPDATE sales_orders SET total = :total WHERE import_id = :id"), wrong
                )
            store.delete_order(second)
            store.edit_order(store.place_order().id, status_id=10)
            report = web.reconcile(since=SINCE)
            print("A month later:")
            print(report, end="\n\n")
            print("As data:", [(found.import_id, found.verdict) for found in report], end="\n\n")

            print(
                "Before other settings are put in force, they are tried on the orders that came in:"
            )
            methods = [row for row in settings.gl.payment_methods if row.bigcommerce != "PayPal"]
            other = attrs.evolve(
                settings,
                gl=attrs.evolve(settings.gl, payment_methods=methods),
                order_status=attrs.evolve(
                    settings.order_status, new_sales_order_status="Committed"
                ),
            )
            backtest = web.backtest(other, since=SINCE)
            print(backtest.summary())
            print("Not imported any more:", [found.order_id for found in backtest.newly_refused])
            print(
                "The first of the others:",
                next(found for found in backtest if found.after == "imported"),
            )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
