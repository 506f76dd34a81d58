from __future__ import annotations

import asyncio
import importlib.metadata
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import respx

import avbc
from avbc.testing import FakeStore, orders_of_every_shape

HEADERS = {"X-Auth-Token": "example-token"}
EMBEDDED = "include=consignments.line_items,fees&consignment_structure=object"
CONVERSATION = [
    ("GET", f"v2/orders?status_id=11&limit=20&{EMBEDDED}", None),
    ("GET", "v2/orders/1004", None),
    ("PUT", "v2/orders/1004", {"status_id": 9, "staff_notes": "Ünïcode 🎁"}),
    ("GET", "v2/orders?status_id=2", None),
    ("GET", "v2/orders/count", None),
    ("GET", "v3/orders/1022/transactions", None),
    ("GET", "v3/customers?id:in=7,8&include=addresses", None),
    ("GET", "v2/orders?limit=300", None),
    ("PUT", "v2/orders/7", {"status_id": 9}),
    ("GET", "v3/nothing", None),
]


@pytest.fixture
def store(clock) -> FakeStore:
    store = FakeStore(clock=clock, quota=9)
    for order in orders_of_every_shape():
        store.add_order(order)
    return store


def sent_by(client: httpx.Client) -> list[tuple[int, bytes, dict[str, str]]]:
    return [
        seen(client.request(method, target, json=body)) for method, target, body in CONVERSATION
    ]


