"""What the parts of the setup check share: from rulings and errors to checks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from avbc.errors import AvbcError
from avbc.mapping import Ruling
from avbc.orchestrator.reports import Check

T = TypeVar("T")


def or_unknown(area: str, item: str, checks: Iterator[Check]) -> Iterator[Check]:
    """Yield checks; one that is unknown, where the store does not answer what they ask."""
    try:
        yield from checks
    except AvbcError as error:
        yield Check(area, item, "unknown", str(error))


def as_sentence(text: str) -> str:
    """Return a part of an error's message as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def ruled(area: str, item: str, ruling: Ruling[T]) -> Check:
    """Return a ruling as a check: its value, or its first error."""
    if ruling.value is not None:
        return Check(area, item, "ok", str(ruling.value))
    problem = ruling.errors[0]
    choices = f" There are: {', '.join(problem.candidates)}." if problem.candidates else ""
    return Check(area, item, "error", problem.message, f"{problem.fix}{choices}")
