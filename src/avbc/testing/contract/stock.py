"""What pushing inventory relies on: what is available is on hand less what is reserved."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import ImportGateway, StockGateway
from avbc.acctvantage.records import Product
from avbc.money import ZERO
from avbc.testing.contract.checks import create_orders, refused, same
from avbc.testing.contract.examples import HIDDEN, make_bundle
from avbc.testing.contract.setup import ContractSetup
from avbc.text import quoted


class _Books(ImportGateway, StockGateway, Protocol): ...


class StockContract(ContractSetup):
    """Quantities for the store.

    >>> import pytest
    >>> from avbc.testing import StockContract, MemoryGateway
    >>> class TestMyBooks(StockContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    ...
    ...     def add_quantities(self, gateway, warehouse, on_hand):
    ...         gateway.add_quantities(warehouse, on_hand)
    """

    part = StockGateway

    def test_what_is_available_is_on_hand_less_what_is_reserved(self, gateway: _Books) -> None:
        """An imported order lowers it once, by all its lines; it can be negative and a fraction."""
        add_stock(self, gateway)
        same(
            "quantities before an order",
            list(gateway.quantities_available("Main")),
            [("MUG-0", Decimal(12)), ("mug-1", Decimal("0.75")), ("Straße", ZERO)],
        )
        create_orders(gateway, make_bundle(1), make_bundle(2))
        same(
            "quantities after two orders",
            list(gateway.quantities_available("Main")),
            [("MUG-0", Decimal(9)), ("mug-1", Decimal("-2.25")), ("Straße", ZERO)],
        )
        same(
            "the first quantity of another warehouse",
            next(gateway.quantities_available("Outlet")),
            ("MUG-0", Decimal(5)),
        )

    def test_what_was_never_counted_has_no_quantity(self, gateway: _Books) -> None:
        """Otherwise the store would show it as sold out, before anyone counted it."""
        add_stock(self, gateway)
        create_orders(gateway, make_bundle(1))
        found = gateway.quantities_available("Outlet")
        known = [number for number, quantity in found if quantity is not None]
        same("products with a quantity in another warehouse", known, ["MUG-0"])

    def test_quantities_of_some_products(self, gateway: _Books) -> None:
        """In upper or lower case, in any order; unknown and hidden products are left out."""
        add_stock(self, gateway)
        some = gateway.quantities_available(
            "Main", ["STRASSE", "Mug-0", "mug-0", "unknown", "HIDDEN", "HOUR"]
        )
        same("quantities of some products", list(some), [("MUG-0", Decimal(12)), ("Straße", ZERO)])
        same("of no part number", list(gateway.quantities_available("Main", [])), [])

    def test_an_unknown_warehouse_is_refused(self, gateway: _Books) -> None:
        """Otherwise the store would show its products as sold out."""
        add_stock(self, gateway)
        for warehouse in ("Nowhere", ""):
            refused(f"the warehouse {quoted(warehouse)}", _quantities, gateway, warehouse)

    def test_the_books_can_be_used_while_quantities_are_read(self, gateway: _Books) -> None:
        """The caller may take its time with each record, and read and write meanwhile."""
        add_stock(self, gateway)
        rows = gateway.quantities_available("Main")
        next(rows)
        same("a read meanwhile", len(gateway.find_products(["MUG-0"])), 1)
        gateway.create_order(make_bundle(1))
        same("the other quantities", [number for number, _ in rows], ["mug-1", "Straße"])
        next(gateway.quantities_available("Main"))
        same("the orders written meanwhile", len(gateway.sales_orders()), 1)


def _quantities(gateway: _Books, warehouse: str) -> list[tuple[str, Decimal | None]]:
    return list(gateway.quantities_available(warehouse))


def add_stock(contract: ContractSetup, gateway: ImportGateway) -> None:
    """Products of which three are stocked and for the store, in two warehouses."""
    contract.add_products(
        gateway,
        [
            Product(part_number="Straße", name="Sign", product_class="Goods"),
            Product(part_number="mug-1", name="Cup", product_class="Goods", kind="assembly"),
            Product(part_number="MUG-0", name="Mug", product_class="Goods"),
            HIDDEN,
            evolve(HIDDEN, part_number="HOUR", name="Work", kind="non_inventory"),
        ],
    )
    contract.add_quantities(
        gateway,
        "Main",
        {"MUG-0": Decimal(12), "mug-1": Decimal("0.75"), "Straße": ZERO, "Hidden": Decimal(3)},
    )
    contract.add_quantities(gateway, "Outlet", {"MUG-0": Decimal(5)})
