"""Serves answers that were kept: a server that does as little as possible.

`python benchmarks/replay_server.py` reads answers from its standard input, prints its port and
serves them until its standard input is closed. It imports little: it starts for each benchmark.
"""

from __future__ import annotations

import asyncio
import pickle
import re
import sys
from collections.abc import Mapping


class _Connection(asyncio.Protocol):
    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers = answers
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", head)
        if end and len(body) >= int(length[1] if length else 0):
            self._buffer = b""
            asked = head.partition(b"\r\n")[0].removesuffix(b" HTTP/1.1")
            self._transport.write(self._answers[asked])


async def _serve() -> None:
    answers = pickle.load(sys.stdin.buffer)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
