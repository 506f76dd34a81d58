"""One request to BigCommerce as a value: what to send, how to read it, whether to repeat it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from operator import index
from typing import Generic, Self, SupportsIndex, TypeVar, cast

import attrs

from avbc.bigcommerce.body import Body, Json, shortened
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.parsing import Rows
from avbc.errors import without_frames_of_bad_input
from avbc.shown import Shown
from avbc.text import quoted

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_PATH = re.compile(r"/v[0-9]+(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)+")


class Paging(Enum):
    """How a list goes on after its first page (docs/facts.md, bigcommerce-limits)."""

    V2 = "page and limit; ends with 204 or a short page"
    V3 = "page and limit; meta.pagination says how many pages there are"
    CURSOR = "after; meta.cursor_pagination gives the next cursor"
    MIN_ID = "min_id = last id + 1, always page 1: stable while the rows leave the filter"


@attrs.frozen
class Cap(Shown):
    """BigCommerce's limit of concurrent requests to a group of endpoints.

    See docs/facts.md, bigcommerce-limits.
    """

    name: str
    limit: int


@attrs.frozen
class Call(Shown, Generic[T_co]):
    """One request, complete before anything is sent.

    `read` turns the parsed body into the result; it never sees the network. `path` starts with the
    version: `/v2/orders`.

    Raises:
        ValueError: The method is not one word of capitals, or the path could lead out of the store.
    """

    method: str
    path: str
    read: Callable[[Json], T_co]
    params: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: Body = attrs.field(default=None, repr=False)
    """Not in repr, and so not in logs: it may hold a customer's address or a webhook's secret."""
    scope: str = ""
    """The OAuth scope it needs, by its UI name and level: `Orders: modify`."""
    repeatable: bool = True
    """May be sent again after a timeout or a 5xx without a second effect."""
    empty: Callable[[], T_co] | None = None
    """What a 204 means, if BigCommerce sends it for an empty list."""
    cap: Cap | None = None
    reads_207: bool = False
    """Whether `read` reads the failed parts of a 207. Otherwise a 207 is an error."""

    def __attrs_post_init__(self) -> None:
        """Make sure that the request line says what it seems to say."""
        if not (self.method.isascii() and self.method.isalpha() and self.method.isupper()):
            raise ValueError(
                f"method: {quoted(self.method)} must be one word of capitals, such as GET"
            )
        if not _PATH.fullmatch(self.path):
            raise ValueError(
                f"path: {quoted(self.path)} must be a version and names, such as /v2/orders/218; a "
                "query goes into params"
            )

    @property
    def name(self) -> str:
        """Method and path, for messages and logs: `GET /v2/orders`."""
        return f"{self.method} {self.path}"


@attrs.frozen
class UnreadableRow(Shown):
    """A row of a page that cannot be read; the other rows of its page are good."""

    index: int
    """Its position among the rows of the page, from 0."""
    id: int | None
    """The row's id, if at least that can be read."""
    row: Json
    """The row as BigCommerce sent it."""
    error: UnexpectedData


@attrs.frozen
class Page(Shown, Generic[T]):
    """One page of a list: the rows that can be read, in order, and those that cannot."""

    items: Sequence[T]
    unreadable: tuple[UnreadableRow, ...] = ()

    @property
    def count(self) -> int:
        """How many rows the store sent, readable or not. A short page is the last one."""
        return len(self.items) + len(self.unreadable)

    def first(self, rows: int) -> Page[T]:
        """The page without its rows after so many."""
        unreadable = tuple(row for row in self.unreadable if row.index < rows)
        return Page(self.items[: rows - len(unreadable)], unreadable)

    @property
    def readable(self) -> int:
        """How many rows come before the first that cannot be read."""
        return self.unreadable[0].index if self.unreadable else len(self.items)


@attrs.frozen
class PartFailure(Shown):
    """A part of a saved record that was not saved, such as its inventory or its URL (207)."""

    row: int | None
    """Which of the records sent, from 0 (inferred from the field's name); None if unclear."""
    field: str
    message: str


