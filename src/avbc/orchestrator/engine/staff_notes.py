"""Our line in an order's staff notes: appended once and replaced; other text is not changed."""

from __future__ import annotations

import re

_OPENING = "[AcctVantage import error: "
_OURS = re.compile(re.escape(_OPENING) + r"[^\[\]]*\]")
_OURS_ALONE = re.compile(r"(?:^|\n)" + _OURS.pattern + r"(?=\r?\n|$)")
_METHOD = re.compile(r" \(SqlGateway\.\w+\)")
"""Where a record is loaded: those who read staff notes load none."""
_LONGEST_REASON = 1000
_BRACKETS = str.maketrans("[]", "()")


def with_error(notes: str, reason: str) -> str:
    r"""Return the notes with `reason` as our line, which replaces our earlier one or is appended.

    >>> with_error("Gift, call first.", "SKU 'X-1' is unknown.")
    "Gift, call first.\n[AcctVantage import error: SKU 'X-1' is unknown.]"
    >>> with_error("[AcctVantage import error: old.] Seen by Ana.", "new.")
    '[AcctVantage import error: new.] Seen by Ana.'
    >>> with_error("", "Create it in AcctVantage and in the books (SqlGateway.load).")
    '[AcctVantage import error: Create it in AcctVantage and in the books.]'
    """
    text = _METHOD.sub("", " ".join(reason.split())).translate(_BRACKETS)
    if len(text) > _LONGEST_REASON:
        text = f"{text[: _LONGEST_REASON - 3]}..."
    # Brackets end our line, so what a person writes after it on the same line stays.
    line = f"{_OPENING}{text}]"
    first = _OURS.search(notes)
    if first is None:
        return f"{notes}\n{line}" if notes else line
    return notes[: first.start()] + line + without_error(notes[first.end() :])


def without_error(notes: str) -> str:
    r"""Return the notes without our line, as they were before it was appended.

    >>> without_error("Gift, call first.\n[AcctVantage import error: SKU 'X-1' is unknown.]")
    'Gift, call first.'
    """
    return _OURS.sub("", _OURS_ALONE.sub("", notes)) if _OPENING in notes else notes
