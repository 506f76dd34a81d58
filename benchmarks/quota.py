"""How long an import takes against what the store's quota dictates, on a virtual clock.

Answers take 50 to 800 ms, and one in a hundred takes seconds. Requests run beside each other as
they do in threads, but nothing waits: the clock jumps to what happens next. One short import in
real time checks that.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import attrs
import example
import httpx
from figure import Figure, compared, counted, spent
from requests_per_order import TIME_ZONE, TOKEN_CHECK, floor
from virtual_time import Network, VirtualTime

from avbc import Quota, Settings
from avbc.acctvantage import OrderBundle
from avbc.clock import Clock
from avbc.orchestrator import ImportReport
from avbc.orchestrator.engine.writes import LOOKS
from avbc.orchestrator.jobs.import_orders import CHUNK
from avbc.testing import FakeStore, OrderFactory, Payment, StoreProcess, item
from avbc.testing.example import populate, settings_dict

WINDOW = 30.0
STANDARD, PRO = 150, 450
"""Requests in a window, by the store's plan."""
ORDERS = 1000
CPU_OF_AN_ORDER = 0.0015
"""Seconds, about what this project takes."""
FIXED = (4, 8, 16, 32, 64)
NO_QUOTA = 1_000_000
PAGE = 250
MOST_LOOKS = 1 + LOOKS
"""At the orders of a chunk, where the quota makes requests slow: one before they are written, and
one before their statuses are set, which is done again for those whose turn comes late."""
AT_WORK = 16
"""How many requests a small store works at; the others wait there."""
REAL_ORDERS, REAL_LATENCY = 90, 0.1

Latency = Callable[[random.Random], float]


def uneven(draw: random.Random) -> float:
    """Seconds of one answer: 50 to 800 ms, and for one in a hundred 1 to 4 s."""
    return draw.uniform(1.0, 4.0) if draw.random() < 0.01 else draw.uniform(0.05, 0.8)


def changing(quota: int, draw: random.Random) -> Iterator[float]:
    """When other applications send: nothing to two thirds of the quota, and at times in bursts."""
    now, burst_at = 0.0, draw.expovariate(1 / 60)
    while True:
        rate = quota / WINDOW / 3 * (1 + math.sin(now / 20))
        now += min(1.0, draw.expovariate(max(rate, 0.1)))
        yield now
        if now >= burst_at:
            yield from (now + 0.05 * number for number in range(20))
            burst_at = now + draw.expovariate(1 / 60)


