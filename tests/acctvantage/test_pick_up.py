"""The stand-in for AcctVantage of `examples/pick_up.py`, which may be killed anywhere."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage import Credit, CreditLine, CreditTender, SqlGateway
from avbc.acctvantage.sql import schema
from avbc.testing import example
from avbc.testing.contract import make_bundle

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "pick_up.py"
PAGE = ROOT / "docs" / "handshake.md"

pytestmark = pytest.mark.skipif(
    not EXAMPLE.exists(), reason="the package is tested without its examples"
)


def load_example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pick_up", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["pick_up"] = module
    spec.loader.exec_module(module)
    return module


pick_up: Any = load_example() if EXAMPLE.exists() else None


class Life:
    """Counts the points at which a process may die, and ends it at one of them."""

    def __init__(self, ends_at: int | None = None) -> None:
        self.ends_at = ends_at
        self.points: list[str] = []

    def point(self, name: str) -> None:
        self.points.append(name)
        if len(self.points) == self.ends_at:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalConnection:
    """A connection that may die before and after each statement and each commit."""

    def __init__(self, connection: Any, life: Life) -> None:
        self._connection, self._life = connection, life

    def execute(self, sql: str, values: object) -> Any:
        name = " ".join(sql.split())[:60]
        self._life.point(f"before {name}")
        cursor = self._connection.execute(sql, values)
        self._life.point(f"after {name}")
        return cursor

    def commit(self) -> None:
        self._life.point("before commit")
        self._connection.commit()
        self._life.point("after commit")

    def rollback(self) -> None:
        self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def both(url: str, erp_file: Path, life: Life | None = None) -> Iterator[tuple[Any, Any]]:
    with closing(pick_up.Books(url)) as books, closing(pick_up.Erp(erp_file)) as erp:
        # The machine stays up: only the process dies.
        erp.execute("PRAGMA synchronous = OFF")
        if not books.is_postgresql:
            books.execute("PRAGMA synchronous = OFF")
        if life is not None:
            for database in (books, erp):
                database.connection = MortalConnection(database.connection, life)
        yield books, erp


def cycle(url: str, erp_file: Path, life: Life | None = None) -> list[str]:
    with both(url, erp_file, life) as (books, erp):
        return [*pick_up.take(books, erp), *pick_up.send(books, erp)]


NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KNOWN = ("MUG-0", "MUG-1")
OTHER = "LAMP-9"


def an_order(number: int, part_number: str | None = None) -> Any:
    """An order of a client of its own; of a part that AcctVantage may not know."""
    bundle = make_bundle(number)
    if part_number is None:
        return bundle
    first, *others = bundle.order.lines
    lines = (evolve(first, part_number=part_number), *others)
    return evolve(bundle, order=evolve(bundle.order, lines=lines))


def load(gateway: SqlGateway, erp_file: Path) -> None:
    reference = erp_file.with_name("books.toml")
    reference.write_text(example.books_toml, encoding="utf-8")
    gateway.load(reference)


def prepare(url: str, erp_file: Path) -> None:
    """A day on which everything waits: all that either side has for the other is on its way."""
    with SqlGateway(url) as gateway:
        load(gateway, erp_file)
        for number in (1001, 1002, 1004, 1006):
            gateway.create_order(an_order(number))
        for number in (1003, 1005):
            gateway.create_order(an_order(number, OTHER if number == 1003 else "CHAIR-7"))
        with both(url, erp_file) as (_, erp):
            for part in KNOWN:
                erp.stock(part, 50)
        cycle(url, erp_file)
        # 1001 to 1006 are answered; 1003 and 1005 are refused.
        gateway.create_order(an_order(1007))
        gateway.create_order(an_order(1008, "CHAIR-8"))
        changed = an_order(1002)
        gateway.update_order(evolve(changed, order=evolve(changed.order, memo="Leave at the gate")))
        gateway.offer_again("WEB1003")
        gateway.record_capture("WEB1004-1", Decimal(20), NOW)
        gateway.record_void("WEB1006-1", NOW)
        gateway.create_credit(
            Credit(
                "WEB1004-CM1",
                "WEB1004",
                1,
                lines=(
                    CreditLine("product", Decimal(4), quantity=Decimal(1), part_number="MUG-0"),
                ),
                tax=Decimal(1),
                total=Decimal(5),
                currency="USD",
                tenders=(CreditTender("Visa/MC", Decimal(5)),),
                created_at=NOW,
            )
        )
        with both(url, erp_file) as (_, erp):
            erp.stock(OTHER, 30)
            erp.stock("MUG-0", 40)
            erp.change("UPDATE documents SET status = 'Picked' WHERE import_id = 'WEB1004'")
            erp.change("UPDATE receipts SET wanted = 'capture' WHERE import_id = 'WEB1002-1'")
            erp.ship("WEB1004", 501, [(1004000, "1")], ["1Z999AA10123456784", "1Z999AA10123456785"])


class Snapshot:
    """Both databases as they are now, to be put back as often as needed."""

    def __init__(self, url: str, erp_file: Path) -> None:
        self.url, self.erp_file = url, erp_file
        self.saved_erp = erp_file.with_suffix(".saved")
        shutil.copy(erp_file, self.saved_erp)
        self.file = None if url.startswith("postgresql") else Path(url.removeprefix("sqlite:///"))
        if self.file is not None:
            with closing(sqlite3.connect(self.file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            shutil.copy(self.file, self.file.with_suffix(".saved"))
        else:
            self.engine = sa.create_engine(url)
            with self.engine.begin() as connection:
                self.tables = [table.name for table in schema.metadata.sorted_tables]
                for name in self.tables:
                    connection.exec_driver_sql(f"CREATE TABLE saved_{name} AS TABLE {name}")

    def put_back(self) -> None:
        for file in (self.file, self.erp_file):
            if file is not None:
                for ending in ("-wal", "-shm", "-journal"):
                    Path(f"{file}{ending}").unlink(missing_ok=True)
                shutil.copy(file.with_suffix(".saved"), file)
        if self.file is None:
            with self.engine.begin() as connection:
                # No trigger stamps what is put back.
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                for name in self.tables:
                    connection.exec_driver_sql(f"DELETE FROM {name}")
                    connection.exec_driver_sql(f"INSERT INTO {name} TABLE saved_{name}")

    def close(self) -> None:
        if self.file is None:
            self.engine.dispose()


def dies(work: Callable[[], object]) -> bool:
    """Run it in a child process; whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:  # Nothing of the tests may go on in the child.
            traceback.print_exc()
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def all_of(url: str, erp_file: Path) -> dict[str, object]:
    """All that both sides have in the end, but stamps, and answers that came twice."""
    found: dict[str, object] = {}
    with both(url, erp_file) as (books, erp):
        for table in (
            "clients",
            "documents",
            "parts",
            "receipts",
            "credit_memos",
            "shipments",
        ):
            found[table] = erp.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        for name in ("orders", "receipts", "credits"):
            found[f"{name} to enter"] = books.run(name)
        answers = books.execute(
            "SELECT DISTINCT import_id, version, document_number, status, client_number, "
            "refused_code FROM acknowledgements ORDER BY 1, 2"
        )
        found["answers"] = answers
    with SqlGateway(url) as gateway:
        found["statuses"] = [(one.import_id, one.status) for one in gateway.sales_orders()]
        found["shipments in the books"] = [
            evolve(one, shipped_at=None) for one in gateway.shipments("WEB")
        ]
        found["available"] = dict(gateway.quantities_available("Main"))
        found["to capture"] = [one.import_id for one in gateway.receipts_to_capture("WEB")]
    return found


