"""Webhooks in a small web application.

Orders are imported within a second, and the timer finds what a webhook misses.

    python examples/webhooks.py

The application listens on loopback, and the fake store plays BigCommerce: it calls the hooks that
were registered, each twice, as BigCommerce may. A real application listens behind the https address
that it registers.
"""

from __future__ import annotations

import queue
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx

import avbc
from avbc.testing import FakeStore, example, item

ADDRESS = "https://shop.example.com/webhooks"


class Application(HTTPServer):
    """Verifies each webhook, answers it at once, and leaves the work to another thread."""

    def __init__(
        self, web: avbc.Orchestrator, work: queue.SimpleQueue[avbc.Webhook | None]
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.web = web
        self.work = work


class Handler(BaseHTTPRequestHandler):
    server: Application

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            webhook = self.server.web.accept_webhook(body, dict(self.headers))
        except avbc.WebhookRefused as error:
            print(f"  refused: {error}")
            self.answer(400)
        except avbc.AvbcError as error:
            print(f"  failed: {error}")
            self.answer(500)  # BigCommerce repeats it
        else:
            self.server.work.put(webhook)
            self.answer(204)

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


def act(web: avbc.Orchestrator, work: queue.SimpleQueue[avbc.Webhook | None]) -> None:
    """Do what webhooks ask for, one after another. What fails is left to the timer."""
    while (webhook := work.get()) is not None:
        try:
            print(" ", web.act_on_webhook(webhook).summary())
        except avbc.AvbcError as error:
            print(f"  {webhook.action} failed: {error}")


def main(folder: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=0)

    with store.serve() as served, avbc.SqlGateway(f"sqlite:///{folder}/books.db") as books:
        books.load(example.books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(served.api_url))

        # One orchestrator for each thread; by the same books they share one journal, which knows
        # what came before.
        with (
            avbc.Orchestrator(settings, books) as receiving,
            avbc.Orchestrator(settings, books) as acting,
        ):
            print(acting.register_webhooks(ADDRESS), end="\n\n")

            work: queue.SimpleQueue[avbc.Webhook | None] = queue.SimpleQueue()
            application = Application(receiving, work)
            server = threading.Thread(target=application.serve_forever)
            worker = threading.Thread(target=act, args=(acting, work))
            server.start()
            worker.start()
            address = f"http://127.0.0.1:{application.server_port}/webhooks"

            print("Two shoppers order, and BigCommerce reports each order twice:")
            store.place_order([item("MUG-BLUE", 2)])
            store.place_order()
            for call in store.webhook_calls(copies=2):
                httpx.post(
                    address, content=call.body, headers=dict(call.headers)
                ).raise_for_status()
            work.put(None)
            worker.join()

            print("Somebody sends one on with another order's number in it:")
            stolen = store.webhook(store.events[-1])
            httpx.post(
                address, content=stolen.body.replace(b"1002", b"1001"), headers=dict(stolen.headers)
            )

            application.shutdown()
            server.join()
            application.server_close()

            print("\nA webhook got lost. The timer's next cycle finds the order all the same:")
            store.place_order()

            def tell(report: avbc.CycleReport) -> None:
                print(report)
                acting.stop()

            acting.run(on_report=tell)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(Path(folder))
