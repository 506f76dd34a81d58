"""What AcctVantage writes: shipments, quantities, and captures wanted.

`docs/handshake.md` (Send) has the statements. They name AcctVantage's own numbers only, and a
row that comes twice does no harm. What they mean is the same on both databases.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from avbc.database import NOW


@attrs.frozen
class Trigger:
    """What the database does at an event, but for what it refuses in words."""

    name: str
    event: str
    checks: tuple[tuple[str, str], ...] = ()
    """When it refuses the row, and in which words."""
    work: tuple[str, ...] = ()


VIEWS = {
    "shipments_complete": "SELECT number FROM shipments",
    "quantities_in": (
        "SELECT q.warehouse, p.part_number, q.available, q.available_at FROM quantities AS q "
        "JOIN products AS p ON p.part_key = q.part_key WHERE q.available IS NOT NULL"
    ),
    "captures_wanted": (
        "SELECT import_id, CASE WHEN capture_wanted THEN 'capture' ELSE 'void' END AS wanted "
        "FROM receipts WHERE capture_wanted OR void_wanted"
    ),
}
"""What AcctVantage adds rows to, and may read back."""


def part_key(part_number: str) -> str:
    """The key of the product with this part number; NULL if there is none.

    Only Python can make the key of any text. Most are the lower case of the part number.
    """
    return (
        f"COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower({part_number}))"
        f", (SELECT k.part_key FROM products AS k WHERE k.part_number = {part_number}))"
    )


def _no_number(kind: str, value: str, *, positive: bool) -> str:
    """Whether a value is no decimal, or is not above zero."""
    if kind == "postgresql":
        wrong = f"{value} IN ('NaN', 'Infinity', '-Infinity')"
        return f"{wrong} OR {value} <= 0" if positive else wrong
    text = f"CAST({value} AS TEXT)"
    digits = f"ltrim({text}, '-')"
    wrong = (
        f"{digits} GLOB '*[^0-9.]*' OR {digits} NOT GLOB '*[0-9]*' OR {digits} GLOB '*.*.*' "
        f"OR length({text}) - length({digits}) > 1"
    )
    return f"{wrong} OR CAST({value} AS REAL) <= 0" if positive else wrong


_THIS = "(SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)"
_HEAD = ("order_import_id", "ship_via", "carrier", "tracking_link", "comments", "shipped_at")
_PARTS = ("shipment_items_in", "shipment_parcels_in", "shipment_parcel_items_in")
_NO_HEAD = (
    "NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number)",
    "the shipment is not in shipments_in: add its row there first",
)
_NO_LINE = (
    (
        "NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = "
        "s.order_import_id JOIN sales_order_lines AS l ON l.order_id = o.id "
        "WHERE s.number = NEW.number AND l.store_line_id = NEW.store_line_id)"
    ),
    "the order of the shipment has no line with this store_line_id",
)


def _not_shipped(kind: str) -> tuple[str, str]:
    words = "quantity of the shipment must be a number above zero"
    return _no_number(kind, "NEW.quantity", positive=True), words


def _differ(kind: str) -> tuple[str, str]:
    """Whether the items, and the parcels with what is in them, are not those that came."""
    of = "CAST({} AS REAL)" if kind == "sqlite" else "{}"
    came, there = of.format("c.quantity"), of.format("t.quantity")
    items = _not_same(
        f"SELECT c.store_line_id, {came} FROM shipment_items_in AS c WHERE c.number = NEW.number",
        f"SELECT t.store_line_id, {there} FROM shipment_items AS t WHERE t.shipment_id = {_THIS}",
    )
    parcels = _not_same(
        "SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number",
        "SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = " + _THIS,
    )
    contents = _not_same(
        f"SELECT c.tracking_number, c.store_line_id, {came} FROM shipment_parcel_items_in AS c "
        "WHERE c.number = NEW.number",
        f"SELECT p.tracking_number, t.store_line_id, {there} FROM shipment_parcel_items AS t "
        "JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel "
        f"WHERE t.shipment_id = {_THIS}",
    )
    return items, f"{parcels} OR {contents}"


def _not_same(one: str, other: str) -> str:
    return f"(EXISTS ({one} EXCEPT {other}) OR EXISTS ({other} EXCEPT {one}))"


def _take_shipment(kind: str) -> tuple[str, ...]:
    """Bring the shipment to what came. What is the same is not written: it is no change."""
    now = NOW[kind]
    items_differ, parcels_differ = _differ(kind)
    head = ", ".join(_HEAD)
    came = ", ".join(f"c.{name}" for name in _HEAD)
    values = ", ".join(
        f"{name} = (SELECT c.{name} FROM shipments_in AS c WHERE c.number = NEW.number)"
        for name in _HEAD
    )

    def none(table: str) -> str:
        return f"NOT EXISTS (SELECT 1 FROM {table} AS t WHERE t.shipment_id = {_THIS})"

    return (
        (
            f"INSERT INTO shipments (number, changed_at, {head}) SELECT c.number, {now}, {came} "
            f"FROM shipments_in AS c WHERE c.number = NEW.number AND {_THIS} IS NULL"
        ),
        f"UPDATE shipments SET {values} WHERE number = NEW.number",
        f"DELETE FROM shipment_items WHERE shipment_id = {_THIS} AND {items_differ}",
        "INSERT INTO shipment_items (shipment_id, position, store_line_id, quantity) "
        f"SELECT {_THIS}, ROW_NUMBER() OVER (ORDER BY c.store_line_id) - 1, c.store_line_id, "
        "c.quantity FROM shipment_items_in AS c WHERE c.number = NEW.number AND "
        + none("shipment_items"),
        f"DELETE FROM shipment_parcel_items WHERE shipment_id = {_THIS} AND ({parcels_differ})",
        f"DELETE FROM shipment_parcels WHERE shipment_id = {_THIS} AND ({parcels_differ})",
        "INSERT INTO shipment_parcels (shipment_id, position, tracking_number) "
        f"SELECT {_THIS}, ROW_NUMBER() OVER (ORDER BY c.tracking_number) - 1, c.tracking_number "
        "FROM shipment_parcels_in AS c WHERE c.number = NEW.number AND " + none("shipment_parcels"),
        "INSERT INTO shipment_parcel_items (shipment_id, parcel, position, store_line_id, "
        "quantity) SELECT p.shipment_id, p.position, ROW_NUMBER() OVER (PARTITION BY p.position "
        "ORDER BY c.store_line_id) - 1, c.store_line_id, c.quantity "
        "FROM shipment_parcel_items_in AS c JOIN shipment_parcels AS p "
        f"ON p.shipment_id = {_THIS} AND p.tracking_number = c.tracking_number "
        "WHERE c.number = NEW.number AND " + none("shipment_parcel_items"),
    )


def _shipments(kind: str) -> Iterator[Trigger]:
    yield Trigger(
        "shipments_in_begun",
        "BEFORE INSERT ON shipments_in",
        (
            (
                "NOT EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.order_import_id)",
                "the books have no order with the order_import_id of the shipment",
            ),
            (
                (
                    "EXISTS (SELECT 1 FROM shipments WHERE number = NEW.number "
                    "AND order_import_id <> NEW.order_import_id)"
                ),
                "a shipment of another order has this number",
            ),
        ),
        tuple(
            f"DELETE FROM {table} WHERE number = NEW.number" for table in (*_PARTS, "shipments_in")
        ),
    )
    no_parcel = (
        (
            "NOT EXISTS (SELECT 1 FROM shipment_parcels_in WHERE number = NEW.number "
            "AND tracking_number = NEW.tracking_number)"
        ),
        "shipment_parcels_in has no row with this tracking_number: add it there first",
    )
    for table, key, checks in (
        ("shipment_items_in", ("store_line_id",), (_NO_HEAD, _NO_LINE, _not_shipped(kind))),
        ("shipment_parcels_in", ("tracking_number",), (_NO_HEAD,)),
        (
            "shipment_parcel_items_in",
            ("tracking_number", "store_line_id"),
            (no_parcel, _NO_LINE, _not_shipped(kind)),
        ),
    ):
        same = " AND ".join(f"{name} = NEW.{name}" for name in ("number", *key))
        yield Trigger(
            f"{table}_added",
            f"BEFORE INSERT ON {table}",
            checks,
            (f"DELETE FROM {table} WHERE {same}",),
        )
    yield Trigger(
        "shipments_complete_added",
        "INSTEAD OF INSERT ON shipments_complete",
        (
            _NO_HEAD,
            (
                "NOT EXISTS (SELECT 1 FROM shipment_items_in WHERE number = NEW.number)",
                "the shipment has no row in shipment_items_in: add what left first",
            ),
            (
                (
                    "NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON "
                    "o.import_id = s.order_import_id WHERE s.number = NEW.number)"
                ),
                "the books have no order with the order_import_id of the shipment",
            ),
        ),
        _take_shipment(kind),
    )


def _quantities(kind: str) -> Iterator[Trigger]:
    now, key = NOW[kind], part_key("NEW.part_number")
    wrong = _no_number(kind, "NEW.available", positive=False)
    given = "CAST(NEW.available AS TEXT)" if kind == "sqlite" else "NEW.available"
    yield Trigger(
        "quantities_in_added",
        "INSTEAD OF INSERT ON quantities_in",
        (
            (
                "NOT EXISTS (SELECT 1 FROM warehouses WHERE name = NEW.warehouse)",
                "warehouse of the quantity is not in the books",
            ),
            (f"{key} IS NULL", "the books have no product with the part_number of the quantity"),
            (
                f"NEW.available IS NOT NULL AND ({wrong})",
                "available of the quantity is not a number",
            ),
        ),
        (
            (
                "INSERT INTO quantities (warehouse, part_key, on_hand, available, available_at) "
                f"VALUES (NEW.warehouse, {key}, '0', {given}, "
                f"CASE WHEN NEW.available IS NULL THEN NULL ELSE {now} END) "
                "ON CONFLICT (warehouse, part_key) DO UPDATE SET available = excluded.available, "
                "available_at = excluded.available_at"
            ),
            f"DELETE FROM entered_since WHERE warehouse = NEW.warehouse AND part_key = {key}",
        ),
    )


_RECEIPT = "SELECT 1 FROM receipts AS r WHERE r.import_id = NEW.import_id"
_BECAME = (
    "(NEW.wanted = 'capture' AND r.state = 'captured') OR "
    "(NEW.wanted = 'void' AND r.state = 'voided')"
)


def _captures(_kind: str) -> Iterator[Trigger]:
    yield Trigger(
        "captures_wanted_added",
        "INSTEAD OF INSERT ON captures_wanted",
        (
            (
                "NEW.wanted IS NULL OR NEW.wanted NOT IN ('capture', 'void', 'nothing')",
                "wanted must be capture, void or nothing",
            ),
            (f"NOT EXISTS ({_RECEIPT})", "the books have no receipt with this import_id"),
            (
                (
                    f"NEW.wanted <> 'nothing' AND NOT EXISTS ({_RECEIPT} AND ((r.state = "
                    f"'pre_authorized' AND NOT r.posted) OR {_BECAME}))"
                ),
                "only a pre-authorized receipt that is not posted can be captured or voided",
            ),
        ),
        (
            (
                "UPDATE receipts SET capture_wanted = (NEW.wanted = 'capture'), "
                "void_wanted = (NEW.wanted = 'void') WHERE import_id = NEW.import_id "
                "AND state = 'pre_authorized' AND NOT posted"
            ),
        ),
    )


def triggers(kind: str) -> Iterator[Trigger]:
    """What a database of this kind does with the rows that AcctVantage adds."""
    for each in (_shipments, _quantities, _captures):
        yield from each(kind)


_FIRST_ENTERED = (
    "o.import_id = NEW.import_id AND o.version = NEW.version "
    "AND TRIM(COALESCE(NEW.document_number, '')) <> '' AND COALESCE(o.answered, '') <> 'entered'"
)
KEEPS_RESERVED = (
    (
        "DELETE FROM entered_since WHERE order_id IN (SELECT o.id FROM sales_orders AS o "
        f"WHERE {_FIRST_ENTERED})"
    ),
    (
        "INSERT INTO entered_since (warehouse, part_key, order_id, position, quantity) "
        "SELECT q.warehouse, q.part_key, l.order_id, l.position, l.quantity FROM sales_orders AS o "
        "JOIN sales_order_lines AS l ON l.order_id = o.id JOIN quantities AS q ON "
        f"q.warehouse = o.warehouse AND q.part_key = {part_key('l.part_number')} "
        f"WHERE {_FIRST_ENTERED} AND l.part_number IS NOT NULL AND q.available IS NOT NULL"
    ),
)
"""At the first answer that a version is entered: AcctVantage's quantities are from before it."""

FORGETS_RESERVED = "DELETE FROM entered_since WHERE order_id = OLD.id"
