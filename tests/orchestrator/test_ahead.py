"""An import reads the next chunk's payments, and sets the last one's statuses, while it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import OrderBundle
from avbc.bigcommerce import BigCommerce, Retries, TokenRefused
from avbc.bigcommerce.at_once import Crew
from avbc.bigcommerce.models import Order
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.jobs import import_orders
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, item

CHUNK = 3


class Steps:
    """A crew of two that works when the import waits, and a store that notes what came."""

    def __init__(self, store: FakeStore) -> None:
        self.begun: list[Callable[[], None]] = []
        self.crew = Crew(lambda: 2, start=self.begun.append, wait=self._wait)
        self.seen: list[str] = []
        self.status = 200
        self.at_write: Callable[[int], object] = id
        self._store = store
        self.transport = httpx.MockTransport(self._answer)

    def _wait(self, _: threading.Condition, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self.begun.pop(0)()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/transactions"):
            self.seen.append(f"read {path.split('/')[-2]}")
        elif request.method == "PUT" and not path.endswith("/0"):
            self.seen.append(f"set {path.rpartition('/')[2]}")
            if self.status == 401:
                return httpx.Response(401)
        return self._store.handle(request)


@pytest.fixture
def steps(store: FakeStore, monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.setattr(import_orders, "CHUNK", CHUNK)
    factory = OrderFactory(1)
    store.add_orders(
        [factory.order([item("MUG-RED")], payment=Payment()) for _ in range(4 * CHUNK)]
    )
    return Steps(store)


@pytest.fixture
def web(settings: Settings, books: SqlGateway, steps: Steps) -> Iterator[Orchestrator]:
    def note(order: Order, bundle: OrderBundle) -> OrderBundle:
        steps.seen.append(f"write {order.id}")
        steps.at_write(order.id)
        return bundle

    with (
        BigCommerce(
            settings.store.api_url,
            "example-token",
            transport=steps.transport,
            at_once=steps.crew,
            retries=Retries(attempts=1),
        ) as client,
        Orchestrator(settings, books, store=client, customise=[note]) as web,
    ):
        yield web


def test_payments_are_read_ahead_and_statuses_set_behind(web: Orchestrator, steps: Steps) -> None:
    report = web.import_orders()
    ids = [outcome.order_id for outcome in report.imported]
    assert len(ids) == 4 * CHUNK
    place = {what: number for number, what in enumerate(steps.seen)}
    assert len(place) == len(steps.seen) == 3 * len(ids)
    for number in ids:
        assert place[f"read {number}"] < place[f"write {number}"] < place[f"set {number}"]
    first, second, third, _ = (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
    assert place[f"read {second[0]}"] < place[f"write {first[0]}"]
    assert place[f"read {third[0]}"] < max(place[f"set {number}"] for number in first)
    # All statuses of a chunk are known before the next one is looked at and written.
    assert max(place[f"set {number}"] for number in first) < place[f"write {second[0]}"]


def test_nothing_is_begun_after_a_refused_token(web: Orchestrator, steps: Steps) -> None:
    steps.status = 401
    report = web.import_orders()
    assert isinstance(report.failure, TokenRefused)
    assert sum(what.startswith("write") for what in steps.seen) == CHUNK
    assert sum(what.startswith("read") for what in steps.seen) <= 3 * CHUNK
    assert len(report.postponed) == 4 * CHUNK
    assert steps.begun == []


def test_what_was_begun_ends_before_an_interruption(web: Orchestrator, steps: Steps) -> None:
    def interrupt(number: int) -> None:
        raise KeyboardInterrupt

    steps.at_write = interrupt
    with pytest.raises(KeyboardInterrupt):
        web.import_orders()
    assert steps.begun == []
    assert sum(what.startswith("read") for what in steps.seen) < 3 * CHUNK
    assert not any(what.startswith("set") for what in steps.seen)
