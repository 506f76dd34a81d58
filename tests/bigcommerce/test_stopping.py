"""A request to stop ends the waits of the client; what takes a moment is still done."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from importlib import import_module
from typing import Any

import pytest

from avbc.bigcommerce import BigCommerce, Call, StopAsked
from avbc.stopping import StopRequest, ended_by, is_stop_due, pause

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

READ = Call("GET", "/v2/time", lambda body: body)
CAPTURE = Call(
    "POST", "/v3/orders/7/payment_actions/capture", lambda body: body, body={}, repeatable=False
)
USED_UP = {"X-Rate-Limit-Requests-Left": "0", "X-Rate-Limit-Time-Reset-Ms": "20000"}
Send = Callable[..., object]


@pytest.fixture(params=["sync", "async"])
def send(
    request: pytest.FixtureRequest, script: Any, open_store: Any, open_async_store: Any
) -> Any:
    """Send calls through either client, one after the other, on a script."""

    def send_(steps: Any, *calls: Call[object], **options: Any) -> object:
        if request.param == "sync":
            store: BigCommerce = open_store(steps.transport, **options)
            return [store.send(call) for call in calls]

        async def main() -> object:
            async with open_async_store(steps.transport, **options) as async_store:
                return [await async_store.send(call) for call in calls]

        return asyncio.run(main())

    return send_


@pytest.fixture
def stop(clock: Any) -> Iterator[StopRequest]:
    stop = StopRequest(clock=clock)
    with ended_by(stop):
        yield stop


def test_what_need_not_wait_is_sent_within_the_grace_and_nothing_after_it(
    script: Any, send: Send, clock: Any, stop: StopRequest
) -> None:
    steps = script(httpx.Response(200, json=1))
    stop.ask()
    clock.now += 1.9
    assert send(steps, READ) == [1]
    clock.now += 0.2
    with pytest.raises(StopAsked, match=r"GET /v2/time was not sent: a stop was asked for\."):
        send(steps, READ)
    assert len(steps.requests) == 1


def test_no_wait_for_the_quota_begins_after_it(
    script: Any, send: Send, clock: Any, stop: StopRequest
) -> None:
    def last(_: object) -> httpx.Response:
        stop.ask()
        return httpx.Response(200, json=1, headers=USED_UP)

    with pytest.raises(StopAsked):
        send(script(last), READ, READ)
    assert clock.waits == []


def test_a_given_sleep_is_called_once_for_the_whole_wait(
    script: Any, send: Send, clock: Any, stop: StopRequest
) -> None:
    steps = script(httpx.Response(503), httpx.Response(200, json=1))
    assert send(steps, READ) == [1]
    assert clock.waits == [1.0]


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_nothing_is_sent_again_after_it(
    *,
    script: Any,
    send: Send,
    clock: Any,
    stop: StopRequest,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    def refused(_: object) -> httpx.Response:
        if when == "before":
            stop.ask()
        return httpx.Response(503)

    if when == "meanwhile":
        sleep = type(clock).sleep

        def asked(self: Any, seconds: float) -> None:
            sleep(self, seconds)
            stop.ask()

        monkeypatch.setattr(type(clock), "sleep", asked)
    steps = script(refused)
    with pytest.raises(StopAsked, match=r"GET /v2/time was not sent again: a stop was asked for\."):
        send(steps, READ)
    assert len(steps.requests) == 1
    assert clock.waits == ([] if when == "before" else [1.0])


def test_a_write_that_must_not_be_repeated_is_waited_for(loopback: Any, open_store: Any) -> None:
    """A read next to it is left at once."""
    stop = StopRequest(grace=0.0)
    arrived, answer = threading.Barrier(3, timeout=30), threading.Event()

    def slowly(handler: Any) -> None:
        arrived.wait()
        answer.wait(30)
        loopback.answer({"data": {}})(handler)

    loopback.on(CAPTURE.path, slowly)
    loopback.on(READ.path, slowly)
    store = open_store(api_url=loopback.api_url)
    ends: dict[str, object] = {}

    def run(call: Call[object]) -> None:
        with ended_by(stop):
            try:
                ends[call.method] = store.send(call)
            except StopAsked as error:
                ends[call.method] = str(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in (READ, CAPTURE)]
    for thread in threads:
        thread.start()
    arrived.wait()
    stop.ask()
    threads[0].join(10)
    threads[1].join(0.6)  # longer than a read goes without looking for a stop
    assert ends == {"GET": "GET /v2/time was not waited for: a stop was asked for."}
    answer.set()
    threads[1].join(10)
    assert ends["POST"] == {"data": {}}


def test_a_connection_that_is_not_made_is_left(open_store: Any) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(closing(socket.socket()))
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):  # nobody accepts: the others wait
            waiting = stack.enter_context(closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        stop = StopRequest(grace=0.0)
        store = open_store(api_url=f"http://127.0.0.1:{server.getsockname()[1]}/stores/abc123/v3/")
        asking = threading.Timer(0.1, stop.ask)
        asking.start()
        with ended_by(stop), pytest.raises(StopAsked):
            store.send(READ)
        asking.join()


def test_each_of_several_requests_ends_a_pause() -> None:
    outer = StopRequest()
    inner = StopRequest(grace=0.0, outer=outer)
    with ended_by(inner):
        assert not is_stop_due()
        asking = threading.Thread(target=outer.ask)
        asking.start()
        pause(60, StopRequest(), inner, None)
        asking.join()
        assert is_stop_due()
        assert 1 < (inner.left() or 0) <= 2
        inner.ask()
        assert inner.left() == 0.0
        assert outer.left() != 0.0
