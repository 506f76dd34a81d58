"""What both clients share: opening a store, and everything around a request except sending it."""

from __future__ import annotations

import inspect
import logging
import math
import os
import re
import threading
import time
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache, wraps
from typing import Any, Generic, NoReturn, ParamSpec, Self, TypedDict, TypeVar, Unpack, cast

import attrs

from avbc import forks
from avbc.bigcommerce.api_account import environment_credentials
from avbc.bigcommerce.at_once import AtOnce
from avbc.bigcommerce.bind import RunnerT_co, without_methods
from avbc.bigcommerce.call import Call, require_call
from avbc.bigcommerce.errors import ClientClosed, StopAsked, StoreBusy, StoreError
from avbc.bigcommerce.http import (
    AsyncTransport,
    HttpLibrary,
    Response,
    Transport,
    library,
    library_of,
)
from avbc.bigcommerce.in_flight import MOST
from avbc.bigcommerce.quota import Quota
from avbc.bigcommerce.resources import Resources
from avbc.bigcommerce.retry import Attempts, Retries
from avbc.bigcommerce.wire import Wire
from avbc.bigcommerce.writes import BEFORE_WRITE
from avbc.credentials import Credentials, api_url_of, load_credentials
from avbc.errors import without_frames_of_bad_input
from avbc.logs import get_logger
from avbc.secret import Secret, without_frames
from avbc.stopping import STOP, StopRequest
from avbc.text import quoted
from avbc.tracing import note, request_span

P = ParamSpec("P")
T = TypeVar("T")
TransportT = TypeVar("TransportT", bound=Transport | AsyncTransport)
SleepT = TypeVar("SleepT", bound=Callable[[float], object])

LARGEST_ANSWER = 64 * 1024 * 1024
"""How many bytes an answer may have, decompressed, where nothing else is said."""

_log = get_logger("avbc.bigcommerce")
_log.addHandler(logging.NullHandler())


class Options(TypedDict, Generic[TransportT, SleepT], total=False):
    """What a client takes in addition to the store and its token."""

    client_id: str | None
    client_secret: str | Secret | None
    timeout: float
    largest_answer: int
    transport: TransportT | None
    http: HttpLibrary | None
    retries: Retries
    quota: Quota | None
    clock: Callable[[], float]
    sleep: SleepT | None
    at_once: AtOnce | None


_SAME_CLOCK = timedelta(minutes=1)
_NUMBERS = re.compile(r"(?<=/)[0-9]+")


@attrs.define
class Exchange:
    """One request on its way: when it started, and what came of it."""

    started: float
    outcome: Response | StoreError = attrs.field(init=False)
    worked: float | None = None
    """The CPU seconds of its thread, where they were measured."""

    @property
    def status(self) -> int | None:
        """The answer's HTTP status, or None where none came."""
        return None if isinstance(self.outcome, StoreError) else self.outcome.status_code


class _Connections(Generic[TransportT]):
    """What a client shares with those of its `with_options`: connections, and how often used."""

    def __init__(self, given: TransportT | None) -> None:
        self._given = given
        self.requests = 0
        self.start()

    def start(self) -> None:
        """Make what a process cannot share with another."""
        self.transport = self._given
        self._opening, self._counting = threading.Lock(), threading.Lock()

    def sender(self, open_: Callable[[], TransportT]) -> TransportT:
        """Return what sends; it is opened when it is first needed."""
        with self._opening:
            if self.transport is None:
                self.transport = open_()
            return self.transport

    def count(self, requests: int) -> None:
        """Count requests that were sent; a negative number takes them back."""
        with self._counting:
            self.requests += requests


