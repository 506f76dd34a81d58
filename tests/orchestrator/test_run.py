"""What every job has of its run: when it may begin, how it ends, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from avbc.bigcommerce import TokenRefused
from avbc.clock import Clock
from avbc.errors import TransientError
from avbc.mapping import Problem
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine import order_reads
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import Journal, JournalUnreachable
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.push_run import PushRun, Step
from avbc.orchestrator.engine.run import CHUNK, Task
from avbc.orchestrator.reports import Change
from avbc.orchestrator.worklist import WorklistItem
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, example

DOWNLOADED, CANCELED = 9, 5


@pytest.fixture
def integration(web: Orchestrator) -> Integration:
    return web._integration


def orders(store: FakeStore, count: int) -> list[int]:
    return [store.add_order(order).id for order in example.plain_orders(count)]


def push(integration: Integration, *, preview: bool = False) -> PushRun:
    return PushRun(integration, Task("push_something", "Pushing something", preview=preview))


def setting(run: PushRun, order_ids: list[int]) -> Iterator[Step[None]]:
    for order_id in order_ids:
        import_id = f"WEB{order_id}"
        change = Change(import_id, "status", order_id=order_id, import_id=import_id)
        yield Step(run.store.orders.update.call(order_id, status_id=DOWNLOADED), (change,))


def test_a_job_is_a_function_of_its_run(integration: Integration, store: FakeStore) -> None:
    order_ids = orders(store, 2)
    report = push(integration).do(lambda run: run.send(setting(run, order_ids)))
    assert [change.order_id for change in report.sent] == order_ids
    assert (report.direction, report.requests, report.ok) == ("push_something", 3, True)
    assert {store.order(number).header["status_id"] for number in order_ids} == {DOWNLOADED}
    (entry,) = integration.journal.entries(f"WEB{order_ids[0]}")
    assert (entry.action, entry.outcome) == ("push_something", "sent")


def test_an_order_counts_as_read_for_five_seconds(
    integration: Integration, store: FakeStore
) -> None:
    now = 0.0
    integration.clock = Clock(monotonic=lambda: now)
    (order_id,) = orders(store, 1)
    run = push(integration)
    run.orders_now.read([order_id])
    store.edit_order(order_id, status_id=CANCELED)
    now = 4.9
    assert run.orders_now.read([order_id])[order_id].status_id != CANCELED
    now = 5.0
    run.do(lambda run: run.send(setting(run, [order_id])))
    assert store.counts() == {"GET /v2/orders": 2}
    assert store.order(order_id).header["status_id"] == CANCELED


def test_what_waits_for_a_person_is_written_before_what_is_known(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known is not looked at again: a death in between would lose the item."""
    written: list[str] = []
    monkeypatch.setattr(OpenItems, "apply", lambda *_: written.append("items"))
    monkeypatch.setattr(Journal, "remember_together", lambda *_: written.append("known"))

    def find(run: PushRun) -> None:
        run.know("status", "WEB1", "9")
        run.know("held", "WEB1", "9")
        run.add_item(Problem("books_refused", "", "", "No."), key="WEB1")

    push(integration).do(find)
    assert written == ["items", "known"]


