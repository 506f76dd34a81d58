"""Calls as HTTP requests, and answers as values; it sends nothing."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from sys import getrefcount
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit

import attrs

from avbc._version import __version__
from avbc.bigcommerce.answers import (
    READ_FIRST,
    Answer,
    misshapen,
    next_page,
    of_another,
    parse,
    refusal,
    request_id_of,
    succeeded,
    text_of,
    unreadable,
)
from avbc.bigcommerce.api_account import check, proxy_fault, store_of
from avbc.bigcommerce.body import Json, dump, faults
from avbc.bigcommerce.call import Call, ListCall, Page
from avbc.bigcommerce.documented import collect
from avbc.bigcommerce.errors import (
    AnswerTooLarge,
    BadAnswer,
    StopAsked,
    StoreError,
    StoreUnreachable,
    UnexpectedData,
    UnsendableRequest,
)
from avbc.bigcommerce.http import Http, Response
from avbc.bigcommerce.limits import Allowance, NotAwaited
from avbc.bigcommerce.parsing import Rows, WrongCut, load_whole, not_collecting
from avbc.errors import Fault, FaultyInputError
from avbc.secret import Secret
from avbc.stopping import STOP

T = TypeVar("T")

_NOTHING_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})
_TIMES_TIMEOUT = 4
_MIB = 1024 * 1024
_ROWS_AT_ONCE = 10
"""How many rows of a long list are read together: their objects fit in a processor's cache."""
_ONLY_HERE = 2
"""References to a row that only its page has: the page's, and the one that counts them."""


@attrs.frozen
class Received:
    """A successful answer and its parsed body."""

    response: Response
    body: Json


def unread(_: object, received: Received) -> Received:
    """Return an answer as it is, to be read later."""
    return received


class Given:
    """The rows of a page that the caller has, by their ids: the page may be asked for again."""

    def __init__(self) -> None:
        self.count = 0
        self._keys: set[object] = set()

    def add(self, rows: Sequence[object]) -> None:
        """Note rows that the caller is given now."""
        self._keys.update(_key(row, place) for place, row in enumerate(rows, self.count))
        self.count += len(rows)

    def rest(self, page: Page[T]) -> Iterator[T]:
        """Yield the rows of the same page, asked for again, that the caller does not have.

        Raises:
            UnexpectedData: A row cannot be read. The rows before it came first.
        """
        for place, row in enumerate(page.items[: page.readable]):
            if _key(row, place) not in self._keys:
                yield row
        if page.unreadable:
            raise page.unreadable[0].error


def _key(row: object, place: int) -> object:
    return getattr(row, "id", place)


