"""Lists of the store that cannot be empty. A 204 that came in the place of another answer says that one is, so it must be said twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.call import Call
from avbc.errors import AvbcError

T = TypeVar("T")


def never_empty(
    store: BigCommerce, calls: Sequence[Call[list[T]]], *, limit: int
) -> list[list[T] | AvbcError]:
    """Run calls for lists that cannot be empty, up to `limit` at once, and ask once more for those that are."""
    found = store.map(calls, limit=limit, return_errors=True)
    empty = [place for place, rows in enumerate(found) if rows == []]
    for place, rows in zip(
        empty,
        store.map([calls[place] for place in empty], limit=limit, return_errors=True),
        strict=True,
    ):
        found[place] = rows
    return found
