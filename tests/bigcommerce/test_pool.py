"""The client's connections: as many as there are requests at once, and no more than are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import respx

from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.pool import KEPT, Pool

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

REQUEST = httpx.Request("GET", "https://api.bigcommerce.com/stores/abc123/v2/time")


class Body(httpx.SyncByteStream):  # type: ignore[misc, name-defined]
    def __iter__(self) -> Iterator[bytes]:
        yield b"1"


class Connection(httpx.BaseTransport):  # type: ignore[misc, name-defined]
    """A transport that knows how often it was used, and whether it is closed."""

    def __init__(self) -> None:
        self.used = 0
        self.is_closed = False
        self.error: BaseException | None = None
        self.answer: Any = None

    def handle_request(self, _: object) -> Any:
        assert not self.is_closed
        self.used += 1
        if self.error is not None:
            raise self.error
        return self.answer or httpx.Response(200, stream=Body())

    def close(self) -> None:
        self.is_closed = True


class Connections:
    def __init__(self) -> None:
        self.opened: list[Connection] = []
        self.now = 0.0
        self.pool = Pool(self.open, lambda: self.now)

    def open(self) -> Connection:
        self.opened.append(Connection())
        return self.opened[-1]

    def ask(self, number: int) -> None:
        """So many requests at once, whose answers end in sequence."""
        for answer in [self.pool.handle_request(REQUEST) for _ in range(number)]:
            assert b"".join(answer.stream) == b"1"
            answer.stream.close()


def test_requests_one_after_another_use_one_connection() -> None:
    connections = Connections()
    for _ in range(3):
        connections.ask(1)
    assert [each.used for each in connections.opened] == [3]


def test_the_connection_that_was_used_last_is_used_next() -> None:
    connections = Connections()
    connections.ask(3)
    connections.ask(1)
    connections.ask(1)
    assert [each.used for each in connections.opened] == [1, 1, 3]


def test_what_is_not_needed_for_long_is_closed() -> None:
    connections = Connections()
    connections.ask(3)
    connections.now = KEPT
    connections.ask(1)
    assert [each.is_closed for each in connections.opened] == [False, False, False]
    connections.now = KEPT + 1
    connections.ask(1)
    assert [each.is_closed for each in connections.opened] == [True, True, False]


@pytest.mark.parametrize("error", [httpx.ReadError("broken"), KeyboardInterrupt()])
def test_a_connection_without_an_answer_is_used_again(error: BaseException) -> None:
    connections = Connections()
    connections.ask(1)
    connections.opened[0].error = error
    with pytest.raises(type(error)):
        connections.ask(1)
    connections.opened[0].error = None
    connections.ask(1)
    assert [each.used for each in connections.opened] == [3]


def test_all_are_closed_those_in_use_too() -> None:
    connections = Connections()
    answers = [connections.pool.handle_request(REQUEST) for _ in range(2)]
    answers[0].stream.close()
    connections.pool.close()
    assert all(each.is_closed for each in connections.opened)


@pytest.mark.skipif(httpx.__name__ != "httpx", reason="respx mocks httpx alone")
def test_a_client_without_a_transport_can_be_mocked() -> None:
    with (
        respx.mock() as router,
        BigCommerce("https://api.bigcommerce.com/stores/abc123/v3/", "example-token") as store,
    ):
        route = router.get(str(REQUEST.url)).respond(json={"time": 1529512970})
        assert [store.time().year, store.time().year] == [2018, 2018]
        assert route.call_count == 2


def test_an_answer_that_a_mock_made_whole_frees_its_connection() -> None:
    connections = Connections()
    connections.ask(1)
    connections.opened[0].answer = httpx.Response(200, content=b"1")
    assert connections.pool.handle_request(REQUEST).content == b"1"
    connections.opened[0].answer = None
    connections.ask(1)
    assert [each.used for each in connections.opened] == [3]
