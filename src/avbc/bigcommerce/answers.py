"""What an answer means, decided without I/O: its value or its error, and which page comes next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

import attrs

from avbc.bigcommerce.body import Json, shortened
from avbc.bigcommerce.call import Call, ListCall, Paging, rows_of
from avbc.bigcommerce.errors import (
    BadAnswer,
    Conflict,
    NotFound,
    PartlySaved,
    RequestRefused,
    ScopeMissing,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TokenRefused,
    TooManyItems,
    UnexpectedData,
)
from avbc.bigcommerce.http import Response
from avbc.bigcommerce.parsing import Rows, load, load_whole
from avbc.bigcommerce.quota import asked_wait, whole
from avbc.shown import Shown

T = TypeVar("T")

_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "CF-Ray")
_ID_IN_PATH = re.compile(r"/([a-z_]+)/([0-9]+)(?=/|$)")
_LONGEST_SAYING = 600

READ_FIRST = "It may or may not have taken effect: read the state before sending it again."
_ADVICE: Final[Mapping[int, str]] = {
    207: "The record was saved, but a part of it failed: change that part and send it again.",
    401: (
        "The access token is wrong, or its API account was deleted: copy the token again, or "
        "create a new API account."
    ),
    404: "Check the id, and that api_url is this store's.",
    409: "Another record has the same name, SKU or id: change one of them.",
    413: "Send or ask for fewer rows at once.",
    501: "BigCommerce does not support this request.",
    507: (
        "A limit of the store's plan is reached: remove records that are not needed, or change "
        "the plan."
    ),
}
_NOT_FROM_BIGCOMMERCE = (
    "It was truncated, or something between this machine and BigCommerce answered: try again later."
)
_REFUSED: Final[Mapping[int, type[RequestRefused]]] = {
    207: PartlySaved,
    404: NotFound,
    409: Conflict,
    413: TooManyItems,
}
_KNOWN = frozenset(HTTPStatus)
# A lock, a timeout and a closed connection pass; "not implemented" and a limit of the plan do not.
_PASSING = frozenset({408, 423, 499})
_LASTING = frozenset({501, 507})


@attrs.frozen
class Answer(Shown, Generic[T]):
    """An answer: its value, and the status, headers and body that it came in."""

    value: T
    response: Response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by their names in any case."""
        return self.response.headers

    @property
    def request_id(self) -> str | None:
        """BigCommerce's id of the request, for its support."""
        return request_id_of(self.response.headers)

    @property
    def body(self) -> bytes:
        """The body, in bytes."""
        return self.response.content


# --- values ---


def succeeded(call: Call[object], status: int) -> bool:
    """Whether an answer is a success: 2xx. A 207 is one only if the call can read what failed."""
    return 200 <= status < 300 and (status != 207 or call.reads_207)


def parse(call: Call[object], status: int, content: bytes) -> Json:
    """Parse the body of a successful answer; None if it has none. Half a character becomes U+FFFD.

    A long page of a list is parsed row by row when it is read: then a reader may raise `WrongCut`.

    Raises:
        ValueError: It is not JSON, or a read was answered with nothing.
    """
    if status == 204 or (not content and call.method != "GET"):
        return None
    if isinstance(call, ListCall) and call.read_page and not _ID_IN_PATH.search(call.path):
        rows = Rows.of(content)
        if rows is not None:
            return rows
    return load_whole(content)


def text_of(response: Response) -> str:
    """Return the body as text, whatever its charset."""
    try:
        return response.text
    except Exception:  # noqa: BLE001 - codecs that are none for text fail in many ways
        return response.content.decode(errors="replace")


# --- errors ---


def unreadable(call: Call[object], status: int, text: str) -> BadAnswer:
    """Return the error for an answer of success whose body cannot be parsed."""
    return BadAnswer(
        f"{call.name} was answered with {status} but no JSON: {_words(text) or 'nothing'}. "
        f"{_NOT_FROM_BIGCOMMERCE}{_caution(call)}"
    )


def misshapen(call: Call[object], status: int, error: UnexpectedData) -> BadAnswer:
    """Return the error for an answer of the wrong kind, such as an object instead of a list."""
    return BadAnswer(
        f"{call.name} was answered with {status} and data of the wrong kind: "
        f"{error.message}, got {error.value_repr}. {_NOT_FROM_BIGCOMMERCE}{_caution(call)}"
    )


