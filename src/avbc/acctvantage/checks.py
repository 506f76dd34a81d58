"""The rules of the books that no database enforces: what a Gateway checks before it writes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from os import PathLike
from typing import Concatenate, ParamSpec, SupportsIndex, TypeVar, cast

import attrs

from avbc.acctvantage.errors import BooksRefused, ReceiptsChanged
from avbc.acctvantage.records import Credit, OrderBundle, Receipt, SalesOrder, Shipment
from avbc.errors import Fault, FaultyInputError
from avbc.money import ZERO
from avbc.text import quoted

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def arguments_checked(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Have a method refuse an argument that is not what its annotation says.

    One text where it takes a list is refused, too: its letters are keys of no record. A time
    without a time zone is `BooksRefused`, as an argument and in a receipt, shipment or credit.

    Args:
        method: The method.
    """
    parameters = inspect.signature(method).parameters.values()
    rules = [
        (place, each.name, *_KINDS[_kind(each)])
        for place, each in enumerate(parameters)
        if _kind(each) in _KINDS
    ]

    @wraps(method)
    def checked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for place, name, is_right, wanted in rules:
            if place <= len(args):
                value = args[place - 1]
            elif name in kwargs:
                value = kwargs[name]
            else:
                continue
            if not is_right(value):
                raise FaultyInputError(method.__name__, [Fault(name, _wrong(value, wanted))])
            if isinstance(value, datetime):
                _check_time(method.__name__, name, value)
            elif isinstance(value, Receipt | Shipment | Credit):
                _check_times(value)
        return method(self, *args, **kwargs)

    return checked


_KEYS = "Collection[str]"


def _kind(parameter: inspect.Parameter) -> str:
    # A class of one's own may say `av.Receipt`.
    kind = str(parameter.annotation).removeprefix("av.")
    return _KEYS if _KEYS in kind else kind


def _wrong(value: object, wanted: str) -> str:
    if wanted == _A_LIST:
        example = [value] if isinstance(value, str) else ["WEB1042"]
        return f"{quoted(value)} must be {wanted}, such as {example}"
    # A record, or the text of a file, may name clients.
    is_short = value is None or isinstance(value, int | float | Decimal | date)
    if isinstance(value, str):
        is_short = "\n" not in value
    return f"must be {wanted}, not {quoted(value) if is_short else type(value).__name__}"


def _is_a(*kinds: type[object]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kinds)


def _is_whole(value: object) -> bool:
    return isinstance(value, SupportsIndex) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    # One that is not finite, the books refuse as they write it.
    return isinstance(value, Decimal) or _is_whole(value)


def _is_path(value: object) -> bool:
    return "\n" not in value if isinstance(value, str) else isinstance(value, PathLike)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


_A_LIST = "a list of texts"
_A_TIME = "a time with a time zone, such as datetime(2026, 1, 31, tzinfo=UTC)"
_A_DAY = "a day, such as date(2026, 1, 31)"
_KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    _KEYS: (lambda value: not value or _are_keys(value), _A_LIST),
    "Collection[int] | None": (
        lambda value: value is None or _are_all(value, _is_whole),
        "a list of whole numbers",
    ),
    "Sequence[OrderBundle]": (
        lambda value: _is_a(Sequence)(value) and _are_all(value, _is_a(OrderBundle)),
        "a list of OrderBundles",
    ),
    "timedelta": (_is_a(timedelta), "a timedelta, such as timedelta(seconds=30)"),
    "str": (_is_a(str), "a text"),
    "int": (_is_whole, "a whole number"),
    "datetime": (_is_a(datetime), _A_TIME),
    "datetime | None": (_is_a(datetime, type(None)), _A_TIME),
    "date": (_is_day, _A_DAY),
    "date | None": (lambda value: value is None or _is_day(value), _A_DAY),
    "Decimal": (_is_a(Decimal), "a Decimal, such as Decimal('19.95')"),
    "Decimal | int": (_is_number, "a number, as a Decimal or an int"),
    "Mapping[int, Decimal]": (_is_a(Mapping), "a dict of numbers by line"),
    "str | PathLike[str]": (_is_path, "the path of a file"),
    "BooksSource": (_is_a(str, PathLike, Mapping), "a file's path, its text, or a dict"),
    "OrderBundle": (_is_a(OrderBundle), "an OrderBundle"),
    "Receipt": (_is_a(Receipt), "a Receipt"),
    "Shipment": (_is_a(Shipment), "a Shipment"),
    "Credit": (_is_a(Credit), "a Credit"),
}
"""What a value of an annotation is, and how a person says it."""