def test_what_the_worklist_could_not_take_is_not_remembered(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may be full for the one and not for the other: it is found again by the next run."""
    journal, apply = integration.journal, OpenItems.apply
    kind, at = f"status {integration.scope}", datetime(2026, 1, 2, tzinfo=UTC)
    journal.remember(kind, [("WEB2", "9")])

    def full(*_: object) -> None:
        raise JournalUnreachable("the disk is full")

    def find(run: PushRun) -> None:
        run.know("status", "WEB1", "9")
        run.add_item(Problem("books_refused", "", "", "No."), key="WEB1")
        run.forget("status", ["WEB2"])
        run.set_watermark(at)

    monkeypatch.setattr(OpenItems, "apply", full)
    push(integration).do(find)
    assert dict(journal.all_fingerprints(kind)) == {"WEB2": "9"}
    assert journal.watermark(f"push_something {integration.scope}") is None
    monkeypatch.setattr(OpenItems, "apply", apply)
    push(integration).do(find)
    assert dict(journal.all_fingerprints(kind)) == {"WEB1": "9"}
    assert journal.watermark(f"push_something {integration.scope}") == at


def test_a_preview_sends_nothing_and_opens_no_journal(
    integration: Integration, store: FakeStore
) -> None:
    order_ids = orders(store, 2)
    report = push(integration, preview=True).do(lambda run: run.send(setting(run, order_ids)))
    assert [str(call) for change in report.sent for call in change.calls] == [
        f"PUT /v2/orders/{number} status_id: 9" for number in order_ids
    ]
    assert "journal" not in vars(integration)
    assert [request.name for request in store.log] == ["GET /v2/orders"]


def test_an_error_is_raised_until_something_was_done(
    integration: Integration, store: FakeStore
) -> None:
    order_ids = orders(store, 1)

    def fails(run: PushRun) -> None:
        raise TransientError("no books")

    def fails_later(run: PushRun) -> None:
        run.send(setting(run, order_ids))
        raise TransientError("no books")

    with pytest.raises(TransientError, match="no books"):
        push(integration).do(fails)
    report = push(integration).do(fails_later)
    assert (len(report.sent), report.stopped) == (1, "no books")
    assert report.finished is not None


def test_what_concerns_every_record_ends_the_run(
    integration: Integration, store: FakeStore
) -> None:
    order_ids = orders(store, 2)
    store.access_token = "another-token"
    run = push(integration)
    with pytest.raises(TokenRefused):
        run.do(lambda run: run.send(setting(run, order_ids)))
    assert {problem.code for change in run.report.postponed for problem in change.problems} == {
        "run_stopped"
    }


def test_a_store_that_is_away_is_not_asked_for_each_record(
    integration: Integration, store: FakeStore
) -> None:
    order_ids = orders(store, CHUNK + 1)
    store.fail("PUT /v2/orders/*", "refused", times=10_000)
    report = push(integration).do(lambda run: run.send(setting(run, order_ids)))
    assert len(report.postponed) == CHUNK
    assert report.stopped


def test_a_refusal_in_the_same_words_is_journaled_once(integration: Integration) -> None:
    change = Change("WEB1", "status", order_id=1, import_id="WEB1")
    problem = Problem("status_unmapped", "", "", "No row.")
    for _ in range(2):
        assert push(integration).do(lambda run: run.refuse(change, problem)).refused
    assert [entry.outcome for entry in integration.journal.entries("WEB1")] == ["refused"]


def test_a_watermark_is_kept_for_the_next_run(integration: Integration) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    seen: list[datetime | None] = []

    def job(run: PushRun) -> None:
        seen.append(run.watermark())
        run.set_watermark(at)

    def waits(run: PushRun) -> None:
        run.postpone(Change("WEB1", "status"))
        run.set_watermark(datetime(2026, 4, 1, tzinfo=UTC))

    for each in (job, waits, job):
        push(integration).do(each)
    assert seen == [None, at]


def test_a_store_that_is_not_enabled_has_no_runs(
    integration: Integration, change: Callable[..., Settings]
) -> None:
    integration.use(change(store={"enabled": False}))
    with pytest.raises(SettingsError, match=r"store\.enabled"):
        push(integration)


def test_nothing_is_sent_for_an_order_that_was_stopped_in_the_store(
    integration: Integration, store: FakeStore
) -> None:
    canceled, going = orders(store, 2)
    store.edit_order(canceled, status_id=5)
    store.clear_log()
    report = push(integration).do(lambda run: run.send(setting(run, [canceled, going])))
    assert [change.order_id for change in report.sent] == [going]
    (refused,) = report.refused
    assert (refused.order_id, refused.problems[0].code) == (canceled, "order_stopped_in_store")
    assert [request.name for request in store.log] == ["GET /v2/orders", "PUT /v2/orders/{id}"]


def test_what_a_run_refuses_waits_for_a_person_once(
    integration: Integration, store: FakeStore
) -> None:
    seen: list[list[WorklistItem]] = []
    integration.on_attention = seen.append
    (canceled,) = orders(store, 1)
    store.edit_order(canceled, status_id=5)
    for _ in range(2):
        push(integration).do(lambda run: run.send(setting(run, [canceled])))
    ((item,),) = seen
    assert (item.code, item.order_id, item.area) == (
        "order_stopped_in_store",
        canceled,
        "follow_orders",
    )
    items = OpenItems(integration.journal, integration.scope)
    assert items.all() == [item]
    items.hide(item)
    assert items.all() == []


@pytest.mark.parametrize("is_archived", [True, False], ids=["archived", "deleted"])
def test_nothing_is_sent_for_an_order_that_the_store_does_not_list(
    integration: Integration, store: FakeStore, is_archived: bool
) -> None:
    """BigCommerce may still take writes of an archived order."""
    (gone,) = orders(store, 1)
    if is_archived:
        store.edit_order(gone, is_deleted=True)
    else:
        store.delete_order(gone)
    report = push(integration).do(lambda run: run.send(setting(run, [gone])))
    assert [change.problems[0].code for change in report.refused] == ["not_in_store"]
    assert not [request for request in store.log if request.method == "PUT"]


def test_orders_that_were_looked_at_are_not_kept(
    integration: Integration, store: FakeStore
) -> None:
    """A push of a hundred thousand orders needs no memory for those that it is done with."""
    clock = [0.0]
    first, second = orders(store, 2)
    now = order_reads.OrdersNow(push(integration).order_pages, Clock(monotonic=lambda: clock[0]))
    assert now.read([first])[first].status_id == 11
    store.delete_order(first)
    assert now.read([first])[first].status_id == 11, "it is fresh"
    clock[0] = order_reads.FRESH
    now.read([second])
    assert list(now._seen) == [second]
    assert now.read([first])[first].is_gone
