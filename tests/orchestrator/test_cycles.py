"""Cycles of one store by several processes: what the journal knows of them, and what it is for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import StoreUnreachable, TokenRefused
from avbc.clock import Clock
from avbc.orchestrator import CycleReport, ImportReport, Job, Orchestrator, PushReport
from avbc.orchestrator.engine.cycles import Cycles, LastCycle, scope_of
from avbc.orchestrator.engine.journal import JOURNAL, Journal, last_cycles
from avbc.orchestrator.timer import run_timer
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory
from avbc.turns import Lease

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
OpenWithClock = Callable[[str], tuple[SqlGateway, "DatabaseClock"]]

START = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
IMPORT = Job("import_orders")
PRODUCTS = Job("push_products", every=HOUR)
SOME = (IMPORT, PRODUCTS, Job("prune_journal", every=timedelta(days=1), needs_store=False))


class DatabaseClock:
    """As in conftest.py."""

    def set(self, ahead: timedelta) -> None: ...


class Time:
    """Time that passes only where a test says so."""

    def __init__(self) -> None:
        self.now = START
        self.clock = Clock(lambda: self.now, self.seconds)

    def seconds(self) -> float:
        return self.now.timestamp()

    def passes(self, much: timedelta) -> None:
        self.now += much


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.one_python)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/journal.db"
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def journal(url: str) -> Iterator[Journal]:
    journal = Journal(url)
    yield journal
    journal.close()


@pytest.fixture
def process(join: Join, url: str, time: Time) -> Join:
    """Open the store as one more process does."""

    def opened(**options: object) -> Orchestrator:
        return join(journal=url, **{"clock": time.clock, **options})

    return opened


def methods(report: CycleReport) -> list[str]:
    return [job.method for job in report.jobs]


def test_the_first_cycle_sends_the_quantities_of_products_that_it_creates(join: Join) -> None:
    reports = {job.method: job.report for job in join().run_cycle().jobs}
    pushed = reports["push_inventory"]
    assert isinstance(pushed, PushReport)
    assert len(pushed.sent) == 12
    assert not pushed.refused


# What the last process has done


def test_a_restart_does_not_push_all_products_again(process: Join, time: Time) -> None:
    assert methods(process().run_cycle(SOME)) == ["import_orders", "push_products", "prune_journal"]
    time.passes(59 * MINUTE)
    assert methods(process().run_cycle(SOME)) == ["import_orders"]
    time.passes(MINUTE)
    assert methods(process().run_cycle(SOME)) == ["import_orders", "push_products"]


def test_another_process_does_not_do_what_one_has_just_done(process: Join, time: Time) -> None:
    one, other = process(), process()
    assert one.run_cycle(SOME, if_due=True).jobs
    assert not other.is_due()
    time.passes(4 * MINUTE)
    report = other.run_cycle(SOME, if_due=True)
    assert (report.jobs, report.is_early, report.ok) == ((), True, True)
    assert report.next_at == START + 5 * MINUTE
    assert str(report) == "Example store, 2026-01-02 12:04:00 UTC: not due before 12:05 UTC."
    time.passes(MINUTE)
    assert other.is_due()
    assert methods(other.run_cycle(SOME, if_due=True)) == ["import_orders"]
    assert one.run_cycle(SOME, if_due=True).is_early
    # A person does not wait.
    assert methods(one.run_cycle(SOME)) == ["import_orders"]


def test_of_two_timers_one_runs_the_cycles_and_the_other_takes_over(
    process: Join, time: Time
) -> None:
    one, other = process(), process()
    for web, name in ((one, "One"), (other, "Other")):
        setup = attrs.evolve(web.settings.store, description=name)
        web.use(attrs.evolve(web.settings, store=setup))
    reports: list[tuple[str, timedelta]] = []

    def wait(seconds: float) -> None:
        time.passes(timedelta(seconds=seconds))
        if time.now >= START + 12 * MINUTE:
            one.stop()
        if time.now >= START + 30 * MINUTE:
            other.stop()

    def note(report: CycleReport) -> None:
        reports.append((report.store, report.started - START))

    run_timer([one, other], schedule=SOME, on_report=note, wait=wait)
    # Both run at their start.
    assert reports[:2] == [("One", 0 * MINUTE), ("Other", 0 * MINUTE)]
    assert reports[2:4] == [("One", 5 * MINUTE), ("One", 10 * MINUTE)]
    # Five minutes after the last cycle, and a minute in which it would have been the first's.
    assert reports[4:] == [("Other", minutes * MINUTE) for minutes in (16, 21, 26)]


# Two processes at once


def during(web: Orchestrator, act: Callable[[], object]) -> None:
    """Have something done while a process is in the import of a cycle."""

    def work() -> ImportReport:
        act()
        return ImportReport()

    web.import_orders = work  # type: ignore[method-assign, assignment]


TAKEN = "another process is doing this for the store"


def test_a_cycle_that_another_process_is_in_is_left_to_it(process: Join, time: Time) -> None:
    one, other = process(), process()
    found: list[CycleReport] = []

    def look() -> None:
        # A store that hangs holds one process, and no more.
        found.append(other.run_cycle(SOME, if_due=True))
        found.append(other.run_cycle(SOME, if_free=True))
        # A person is not held off.
        found.append(other.run_cycle(SOME))

    during(one, look)
    assert one.run_cycle(SOME, if_due=True).jobs
    for report in found[:2]:
        assert (report.jobs, report.taken, report.is_early, report.ok) == ((), TAKEN, False, True)
        assert report.next_at == START + MINUTE
        assert str(report) == f"Example store, 2026-01-02 12:00:00 UTC: {TAKEN}."
    assert methods(found[2]) == ["import_orders", "push_products", "prune_journal"]
    # The turn ends with the cycle.
    assert other.run_cycle(SOME, if_free=True).jobs
    time.passes(5 * MINUTE)
    assert other.run_cycle(SOME, if_due=True).jobs


def test_whether_a_cycle_is_due_is_asked_again_inside_its_turn(
    process: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = process(), process()
    take_turn = Cycles.take_turn

    def late(cycles: Cycles, scope: str) -> Lease:
        monkeypatch.undo()
        assert one.run_cycle(SOME, if_due=True).jobs
        return take_turn(cycles, scope)

    monkeypatch.setattr(Cycles, "take_turn", late)
    report = other.run_cycle(SOME, if_due=True)
    assert (report.jobs, report.is_early, report.is_served) == ((), True, True)


def test_of_two_timers_that_start_at_once_one_serves_the_store(process: Join, time: Time) -> None:
    one, other = process(), process()
    looks: list[timedelta] = []
    reports: list[CycleReport] = []
    # Time passes in both while the one is in its first cycle.
    is_over = START + 3 * MINUTE

    def wait(seconds: float) -> None:
        time.passes(timedelta(seconds=seconds))
        looks.append(time.now - START)
        if time.now >= is_over:
            other.stop()

    during(one, lambda: run_timer([other], schedule=SOME, on_report=reports.append, wait=wait))
    assert one.run_cycle(SOME, if_free=True).jobs
    assert looks == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert reports == []


def test_without_a_journal_a_cycle_runs_and_its_jobs_say_so(
    join: Join, time: Time, tmp_path: Path
) -> None:
    web = join(journal=f"sqlite:///{tmp_path}/no/folder/journal.db", clock=time.clock)
    report = web.run_cycle([IMPORT], if_due=True)
    assert (report.taken, methods(report), report.ok) == ("", ["import_orders"], False)


def test_what_failed_or_ended_early_is_repeated(
    process: Join, time: Time, store: FakeStore
) -> None:
    store.fail("*/v3/catalog/*", "503", times=1)
    report = process().run_cycle([PRODUCTS])
    assert report.failed
    time.passes(MINUTE)
    web = process()
    ended_early = PushReport("to_store", stopped="another process has its turn")
    web.push_products = lambda: ended_early  # type: ignore[method-assign, assignment, misc]
    assert web.run_cycle([PRODUCTS]).failed == []
    time.passes(MINUTE)
    assert process().run_cycle([PRODUCTS]).failed == []
    time.passes(MINUTE)
    assert process().run_cycle([PRODUCTS]).jobs == ()


def test_a_changed_interval_applies_after_the_current_wait(
    process: Join, time: Time, tmp_path: Path, change: Change, journal: Journal
) -> None:
    """Manual 2.1.2, for whoever asks what is due, without a restart."""
    file = tmp_path / "avbc.toml"
    change(order_status={"check_interval_minutes": 60}).save(file)
    process(settings=Settings.load(file)).run_cycle([IMPORT])
    change(order_status={"check_interval_minutes": 1}).save(file)
    web = process(settings=Settings.load(file))
    time.passes(59 * MINUTE)
    assert web.run_cycle([IMPORT], if_due=True).next_at == START + 60 * MINUTE
    time.passes(MINUTE)
    assert web.run_cycle([IMPORT], if_due=True).next_at == START + 61 * MINUTE


def test_where_the_journal_is_away_a_process_remembers_by_itself(
    join: Join, time: Time, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "away"
    web = join(journal=f"sqlite:///{folder}/journal.db", clock=time.clock)
    count = Job("worklist")
    report = web.run_cycle([count, PRODUCTS])
    assert [type(job.error) for job in report.jobs] == [avbc.JournalUnreachable] * 2
    assert "the journal lacks the last cycle" in caplog.text
    time.passes(MINUTE)
    assert web.run_cycle([count], if_due=True).is_early
    assert not web.is_due()


def test_stamps_from_the_future_say_nothing(
    url: str, open_with_clock: OpenWithClock, join: Join, books_toml: Path
) -> None:
    """The clock of the database was ahead, and was set."""
    books, clock = open_with_clock(url)
    books.load(books_toml)
    web = join(books=books)
    clock.set(timedelta(days=1))
    assert len(web.run_cycle(SOME).jobs) == 3
    assert not web.is_due()
    clock.set(timedelta(0))
    assert web.is_due()
    cycles, scope = Cycles(web._integration.journal), scope_of(web.settings)
    assert cycles.due([scope]) == [scope]
    assert len(web.run_cycle(SOME, if_due=True).jobs) == 3
    assert not web.is_due()
    # By the database's clock, not by that of the machine.
    clock.set(6 * MINUTE)
    assert web.is_due()
    assert methods(web.run_cycle(SOME, if_due=True)) == ["import_orders"]


# A store that does not answer


def test_the_rest_of_the_cycle_is_not_tried(
    process: Join, store: FakeStore, journal: Journal
) -> None:
    store.fail("*", "timeout", times=99)
    report = process().run_cycle(SOME)
    # The second request asks whether it answers at all.
    assert store.counts() == {"GET /v2/orders": 1, "GET /v2/time": 1}
    assert methods(report) == ["import_orders", "prune_journal"]
    assert isinstance(report.failed[0].error, StoreUnreachable)
    assert (report.skipped, report.unanswered) == (("push_products",), 1)
    said = "The store did not answer in 1 cycle; the next try is at 12:05 UTC."
    assert report.notes == (f"{said} Not tried: push_products.",)


def test_it_is_left_alone_for_a_growing_while(process: Join, store: FakeStore, time: Time) -> None:
    fault = store.fail("*", "refused", times=999)
    waits, counts = [], []
    for _ in range(6):
        # Another process each time.
        report = process().run_cycle(SOME, if_due=True)
        assert report.failed
        assert report.next_at is not None
        waits.append((report.next_at - report.finished) // MINUTE)
        counts.append(report.unanswered)
        time.passes(report.next_at - report.finished - MINUTE)
        early = process().run_cycle(SOME, if_due=True)
        assert early.is_early
        assert early.notes[0].startswith(f"The store did not answer in {counts[-1]} cycle")
        time.passes(MINUTE)
    assert waits == [5, 10, 20, 30, 30, 30]
    assert counts == [1, 2, 3, 4, 5, 6]
    # A person is not held off.
    web = process()
    time.passes(-MINUTE)
    sent = len(store.log)
    with pytest.raises(StoreUnreachable):
        web.import_orders()
    assert web.run_cycle([IMPORT]).failed
    assert len(store.log) == sent + 2
    store.clear_faults()
    assert fault.hits
    report = web.run_cycle(SOME)
    assert (report.unanswered, report.failed) == (0, [])
    assert report.next_at == report.finished + 5 * MINUTE


@pytest.mark.parametrize("kind", ["timeout", "503", "html_502"])
def test_one_request_that_fails_leaves_out_no_other_job(
    process: Join, store: FakeStore, kind: str
) -> None:
    store.fail("GET /v2/orders", kind, times=1)  # type: ignore[arg-type]  # a kind of fault
    report = process().run_cycle(SOME)
    assert [job.error is None for job in report.jobs] == [False, True, True]
    assert (report.skipped, report.unanswered) == ((), 0)
    assert report.next_at == START + 5 * MINUTE


def test_a_store_that_is_gone_in_the_middle_of_a_job_is_seen(
    process: Join, store: FakeStore, factory: OrderFactory
) -> None:
    for _ in range(3):
        store.add_order(factory.plain())
    store.fail("*transactions", "timeout", times=99)
    store.fail("GET /v2/time", "timeout")
    report = process().run_cycle(SOME)
    assert [job.method for job in report.failed] == ["import_orders"]
    assert isinstance(getattr(report.jobs[0].report, "failure", None), StoreUnreachable)
    assert report.skipped == ("push_products",)


def test_a_refused_token_is_an_answer(process: Join, store: FakeStore) -> None:
    report = process(token="x").run_cycle(SOME)
    assert isinstance(report.failed[0].error, TokenRefused)
    assert (report.skipped, report.unanswered) == ((), 0)


# Failures that repeat


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert {each.levelno for each in found} <= {logging.ERROR}
    said = [each.getMessage() for each in found]
    caplog.clear()
    return said


def test_a_wrong_token_is_logged_once_an_hour_and_when_settings_change(
    process: Join, time: Time, change: Change, caplog: pytest.LogCaptureFixture
) -> None:
    report = process(token="x").run_cycle([IMPORT, Job("follow_orders")])
    assert len(report.failed) == 2
    said = errors(caplog)
    assert len(said) == 1
    assert said[0].startswith(
        "Example store (WEB): import_orders and follow_orders failed: GET /v2/orders"
    )
    for _ in range(11):
        time.passes(5 * MINUTE)
        # Another worker each time.
        report = process(token="x").run_cycle([IMPORT, Job("follow_orders")])
        assert len(report.failed) == 2
    assert errors(caplog) == []
    time.passes(5 * MINUTE)
    process(token="x").run_cycle([IMPORT])
    assert len(errors(caplog)) == 1
    time.passes(MINUTE)
    other = change(store={"access_token": "other-token"})
    for _ in range(2):
        process(token="x", settings=other).run_cycle([IMPORT])
    assert len(errors(caplog)) == 1


def test_another_failure_is_logged_at_once_and_numbers_make_no_other(
    process: Join, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    web = process()
    told: list[tuple[str, int]] = []
    for message in ("after 3 s", "after 14 s", "for ever", "after 5 s"):

        def fail(message: str = message) -> None:
            raise ZeroDivisionError(message)

        web.import_orders = fail  # type: ignore[method-assign, assignment]
        web.run_cycle([IMPORT])
        told.append((message, len(caplog.records)))
        assert all(each.exc_info for each in caplog.records if each.levelno == logging.ERROR)
        assert len(errors(caplog)) == told[-1][1]
        time.passes(MINUTE)
    assert told == [("after 3 s", 1), ("after 14 s", 0), ("for ever", 1), ("after 5 s", 0)]


def lines(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> list[tuple[str, str]]:
    """What was logged since the last call, and at which level."""
    found = [each for each in caplog.records if each.levelno >= level]
    assert all(each.__dict__["store"] for each in found)
    said = [(each.levelname, each.getMessage()) for each in found]
    caplog.clear()
    return said


def test_a_failure_that_was_logged_leaves_a_summary_without_its_words(
    process: Join, time: Time, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    """An import fails before it begins, a check of hooks ends early: one failure."""
    caplog.set_level(logging.INFO)
    hooks = Job("check_hooks", every=HOUR)
    process(token="x").run_cycle([hooks])
    said = lines(caplog)
    assert [text for level, text in said if level != "INFO"] == [
        (
            "Example store (WEB): check_hooks failed: GET /v3/hooks was answered with 401 "
            "Unauthorized: Unauthorized. The access token is wrong, or its API account was "
            "deleted: copy the token again, or create a new API account."
        )
    ]
    assert [level for level, _ in said] == ["INFO", "ERROR", "INFO"]
    for schedule in ([IMPORT, hooks], [Job("follow_orders")], [hooks]):
        time.passes(MINUTE)
        report = process(token="x").run_cycle(schedule)
        assert not report.ok
        said = lines(caplog)
        assert {level for level, _ in said} == {"INFO"}
        assert not any("401" in text for _, text in said)
    assert said[0][1].endswith("Stopped early: TokenRefused")
    caplog.set_level(logging.DEBUG)
    process(token="x").run_cycle([hooks])
    assert any("401" in text for _, text in lines(caplog, logging.DEBUG))


def test_a_turn_that_another_process_has_is_no_warning(
    join: Join,
    new_books: Callable[..., SqlGateway],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    file_books = new_books(f"sqlite:///{tmp_path}/books.db")
    web = join(books=file_books)
    with file_books.take_turn(f"import_orders {scope_of(web.settings)}"):
        report = web.run_cycle([IMPORT, Job("follow_orders")])
    assert report.jobs
    said = lines(caplog)
    assert {level for level, _ in said} == {"INFO"}
    assert said[-1][1].endswith("Left to another process: import_orders.")
    # A report that is not good for another reason is still a warning.
    web.import_orders = lambda: ImportReport(stopped="no")  # type: ignore[method-assign]
    web.run_cycle([IMPORT])
    assert [level for level, _ in lines(caplog)] == ["WARNING"]


def test_each_line_of_a_summary_is_a_record(
    process: Join, time: Time, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    store.fail("*", "503", times=99)
    process().run_cycle([IMPORT, PRODUCTS])
    said = lines(caplog)
    assert not any("\n" in text for _, text in said)
    assert said[-1] == (
        "INFO",
        (
            "Example store (WEB): The store did not answer in 1 cycle; the next try is at 12:05 "
            "UTC. Not tried: push_products."
        ),
    )
    assert said[-2][1].startswith("Example store (WEB): 1 of 1 jobs failed")


def test_a_failure_of_several_lines_is_logged_in_one(
    process: Join, caplog: pytest.LogCaptureFixture
) -> None:
    web = process()

    def fail() -> None:
        raise avbc.AvbcError("two faults:\n  one\n  two")

    web.import_orders = fail  # type: ignore[method-assign, assignment]
    web.run_cycle([IMPORT])
    assert errors(caplog) == ["Example store (WEB): import_orders failed: two faults: one two"]


def test_the_journal_has_no_words_of_a_failure_and_no_secret(
    process: Join, journal: Journal
) -> None:
    process(token="x").run_cycle([IMPORT])
    (row,) = journal.read(lambda connection: connection.execute(last_cycles.select()).all())
    assert "TokenRefused" in row.told
    assert not any(text in str(row) for text in ("example-token", "GET", "401"))


# The table


def test_the_stores_that_are_due_take_one_select(journal: Journal) -> None:
    cycles = Cycles(journal)
    scopes = [f"S{number}@abc" for number in range(1_000)]
    _, now = cycles.read("none")
    for number, scope in enumerate(scopes[:3]):
        at = now - HOUR
        cycles.write(scope, LastCycle(at, at, now + (number - 1) * MINUTE))
    statements: list[str] = []
    engine = journal._database.engine

    def note(*args: object) -> None:
        statements.append(str(args[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    due = cycles.due(scopes)
    # The longest overdue first, and before it those that never ran.
    assert due == [*scopes[3:], scopes[0], scopes[1]]
    assert cycles.due([]) == []
    assert statements == []  # not by SQLAlchemy
    sa.event.remove(engine, "before_cursor_execute", note)


def next_moment(cycles: Cycles) -> datetime:
    """Return a time after all that was noted: SQLite's clock counts milliseconds."""
    _, before = cycles.read("")
    while (now := cycles.read("")[1]) <= before:
        pass
    return now