def _are_keys(keys: object) -> bool:
    return not isinstance(keys, str) and _are_all(keys, _is_a(str))


def _are_all(values: object, is_right: Callable[[object], bool]) -> bool:
    if not isinstance(values, Collection):
        # An iterator is read once.
        return isinstance(values, Iterable)
    return all(is_right(each) for each in cast("Collection[object]", values))


def check_order(bundle: OrderBundle) -> None:
    """Check an order and its receipts before they are written.

    Raises:
        BooksRefused: The order does not add up to its total, an Import ID is missing, an amount is
            not a number, a time has no time zone, or its parts do not name each other.
    """
    order = bundle.order
    if not order.import_id:
        raise BooksRefused(f"the order {order.store_order_id} of the store has no Import ID")
    if bundle.new_client is not None and bundle.new_client.import_id == "":
        raise BooksRefused(
            f"order {order.import_id}: the Import ID of its new client is empty; a client without "
            "one has None"
        )
    amounts = [order.total, order.freight, order.tax, order.rounding]
    for line in order.lines:
        amounts += (line.quantity, line.unit_price, line.amount, line.tax, line.to_ship)
    for discount in order.discounts:
        amounts += (discount.amount, discount.amount_in_store)
    for receipt in bundle.receipts:
        amounts += (receipt.amount, receipt.pre_auth_amount)
    _check_numbers(f"order {order.import_id}", amounts)
    _check_times(order)
    for receipt in bundle.receipts:
        _check_times(receipt)
    if order.ordered_on is not None and not _is_day(order.ordered_on):
        raise BooksRefused(f"order {order.import_id}: ordered_on {order.ordered_on} is not a day")
    parts = order.subtotal + order.freight + order.tax - order.discount + order.rounding
    if order.total != parts:
        raise BooksRefused(
            f"order {order.import_id} does not balance: its total {order.total} is not the "
            f"{parts} of lines + freight + tax - discounts + rounding"
        )
    places = len(order.ship_tos)
    for line in order.lines:
        if line.ship_to is not None and not 0 <= line.ship_to < places:
            raise BooksRefused(
                f"order {order.import_id}: the line {quoted(line.description)} goes to an address "
                "that is not on the order"
            )
    for receipt in bundle.receipts:
        if receipt.order_import_id != order.import_id:
            raise BooksRefused(
                f"order {order.import_id} comes with a receipt on order {receipt.order_import_id}"
            )


def check_store(import_id: str, store_hash: str, other: str) -> None:
    """Check that an order of the books and one that comes in are of the same store.

    Raises:
        BooksRefused: They are of two stores: both are known, and not the same.
    """
    if store_hash and other and store_hash != other:
        raise BooksRefused(
            f"order {import_id} is in the books from the store {store_hash}, and this one is of "
            f"the store {other}: two configurations must not share an Import Source Code. Give one "
            "of them another import_source_code"
        )


def replacing(bundle: OrderBundle, there: Collection[Receipt]) -> OrderBundle:
    """Return the bundle of an edited order as it replaces the receipts that are in the books.

    Those whose money stays keep the wishes of users of AcctVantage. It is called in the transaction
    that writes the bundle.

    Raises:
        ReceiptsChanged: The bundle was made from other receipts.
    """
    if bundle.replaced is not None:
        changed = set(map(_as_read, bundle.replaced)) ^ set(map(_as_read, there))
        if changed:
            ids = ", ".join(sorted({import_id for import_id, *_ in changed}))
            raise ReceiptsChanged(
                f"order {bundle.order.import_id} was not updated: {ids} changed in the books since "
                "the order was read; the next run looks again"
            )
    known = {(one.import_id, one.money): one for one in there}
    kept = [(new, known.get((new.import_id, new.money), new)) for new in bundle.receipts]
    return attrs.evolve(
        bundle,
        receipts=tuple(
            attrs.evolve(new, capture_wanted=old.capture_wanted, void_wanted=old.void_wanted)
            for new, old in kept
        ),
    )


