"""Tables with patterns: the first row that fits a text counts, and `*` stands for any text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeVar

from avbc.text import text_key

R = TypeVar("R")


@lru_cache(maxsize=1024)  # asked for every order, of few rows
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = map(re.escape, text_key(pattern).split("*"))
    return re.compile(".*".join(parts), re.DOTALL)


def fits(pattern: str, text: str) -> bool:
    """Whether a pattern fits a whole text, which compares as `text_key` does.

    >>> fits("UPS Ground (*)", "ups ground (2 to 4 days)"), fits("UPS Ground", "UPS Ground Saver")
    (True, False)
    """
    return _compiled(pattern).fullmatch(text_key(text)) is not None


def covers(pattern: str, other: str) -> bool:
    """Whether a pattern fits every text that another pattern fits.

    >>> covers("UPS*", "UPS Ground"), covers("UPS*", "UPS * Saver"), covers("UPS Ground", "UPS*")
    (True, True, False)
    """
    if "*" not in pattern:
        return text_key(pattern) == text_key(other)
    # A letter that no pattern has stands for any text: only a `*` takes it.
    return fits(pattern, other.replace("*", "\ue000"))


def first_fit(rows: Iterable[tuple[str, R]], text: str) -> R | None:
    """Return the first row whose pattern fits a text; None where none does.

    >>> first_fit([("UPS Ground*", "UPS"), ("*", "Truck")], "UPS Ground (2 to 4 days)")
    'UPS'
    """
    return next((row for pattern, row in rows if fits(pattern, text)), None)
