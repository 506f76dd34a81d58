"""One store and its books in real time: people act between the cycles of one process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any, Self, cast

import httpx
from books import fill
from model import MAPPED, Model, Setup, Write
from people import NAMES, People

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import SCHEDULE, Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, example
from avbc.testing.fakestore.events import WebhookCall

HOOK = "https://hooks.example.com/avbc"
_BOOKS: list[SqlGateway] = []
"""Books that no life uses now: used again, they keep their compiled statements."""


def settings_of(setup: Setup, api_url: str, interval: int = 5) -> Settings:
    """The example's settings, as a setup has them."""
    raw = example.settings_dict(api_url)
    mapping = [
        {"acctvantage": name, "bigcommerce": NAMES.get(status, "Partially Shipped")}
        for name, status in MAPPED.items()
    ]
    when = "paid" if setup.waits_for_payment else "always"
    card = {"bigcommerce": "Credit Card", "receipt_type": "Visa/MC", "import_when": when}
    methods = [card, *cast("list[dict[str, str]]", raw["gl"]["payment_methods"])[1:]]
    changes: Mapping[str, Mapping[str, object]] = {
        "order_status": {
            "check_interval_minutes": interval,
            "updates": setup.updates,
            "mapping": [] if setup.updates == "off" else mapping,
            "import_error_when_acctvantage_refuses": setup.errors_of_acctvantage,
            "channels": list(setup.channels),
        },
        "gl": {
            "credit_card_transactions_are_preauthorizations": setup.preauthorized,
            "import_refunds": setup.import_refunds,
            "payment_methods": methods,
        },
        "shipping": {"sync_product_details": False, "sync_inventory_levels": False},
    }
    return Settings.from_dict(
        {name: {**values, **changes.get(name, {})} for name, values in raw.items()}
    )


class _Acting(httpx.BaseTransport):
    """The way to the store: the model sees each request."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        life, path = self._life, request.url.path.partition("/abc123")[2]
        body = json.loads(request.content or b"{}")
        if write := Write.of("the process", request.method, path, body, life.people.now()):
            life.model.write(write)
        response = life.people.store.handle(request)
        if response.status_code == 200 and "json" in response.headers["content-type"]:
            with suppress(ValueError, httpx.ResponseNotRead):
                life.model.answered("the process", request.method, path, response.json())
        return response


class Life:
    """A store joined to books, and who acts on them."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        store = FakeStore(settle_after=None, shipments_move_status=setup.shipments_move_status)
        example.populate(store, 0)
        self.books = _BOOKS.pop() if _BOOKS else SqlGateway("sqlite://")
        fill(self.books)
        self.people = People(store, self.books, lambda: datetime.now(UTC), self._accept)
        self.settings = settings_of(setup, store.api_url)
        self.model = Model(
            self.people, setup, lambda: list(self.web.worklist()), hears_reports=True
        )
        self._stack = ExitStack()
        self.web = self._open()
        if setup.webhooks:
            self.web.register_webhooks(HOOK)

    def _open(self) -> Orchestrator:
        client = BigCommerce(
            self.settings.store.api_url,
            "example-token",
            client_secret=self.settings.store.client_secret,
            transport=_Acting(self),
            retries=Retries(attempts=1),
            sleep=lambda _: None,
        )
        self._stack.enter_context(client)
        web = Orchestrator(self.settings, self.books, store=client, on_attention=self.model.report)
        return self._stack.enter_context(web)

    def _accept(self, call: WebhookCall) -> None:
        self.web.handle_webhook(call.body, call.headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened, and leave the books to the next life."""
        self._stack.close()
        _BOOKS.append(self.books)

    def place(self, **options: Any) -> int:
        """Let a shopper place an order; returns its id."""
        self.people.do("place", **options)
        return max(self.people.diaries)

    def cycle(self, *, settle: bool = True) -> None:
        """Let avbc do what its timer does, after the store reported what happened."""
        self.people.do("deliver")
        for job in SCHEDULE:
            if job.when(self.settings):
                getattr(self.web, job.method)()
        if settle:
            self.people.do("settle")
        self.model.moment()
