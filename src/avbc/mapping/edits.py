"""Edited orders: whether an order was edited in the store, and what that changes in the books."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
from avbc.bigcommerce import models
from avbc.mapping.decisions import value_text
from avbc.mapping.form_fields import answer_text, answers
from avbc.mapping.text import address
from avbc.mapping.updating import by_hand
from avbc.money import ZERO
from avbc.shown import Shown
from avbc.text import text_key

_HEADER = ("total", "tax", "freight", "rounding", "currency", "ship_via", "po_number")
_LINE = ("part_number", "quantity", "unit_price", "amount", "description", "memo", "ship_via")
_SHOWN = 8
"""Changes in one message."""


def fingerprint(order: models.Order) -> str:
    """The SHA-256 of an order's money, lines, addresses, form fields and payment method.

    It is in hexadecimal. The status, dates, notes, the payment's progress and what was shipped or
    refunded are not in it, nor the order of the lines, nor how an amount is written: `8` is
    `8.0000`.

    >>> from avbc.bigcommerce.models import Order
    >>> order, same = Order(total_inc_tax=Decimal(8)), Order(total_inc_tax=Decimal("8.0000"))
    >>> fingerprint(order) == fingerprint(same)
    True
    """
    fields = [text for answer in sorted(answers(order)) for text in ("form", *answer)]
    return _digest("avbc-2", *_parts(order), *fields)


def is_fingerprint_of(text: str, order: models.Order) -> bool:
    """Whether a fingerprint is the order's, also one made before form fields were in it.

    An order that was imported then is in the books without them, and was not edited for that.
    """
    return text == fingerprint(order) or text == _digest("avbc-1", *_parts(order))


def _digest(*parts: str) -> str:
    # The separator keeps ("a", "b") and ("ab", "") apart.
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _parts(order: models.Order) -> list[str]:
    parts: list[str] = [
        str(order.id),
        str(order.customer_id),
        order.default_currency_code,
        order.payment_method,
        *_plain(
            (
                order.subtotal_ex_tax,
                order.subtotal_inc_tax,
                order.shipping_cost_ex_tax,
                order.shipping_cost_inc_tax,
                order.handling_cost_ex_tax,
                order.handling_cost_inc_tax,
                order.wrapping_cost_ex_tax,
                order.wrapping_cost_inc_tax,
                order.discount_amount,
                order.coupon_discount,
                order.store_credit_amount,
                order.gift_certificate_amount,
                order.total_ex_tax,
                order.total_inc_tax,
            )
        ),
        *_address_parts(order.billing_address),
    ]
    if order.consignments is not None:
        for consignment in sorted(
            order.consignments.shipping, key=lambda consignment: consignment.id
        ):
            parts += [
                "ship",
                str(consignment.id),
                consignment.shipping_method,
                *_address_parts(consignment),
            ]
        for pickup in sorted(order.consignments.pickups, key=lambda pickup: pickup.id):
            parts += ["pickup", str(pickup.id), str(pickup.pickup_method_id), pickup.location.name]
    for line in sorted(order.lines, key=lambda line: line.id):
        parts += _line_parts(line)
    for fee in sorted(order.fees or (), key=lambda fee: fee.id):
        parts += ["fee", str(fee.id), *_plain((fee.cost_ex_tax, fee.cost_inc_tax))]
    return parts


def _line_parts(line: models.OrderProduct) -> list[str]:
    parts = [
        (
            f"line {line.id} {line.product_id} {line.quantity} {line.order_address_id} "
            f"{line.parent_order_product_id}"
        ),
        line.sku,
        line.name,
        *_plain((line.total_ex_tax, line.total_inc_tax)),
    ]
    if line.wrapping_name or line.wrapping_message:
        parts += [line.wrapping_name, line.wrapping_message]
    for option in line.product_options:
        parts += [option.display_name, option.display_value]
    for field in line.configurable_fields:
        parts += [field.name, field.value]
    return parts


def _plain(amounts: Iterable[Decimal]) -> list[str]:
    return [str(amount.normalize()) if amount else "0" for amount in amounts]


def _address_parts(address: models.Address) -> tuple[str, ...]:
    return (
        address.first_name,
        address.last_name,
        address.company,
        address.street_1,
        address.street_2,
        address.city,
        address.state,
        address.zip,
        address.country_iso2 or address.country,
        address.phone,
        address.email,
    )


@attrs.frozen
class Difference(Shown):
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

    Left out are the status, ids, and what people change in AcctVantage: client,
    warehouse, tax area, GL codes, memo and reference, and how far the receipts have come.
    """
    incoming = bundle.order
    return tuple(
        difference
        for differences in (
            _fields("", existing, incoming, _HEADER),
            _addresses("bill_to", existing.bill_to, incoming.bill_to),
            _ship_tos(existing.ship_tos, incoming.ship_tos),
            _lines(existing, incoming),
            _amounts("discounts", _by_code(existing.discounts), _by_code(incoming.discounts)),
            _receipts(existing_receipts, bundle.receipts),
        )
        for difference in differences
    )


def _receipts(before: Iterable[Receipt], after: Iterable[Receipt]) -> Iterator[Difference]:
    """How receipts differ, with or without those that a person entered in AcctVantage.

    Money that was entered by hand may be in the store as well, or not be seen there.
    """
    before, new = list(before), _by_type(after)
    entered = by_hand(before)
    if new != _by_type(one for one in before if one not in entered):
        yield from _amounts("receipts", _by_type(before), new)


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


def address_differences(existing: SalesOrder, order: models.Order) -> Iterator[Difference]:
    """Yield how the addresses of an order of the store differ from its sales order's."""
    yield from _addresses("bill_to", existing.bill_to, address(order.billing_address))
    if order.consignments is not None:
        ship_tos = [address(consignment) for consignment in order.consignments.shipping]
        yield from _ship_tos(existing.ship_tos, ship_tos)


def form_field_differences(existing: SalesOrder, order: models.Order) -> Iterator[Difference]:
    """Yield the form fields that are neither in a sales order's memo nor its PO number."""
    memo = f"{existing.memo}\n"
    for name, answer in answers(order):
        in_memo = f"{answer_text(name, answer)}\n" in memo
        if not in_memo and text_key(answer) != text_key(existing.po_number):
            yield Difference(f"form field {name}", "", answer)


def _ship_tos(existing: Sequence[Address], incoming: Sequence[Address]) -> Iterator[Difference]:
    pairs = zip_longest(existing, incoming)
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


def first_few(changes: Sequence[str]) -> str:
    """The first changes as one text, and how many more there are.

    >>> first_few(["tax", "total"]), first_few(["line"] * 9)[-12:]
    ('tax; total', '; and 1 more')
    """
    more = len(changes) - _SHOWN
    return "; ".join([*changes[:_SHOWN], *([f"and {more} more"] if more > 0 else [])])


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
