"""Any endpoint of the store, for what has no method of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from avbc.bigcommerce.body import Body, Json
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.endpoints.parts import Value, query
from avbc.text import quoted

HttpMethod: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]*)?")
_ID = re.compile(r"[1-9][0-9]*")
_NO_IDS = frozenset({"None", "True", "False"})


def request(
    method: HttpMethod,
    path: str,
    *,
    params: Mapping[str, Value] | None = None,
    body: Body = None,
) -> Call[Json]:
    """Send a request to an endpoint that has no method here, and return the JSON of its answer.

    The store, its token, the quota, errors and retries are those of all other methods. The answer
    is a `dict` in v3, with `data` and `meta`; a `dict` or a `list` in v2; None where the store
    answers with nothing (204), as v2 does for an empty list. Amounts with a point are floats:
    `Decimal(str(value))` is what was sent. A list is one page of it: `page` and `limit` go into
    `params`.

    A write is sent again only where it certainly had no effect: after a 429, or where no
    connection was made. After a timeout or a 5xx, read the state first.

    Args:
        method: GET, POST, PUT, PATCH or DELETE.
        path: The path within the store, with its version: `/v3/catalog/brands`. It cannot lead out
            of the store: no other host, no `..`, no query.
        params: The query. None is left out, lists are joined by commas, times need a time zone.
        body: What is sent as JSON; amounts are Decimal and are sent digit for digit.

    Raises:
        ValueError: The method is another, the path is none of the store's, an id in it is not a
            number above 0, or a value of the query cannot be sent.

    Scope: that of the endpoint. A `ScopeMissing` cannot name it.

    >>> call = request("GET", "/v3/catalog/brands", params={"id:in": [4, 5], "limit": 50})
    >>> call.name, dict(call.params)
    ('GET /v3/catalog/brands', {'id:in': '4,5', 'limit': '50'})
    >>> request("DELETE", f"/v3/catalog/brands/{None}")
    Traceback (most recent call last):
    ValueError: path: '/v3/catalog/brands/None' has None for an id: ids are numbers above 0
    """
    if method not in get_args(HttpMethod):
        expected = ", ".join(get_args(HttpMethod))
        raise ValueError(f"method: {quoted(method)} must be one of {expected}")
    call = Call(
        method,
        path,
        _whole,
        params=query(params or {}),
        body=body,
        repeatable=method == "GET",
        empty=_nothing,
    )
    for name in path.split("/")[2:]:
        if name in _NO_IDS or (_NUMBER.fullmatch(name) and not _ID.fullmatch(name)):
            raise ValueError(f"path: {quoted(path)} has {name} for an id: ids are numbers above 0")
    return call


def _whole(body: Json) -> Json:
    return body


def _nothing() -> Json:
    return None
