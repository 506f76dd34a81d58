"""Shares add up, whatever the weights."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.money import ZERO, share, to_minor_unit, trimmed

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=4)


@given(
    AMOUNTS,
    st.lists(st.decimals(min_value=0, max_value=10**6, places=2), min_size=1, max_size=30),
    st.sampled_from([2, 4]),
)
def test_shares_add_up_and_none_is_negative_or_far_off(
    total: Decimal, weights: list[Decimal], places: int
) -> None:
    if not any(weights):
        weights = [*weights, Decimal(1)]
    parts = share(total, weights, places)
    assert sum(parts, ZERO) == total
    assert min(parts) >= 0
    step = Decimal(1).scaleb(-places)
    whole = sum(weights, ZERO)
    assert all(
        abs(part - total * weight / whole) <= step
        for part, weight in zip(parts, weights, strict=True)
    )
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if not weight)


def test_little_money_over_many_lines_takes_nothing_from_the_last() -> None:
    assert share(Decimal("0.03"), [Decimal(1)] * 6, places=2) == [
        Decimal(part) for part in ("0.00", "0.01", "0.00", "0.01", "0.00", "0.01")
    ]


def test_nothing_is_shared_among_nobody() -> None:
    assert share(ZERO, [ZERO, ZERO]) == [ZERO, ZERO]
    with pytest.raises(ValueError, match="add up to zero"):
        share(Decimal(1), [ZERO])


@pytest.mark.parametrize(
    ("amount", "currency", "paid"),
    [
        ("1.005", "USD", "1.01"),
        ("-1.005", "USD", "-1.01"),
        ("1.5", "JPY", "2"),
        ("1.0005", "KWD", "1.001"),
    ],
)
def test_minor_units_round_half_up(amount: str, currency: str, paid: str) -> None:
    assert to_minor_unit(Decimal(amount), currency) == Decimal(paid)


@pytest.mark.parametrize("text", ["100000000000000000000000000.0244", "-9e27", "NaN"])
def test_what_is_no_money_stays_as_it_is(text: str) -> None:
    """Who checks amounts refuses it: here it is no error."""
    assert str(trimmed(Decimal(text))) == str(Decimal(text))
