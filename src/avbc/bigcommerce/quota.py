"""When the next request may start, so that the store's quota is used up and never overdrawn.

It has no clock: the time is passed in.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from avbc import forks
from avbc.bigcommerce.in_flight import STARTERS, InFlight

WINDOW_MS: Final = "X-Rate-Limit-Time-Window-Ms"
RESET_MS: Final = "X-Rate-Limit-Time-Reset-Ms"
REQUESTS_QUOTA: Final = "X-Rate-Limit-Requests-Quota"
REQUESTS_LEFT: Final = "X-Rate-Limit-Requests-Left"
RETRY_AFTER: Final = "X-Retry-After"
"""Seconds, on a 429."""

AT_FULL_SPEED: Final = 0.5
"""The share of a window that is sent without delay; the rest is spread over its time."""
_LOOK_AGAIN = 0.02
# Milliseconds are cut off, not rounded, and a request must not arrive before the window has really
# ended.
_AFTER_RESET = 0.02
# Others may have used twice what they use on average.
_OTHERS_AT_MOST = 2
# A burst of others for which room is left is a quarter of the quota, at most.
_BURST_AT_MOST = 4
_LONGEST_WAIT = 60.0
_WHOLE = re.compile(r"\s*[0-9]{1,15}\s*", re.ASCII)


class Quota:
    """The quota of one store, by the headers of its answers (docs/facts.md, bigcommerce-limits).

    BigCommerce counts the requests of all applications of a store in common windows. What is left
    is what the last answer said, less the requests in flight. Several clients of the same store may
    share one instance, from several threads.

    - Before the first answer, and after a window ended, a few requests go out to learn the new one.
    - The first half of a window goes out at full speed, so that small jobs are quick. The second
      half is spread evenly over the time that is left, so that other applications find room and
      nothing runs into a wall.
    - If other applications use the quota too, room is left for what they may have used since the
      last answer, and for another burst like the largest that was seen lately.
    - A 429 stops everything until the time that BigCommerce gives, or for 1, 2, 4, ... seconds if
      it gives none.
    - A store whose answers have no quota is not slowed down.
    - `at_once` says how many requests are to be in flight: as many as are needed to send at that
      pace, by the time that answers take, and no more than keep this process at work.

    >>> quota = Quota()
    >>> quota.ask(now=0.0)
    0.0
    >>> quota.answered(0.1, 200, {REQUESTS_LEFT: "0", RESET_MS: "2500"})
    >>> round(quota.ask(now=0.1), 2)
    2.52
    """

    def __init__(self) -> None:
        self._unlimited = False
        # The window: what is left of it at the last answer (None: not known), when it ends, how
        # many requests it has.
        self._left: int | None = None
        self._reset_at = 0.0
        self._window_ms = 0
        self._limit: int | None = None
        self._next_at = 0.0
        self._seen_at = 0.0
        # Other applications: our own requests of this window; those of others so far, and per
        # second, in this window and the one before; the most that came between two answers.
        self._ours = 0
        self._others: int | None = None
        self._others_now = 0.0
        self._others_before = 0.0
        self._burst_now = 0
        self._burst_before = 0
        self._blocked_until = 0.0
        self._refusals = 0
        self._flight = InFlight()
        self._start()
        forks.watch(self)

    def __repr__(self) -> str:
        left = "not known" if self._left is None else f"{self._left} of {self._limit} left"
        return f"<Quota: {left}>"

    def _start(self) -> None:
        """Make what a process cannot share with another."""
        self._lock = threading.Lock()
        self._in_flight = 0

    def after_fork(self) -> None:
        """Keep what is known of the window in a forked process; the parent has its own requests."""
        self._start()

    def ask(self, now: float) -> float:
        """Ask for the start of one request.

        Args:
            now: The time in seconds, by any clock that never goes back.

        Returns:
            0.0 if the request may start now: it is then in flight until `answered`, `lost` or
            `returned`.
            Otherwise the seconds after which to ask again.
        """
        with self._lock:
            wait = self._wait(now)
            if wait <= 0:
                self._in_flight += 1
                self._ours += 1
                return 0.0
            return wait

    def at_once(self, now: float) -> int:
        """Return how many requests are to be in flight now: at least one.

        >>> Quota().at_once(now=0.0)
        4
        """
        with self._lock:
            if self._left is None or now >= self._reset_at:
                if self._unlimited:
                    return self._flight.room
                return max(1, min(STARTERS, self._limit or STARTERS, self._flight.most))
            free = self._left - self._in_flight - self._reserve(now)
            if self._is_at_full_speed(free):
                return self._flight.room
            return max(1, self._flight.for_rate(free / (self._reset_at - now)))

    @property
    def is_at_work(self) -> bool:
        """Whether answers come as fast as this process handles them.

        >>> Quota().is_at_work
        False
        """
        return self._flight.is_at_work

    def answered(
        self,
        now: float,
        status: int,
        headers: Mapping[str, str],
        *,
        kind: str = "",
        took: float | None = None,
        worked: float | None = None,
    ) -> None:
        """Record an answer.

        Args:
            now: The time in seconds.
            status: Its status.
            headers: Its headers.
            kind: What requests are alike in the time that they take.
            took: The seconds that it took.
            worked: The CPU seconds of its thread, where they were measured.
        """
        with self._lock:
            if took is not None and status < 429:
                self._flight.answered(kind, took, self._in_flight, worked)
            elif status >= 429:
                self._flight.failed()
            self._in_flight -= 1
            left = whole(headers.get(REQUESTS_LEFT))
            reset_ms = whole(headers.get(RESET_MS))
            if left is None or reset_ms is None:
                self._without_quota(now, status)
            else:
                # Where the window's length is not given, it is at least as long as any rest of it
                # that was seen.
                self._window_ms = whole(headers.get(WINDOW_MS)) or max(self._window_ms, reset_ms)
                limit = whole(headers.get(REQUESTS_QUOTA))
                self._with_quota(now, left, now + reset_ms / 1000 + _AFTER_RESET, limit)
            if status == 429:
                self._refused(now, asked_wait(status, headers))
            elif now >= self._blocked_until:
                self._refusals = 0

    def lost(self, now: float) -> None:
        """Record that a request ended without an answer; BigCommerce may have counted it."""
        with self._lock:
            self._flight.failed()
            self._in_flight -= 1
            self._use_one(now)

    def returned(self, now: float) -> None:
        """Record that a request was not sent after all: another may start in its place."""
        with self._lock:
            self._in_flight -= 1
            self._ours -= 1
            self._next_at = min(self._next_at, now)

    def _wait(self, now: float) -> float:
        if now < self._blocked_until:
            return self._blocked_until - now
        if self._left is not None and now >= self._reset_at:
            self._forget_window()
        if self._left is None:
            return (
                0.0
                if self._unlimited or self._in_flight < min(STARTERS, self._limit or STARTERS)
                else _LOOK_AGAIN
            )
        reserve = self._reserve(now)
        free = self._left - self._in_flight - reserve
        until_reset = self._reset_at - now
        if free <= 0:
            # The last answer may count the requests in flight: the next one can show room.
            return (
                min(until_reset, _LOOK_AGAIN)
                if self._in_flight and self._left > reserve
                else until_reset
            )
        if self._is_at_full_speed(free):
            return 0.0
        if now < self._next_at:
            return min(self._next_at, self._reset_at) - now
        self._next_at = now + until_reset / free
        return 0.0

    def _is_at_full_speed(self, free: float) -> bool:
        return self._limit is not None and free > self._limit * AT_FULL_SPEED

    def _reserve(self, now: float) -> float:
        others = max(self._others_now, self._others_before)
        if not others or self._limit is None:
            return 0.0
        # A twentieth or another burst, and what they may have used since the last answer.
        burst = min(max(self._burst_now, self._burst_before), self._limit // _BURST_AT_MOST)
        room = min(max(2, self._limit // 20, burst), self._limit - 1)
        return room + _OTHERS_AT_MOST * others * (now - self._seen_at)

    def _forget_window(self) -> None:
        self._left = None
        self._next_at = 0.0
        self._others_before, self._others_now, self._others = self._others_now, 0.0, None
        # It is forgotten by halves: bursts are rarer than windows.
        self._burst_before, self._burst_now = max(self._burst_now, self._burst_before // 2), 0
        # Requests in flight may be counted in the new window.
        self._ours = self._in_flight

    def _with_quota(self, now: float, left: int, reset_at: float, limit: int | None) -> None:
        self._unlimited = False
        window = self._window_ms / 1000
        if self._reset_at and reset_at < self._reset_at - window / 2:
            return  # a late answer out of an earlier window
        if self._reset_at and reset_at <= self._reset_at + window / 2:
            if self._left is None:
                return  # a late answer out of the window that just ended
            # Answers may overtake each other, and each arrives later than it was written: the
            # smallest is right.
            self._left, self._reset_at = min(self._left, left), min(self._reset_at, reset_at)
        else:
            if self._left is not None:
                self._forget_window()
                self._ours += 1
            self._left, self._reset_at = left, reset_at
        self._limit, self._seen_at = limit, now
        if limit is not None:
            others = max(0, limit - self._left - self._ours)
            elapsed = now - (self._reset_at - window)
            self._others_now = others / max(elapsed, 1.0)
            if self._others is not None:
                self._burst_now = max(self._burst_now, others - self._others)
            self._others = max(self._others or 0, others)

    def _without_quota(self, now: float, status: int) -> None:
        if self._left is None:
            # Gateways answer errors without the headers, so only a success shows that there is no
            # quota.
            self._unlimited = self._unlimited or status < 400
        self._use_one(now)

    def _use_one(self, now: float) -> None:
        if self._left is not None and now < self._reset_at:
            self._left = max(0, self._left - 1)

    def _refused(self, now: float, asked: float | None) -> None:
        if now >= self._blocked_until:
            # Refusals of requests that were in flight together are one refusal.
            self._refusals += 1
        wait = growing_wait(self._refusals)
        if asked is not None:
            wait = max(asked, wait if self._refusals > 1 else 0.0)
        self._blocked_until = max(self._blocked_until, now + wait)


def asked_wait(status: int, headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to wait, or None if it does not ask.

    On a 429 the end of the quota's window comes first (BigCommerce: API rate limits), then
    X-Retry-After, then the standard Retry-After. Every answer has the end of the window, so with
    other statuses it does not ask for a wait.

    >>> asked_wait(429, {"X-Rate-Limit-Time-Reset-Ms": "1500", "X-Retry-After": "30"})
    1.5
    >>> asked_wait(503, {"X-Rate-Limit-Time-Reset-Ms": "1500"}) is None
    True
    """
    if status == 429 and (milliseconds := whole(headers.get(RESET_MS))) is not None:
        return milliseconds / 1000
    for name in (RETRY_AFTER, "Retry-After"):
        if (seconds := whole(headers.get(name))) is not None:
            return float(seconds)
    try:
        # Both times are the server's own, so a wrong clock on this machine does not matter.
        until = parsedate_to_datetime(headers["Retry-After"])
        return max(0.0, (until - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None


def growing_wait(failures: int, first: float = 1.0) -> float:
    """Return the seconds to wait after some failures in a row: doubled each time, up to a minute.

    >>> [growing_wait(failures) for failures in (1, 2, 3, 7, 2000)]
    [1.0, 2.0, 4.0, 60.0, 60.0]
    """
    return min(_LONGEST_WAIT, first * 2.0 ** min(failures - 1, 10))


def whole(text: str | None) -> int | None:
    """Read a count from a header; None if it is absent or not a count.

    >>> whole("150"), whole(" 7 "), whole("-1"), whole(None)
    (150, 7, None, None)
    """
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None
