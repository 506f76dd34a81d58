"""A process that is struck at one point of its cycle: by SIGKILL, or by a fault of its database.

Run as a program it is a server of forks: it loads everything once, and forks a child for each task
that it is sent. A child opens its own connections to the books and to the store.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Self

import attrs
import httpx
import psycopg
import sqlalchemy as sa
from psycopg.pq import TransactionStatus

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.errors import AvbcError
from avbc.orchestrator import SCHEDULE, Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, example

KILLS = ("SIGKILL at a request", "SIGKILL at a commit", "SIGKILL at a statement")
"""Before and after each request and each commit that writes, and at each statement of a writer."""
SQLITE = (*KILLS, "locked", "locked for a moment", "full disk")
POSTGRESQL = (*KILLS, "connection lost", "lost in a commit", "server away", "deadlock")
LONGEST_LIFE = 60
"""Seconds after which a child counts as hanging."""
_WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "REPLACE")
_DONE = ("imported", "relinked", "updated", "postponed", "sent", "stopped")
# It warns of each connection that is lost in the middle of its work, which is what happens here.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Strike:
    """Counts the points at which a kind of strike can come, and comes at one of them.

    Args:
        kind: One of `SQLITE` or `POSTGRESQL`; nothing for an undisturbed life.
        at: The number of the point.
    """

    def __init__(self, kind: str, at: int) -> None:
        self.kind = kind
        self.points = 0
        self.hits = 0
        self._at = at
        # The threads of a `map` come to points at once.
        self._numbers = count(1)

    def comes(self, kind: str) -> bool:
        """Whether this point is the one."""
        if kind != self.kind:
            return False
        self.points = next(self._numbers)
        self.hits += self.points == self._at
        return self.points == self._at

    def kill(self, kind: str) -> None:
        """A point of a kind of death. Nothing is run after it: no finally, no rollback."""
        if self.comes(kind):
            os.kill(os.getpid(), signal.SIGKILL)


class MortalTransport(httpx.BaseTransport):
    """Sends over the network, and may die before a request or before its answer is read."""

    def __init__(self, strike: Strike) -> None:
        self._strike = strike
        self._inner = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._strike.kill(KILLS[0])
        response = self._inner.handle_request(request)
        self._strike.kill(KILLS[0])
        return response

    def close(self) -> None:
        self._inner.close()


def on_sqlite(strike: Strike) -> Callable[..., sqlite3.Connection]:
    """How a SQLite connection is made that may be struck."""

    def begins(cursor: sqlite3.Cursor, path: str) -> None:
        """A transaction that writes is about to begin."""
        if strike.comes("full disk"):
            (pages,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        elif strike.comes("locked") or strike.comes("locked for a moment"):
            other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            other.execute("BEGIN IMMEDIATE")
            if strike.kind == "locked":
                # Until the process ends.
                locks.append(other)
            else:
                threading.Timer(0.02, other.close).start()

    locks: list[sqlite3.Connection] = []

    class Cursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if sql == "BEGIN IMMEDIATE":
                begins(super(), self.connection.path)
            self._point(sql)
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
            self._point(sql)
            return super().executemany(sql, parameters)

        def _point(self, sql: str) -> None:
            if self.connection.in_transaction and sql.lstrip().upper().startswith(_WRITES):
                strike.kill(KILLS[2])

    class Connection(sqlite3.Connection):
        path = ""
        changes = 0

        def cursor(self, _factory: Any = None) -> sqlite3.Cursor:
            return super().cursor(Cursor)

        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            return self.cursor().execute(*arguments)

        def commit(self) -> None:
            writes = self.changes != self.total_changes
            if writes:
                strike.kill(KILLS[1])
            super().commit()
            self.changes = self.total_changes
            if writes:
                strike.kill(KILLS[1])

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, **options, factory=Connection)
        connection.path = arguments[0]
        return connection

    return connect


def on_postgresql(strike: Strike) -> Callable[..., psycopg.Connection[Any]]:
    """How a PostgreSQL connection is made that may be struck."""

    def statement(connection: Connection, sql: str) -> None:
        is_open = connection.pgconn.transaction_status == TransactionStatus.INTRANS
        if sql.lstrip().upper().startswith(_WRITES):
            connection.writes = True
            strike.kill(KILLS[2])
        # A lock that is taken before a transaction is open would not be kept.
        if is_open and strike.comes("deadlock"):
            deadlock(connection)
        elif strike.comes("connection lost") or strike.comes("server away"):
            connection.end_session()

    class Cursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            statement(self.connection, str(query))
            return super().execute(query, *arguments, **options)

        def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
            statement(self.connection, str(query))
            super().executemany(query, *arguments, **options)

    class Connection(psycopg.Connection[Any]):
        writes = False

        def end_session(self) -> None:
            """End it from the server's side, as a restart does."""
            with psycopg.connect(self.info.dsn, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [self.info.backend_pid])

        def commit(self) -> None:
            if not self.writes:
                super().commit()
                return
            strike.kill(KILLS[1])
            super().commit()
            self.writes = False
            strike.kill(KILLS[1])
            if strike.comes("lost in a commit"):
                # It is committed, and nobody is told.
                self.end_session()
                self.close()
                raise psycopg.OperationalError("server closed the connection unexpectedly")

    def connect(*arguments: Any, **options: Any) -> psycopg.Connection[Any]:
        if strike.kind == "server away" and strike.hits:
            raise psycopg.OperationalError("connection refused")
        return Connection.connect(*arguments, **options, cursor_factory=Cursor)

    return connect


