"""How the client runs many calls at once: by one crew of threads for its life."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar

from avbc import forks
from avbc.bigcommerce.in_flight import MOST
from avbc.stopping import StopRequest

T = TypeVar("T")


class AtOnce(Protocol):
    """Runs functions, at most `limit` of them at once, and returns their results in sequence.

    It raises the first error, and then begins no other function. What runs one after another will
    do:

    ```python
    def in_sequence(work, limit):
        return [function() for function in work]

    store = avbc.BigCommerce(api_url, token, at_once=in_sequence)
    ```
    """

    def __call__(self, work: Sequence[Callable[[], T]], limit: int, /) -> list[T]:
        """Run them."""
        ...


class Begun(Protocol[T]):
    """Calls that were begun together; the results wait until they are asked for."""

    def results(self) -> list[T]:
        """Wait until all have ended, and return their results in sequence.

        Raises:
            Exception: The first error. Those that were not begun by then are not run.
        """
        ...

    def drop(self) -> None:
        """Begin no more of them, and wait until those that run have ended."""
        ...


class Done(Begun[T]):
    """Calls that have ended.

    >>> Done([1, 2]).results()
    [1, 2]
    """

    def __init__(self, results: list[T]) -> None:
        self._results = results

    def results(self) -> list[T]:
        """Return the results."""
        return self._results

    def drop(self) -> None:
        """Do nothing: they have ended."""


class _Batch(Begun[T]):
    """Functions that one caller begins together."""

    def __init__(
        self, crew: Crew, work: Sequence[Callable[[], T]], limit: int, stop: StopRequest | None
    ) -> None:
        self._crew = crew
        self._limit = limit
        self._stop = stop
        self._left = deque(enumerate(work))
        self._taken: dict[int, Callable[[], T]] = {}
        """What a thread is to begin: Ctrl-C may come in between."""
        self._at_work = 0
        self.is_awaited = False
        """Its caller waits for its results."""
        self._found: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}

    def take(self) -> int | None:
        """Take what is to be run next, and return its place; None where nothing may be."""
        if not self._left or self.running >= self._limit:
            return None
        place, function = self._left.popleft()
        self._taken[place] = function
        return place

    def give_back(self, place: int) -> None:
        """Leave to others what was taken, if it was not begun."""
        if (function := self._taken.pop(place, None)) is not None:
            self._left.appendleft((place, function))

    def begin_one(self, place: int) -> Callable[[], None] | None:
        """Begin what was taken; None where it was dropped or given back, or another began it."""
        if (function := self._taken.pop(place, None)) is None:
            return None
        self._at_work += 1
        return partial(self._run, place, function)

    def _run(self, place: int, function: Callable[[], T]) -> None:
        try:
            self._found[place] = function()
        except BaseException as error:  # noqa: BLE001  # it is raised where the results are read
            self._errors[place] = error
            self._left.clear()

    def end_one(self) -> None:
        """Note that one has ended."""
        self._at_work -= 1

    @property
    def running(self) -> int:
        """How many run, or are to be begun at once."""
        return len(self._taken) + self._at_work

    def is_over(self) -> bool:
        """Whether all have ended."""
        return not (self._left or self.running)

    def results(self) -> list[T]:
        try:
            self._crew.finish(self)
        except BaseException:
            self.drop()
            raise
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._found[place] for place in range(len(self._found))]

    def drop(self) -> None:
        if self._stop is not None and not self.is_over():
            self._stop.ask()
        self._left.clear()
        self._taken.clear()
        # Nobody may take the caller's turn while its requests are on their way.
        self._crew.wait_for(self)


class Crew:
    """Runs functions at once: as many as requests may be in flight, for all callers together.

    Its threads are kept until it is closed. A forked process has none at first.

    Args:
        number: Returns how many may run at once; it is asked again after each function.
        is_late: Returns whether functions are held back until their results are asked for. Where
            this process is at work all the time, threads beside the caller only take the processor
            from it.
        start: Has a function run beside the caller, for tests; by default a thread does it.
        wait: Waits until something is so, for tests. It gets a condition that is notified when all
            functions of a batch have ended, and what is waited for.
    """

    def __init__(
        self,
        number: Callable[[], int],
        *,
        is_late: Callable[[], bool] = lambda: False,
        start: Callable[[Callable[[], None]], object] | None = None,
        wait: Callable[[threading.Condition, Callable[[], bool]], object] | None = None,
    ) -> None:
        self._number = number
        self._is_late = is_late
        self._start = start or self._start_thread
        self._wait = wait or threading.Condition.wait_for
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._urgent: list[_Batch[Any]] = []
        self._others: list[_Batch[Any]] = []
        self._pool: ThreadPoolExecutor | None = None

    def after_fork(self) -> None:
        """Begin anew in a forked process, which has none of its parent's threads."""
        forks.keep(self._pool)
        self._begin()

    def close(self) -> None:
        """Let the threads go when they have done what was begun."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    def __call__(self, work: Sequence[Callable[[], T]], limit: int, /) -> list[T]:
        """Run functions, and return their results in sequence: this is an `AtOnce`."""
        return self.begin(work, limit).results()

    def begin(
        self,
        work: Sequence[Callable[[], T]],
        limit: int | None = None,
        stop: StopRequest | None = None,
        *,
        is_urgent: bool = False,
    ) -> Begun[T]:
        """Begin functions.

        Args:
            work: The functions.
            limit: How many of them may run at once; None for as many as the crew runs.
            stop: What ends their waits: Ctrl-C reaches the caller's thread alone.
            is_urgent: Whether they go before all that are not urgent.
        """
        batch = _Batch(self, work, len(work) if limit is None else limit, stop)
        try:
            with self._changed:
                (self._urgent if is_urgent else self._others).append(batch)
            self._hire()
        except BaseException:
            # Ctrl-C while threads begin: nobody else could end their requests.
            batch.drop()
            raise
        return batch

    def finish(self, batch: _Batch[T]) -> None:
        """Have all functions of a batch run, and wait until they have ended."""
        batch.is_awaited = True
        self._hire()
        self.wait_for(batch)

    def wait_for(self, batch: _Batch[T]) -> None:
        """Wait until all functions of a batch have ended."""
        with self._changed:
            self._wait(self._changed, batch.is_over)

    def _hire(self) -> None:
        while (taken := self._take()) is not None:
            try:
                self._start(partial(self._work, *taken))
            except BaseException:
                batch, place = taken
                with self._changed:
                    batch.give_back(place)  # It may be another caller's.
                raise

    def _work(self, batch: _Batch[Any], place: int) -> None:
        taken: tuple[_Batch[Any], int] | None = batch, place
        while taken is not None:
            batch, place = taken
            with self._changed:
                function = batch.begin_one(place)
            if function is not None:
                function()
                with self._changed:
                    batch.end_one()
                    if batch.is_over():
                        self._changed.notify_all()
            del function
            taken = self._take()
            self._hire()

    def _take(self) -> tuple[_Batch[Any], int] | None:
        """Take what is to be run next; None where as many run as may, or nothing is left."""
        number, is_late = self._number(), self._is_late()
        with self._changed:
            for batches in (self._urgent, self._others):
                batches[:] = [each for each in batches if not each.is_over()]
            begun = [*self._urgent, *self._others]
            if sum(batch.running for batch in begun) < number:
                for batch in (each for each in begun if each.is_awaited or not is_late):
                    if (place := batch.take()) is not None:
                        return batch, place
        return None

    def _start_thread(self, work: Callable[[], None]) -> None:
        with self._changed:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(MOST, "avbc")
            pool = self._pool
        pool.submit(work)
