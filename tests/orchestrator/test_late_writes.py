"""Requests that wait in the store's quota for longer than a look at their orders counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal

import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.bigcommerce import BigCommerce
from avbc.clock import Clock
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.writes import Writes
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, item

NEW, CANCELED, DOWNLOADED, COMPLETED = 11, 5, 9, 10


class Time:
    """Goes on when somebody waits, and at nothing else."""

    def __init__(self) -> None:
        self.now = time.time()
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        until = self.now + seconds
        with self._lock:
            # Who waits meanwhile waits for the same time.
            self.now = max(self.now, until)


@pytest.fixture
def clock() -> Time:
    return Time()


@pytest.fixture
def store(clock: Time) -> FakeStore:
    return FakeStore(clock=clock)


class AtRequest(httpx.BaseTransport):
    """The store; something happens before a request whose method and path begin with a text."""

    def __init__(self, store: FakeStore) -> None:
        self.store = store
        self.acts: dict[str, Callable[[], object]] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.store.handle(request)
        name = f"{request.method} {request.url.path.partition('/abc123')[2]}"
        for start in [start for start in self.acts if name.startswith(start)]:
            self.acts.pop(start)()
        return response


@pytest.fixture
def transport(store: FakeStore) -> AtRequest:
    return AtRequest(store)


@pytest.fixture
def web(
    transport: AtRequest,
    settings: Settings,
    books: SqlGateway,
    clock: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Orchestrator]:
    # A wait of one thread would make the looks of all others old.
    with ExitStack() as stack:
        client = stack.enter_context(
            BigCommerce(
                settings.store.api_url,
                "example-token",
                transport=transport,
                clock=clock,
                sleep=clock.sleep,
                at_once=lambda work, _: [function() for function in work],
            )
        )
        seam = Clock(monotonic=clock)
        yield stack.enter_context(Orchestrator(settings, books, store=client, clock=seam))


@pytest.fixture
def orders(store: FakeStore) -> list[int]:
    factory = OrderFactory()
    return [store.add_order(factory.order([item("MUG-RED", 2)])).id for _ in range(8)]


@pytest.fixture
def packed(web: Orchestrator, books: SqlGateway, orders: list[int]) -> list[int]:
    """Imported orders; of each, one unit was shipped."""
    assert len(web.import_orders().imported) == len(orders)
    for number, order_id in enumerate(orders, 1):
        (order,) = books.sales_orders([f"WEB{order_id}"])
        items = (ShippedItem(order.lines[0].store_line_id or 0, Decimal(1)),)
        books.add_shipment(Shipment(number, order.import_id, items=items, ship_via="UPS Ground"))
    return orders


def shipped(store: FakeStore) -> list[int]:
    return [int(str(row["order_id"])) for row in store.shipments()]


def test_what_is_canceled_while_its_shipment_waits_gets_none(
    web: Orchestrator, store: FakeStore, transport: AtRequest, packed: list[int]
) -> None:
    store.set_options(quota=4)
    last = packed[-1]
    transport.acts["POST"] = lambda: store.edit_order(last, status_id=CANCELED)
    report = web.push_shipments()
    assert [change.order_id for change in report.refused] == [last]
    assert "begun" not in [entry.outcome for entry in web.history(last).entries]
    assert "begun" in [entry.outcome for entry in web.history(packed[0]).entries]
    assert sorted(shipped(store)) == packed[:-1]


@pytest.mark.parametrize("name", ["require_turn", "write"])
def test_what_is_canceled_while_a_database_is_slow_gets_no_shipment(
    web: Orchestrator,
    store: FakeStore,
    *,
    clock: Time,
    packed: list[int],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """It is asked right before the request whether the run has its turn, and that is noted."""
    of = Journal if name == "write" else Writes
    work, struck = getattr(of, name), list[object]()

    def wait(self: object, what: object) -> None:
        if "begun" in str(what) or "was not sent" in str(what):
            struck.append(what)
            if len(struck) == 1:
                for order_id in packed:
                    store.edit_order(order_id, status_id=CANCELED)
                clock.sleep(10)
        work(self, what)

    monkeypatch.setattr(of, name, wait)
    report = web.push_shipments()
    assert [change.order_id for change in report.refused] == packed
    assert shipped(store) == []


def test_a_scarce_quota_delays_shipments_and_stops_none(
    web: Orchestrator, store: FakeStore, packed: list[int]
) -> None:
    """Each is looked at three times, at most, and once for the shipments that the store has."""
    store.set_options(quota=2)
    store.clear_log()
    report = web.push_shipments()
    assert (len(report.sent), report.stopped) == (len(packed), "")
    assert sorted(shipped(store)) == packed
    looks = [each for each in store.log if each.path == "/v2/orders"]
    assert len(looks) == 1 + 3


def test_an_order_that_is_canceled_while_its_status_waits_stays_canceled(
    web: Orchestrator, store: FakeStore, transport: AtRequest, orders: list[int]
) -> None:
    store.set_options(quota=4)
    last = orders[-1]
    transport.acts[f"PUT /v2/orders/{orders[0]}"] = lambda: store.edit_order(
        last, status_id=CANCELED
    )
    web.import_orders()
    statuses = {number: store.order(number).header["status_id"] for number in orders}
    assert statuses == {**dict.fromkeys(orders, DOWNLOADED), last: CANCELED}


def test_what_is_not_sent_uses_nothing_of_the_quota(
    web: Orchestrator, store: FakeStore, packed: list[int]
) -> None:
    store.set_options(quota=3)
    store.clear_log()
    report = web.push_shipments()
    assert report.requests == len(store.log)
    assert sorted(shipped(store)) == packed


def test_an_order_that_goes_on_while_its_status_waits_is_not_taken_back(
    web: Orchestrator,
    store: FakeStore,
    transport: AtRequest,
    books: SqlGateway,
    orders: list[int],
) -> None:
    web.import_orders()
    for order_id in orders:
        books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.set_options(quota=4)
    last = orders[-1]
    transport.acts["PUT"] = lambda: store.edit_order(last, status_id=COMPLETED)
    report = web.push_order_statuses()
    assert [(change.order_id, change.problems[0].code) for change in report.refused] == [
        (last, "status_backwards")
    ]
    assert store.order(last).header["status_id"] == COMPLETED
    assert len(report.sent) == len(orders) - 1


def test_an_order_that_goes_on_while_its_import_error_waits_is_left_alone(
    *,
    web: Orchestrator,
    store: FakeStore,
    transport: AtRequest,
    books: SqlGateway,
    orders: list[int],
    change: Callable[..., Settings],
) -> None:
    web.import_orders()
    web.use(change(order_status={"import_error_when_acctvantage_refuses": True}))
    with books.engine.begin() as connection:
        for order_id in orders:
            connection.exec_driver_sql(
                "INSERT INTO acknowledgements (import_id, version, refused_code, refused_text) "
                f"VALUES ('WEB{order_id}', 1, 'P17', 'Unknown part.')"
            )
    store.set_options(quota=4)
    last = orders[-1]
    transport.acts["PUT"] = lambda: store.edit_order(last, status_id=COMPLETED)
    report = web.take_answers()
    assert store.order(last).header["status_id"] == COMPLETED
    assert len(report.sent) == len(orders) - 1
