"""A quick share of the deaths: `nox -s chaos` tries every point of every world."""

from __future__ import annotations

import pytest
from bench.deaths import deaths


def test_a_process_may_be_killed_before_and_after_each_request_and_commit() -> None:
    """At each state that a death can leave behind: after one of them is before the next."""
    row = deaths("few", distinct=True, more=4)
    assert row.wrong == []
    assert row.points > 25


@pytest.mark.parametrize(
    "name",
    [
        "import held",
        "push shipments",
        "capture payments",
        "push inventory",
        "follow in a cycle",
        "webhooks",
        "second look",
    ],
)
def test_some_deaths_of_a_long_run(name: str) -> None:
    row = deaths(name, sample=3, more=2)
    assert row.wrong == []
    assert row.points == 5
