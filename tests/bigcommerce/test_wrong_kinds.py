"""Arguments of another kind than the method's: an error that names them, and nothing is sent."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.bigcommerce.conftest import API_URL

from avbc.bigcommerce import AsyncBigCommerce, BigCommerce


class Status(IntEnum):
    NEW = 11


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (
            lambda store: store.orders.update(1001, status_id="9"),
            TypeError,
            "status_id: '9' must be an int, such as 218",
        ),
        (lambda store: store.orders.update(1001, staff_notes=5), TypeError, "staff_notes: 5 must"),
        (lambda store: store.orders.update(1001, status_id=None), TypeError, "status_id: None"),
        (lambda store: store.orders.list(status_id="x"), TypeError, "status_id: 'x' must be an"),
        (lambda store: store.orders.list(status_id=True), TypeError, "status_id: True must be an"),
        (lambda store: store.orders.list(sort=5), TypeError, "sort: 5 must be a text"),
        (lambda store: store.orders.list(limit="2"), TypeError, "limit: '2' must be an int"),
        (lambda store: store.orders.list(min_total=9.5), TypeError, 'Decimal, such as Decimal("9'),
        (lambda store: store.orders.list(min_date_created="2026"), TypeError, "must be a datetime"),
        (
            lambda store: store.orders.list(include="fees"),
            TypeError,
            "include: 'fees' must be a list, each one of consignments, consignments.line_items, ",
        ),
        (lambda store: store.orders.list(include=["x"]), ValueError, "include[0]: 'x' must be one"),
        (lambda store: store.orders.waiting("11"), TypeError, "status_id: '11' must be an int"),
        (lambda store: store.orders.get.call("1001"), TypeError, "order_id: '1001' must be an int"),
        (lambda store: store.products.list(sku_in="MUG"), TypeError, "sku_in: 'MUG' must be a li"),
        (lambda store: store.products.list(id_in=[1, "2"]), TypeError, "id_in[1]: '2' must be an"),
        (
            lambda store: store.products.update_many([{"id": 7}]),
            TypeError,
            "products[0]: dict must be a ProductDraft",
        ),
        (lambda store: store.products.create(None), TypeError, "product: NoneType must be a Prod"),
        (lambda store: store.map([1, 2]), TypeError, "1 is not a call: a method makes one, as in"),
        (lambda store: store.map([], limit="2"), TypeError, "limit: '2' must be an int, such as 8"),
        (lambda store: store.answer(store.orders.get), TypeError, "not a call: a method makes o"),
        (lambda store: store.send(store.orders.get), TypeError, "is not a call: a method makes"),
        (lambda store: store.pages(5), TypeError, "5 is not the call of a list: a method make"),
        (
            lambda store: store.pages(store.orders.get.call(1001)),
            TypeError,
            "GET /v2/orders/1001 is not the call of a list: a method makes one, as in store.order",
        ),
    ],
)
def test_a_wrong_kind(
    script: Any, use: Callable[[Any], Any], error: type[Exception], message: str
) -> None:
    made = script(httpx.Response(200, json=[]))
    with pytest.raises(error) as caught:
        list(use(BigCommerce(API_URL, "example-token", transport=made.transport)))
    assert message in str(caught.value)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert Path(frames[0].filename).name == "test_wrong_kinds.py"

    async def awaited() -> None:
        result = use(AsyncBigCommerce(API_URL, "example-token", transport=made.transport))
        if hasattr(result, "__aiter__"):
            _ = [row async for row in result]
        else:
            await result

    with pytest.raises(error) as caught:
        asyncio.run(awaited())
    assert message in str(caught.value)
    assert made.requests == []


def test_what_counts_as_the_kind(script: Any) -> None:
    made = script(httpx.Response(200, json=[]))
    store = BigCommerce(API_URL, "example-token", transport=made.transport)
    call = store.orders.list.call(
        status_id=Status.NEW,
        min_date_created=datetime(2026, 1, 1, tzinfo=UTC),
        min_total=Decimal(5),
        email=None,
        include=frozenset({"fees"}),
    )
    assert call.params["status_id"] == "11"
    assert store.products.list.call(sku_in={"MUG": 1}.keys()).params["sku:in"] == "MUG"
