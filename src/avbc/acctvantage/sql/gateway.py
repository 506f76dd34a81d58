"""SqlGateway: books that work out of the box, for tests and notebooks, and as the staging database of an AcctVantage script or ODBC job."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from os import PathLike
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor

from avbc.acctvantage.files import meant
from avbc.acctvantage.gateway import BooksRefused, BooksUnreachable
from avbc.acctvantage.records import (
    Client,
    CreatedOrder,
    Credit,
    LookAlike,
    OrderBundle,
    Product,
    Promotion,
    Receipt,
    ReferenceData,
    SalesOrder,
    Shipment,
    ShipVia,
    TrialBalance,
)
from avbc.acctvantage.sql import (
    exports,
    loading,
    reading,
    receipts,
    schema,
    shipments,
    stock,
    versions,
)
from avbc.acctvantage.sql.credits import CreditWriter, credits_on
from avbc.acctvantage.sql.credits import check as check_credit
from avbc.acctvantage.sql.orders import OrderWriter, check
from avbc.acctvantage.sql.shipments import ShipmentWriter
from avbc.database import Database
from avbc.secret import without_frames
from avbc.text import text_key

K = TypeVar("K")
T = TypeVar("T")


class SqlGateway:
    """Books in a SQLite or PostgreSQL database. It is a complete `avbc.Gateway`, and can be read back and filled from files.

    Nothing is connected to before the first use, which creates the tables. Threads and processes
    may use the same books at once; in memory, threads of this process. Times are UTC, amounts
    exact. Every method raises `BooksUnreachable`, `BooksRefused` or `BooksUnusable` as
    `avbc.Gateway` says.

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
        self._orders = OrderWriter(self._database.kind)
        self._shipments = ShipmentWriter(self._database.kind)
        self._credits = CreditWriter(self._database.kind)

    @property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine, for tables of your own beside the books'. A transaction of it is a writer's on SQLite."""
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

    def reference_data(self) -> ReferenceData:
        """Return the reference data as one snapshot."""
        return self._database.read(reading.reference_data)

    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        """Return the sales orders with these Import IDs, or all of them, in the sequence in which they came in."""
        return self._database.read(lambda connection: reading.sales_orders(connection, import_ids))

    def receipts(self, import_ids: Collection[str] | None = None) -> list[Receipt]:
        """Return the receipts on the orders with these Import IDs, or all of them, in the sequence in which they came in."""
        return self._database.read(lambda connection: reading.receipts(connection, import_ids))

    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[Client]:
        """Return the clients with one of these Import IDs, or with one of these emails on themselves or on a contact.

        Emails compare trimmed and without case.
        """
        return self._database.read(
            lambda connection: reading.find_clients(connection, import_ids, emails)
        )

    def find_products(self, part_numbers: Collection[str]) -> list[Product]:
        """Return the products whose part number or alias is among these; both compare without case."""
        return self._database.read(
            lambda connection: reading.find_products(connection, part_numbers)
        )

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        """Write the bundle in one transaction, or nothing.

        The unique Import ID decides who creates the order: a second call writes nothing and answers
        with what stands in the books. Promotions and ship vias that are there already, a client
        whose Import ID is, and a contact who is at the client, are taken as they stand.

        Raises:
            BooksRefused: The order does not add up to its total, names a client that is not in the
                books, or uses an Import ID of another record. Nothing was written.
        """
        check(bundle)
        import_id = bundle.order.import_id
        now = datetime.now(UTC)

        def work(cursor: DBAPICursor) -> SalesOrder:
            created = self._orders.create(cursor, bundle, now)
            if created is None:
                raise _ImportIdTaken
            return created

        try:
            created = self._database.write_fast(work, f"order {import_id}")
        except _ImportIdTaken:
            standing = self.sales_orders([import_id])
            if not standing:
                raise BooksUnreachable(
                    f"order {import_id} was removed from the books while it was read: try again"
                ) from None
            return CreatedOrder(standing[0], created=False)
        return CreatedOrder(created, created=True)

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        """Replace the order and its receipts by the bundle's, in one transaction. Its id and its status stay.

        Raises:
            BooksRefused: The order is not in the books or not Open any more, a receipt on it is
                posted, or the bundle breaks a rule as in `create_order`. Nothing was changed.
        """
        check(bundle)
        import_id = bundle.order.import_id
        now = datetime.now(UTC)
        self._database.write_fast(
            lambda cursor: self._orders.update(cursor, bundle, now), f"order {import_id}"
        )
        return self.sales_orders([import_id])[0]

    def sales_orders_ordered(
        self, source_code: str, since: datetime, until: datetime
    ) -> Iterator[SalesOrder]:
        """Yield the orders of a source that were ordered in a period, both ends included, by the store's order id.

        They are read some hundreds at a time as they are taken, each lot as it is then.
        """
        ids = self._database.read(
            lambda connection: reading.ids_ordered(connection, source_code, since, until)
        )
        for chunk in reading.key_chunks(ids):
            yield from self._read(reading.sales_orders_by_id, chunk)

    def sales_orders_changed(self, source_code: str, since: datetime | None) -> list[SalesOrder]:
        """Return the orders of a source whose status changed since a time, or all of the source, in the sequence in which they came in.

        An order whose status never changed after its import has no `status_changed_at`, and is only
        among all.
        """
        return self._database.read(
            lambda connection: reading.sales_orders_changed(connection, source_code, since)
        )

    def set_order_status(self, import_id: str, status: str) -> SalesOrder:
        """Give an order a status, and stamp the time of the change. At Picked its goods leave what is on hand; before it they come back.

        An order that has the status already stays as it is. Whether an order may be posted is for
        the caller to know.

        Raises:
            BooksRefused: There is no such order, or the books know no such status.
        """

        def work(connection: sa.Connection) -> SalesOrder:
            statuses = reading.order_statuses(connection)
            if status not in statuses:
                raise BooksRefused(
                    f"the books know no order status {status!r}{meant(status, statuses)}"
                )
            order = schema.sales_orders
            this = order.c.import_id == import_id
            before = connection.scalar(sa.select(order.c.status).where(this).with_for_update())
            if before is None:
                raise BooksRefused(f"there is no order {import_id!r} in the books")
            if before != status:
                connection.execute(
                    order.update()
                    .values(status=status, status_changed_at=datetime.now(UTC))
                    .where(this)
                )
                was_taken, now_taken = (
                    stock.is_taken(which, statuses) for which in (before, status)
                )
                if was_taken != now_taken:
                    stock.move(connection, import_id, -1 if now_taken else 1)
            return reading.sales_orders(connection, [import_id])[0]

        return self._database.write(work, f"order {import_id}")

    def shipments(self, source_code: str, since: datetime | None = None) -> list[Shipment]:
        """Return the shipments of a source's orders that were made or changed in the books since a time, or all; by their numbers."""
        return self._database.read(
            lambda connection: shipments.shipments(connection, source_code, since)
        )

    def products_for_store(self, part_numbers: Collection[str] | None = None) -> Iterator[Product]:
        """Yield the products whose Sync to Webstore is ticked, of these part numbers or all, by part number without case.

        They are read some thousands at a time as they are taken, each lot as it is then.
        """
        return self._walk(part_numbers, reading.products_page, reading.products_for_store)

    def quantities_available(
        self, warehouse: str, part_numbers: Collection[str] | None = None
    ) -> Iterator[tuple[str, Decimal]]:
        """Yield the part number and the Qty Available in a warehouse of stocked products whose Sync to Webstore is ticked.

        Of these part numbers, or all; by part number without case. It is what `available` says.
        They are read some ten thousand at a time as they are taken, each lot as it is then,
        together with what orders reserve of it.

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

    def clients_to_export(
        self, source_code: str, client_ids: Collection[int] | None = None
    ) -> list[Client]:
        """Return the clients with these ids, or all who are new to the store of this source; by id.

        New is who is bound to no customer of it and did not come from it: neither by an Import ID
        of the source nor, as a guest, by one of its orders.
        """
        return self._database.read(
            lambda connection: exports.clients_to_export(connection, source_code, client_ids)
        )

    def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
        """Note which customer of the store a client is; one noted before is replaced.

        Raises:
            BooksRefused: There is no such client, or the customer is another client already.
        """
        self._database.write(
            lambda connection: exports.bind(connection, client_id, source_code, store_customer_id),
            f"client {client_id}",
        )

    def receipts_to_capture(self, source_code: str) -> list[Receipt]:
        """Return the pre-authorized receipts on a source's orders with `capture_wanted` or `void_wanted`, as they came in."""
        return self._database.read(lambda connection: receipts.to_capture(connection, source_code))

    def receipts_authorized(self, source_code: str, before: datetime) -> list[Receipt]:
        """Return the pre-authorized receipts on a source's orders that were authorized before a time, as they came in.

        Those with `capture_wanted` or `void_wanted` are left out: `receipts_to_capture` has them.
        """
        return self._database.read(
            lambda connection: receipts.authorized(connection, source_code, before)
        )

    def record_capture(self, receipt_import_id: str, amount: Decimal, at: datetime) -> Receipt:
        """Turn a pre-authorized receipt into one captured for this amount at this time; one captured for this amount stays as it is.

        Raises:
            BooksRefused: There is no such receipt, it is in another state or captured for another
                amount, or the amount is not above zero.
        """
        return self._write_receipt(
            receipt_import_id,
            lambda connection: receipts.capture(connection, receipt_import_id, amount, at),
        )

    def record_void(self, receipt_import_id: str, at: datetime) -> Receipt:
        """Turn a pre-authorized receipt into a voided one; one that is voided stays as it is.

        Raises:
            BooksRefused: There is no such receipt, or it is in another state.
        """
        return self._write_receipt(
            receipt_import_id, lambda connection: receipts.void(connection, receipt_import_id, at)
        )

    def create_credit(self, credit: Credit) -> bool:
        """Write a credit on an order; False where its Import ID stands in the books already: nothing was written then.

        Raises:
            BooksRefused: The order is not in the books, or the credit does not add up to its total.
        """
        check_credit(credit)
        now = datetime.now(UTC)
        return self._database.write_fast(
            lambda cursor: self._credits.create(cursor, credit, now), f"credit {credit.import_id}"
        )

    def credits(self, order_import_ids: Collection[str] | None = None) -> list[Credit]:
        """Return the credits on the orders with these Import IDs, or all of them, in the sequence in which they came in."""
        return self._database.read(lambda connection: credits_on(connection, order_import_ids))

    # Reading back.

    def clients(self, import_ids: Collection[str] | None = None) -> list[Client]:
        """Return the clients with these Import IDs, or all of them, in the sequence in which they came in."""
        return self._database.read(lambda connection: reading.clients(connection, import_ids))

    def products(self) -> list[Product]:
        """Return all products, by part number."""
        return self._database.read(reading.products)

    def promotions(self) -> list[Promotion]:
        """Return all promotions, in the sequence in which they came in."""
        return self._database.read(reading.promotions)

    def ship_vias(self) -> list[ShipVia]:
        """Return all ship vias, in the sequence in which they came in."""
        return self._database.read(reading.ship_vias)

    def trial_balance(self, import_ids: Collection[str] | None = None) -> list[TrialBalance]:
        """Return what each of these orders and its receipts add up to, or of all orders."""
        return self._database.read(
            lambda connection: reading.trial_balances(connection, import_ids)
        )

    def look_alikes(self) -> list[LookAlike]:
        """Return the records of older books that compare as equal to others, until one is gone.

        Both stay in the books. `docs/books.md` says how to rename or remove one of them.
        """
        return self._database.read(versions.look_alikes)

    def available(
        self, warehouse: str, part_numbers: Collection[str] | None = None
    ) -> dict[str, Decimal]:
        """Return the Qty Available in a warehouse by part number, of these products or of all that are stocked.

        It is what is on hand less what orders reserve from Open until they are Picked, and may be
        negative. Part numbers compare without case and come back as the books spell them; unknown
        ones are left out, and a product without a quantity has 0.

        Raises:
            BooksRefused: There is no such warehouse.
        """
        return self._database.read(
            lambda connection: stock.available(connection, warehouse, part_numbers)
        )

    # What users of AcctVantage do, for tests and for scripts that carry it over.

    def set_quantity(self, part_number: str, warehouse: str, quantity: Decimal | int) -> None:
        """Set what is on hand of a product in a warehouse. Goods of Picked orders are not on hand any more.

        Raises:
            BooksRefused: There is no such product or no such warehouse.
        """

        def work(connection: sa.Connection) -> None:
            stock.known_warehouse(connection, warehouse)
            part_key = text_key(part_number)
            if (
                connection.scalar(
                    sa.select(schema.products.c.part_key).where(
                        schema.products.c.part_key == part_key
                    )
                )
                is None
            ):
                raise BooksRefused(f"there is no product {part_number!r} in the books")
            stock.set_quantity(connection, warehouse, part_key, Decimal(quantity))

        self._database.write(work, f"product {part_number}")

    def add_shipment(self, shipment: Shipment) -> None:
        """Write a shipment, or change the one of its number, and stamp the time of the change; one that is there as it is stays.

        Raises:
            BooksRefused: Its order is not in the books or lacks one of the lines, or a quantity is
                not above zero.
        """
        self._database.write(
            lambda connection: self._shipments.write(connection, shipment, datetime.now(UTC)),
            f"shipment {shipment.number}",
        )

    def want_capture(self, receipt_import_id: str) -> Receipt:
        """Ask for the capture of a pre-authorized receipt, and no more for its void.

        Raises:
            BooksRefused: There is no such receipt, or it is in another state.
        """
        return self._write_receipt(
            receipt_import_id,
            lambda connection: receipts.want(connection, receipt_import_id, capture=True),
        )

    def want_void(self, receipt_import_id: str) -> Receipt:
        """Ask for the void of a pre-authorized receipt, and no more for its capture.

        Raises:
            BooksRefused: There is no such receipt, or it is in another state.
        """
        return self._write_receipt(
            receipt_import_id,
            lambda connection: receipts.want(connection, receipt_import_id, capture=False),
        )

    # Filling from files.

    def load(self, path: str | PathLike[str]) -> None:
        """Load reference data, products, clients and quantities from a books.toml (format: `docs/books.md`).

        What the books have already takes the values of the file; what the file does not name stays.
        Loading twice is loading once.

        Raises:
            BooksFileError: The file has faults, all of which it lists by key and line. Nothing was
                loaded.
        """
        loading.load_books(self._database, path)

    def load_products(self, path: str | PathLike[str]) -> int:
        """Load products from a CSV file whose columns are the keys of `products` in books.toml. Returns how many.

        Raises:
            BooksFileError: The file has faults, which it lists by column and line. Nothing was
                loaded.
        """
        return loading.load_products(self._database, path)

    def load_clients(self, path: str | PathLike[str]) -> int:
        """Load clients from a CSV file whose columns are the keys of `clients` in books.toml. Returns how many.

        Raises:
            BooksFileError: The file has faults, which it lists by column and line. Nothing was
                loaded.
        """
        return loading.load_clients(self._database, path)

    def load_quantities(self, path: str | PathLike[str]) -> int:
        """Load what is on hand from a CSV file with the columns part_number, warehouse and quantity. Returns how many rows.

        Raises:
            BooksFileError: The file has faults, which it lists by column and line. Nothing was
                loaded.
        """
        return loading.load_quantities(self._database, path)

    def _walk(
        self,
        part_numbers: Collection[str] | None,
        page: Callable[[sa.Connection, str], list[tuple[str, T]]],
        these: Callable[[sa.Connection, list[str]], list[tuple[str, T]]],
    ) -> Iterator[T]:
        """Read products by the keys of their part numbers, page by page: none is held open while the caller works on another."""
        if part_numbers is not None:
            for part_keys in reading.key_chunks(sorted(map(text_key, part_numbers))):
                for _, found in self._read(these, part_keys):
                    yield found
            return
        after = ""
        while rows := self._read(page, after):
            for _, found in rows:
                yield found
            after = rows[-1][0]

    def _read(self, work: Callable[[sa.Connection, K], T], key: K) -> T:
        return self._database.read(lambda connection: work(connection, key))

    def _write_receipt(self, import_id: str, work: Callable[[sa.Connection], Receipt]) -> Receipt:
        return self._database.write(work, f"receipt {import_id}")


class _ImportIdTaken(Exception):
    """The order stands in the books already: the transaction ends, and nothing of the bundle is written."""
