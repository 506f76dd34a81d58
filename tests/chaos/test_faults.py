"""A quick share of the faults: `nox -s chaos` tries every kind at every request of long runs."""

from __future__ import annotations

import pytest
from bench.ends import damage, seen
from bench.faults import Blow, Trial, blows, faults, weather
from bench.tally import Row
from bench.worlds import WORLDS


def test_any_request_may_go_wrong_in_any_way() -> None:
    tried = [blow for place, blow in enumerate(blows(15)) if place % 4 == 0]
    row = faults("few", tried)
    assert row.wrong == []
    assert row.points == len(tried)


@pytest.mark.parametrize("kind", ["204", "wrong_json"])
@pytest.mark.parametrize("attempts", [1, 6])
def test_an_answer_that_is_not_the_stores_is_not_the_orders_fault(kind: str, attempts: int) -> None:
    """At every request: transactions of an order that was paid online are not taken for none."""
    row = faults("few", [Blow(kind, at, attempts=attempts) for at in range(1, 16)])
    assert row.wrong == []


def test_lines_and_coupons_are_not_taken_for_none() -> None:
    """In the first forty orders there are one of more than 50 lines and several with coupons."""
    with Trial("import") as trial:
        store = trial.store()
        for match in (
            "GET /v2/orders/*/products",
            "GET /v2/orders/*/coupons",
            "GET /v3/orders/*/transactions",
        ):
            store.fail(match, "204")
        row = Row("fault")
        trial.run(store, 1, row, "204")
        assert [fault.hits for fault in store.faults] == [1, 1, 1]
        assert trial.until_quiet(store) == ""
        assert not damage(trial.expected, seen(store, trial.books))
    assert row.wrong == []


@pytest.mark.parametrize("name", sorted(WORLDS.keys() - {"many"}))
def test_random_faults_do_no_harm(name: str) -> None:
    row = weather(name, range(3), chance=0.3)
    assert row.wrong == []
    assert row.points > 0
