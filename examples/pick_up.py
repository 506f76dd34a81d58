"""AcctVantage's side of the handshake: pick orders up by SQL, and answer.

A stand-in for AcctVantage with a database of its own. It reaches the books by the SQL statements of
`docs/handshake.md` alone, never through avbc. It may be killed at any line and started again.

    python examples/pick_up.py [books.db or a PostgreSQL URL] [erp.db]

Without arguments: a store on loopback, books in a file, and a day of both sides.
"""

from __future__ import annotations

import importlib
import json
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import avbc
from avbc.testing import FakeStore, OrderFactory, example, item

Row = Mapping[str, Any]

STATEMENTS = {
    "orders": """
        SELECT import_id, version, client_id, client, total, tax, tax_area, freight, rounding,
               warehouse, ship_via, po_number, memo
        FROM orders_to_enter ORDER BY import_id
    """,
    "client": """
        SELECT id, client_number, import_id, name, first_name, email, phone
        FROM clients_to_enter WHERE id = :client_id
    """,
    "ship tos": """
        SELECT position, name, attention, address_1, address_2, city, state, zip, country
        FROM order_ship_tos_to_enter WHERE order_import_id = :import_id ORDER BY position
    """,
    "lines": """
        SELECT position, kind, part_number, description, quantity, to_ship, unit_price, amount,
               gl_code, ship_to, store_line_id
        FROM order_lines_to_enter WHERE order_import_id = :import_id ORDER BY position
    """,
    "discounts": """
        SELECT position, code, amount, gl_code
        FROM order_discounts_to_enter WHERE order_import_id = :import_id ORDER BY position
    """,
    "receipts of an order": """
        SELECT import_id FROM receipts WHERE order_import_id = :import_id ORDER BY import_id
    """,
    "entered": """
        INSERT INTO acknowledgements (import_id, version, document_number, status, client_number)
        VALUES (:import_id, :version, :document_number, :status, :client_number)
    """,
    "refused": """
        INSERT INTO acknowledgements (import_id, version, refused_code, refused_text)
        VALUES (:import_id, :version, :refused_code, :refused_text)
    """,
    "receipts": """
        SELECT import_id, version, order_import_id, receipt_type, state, amount, pre_auth_amount,
               gateway, gateway_transaction_id
        FROM receipts_to_enter ORDER BY import_id
    """,
    "credits": """
        SELECT import_id, version, order_import_id, total, tax, reason
        FROM credits_to_enter ORDER BY import_id
    """,
    "credit lines": """
        SELECT position, kind, part_number, description, quantity, amount
        FROM credit_lines_to_enter WHERE credit_import_id = :import_id ORDER BY position
    """,
    "credit tenders": """
        SELECT position, receipt_type, amount
        FROM credit_tenders_to_enter WHERE credit_import_id = :import_id ORDER BY position
    """,
    "status": """
        UPDATE sales_orders SET status = :status WHERE import_id = :import_id
    """,
    "shipment": """
        INSERT INTO shipments_in (number, order_import_id, ship_via, carrier)
        VALUES (:number, :order_import_id, :ship_via, :carrier)
    """,
    "shipment item": """
        INSERT INTO shipment_items_in (number, store_line_id, quantity)
        VALUES (:number, :store_line_id, :quantity)
    """,
    "shipment parcel": """
        INSERT INTO shipment_parcels_in (number, tracking_number)
        VALUES (:number, :tracking_number)
    """,
    "shipment complete": """
        INSERT INTO shipments_complete (number) VALUES (:number)
    """,
    "quantity": """
        INSERT INTO quantities_in (warehouse, part_number, available)
        VALUES (:warehouse, :part_number, :available)
    """,
    "capture": """
        INSERT INTO captures_wanted (import_id, wanted) VALUES (:import_id, :wanted)
    """,
}
"""Every statement that reaches the books, by its name on the page."""


