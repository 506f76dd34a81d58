"""Fields that nobody documented are in the reports of runs, once each, and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from avbc.bigcommerce.documented import collecting
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.reports import RunReport
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, example

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

RUNS: dict[str, Callable[[Orchestrator], RunReport]] = {
    "import": lambda web: web.import_orders(),
    "preview": lambda web: web.preview_orders(),
    "follow": lambda web: web.follow_orders(),
    "statuses": lambda web: web.push_order_statuses(),
    "products": lambda web: web.push_products(),
    "inventory": lambda web: web.push_inventory(),
    "clients": lambda web: web.export_clients(),
    "captures": lambda web: web.capture_payments(),
    "reconcile": lambda web: web.reconcile(since=LONG_AGO),
}


@pytest.mark.parametrize("run", RUNS)
def test_the_fields_of_every_run_are_known(web: Orchestrator, store: FakeStore, run: str) -> None:
    example.populate(store)
    if run not in ("import", "preview"):
        web.import_orders()
    report = RUNS[run](web)
    assert report.unknown_fields == ()
    assert "Unknown fields" not in str(report)


def test_the_set_up_reads_known_fields_only(web: Orchestrator, store: FakeStore) -> None:
    example.populate(store)
    found: set[str] = set()
    with collecting(found):
        web.check_setup()
        web.test_connection()
        list(web.store.order_statuses.list())
        list(web.store.currencies.list())
        list(web.store.tax_classes.list())
        list(web.store.products.list(include=["variants", "custom_fields", "images"]))
        list(web.store.variants.list())
        list(web.store.customers.list(include=["addresses"]))
        web.store.information()
    assert found == set()


def novel(store: FakeStore, factory: OrderFactory, **fields: object) -> int:
    order = factory.plain()
    order.header.update(fields)
    order.products[0]["origin"] = "DE"
    return store.add_order(order).id


def test_a_new_field_is_reported_once_and_changes_nothing(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    ids = [novel(store, factory, mood="good") for _ in range(3)]
    assert web.preview_orders().unknown_fields == ("orders.mood", "orders.products.origin")
    report = web.import_orders()
    assert [outcome.order_id for outcome in report.imported] == ids
    assert report.ok
    assert report.unknown_fields == ("orders.mood", "orders.products.origin")
    assert "Unknown fields of the store: orders.mood, orders.products.origin." in str(report)
    assert report.summary() in str(report)
    assert web.import_orders().unknown_fields == ()


def test_an_order_by_its_id_reports_them_too(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    number = novel(store, factory, mood="good")
    assert web.import_order(number).unknown_fields == ("orders.mood", "orders.products.origin")


def test_a_run_that_stops_early_reports_what_it_saw(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    for _ in range(3):
        novel(store, factory, mood="good")
    store.fail("GET /v3/orders/*/transactions", "503", times=1000)
    report = web.import_orders()
    assert report.postponed
    assert report.unknown_fields == ("orders.mood", "orders.products.origin")


def test_the_answers_of_threads_are_looked_at(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, change: Callable[..., Settings]
) -> None:
    for _ in range(3):
        order = factory.plain()
        for row in order.transactions:
            row["wallet"] = "x"
        store.add_order(order)
    assert "orders.transactions.wallet" in web.import_orders().unknown_fields
