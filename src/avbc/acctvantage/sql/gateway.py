"""SqlGateway: books that work out of the box, for tests and notebooks, and as the staging database of an AcctVantage script or ODBC job."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from os import PathLike
from types import TracebackType
from typing import Self

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor

from avbc.acctvantage.files import meant
from avbc.acctvantage.gateway import BooksRefused, BooksUnreachable
from avbc.acctvantage.records import (
    Client,
    CreatedOrder,
    OrderBundle,
    Product,
    Promotion,
    Receipt,
    ReferenceData,
    SalesOrder,
    ShipVia,
    TrialBalance,
    text_key,
)
from avbc.acctvantage.sql import loading, reading, schema, stock
from avbc.acctvantage.sql.database import Database
from avbc.acctvantage.sql.orders import OrderWriter, check


class SqlGateway:
    """Books in a SQLite or PostgreSQL database. It is a complete `avbc.Gateway`, and can be read back and filled from files.

    Nothing is connected to before the first use, which creates the tables. Threads and processes may use the same books at once; in memory,
    threads of this process. Times are UTC, amounts exact. Every method raises `BooksUnreachable`, `BooksRefused` or `BooksUnusable` as
    `avbc.Gateway` says.

    Args:
        url: `sqlite://` for books in memory, `sqlite:///books.db` for a file, `postgresql://user:password@host/database`
            (needs `avbc[postgresql]`).

    Raises:
        BooksUnusable: The URL is none of these, or the driver is not installed.

    >>> with SqlGateway() as books:
    ...     books.reference_data().order_statuses[1]
    'Open'
    """

    def __init__(self, url: str = "sqlite://") -> None:
        self._database = Database(url)
        self._orders = OrderWriter(self._database.kind)

    @property
    def engine(self) -> sa.Engine:
        """The SQLAlchemy engine, for tables of your own beside the books'. A transaction of it is a writer's on SQLite."""
        return self._database.engine

    def close(self) -> None:
        """Close all connections. Books in memory are lost with them."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
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
        return self._database.read(lambda connection: reading.find_clients(connection, import_ids, emails))

    def find_products(self, part_numbers: Collection[str]) -> list[Product]:
        """Return the products whose part number or alias is among these; both compare without case."""
        return self._database.read(lambda connection: reading.find_products(connection, part_numbers))

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        """Write the bundle in one transaction, or nothing.

        The unique Import ID decides who creates the order: a second call writes nothing and answers with what stands in the books.
        Promotions and ship vias that are there already, a client whose Import ID is, and a contact who is at the client, are taken as they
        stand.

        Raises:
            BooksRefused: The order does not add up to its total, names a client that is not in the books, or uses an Import ID of another
                record. Nothing was written.
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
                raise BooksUnreachable(f"order {import_id} was removed from the books while it was read: try again") from None
            return CreatedOrder(standing[0], created=False)
        return CreatedOrder(created, created=True)

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        """Replace the order and its receipts by the bundle's, in one transaction. Its id and its status stay.

        Raises:
            BooksRefused: The order is not in the books or not Open any more, a receipt on it is posted, or the bundle breaks a rule as in
                `create_order`. Nothing was changed.
        """
        check(bundle)
        import_id = bundle.order.import_id
        now = datetime.now(UTC)
        self._database.write_fast(lambda cursor: self._orders.update(cursor, bundle, now), f"order {import_id}")
        return self.sales_orders([import_id])[0]

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
        return self._database.read(lambda connection: reading.trial_balances(connection, import_ids))

    def available(self, warehouse: str, part_numbers: Collection[str] | None = None) -> dict[str, Decimal]:
        """Return the Qty Available in a warehouse by part number, of these products or of all that are stocked.

        It is what is on hand less what orders reserve from Open until they are Picked, and may be negative. Part numbers compare without
        case and come back as the books spell them; unknown ones are left out, and a product without a quantity has 0.

        Raises:
            BooksRefused: There is no such warehouse.
        """
        return self._database.read(lambda connection: stock.available(connection, warehouse, part_numbers))

    # What users of AcctVantage do, for tests and for scripts that carry it over.

    def set_order_status(self, import_id: str, status: str) -> SalesOrder:
        """Give an order a status, and stamp the time of the change. At Picked its goods leave what is on hand; before it they come back.

        An order that has the status already stays as it is. Whether an order may be posted is for the caller to know.

        Raises:
            BooksRefused: There is no such order, or the books know no such status.
        """

        def work(connection: sa.Connection) -> SalesOrder:
            statuses = reading.order_statuses(connection)
            if status not in statuses:
                raise BooksRefused(f"the books know no order status {status!r}{meant(status, statuses)}")
            order = schema.sales_orders
            this = order.c.import_id == import_id
            before = connection.scalar(sa.select(order.c.status).where(this).with_for_update())
            if before is None:
                raise BooksRefused(f"there is no order {import_id!r} in the books")
            if before != status:
                connection.execute(order.update().values(status=status, status_changed_at=datetime.now(UTC)).where(this))
                was_taken, now_taken = (stock.is_taken(which, statuses) for which in (before, status))
                if was_taken != now_taken:
                    stock.move(connection, import_id, -1 if now_taken else 1)
            return reading.sales_orders(connection, [import_id])[0]

        return self._database.write(work, f"order {import_id}")

    def set_quantity(self, part_number: str, warehouse: str, quantity: Decimal | int) -> None:
        """Set what is on hand of a product in a warehouse. Goods of Picked orders are not on hand any more.

        Raises:
            BooksRefused: There is no such product or no such warehouse.
        """

        def work(connection: sa.Connection) -> None:
            stock.known_warehouse(connection, warehouse)
            part_key = text_key(part_number)
            if connection.scalar(sa.select(schema.products.c.part_key).where(schema.products.c.part_key == part_key)) is None:
                raise BooksRefused(f"there is no product {part_number!r} in the books")
            stock.set_quantity(connection, warehouse, part_key, Decimal(quantity))

        self._database.write(work, f"product {part_number}")

    # Filling from files.

    def load(self, path: str | PathLike[str]) -> None:
        """Load reference data, products, clients and quantities from a books.toml (format: `docs/books.md`).

        What the books have already takes the values of the file; what the file does not name stays. Loading twice is loading once.

        Raises:
            BooksFileError: The file has faults, all of which it lists by key and line. Nothing was loaded.
        """
        loading.load_books(self._database, path)

    def load_products(self, path: str | PathLike[str]) -> int:
        """Load products from a CSV file whose columns are the keys of `products` in books.toml. Returns how many.

        Raises:
            BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
        """
        return loading.load_products(self._database, path)

    def load_clients(self, path: str | PathLike[str]) -> int:
        """Load clients from a CSV file whose columns are the keys of `clients` in books.toml. Returns how many.

        Raises:
            BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
        """
        return loading.load_clients(self._database, path)

    def load_quantities(self, path: str | PathLike[str]) -> int:
        """Load what is on hand from a CSV file with the columns part_number, warehouse and quantity. Returns how many rows.

        Raises:
            BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
        """
        return loading.load_quantities(self._database, path)


class _ImportIdTaken(Exception):
    """The order stands in the books already: the transaction ends, and nothing of the bundle is written."""