class Database:
    """A connection, its transactions, and its rows by the names of their columns."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def execute(self, sql: str, values: Mapping[str, object] | None = None) -> list[Row]:
        cursor = self.connection.execute(sql, values or {})
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done in it, or nothing of it."""
        try:
            yield
            self.connection.commit()
        except BaseException:
            self.connection.rollback()
            raise

    def close(self) -> None:
        self.connection.close()


class Books(Database):
    """The staging database: a SQLite file or a PostgreSQL URL."""

    def __init__(self, url: str) -> None:
        self.is_postgresql = url.startswith("postgresql")
        if self.is_postgresql:
            psycopg = importlib.import_module("psycopg")
            address = url.replace("postgresql+psycopg:", "postgresql:")
            super().__init__(psycopg.connect(address))
            # What a trigger or a constraint refuses; a lost connection is no refusal.
            self.refusal = (psycopg.errors.RaiseException, psycopg.IntegrityError)
        else:
            super().__init__(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30))
            self.refusal = (sqlite3.IntegrityError,)

    def run(self, name: str, **values: object) -> list[Row]:
        """Run one of the statements. Amounts go in as text: exact on both databases."""
        sql = STATEMENTS[name]
        return self.execute(
            re.sub(r":(\w+)", r"%(\1)s", sql) if self.is_postgresql else sql, values
        )


