"""The timer in simulated time; its signals and threads in real time, without waiting."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import create_autospec

import attrs
import pytest

import avbc
from avbc.acctvantage import ImportGateway, SqlGateway
from avbc.bigcommerce import ScopeMissing, StoreUnreachable
from avbc.orchestrator import (
    SCHEDULE,
    CycleReport,
    ImportReport,
    Job,
    JobOutcome,
    Orchestrator,
    Outcome,
    PushReport,
)
from avbc.orchestrator.cycle import Cycle
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.stopping import Stop
from avbc.orchestrator.timer import run_timer
from avbc.orchestrator.worklist import Worklist, WorklistItem
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, OrderFactory, StoreProcess, example

Change = Callable[..., Settings]
Join = Callable[..., Orchestrator]


START = datetime(2026, 1, 2, tzinfo=UTC)
BOOKS: ImportGateway = create_autospec(SqlGateway, instance=True)


JOURNALS: list[Journal] = []


@pytest.fixture(autouse=True)
def closed_journals() -> Iterator[None]:
    yield
    while JOURNALS:
        JOURNALS.pop().close()


class Web:
    """Counts what the timer calls. `act` is run by each call with the method's name."""

    def __init__(self, settings: Settings, act: Callable[[str], object] = lambda _: None) -> None:
        self.settings = settings
        self.books = BOOKS
        self.stop_request = Stop()
        self.clock = avbc.Clock()
        self.calls: list[str] = []
        self.act = act
        self.items: tuple[WorklistItem, ...] = ()
        self.journal = Journal("sqlite://")
        JOURNALS.append(self.journal)
        self.cycle = Cycle(self, lambda: self.journal, self.is_answering)

    def run_cycle(
        self, schedule: Sequence[Job] = SCHEDULE, *, if_due: bool = False, if_free: bool = False
    ) -> CycleReport:
        return self.cycle.run(schedule, if_due=if_due, if_free=if_free)

    def is_answering(self) -> bool:
        return True

    def worklist(self) -> Worklist:
        return Worklist(self.items)

    def use(self, settings: Settings) -> None:
        self.settings = settings

    def __getattr__(self, name: str) -> Callable[[], ImportReport]:
        if name not in {job.method for job in SCHEDULE}:
            raise AttributeError(f"no method {name!r}")

        def method() -> ImportReport:
            self.calls.append(name)
            self.act(name)
            return ImportReport()

        return method


class Clock:
    """Time that passes by waiting only; each wait takes the next step, the last one stops all."""

    def __init__(
        self, *webs: Web, steps: list[Callable[[], object]] | None = None, cycles: int = 1
    ) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.webs = webs
        for web in webs:
            (web._integration if isinstance(web, Orchestrator) else web).clock = avbc.Clock(
                lambda: START + timedelta(seconds=self.now), self
            )
        self.steps = iter(steps if steps is not None else [lambda: None] * (cycles - 1))

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds
        step = next(self.steps, None)
        if step is not None:
            step()
        else:
            for web in self.webs:
                web.stop_request.ask()


def run(
    *webs: Web, steps: list[Callable[[], object]] | None = None, cycles: int = 1, **options: object
) -> tuple[Clock, list[CycleReport]]:
    """Run so many cycles of the shortest interval, or one more than there are steps."""
    clock = Clock(*webs, steps=steps, cycles=cycles)
    reports: list[CycleReport] = []
    run_timer(webs, wait=clock.wait, **{"on_report": reports.append, **options})  # type: ignore[arg-type]  # options are the timer's
    return clock, reports


