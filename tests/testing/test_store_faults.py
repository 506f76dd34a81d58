from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from avbc.testing import FakeStore, OrderFactory, order_of_shape
from avbc.testing.fakestore.faults import KINDS, SPOIL_KINDS, fault_kind

HEADERS = {"X-Auth-Token": "example-token"}
PUT = "PUT /v2/orders/*"
WITHOUT_EFFECT = [
    "401",
    "429",
    "429_bare",
    "500",
    "html_502",
    "503",
    "504",
    "refused",
    "reset_before",
    "timeout",
]
WITH_EFFECT = [
    "504_after",
    "reset_after",
    "timeout_after",
    "slow_body",
    "truncated",
    "cut_json",
    "wrong_json",
    "html_200",
    "204",
    "207",
    "clock",
]
STATUS = {
    "401": 401,
    "429": 429,
    "429_bare": 429,
    "500": 500,
    "html_502": 502,
    "503": 503,
    "504": 504,
    "504_after": 504,
    "slow_body": 200,
    "cut_json": 200,
    "wrong_json": 200,
    "html_200": 200,
    "204": 204,
    "207": 200,
    "clock": 200,
}
RAISES: dict[str, type[httpx.TransportError]] = {
    "reset_before": httpx.ReadError,
    "reset_after": httpx.ReadError,
    "timeout": httpx.ReadTimeout,
    "timeout_after": httpx.ReadTimeout,
    "truncated": httpx.RemoteProtocolError,
}


@pytest.fixture(params=["transport", "loopback"])
def way(request, clock) -> Iterator[tuple[FakeStore, httpx.Client]]:
    store = FakeStore(clock=clock)
    store.add_order(order_of_shape("plain"))
    if request.param == "transport":
        base = store.api_url.removesuffix("v3/")
        with httpx.Client(
            transport=store.transport(), base_url=base, headers=HEADERS, timeout=0.5
        ) as client:
            yield store, client
    else:
        with store.serve() as server:
            base = server.api_url.removesuffix("v3/")
            with httpx.Client(
                base_url=base, headers=HEADERS, timeout=0.5, trust_env=False
            ) as client:
                yield store, client


def put(client: httpx.Client) -> httpx.Response:
    return client.put("v2/orders/1001", json={"status_id": 9})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "refused"])
def test_each_fault_strikes_once_and_the_write_counts_or_not(way, kind) -> None:
    store, client = way
    fault = store.fail(PUT, kind)
    if kind in RAISES:
        with pytest.raises(RAISES[kind]):
            put(client)
    else:
        assert put(client).status_code == STATUS[kind]
    assert (store.order(1001).header["status_id"] == 9) == (kind in WITH_EFFECT)
    assert fault.hits == 1
    assert store.log[-1].fault == kind
    assert store.log[-1].status == {**STATUS, "truncated": 200}.get(kind, 0)
    again = put(client)
    assert (again.status_code, again.json()["status_id"]) == (200, 9)
    assert fault.hits == 1


def test_every_kind_is_in_one_of_the_lists() -> None:
    assert sorted([*WITHOUT_EFFECT, *WITH_EFFECT]) == sorted(KINDS)
    with pytest.raises(ValueError, match="there are 401, "):
        fault_kind("earthquake")


def test_a_refused_connection_by_transport(store, client) -> None:
    store.add_order(order_of_shape("plain"))
    store.fail(PUT, "refused")
    with pytest.raises(httpx.ConnectError):
        put(client)
    assert store.order(1001).header["status_id"] == 11
    assert put(client).status_code == 200


def test_over_loopback_the_port_is_closed_for_a_while(clock) -> None:
    store = FakeStore(clock=clock)
    store.add_order(order_of_shape("plain"))
    with (
        store.serve() as server,
        httpx.Client(
            base_url=server.api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False
        ) as client,
    ):
        store.fail(PUT, "refused", seconds=0.3)
        with pytest.raises(httpx.ReadError):
            put(client)
        with pytest.raises(httpx.ConnectError):
            put(client)
        for _ in range(10_000):
            try:
                assert put(client).status_code == 200
                break
            except httpx.ConnectError:
                continue
        assert store.counts() == {"PUT /v2/orders/{id}": 2}


