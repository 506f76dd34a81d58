"""What the parts of the setup check share: from rulings and errors to checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from avbc.errors import AvbcError
from avbc.mapping import Ruling
from avbc.orchestrator.reports import Check
from avbc.text import did_you_mean

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


def ruled(area: str, item: str, ruling: Ruling[T], known: Iterable[str] = ()) -> Check:
    """Return a ruling as a check: its value, or its first error and the known names near it."""
    if ruling.value is not None:
        return Check(area, item, "ok", str(ruling.value))
    problem = ruling.errors[0]
    choices = f" There are: {', '.join(problem.candidates)}." if problem.candidates else ""
    fix = f"{problem.fix}{choices}"
    return Check(
        area,
        item,
        "error",
        problem.message,
        hinted(fix, problem.value, known or problem.candidates),
    )


def hinted(fix: str, name: str, known: Iterable[str]) -> str:
    """Put the known names that are near an unknown one before what to change."""
    return f"{did_you_mean(name, known)} {fix}".strip()