class Wire:
    """The address and token of one store, for making requests and reading answers."""

    def __init__(
        self,
        api_url: str,
        access_token: str | Secret,
        timeout: float,
        largest_answer: int,
        http: Http,
    ) -> None:
        # Callers without a type checker may send None, as from os.environ.get.
        api_url = (api_url or "").strip()
        token = (
            access_token
            if isinstance(access_token, Secret)
            else Secret((access_token or "").strip())
        )
        check(api_url, token.reveal(), {"timeout": timeout, "largest_answer": largest_answer})
        self.base, self.store_hash = store_of(api_url)
        parts = urlsplit(self.base)
        self.server = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._token = token
        self._largest_answer = largest_answer
        self._http = http
        self._set_timeout(timeout)
        self._headers = [
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"User-Agent", f"avbc/{__version__}".encode()),
        ]
        self._json_headers = [*self._headers, (b"Content-Type", b"application/json")]

    def _set_timeout(self, timeout: float) -> None:
        self._timeout = timeout
        self.whole_timeout = _TIMES_TIMEOUT * timeout
        """Seconds that an answer may take, however it comes."""
        self._extensions = self._http.timeouts(timeout)

    def with_timeout(self, timeout: float) -> Wire:
        """Return the same with another timeout.

        Raises:
            FaultyInputError: It is not a number above 0.
        """
        check(self.base, self._token.reveal(), {"timeout": timeout})
        wire = copy(self)
        wire._set_timeout(timeout)  # noqa: SLF001 - a Wire as well
        return wire

    def url(self, call: Call[object]) -> str:
        """Return the URL of a call. `:` and `,` are not escaped, which keeps lists of ids short."""
        params = (
            {**call.params, "limit": call.params.get("limit", str(call.limit))}
            if isinstance(call, ListCall)
            else call.params
        )
        query = f"?{urlencode(params, quote_via=quote, safe=':,')}" if params else ""
        return f"{self.base}{call.path}{query}"

    def request(self, call: Call[object]) -> object:
        """Make the request of a call, with the token.

        Raises:
            UnsendableRequest: It holds a value that JSON or a URL cannot hold.
        """
        # BigCommerce may refuse a write without a content type, even one without a body.
        headers = self._headers if call.method == "GET" else self._json_headers
        try:
            url, content = self.url(call), None if call.body is None else dump(call.body)
        except (TypeError, ValueError, RecursionError):
            pass
        else:
            return self._http.request(
                call.method,
                url,
                headers=[*headers, (b"X-Auth-Token", self._token.reveal().encode())],
                content=content,
                extensions=self._extensions,
            )
        # Raised out here, it does not carry the frames that hold the body along.
        raise _unsendable(call)

    def allowance(self, call: Call[object], clock: Callable[[], float]) -> Allowance:
        """Return what an answer may have that is asked for now."""
        # What became of a request that must not be repeated is worth the wait.
        stop = STOP.get() if call.repeatable else None
        return Allowance(self._largest_answer, clock() + self.whole_timeout, clock, stop)

    def receive(self, call: Call[object], outcome: Response | StoreError) -> Received:
        """Return a successful answer with its parsed body.

        Raises:
            StoreError: The answer is not a success, or no answer came.
        """
        if isinstance(outcome, StoreError):
            raise outcome
        response, status = outcome, outcome.status_code
        failure: StoreError | None = None
        if succeeded(call, status):
            try:
                body = parse(call, status, response.content)
            except ValueError:
                pass
            else:
                failure = of_another(call, status, body)
                if failure is None:
                    return Received(response, body)
        clean = self.clean_response(call, response)
        text = text_of(clean)
        if not succeeded(call, status):
            failure = refusal(call, status, clean.headers, text, self._token.source)
        failure = failure or unreadable(call, status, text)
        raise _placed(failure, call, clean)

    def outcome(self, call: Call[object], sent: Response | Exception) -> Response | StoreError:
        """Return what was answered, or the error of a request that had no answer.

        It does not refer to the library's error, which holds the request and so the token.
        """
        return self._unreachable(call, sent) if isinstance(sent, Exception) else sent

    def _unreachable(self, call: Call[object], error: Exception) -> StoreError:
        if isinstance(error, NotAwaited):
            return StopAsked(f"{call.name} was not waited for: a stop was asked for.", call.name)
        # The names of the errors are the same in both libraries.
        kinds = {kind.__name__ for kind in type(error).__mro__}
        host = urlsplit(self.base).netloc
        # h11 quotes illegal headers, the token among them.
        said = (
            "" if "LocalProtocolError" in kinds else str(error).replace(self._token.reveal(), "***")
        )
        reason = f" ({type(error).__name__}: {said})" if said else f" ({type(error).__name__})"
        nothing_sent = not kinds.isdisjoint(_NOTHING_SENT)
        within = f"within {self._timeout:g} s"
        what, advice = f"lost its connection to {host}{reason}", "Try again later."
        if "TooLarge" in kinds:
            size = self._largest_answer / _MIB
            what = f"had an answer from {host} of more than {size:g} MiB"
            advice = "Ask for fewer rows at once, or open the client with a larger largest_answer."
        elif "TooSlow" in kinds:
            what = f"had no complete answer from {host} within {self.whole_timeout:g} s"
            advice = "Try again later, or raise the timeout."
        elif "PoolTimeout" in kinds:
            what, advice = f"got no free connection {within}", "Run fewer requests at once."
        elif nothing_sent:
            what = f"could not reach {host}{reason}"
            advice = "Check the network, its proxy and api_url; then try again."
        elif "TimeoutException" in kinds:
            what = f"had no answer from {host} {within}{reason}"
            advice = "Try again later, or raise the timeout."
        elif "DecodingError" in kinds:
            what = f"had an answer from {host} that cannot be decompressed{reason}"
        if not (nothing_sent or call.repeatable):
            advice = READ_FIRST
        message = f"{call.name} {what}. {advice}"
        if "DecodingError" in kinds:
            return BadAnswer(message, call.name)
        if "TooLarge" in kinds:
            return AnswerTooLarge(message, call.name)
        failure = StoreUnreachable(message, call.name)
        failure.sent = not nothing_sent
        return failure

    def value(self, call: Call[T], received: Received) -> T:
        """Read the value out of an answer.

        Raises:
            UnexpectedData: A value cannot be read.
            BadAnswer: The answer is of the wrong kind.
        """
        if received.response.status_code == 204 and call.empty is not None:
            return call.empty()
        value = self._read(call, received, call.read)
        collect(value)
        return value

    def answer(self, call: Call[T], received: Received) -> Answer[T]:
        """Return the value of an answer with the answer, in which no echo of the token is left."""
        return Answer(self.value(call, received), self.clean_response(call, received.response))

    def page(self, call: ListCall[T], received: Received) -> tuple[Page[T], ListCall[T] | None]:
        """Read one page of a list. Return it with the call of the next page, None after the last.

        Raises:
            UnexpectedData: The answer does not say how the list goes on.
            BadAnswer: The answer is not a list.
        """
        page = self._page(call, received)
        return page, self.following(call, received, page.count)

    def parts(self, call: ListCall[T], received: Received) -> Iterator[Sequence[T]]:
        """Read the rows of one page, a long one in parts.

        Raises:
            UnexpectedData: A row cannot be read. The rows before it came first.
            BadAnswer: The answer is not a list.
        """
        done, size = 0, _ROWS_AT_ONCE
        if isinstance(received.body, Rows) and call.most is None:
            while done < len(received.body):
                part = received.body[done : done + size]
                try:
                    with not_collecting():
                        page = call.page(part)
                except (UnexpectedData, WrongCut):
                    break
                if page.unreadable:
                    break
                collect(page.items)
                yield page.items
                done += len(part)
                if page.items and getrefcount(page.items[0]) > _ONLY_HERE:
                    # The caller keeps the rows: they leave the cache anyway, and after each part
                    # the garbage collector would look at what is kept.
                    size = len(received.body)
            else:
                return
        # Of the whole list, since errors name the place of a row in it.
        page = self._page(call, received)
        yield page.items[done : page.readable]
        if page.unreadable:
            raise page.unreadable[0].error

    def following(self, call: ListCall[T], received: Received, count: int) -> ListCall[T] | None:
        """Return the call of the page after one of so many rows, None after the last.

        Raises:
            UnexpectedData: The answer does not say how the list goes on.
        """
        following = self._read(call, received, lambda body: next_page(call, body, count))
        if following is None or call.most is None:
            return following
        left = call.most - count
        return attrs.evolve(following, most=left) if left > 0 else None

    def _page(self, call: ListCall[T], received: Received) -> Page[T]:
        if received.body is None:
            return Page([])
        with not_collecting():
            page = self._read(call, received, call.page)
        if page.unreadable and self._echoes(received.response):
            return self._page(call, self._without_token(call, received))
        page = page if call.most is None else page.first(call.most)
        collect(page.items)
        for bad in page.unreadable:
            bad.error.call = call.name
            bad.error.status = received.response.status_code
            bad.error.request_id = request_id_of(received.response.headers)
        return page

    def _read(self, call: Call[object], received: Received, read: Callable[[Json], T]) -> T:
        try:
            return read(received.body)
        except WrongCut:
            again = self._parsed_whole(call, received.response)
        except UnexpectedData as error:
            if not self._echoes(received.response):
                raise self._misread(call, received, error) from None
            again = self._without_token(call, received)
        return self._read(call, again, read)

    def _parsed_whole(self, call: Call[object], response: Response) -> Received:
        try:
            return Received(response, load_whole(response.content))
        except ValueError:
            pass
        clean = self.clean_response(call, response)
        raise _placed(unreadable(call, clean.status_code, text_of(clean)), call, clean)

    def tls(self) -> ssl.SSLContext:
        """Return the context that verifies the store's certificate."""
        if self.base.startswith("https:"):
            return self._http.authorities
        # For loopback without TLS: it trusts no authority, so that none has to be read.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def proxy(self) -> str | None:
        """Return the proxy that the environment names for the store's host.

        Raises:
            FaultyInputError: It cannot be used. The message does not show it: it may hold a
                password.
        """
        parts = urlsplit(self.base)
        proxies = urllib.request.getproxies()
        proxy = proxies.get(parts.scheme) or proxies.get("all")
        if not proxy or urllib.request.proxy_bypass(parts.hostname or ""):
            return None
        proxy = proxy if "://" in proxy else f"http://{proxy}"
        if fault := proxy_fault(proxy):
            name = f"{parts.scheme.upper()}_PROXY"
            place = name if proxies.get(parts.scheme) else "ALL_PROXY"
            raise FaultyInputError("environment", [Fault(place, fault)])
        return proxy

    def _misread(self, call: Call[object], received: Received, error: UnexpectedData) -> StoreError:
        # A bad value in a row is there tomorrow, too; an answer of the wrong kind may be temporary.
        is_another = error.path == "answer" or received.body is None
        failure = misshapen(call, received.response.status_code, error) if is_another else error
        return _placed(failure, call, self.clean_response(call, received.response))

    def _echoes(self, response: Response) -> bool:
        return self._token.reveal().encode() in response.content

    def _without_token(self, call: Call[object], received: Received) -> Received:
        """Parse an answer that holds the token again, without it: an error quotes the answer."""
        clean = self.clean_response(call, received.response)
        return Received(clean, parse(call, clean.status_code, clean.content))

    def clean_response(self, call: Call[object], response: Response) -> Response:
        """Return the response with a request that lacks the token, and without echoes of it."""
        request = self._http.request(call.method, self.url(call))
        return self._http.without_token(response, request, self._token.reveal().encode())


def _unsendable(call: Call[object]) -> UnsendableRequest:
    try:
        found = dict(faults(call.body))
    except RecursionError:
        found = {"": "it is nested too deeply"}
    where = "; ".join(f"{place}: {fault}" if place else fault for place, fault in found.items())
    error = UnsendableRequest(
        f"{call.name} was not sent: {where or 'its query holds half a character'}. "
        "Change that value.",
        call.name,
    )
    error.errors = found
    return error


def _placed(error: StoreError, call: Call[object], response: Response) -> StoreError:
    error.call = call.name
    error.status = response.status_code
    error.request_id = request_id_of(response.headers)
    error.body = text_of(response)
    error.response = response
    return error
