"""The time, as the orchestrator reads it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import attrs


def _now() -> datetime:
    return datetime.now(UTC)


@attrs.frozen
class Clock:
    """Which time it is. A test suite may have its own, which stands still or jumps.

    >>> clock = Clock(now=lambda: datetime(2026, 1, 2, 12, 5, tzinfo=UTC))
    >>> f"{clock.now():%H:%M}"
    '12:05'
    """

    now: Callable[[], datetime] = _now
    """Returns the time, with its time zone."""
    monotonic: Callable[[], float] = time.monotonic
    """Returns seconds that never go back: ages and intervals are measured by them."""

    def __repr__(self) -> str:
        return f"<Clock: {self.now():%Y-%m-%d %H:%M:%S %Z}>"
