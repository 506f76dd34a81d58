"""docs/scopes.md: the scopes of each method are those of the requests that it makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import avbc
from avbc.bigcommerce.endpoints.scopes import SCOPES, probe_scope
from avbc.bigcommerce.endpoints.store import list_hooks
from avbc.orchestrator.checks import connection
from avbc.testing import FakeStore, OrderFactory, Payment, example, item
from avbc.testing.fakestore.core import ROUTES

PAGE = Path(__file__).parents[1] / "docs" / "scopes.md"
LONG_AGO = date(2026, 1, 1)
CALLS: dict[str, tuple[Any, ...]] = {
    "register_webhooks": ("https://example.com/hooks",),
    "explain": (1001,),
    "import_order": (1005,),
}


def table(title: str) -> list[list[str]]:
    """The rows below a heading of the page, cell by cell."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{title}\n")
    rows = re.findall(r"^\| (.+) \|$", re.split(r"^## ", rest, flags=re.MULTILINE)[0], re.MULTILINE)
    return [row.split(" | ") for row in rows[2:]]


ROWS = table("## What needs which")


def granted(scope: str) -> str:
    """The parameter name of a scope, by the address that probes it."""
    probe = probe_scope(scope)
    route, _, _ = ROUTES.find(probe.method, probe.path)
    assert route is not None
    if len(route.scopes) == 1:
        return next(iter(route.scopes))
    return next(name for name in route.scopes if name.endswith("_read_only"))


def settings(store: FakeStore, method: str) -> avbc.Settings:
    made = avbc.Settings.from_dict(example.settings_dict(store.api_url))
    updates = {"push_order_statuses": "push", "pull_order_statuses": "pull"}.get(method, "off")
    return attrs.evolve(
        made,
        order_status=attrs.evolve(
            made.order_status, updates=updates, import_error_when_acctvantage_refuses=True
        ),
        gl=attrs.evolve(
            made.gl, import_refunds=True, credit_card_transactions_are_preauthorizations=True
        ),
    )


@pytest.fixture
def store() -> FakeStore:
    store, factory = FakeStore(), OrderFactory()
    example.populate(store, orders=0)
    for state in ("authorized", "authorized", "paid", "paid"):
        lines = [item("MUG-RED", 3), item("LAMP-01")]
        store.add_order(factory.order(lines, payment=Payment(state=state)))
    return store


@pytest.fixture
def books(books_toml: Path, store: FakeStore) -> Iterator[avbc.SqlGateway]:
    """Books in which everything waits to be sent, and a store in which everything happened."""
    with avbc.SqlGateway("sqlite://") as books, client(store) as open_store:
        books.load(books_toml)
        with avbc.Orchestrator(settings(store, ""), books, store=open_store) as web:
            authorized, captured, paid, refused = web.import_orders().imported
            web.follow_orders()
            web.import_refunds()
        (order,) = books.sales_orders([paid.import_id])
        shipped = avbc.ShippedItem(order.lines[0].store_line_id, Decimal(1))
        books.add_shipment(avbc.Shipment(501, paid.import_id, items=(shipped,)))
        books.set_order_status(paid.import_id, "Shipped/Invoice")
        books.want_capture(f"{authorized.import_id}-1")
        with books.engine.begin() as acctvantage:
            acctvantage.exec_driver_sql(
                "INSERT INTO acknowledgements (import_id, version, refused_code, refused_text) "
                f"VALUES ('{refused.import_id}', 1, 'PART', 'No such part.')"
            )
        open_store.payment_actions.capture(captured.order_id)
        _, lamp = store.order(paid.order_id).products
        store.remove_line(paid.order_id, lamp["id"])
        store.refund(paid.order_id, amount=Decimal(lamp["discounted_total_inc_tax"]))
        store.place_order([item("MUG-RED")])
        yield books


def client(store: FakeStore) -> avbc.BigCommerce:
    return avbc.BigCommerce(store.api_url, store.access_token, transport=store.transport())


METHODS = [
    (method, row[3].split("; ")) for row in ROWS for method in re.findall(r"`(\w+)`", row[2])
]


@pytest.mark.one_python
@pytest.mark.parametrize(("method", "scopes"), METHODS, ids=[method for method, _ in METHODS])
def test_a_method_needs_these_scopes_and_no_others(
    method: str, scopes: list[str], store: FakeStore, books: avbc.SqlGateway
) -> None:
    named = {scope: granted(scope) for scope in scopes}
    store.clear_log()
    with (
        client(store) as open_store,
        avbc.Orchestrator(settings(store, method), books, store=open_store) as web,
    ):
        arguments = CALLS.get(method, ())
        period = {"since": LONG_AGO} if method == "reconcile" else {}
        getattr(web, method)(*arguments, **period)
    needed = {entry.name: needs(entry.method, entry.path) for entry in store.log}
    needed = {name: any_of for name, any_of in needed.items() if any_of}
    assert needed
    lacking = {name for name, any_of in needed.items() if not any_of & set(named.values())}
    assert not lacking
    idle = {
        scope
        for scope, name in named.items()
        if all(any_of & (set(named.values()) - {name}) for any_of in needed.values())
    }
    assert not idle


def needs(method: str, path: str) -> frozenset[str]:
    """The scopes that are enough for a request, one of them."""
    if path.startswith("/v3/hooks"):  # which the fake store lets everybody have
        return frozenset({granted(list_hooks().scope)})
    route, _, _ = ROUTES.find(method, path)
    assert route is not None
    return route.scopes


def test_the_settings_are_there() -> None:
    for row in ROWS:
        for section, key in re.findall(r"`(\w+)\.(\w+)`", row[1]):
            screen = getattr(settings(FakeStore(), ""), section)
            assert hasattr(screen, key)


def test_the_eight_are_all_that_is_needed() -> None:
    ticked = {(name, level) for name, level in table("# OAuth scopes")}
    asked = {need.scope for need in connection._NEEDS} | {
        scope for row in ROWS for scope in row[3].split("; ")
    }
    assert asked <= set(SCOPES)
    names = {scope.partition(": ")[0] for scope in asked}
    assert {name for name, _ in ticked} == names
    for name, level in ticked:
        if level == "read-only":
            assert f"{name}: modify" not in asked
        elif level == "modify":
            assert f"{name}: modify" in asked


def test_what_happens_without_each_is_said() -> None:
    said = {scope for row in table("## What happens without one") for scope in row[0].split(", ")}
    assert {need.scope for need in connection._NEEDS} <= said
