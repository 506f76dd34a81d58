"""Failures of whole runs: what only a person can end waits on the worklist until a run works."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import ScopeMissing, StoreUnavailable, TokenRefused
from avbc.orchestrator import CycleReport, Job, Orchestrator
from avbc.orchestrator.worklist import WorklistItem
from avbc.secret import Secret
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
    assert (item.code, item.key) == ("run_failed", f"import_orders:{key}")
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


@pytest.mark.parametrize("proof", ["test_connection", "check_setup", "import_orders"])
def test_a_token_of_another_source_proves_nothing_of_the_refused_one(
    join: Join, change: Change, proof: str
) -> None:
    def token_from(source: str) -> Settings:
        return change(store={"access_token": Secret("example-token", source)})

    refused = join(token="x", settings=token_from("BigCommerceAPI-credentials.txt"))
    with pytest.raises(TokenRefused):
        refused.import_orders()
    other = join(settings=token_from("AVBC_ACCESS_TOKEN"))
    getattr(other, proof)()
    (item,) = other.worklist()
    assert "which is from BigCommerceAPI-credentials.txt, so" in item.message
    getattr(join(settings=token_from("BigCommerceAPI-credentials.txt")), proof)()
    assert list(other.worklist()) == []


def test_a_missing_scope_is_the_item_of_its_job(join: Join, store: FakeStore) -> None:
    store.scopes = frozenset(store.scopes - {"store_v2_orders", "store_v2_orders_read_only"})
    web = join()
    with pytest.raises(ScopeMissing):
        web.import_orders()
    (item,) = web.worklist()
    assert (item.code, item.key) == ("run_failed", "import_orders:Orders: read-only")


@pytest.mark.parametrize("check", ["test_connection", "check_setup"])
def test_a_check_that_proves_the_token_takes_it_off(join: Join, check: str) -> None:
    with pytest.raises(TokenRefused):
        join(token="x").import_orders()
    web = join()
    assert len(web.worklist()) == 1
    getattr(web, check)()
    assert list(web.worklist()) == []


def test_a_token_that_a_check_and_a_run_find_refused_is_one_item(join: Join) -> None:
    news: list[list[WorklistItem]] = []
    for first, last in (("check", "run"), ("run", "check")):
        web = join(token="x", on_attention=news.append)
        for each in (first, last):
            if each == "check":
                assert not web.test_connection().ok
            else:
                with pytest.raises(TokenRefused):
                    web.import_orders()
        assert [(each.code, each.key) for each in web.worklist()] == [
            ("run_failed", "store.access_token")
        ]
        # Whichever works next takes it off.
        good = join()
        good.test_connection() if last == "run" else good.import_orders()
        assert list(good.worklist()) == []
    assert len(news) == 2


@pytest.mark.parametrize("key", SCREENS)
def test_a_fault_that_a_check_and_a_run_find_is_one_item(
    join: Join, change: Change, store: FakeStore, key: str
) -> None:
    store.add_order(OrderFactory().plain())
    web = join(settings=change(**SCREENS[key]))
    web.check_setup()
    (found,) = web.worklist()
    assert found.code == "check_failed"
    assert found.fix.endswith("Then call check_setup(), which takes this item off.")
    with pytest.raises(SettingsError):
        web.import_orders()
    web.check_setup()
    (only,) = web.worklist()
    assert (only.code, only.key) == ("run_failed", f"import_orders:{key}")
    web.use(change())
    # The connection says nothing of it.
    web.test_connection()
    assert list(web.worklist()) == [only]
    web.check_setup()
    assert list(web.worklist()) == []


def test_a_fault_that_is_left_of_several_is_one_item(
    join: Join, change: Change, store: FakeStore
) -> None:
    store.add_order(OrderFactory().plain())
    tax, warehouse = {"tax_area": "Moon"}, {"warehouse": "Moon"}
    web = join()
    for screens, causes in (
        ({"gl": tax, "shipping": warehouse}, "gl.tax_area, shipping.warehouse"),
        ({"shipping": warehouse}, "shipping.warehouse"),
    ):
        web.use(change(**screens))
        with pytest.raises(SettingsError):
            web.import_orders()
        assert [each.key for each in web.worklist()] == [f"import_orders:{causes}"]
    web.use(change())
    web.import_orders()
    assert list(web.worklist()) == []


def test_a_scope_that_is_there_again_takes_its_item_off(join: Join, store: FakeStore) -> None:
    all_scopes = store.scopes
    store.scopes = frozenset(all_scopes - {"store_v2_orders", "store_v2_orders_read_only"})
    web = join()
    with pytest.raises(ScopeMissing):
        web.import_orders()
    store.scopes = all_scopes
    web.test_connection()
    assert list(web.worklist()) == []


def test_a_refused_token_proves_no_scope(join: Join, store: FakeStore) -> None:
    all_scopes = store.scopes
    store.scopes = frozenset(all_scopes - {"store_v2_orders"})
    join().test_connection()
    store.scopes = all_scopes
    join(token="x").test_connection()
    (scope, token) = join().worklist()
    assert (scope.code, token.code) == ("check_failed", "run_failed")
    join().test_connection()
    assert list(join().worklist()) == []


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