class Refused(Exception):
    """AcctVantage does not take a record: a code, and words for a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code, self.text = code, text


class Erp(Database):
    """What stands for AcctVantage: clients, documents, receipts, parts and shipments.

    What the books were sent last is kept: where it differs, something is to be sent.
    """

    def __init__(self, file: Path | str) -> None:
        super().__init__(sqlite3.connect(file))
        self.connection.executescript("""
            CREATE TABLE IF NOT EXISTS clients (number INTEGER PRIMARY KEY, other_id INTEGER UNIQUE,
                name, first_name, email, phone);
            CREATE TABLE IF NOT EXISTS parts (part_number TEXT PRIMARY KEY, on_hand, sent);
            CREATE TABLE IF NOT EXISTS documents (number INTEGER PRIMARY KEY, import_id TEXT UNIQUE,
                client, total, content, status, status_sent);
            CREATE TABLE IF NOT EXISTS reserved (import_id, part_number, quantity);
            CREATE TABLE IF NOT EXISTS receipts (number INTEGER PRIMARY KEY, import_id TEXT UNIQUE,
                order_import_id, receipt_type, state, amount, wanted, wanted_sent);
            CREATE TABLE IF NOT EXISTS credit_memos (number INTEGER PRIMARY KEY,
                import_id TEXT UNIQUE, order_import_id, total, content);
            CREATE TABLE IF NOT EXISTS shipments (number INTEGER PRIMARY KEY, order_import_id,
                ship_via, carrier, items, parcels, changes, changes_sent);
        """)

    def change(self, sql: str, **values: object) -> None:
        """Do what a person does in AcctVantage."""
        with self.transaction():
            self.execute(sql, values)

    def stock(self, part_number: str, on_hand: int) -> None:
        """Let a part be in AcctVantage, with so many on hand before any document takes some."""
        self.change(
            "INSERT INTO parts (part_number, on_hand) VALUES (:part_number, :on_hand) "
            "ON CONFLICT (part_number) DO UPDATE SET on_hand = excluded.on_hand",
            part_number=part_number,
            on_hand=on_hand,
        )

    def ship(
        self, import_id: str, number: int, items: Sequence[tuple[int, str]], parcels: Sequence[str]
    ) -> None:
        """Let goods leave: quantities by the store's line id, and a tracking number a parcel."""
        self.change(
            "INSERT INTO shipments (number, order_import_id, ship_via, carrier, items, parcels, "
            "changes) VALUES (:number, :import_id, 'UPS Ground', 'UPS', :items, :parcels, 1) "
            "ON CONFLICT (number) DO UPDATE SET items = excluded.items, "
            "parcels = excluded.parcels, changes = changes + 1",
            number=number,
            import_id=import_id,
            items=json.dumps([{"store_line_id": line, "quantity": of} for line, of in items]),
            parcels=json.dumps([{"tracking_number": each} for each in parcels]),
        )

    def find(self, sql: str, values: Row) -> Row | None:
        """Return the first row, if there is one."""
        found = self.execute(sql, values)
        return found[0] if found else None

    def enter_client(self, client: Row) -> int:
        """Return the number of a client, who is created where AcctVantage does not know them."""
        if client["client_number"]:
            return int(client["client_number"])
        self.execute(
            "INSERT INTO clients (other_id, name, first_name, email, phone) "
            "VALUES (:id, :name, :first_name, :email, :phone) ON CONFLICT DO NOTHING",
            client,
        )
        (there,) = self.execute("SELECT number FROM clients WHERE other_id = :id", client)
        return int(there["number"])

    def enter_order(self, order: Row, client: Row, parts: Mapping[str, list[Row]]) -> Row:
        """Enter an order, or bring the document that has its Import ID to what is offered."""
        for line in parts["lines"]:
            find_part = "SELECT 1 FROM parts WHERE part_number = :part_number"
            if line["part_number"] and not self.find(find_part, line):
                part = line["part_number"]
                raise Refused("UNKNOWN_PART", f"Part Number {part} is not in AcctVantage.")
        offered = {name: value for name, value in order.items() if name != "version"}
        values = {
            "import_id": order["import_id"],
            "client": self.enter_client(client),
            "total": str(order["total"]),
            "content": json.dumps([offered, parts], default=str),
        }
        find = "SELECT * FROM documents WHERE import_id = :import_id"
        there = self.find(find, values)
        if there is None:
            self.execute(
                "INSERT INTO documents (import_id, client, total, content, status) "
                "VALUES (:import_id, :client, :total, :content, 'Open')",
                values,
            )
        elif there["content"] != values["content"]:
            if there["status"] != "Open":
                text = f"Document {there['number']} is {there['status']}; change it by hand."
                raise Refused("NOT_OPEN", text)
            self.execute(
                "UPDATE documents SET client = :client, total = :total, content = :content "
                "WHERE import_id = :import_id",
                values,
            )
        self.reserve(order["import_id"], parts["lines"])
        for receipt in self.execute(
            "SELECT * FROM receipts WHERE order_import_id = :import_id", values
        ):
            if {"import_id": receipt["import_id"]} not in parts["receipts of an order"]:
                void = "UPDATE receipts SET state = 'voided' WHERE import_id = :import_id"
                self.execute(void, receipt)
        (entered,) = self.execute(find, values)
        return entered

    def reserve(self, import_id: str, lines: Sequence[Row]) -> None:
        """Reserve what a document takes, and send the Qty Available of its parts again.

        Also where it comes out the same: until then, the books take the order off, too.
        """
        document = {"import_id": import_id}
        again = (
            "UPDATE parts SET sent = NULL WHERE part_number IN "
            "(SELECT part_number FROM reserved WHERE import_id = :import_id)"
        )
        self.execute(again, document)
        self.execute("DELETE FROM reserved WHERE import_id = :import_id", document)
        for line in lines:
            self.execute(
                "INSERT INTO reserved (import_id, part_number, quantity) "
                "VALUES (:import_id, :part_number, :quantity)",
                {**line, **document, "quantity": float(line["quantity"])},
            )
        self.execute(again, document)

    def enter_receipt(self, receipt: Row) -> Row | None:
        """Enter a receipt, or bring the one with its Import ID to what is offered.

        Nothing is entered while its order is not here.
        """
        if not self.find("SELECT 1 FROM documents WHERE import_id = :order_import_id", receipt):
            return None
        self.execute(
            "INSERT INTO receipts (import_id, order_import_id, receipt_type, state, amount) "
            "VALUES (:import_id, :order_import_id, :receipt_type, :state, :amount) ON CONFLICT "
            "(import_id) DO UPDATE SET state = excluded.state, amount = excluded.amount",
            {**receipt, "amount": str(receipt["amount"])},
        )
        return self.find("SELECT * FROM receipts WHERE import_id = :import_id", receipt)

    def enter_credit(self, credit: Row, parts: Mapping[str, list[Row]]) -> Row | None:
        """Enter a credit memo once. A credit never changes."""
        if not self.find("SELECT 1 FROM documents WHERE import_id = :order_import_id", credit):
            return None
        content = json.dumps(parts, default=str)
        self.execute(
            "INSERT INTO credit_memos (import_id, order_import_id, total, content) "
            "VALUES (:import_id, :order_import_id, :total, :content) ON CONFLICT DO NOTHING",
            {**credit, "total": str(credit["total"]), "content": content},
        )
        return self.find("SELECT * FROM credit_memos WHERE import_id = :import_id", credit)


