"""Answers that a store gave once, given again: without HTTP, or by a server that does no work.

So what is measured is the client's work, and not the fake store's.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

import attrs
import httpx
from page_server import Server

API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"

Kept: TypeAlias = Sequence[tuple[httpx.Request, httpx.Response]]
"""Requests and their answers, in sequence."""


@attrs.define
class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps each answer."""

    inner: httpx.BaseTransport
    kept: list[tuple[httpx.Request, httpx.Response]] = attrs.field(factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        request.read()
        response.read()
        self.kept.append((request, response))
        return response

    def take(self) -> Kept:
        """Return what was kept, and begin anew."""
        kept, self.kept = self.kept, []
        return kept


class Replay(httpx.BaseTransport):
    """Answers from what was kept: everything but sockets.

    What was asked for several times has its answers in sequence.
    """

    def __init__(self, kept: Kept) -> None:
        self._answers: dict[tuple[str, bytes, bytes], deque[httpx.Response]] = {}
        for request, response in kept:
            self._answers.setdefault(_key(request), deque()).append(response)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answers = self._answers[_key(request)]
        response = answers.popleft() if len(answers) > 1 else answers[0]
        return httpx.Response(
            response.status_code, headers=response.headers.raw, content=response.content
        )


def _key(request: httpx.Request) -> tuple[str, bytes, bytes]:
    return request.method, request.url.raw_path, request.read()


class ReplayServer(Server):
    """Serves what was kept over HTTP, from a process of its own; a context manager."""

    def __init__(self, kept: Kept) -> None:
        answers = {
            b"%s %s" % (request.method.encode(), request.url.raw_path): _answer(response)
            for request, response in kept
        }
        server = str(Path(__file__).with_name("replay_server.py"))
        super().__init__([server], pickle.dumps(answers))

    @property
    def api_url(self) -> str:
        """The URL of the store."""
        return f"{self.url}/stores/abc123/v3/"


def _answer(response: httpx.Response) -> bytes:
    body, status = response.content, response.status_code
    left_out = (b"content-length", b"content-encoding", b"transfer-encoding", b"connection")
    head = [b"HTTP/1.1 %d %s" % (status, HTTPStatus(status).phrase.encode())]
    head += [
        b"%s: %s" % (name, value)
        for name, value in response.headers.raw
        if name.lower() not in left_out
    ]
    if status != HTTPStatus.NO_CONTENT:
        head.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*head, b"", body])
