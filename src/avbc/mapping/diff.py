"""What an edited order would change in the books, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

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
    """One field that the store's order says otherwise than the books.

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
    """What an edited order says otherwise than the sales order that it was imported as.

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
    for position in range(max(len(existing.ship_tos), len(incoming.ship_tos))):
        place = f"ship_tos[{position}]"
        before = existing.ship_tos[position] if position < len(existing.ship_tos) else None
        after = incoming.ship_tos[position] if position < len(incoming.ship_tos) else None
        if before is not None and after is not None:
            yield from _addresses(place, before, after)
        else:
            yield Difference(place, value_text(before), value_text(after))


def _lines(existing: SalesOrder, incoming: SalesOrder) -> Iterator[Difference]:
    before, after = _by_key(existing.lines), _by_key(incoming.lines)
    for key in [*before, *(key for key in after if key not in before)]:
        place = f"line {key}"
        if key in before and key in after:
            yield from _fields(f"{place}.", before[key], after[key], _LINE)
        else:
            yield Difference(place, _summary(before.get(key)), _summary(after.get(key)))


def _by_key(lines: Iterable[SalesOrderLine]) -> dict[str, SalesOrderLine]:
    """The lines by the store's line id; wrapping, handling and fees, which have none, by kind and count."""
    keyed: dict[str, SalesOrderLine] = {}
    counts: dict[str, int] = {}
    for line in lines:
        if line.store_line_id is not None:
            keyed[str(line.store_line_id)] = line
        else:
            counts[line.kind] = counts.get(line.kind, 0) + 1
            keyed[f"{line.kind} {counts[line.kind]}"] = line
    return keyed


def _summary(line: SalesOrderLine | None) -> str:
    return (
        ""
        if line is None
        else f"{line.quantity} x {line.part_number or line.description} = {value_text(line.amount)}"
    )


def _by_code(discounts: Iterable[OrderDiscount]) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for discount in discounts:
        name = discount.code or discount.name
        amounts[name] = amounts.get(name, ZERO) + discount.amount
    return amounts


def _by_type(receipts: Iterable[Receipt]) -> dict[str, Decimal]:
    """What each Receipt Type received or holds; whether it was captured meanwhile makes no difference."""
    amounts: dict[str, Decimal] = {}
    for receipt in receipts:
        amounts[receipt.receipt_type] = amounts.get(receipt.receipt_type, ZERO) + max(
            receipt.amount, receipt.pre_auth_amount
        )
    return amounts


def _amounts(
    place: str, before: dict[str, Decimal], after: dict[str, Decimal]
) -> Iterator[Difference]:
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            yield Difference(
                f"{place} {name}", value_text(before.get(name)), value_text(after.get(name))
            )
