"""Parts of endpoint functions: query parameters, and the three ways to read an answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar
from urllib.parse import quote

from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import Call, ListCall, Paging, row_of, rows_of
from avbc.bigcommerce.decoding import read_object, read_page, read_rows
from avbc.bigcommerce.models.base import Model
from avbc.bigcommerce.values import BadValue

T = TypeVar("T")
M = TypeVar("M", bound=Model)

Value: TypeAlias = bool | int | str | Decimal | datetime | Collection[int] | Collection[str] | None

_LONGEST_LIST = 7000
"""In characters of the URL, of which servers take about 8,000."""


def query(values: Mapping[str, Value]) -> dict[str, str]:
    """Write query parameters as BigCommerce reads them.

    None is left out, lists are joined by commas, and times have their offset.

    Raises:
        ValueError: A time without a time zone, an empty list (it would ask for everything), a list
            too long for a URL, or a list with a value that holds a comma.

    >>> query({"status_id": 11, "id:in": [4, 5], "email": None})
    {'status_id': '11', 'id:in': '4,5'}
    """
    return {name: _written(name, value) for name, value in values.items() if value is not None}


def _written(name: str, value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{name}: {value} has no time zone; write datetime(..., tzinfo=UTC)")
        return value.isoformat(timespec="seconds")
    if isinstance(value, Collection):
        return _joined(name, [str(item) for item in value])
    return str(value)


def _joined(name: str, items: list[str]) -> str:
    if not items:
        raise ValueError(f"{name}: an empty list would ask for everything")
    for item in items:
        if "," in item:
            raise ValueError(
                f"{name}: {item!r} holds a comma, which BigCommerce takes for the end of a value"
            )
    joined = ",".join(items)
    if len(quote(joined, safe="")) > _LONGEST_LIST:
        raise ValueError(
            f"{name}: {len(items)} values are too many for one URL; ask for them in several calls"
        )
    return joined


def object_call(
    path: str, model: type[M], scope: str, params: Mapping[str, str] | None = None
) -> Call[M]:
    """Return the call that reads one object."""
    return Call("GET", path, object_reader(path, model), params=params or {}, scope=scope)


def object_reader(path: str, model: type[M]) -> Callable[[Json], M]:
    """Return a function that reads one object: the whole answer in v2, its `data` in v3."""
    found = row_of if path.startswith("/v3/") else _itself
    return lambda body: read_object(found(body), model, _name(path))


def value_reader(key: str, read: Callable[[Json], T]) -> Callable[[Json], T]:
    """Return a function that reads a single value: the answer itself, or its `key`."""

    def reader(body: Json) -> T:
        value = body.get(key) if isinstance(body, Mapping) else body
        try:
            return read(value)
        except BadValue as bad:
            error = bad.at(key, None)
        raise error

    return reader


def _itself(body: Json) -> Json:
    return body


def list_call(
    path: str,
    model: type[M],
    scope: str,
    params: Mapping[str, str] | None = None,
    rows: Callable[[Json], Sequence[Json]] = rows_of,
) -> Call[list[M]]:
    """Return the call that reads a list which has no pages. `rows` finds them in the body."""
    return Call(
        "GET",
        path,
        lambda body: read_rows(rows(body), model, _name(path)),
        params=params or {},
        scope=scope,
        empty=list[M],
    )


def paged_call(
    path: str,
    model: type[M],
    scope: str,
    params: Mapping[str, str] | None = None,
    paging: Paging = Paging.V2,
    *,
    limit: int = 250,
) -> ListCall[M]:
    """Return the call that reads a list page by page, `limit` rows at a time."""
    return ListCall(
        "GET",
        path,
        lambda body: read_rows(rows_of(body), model, _name(path)),
        params=params or {},
        scope=scope,
        empty=list[M],
        paging=paging,
        limit=limit,
        read_page=lambda body: read_page(rows_of(body), model, _name(path)),
    )


def ignored(_: Json) -> None:
    """Read nothing from an answer."""


def _name(path: str) -> str:
    """What the answer is called in messages: the path without its version."""
    return path.split("/", 2)[2]
