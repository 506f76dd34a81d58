"""Functions that change an order before its products are looked up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage import OrderBundle, SqlGateway
from avbc.bigcommerce.models import Order
from avbc.errors import FinalError, TransientError
from avbc.mapping import fingerprint
from avbc.orchestrator import Orchestrator, OrderCustomisation
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, example, item

NEW = 11

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def marketplace(quantity: int = 2, **header: object) -> FakeOrder:
    """An order whose SKU is the marketplace's and not the books'."""
    order = OrderFactory().order([item("MUG-RED", quantity), item("TOWEL-ST")], **header)
    order.products[0]["sku"] = "AMZ-MUG-RED"
    return order


def strip_prefix(order: Order) -> Order:
    for line in order.lines:
        line.sku = line.sku.removeprefix("AMZ-")
    return order


def test_an_order_is_customised_before_its_products_are_looked_up(
    join: Join, store: FakeStore, both: SqlGateway
) -> None:
    order_id = store.add_order(marketplace()).id
    plain, web = join(books=both), join(books=both, customise_order=[strip_prefix])
    (refused,) = plain.preview_orders().refused
    assert [problem.code for problem in refused.problems] == ["sku_unknown"]
    (foreseen,) = web.preview_orders().imported
    assert foreseen.problems == ()
    web.import_orders()
    (sales_order,) = both.sales_orders()
    assert [line.part_number for line in sales_order.lines] == ["MUG-RED", "TOWEL-ST"]
    decided = {each.field: each for each in web.explain(order_id).decisions}
    (place,) = (field for field in decided if field.endswith("sku"))
    assert decided[place].value == "MUG-RED"
    assert decided[place].reason == "customised by strip_prefix, was 'AMZ-MUG-RED'"
    assert foreseen.explanation is not None
    assert place in {each.field for each in foreseen.explanation.decisions}


def test_the_order_is_known_again_by_what_the_store_has(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    """Its fingerprint is the store's, so that a customisation more or less is no edit."""
    order_id = store.add_order(marketplace()).id
    web = join(customise_order=[strip_prefix])
    web.import_orders()
    in_store = web.store.orders.get(order_id, include=["consignments.line_items", "fees"])
    assert books.sales_orders()[0].fingerprint == fingerprint(in_store)
    store.edit_order(order_id, status_id=NEW)
    assert len(join().import_orders().relinked) == 1
    assert list(web.follow_orders()) == []
    assert web.reconcile(datetime(2020, 1, 1, tzinfo=UTC)).ok


def test_an_edited_order_is_customised_too(join: Join, store: FakeStore, books: SqlGateway) -> None:
    order_id = store.add_order(marketplace()).id
    web = join(customise_order=[strip_prefix])
    web.import_orders()
    order = store.order(order_id)
    order.products[0]["name"] = "Red mug, glazed"
    store.edit_order(order_id, status_id=NEW)
    assert len(web.import_orders().updated) == 1
    line = books.sales_orders()[0].lines[0]
    assert (line.part_number, line.description) == ("MUG-RED", "Red mug, glazed")


