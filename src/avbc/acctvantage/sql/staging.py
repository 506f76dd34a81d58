"""What AcctVantage picked up, and what it answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Literal, TypeAlias

import sqlalchemy as sa

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.pickups import Acknowledgement, Pickup
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.reading import among, key_chunks
from avbc.statements import AnyRow, AnySelect, fetch
from avbc.text import quoted

HandOver: TypeAlias = Literal["pick_up", "journal", "entered"]

_ORDER = schema.sales_orders.c
_ANSWERS = schema.acknowledgements.c
_FIELDS = ("import_id", "version", "document_number", "status", "refused_code", "refused_text")


def pickups(connection: sa.Connection, order_import_ids: Collection[str]) -> list[Pickup]:
    """Return how far AcctVantage is with the orders with these Import IDs, by Import ID.

    Orders that are not in the books, or are not offered for pick-up, are left out.
    """
    found: list[Pickup] = []
    select = among(_OFFERED, _ORDER.import_id)
    for chunk in key_chunks(sorted(set(order_import_ids))):
        found += _pickups(connection, fetch(connection, select, {"keys": chunk}))
    return found


def orders_refused(connection: sa.Connection, source_code: str) -> list[Pickup]:
    """Return the orders of a source of which AcctVantage refused something, by Import ID.

    It refused their present version, or that of a receipt or credit of an order that it entered.
    """
    return _pickups(connection, fetch(connection, _REFUSED, {"code": source_code}))


def _refused() -> AnySelect:
    # Not joined by OR: SQLite would look at every order.
    other = schema.sales_orders.alias()
    refused = sa.union_all(
        sa.select(other.c.import_id).where(other.c.answered == sa.literal_column("'refused'")),
        *(sa.select(table.c.order_import_id).where(each) for table, each in schema.PARTS_REFUSED),
    )
    return _OFFERED.where(_ORDER.source_code == sa.bindparam("code"), _ORDER.import_id.in_(refused))


_OFFERED: AnySelect = sa.select(_ORDER.import_id, _ORDER.version, _ORDER.offered_at).where(
    _ORDER.hand_over == "pick_up"
)
_REFUSED = _refused()
_ANSWERED: AnySelect = sa.select(*(_ANSWERS[name] for name in (*_FIELDS, "at"))).order_by(
    _ANSWERS.id
)


def _pickups(connection: sa.Connection, rows: Sequence[AnyRow]) -> list[Pickup]:
    import_ids = [row[0] for row in rows]
    answers: defaultdict[str, list[Acknowledgement]] = defaultdict(list)
    for chunk in key_chunks(import_ids):
        for row in fetch(connection, among(_ANSWERED, _ANSWERS.import_id), {"keys": chunk}):
            answers[row[0]].append(Acknowledgement(*row))
    parts = _parts_refused(connection, import_ids)
    return sorted(
        (
            Pickup(
                import_id, version, offered_at, tuple(answers[import_id]), tuple(parts[import_id])
            )
            for import_id, version, offered_at in rows
        ),
        key=lambda pickup: pickup.order_import_id,
    )


def _parts_refused(
    connection: sa.Connection, order_import_ids: Sequence[str]
) -> defaultdict[str, list[Acknowledgement]]:
    """The last refusals of present versions of receipts and credits, by their orders."""
    found: defaultdict[str, dict[str, Acknowledgement]] = defaultdict(dict)
    for select in _PARTS_REFUSED:
        for chunk in key_chunks(order_import_ids):
            for order_import_id, *row in fetch(connection, select, {"keys": chunk}):
                answer = Acknowledgement(*row)
                found[order_import_id][answer.import_id] = answer
    refused: defaultdict[str, list[Acknowledgement]] = defaultdict(list)
    refused.update((key, list(answers.values())) for key, answers in found.items())
    return refused


def _refusals(table: sa.Table, condition: sa.ColumnElement[bool]) -> AnySelect:
    same = (_ANSWERS.import_id == table.c.import_id) & (_ANSWERS.version == table.c.version)
    these = table.c.order_import_id.in_(sa.bindparam("keys", expanding=True))
    return (
        sa.select(table.c.order_import_id, *(_ANSWERS[name] for name in (*_FIELDS, "at")))
        .join_from(table, schema.acknowledgements, same)
        .where(condition, these)
        .order_by(_ANSWERS.id)
    )


_PARTS_REFUSED = [_refusals(*part) for part in schema.PARTS_REFUSED]


def offer_again(connection: sa.Connection, import_id: str) -> Pickup:
    """Offer what AcctVantage refused of an order under new versions.

    That is the order, its receipts and its credits. What is not refused stays as it is.

    Raises:
        BooksRefused: There is no such order, or it is not offered for pick-up.
    """
    this = _ORDER.import_id == import_id
    locked = connection.execute(sa.select(_ORDER.answered).where(this).with_for_update()).first()
    for table, condition in schema.PARTS_REFUSED:
        again = table.update().values(version=table.c.version + 1)
        connection.execute(again.where(table.c.order_import_id == import_id, condition))
    order = schema.sales_orders.update().values(version=_ORDER.version + 1)
    connection.execute(order.where(this, schema.ORDER_IS_REFUSED))
    found = pickups(connection, [import_id])
    if not found:
        reason = "is not offered for pick-up" if locked else "is not in the books"
        raise BooksRefused(f"order {import_id} cannot be offered again: it {reason}")
    return found[0]


def hands_over_by_journal(connection: sa.Connection) -> bool:
    """Return whether orders that come in from now on are handed over by a journal."""
    return connection.scalar(sa.select(schema.books.c.hand_over)) == "journal"


def hand_over_earlier_orders(
    connection: sa.Connection, to: HandOver, import_ids: Collection[str] | None = None
) -> int:
    """Decide what becomes of orders that came in before AcctVantage could pick them up.

    Args:
        connection: The connection.
        to: `pick_up` offers them to AcctVantage; `journal` leaves them to the journal files;
            `entered` says that AcctVantage has them already, with their receipts and credits, so
            that only what changes from now on is offered.
        import_ids: Of these orders, or of all that are undecided. One that is decided stays.

    Returns:
        How many orders were decided.

    Raises:
        BooksRefused: `to` is none of the three, or an Import ID is not in the books.
    """
    if to not in {"pick_up", "journal", "entered"}:
        raise BooksRefused(
            f"hand over to {quoted(to)}: it must be 'pick_up', 'journal' or 'entered'"
        )
    undecided = sa.select(_ORDER.import_id).where(_ORDER.hand_over.is_(None))
    found = set(connection.scalars(undecided.with_for_update()))
    if import_ids is not None:
        wanted = set(import_ids)
        if unknown := sorted(wanted - found - _there(connection, wanted)):
            raise BooksRefused(f"there is no order {quoted(unknown[0])} in the books")
        found &= wanted
    for chunk in key_chunks(sorted(found)):
        decided = "journal" if to == "journal" else "pick_up"
        these = schema.sales_orders.update().where(_ORDER.import_id.in_(chunk))
        connection.execute(these.values(hand_over=decided))
        if to == "entered":
            _mark_entered(connection, chunk)
    return len(found)


def _there(connection: sa.Connection, import_ids: Collection[str]) -> set[str]:
    return {
        import_id
        for chunk in key_chunks(import_ids)
        for import_id in connection.scalars(
            sa.select(_ORDER.import_id).where(_ORDER.import_id.in_(chunk))
        )
    }


def _mark_entered(connection: sa.Connection, order_import_ids: Sequence[str]) -> None:
    """Acknowledge the present versions of orders, their receipts and credits."""
    for table, owner in (
        (schema.sales_orders, _ORDER.import_id),
        (schema.receipts, schema.receipts.c.order_import_id),
        (schema.credits, schema.credits.c.order_import_id),
    ):
        each = sa.select(table.c.import_id, table.c.version, sa.literal(schema.EARLIER_DOCUMENT))
        connection.execute(
            schema.acknowledgements.insert().from_select(
                ["import_id", "version", "document_number"],
                each.where(owner.in_(order_import_ids)),
                include_defaults=False,
            )
        )
