"""One order that spoils every answer that contains it holds up no other order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries, StoreError
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.orchestrator.engine.journal import Journal, JournalUnreachable
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory
from avbc.testing.example import plain_orders
from avbc.testing.fakestore.faults import SPOIL_KINDS, SpoilKind

LIST, COUNT = "GET /v2/orders", "GET /v2/orders/count"
NEW, DOWNLOADED, COMPLETED = 11, 9, 10
MOST = 20

Join = Callable[..., Orchestrator]


def placed(store: FakeStore, count: int, first_id: int = 1001) -> list[int]:
    """Place orders; they are not more than a page, unless they are."""
    factory = OrderFactory(first_id=first_id)
    return [store.add_order(factory.plain()).id for _ in range(count)]


def status(store: FakeStore, order_id: int) -> object:
    return store.order(order_id).header["status_id"]


def new(store: FakeStore) -> list[int]:
    return list(store.state.order_ids(NEW))


def lists(store: FakeStore) -> int:
    return store.counts().get(LIST, 0) + store.counts().get(COUNT, 0)


def fails(run: Callable[[], object], store: FakeStore) -> int:
    """Run what fails as a whole; returns the requests that it cost."""
    store.clear_log()
    with pytest.raises(StoreError):
        run()
    return len(store.log)


def items(web: Orchestrator) -> list[tuple[str, int]]:
    return [(item.code, item.order_id) for item in web.worklist()]


@pytest.fixture
def small(settings: Settings, store: FakeStore, books: SqlGateway, join: Join) -> Orchestrator:
    """Joined with a client that takes no answer of a mebibyte."""
    del join
    client = BigCommerce(
        settings.store.api_url,
        "example-token",
        transport=store.transport(),
        retries=Retries(attempts=1),
        sleep=lambda _: None,
        largest_answer=900_000,
    )
    return Orchestrator(settings, books, store=client)


@pytest.mark.parametrize("kind", SPOIL_KINDS)
def test_its_page_mates_are_imported_in_the_second_run_and_it_waits_for_a_person(
    small: Orchestrator, store: FakeStore, kind: SpoilKind
) -> None:
    orders = placed(store, 12)
    poison = orders[6]
    store.spoil_order(poison, kind)
    assert fails(small.import_orders, store) == 1
    assert new(store) == orders
    store.clear_log()
    report = small.import_orders()
    assert sorted(each.order_id for each in report.imported) == sorted({*orders} - {poison})
    assert [each.order_id for each in report.postponed] == [poison]
    assert [problem.code for problem in report.postponed[0].problems] == ["order_not_shown"]
    assert not report.stopped
    assert (new(store), status(store, poison)) == ([poison], NEW)
    assert lists(store) <= 2 + MOST
    (item,) = small.worklist()
    assert (item.code, item.order_id, item.import_id) == (
        "order_not_shown",
        poison,
        f"WEB{poison}",
    )
    assert str(poison) in item.message
    assert "hand" in item.fix


def test_later_runs_go_around_it_with_few_requests_and_import_what_is_new(
    web: Orchestrator, store: FakeStore
) -> None:
    orders = placed(store, 5)
    store.spoil_order(orders[2], "html_502")
    fails(web.import_orders, store)
    web.import_orders()
    later = placed(store, 3, 2001)
    store.clear_log()
    report = web.import_orders()
    assert sorted(each.order_id for each in report.imported) == later
    assert lists(store) <= 4
    store.clear_log()
    report = web.import_orders()
    assert (report.imported, lists(store)) == ([], 4)
    assert items(web) == [("order_not_shown", orders[2])]


@pytest.mark.parametrize("place", ["first", "last", "newest_of_all", "alone"])
def test_it_is_found_wherever_it_is(web: Orchestrator, store: FakeStore, place: str) -> None:
    others = placed(store, 4, 30_001)
    placed(store, 3, 700_000)
    for number in store.state.order_ids(min_id=700_000):
        store.edit_order(number, status_id=COMPLETED)
    poison = {"first": 30_001, "last": 30_004, "newest_of_all": 700_002, "alone": 30_002}[place]
    store.edit_order(poison, status_id=NEW)
    if place == "alone":
        for number in {*others} - {poison}:
            store.edit_order(number, status_id=COMPLETED)
    mates = {*new(store)} - {poison}
    store.spoil_order(poison, "truncated")
    fails(web.import_orders, store)
    reports: list[ImportReport] = []
    for _ in range(2):
        store.clear_log()
        with suppress(StoreError):
            reports.append(web.import_orders())
        assert lists(store) <= 3 + MOST
        if items(web):
            break
    assert {each.order_id for report in reports for each in report.imported} <= mates
    assert new(store) == [poison]
    assert items(web) == [("order_not_shown", poison)]


def test_pages_before_and_behind_it_are_read_in_that_run(
    web: Orchestrator, store: FakeStore
) -> None:
    orders = [store.add_order(order).id for order in plain_orders(290)]
    poison = orders[270]
    store.spoil_order(poison, "cut_json")
    web.test_connection()
    first = web.import_orders()
    assert (len(first.imported), bool(first.stopped)) == (250, True)
    store.clear_log()
    second = web.import_orders()
    assert len(second.imported) == 39
    assert new(store) == [poison]
    assert lists(store) <= 5 + MOST
    assert items(web) == [("order_not_shown", poison)]


@pytest.mark.parametrize("attempts", [1, 4])
def test_a_store_that_is_down_costs_no_more_requests_than_before(
    store: FakeStore, books: SqlGateway, settings: Settings, attempts: int
) -> None:
    placed(store, 5)
    client = BigCommerce(
        settings.store.api_url,
        "example-token",
        transport=store.transport(),
        retries=Retries(attempts=attempts),
        sleep=lambda _: None,
    )
    web = Orchestrator(settings, books, store=client)
    store.fail("*", "html_502", times=10_000)
    for _ in range(4):
        assert fails(web.import_orders, store) == attempts
    assert items(web) == []
    store.clear_faults()
    assert len(web.import_orders().imported) == 5


@pytest.mark.parametrize("by_id", [True, False])
def test_lists_that_are_down_accuse_no_order(
    web: Orchestrator, store: FakeStore, *, by_id: bool
) -> None:
    orders = placed(store, 5) if by_id else None
    other = [] if by_id else placed(store, 5)
    store.fail("GET /v2/orders", "503", times=10_000)
    for _ in range(6):
        assert fails(lambda: web.import_orders(ids=orders), store) <= 2 + MOST
    assert items(web) == []
    store.clear_faults()
    assert len(web.import_orders(ids=orders).imported) == len(orders or other)
    assert items(web) == []


def test_a_page_that_fails_once_is_not_looked_into(web: Orchestrator, store: FakeStore) -> None:
    ids = [*placed(store, 2), *placed(store, 2, 5001)]
    for _ in range(3):
        store.fail("GET /v2/orders", "truncated", at=2)
        store.clear_log()
        assert web.import_orders(ids=ids).stopped
        assert store.counts()[LIST] == 2
        # In between it is read, so that the next failure is the first one.
        assert not web.import_orders(ids=ids).stopped


def test_several_are_found_run_by_run(web: Orchestrator, store: FakeStore) -> None:
    orders = placed(store, 40)
    poisons = [orders[3], orders[4], orders[30]]
    for number in poisons:
        store.spoil_order(number, "truncated")
    fails(web.import_orders, store)
    for _ in range(4):
        store.clear_log()
        with suppress(StoreError):
            web.import_orders()
        assert lists(store) <= 12 + MOST
    assert new(store) == poisons
    assert items(web) == [("order_not_shown", number) for number in poisons]


def test_one_that_heals_is_imported_and_its_item_goes_in_that_cycle(
    web: Orchestrator, store: FakeStore
) -> None:
    orders = placed(store, 4)
    store.spoil_order(orders[1], "html_502")
    fails(web.import_orders, store)
    web.import_orders()
    store.heal_order(orders[1])
    assert [each.order_id for each in web.import_orders().imported] == [orders[1]]
    assert items(web) == []
    placed(store, 2, 5001)
    store.clear_log()
    assert len(web.import_orders().imported) == 2
    assert lists(store) == 1


def test_the_item_goes_though_the_run_that_saw_the_order_dies(
    web: Orchestrator, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after it forgot the order, and before it wrote anything else."""
    orders = placed(store, 3)
    store.spoil_order(orders[1], "html_502")
    fails(web.import_orders, store)
    web.import_orders()
    store.edit_order(orders[1], status_id=COMPLETED)
    web.import_orders()
    store.heal_order(orders[1])
    forget = Journal.forget_fingerprints

    def dies(journal: Journal, kind: str, *given: Any, **named: Any) -> None:
        forget(journal, kind, *given, **named)
        if kind.startswith("orders not shown"):
            patch.setattr(Journal, "change", gone)

    def gone(*_: object, **__: object) -> None:
        raise JournalUnreachable("the process is dead")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "forget_fingerprints", dies)
        web.import_orders()
    web.import_orders()
    assert items(web) == []


