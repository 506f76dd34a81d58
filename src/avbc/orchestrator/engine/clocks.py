"""Clocks that are off: this machine's and the books', by the store's."""

from __future__ import annotations

import socket
from datetime import timedelta

import attrs

from avbc.acctvantage.optional import ClockGateway
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.orchestrator.engine.attention import Attention
from avbc.orchestrator.engine.integration import Integration

LARGEST_SKEW = timedelta(minutes=2)
"""What a network and a slow answer explain, and less than anything here relies on: webhooks may be
five minutes old, and a change of the books is looked for ten minutes back."""

CLOCK_OFF = "clock_off"
_AREA = "clock"
_BOOKS = "clock of the books"
_DEGREES = (
    (timedelta(days=1), "more than a day"),
    (timedelta(hours=1), "more than an hour"),
    (LARGEST_SKEW, "more than two minutes"),
)
SET_MACHINE = "Set this machine's clock, by NTP if you can."
SET_BOOKS = (
    "Set the clock of the database server, or of each machine that writes to the books, by NTP. "
    "Where one was ahead, stamps stay at its time until the present has come up with them; changes "
    "reach the store all the same."
)

_log = get_logger("avbc.orchestrator")


@attrs.frozen
class Skews:
    """How far clocks are ahead of the store's; None where that is not known."""

    machine: timedelta | None = None
    books: timedelta | None = None

    @property
    def is_machine_off(self) -> bool:
        """Whether this machine's clock is off."""
        return self.machine is not None and abs(self.machine) > LARGEST_SKEW

    @property
    def is_books_off(self) -> bool:
        """Whether the books' clock is off, for another reason than that they have this machine's.

        Books in a file do.
        """
        if self.machine is None or self.books is None or abs(self.books) <= LARGEST_SKEW:
            return False
        return not (self.is_machine_off and abs(self.books - self.machine) <= LARGEST_SKEW)


def skews(integration: Integration) -> Skews:
    """Compare the clocks with that of the store's last answer.

    Nothing is known where a test suite has a time of its own.

    Raises:
        BooksUnreachable: The books do not answer.
    """
    store_time, now = integration.store.store_time, integration.clock.now()
    if store_time is None or integration.clock != Clock():
        return Skews()
    if not integration.parts.has(ClockGateway):
        return Skews(now - store_time)
    return Skews(now - store_time, integration.parts.now(now) - store_time)


def note_clocks(integration: Integration) -> None:
    """Have the clocks that are off on the worklist, once, until they are set.

    The run reports what is new.
    """
    host = socket.gethostname()
    try:
        found = skews(integration)
        problems = dict(_problems(found, host))
        noted = {key: problem.message for key, problem in problems.items()}
        if found.machine is None or noted == integration.clocks_noted:
            return
        attention = Attention(integration, _AREA)
        for key, problem in problems.items():
            attention.add(problem, key=key)
        gone = {_of_machine(host)} if found.is_machine_off else {_of_machine(host), _BOOKS}
        attention.settle(gone - problems.keys())
        attention.flush()
    except AvbcError as error:
        _log.warning("whether a clock is off is not on the worklist: %s", error)
        return
    integration.clocks_noted = noted


def direction(ahead: timedelta) -> str:
    """Return how a clock is off.

    >>> direction(timedelta(minutes=-3))
    'behind'
    """
    return "behind" if ahead < timedelta() else "ahead of"


def _of_machine(host: str) -> str:
    return f"clock of {host}"


def _degree(ahead: timedelta) -> str:
    """How far a clock is off, in words that stay the same while it does."""
    return next(words for least, words in _DEGREES if abs(ahead) > least)


def _problems(found: Skews, host: str) -> list[tuple[str, Problem]]:
    """What is wrong, by the key of its item: each machine has one, and so have the books."""
    problems: list[tuple[str, Problem]] = []
    if found.machine is not None and found.is_machine_off:
        message = (
            f"The clock of {host} is {_degree(found.machine)} {direction(found.machine)} the "
            "store's."
        )
        fix = (
            f"Set the clock of {host}, by NTP if you can. Where {host} does not run avbc any more, "
            "settle this item."
        )
        problems.append((_of_machine(host), Problem(CLOCK_OFF, "", host, message, fix)))
    if found.books is not None and found.is_books_off:
        message = (
            f"The clock of the books, or a stamp in them, is {_degree(found.books)} "
            f"{direction(found.books)} the store's clock."
        )
        problems.append((_BOOKS, Problem(CLOCK_OFF, "", "", message, SET_BOOKS)))
    return problems
