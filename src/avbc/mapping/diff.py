"""What an edited order would change in the books, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import zip_longest

import attrs

from avbc.acctvantage.records import (
    Address,
    OrderBundle,
    OrderDiscount,
    Receipt,
    SalesOrder,
    SalesOrderLine,
)
from avbc.mapping.decisions import value_text
from avbc.money import ZERO

_HEADER = ("total", "tax", "freight", "rounding", "currency", "ship_via", "po_number")
_LINE = ("part_number", "quantity", "unit_price", "amount", "description", "memo", "ship_via")


@attrs.frozen
class Difference:
    """One field that differs between the store's order and the books.

    >>> print(Difference("total", "19.95", "24.95"))
    total: 19.95 in AcctVantage, 24.95 in the store
    """

    field: str
    in_books: str
    in_store: str

    def __str__(self) -> str:
        return (
            f"{self.field}: {self.in_books or 'nothing'} in AcctVantage, "
            f"{self.in_store or 'nothing'} in the store"
        )


def difference(
    existing: SalesOrder, existing_receipts: Iterable[Receipt], bundle: OrderBundle
) -> tuple[Difference, ...]:
    """How an edited order differs from the sales order that it was imported as.

    Left out are the status, ids, and what people change in AcctVantage of their own accord: client,
    warehouse, tax area, GL codes, memo and reference, and how far the receipts have come.
    """
    incoming = bundle.order
    return tuple(
        difference
        for differences in (
            _fields("", existing, incoming, _HEADER),
            _addresses("bill_to", existing.bill_to, incoming.bill_to),
            _ship_tos(existing, incoming),
            _lines(existing, incoming),
            _amounts("discounts", _by_code(existing.discounts), _by_code(incoming.discounts)),
            _amounts("receipts", _by_type(existing_receipts), _by_type(bundle.receipts)),
        )
        for difference in differences
    )


def _fields(
    place: str, existing: object, incoming: object, names: Iterable[str]
) -> Iterator[Difference]:
    for name in names:
        before: object = getattr(existing, name)
        after: object = getattr(incoming, name)
        if before != after:
            text = str if name == "quantity" else value_text
            yield Difference(f"{place}{name}", text(before), text(after))


def _addresses(place: str, existing: Address, incoming: Address) -> Iterator[Difference]:
    return _fields(f"{place}.", existing, incoming, (field.name for field in attrs.fields(Address)))


def _ship_tos(existing: SalesOrder, incoming: SalesOrder) -> Iterator[Difference]:
    pairs = zip_longest(existing.ship_tos, incoming.ship_tos)
    for position, (before, after) in enumerate(pairs):
        place = f"ship_tos[{position}]"
        if before is not None and after is not None:
            yield from _addresses(place, before, after)
        else:
            yield Difference(place, value_text(before), value_text(after))


def _lines(existing: SalesOrder, incoming: SalesOrder) -> Iterator[Difference]:
    before, after = _by_key(existing.lines), _by_key(incoming.lines)
    for key in dict.fromkeys([*before, *after]):
        place = f"line {key}"
        if key in before and key in after:
            yield from _fields(f"{place}.", before[key], after[key], _LINE)
        else:
            yield Difference(place, line_text(before.get(key)), line_text(after.get(key)))


def _by_key(lines: Iterable[SalesOrderLine]) -> dict[str, SalesOrderLine]:
    """The lines by the store's line id; wrapping, handling and fees by kind and count."""
    keyed: dict[str, SalesOrderLine] = {}
    counts = Counter[str]()
    for line in lines:
        if line.store_line_id is not None:
            keyed[str(line.store_line_id)] = line
        else:
            counts[line.kind] += 1
            keyed[f"{line.kind} {counts[line.kind]}"] = line
    return keyed


def line_text(line: SalesOrderLine | None) -> str:
    """A line of a sales order in one line of text; empty for no line."""
    name = line and (line.part_number or line.description)
    return f"{line.quantity} x {name} = {value_text(line.amount)}" if line is not None else ""


def _summed(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for name, amount in pairs:
        sums[name] = sums.get(name, ZERO) + amount
    return sums


def _by_code(discounts: Iterable[OrderDiscount]) -> dict[str, Decimal]:
    return _summed((discount.code or discount.name, discount.amount) for discount in discounts)


def _by_type(receipts: Iterable[Receipt]) -> dict[str, Decimal]:
    """What each Receipt Type received or holds, whether it was captured since or not."""
    return _summed(
        (receipt.receipt_type, max(receipt.amount, receipt.pre_auth_amount)) for receipt in receipts
    )


def _amounts(
    place: str, before: dict[str, Decimal], after: dict[str, Decimal]
) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Difference(
                f"{place} {name}", value_text(before.get(name)), value_text(after.get(name))
            )
