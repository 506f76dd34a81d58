from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbc.testing import (
    SHAPES,
    Discount,
    FakeOrder,
    FeeLine,
    Line,
    OrderFactory,
    Shipping,
    item,
    order_of_shape,
    orders_of_every_shape,
)
from avbc.testing.orders import EMBEDDED, View

FOOTING = [name for name in SHAPES if name not in {"off_by_a_cent", "null_total"}]
CENT = Decimal("0.01")


def amount(row: dict[str, object], key: str) -> Decimal:
    return Decimal(str(row[key]))


def total_of(rows: list[dict[str, object]], key: str) -> Decimal:
    return sum((amount(row, key) for row in rows), Decimal(0))


def residue(order: FakeOrder, *, inclusive: bool | None = None) -> Decimal:
    """What I1 misses the total by where prices are with tax, and I4 where they are without."""
    header = order.header
    side = "inc_tax" if header.get("is_tax_inclusive_pricing", inclusive) else "ex_tax"
    parts = ["subtotal", "shipping_cost", "handling_cost", "wrapping_cost"]
    right = sum((amount(header, f"{part}_{side}") for part in parts), Decimal(0))
    return (
        amount(header, f"total_{side}")
        - right
        + amount(header, "discount_amount")
        + amount(header, "coupon_discount")
    )


def check_identities(
    order: FakeOrder,
    *,
    fees_on_top: bool = False,
    net_of_tenders: bool = False,
    tax_inclusive: bool = False,
) -> None:
    header, old = order.header, order.shape == "form_of_2013"
    tenders = amount(header, "store_credit_amount") + amount(header, "gift_certificate_amount")
    inclusive = bool(header.get("is_tax_inclusive_pricing", tax_inclusive))
    fees = total_of(order.fees, "cost_inc_tax" if inclusive else "cost_ex_tax")
    expected = (fees if fees_on_top else 0) - (tenders if net_of_tenders else 0)
    exact = order.shape != "fraction_of_a_cent"
    assert abs(residue(order, inclusive=inclusive) - expected) < (
        Decimal("0.00005") if exact else CENT / 2
    )
    assert amount(header, "total_tax") == amount(header, "total_inc_tax") - amount(
        header, "total_ex_tax"
    )
    taxes = sum(
        (
            amount(header, f"{part}_tax")
            for part in ["subtotal", "shipping_cost", "handling_cost", "wrapping_cost"]
        ),
        Decimal(0),
    )
    fee_tax = total_of(order.fees, "cost_tax") if fees_on_top else Decimal(0)
    if not old:  # in 2013 the subtotal's tax was before discounts
        assert amount(header, "total_tax") == taxes + fee_tax
    assert total_of(order.taxes, "line_amount") == amount(header, "total_tax")
    for side in ["ex_tax", "inc_tax"]:
        inside = Decimal(0) if fees_on_top else total_of(order.fees, f"cost_{side}")
        assert total_of(order.products, f"total_{side}") + inside == amount(
            header, f"subtotal_{side}"
        )
        assert total_of(order.shipping, f"cost_{side}") == amount(header, f"shipping_cost_{side}")
        assert total_of(order.shipping, f"handling_cost_{side}") == amount(
            header, f"handling_cost_{side}"
        )
        assert total_of(order.products, f"wrapping_cost_{side}") == amount(
            header, f"wrapping_cost_{side}"
        )
    for line in order.products:
        taken = total_of(line["applied_discounts"], "amount")
        assert amount(line, "price_tax") == amount(line, "price_inc_tax") - amount(
            line, "price_ex_tax"
        )
        quantity = Decimal(str(line["quantity"]))
        for side in ["ex_tax", "inc_tax"]:
            off = amount(line, f"total_{side}") - amount(line, f"price_{side}") * quantity
            # The side that was not typed has four decimals of what a discount left.
            assert abs(off) <= (quantity * Decimal("0.00005") if taken else 0)
        of_line = amount(line, "total_inc_tax") - amount(line, "total_ex_tax")
        tax = amount(line, "total_tax")
        if old:
            assert tax == of_line
            continue
        paid = amount(line, "discounted_total_inc_tax")
        typed = "total_inc_tax" if inclusive else "total_ex_tax"
        left = amount(line, typed) - taken
        unknown = order.shape == "unknown_line_totals"
        assert paid == (0 if unknown else left if inclusive else left + tax)
        if left:
            before = tax * amount(line, typed) / left
            assert abs(of_line - before) <= Decimal("0.00005")
    applied = [discount for line in order.products for discount in line["applied_discounts"]]
    assert total_of(applied, "amount") == amount(header, "discount_amount") + amount(
        header, "coupon_discount"
    )
    assert total_of(order.coupons, "discount") == amount(header, "coupon_discount")
    paid = [
        row for row in order.transactions if row["status"] == "ok" and row["event"] != "capture"
    ]
    if paid:
        gross = amount(header, "total_inc_tax") + (tenders if net_of_tenders else 0)
        assert total_of(paid, "amount") == gross


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    fees_on_top=st.booleans(),
    net_of_tenders=st.booleans(),
    tax_inclusive=st.booleans(),
)
def test_every_shape_foots(
    seed: int, fees_on_top: bool, net_of_tenders: bool, tax_inclusive: bool
) -> None:
    factory = OrderFactory(
        seed, fees_on_top=fees_on_top, net_of_tenders=net_of_tenders, tax_inclusive=tax_inclusive
    )
    for name in FOOTING:
        check_identities(
            order_of_shape(name, factory),
            fees_on_top=fees_on_top,
            net_of_tenders=net_of_tenders,
            tax_inclusive=tax_inclusive,
        )


