"""The store's own day on sales orders, and dates that stand for days of the store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import pytest

from avbc.acctvantage import Shipment, ShippedItem, SqlGateway
from avbc.bigcommerce import ScopeMissing, StoreError
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory
from avbc.testing.values import as_row

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Place = Callable[..., int]

CHICAGO, SYDNEY, KATHMANDU = "America/Chicago", "Australia/Sydney", "Asia/Kathmandu"
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rfc(text: str) -> str:
    """A time as BigCommerce writes it."""
    return format_datetime(at(text))


@pytest.fixture
def place(add: Callable[..., int], factory: OrderFactory) -> Place:
    """Put an order into the store that was made at a time in UTC; returns its id."""
    return lambda made, **header: add(factory.plain(), date_created=rfc(made), **header)


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, books_toml: Any) -> Any:
    """Books on each kind of database."""
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    with SqlGateway(url) as gateway:
        gateway.load(books_toml)
        yield gateway


@pytest.mark.parametrize(
    "case",
    [
        (CHICAGO, "2026-02-01T01:30", date(2026, 1, 31)),  # January 31, 19:30
        (CHICAGO, "2026-02-01T06:00", date(2026, 2, 1)),
        (CHICAGO, "2026-03-09T04:59:59", date(2026, 3, 8)),  # a day of 23 hours
        (CHICAGO, "2026-11-02T05:59:59", date(2026, 11, 1)),  # a day of 25 hours
        (CHICAGO, "2026-01-01T05:59:59", date(2025, 12, 31)),
        (SYDNEY, "2025-12-31T13:00", date(2026, 1, 1)),
        (SYDNEY, "2026-04-30T13:59:59", date(2026, 4, 30)),
        (KATHMANDU, "2026-06-30T18:15", date(2026, 7, 1)),
        (KATHMANDU, "2026-06-30T18:14:59", date(2026, 6, 30)),
    ],
)
def test_a_sales_order_has_the_store_s_day_beside_the_instant(
    web: Orchestrator, place: Place, store: FakeStore, case: tuple[str, str, date]
) -> None:
    zone, made, day = case
    store.set_options(time_zone=zone)
    number = place(made)
    assert len(web.import_orders().imported) == 1
    (order,) = web.books.sales_orders([f"WEB{number}"])
    assert (order.ordered_at, order.ordered_on) == (at(made), day)


def test_the_day_is_in_both_databases(join: Join, kept: SqlGateway, place: Place) -> None:
    number = place("2026-02-01T01:30")
    web = join(books=kept)
    web.import_orders()
    (order,) = kept.sales_orders([f"WEB{number}"])
    assert order.ordered_on == date(2026, 1, 31)
    with kept.engine.connect() as connection:
        (text,) = connection.exec_driver_sql("SELECT ordered_on FROM sales_orders").scalars()
    assert str(text) == "2026-01-31"


def test_the_day_is_explained(web: Orchestrator, place: Place) -> None:
    number = place("2026-02-01T01:30")
    explained = {decision.field: decision for decision in web.explain(number).decisions}
    assert explained["ordered_on"].value == "2026-01-31"
    assert CHICAGO in explained["ordered_on"].reason


def test_the_time_zone_is_read_once_and_only_for_orders_that_are_mapped(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    web.import_orders()
    assert "GET /v2/store" not in store.counts()
    for _ in range(3):
        store.add_order(factory.plain())
        assert len(web.import_orders().imported) == 1
        web.import_orders()
    assert store.counts()["GET /v2/store"] == 1


def test_an_edit_of_an_order_without_a_day_notes_it(
    web: Orchestrator, store: FakeStore, books: SqlGateway, place: Place
) -> None:
    """Of an order that an earlier version imported the day is not known, which is no difference."""
    number = place("2026-02-01T01:30")
    web.import_orders()
    with books.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sales_orders SET ordered_on = NULL")
    store.edit_order(number, status_id=11)
    assert [outcome.order_id for outcome in web.import_orders().relinked] == [number]
    store.edit_order(number, status_id=11, payment_method="PayPal")
    assert [outcome.order_id for outcome in web.import_orders().updated] == [number]
    (order,) = books.sales_orders([f"WEB{number}"])
    assert order.ordered_on == date(2026, 1, 31)


def test_a_time_zone_that_is_not_known_has_a_fixed_offset_and_one_warning(
    web: Orchestrator,
    store: FakeStore,
    place: Place,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store.set_options(time_zone="Mars/Olympus Mons")
    # At 4:30 UTC it is 22:30 with Chicago's offset, and 23:30 with its daylight saving.
    numbers = [place(f"2026-07-02T0{hour}:30") for hour in (4, 5, 6)]
    with caplog.at_level(logging.WARNING):
        web.import_orders()
        web.import_orders()
    days = [order.ordered_on for order in web.books.sales_orders([f"WEB{n}" for n in numbers])]
    assert days == [date(2026, 7, 1), date(2026, 7, 1), date(2026, 7, 2)]
    warnings = [text for text in caplog.messages if "time zone" in text]
    assert len(warnings) == 1
    assert "'Mars/Olympus Mons'" in warnings[0]
    assert "-6 hours" in warnings[0]


def test_without_the_scope_orders_come_without_a_day(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens of before need no scope for the store's settings: what is not known is empty."""
    store.set_options(scopes=["store_v2_orders", "store_v2_transactions_read_only"])
    for _ in range(2):
        store.add_order(factory.plain())
        assert len(web.import_orders().imported) == 1
    assert [order.ordered_on for order in web.books.sales_orders()] == [None, None]
    assert store.counts()["GET /v2/store"] == 1
    assert len([text for text in caplog.messages if "ordered_on" in text]) == 1


