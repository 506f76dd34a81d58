"""Shipments: what of an order left, in which parcels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, datetime

import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem
from avbc.acctvantage.sql import column_types, schema
from avbc.acctvantage.sql.reading import among, key_chunks, parts
from avbc.acctvantage.sql.rows import (
    PARCEL_ITEMS,
    SHIPMENTS,
    SHIPPED_ITEMS,
    Insert,
    insert_many,
)
from avbc.statements import AnySelect, fetch, fetch_column, write
from avbc.text import quoted

_SHIPMENT = schema.shipments.c
_ITEM, _PARCEL = schema.shipment_parcel_items.c, schema.shipment_parcels.c
_NUMBERS: AnySelect = sa.select(_SHIPMENT.number, _SHIPMENT.id)
_CHANGED = _NUMBERS.join_from(
    schema.shipments,
    schema.sales_orders,
    _SHIPMENT.order_import_id == schema.sales_orders.c.import_id,
).where(
    schema.sales_orders.c.source_code == sa.bindparam("code"),
    _SHIPMENT.changed_at >= sa.bindparam("since"),
)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_SHIPMENTS: AnySelect = sa.select(_SHIPMENT.id, _SHIPMENT.changed_at, *SHIPMENTS.columns).order_by(
    _SHIPMENT.number
)
_HELD: AnySelect = sa.select(_ITEM.shipment_id, _ITEM.parcel, *PARCEL_ITEMS.columns).order_by(
    _ITEM.shipment_id, _ITEM.parcel, _ITEM.position
)
_OF_NUMBER: AnySelect = sa.select(_SHIPMENT.id).where(_SHIPMENT.number == sa.bindparam("number"))
_PARTS_GONE = [
    table.delete().where(table.c.shipment_id == sa.bindparam("of"))
    for table in (schema.shipment_items, schema.shipment_parcels, schema.shipment_parcel_items)
]
_NEW_PARCEL = schema.shipment_parcels.insert()
_ORDER_ID: AnySelect = sa.select(schema.sales_orders.c.id).where(
    schema.sales_orders.c.import_id == sa.bindparam("import_id")
)
_LINE_IDS: AnySelect = sa.select(schema.sales_order_lines.c.store_line_id).where(
    schema.sales_order_lines.c.order_id == sa.bindparam("order_id")
)
_LABELS: AnySelect = sa.select(
    _PARCEL.shipment_id, _PARCEL.position, _PARCEL.tracking_number
).order_by(_PARCEL.shipment_id, _PARCEL.position)


def shipments(
    connection: sa.Connection, source_code: str, since: datetime | None = None
) -> list[Shipment]:
    """Return the shipments of a source's orders, by their numbers.

    All of them, or those that were made or changed in the books since a time.
    """
    # Sorted here: SQLite would walk all shipments by their numbers rather than the last by their
    # times.
    found = sorted(fetch(connection, _CHANGED, {"code": source_code, "since": since or _EVER}))
    return _shipments(connection, [shipment_id for _, shipment_id in found])


def shipments_of(connection: sa.Connection, order_import_ids: Collection[str]) -> list[Shipment]:
    """Return the shipments of the orders with these Import IDs, by their numbers."""
    select = among(_NUMBERS, _SHIPMENT.order_import_id)
    found = [
        (number, shipment_id)
        for chunk in key_chunks(order_import_ids)
        for number, shipment_id in fetch(connection, select, {"keys": chunk})
    ]
    return _shipments(connection, [shipment_id for _, shipment_id in sorted(found)])


def _shipments(connection: sa.Connection, ids: list[int]) -> list[Shipment]:
    found: list[Shipment] = []
    for chunk in key_chunks(ids):
        items = parts(connection, SHIPPED_ITEMS, chunk)
        parcels = _parcels(connection, chunk)
        select = among(_SHIPMENTS, _SHIPMENT.id)
        for shipment_id, changed_at, *values in fetch(connection, select, {"keys": chunk}):
            found.append(
                SHIPMENTS.record(
                    values,
                    items=tuple(items[shipment_id]),
                    parcels=tuple(parcels[shipment_id]),
                    changed_at=changed_at,
                )
            )
    return found


def _parcels(connection: sa.Connection, ids: list[int]) -> defaultdict[int, list[Parcel]]:
    contents: defaultdict[tuple[int, int], list[ShippedItem]] = defaultdict(list)
    held = among(_HELD, _ITEM.shipment_id)
    for shipment_id, position, *values in fetch(connection, held, {"keys": ids}):
        contents[shipment_id, position].append(PARCEL_ITEMS.record(values))
    found: defaultdict[int, list[Parcel]] = defaultdict(list)
    labels = among(_LABELS, _PARCEL.shipment_id)
    for shipment_id, position, tracking_number in fetch(connection, labels, {"keys": ids}):
        found[shipment_id].append(Parcel(tracking_number, tuple(contents[shipment_id, position])))
    return found


class ShipmentWriter:
    """The compiled statements that write a shipment, for one kind of database."""

    def __init__(self, kind: str) -> None:
        self._shipment = Insert(
            SHIPMENTS, kind, stamped=["changed_at"], replaced=["number"], kept=["changed_at"]
        )
        self._item = Insert(SHIPPED_ITEMS, kind, "shipment_id", "position")
        self._parcel_item = Insert(PARCEL_ITEMS, kind, "shipment_id", "parcel", "position")

    def write(self, connection: sa.Connection, shipment: Shipment) -> None:
        """Write a shipment, or change the one with its number.

        One that is the same keeps the time of its last change.

        Raises:
            BooksRefused: Its order is not in the books, or lacks one of the lines.
        """
        _check(connection, shipment)
        this = {"number": shipment.number}
        known = fetch_column(connection, _OF_NUMBER, this)
        if known and _shipments(connection, known) == [_in_utc(shipment)]:
            return
        insert_many(connection, self._shipment.sql, [self._shipment.row(shipment)])
        (shipment_id,) = fetch_column(connection, _OF_NUMBER, this)
        for gone in _PARTS_GONE:
            write(connection, gone, {"of": shipment_id})
        rows = self._item.positioned(shipment.items, shipment_id)
        insert_many(connection, self._item.sql, rows)
        for position, parcel in enumerate(shipment.parcels):
            values = {
                "shipment_id": shipment_id,
                "position": position,
                "tracking_number": parcel.tracking_number,
            }
            write(connection, _NEW_PARCEL, values)
            rows = [
                self._parcel_item.row(item, shipment_id, position, at)
                for at, item in enumerate(parcel.items)
            ]
            insert_many(connection, self._parcel_item.sql, rows)


def _check(connection: sa.Connection, shipment: Shipment) -> None:
    about = f"shipment {shipment.number}"
    found = fetch_column(connection, _ORDER_ID, {"import_id": shipment.order_import_id})
    if not found:
        raise BooksRefused(
            f"{about}: there is no order {quoted(shipment.order_import_id)} in the books"
        )
    lines = set(fetch_column(connection, _LINE_IDS, {"order_id": found[0]}))
    for item in (*shipment.items, *(item for parcel in shipment.parcels for item in parcel.items)):
        if item.store_line_id not in lines:
            raise BooksRefused(
                f"{about}: order {shipment.order_import_id} has no line {item.store_line_id} of "
                "the store"
            )


def _in_utc(shipment: Shipment) -> Shipment:
    return (
        shipment
        if shipment.shipped_at is None
        else evolve(shipment, shipped_at=column_types.in_utc(shipment.shipped_at))
    )
