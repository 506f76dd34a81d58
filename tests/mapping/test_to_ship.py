"""What is left to ship: ordered less refunded less shipped, at the import and after it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.bigcommerce.models import Order, OrderProduct
from avbc.mapping import difference, fingerprint, left_to_ship

D = Decimal


def codes(mapped):
    return [problem.code for problem in mapped.problems]


def mugs(make_order, *, quantity=10, more=(), status_id=11, **counts):
    items = [make_order.item(quantity=quantity, more=counts), *more]
    return make_order(items, status_id=status_id)


@pytest.mark.parametrize(
    ("shipped", "refunded", "status_id", "left", "code"),
    [
        (0, 0, 11, 10, None),
        (0, 3, 14, 7, "partly_refunded_before_import"),
        (4, 0, 3, 6, "partly_shipped_before_import"),
        (4, 1, 3, 5, "partly_shipped_before_import"),
        # A piece that was shipped, came back and was refunded counts as both.
        (10, 1, 11, 0, "nothing_left_to_ship"),
        (0, 10, 14, 0, "nothing_left_to_ship"),
        (10, 0, 2, 0, "nothing_left_to_ship"),
        # Set by a person, without a shipment.
        (0, 0, 2, 0, "nothing_left_to_ship"),
        (0, 0, 10, 0, "nothing_left_to_ship"),
        (0, 0, 13, 10, None),
    ],
)
def test_what_is_left_goes_to_the_warehouse(
    make_order, map_it, *, shipped, refunded, status_id, left, code
):
    order = mugs(
        make_order, status_id=status_id, quantity_shipped=shipped, quantity_refunded=refunded
    )
    mapped = map_it(order)
    [line] = mapped.bundle.order.lines
    assert (line.quantity, line.to_ship, line.amount) == (10, left, D("100.00"))
    assert left_to_ship(order) == {line.store_line_id: left}
    assert codes(mapped) == ([code] if code else [])
    reasons = {decision.field: decision.reason for decision in mapped.decisions}
    assert ("lines[0].to_ship" in reasons) == (left != 10)
    if code:
        assert mapped.problems[0].severity == "warning"
        assert not left or f"{left} of 10 pieces" in mapped.problems[0].message
        assert mapped.problems[0].fix
    if status_id == 10:
        assert reasons["lines[0].to_ship"] == "the order is Completed in the store"
    if status_id == 3:
        assert "less" in reasons["lines[0].to_ship"]


def test_an_order_has_one_warning(make_order, map_it):
    other = make_order.item("TOWEL", quantity=2, more={"quantity_refunded": 1})
    mapped = map_it(mugs(make_order, more=[other], quantity_shipped=1))
    assert codes(mapped) == ["partly_shipped_before_import"]
    assert "10 of 12 pieces" in mapped.problems[0].message


def test_an_order_that_is_refused_has_no_advice_for_the_warehouse(make_order, map_it):
    order = mugs(make_order, quantity_shipped=1)
    assert codes(map_it(order, products={})) == ["sku_unknown"]


def test_costs_go_with_what_is_shipped(make_order, map_it):
    def costs(status_id):
        items = [make_order.item(wrapping="2.00")]
        order = make_order(items, handling="3.00", fees=("1.00",), status_id=status_id)
        lines = map_it(order).bundle.order.lines
        return {line.kind: (line.quantity, line.to_ship) for line in lines}

    kinds = ("product", "wrapping", "handling", "fee")
    assert costs(11) == dict.fromkeys(kinds, (1, 1))
    assert costs(10) == dict.fromkeys(kinds, (1, 0))


@pytest.mark.parametrize("type_", ["digital", "giftcertificate"])
def test_what_the_store_delivers_is_billed_and_no_reason_for_a_warning(make_order, map_it, type_):
    item = make_order.item("EBOOK", quantity=2, address=0, more={"type": type_})
    for status_id, left in ((11, 2), (10, 0)):
        mapped = map_it(make_order([item], shipping=(), status_id=status_id))
        assert [line.to_ship for line in mapped.bundle.order.lines] == [left]
        assert codes(mapped) == []


def test_a_component_is_left_as_far_as_its_bundle_is():
    def line(id_, quantity, parent=None, **counts):
        return OrderProduct(id=id_, quantity=quantity, parent_order_product_id=parent, **counts)

    def left(*lines):
        return {key: int(count) for key, count in left_to_ship(Order(products=lines)).items()}

    assert left(line(1, 2, quantity_shipped=1), line(2, 4, 1)) == {1: 1, 2: 2}
    assert left(line(1, 2, quantity_shipped=2), line(2, 4, 1)) == {1: 0, 2: 0}
    assert left(line(1, 2), line(2, 4, 1, quantity_shipped=3)) == {1: 2, 2: 1}
    # Rounded up, and in any sequence.
    assert left(line(2, 3, 1), line(1, 2, quantity_shipped=1)) == {2: 2, 1: 1}
    # Of a bundle that is not there, or was removed, nothing is known.
    assert left(line(2, 3, 7), line(3, 1, 8), line(8, 0)) == {2: 3, 3: 1, 8: 0}


def test_a_component_says_that_its_bundle_decides(make_order, map_it):
    part = make_order.item("LAMP", quantity=4, more={"parent_order_product_id": 101})
    order = make_order(
        [make_order.item("SET", quantity=2, more={"quantity_shipped": 1}), part], items_total=2
    )
    mapped = map_it(order)
    assert [line.to_ship for line in mapped.bundle.order.lines] == [1, 2]
    reasons = {decision.field: decision.reason for decision in mapped.decisions}
    assert "bundle" in reasons["lines[1].to_ship"]
    assert "bundle" not in reasons["lines[0].to_ship"]


COUNTS = st.integers(-2, 12)


@given(quantity=COUNTS, shipped=COUNTS, refunded=COUNTS, status_id=st.sampled_from(range(15)))
def test_never_below_zero_and_never_more_than_ordered(quantity, shipped, refunded, status_id):
    line = OrderProduct(
        id=1, quantity=quantity, quantity_shipped=shipped, quantity_refunded=refunded
    )
    left = left_to_ship(Order(status_id=status_id, products=(line,)))[1]
    assert 0 <= left <= max(0, quantity)
    if status_id in (2, 10):
        assert left == 0
    elif min(quantity, shipped, refunded) >= 0:
        assert left == max(0, quantity - shipped - refunded)


def test_what_was_shipped_or_refunded_is_no_edit(make_order, map_it):
    before = mugs(make_order)
    after = mugs(make_order, status_id=3, quantity_shipped=4, quantity_refunded=1)
    assert fingerprint(before) == fingerprint(after)
    old, new = map_it(before).bundle, map_it(after).bundle
    assert old.order.lines != new.order.lines
    assert difference(old.order, old.receipts, new) == ()
