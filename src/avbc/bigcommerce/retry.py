"""Whether and when a failed request is sent again. `backoff` is used here and nowhere else."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeAlias, TypeVar

import attrs
import backoff

from avbc.bigcommerce.call import Call, require_call
from avbc.bigcommerce.errors import (
    BadAnswer,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
)
from avbc.bigcommerce.quota import growing_wait
from avbc.shown import Shown

Pause: TypeAlias = Callable[[object], None] | Callable[[object], Coroutine[Any, Any, None]]
AttemptT = TypeVar("AttemptT", bound=Callable[..., object])

_WAIT_AFTER_500 = 60.0


@attrs.frozen
class Retries(Shown):
    """How patient the client is with one request.

    `Retries(attempts=1)` never repeats anything.

    >>> Retries(attempts=1).patience
    180.0
    """

    attempts: int = 6
    """How often a request is sent, at most."""
    patience: float = 180.0
    """How many seconds all waits for one request may take together.

    A wait that would exceed it is not shortened: the error is raised instead.
    """
    jitter: Callable[[], float] = random.random
    """A number from 0 to 1 that lengthens a wait by up to a quarter, to spread out many clients."""


def decide(
    call: Call[object], error: StoreError, attempt: int, waited: float, retries: Retries
) -> float | None:
    """Decide whether a call that failed is sent again.

    Any call is repeated after a 429 and if no connection was made, since then nothing happened.
    After a timeout, a broken connection, a 5xx or an answer that cannot be read, a call is repeated
    only if it is `repeatable`.

    Args:
        call: What was sent.
        error: How it failed.
        attempt: How often it was sent.
        waited: The seconds that it has waited so far.
        retries: The limits.

    Returns:
        The seconds to wait, at least as many as BigCommerce asks for; None to raise the error.
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


class Attempts:
    """The attempts at one call: which one is next, and how long the call waits for it."""

    def __init__(self, call: Call[object], retries: Retries) -> None:
        self.call = require_call(call)
        self.number = 1
        self.wait = 0.0
        self.waited = 0.0
        self.failed: StoreError | None = None
        """What was wrong with the last answer, if that showed only when its rows were read."""
        self._retries = retries

    def count_failure(self, error: StoreError) -> None:
        """Count an attempt that failed, and decide how long the call waits for the next one.

        Raises:
            StoreError: The error, where there is no next one.
        """
        wait = decide(self.call, error, self.number, self.waited, self._retries)
        if wait is None:
            raise error
        self.number += 1
        self.wait = wait
        self.waited += wait

    def waits(self) -> Generator[float, Any, None]:
        """Yield the wait before each repetition, in the protocol of backoff's wait generators.

        It is sent the error of each attempt, and raises the error that ends the call.
        """
        error: StoreError = yield 0.0
        while True:
            self.count_failure(error)
            error = yield self.wait

    def raise_failure(self) -> None:
        """Raise `failed`, once: then the next attempt follows as after any other failure."""
        failed, self.failed = self.failed, None
        if failed is not None:
            raise failed

    def repeated(self, attempt: AttemptT, pause: Pause) -> AttemptT:
        """Return a function, or coroutine function, that repeats an attempt as the waits say.

        Args:
            attempt: Sends the call once.
            pause: Waits for `self.wait` seconds, in place of backoff's own sleep: that one can be
                neither woken when the client is closed nor replaced in a test.
        """
        # When `pause` returns, nothing of the wait is left for backoff to sleep.
        repeat = backoff.on_exception(
            self.waits, StoreError, jitter=lambda _: 0.0, on_backoff=pause, logger=None
        )
        return repeat(attempt)
