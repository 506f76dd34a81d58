"""Orders as real stores make them: forms of their bodies, and ways in which they are paid."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbc.testing import Discount, FakeStore, Line, OrderFactory, Payment, item, order_of_shape

D = Decimal
TEN_OFF = Discount("manual", D("10.00"))


def amount(row: dict[str, object], key: str) -> Decimal:
    return D(str(row[key]))


def test_an_order_of_2013_has_the_tax_before_the_discount() -> None:
    """docs/facts.md: 499.00 and 598.80 less 10, of which 489.00, 97.80 and 586.80 are due."""
    order = OrderFactory(tax_rate=D("0.20")).order(
        [Line("", "Phone", D("499.00"), type="digital")], discounts=[TEN_OFF], body="2013"
    )
    header, (line,) = order.header, order.products
    assert {key: header[key] for key in header if key.startswith(("subtotal", "total"))} == {
        "subtotal_ex_tax": "499.0000",
        "subtotal_inc_tax": "598.8000",
        "subtotal_tax": "99.8000",
        "total_ex_tax": "489.0000",
        "total_inc_tax": "586.8000",
        "total_tax": "97.8000",
    }
    assert (line["total_tax"], line["price_tax"]) == ("99.8000", "99.8000")
    assert line["applied_discounts"] == [{"id": "manual-discount", "amount": "10.0000"}]
    assert "discounted_total_inc_tax" not in line
    assert "is_tax_inclusive_pricing" not in header
    assert line["event_date"] == ""


def test_a_modern_line_without_tax_has_the_tax_after_the_discount_scaled_up() -> None:
    """docs/facts.md: 89.00 less 35.90 at 7 percent is shown as 95.2350."""
    order = OrderFactory(tax_rate=D("0.07")).order(
        [Line("", "Cap", D("89.00"), type="digital")],
        discounts=[Discount("manual", D("35.90"))],
        body="zeros",
    )
    (line,) = order.products
    assert (line["total_inc_tax"], line["total_tax"]) == ("95.2350", "3.7200")
    assert order.header["total_inc_tax"] == "56.8200"
    assert line["discounted_total_inc_tax"] == "0.0000"  # unknown, and not free


@given(
    body=st.sampled_from(["modern", "zeros", "2013"]),
    inclusive=st.booleans(),
    rate=st.sampled_from(["0", "0.07", "0.19", "0.0825"]),
    off=st.decimals("0.01", "60", places=2),
    prices=st.lists(st.decimals("0.01", "400", places=2), min_size=1, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_orders_of_every_form_foot_and_are_refunded_whole(
    body: str, inclusive: bool, rate: str, off: Decimal, prices: list[Decimal]
) -> None:
    """I1 with tax, I4 without, and I2 in any form; a refund is what the shopper paid."""
    order = OrderFactory(tax_rate=D(rate), tax_inclusive=inclusive).order(
        [Line("", "Something", price, 1 + place) for place, price in enumerate(prices)],
        discounts=[Discount("manual", off), Discount("coupon_per_item", D("0.40"), "EACH")],
        body=body,
    )
    header = order.header
    side = "inc_tax" if inclusive else "ex_tax"
    parts = ["subtotal", "shipping_cost", "handling_cost", "wrapping_cost"]
    taken = amount(header, "discount_amount") + amount(header, "coupon_discount")
    assert amount(header, f"total_{side}") == (
        sum((amount(header, f"{part}_{side}") for part in parts), D(0)) - taken
    )
    assert amount(header, "total_tax") == (
        amount(header, "total_inc_tax") - amount(header, "total_ex_tax")
    )
    if body == "2013":
        assert amount(header, "subtotal_tax") == (
            amount(header, "subtotal_inc_tax") - amount(header, "subtotal_ex_tax")
        )
    store = FakeStore()
    store.add_order(order)
    if amount(header, "total_inc_tax"):
        refund = store.refund(order.id)
        assert D(str(refund["total_amount"])) == amount(header, "total_inc_tax")
        assert store.order(order.id).header["status_id"] == 4


def test_an_offline_order_waits_in_awaiting_payment_until_a_person_moves_it_on() -> None:
    store = FakeStore()
    order = store.place_order(payment=Payment("Bank Deposit", state="awaiting"))
    assert order.header["status"] == "Awaiting Payment"
    assert (order.header["payment_method"], order.header["payment_status"]) == ("Bank Deposit", "")
    assert order.transactions == []
    placed = [event for event in store.events if event.scope == "store/order/statusUpdated"]
    assert placed[0].data["status"] == {"previous_status_id": 0, "new_status_id": 7}
    store.edit_order(order.id, status_id=11)
    assert store.order(order.id).header["payment_status"] == ""
    moved = store.place_order(payment=Payment("Check", state="awaiting"), status_id=11)
    assert moved.header["status_id"] == 11


@pytest.mark.parametrize("status", ["", None, "pending", "authorized"])
def test_an_order_says_of_its_payment_what_it_is_given(status: str | None) -> None:
    payment = Payment("Cash on Delivery", state="offline")
    order = OrderFactory().order([item("MUG-RED")], payment=payment, payment_status=status)
    assert order.header["payment_status"] == status
    assert order.transactions == []
    bare = OrderFactory().order([item("MUG-RED")], without=["payment_status", "customer_locale"])
    assert not {"payment_status", "customer_locale"} & bare.header.keys()


def test_a_payment_is_captured_in_part() -> None:
    order = OrderFactory(tax_rate=D(0)).order(
        [Line("", "Thing", D("48.00"), type="digital")],
        payment=Payment(state="captured", captured=D("31.50")),
    )
    assert [(row["event"], row["amount"]) for row in order.transactions] == [
        ("authorization", 48),
        ("capture", 31.5),
    ]
    assert order.header["payment_status"] == "captured"
    assert order.transactions[1]["reference_transaction_id"] == order.transactions[0]["id"]


def test_transactions_are_those_of_live_stores() -> None:
    payment = Payment("Kreditkarte", test=True, method_id="squarev2.card")
    order = OrderFactory().order(
        [item("MUG-RED")], payment=payment, store_credit=D("1.00"), customer_locale="de"
    )
    credit, card = order.transactions
    assert (card["test"], card["payment_method_id"]) == (True, "squarev2.card")
    assert (credit["test"], credit["store_credit"]) == (False, {"remaining_balance": 12.5})
    assert card["credit_card"]["card_last4"] == "1111"
    assert card["order_id"] == str(order.id)
    # What a transaction lacks is an empty object, and never null.
    for key in ["reference_transaction_id", "avs_result", "gift_certificate", "custom", "offline"]:
        assert card[key] == {}


def test_a_promotion_has_a_code_and_no_amount_of_its_own() -> None:
    order = OrderFactory().order(
        [item("LAMP-01"), item("MUG-RED", 3)],
        discounts=[
            Discount("promotion", D("4.90"), "SPRING"),
            Discount("coupon_per_item", D("0.50"), "EACH"),
        ],
    )
    assert [
        (row["code"], row["type"], row["amount"], row["discount"]) for row in order.coupons
    ] == [("SPRING", 5, 0, 4.9), ("EACH", 0, 0.5, 2)]
    assert amount(order.header, "coupon_discount") == D("6.90")
    assert {row["code"] for line in order.products for row in line["applied_discounts"]} == {
        "SPRING",
        "EACH",
    }


def test_an_order_of_another_channel() -> None:
    store = FakeStore()
    store.place_order(channel_id=3)
    store.place_order()
    assert [order.header["channel_id"] for order in store.state.sorted_orders()] == [3, 1]


def test_an_order_of_a_form_survives_being_taken_apart() -> None:
    order = order_of_shape("form_of_2013")
    store = FakeStore()
    assert store.add_order(order.to_json()).to_json() == order.to_json()
