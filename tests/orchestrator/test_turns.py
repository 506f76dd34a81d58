"""Turns at one store, seen from inside of one process; `test_many_processes.py` has several."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import BooksUnusable, OrderBundle, SqlGateway, Turn
from avbc.orchestrator import JournalUnreachable, JournalUnusable, Orchestrator
from avbc.orchestrator.engine.journal import Journal
from avbc.stopping import StopRequest, ended_by
from avbc.testing import FakeStore, example

NEW = 11
TAKEN = "another process is doing this for the store"


def taken(web: Orchestrator, name: str) -> AbstractContextManager[Turn]:
    """Take the turn at one of its methods."""
    return web._integration.turn(name, timedelta(0))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return (
        f"sqlite:///{tmp_path}/journal.db"
        if request.param == "sqlite"
        else str(request.getfixturevalue("postgresql_url"))
    )


def test_one_at_a_time(url: str) -> None:
    with closing(Journal(url)) as mine, closing(Journal(url)) as other:
        with (
            mine.take_turn("import WEB@abc/123") as first,
            other.take_turn("import WEB@abc/123") as second,
            other.take_turn("push") as third,
        ):
            assert (first.check(), second.check(), third.check()) == ("", TAKEN, "")
        with other.take_turn("import WEB@abc/123") as again:
            assert again.check() == ""


def test_a_turn_is_waited_for(url: str) -> None:
    troubles: list[str] = []

    def wait() -> None:
        with (
            closing(Journal(url)) as other,
            other.take_turn("import", timedelta(seconds=30)) as lease,
        ):
            troubles.append(lease.check())

    waiting = threading.Thread(target=wait)
    with closing(Journal(url)) as mine:
        with mine.take_turn("import"):
            waiting.start()
        waiting.join()
        assert troubles == [""]
        with (
            mine.take_turn("import"),
            mine.take_turn("import", timedelta(milliseconds=20)) as second,
        ):
            assert second.check() == TAKEN


def test_a_stop_ends_the_wait_for_a_turn_in_a_file(tmp_path: Path) -> None:
    """No signal ends a wait inside of SQLite."""
    url, stop = f"sqlite:///{tmp_path}/journal.db", StopRequest()
    with closing(Journal(url)) as mine, closing(Journal(url)) as other, mine.take_turn("import"):
        began = time.monotonic()
        stop.ask()
        with ended_by(stop), other.take_turn("import", timedelta(seconds=30)) as second:
            assert second.check() == TAKEN
        assert time.monotonic() - began < 5


def test_a_lease_ends_with_an_error(url: str) -> None:
    with closing(Journal(url)) as journal:
        with pytest.raises(KeyboardInterrupt), journal.take_turn("import"):
            raise KeyboardInterrupt
        with journal.take_turn("import") as lease:
            assert lease.check() == ""


def test_a_lost_connection_is_a_lost_lease(postgresql_url: str) -> None:
    name = sa.make_url(postgresql_url).query["application_name"]
    admin = sa.create_engine(
        sa.make_url(postgresql_url).difference_update_query(["application_name"])
    )
    with closing(Journal(postgresql_url)) as mine, closing(Journal(postgresql_url)) as other:
        with mine.take_turn("import") as lease:
            assert lease.check() == ""
            with admin.connect() as connection:
                end = sa.text(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
                    "application_name = :name"
                )
                assert connection.execute(end, {"name": name}).all()
            with other.take_turn("import") as second:
                assert second.check() == ""
            for _ in range(2):
                assert lease.check().startswith("the database ended this process's turn")
        with mine.take_turn("import") as third:
            assert third.check() == ""
    admin.dispose()


def test_a_database_that_is_not_to_be_had(postgresql_url: str) -> None:
    with closing(Journal(postgresql_url)) as journal:

        @sa.event.listens_for(journal._database.engine, "before_cursor_execute", retval=True)
        def without_rights(
            _connection: object, _cursor: object, statement: str, *_: object
        ) -> tuple[str, tuple[()]]:
            return "SELECT pg_advisory_xact_lock(1) FROM nowhere", ()

        with pytest.raises(JournalUnusable, match="nowhere"), journal.take_turn("import"):
            pass


def test_memory_has_no_other_processes() -> None:
    with (
        closing(Journal("sqlite://")) as journal,
        journal.take_turn("import"),
        journal.take_turn("import") as second,
    ):
        assert second.check() == ""


def test_books_that_were_deserialized_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with SqlGateway() as books, closing(sqlite3.connect(":memory:")) as empty:
        empty.execute("CREATE TABLE rows (number)")
        with closing(books.engine.raw_connection()) as connection:
            cast("sqlite3.Connection", connection.driver_connection).deserialize(empty.serialize())
        with Journal(books.engine).take_turn("import") as lease:
            assert lease.check() == ""
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "journal.db.leases").write_text("in the way")
    with closing(Journal(f"sqlite:///{tmp_path}/journal.db")) as journal:
        with (
            pytest.raises(JournalUnreachable, match="could not be locked"),
            journal.take_turn("import"),
        ):
            pass
        (tmp_path / "journal.db.leases").unlink()
        with journal.take_turn("import"):
            pass
        (tmp_path / "journal.db.leases" / "push").mkdir()
        with (
            pytest.raises(JournalUnreachable, match="could not be locked"),
            journal.take_turn("push"),
        ):
            pass


# --- what the orchestrator makes of it ---


@pytest.fixture
def webs(
    join: Callable[..., Orchestrator],
    new_books: Callable[..., SqlGateway],
    tmp_path: Path,
    store: FakeStore,
) -> Callable[[], Orchestrator]:
    example.populate(store, orders=6)
    books = new_books(f"sqlite:///{tmp_path}/books.db")
    return lambda: join(books=books)


@attrs.define
class Own:
    """A turn of the application's books."""

    check: Callable[[], Any]
    released: int = 0

    def release(self) -> None:
        self.released += 1
        raise RuntimeError("not given back")


