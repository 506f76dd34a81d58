"""Orders as real stores make them, from the import to the last refund: what their sums need."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import Discount, FakeOrder, FakeStore, OrderFactory, item
from avbc.testing.values import amount_of, money, number

D = Decimal
SHIPPED, PARTIALLY_SHIPPED = 2, 3
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
COUPONS = "GET /v2/orders/{id}/coupons"

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def take_off(order: FakeOrder, place: int) -> None:
    """Take a line without discounts off an order, as the API does: its row stays."""
    line = order.products[place]
    for side in ("ex_tax", "inc_tax", "tax"):
        amount = amount_of(line[f"total_{side}"])
        for total in ("subtotal", "total"):
            order.header[f"{total}_{side}"] = money(
                amount_of(order.header[f"{total}_{side}"]) - amount
            )
        line[f"total_{side}"] = "0.0000"
    order.header["items_total"] = int(str(order.header["items_total"])) - int(str(line["quantity"]))
    line.update(quantity=0, discounted_total_inc_tax="0.0000")
    order.taxes[:] = [row for row in order.taxes if row.get("order_product_id") != str(line["id"])]


def mug_and_lamp(factory: OrderFactory) -> FakeOrder:
    return factory.order([item("MUG-BLUE", 2), item("LAMP-01")])


def line_ids(order: FakeOrder) -> list[int]:
    return [int(str(line["id"])) for line in order.products]


def pay_the_total(order: FakeOrder) -> None:
    order.transactions[0]["amount"] = number(amount_of(order.header["total_inc_tax"]))


@pytest.mark.parametrize("embeds", [True, False])
def test_a_line_that_was_taken_off_is_no_line_in_the_books(
    join: Join, store: FakeStore, books: SqlGateway, factory: OrderFactory, *, embeds: bool
) -> None:
    order = mug_and_lamp(factory)
    take_off(order, 1)
    pay_the_total(order)
    store.add_order(order)
    store.set_options(embeds=embeds)
    web = join()
    shown = web.preview_orders().imported[0].explanation
    assert "was taken off in the store" in str(list(shown.decisions))
    assert [one.order_id for one in web.import_orders().imported] == [order.id]
    (booked,) = books.sales_orders([f"WEB{order.id}"])
    assert [(line.part_number, line.to_ship) for line in booked.lines] == [("MUG-BLUE", D(2))]
    assert booked.total == amount_of(order.header["total_inc_tax"])
    # Nothing of it is an edit, or differs.
    web.follow_orders()
    assert web.worklist().ok
    assert web.reconcile(SINCE).ok, str(web.reconcile(SINCE))


def test_a_line_of_quantity_0_with_money_on_it_is_refused(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order = mug_and_lamp(factory)
    order.products[1]["quantity"] = 0
    order.header["items_total"] = 2
    store.add_order(order)
    (refused,) = web.import_orders().refused
    assert "quantity_invalid" in [problem.code for problem in refused.problems]


def test_the_rest_of_the_order_is_shipped_in_full(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    """A shipment that names the line that was taken off counts for no other line."""
    order = mug_and_lamp(factory)
    take_off(order, 1)
    pay_the_total(order)
    store.add_order(order)
    web.import_orders()
    mug, lamp = line_ids(order)
    own = store.order(order.id)
    own.shipments.append(
        {
            "id": 900,
            "order_id": order.id,
            "order_address_id": own.products[0]["order_address_id"],
            "tracking_number": "",
            "comments": "",
            "items": [{"order_product_id": lamp, "product_id": 0, "quantity": 1}],
        }
    )
    for number_, left in ((1, PARTIALLY_SHIPPED), (2, SHIPPED)):
        books.add_shipment(
            Shipment(number_, f"WEB{order.id}", (ShippedItem(mug, D(1)),), carrier="UPS")
        )
        assert len(web.push_shipments().sent) == 1
        with books.engine.connect() as connection:
            known = sa.text("SELECT text FROM avbc_fingerprints WHERE kind LIKE 'shipped status %'")
            assert connection.execute(known).scalar_one() == str(left)


def test_a_line_that_is_taken_off_after_the_import_is_an_edit(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order = store.add_order(mug_and_lamp(factory))
    web.import_orders()
    own = store.order(order.id)
    take_off(own, 1)
    pay_the_total(own)
    store.edit_order(order.id, items_total=own.header["items_total"])
    web.follow_orders()
    assert "order_edited_after_import" in [each.code for each in web.worklist().of(order.id)]
    web.import_order(order.id)
    (booked,) = books.sales_orders([f"WEB{order.id}"])
    assert [line.part_number for line in booked.lines] == ["MUG-BLUE"]


def test_a_code_of_the_promotions_engine_twice_gives_no_warning_and_is_read_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    """10 percent of two carts: 1.99 and 4.90."""
    before = books.promotions()
    for line in (item("MUG-BLUE", 2), item("LAMP-01")):
        order = factory.order([line], discounts=[Discount("coupon_percent", D(10), "PROMO")])
        order.coupons[0].update(type=5, amount=0)
        store.add_order(order)
    report = web.import_orders()
    assert len(report.imported) == 2
    assert [problem for each in report.imported for problem in each.problems] == []
    assert books.promotions() == before
    assert store.counts()[COUPONS] == 1
    taken = [
        (discount.code, discount.amount, discount.name)
        for order in books.sales_orders([f"WEB{each.order_id}" for each in report.imported])
        for discount in order.discounts
    ]
    assert [(code, amount) for code, amount, _ in taken] == [("", D("1.99")), ("", D("4.90"))]
    assert all("PROMO" in name for *_, name in taken)
    web.follow_orders()
    assert web.worklist().ok


def test_a_known_code_is_read_again_where_the_lines_do_not_have_all_of_it(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    for place in range(2):
        order = factory.order(
            [item("LAMP-01")], discounts=[Discount("coupon_amount", D(5), "PROMO")]
        )
        order.coupons[0].update(type=5, amount=0)
        if place:
            for line in order.products:
                line["applied_discounts"] = [{"id": "coupon", "amount": "5.0000"}]
        store.add_order(order)
    report = web.import_orders()
    assert len(report.imported) == 2, str(report)
    assert store.counts()[COUPONS] == 2


def old(order: FakeOrder) -> None:
    """An order of 2013: the tax of lines and subtotal is before discounts, and less is sent."""
    saved = D(0)
    for line in order.products:
        tax = amount_of(line["total_inc_tax"]) - amount_of(line["total_ex_tax"])
        saved += tax - amount_of(line["total_tax"])
        line["total_tax"] = money(tax)
        del line["discounted_total_inc_tax"]
    order.header["subtotal_tax"] = money(amount_of(order.header["subtotal_tax"]) + saved)
    order.header.pop("is_tax_inclusive_pricing", None)


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("sent", ["as it is", "0.0000", "old"])
def test_a_discount_and_its_refund_by_the_reading_of_the_order(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, *, inclusive: bool, sent: str
) -> None:
    factory = OrderFactory(tax_rate=D("0.20"), tax_inclusive=inclusive)
    order = store.add_order(
        factory.order(
            [item("CHAIR-OAK"), item("LAMP-01", 2)], discounts=[Discount("manual", D(10))]
        )
    )
    web = join(settings=change(gl={"import_refunds": True}))
    own = store.order(order.id)
    if sent == "old":
        paid = [line["discounted_total_inc_tax"] for line in own.products]
        old(own)
    report = web.import_orders()
    assert [each.order_id for each in report.imported] == [order.id], str(report)
    assert [problem.code for problem in report.imported[0].problems] == []
    if sent == "old":
        # The store itself knows what was paid for the line.
        for line, amount in zip(own.products, paid, strict=True):
            line["discounted_total_inc_tax"] = amount
    refund = store.refund(order.id, items={line_ids(order)[0]: 1})
    for line in own.products:
        if sent == "0.0000":
            line["discounted_total_inc_tax"] = "0.0000"
        elif sent == "old":
            line.pop("discounted_total_inc_tax")
    (change_,) = web.import_refunds().sent
    assert change_.problems == ()
    (credit,) = books.credits([f"WEB{order.id}"])
    assert credit.total == amount_of(refund["total_amount"])
    assert credit.tax == amount_of(refund["total_tax"])
    (line,) = credit.lines
    assert (line.kind, line.amount + line.tax) == ("product", credit.total)
    assert web.reconcile(SINCE).ok, str(web.reconcile(SINCE))


def test_a_coupon_on_shipping_is_booked_against_freight_and_stays_so(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order = factory.order(
        [item("LAMP-01")], discounts=[Discount("coupon_amount", D("3.00"), "SHIP")]
    )
    order.coupons[0]["type"] = 3
    store.add_order(order)
    assert [each.order_id for each in join().import_orders().refused] == [order.id]
    web = join(settings=change(gl={"unsupported_coupons": "amount"}))
    report = web.import_order(order.id)
    assert [problem.code for problem in report.imported[0].problems] == ["coupon_booked_by_amount"]
    (booked,) = books.sales_orders([f"WEB{order.id}"])
    assert (booked.freight, booked.discounts) == (D("5.00"), ())
    assert booked.total == amount_of(order.header["total_inc_tax"])
    web.follow_orders()
    assert web.worklist().ok
    assert web.reconcile(SINCE).ok, str(web.reconcile(SINCE))


def refunded_and_taken_off(store: FakeStore, order: FakeOrder, place: int) -> None:
    """What staff do in the store: refund the price of a line, and take the line off."""
    own = store.order(order.id)
    store.refund(order.id, items={line_ids(own)[place]: int(str(own.products[place]["quantity"]))})
    take_off(own, place)
    store.edit_order(
        order.id,
        items_total=own.header["items_total"],
        status_id=11,
        payment_status="captured",
    )


@pytest.mark.parametrize("imported_before", [False, True])
def test_a_refund_of_a_line_that_was_taken_off_makes_no_credit(
    join: Join,
    change: Change,
    store: FakeStore,
    books: SqlGateway,
    factory: OrderFactory,
    *,
    imported_before: bool,
) -> None:
    web = join(settings=change(gl={"import_refunds": True}))
    order = store.add_order(mug_and_lamp(factory))
    if imported_before:
        web.import_orders()
        web.follow_orders()
    refunded_and_taken_off(store, order, 1)
    web.import_order(order.id)
    web.import_refunds()
    web.follow_orders()
    (booked,) = books.sales_orders([f"WEB{order.id}"])
    assert [line.part_number for line in booked.lines] == ["MUG-BLUE"]
    assert booked.total == amount_of(store.order(order.id).header["total_inc_tax"])
    assert books.credits([f"WEB{order.id}"]) == []
    assert sum(one.amount for one in books.receipts([f"WEB{order.id}"])) == booked.total
    assert [each.code for each in web.worklist()] == []
