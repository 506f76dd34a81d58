"""Receive BigCommerce's webhooks in a Flask application.

    pip install avbc flask waitress
    python flask_app.py avbc.toml sqlite:///books.db

BigCommerce calls https addresses on port 443 only: put a proxy with TLS in front, and register its
address with `web.register_webhooks("https://shop.example.com/webhooks")`. Keep the timer running,
too: it finds what a webhook misses.
"""

from __future__ import annotations

import logging
import sys
import threading
from concurrent.futures import Executor, ThreadPoolExecutor

from flask import Flask, Response, request

import avbc

log = logging.getLogger("webhooks")


def create_app(receiving: avbc.Orchestrator, acting: avbc.Orchestrator, worker: Executor) -> Flask:
    """Make the application: one orchestrator accepts webhooks, the other acts on them later."""
    app = Flask("webhooks")
    one_at_a_time = threading.Lock()  # WSGI servers have many threads

    @app.post("/webhooks")
    def receive() -> Response:
        body = request.get_data()  # as it came: what is parsed and written again is not signed
        try:
            with one_at_a_time:  # It writes one row, and asks the store nothing.
                webhook = receiving.accept_webhook(body, request.headers)
        except avbc.WebhookRefused as error:
            log.warning("refused: %s", error)
            return Response(status=400)
        except avbc.AvbcError:
            log.exception("failed; BigCommerce sends it again")
            return Response(status=500)
        worker.submit(act, acting, webhook)
        return Response(status=204)  # at once, before the work begins

    return app


def act(web: avbc.Orchestrator, webhook: avbc.Webhook) -> None:
    """Do what a webhook asks for. What fails stays open, and the timer does it."""
    try:
        log.info("%s", web.act_on_webhook(webhook).summary())
    except avbc.AvbcError:
        log.exception("%s failed", webhook.action)


if __name__ == "__main__":
    import waitress

    logging.basicConfig(level=logging.INFO)
    settings = avbc.Settings.load(sys.argv[1])
    with (
        avbc.SqlGateway(sys.argv[2]) as books,
        avbc.Orchestrator(settings, books) as receiving,
        avbc.Orchestrator(settings, books) as acting,
        ThreadPoolExecutor(1) as worker,
    ):
        waitress.serve(create_app(receiving, acting, worker), listen="127.0.0.1:8000")
