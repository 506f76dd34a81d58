"""Several processes at one store with the same books: real ones, which are killed and frozen."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest

import avbc
from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.testing import FakeStore, StoreProcess, example
from avbc.testing.fakestore.loopback import LoopbackServer
from avbc.testing.values import as_list, as_row

pytestmark = pytest.mark.one_python

NEW, DOWNLOADED, ERROR = 11, 9, 12
ORDERS = 64
PATIENCE = 60
"""Seconds after which what is waited for is held not to come."""

FAST = 60
"""How many seconds of the quota pass in one."""

FORKS = """
import gc, json, os, select, signal, socket, sys, time
from contextlib import suppress
from datetime import timedelta

from avbc import BigCommerce, Orchestrator, Settings, SqlGateway, turns
from avbc.testing import example

with suppress(ImportError):
    import psycopg


def work(lines):
    api_url, books_url, lease, journal = json.loads(lines.readline())
    turns.LEASE = timedelta(seconds=lease)
    settings = Settings.from_dict(example.settings_dict(api_url))
    store = BigCommerce(
        api_url, "example-token", clock=lambda: FAST * time.monotonic(),
        sleep=lambda seconds: time.sleep(seconds / FAST),
    )
    with SqlGateway(books_url) as books, Orchestrator(
        settings, books, store=store, journal=journal
    ) as web:
        answer(lines, os.getpid())
        for line in lines:
            method, arguments = json.loads(line)
            report = getattr(web, method)(*arguments)
            done = len(list(report))
            answer(lines, {"done": done, "stopped": report.stopped, "requests": report.requests})


def answer(lines, value):
    lines.write(json.dumps(value) + chr(10))
    lines.flush()


