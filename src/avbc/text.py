"""How two texts compare: names, SKUs, emails, statuses. One rule for store, settings and books."""

from __future__ import annotations

import unicodedata


def text_key(text: str) -> str:
    r"""The key by which a text is compared: Unicode form NFC, without case, spaces folded to one.

    `CAFÉ-1` typed on a Mac (as `E` and a combining accent) has the key of `café-1` typed elsewhere.

    >>> text_key(" Cafe\u0301  Blend ") == text_key("CAF\u00c9 BLEND") == "caf\u00e9 blend"
    True
    >>> text_key("STRASSE") == text_key("stra\u00dfe")
    True
    """
    folded = text.casefold()
    if not folded.isascii():
        # Once before, once after: what casefold makes of a composed letter may be decomposed.
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.split())
