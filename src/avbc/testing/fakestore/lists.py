"""Lists: filters as data, chosen fields, and pages. Only a request's own filters are run."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import TypeAlias, TypeVar
from urllib.parse import urlencode

from avbc.testing.fakestore.http import Refusal, StoreRequest
from avbc.testing.values import Row, as_row, text, whole
from avbc.text import text_key

_T = TypeVar("_T")

Params: TypeAlias = Mapping[str, str]
Filter: TypeAlias = Callable[[Params, str], Callable[[Row], bool]]
"""Reads a parameter; returns whether a row passes."""


def filtered(rows: Sequence[Row], params: Params, filters: Mapping[str, Filter]) -> Sequence[Row]:
    """Return the rows that pass every filter of a request."""
    keeps = [make(params, key) for key, make in filters.items() if key in params]
    return [row for row in rows if all(keep(row) for keep in keeps)] if keeps else rows


def by(read: Callable[[Params, str], _T | None], keeps: Callable[[Row, _T], bool]) -> Filter:
    """Read a parameter once, and compare each row with it."""

    def make(params: Params, key: str) -> Callable[[Row], bool]:
        value = read(params, key)
        return lambda row: value is not None and keeps(row, value)

    return make


def ids_in(field: str) -> Filter:
    """Keep rows with one of these ids: `id:in=1,2`."""
    return by(integers, lambda row, wanted: whole(row.get(field) or 0) in wanted)


def texts_in(*fields: str) -> Filter:
    """Keep rows with one of these texts, which compare without case: `email:in=a,b`."""
    return by(
        texts,
        lambda row, wanted: text_key(" ".join(text(row, field) for field in fields)) in wanted,
    )


def equal(field: str, default: str = "") -> Filter:
    """Keep rows with exactly this value; unwritten fields have the default."""
    return lambda params, key: lambda row: (text(row, field) or default) == params[key]


def flag(field: str, *, default: bool = False) -> Filter:
    """Keep rows whose flag is `true`, or is not."""
    return lambda params, key: (
        lambda row: bool(row.get(field, default)) == (params[key] in {"true", "1"})
    )


def compared(field: str, compare: Callable[[int, int], bool]) -> Filter:
    """Keep rows whose number is on the right side of an edge: `compared("id", operator.ge)`."""
    return by(integer, lambda row, edge: compare(whole(row.get(field) or 0), edge))


def dates(field: str) -> Mapping[str, Filter]:
    """Keep rows whose ISO 8601 field lies between `field:min` and `field:max`, both included."""
    return {
        f"{field}:min": by(_date, lambda row, edge: _iso(text(row, field)) >= edge),
        f"{field}:max": by(_date, lambda row, edge: _iso(text(row, field)) <= edge),
    }


def integers(params: Params, key: str) -> set[int] | None:
    """Read ids with commas; None if the filter is absent, 422 if they are not numbers.

    >>> sorted(integers({"id:in": "3,1"}, "id:in") or [])
    [1, 3]
    """
    if key not in params:
        return None
    parts = [part.strip() for part in params[key].split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise _invalid(key, "must be a comma separated list of ids")
    return {int(part) for part in parts}


def texts(params: Params, key: str) -> set[str] | None:
    """Read texts with commas, as their keys; None if the filter is absent."""
    if key not in params:
        return None
    return {text_key(part) for part in params[key].split(",") if part.strip()}


def searched(params: Params, key: str) -> str:
    """Read a text to search for, as its key."""
    return text_key(params[key])


def integer(params: Params, key: str) -> int | None:
    """Read an id or a number; None if the filter is absent, 422 if it is not a number."""
    raw = params.get(key)
    if raw is None:
        return None
    if not raw.isdecimal():
        raise _invalid(key, "must be a number")
    return int(raw)


def chosen(rows: Mapping[int, Row], *ids: set[int] | None) -> list[Row]:
    """Return the rows with ids in all sets, by id; None is a filter that is absent."""
    asked = [wanted for wanted in ids if wanted is not None]
    found = rows.keys() & set[int].intersection(*asked) if asked else rows
    return [rows[identity] for identity in sorted(found)]


def choose_fields(row: Row, params: Params) -> Row:
    """Apply `include_fields` and `exclude_fields`; the id is always there."""
    if "include_fields" not in params and "exclude_fields" not in params:
        return row
    wanted, unwanted = texts(params, "include_fields"), texts(params, "exclude_fields") or ()
    return {
        key: value
        for key, value in row.items()
        if key == "id" or ((wanted is None or key in wanted) and key not in unwanted)
    }


def _invalid(key: str, fault: str) -> Refusal:
    return Refusal(422, "The filter is invalid.", {key: fault})


def _date(params: Params, key: str) -> float:
    try:
        return _iso(params[key])
    except ValueError as error:
        raise _invalid(key, "must be a date in ISO 8601") from error


def _iso(value: str) -> float:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


# Pages

MAX_LIMIT = 250
"""BigCommerce writes this maximum for most lists; over it the answer is 413."""


def page_and_limit(params: Params, default: int = 50, maximum: int = MAX_LIMIT) -> tuple[int, int]:
    """Read `page` (from 1) and `limit`; invalid ones are a 400, too high a limit is a 413."""
    page = _positive(params, "page", 1)
    limit = _positive(params, "limit", default)
    if limit > maximum:
        raise Refusal(413, f"The maximum limit is {maximum}.")
    return page, limit


def v2_slice(rows: Sequence[Row], params: Params) -> list[Row]:
    """Return a page of a v2 sub-resource."""
    page, limit = page_and_limit(params)
    return list(rows[(page - 1) * limit : page * limit])


def v3_page(
    rows: Sequence[_T],
    request: StoreRequest,
    *,
    show: Callable[[_T], Row] = as_row,
    cursors: bool = False,
    maximum: int = MAX_LIMIT,
    limit_to: int | None = None,
) -> Row:
    """Return a page of a v3 list with its `meta`.

    Args:
        rows: The whole list: rows, or what `show` makes rows of.
        request: Its `page` and `limit` are read.
        show: Makes the row of an entry; asked only for the entries of the page.
        cursors: Adds `meta.cursor_pagination`; with `after` or `before` the `page` is ignored
            (BigCommerce: customers API).
        maximum: Of `limit`; over it the answer is 413.
        limit_to: Of entries on a page, whatever `limit` says.
    """
    params = request.params
    page, limit = page_and_limit(params, maximum=maximum)
    limit = min(limit, limit_to or limit)
    total = len(rows)
    if cursors and ("after" in params or "before" in params):
        start = _cursor_start(params, limit)
        page = start // limit + 1
    else:
        start = (page - 1) * limit
    cut = [show(row) for row in rows[start : start + limit]]
    pages = ceil(total / limit)
    meta: Row = {
        "pagination": {
            "total": total,
            "count": len(cut),
            "per_page": limit,
            "current_page": page,
            "total_pages": pages,
            "links": {
                name: _link(params, number, limit)
                for name, number in [("previous", page - 1), ("current", page), ("next", page + 1)]
                if 1 <= number <= max(page, pages)
            },
        }
    }
    if cursors:
        cursor_links: Row = {}
        cursor: Row = {"count": len(cut), "per_page": limit, "links": cursor_links}
        if cut:
            cursor["start_cursor"] = _cursor(start)
            cursor["end_cursor"] = _cursor(start + len(cut) - 1)
            if start + len(cut) < total:
                cursor_links["next"] = (
                    f"?{urlencode({'after': _cursor(start + len(cut) - 1), 'limit': limit})}"
                )
        meta["cursor_pagination"] = cursor
    return {"data": cut, "meta": meta}


def _positive(params: Params, key: str, default: int) -> int:
    raw = params.get(key)
    if raw is None:
        return default
    if not raw.isdecimal() or int(raw) < 1:
        raise Refusal(400, f"The field '{key}' is invalid.")
    return int(raw)


def _link(params: Params, page: int, limit: int) -> str:
    rest = {
        key: value
        for key, value in params.items()
        if key not in {"page", "limit", "after", "before"}
    }
    return f"?{urlencode({**rest, 'page': page, 'limit': limit})}"


def _cursor(index: int) -> str:
    return base64.urlsafe_b64encode(f"row:{index}".encode()).decode()


def _cursor_start(params: Params, limit: int) -> int:
    raw = params.get("after") or params["before"]
    try:
        index = int(base64.urlsafe_b64decode(raw).decode().removeprefix("row:"))
    except ValueError as error:
        raise Refusal(422, "The cursor is invalid.") from error
    return index + 1 if "after" in params else max(0, index - limit)
