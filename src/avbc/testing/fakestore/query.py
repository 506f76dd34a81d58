"""Filters that v3 lists share: `field:in=1,2`, `field:min`, `field:max`, and choosing fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from avbc.testing.fakestore.http import Refusal
from avbc.testing.values import Row, text


def integers(params: Mapping[str, str], key: str) -> set[int] | None:
    """Read a comma list of ids; None where the filter is absent, 422 where it is no list of numbers.

    >>> sorted(integers({"id:in": "3,1"}, "id:in") or [])
    [1, 3]
    """
    if key not in params:
        return None
    parts = [part.strip() for part in params[key].split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise Refusal(422, "The filter is invalid.", {key: "must be a comma separated list of ids"})
    return {int(part) for part in parts}


def texts(params: Mapping[str, str], key: str) -> set[str] | None:
    """Read a comma list of texts, compared without case; None where the filter is absent."""
    if key not in params:
        return None
    return {part.strip().casefold() for part in params[key].split(",") if part.strip()}


def integer(params: Mapping[str, str], key: str) -> int | None:
    """Read an id or a number; None where the filter is absent, 422 where it is none."""
    raw = params.get(key)
    if raw is None:
        return None
    if not raw.isdecimal():
        raise Refusal(422, "The filter is invalid.", {key: "must be a number"})
    return int(raw)


def within_dates(row: Row, params: Mapping[str, str], field: str) -> bool:
    """Whether a row's ISO 8601 field lies between `field:min` and `field:max`, both included."""
    if f"{field}:min" not in params and f"{field}:max" not in params:
        return True
    moment = _iso(text(row, field))
    for key, sign in [(f"{field}:min", 1), (f"{field}:max", -1)]:
        if key in params and (moment - _edge(params, key)) * sign < 0:
            return False
    return True


def choose_fields(row: Row, params: Mapping[str, str]) -> Row:
    """Apply `include_fields` and `exclude_fields`; the id is always there."""
    wanted = texts(params, "include_fields")
    unwanted = texts(params, "exclude_fields") or set[str]()
    return {
        key: value
        for key, value in row.items()
        if key == "id" or ((wanted is None or key in wanted) and key not in unwanted)
    }


def _edge(params: Mapping[str, str], key: str) -> float:
    try:
        return _iso(params[key])
    except ValueError as error:
        raise Refusal(422, "The filter is invalid.", {key: "must be a date in ISO 8601"}) from error


def _iso(value: str) -> float:
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
