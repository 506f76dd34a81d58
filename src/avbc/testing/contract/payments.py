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
from avbc.testing.contract.examples import AT, DAY, make_bundle, make_order, of_source, wanted
from avbc.testing.contract.setup import ContractSetup, create_orders, refused, tried_at_once


class _Books(ImportGateway, PaymentGateway, Protocol): ...


class PaymentContract(ContractSetup):
    """Captures and voids of pre-authorized receipts."""

    part = PaymentGateway

    def test_receipts_that_wait_for_the_gateway(self, gateway: _Books) -> None:
        """The pre-authorized ones of the source that a user wants captured or voided."""
        captured = wanted(make_bundle(5), capture=True)
        received = evolve(captured.receipts[0], state="captured", amount=Decimal(1))
        create_orders(
            gateway,
            wanted(make_bundle(1), capture=True),
            wanted(make_bundle(2), void=True),
            make_bundle(3),
            wanted(of_source("ABC", 4), capture=True),
            evolve(captured, receipts=(received,)),
        )
        assert [receipt.import_id for receipt in gateway.receipts_to_capture("WEB")] == [
            "WEB1-1",
            "WEB2-1",
        ]
        assert gateway.receipts_to_capture("ABC") == gateway.receipts(["ABC4"])[:1]
        assert gateway.receipts_to_capture("XYZ") == []

    def test_a_capture_is_recorded_once(self, gateway: _Books) -> None:
        """The receipt is money received now; the same capture again returns the same receipt."""
        bundle = wanted(make_bundle(1), capture=True)
        gateway.create_order(bundle)
        held = bundle.receipts[0].pre_auth_amount
        captured = gateway.record_capture("WEB1-1", held, AT)
        assert evolve(captured, id=None) == evolve(
            bundle.receipts[0], state="captured", amount=held, captured_at=AT, capture_wanted=False
        )
        assert gateway.record_capture("WEB1-1", held, AT + DAY) == captured
        assert evolve(gateway.receipts()[1], id=None) == bundle.receipts[1]
        assert gateway.receipts_to_capture("WEB") == []
        refused(gateway.record_capture, "WEB1-1", held + 1, AT)
        refused(gateway.record_void, "WEB1-1", AT)
        assert gateway.receipts()[0] == captured

    def test_a_void_is_recorded_once(self, gateway: _Books) -> None:
        """The receipt is no longer money; the same void again returns the same receipt."""
        bundle = wanted(make_bundle(1), void=True)
        gateway.create_order(bundle)
        voided = gateway.record_void("WEB1-1", AT)
        assert evolve(voided, id=None) == evolve(
            bundle.receipts[0], state="voided", voided_at=AT, void_wanted=False
        )
        assert gateway.record_void("WEB1-1", AT + DAY) == voided
        assert gateway.receipts_to_capture("WEB") == []
        refused(gateway.record_capture, "WEB1-1", Decimal(1), AT)
        assert gateway.receipts()[0] == voided

    def test_only_what_is_pre_authorized_is_captured_or_voided(self, gateway: _Books) -> None:
        """A pending, posted or missing receipt and an invalid amount are refused."""
        bundle = make_bundle(1)
        pending = Receipt("WEB1", "Check", ZERO, state="pending", import_id="WEB1-3")
        posted = evolve(bundle.receipts[0], posted=True, import_id="WEB1-4")
        gateway.create_order(evolve(bundle, receipts=(*bundle.receipts, pending, posted)))
        before = gateway.receipts()
        for import_id in ("WEB1-3", "WEB1-4", "WEB1-9"):
            refused(gateway.record_capture, import_id, Decimal(1), AT)
            refused(gateway.record_void, import_id, AT)
        for amount in (ZERO, Decimal(-1), Decimal("NaN"), Decimal("Infinity")):
            refused(gateway.record_capture, "WEB1-1", amount, AT)
        refused(gateway.record_void, "WEB1-2", AT)
        assert gateway.receipts() == before

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
        assert states == [gateway.receipts()[0].state] * 4

    def test_authorizations_grow_old(self, gateway: _Books) -> None:
        """Only what is pre-authorized, was authorized before the time, and is of this source."""
        for number, source in [(1, "WEB"), (2, "POS"), (3, "WEB")]:
            gateway.create_order(
                evolve(make_bundle(number), order=evolve(make_order(number), source_code=source))
            )
        held = make_bundle(3).receipts[0]
        authorized_at = held.authorized_at
        assert authorized_at is not None
        gateway.record_capture("WEB3-1", held.pre_auth_amount, authorized_at + timedelta(days=1))
        assert gateway.receipts_authorized("WEB", authorized_at) == []
        assert gateway.receipts_authorized("WEB", authorized_at + timedelta(seconds=1)) == [
            gateway.receipts(["WEB1"])[0]
        ]
