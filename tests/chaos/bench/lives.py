"""Many lives of many orders: a state machine plays everybody, in any sequence."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import hypothesis
from bench.life import CARD_HELD, CARD_PAID, CASH, Life
from bench.tally import Row
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from avbc.testing.fakestore.faults import FaultKind

_STEPS = 50
"""Steps of one play."""
_ACTS = 8
"""Steps, at least, before everything is looked at."""


class Everybody(RuleBasedStateMachine):
    """Merchant, shopper, warehouse, gateway and time act on a store and its books."""

    steps = 0
    """Of all plays together."""

    def __init__(self) -> None:
        super().__init__()
        self.life: Life | None = None
        self.acts = 0
        """Steps since everything was looked at."""

    @initialize(mode=st.sampled_from(["push", "pull", "off"]), webhooks=st.booleans())
    def open(self, mode: str, webhooks: bool) -> None:
        """Open a store with three orders."""
        self.life = Life(mode, webhooks=webhooks)
        for payment in (CARD_HELD, CARD_PAID, CASH):
            self.life.place(payment)

    @property
    def _life(self) -> Life:
        type(self).steps += 1
        self.acts += 1
        assert self.life is not None
        return self.life

    def _one(self, data: st.DataObject, of: Callable[[int], bool] = lambda _: True) -> int:
        life = self.life
        assert life is not None
        numbers = [number for number in sorted(life.store.state.orders) if of(number)]
        return data.draw(st.sampled_from(numbers)) if numbers else 0

    def _imported(self, data: st.DataObject) -> int:
        assert self.life is not None
        return self._one(data, self.life.is_imported)

    # The shopper

    @rule(payment=st.sampled_from([CARD_HELD, CARD_PAID, CASH]), units=st.integers(1, 4))
    def places_an_order(self, payment: object, units: int) -> None:
        """Place an order."""
        self._life.place(payment, units)  # type: ignore[arg-type]

    # The merchant

    @rule(data=st.data(), status=st.sampled_from([2, 5, 5, 6, 8, 9, 10, 11, 13]))
    def sets_a_status(self, data: st.DataObject, status: int) -> None:
        """Cancel, dispute, complete, resume or reset an order."""
        if order_id := self._one(data):
            self._life.set_status(order_id, status)

    @rule(data=st.data(), units=st.sampled_from([None, 1]))
    def refunds(self, data: st.DataObject, units: int | None) -> None:
        """Refund an order, or one unit."""
        life = self._life
        order_id = self._one(data, lambda number: life.can_refund(number, units))
        if order_id:
            life.refund(order_id, units)

    @rule(data=st.data(), action=st.sampled_from(["capture", "void"]))
    def acts_at_the_gateway(self, data: st.DataObject, action: str) -> None:
        """Capture or void in the panel."""
        if order_id := self._one(data):
            self._life.act_at_gateway(order_id, action)

    @rule(data=st.data())
    def ships_by_hand(self, data: st.DataObject) -> None:
        """Ship one unit in the panel."""
        life = self._life
        if order_id := self._one(data, life.can_ship):
            life.ship_by_hand(order_id)

    @rule(data=st.data(), units=st.integers(1, 5))
    def edits(self, data: st.DataObject, units: int) -> None:
        """Sell another number of the first product."""
        life = self._life
        if order_id := self._one(data, life.can_edit):
            life.edit(order_id, units)

    @rule(data=st.data(), archived=st.booleans())
    def archives(self, data: st.DataObject, archived: bool) -> None:
        """Archive an order, or bring it back."""
        if order_id := self._one(data):
            self._life.archive(order_id, archived=archived)

    # The warehouse

    @rule(data=st.data(), status=st.sampled_from(["Picked", "Packed", "Shipped/Invoice", "Posted"]))
    def reaches(self, data: st.DataObject, status: str) -> None:
        """Move a sales order on."""
        if order_id := self._imported(data):
            self._life.reach(order_id, status)

    @rule(data=st.data(), days=st.sampled_from([0, 1]))
    def ships(self, data: st.DataObject, days: int) -> None:
        """Ship one unit from AcctVantage, today or yesterday."""
        if order_id := self._imported(data):
            self._life.ship(order_id, 1, datetime.now(UTC) - timedelta(days=days))

    @rule(data=st.data(), declined=st.sampled_from([False, False, True]))
    def wants_a_capture(self, data: st.DataObject, declined: bool) -> None:
        """Ask for the money."""
        if order_id := self._imported(data):
            self._life.want_capture(order_id, is_declined=declined)

    @rule(data=st.data())
    def wants_a_void(self, data: st.DataObject) -> None:
        """Give the money up."""
        if order_id := self._imported(data):
            self._life.want_void(order_id)

    @rule(data=st.data())
    def deletes_a_stopped_order(self, data: st.DataObject) -> None:
        """Do as the worklist advises."""
        life = self._life
        if order_id := self._one(data, life.can_delete):
            life.delete(order_id)

    # Time

    @precondition(lambda self: self.acts > 1)
    @rule()
    def time_passes(self) -> None:
        """A cycle."""
        self._life.cycle(settle=False)

    @rule(
        kind=st.sampled_from(["500", "timeout_after", "reset_before", "html_502", "429"]),
        at=st.integers(1, 12),
    )
    def the_network_fails(self, kind: FaultKind, at: int) -> None:
        """A cycle of which a request fails."""
        self._life.bad_cycle(kind, at)

    @rule()
    def the_process_ends(self) -> None:
        """A restart."""
        self._life.restart()

    @precondition(lambda self: self.acts > _ACTS)
    @rule()
    def all_is_quiet(self) -> None:
        """Cycles in which nobody acts: then everything is where it should be."""
        life, self.acts = self._life, 0
        for _ in range(2):
            life.cycle()
        assert not (faults := life.faults()), faults

    def teardown(self) -> None:
        """Look once more, and close."""
        if self.life is not None:
            try:
                self.all_is_quiet()
            finally:
                self.life.close()


def play(steps: int, seed: int, *, shrink: bool = False) -> int:
    """Play at least so many steps; returns how many it were. A fault is an `AssertionError`."""

    class Play(Everybody):
        """Of its own, so that steps count from 0."""

    Play.steps = 0
    hypothesis.seed(seed)(Play)
    run_state_machine_as_test(
        Play,
        settings=settings(
            # Many plays end earlier.
            max_examples=max(1, steps // 36),
            stateful_step_count=_STEPS,
            deadline=None,
            database=None,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
    return Play.steps


def lives(steps: int, seed: int, part: int = 0) -> Row:
    """Play at least so many steps, as a row of the bench; one fault ends it."""
    row, began = Row("the life of orders"), time.monotonic()
    try:
        row.points = play(steps, seed + part, shrink=True)
    except AssertionError as error:
        notes: list[str] = getattr(error, "__notes__", [])
        row.complain(f"part {part}", "\n".join([str(error), *notes]))
    row.seconds = time.monotonic() - began
    return row
