from __future__ import annotations

import asyncio
import inspect
import os
import pickle
import traceback
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, TypeVar

import pytest

from avbc.bigcommerce import (
    AsyncBigCommerce,
    Call,
    Cap,
    ClientClosed,
    ListCall,
    NotFound,
    Quota,
    Retries,
    StoreBusy,
    StoreUnreachable,
    TokenRefused,
    UnexpectedData,
)
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import Page, UnreadableRow, rows_of

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

T = TypeVar("T")
Open = Callable[..., AsyncBigCommerce]

TIME = {"time": 1529512970}
READ: Call[Json] = Call("GET", "/v2/time", lambda body: body)
ONCE: Call[Json] = Call(
    "POST", "/v2/orders/7/shipments", lambda body: body, body={}, repeatable=False
)
NUMBERS: ListCall[int] = ListCall(
    "GET", "/v2/things", lambda body: [row["id"] for row in rows_of(body)], limit=2
)


def run(work: Callable[[AsyncBigCommerce], Coroutine[Any, Any, T]], store: AsyncBigCommerce) -> T:
    async def main() -> T:
        async with store:
            return await work(store)

    return asyncio.run(main())


def numbered(number: int, **options: Any) -> Call[int]:
    return Call("GET", f"/v2/numbers/{number}", lambda body: int(body["number"]), **options)


def echo(request: httpx.Request) -> httpx.Response:
    number = request.url.path.rsplit("/", 1)[1]
    return httpx.Response(404 if number == "13" else 200, json={"number": number})


def page(*ids: int) -> httpx.Response:
    return httpx.Response(200, json=[{"id": number} for number in ids])


def test_it_sends_and_answers(script: Any, open_async_store: Open) -> None:
    answers = script(httpx.Response(200, json=TIME, headers={"X-Request-Id": "id-1"}))

    async def work(store: AsyncBigCommerce) -> None:
        assert await store.send(READ) == TIME
        assert (await store.time()).year == 2018
        answer = await store.answer(READ)
        assert (answer.value, answer.request_id) == (TIME, "id-1")
        assert store.requests_sent == 3

    run(work, open_async_store(answers.transport))
    assert answers.requests[0].headers["X-Auth-Token"] == "example-token-that-must-stay-secret"


def test_it_walks_pages_and_rows(script: Any, open_async_store: Open) -> None:
    async def work(store: AsyncBigCommerce) -> None:
        assert await store.send(NUMBERS) == [1, 2, 3]
        assert [part.items async for part in store.pages(NUMBERS)] == [[1, 2], [3]]

    run(work, open_async_store(script(page(1, 2), page(3), page(1, 2), page(3)).transport))


def test_a_bad_row_comes_after_the_good_ones_before_it(script: Any, open_async_store: Open) -> None:
    error = UnexpectedData("things[1].id", "None", "expected a whole number")
    call = ListCall(
        "GET",
        "/v2/things",
        lambda _: [0],
        limit=9,
        read_page=lambda _: Page([1, 3], (UnreadableRow(1, None, {}, error),)),
    )

    async def work(store: AsyncBigCommerce) -> None:
        items = store.items(call)
        assert await anext(items) == 1
        with pytest.raises(UnexpectedData):
            await anext(items)

    run(work, open_async_store(script(page(1, 2, 3)).transport))


def test_it_repeats_and_waits(script: Any, open_async_store: Open, clock: Any) -> None:
    answers = script(
        httpx.ReadError("reset"),
        httpx.Response(429, headers={"X-Retry-After": "9"}),
        httpx.Response(200, json=TIME),
    )
    assert run(lambda store: store.send(READ), open_async_store(answers.transport)) == TIME
    assert clock.waits == [1, 9]


def test_it_does_not_repeat_what_may_have_happened(script: Any, open_async_store: Open) -> None:
    answers = script(httpx.ReadTimeout("slow"))
    with pytest.raises(StoreUnreachable) as caught:
        run(lambda store: store.send(ONCE), open_async_store(answers.transport))
    assert len(answers.requests) == 1
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.orders.get(7),
        lambda store: store.answer(READ),
        lambda store: store.send(NUMBERS),
        lambda store: store.map([READ] * 3),
    ],
)
def test_a_traceback_shows_who_asked_and_nothing_inside(
    script: Any, open_async_store: Open, ask: Callable[[AsyncBigCommerce], Coroutine[Any, Any, Any]]
) -> None:
    async def asker(store: AsyncBigCommerce) -> object:
        return await ask(store)

    with pytest.raises(NotFound) as caught:
        run(asker, open_async_store(script(httpx.Response(404)).transport))
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-1] == "asker"
    assert caught.value.__context__ is None


def test_it_obeys_the_quota(script: Any, open_async_store: Open, clock: Any) -> None:
    headers = {"X-Rate-Limit-Time-Reset-Ms": "5000", "X-Rate-Limit-Requests-Left": "0"}

    async def work(store: AsyncBigCommerce) -> None:
        await store.send(READ)
        await store.send(READ)

    run(work, open_async_store(script(httpx.Response(200, json=TIME, headers=headers)).transport))
    assert clock.waits == [pytest.approx(5.02)]