@pytest.mark.parametrize("end", ["status_and_healed", "archived", "deleted"])
def test_the_item_goes_though_no_import_asks_for_the_order_any_more(
    web: Orchestrator, store: FakeStore, end: str
) -> None:
    orders = placed(store, 4)
    store.spoil_order(orders[1], "html_502")
    fails(web.import_orders, store)
    web.import_orders()
    if end == "status_and_healed":
        store.edit_order(orders[1], status_id=COMPLETED)
        web.import_orders()
        assert items(web) == [("order_not_shown", orders[1])]
        store.heal_order(orders[1])
    elif end == "archived":
        store.edit_order(orders[1], is_deleted=True)
    else:
        store.delete_order(orders[1])
    assert list(web.import_orders()) == []
    assert items(web) == []


def test_one_whose_parts_spoil_the_answer_is_imported_all_the_same(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = placed(store, 4)
    store.spoil_order(orders[1], "html_502", only_included=True)
    fails(web.import_orders, store)
    report = web.import_orders()
    assert sorted(each.order_id for each in report.imported) == orders
    (sales_order,) = books.sales_orders([f"WEB{orders[1]}"])
    assert sales_order.lines
    assert items(web) == []
    assert web.follow_orders().postponed == []
    assert items(web) == []


def test_one_that_is_asked_for_by_its_id(web: Orchestrator, store: FakeStore) -> None:
    orders = placed(store, 3)
    store.spoil_order(orders[1], "truncated")
    assert fails(lambda: web.import_order(orders[1]), store) == 1
    for _ in range(2):
        report = web.import_order(orders[1])
        assert [each.problems[0].code for each in report.postponed] == ["order_not_shown"]
        assert items(web) == [("order_not_shown", orders[1])]
    report = web.import_orders(ids=orders)
    assert [each.order_id for each in report.imported] == [orders[0], orders[2]]
    assert [each.order_id for each in report.postponed] == [orders[1]]
    store.heal_order(orders[1])
    assert [each.order_id for each in web.import_order(orders[1]).imported] == [orders[1]]
    assert items(web) == []


def test_ids_and_periods_go_around_it_too(web: Orchestrator, store: FakeStore) -> None:
    orders = placed(store, 30)
    store.spoil_order(orders[11], "truncated")
    fails(lambda: web.import_orders(ids=orders), store)
    store.clear_log()
    report = web.import_orders(ids=orders[:20])
    assert len(report.imported) == 19
    assert lists(store) <= 3 + MOST
    since = datetime(2020, 1, 1, tzinfo=UTC)
    report = web.import_orders(since=since)
    assert len(report.imported) == 10
    assert items(web) == [("order_not_shown", orders[11])]
    unread = web.reconcile(since=since).unread
    assert [(each.order_id, each.problem.code) for each in unread] == [
        (orders[11], "order_not_shown")
    ]
    web.backtest(web.settings, since=since)
    assert [each.code for each in web.explain(orders[11]).errors] == ["order_not_shown"]


def test_a_preview_reads_around_it_and_changes_nothing(web: Orchestrator, store: FakeStore) -> None:
    orders = placed(store, 4)
    store.spoil_order(orders[1], "truncated")
    for _ in range(3):
        assert fails(web.preview_orders, store) == 1
    fails(web.import_orders, store)
    for _ in range(2):
        report = web.preview_orders()
        assert len(report.imported) == 3
        assert [each.order_id for each in report.postponed] == [orders[1]]
        assert items(web) == []
    web.import_orders()
    store.heal_order(orders[1])
    report = web.preview_orders()
    assert [each.order_id for each in report.imported] == [orders[1]]
    assert items(web) == [("order_not_shown", orders[1])]


def followed(web: Orchestrator, store: FakeStore, count: int) -> list[int]:
    orders = placed(store, count)
    assert len(web.import_orders().imported) == count
    web.follow_orders()
    return orders


def test_what_is_followed_goes_around_it_and_comes_back_to_it_whatever_the_time(
    web: Orchestrator, store: FakeStore
) -> None:
    orders = followed(web, store, 4)
    store.edit_order(orders[1], status_id=5)
    store.edit_order(orders[2], status_id=5)
    store.spoil_order(orders[1], "truncated")
    fails(web.follow_orders, store)
    web.follow_orders()
    assert sorted(items(web)) == [
        ("order_not_shown", orders[1]),
        ("order_stopped_in_store", orders[2]),
    ]
    # The watermark goes on, and the order is not among what changed lately.
    clock = store.state.clock
    store.state.clock = lambda: clock() + timedelta(days=2).total_seconds()
    store.edit_order(orders[3], staff_notes="later")
    web.follow_orders()
    store.clear_log()
    web.follow_orders()
    since = next(each.query for each in store.log if "min_date_modified" in each.query)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert since.removeprefix("min_date_modified=")[:10] >= f"{tomorrow}"
    assert ("order_not_shown", orders[1]) in items(web)
    store.heal_order(orders[1])
    web.follow_orders()
    assert sorted(items(web)) == [
        # The store's clock is two days ahead of this machine's.
        ("clock_off", 0),
        ("order_stopped_in_store", orders[1]),
        ("order_stopped_in_store", orders[2]),
    ]
    at = store.state.clock
    store.state.clock = lambda: at() + 60
    web.follow_orders()
    store.clear_log()
    web.follow_orders()
    assert store.counts() == {LIST: 1}


def test_what_waits_for_a_person_stays_while_it_is_not_shown(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = followed(web, store, 3)
    stopped = orders[1]
    store.edit_order(stopped, status_id=5)
    web.follow_orders()
    store.spoil_order(stopped, "500")
    books.set_order_status(f"WEB{stopped}", "Picked")
    for _ in range(3):
        with suppress(StoreError):
            web.follow_orders()
    held = [("order_stopped_in_store", stopped), ("order_not_shown", stopped)]
    assert items(web) == held
    # The books change once more, but nobody can say what became of it in the store.
    books.set_order_status(f"WEB{stopped}", "Packed")
    web.follow_orders()
    assert items(web) == held
    store.heal_order(stopped)
    for _ in range(2):
        web.follow_orders()
    assert items(web) == [("order_stopped_in_store", stopped)]


def test_a_job_that_need_not_read_it_does_not_hide_it_from_another(
    join: Join, change: Callable[..., Settings], store: FakeStore
) -> None:
    web = join(settings=change(gl={"import_refunds": True}))
    orders = followed(web, store, 4)
    store.edit_order(orders[1], staff_notes="later")
    clock = store.state.clock
    store.state.clock = lambda: clock() + timedelta(hours=3).total_seconds()
    store.edit_order(orders[3], staff_notes="much later")
    for _ in range(2):
        web.import_refunds()
    store.spoil_order(orders[1], "500")
    store.edit_order(orders[2], status_id=5)
    fails(web.follow_orders, store)
    store.clear_log()
    web.import_refunds()
    assert [each.query for each in store.log if "min_date_modified" in each.query]
    web.follow_orders()
    assert ("order_not_shown", orders[1]) in items(web)
    assert ("order_stopped_in_store", orders[2]) in items(web)


def test_a_shorter_list_that_is_read_does_not_hide_it(web: Orchestrator, store: FakeStore) -> None:
    orders = followed(web, store, 5)
    ends = [orders[0], orders[4]]
    store.spoil_order(orders[2], "500")
    fails(lambda: web.follow_orders(ends), store)
    # It begins where the failed one began, and ends before the order.
    web.follow_orders(orders[:1])
    web.follow_orders(ends)
    assert items(web) == [("order_not_shown", orders[2])]


def test_one_that_was_archived_while_nobody_could_see_it_is_on_the_worklist(
    web: Orchestrator, store: FakeStore
) -> None:
    orders = followed(web, store, 3)
    store.edit_order(orders[1], staff_notes="later")
    store.spoil_order(orders[1], "html_502")
    fails(web.follow_orders, store)
    web.follow_orders()
    assert items(web) == [("order_not_shown", orders[1])]
    store.edit_order(orders[1], is_deleted=True)
    web.import_orders()
    web.follow_orders()
    assert items(web) == [("order_gone_from_store", orders[1])]
    web.import_orders()
    web.follow_orders()
    assert items(web) == [("order_gone_from_store", orders[1])]


def test_nothing_is_sent_for_one_that_nobody_can_see(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    orders = followed(web, store, 3)
    for number in orders:
        books.set_order_status(f"WEB{number}", "Shipped/Invoice")
    store.edit_order(orders[1], status_id=5)
    store.spoil_order(orders[1], "truncated")
    fails(web.push_order_statuses, store)
    web.push_order_statuses()
    report = web.push_order_statuses()
    assert {status(store, orders[0]), status(store, orders[2])} == {2}
    assert status(store, orders[1]) == 5
    assert ("order_not_shown", orders[1]) in items(web)
    store.heal_order(orders[1])
    web.follow_orders()
    web.push_order_statuses()
    assert status(store, orders[1]) == 5
    assert items(web) == [("order_stopped_in_store", orders[1])]
    store.edit_order(orders[1], status_id=DOWNLOADED)
    web.follow_orders()
    web.push_order_statuses()
    assert status(store, orders[1]) == 2
    assert report.stopped == ""


def test_an_order_that_is_too_large_with_its_page_mates_stops_nothing(
    small: Orchestrator, store: FakeStore
) -> None:
    orders = placed(store, 8)
    for number in orders[2:4]:
        store.edit_order(number, staff_notes="x" * 500_000)
    fails(small.import_orders, store)
    for _ in range(3):
        small.import_orders()
    assert new(store) == []
    assert items(small) == []


@pytest.mark.parametrize("requests", range(1, 13))
def test_lists_that_come_back_while_they_are_searched_accuse_no_order(
    web: Orchestrator, store: FakeStore, books: SqlGateway, requests: int
) -> None:
    """At each request of the search, the one of the order itself among them."""
    orders = followed(web, store, 5)
    for number in orders:
        books.set_order_status(f"WEB{number}", "Shipped/Invoice")
    store.fail(LIST, "503", times=requests)
    for _ in range(4):
        with suppress(StoreError):
            web.push_order_statuses()
        assert items(web) == []
    assert {status(store, number) for number in orders} == {2}


def test_three_in_a_row_are_found(web: Orchestrator, store: FakeStore) -> None:
    """The one in the middle has no neighbor that is shown."""
    orders = placed(store, 7)
    poisons = orders[2:5]
    for number in poisons:
        store.spoil_order(number, "html_502")
    for _ in range(6):
        with suppress(StoreError):
            web.import_orders()
    assert new(store) == poisons
    assert items(web) == [("order_not_shown", number) for number in poisons]


@pytest.mark.parametrize("is_down", [False, True])
def test_one_whose_parts_spoil_the_answer_is_not_accused_when_it_is_asked_for_alone(
    web: Orchestrator, store: FakeStore, books: SqlGateway, *, is_down: bool
) -> None:
    orders = placed(store, 4)
    store.spoil_order(orders[1], "html_502", only_included=True)
    fails(web.import_orders, store)
    web.import_orders()
    books.set_order_status(f"WEB{orders[1]}", "Shipped/Invoice")
    if is_down:
        store.fail(LIST, "503", times=10_000)
    for run in (web.push_order_statuses, lambda: web.import_order(orders[1])):
        for _ in range(3):
            with pytest.raises(StoreError) if is_down else nullcontext():
                run()
            assert items(web) == []
    store.clear_faults()
    web.push_order_statuses()
    assert status(store, orders[1]) == 2
    # Once the order itself cannot be shown any more, somebody learns it.
    store.heal_order(orders[1])
    store.spoil_order(orders[1], "html_502")
    web.import_order(orders[1])
    assert items(web) == [("order_not_shown", orders[1])]


@pytest.mark.parametrize("is_down", [False, True])
def test_an_archived_one_that_is_not_shown_holds_up_no_other(
    web: Orchestrator, store: FakeStore, books: SqlGateway, *, is_down: bool
) -> None:
    """No list has it, and the answer for it alone cannot be read."""
    orders = followed(web, store, 3)
    store.edit_order(orders[1], is_deleted=True)
    store.spoil_order(orders[1], "cut_json")
    for number in orders:
        books.set_order_status(f"WEB{number}", "Shipped/Invoice")
    if is_down:
        # From the second request on, so that the first list is answered.
        store.fail("GET *", "503", at=2, times=10_000)
        fails(web.push_order_statuses, store)
        assert items(web) == []
        store.clear_faults()
        store.spoil_order(orders[1], "cut_json")
    report = web.push_order_statuses()
    assert not report.stopped
    assert [change.order_id for change in report.refused] == [orders[1]]
    assert {status(store, orders[0]), status(store, orders[2])} == {2}
    assert status(store, orders[1]) == DOWNLOADED
    assert items(web) == []
    # Once it is shown and restored, it goes on.
    store.heal_order(orders[1])
    store.edit_order(orders[1], is_deleted=False)
    web.follow_orders()
    web.push_order_statuses()
    assert status(store, orders[1]) == 2
