"""A journal file a day for AcctVantage, from the books alone.

Without an account: a store on loopback, with a clock of its own, and the embedded books.

python examples/daily_journal.py
"""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import avbc
from avbc.testing import FakeStore, Payment, example, item

JOURNAL = {
    "receivable": "11200",
    "pending": "11300",
    "rounding": "69900",
    "sales": "40000",
    "freight": "41000",
    "returns": "49000",
    "tax": [{"tax_area": "BigCommerce", "gl_code": "22000"}],
    "clearing": [
        {"receipt_type": "Visa/MC", "gl_code": "10500"},
        {"receipt_type": "PayPal", "gl_code": "10510"},
        {"receipt_type": "GiftCard", "gl_code": "25500-000-000"},
        {"receipt_type": "StoreCredit", "gl_code": "25600"},
    ],
}
MONDAY = datetime(2026, 3, 2, 17, tzinfo=UTC)


class Clock:
    """The store's clock, which the example moves."""

    now = MONDAY

    def __call__(self) -> float:
        return self.now.timestamp()


def main(folder: Path) -> None:
    clock = Clock()
    store = FakeStore(clock=clock)
    example.populate(store, orders=0)
    # The books say that orders are handed over by a journal; AcctVantage has these accounts.
    toml = 'hand_over = "journal"\n' + example.books_toml
    codes = '"11200", "11300", "69900", "40000", "41000", "49000", "22000", "10500", "10510", '
    toml = toml.replace("gl_accounts = [", f'gl_accounts = [{codes}"25600", ')
    journals = folder / "journals"
    journals.mkdir()

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(toml)
        values = example.settings_dict(served.api_url)
        box = "credit_card_transactions_are_preauthorizations"
        gl = {**values["gl"], "import_refunds": True, box: True}
        settings = avbc.Settings.from_dict({**values, "gl": gl, "journal": JOURNAL})

        with avbc.Orchestrator(settings, books) as web:
            mugs = store.place_order([item("MUG-RED", 3)])
            held = Payment("Credit Card", "authorizenet", "authorized")
            lamp = store.place_order([item("LAMP-01")], payment=held)
            web.import_orders()

            clock.now += timedelta(days=1)
            first, *_ = (int(str(line["id"])) for line in mugs.products)
            store.refund(mugs.id, items={first: 1}, reason="One mug was chipped")
            total = books.sales_orders([f"WEB{lamp.id}"])[0].total
            store.add_transaction(lamp.id, "capture", total, payment_status="captured")
            store.place_order([item("TEAPOT-01")])
            web.import_orders()
            web.follow_orders()
            web.import_refunds()

            print("Every night, for the day that is over:")
            report = web.write_journal(journals, through=date(2026, 3, 3))
            print(report.summary().replace(str(folder), "."), end="\n\n")
            for file in report.files:
                print(file.path.name)
                print(file.path.read_text(encoding="utf-8"))

            print("Once more, and nothing is added:")
            print(web.write_journal(journals, through=date(2026, 3, 3)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
