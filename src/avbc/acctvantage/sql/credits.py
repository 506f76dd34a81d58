"""Credits: refunds made in the store, on a cursor whose transaction is open, and read back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor

from avbc.acctvantage.records import Credit
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.reading import collect, parts
from avbc.acctvantage.sql.rows import (
    CREDIT_LINES,
    CREDIT_TENDERS,
    CREDITS,
    Insert,
)
from avbc.statements import AnyRow, AnySelect

_CREDITS: AnySelect = sa.select(schema.credits.c.id, *CREDITS.columns)


def credits(  # noqa: A001  # the method's name; the builtin is for the prompt only
    connection: sa.Connection, order_import_ids: Collection[str] | None = None
) -> list[Credit]:
    """Return the credits on the orders with these Import IDs, or all; as they came in."""

    def records(rows: Sequence[AnyRow]) -> Iterator[tuple[int, Credit]]:
        ids = [row[0] for row in rows]
        lines, tenders = (
            parts(connection, CREDIT_LINES, ids),
            parts(connection, CREDIT_TENDERS, ids),
        )
        for number, *values in rows:
            yield (
                number,
                CREDITS.record(values, lines=tuple(lines[number]), tenders=tuple(tenders[number])),
            )

    of_order = schema.credits.c.order_import_id
    return collect(connection, _CREDITS, of_order, order_import_ids, records)


class CreditWriter:
    """The compiled statements that write a credit, for one kind of database."""

    def __init__(self, kind: str) -> None:
        self._credit = Insert(
            CREDITS, kind, taken=["import_id"], stamped=["imported_at"], returns="id"
        )
        self._line = Insert(CREDIT_LINES, kind, "credit_id", "position")
        self._tender = Insert(CREDIT_TENDERS, kind, "credit_id", "position")

    def create(self, cursor: DBAPICursor, credit: Credit) -> bool:
        """Write a credit; answer False, having written nothing, where its Import ID is taken."""
        cursor.execute(self._credit.sql, self._credit.row(credit))
        found = cursor.fetchall()
        if not found:
            return False
        credit_id = found[0][0]
        cursor.executemany(self._line.sql, self._line.positioned(credit.lines, credit_id))
        cursor.executemany(self._tender.sql, self._tender.positioned(credit.tenders, credit_id))
        return True
