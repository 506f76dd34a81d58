"""A share of the store-days: `nox -s simulate` lives as many as you like."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from day import breaks, live, shortest
from plan import Event, Plan, plan


@pytest.mark.parametrize("seed", range(1, 13))
def test_nothing_is_wrong_on_a_store_day(seed: int) -> None:
    lived = live(plan(seed))
    assert lived.found == [], lived
    assert lived.cycles >= 24
    assert lived.acts >= 10


def test_a_seed_has_one_story_in_all_processes() -> None:
    """Whatever the hashes of texts, by which sets are walked, and where the full disk is."""
    command = [sys.executable, Path(__file__).with_name("simulate.py"), "--seed=4711", "--days=1"]
    hashes = [{**os.environ, "PYTHONHASHSEED": number} for number in "12"]
    one, other = (subprocess.check_output(command, env=each, text=True) for each in hashes)
    assert one.splitlines()[:-1] == other.splitlines()[:-1] != []


def test_the_shortest_story_is_found() -> None:
    """Of the events, two matter, and only together."""
    day = plan(1)
    ends = (day.events[3], day.events[-3])
    tried: list[int] = []

    def fails(short: Plan) -> bool:
        tried.append(len(short.events))
        return all(event in short.events for event in ends)

    assert shortest(day, fails).events == ends
    assert len(tried) < 300


def test_a_day_that_breaks_a_rule_is_told() -> None:
    """Somebody posts a receipt behind everybody's back."""
    events = (Event(1, "place", 1, {"payment": "paid"}), Event(70, "post"), Event(140, "settle"))
    day = attrs.evolve(plan(1), events=events)
    lived = live(day)
    assert [each.rule for each in lived.found] == ["is_moved_by_the_warehouse_alone"]
    assert "VIOLATION is_moved_by_the_warehouse_alone, order 1001: a receipt was posted" in str(
        lived
    )
    short = shortest(day, breaks(["is_moved_by_the_warehouse_alone"]))
    assert [event.name for event in short.events] == ["place", "post"]
