"""Quantities are net of every placed order that is not in the books and has not left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.orchestrator import Orchestrator, PushReport
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, example, item

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Sell = Callable[..., int]

MUG = "MUG-BLUE"
FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = {3, 7, 8, 9, 11, 12, 13, 14}
"""Statuses of placed orders whose goods have not all left."""


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, books_toml: Path) -> Iterator[SqlGateway]:
    """Books on each kind of database."""
    is_file = request.param == "sqlite"
    url = "sqlite://" if is_file else request.getfixturevalue("postgresql_url")
    with SqlGateway(url) as gateway:
        gateway.load(books_toml)
        yield gateway


@pytest.fixture
def sell(store: FakeStore, factory: OrderFactory) -> Sell:
    """Sell mugs: an order in a status, made an hour after the first one; returns its id."""

    def sold(
        count: int = 3, status_id: int = 11, made: datetime = FIRST + HOUR, **header: object
    ) -> int:
        order = factory.order([item(MUG, count)])
        order.header.update(status_id=status_id, date_created=format_datetime(made), **header)
        return store.add_order(order).id

    return sold


@pytest.fixture
def first(store: FakeStore, sell: Sell) -> Callable[[Orchestrator], None]:
    """Import the first order, of one mug."""

    def imported(web: Orchestrator) -> None:
        number = sell(1, made=FIRST)
        assert [each.order_id for each in web.import_order(number).imported] == [number]

    return imported


@pytest.fixture(autouse=True)
def products(store: FakeStore) -> None:
    example.populate(store, orders=0)


def pushed(report: PushReport) -> int:
    """How many mugs are sent."""
    (sent,) = [change.after for change in report.sent if change.key == MUG]
    return int(sent)


def left_of(web: Orchestrator) -> int:
    """How many mugs the store may sell; there are a hundred."""
    return pushed(web.push_inventory(preview=True, full=True))


@pytest.mark.one_python
@pytest.mark.parametrize("status", SystemStatus)
def test_every_placed_order_that_has_not_left_is_netted(
    join: Join, kept: SqlGateway, first: Callable[[Orchestrator], None], sell: Sell, status: int
) -> None:
    web = join(books=kept)
    first(web)
    sell(3, status)
    assert left_of(web) == (96 if status in OPEN else 99)


def test_an_order_that_is_in_the_books_is_not_netted_in_any_status(
    web: Orchestrator, store: FakeStore, first: Callable[[Orchestrator], None], sell: Sell
) -> None:
    first(web)
    number = sell()
    web.import_orders()
    for status in sorted(OPEN):
        store.edit_order(number, status_id=status)
        assert left_of(web) == 96


def test_units_that_were_shipped_or_refunded_have_left(
    web: Orchestrator, store: FakeStore, first: Callable[[Orchestrator], None], sell: Sell
) -> None:
    """Ten sold, four shipped, one refunded: five are netted."""
    first(web)
    number = sell(10, 3)
    for line in store.order(number).products:
        line.update(quantity_shipped=4, quantity_refunded=1)
    assert left_of(web) == 94


@pytest.mark.parametrize("status", sorted(OPEN - {11, 12}))
def test_orders_count_from_the_first_one_in_the_books_on(
    web: Orchestrator, first: Callable[[Orchestrator], None], sell: Sell, status: int
) -> None:
    """Those before it were entered by hand; New and refused ones are the import's all the same."""
    first(web)
    sell(3, status, FIRST - HOUR)
    assert left_of(web) == 99
    sell(2, status, FIRST)
    assert left_of(web) == 97
    sell(5, 11, FIRST - HOUR)
    sell(7, 12, FIRST - HOUR)
    assert left_of(web) == 85


@pytest.mark.parametrize("status", sorted(OPEN))
def test_orders_count_from_the_date_in_the_settings_on(
    join: Join, change: Change, first: Callable[[Orchestrator], None], sell: Sell, status: int
) -> None:
    """March 2 begins at 6:00 UTC in Chicago, whatever the first order in the books is."""
    web = join()
    first(web)
    web.use(change(order_status={"import_orders_created_since": date(2026, 3, 2)}))
    sell(3, status, datetime(2026, 3, 2, 5, 59, 59, tzinfo=UTC))
    assert left_of(web) == 99
    sell(3, status, datetime(2026, 3, 2, 6, tzinfo=UTC))
    assert left_of(web) == 96


@pytest.mark.parametrize(("status", "netted"), [(9, False), (8, False), (7, True), (11, True)])
def test_before_the_first_import_only_what_may_be_imported_counts(
    web: Orchestrator, sell: Sell, status: int, netted: bool
) -> None:
    """The open orders of a store that was not joined yet were entered by hand."""
    sell(3, status)
    assert left_of(web) == (97 if netted else 100)


@pytest.mark.parametrize("channels", [(1,), (1, 4)])
def test_only_orders_of_the_channels_are_netted(
    join: Join,
    change: Change,
    first: Callable[[Orchestrator], None],
    sell: Sell,
    channels: tuple[int, ...],
) -> None:
    web = join(settings=change(order_status={"channels": channels}))
    first(web)
    for channel, count in ((1, 1), (4, 10), (7, 50)):
        sell(count, 9, channel_id=channel)
    sell(30, 9, channel_id=7, total_inc_tax=None)  # it cannot be read
    assert left_of(web) == 99 - 1 - (10 if 4 in channels else 0)


def test_what_waits_for_its_payment_is_netted(
    join: Join, settings: Settings, first: Callable[[Orchestrator], None], sell: Sell
) -> None:
    rows = tuple(attrs.evolve(row, import_when="never") for row in settings.gl.payment_methods)
    web = join()
    first(web)
    sell(3)
    web.use(attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows)))
    assert len(web.import_orders().waiting) == 1
    assert left_of(web) == 96


def test_a_list_that_is_empty_is_read_again(
    web: Orchestrator, store: FakeStore, first: Callable[[Orchestrator], None], sell: Sell
) -> None:
    """A 204 in place of a page must not put what was sold back on sale."""
    first(web)
    sell(3, 8)
    store.fail("GET /v2/orders", "204")
    assert left_of(web) == 96
    assert [fault.hits for fault in store.faults] == [1]


def test_requests_of_netting(
    web: Orchestrator, store: FakeStore, first: Callable[[Orchestrator], None], sell: Sell
) -> None:
    """One counts, and one lists 250 orders of a status that has some; nothing where it is quiet."""
    first(web)
    web.push_inventory()
    store.clear_log()
    web.push_inventory()
    assert store.log == []
    for status in (3, 8, 8, 13):
        sell(1, status)
    store.clear_log()
    web.push_inventory(full=True, preview=True)
    # Awaiting Shipment has the first order, which is in the books. A preview reads the stock.
    assert store.counts() == {
        "GET /v2/orders/count": 1,
        "GET /v2/orders": 4,
        "GET /v3/inventory/items": 1,
    }


def test_the_first_order_of_the_books_is_looked_for_once(
    join: Join, books: SqlGateway, first: Callable[[Orchestrator], None]
) -> None:
    class Counting:
        walks = 0

        def __getattr__(self, name: str) -> object:
            return getattr(books, name)

        def sales_orders_ordered(self, *of: object) -> object:
            Counting.walks += 1
            return books.sales_orders_ordered(*of)  # type: ignore[arg-type]  # passed on

    web = join(books=Counting())
    web.push_inventory()
    first(web)
    for _ in range(3):
        web.push_inventory(full=True)
    assert Counting.walks == 2
