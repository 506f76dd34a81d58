"""What cannot be sent, or could lead elsewhere, is refused before anything is sent."""

from __future__ import annotations

import asyncio
import inspect
import os
import pickle
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any, cast

import pytest

from avbc.bigcommerce import (
    AsyncBigCommerce,
    BigCommerce,
    Call,
    StoreUnreachable,
    UnsendableRequest,
)
from avbc.bigcommerce.bind import Group
from avbc.bigcommerce.body import dump
from avbc.bigcommerce.models import HookDraft, ProductDraft, ShipmentDraft, ShipmentItemDraft
from avbc.errors import AvbcError, FaultyInputError

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"
HALF = "caf\ud83d"
DRAFTS = {
    "shipment": ShipmentDraft(
        order_address_id=1, items=(ShipmentItemDraft(order_product_id=1, quantity=1),)
    ),
    "hook": HookDraft(is_active=True),
}


def endpoints(store: object) -> list[tuple[str, Callable[..., Any]]]:
    """Every method of a client that asks for ids by position."""
    found: list[tuple[str, Callable[..., Any]]] = []
    for name in dir(store):
        group = getattr(store, name)
        if isinstance(group, Group):
            for method in dir(type(group)):
                bound = getattr(group, method)
                if not method.startswith("_") and hasattr(bound, "call"):
                    found.append((f"{name}.{method}", bound))
    return found


def with_ids(method: Callable[..., Any], value: object) -> tuple[list[object], dict[str, object]]:
    given: list[object] = []
    named: dict[str, object] = {}
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            is_id = parameter.name.endswith("_id")
            given.append(value if is_id else DRAFTS.get(parameter.name))
        elif parameter.name == "staff_notes":
            named["staff_notes"] = ""
    return given, named


BAD_IDS: list[tuple[object, type[Exception]]] = [
    ("../../../x", TypeError),
    ("218", TypeError),
    ("218?include=fees", TypeError),
    (2.5, TypeError),
    (218.0, TypeError),
    (Decimal(218), TypeError),
    (None, TypeError),
    (True, TypeError),
    ([218], TypeError),
    (0, ValueError),
    (-1, ValueError),
]


@pytest.mark.parametrize(("value", "error"), BAD_IDS)
@pytest.mark.parametrize("kind", [BigCommerce, AsyncBigCommerce])
def test_an_id_in_a_path_is_a_whole_number_above_zero(
    script: Any, kind: Any, value: object, error: type[Exception]
) -> None:
    made = script(httpx.Response(200, json={}))
    store = kind(API_URL, "example-token", transport=made.transport)
    checked = []
    for name, method in endpoints(store):
        good, named = with_ids(method, 218)
        if 218 not in good or "218" not in cast("Any", method).call(*good, **named).path:
            continue  # takes no id, or has it in its query
        given, _ = with_ids(method, value)
        checked.append(name)
        with pytest.raises(error, match=r"_id: " if error is TypeError else r"/v[23]/"):
            cast("Any", method).call(*given, **named)
        with pytest.raises(error):
            method(*given, **named)
    assert len(checked) >= 16, checked
    assert {"orders.get", "order_shipments.create", "hooks.delete", "products.get"} <= set(checked)
    assert not made.requests


def test_ids_of_other_integer_types_are_taken() -> None:
    class Number:
        def __index__(self) -> int:
            return 218

    from avbc.bigcommerce.endpoints.orders import get_order

    assert get_order(cast("int", Number())).path == "/v2/orders/218"


@pytest.mark.parametrize(
    "path",
    [
        "/v2/orders/../store",
        "/v2/orders/..",
        "/v2/./orders",
        "/v2//orders",
        "/v2/orders?limit=1",
        "/v2/orders#x",
        "/v2/orders/%2e%2e/store",
        "/v2/orders\r\nX-Evil: 1",
        "/v2/orders\\..",
        "/v2/caf\u00e9",
        "/v2/orders/",
        "/v2",
        "v2/orders",
        "//example.com/v2/orders",
        "@example.com/v2/orders",
        "",
    ],
)
def test_a_path_stays_in_the_store(path: str) -> None:
    with pytest.raises(ValueError, match="path: "):
        Call("GET", path, lambda body: body)