def take(books: Books, erp: Erp) -> list[str]:
    """Enter what the books offer, one document at a time, and answer each. Return what was done."""
    return [*_take_orders(books, erp), *_take_receipts(books, erp), *_take_credits(books, erp)]


def _take_orders(books: Books, erp: Erp) -> Iterator[str]:
    for order in _read(books, "orders"):
        # The version was read first. Where the order changes from here on, this version is an old
        # one: the answer to it changes nothing, and the next version is offered.
        client = _read(books, "client", client_id=order["client_id"])
        names = ("ship tos", "lines", "discounts", "receipts of an order")
        parts = {name: _read(books, name, import_id=order["import_id"]) for name in names}
        if not client or not parts["lines"]:
            continue  # It is no longer offered.
        try:
            with erp.transaction():
                document = erp.enter_order(order, client[0], parts)
        except Refused as refused:
            yield _answer(
                books, "refused", order, refused_code=refused.code, refused_text=refused.text
            )
        else:
            yield _answer(
                books,
                "entered",
                order,
                document_number=str(document["number"]),
                status=document["status"],
                client_number=str(document["client"]),
            )


def _take_receipts(books: Books, erp: Erp) -> Iterator[str]:
    for receipt in _read(books, "receipts"):
        with erp.transaction():
            entered = erp.enter_receipt(receipt)
        if entered is not None:
            yield _entered(books, receipt, entered)


def _take_credits(books: Books, erp: Erp) -> Iterator[str]:
    for credit in _read(books, "credits"):
        names = ("credit lines", "credit tenders")
        parts = {name: _read(books, name, import_id=credit["import_id"]) for name in names}
        with erp.transaction():
            entered = erp.enter_credit(credit, parts)
        if entered is not None:
            yield _entered(books, credit, entered)


def _read(books: Books, name: str, **values: object) -> list[Row]:
    with books.transaction():
        return books.run(name, **values)


def _entered(books: Books, record: Row, entered: Row) -> str:
    number = str(entered["number"])
    return _answer(books, "entered", record, document_number=number, status="", client_number="")


def _answer(books: Books, name: str, record: Row, **values: object) -> str:
    about = f"{record['import_id']}, version {record['version']}"
    try:
        with books.transaction():
            books.run(name, import_id=record["import_id"], version=record["version"], **values)
    except books.refusal as error:
        return f"{about}: the answer was not taken: {str(error).splitlines()[0]}"
    said = values.get("refused_text") or f"document {values['document_number']}"
    return f"{about}: {name}: {said}"


def send(books: Books, erp: Erp) -> list[str]:
    """Send what changed in AcctVantage since it was last sent. Sending twice changes nothing.

    The quantities are read after all that was entered is answered: they are without its goods.
    """
    return [
        *_send_quantities(books, erp),
        *_send_statuses(books, erp),
        *_send_shipments(books, erp),
        *_send_wanted(books, erp),
    ]


def _send_statuses(books: Books, erp: Erp) -> Iterator[str]:
    for row in erp.execute("SELECT * FROM documents WHERE status_sent IS NOT status"):
        yield _sent(books, f"{row['import_id']} is {row['status']}", [("status", row)])
        with erp.transaction():
            sql = "UPDATE documents SET status_sent = :status WHERE number = :number"
            erp.execute(sql, row)


