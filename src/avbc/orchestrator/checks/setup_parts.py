"""What the parts of the setup check share: from rulings and errors to checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from avbc.bigcommerce import ScopeMissing
from avbc.errors import AvbcError
from avbc.mapping import Ruling
from avbc.orchestrator.reports import Check
from avbc.text import did_you_mean, quoted, some_of, text_key

T = TypeVar("T")


def or_unknown(area: str, item: str, checks: Iterator[Check]) -> Iterator[Check]:
    """Yield checks; one that is unknown, where the store does not answer what they ask."""
    try:
        yield from checks
    except ScopeMissing as error:
        # A token that lacks one scope often lacks more: the advice is in one place.
        yield Check(
            area,
            item,
            "unknown",
            f"The store refuses it (403): the token lacks the OAuth scope {quoted(error.scope)}.",
            "Orchestrator.test_connection() shows every scope that is missing, and what to do.",
        )
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
    there = some_of(problem.candidates, problem.value)
    fix = f"{problem.fix} There are: {there}." if there else problem.fix
    fix = hinted(fix, problem.value, known or problem.candidates)
    return Check(area, item, "error", problem.message, fix)


def hinted(fix: str, name: str, known: Iterable[str]) -> str:
    """Put the known names that are near an unknown one before what to change."""
    return f"{did_you_mean(name, known)} {fix}".strip()


def hidden_rows(
    area: str, table: str, rows: Sequence[tuple[T, str]], covers: Callable[[T, T], bool]
) -> Iterator[Check]:
    """Warn of rows that never apply, since an earlier one fits all that they fit.

    Args:
        area: The area of the checks.
        table: The setting: `shipping.methods`.
        rows: What each row fits, and what it makes of it. Two that make the same are no mistake.
        covers: Whether the first fits all that the second fits.
    """
    for place, (wanted, target) in enumerate(rows):
        earlier = (first for first in range(place) if covers(rows[first][0], wanted))
        first = next(earlier, None)
        if first is not None and text_key(rows[first][1]) != text_key(target):
            yield Check(
                area,
                f"{table}[{place}]",
                "warning",
                f"The row never applies: {table}[{first}] is before it and fits all that it fits, "
                "and the first row that fits counts.",
                f"Move it before {table}[{first}], or remove it.",
            )
