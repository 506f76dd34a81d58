"""What the timer removes from the journal, and what stays whatever its age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import avbc
from avbc.orchestrator import SCHEDULE, JournalEntry, Orchestrator, PruneReport
from avbc.orchestrator.engine.journal import JOURNAL, Journal
from avbc.orchestrator.engine.open_items import OpenItems, Raised
from avbc.orchestrator.engine.open_webhooks import OpenWebhook, OpenWebhooks
from avbc.orchestrator.worklist import WorklistItem
from avbc.settings import Settings, SettingsError

PRUNING = [job for job in SCHEDULE if job.method == "prune_journal"]
NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=401)
YOUNG = NOW - timedelta(days=399)

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.one_python)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"sqlite:///{tmp_path}/journal.db"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def web(join: Join, url: str) -> Orchestrator:
    """An orchestrator whose journal is empty."""
    return join(journal=url)


def journal_of(web: Orchestrator) -> Journal:
    return web._integration.journal


def rows(web: Orchestrator) -> dict[str, int]:
    """How many rows each table of the journal has."""
    return journal_of(web).read(
        lambda connection: {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in JOURNAL.metadata.sorted_tables
        }
    )


def write(web: Orchestrator, at: datetime, *entries: tuple[str, str, int, str]) -> None:
    journal_of(web).write(
        [
            JournalEntry(at, action, outcome, number, f"WEB{number}" if number else "", detail)
            for action, outcome, number, detail in entries
        ]
    )


def said(web: Orchestrator, number: int) -> list[str]:
    entries = journal_of(web).entries(f"WEB{number}")
    return [f"{entry.action} {entry.outcome} {entry.detail}".strip() for entry in entries]


CYCLE = (
    *(("capture_payments", "postponed", number, "pending") for number in range(1, 7)),
    ("import", "postponed", 7, "it is being changed"),
    ("push_inventory", "sent", 0, "MUG: quantity 4 -> 3"),
)
"""What an earlier version wrote in each cycle, and in one where a product was sold."""


def cycles(web: Orchestrator, count: int, at: datetime) -> None:
    write(web, at, *(entry for _ in range(count) for entry in CYCLE))


def removed(report: PruneReport) -> int:
    return sum(report.counts().values())


def test_the_rows_of_2000_cycles_are_one_for_each_state(web: Orchestrator) -> None:
    cycles(web, 2, OLD)
    web.prune_journal()
    flat = rows(web)
    assert flat["avbc_journal"] == 7
    cycles(web, 2_000, OLD)
    report = web.prune_journal()
    assert (report.entries, report.repeated) == (2_000, 14_000)
    assert rows(web) == flat
    assert removed(web.prune_journal()) == 0


def test_what_is_young_stays(web: Orchestrator) -> None:
    cycles(web, 3, YOUNG)
    before = rows(web)
    assert removed(web.prune_journal()) == 0
    assert rows(web) == before


def test_an_orders_own_history_stays_whatever_its_age(web: Orchestrator) -> None:
    history = [
        ("import", "waiting", 1, "not paid"),
        ("import", "refused", 1, "unknown SKU"),
        ("import", "refused", 1, "unknown SKU"),
        ("import", "imported", 1, ""),
        ("webhook", "noted", 1, "shipped"),
        ("webhook", "noted", 1, "shipped"),
        ("push_shipments", "begun", 1, "shipment 1"),
        ("push_shipments", "sent", 1, "shipment 1"),
        ("push_shipments", "begun", 1, "shipment 1"),
        ("settle", "settled", 1, "reversed"),
        ("capture_payments", "postponed", 1, "pending"),
    ]
    write(web, OLD, *history)
    before = said(web, 1)
    write(web, OLD, history[-1])
    assert web.prune_journal().repeated == 1
    assert said(web, 1) == before


def test_a_state_that_came_back_after_something_else_is_history(web: Orchestrator) -> None:
    for words in ("away", "away", "busy", "away", "SENT", "away", "away"):
        outcome = "sent" if words == "SENT" else "postponed"
        write(web, OLD, ("capture_payments", outcome, 1, words))
        # The states of another job are its own.
        write(web, OLD, ("import", "postponed", 1, words))
    web.prune_journal()
    left = [line.split() for line in said(web, 1)]
    assert [words for job, _, words in left if job != "import"] == ["away", "busy", "SENT", "away"]
    assert [words for job, _, words in left if job == "import"] == ["away", "busy", "SENT"]


def test_only_old_entries_go(web: Orchestrator) -> None:
    for at in (OLD, OLD, YOUNG, YOUNG):
        write(web, at, ("capture_payments", "postponed", 1, "pending"))
    assert web.prune_journal().repeated == 1
    assert len(said(web, 1)) == 3


def test_what_the_next_runs_need_stays(web: Orchestrator) -> None:
    journal, scope = journal_of(web), web._integration.scope
    write(web, OLD, ("import", "refused", 1, "unknown SKU"), ("import", "postponed", 1, "away"))
    write(web, OLD, ("import", "refused", 2, "unknown SKU"), ("import", "relinked", 2, ""))
    write(web, OLD, ("import", "postponed", 1, "away"))
    journal.remember("decisions", [("WEB1", "{}")])
    journal.set_watermark("import_refunds", OLD)
    item = WorklistItem("code", "WEB1", 1, "WEB1", OLD, "It waits.", "Do it.", "import_orders")
    OpenItems(journal, scope).apply([Raised(item)])
    webhooks = OpenWebhooks(journal, scope)
    webhooks.accept(OpenWebhook(("key",), "import", 1, "", NOW - timedelta(days=5)))
    assert web.prune_journal().repeated == 1
    assert journal.refused("import", ["WEB1", "WEB2"]) == {"WEB1"}
    assert dict(journal.all_fingerprints("decisions")) == {"WEB1": "{}"}
    assert journal.watermark("import_refunds") == OLD
    assert [each.key for each in OpenItems(journal, scope).all()] == ["WEB1"]
    assert [each.order_id for each in webhooks.read()] == [1]


def test_received_webhooks_go_after_three_days(web: Orchestrator) -> None:
    webhooks = OpenWebhooks(journal_of(web), web._integration.scope)
    for days in (4, 2):
        at = datetime.now(UTC) - timedelta(days=days)
        # What is accepted has those go that are three days older than it.
        webhooks.accept(OpenWebhook((f"key{days}", f"event{days}"), "follow", 1, "", at))
    assert rows(web)["avbc_webhooks"] == 4
    assert web.prune_journal().webhooks == 2
    assert webhooks.is_done(["key4"]) is False
    assert rows(web)["avbc_webhooks"] == 2


def test_the_setting_says_for_how_long(join: Join, change: Change, tmp_path: Path) -> None:
    days = change(store={"journal_keep_days": 30})
    web = join(journal=f"sqlite:///{tmp_path}/journal.db", settings=days)
    for age in (31, 29):
        write(web, NOW - timedelta(days=age), ("push_products", "sent", 0, "MUG"))
    assert web.prune_journal().entries == 1


@pytest.mark.parametrize("days", [0, 3_651])
def test_days_that_cannot_be_meant(change: Change, days: int) -> None:
    with pytest.raises(SettingsError, match="journal_keep_days"):
        change(store={"journal_keep_days": days})


def test_a_process_whose_clock_is_ahead_removes_only_what_is_old(
    join: Join, tmp_path: Path
) -> None:
    ahead = avbc.Clock(now=lambda: datetime.now(UTC) + timedelta(days=1_000))
    web = join(journal=f"sqlite:///{tmp_path}/journal.db", clock=ahead)
    cycles(web, 2, YOUNG)
    assert removed(web.prune_journal()) == 0


def test_no_transaction_is_long(web: Orchestrator) -> None:
    """Other writers of a SQLite file wait for it."""
    cycles(web, 700, OLD)
    engine, at_once, commits = journal_of(web)._database.engine, list[int](), list[object]()

    @sa.event.listens_for(engine, "after_cursor_execute")
    def count(_connection: object, cursor: Any, text: str, *_: object) -> None:
        if text.startswith("DELETE"):
            at_once.append(cursor.rowcount)

    sa.event.listen(engine, "commit", commits.append)
    report = web.prune_journal()
    assert (report.entries, report.repeated) == (700, 7 * 699)
    assert max(at_once) <= 500
    assert len(commits) >= len(at_once)


def test_a_stop_ends_it_between_transactions(web: Orchestrator) -> None:
    cycles(web, 700, OLD)
    engine, stops = journal_of(web)._database.engine, list[object]()

    @sa.event.listens_for(engine, "after_cursor_execute")
    def stop(_connection: object, _cursor: object, text: str, *_: object) -> None:
        if text.startswith("DELETE"):
            stops.append(text)
            web.stop()

    web.run(schedule=PRUNING)
    assert len(stops) == 1
    assert rows(web)["avbc_journal"] == 700 * len(CYCLE) - 500


def test_entries_that_go_have_an_index_of_their_own(web: Orchestrator) -> None:
    """It is small, whatever the size of the journal."""
    cycles(web, 2, OLD)
    write(web, OLD, *(("import", "imported", number, "") for number in range(10, 3_000)))
    engine, plans = journal_of(web)._database.engine, list[str]()
    is_sqlite = engine.dialect.name == "sqlite"
    if not is_sqlite:
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE avbc_journal")

    @sa.event.listens_for(engine, "before_cursor_execute")
    def explain(connection: sa.Connection, _: object, text: str, values: Any, *__: object) -> None:
        if "avbc_journal.at < " in text:
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{text}", values)
            plans.append(" ".join(str(row) for row in cursor.fetchall()))

    web.prune_journal()
    assert len(plans) == 2
    assert all("ix_avbc_journal_prunable" in plan for plan in plans), plans


def test_its_report_says_what_it_removed(web: Orchestrator) -> None:
    cycles(web, 2, OLD)
    report = web.prune_journal()
    assert report.ok
    assert report.summary().startswith("Journal: 9 old records removed.")
    assert report.to_dicts()[1] == {"records": "repeated", "removed": 7}


def test_the_timer_prunes(web: Orchestrator) -> None:
    cycles(web, 2, OLD)
    web.run(schedule=PRUNING, on_report=lambda _: web.stop())
    assert rows(web)["avbc_journal"] == 7


def test_a_journal_of_the_third_version_is_brought_up(url: str) -> None:
    journal = Journal(url)
    kinds = ("push_shipments refused WEB@abc", "waiting WEB@abc", "refund waiting WEB@abc")
    for kind in kinds:
        journal.remember(kind, [("WEB1", "words")])
    with journal._database.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_avbc_journal_prunable")
        connection.exec_driver_sql("UPDATE avbc_journal_version SET version = 3")
    journal.close()
    again = Journal(url)
    with again._database.engine.begin() as connection:
        indexes = {each["name"] for each in sa.inspect(connection).get_indexes("avbc_journal")}
    assert "ix_avbc_journal_prunable" in indexes
    # They are kept under other names now.
    assert [len(list(again.all_fingerprints(kind))) for kind in kinds] == [0, 0, 1]
    again.close()
