"""The decisions of an import, as the journal remembers them: by Import ID, those taken last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import attrs

from avbc.mapping import Decision, MappedOrder

DECISIONS = "decisions"
"""What the journal remembers them under."""


@attrs.frozen
class DecisionsTaken:
    """The decisions of an order's import, or of its last update after an edit."""

    at: datetime
    """When they were taken (UTC)."""
    result: str
    """`imported` or `updated`."""
    decisions: tuple[Decision, ...]


def as_text(result: str, mapped: MappedOrder) -> str:
    """Return the decisions of an order that is in the books now as the journal has them.

    >>> from decimal import Decimal
    >>> text = as_text("imported", MappedOrder(1042, "WEB1042", Decimal(5), None))
    >>> from_text(text).result
    'imported'
    """
    rows = [[each.field, each.value, each.reason, each.setting] for each in mapped.decisions]
    return json.dumps([datetime.now(UTC).isoformat(), result, rows])


def from_text(text: str) -> DecisionsTaken:
    """Read what `as_text` wrote."""
    at, result, rows = cast("tuple[str, str, Sequence[Sequence[str]]]", json.loads(text))
    return DecisionsTaken(
        datetime.fromisoformat(at), result, tuple(Decision(*each) for each in rows)
    )
