"""Every kind of orders that real stores make, in a table."""

from __future__ import annotations

from bench.habits import try_habit
from bench.habits_money import MONEY
from bench.habits_names import NAMES
from bench.habits_places import PLACES
from bench.habits_sums import SUMS
from bench.tally import Row

HABITS = (*MONEY, *SUMS, *NAMES, *PLACES)
EACH = 600
"""How many orders of each kind a whole run generates."""


def try_kind(name: str, count: int, seed: int, *, share: tuple[int, int] = (0, 1)) -> Row:
    """Try the kind of that name: another process finds it by it."""
    (habit,) = [habit for habit in HABITS if habit.name == name]
    return try_habit(habit, count, seed, share=share)
