"""Checkout form fields from the import on: sales order, explanation, edits, in both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce.endpoints.orders import EVERYTHING
from avbc.mapping.edits import _digest, _parts
from avbc.orchestrator import Orchestrator
from avbc.settings import FormFieldMapping, Settings
from avbc.testing import FakeStore, OrderFactory, Shipping, item
from avbc.testing.values import Row

NEW = 11
SINCE = datetime(2000, 1, 1, tzinfo=UTC)
ROWS = (FormFieldMapping(bigcommerce="Your PO*", acctvantage="po_number"),)
BILLING = [("Your PO number", "4500017"), ("Wholesale ID", "12345566"), ("Fax", "")]
SHIPPING = [("your po number", "4500017"), ("Delivery Instructions", "Leave in\nbackyard")]
MEMO = "Call first\nWholesale ID: 12345566\nDelivery Instructions: Leave in\nbackyard"

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def settings(settings: Settings, change: Change) -> Settings:
    return change(order_status={"form_fields": ROWS})


@pytest.fixture
def books(both: SqlGateway) -> SqlGateway:
    return both


@pytest.fixture
def order_id(store: FakeStore, factory: OrderFactory) -> int:
    made = factory.order(
        [item("MUG-BLUE", 2)],
        shipping=[Shipping(form_fields=SHIPPING)],
        form_fields=BILLING,
        customer_message="Call first",
    )
    return store.add_order(made).id


def answer(store: FakeStore, order_id: int, name: str, value: str) -> None:
    """Edit the answer on the billing address, in the store."""
    billing = cast("dict[str, Any]", store.order(order_id).header["billing_address"])
    rows = [row for row in cast("list[Row]", billing["form_fields"]) if row["name"] != name]
    rows.append({"name": name, "value": value})
    store.edit_order(order_id, billing_address={**billing, "form_fields": rows})


def test_answers_are_on_the_sales_order(
    web: Orchestrator, store: FakeStore, books: SqlGateway, order_id: int
) -> None:
    (foreseen,) = web.preview_orders().imported
    assert foreseen.explanation is not None
    assert foreseen.explanation.bundle is not None
    planned = foreseen.explanation.bundle.order
    (imported,) = web.import_orders().imported
    (booked,) = books.sales_orders()
    assert imported.problems == ()
    assert (booked.po_number, booked.memo) == (planned.po_number, planned.memo)
    assert (booked.po_number, booked.memo) == ("4500017", MEMO)
    # Paid by card: the PO number is the buyer's own, and the money was received.
    assert [receipt.amount for receipt in books.receipts()] == [booked.total]
    decided = {each.field: each for each in web.explain(order_id).decisions}
    assert decided["po_number"].setting == "order_status.form_fields[0]"
    assert decided["memo"].value == MEMO
    assert (found := web.reconcile(since=SINCE)).ok, str(found)
    web.follow_orders()
    assert web.worklist().ok, str(web.worklist())


def test_an_order_of_links_has_the_same_answers(
    store: FakeStore, web: Orchestrator, books: SqlGateway, order_id: int
) -> None:
    store.set_options(embeds=False)
    web.import_orders()
    (booked,) = books.sales_orders()
    assert (booked.po_number, booked.memo) == ("4500017", MEMO)


def test_an_edited_answer_is_an_edit(
    web: Orchestrator, store: FakeStore, books: SqlGateway, order_id: int
) -> None:
    web.import_orders()
    answer(store, order_id, "Wholesale ID", "7")
    web.follow_orders()
    (only,) = web.worklist().of(order_id)
    assert only.code == "order_edited_after_import"
    assert "form field Wholesale ID: nothing in AcctVantage, 7 in the store" in only.message
    assert f"import_order({order_id})" in only.fix
    assert len(web.import_order(order_id).updated) == 1
    (booked,) = books.sales_orders()
    assert booked.memo == MEMO.replace("Wholesale ID: 12345566", "Wholesale ID: 7")
    web.follow_orders()
    assert web.worklist().ok, str(web.worklist())
    # The same once more is no edit.
    assert len(web.import_order(order_id).relinked) == 1


def test_an_edit_that_a_person_made_in_acctvantage_is_none_any_more(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, order_id: int
) -> None:
    web = join(settings=change(order_status={"edited_orders": "refuse", "form_fields": ROWS}))
    web.import_orders()
    answer(store, order_id, "Wholesale ID", "7")
    web.follow_orders()
    assert [item.code for item in web.worklist().of(order_id)] == ["order_edited_after_import"]
    by_hand = MEMO.replace("12345566", "7")
    with books.engine.begin() as connection:
        connection.execute(sa.text("UPDATE sales_orders SET memo = :memo"), {"memo": by_hand})
    web.follow_orders()
    assert web.worklist().ok, str(web.worklist())


def of_an_earlier_version(web: Orchestrator, books: SqlGateway, order_id: int) -> str:
    """Have the order in the books as a version imported it that knew no form fields."""
    web.import_orders()
    order = web._integration.store.orders.get(order_id, include=EVERYTHING)
    before = _digest("avbc-1", *_parts(order))
    (booked,) = books.sales_orders()
    assert before != booked.fingerprint
    with books.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE sales_orders SET fingerprint = :before, memo = 'Call first'"),
            {"before": before},
        )
    return before


def test_orders_that_an_earlier_version_imported_do_not_look_edited(
    web: Orchestrator, store: FakeStore, books: SqlGateway, order_id: int
) -> None:
    before = of_an_earlier_version(web, books, order_id)
    web.follow_orders()
    web.follow_orders([order_id])
    assert web.worklist().ok, str(web.worklist())
    assert (found := web.reconcile(since=SINCE)).ok, str(found)
    store.edit_order(order_id, status_id=NEW)
    assert [each.import_id for each in web.import_orders().relinked] == [f"WEB{order_id}"]
    (booked,) = books.sales_orders()
    assert (booked.fingerprint, booked.memo) == (before, "Call first")


def test_an_order_that_an_earlier_version_imported_gets_its_answers_with_an_edit(
    web: Orchestrator, store: FakeStore, books: SqlGateway, order_id: int
) -> None:
    of_an_earlier_version(web, books, order_id)
    billing = cast("dict[str, Any]", store.order(order_id).header["billing_address"])
    store.edit_order(order_id, billing_address={**billing, "street_1": "1 New Street"})
    assert len(web.import_order(order_id).updated) == 1
    (booked,) = books.sales_orders([order_import_id("WEB", order_id)])
    assert (booked.po_number, booked.memo) == ("4500017", MEMO)
