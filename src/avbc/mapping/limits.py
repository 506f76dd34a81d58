"""Texts for the store: as people read them, and no longer than BigCommerce takes."""

from __future__ import annotations

from avbc.mapping.decisions import Findings
from avbc.mapping.text import plain


def fitting(text: str, field: str, most: int, found: Findings) -> str:
    """The text without outer spaces and entities; one that is too long for the store's field is a problem, and never cut."""
    clean = plain(text)
    if len(clean) > most:
        found.error(
            "text_too_long",
            field,
            f"{clean[:60]}...",
            f"{field} has {len(clean):,} characters, and BigCommerce takes {most:,}.",
            "Shorten it in AcctVantage.",
        )
    return clean
