"""The world of the simulation: time, deaths, pauses and turns are what they are taken for."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from scheduler import Killed, Process, Scheduler
from world import START, Worker, World

from avbc.acctvantage.optional import Turn
from avbc.orchestrator import CycleReport
from avbc.orchestrator.engine.journal import Journal
from avbc.settings import Settings
from avbc.testing import Payment, example, item
from avbc.testing.fakestore.http import StoreRequest

CHANGES: Mapping[str, Mapping[str, object]] = {
    "order_status": {"check_interval_minutes": 20},
    "shipping": {"sync_product_details": False, "sync_inventory_levels": False},
}


def settings(api_url: str) -> Settings:
    raw = example.settings_dict(api_url)
    return Settings.from_dict({name: {**raw[name], **CHANGES.get(name, {})} for name in raw})


class Day:
    """A day of some orders, and what was seen of it."""

    def __init__(self, seed: int, **options: object) -> None:
        self.cycles: list[tuple[str, CycleReport]] = []
        self.writes: list[tuple[str, str]] = []
        self.world = World(
            seed,
            settings,
            on_cycle=self.on_cycle,
            on_write=self.on_write,
            **options,  # type: ignore[arg-type]
        )

    def on_cycle(self, report: CycleReport, worker: Worker) -> None:
        assert not report.failed, report
        self.cycles.append((worker.name, report))

    def on_write(self, request: StoreRequest, worker: Worker) -> None:
        self.writes.append((worker.name, f"{request.method} {request.path}"))

    def place(self, minutes: float) -> None:
        self.world.at(minutes, lambda: self.world.store.place_order([item("MUG-BLUE")]))

    def statuses(self) -> list[object]:
        orders = self.world.store.state.orders.values()
        return [order.header["status_id"] for order in orders]

    def log(self) -> list[tuple[object, ...]]:
        return [(one.at, one.method, one.path, one.query) for one in self.world.store.log]


@pytest.fixture
def day() -> Callable[..., Day]:
    return Day


# The scheduler


class Diary:
    """Processes that note when they did what."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(1, START)
        self.lines: list[tuple[float, str]] = []

    def begin(self, name: str, seconds: float, steps: int = 3) -> Process:
        process = Process(name, 1)

        def work() -> None:
            try:
                for number in range(steps):
                    self.lines.append((self.scheduler.seconds, f"{name}{number}"))
                    self.scheduler.spend(seconds)
            finally:
                self.scheduler.spend(0)
                self.lines.append((self.scheduler.seconds, f"{name} ends"))

        self.scheduler.begin(process, work)
        return process


def test_processes_go_on_in_the_sequence_of_time() -> None:
    diary = Diary()
    for name, seconds in [("a", 2.0), ("b", 3.0)]:
        diary.begin(name, seconds)
    diary.scheduler.run_until(100)
    assert diary.lines == [
        *[(0.0, "a0"), (0.0, "b0"), (2.0, "a1"), (3.0, "b1"), (4.0, "a2")],
        *[(6.0, "b2"), (6.0, "a ends"), (9.0, "b ends")],
    ]
    assert diary.scheduler.now() == START + timedelta(seconds=100)


def test_a_killed_process_does_nothing_more() -> None:
    diary = Diary()
    process = diary.begin("a", 2.0)
    diary.scheduler.at(3.0, lambda: diary.scheduler.kill(process))
    diary.scheduler.run_until(100)
    assert [line for _, line in diary.lines] == ["a0", "a1"]
    assert process.is_dead


def test_a_stopped_process_goes_on_later() -> None:
    diary = Diary()
    process = diary.begin("a", 2.0)
    diary.scheduler.at(3.0, lambda: diary.scheduler.stop(process, 50.0))
    diary.scheduler.run_until(100)
    assert [at for at, _ in diary.lines] == [0.0, 2.0, 50.0, 52.0]


def test_an_act_comes_after_so_many_steps() -> None:
    diary = Diary()
    diary.scheduler.after(2, 1, lambda: diary.lines.append((diary.scheduler.seconds, "act")))
    diary.begin("a", 2.0)
    diary.scheduler.run_until(100)
    assert [line for _, line in diary.lines] == ["a0", "a1", "act", "a2", "a ends"]


