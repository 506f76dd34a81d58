"""Forks: what a process may not share with the one that it was forked from."""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from typing import Protocol, runtime_checkable
from weakref import WeakSet

PATIENCE = 5.0
"""Seconds that a fork waits for what it must not cut through."""


class Forked(Protocol):
    """What a forked process has to make anew."""

    def after_fork(self) -> None:
        """Let go of the parent's connections and locks; called in the child."""


@runtime_checkable
class EndedFirst(Protocol):
    """What must not be carried into another process at all."""

    def before_fork(self) -> None:
        """End it; called in the parent, where it is begun again when it is needed."""


_things: WeakSet[Forked] = WeakSet()
_parents: list[object] = []


def watch(thing: Forked) -> None:
    """Have `after_fork` called in each process that is forked while the thing lives."""
    _things.add(thing)


def keep(thing: object) -> None:
    """Keep what is the parent's: where it is collected, it ends what the parent still uses."""
    _parents.append(thing)


class _Uses:
    """What a fork must not cut through, by the threads that are in the middle of it.

    A lock that a thread holds at that moment stays locked in the child for ever: SQLite's own, too.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin with no threads, as a forked process does."""
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._threads: dict[int, int] = {}
        self._is_forking = False

    def __enter__(self) -> None:
        """Hold back forks while the context is open, or wait until one is done."""
        thread = threading.get_ident()
        with self._lock:
            # Who is in the middle of something is let in: the fork waits for that.
            while self._is_forking and thread not in self._threads:
                self._changed.wait()
            self._threads[thread] = self._threads.get(thread, 0) + 1

    def __exit__(self, *_: object) -> None:
        """Let forks go on."""
        thread = threading.get_ident()
        with self._lock:
            # In a process that was forked meanwhile there is none.
            left = self._threads.pop(thread, 1) - 1
            if left > 0:
                self._threads[thread] = left
            if self._is_forking:
                self._changed.notify_all()

    def hold(self) -> None:
        """Wait for the others, and let no one begin until the fork is done."""
        own = {threading.get_ident()}
        with self._changed:
            self._is_forking = True
            self._changed.wait_for(lambda: self._threads.keys() <= own, PATIENCE)
        self._changed.acquire()

    def resume(self) -> None:
        """Go on in the parent."""
        self._is_forking = False
        self._changed.notify_all()
        self._changed.release()


uses = _Uses()


def before() -> None:
    """Wait for what a fork must not cut through, and end what it must not carry along."""
    uses.hold()
    for thing in list(_things):
        if isinstance(thing, EndedFirst):
            thing.before_fork()


def let_go() -> None:
    """Make everything anew; called in each forked process."""
    uses.start()
    with ExitStack() as rest:
        # One that fails leaves no other with its parent's connections.
        for thing in list(_things):
            rest.callback(thing.after_fork)


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows does not fork
    os.register_at_fork(before=before, after_in_parent=uses.resume, after_in_child=let_go)
