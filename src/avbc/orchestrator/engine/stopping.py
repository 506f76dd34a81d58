"""The request to stop: made by a signal handler or another thread, checked between two orders."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager


def _do_nothing() -> None:
    pass


class Stop:
    """Whether the timer of one configuration is to end.

    A request made before the timer begins is kept for it. Outside of the timer it has no effect:
    `import_orders` called on its own runs to its end.

    >>> stop = Stop()
    >>> stop.ask()
    >>> stop.is_due
    False
    >>> with stop.listening():
    ...     stop.is_due
    True
    >>> with stop.listening():
    ...     stop.is_due
    False
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._is_listening = False
        self._wake: Callable[[], object] = _do_nothing

    def ask(self) -> None:
        """Ask to stop; safe in a signal handler if `wake` is."""
        self._is_asked = True
        self._wake()

    @property
    def is_due(self) -> bool:
        """Whether nothing new is to be begun."""
        return self._is_asked and self._is_listening

    @contextmanager
    def listening(self, wake: Callable[[], object] = _do_nothing) -> Generator[None]:
        """Make the request due inside of the context, and forget it at the end.

        Args:
            wake: Called when the request is made.
        """
        self._wake = wake
        self._is_listening = True
        try:
            yield
        finally:
            self._wake = _do_nothing
            self._is_listening = self._is_asked = False