prices = st.decimals("0.01", "9999.99", places=2)


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(st.tuples(prices, st.integers(1, 40)), min_size=1, max_size=6),
    rate=st.sampled_from([Decimal(0), Decimal("0.0825"), Decimal("0.19"), Decimal("0.055")]),
    inclusive=st.booleans(),
    discounts=st.lists(
        st.one_of(
            st.builds(
                Discount,
                st.sampled_from(
                    ["coupon_amount", "coupon_per_item", "promotion", "automatic", "manual"]
                ),
                prices,
                st.just("OFF"),
            ),
            st.builds(
                Discount,
                st.just("coupon_percent"),
                st.integers(1, 100).map(Decimal),
                st.just("PERCENT"),
            ),
        ),
        max_size=3,
    ),
    credit=prices,
)
def test_any_order_foots(
    lines: list[tuple[Decimal, int]],
    rate: Decimal,
    inclusive: bool,
    discounts: list[Discount],
    credit: Decimal,
) -> None:
    order = OrderFactory(tax_rate=rate, tax_inclusive=inclusive).order(
        [
            Line("", "Something", price, quantity, taxable=quantity % 5 != 0)
            for price, quantity in lines
        ],
        shipping=[Shipping(handling=Decimal("1.15"))],
        fees=[FeeLine("Fee", Decimal("2.35"))],
        discounts=discounts,
        store_credit=credit,
    )
    check_identities(order)
    assert amount(order.header, "total_inc_tax") >= 0


def test_the_same_seed_gives_the_same_orders() -> None:
    assert [order.to_json() for order in orders_of_every_shape(3)] == [
        order.to_json() for order in orders_of_every_shape(3)
    ]
    assert orders_of_every_shape(3)[0].to_json() != orders_of_every_shape(4)[0].to_json()


