"""The life of an order: what the merchant does, when, in every mode (docs/life.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import attrs
import pytest
from bench.life import CARD_HELD, CARD_PAID, CASH, STOPPED, Life
from bench.lives import play

from avbc.orchestrator.engine import order_reads
from avbc.testing import Payment

MODES = ("push", "pull", "off")
WHEN = ("before the list", "between list and write", "after the import", "after a shipment")


@attrs.frozen
class Act:
    """What the merchant does, and what becomes of an imported order."""

    does: Callable[[Life, int], None]
    payment: Payment = CARD_PAID
    leaves_new: bool = True
    """Whether the order is not New any more, so that it is not imported if it is done before."""
    code: str = ""
    """The item on the worklist, where it is done after the import."""
    is_stopped: bool = False
    receipt: tuple[str, bool] = ("captured", True)
    """The receipt's state in the end, and whether it is over money received."""


ACTS = {
    "cancels": Act(
        lambda life, n: life.set_status(n, 5), code="order_stopped_in_store", is_stopped=True
    ),
    "declines": Act(
        lambda life, n: life.set_status(n, 6), code="order_stopped_in_store", is_stopped=True
    ),
    "refunds": Act(lambda life, n: life.refund(n), code="order_stopped_in_store", is_stopped=True),
    "has it disputed": Act(
        lambda life, n: life.set_status(n, 13), code="order_stopped_in_store", is_stopped=True
    ),
    "refunds a part": Act(lambda life, n: life.refund(n, 1), code="refund_not_booked"),
    "edits": Act(
        lambda life, n: life.edit(n), CASH, leaves_new=False, code="order_edited_after_import"
    ),
    "captures": Act(lambda life, n: life.act_at_gateway(n, "capture"), CARD_HELD, leaves_new=False),
    "voids": Act(
        lambda life, n: life.act_at_gateway(n, "void"),
        CARD_HELD,
        leaves_new=False,
        code="payment_void_after_import",
        receipt=("voided", False),
    ),
    "ships a part by hand": Act(lambda life, n: life.ship_by_hand(n)),
    "archives": Act(lambda life, n: life.archive(n), code="order_gone_from_store"),
}


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["polling", "webhooks"])
def life(request: pytest.FixtureRequest, mode: str) -> Iterator[Life]:
    with Life(mode, webhooks=request.param) as life:
        yield life


@pytest.mark.parametrize("what", ACTS)
def test_before_the_list(life: Life, what: str) -> None:
    act = ACTS[what]
    order_id = life.place(act.payment)
    act.does(life, order_id)
    before = life.status(order_id)
    life.cycle()
    life.cycle()
    if act.leaves_new or what == "archives":
        assert (life.is_imported(order_id), life.status(order_id)) == (False, before)
    else:
        assert life.is_imported(order_id) == (what != "voids")
    assert life.faults() == []


@pytest.mark.parametrize("what", ACTS)
def test_between_list_and_write(life: Life, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a page that takes longer than a read stays fresh."""
    monkeypatch.setattr(order_reads, "FRESH", 0.0)
    act = ACTS[what]
    order_id = life.place(act.payment)
    life.after_first_list(lambda: act.does(life, order_id))
    life.web.import_orders()
    if act.leaves_new or what == "archives":
        assert not life.is_imported(order_id)
        assert life.status(order_id) not in (9, 12)
    monkeypatch.undo()
    life.cycle()
    life.cycle()
    assert life.faults() == []


@pytest.mark.parametrize("what", ACTS)
@pytest.mark.parametrize("when", WHEN[2:])
def test_after_the_import(life: Life, what: str, when: str) -> None:
    act = ACTS[what]
    order_id = life.place(act.payment)
    life.cycle()
    assert life.is_imported(order_id)
    if when == "after a shipment":
        life.ship(order_id)
        life.cycle()
    orders = life.books.sales_orders()
    act.does(life, order_id)
    after = life.status(order_id)
    life.cycle()
    assert life.codes(order_id) == ({act.code} if act.code else set())
    # AcctVantage goes on: nothing of it reaches a stopped order.
    life.reach(order_id, "Shipped/Invoice")
    life.ship(order_id)
    life.want_capture(order_id)
    life.cycle()
    life.cycle()
    if act.is_stopped:
        assert life.status(order_id) == after in STOPPED
        assert len(life.store.order(order_id).shipments) == (when == "after a shipment")
    if life.updates != "pull":
        assert [order.status for order in life.books.sales_orders()] == ["Shipped/Invoice"]
    assert [order.total for order in life.books.sales_orders()] == [orders[0].total]
    if act.payment is not CASH:
        (receipt,) = life.receipts(order_id)
        assert (receipt.state, receipt.amount > Decimal(0)) == act.receipt
    assert life.faults() == []
    assert max(life.reported.values(), default=1) == 1


def test_two_thousand_steps() -> None:
    """Merchant, shopper, warehouse, gateway and time, in any sequence."""
    assert play(steps=2_000, seed=1) >= 2_000
