"""The fake store as an httpx transport, and faults as the exceptions that httpx raises for them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import cast

import anyio
import httpx

from avbc.testing.fakestore.core import Core
from avbc.testing.fakestore.http import Reply


class FakeTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Hands requests to a `FakeStore`; serves sync and async clients."""

    def __init__(self, store: Core) -> None:
        self._store = store

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Reply after the store's latency."""
        request.read()
        answer = self._store.answer(self._store.translate(request))
        pause = _pause(answer, request)
        if pause:
            time.sleep(pause)
        return deliver(answer, request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Reply after the store's latency, while other tasks run."""
        await request.aread()
        answer = self._store.answer(self._store.translate(request))
        pause = _pause(answer, request)
        if pause:
            await anyio.sleep(pause)
        return deliver(answer, request)


def deliver(answer: Reply, request: httpx.Request) -> httpx.Response:
    """Return an answer as httpx's response, or raise what httpx raises for the fault."""
    response = answer.response
    match answer.delivery:
        case "reset":
            raise httpx.ReadError("connection reset by the fake store", request=request)
        case "refused":
            raise httpx.ConnectError("connection refused by the fake store", request=request)
        case "timeout":
            raise httpx.ReadTimeout("the fake store keeps silent", request=request)
        case "truncated":
            headers = {**answer.headers, "Content-Length": str(len(response.body))}
            return httpx.Response(
                response.status, headers=headers, stream=_Truncated(response.body), request=request
            )
        case _:
            return httpx.Response(
                response.status,
                headers=dict(answer.headers),
                content=response.body,
                request=request,
            )


def _pause(answer: Reply, request: httpx.Request) -> float:
    """Return seconds until the answer is complete; `ReadTimeout` if the client gives up first."""
    timeout = cast("dict[str, float | None]", request.extensions.get("timeout", {})).get("read")
    stall = answer.stall if answer.delivery == "slow" else 0.0
    if timeout is not None and max(answer.pause, stall) > timeout:
        raise httpx.ReadTimeout("the fake store is slower than the read timeout", request=request)
    return answer.pause + stall


class _Truncated(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Half a body, and then the end of the connection."""

    def __init__(self, body: bytes) -> None:
        self._half = body[: len(body) // 2]

    def __iter__(self) -> Iterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body"
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._half
        raise httpx.RemoteProtocolError(
            "peer closed connection without sending complete message body"
        )