@pytest.mark.parametrize("method", ["", "get", "GET /", "GET\r\n", "G\u00c9T"])
def test_a_method_is_one_word(method: str) -> None:
    with pytest.raises(ValueError, match="method: "):
        Call(method, "/v2/orders", lambda body: body)


def nested() -> list[Any]:
    body: list[Any] = []
    for _ in range(100_000):
        body = [body]
    return body


BAD_BODIES: list[tuple[Any, dict[str, str]]] = [
    ({"price": Decimal("NaN")}, {"price": "NaN is not an amount"}),
    (
        [{"id": 1, "price": Decimal(2)}, {"id": 2, "price": Decimal("-Infinity")}],
        {"[1].price": "-Infinity is not an amount"},
    ),
    (
        {"name": HALF, "variants": [{"sku": HALF}]},
        dict.fromkeys(
            ("name", "variants[0].sku"), "'caf\\ud83d' holds half a character (a lone surrogate)"
        ),
    ),
    (
        {"price": float("nan"), "cost": 1.5},
        {
            "price": "nan cannot be sent: numbers are int or Decimal",
            "cost": "1.5 cannot be sent: numbers are int or Decimal",
        },
    ),
    ({1: "x"}, {"": "1 cannot be sent: names are text"}),
    (
        {"when": {1, 2}},
        {"when": "{1, 2} cannot be sent: numbers are int or Decimal"},
    ),
    (
        {"note": b"abc"},
        {"note": "b'abc' cannot be sent: numbers are int or Decimal"},
    ),
    (nested(), {"": "it is nested too deeply"}),
]


@pytest.mark.parametrize(("body", "errors"), BAD_BODIES)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_body_that_json_cannot_hold(
    script: Any,
    open_store: Any,
    open_async_store: Any,
    body: Any,
    errors: dict[str, str],
    *,
    is_async: bool,
) -> None:
    made = script(httpx.Response(200, json={}))
    call = Call("PUT", "/v3/catalog/products", lambda body: body, body=body)

    def send() -> None:
        if is_async:
            asyncio.run(open_async_store(made.transport).send(call))
        else:
            open_store(made.transport).send(call)

    with pytest.raises(UnsendableRequest) as caught:
        send()
    error = caught.value
    assert isinstance(error, AvbcError)
    assert error.errors == errors
    assert str(error).startswith("PUT /v3/catalog/products was not sent: ")
    for place, fault in errors.items():
        assert f"{place}: {fault}" in str(error) or (not place and fault in str(error))
    assert (error.call, error.status) == ("PUT /v3/catalog/products", None)
    assert pickle.loads(pickle.dumps(error)).errors == errors
    assert not made.requests


def test_what_is_not_sent_takes_no_turn(script: Any, open_store: Any) -> None:
    store = open_store(script(httpx.Response(200, json={})).transport)
    with pytest.raises(UnsendableRequest):
        store.products.update_many([ProductDraft(id=7, name=HALF)])
    assert store.requests_sent == 0


def test_a_query_that_no_url_can_hold(script: Any, open_store: Any, open_async_store: Any) -> None:
    made = script(httpx.Response(200, json=[]))
    with pytest.raises(UnsendableRequest, match="its query holds half a character"):
        list(open_store(made.transport).orders.list(email=HALF))

    async def main() -> None:
        async with open_async_store(made.transport) as store:
            await store.send(store.orders.list.call(email=HALF))

    with pytest.raises(UnsendableRequest):
        asyncio.run(main())
    assert not made.requests


def test_an_amount_to_filter_by_is_a_number(open_store: Any, script: Any) -> None:
    store = open_store(script(httpx.Response(200, json=[])).transport)
    with pytest.raises(ValueError, match="min_total: NaN is not an amount"):
        store.orders.list(min_total=Decimal("NaN"))


def test_names_are_text() -> None:
    with pytest.raises(TypeError, match="names are text"):
        dump(cast("Any", {7: "x"}))


