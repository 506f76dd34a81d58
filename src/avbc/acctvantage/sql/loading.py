"""Loading files into the books: one transaction for a file, in lots that keep memory flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from typing import Any, TypeVar

import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage.books_file import (
    CLIENT_COLUMNS,
    PRODUCT_COLUMNS,
    QUANTITY_COLUMNS,
    BooksSource,
    CsvFile,
    Quantity,
    client_names,
    meant,
    read_books,
)
from avbc.acctvantage.files.exports import (
    ALIASES_FILE,
    CLIENTS_FILE,
    PRODUCTS_FILE,
    QUANTITIES_FILE,
    Alias,
    ExportFile,
    Layout,
    read_aliases,
    read_clients,
    read_products,
)
from avbc.acctvantage.records import Client, Product, ReferenceData
from avbc.acctvantage.sql import column_types, schema
from avbc.acctvantage.sql.client_locks import lock_all_clients
from avbc.acctvantage.sql.orders import OrderWriter
from avbc.acctvantage.sql.reading import key_chunks
from avbc.acctvantage.sql.rows import (
    CLIENTS,
    PRODUCTS,
    PROMOTIONS,
    SHIP_VIAS,
    TAX_AREAS,
    Insert,
    insert_many,
    insert_sql,
    put,
)
from avbc.database import Database, chunks
from avbc.text import quoted, text_key

R = TypeVar("R")
N = TypeVar("N", Alias, Quantity)

_LOT = 2_000
"""Rows that are held at once."""


def load(database: Database, source: BooksSource) -> None:
    """Load reference data, products, clients and quantities from a books.toml.

    Records that the books have already take the values of the file, and what the file does not name
    stays. Loading twice is loading once. `docs/books.md` has the format. The source is the file's
    path; its text, which has a line break or a quotation mark; or a dict with its keys.

    Raises:
        BooksFileError: The file has faults, all of which it lists by key and line. Nothing was
            loaded.
    """
    file = read_books(source, database.read(_warehouses))
    put = _Put(database.kind)

    def work(connection: sa.Connection) -> None:
        if file.clients:
            lock_all_clients(connection)
        if file.currency is not None or file.hand_over is not None:
            _put_books(connection, file.currency, file.hand_over)
        if file.order_statuses is not None:
            connection.execute(schema.order_statuses.delete())
            connection.execute(
                schema.order_statuses.insert(),
                [
                    {"position": position, "name": name}
                    for position, name in enumerate(file.order_statuses)
                ],
            )
        for column, names in (
            (schema.receipt_types.c.name, file.receipt_types),
            (schema.gl_accounts.c.code, file.gl_accounts),
            (schema.warehouses.c.name, [warehouse.name for warehouse in file.warehouses]),
        ):
            insert = insert_sql([column], database.kind, taken=[column.name])
            insert_many(connection, insert, [[name] for name in names])
        classes = schema.warehouse_product_classes
        for warehouse in file.warehouses:
            connection.execute(classes.delete().where(classes.c.warehouse == warehouse.name))
            for position, name in enumerate(warehouse.product_classes):
                connection.execute(
                    classes.insert().values(
                        warehouse=warehouse.name, position=position, product_class=name
                    )
                )
        put.tax_area.many(connection, [[record] for record in file.tax_areas])
        put.ship_via.many(
            connection, [[record, text_key(record.name)] for record in file.ship_vias]
        )
        put.promotion.many(
            connection, [[record, text_key(record.code)] for record in file.promotions]
        )
        for products in chunks(file.products, _LOT):
            put.products(connection, products)
        for quantities in chunks(file.quantities, _LOT):
            put.quantities(connection, quantities)
        for clients in chunks(file.clients, _LOT):
            put.clients(connection, clients)

    database.write(work, file.source)


def load_products(
    database: Database, path: str | PathLike[str], layout: Layout | None = None
) -> int:
    """Load products from a CSV file with the keys of `products` in books.toml; return how many.

    With a layout, the file is an export with other columns (`avbc.acctvantage.files.Layout`).

    Raises:
        BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
    """
    file = (
        CsvFile(path, PRODUCT_COLUMNS)
        if layout is None
        else ExportFile(path, PRODUCTS_FILE, layout)
    )
    return _load_csv(
        database,
        file,
        lambda: read_products(file),
        _Put(database.kind).products,
    )


def load_clients(
    database: Database, path: str | PathLike[str], layout: Layout | None = None
) -> int:
    """Load clients from a CSV file with the keys of `clients` in books.toml; return how many.

    With a layout, the file is an export with other columns (`avbc.acctvantage.files.Layout`).

    Raises:
        BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
    """
    file = (
        CsvFile(path, CLIENT_COLUMNS) if layout is None else ExportFile(path, CLIENTS_FILE, layout)
    )
    return _load_csv(
        database,
        file,
        lambda: read_clients(file),
        _Put(database.kind).clients,
        lock_all_clients,
    )


def load_quantities(
    database: Database, path: str | PathLike[str], layout: Layout | None = None
) -> int:
    """Load what is on hand from a CSV file: part_number, warehouse, quantity; return how many.

    With a layout, the file is an export with other columns (`avbc.acctvantage.files.Layout`).

    Raises:
        BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
    """
    put = _Put(database.kind)
    warehouses = database.read(_warehouses)

    file = (
        CsvFile(path, QUANTITY_COLUMNS)
        if layout is None
        else ExportFile(path, QUANTITIES_FILE, layout)
    )

    def records() -> Iterator[Quantity]:
        seen: dict[tuple[str, str], int] = {}
        for line, values in file.rows():
            number, warehouse = values["part_number"], values["warehouse"]
            first = seen.setdefault((warehouse, text_key(number)), line)
            if first != line:
                message = (
                    f"{quoted(number)} is there already for {quoted(warehouse)}, in line {first}"
                )
                file.fault("part_number", message, line)
            elif warehouse in warehouses:
                yield Quantity(**values, line=line)
            else:
                file.fault(
                    "warehouse",
                    f"{quoted(warehouse)} is not a warehouse of the "
                    f"books{meant(warehouse, warehouses)}",
                    line,
                )

    def write(connection: sa.Connection, quantities: Sequence[Quantity]) -> None:
        put.quantities(connection, _of_products(connection, file, quantities))

    return _load_csv(database, file, records, write)


def load_aliases(
    database: Database, path: str | PathLike[str], layout: Layout | None = None
) -> int:
    """Load aliases from a file of part numbers and aliases; return how many.

    They become all the aliases of the products that the file names.

    Raises:
        BooksFileError: The file has faults, which it lists by column and line. Nothing was loaded.
    """
    file = ExportFile(path, ALIASES_FILE, layout or Layout())
    positions: defaultdict[str, int] = defaultdict(int)
    insert = insert_sql(list(schema.product_aliases.columns), database.kind)

    def write(connection: sa.Connection, aliases: Sequence[Alias]) -> None:
        rows: list[list[object]] = []
        table = schema.product_aliases
        for each in _of_products(connection, file, aliases):
            key = text_key(each.part_number)
            if key not in positions:
                connection.execute(table.delete().where(table.c.part_key == key))
            rows.append([key, positions[key], text_key(each.alias), each.alias])
            positions[key] += 1
        insert_many(connection, insert, rows)

    def records() -> Iterator[Alias]:
        positions.clear()
        return read_aliases(file)

    return _load_csv(database, file, records, write)


def _of_products(connection: sa.Connection, file: CsvFile, rows: Sequence[N]) -> list[N]:
    """Those whose part number the books know; any other is a fault of the file."""
    product = schema.products.c.part_key
    known: set[str] = set()
    for chunk in key_chunks(text_key(row.part_number) for row in rows):
        known.update(connection.scalars(sa.select(product).where(product.in_(chunk))))
    good: list[N] = []
    for row in rows:
        if text_key(row.part_number) in known:
            good.append(row)
        else:
            message = f"{quoted(row.part_number)} is not a product of the books"
            file.fault("part_number", message, row.line)
    return good


def _load_csv(
    database: Database,
    file: CsvFile,
    records: Callable[[], Iterator[R]],
    write: Callable[[sa.Connection, Sequence[R]], None],
    lock: Callable[[sa.Connection], None] | None = None,
) -> int:
    """Write a file's records lot by lot; any fault undoes all of them."""

    def work(connection: sa.Connection) -> int:
        count = 0
        if lock is not None:
            lock(connection)
        for lot in chunks(records(), _LOT):
            write(connection, lot)
            count += len(lot)
        file.raise_faults()
        return count

    return database.write(work, str(file))


