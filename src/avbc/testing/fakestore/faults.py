"""Faults on request: which request goes wrong, how, and how often."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, cast, get_args

import attrs

from avbc.text import quoted

FaultKind: TypeAlias = Literal[
    "401",
    "429",
    "429_bare",
    "500",
    "html_502",
    "503",
    "504",
    "504_after",
    "refused",
    "reset_before",
    "reset_after",
    "timeout",
    "timeout_after",
    "slow_body",
    "truncated",
    "cut_json",
    "wrong_json",
    "html_200",
    "204",
    "207",
    "clock",
]
"""What goes wrong.

A write takes effect first with `504_after`, `reset_after`, `timeout_after`, `slow_body`,
`truncated`, `cut_json`, `wrong_json`, `html_200`, `204`, `207` and `clock`; with the others nothing
happens in the store. `truncated` drops the connection in the middle of the body, `cut_json` is a
whole answer whose JSON ends in the middle, `wrong_json` is JSON of another shape, `207` saves the
first product of a write to the catalog without its inventory and URL (other requests are answered
as usual), `clock` is a store whose clock is off by an hour.
"""

KINDS: tuple[str, ...] = get_args(FaultKind)

WITHOUT_EFFECT = frozenset(
    {
        "401",
        "429",
        "429_bare",
        "500",
        "html_502",
        "503",
        "504",
        "refused",
        "reset_before",
        "timeout",
    }
)


@attrs.define
class Fault:
    """A planned fault; `hits` counts the requests that it affected."""

    match: str
    kind: FaultKind
    times: int | None = 1
    at: int = 1
    reset_ms: int | None = None
    seconds: float = 0.0
    seen: int = 0
    """How many matching requests came by."""
    hits: int = 0

    def strikes(self, name: str) -> bool:
        """Count a request by its method and path; True where this fault is due on it."""
        if not fnmatchcase(name, self.match):
            return False
        self.seen += 1
        due = self.at <= self.seen and (self.times is None or self.seen < self.at + self.times)
        self.hits += due
        return due


SpoilKind: TypeAlias = Literal[
    "truncated", "cut_json", "html_502", "500", "503", "504", "timeout", "too_large"
]
"""What an order makes of the answers that contain it, once a write has taken effect."""

SPOIL_KINDS: tuple[str, ...] = get_args(SpoilKind)


@attrs.frozen
class Spoil:
    """What an order makes of every answer that contains it."""

    kind: SpoilKind
    only_included: bool = False
    size: int = 0

    def __attrs_post_init__(self) -> None:
        """Check a kind that comes as text; raises `ValueError` with the known ones."""
        if self.kind not in SPOIL_KINDS:
            raise ValueError(f"no kind {quoted(self.kind)}: there are {', '.join(SPOIL_KINDS)}")


SECONDS = {"slow_body": 0.2, "refused": 0.2, "timeout": 60.0, "timeout_after": 60.0}
"""How long a fault that takes time lasts by default."""


def fault_kind(kind: str) -> FaultKind:
    """Check a kind that comes as text; raises `ValueError` with the known ones."""
    if kind not in KINDS:
        raise ValueError(f"no fault {quoted(kind)}: there are {', '.join(KINDS)}")
    return cast("FaultKind", kind)