def test_a_client_is_found_by_what_the_order_became(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    store.add_order(OrderFactory().order([item("MUG-RED")]))

    def buyer(order: Order) -> Order:
        address = attrs.evolve(order.billing_address, email="purchasing@example.com")
        return attrs.evolve(order, billing_address=address)

    join(customise_order=[buyer]).import_orders()
    assert books.sales_orders()[0].client == "Example Fittings Inc"


def test_functions_run_one_after_another_and_both_kinds_together(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    store.add_order(marketplace(customer_message="ring"))

    def once(order: Order) -> Order:
        return attrs.evolve(order, customer_message=f"{order.customer_message} twice")

    def shout(order: Order) -> Order:
        return attrs.evolve(order, customer_message=order.customer_message.upper())

    def sign(order: Order, bundle: OrderBundle) -> OrderBundle:
        memo = f"{order.customer_message}: {order.lines[0].sku}"
        return attrs.evolve(bundle, order=attrs.evolve(bundle.order, memo=memo))

    web = join(customise_order=[strip_prefix, once, shout], customise=[sign])
    web.import_orders()
    assert books.sales_orders()[0].memo == "RING TWICE: MUG-RED"


def test_one_that_changes_nothing_leaves_no_trace(join: Join, store: FakeStore) -> None:
    order_id = store.add_order(OrderFactory().plain()).id
    plain, untouched = join(), join(customise_order=[lambda order: order])
    assert untouched.explain(order_id).decisions == plain.explain(order_id).decisions


def more(order: Order) -> Order:
    order.lines[0].quantity += 1
    return order


def cheaper(order: Order) -> Order:
    return attrs.evolve(order, total_inc_tax=order.total_inc_tax - Decimal("0.01"))


def fewer_lines(order: Order) -> Order:
    assert order.products is None
    return attrs.evolve(order, products=order.lines[1:])


def renumber(order: Order) -> Order:
    return attrs.evolve(order, id=1)


def pay_otherwise(order: Order) -> Order:
    return attrs.evolve(order, payment_method="Check", payment_status="")


def move_on(order: Order) -> Order:
    return attrs.evolve(order, status_id=2)


@pytest.mark.parametrize(
    ("customisation", "fields"),
    [
        (more, ["consignments.shipping[0].line_items[0].quantity"]),
        (cheaper, ["total_inc_tax"]),
        (fewer_lines, ["products"]),
        (renumber, ["id"]),
        (pay_otherwise, ["payment_method", "payment_status"]),
        (move_on, ["status_id"]),
    ],
)
def test_what_other_jobs_read_of_the_order_must_stay(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    customisation: OrderCustomisation,
    fields: list[str],
) -> None:
    order_id = store.add_order(OrderFactory().order([item("MUG-RED", 2), item("TOWEL-ST")])).id
    (outcome,) = join(customise_order=[customisation]).import_orders().refused
    assert outcome.order_id == order_id
    assert [(problem.code, problem.field) for problem in outcome.problems] == [
        ("customisation_refused", field) for field in fields
    ]
    assert customisation.__name__ in outcome.problems[0].message
    assert books.sales_orders() == []


def refuse(order: Order) -> Order:
    raise FinalError("we do not ship anvils")


def not_now(order: Order) -> Order:
    raise TransientError("the product service is away")


def crash(order: Order) -> Order:
    if order.customer_message == "crash":
        raise ZeroDivisionError("oops")
    return order


def forget_to_return(order: Order) -> Order:
    return None  # type: ignore[return-value]  # the commonest mistake


def test_it_may_refuse_an_order(join: Join, store: FakeStore) -> None:
    order_id = store.add_order(OrderFactory().plain()).id
    (outcome,) = join(customise_order=[refuse]).import_orders().refused
    assert [problem.code for problem in outcome.problems] == ["refused_by_customisation"]
    assert "anvils" in str(store.order(order_id).header["staff_notes"])


@pytest.mark.parametrize(
    ("customisation", "code", "said"),
    [
        (not_now, "try_again", "product service"),
        (crash, "unexpected_error", "ZeroDivisionError"),
        (forget_to_return, "unexpected_error", "forget_to_return returned NoneType, not an Order"),
    ],
)
def test_one_that_fails_leaves_the_order_new(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    *,
    customisation: OrderCustomisation,
    code: str,
    said: str,
) -> None:
    order_id = store.add_order(OrderFactory().order([item("MUG-RED")], customer_message="crash")).id
    (outcome,) = join(customise_order=[customisation]).import_orders().postponed
    assert outcome.problems[0].code == code
    assert said in outcome.problems[0].message
    assert store.order(order_id).header["status_id"] == NEW
    assert books.sales_orders() == []


def test_one_that_fails_for_an_order_stops_no_other(join: Join, store: FakeStore) -> None:
    factory = OrderFactory()
    orders = [
        store.add_order(factory.order([item("MUG-RED")], customer_message=text)).id
        for text in ("", "crash", "")
    ]
    report = join(customise_order=[crash]).import_orders()
    assert [each.order_id for each in report.imported] == [orders[0], orders[2]]
    assert [each.order_id for each in report.postponed] == [orders[1]]


def test_what_waits_is_netted_as_it_will_be_imported(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    """Also where the function fails: then as the store has it, and nothing stops."""
    example.populate(store, orders=0)
    store.add_order(marketplace(3))
    join(customise_order=[strip_prefix]).push_inventory()
    store.settle()
    assert (store.inventory()["MUG-RED"], store.inventory()["TOWEL-ST"]) == (97, 99)


def test_what_cannot_be_customised_is_netted_as_the_store_has_it(
    join: Join, store: FakeStore
) -> None:
    example.populate(store, orders=0)
    store.add_order(OrderFactory().order([item("MUG-RED", 3)]))
    join(customise_order=[more]).push_inventory()
    store.settle()
    assert store.inventory()["MUG-RED"] == 97


def test_a_backtest_customises_orders_on_both_sides(
    join: Join, store: FakeStore, change: Change
) -> None:
    store.add_order(marketplace())
    since = datetime(2020, 1, 1, tzinfo=UTC)
    other = change(order_status={"new_sales_order_status": "Committed"})
    report = join(customise_order=[strip_prefix]).backtest(other, since)
    (changed,) = report.changed
    assert (changed.before, changed.after) == ("imported", "imported")
    refused = join(customise_order=[renumber]).backtest(other, since)
    assert refused.unchanged == 1
    (unread,) = join(customise_order=[forget_to_return]).backtest(other, since).unread
    assert unread.problem.code == "unexpected_error"


def test_the_order_that_is_written_back_is_the_store_s(join: Join, store: FakeStore) -> None:
    order_id = store.add_order(marketplace()).id
    join(customise_order=[strip_prefix]).import_orders()
    sent = [json.loads(each.body) for each in store.log if each.name.startswith("PUT")]
    assert sent[-1] == {"status_id": 9}
    assert {key for body in sent for key in body} == {"status_id"}
    assert store.order(order_id).products[0]["sku"] == "AMZ-MUG-RED"


def test_an_address_that_is_customised_is_not_taken_for_an_edit(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    def shout(order: Order) -> Order:
        address = order.billing_address
        city = attrs.evolve(address, city=address.city.upper())
        return attrs.evolve(order, billing_address=city)

    order_id = store.add_order(OrderFactory().order([item("MUG-RED")])).id
    web = join(customise_order=[shout])
    web.import_orders()
    books.set_order_status(f"WEB{order_id}", "Picked")
    store.order(order_id).products[0]["name"] = "Red mug, glazed"
    store.edit_order(order_id)
    web.follow_orders()
    (waiting,) = web.worklist()
    assert "no amount, quantity or address differs" in waiting.message
    address = dict(store.order(order_id).header["billing_address"])  # type: ignore[call-overload]  # a row
    store.edit_order(order_id, billing_address=address | {"street_1": "1 Pier Road"})
    web.follow_orders()
    (waiting,) = web.worklist()
    assert waiting.code == "order_edited_after_import"
    assert "1 Pier Road" in waiting.message
    assert "city" not in waiting.message
