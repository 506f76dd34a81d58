"""An answer about another record than the one that was asked for is refused."""

from __future__ import annotations

import asyncio
import json
import os
from importlib import import_module
from typing import Any

import pytest

from avbc.bigcommerce import BadAnswer, Call, ListCall, Retries

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))


def read(path: str, method: str = "GET", **options: Any) -> Call[object]:
    return Call(method, path, lambda body: body, **options)


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("/v2/orders/218", {"id": 219}, {"id": 218}),
        ("/v2/orders/218/products", [{"id": 1, "order_id": 219}], [{"id": 219, "order_id": 218}]),
        ("/v2/orders/218/shipments/3", {"id": 4, "order_id": 218}, {"id": 3, "order_id": 218}),
        ("/v2/orders/218/shipments/3", {"id": 3, "order_id": 219}, {"id": 3}),
        ("/v3/orders/218/transactions", {"data": [{"order_id": "219"}]}, {"data": [{"id": 219}]}),
        ("/v3/hooks/7", {"data": {"id": 8}}, {"data": {"id": 7}, "meta": {}}),
        ("/v3/hooks/7", {"id": "8"}, {"id": None}),
        ("/v2/orders/218", [{"id": 219}], ["219", None]),
    ],
)
def test_what_names_another_id_is_asked_for_again(
    script: Any, open_store: Any, path: str, body: object, other: object
) -> None:
    steps = script(httpx.Response(200, json=body), httpx.Response(200, json=other))
    assert open_store(steps.transport).send(read(path)) == other
    assert len(steps.requests) == 2


def test_a_list_and_the_async_client_refuse_it_too(
    script: Any, open_store: Any, open_async_store: Any
) -> None:
    steps = script(httpx.Response(200, json=[{"order_id": 219}]))
    once = Retries(attempts=1)
    rows = ListCall("GET", "/v2/orders/218/products", lambda body: [body])
    with pytest.raises(BadAnswer, match="answered with 200 and another order_id: 219"):
        open_store(steps.transport, retries=once).send(rows)

    async def main() -> None:
        async with open_async_store(steps.transport, retries=once) as store:
            await store.send(rows)

    with pytest.raises(BadAnswer) as caught:
        asyncio.run(main())
    assert caught.value.status == 200
    assert json.loads(caught.value.body) == [{"order_id": 219}]


def test_a_write_that_must_not_be_repeated_is_not_sent_again(script: Any, open_store: Any) -> None:
    steps = script(httpx.Response(201, json={"id": 1, "order_id": 219}))
    ship = read("/v2/orders/218/shipments", "POST", body={"items": []}, repeatable=False)
    with pytest.raises(BadAnswer, match="It may or may not have taken effect"):
        open_store(steps.transport).send(ship)
    assert len(steps.requests) == 1
