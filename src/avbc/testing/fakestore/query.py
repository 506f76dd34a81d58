"""Filters of lists, as data: what each parameter keeps. Only the filters of a request are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from avbc.testing.fakestore.http import Refusal
from avbc.testing.values import Row, text, whole
from avbc.text import text_key

Params: TypeAlias = Mapping[str, str]
Filter: TypeAlias = Callable[[Params, str], Callable[[Row], bool]]
"""Reads a parameter; returns whether a row passes."""


def filtered(rows: Sequence[Row], params: Params, filters: Mapping[str, Filter]) -> Sequence[Row]:
    """Return the rows that pass every filter of a request."""
    keeps = [make(params, key) for key, make in filters.items() if key in params]
    return [row for row in rows if all(keep(row) for keep in keeps)] if keeps else rows


def ids_in(field: str) -> Filter:
    """Keep rows with one of these ids: `id:in=1,2`."""

    def make(params: Params, key: str) -> Callable[[Row], bool]:
        wanted = integers(params, key) or set()
        return lambda row: whole(row.get(field) or 0) in wanted

    return make


def texts_in(*fields: str) -> Filter:
    """Keep rows with one of these texts, which compare without case: `email:in=a,b`."""

    def make(params: Params, key: str) -> Callable[[Row], bool]:
        wanted = texts(params, key) or set()
        return lambda row: text_key(" ".join(text(row, field) for field in fields)) in wanted

    return make


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

    def make(params: Params, key: str) -> Callable[[Row], bool]:
        edge = integer(params, key) or 0
        return lambda row: compare(whole(row.get(field) or 0), edge)

    return make


def dates(field: str) -> Mapping[str, Filter]:
    """Keep rows whose ISO 8601 field lies between `field:min` and `field:max`, both included."""

    def edge(sign: int) -> Filter:
        def make(params: Params, key: str) -> Callable[[Row], bool]:
            try:
                limit = _iso(params[key])
            except ValueError as error:
                raise _invalid(key, "must be a date in ISO 8601") from error
            return lambda row: (_iso(text(row, field)) - limit) * sign >= 0

        return make

    return {f"{field}:min": edge(1), f"{field}:max": edge(-1)}


def integers(params: Params, key: str) -> set[int] | None:
    """Read a comma list of ids; None if the filter is absent, 422 if it is no list of numbers.

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
    """Read a comma list of texts by their keys; None if the filter is absent."""
    if key not in params:
        return None
    return {text_key(part) for part in params[key].split(",") if part.strip()}


def integer(params: Params, key: str) -> int | None:
    """Read an id or a number; None if the filter is absent, 422 if it is no number."""
    raw = params.get(key)
    if raw is None:
        return None
    if not raw.isdecimal():
        raise _invalid(key, "must be a number")
    return int(raw)


def chosen(rows: Mapping[int, Row], *ids: set[int] | None) -> list[Row]:
    """Return the rows with ids in all sets, by id; None is a filter that is absent."""
    asked = [wanted for wanted in ids if wanted is not None]
    found = sorted(set[int].intersection(*asked)) if asked else sorted(rows)
    return [rows[identity] for identity in found if identity in rows]


def choose_fields(row: Row, params: Params) -> Row:
    """Apply `include_fields` and `exclude_fields`; the id is always there."""
    wanted = texts(params, "include_fields")
    unwanted = texts(params, "exclude_fields") or set[str]()
    return {
        key: value
        for key, value in row.items()
        if key == "id" or ((wanted is None or key in wanted) and key not in unwanted)
    }


def _invalid(key: str, fault: str) -> Refusal:
    return Refusal(422, "The filter is invalid.", {key: fault})


def _iso(value: str) -> float:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
