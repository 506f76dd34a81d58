"""The request to stop: it ends waits in every thread, and can be made by a signal handler."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

GRACE: Final = 2.0
"""Seconds after a request to stop in which what needs no longer may still be finished."""

_SLICE: Final = 1.0
"""Seconds after which a wait looks whether a signal came."""

T = TypeVar("T")


class StopRequest:
    """Whether work is to end.

    Waits end at once. What takes a moment is still done: a request that may be sent right away, and
    an answer that is already on its way. When `grace` is over, that ends too.

    Args:
        grace: Seconds.
        clock: Seconds that never go back.
        outer: Another request, which asks for the same.

    >>> stop = StopRequest()
    >>> stop.left() is None
    True
    >>> stop.ask()
    >>> stop.is_due, 0 < stop.left() <= GRACE
    (True, True)
    """

    def __init__(
        self,
        grace: float = GRACE,
        clock: Callable[[], float] = time.monotonic,
        outer: StopRequest | None = None,
    ) -> None:
        self._grace = grace
        self._clock = clock
        self._outer = outer
        self._asked_at: float | None = None
        self._wakes: set[Callable[[], object]] = set()

    def ask(self) -> None:
        """Ask to stop. A signal handler may call it: it takes no lock."""
        if self._asked_at is None:
            self._asked_at = self._clock()
        for wake in self._wakes.copy():
            wake()

    @property
    def is_due(self) -> bool:
        """Whether nothing new is to be begun."""
        return self.left() is not None

    def left(self) -> float | None:
        """Return the seconds that are left of the grace; None if no stop was asked for."""
        outer = self._outer.left() if self._outer is not None else None
        if self._asked_at is None:
            return outer
        own = max(0.0, self._grace - (self._clock() - self._asked_at))
        return own if outer is None else min(own, outer)

    @contextmanager
    def waking(self, wake: Callable[[], object]) -> Generator[None]:
        """Have a function called when the request is made while the context is open.

        It must be one that a signal handler may call, such as `SimpleQueue.put`.
        """
        self._wakes.add(wake)
        try:
            with nullcontext() if self._outer is None else self._outer.waking(wake):
                yield
        finally:
            self._wakes.discard(wake)


STOP: ContextVar[StopRequest | None] = ContextVar("avbc_stop", default=None)
"""What ends the waits of the work that runs in this context."""


@contextmanager
def ended_by(stop: StopRequest) -> Generator[None]:
    """Have a request to stop end the waits of what runs in the context."""
    token = STOP.set(stop)
    try:
        yield
    finally:
        STOP.reset(token)


def is_stop_due() -> bool:
    """Return whether a stop was asked for of the work that runs in this context.

    >>> is_stop_due()
    False
    """
    stop = STOP.get()
    return stop is not None and stop.is_due


def pause(seconds: float, *stops: StopRequest | None) -> None:
    """Wait, until one of these is asked to stop at most.

    >>> pause(0.0, StopRequest(), None)
    """
    # A handler may call SimpleQueue.put at any time. threading.Event.set would wait for a lock that
    # its own thread may hold.
    wakes: SimpleQueue[None] = SimpleQueue()
    with ExitStack() as stack:
        asked = [stop for stop in stops if stop is not None]
        for stop in asked:
            stack.enter_context(stop.waking(partial(wakes.put, None)))
        if not any(stop.is_due for stop in asked):
            wait_for(wakes, seconds)


def wait_for(wakes: SimpleQueue[T], seconds: float | None) -> None:
    """Wait until something is put into a queue, for so many seconds at most, or without an end.

    It waits in slices: Python sees a signal that comes right before a wait only after it.

    >>> wait_for(SimpleQueue[None](), 0.0)
    """
    until = None if seconds is None else time.monotonic() + seconds
    left = _SLICE
    while left > 0:
        left = _SLICE if until is None else until - time.monotonic()
        with suppress(Empty):
            wakes.get(timeout=max(0.0, min(left, _SLICE)))
            return
