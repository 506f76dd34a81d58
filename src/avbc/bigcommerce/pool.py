"""Open connections: as many as there are requests in flight, of which few are used where few do."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final

KEPT: Final = 15.0
"""Seconds that a connection is kept open without a request."""


class Pool:
    """A transport out of transports with one connection each: the one used last is used next.

    A transport with all connections would ask the socket of each idle one, when a request begins
    and when it ends, whether it is still open.

    Args:
        open_: Makes a transport with one connection.
        clock: The time in seconds, for tests.
    """

    def __init__(
        self, open_: Callable[[], Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open = open_
        self._clock = clock
        self._lock = threading.Lock()
        self._every = set[Any]()
        self._idle: deque[tuple[float, Any]] = deque()
        """Those without a request, and since when; the one used last is at the end."""

    def handle_request(self, request: object) -> Any:
        """Send a request. Its connection is free again when the answer is closed."""
        transport = self._take()
        try:
            response = transport.handle_request(request)
        except BaseException:
            self._give_back(transport)
            raise
        if response.is_stream_consumed:
            self._give_back(transport)  # a mock made it, with its content
        else:
            response.stream = _Answer(response.stream, partial(self._give_back, transport))
        return response

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            every = list(self._every)
            self._every.clear()
            self._idle.clear()
        for transport in every:
            transport.close()

    def _take(self) -> Any:
        with self._lock:
            if self._idle:
                return self._idle.pop()[1]
            transport = self._open()
            self._every.add(transport)
            return transport

    def _give_back(self, transport: Any) -> None:
        """Keep a transport for the next request, and close those that none has needed for long."""
        now, expired = self._clock(), list[Any]()
        with self._lock:
            self._idle.append((now, transport))
            while self._idle[0][0] < now - KEPT:
                expired.append(self._idle.popleft()[1])
            self._every.difference_update(expired)
        for each in expired:
            each.close()


class _Answer:
    """The stream of an answer, which says when it is closed."""

    def __init__(self, stream: Any, on_close: Callable[[], None]) -> None:
        self._stream: Iterable[bytes] = stream
        self._close = stream.close
        self._on_close = on_close

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        try:
            self._close()
        finally:
            self._on_close()
