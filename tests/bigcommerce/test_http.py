"""Which HTTP library a client uses: httpx, unless httpx2 is chosen. Both are installed here."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Literal, cast

import httpx
import httpx2
import pytest

import avbc
from avbc.bigcommerce import AsyncBigCommerce, BigCommerce, NotFound, Retries, StoreUnreachable
from avbc.bigcommerce.http import Http
from avbc.errors import FaultyInputError, MissingExtra
from avbc.testing import FakeStore

API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"
ONCE = Retries(attempts=1)


def test_a_transport_brings_its_library() -> None:
    seen: list[object] = []

    def serve(library: object, request: object) -> object:
        seen.append(request)
        return library.Response(200, json={"time": 1529512970})  # type: ignore[attr-defined]

    for library in (httpx, httpx2):
        transport = library.MockTransport(lambda request, of=library: serve(of, request))
        with BigCommerce(API_URL, "example-token", transport=transport) as store:
            answer = store.answer(store.time.call())
        assert isinstance(seen.pop(), library.Request)
        assert isinstance(answer.response, library.Response)
        assert answer.value.year == 2018


@pytest.mark.parametrize("name", ["httpx", "httpx2"])
def test_a_chosen_library_reaches_a_store(name: str) -> None:
    fake = FakeStore()
    order = fake.place_order()
    with fake.serve() as server:
        with BigCommerce(server.api_url, fake.access_token, http=name) as store:
            answer = store.answer(store.orders.get.call(order.id))
            assert answer.value.id == order.id
            with pytest.raises(NotFound):
                store.orders.get(order.id + 1)

        async def read() -> list[int]:
            async with AsyncBigCommerce(server.api_url, fake.access_token, http=name) as store:
                return [order.id async for order in store.orders.list()]

        assert asyncio.run(read()) == [order.id]
    assert type(answer.response).__module__.partition(".")[0] == name


def test_the_fake_stores_transport_serves_both() -> None:
    fake = FakeStore()
    order = fake.place_order()
    for name in ("httpx", "httpx2"):
        with BigCommerce(
            API_URL, fake.access_token, transport=fake.transport(), http=name, retries=ONCE
        ) as store:
            assert store.orders.get(order.id).id == order.id
            for kind in ("refused", "reset_before", "truncated", "timeout"):
                fake.fail("GET /v2/orders/*", kind)
                with pytest.raises(StoreUnreachable):
                    store.orders.get(order.id)


def test_httpx_is_used_though_httpx2_is_installed() -> None:
    code = f"""
import sys
from avbc.bigcommerce import BigCommerce
BigCommerce({API_URL!r}, "example-token").close()
print("httpx" in sys.modules, "httpx2" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'avbc[httpx2]'")):
        Http("httpx2")


@pytest.mark.parametrize("name", ["requests", "HTTPX", "json", ""])
def test_only_the_two_libraries_can_be_chosen(name: str) -> None:
    with pytest.raises(FaultyInputError) as caught:
        BigCommerce(API_URL, "example-token", http=cast("Literal['httpx']", name))
    message = f"http: must be 'httpx' or 'httpx2', not {name!r}"
    assert message in str(caught.value)


def test_one_module_of_the_client_knows_the_libraries() -> None:
    source = Path(avbc.__file__).parent
    importing = re.compile(r"^\s*(?:import httpx|from httpx)|import_module\(.*httpx", re.MULTILINE)
    found = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    }
    # What tests use is a transport of httpx by type; the others name its types in signatures.
    assert found <= {
        "testing/fakestore/transport.py",
        "testing/fakestore/store.py",
        "testing/fakestore/core.py",
    }
