"""The arguments of the client's methods, held to the annotations of their functions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, wraps
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Literal, ParamSpec, SupportsIndex, TypeVar, Union, cast, get_args, get_origin

from avbc.bigcommerce.models.base import Draft
from avbc.text import quoted
from avbc.unset import UNSET, Unset

P = ParamSpec("P")
T = TypeVar("T")

_WANTED: Mapping[object, str] = {
    bool: "True or False",
    int: "an int, such as 218",
    str: "a text",
    Decimal: 'a Decimal, such as Decimal("9.95")',
    datetime: "a datetime, such as datetime(2026, 1, 31, tzinfo=UTC)",
}
_ABSENT = (NoneType, Unset)
_LISTS = (Collection, Sequence)


def checked_by_kind(make: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function whose arguments are held to its annotations before it is called.

    What has an annotation that is not of the few kinds that a request holds is the function's own
    to check.

    >>> def find(status_id: int, *, sku_in: Collection[str] = ()) -> None: ...
    >>> checked_by_kind(find)(11, sku_in="MUG-1")
    Traceback (most recent call last):
    TypeError: sku_in: 'MUG-1' must be a list, each a text
    """
    names = make.__code__.co_varnames if hasattr(make, "__code__") else ()

    @wraps(make)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        kinds = _kinds(make)
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            if name in kinds:
                _require(value, name, kinds[name])
        return make(*args, **kwargs)

    return checked


@cache
def _kinds(make: Callable[..., object]) -> Mapping[str, tuple[object, ...]]:
    """The kinds that each argument may be of; without those that cannot be told from outside."""
    hints = get_annotations(make, eval_str=True)
    found = {name: _alternatives(hint) for name, hint in hints.items()}
    return {name: kinds for name, kinds in found.items() if all(map(_is_known, kinds))}


def _alternatives(hint: object) -> tuple[object, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _is_known(kind: object) -> bool:
    if get_origin(kind) in _LISTS:
        return all(map(_is_known, get_args(kind)))
    is_draft = isinstance(kind, type) and issubclass(kind, Draft)
    return kind in _WANTED or kind in _ABSENT or get_origin(kind) is Literal or is_draft


def _require(value: object, name: str, kinds: Sequence[object]) -> None:
    """Make sure that a value is of one of the kinds, of which one is neither None nor UNSET.

    Raises:
        TypeError: It is of none.
        ValueError: It is a text, and none of those that may be given.
    """
    if (value is None and NoneType in kinds) or (value is UNSET and Unset in kinds):
        return
    (kind,) = {*kinds} - {*_ABSENT}
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{name}: {quoted(value)} must be {_wanted(kind)}")
    elif get_origin(kind) in _LISTS:
        (of,) = get_args(kind)
        if (rows := _rows(value)) is None:
            raise TypeError(f"{name}: {_shown(value, of)} must be a list, each {_wanted(of)}")
        for place, each in enumerate(rows):
            _require(each, f"{name}[{place}]", (of,))
    elif not _is_of(value, kind):
        raise TypeError(f"{name}: {_shown(value, kind)} must be {_wanted(kind)}")


def _rows(value: object) -> Collection[object] | None:
    is_list = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
    return cast("Collection[object]", value) if is_list else None


def _is_of(value: object, kind: object) -> bool:
    if kind is int:
        # The protocol is slow to check, so it comes last.
        return isinstance(value, int | SupportsIndex) and not isinstance(value, bool)
    return isinstance(kind, type) and isinstance(value, kind)


def _wanted(kind: object) -> str:
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    return _WANTED.get(kind) or f"a {getattr(kind, '__name__', kind)}"


def _shown(value: object, kind: object) -> str:
    """The value; only its type where a record is due, which may hold what is secret."""
    return quoted(value) if kind in _WANTED or get_origin(kind) is Literal else type(value).__name__
