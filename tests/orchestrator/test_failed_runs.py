"""Failures of whole runs: what only a person can end waits on the worklist until a run works."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import ScopeMissing, StoreUnavailable, TokenRefused
from avbc.orchestrator import CycleReport, Job, Orchestrator
from avbc.orchestrator.worklist import WorklistItem
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, OrderFactory

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
SCREENS: dict[str, dict[str, object]] = {
    "gl.tax_area": {"gl": {"tax_area": "Moon"}},
    "order_status.new_order_status": {"order_status": {"new_order_status": "Moon"}},
}


def cycle(web: Orchestrator) -> CycleReport:
    """Run one cycle of the timer."""
    reports: list[CycleReport] = []

    def end(report: CycleReport) -> None:
        reports.append(report)
        web.stop()

    names = ("import_orders", "follow_orders", "push_order_statuses")
    web.run(schedule=[Job(name) for name in names], on_report=end)
    return reports[0]


@pytest.mark.parametrize("key", SCREENS)
def test_a_fault_of_the_setup_waits_for_a_person_until_a_run_works(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, key: str
) -> None:
    news: list[list[WorklistItem]] = []
    store.add_order(OrderFactory().plain())
    web = join(settings=change(**SCREENS[key]), on_attention=news.append)
    cycle(web)
    (item,) = web.worklist()
    assert (item.code, item.key) == ("run_failed", "import_orders")
    assert key in item.message
    assert key in item.fix
    assert [[each.code for each in items] for items in news] == [["run_failed"]]
    # It is reported once, whichever job meets it, and goes when the import works again.
    for ask in (web.import_orders, web.import_orders, lambda: web.import_order(100)):
        with pytest.raises(SettingsError):
            ask()
    assert len(news) == 1
    web.use(change())
    web.follow_orders()
    web.import_orders()
    assert list(web.worklist()) == []
    assert len(books.sales_orders()) == 1


def test_a_refused_token_is_one_item_for_all_jobs(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    news: list[list[WorklistItem]] = []
    store.add_order(OrderFactory().plain())
    web = join(token="x", on_attention=news.append)
    report = cycle(web)
    assert len(report.failed) > 1
    assert report.worklist == 1
    (item,) = web.worklist()
    assert (item.code, item.key) == ("run_failed", "store.access_token")
    with pytest.raises(TokenRefused):
        web.import_orders()
    # A job that asks the store for nothing says nothing of the token.
    assert web.push_shipments().requests == 0
    assert len(web.worklist()) == 1
    assert len(news) == 1
    web = join(on_attention=news.append)
    assert web.follow_orders().requests
    assert list(web.worklist()) == []


def test_a_missing_scope_is_the_item_of_its_job(join: Join, store: FakeStore) -> None:
    store.scopes = frozenset(store.scopes - {"store_v2_orders", "store_v2_orders_read_only"})
    web = join()
    with pytest.raises(ScopeMissing):
        web.import_orders()
    assert [(each.code, each.key) for each in web.worklist()] == [("run_failed", "import_orders")]


@pytest.mark.parametrize("new", ["Awaiting Payment", "Awaiting Fulfillment"])
def test_a_rule_whose_paid_orders_leave_new_is_warned_of(
    join: Join, change: Change, settings: Settings, new: str
) -> None:
    card, *rest = settings.gl.payment_methods
    rows = (attrs.evolve(card, import_when="paid"), *rest)
    web = join(
        settings=change(gl={"payment_methods": rows}, order_status={"new_order_status": new})
    )
    warned = [each for each in web.check_setup().checks if "moves an order on" in each.found]
    assert [each.state for each in warned] == ["warning"] * (new == "Awaiting Payment")
    for each in warned:
        assert "gl.payment_methods[0].import_when" in each.fix
        assert "order_status.new_order_status" in each.fix


def test_what_passes_by_itself_is_no_item_and_takes_none_off(
    join: Join, change: Change, store: FakeStore
) -> None:
    web = join()
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreUnavailable):
        web.import_orders()
    assert list(web.worklist()) == []


def test_a_caller_who_asks_for_what_is_off_and_a_preview_make_no_item(
    join: Join, change: Change
) -> None:
    web = join(settings=change(shipping={"push_shipments": False}, gl={"tax_area": "Moon"}))
    for ask in (web.push_shipments, web.preview_orders, web.pull_order_statuses):
        with pytest.raises(SettingsError):
            ask()
    assert list(web.worklist()) == []