def _warehouses(connection: sa.Connection) -> list[str]:
    return list(connection.scalars(sa.select(schema.warehouses.c.name)))


def _put_books(connection: sa.Connection, currency: str | None, hand_over: str | None) -> None:
    """Write what is given of the books themselves; the rest stays."""
    table = schema.books.c
    there = connection.execute(sa.select(table.currency, table.hand_over)).first()
    before = there or (ReferenceData().currency, "pick_up")
    row = {
        "id": 1,
        "currency": currency or before[0],
        "hand_over": hand_over or before[1],
    }
    put(connection, schema.books, row)


class _Put:
    """What puts records into the books, whether they are there already or not."""

    def __init__(self, kind: str) -> None:
        self._writer = OrderWriter(kind)
        self.tax_area = Insert(TAX_AREAS, kind, replaced=["name"])
        self.ship_via = Insert(SHIP_VIAS, kind, "name_key", replaced=["name_key"])
        self.promotion = Insert(PROMOTIONS, kind, "code_key", replaced=["code_key"])
        self._product = Insert(PRODUCTS, kind, "part_key", replaced=["part_key"])
        self._alias = insert_sql(list(schema.product_aliases.columns), kind)
        quantity, key = schema.quantities.c, ["warehouse", "part_key"]
        self._quantity = insert_sql(
            [quantity.warehouse, quantity.part_key, quantity.on_hand], kind, replaced=key
        )
        self._exact = column_types.TO_STORE[kind][column_types.Exact]
        self._client = Insert(CLIENTS, kind, "email_key")
        self._client_by_id = Insert(CLIENTS, kind, "id", "email_key", replaced=["id"])

    def products(self, connection: sa.Connection, products: Sequence[Product]) -> None:
        """Add or replace products with their aliases."""
        keys = [text_key(product.part_number) for product in products]
        self._product.many(connection, list(zip(products, keys, strict=True)))
        aliases = schema.product_aliases
        for chunk in key_chunks(keys):
            connection.execute(aliases.delete().where(aliases.c.part_key.in_(chunk)))
        rows = [
            [key, position, text_key(alias), alias]
            for product, key in zip(products, keys, strict=True)
            for position, alias in enumerate(product.aliases)
        ]
        insert_many(connection, self._alias, rows)

    def quantities(self, connection: sa.Connection, quantities: Sequence[Quantity]) -> None:
        """Set what is on hand of products that are in the books."""
        rows = [
            [quantity.warehouse, text_key(quantity.part_number), self._exact(quantity.quantity)]
            for quantity in quantities
        ]
        insert_many(connection, self._quantity, rows)

    def clients(self, connection: sa.Connection, clients: Sequence[Client]) -> None:
        """Add clients, or replace those of the same Import ID, or else names and email."""
        standing, cursor = _Standing(connection, clients), connection.connection.cursor()
        new: list[list[Any]] = []
        replaced: list[list[Any]] = []
        bound_ids: list[dict[str, object]] = []
        for client in clients:
            client_id, import_id = standing.find(client)
            if client_id is not None:
                bound = evolve(client, import_id=client.import_id or import_id)
                replaced.append(self._client_by_id.row(bound, client_id, text_key(client.email)))
                for contact in client.contacts:
                    self._writer.contact(cursor, client_id, contact)
                for code, number in client.store_customer_ids.items():
                    bound_ids.append(
                        {"client_id": client_id, "source_code": code, "customer_id": number}
                    )
                continue
            new.append(self._client.row(client, text_key(client.email)))
            if client.contacts or client.store_customer_ids:
                # Its id is needed, so it is not one of many; those before it go first, so that ids
                # follow the file.
                insert_many(connection, self._client.sql, new[:-1])
                new.clear()
                self._writer.client(cursor, client)
        insert_many(connection, self._client.sql, new)
        insert_many(connection, self._client_by_id.sql, replaced)
        put(connection, schema.client_store_customers, *bound_ids)


