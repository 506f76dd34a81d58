"""Secrets that cannot be printed, logged or stored by accident, and errors that leak none."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from avbc.errors import AvbcError, without_inner_frames

E = TypeVar("E", bound=BaseException)
P = ParamSpec("P")
T = TypeVar("T")


class Secret:
    """A token, client secret or license key.

    It prints as `***` everywhere and cannot be pickled or written as JSON. `reveal()` is the only
    way to its text, so one search finds every use of a secret.

    >>> token = Secret("abc")
    >>> token
    Secret('***')
    >>> f"{token}"
    '***'
    >>> token.reveal()
    'abc'
    >>> bool(Secret(""))
    False

    Args:
        text: The secret's text.
        source: Where it is kept, for messages: the name of a file, a variable, a setting.
    """

    __slots__ = ("__text", "source")

    def __init__(self, text: str, source: str = "") -> None:
        self.__text = text
        self.source = source

    def reveal(self) -> str:
        """Return the secret's text."""
        return self.__text

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret('***')"

    def __format__(self, format_spec: str) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__text.encode(), other.__text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Secret cannot be pickled: pass on where it is kept instead (a file, an environment "
            "variable)"
        )


def strip_frames(error: E) -> E:
    """Remove the stack frames from an error and from every error that led to it.

    The messages stay. An error reporter that records the local variables of each frame would
    otherwise record the secrets that were in use.

    >>> try:
    ...     int("one")
    ... except ValueError as error:
    ...     strip_frames(error).__traceback__ is None
    True
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is not None and id(current) not in seen:
            seen.add(id(current))
            current.__traceback__ = None
            waiting += [current.__cause__, current.__context__]
    return error


def without_frames(function: Callable[P, T]) -> Callable[P, T]:
    """Decorate a function that handles a secret: the errors of avbc that it raises have no frames.

    Such an error says what is wrong, and no local variable comes along with it. Any other error is
    a bug in a program and keeps its frames.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with without_inner_frames:
            try:
                return function(*args, **kwargs)
            except AvbcError as error:
                strip_frames(error)
                raise

    return run
