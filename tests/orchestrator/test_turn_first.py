"""Each method takes its turn before it asks the store anything: who finds it taken sends nothing.

A store that does not answer would otherwise hold each process that finds out that another one works
for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import JournalReport, Orchestrator, orchestrator
from avbc.orchestrator.jobs import journal_files
from avbc.settings import Settings
from avbc.testing import FakeStore, example

Change = Callable[..., Settings]
Call = Callable[[Orchestrator], Any]

NEW = "Ready for the books"
TAKEN = "another process is doing this for the store"
HOOK = "https://shop.example/hooks"

METHODS: dict[str, tuple[str, Call]] = {
    "import_orders": ("import_orders", lambda web: web.import_orders()),
    "import_orders, ids": ("import_orders", lambda web: web.import_orders(ids=[1001])),
    "import_orders, since": (
        "import_orders",
        lambda web: web.import_orders(since=date(2026, 1, 1)),
    ),
    "import_orders, retry_errors": (
        "import_orders",
        lambda web: web.import_orders(retry_errors=True),
    ),
    "import_order": ("import_orders", lambda web: web.import_order(1001, wait=timedelta(0))),
    "follow_orders": ("follow_orders", lambda web: web.follow_orders()),
    "follow_orders, ids": ("follow_orders", lambda web: web.follow_orders([1001])),
    "push_order_statuses": ("push_order_statuses", lambda web: web.push_order_statuses()),
    "pull_order_statuses": ("pull_order_statuses", lambda web: web.pull_order_statuses()),
    "push_shipments": ("push_shipments", lambda web: web.push_shipments()),
    "push_shipments, ids": ("push_shipments", lambda web: web.push_shipments(order_ids=[1001])),
    "push_inventory": ("push_inventory", lambda web: web.push_inventory(full=True)),
    "push_products": ("push_products", lambda web: web.push_products(full=True)),
    "export_clients": ("export_clients", lambda web: web.export_clients()),
    "capture_payments": ("capture_payments", lambda web: web.capture_payments()),
    "import_refunds": ("import_refunds", lambda web: web.import_refunds()),
    "import_refunds, since": (
        "import_refunds",
        lambda web: web.import_refunds(since=date(2026, 1, 1)),
    ),
    "take_answers": ("take_answers", lambda web: web.take_answers()),
    "check_hooks": ("check_hooks", lambda web: web.check_hooks()),
    "register_webhooks": ("check_hooks", lambda web: web.register_webhooks(HOOK)),
    "write_journal": ("journal files", lambda web: web.write_journal(Path())),
}
"""By name: the turn that it takes, and the call."""

WITHOUT_TURN = {
    # They write nothing, or nothing that is asked for twice.
    "preview_orders",
    "test_connection",
    "check_setup",
    "explain",
    "history",
    "reconcile",
    "backtest",
    # They need nothing of the store.
    "worklist",
    "page",
    "settle",
    "prune_journal",
    # They call others.
    "run",
    "run_cycle",
    "is_due",
    "accept_webhook",
    "act_on_webhook",
    "handle_webhook",
    # They are about the orchestrator itself.
    "close",
    "stop",
    "use",
}


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(status_labels={11: NEW})


@pytest.fixture
def webs(
    join: Callable[..., Orchestrator],
    new_books: Callable[..., SqlGateway],
    change: Change,
    tmp_path: Path,
    store: FakeStore,
) -> Callable[[str], Orchestrator]:
    """Orchestrators with everything turned on, and statuses by labels of the store's own."""
    example.populate(store, orders=3)
    books = new_books(f"sqlite:///{tmp_path}/books.db")

    def made(updates: str) -> Orchestrator:
        settings = change(
            order_status={"new_order_status": NEW, "updates": updates},
            gl={"credit_card_transactions_are_preauthorizations": True, "import_refunds": True},
        )
        return join(books=books, settings=settings)

    return made


def test_the_table_has_every_method() -> None:
    methods = {
        name
        for name, _ in inspect.getmembers(Orchestrator, inspect.isfunction)
        if not name.startswith("_")
    }
    assert {name.partition(",")[0] for name in METHODS} | WITHOUT_TURN == methods


@pytest.mark.parametrize("name", METHODS)
def test_who_finds_the_turn_taken_sends_nothing(
    webs: Callable[[str], Orchestrator],
    store: FakeStore,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for wait in (orchestrator, journal_files):
        monkeypatch.setattr(wait, "_PATIENCE", timedelta(0))
    turn, call = METHODS[name]
    updates = "pull" if name == "pull_order_statuses" else "push"
    other = webs(updates)
    with other._integration.turn(turn, timedelta(0)):
        report = call(webs(updates))
    assert stopped(report) == TAKEN
    assert store.log == []
    # Nothing else kept it from asking the store.
    report = call(webs(updates))
    assert stopped(report) == ""


def stopped(report: object) -> object:
    return report.refusal if isinstance(report, JournalReport) else getattr(report, "stopped", None)