def _send_shipments(books: Books, erp: Erp) -> Iterator[str]:
    for row in erp.execute("SELECT * FROM shipments WHERE changes_sent IS NOT changes"):
        number = {"number": row["number"]}
        yield _sent(
            books,
            f"shipment {row['number']} of {row['order_import_id']}",
            [
                ("shipment", row),
                *(("shipment item", {**number, **each}) for each in json.loads(row["items"])),
                *(("shipment parcel", {**number, **each}) for each in json.loads(row["parcels"])),
                ("shipment complete", number),
            ],
        )
        with erp.transaction():
            sql = "UPDATE shipments SET changes_sent = :changes WHERE number = :number"
            erp.execute(sql, row)


def _send_quantities(books: Books, erp: Erp) -> Iterator[str]:
    for row in erp.execute(
        "SELECT * FROM (SELECT part_number, sent, on_hand - (SELECT TOTAL(quantity) FROM reserved "
        "AS r WHERE r.part_number = p.part_number) AS available FROM parts AS p) "
        "WHERE sent IS NOT available"
    ):
        about = f"{row['available']:g} of {row['part_number']} available"
        values = {**row, "warehouse": "Main", "available": f"{row['available']:g}"}
        yield _sent(books, about, [("quantity", values)])
        with erp.transaction():
            sql = "UPDATE parts SET sent = :available WHERE part_number = :part_number"
            erp.execute(sql, row)


def _send_wanted(books: Books, erp: Erp) -> Iterator[str]:
    for row in erp.execute("SELECT * FROM receipts WHERE wanted_sent IS NOT wanted"):
        yield _sent(books, f"{row['wanted']} of {row['import_id']} is wanted", [("capture", row)])
        with erp.transaction():
            sql = "UPDATE receipts SET wanted_sent = :wanted WHERE number = :number"
            erp.execute(sql, row)


def _sent(books: Books, about: str, statements: Sequence[tuple[str, Row]]) -> str:
    try:
        with books.transaction():
            for name, values in statements:
                books.run(name, **values)
    except books.refusal as error:
        return f"{about}: not taken: {str(error).splitlines()[0]}"
    return f"{about}: sent"


def main(folder: Path) -> None:
    """One day: orders come in, one is refused, goods leave, a payment is captured."""
    store = FakeStore()
    factory = OrderFactory()
    mugs = store.add_order(factory.order([item("MUG-RED", 3), item("TOWEL-ST")])).id
    lamp = store.add_order(factory.order([item("LAMP-01")])).id
    file = folder / "books.db"

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{file}") as gateway:
        gateway.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))
        with (
            avbc.Orchestrator(settings, gateway) as web,
            closing(Books(str(file))) as books,
            closing(Erp(folder / "erp.db")) as erp,
        ):
            print(web.import_orders(), end="\n\n")
            for part in ("MUG-RED", "TOWEL-ST"):
                erp.stock(part, 40)

            print("AcctVantage takes what it can. It has no lamp:")
            print(*take(books, erp), sep="\n", end="\n\n")

            print("A person adds the lamp, and sets the order to New again:")
            erp.stock("LAMP-01", 7)
            gateway.offer_again(f"WEB{lamp}")
            print(*take(books, erp), sep="\n", end="\n\n")

            print("The mugs leave in a parcel:")
            lines = {line.store_line_id or 0: line for line in gateway.sales_orders()[0].lines}
            items = [(number, str(line.quantity)) for number, line in lines.items() if number]
            erp.ship(f"WEB{mugs}", 501, items, ["1Z999AA10123456784"])
            erp.change(
                "UPDATE documents SET status = 'Shipped/Invoice' WHERE import_id = :import_id",
                import_id=f"WEB{mugs}",
            )
            print(*send(books, erp), sep="\n", end="\n\n")
            print(web.push_shipments(), end="\n\n")
            print(web.push_order_statuses(), end="\n\n")

            print("Nothing is left to take or to send:", take(books, erp) + send(books, erp))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        with closing(Books(sys.argv[1])) as its_books, closing(Erp(sys.argv[2])) as its_erp:
            print(*take(its_books, its_erp), *send(its_books, its_erp), sep="\n")
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
