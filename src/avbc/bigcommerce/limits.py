"""Limits of an answer: its size and the time that it takes."""

from __future__ import annotations

import threading
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, NoReturn, cast

import attrs

from avbc.stopping import StopRequest

_ZLIB, _DEFLATE = zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP = 16 + zlib.MAX_WBITS
_SLICE = 0.5
"""Seconds after which a read asks whether a stop was asked for."""
_ENCODINGS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


class TooLarge(Exception):
    """An answer has more bytes, decompressed, than it may have."""


class TooSlow(Exception):
    """An answer was not complete in time, though parts of it kept coming."""


class NotAwaited(Exception):
    """A stop was asked for while the answer was awaited."""


@attrs.frozen
class Allowance:
    """How many bytes one answer may have, decompressed, and until when it must be complete."""

    size: int
    deadline: float
    clock: Callable[[], float]
    stop: StopRequest | None = None
    """What ends the wait for it; None where the answer is needed, whatever it takes."""


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
        return _TimedStream(_left_on_stop(lambda: self._backend.connect_tcp(*where, **options)))


class _TimedStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.write = stream.write
        self.close = stream.close
        self.get_extra_info = stream.get_extra_info

    def start_tls(self, *how: object, **options: object) -> object:
        return _TimedStream(_left_on_stop(lambda: self._stream.start_tls(*how, **options)))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if timeout is None or (allowance := ASKED.get()) is None:
            return cast("bytes", self._stream.read(max_bytes, timeout))
        left = allowance.deadline - allowance.clock()
        if left <= 0:
            raise TooSlow
        try:
            return self._read(max_bytes, min(left, timeout), allowance.stop)
        except NotAwaited:
            raise
        except Exception:
            # Each library has timeouts of its own; when the total time is over, all mean this one.
            if allowance.clock() < allowance.deadline:
                raise
        raise TooSlow

    def _read(self, max_bytes: int, seconds: float, stop: StopRequest | None) -> bytes:
        """Read in slices of the time: no signal ends a read, and none reaches other threads."""
        while True:
            part = seconds if stop is None else min(seconds, _SLICE)
            seconds -= part
            try:
                return cast("bytes", self._stream.read(max_bytes, part))
            except Exception as error:
                if stop is not None and stop.left() == 0:
                    raise NotAwaited from None
                # Nothing of the stream is lost when a slice is over.
                if seconds <= 0 or type(error).__name__ != "ReadTimeout":
                    raise


def _left_on_stop(work: Callable[[], Any]) -> Any:
    """Open a connection in a thread of its own, which a stop leaves behind: nothing ends it."""
    allowance = ASKED.get()
    if allowance is None or allowance.stop is None:
        return work()
    stop, done = allowance.stop, SimpleQueue[Callable[[], Any] | None]()
    threading.Thread(target=lambda: done.put(_outcome(work)), name="avbc", daemon=True).start()
    with stop.waking(partial(done.put, None)):
        outcome = None if stop.is_due else done.get()
    if outcome is None:
        with suppress(Empty):
            outcome = done.get(timeout=stop.left())
    if outcome is None:
        raise NotAwaited
    return outcome()


def _outcome(work: Callable[[], Any]) -> Callable[[], Any]:
    """Return what returns the result of some work, or raises its error."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - raised where it is waited for
        failure = error

        def fail() -> NoReturn:
            raise failure

        return fail
    return lambda: result


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
