"""What a test suite that runs the contract supplies."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import pytest

from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.records import Product, Shipment


class ContractSetup:
    """How your books are opened, and filled with what comes from their own users."""

    part: ClassVar[type] = ImportGateway
    """The part of the books whose methods must be there."""

    def test_satisfies_the_protocol(self, gateway: ImportGateway) -> None:
        """It has every method of the protocol, and of each part whose contract it runs."""
        lacking = [
            f"{part.__name__}.{name}"
            for part in (vars(kind)["part"] for kind in type(self).__mro__ if "part" in vars(kind))
            for name in dir(part)
            if not name.startswith("_") and not callable(getattr(gateway, name, None))
        ]
        assert not lacking, f"{type(gateway).__name__} lacks {', '.join(lacking)}"

    @pytest.fixture
    def gateway(self) -> Iterable[ImportGateway]:
        """Yield a gateway on empty books of its own."""
        raise NotImplementedError(
            "override the fixture `gateway`: yield your Gateway on empty books"
        )

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        """Put these products into the books."""
        raise NotImplementedError("override `add_products`: put the products into your books")

    def add_quantities(
        self, gateway: ImportGateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        """Set the quantities on hand of part numbers in the books, in a warehouse, new or not."""
        raise NotImplementedError(
            "override `add_quantities`: put the quantities into your books, with their warehouse"
        )

    def add_shipment(self, gateway: ImportGateway, shipment: Shipment) -> None:
        """Put this shipment into the books, or change the one of its number."""
        raise NotImplementedError("override `add_shipment`: put the shipment into your books")
