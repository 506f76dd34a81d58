"""The decisions of an import, as the journal remembers them: by Import ID, those taken last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import attrs

from avbc.mapping import Decision, MappedOrder
from avbc.mapping.decisions import decision_texts
from avbc.shown import Shown

DECISIONS = "decisions"
"""What the journal remembers them under."""


# As `json.dumps`, for every order that is imported.
_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode


@attrs.frozen
class DecisionsTaken(Shown):
    """The decisions of an order's import, or of its last update after an edit."""

    at: datetime
    """When they were taken (UTC)."""
    result: str
    """`imported` or `updated`."""
    decisions: tuple[Decision, ...]


def as_text(at: datetime, result: str, mapped: MappedOrder) -> str:
    """Return the decisions of an order that is in the books now as the journal has them.

    >>> from decimal import Decimal
    >>> at = datetime.fromisoformat("2026-01-02T12:05:00+00:00")
    >>> text = as_text(at, "imported", MappedOrder(1042, "WEB1042", Decimal(5), None))
    >>> from_text(text).result
    'imported'
    """
    return _encode([at.isoformat(), result, decision_texts(mapped.notes)])


def from_text(text: str) -> DecisionsTaken:
    """Read what `as_text` wrote."""
    at, result, rows = cast("tuple[str, str, Sequence[Sequence[str]]]", json.loads(text))
    return DecisionsTaken(
        datetime.fromisoformat(at), result, tuple(Decision(*each) for each in rows)
    )
