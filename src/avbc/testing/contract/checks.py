"""How the contract asks, so that a failing test names the record, or the input, that failed."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar, cast

import attrs
from attrs import evolve

from avbc.acctvantage.errors import BooksRefused, ClientTaken, ReceiptsChanged
from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.optional import ClockGateway
from avbc.acctvantage.records import OPEN, OrderBundle, SalesOrder
from avbc.testing.contract.examples import DAY
from avbc.text import quoted

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=Exception)

_KEYS = ("import_id", "part_number", "number", "store_line_id", "receipt_type", "name", "id")
_SEQUENCES: set[type[object]] = {list, tuple}


def same(row: str, found: object, expected: object) -> None:
    """Fail unless what the books answer for a row is as expected; says what differs, by record."""
    __tracebackhide__ = True
    if found != expected:
        differences = list(_differences("", found, expected)) or [
            f"{quoted(found)} != {quoted(expected)}"
        ]
        raise AssertionError("\n  ".join([f"{row}:", *differences[:10]]))


def answers(
    row: str, expected: object, call: Callable[P, object], *args: P.args, **named: P.kwargs
) -> None:
    """Fail unless a call for a row answers as expected; also where it raises."""
    __tracebackhide__ = True
    try:
        answer = call(*args, **named)
        found = list(cast("Iterator[object]", answer)) if isinstance(answer, Iterator) else answer
    except Exception as error:
        name = getattr(call, "__name__", "the call")
        raise AssertionError(f"{row}: {name} must not raise, and raised {quoted(error)}") from error
    same(row, found, expected)


def stamped(row: str, gateway: ImportGateway, at: datetime | None) -> datetime:
    """Fail unless a change was stamped with the present by the clock of the books."""
    __tracebackhide__ = True
    assert at is not None, f"{row} has no stamp"
    assert at.tzinfo is not None, f"{row} was stamped {at}, which has no time zone"
    assert abs(at - datetime.now(UTC)) < DAY, f"{row} was stamped {at}, which is not now"
    if isinstance(gateway, ClockGateway):
        now = gateway.now()
        assert now >= at, f"{row} was stamped {at}, and now() was {now} after it"
    return at


def refused(row: str, call: Callable[P, object], *args: P.args, **named: P.kwargs) -> BooksRefused:
    """Fail unless the books refuse a call for a row; returns the refusal."""
    __tracebackhide__ = True
    return _raised(BooksRefused, row, partial(call, *args, **named), call)


def taken(row: str, call: Callable[P, object], *args: P.args, **named: P.kwargs) -> ClientTaken:
    """Fail unless the books say of a call for a row that its client is taken."""
    __tracebackhide__ = True
    return _raised(ClientTaken, row, partial(call, *args, **named), call)


def changed(
    row: str, call: Callable[P, object], *args: P.args, **named: P.kwargs
) -> ReceiptsChanged:
    """Fail unless the books say of a call for a row that receipts have changed."""
    __tracebackhide__ = True
    return _raised(ReceiptsChanged, row, partial(call, *args, **named), call)


def _raised(kind: type[E], row: str, run: Callable[[], object], call: object) -> E:
    __tracebackhide__ = True
    must = f"{row}: {getattr(call, '__name__', 'the call')} must raise {kind.__name__}"
    try:
        answer = run()
    except kind as error:
        return error
    except Exception as error:
        raise AssertionError(f"{must}, and raised {quoted(error)}") from error
    raise AssertionError(f"{must}, and returned {_short(answer)}")


def create_orders(gateway: ImportGateway, *bundles: OrderBundle) -> None:
    """Import orders, one after the other."""
    for bundle in bundles:
        gateway.create_order(bundle)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make calls in threads that start at the same moment; returns their results in order."""
    start = threading.Barrier(len(calls), timeout=30)

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def tried_at_once(calls: Sequence[Callable[[], T]]) -> list[T | BooksRefused]:
    """Make calls like `at_once`; the result of a refused one is the refusal."""

    def tried(call: Callable[[], T]) -> T | BooksRefused:
        try:
            return call()
        except BooksRefused as refusal:
            return refusal

    return at_once([partial(tried, call) for call in calls])


def content(order: SalesOrder) -> SalesOrder:
    """The order without the ids that the books gave it."""
    return evolve(order, id=None, client_id=None, contact_id=None)


def assert_is_one_of(gateway: ImportGateway, bundles: Sequence[OrderBundle]) -> None:
    """Fail unless the one order in the books, of any status, and its receipts are a bundle's."""
    (order,) = gateway.sales_orders()
    order = evolve(content(order), status=OPEN, status_changed_at=None)
    receipts = [evolve(receipt, id=None) for receipt in gateway.receipts()]
    whole = [(bundle.order, list(bundle.receipts)) for bundle in bundles]
    assert (order, receipts) in whole, (
        f"order {order.import_id}: no single call leaves it and its receipts like this: "
        f"{len(order.lines)} lines, {[_label(receipt) for receipt in receipts]}"
    )


def _differences(path: str, found: object, expected: object) -> Iterator[str]:
    """What differs, each by the keys of the records and the names of the fields that lead to it."""
    if found == expected:
        return
    kind: type[object] = type(expected)
    if attrs.has(kind) and type(found) is kind:
        for name in attrs.fields_dict(kind):
            at = f"{path or _label(expected)}.{name}"
            yield from _differences(at, getattr(found, name), getattr(expected, name))
    elif kind in _SEQUENCES and type(found) in _SEQUENCES:
        rows, due = cast("Sequence[object]", found), cast("Sequence[object]", expected)
        yield from _of_sequences(path, rows, due)
    else:
        yield f"{path or 'the answer'} is {_short(found)}, and must be {_short(expected)}"


def _of_sequences(path: str, found: Sequence[object], expected: Sequence[object]) -> Iterator[str]:
    come, due = [_label(each) for each in found], [_label(each) for each in expected]
    if come != due:
        yield f"{path or 'the answer'} has {_listed(come)}, and must have {_listed(due)}"
        return
    for label, one, other in zip(due, found, expected, strict=True):
        yield from _differences(f"{path}[{label}]" if path else label, one, other)


def _label(record: object) -> str:
    """What names a record: its first key that is not empty."""
    kind: type[object] = type(record)
    if kind is tuple and record:
        return str(cast("tuple[object, ...]", record)[0])
    if not attrs.has(kind):
        return _short(record)
    keys = (getattr(record, key, None) for key in _KEYS)
    return next((str(key) for key in keys if key not in {None, ""}), kind.__name__)


def _listed(labels: Collection[str]) -> str:
    return ", ".join(labels) or "none"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
