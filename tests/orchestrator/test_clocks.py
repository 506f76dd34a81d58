"""What changes in the books reaches the store, whatever the clocks of those who write them show."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import SalesOrder, Shipment, ShippedItem
from avbc.clock import Clock
from avbc.orchestrator import Orchestrator, WorklistItem
from avbc.testing import FakeStore, MemoryGateway
from avbc.testing.example import plain_orders

Join = Callable[..., Orchestrator]
Open = Callable[[], Any]

HOURS, MINUTES = timedelta(hours=5), timedelta(minutes=20)
AHEAD = [HOURS, MINUTES, -MINUTES, -HOURS]


def ids(ahead: timedelta) -> str:
    return f"{ahead.total_seconds() / 60:+.0f} min"


@pytest.fixture(params=["sqlite", "postgresql"])
def open_books(
    request: pytest.FixtureRequest,
    tmp_path: Any,
    books_toml: Any,
    open_with_clock: Callable[[str], Any],
) -> Open:
    """Books that are filled; each who opens them has a clock that can be set (on SQLite)."""
    url = f"sqlite:///{tmp_path}/books.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    books, _ = open_with_clock(url)
    books.load(books_toml)
    return lambda: open_with_clock(url)


def taken(store: FakeStore, web: Orchestrator, count: int = 2) -> list[str]:
    """Orders that are in the books, by their Import IDs."""
    ids = [store.add_order(order).id for order in plain_orders(count)]
    assert len(web.import_orders().imported) == count
    return [f"WEB{order_id}" for order_id in ids]


def ship(books: SqlGateway | MemoryGateway, number: int, import_id: str) -> None:
    """Ship one of the order's first line."""
    (order,) = books.sales_orders([import_id])
    line = next(each.store_line_id for each in order.lines if each.store_line_id is not None)
    books.add_shipment(Shipment(number, import_id, (ShippedItem(line, Decimal(1)),)))


def shipments(store: FakeStore, import_id: str) -> int:
    return len(store.order(int(import_id[3:])).shipments)


def move(books: SqlGateway | MemoryGateway, number: int, import_id: str) -> None:
    """Ship something of an order, and give it another status."""
    ship(books, number, import_id)
    books.set_order_status(import_id, "Shipped/Invoice")


def pushed(web: Orchestrator) -> list[str]:
    """What a push sends: the Import IDs of statuses, then the numbers of shipments."""
    sent = [*web.push_order_statuses().sent, *web.push_shipments().sent]
    return [change.key.rpartition(" ")[2] for change in sent]


@pytest.mark.parametrize(
    ("of_writer", "of_pusher"),
    [
        (HOURS, timedelta()),
        (-HOURS, timedelta()),
        (MINUTES, -HOURS),
        (-MINUTES, HOURS),
        (HOURS, HOURS),
    ],
    ids=ids,
)
def test_changes_reach_the_store_whatever_the_clocks_show(
    join: Join, store: FakeStore, open_books: Open, of_writer: timedelta, of_pusher: timedelta
) -> None:
    """Of three who have the books open: two who write, and one who pushes.

    On PostgreSQL there is one clock, and it is set three times.
    """
    pusher, its_clock = open_books()
    web = join(books=pusher)
    orders = taken(store, web, 4)
    first, second = open_books(), open_books()
    for number, import_id in enumerate(orders, 1):
        books, clock = (first, second)[number % 2]
        clock.set((of_writer, timedelta())[number % 2])
        move(books, number, import_id)
        its_clock.set(of_pusher)
        assert pushed(web) == [import_id, str(number)]
        assert pushed(web) == []
    assert [shipments(store, each) for each in orders] == [1, 1, 1, 1]


def test_a_clock_that_was_set_back_hides_nothing(
    join: Join, store: FakeStore, open_books: Open
) -> None:
    """The same process stamps, pushes, and has its clock set back by hours."""
    books, clock = open_books()
    web = join(books=books)
    one, other = taken(store, web)
    clock.set(HOURS)
    move(books, 1, one)
    assert pushed(web) == [one, "1"]
    clock.set(-HOURS)
    move(books, 2, other)
    assert pushed(web) == [other, "2"]
    assert pushed(web) == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=15), HOURS, timedelta(days=900)], ids=ids)
def test_a_watermark_from_the_future_hides_nothing(
    join: Join, store: FakeStore, open_books: Open, ahead: timedelta
) -> None:
    """As a journal has it whose process once had a clock that was ahead."""
    books, _ = open_books()
    web = join(books=books)
    one, other = taken(store, web)
    move(books, 1, one)
    assert pushed(web) == [one, "1"]
    integration = web._integration
    for job in ("push_order_statuses", "push_shipments"):
        integration.journal.set_watermark(integration.scoped(job), datetime.now(UTC) + ahead)
    move(books, 2, other)
    # What was sent before is not sent again.
    assert pushed(web) == [other, "2"]
    assert pushed(web) == []
    for job in ("push_order_statuses", "push_shipments"):
        at = integration.journal.watermark(integration.scoped(job))
        assert at is not None
        assert at <= datetime.now(UTC)