def test_shapes_are_what_their_names_say() -> None:
    orders = {order.shape: order for order in orders_of_every_shape()}
    assert len({order.id for order in orders.values()}) == len(SHAPES)
    header = {name: order.header for name, order in orders.items()}
    assert len(orders["two_consignments"].shipping) == 2
    assert {line["order_address_id"] for line in orders["two_consignments"].products} == {
        address["id"] for address in orders["two_consignments"].shipping
    }
    assert header["pickup"]["shipping_address_count"] == 0
    assert orders["pickup"].pickups
    assert header["digital_only"]["order_is_digital"] is True
    assert not orders["digital_only"].shipping
    assert orders["gift_certificate_bought"].products[0]["type"] == "giftcertificate"
    assert orders["gift_certificate_bought"].products[0]["sku"] == ""
    assert [line["product_id"] for line in orders["custom_item"].products][1] == 0
    parent, *children = orders["bundle"].products[:3]
    assert all(
        child["parent_order_product_id"] == parent["id"] and child["is_bundled_product"]
        for child in children
    )
    assert header["bundle"]["items_total"] == 3
    assert len(orders["options"].products[0]["product_options"]) == 3
    assert amount(header["gift_wrapping"], "wrapping_cost_ex_tax") == 5
    assert amount(header["handling"], "handling_cost_ex_tax") == Decimal("6.25")
    assert len(orders["fees"].fees) == 2
    assert header["tax_inclusive"]["is_tax_inclusive_pricing"] is True
    assert amount(header["untaxed"], "total_tax") == 0
    assert orders["coupon_amount"].coupons[0]["type"] == 2
    assert orders["coupon_percent"].coupons[0]["type"] == 1
    assert amount(header["automatic_discount"], "discount_amount") == 4
    assert orders["manual_discount"].products[0]["applied_discounts"][0]["id"] == "manual-discount"
    assert amount(header["store_credit"], "store_credit_amount") == 20
    assert amount(header["gift_certificate_redeemed"], "gift_certificate_amount") == 25
    assert [row["method"] for row in orders["split_tender"].transactions] == [
        "gift_certificate",
        "store_credit",
        "credit_card",
    ]
    assert header["store_credit_only"]["payment_method"] == "Store Credit"
    assert header["purchase_order"]["payment_provider_id"] == "PO-7741"
    assert not orders["purchase_order"].transactions
    assert header["authorized"]["payment_status"] == "authorized"
    assert [row["event"] for row in orders["captured"].transactions] == ["authorization", "capture"]
    assert orders["declined"].transactions[0]["status"] == "error"
    assert header["guest"]["customer_id"] == 0
    assert orders["guest"].customer is None
    assert orders["registered"].customer == orders["registered_again"].customer
    assert amount(header["zero_total"], "total_inc_tax") == 0
    assert header["foreign_currency"]["currency_code"] == "EUR"
    assert header["foreign_currency"]["store_default_currency_code"] == "USD"
    assert len(orders["long"].products) == 62
    off = orders["off_by_a_cent"].header
    parts = ["subtotal", "shipping_cost", "handling_cost", "wrapping_cost"]
    assert amount(off, "total_inc_tax") - CENT == sum(
        amount(off, f"{part}_inc_tax") for part in parts
    )
    assert residue(orders["fraction_of_a_cent"]) != 0
    assert header["null_total"]["total_inc_tax"] is None
    assert orders["unicode"].header["billing_address"]["state"] == "東京都"


def test_shapes_of_real_stores_are_what_their_names_say() -> None:
    orders = {order.shape: order for order in orders_of_every_shape()}
    header = {name: order.header for name, order in orders.items()}
    assert header["cash_on_delivery_pending"]["payment_status"] == "pending"
    assert [row["event"] for row in orders["partly_captured"].transactions] == [
        "authorization",
        "capture",
    ]
    assert orders["partly_captured"].transactions[1]["amount"] == 31.5
    assert [line["quantity"] for line in orders["removed_line"].products] == [2, 0]
    assert header["removed_line"]["items_total"] == 2
    assert "is_tax_inclusive_pricing" not in header["form_of_2013"]
    assert orders["unknown_line_totals"].products[0]["discounted_total_inc_tax"] == "0.0000"
    assert orders["promotion_code"].coupons[0]["type"] == 5
    assert header["form_fields"]["billing_address"]["form_fields"] == [
        {"name": "PO number", "value": "4711"}
    ]
    assert header["translated_method"]["customer_locale"] == "de"
    assert orders["test_transaction"].transactions[0]["test"] is True


