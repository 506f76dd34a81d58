"""What following an imported order relies on: payments and what is left to ship, once and whole."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import FollowGateway, ImportGateway
from avbc.acctvantage.records import OPEN, PICKED, POSTED, SHIPPED, Receipt
from avbc.money import ZERO
from avbc.testing.contract.checks import (
    answers,
    at_once,
    create_orders,
    refused,
    same,
    tried_at_once,
)
from avbc.testing.contract.examples import make_bundle
from avbc.testing.contract.setup import ContractSetup

_AT = datetime(2026, 3, 3, 9, 45, 15, 250_000, tzinfo=UTC)
_PENDING = Receipt("WEB1", "Check", ZERO, state="pending", import_id="WEB1-1")


class _Books(ImportGateway, FollowGateway, Protocol): ...


class FollowContract(ContractSetup):
    """Receipts that follow their payments, and lines that are shipped by hand.

    >>> import pytest
    >>> from avbc.testing import FollowContract, MemoryGateway
    >>> class TestMyBooks(FollowContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    """

    part = FollowGateway

    # Receipts.

    def test_a_pending_receipt_is_captured(self, gateway: _Books) -> None:
        """What the payment decides changes, and nothing else of the receipt or of another one."""
        _create(gateway, _PENDING, evolve(_PENDING, import_id="WEB1-2"))
        before, other = gateway.receipts()
        after = evolve(
            before,
            state="captured",
            amount=Decimal("19.9500"),
            captured_at=_AT,
            gateway="authorizenet",
            gateway_transaction_id="600124",
        )
        same(
            "receipt WEB1-1, captured",
            gateway.update_receipt(before, evolve(after, store_payment_method="Card")),
            after,
        )
        same("the receipts after it", gateway.receipts(), [after, other])

    def test_a_pre_authorized_receipt_changes_its_state(self, gateway: _Books) -> None:
        """Once it is not pre-authorized any more, no capture or void of it is wanted."""
        for number, capture in ((1, True), (2, False)):
            bundle = make_bundle(number)
            held = evolve(bundle.receipts[0], capture_wanted=capture, void_wanted=not capture)
            gateway.create_order(evolve(bundle, receipts=(held,)))
        one, other = gateway.receipts()
        less = evolve(one, pre_auth_amount=Decimal("7.25"), authorized_at=_AT)
        same("receipt WEB1-1, less held", gateway.update_receipt(one, less), less)
        same("the receipts after it", gateway.receipts(), [less, other])
        voided = evolve(less, state="voided", voided_at=_AT)
        received = evolve(other, state="captured", amount=other.pre_auth_amount, captured_at=_AT)
        ends = [evolve(voided, capture_wanted=False), evolve(received, void_wanted=False)]
        same("receipt WEB1-1, voided", gateway.update_receipt(less, voided), ends[0])
        same("receipt WEB2-1, captured", gateway.update_receipt(other, received), ends[1])
        same("the receipts in the end", gateway.receipts(), ends)

    def test_the_same_update_again_changes_nothing(self, gateway: _Books) -> None:
        """The receipt in the books counts, not what the caller took it for before."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        after = evolve(before, state="captured", amount=Decimal(5), captured_at=_AT)
        captured = gateway.update_receipt(before, after)
        later = evolve(after, captured_at=_AT + timedelta(days=1))
        for row, taken_for in [
            ("as before", before),
            ("as pending", evolve(before, state="pending")),
            ("as of no amount", evolve(before, amount=ZERO)),
        ]:
            about = f"receipt WEB1-1, taken {row}"
            answers(about, captured, gateway.update_receipt, taken_for, later)
        same("receipt WEB1-1 in the books", gateway.receipts()[0], captured)

    def test_a_receipt_that_differs_is_not_updated(self, gateway: _Books) -> None:
        """Another state or amount, another order, no such receipt, or an amount that is none."""
        gateway.create_order(make_bundle(1))
        before, _ = receipts = gateway.receipts()
        after = evolve(before, state="captured", amount=Decimal(5), captured_at=_AT)
        cent = Decimal("0.01")
        for row, taken_for in [
            ("taken as pending", evolve(before, state="pending")),
            ("taken as of a cent", evolve(before, amount=cent)),
            (
                "taken as a cent more held",
                evolve(before, pre_auth_amount=before.pre_auth_amount + cent),
            ),
        ]:
            refused(f"receipt WEB1-1, {row}", gateway.update_receipt, taken_for, after)
        for row, of_another in [
            ("an unknown receipt", partial(evolve, import_id="WEB1-9")),
            ("an empty Import ID", partial(evolve, import_id="")),
            ("a receipt of another order", partial(evolve, order_import_id="WEB2")),
            ("another Receipt Type", partial(evolve, receipt_type="Check")),
        ]:
            refused(f"{row}, after", gateway.update_receipt, before, of_another(after))
            refused(
                f"{row}, before and after",
                gateway.update_receipt,
                of_another(before),
                of_another(after),
            )
        for text in ("-1", "NaN", "Infinity"):
            amount = Decimal(text)
            for row, wrong in [
                ("amount", evolve(after, amount=amount)),
                ("pre_auth_amount", evolve(before, pre_auth_amount=amount)),
            ]:
                refused(f"{row} {text}", gateway.update_receipt, before, wrong)
        same("the receipts after it", gateway.receipts(), receipts)

    def test_a_refusal_says_how_the_receipt_differs(self, gateway: _Books) -> None:
        """A person can compare it with the store: the receipt, its state and its amount."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        captured = evolve(before, state="captured", amount=Decimal("4.75"), captured_at=_AT)
        gateway.update_receipt(before, captured)
        voided = evolve(before, state="voided", voided_at=_AT)
        refusal = str(refused("a void that came late", gateway.update_receipt, before, voided))
        for word in ("WEB1-1", "captured", "4.75"):
            assert word in refusal, f"the refusal of receipt WEB1-1 does not say {word}: {refusal}"

    def test_a_receipt_takes_what_is_captured_later(self, gateway: _Books) -> None:
        """One that was captured in part, when more of its authorization is captured."""
        _create(gateway, _PENDING)
        (before,) = gateway.receipts()
        part = evolve(before, state="captured", amount=Decimal(3), captured_at=_AT)
        answers("receipt WEB1-1, captured in part", part, gateway.update_receipt, before, part)
        whole = evolve(part, amount=Decimal(5))
        answers("receipt WEB1-1, captured further", whole, gateway.update_receipt, part, whole)
        same("the receipts in the books", gateway.receipts(), [whole])

    def test_a_posted_receipt_stays(self, gateway: _Books) -> None:
        """It is in the General Ledger. One that is as it ought to be already is no refusal."""
        _create(gateway, evolve(_PENDING, posted=True))
        (posted,) = gateway.receipts()
        captured = evolve(posted, state="captured", amount=Decimal(5))
        refused("a posted receipt, captured", gateway.update_receipt, posted, captured)
        answer = gateway.update_receipt(posted, evolve(posted, gateway="other"))
        same("a posted receipt that has its state already", answer, posted)
        same("the receipts in the books", gateway.receipts(), [posted])

    def test_concurrent_updates_of_a_receipt_end_in_one_state(self, gateway: _Books) -> None:
        """Of two ends that are written at once, one is in the books and the other is refused."""
        _create(gateway, _PENDING)
        (before,) = gateway.receipts()
        ends = [
            evolve(before, state="voided", voided_at=_AT),
            evolve(before, state="captured", amount=Decimal(5), captured_at=_AT),
        ]
        tried = tried_at_once([partial(gateway.update_receipt, before, end) for end in ends * 4])
        (receipt,) = gateway.receipts()
        assert receipt in ends, f"receipt WEB1-1 is as neither call alone leaves it: {receipt}"
        succeeded = [one for one in tried if isinstance(one, Receipt)]
        same("what the 4 calls that succeed return", succeeded, [receipt] * 4)

    # What is left to ship.

    def test_what_is_left_to_ship_is_set(self, gateway: _Books) -> None:
        """On these lines alone, to the last decimal; nothing else of the order changes."""
        bundle = make_bundle(1)
        first, second = bundle.order.lines
        # A line that the store does not have, say a comment, has no `store_line_id`.
        gifts = [
            evolve(first, store_line_id=None, amount=ZERO, description=text) for text in ("A", "B")
        ]
        order = evolve(bundle.order, lines=(first, *gifts, second))
        create_orders(gateway, evolve(bundle, order=order), make_bundle(2))
        order, other = gateway.sales_orders()
        *before, second = order.lines
        for left in ("0.2500", "0", "1.5"):
            changed = evolve(order, lines=(*before, evolve(second, to_ship=Decimal(left))))
            for _ in range(2):
                row = f"order WEB1, {left} left of line 1001"
                answers(row, changed, gateway.set_to_ship, "WEB1", {1001: Decimal(left)})
            same(f"the orders with {left} left", gateway.sales_orders(), [changed, other])
        unchanged = gateway.sales_orders(["WEB1"])[0]
        same("order WEB1, of no line", gateway.set_to_ship("WEB1", {}), unchanged)

    def test_what_cannot_be_left_to_ship_is_refused(self, gateway: _Books) -> None:
        """Less than nothing, more than was ordered, no such line or order; no line changes."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        before = gateway.sales_orders()
        one = Decimal(1)
        for row, import_id, to_ship in [
            *(
                (f"{left} left of line 1001", "WEB1", {1000: one, 1001: Decimal(left)})
                for left in ("-0.01", "1.51", "NaN", "Infinity")
            ),
            ("a line of another order", "WEB1", {1000: one, 2000: one}),
            ("an unknown order", "WEB9", {1000: one}),
            ("an empty Import ID", "", {1000: one}),
        ]:
            refused(row, gateway.set_to_ship, import_id, to_ship)
            same(f"the orders after {row}", gateway.sales_orders(), before)

    def test_what_has_left_is_not_changed(self, gateway: _Books) -> None:
        """From Shipped/Invoice on, or once a receipt is posted; before that, at Picked, it is."""
        for number, status, posted in [
            (1, PICKED, False),
            (2, SHIPPED, False),
            (3, POSTED, False),
            (4, OPEN, True),
        ]:
            bundle = make_bundle(number)
            order = evolve(bundle.order, status=status)
            receipt = evolve(bundle.receipts[0], posted=posted)
            gateway.create_order(evolve(bundle, order=order, receipts=(receipt,)))
        before = gateway.sales_orders()
        for number, row in [
            (2, "a Shipped/Invoice order"),
            (3, "a Posted order"),
            (4, "an order with a posted receipt"),
        ]:
            refused(row, gateway.set_to_ship, f"WEB{number}", {number * 1000: ZERO})
            as_it_is = {number * 1000: Decimal("1.25")}
            about = f"{row}, given what it has"
            answers(about, before[number - 1], gateway.set_to_ship, f"WEB{number}", as_it_is)
        picked = gateway.set_to_ship("WEB1", {1000: ZERO})
        same("what is left of a Picked order", picked.lines[0].to_ship, ZERO)
        same("the other orders", gateway.sales_orders()[1:], before[1:])

    def test_concurrent_changes_of_what_is_left_all_count(self, gateway: _Books) -> None:
        """Of two lines at once, four times each."""
        gateway.create_order(make_bundle(1))
        at_once(
            [
                partial(gateway.set_to_ship, "WEB1", {line: Decimal(line - 1000)})
                for line in (1000, 1001)
            ]
            * 4
        )
        (order,) = gateway.sales_orders()
        same("what is left of lines 1000, 1001", [line.to_ship for line in order.lines], [0, 1])

    def test_an_update_replaces_what_is_left(self, gateway: _Books) -> None:
        """It is a part of the order, and not kept from the order that was there before."""
        gateway.create_order(make_bundle(1))
        gateway.set_to_ship("WEB1", {1000: ZERO})
        updated = gateway.update_order(make_bundle(1))
        left = [line.to_ship for line in updated.lines]
        same("what is left of order WEB1, updated", left, [Decimal("1.25")] * 2)


def _create(gateway: ImportGateway, *receipts: Receipt) -> None:
    gateway.create_order(evolve(make_bundle(1), receipts=receipts))