PARTS = 4
"""Into which the points of death are divided, so that several processes can work at them."""


@pytest.mark.one_python
@pytest.mark.parametrize("part", range(PARTS))
def test_it_may_be_killed_anywhere(url: str, tmp_path: Path, part: int) -> None:
    erp_file = tmp_path / "erp.db"
    prepare(url, erp_file)
    snapshot = Snapshot(url, erp_file)
    with closing(snapshot):
        life = Life()
        cycle(url, erp_file, life)
        expected = all_of(url, erp_file)
        assert len(life.points) > 200
        wrong = []
        # What one statement leaves is what the next one finds: fewer points are enough where a
        # database is slow to start from, since files have them all.
        every = 1 if snapshot.file is not None else 8
        for ends_at, point in list(enumerate(life.points, 1))[part * every :: PARTS * every]:
            snapshot.put_back()
            assert dies(lambda: cycle(url, erp_file, Life(ends_at)))  # noqa: B023
            cycle(url, erp_file)
            if all_of(url, erp_file) != expected:
                wrong.append(f"{ends_at}: {point}")
        assert wrong == []


@pytest.fixture
def erp_file(tmp_path: Path) -> Path:
    return tmp_path / "erp.db"


def stocked(url: str, erp_file: Path, *numbers: int) -> None:
    """Orders in the books, and their parts in AcctVantage."""
    with SqlGateway(url) as gateway:
        load(gateway, erp_file)
        for number in numbers:
            gateway.create_order(make_bundle(number))
    with both(url, erp_file) as (_, erp):
        for part in KNOWN:
            erp.stock(part, 50)