def test_what_a_dispatcher_took_is_not_due_until_its_cycle_has_ended(journal: Journal) -> None:
    cycles, both = Cycles(journal), ["ONE@abc", "TWO@abc"]
    assert cycles.take_due(both, hold=HOUR) == both
    assert cycles.take_due(both, hold=HOUR) == []
    assert cycles.due(both, hold=HOUR) == []
    # After a while it is asked for again: the worker may be dead.
    assert cycles.due(both) == both
    last, now = cycles.read("ONE@abc")
    assert (last, last.is_due(now)) == (LastCycle(), True)
    now = next_moment(cycles)
    cycles.write("ONE@abc", LastCycle(now, now, now))
    next_moment(cycles)
    assert cycles.take_due(both, hold=HOUR) == ["ONE@abc"]
    assert cycles.take_due(both, hold=HOUR) == []


def test_a_row_is_read_as_it_was_written(journal: Journal) -> None:
    cycles = Cycles(journal)
    _, now = cycles.read("ONE@abc")
    last = LastCycle(now - HOUR, now, now + HOUR, 3, {"push_products": now}, {"Error 1": now})
    cycles.write("ONE@abc", last)
    cycles.write("TWO@abc", LastCycle())
    assert cycles.read("ONE@abc")[0] == last
    assert cycles.read("TWO@abc")[0] == LastCycle()


def test_a_journal_of_the_fourth_version_is_brought_up(url: str) -> None:
    journal = Journal(url)
    with journal._database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE avbc_cycles")
        connection.exec_driver_sql("UPDATE avbc_journal_version SET version = 4")
    journal.close()
    again = Journal(url)
    assert Cycles(again).due(["ONE@abc"]) == ["ONE@abc"]
    with again._database.engine.begin() as connection:
        versions = connection.execute(JOURNAL.versions.select()).scalars().all()
    assert versions == [JOURNAL.version]
    again.close()


def test_pruning_leaves_it_alone(process: Join, time: Time, journal: Journal) -> None:
    web = process()
    web.run_cycle(SOME)
    time.passes(timedelta(days=2_000))
    web.prune_journal()
    assert Cycles(journal).read(scope_of(web.settings))[0].done
