from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from avbc.orchestrator import Orchestrator
from avbc.orchestrator.checks.connection import connection_report
from avbc.settings import Settings
from avbc.testing import FakeStore

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def states(web: Orchestrator) -> dict[str, str]:
    return {
        check.item if check.area == "scope" else check.area: check.state
        for check in web.test_connection().checks
    }


def test_a_good_connection(web: Orchestrator, store: FakeStore) -> None:
    report = web.test_connection()
    assert report.ok
    assert {check.state for check in report.checks} == {"ok"}
    assert (report.quota, report.quota_window) == (1_000_000, timedelta(seconds=30))
    assert report.quota_left == 999_999
    assert report.clock_skew is not None
    assert abs(report.clock_skew) < timedelta(seconds=2)
    assert "The connection is good" in str(report)
    assert "example-token" not in str(report) + report._repr_html_()
    # Nothing that was sent could change anything.
    assert {
        entry.path: entry.body.replace(b" ", b"") for entry in store.log if entry.method != "GET"
    } == {
        "/v2/orders/0": b"{}",
        "/v3/catalog/products": b"[]",
        "/v3/inventory/adjustments/absolute": b'{"items":[]}',
        "/v3/customers": b"[]",
    }


def test_only_what_the_settings_need_is_required(
    join: Join, change: Change, store: FakeStore
) -> None:
    store.scopes = {
        "store_v2_orders",
        "store_v2_transactions_read_only",
        "store_v2_information_read_only",
    }
    web = join(
        settings=change(shipping={"sync_product_details": False, "sync_inventory_levels": False})
    )
    report = web.test_connection()
    assert report.ok
    assert [check.item for check in report.warnings] == [
        "Customers: modify",
        "Get accepted methods",
    ]
    with_inventory = join(settings=change(shipping={"sync_product_details": False}))
    lacking = [check.item for check in with_inventory.test_connection().errors]
    assert lacking == ["Store Inventory: modify", "Store Locations: read-only"]


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("store_v2_orders_read_only", "Orders: modify"),
        ("", "Order Transactions: read-only"),
    ],
)
def test_a_missing_scope_says_what_to_change(
    web: Orchestrator, store: FakeStore, granted: str, missing: str
) -> None:
    store.scopes -= (
        {"store_v2_orders"}
        if granted
        else {"store_v2_transactions", "store_v2_transactions_read_only"}
    )
    report = web.test_connection()
    assert not report.ok
    (check,) = report.errors
    assert check.item == missing
    assert "create a new API account" in check.fix


def test_without_the_information_scope_the_rest_is_still_told(
    web: Orchestrator, store: FakeStore
) -> None:
    store.scopes -= {"store_v2_information", "store_v2_information_read_only"}
    found = states(web)
    assert found["url"] == found["token"] == found["Orders: modify"] == "ok"
    assert found["clock"] == "unknown"
    assert found["Information & Settings: read-only"] == "warning"


def test_a_wrong_token(join: Join) -> None:
    report = join(token="another-token").test_connection()
    assert [(check.area, check.state) for check in report.checks] == [
        ("url", "ok"),
        ("token", "error"),
    ]
    assert "another-token" not in str(report)


def test_a_store_that_does_not_answer(web: Orchestrator, store: FakeStore) -> None:
    store.fail("GET /v2/time", "refused")
    report = web.test_connection()
    assert [(check.area, check.state) for check in report.checks] == [("url", "error")]
    assert "API Path" in report.checks[0].fix


def test_a_scope_that_cannot_be_probed_is_unknown(web: Orchestrator, store: FakeStore) -> None:
    store.fail("PUT /v2/orders/0", "503")
    assert states(web)["Orders: modify"] == "unknown"


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (timedelta(seconds=30), "ok", "30 s behind"),
        (timedelta(hours=1), "warning", "3600 s behind"),
        (timedelta(hours=-1), "warning", "3600 s ahead"),
    ],
)
def test_the_clock(
    web: Orchestrator, store: FakeStore, *, ahead: timedelta, state: str, words: str
) -> None:
    """The store's clock is whole seconds, so this machine's is set on one too."""
    at = datetime.fromtimestamp(int(store.state.clock()), UTC)
    store.state.clock = at.timestamp
    report = connection_report(web.store, web.settings, now=lambda: at - ahead)
    (check,) = [check for check in report.checks if check.area == "clock"]
    assert check.state == state
    assert words in check.found
    assert report.clock_skew == ahead


def test_a_store_without_quota_headers(join: Join, store: FakeStore) -> None:
    def without(request: httpx.Request) -> httpx.Response:
        response = store.handle(request)
        return httpx.Response(response.status_code, content=response.content)

    report = join(transport=httpx.MockTransport(without)).test_connection()
    assert (report.quota, report.quota_left, report.quota_window) == (None, None, None)
    assert {check.area: check.state for check in report.checks}["quota"] == "unknown"
    assert report.ok


def test_a_disabled_store_is_said_so(join: Join, change: Change) -> None:
    report = join(settings=change(store={"enabled": False})).test_connection()
    assert [check.area for check in report.errors] == ["enabled"]


def test_the_connection_test_spares_the_import_its_probe(
    web: Orchestrator, store: FakeStore
) -> None:
    from avbc.testing import OrderFactory

    web.test_connection()
    store.add_order(OrderFactory().plain())
    store.clear_log()
    web.import_orders()
    assert "/v2/orders/0" not in [entry.path for entry in store.log]
