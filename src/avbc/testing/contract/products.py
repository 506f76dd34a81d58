"""What pushing products relies on: sorted, each once, and read as they are taken."""

from __future__ import annotations

from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import ImportGateway, ProductGateway
from avbc.acctvantage.records import Product
from avbc.testing.contract.checks import answers, same
from avbc.testing.contract.examples import HIDDEN, MUG, make_bundle
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, ProductGateway, Protocol): ...


class ProductContract(ContractSetup):
    """Products for the store.

    >>> import pytest
    >>> from avbc.testing import ProductContract, MemoryGateway
    >>> class TestMyBooks(ProductContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    ...
    ...     def add_products(self, gateway, products):
    ...         gateway.add_products(products)
    """

    part = ProductGateway

    def test_products_come_sorted_and_only_those_for_the_store(self, gateway: _Books) -> None:
        """By part number without case, character by character, in any language of the database."""
        products = [
            Product(part_number=number, name=f"Name of {number}", product_class="Goods")
            for number in (
                *("10", "9", "Apple", "apple-2", "b-1", "B_1"),
                *("Straße", "STRASSEN", "zebra", "Äpfel"),
            )
        ]
        self.add_products(gateway, [*products[1::2], HIDDEN, *products[::2]])
        same("all products", list(gateway.products_for_store()), products)
        some = gateway.products_for_store(["ZEBRA", "apple", "hidden", "unknown", " 9 "])
        same("some products", [product.part_number for product in some], ["9", "Apple", "zebra"])
        same("products of no part number", list(gateway.products_for_store([])), [])

    def test_every_field_of_a_product_comes(self, gateway: _Books) -> None:
        """Aliases too, but a product is not found by them here."""
        self.add_products(gateway, [MUG])
        for row, part_numbers, listed in [
            ("all products", None, [MUG]),
            ("a part number twice", ["mug-1", "MUG-1"], [MUG]),
            ("an alias", ["Becher"], []),
        ]:
            answers(row, listed, gateway.products_for_store, part_numbers)

    def test_the_books_can_be_used_while_products_are_read(self, gateway: _Books) -> None:
        """The caller may take its time with each record, and read and write meanwhile."""
        numbers = ("MUG-0", "MUG-1", "MUG-2")
        self.add_products(gateway, [evolve(MUG, part_number=n, aliases=()) for n in numbers])
        rows = gateway.products_for_store()
        next(rows)
        same("a read meanwhile", len(gateway.find_products(["MUG-0"])), 1)
        gateway.create_order(make_bundle(1))
        same("the other products", [one.part_number for one in rows], ["MUG-1", "MUG-2"])
        next(gateway.products_for_store())
        same("the orders written meanwhile", len(gateway.sales_orders()), 1)
