"""Clients of the books as customers of the store.

Without an account: a store on loopback and the embedded books.

python examples/export_clients.py
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import avbc
from avbc.testing import FakeStore, example

CLIENTS = """\
clients = [
    { name = "Rivera", first_name = "Ana", email = "ana@example.com", phone = "555-0101", \
address = { address_1 = "1 Example Street", city = "Austin", state = "TX", \
zip = "78701", country = "United States" } },
    { name = "Okafor", first_name = "Bo", email = "bo@example.com" },
    { name = "Example Garden Inc", email = "garden@example.com" },
]
"""


def main(folder: Path) -> None:
    store = FakeStore()
    store.add_customer(
        {"email": "bo@example.com", "first_name": "Bo", "last_name": "O.", "company": "Example Inc"}
    )

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        books.load(CLIENTS)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        with avbc.Orchestrator(settings, books) as web:
            print("What would be sent:")
            print(web.export_clients(preview=True), end="\n\n")

            print(
                "One is new, one is found by email and bound, and a required field is missing of "
                "the others:"
            )
            print(web.export_clients(), end="\n\n")

            for client in books.clients():
                print(
                    f"  {client.name}: customer {client.store_customer_ids.get('WEB', '-')} in "
                    "the store"
                )
            for customer in web.store.customers.list(include=["addresses"]):
                states = (
                    ", ".join(address.state_or_province for address in customer.addresses or ())
                    or "no address"
                )
                print(
                    f"  customer {customer.id}: {customer.first_name} {customer.last_name}, "
                    f"{customer.company or 'no company'}, {states}"
                )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
