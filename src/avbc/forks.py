"""Forks: what a process may not share with the one that it was forked from."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forked(Protocol):
    """What a forked process has to make anew."""

    def after_fork(self) -> None:
        """Let go of the parent's connections and locks; called in the child."""


_things: WeakSet[Forked] = WeakSet()
_parents: list[object] = []


def watch(thing: Forked) -> None:
    """Have `after_fork` called in each process that is forked while the thing lives."""
    _things.add(thing)


def keep(thing: object) -> None:
    """Keep what is the parent's: where it is collected, it ends what the parent still uses."""
    _parents.append(thing)


def let_go() -> None:
    """Make everything anew; called in each forked process."""
    for thing in list(_things):
        thing.after_fork()


if hasattr(os, "register_at_fork"):  # pragma: no branch  # Windows does not fork
    os.register_at_fork(after_in_child=let_go)
