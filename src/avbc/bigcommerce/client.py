"""The two clients. They send and wait; what can be decided without I/O is decided elsewhere."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from contextvars import copy_context
from types import TracebackType
from typing import Literal, Self, TypeVar, cast, overload

from avbc.bigcommerce.answers import Answer
from avbc.bigcommerce.at_once import Begun, Crew, Done
from avbc.bigcommerce.base import StoreClient, checked
from avbc.bigcommerce.bind import AsyncRunner, Runner
from avbc.bigcommerce.call import Call, Cap, ListCall, Page, require_call
from avbc.bigcommerce.errors import BadAnswer, StoreError
from avbc.bigcommerce.http import AsyncTransport, Response, Transport
from avbc.bigcommerce.in_flight import MOST
from avbc.bigcommerce.limits import Allowance, TooSlow
from avbc.bigcommerce.retry import Attempts
from avbc.bigcommerce.wire import Given, Received, unread
from avbc.errors import AvbcError, without_inner_frames
from avbc.stopping import STOP, StopRequest, ended_by, is_stop_due, pause

T = TypeVar("T")
CallT = TypeVar("CallT", bound=Call[object])

_MEASURED_FIRST, _MEASURED_LATER = 4, 16
"""The work for the first requests of a client is measured, and then for one of so many."""


class BigCommerce(StoreClient["BigCommerce", Transport, Callable[[float], object]], Runner):
    """A BigCommerce store.

    ```python
    api_url = "https://api.bigcommerce.com/stores/abc123/v3/"
    with BigCommerce(api_url, access_token=token) as store:
        for order in store.orders.list(status_id=11):
            print(order.id, order.total_inc_tax)
    ```

    Several threads may use it at once. Requests wait for their turn in the store's quota. After a
    temporary failure, a request that is safe to repeat is sent again.
    """

    def send(self, call: Call[T]) -> T:
        """Run one call and return its value; for a list, the rows of all its pages.

        Raises:
            StoreError: It failed; the subclass says how.
        """
        with without_inner_frames:
            if isinstance(call, ListCall):
                return cast("T", list(self.items(cast("ListCall[object]", call))))
            return self._read(call, self._wire.value)

    def answer(self, call: Call[T]) -> Answer[T]:
        """Run one call and return its value with the status, headers and body that it came in.

        Of a list, it is one page.
        """
        with without_inner_frames:
            return self._read(call, self._wire.answer)

    def pages(self, call: ListCall[T]) -> Iterator[Page[T]]:
        """Walk a list page by page. A page keeps unreadable rows apart from the others."""
        here: ListCall[T] | None = require_call(call, ListCall)
        while here is not None:
            with without_inner_frames:
                page, here = self._read(here, self._wire.page)
            yield page
            del page  # Two pages in memory at once cost a tenth of the time of a long list.

    def items(self, call: ListCall[T]) -> Iterator[T]:
        """Walk a list row by row.

        Raises:
            UnexpectedData: A row cannot be read. The rows before it came first.
        """
        here: ListCall[T] | None = require_call(call, ListCall)
        with without_inner_frames:
            while here is not None:
                asked, attempts, given = here, Attempts(here, self._retries), Given()
                received = self._read(asked, unread, attempts)
                try:
                    for rows in self._wire.parts(asked, received):
                        given.add(rows)
                        yield from rows
                    here = self._wire.following(asked, received, given.count)
                except BadAnswer as error:
                    attempts.failed = error
                if attempts.failed is not None:
                    page, here = self._read(asked, self._wire.page, attempts)
                    yield from given.rest(page)

    @overload
    def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int | None = None,
        return_errors: Literal[False] = False,
    ) -> list[T]: ...
    @overload
    def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int | None = None,
        return_errors: Literal[True],
    ) -> list[T | AvbcError]: ...
    def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int | None = None,
        return_errors: bool = False,
    ) -> list[T] | list[T | AvbcError]:
        """Run many calls at once, and return their values in the order of the calls.

        As many run at once as the store's quota and the time of its answers allow (`Quota`).

        ```python
        store.map([store.transactions.list.call(order.id) for order in orders])
        ```

        Args:
            calls: What to run: `call(...)` of any method makes one.
            limit: How many run at once, at most.
            return_errors: Return each error in the place of its value. Otherwise the
                first error is raised, and calls that have not started are not sent.
        """
        with without_inner_frames:
            return self._begin(calls, limit, return_errors=return_errors).results()

    def begin(self, calls: Iterable[Call[T]]) -> Begun[T | AvbcError]:
        """Begin many calls; `results()` of what it returns waits for their values or errors.

        Meanwhile the caller can do something else. Changes go before reads that were begun earlier.
        Where answers come as fast as this process handles them, nothing is sent before `results()`
        is called.

        ```python
        begun = store.begin([store.transactions.list.call(order.id) for order in orders])
        begun.results()
        ```
        """
        return self._begin(calls, None, return_errors=True)

    def _begin(
        self, calls: Iterable[Call[T]], limit: int | None, *, return_errors: bool
    ) -> Begun[T | AvbcError]:
        work, limit = checked(calls, limit)

        def run(call: Call[T]) -> T | AvbcError:
            try:
                return self.send(call)
            except AvbcError as error:
                if return_errors:
                    return error
                raise

        def ready(call: Call[T]) -> Callable[[], T | AvbcError]:
            # With the caller's context, so that its requests belong to the caller's trace.
            context = copy_context()
            return lambda: context.run(run, call)

        stop = StopRequest(grace=0.0, outer=STOP.get())
        with ended_by(stop):
            calls_ready = [ready(call) for call in work]
        if self._at_once is not None and self._at_once is not self._crew:
            return Done(self._at_once(calls_ready, limit or self._number()))
        is_urgent = any(call.method != "GET" for call in work)
        return self._crew.begin(calls_ready, limit, stop, is_urgent=is_urgent)

    def close(self) -> None:
        """Close all connections. A call that waits wakes up and raises `ClientClosed`."""
        self._closing.ask()
        self._crew.close()
        if self._connections.transport is not None:
            self._connections.transport.close()

    def _open(self) -> Transport:
        return self._http.transport(self._wire.tls(), self._proxy)

    def _prepare(self) -> None:
        self._sleep = self._given_sleep or self._pause
        self._caps: dict[str, threading.Semaphore] = {}
        given = self._at_once
        self._crew = (
            given
            if isinstance(given, Crew)
            else Crew(self._number, is_late=lambda: self._quota.is_at_work)
        )

    def _pause(self, seconds: float) -> None:
        # Within the grace, a short wait for the quota is no wait to be ended.
        pause(seconds, self._closing, None if is_stop_due() else STOP.get())

    def _read(
        self, call: CallT, read: Callable[[CallT, Received], T], attempts: Attempts | None = None
    ) -> T:
        attempts = attempts or Attempts(call, self._retries)

        def wait_again(_: object) -> None:
            self._refuse_repetition(attempts)
            self._log_repetition(attempts)
            self._sleep(attempts.wait)
            self._refuse_repetition(attempts)

        def attempt() -> T:
            return read(call, self._attempt(attempts))

        try:
            return attempt()  # Nearly all succeed, and what repeats them takes time to make.
        except StoreError as error:
            attempts.count_failure(error)
            wait_again(error)
        return attempts.repeated(attempt, wait_again)()

    def _attempt(self, attempts: Attempts) -> Received:
        attempts.raise_failure()
        call = attempts.call
        request = self._wire.request(call)
        with self._cap(call.cap):
            while (seconds := self._wait_for_turn(attempts)) > 0:
                self._sleep(seconds)
            self._ask_before_write(call)
            with self._exchange(attempts) as exchange:
                allowance = self._wire.allowance(call, self._clock)
                sender = self._sender()
                began = time.thread_time() if self._is_measured() else None
                sent = self._http.send(sender, request, allowance)
                if began is not None:
                    exchange.worked = time.thread_time() - began
                exchange.outcome = self._wire.outcome(call, sent)
        return self._wire.receive(call, exchange.outcome)

    def _is_measured(self) -> bool:
        """Whether the work for a request is measured: some systems take 0.1 ms to tell of it."""
        sent = self._connections.requests
        is_due = sent <= _MEASURED_FIRST or sent % _MEASURED_LATER == 0
        # Another clock is one of a test, whose time has nothing to do with that of the processor.
        return is_due and self._clock is time.monotonic

    def _cap(self, cap: Cap | None) -> AbstractContextManager[object]:
        if cap is None:
            return nullcontext()
        return self._caps.setdefault(cap.name, threading.Semaphore(cap.limit))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncBigCommerce(
    StoreClient["AsyncBigCommerce", AsyncTransport, Callable[[float], Awaitable[object]]],
    AsyncRunner,
):
    """A BigCommerce store, for asyncio.

    It has the methods of `BigCommerce`, to be awaited or iterated over with `async for`.

    ```python
    api_url = "https://api.bigcommerce.com/stores/abc123/v3/"
    async with AsyncBigCommerce(api_url, access_token=token) as store:
        async for order in store.orders.list(status_id=11):
            print(order.id, order.total_inc_tax)
    ```
    """

    async def send(self, call: Call[T]) -> T:
        """Run one call and return its value; for a list, the rows of all its pages.

        Raises:
            StoreError: It failed; the subclass says how.
        """
        with without_inner_frames:
            if isinstance(call, ListCall):
                return cast(
                    "T", [item async for item in self.items(cast("ListCall[object]", call))]
                )
            return await self._read(call, self._wire.value)

    async def answer(self, call: Call[T]) -> Answer[T]:
        """Run one call and return its value with the status, headers and body that it came in.

        Of a list, it is one page.
        """
        with without_inner_frames:
            return await self._read(call, self._wire.answer)

    async def pages(self, call: ListCall[T]) -> AsyncIterator[Page[T]]:
        """Walk a list page by page. A page keeps unreadable rows apart from the others."""
        here: ListCall[T] | None = require_call(call, ListCall)
        while here is not None:
            with without_inner_frames:
                page, here = await self._read(here, self._wire.page)
            yield page
            del page

    async def items(self, call: ListCall[T]) -> AsyncIterator[T]:
        """Walk a list row by row.

        Raises:
            UnexpectedData: A row cannot be read. The rows before it came first.
        """
        here: ListCall[T] | None = require_call(call, ListCall)
        with without_inner_frames:
            while here is not None:
                asked, attempts, given = here, Attempts(here, self._retries), Given()
                received = await self._read(asked, unread, attempts)
                try:
                    for rows in self._wire.parts(asked, received):
                        given.add(rows)
                        for row in rows:
                            yield row
                    here = self._wire.following(asked, received, given.count)
                except BadAnswer as error:
                    attempts.failed = error
                if attempts.failed is not None:
                    page, here = await self._read(asked, self._wire.page, attempts)
                    for row in given.rest(page):
                        yield row

    @overload
    async def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int | None = None,
        return_errors: Literal[False] = False,
    ) -> list[T]: ...
    @overload
    async def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int | None = None,
        return_errors: Literal[True],
    ) -> list[T | AvbcError]: ...
    async def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int | None = None,
        return_errors: bool = False,
    ) -> list[T] | list[T | AvbcError]:
        """Run many calls at once, and return their values in the order of the calls.

        As many run at once as the store's quota and the time of its answers allow (`Quota`).

        ```python
        store.map([store.transactions.list.call(order.id) for order in orders])
        ```

        Args:
            calls: What to run: `call(...)` of any method makes one.
            limit: How many run at once, at most.
            return_errors: Return each error in the place of its value. Otherwise the
                first error is raised, and calls that have not started are not sent.
        """
        work, limit = checked(calls, limit)
        outcomes: dict[int, T | AvbcError] = {}
        queue = deque(enumerate(work))
        takers = set[asyncio.Task[None]]()
        running = 0

        def hire() -> None:
            nonlocal running
            while queue and running < min(limit or MOST, self._number()):
                running += 1
                takers.add(asyncio.ensure_future(take(*queue.popleft())))

        async def take(index: int, call: Call[T]) -> None:
            nonlocal running
            try:
                outcomes[index] = await self.send(call)
            except AvbcError as error:
                if not return_errors:
                    queue.clear()
                    raise
                outcomes[index] = error
            running -= 1
            hire()

        try:
            hire()
            with without_inner_frames:
                while takers:
                    ended, _ = await asyncio.wait(takers, return_when=asyncio.FIRST_COMPLETED)
                    takers -= ended
                    for taker in ended:
                        taker.result()
        finally:
            for taker in takers:
                taker.cancel()
            await asyncio.gather(*takers, return_exceptions=True)
        return [outcomes[index] for index in range(len(work))]

    async def close(self) -> None:
        """Close all connections. A call that waits raises `ClientClosed` when its wait is over."""
        self._closing.ask()
        if self._connections.transport is not None:
            await self._connections.transport.aclose()

    def _open(self) -> AsyncTransport:
        return self._http.async_transport(self._wire.tls(), self._proxy)

    def _prepare(self) -> None:
        if self._at_once is not None:
            raise TypeError("at_once is an option of BigCommerce: this client runs calls as tasks")
        self._sleep = self._given_sleep or asyncio.sleep
        self._caps: dict[str, asyncio.Semaphore] = {}

    async def _read(
        self, call: CallT, read: Callable[[CallT, Received], T], attempts: Attempts | None = None
    ) -> T:
        attempts = attempts or Attempts(call, self._retries)

        async def pause(_: object) -> None:
            self._refuse_repetition(attempts)
            self._log_repetition(attempts)
            await self._sleep(attempts.wait)
            self._refuse_repetition(attempts)

        async def attempt() -> T:
            return read(call, await self._attempt(attempts))

        try:
            return await attempt()
        except StoreError as error:
            attempts.count_failure(error)
            await pause(error)
        return await attempts.repeated(attempt, pause)()

    async def _attempt(self, attempts: Attempts) -> Received:
        attempts.raise_failure()
        call = attempts.call
        request = self._wire.request(call)
        async with self._cap(call.cap):
            while (seconds := self._wait_for_turn(attempts)) > 0:
                await self._sleep(seconds)
            self._ask_before_write(call)
            with self._exchange(attempts) as exchange:
                allowance = self._wire.allowance(call, self._clock)
                sent = await self._sent(request, allowance)
                exchange.outcome = self._wire.outcome(call, sent)
        return self._wire.receive(call, exchange.outcome)

    async def _sent(self, request: object, allowance: Allowance) -> Response | Exception:
        in_time = asyncio.timeout(self._wire.whole_timeout)
        try:
            async with in_time:
                return await self._http.send_async(self._sender(), request, allowance)
        except TimeoutError:
            if not in_time.expired():
                raise
        return TooSlow()

    def _cap(self, cap: Cap | None) -> AbstractAsyncContextManager[object]:
        if cap is None:
            return nullcontext()
        return self._caps.setdefault(cap.name, asyncio.Semaphore(cap.limit))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()