class Fixed(Quota):
    """Has so many requests in flight, whatever is seen."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def at_once(self, now: float) -> int:  # noqa: ARG002
        """Return the number."""
        return self._number


@attrs.frozen
class Import:
    """What an import of card orders took."""

    seconds: float
    sent: int
    refused: int
    """Requests that got a 429."""
    floor: Mapping[str, int]
    """The fewest requests that these orders need."""

    @property
    def least(self) -> int:
        """How many that are."""
        return sum(self.floor.values())


def imported(
    quota: int,
    *,
    orders: int = ORDERS,
    pace: Quota | None = None,
    others: Iterator[float] | None = None,
    at_work: int = 1000,
    latency: Latency = uneven,
    seed: int = 1,
) -> Import:
    """Import card orders on the virtual clock.

    Args:
        quota: Requests in a window, for all applications.
        orders: How many.
        pace: What paces the requests; by default what the client has.
        others: When other applications send a request.
        at_work: How many requests the store works at; the others wait.
        latency: How long it works at one.
        seed: Of the latencies.
    """
    virtual = VirtualTime()
    store = FakeStore(quota=quota, clock=lambda: virtual.now().timestamp())
    populate(store, 0)
    factory = OrderFactory(seed)
    made = [factory.order([item("MUG-RED")], payment=Payment()) for _ in range(orders)]
    store.add_orders(made)
    network = Network(store, virtual, at_work, partial(latency, random.Random(seed)))
    paced = Quota() if pace is None else pace
    settings = Settings.from_dict(settings_dict(store.api_url))
    client = virtual.client(network, paced, settings.store.api_url)

    def arrive(times: Iterator[float]) -> None:
        store.handle(httpx.Request("GET", store.api_url))
        virtual.at(next(times), partial(arrive, times))

    if others is not None:
        virtual.at(next(others), partial(arrive, others))

    def compute(_: object, bundle: OrderBundle) -> OrderBundle:
        virtual.compute(CPU_OF_AN_ORDER)
        return bundle

    reports: list[ImportReport] = []
    clock = Clock(virtual.now, lambda: virtual.seconds)
    with example.orchestrator(store.api_url, client, clock=clock, customise=[compute]) as (web, _):
        virtual.run(lambda: reports.append(web.import_orders(progress=False)))
    assert len(reports[0].imported) == orders, reports[0]
    least = {**floor(made), **TIME_ZONE, **TOKEN_CHECK}
    return Import(virtual.seconds, network.sent, network.refused, least)


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    orders = 4 if quick else ORDERS
    for quota in (STANDARD, PRO):
        yield from _alone(quota, orders)
    for quota in (STANDARD, PRO):
        yield _beside_others(quota, orders, seeds=1 if quick else 3)
    for quota in (STANDARD, PRO):
        yield _looks(quota, 4 if quick else PAGE)
    fixed = FIXED[-1:] if quick else FIXED
    yield _without_quota("", 1000, orders, fixed)
    yield _without_quota(f", the store works at {AT_WORK} requests at once", AT_WORK, orders, fixed)
    yield _in_real_time(2 if quick else REAL_ORDERS)


def _alone(quota: int, orders: int) -> Iterator[Figure]:
    ours = imported(quota, orders=orders)
    dictated = ours.least / quota * WINDOW
    label = f"{orders:,} orders, {quota} requests per {WINDOW:.0f} s"
    yield compared(
        f"time to import {label}, against what the quota dictates",
        f"{ours.seconds:.0f} s, {ours.sent:,} requests",
        f"{dictated:.0f} s, {ours.least:,} requests",
        ours.seconds / dictated,
        1.03,
    )
    yield counted(f"429s: {label}", ours.refused, {})


def _looks(quota: int, orders: int) -> Figure:
    """Requests where most orders were read more than five seconds before they are written."""
    ours = imported(quota, orders=orders)
    most = ours.least + MOST_LOOKS * -(-orders // CHUNK)
    name = f"requests to import {orders} card orders, {quota} requests per {WINDOW:.0f} s"
    return counted(name, ours.sent, ours.floor, most=most)


def _beside_others(quota: int, orders: int, seeds: int) -> Figure:
    sent = refused = 0
    for seed in range(1, seeds + 1):
        others = changing(quota, random.Random(seed))
        ours = imported(quota, orders=orders, others=others, seed=seed)
        sent, refused = sent + ours.sent, refused + ours.refused
    return Figure(
        f"429s: {quota} requests per {WINDOW:.0f} s, other applications use nothing to two thirds",
        f"{refused} in {sent:,} requests",
        aim="<= 1 in 1,000",
        share=1000 * refused / sent,
    )


def _without_quota(name: str, at_work: int, orders: int, fixed: Sequence[int]) -> Figure:
    ours = imported(NO_QUOTA, orders=orders, at_work=at_work)
    times = {
        number: imported(NO_QUOTA, orders=orders, at_work=at_work, pace=Fixed(number)).seconds
        for number in fixed
    }
    best = min(times, key=lambda number: times[number])
    return compared(
        f"time to import {orders:,} orders without a quota{name}",
        f"{ours.seconds:.1f} s",
        f"{times[best]:.1f} s with {best} in flight, {times[fixed[0]]:.0f} with {fixed[0]}",
        ours.seconds / times[best],
        1.03,
    )


def _in_real_time(orders: int) -> Figure:
    """Import by threads under the Standard plan's quota: a window and what is left."""
    factory = OrderFactory()
    made = [factory.order([item("MUG-RED")], payment=Payment()) for _ in range(orders)]
    latency_ms = 1000 * REAL_LATENCY
    with StoreProcess(orders=0, latency_ms=latency_ms, quota=STANDARD) as server:
        server.add_orders(made)
        with example.orchestrator(server.api_url) as (web, _):
            took = spent(lambda: web.import_orders(progress=False)).wall
        refused = sum(request.status == 429 for request in server.log)
    virtual = imported(STANDARD, orders=orders, latency=lambda _: REAL_LATENCY)
    return compared(
        f"real time to import {orders} orders, {STANDARD} requests per {WINDOW:.0f} s, "
        f"{latency_ms:.0f} ms, {refused} 429s",
        f"{took:.1f} s",
        f"{virtual.seconds:.1f} s on the virtual clock",
        took / virtual.seconds,
        1.05,
    )


if __name__ == "__main__":
    for figure in figures():
        print(figure)
