"""What happens in the store between the list and the writes of an import."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import attrs
import httpx
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import OrderBundle
from avbc.clock import Clock
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.orchestrator.engine import order_reads
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item, order_of_shape

NEW, CANCELED, DOWNLOADED, SHIPPED, IMPORT_ERROR = 11, 5, 9, 2, 12

Join = Callable[..., Orchestrator]


class Meanwhile(httpx.BaseTransport):
    """A store in which something happens before the n-th request of a kind; a second a request."""

    def __init__(self, store: FakeStore) -> None:
        self.now = 0.0
        self.clock = Clock(monotonic=lambda: self.now)
        self._store = store
        self._acts: list[tuple[str, int, Callable[[], object]]] = []
        self._seen: dict[str, int] = {}

    def before(self, path: str, act: Callable[[], object], at: int = 1) -> None:
        """Do something before the n-th request whose method and path begin so."""
        self._acts.append((path, at, act))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        name = f"{request.method} {request.url.path.partition('/abc123')[2]}"
        for path, at, act in self._acts:
            if name.startswith(path):
                self._seen[path] = self._seen.get(path, 0) + 1
                if self._seen[path] == at:
                    act()
        return self._store.handle(request)


@pytest.fixture
def meanwhile(store: FakeStore) -> Meanwhile:
    return Meanwhile(store)


@pytest.fixture
def web(join: Join, meanwhile: Meanwhile) -> Orchestrator:
    """Its clock moves on with each request, so one is sent after another."""
    return join(
        transport=meanwhile,
        clock=meanwhile.clock,
        at_once=lambda work, _: [each() for each in work],
    )


def card(factory: OrderFactory, quantity: int = 1, gateway: str = "authorizenet") -> FakeOrder:
    return factory.order([item("MUG-RED", quantity)], payment=Payment(gateway=gateway))


def cards(store: FakeStore, count: int) -> list[int]:
    factory = OrderFactory()
    return [store.add_order(card(factory)).id for _ in range(count)]


def edit(store: FakeStore, order_id: int, quantity: int = 2, status_id: int = NEW) -> None:
    # It is paid again, for what it is now.
    store.add_order(card(OrderFactory(first_id=order_id), quantity, "braintree"))
    store.edit_order(order_id, status_id=status_id)


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


def looks(store: FakeStore) -> int:
    return sum("max_id" in entry.query for entry in store.log if entry.path == "/v2/orders")


@pytest.mark.no_cover
def test_two_hundred_and_fifty_card_orders_cost_a_look_for_fifty(
    web: Orchestrator, store: FakeStore
) -> None:
    """Two pages, the second empty, a probe, the store's time zone, transactions, looks, statuses.

    A look is for 50 orders; statuses that take longer than it counts, as here, cost two more.
    """
    cards(store, 250)
    report = web.import_orders()
    assert len(report.imported) == 250
    assert looks(store) == 5 * 3
    assert report.requests == 2 + 1 + 1 + 250 + 15 + 250 == 519


def test_orders_that_were_read_a_moment_before_need_no_look(
    join: Join, store: FakeStore, factory: OrderFactory
) -> None:
    cards(store, 3)
    assert len(join().import_orders().imported) == 3
    assert looks(store) == 0


def test_what_is_canceled_between_the_list_and_the_write_stays_canceled(
    web: Orchestrator, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile
) -> None:
    orders = cards(store, 8)
    meanwhile.before("PUT /v2/orders/0", lambda: store.edit_order(orders[3], status_id=CANCELED))
    report = web.import_orders()
    assert codes(report) == {orders[3]: ["order_not_new"]}
    assert ids(report, "postponed") == [orders[3]]
    assert ids(report, "imported") == orders[:3] + orders[4:]
    assert status(store, orders[3]) == CANCELED
    assert f"WEB{orders[3]}" not in {order.import_id for order in books.sales_orders()}
    assert "Postponed orders wait" not in report.summary()
    assert list(web.worklist()) == []
    # The advice is good: after it, the order goes through.
    store.edit_order(orders[3], status_id=NEW)
    assert ids(web.import_orders(), "imported") == [orders[3]]


def test_an_edit_between_the_list_and_the_write_is_in_the_books(
    web: Orchestrator, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile
) -> None:
    orders = cards(store, 6)
    before = Decimal(str(store.order(orders[2]).header["total_inc_tax"]))
    meanwhile.before("PUT /v2/orders/0", lambda: edit(store, orders[2], 3))
    report = web.import_orders()
    assert ids(report, "imported") == orders
    (imported,) = books.sales_orders([f"WEB{orders[2]}"])
    total = Decimal(str(store.order(orders[2]).header["total_inc_tax"]))
    assert imported.total == total != before
    assert [receipt.amount for receipt in books.receipts([imported.import_id])] == [total]
    assert status(store, orders[2]) == DOWNLOADED
    assert {balance.difference for balance in books.trial_balance()} == {0}


def test_an_order_that_becomes_another_ones_is_looked_up_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile
) -> None:
    """Its new product and its new client are read from the books, too."""
    orders = cards(store, 6)

    def change() -> None:
        store.add_order(
            OrderFactory(first_id=orders[0]).order(
                [item("SET-TEA")], buyer=OrderFactory().person(77), payment=Payment()
            )
        )

    meanwhile.before("PUT /v2/orders/0", change)
    assert ids(web.import_orders(), "imported") == orders
    (imported,) = books.sales_orders([f"WEB{orders[0]}"])
    assert imported.lines[0].part_number == "SET-TEA"


def test_an_edit_stays_on_the_worklist_where_a_person_moves_the_order_on_meanwhile(
    web: Orchestrator, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile
) -> None:
    """They did so before they could read that the edit was refused."""
    *others, edited = cards(store, 8)
    web.import_order(edited)
    address = store.order(edited).header["billing_address"]
    assert isinstance(address, dict)
    store.edit_order(edited, billing_address={**address, "city": "Dayton"})
    web.follow_orders()
    assert [each.code for each in web.worklist()] == ["order_edited_after_import"]
    books.set_order_status(f"WEB{edited}", "Picked")
    store.edit_order(edited, status_id=NEW)
    written = f"PUT /v2/orders/{others[0]}"
    meanwhile.before(written, lambda: store.edit_order(edited, status_id=DOWNLOADED))
    report = web.import_orders()
    assert ids(report, "imported") == others
    assert ids(report, "refused") == [edited]
    assert status(store, edited) == DOWNLOADED
    web.follow_orders()
    assert [each.code for each in web.worklist()] == ["order_edited_after_import"]


def test_staff_notes_that_were_written_meanwhile_stay(
    web: Orchestrator, store: FakeStore, meanwhile: Meanwhile
) -> None:
    cards(store, 5)
    wrong = store.add_order(order_of_shape("unknown_sku", OrderFactory(first_id=2000))).id
    meanwhile.before("PUT /v2/orders/0", lambda: store.edit_order(wrong, staff_notes="Ana: wait."))
    report = web.import_orders()
    assert ids(report, "refused") == [wrong]
    assert str(store.order(wrong).header["staff_notes"]).startswith("Ana: wait.\n[AcctVantage")


def test_an_unreadable_order_that_is_canceled_meanwhile_stays_canceled(
    web: Orchestrator, store: FakeStore, meanwhile: Meanwhile
) -> None:
    cards(store, 5)
    bad = store.add_order(order_of_shape("null_total", OrderFactory(first_id=2000))).id
    meanwhile.before("PUT /v2/orders/0", lambda: store.edit_order(bad, status_id=CANCELED))
    assert codes(web.import_orders()) == {bad: ["order_not_new"]}
    assert status(store, bad) == CANCELED


def test_an_order_that_becomes_unreadable_or_readable_is_taken_as_it_is(
    web: Orchestrator, store: FakeStore, meanwhile: Meanwhile
) -> None:
    orders = cards(store, 6)
    bad = store.add_order(order_of_shape("null_total", OrderFactory(first_id=2000))).id

    def swap() -> None:
        edit(store, bad)
        worse = order_of_shape("null_total", OrderFactory(first_id=orders[1]))
        store.add_order(worse)

    meanwhile.before("PUT /v2/orders/0", swap)
    report = web.import_orders()
    assert codes(report) == {orders[1]: ["order_unreadable"]}
    assert bad in ids(report, "imported")
    assert [status(store, each) for each in (orders[1], bad)] == [IMPORT_ERROR, DOWNLOADED]


def test_an_order_of_many_lines_is_compared_as_it_was_listed(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    """Lists cut its lines off, and the look does, too: that is no change."""
    cards(store, 5)
    long = store.add_order(order_of_shape("long", OrderFactory(first_id=2000))).id
    assert long in ids(web.import_orders(), "imported")
    assert len(books.sales_orders([f"WEB{long}"])[0].lines) == 62
    assert store.counts()["GET /v2/orders/{id}/products"] == 1


def test_an_order_that_changes_all_the_time_is_left_to_the_next_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_reads, "FRESH", 0.0)
    orders = cards(store, 2)
    pages, quantity = web.store.pages, 1

    def restless(call: object) -> object:
        nonlocal quantity
        quantity += 1
        edit(store, orders[0], quantity)
        return pages(call)

    web.store.pages = restless  # type: ignore[method-assign,assignment]  # someone edits all the time
    report = web.import_orders()
    assert codes(report) == {orders[0]: ["order_changed"]}
    assert ids(report, "postponed") == [orders[0]]
    assert status(store, orders[0]) == NEW
    assert [order.store_order_id for order in books.sales_orders()] == [orders[1]]
    web.store.pages = pages  # type: ignore[method-assign]
    assert ids(web.import_orders(), "imported") == [orders[0]]


def test_a_look_that_fails_leaves_all_to_the_next_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = cards(store, 6)
    store.fail("GET /v2/orders", "503", at=2)
    report = web.import_orders()
    assert ids(report, "postponed") == orders
    assert "503" in report.stopped
    assert books.sales_orders() == []
    assert {status(store, each) for each in orders} == {NEW}
    store.mend()
    assert ids(web.import_orders(), "imported") == orders


class Slow:
    """A customisation that takes a minute, in which something happens."""

    def __init__(self, meanwhile: Meanwhile) -> None:
        self.meanwhile = meanwhile
        self.act: Callable[[], object] = lambda: None

    def __call__(self, order: object, bundle: OrderBundle) -> OrderBundle:
        self.meanwhile.now += 60
        self.act()
        return bundle


def test_where_the_books_are_slow_the_store_is_looked_at_before_the_statuses(
    join: Join, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile
) -> None:
    slow = Slow(meanwhile)
    web = join(transport=meanwhile, clock=meanwhile.clock, customise=[slow])
    canceled, edited, good = cards(store, 3)

    def change() -> None:
        slow.act = lambda: None
        store.edit_order(canceled, status_id=CANCELED)
        edit(store, edited)

    slow.act = change
    report = web.import_orders()
    assert status(store, canceled) == CANCELED
    assert codes(report) == {canceled: ["order_not_new"], edited: ["order_changed"]}
    assert ids(report, "imported") == [canceled, good]
    assert [status(store, each) for each in (edited, good)] == [NEW, DOWNLOADED]
    assert ids(web.import_orders(), "updated") == [edited]
    totals = {order.store_order_id: order.total for order in books.sales_orders()}
    assert totals[edited] == Decimal(str(store.order(edited).header["total_inc_tax"]))


def test_an_order_that_is_in_the_books_and_is_canceled_meanwhile_stays_canceled(
    web: Orchestrator, store: FakeStore, meanwhile: Meanwhile
) -> None:
    orders = cards(store, 6)
    store.fail(f"PUT /v2/orders/{orders[0]}", "html_502")
    web.import_orders()
    meanwhile.before("GET /v3/orders", lambda: store.edit_order(orders[0], status_id=CANCELED))
    cards_after = OrderFactory(first_id=3000)
    later = [store.add_order(card(cards_after)).id for _ in range(6)]
    report = web.import_orders()
    assert codes(report) == {orders[0]: ["order_not_new"]}
    assert ids(report, "imported") == later
    assert status(store, orders[0]) == CANCELED


def test_an_order_that_is_in_the_books_and_is_edited_meanwhile_is_updated(
    web: Orchestrator, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile
) -> None:
    orders = cards(store, 6)
    store.fail(f"PUT /v2/orders/{orders[0]}", "html_502")
    web.import_orders()
    meanwhile.before("GET /v3/orders", lambda: edit(store, orders[0], 4))
    cards_after = OrderFactory(first_id=3000)
    for _ in range(6):
        store.add_order(card(cards_after))
    assert ids(web.import_orders(), "updated") == [orders[0]]
    assert books.sales_orders([f"WEB{orders[0]}"])[0].lines[0].quantity == 4
    assert status(store, orders[0]) == DOWNLOADED


def test_the_decisions_are_kept_of_an_order_whose_status_was_left(
    join: Join, store: FakeStore, meanwhile: Meanwhile
) -> None:
    slow = Slow(meanwhile)
    web = join(transport=meanwhile, clock=meanwhile.clock, customise=[slow])
    (edited,) = cards(store, 1)
    slow.act = lambda: edit(store, edited)
    assert codes(web.import_orders()) == {edited: ["order_changed"]}
    slow.act = lambda: None
    assert web.explain(edited).imported is not None


def test_a_preview_looks_once(web: Orchestrator, store: FakeStore) -> None:
    cards(store, 6)
    assert len(web.preview_orders().imported) == 6
    assert looks(store) == 0


@pytest.mark.parametrize("after", [CANCELED, SHIPPED])
def test_an_order_that_is_imported_by_its_id_is_looked_at_by_its_id(
    join: Join, store: FakeStore, books: SqlGateway, meanwhile: Meanwhile, after: int
) -> None:
    """A canceled one is left alone; one that was shipped meanwhile is imported and stays so."""
    web = join(transport=meanwhile, clock=meanwhile.clock)
    order_id = cards(store, 1)[0]

    def wait() -> None:
        meanwhile.now += 60
        store.edit_order(order_id, status_id=after)

    meanwhile.before("GET /v3/orders", wait)
    report = web.import_order(order_id)
    assert status(store, order_id) == after
    assert len(books.sales_orders()) == len(report.imported) == (after == SHIPPED)


def test_attributes_of_a_bundle_name_the_store(web: Orchestrator, store: FakeStore) -> None:
    cards(store, 1)
    (outcome,) = web.preview_orders().imported
    assert outcome.explanation is not None
    assert outcome.explanation.bundle is not None
    assert attrs.asdict(outcome.explanation.bundle.order)["store_hash"] == "abc123"
