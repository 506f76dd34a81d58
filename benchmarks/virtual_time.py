"""Time that jumps to what happens next: requests run beside each other as they do in threads."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Condition

import greenlet
import httpx

from avbc import BigCommerce, Quota
from avbc.bigcommerce.at_once import Crew
from avbc.testing import FakeStore
from avbc.testing.fakestore.transport import FakeTransport

CPU_OF_A_REQUEST = 0.001
"""Seconds, about what this project takes: one processor does all one after another."""


class VirtualTime:
    """Time that jumps, and work that runs beside other work: greenlets, in one thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0
        self._awaited: list[tuple[Callable[[], bool], greenlet.greenlet]] = []
        self._processor_free_at = 0.0
        self._hub = greenlet.getcurrent()

    def now(self) -> datetime:
        """The time of day."""
        return datetime.fromtimestamp(1_790_000_000 + self.seconds, UTC)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something done at a time."""
        self._count += 1
        heapq.heappush(self._due, (seconds, self._count, act))

    def start(self, work: Callable[[], object]) -> None:
        """Do something beside everything else."""
        self.at(self.seconds, greenlet.greenlet(work, self._hub).switch)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.at(self.seconds + seconds, greenlet.getcurrent().switch)
        self._hub.switch()

    def compute(self, seconds: float) -> None:
        """Use the one processor, after all who came before."""
        self._processor_free_at = max(self.seconds, self._processor_free_at) + seconds
        self.sleep(self._processor_free_at - self.seconds)

    def wait(self, _: Condition, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        if not is_so():
            self._awaited.append((is_so, greenlet.getcurrent()))
            self._hub.switch()

    def client(self, network: Network, quota: Quota, api_url: str) -> BigCommerce:
        """A client that waits in this time."""
        return BigCommerce(
            api_url,
            "example-token",
            transport=network,
            quota=quota,
            clock=lambda: self.seconds,
            sleep=self.sleep,
            at_once=Crew(lambda: quota.at_once(self.seconds), start=self.start, wait=self.wait),
        )

    def run(self, work: Callable[[], object]) -> None:
        """Do work until it is done, whatever else there is."""
        ended: list[bool] = []
        self.start(lambda: (work(), ended.append(True)))
        while not ended:
            self.seconds, _, act = heapq.heappop(self._due)
            act()
            for each in [each for each in self._awaited if each[0]()]:
                self._awaited.remove(each)
                each[1].switch()


class Network(httpx.BaseTransport):
    """The way to the store and back, and how many the store serves at once."""

    def __init__(
        self, store: FakeStore, virtual: VirtualTime, at_work: int, latency: Callable[[], float]
    ) -> None:
        self._sender = FakeTransport(store)
        self._virtual = virtual
        self._latency = latency
        self._free_at = [0.0] * at_work
        self.sent = 0
        self.refused = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and wait for its answer."""
        virtual, took = self._virtual, self._latency()
        virtual.compute(CPU_OF_A_REQUEST)
        begins = max(virtual.seconds, heapq.heappop(self._free_at))
        heapq.heappush(self._free_at, begins + took)
        # Half the time is the way there, and the store counts what arrives.
        virtual.sleep(begins - virtual.seconds + took / 2)
        answer = self._sender.handle_request(request)
        virtual.sleep(took / 2)
        self.sent += 1
        self.refused += answer.status_code == 429
        return answer
