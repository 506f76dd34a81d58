"""An order that ends its process, without an error, is found, named and left out.

Processes really end here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import BooksUnreachable, SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine import in_hand
from avbc.orchestrator.engine.in_hand import InHand
from avbc.orchestrator.engine.journal import Journal, JournalUnreachable
from avbc.settings import Settings
from avbc.testing import (
    FakeStore,
    LoopbackServer,
    OrderFactory,
    Payment,
    example,
    item,
    order_of_shape,
)

ENDED = "order_ended_process"
NEW, DOWNLOADED, ERROR = 11, 9, 12
UNPAID = Payment("PayPal", "paypal", "authorized")
Join = Callable[..., Orchestrator]

FORKS = """
import gc, json, os, sys
from avbc import Orchestrator, Settings, SqlGateway
from avbc.testing import example

def work(api_url, books_url, where, ids, method, arguments, named):
    keys = [f"WEB{number}" for number in ids]

    def end(found):
        if found:
            os._exit(137)

    class Books(SqlGateway):
        def create_order(self, bundle):
            end(where == "create_order" and bundle.order.import_id in keys)
            return super().create_order(bundle)

        def receipts(self, import_ids=None):
            end(where == "receipts" and set(keys) & set(import_ids or ()))
            return super().receipts(import_ids)

    def order_hook(order):
        end(where == "customise_order" and order.id in ids)
        return order

    def hook(order, bundle):
        end(where == "customise" and order.id in ids)
        return bundle

    settings = Settings.from_dict(example.settings_dict(api_url))
    with Books(books_url) as books, Orchestrator(
        settings, books, customise=[hook], customise_order=[order_hook]
    ) as web:
        report = getattr(web, method)(*arguments, **named)
        return [[result, each.order_id, *(problem.code for problem in each.problems)]
                for result, each in report]

gc.freeze()
for line in sys.stdin:
    child = os.fork()
    if not child:
        print(json.dumps(work(*json.loads(line))), flush=True)
        os._exit(0)
    if (code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])):
        print(json.dumps([["died", code]]), flush=True)
