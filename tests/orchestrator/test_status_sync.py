"""Order statuses go one way, once, and only where the mapping says so."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage import BooksRefused, BooksUnreachable, SqlGateway
from avbc.acctvantage.records import SalesOrder, Shipment, ShippedItem
from avbc.bigcommerce import ScopeMissing, StoreUnavailable, TokenRefused
from avbc.errors import FinalError
from avbc.orchestrator import NoteStatus, Orchestrator, PushReport, Webhook
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.run import Task
from avbc.orchestrator.engine.statuses import STATUS
from avbc.settings import Settings, SettingsError, StatusMapping
from avbc.testing import FakeStore, OrderFactory, item
from avbc.testing.example import plain_orders

PENDING, SHIPPED, PARTLY_SHIPPED, CANCELLED = 1, 2, 3, 5
DOWNLOADED, COMPLETED, NEW, MANUAL = 9, 10, 11, 12

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
See = Callable[[int, int], None]
Rows = tuple[tuple[str, str | int], ...]

BOTH: Rows = (
    ("Open", "Pending"),
    ("Packed", "Awaiting Pickup"),
    ("Shipped/Invoice", "Shipped"),
    ("Posted", "Completed"),
)


def mapping(*rows: tuple[str, str | int], backwards: bool = False) -> tuple[StatusMapping, ...]:
    return tuple(
        StatusMapping(acctvantage=mine, bigcommerce=theirs, may_move_backwards=backwards)
        for mine, theirs in rows
    )


@pytest.fixture
def pulling(change: Change) -> Settings:
    return change(order_status={"updates": "pull", "mapping": mapping(*BOTH)})


@pytest.fixture
def imported(store: FakeStore, web: Orchestrator) -> list[int]:
    """Three orders that are in the books."""
    ids = [store.add_order(order).id for order in plain_orders(3)]
    assert len(web.import_orders().imported) == 3
    store.clear_log()
    return ids


@pytest.fixture
def mugs(store: FakeStore, web: Orchestrator) -> int:
    """An order of three mugs that is in the books."""
    order = store.add_order(OrderFactory(first_id=5000).order([item("MUG-RED", 3)]))
    assert len(web.import_orders().imported) == 1
    store.clear_log()
    return order.id


@pytest.fixture
def see(web: Orchestrator) -> See:
    """A job saw that an order has a status in the store."""

    def seen(order_id: int, status_id: int) -> None:
        run = PushRun(web._integration, Task("follow_orders", "Following orders"))
        run.do(lambda run: run.know(STATUS, f"WEB{order_id}", str(status_id)))

    return seen


def ship(books: SqlGateway, order_id: int, number: int, units: int = 0) -> None:
    """Ship so many of the order's first line in AcctVantage, or all that is left of the order."""
    (order,) = books.sales_orders([f"WEB{order_id}"])
    left = {
        line.store_line_id: line.quantity
        for line in order.lines
        if line.store_line_id is not None and line.store_address_id is not None
    }
    for shipment in books.shipments("WEB"):
        for each in shipment.items if shipment.order_import_id == order.import_id else ():
            left[each.store_line_id] -= each.quantity
    first = next(iter(left))
    items = {first: Decimal(units)} if units else left
    books.add_shipment(
        Shipment(
            number + 100 * order_id,
            order.import_id,
            tuple(ShippedItem(line_id, count) for line_id, count in items.items() if count),
        )
    )


def status(store: FakeStore, order_id: int) -> object:
    return store.order(order_id).header["status_id"]


def standing(books: SqlGateway, order_id: int) -> str:
    return books.sales_orders([f"WEB{order_id}"])[0].status


def codes(report: PushReport) -> list[str]:
    return [
        problem.code for change in report.refused + report.postponed for problem in change.problems
    ]


# AcctVantage to store


