"""What differs between two records, field by field: for edited orders, and for what a customisation changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import TypeGuard

import attrs

from avbc.acctvantage.records import SalesOrder

# What the books themselves keep, or what says nothing about the content of an order.
_NOT_CONTENT = frozenset({"id", "client_id", "contact_id", "status", "status_changed_at", "fingerprint", "source_code", "ordered_at"})


@attrs.frozen
class Difference:
    """One field that differs.

    >>> print(Difference("lines[1].quantity", "1", "2"))
    lines[1].quantity: 1 -> 2
    """

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.field}: {self.old} -> {self.new}"


def differences(old: object, new: object, field: str = "") -> Iterator[Difference]:
    """Compare two records of the same class, or two values, down to their fields.

    >>> from decimal import Decimal
    >>> from avbc.acctvantage.records import Promotion
    >>> old = Promotion(code="SAVE5", kind="$", value=Decimal(5), gl_code="40200")
    >>> [str(difference) for difference in differences(old, attrs.evolve(old, value=Decimal(6)))]
    ['value: 5 -> 6']
    """
    if old == new:
        return
    kind = type(old)
    if kind is type(new) and attrs.has(kind):
        for attribute in attrs.fields(kind):
            place = f"{field}.{attribute.name}" if field else attribute.name
            yield from differences(getattr(old, attribute.name), getattr(new, attribute.name), place)
    elif _is_tuple(old) and _is_tuple(new):
        for index, (before, after) in enumerate(zip_longest(old, new)):
            yield from differences(before, after, f"{field}[{index}]")
    else:
        yield Difference(field, _shown(old), _shown(new))


def order_differences(old: SalesOrder, new: SalesOrder) -> list[Difference]:
    """Return what differs between an order of the books and what the store says now; statuses, ids and dates do not count."""
    return [difference for difference in differences(old, new) if difference.field not in _NOT_CONTENT]


def _is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if attrs.has(type(value)):
        # A line or a receipt as a whole: its telling fields, not all thirty.
        told = [f"{name} {getattr(value, name)}" for name in ("part_number", "description", "code", "amount") if getattr(value, name, None)]
        return ", ".join(told) or type(value).__name__
    text = str(value)
    return (text if len(text) <= 100 else text[:97] + "...") or "empty"