"""
DIED = {137: ("died",)}


@pytest.fixture
def served(store: FakeStore) -> Iterator[LoopbackServer]:
    with store.serve() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.one_python)])
def books(request: pytest.FixtureRequest, tmp_path: Path, books_toml: Path) -> Iterator[SqlGateway]:
    url = f"sqlite:///{tmp_path}/books.db"
    if request.param == "postgresql":
        url = str(request.getfixturevalue("postgresql_url"))
    with SqlGateway(url) as books:
        books.load(books_toml)
        yield books


class Workers:
    """Has a process of its own do each call."""

    def __init__(self, forks: subprocess.Popen[str], urls: list[str]) -> None:
        self._forks = forks
        self._urls = urls
        self.where = ""
        self.ids: list[int] = []

    def call(self, method: str, *arguments: object, **named: object) -> dict[int, tuple[str, ...]]:
        """What became of orders, by id: the result and its codes."""
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        call = [*self._urls, self.where, self.ids, method, arguments, named]
        self._forks.stdin.write(json.dumps(call) + "\n")
        self._forks.stdin.flush()
        rows: list[tuple[str, int]] = json.loads(self._forks.stdout.readline())
        return {order_id: (result, *codes) for result, order_id, *codes in rows}


@pytest.fixture(scope="module")
def forks() -> Iterator[subprocess.Popen[str]]:
    """A process that has loaded everything, and forks for each call."""
    with subprocess.Popen(
        [sys.executable, "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process


@pytest.fixture
def workers(forks: subprocess.Popen[str], served: LoopbackServer, books: SqlGateway) -> Workers:
    url = books.engine.url.render_as_string(hide_password=False)
    return Workers(forks, [served.api_url, url])


@pytest.fixture
def look(served: LoopbackServer, books: SqlGateway) -> Iterator[Orchestrator]:
    """An orchestrator of this process, which no order ends."""
    settings = Settings.from_dict(example.settings_dict(served.api_url))
    with Orchestrator(settings, books) as web:
        yield web


def add_plain(store: FakeStore, count: int, first_id: int = 1001) -> None:
    factory = OrderFactory(first_id=first_id)
    store.add_orders([factory.plain() for _ in range(count)])


def statuses(store: FakeStore) -> dict[int, Any]:
    return {number: order.header["status_id"] for number, order in store.state.orders.items()}


@pytest.mark.one_python
@pytest.mark.parametrize("where", ["customise_order", "customise", "create_order"])
def test_the_third_import_leaves_it_out_and_imports_the_others(
    store: FakeStore, workers: Workers, look: Orchestrator, where: str
) -> None:
    add_plain(store, 4)
    workers.where, workers.ids = where, [1002]
    assert workers.call("import_orders") == DIED
    assert workers.call("import_orders") == DIED
    assert workers.call("import_orders") == {
        1002: ("refused", ENDED),
        1003: ("imported",),
        1004: ("imported",),
    }
    assert statuses(store) == {1001: DOWNLOADED, 1002: ERROR, 1003: DOWNLOADED, 1004: DOWNLOADED}
    (item,) = look.worklist()
    assert (item.code, item.order_id, item.area) == (ENDED, 1002, "import_orders")
    assert "killed from outside" in item.message
    assert item.fix.endswith("or call import_order(1002).")
    # It is left alone until a person asks for it. Then it is alone at once.
    assert workers.call("import_orders") == {}
    add_plain(store, 1, first_id=1005)
    assert workers.call("import_orders") == {1005: ("imported",)}
    assert workers.call("import_orders", retry_errors=True) == DIED
    assert workers.call("import_orders", retry_errors=True) == {1002: ("refused", ENDED)}
    # The advice is followed.
    workers.where = ""
    assert workers.call("import_order", 1002) == {1002: ("imported",)}
    assert look.worklist().ok
    assert marks(look) == set()


@pytest.mark.one_python
def test_asking_for_it_again_and_again_ends_two_processes(
    store: FakeStore, workers: Workers, look: Orchestrator
) -> None:
    """As a queue does that sends a task again whose process died, with others in between."""
    add_plain(store, 3)
    workers.where, workers.ids = "customise", [1002]
    assert workers.call("import_order", 1002, only_new=True) == DIED
    assert workers.call("import_order", 1003) == {1003: ("imported",)}
    assert workers.call("import_order", 1002, only_new=True) == DIED
    assert workers.call("import_orders", ids=[1003]) == {1003: ("relinked",)}
    assert workers.call("import_order", 1002, only_new=True) == {1002: ("refused", ENDED)}
    assert workers.call("import_orders") == {1001: ("imported",)}
    assert [item.order_id for item in look.worklist()] == [1002]


@pytest.mark.one_python
def test_two_of_them_cost_three_processes(store: FakeStore, workers: Workers) -> None:
    add_plain(store, 4)
    workers.where, workers.ids = "customise_order", [1002, 1004]
    for _ in range(3):
        assert workers.call("import_orders") == DIED
    assert workers.call("import_orders") == {1004: ("refused", ENDED)}
    assert statuses(store) == {1001: DOWNLOADED, 1002: ERROR, 1003: DOWNLOADED, 1004: ERROR}


@pytest.mark.one_python
@pytest.mark.parametrize("where", ["customise_order", "receipts"])
def test_one_that_is_followed_is_left_out_until_it_changes(
    store: FakeStore, workers: Workers, look: Orchestrator, where: str
) -> None:
    add_plain(store, 3)
    look.import_orders()
    assert look.follow_orders().ok
    for number in (1001, 1002, 1003):
        store.edit_order(number, status_id=2)
    workers.where, workers.ids = where, [1002]
    assert workers.call("follow_orders") == DIED
    assert workers.call("follow_orders") == DIED
    assert workers.call("follow_orders") == {1002: ("refused", ENDED), 1003: ("sent",)}
    assert workers.call("follow_orders") == {}
    (item,) = look.worklist()
    assert (item.code, item.order_id, item.area) == (ENDED, 1002, "follow_orders")
    assert item.fix.endswith("Then call follow_orders([1002]).")
    workers.where = ""
    workers.call("follow_orders", [1002])
    assert look.worklist().ok
    assert marks(look) == set()


# Processes that live, and lose their turn or their database


class Processes:
    """Orchestrators that share nothing but the books, as those of several processes."""

    def __init__(self, join: Join, books: SqlGateway, stack: ExitStack) -> None:
        self._join = join
        self._stack = stack
        self.url = books.engine.url

    def another(self, **options: Any) -> Orchestrator:
        url = self.url.render_as_string(hide_password=False)
        web = self._join(books=self._stack.enter_context(SqlGateway(url)), **options)
        self._stack.callback(web.close)
        return web

    def end_connections(self) -> None:
        """End all connections to PostgreSQL, and with them the turn."""
        query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
        query += f"application_name = '{self.url.query['application_name']}'"
        engine = sa.create_engine(self.url.difference_update_query(["application_name"]))
        with engine.connect() as admin:
            admin.exec_driver_sql(query)
        engine.dispose()


@pytest.fixture
def processes(join: Join, books: SqlGateway) -> Iterator[Processes]:
    with ExitStack() as stack:
        yield Processes(join, books, stack)


@pytest.fixture(params=["here", "elsewhere"])
def where(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the others see that a process lives."""
    if request.param == "elsewhere":
        monkeypatch.setattr(in_hand, "_running", lambda _: "")
    return str(request.param)


