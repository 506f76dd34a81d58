"""Shipments reach the store once, whatever dies, and say what went where."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem
from avbc.bigcommerce import TokenRefused
from avbc.clock import Clock
from avbc.orchestrator import JournalUnusable, Orchestrator, PushReport
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.run import Task
from avbc.orchestrator.engine.statuses import STATUS
from avbc.settings import Settings, SettingsError, StatusMapping
from avbc.testing import FakeStore, OrderFactory, example, item, order_of_shape
from avbc.testing.fakestore.faults import FaultKind
from avbc.testing.orders import FakeOrder

CANCELED, AWAITING_PICKUP, DOWNLOADED, DISPUTED = 5, 8, 9, 13
POST = "POST /v2/orders/{id}/shipments"

See = Callable[[str, int], None]
Join = Callable[..., Orchestrator]
Take = Callable[[FakeOrder], str]


@pytest.fixture
def take(store: FakeStore, web: Orchestrator) -> Take:
    """Put an order into the store and import it; returns its Import ID."""

    def taken(order: FakeOrder) -> str:
        order_id = store.add_order(order).id
        assert len(web.import_orders().imported) == 1
        store.clear_log()
        return f"WEB{order_id}"

    return taken


def push_run(web: Orchestrator, job: Callable[[PushRun], object]) -> None:
    PushRun(web._integration, Task("follow_orders", "Following orders")).do(job)


@pytest.fixture
def see(web: Orchestrator) -> See:
    """A job saw that an order has a status in the store."""

    def seen(import_id: str, status_id: int) -> None:
        push_run(web, lambda run: run.know(STATUS, import_id, str(status_id)))

    return seen


@pytest.fixture
def mugs(take: Take) -> str:
    """An order of three red mugs and a towel."""
    return take(OrderFactory().order([item("MUG-RED", 3), item("TOWEL-ST")]))


def packed(
    books: SqlGateway,
    number: int,
    import_id: str,
    *quantities: int,
    tracking: str = "1Z999",
    carrier: str = "UPS",
) -> Shipment:
    """A shipment of so many of each line, in one parcel; as it was written to the books."""
    (order,) = books.sales_orders([import_id])
    lines = [
        line.store_line_id
        for line in order.lines
        if line.kind == "product" and line.store_line_id is not None
    ]
    items = tuple(
        ShippedItem(line, Decimal(quantity))
        for line, quantity in zip(lines, quantities, strict=False)
        if quantity
    )
    shipment = Shipment(
        number, import_id, items, (Parcel(tracking),) if tracking else (), "UPS Ground", carrier
    )
    books.add_shipment(shipment)
    return shipment


def status(store: FakeStore, import_id: str) -> object:
    return store.order(int(import_id[3:])).header["status_id"]


def sent(store: FakeStore, import_id: str) -> list[tuple[object, list[int]]]:
    """Tracking numbers and quantities of the store's shipments of an order."""
    rows = store.order(int(import_id[3:])).shipments
    return [(row["tracking_number"], [line["quantity"] for line in row["items"]]) for row in rows]  # type: ignore[union-attr,index,misc]  # JSON


def codes(report: PushReport) -> list[str]:
    return [
        problem.code for change in report.refused + report.postponed for problem in change.problems
    ]


def test_a_shipment_is_told_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    packed(books, 1, mugs, 2)
    report = web.push_shipments()
    (change,) = report.sent
    address = store.order(int(mugs[3:])).shipments[0]["order_address_id"]
    assert (change.key, change.after) == (
        f"{mugs} shipment 1",
        f"2 units to address {address}, 1Z999",
    )
    assert "it makes the link" in str(change)
    assert sent(store, mugs) == [("1Z999", [2])]
    assert store.order(int(mugs[3:])).shipments[0]["shipping_provider"] == "ups"
    # The status is the mapping's business.
    assert store.order(int(mugs[3:])).header["status_id"] == DOWNLOADED
    assert (report.ok, store.counts()) == (
        True,
        {
            "GET /v2/orders/{id}/shipments": 1,
            "GET /v2/orders": 1,
            "POST /v2/orders/{id}/shipments": 1,
        },
    )
    assert (web.push_shipments().requests, web.push_shipments().unchanged) == (0, 1)
    outcomes = [(entry.action, entry.outcome) for entry in web.history(int(mugs[3:])).entries]
    assert outcomes == [
        ("import", "imported"),
        ("push_shipments", "begun"),
        ("push_shipments", "sent"),
    ]


