"""The daily journal: days are closed once, and each of them becomes a file."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from avbc.acctvantage import (
    AccountTotals,
    BooksUnusable,
    JournalAccounts,
    JournalAccountsMissing,
    JournalDay,
    JournalGateway,
    SqlGateway,
)
from avbc.bigcommerce import ScopeMissing
from avbc.orchestrator import MethodsMissing, Orchestrator
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.parts import methods_of
from avbc.orchestrator.jobs import journal_files
from avbc.orchestrator.jobs.journal_files import JournalReport
from avbc.settings import JournalClearing, JournalTax, Settings
from avbc.testing import FakeStore, OrderFactory, Payment, item

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

CHICAGO = ZoneInfo("America/Chicago")
JOURNAL = {
    "receivable": "1100",
    "pending": "1150",
    "rounding": "6900",
    "sales": "4000",
    "freight": "4100",
    "returns": "4900",
    "tax": (JournalTax(tax_area="BigCommerce", gl_code="2200"),),
    "clearing": (JournalClearing(receipt_type="Visa/MC", gl_code="1050"),),
}


class JournalBooks:
    """Books that journal whole orders, without a database for it."""

    def __init__(self, books: SqlGateway) -> None:
        self._books = books
        self.through = date.min
        self.days: list[JournalDay] = []
        self.asked_since: list[date | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    @property
    def journal_engine(self) -> sa.Engine:
        return self._books.journal_engine

    def close_journal(
        self,
        source_code: str,
        through: date,
        day_of: Callable[[datetime], date],
        accounts: JournalAccounts,
    ) -> list[JournalDay]:
        found: dict[date, Decimal] = {}
        for order in self._books.sales_orders():
            accounts.order(order)
            assert order.ordered_at is not None
            day = day_of(order.ordered_at)
            found[day] = found.get(day, Decimal(0)) + order.total
        closed = [
            JournalDay(
                source_code,
                day,
                (
                    AccountTotals(accounts.receivable, total, Decimal(0)),
                    AccountTotals(accounts.sales, Decimal(0), total),
                ),
                orders=1,
                memo="Web sales",
            )
            for day, total in sorted(found.items())
            if self.through < day <= through
        ]
        self.through = max(self.through, through)
        self.days += closed
        return closed

    def journal_days(self, source_code: str, since: date | None = None) -> list[JournalDay]:
        self.asked_since.append(since)
        return [each for each in self.days if since is None or each.day >= since]


@pytest.fixture
def journal_books(books: SqlGateway) -> JournalBooks:
    return JournalBooks(books)


@pytest.fixture
def web(join: Join, change: Change, journal_books: JournalBooks) -> Orchestrator:
    return join(books=journal_books, settings=change(journal=JOURNAL))


@pytest.fixture
def sell(store: FakeStore, factory: OrderFactory) -> Callable[[datetime], object]:
    def sold(at: datetime) -> object:
        return store.add_order(factory.order([item("MUG-RED")], created=at))

    return sold


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def hand_over_by_journal(books_toml: Path) -> Callable[[Path], Path]:
    def written(folder: Path) -> Path:
        file = folder / "books.toml"
        file.write_text('hand_over = "journal"\n' + books_toml.read_text(encoding="utf-8"))
        return file

    return written


def test_each_day_with_orders_is_a_file(
    web: Orchestrator, sell: Callable[[datetime], object], tmp_path: Path
) -> None:
    sell(datetime(2026, 3, 2, 3, 30, tzinfo=UTC))  # still the first of March in the store
    sell(datetime(2026, 3, 3, 18, 0, tzinfo=UTC))
    web.import_orders()
    report = web.write_journal(tmp_path, through=date(2026, 3, 4))
    assert names(tmp_path) == ["journal-WEB-2026-03-01.txt", "journal-WEB-2026-03-03.txt"]
    assert [file.path.name for file in report.files] == names(tmp_path)
    for file in report.files:
        assert file.path.read_bytes() == file.day.text.encode()
    assert [day.day.day for day in report.days] == [1, 3]
    first = report.days[0]
    text = str(report)
    total = sum(day.total for day in report.days)
    assert text.startswith(
        "WEB: 2 days with entries closed through 2026-03-04, 2 files written; "
        f"debits and credits of {total:,.2f}."
    )
    assert f"2026-03-01       1         0        0  {first.total:.2f}" in text
    assert report.to_dicts()[0]["closed"] == "now"


def test_a_day_is_written_once_and_again_only_where_that_is_asked(
    web: Orchestrator,
    sell: Callable[[datetime], object],
    journal_books: JournalBooks,
    tmp_path: Path,
) -> None:
    for day in (1, 3, 5):
        sell(datetime(2026, 3, day, 18, tzinfo=UTC))
    web.import_orders()
    web.write_journal(tmp_path, through=date(2026, 3, 3))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for path in tmp_path.iterdir():
        path.unlink()  # the person has imported them
    report = web.write_journal(tmp_path, through=date(2026, 3, 5))
    assert names(tmp_path) == ["journal-WEB-2026-03-05.txt"]
    assert len(report.files) == 1
    assert journal_books.asked_since == [None, date(2026, 3, 4)]
    nothing = web.write_journal(tmp_path, through=date(2026, 3, 6))
    assert str(nothing) == "WEB: no journal to write through 2026-03-06."

    again = web.write_journal(tmp_path, date(2026, 3, 6), rewrite_since=date(2026, 3, 2))
    assert [(file.day.day.day, file.is_new) for file in again.files] == [(3, False), (5, False)]
    assert again.days == []
    assert {row["closed"] for row in again.to_dicts()} == {"before"}
    name = "journal-WEB-2026-03-03.txt"
    assert (tmp_path / name).read_bytes() == before[name]
    # It is written no more than before.
    assert web.write_journal(tmp_path, date(2026, 3, 6)).files == ()


def test_files_that_could_not_be_written_are_written_by_the_next_call(
    web: Orchestrator,
    sell: Callable[[datetime], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for day in (1, 2):
        sell(datetime(2026, 3, day, 18, tzinfo=UTC))
    web.import_orders()
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if "2026-03-02" in str(target):
            raise OSError(28, "No space left on device")
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            web.write_journal(tmp_path, through=date(2026, 3, 2))
    assert names(tmp_path) == ["journal-WEB-2026-03-01.txt"]
    report = web.write_journal(tmp_path, through=date(2026, 3, 2))
    assert names(tmp_path) == ["journal-WEB-2026-03-01.txt", "journal-WEB-2026-03-02.txt"]
    assert [file.is_new for file in report.files] == [False, False]


def test_of_three_calls_at_once_one_writes_a_file(
    join: Join,
    change: Change,
    new_books: Callable[..., SqlGateway],
    *,
    sell: Callable[[datetime], object],
    hand_over_by_journal: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    url, settings = f"sqlite:///{tmp_path / 'jn.db'}", change(journal=JOURNAL)
    books = [new_books(url), SqlGateway(url), SqlGateway(url)]
    with books[1], books[2]:
        books[0].load(hand_over_by_journal(tmp_path))
        webs = [join(books=each, settings=settings) for each in books]
        for day in (1, 2, 3):
            sell(datetime(2026, 3, day, 18, tzinfo=UTC))
        webs[0].import_orders()
        folder = tmp_path / "journals"
        folder.mkdir()
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda web: web.write_journal(folder, date(2026, 3, 3)), webs))
    assert sorted(len(report.files) for report in done) == [0, 0, 3]
    assert len(names(folder)) == 3


def test_a_call_that_gets_no_turn_closes_and_writes_nothing(
    join: Join,
    change: Change,
    new_books: Callable[..., SqlGateway],
    *,
    sell: Callable[[datetime], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_files, "_PATIENCE", timedelta(0))
    books = JournalBooks(new_books(f"sqlite:///{tmp_path / 'jn.db'}"))
    first, second = (join(books=books, settings=change(journal=JOURNAL)) for _ in range(2))
    sell(datetime(2026, 3, 1, 18, tzinfo=UTC))
    first.import_orders()
    meanwhile: list[JournalReport] = []
    close = books.close_journal

    def closing(*values: Any) -> list[JournalDay]:
        meanwhile.append(second.write_journal(tmp_path, date(2026, 3, 1)))
        return close(*values)

    monkeypatch.setattr(books, "close_journal", closing)
    assert len(first.write_journal(tmp_path, date(2026, 3, 1)).files) == 1
    (report,) = meanwhile
    assert report.files == ()
    assert str(report) == (
        "WEB: no file was written, since another process is doing this for the store: call again."
    )


def test_a_file_that_was_written_and_not_noted_is_written_again(
    web: Orchestrator,
    sell: Callable[[datetime], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sell(datetime(2026, 3, 1, 18, tzinfo=UTC))
    web.import_orders()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "set_watermark", dies)
        with pytest.raises(KeyboardInterrupt):
            web.write_journal(tmp_path, date(2026, 3, 1))
    (name,) = names(tmp_path)
    before = (tmp_path / name).read_bytes()
    (file,) = web.write_journal(tmp_path, date(2026, 3, 1)).files
    assert (file.path.read_bytes(), file.is_new) == (before, False)
    assert web.write_journal(tmp_path, date(2026, 3, 1)).files == ()


def test_by_default_yesterday_in_the_store_is_the_last_day(
    web: Orchestrator, store: FakeStore, journal_books: JournalBooks, tmp_path: Path
) -> None:
    store.state.information["timezone"] = {"name": "Pacific/Kiritimati", "raw_offset": 50400}
    east = ZoneInfo("Pacific/Kiritimati")
    before = datetime.now(east).date()
    report = web.write_journal(tmp_path)
    assert report.through in {before - timedelta(1), datetime.now(east).date() - timedelta(1)}
    assert journal_books.through == report.through


def test_a_day_that_is_not_over_is_refused(
    web: Orchestrator, journal_books: JournalBooks, tmp_path: Path
) -> None:
    today = datetime.now(CHICAGO).date()
    with pytest.raises(ValueError, match=r"is not over in the store, where it is 20.* that can be"):
        web.write_journal(tmp_path, through=today + timedelta(1))
    with pytest.raises(ValueError, match=r"^rewrite_since: 20.* is not over in the store"):
        web.write_journal(tmp_path, rewrite_since=today + timedelta(1))
    assert journal_books.through == date.min
    for wrong in (datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01"):
        with pytest.raises(TypeError, match="through"):
            web.write_journal(tmp_path, through=wrong)  # type: ignore[arg-type]  # no day
        with pytest.raises(TypeError, match="rewrite_since"):
            web.write_journal(tmp_path, rewrite_since=wrong)  # type: ignore[arg-type]  # no day


def test_a_folder_that_is_not_there_closes_nothing(
    web: Orchestrator, journal_books: JournalBooks, tmp_path: Path
) -> None:
    with pytest.raises(NotADirectoryError, match="is no folder: create it first"):
        web.write_journal(tmp_path / "none")
    assert journal_books.through == date.min


def test_books_whose_orders_are_picked_up_say_so(web: Orchestrator, tmp_path: Path) -> None:
    text = str(web.write_journal(tmp_path, through=date(2026, 3, 1)))
    assert text.startswith("WEB: no journal to write through 2026-03-01. The books have no journal")
    assert text.endswith('(hand_over = "journal" in books.toml).')


def test_missing_accounts_are_named_with_the_place_for_them(
    join: Join,
    change: Change,
    sell: Callable[[datetime], object],
    journal_books: JournalBooks,
    tmp_path: Path,
) -> None:
    sell(datetime(2026, 3, 1, 18, tzinfo=UTC))
    web = join(books=journal_books, settings=change(journal=JOURNAL | {"sales": "", "tax": ()}))
    web.import_orders()
    with pytest.raises(JournalAccountsMissing, match="in \\[journal\\] of the settings") as raised:
        web.write_journal(tmp_path, through=date(2026, 3, 1))
    assert "sales" in raised.value.missing
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value)
    assert names(tmp_path) == []


def test_books_that_keep_no_journal(join: Join, books: SqlGateway, tmp_path: Path) -> None:
    class Plain:
        def __getattr__(self, name: str) -> Any:
            if name in methods_of(JournalGateway):
                raise AttributeError(name)
            return getattr(books, name)

    with pytest.raises(MethodsMissing, match="write_journal needs JournalGateway"):
        join(books=Plain()).write_journal(tmp_path)


def test_books_that_forget_to_return_the_days(
    web: Orchestrator,
    journal_books: JournalBooks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_books, "close_journal", lambda *_: None)
    with pytest.raises(BooksUnusable, match="close_journal returned None"):
        web.write_journal(tmp_path, through=date(2026, 3, 1))


def test_a_token_that_may_not_read_the_time_zone(
    web: Orchestrator, store: FakeStore, journal_books: JournalBooks, tmp_path: Path
) -> None:
    store.scopes = {"store_v2_orders"}
    with pytest.raises(ScopeMissing):
        web.write_journal(tmp_path)
    assert journal_books.through == date.min


def test_what_was_written_is_logged(
    web: Orchestrator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "avbc.orchestrator"):
        web.write_journal(tmp_path, through=date(2026, 3, 1))
    assert any("no journal to write" in record.getMessage() for record in caplog.records)


def test_the_books_themselves_keep_the_journal(
    join: Join,
    change: Change,
    *,
    both: SqlGateway,
    store: FakeStore,
    factory: OrderFactory,
    hand_over_by_journal: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    """Money is held on Monday and captured on Tuesday; each day is closed by a call of its own."""
    both.load(hand_over_by_journal(tmp_path))
    monday, tuesday = (datetime(2026, 3, day, 18, tzinfo=UTC) for day in (2, 3))
    held = Payment("Credit Card", "authorizenet", "authorized")
    order = store.add_order(factory.order([item("LAMP-01")], payment=held, created=monday))
    box = {"credit_card_transactions_are_preauthorizations": True}
    web = join(books=both, settings=change(journal=JOURNAL, gl=box))
    web.import_orders()
    (first,) = web.write_journal(tmp_path, through=monday.date()).days
    total = both.sales_orders()[0].total
    both.record_capture(f"WEB{order.id}-1", total, tuesday)
    (second,) = web.write_journal(tmp_path, through=tuesday.date()).days

    def balances(day: JournalDay) -> dict[str, Decimal]:
        return {each.account: each.debit - each.credit for each in day.entries}

    assert balances(first)["1150"] == total
    assert balances(second) == {"1050": total, "1150": -total}
    assert both.journal_days("WEB") == [first, second]
    for day in (first, second):
        name = f"journal-WEB-{day.day}.txt"
        assert (tmp_path / name).read_bytes() == day.text.encode()
    assert web.write_journal(tmp_path, through=tuesday.date()).files == ()


def test_orders_that_came_after_their_day_was_closed_are_said_to_wait(
    join: Join,
    change: Change,
    *,
    both: SqlGateway,
    sell: Callable[[datetime], object],
    hand_over_by_journal: Callable[[Path], Path],
    tmp_path: Path,
) -> None:
    both.load(hand_over_by_journal(tmp_path))
    web = join(books=both, settings=change(journal=JOURNAL))
    sell(datetime(2026, 3, 1, 18, tzinfo=UTC))
    web.import_orders()
    web.write_journal(tmp_path, date(2026, 3, 4))
    assert str(web.write_journal(tmp_path, date(2026, 3, 3))) == (
        "WEB: no journal to write through 2026-03-03."
    )
    for day in (2, 3, 5):
        sell(datetime(2026, 3, day, 18, tzinfo=UTC))
    web.import_orders()
    assert str(web.write_journal(tmp_path, date(2026, 3, 4))) == (
        "WEB: no journal to write through 2026-03-04. Days are closed through 2026-03-04; "
        "2 orders of these days go to the next day that is closed."
    )
    (file,) = web.write_journal(tmp_path, date(2026, 3, 5)).files
    assert (file.day.day, file.day.orders) == (date(2026, 3, 5), 3)
