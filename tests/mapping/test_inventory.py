"""Quantities for the store."""

import decimal
import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.bigcommerce.models import Consignments, Order, OrderProduct, ShippingConsignment
from avbc.mapping import HIGHEST_QUANTITY, net_quantities, net_quantity, waiting_demand

D = Decimal


def line(sku, quantity=1, *, product_id=7, **more):
    return OrderProduct(product_id=product_id, sku=sku, quantity=quantity, **more)


def order(*lines):
    return Order(id=1, products=lines)


@pytest.mark.parametrize(
    ("available", "waiting", "net"),
    [
        ("7", "0", 7),
        ("7.9999", "0", 7),
        ("7.5", "0.4", 7),
        ("7.5", "0.6", 6),
        ("0.9", "0", 0),
        ("-3", "0", 0),
        ("3", "5", 0),
        ("3", "3", 0),
        ("-0.5", "0", 0),
        ("2147483647", "0", HIGHEST_QUANTITY),
        ("2147483647.9", "0", HIGHEST_QUANTITY),
        ("1e400", "0", HIGHEST_QUANTITY),
        ("-1e400", "0", 0),
        ("3", "1e400", 0),
        ("3000000000", "1000000000", 2_000_000_000),
        ("NaN", "0", 0),
        ("sNaN", "0", 0),
        ("Infinity", "0", 0),
        ("3", "NaN", 0),
    ],
)
def test_whole_units_rounded_down_and_never_negative(available, waiting, net):
    result = net_quantity(D(available), D(waiting))
    assert (result, type(result)) == (net, int)


def test_a_narrow_context_of_the_program_rounds_nothing_up():
    with decimal.localcontext(decimal.Context(prec=2, rounding=decimal.ROUND_UP)):
        assert net_quantity(D("1234.5"), D("0.1")) == 1234


@given(
    st.decimals(allow_nan=False, allow_infinity=False), st.decimals(D(0), D("1e9"), allow_nan=False)
)
def test_what_is_on_sale_is_never_more_than_there_is(available, waiting):
    net = net_quantity(available, waiting)
    assert 0 <= net <= HIGHEST_QUANTITY
    with decimal.localcontext(decimal.Context(prec=2000)):
        assert net == 0 or net <= available - waiting
        assert net == HIGHEST_QUANTITY or net + 1 > available - waiting


def test_what_waits_is_netted_whatever_the_case():
    available = [("MUG-1", D(7)), ("Straße", D(5)), ("lamp", D(1))]
    waiting = {"mug-1": D(2), "strasse": D(1), "gone": D(4)}
    assert list(net_quantities(available, waiting)) == [("MUG-1", 5), ("Straße", 4), ("lamp", 1)]
    assert list(net_quantities(available, {})) == [("MUG-1", 7), ("Straße", 5), ("lamp", 1)]


def test_orders_that_wait_take_what_they_sell():
    orders = [order(line("MUG", 2), line(" mug ", 1), line("TOWEL", 3)), order(line("MUG", 1))]
    assert waiting_demand(orders) == {"mug": D(4), "towel": D(3)}


def test_a_bundle_and_its_components_count_once_each():
    bundle = line("SET", 2, id=65)
    parts = [
        line("MUG", 4, id=66, parent_order_product_id=65),
        line("TEAPOT", 2, id=67, parent_order_product_id=65, is_bundled_product=True),
    ]
    assert waiting_demand([order(bundle, *parts, line("MUG", 1, id=68))]) == {
        "set": D(2),
        "mug": D(5),
        "teapot": D(2),
    }


def test_what_was_refunded_is_not_taken():
    assert waiting_demand(
        [order(line("MUG", 3, quantity_refunded=1), line("TOWEL", 2, quantity_refunded=2))]
    ) == {"mug": D(2)}


def test_what_was_shipped_has_left_and_is_not_taken():
    lines = line("MUG", 10, quantity_shipped=4, quantity_refunded=1), line("TOWEL", 2)
    assert waiting_demand([order(*lines)]) == {"mug": D(5), "towel": D(2)}
    bundle = line("SET", 3, id=65, quantity_shipped=1)
    part = line("MUG", 6, id=66, parent_order_product_id=65)
    assert waiting_demand([order(bundle, part)]) == {"set": D(2), "mug": D(4)}
    over = line("MUG", 2, quantity_shipped=3, quantity_refunded=-1)
    assert waiting_demand([order(over)]) == {}


def test_what_is_no_product_takes_nothing():
    assert (
        waiting_demand(
            [
                order(
                    line("", 1), line("ENGRAVING", 1, product_id=0), line("MUG", 0), line("MUG", -1)
                )
            ]
        )
        == {}
    )


def test_an_alias_counts_for_its_product():
    assert waiting_demand([order(line("CUP", 1), line("MUG", 2))], {"cup": "mug"}) == {"mug": D(3)}


def test_embedded_lines_count_as_well():
    consignment = ShippingConsignment(id=51, line_items=(line("MUG", 2),))
    assert waiting_demand([Order(id=1, consignments=Consignments(shipping=(consignment,)))]) == {
        "mug": D(2)
    }


def test_quantities_are_streamed():
    def available():
        for number in range(50_000):
            yield f"SKU-{number:07}", D(number)

    tracemalloc.start()
    started = time.process_time()
    count = sum(1 for _ in net_quantities(available(), {"sku-0000001": D(1)}))
    took = time.process_time() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 50_000
    assert peak < 1_000_000
    assert took < 20  # even while memory is traced; a square would take hours
