from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbc.bigcommerce.quota import STARTERS, Quota


def headers(
    left: int | str, reset_ms: int | str, quota: int | None = 150, window_ms: int | None = 30_000
) -> dict[str, str]:
    found = {"X-Rate-Limit-Requests-Left": str(left), "X-Rate-Limit-Time-Reset-Ms": str(reset_ms)}
    if quota is not None:
        found["X-Rate-Limit-Requests-Quota"] = str(quota)
    if window_ms is not None:
        found["X-Rate-Limit-Time-Window-Ms"] = str(window_ms)
    return found


def start(quota: Quota, now: float) -> None:
    assert quota.ask(now) == 0.0


# --- single answers ---


def test_a_few_requests_go_out_before_anything_is_known() -> None:
    quota = Quota()
    for _ in range(STARTERS):
        start(quota, 0.0)
    assert quota.ask(0.0) > 0
    quota.answered(0.1, 200, headers(140, 20_000))
    start(quota, 0.1)


def test_answers_without_headers_mean_no_quota() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.1, 200, {})
    for _ in range(1000):
        start(quota, 0.1)


def test_an_error_without_headers_does_not_mean_that() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.1, 502, {})
    for _ in range(STARTERS):
        start(quota, 0.1)
    assert quota.ask(0.1) > 0


def test_an_answer_without_headers_counts_as_one_while_a_window_is_known() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(1, 5_000, quota=2))
    start(quota, 0.0)
    quota.answered(0.1, 502, {})
    assert quota.ask(0.1) == pytest.approx(4.92)


def test_a_lost_request_counts_as_one() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(1, 5_000, quota=2))
    start(quota, 0.0)
    quota.lost(0.1)
    assert quota.ask(0.1) == pytest.approx(4.92)
    start(quota, 5.1)


@pytest.mark.parametrize("bad", ["", "-5", "many", "1.5", "٣"])
def test_headers_that_are_no_counts_are_not_used(bad: str) -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(bad, 5_000))
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(0, bad))
    start(quota, 0.0)


def test_the_first_half_goes_at_full_speed_and_the_second_is_spread() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(149, 30_000))
    for left in range(148, 74, -1):
        start(quota, 0.0)
        quota.answered(0.0, 200, headers(left, 30_000))
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(74, 30_000))
    assert quota.ask(0.0) == pytest.approx(30.02 / 75)


def test_requests_on_their_way_are_counted() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(2, 10_000, quota=3))
    start(quota, 0.0)
    start(quota, 6.0)
    # Two are left and two are on their way: only their answers can tell of room.
    assert 0 < quota.ask(7.0) < 0.1
    quota.answered(7.0, 200, headers(0, 3_000, quota=3))
    assert quota.ask(7.0) == pytest.approx(3.02)


def test_answers_that_overtake_each_other_do_not_raise_what_is_left() -> None:
    quota = Quota()
    start(quota, 0.0)
    start(quota, 0.0)
    quota.answered(0.1, 200, headers(0, 9_900))
    quota.answered(0.2, 200, headers(1, 9_800))
    assert quota.ask(0.2) > 9


def test_a_late_answer_of_an_earlier_window_is_passed_over() -> None:
    quota = Quota()
    for _ in range(3):
        start(quota, 0.0)
    quota.answered(0.0, 200, headers(100, 1_000))
    quota.answered(2.0, 200, headers(149, 29_000))
    quota.answered(2.0, 200, headers(0, 5))
    for _ in range(20):
        start(quota, 2.0)


def test_a_late_answer_of_the_window_that_just_ended_is_passed_over() -> None:
    quota = Quota()
    start(quota, 0.0)
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(100, 1_000))
    start(quota, 2.0)
    quota.answered(2.0, 200, headers(0, 10))
    start(quota, 2.0)


def test_where_the_window_has_no_length_it_is_learnt() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 200, headers(0, 2_000, quota=None, window_ms=None))
    assert quota.ask(0.0) == pytest.approx(2.02)
    start(quota, 3.0)
    quota.answered(3.0, 200, headers(0, 1_000, quota=None, window_ms=None))
    assert quota.ask(3.0) == pytest.approx(1.02)


# --- 429 ---


def test_a_429_stops_everything_until_the_store_says() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(0.0, 429, headers(35, 1_500))
    assert quota.ask(0.0) == pytest.approx(1.5)
    assert quota.ask(1.0) == pytest.approx(0.5)
    start(quota, 1.6)


