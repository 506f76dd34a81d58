"""One request to BigCommerce as a value: what to send, how to read the answer, and whether it is safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Generic, TypeAlias, TypeVar

import attrs

from avbc.bigcommerce.errors import UnexpectedData

__all__ = ["Call", "Cap", "Json", "ListCall", "Page", "Paging", "UnexpectedData", "UnreadableRow", "rows_of", "shortened"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""Parsed JSON."""


def shortened(value: object, length: int = 80) -> str:
    """Write any value in at most `length` characters, for messages.

    >>> shortened("x" * 200, 12)
    "'xxxxxxxx..."
    """
    # Cut before repr: a whole page of orders must not be written out to show its first characters.
    text = repr(value[:length] if isinstance(value, str) else value)
    return text if len(text) <= length else text[: length - 3] + "..."


class Paging(Enum):
    """How a list goes on after its first page (docs/facts.md, bigcommerce-limits)."""

    V2 = "page and limit; ends with 204 or a short page"
    V3 = "page and limit; meta.pagination says how many pages there are"
    CURSOR = "after; meta.cursor_pagination gives the next cursor"
    MIN_ID = "min_id = last id + 1, always page 1: stable while the rows leave the filter"


@attrs.frozen
class Cap:
    """A concurrency limit of its own that BigCommerce puts on a group of endpoints (docs/facts.md, bigcommerce-limits)."""

    name: str
    limit: int


@attrs.frozen
class Call(Generic[T_co]):
    """One request, complete before anything is sent.

    `read` turns the parsed body into the result; it never sees the network. `path` starts with the version: `/v2/orders`.
    """

    method: str
    path: str
    read: Callable[[Json], T_co]
    params: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: Json = None
    scope: str = ""
    """The OAuth scope it needs, by its UI name and level: `Orders: modify`."""
    repeatable: bool = True
    """May be sent again after a timeout or a 5xx without a second effect."""
    empty: Callable[[], T_co] | None = None
    """What a 204 means, where BigCommerce answers it for an empty list."""
    cap: Cap | None = None

    @property
    def name(self) -> str:
        """Method and path, for messages and logs: `GET /v2/orders`."""
        return f"{self.method} {self.path}"


@attrs.frozen
class UnreadableRow:
    """A row of a page that no model can hold; the other rows of its page are good."""

    index: int
    """Its position among the rows of the page, from 0."""
    id: int | None
    """The row's own id, when at least that can be read."""
    row: Json
    """The row as it came."""
    error: UnexpectedData


@attrs.frozen
class Page(Generic[T]):
    """One page of a list: the rows that can be read, in the store's order, and those that cannot."""

    items: Sequence[T]
    unreadable: tuple[UnreadableRow, ...] = ()

    @property
    def count(self) -> int:
        """How many rows the store sent, readable or not: what tells a short page from a full one."""
        return len(self.items) + len(self.unreadable)


@attrs.frozen
class ListCall(Call[list[T]], Generic[T]):
    """A list that spans pages. `read` reads one page's rows, raising at the first bad one; `limit` is the page size asked for."""

    paging: Paging = Paging.V2
    limit: int = 250
    read_page: Callable[[Json], Page[T]] | None = None
    """Reads the same body row by row, so that one bad row never sinks its page."""

    def page(self, body: Json) -> Page[T]:
        """Read one page's body and keep bad rows apart.

        Raises:
            UnexpectedData: The body is not a list of rows at all.
        """
        return Page(self.read(body)) if self.read_page is None else self.read_page(body)


def rows_of(body: Json) -> Sequence[Json]:
    """Return the rows of a list answer: the array itself in v2, `data` in v3. An empty body (None) has none.

    Raises:
        UnexpectedData: The body is neither.

    >>> rows_of([{"id": 1}]), rows_of({"data": [{"id": 2}], "meta": {}})
    ([{'id': 1}], [{'id': 2}])
    """
    if body is None:
        return []
    rows = body.get("data") if isinstance(body, Mapping) else body
    if isinstance(rows, list):
        return rows
    raise UnexpectedData("answer", shortened(body), "expected a list of rows")