class OwnBooks(MemoryGateway):
    """An application's own books, whose stamps are those of a clock that is set as it comes."""

    ahead = timedelta()
    asked: datetime | None = None
    """Since when they were last asked for what changed."""

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def sales_orders_changed(self, source_code: str, since: datetime) -> list[SalesOrder]:
        self.asked = since
        return super().sales_orders_changed(source_code, since)


class WithoutClock:
    """Books that do not say what their clock shows."""

    def __init__(self, books: OwnBooks) -> None:
        self._books = books

    def __getattr__(self, name: str) -> Any:
        if name == "now":
            raise AttributeError(name)
        return getattr(self._books, name)


@pytest.mark.parametrize("says", [True, False], ids=["with now()", "without now()"])
@pytest.mark.parametrize("ahead", AHEAD, ids=ids)
def test_own_books_whose_clock_is_off_miss_nothing(
    join: Join, store: FakeStore, books: SqlGateway, ahead: timedelta, *, says: bool
) -> None:
    """One clock stamps, and is off all the time. What it stamped is sent once."""
    own = OwnBooks(books.reference_data())
    own.add_products(books.products())
    web = join(books=own if says else WithoutClock(own))
    one, other = taken(store, web)
    own.ahead = ahead
    for _ in range(2):
        move(own, 1, one)
        pushed(web)
        assert pushed(web) == []
    move(own, 2, other)
    assert pushed(web) == [other, "2"]
    assert [shipments(store, each) for each in (one, other)] == [1, 1]
    # Nor are they asked for everything.
    assert own.asked is not None
    assert own.asked > datetime.now(UTC) - timedelta(days=1)


def test_own_books_whose_clock_was_ahead_and_is_set_right_miss_nothing(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    own = OwnBooks(books.reference_data())
    own.add_products(books.products())
    web = join(books=WithoutClock(own))
    one, other = taken(store, web)
    own.ahead = HOURS
    move(own, 1, one)
    assert pushed(web) == [one, "1"]
    own.ahead = timedelta()
    move(own, 2, other)
    assert pushed(web) == [other, "2"]


def test_a_shipment_without_a_stamp_is_asked_for_again(
    join: Join, store: FakeStore, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = MemoryGateway(books.reference_data())
    own.add_products(books.products())
    web = join(books=own)
    one, _ = taken(store, web)
    ship(own, 1, one)
    right, asked = own.shipments, list[datetime | None]()

    def unstamped(source_code: str, since: datetime | None = None) -> list[Shipment]:
        asked.append(since)
        return [Shipment(each.number, one, each.items) for each in right(source_code, since)]

    monkeypatch.setattr(own, "shipments", unstamped)
    assert pushed(web) == ["1"]
    assert pushed(web) == []
    assert asked == [None, None]


# Clocks that are off are reported


def set_clock(store: FakeStore, ahead: timedelta) -> None:
    store.state.clock = lambda: time.time() + ahead.total_seconds()


def clock_items(web: Orchestrator) -> list[tuple[str, str]]:
    return [(item.key, item.message) for item in web.worklist() if item.code == "clock_off"]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=3), "more than two minutes ahead of"),
        (timedelta(hours=5), "more than an hour ahead of"),
        (-timedelta(days=400), "more than a day behind"),
    ],
    ids=str,
)
def test_a_machine_whose_clock_is_off_is_on_the_worklist_until_it_is_set(
    join: Join, store: FakeStore, ahead: timedelta, words: str
) -> None:
    news: list[WorklistItem] = []
    web = join(on_attention=news.extend)
    web.follow_orders()
    assert not clock_items(web)
    set_clock(store, -ahead)
    for _ in range(3):
        web.follow_orders()
    host = socket.gethostname()
    key, message = f"clock of {host}", f"The clock of {host} is {words} the store's."
    assert clock_items(web) == [(key, message)]
    assert [(each.key, each.message) for each in news] == [(key, message)]
    assert f"Set the clock of {host}" in news[0].fix
    (check,) = [each for each in web.check_setup().checks if each.area == "clock"]
    assert (check.item, check.state, check.fix) == (
        "this machine",
        "warning",
        "Set this machine's clock, by NTP if you can.",
    )
    # It is set, and another process sees that, or this one.
    set_clock(store, timedelta())
    join().follow_orders()
    assert not clock_items(web)
    assert not [each for each in web.check_setup().checks if each.area == "clock"]
    assert len(news) == 1


def test_one_answer_with_another_date_is_no_clock_that_is_off(join: Join, store: FakeStore) -> None:
    """A store has many servers, and one of them may have a clock that is off."""
    web = join()
    web.follow_orders()
    store.fail("GET /v2/orders", "clock", times=1)
    for _ in range(2):
        web.follow_orders()
        assert not clock_items(web)


