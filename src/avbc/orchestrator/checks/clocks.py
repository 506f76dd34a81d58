"""Whether clocks agree, for the checks of the connection and of the setup."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from avbc.orchestrator.engine.clocks import (
    LARGEST_SKEW,
    SET_BOOKS,
    SET_MACHINE,
    direction,
    skews,
)
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.reports import Check


def clock_check(ahead: timedelta, item: str = "", fix: str = SET_MACHINE) -> Check:
    """Check how far a clock is ahead of the store's."""
    seconds = round(abs(ahead.total_seconds()))
    # The store's clock counts whole seconds.
    if seconds <= 1:
        return Check("clock", item, "ok", "agrees with the store's")
    found = f"{seconds} s {direction(ahead)} the store's"
    if abs(ahead) <= LARGEST_SKEW:
        return Check("clock", item, "ok", found)
    return Check("clock", item, "warning", found, fix)


def clock_checks(integration: Integration) -> Iterator[Check]:
    """Check for clocks that are off, by the store's last answer."""
    found = skews(integration)
    if found.machine is not None and found.is_machine_off:
        yield clock_check(found.machine, "this machine")
    if found.books is not None and found.is_books_off:
        yield clock_check(found.books, "the books", SET_BOOKS)
