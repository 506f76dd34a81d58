"""Customisations: functions that change what an order becomes; each change is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import TypeAlias, TypeGuard, cast

import attrs

from avbc.acctvantage.records import OrderBundle
from avbc.bigcommerce.models import Order
from avbc.errors import FinalError
from avbc.mapping import MappedOrder, Problem
from avbc.mapping.decisions import Note, value_text
from avbc.money import ZERO, decimals

Customisation: TypeAlias = Callable[[Order, OrderBundle], OrderBundle]
"""Takes the store's order and its bundle, and returns the bundle to write: a custom script.

It returns the same bundle, or another made from it by `attrs.evolve`. What identifies the order,
its total, its tax and the sum of its tenders must stay; lines, discounts and freight may change as
long as they come to the total. A `FinalError` that it raises refuses the order with its message.
Any other exception postpones the order, since the order itself may be right.
"""

_MUST_STAY = (
    "import_id",
    "store_order_id",
    "source_code",
    "currency",
    "fingerprint",
    "total",
    "tax",
)
_FIX = "Correct the customisation."


def customised(
    order: Order, mapped: MappedOrder, customisations: Sequence[Customisation]
) -> MappedOrder:
    """Apply customisations to a mapped order that is not refused; their changes become decisions.

    A bundle that no longer adds up is a problem, as it is in mapping.
    """
    if mapped.bundle is None or not customisations:
        return mapped
    bundle = mapped.bundle
    notes: list[Note] = []
    for customise in customisations:
        name = getattr(customise, "__qualname__", type(customise).__name__)
        try:
            # The function's author may not check types.
            changed = cast("object", customise(order, bundle))
        except FinalError as error:
            refusal = Problem(
                "refused_by_customisation", "", name, f"{name} refuses the order: {error}"
            )
            return attrs.evolve(mapped, bundle=None, problems=(*mapped.problems, refusal))
        if not isinstance(changed, OrderBundle):
            raise TypeError(
                f"the customisation {name} returned {type(changed).__name__}, not an OrderBundle"
            )
        notes += (
            (place, value_text(after), "customised by {}, was {!r}", "", (name, value_text(before)))
            for place, before, after in changed_values(bundle, changed)
        )
        bundle = changed
    if not notes:
        return mapped
    problems = tuple(_faults(mapped.bundle, bundle))
    return attrs.evolve(
        mapped,
        bundle=None if problems else bundle,
        problems=(*mapped.problems, *problems),
        notes=(*mapped.notes, *notes),
    )


def _faults(before: OrderBundle, after: OrderBundle) -> Iterator[Problem]:
    for name in _MUST_STAY:
        old, new = getattr(before.order, name), getattr(after.order, name)
        if old != new:
            yield Problem(
                "customisation_refused",
                f"order.{name}",
                value_text(new),
                f"A customisation changed {name} from {value_text(old)!r} to "
                f"{value_text(new)!r}, which must stay.",
                _FIX,
            )
    order = after.order
    off = order.total - (
        order.subtotal + order.freight + order.tax - order.discount + order.rounding
    )
    if off:
        yield _does_not_foot(
            "order.total",
            off,
            f"After customisation the order's parts miss its total of {order.total} by {off}.",
        )
    if abs(order.rounding) * 2 >= Decimal(1).scaleb(-decimals(order.currency)):
        yield _does_not_foot(
            "order.rounding",
            order.rounding,
            f"A customisation made the rounding {order.rounding}, which is more than fractions of "
            "a minor unit leave.",
        )
    old, new = _tenders(before), _tenders(after)
    if old != new:
        yield _does_not_foot(
            "receipts",
            new,
            f"A customisation changed what the receipts add up to from {old} to {new}.",
        )


def _does_not_foot(field: str, value: Decimal, message: str) -> Problem:
    return Problem("customisation_does_not_foot", field, str(value), message, _FIX)


def _tenders(bundle: OrderBundle) -> Decimal:
    return sum((receipt.amount + receipt.pre_auth_amount for receipt in bundle.receipts), ZERO)


def changed_values(
    before: object, after: object, place: str = ""
) -> Iterator[tuple[str, object, object]]:
    """Yield what differs between two values, down to fields: place, old and new value."""
    if before == after:
        return
    kind = type(before)
    if kind is type(after) and attrs.has(kind):
        for field in attrs.fields(kind):
            yield from changed_values(
                getattr(before, field.name),
                getattr(after, field.name),
                f"{place}.{field.name}" if place else field.name,
            )
    elif _is_tuple(before) and _is_tuple(after):
        for index, (old, new) in enumerate(zip_longest(before, after)):
            yield from changed_values(old, new, f"{place}[{index}]")
    else:
        yield place, before, after


def _is_tuple(value: object) -> TypeGuard[tuple[object, ...]]:
    return isinstance(value, tuple)
