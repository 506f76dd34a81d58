"""Parsing the JSON of answers: whole, or a long list row by row."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any, NoReturn, overload

from avbc.bigcommerce.body import Json


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def _whole_characters(content: bytes) -> bytes:
    """Replace half a character (a lone surrogate, as in a truncated emoji) by U+FFFD.

    No database stores half a character.
    """
    if b"\\ud" not in content and b"\\uD" not in content:
        return content
    return _ESCAPES.sub(lambda escape: b"\\ufffd" if escape[1] else escape[0], content)


@cache
def _loader() -> Callable[[bytes], Json]:
    try:
        import orjson  # noqa: PLC0415  # the extra `fast`; the standard library is slower
    except ImportError:

        def load(content: bytes) -> Json:
            try:
                parsed: Json = json.loads(_whole_characters(content), parse_constant=_no_number)
            except RecursionError:
                raise ValueError("it is nested too deeply") from None
            return parsed

        return load

    def load_fast(content: bytes) -> Json:
        try:
            fast: Json = orjson.loads(content)
        except ValueError:
            # It refuses half a character, with various messages.
            whole = _whole_characters(content)
            if whole == content:
                raise
            fast = orjson.loads(whole)
        return fast

    return load_fast


def load(content: bytes) -> Json:
    """Parse JSON. Half a character becomes U+FFFD.

    Raises:
        ValueError: It is not JSON.
    """
    return _loader()(content)


@contextmanager
def not_collecting() -> Generator[None]:
    """Let the garbage collector wait.

    Parsed JSON has no cycles, but its many objects make the collector look for some: a third of the
    time that a large page takes.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def load_whole(content: bytes) -> Json:
    """As `load`, without the garbage collector in between."""
    with not_collecting():
        return load(content)


# --- long lists ---


class WrongCut(Exception):
    """A list was not cut where its rows begin: it has to be parsed whole."""


_LONG = 100_000
"""Bytes from which on a list is cut: the objects of a shorter one stay in a processor's cache."""
_VALUE = rb'[^"{}\[\],]*,'
_FIRST_KEYS = re.compile(rb'\[(\{"\w+":)' + _VALUE + rb'("\w+":)')


class Rows(Sequence[Json]):
    """The rows of a long list. Each is parsed when it is read, and again when it is read again.

    A page of 250 orders becomes 7 MB of objects. Parsed one by one they stay in the processor's
    cache until they are read, and a list takes half the time.

    The list is cut where the first two keys of its first row come again. A wrong cut never makes a
    wrong row: if all parts between the commas of an array are JSON, they are its elements.

    >>> rows = Rows(b'[{"id":1,"no":7},{"id":2,"no":8}]', (0, 16, 32))
    >>> len(rows), rows[-1], list(rows[:1])
    (2, {'id': 2, 'no': 8}, [{'id': 1, 'no': 7}])

    Raises:
        WrongCut: A part is not JSON.
    """

    def __init__(self, content: bytes, cuts: Sequence[int]) -> None:
        self._content = content
        self._cuts = cuts
        """Where the bracket or comma before each row is, and the bracket after the last."""

    @classmethod
    def of(cls, content: bytes) -> Rows | None:
        """Cut a list; None where it is short, or its rows or its end do not look like that."""
        keys = _FIRST_KEYS.match(content)
        if len(content) < _LONG or keys is None or not content.endswith(b"}]"):
            return None
        begin = re.compile(b"," + re.escape(keys[1]) + _VALUE + re.escape(keys[2]))
        found = (place.start() for place in begin.finditer(content))
        rows = cls(content, (0, *found, len(content) - 1))
        try:
            # An answer that was truncated shows it here.
            return rows if rows[0] and rows[-1] else None
        except WrongCut:
            return None

    def __len__(self) -> int:
        return len(self._cuts) - 1

    @overload
    def __getitem__(self, index: int) -> Json: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            first, end, _ = index.indices(len(self))
            return Rows(self._content, self._cuts[first : end + 1])
        number = range(len(self))[index]
        return next(iter(self[number : number + 1]))

    def __iter__(self) -> Iterator[Json]:
        for before, after in pairwise(self._cuts):
            try:
                yield load(self._content[before + 1 : after])
            except ValueError:
                raise WrongCut from None