def of_another(call: Call[object], status: int, body: Json) -> BadAnswer | None:
    """Return the error for an answer that is about another record than the one in the path.

    A proxy that mixes up two connections answers like that. What the answer does not name counts as
    right.

    >>> call = Call("GET", "/v2/orders/218/shipments", lambda body: body)
    >>> of_another(call, 200, [{"id": 3, "order_id": 218}]) is None
    True
    >>> "another order_id: 219" in str(of_another(call, 200, [{"id": 3, "order_id": 219}]))
    True
    """
    for place in _ID_IN_PATH.finditer(call.path):
        collection, asked = place[1], place[2]
        field = "id" if place.end() == len(call.path) else f"{collection.removesuffix('s')}_id"
        for row in _records(body):
            found = row.get(field)
            if isinstance(found, int | str) and whole(str(found)) not in {None, int(asked)}:
                return BadAnswer(
                    f"{call.name} was answered with {status} and another {field}: "
                    f"{shortened(found)}. {_NOT_FROM_BIGCOMMERCE}{_caution(call)}"
                )
    return None


def _records(body: Json) -> Iterator[Mapping[str, Json]]:
    """The records of an answer: in an array, or alone, and in v3 in `data`."""
    if isinstance(body, Mapping) and isinstance(body.get("data"), Mapping | list):
        body = body["data"]
    rows = body if isinstance(body, list) else [body]
    yield from (row for row in rows if isinstance(row, Mapping))


def refusal(
    call: Call[object], status: int, headers: Mapping[str, str], text: str, token_from: str = ""
) -> StoreError:
    """Return the error for an answer that is not a success.

    That of a refused token says where the token is from: it may not be the one that was meant.

    BigCommerce writes errors in five shapes: an array (v2), an object (v3, and on v2 paths when its
    gateway answers), rows under `batch_errors` or `data`, and text or HTML when something in front
    of it answers.
    """
    says, errors, rows = _reading(text)
    phrase = f"{status} {HTTPStatus(status).phrase}" if status in _KNOWN else str(status)
    what = (
        f"{call.name} was answered with {phrase}"
        + (f": {says}" if says else "")
        + ("" if says.endswith((".", "!")) else ".")
    )

    wait = asked_wait(status, headers)
    kind, advice = _kind(call, status, headers, wait)
    if kind is TokenRefused and token_from:
        advice = f"{advice} The token is from {token_from}."
    error = kind(f"{what} {advice}")
    if isinstance(error, ScopeMissing):
        error.scope = call.scope
    if isinstance(error, (StoreBusy, StoreUnavailable)):
        error.retry_after = None if wait is None else timedelta(seconds=wait)
    if isinstance(error, RequestRefused):
        error.errors, error.rows = errors, rows
    return error


def _kind(
    call: Call[object], status: int, headers: Mapping[str, str], wait: float | None
) -> tuple[type[StoreError], str]:
    """Return the class of an error and what to do about it."""
    if status == 401:
        return TokenRefused, _ADVICE[401]
    if status == 403:
        return ScopeMissing, _scope_advice(call.scope)
    if status == 429:
        busy = "BigCommerce is overloaded or too many requests run at once: try again later."
        return StoreBusy, busy if wait is None else f"Wait {wait:g} s."
    if status in _PASSING or (status >= 500 and status not in _LASTING):
        return (
            StoreUnavailable,
            f"The request itself is not at fault: try again later.{_caution(call)}",
        )
    if 300 <= status < 400:
        host = _host(headers.get("location", ""))
        return RequestRefused, (
            f"It points to {host}; redirects are never followed, since the access token would go "
            "along: check api_url."
        )
    change = "Change the request: sent again, it is refused again."
    return _REFUSED.get(status, RequestRefused), _ADVICE.get(status, change)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "another address"
    except ValueError:
        return "another address"


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the request's id, from the headers of its answer."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)


def _caution(call: Call[object]) -> str:
    return "" if call.repeatable else f" {READ_FIRST}"


def _scope_advice(scope: str) -> str:
    needed = (
        f'The token lacks the OAuth scope "{scope}"' if scope else "The token lacks an OAuth scope"
    )
    return (
        f"{needed}: scopes cannot be added to a token, so create a new API account with it and "
        "use its token. "
        "If the scope is there, the store's owner changed, its plan forbids the request, or "
        "api_url is another store's: Orchestrator.test_connection() shows which scopes are missing "
        "and whether the store is the token's."
    )


