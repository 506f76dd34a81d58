"""Servers that only send pages of orders.

They should cost the clients that they measure as little as possible.
`python benchmarks/page_server.py --pages 20` prints its address and serves until its standard input
is closed.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import attrs

PAGE_SIZE = 250
FIRST_ID = 5_000_001
"""The first order's id in a large store: no other number begins as it does."""
_OWN = re.compile(rb"\b5000(\d{3})\b")
_LENGTH = re.compile(rb"(?i)content-length: *([0-9]+)")
_QUOTA = (
    b"X-Rate-Limit-Time-Window-Ms: 30000\r\nX-Rate-Limit-Time-Reset-Ms: 30000\r\n"
    b"X-Rate-Limit-Requests-Quota: 1000000\r\nX-Rate-Limit-Requests-Left: 999999\r\n"
)


class Server:
    """Runs a server as a process of its own; a context manager.

    Args:
        arguments: What Python runs: it prints its address.
        told: What it reads from its standard input before that.
    """

    def __init__(self, arguments: Sequence[str], told: bytes = b"") -> None:
        self._command = [sys.executable, *arguments]
        self._told = told
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._told)
        self._process.stdin.flush()
        self.url = self._process.stdout.readline().decode().strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()


class PageServer(Server):
    """Serves pages that were made before, with links and with everything embedded."""

    def __init__(self, pages: int, size: int) -> None:
        super().__init__([__file__, f"--pages={pages}", f"--size={size}"])


class LargeStore(Server):
    """Serves as many orders as are asked for, by ascending id, without memory for them.

    It makes each page from one. No order has the New Order Status.
    """

    def __init__(self, orders: int) -> None:
        super().__init__([__file__, f"--orders={orders}"])


def bodies(pages: int, size: int, *, embedded: bool, first_id: int = 1001) -> list[bytes]:
    """Write pages of orders of one to three lines, each line with an option that was chosen.

    They come with lines and fees, or with links to them. As the bodies in BigCommerce's
    documentation and those that others published, an order has 2.8 KB with links, and 7 KB with
    everything.
    """
    from avbc.testing import OrderFactory
    from avbc.testing.orders import EMBEDDED, View
    from avbc.testing.values import dumps

    view, factory = EMBEDDED if embedded else View(), OrderFactory(first_id=first_id)

    def page() -> bytes:
        orders: list[object] = []
        for number in range(size):
            lines = factory.lines(1 + number % 3)
            lines = [attrs.evolve(line, options=(("Size", "Medium"),)) for line in lines]
            orders.append(factory.order(lines).to_json(view))
        return dumps(orders)

    return [page() for _ in range(pages)]


def http_answer(body: bytes) -> bytes:
    """Write an answer with this body; without one it has no content."""
    if not body:
        return b"HTTP/1.1 204 No Content\r\n" + _QUOTA + b"\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + _QUOTA
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class _Connection(asyncio.Protocol):
    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and len(body) >= int(length[1] if length else 0):
            self._buffer = b""
            self._transport.write(self._answer(head.partition(b"\r\n")[0]))


async def serve(answer: Callable[[bytes], bytes]) -> None:
    """Print an address, and answer request lines there until the standard input is closed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answer), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def _serve(pages: int, size: int) -> None:
    plain, full = (
        [http_answer(body) for body in bodies(pages, size, embedded=embedded)]
        for embedded in (False, True)
    )
    end = http_answer(b"")

    def answer(line: bytes) -> bytes:
        answers = full if b"include=" in line else plain
        asked = re.search(rb"[?&]page=([0-9]+)", line)
        number = int(asked[1]) if asked else 1
        return answers[number - 1] if number <= len(answers) else end

    asyncio.run(serve(answer))


def _serve_large(orders: int) -> None:
    (template,) = bodies(1, min(orders, PAGE_SIZE), embedded=True, first_id=FIRST_ID)
    end = http_answer(b"")

    def answer(line: bytes) -> bytes:
        asked = re.search(rb"[?&]min_id=([0-9]+)", line)
        begun = int(asked[1]) - FIRST_ID if asked else 0
        if begun >= orders or b"status_id=" in line:
            return end
        return http_answer(
            _OWN.sub(lambda found: b"%d" % (int(found[1]) + begun + FIRST_ID - 1), template)
        )

    asyncio.run(serve(answer))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--size", type=int, default=PAGE_SIZE)
    parser.add_argument("--orders", type=int)
    options = parser.parse_args()
    if options.orders is None:
        _serve(options.pages, options.size)
    else:
        _serve_large(options.orders)