@attrs.frozen
class WriteResult(Shown, Generic[T]):
    """What became of the records of a write that BigCommerce accepted.

    A write that it refuses raises `RequestRefused`, whose `rows` hold the refusals of single
    records (`batch_errors`).
    """

    saved: tuple[T, ...]
    """The records as the store has them now, in its order."""
    failures: tuple[PartFailure, ...] = ()
    """The parts of saved records that failed."""
    absent: tuple[int, ...] = ()
    """Which of the records sent, from 0, the answer omits, as it does for existing addresses."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Saved records whose rows in the answer cannot be read."""

    @property
    def complete(self) -> bool:
        """Whether every record was saved with all its parts."""
        return not self.failures and not self.absent


@attrs.frozen
class ListCall(Call[list[T]], Generic[T]):
    """A list of one or more pages.

    `read` reads the rows of one page and raises at the first bad one; `limit` is the page size.
    """

    paging: Paging = Paging.V2
    limit: int = 250
    read_page: Callable[[Json], Page[T]] | None = None
    """Reads the same body row by row and keeps bad rows apart."""
    most: int | None = None
    """How many rows are read, from this page on; None for all."""

    def first(self, rows: int | None) -> Self:
        """The same list up to so many rows; None for all. No page has more rows than are asked for.

        Raises:
            ValueError: It is below 1.
        """
        if rows is None:
            return self
        if rows < 1:
            raise ValueError(f"limit must be at least 1, not {rows}")
        return attrs.evolve(self, most=rows, limit=min(self.limit, rows))

    def page(self, body: Json) -> Page[T]:
        """Read one page's body and keep bad rows apart.

        Raises:
            UnexpectedData: The body is not a list of rows at all.
        """
        return Page(self.read(body)) if self.read_page is None else self.read_page(body)


C = TypeVar("C", bound=Call[object])


def require_call(value: C, kind: type[Call[object]] = Call) -> C:
    """Return what was made by `call(...)` of a method.

    Raises:
        TypeError: It is something else, such as the method itself, or no call of a list.
    """
    given = cast("object", value)
    if not isinstance(given, kind):
        what = "the call of a list" if kind is ListCall else "a call"
        shown = f"the call {given.name}" if isinstance(given, Call) else quoted(given)
        example = "store.orders.list.call(status_id=11)"
        with without_frames_of_bad_input:
            raise TypeError(f"{shown} is not {what}: a method makes one, as in {example}")
    return value


def path_with(template: str, *ids: int) -> str:
    """Put ids into the places of a path. Anything else there could lead to another endpoint.

    Raises:
        TypeError: An id is not an int.
        ValueError: An id is not positive.

    >>> path_with("/v2/orders/{}/shipments/{}", 218, 3)
    '/v2/orders/218/shipments/3'
    """
    for each in cast("tuple[object, ...]", ids):
        # Callers without a type checker may send a text. A protocol is slow to check.
        if isinstance(each, bool) or not isinstance(each, int | SupportsIndex):
            raise TypeError(f"{template}: the id {shortened(each)} must be an int, such as 218")
        if index(each) < 1:
            raise ValueError(f"{template}: {index(each)} is not an id: ids begin with 1")
    return template.format(*map(index, ids))


def row_of(body: Json) -> Json:
    """Return the object that a v3 answer wraps in `data`.

    Raises:
        UnexpectedData: There is none.

    >>> row_of({"data": {"id": 2}, "meta": {}})
    {'id': 2}
    """
    if isinstance(body, Mapping) and isinstance(row := body.get("data"), dict):
        return row
    raise UnexpectedData("answer", shortened(body), "expected an object in data")


def rows_of(body: Json) -> Sequence[Json]:
    """Return the rows of a list: the array itself in v2, `data` in v3, none for an empty body.

    Raises:
        UnexpectedData: The body is neither.

    >>> rows_of([{"id": 1}]), rows_of({"data": [{"id": 2}], "meta": {}})
    ([{'id': 1}], [{'id': 2}])
    """
    if body is None:
        return []
    rows = body.get("data") if isinstance(body, Mapping) else body
    if isinstance(rows, list | Rows):
        return rows
    raise UnexpectedData("answer", shortened(body), "expected a list of rows")
