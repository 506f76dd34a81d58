"""What a traceback shows: who asked and the message, with the names that users write."""

from __future__ import annotations

import asyncio
import doctest
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

import avbc
from avbc.errors import AvbcError
from avbc.testing import FakeStore, example

HOUSE = str(Path(avbc.__file__).parent)


class Away(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host")


def shown(work: Callable[[], object]) -> tuple[list[str], str]:
    """The functions of a traceback from the one that asked, and its last lines."""
    with pytest.raises(Exception) as caught:  # the text is looked at
        work()
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame for frame in frames if frame.filename.startswith(HOUSE)] == []
    own = [frame.name for frame in frames if frame.filename == __file__]
    return own[1:], "".join(traceback.format_exception_only(caught.value))


@pytest.fixture
def store() -> Iterator[avbc.BigCommerce]:
    fake = FakeStore()
    with avbc.BigCommerce(fake.api_url, "example-token", transport=fake.transport()) as client:
        yield client


def test_the_store_says_no(store: avbc.BigCommerce) -> None:
    frames, text = shown(lambda: store.orders.get(1042))
    assert frames == ["<lambda>"]
    assert text.startswith("avbc.NotFound: GET /v2/orders/1042 was answered with 404")
    away = avbc.BigCommerce(
        "https://api.bigcommerce.com/stores/abc123/v3/",
        "example-token",
        transport=Away(),
        retries=avbc.Retries(attempts=1),
    )
    for work in (
        lambda: list(away.orders.list()),
        lambda: away.map([away.orders.get.call(1)]),
        lambda: away.answer(away.orders.get.call(1)),
    ):
        frames, text = shown(work)
        assert frames == ["<lambda>"]
        assert text.startswith("avbc.StoreUnreachable: ")


def test_the_store_says_no_to_a_coroutine() -> None:
    fake = FakeStore()

    async def walk() -> None:
        async with avbc.AsyncBigCommerce(
            fake.api_url, "wrong", transport=fake.transport()
        ) as client:
            async for _ in client.orders.list():
                pass

    frames, text = shown(lambda: asyncio.run(walk()))
    assert frames == ["<lambda>", "walk"]
    assert text.startswith("avbc.TokenRefused: ")


def test_arguments_are_refused_in_the_names_of_the_methods(store: avbc.BigCommerce) -> None:
    shipments = cast("Any", store.order_shipments)
    frames, text = shown(lambda: shipments.list(1042, color="red"))
    assert frames == ["<lambda>"]
    assert text == (
        "TypeError: order_shipments.list() got an unexpected keyword argument 'color'\n"
    )
    orders = cast("Any", store.orders)
    assert "orders.list() got an unexpected" in shown(lambda: orders.list(color="red"))[1]
    assert "must be an int" in shown(lambda: orders.get("1042"))[1]


def test_the_settings_have_faults(tmp_path: Path) -> None:
    frames, text = shown(lambda: avbc.Settings.load(tmp_path / "avbc.toml"))
    assert frames == ["<lambda>"]
    assert text.startswith("avbc.SettingsError: ")


class LostBooks(avbc.SqlGateway):
    def reference_data(self) -> avbc.ReferenceData:
        raise avbc.BooksUnreachable("the books are being moved")


def test_a_run_shows_the_code_of_the_application_alone(store: avbc.BigCommerce) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(FakeStore().api_url))
    with (
        LostBooks("sqlite://") as books,
        avbc.Orchestrator(settings, books, store=store) as web,
    ):
        frames, text = shown(web.import_orders)
        assert frames == ["reference_data"]
        assert text.startswith("avbc.BooksUnreachable: the books are being moved\n")
    with avbc.SqlGateway("sqlite://") as books, avbc.Orchestrator(settings, books) as web:
        assert shown(web.import_orders)[1].startswith("avbc.SettingsError: settings have ")


def test_every_error_has_its_public_name() -> None:
    kinds = [AvbcError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    named = {kind.__name__: kind for kind in kinds if kind.__module__ == "avbc"}
    assert {"SettingsError", "NotFound", "BooksRefused"} <= set(named)
    assert all(getattr(avbc, name) is kind for name, kind in named.items())


def test_the_examples_of_errors_run() -> None:
    """Doctest looks at what says that it is of the module, and errors are of avbc itself."""
    public = {name: getattr(avbc, name) for name in avbc.__all__}
    kinds = [kind for kind in public.values() if isinstance(kind, type)]
    runner = doctest.DocTestRunner()
    for error in (kind for kind in kinds if issubclass(kind, AvbcError)):
        for found in doctest.DocTestFinder().find(error, module=False, globs=dict(public)):
            runner.run(found)
    assert runner.tries > 3
    assert runner.failures == 0
