"""A store, books and settings that fit each other, and a factory of orchestrators between them that never waits."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import attrs
import httpx
import pytest

import avbc
from avbc.acctvantage import Gateway, SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, example


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def factory() -> OrderFactory:
    return OrderFactory()


@pytest.fixture
def settings(store: FakeStore) -> Settings:
    return Settings.from_dict(example.settings_dict(store.api_url))


@pytest.fixture
def change(settings: Settings) -> Callable[..., Settings]:
    """Other settings: `change(order_status={"edited_orders": "refuse"})`."""

    def changed(**screens: dict[str, object]) -> Settings:
        return attrs.evolve(settings, **{name: attrs.evolve(getattr(settings, name), **values) for name, values in screens.items()})

    return changed


@pytest.fixture(scope="session")
def books_toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "books.toml"
    path.write_text(example.books_toml, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def loaded_books(books_toml: Path) -> Iterator[SqlGateway]:
    """Books that were filled once, to be copied."""
    with SqlGateway("sqlite://") as gateway:
        gateway.load(books_toml)
        yield gateway


@pytest.fixture
def new_books(loaded_books: SqlGateway) -> Iterator[Callable[..., SqlGateway]]:
    with contextlib.ExitStack() as stack:

        def books(url: str = "sqlite://") -> SqlGateway:
            gateway = stack.enter_context(SqlGateway(url))
            with closing(loaded_books.engine.raw_connection()) as source, closing(gateway.engine.raw_connection()) as target:
                cast("sqlite3.Connection", source.driver_connection).backup(cast("sqlite3.Connection", target.driver_connection))
            return gateway

        yield books


@pytest.fixture
def books(new_books: Callable[..., SqlGateway]) -> SqlGateway:
    return new_books()


@pytest.fixture
def join(store: FakeStore, settings: Settings, books: SqlGateway) -> Iterator[Callable[..., Orchestrator]]:
    """Join the store to the books; keyword arguments replace any part. What fails is not repeated."""
    with contextlib.ExitStack() as stack:

        def joined(
            *,
            books: Gateway = books,
            settings: Settings = settings,
            transport: httpx.BaseTransport | None = None,
            token: str = "example-token",
            **options: Any,
        ) -> Orchestrator:
            client = BigCommerce(
                settings.store.api_url, token, transport=transport or store.transport(), retries=Retries(attempts=1), sleep=lambda _: None
            )
            stack.enter_context(client)
            return stack.enter_context(avbc.Orchestrator(settings, books, store=client, **options))

        yield joined


@pytest.fixture
def web(join: Callable[..., Orchestrator]) -> Orchestrator:
    return join()


@pytest.fixture
def add(store: FakeStore) -> Callable[..., int]:
    """Put an order into the store, with changed header fields; returns its id."""

    def added(order: FakeOrder, **header: object) -> int:
        order.header.update(header)
        return store.add_order(order).id

    return added
