from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import ScopeMissing
from avbc.clock import Clock
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.checks import connection
from avbc.orchestrator.checks.connection import connection_report
from avbc.orchestrator.reports import RunReport
from avbc.settings import ProductMapping, Settings
from avbc.testing import FakeStore, example

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


def states(web: Orchestrator) -> dict[str, str]:
    return {
        item: check.state
        for check in web.test_connection().checks
        for item in (check.item.split(", ") if check.area == "scope" else [check.area])
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
    assert [check.item for check in report.warnings] == ["Customers: modify, Get accepted methods"]
    with_inventory = join(settings=change(shipping={"sync_product_details": False}))
    [check] = with_inventory.test_connection().errors
    lacking = check.item.split(", ")
    assert lacking == [
        "Products: read-only",
        "Store Inventory: modify",
        "Store Locations: read-only",
    ]


IMPORTS = {"store_v2_orders", "store_v2_transactions_read_only"}
LEVELS = {"store_v2_products_read_only", "store_inventory", "store_locations_read_only"}
DETAILS = {"store_v2_products"}
FEATURES: dict[str, tuple[dict[str, bool], set[str], Callable[[Orchestrator], RunReport]]] = {
    "levels": (
        {"sync_product_details": False},
        LEVELS,
        lambda web: web.push_inventory(),
    ),
    "details": (
        {"sync_inventory_levels": False},
        DETAILS,
        lambda web: web.push_products(),
    ),
    "import": (
        {"sync_product_details": False, "sync_inventory_levels": False},
        set(),
        lambda web: web.import_orders(),
    ),
}


@pytest.mark.parametrize(
    ("feature", "missing"),
    [
        (feature, scope)
        for feature, (_, scopes, _) in FEATURES.items()
        for scope in ["", *sorted(scopes or IMPORTS)]
    ],
)
def test_the_scopes_that_are_asked_for_are_enough_and_each_is_needed(
    join: Join, change: Change, store: FakeStore, feature: str, missing: str
) -> None:
    """A feature goes through with them; without one of them both it and the test say so."""
    ticked, scopes, run = FEATURES[feature]
    example.populate(store)
    store.scopes = (IMPORTS | scopes) - {missing}
    web = join(settings=change(shipping=ticked))
    errors = web.test_connection().errors
    said = ""
    try:
        said = run(web).stopped
    except ScopeMissing as error:
        said = str(error)
    if not missing:
        assert (errors, said) == ([], "")
        return
    (error,) = errors
    assert error.item.partition(":")[0] in said


@pytest.mark.parametrize(
    ("since", "state"),
    [(date(2026, 1, 1), "error"), (datetime(2026, 1, 1, tzinfo=UTC), "warning"), (None, "warning")],
)
def test_days_of_the_store_need_its_time_zone(
    join: Join, change: Change, store: FakeStore, since: date | None, state: str
) -> None:
    store.scopes -= {"store_v2_information", "store_v2_information_read_only"}
    settings = change(order_status={"import_orders_created_since": since})
    assert states(join(settings=settings))["Information & Settings: read-only"] == state


def test_rows_by_variant_need_the_inventory(join: Join, change: Change, store: FakeStore) -> None:
    store.scopes -= {"store_inventory", "store_inventory_read_only"}
    shipping = {"sync_inventory_levels": False}
    rows = (ProductMapping(part_number="MUG", variant_id=651),)
    with_rows = join(settings=change(shipping=shipping, products={"mapping": rows}))
    assert states(with_rows)["Store Inventory: read-only"] == "error"
    assert states(join(settings=change(shipping=shipping)))["Store Inventory: read-only"] == (
        "warning"
    )


def test_the_store_hash_of_another_store_is_no_list_of_missing_scopes(
    change: Change, join: Join, store: FakeStore
) -> None:
    settings = change(store={"api_url": "https://api.bigcommerce.com/stores/other9/v3/"})
    report = join(settings=settings).test_connection()
    (check,) = report.checks
    assert (check.area, check.state) == ("url", "error")
    assert check.item == "https://api.bigcommerce.com/stores/other9/v3/"
    assert "not one of the store 'other9'" in check.found
    assert "the part after /stores/ must be the same" in check.fix
    assert "Orders: modify, Order Transactions: read-only" in check.fix
    assert store.access_token not in str(report)


@pytest.mark.parametrize("granted", ["store_v2_orders_read_only", "store_v2_customers_read_only"])
def test_a_token_that_may_read_is_one_of_the_store(
    web: Orchestrator, store: FakeStore, granted: str
) -> None:
    """What it may not write is a missing scope: the store is the right one."""
    store.scopes = {granted}
    found = states(web)
    assert found["url"] == found["token"] == "ok"
    assert found["Orders: modify"] == found["Order Transactions: read-only"] == "error"
    # Without any scope nothing shows whose the token is.
    store.scopes = set()
    assert states(web) == {"url": "error"}


def test_a_set_up_that_lacks_eight_scopes_says_once_what_to_tick(
    web: Orchestrator, store: FakeStore
) -> None:
    store.scopes = {"store_v2_orders_read_only"}
    report = web.test_connection()
    required, optional = [check for check in report.checks if check.area == "scope"]
    assert (required.state, optional.state) == ("error", "warning")
    missing = [*required.item.split(", "), *optional.item.split(", ")]
    assert len(missing) == 8
    assert f"tick all of {', '.join(missing)}, and use its token" in required.fix
    assert str(report).count("Scopes cannot be added") == 1
    [item] = web.worklist()
    assert item.fix.startswith(required.fix)


def test_a_missing_license_key_is_no_warning_and_is_explained(join: Join, change: Change) -> None:
    report = join(settings=change(store={"license_key": None})).test_connection()
    assert report.warnings == []
    (check,) = [each for each in report.checks if each.item == "store.license_key"]
    assert (check.area, check.state) == ("license key", "ok")
    assert "avbc only keeps it" in check.found
    assert "AcctVantage" in check.found
    assert report.ok


def test_without_a_network_it_ends_soon(
    change: Change, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up of a name has no timeout of its own."""
    looked_up = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: looked_up.wait(60))
    monkeypatch.setattr(connection, "_PATIENCE", 0.2)
    began = time.monotonic()
    with avbc.Orchestrator(change(), books) as web:
        [check] = web.test_connection().checks
    looked_up.set()
    assert time.monotonic() - began < 5
    assert (check.area, check.state) == ("url", "error")
    assert "had no answer within 0.2 s. Check the network." in check.found


def test_a_request_that_would_be_repeated_is_sent_once(
    change: Change, books: SqlGateway, store: FakeStore
) -> None:
    store.fail("GET /v2/time", "refused", times=9)
    with (
        avbc.BigCommerce(change().store.api_url, "example-token", transport=store.transport()) as c,
        avbc.Orchestrator(change(), books, store=c) as web,
    ):
        [check] = web.test_connection().checks
    assert "could not reach" in check.found
    assert c.requests_sent == 1


def test_a_missing_scope_says_where_all_of_them_are_shown(
    web: Orchestrator, store: FakeStore
) -> None:
    store.scopes -= {"store_v2_transactions", "store_v2_transactions_read_only"}
    with pytest.raises(
        ScopeMissing, match=r"Orchestrator\.test_connection\(\) shows which"
    ) as caught:
        web.store.transactions.list(1)
    assert caught.value.scope == "Order Transactions: read-only"
    assert caught.value.scope in [check.item for check in web.test_connection().errors]


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
    assert str(report).lower().replace("\n", " ").count("copy the token") == 1


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
    report = connection_report(web.store, web.settings, Clock(now=lambda: at - ahead))
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