def test_bodies_of_broken_answers(way) -> None:
    store, client = way
    expected = client.get("v2/orders/1001").content
    store.fail("GET /v2/orders/1001", "cut_json")
    assert client.get("v2/orders/1001").content == expected[: len(expected) // 2]
    store.fail("GET /v2/orders/1001", "wrong_json")
    assert client.get("v2/orders/1001").json() == {"error": "unexpected"}
    for kind in ["html_502", "html_200"]:
        store.fail("GET /v2/orders/1001", kind)
        answer = client.get("v2/orders/1001")
        assert answer.headers["content-type"] == "text/html"
        assert answer.text.startswith("<html>")
    store.fail("GET /v2/orders/1001", "slow_body", seconds=0.02)
    assert client.get("v2/orders/1001").content == expected
    store.fail("GET /v2/orders/1001", "slow_body", seconds=2)
    with pytest.raises(httpx.ReadTimeout):
        client.get("v2/orders/1001")


def test_429s_tell_the_wait_or_nothing(way) -> None:
    store, client = way
    store.fail("*", "429", reset_ms=1200)
    told = client.get("v2/time")
    assert (told.headers["x-rate-limit-time-reset-ms"], told.headers["x-retry-after"]) == (
        "1200",
        "2",
    )
    assert told.headers["x-rate-limit-requests-left"] == "0"
    assert told.json()["status"] == 429
    store.fail("*", "429_bare")
    bare = client.get("v2/time")
    assert bare.status_code == 429
    assert not [name for name in bare.headers if name.startswith(("x-rate", "x-retry", "retry"))]


def test_errors_come_in_the_shape_of_the_version(way) -> None:
    store, client = way
    store.fail("*", "500", times=2)
    assert client.get("v2/time").json()[0]["status"] == 500
    assert client.get("v3/customers").json()["title"] == "Internal server error"


def test_a_clock_that_is_off_by_an_hour(way) -> None:
    store, client = way
    right = client.get("v2/time")
    store.fail("*", "clock")
    wrong = client.get("v2/time")
    assert wrong.json()["time"] - right.json()["time"] == 3600
    assert (right.headers["date"], wrong.headers["date"]) == (
        "Mon, 02 Mar 2026 15:00:00 GMT",
        "Mon, 02 Mar 2026 16:00:00 GMT",
    )
    assert client.get("v2/time").json() == right.json()


def test_at_and_times_choose_the_requests(way) -> None:
    store, client = way
    fault = store.fail(PUT, "503", at=2, times=2)
    statuses = []
    for _ in range(4):
        client.get("v2/orders/1001")
        statuses.append(put(client).status_code)
    assert statuses == [200, 503, 503, 200]
    assert (fault.seen, fault.hits) == (4, 2)
    store.fail("*", "500", times=100)
    store.mend()
    assert put(client).status_code == 200


def test_a_truncated_body_fails_an_async_client_too(store) -> None:
    import asyncio

    async def read() -> None:
        base = store.api_url.removesuffix("v3/")
        async with httpx.AsyncClient(
            transport=store.transport(), base_url=base, headers=HEADERS
        ) as client:
            await client.get("v2/store")

    store.fail("*", "truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        asyncio.run(read())


SPOILED = {
    "truncated": httpx.RemoteProtocolError,
    "timeout": httpx.ReadTimeout,
    "cut_json": 200,
    "too_large": 200,
    "html_502": 502,
    "500": 500,
    "503": 503,
    "504": 504,
}


@pytest.mark.parametrize("kind", SPOIL_KINDS)
def test_an_order_spoils_every_answer_that_contains_it_until_it_is_healed(way, kind) -> None:
    store, client = way
    store.add_order(order_of_shape("plain", OrderFactory(first_id=1002)))
    store.spoil_order(1001, kind, size=300_000)
    whole = client.get("v2/orders", params={"min_id": 1002}).json()
    assert [row["id"] for row in whole] == [1002]
    assert client.get("v2/orders/1002").json()["id"] == 1002
    assert client.get("v2/orders/1001/products").json()

    def ask(path: str) -> httpx.Response:
        return client.put(path, json={"status_id": 9}) if "?" not in path else client.get(path)

    for path in ("v2/orders?limit=2", "v2/orders?min_id=1001&max_id=1001", "v2/orders/1001"):
        if isinstance(expected := SPOILED[kind], int):
            answer = ask(path)
            assert answer.status_code == expected
            if kind == "cut_json":
                with pytest.raises(json.JSONDecodeError):
                    answer.json()
            assert (len(answer.content) == 300_000) == (kind == "too_large")
        else:
            with pytest.raises(expected):
                ask(path)
        assert store.log[-1].fault == kind
    assert store.order(1001).header["status_id"] == 9, "the write took effect"
    store.heal_order(1001)
    assert len(client.get("v2/orders").json()) == 2


def test_an_order_may_spoil_only_the_answers_that_include_its_parts(client, store) -> None:
    store.add_order(order_of_shape("plain"))
    store.spoil_order(1001, "html_502", only_included=True)
    assert client.get("v2/orders").status_code == 200
    assert client.get("v2/orders/1001").status_code == 200
    for include in ("fees", "consignments", "consignments.line_items"):
        assert client.get("v2/orders", params={"include": include}).status_code == 502
    store.clear_faults()
    assert client.get("v2/orders", params={"include": "fees"}).status_code == 200
    with pytest.raises(KeyError, match="7"):
        store.spoil_order(7)
    with pytest.raises(ValueError, match="there are truncated, "):
        store.spoil_order(1001, "earthquake")
