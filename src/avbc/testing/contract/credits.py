"""What importing refunds relies on: a refund is one credit that adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import CreditGateway, ImportGateway
from avbc.testing.contract.checks import answers, at_once, create_orders, refused, same
from avbc.testing.contract.examples import make_bundle, make_credit
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, CreditGateway, Protocol): ...


class CreditContract(ContractSetup):
    """Credits for refunds of the store.

    >>> import pytest
    >>> from avbc.testing import CreditContract, MemoryGateway
    >>> class TestMyBooks(CreditContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    """

    part = CreditGateway

    def test_credits_are_read_back(self, gateway: _Books) -> None:
        """Every field survives, to the last decimal, in the sequence in which they came in."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        plain = evolve(make_credit(1, 89), created_at=None, reason="")
        credits_ = [make_credit(1, 91), make_credit(2, 90), plain]
        for credit in credits_:
            answers(f"credit {credit.import_id}", True, gateway.create_credit, credit)
        for row, import_ids, listed in [
            ("all credits", None, credits_),
            ("credits of WEB1 and of an unknown order", ["WEB1", "WEB9"], credits_[::2]),
            ("credits of no order", [], []),
        ]:
            answers(row, listed, gateway.credits, import_ids)
        same("the number of orders", len(gateway.sales_orders()), 2)

    def test_a_second_credit_writes_nothing(self, gateway: _Books) -> None:
        """The Import ID decides, whatever the content is; concurrent calls write one."""
        gateway.create_order(make_bundle(1))
        written = at_once([lambda: gateway.create_credit(make_credit(1, 91))] * 8)
        same("credits written by 8 calls at once", written.count(True), 1)
        again = gateway.create_credit(evolve(make_credit(1, 91), reason="another one"))
        same("credit WEB1-CM91 again, with another reason", again, False)
        same("the credits in the books", gateway.credits(), [make_credit(1, 91)])

    def test_a_credit_that_is_wrong_leaves_nothing(self, gateway: _Books) -> None:
        """The order is missing, or the lines or the tenders do not add up."""
        gateway.create_order(make_bundle(1))
        credit = make_credit(1, 91)
        line, *other_lines = credit.lines
        cent, nan, infinity = Decimal("0.01"), Decimal("NaN"), Decimal("Infinity")
        for row, wrong in [
            ("an unknown order", evolve(credit, order_import_id="WEB9")),
            ("an empty Import ID of the order", evolve(credit, order_import_id="")),
            ("an empty Import ID", evolve(credit, import_id="")),
            ("a total that is a cent more", evolve(credit, total=credit.total + cent)),
            ("a tax that is a cent less", evolve(credit, tax=credit.tax - cent)),
            ("a tender that is missing", evolve(credit, tenders=credit.tenders[:1])),
            ("no tender", evolve(credit, tenders=())),
            ("a tax that is NaN", evolve(credit, tax=nan)),
            ("a total that is infinite", evolve(credit, total=infinity)),
            (
                "a quantity that is NaN",
                evolve(credit, lines=(evolve(line, quantity=nan), *other_lines)),
            ),
        ]:
            refused(row, gateway.create_credit, wrong)
            same(f"the credits after {row}", gateway.credits(), [])
        same("the credit itself", gateway.create_credit(credit), True)