def test_a_store_that_does_not_say_its_time_zone_is_asked_again(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    """No order comes in without its day only because one request failed."""
    order = store.add_order(factory.plain())
    store.fail("GET /v2/store", "503", times=9)
    with pytest.raises(StoreError):
        web.import_orders()
    assert store.order(order.id).header["status_id"] == 11
    assert web.books.sales_orders() == []
    store.clear_faults()
    web.import_orders()
    (booked,) = web.books.sales_orders()
    assert booked.ordered_on is not None


def test_the_time_zone_of_another_time_zone_text_is_not_taken_for_utc(
    web: Orchestrator, store: FakeStore, place: Place
) -> None:
    zone = as_row(store.state.information["timezone"])
    zone.update(name="", raw_offset=20700, dst_offset=20700)
    number = place("2026-06-30T18:15")
    web.import_orders()
    (order,) = web.books.sales_orders([f"WEB{number}"])
    assert order.ordered_on == date(2026, 7, 1)


# Dates that stand for days of the store


def imported(report: ImportReport) -> list[int]:
    return sorted(outcome.order_id for outcome in report.imported)


EDGES = {
    CHICAGO: ("2026-02-01T05:59:59", "2026-02-01T06:00"),
    SYDNEY: ("2026-01-31T12:59:59", "2026-01-31T13:00"),
    KATHMANDU: ("2026-01-31T18:14:59", "2026-01-31T18:15"),
}
"""The last second of January and the first one of February."""


@pytest.mark.parametrize("zone", EDGES)
def test_a_date_from_which_orders_are_imported_is_the_store_s_day(
    join: Join, store: FakeStore, place: Place, change: Change, zone: str
) -> None:
    store.set_options(time_zone=zone)
    before, after = map(place, EDGES[zone])
    since = date(2026, 2, 1)
    web = join(settings=change(order_status={"import_orders_created_since": since}))
    assert imported(web.import_orders()) == [after]
    assert store.order(before).header["status_id"] == 11
    (refused,) = web.import_order(before).postponed
    (problem,) = refused.problems
    assert problem.code == "order_too_old"
    assert "created 2026-01-31, before" in problem.message
    assert "2026-02-01" in problem.message


def test_an_instant_from_which_orders_are_imported_needs_no_time_zone(
    join: Join, store: FakeStore, change: Change
) -> None:
    since = datetime(2026, 2, 1, tzinfo=UTC)
    web = join(settings=change(order_status={"import_orders_created_since": since}))
    web.import_orders()
    assert "GET /v2/store" not in store.counts()


def test_a_date_in_the_settings_costs_one_request_in_all(
    join: Join, store: FakeStore, change: Change
) -> None:
    since = date(2026, 2, 1)
    web = join(
        settings=change(
            order_status={"import_orders_created_since": since},
            shipping={"push_shipments": True, "push_shipments_since": since},
        )
    )
    for _ in range(3):
        web.import_orders()
        web.push_shipments()
    assert store.counts()["GET /v2/store"] == 1


@pytest.mark.parametrize("zone", EDGES)
def test_a_period_of_days_has_its_last_day_to_the_end(
    web: Orchestrator, store: FakeStore, place: Place, zone: str
) -> None:
    store.set_options(time_zone=zone)
    last, first = map(place, EDGES[zone])
    january, february = date(2026, 1, 31), date(2026, 2, 1)
    assert imported(web.import_orders(since=january, until=january, preview=True)) == [last]
    assert imported(web.import_orders(since=february, until=february, preview=True)) == [first]
    assert imported(web.import_orders(since=january, until=february)) == [last, first]
    for day in (january, february):
        report = web.reconcile(since=day, until=day)
        assert (report.same, len(list(report)), report.unread) == (1, 0, [])
        assert web.backtest(web.settings, since=day, until=day).unchanged == 1
    assert web.reconcile(since=january).same == 2
    assert web.reconcile(since=february).same == 1


def test_the_change_of_clocks_and_new_year(
    web: Orchestrator, store: FakeStore, place: Place
) -> None:
    """March 8 has 23 hours in Chicago, November 1 has 25, and 2026 ends at 6:00 of January 1."""
    for day, first, last in [
        (date(2026, 3, 8), "2026-03-08T06:00", "2026-03-09T04:59:59"),
        (date(2026, 11, 1), "2026-11-01T05:00", "2026-11-02T05:59:59"),
        (date(2026, 12, 31), "2026-12-31T06:00", "2027-01-01T05:59:59"),
    ]:
        start, end = at(first), at(last)
        numbers = [place(first), place(last)]
        for other in (start - SECOND, end + SECOND):
            place(other.replace(tzinfo=None).isoformat())
        report = web.import_orders(since=day, until=day)
        assert imported(report) == numbers
        days = {order.ordered_on for order in web.books.sales_orders([f"WEB{n}" for n in numbers])}
        assert days == {day}


def test_days_and_instants_may_be_mixed(web: Orchestrator, place: Place) -> None:
    number = place("2026-02-01T01:30")
    report = web.import_orders(since=date(2026, 1, 31), until=at("2026-02-01T01:30"), preview=True)
    assert imported(report) == [number]
    report = web.import_orders(since=at("2026-02-01T01:31"), until=date(2026, 1, 31), preview=True)
    assert imported(report) == []
    with pytest.raises(ValueError, match="before since"):
        web.reconcile(since=at("2026-02-01T06:00"), until=date(2026, 1, 31))
    with pytest.raises(ValueError, match="before since"):
        web.import_orders(since=date(2026, 2, 1), until=date(2026, 1, 31))


def test_refunds_of_a_day_of_the_store(
    join: Join, store: FakeStore, place: Place, change: Change
) -> None:
    web = join(settings=change(gl={"import_refunds": True}))
    number = place("2026-01-15T12:00")
    web.import_orders()
    store.refund(number)
    (refund,) = store.refunds()
    refund["created"] = "2026-02-01T05:59:59+00:00"
    assert list(web.import_refunds(since=date(2026, 2, 1), preview=True).sent) == []
    assert len(web.import_refunds(since=date(2026, 1, 31), preview=True).sent) == 1


def test_shipments_are_sent_from_the_store_s_day_on(
    join: Join, store: FakeStore, books: SqlGateway, place: Place, change: Change
) -> None:
    store.set_options(time_zone=SYDNEY)
    number = place("2026-01-15T12:00")
    web = join(
        settings=change(shipping={"push_shipments": True, "push_shipments_since": date(2026, 2, 1)})
    )
    web.import_orders()
    line = books.sales_orders([f"WEB{number}"])[0].lines[0]
    assert line.store_line_id is not None
    item = ShippedItem(line.store_line_id, Decimal(1))
    for key, left in ((501, "2026-01-31T12:59:59"), (502, "2026-01-31T13:00")):
        books.add_shipment(Shipment(key, f"WEB{number}", (item,), shipped_at=at(left)))
    sent = [change.key for change in web.push_shipments(preview=True).sent]
    assert [key for key in sent if "501" in key] == []
    assert [key for key in sent if "502" in key] != []


def test_without_the_scope_a_date_is_refused(
    join: Join, store: FakeStore, place: Place, change: Change
) -> None:
    """When the day begins is not known, and no order may come in or stay out by a guess."""
    place("2026-02-01T06:00")
    store.set_options(scopes=["store_v2_orders", "store_v2_transactions_read_only"])
    since = date(2026, 2, 1)
    web = join(settings=change(order_status={"import_orders_created_since": since}))
    with pytest.raises(ScopeMissing, match="Information & Settings"):
        web.import_orders()
    with pytest.raises(ScopeMissing):
        join().import_orders(since=since)
    assert web.books.sales_orders() == []


def test_the_setup_check_warns_of_a_time_zone_that_is_not_known(
    web: Orchestrator, store: FakeStore
) -> None:
    for zone, states in ((CHICAGO, []), ("Mars/Olympus Mons", ["warning"]), (KATHMANDU, [])):
        store.set_options(time_zone=zone)
        checks = [check for check in web.check_setup().checks if check.area == "time zone"]
        assert [check.state for check in checks] == states
        assert all("tzdata" in check.fix for check in checks)
