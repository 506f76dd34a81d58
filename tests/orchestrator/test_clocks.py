"""What changes in the books reaches the store, whatever the clocks of those who write them show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import SalesOrder, Shipment, ShippedItem
from avbc.orchestrator import Orchestrator
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
