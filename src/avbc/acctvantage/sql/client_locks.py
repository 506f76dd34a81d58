"""Locks on what clients are known by: who looks one up to create it keeps others from doing so.

On SQLite the transaction of a writer is the lock: it looks up what it needs itself, and there is no
second one.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor

from avbc.text import text_key

# Locks are of the whole database, while there may be books in each of its schemas. They are taken
# one by one, in the sequence of the keys, so that no two transactions wait for each other in a
# circle. All clients are one more lock, which those of a single key share: the server has no room
# for a hundred thousand locks.
_LOCK = """
SELECT pg_advisory_xact_lock_shared(hashtextextended(concat(current_schema(), ' clients'), 0))
UNION ALL
SELECT pg_advisory_xact_lock(hashtextextended(concat(current_schema(), ' client ', key), 0))
FROM unnest(%s::text[]) AS key
"""
_LOCK_ROWS = "SELECT id FROM clients WHERE id = ANY(%s::bigint[]) ORDER BY id FOR UPDATE"
_LOCK_ALL = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended(concat(current_schema(), ' clients'), 0))"
)


def lock_clients(
    cursor: DBAPICursor, kind: str, emails: Iterable[str], import_ids: Iterable[str]
) -> None:
    """Lock emails and Import IDs of clients until the transaction ends; before anything else in it.

    What is looked up afterwards is seen as the last holder of each lock left it. Empty ones are
    left out.

    Args:
        cursor: Of the transaction.
        kind: Of database.
        emails: Of all clients that the transaction may create.
        import_ids: Their Import IDs.
    """
    keys = sorted({*map(text_key, emails), *import_ids} - {""})
    if keys and kind == "postgresql":
        cursor.execute(_LOCK, [keys])


def lock_rows(cursor: DBAPICursor, kind: str, client_ids: Iterable[int]) -> None:
    """Lock clients of the books that orders of one transaction name, if there are several.

    Each order locks its own client as it is written: without this, in the sequence of the orders.
    """
    ids = sorted({*client_ids})
    if len(ids) > 1 and kind == "postgresql":
        cursor.execute(_LOCK_ROWS, [ids])


def lock_all_clients(connection: sa.Connection) -> None:
    """Lock all of them until the transaction ends; before anything else in it."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_ALL)
