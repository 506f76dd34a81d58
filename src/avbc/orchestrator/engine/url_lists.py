"""Lists of values that one URL takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

_LONGEST = 6000
"""In characters of the URL: enough for 250 part numbers, and below what servers take."""


def url_lists(values: Iterable[str], most: int) -> Iterator[list[str]]:
    """Cut values into lists of at most so many, each of which one URL takes.

    >>> list(url_lists(["MUG-1", "MUG-2", "MUG-3"], 2))
    [['MUG-1', 'MUG-2'], ['MUG-3']]
    """
    taken: list[str] = []
    length = 0
    for value in values:
        size = len(quote(value, safe="")) + len("%2C")
        length += size
        if taken and (len(taken) == most or length > _LONGEST):
            yield taken
            taken, length = [], size
        taken.append(value)
    if taken:
        yield taken
