# pyright: reportUnnecessaryTypeIgnoreComment=true
"""What type checkers must know of the orchestrator; mypy and pyright read it, it never runs."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import assert_type

import attrs

import avbc
from avbc.bigcommerce.models import Order
from avbc.mapping import Reconciled
from avbc.orchestrator import Backtested, SettingEffect, Unread


def customise_order(order: Order) -> Order:
    return attrs.evolve(order, customer_message="")


def customise(order: Order, bundle: avbc.OrderBundle) -> avbc.OrderBundle:
    return attrs.evolve(bundle, order=attrs.evolve(bundle.order, memo=order.customer_message))


def progress(done: int, total: int | None, what: str) -> None:
    assert_type((done, total, what), tuple[int, int | None, str])


def takes_any_gateway(books: avbc.Gateway) -> None:
    assert_type(books.reference_data(), avbc.ReferenceData)


def takes_books_in_parts(settings: avbc.Settings, books: avbc.ImportGateway) -> None:
    with avbc.Orchestrator(settings, books) as web:
        assert_type(web.books, avbc.ImportGateway)
    books.shipments("WEB")  # type: ignore[attr-defined]  # of another part


def use(settings: avbc.Settings) -> None:
    assert_type(settings.shipping.push_shipments, bool)
    assert_type(settings.shipping.push_shipments_since, date | datetime | None)
    assert_type(settings.gl.payment_methods[0].authorization_days, int)
    books = avbc.SqlGateway("sqlite:///books.db")
    books.load("books.toml")
    books.load(Path("books.toml"))
    books.load({"currency": "USD"})
    books.load(7)  # type: ignore[arg-type]
    assert_type(avbc.Settings.from_toml("[store]"), avbc.Settings)
    takes_any_gateway(books)
    with avbc.Orchestrator(
        settings,
        books,
        journal="sqlite://",
        on_progress=progress,
        customise=[customise],
        customise_order=[customise_order],
    ) as web:
        assert_type(web, avbc.Orchestrator)
        assert_type(web.store, avbc.BigCommerce)

        report = web.import_orders()
        assert_type(report, avbc.ImportReport)
        assert_type(report.imported, MutableSequence[avbc.Outcome])
        assert_type(report.refused[0].order_id, int)
        assert_type(report.refused[0].total, Decimal | None)
        assert_type(report.refused[0].problems, tuple[avbc.Problem, ...])
        assert_type(report.to_dicts(), list[dict[str, object]])
        for _result, outcome in report:
            assert_type(outcome, avbc.Outcome)

        assert_type(web.preview_orders(), avbc.ImportReport)
        assert_type(web.import_order(1042), avbc.ImportReport)
        explained = web.explain(1042)
        assert_type(explained.errors, tuple[avbc.Problem, ...])
        assert_type(explained.now, tuple[avbc.Decision, ...])
        assert_type(explained.decisions, tuple[avbc.Decision, ...])

        connection = web.test_connection()
        assert_type(connection, avbc.ConnectionReport)
        assert_type(connection.clock_skew, timedelta | None)
        assert_type(web.check_setup(), avbc.SetupReport)
        assert_type(web.check_setup().errors, list[avbc.Check])

        history = web.history(1042)
        assert_type(history, avbc.History)
        assert_type(history.entries, tuple[avbc.JournalEntry, ...])
        assert_type(history.sales_order, avbc.SalesOrder | None)

        pushed = web.push_order_statuses(preview=True)
        assert_type(pushed, avbc.PushReport)
        assert_type(pushed.sent, MutableSequence[avbc.Change])
        assert_type(pushed.unchanged, int)
        assert_type(pushed.sent[0].calls, tuple[avbc.PlannedCall, ...])
        assert_type(web.pull_order_statuses(progress=True), avbc.PushReport)
        assert_type(web.push_products(full=True), avbc.PushReport)
        assert_type(web.push_inventory(preview=True), avbc.PushReport)
        assert_type(web.export_clients([17, 42]), avbc.PushReport)
        assert_type(web.push_shipments(), avbc.PushReport)

    web.import_order(10.5)  # type: ignore[arg-type]  # an order is named by an int or a text
    avbc.Orchestrator(settings, object())  # type: ignore[arg-type]  # no ImportGateway


def name_orders(web: avbc.Orchestrator, ids: list[int], import_ids: list[str]) -> None:
    assert_type(web.import_order("WEB1042"), avbc.ImportReport)
    web.import_orders(ids=ids)
    web.import_orders(ids=[1042, "WEB1043"])
    web.follow_orders(import_ids)
    web.push_shipments(order_ids=import_ids)
    assert_type(web.worklist().of("WEB1042"), Sequence[avbc.WorklistItem])


def pay(web: avbc.Orchestrator, settings: avbc.Settings) -> None:
    assert_type(web.capture_payments(preview=True), avbc.PushReport)
    assert_type(
        web.import_refunds(since=datetime(2026, 3, 1, tzinfo=UTC), progress=True), avbc.PushReport
    )
    reconciled = web.reconcile(datetime(2026, 3, 1, tzinfo=UTC), until=None)
    assert_type(reconciled, avbc.ReconcileReport)
    assert_type(reconciled.missing_in_books, list[Reconciled])
    assert_type(reconciled.unread, list[Unread])
    backtested = web.backtest(settings, since=datetime(2026, 3, 1, tzinfo=UTC))
    assert_type(backtested, avbc.BacktestReport)
    assert_type(backtested.newly_refused, list[Backtested])
    assert_type(backtested.changed[0].effects, tuple[SettingEffect, ...])
    assert_type(backtested.fields(), dict[str, int])
    web.reconcile("2026-03-01")  # type: ignore[arg-type]  # a time


def worklist(settings: avbc.Settings, books: avbc.Gateway) -> None:
    reported: list[avbc.WorklistItem] = []
    web = avbc.Orchestrator(settings, books, on_attention=reported.extend)
    assert_type(web.worklist(), avbc.Worklist)
    assert_type([item.fix for item in web.worklist()], list[str])
    assert_type(web.settle(1042), avbc.Worklist)
    for item in web.worklist().of(1042):
        web.settle(item)
    avbc.Worklist(reported).to_dicts()