class SettingsFile:
    """A settings file that a person edits."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self.write()

    def write(self, **screens: dict[str, object]) -> None:
        changed = attrs.evolve(
            self._settings,
            **{
                name: attrs.evolve(getattr(self._settings, name), **values)
                for name, values in screens.items()
            },
        )
        draft = self.path.with_suffix(".draft")
        changed.save(draft)
        draft.replace(self.path)

    def breaks(self) -> None:
        self.path.write_text("[store\n", encoding="utf-8")

    def load(self) -> Settings:
        return Settings.load(self.path)


@pytest.fixture
def file(tmp_path: Path, settings: Settings) -> SettingsFile:
    return SettingsFile(tmp_path / "avbc.toml", settings)


# What runs how often


def test_a_cycle_imports_then_syncs_then_pushes(change: Change) -> None:
    web = Web(change(gl={"credit_card_transactions_are_preauthorizations": True}))
    _, reports = run(web)
    assert web.calls == [
        "import_orders",
        "follow_orders",
        "take_answers",
        "push_order_statuses",
        "capture_payments",
        "push_shipments",
        "push_products",
        "push_inventory",
        "check_hooks",
        "prune_journal",
    ]
    assert [job.method for job in reports[0].jobs] == web.calls
    assert reports[0].ok


@pytest.mark.parametrize(
    ("screens", "runs", "rests"),
    [
        ({"order_status": {"updates": "pull"}}, "pull_order_statuses", "push_order_statuses"),
        ({"order_status": {"updates": "off"}}, "push_shipments", "push_order_statuses"),
        ({"order_status": {"updates": "off"}}, "push_shipments", "pull_order_statuses"),
        ({"shipping": {"sync_inventory_levels": False}}, "push_products", "push_inventory"),
        ({"shipping": {"push_shipments": False}}, "push_inventory", "push_shipments"),
        ({"shipping": {"sync_product_details": False}}, "push_inventory", "push_products"),
        (
            {"gl": {"credit_card_transactions_are_preauthorizations": False}},
            "import_orders",
            "capture_payments",
        ),
    ],
)
def test_the_boxes_of_the_settings_decide(
    change: Change, screens: dict[str, dict[str, object]], runs: str, rests: str
) -> None:
    web = Web(change(**screens))
    run(web)
    assert runs in web.calls
    assert rests not in web.calls


def test_each_job_has_its_own_interval(settings: Settings) -> None:
    web = Web(settings)
    run(web, cycles=24)  # two hours of five minutes
    assert Counter(web.calls) == {
        "import_orders": 24,
        "follow_orders": 24,
        "take_answers": 24,
        "push_order_statuses": 24,
        "push_shipments": 24,
        "push_inventory": 8,
        "push_products": 2,
        "check_hooks": 2,
        "prune_journal": 1,
    }


def test_a_schedule_is_data(settings: Settings) -> None:
    web = Web(settings)
    run(
        web,
        cycles=4,
        schedule=[Job("push_inventory", every=timedelta(minutes=10)), Job("import_orders")],
    )
    assert web.calls == [
        "push_inventory",
        "import_orders",
        "import_orders",
        "push_inventory",
        "import_orders",
        "import_orders",
    ]


# The interval and the settings file


def test_a_changed_interval_applies_after_the_wait_that_is_going_on(file: SettingsFile) -> None:
    """Manual 2.1.2: from 60 minutes to 1, the hour is waited for."""
    file.write(order_status={"check_interval_minutes": 60})
    web = Web(file.load())
    to_one_minute = [lambda: file.write(order_status={"check_interval_minutes": 1}), lambda: None]
    clock, reports = run(web, steps=to_one_minute)
    assert clock.waits == [3600, 60, 60]
    assert reports[1].notes == ("Settings changed: order_status.check_interval_minutes.",)
    assert reports[2].notes == ()


def test_a_restart_applies_a_changed_interval_at_once(file: SettingsFile) -> None:
    file.write(order_status={"check_interval_minutes": 60})
    web = Web(file.load())
    file.write(order_status={"check_interval_minutes": 1})
    clock, _ = run(web)
    assert clock.waits == [60]


def test_settings_that_were_changed_in_code_are_not_read_again(file: SettingsFile) -> None:
    loaded = file.load()
    assert loaded.file == file.path
    assert attrs.evolve(loaded).file is None
    assert Settings.from_dict(loaded.to_dict()).file is None
    web = Web(
        attrs.evolve(
            loaded, order_status=attrs.evolve(loaded.order_status, check_interval_minutes=7)
        )
    )
    clock, _ = run(web, steps=[lambda: file.write(order_status={"check_interval_minutes": 1})])
    assert clock.waits == [420, 420]


def test_a_file_that_breaks_is_told_once_and_picked_up_when_mended(
    file: SettingsFile, caplog: pytest.LogCaptureFixture
) -> None:
    web = Web(file.load())
    steps = [
        file.breaks,
        lambda: None,
        lambda: file.write(order_status={"check_interval_minutes": 2}),
        lambda: None,
    ]
    clock, reports = run(web, steps=steps)
    assert clock.waits == [300, 300, 300, 120, 120]
    assert [report.settings_error is not None for report in reports] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert [report.ok for report in reports] == [True, False, True, True, True]
    assert "avbc.toml has 1 fault" in reports[1].notes[0]
    assert "stay in force" in reports[1].notes[0]
    assert reports[3].notes == (
        "avbc.toml has no errors any more.",
        "Settings changed: order_status.check_interval_minutes.",
    )
    assert web.calls.count("import_orders") == 5
    assert sum("has 1 fault" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("fault", ["breaks", "disappears", "contradicts"])
def test_any_fault_of_the_file_leaves_the_old_settings_in_force(
    file: SettingsFile, fault: str
) -> None:
    web = Web(file.load())
    before = web.settings

    def spoil() -> None:
        if fault == "breaks":
            file.path.write_bytes(b"\xff\xfe\x00")
        elif fault == "disappears":
            file.path.unlink()
        else:
            file.path.write_text(
                file.path.read_text("utf-8").replace('updates = "push"', 'updates = "both"'),
                encoding="utf-8",
            )

    _, reports = run(web, steps=[spoil])
    assert isinstance(reports[1].settings_error, SettingsError)
    assert web.settings is before
    assert web.calls.count("import_orders") == 2


def test_another_fault_is_told_too(file: SettingsFile) -> None:
    _, reports = run(
        Web(file.load()),
        steps=[file.breaks, lambda: file.path.write_text("nonsense = 1", encoding="utf-8")],
    )
    assert [report.settings_error is not None for report in reports] == [False, True, True]


def test_a_changed_secret_is_taken_over_and_not_shown(file: SettingsFile) -> None:
    web = Web(file.load())
    text = file.path.read_text(encoding="utf-8")
    with_token = text.replace("[store]\n", '[store]\naccess_token = "example-token-2"\n')
    _, reports = run(web, steps=[lambda: file.path.write_text(with_token, encoding="utf-8")])
    assert web.settings.require_access_token().reveal() == "example-token-2"
    assert reports[1].notes == ("Settings changed: store.access_token.",)
    assert "example-token-2" not in f"{reports[1]}{reports[1]!r}{reports[1].to_dicts()}"


def test_the_credentials_file_is_read_again_too(tmp_path: Path, file: SettingsFile) -> None:
    credentials = tmp_path / "credentials.txt"
    url = file.load().store.api_url
    credentials.write_text(f"ACCESS TOKEN: example-token\nAPI PATH: {url}\n", encoding="utf-8")
    file.write(store={"credentials_file": credentials})
    web = Web(file.load())
    run(
        web,
        steps=[
            lambda: credentials.write_text(
                f"ACCESS TOKEN: example-token-2\nAPI PATH: {url}\n", encoding="utf-8"
            )
        ],
    )
    assert web.settings.require_access_token().reveal() == "example-token-2"


def test_a_store_that_is_not_enabled_does_nothing_and_says_so_once(
    file: SettingsFile, change: Change
) -> None:
    web = Web(change(store={"enabled": False}))
    clock, reports = run(web, cycles=5)
    assert (web.calls, clock.waits) == ([], [])  # nothing could ever enable it
    assert reports[0].notes == (
        "store.enabled is false, so nothing runs for this store (manual 1.3).",
    )

    file.write(store={"enabled": False})
    web = Web(file.load())
    steps = [lambda: None, file.write, lambda: file.write(store={"enabled": False}), lambda: None]
    clock, reports = run(web, steps=steps)
    assert web.calls.count("import_orders") == 1
    assert len(clock.waits) == 5
    assert [[note.split(",")[0] for note in report.notes] for report in reports] == [
        ["store.enabled is false"],
        ["Settings changed: store.enabled."],
        ["Settings changed: store.enabled.", "store.enabled is false"],
    ]


# Failures


def test_a_cycle_that_fails_is_told_and_the_next_one_runs(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([StoreUnreachable("GET /v2/orders: no connection"), None])

    def act(method: str) -> None:
        if method == "import_orders" and (error := next(failures)):
            raise error

    web = Web(settings, act)
    _, reports = run(web, cycles=2)
    assert web.calls.count("import_orders") == 2
    assert web.calls.count("push_order_statuses") == 2
    failed = reports[0].failed
    assert [outcome.method for outcome in failed] == ["import_orders"]
    assert isinstance(failed[0].error, StoreUnreachable)
    assert not reports[0].ok
    assert "failed: GET /v2/orders: no connection" in str(reports[0]).splitlines()[3]
    assert reports[1].ok
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [(record.name, record.message) for record in errors] == [
        (
            "avbc.orchestrator",
            "Example store (WEB): import_orders failed: GET /v2/orders: no connection",
        )
    ]
    assert errors[0].exc_info is None


def test_an_unexpected_error_is_logged_with_its_traceback(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def act(method: str) -> None:
        if method == "push_shipments":
            raise ZeroDivisionError("by nothing")

    _, reports = run(Web(settings, act), cycles=2)
    assert all(
        str(report.failed[0]) == "failed: ZeroDivisionError: by nothing" for report in reports
    )
    assert any(record.exc_info for record in caplog.records)


def test_a_job_with_an_interval_that_failed_runs_again_in_the_next_cycle(
    settings: Settings,
) -> None:
    failures = iter([StoreUnreachable("away"), None])

    def act(method: str) -> None:
        if method == "push_products" and (error := next(failures)):
            raise error

    web = Web(settings, act)
    run(web, cycles=4)
    assert web.calls.count("push_products") == 2


def test_a_method_that_is_not_there_is_a_failure_of_its_job(settings: Settings) -> None:
    _, reports = run(Web(settings), schedule=[Job("push_nothing"), Job("import_orders")])
    assert [outcome.method for outcome in reports[0].failed] == ["push_nothing"]
    assert len(reports[0].jobs) == 2


def test_a_callback_that_fails_stops_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: CycleReport) -> None:
        raise RuntimeError("full")

    web = Web(settings)
    run(web, cycles=3, on_report=fail)
    assert web.calls.count("import_orders") == 3
    assert sum(record.message.endswith("on_report failed") for record in caplog.records) == 3


def test_it_runs_without_a_callback(settings: Settings) -> None:
    web = Web(settings)
    run(web, cycles=2, on_report=None)
    assert web.calls.count("import_orders") == 2


# Several configurations


def test_configurations_take_turns_and_fail_each_for_itself(change: Change) -> None:
    def act(_: str) -> None:
        raise StoreUnreachable("away")

    quick = Web(change(store={"description": "Quick"}, order_status={"check_interval_minutes": 1}))
    broken = Web(
        change(store={"description": "Broken"}, order_status={"check_interval_minutes": 2}), act
    )
    _, reports = run(quick, broken, cycles=5)
    assert quick.calls.count("import_orders") == 5
    assert broken.calls.count("import_orders") == 3
    assert {(report.store, report.ok) for report in reports} == {("Quick", True), ("Broken", False)}


def test_one_that_is_stopped_or_not_enabled_leaves_the_others_running(change: Change) -> None:
    one, other, off = Web(change()), Web(change()), Web(change(store={"enabled": False}))
    steps = [one.stop_request.ask, lambda: None]
    run(one, other, off, steps=steps)
    assert one.calls.count("import_orders") == 1
    assert other.calls.count("import_orders") == 3
    assert off.calls == []


def test_no_configurations_are_done_at_once() -> None:
    avbc.run_all([])


# Stopping


def test_a_stop_in_the_middle_of_a_cycle_begins_nothing_new(settings: Settings) -> None:
    web = Web(settings)
    web.act = lambda method: web.stop_request.ask() if method == "push_order_statuses" else None
    clock, reports = run(web)
    assert web.calls == ["import_orders", "follow_orders", "take_answers", "push_order_statuses"]
    assert clock.waits == []
    assert reports[0].stopped
    assert "4 jobs done, 0 requests, then stopped" in str(reports[0])


def test_a_stop_that_comes_first_counts_once(settings: Settings) -> None:
    web = Web(settings)
    web.stop_request.ask()
    run(web)
    assert web.calls == []
    run(web)
    assert web.calls.count("import_orders") == 1


@pytest.fixture
def handlers() -> Iterator[dict[int, object]]:
    """The handlers that were there; they must be there again."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield before
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait(
    settings: Settings, handlers: dict[int, object], number: int
) -> None:
    web = Web(settings)
    senders: list[threading.Thread] = []

    def send(_: CycleReport) -> None:
        assert signal.getsignal(number) != handlers[number]
        senders.append(threading.Thread(target=os.kill, args=(os.getpid(), number)))
        senders[-1].start()

    run_timer([web], on_report=send)
    for sender in senders:
        sender.join()
    assert len(senders) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_in_the_middle_of_a_job_lets_it_finish(
    settings: Settings, handlers: dict[int, object], number: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    finished: list[str] = []

    def act(method: str) -> None:
        signal.raise_signal(number)
        finished.append(method)

    webs = [Web(settings, act), Web(settings)]
    run_timer(webs)
    assert finished == ["import_orders"]
    assert webs[1].calls == []
    assert caplog.messages[-1] == f"stopped by {signal.Signals(number).name}"
    assert handlers


def test_a_handler_from_outside_of_python_becomes_the_default(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put: list[object] = []

    def fake(_: int, handler: object) -> None:
        put.append(handler)

    monkeypatch.setattr(signal, "signal", fake)
    run(Web(settings))
    assert put[2:] == [signal.SIG_DFL, signal.SIG_DFL]


def test_in_a_thread_it_is_stopped_by_its_method_and_touches_no_signals(
    join: Join, store: FakeStore, handlers: dict[int, object]
) -> None:
    web = join()
    came = threading.Event()

    def tell(_: CycleReport) -> None:
        assert {number: signal.getsignal(number) for number in handlers} == handlers
        came.set()

    thread = threading.Thread(target=web.run, kwargs={"on_report": tell, "schedule": SCHEDULE[:1]})
    thread.start()
    assert came.wait(30)
    web.stop()
    thread.join(30)
    assert not thread.is_alive()
    assert store.counts() == {"GET /v2/orders": 1}


# With the real orchestrator


def test_a_stop_finishes_the_order_in_hand_and_leaves_the_others_new(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    factory = OrderFactory()
    orders = [store.add_order(factory.plain()).id for _ in range(5)]
    taken: list[int] = []
    reports: list[CycleReport] = []

    def customise(order: object, bundle: avbc.OrderBundle) -> avbc.OrderBundle:
        taken.append(bundle.order.store_order_id)
        if len(taken) == 2:
            web.stop()
        return bundle

    web = join(customise=[customise])
    web.run(on_report=reports.append)
    (job,) = reports[0].jobs
    report = job.report
    assert isinstance(report, ImportReport)
    assert report.stopped == "a stop was asked for"
    assert [outcome.order_id for outcome in report.imported] == orders[:2]
    assert [(outcome.order_id, outcome.problems[0].code) for outcome in report.postponed] == [
        (order, "run_stopped") for order in orders[2:]
    ]
    assert [store.order(order).header["status_id"] for order in orders] == [9, 9, 11, 11, 11]
    assert len(books.sales_orders()) == 2
    assert len(web.import_orders().imported) == 3  # by itself, it is not stopped


def test_a_quiet_cycle_asks_the_store_twice_at_most(join: Join, store: FakeStore) -> None:
    web = join()
    example.populate(store, 20)
    # As when all of them are due at once, which is seldom; hooks are read once an hour.
    schedule = [
        attrs.evolve(job, every=timedelta(0)) for job in SCHEDULE if job.method != "check_hooks"
    ]
    run(web, cycles=2, schedule=schedule)  # type: ignore[arg-type]  # an orchestrator is what the timer runs
    store.clear_log()
    _, reports = run(web, schedule=schedule)  # type: ignore[arg-type]
    assert reports[0].failed == []
    assert len(store.log) <= 2
    assert reports[0].requests == len(store.log)


def test_other_settings_are_used_from_the_next_method_on(
    join: Join, store: FakeStore, change: Change, books: SqlGateway, settings: Settings
) -> None:
    web = join()
    order = store.add_order(OrderFactory().plain()).id
    store.edit_order(order, status_id=7)
    assert list(web.import_orders()) == []
    web.use(change(order_status={"new_order_status": "Awaiting Payment"}))
    assert len(web.import_orders().imported) == 1

    with (
        store.serve() as served,
        avbc.Orchestrator(Settings.from_dict(example.settings_dict(served.api_url)), books) as own,
    ):
        before = own.store
        own.use(
            attrs.evolve(
                own.settings, shipping=attrs.evolve(own.settings.shipping, default_ship_via="")
            )
        )
        assert own.store is before
        own.use(
            attrs.evolve(
                own.settings, store=attrs.evolve(own.settings.store, access_token="example-token-2")
            )
        )
        assert own.store is not before


PROGRAM = """
import sys
import avbc
from avbc.orchestrator import SCHEDULE
from avbc.testing import example

url, books_url = sys.argv[1:]
settings = avbc.Settings.from_dict(example.settings_dict(url))
def show(report):
    print(report.stopped, report.ok, flush=True)
with avbc.SqlGateway(books_url) as books, avbc.Orchestrator(settings, books) as web:
    web.run(on_report=show, schedule=SCHEDULE[:1])
    print("ended", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_that_gets_a_signal_while_it_imports_ends_well(
    tmp_path: Path, books_toml: Path, number: int
) -> None:
    url = f"sqlite:///{tmp_path}/books.db"
    with SqlGateway(url) as books:
        books.load(books_toml)
    with StoreProcess(orders=300, plain=True, latency_ms=5) as store:
        environment = {**os.environ, "PYTHONPATH": str(Path(avbc.__file__).parents[1])}
        command = [sys.executable, "-c", PROGRAM, store.api_url, url]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            # The first is the probe of the right to write.
            while store.counts().get("PUT /v2/orders/{id}", 0) < 2 and process.poll() is None:
                pass
            process.send_signal(number)
            output, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert output == "True False\nended\n"
        rows = store.summary()["orders"]
    assert isinstance(rows, list)
    imported = {row["id"] for row in rows if row["status_id"] == 9}
    assert 0 < len(imported) < 300
    assert {row["status_id"] for row in rows} == {9, 11}
    with SqlGateway(url) as books:
        assert {order.store_order_id for order in books.sales_orders()} == imported


# Reports


def test_the_report_reads_well(settings: Settings) -> None:
    started = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)
    report = CycleReport(
        "Store <1>",
        started,
        started,
        (
            JobOutcome("import_orders", ImportReport(imported=[Outcome(1, "WEB1")], requests=1)),
            JobOutcome("follow_orders", PushReport("follow_orders")),
            JobOutcome("push_shipments", PushReport("push_shipments")),
            JobOutcome("push_products", error=ScopeMissing("No scope.", "GET /v3/x")),
            JobOutcome("push_inventory", error=ScopeMissing("No scope.", "GET /v3/y")),
        ),
        ("A note.",),
    )
    assert (
        report.summary()
        == "Store <1>, 2026-01-02 12:05:00 UTC: 2 of 5 jobs failed, 1 request.\nA note."
    )
    assert report.to_dicts()[0] == {
        "job": "import_orders",
        "ok": True,
        "outcome": "Imported 1 order.",
    }
    # What went wrong comes first, and no sentence twice.
    assert str(report).splitlines()[4:] == [
        "push_products                  failed: No scope.",
        "push_inventory                 failed: for the same reason as push_products",
        "import_orders                  Imported 1 order.",
        "follow_orders, push_shipments  nothing to do.",
    ]
    assert "Store &lt;1&gt;" in report._repr_html_()
    assert report._repr_html_().count("<details>") == 1
    assert repr(Job("import_orders")) == "Job('import_orders', in every cycle)"


def test_a_report_that_is_not_content_shows_in_the_cycle() -> None:
    report = ImportReport(stopped="the store is away")
    assert not JobOutcome("import_orders", report).ok


# What waits for a person


def test_a_cycle_counts_what_waits_for_a_person(settings: Settings) -> None:
    web = Web(settings)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    web.items = tuple(
        WorklistItem("sku_unknown", key, 1, key, at, "What is sold?", "Look.") for key in "ABC"
    )
    _, (report,) = run(web)
    assert report.worklist == 3
    assert "3 items wait for a person." in report.summary()
    assert "3 items wait for a person." in report._repr_html_()
    assert report.ok
    web = Web(settings)
    _, (report,) = run(web)
    assert report.worklist == 0
    assert "person" not in str(report)


def test_a_worklist_that_cannot_be_read_stops_no_cycle(settings: Settings) -> None:
    class Unreachable(Web):
        def worklist(self) -> Worklist:
            raise avbc.JournalUnreachable("gone")

    _, (report,) = run(Unreachable(settings))
    assert report.jobs
    assert report.worklist == 0


def test_the_worklist_costs_the_timer_no_request_and_is_reported_by_each_store(
    join: Join, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    calls: list[list[WorklistItem]] = []
    webs = [
        join(
            settings=change(order_status={"import_source_code": code}),
            on_attention=calls.append,
            journal="sqlite://",
        )
        for code in ("WEB", "TRD")
    ]
    order = factory.plain()
    order.header["payment_method"] = "Pigeon Post"
    store.add_order(order)
    reports: list[CycleReport] = []

    def stop(report: CycleReport) -> None:
        reports.append(report)
        if len(reports) == 2:
            for web in webs:
                web.stop()

    avbc.run_all(webs, schedule=[Job("import_orders")], on_report=stop)
    assert [report.worklist for report in reports] == [1, 0]
    assert [len(items) for items in calls] == [1]
    assert sum(report.requests for report in reports) == len(store.log)
