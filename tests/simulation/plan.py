"""The plan of a store-day, drawn from a seed: who does what, when, and what goes wrong.

All that an event needs is drawn beforehand, so leaving one out changes no other: the shortest story
that still fails is found by leaving events out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import attrs
from model import Setup
from people import ACTS, FAULTS

from avbc.testing.fakestore.faults import KINDS

ORDERS, CYCLES = 20, 24
"""Of a day; cycles of all workers together, at least."""
SKUS = ("MUG-BLUE", "TOWEL-ST", "CANDLE-3", "LAMP-01", "POSTER-A2")
NEW_LIST, SHIPMENTS = "GET /v2/orders?status_id=11", "GET /v2/orders/{id}/shipments"
"""What is asked before orders are imported, and before the shipments of an order are sent."""
TRANSACTIONS = "GET /v3/orders/{id}/transactions"
"""What is asked between the look at the receipts in the books and their change."""
_DIFFERENT = ("204",)
"""Faults that come once a day: that a list is empty is believed when it is said twice."""


@attrs.frozen
class Event:
    """Something that happens: an act of people, or a fault."""

    at: float
    """Minutes since the day began."""
    name: str
    order: int = 0
    """Which order of the day, counted from 1; 0 for none."""
    options: dict[str, Any] = attrs.field(factory=dict[str, Any])
    after: int = 0
    """After how many more steps of avbc it happens, so that it comes in the middle of a cycle."""
    upon: str = ""
    """It happens when the next request that begins so is answered, to the worker that asked, and
    after so many more steps of it."""

    @property
    def who(self) -> str:
        """Who acts."""
        return ACTS.get(self.name, "the machine")


@attrs.frozen
class Plan:
    """A store-day."""

    seed: int
    setup: Setup
    interval: int
    """Minutes between the cycles of a worker."""
    workers: int
    minutes: float
    """How long the day is; the cycles after it are quiet."""
    has_leases: bool
    """Whether turns end by the clock, as a server's do, or with the process, as locks of files."""
    events: tuple[Event, ...]


