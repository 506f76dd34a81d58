"""What pushing shipments relies on: they come whole, by number, and since a change."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import ImportGateway, ShipmentGateway
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem
from avbc.testing.contract.checks import answers, create_orders, same, stamped
from avbc.testing.contract.examples import DAY, make_bundle, make_shipment, of_source
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, ShipmentGateway, Protocol): ...


class ShipmentContract(ContractSetup):
    """Shipments for the store.

    >>> import pytest
    >>> from avbc.testing import ShipmentContract, MemoryGateway
    >>> class TestMyBooks(ShipmentContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    ...
    ...     def add_shipment(self, gateway, shipment):
    ...         gateway.add_shipment(shipment)
    """

    part = ShipmentGateway

    def test_shipments_are_read_back(self, gateway: _Books) -> None:
        """Every field survives, in parcels as in the shipment, by the number of the shipment."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        full = make_shipment(12)
        plain = Shipment(3, "WEB2", items=(ShippedItem(2001, Decimal(1)),))
        labels = evolve(make_shipment(7), parcels=(Parcel("1Z9"), Parcel()), shipped_at=None)
        for shipment in (full, plain, labels):
            self.add_shipment(gateway, shipment)
        same("all shipments", gateway.shipments("WEB"), [plain, labels, full])

    def test_shipments_since_a_time(self, gateway: _Books) -> None:
        """The change in the books counts, not when the goods left; the source is the order's."""
        create_orders(gateway, make_bundle(1), of_source("ABC", 4))
        now = datetime.now(UTC)
        old = evolve(make_shipment(1), shipped_at=now - 90 * DAY)
        other = Shipment(2, "ABC4", items=(ShippedItem(4000, Decimal(1)),))
        self.add_shipment(gateway, old)
        self.add_shipment(gateway, other)
        for row, source_code, since, listed in [
            ("since yesterday", "WEB", now - DAY, [old]),
            ("of another source", "ABC", now - DAY, [other]),
            ("since tomorrow", "WEB", now + DAY, []),
            ("of a source in other letters", "web", None, []),
        ]:
            answers(f"shipments {row}", listed, gateway.shipments, source_code, since)

    def test_a_change_of_a_shipment_is_stamped(self, gateway: _Books) -> None:
        """By the clock of the books; a later change has no earlier stamp."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        first = make_shipment(1)
        self.add_shipment(gateway, first)
        (found,) = gateway.shipments("WEB")
        at = stamped("shipment 1", gateway, found.changed_at)
        second = Shipment(2, "WEB2", items=(ShippedItem(2001, Decimal(1)),))
        self.add_shipment(gateway, second)
        changed = evolve(first, comments="By the back door.")
        self.add_shipment(gateway, changed)
        for row, since, listed in [
            ("since the stamp of the first itself", at, [changed, second]),
            ("since a minute after it", at + timedelta(minutes=1), []),
        ]:
            answers(f"shipments {row}", listed, gateway.shipments, "WEB", since)
        (found,) = gateway.shipments_of(["WEB1"])
        last = stamped("shipment 1, changed,", gateway, found.changed_at)
        assert last >= at, f"shipment 1 was stamped {at}, and {last} when it changed"
        found_again = gateway.shipments("WEB", last)
        same("shipments since the last stamp itself", changed in found_again, True)

    def test_shipments_of_some_orders(self, gateway: _Books) -> None:
        """All of each order, whenever they were made; unknown orders are left out."""
        create_orders(gateway, make_bundle(1), make_bundle(2), of_source("ABC", 4))
        second = Shipment(3, "WEB2", items=(ShippedItem(2001, Decimal(1)),))
        other = Shipment(5, "ABC4", items=(ShippedItem(4000, Decimal(1)),))
        for shipment in (make_shipment(12), second, make_shipment(1), other):
            self.add_shipment(gateway, shipment)
        for import_ids, listed in [
            (["WEB1"], [make_shipment(1), make_shipment(12)]),
            (["ABC4", "WEB2", "WEB9"], [second, other]),
            ([], []),
        ]:
            answers(f"shipments of {import_ids}", listed, gateway.shipments_of, import_ids)

    def test_a_shipment_may_change(self, gateway: _Books) -> None:
        """A tracking number comes later than the shipment, on the same shipment."""
        gateway.create_order(make_bundle(1))
        first = evolve(make_shipment(1), parcels=(Parcel(), Parcel(), Parcel()))
        changed = evolve(first, parcels=(Parcel("1Z1"),), items=first.items[:1])
        self.add_shipment(gateway, first)
        self.add_shipment(gateway, changed)
        same("shipment 1, changed", gateway.shipments("WEB"), [changed])
