# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What mypy and pyright must infer for users of the BigCommerce client. This file is type-checked by both and never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import assert_type

from avbc.bigcommerce import Answer, AsyncBigCommerce, BigCommerce, Call, ListCall, Page, UnreadableRow
from avbc.bigcommerce.models import (
    Consignments,
    Currency,
    Customer,
    CustomerAddress,
    Fee,
    Order,
    OrderCount,
    OrderCoupon,
    OrderProduct,
    OrderStatus,
    OrderTax,
    PaymentMethod,
    Refund,
    ShippingAddress,
    ShippingMethod,
    StoreInformation,
    Transaction,
    Zone,
)
from avbc.errors import AvbcError
from avbc.secret import Secret


def construction() -> None:
    assert_type(BigCommerce("https://api.bigcommerce.com/stores/abc123/v3/", "example-token"), BigCommerce)
    assert_type(BigCommerce(api_url="https://api.bigcommerce.com/stores/abc123", access_token=Secret("example-token")), BigCommerce)
    assert_type(BigCommerce.from_store_hash("abc123", "example-token", timeout=10), BigCommerce)
    assert_type(BigCommerce.from_credentials_file("credentials.txt"), BigCommerce)
    assert_type(AsyncBigCommerce.from_environment(client_id="example-id"), AsyncBigCommerce)
    with BigCommerce("https://api.bigcommerce.com/stores/abc123/v3/", "example-token") as store:
        assert_type(store, BigCommerce)
        assert_type(store.store_hash, str)
        assert_type(store.client_secret, Secret | None)


def methods(store: BigCommerce) -> None:
    assert_type(store.information(), StoreInformation)
    assert_type(store.time(), datetime)
    assert_type(store.orders.list(status_id=11), Iterator[Order])
    assert_type(store.orders.waiting(11), Iterator[Order])
    assert_type(store.orders.get(7), Order)
    assert_type(store.orders.get(7, include=["fees"]), Order)
    assert_type(store.orders.count(), OrderCount)
    store.orders.update(7, status_id=9, staff_notes="")
    assert_type(store.order_products.list(7), Iterator[OrderProduct])
    assert_type(store.order_shipping_addresses.list(7), Iterator[ShippingAddress])
    assert_type(store.order_consignments.get(7), Consignments)
    assert_type(store.order_coupons.list(7), Iterator[OrderCoupon])
    assert_type(store.order_taxes.list(7, details=True), Iterator[OrderTax])
    assert_type(store.order_fees.list(7), list[Fee])
    assert_type(store.order_statuses.list(), list[OrderStatus])
    assert_type(store.transactions.list(7), list[Transaction])
    assert_type(store.refunds.list(order_id_in=[7]), Iterator[Refund])
    assert_type(store.payment_methods.list(), Iterator[PaymentMethod])
    assert_type(store.customers.list(id_in=[1, 2], include=["addresses"]), Iterator[Customer])
    assert_type(store.customer_addresses.list(customer_id_in=[1]), Iterator[CustomerAddress])
    assert_type(store.shipping_zones.list(), list[Zone])
    assert_type(store.shipping_methods.list(1), list[ShippingMethod])
    assert_type(store.currencies.list(), Iterator[Currency])


def calls(store: BigCommerce) -> None:
    assert_type(store.orders.get.call(7), Call[Order])
    assert_type(store.orders.list.call(status_id=11), ListCall[Order])
    assert_type(store.send(store.orders.get.call(7)), Order)
    assert_type(store.send(store.orders.list.call()), list[Order])
    assert_type(store.send(store.transactions.list.call(7)), list[Transaction])
    assert_type(store.answer(store.orders.get.call(7)), Answer[Order])
    assert_type(store.answer(store.orders.get.call(7)).value, Order)
    for page in store.pages(store.orders.list.call()):
        assert_type(page, Page[Order])
        assert_type(page.unreadable, tuple[UnreadableRow, ...])
    assert_type(store.items(store.orders.list.call()), Iterator[Order])


def many(store: BigCommerce) -> None:
    ids = [1, 2, 3]
    assert_type(store.map([store.orders.get.call(number) for number in ids]), list[Order])
    assert_type(store.map([store.transactions.list.call(number) for number in ids], limit=4), list[list[Transaction]])
    assert_type(store.map([store.order_products.list.call(number) for number in ids]), list[list[OrderProduct]])
    assert_type(store.map([store.orders.get.call(number) for number in ids], return_errors=True), list[Order | AvbcError])


async def async_methods(store: AsyncBigCommerce) -> None:
    assert_type(await store.information(), StoreInformation)
    assert_type(await store.time(), datetime)
    assert_type(store.orders.list(status_id=11), AsyncIterator[Order])
    async for order in store.orders.list(status_id=11):
        assert_type(order, Order)
    assert_type(await store.orders.get(7), Order)
    await store.orders.update(7, status_id=9)
    assert_type(await store.transactions.list(7), list[Transaction])
    assert_type(await store.send(store.orders.list.call()), list[Order])
    assert_type(await store.answer(store.orders.get.call(7)), Answer[Order])
    async for page in store.pages(store.orders.list.call()):
        assert_type(page, Page[Order])
    assert_type(await store.map([store.orders.get.call(7)]), list[Order])
    assert_type(await store.map([store.orders.get.call(7)], return_errors=True), list[Order | AvbcError])
    # Coroutines, not mere awaitables: tasks take them.
    assert_type(await asyncio.create_task(store.orders.get(7)), Order)
    async with store as same:
        assert_type(same, AsyncBigCommerce)


def both_have_the_same_calls(store: BigCommerce, async_store: AsyncBigCommerce) -> None:
    get: Callable[[int], Call[Order]] = store.orders.get.call
    get = async_store.orders.get.call
    assert_type(get(7), Call[Order])


def wrong(store: BigCommerce, async_store: AsyncBigCommerce) -> None:
    # Each of these must be refused: an ignore that is not needed is an error in both checkers.
    store.orders.get("7")  # type: ignore[arg-type] # an id is a number
    store.orders.get()  # type: ignore[call-arg] # the id is missing
    store.orders.list(status=11)  # type: ignore[call-arg] # it is called status_id
    store.orders.list(11)  # type: ignore[call-arg] # filters have names
    store.orders.get.call("7")  # type: ignore[arg-type] # as the method itself
    async_store.orders.list(status_id="11")  # type: ignore[arg-type] # an id is a number
    store.items(store.orders.get.call(7))  # type: ignore[arg-type] # one order is no list
    repr(store.nothing)  # type: ignore[attr-defined] # there is no such group
