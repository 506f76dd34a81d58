"""HTTP behind one seam: httpx, or httpx2, its successor with the same API, where that is chosen.

No other module of the client imports either of them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, cached_property, lru_cache, partial
from importlib import import_module
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    Never,
    Protocol,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
)

from avbc import forks
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.in_flight import MOST
from avbc.bigcommerce.limits import (
    ASKED,
    Allowance,
    Limited,
    NotAwaited,
    TimedBackend,
    TooLarge,
    TooSlow,
)
from avbc.bigcommerce.pool import KEPT, Pool
from avbc.errors import Fault, FaultyInputError, MissingExtra
from avbc.text import quoted

if TYPE_CHECKING:
    import ssl  # records and rules load the errors, and do no I/O

ContentT = TypeVar("ContentT")
HttpLibrary: TypeAlias = Literal["httpx", "httpx2"]

_OF_ENCODING = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_CONNECT_TIMEOUT = 10.0
_URLS = 256
"""URLs that are kept as they were read: the lists of each cycle."""


class Response(Protocol):
    """What avbc reads of an answer. The object is the library's own, with all that it offers."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by their names in any case."""
        ...

    @property
    def content(self) -> bytes:
        """The body."""
        ...

    @property
    def text(self) -> str:
        """The body as text."""
        ...

    def json(self) -> Json:
        """Parse the body."""
        ...


class Transport(Protocol):
    """What sends requests: a transport of httpx or httpx2."""

    def handle_request(self, request: Never, /) -> Response:
        """Send a request of the transport's own library."""
        ...

    def close(self) -> None:
        """Close all connections."""


