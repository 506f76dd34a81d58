"""What AcctVantage sends by SQL: shipments, quantities, and captures wanted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from avbc.acctvantage import Parcel, Shipment, ShippedItem, SqlGateway
from avbc.testing.contract import make_bundle, make_order

from .test_handshake import Side, enter, refuse

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
BOOKS = """
warehouses = [{ name = "Main" }, { name = "Outlet" }]
products = [
    { part_number = "MUG-0", name = "Mug", product_class = "Goods", quantity = { Main = 12 } },
    { part_number = "Mug-1", name = "Cup", product_class = "Goods", quantity = { Main = 5 } },
    { part_number = "ÉTÉ 1", name = "Fan", product_class = "Goods" },
]
"""


@pytest.fixture
def books(url: str, tmp_path: Path) -> Iterator[SqlGateway]:
    (tmp_path / "books.toml").write_text(BOOKS, encoding="utf-8")
    with SqlGateway(url) as gateway:
        gateway.load(tmp_path / "books.toml")
        yield gateway


@pytest.fixture
def side(url: str, books: SqlGateway) -> Iterator[Side]:
    one = Side(url)
    yield one
    one.connection.close()


def send(side: Side, *rows: str, number: int = 501, carrier: str = "UPS") -> None:
    side(
        "INSERT INTO shipments_in (number, order_import_id, ship_via, carrier) "
        f"VALUES ({number}, 'WEB1', 'UPS Ground', '{carrier}')"
    )
    for row in rows:
        side(row)


def an_item(line: int = 1000, quantity: str = "1.5") -> str:
    return (
        "INSERT INTO shipment_items_in (number, store_line_id, quantity) "
        f"VALUES (501, {line}, '{quantity}')"
    )


def a_parcel(tracking_number: str = "1Z1") -> str:
    return (
        "INSERT INTO shipment_parcels_in (number, tracking_number) "
        f"VALUES (501, '{tracking_number}')"
    )


def a_parcel_item(tracking_number: str = "1Z1", quantity: str = "1") -> str:
    return (
        "INSERT INTO shipment_parcel_items_in (number, tracking_number, store_line_id, quantity) "
        f"VALUES (501, '{tracking_number}', 1000, '{quantity}')"
    )


COMPLETE = "INSERT INTO shipments_complete (number) VALUES (501)"


LONG_AGO = "2020-01-01T00:00:00.000000+00:00"


def is_changed(side: Side) -> bool:
    """Whether the shipment has a new stamp since this was asked last."""
    changed = bool(side(f"SELECT 1 FROM shipments WHERE changed_at <> '{LONG_AGO}'"))
    side(f"UPDATE shipments SET changed_at = '{LONG_AGO}'")
    return changed


class TestShipments:
    @pytest.fixture(autouse=True)
    def ordered(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))

    def test_a_shipment_does_not_move_to_another_order(self, books: SqlGateway, side: Side) -> None:
        books.create_order(make_bundle(1))
        books.create_order(make_bundle(2))
        send(side, an_item(), COMPLETE)
        with pytest.raises(side.error, match="another order"):
            side(
                "INSERT INTO shipments_in (number, order_import_id, ship_via, carrier) "
                "VALUES (501, 'WEB2', 'UPS Ground', 'UPS')"
            )
        assert side("SELECT order_import_id FROM shipments_in") == [("WEB1",)]
        send(side, an_item(), COMPLETE)

    def test_a_shipment_is_there_with_its_last_row(self, books: SqlGateway, side: Side) -> None:
        send(side, an_item(), an_item(), a_parcel("1Z2"), a_parcel("1Z1"), a_parcel("1Z1"))
        assert books.shipments("WEB") == []
        side(COMPLETE)
        (shipment,) = books.shipments("WEB", datetime.now(UTC) - timedelta(minutes=1))
        assert shipment == Shipment(
            501,
            "WEB1",
            (ShippedItem(1000, Decimal("1.5")),),
            (Parcel("1Z1"), Parcel("1Z2")),
            "UPS Ground",
            "UPS",
        )

    def test_only_a_change_is_a_change(self, books: SqlGateway, side: Side) -> None:
        rows = an_item(), a_parcel(), a_parcel_item()
        send(side, *rows, COMPLETE)
        assert is_changed(side)
        side(COMPLETE)
        send(side, an_item(quantity="1.50"), *rows[1:], COMPLETE)
        side("UPDATE shipments SET carrier = 'UPS'")
        side("UPDATE shipment_items SET quantity = quantity")
        assert not is_changed(side)
        for changed in (
            (an_item(quantity="1"), *rows[1:]),
            (an_item(quantity="1"), a_parcel("1Z2")),
            (an_item(quantity="1"), a_parcel("1Z2"), a_parcel_item("1Z2")),
            (an_item(quantity="1"), a_parcel("1Z2"), a_parcel_item("1Z2", "0.5")),
            (an_item(quantity="1"), an_item(1001, "1")),
        ):
            send(side, *changed, COMPLETE)
            assert is_changed(side)
        send(side, *changed, COMPLETE, carrier="FedEx")
        assert is_changed(side)
        (shipment,) = books.shipments("WEB")
        assert (shipment.carrier, shipment.parcels) == ("FedEx", ())
        assert {item.store_line_id for item in shipment.items} == {1000, 1001}

    def test_what_was_left_halfway_is_no_part_of_the_next(
        self, books: SqlGateway, side: Side
    ) -> None:
        send(side, an_item(1001), a_parcel("1Z9"))
        send(side, an_item(1000), a_parcel(), a_parcel_item(), COMPLETE)
        (shipment,) = books.shipments("WEB")
        assert [item.store_line_id for item in shipment.items] == [1000]
        assert shipment.parcels == (Parcel("1Z1", (ShippedItem(1000, Decimal(1)),)),)

    def test_python_and_sql_write_the_same(self, books: SqlGateway, side: Side) -> None:
        item = ShippedItem(1000, Decimal("1.5"))
        books.add_shipment(
            Shipment(501, "WEB1", (item,), (Parcel("1Z1"),), "UPS Ground", "UPS", shipped_at=None)
        )
        assert is_changed(side)
        send(side, an_item(), a_parcel(), COMPLETE)
        assert not is_changed(side)

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ([an_item(2000)], "the order of the shipment has no line"),
            ([an_item(quantity="0")], "above zero"),
            ([an_item(quantity="NaN")], "above zero"),
            ([a_parcel_item()], "shipment_parcels_in"),
            ([a_parcel(), COMPLETE], "no row in shipment_items_in"),
            ([an_item().replace("501", "502")], "add its row there first"),
            ([COMPLETE.replace("501", "502")], "add its row there first"),
        ],
    )
    def test_a_wrong_row_is_refused_in_words(
        self, books: SqlGateway, side: Side, rows: list[str], words: str
    ) -> None:
        with pytest.raises(side.error, match=words):
            send(side, *rows)
        assert books.shipments("WEB") == []

    def test_an_unknown_order_is_refused(self, side: Side) -> None:
        with pytest.raises(side.error, match="the books have no order"):
            side("INSERT INTO shipments_in (number, order_import_id) VALUES (1, 'WEB9')")


class TestCaptures:
    @pytest.fixture(autouse=True)
    def ordered(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))

    def want(self, side: Side, wanted: str, import_id: str = "WEB1-1") -> None:
        side(f"INSERT INTO captures_wanted (import_id, wanted) VALUES ('{import_id}', '{wanted}')")

    def test_one_is_wanted_until_it_is_there(self, books: SqlGateway, side: Side) -> None:
        for wanted, (capture, void) in (
            ("capture", (True, False)),
            ("capture", (True, False)),
            ("void", (False, True)),
        ):
            self.want(side, wanted)
            (receipt,) = books.receipts_to_capture("WEB")
            assert (receipt.capture_wanted, receipt.void_wanted) == (capture, void)
            assert side("SELECT import_id, wanted FROM captures_wanted") == [("WEB1-1", wanted)]
        self.want(side, "nothing")
        assert books.receipts_to_capture("WEB") == []
        self.want(side, "capture")
        captured = books.record_capture("WEB1-1", Decimal(5), AT)
        self.want(side, "capture")
        assert books.receipts(["WEB1"])[0] == captured

    @pytest.mark.parametrize(
        ("wanted", "import_id", "words"),
        [
            ("refund", "WEB1-1", "capture, void or nothing"),
            ("capture", "WEB9-1", "no receipt"),
            ("void", "WEB1-2", "only a pre-authorized receipt"),
        ],
    )
    def test_a_wrong_row_is_refused_in_words(
        self, side: Side, wanted: str, import_id: str, words: str
    ) -> None:
        with pytest.raises(side.error, match=words):
            self.want(side, wanted, import_id)


def give(side: Side, available: str, part_number: str = "MUG-0", warehouse: str = "Main") -> None:
    value = available if available == "NULL" else f"'{available}'"
    side(
        "INSERT INTO quantities_in (warehouse, part_number, available) "
        f"VALUES ('{warehouse}', '{part_number}', {value})"
    )


def left(books: SqlGateway, part_number: str = "MUG-0") -> Decimal:
    pushed = dict(books.quantities_available("Main"))
    counted = {number: quantity for number, quantity in pushed.items() if quantity is not None}
    assert books.available("Main") == counted
    return counted[part_number]


class TestQuantities:
    """An order takes 1.5 of MUG-0."""

    def test_what_acctvantage_gives_counts(self, books: SqlGateway, side: Side) -> None:
        give(side, "40.5")
        give(side, "3", "ÉTÉ 1")
        give(side, "7", "mug-1")
        give(side, "100", warehouse="Outlet")
        assert books.available("Main") == {
            "MUG-0": Decimal("40.5"),
            "Mug-1": 7,
            "ÉTÉ 1": 3,
        }
        books.set_quantity("MUG-0", "Main", 1)
        assert left(books) == Decimal("40.5")
        ((stamp,),) = side("SELECT available_at FROM quantities_in WHERE warehouse = 'Outlet'")
        assert stamp
        give(side, "NULL")
        assert left(books) == 1
        give(side, "-2")
        assert left(books) == -2

    def test_an_order_is_taken_off_once(self, books: SqlGateway, side: Side) -> None:
        give(side, "10")
        books.create_order(make_bundle(1))
        assert left(books) == Decimal("8.5")
        enter(side, "WEB1")
        assert left(books) == Decimal("8.5")
        enter(side, "WEB1")
        assert left(books) == Decimal("8.5")
        give(side, "8.5")
        assert left(books) == Decimal("8.5")
        enter(side, "WEB1")
        assert left(books) == Decimal("8.5")

    def test_goods_that_leave_between_two_quantities_are_not_for_sale(
        self, books: SqlGateway, side: Side
    ) -> None:
        give(side, "10")
        books.create_order(make_bundle(1))
        side(
            "INSERT INTO acknowledgements (import_id, version, document_number, status) "
            "VALUES ('WEB1', 1, 'SO-1', 'Picked')"
        )
        assert left(books) == Decimal("8.5")
        for status in ("Packed", "Shipped/Invoice", "Posted"):
            side(f"UPDATE sales_orders SET status = '{status}' WHERE import_id = 'WEB1'")
            assert left(books) == Decimal("8.5")
        give(side, "8.5")
        assert left(books) == Decimal("8.5")

    @pytest.mark.parametrize("by", ["sql", "python"])
    def test_a_status_changes_nothing_where_acctvantage_gave_its_quantity(
        self, books: SqlGateway, side: Side, by: str
    ) -> None:
        books.create_order(make_bundle(1))
        enter(side, "WEB1")
        give(side, "8.5")
        for status in ("Picked", "Open", "Shipped/Invoice"):
            if by == "sql":
                side(f"UPDATE sales_orders SET status = '{status}' WHERE import_id = 'WEB1'")
            else:
                books.set_order_status("WEB1", status)
            assert left(books) == Decimal("8.5")

    def test_an_edit_is_taken_off_until_it_is_given(self, books: SqlGateway, side: Side) -> None:
        give(side, "10")
        bundle = make_bundle(1)
        books.create_order(bundle)
        enter(side, "WEB1")
        order = make_order(1)
        fewer = evolve(order, lines=order.lines[:1], total=order.total - order.lines[1].amount)
        books.update_order(evolve(bundle, order=fewer, receipts=()))
        assert left(books) == Decimal("8.5")
        enter(side, "WEB1", 2)
        assert left(books) == Decimal("8.5")
        give(side, "8.5")
        assert left(books) == Decimal("8.5")

    def test_an_edit_that_is_refused_leaves_what_was_entered(
        self, books: SqlGateway, side: Side
    ) -> None:
        books.create_order(make_bundle(1))
        enter(side, "WEB1")
        give(side, "8.5")
        books.set_to_ship("WEB1", {1000: Decimal(1)})
        # Until AcctVantage says what it does with the new version, it is taken off in full.
        assert left(books) == 7
        refuse(side, "WEB1", 2)
        assert left(books) == Decimal("8.5")

    def test_a_refused_order_keeps_its_goods(self, books: SqlGateway, side: Side) -> None:
        give(side, "10")
        books.create_order(make_bundle(1))
        refuse(side, "WEB1")
        assert left(books) == Decimal("8.5")
        give(side, "10")
        assert left(books) == Decimal("8.5")

    def test_a_deleted_order_takes_nothing(self, books: SqlGateway, side: Side) -> None:
        give(side, "10")
        books.create_order(make_bundle(1))
        enter(side, "WEB1")
        books.delete_order("WEB1")
        assert left(books) == 10
        books.create_order(evolve(make_bundle(2), order=evolve(make_order(2), status="Quote")))
        assert left(books) == 10

    def test_what_came_in_picked_changes_nothing(self, books: SqlGateway, side: Side) -> None:
        give(side, "10")
        books.create_order(evolve(make_bundle(1), order=evolve(make_order(1), status="Picked")))
        enter(side, "WEB1")
        assert left(books) == 10

    @pytest.mark.parametrize(
        ("available", "part_number", "warehouse", "words"),
        [
            ("1", "MUG-9", "Main", "the books have no product"),
            ("1", "MUG-0", "Mian", "not in the books"),
            ("NaN", "MUG-0", "Main", "not a number"),
        ],
    )
    def test_a_wrong_row_is_refused_in_words(
        self, side: Side, available: str, part_number: str, warehouse: str, words: str
    ) -> None:
        with pytest.raises(side.error, match=words):
            give(side, available, part_number, warehouse)
