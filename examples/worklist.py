"""What waits for a person: an order that cannot be imported, an e-mail about it, and the fix.

Without an account: a store and a mail server on loopback, and the embedded books.

python examples/worklist.py
"""

from __future__ import annotations

import email
import smtplib
import socketserver
import tempfile
import threading
from email import policy
from email.message import EmailMessage
from pathlib import Path

import avbc
from avbc.testing import FakeStore, OrderFactory, example

SKU = "MUG-TEAL"
PRODUCT = (
    f'products = [{{ part_number = "{SKU}", name = "Teal mug", product_class = "Goods", '
    'list_price = "45.00", sell_price = "45.00" }]\n'
)


class MailServer(socketserver.StreamRequestHandler):
    """Takes every mail, and prints it."""

    def handle(self) -> None:
        self.wfile.write(b"220 example\r\n")
        while (command := self.rfile.readline().decode().upper()) and "QUIT" not in command:
            if command.startswith("DATA"):
                self.wfile.write(b"354 go on\r\n")
                lines = iter(self.rfile.readline, b".\r\n")
                mail = email.message_from_bytes(b"".join(lines), policy=policy.default)
                print(f"Subject: {mail['Subject']}\n\n{mail.get_content()}")
            self.wfile.write(b"250 ok\r\n")
        self.wfile.write(b"221 bye\r\n")


def main(folder: Path) -> None:
    store = FakeStore()
    order = OrderFactory().plain()
    order.products[0]["sku"] = SKU
    store.add_order(order)

    mail_server = socketserver.TCPServer(("127.0.0.1", 0), MailServer)
    threading.Thread(target=mail_server.serve_forever, daemon=True).start()

    def notify(items: list[avbc.WorklistItem]) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = "avbc@example.com", "bookkeeping@example.com"
        mail["Subject"] = f"avbc: {len(items)} new on the worklist"
        mail.set_content(str(avbc.Worklist(items)))
        with smtplib.SMTP("127.0.0.1", mail_server.server_address[1], timeout=30) as server:
            server.send_message(mail)

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))
        with avbc.Orchestrator(settings, books, on_attention=notify) as web:
            print("The import refuses an order, and sends one e-mail:")
            web.import_orders()
            print("The next run sends none:", web.import_orders().summary())

            print("A person does what it says:")
            books.load(PRODUCT)
            print(web.import_order(order.id).summary())
            print(web.worklist())
    mail_server.shutdown()
    mail_server.server_close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
