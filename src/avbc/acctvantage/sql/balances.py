"""What orders and their receipts add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from avbc.acctvantage.records import TrialBalance
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.reading import collect
from avbc.money import ZERO
from avbc.statements import AnyRow, AnySelect

_TOTALS: AnySelect = sa.select(
    *(schema.sales_orders.c[name] for name in ("id", "import_id", "freight", "tax")),
    *(schema.sales_orders.c[name] for name in ("rounding", "total")),
)


def trial_balance(
    connection: sa.Connection, import_ids: Collection[str] | None = None
) -> list[TrialBalance]:
    """Return what each of these orders and its receipts add up to, or of all orders."""
    orders, receipt = schema.sales_orders.c, schema.receipts.c

    def records(rows: Sequence[AnyRow]) -> Iterator[tuple[int, TrialBalance]]:
        ids = [row[0] for row in rows]
        goods, taken_off = (
            _sums(
                connection.execute(
                    sa.select(part.order_id, part.amount).where(part.order_id.in_(ids))
                )
            )
            for part in (schema.sales_order_lines.c, schema.sales_order_discounts.c)
        )
        received, held = (
            _sums(
                connection.execute(
                    sa.select(receipt.order_import_id, amount).where(
                        receipt.order_import_id.in_([row[1] for row in rows]),
                        receipt.state == state,
                    )
                )
            )
            for state, amount in (
                ("captured", receipt.amount),
                ("pre_authorized", receipt.pre_auth_amount),
            )
        )
        for order_id, import_id, freight, tax, rounding, total in rows:
            yield (
                order_id,
                TrialBalance(
                    import_id=import_id,
                    lines=goods[order_id],
                    freight=freight,
                    tax=tax,
                    discounts=taken_off[order_id],
                    rounding=rounding,
                    total=total,
                    receipts=received[import_id],
                    pre_authorized=held[import_id],
                ),
            )

    return collect(connection, _TOTALS, orders.import_id, import_ids, records)


def _sums(rows: Iterable[Any]) -> defaultdict[Any, Decimal]:
    found: defaultdict[Any, Decimal] = defaultdict(lambda: ZERO)
    for key, amount in rows:
        found[key] += amount
    return found
