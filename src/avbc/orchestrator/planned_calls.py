"""Requests as data: what a preview would send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeGuard

import attrs

from avbc.bigcommerce.body import Body, faults
from avbc.bigcommerce.call import Call
from avbc.mapping.decisions import value_text
from avbc.report import as_data
from avbc.shown import Shown


@attrs.frozen
class PlannedCall(Shown):
    """A request as data: what a preview would send.

    >>> from avbc.bigcommerce.endpoints.orders import update_order
    >>> print(PlannedCall.of(update_order(1042, status_id=2)))
    PUT /v2/orders/1042 status_id: 2
    """

    method: str
    path: str
    """It starts with the version: `/v2/orders/1042`."""
    body: Body = None

    @classmethod
    def of(cls, call: Call[object]) -> PlannedCall:
        """Describe what a call would send."""
        return cls(call.method, call.path, call.body)

    def to_dict(self) -> dict[str, object]:
        """The request as plain data; amounts are text."""
        return as_data(self)

    @property
    def records(self) -> Sequence[Body]:
        """The records in the body: the rows of a list, or the body itself."""
        lists: list[Body] = [self.body]
        if isinstance(self.body, Mapping):
            lists = [value for value in self.body.values() if _is_list(value)]
        (rows,) = lists if len(lists) == 1 else [self.body]
        return rows if _is_list(rows) else (self.body,)

    @property
    def name(self) -> str:
        """The request without its body: `PUT /v2/orders/1042`."""
        return f"{self.method} {self.path}"

    def __str__(self) -> str:
        return f"{self.name} {body_text(self.body)}".rstrip()


def _is_list(body: Body) -> TypeGuard[Sequence[Body]]:
    return isinstance(body, Sequence) and not isinstance(body, str)


def body_text(body: Body) -> str:
    """What a request holds, as people read it.

    >>> body_text([{"name": "Mug", "price": Decimal("9.95"), "sale_price": None}, {"id": 7}])
    'name: Mug, price: 9.95, sale_price: none; id: 7'
    """
    for place, fault in faults(body):
        return f"(cannot be sent: {f'{place}: ' if place else ''}{fault})"
    return _read(body)


def _read(body: Body) -> str:
    if isinstance(body, Mapping):
        return ", ".join(f"{name}: {_read_inside(value)}" for name, value in body.items())
    if isinstance(body, Decimal):
        return f"{body:f}"  # digit for digit, as it is sent
    return "; ".join(map(_read, body)) if _is_list(body) else value_text(body)


def _read_inside(body: Body) -> str:
    if body is None:
        return "none"
    return f"({_read(body)})" if isinstance(body, Mapping) or _is_list(body) else _read(body)
