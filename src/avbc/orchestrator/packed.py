"""Lists of very many small records."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar, cast, overload

import attrs

T = TypeVar("T")

_LOT = 500
"""Records that are packed together."""


@attrs.frozen
class _Lot(Generic[T]):
    """Records of one class, packed to a tenth of their size."""

    kind: type[T]
    packed: bytes

    @classmethod
    def of(cls, records: Sequence[T]) -> _Lot[T] | None:
        """Pack records; returns None where they cannot be packed."""
        kind = type(records[0])
        names = [field.name for field in getattr(kind, "__attrs_attrs__", ())]
        if not names or any(type(record) is not kind for record in records):
            return None
        values = attrgetter(*names)
        try:
            rows = pickle.dumps(list(map(values, records)), pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError):
            return None
        return cls(kind, zlib.compress(rows, 1))

    def records(self) -> list[T]:
        # Made above, and never outside of this process.
        rows: list[tuple[Any, ...]] = pickle.loads(zlib.decompress(self.packed))  # noqa: S301
        return [self.kind(*row) for row in rows]


class Packed(MutableSequence[T]):
    """A list that packs all but its last records: a million outcomes need little memory.

    It is read and written as a list is. A record that is read is equal to the one that was put in,
    and may be another object.

    >>> found = Packed([1, 2])
    >>> found.append(3)
    >>> found[0], found[-1], len(found), found == [1, 2, 3]
    (1, 3, 3, True)
    """

    __slots__ = ("_last", "_lots", "_read")

    def __init__(self, records: Iterable[T] = ()) -> None:
        self._lots: list[_Lot[T] | list[T]] = []
        self._last: list[T] = []
        self._read: tuple[int, list[T]] = (-1, [])
        """The lot that was read last, and its place."""
        self.extend(records)

    def append(self, value: T) -> None:
        """Add a record at the end."""
        self._last.append(value)
        self._pack()

    def extend(self, values: Iterable[T]) -> None:
        """Add records at the end."""
        for value in values:
            self.append(value)

    def insert(self, index: int, value: T) -> None:
        """Put a record before the one at a place."""
        self._unpacked().insert(index, value)

    def __len__(self) -> int:
        return len(self._lots) * _LOT + len(self._last)

    def __iter__(self) -> Iterator[T]:
        for place in range(len(self._lots)):
            yield from self._lot(place)
        yield from self._last

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"{index} of {len(self)} records")
        lot, rest = divmod(place, _LOT)
        if lot < len(self._lots):
            return self._lot(lot)[rest]
        return self._last[place - len(self._lots) * _LOT]

    @overload
    def __setitem__(self, index: int, value: T) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[T]) -> None: ...
    def __setitem__(self, index: int | slice, value: Any) -> None:
        self._unpacked()[index] = value

    def __delitem__(self, index: int | slice) -> None:
        del self._unpacked()[index]

    def __add__(self, other: Iterable[T]) -> list[T]:
        return [*self, *other]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, Packed)):
            return NotImplemented
        others = cast("list[object] | Packed[object]", other)
        return len(self) == len(others) and all(
            mine == theirs for mine, theirs in zip(self, others, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))

    def _pack(self) -> None:
        # The last ones stay as they are: they are read the most.
        if len(self._last) == 2 * _LOT:
            first = self._last[:_LOT]
            self._lots.append(_Lot[T].of(first) or first)
            del self._last[:_LOT]

    def _lot(self, place: int) -> list[T]:
        lot = self._lots[place]
        if isinstance(lot, list):
            return lot
        if self._read[0] != place:
            self._read = (place, lot.records())
        return self._read[1]

    def _unpacked(self) -> list[T]:
        """All records, to be changed."""
        self._last, self._lots, self._read = list(self), [], (-1, [])
        return self._last
