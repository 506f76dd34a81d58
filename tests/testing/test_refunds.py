from __future__ import annotations

from decimal import Decimal

import pytest

from avbc.testing import (
    Discount,
    FakeStore,
    Line,
    OrderFactory,
    Shipping,
    order_of_shape,
    orders_of_every_shape,
)

ODD = Line("MUG-RED", "Red mug", Decimal("9.95"), 3, product_id=102)


def amount(value: object) -> Decimal:
    return Decimal(str(value))


def paid_back(refund: dict[str, list[dict[str, object]]]) -> list[tuple[object, Decimal]]:
    return [(payment["provider_id"], amount(payment["amount"])) for payment in refund["payments"]]


REFUNDABLE = [
    order
    for order in orders_of_every_shape()
    if order.importable and order.header["total_inc_tax"] != "0.0000"
]


@pytest.mark.parametrize("order", REFUNDABLE, ids=lambda order: order.shape)
def test_everything_of_an_order_of_any_shape_is_refunded_exactly(store, ask, order) -> None:
    store.add_order(order)
    made = store.refund(order.id)
    (row,) = ask("GET", f"/v3/orders/payment_actions/refunds?order_id:in={order.id}")[1]["data"]
    assert row == made
    assert amount(row["total_amount"]) == amount(order.header["total_inc_tax"])
    assert abs(amount(row["total_tax"]) - amount(order.header["total_tax"])) <= Decimal("0.005")
    assert sum(amount(payment["amount"]) for payment in row["payments"]) == amount(
        row["total_amount"]
    )
    shown = ask("GET", f"/v2/orders/{order.id}")[1]
    assert (shown["status_id"], shown["status"], shown["refunded_amount"]) == (
        4,
        "Refunded",
        "0.0000",
    )
    assert shown["payment_status"] == ("refunded" if order.header["payment_status"] else "")
    assert all(line["is_refunded"] for line in store.order(order.id).products if line["quantity"])
    with pytest.raises(ValueError, match="nothing is left"):
        store.refund(order.id)


def test_unit_by_unit_adds_up_to_the_line(store, ask) -> None:
    order = store.add_order(
        OrderFactory().order(
            [ODD],
            shipping=[Shipping("", Decimal(0))],
            discounts=[Discount("manual", Decimal("5.00"))],
        )
    )
    line = order.products[0]
    parts = [store.refund(order.id, items={line["id"]: 1}) for _ in range(3)]
    amounts = [amount(part["total_amount"]) for part in parts]
    assert amounts == [Decimal("8.97"), Decimal("8.96"), Decimal("8.97")]
    assert (
        sum(amounts)
        == amount(line["discounted_total_inc_tax"])
        == amount(order.header["total_inc_tax"])
    )
    assert sum(amount(part["total_tax"]) for part in parts) == amount(order.header["total_tax"])
    assert store.order(order.id).products[0]["quantity_refunded"] == 3
    assert store.order(order.id).products[0]["refund_amount"] == "26.9000"
    assert store.order(order.id).header["status_id"] == 4


def test_a_part_of_an_order(store, ask) -> None:
    order = store.add_order(order_of_shape("everything"))
    wrapped, address, fee = order.products[0]["id"], order.shipping[0]["id"], order.fees[0]["id"]
    row = store.refund(
        order.id,
        items={wrapped: 1},
        wrapping=[wrapped],
        shipping={address: Decimal("3.00")},
        handling={address: Decimal("1.75")},
        fees=[fee],
        amount=Decimal("0.50"),
        reason="Broken",
    )
    assert row["reason"] == "Broken"
    assert [
        (item["item_type"], item["item_id"], item["requested_amount"]) for item in row["items"]
    ] == [
        ("PRODUCT", wrapped, None),
        ("GIFT_WRAPPING", wrapped, None),
        ("SHIPPING", address, 3),
        ("HANDLING", address, 1.75),
        ("FEE", fee, 3.1),
        ("ORDER", order.id, 0.5),
    ]
    assert (row["items"][0]["quantity"], "quantity" in row["items"][2]) == (1, False)
    unit = amount(order.products[0]["discounted_total_inc_tax"]) / 2
    parts = (
        unit
        + amount(order.products[0]["wrapping_cost_inc_tax"])
        + Decimal("3.00")
        + Decimal("1.75")
        + Decimal("3.10")
        + Decimal("0.50")
    )
    assert abs(amount(row["total_amount"]) - parts) <= Decimal("0.005")
    shown = ask("GET", f"/v2/orders/{order.id}")[1]
    assert (shown["status_id"], shown["payment_status"]) == (14, "partially refunded")
    with pytest.raises(ValueError, match="is too much"):
        store.refund(order.id)


def test_the_rest_of_an_order_is_what_was_not_refunded_yet(store) -> None:
    order = store.add_order(order_of_shape("everything"))
    wrapped, address, fee = order.products[0]["id"], order.shipping[0]["id"], order.fees[0]["id"]
    store.refund(
        order.id,
        items={wrapped: 1},
        wrapping=[wrapped],
        shipping={address: Decimal("3.00")},
        fees=[fee],
    )
    rest = store.refund(order.id)
    kinds = [(item["item_type"], item["item_id"]) for item in rest["items"]]
    assert ("GIFT_WRAPPING", wrapped) not in kinds
    assert ("FEE", fee) not in kinds
    assert [item["quantity"] for item in rest["items"] if item["item_id"] == wrapped] == [1]
    assert [
        item["requested_amount"]
        for item in rest["items"]
        if (item["item_type"], item["item_id"]) == ("SHIPPING", address)
    ] == [5]
    assert sum(amount(row["total_amount"]) for row in store.order(order.id).refunds) == amount(
        order.header["total_inc_tax"]
    )
    assert store.order(order.id).header["status_id"] == 4


