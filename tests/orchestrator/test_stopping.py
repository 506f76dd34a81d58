"""SIGTERM and Ctrl-C end every wait within 5 seconds: real processes, real signals."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Self

import pytest
import sqlalchemy as sa

import avbc
from avbc import stopping
from avbc.acctvantage import SqlGateway
from avbc.testing import FakeStore

AT_MOST = 5.0
"""Seconds from the signal to the end."""

# It runs the timer once for each line that it reads, or the method without the timer.
PROGRAM = """
import sys
import avbc
from avbc.orchestrator import Job
from avbc.testing import example

url, books_url = sys.argv[1:]
settings = avbc.Settings.from_dict(example.settings_dict(url))
with avbc.SqlGateway(books_url) as books:
    with avbc.Orchestrator(settings, books) as web:
        web.worklist()  # creates the tables
    print("ready", flush=True)
    for line in sys.stdin:
        how, method = line.split()
        print("begun", flush=True)
        if how == "several":
            webs = []
            for code in ("ONE", "TWO"):
                screens = example.settings_dict(url)
                screens["order_status"]["import_source_code"] = code
                webs.append(avbc.Orchestrator(avbc.Settings.from_dict(screens), books))
            ended = []
            avbc.run_all(webs, on_report=ended.append, schedule=[Job(method)])
            print([report.stopped for report in ended], flush=True)
            print("ended", flush=True)
            continue
        store = avbc.BigCommerce(url, "example-token")
        with store, avbc.Orchestrator(settings, books, store=store) as web:
            if how == "alone":
                getattr(web, method)()
            def show(report):
                for job in report.jobs:
                    print(report.stopped, job.error, job.report and job.report.stopped, flush=True)
            web.run(on_report=show, schedule=[Job(method)])
        print("ended", flush=True)
"""


class Program:
    """A process that works until it gets a signal."""

    def __init__(self, api_url: str, books_url: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(avbc.__file__).parents[1])}
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, api_url, books_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env=environment,
        )
        assert self.line() == "ready"

    def begin(self, method: str, how: str = "timer") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{how} {method}\n")
        assert self.line() == "begun"

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def stop(self) -> tuple[str, float]:
        """Send SIGTERM; returns what the job reported and how many seconds that took."""
        sent = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        said = self.line()
        assert self.line() == "ended"
        return said, time.monotonic() - sent

    def ends(self) -> tuple[str, float]:
        """Close it; returns what it wrote as errors and how many seconds it took to end."""
        began = time.monotonic()
        _, errors = self.process.communicate(timeout=60)
        return errors, time.monotonic() - began

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture(scope="module")
def api_url(store: FakeStore) -> Iterator[str]:
    with store.serve() as server:
        yield server.api_url


@pytest.fixture(scope="module")
def books_file(tmp_path_factory: pytest.TempPathFactory, books_toml: Path) -> Path:
    file = tmp_path_factory.mktemp("stopping") / "books.db"
    with SqlGateway(f"sqlite:///{file}") as books:
        books.load(books_toml)
    return file


@pytest.fixture(scope="module")
def program(api_url: str, books_file: Path) -> Iterator[Program]:
    """One for all: it starts slower than it stops."""
    with Program(api_url, f"sqlite:///{books_file}") as program:
        yield program


@pytest.fixture
def orders(store: FakeStore) -> Iterator[FakeStore]:
    """The store with new orders, whose faults are forgotten in the end."""
    for _ in range(4):
        store.place_order()
    store.clear_log()
    yield store
    store.clear_faults()
    store.set_options(latency=0)


def wait_until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


STOPPED = "True None a stop was asked for"


@pytest.mark.parametrize("match", ["GET /v2/orders", "GET /v3/orders/*/transactions"])
@pytest.mark.parametrize("kind", ["500", "429", "timeout"])
def test_a_wait_for_the_store_ends(
    program: Program, orders: FakeStore, match: str, kind: Any
) -> None:
    """It waits a minute before it repeats, for the quota, or for an answer; alone or in threads."""
    fault = orders.fail(match, kind, times=99, reset_ms=60_000)
    program.begin("import_orders")
    wait_until(lambda: fault.hits)
    said, seconds = program.stop()
    assert said == STOPPED
    assert seconds < AT_MOST


def test_the_waits_of_several_stores_end(program: Program, orders: FakeStore) -> None:
    """Each in a thread of its own, while the main thread waits for them."""
    fault = orders.fail("GET /v2/orders", "timeout", times=99)
    program.begin("import_orders", "several")
    wait_until(lambda: fault.hits == 2)
    said, seconds = program.stop()
    assert said == "[True, True]"
    assert seconds < AT_MOST


def test_a_signal_right_before_a_wait_is_seen_within_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python runs its handler only when the wait ends."""
    waits: list[float] = []

    class Wakes(SimpleQueue[None]):
        def get(self, block: bool = True, timeout: float | None = None) -> None:
            assert timeout is not None
            waits.append(timeout)
            if len(waits) < 3:
                raise Empty

    monkeypatch.setattr(stopping, "SimpleQueue", Wakes)
    stopping.pause(300.0)
    assert len(waits) == 3
    assert max(waits) <= 1.0


def test_a_wait_for_the_lock_of_a_file_ends(
    program: Program, orders: FakeStore, books_file: Path
) -> None:
    with closing(sqlite3.connect(books_file, isolation_level=None)) as other:
        orders.set_options(latency=0.3)  # the turn is taken by then, and nothing else is written
        program.begin("import_orders")
        wait_until(lambda: orders.log)
        other.execute("BEGIN IMMEDIATE")
        said, seconds = program.stop()
    assert said.startswith("True None ")
    assert seconds < AT_MOST


@pytest.mark.one_python
def test_a_wait_for_the_lock_of_a_server_ends(
    api_url: str, orders: FakeStore, postgresql_url: str, books_toml: Path
) -> None:
    with SqlGateway(postgresql_url) as books:
        books.load(books_toml)
        with Program(api_url, postgresql_url) as program, books.engine.begin() as other:
            other.execute(sa.text("LOCK TABLE avbc_journal IN EXCLUSIVE MODE"))
            program.begin("import_orders")
            wait_until(lambda: orders.log)
            said, seconds = program.stop()
    assert said.startswith("True None ")
    assert seconds < AT_MOST


def test_ctrl_c_outside_of_the_timer_ends_the_process(
    api_url: str, orders: FakeStore, books_file: Path
) -> None:
    """Threads that wait for answers do not keep it."""
    fault = orders.fail("GET /v3/orders/*/transactions", "timeout", times=99)
    with Program(api_url, f"sqlite:///{books_file}") as program:
        program.begin("import_orders", "alone")
        wait_until(lambda: fault.hits)
        program.process.send_signal(signal.SIGINT)
        errors, seconds = program.ends()
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert seconds < AT_MOST
