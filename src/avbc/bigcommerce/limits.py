"""Limits of an answer: its size and the time that it takes."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any, cast

import attrs

_ZLIB, _DEFLATE = zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP = 16 + zlib.MAX_WBITS
_ENCODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


class TooLarge(Exception):
    """An answer has more bytes, decompressed, than it may have."""


class TooSlow(Exception):
    """An answer was not complete in time, though parts of it kept coming."""


@attrs.frozen
class Allowance:
    """How many bytes one answer may have, decompressed, and until when it must be complete."""

    size: int
    deadline: float
    clock: Callable[[], float]


ASKED: ContextVar[Allowance | None] = ContextVar("avbc_asked", default=None)
"""What the answer that this thread waits for may take: its connections keep to it."""


class TimedBackend:
    """Connections that end when the answer is due, also within its headers.

    The libraries limit each read, and read headers until they are complete.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> object:
        return getattr(self._backend, name)

    def connect_tcp(self, *where: object, **options: object) -> object:
        """Open a connection."""
        return _TimedStream(self._backend.connect_tcp(*where, **options))


class _TimedStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def start_tls(self, *how: object, **options: object) -> object:
        return _TimedStream(self._stream.start_tls(*how, **options))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if timeout is None or (allowance := ASKED.get()) is None:
            return cast("bytes", self._stream.read(max_bytes, timeout))
        left = allowance.deadline - allowance.clock()
        if left <= 0:
            raise TooSlow
        try:
            return cast("bytes", self._stream.read(max_bytes, min(left, timeout)))
        except Exception:
            # Each library has timeouts of its own; when the total time is over, all mean this one.
            if allowance.clock() < allowance.deadline:
                raise
        raise TooSlow


class Limited:
    """The stream of an answer: decompressed here, since the libraries do it without a limit."""

    def __init__(
        self,
        stream: Iterable[bytes] | AsyncIterable[bytes],
        encoding: str,
        allowance: Allowance,
        error: type[Exception],
    ) -> None:
        self._stream = stream
        self._wbits = _ENCODINGS.get(encoding.strip().lower())
        self._inflate: Any = None
        self._left = allowance.size
        self._allowance = allowance
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        for part in cast("Iterable[bytes]", self._stream):
            yield self._taken(part)
        self._end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in cast("AsyncIterable[bytes]", self._stream):
            yield self._taken(part)
        self._end()

    def close(self) -> None:
        """Close the stream."""
        cast("Any", self._stream).close()

    async def aclose(self) -> None:
        """Close the stream."""
        await cast("Any", self._stream).aclose()

    def _taken(self, part: bytes) -> bytes:
        if self._allowance.clock() > self._allowance.deadline:
            raise TooSlow
        if self._wbits is not None:
            part = self._inflated(part, self._wbits)
        self._left -= len(part)
        if self._left < 0:
            raise TooLarge
        return part

    def _inflated(self, part: bytes, wbits: int) -> bytes:
        is_first = self._inflate is None
        self._inflate = self._inflate or zlib.decompressobj(wbits)
        try:
            return cast("bytes", self._inflate.decompress(part, self._left + 1))
        except zlib.error as error:
            if not is_first or wbits != _ZLIB:
                raise self._error(str(error)) from None
        # Some servers send "deflate" without the header of zlib.
        self._inflate = None
        return self._inflated(part, _DEFLATE)

    def _end(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            raise self._error("the compressed data ends early")