def seen(response: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    shown = {
        key: value
        for key, value in response.headers.items()
        if key.startswith("x-") or key in {"date", "content-type"}
    }
    return response.status_code, response.content, shown


@pytest.fixture
def expected(clock) -> list[tuple[int, bytes, dict[str, str]]]:
    """What the core answers when nothing is between."""
    store = FakeStore(clock=clock, quota=9)
    for order in orders_of_every_shape():
        store.add_order(order)
    base = store.api_url.removesuffix("v3/")
    return [
        seen(store.handle(httpx.Request(method, f"{base}{target}", json=body, headers=HEADERS)))
        for method, target, body in CONVERSATION
    ]


def test_the_conversation_has_every_kind_of_answer(expected) -> None:
    assert [status for status, _, _ in expected] == [
        200,
        200,
        200,
        204,
        200,
        200,
        200,
        413,
        404,
        429,
    ]


def test_a_sync_client_by_transport(store, expected) -> None:
    with httpx.Client(
        transport=store.transport(), base_url=store.api_url.removesuffix("v3/"), headers=HEADERS
    ) as client:
        assert sent_by(client) == expected


def test_an_async_client_by_transport(store, expected) -> None:
    async def talk() -> list[tuple[int, bytes, dict[str, str]]]:
        base = store.api_url.removesuffix("v3/")
        async with httpx.AsyncClient(
            transport=store.transport(), base_url=base, headers=HEADERS
        ) as client:
            return [
                seen(await client.request(method, target, json=body))
                for method, target, body in CONVERSATION
            ]

    assert asyncio.run(talk()) == expected


def test_any_client_by_respx(store, expected) -> None:
    with respx.mock as router:
        route = store.mount(router)
        with httpx.Client(base_url=store.api_url.removesuffix("v3/"), headers=HEADERS) as client:
            assert sent_by(client) == expected
        assert route.call_count == len(CONVERSATION)


def test_any_client_over_loopback(store, expected) -> None:
    with (
        store.serve() as server,
        httpx.Client(
            base_url=server.api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False
        ) as client,
    ):
        assert sent_by(client) == expected


def test_many_requests_at_once_lose_nothing(store) -> None:
    store.quota.limit = 1000
    orders = sorted(store.state.orders)

    async def acknowledge(api_url: str) -> list[int]:
        async with httpx.AsyncClient(
            base_url=api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False
        ) as client:
            answers = await asyncio.gather(
                *(client.put(f"v2/orders/{order_id}", json={"status_id": 9}) for order_id in orders)
            )
        return [answer.status_code for answer in answers]

    with store.serve() as server:
        assert set(asyncio.run(acknowledge(server.api_url))) == {200}
    assert store.state.count(9) == len(orders) == store.counts()["PUT /v2/orders/{id}"]


def test_latency_is_waited_for_everywhere(store) -> None:
    store.latency, store.quota.limit = 0.05, 1000
    base = store.api_url.removesuffix("v3/")

    async def at_once() -> None:
        async with httpx.AsyncClient(
            transport=store.transport(), base_url=base, headers=HEADERS
        ) as client:
            await asyncio.gather(*(client.get("v2/time") for _ in range(60)))

    begun = time.perf_counter()
    asyncio.run(at_once())
    assert 0.05 <= time.perf_counter() - begun < 2.5  # one after the other it would be 3 seconds
    with httpx.Client(transport=store.transport(), base_url=base, headers=HEADERS) as client:
        begun = time.perf_counter()
        client.get("v2/time")
        assert time.perf_counter() - begun >= 0.05
        with pytest.raises(httpx.ReadTimeout):
            client.get("v2/time", timeout=0.01)
    with (
        store.serve() as server,
        httpx.Client(
            base_url=server.api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False
        ) as client,
    ):
        begun = time.perf_counter()
        client.get("v2/time")
        assert time.perf_counter() - begun >= 0.05


def test_a_taken_port_is_said(store) -> None:
    with (
        store.serve() as server,
        pytest.raises(OSError, match=str(server.port)),
        FakeStore().serve(port=server.port),
    ):
        pass


def test_loopback_speaks_plain_http(store) -> None:
    with (
        store.serve() as server,
        httpx.Client(base_url=server.url, headers=HEADERS, trust_env=False) as client,
    ):
        assert (
            client.get("/stores/abc123/v2/time", headers={"Connection": "close"}).status_code == 200
        )
        # The head alone: a server that refuses a body closes without reading it, and what was not
        # read may reset the connection.
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(
                b"POST /stores/abc123/v2/orders HTTP/1.1\r\nX-Auth-Token: "
                b"example-token\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            assert connection.recv(4096).startswith(b"HTTP/1.1 411 ")
        long = "x" * 70_000
        assert (
            client.put("/stores/abc123/v2/orders/1001", json={"staff_notes": long}).json()[
                "staff_notes"
            ]
            == long
        )
        server.close()
        server.close()
        with pytest.raises(httpx.ConnectError):
            client.get("/stores/abc123/v2/time")


def test_requests_arrive_in_pieces_and_two_at_once(store) -> None:
    store.quota.limit = 1000
    one = b"GET /stores/abc123/v2/time HTTP/1.1\r\nX-Auth-Token: example-token\r\n\r\n"
    with (
        store.serve() as server,
        socket.create_connection((server.host, server.port)) as connection,
        httpx.Client(base_url=server.url, headers=HEADERS, trust_env=False) as other,
    ):
        for piece in [one[:20], one[20:-2], one[-2:] + one]:
            connection.sendall(piece)
            other.get("/stores/abc123/v2/time")  # by its answer the server has read the piece
        received = b""
        while received.count(b'{"time":') < 2:
            received += connection.recv(4096)
        assert received.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    "line", [b"HELLO", b"GET / SPDY/3", b"GET / HTTP/1.1\r\nContent-Length: many"]
)
def test_what_is_no_request_is_a_400(store, line) -> None:
    with (
        store.serve() as server,
        socket.create_connection((server.host, server.port)) as connection,
    ):
        connection.sendall(line + b"\r\n\r\n")
        received = b"".join(iter(lambda: connection.recv(4096), b""))
        assert received.startswith(b"HTTP/1.1 400 Bad Request")


def test_the_servers_end_drops_a_request_that_waits(store) -> None:
    store.fail("*", "timeout")
    with (
        store.serve() as server,
        socket.create_connection((server.host, server.port)) as connection,
        httpx.Client(
            base_url=server.api_url.removesuffix("v3/"), headers=HEADERS, trust_env=False
        ) as client,
    ):
        connection.sendall(
            b"GET /stores/abc123/v2/orders HTTP/1.1\r\nX-Auth-Token: example-token\r\n\r\n"
        )
        while not store.log:
            client.get("v2/store", timeout=5)
        server.close()
        with pytest.raises(ConnectionResetError):
            connection.recv(10)


pytest_plugins = ["pytester"]


def test_the_plugins_fixture_answers_httpx_without_being_passed_around(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(avbc.__file__).parents[1]))
    pytester.makepyfile(
        """
        import httpx
        import pytest

        def test_orders(fake_store):
            order = fake_store.place_order()
            url = fake_store.api_url.replace("/v3/", f"/v2/orders/{order.id}")
            answer = httpx.get(url, headers={"X-Auth-Token": fake_store.access_token})
            assert answer.json()["id"] == order.id
            with pytest.raises(AssertionError):
                httpx.get("https://other.example.com/")

        def test_unused(fake_store):
            assert fake_store.counts() == {}
        """
    )
    installed = any(
        point.value == "avbc.testing.plugin"
        for point in importlib.metadata.entry_points(group="pytest11")
    )
    result = pytester.runpytest_subprocess(*([] if installed else ["-p", "avbc.testing.plugin"]))
    result.assert_outcomes(passed=2)


WITHOUT_PYTEST = """
import sys
for name in ("pytest", "respx"):
    sys.modules[name] = None
import importlib.util
importlib.util.find_spec = lambda name, _=importlib.util.find_spec: (
    None if name in {"pytest", "respx"} else _(name)
)
from avbc.testing import *
import avbc, avbc.testing, pydoc
store = FakeStore()
placed = store.place_order([item("MUG-BLUE", 1)])
with avbc.BigCommerce(store.api_url, store.access_token, transport=store.transport()) as client:
    assert client.orders.get(placed.id).id == placed.id
for name in avbc.testing.__all__:
    assert getattr(avbc.testing, name)
assert "FakeStore" in pydoc.render_doc(avbc.testing)
try:
    avbc.testing.GatewayContract
except ImportError as error:
    assert "pytest" in str(error), error
else:
    raise AssertionError("the contract came without pytest")
"""


def test_only_the_contract_and_the_fixtures_need_pytest() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_PYTEST], check=True)
