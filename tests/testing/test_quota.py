from __future__ import annotations

from avbc.testing import FakeStore
from avbc.testing.fakestore.http import Reply, StoreRequest


def get(store: FakeStore) -> Reply:
    return store.answer(
        StoreRequest("GET", "/v2/time", headers={"x-auth-token": store.access_token})
    )


def test_every_answer_carries_the_window(clock) -> None:
    store = FakeStore(quota=150, clock=clock)
    first = get(store)
    clock.now += 12.5
    second = get(store)
    assert first.headers["X-Rate-Limit-Requests-Quota"] == "150"
    assert first.headers["X-Rate-Limit-Time-Window-Ms"] == "30000"
    assert (
        first.headers["X-Rate-Limit-Requests-Left"],
        first.headers["X-Rate-Limit-Time-Reset-Ms"],
    ) == ("149", "30000")
    assert (
        second.headers["X-Rate-Limit-Requests-Left"],
        second.headers["X-Rate-Limit-Time-Reset-Ms"],
    ) == ("148", "17500")
    wrong = store.answer(StoreRequest("GET", "/v2/time"))
    assert (wrong.response.status, wrong.headers["X-Rate-Limit-Requests-Left"]) == (401, "147")


def test_overuse_is_a_429_until_the_window_ends(clock) -> None:
    store = FakeStore(quota=3, clock=clock)
    assert [get(store).response.status for _ in range(4)] == [200, 200, 200, 429]
    clock.now += 29.2
    refused = get(store)
    assert refused.response.status == 429
    assert refused.headers["X-Rate-Limit-Time-Reset-Ms"] == "800"
    assert refused.headers["X-Retry-After"] == "1"
    assert refused.headers["X-Rate-Limit-Requests-Left"] == "0"
    assert store.quota.refused == 2
    clock.now += 0.8
    assert get(store).response.status == 200


def test_other_applications_use_their_share_over_the_window(clock) -> None:
    store = FakeStore(quota=10, other_apps=6, clock=clock)
    assert get(store).headers["X-Rate-Limit-Requests-Left"] == "9"
    clock.now += 15
    assert get(store).headers["X-Rate-Limit-Requests-Left"] == "5"
    clock.now += 14.9
    assert get(store).headers["X-Rate-Limit-Requests-Left"] == "2"
    clock.now += 0.1
    assert get(store).headers["X-Rate-Limit-Requests-Left"] == "9"


def test_the_date_header_is_the_stores_clock(clock) -> None:
    store = FakeStore(clock=clock)
    assert get(store).headers["Date"] == "Mon, 02 Mar 2026 15:00:00 GMT"
