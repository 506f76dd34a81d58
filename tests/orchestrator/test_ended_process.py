"""An order that ends its process, without an error, is found, named and left out.

Processes really end here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
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
    assert marks(look) == {}


def test_whoever_asks_for_it_again_and_again_ends_two_processes(
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


def test_two_of_them_cost_three_processes(store: FakeStore, workers: Workers) -> None:
    add_plain(store, 4)
    workers.where, workers.ids = "customise_order", [1002, 1004]
    for _ in range(3):
        assert workers.call("import_orders") == DIED
    assert workers.call("import_orders") == {1004: ("refused", ENDED)}
    assert statuses(store) == {1001: DOWNLOADED, 1002: ERROR, 1003: DOWNLOADED, 1004: ERROR}


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
    assert marks(look) == {}


# Marks in the journal


def marks(web: Orchestrator) -> dict[str, str]:
    journal = web._integration.journal
    kinds = [
        f"{job} in hand {web._integration.scope}" for job in ("import_orders", "follow_orders")
    ]
    return {key: text for kind in kinds for key, text in journal.all_fingerprints(kind)}


def test_what_does_not_end_the_process_leaves_no_mark(join: Join, store: FakeStore) -> None:
    """An error of the program, a store that goes away, Ctrl-C."""

    def fails(order: Any, bundle: Any) -> Any:
        assert marks(web) == {"": "WEB1001 WEB1002 WEB1003"}
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
    assert marks(web) == {}


def test_a_preview_marks_nothing(join: Join, store: FakeStore) -> None:
    def look(_: Any, bundle: Any) -> Any:
        assert marks(web) == {}
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
        return bundle

    add_plain(store, 2)
    web = join(books=new_books(f"sqlite:///{tmp_path}/books.db"), customise=[loses])
    assert web.import_orders().stopped == "lost"
    assert marks(web) == {"": "WEB1001 WEB1002"}


def test_its_own_mark_goes_with_its_next_run(
    join: Join, store: FakeStore, new_books: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that stood still, and lost its turn meanwhile, has not ended at the order."""
    lost: list[str] = []
    monkeypatch.setattr("avbc.turns.FileLease.check", lambda _: "".join(lost))

    def loses(_: Any, bundle: Any) -> Any:
        lost[:] = ["lost"]
        return bundle

    add_plain(store, 1)
    web = join(books=new_books(f"sqlite:///{tmp_path}/books.db"), customise=[loses])
    kind = web._integration.scoped("import_orders in hand")
    web._integration.journal.remember(kind, {"": "WEB1001"}.items())
    assert web.import_orders().stopped == "lost"
    assert "WEB1001" in marks(web)
    lost.clear()
    web.follow_orders()
    assert "WEB1001" not in marks(web)


def test_marks_that_a_full_disk_keeps_go_with_the_next_run(
    join: Join, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process ended, so no other one may find them."""

    def full(*_: object, **__: object) -> None:
        raise JournalUnreachable("the disk is full")

    add_plain(store, 1)
    web = join()
    kind = web._integration.scoped("import_orders in hand")
    web._integration.journal.remember(kind, {"": "WEB1001"}.items())
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "forget_fingerprints", full)
        assert len(web.import_orders().imported) == 1
        web.follow_orders(preview=True)
    assert "WEB1001" in marks(web)
    web.follow_orders(preview=True)
    assert "WEB1001" in marks(web)
    web.follow_orders()
    assert "WEB1001" not in marks(web)


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
