"""Virtual time, and processes that take turns in one thread: greenlets.

A process goes on until its next step: a request, a transaction, a sleep. Each step takes a time
that is drawn, and who is ready first goes on first: so the seed decides who goes on.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import greenlet


class Killed(BaseException):
    """As a killed process: nothing catches it, and each further step raises it again."""


class Process:
    """A process of the simulation.

    Args:
        name: What a story calls it.
        number: By which events name it.
    """

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.number = number
        self.is_dead = False
        self.silent_at = 0.0
        """When it was last stopped."""
        self.stopped_until = 0.0
        """Until when it stands still, in seconds; it may be over."""
        self.greenlet: greenlet.greenlet | None = None


class Scheduler:
    """The time, what is due, and who goes on.

    Args:
        seed: Decides how long each step takes.
        start: When the day begins.
    """

    def __init__(self, seed: int, start: datetime) -> None:
        self.random = random.Random(seed)
        self.start = start
        self.seconds = 0.0
        """What time it is, since the start."""
        self.running: Process | None = None
        self.is_still = False
        """Nothing goes on while somebody looks."""
        self.steps = 0
        """Of all processes."""
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._end = 0.0
        self._waiting: list[tuple[list[int], int, Callable[[], object]]] = []
        """What happens after so many more steps of a process, or of any (0)."""
        self._hub = greenlet.getcurrent()

    def now(self) -> datetime:
        """Return the time by everybody's clock."""
        return self.start + timedelta(seconds=self.seconds)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something done at a time, between two steps."""
        self._count += 1
        heapq.heappush(self._due, (max(seconds, self.seconds), self._count, act))

    def after(self, steps: int, process: int, act: Callable[[], object]) -> None:
        """Have something done after so many more steps of a process, or of all (0)."""
        self._waiting.append(([steps], process, act))

    def run_until(self, seconds: float) -> None:
        """Do what is due up to a time."""
        self._end = seconds
        while self._due and self._due[0][0] <= seconds:
            self.seconds, _, act = heapq.heappop(self._due)
            act()
        self.seconds = max(self.seconds, seconds)

    # Processes

    def begin(self, process: Process, work: Callable[[], object]) -> None:
        """Start a process now."""

        def live() -> None:
            try:
                work()
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001  # it must come out of the hub
                self.fail(error)
            process.is_dead = True

        process.greenlet = greenlet.greenlet(live, self._hub)
        self._resume(process)

    def kill(self, process: Process) -> None:
        """End a process where it is."""
        if not process.is_dead:
            process.is_dead = True
            self._resume(process, Killed)

    def stop(self, process: Process, until: float) -> None:
        """Let a process stand still where it is."""
        if process.stopped_until < self.seconds:
            process.silent_at = self.seconds
        process.stopped_until = max(process.stopped_until, until)

    def fail(self, error: BaseException) -> None:
        """Have an error raised to whoever runs the scheduler, as soon as the process is at rest."""

        def throw() -> None:
            raise error

        self._count += 1
        heapq.heappush(self._due, (self.seconds, -self._count, throw))

    def step(self) -> Process | None:
        """Count a step of the running process, if one is running; returns it.

        Raises:
            Killed: It is dead.
        """
        process = self.running
        if process is None or self.is_still:
            return None
        if process.is_dead:
            raise Killed
        self.steps += 1
        for entry in self._waiting[:]:
            left, number, act = entry
            if number in (0, process.number):
                left[0] -= 1
                if left[0] <= 0:
                    self._waiting.remove(entry)
                    self.at(self.seconds, act)
        return process

    def spend(self, seconds: float) -> None:
        """Let the running process take so long for something; others may go on meanwhile."""
        if (process := self.step()) is not None:
            self.wait(process, self.seconds + seconds)

    def wait(self, process: Process, until: float) -> None:
        """Let the running process wait until a time."""
        if until <= self._end and not (self._due and self._due[0][0] <= until):
            self.seconds = until
            return
        self.at(until, lambda: self._resume(process))
        self.park(process)

    def park(self, process: Process) -> None:
        """Let the running process wait for `wake`."""
        self._hub.switch()
        if process.is_dead:
            raise Killed

    def wake(self, process: Process, seconds: float) -> None:
        """Let a parked process go on at a time."""
        self.at(seconds, lambda: self._resume(process))

    def draw(self, most: float) -> float:
        """Draw how long something takes: mostly little."""
        return most * self.random.random() ** 3

    def _resume(self, process: Process, error: type[BaseException] | None = None) -> None:
        current = process.greenlet
        if current is None or current.dead:
            return
        if error is None and process.stopped_until > self.seconds:
            self.at(process.stopped_until, lambda: self._resume(process))
            return
        before, self.running = self.running, process
        try:
            if error is None:
                current.switch()
            elif current:
                current.throw(error)
        finally:
            self.running = before
