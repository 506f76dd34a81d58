"""What capturing payments relies on: each capture and void is recorded once."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import ImportGateway, PaymentGateway
from avbc.acctvantage.records import Receipt
from avbc.money import ZERO
from avbc.testing.contract.checks import answers, create_orders, refused, same, tried_at_once
from avbc.testing.contract.examples import AT, DAY, make_bundle, of_source, wanted
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, PaymentGateway, Protocol): ...


class PaymentContract(ContractSetup):
    """Captures and voids of pre-authorized receipts.

    >>> import pytest
    >>> from avbc.testing import PaymentContract, MemoryGateway
    >>> class TestMyBooks(PaymentContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    """

    part = PaymentGateway

    def test_receipts_that_wait_for_the_gateway(self, gateway: _Books) -> None:
        """The pre-authorized ones of the source that a user wants captured or voided."""
        captured = wanted(make_bundle(5), capture=True)
        received = evolve(captured.receipts[0], state="captured", amount=Decimal(1))
        create_orders(
            gateway,
            wanted(make_bundle(2), void=True),
            wanted(make_bundle(1), capture=True),
            make_bundle(3),
            wanted(of_source("ABC", 4), capture=True),
            evolve(captured, receipts=(received,)),
        )
        for source_code, listed in [
            ("WEB", [*gateway.receipts(["WEB2"])[:1], *gateway.receipts(["WEB1"])[:1]]),
            ("ABC", gateway.receipts(["ABC4"])[:1]),
            ("XYZ", []),
        ]:
            answers(f"receipts of {source_code}", listed, gateway.receipts_to_capture, source_code)

    def test_an_update_keeps_what_users_ask_for(self, gateway: _Books) -> None:
        """A user may ask for a capture or void after the order was read, or take it back."""
        wishes = [{"capture": True}, {"void": True}, {}]
        for number, there in enumerate(wishes, 1):
            gateway.create_order(wanted(make_bundle(number), **there))
            for read in wishes:
                gateway.update_order(wanted(make_bundle(number), **read))
                held, other = gateway.receipts([f"WEB{number}"])
                row = f"WEB{number}-1 with {there}, updated with {read}"
                wants = {"capture": held.capture_wanted, "void": held.void_wanted}
                same(row, {name for name, is_so in wants.items() if is_so}, set(there))
        held, other = make_bundle(1).receipts
        less = evolve(held, pre_auth_amount=Decimal(1))
        gateway.update_order(evolve(make_bundle(1), receipts=(less, other)))
        (held, _) = gateway.receipts(["WEB1"])
        same("capture_wanted of WEB1-1 over another amount", held.capture_wanted, False)

    def test_authorizations_grow_old(self, gateway: _Books) -> None:
        """Only what is pre-authorized, was authorized before the time, and is of this source."""
        create_orders(
            gateway,
            make_bundle(3),
            make_bundle(1),
            of_source("POS", 2),
            make_bundle(4),
            wanted(make_bundle(5), capture=True),
            wanted(make_bundle(6), void=True),
        )
        held = make_bundle(4).receipts[0]
        at = held.authorized_at
        assert at is not None
        gateway.record_capture("WEB4-1", held.pre_auth_amount, at + DAY)
        same("authorized before the time itself", gateway.receipts_authorized("WEB", at), [])
        same(
            "authorized before a second later",
            gateway.receipts_authorized("WEB", at + timedelta(seconds=1)),
            [*gateway.receipts(["WEB3"])[:1], *gateway.receipts(["WEB1"])[:1]],
        )

    def test_a_capture_is_recorded_once(self, gateway: _Books) -> None:
        """The receipt is money received now; the same capture again returns the same receipt."""
        bundle = wanted(make_bundle(1), capture=True)
        gateway.create_order(bundle)
        held = bundle.receipts[0].pre_auth_amount
        captured = gateway.record_capture("WEB1-1", held, AT)
        same(
            "receipt WEB1-1, captured",
            evolve(captured, id=None),
            evolve(
                bundle.receipts[0],
                state="captured",
                amount=held,
                captured_at=AT,
                capture_wanted=False,
            ),
        )
        same(
            "captured again a day later", gateway.record_capture("WEB1-1", held, AT + DAY), captured
        )
        same("the other receipt", evolve(gateway.receipts()[1], id=None), bundle.receipts[1])
        same("receipts to capture after it", gateway.receipts_to_capture("WEB"), [])
        refused("captured for another amount", gateway.record_capture, "WEB1-1", held + 1, AT)
        refused("voided once captured", gateway.record_void, "WEB1-1", AT)
        same("receipt WEB1-1 in the books", gateway.receipts()[0], captured)

    def test_a_capture_of_a_part_leaves_what_was_held(self, gateway: _Books) -> None:
        """`amount` is what was captured, and `pre_auth_amount` what was pre-authorized before."""
        bundle = wanted(make_bundle(1), void=True)
        gateway.create_order(bundle)
        part = gateway.record_capture("WEB1-1", Decimal("4.75"), AT)
        same("the amount of WEB1-1", part.amount, Decimal("4.75"))
        same("its pre_auth_amount", part.pre_auth_amount, bundle.receipts[0].pre_auth_amount)
        same("its void_wanted", part.void_wanted, False)
        same("receipt WEB1-1 in the books", gateway.receipts()[0], part)

    def test_what_is_posted_once_captured_or_voided_stays(self, gateway: _Books) -> None:
        """The same result again is none that came too late, though the receipt is posted now."""
        held, _ = make_bundle(1).receipts
        captured = evolve(held, state="captured", amount=Decimal(1), captured_at=AT, posted=True)
        voided = evolve(held, state="voided", voided_at=AT, posted=True, import_id="WEB1-2")
        gateway.create_order(evolve(make_bundle(1), receipts=(captured, voided)))
        receipts = gateway.receipts()
        one, later = Decimal(1), AT + DAY
        row = "receipt WEB1-1, captured and posted"
        answers(row, receipts[0], gateway.record_capture, "WEB1-1", one, later)
        row = "receipt WEB1-2, voided and posted"
        answers(row, receipts[1], gateway.record_void, "WEB1-2", later)
        refused("another amount of it", gateway.record_capture, "WEB1-1", Decimal(2), AT)
        same("the receipts after it", gateway.receipts(), receipts)

    def test_a_void_is_recorded_once(self, gateway: _Books) -> None:
        """The receipt is no longer money; the same void again returns the same receipt."""
        bundle = wanted(make_bundle(1), void=True)
        gateway.create_order(bundle)
        voided = gateway.record_void("WEB1-1", AT)
        same(
            "receipt WEB1-1, voided",
            evolve(voided, id=None),
            evolve(bundle.receipts[0], state="voided", voided_at=AT, void_wanted=False),
        )
        same("voided again a day later", gateway.record_void("WEB1-1", AT + DAY), voided)
        same("receipts to capture after it", gateway.receipts_to_capture("WEB"), [])
        refused("captured once voided", gateway.record_capture, "WEB1-1", Decimal(1), AT)
        same("receipt WEB1-1 in the books", gateway.receipts()[0], voided)

    def test_only_what_is_pre_authorized_is_captured_or_voided(self, gateway: _Books) -> None:
        """A pending, posted or missing receipt and an invalid amount are refused."""
        bundle = make_bundle(1)
        pending = Receipt("WEB1", "Check", ZERO, state="pending", import_id="WEB1-3")
        posted = evolve(bundle.receipts[0], posted=True, import_id="WEB1-4")
        gateway.create_order(evolve(bundle, receipts=(*bundle.receipts, pending, posted)))
        before = gateway.receipts()
        for row, import_id in [
            ("a pending receipt", "WEB1-3"),
            ("a posted receipt", "WEB1-4"),
            ("an unknown receipt", "WEB1-9"),
            ("an empty Import ID", ""),
        ]:
            refused(f"a capture of {row}", gateway.record_capture, import_id, Decimal(1), AT)
            refused(f"a void of {row}", gateway.record_void, import_id, AT)
        for amount in ("0", "-1", "NaN", "Infinity", "-Infinity"):
            refused(f"amount {amount}", gateway.record_capture, "WEB1-1", Decimal(amount), AT)
        refused("a void of a captured receipt", gateway.record_void, "WEB1-2", AT)
        same("the receipts after it", gateway.receipts(), before)

    def test_concurrent_captures_and_voids_end_in_one_state(self, gateway: _Books) -> None:
        """Of four captures and four voids at once, one kind succeeds and the other is refused."""
        gateway.create_order(make_bundle(1))
        tried = tried_at_once(
            [
                lambda: gateway.record_void("WEB1-1", AT),
                lambda: gateway.record_capture("WEB1-1", Decimal(1), AT),
            ]
            * 4
        )
        states = [result.state for result in tried if isinstance(result, Receipt)]
        same("what the 4 calls that succeed return", states, [gateway.receipts()[0].state] * 4)