@pytest.mark.parametrize("kind", [BigCommerce, AsyncBigCommerce])
@pytest.mark.parametrize(
    "token", ["two words", "a\r\nX-Evil: 1", "caf\u00e9", "a\x00b", "", None, HALF]
)
def test_a_token_that_no_header_can_hold(kind: Any, token: Any) -> None:
    with pytest.raises(FaultyInputError, match="access_token: ") as caught:
        kind(API_URL, token)
    assert not token or token not in str(caught.value)


def test_no_url_is_a_fault(open_store: Any) -> None:
    with pytest.raises(FaultyInputError, match="api_url: is empty"):
        open_store(api_url=cast("str", None))


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


BAD_PROXIES = [
    "ftp://user:hush@proxy.example.com",
    "http://user:hush@[::1",
    "http://user:hush@proxy.example.com:abc",
    "http://user:hush@proxy.example.com:99999",
    "http://user:hush@proxy.example.com:0",
    "http://user:hush@",
    "h ttp://user:hush@proxy.example.com",
    "http://user:hush@proxy.example.com\n",
    "http://user:hush@\u00e9..example.com",
]


@pytest.mark.parametrize("http", ["httpx", "httpx2"])
@pytest.mark.parametrize("kind", [BigCommerce, AsyncBigCommerce])
@pytest.mark.parametrize("proxy", BAD_PROXIES)
def test_a_proxy_that_cannot_be_used(
    no_proxy: pytest.MonkeyPatch, kind: Any, http: str, proxy: str
) -> None:
    no_proxy.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(FaultyInputError) as caught:
        kind(API_URL, "example-token", http=http)
    assert str(caught.value) == (
        "environment has 1 fault:\n  HTTPS_PROXY: must look like http://proxy.example.com:3128"
    )
    assert "hush" not in repr(caught.value)


@pytest.mark.parametrize("kind", [BigCommerce, AsyncBigCommerce])
def test_a_socks_proxy_needs_its_package(no_proxy: pytest.MonkeyPatch, kind: Any) -> None:
    no_proxy.setenv("ALL_PROXY", "socks5://user:hush@proxy.example.com:1080")
    no_proxy.setattr("avbc.bigcommerce.api_account.find_spec", lambda _: None)
    with pytest.raises(FaultyInputError, match=r"ALL_PROXY: .*pip install socksio"):
        kind(API_URL, "example-token")


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "127.0.0.1:1", "http://user:hush@[::1]:1"])
def test_a_proxy_that_does_not_answer_is_named(
    no_proxy: pytest.MonkeyPatch, open_store: Any, clock: Any, proxy: str
) -> None:
    no_proxy.setenv("HTTPS_PROXY", proxy)
    store = open_store()
    with pytest.raises(StoreUnreachable, match="Check the network, its proxy") as caught:
        store.time()
    assert not caught.value.sent
    assert "hush" not in str(caught.value)


def test_a_proxy_that_refuses_sends_nothing(
    no_proxy: pytest.MonkeyPatch, open_store: Any, loopback: Any
) -> None:
    host = loopback.api_url.split("/")[2]
    no_proxy.setenv("HTTPS_PROXY", f"http://user:hush@{host}")
    # The server of these tests knows no CONNECT, and says so (501).
    with pytest.raises(StoreUnreachable, match=r"could not reach api\.bigcommerce\.com") as caught:
        open_store().time()
    assert not caught.value.sent
    assert "hush" not in str(caught.value)
    assert not loopback.seen


@pytest.mark.parametrize("location", ["http://[::1", "//[", "http://h:port/"])
def test_a_redirect_to_nowhere(script: Any, open_store: Any, location: str) -> None:
    made = script(httpx.Response(302, headers={"Location": location}))
    with pytest.raises(AvbcError, match="redirects are never followed"):
        open_store(made.transport).time()


@pytest.mark.parametrize("charset", ["base64", "idna", "rot13", "no-such", "utf-16"])
def test_an_error_in_any_charset(script: Any, open_store: Any, charset: str) -> None:
    kind = f"text/html; charset={charset}"
    made = script(httpx.Response(404, headers={"Content-Type": kind}, content=b"No such \xff"))
    with pytest.raises(AvbcError, match="404 Not Found: No such"):
        open_store(made.transport).time()
