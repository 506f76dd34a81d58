# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What mypy and pyright must infer for users of the BigCommerce client: type-checked, never run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar, assert_type

import httpx
import httpx2

import avbc
from avbc.bigcommerce import (
    Answer,
    AsyncBigCommerce,
    BigCommerce,
    Call,
    ListCall,
    Page,
    PartFailure,
    Retries,
    UnreadableRow,
    WriteResult,
    read_object,
)
from avbc.bigcommerce.at_once import Begun
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.models import (
    Consignments,
    Currency,
    Customer,
    CustomerAddress,
    CustomerAddressDraft,
    CustomerDraft,
    Fee,
    Hook,
    HookDraft,
    InventoryAdjustment,
    InventoryItem,
    InventorySettings,
    ItemLocation,
    Location,
    Order,
    OrderCount,
    OrderCoupon,
    OrderProduct,
    OrderShipment,
    OrderStatus,
    OrderTax,
    PaymentMethod,
    Product,
    ProductDraft,
    Refund,
    ShipmentDraft,
    ShipmentItemDraft,
    ShippingAddress,
    ShippingMethod,
    StoreInformation,
    TaxClass,
    Transaction,
    Variant,
    VariantDraft,
    Zone,
)
from avbc.errors import AvbcError
from avbc.secret import Secret
from avbc.testing import FakeStore

T = TypeVar("T")


def construction() -> None:
    assert_type(
        BigCommerce("https://api.bigcommerce.com/stores/abc123/v3/", "example-token"), BigCommerce
    )
    assert_type(
        BigCommerce(
            api_url="https://api.bigcommerce.com/stores/abc123",
            access_token=Secret("example-token"),
        ),
        BigCommerce,
    )
    assert_type(BigCommerce.from_store_hash("abc123", "example-token", timeout=10), BigCommerce)
    assert_type(BigCommerce.from_credentials_file("credentials.txt"), BigCommerce)
    assert_type(AsyncBigCommerce.from_environment(client_id="example-id"), AsyncBigCommerce)
    with BigCommerce("https://api.bigcommerce.com/stores/abc123/v3/", "example-token") as store:
        assert_type(store, BigCommerce)
        assert_type(store.store_hash, str)
        assert_type(store.client_secret, Secret | None)


def in_sequence(work: Sequence[Callable[[], T]], limit: int) -> list[T]:
    return [each() for each in work]


def begun(store: BigCommerce) -> None:
    found = store.begin([store.orders.get.call(1042)])
    assert_type(found, Begun[Order | AvbcError])
    assert_type(found.results(), list[Order | AvbcError])


def transports() -> None:
    url, token = "https://api.bigcommerce.com/stores/abc123/v3/", "example-token"
    BigCommerce(url, token, transport=httpx.HTTPTransport())
    BigCommerce(url, token, transport=httpx2.HTTPTransport())
    BigCommerce(url, token, transport=FakeStore().transport(), http="httpx2")
    BigCommerce(url, token, transport=httpx.AsyncHTTPTransport())  # type: ignore[arg-type]
    BigCommerce(url, token, at_once=in_sequence)
    BigCommerce.from_environment(at_once=in_sequence)
    BigCommerce(url, token, http="requests")  # type: ignore[arg-type]
    AsyncBigCommerce(url, token, transport=httpx.AsyncHTTPTransport())
    AsyncBigCommerce(url, token, transport=httpx2.AsyncHTTPTransport(), http="httpx2")
    AsyncBigCommerce.from_environment(transport=FakeStore().transport())


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


def writes(store: BigCommerce) -> None:
    items = (ShipmentItemDraft(order_product_id=15, quantity=2),)
    assert_type(store.order_shipments.list(7), Iterator[OrderShipment])
    assert_type(store.order_shipments.get(7, 1), OrderShipment)
    assert_type(store.order_shipments.count(7), int)
    assert_type(
        store.order_shipments.create(7, ShipmentDraft(order_address_id=51, items=items)),
        OrderShipment,
    )
    store.payment_actions.capture(7)
    store.payment_actions.void(7)
    assert_type(store.products.list(sku_in=["MUG-1"], include=["variants"]), Iterator[Product])
    assert_type(store.products.get(7), Product)
    result = store.products.update_many([ProductDraft(id=7, price=Decimal("8.95"))])
    assert_type(result, WriteResult[Product])
    assert_type(result.saved, tuple[Product, ...])
    assert_type(result.failures, tuple[PartFailure, ...])
    assert_type(result.absent, tuple[int, ...])
    assert_type(store.products.create(ProductDraft(name="Mug")), WriteResult[Product])
    assert_type(store.variants.list(product_id_in=[7]), Iterator[Variant])
    assert_type(store.variants.update_many([VariantDraft(id=7, price=None)]), WriteResult[Variant])
    assert_type(store.inventory.items(sku_in=["MUG-1"]), Iterator[InventoryItem])
    assert_type(next(store.inventory.items()).at(1), ItemLocation | None)
    assert_type(
        store.inventory.adjust_absolute(
            [InventoryAdjustment(location_id=1, sku="MUG-1", quantity=5)], reason="x"
        ),
        str,
    )
    assert_type(store.locations.list(is_default=True), Iterator[Location])
    assert_type(store.inventory_settings.get(), InventorySettings)
    assert_type(
        store.customers.create_many([CustomerDraft(email="ana@example.com")]), WriteResult[Customer]
    )
    assert_type(store.customers.update_many([CustomerDraft(id=7)]), WriteResult[Customer])
    assert_type(
        store.customer_addresses.create_many([CustomerAddressDraft(customer_id=7)]),
        WriteResult[CustomerAddress],
    )
    assert_type(
        store.customer_addresses.update_many([CustomerAddressDraft(id=7)]),
        WriteResult[CustomerAddress],
    )
    assert_type(store.tax_classes.list(), Iterator[TaxClass])
    assert_type(store.hooks.list(is_active=True), Iterator[Hook])
    assert_type(store.hooks.create(HookDraft(scope="store/order/created")), Hook)
    assert_type(store.hooks.update(7, HookDraft(is_active=False)), Hook)
    store.hooks.delete(7)


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
    assert_type(
        store.map([store.transactions.list.call(number) for number in ids], limit=4),
        list[list[Transaction]],
    )
    assert_type(
        store.map([store.order_products.list.call(number) for number in ids]),
        list[list[OrderProduct]],
    )
    assert_type(
        store.map([store.orders.get.call(number) for number in ids], return_errors=True),
        list[Order | AvbcError],
    )


