"""What tests of several floors share: servers, the example's books, how much is generated."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import settings

from avbc.acctvantage import SqlGateway
from avbc.testing import example

# How many examples Hypothesis generates. "few" is for Pythons that only have to show no difference.
# How long one takes says nothing on a machine that does other work, too.
settings.register_profile("all", deadline=None)
settings.register_profile("few", max_examples=10, deadline=None)
settings.load_profile(os.environ.get("AVBC_TEST_PROFILE", "all"))

# Of a command in the background, a shell has Ctrl-C ignored, and so would the programs it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

SERVER = "AVBC_TEST_POSTGRESQL"
BROKER = "AVBC_TEST_REDIS"


class Compiled(dict[Any, Any]):
    """Statements as SQLAlchemy compiled them, which engines of one kind share.

    It keeps them for each engine alone, and nearly every test opens new books: a quarter of the
    time of their tests went into compiling the same statements again.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._shared(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(self._shared(key), value)

    @staticmethod
    def _shared(key: Any) -> Any:
        dialect, *others = key
        return (type(dialect), *others)


COMPILED = Compiled()


@sa.event.listens_for(sa.Engine, "engine_connect")
def share_compiled_statements(connection: sa.Connection) -> None:
    connection.execution_options(compiled_cache=COMPILED)


@pytest.fixture(autouse=True)
def wide_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """No table wraps, whatever terminal the tests run in: tests of the layout set another width."""
    monkeypatch.setenv("COLUMNS", "2000")


# The tests that show the driver itself to work run on every Python.
ON_EVERY_PYTHON = "tests/acctvantage/test_database.py"
LONGEST = tuple(
    f"tests/{name}.py"
    for name in (
        "test_celery_workers",
        "test_many_stores",
        "acctvantage/test_many_journaled",
        "acctvantage/test_pick_up",
    )
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the PostgreSQL variants on one Python: their SQLite variants run on each.

    The server sees no difference between Pythons. Only the driver could differ, and the tests of
    the books' database use it on each. What takes the longest runs first: no process is left alone
    with it in the end.
    """
    for item in items:
        variant = getattr(item, "callspec", None)
        if (
            variant is not None
            and "postgresql" in variant.id.split("-")
            and not item.nodeid.startswith(ON_EVERY_PYTHON)
        ):
            item.add_marker(pytest.mark.one_python)
    items.sort(key=_place)


def _place(item: pytest.Item) -> tuple[bool, bool]:
    is_for_all = item.get_closest_marker("one_python") is None
    return is_for_all, not item.nodeid.startswith(LONGEST)


def is_due() -> bool:
    """Whether a server must be there: in CI, where `.ci/run` starts one as root on Debian.

    Elsewhere its tests may be skipped.
    """
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return (
        os.environ.get("CI", "").lower() in {"1", "true"}
        and is_root
        and Path("/etc/debian_version").exists()
    )


def _server(variable: str, kind: str) -> str:
    url = os.environ.get(variable, "")
    if not url:
        reason = f"{variable} is not set to the URL of a {kind} server"
        if is_due():
            pytest.fail(f"{reason}: run .ci/run, which starts one")
        pytest.skip(reason)
    return url


@pytest.fixture
def redis_url() -> str:
    """A URL of a Redis that tests share: each gives its keys names of their own."""
    return _server(BROKER, "Redis")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A URL whose tables lie in a schema of their own, which is also the application's name."""
    url = sa.make_url(_server(SERVER, "PostgreSQL")).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    schema = f"test_{uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield url.set(
        query={**url.query, "options": f"-csearch_path={schema}", "application_name": schema}
    ).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    admin.dispose()


@pytest.fixture(scope="session")
def books_toml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "books.toml"
    path.write_text(example.books_toml, encoding="utf-8")
    return path


class DatabaseClock:
    """The clock by which books stamp: on SQLite that of one writer, else the server's."""

    def __init__(self, books: SqlGateway) -> None:
        self._engine = books.engine
        self._ahead = timedelta()
        self._stands_at: datetime | None = None
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", self._replace)
        else:
            self.set(timedelta())

    def set(self, ahead: timedelta) -> None:
        """Set it ahead of the real time, or behind."""
        self._ahead = ahead
        if self._engine.dialect.name == "postgresql":
            with self._engine.begin() as connection:
                connection.exec_driver_sql(
                    "CREATE OR REPLACE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql "
                    "AS 'SELECT pg_catalog.clock_timestamp() + "
                    f"make_interval(secs => {ahead.total_seconds()})'"
                )

    def stop(self) -> None:
        """Have it stand still, on SQLite."""
        self._stands_at = datetime.now(UTC)

    def _replace(self, connection: sqlite3.Connection, _: object) -> None:
        connection.create_function("strftime", -1, self._strftime)

    def _strftime(self, _: str, moment: str) -> str:
        assert moment == "now"
        now = (self._stands_at or datetime.now(UTC)) + self._ahead
        return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}000+00:00"


@pytest.fixture
def open_with_clock() -> Iterator[Callable[[str], tuple[SqlGateway, DatabaseClock]]]:
    """Open books at a URL, with a clock that the test sets: each writer opens them for itself."""
    with ExitStack() as stack:

        def opened(url: str) -> tuple[SqlGateway, DatabaseClock]:
            made = sa.make_url(url)
            if made.get_backend_name() == "postgresql":
                # The server's own functions are looked for last.
                options = f"{made.query['options']},pg_catalog"
                made = made.update_query_dict({"options": options})
            books = stack.enter_context(SqlGateway(made.render_as_string(hide_password=False)))
            return books, DatabaseClock(books)

        yield opened