def test_a_push_tells_what_changed_and_no_more(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    report = web.push_order_statuses()
    (sent,) = report.sent
    assert (sent.key, sent.before, sent.after, sent.order_id) == (
        f"WEB{imported[0]}",
        "Awaiting Shipment",
        "Shipped",
        imported[0],
    )
    assert "AcctVantage's 'Shipped/Invoice' is the store's 'Shipped'" in str(sent)
    assert [status(store, order_id) for order_id in imported] == [SHIPPED, DOWNLOADED, DOWNLOADED]
    assert (report.ok, report.requests) == (True, 2)
    assert store.counts() == {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 1}
    assert web.push_order_statuses().requests == 0
    entry = web.history(imported[0]).entries[-1]
    assert (entry.action, entry.outcome) == ("push_order_statuses", "sent")
    assert "Awaiting Shipment -> Shipped" in entry.detail


def test_a_push_costs_one_request_for_each_change_and_one_look(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    ids = [store.add_order(order).id for order in plain_orders(70)]
    join().import_orders()
    for order_id in ids:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    told: list[tuple[int, int | None, str]] = []
    report = join(on_progress=lambda *step: told.append(step)).push_order_statuses()
    assert (len(report.sent), report.requests) == (70, 71)
    assert told[0] == (32, 70, "Pushing order statuses")
    assert told[-1][:2] == (70, 70)
    # Nothing but what the database remembers: another process has nothing to do.
    assert join().push_order_statuses().requests == 0


def test_a_preview_sends_nothing_and_leaves_nothing_behind(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    books.set_order_status(f"WEB{imported[1]}", "Picked")
    preview = web.push_order_statuses(preview=True)
    assert [call.to_dict() for change in preview.sent for call in change.calls] == [
        {"method": "PUT", "path": f"/v2/orders/{imported[0]}", "body": {"status_id": SHIPPED}}
    ]
    assert f"PUT /v2/orders/{imported[0]} status_id: 2" in " ".join(str(preview).split())
    assert (len(preview.refused), preview.requests, store.counts()) == (
        1,
        1,
        {"GET /v2/orders": 1},
    )
    assert len(web.history(imported[0]).entries) == 1
    report = web.push_order_statuses()
    assert (len(report.sent), len(report.refused)) == (1, 1)


def test_statuses_that_the_store_has_are_not_sent(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    """Where nothing is known, the store is read: one request for neighbors, not one an order."""
    for order_id in imported:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    for order_id in imported[:2]:
        store.edit_order(order_id, status_id=SHIPPED)
    web = join(journal="sqlite://")
    report = web.push_order_statuses()
    assert [change.order_id for change in report.sent] == imported[2:]
    assert (report.unchanged, store.counts()) == (
        2,
        {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 1},
    )
    assert web.push_order_statuses().requests == 0


def test_an_order_that_cannot_be_read_is_pushed_all_the_same(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    store.edit_order(imported[0], total_inc_tax=None)
    (sent,) = join(journal="sqlite://").push_order_statuses().sent
    assert (sent.before, status(store, imported[0])) == ("Awaiting Shipment", SHIPPED)


def test_a_webhook_of_a_status_has_it_read_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    """A person set the status, and a webhook reported it: the push does not send it again."""
    for order_id in imported[:2]:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    already = len(store.events)
    store.edit_order(imported[0], status_id=SHIPPED)
    for event in store.events[already:]:
        call = store.webhook(event)
        web.handle_webhook(call.body, call.headers)
    report = web.push_order_statuses()
    assert ([change.order_id for change in report.sent], report.unchanged) == (imported[1:2], 1)
    assert store.counts() == {"GET /v2/orders": 1, "PUT /v2/orders/{id}": 1}
    # Our own echo is no event.
    for event in store.events[already:]:
        if event.scope == "store/order/statusUpdated":
            web.act_on_webhook(Webhook(event.scope, NoteStatus(imported[0], DOWNLOADED, SHIPPED)))
    assert web.push_order_statuses().requests == 0


@pytest.mark.parametrize(
    ("stopped", "goes_on"), [(4, False), (CANCELLED, False), (6, False), (13, False), (14, True)]
)
def test_an_order_that_was_stopped_in_the_store_stays_so(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    imported: list[int],
    *,
    stopped: int,
    goes_on: bool,
) -> None:
    """As far as it is known: from a webhook, or because the store was read."""
    for order_id in imported[:2]:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.edit_order(imported[0], status_id=stopped)
    store.clear_log()
    web = join(journal="sqlite://")
    report = web.push_order_statuses()
    assert [change.order_id for change in report.sent] == (
        imported[:2] if goes_on else imported[1:2]
    )
    assert status(store, imported[0]) == (SHIPPED if goes_on else stopped)
    assert codes(report) == ([] if goes_on else ["order_stopped_in_store"])
    # It is told once, and no more until the order moves in AcctVantage.
    assert web.push_order_statuses().requests == 0
    books.set_order_status(f"WEB{imported[0]}", "Posted")
    assert codes(web.push_order_statuses()) == ["status_unmapped"]


def test_a_canceled_order_gets_no_status_until_it_goes_on(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int], *, see: See
) -> None:
    """A store that only polls: the panel cancels, AcctVantage ships, and no webhook says so."""
    order_id = imported[0]
    store.edit_order(order_id, status_id=CANCELLED)
    store.clear_log()
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    assert codes(web.push_order_statuses(preview=True)) == ["order_stopped_in_store"]
    assert not web.worklist()
    report = web.push_order_statuses()
    assert (codes(report), report.sent) == (["order_stopped_in_store"], [])
    (waits,) = web.worklist()
    assert (waits.code, waits.order_id, waits.area) == (
        "order_stopped_in_store",
        order_id,
        "follow_orders",
    )
    assert (list(web.push_order_statuses()), web.push_order_statuses().requests) == ([], 0)
    assert store.counts() == {"GET /v2/orders": 2}
    # It goes on, as the fix says, and nobody touches AcctVantage: the push is past that change.
    books.set_order_status(f"WEB{imported[1]}", "Packed")
    books.set_order_status(f"WEB{imported[1]}", "Shipped/Invoice")
    web.push_order_statuses()
    store.edit_order(order_id, status_id=DOWNLOADED)
    see(order_id, DOWNLOADED)
    assert [change.order_id for change in web.push_order_statuses().sent] == [order_id]
    assert status(store, order_id) == SHIPPED
    assert web.push_order_statuses().requests == 0


def test_a_status_of_the_store_is_not_fought(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int], *, see: See
) -> None:
    """What a person sets after a push stays, until AcctVantage changes the order again."""
    order_id = imported[0]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    web.push_order_statuses()
    store.edit_order(order_id, status_id=MANUAL)
    see(order_id, MANUAL)
    store.clear_log()
    assert web.push_order_statuses().requests == 0
    books.set_order_status(f"WEB{order_id}", "Open")
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    assert [change.before for change in web.push_order_statuses().sent] == [
        "Manual Verification Required"
    ]


def test_an_order_that_was_reset_to_new_is_the_imports_first(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    order_id = imported[0]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.edit_order(order_id, status_id=11)
    report = web.push_order_statuses()
    assert (list(report), report.unchanged, status(store, order_id)) == ([], 1, 11)
    assert not web.worklist()
    assert len(web.import_orders().relinked) == 1
    assert len(web.push_order_statuses().sent) == 1
    assert status(store, order_id) == 2


def test_an_order_that_was_reset_after_its_push_gets_its_status_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    order_id, other = imported[:2]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    web.push_order_statuses()
    for number in (order_id, other):
        store.edit_order(number, status_id=NEW)
    assert len(web.import_orders().relinked) == 2
    # AcctVantage has never changed the other one.
    assert len(web.push_order_statuses().sent) == 1
    assert (status(store, order_id), status(store, other)) == (SHIPPED, DOWNLOADED)
    assert web.push_order_statuses().sent == []


def test_what_another_process_saw_before_overwrites_no_import_error(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int], see: See
) -> None:
    order_id = imported[0]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    web.push_order_statuses()
    address = dict(store.order(order_id).header["billing_address"], street_1="99 Moved")
    store.edit_order(order_id, status_id=NEW, billing_address=address)
    assert len(web.import_orders().refused) == 1
    see(order_id, NEW)
    assert web.push_order_statuses().sent == []
    assert status(store, order_id) == MANUAL
    assert [item.code for item in web.worklist()] == ["order_edited"]


def test_an_edit_that_is_refused_gets_its_status_when_a_person_has_made_it(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    order_id = imported[0]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    web.push_order_statuses()
    address = dict(store.order(order_id).header["billing_address"], street_1="99 Moved")
    store.edit_order(order_id, status_id=NEW, billing_address=address)
    assert len(web.import_orders().refused) == 1
    web.follow_orders()
    assert web.push_order_statuses().sent == []
    store.edit_order(order_id, status_id=DOWNLOADED)
    web.follow_orders()
    assert len(web.push_order_statuses().sent) == 1
    assert status(store, order_id) == SHIPPED


def test_an_order_that_was_stopped_is_deleted_in_acctvantage(
    web: Orchestrator, store: FakeStore, books: SqlGateway, completed: int
) -> None:
    """As the advice about a stopped order says: nothing of it is left on the worklist."""
    web.push_order_statuses()
    assert [each.code for each in web.worklist()] == ["status_backwards"]
    books.delete_order(f"WEB{completed}")
    web.push_order_statuses()
    assert not web.worklist()


def test_orders_far_apart_cost_a_look_each(join: Join, store: FakeStore, books: SqlGateway) -> None:
    ids = [
        store.add_order(order).id
        for first in (1000, 2000, 3000)
        for order in plain_orders(4, first_id=first)
    ]
    join().import_orders()
    for order_id in ids:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    report = join().push_order_statuses()
    assert (len(report.sent), report.requests) == (12, 12 + 3)


@pytest.fixture
def completed(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int], change: Change
) -> int:
    """An order that is Completed in the store and Packed in AcctVantage."""
    store.edit_order(imported[0], status_id=COMPLETED)
    books.set_order_status(f"WEB{imported[0]}", "Packed")
    web.use(change(order_status={"mapping": mapping(*BOTH)}))
    store.clear_log()
    return imported[0]


def test_a_push_does_not_move_an_order_back(
    web: Orchestrator, store: FakeStore, books: SqlGateway, completed: int
) -> None:
    report = web.push_order_statuses()
    assert (codes(report), report.sent) == (["status_backwards"], [])
    assert status(store, completed) == COMPLETED
    (waits,) = web.worklist()
    assert (waits.code, waits.key, waits.area) == (
        "status_backwards",
        f"WEB{completed}",
        "push_order_statuses",
    )
    again = web.push_order_statuses()
    assert (list(again), again.requests, list(web.worklist())) == ([], 0, [waits])
    # "Correct the status in AcctVantage": it reaches what the store has.
    books.set_order_status(f"WEB{completed}", "Posted")
    report = web.push_order_statuses()
    assert (list(report), store.counts()) == ([], {"GET /v2/orders": 2})
    assert not web.worklist()


def test_a_status_that_would_go_back_is_sent_when_the_store_is_corrected(
    web: Orchestrator, store: FakeStore, completed: int, see: See
) -> None:
    web.push_order_statuses()
    store.edit_order(completed, status_id=DOWNLOADED)
    see(completed, DOWNLOADED)
    assert [change.after for change in web.push_order_statuses().sent] == ["Awaiting Pickup"]
    assert not web.worklist()


def test_a_status_that_would_go_back_is_sent_when_the_row_lets_it(
    web: Orchestrator, store: FakeStore, completed: int, change: Change
) -> None:
    web.push_order_statuses()
    web.use(change(order_status={"mapping": mapping(*BOTH, backwards=True)}))
    assert [change.after for change in web.push_order_statuses().sent] == ["Awaiting Pickup"]
    assert not web.worklist()
    assert web.push_order_statuses().requests == 0


@pytest.mark.parametrize("moves", [True, False])
def test_partially_shipped_is_pushed_where_the_mapping_has_a_row(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    mugs: int,
    change: Change,
    *,
    moves: bool,
) -> None:
    """In both kinds of store: where a shipment moves the status, and where it does not."""
    store.set_options(shipments_move_status=moves)
    rows = mapping(
        ("Open", "Pending"), ("Picked", "Partially Shipped"), ("Shipped/Invoice", "Shipped")
    )
    web = join(settings=change(order_status={"mapping": rows}))
    ship(books, mugs, 1, 1)
    books.set_order_status(f"WEB{mugs}", "Picked")
    assert len(web.push_shipments().sent) == 1
    report = web.push_order_statuses()
    assert (codes(report), len(report.sent), report.unchanged) == ([], int(not moves), int(moves))
    assert status(store, mugs) == PARTLY_SHIPPED
    # It comes after every status that is not shipped, and before Shipped.
    books.set_order_status(f"WEB{mugs}", "Open")
    assert codes(web.push_order_statuses()) == ["status_backwards"]
    books.set_order_status(f"WEB{mugs}", "Shipped/Invoice")
    assert [change.after for change in web.push_order_statuses().sent] == ["Shipped"]
    books.set_order_status(f"WEB{mugs}", "Picked")
    assert codes(web.push_order_statuses()) == ["status_backwards"]
    assert status(store, mugs) == SHIPPED


def test_a_restored_order_gets_its_status(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int], *, see: See
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    store.edit_order(imported[0], is_deleted=True)
    assert codes(web.push_order_statuses()) == ["not_in_store"]
    (waits,) = web.worklist()
    assert "Restore the order in BigCommerce" in waits.fix
    assert web.push_order_statuses().requests == 0
    store.edit_order(imported[0], is_deleted=False)
    see(imported[0], DOWNLOADED)
    assert len(web.push_order_statuses().sent) == 1
    assert not web.worklist()


def test_an_order_that_is_restored_and_refused_waits_for_the_refusal_alone(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    order_id = imported[0]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.edit_order(order_id, is_deleted=True)
    assert codes(web.push_order_statuses()) == ["not_in_store"]
    address = store.order(order_id).header["billing_address"]
    assert isinstance(address, dict)
    moved = {**address, "city": "Springfield"}
    store.edit_order(order_id, is_deleted=False, status_id=NEW, billing_address=moved)
    web.import_orders()
    assert status(store, order_id) == MANUAL
    assert [each.code for each in web.worklist()] == ["order_edited"]


def test_an_empty_answer_in_place_of_the_orders_lets_no_stopped_order_pass(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    store.edit_order(imported[0], status_id=CANCELLED)
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    store.fail("GET /v2/orders", "204")
    assert codes(web.push_order_statuses()) == ["order_stopped_in_store"]
    assert status(store, imported[0]) == CANCELLED


def test_an_unmapped_status_is_told_once_and_looked_at_again_when_the_mapping_changes(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], change: Change
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Picked")
    report = join().push_order_statuses()
    assert (codes(report), report.ok, report.requests) == (["status_unmapped"], False, 0)
    assert join().push_order_statuses().refused == []
    entries = join().history(imported[0]).entries
    assert [entry.outcome for entry in entries] == ["imported", "refused"]
    mapped = change(order_status={"mapping": mapping(("Picked", "Pending"))})
    report = join(settings=mapped).push_order_statuses()
    assert [sent.after for sent in report.sent] == ["Pending"]
    assert status(store, imported[0]) == PENDING


def test_the_merchants_own_label_is_looked_up_once(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], change: Change
) -> None:
    web = join(settings=change(order_status={"mapping": mapping(("Shipped/Invoice", "Gone"))}))
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    assert codes(web.push_order_statuses()) == ["status_unknown"]
    assert store.counts() == {"GET /v2/order_statuses": 1}
    web.push_order_statuses()
    assert store.counts() == {"GET /v2/order_statuses": 1}


def test_only_one_direction_is_allowed(
    join: Join, store: FakeStore, pulling: Settings, change: Change
) -> None:
    with pytest.raises(
        FinalError,
        match=r"order_status.updates: is 'pull', so .*: call pull_order_statuses \(manual 2.1.6\)",
    ):
        join(settings=pulling).push_order_statuses()
    with pytest.raises(SettingsError, match=r"is 'push', so .*: call push_order_statuses"):
        join().pull_order_statuses()
    off = join(settings=change(order_status={"updates": "off"}))
    with pytest.raises(SettingsError, match=r"is 'off', .* set it to 'push'"):
        off.push_order_statuses(preview=True)
    with pytest.raises(SettingsError, match=r"is 'off', .* set it to 'pull'"):
        off.pull_order_statuses()
    disabled = join(settings=change(store={"enabled": False}))
    with pytest.raises(SettingsError, match=r"store\.enabled"):
        disabled.push_order_statuses()
    assert store.log == []


def test_a_deleted_order_is_refused_once_and_the_others_go_through(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    for order_id in imported:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.delete_order(imported[0])
    store.edit_order(imported[1], is_deleted=True)
    report = web.push_order_statuses()
    assert (codes(report), [change.order_id for change in report.sent]) == (
        ["not_in_store"] * 2,
        imported[2:],
    )
    assert "deleted or archived in BigCommerce" in report.refused[0].problems[0].message
    store.clear_log()
    assert list(web.push_order_statuses()) == []
    assert store.log == []
    # Another status is another try.
    books.set_order_status(f"WEB{imported[0]}", "Packed")
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    assert codes(web.push_order_statuses()) == ["not_in_store"]
    assert web.push_order_statuses().requests == 0


def test_what_fails_is_sent_by_the_next_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    for order_id in imported:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.fail(f"PUT /v2/orders/{imported[1]}", "504_after")
    report = web.push_order_statuses()
    assert (len(report.sent), codes(report), report.stopped) == (2, ["store_failed"], "")
    # The answer was lost, and not the change: the next run looks first.
    again = web.push_order_statuses()
    assert (list(again), again.requests, status(store, imported[1])) == ([], 1, SHIPPED)
    assert web.push_order_statuses().requests == 0


def test_a_store_that_is_away_stops_the_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    for order_id in imported:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.fail("PUT *", "503", times=3)
    report = web.push_order_statuses()
    assert (len(report.postponed), "503" in report.stopped, report.ok) == (3, True, False)
    assert len(web.push_order_statuses().sent) == 3


def test_a_store_that_cannot_be_read_is_an_error(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    store.fail("GET *", "503")
    with pytest.raises(StoreUnavailable):
        join(journal="sqlite://").push_order_statuses()


def test_a_refused_token_is_an_error_and_a_missing_scope_too(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int]
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    with pytest.raises(TokenRefused):
        join(token="another-token").push_order_statuses()
    store.scopes -= {"store_v2_orders"}
    with pytest.raises(ScopeMissing):
        join().push_order_statuses()
    store.scopes |= {"store_v2_orders"}
    assert len(join().push_order_statuses().sent) == 1


def test_a_stop_ends_the_run_after_the_chunk_in_hand(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    ids = [store.add_order(order).id for order in plain_orders(40)]
    join().import_orders()
    for order_id in ids:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    web = join(on_progress=lambda *_: web.stop())
    with web.stop_request.listening():
        report = web.push_order_statuses()
    assert (len(report.sent), report.stopped) == (32, "a stop was asked for")
    assert len(join().push_order_statuses().sent) == 8


def test_a_lost_journal_costs_work_and_no_more(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    imported: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    with books.engine.begin() as connection:
        connection.exec_driver_sql("drop table avbc_fingerprints")
        connection.exec_driver_sql(
            "create table avbc_fingerprints as select 1 as kind, 2 as key, 3 as text where 0"
        )
    # Reading works, writing does not: the push is done all the same.
    assert len(web.push_order_statuses().sent) == 1
    assert status(store, imported[0]) == SHIPPED


@pytest.mark.parametrize("updates", ["push", "pull"])
def test_another_store_under_the_same_code_is_refused(
    join: Join, books: SqlGateway, imported: list[int], change: Change, updates: str
) -> None:
    """Its order of the same id is another one."""
    books.set_order_status(f"WEB{imported[0]}", "Shipped/Invoice")
    other = FakeStore(store_hash="def456")
    other.add_orders(list(plain_orders(3)))
    settings = change(store={"api_url": other.api_url}, order_status={"updates": updates})
    web = join(settings=settings, transport=other.transport())
    jobs = {
        "push": [web.push_order_statuses, web.push_shipments, web.capture_payments],
        "pull": [web.pull_order_statuses, web.follow_orders, web.import_orders],
    }
    for job in jobs[updates]:
        with pytest.raises(SettingsError, match=r"import_source_code: is 'WEB'.*abc123"):
            job()
    assert not other.log
    with_own_code = attrs.evolve(
        settings, order_status=attrs.evolve(settings.order_status, import_source_code="DEF")
    )
    assert len(join(settings=with_own_code, transport=other.transport()).import_orders().imported)


@pytest.mark.one_python
def test_a_push_may_die_anywhere(
    store: FakeStore, books: SqlGateway, imported: list[int], live_on: Callable[..., None]
) -> None:
    """One order is sent, one was archived and one canceled: what is held back is not lost."""
    for order_id in imported:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.edit_order(imported[1], is_deleted=True)
    store.edit_order(imported[2], status_id=5)

    def state(alive: FakeStore, books: SqlGateway) -> object:
        with books.engine.connect() as connection:
            items = connection.exec_driver_sql("SELECT key, code FROM avbc_worklist").all()
            held = connection.exec_driver_sql(
                "SELECT key FROM avbc_fingerprints WHERE kind LIKE 'status held %'"
            ).all()
        found = {number: status(alive, number) for number in alive.state.orders}
        assert (len(items), len(held)) == (2, 2)
        return found, sorted(map(tuple, items)), sorted(map(tuple, held))

    live_on("push_order_statuses", state)


# Store to AcctVantage


def test_a_pull_writes_what_changed_in_the_store(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    web = join(settings=pulling)
    first = web.pull_order_statuses()
    # What the import set is no news, though no row has it.
    assert (list(first), first.unchanged) == ([], 3)
    store.edit_order(imported[0], status_id=SHIPPED)
    preview = web.pull_order_statuses(preview=True)
    assert [(change.before, change.after) for change in preview.sent] == [
        ("Open", "Shipped/Invoice")
    ]
    assert standing(books, imported[0]) == "Open"
    report = web.pull_order_statuses()
    assert [(change.key, change.before, change.after) for change in report.sent] == [
        (f"WEB{imported[0]}", "Open", "Shipped/Invoice")
    ]
    assert [standing(books, order_id) for order_id in imported] == [
        "Shipped/Invoice",
        "Open",
        "Open",
    ]
    assert (report.ok, report.requests) == (True, 1)
    quiet = web.pull_order_statuses()
    assert (list(quiet), quiet.requests) == ([], 1)
    assert (
        web.history(imported[0]).entries[-1].detail
        == f"WEB{imported[0]}: status Open -> Shipped/Invoice"
    )


@pytest.mark.parametrize("written", ["picked", "  PICKED "])
def test_the_case_of_a_mapping_row_makes_no_difference(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    imported: list[int],
    change: Change,
    *,
    written: str,
) -> None:
    rows = mapping((written, PENDING), ("shipped/INVOICE", "shipped"))
    pulls = join(settings=change(order_status={"updates": "pull", "mapping": rows}))
    store.edit_order(imported[0], status_id=PENDING)
    store.edit_order(imported[1], status_id=SHIPPED)
    report = pulls.pull_order_statuses()
    assert (report.refused, report.postponed) == ([], [])
    # The books' own spelling is what is written.
    assert [standing(books, order_id) for order_id in imported] == [
        "Picked",
        "Shipped/Invoice",
        "Open",
    ]
    assert list(pulls.pull_order_statuses()) == []
    books.set_order_status(f"WEB{imported[2]}", "Picked")
    pushes = join(settings=change(order_status={"updates": "push", "mapping": rows}))
    assert [change.order_id for change in pushes.push_order_statuses().sent] == [imported[2]]
    assert status(store, imported[2]) == PENDING


def test_a_first_pull_without_orders_asks_nothing(
    join: Join, store: FakeStore, pulling: Settings
) -> None:
    store.add_order(next(plain_orders(1)))
    assert join(settings=pulling).pull_order_statuses().requests == 0


def test_orders_that_are_not_in_the_books_are_left_alone(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    stranger = store.add_order(next(plain_orders(1, first_id=5000))).id
    store.edit_order(stranger, status_id=SHIPPED)
    report = join(settings=pulling).pull_order_statuses()
    assert (list(report), report.unchanged) == ([], 3)


def test_a_pull_never_posts(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    web = join(settings=pulling)
    store.edit_order(imported[0], status_id=COMPLETED)
    books.set_order_status(f"WEB{imported[1]}", "Posted")
    store.edit_order(imported[1], status_id=SHIPPED)
    report = web.pull_order_statuses()
    assert codes(report) == ["status_posting_refused"] * 2
    assert [standing(books, order_id) for order_id in imported] == ["Open", "Posted", "Open"]
    # A person was told.
    assert list(web.pull_order_statuses()) == []


def test_a_pull_moves_backwards_only_where_the_row_says_so(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], change: Change
) -> None:
    books.set_order_status(f"WEB{imported[0]}", "Packed")
    store.edit_order(imported[0], status_id=PENDING)
    may_not = change(order_status={"updates": "pull", "mapping": mapping(*BOTH)})
    assert codes(join(settings=may_not).pull_order_statuses()) == ["status_backwards"]
    assert standing(books, imported[0]) == "Packed"
    store.clear_log()
    may = change(order_status={"updates": "pull", "mapping": mapping(*BOTH, backwards=True)})
    assert [change.after for change in join(settings=may).pull_order_statuses().sent] == ["Open"]
    assert standing(books, imported[0]) == "Open"


@pytest.mark.parametrize(
    ("status_id", "happened"),
    [(4, "refunded"), (5, "canceled"), (6, "declined"), (13, "disputed")],
)
def test_what_was_stopped_in_the_store_is_reported_for_a_person(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    imported: list[int],
    pulling: Settings,
    *,
    status_id: int,
    happened: str,
) -> None:
    web = join(settings=pulling)
    store.edit_order(imported[0], status_id=status_id)
    report = web.pull_order_statuses()
    assert codes(report) == ["order_stopped_in_store"]
    assert standing(books, imported[0]) == "Open"
    assert list(web.pull_order_statuses()) == []
    (item,) = web.worklist()
    assert (item.code, item.key, item.area) == (
        "order_stopped_in_store",
        f"WEB{imported[0]}",
        "follow_orders",
    )
    assert f"Order {imported[0]} was {happened} in the store, and is in the books" in item.message


def test_a_mapped_cancellation_is_followed_and_reported(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], change: Change
) -> None:
    web = join(
        settings=change(
            order_status={
                "updates": "pull",
                "mapping": mapping(("Quote", "Cancelled"), backwards=True),
            }
        )
    )
    store.edit_order(imported[0], status_id=CANCELLED)
    (sent,) = web.pull_order_statuses().sent
    assert (sent.after, [(problem.code, problem.severity) for problem in sent.problems]) == (
        "Quote",
        [("order_stopped_in_store", "warning")],
    )


def test_a_refund_in_part_is_reported_too(
    join: Join, store: FakeStore, imported: list[int], pulling: Settings
) -> None:
    web = join(settings=pulling)
    store.refund(imported[0], amount=Decimal("5.00"))
    report = web.pull_order_statuses()
    assert codes(report) == ["refund_not_booked"]
    assert "was refunded in part in the store" in report.refused[0].problems[0].message
    # Whether a credit is booked is for follow_orders to find, which keeps the item.
    assert (list(web.pull_order_statuses()), list(web.worklist())) == ([], [])


def test_a_refund_in_part_that_is_imported_is_no_problem(
    join: Join, store: FakeStore, imported: list[int], change: Change
) -> None:
    web = join(
        settings=change(
            order_status={"updates": "pull", "mapping": mapping(*BOTH)}, gl={"import_refunds": True}
        )
    )
    store.refund(imported[0], amount=Decimal("5.00"))
    assert list(web.pull_order_statuses()) == []


@pytest.mark.parametrize("moves", [True, False])
def test_our_own_shipments_come_back_as_no_problem(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    imported: list[int],
    mugs: int,
    *,
    change: Change,
    moves: bool,
) -> None:
    """A store whose orders follow their shipments, and one where a person sets the status."""
    store.set_options(shipments_move_status=moves)
    web = join(
        settings=change(order_status={"updates": "pull", "mapping": mapping(("Open", "Pending"))})
    )
    web.pull_order_statuses()
    ship(books, mugs, 1, 1)
    web.push_shipments()
    store.edit_order(mugs, status_id=PARTLY_SHIPPED)
    # Another order was shipped in part by hand: that is none of ours.
    store.edit_order(imported[1], status_id=PARTLY_SHIPPED)
    report = web.pull_order_statuses()
    assert [(change.order_id, codes(report)) for change in report.refused] == [
        (imported[1], ["status_unmapped"])
    ]
    # Shipped is no echo of a part.
    store.edit_order(mugs, status_id=SHIPPED)
    assert codes(web.pull_order_statuses()) == ["status_unmapped"]
    store.edit_order(mugs, status_id=PARTLY_SHIPPED)
    web.pull_order_statuses()
    ship(books, mugs, 2)
    web.push_shipments()
    store.edit_order(mugs, status_id=SHIPPED)
    assert list(web.pull_order_statuses()) == []
    assert standing(books, mugs) == "Open"
    assert [each.order_id for each in web.worklist()] == [imported[1]]


def test_a_row_for_the_status_of_our_own_shipments_is_followed(
    join: Join, store: FakeStore, books: SqlGateway, mugs: int, change: Change
) -> None:
    store.set_options(shipments_move_status=True)
    rows = mapping(("Committed", "Partially Shipped"), ("Shipped/Invoice", "Shipped"))
    web = join(settings=change(order_status={"updates": "pull", "mapping": rows}))
    books.set_order_status(f"WEB{mugs}", "Packed")
    web.pull_order_statuses()
    ship(books, mugs, 1, 1)
    web.push_shipments()
    # It would move back, and it is our own: nobody has to do anything.
    assert (list(web.pull_order_statuses()), list(web.worklist())) == ([], [])
    ship(books, mugs, 2)
    web.push_shipments()
    assert [change.after for change in web.pull_order_statuses().sent] == ["Shipped/Invoice"]


def test_an_order_that_was_reset_for_the_import_is_the_imports(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    web = join(settings=pulling)
    store.edit_order(imported[0], status_id=NEW)
    assert list(web.pull_order_statuses()) == []
    assert len(web.import_orders().relinked) == 1
    assert list(web.pull_order_statuses()) == []


def test_a_new_mapping_is_applied_to_what_waited_for_it(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], change: Change
) -> None:
    before = join(
        settings=change(
            order_status={"updates": "pull", "mapping": mapping(("Shipped/Invoice", "Shipped"))}
        )
    )
    store.edit_order(imported[0], status_id=PENDING)
    assert codes(before.pull_order_statuses()) == ["status_unmapped"]
    assert list(before.pull_order_statuses()) == []
    after = join(
        settings=change(
            order_status={"updates": "pull", "mapping": mapping(("Committed", "Pending"))}
        )
    )
    report = after.pull_order_statuses()
    assert ([sent.after for sent in report.sent], report.requests) == (["Committed"], 1)


def test_an_order_that_cannot_be_read_is_pulled_all_the_same(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    store.edit_order(imported[0], status_id=SHIPPED, total_inc_tax=None)
    join(settings=pulling).pull_order_statuses()
    assert standing(books, imported[0]) == "Shipped/Invoice"


class Busy(SqlGateway):
    """Somebody else is at work in these books, or they fail."""

    def __init__(
        self,
        books: SqlGateway,
        moved: Callable[[SqlGateway], object] | None = None,
        error: Exception | None = None,
    ) -> None:
        self._books = books
        self._moved = moved
        self._error = error

    def __getattribute__(self, name: str) -> object:
        own = object.__getattribute__(self, "__dict__")
        if name == "set_order_status" and own["_error"] is not None:
            raise own["_error"]
        answer = getattr(own["_books"], name)
        if own["_moved"] is None or name != "sales_orders":
            return answer

        def sales_orders(import_ids: list[str]) -> list[SalesOrder]:
            found = answer(import_ids)
            if import_ids:
                own["_moved"](own["_books"])
            return found  # type: ignore[no-any-return]  # as the books have it

        return sales_orders


def test_an_order_that_moves_meanwhile_waits_for_the_next_run(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    import_id = f"WEB{imported[0]}"
    join(settings=pulling).pull_order_statuses()
    store.edit_order(imported[0], status_id=SHIPPED)
    busy = Busy(books, lambda books: books.set_order_status(import_id, "Posted"))
    report = join(settings=pulling, books=busy).pull_order_statuses()
    assert codes(report) == ["try_again"]
    assert "was Open and is Posted" in str(report)
    assert standing(books, imported[0]) == "Posted"
    assert codes(join(settings=pulling).pull_order_statuses()) == ["status_posting_refused"]


def test_books_that_fail(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    for order_id in imported[:2]:
        store.edit_order(order_id, status_id=SHIPPED)
    report = join(
        settings=pulling, books=Busy(books, error=BooksUnreachable("locked"))
    ).pull_order_statuses()
    assert (codes(report), report.stopped) == (["books_unreachable"], "locked")
    report = join(
        settings=pulling, books=Busy(books, error=BooksRefused("no"))
    ).pull_order_statuses()
    assert codes(report) == ["books_refused"] * 2
    report = join(
        settings=pulling, books=Busy(books, error=ValueError("odd"))
    ).pull_order_statuses()
    assert codes(report) == ["unexpected_error"] * 2
    assert len(join(settings=pulling).pull_order_statuses().sent) == 2


def test_a_list_that_breaks_off_is_read_again(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[int], pulling: Settings
) -> None:
    web = join(settings=pulling)
    web.pull_order_statuses()
    store.edit_order(imported[0], status_id=SHIPPED)
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreUnavailable):
        web.pull_order_statuses()
    assert len(web.pull_order_statuses().sent) == 1


@pytest.mark.one_python
def test_a_pull_may_die_anywhere(
    store: FakeStore, imported: list[int], live_on: Callable[..., None], pulling: Settings
) -> None:
    for order_id, status_id in zip(imported, (SHIPPED, PENDING, CANCELLED), strict=True):
        store.edit_order(order_id, status_id=status_id)
    live_on(
        "pull_order_statuses",
        lambda _, books: sorted((order.import_id, order.status) for order in books.sales_orders()),
        pulling,
    )