def test_what_a_process_or_an_act_raises_comes_out() -> None:
    scheduler = Scheduler(1, START)

    def fail() -> None:
        scheduler.spend(1.0)
        raise ZeroDivisionError

    scheduler.at(5.0, lambda: scheduler.begin(Process("a", 1), fail))
    with pytest.raises(ZeroDivisionError):
        scheduler.run_until(10.0)
    with pytest.raises(Killed):
        raise Killed


# The world


def test_orders_are_imported_in_virtual_time(day: Callable[..., Day]) -> None:
    one = day(1)
    with one.world as world:
        for minutes in (10, 70, 130):
            one.place(minutes)
        world.run_until(200)
        assert world.minutes == 200
        assert one.statuses() == [9, 9, 9]
        assert [order.store_order_id for order in world.books.sales_orders()] == [1001, 1002, 1003]
        assert len(one.cycles) == world.cycles == 20
        ends = START + timedelta(minutes=200)
        assert all(START <= report.finished <= ends for _, report in one.cycles)
        times = [each.at for each in Journal(world.books.journal_engine).entries("WEB1001")]
        assert START <= min(times) <= max(times) <= ends
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_same_seed_is_the_same_day_and_another_is_another(day: Callable[..., Day]) -> None:
    logs = []
    for seed in (1, 1, 2):
        one = day(seed)
        with one.world as world:
            one.place(10)
            world.run_until(60)
            logs.append(one.log())
    assert logs[0] == logs[1] != logs[2]


@pytest.mark.parametrize(("has_leases", "minutes"), [(False, 30), (True, 4), (True, 30)])
def test_a_process_that_stands_still_loses_its_turn_where_turns_end_by_the_clock(
    day: Callable[..., Day], *, has_leases: bool, minutes: float
) -> None:
    one = day(4, has_leases=has_leases, workers=2)
    turns: list[Turn] = []

    def take() -> None:
        turns.append(world.books.take_turn("something"))
        world.scheduler.spend(1.0)
        turns.append(turns[0])

    with one.world as world:
        process = Process("a", 9)
        world.scheduler.at(0, lambda: world.scheduler.begin(process, take))
        world.workers[0].process = process
        world.at(0, lambda: world.pause(1, minutes), after=1, worker=9)
        world.run_until(60)
        assert bool(turns[0].check()) == (has_leases and minutes > 5)
        second = world.books.take_turn("something")
        assert bool(second.check()) != bool(turns[0].check())
        for turn in (second, turns[0]):
            turn.release()


def test_a_request_that_was_sent_arrives_although_its_process_is_dead() -> None:
    def arrives(steps: int) -> bool:
        one = Day(5, workers=1)
        dead: list[bool] = []
        with one.world as world:
            world.on_write = lambda _, worker: dead.append(worker.process.is_dead)
            one.place(0)
            world.at(0, lambda: world.kill(1), after=steps, worker=1)
            world.run_until(20)
        return any(dead)

    assert any(arrives(steps) for steps in range(25, 60))
    assert not arrives(500)


def test_a_webhook_is_taken_by_the_web_server(day: Callable[..., Day]) -> None:
    one = day(6, workers=1)
    with one.world as world:
        world.run_until(25)

        def place() -> None:
            order = world.store.place_order([item("LAMP-01")], payment=Payment())
            world.accept(world.store.webhook(world.store.events[-1]))
            assert order.header["status_id"] == 11

        world.at(26, place)
        world.run_until(27)
        assert one.statuses() == [9]
        assert {name for name, _ in one.writes} == {"the web server"}


def test_what_a_hook_raises_comes_out(day: Callable[..., Day]) -> None:
    one = day(8)

    def fail(*_: object) -> None:
        raise AssertionError("seen")

    with one.world as world:
        world.on_cycle = fail
        with pytest.raises(AssertionError, match="seen"):
            world.run_until(60)


def test_the_day_is_the_same_in_every_process() -> None:
    """Whatever sequence the sets of strings have, and whichever days came before."""
    here = Path(__file__).parent
    code = (
        f"import sys; sys.path.insert(0, {str(here)!r})\n"
        "from test_world import Day\n"
        "for seed in map(int, sys.argv[1:]):\n"
        "    day = Day(seed)\n"
        "    for number in range(9): day.place(9 * number)\n"
        "    day.world.run_until(120)\n"
        "    day.world.close()\n"
        "print(day.log(), day.world.scheduler.steps)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code, *seeds],
            env={"PYTHONHASHSEED": seeds[0], "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seeds in (["1"], ["2", "3", "1"])
    }
    assert len(printed) == 1
