from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage import BooksRefused, Parcel, Shipment, ShippedItem, SqlGateway
from avbc.acctvantage.sql import schema
from avbc.testing.contract import make_bundle

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ONE = ShippedItem(1000, Decimal(1))


@pytest.fixture
def shipment() -> Shipment:
    return Shipment(1, "WEB1", items=(ONE,), parcels=(Parcel("1Z1", (ONE,)),), shipped_at=AT)


@pytest.fixture
def ordered(books: SqlGateway) -> SqlGateway:
    books.create_order(make_bundle(1))
    books.create_order(make_bundle(2))
    return books


def changed_at(books: SqlGateway) -> datetime:
    with books.engine.connect() as connection:
        return connection.execute(sa.select(schema.shipments.c.changed_at)).scalar_one()


def test_only_a_change_is_a_change(ordered: SqlGateway, shipment: Shipment) -> None:
    ordered.add_shipment(shipment)
    first = changed_at(ordered)
    ordered.add_shipment(shipment)
    ordered.add_shipment(evolve(shipment, shipped_at=AT.astimezone(tz=None)))
    assert changed_at(ordered) == first
    ordered.add_shipment(evolve(shipment, parcels=(Parcel("1Z2", (ONE,)),)))
    assert changed_at(ordered) > first
    assert ordered.shipments("WEB", first + timedelta(microseconds=1)) == [
        evolve(shipment, parcels=(Parcel("1Z2", (ONE,)),))
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order_import_id": "WEB9"}, "shipment 1: there is no order 'WEB9' in the books"),
        (
            {"items": (ShippedItem(2000, Decimal(1)),)},
            "shipment 1: order WEB1 has no line 2000 of the store",
        ),
        (
            {"parcels": (Parcel("", (ShippedItem(2000, Decimal(1)),)),)},
            "order WEB1 has no line 2000 of the store",
        ),
        ({"items": (ShippedItem(1000, Decimal(0)),)}, "0 is not a quantity that can be shipped"),
        ({"items": (ShippedItem(1000, Decimal(-1)),)}, "-1 is not a quantity that can be shipped"),
        (
            {"items": (ShippedItem(1000, Decimal("NaN")),)},
            "NaN is not a quantity that can be shipped",
        ),
        ({"shipped_at": datetime(2026, 3, 2)}, "no time zone"),  # noqa: DTZ001  # the point of it
    ],
)
def test_a_wrong_shipment_changes_nothing(
    ordered: SqlGateway, shipment: Shipment, change: dict[str, object], reason: str
) -> None:
    ordered.add_shipment(shipment)
    for number in (1, 2):
        with pytest.raises(BooksRefused) as caught:
            ordered.add_shipment(evolve(shipment, number=number, **change))  # type: ignore[arg-type]  # the fields are in the table above
        assert reason.replace("shipment 1", f"shipment {number}") in str(caught.value)
    assert ordered.shipments("WEB") == [shipment]


def test_a_time_without_a_zone_is_refused(ordered: SqlGateway) -> None:
    naive = datetime(2026, 3, 2)  # noqa: DTZ001  # the point of it
    with pytest.raises(BooksRefused, match="no time zone"):
        ordered.shipments("WEB", naive)
    with pytest.raises(BooksRefused, match="no time zone"):
        ordered.sales_orders_changed("WEB", naive)
    with pytest.raises(BooksRefused, match="no time zone"):
        ordered.record_capture("WEB1-1", Decimal(1), naive)
    assert ordered.receipts()[0].state == "pre_authorized"


def test_hundreds_of_shipments_come_by_their_numbers(
    ordered: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [7, 1, 12, 3, 9, 2]
    for number in numbers:
        ordered.add_shipment(Shipment(number, "WEB1", items=(ONE,)))
    monkeypatch.setattr("avbc.acctvantage.sql.reading.CHUNK", 2)
    assert [shipment.number for shipment in ordered.shipments("WEB")] == sorted(numbers)
