"""The contract of books with every part: each part, and what needs two of them."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from decimal import Decimal

from attrs import evolve

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.records import COMMITTED, PICKED, SHIPPED, Receipt, SalesOrder
from avbc.money import ZERO
from avbc.testing.contract.checks import create_orders, same, tried_at_once
from avbc.testing.contract.clients import ClientContract
from avbc.testing.contract.credits import CreditContract
from avbc.testing.contract.examples import AT, make_bundle, wanted
from avbc.testing.contract.following import FollowContract
from avbc.testing.contract.groups import OrderGroups
from avbc.testing.contract.importing import ImportContract
from avbc.testing.contract.payments import PaymentContract
from avbc.testing.contract.products import ProductContract
from avbc.testing.contract.shipments import ShipmentContract
from avbc.testing.contract.statuses import StatusContract
from avbc.testing.contract.stock import StockContract, add_stock


class GatewayContract(
    ImportContract,
    FollowContract,
    StatusContract,
    ShipmentContract,
    ProductContract,
    StockContract,
    ClientContract,
    PaymentContract,
    CreditContract,
    OrderGroups,
):
    """What avbc relies on. Override the fixture `gateway` and the methods that fill your books.

    >>> import pytest
    >>> from avbc.testing import GatewayContract, MemoryGateway
    >>> class TestMyBooks(GatewayContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    ...
    ...     def add_products(self, gateway, products):
    ...         gateway.add_products(products)
    ...
    ...     def add_quantities(self, gateway, warehouse, on_hand):
    ...         gateway.add_quantities(warehouse, on_hand)
    ...
    ...     def add_shipment(self, gateway, shipment):
    ...         gateway.add_shipment(shipment)
    """

    part = Gateway

    def test_an_update_never_undoes_a_capture(self, gateway: Gateway) -> None:
        """A capture that is recorded meanwhile stays, or came too late and is refused."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        voided = evolve(before, state="voided", voided_at=AT)
        tried = tried_at_once(
            [
                lambda: gateway.update_receipt(before, voided),
                lambda: gateway.record_capture("WEB1-1", Decimal(1), AT),
            ]
            * 4
        )
        in_books = gateway.receipts()[0]
        succeeded = [one for one in tried if isinstance(one, Receipt)]
        same("receipt WEB1-1, of the 4 calls that succeed", succeeded, [in_books] * 4)

    def test_an_order_that_is_shipped_meanwhile_is_not_changed(self, gateway: Gateway) -> None:
        """What is left was set before it was shipped, or is refused and as it was."""
        gateway.create_order(make_bundle(1))
        set_, shipped = tried_at_once(
            [
                lambda: gateway.set_to_ship("WEB1", {1000: ZERO}),
                lambda: gateway.set_order_status("WEB1", SHIPPED),
            ]
        )
        assert isinstance(shipped, SalesOrder), f"order WEB1, shipped meanwhile: {shipped}"
        (order,) = gateway.sales_orders()
        left = ZERO if isinstance(set_, SalesOrder) else Decimal("1.25")
        same("the status of WEB1", order.status, SHIPPED)
        same("what is left of line 1000", order.lines[0].to_ship, left)

    def test_a_receipt_that_was_followed_waits_for_no_capture(self, gateway: Gateway) -> None:
        """It waits while it is pre-authorized, with the amount that it has now."""
        for number, capture in ((1, True), (2, False)):
            bundle = wanted(make_bundle(number), capture=capture, void=not capture)
            gateway.create_order(evolve(bundle, receipts=bundle.receipts[:1]))
        one, other = gateway.receipts()
        less = gateway.update_receipt(one, evolve(one, pre_auth_amount=Decimal("7.25")))
        same("receipts that wait", gateway.receipts_to_capture("WEB"), [less, other])
        gateway.update_receipt(less, evolve(less, state="voided", voided_at=AT))
        received = evolve(other, state="captured", amount=other.pre_auth_amount, captured_at=AT)
        gateway.update_receipt(other, received)
        same("receipts that wait in the end", gateway.receipts_to_capture("WEB"), [])

    def test_what_is_picked_is_reserved_still(self, gateway: Gateway) -> None:
        """An order reserves what it orders until it is shipped."""
        add_stock(self, gateway)
        create_orders(gateway, make_bundle(1))
        reserved = list(gateway.quantities_available("Main"))
        same("the first quantity", reserved[0], ("MUG-0", Decimal("10.5")))
        gateway.set_order_status("WEB1", PICKED)
        picked = list(gateway.quantities_available("Main"))
        same("quantities once it is picked", picked, reserved)

    def test_a_status_can_change_while_products_are_read(self, gateway: Gateway) -> None:
        """The caller may take its time with each record, and write meanwhile."""
        add_stock(self, gateway)
        gateway.create_order(make_bundle(1))
        for row, rows in [
            ("products", gateway.products_for_store()),
            ("quantities", gateway.quantities_available("Main")),
        ]:
            next(rows)
            gateway.set_order_status("WEB1", COMMITTED)
            same(f"the number of other {row}", len(list(rows)), 2)
