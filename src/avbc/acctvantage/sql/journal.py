"""Closing the days of a journal: what orders, receipts and credits debit and credit on which day.

What a document debits and credits now, less what was journaled of it, goes to the day on which it
happened, or to the first open day. So nothing is journaled twice, and a day that is closed stays.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Literal, TypeAlias

import attrs
import sqlalchemy as sa

from avbc.acctvantage.files.journal import (
    AccountTotals,
    Entry,
    JournalAccounts,
    JournalAccountsMissing,
    JournalDay,
    changed,
)
from avbc.acctvantage.records import Credit, Receipt, SalesOrder
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.column_types import Moment
from avbc.acctvantage.sql.credits import credits as read_credits
from avbc.acctvantage.sql.reading import key_chunks, receipts, sales_orders
from avbc.acctvantage.sql.rows import put
from avbc.database import Database
from avbc.statements import AnySelect

Kind: TypeAlias = Literal["order", "receipt", "credit"]
Events: TypeAlias = Sequence[tuple[date, Entry]]
"""By day: what a document debits and credits from that day on."""

_ORDER = schema.sales_orders.c
_KNOWN = schema.journal_documents.c
_ENTRY = schema.journal_entries.c
_DAY = schema.journal_days.c
_KINDS: tuple[Kind, ...] = ("order", "receipt", "credit")


def close_journal(
    database: Database,
    source_code: str,
    through: date,
    day_of: Callable[[datetime], date],
    accounts: JournalAccounts,
) -> list[JournalDay]:
    """Close the days of a source up to `through`, and return those with entries, by day.

    Of the orders that are in the journal and not picked up (`hand_over`), with their receipts and
    credits. A second call closes nothing more. Before the first order nothing is closed, so that
    the first orders are on their own days.

    Args:
        database: The books.
        source_code: The Import Source Code.
        through: The last day to close. What happens on it later goes to a later day.
        day_of: The day of a time in the store.
        accounts: The GL accounts.

    Raises:
        JournalAccountsMissing: Accounts that documents need are not named; all are listed. Nothing
            was written.
        FinalError: A document does not add up, or its currency has more than two decimals. Nothing
            was written.
    """
    days = database.write(
        lambda connection: _close(connection, source_code, through, day_of, accounts),
        f"the journal of {source_code}",
    )
    # By itself: the closing sees one moment, and would fail where an order changes meanwhile.
    database.write(mark_journaled, f"the journal of {source_code}")
    return days


def mark_journaled(connection: sa.Connection) -> None:
    """Mark orders that the journal has as they are now: closings skip them until they change."""
    for table in (schema.sales_orders, schema.receipts, schema.credits):
        is_open = (
            schema.ORDER_TO_JOURNAL if table is schema.sales_orders else table.c.answered.is_(None)
        )
        is_journaled = sa.exists().where(
            _KNOWN.import_id == table.c.import_id, _KNOWN.version == table.c.version
        )
        connection.execute(table.update().values(answered="journaled").where(is_open, is_journaled))


def _close(
    connection: sa.Connection,
    source_code: str,
    through: date,
    day_of: Callable[[datetime], date],
    accounts: JournalAccounts,
) -> list[JournalDay]:
    if connection.dialect.name == "postgresql":
        # One snapshot, which begins when no one else closes days.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("LOCK TABLE journal_days IN EXCLUSIVE MODE")
    last = sa.select(sa.func.max(_DAY.day)).where(_DAY.source_code == source_code)
    closed = connection.scalar(last) or date.min
    if through <= closed:
        return []
    candidates = _candidates(connection, source_code)
    if closed == date.min and not candidates:
        return []
    closing = _Closing(closed, through, day_of, accounts)
    for chunk in key_chunks(candidates):
        closing.take(_read(connection, chunk))
    if closing.missing:
        raise JournalAccountsMissing(closing.missing)
    closing.write(connection, source_code)
    return journal_days(connection, source_code, closed + timedelta(1))


def journal_days(
    connection: sa.Connection, source_code: str, since: date | None = None
) -> list[JournalDay]:
    """Return the closed days of a source that have entries, all or since a day, by day."""
    first = date.min if since is None else since
    in_cents = _ENTRY.in_cents
    debit, credit = (
        sa.func.sum(sa.case((condition, amount), else_=0))
        for condition, amount in ((in_cents > 0, in_cents), (in_cents < 0, -in_cents))
    )
    totals: defaultdict[date, list[AccountTotals]] = defaultdict(list)
    for day, account, *sums in connection.execute(
        sa.select(_ENTRY.day, _ENTRY.account, debit, credit)
        .where(_ENTRY.source_code == source_code, _ENTRY.day >= first)
        .group_by(_ENTRY.day, _ENTRY.account)
    ):
        debits, credited = map(_amount, sums)
        totals[day].append(AccountTotals(account, debits, credited))
    rows = connection.execute(
        sa.select(_DAY.day, _DAY.orders, _DAY.receipts, _DAY.credits, _DAY.memo)
        .where(_DAY.source_code == source_code, _DAY.day >= first)
        .order_by(_DAY.day)
    )
    return [
        JournalDay(
            source_code, day, tuple(sorted(totals[day], key=lambda each: each.account)), *others
        )
        for day, *others in rows
        if day in totals
    ]


def late_orders(connection: sa.Connection, source_code: str) -> tuple[date | None, int]:
    """Return the last closed day, and how many orders came when their own day was closed.

    They go to the next day that is closed. The day is None where none is closed yet.
    """
    last = sa.select(sa.func.max(_DAY.day)).where(_DAY.source_code == source_code)
    closed = connection.scalar(last)
    if closed is None:
        return None, 0
    late = sa.select(sa.func.count(_ORDER.id)).where(
        _ORDER.source_code == source_code,
        schema.ORDER_TO_JOURNAL,
        _ORDER.ordered_on <= closed,
        ~sa.exists().where(_KNOWN.import_id == _ORDER.import_id),
    )
    return closed, connection.scalar(late) or 0


def _candidates(connection: sa.Connection, source_code: str) -> list[str]:
    """The Import IDs of orders of which something changed since it was journaled."""
    found: set[str] = set()
    for table in (schema.receipts, schema.credits):
        owners = sa.select(table.c.order_import_id).where(table.c.answered.is_(None))
        found.update(connection.scalars(owners))
    of_source = _ORDER.source_code == source_code
    orders = sa.select(_ORDER.id, _ORDER.import_id).where(of_source)
    rows = [
        *connection.execute(orders.where(schema.ORDER_TO_JOURNAL)),
        *(
            row
            for chunk in key_chunks(sorted(found))
            for row in connection.execute(
                orders.where(_ORDER.hand_over == "journal", _ORDER.import_id.in_(chunk))
            )
        ),
    ]
    removed = sa.select(_KNOWN.order_import_id).where(
        _KNOWN.source_code == source_code, _KNOWN.import_id == schema.journal_removed.c.import_id
    )
    return [
        *dict.fromkeys(import_id for _, import_id in sorted(map(tuple, rows))),
        *sorted(connection.scalars(removed)),
    ]


def _forget_removed(connection: sa.Connection, source_code: str, waiting: Collection[str]) -> None:
    """Forget what was removed and is taken back, but for what waits for a later day."""
    removed = schema.journal_removed.c
    of_others = sa.exists().where(
        _KNOWN.import_id == removed.import_id, _KNOWN.source_code != source_code
    )
    rows = connection.execute(sa.select(removed.id, removed.import_id).where(~of_others))
    for chunk in key_chunks(number for number, import_id in rows if import_id not in waiting):
        connection.execute(schema.journal_removed.delete().where(removed.id.in_(chunk)))


@attrs.frozen
class _Known:
    """A document of which something was journaled."""

    order_import_id: str
    kind: Kind
    version: int
    """The version that was journaled; 0 where more of it follows on a later day."""
    journaled: Entry = attrs.field(factory=dict[str, Decimal])


@attrs.frozen
class _Read:
    """Some orders, with what belongs to them and what was journaled of it."""

    orders: list[SalesOrder]
    receipts: list[Receipt]
    credits: list[Credit]
    versions: dict[str, int]
    stamps: dict[str, datetime]
    """When an order was imported or last changed, and when a credit was imported."""
    known: dict[str, _Known]


def _read(connection: sa.Connection, order_import_ids: list[str]) -> _Read:
    versions: dict[str, int] = {}
    stamps: dict[str, datetime] = {}
    changed_at = sa.func.coalesce(_ORDER.updated_at, _ORDER.imported_at, type_=Moment)
    receipt, credit = schema.receipts.c, schema.credits.c
    for columns, owner in (
        ((_ORDER.import_id, _ORDER.version, changed_at), _ORDER.import_id),
        ((receipt.import_id, receipt.version, sa.null()), receipt.order_import_id),
        ((credit.import_id, credit.version, credit.imported_at), credit.order_import_id),
    ):
        select: AnySelect = sa.select(*columns).where(owner.in_(order_import_ids))
        for import_id, version, stamp in connection.execute(select):
            versions[import_id] = version
            if stamp is not None:
                stamps[import_id] = stamp
    these = _KNOWN.order_import_id.in_(order_import_ids)
    known = {
        row.import_id: _Known(row.order_import_id, row.kind, row.version)
        for row in connection.execute(sa.select(schema.journal_documents).where(these))
    }
    journaled = (
        sa.select(_ENTRY.import_id, _ENTRY.account, sa.func.sum(_ENTRY.in_cents))
        .join_from(
            schema.journal_documents, schema.journal_entries, _ENTRY.import_id == _KNOWN.import_id
        )
        .where(these)
        .group_by(_ENTRY.import_id, _ENTRY.account)
    )
    for import_id, account, in_cents in connection.execute(journaled):
        if in_cents:
            known[import_id].journaled[account] = _amount(in_cents)
    return _Read(
        sales_orders(connection, order_import_ids),
        receipts(connection, order_import_ids),
        read_credits(connection, order_import_ids),
        versions,
        stamps,
        known,
    )


@attrs.frozen
class _Document:
    """An order, receipt or credit that is in the books."""

    kind: Kind
    import_id: str
    order_import_id: str
    events: Callable[[], Events]


class _Closing:
    """The entries of the days that are closed at once."""

    def __init__(
        self,
        closed: date,
        through: date,
        day_of: Callable[[datetime], date],
        accounts: JournalAccounts,
    ) -> None:
        self._closed = closed
        self._through = through
        self._day_of = day_of
        self._accounts = accounts
        self._entries: dict[tuple[date, str], Entry] = {}
        self._known: dict[str, _Known] = {}
        self._gone: list[str] = []
        self._waiting: set[str] = set()
        self.missing: dict[str, str] = {}
        """What has no account -> the first document that needs it."""

    def take(self, read: _Read) -> None:
        """Journal what changed of some orders, and what is gone of them."""
        for document in self._documents(read):
            version = read.versions[document.import_id]
            known = read.known.get(document.import_id)
            if known is not None and known.version == version:
                continue
            events = document.events()
            if known is None:
                known = _Known(document.order_import_id, document.kind, version)
            else:
                events = self._later(events, self._day_of(read.stamps[known.order_import_id]))
            is_done = self._journal(document.import_id, known.journaled, events)
            self._known[document.import_id] = attrs.evolve(known, version=version if is_done else 0)
        for import_id, known in read.known.items():
            if import_id not in read.versions:
                stamp = read.stamps.get(known.order_import_id)
                day = self._through if stamp is None else self._day_of(stamp)
                if self._journal(import_id, known.journaled, [(day, {})]):
                    self._known[import_id] = known
                    self._gone.append(import_id)
                else:
                    self._waiting.add(import_id)

    def write(self, connection: sa.Connection, source_code: str) -> None:
        """Write the entries and the days, and note which versions are journaled."""
        counts: defaultdict[date, Counter[Kind]] = defaultdict(Counter)
        counts[self._through] = Counter()  # closed without entries
        entries: list[dict[str, object]] = []
        for (day, import_id), entry in self._entries.items():
            entries.extend(
                {
                    "source_code": source_code,
                    "day": day,
                    "import_id": import_id,
                    "account": account,
                    "in_cents": int(amount.scaleb(2)),
                }
                for account, amount in entry.items()
            )
            counts[day][self._known[import_id].kind] += bool(entry)
        days = [
            {
                "source_code": source_code,
                "day": day,
                **{f"{kind}s": count[kind] for kind in _KINDS},
                "memo": f"{source_code} {day}",
            }
            for day, count in counts.items()
        ]
        connection.execute(schema.journal_days.insert(), days)
        if entries:
            connection.execute(schema.journal_entries.insert(), entries)
        for chunk in key_chunks(self._gone):
            these = schema.journal_documents.delete().where(_KNOWN.import_id.in_(chunk))
            connection.execute(these)
            for import_id in chunk:
                del self._known[import_id]
        documents = [
            {
                "import_id": import_id,
                "order_import_id": known.order_import_id,
                "source_code": source_code,
                "kind": known.kind,
                "version": known.version,
            }
            for import_id, known in self._known.items()
        ]
        put(connection, schema.journal_documents, *documents)
        _forget_removed(connection, source_code, self._waiting)

    def _documents(self, read: _Read) -> Iterator[_Document]:
        orders = {order.import_id: order for order in read.orders}
        for order in read.orders:
            stamp = read.stamps[order.import_id]
            yield _Document(
                "order", order.import_id, order.import_id, partial(self._of_order, order, stamp)
            )
        for receipt in read.receipts:
            order = orders[receipt.order_import_id]
            yield _Document(
                "receipt",
                receipt.import_id,
                order.import_id,
                partial(self._of_receipt, receipt, order, read.stamps[order.import_id]),
            )
        for credit in read.credits:
            order = orders[credit.order_import_id]
            yield _Document(
                "credit",
                credit.import_id,
                order.import_id,
                partial(self._of_credit, credit, order, read.stamps[credit.import_id]),
            )

    def _of_order(self, order: SalesOrder, stamp: datetime) -> Events:
        entry = self._entry(partial(self._accounts.order, order))
        return [(self._order_day(order, stamp), entry)]

    def _of_credit(self, credit: Credit, order: SalesOrder, stamp: datetime) -> Events:
        entry = self._entry(partial(self._accounts.credit, credit, order))
        return [(self._day_of(credit.created_at or stamp), entry)]

    def _of_receipt(self, receipt: Receipt, order: SalesOrder, stamp: datetime) -> Events:
        """Pending money from its authorization on, until it is captured or voided."""
        entry_of = partial(self._accounts.receipt, currency=order.currency)
        present = self._entry(partial(entry_of, receipt))
        ended_at = {"captured": receipt.captured_at, "voided": receipt.voided_at}.get(receipt.state)
        at = ended_at or receipt.authorized_at
        day = self._order_day(order, stamp) if at is None else self._day_of(at)
        if ended_at is not None and receipt.authorized_at is not None:
            held_on = self._day_of(receipt.authorized_at)
            if held_on < day:
                held = attrs.evolve(receipt, state="pre_authorized")
                return [(held_on, self._entry(partial(entry_of, held))), (day, present)]
        return [(day, present)]

    def _order_day(self, order: SalesOrder, stamp: datetime) -> date:
        return order.ordered_on or self._day_of(order.ordered_at or stamp)

    def _entry(self, make: Callable[[], Entry]) -> Entry:
        try:
            return make()
        except JournalAccountsMissing as error:
            self.missing = error.missing | self.missing
            return {}

    def _later(self, events: Events, changed_on: date) -> Events:
        """The events of a document that is journaled already: those of closed days are in it.

        Where the last is one of them too, what it is now is known from the day of the change on.
        """
        *earlier, (day, present) = events
        after = [each for each in earlier if each[0] > self._closed]
        return [*after, (day if day > self._closed else changed_on, present)]

    def _journal(self, import_id: str, journaled: Entry, events: Events) -> bool:
        """Journal what each event changes; whether no event is after the last day."""
        for day, entry in events:
            if day > self._through:
                return False
            key = max(day, self._closed + timedelta(1)), import_id
            before = self._entries.get(key, {})
            self._entries[key] = changed(entry, changed(journaled, before))
            journaled = entry
        return True


def _amount(in_cents: int | Decimal) -> Decimal:
    return Decimal(int(in_cents)).scaleb(-2)
