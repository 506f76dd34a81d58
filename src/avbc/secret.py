"""A secret that cannot be printed, logged, compared by accident or stored by accident."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """A token, client secret or license key.

    It prints as `***` everywhere and refuses pickle, copy by pickle and JSON. `reveal()` is the only way to its text, so every
    use of a secret is found by one search.

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
        raise TypeError("a Secret is never pickled: pass the place it is kept in (a file, an environment variable) instead")