def at_second(act: Callable[[], object]) -> Callable[[Any, Any], Any]:
    """Make a customisation that does something in the middle of order 1002."""

    def hook(order: Any, bundle: Any) -> Any:
        if order.id == 1002:
            act()
        return bundle

    return hook


@pytest.mark.usefixtures("where")
def test_who_loses_its_turn_and_lives_accuses_no_order(
    processes: Processes, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connections are ended, or the lock of the file goes to another."""
    lost: list[str] = []
    monkeypatch.setattr("avbc.turns.FileLease.check", lambda _: "".join(lost))

    def lose() -> None:
        if processes.url.drivername == "sqlite":
            lost[:] = ["lost"]
        else:
            processes.end_connections()

    add_plain(store, 3)
    for _ in range(3):
        web = processes.another(customise=[at_second(lose)])
        report = web.import_orders()
        assert report.stopped
        assert not report.refused
        lost.clear()
    last = processes.another()
    assert marks(last) == set()
    assert not last.import_orders().refused
    assert set(statuses(store).values()) == {DOWNLOADED}


def test_who_is_cut_off_at_its_end_accuses_no_order(
    processes: Processes, store: FakeStore, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """It tries again later, and is seen to live where it runs on the same machine."""
    add_plain(store, 3)
    first, second = processes.another(), processes.another()
    with monkeypatch.context() as patch:
        patch.setattr(SqlGateway, "create_orders", _books_away)
        patch.setattr(Journal, "forget_fingerprints", _unreachable)
        for web in (first, second):
            report = web.import_orders()
            assert report.stopped
            assert not report.refused
    third = processes.another()
    assert len(marks(third)) > 1
    if where == "elsewhere":
        # Any job of the process, or its end, has its marks taken off.
        first.follow_orders()
        second.close()
        assert marks(third) == set()
    assert not third.import_orders().refused
    assert set(statuses(store).values()) == {DOWNLOADED}


def test_one_of_two_that_was_only_cut_off_is_no_death(
    processes: Processes, workers: Workers, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another has found its mark, and died at the order by itself."""
    monkeypatch.setattr(in_hand, "_running", lambda _: "")
    add_plain(store, 2)
    lives = processes.another()
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "forget_fingerprints", _unreachable)
        patch.setattr(SqlGateway, "create_orders", _books_away)
        lives.import_orders()
    workers.where, workers.ids = "customise", [1002]
    assert workers.call("import_orders") == DIED
    lives.close()
    workers.where = ""
    assert workers.call("import_orders") == {1002: ("imported",)}


# Marks in the journal


def marks(web: Orchestrator) -> set[str]:
    journal = web._integration.journal
    kinds = [
        f"{job} in hand {web._integration.scope}" for job in ("import_orders", "follow_orders")
    ]
    return {key for kind in kinds for key, _ in journal.all_fingerprints(kind)}


def leave_mark(web: Orchestrator, mark: str) -> None:
    """Have a process die at an order."""
    kind = web._integration.scoped("import_orders in hand")
    web._integration.journal.remember(kind, [(mark, "")])


