"""The orchestrator's clock: everything that it stamps, and every age that it measures."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import avbc
from avbc.clock import Clock
from avbc.orchestrator import CycleReport, Orchestrator
from avbc.orchestrator.timer import run_timer
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, item, order_of_shape

ORCHESTRATOR = Path(avbc.__file__).parent / "orchestrator"
THEN = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)

Join = Callable[..., Orchestrator]


class Time:
    """Time that passes only where a test says so."""

    def __init__(self) -> None:
        self.now = THEN
        self.clock = Clock(lambda: self.now, self.seconds)

    def seconds(self) -> float:
        return self.now.timestamp()

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def web(join: Join, time: Time) -> Orchestrator:
    return join(clock=time.clock)


def test_what_a_run_stamps(web: Orchestrator, store: FakeStore, time: Time) -> None:
    order = store.add_order(OrderFactory().order([item("MUG-RED")]))
    unknown = store.add_order(order_of_shape("unknown_sku", OrderFactory(first_id=5000)))
    report = web.import_orders()
    assert (report.started, report.finished) == (THEN, THEN)
    assert {entry.at for entry in web.history(order.id).entries} == {THEN}
    taken = web.explain(order.id).imported
    assert taken is not None
    assert taken.at == THEN
    (waits,) = web.worklist()
    assert waits.since == THEN
    time.wait(60)
    web.settle(unknown.id)
    last = web.history(unknown.id).entries[-1]
    assert (last.action, last.at) == ("settle", THEN + timedelta(seconds=60))


def test_webhooks_are_as_old_as_the_clock_says(
    join: Join, store: FakeStore, settings: Settings, time: Time
) -> None:
    time.now = datetime.now(UTC)
    order = store.place_order([item("MUG-RED")])
    call = store.webhook(store.events[0])
    web = join(clock=time.clock)
    time.wait(600)
    with pytest.raises(avbc.WebhookRefused):
        web.accept_webhook(call.body, call.headers)
    time.wait(-600)
    web.handle_webhook(call.body, call.headers)
    assert time.now in [entry.at for entry in web.history(order.id).entries]


def test_a_day_is_over_when_the_clock_says_so(
    web: Orchestrator, time: Time, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="is not over in the store"):
        web.write_journal(tmp_path, through=date(2026, 1, 2))
    time.wait(86400)
    assert web.write_journal(tmp_path, through=date(2026, 1, 2)).through == date(2026, 1, 2)


def test_the_timer_waits_by_the_clock(web: Orchestrator, time: Time) -> None:
    reports: list[CycleReport] = []
    waits: list[float] = []

    def note(report: CycleReport) -> None:
        reports.append(report)
        if len(reports) == 3:
            web.stop()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        time.wait(seconds)

    run_timer([web], on_report=note, wait=wait)
    assert waits == [300, 300]
    assert [report.started - THEN for report in reports] == [
        timedelta(minutes=minutes) for minutes in (0, 5, 10)
    ]


def test_nothing_in_the_orchestrator_has_a_clock_of_its_own() -> None:
    """A progress bar excepted, which is drawn for eyes."""
    own = {
        f"{path.name}:{node.lineno}"
        for path in ORCHESTRATOR.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in {"datetime.now", "time.monotonic", "time.time", "date.today"}
    }
    assert {each.partition(":")[0] for each in own} == {"progress.py"}


def test_a_clock_says_what_time_it_is(time: Time) -> None:
    assert repr(time.clock) == "<Clock: 2026-01-02 12:05:00 UTC>"
    real = Clock()
    before = datetime.now(UTC)
    assert before <= real.now() <= datetime.now(UTC)
    assert real.monotonic() <= real.monotonic()