def any_endpoint(store: BigCommerce) -> None:
    answer = store.request("GET", "/v3/catalog/brands", params={"id:in": [4, 5], "limit": 50})
    assert_type(answer, Json)
    if isinstance(answer, Mapping):
        data: Json = answer["data"]
        assert_type(next(iter(answer)), str)
        repr(data)
    store.request("POST", "/v3/pricelists", body={"name": "Trade", "price": Decimal("8.95")})
    assert_type(store.request.call("DELETE", "/v3/pricelists/4"), Call[Json])
    assert_type(store.map([store.request.call("GET", "/v2/time")]), list[Json])


def other_limits(store: BigCommerce) -> None:
    quick = store.with_options(timeout=5, retries=Retries(attempts=1))
    assert_type(quick, BigCommerce)
    assert_type(quick.orders.get(7), Order)
    assert_type(store.with_options(timeout=5).orders.list(limit=5), Iterator[Order])
    assert_type(store.with_options().map([store.orders.get.call(7)]), list[Order])


def so_many_rows(store: BigCommerce) -> None:
    assert_type(store.orders.list(status_id=11, limit=5), Iterator[Order])
    assert_type(store.order_products.list(7, limit=5), Iterator[OrderProduct])
    assert_type(store.hooks.list.call(limit=5), ListCall[Hook])
    assert_type(store.hooks.list.call().first(5), ListCall[Hook])


def as_json(store: BigCommerce) -> None:
    row = store.orders.get(7).to_dict()
    assert_type(row, dict[str, Json])
    assert_type(read_object(row, Order, "order"), Order)
    assert_type(ProductDraft(id=7).to_dict(), dict[str, Json])


def webhooks(body: bytes, headers: dict[str, str], pairs: list[tuple[str, str]]) -> None:
    event = avbc.unwrap_webhook(body, headers, "example-secret")
    assert_type(event, avbc.WebhookEvent)
    assert_type(event.order_id, int | None)
    assert_type(event.data.get("id"), Json)
    avbc.unwrap_webhook(body.decode(), pairs, Secret("example-secret"))


async def async_methods(store: AsyncBigCommerce) -> None:
    assert_type(await store.information(), StoreInformation)
    assert_type(await store.time(), datetime)
    assert_type(store.orders.list(status_id=11), AsyncIterator[Order])
    async for order in store.orders.list(status_id=11):
        assert_type(order, Order)
    assert_type(await store.orders.get(7), Order)
    await store.orders.update(7, status_id=9)
    assert_type(await store.transactions.list(7), list[Transaction])
    assert_type(await store.products.update_many([ProductDraft(id=7)]), WriteResult[Product])
    assert_type(store.inventory.items(), AsyncIterator[InventoryItem])
    assert_type(await store.hooks.create(HookDraft()), Hook)
    assert_type(await store.request("GET", "/v2/time"), Json)
    assert_type(store.with_options(timeout=5), AsyncBigCommerce)
    assert_type(await store.with_options(timeout=5).orders.get(7), Order)
    assert_type(store.orders.list(limit=5), AsyncIterator[Order])
    assert_type(await store.send(store.orders.list.call()), list[Order])
    assert_type(await store.answer(store.orders.get.call(7)), Answer[Order])
    async for page in store.pages(store.orders.list.call()):
        assert_type(page, Page[Order])
    assert_type(await store.map([store.orders.get.call(7)]), list[Order])
    assert_type(
        await store.map([store.orders.get.call(7)], return_errors=True), list[Order | AvbcError]
    )
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
    ProductDraft(price=8.95)  # type: ignore[arg-type] # an amount is a Decimal
    ProductDraft(name=None)  # type: ignore[arg-type] # a name cannot be emptied
    VariantDraft(7)  # type: ignore[call-arg] # fields have names
    ShipmentDraft(order_address_id=51)  # type: ignore[call-arg] # the items are missing
    store.inventory.adjust_absolute([VariantDraft(id=7)])  # type: ignore[list-item] # a variant is no quantity
    store.request("get", "/v2/time")  # type: ignore[arg-type] # methods are in capitals
    store.request("GET", "/v2/time", {"limit": 5})  # type: ignore[call-arg] # the query has a name
    store.request("PUT", "/v2/orders/7", body={"price": 8.95})  # type: ignore[dict-item] # a Decimal
    store.with_options(attempts=1)  # type: ignore[call-arg] # it is called retries
    store.with_options(retries=1)  # type: ignore[arg-type] # it is a Retries
    store.orders.list(limit="5")  # type: ignore[arg-type] # a number
    store.orders.get(7, limit=5)  # type: ignore[call-arg] # one order is no list
    avbc.unwrap_webhook(b"", {}, None)  # type: ignore[arg-type] # a secret is needed
    avbc.unwrap_webhook({}, {}, "example-secret")  # type: ignore[arg-type] # nothing that was parsed
    repr(store.nothing)  # type: ignore[attr-defined] # there is no such group
