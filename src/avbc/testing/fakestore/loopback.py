"""The fake store over real HTTP on loopback, in a thread."""

from __future__ import annotations

import asyncio
import http
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from avbc.testing.fakestore.abilities import LocalStore
from avbc.testing.fakestore.control import CONTROL, control
from avbc.testing.fakestore.http import Reply, StoreResponse

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}
_CLOSE_BY_RESET = struct.pack("ii", 1, 0)


class LoopbackServer:
    """Serves a `FakeStore` in a thread while the context is open.

    Faults are real here: `reset` sends RST, `truncated` closes the connection in the middle of the
    body, and `refused` resets all connections and closes the port for the fault's `seconds`.

    >>> from avbc.testing import FakeStore
    >>> with LoopbackServer(FakeStore()) as server:
    ...     server.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, store: LocalStore, host: str = "127.0.0.1", port: int = 0) -> None:
        self.store = store
        self.host = host
        self.port = port
        self.connections: set[_Connection] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="avbc-fake-store", daemon=True)
        self._server: asyncio.Server | None = None

    def __repr__(self) -> str:
        return f"<LoopbackServer {self.api_url}: {self.store!r}>"

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.host}:{self.port}"

    @property
    def api_url(self) -> str:
        """What to give a client: `http://127.0.0.1:49152/stores/abc123/v3/`."""
        return f"{self.url}/stores/{self.store.store_hash}/v3/"

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and drop all connections; does nothing the second time."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop = None

    def refuse(self, seconds: float) -> None:
        """Reset all connections and close the port for a while; call it in the server's thread."""
        self._drop()
        if self._server is None:  # another request closed it already
            return
        self._server = None
        asyncio.get_running_loop().call_later(
            seconds, lambda: asyncio.ensure_future(self._listen())
        )

    def _run(self) -> None:
        if self._loop is not None:
            loop = self._loop
            loop.run_forever()
            self._drop()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()

    def _drop(self) -> None:
        """Close the port and reset all connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.reset()

    async def _listen(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), self.host, self.port, backlog=256
        )
        self.port = self._server.sockets[0].getsockname()[1]


class _Connection(asyncio.Protocol):
    """One kept-alive connection: requests in, one after the other, answers out."""

    def __init__(self, server: LoopbackServer) -> None:
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._busy = False
        self._last = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._server.connections.add(self)
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def reset(self) -> None:
        """Drop the connection by RST."""
        if self._transport is not None:
            connection: socket.socket = self._transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_BY_RESET)
            self._transport.abort()

    def _next(self) -> None:
        """Answer the request in the buffer, if it is complete."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        line, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {
            key.lower(): value.strip()
            for key, _, value in (header.partition(":") for header in lines)
        }
        length = headers.get("content-length", "0")
        method, target, protocol = [*line.split(" "), "", ""][:3]
        if not protocol.startswith("HTTP/1.") or not length.isdecimal():
            self._refuse(400)
            return
        stop = end + 4 + int(length)
        if len(self._buffer) < stop:
            return
        body = bytes(self._buffer[end + 4 : stop])
        del self._buffer[:stop]
        self._busy = True
        self._last = headers.get("connection", "").lower() == "close" or protocol == "HTTP/1.0"
        store = self._server.store
        if target.startswith(CONTROL):
            self._deliver(Reply(control(store, target, body), {"Content-Type": "application/json"}))
            return
        if "transfer-encoding" in headers:
            self._refuse(411)
            return
        answer = store.answer(store.parse(method, target, headers, body))
        if answer.pause:
            self._later(answer.pause, lambda: self._deliver(answer))
        else:
            self._deliver(answer)

    def _refuse(self, status: int) -> None:
        """Answer an unreadable request, and close the connection."""
        self._busy = self._last = True
        self._deliver(Reply(StoreResponse(status), {}))

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _deliver(self, answer: Reply) -> None:
        body = answer.response.body
        half = len(body) // 2
        match answer.delivery:
            case "reset":
                self.reset()
            case "refused":
                self._server.refuse(answer.stall)
            case "timeout":
                self._later(answer.stall, self.reset)
            case "truncated":
                self._last = True
                self._write(_head(answer) + body[:half], done=True)
            case "slow":
                self._write(_head(answer) + body[:half], done=False)
                self._later(answer.stall, lambda: self._write(body[half:], done=True))
            case "whole":
                self._write(_head(answer) + body, done=True)

    def _write(self, data: bytes, *, done: bool) -> None:
        if self._transport is None:
            return
        self._transport.write(data)
        if not done:
            return
        self._busy = False
        if self._last:
            self._transport.close()
        elif self._buffer:
            self._next()


def _head(answer: Reply) -> bytes:
    response = answer.response
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, '')}"]
    lines += [f"{key}: {value}" for key, value in answer.headers.items()]
    if response.status != 204:
        lines.append(f"Content-Length: {len(response.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