def _as_read(receipt: Receipt) -> tuple[str, str, str, Decimal, Decimal]:
    one = receipt
    return one.import_id, one.receipt_type, one.state, one.amount, one.pre_auth_amount


def check_credit(credit: Credit) -> None:
    """Check a credit before it is written.

    Raises:
        BooksRefused: It does not add up to its total, has no Import ID, or `created_at` has no time
            zone.
    """
    if not credit.import_id:
        raise BooksRefused(
            f"refund {credit.store_refund_id} of order {credit.order_import_id} has no Import ID"
        )
    amounts = [credit.total, credit.tax, *(tender.amount for tender in credit.tenders)]
    for line in credit.lines:
        amounts += (line.amount, line.tax, ZERO if line.quantity is None else line.quantity)
    _check_numbers(f"credit {credit.import_id}", amounts)
    _check_times(credit)
    given_back = sum((line.amount for line in credit.lines), credit.tax)
    paid_out = sum((tender.amount for tender in credit.tenders), ZERO)
    if credit.total != given_back:
        raise BooksRefused(
            f"credit {credit.import_id} does not balance: its total {credit.total} is not the "
            f"{given_back} of lines + tax"
        )
    if credit.total != paid_out:
        raise BooksRefused(
            f"credit {credit.import_id} does not balance: its total {credit.total} is not the "
            f"{paid_out} of its tenders"
        )


def check_shipment(shipment: Shipment) -> None:
    """Check a shipment before it is written.

    Raises:
        BooksRefused: It has no items, neither of its own nor in its parcels, a quantity is not
            above zero, or `shipped_at` has no time zone.
    """
    about = f"shipment {shipment.number}"
    packed = (item for parcel in shipment.parcels for item in parcel.items)
    items = (*shipment.items, *packed)
    if not items:
        raise BooksRefused(
            f"{about} of order {shipment.order_import_id} has no items: say what was shipped, such "
            "as items=(ShippedItem(store_line_id, Decimal(1)),)"
        )
    for item in items:
        _check_decimal(about, item.quantity)
        if not item.quantity.is_finite() or item.quantity <= 0:
            raise BooksRefused(f"{about}: {item.quantity} is not a quantity that can be shipped")
    _check_times(shipment)


def _check_numbers(about: str, amounts: Iterable[Decimal]) -> None:
    for amount in amounts:
        _check_decimal(about, amount)
        if not amount.is_finite():
            raise BooksRefused(
                f"{about} has an amount that is not a number: {amount} is not an amount that the "
                "books can keep"
            )


def _check_decimal(about: str, value: object) -> None:
    if not isinstance(value, Decimal):
        example = str(value) if isinstance(value, int | float) else "19.95"
        made = f"Decimal({quoted(example)})"
        raise BooksRefused(f"{about}: {quoted(value)} must be a Decimal, such as {made}")


def _check_times(record: SalesOrder | Receipt | Shipment | Credit) -> None:
    names: tuple[str, ...]
    match record:
        case SalesOrder():
            about, names = f"order {record.import_id}", ("ordered_at", "status_changed_at")
        case Receipt():
            about = f"receipt {record.import_id or f'on order {record.order_import_id}'}"
            names = ("authorized_at", "captured_at", "voided_at")
        case Shipment():
            about, names = f"shipment {record.number}", ("shipped_at",)
        case Credit():
            about, names = f"credit {record.import_id}", ("created_at",)
    for name in names:
        at = getattr(record, name)
        if at is not None:
            _check_time(about, name, at)


def _check_time(about: str, name: str, at: object) -> None:
    if not isinstance(at, datetime):
        raise BooksRefused(f"{about}: {name} must be {_A_TIME}, not {quoted(at)}")
    if at.utcoffset() is None:
        raise BooksRefused(f"{about}: {name} {at} has no time zone: add one, such as tzinfo=UTC")
