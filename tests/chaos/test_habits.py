"""A quick share of each kind of orders that real stores make: `nox -s chaos` tries 600 of each."""

from __future__ import annotations

import pickle
import random

import attrs
import pytest
from bench.guards import GUARDS
from bench.habit_kinds import EACH, HABITS
from bench.habits import Case, Habit, Screens, try_habit
from run import GENERATED, jobs


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_a_kind_of_orders_ends_as_it_must(habit: Habit) -> None:
    row = try_habit(habit, 36, seed=1, size=6)
    assert row.wrong == []
    assert row.points == row.orders == 36


def test_forty_thousand_orders_are_generated_and_five_hundred_of_each_kind() -> None:
    assert EACH >= 500
    assert len({habit.name for habit in HABITS}) == len(HABITS)
    assert GENERATED + EACH * len(HABITS) >= 40_000
    assert all(pickle.dumps(job) for _, job in jobs(1, 1))
    names = [name for name, _ in jobs(1, 1)]
    for habit in HABITS:
        assert f"habits: {habit.name}" in names


def test_every_kind_needs_guards_that_are_removed() -> None:
    tests = {test for guard in GUARDS for test in guard.tests if "test_habits" in test}
    needed = {test.partition("[")[2].removesuffix("]") for test in tests}
    # It is the neighbor of the kind before: these orders were always refused alone.
    assert needed == {habit.name for habit in HABITS} - {"faults that some orders meet"}


@pytest.mark.parametrize("field", ["total", "tax", "freight", "discount", "lines", "receipts"])
def test_the_judge_sees_what_differs(field: str) -> None:
    """A wanted value that is a cent beside what is in the books."""
    (habit,) = [habit for habit in HABITS if habit.name == "captured in part"]

    def off(choose: random.Random, order_id: int, screens: Screens) -> Case:
        while (case := habit.make(choose, order_id, screens)).end.booked is None:
            pass
        booked = case.end.booked
        value = getattr(booked, field)
        changed = value[:-1] if field == "receipts" else None
        if field == "lines":
            changed = value + value
        right = attrs.evolve(booked, **{field: value + 1 if changed is None else changed})
        return attrs.evolve(case, end=attrs.evolve(case.end, booked=right), then=[])

    row = try_habit(attrs.evolve(habit, make=off), 5, seed=1)
    assert (row.off, row.lost, len(row.wrong)) == (5, 0, 5)
