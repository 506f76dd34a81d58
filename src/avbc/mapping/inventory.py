"""Quantities for the store: Qty Available less what unimported orders take (manual 2.3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from types import MappingProxyType

from avbc.bigcommerce.models import Order
from avbc.mapping.product_names import ProductNames
from avbc.mapping.to_ship import units_left
from avbc.money import ZERO
from avbc.report import counted
from avbc.settings import ProductSettings
from avbc.text import some_of, text_key

HIGHEST_QUANTITY = 2_147_483_647
"""The most that BigCommerce keeps of an item at a location (BigCommerce: inventory API)."""

_NO_ROWS = ProductSettings()

# Wide enough that no quantity is rounded up before it is rounded down.
_ROUNDING_DOWN = Context(prec=60, rounding=ROUND_FLOOR)


def net_quantity(available: Decimal, waiting: Decimal = ZERO) -> int:
    """What the store may sell: available less waiting, in whole units, never below 0 (inferred).

    What is not a number counts as nothing: too little on sale is better than too much.

    >>> net_quantity(Decimal("7.9"), Decimal(2)), net_quantity(Decimal(3), Decimal(5))
    (5, 0)
    """
    if not (available.is_finite() and waiting.is_finite()):
        return 0
    left = _ROUNDING_DOWN.subtract(available, waiting) if waiting else available
    if left < 1:
        return 0
    return int(left) if left < HIGHEST_QUANTITY else HIGHEST_QUANTITY


def net_quantities(
    available: Iterable[tuple[str, Decimal]], waiting: Mapping[str, Decimal]
) -> Iterator[tuple[str, int]]:
    """What the store may sell of each part number, in the sequence of `available`, one by one.

    So a million need no memory. `waiting` is by `text_key` of the part number, as `waiting_demand`
    returns it.

    >>> list(net_quantities([("MUG-1", Decimal(7)), ("mug-2", Decimal(3))], {"mug-1": Decimal(2)}))
    [('MUG-1', 5), ('mug-2', 3)]
    """
    for part_number, quantity in available:
        yield (
            part_number,
            net_quantity(quantity, waiting.get(text_key(part_number), ZERO) if waiting else ZERO),
        )


def waiting_demand(
    orders: Iterable[Order],
    aliases: Mapping[str, str] = MappingProxyType({}),
    screen: ProductSettings = _NO_ROWS,
) -> dict[str, Decimal]:
    """What orders will take once they are imported, by `text_key` of the part number.

    The store has sold it already, and the books do not know yet: without this, a push would put it
    on sale again (inferred). What was refunded or shipped is not taken. Each line counts as the
    product that the import books it as. A bundle and its components count each for itself, once:
    none counts for the other. Gift certificates take nothing, nor do custom items without a part
    number.

    Args:
        orders: Orders with all their lines. Give each once.
        aliases: The books' part number by alias, both by `text_key`, for SKUs that are aliases.
        screen: The `[products]` settings, whose rows come before the SKU.

    >>> from avbc.bigcommerce.models import OrderProduct
    >>> waiting_demand([Order(products=(OrderProduct(product_id=7, sku="MUG-1", quantity=2),))])
    {'mug-1': Decimal('2')}
    """
    demand, names = Counter[str](), ProductNames(screen)
    for order in orders:
        for line, left in zip(order.lines, units_left(order.lines), strict=True):
            wanted = names.of(line)
            key = text_key(wanted.name) if wanted is not None else ""
            if key and left > 0:
                demand[aliases.get(key, key)] += left
    return {key: Decimal(count) for key, count in demand.items()}


NOT_COUNTED_FIX = (
    "Give the books what is on hand of each, 0 where there is nothing, or untick its Sync to "
    "Webstore in AcctVantage."
)


def not_counted_text(part_numbers: Sequence[str]) -> str:
    """Say that the books know no quantity of some products, so that none is pushed.

    >>> print(not_counted_text(["MUG-BLUE"]))
    The books have no quantity of 1 product (MUG-BLUE), so the store keeps the one it has.
    """
    count = counted(len(part_numbers), "product")
    listed = some_of(part_numbers)
    return f"The books have no quantity of {count} ({listed}), so the store keeps the one it has."