def test_429s_without_headers_wait_longer_each_time() -> None:
    quota = Quota()
    now, waits = 0.0, []
    for _ in range(8):
        start(quota, now)
        quota.answered(now, 429, {})
        waits.append(quota.ask(now))
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    start(quota, now)
    quota.answered(now, 200, {})
    start(quota, now)
    quota.answered(now, 429, {})
    assert quota.ask(now) == 1


def test_429s_that_persist_wait_longer_than_asked() -> None:
    quota = Quota()
    now = 0.0
    for asked, expected in [(100, 0.1), (100, 2), (100, 4)]:
        start(quota, now)
        quota.answered(now, 429, headers(0, asked))
        wait = quota.ask(now)
        assert wait == pytest.approx(expected)
        now += wait + 0.1


def test_429s_of_requests_that_ran_together_count_once() -> None:
    quota = Quota()
    for _ in range(4):
        start(quota, 0.0)
    for _ in range(4):
        quota.answered(0.0, 429, {})
    assert quota.ask(0.0) == 1
    start(quota, 1.0)
    quota.answered(1.0, 429, {})
    assert quota.ask(1.0) == 2


def test_a_late_success_does_not_end_a_stop() -> None:
    quota = Quota()
    start(quota, 0.0)
    start(quota, 0.0)
    quota.answered(0.0, 429, {})
    quota.answered(0.1, 200, {})
    assert quota.ask(0.1) == pytest.approx(0.9)


# --- whole windows, simulated ---


class Simulation:
    """A store with fixed windows, our processes and other applications, on a clock of events."""

    def __init__(
        self,
        *,
        processes: int = 1,
        workers: int = 8,
        latency: tuple[float, float] = (0.08, 0.12),
        quota: int = 150,
        offset: float = 0.0,
        others: float = 0.0,
        seconds: float = 120.0,
        seed: int = 1,
    ) -> None:
        self.limit, self.offset, self.latency, self.others, self.end = (
            quota,
            offset,
            latency,
            others,
            1000.0 + seconds,
        )
        self.random = random.Random(seed)
        self.used: dict[float, int] = {}
        self.ours: dict[float, int] = {}
        self.refused = 0
        self.events: list[tuple[float, int, Callable[..., None], tuple[object, ...]]] = []
        self.order = itertools.count()
        for process in [Quota() for _ in range(processes)]:
            for _ in range(workers):
                self.at(1000.0, self.work, process)
        if others:
            self.at(1000.0, self.foreign)
        while self.events:
            now, _, happen, what = heapq.heappop(self.events)
            happen(now, *what)

    def at(self, when: float, happen: Callable[..., None], *what: object) -> None:
        heapq.heappush(self.events, (when, next(self.order), happen, what))

    def serve(self, now: float) -> tuple[int, dict[str, str]]:
        window = (now + self.offset) // 30
        used = self.used.get(window, 0)
        self.used[window] = min(used + 1, self.limit)
        reset = int(((window + 1) * 30 - now - self.offset) * 1000)
        return 200 if used < self.limit else 429, headers(
            self.limit - self.used[window], reset, self.limit
        )

    def work(self, now: float, process: Quota) -> None:
        if now < self.end:
            wait = process.ask(now)
            self.at(
                now + (wait or self.random.uniform(*self.latency) / 2),
                self.work if wait else self.arrive,
                process,
            )

    def arrive(self, now: float, process: Quota) -> None:
        status, found = self.serve(now)
        self.refused += status == 429
        window = (now + self.offset) // 30
        self.ours[window] = self.ours.get(window, 0) + (status == 200)
        self.at(
            now + self.random.uniform(*self.latency) / 2, self.come_back, process, status, found
        )

    def come_back(self, now: float, process: Quota, status: int, found: dict[str, str]) -> None:
        process.answered(now, status, found)
        self.work(now, process)

    def foreign(self, now: float) -> None:
        if now < self.end:
            self.serve(now)
            self.at(now + self.random.expovariate(self.others), self.foreign)

    @property
    def whole_windows(self) -> list[int]:
        return [count for _, count in sorted(self.ours.items())][1:-1]


