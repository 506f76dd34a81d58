"""The words that mean Posted: the AcctVantage status that only a posting session sets."""

from __future__ import annotations

from avbc.text import text_key

_POSTED = frozenset({"posted", "completed", "posted/completed", "posted / completed"})


def means_posted(status: str) -> bool:
    """Whether an AcctVantage order status is Posted, also written `Posted/Completed`.

    >>> means_posted("Posted/Completed"), means_posted(" POSTED "), means_posted("Shipped/Invoice")
    (True, True, False)
    """
    return text_key(status) in _POSTED
