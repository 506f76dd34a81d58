"""The web applications among the examples, in this process, by their frameworks' test clients."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeAlias

import pytest

import avbc
from avbc.testing import FakeStore, example, item

APPS = Path(__file__).parents[1] / "examples/web_apps"

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.skipif(not APPS.exists(), reason="the package is tested without its examples"),
]

Post: TypeAlias = Callable[[bytes, dict[str, str]], int]
"""Post a webhook to the application; returns the status of its answer."""


def example_app(name: str) -> Any:
    spec = spec_from_file_location(name, APPS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_fastapi(*parts: object) -> Post:
    from fastapi.testclient import TestClient

    client = TestClient(example_app("fastapi_app").create_app(*parts))

    def post(body: bytes, headers: dict[str, str]) -> int:
        return int(client.post("/webhooks", content=body, headers=headers).status_code)

    return post


def by_flask(*parts: object) -> Post:
    client = example_app("flask_app").create_app(*parts).test_client()

    def post(body: bytes, headers: dict[str, str]) -> int:
        return int(client.post("/webhooks", data=body, headers=headers).status_code)

    return post


@pytest.fixture
def store() -> FakeStore:
    store = FakeStore()
    example.populate(store, orders=0)
    return store


@pytest.fixture
def books(tmp_path: Path, books_toml: Path) -> Iterator[avbc.SqlGateway]:
    with avbc.SqlGateway(f"sqlite:///{tmp_path}/books.db") as books:
        books.load(books_toml)
        yield books


@pytest.fixture(params=[by_fastapi, by_flask])
def app(
    request: pytest.FixtureRequest, store: FakeStore, books: avbc.SqlGateway
) -> Iterator[tuple[Post, ThreadPoolExecutor]]:
    settings = avbc.Settings.from_dict(example.settings_dict(store.api_url))
    client = avbc.BigCommerce(store.api_url, store.access_token, transport=store.transport())
    with (
        client,
        avbc.Orchestrator(settings, books, store=client) as receiving,
        avbc.Orchestrator(settings, books, store=client) as acting,
        ThreadPoolExecutor(1) as worker,
    ):
        yield request.param(receiving, acting, worker), worker


def test_an_order_is_in_the_books_soon_after_its_webhook(
    app: tuple[Post, ThreadPoolExecutor],
    store: FakeStore,
    books: avbc.SqlGateway,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "webhooks")
    post, worker = app
    order = store.place_order([item("MUG-BLUE", 2)])
    calls = [store.webhook(event) for event in store.events]
    assert [post(call.body, dict(call.headers)) for call in (*calls, *calls)] == [204] * 4
    worker.shutdown()
    assert [one.import_id for one in books.sales_orders()] == [f"WEB{order.id}"]
    said = [record.getMessage() for record in caplog.records if record.name == "webhooks"]
    assert said[0] == f"store/order/created: import order {order.id}: imported."
    assert {record.levelname for record in caplog.records} == {"INFO"}


def test_what_is_no_webhook_of_the_store_is_answered_400(
    app: tuple[Post, ThreadPoolExecutor], store: FakeStore, books: avbc.SqlGateway
) -> None:
    post, worker = app
    store.place_order()
    call = store.webhook(store.events[0])
    assert post(call.body.replace(b"1001", b"1002"), dict(call.headers)) == 400
    assert post(call.body, {}) == 400
    assert post(b"", dict(call.headers)) == 400
    worker.shutdown()
    assert books.sales_orders() == []


def test_what_cannot_be_stored_is_answered_500_and_comes_again(
    app: tuple[Post, ThreadPoolExecutor], store: FakeStore, books: avbc.SqlGateway
) -> None:
    post, worker = app
    orders = [store.place_order(), store.place_order()]
    first, call = (
        store.webhook(event) for event in store.events if event.scope.endswith("created")
    )
    assert post(first.body, dict(first.headers)) == 204
    worker.submit(lambda: None).result()  # what it asked for is done
    with books.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE avbc_webhooks RENAME TO gone")
    assert post(call.body, dict(call.headers)) == 500
    with books.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO avbc_webhooks")
    assert post(call.body, dict(call.headers)) == 204
    worker.shutdown()
    assert len(books.sales_orders()) == len(orders)
