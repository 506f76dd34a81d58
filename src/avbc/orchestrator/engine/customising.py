"""Customisations: functions that change an order, or what it becomes; each change is explained."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from decimal import Decimal
from itertools import zip_longest
from typing import TypeAlias, TypeGuard, cast

import attrs

from avbc.acctvantage.records import OrderBundle
from avbc.bigcommerce.models import Address, Order
from avbc.errors import FinalError
from avbc.mapping import MappedOrder, Problem
from avbc.mapping.decisions import Note, value_text
from avbc.money import ZERO, decimals
from avbc.text import quoted

Customisation: TypeAlias = Callable[[Order, OrderBundle], OrderBundle]
"""Takes the store's order and its bundle, and returns the bundle to write: a custom script.

It returns the same bundle, or another made from it by `attrs.evolve`. What identifies the order,
its total, its tax and the sum of its tenders must stay; lines, discounts and freight may change as
long as they come to the total. A `FinalError` that it raises refuses the order with its message.
Any other exception postpones the order, since the order itself may be right.
"""

OrderCustomisation: TypeAlias = Callable[[Order], Order]
"""Takes the store's order before it is mapped, and returns the order to map.

It gets a copy, so it may change that and return it. Texts may change: SKUs, names and options of
the lines, addresses, shipping methods, the comment. Ids, quantities, amounts, statuses, dates and
what says how the order was paid must stay. It also runs for orders whose stock is netted. Its
errors count as those of a `Customisation` do.
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
_PARTS = frozenset(
    {
        "products",
        "consignments",
        "shipping",
        "pickups",
        "downloads",
        "email",
        "gift_certificates",
        "line_items",
        "fees",
        "location",
    }
)
"""What an order consists of: what may change is named below it."""
_MAY_CHANGE = frozenset(
    {
        "sku",
        "name",
        "product_options",
        "configurable_fields",
        "wrapping_name",
        "wrapping_message",
        "event_name",
        "event_date",
        "billing_address",
        "shipping_method",
        "pickup_method_display_name",
        "recipient_email",
        "display_name_merchant",
        "display_name_customer",
        "customer_message",
        "form_fields",
        "extra",
    }
) | {field.name for field in attrs.fields(Address)}
"""What an order customisation may change: what other jobs read of the store's order stays."""


@attrs.frozen
class CustomisedOrder:
    """An order as it is mapped, and what customisations did to it."""

    order: Order
    in_store: Order
    """The order as the store has it."""
    problems: tuple[Problem, ...] = ()
    """Why it is refused."""
    notes: tuple[Note, ...] = ()
    error: Exception | None = None
    """What a customisation raised, or returned in place of an order."""

    def added_to(self, mapped: MappedOrder) -> MappedOrder:
        """Return the mapped order with the decisions of the customisations."""
        return attrs.evolve(mapped, notes=(*mapped.notes, *self.notes)) if self.notes else mapped

    def refused(self, import_id: str) -> MappedOrder:
        """Return the order as one that is refused, for `problems`."""
        order = self.in_store
        return MappedOrder(
            order.id, import_id, order.total_inc_tax, None, self.problems, notes=self.notes
        )


def customised_order(order: Order, customisations: Sequence[OrderCustomisation]) -> CustomisedOrder:
    """Apply customisations to an order of the store; their changes become decisions.

    Nothing is raised, so that one of them cannot stop the other orders of a page.
    """
    now, notes, problems = order, list[Note](), list[Problem]()
    for customise in customisations:
        name = _name(customise)
        try:
            # The function's author may not check types.
            changed = cast("object", customise(deepcopy(now)))
        except FinalError as error:
            return CustomisedOrder(order, order, (_refusal(name, error),))
        except Exception as error:  # noqa: BLE001  # the function is the caller's
            # It is raised where this order is mapped: other orders go on.
            return CustomisedOrder(order, order, error=error)
        if not isinstance(changed, Order):
            text = f"the customisation {name} returned {type(changed).__name__}, not an Order"
            return CustomisedOrder(order, order, error=TypeError(text))
        for place, before, after in changed_values(now, changed):
            notes.append(_note(place, before, after, name))
            if not _may_change(place):
                problems.append(_must_stay(place, before, after, name))
        now = changed
    return CustomisedOrder(order if problems else now, order, tuple(problems), tuple(notes))


def _may_change(place: str) -> bool:
    names = re.sub(r"\[\d+\]", "", place).split(".")
    return next((name for name in names if name not in _PARTS), "") in _MAY_CHANGE


def _name(customise: object) -> str:
    return str(getattr(customise, "__qualname__", type(customise).__name__))


def _refusal(name: str, error: FinalError) -> Problem:
    return Problem("refused_by_customisation", "", name, f"{name} refuses the order: {error}")


def _note(place: str, before: object, after: object, name: str) -> Note:
    return place, value_text(after), "customised by {}, was {!r}", "", (name, value_text(before))


def _must_stay(place: str, before: object, after: object, name: str) -> Problem:
    return Problem(
        "customisation_refused",
        place,
        value_text(after),
        f"The customisation {name} changed {place} from {quoted(value_text(before))} to "
        f"{quoted(value_text(after))}, which must stay.",
        _FIX,
    )


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
        name = _name(customise)
        try:
            # The function's author may not check types.
            changed = cast("object", customise(order, bundle))
        except FinalError as error:
            problems = (*mapped.problems, _refusal(name, error))
            return attrs.evolve(mapped, bundle=None, problems=problems)
        if not isinstance(changed, OrderBundle):
            raise TypeError(
                f"the customisation {name} returned {type(changed).__name__}, not an OrderBundle"
            )
        notes += (
            _note(place, before, after, name)
            for place, before, after in changed_values(bundle, changed)
        )
        bundle = changed
    if not notes:
        return mapped
    faults = tuple(_faults(mapped.bundle, bundle))
    return attrs.evolve(
        mapped,
        bundle=None if faults else bundle,
        problems=(*mapped.problems, *faults),
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
                f"A customisation changed {name} from {quoted(value_text(old))} to "
                f"{quoted(value_text(new))}, which must stay.",
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
