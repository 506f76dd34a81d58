"""Parts of endpoint functions: query parameters, how answers are read, writes of many records."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias, TypeVar
from urllib.parse import quote

from avbc.bigcommerce.answers import field_errors
from avbc.bigcommerce.body import Json, shortened
from avbc.bigcommerce.call import (
    Call,
    ListCall,
    Paging,
    PartFailure,
    WriteResult,
    row_of,
    rows_of,
)
from avbc.bigcommerce.decoding import read_object, read_page, read_rows, row_id, unexpected
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.models.base import Draft, Model
from avbc.bigcommerce.values import BadValue, text
from avbc.text import quoted, text_key

T = TypeVar("T")
M = TypeVar("M", bound=Model)
D = TypeVar("D", bound=Draft)

Value: TypeAlias = bool | int | str | Decimal | datetime | Collection[int] | Collection[str] | None

_LONGEST_LIST = 7000
"""In characters of the URL, of which servers take about 8,000."""


def query(values: Mapping[str, Value]) -> dict[str, str]:
    """Write query parameters as BigCommerce reads them.

    None is left out, lists are joined by commas, and times have their offset.

    Raises:
        ValueError: An amount that is no number, a time without a time zone, an empty list (it would
            ask for everything), a list too long for a URL, or one with a value that holds a comma.

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
        if not value.is_finite():
            raise ValueError(f"{name}: {value} is not an amount")
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
                f"{name}: {quoted(item)} holds a comma, which BigCommerce takes for the end of a "
                "value"
            )
    joined = ",".join(items)
    if len(quote(joined, safe="")) > _LONGEST_LIST:
        raise ValueError(
            f"{name}: {len(items)} values are too many for one URL; ask for them in several calls"
        )
    return joined


def object_call(
    path: str, model: type[M], scope: str, params: Mapping[str, Value] | None = None
) -> Call[M]:
    """Return the call that reads one object."""
    return Call("GET", path, object_reader(path, model), params=query(params or {}), scope=scope)


def object_reader(path: str, model: type[M]) -> Callable[[Json], M]:
    """Return a function that reads one object: the whole answer in v2, its `data` in v3."""
    is_wrapped, has_id = path.startswith("/v3/"), path.rpartition("/")[2].isdecimal()

    def reader(body: Json) -> M:
        row = row_of(body) if is_wrapped else body
        if has_id and not (isinstance(row, Mapping) and "id" in row):
            # It is no record that cannot be read: it is none at all.
            raise UnexpectedData("answer", shortened(row), "expected an object with its id")
        return read_object(row, model, _name(path))

    return reader


def value_reader(key: str, read: Callable[[Json], T]) -> Callable[[Json], T]:
    """Return a function that reads a single value: the answer itself, or its `key`."""

    def reader(body: Json) -> T:
        value = body.get(key) if isinstance(body, Mapping) else body
        try:
            return read(value)
        except BadValue as bad:
            error = unexpected(bad, key)
        raise error

    return reader


def list_call(
    path: str,
    model: type[M],
    scope: str,
    params: Mapping[str, Value] | None = None,
    rows: Callable[[Json], Sequence[Json]] = rows_of,
) -> Call[list[M]]:
    """Return the call that reads a list which has no pages. `rows` finds them in the body."""
    return Call(
        "GET",
        path,
        lambda body: read_rows(rows(body), model, _name(path)),
        params=query(params or {}),
        scope=scope,
        empty=list[M],
    )


