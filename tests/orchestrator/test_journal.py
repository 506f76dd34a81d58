from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.errors import FinalError
from avbc.orchestrator import (
    JournalEntry,
    JournalTooNew,
    JournalUnreachable,
    JournalUnusable,
    NoSuchOrder,
    Orchestrator,
)
from avbc.orchestrator.engine.journal import JOURNAL, Journal, merged
from avbc.orchestrator.engine.open_webhooks import OpenWebhook, OpenWebhooks
from avbc.testing import FakeStore, OrderFactory, order_of_shape
from avbc.testing.example import plain_orders

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
Join = Callable[..., Orchestrator]


@pytest.fixture(params=["memory", "file", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    urls = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path}/journal.db"}
    opened = Journal(urls.get(request.param) or request.getfixturevalue("postgresql_url"))
    yield opened
    opened.close()


@pytest.fixture(params=["file", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a journal that processes can share."""
    if request.param == "file":
        return f"sqlite:///{tmp_path}/journal.db"
    return str(request.getfixturevalue("postgresql_url"))


def test_entries_come_back_in_the_sequence_they_were_written(journal: Journal) -> None:
    east = AT.astimezone(timezone(timedelta(hours=9)))
    entries = [
        JournalEntry(east, "import", "refused", 7, "WEB7", "unknown SKU", "r1"),
        JournalEntry(AT, "import", "imported", 7, "WEB7", "", "r2"),
    ]
    journal.write(entries)
    journal.write([])
    journal.write([JournalEntry(AT, "import", "imported", 8, "WEB8")])
    assert journal.entries("WEB7") == entries
    assert all(entry.at.tzinfo is UTC for entry in journal.entries("WEB7"))
    journal.close()


def test_the_journal_lives_on_in_its_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    for number in (1, 2):
        journal = Journal(url)
        journal.write([JournalEntry(AT, "import", "imported", number, "WEB1")])
        journal.close()
    again = Journal(url)
    assert [entry.order_id for entry in again.entries("WEB1")] == [1, 2]
    again.close()


def test_a_later_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    Journal(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sa.text("update avbc_journal_version set version = :next"),
            {"next": JOURNAL.version + 1},
        )
    engine.dispose()
    with pytest.raises(JournalTooNew, match="update avbc"):
        Journal(url)


def test_errors_hide_the_password(tmp_path: Path) -> None:
    with pytest.raises(JournalUnreachable) as caught:
        Journal("postgresql://avbc:example-password@127.0.0.1:1/books?connect_timeout=1")
    assert "example-password" not in f"{caught.value}{caught.value.__cause__}"
    with pytest.raises(FinalError) as unusable:
        Journal("no url with a example-password")
    assert "example-password" not in f"{unusable.value}{unusable.value.__context__!r}"


def test_a_lost_table_is_a_clear_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    journal = Journal(url)
    with journal._database.engine.begin() as connection:
        connection.execute(sa.text("drop table avbc_journal"))
    with pytest.raises(JournalUnusable, match="could not be written"):
        journal.write([JournalEntry(AT, "import", "imported", 1, "WEB1")])
    with pytest.raises(JournalUnusable, match="could not be read"):
        journal.entries("WEB1")
    journal.close()
    assert "journal.db" in repr(journal)


def test_many_that_open_a_new_journal_at_once_make_it_once(url: str) -> None:
    start = threading.Barrier(6, timeout=30)

    def open_journal(number: int) -> None:
        start.wait()
        journal = Journal(url)
        journal.write([JournalEntry(AT, "import", "imported", number, "WEB1")])
        journal.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(open_journal, range(6)))
    journal = Journal(url)
    assert {entry.order_id for entry in journal.entries("WEB1")} == set(range(6))
    journal.close()


def test_history_tells_everything(join: Join, store: FakeStore, books: SqlGateway) -> None:
    order_id = store.add_order(order_of_shape("unknown_sku")).id
    web = join()
    web.import_orders()
    store.add_order(OrderFactory(first_id=order_id).plain())
    web.import_orders()
    books.set_order_status(f"WEB{order_id}", "Picked")
    history = web.history(order_id)
    assert [(entry.action, entry.outcome) for entry in history.entries] == [
        ("import", "refused"),
        ("import", "imported"),
    ]
    assert "sku_unknown" in history.entries[0].detail
    assert history.entries[0].run != history.entries[1].run
    assert history.store_status == "Awaiting Shipment"
    assert history.sales_order is not None
    assert history.sales_order.status == "Picked"
    assert sum(receipt.amount for receipt in history.receipts) == history.sales_order.total
    assert "Picked in the books" in str(history)
    assert history.to_dicts()[0]["outcome"] == "refused"
    # The journal is kept beside the books by default, so that another orchestrator on them knows it
    # too.
    assert join().history(order_id).entries == history.entries


def test_history_of_an_order_that_nobody_knows(join: Join, store: FakeStore) -> None:
    web = join()
    for ask in (web.history, web.explain):
        with pytest.raises(NoSuchOrder, match="the store has no"):
            ask(4711)
    order_id = store.add_order(next(plain_orders(1))).id
    known = web.history(order_id)
    assert (known.entries, known.sales_order) == ((), None)
    assert f"no WEB{order_id} in the books" in str(known)
    store.fail("GET /v2/orders/*", "503")
    assert "not known" in str(web.history(4711))


def test_a_journal_of_its_own(
    join: Join, store: FakeStore, books: SqlGateway, tmp_path: Path
) -> None:
    order_id = store.add_order(OrderFactory().plain()).id
    url = f"sqlite:///{tmp_path}/journal.db"
    join(journal=url).import_orders()
    assert join().history(order_id).entries == ()
    assert len(join(journal=url).history(order_id).entries) == 1


def test_books_that_lend_their_database_keep_the_journal_and_no_others_do(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    class Own:
        """Books whose `engine` is their own business."""

        engine = books.engine

        def __getattr__(self, name: str) -> object:
            if name == "journal_engine":
                raise AttributeError(name)
            return getattr(books, name)

    class Lending(Own):
        @property
        def journal_engine(self) -> sa.Engine:
            return books.engine

    order_id = store.add_order(OrderFactory().plain()).id
    join(books=Own()).import_orders()
    assert join().history(order_id).entries == ()
    second = store.add_order(OrderFactory(first_id=order_id + 1).plain()).id
    join(books=Lending()).import_orders()
    assert [entry.outcome for entry in join().history(second).entries] == ["imported"]


def test_a_journal_in_a_file_of_its_own_has_the_settings_of_the_books(tmp_path: Path) -> None:
    journal = Journal(f"sqlite:///{tmp_path}/journal.db")
    with journal._database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 1_000
    journal.close()


def test_outcomes_are_logged_with_their_ids_and_no_secret(
    join: Join, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = store.add_order(OrderFactory().plain()).id
    with caplog.at_level(logging.DEBUG, "avbc"):
        join().import_orders()
    records = [record for record in caplog.records if record.name == "avbc.orchestrator"]
    assert [
        (record.__dict__["order_id"], record.__dict__["import_id"]) for record in records[:1]
    ] == [(order_id, f"WEB{order_id}")]
    assert records[0].getMessage() == f"Example store (WEB): order {order_id}: imported"
    assert not any("example-token" in str(record.__dict__) for record in caplog.records)


def test_watermarks(journal: Journal) -> None:
    assert journal.watermark("push WEB") is None
    journal.set_watermark("push WEB", AT.astimezone(timezone(timedelta(hours=9))))
    journal.set_watermark("pull WEB", AT + timedelta(days=1))
    assert journal.watermark("push WEB") == AT
    journal.set_watermark("push WEB", AT + timedelta(seconds=1))
    assert journal.watermark("push WEB") == AT + timedelta(seconds=1)


def test_fingerprints(journal: Journal) -> None:
    journal.remember("status", [("WEB1", "9"), ("WEB2", "9"), ("WEB1", "2")])
    journal.remember("quantity", [("WEB1", "100")])
    journal.remember("status", [("WEB2", "11"), ("WEB3", "9")])
    journal.remember("status", [])
    assert journal.fingerprints("status", ["WEB1", "WEB2", "WEB9"]) == {"WEB1": "2", "WEB2": "11"}
    assert journal.fingerprints("status", []) == {}
    assert list(journal.all_fingerprints("status")) == [
        ("WEB1", "2"),
        ("WEB2", "11"),
        ("WEB3", "9"),
    ]
    journal.forget_fingerprints("status", ["WEB1", "WEB9"])
    assert dict(journal.all_fingerprints("status")) == {"WEB2": "11", "WEB3": "9"}
    journal.forget_fingerprints("status")
    assert list(journal.all_fingerprints("status")) == []
    assert journal.fingerprints("quantity", ["WEB1"]) == {"WEB1": "100"}


def test_many_fingerprints_are_sorted_as_python_sorts_and_may_be_written_while_they_are_read(
    journal: Journal,
) -> None:
    keys = [
        f"{start}{number}"
        for start in ("sku-", "Z", "a_", "ä", "日本-", "🙂", "")
        for number in range(4000)
    ]
    journal.remember("quantity", ((key, "0") for key in keys))
    found: list[tuple[str, str]] = []
    for key, text in journal.all_fingerprints("quantity"):
        found.append((key, text))
        if len(found) % 5000 == 0:
            journal.remember("quantity", [(key, "1")])
    assert [key for key, _ in found] == sorted(keys)
    assert len(journal.fingerprints("quantity", keys)) == len(keys)
    assert sum(text == "1" for _, text in journal.all_fingerprints("quantity")) == 5


def test_side_by_side_walks_need_sorted_keys() -> None:
    rows = [("a", "1"), ("b", "2")]
    assert list(merged(rows, [])) == [("a", "1", None), ("b", "2", None)]
    assert list(merged([], rows)) == [("a", None, "1"), ("b", None, "2")]
    assert list(merged([("b", "3"), ("c", "4")], rows)) == [
        ("a", None, "1"),
        ("b", "3", "2"),
        ("c", "4", None),
    ]
    with pytest.raises(ValueError, match=r"'a' comes after 'b'"):
        list(merged([("b", "1"), ("a", "2")], []))
    with pytest.raises(ValueError, match="each there once"):
        list(merged([], [("a", "1"), ("a", "2")]))


def test_a_journal_of_the_first_version_is_brought_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/journal.db"
    journal = Journal(url)
    journal.write([JournalEntry(AT, "import", "imported", 1, "WEB1")])
    with journal._database.engine.begin() as connection:
        for table in ("avbc_watermarks", "avbc_fingerprints", "avbc_webhooks"):
            connection.exec_driver_sql(f"drop table {table}")
        connection.exec_driver_sql("drop index ix_avbc_journal_at")
        connection.exec_driver_sql("update avbc_journal_version set version = 1")
    journal.close()
    again = Journal(url)
    again.remember("status", [("WEB1", "9")])
    assert OpenWebhooks(again, "WEB@a").accept(OpenWebhook(("key",), "import", 1, "", AT))
    assert len(again.entries("WEB1")) == 1
    with again._database.engine.begin() as connection:
        assert connection.exec_driver_sql(
            "select version from avbc_journal_version"
        ).scalars().all() == [JOURNAL.version]
        indexes = sa.inspect(connection).get_indexes("avbc_journal")
        assert "ix_avbc_journal_at" in {index["name"] for index in indexes}
    again.close()
