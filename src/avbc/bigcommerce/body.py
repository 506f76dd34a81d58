"""JSON: the values of answers and of requests, and the text of a request's body."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Parsed JSON."""

Body: TypeAlias = "bool | int | str | Decimal | Sequence[Body] | Mapping[str, Body] | None"
"""What a request can hold. Amounts are Decimal and are sent digit for digit."""

_text = json.JSONEncoder(ensure_ascii=False).encode


def dump(body: Body) -> bytes:
    r"""Write a body as JSON. A Decimal is written digit for digit, which no JSON library does.

    Raises:
        ValueError: An amount is NaN or infinite, or a text holds half a character (a lone
            surrogate).
        TypeError: A value has no place in JSON, or is a float, which is rarely the exact amount
            that it seems to be.

    >>> from decimal import Decimal
    >>> dump({"price": Decimal("19.90"), "name": "Café", "sale_price": None})
    b'{"price":19.90,"name":"Caf\xc3\xa9","sale_price":null}'
    """
    return _written(body).encode()


def _written(value: Body) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not an amount")
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(key)}:{_written(item)}" for key, item in value.items()) + "}"
    # Callers without a type checker may send a float.
    if isinstance(value, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        return "[" + ",".join(map(_written, value)) + "]"
    raise TypeError(f"{value!r} cannot be sent: numbers are int or Decimal")


def shortened(value: object, length: int = 80) -> str:
    """Write any value in at most `length` characters, for messages.

    >>> shortened("x" * 200, 12)
    "'xxxxxxxx..."
    """
    # Cut before repr: a page of orders is not written out to show its first characters.
    text = repr(value[:length] if isinstance(value, str) else value)
    return text if len(text) <= length else text[: length - 3] + "..."