def plan(seed: int) -> Plan:
    """Draw a store-day."""
    draw = random.Random(seed)
    setup = Setup(
        updates=draw.choice(["push", "push", "push", "pull", "off"]),
        preauthorized=draw.random() < 0.75,
        import_refunds=draw.random() < 0.3,
        errors_of_acctvantage=draw.random() < 0.3,
        shipments_move_status=draw.random() < 0.3,
        webhooks=draw.random() < 0.5,
        waits_for_payment=draw.random() < 0.2,
        channels=(1,) if draw.random() < 0.3 else (),
    )
    interval, workers = draw.choice([45, 60]), draw.choice([2, 2, 3])
    minutes = float(-(-CYCLES // workers) * interval)
    day = _Day(draw, setup, interval, workers, minutes)
    events = sorted(day.events(), key=lambda event: event.at)
    return Plan(seed, setup, interval, workers, minutes, draw.random() < 0.5, tuple(events))


class _Day:
    def __init__(
        self, draw: random.Random, setup: Setup, interval: int, workers: int, minutes: float
    ) -> None:
        self._draw = draw
        self._setup = setup
        self._interval = interval
        self._workers = workers
        self._minutes = minutes

    def events(self) -> Iterator[Event]:
        """All that happens, in no sequence."""
        for number in range(1, ORDERS + 1):
            yield from self._order(number)
        yield from self._everywhere("settle", 8)
        if self._setup.webhooks:
            yield from self._everywhere("deliver", 8, copies=(1, 1, 1, 2, 0))
        yield from self._faults()

    # Orders

    def _order(self, number: int) -> Iterator[Event]:
        draw = self._draw
        at = draw.uniform(0, 0.75 * self._minutes)
        payment = draw.choice(["held", "held", "paid", "cash"])
        lines = [(sku, draw.randint(1, 4)) for sku in draw.sample(SKUS, draw.randint(1, 3))]
        fault = draw.choice(FAULTS) if draw.random() < 0.15 else ""
        channel = draw.choice([1] * 9 + [2])
        options = {"payment": payment, "lines": lines, "fault": fault, "channel": channel}
        yield self._event(at, "place", number, **options)
        if fault and draw.random() < 0.7:
            yield self._event(self._later(at, 3), "mend", number)
        yield from self._at_the_warehouse(at, number, payment)
        if draw.random() < 0.1:
            yield from self._on_hold(at, number)
        for _ in range(draw.choice([0, 0, 0, 1, 1, 2])):
            yield from self._by_the_merchant(at, number)
        yield from self._later_in_acctvantage(at, number)

    def _at_the_warehouse(self, at: float, number: int, payment: str) -> Iterator[Event]:
        draw = self._draw
        at = self._later(at, 2)
        if draw.random() < 0.15:
            yield self._event(at, "refuse", number)
            at = self._later(at, 2)
            if draw.random() < 0.5:
                yield self._event(at, "set_status", number, status=11)
                at = self._later(at, 2)
        yield self._event(at, "enter", number)
        if payment == "held":
            if draw.random() < 0.15:
                yield self._event(at, "decline", number)
            wanted = draw.choice(["want_capture"] * 5 + ["want_void", ""])
            if draw.random() < 0.2:
                action = draw.choice(["capture", "void"])
                yield self._event(self._later(at, 4), "act_at_gateway", number, action=action)
            elif wanted:
                yield self._event(self._later(at, 4), wanted, number)
        for status in draw.choice(_WAYS):
            at = self._later(at, 3)
            yield self._event(at, "reach", number, status=status)
            if status in ("Packed", "Shipped/Invoice"):
                units, days = draw.choice([1, 1, 1, 2, 3]), draw.choice([0, 0, 0, 1])
                yield self._event(self._later(at, 1), "ship", number, units=units, days=days)

    def _later_in_acctvantage(self, at: float, number: int) -> Iterator[Event]:
        """What the accountant and AcctVantage's script do, and what the merchant then does."""
        draw = self._draw
        at = self._later(at, 3)
        for name, options in draw.choice(_SERIES) if draw.random() < 0.3 else ():
            upon = options.get("upon", "")
            chosen = {key: draw.choice(values) for key, values in options.items() if key != "upon"}
            yield Event(at, name, number, chosen, 0, upon)
            at = at if upon else self._later(at + 0.1, 3)

    def _on_hold(self, at: float, number: int) -> Iterator[Event]:
        """It is stopped, AcctVantage goes on all the same, and in the end the store does, too."""
        draw = self._draw
        at = self._later(at, 8)
        yield Event(at, "set_status", number, {"status": draw.choice([5, 13])})
        for name in draw.sample(["ship", "want_capture", "want_void"], 2):
            yield Event(at + 1, name, number)
        yield Event(at + 1, "reach", number, {"status": draw.choice(["Picked", "Packed"])})
        if draw.random() < 0.5:
            yield self._event(self._later(at, 4), "set_status", number, status=9)

    def _by_the_merchant(self, at: float, number: int) -> Iterator[Event]:
        draw = self._draw
        name, choices = draw.choice(_MERCHANT)
        options = {key: draw.choice(values) for key, values in choices.items()}
        if draw.random() < 0.25:
            # While a worker that has just seen the order is slow.
            upon, steps = draw.choice([NEW_LIST, SHIPMENTS]), draw.choice([0, 0, 4, 8, 12])
            if upon == SHIPMENTS:
                # Between the last look and the request nothing can be asked any more.
                steps = 0
            yield Event(at, name, number, options, steps, upon)
            yield Event(at, "pause", number, {"worker": 1, "minutes": 0.2}, steps, upon)
            return
        at = self._later(at, draw.choice([1, 1, 4, 12]))
        yield self._event(at, name, number, **options)
        if name == "archive" and draw.random() < 0.5:
            yield self._event(self._later(at, 4), "archive", number, archived=False)
        if options.get("status") in (5, 6, 13):
            if draw.random() < 0.3:
                yield self._event(self._later(at, 4), "delete", number)
            if draw.random() < 0.5:
                status = draw.choice([8, 9, 10, 11])
                yield self._event(self._later(at, 4), "set_status", number, status=status)

    # What goes wrong

    def _faults(self) -> Iterator[Event]:
        draw = self._draw
        # A refused token is nothing that passes by itself.
        kinds = [kind for kind in KINDS if kind not in {"401", *_DIFFERENT}]
        others: tuple[str, ...] = draw.choice([(), _DIFFERENT])
        for kind in [*draw.choices(kinds, k=draw.randint(0, 8)), *others]:
            match, most = draw.choice([("*", 25), ("PUT /v2/orders/*", 6), ("POST /v*", 4)])
            nth = draw.randint(1, most)
            yield self._event(self._any(), "fail", 0, kind=kind, nth=nth, match=match)
        for _ in range(draw.choice([0, 0, 1, 2])):
            limit = draw.choice([2, 5, 20])
            at = self._any()
            yield Event(at, "scarce", 0, {"limit": limit, "others": draw.randint(0, limit // 2)})
            yield Event(self._later(at, 3), "plenty")
        for _ in range(draw.choice([0, 0, 1])):
            yield self._event(self._any(), "lose_report")
        for _ in range(draw.choice([0, 0, 1, 2])):
            worker, upon = draw.randint(1, self._workers), draw.choice(["", "GET /v2/orders"])
            options = {"worker": worker, "times": draw.choice([1, 3, 10])}
            yield Event(self._any(), "fill_disk", 0, options, draw.randint(1, 40), upon)
        for number in draw.sample(range(1, ORDERS), draw.choice([0, 0, 1, 2])):
            at = self._any()
            yield Event(at, "hide", number, {"kind": draw.choice(["500", "cut_json"])})
            if draw.random() < 0.7:
                yield Event(self._later(at, 8), "show", number)
        if draw.random() < 0.3:
            match, lasts = draw.choice(["*", "GET /v2/orders"]), draw.choice([30, 130])
            at = draw.uniform(0, 0.5 * self._minutes)
            yield Event(at, "outage", 0, {"match": match, "minutes": lasts})
        for _ in range(draw.choice([0, 1, 2])):
            minutes, machine = draw.choice([-180, -40, 0, 20, 90]), draw.randint(-2, self._workers)
            of = {"minutes": minutes, "machine": max(machine, 0)}
            yield Event(self._any(), "set_clock", 0, of, draw.choice([0, 30]))
        for _ in range(draw.choice([0, 1, 2, 3])):
            yield self._in_a_cycle("kill", draw.choice(["", "PUT /v2/orders/", "POST /v"]))
        for _ in range(draw.choice([0, 1, 2, 3])):
            minutes = round(draw.choice([0.2, 2.0, 10.0, 90.0]) * draw.uniform(0.5, 1.5), 2)
            upon = draw.choice(["", "GET /v2/orders", *["GET /v2/orders/*/shipments"] * 2])
            yield self._in_a_cycle("pause", upon, minutes=minutes)

    def _in_a_cycle(self, name: str, upon: str, **options: object) -> Event:
        draw = self._draw
        worker = draw.randint(1, self._workers)
        steps = 0 if upon else draw.randint(1, 60)
        return Event(self._any(), name, 0, {"worker": worker, **options}, steps, upon)

    # When

    def _event(self, at: float, name: str, number: int = 0, **options: object) -> Event:
        """An event, which comes in the middle of a cycle as often as not."""
        steps = self._draw.randint(1, 80) if self._draw.random() < 0.6 else 0
        return Event(round(min(at, self._minutes), 2), name, number, options, steps)

    def _everywhere(self, name: str, count: int, **options: tuple[int, ...]) -> Iterator[Event]:
        for _ in range(count):
            drawn = {key: self._draw.choice(values) for key, values in options.items()}
            yield self._event(self._any(), name, **drawn)

    def _any(self) -> float:
        return round(self._draw.uniform(0, self._minutes), 2)

    def _later(self, at: float, cycles: int) -> float:
        return at + self._draw.uniform(0, cycles * self._interval)


_WAYS: tuple[tuple[str, ...], ...] = (
    ("Picked", "Packed", "Shipped/Invoice"),
    ("Picked", "Shipped/Invoice"),
    ("Shipped/Invoice",),
    ("Packed", "Shipped/Invoice", "Posted"),
    ("Packed", "Picked"),
    ("Committed",),
    ("Picked",),
    (),
)
"""The statuses that an order reaches in AcctVantage."""
_AGAIN = ("set_status", {"status": (11,)})
_SERIES: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (("enter_receipt", {}), ("edit", {"units": (1, 2, 5)}), _AGAIN),
    (("enter_receipt", {}), ("move", {"city": ("Dayton",)}), _AGAIN),
    (("post_receipts", {}), ("act_at_gateway", {"action": ("capture",)})),
    (("post_receipts", {"upon": TRANSACTIONS}), ("act_at_gateway", {"action": ("capture",)})),
    (("correct", {"upon": TRANSACTIONS}), ("act_at_gateway", {"action": ("capture",)})),
    (("want_capture", {}), ("move", {"city": ("Dayton",)}), _AGAIN),
    (("move", {"city": ("Dayton",)}), _AGAIN, ("enter", {"how": ("old",)}), ("enter", {})),
    (("move", {"city": ("Dayton",)}), _AGAIN, ("refuse", {"how": ("old",)}), ("enter", {})),
    (("refuse", {}), ("enter", {"how": ("after all",)})),
    (("refuse", {}), _AGAIN, ("enter", {"how": ("old", "after all")})),
)
"""What the accountant and AcctVantage's script do with an order, and the merchant then."""
_MERCHANT: tuple[tuple[str, dict[str, tuple[Any, ...]]], ...] = (
    ("set_status", {"status": (5, 5, 6, 13)}),
    ("set_status", {"status": (5, 13)}),
    ("set_status", {"status": (2, 8, 9, 10, 11)}),
    ("refund", {"units": (None, 1)}),
    ("edit", {"units": (1, 2, 5)}),
    ("edit", {"units": (1, 2, 5)}),
    ("move", {"city": ("Springfield", "Dayton")}),
    ("act_at_gateway", {"action": ("capture", "void")}),
    ("ship_by_hand", {"units": (1, 2)}),
    ("archive", {}),
)
"""What a merchant does, and what it may be done with."""
