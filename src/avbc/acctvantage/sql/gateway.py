"""SqlGateway: books that work out of the box.

They are for tests and notebooks, and a staging database for an AcctVantage script or an ODBC job.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache, wraps
from operator import attrgetter
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

import sqlalchemy as sa

from avbc.acctvantage.checks import (
    arguments_checked,
    check_credit,
    check_order,
    check_shipment,
    check_store,
)
from avbc.acctvantage.errors import BooksRefused, BooksUnreachable
from avbc.acctvantage.records import (
    CreatedOrder,
    Credit,
    OrderBundle,
    Product,
    Receipt,
    SalesOrder,
    Shipment,
)
from avbc.acctvantage.sql import (
    balances,
    changes,
    exports,
    journal,
    loading,
    reading,
    staging,
    stock,
    versions,
)
from avbc.acctvantage.sql import credits as credit_records
from avbc.acctvantage.sql import receipts as receipt_records
from avbc.acctvantage.sql import shipments as shipment_records
from avbc.acctvantage.sql.orders import ImportIdTaken, OrderWriter
from avbc.acctvantage.sql.shipments import ShipmentWriter
from avbc.database import Database
from avbc.secret import without_frames
from avbc.text import text_key
from avbc.turns import Lease, Turns

K = TypeVar("K")
P = ParamSpec("P")
T = TypeVar("T")


_database: Callable[[SqlGateway], Database] = attrgetter("_database")


def _reads(
    work: Callable[Concatenate[sa.Connection, P], T],
) -> Callable[Concatenate[SqlGateway, P], T]:
    """Make a function that reads on a connection a method of the books, docstring included."""

    @without_frames
    @arguments_checked
    @wraps(work)
    def method(self: SqlGateway, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return _database(self).read(lambda connection: work(connection, *args, **kwargs))

    return method


def _finds(
    work: Callable[Concatenate[sa.Connection, P], list[T]],
) -> Callable[Concatenate[SqlGateway, P], list[T]]:
    """Do the same for a function that finds records by keys; without any, nothing is read."""

    @without_frames
    @arguments_checked
    @wraps(work)
    def method(self: SqlGateway, /, *args: P.args, **kwargs: P.kwargs) -> list[T]:
        keys = (*args, *kwargs.values())
        if keys and not any(each is None or each for each in keys):
            return []
        return _database(self).read(lambda connection: work(connection, *args, **kwargs))

    return method


def _writes(
    work: Callable[Concatenate[sa.Connection, P], T], about: str
) -> Callable[Concatenate[SqlGateway, P], T]:
    """Do the same for a function that writes; `about` says to which record, by its first value."""

    @without_frames
    @arguments_checked
    @wraps(work)
    def method(self: SqlGateway, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return _database(self).write(
            lambda connection: work(connection, *args, **kwargs),
            about.format(*args, *kwargs.values()),
        )

    return method


def _loads(
    work: Callable[Concatenate[Database, P], T],
) -> Callable[Concatenate[SqlGateway, P], T]:
    """Do the same for a function of the database: one that loads a file, or reads row by row."""

    @without_frames
    @arguments_checked
    @wraps(work)
    def method(self: SqlGateway, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return work(_database(self), *args, **kwargs)

    return method


_ORDER_WRITER = cache(OrderWriter)
_SHIPMENT_WRITER = cache(ShipmentWriter)
_CREDIT_WRITER = cache(credit_records.CreditWriter)


class SqlGateway:
    """Books in a SQLite or PostgreSQL database: a complete `avbc.Gateway`.

    They can be filled from files and read back. Nothing is connected to before the first use, which
    creates the tables. Threads and processes may use the same books at once; in memory, threads of
    this process. Times are UTC, amounts exact. Every method raises `BooksUnreachable`,
    `BooksRefused` or `BooksUnusable` as `avbc.Gateway` says.

    Args:
        url: `sqlite://` for books in memory, `sqlite:///books.db` for a file,
            `postgresql://user:password@host/database` (needs `avbc[postgresql]`).

    Raises:
        BooksUnusable: The URL is none of these, or the driver is not installed.

    >>> with SqlGateway() as books:
    ...     books.reference_data().order_statuses[1]
    'Open'
    """

    @without_frames
    def __init__(self, url: str = "sqlite://") -> None:
        self._database = Database(url, versions.BOOKS)
        self._turns = Turns(self._database.engine, versions.BOOKS)
        # Their statements are compiled once for each kind of database.
        self._orders = _ORDER_WRITER(self._database.kind)
        self._shipments = _SHIPMENT_WRITER(self._database.kind)
        self._credits = _CREDIT_WRITER(self._database.kind)

    @property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine, for your own tables next to those of the books.

        On SQLite its transactions are those of a writer.
        """
        return self._database.engine

    @property
    def journal_engine(self) -> sa.Engine:
        """The same engine: these books keep the journal, too (`avbc.acctvantage.LendsDatabase`)."""
        return self._database.engine

    def close(self) -> None:
        """Close all connections. Books in memory are lost with them."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqlGateway({str(self._database)!r})"

    # What avbc.Gateway asks for.

    reference_data = _reads(reading.reference_data)
    sales_orders = _finds(reading.sales_orders)
    receipts = _finds(reading.receipts)
    find_clients = _finds(reading.find_clients)
    find_products = _finds(reading.find_products)

    @arguments_checked
    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        """Write the bundle in one transaction, or nothing.

        The unique Import ID decides who creates the order: a second call writes nothing and answers
        with what is in the books. Promotions and ship vias that are there already, a client
        whose Import ID is, and a contact who is at the client, stay as they are.

        Raises:
            BooksRefused: The order does not add up to its total, names a client that is not in the
                books, uses an Import ID of another record, or is in the books from another store.
                Nothing was written.
            ClientTaken: A client has the bundle's `client_email` by now. Nothing was written.
        """
        import_id = bundle.order.import_id
        try:
            (created,) = self._create([bundle], f"order {import_id}")
        except ImportIdTaken:
            there = self.sales_orders([import_id])
            if not there:
                raise BooksUnreachable(
                    f"order {import_id} was removed from the books while it was read: try again"
                ) from None
            check_store(import_id, there[0].store_hash, bundle.order.store_hash)
            return CreatedOrder(there[0], created=False)
        return CreatedOrder(created, created=True)

    # What avbc.OrderGroupGateway asks for.

    @arguments_checked
    def create_orders(self, bundles: Sequence[OrderBundle]) -> list[CreatedOrder]:
        """Write new orders in one transaction: all of them, or none.

        Raises:
            BooksRefused: One is in the books already, or `create_order` would refuse it. Nothing
                was written.
            ClientTaken: As for `create_order`. Nothing was written.
        """
        about = " to ".join({each.order.import_id: None for each in (*bundles[:1], *bundles[-1:])})
        try:
            created = self._create(bundles, f"orders {about}")
        except ImportIdTaken as taken:
            raise BooksRefused(f"order {taken} is in the books already") from None
        return [CreatedOrder(order, created=True) for order in created]

    def _create(self, bundles: Sequence[OrderBundle], about: str) -> list[SalesOrder]:
        for bundle in bundles:
            check_order(bundle)
        return self._database.write_fast(lambda cursor: self._orders.create(cursor, bundles), about)

    @arguments_checked
    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        """Replace the order and its receipts by the bundle's, in one transaction.

        Its id and its status stay, and so do the wishes on receipts whose money stays. An order
        that AcctVantage refused and never entered may also have the status that the bundle gives.

        Raises:
            BooksRefused: The order is not in the books, not Open any more or of another store, a
                receipt on it is posted, or the bundle breaks a rule as in `create_order`. Nothing
                was changed.
            ClientTaken: A client has the bundle's `client_email` by now. Nothing was changed.
            ReceiptsChanged: The bundle was made from other receipts (`replaced`). Nothing was
                changed.
        """
        check_order(bundle)
        import_id = bundle.order.import_id
        self._database.write_fast(
            lambda cursor: self._orders.update(cursor, bundle), f"order {import_id}"
        )
        return self.sales_orders([import_id])[0]

    @arguments_checked
    def sales_orders_ordered(
        self, source_code: str, since: datetime, until: datetime
    ) -> Iterator[SalesOrder]:
        """Yield the orders of a source that were ordered in a period, by the store's order id.

        Both ends are included. Some hundreds are read at a time, each lot as it is then.
        """
        for ids in reading.ids_ordered(self._database, source_code, since, until):
            yield from self._read(reading.sales_orders_by_id, ids)

    order_sources = _loads(reading.order_sources)
    set_to_ship = _writes(changes.set_to_ship, "order {}")

    @arguments_checked
    def update_receipt(self, before: Receipt, after: Receipt) -> Receipt:
        """Let a receipt follow its payment in the store: compare and set, by its Import ID.

        Where it is not posted and is as `before` (`receipt_type`, `state`, `amount` and
        `pre_auth_amount`), what the payment decides becomes that of `after`. One that is as `after`
        in those fields already stays as it is.

        Raises:
            BooksRefused: There is no such receipt, it is posted or in any other state, an amount of
                `after` is not one, or the two are not of the same receipt.
        """
        return self._database.write(
            lambda connection: receipt_records.update_receipt(connection, before, after),
            f"receipt {before.import_id}",
        )

    now = _reads(reading.now)
    sales_orders_changed = _reads(reading.sales_orders_changed)
    orders_in_status = _reads(reading.orders_in_status)

    set_order_status = _writes(stock.set_order_status, "order {}")
    shipments = _reads(shipment_records.shipments)
    shipments_of = _finds(shipment_records.shipments_of)

    @without_frames
    @arguments_checked
    def products_for_store(self, part_numbers: Collection[str] | None = None) -> Iterator[Product]:
        """Yield the products whose Sync to Webstore is ticked: these part numbers, or all.

        They are sorted by `text_key` of the part number. Some thousands are read at a time, each
        lot as it is then.
        """
        return self._walk(part_numbers, reading.products_page, reading.products_for_store)

    @without_frames
    @arguments_checked
    def quantities_available(
        self, warehouse: str, part_numbers: Collection[str] | None = None
    ) -> Iterator[tuple[str, Decimal | None]]:
        """Yield part number and Qty Available of stocked products with Sync to Webstore ticked.

        Of these part numbers, or all; sorted by `text_key` of the part number. The quantity is that
        of `available`, or None for a product without any quantity in the warehouse. Some ten
        thousand are read at a time, each lot as it is then, together with what orders reserve of
        it.

        Raises:
            BooksRefused: There is no such warehouse.
        """
        self._database.read(lambda connection: stock.known_warehouse(connection, warehouse))
        return self._walk(
            part_numbers,
            lambda connection, after: stock.page_for_store(connection, warehouse, after),
            lambda connection, part_keys: stock.quantities_for_store(
                connection, warehouse, part_keys
            ),
        )

    clients_to_export = _reads(exports.clients_to_export)
    bind_client = _writes(exports.bind_client, "client {}")

    receipts_to_capture = _reads(receipt_records.receipts_to_capture)
    receipts_authorized = _reads(receipt_records.receipts_authorized)
    record_capture = _writes(receipt_records.record_capture, "receipt {}")
    record_void = _writes(receipt_records.record_void, "receipt {}")

    @arguments_checked
    def create_credit(self, credit: Credit) -> bool:
        """Write a credit on an order; return False, writing nothing, if its Import ID is there.

        Raises:
            BooksRefused: The order is not in the books, or the credit does not add up to its total.
        """
        check_credit(credit)
        return self._database.write_fast(
            lambda cursor: self._credits.create(cursor, credit), f"credit {credit.import_id}"
        )

    def iter_sales_orders(self) -> Iterator[SalesOrder]:
        """Yield all sales orders, in the order in which they came in.

        Some hundreds are read at a time, each lot as it is then: a million orders need as little
        memory as a thousand, and nothing is open between two of them.

        >>> with SqlGateway() as books:
        ...     sum(order.total for order in books.iter_sales_orders())
        0
        """
        return self._pages(reading.sales_orders_page, -1)

    credits = _finds(credit_records.credits)
    clients = _finds(reading.clients)
    products = _reads(reading.products)
    promotions = _reads(reading.promotions)
    ship_vias = _reads(reading.ship_vias)
    trial_balance = _finds(balances.trial_balance)
    look_alikes = _reads(versions.look_alikes)
    available = _reads(stock.available)

    # What avbc.StagingGateway asks for.

    pickups = _finds(staging.pickups)
    orders_refused = _reads(staging.orders_refused)
    offer_again = _writes(staging.offer_again, "order {}")
    hand_over_earlier_orders = _writes(staging.hand_over_earlier_orders, "earlier orders")

    # What avbc.JournalGateway asks for.

    hands_over_by_journal = _reads(staging.hands_over_by_journal)
    close_journal = _loads(journal.close_journal)
    journal_days = _reads(journal.journal_days)
    late_orders = _reads(journal.late_orders)

    # What avbc.TurnGateway asks for.

    @arguments_checked
    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        """Take the turn of this name, or one that says that another process has it.

        It is a lock that ends with the process: on PostgreSQL one of a session, which also ends
        when nothing was heard of the process for five minutes; on SQLite one on a file in a folder
        next to the database. Books in memory have no other processes, so everybody has the turn.

        Args:
            name: What for.
            wait: How long to wait for another that has it.
        """
        return self._turns.take(name, wait)

    # What users of AcctVantage do, for tests and for scripts that carry it over.

    set_quantity = _writes(stock.set_quantity, "product {}")
    delete_order = _writes(changes.delete_order, "order {}")

    @arguments_checked
    def add_shipment(self, shipment: Shipment) -> None:
        """Write a shipment, or change the one with its number, and stamp the time of the change.

        One that is the same stays as it is.

        Raises:
            BooksRefused: It has no items, its order is not in the books or lacks one of the lines,
                a quantity is not above zero, or its time has no time zone.
        """
        check_shipment(shipment)
        self._database.write(
            lambda connection: self._shipments.write(connection, shipment),
            f"shipment {shipment.number}",
        )

    want_capture = _writes(receipt_records.want_capture, "receipt {}")
    want_void = _writes(receipt_records.want_void, "receipt {}")
    load = _loads(loading.load)
    load_products = _loads(loading.load_products)
    load_aliases = _loads(loading.load_aliases)
    load_clients = _loads(loading.load_clients)
    load_quantities = _loads(loading.load_quantities)

    def _walk(
        self,
        part_numbers: Collection[str] | None,
        page: Callable[[sa.Connection, str], list[tuple[str, T]]],
        these: Callable[[sa.Connection, list[str]], list[tuple[str, T]]],
    ) -> Iterator[T]:
        """Read products by their keys, page by page; nothing is open while the caller works."""
        if part_numbers is not None:
            for part_keys in reading.key_chunks(sorted(map(text_key, part_numbers))):
                for _, found in self._read(these, part_keys):
                    yield found
            return
        yield from self._pages(page, "")

    def _pages(
        self, page: Callable[[sa.Connection, K], list[tuple[K, T]]], after: K
    ) -> Iterator[T]:
        while rows := self._read(page, after):
            for _, found in rows:
                yield found
            after = rows[-1][0]

    def _read(self, work: Callable[[sa.Connection, K], T], key: K) -> T:
        return self._database.read(lambda connection: work(connection, key))
