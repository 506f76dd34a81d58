from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from avbc.bigcommerce.call import Call
from avbc.bigcommerce.errors import (
    BadAnswer,
    NotFound,
    ScopeMissing,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
    TokenRefused,
    UnexpectedData,
)
from avbc.bigcommerce.quota import asked_wait
from avbc.bigcommerce.retry import Attempts, Retries, decide

READ = Call("GET", "/v2/orders", lambda body: body)
WRITE = Call("PUT", "/v2/orders/7", lambda body: body)
ONCE = Call("POST", "/v2/orders/7/shipments", lambda body: body, repeatable=False)
PATIENT = Retries(patience=10_000, jitter=lambda: 0.0)


def busy(seconds: float | None = None) -> StoreBusy:
    error = StoreBusy("busy")
    error.status = 429
    error.retry_after = None if seconds is None else timedelta(seconds=seconds)
    return error


def down(status: int, seconds: float | None = None) -> StoreUnavailable:
    error = StoreUnavailable("down")
    error.status = status
    error.retry_after = None if seconds is None else timedelta(seconds=seconds)
    return error


def unreachable(*, sent: bool) -> StoreUnreachable:
    error = StoreUnreachable("unreachable")
    error.sent = sent
    return error


@pytest.mark.parametrize(
    ("error", "read", "write", "once"),
    [
        (busy(), 1, 2, 2),
        (busy(7.5), 7.5, 7.5, 7.5),
        (unreachable(sent=False), 1, 2, 2),
        (unreachable(sent=True), 1, 2, None),
        (down(502), 1, 2, None),
        (down(503, 20), 20, 20, None),
        (down(500), 60, 60, None),
        (down(423), 1, 2, None),
        (BadAnswer("truncated"), 1, 2, None),
        (TokenRefused("401"), None, None, None),
        (ScopeMissing("403"), None, None, None),
        (NotFound("404"), None, None, None),
        (UnexpectedData("orders[0].id", "None", "expected a whole number"), None, None, None),
        (StoreError("?"), None, None, None),
    ],
)
def test_who_repeats_what(
    error: StoreError, read: float | None, write: float | None, once: float | None
) -> None:
    assert [decide(call, error, 1, 0.0, PATIENT) for call in (READ, WRITE, ONCE)] == [
        read,
        write,
        once,
    ]


def test_waits_grow_and_stop_growing() -> None:
    waits = [
        decide(
            READ, down(502), attempt, 0.0, Retries(attempts=99, patience=10_000, jitter=lambda: 0.0)
        )
        for attempt in range(1, 10)
    ]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_attempts_and_patience_have_an_end() -> None:
    assert decide(READ, busy(), 5, 0.0, PATIENT) is not None
    assert decide(READ, busy(), 6, 0.0, PATIENT) is None
    assert decide(READ, busy(), 1, 0.0, Retries(attempts=1)) is None
    assert decide(READ, down(500), 4, 180.0, Retries(jitter=lambda: 0.0)) is None
    assert decide(READ, down(500), 3, 120.0, Retries(jitter=lambda: 0.0)) == 60


@pytest.mark.parametrize("jitter", [0.0, 0.3, 0.999])
@pytest.mark.parametrize("asked", [0.0, 0.2, 29.9, 100.0])
def test_jitter_only_adds_and_never_undercuts_what_was_asked(jitter: float, asked: float) -> None:
    retries = Retries(patience=10_000, jitter=lambda: jitter)
    for attempt in range(1, 6):
        wait = decide(READ, busy(asked), attempt, 0.0, retries)
        assert wait is not None
        assert wait >= asked
        assert wait >= 2 ** (attempt - 1)
        assert wait <= max(asked, 1.25 * 2 ** (attempt - 1))


def test_a_wait_that_exceeds_the_patience_is_not_cut_short() -> None:
    assert decide(READ, busy(181), 1, 0.0, Retries()) is None
    assert decide(READ, busy(100), 1, 100.0, Retries()) is None


# --- what the store asks for ---


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (
            429,
            {"X-Rate-Limit-Time-Reset-Ms": "1500", "X-Retry-After": "30", "Retry-After": "40"},
            1.5,
        ),
        (429, {"X-Retry-After": "30", "Retry-After": "40"}, 30),
        (429, {"Retry-After": "40"}, 40),
        (
            429,
            {
                "Retry-After": "Tue, 05 Mar 2019 21:41:11 +0000",
                "Date": "Tue, 05 Mar 2019 21:40:11 +0000",
            },
            60,
        ),
        (
            429,
            {
                "Retry-After": "Tue, 05 Mar 2019 21:39:11 +0000",
                "Date": "Tue, 05 Mar 2019 21:40:11 +0000",
            },
            0,
        ),
        (429, {"Retry-After": "Tue, 05 Mar 2019 21:41:11 +0000"}, None),
        (
            429,
            {
                "Retry-After": "Tue, 05 Mar 2019 21:41:11 -0000",
                "Date": "Tue, 05 Mar 2019 21:40:11 +0000",
            },
            None,
        ),
        (429, {"X-Rate-Limit-Time-Reset-Ms": "soon", "X-Retry-After": "3"}, 3),
        (429, {"Retry-After": "a while"}, None),
        (429, {}, None),
        (503, {"X-Rate-Limit-Time-Reset-Ms": "1500"}, None),
        (503, {"X-Rate-Limit-Time-Reset-Ms": "1500", "Retry-After": "9"}, 9),
    ],
)
def test_asked_wait(status: int, headers: dict[str, str], wait: float | None) -> None:
    assert asked_wait(status, headers) == wait


# --- the loop ---


def test_the_waits_follow_the_protocol_of_backoff() -> None:
    attempts = Attempts(READ, Retries(attempts=3, jitter=lambda: 0.0))
    waits = attempts.waits()
    next(waits)
    assert [waits.send(busy(3)), waits.send(down(502))] == [3, 2]
    last = down(503)
    with pytest.raises(StoreUnavailable) as caught:
        waits.send(last)
    assert caught.value is last
    assert (attempts.number, attempts.waited) == (3, 5)


def test_the_loop_repeats_waits_and_returns() -> None:
    attempts, waits, outcomes = Attempts(READ, PATIENT), [], iter([busy(3), down(502), None])

    def attempt() -> str:
        if error := next(outcomes):
            raise error
        return "done"

    assert attempts.repeated(attempt, lambda _: waits.append(attempts.wait))() == "done"
    assert waits == [3, 2]
    assert (attempts.number, attempts.waited) == (3, 5)


def test_the_loop_raises_the_last_error() -> None:
    attempts, waits = Attempts(READ, Retries(attempts=3, jitter=lambda: 0.0)), []
    errors = [down(502), down(503), down(504)]
    outcomes = iter(errors)

    def attempt() -> None:
        raise next(outcomes)

    with pytest.raises(StoreUnavailable) as caught:
        attempts.repeated(attempt, lambda _: waits.append(attempts.wait))()
    assert caught.value is errors[2]
    assert caught.value.__context__ is None
    assert waits == [1, 2]


def test_the_loop_leaves_other_errors_alone() -> None:
    def attempt() -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        Attempts(READ, PATIENT).repeated(attempt, lambda _: pytest.fail("waited"))()


def test_the_loop_for_coroutines() -> None:
    attempts, waits, outcomes = Attempts(READ, PATIENT), [], iter([busy(3), None])

    async def attempt() -> str:
        if error := next(outcomes):
            raise error
        return "done"

    async def pause(_: object) -> None:
        waits.append(attempts.wait)

    assert asyncio.run(attempts.repeated(attempt, pause)()) == "done"
    assert waits == [3]
