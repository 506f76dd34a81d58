"""What a body may contain: the kinds and bounds of its fields, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs

from avbc.testing.fakestore.http import Refusal, StoreRequest
from avbc.testing.values import Row, as_rows, is_list, is_row

Kind: TypeAlias = Literal["text", "number", "integer", "flag", "list", "object"]


@attrs.frozen
class Field:
    """What a field may contain. `least` and `most` bound a text's or list's length, or a number."""

    kind: Kind
    most: float | None = None
    least: float = 0
    among: frozenset[str] = frozenset()
    nullable: bool = False

    def fault(self, value: object) -> str:
        """Return what is wrong with a value; an empty text if nothing is.

        >>> Field("text", 3).fault("four"), Field("text", 3).fault("two")
        ('must be at most 3 characters', '')
        """
        if value is None:
            return "" if self.nullable else "must not be null"
        match self.kind:
            case "text":
                if not isinstance(value, str):
                    return "must be a string"
                return self._among(value) or self._size(len(value), " characters")
            case "number" | "integer":
                if isinstance(value, bool) or not isinstance(
                    value, int if self.kind == "integer" else (int, float)
                ):
                    return f"must be {'an integer' if self.kind == 'integer' else 'a number'}"
                return self._size(value)
            case "flag":
                return "" if isinstance(value, bool) else "must be true or false"
            case "list":
                return self._size(len(value), " items") if is_list(value) else "must be an array"
            case "object":
                return "" if is_row(value) else "must be an object"

    def _among(self, value: str) -> str:
        return (
            f"must be one of {', '.join(sorted(self.among))}"
            if self.among and value not in self.among
            else ""
        )

    def _size(self, size: float, unit: str = "") -> str:
        if size < self.least:
            return f"must be at least {self.least}{unit}"
        return (
            f"must be at most {self.most}{unit}"
            if self.most is not None and size > self.most
            else ""
        )


Fields: TypeAlias = Mapping[str, Field]


def faults(row: Row, fields: Fields, required: tuple[str, ...] = ()) -> dict[str, str]:
    """Return what is wrong with a body, by field; unknown fields are ignored."""
    found = {key: "is required" for key in required if row.get(key) is None or row[key] == ""}
    for key, value in row.items():
        fault = fields[key].fault(value) if key in fields else ""
        if fault and key not in found:
            found[key] = fault
    return found


def known(row: Row, fields: Fields) -> Row:
    """Return those fields of a body that can be written."""
    return {key: value for key, value in row.items() if key in fields}


def refuse(found: Mapping[str, str], title: str = "JSON data is missing or invalid") -> None:
    """Refuse a body if anything is wrong with it; `found` says what, by field."""
    if found:
        raise Refusal(422, title, found)


def under(place: object, found: Mapping[str, str]) -> dict[str, str]:
    """Name fields by where they are: `0.email`."""
    return {f"{place}.{key}": fault for key, fault in found.items()}


def one_row(request: StoreRequest) -> Row:
    """Read a body that is one object."""
    body = request.json()
    if not is_row(body):
        raise Refusal(422, errors={"": "an object is expected"})
    return body


def batch(
    body: object, most: int | None = None, content_type: str = "application/json"
) -> list[object]:
    """Read a list that is not empty; more than `most` items are a 413."""
    if not is_list(body) or not body:
        raise Refusal(422, errors={"0": "at least one item is required"}, content_type=content_type)
    if most is not None and len(body) > most:
        raise Refusal(
            413,
            f"The request payload is too large. The maximum items allowed in the array is {most}.",
            content_type=content_type,
        )
    return body


def batch_of_rows(request: StoreRequest, most: int | None = None) -> list[Row]:
    """Read a list of objects."""
    rows = batch(request.json(), most)
    if not all(is_row(row) for row in rows):
        raise Refusal(422, errors={"": "an array of objects is expected"})
    return as_rows(rows)
