"""Every kind of orders that real stores make, in a table."""

from __future__ import annotations

from bench.habits_money import MONEY
from bench.habits_names import NAMES
from bench.habits_places import PLACES
from bench.habits_sums import SUMS

HABITS = (*MONEY, *SUMS, *NAMES, *PLACES)
EACH = 600
"""How many orders of each kind a whole run generates."""
