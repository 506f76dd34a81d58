"""Endpoints as methods of both clients, each with the signature and docstring of its function."""

from __future__ import annotations

import functools
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Generic, ParamSpec, Protocol, TypeVar, overload

from avbc.bigcommerce.call import Call, ListCall
from avbc.bigcommerce.kinds import checked_by_kind
from avbc.errors import without_frames_of_bad_input, without_inner_frames

P = ParamSpec("P")
T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)
C_co = TypeVar("C_co", covariant=True)
CallT = TypeVar("CallT")


class Runner(ABC):
    """Runs calls and waits for them."""

    @abstractmethod
    def send(self, call: Call[T]) -> T:
        """Run one call and return its value."""

    @abstractmethod
    def items(self, call: ListCall[T]) -> Iterator[T]:
        """Walk a list through all its pages."""


class AsyncRunner(ABC):
    """Runs calls for a coroutine that awaits them."""

    @abstractmethod
    async def send(self, call: Call[T]) -> T:
        """Run one call and return its value."""

    @abstractmethod
    def items(self, call: ListCall[T]) -> AsyncIterator[T]:
        """Walk a list through all its pages."""


RunnerT_co = TypeVar("RunnerT_co", bound=Runner | AsyncRunner, covariant=True)


class Group(Generic[RunnerT_co]):
    """A group of endpoints, such as `store.orders`.

    The `call` attribute of a method makes the call without sending it.
    """

    def __init__(self, runner: RunnerT_co) -> None:
        self.runner = runner

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {self.runner!r}"


class Method(Protocol[P, R_co, C_co]):
    """A bound endpoint: calling it sends the call; `call(...)` only makes it."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Send the call."""
        ...

    @property
    def call(self) -> Callable[P, C_co]:
        """Make the call, complete and unsent, for `map`, `answer` or `pages`."""
        ...


class _Binding(Generic[P, CallT]):
    """A function that makes a call, and the name of the method that sends it."""

    def __init__(self, endpoint: Callable[P, CallT]) -> None:
        self._endpoint = endpoint
        self._name = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        self._name = name

    def _bound(
        self, group: Group[Runner | AsyncRunner], run: Callable[[CallT], object], returns: str
    ) -> object:
        make = checked_by_kind(self._endpoint)
        is_store = isinstance(group, Runner | AsyncRunner)
        of = "store" if is_store else re.sub(r"(?<!^)(?=[A-Z])", "_", type(group).__name__).lower()
        name = f"{of}.{self._name}"

        @functools.wraps(make)
        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            with without_frames_of_bad_input:
                try:
                    call = make(*args, **kwargs)
                except TypeError as error:
                    # "orders.list() got an unexpected keyword argument", and not "list_orders()".
                    error.args = (str(error).replace(f"{make.__name__}()", f"{name}()"),)
                    raise
            with without_inner_frames:
                return run(call)

        method.__name__, method.__qualname__ = self._name, f"{type(group).__name__}.{self._name}"
        signature = inspect.signature(make)
        # help() shows `-> Iterator[Order]` where the function itself has `-> ListCall[Order]`.
        result = re.sub(r"^(?:List)?Call\[(.*)\]$", returns, str(signature.return_annotation))
        shown = signature.replace(return_annotation=result)
        vars(method).update({"__signature__": shown, "call": make})
        # The next look-up finds it on the instance and does not come here.
        vars(group)[self._name] = method
        return method


def without_methods(group: Group[RunnerT_co]) -> dict[str, object]:
    """What a group holds, without the methods that were bound to its runner."""
    kind = type(group)
    return {
        name: value
        for name, value in vars(group).items()
        if not isinstance(getattr(kind, name, None), _Binding)
    }


class endpoint(_Binding[P, Call[T]], Generic[P, T]):  # noqa: N801 - used like a function
    """Bind an endpoint of one request: the method returns its value, or a coroutine of it."""

    @overload
    def __get__(self, instance: Group[Runner], owner: type[object]) -> Method[P, T, Call[T]]: ...
    @overload
    def __get__(
        self, instance: Group[AsyncRunner], owner: type[object]
    ) -> Method[P, Coroutine[object, object, T], Call[T]]: ...
    def __get__(self, instance: Group[Runner | AsyncRunner] | None, owner: type[object]) -> object:
        return self if instance is None else self._bound(instance, instance.runner.send, r"\1")


class list_endpoint(_Binding[P, ListCall[T]], Generic[P, T]):  # noqa: N801 - as `endpoint`
    """Bind an endpoint of a list: the method iterates over the rows of all its pages."""

    @overload
    def __get__(
        self, instance: Group[Runner], owner: type[object]
    ) -> Method[P, Iterator[T], ListCall[T]]: ...
    @overload
    def __get__(
        self, instance: Group[AsyncRunner], owner: type[object]
    ) -> Method[P, AsyncIterator[T], ListCall[T]]: ...
    def __get__(self, instance: Group[Runner | AsyncRunner] | None, owner: type[object]) -> object:
        if instance is None:
            return self
        returns = (
            r"AsyncIterator[\1]" if isinstance(instance.runner, AsyncRunner) else r"Iterator[\1]"
        )
        return self._bound(instance, instance.runner.items, returns)
