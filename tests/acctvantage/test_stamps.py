"""Stamps of changes never go back, whatever the clocks of those who write do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage import ClockGateway, Parcel, Shipment, ShippedItem, SqlGateway
from avbc.acctvantage.sql import schema
from avbc.testing.contract.examples import make_bundle, make_credit

AHEAD = [timedelta(minutes=3), timedelta(hours=5), -timedelta(minutes=3), -timedelta(hours=5)]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def open_books(url: str, open_with_clock: Callable[[str], Any]) -> Callable[[], Any]:
    """Each writer opens the books for itself, with a clock that can be set."""
    return lambda: open_with_clock(url)


def ids(ahead: timedelta) -> str:
    return f"{ahead.total_seconds() / 60:+.0f} min"


def stamp(books: SqlGateway, import_id: str, status: str) -> datetime:
    at = books.set_order_status(import_id, status).status_changed_at
    assert at is not None
    return at


@pytest.mark.parametrize("ahead", AHEAD, ids=ids)
def test_what_changes_later_has_no_earlier_stamp(
    open_books: Callable[[], Any], ahead: timedelta
) -> None:
    first, clock = open_books()
    first.create_order(make_bundle(1))
    first.create_order(make_bundle(2))
    second, right = open_books()
    clock.set(ahead)
    before = stamp(first, "WEB1", "Committed")
    assert abs(before - datetime.now(UTC) - ahead) < MINUTE
    right.set(timedelta())
    stamped = stamp(second, "WEB2", "Committed")
    assert stamped >= before
    assert abs(stamped - max(before, datetime.now(UTC))) < MINUTE
    changed = {order.import_id for order in first.sales_orders_changed("WEB", before)}
    assert changed == {"WEB1", "WEB2"}
    # AcctVantage writes by SQL.
    with second.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sales_orders SET status = 'Picked' WHERE import_id = 'WEB1'"
        )
    (order, _) = second.sales_orders()
    assert order.status_changed_at is not None
    assert order.status_changed_at >= stamped


@pytest.mark.parametrize("ahead", AHEAD, ids=ids)
def test_a_shipment_that_changes_later_has_no_earlier_stamp(
    open_books: Callable[[], Any], ahead: timedelta
) -> None:
    first, clock = open_books()
    first.create_order(make_bundle(1))
    second, right = open_books()
    shipment = Shipment(1, "WEB1", items=(ShippedItem(1000, Decimal(1)),))
    clock.set(ahead)
    first.add_shipment(shipment)
    (made,) = first.shipments("WEB")
    assert made.changed_at is not None
    assert abs(made.changed_at - datetime.now(UTC) - ahead) < MINUTE
    right.set(timedelta())
    last = made.changed_at
    # One that is the same stays as it is.
    second.add_shipment(shipment)
    assert second.shipments("WEB")[0].changed_at == last
    for changed in (
        evolve(shipment, parcels=(Parcel("1Z1"),)),
        evolve(shipment, comments="By the back door."),
        evolve(shipment, items=(ShippedItem(1001, Decimal(1)),)),
    ):
        second.add_shipment(changed)
        (now,) = first.shipments("WEB", last)
        assert now == changed
        assert now.changed_at is not None
        assert now.changed_at >= last
        last = now.changed_at
    with second.engine.begin() as connection:
        for statement in (
            "INSERT INTO shipments_in (number, order_import_id) VALUES (2, 'WEB1')",
            "INSERT INTO shipment_items_in (number, store_line_id, quantity) VALUES (2, 1001, '1')",
            "INSERT INTO shipments_complete (number) VALUES (2)",
        ):
            connection.exec_driver_sql(statement)
    assert {each.number for each in first.shipments("WEB", last)} >= {2}
    assert [each.number for each in first.shipments_of(["WEB1"])] == [1, 2]


@pytest.mark.parametrize("ahead", AHEAD, ids=ids)
def test_the_books_say_what_time_it_is(open_books: Callable[[], Any], ahead: timedelta) -> None:
    books, clock = open_books()
    assert isinstance(books, ClockGateway)
    clock.set(ahead)
    assert abs(books.now() - datetime.now(UTC) - ahead) < MINUTE
    books.create_order(make_bundle(1))
    before = stamp(books, "WEB1", "Committed")
    # It was set right, or set back a second time.
    clock.set(-timedelta(hours=7))
    assert books.now() == before
    books.add_shipment(Shipment(1, "WEB1", items=(ShippedItem(1000, Decimal(1)),)))
    clock.set(-timedelta(hours=8))
    (shipment,) = books.shipments("WEB")
    assert books.now() == max(before, shipment.changed_at or before)


def test_what_comes_in_is_stamped_by_the_database(open_books: Callable[[], Any]) -> None:
    books, clock = open_books()
    clock.set(timedelta(hours=5))
    books.create_order(make_bundle(1))
    books.update_order(make_bundle(1))
    books.create_credit(make_credit(1, 91))
    order, credit = schema.sales_orders.c, schema.credits.c
    with books.engine.connect() as connection:
        stamps = [
            *connection.execute(sa.select(order.imported_at, order.updated_at)).one(),
            *connection.execute(sa.select(credit.imported_at)).one(),
        ]
    for each in stamps:
        assert abs(each - datetime.now(UTC) - timedelta(hours=5)) < MINUTE


def test_two_edits_at_one_time_are_two_versions(
    file_url: str, open_with_clock: Callable[[str], Any]
) -> None:
    books, clock = open_with_clock(file_url)
    clock.stop()
    books.create_order(make_bundle(1))
    for version in (2, 3):
        books.update_order(make_bundle(1))
        assert [each.version for each in books.pickups(["WEB1"])] == [version]
