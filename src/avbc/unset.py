"""UNSET: a value that was not given, where None is a value of its own."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Unset(Enum):
    """The type of `UNSET`: an enum of one, so that type checkers understand `is UNSET`.

    >>> UNSET, bool(UNSET), UNSET is None
    (UNSET, False, False)
    """

    UNSET = "unset"

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset.UNSET
