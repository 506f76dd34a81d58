"""Many lives of many orders: a quick share of what `nox -s chaos` plays."""

from __future__ import annotations

from bench.lives import play


def test_two_thousand_steps() -> None:
    """Merchant, shopper, warehouse, gateway and time, in any sequence."""
    assert play(steps=2_000, seed=1) >= 2_000
