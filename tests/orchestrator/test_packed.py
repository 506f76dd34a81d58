"""Lists that pack their records: they are read and written as lists are."""

from __future__ import annotations

import pickle
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from avbc.mapping import Problem
from avbc.orchestrator import Change, Outcome
from avbc.orchestrator.packed import Packed

MANY = 2_300


def outcome(number: int) -> Outcome:
    problems = (Problem("a", "b", "c", "d", "e"),) if number % 7 == 0 else ()
    return Outcome(number, f"WEB{number}", Decimal(number).scaleb(-2), problems)


def test_they_are_as_lists_are() -> None:
    found, expected = Packed[Outcome](), [outcome(number) for number in range(MANY)]
    for each in expected[:700]:
        found.append(each)
    found.extend(expected[700:])
    assert found == expected
    assert expected == found
    assert Packed(expected) == found != Packed(expected[1:])
    assert len(found) == MANY
    assert list(found) == expected
    for place in (0, 499, 500, 1_499, 1_500, MANY - 1, -1, -MANY):
        assert found[place] == expected[place]
    for part in (slice(490, 510), slice(None, None, -400), slice(-3, None)):
        assert found[part] == expected[part]
    for place in (MANY, -MANY - 1):
        with pytest.raises(IndexError, match=f"{place} of {MANY} records"):
            found[place]
    assert found + expected[:1] == [*expected, expected[0]]
    assert outcome(5) in found
    assert repr(found[:1]) == repr(Packed(expected[:1]))
    assert pickle.loads(pickle.dumps(found)) == expected
    assert found != tuple(expected)


def test_they_change_as_lists_do() -> None:
    found, expected = Packed(map(outcome, range(MANY))), [outcome(n) for n in range(MANY)]
    changed: Any
    for changed in (found, expected):
        changed.insert(1, outcome(9_999))
        del changed[3:600]
        changed[0] = outcome(8_888)
        changed += [outcome(7_777)]
    assert found == expected


def test_what_cannot_be_packed_stays_as_it_is() -> None:
    function: Any = lambda: None  # noqa: E731
    odd = [Outcome(number, "", None, (), function) for number in range(1_200)]
    assert all(mine is theirs for mine, theirs in zip(Packed(odd), odd, strict=True))
    mixed: list[object] = [1, "2", outcome(3)] * 400
    assert Packed(mixed) == mixed


def test_a_hundred_thousand_changes_need_little_memory() -> None:
    def changes() -> Packed[Change]:
        found = Packed[Change]()
        for number in range(20_000):
            found.append(Change(f"SKU-{number:06d}", "quantity", "", str(number % 97)))
        return found

    changes()
    tracemalloc.start()
    found = changes()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 20_000
    assert size / len(found) < 60