FAST = float(sys.argv[2])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("ready", flush=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
gc.freeze()
while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
    connection = listener.accept()[0]
    if os.fork() == 0:
        listener.close()
        with suppress(BrokenPipeError):
            work(connection.makefile("rw"))
        os._exit(0)
    connection.close()
"""


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket of a process that has loaded everything and forks a worker for each connection."""
    address = str(tmp_path_factory.mktemp("forks") / "socket")
    paths = [str(Path(avbc.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    with subprocess.Popen(
        [sys.executable, "-c", FORKS, address, str(FAST)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # The end of its standard input ends it.
        yield address


class Worker:
    """A process that calls methods of an orchestrator of its own."""

    def __init__(
        self,
        forks: str,
        store: StoreProcess | LoopbackServer,
        books_url: str,
        lease: float = 300,
        journal: str | None = None,
    ) -> None:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(forks)
            # The file keeps the connection open.
            self.lines = connection.makefile("rw")
        self.say([store.api_url, books_url, lease, journal])
        self.pid = int(self.answer())

    def say(self, value: object) -> None:
        self.lines.write(json.dumps(value) + "\n")
        self.lines.flush()

    def begin(self, method: str, *arguments: object) -> None:
        self.say([method, arguments])

    def answer(self) -> Any:
        return json.loads(self.lines.readline())

    def call(self, method: str, *arguments: object) -> Any:
        self.begin(method, *arguments)
        return self.answer()

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process, and wait until nothing of it is left."""
        with suppress(ProcessLookupError):
            while True:
                os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.lines.close()


Hire = Callable[..., Worker]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.one_python)])
def books_url(request: pytest.FixtureRequest, tmp_path: Path, books_toml: Path) -> str:
    url = (
        f"sqlite:///{tmp_path}/books.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgresql_url"))
    )
    with SqlGateway(url) as books:
        books.load(books_toml)
    return url


@pytest.fixture
def store() -> Iterator[StoreProcess]:
    """Its answers take a moment, so that runs overlap."""
    with StoreProcess(orders=ORDERS, latency_ms=5) as process:
        yield process


@pytest.fixture
def hire(forks: str, store: StoreProcess, books_url: str) -> Iterator[Hire]:
    with ExitStack() as stack:
        yield lambda lease=300.0: stack.enter_context(Worker(forks, store, books_url, lease))


def statuses_set(store: StoreProcess) -> Counter[str]:
    """How often each order got a status. Order 0 is asked for to probe the scope."""
    return Counter(
        request.path
        for request in store.log
        if request.method == "PUT" and request.path != "/v2/orders/0"
    )


def requests(store: StoreProcess) -> int:
    return int(str(store.summary()["requests"]))


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask the store, or a worker, again and again: each asking takes a moment of its own."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end


def freeze_in_the_middle(worker: Worker, store: StoreProcess, orders: int) -> None:
    """Freeze a worker that imports, after some orders got their status; the store finishes."""
    wait_until(lambda: len(statuses_set(store)) >= orders)
    worker.freeze()
    seen = [-1]
    store.set_options(latency=0)
    wait_until(
        lambda: seen.append(requests(store)) or (len(seen) > 20 and len(set(seen[-20:])) == 1)
    )
    store.set_options(latency=0.005)


def assert_each_once(
    store: StoreProcess, books_url: str, orders: int = ORDERS, asked_again: object = None
) -> None:
    """Every order got its status once, and only those that were downloaded are in the books.

    One that was refused is refused again where a person asks for it again.
    """
    found = [as_row(order) for order in as_list(store.summary()["orders"])]
    assert {order["status_id"] for order in found} == {DOWNLOADED, ERROR}
    refused_again = [
        order for order in found if order["id"] == asked_again and order["status_id"] == ERROR
    ]
    assert statuses_set(store) == Counter(
        f"/v2/orders/{order['id']}" for order in (*found, *refused_again)
    )
    assert len(found) == orders
    with SqlGateway(books_url) as books:
        imported = Counter(order.import_id for order in books.sales_orders())
        receipts = Counter(receipt.import_id for receipt in books.receipts())
    assert imported == Counter(
        {f"WEB{order['id']}": 1 for order in found if order["status_id"] == DOWNLOADED}
    )
    assert set(receipts.values()) == {1}


def test_each_order_is_imported_by_one_of_three(
    hire: Hire, store: StoreProcess, books_url: str
) -> None:
    workers = [hire() for _ in range(3)]
    done = Counter[int]()
    refusals = 0
    for lot in range(4):
        if lot:
            example.populate(store, 16, seed=lot, first_id=2000 + 100 * lot)
        for worker in workers:
            worker.begin("import_orders")
        for number, worker in enumerate(workers):
            report = worker.answer()
            done[number] += report["done"]
            if report["stopped"]:
                assert report["stopped"] == "another process is doing this for the store"
                assert (report["done"], report["requests"]) == (0, 0)
                refusals += 1
    assert done.total() == ORDERS + 3 * 16
    assert refusals > 0
    assert_each_once(store, books_url, done.total())


def test_a_dead_process_is_waited_for_no_longer_than_it_lives(
    hire: Hire, store: StoreProcess, books_url: str
) -> None:
    first, second = hire(), hire()
    first.begin("import_orders")
    freeze_in_the_middle(first, store, orders=20)
    assert second.call("import_orders") == {
        "done": 0,
        "stopped": "another process is doing this for the store",
        "requests": 0,
    }
    assert statuses_set(store).total() < ORDERS
    first.kill()
    assert second.call("import_orders")["stopped"] == ""
    assert_each_once(store, books_url)


@pytest.mark.one_python
@pytest.mark.parametrize("books_url", ["postgresql"], indirect=True)
def test_a_process_that_hangs_is_waited_for_as_long_as_a_lease(
    hire: Hire, store: StoreProcess, books_url: str
) -> None:
    first, second = hire(lease=3), hire()
    first.begin("import_orders")
    freeze_in_the_middle(first, store, orders=20)
    wait_until(lambda: second.call("import_orders")["done"] > 0)
    first.thaw()
    assert first.answer()["stopped"].startswith("the database ended this process's turn")
    with SqlGateway(books_url) as books:
        assert set(Counter(order.import_id for order in books.sales_orders()).values()) == {1}
    assert {as_row(order)["status_id"] for order in as_list(store.summary()["orders"])} == {
        DOWNLOADED,
        ERROR,
    }


def test_one_order_waits_for_a_run_of_another_process(
    hire: Hire, store: StoreProcess, books_url: str
) -> None:
    """As a person asks for it: it is not left to the timer only because of one."""
    first, second = hire(), hire()
    first.begin("import_orders")
    freeze_in_the_middle(first, store, orders=20)
    waiting = next(
        as_row(order)["id"]
        for order in as_list(store.summary()["orders"])
        if as_row(order)["status_id"] == NEW
    )
    second.begin("import_order", waiting)
    first.thaw()
    assert first.answer()["stopped"] == ""
    # The run took it meanwhile.
    assert second.answer()["stopped"] == ""
    assert_each_once(store, books_url, asked_again=waiting)


def test_each_shipment_is_sent_by_one_of_three(
    hire: Hire, store: StoreProcess, books_url: str
) -> None:
    workers = [hire() for _ in range(3)]
    assert workers[0].call("import_orders")["stopped"] == ""
    shipped = 0
    with SqlGateway(books_url) as books:
        for order in books.sales_orders():
            items = tuple(
                ShippedItem(line.store_line_id, line.quantity)
                for line in order.lines
                if line.store_line_id and line.kind == "product"
            )
            if len({line.ship_to for line in order.lines if line.kind == "product"}) == 1 and items:
                shipped += 1
                books.add_shipment(
                    Shipment(
                        shipped, order.import_id, items=items, ship_via="UPS Ground", carrier="UPS"
                    )
                )
    store.clear_log()
    store.set_options(latency=0.05)
    for worker in workers:
        worker.begin("push_shipments")
    reports = [worker.answer() for worker in workers]
    posts = Counter(request.path for request in store.log if request.method == "POST")
    assert posts.total() > 20
    assert set(posts.values()) == {1}
    assert len(store.shipments()) == posts.total()
    assert sum(bool(report["stopped"]) for report in reports) > 0


# The promises that rest on time: slow stores, frozen processes, locks that were lost.

SHIPMENTS = 10


@pytest.fixture
def slow() -> FakeStore:
    """A store whose clock is fast: a window of its quota lasts half a second."""
    began = time.time()
    return FakeStore(clock=lambda: began + FAST * (time.time() - began))


@pytest.fixture
def shipping(forks: str, slow: FakeStore, books_url: str) -> Iterator[Callable[..., Worker]]:
    """Starts processes at a store with imported orders, of each of which one unit was shipped."""
    example.populate(slow, 40)
    with ExitStack() as stack:
        server = stack.enter_context(slow.serve())

        def started(lease: float = 300, journal: str | None = None) -> Worker:
            return stack.enter_context(Worker(forks, server, books_url, lease, journal))

        assert started().call("import_orders")["stopped"] == ""
        with SqlGateway(books_url) as books:
            lines = [
                (order.import_id, line.store_line_id)
                for order in books.sales_orders()
                for line in order.lines[:1]
                if line.store_line_id and line.kind == "product" and line.quantity > 1
            ]
            for number, (import_id, line_id) in enumerate(lines[:SHIPMENTS], 1):
                items = (ShippedItem(line_id, Decimal(1)),)
                books.add_shipment(Shipment(number, import_id, items=items, ship_via="UPS Ground"))
        assert len(lines) >= SHIPMENTS
        slow.clear_log()
        yield started


def posts(store: FakeStore) -> Counter[str]:
    """How often a shipment was sent, by order: each has one."""
    return Counter(request.path for request in store.log if request.method == "POST")


def begin_and_wait(worker: Worker, store: FakeStore) -> None:
    """Have a worker send shipments, the first of which are sent while others wait in the quota."""
    store.set_options(quota=4)
    worker.begin("push_shipments")
    wait_until(lambda: posts(store).total() > 1)


@pytest.mark.one_python
@pytest.mark.parametrize("books_url", ["postgresql"], indirect=True)
def test_a_turn_is_kept_while_requests_wait_in_the_quota(
    shipping: Callable[..., Worker], slow: FakeStore
) -> None:
    workers = [shipping(lease=0.5) for _ in range(3)]
    slow.set_options(quota=3)
    for worker in workers:
        worker.begin("push_shipments")
    ends = [worker.answer() for worker in workers[1:]]

    def all_sent() -> bool:
        ends.extend(worker.call("push_shipments") for worker in workers[1:])
        return posts(slow).total() >= SHIPMENTS

    wait_until(all_sent)
    first = workers[0].answer()
    assert {end["stopped"] for end in [first, *ends]} <= {
        "",
        "another process is doing this for the store",
    }
    assert set(posts(slow).values()) == {1}


@pytest.mark.one_python
@pytest.mark.parametrize("books_url", ["postgresql"], indirect=True)
def test_a_frozen_process_sends_nothing_when_it_goes_on(
    shipping: Callable[..., Worker], slow: FakeStore
) -> None:
    """But for the requests that were handed to the network: there are four at once, at most."""
    first, second = shipping(lease=1), shipping()
    begin_and_wait(first, slow)
    first.freeze()
    slow.set_options(quota=1_000_000)
    wait_until(lambda: second.call("push_shipments")["done"] > 0)
    assert len(posts(slow)) == SHIPMENTS
    first.thaw()
    assert first.answer()["stopped"].startswith("the database ended this process's turn")
    assert posts(slow).total() <= SHIPMENTS + 4


@pytest.mark.one_python
@pytest.mark.parametrize("books_url", ["postgresql"], indirect=True)
def test_reads_may_take_longer_than_a_lease(
    shipping: Callable[..., Worker], slow: FakeStore
) -> None:
    workers = [shipping(lease=0.5) for _ in range(2)]
    slow.set_options(latency=0.4)
    for worker in workers:
        worker.begin("push_shipments")
    ends = [worker.answer() for worker in workers]
    assert sorted(end["done"] for end in ends) == [0, SHIPMENTS]
    assert set(posts(slow).values()) == {1}


def test_two_journals_over_the_same_books_are_one_turn(
    shipping: Callable[..., Worker], slow: FakeStore, tmp_path: Path
) -> None:
    first, second = (shipping(journal=f"sqlite:///{tmp_path}/journal-{name}.db") for name in "ab")
    begin_and_wait(first, slow)
    end = second.call("push_shipments")
    assert (end["stopped"], end["requests"]) == ("another process is doing this for the store", 0)
    slow.set_options(quota=1_000_000)
    assert first.answer()["done"] == SHIPMENTS
    assert posts(slow).total() == SHIPMENTS


@pytest.mark.parametrize("books_url", ["sqlite"], indirect=True)
def test_a_deleted_folder_of_locks_is_noticed(
    shipping: Callable[..., Worker], slow: FakeStore, tmp_path: Path
) -> None:
    first, second = shipping(), shipping()
    begin_and_wait(first, slow)
    shutil.rmtree(tmp_path / "books.db.leases")
    assert second.call("push_shipments")["stopped"] == ""
    assert len(posts(slow)) == SHIPMENTS
    slow.set_options(quota=1_000_000)
    assert first.answer()["stopped"].startswith("another process took this turn")
    assert posts(slow).total() <= SHIPMENTS + 4
