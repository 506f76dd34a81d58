"""The request to stop the timer, checked between two orders."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from avbc.stopping import StopRequest


class Stop(StopRequest):
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

    _is_listening = False

    def left(self) -> float | None:
        """Return the seconds that are left of the grace; None if the timer is to go on."""
        return super().left() if self._is_listening else None

    @contextmanager
    def listening(self) -> Generator[None]:
        """Make the request due inside of the context, and forget it at the end."""
        self._is_listening = True
        try:
            yield
        finally:
            self._is_listening = False
            self._asked_at = None
