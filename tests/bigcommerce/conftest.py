"""A clock that waits move, stores that answer by script, and a store on loopback that fails."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import pytest

from avbc.bigcommerce import AsyncBigCommerce, BigCommerce, Retries

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

TOKEN = "example-token-that-must-stay-secret"
API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"


class Clock:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.sleep(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Script:
    """A transport that plays a list of answers and errors; the last one is repeated."""

    def __init__(
        self, *steps: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]
    ) -> None:
        self.steps = list(steps)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, headers=step.headers, content=step.content)
        return step(request)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def open_store(clock: Clock) -> Iterator[Callable[..., BigCommerce]]:
    """Open stores on a script, on the clock, without jitter; they are closed in the end."""
    with contextlib.ExitStack() as stack:

        def open_(transport: httpx.BaseTransport | None = None, **options: Any) -> BigCommerce:
            options = {
                "api_url": API_URL,
                "http": os.environ.get("AVBC_TEST_HTTP"),
                "clock": clock,
                "sleep": clock.sleep,
                "retries": Retries(jitter=lambda: 0.0),
            } | options
            return stack.enter_context(
                BigCommerce(access_token=TOKEN, transport=transport, **options)
            )

        yield open_


@pytest.fixture
def open_async_store(clock: Clock) -> Callable[..., AsyncBigCommerce]:
    def open_(
        transport: httpx.AsyncBaseTransport | None = None, **options: Any
    ) -> AsyncBigCommerce:
        options = {
            "api_url": API_URL,
            "http": os.environ.get("AVBC_TEST_HTTP"),
            "clock": clock,
            "sleep": clock.async_sleep,
            "retries": Retries(jitter=lambda: 0.0),
        } | options
        return AsyncBigCommerce(access_token=TOKEN, transport=transport, **options)

    return open_


@pytest.fixture
def secret_scan() -> Callable[[str | bytes], None]:
    def scan(text: str | bytes) -> None:
        assert (TOKEN if isinstance(text, str) else TOKEN.encode()) not in text

    return scan


@pytest.fixture
def store_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


@dataclass
class Loopback:
    """A real HTTP server. Each path has a list of behaviours, which write to the socket."""

    api_url: str = ""
    behaviours: dict[str, list[Callable[[BaseHTTPRequestHandler], None]]] = field(
        default_factory=dict
    )
    seen: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def on(self, path: str, *behaviours: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.behaviours[path] = list(behaviours)

    def answer(
        self, value: object, status: int = 200, **headers: str
    ) -> Callable[[BaseHTTPRequestHandler], None]:
        return self.raw(
            b"" if value is None else json.dumps(value).encode(),
            status,
            "application/json",
            **headers,
        )

    def raw(
        self, body: bytes, status: int = 200, kind: str = "text/html", **headers: str
    ) -> Callable[[BaseHTTPRequestHandler], None]:
        def behave(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            if status != 204:
                handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        return behave

    def cut(self, body: bytes, promised: int) -> Callable[[BaseHTTPRequestHandler], None]:
        """Promise more bytes than come, and close."""

        def behave(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(promised))
            handler.end_headers()
            handler.wfile.write(body)
            handler.close_connection = True

        return behave

    def hang_up(self, handler: BaseHTTPRequestHandler) -> None:
        """Close without an answer."""
        handler.close_connection = True

    def stay_silent(self, handler: BaseHTTPRequestHandler) -> None:
        """Give no answer until the test is over."""
        self.release.wait(30)
        handler.close_connection = True


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    state = Loopback()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def behave(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            path = self.path.split("?", 1)[0].removeprefix("/stores/abc123")
            state.seen.append(f"{self.command} {self.path.removeprefix('/stores/abc123')}")
            state.headers.append(dict(self.headers))
            steps = state.behaviours[path]
            (steps.pop(0) if len(steps) > 1 else steps[0])(self)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.behave)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # clients that leave early are part of the tests

    with Server(("127.0.0.1", 0), Handler) as server:
        state.api_url = f"http://127.0.0.1:{server.server_port}/stores/abc123/v3/"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield state
        state.release.set()
        server.shutdown()
        thread.join()