def _unreachable(*_: object, **__: object) -> None:
    raise JournalUnreachable("the disk is full")


def _books_away(*_: object, **__: object) -> None:
    raise BooksUnreachable("the books are away")


def test_what_does_not_end_the_process_leaves_no_mark(join: Join, store: FakeStore) -> None:
    """An error of the program, a store that goes away, Ctrl-C."""

    def fails(order: Any, bundle: Any) -> Any:
        assert [mark.split()[0] for mark in sorted(marks(web))] == ["WEB1001", "WEB1002", "WEB1003"]
        if order.id == 1001:
            raise ValueError("a bug")
        if order.id == 1002:
            store.fail("*", "503")
            return bundle
        raise KeyboardInterrupt

    add_plain(store, 3)
    web = join(customise=[fails])
    with pytest.raises(KeyboardInterrupt):
        web.import_orders()
    assert marks(web) == set()


def test_a_preview_marks_nothing(join: Join, store: FakeStore) -> None:
    def look(_: Any, bundle: Any) -> Any:
        assert marks(web) == set()
        return bundle

    add_plain(store, 1)
    web = join(customise=[look])
    assert len(web.preview_orders().imported) == 1
    assert web.explain(1001).bundle is not None


def test_a_run_that_lost_its_turn_leaves_the_marks_of_another(
    join: Join, store: FakeStore, new_books: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    monkeypatch.setattr("avbc.turns.FileLease.check", lambda _: "".join(lost))

    def loses(_: Any, bundle: Any) -> Any:
        lost[:] = ["lost"]
        leave_mark(web, "WEB1001 another")
        return bundle

    add_plain(store, 2)
    web = join(books=new_books(f"sqlite:///{tmp_path}/books.db"), customise=[loses])
    assert web.import_orders().stopped == "lost"
    assert marks(web) == {"WEB1001 another"}


def test_the_mark_of_a_death_stays_where_the_order_was_not_tried(
    join: Join, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_plain(store, 2)
    web = join()
    dead = {f"WEB{number} dead" for number in (1001, 1002)}
    for mark in dead:
        leave_mark(web, mark)
    with monkeypatch.context() as patch:
        patch.setattr(SqlGateway, "create_orders", _books_away)
        assert web.import_orders().stopped
    assert marks(web) == dead
    assert len(web.import_orders().imported) == 2
    assert marks(web) == set()


def test_marks_that_a_full_disk_keeps_go_with_the_next_run(
    join: Join, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process ended, so no other one may find them."""
    add_plain(store, 1)
    web = join()
    leave_mark(web, "WEB1001 dead")
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "forget_fingerprints", _unreachable)
        assert len(web.import_orders().imported) == 1
        web.follow_orders(preview=True)
    assert "WEB1001 dead" in marks(web)
    web.follow_orders(preview=True)
    assert "WEB1001 dead" in marks(web)
    web.follow_orders()
    assert marks(web) == set()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux shows its processes there")
def test_a_process_runs_until_it_ends() -> None:
    """Also one that its parent has not asked for yet has ended."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        seen = in_hand._running(process.pid)
        assert in_hand._is_running(seen)
        number, began, *rest = seen.split(" ")
        assert not in_hand._is_running(" ".join([number, began + "0", *rest]))
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not in_hand._is_running(seen)
    assert not in_hand._is_running(seen)
    assert not in_hand._is_running("")


def test_a_quiet_cycle_asks_for_no_marks(
    join: Join, store: FakeStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No order is New, or those that are wait for their payment."""
    rows = [
        attrs.evolve(row, import_when="paid") if row.bigcommerce == "PayPal" else row
        for row in settings.gl.payment_methods
    ]
    web = join(settings=attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows)))
    store.add_order(order_of_shape("captured"))
    store.add_order(OrderFactory(first_id=2001).order([item("LAMP-01")], payment=UNPAID))
    report = web.import_orders()
    assert (len(report.imported), len(report.waiting)) == (1, 1)
    web.follow_orders()
    monkeypatch.delattr(InHand, "_read")
    monkeypatch.delattr(InHand, "_mark")
    assert len(web.import_orders().waiting) == 1
    assert web.follow_orders().ok
