"""A share of the store-days whose processes are struck: `nox -s chaos` lives many more."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import attrs
import pytest
from bench.days import live
from bench.mortal import POSTGRESQL, SQLITE, Forks
from bench.tally import Row
from plan import Event, plan


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    with Forks() as forks:
        yield forks


def look(rows: list[Row], kinds: Sequence[str]) -> None:
    assert [complaint for row in rows for complaint in row.wrong] == []
    assert [row.kind.partition(",")[0] for row in rows] == list(kinds)
    assert sum(row.points for row in rows) > 3
    assert sum(row.orders for row in rows) > 30


def test_processes_may_be_killed_and_a_file_be_locked_or_full(forks: Forks) -> None:
    look(live(forks, [8], cycles=12), SQLITE)


def test_processes_may_be_killed_and_a_server_go_away(forks: Forks, postgresql_url: str) -> None:
    del postgresql_url  # It sees that a server is there. A database is made on it, and dropped.
    look(live(forks, [4], os.environ["AVBC_TEST_POSTGRESQL"], cycles=7), POSTGRESQL)


def test_what_is_wrong_is_told(forks: Forks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody posts a receipt behind everybody's back."""
    names = ("place", "settle", "settle", "settle", "settle", "post")
    events = [Event(at, name, int(name == "place")) for at, name in enumerate(names)]
    day = attrs.evolve(plan(1), events=tuple(events))
    monkeypatch.setattr("bench.days.plan", lambda seed: day)
    rows = live(forks, [1], cycles=len(names))
    (told,) = [each for row in rows for each in row.wrong]
    assert "is_moved_by_the_warehouse_alone, order 1001: a receipt was posted" in told
    assert sum(row.lost for row in rows) == 1