def test_it_raises_when_the_quota_is_used_up_for_too_long(
    script: Any, open_async_store: Open
) -> None:
    headers = {"X-Rate-Limit-Time-Reset-Ms": "3600000", "X-Rate-Limit-Requests-Left": "0"}

    async def work(store: AsyncBigCommerce) -> None:
        await store.send(READ)
        with pytest.raises(StoreBusy):
            await store.send(READ)

    run(work, open_async_store(script(httpx.Response(200, json=TIME, headers=headers)).transport))


def test_map_keeps_the_order(script: Any, open_async_store: Open) -> None:
    async def work(store: AsyncBigCommerce) -> None:
        assert await store.map([numbered(number) for number in range(13)], limit=4) == list(
            range(13)
        )
        assert await store.map([]) == []
        with pytest.raises(ValueError, match="limit"):
            await store.map([numbered(1)], limit=0)

    run(work, open_async_store(script(echo).transport))


def test_map_runs_as_many_at_once_as_it_may(open_async_store: Open) -> None:
    running, most = 0, 0

    async def serve(request: httpx.Request) -> httpx.Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(10):
            await asyncio.sleep(0)
        running -= 1
        return echo(request)

    async def work(store: AsyncBigCommerce) -> None:
        await store.send(numbered(0))
        await store.map([numbered(number) for number in range(13)], limit=4)
        assert most == 4
        await store.map([numbered(number, cap=Cap("numbers", 2)) for number in range(13)], limit=8)

    run(work, open_async_store(httpx.MockTransport(serve)))
    most = 0
    run(
        lambda store: store.map(
            [numbered(number, cap=Cap("numbers", 2)) for number in range(13)], limit=8
        ),
        open_async_store(httpx.MockTransport(serve)),
    )
    assert most == 2


def test_map_runs_tasks_and_nothing_else(open_async_store: Open) -> None:
    with pytest.raises(TypeError, match="at_once is an option of BigCommerce"):
        open_async_store(at_once=lambda work, limit: [each() for each in work])


def test_map_raises_the_first_error_and_stops(script: Any, open_async_store: Open) -> None:
    answers = script(echo)
    with pytest.raises(NotFound):
        run(
            lambda store: store.map([numbered(number) for number in range(13, 500)], limit=2),
            open_async_store(answers.transport),
        )
    assert len(answers.requests) < 10


def test_map_returns_errors_in_their_places(script: Any, open_async_store: Open) -> None:
    async def work(store: AsyncBigCommerce) -> list[object]:
        return list(
            await store.map([numbered(number) for number in (12, 13, 14)], return_errors=True)
        )

    values = run(work, open_async_store(script(echo).transport))
    assert values[0] == 12
    assert isinstance(values[1], NotFound)
    assert values[2] == 14


def test_a_cancelled_request_gives_its_turn_back(open_async_store: Open) -> None:
    quota = Quota()

    async def serve(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        return echo(request)

    async def work(store: AsyncBigCommerce) -> None:
        for _ in range(10):
            task = asyncio.ensure_future(store.send(READ))
            for _ in range(10):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(work, open_async_store(httpx.MockTransport(serve), quota=quota))
    assert quota.ask(0.0) == 0.0


def test_a_cancelled_map_cancels_its_requests(open_async_store: Open) -> None:
    begun: list[int] = []
    ended: list[int] = []

    async def serve(request: httpx.Request) -> httpx.Response:
        begun.append(1)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(1)
        return echo(request)

    async def work(store: AsyncBigCommerce) -> None:
        task = asyncio.ensure_future(store.map([numbered(number) for number in range(9)], limit=3))
        while len(begun) < 3:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(ended) == 3

    run(work, open_async_store(httpx.MockTransport(serve)))


def test_a_closed_client_sends_nothing(script: Any, open_async_store: Open) -> None:
    answers = script(echo)

    async def main() -> None:
        store = open_async_store(answers.transport)
        await store.close()
        with pytest.raises(ClientClosed):
            await store.time()

    asyncio.run(main())
    assert answers.requests == []


def test_other_constructors_and_forms(script: Any) -> None:
    async def main() -> None:
        transport = script(httpx.Response(401, json={})).transport
        async with AsyncBigCommerce.from_store_hash(
            "abc123", "example-token", transport=transport, retries=Retries(attempts=1)
        ) as store:
            assert repr(store) == "AsyncBigCommerce(store_hash='abc123')"
            assert inspect.signature(store.orders.list).return_annotation == "AsyncIterator[Order]"
            with pytest.raises(TokenRefused):
                await store.orders.get(7)
            with pytest.raises(TypeError, match="never pickled"):
                pickle.dumps(store)

    asyncio.run(main())
