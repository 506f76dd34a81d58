"""Whether and when a request that failed is sent again, and the loop that does it. `backoff` is used here and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import attrs
import backoff

from avbc.bigcommerce.call import Call
from avbc.bigcommerce.errors import (
    BadAnswer,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
)
from avbc.bigcommerce.quota import growing_wait

T = TypeVar("T")

_WAIT_AFTER_500 = 60.0


@attrs.frozen
class Retries:
    """How patient the client is with one request.

    `Retries(attempts=1)` never repeats anything.
    """

    attempts: int = 6
    """How often a request is sent at most."""
    patience: float = 180.0
    """How many seconds it waits for one request at most, all waits together.

    A wait that would not fit is never cut short: the error is raised instead.
    """
    jitter: Callable[[], float] = random.random
    """A number from 0 to 1 that lengthens a wait by up to a quarter, so that many clients do not come back at once."""


def decide(
    call: Call[object], error: StoreError, attempt: int, waited: float, retries: Retries
) -> float | None:
    """Decide whether a call that failed is sent again.

    Whatever the call, it is repeated after a 429 and where no connection was made, since then
    nothing happened. After a timeout, a broken connection, a 5xx or an answer that cannot be read
    it is repeated only if it is `repeatable`.

    Args:
        call: What was sent.
        error: How it failed.
        attempt: How often it was sent.
        waited: The seconds waited for it so far.
        retries: The limits.

    Returns:
        The seconds to wait, never fewer than BigCommerce asked for; or None: raise the error.
    """
    nothing_happened = isinstance(error, StoreBusy) or (
        isinstance(error, StoreUnreachable) and not error.sent
    )
    passing = isinstance(error, (StoreBusy, StoreUnavailable, StoreUnreachable, BadAnswer))
    if attempt >= retries.attempts or not passing or not (call.repeatable or nothing_happened):
        return None
    # BigCommerce asks to wait longer before writes than before reads, and at least a minute after a
    # 500.
    first = 1.0 if call.method == "GET" else 2.0
    wait = _WAIT_AFTER_500 if error.status == 500 else growing_wait(attempt, first)
    wait *= 1 + retries.jitter() / 4
    if isinstance(error, (StoreBusy, StoreUnavailable)) and error.retry_after is not None:
        wait = max(wait, error.retry_after.total_seconds())
    return wait if waited + wait <= retries.patience else None


class Run:
    """The attempts at one call: how many there were and how long it waited for them."""

    def __init__(self, call: Call[object], retries: Retries) -> None:
        self.call = call
        self.attempt = 1
        self.waited = 0.0
        self._retries = retries

    def _is_over(self, error: Exception) -> bool:
        wait = (
            decide(self.call, error, self.attempt, self.waited, self._retries)
            if isinstance(error, StoreError)
            else None
        )
        self._wait = wait or 0.0
        return wait is None

    def _next(self) -> float:
        self.attempt += 1
        self.waited += self._wait
        return self._wait

    # backoff runs the loop. The waiting is the client's own: backoff's cannot be woken when the
    # client closes, nor replaced in tests.

    def repeat(self, attempt: Callable[[], T], pause: Callable[[float], None]) -> T:
        """Call `attempt` until it succeeds or its error is one to raise, with a `pause` before each repetition."""

        def before_next(_details: object) -> None:
            pause(self._next())

        loop = backoff.on_exception(
            backoff.constant,
            StoreError,
            interval=0,
            jitter=None,
            giveup=self._is_over,
            on_backoff=before_next,
            logger=None,
        )
        return loop(attempt)()

    async def repeat_async(
        self, attempt: Callable[[], Awaitable[T]], pause: Callable[[float], Awaitable[None]]
    ) -> T:
        """As `repeat`, for coroutine functions."""

        async def before_next(_details: object) -> None:
            await pause(self._next())

        loop = backoff.on_exception(
            backoff.constant,
            StoreError,
            interval=0,
            jitter=None,
            giveup=self._is_over,
            on_backoff=before_next,
            logger=None,
        )
        return await loop(attempt)()
