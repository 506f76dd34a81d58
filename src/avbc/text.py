"""How two texts compare, and how messages quote one. One rule for store, settings and books."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches


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


_NEAR = 0.75
"""How alike two names are that may mean the same: `FedEx Ground` and `UPS Ground` are less so."""


def quoted(value: object) -> str:
    r"""Return a value as messages quote it: a text as it is, in marks that it does not hold.

    Nothing in it is escaped but what cannot be printed. What is no text is shown as Python does.

    >>> print(quoted("Main"), quoted("O'Hara"), quoted('O\'Hara "1"'), quoted(7))
    'Main' "O'Hara" 'O'Hara "1"' 7
    >>> print(quoted("C:\\books"), quoted("two\nlines"))
    'C:\books' 'two\nlines'
    """
    if not isinstance(value, str):
        return repr(value)
    mark = '"' if "'" in value and '"' not in value else "'"
    if not value.isprintable():
        value = "".join(each if each.isprintable() else repr(each)[1:-1] for each in value)
    return f"{mark}{value}{mark}"


def near_name(name: str, known: Iterable[str]) -> str:
    """The known name that may have been meant by an unknown one; empty where none is near.

    It is spelled much alike, or one of the two has all words of the other.

    >>> near_name("UPS Ground (2 to 4 days)", ["UPS Ground", "UPS Freight"])
    'UPS Ground'
    >>> near_name("Awaiting Fullfilment", ["Awaiting Fulfillment", "Shipped"])
    'Awaiting Fulfillment'
    """
    by_key = {text_key(each): each for each in known}
    key = text_key(name)
    near = get_close_matches(key, by_key, n=1, cutoff=_NEAR)
    if not near:
        words = _words(key)
        near = [each for each in by_key if _holds(words, _words(each))]
    return by_key[max(near, key=len)] if near else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Ask whether a near name was meant; empty where none is near, or the name is known itself.

    >>> did_you_mean("Mian", ["Main", "Outlet"]), did_you_mean("Attic", ["Main"])
    ("Did you mean 'Main'?", '')
    """
    known = list(known)
    near = "" if text_key(name) in map(text_key, known) else near_name(name, known)
    return f"Did you mean {quoted(near)}?" if near else ""


_SHOWN = 3


def some_of(names: Iterable[str], near: str = "") -> str:
    """List three names, and how many more there are.

    Args:
        names: The names.
        near: An unknown name: those that are spelled most like it come first.

    >>> some_of(["Check", "PayPal", "Visa/MC", "Wire"], near="Visa")
    'Visa/MC, Check, PayPal and 1 more'
    """
    known = list(names)
    if len(known) > _SHOWN and near:
        by_key = {text_key(each): each for each in known}
        alike = get_close_matches(text_key(near), by_key, n=_SHOWN, cutoff=0.3)
        known = list(dict.fromkeys([*(by_key[key] for key in alike), *known]))
    shown = ", ".join(known[:_SHOWN])
    return f"{shown} and {len(known) - _SHOWN} more" if known[_SHOWN:] else shown


def _words(key: str) -> str:
    words = re.findall(r"[^\W_]+", key)
    return f" {' '.join(words)} "


def _holds(one: str, other: str) -> bool:
    return len(one) > 4 and len(other) > 4 and (one in other or other in one)
