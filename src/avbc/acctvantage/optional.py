"""Parts of books that are no part of `Gateway`: an Orchestrator uses those that it finds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from avbc.acctvantage.pickups import Pickup
from avbc.acctvantage.records import CreatedOrder, OrderBundle

if TYPE_CHECKING:  # the protocol alone does not bring SQLAlchemy with it
    import sqlalchemy as sa

    from avbc.acctvantage.files.journal import JournalAccounts, JournalDay


@runtime_checkable
class OrderGroupGateway(Protocol):
    """Books that write several new orders in one transaction. Optional: no part of `Gateway`.

    An import then writes groups of orders, which costs less than a transaction for each. Where a
    group is not written, it writes each order by `create_order`. It uses no groups where a class
    overrides `create_order` and not `create_orders`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, OrderGroupGateway)
    True
    """

    @abstractmethod
    def create_orders(self, bundles: Sequence[OrderBundle]) -> list[CreatedOrder]:
        """Write new orders in one transaction, all of them or none, and return them in sequence.

        Each becomes what `create_order` makes of it. Where `create_order` would raise an error for
        one of them, raises that error; where one is in the books already, `BooksRefused`. Nothing
        was written then. Of two calls at once, neither may fail because they name the same records
        in another sequence: lock what both may create or change in one sequence.
        """
        ...


@runtime_checkable
class StagingGateway(Protocol):
    """Books from which AcctVantage picks up orders and answers. Optional: no part of `Gateway`.

    An order has a version, counted from 1. Each version is offered until AcctVantage acknowledges
    or refuses it; an answer to an earlier version changes nothing.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, StagingGateway)
    True
    """

    @abstractmethod
    def pickups(self, order_import_ids: Collection[str]) -> list[Pickup]:
        """Return how far AcctVantage is with the orders with these Import IDs, by Import ID.

        Orders that are not in the books, or are not offered for pick-up, are left out.
        """
        ...

    @abstractmethod
    def orders_refused(self, source_code: str) -> list[Pickup]:
        """Return the orders of a source of which AcctVantage refused something, by Import ID.

        It refused their present version, or a receipt or credit of one that it entered. This is
        asked in every cycle: it should cost what these orders are.
        """
        ...

    @abstractmethod
    def offer_again(self, import_id: str) -> Pickup:
        """Offer what AcctVantage refused of an order under new versions.

        That is the order, its receipts and its credits; what is not refused stays as it is. Raises
        `BooksRefused` where there is no such order.
        """
        ...


@runtime_checkable
class JournalGateway(Protocol):
    """Books that keep what was journaled on which day. Optional: no part of `Gateway`.

    Only orders that no one picks up are in a journal, with their receipts and credits. Nothing is
    ever added to a day that is closed, or to a day before it.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, JournalGateway)
    True
    """

    @abstractmethod
    def hands_over_by_journal(self) -> bool:
        """Return whether orders that come in from now on are handed over by a journal."""
        ...

    @abstractmethod
    def close_journal(
        self,
        source_code: str,
        through: date,
        day_of: Callable[[datetime], date],
        accounts: JournalAccounts,
    ) -> list[JournalDay]:
        """Close the days of a source up to `through`, and return those with entries, by day.

        What a document (order, receipt or credit) debits and credits now, less what was journaled
        of it, goes to the day on which it happened, or to the first open day after it. `day_of` is
        the day of a time in the store. All is written in one transaction. A second call closes
        nothing more; of two calls at once, one closes the days. Before the first order of the
        source is in the journal, nothing is closed.

        Raises `JournalAccountsMissing`, which lists the missing accounts of all documents, before
        anything is written.
        """
        ...

    @abstractmethod
    def journal_days(self, source_code: str, since: date | None = None) -> list[JournalDay]:
        """Return the closed days of a source that have entries, all or since a day, by day.

        A day is always returned as `close_journal` returned it.
        """
        ...

    @abstractmethod
    def late_orders(self, source_code: str) -> tuple[date | None, int]:
        """Return the last closed day, and how many orders came when their own day was closed.

        They go to the next day that is closed. The day is None where none is closed yet.
        """
        ...


class Turn(Protocol):
    """A turn that was taken, or one that another process has (`TurnGateway`).

    >>> from avbc import SqlGateway
    >>> with SqlGateway() as books:
    ...     turn = books.take_turn("nightly", timedelta(0))
    ...     turn.check()
    ...     turn.release()
    ''
    """

    @abstractmethod
    def check(self) -> str:
        """Return "" while the holder has its turn, and otherwise why it must stop.

        It is asked right before each request that changes something in the store, from several
        threads, and asking keeps the turn. A turn that is lost never comes back.
        """
        ...

    @abstractmethod
    def release(self) -> None:
        """Give the turn back; does nothing the second time, or if it was lost."""
        ...


@runtime_checkable
class TurnGateway(Protocol):
    """Books that let one process at a time do something. Optional: no part of `Gateway`.

    With other books the turns belong to the journal: processes with two journals do not see each
    other, and may send a shipment twice.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, TurnGateway)
    True
    """

    @abstractmethod
    def take_turn(self, name: str, wait: timedelta) -> Turn:
        """Take the turn of this name, or return one whose `check` says that another has it.

        Names compare letter by letter, and each has a turn of its own. While another holder has
        it, the call waits for that long. A turn ends when it is released, or within some minutes
        after its process died. If a turn ended before it was released, because its holder was
        silent for too long or its connection broke, `check` says so, even after another holder
        has taken it.
        """
        ...


@runtime_checkable
class ClockGateway(Protocol):
    """The clock that stamps changes in the books. Optional: no part of `Gateway`.

    Without it, the clock of the machine that avbc runs on takes its place.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, ClockGateway)
    True
    """

    @abstractmethod
    def now(self) -> datetime:
        """Return the present by the clock that stamps, and never a time before a stamp."""
        ...


@runtime_checkable
class LendsDatabase(Protocol):
    """Books that keep avbc's journal in their own database. Optional: no part of `Gateway`.

    Books that have this attribute are where `Orchestrator` keeps its journal, in tables of its own
    whose names start with `avbc_`. With other books it is in memory, or where `journal=` says.
    """

    @property
    def journal_engine(self) -> sa.Engine:
        """The SQLAlchemy engine of a SQLite or PostgreSQL database. It stays yours to close."""
        ...
