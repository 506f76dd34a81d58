"""Models as JSON: what the store sent, what was changed since, what was built by hand."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

import avbc
from avbc.bigcommerce import models, read_object
from avbc.bigcommerce.models import (
    Draft,
    Fee,
    FormField,
    Hook,
    HookDraft,
    Model,
    Order,
    OrderStatus,
    Product,
    ProductDraft,
    VariantDraft,
)
from avbc.testing import FakeStore, OrderFactory, example, item

MODELS: list[type[Model]] = [
    kind for name in models.__all__ if issubclass(kind := getattr(models, name), Model)
]
DRAFTS: list[type[Draft]] = [
    kind
    for name in models.__all__
    if issubclass(kind := getattr(models, name), Draft) and kind is not Draft
]


def again(model: Model) -> Model:
    """By way of a file or a queue."""
    return read_object(json.loads(json.dumps(model.to_dict())), type(model), "row")


def sent_by_a_store() -> list[Model]:
    store = FakeStore()
    example.populate(store, orders=0)
    store.add_order(OrderFactory().order([item("MUG-RED", 3), item("TOWEL-ST")]))
    http: Any = os.environ.get("AVBC_TEST_HTTP")
    with avbc.BigCommerce(
        store.api_url, store.access_token, transport=store.transport(), http=http
    ) as client:
        (order,) = client.orders.list(include=["consignments.line_items", "fees"])
        found: list[Sequence[Model]] = [
            [order, client.information()],
            list(client.order_products.list(order.id)),
            list(client.products.list(include=["variants", "custom_fields"])),
            list(client.variants.list()),
            list(client.inventory.items()),
            client.order_statuses.list(),
            list(client.customers.list()),
            client.shipping_zones.list(),
        ]
    return [model for kind in found for model in kind]


def test_what_a_store_sent_comes_back_as_it_was_sent() -> None:
    found = sent_by_a_store()
    assert {Order, Product, OrderStatus} <= {type(model) for model in found}
    for model in found:
        row = model.to_dict()
        assert again(model) == model
        assert {**model.raw, **row} == row
        assert model.extra.items() <= row.items()
        if type(model) is not Order:  # whose lines also have the address that they go to
            assert row == model.raw


def test_what_was_changed_since_has_its_new_value() -> None:
    sent = next(model for model in sent_by_a_store() if isinstance(model, Order))
    row = {**sent.to_dict(), "id": str(sent.id), "new": [1], "fees": LINK}
    order = read_object(row, Order, "order")
    assert order.to_dict() == row
    fee = Fee(id=3, cost_ex_tax=Decimal("1.50"))
    changed = attrs.evolve(order, status_id=9, total_inc_tax=Decimal("57.3800"), fees=(fee,))
    changed.billing_address = attrs.evolve(order.billing_address, email="ana@example.com")
    assert changed.to_dict() == {
        **row,
        "status_id": 9,
        "total_inc_tax": "57.3800",
        "fees": [fee.to_dict()],
        "billing_address": {**order.billing_address.to_dict(), "email": "ana@example.com"},
    }
    assert again(changed) == changed
    assert (order.to_dict(), order.raw["status_id"]) == (row, sent.status_id)


LINK = {"url": "https://api.bigcommerce.com/stores/abc123/v2/orders/7/fees", "resource": "/fees"}


@pytest.mark.parametrize("model", MODELS)
def test_what_is_built_by_hand_has_all_its_fields(model: type[Model]) -> None:
    row = model().to_dict()
    assert len(row) == len(attrs.fields(model)) - 1
    assert "raw" not in row
    json.dumps(row)


def test_what_is_built_by_hand_can_be_read() -> None:
    product = Product(
        id=7,
        name="Mug ☕",
        price=Decimal("8.950"),
        categories=(3, 4),
        date_created=datetime(2026, 3, 2, 15, tzinfo=UTC),
    )
    row = product.to_dict()
    assert (row["price"], row["categories"]) == ("8.950", [3, 4])
    assert (row["date_created"], row["date_modified"]) == ("2026-03-02T15:00:00+00:00", None)
    assert again(product) == product


def test_times_in_seconds_stay_in_seconds() -> None:
    hook = Hook(id=1, scope="s", destination="d", created_at=datetime(2026, 3, 2, tzinfo=UTC))
    assert (hook.to_dict()["created_at"], hook.to_dict()["updated_at"]) == (1772409600, None)
    assert again(hook) == hook
    sent = read_object({**hook.to_dict(), "updated_at": "1772409601"}, Hook, "hook")
    assert sent.to_dict()["updated_at"] == "1772409601"


def test_an_answer_of_several_values_stays_a_list() -> None:
    field = read_object({"name": "Colors", "value": ["red", "blue"]}, FormField, "field")
    assert field.value == "red, blue"
    assert field.to_dict() == {"name": "Colors", "value": ["red", "blue"]}
    assert attrs.evolve(field, value="green").to_dict()["value"] == "green"


# --- drafts ---


@pytest.mark.parametrize("draft", DRAFTS)
def test_a_draft_leaves_out_what_is_not_given(draft: type[Draft]) -> None:
    required = {
        field.name: () if field.name == "items" else 1
        for field in attrs.fields(draft)
        if field.default is attrs.NOTHING
    }
    made = draft(**required)
    assert made.to_dict().keys() == set(made.given())


def test_a_draft_is_what_is_sent_with_amounts_as_text() -> None:
    variant = VariantDraft(id=8, price=None, weight=Decimal("1.20"))
    draft = ProductDraft(id=7, price=Decimal("19.90"), categories=(3, 4), variants=(variant,))
    assert draft.to_dict() == {
        "id": 7,
        "price": "19.90",
        "categories": [3, 4],
        "variants": [{"id": 8, "price": None, "weight": "1.20"}],
    }
    assert HookDraft(headers={"x": "y"}).to_dict() == {"headers": {"x": "y"}}
