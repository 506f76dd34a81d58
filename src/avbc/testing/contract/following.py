"""What following an imported order relies on: payments and what is left to ship, once and whole."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from attrs import evolve

from avbc.acctvantage.gateway import BooksRefused, Gateway
from avbc.acctvantage.records import (
    OPEN,
    PICKED,
    POSTED,
    SHIPPED,
    OrderBundle,
    Receipt,
    SalesOrder,
)
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


class FollowContract(ContractSetup):
    """Receipts that follow their payments, lines that are shipped by hand, the orders' stores."""

    # Receipts.

    def test_a_pending_receipt_is_captured(self, gateway: Gateway) -> None:
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

    def test_a_pre_authorized_receipt_changes_its_state(self, gateway: Gateway) -> None:
        """Once it is not pre-authorized any more, no capture or void of it is wanted."""
        for number, capture in ((1, True), (2, False)):
            bundle = make_bundle(number)
            held = evolve(bundle.receipts[0], capture_wanted=capture, void_wanted=not capture)
            gateway.create_order(evolve(bundle, receipts=(held,)))
        one, other = gateway.receipts()
        less = evolve(one, pre_auth_amount=Decimal("7.25"), authorized_at=_AT)
        assert gateway.update_receipt(one, less) == less
        assert gateway.receipts_to_capture("WEB") == [less, other]
        voided = evolve(less, state="voided", voided_at=_AT)
        received = evolve(other, state="captured", amount=other.pre_auth_amount, captured_at=_AT)
        assert gateway.update_receipt(less, voided) == evolve(voided, capture_wanted=False)
        assert gateway.update_receipt(other, received) == evolve(received, void_wanted=False)
        assert gateway.receipts_to_capture("WEB") == []

    def test_the_same_update_again_changes_nothing(self, gateway: Gateway) -> None:
        """The receipt in the books counts, not what the caller took it for before."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        after = evolve(before, state="captured", amount=Decimal(5), captured_at=_AT)
        captured = gateway.update_receipt(before, after)
        later = evolve(after, captured_at=_AT + timedelta(days=1))
        for taken_for in (before, evolve(before, state="pending"), evolve(before, amount=ZERO)):
            assert gateway.update_receipt(taken_for, later) == captured
        assert gateway.receipts()[0] == captured

    def test_a_receipt_that_differs_is_not_updated(self, gateway: Gateway) -> None:
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

    def test_a_refusal_says_how_the_receipt_differs(self, gateway: Gateway) -> None:
        """A person can compare it with the store: the receipt, its state and its amount."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        gateway.record_capture("WEB1-1", Decimal("4.75"), _AT)
        with pytest.raises(BooksRefused, match=r"WEB1-1.*captured.*4\.75"):
            gateway.update_receipt(before, evolve(before, state="voided", voided_at=_AT))

    def test_a_receipt_takes_what_is_captured_later(self, gateway: Gateway) -> None:
        """One that was captured in part, when more of its authorization is captured."""
        self._create(gateway, _PENDING)
        (before,) = gateway.receipts()
        part = evolve(before, state="captured", amount=Decimal(3), captured_at=_AT)
        assert gateway.update_receipt(before, part) == part
        whole = evolve(part, amount=Decimal(5))
        assert gateway.update_receipt(part, whole) == whole
        assert gateway.receipts() == [whole]

    def test_a_posted_receipt_stays(self, gateway: Gateway) -> None:
        """It is in the General Ledger. One that is as it ought to be already is no refusal."""
        self._create(gateway, evolve(_PENDING, posted=True))
        (posted,) = gateway.receipts()
        refused(gateway.update_receipt, posted, evolve(posted, state="captured", amount=Decimal(5)))
        assert gateway.update_receipt(posted, evolve(posted, gateway="other")) == posted
        assert gateway.receipts() == [posted]

    def test_concurrent_updates_of_a_receipt_end_in_one_state(self, gateway: Gateway) -> None:
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

    def test_an_update_never_undoes_a_capture(self, gateway: Gateway) -> None:
        """A capture that is recorded meanwhile stays, or came too late and is refused."""
        gateway.create_order(make_bundle(1))
        before = gateway.receipts()[0]
        voided = evolve(before, state="voided", voided_at=_AT)
        tried = tried_at_once(
            [
                lambda: gateway.update_receipt(before, voided),
                lambda: gateway.record_capture("WEB1-1", Decimal(1), _AT),
            ]
            * 4
        )
        in_books = gateway.receipts()[0]
        assert [one for one in tried if isinstance(one, Receipt)] == [in_books] * 4

    # What is left to ship.

    def test_what_is_left_to_ship_is_set(self, gateway: Gateway) -> None:
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

    def test_what_cannot_be_left_to_ship_is_refused(self, gateway: Gateway) -> None:
        """Less than nothing, more than was ordered, no such line or order; no line changes."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        before = gateway.sales_orders()
        for left in ("-0.01", "1.51", "NaN", "Infinity"):
            refused(gateway.set_to_ship, "WEB1", {1000: Decimal(1), 1001: Decimal(left)})
        refused(gateway.set_to_ship, "WEB1", {1000: Decimal(1), 2000: Decimal(1)})
        refused(gateway.set_to_ship, "WEB9", {1000: Decimal(1)})
        assert gateway.sales_orders() == before

    def test_what_has_left_is_not_changed(self, gateway: Gateway) -> None:
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

    def test_concurrent_changes_of_what_is_left_all_count(self, gateway: Gateway) -> None:
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

    def test_an_order_that_is_shipped_meanwhile_is_not_changed(self, gateway: Gateway) -> None:
        """What is left was set before it was shipped, or is refused and as it was."""
        gateway.create_order(make_bundle(1))
        set_, shipped = tried_at_once(
            [
                lambda: gateway.set_to_ship("WEB1", {1000: ZERO}),
                lambda: gateway.set_order_status("WEB1", SHIPPED),
            ]
        )
        assert isinstance(shipped, SalesOrder)
        (order,) = gateway.sales_orders()
        left = ZERO if isinstance(set_, SalesOrder) else Decimal("1.25")
        assert (order.status, order.lines[0].to_ship) == (SHIPPED, left)

    def test_an_update_replaces_what_is_left(self, gateway: Gateway) -> None:
        """It is a part of the order, and not kept from the order that was there before."""
        gateway.create_order(make_bundle(1))
        gateway.set_to_ship("WEB1", {1000: ZERO})
        updated = gateway.update_order(make_bundle(1))
        assert [line.to_ship for line in updated.lines] == [Decimal("1.25")] * 2

    # The stores that orders came from.

    def test_the_stores_of_a_source(self, gateway: Gateway) -> None:
        """Each once; orders of which the store is not known count for none."""
        assert gateway.source_stores("WEB") == frozenset()
        for number, store_hash in enumerate(("abc123", "", "xyz789", "abc123"), 1):
            gateway.create_order(_of_store(store_hash, number))
        assert gateway.source_stores("WEB") == {"abc123", "xyz789"}
        assert gateway.source_stores("ABC") == gateway.source_stores("web") == frozenset()

    def test_an_order_of_another_store_is_refused(self, gateway: Gateway) -> None:
        """Two configurations must not share an Import Source Code; the refusal names the store."""
        gateway.create_order(_of_store("abc123"))
        before = gateway.sales_orders(), gateway.receipts(), gateway.reference_data()
        for write in (gateway.create_order, gateway.update_order):
            with pytest.raises(BooksRefused, match="abc123"):
                write(_of_store("xyz789"))
        assert (gateway.sales_orders(), gateway.receipts(), gateway.reference_data()) == before

    def test_an_order_of_which_the_store_is_not_known(self, gateway: Gateway) -> None:
        """It is the same order; an update notes its store, and never loses one that is known."""
        gateway.create_order(_of_store(""))
        assert gateway.create_order(_of_store("abc123")).order.store_hash == ""
        for store_hash in ("abc123", ""):
            assert gateway.update_order(_of_store(store_hash)).store_hash == "abc123"
            assert gateway.create_order(_of_store(store_hash)).order.store_hash == "abc123"
        refused(gateway.update_order, _of_store("xyz789"))

    def test_of_two_stores_at_once_one_has_the_order(self, gateway: Gateway) -> None:
        """The other one is refused, however many times it asks."""
        bundles = [_of_store("abc123"), _of_store("xyz789")] * 4
        tried = tried_at_once([partial(gateway.create_order, bundle) for bundle in bundles])
        (order,) = gateway.sales_orders()
        assert [isinstance(one, BooksRefused) for one in tried] == [
            bundle.order.store_hash != order.store_hash for bundle in bundles
        ]

    def _create(self, gateway: Gateway, *receipts: Receipt) -> None:
        gateway.create_order(evolve(make_bundle(1), receipts=receipts))


def _of_store(store_hash: str, number: int = 1) -> OrderBundle:
    bundle = make_bundle(number)
    return evolve(bundle, order=evolve(bundle.order, store_hash=store_hash))
