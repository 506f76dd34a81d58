"""An answer has a limit in size and in total time, whatever sends it and however it comes."""

from __future__ import annotations

import asyncio
import gzip
import os
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from typing import Any

import pytest

from avbc.bigcommerce import (
    AnswerTooLarge,
    AsyncBigCommerce,
    BadAnswer,
    BigCommerce,
    Call,
    Retries,
    StoreUnreachable,
)
from avbc.errors import FaultyInputError

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

MIB = 1024 * 1024
READ = Call("GET", "/v2/time", lambda body: body)
WRITE = Call(
    "POST", "/v2/orders/7/shipments", lambda body: body, body={"items": []}, repeatable=False
)
ONCE = Retries(attempts=1)
Send = Callable[..., object]


@pytest.fixture(params=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["sync", "async"])
def send(
    request: pytest.FixtureRequest,
    library: str,
    open_store: Any,
    open_async_store: Any,
    loopback: Any,
) -> Send:
    """Send one call through either client, with either library, over a real connection."""

    def send_(call: Call[object], **options: Any) -> object:
        options = {"api_url": loopback.api_url, "http": library, "retries": ONCE} | options
        if request.param == "sync":
            store: BigCommerce = open_store(**options)
            return store.send(call)

        async def main() -> object:
            async_store: AsyncBigCommerce = open_async_store(**options)
            async with async_store:
                return await async_store.send(call)

        return asyncio.run(main())

    return send_


@cache
def compressed(size: int) -> bytes:
    """Gzip of an empty list that has so many bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    spaces = b" " * MIB
    parts = [packer.compress(b"[")]
    parts += [packer.compress(spaces) for _ in range(size // MIB)]
    return b"".join([*parts, packer.compress(b"]"), packer.flush()])


def test_a_small_answer_that_decompresses_to_much_is_refused(loopback: Any, send: Send) -> None:
    bomb = compressed(400 * MIB)
    assert len(bomb) < 420_000
    loopback.on("/v2/time", loopback.raw(bomb, kind="application/json", Content_Encoding="gzip"))
    tracemalloc.start()
    try:
        with pytest.raises(AnswerTooLarge) as caught:
            send(READ)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert str(caught.value).endswith(
        "of more than 64 MiB. Ask for fewer rows at once, or open the client with a larger "
        "largest_answer."
    )
    assert "GET /v2/time had an answer from 127.0.0.1" in str(caught.value)
    assert peak < 200 * MIB
    assert loopback.seen == ["GET /v2/time"]


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate", ""])
def test_the_limit_is_of_what_was_decompressed(loopback: Any, send: Send, encoding: str) -> None:
    text = b"[" + b" " * 1998 + b"]"
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "raw deflate": lambda data: zlib.compress(data)[2:-4],
        "": bytes,
    }
    headers = {"Content_Encoding": encoding.rsplit(maxsplit=1)[-1]} if encoding else {}
    body = packers[encoding](text)
    loopback.on("/v2/time", loopback.raw(body, kind="application/json", **headers))
    assert send(READ, largest_answer=2000) == []
    with pytest.raises(AnswerTooLarge):
        send(READ, largest_answer=1999)


def test_too_large_an_answer_is_not_asked_for_again(loopback: Any, send: Send) -> None:
    loopback.on("/v2/time", loopback.answer(["x" * 2000]))
    loopback.on("/v2/orders/7/shipments", loopback.answer(["x" * 2000], 201))
    with pytest.raises(AnswerTooLarge):
        send(READ, largest_answer=1000, retries=Retries())
    with pytest.raises(AnswerTooLarge, match="read the state before sending it again"):
        send(WRITE, largest_answer=1000, retries=Retries())
    assert len(loopback.seen) == 2


def test_compressed_twice_is_not_decompressed(loopback: Any, send: Send) -> None:
    body = gzip.compress(gzip.compress(b"[]"))
    twice = loopback.raw(body, kind="application/json", Content_Encoding="gzip, gzip")
    loopback.on("/v2/time", twice)
    with pytest.raises(BadAnswer):
        send(READ)


def test_compressed_data_that_ends_early(loopback: Any, send: Send) -> None:
    body = gzip.compress(b'["a", "b"]' * 50)[:-12]
    loopback.on("/v2/time", loopback.raw(body, kind="application/json", Content_Encoding="gzip"))
    with pytest.raises(BadAnswer, match="cannot be decompressed"):
        send(READ)


def test_an_answer_keeps_its_headers(loopback: Any, library: str, open_store: Any) -> None:
    body = gzip.compress(b"[1]")
    loopback.on("/v2/time", loopback.raw(body, kind="application/json", Content_Encoding="gzip"))
    answer = open_store(api_url=loopback.api_url, http=library).answer(READ)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert (answer.value, answer.body) == ([1], b"[1]")


def dripping(loopback: Any, head: bytes, part: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Send a part again and again for 5 seconds, each sooner than the timeout."""

    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        try:
            handler.wfile.write(head)
            for _ in range(500):
                if loopback.release.wait(0.01):
                    break
                handler.wfile.write(part)
        except OSError:
            pass

    return behave


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n[", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "chunks", "header", "interim answers"],
)
def test_an_answer_that_drips_ends(loopback: Any, send: Send, head: bytes, part: bytes) -> None:
    loopback.on("/v2/time", dripping(loopback, head, part))
    with pytest.raises(
        StoreUnreachable, match=r"had no complete answer from 127\.0\.0\.1:\d+ within 0\.4 s"
    ) as caught:
        send(READ, timeout=0.1, clock=time.monotonic)
    assert caught.value.sent


class Slow:
    """A stream whose parts take ten seconds each."""

    def __init__(self, clock: Any, parts: int) -> None:
        self.clock, self.parts = clock, parts

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.parts):
            self.clock.now += 10
            yield b"[]" if number == 0 else b" "

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self:
            yield part

    def close(self) -> None:
        pass

    async def aclose(self) -> None:
        pass


@pytest.mark.parametrize(("parts", "is_good"), [(12, True), (13, False)])
def test_a_transport_of_a_test_has_the_limits_too(
    clock: Any, open_store: Any, open_async_store: Any, *, parts: int, is_good: bool
) -> None:
    kind = type("Stream", (Slow, httpx.SyncByteStream, httpx.AsyncByteStream), {})

    def answer(_: object) -> Any:
        return httpx.Response(200, stream=kind(clock, parts))

    transport = httpx.MockTransport(answer)

    async def main() -> object:
        async with open_async_store(transport, retries=ONCE) as store:
            return await store.send(READ)

    if is_good:
        assert open_store(transport, retries=ONCE).send(READ) == []
        assert asyncio.run(main()) == []
        return
    with pytest.raises(StoreUnreachable, match="within 120 s"):
        open_store(transport, retries=ONCE).send(READ)
    with pytest.raises(StoreUnreachable, match="within 120 s"):
        asyncio.run(main())


def test_an_answer_that_was_made_whole_has_a_limit(script: Any, open_store: Any) -> None:
    made = script(httpx.Response(200, content=b"[" + b" " * 100 + b"]"))
    assert open_store(made.transport, largest_answer=102).send(READ) == []
    with pytest.raises(AnswerTooLarge):
        open_store(made.transport, largest_answer=101).send(READ)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_a_number_above_zero(open_store: Any, limit: float) -> None:
    with pytest.raises(FaultyInputError, match="timeout: must be a number above 0"):
        open_store(timeout=limit)
    with pytest.raises(FaultyInputError, match="largest_answer: must be a number above 0"):
        open_store(largest_answer=limit)
