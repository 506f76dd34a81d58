"""Reach the abilities of a served store from outside, at `/_fake/{ability}`.

`POST /_fake/edit_order` with `{"order_id": 1001, "status_id": 9}` is
`store.edit_order(1001, status_id=9)`: the arguments are a JSON object by name, the answer is the
result as JSON. Without arguments the body may be empty, and GET does as well. It needs no token,
has no latency, and counts neither in the quota nor in the log. An error is a 400 with its `type`
and `message`.

Values are converted by the ability's annotations: amounts and dates are text, bytes are text in
Latin-1, a range is its two ends.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import cache, partial
from typing import (
    Any,
    Final,
    Literal,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)
from urllib.parse import urlsplit

import attrs
import cattrs
from cattrs.errors import CattrsError
from cattrs.gen import make_dict_structure_fn

from avbc.testing.fakestore.abilities import Abilities, LocalStore
from avbc.testing.fakestore.http import StoreResponse
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, as_row, is_row
from avbc.text import quoted

T = TypeVar("T")
_Hook: TypeAlias = Callable[[Any, Any], object]
"""Reads a JSON value as a type."""

CONTROL: Final = "/_fake/"
"""Where every control address begins."""
_ERRORS: Final[Mapping[str, type[Exception]]] = {
    "KeyError": KeyError,
    "TypeError": TypeError,
    "ValueError": ValueError,
}
"""What abilities raise because of their arguments."""


@cache
def abilities() -> Mapping[str, Callable[..., object]]:
    """Return every ability by name, as a function of the store and the arguments."""
    names = [(name, getattr(Abilities, name)) for name in dir(Abilities)]
    members = [(name, getattr(member, "fget", member)) for name, member in names]
    return {name: member for name, member in members if hasattr(member, "__wrapped__")}


def control(store: LocalStore, target: str, body: bytes) -> StoreResponse:
    """Answer a control request."""
    name = urlsplit(target).path.removeprefix(CONTROL).rstrip("/")
    method = abilities().get(name)
    if method is None:
        known = ", ".join(sorted(abilities()))
        return _error(404, KeyError(f"there is no ability {quoted(name)}: there are {known}"))
    try:
        with store.lock:
            result = method(store, **_arguments(method, json.loads(body or b"{}")))
            return StoreResponse(200, written(result))
    except (KeyError, TypeError, ValueError, CattrsError) as error:
        return _error(400, error)


def request_for(
    method: Callable[..., object], args: tuple[object, ...], named: Mapping[str, object]
) -> tuple[str, bytes]:
    """Return the address and the body of the control request that calls an ability."""
    bound = inspect.signature(method).bind(None, *args, **named)
    _self, *pairs = bound.arguments.items()
    arguments = dict(pairs)
    for name, _ in _extra(method):
        arguments |= arguments.pop(name, {})
    return f"{CONTROL}{method.__name__}", written(arguments)


def result_of(method: Callable[..., T], status: int, body: bytes) -> T:
    """Read the answer to a control request, or raise what the ability raised."""
    answer: object = json.loads(body)
    if status != 200:
        error = as_row(answer)
        raise _ERRORS.get(str(error["type"]), ValueError)(error["message"])
    return cast("T", _read(answer, _hints(method)["return"]))


def _arguments(method: Callable[..., object], arguments: object) -> Row:
    """Check and convert a call's arguments by the method's annotations."""
    if not is_row(arguments):
        raise TypeError("the arguments of an ability are a JSON object, by name")
    hints, extra = _hints(method), _extra(method)
    read = {name: _read(value, hints[name]) for name, value in arguments.items() if name in hints}
    rest = {name: value for name, value in arguments.items() if name not in hints}
    if rest and not extra:
        raise TypeError(f"{method.__name__} has no argument {quoted(min(rest))}")
    for _, hint in extra:
        read |= rest if hint is object else as_row(_read(rest, get_args(hint)[0]))
    return read


@cache
def _hints(method: Callable[..., object]) -> dict[str, object]:
    return get_type_hints(inspect.unwrap(method))


def _extra(method: Callable[..., object]) -> list[tuple[str, object]]:
    """Return name and type of a method's `**options`, if it has any."""
    return [
        (parameter.name, _hints(method)[parameter.name])
        for parameter in inspect.signature(method).parameters.values()
        if parameter.kind is parameter.VAR_KEYWORD
    ]