def _opening(init: Callable[P, None]) -> Callable[P, None]:
    """Decorate the constructor: without its two arguments it says how else a store is opened."""
    signature = inspect.signature(init)

    @wraps(init)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with without_frames_of_bad_input:
            given = signature.bind_partial(*args, **kwargs).arguments
            missing = [name for name in ("api_url", "access_token") if name not in given]
            if missing:
                name = type(args[0]).__name__
                raise TypeError(
                    f"{name}: {' and '.join(missing)} must be given. Or open the store by "
                    f"{name}.from_environment(), {name}.from_credentials_file(path) or "
                    f"{name}.from_store_hash(store_hash, access_token)."
                )
        init(*args, **kwargs)

    return run


class StoreClient(Resources[RunnerT_co], Generic[RunnerT_co, TransportT, SleepT]):
    """The part of a client that neither sends nor waits; the subclasses do that."""

    _caps: dict[str, Any]
    """The semaphores of concurrency limits, by their names."""

    @without_frames
    @_opening
    def __init__(
        self,
        api_url: str,
        access_token: str | Secret,
        *,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        timeout: float = 30.0,
        largest_answer: int = LARGEST_ANSWER,
        transport: TransportT | None = None,
        http: HttpLibrary | None = None,
        retries: Retries = Retries(),  # noqa: B008 - frozen
        quota: Quota | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: SleepT | None = None,
        at_once: AtOnce | None = None,
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
            timeout: Seconds to wait for a connection (at most 10) and for each part of an answer;
                with asyncio also for a free connection. A whole answer may take four times as long.
            largest_answer: Bytes that an answer may have, decompressed. The largest page of orders
                needs about 45 MB.
            transport: What sends requests, for tests; otherwise a pool of connections with TLS
                verification.
            http: The HTTP library: "httpx", or "httpx2" (install `avbc[httpx2]`). By default it is
                that of the transport, and httpx without one.
            retries: How often and how long failed requests are repeated.
            quota: The quota to share with other clients of the same store in this process.
            clock: The time in seconds, for tests.
            sleep: Waits the given number of seconds, for tests. The default of `BigCommerce` wakes
                up when the client is closed.
            at_once: Runs the calls of `map` of `BigCommerce`, for tests; by default threads do. It
                gets functions and how many may run at once, and returns their results in sequence,
                or raises the first error.

        Raises:
            FaultyInputError: The URL, the token, a limit, `http`, or the proxy that the environment
                names cannot be used.
            MissingExtra: The library that `http` names is not installed.
        """
        self._http = library(library_of(transport) if http is None else http)
        self._wire = Wire(api_url, access_token, timeout, largest_answer, self._http)
        self._retries = retries
        self._quota = Quota() if quota is None else quota
        self._clock = clock
        self._dated: deque[tuple[datetime, float]] = deque(maxlen=2)
        """The dates of the last answers, which are in GMT, and when they came by `clock`."""
        self.client_id = client_id or ""
        self.client_secret = (
            Secret(client_secret) if isinstance(client_secret, str) else client_secret
        )
        self._given_sleep = sleep
        self._at_once = at_once
        self._proxy = None if transport else self._wire.proxy()
        self._closing = StopRequest()
        self._connections = _Connections(transport)
        self._prepare()
        self._bind()

    @classmethod
    @without_frames
    def from_store_hash(
        cls,
        store_hash: str,
        access_token: str | Secret,
        **options: Unpack[Options[TransportT, SleepT]],
    ) -> Self:
        """Open a store by its hash: the part after `/stores/` in its API path."""
        return cls(api_url_of(store_hash), access_token, **options)

    @classmethod
    @without_frames
    def from_credentials_file(
        cls, path: str | os.PathLike[str], **options: Unpack[Options[TransportT, SleepT]]
    ) -> Self:
        """Open a store with the text file that BigCommerce offers with a new API account.

        It is step 7 of the manual's chapter 1.2.

        Raises:
            FaultyInputError: The file cannot be read or is incomplete; every fault is listed.
        """
        return cls._from_credentials(load_credentials(path), options)

    @classmethod
    @without_frames
    def from_environment(cls, **options: Unpack[Options[TransportT, SleepT]]) -> Self:
        """Open the store that AVBC_API_URL or AVBC_STORE_HASH, and AVBC_ACCESS_TOKEN name.

        AVBC_CLIENT_ID and AVBC_CLIENT_SECRET are read too where they are set.

        Raises:
            FaultyInputError: A variable is missing or cannot be used; every fault is listed.
        """
        return cls._from_credentials(environment_credentials(), options)

    @classmethod
    def _from_credentials(cls, found: Credentials, options: Options[TransportT, SleepT]) -> Self:
        options.setdefault("client_id", found.client_id)
        options.setdefault("client_secret", found.client_secret)
        return cls(found.api_url, found.access_token, **options)

    def _bind(self) -> None:
        """Make the groups of endpoints, which send by this client."""
        super().__init__(cast("RunnerT_co", self))
        forks.watch(self)

    def with_options(self, *, timeout: float | None = None, retries: Retries | None = None) -> Self:
        """Return the same client with other limits, for one call or for several.

        ```python
        store.with_options(timeout=5, retries=Retries(attempts=1)).orders.get(1042)
        ```

        It has the connections, the quota, the concurrency limits and the counts of this one, and
        costs no request. Closing either closes both.

        Args:
            timeout: As of the client itself; without it, this client's.
            retries: As of the client itself; without it, this client's.

        Raises:
            FaultyInputError: The timeout is not a number above 0.
        """
        view = object.__new__(type(self))
        vars(view).update(without_methods(self))
        if timeout is not None:
            view._wire = self._wire.with_timeout(timeout)
        if retries is not None:
            view._retries = retries
        view._bind()
        return view

    @property
    def store_hash(self) -> str:
        """The store's hash, by which BigCommerce knows it."""
        return self._wire.store_hash

    @property
    def requests_sent(self) -> int:
        """How many requests this client has sent so far, repetitions included."""
        return self._connections.requests

    @property
    def store_time(self) -> datetime | None:
        """The time by the store's clock: that of its last answer, and what has passed since.

        It may be a second behind. None before the first answer, and where the last two differ by
        more than a minute: one of many servers has a clock that is off.
        """
        now = self._clock()
        times = [at + timedelta(seconds=now - answered) for at, answered in self._dated]
        return times[-1] if times and max(times) - min(times) < _SAME_CLOCK else None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(store_hash={self.store_hash!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a client is never pickled, since it holds connections and a token: open another one "
            "where it is needed"
        )

    @abstractmethod
    def _open(self) -> TransportT:
        """Open a pool of connections."""

    @abstractmethod
    def _prepare(self) -> None:
        """Make what waits, and room for the semaphores of concurrency limits."""

    def _sender(self) -> TransportT:
        """Return what sends; it is opened when it is first needed."""
        return self._connections.sender(self._open)

    def after_fork(self) -> None:
        """Open connections anew in a forked process: two at one connection read each other's.

        A transport that was given to the client is the caller's, and stays.
        """
        forks.keep(self._connections.transport)
        self._connections.start()
        self._caps.clear()

    def _number(self) -> int:
        """Return how many requests are to be in flight now."""
        return self._quota.at_once(self._clock())

    def _wait_for_turn(self, attempts: Attempts) -> float:
        """Return 0.0 if the call may be sent now, or the seconds to wait before asking again."""
        call = attempts.call
        if self._closing.is_due:
            raise ClientClosed(f"{call.name} was not sent: the client is closed.", call.name)
        grace = self._grace()
        wait = self._quota.ask(self._clock()) if grace > 0 else 0.0
        if wait > grace or not grace:
            raise StopAsked(f"{call.name} was not sent: a stop was asked for.", call.name)
        if wait > self._retries.patience:
            busy = StoreBusy(
                f"{call.name} was not sent: the quota is used up for {wait:.0f} s, longer than the "
                "client's patience. Try again then.",
                call.name,
            )
            busy.retry_after = timedelta(seconds=wait)
            raise busy
        if wait <= 0:
            self._connections.count(1)
        elif _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s: waits %.3f s for its turn in the quota",
                call.name,
                wait,
                extra=_extra(attempts, wait),
            )
        return wait

    def _ask_before_write(self, call: Call[object]) -> None:
        """Ask whether a write may go out now; an error means no, and nothing is sent."""
        if call.method == "GET" or (ask := BEFORE_WRITE.get()) is None:
            return
        try:
            ask(call)
        except BaseException:
            self._quota.returned(self._clock())
            self._connections.count(-1)
            raise

    def _grace(self) -> float:
        """Return how many seconds a request may still wait: a stop may have been asked for."""
        stop = STOP.get()
        left = None if stop is None else stop.left()
        return math.inf if left is None else left

    def _refuse_repetition(self, attempts: Attempts) -> None:
        """Make sure that no stop was asked for: nothing is sent again after that.

        Raises:
            StopAsked: It was.
        """
        if self._grace() < math.inf:
            name = attempts.call.name
            raise StopAsked(f"{name} was not sent again: a stop was asked for.", name)

    @contextmanager
    def _exchange(self, attempts: Attempts) -> Generator[Exchange]:
        """Time and trace one request, and report to the quota and the log what came of it."""
        call, exchange = attempts.call, Exchange(self._clock())
        try:
            with request_span(call.method, call.path, *self._wire.server, attempts.number):
                yield exchange
                status, outcome = exchange.status, exchange.outcome
                if status is None:
                    note({}, type(outcome).__name__)
                else:
                    note(
                        {"http.response.status_code": status}, str(status) if status >= 400 else ""
                    )
        except BaseException:
            self._quota.lost(self._clock())
            raise
        now = self._clock()
        if isinstance(outcome, StoreError):
            self._quota.lost(now)
        else:
            self._quota.answered(
                now,
                outcome.status_code,
                outcome.headers,
                kind=_NUMBERS.sub("", call.name),
                took=now - exchange.started,
                worked=exchange.worked,
            )
            if outcome.status_code < 300:
                with suppress(KeyError, ValueError):
                    self._dated.append((_in_gmt(outcome.headers["date"]), now))
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s: %s after %.3f s",
                call.name,
                status or type(outcome).__name__,
                now - exchange.started,
                extra=_extra(attempts, attempts.waited, status),
            )

    def _log_repetition(self, attempts: Attempts) -> None:
        _log.info(
            "%s: attempt %d follows in %.1f s",
            attempts.call.name,
            attempts.number,
            attempts.wait,
            extra=_extra(attempts, attempts.wait),
        )


