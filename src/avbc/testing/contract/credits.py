"""What importing refunds relies on: a refund is one credit that adds up."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import CreditGateway, ImportGateway
from avbc.testing.contract.examples import make_bundle, make_credit
from avbc.testing.contract.setup import ContractSetup, at_once, create_orders, refused


class _Books(ImportGateway, CreditGateway, Protocol): ...


class CreditContract(ContractSetup):
    """Credits for refunds of the store."""

    part = CreditGateway

    def test_credits_are_read_back(self, gateway: _Books) -> None:
        """Every field survives, to the last decimal, in the sequence in which they came in."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        plain = evolve(make_credit(1, 89), created_at=None, reason="")
        credits_ = [make_credit(1, 91), make_credit(2, 90), plain]
        assert all(gateway.create_credit(credit) for credit in credits_)
        assert gateway.credits() == credits_
        assert gateway.credits(["WEB1", "WEB9"]) == credits_[::2]
        assert gateway.credits([]) == []
        assert len(gateway.sales_orders()) == 2

    def test_a_second_credit_writes_nothing(self, gateway: _Books) -> None:
        """The Import ID decides, whatever the content is; concurrent calls write one."""
        gateway.create_order(make_bundle(1))
        assert at_once([lambda: gateway.create_credit(make_credit(1, 91))] * 8).count(True) == 1
        assert not gateway.create_credit(evolve(make_credit(1, 91), reason="another one"))
        assert gateway.credits() == [make_credit(1, 91)]

    def test_a_credit_that_is_wrong_leaves_nothing(self, gateway: _Books) -> None:
        """The order is missing, or the lines or the tenders do not add up."""
        gateway.create_order(make_bundle(1))
        credit = make_credit(1, 91)
        cent = Decimal("0.01")
        for wrong in (
            evolve(credit, order_import_id="WEB9"),
            evolve(credit, total=credit.total + cent),
            evolve(credit, tax=credit.tax - cent),
            evolve(credit, tenders=credit.tenders[:1]),
            evolve(credit, tenders=()),
            evolve(credit, tax=Decimal("NaN")),
            evolve(credit, import_id=""),
        ):
            refused(gateway.create_credit, wrong)
        assert gateway.credits() == []
        assert gateway.create_credit(credit)