def test_fractions_of_a_cent_go_with_the_last_refund(store) -> None:
    order = store.add_order(order_of_shape("fraction_of_a_cent"))
    for line in order.products:
        store.refund(order.id, items={line["id"]: 1})
    store.refund(order.id)
    assert sum(amount(row["total_amount"]) for row in store.order(order.id).refunds) == amount(
        order.header["total_inc_tax"]
    )
    assert store.order(order.id).header["status_id"] == 4


def test_the_gateway_is_paid_back_first_then_store_credit_then_the_certificate(store) -> None:
    order = store.add_order(order_of_shape("split_tender"))
    total = amount(order.header["total_inc_tax"])
    card = total - 45
    first = store.refund(order.id, amount=card + 5)
    assert [
        (payment["provider_id"], amount(payment["amount"])) for payment in first["payments"]
    ] == [
        ("authorizenet", card),
        ("storecredit", 5),
    ]
    second = store.refund(order.id, amount=Decimal("40.00"))
    assert paid_back(second) == [("storecredit", 15), ("giftcertificate", 25)]
    refunds = [row for row in store.order(order.id).transactions if row["event"] == "refund"]
    assert [row["id"] for row in refunds] == [
        int(payment["transaction_id"]) for row in (first, second) for payment in row["payments"]
    ]
    assert sum(amount(row["amount"]) for row in refunds) == total


def test_tenders_of_a_persons_choice_and_offline_ones(store) -> None:
    order = store.add_order(order_of_shape("cash_on_delivery"))
    (payment,) = store.refund(order.id, amount=Decimal("1.00"))["payments"]
    assert (payment["provider_id"], payment["offline"], "transaction_id" in payment) == (
        "custom",
        True,
        False,
    )
    row = store.refund(
        order.id,
        amount=Decimal("2.00"),
        payments=[("storecredit", Decimal("1.50")), ("custom", Decimal("0.50"))],
    )
    assert [payment["provider_id"] for payment in row["payments"]] == ["storecredit", "custom"]
    with pytest.raises(ValueError, match=r"must add up to 2\.00"):
        store.refund(order.id, amount=Decimal("2.00"), payments=[("custom", Decimal("1.99"))])


def test_more_than_there_is_cannot_be_refunded(store) -> None:
    order = store.add_order(order_of_shape("two_consignments"))
    line, address = order.products[0]["id"], order.shipping[1]["id"]
    with pytest.raises(ValueError, match=f"2 of line {line} are left to refund, not 3"):
        store.refund(order.id, items={line: 3})
    with pytest.raises(ValueError, match="of the shipping of address 10011 is left"):
        store.refund(order.id, shipping={address: Decimal("99.00")})
    with pytest.raises(ValueError, match="no line 5: there are 100100, 100101, 100102"):
        store.refund(order.id, items={5: 1})
    with pytest.raises(ValueError, match="no fee 5: there are none"):
        store.refund(order.id, fees=[5])
    with pytest.raises(ValueError, match="is too much"):
        store.refund(order.id, amount=Decimal("9999.00"))
    with pytest.raises(KeyError):
        store.refund(7)
    assert store.order(order.id).refunds == []
    assert store.order(order.id).header["status_id"] == 11


def test_a_refund_is_told_as_an_event(store: FakeStore) -> None:
    order = store.add_order(order_of_shape("plain"))
    row = store.refund(order.id)
    assert [event.scope for event in store.events] == [
        "store/order/updated",
        "store/order/statusUpdated",
        "store/order/refund/created",
    ]
    assert store.events[-1].data == {
        "type": "order",
        "id": order.id,
        "refund": {"refund_id": row["id"]},
    }


def test_refunds_are_filtered_by_when_they_were_made(store, ask, clock) -> None:
    order = store.add_order(order_of_shape("plain"))
    first = store.refund(order.id, amount=Decimal("1.00"))
    clock.now += 3600
    second = store.refund(order.id, amount=Decimal("1.00"))
    path = "/v3/orders/payment_actions/refunds"
    assert [
        row["id"] for row in ask("GET", f"{path}?created:min=2026-03-02T15:30:00Z")[1]["data"]
    ] == [second["id"]]
    assert [
        row["id"] for row in ask("GET", f"{path}?created:max=2026-03-02T15:30:00Z")[1]["data"]
    ] == [first["id"]]
    transaction = second["payments"][0]["transaction_id"]
    assert [row["id"] for row in ask("GET", f"{path}?transaction_id={transaction}")[1]["data"]] == [
        second["id"]
    ]
    items = [{**second["items"][0], "requested_amount": "1.00"}]
    assert ask("GET", f"{path}/{second['id']}") == (
        200,
        {"data": {**second, "items": items}, "meta": {}},
    )
    assert ask("GET", f"{path}/99")[0] == 404
