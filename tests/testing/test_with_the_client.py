"""The client of this package and the fake store understand each other beyond plain reads."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from avbc.bigcommerce import BigCommerce, Conflict, RequestRefused
from avbc.bigcommerce.models import (
    CustomerAddressDraft,
    CustomerDraft,
    HookDraft,
    InventoryAdjustment,
    OptionValueDraft,
    ProductDraft,
    ShipmentDraft,
    ShipmentItemDraft,
    VariantDraft,
)
from avbc.testing import FakeStore, order_of_shape
from avbc.testing.example import populate


@pytest.fixture
def filled(store: FakeStore) -> FakeStore:
    populate(store, 0)
    return store


@pytest.fixture
def client(filled: FakeStore) -> Iterator[BigCommerce]:
    with BigCommerce(
        api_url=filled.api_url, access_token=filled.access_token, transport=filled.transport()
    ) as client:
        yield client


def test_a_shipment(filled, client) -> None:
    order = filled.add_order(order_of_shape("two_consignments"))
    items = (ShipmentItemDraft(order_product_id=order.products[1]["id"], quantity=1),)
    draft = ShipmentDraft(
        order_address_id=order.shipping[1]["id"],
        items=items,
        shipping_provider="ups",
        tracking_number="1Z",
    )
    made = client.order_shipments.create(order.id, draft)
    assert list(client.order_shipments.list(order.id)) == [made]
    assert client.orders.get(order.id).items_shipped == 1
    with pytest.raises(RequestRefused, match="remain"):
        client.order_shipments.create(order.id, draft)


def test_a_capture(filled, client) -> None:
    order = filled.add_order(order_of_shape("authorized"))
    client.payment_actions.capture(order.id)
    assert [client.orders.get(order.id).payment_status for _ in range(2)] == [
        "capture pending",
        "captured",
    ]
    with pytest.raises(RequestRefused):
        client.payment_actions.void(order.id)


def test_a_refund(filled, client) -> None:
    order = filled.add_order(order_of_shape("everything"))
    filled.refund(
        order.id,
        shipping={order.shipping[0]["id"]: Decimal("8.00")},
        fees=[order.fees[0]["id"]],
        amount=Decimal("0.40"),
    )
    (refund,) = client.refunds.list(order_id_in=[order.id])
    assert refund.total_amount == Decimal("11.50")
    assert [item.item_type for item in refund.items] == ["SHIPPING", "FEE", "ORDER"]
    assert sum(payment.amount for payment in refund.payments) == refund.total_amount


def test_products_and_variants_row_by_row(filled, client) -> None:
    result = client.products.update_many(
        [ProductDraft(id=101, price=Decimal("9.50")), ProductDraft(id=113, inventory_level=3)]
    )
    assert [product.id for product in result.saved] == [101, 113]
    (failure,) = result.failures
    assert (failure.row, failure.field) == (1, "inventory_level")
    with pytest.raises(Conflict):
        client.products.update_many([ProductDraft(id=101, name="Red mug")])
    sizes = [
        VariantDraft(
            sku=f"BIB-{size}",
            option_values=(OptionValueDraft(option_display_name="Size", label=size),),
        )
        for size in "SL"
    ]
    bib = ProductDraft(
        name="Bib", type="physical", weight=Decimal(1), price=Decimal(4), variants=tuple(sizes)
    )
    (made,) = client.products.create(bib).saved
    assert [variant.sku for variant in client.variants.list(product_id_in=[made.id])] == [
        "BIB-S",
        "BIB-L",
    ]
    with pytest.raises(RequestRefused) as refused:
        client.variants.update_many(
            [VariantDraft(id=651, price=Decimal(1)), VariantDraft(id=999, price=Decimal(1))]
        )
    assert [row["status"] for row in refused.value.rows] == [404]


def test_stock(filled, client) -> None:
    client.inventory.adjust_absolute(
        [InventoryAdjustment(location_id=1, sku="APRON-S", quantity=7)], reason="test"
    )
    seen = [
        next(iter(client.inventory.items(sku_in=["APRON-S"]))).locations[0].total_inventory_onhand
        for _ in range(2)
    ]
    assert seen == [100, 7]
    with pytest.raises(RequestRefused, match="product_id 104 is tracked by variant"):
        client.inventory.adjust_absolute(
            [InventoryAdjustment(location_id=1, product_id=104, quantity=7)]
        )
    assert [location.code for location in client.locations.list()] == ["MAIN", "WEST", "OLD"]
    assert client.inventory_settings.get().update_stock_behavior == "order_placed"
    assert [tax_class.name for tax_class in client.tax_classes.list()][:1] == [
        "Non-Taxable Products"
    ]


def test_customers_and_their_addresses(filled, client) -> None:
    (ana,) = client.customers.create_many(
        [CustomerDraft(email="ana@example.com", first_name="Ana", last_name="Rivera")]
    ).saved
    home = CustomerAddressDraft(
        customer_id=ana.id,
        first_name="Ana",
        last_name="Rivera",
        address1="14 Harbor Road",
        city="Austin",
        state_or_province="Texas",
        postal_code="78751",
        country_code="US",
    )
    assert client.customer_addresses.create_many([home]).absent == ()
    assert client.customer_addresses.create_many([home]).absent == (0,)
    with pytest.raises(RequestRefused, match="already in use"):
        client.customers.create_many(
            [CustomerDraft(email="ANA@example.com", first_name="Ana", last_name="Rivera")]
        )


def test_hooks(filled, client) -> None:
    made = client.hooks.create(
        HookDraft(scope="store/order/created", destination="https://example.com/hook")
    )
    client.hooks.update(made.id, HookDraft(is_active=False))
    assert [hook.is_active for hook in client.hooks.list()] == [False]
    client.hooks.delete(made.id)
    assert list(client.hooks.list()) == []