def nowhere() -> str:
    return str(1 // 0)


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (lambda: None, "Own, which the books' take_turn returned, returned None from check"),
        (lambda: True, "returned True from check: it must return why the holder must stop"),
        (nowhere, "failed in check: ZeroDivisionError: integer division or modulo by zero"),
        (None, "bool, which the books' take_turn returned, is no turn"),
    ],
)
def test_a_turn_of_own_books_that_says_nothing_is_on_the_worklist(
    webs: Callable[[], Orchestrator],
    monkeypatch: pytest.MonkeyPatch,
    check: Callable[[], Any] | None,
    says: str,
) -> None:
    web = webs()
    turn = True if check is None else Own(check)
    monkeypatch.setattr(SqlGateway, "take_turn", lambda *_: turn)
    with pytest.raises(BooksUnusable, match=re.escape(says)):
        web.import_orders()
    assert [item.code for item in web.worklist()] == ["run_failed"]


def test_a_turn_that_cannot_be_given_back_loses_no_report(
    webs: Callable[[], Orchestrator],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    web, turn = webs(), Own(lambda: "")
    monkeypatch.setattr(SqlGateway, "take_turn", lambda *_: turn)
    assert len(web.import_orders().imported) == 6
    assert turn.released == 1
    assert "could not be given back" in caplog.text


def test_who_finds_it_taken_does_nothing(
    webs: Callable[[], Orchestrator], store: FakeStore
) -> None:
    web = webs()
    with taken(web, "import_orders"), taken(web, "push_products"):
        asked = web.import_order(1001, wait=timedelta(milliseconds=20))
        for report in [web.import_orders(), asked, web.push_products()]:
            assert (report.stopped, report.requests, list(report), report.ok) == (
                TAKEN,
                0,
                [],
                False,
            )
        assert web.push_inventory().stopped == ""
        assert len(web.preview_orders().imported) == 6
        assert len(web.push_products(preview=True).sent) > 0
    assert not [entry for entry in store.log if entry.method == "PUT" and "orders" in entry.path]
    assert len(webs().import_orders().imported) == 6


def test_who_finds_it_taken_is_not_up_to_date(webs: Callable[[], Orchestrator]) -> None:
    """The next run begins where the last one that did something ended."""
    web = webs()
    web.import_orders()
    integration = web._integration
    name = integration.scoped("follow_orders")
    with taken(web, "follow_orders"):
        web.follow_orders()
    assert integration.journal.watermark(name) is None
    web.follow_orders()
    assert integration.journal.watermark(name) is not None


def test_a_lease_that_is_lost_ends_the_run(
    webs: Callable[[], Orchestrator], store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written or sent without it: what is in the books gets its status next time."""
    web = webs()
    books = web._integration.books
    monkeypatch.setattr("avbc.orchestrator.jobs.import_orders.GROUP", 3)
    monkeypatch.setattr(
        "avbc.turns.FileLease.check", lambda _: "lost" if len(books.sales_orders()) == 3 else ""
    )
    report = web.import_orders()
    assert report.stopped == "lost"
    codes = [problem.code for outcome in report.postponed for problem in outcome.problems]
    assert Counter(codes) == {"status_not_set": 3, "run_stopped": 3}
    assert {order.header["status_id"] for order in store.state.orders.values()} == {NEW}
    monkeypatch.undo()
    report = web.import_orders()
    assert (len(report.relinked), len(report.imported)) == (3, 3)


FORKED = """
import os, sys
from avbc import SqlGateway
from datetime import timedelta

with SqlGateway(sys.argv[1]) as books:
    turn = books.take_turn("import", timedelta(0))
    child = os.fork()
    if not child:
        print("child:", turn.check(), flush=True)
        turn.release()
        sys.exit()  # as an application ends, and not at once
    os.waitpid(child, 0)
    print("parent:", turn.check(), flush=True)
    with SqlGateway(sys.argv[1]) as others:
        print("another:", others.take_turn("import", timedelta(0)).check(), flush=True)
    may_go_on, released = os.pipe()
    child = os.fork()
    if not child:
        os.read(may_go_on, 1)
        print("later:", books.take_turn("import", timedelta(0)).check(), flush=True)
        sys.exit()
    turn.release()
    os.write(released, b".")
    os.waitpid(child, 0)
    child = os.fork()  # while what is left of a turn is still there
    for _ in range(100):
        books.sales_orders(["WEB1"])
    if not child:
        sys.exit()
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this machine does not fork")
def test_a_forked_process_has_no_turn_and_ends_none(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, url],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "child: the turn belongs to the process that this one was forked from",
        "parent: ",
        f"another: {TAKEN}",
        "later: ",
    ]


def test_a_turn_is_kept_for_an_hour_of_a_holder_that_does_not_ask(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that hangs does not hold up the others for ever."""
    monkeypatch.setattr("avbc.turns.LEASE", timedelta(seconds=0.5))
    with (
        closing(Journal(postgresql_url)) as mine,
        closing(Journal(postgresql_url)) as other,
        mine.take_turn("import") as turn,
    ):
        with other.take_turn("import", timedelta(seconds=1.5)) as second:
            assert second.check() == TAKEN
        monkeypatch.setattr("avbc.turns._KEPT", timedelta(0))
        with other.take_turn("import", timedelta(seconds=30)) as second:
            assert second.check() == ""
        assert turn.check().startswith("the database ended this process's turn")


def test_turns_of_an_application_that_fail_count_as_lost(
    webs: Callable[[], Orchestrator], monkeypatch: pytest.MonkeyPatch, store: FakeStore
) -> None:
    def fails(_: object) -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr("avbc.turns.FileLease.check", fails)
    report = webs().import_orders()
    assert report.stopped == (
        "whether this process still has its turn is not known: FileLease, which the books' "
        "take_turn returned, failed in check: RuntimeError: a bug. Correct it."
    )
    assert not store.log


def test_what_is_found_after_the_turn_was_lost_is_not_remembered(
    webs: Callable[[], Orchestrator], monkeypatch: pytest.MonkeyPatch, store: FakeStore
) -> None:
    """Another process may know better; what was done is recorded."""
    web = webs()
    monkeypatch.setattr(
        "avbc.turns.FileLease.check",
        lambda _: "lost" if store.order(1006).header["status_id"] != NEW else "",
    )
    assert web.import_orders().stopped == "lost"
    monkeypatch.undo()
    journal = web._integration.journal
    assert journal.fingerprints(web._integration.scoped("status"), ["WEB1006"]) == {}
    assert web.history(1006).entries


@pytest.mark.parametrize(("orders", "what"), [(1, "WEB1001 was"), (3, "WEB1001 to WEB1003 were")])
def test_an_order_is_not_written_once_the_turn_was_lost(  # noqa: PLR0917
    join: Callable[..., Orchestrator],
    new_books: Callable[..., SqlGateway],
    tmp_path: Path,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
    orders: int,
    what: str,
) -> None:
    """What takes its time between the last look at the turn and the books is its mapping."""
    lost: list[str] = []
    monkeypatch.setattr("avbc.turns.FileLease.check", lambda _: "".join(lost))

    def slow(_: object, bundle: OrderBundle) -> OrderBundle:
        if bundle.order.store_order_id == 1000 + orders:
            lost[:] = ["lost"]
        return bundle

    store.add_orders(list(example.plain_orders(orders)))
    books = new_books(f"sqlite:///{tmp_path}/books.db")
    report = join(books=books, customise=[slow]).import_orders()
    assert report.stopped == "lost"
    assert books.sales_orders() == []
    problems = [problem for outcome in report.postponed for problem in outcome.problems]
    assert [problem.message for problem in problems] == [f"{what} not written: lost."] * orders