def _reading(text: str) -> tuple[str, dict[str, str], Sequence[Mapping[str, Json]]]:
    """Read an error's body: its message, the messages of its fields, and its rows."""
    try:
        body = load(text.encode())
    except ValueError:
        return _words(text), {}, ()
    if isinstance(body, Mapping):
        for key in ("batch_errors", "data"):
            if rows := _row_errors(body.get(key)):
                return _cut("; ".join(_saying(row) for row in rows)), {}, rows
        errors = field_errors(body.get("errors"))
        return _cut(_saying(body)), errors, ()
    if isinstance(body, list):
        rows = [row for row in body if isinstance(row, Mapping)]
        errors = {
            name: text for row in rows for name, text in field_errors(row.get("details")).items()
        }
        return _cut("; ".join(_saying(row) for row in rows)), errors, ()
    return _words(text), {}, ()


def _row_errors(rows: Json) -> Sequence[Mapping[str, Json]]:
    if not isinstance(rows, list):
        return ()
    return [
        row
        for row in rows
        if isinstance(row, Mapping) and ("status" in row or "errors" in row) and _saying(row)
    ]


def _saying(row: Mapping[str, Json]) -> str:
    words = [
        str(row[key]).strip() for key in ("message", "title", "error", "detail") if row.get(key)
    ]
    fields = [
        f"{name}: {text}" if name else text
        for name, text in field_errors(row.get("errors") or row.get("details")).items()
    ]
    return "; ".join(dict.fromkeys([*words, *fields]))


def field_errors(errors: Json, name: str = "") -> dict[str, str]:
    """Read the messages of single fields, at any depth.

    >>> field_errors({"name": "is taken", "variants": [{"sku": "is taken"}]})
    {'name': 'is taken', 'variants[0].sku': 'is taken'}
    """
    if errors is None or errors == "":
        return {}
    if isinstance(errors, Mapping):
        return {
            key: text
            for inner, value in errors.items()
            for key, text in field_errors(value, f"{name}.{inner}" if name else inner).items()
        }
    if isinstance(errors, list):
        if all(isinstance(value, str) for value in errors):
            return {name: "; ".join(map(str, errors))} if errors else {}
        return {
            key: text
            for index, value in enumerate(errors)
            for key, text in field_errors(value, f"{name}[{index}]").items()
        }
    return {name: str(errors)}


def _words(text: str) -> str:
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    return _cut(" ".join((title[1] if title else text).split()), 120)


def _cut(text: str, length: int = _LONGEST_SAYING) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


# --- pages ---


def next_page(call: ListCall[T], body: Json, count: int) -> ListCall[T] | None:
    """Return the call for the page after this one of `count` rows, or None where it was the last.

    A v2 list ends with a page shorter than the limit or with a 204, so a last page that is exactly
    full costs one more request.

    Raises:
        UnexpectedData: The answer does not say how the list goes on.
    """
    full = count >= int(call.params.get("limit", call.limit))
    if call.paging is Paging.MIN_ID:
        return _with(call, min_id=str(_last_id(call, body) + 1)) if full else None
    meta = body.get("meta") if isinstance(body, Mapping) else None
    if (
        call.paging is Paging.CURSOR
        and isinstance(meta, Mapping)
        and isinstance(cursors := meta.get("cursor_pagination"), Mapping)
    ):
        cursor, links = cursors.get("end_cursor"), cursors.get("links")
        more = count > 0 and (bool(links.get("next")) if isinstance(links, Mapping) else full)
        return (
            _with(call, after=str(cursor))
            if more and cursor and str(cursor) != call.params.get("after")
            else None
        )
    number = int(call.params.get("page", "1"))
    if (
        call.paging is not Paging.V2
        and isinstance(meta, Mapping)
        and isinstance(pages := meta.get("pagination"), Mapping)
    ):
        total = whole(str(pages.get("total_pages")))
        if total is not None:
            return _with(call, page=str(number + 1)) if number < total and count else None
    return _with(call, page=str(number + 1)) if full else None


def _with(call: ListCall[T], **params: str) -> ListCall[T]:
    return attrs.evolve(call, params={**call.params, **params})


def _last_id(call: ListCall[T], body: Json) -> int:
    rows = rows_of(body)
    row = rows[-1]
    last = row.get("id") if isinstance(row, Mapping) else None
    before = whole(call.params.get("min_id")) or 0
    if isinstance(last, int) and last >= before:
        return last
    path = f"{call.path.rsplit('/', 1)[-1]}[{len(rows) - 1}].id"
    raise UnexpectedData(
        path, shortened(last), f"expected an id of at least {before}, by which the list goes on"
    )