@pytest.mark.parametrize("workers", [1, 8, 32])
@pytest.mark.parametrize("offset", [0.0, 12.3])
@pytest.mark.parametrize("quota", [20, 150, 450])
def test_alone_we_use_the_window_up_and_earn_no_429(
    workers: int, offset: float, quota: int
) -> None:
    run = Simulation(workers=workers, offset=offset, quota=quota)
    assert run.refused == 0
    reachable = min(quota, workers * 30 / 0.12)
    assert min(run.whole_windows) >= 0.97 * reachable


@pytest.mark.parametrize("latency", [(0.0, 0.01), (0.3, 0.5), (0.05, 2.0)])
def test_fast_slow_and_uneven_networks(latency: tuple[float, float]) -> None:
    run = Simulation(latency=latency, offset=12.0)
    assert run.refused == 0
    assert min(run.whole_windows) >= 0.95 * 150


@pytest.mark.parametrize("others", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("seed", range(4))
def test_beside_others_we_earn_no_429_either(others: float, seed: int) -> None:
    run = Simulation(others=others, seed=seed, offset=7.7 * seed)
    assert run.refused == 0
    # What they leave is used, but for what is kept free for them.
    assert min(run.whole_windows) >= 0.8 * (150 - others * 30) - 10


@pytest.mark.parametrize("quota", [150, 450, 2000])
@pytest.mark.parametrize("workers", [2, 8])
def test_three_processes_beside_others_that_use_a_third(quota: int, workers: int) -> None:
    """Each process knows only its own answers."""
    run = Simulation(
        processes=3, workers=workers, quota=quota, others=quota / 3 / 30, seconds=900, offset=11.1
    )
    assert run.refused <= sum(run.ours.values()) / 1000
    assert min(run.whole_windows) >= 0.75 * min(quota * 2 / 3, 3 * workers * 30 / 0.12)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([200, 204, 404, 429, 500, None]),
            st.floats(0, 40),
            st.one_of(st.none(), st.integers(0, 200)),
            st.one_of(st.none(), st.integers(0, 60_000)),
            st.one_of(st.none(), st.integers(0, 200)),
        ),
        max_size=40,
    )
)
@settings(max_examples=100, deadline=None)
def test_whatever_the_store_says_nobody_waits_for_ever(
    answers: list[tuple[int | None, float, int | None, int | None, int | None]],
) -> None:
    quota, now = Quota(), 0.0
    for status, latency, left, reset, limit in answers:
        for _ in range(1000):
            wait = quota.ask(now)
            assert 0 <= wait <= 60.1
            if not wait:
                break
            now += wait
        else:
            pytest.fail("no turn after 1000 waits")
        now += latency
        if status is None:
            quota.lost(now)
        else:
            known = {"Requests-Left": left, "Time-Reset-Ms": reset, "Requests-Quota": limit}
            quota.answered(
                now,
                status,
                {
                    f"X-Rate-Limit-{name}": str(value)
                    for name, value in known.items()
                    if value is not None
                },
            )


def test_threads_share_one_quota() -> None:
    quota = Quota()
    started: list[int] = []

    def take() -> None:
        started.extend(1 for _ in range(200) if quota.ask(0.0) == 0.0)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == STARTERS


def test_room_is_left_for_others_that_were_seen() -> None:
    quota = Quota()
    start(quota, 0.0)
    # 60 are gone and one is ours: others use 2 to 3 per second. The last 7 of 150 are not touched.
    quota.answered(20.0, 200, headers(8, 10_000))
    start(quota, 20.0)
    quota.answered(20.0, 200, headers(7, 10_000))
    assert quota.ask(20.0) == pytest.approx(10.02)


def test_room_is_left_for_another_burst_of_others() -> None:
    quota = Quota()
    start(quota, 0.0)
    quota.answered(20.0, 200, headers(80, 10_000))
    start(quota, 20.0)
    # 20 came between two answers.
    quota.answered(20.0, 200, headers(59, 10_000))
    # That many are kept free in the next window, and half as many in the one after it.
    for now, kept in [(31.0, 20), (62.0, 10)]:
        start(quota, now)
        quota.answered(now, 200, headers(kept + 1, 29_000))
        start(quota, now)
        quota.answered(now, 200, headers(kept, 29_000))
        assert quota.ask(now) == pytest.approx(29.02)


def test_refusals_without_end_do_not_overflow() -> None:
    quota, now = Quota(), 0.0
    for _ in range(1100):
        assert quota.ask(now) == 0.0
        quota.answered(now, 429, {})
        now += 60.0
    assert quota.ask(now - 60.0) == 60.0
