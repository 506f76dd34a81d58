"""What an ability of a fake store is: a method that runs where the store is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from avbc.testing.fakestore.core import Core

P = ParamSpec("P")
T = TypeVar("T")
A = TypeVar("A", bound="Reached")


def ability(method: Callable[Concatenate[A, P], T]) -> Callable[Concatenate[A, P], T]:
    """Make a method an ability: it runs where the store is."""

    @wraps(method)
    def call(self: A, /, *args: P.args, **named: P.kwargs) -> T:
        return self.perform(method, args, named)

    return call


class Reached:
    """A store that is reached in some way."""

    @property
    def _core(self) -> Core:
        """The store itself, which only abilities touch."""
        raise NotImplementedError

    def perform(
        self, method: Callable[..., T], args: tuple[object, ...], named: dict[str, object]
    ) -> T:
        """Run an ability where the store is, with the caller's arguments."""
        raise NotImplementedError
