"""How many requests are in flight, by how long the store's answers take.

It has no clock: the time is passed in.
"""

from __future__ import annotations

import math
from typing import Final

import attrs

MOST: Final = 64
"""Requests that one client has in flight at most: so many connections are kept open."""
STARTERS: Final = 4
"""How many requests may run at once while nothing is known about the store."""

_ANSWERS = 16
"""Over how many answers a mean is taken."""
_ENOUGH = 8
"""Answers that say how long a kind of request takes."""
_FORGOTTEN = 256
"""Answers after which a store that has become slow counts as one that is."""
_KINDS = 64
"""Kinds of requests whose times are kept."""
_SPARE = 2
"""How many times what the rate needs may be in flight: pauses are made up for."""
_TRIED = 2.2
"""How many times what the store works at is tried where no rate is given. It is a little more than
twice: the mean of a few answers is now and then above the least by chance alone."""


@attrs.define
class _Times:
    """How long the answers to one kind of request take: logarithms, which a long wait hardly moves.

    Requests differ too much from kind to kind to be compared.
    """

    count: int = 0
    mean: float = 0.0
    least: float = 0.0
    """The mean when the store was quickest."""
    wait: float = math.inf
    """Seconds of the shortest wait for an answer, which is slowly forgotten."""

    def note(self, took: float, waited: float) -> None:
        self.count += 1
        self.wait = min(waited, self.wait + (waited - self.wait) / _FORGOTTEN)
        seen = math.log(max(took, 1e-4))
        self.mean += (seen - self.mean) / min(self.count, _ANSWERS)
        if self.count <= _ENOUGH:
            self.least = self.mean
        self.least = min(self.least + (self.mean - self.least) / _FORGOTTEN, self.mean)

    @property
    def share_at_work(self) -> float:
        """The part of its time that a request is worked at, and does not wait for others."""
        return math.exp(self.least - self.mean)


class InFlight:
    """How many requests a store is sent at once.

    Where there is a quota, as many as its rate needs by Little's law: the rate times the time that
    an answer takes. Where there is none, about twice as many as the store works at: what waits for
    others there shows in the time that answers take.

    Never more than keep this process at work: where answers come as fast as it handles them, more
    threads only take the processor from each other.

    >>> flight = InFlight()
    >>> flight.answered("GET /v2/orders", took=0.4, in_flight=1)
    >>> flight.for_rate(per_second=15)
    12
    """

    def __init__(self) -> None:
        self._took: float | None = None
        self._kinds: dict[str, _Times] = {}
        self._room: float = STARTERS
        self._waited: float | None = None
        self._work: float | None = None

    def answered(self, kind: str, took: float, in_flight: int, worked: float | None = None) -> None:
        """Record an answer.

        Args:
            kind: What requests are alike in the time that they take.
            took: Seconds.
            in_flight: How many requests were in flight, this one included.
            worked: The CPU seconds of its thread, where they were measured.
        """
        before = took if self._took is None else self._took
        self._took = before + (took - before) / _ANSWERS
        if kind not in self._kinds and len(self._kinds) >= _KINDS:
            self._kinds.clear()
        times = self._kinds.setdefault(kind, _Times())
        if worked is not None:
            least = worked if self._work is None else self._work
            self._work = min(worked, least + (worked - least) / _FORGOTTEN)
        times.note(took, max(0.0, took - (self._work or 0.0)))
        waited = times.wait if self._waited is None else self._waited
        self._waited = waited + (times.wait - waited) / _ANSWERS
        if 2 * in_flight < self._room:
            return
        needed = _TRIED * in_flight * times.share_at_work
        if needed < self._room:
            self._room -= (self._room - needed) / _ANSWERS
        else:
            # One more for each answer doubles them in the time that an answer takes.
            self._room = min(MOST, self._room + 1)

    @property
    def room(self) -> int:
        """How many are in flight where no rate is given."""
        return max(1, min(int(self._room), self.most))

    @property
    def most(self) -> int:
        """How many keep this process at work: while one waits, the others are handled."""
        if not self._work or self._waited is None:
            return MOST
        return min(MOST, 1 + int(_SPARE * self._waited / self._work))

    @property
    def is_at_work(self) -> bool:
        """Whether answers come as fast as this process handles them."""
        return self.most == 1

    def failed(self) -> None:
        """Record that the store failed: one that may be down is not one that answers fast."""
        self._waited = None

    def for_rate(self, per_second: float) -> int:
        """Return how many are needed to send so many requests per second."""
        if self._took is None:
            return STARTERS
        return min(self.most, math.ceil(_SPARE * per_second * self._took))
