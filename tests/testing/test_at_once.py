"""Endpoints that take so many requests at once, and no more."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

import httpx
import pytest

from avbc.testing import FakeStore
from avbc.testing.example import populate
from avbc.testing.fakestore.http import Reply, StoreRequest

HEADERS = {"X-Auth-Token": "example-token"}
ABSOLUTE = (
    "PUT",
    "/v3/inventory/adjustments/absolute",
    {"items": [{"location_id": 1, "product_id": 101, "quantity": 1}]},
)
PRODUCTS = ("PUT", "/v3/catalog/products", [{"id": 101, "price": 1}])
VARIANTS = ("PUT", "/v3/catalog/variants", [{"id": 601, "price": 1}])


@pytest.fixture
def store() -> FakeStore:
    """A store whose answers take half an hour, so that what was asked is under way."""
    store = FakeStore(latency=1800)
    populate(store, 0)
    for number in range(1, 3):
        store.add_customer({"id": number, "email": f"{number}@example.com"})
    return store


def start(store: FakeStore, method: str, target: str, body: object) -> Reply:
    headers = {"x-auth-token": store.access_token, "content-type": "application/json"}
    return store.answer(StoreRequest(method, target, "", headers, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("request_", "most"),
    [
        (ABSOLUTE, 1),
        (("PUT", "/v3/customers", [{"id": 1, "notes": "x"}]), 3),
        (("PUT", "/v3/customers/addresses", [{"id": 1}]), 3),
        (("POST", "/v3/customers/addresses", [{}]), 10),
        (("GET", "/v3/inventory/locations", None), 50),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else str(value),
)
def test_one_request_too_many_is_a_429_without_a_window(store, request_, most) -> None:
    answers = [start(store, *request_) for _ in range(most + 2)]
    assert Counter(answer.response.status == 429 for answer in answers) == {False: most, True: 2}
    assert answers[-1].response.status == 429
    assert not [
        name for name in answers[-1].headers if name.lower().startswith(("x-rate", "x-retry"))
    ]
    assert "X-Rate-Limit-Requests-Left" in answers[0].headers
    assert [entry.status for entry in store.log][-1] == 429


@pytest.mark.parametrize("bulk", [PRODUCTS, VARIANTS], ids=["products", "variants"])
@pytest.mark.parametrize("inventory_first", [True, False])
def test_stock_and_bulk_writes_to_the_catalog_do_not_go_together(
    store, bulk, inventory_first
) -> None:
    pair = [ABSOLUTE, bulk] if inventory_first else [bulk, ABSOLUTE]
    assert [start(store, *request).response.status for request in pair] == [200, 429]


def test_bulk_writes_to_the_catalog_have_no_cap_of_their_own(store) -> None:
    assert [start(store, *PRODUCTS).response.status for _ in range(4)] == [200] * 4
    assert start(store, "PUT", "/v3/catalog/products/101", {"price": 2}).response.status == 200


def test_a_refused_request_has_no_effect(store) -> None:
    start(store, *ABSOLUTE)
    method, target, _ = ABSOLUTE
    start(store, method, target, {"items": [{"location_id": 1, "product_id": 101, "quantity": 77}]})
    store.settle()
    assert store.inventory()["MUG-BLUE"] == 1


def test_one_after_the_other_is_never_too_many(store) -> None:
    store.latency = 0.005
    base = store.api_url.removesuffix("v3/")
    with httpx.Client(transport=store.transport(), base_url=base, headers=HEADERS) as client:
        for _ in range(20):
            for method, target, body in [ABSOLUTE, PRODUCTS]:
                assert client.request(method, target.lstrip("/"), json=body).status_code == 200


def test_whoever_does_not_wait_for_the_latency_is_not_under_way(store) -> None:
    for _ in range(3):
        assert (
            store.request("PUT", ABSOLUTE[1], body=json.dumps(ABSOLUTE[2]).encode()).status == 200
        )


@pytest.mark.parametrize("way", ["transport", "loopback"])
def test_many_at_once_by_any_way_in(store, way) -> None:
    store.latency = 0.5

    async def together(base: str, transport: httpx.AsyncBaseTransport | None) -> Counter[int]:
        async with httpx.AsyncClient(
            transport=transport, base_url=base, headers=HEADERS, trust_env=False, timeout=30
        ) as client:
            body = [{"id": 1, "notes": "x"}]
            answers = await asyncio.gather(
                *(client.put("v3/customers", json=body) for _ in range(5))
            )
        return Counter(answer.status_code for answer in answers)

    if way == "transport":
        statuses = asyncio.run(together(store.api_url.removesuffix("v3/"), store.transport()))
    else:
        with store.serve() as server:
            statuses = asyncio.run(together(server.api_url.removesuffix("v3/"), None))
    assert statuses == {200: 3, 429: 2}
