"""Faults are planted in copies of avbc, and the simulation finds them; here a few of them."""

from __future__ import annotations

import pytest
from bench.guards import Guard, changed
from planted import FAULTS, PLANTED, find

EACH_DAY = (
    "a capture that is recorded before it is made",
    "what must not be repeated is in the journal as begun right before it is sent",
)
"""Faults that most store-days show."""


@pytest.mark.parametrize("name", EACH_DAY)
def test_a_fault_is_found(name: str) -> None:
    (fault,) = [each for each in FAULTS if each.name == name]
    found = find(fault, days=5)
    assert found.seed, found


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name)
def test_a_fault_is_planted_where_its_code_is(fault: Guard) -> None:
    for removal in fault.removals:
        assert changed(removal)


def test_where_nothing_is_planted_nothing_is_found() -> None:
    assert "NOT FOUND" in str(find(Guard("nothing", (), ()), days=1))
