"""What a method of the books returned, compared with what its definition says that it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import product
from types import UnionType
from typing import TypeAlias, cast, get_args, get_origin, get_type_hints

from avbc.acctvantage.errors import BooksUnusable
from avbc.acctvantage.files.journal import JournalAccounts, JournalDay
from avbc.acctvantage.optional import Turn
from avbc.acctvantage.records import CreatedOrder, ReferenceData

Refuse: TypeAlias = Callable[[str], BooksUnusable]
"""Makes the error of a method, of what it returned: "a dict". It may say what a field must be."""
Check: TypeAlias = Callable[[object, Refuse], object]
"""Returns an answer that is as it must be, and raises the error of any other."""
_Fault: TypeAlias = Callable[[object], str]
"""Says what a value is, where it is not what it must be; otherwise nothing."""

_WHOLE = (CreatedOrder, ReferenceData)
"""Records whose fields are looked at, too: there are few of them, and jobs begin with them."""
_NAMES = {"JournalAccounts": JournalAccounts, "JournalDay": JournalDay}
"""What the definitions name and do not import."""


def check_of(method: Callable[..., object]) -> Check:
    """Return the check of what a method of a part returns, by its annotation.

    It takes any collection for a list, and any iterable for an iterator: what is in it counts. Of
    an iterator it checks each item as it is taken.
    """
    hint: object = get_type_hints(method, localns=_NAMES).get("return")
    if hint is type(None):
        # Nothing is made of what it returns.
        return lambda answer, _: answer
    if get_origin(hint) is not Iterator:
        fault = _fault_of(hint)

        def checked(answer: object, refuse: Refuse) -> object:
            if what := fault(answer):
                raise refuse(what)
            return answer

        return checked
    (item,) = get_args(hint)
    item_fault = _fault_of(item)

    def each_checked(answer: object, refuse: Refuse) -> object:
        if not _holds_items(answer, Iterable):
            raise refuse(_a(answer))

        def taken(each: object) -> object:
            if what := item_fault(each):
                raise refuse(f"{what} among its items")
            return each

        return map(taken, cast("Iterable[object]", answer))

    return each_checked


def must_be(what: str, result: str) -> str:
    """Say what a method returned, and what it must return, or what a field of that must be.

    >>> must_be("a dict", "list[Client]")
    'a dict, and must return list[Client]'
    >>> must_be("a CreatedOrder whose order is a str, and must be SalesOrder", "CreatedOrder")
    'a CreatedOrder whose order is a str, and must be SalesOrder'
    """
    return what if _MUST_BE in what else f"{what}, and must return {result}"


_MUST_BE = ", and must be "


def _fault_of(hint: object) -> _Fault:
    arguments, origin = get_args(hint), get_origin(hint)
    if hint is Turn:
        # What else it is, it is asked when it is taken.
        return lambda value: "" if value is not None else _a(value)
    if origin is None or origin is UnionType:
        kind = cast("type[object]", hint)
        return _fault_of_fields(kind) if kind in _WHOLE else _fault_of_kind(kind)
    if origin is tuple and arguments[-1] is not ...:
        return _fault_of_tuple(arguments)
    return _fault_of_items(arguments[0])


def _fault_of_kind(kind: type[object]) -> _Fault:
    return lambda value: "" if isinstance(value, kind) else _a(value)


def _fault_of_items(item: object) -> _Fault:
    # Of these the type is enough.
    fault, kinds = _fault_of(item), {item}.difference(_WHOLE)

    def found(value: object) -> str:
        if not _holds_items(value, Collection):
            return _a(value)
        items = cast("Collection[object]", value)
        if kinds.issuperset(map(type, items)):
            return ""
        what = next((each for each in map(fault, items) if each), "")
        return f"{_a(items)} that holds {what}" if what else ""

    return found


def _fault_of_tuple(hints: tuple[object, ...]) -> _Fault:
    faults = [_fault_of(hint) for hint in hints]
    kinds = set(product(*map(_kinds, hints)))

    def found(value: object) -> str:
        if not isinstance(value, tuple):
            return _a(value)
        values = cast("tuple[object, ...]", value)
        # There may be a million of them.
        if tuple(map(type, values)) in kinds:
            return ""
        if len(values) != len(faults):
            return f"a tuple of {len(values)}"
        wrong = (fault(each) for fault, each in zip(faults, values, strict=True))
        what = next((each for each in wrong if each), "")
        return f"a tuple that holds {what}" if what else ""

    return found


def _kinds(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) is UnionType else (hint,)


def _fault_of_fields(kind: type[object]) -> _Fault:
    written = inspect.get_annotations(kind)
    fields = {name: _fault_of(hint) for name, hint in get_type_hints(kind).items()}

    def found(value: object) -> str:
        if not isinstance(value, kind):
            return _a(value)
        for name, fault in fields.items():
            if what := fault(getattr(value, name)):
                return f"{_a(value)} whose {name} is {what}{_MUST_BE}{written[name]}"
        return ""

    return found


def _holds_items(value: object, kind: type[object]) -> bool:
    return isinstance(value, kind) and not isinstance(value, str | bytes | Mapping)


def _a(value: object) -> str:
    """Name the type of a value, and not the value: it may be a client's.

    >>> _a(7), _a("x"), _a(None)
    ('an int', 'a str', 'None')
    """
    name = type(value).__name__
    if value is None:
        return "None"
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"