def deadlock(connection: psycopg.Connection[Any]) -> None:
    """Wait for another session that waits for us.

    The server gives up the one whose patience ends first: this one.
    """
    lock, dsn = b"SELECT pg_advisory_xact_lock(%d)", connection.info.dsn
    waits = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
    with psycopg.connect(dsn) as other, psycopg.connect(dsn, autocommit=True) as looking:
        other.execute("SET deadlock_timeout = '10s'")
        other.execute(lock % 2)
        connection.pgconn.exec_(b"SET LOCAL deadlock_timeout = '1ms'; " + lock % 1)
        waiter = threading.Thread(target=lambda: other.execute(lock % 1))
        waiter.start()
        while looking.execute(waits, [other.info.backend_pid]).fetchone() != (True,):
            time.sleep(0.002)
        result = connection.pgconn.exec_(lock % 2)
        try:
            assert b"deadlock" in result.error_message
            connection.rollback()
            raise psycopg.errors.DeadlockDetected(result.error_message.decode())
        finally:
            waiter.join()
            other.rollback()


def live(task: Mapping[str, Any]) -> dict[str, Any]:
    """One life: every job of a cycle.

    Args:
        task: The `settings`, the URL of the `books`, the file for what is reported of the worklist
            (`reports`), and the `kind` of strike with the point that it comes `at`.

    Returns:
        What it did, and how many points there were.
    """
    strike = Strike(task["kind"], task["at"])
    settings = Settings.from_dict(task["settings"])
    told: dict[str, Any] = {"did": [], "wrong": []}

    def on_attention(items: Any) -> None:
        with Path(task["reports"]).open("a", encoding="utf-8") as file:
            file.writelines(f"{[each.key, each.area, each.code, each.message]}\n" for each in items)

    with SqlGateway(task["books"]) as books:
        connect = {"sqlite": on_sqlite, "postgresql": on_postgresql}[books.engine.dialect.name]
        made = connect(strike)
        sa.event.listen(books.engine, "do_connect", lambda _, __, of, more: made(*of, **more))
        with (
            BigCommerce(
                settings.store.api_url,
                "example-token",
                client_secret=settings.store.client_secret,
                transport=MortalTransport(strike),
                retries=Retries(attempts=2),
            ) as client,
            Orchestrator(settings, books, store=client, on_attention=on_attention) as web,
        ):
            for job in SCHEDULE:
                if job.when(settings):
                    _do(job.method, web, told)
    return {**told, "points": strike.points, "hits": strike.hits}


def _do(method: str, web: Orchestrator, told: dict[str, Any]) -> None:
    try:
        report = getattr(web, method)()
    except AvbcError as error:
        told["did"].append(f"{method}: {error}")
    except Exception as error:  # noqa: BLE001  # what the bench looks for
        told["wrong"].append(f"{method} raised {type(error).__name__}: {error}")
    else:
        if any(getattr(report, name, ()) for name in _DONE):
            told["did"].append(f"{method}: {report.summary()}")
        if "unexpected_error" in str(report):
            told["wrong"].append(f"{method} met an unexpected error: {report}")


def warm_up() -> None:
    """Load what a life needs, so that a child does not have to."""
    store, told = FakeStore(), {"did": [], "wrong": []}
    client = BigCommerce(store.api_url, "example-token", transport=store.transport())
    settings = Settings.from_dict(example.settings_dict(store.api_url))
    with SqlGateway() as books, client, Orchestrator(settings, books, store=client) as web:
        for job in SCHEDULE:
            _do(job.method, web, told)
    httpx.HTTPTransport(verify=False).close()


def serve() -> None:
    """Fork for each task of a line of standard input, and tell how the children ended."""
    warm_up()
    gc.freeze()
    for line in sys.stdin:
        children = [_fork(task) for task in json.loads(line)]
        sys.stdout.write(json.dumps([_end(*child) for child in children]) + "\n")
        sys.stdout.flush()


def _fork(task: Mapping[str, Any]) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    signal.alarm(LONGEST_LIFE)
    try:
        told = live(task)
    except AvbcError as error:
        told = {"did": [str(error)], "wrong": [], "points": 1, "hits": 1}
    except BaseException:  # noqa: BLE001  # whatever it is, the bench is to know
        told = {"did": [], "wrong": [traceback.format_exc()], "points": 0, "hits": 0}
    with os.fdopen(writing, "w") as pipe:
        json.dump(told, pipe)
    os._exit(0)


def _end(pid: int, reading: int) -> dict[str, Any]:
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    status = os.waitpid(pid, 0)[1]
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return {"signal": number, **(json.loads(text) if text and not number else {})}


@attrs.frozen
class Ended:
    """How a child ended."""

    signal: int
    did: list[str] = attrs.field(factory=list)
    """What it did, and what failed."""
    wrong: list[str] = attrs.field(factory=list)
    points: int = 0
    hits: int = 0


class Forks:
    """The server of forks, as a context."""

    def __init__(self) -> None:
        own = Path(__file__).parents[1]
        paths = [str(Path(avbc.__file__).parents[1]), str(own), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, "-m", "bench.mortal"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=LONGEST_LIFE)

    def run(self, *tasks: Mapping[str, Any]) -> list[Ended]:
        """Let children live their tasks (`live`) at the same time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(tasks) + "\n")
        self._process.stdin.flush()
        return [Ended(**told) for told in json.loads(self._process.stdout.readline())]


if __name__ == "__main__":
    serve()
