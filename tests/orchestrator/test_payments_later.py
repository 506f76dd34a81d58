"""Payments after the import that the header does not show, and edits of orders with credits."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def place(store: FakeStore, factory: OrderFactory) -> Callable[..., FakeOrder]:
    """Place an order whose payment was authorized at a gateway."""

    def placed(payment_status: str) -> FakeOrder:
        order = factory.order([item("LAMP-01", 3)], payment=Payment())
        order.header.update(payment_status=payment_status, payment_provider_id="px-1")
        order = store.add_order(order)
        order.transactions[0]["event"] = "authorization"
        return order

    return placed


def step(store: FakeStore, order: FakeOrder, event: str, amount: object) -> None:
    """Let a gateway capture or void; the header shows nothing but its date."""
    store.state.add_transaction(order, order.transactions[0], event=event, amount=amount)
    store.edit_order(order.id, staff_notes=f"{event} {amount}")


def codes(web: Orchestrator) -> list[str]:
    return [entry.code for entry in web.worklist()]


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("event", ["capture", "void"])
def test_a_payment_without_a_status_is_followed_by_its_transactions(
    join: Join,
    change: Change,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    *,
    event: str,
    held: bool,
) -> None:
    web = join(settings=change(gl={"credit_card_transactions_are_preauthorizations": held}))
    order = place("")
    assert len(web.import_orders().imported) == 1
    web.follow_orders()
    assert books.receipts()[0].state == ("pre_authorized" if held else "pending")
    step(store, order, event, order.transactions[0]["amount"])
    web.follow_orders()
    (receipt,) = books.receipts()
    if event == "void":
        assert (receipt.state, codes(web)) == ("voided", ["payment_void_after_import"])
    else:
        assert (receipt.state, receipt.amount) == ("captured", books.sales_orders()[0].total)
        assert codes(web) == []


@pytest.mark.parametrize("status", ["", "capture pending", "captured"])
def test_the_rest_of_an_authorization_waits_whatever_the_payment_status(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    place: Callable[..., FakeOrder],
    status: str,
) -> None:
    order = place(status)
    total = Decimal(str(order.transactions[0]["amount"]))
    step(store, order, "capture", float(total - Decimal("16.50")))
    assert len(web.import_orders().imported) == 1
    web.follow_orders()
    assert books.receipts()[0].amount == total - Decimal("16.50")
    assert codes(web) == ["payment_partly_captured"]
    step(store, order, "capture", 16.5)
    web.follow_orders()
    assert (books.receipts()[0].amount, codes(web)) == (total, [])


def test_an_order_without_a_payment_status_costs_a_quiet_run_no_request(
    web: Orchestrator, store: FakeStore, place: Callable[..., FakeOrder]
) -> None:
    store.state.clock = lambda: time.time() - 60
    place("")
    web.import_orders()
    store.state.clock = time.time
    web.follow_orders()
    store.clear_log()
    web.follow_orders()
    assert [request.path for request in store.log] == ["/v2/orders"]


def test_money_that_came_twice_waits_for_a_person(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Callable[..., FakeOrder]
) -> None:
    """A person enters a receipt, and then the gateway captures as well."""
    order = place("authorized")
    web.import_orders()
    web.follow_orders()
    metadata = sa.MetaData()
    metadata.reflect(books.engine, only=["receipts"])
    receipts, total = metadata.tables["receipts"], books.sales_orders()[0].total
    with books.engine.begin() as connection:
        row = dict(connection.execute(sa.select(receipts)).mappings().one())
        row.update(id=row["id"] + 1, import_id="", amount=str(total), state="captured", gateway="")
        connection.execute(receipts.insert().values(**row))
    step(store, order, "capture", order.transactions[0]["amount"])
    store.edit_order(order.id, payment_status="captured")
    for _ in range(2):
        web.follow_orders()
        assert [receipt.amount for receipt in books.receipts()] == [total, total]
        assert codes(web) == ["receipt_amount_differs"]
    with books.engine.begin() as connection:
        connection.execute(receipts.delete().where(receipts.c.import_id == ""))
    web.follow_orders()
    assert codes(web) == []


def _delete_credits(books: SqlGateway) -> None:
    metadata = sa.MetaData()
    metadata.reflect(books.engine)
    with books.engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name.startswith("credit"):
                connection.execute(table.delete())


def test_what_was_credited_is_not_taken_off_the_receipt_too(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> None:
    """The refund comes first, as a credit; then the order is edited down by it."""
    web = join(settings=change(gl={"import_refunds": True}))
    order = store.add_order(OrderFactory(first_id=7).order([item("LAMP-01", 3)]))
    web.import_orders()
    whole = books.sales_orders()[0].total
    less = OrderFactory(first_id=7).order([item("MUG-RED", 1)], status_id=9)
    off = whole - Decimal(str(less.header["total_inc_tax"]))
    payment = {"provider_id": order.transactions[0]["gateway"], "amount": float(off)}
    row = {"item_type": "ORDER", "item_id": 7, "quantity": 0, "requested_amount": float(off)}
    store.add_refund(
        {
            "id": 1,
            "order_id": 7,
            "created": store.state.now_iso(),
            "reason": "",
            "total_amount": float(off),
            "total_tax": 0,
            "uses_merchant_override_values": True,
            "items": [row],
            "payments": [{"id": 1, "offline": False, **payment}],
        }
    )
    store.state.add_transaction(order, order.transactions[0], event="refund", amount=float(off))
    store.edit_order(7, payment_status="partially refunded")
    assert len(web.import_refunds().sent) == 1
    less.transactions[:], less.refunds[:] = order.transactions, store.order(7).refunds
    less.header["payment_status"] = "partially refunded"
    store.add_order(less)
    store.edit_order(7, status_id=9)
    (outcome,) = web.import_order(7).refused
    assert outcome.problems[0].code == "order_edited"
    assert f"has a credit of {off:.2f}, perhaps for the same goods," in outcome.problems[0].message
    assert (books.sales_orders()[0].total, books.receipts()[0].amount) == (whole, whole)
    # As the problem advises.
    _delete_credits(books)
    assert len(web.import_order(7).updated) == 1
    assert books.receipts()[0].amount == books.sales_orders()[0].total == whole - off
    assert web.import_refunds(since=books.sales_orders()[0].ordered_at).sent == []
    web.follow_orders()
    assert codes(web) == []
