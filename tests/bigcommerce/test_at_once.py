"""How many requests are in flight, and the crew that sends them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest

from avbc.bigcommerce import Call, ClientClosed, Quota
from avbc.bigcommerce.at_once import Crew
from avbc.bigcommerce.in_flight import MOST, STARTERS, InFlight
from avbc.bigcommerce.quota import REQUESTS_LEFT, REQUESTS_QUOTA, RESET_MS, WINDOW_MS

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))

READ = Call("GET", "/v2/time", lambda body: body)
WRITE = Call("PUT", "/v2/orders/7", lambda body: body, body={})


def headers(left: int, reset_ms: int, quota: int = 450) -> dict[str, str]:
    return {
        REQUESTS_LEFT: str(left),
        RESET_MS: str(reset_ms),
        REQUESTS_QUOTA: str(quota),
        WINDOW_MS: "30000",
    }


def grow(quota: Quota, answers: int, took: float, found: dict[str, str] | None = None) -> None:
    """Have as many in flight as may be, and answers to a kind of request that took so long."""
    for _ in range(answers):
        while quota._in_flight < quota.at_once(0.0):
            assert quota.ask(0.0) == 0.0
        quota.answered(0.0, 200, found or {}, kind="GET /v2/orders", took=took)


# --- how many ---


def test_a_few_at_first() -> None:
    assert Quota().at_once(0.0) == STARTERS


def half_used(quota: int, took: float) -> Quota:
    """Half of a window is left to us, for the half of its time."""
    pace = Quota()
    for left in range(quota - 1, quota // 2 - 1, -1):
        assert pace.ask(0.0) == 0.0
        pace.answered(0.0, 200, headers(left, 15_000, quota), kind="GET /v2/time", took=took)
    return pace


@pytest.mark.parametrize(
    ("quota", "took", "number"), [(450, 0.4, 12), (150, 0.4, 4), (450, 0.8, 24), (9_000, 0.4, MOST)]
)
def test_as_many_as_the_quota_s_pace_needs(quota: int, took: float, number: int) -> None:
    """The requests of a second times the time of an answer, twice."""
    assert half_used(quota, took).at_once(0.0) == number


def test_without_a_quota_more_and_more() -> None:
    quota = Quota()
    grow(quota, 1, 0.1)
    assert quota.at_once(0.0) == STARTERS + 1
    grow(quota, STARTERS + 4, 0.1)
    assert quota.at_once(0.0) >= 2 * STARTERS
    grow(quota, 200, 0.1)
    assert quota.at_once(0.0) == MOST


def test_the_first_half_of_a_window_is_sent_like_that_too() -> None:
    quota = Quota()
    grow(quota, 30, 0.1, headers(440, 29_000))
    assert quota.at_once(0.0) == STARTERS + 30


def test_no_more_where_answers_wait_for_each_other() -> None:
    quota = Quota()
    grow(quota, 30, 0.1)
    before = quota.at_once(0.0)
    grow(quota, 60, 0.5)
    assert quota.at_once(0.0) < before


def test_kinds_of_requests_are_not_compared() -> None:
    flight = InFlight()
    for number in range(200):
        flight.answered(*(("GET a", 0.1) if number % 2 else ("PUT b", 0.9)), in_flight=MOST)
    assert flight.room == MOST


def test_what_is_not_used_does_not_grow() -> None:
    flight = InFlight()
    for _ in range(100):
        flight.answered("GET a", 0.1, in_flight=1)
    assert flight.room == STARTERS


def test_a_store_that_stays_slower_is_slow_no_more() -> None:
    flight = InFlight()
    for _ in range(100):
        flight.answered("GET a", 0.1, in_flight=MOST)
    for _ in range(64):
        flight.answered("GET a", 1.0, in_flight=MOST)
    assert flight.room < MOST / 2
    for _ in range(1000):
        flight.answered("GET a", 1.0, in_flight=MOST)
    assert flight.room == MOST


@pytest.mark.parametrize(
    ("took", "number"), [(0.0003, 1), (0.0004, 1), (0.0005, 2), (0.0016, 9), (0.1, MOST)]
)
def test_no_more_than_keep_the_process_at_work(took: float, number: int) -> None:
    """While one answer is waited for, the others are handled."""
    flight = InFlight()
    for _ in range(200):
        flight.answered("GET a", took, in_flight=MOST, worked=0.0003)
    assert flight.room == number
    assert flight.for_rate(per_second=1_000_000) == number
    assert flight.is_at_work is (number == 1)


def test_one_wait_or_work_that_was_long_says_nothing() -> None:
    """Threads that take the processor from each other make waits long, a handshake makes work."""
    flight = InFlight()
    flight.answered("GET a", 0.05, in_flight=1, worked=0.04)
    for number in range(200):
        flight.answered("GET a", 0.0005 if number % 16 else 0.05, in_flight=MOST, worked=0.0003)
    assert flight.room == 2


def test_the_first_answers_of_a_store_leave_room() -> None:
    flight = InFlight()
    flight.answered("GET a", 0.13, in_flight=1, worked=0.03)
    assert flight.room == STARTERS
    flight.answered("PUT b", 0.2, in_flight=1, worked=0.002)
    assert flight.room == STARTERS
    flight.answered("GET c", 0.0003, in_flight=1, worked=0.0003)
    assert not flight.is_at_work


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_fast_store_that_fails_is_given_more_again(is_lost: bool) -> None:
    """A request that waits for its next attempt must not hold up those of other callers."""
    quota = Quota()
    assert quota.ask(0.0) == quota.ask(0.0) == 0.0
    quota.answered(0.0, 200, {}, kind="GET a", took=0.0003, worked=0.0003)
    assert (quota.at_once(0.0), quota.is_at_work) == (1, True)
    if is_lost:
        quota.lost(0.0)
    else:
        quota.answered(0.0, 503, {}, kind="GET a", took=0.0003)
    assert (quota.at_once(0.0) >= STARTERS, quota.is_at_work) == (True, False)


def test_a_new_window_of_a_fast_store_begins_with_one() -> None:
    quota = Quota()
    assert quota.ask(0.0) == 0.0
    quota.answered(0.0, 200, headers(100, 1000), kind="GET a", took=0.0003, worked=0.0003)
    assert quota.at_once(2.0) == 1


@pytest.mark.parametrize("is_real", [True, False])
def test_work_is_measured_unless_the_clock_is_a_test_s(
    is_real: bool, script: Any, open_store: Any
) -> None:
    quota = Quota()
    clock = {"clock": time.monotonic} if is_real else {}
    store = open_store(script(httpx.Response(200, json=[])).transport, quota=quota, **clock)
    store.send(READ)
    assert (quota._flight._work is not None) is is_real


def test_many_kinds_take_no_memory() -> None:
    flight = InFlight()
    for number in range(1000):
        flight.answered(f"GET {number}", 0.1, in_flight=1)
    assert len(flight._kinds) <= 64


def test_ids_make_no_kinds(script: Any, open_store: Any) -> None:
    quota = Quota()
    store = open_store(script(httpx.Response(200, json=[])).transport, quota=quota)
    for number in (1, 22, 333):
        store.send(Call("GET", f"/v2/orders/{number}/products", lambda body: body))
    assert list(quota._flight._kinds) == ["GET /v2/orders//products"]


# --- the crew ---


class Steps:
    """A crew whose functions run when the test says so."""

    def __init__(self, number: int, *, is_late: bool = False) -> None:
        self.number = number
        self.is_late = is_late
        self.begun: list[Callable[[], None]] = []
        self.crew = Crew(
            lambda: self.number,
            is_late=lambda: self.is_late,
            start=self.begun.append,
            wait=self.wait,
        )

    def wait(self, _: threading.Condition, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self.begun.pop(0)()


def test_what_is_urgent_goes_first() -> None:
    steps, done = Steps(1), list[str]()
    first = steps.crew.begin([lambda: done.append("a"), lambda: done.append("b")])
    second = steps.crew.begin([lambda: done.append("c")])
    third = steps.crew.begin([lambda: done.append("d")], is_urgent=True)
    third.results()
    first.results()
    second.results()
    assert done == ["a", "d", "b", "c"]


def test_as_many_run_as_may_whoever_began_them() -> None:
    steps = Steps(3)
    begun = [steps.crew.begin([int, int]), steps.crew.begin([int, int])]
    assert len(steps.begun) == 3
    steps.number = 1
    steps.begun.pop(0)()
    assert len(steps.begun) == 2
    steps.number = 4
    assert [each.results() for each in begun] == [[0, 0], [0, 0]]
    assert steps.crew([int], 1) == [0]


def test_where_the_process_is_at_work_only_what_is_awaited_runs() -> None:
    steps, done = Steps(1, is_late=True), list[str]()
    first = steps.crew.begin([lambda: done.append("a")])
    second = steps.crew.begin([lambda: done.append("b")], is_urgent=True)
    assert steps.begun == []
    first.results()
    assert done == ["a"]
    steps.is_late = False
    third = steps.crew.begin([lambda: done.append("c")])
    third.results()
    assert done == ["a", "b", "c"]
    assert [each.results() for each in (first, second)] == [[None], [None]]


def test_no_more_of_one_caller_than_its_limit() -> None:
    steps = Steps(8)
    begun = steps.crew.begin([int] * 5, 2)
    assert len(steps.begun) == 2
    assert begun.results() == [0] * 5


def test_who_waits_is_woken_once() -> None:
    """Each time costs the threads that send as much as a part of a request."""
    calls, gate = list[int](), threading.Event()

    def wait(changed: threading.Condition, is_so: Callable[[], bool]) -> None:
        notify_all = changed.notify_all

        def notify() -> None:
            calls.append(1)
            notify_all()

        changed.notify_all = notify  # type: ignore[method-assign]  # counted
        gate.set()
        changed.wait_for(is_so)

    crew = Crew(lambda: 1, wait=wait)
    crew([gate.wait] * 4, 1)
    assert calls == [1]
    crew.close()


def test_what_is_dropped_is_not_begun() -> None:
    steps, done = Steps(1), list[int]()
    begun = steps.crew.begin([lambda: done.append(1), lambda: done.append(2)])
    begun.drop()
    begun.drop()
    for late in steps.begun:
        late()
    assert done == []


def test_what_runs_when_it_is_dropped_is_waited_for() -> None:
    running, may_end, done = threading.Event(), threading.Event(), list[int]()

    def run() -> None:
        running.set()
        assert may_end.wait(10)
        done.append(1)

    crew = Crew(lambda: 1)
    stop: Any = SimpleNamespace(ask=may_end.set)
    begun = crew.begin([run], stop=stop)
    assert running.wait(10)
    begun.drop()
    assert done == [1]
    crew.close()


def test_an_interruption_while_threads_begin_leaves_nothing_behind() -> None:
    starts: list[Callable[[], None]] = []

    def start(work: Callable[[], None]) -> None:
        starts.append(work)
        if len(starts) == 1:
            raise KeyboardInterrupt
        threading.Thread(target=work).start()

    crew = Crew(lambda: 1, start=start)
    found: list[object] = []

    def use() -> None:
        with pytest.raises(KeyboardInterrupt):
            crew.begin([lambda: found.append("dropped")])
        # Its place is free, and what was dropped before it began never runs.
        found.append(crew([lambda: 2, lambda: 3], 2))
        starts[0]()

    user = threading.Thread(target=use, daemon=True)
    user.start()
    user.join(10)
    assert found == [[2, 3]]


def test_an_interruption_while_threads_begin_leaves_others_their_work() -> None:
    steps, started = Steps(0), list[int]()

    def start(work: Callable[[], None]) -> None:
        started.append(1)
        if len(started) == 2:
            raise KeyboardInterrupt
        steps.begun.append(work)

    steps.crew = Crew(lambda: steps.number, start=start, wait=steps.wait)
    first, second = steps.crew.begin([lambda: 1]), steps.crew.begin([lambda: 2, lambda: 3])
    steps.number = 2
    with pytest.raises(KeyboardInterrupt):
        first.results()
    assert second.results() == [2, 3]


def test_a_thread_is_kept_and_goes_with_the_client(script: Any, open_store: Any) -> None:
    threads: list[threading.Thread] = []

    def serve(_: object) -> Any:
        threads.append(threading.current_thread())
        return httpx.Response(200, json=1)

    store = open_store(script(serve).transport)
    for _ in range(3):
        assert store.map([READ]) == [1]
    assert store.with_options(timeout=5).map([READ]) == [1]
    assert len(set(threads)) == 1
    store.close()
    threads[0].join(10)
    assert not threads[0].is_alive()
    with pytest.raises(ClientClosed):
        store.map([READ])


def test_changes_go_before_reads_that_were_begun_earlier(script: Any, open_store: Any) -> None:
    sent: list[str] = []

    def serve(request: Any) -> Any:
        sent.append(request.method)
        return httpx.Response(200, json=1)

    steps = Steps(1)
    store = open_store(script(serve).transport, at_once=steps.crew)
    reads = store.begin([READ, READ])
    assert store.map([WRITE]) == [1]
    assert reads.results() == [1, 1]
    assert sent == ["GET", "PUT", "GET"]


def test_what_is_begun_returns_errors(script: Any, open_store: Any) -> None:
    store = open_store(
        script(httpx.Response(404)).transport, at_once=lambda work, _: [each() for each in work]
    )
    begun = store.begin([READ])
    begun.drop()
    assert [type(each).__name__ for each in begun.results()] == ["NotFound"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_a_crew_of_its_own(script: Any, open_store: Any) -> None:
    store = open_store(script(httpx.Response(200, json=1)).transport)
    store.map([READ])
    crew = store._crew
    pool = crew._pool
    crew.after_fork()
    assert store.map([READ]) == [1]
    assert crew._pool is not pool
    pool.shutdown()
