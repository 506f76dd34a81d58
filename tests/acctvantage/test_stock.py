from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve

from avbc.acctvantage import BooksRefused, SqlGateway
from avbc.acctvantage.sql import reading, stock
from avbc.testing.contract import make_bundle, make_order

BOOKS = """
warehouses = [{ name = "Main" }, { name = "Outlet" }]
products = [
    {part_number="MUG-0", name="Mug", product_class="Goods", quantity={Main=12, Outlet="0.5"}},
    { part_number = "Mug-1", name = "Cup", product_class = "Goods", quantity = { Main = 0 } },
    { part_number = "HOUR", name = "Work", product_class = "Service", kind = "non_inventory" },
    {part_number="SET", name="Mugs", product_class="Goods", kind="kit", quantity={Main=3}},
]
"""


@pytest.fixture
def stocked(books: SqlGateway, tmp_path: Path) -> SqlGateway:
    (tmp_path / "books.toml").write_text(BOOKS)
    books.load(tmp_path / "books.toml")
    return books


def test_an_order_lowers_what_is_available_once(stocked: SqlGateway) -> None:
    assert stocked.available("Main") == {"MUG-0": 12, "Mug-1": 0, "SET": 3}
    stocked.create_order(make_bundle(1))
    after = {"MUG-0": Decimal("10.5"), "Mug-1": Decimal("-1.5"), "SET": 3}
    for status in (
        "Open",
        "Committed",
        "Picked",
        "Packed",
        "Shipped/Invoice",
        "Posted",
        "Open",
        "Picked",
        "Committed",
    ):
        stocked.set_order_status("WEB1", status)
        assert stocked.available("Main") == after
    assert stocked.available("Outlet") == {"MUG-0": Decimal("0.5")}
    stocked.set_order_status("WEB1", "Quote")
    assert stocked.available("Main") == {"MUG-0": 12, "Mug-1": 0, "SET": 3}


def test_picked_goods_are_not_on_hand(stocked: SqlGateway) -> None:
    stocked.create_order(make_bundle(1))
    stocked.set_quantity("MUG-0", "Main", 100)
    assert stocked.available("Main", ["mug-0"]) == {"MUG-0": Decimal("98.5")}
    stocked.set_order_status("WEB1", "Picked")
    stocked.set_quantity("mug-0", "Main", Decimal("7.25"))
    assert stocked.available("Main", ["MUG-0", "unknown", "HOUR"]) == {"MUG-0": Decimal("7.25")}
    assert stocked.available("Main", []) == {}


def test_an_edited_order_reserves_what_it_says_now(stocked: SqlGateway) -> None:
    stocked.create_order(make_bundle(1))
    order = make_order(1)
    fewer = evolve(order, lines=order.lines[:1], total=order.total - order.lines[1].amount)
    stocked.update_order(evolve(make_bundle(1), order=fewer, receipts=()))
    assert stocked.available("Main", ["MUG-0", "MUG-1"]) == {"MUG-0": Decimal("10.5"), "Mug-1": 0}


def test_lines_of_other_warehouses_and_without_product_reserve_nothing(stocked: SqlGateway) -> None:
    order = make_order(1)
    stocked.create_order(evolve(make_bundle(1), order=evolve(order, warehouse="Nowhere")))
    custom = tuple(evolve(line, kind="custom", part_number=None) for line in order.lines)
    stocked.create_order(evolve(make_bundle(2), order=evolve(make_order(2), lines=custom)))
    stocked.set_order_status("WEB1", "Picked")
    stocked.set_order_status("WEB2", "Picked")
    assert stocked.available("Main") == {"MUG-0": 12, "Mug-1": 0, "SET": 3}


def test_statuses_of_ones_own_have_their_place_in_the_sequence(
    stocked: SqlGateway, tmp_path: Path
) -> None:
    (tmp_path / "more.toml").write_text(
        'order_statuses = ["Quote", "Open", "Waiting", "On the cart", "Picked", "Gone", "Posted"]'
    )
    stocked.load(tmp_path / "more.toml")
    stocked.create_order(make_bundle(1))
    for status in ("Waiting", "On the cart", "Gone"):
        assert stocked.set_order_status("WEB1", status).status == status
        assert stocked.available("Main", ["MUG-0"]) == {"MUG-0": Decimal("10.5")}


