"""The example orders that BigCommerce publishes: their proof, and what they become."""

import json
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from avbc.bigcommerce.endpoints.orders import get_order
from avbc.bigcommerce.models import AppliedDiscount, Consignments, OrderProduct, ShippingConsignment
from avbc.mapping import prove

D = Decimal
SPECS = Path(__file__).parents[2] / "../shared/bigcommerce/specs/orders.v2.json"
pytestmark = pytest.mark.skipif(
    not SPECS.exists(), reason="BigCommerce's OpenAPI files are not beside the repository"
)


@pytest.fixture(scope="module")
def examples():
    responses = json.loads(SPECS.read_text())["components"]["responses"]
    rows = list(
        responses["orderCollection_Resp"]["content"]["application/json"]["examples"]["response"][
            "value"
        ]
    )
    rows += [
        one["value"]
        for one in responses["order_Resp"]["content"]["application/json"]["examples"].values()
    ]
    return {row["id"]: get_order(row["id"]).read(row) for row in rows}


def with_lines(order, *discounts):
    """The order with one custom line and one consignment, since the files have no lines.

    The line is the subtotal without fees, the consignment has the shipping cost.
    """
    fees_ex = sum((fee.cost_ex_tax for fee in order.fees or ()), D(0))
    fees_inc = sum((fee.cost_inc_tax for fee in order.fees or ()), D(0))
    without, with_tax = order.subtotal_ex_tax - fees_ex, order.subtotal_inc_tax - fees_inc
    line = OrderProduct(
        id=1,
        name="Everything",
        price_ex_tax=without,
        price_inc_tax=with_tax,
        total_ex_tax=without,
        total_inc_tax=with_tax,
        total_tax=with_tax - without,
        order_address_id=5,
        applied_discounts=discounts,
    )
    shipping = ShippingConsignment(
        id=5,
        shipping_method="UPS Ground",
        cost_ex_tax=order.shipping_cost_ex_tax,
        cost_inc_tax=order.shipping_cost_inc_tax,
    )
    return attrs.evolve(
        order, items_total=1, products=(line,), consignments=Consignments(shipping=(shipping,))
    )


def test_order_247_holds_by_every_identity(examples, rules, map_it):
    order = examples[247]
    ruling = prove(order, rules)
    assert ruling.problems == ()
    assert ruling.value.convention == "tenders: none; fees: none; discounts: none"
    mapped = map_it(with_lines(attrs.evolve(order, payment_method="Credit Card")))
    assert mapped.problems == ()
    assert (mapped.total, mapped.bundle.order.tax, mapped.bundle.order.rounding) == (
        D("1008.74"),
        D("76.88"),
        0,
    )


def test_order_218_has_its_fees_in_the_subtotal_and_its_discounts_with_tax(examples, rules, map_it):
    order = examples[218]
    ruling = prove(order, rules)
    assert ruling.problems == ()
    assert ruling.value.convention == "tenders: none; fees: in the subtotal; discounts: with tax"
    assert ruling.value.discount == D("9.2393")
    discounts = (
        AppliedDiscount(id="manual-discount", amount=D(5), name="Manual Discount"),
        AppliedDiscount(id="total-coupon", amount=D(5), name="Five off", code="SAVE5"),
    )
    mapped = map_it(
        with_lines(attrs.evolve(order, payment_method="Manual", payment_status=""), *discounts)
    )
    assert mapped.errors == ()
    sales_order = mapped.bundle.order
    assert (
        sales_order.total
        == D("69.84")
        == sales_order.subtotal + sales_order.freight + sales_order.tax - sales_order.discount
    )
    assert [line.kind for line in sales_order.lines] == ["custom", "fee", "fee"]
    assert sales_order.discount == D("9.2393")


def test_order_100_is_wrong_without_tax(examples, rules, map_it):
    """With tax it adds up; its total without tax is its total with tax, and its tax is gone."""
    [problem] = prove(examples[100], rules).problems
    assert (problem.code, problem.field, problem.value) == (
        "ex_tax_does_not_foot",
        "total_ex_tax",
        "361.95",
    )
    assert "its parts come to 336.32: off by 25.63." in problem.message
    mapped = map_it(with_lines(examples[100]))
    assert [one.code for one in mapped.errors] == ["ex_tax_does_not_foot"]


@pytest.mark.parametrize("id_", [100, 218, 247])
def test_as_published_they_have_no_lines(examples, map_it, id_):
    mapped = map_it(examples[id_])
    assert "lines_incomplete" in [one.code for one in mapped.errors]
    assert "consignments_missing" in [one.code for one in mapped.errors]
