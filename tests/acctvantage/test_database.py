from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve
from sqlalchemy import event

from avbc import database, forks
from avbc.acctvantage import (
    BooksFileError,
    BooksRefused,
    BooksUnreachable,
    BooksUnusable,
    OrderBundle,
    SqlGateway,
)
from avbc.acctvantage.sql import schema, versions
from avbc.database import Database
from avbc.database_failures import failure
from avbc.errors import Fault

Make = Callable[[int], OrderBundle]


def everything(error: BaseException | None) -> str:
    """All text that a traceback of this error would show."""
    texts: list[str] = []
    while error is not None:
        texts += [str(error), repr(error)]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n".join(texts)


def test_records_do_not_bring_sqlalchemy() -> None:
    code = (
        "import sys, avbc.acctvantage as a; a.SalesOrder, a.Gateway, a.BooksRefused; assert "
        "'sqlalchemy' not in sys.modules; a.SqlGateway"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_package_names_what_it_exports() -> None:
    import avbc.acctvantage as package

    assert dir(package) == sorted(package.__all__)
    assert all(getattr(package, name).__name__ == name for name in package.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        getattr(package, "Nothing")  # noqa: B009  # mypy refuses it as an attribute


class TestUrl:
    def test_a_password_is_never_shown(self) -> None:
        books = SqlGateway("postgresql://reader:s3cret@127.0.0.1:1/books?connect_timeout=2")
        assert (
            repr(books)
            == "SqlGateway('postgresql+psycopg://reader:***@127.0.0.1:1/books?connect_timeout=2')"
        )
        with pytest.raises(BooksUnreachable) as caught:
            books.reference_data()
        assert "127.0.0.1" in str(caught.value)
        assert "s3cret" not in everything(caught.value)

    @pytest.mark.parametrize(
        "url", ["books.db", "postgresql://user:s3cret@host:notaport/x", "", "://s3cret"]
    )
    def test_a_text_that_is_no_url_is_refused_without_repeating_it(self, url: str) -> None:
        with pytest.raises(BooksUnusable, match=r"sqlite:///books\.db") as caught:
            SqlGateway(url)
        assert "s3cret" not in everything(caught.value)

    @pytest.mark.parametrize("given", [Path("books.db"), None, 5])
    def test_what_is_no_text_is_refused_with_what_a_url_looks_like(self, given: Any) -> None:
        with pytest.raises(BooksUnusable, match=r"such as sqlite:///books\.db"):
            SqlGateway(given)

    @pytest.mark.parametrize(
        "url",
        ["mysql://u:s3cret@h/x", "postgresql+asyncpg://u:s3cret@h/x", "sqlite+aiosqlite:///x"],
    )
    def test_other_databases_are_refused(self, url: str) -> None:
        with pytest.raises(BooksUnusable, match="SQLite or PostgreSQL") as caught:
            SqlGateway(url)
        assert "s3cret" not in everything(caught.value)

    def test_a_missing_driver_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(BooksUnusable, match=r"install avbc\[postgresql\]"):
            SqlGateway("postgresql://localhost/books")


class TestSqlite:
    def test_a_file_is_in_wal_mode_and_holds_foreign_keys(self, file_url: str) -> None:
        with SqlGateway(file_url) as books:
            books.reference_data()
            with books.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
                assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 1_000

    def test_a_connection_to_a_file_is_kept_until_the_books_are_closed(
        self, file_url: str, bundle: Make
    ) -> None:
        taken: list[object] = []
        with SqlGateway(file_url) as books:
            books.create_order(bundle(1))
            sa.event.listen(books.engine, "checkout", lambda *_: taken.append(1))
            for status in ("Picked", "Packed"):
                books.set_order_status("WEB1", status)
                assert books.order_sources() == {("WEB", "abc123")}
                assert [each.status for each in books.sales_orders()] == [status]
            driver = books._database.read(lambda one: one.connection.driver_connection)
        assert taken == []
        assert isinstance(driver, sqlite3.Connection)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            driver.cursor()

    def test_a_file_that_is_being_read_is_switched_to_wal_as_soon_as_it_is_free(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reader = sqlite3.connect(tmp_path / "books.db", isolation_level=None)
        reader.executescript("CREATE TABLE other (x); INSERT INTO other VALUES (1)")
        reader.execute("BEGIN")
        assert reader.execute("SELECT x FROM other").fetchall() == [(1,)]
        url = f"sqlite:///{tmp_path}/books.db?timeout=0.01"
        monkeypatch.setattr(database, "WAIT", 0)
        with SqlGateway(url) as books, pytest.raises(BooksUnreachable, match="locked"):
            books.reference_data()
        monkeypatch.setattr(database, "WAIT", 30)
        monkeypatch.setattr(database.time, "sleep", lambda _: reader.rollback())
        with SqlGateway(url) as books, books.engine.connect() as connection:
            books.reference_data()
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        reader.close()

    def test_a_folder_that_is_not_there_is_unreachable(self, tmp_path: Path) -> None:
        with (
            SqlGateway(f"sqlite:///{tmp_path}/nowhere/books.db") as books,
            pytest.raises(BooksUnreachable, match="unable to open"),
        ):
            books.sales_orders()

    def test_a_file_that_is_no_database_must_be_repaired(self, tmp_path: Path) -> None:
        (tmp_path / "books.db").write_bytes(b"no database, but long enough to be one" * 100)
        with (
            SqlGateway(f"sqlite:///{tmp_path}/books.db") as books,
            pytest.raises(BooksUnusable, match="not a database"),
        ):
            books.sales_orders()

    def test_a_locked_file_is_unreachable_until_it_is_free(
        self, tmp_path: Path, bundle: Make
    ) -> None:
        with SqlGateway(f"sqlite:///{tmp_path}/books.db?timeout=0.05") as books:
            books.create_order(bundle(1))
            other = sqlite3.connect(tmp_path / "books.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(BooksUnreachable, match=r"order WEB2 .*locked"):
                books.create_order(bundle(2))
            with pytest.raises(BooksUnreachable, match="locked"):
                books.set_order_status("WEB1", "Picked")
            assert [order.import_id for order in books.sales_orders()] == ["WEB1"]
            other.execute("COMMIT")
            other.close()
            assert books.create_order(bundle(2)).created

    def test_a_full_disk_is_unreachable_and_nothing_is_half_written(
        self, file_url: str, bundle: Make
    ) -> None:
        with SqlGateway(file_url) as books:
            books.create_order(bundle(1))

        def limit(connection: sqlite3.Connection, _: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 3}")

        with SqlGateway(file_url) as books:
            event.listen(books.engine, "connect", limit)
            with pytest.raises(BooksUnreachable, match="full"):
                deque(map(books.create_order, map(bundle, range(2, 100))))
        with SqlGateway(file_url) as books:
            orders = books.sales_orders()
            assert len(books.receipts()) == 2 * len(orders)
            assert len(books.clients()) == len(orders)
            assert all(balance.difference == 0 for balance in books.trial_balance())

    def test_a_file_that_may_not_be_written_can_be_read(self, tmp_path: Path, bundle: Make) -> None:
        with SqlGateway(f"sqlite:///{tmp_path}/books.db") as books:
            books.create_order(bundle(1))
        url = f"sqlite:///file:{tmp_path}/books.db?mode=ro&uri=true"
        with SqlGateway(url) as books:
            assert len(books.sales_orders()) == 1
            with pytest.raises(BooksUnusable, match="readonly"):
                books.create_order(bundle(2))


class TestVersion:
    def test_tables_are_made_on_first_use_only(self, url: str) -> None:
        with SqlGateway(url) as books:
            assert sa.inspect(books.engine).get_table_names() == []
            books.reference_data()
            assert set(sa.inspect(books.engine).get_table_names()) == set(schema.metadata.tables)

    def test_later_tables_are_refused(self, url: str) -> None:
        with SqlGateway(url) as books:
            books.reference_data()
            with books.engine.begin() as connection:
                connection.execute(schema.books_version.update().values(version=99))
        with (
            SqlGateway(url) as books,
            pytest.raises(BooksUnusable, match=r"version 99 .* update avbc"),
        ):
            books.reference_data()

    def test_earlier_tables_are_brought_up(
        self, url: str, monkeypatch: pytest.MonkeyPatch, bundle: Make
    ) -> None:
        with SqlGateway(url) as books:
            books.create_order(bundle(1))

        def add_column(connection: sa.Connection) -> None:
            connection.execute(sa.text("ALTER TABLE sales_orders ADD COLUMN colour TEXT"))

        now = versions.BOOKS.version
        steps: Mapping[int, Callable[[sa.Connection], None]] = {
            now: add_column,
            now + 1: lambda _: None,
        }
        monkeypatch.setattr(
            versions, "BOOKS", evolve(versions.BOOKS, version=now + 2, migrations=steps)
        )
        for _ in range(2):
            with SqlGateway(url) as books:
                assert len(books.sales_orders()) == 1
                assert "colour" in {
                    column["name"]
                    for column in sa.inspect(books.engine).get_columns("sales_orders")
                }
                with books.engine.connect() as connection:
                    assert connection.scalar(sa.select(schema.books_version.c.version)) == now + 2

    def test_a_failed_step_leaves_the_version(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with SqlGateway(url) as books:
            books.reference_data()
        now = versions.BOOKS.version
        fails: Mapping[int, Callable[[sa.Connection], object]] = {
            now: lambda connection: connection.exec_driver_sql("ALTER TABLE nothing RENAME TO x")
        }
        monkeypatch.setattr(
            versions, "BOOKS", evolve(versions.BOOKS, version=now + 1, migrations=fails)
        )
        with SqlGateway(url) as books:
            with pytest.raises(BooksUnusable):
                books.reference_data()
            with books.engine.connect() as connection:
                assert connection.scalar(sa.select(schema.books_version.c.version)) == now

    def test_tables_of_somebody_else_are_left_alone(self, url: str) -> None:
        engine = SqlGateway(url).engine
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE clients (shoe_size INTEGER)"))
        engine.dispose()
        with SqlGateway(url) as books:
            with pytest.raises(BooksUnusable, match=r"not of the books \(clients\)"):
                books.reference_data()
            assert sa.inspect(books.engine).get_table_names() == ["clients"]

    def test_many_that_open_new_books_at_once_make_them_once(self, url: str) -> None:
        start = threading.Barrier(6, timeout=30)

        def open_books(_: int) -> int:
            with SqlGateway(url) as books:
                start.wait()
                return len(books.reference_data().order_statuses)

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(open_books, range(6))) == {7}


class TestTransactions:
    def test_closed_books_say_so(self, books: SqlGateway) -> None:
        books.reference_data()
        books.close()
        with pytest.raises(BooksUnusable, match="are closed"):
            books.reference_data()

    def test_what_fails_in_the_middle_is_undone(
        self, books: SqlGateway, bundle: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer = books._orders
        parts = writer._parts

        def fail(*arguments: object) -> None:
            parts(*arguments)  # type: ignore[arg-type]  # passed on as they came
            raise KeyboardInterrupt

        monkeypatch.setattr(writer, "_parts", fail)
        with pytest.raises(KeyboardInterrupt):
            books.create_order(bundle(1))
        monkeypatch.undo()
        assert books.sales_orders() == []
        assert books.clients() == []
        assert books.receipts() == []
        assert books.promotions() == []
        assert books.create_order(bundle(1)).created

    def test_what_may_be_lost_with_the_power_does_not_wait_for_the_disk(self, url: str) -> None:
        asked = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
        with SqlGateway(url) as books:
            there = Database(books.engine, versions.BOOKS)

            def waits(connection: sa.Connection) -> object:
                return connection.exec_driver_sql(asked[there.kind]).scalar()

            before = there.write(waits)
            assert there.write(waits, durable=False) == {2: 1, "on": "off"}[before]
            assert there.write(waits) == before

    def test_threads_share_books_in_memory(self, memory: SqlGateway, bundle: Make) -> None:
        def work(number: int) -> int:
            memory.create_order(bundle(number))
            return len(memory.sales_orders([f"WEB{number}"])[0].lines)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(1, 60))) == [2] * 59
        assert all(balance.difference == 0 for balance in memory.trial_balance())

    def test_a_reader_sees_whole_orders_while_one_writes(self, url: str, bundle: Make) -> None:
        with SqlGateway(url) as books:
            books.create_order(bundle(0))
            done = threading.Event()

            def write() -> None:
                for number in range(1, 40):
                    books.create_order(bundle(number))
                    books.update_order(bundle(number))
                done.set()

            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(write)
                while not done.is_set() and writing.running():
                    balances = books.trial_balance()
                    assert all(balance.difference == 0 for balance in balances)
                    assert all(
                        balance.receipts + balance.pre_authorized == balance.total
                        for balance in balances
                    )
                writing.result()

    def test_what_a_fork_inherits_is_left_alone(self, url: str, bundle: Make) -> None:
        with SqlGateway(url) as books:
            books.create_order(bundle(1))
            pool = books.engine.pool
            forks.let_go()
            assert books.engine.pool is not pool
            assert books.create_order(bundle(2)).created
            assert len(books.sales_orders()) == 2
            for each in forks._parents:
                if isinstance(each, tuple):
                    writer, parents, kept = each
                    for connection in filter(None, (writer, *kept)):
                        connection.close()
                    parents.dispose()
            forks._parents.clear()

    def test_a_forked_process_opens_its_own_connections(self, url: str) -> None:
        if not hasattr(os, "fork"):
            pytest.skip("this system does not fork")
        code = """
import os, sys
from avbc.acctvantage import SqlGateway
from avbc.testing.contract import make_bundle
books = SqlGateway(sys.argv[1])
books.create_order(make_bundle(1))
books.sales_orders()
child = os.fork()
if not child:
    books.create_order(make_bundle(2))
    os._exit(0 if len(books.sales_orders()) == 2 else 1)
assert os.waitpid(child, 0)[1] == 0
books.create_order(make_bundle(3))
assert [order.import_id for order in books.sales_orders()] == ["WEB1", "WEB2", "WEB3"]
books.close()
"""
        subprocess.run([sys.executable, "-c", code, url], check=True)

    def test_processes_that_are_forked_from_busy_threads_write(self, url: str) -> None:
        """Locks of the database's own library, too, must not be held for ever in a child."""
        if not hasattr(os, "fork"):
            pytest.skip("this system does not fork")
        code = """
import os, signal, sys, threading, warnings
from avbc.acctvantage import SqlGateway
from avbc.testing.contract import make_bundle
warnings.simplefilter("ignore", DeprecationWarning)  # of threads and forks, which is the point
books = SqlGateway(sys.argv[1])
books.create_order(make_bundle(1))
stop = threading.Event()

def work(number):
    while not stop.is_set():
        books.sales_orders(["WEB1"])
        books.create_order(make_bundle(number))
        number += 10

threads = [threading.Thread(target=work, args=(100 + number,)) for number in range(3)]
for thread in threads:
    thread.start()
children = []
for number in range(10, 18):
    child = os.fork()
    if not child:
        status = 3
        try:
            signal.alarm(30)  # what hangs ends
            books.create_order(make_bundle(number))
            status = len(books.sales_orders([f"WEB{number}"])) != 1
        finally:
            os._exit(status)
    children.append(child)
ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
stop.set()
for thread in threads:
    thread.join()
books.create_order(make_bundle(18))
assert len(books.sales_orders([f"WEB{number}" for number in range(10, 19)])) == 9
books.close()
assert ends == [0] * 8, ends
"""
        subprocess.run([sys.executable, "-c", code, url], check=True)


class TestPostgresql:
    @pytest.fixture
    def books(self, postgresql_url: str) -> Iterator[SqlGateway]:
        with SqlGateway(postgresql_url) as gateway:
            yield gateway

    def test_lost_connections_are_opened_again(self, books: SqlGateway, bundle: Make) -> None:
        books.create_order(bundle(1))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: books.sales_orders(), range(8)))
        end_sessions(books)
        assert books.create_order(bundle(2)).created
        end_sessions(books)
        assert len(books.sales_orders()) == 2
        end_sessions(books)
        assert books.set_order_status("WEB1", "Committed").status == "Committed"

    def test_a_connection_that_is_lost_during_an_import_repeats_it(
        self, books: SqlGateway, bundle: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        books.create_order(bundle(1))
        parts = books._orders._parts
        calls: list[int] = []

        def lose(*arguments: object) -> None:
            parts(*arguments)  # type: ignore[arg-type]  # passed on as they came
            calls.append(1)
            if len(calls) == 1:
                end_sessions(books)

        monkeypatch.setattr(books._orders, "_parts", lose)
        assert books.create_order(bundle(2)).created
        assert len(calls) == 2
        assert len(books.clients()) == 2

    def test_a_deadlock_is_repeated(self, books: SqlGateway) -> None:
        books.reference_data()
        tables = schema.receipt_types
        with books.engine.begin() as connection:
            connection.execute(tables.insert(), [{"name": "a"}, {"name": "b"}])
        meet = threading.Barrier(2, timeout=30)
        runs: list[str] = []

        def work(connection: sa.Connection, first: str, second: str) -> None:
            runs.append(first)
            connection.execute(tables.update().values(name=first).where(tables.c.name == first))
            if len(runs) <= 2:
                meet.wait()
            connection.execute(tables.update().values(name=second).where(tables.c.name == second))

        with ThreadPoolExecutor(2) as pool:
            both = [
                pool.submit(books._database.write, lambda connection: work(connection, "a", "b")),
                pool.submit(books._database.write, lambda connection: work(connection, "b", "a")),
            ]
            for one in both:
                one.result()
        assert len(runs) == 3

    def test_a_lock_that_is_held_for_too_long_is_unreachable(
        self, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with SqlGateway(postgresql_url) as books:
            books.reference_data()  # creates the tables, for which others may make it wait
        monkeypatch.setattr(database, "WAIT", 0.1)
        with SqlGateway(postgresql_url) as books, books.engine.begin() as connection:
            connection.execute(schema.receipt_types.insert(), {"name": "a"})
            with pytest.raises(BooksUnreachable, match="lock timeout"):
                books._database.write(
                    lambda other: other.execute(schema.receipt_types.insert(), {"name": "a"})
                )

    def test_a_nul_in_a_text_is_refused(self, books: SqlGateway, bundle: Make) -> None:
        spoilt = evolve(bundle(1), order=evolve(bundle(1).order, memo="a\0b"))
        with pytest.raises(BooksRefused, match=r"order WEB1 .*NUL"):
            books.create_order(spoilt)
        assert books.clients() == []


def end_sessions(books: SqlGateway) -> None:
    """What a restart of the server does to a gateway: all its sessions end."""
    admin = sa.create_engine(
        sa.make_url(os.environ["AVBC_TEST_POSTGRESQL"]).set(drivername="postgresql+psycopg")
    )
    ended = sa.text(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE "
        "application_name = :name"
    )
    with admin.connect() as connection:
        assert connection.scalar(ended, {"name": books.engine.url.query["application_name"]})
    admin.dispose()


class Unsettled(Exception):
    """Like an error of psycopg."""

    sqlstate: str | None = None


class ConnectionTimeout(Unsettled):
    pass


class DataError(Unsettled):
    pass


@pytest.mark.parametrize(
    ("state", "kind", "repeat"),
    [
        ("23514", "refused", False),
        ("22003", "refused", False),
        ("42501", "unusable", False),
        ("40001", "unreachable", True),
        ("40P01", "unreachable", True),
        ("53100", "unreachable", False),
        ("57P01", "unreachable", True),
        ("08006", "unreachable", True),
        (None, "unreachable", True),
    ],
)
def test_what_a_sqlstate_means(state: str | None, kind: str, repeat: bool) -> None:
    error = Unsettled("text")
    error.sqlstate = state
    found = failure(error)
    assert (found.kind, found.repeat, found.reason) == (kind, repeat, "text")


def test_errors_without_an_answer_of_the_server() -> None:
    assert not failure(ConnectionTimeout("timeout")).repeat
    assert failure(DataError("NUL")).kind == "refused"
    assert failure(sa.exc.TimeoutError("pool")).kind == "unreachable"
    assert (
        failure(sqlite3.IntegrityError("NOT NULL constraint failed: x.y")).reason
        == "NOT NULL constraint failed: x.y"
    )
    assert failure(sqlite3.InterfaceError("bad parameter")).kind == "refused"


def test_a_database_says_where_it_is() -> None:
    assert repr(Database("sqlite:///x.db", versions.BOOKS)) == "Database('sqlite:///x.db')"


def test_a_file_error_is_pickled_whole() -> None:
    error = BooksFileError("x.csv", [Fault("a", "b", 1)], unlisted=2)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.faults, again.unlisted) == (str(error), error.faults, 2)
    assert str(BooksFileError("x.csv", [Fault("a", "b")])) == "x.csv has 1 fault:\n  a: b"