def test_the_rest_of_an_order_follows(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    packed(books, 1, mugs, 2)
    web.push_shipments()
    packed(books, 2, mugs, 1, 1, tracking="1Z000")
    packed(books, 3, mugs, 0, 1, tracking="1Z111")
    report = web.push_shipments()
    assert codes(report) == ["shipped_more_than_remains"]
    assert sent(store, mugs) == [("1Z999", [2]), ("1Z000", [1, 1])]
    # It is tried again, since a person may have set it right, and journaled once.
    assert codes(web.push_shipments()) == ["shipped_more_than_remains"]
    entries = [entry for entry in web.history(int(mugs[3:])).entries if entry.outcome == "refused"]
    assert len(entries) == 1


def test_a_preview_sends_nothing(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    packed(books, 1, mugs, 3, 1)
    preview = web.push_shipments(preview=True)
    (call,) = preview.sent[0].calls
    assert (call.method, call.path) == ("POST", f"/v2/orders/{mugs[3:]}/shipments")
    assert "tracking_number: 1Z999" in str(call)
    assert sent(store, mugs) == []
    assert len(web.history(int(mugs[3:])).entries) == 1
    assert len(web.push_shipments().sent) == 1


def test_each_address_and_each_parcel_has_its_shipment(
    web: Orchestrator, store: FakeStore, books: SqlGateway, take: Take
) -> None:
    import_id = take(order_of_shape("two_consignments"))
    (order,) = books.sales_orders([import_id])
    parcels = tuple(
        Parcel(f"1Z{number}", (ShippedItem(line.store_line_id, line.quantity),))
        for number, line in enumerate(order.lines)
        if line.store_line_id is not None and line.store_address_id is not None
    )
    books.add_shipment(Shipment(7, import_id, parcels=parcels, carrier="FedEx"))
    report = web.push_shipments()
    assert len(report.sent) == len(parcels) > 1
    rows = store.order(order.store_order_id).shipments
    assert {row["order_address_id"] for row in rows} == {
        line.store_address_id for line in order.lines if line.store_address_id
    }
    assert web.push_shipments().requests == 0


def test_what_is_not_shipped_is_no_shipment(
    web: Orchestrator, store: FakeStore, books: SqlGateway, take: Take
) -> None:
    import_id = take(OrderFactory().order([item("EBOOK-01")]))
    packed(books, 1, import_id, 1)
    report = web.push_shipments()
    assert (list(report), report.unchanged) == ([], 1)
    assert web.push_shipments().requests == 0


def test_a_shipment_that_stands_in_the_store_is_taken_for_what_it_is(
    join: Join, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    """A lost journal costs a look, never a second shipment."""
    packed(books, 1, mugs, 2)
    join().push_shipments()
    store.clear_log()
    web = join(journal="sqlite://")
    report = web.push_shipments()
    assert (list(report), report.unchanged, store.counts()) == (
        [],
        1,
        {"GET /v2/orders/{id}/shipments": 1},
    )
    assert sent(store, mugs) == [("1Z999", [2])]
    assert web.push_shipments().requests == 0


def test_another_tracking_number_is_a_persons_business(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    shipment = packed(books, 1, mugs, 2)
    web.push_shipments()
    books.add_shipment(attrs.evolve(shipment, parcels=(Parcel("1Z222"),)))
    assert codes(web.push_shipments()) == ["tracking_number_differs"]
    assert sent(store, mugs) == [("1Z999", [2])]
    assert list(web.push_shipments()) == []


@pytest.mark.parametrize(
    "kind",
    ["504_after", "reset_after", "timeout_after", "html_200", "cut_json", "wrong_json", "503"],
)
def test_an_answer_that_is_lost_is_looked_for(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, kind: FaultKind
) -> None:
    packed(books, 1, mugs, 2)
    store.fail("POST *", kind)
    report = web.push_shipments()
    assert (len(report.postponed), report.sent) == (1, [])
    again = web.push_shipments()
    assert len(again.sent) == (1 if kind == "503" else 0)
    assert again.ok
    assert sent(store, mugs) == [("1Z999", [2])]
    assert web.push_shipments().requests == 0


def test_an_empty_list_in_place_of_a_shipment_is_asked_for_once_more(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    packed(books, 1, mugs, 1)
    store.fail("POST /v2/orders/*/shipments", "reset_after")
    web.push_shipments()
    store.fail("GET /v2/orders/*/shipments", "204")
    web.push_shipments()
    assert sent(store, mugs) == [("1Z999", [1])]


def test_a_deleted_order_is_refused_once_and_the_others_go_through(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, take: Take
) -> None:
    archived, good = (
        take(OrderFactory(first_id=2000).plain()),
        take(OrderFactory(first_id=3000).plain()),
    )
    for number, import_id in enumerate((mugs, archived, good)):
        packed(books, number, import_id, 1)
    store.delete_order(int(mugs[3:]))
    store.edit_order(int(archived[3:]), is_deleted=True)
    report = web.push_shipments()
    assert (codes(report), [change.import_id for change in report.sent]) == (
        ["not_in_store"] * 2,
        [good],
    )
    assert web.push_shipments().requests == 0


def test_an_archived_order_has_one_item_also_where_it_is_stopped(
    join: Join, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    order_id, ahead = int(mugs[3:]), timedelta()
    web = join(clock=Clock(now=lambda: datetime.now(UTC) + ahead))
    store.edit_order(order_id, is_deleted=True)
    web.follow_orders()
    store.edit_order(order_id, status_id=CANCELED)
    packed(books, 1, mugs, 1)
    said = [(each.code, each.since) for each in web.worklist()]
    assert [code for code, _ in said] == ["order_gone_from_store"]
    for _ in range(3):
        # Once an hour the open orders are looked for.
        ahead += timedelta(hours=2)
        web.follow_orders()
        web.push_shipments()
        assert [(each.code, each.since) for each in web.worklist()] == said


class Refusing(httpx.BaseTransport):
    """A store that refuses the first shipment."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.refuses = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and self.refuses:
            self.refuses = False
            return httpx.Response(
                400, json=[{"status": 400, "message": "The field 'items' is invalid."}]
            )
        return self.store.handle(request)


def test_what_the_store_refuses_is_said_and_tried_again(
    join: Join, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    packed(books, 1, mugs, 2)
    web = join(transport=Refusing(store))
    report = web.push_shipments()
    assert codes(report) == ["store_refused"]
    assert "The field 'items' is invalid" in report.refused[0].problems[0].message
    assert len(web.push_shipments().sent) == 1


def test_a_store_that_is_away_stops_the_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, take: Take
) -> None:
    other = take(OrderFactory(first_id=2000).plain())
    packed(books, 1, mugs, 1)
    packed(books, 2, other, 1)
    store.fail("GET *", "503", times=2)
    report = web.push_shipments()
    assert (codes(report), "503" in report.stopped) == (["store_failed"] * 2, True)
    assert len(web.push_shipments().sent) == 2


def test_a_refused_token_is_an_error(join: Join, books: SqlGateway, mugs: str) -> None:
    packed(books, 1, mugs, 1)
    with pytest.raises(TokenRefused):
        join(token="another-token").push_shipments()


def test_without_a_journal_nothing_is_sent(
    join: Join, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    """That a shipment begins is noted first."""
    packed(books, 1, mugs, 1)
    web = join()
    web.history(int(mugs[3:]))
    with books.engine.begin() as connection:
        connection.exec_driver_sql("drop table avbc_journal")
    with pytest.raises(JournalUnusable, match="avbc_journal"):
        web.push_shipments()
    assert sent(store, mugs) == []


def test_a_stop_ends_the_run_between_orders(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    factory = OrderFactory()
    ids = [store.add_order(factory.order([item("MUG-RED")])).id for _ in range(40)]
    join().import_orders()
    for order_id in ids:
        packed(books, order_id, f"WEB{order_id}", 1)
    web = join(on_progress=lambda *_: web.stop())
    with web.stop_request.listening():
        report = web.push_shipments()
    assert (len(report.sent), report.stopped) == (32, "a stop was asked for")
    report = join().push_shipments()
    assert (len(report.sent), report.unchanged) == (8, 32)


def test_only_this_sources_shipments_are_pushed(
    join: Join, books: SqlGateway, mugs: str, change: Callable[..., Settings]
) -> None:
    packed(books, 1, mugs, 1)
    store = FakeStore(store_hash="xyz789")
    shop = change(store={"api_url": store.api_url}, order_status={"import_source_code": "SHP"})
    other = join(settings=shop, transport=store.transport())
    assert (list(other.push_shipments()), other.push_shipments().unchanged) == ([], 0)


def test_shipments_are_sent_where_the_settings_ask_for_it(
    join: Join, store: FakeStore, books: SqlGateway, mugs: str, settings: Settings
) -> None:
    """Nothing that customers notice is on by default: every box is off here."""
    packed(books, 1, mugs, 1)
    screens = {
        **example.settings_dict(settings.store.api_url),
        "shipping": {"warehouse": "Main", "default_ship_via": "UPS Ground"},
    }
    off = join(settings=Settings.from_dict(screens))
    off.run(on_report=lambda _: off.stop())
    assert sent(store, mugs) == []
    for preview in (True, False):
        with pytest.raises(SettingsError) as raised:
            off.push_shipments(preview=preview)
    (fault,) = raised.value.faults
    assert fault.key == "shipping.push_shipments"
    assert "set it to true first" in fault.message
    # What it says is followed.
    screens["shipping"] = {**screens["shipping"], "push_shipments": True}
    assert len(join(settings=Settings.from_dict(screens)).push_shipments().sent) == 1
    assert sent(store, mugs) == [("1Z999", [1])]


def test_shipments_before_the_first_day_are_never_sent(
    join: Join, store: FakeStore, books: SqlGateway, mugs: str, change: Callable[..., Settings]
) -> None:
    first = datetime(2026, 3, 1, tzinfo=UTC)
    for number, shipped_at in [
        (1, first - timedelta(seconds=1)),
        (2, first),
        (3, None),
    ]:
        books.add_shipment(
            attrs.evolve(
                packed(books, number, mugs, 1, tracking=f"1Z{number}"), shipped_at=shipped_at
            )
        )
    at = lambda since: join(  # noqa: E731
        settings=change(shipping={"push_shipments_since": since})
    )
    # None of them was made by then.
    assert list(at(datetime.now(UTC) + timedelta(days=1)).push_shipments()) == []
    # An earlier first day takes those that no push has looked at; one without a date was made now.
    assert [change.key for change in at(first).push_shipments().sent] == [
        f"{mugs} shipment 2",
        f"{mugs} shipment 3",
    ]
    again = at(first).push_shipments()
    assert (list(again), again.requests, again.unchanged) == ([], 0, 2)
    # A correction does not make an old shipment a new one.
    old = packed(books, 1, mugs, 1, tracking="1Z00")
    books.add_shipment(attrs.evolve(old, shipped_at=first - timedelta(days=1)))
    assert list(at(first).push_shipments()) == []
    assert [change.key for change in at(None).push_shipments().sent] == [f"{mugs} shipment 1"]
    # The first two are sent at the same time.
    assert sorted(sent(store, mugs)) == [("1Z00", [1]), ("1Z2", [1]), ("1Z3", [1])]


# Orders that were stopped in the store


def test_nothing_is_shipped_for_a_canceled_order_until_it_goes_on(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, see: See
) -> None:
    """No webhook says so: the store is asked."""
    order_id = int(mugs[3:])
    store.edit_order(order_id, status_id=CANCELED)
    store.clear_log()
    packed(books, 1, mugs, 2)
    report = web.push_shipments()
    assert (codes(report), sent(store, mugs)) == (["order_stopped_in_store"], [])
    (waits,) = web.worklist()
    assert (waits.code, waits.key, waits.area) == ("order_stopped_in_store", mugs, "follow_orders")
    assert POST not in store.counts()
    # It is quiet when the next listing of changed orders has shown it.
    see(mugs, CANCELED)
    report = web.push_shipments()
    assert (list(report), report.requests, report.unchanged) == ([], 0, 1)
    # Another shipment is refused, too, once.
    packed(books, 2, mugs, 1)
    assert codes(web.push_shipments()) == ["order_stopped_in_store"]
    assert web.push_shipments().requests == 0
    assert list(web.worklist()) == [waits]
    # It goes on, and AcctVantage does nothing more: both are sent.
    store.edit_order(order_id, status_id=DOWNLOADED)
    see(mugs, DOWNLOADED)
    assert [change.key for change in web.push_shipments().sent] == [
        f"{mugs} shipment 1",
        f"{mugs} shipment 2",
    ]
    assert web.push_shipments().requests == 0


@pytest.mark.parametrize("moves", [True, False])
def test_a_canceled_order_stays_canceled_in_both_kinds_of_store(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, *, moves: bool
) -> None:
    """In some stores a shipment makes its order Shipped."""
    store.set_options(shipments_move_status=moves)
    store.edit_order(int(mugs[3:]), status_id=CANCELED)
    packed(books, 1, mugs, 3, 1)
    web.push_shipments()
    assert store.order(int(mugs[3:])).header["status_id"] == CANCELED


def test_a_shipment_that_left_before_the_stop_is_sent_when_a_person_says_so(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    mugs: str,
    change: Callable[..., Settings],
    *,
    see: See,
) -> None:
    """Tracking decides disputes."""
    web, order_id = join(), int(mugs[3:])
    store.edit_order(order_id, status_id=DISPUTED)
    now = datetime.now(UTC)
    times = {1: now - timedelta(days=1), 2: now + timedelta(days=1), 3: None}
    for number, shipped_at in times.items():
        shipment = packed(books, number, mugs, 1, tracking=f"1Z{number}")
        books.add_shipment(attrs.evolve(shipment, shipped_at=shipped_at))
    report = web.push_shipments()
    assert {
        change.key: [problem.code for problem in change.problems] for change in report.refused
    } == {
        f"{mugs} shipment 1": ["order_stopped_in_store", "shipment_before_stop"],
        f"{mugs} shipment 2": ["order_stopped_in_store"],
        f"{mugs} shipment 3": ["order_stopped_in_store"],
    }
    waits = next(each for each in web.worklist() if each.code == "shipment_before_stop")
    assert waits.order_id == order_id
    assert "before the order was disputed in the store" in waits.message
    assert f"call push_shipments(order_ids=[{order_id}])" in waits.fix
    # What it says is followed, in a preview first; the box may be off by then.
    off = join(settings=change(shipping={"push_shipments": False}))
    preview = off.push_shipments(order_ids=[order_id], preview=True)
    assert (len(preview.sent), sent(store, mugs)) == (3, [])
    report = off.push_shipments(order_ids=[order_id])
    assert [change.order_id for change in report.sent] == [order_id] * 3
    assert sorted(str(number) for number, _ in sent(store, mugs)) == ["1Z1", "1Z2", "1Z3"]
    assert [each.code for each in web.worklist()] == ["order_stopped_in_store"]
    assert store.order(order_id).header["status_id"] == DISPUTED
    # Nothing is left to send, whoever asks.
    assert list(off.push_shipments(order_ids=[order_id])) == []
    see(mugs, DISPUTED)
    assert (list(web.push_shipments()), web.push_shipments().requests) == ([], 0)


def test_a_stop_that_was_seen_before_is_dated_by_the_worklist(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    """The order's own time of change moves on with every edit."""
    store.edit_order(int(mugs[3:]), status_id=CANCELED)
    packed(books, 1, mugs, 1)
    web.push_shipments()
    (waits,) = web.worklist()
    store.state.clock_offset = 3 * 86_400
    store.edit_order(int(mugs[3:]), staff_notes="Canceled by phone.")
    second = packed(books, 2, mugs, 1)
    books.add_shipment(attrs.evolve(second, shipped_at=waits.since + timedelta(minutes=1)))
    assert codes(web.push_shipments()) == ["order_stopped_in_store"] * 2


@pytest.mark.parametrize("updates", ["push", "pull", "off"])
def test_a_cycle_holds_back_what_was_stopped_and_sends_it_when_it_goes_on(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    mugs: str,
    *,
    change: Callable[..., Settings],
    updates: str,
) -> None:
    """Whichever way statuses go: a status, a shipment and a capture wait for the store alone."""
    order_id = int(mugs[3:])
    rows = (StatusMapping(acctvantage="Packed", bigcommerce="Awaiting Pickup"),)
    web = join(settings=change(order_status={"updates": updates, "mapping": rows}))

    def cycle() -> None:
        web.follow_orders()
        if updates == "push":
            web.push_order_statuses()
        elif updates == "pull":
            web.pull_order_statuses()
        web.push_shipments()

    cycle()
    store.edit_order(order_id, status_id=CANCELED)
    packed(books, 1, mugs, 2)
    books.set_order_status(mugs, "Packed")
    cycle()
    cycle()
    assert [each.code for each in web.worklist()] == ["order_stopped_in_store"]
    assert (sent(store, mugs), status(store, mugs)) == ([], CANCELED)
    store.clear_log()
    assert web.push_shipments().requests == 0
    store.edit_order(order_id, status_id=DOWNLOADED)
    cycle()
    assert sent(store, mugs) == [("1Z999", [2])]
    assert status(store, mugs) == (AWAITING_PICKUP if updates == "push" else DOWNLOADED)
    assert not web.worklist()


def test_named_orders_are_sent_alone(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, take: Take
) -> None:
    other = take(OrderFactory(first_id=2000).plain())
    packed(books, 1, mugs, 1)
    packed(books, 2, other, 1)
    assert list(web.push_shipments(order_ids=[])) == []
    assert [change.import_id for change in web.push_shipments(order_ids=[2000]).sent] == [other]
    assert sent(store, mugs) == []
    # The next push takes the rest.
    assert [change.import_id for change in web.push_shipments().sent] == [mugs]


@pytest.mark.parametrize("tracking", ["1Z999", "by hand"])
def test_what_a_person_shipped_by_hand_is_not_shipped_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, tracking: str
) -> None:
    packed(books, 1, mugs, 2)
    order = store.order(int(mugs[3:]))
    line = next(line for line in order.products if line["quantity"] == 3)
    by_hand = {
        "order_address_id": line["order_address_id"],
        "items": [{"order_product_id": line["id"], "quantity": 2}],
        "tracking_number": tracking,
    }
    made = store.request(
        "POST", f"/v2/orders/{order.id}/shipments", body=json.dumps(by_hand).encode()
    )
    assert made.status == 201
    report = web.push_shipments(order_ids=[order.id])
    if tracking == "1Z999":
        # It is the same parcel.
        assert (list(report), report.unchanged) == ([], 1)
    else:
        assert codes(report) == ["shipped_more_than_remains"]
    assert sum(units for _, (units,) in sent(store, mugs)) == 2
    assert order.products[0]["quantity_shipped"] == 2


def test_a_shipment_with_other_contents_is_sent_when_it_was_deleted(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    shipment = packed(books, 1, mugs, 2)
    web.push_shipments()
    (line, *_) = shipment.items
    books.add_shipment(attrs.evolve(shipment, items=(attrs.evolve(line, quantity=Decimal(3)),)))
    assert codes(web.push_shipments()) == ["shipment_differs"]
    (waits,) = web.worklist()
    assert waits.fix.startswith("Delete it in BigCommerce to have it sent again")
    (row,) = store.order(int(mugs[3:])).shipments
    assert store.request("DELETE", f"/v2/orders/{mugs[3:]}/shipments/{row['id']}").status == 204
    assert len(web.push_shipments().sent) == 1
    assert (sent(store, mugs), list(web.worklist())) == ([("1Z999", [3])], [])


def test_an_order_that_was_stopped_is_deleted_in_acctvantage(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    """As the advice says: nothing of it is left on the worklist."""
    store.edit_order(int(mugs[3:]), status_id=CANCELED)
    shipment = packed(books, 1, mugs, 2)
    books.add_shipment(attrs.evolve(shipment, shipped_at=datetime.now(UTC) - timedelta(days=1)))
    web.push_shipments()
    assert {each.code for each in web.worklist()} == {
        "order_stopped_in_store",
        "shipment_before_stop",
    }
    books.delete_order(mugs)
    web.follow_orders()
    web.push_shipments()
    assert not web.worklist()


def test_those_who_relied_on_shipments_are_notified_once(
    join: Join,
    books: SqlGateway,
    mugs: str,
    change: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    off = join(settings=change(shipping={"push_shipments": False}))
    note = off.follow_orders
    packed(books, 1, mugs, 1)
    note()
    # None was ever sent.
    assert not off.worklist()
    on = join()
    on.push_shipments()
    note()
    assert not off.worklist()
    packed(books, 2, mugs, 1)
    for _ in range(2):
        note()
    (waits,) = off.worklist()
    assert (waits.code, waits.area) == ("shipments_not_pushed", "push_shipments")
    assert waits.fix.startswith("To have them sent, set shipping.push_shipments = true.")
    # There are more of them every day: the books are not asked again.
    with monkeypatch.context() as patched:
        patched.delattr(SqlGateway, "shipments")
        note()
    # A person settles it, and it stays settled.
    assert not off.settle(waits)
    packed(books, 3, mugs, 1)
    note()
    assert not off.worklist()
    # Or sets the box: they are sent, and it goes.
    assert len(on.push_shipments().sent) == 2
    note()
    assert not off.worklist()


def test_a_restored_order_gets_its_shipment(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str, see: See
) -> None:
    packed(books, 1, mugs, 1)
    store.edit_order(int(mugs[3:]), is_deleted=True)
    assert codes(web.push_shipments()) == ["not_in_store"]
    (waits,) = web.worklist()
    assert "Restore the order in BigCommerce" in waits.fix
    assert web.push_shipments().requests == 0
    store.edit_order(int(mugs[3:]), is_deleted=False)
    see(mugs, DOWNLOADED)
    assert len(web.push_shipments().sent) == 1
    assert not web.worklist()


@pytest.mark.parametrize(
    ("updates", "status"),
    [("push", "Open"), ("pull", "Open"), ("off", "Open"), ("push", "Shipped/Invoice")],
)
def test_a_restored_order_gets_its_shipment_within_a_cycle(
    join: Callable[..., Orchestrator],
    change: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    mugs: str,
    *,
    updates: str,
    status: str,
) -> None:
    """Nobody asks whether an order that is shipped in the books is gone; it may come back, too."""
    web = join(settings=change(order_status={"updates": updates}))

    def cycle() -> None:
        web.follow_orders()
        if updates == "pull":
            web.pull_order_statuses()
        web.push_shipments()

    cycle()
    books.set_order_status(mugs, status)
    packed(books, 1, mugs, 1)
    store.edit_order(int(mugs[3:]), is_deleted=True)
    cycle()
    codes = {"order_gone_from_store", "not_in_store"} if status == "Open" else {"not_in_store"}
    assert {item.code for item in web.worklist()} == codes
    store.edit_order(int(mugs[3:]), is_deleted=False)
    cycle()
    assert len(store.shipments()) == 1
    assert not web.worklist()


@pytest.mark.one_python
def test_a_push_may_die_anywhere(
    store: FakeStore, books: SqlGateway, mugs: str, take: Take, live_on: Callable[..., None]
) -> None:
    other = take(OrderFactory(first_id=2000).plain())
    packed(books, 1, mugs, 1)
    packed(books, 2, mugs, 2, 1, tracking="")
    packed(books, 3, other, 1)
    live_on(
        "push_shipments",
        lambda store, _: [sorted(map(str, sent(store, import_id))) for import_id in (mugs, other)],
    )


def test_an_order_that_is_named_and_has_no_shipment_is_reported(
    web: Orchestrator, store: FakeStore, books: SqlGateway, mugs: str
) -> None:
    report = web.push_shipments(order_ids=[int(mugs[3:])])
    ((_, refused),) = report
    assert refused.import_id == mugs
    assert refused.problems[0].code == "shipment_missing"
    assert sent(store, mugs) == []
    assert not web.worklist()
    packed(books, 1, mugs, 2)
    assert len(web.push_shipments(order_ids=[int(mugs[3:])]).sent) == 1