def test_the_first_forty_hold_every_kind_that_must_be_refused() -> None:
    first = orders_of_every_shape()[:40]
    refused = {order.shape for order in first if not order.importable}
    assert refused == {
        "foreign_currency",
        "declined",
        "off_by_a_cent",
        "unknown_sku",
        "unmapped_method",
        "null_total",
    }


def test_embedded_lines_stop_at_fifty() -> None:
    order = order_of_shape("long")
    consignment = order.to_json()["consignments"]["shipping"][0]
    assert len(consignment["line_items"]) == 50
    assert "__warning__" in consignment
    assert consignment["items_total"] == order.header["items_total"]


def test_money_is_text_on_addresses_and_numbers_in_consignments() -> None:
    order = order_of_shape("handling")
    assert order.shipping[0]["handling_cost_ex_tax"] == "6.2500"
    consignment = order.to_json()["consignments"]["shipping"][0]
    assert consignment["handling_cost_ex_tax"] == 6.25


def test_a_view_embeds_only_what_was_asked_for() -> None:
    order = order_of_shape("fees")
    plain = order.to_json(View())
    assert set(plain["fees"]) == set(plain["consignments"]) == {"url", "resource"}
    lines = order.to_json(View.of("consignments", "object"))["consignments"]["shipping"][0][
        "line_items"
    ]
    assert set(lines[0]) == {"url", "resource"}
    assert isinstance(order.to_json(View.of("consignments.line_items", ""))["consignments"], list)
    assert View.of("fees, consignments.line_items", "object") == EMBEDDED


@pytest.mark.parametrize(
    "name",
    [
        "two_consignments",
        "digital_and_physical",
        "gift_certificate_bought",
        "shipping_and_pickup",
        "fees",
    ],
)
def test_an_order_survives_being_taken_apart(name: str) -> None:
    order = order_of_shape(name)
    again = FakeOrder.from_json(order.to_json())
    assert again.to_json() == order.to_json()


def test_published_examples_become_orders(specs: Path) -> None:
    paths = json.loads((specs / "orders.v2.json").read_text(encoding="utf-8"))["components"][
        "responses"
    ]
    orders = [order for order in _complete_orders(paths) if "subtotal_inc_tax" in order]
    assert orders
    for example in orders:
        order = FakeOrder.from_json(example)
        assert order.id == example["id"]
        assert not order.products


def _complete_orders(node: object) -> list[dict[str, object]]:
    if isinstance(node, list):
        return [order for part in node for order in _complete_orders(part)]
    if isinstance(node, dict):
        if "subtotal_inc_tax" in node and not isinstance(node["subtotal_inc_tax"], dict):
            return [node]
        return [order for part in node.values() for order in _complete_orders(part)]
    return []


def test_discounts_never_touch_gift_certificates() -> None:
    certificate = Line(
        "", "$25.00 Gift Certificate", Decimal(25), type="giftcertificate", taxable=False
    )
    order = OrderFactory().order(
        [certificate, item("MUG-BLUE")], discounts=[Discount("coupon_amount", Decimal(500), "ALL")]
    )
    assert order.products[0]["applied_discounts"] == []
    assert order.products[1]["discounted_total_inc_tax"] == "0.0000"


def test_the_fixture_of_the_plugin(fake_store) -> None:
    fake_store.place_order()
    url = fake_store.api_url.replace("/v3/", "/v2/orders")
    assert len(httpx.get(url, headers={"X-Auth-Token": fake_store.access_token}).json()) == 1
