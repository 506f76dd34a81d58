"""The two clients. They run calls: wait for their turn, send, repeat; all that can be decided without I/O is decided elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from contextvars import copy_context
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Literal, NoReturn, Self, TypedDict, TypeVar, Unpack, cast, overload

import httpx

from avbc.bigcommerce.answers import Answer
from avbc.bigcommerce.bind import AsyncRunner, Runner
from avbc.bigcommerce.call import Call, Cap, ListCall, Page
from avbc.bigcommerce.credentials import api_url_of, environment_credentials
from avbc.bigcommerce.errors import ClientClosed, StoreBusy, StoreError
from avbc.bigcommerce.quota import REQUESTS_IN_FLIGHT, Quota
from avbc.bigcommerce.resources import Resources
from avbc.bigcommerce.retry import Retries, Run
from avbc.bigcommerce.wire import LIMITS, Received, Wire
from avbc.credentials import load_credentials
from avbc.errors import AvbcError
from avbc.secret import Secret, without_frames
from avbc.tracing import note, request_span

T = TypeVar("T")

_NO_PICKLE = (
    "a client is never pickled, since it holds connections and a token: open another one "
    "where it is needed"
)

_log = logging.getLogger("avbc.bigcommerce")
_log.addHandler(logging.NullHandler())


class Options(TypedDict, total=False):
    """What `BigCommerce` takes beside the store and its token."""

    client_id: str | None
    client_secret: str | Secret | None
    timeout: float
    transport: httpx.BaseTransport | None
    retries: Retries
    quota: Quota | None


class AsyncOptions(TypedDict, total=False):
    """What `AsyncBigCommerce` takes beside the store and its token."""

    client_id: str | None
    client_secret: str | Secret | None
    timeout: float
    transport: httpx.AsyncBaseTransport | None
    retries: Retries
    quota: Quota | None


class _Desk:
    """What both clients do around an exchange: the quota, the log, the verdict."""

    def __init__(
        self, wire: Wire, retries: Retries, quota: Quota | None, clock: Callable[[], float]
    ) -> None:
        self.wire = wire
        self.retries = retries
        self.quota = Quota() if quota is None else quota
        self.clock = clock
        self.closed = False
        self.requests = 0
        self._counting = threading.Lock()

    def wait_for_turn(self, run: Run) -> float:
        """Return 0.0 if the call may be sent now, or the seconds to wait before asking again."""
        call = run.call
        if self.closed:
            raise _about(ClientClosed(f"{call.name} was not sent: the client is closed."), call)
        wait = self.quota.ask(self.clock())
        if wait > self.retries.patience:
            message = (
                f"{call.name} was not sent: the quota is used up for {wait:.0f} s, longer "
                "than the client's patience. Try again then."
            )
            busy = StoreBusy(message)
            busy.retry_after = timedelta(seconds=wait)
            raise _about(busy, call)
        if wait <= 0:
            with self._counting:
                self.requests += 1
        elif _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s: waits %.3f s for its turn in the quota",
                call.name,
                wait,
                extra=_extra(run, wait),
            )
        return wait

    def span(self, run: Run) -> AbstractContextManager[object]:
        """Time an exchange, where requests are traced."""
        return request_span(run.call.method, run.call.path, *self.wire.server, run.attempt)

    def note_outcome(self, outcome: httpx.Response | StoreError) -> None:
        """Tell the trace how an exchange ended."""
        if isinstance(outcome, StoreError):
            note({}, type(outcome).__name__)
        else:
            status = outcome.status_code
            note({"http.response.status_code": status}, str(status) if status >= 400 else "")

    def conclude(self, run: Run, outcome: httpx.Response | StoreError, started: float) -> Received:
        """Tell the quota and the log how an exchange ended, and return its answer or raise its error."""
        now = self.clock()
        if isinstance(outcome, StoreError):
            self.quota.lost(now)
            status = None
        else:
            status = outcome.status_code
            self.quota.answered(now, status, outcome.headers)
        if _log.isEnabledFor(logging.DEBUG):
            said = status or type(outcome).__name__
            _log.debug(
                "%s: %s after %.3f s",
                run.call.name,
                said,
                now - started,
                extra=_extra(run, run.waited, status),
            )
        if isinstance(outcome, StoreError):
            raise outcome
        return self.wire.judge(run.call, outcome)

    def note_repetition(self, run: Run, wait: float) -> None:
        """Log that a call is sent again after a wait."""
        _log.info(
            "%s: attempt %d follows in %.1f s",
            run.call.name,
            run.attempt,
            wait,
            extra=_extra(run, wait),
        )


def _extra(run: Run, wait: float, status: int | None = None) -> dict[str, object]:
    """What a log record has beside its message (docs/logging.md)."""
    return {"call": run.call.name, "attempt": run.attempt, "wait": wait, "status": status}


def _about(error: StoreError, call: Call[object]) -> StoreError:
    error.call = call.name
    return error


def _in_order(page: Page[T]) -> Iterator[T]:
    """Yield a page's rows up to the first that cannot be read, and raise that one's error."""
    if page.unreadable:
        first = page.unreadable[0]
        yield from page.items[: first.index]
        raise first.error
    yield from page.items


class BigCommerce(Resources["BigCommerce"], Runner):
    """A BigCommerce store.

    ```python
    with BigCommerce(api_url="https://api.bigcommerce.com/stores/abc123/v3/", access_token=token) as store:
        for order in store.orders.list(status_id=11):
            print(order.id, order.total_inc_tax)
    ```

    It may be used from several threads at once. Requests wait for their turn in the store's quota,
    and what can be repeated without a second effect is repeated after failures that pass.
    """

    @without_frames
    def __init__(
        self,
        api_url: str,
        access_token: str | Secret,
        *,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        quota: Quota | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Prepare the client; nothing is sent.

        Args:
            api_url: The API path as BigCommerce shows it,
                `https://api.bigcommerce.com/stores/{hash}/v3/`, with or without the version and the
                last slash.
            access_token: The API account's access token.
            client_id: The API account's client id. No request needs it.
            client_secret: The API account's client secret. No request needs it; webhooks are
                verified with it.
            timeout: Seconds to wait for a connection (at most 10), for each part of an answer, and
                for a free connection.
            transport: What sends requests, for tests; otherwise a pool of connections with TLS
                verification.
            retries: How often and how long failed requests are repeated.
            quota: The quota to share with other clients of the same store in this process.
            clock: The time in seconds, for tests.
            sleep: Waits so many seconds, for tests; otherwise `close` wakes those who wait.

        Raises:
            FaultyInputError: The URL or the token cannot be used.
        """
        wire = Wire(api_url, access_token, timeout)
        self._desk = _Desk(wire, retries, quota, clock)
        self.client_id = client_id or ""
        self.client_secret = (
            Secret(client_secret) if isinstance(client_secret, str) else client_secret
        )
        self._transport = transport or httpx.HTTPTransport(
            verify=wire.tls(), limits=LIMITS, proxy=wire.proxy()
        )
        self._closing = threading.Event()
        self._sleep = sleep or self._closing.wait
        self._caps: dict[str, threading.Semaphore] = {}
        super().__init__(self)

    @classmethod
    @without_frames
    def from_store_hash(
        cls, store_hash: str, access_token: str | Secret, **options: Unpack[Options]
    ) -> Self:
        """Open a store by its hash: the part after `/stores/` in its API path."""
        return cls(api_url_of(store_hash), access_token, **options)

    @classmethod
    @without_frames
    def from_credentials_file(
        cls, path: str | os.PathLike[str], **options: Unpack[Options]
    ) -> Self:
        """Open a store with the text file that BigCommerce offers when an API account is made (manual 1.2, step 7).

        Raises:
            FaultyInputError: The file cannot be read, or lacks something; every fault is listed.
        """
        found = load_credentials(path)
        options.setdefault("client_id", found.client_id)
        options.setdefault("client_secret", found.client_secret)
        return cls(found.api_url, found.access_token, **options)

    @classmethod
    @without_frames
    def from_environment(cls, **options: Unpack[Options]) -> Self:
        """Open the store that AVBC_API_URL or AVBC_STORE_HASH, and AVBC_ACCESS_TOKEN name.

        AVBC_CLIENT_ID and AVBC_CLIENT_SECRET are read too where they are set.

        Raises:
            FaultyInputError: A variable is missing or cannot be used; every fault is listed.
        """
        found = environment_credentials()
        options.setdefault("client_id", found.client_id)
        options.setdefault("client_secret", found.client_secret)
        return cls(found.api_url, found.access_token, **options)

    @property
    def store_hash(self) -> str:
        """The store's hash, by which BigCommerce knows it."""
        return self._desk.wire.store_hash

    @property
    def requests_sent(self) -> int:
        """How many requests this client has sent so far, repetitions included."""
        return self._desk.requests

    @overload
    def send(self, call: ListCall[T]) -> list[T]: ...
    @overload
    def send(self, call: Call[T]) -> T: ...
    def send(self, call: Call[T]) -> object:
        """Run one call and return its value; of a list, the rows of all its pages.

        Raises:
            StoreError: It failed; the subclass says how.
        """
        if isinstance(call, ListCall):
            return list(self.items(cast("ListCall[object]", call)))
        return self._desk.wire.value(call, self._receive(call))

    def answer(self, call: Call[T]) -> Answer[T]:
        """Run one call and return its value with the status, headers and body that it came in; of a list, one page."""
        received = self._receive(call)
        return Answer(
            self._desk.wire.value(call, received),
            self._desk.wire.clean_response(call, received.response),
        )

    def pages(self, call: ListCall[T]) -> Iterator[Page[T]]:
        """Walk a list page by page. A row that cannot be read is kept apart in its page and stops nothing."""
        here: ListCall[T] | None = call
        while here is not None:
            page, here = self._desk.wire.page(here, self._receive(here))
            yield page
            del page  # Two pages in memory at once cost a tenth of the time of a long list.

    def items(self, call: ListCall[T]) -> Iterator[T]:
        """Walk a list row by row.

        Raises:
            UnexpectedData: A row cannot be read. The rows before it came first.
        """
        for page in self.pages(call):
            yield from _in_order(page)
            del page

    @overload
    def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int = REQUESTS_IN_FLIGHT,
        return_errors: Literal[False] = False,
    ) -> list[T]: ...
    @overload
    def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int = REQUESTS_IN_FLIGHT,
        return_errors: Literal[True],
    ) -> list[T | AvbcError]: ...
    def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int = REQUESTS_IN_FLIGHT,
        return_errors: bool = False,
    ) -> list[T] | list[T | AvbcError]:
        """Run many calls, up to `limit` at once, and return their values in the order of the calls.

        ```python
        store.map([store.transactions.list.call(order.id) for order in orders])
        ```

        Args:
            calls: What to run: `call(...)` of any method makes one.
            limit: How many run at once.
            return_errors: Put errors in the places of the values that they stand for. Otherwise the
                first error stops those that have not begun, and is raised.
        """
        work = list(calls)
        if limit < 1:
            raise ValueError("limit must be at least 1")
        if not work:
            return []

        def run(call: Call[T]) -> T | AvbcError:
            try:
                return self.send(call)
            except AvbcError as error:
                if return_errors:
                    return error
                raise

        pool = ThreadPoolExecutor(min(limit, len(work)), "avbc")
        try:
            # Each with the caller's context, so that its requests belong to the caller's trace.
            futures = [pool.submit(copy_context().run, run, call) for call in work]
            wait(futures, return_when=FIRST_EXCEPTION)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown(cancel_futures=True)
        # Those that were cancelled come after the one that failed.
        return [future.result() for future in futures]

    def close(self) -> None:
        """Close all connections. Whoever waits for a turn or a repetition is woken and gets `ClientClosed`."""
        self._desk.closed = True
        self._closing.set()
        self._transport.close()

    def _receive(self, call: Call[object]) -> Received:
        run = Run(call, self._desk.retries)

        def pause(seconds: float) -> None:
            self._desk.note_repetition(run, seconds)
            self._sleep(seconds)

        return run.repeat(partial(self._attempt, run), pause)

    def _attempt(self, run: Run) -> Received:
        desk = self._desk
        with self._cap(run.call.cap):
            while (seconds := desk.wait_for_turn(run)) > 0:
                self._sleep(seconds)
            started = desk.clock()
            try:
                with desk.span(run):
                    outcome = self._exchange(run.call)
                    desk.note_outcome(outcome)
            except BaseException:
                desk.quota.lost(desk.clock())
                raise
        return desk.conclude(run, outcome, started)

    def _exchange(self, call: Call[object]) -> httpx.Response | StoreError:
        try:
            response = self._transport.handle_request(self._desk.wire.request(call))
            try:
                response.read()
            finally:
                response.close()
        except httpx.RequestError as error:
            # Returned, not raised: an error raised here would refer to httpx's.
            return self._desk.wire.unreachable(call, error)
        return response

    def _cap(self, cap: Cap | None) -> AbstractContextManager[object]:
        return (
            nullcontext()
            if cap is None
            else self._caps.setdefault(cap.name, threading.Semaphore(cap.limit))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"BigCommerce(store_hash={self.store_hash!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(_NO_PICKLE)


class AsyncBigCommerce(Resources["AsyncBigCommerce"], AsyncRunner):
    """A BigCommerce store, for asyncio. It has the methods of `BigCommerce`, to be awaited or iterated over with `async for`.

    ```python
    async with AsyncBigCommerce(api_url="https://api.bigcommerce.com/stores/abc123/v3/", access_token=token) as store:
        async for order in store.orders.list(status_id=11):
            print(order.id, order.total_inc_tax)
    ```
    """

    @without_frames
    def __init__(
        self,
        api_url: str,
        access_token: str | Secret,
        *,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        quota: Quota | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Prepare the client; nothing is sent. The arguments are those of `BigCommerce`.

        Raises:
            FaultyInputError: The URL or the token cannot be used.
        """
        wire = Wire(api_url, access_token, timeout)
        self._desk = _Desk(wire, retries, quota, clock)
        self.client_id = client_id or ""
        self.client_secret = (
            Secret(client_secret) if isinstance(client_secret, str) else client_secret
        )
        self._transport = transport or httpx.AsyncHTTPTransport(
            verify=wire.tls(), limits=LIMITS, proxy=wire.proxy()
        )
        self._sleep = sleep
        self._caps: dict[str, asyncio.Semaphore] = {}
        super().__init__(self)

    @classmethod
    @without_frames
    def from_store_hash(
        cls, store_hash: str, access_token: str | Secret, **options: Unpack[AsyncOptions]
    ) -> Self:
        """Open a store by its hash: the part after `/stores/` in its API path."""
        return cls(api_url_of(store_hash), access_token, **options)

    @classmethod
    @without_frames
    def from_credentials_file(
        cls, path: str | os.PathLike[str], **options: Unpack[AsyncOptions]
    ) -> Self:
        """Open a store with the text file that BigCommerce offers when an API account is made (manual 1.2, step 7).

        Raises:
            FaultyInputError: The file cannot be read, or lacks something; every fault is listed.
        """
        found = load_credentials(path)
        options.setdefault("client_id", found.client_id)
        options.setdefault("client_secret", found.client_secret)
        return cls(found.api_url, found.access_token, **options)

    @classmethod
    @without_frames
    def from_environment(cls, **options: Unpack[AsyncOptions]) -> Self:
        """Open the store that AVBC_API_URL or AVBC_STORE_HASH, and AVBC_ACCESS_TOKEN name.

        AVBC_CLIENT_ID and AVBC_CLIENT_SECRET are read too where they are set.

        Raises:
            FaultyInputError: A variable is missing or cannot be used; every fault is listed.
        """
        found = environment_credentials()
        options.setdefault("client_id", found.client_id)
        options.setdefault("client_secret", found.client_secret)
        return cls(found.api_url, found.access_token, **options)

    @property
    def store_hash(self) -> str:
        """The store's hash, by which BigCommerce knows it."""
        return self._desk.wire.store_hash

    @property
    def requests_sent(self) -> int:
        """How many requests this client has sent so far, repetitions included."""
        return self._desk.requests

    @overload
    async def send(self, call: ListCall[T]) -> list[T]: ...
    @overload
    async def send(self, call: Call[T]) -> T: ...
    async def send(self, call: Call[T]) -> object:
        """Run one call and return its value; of a list, the rows of all its pages.

        Raises:
            StoreError: It failed; the subclass says how.
        """
        if isinstance(call, ListCall):
            return [item async for item in self.items(cast("ListCall[object]", call))]
        return self._desk.wire.value(call, await self._receive(call))

    async def answer(self, call: Call[T]) -> Answer[T]:
        """Run one call and return its value with the status, headers and body that it came in; of a list, one page."""
        received = await self._receive(call)
        return Answer(
            self._desk.wire.value(call, received),
            self._desk.wire.clean_response(call, received.response),
        )

    async def pages(self, call: ListCall[T]) -> AsyncIterator[Page[T]]:
        """Walk a list page by page. A row that cannot be read is kept apart in its page and stops nothing."""
        here: ListCall[T] | None = call
        while here is not None:
            page, here = self._desk.wire.page(here, await self._receive(here))
            yield page
            del page

    async def items(self, call: ListCall[T]) -> AsyncIterator[T]:
        """Walk a list row by row.

        Raises:
            UnexpectedData: A row cannot be read. The rows before it came first.
        """
        async for page in self.pages(call):
            for item in _in_order(page):
                yield item
            del page

    @overload
    async def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int = REQUESTS_IN_FLIGHT,
        return_errors: Literal[False] = False,
    ) -> list[T]: ...
    @overload
    async def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int = REQUESTS_IN_FLIGHT,
        return_errors: Literal[True],
    ) -> list[T | AvbcError]: ...
    async def map(
        self,
        calls: Iterable[Call[T]],
        *,
        limit: int = REQUESTS_IN_FLIGHT,
        return_errors: bool = False,
    ) -> list[T] | list[T | AvbcError]:
        """Run many calls, up to `limit` at once, and return their values in the order of the calls.

        ```python
        store.map([store.transactions.list.call(order.id) for order in orders])
        ```

        Args:
            calls: What to run: `call(...)` of any method makes one.
            limit: How many run at once.
            return_errors: Put errors in the places of the values that they stand for. Otherwise the
                first error stops those that have not begun, and is raised.
        """
        work = list(calls)
        if limit < 1:
            raise ValueError("limit must be at least 1")
        if not work:
            return []

        outcomes: dict[int, T | AvbcError] = {}
        queue = deque(enumerate(work))

        async def take() -> None:
            while queue:
                index, call = queue.popleft()
                try:
                    outcomes[index] = await self.send(call)
                except AvbcError as error:
                    if not return_errors:
                        queue.clear()
                        raise
                    outcomes[index] = error

        takers = [asyncio.ensure_future(take()) for _ in range(min(limit, len(work)))]
        try:
            await asyncio.gather(*takers)
        finally:
            for taker in takers:
                taker.cancel()
            await asyncio.gather(*takers, return_exceptions=True)
        return [outcomes[index] for index in range(len(work))]

    async def close(self) -> None:
        """Close all connections. Whoever waits for a turn or a repetition gets `ClientClosed` then."""
        self._desk.closed = True
        await self._transport.aclose()

    async def _receive(self, call: Call[object]) -> Received:
        run = Run(call, self._desk.retries)

        async def pause(seconds: float) -> None:
            self._desk.note_repetition(run, seconds)
            await self._sleep(seconds)

        return await run.repeat_async(partial(self._attempt, run), pause)

    async def _attempt(self, run: Run) -> Received:
        desk = self._desk
        async with self._cap(run.call.cap):
            while (seconds := desk.wait_for_turn(run)) > 0:
                await self._sleep(seconds)
            started = desk.clock()
            try:
                with desk.span(run):
                    outcome = await self._exchange(run.call)
                    desk.note_outcome(outcome)
            except BaseException:
                desk.quota.lost(desk.clock())
                raise
        return desk.conclude(run, outcome, started)

    async def _exchange(self, call: Call[object]) -> httpx.Response | StoreError:
        try:
            response = await self._transport.handle_async_request(self._desk.wire.request(call))
            try:
                await response.aread()
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            # Returned, not raised: an error raised here would refer to httpx's.
            return self._desk.wire.unreachable(call, error)
        return response

    def _cap(self, cap: Cap | None) -> AbstractAsyncContextManager[object]:
        return (
            nullcontext()
            if cap is None
            else self._caps.setdefault(cap.name, asyncio.Semaphore(cap.limit))
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncBigCommerce(store_hash={self.store_hash!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(_NO_PICKLE)
