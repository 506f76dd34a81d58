"""The request quota: requests in 30 seconds, shared by all applications of the store."""

from __future__ import annotations

from math import ceil

import attrs

from avbc.bigcommerce.quota import REQUESTS_LEFT, REQUESTS_QUOTA, RESET_MS, WINDOW_MS

WINDOW = 30.0
"""Seconds."""


@attrs.define
class RequestQuota:
    """A window of requests, opened by the first request after the last window ended.

    `others` is what other applications of the store use of each window, spread evenly over it.
    """

    limit: int
    others: int = 0
    refused: int = 0
    """How many requests got a 429 since the start."""
    _opened: float | None = attrs.field(default=None, init=False)
    _used: int = attrs.field(default=0, init=False)

    def take(self, now: float) -> bool:
        """Count a request at `now` (unix seconds); False if the window is used up: a 429."""
        if self._opened is None or now - self._opened >= WINDOW:
            self._opened, self._used = now, 0
        if self.left(now) <= 0:
            self.refused += 1
            return False
        self._used += 1
        return True

    def left(self, now: float) -> int:
        """How many requests the window still has."""
        elapsed = 0.0 if self._opened is None else min(now - self._opened, WINDOW)
        return max(0, self.limit - self._used - int(self.others * elapsed / WINDOW))

    def reset_ms(self, now: float) -> int:
        """Milliseconds until the window ends."""
        return (
            int(WINDOW * 1000)
            if self._opened is None
            else max(0, ceil((self._opened + WINDOW - now) * 1000))
        )

    def headers(self, now: float) -> dict[str, str]:
        """The four headers that every answer carries."""
        return {
            WINDOW_MS: str(int(WINDOW * 1000)),
            RESET_MS: str(self.reset_ms(now)),
            REQUESTS_QUOTA: str(self.limit),
            REQUESTS_LEFT: str(self.left(now)),
        }