def paged_call(
    path: str,
    model: type[M],
    scope: str,
    params: Mapping[str, Value] | None = None,
    paging: Paging = Paging.V2,
    *,
    limit: int = 250,
) -> ListCall[M]:
    """Return the call that reads a list page by page, `limit` rows at a time."""
    return ListCall(
        "GET",
        path,
        lambda body: read_rows(rows_of(body), model, _name(path)),
        params=query(params or {}),
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


# --- writes of many records ---


def check(
    name: str,
    drafts: Sequence[Draft],
    most: int,
    *,
    needs: Collection[str] = (),
    without: Mapping[str, str] | None = None,
    others: Iterable[str] = (),
) -> None:
    """Check drafts against what BigCommerce accepts in one request.

    Args:
        name: What they are called in messages.
        drafts: The records to be sent.
        most: How many BigCommerce accepts in one request.
        needs: The fields that each must have.
        without: The fields that none may have, and why.
        others: The faults of another check.

    Raises:
        ValueError: A draft has a fault; the message lists all faults.
    """
    if not drafts:
        raise ValueError(f"{name}: there is nothing to write")
    faults = list(others)
    for index, draft in enumerate(drafts if needs or without else ()):
        given, place = draft.given(), f"{name}[{index}]"
        faults += [f"{place}.{field}: a value is required" for field in needs if field not in given]
        faults += [
            f"{place}.{field}: {advice}"
            for field, advice in (without or {}).items()
            if field in given
        ]
    if len(drafts) > most:
        many = f"{name}: {len(drafts)} at once, but BigCommerce takes at most {most}"
        faults.insert(0, f"{many}: write them in several calls")
    if faults:
        raise ValueError("; ".join(faults))


def result_reader(
    name: str, model: type[M], drafts: Sequence[D], same: Callable[[D, Mapping[str, Json]], bool]
) -> Callable[[Json], WriteResult[M]]:
    """Return a function that reads the answer of a write.

    Args:
        name: What the records are called in messages.
        model: What each row of the answer becomes.
        drafts: The records that were sent.
        same: Whether a row of the answer is the record that was sent.
    """

    def read(body: Json) -> WriteResult[M]:
        data = body.get("data") if isinstance(body, Mapping) else None
        rows = [data] if isinstance(data, Mapping) else rows_of(body)
        page = read_page(rows, model, name)
        return WriteResult(
            saved=tuple(page.items),
            failures=tuple(_failures(body, drafts)),
            absent=tuple(_absent(drafts, rows, same)),
            unreadable=page.unreadable,
        )

    return read


def _absent(
    drafts: Sequence[D], rows: Sequence[Json], same: Callable[[D, Mapping[str, Json]], bool]
) -> Iterator[int]:
    if len(rows) >= len(drafts):
        return
    left = [row for row in rows if isinstance(row, Mapping)]
    for index, draft in enumerate(drafts):
        found = next((row for row in left if same(draft, row)), None)
        if found is None:
            yield index
        else:
            left.remove(found)


def same_id(draft: Draft, row: Mapping[str, Json]) -> bool:
    """Whether a row of an answer has the id that was sent."""
    sent = getattr(draft, "id", None)
    return sent is not None and row_id(row) == sent


def same_text(sent: object, row: Mapping[str, Json], key: str) -> bool:
    """Whether a row of an answer has the text that was sent, regardless of case."""
    try:
        held = text(row.get(key) or "")
    except BadValue:
        return False
    return text_key(held) == text_key(sent if isinstance(sent, str) else "")


# --- the failures of a 207 ---

# A field may begin with its record: "7.url" or "data[7].url", by id or by position (inferred:
# BigCommerce documents no form).
_OF_RECORD = re.compile(r"(?:data(?=\[)|data\.)?(?:\[([0-9]+)\]|([0-9]+))(?:\.(.+))?")
_ABOUT_THE_ERROR = frozenset({"status", "title", "type", "instance"})


def _failures(body: Json, drafts: Sequence[Draft]) -> Iterator[PartFailure]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    for report in errors if isinstance(errors, list) else [errors] if errors else []:
        if not isinstance(report, Mapping):
            yield _failure("", str(report), drafts)
            continue
        errors = (
            report["errors"]
            if "errors" in report
            else {key: value for key, value in report.items() if key not in _ABOUT_THE_ERROR}
        )
        title = str(report.get("title") or "a part was not saved")
        for field, message in field_errors(errors).items() or [("", title)]:
            yield _failure(field, message, drafts)


def _failure(field: str, message: str, drafts: Sequence[Draft]) -> PartFailure:
    if len(drafts) == 1:
        row: int | None = 0
    else:
        row, field = record_of(field, [getattr(draft, "id", None) for draft in drafts])
    return PartFailure(row, field, message)


def record_of(field: str, ids: list[object]) -> tuple[int | None, str]:
    """Return which record a field belongs to, and the rest of its name.

    The record is None where its position and its id would name two records.
    """
    match = _OF_RECORD.fullmatch(field)
    if match is None:
        return None, field
    number = int(match[1] or match[2])
    rows = {index for index, known in enumerate(ids) if number in (index, known)}
    return (rows.pop(), match[3] or "") if len(rows) == 1 else (None, field)
