"""Texts for the store: as people read them, and no longer than BigCommerce takes."""

from __future__ import annotations

from avbc.mapping.decisions import Findings
from avbc.mapping.text import plain


def fitting(text: str, field: str, most: int, found: Findings) -> str:
    """The text without outer spaces and entities; one that is too long for the store's field is a problem, and never cut."""
    clean = plain(text)
    check_length(clean, field, most, found)
    return clean


def check_length(text: str, field: str, most: int, found: Findings) -> None:
    """See that a text is not too long for the store's field."""
    if len(text) > most:
        found.error(
            "text_too_long",
            field,
            f"{text[:60]}...",
            f"{field} has {len(text):,} characters, and BigCommerce takes {most:,}.",
            "Shorten it in AcctVantage.",
        )
