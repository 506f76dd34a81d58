"""Rights that are missing in the journal's database: it must be repaired, and no retry helps."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

import avbc
from avbc.acctvantage import BooksUnusable, SqlGateway
from avbc.errors import TransientError
from avbc.orchestrator import JournalEntry, JournalUnusable, Orchestrator
from avbc.orchestrator.engine.journal import Journal
from avbc.testing import FakeStore, OrderFactory

ENTRY = JournalEntry(datetime(2026, 3, 1, tzinfo=UTC), "import", "imported", 1, "WEB1")
Join = Callable[..., Orchestrator]


@pytest.fixture
def role(postgresql_url: str) -> Iterator[sa.URL]:
    """The URL of a new role that may connect, and see the schema, and no more."""
    url = sa.make_url(postgresql_url)
    schema = str(url.query["application_name"])
    name, admin = f"role_{uuid4().hex[:12]}", sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'example-password'")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {name}")
    yield url.set(username=name, password="example-password")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {name}")
        connection.exec_driver_sql(f"DROP ROLE {name}")
    admin.dispose()


def _grant(postgresql_url: str, role: sa.URL, rights: str) -> None:
    schema = role.query["application_name"]
    with closing(Journal(postgresql_url)) as journal, journal._database.engine.begin() as begun:
        begun.exec_driver_sql(f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {role.username}")


def _text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.mark.one_python
def test_a_role_that_may_not_make_tables_cannot_open_a_new_journal(role: sa.URL) -> None:
    with pytest.raises(JournalUnusable, match="permission denied") as caught:
        Journal(_text(role))
    assert "example-password" not in str(caught.value)


@pytest.mark.one_python
def test_a_role_without_rights_cannot_open_a_journal_that_is_there(
    postgresql_url: str, role: sa.URL
) -> None:
    Journal(postgresql_url).close()
    with pytest.raises(JournalUnusable, match="permission denied"):
        Journal(_text(role))


@pytest.mark.one_python
def test_a_role_that_may_only_read_reads_and_cannot_write(
    postgresql_url: str, role: sa.URL
) -> None:
    with closing(Journal(postgresql_url)) as journal:
        journal.write([ENTRY])
    _grant(postgresql_url, role, "SELECT")
    with closing(Journal(_text(role))) as journal:
        assert journal.entries("WEB1") == [ENTRY]
        with pytest.raises(JournalUnusable, match="could not be written"):
            journal.write([ENTRY])
        with pytest.raises(JournalUnusable, match="could not be written"):
            journal.remember("status", [("WEB1", "9")])


@pytest.mark.one_python
def test_a_role_that_may_not_count_turns_takes_none(postgresql_url: str, role: sa.URL) -> None:
    """Neither of the journal nor of the books, and no lock stays behind."""
    with closing(Journal(postgresql_url)) as journal, journal.take_turn("import"):
        pass
    with SqlGateway(postgresql_url) as books, books.take_turn("import", timedelta(0)):
        pass
    _grant(postgresql_url, role, "SELECT")
    with (
        closing(Journal(_text(role))) as journal,
        pytest.raises(JournalUnusable, match="avbc_turns"),
    ):
        journal.take_turn("import")
    with SqlGateway(_text(role)) as books, pytest.raises(BooksUnusable, match="avbc_turns"):
        books.take_turn("import", timedelta(0))
    with closing(Journal(postgresql_url)) as journal, journal.take_turn("import") as turn:
        assert turn.check() == ""


@pytest.mark.one_python
def test_a_role_that_loses_its_rights_cannot_read(postgresql_url: str, role: sa.URL) -> None:
    Journal(postgresql_url).close()
    _grant(postgresql_url, role, "SELECT, INSERT")
    with closing(Journal(_text(role))) as journal:
        schema = role.query["application_name"]
        with closing(Journal(postgresql_url)) as own, own._database.engine.begin() as begun:
            begun.exec_driver_sql(
                f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role.username}"
            )
        with pytest.raises(JournalUnusable, match="could not be read"):
            journal.entries("WEB1")


@pytest.mark.one_python
@pytest.mark.parametrize("wrong", ["role", "database"])
def test_a_server_that_refuses_the_connection_must_be_told_of_the_role(
    role: sa.URL, wrong: str
) -> None:
    unknown = f"unknown_{uuid4().hex[:12]}"
    url = role.set(username=unknown) if wrong == "role" else role.set(database=unknown)
    with pytest.raises(JournalUnusable, match=unknown):
        Journal(_text(url))
    with SqlGateway(_text(url)) as books, pytest.raises(BooksUnusable, match=unknown):
        books.reference_data()


@pytest.mark.one_python
def test_a_run_without_rights_is_not_tried_again(
    join: Join, store: FakeStore, postgresql_url: str, role: sa.URL
) -> None:
    Journal(postgresql_url).close()
    store.add_order(OrderFactory().plain())
    with pytest.raises(avbc.JournalUnusable) as caught:
        join(journal=_text(role)).import_orders()
    assert not isinstance(caught.value, TransientError)
    assert not [each for each in store.log if each.method != "GET"]


def test_a_file_that_may_only_be_read_is_read_and_not_written(tmp_path: Path) -> None:
    with closing(Journal(f"sqlite:///{tmp_path}/journal.db")) as journal:
        journal.write([ENTRY])
    with closing(Journal(f"sqlite:///file:{tmp_path}/journal.db?mode=ro&uri=true")) as journal:
        assert journal.entries("WEB1") == [ENTRY]
        with pytest.raises(JournalUnusable, match="readonly"):
            journal.write([ENTRY])


def test_what_was_done_stays_done_where_the_rights_go_in_the_middle(
    join: Join, store: FakeStore, books: SqlGateway, tmp_path: Path
) -> None:
    """The run goes on, and its report says that its record is lost."""
    store.add_order(OrderFactory().plain())
    web = join(journal=f"sqlite:///{tmp_path}/journal.db")
    with web._integration.journal._database.engine.begin() as connection:
        for table in ("avbc_journal", "avbc_fingerprints"):
            connection.exec_driver_sql(
                f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} "
                "BEGIN SELECT * FROM nowhere; END"
            )
    report = web.import_orders()
    assert len(report.imported) == 1
    assert "nowhere" in report.unrecorded
    assert len(books.sales_orders()) == 1


# What root may do, no file or folder forbids: a process without its rights tries.
_TRIES = """
import os, sys
from datetime import UTC, datetime
from avbc.orchestrator.engine.journal import Journal, JournalUnusable
from avbc.orchestrator import JournalEntry
folder = sys.argv[1]
with Journal("sqlite://").take_turn("import"):
    pass  # everything is imported now: another user may not read these folders
if not os.getuid():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
entry = JournalEntry(datetime(2026, 3, 1, tzinfo=UTC), "import", "imported", 1, "WEB1")
for name in ("new", "old"):
    try:
        journal = Journal(f"sqlite:///{folder}/{name}.db")
        with journal.take_turn("import"):
            journal.write([entry])
    except JournalUnusable:
        print(name, "unusable")
"""


@pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
@pytest.mark.no_cover
def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    # Others may not enter the folders that pytest makes.
    folder = Path(tempfile.mkdtemp())
    try:
        Journal(f"sqlite:///{folder}/old.db").close()
        (folder / "old.db").chmod(0o444)
        folder.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _TRIES, str(folder)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.stdout.splitlines() == ["new unusable", "old unusable"], done.stderr
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)
