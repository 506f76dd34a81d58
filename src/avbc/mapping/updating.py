"""What becomes of an order's receipts where an edit in the store replaces the order in the books.

Money that the books say was received is never taken out of them (docs/facts.md,
acctvantage-payments), and what people did to a receipt stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from avbc.acctvantage.import_ids import receipt_number
from avbc.acctvantage.records import OrderBundle, Receipt
from avbc.mapping.decisions import Problem
from avbc.money import amount_text

_SETTLED = ("captured", "voided")
"""States from which no receipt goes back."""


def by_hand(receipts: Collection[Receipt]) -> list[Receipt]:
    """The receipts that a person entered on an order."""
    return [one for one in receipts if not receipt_number(one.import_id, one.order_import_id)]


@attrs.frozen
class Update:
    """An edited order as the books take it, or why they cannot."""

    bundle: OrderBundle
    why_not: str = ""
    """What keeps the order as it is, as in "which ... and is not changed"; empty where nothing."""
    warnings: tuple[Problem, ...] = ()
    """Receipts over money that was received outside of a gateway, now over another amount."""


def update_of(bundle: OrderBundle, receipts: Sequence[Receipt]) -> Update:
    """Return what to write of an edited order on which the books have these receipts.

    A receipt whose money stays the same stays as it is in the books: when it was captured, and that
    somebody wants it captured. The books keep the order as it is where it has a receipt that a
    person entered, or one over money that was received and that the edit would take away.
    """
    known = {one.import_id: one for one in receipts}
    if entered := by_hand(receipts):
        return Update(bundle, f"has the receipt {_named(entered[0])}, entered in AcctVantage,")
    after: list[Receipt] = []
    warnings: list[Problem] = []
    for new in bundle.receipts:
        old = known.pop(new.import_id, None)
        if old is None:
            after.append(new)
        elif old.money == new.money:
            after.append(attrs.evolve(old, id=None))
        elif old.state in _SETTLED and (new.state != old.state or _was_corrected(old, new)):
            return Update(bundle, f"has the receipt {_named(old)}, which is {old.state},")
        else:
            after.append(new)
            if old.state == "captured" and not new.gateway_transaction_id:
                # Of others the gateway's transactions say what was received.
                warnings.append(_changed(old, new))
    if lost := [one for one in known.values() if one.state == "captured"]:
        return Update(bundle, f"has the receipt {_named(lost[0])}, which is captured,")
    made = attrs.evolve(bundle, receipts=tuple(after), replaced=tuple(receipts))
    return Update(made, warnings=tuple(warnings))


def _was_corrected(old: Receipt, new: Receipt) -> bool:
    """Whether less came in of a payment than the gateway says, and nothing more is to come."""
    gateway_id = old.gateway_transaction_id
    is_same = bool(gateway_id) and gateway_id == new.gateway_transaction_id
    is_whole = old.state == "captured" and not old.pre_auth_amount
    return is_same and is_whole and new.amount > old.amount


def _named(receipt: Receipt) -> str:
    amount = amount_text(receipt.amount + receipt.pre_auth_amount)
    return f"{receipt.import_id} over {amount}".strip()


def _changed(old: Receipt, new: Receipt) -> Problem:
    return Problem(
        "receipt_changed_by_edit",
        "receipts",
        new.import_id,
        f"The order was edited in the store, so the receipt {new.import_id} by {new.receipt_type} "
        f"is over {amount_text(new.amount)} now; it was over {amount_text(old.amount)}.",
        "Compare it with the money that was received, and correct the receipt in AcctVantage if "
        "the difference was neither paid nor given back.",
        "warning",
    )
