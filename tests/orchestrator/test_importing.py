from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import attrs
import httpx
import pytest

from avbc.acctvantage import SalesOrder, SqlGateway
from avbc.bigcommerce import ClientClosed, StoreUnavailable
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.orchestrator import ImportReport, NoSuchOrder, Orchestrator
from avbc.settings import Settings, SettingsError
from avbc.testing import (
    FakeOrder,
    FakeStore,
    Line,
    OrderFactory,
    Payment,
    item,
    order_of_shape,
    orders_of_every_shape,
)
from avbc.testing.example import plain_orders
from avbc.testing.shapes import NEW_COUPON

NEW, DOWNLOADED, IMPORT_ERROR = 11, 9, 12

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def ids(report: ImportReport, result: str) -> list[int]:
    return [outcome.order_id for outcome in getattr(report, result)]


def codes(report: ImportReport) -> dict[int, list[str]]:
    return {
        outcome.order_id: [problem.code for problem in outcome.problems]
        for _, outcome in report
        if outcome.problems
    }


def status(store: FakeStore, order_id: int) -> object:
    return store.order(order_id).header["status_id"]


def test_orders_of_every_shape_are_imported_or_refused_and_balance(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = [store.add_order(order) for order in orders_of_every_shape()]
    report = web.import_orders()
    assert sorted(ids(report, "imported")) == [order.id for order in orders if order.importable]
    assert sorted(ids(report, "refused")) == [order.id for order in orders if not order.importable]
    assert [report.relinked, report.updated, report.postponed, report.stopped] == [[], [], [], ""]
    for order in orders:
        assert status(store, order.id) == (DOWNLOADED if order.importable else IMPORT_ERROR)
    balances = books.trial_balance()
    assert {balance.import_id for balance in balances} == {
        outcome.import_id for outcome in report.imported
    }
    assert {balance.difference for balance in balances} == {0}
    totals = {
        f"WEB{order.id}": Decimal(str(order.header["total_inc_tax"]))
        for order in orders
        if order.importable
    }
    # Amounts of four decimals are booked in whole cents.
    assert {balance.import_id: balance.total for balance in balances} == {
        import_id: total.quantize(Decimal("0.01")) for import_id, total in totals.items()
    }


def test_a_second_run_imports_nothing_and_asks_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    for _ in range(3):
        store.add_order(factory.plain())
    web.import_orders()
    before = books.sales_orders()
    store.clear_log()
    report = web.import_orders()
    assert list(report) == []
    assert report.ok
    assert report.requests == 1
    assert store.counts() == {"GET /v2/orders": 1}
    assert books.sales_orders() == before


@pytest.mark.parametrize(("count", "pages"), [(30, 1), (250, 2), (260, 2)])
@pytest.mark.one_python
def test_requests_are_the_floor(
    web: Orchestrator, store: FakeStore, count: int, pages: int
) -> None:
    """A page for 250 orders, one more after a full one, a PUT each, transactions if paid online."""
    orders = [store.add_order(order) for order in plain_orders(count)]
    online = sum(1 for order in orders if order.header["payment_status"])
    web.test_connection()
    store.clear_log()
    report = web.import_orders()
    assert len(report.imported) == count
    expected = {
        "GET /v2/orders": pages,
        "GET /v2/store": 1,  # the time zone of the store's days, once
        "GET /v3/orders/{id}/transactions": online,
        "PUT /v2/orders/{id}": count,
    }
    assert store.counts() == {name: number for name, number in expected.items() if number}
    assert report.requests == pages + 1 + online + count


def test_the_right_to_write_is_probed_once_and_only_if_there_is_something_to_write(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    web.import_orders()
    assert store.counts() == {"GET /v2/orders": 1}
    for _ in range(2):
        order_id = store.add_order(factory.plain()).id
        web.import_orders()
        assert status(store, order_id) == DOWNLOADED
    assert [entry.path for entry in store.log if entry.method == "PUT"].count("/v2/orders/0") == 1


def test_offline_orders_cost_no_transactions_and_cut_lines_are_read(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    store.add_order(order_of_shape("cash_on_delivery", factory))
    long = store.add_order(order_of_shape("long", factory)).id
    assert len(web.import_orders().imported) == 2
    counts = store.counts()
    assert counts["GET /v3/orders/{id}/transactions"] == 1
    assert counts["GET /v2/orders/{id}/products"] == 1
    explained = web.explain(long)
    assert explained.bundle is not None
    assert len(explained.bundle.order.lines) == 62


def test_coupons_are_read_only_where_the_books_lack_the_promotion(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    store.add_order(order_of_shape("coupon_amount", factory))
    for _ in range(3):
        store.add_order(factory.order([item("TOWEL-ST")], discounts=[NEW_COUPON]))
    report = web.import_orders()
    assert len(report.imported) == 4
    assert store.counts()["GET /v2/orders/{id}/coupons"] == 1
    assert [
        (one.code, one.kind, one.value) for one in books.promotions() if one.code == "WELCOME3"
    ] == [("WELCOME3", "$", Decimal(3))]
    assert codes(report) == {}


def test_orders_of_other_statuses_are_left_alone(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    for other in (0, 1, 7, 10):
        store.add_order(factory.order([item("MUG-RED")], status_id=other))
    assert list(web.import_orders()) == []
    assert [entry.method for entry in store.log] == ["GET"]


def test_an_order_of_another_status_in_the_answer_is_ignored(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    """The filter is the store's; that only New orders are imported is ours."""
    order_id = store.add_order(factory.plain()).id
    web = join()
    pages = web.store.pages

    def late(call: object) -> object:
        store.edit_order(order_id, status_id=5)
        return pages(attrs.evolve(call, params={}))

    web.store.pages = late  # type: ignore[method-assign,assignment]  # the store changes between filter and answer
    assert list(web.import_orders()) == []
    assert books.sales_orders() == []


def test_two_orders_of_the_same_new_guest_are_one_client(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    guest = factory.person(0)
    for _ in range(2):
        store.add_order(factory.order(factory.lines(1), buyer=guest))
    web.import_orders()
    first, second = books.sales_orders()
    assert first.client_id == second.client_id is not None


def test_guests_are_several_clients_where_emails_may_not_match(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    guest = factory.person(0)
    for _ in range(2):
        store.add_order(factory.order(factory.lines(1), buyer=guest))
    join(settings=change(order_status={"match_clients_by_email": False})).import_orders()
    first, second = books.sales_orders()
    assert first.client_id != second.client_id


def test_a_registered_customer_found_by_email_is_bound_and_found_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    guest = factory.person(0)
    registered = attrs.evolve(guest, customer_id=77)
    moved = attrs.evolve(registered, email="moved@example.com")
    for buyer in (guest, registered, moved):
        store.add_order(factory.order(factory.lines(1), buyer=buyer))
    report = web.import_orders()
    assert len({order.client_id for order in books.sales_orders()}) == 1
    assert [client.import_id for client in books.clients(["WEB77"])] == ["WEB77"]
    assert codes(report) == {}


def test_new_ship_vias_are_created_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    for _ in range(2):
        store.add_order(order_of_shape("new_shipping_method", factory))
    assert len(web.import_orders().imported) == 2
    assert [via.name for via in books.ship_vias()].count("Freight Example Express") == 1


def test_several_consignments_keep_their_addresses(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order = store.add_order(order_of_shape("two_consignments", factory))
    web.import_orders()
    (imported,) = books.sales_orders()
    assert [address.city for address in imported.ship_tos][1] == "Salem"
    assert [line.ship_to for line in imported.lines] == [0, 1, 1]
    assert {line.store_line_id for line in imported.lines} == {
        line["id"] for line in order.products
    }


# Problems of single orders


def test_refused_orders_say_why_in_the_staff_notes_once(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(
        factory.order(
            [Line("NO-SUCH", "Nothing", Decimal(5), product_id=9)], staff_notes="Call first."
        )
    ).id
    web.import_orders()
    notes = store.order(order_id).header["staff_notes"]
    assert isinstance(notes, str)
    assert notes.startswith("Call first.\n[AcctVantage import error: ")
    assert "'NO-SUCH'" in notes
    writes = [entry.body for entry in store.log if entry.path == f"/v2/orders/{order_id}"]
    assert len(writes) == 1
    assert b'"status_id":12' in writes[0]
    store.edit_order(order_id, status_id=NEW)
    web.import_orders()
    assert store.order(order_id).header["staff_notes"] == notes


def test_our_line_goes_when_the_order_is_mended(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    note = "Call first.\n[AcctVantage import error: unknown SKU]\nAna: mended"
    order_id = store.add_order(factory.order([item("MUG-RED")], staff_notes=note)).id
    assert ids(web.import_orders(), "imported") == [order_id]
    assert store.order(order_id).header["staff_notes"] == "Call first.\nAna: mended"
    assert status(store, order_id) == DOWNLOADED


def test_staff_notes_can_be_left_alone(
    join: Join, change: Change, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(order_of_shape("unknown_sku", factory)).id
    before = store.order(order_id).header["staff_notes"]
    join(settings=change(order_status={"staff_notes_on_errors": False})).import_orders()
    assert status(store, order_id) == IMPORT_ERROR
    assert store.order(order_id).header["staff_notes"] == before


def test_notes_that_the_store_refuses_do_not_keep_the_status_from_being_set(
    join: Join, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(order_of_shape("unknown_sku", factory)).id
    web = join()
    update = web.store.begin

    def refusing(calls: list[object]) -> object:
        return update(
            [
                attrs.evolve(call, body={**call.body, "status_id": 999})
                if _has_notes(call)
                else call
                for call in calls
            ]
        )  # type: ignore[attr-defined,call-overload]  # any call

    web.store.begin = refusing  # type: ignore[method-assign,assignment]  # a body that the store answers with 400
    assert ids(web.import_orders(), "refused") == [order_id]
    assert status(store, order_id) == IMPORT_ERROR
    assert [each.status for each in store.log if each.method == "PUT"][-2:] == [400, 200]


def _has_notes(call: object) -> bool:
    body = getattr(call, "body", None)
    return isinstance(body, dict) and "staff_notes" in body


def test_an_unreadable_order_is_refused_with_its_path_and_keeps_its_notes(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    good = store.add_order(factory.plain()).id
    bad = order_of_shape("null_total", factory)
    bad.header["staff_notes"] = "Mine."
    bad_id = store.add_order(bad).id
    report = web.import_orders()
    assert ids(report, "imported") == [good]
    (outcome,) = report.refused
    assert (outcome.order_id, outcome.import_id, outcome.total) == (bad_id, f"WEB{bad_id}", None)
    assert outcome.problems[0].code == "order_unreadable"
    assert "total_inc_tax" in outcome.problems[0].field
    assert status(store, bad_id) == IMPORT_ERROR
    assert str(store.order(bad_id).header["staff_notes"]).startswith(
        "Mine.\n[AcctVantage import error: "
    )


def test_a_row_without_an_id_is_reported_and_left(
    join: Join, store: FakeStore, factory: OrderFactory
) -> None:
    store.add_order(factory.plain())

    def nameless(request: httpx.Request) -> httpx.Response:
        response = store.handle(request)
        if request.method == "GET" and request.url.path.endswith("/orders"):
            rows = [{**row, "id": None} for row in response.json()]
            return httpx.Response(200, json=rows)
        return response

    report = join(transport=httpx.MockTransport(nameless)).import_orders()
    (outcome,) = report.postponed
    assert (outcome.order_id, outcome.import_id) == (0, "")
    assert outcome.problems[0].code == "order_unreadable"


def test_one_order_that_cannot_be_read_further_is_postponed_and_the_others_go_on(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    orders = [
        store.add_order(factory.order([item("MUG-RED")], payment=Payment())).id for _ in range(3)
    ]
    store.fail(f"GET /v3/orders/{orders[1]}/transactions", "html_502")
    report = web.import_orders()
    assert ids(report, "imported") == [orders[0], orders[2]]
    assert codes(report) == {orders[1]: ["store_failed"]}
    assert [status(store, order_id) for order_id in orders] == [DOWNLOADED, NEW, DOWNLOADED]
    assert ids(web.import_orders(), "imported") == [orders[1]]


def test_lines_that_cannot_be_read_postpone_their_order(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    long = store.add_order(order_of_shape("long", factory)).id
    good = store.add_order(factory.plain()).id
    store.fail(f"GET /v2/orders/{long}/products", "503")
    report = web.import_orders()
    assert ids(report, "imported") == [good]
    assert ids(report, "postponed") == [long]
    assert status(store, long) == NEW


def test_unreadable_transactions_are_the_orders_own_problem(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order = factory.order([item("MUG-RED")], payment=Payment())
    order.transactions[0]["amount"] = None
    order_id = store.add_order(order).id
    report = web.import_orders()
    assert codes(report) == {order_id: ["order_unreadable"]}
    assert status(store, order_id) == IMPORT_ERROR


def test_coupons_that_cannot_be_read_postpone_their_order(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(order_of_shape("new_coupon", factory)).id
    store.fail("GET /v2/orders/*/coupons", "503")
    assert codes(web.import_orders()) == {order_id: ["store_failed"]}
    assert status(store, order_id) == NEW


def test_a_status_that_cannot_be_set_is_set_by_the_next_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    good, late = store.add_order(factory.plain()).id, store.add_order(factory.plain()).id
    refused = store.add_order(order_of_shape("unknown_sku", factory)).id
    store.fail(f"PUT /v2/orders/{late}", "html_502")
    store.fail(f"PUT /v2/orders/{refused}", "timeout")
    report = web.import_orders()
    assert ids(report, "imported") == [good]
    assert codes(report) == {late: ["status_not_set"], refused: ["sku_unknown", "status_not_set"]}
    assert status(store, late) == status(store, refused) == NEW
    again = web.import_orders()
    assert ids(again, "relinked") == [late]
    assert ids(again, "refused") == [refused]
    assert len(books.sales_orders()) == 2


def test_when_nothing_comes_through_any_more_the_run_stops(
    web: Orchestrator, store: FakeStore
) -> None:
    orders = [store.add_order(order).id for order in plain_orders(70)]
    store.fail("PUT /v2/orders/1*", "503", times=1000)
    report = web.import_orders()
    assert report.stopped
    assert not report.ok
    assert len(report.postponed) == 70
    assert {codes(report)[order_id][-1] for order_id in orders[:50]} == {"status_not_set"}
    assert {codes(report)[order_id][-1] for order_id in orders[50:]} == {"run_stopped"}
    store.mend()
    again = web.import_orders()
    assert len(again.relinked) == 50
    assert len(again.imported) == 20


def test_a_later_page_that_fails_ends_the_run_with_its_report(join: Join, store: FakeStore) -> None:
    # On a slow machine, too, the second list is the second page and not a second look.
    web = join(clock=Clock(monotonic=lambda: 0.0))
    for order in plain_orders(251):
        store.add_order(order)
    store.fail("GET /v2/orders", "html_502", at=2)
    report = web.import_orders()
    assert len(report.imported) == 250
    assert "502" in report.stopped
    assert len(web.import_orders().imported) == 1


def test_a_refused_token_in_the_middle_ends_the_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    for order in plain_orders(51):
        store.add_order(order)
    web.test_connection()

    def revoke(done: int, total: int | None, what: str) -> None:
        store.access_token = "another-token"

    web._integration.on_progress = revoke
    report = web.import_orders()
    assert len(report.imported) == 50
    # The payments of the last order were read before.
    assert [problem.code for problem in report.postponed[0].problems] == ["status_not_set"]
    assert "401" in report.stopped
    assert len(books.sales_orders()) == 51
    web._integration.on_progress = None
    store.access_token = "example-token"
    assert [outcome.order_id for outcome in web.import_orders().relinked] == [1051]


# Edited orders


def edit(store: FakeStore, order_id: int, order: FakeOrder) -> None:
    """A person edits an order in the control panel and resets it to New."""
    store.add_order(order)
    store.edit_order(order_id, status_id=NEW)


@pytest.fixture
def edited(web: Orchestrator, store: FakeStore) -> int:
    """An imported order whose quantity a person then raised from 1 to 2."""
    guest = OrderFactory().person(0)
    order_id = store.add_order(
        OrderFactory(first_id=500).order(
            [item("MUG-RED")], buyer=guest, payment=Payment("Cash on Delivery", state="offline")
        )
    ).id
    web.import_orders()
    edit(
        store,
        order_id,
        OrderFactory(first_id=500).order(
            [item("MUG-RED", 2)], buyer=guest, payment=Payment("Cash on Delivery", state="offline")
        ),
    )
    return order_id


def test_an_order_reset_without_an_edit_is_relinked(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order_id = store.add_order(factory.plain()).id
    web.import_orders()
    before = books.sales_orders()
    store.edit_order(order_id, status_id=NEW, staff_notes="seen")
    store.clear_log()
    report = web.import_orders()
    assert ids(report, "relinked") == [order_id]
    assert store.counts() == {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 1}
    assert books.sales_orders() == before
    assert report.relinked[0].total == before[0].total


def test_an_edited_order_updates_the_open_one(
    web: Orchestrator, store: FakeStore, books: SqlGateway, edited: int
) -> None:
    before = books.sales_orders()[0]
    report = web.import_orders()
    assert ids(report, "updated") == [edited]
    (after,) = books.sales_orders()
    assert [line.quantity for line in after.lines] == [2]
    assert (after.id, after.client_id) == (before.id, before.client_id)
    assert sum(receipt.amount for receipt in books.receipts()) == after.total
    assert status(store, edited) == DOWNLOADED


def test_an_edited_order_keeps_a_guest_where_emails_may_not_match(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, edited: int
) -> None:
    before = books.clients()
    report = join(settings=change(order_status={"match_clients_by_email": False})).import_orders()
    assert ids(report, "updated") == [edited]
    assert books.clients() == before


@pytest.mark.parametrize("books_status", ["Picked", "Shipped/Invoice", "Posted"])
def test_an_edited_order_that_is_under_way_is_refused_with_the_difference(
    web: Orchestrator, store: FakeStore, books: SqlGateway, edited: int, books_status: str
) -> None:
    books.set_order_status(f"WEB{edited}", books_status)
    before = books.sales_orders()
    report = web.import_orders()
    (outcome,) = report.refused
    assert outcome.problems[0].code == "order_edited"
    assert books_status in outcome.problems[0].message
    assert "quantity: 1" in outcome.problems[0].message
    assert books.sales_orders() == before
    assert status(store, edited) == IMPORT_ERROR


def test_edited_orders_are_refused_if_the_settings_say_so(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, edited: int
) -> None:
    before = books.sales_orders()
    report = join(settings=change(order_status={"edited_orders": "refuse"})).import_orders()
    assert codes(report) == {edited: ["order_edited"]}
    assert books.sales_orders() == before


def test_an_edited_order_with_problems_of_its_own_says_those(
    web: Orchestrator, store: FakeStore, books: SqlGateway, edited: int
) -> None:
    wrong = OrderFactory(first_id=500).order([Line("NO-SUCH", "Nothing", Decimal(5), product_id=9)])
    edit(store, edited, wrong)
    assert codes(web.import_orders()) == {edited: ["sku_unknown"]}
    books.set_order_status(f"WEB{edited}", "Picked")
    store.edit_order(edited, status_id=NEW)
    assert codes(web.import_orders()) == {edited: ["order_edited", "sku_unknown"]}


def test_an_edit_that_changes_nothing_in_the_books_is_relinked(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order = factory.order([item("MUG-RED")], payment=Payment("Cash on Delivery", state="offline"))
    order_id = store.add_order(order).id
    web.import_orders()
    books.set_order_status(f"WEB{order_id}", "Picked")
    store.edit_order(order_id, status_id=NEW, payment_method="Cash  On Delivery")
    assert ids(web.import_orders(), "relinked") == [order_id]


def test_an_order_that_moved_to_another_client_counts_as_edited(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order_id = store.add_order(
        OrderFactory(first_id=500).order([item("MUG-RED")], buyer=factory.person(7))
    ).id
    web.import_orders()
    books.set_order_status(f"WEB{order_id}", "Picked")
    edit(
        store,
        order_id,
        OrderFactory(first_id=500).order([item("MUG-RED")], buyer=factory.person(8)),
    )
    report = web.import_orders()
    assert codes(report) == {order_id: ["order_edited"]}
    assert "client: " in report.refused[0].problems[0].message


# One order


def test_import_order_takes_one(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    first, second = (store.add_order(factory.plain()).id for _ in range(2))
    assert ids(web.import_order(second), "imported") == [second]
    assert [status(store, order_id) for order_id in (first, second)] == [NEW, DOWNLOADED]
    assert [order.store_order_id for order in books.sales_orders()] == [second]


@pytest.mark.parametrize("other", [0, 1, 4, 5, 6])
def test_import_order_leaves_orders_alone_that_were_not_placed_or_were_stopped(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory, other: int
) -> None:
    order_id = store.add_order(factory.order([item("MUG-RED")], status_id=other)).id
    report = web.import_order(order_id)
    assert codes(report) == {order_id: ["order_not_new"]}
    assert status(store, order_id) == other
    assert books.sales_orders() == []


def test_import_order_says_that_there_is_none(web: Orchestrator) -> None:
    with pytest.raises(NoSuchOrder, match="4711"):
        web.import_order(4711)


def test_orders_before_the_cutover_are_never_imported(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    from datetime import UTC, datetime

    old = store.add_order(
        factory.order([item("MUG-RED")], created=datetime(2026, 1, 31, tzinfo=UTC))
    ).id
    new = store.add_order(
        factory.order([item("MUG-RED")], created=datetime(2026, 2, 2, tzinfo=UTC))
    ).id
    web = join(
        settings=change(
            order_status={"import_orders_created_since": datetime(2026, 2, 1, tzinfo=UTC)}
        )
    )
    assert ids(web.import_orders(), "imported") == [new]
    assert codes(web.import_order(old)) == {old: ["order_too_old"]}
    assert status(store, old) == NEW


# Preview


def test_a_preview_tells_what_an_import_does_and_writes_nothing(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    for order in orders_of_every_shape():
        store.add_order(order)
    guest = factory.person(0)
    for number in (2001, 2002):
        store.add_order(OrderFactory(first_id=number).order(factory.lines(1), buyer=guest))
    clients, promotions, vias = books.clients(), books.promotions(), books.ship_vias()
    preview = web.preview_orders()
    assert books.sales_orders() == []
    assert (books.clients(), books.promotions(), books.ship_vias()) == (clients, promotions, vias)
    assert {entry.method for entry in store.log} == {"GET"}
    assert web.history(1001).entries == ()
    assert preview.preview
    report = web.import_orders()
    assert [
        (result, attrs.evolve(outcome, explanation=None)) for result, outcome in preview
    ] == list(report)
    imported = {order.import_id: order for order in books.sales_orders()}
    for outcome in preview.imported:
        assert outcome.explanation is not None
        assert outcome.explanation.bundle is not None
        foreseen = outcome.explanation.bundle.order
        assert (foreseen.total, foreseen.client, foreseen.fingerprint) == (
            imported[outcome.import_id].total,
            imported[outcome.import_id].client,
            imported[outcome.import_id].fingerprint,
        )
    by_guest = [
        outcome.explanation.bundle
        for outcome in preview.imported
        if outcome.order_id > 2000 and outcome.explanation
    ]
    assert by_guest[0] is not None
    assert by_guest[1] is not None
    assert by_guest[0].new_client is not None
    assert by_guest[1].new_client is None


def test_a_preview_of_edited_orders_changes_nothing(
    web: Orchestrator, books: SqlGateway, edited: int
) -> None:
    before = books.sales_orders()
    assert ids(web.preview_orders(), "updated") == [edited]
    assert books.sales_orders() == before


# Progress, journal, set-up


def test_progress_is_told_with_the_total_once_it_is_known(join: Join, store: FakeStore) -> None:
    for order in plain_orders(260):
        store.add_order(order)
    told: list[tuple[int, int | None, str]] = []
    join(on_progress=lambda *progress: told.append(progress)).import_orders()
    assert [done for done, _, _ in told] == [50, 100, 150, 200, 250, 260]
    assert [total for _, total, _ in told] == [None] * 5 + [260]
    assert {what for _, _, what in told} == {"Importing orders"}


def test_a_journal_that_fails_in_the_middle_stops_nothing(
    join: Join,
    store: FakeStore,
    factory: OrderFactory,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    order_id = store.add_order(factory.plain()).id
    web = join(journal=f"sqlite:///{tmp_path}/journal.db")
    web.import_orders()
    import sqlite3

    with sqlite3.connect(f"{tmp_path}/journal.db") as connection:
        connection.execute("drop table avbc_journal")
    connection.close()
    other = store.add_order(factory.plain()).id
    assert ids(web.import_orders(), "imported") == [other]
    assert status(store, order_id) == status(store, other) == DOWNLOADED
    assert "journal" in caplog.text


def test_a_disabled_store_is_not_touched(join: Join, change: Change, store: FakeStore) -> None:
    web = join(settings=change(store={"enabled": False}))
    for run in (web.import_orders, web.preview_orders):
        with pytest.raises(SettingsError, match=r"store\.enabled"):
            run()
    assert store.log == []


def test_every_error_of_a_run_is_an_avbc_error(
    join: Join, store: FakeStore, factory: OrderFactory
) -> None:
    store.add_order(factory.plain())
    store.fail("GET /v2/orders", "wrong_json")
    with pytest.raises(AvbcError):
        join().import_orders()


# Explanations


def test_an_explanation_shows_the_decisions_of_the_import_and_what_would_differ_now(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order_id = store.add_order(factory.plain()).id
    web = join()
    before = web.explain(order_id)
    assert before.is_due
    assert " would be imported: " in before.summary()
    assert before.imported is None
    assert before.now == ()
    web.import_orders()
    same = web.explain(order_id)
    assert "would be" not in same.summary()
    assert same.imported is not None
    assert (same.imported.result, same.decisions) == ("imported", before.decisions)
    assert same.now == ()
    assert f"Imported {same.imported.at:%Y-%m-%d %H:%M} UTC." in same.summary()
    later = join(settings=change(order_status={"new_sales_order_status": "Committed"}))
    explained = later.explain(order_id)
    assert explained.decisions == before.decisions
    assert [(each.field, each.value) for each in explained.now] == [("status", "Committed")]
    assert "1 field would differ now" in explained.summary()
    assert "Open, now Committed" in str(explained)
    rows = {str(row["field"]): row for row in explained.to_dicts()}
    assert (rows["status"]["value"], rows["status"]["now"]) == ("Open", "Committed")
    assert "Open, now Committed" in explained._repr_html_()


def test_an_explanation_of_an_updated_order_has_the_decisions_of_the_update(
    web: Orchestrator, edited: int
) -> None:
    assert [each.field for each in web.explain(edited).now if each.field == "lines[0]"]
    web.import_orders()
    explained = web.explain(edited)
    assert explained.imported is not None
    assert explained.imported.result == "updated"
    assert explained.now == ()


def test_an_explanation_says_that_the_decisions_of_an_import_were_not_kept(
    web: Orchestrator, join: Join, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(factory.plain()).id
    web.import_orders()
    explained = join(journal="sqlite://").explain(order_id)
    assert explained.imported is None
    assert explained.decisions
    problems = {problem.code: problem for problem in explained.problems}
    assert "were not kept" in problems["order_imported"].message


def test_an_explanation_reads_as_an_accountant_reads(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    explained = web.explain(store.add_order(factory.plain()).id)
    fields = [str(row["field"]).partition("[")[0] for row in explained.shown()]
    named = ["import_id", "client", "lines", "discounts", "freight", "tax", "total", "receipts"]
    places = [fields.index(name) for name in (*named, "ship_via", "ship_tos")]
    assert places == sorted(places)
    assert places[0] == 0
    rows = {str(row["field"]): str(row["value"]) for row in explained.shown()}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", rows["ordered_at"])
    assert re.search(r"[0-9a-f]{64}", str(explained)) is None
    assert "(gl.tax_area)" in str(explained)
    assert all(rows.values())  # nothing is said of fields without a value


def test_problems_come_first_with_the_parts_that_do_not_add_up(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order = factory.plain()
    order.header["total_inc_tax"] = "1.00"
    first = web.explain(store.add_order(order).id).shown()
    assert first[0]["mark"] == "error"
    [total] = [row for row in first if row["field"] == "total_inc_tax"]
    assert re.search(
        r"The parts with tax: subtotal [\d.]+, shipping [\d.]+\.", str(total["reason"])
    )


def test_an_explanation_of_an_unreadable_order_has_its_problem(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(order_of_shape("null_total")).id
    explained = web.explain(order_id)
    assert (explained.order_id, explained.import_id, explained.bundle) == (
        order_id,
        f"WEB{order_id}",
        None,
    )
    assert [problem.code for problem in explained.errors] == ["order_unreadable"]
    assert "total_inc_tax" in str(explained)
    assert explained.total is None
    assert explained.summary() == (
        f"Order {order_id} as WEB{order_id}: The order cannot be read: total_inc_tax: a value is "
        f"required (in the row with id {order_id}), got None."
    )
    assert "0.00" not in str(explained)


def test_an_explanation_of_an_imported_order_that_became_unreadable_has_both(
    web: Orchestrator, store: FakeStore
) -> None:
    order_id = store.add_order(OrderFactory(first_id=500).plain()).id
    web.import_orders()
    store.add_order(order_of_shape("null_total", OrderFactory(first_id=500)))
    explained = web.explain(order_id)
    assert explained.imported is not None
    assert explained.decisions
    assert explained.now == ()
    assert "order_unreadable" in str(explained)


def test_an_explanation_says_where_the_order_stands(
    web: Orchestrator, store: FakeStore, books: SqlGateway, edited: int
) -> None:
    problems = {problem.code: problem for problem in web.explain(edited).problems}
    assert "edited since: " in problems["order_imported"].message
    assert "quantity: 1" in problems["order_imported"].message
    web.import_orders()
    # Of an order that is in the books as it is in the store there is nothing to warn of.
    assert web.explain(edited).problems == ()


def test_an_explanation_of_a_refused_order_has_its_problems(
    web: Orchestrator, store: FakeStore
) -> None:
    order_id = store.add_order(order_of_shape("unknown_sku")).id
    explained = web.explain(order_id)
    assert explained.bundle is None
    assert [problem.code for problem in explained.errors] == ["sku_unknown"]
    assert "NO-SUCH-SKU" in str(explained)
    assert "None" not in str(explained)


def test_what_the_store_does_not_show_now_cannot_be_explained(
    web: Orchestrator, store: FakeStore
) -> None:
    order_id = store.add_order(
        OrderFactory(first_id=2000).order([item("MUG-RED")], payment=Payment())
    ).id
    store.fail("GET /v3/orders/*/transactions", "503")
    with pytest.raises(StoreUnavailable):
        web.explain(order_id)
    with pytest.raises(NoSuchOrder):
        web.explain(4711)


# Over real HTTP


def test_from_settings_alone_over_loopback_into_a_file(
    change: Change, store: FakeStore, new_books: Callable[..., SqlGateway], tmp_path: Path
) -> None:
    for order in plain_orders(3):
        store.add_order(order)
    with store.serve() as served:
        settings = change(store={"api_url": served.api_url})
        for imported in (3, 0):
            books = (
                new_books(f"sqlite:///{tmp_path}/books.db")
                if imported
                else SqlGateway(f"sqlite:///{tmp_path}/books.db")
            )
            web = Orchestrator(settings, books)
            with web:
                assert len(web.import_orders().imported) == imported
                client = web.store
            books.close()
            with pytest.raises(ClientClosed):
                client.orders.get(1001)
            # A closed orchestrator opens what it needs again.
            web.close()
        assert "example-token" not in repr(web)
        assert served.api_url in repr(web)


def test_orders_with_links_are_imported_like_those_that_include_their_parts(
    store: FakeStore, join: Join, new_books: Callable[..., SqlGateway]
) -> None:
    orders = [store.add_order(order) for order in orders_of_every_shape()]

    def imported(*, embeds: bool) -> dict[str, SalesOrder]:
        store.set_options(embeds=embeds)
        for order in orders:
            store.edit_order(order.id, status_id=NEW)
        books = new_books()
        report = join(books=books).import_orders()
        assert len(report.imported) == sum(order.importable for order in orders)
        return {
            order.import_id: attrs.evolve(
                order,
                id=None,
                lines=tuple(sorted(order.lines, key=lambda line: line.store_line_id or 0)),
            )
            for order in books.sales_orders()
        }

    assert imported(embeds=False) == imported(embeds=True)
