"""The fake store as a transport of httpx, which serves requests of httpx2 too."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import cast

import anyio
import httpx

from avbc.bigcommerce.http import Http, library, library_of
from avbc.testing.fakestore.core import Core
from avbc.testing.fakestore.http import Reply


class FakeTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Hands requests to a `FakeStore`; serves sync and async clients."""

    def __init__(self, store: Core) -> None:
        self._store = store

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after the store's latency."""
        request.read()
        answer = self._store.answer(self._store.translate(request))
        pause = _pause(answer, request)
        if pause:
            time.sleep(pause)
        return deliver(answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after the store's latency, while other tasks run."""
        await request.aread()
        answer = self._store.answer(self._store.translate(request))
        pause = _pause(answer, request)
        if pause:
            await anyio.sleep(pause)
        return deliver(answer, request)


def deliver(answer: Reply, request: httpx.Request) -> httpx.Response:
    """Turn an answer into a response, or raise the error of the fault, by the request's library."""
    http, response = library(library_of(request)), answer.response
    match answer.delivery:
        case "reset":
            raise http.error("ReadError", "connection reset by the fake store", request)
        case "refused":
            raise http.error("ConnectError", "connection refused by the fake store", request)
        case "timeout":
            raise http.error("ReadTimeout", "the fake store keeps silent", request)
        case "truncated":
            headers = {**answer.headers, "Content-Length": str(len(response.body))}
            stream = http.stream(_Truncated)(http, request, response.body)
            made = http.response(response.status, request, headers=headers, stream=stream)
        case _:
            made = http.response(
                response.status, request, headers=dict(answer.headers), content=response.body
            )
    return cast("httpx.Response", made)


def _pause(answer: Reply, request: httpx.Request) -> float:
    """Seconds until the answer is complete; raises `ReadTimeout` if a client gives up before."""
    timeout = cast("dict[str, float | None]", request.extensions.get("timeout", {})).get("read")
    stall = answer.stall if answer.delivery == "slow" else 0.0
    if timeout is not None and max(answer.pause, stall) > timeout:
        raise library(library_of(request)).error(
            "ReadTimeout", "the fake store is slower than the read timeout", request
        )
    return answer.pause + stall


class _Truncated:
    """Half a body, and then the end of the connection."""

    def __init__(self, http: Http, request: object, body: bytes) -> None:
        self._half = body[: len(body) // 2]
        self._end = http.error(
            "RemoteProtocolError",
            "peer closed connection without sending complete message body",
            request,
        )

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise self._end

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._half
        raise self._end