class _Standing:
    """The clients of the books that some clients of a file may be."""

    def __init__(self, connection: sa.Connection, clients: Sequence[Client]) -> None:
        table = schema.clients
        select = sa.select(
            table.c.id, table.c.import_id, table.c.name, table.c.first_name, table.c.email
        )
        self._by_import_id: dict[str, int] = {}
        self._by_names: defaultdict[tuple[str, ...], dict[int, str | None]] = defaultdict(dict)
        for chunk in key_chunks(client.import_id for client in clients if client.import_id):
            for row in connection.execute(select.where(table.c.import_id.in_(chunk))):
                self._by_import_id[row.import_id] = row.id
        without_email = table.c.email_key == ""
        queries = [
            select.where(table.c.email_key.in_(chunk))
            for chunk in key_chunks(text_key(client.email) for client in clients if client.email)
        ]
        queries += [
            select.where(without_email, table.c.name.in_(chunk))
            for chunk in key_chunks(client.name for client in clients if not client.email)
        ]
        for query in queries:
            for client_id, import_id, *names in connection.execute(query.order_by(table.c.id)):
                self._by_names[tuple(text_key(name) for name in names)][client_id] = import_id

    def find(self, client: Client) -> tuple[int | None, str | None]:
        """The id and the Import ID of the client that this one is.

        Among several of the same names, one that was never imported comes first.
        """
        if client.import_id in self._by_import_id:
            return self._by_import_id[client.import_id], client.import_id
        same = self._by_names.get(client_names(client), {})
        never_imported = [client_id for client_id, import_id in same.items() if import_id is None]
        if never_imported:
            return never_imported[0], None
        return next(iter(same.items()), (None, None)) if client.import_id is None else (None, None)
