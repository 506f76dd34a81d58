"""The life of an order: what the merchant does, when, in every mode (docs/life.md)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
from life import Life
from model import Setup
from people import STOPPED

from avbc.orchestrator.engine import order_reads

MODES = ("push", "pull", "off")
_GATEWAY = "act_at_gateway"


@attrs.frozen
class Act:
    """What the merchant does, and what becomes of an imported order."""

    name: str
    options: dict[str, Any]
    payment: str = "paid"
    leaves_new: bool = True
    """Whether the order is not New any more, so that it is not imported if it is done before."""
    code: str = ""
    """The item on the worklist, where it is done after the import."""
    is_stopped: bool = False
    receipt: tuple[str, bool] = ("captured", True)
    """The receipt's state in the end, and whether it is over money received."""

    def by(self, life: Life, order_id: int) -> str:
        return life.people.do(self.name, order_id, **self.options)


STOP: dict[str, Any] = {"code": "order_stopped_in_store", "is_stopped": True}
ACTS = {
    "cancels": Act("set_status", {"status": 5}, **STOP),
    "declines": Act("set_status", {"status": 6}, **STOP),
    "refunds": Act("refund", {}, **STOP),
    "has it disputed": Act("set_status", {"status": 13}, **STOP),
    "refunds a part": Act("refund", {"units": 1}, code="refund_not_booked"),
    "edits": Act("edit", {}, "cash", leaves_new=False, code="order_edited_after_import"),
    "moves": Act("move", {}, leaves_new=False, code="order_edited_after_import"),
    "captures": Act(_GATEWAY, {"action": "capture"}, "held", leaves_new=False),
    "voids": Act(
        _GATEWAY,
        {"action": "void"},
        "held",
        leaves_new=False,
        code="payment_void_after_import",
        receipt=("voided", False),
    ),
    "ships a part by hand": Act("ship_by_hand", {}),
    "archives": Act("archive", {}, code="order_gone_from_store"),
}


@pytest.fixture(params=[False, True], ids=["polling", "webhooks"])
def life(request: pytest.FixtureRequest, mode: str) -> Iterator[Life]:
    with Life(Setup(mode, webhooks=request.param)) as life:
        yield life
        life.model.quiet()
        assert life.model.found == []
        assert max(life.reported.values(), default=1) == 1


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("what", ACTS)
def test_before_the_list(life: Life, what: str) -> None:
    act = ACTS[what]
    order_id = life.place(payment=act.payment)
    assert act.by(life, order_id)
    before = life.status(order_id)
    life.cycle()
    life.cycle()
    is_imported = life.people.booked(order_id) is not None
    if act.leaves_new or what == "archives":
        assert (is_imported, life.status(order_id)) == (False, before)
    else:
        assert is_imported == (what != "voids")


@pytest.mark.parametrize("what", ACTS)
def test_between_list_and_write(life: Life, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a page that takes longer than a read stays fresh."""
    monkeypatch.setattr(order_reads, "FRESH", 0.0)
    act = ACTS[what]
    order_id = life.place(payment=act.payment)
    life.after_next_list.append(lambda: act.by(life, order_id))
    life.web.import_orders()
    if act.leaves_new or what == "archives":
        assert life.people.booked(order_id) is None
        assert life.status(order_id) not in (9, 12)
    monkeypatch.undo()
    life.cycle()
    life.cycle()


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("when", ["after the import", "after a shipment"])
def test_after_the_import(life: Life, what: str, when: str) -> None:
    act, people = ACTS[what], life.people
    order_id = life.place(payment=act.payment)
    life.cycle()
    before = people.booked(order_id)
    assert before is not None
    if when == "after a shipment":
        people.do("ship", order_id)
        life.cycle()
    assert act.by(life, order_id)
    after = life.status(order_id)
    life.cycle()
    assert life.codes(order_id) == ({act.code} if act.code else set())
    # AcctVantage goes on: nothing of it reaches a stopped order.
    people.do("reach", order_id, status="Shipped/Invoice")
    people.do("ship", order_id)
    people.do("want_capture", order_id)
    life.cycle()
    life.cycle()
    if act.is_stopped:
        assert life.status(order_id) == after in STOPPED
        assert len(people.store.order(order_id).shipments) == (when == "after a shipment")
    booked = people.booked(order_id)
    assert booked is not None
    if life.setup.updates != "pull":
        assert booked.status == "Shipped/Invoice"
    assert booked.total == before.total
    if act.payment != "cash":
        (receipt,) = people.receipts(order_id)
        assert (receipt.state, receipt.amount > Decimal(0)) == act.receipt
