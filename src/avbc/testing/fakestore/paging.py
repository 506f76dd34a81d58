"""Pages, as v2 and v3 cut them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import TypeVar
from urllib.parse import urlencode

from avbc.testing.fakestore.http import Refusal, StoreRequest
from avbc.testing.values import Row, as_row

_T = TypeVar("_T")

MAX_LIMIT = 250
"""BigCommerce writes this maximum for most lists; over it the answer is 413."""


def page_and_limit(
    params: Mapping[str, str], default: int = 50, maximum: int = MAX_LIMIT
) -> tuple[int, int]:
    """Read `page` (from 1) and `limit`; invalid ones are a 400, too high a limit is a 413."""
    page = _positive(params, "page", 1)
    limit = _positive(params, "limit", default)
    if limit > maximum:
        raise Refusal(413, f"The maximum limit is {maximum}.")
    return page, limit


def v2_slice(rows: Sequence[Row], params: Mapping[str, str]) -> list[Row]:
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
    near = {"previous": page - 1, "current": page, "next": page + 1}
    links: Row = {
        name: _link(params, number, limit)
        for name, number in near.items()
        if 1 <= number <= max(page, pages)
    }
    pagination: Row = {
        "total": total,
        "count": len(cut),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": links,
    }
    meta: Row = {"pagination": pagination}
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


def _positive(params: Mapping[str, str], key: str, default: int) -> int:
    raw = params.get(key)
    if raw is None:
        return default
    if not raw.isdecimal() or int(raw) < 1:
        raise Refusal(400, f"The field '{key}' is invalid.")
    return int(raw)


def _link(params: Mapping[str, str], page: int, limit: int) -> str:
    rest = {
        key: value
        for key, value in params.items()
        if key not in {"page", "limit", "after", "before"}
    }
    return f"?{urlencode({**rest, 'page': page, 'limit': limit})}"


def _cursor(index: int) -> str:
    return base64.urlsafe_b64encode(f"row:{index}".encode()).decode()


def _cursor_start(params: Mapping[str, str], limit: int) -> int:
    raw = params.get("after") or params["before"]
    try:
        index = int(base64.urlsafe_b64decode(raw).decode().removeprefix("row:"))
    except ValueError as error:
        raise Refusal(422, "The cursor is invalid.") from error
    return index + 1 if "after" in params else max(0, index - limit)
