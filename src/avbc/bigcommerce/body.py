"""JSON: the values of answers and of requests, and the text of a request's body."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, cast

from avbc.text import quoted

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Parsed JSON."""

Body: TypeAlias = "bool | int | str | Decimal | Sequence[Body] | Mapping[str, Body] | None"
"""What a request can hold. Amounts are Decimal and are sent digit for digit."""

_BYTES = (bytes, bytearray, memoryview)
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
        return "{" + ",".join(f"{_key(key)}:{_written(item)}" for key, item in value.items()) + "}"
    # Bytes are a sequence of whole numbers. Callers without a type checker may send a float.
    is_list = not isinstance(value, _BYTES)
    if is_list and isinstance(value, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        return "[" + ",".join(map(_written, value)) + "]"
    raise TypeError(f"{quoted(value)} cannot be sent: numbers are int or Decimal")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{quoted(key)} cannot be sent: names are text")
    return _text(key)


def faults(body: Body, place: str = "") -> Iterator[tuple[str, str]]:
    """Find the values of a body that cannot be sent, each with its place and what is wrong.

    >>> list(faults([{"name": "Mug"}, {"name": "Mug", "price": Decimal("NaN")}]))
    [('[1].price', 'NaN is not an amount')]
    """
    inner: Iterator[tuple[str, object]] = iter(())
    if isinstance(body, Mapping):
        inner = ((f"{place}.{key}" if place else str(key), body[key]) for key in body)
    elif isinstance(body, Sequence) and not isinstance(body, (str, *_BYTES)):
        inner = ((f"{place}[{index}]", item) for index, item in enumerate(body))
    found = False
    for where, item in inner:
        for fault in faults(cast("Body", item), where):
            found = True
            yield fault
    if found:
        return
    try:
        dump(body)
    except UnicodeEncodeError:
        yield place, f"{shortened(body)} holds half a character (a lone surrogate)"
    except (TypeError, ValueError) as error:
        yield place, str(error)


def shortened(value: object, length: int = 80) -> str:
    """Write any value in at most `length` characters, for messages.

    >>> shortened("x" * 200, 12)
    "'xxxxxxxx..."
    """
    # Cut before repr: a page of orders is not written out to show its first characters.
    text = quoted(value[:length] if isinstance(value, str) else value)
    return text if len(text) <= length else text[: length - 3] + "..."
