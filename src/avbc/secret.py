"""Secrets that cannot be printed, logged, compared or stored by accident, and errors that do not carry them along."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from avbc.errors import AvbcError

E = TypeVar("E", bound=BaseException)
P = ParamSpec("P")
T = TypeVar("T")


class Secret:
    """A token, client secret or license key.

    It prints as `***` everywhere and refuses pickle, copy by pickle and JSON. `reveal()` is the
    only way to its text, so every use of a secret is found by one search.

    >>> token = Secret("abc")
    >>> token
    Secret('***')
    >>> f"{token}"
    '***'
    >>> token.reveal()
    'abc'
    >>> bool(Secret(""))
    False
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

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
            "a Secret is never pickled: pass the place it is kept in (a file, an environment "
            "variable) instead"
        )


def bare(error: E) -> E:
    """Take from an error the frames that it came through, and from those that it arose from theirs; what they say stays.

    Whoever reports errors together with the local variables of their frames would report the
    secrets that were at work in them.

    >>> try:
    ...     int("one")
    ... except ValueError as error:
    ...     bare(error).__traceback__ is None
    True
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = None
            waiting += [one.__cause__, one.__context__]
    return error


def leaves_no_frames(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function that has a secret among its arguments or local variables let go of errors of avbc as `bare` ones.

    They say what is wrong without frames. Other errors are faults of a program, and keep theirs.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except AvbcError as error:
            # This frame goes along with the error.
            del args, kwargs
            raise bare(error)  # noqa: B904  # it is the same error

    return run