def test_the_page_has_the_statements_of_the_example() -> None:
    blocks = re.findall(
        r"^```sql\n-- ([a-z ]+)\n(.*?);\n```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert dict(blocks) == {
        name: textwrap.dedent(sql).strip() for name, sql in pick_up.STATEMENTS.items()
    }


def test_an_answer_to_an_old_version_changes_nothing(url: str, erp_file: Path) -> None:
    """The order is edited after it was read, at each statement until it is answered."""
    stocked(url, erp_file, 1001)
    bundle = make_bundle(1001)
    edited = evolve(bundle, order=evolve(bundle.order, memo="Leave at the gate"))

    class EditedOnTheWay(MortalConnection):
        def commit(self) -> None:
            super().commit()
            if self._life.points[-1] == "after commit" and not done:
                done.append(1)
                with SqlGateway(url) as gateway:
                    gateway.update_order(edited)

    done: list[int] = []
    with both(url, erp_file) as (books, erp):
        books.connection = EditedOnTheWay(books.connection, Life())
        first, *_ = pick_up.take(books, erp)
        assert first.startswith("WEB1001, version 1: entered")
        assert [order["version"] for order in books.run("orders")] == [2]
        assert [order["memo"] for order in books.run("orders")] == ["Leave at the gate"]
        assert pick_up.take(books, erp)[0].startswith("WEB1001, version 2: entered")
        assert books.run("orders") == []
        (document,) = erp.execute("SELECT * FROM documents")
        assert "Leave at the gate" in document["content"]


def test_an_edit_replaces_the_receipts(url: str, erp_file: Path) -> None:
    """A receipt that was answered, and is another one now, is offered again."""
    stocked(url, erp_file, 1001)
    cycle(url, erp_file)
    bundle = make_bundle(1001)
    card, gift = bundle.receipts
    more = evolve(gift, amount=Decimal(4))
    with SqlGateway(url) as gateway:
        gateway.update_order(evolve(bundle, receipts=(card, more)))
    cycle(url, erp_file)
    with both(url, erp_file) as (_, erp):
        receipts = erp.execute("SELECT import_id, amount FROM receipts ORDER BY import_id")
    assert [Decimal(one["amount"]) for one in receipts] == [0, 4]


def test_an_edit_that_drops_a_receipt(url: str, erp_file: Path) -> None:
    """AcctVantage hears of a receipt that it entered and that is gone."""
    stocked(url, erp_file, 1001)
    cycle(url, erp_file)
    bundle = make_bundle(1001)
    with SqlGateway(url) as gateway:
        gateway.update_order(evolve(bundle, receipts=bundle.receipts[:1]))
    cycle(url, erp_file)
    with both(url, erp_file) as (_, erp):
        receipts = erp.execute("SELECT import_id, state FROM receipts ORDER BY import_id")
    assert [one["state"] for one in receipts] == ["pre_authorized", "voided"]


def test_an_order_that_is_deleted_on_the_way(url: str, erp_file: Path) -> None:
    stocked(url, erp_file, 1001, 1002)

    class DeletedOnTheWay(MortalConnection):
        def execute(self, sql: str, values: object) -> Any:
            if "INTO acknowledgements" in sql and not done:
                done.append(1)
                with SqlGateway(url) as gateway:
                    gateway.delete_order("WEB1001")
            return super().execute(sql, values)

    done: list[int] = []
    with both(url, erp_file) as (books, erp):
        books.connection = DeletedOnTheWay(books.connection, Life())
        first, second, *_ = pick_up.take(books, erp)
    assert first.startswith("WEB1001, version 1: the answer was not taken: ")
    assert "the books have no order, receipt or credit" in first
    assert second.startswith("WEB1002, version 1: entered")


def test_two_orders_of_a_guest_are_of_one_client(url: str, erp_file: Path) -> None:
    stocked(url, erp_file, 1001)
    with SqlGateway(url) as gateway:
        (order,) = gateway.sales_orders(["WEB1001"])
        again = evolve(make_bundle(1002), client_id=order.client_id, new_client=None)
        gateway.create_order(again)
    cycle(url, erp_file)
    with both(url, erp_file) as (_, erp):
        assert len(erp.execute("SELECT * FROM clients")) == 1
        assert len(erp.execute("SELECT DISTINCT client FROM documents")) == 1


@pytest.mark.one_python
def test_the_example_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLE],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert "Part Number LAMP-01 is not in AcctVantage." in done.stdout
    assert done.stdout.rstrip().endswith("Nothing is left to take or to send: []")