class TestSetOrderStatus:
    def test_a_change_is_stamped_and_no_change_is_not(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        assert books.set_order_status("WEB1", "Open").status_changed_at is None
        before = datetime.now(UTC) - timedelta(seconds=1)
        changed = books.set_order_status("WEB1", "Committed")
        assert changed.status_changed_at is not None
        assert before < changed.status_changed_at < datetime.now(UTC) + timedelta(seconds=1)
        assert books.set_order_status("WEB1", "Committed") == changed
        assert books.sales_orders() == [changed]

    def test_an_unknown_status_names_the_nearest(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        with pytest.raises(BooksRefused, match="no order status 'picked': did you mean Picked"):
            books.set_order_status("WEB1", "picked")
        assert books.sales_orders()[0].status == "Open"

    def test_an_unknown_order_is_refused(self, books: SqlGateway) -> None:
        with pytest.raises(BooksRefused, match="no order 'WEB9'"):
            books.set_order_status("WEB9", "Picked")

    def test_an_order_of_a_status_that_was_removed_can_go_on(
        self, stocked: SqlGateway, tmp_path: Path
    ) -> None:
        order = evolve(make_order(1), status="Gone")
        stocked.create_order(evolve(make_bundle(1), order=order))
        stocked.set_order_status("WEB1", "Picked")
        assert stocked.available("Main", ["MUG-0"]) == {"MUG-0": Decimal("10.5")}


class TestSetQuantity:
    def test_unknown_names_are_refused(self, stocked: SqlGateway) -> None:
        with pytest.raises(
            BooksRefused, match="no warehouse 'Mian' in the books: did you mean Main"
        ):
            stocked.set_quantity("MUG-0", "Mian", 1)
        with pytest.raises(BooksRefused, match="no product 'MUG-9'"):
            stocked.set_quantity("MUG-9", "Main", 1)
        with pytest.raises(BooksRefused, match=r"no warehouse 'X' in the books: there are Main"):
            stocked.available("X")
        with pytest.raises(BooksRefused, match="no order status 'Zzz': there are Quote, Open"):
            stocked.set_order_status("WEB1", "Zzz")

    def test_a_refusal_shows_no_frames_of_the_database(self, stocked: SqlGateway) -> None:
        with pytest.raises(BooksRefused) as refused:
            stocked.set_quantity("MUG-0", "Mian", 1)
        files = [str(entry.path) for entry in refused.traceback]
        assert not [file for file in files if "/sql/" in file or file.endswith("database.py")]

    def test_no_number_is_refused(self, stocked: SqlGateway) -> None:
        with pytest.raises(BooksRefused, match="NaN is not an amount"):
            stocked.set_quantity("MUG-0", "Main", Decimal("NaN"))
        assert stocked.available("Main", ["MUG-0"]) == {"MUG-0": 12}

    def test_a_kit_may_have_a_quantity_of_its_own(self, stocked: SqlGateway) -> None:
        stocked.set_quantity("SET", "Outlet", 2)
        assert stocked.available("Outlet", ["set"]) == {"SET": 2}


class TestNeverCounted:
    """No quantity was ever given: that is not 0, and no order makes it one."""

    def test_a_product_has_none_until_it_is_counted(self, stocked: SqlGateway) -> None:
        assert list(stocked.quantities_available("Outlet")) == [
            ("MUG-0", Decimal("0.5")),
            ("Mug-1", None),
        ]
        assert list(stocked.quantities_available("Outlet", ["mug-1"])) == [("Mug-1", None)]
        assert "Mug-1" not in stocked.available("Outlet", ["mug-1"])
        stocked.set_quantity("mug-1", "Outlet", 0)
        assert list(stocked.quantities_available("Outlet", ["mug-1"])) == [("Mug-1", 0)]

    def test_what_leaves_the_shelf_counts_nothing(self, stocked: SqlGateway) -> None:
        order = evolve(make_order(1), warehouse="Outlet")
        stocked.create_order(evolve(make_bundle(1), order=order))
        for status in ("Open", "Picked", "Open", "Picked"):
            stocked.set_order_status("WEB1", status)
            assert dict(stocked.quantities_available("Outlet")) == {
                "MUG-0": Decimal(-1),
                "Mug-1": None,
            }
        # Who counts now counts without what was picked, which comes back.
        stocked.set_quantity("Mug-1", "Outlet", 5)
        for status, left in (("Picked", 5), ("Open", 5), ("Quote", Decimal("6.5"))):
            stocked.set_order_status("WEB1", status)
            assert stocked.available("Outlet", ["Mug-1"]) == {"Mug-1": left}


class TestForStore:
    def test_pages_leave_nothing_out_and_double_nothing(
        self, stocked: SqlGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stocked.create_order(make_bundle(1))
        whole = list(stocked.quantities_available("Main")), list(stocked.products_for_store())
        assert [number for number, _ in whole[0]] == ["MUG-0", "Mug-1", "SET"]
        for size in (1, 2, 3):
            monkeypatch.setattr(stock, "PAGE", size)
            monkeypatch.setattr(reading, "_PAGE", size)
            assert (
                list(stocked.quantities_available("Main")),
                list(stocked.products_for_store()),
            ) == whole

    def test_a_page_is_of_one_moment(
        self, stocked: SqlGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An order that is picked between two pages is not reserved or on hand in the second."""
        monkeypatch.setattr(stock, "PAGE", 1)
        stocked.create_order(make_bundle(1))
        quantities = stocked.quantities_available("Main")
        assert next(quantities) == ("MUG-0", Decimal("10.5"))
        stocked.set_order_status("WEB1", "Picked")
        assert list(quantities) == [("Mug-1", Decimal("-1.5")), ("SET", 3)]

    def test_an_unknown_warehouse_is_refused_at_once(self, stocked: SqlGateway) -> None:
        with pytest.raises(
            BooksRefused, match="no warehouse 'Mian' in the books: did you mean Main"
        ):
            stocked.quantities_available("Mian")

    def test_what_is_available_is_what_the_store_gets(self, stocked: SqlGateway) -> None:
        for number in (1, 2, 3):
            stocked.create_order(make_bundle(number))
        assert dict(stocked.quantities_available("Main")) == stocked.available("Main")
        assert stocked.available("Main")["Mug-1"] == Decimal("-4.5")
