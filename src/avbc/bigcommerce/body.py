"""The bodies of requests as JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from avbc.bigcommerce.call import Body

_text = json.JSONEncoder(ensure_ascii=False).encode


def dump(body: Body) -> bytes:
    r"""Write a body as JSON. A Decimal becomes the number that it is, digit for digit: no JSON library of ours does that.

    Raises:
        ValueError: An amount is NaN or infinite, or a text holds half a character (a lone
            surrogate).
        TypeError: A value is none that JSON or BigCommerce knows: a float, since it is not the
            amount that it seems to be.

    >>> from decimal import Decimal
    >>> dump({"price": Decimal("19.90"), "name": "Café", "weight": Decimal("1E+2"), "sale_price": None})
    b'{"price":19.90,"name":"Caf\xc3\xa9","weight":100,"sale_price":null}'
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
    if isinstance(value, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker may send a float
        return "[" + ",".join(map(_written, value)) + "]"
    raise TypeError(f"{value!r} cannot be sent: numbers are int or Decimal")
