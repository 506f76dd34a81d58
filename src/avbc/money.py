"""Amounts of money as decimals: which numbers are amounts, minor units, exact shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal, InvalidOperation

ZERO = Decimal(0)
STEP = Decimal("0.0001")
"""BigCommerce writes orders and lines with four decimals."""
_CENT = Decimal("0.01")
_DIGITS = 13
_LIMIT = Decimal(10) ** _DIGITS
_quantized = Context(prec=17).quantize
"""Thirteen digits before the point and four after it: what does not fit is not money."""

ARITHMETIC = Context(prec=28)
"""The mapping engine's own context, in which sums of amounts are exact."""

# ISO 4217: the currencies whose minor unit is not one hundredth.
_WITHOUT_DECIMALS = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
_WITH_THREE = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]


def decimals(currency: str) -> int:
    """How many decimals a currency's amounts have (ISO 4217).

    >>> decimals("USD"), decimals("JPY"), decimals("KWD")
    (2, 0, 3)
    """
    code = currency.upper()
    if code in _WITHOUT_DECIMALS:
        return 0
    return 3 if code in _WITH_THREE else 2


def to_minor_unit(amount: Decimal, currency: str) -> Decimal:
    """Round half up to what can be paid in `currency`.

    >>> to_minor_unit(Decimal("19.9950"), "USD")
    Decimal('20.00')
    """
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), rounding=ROUND_HALF_UP)


def share(total: Decimal, weights: Sequence[Decimal], places: int = 4) -> list[Decimal]:
    """Split `total` in proportion to `weights`; the parts always add up to `total` exactly.

    The running sums are cut to `places` decimals, so that no part is off by more than one unit of
    the last place and none of a positive total is negative.

    Raises:
        ValueError: The weights add up to zero and the total does not.

    >>> share(Decimal("10.0000"), [Decimal(1), Decimal(1), Decimal(1)])
    [Decimal('3.3333'), Decimal('3.3333'), Decimal('3.3334')]
    """
    whole = sum(weights, ZERO)
    if not whole:
        if total:
            raise ValueError("cannot share an amount among weights that add up to zero")
        return [ZERO for _ in weights]
    step = Decimal(1).scaleb(-places)
    last = max(index for index, weight in enumerate(weights) if weight)
    parts: list[Decimal] = []
    weight_so_far = given = ZERO
    for index, weight in enumerate(weights):
        weight_so_far += weight
        # The last one takes the total as it is, which may have more places.
        due = (
            total
            if index >= last
            else (total * weight_so_far / whole).quantize(step, rounding=ROUND_DOWN)
        )
        parts.append(due - given)
        given = due
    return parts


def trimmed(amount: Decimal) -> Decimal:
    """The amount without two zeros behind its cents, which BigCommerce writes.

    >>> trimmed(Decimal("4.3700")), trimmed(Decimal("62.6793"))
    (Decimal('4.37'), Decimal('62.6793'))
    """
    if type(amount) is not Decimal or not amount.same_quantum(STEP):
        return amount
    if amount.adjusted() > _DIGITS:
        # No money: who checks amounts says so.
        return amount
    cents = amount.quantize(_CENT, context=ARITHMETIC)
    return cents if cents == amount else amount


def amount_text(amount: Decimal) -> str:
    """An amount for people: at least two decimals, more only where they say something.

    >>> amount_text(Decimal("69.8400")), amount_text(Decimal("62.6793")), amount_text(Decimal("-5"))
    ('69.84', '62.6793', '-5.00')
    """
    if not amount.is_finite():
        return str(amount)
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


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
