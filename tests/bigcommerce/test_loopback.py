"""The clients against a real HTTP server on loopback: what goes wrong on the wire."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import pytest

from avbc.bigcommerce import (
    AsyncBigCommerce,
    BadAnswer,
    BigCommerce,
    Call,
    RequestRefused,
    Retries,
    StoreUnavailable,
    StoreUnreachable,
)

Send = Callable[..., object]

TIME = {"time": 1529512970}
READ = Call("GET", "/v2/time", lambda body: body)
ONCE = Call(
    "POST", "/v2/orders/7/shipments", lambda body: body, body={"items": []}, repeatable=False
)


@pytest.fixture(params=["sync", "async"])
def send(
    request: pytest.FixtureRequest, open_store: Any, open_async_store: Any, loopback: Any
) -> Send:
    """Send one call through either client."""

    def send_(call: Call[object], **options: Any) -> object:
        if request.param == "sync":
            store: BigCommerce = open_store(api_url=loopback.api_url, **options)
            return store.send(call)

        async def main() -> object:
            async_store: AsyncBigCommerce = open_async_store(api_url=loopback.api_url, **options)
            async with async_store:
                return await async_store.send(call)

        return asyncio.run(main())

    return send_


def test_one_connection_serves_many_requests(loopback: Any, open_store: Any) -> None:
    loopback.on("/v2/time", loopback.answer(TIME))
    store = open_store(api_url=loopback.api_url)
    for _ in range(3):
        assert store.send(READ) == TIME
    assert loopback.seen == ["GET /v2/time"] * 3
    assert loopback.headers[0]["X-Auth-Token"] == "example-token-that-must-stay-secret"
    assert loopback.headers[0]["Accept-Encoding"] == "gzip, deflate"


def test_a_connection_that_hangs_up_before_an_answer(loopback: Any, send: Send, clock: Any) -> None:
    loopback.on("/v2/time", loopback.hang_up, loopback.answer(TIME))
    assert send(READ) == TIME
    assert clock.waits == [1]
    loopback.on("/v2/orders/7/shipments", loopback.hang_up)
    loopback.seen.clear()
    with pytest.raises(StoreUnreachable, match="read the state before sending it again") as caught:
        send(ONCE)
    assert caught.value.sent
    assert loopback.seen == ["POST /v2/orders/7/shipments"]


def test_a_connection_that_breaks_within_an_answer(loopback: Any, send: Send) -> None:
    loopback.on("/v2/time", loopback.cut(b'{"time": 15295', 21), loopback.answer(TIME))
    assert send(READ) == TIME
    assert len(loopback.seen) == 2
    loopback.on("/v2/orders/7/shipments", loopback.cut(b'{"id"', 21))
    with pytest.raises(StoreUnreachable):
        send(ONCE)


def test_json_that_is_truncated(loopback: Any, send: Send) -> None:
    loopback.on(
        "/v2/time", loopback.raw(b'{"time": 15295', kind="application/json"), loopback.answer(TIME)
    )
    assert send(READ) == TIME
    loopback.on("/v2/time", loopback.raw(b'{"time": 15295', kind="application/json"))
    with pytest.raises(BadAnswer, match="truncated"):
        send(READ, retries=Retries(attempts=1))


def test_html_from_a_gateway(loopback: Any, send: Send) -> None:
    html = loopback.raw(b"<html><head><title>502 Bad Gateway</title></head></html>", 502)
    loopback.on("/v2/time", html, html, loopback.answer(TIME))
    assert send(READ) == TIME
    assert len(loopback.seen) == 3
    loopback.on("/v2/time", html)
    with pytest.raises(StoreUnavailable, match="502 Bad Gateway: 502 Bad Gateway") as caught:
        send(READ, retries=Retries(attempts=2, jitter=lambda: 0.0))
    assert "<title>" in caught.value.body


def test_a_429_with_and_without_headers(loopback: Any, send: Send, clock: Any) -> None:
    busy = loopback.answer(
        {"status": 429, "title": "Too many requests"}, 429, X_Rate_Limit_Time_Reset_Ms="12000"
    )
    overloaded = loopback.raw(b"", 429)
    loopback.on("/v2/orders/7/shipments", busy, overloaded, loopback.answer({"id": 1}, 201))
    assert send(ONCE) == {"id": 1}
    assert clock.waits == [12, 4]


def test_a_store_that_is_silent(loopback: Any, send: Send, clock: Any) -> None:
    loopback.on("/v2/time", loopback.stay_silent)
    with pytest.raises(
        StoreUnreachable, match=r"had no answer from 127\.0\.0\.1:\d+ within 0\.05 s"
    ) as caught:
        send(READ, timeout=0.05, retries=Retries(attempts=2, jitter=lambda: 0.0))
    assert caught.value.sent
    assert clock.waits == [1]


def test_a_store_that_is_not_there(loopback: Any, open_store: Any, clock: Any) -> None:
    # Port 1 is privileged and nobody listens there.
    store = open_store(
        api_url="http://127.0.0.1:1/stores/abc123/v3/",
        retries=Retries(attempts=3, jitter=lambda: 0.0),
    )
    with pytest.raises(StoreUnreachable, match=r"could not reach 127\.0\.0\.1:1") as caught:
        store.send(ONCE)
    assert not caught.value.sent
    assert clock.waits == [2, 4]


def test_an_empty_list(loopback: Any, open_store: Any, open_async_store: Any) -> None:
    loopback.on("/v2/orders", loopback.answer(None, 204))
    assert list(open_store(api_url=loopback.api_url).orders.list(status_id=11)) == []

    async def main() -> list[object]:
        async with open_async_store(api_url=loopback.api_url) as store:
            return [order async for order in store.orders.list(status_id=11)]

    assert asyncio.run(main()) == []
    assert loopback.seen == ["GET /v2/orders?status_id=11&limit=250"] * 2


def test_a_redirect_elsewhere_is_not_followed(loopback: Any, send: Send) -> None:
    elsewhere = loopback.api_url.replace("127.0.0.1", "localhost") + "stolen"
    loopback.on("/v2/time", loopback.raw(b"", 302, Location=elsewhere))
    with pytest.raises(RequestRefused, match="It points to localhost"):
        send(READ)
    assert loopback.seen == ["GET /v2/time"]


def test_compressed_answers(loopback: Any, send: Send) -> None:
    body = gzip.compress(b'{"time": 1529512970}')
    loopback.on("/v2/time", loopback.raw(body, kind="application/json", Content_Encoding="gzip"))
    assert send(READ) == TIME


def test_answers_that_cannot_be_decompressed(loopback: Any, send: Send) -> None:
    broken = loopback.raw(
        b"not compressed at all", kind="application/json", Content_Encoding="gzip"
    )
    loopback.on("/v2/time", broken, loopback.answer(TIME))
    assert send(READ) == TIME
    loopback.on("/v2/time", broken)
    with pytest.raises(BadAnswer, match="cannot be decompressed"):
        send(READ, retries=Retries(attempts=1))


def test_many_requests_at_once(loopback: Any, open_store: Any, open_async_store: Any) -> None:
    calls = []
    for number in range(20):
        loopback.on(f"/v2/numbers/{number}", loopback.answer({"number": number}))
        calls.append(Call("GET", f"/v2/numbers/{number}", lambda body: body["number"]))
    # Real waits here: answers without quota headers need none.
    assert open_store(api_url=loopback.api_url).map(calls, limit=4) == list(range(20))

    async def main() -> list[int]:
        async with open_async_store(api_url=loopback.api_url) as store:
            return await store.map(calls, limit=4)

    assert asyncio.run(main()) == list(range(20))
