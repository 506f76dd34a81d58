"""One request to BigCommerce as a value: what to send, how to read the answer, and whether it is safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

import attrs

T = TypeVar("T")

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Parsed JSON."""


class Paging(Enum):
    """How a list goes on after its first page (FACTS section 2, Pagination)."""

    V2 = "page and limit; ends with 204 or a short page"
    V3 = "page and limit; meta.pagination says how many pages there are"
    CURSOR = "after; meta.cursor_pagination gives the next cursor"
    MIN_ID = "min_id = last id + 1, always page 1: stable while the rows leave the filter"


@attrs.frozen
class Cap:
    """A concurrency limit of its own that BigCommerce puts on a group of endpoints (FACTS section 2)."""

    name: str
    limit: int


@attrs.frozen
class Call(Generic[T]):
    """One request, complete before anything is sent.

    `read` turns the parsed body into the result; it never sees the network. `path` starts with the version: `/v2/orders`.
    """

    method: str
    path: str
    read: Callable[[Json], T]
    params: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: Json = None
    scope: str = ""
    """The OAuth scope it needs, by its UI name and level: `Orders: modify`."""
    repeatable: bool = True
    """May be sent again after a timeout or a 5xx without a second effect."""
    empty: Callable[[], T] | None = None
    """What a 204 means, where BigCommerce answers it for an empty list."""
    cap: Cap | None = None

    @property
    def name(self) -> str:
        """Method and path, for messages and logs: `GET /v2/orders`."""
        return f"{self.method} {self.path}"


@attrs.frozen
class ListCall(Call[list[T]], Generic[T]):
    """A list that spans pages. `read` reads one page's rows; `limit` is the page size asked for."""

    paging: Paging = Paging.V2
    limit: int = 250
