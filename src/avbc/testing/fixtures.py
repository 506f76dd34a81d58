"""Pytest fixtures: a store, books, settings and an orchestrator that fit each other.

The plugin offers them to every test. A fixture of the same name in a test module, a class or a
conftest.py takes the place of one of them, for the others too: `orchestrator` joins the `settings`
and `books` that the test sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import avbc
    from avbc.acctvantage.gateway import ImportGateway
    from avbc.testing.fakestore.store import FakeStore


@pytest.fixture
def fake_store() -> Iterator[FakeStore]:
    """A `FakeStore` without orders; httpx requests to elsewhere than its `api_url` raise.

    ```python
    def test_a_purchase(fake_store):
        order = fake_store.place_order()
        assert fake_store.order(order.id).header["status"] == "Awaiting Fulfillment"
    ```
    """
    import respx

    from avbc.testing.fakestore.store import FakeStore

    store = FakeStore()
    with respx.mock(assert_all_called=False, assert_all_mocked=True) as router:
        store.mount(router)
        yield store


@pytest.fixture
def books() -> Iterator[avbc.SqlGateway]:
    """A `SqlGateway` in memory with `avbc.testing.example.books_toml`.

    ```python
    def test_a_new_product(books):
        books.load({"products": [{"part_number": "POT", "name": "Pot", "product_class": "Goods"}]})
        assert books.find_products(["POT"])
    ```
    """
    import avbc
    from avbc.testing import example

    with avbc.SqlGateway("sqlite://") as gateway:
        gateway.load(example.books_toml)
        yield gateway


@pytest.fixture
def settings(fake_store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> avbc.Settings:
    """Settings that join `fake_store` and `books`: those of `avbc.testing.example`.

    The environment is not read: a test needs no secrets, and must not have real ones.

    ```python
    def test_the_warehouse(settings):
        assert settings.shipping.warehouse == "Main"
    ```
    """
    import avbc
    from avbc.settings.reading import SECRETS_FROM_ENVIRONMENT
    from avbc.testing import example

    for variable in (*SECRETS_FROM_ENVIRONMENT.values(), "AVBC_API_URL", "AVBC_STORE_HASH"):
        monkeypatch.delenv(variable, raising=False)
    return avbc.Settings.from_dict(
        example.settings_dict(fake_store.api_url, fake_store.access_token)
    )


@pytest.fixture
def orchestrator(
    settings: avbc.Settings, books: ImportGateway, fake_store: FakeStore
) -> Iterator[avbc.Orchestrator]:
    """An `Orchestrator` of `settings` and `books` at `fake_store`, by whose clock it lives.

    It never waits: where it would, that time passes in the store (`fake_store.pass_time`).

    ```python
    def test_an_import(orchestrator, fake_store, books):
        order = fake_store.place_order()
        assert orchestrator.import_orders().imported
        assert books.sales_orders([f"WEB{order.id}"])
    ```
    """
    import avbc

    seconds = fake_store.state.clock
    clock = avbc.Clock(now=lambda: datetime.fromtimestamp(seconds(), UTC), monotonic=seconds)
    with (
        avbc.BigCommerce(
            fake_store.api_url,
            fake_store.access_token,
            transport=fake_store.transport(),
            clock=seconds,
            sleep=fake_store.pass_time,
        ) as store,
        avbc.Orchestrator(settings, books, store=store, clock=clock) as web,
    ):
        yield web