@pytest.mark.parametrize("seconds", [110, -110])
def test_a_clock_that_is_off_by_less_is_not_reported(
    join: Join, store: FakeStore, seconds: int
) -> None:
    web = join()
    set_clock(store, timedelta(seconds=seconds))
    web.follow_orders()
    assert not clock_items(web)
    assert not [each for each in web.check_setup().checks if each.area == "clock"]


@pytest.mark.parametrize("ahead", [HOURS, -HOURS], ids=ids)
def test_a_database_server_whose_clock_is_off_is_on_the_worklist_until_it_is_set(
    join: Join,
    postgresql_url: str,
    open_with_clock: Callable[[str], Any],
    books_toml: Any,
    ahead: timedelta,
) -> None:
    books, clock = open_with_clock(postgresql_url)
    books.load(books_toml)
    web = join(books=books)
    clock.set(ahead)
    for _ in range(2):
        web.follow_orders()
    off = "ahead of" if ahead > timedelta() else "behind"
    message = (
        f"The clock of the books, or a stamp in them, is more than an hour {off} the store's clock."
    )
    assert clock_items(web) == [("clock of the books", message)]
    (check,) = [each for each in web.check_setup().checks if each.area == "clock"]
    assert (check.item, check.state) == ("the books", "warning")
    assert "Set the clock of the database server" in check.fix
    clock.set(timedelta())
    web.follow_orders()
    assert not clock_items(web)


def test_a_stamp_from_the_future_is_on_the_worklist_until_the_present_comes_up_with_it(
    join: Join, store: FakeStore, tmp_path: Any, books_toml: Any, open_with_clock: Any
) -> None:
    url = f"sqlite:///{tmp_path}/books.db"
    other, clock = open_with_clock(url)
    other.load(books_toml)
    with SqlGateway(url) as books:
        web = join(books=books)
        (one,) = taken(store, web, 1)
        clock.set(HOURS)
        move(other, 1, one)
        web.follow_orders()
        assert [key for key, _ in clock_items(web)] == ["clock of the books"]
        with books.engine.begin() as connection:
            for table, column in ("sales_orders", "status_changed_at"), ("shipments", "changed_at"):
                connection.exec_driver_sql(
                    f"UPDATE {table} SET {column} = '2026-01-02T00:00:00.000000+00:00'"
                )
        web.follow_orders()
        assert not clock_items(web)


def test_one_clock_that_is_off_has_one_item(join: Join, store: FakeStore) -> None:
    """Books in a file have the machine's clock."""
    set_clock(store, -HOURS)
    web = join()
    web.follow_orders()
    assert [key for key, _ in clock_items(web)] == [f"clock of {socket.gethostname()}"]


def test_books_that_do_not_say_what_time_it_is(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    own = OwnBooks(books.reference_data())
    own.ahead = HOURS
    web = join(books=WithoutClock(own))
    web.follow_orders()
    assert not clock_items(web)
    web = join(books=own)
    web.follow_orders()
    assert [key for key, _ in clock_items(web)] == ["clock of the books"]


# What the store stamps is compared with the store's clock


@pytest.mark.parametrize("ahead", [HOURS, -HOURS], ids=ids)
def test_the_store_s_stamps_are_compared_with_the_store_s_clock(
    join: Join, store: FakeStore, change: Callable[..., Any], ahead: timedelta
) -> None:
    """A second refund within a second is not missed, and one that is known is not listed again."""
    at = int(datetime.now(UTC).timestamp())
    store.state.clock = lambda: at
    web = join(
        settings=change(gl={"import_refunds": True}),
        clock=Clock(now=lambda: datetime.fromtimestamp(at, UTC) + ahead),
    )
    (one,) = taken(store, web, 1)
    web.import_refunds()
    for _ in range(2):
        store.refund(int(one[3:]), amount=Decimal("1.00"))
        assert len(web.import_refunds().sent) == 1
    at += 10
    web.import_refunds()
    store.clear_log()
    web.import_refunds()
    assert store.counts() == {"GET /v2/orders": 1}


@pytest.mark.parametrize("ahead", [timedelta(days=400), -timedelta(days=400)], ids=ids)
def test_open_orders_are_looked_for_again_whoever_did_it_last(
    join: Join, store: FakeStore, ahead: timedelta
) -> None:
    """A process whose clock is off must not keep the others from it."""
    web = join()
    (one,) = taken(store, web, 1)
    web.follow_orders()
    join(clock=Clock(now=lambda: datetime.now(UTC) + ahead)).follow_orders()
    later = datetime.now(UTC) + timedelta(hours=2)
    set_clock(store, timedelta(hours=2))
    store.delete_order(int(one[3:]))
    join(clock=Clock(now=lambda: later)).follow_orders()
    assert "order_gone_from_store" in {item.code for item in web.worklist()}