class AsyncTransport(Protocol):
    """What sends requests for asyncio: an async transport of httpx or httpx2."""

    def handle_async_request(self, request: Never, /) -> Awaitable[Response]:
        """Send a request of the transport's own library."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""


class Http:
    """One of the two libraries.

    It uses the library's transports, not its clients: those log each URL with its query (and so
    customers' addresses), keep cookies, and can follow redirects with the token.
    """

    def __init__(self, name: HttpLibrary) -> None:
        try:
            self._library: Any = import_module(name)
        except ImportError as error:
            raise MissingExtra(f"http={quoted(name)} needs {name}", name) from error
        self._authorities: ssl.SSLContext | None = None
        self._url: Callable[[str], Any] = lru_cache(_URLS)(self._library.URL)
        forks.watch(self)

    @property
    def authorities(self) -> ssl.SSLContext:
        """The trusted authorities: 30 ms and 0.8 MB, so all stores of a process share them."""
        if self._authorities is None:
            self._authorities = cast("ssl.SSLContext", self._library.create_ssl_context())
        return self._authorities

    def after_fork(self) -> None:
        """Read them anew in a forked process: a thread of the parent may hold their locks."""
        forks.keep(self._authorities)
        self._authorities = None

    def transport(self, tls: ssl.SSLContext, proxy: str | None) -> Transport:
        """Open a pool of connections."""
        return Pool(partial(self._connection, tls, proxy))

    def _connection(self, tls: ssl.SSLContext, proxy: str | None) -> object:
        transport: Any = self._opened("HTTPTransport", tls, proxy, connections=1)
        # No option leads there. Without it, answers are timed from the end of their headers on.
        pool: Any = getattr(transport, "_pool", None)
        if hasattr(pool, "_network_backend"):
            pool._network_backend = TimedBackend(pool._network_backend)  # noqa: SLF001 - see above
        return cast("object", transport)

    def async_transport(self, tls: ssl.SSLContext, proxy: str | None) -> AsyncTransport:
        """Open a pool of connections for asyncio."""
        opened = self._opened("AsyncHTTPTransport", tls, proxy, connections=MOST)
        return cast("AsyncTransport", opened)

    def _opened(
        self, kind: str, tls: ssl.SSLContext, proxy: str | None, connections: int
    ) -> object:
        limits = self._library.Limits(
            max_connections=2 * connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEPT,
        )
        return getattr(self._library, kind)(verify=tls, limits=limits, proxy=proxy)

    def timeouts(self, timeout: float) -> dict[str, object]:
        """Return the extension of a request that limits its waits."""
        connect = min(timeout, _CONNECT_TIMEOUT)
        return {"timeout": self._library.Timeout(timeout, connect=connect).as_dict()}

    def request(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[bytes, bytes]] = (),
        content: bytes | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> object:
        """Make a request.

        What the library would add for the content is added here, which takes half the time.
        """
        place = self._url(url)
        added = [(b"Host", place.netloc)]
        if content is not None or method in {"POST", "PUT", "PATCH"}:
            added.append((b"Content-Length", b"%d" % len(content or b"")))
        request = self._library.Request(
            method,
            place,
            headers=[*added, *headers],
            stream=self._library.ByteStream(content or b""),
            extensions=extensions,
        )
        request.read()
        return cast("object", request)

    def response(self, status: int, request: object, **parts: object) -> Response:
        """Make a response out of `headers` and `content` or `stream`."""
        return cast("Response", self._library.Response(status, request=request, **parts))

    def error(self, kind: str, message: str, request: object) -> Exception:
        """Make an error of the library by the name of its class, such as `ReadTimeout`."""
        return cast("Exception", getattr(self._library, kind)(message, request=request))

    def stream(self, content: type[ContentT]) -> type[ContentT]:
        """Derive a class of byte streams that the library accepts as its own."""
        return type(
            content.__name__,
            (content, self._library.SyncByteStream, self._library.AsyncByteStream),
            {},
        )

    def send(
        self, transport: Transport, request: object, allowance: Allowance
    ) -> Response | Exception:
        """Send a request and read its answer, or return why none came.

        The error is returned, so that what avbc raises does not refer to it: it holds the request.
        """
        token = ASKED.set(allowance)
        try:
            response: Any = cast("Callable[[object], Response]", transport.handle_request)(request)
            try:
                encoding = self._limit(response, allowance)
                response.read()
            finally:
                response.close()
            return self._complete(response, encoding, allowance)
        except (self._library.RequestError, NotAwaited, TooLarge, TooSlow) as error:
            return cast("Exception", error)
        finally:
            ASKED.reset(token)

    async def send_async(
        self, transport: AsyncTransport, request: object, allowance: Allowance
    ) -> Response | Exception:
        """As `send`, for asyncio."""
        handle = cast("Callable[[object], Awaitable[Response]]", transport.handle_async_request)
        try:
            response: Any = await handle(request)
            try:
                encoding = self._limit(response, allowance)
                await response.aread()
            finally:
                await response.aclose()
            return self._complete(response, encoding, allowance)
        except (self._library.RequestError, TooLarge, TooSlow) as error:
            return cast("Exception", error)

    @cached_property
    def _limited(self) -> type[Limited]:
        return self.stream(Limited)

    def _limit(self, response: Any, allowance: Allowance) -> str:
        """Limit what is read of an answer. Return its encoding, which is undone on the way."""
        if response.is_stream_consumed:
            return ""  # a test made it, with its content
        encoding: str = response.headers.pop("content-encoding", "")
        response.stream = self._limited(
            response.stream, encoding, allowance, self._library.DecodingError
        )
        return encoding

    def _complete(self, response: Any, encoding: str, allowance: Allowance) -> Response:
        if encoding:
            response.headers["content-encoding"] = encoding
        if len(response.content) > allowance.size:
            raise TooLarge
        return cast("Response", response)

    def without_token(self, response: Response, request: object, token: bytes) -> Response:
        """Return a response with another request, and without echoes of the token."""
        answer: Any = response
        raw: list[tuple[bytes, bytes]] = answer.headers.raw
        if token not in response.content and not any(token in value for _, value in raw):
            answer.request = request
            return response
        headers = [
            (name, value.replace(token, b"***"))
            for name, value in raw
            if name.lower() not in _OF_ENCODING
        ]
        content = response.content.replace(token, b"***")
        return self.response(response.status_code, request, headers=headers, content=content)


@cache
def library(name: HttpLibrary) -> Http:
    """Return a library; it is imported when it is first needed.

    Raises:
        FaultyInputError: It is none of the two.
        MissingExtra: It is not installed.
    """
    names = get_args(HttpLibrary)
    if name not in names:
        expected = " or ".join(map(repr, names))
        raise FaultyInputError(
            "BigCommerce client", [Fault("http", f"must be {expected}, not {quoted(name)}")]
        )
    return Http(name)


def library_of(transport: object) -> HttpLibrary:
    """Return the library of a transport, a request or a response: httpx2 if it is a part of it.

    >>> library_of(object())
    'httpx'
    """
    roots = {kind.__module__.partition(".")[0] for kind in type(transport).__mro__}
    return "httpx2" if "httpx2" in roots else "httpx"
