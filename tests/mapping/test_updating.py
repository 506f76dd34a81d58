"""What an edited order leaves of the receipts in the books."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from avbc.acctvantage.records import OrderBundle, Receipt
from avbc.mapping.updating import update_of

D = Decimal
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECEIVED = Receipt("WEB7", "Check", D("30.20"), import_id="WEB7-1", id=9)
HELD = Receipt(
    "WEB7", "Visa/MC", D(0), "pre_authorized", D("30.20"), "WEB7-1", id=9, capture_wanted=True
)


def update(old: list[Receipt], *new: Receipt) -> Any:
    bundle: Any = OrderBundle(order=None, receipts=new)  # type: ignore[arg-type]  # not looked at
    return update_of(bundle, old)


def new(receipt: Receipt, **changes: Any) -> Receipt:
    return attrs.evolve(receipt, id=None, capture_wanted=False, **changes)


@pytest.mark.parametrize(
    "old",
    [
        HELD,
        attrs.evolve(RECEIVED, captured_at=NOON),
        attrs.evolve(RECEIVED, captured_at=NOON, pre_auth_amount=D("30.20")),
        attrs.evolve(HELD, void_wanted=True, amount=D("12.00")),
    ],
)
def test_a_receipt_whose_money_stays_is_as_it_was(old: Receipt) -> None:
    made = update(
        [old], new(attrs.evolve(old, pre_auth_amount=old.pre_auth_amount), amount=old.amount)
    )
    assert made.bundle.receipts == (attrs.evolve(old, id=None),)
    assert (made.why_not, made.warnings) == ("", ())


@pytest.mark.parametrize(
    ("old", "now", "why"),
    [
        (attrs.evolve(RECEIVED, import_id="AV-7"), RECEIVED, "AV-7 over 30.20, entered"),
        (RECEIVED, attrs.evolve(RECEIVED, state="pending", amount=D(0)), "which is captured"),
        (attrs.evolve(HELD, state="voided"), HELD, "WEB7-1 over 30.20, which is voided"),
        (attrs.evolve(RECEIVED, import_id="WEB7-2"), RECEIVED, "WEB7-2 over 30.20, which is cap"),
    ],
)
def test_what_a_person_did_and_what_was_received_keeps_the_order(
    old: Receipt, now: Receipt, why: str
) -> None:
    assert why in update([old], new(now)).why_not


def test_what_is_not_received_goes_with_the_edit() -> None:
    pending = attrs.evolve(HELD, state="pending", pre_auth_amount=D(0), import_id="WEB7-2")
    lower = new(HELD, pre_auth_amount=D("19.43"))
    made = update([HELD, pending], lower)
    assert (made.bundle.receipts, made.why_not, made.warnings) == ((lower,), "", ())


def test_money_that_a_gateway_received_needs_no_warning() -> None:
    paid = attrs.evolve(RECEIVED, gateway_transaction_id="stripe-1")
    lower = new(paid, amount=D("19.43"))
    assert update([paid], lower).warnings == ()
    (warning,) = update([RECEIVED], new(RECEIVED, amount=D("19.43"))).warnings
    assert "over 19.43 now; it was over 30.20" in warning.message
