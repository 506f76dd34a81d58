"""Which numbers are amounts of money that the rules can compute with."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation

STEP = Decimal("0.0001")
"""BigCommerce writes orders and lines with four decimals."""
_LIMIT = Decimal(10) ** 13
_quantized = Context(prec=17).quantize
"""Thirteen digits before the point and four after it: what does not fit is not money."""

ARITHMETIC = Context(prec=28)
"""The mapping engine's own context, in which sums of amounts are exact."""


def is_amount(amount: Decimal) -> bool:
    """Whether this is a finite number of a size that money has.

    >>> is_amount(Decimal("5.1")), is_amount(Decimal("NaN")), is_amount(Decimal("1e15"))
    (True, False, False)
    """
    return amount.is_finite() and -_LIMIT < amount < _LIMIT


def are_store_amounts(amounts: Iterable[Decimal]) -> bool:
    """Whether all are amounts of at most four decimals, as on BigCommerce's orders and lines.

    >>> are_store_amounts([Decimal("19.9500"), Decimal("0.00001")])
    False
    """
    try:
        for amount in amounts:
            if amount and _quantized(amount, STEP) != amount:
                return False
    except InvalidOperation:
        return False
    return True
