"""Several stores in one process: real threads, which wait for each other and for no time."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import attrs
import httpx
import pytest

import avbc
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import SCHEDULE, CycleReport, ImportReport, Job, JobOutcome, Orchestrator
from avbc.orchestrator import timer as timers
from avbc.orchestrator.engine.stopping import Stop
from avbc.settings import Settings
from avbc.stopping import pause
from avbc.testing import FakeStore, example

Change = Callable[..., Settings]

PATIENCE = 30.0
"""Seconds after which a test that waits for another thread has failed."""
IMPORT = [Job("import_orders")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "_APART", timedelta(0))


@pytest.fixture
def file_books(tmp_path: Path) -> Iterator[Callable[[], avbc.SqlGateway]]:
    """Open the books as one more process does."""
    with ExitStack() as stack:

        def opened() -> avbc.SqlGateway:
            books = avbc.SqlGateway(f"sqlite:///{tmp_path}/books.db")
            stack.callback(books.close)
            return books

        yield opened


class Web:
    """What the timer needs of an orchestrator. Its cycle is `act`, and nothing else."""

    def __init__(self, settings: Settings, name: str, act: Callable[[], object]) -> None:
        self.settings = attrs.evolve(settings, store=attrs.evolve(settings.store, description=name))
        self.stop_request = Stop()
        self.clock = avbc.Clock()
        self.act = act
        self.threads: list[str] = []

    def run_cycle(
        self, schedule: Sequence[Job] = SCHEDULE, *, if_due: bool = False, if_free: bool = False
    ) -> CycleReport:
        self.threads.append(threading.current_thread().name)
        now = self.clock.now()
        self.act()
        name = self.settings.store.description
        return CycleReport(name, now, now, (JobOutcome("import_orders", ImportReport()),))


class Hanging(httpx.BaseTransport):
    """A store that accepts a request and does not answer it."""

    def __init__(self) -> None:
        self.is_asked, self.released = threading.Event(), threading.Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.is_asked.set()
        assert self.released.wait(PATIENCE)
        raise httpx.ReadTimeout("no answer", request=request)


def joined(
    transport: httpx.BaseTransport, store: FakeStore, code: str, books: avbc.SqlGateway
) -> Orchestrator:
    screens = example.settings_dict(store.api_url)
    settings = Settings.from_dict(screens)
    status = attrs.evolve(settings.order_status, import_source_code=code)
    settings = attrs.evolve(
        settings, order_status=status, store=attrs.evolve(settings.store, description=code)
    )
    client = BigCommerce(
        store.api_url, "example-token", transport=transport, retries=Retries(attempts=1)
    )
    return Orchestrator(settings, books, store=client)


def test_a_store_that_hangs_delays_no_other(books: avbc.SqlGateway) -> None:
    hanging, store = Hanging(), FakeStore()
    webs = [
        joined(hanging, store, "HNG", books),
        joined(store.transport(), store, "ONE", books),
        joined(store.transport(), store, "TWO", books),
    ]
    seen: list[str] = []

    def note(report: CycleReport) -> None:
        seen.append(report.store)
        if len(seen) == 2:
            hanging.is_asked.wait(PATIENCE)
            for web in webs:
                web.stop()
            hanging.released.set()

    avbc.run_all(webs, schedule=IMPORT, on_report=note)
    assert sorted(seen[:2]) == ["ONE", "TWO"]
    assert seen[2:] == ["HNG"]


def test_a_store_that_hangs_holds_one_of_two_processes(
    file_books: Callable[[], avbc.SqlGateway],
) -> None:
    hanging, store = Hanging(), FakeStore()
    schedule = [Job("import_orders"), Job("follow_orders")]
    first = joined(hanging, store, "HNG", file_books())
    process = threading.Thread(target=first.run_cycle, args=[schedule], kwargs={"if_due": True})
    process.start()
    assert hanging.is_asked.wait(PATIENCE)
    hanging.is_asked.clear()
    seen: list[str] = []
    second = [
        joined(hanging, store, "HNG", file_books()),
        joined(store.transport(), store, "ONE", file_books()),
    ]

    def note(report: CycleReport) -> None:
        seen.append(report.store)
        for web in second:
            web.stop()

    avbc.run_all(second, schedule=schedule, on_report=note, threads=1)
    assert (seen, hanging.is_asked.is_set()) == (["ONE"], False)
    hanging.released.set()
    process.join()


def test_as_many_cycles_run_at_once_as_there_are_threads(settings: Settings) -> None:
    meeting = threading.Barrier(3)
    webs = [Web(settings, str(number), lambda: meeting.wait(PATIENCE)) for number in range(3)]
    ended: list[str] = []

    def note(report: CycleReport) -> None:
        ended.append(report.store)
        if len(ended) == 3:
            for web in webs:
                web.stop_request.ask()

    avbc.run_all(webs, on_report=note, threads=3)
    assert sorted(ended) == ["0", "1", "2"]
    assert len({web.threads[0] for web in webs}) == 3


def test_a_store_waits_for_a_free_thread_and_is_in_one_at_a_time(settings: Settings) -> None:
    running: list[str] = []
    most: list[int] = []

    def act() -> None:
        running.append(threading.current_thread().name)
        most.append(len(running))
        if len(most) == 8:
            for web in webs:
                web.stop_request.ask()
        running.pop()

    webs = [Web(settings, str(number), act) for number in range(4)]
    # They are due again at once.
    for web in webs:
        web.clock = avbc.Clock(monotonic=iter(range(0, 10**9, 1_000)).__next__)
    avbc.run_all(webs, threads=2)
    assert max(most) <= 2
    assert all(web.threads for web in webs)


def test_reports_come_one_at_a_time(settings: Settings) -> None:
    both, inside = threading.Barrier(2), threading.Lock()
    second = threading.Event()
    overlaps: list[bool] = []

    def note(_: CycleReport) -> None:
        is_first = inside.acquire(blocking=False)
        overlaps.append(not is_first)
        if not is_first:
            second.set()
            return
        # The other cycle has ended, too: its report would be here.
        second.wait(0.2)
        inside.release()
        if len(overlaps) == 2:
            for web in webs:
                web.stop_request.ask()

    webs = [Web(settings, str(number), lambda: both.wait(PATIENCE)) for number in range(2)]
    avbc.run_all(webs, on_report=note)
    assert overlaps == [False, False]


def test_with_one_thread_all_is_done_in_the_calling_one(settings: Settings) -> None:
    def act() -> None:
        if webs[1].threads:
            for web in webs:
                web.stop_request.ask()

    webs = [Web(settings, str(number), act) for number in range(2)]
    avbc.run_all(webs, threads=1)
    assert [web.threads for web in webs] == [[threading.current_thread().name]] * 2
    with pytest.raises(ValueError, match="threads: 0 must be 1 or more"):
        avbc.run_all(webs, threads=0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all(settings: Settings, number: int) -> None:
    """One works, one waits for its next cycle."""
    waits, handlers = threading.Event(), signal.getsignal(number)

    def work() -> None:
        assert waits.wait(PATIENCE)
        assert signal.getsignal(number) != handlers
        os.kill(os.getpid(), number)
        # It goes on until it has finished what it does.
        pause(PATIENCE, webs[0].stop_request)

    def note(report: CycleReport) -> None:
        if report.store == "waits":
            waits.set()

    webs = [Web(settings, "works", work), Web(settings, "waits", lambda: None)]
    avbc.run_all(webs, on_report=note)
    assert [len(web.threads) for web in webs] == [1, 1]
    assert signal.getsignal(number) == handlers


def test_what_ends_one_ends_all_and_is_raised(settings: Settings) -> None:
    begun = threading.Event()

    def work() -> None:
        begun.set()
        pause(PATIENCE, webs[0].stop_request)

    def end() -> None:
        assert begun.wait(PATIENCE)
        raise SystemExit(3)

    webs = [Web(settings, "works", work), Web(settings, "ends", end)]
    with pytest.raises(SystemExit):
        avbc.run_all(webs)
    assert [len(web.threads) for web in webs] == [1, 1]


def test_a_disabled_store_ends_and_the_others_go_on(settings: Settings) -> None:
    off = Web(settings, "off", lambda: None)
    off.settings = attrs.evolve(off.settings, store=attrs.evolve(off.settings.store, enabled=False))
    ended: list[str] = []

    def note(report: CycleReport) -> None:
        ended.append(report.store)
        if report.store == "on":
            on.stop_request.ask()

    on = Web(settings, "on", lambda: None)
    avbc.run_all([off, on], on_report=note)
    assert len(off.threads) == 1


def test_the_first_cycles_do_not_begin_in_the_same_instant(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "_APART", timedelta(seconds=0.01))
    now = 0.0
    begun: list[tuple[str, float]] = []

    def begin(name: str) -> Callable[[], None]:
        def act() -> None:
            nonlocal now
            begun.append((name, now))
            now += 0.01
            if len(begun) == 3:
                for web in webs:
                    web.stop_request.ask()

        return act

    webs = [Web(settings, name, begin(name)) for name in "abc"]
    for web in webs:
        web.clock = avbc.Clock(monotonic=lambda: now)
    avbc.run_all(webs)
    # Time stands still until one has begun.
    assert begun == [("a", 0.0), ("b", 0.01), ("c", 0.02)]