# JSON


def _error(status: int, error: Exception) -> StoreResponse:
    kind = type(error).__name__ if type(error).__name__ in _ERRORS else "ValueError"
    message = str(error.args[0] if isinstance(error, KeyError) else error)
    return StoreResponse(status, written({"type": kind, "message": message}))


def written(value: object) -> bytes:
    """Write an argument or a result as JSON."""
    return json.dumps(value, default=_plain, ensure_ascii=False).encode()


def _plain(value: object) -> object:
    match value:
        case bytes():
            return value.decode("latin-1")
        case Decimal():
            return str(value)
        case datetime():
            return value.isoformat()
        case range():
            return [value.start, value.stop]
        case AbstractSet():
            return list(cast("AbstractSet[object]", value))
        case _:
            return attrs.asdict(cast("attrs.AttrsInstance", value), recurse=False)


def _read(value: object, hint: object) -> object:
    return None if hint is type(None) else _converter().structure(value, cast("Any", hint))


def _exactly(*kinds: type) -> _Hook:
    def hook(value: object, kind: object) -> object:
        if type(value) not in kinds:
            raise TypeError(f"{quoted(value)} is not {kind}")
        return value

    return hook


def _whole(value: object, _kind: object) -> int:
    """Read an integer; the keys of a JSON object are text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"{quoted(value)} is not an integer")
    return int(value)


def _one_of(value: object, kind: object) -> object:
    if value not in get_args(kind):
        raise ValueError(f"{quoted(value)} is not one of {', '.join(map(str, get_args(kind)))}")
    return value


def _order(value: object, _kind: object) -> FakeOrder | Row:
    """Read an order: all the parts of one, or as the API shows it."""
    row = as_row(value)
    return cast("FakeOrder", _read(row, FakeOrder)) if "header" in row else row


def _amount(value: object, _kind: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{quoted(value)} is not an amount") from error


def _record(converter: cattrs.Converter, kind: type[Any]) -> _Hook:
    """Read a record from an object with its fields, and from nothing else."""
    read = make_dict_structure_fn(
        kind, converter, _cattrs_forbid_extra_keys=True, _cattrs_detailed_validation=False
    )

    def hook(value: object, _kind: object) -> object:
        if not is_row(value):
            names = ", ".join(field.name for field in attrs.fields(kind))
            raise TypeError(
                f"{quoted(value)} is no {kind.__name__}: give an object with fields: {names}"
            )
        return read(value, kind)

    return hook


_BY_TYPE: Mapping[type, _Hook] = {
    int: _whole,
    float: _exactly(int, float),
    str: _exactly(str),
    bool: _exactly(bool),
    bytes: lambda value, _: str(value).encode("latin-1"),
    range: lambda value, _: range(*map(int, value)),
    datetime: lambda value, _: datetime.fromisoformat(value),
    Decimal: _amount,
}
_BY_FORM: Sequence[tuple[Callable[[Any], bool], _Hook]] = [
    (lambda kind: kind is object, lambda value, _: value),
    (lambda kind: get_origin(kind) is Literal, _one_of),
    (lambda kind: kind == str | int, _exactly(str, int)),
    (lambda kind: kind == FakeOrder | Mapping[str, object], _order),
    (
        lambda kind: get_origin(kind) is Collection,
        lambda value, kind: [_read(part, get_args(kind)[0]) for part in value],
    ),
]


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=False)
    converter.register_structure_hook_factory(attrs.has, partial(_record, converter))
    for kind, hook in _BY_TYPE.items():
        converter.register_structure_hook(kind, hook)
    for fits, hook in _BY_FORM:
        converter.register_structure_hook_func(fits, hook)
    return converter
