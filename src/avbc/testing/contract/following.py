"""What following an imported order relies on: payments and what is left to ship, once and whole."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Protocol

import pytest
from attrs import evolve

from avbc.acctvantage.gateway import BooksRefused, FollowGateway, ImportGateway
from avbc.acctvantage.records import OPEN, PICKED, POSTED, SHIPPED, Receipt
from avbc.money import ZERO
from avbc.testing.contract.examples import make_bundle
from avbc.testing.contract.setup import (
    ContractSetup,
    at_once,
    create_orders,
    refused,
    tried_at_once,
)

_AT = datetime(2026, 3, 3, 9, 45, 15, 250_000, tzinfo=UTC)
_PENDING = Receipt("WEB1", "Check", ZERO, state="pending", import_id="WEB1-1")


class _Books(ImportGateway, FollowGateway, Protocol): ...


class FollowContract(ContractSetup):
    """Receipts that follow their payments, and lines that are shipped by hand."""

    part = FollowGateway

    # Receipts.

    def test_a_pending_receipt_is_captured(self, gateway: _Books) -> None:
        """What the payment decides changes, and nothing else of the receipt or of another one."""
        self._create(gateway, _PENDING, evolve(_PENDING, import_id="WEB1-2"))
        before, other = gateway.receipts()
        after = evolve(
            before,
            state="captured",
            amount=Decimal("19.9500"),
            captured_at=_AT,
            gateway="authorizenet",
            gateway_transaction_id="600124",
        )
        assert gateway.update_receipt(before, evolve(after, store_payment_method="Card")) == after
        assert gateway.receipts() == [after, other]

    def test_a_pre_authorized_receipt_changes_its_state(self, gateway: _Books) -> None:
        """Once it is not pre-authorized any more, no capture or void of it is wanted."""
        for number, capture in ((1, True), (2, False)):
            bundle = make_bundle(number)
            held = evolve(bundle.receipts[0], capture_wanted=capture, void_wanted=not capture)
            gateway.create_order(evolve(bundle, receipts=(held,)))
        one, other = gateway.receipts()
        less = evolve(one, pre_auth_amount=Decimal("7.25"), authorized_at=_AT)
        assert gateway.update_receipt(one, less) == less
        assert gateway.receipts() == [less, other]
        voided = evolve(less, state="voided", voided_at=_AT)
        received = evolve(other, state="captured", amount=other.pre_auth_amount, captured_at=_AT)
        ends = [evolve(voided, capture_wanted=False), evolve(received, void_wanted=False)]
        assert gateway.update_receipt(less, voided) == ends[0]
        assert gateway.update_receipt(other, received) == ends[1]
        assert gateway.receipts() == ends

    def test_the_same_update_again_changes_nothing(self, gateway: _Books) -> None:
        """The receipt in the books counts, not what the caller took it for before."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        after = evolve(before, state="captured", amount=Decimal(5), captured_at=_AT)
        captured = gateway.update_receipt(before, after)
        later = evolve(after, captured_at=_AT + timedelta(days=1))
        for taken_for in (before, evolve(before, state="pending"), evolve(before, amount=ZERO)):
            assert gateway.update_receipt(taken_for, later) == captured
        assert gateway.receipts()[0] == captured

    def test_a_receipt_that_differs_is_not_updated(self, gateway: _Books) -> None:
        """Another state or amount, another order, no such receipt, or an amount that is none."""
        gateway.create_order(make_bundle(1))
        before, _ = receipts = gateway.receipts()
        after = evolve(before, state="captured", amount=Decimal(5), captured_at=_AT)
        cent = Decimal("0.01")
        for taken_for in (
            evolve(before, state="pending"),
            evolve(before, amount=cent),
            evolve(before, pre_auth_amount=before.pre_auth_amount + cent),
        ):
            refused(gateway.update_receipt, taken_for, after)
        for of_another in (
            partial(evolve, import_id="WEB1-9"),
            partial(evolve, order_import_id="WEB2"),
            partial(evolve, receipt_type="Check"),
        ):
            refused(gateway.update_receipt, before, of_another(after))
            refused(gateway.update_receipt, of_another(before), of_another(after))
        for amount in (Decimal(-1), Decimal("NaN"), Decimal("Infinity")):
            refused(gateway.update_receipt, before, evolve(after, amount=amount))
            refused(gateway.update_receipt, before, evolve(before, pre_auth_amount=amount))
        assert gateway.receipts() == receipts

    def test_a_refusal_says_how_the_receipt_differs(self, gateway: _Books) -> None:
        """A person can compare it with the store: the receipt, its state and its amount."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        captured = evolve(before, state="captured", amount=Decimal("4.75"), captured_at=_AT)
        gateway.update_receipt(before, captured)
        with pytest.raises(BooksRefused, match=r"WEB1-1.*captured.*4\.75"):
            gateway.update_receipt(before, evolve(before, state="voided", voided_at=_AT))

    def test_a_receipt_takes_what_is_captured_later(self, gateway: _Books) -> None:
        """One that was captured in part, when more of its authorization is captured."""
        self._create(gateway, _PENDING)
        (before,) = gateway.receipts()
        part = evolve(before, state="captured", amount=Decimal(3), captured_at=_AT)
        assert gateway.update_receipt(before, part) == part
        whole = evolve(part, amount=Decimal(5))
        assert gateway.update_receipt(part, whole) == whole
        assert gateway.receipts() == [whole]

    def test_a_posted_receipt_stays(self, gateway: _Books) -> None:
        """It is in the General Ledger. One that is as it ought to be already is no refusal."""
        self._create(gateway, evolve(_PENDING, posted=True))
        (posted,) = gateway.receipts()
        refused(gateway.update_receipt, posted, evolve(posted, state="captured", amount=Decimal(5)))
        assert gateway.update_receipt(posted, evolve(posted, gateway="other")) == posted
        assert gateway.receipts() == [posted]

    def test_concurrent_updates_of_a_receipt_end_in_one_state(self, gateway: _Books) -> None:
        """Of two ends that are written at once, one is in the books and the other is refused."""
        self._create(gateway, _PENDING)
        (before,) = gateway.receipts()
        ends = [
            evolve(before, state="voided", voided_at=_AT),
            evolve(before, state="captured", amount=Decimal(5), captured_at=_AT),
        ]
        tried = tried_at_once([partial(gateway.update_receipt, before, end) for end in ends * 4])
        (receipt,) = gateway.receipts()
        assert receipt in ends
        assert [one for one in tried if isinstance(one, Receipt)] == [receipt] * 4

    # What is left to ship.

    def test_what_is_left_to_ship_is_set(self, gateway: _Books) -> None:
        """On these lines alone, to the last decimal; nothing else of the order changes."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        order, other = gateway.sales_orders()
        first, second = order.lines
        for left in ("0.2500", "0", "1.5"):
            changed = evolve(order, lines=(first, evolve(second, to_ship=Decimal(left))))
            for _ in range(2):
                assert gateway.set_to_ship("WEB1", {1001: Decimal(left)}) == changed
            assert gateway.sales_orders() == [changed, other]
        assert gateway.set_to_ship("WEB1", {}) == gateway.sales_orders(["WEB1"])[0]

    def test_what_cannot_be_left_to_ship_is_refused(self, gateway: _Books) -> None:
        """Less than nothing, more than was ordered, no such line or order; no line changes."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        before = gateway.sales_orders()
        for left in ("-0.01", "1.51", "NaN", "Infinity"):
            refused(gateway.set_to_ship, "WEB1", {1000: Decimal(1), 1001: Decimal(left)})
        refused(gateway.set_to_ship, "WEB1", {1000: Decimal(1), 2000: Decimal(1)})
        refused(gateway.set_to_ship, "WEB9", {1000: Decimal(1)})
        assert gateway.sales_orders() == before

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
        for number in (2, 3, 4):
            refused(gateway.set_to_ship, f"WEB{number}", {number * 1000: ZERO})
            same = {number * 1000: Decimal("1.25")}
            assert gateway.set_to_ship(f"WEB{number}", same) == before[number - 1]
        assert gateway.set_to_ship("WEB1", {1000: ZERO}).lines[0].to_ship == 0
        assert gateway.sales_orders()[1:] == before[1:]

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
        assert [line.to_ship for line in order.lines] == [0, 1]

    def test_an_update_replaces_what_is_left(self, gateway: _Books) -> None:
        """It is a part of the order, and not kept from the order that was there before."""
        gateway.create_order(make_bundle(1))
        gateway.set_to_ship("WEB1", {1000: ZERO})
        updated = gateway.update_order(make_bundle(1))
        assert [line.to_ship for line in updated.lines] == [Decimal("1.25")] * 2

    def _create(self, gateway: _Books, *receipts: Receipt) -> None:
        gateway.create_order(evolve(make_bundle(1), receipts=receipts))
