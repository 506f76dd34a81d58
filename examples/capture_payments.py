"""Authorized payments, captured and voided from the books.

Without an account: a store on loopback and the embedded books.

    python examples/capture_payments.py

The gateway takes its time: what it was asked for shows when `store.settle()` says so.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

import avbc
from avbc.testing import FakeStore, Payment, example, item

CARD = Payment(state="authorized")
PAYPAL = Payment("PayPal", "paypal", "authorized")


def main(folder: Path) -> None:
    store = FakeStore(settle_after=None)
    example.populate(store, orders=0)

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))
        # The box of the manual (2.2.4): the store only authorizes, AcctVantage captures.
        settings = attrs.evolve(
            settings,
            gl=attrs.evolve(settings.gl, credit_card_transactions_are_preauthorizations=True),
        )

        with avbc.Orchestrator(settings, books) as web:
            yesterday = datetime.now(UTC) - timedelta(days=1)
            mug, lamp, rug = (
                store.place_order([item(sku)], payment=payment, created=yesterday)
                for sku, payment in [("MUG-BLUE", CARD), ("LAMP-01", PAYPAL), ("RUG-WOOL", CARD)]
            )
            forgotten = store.place_order(
                [item("TEAPOT-01")], payment=CARD, created=yesterday - timedelta(days=8)
            )
            web.import_orders()
            print("Imported as held, with nothing received:")
            for one in books.receipts():
                print(
                    f"  {one.import_id}: {one.receipt_type}, {one.state}, "
                    f"{one.pre_auth_amount:.2f} held, {one.amount:.2f} received"
                )

            # What a user of AcctVantage does when the goods leave, or when an order is abandoned.
            books.want_capture(f"WEB{mug.id}-1")
            books.want_capture(f"WEB{lamp.id}-1")
            books.want_void(f"WEB{rug.id}-1")
            store.set_payment_result(lamp.id, "declined")

            print(
                f"\nWhat would be sent (WEB{forgotten.id} is only reported: its capture was not "
                "requested):"
            )
            print(web.capture_payments(preview=True))

            print("\nSent; the gateway is processing it:")
            print(web.capture_payments())

            store.settle()
            print("\nThe next run reads the result:")
            print(web.capture_payments())

            print("\nThe books now:")
            for one in books.receipts():
                print(
                    f"  {one.import_id}: {one.receipt_type}, {one.state}, {one.amount:.2f} received"
                )
            print("\nWhat was done for the first of them:")
            print(web.history(mug.id))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