@lru_cache(maxsize=2)
def _in_gmt(date: str) -> datetime:
    """Read the date of an answer; many answers have the same."""
    return parsedate_to_datetime(date).replace(tzinfo=UTC)


def checked(calls: Iterable[Call[T]], limit: int | None) -> tuple[list[Call[T]], int | None]:
    """Return the calls of `map` as a list, and how many of them may run at once.

    Raises:
        TypeError: The limit is not an int, or something is not a call.
        ValueError: The limit is below 1.
    """
    with without_frames_of_bad_input:
        if limit is not None and not isinstance(cast("object", limit), int):
            raise TypeError(f"limit: {quoted(limit)} must be an int, such as 8")
        if limit is not None and limit < 1:
            raise ValueError("limit must be at least 1")
    work = [require_call(call) for call in calls]
    caps = [call.cap.limit for call in work if call.cap is not None]
    if work and len(caps) == len(work):
        # Who waits for a turn at the endpoint keeps others from being sent.
        limit = min(limit or MOST, max(caps))
    return work, limit


def _extra(attempts: Attempts, wait: float, status: int | None = None) -> dict[str, object]:
    """The extras of a log record (docs/logging.md)."""
    return {"call": attempts.call.name, "attempt": attempts.number, "wait": wait, "status": status}
