"""Receive BigCommerce's webhooks in a FastAPI application.

    pip install avbc fastapi uvicorn
    python fastapi_app.py avbc.toml sqlite:///books.db

BigCommerce calls https addresses on port 443 only: put a proxy with TLS in front, and register its
address with `web.register_webhooks("https://shop.example.com/webhooks")`. Keep the timer running,
too: it finds what a webhook misses.
"""

from __future__ import annotations

import logging
import sys
from concurrent.futures import Executor, ThreadPoolExecutor

from fastapi import FastAPI, Request, Response

import avbc

log = logging.getLogger("webhooks")


def create_app(
    receiving: avbc.Orchestrator, acting: avbc.Orchestrator, worker: Executor
) -> FastAPI:
    """Make the application: one orchestrator accepts webhooks, the other acts on them later."""
    app = FastAPI()

    @app.post("/webhooks")
    async def receive(request: Request) -> Response:
        body = await request.body()  # as it came: what is parsed and written again is not signed
        try:
            # It writes one row, and asks the store nothing.
            webhook = receiving.accept_webhook(body, request.headers)
        except avbc.WebhookRefused as error:
            log.warning("refused: %s", error)
            return Response(status_code=400)
        except avbc.AvbcError:
            log.exception("failed; BigCommerce sends it again")
            return Response(status_code=500)
        worker.submit(act, acting, webhook)
        return Response(status_code=204)  # at once, before the work begins

    return app


def act(web: avbc.Orchestrator, webhook: avbc.Webhook) -> None:
    """Do what a webhook asks for. What fails stays open, and the timer does it."""
    try:
        log.info("%s", web.act_on_webhook(webhook).summary())
    except avbc.AvbcError:
        log.exception("%s failed", webhook.action)


if __name__ == "__main__":
    import uvicorn

    logging.basicConfig(level=logging.INFO)
    settings = avbc.Settings.load(sys.argv[1])
    with (
        avbc.SqlGateway(sys.argv[2]) as books,
        avbc.Orchestrator(settings, books) as receiving,
        avbc.Orchestrator(settings, books) as acting,
        ThreadPoolExecutor(1) as worker,
    ):
        uvicorn.run(create_app(receiving, acting, worker), host="127.0.0.1", port=8000)
