"""The versions of the books' tables: how earlier ones are brought up when the books are opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from avbc.acctvantage.errors import BooksRefused, BooksUnreachable, BooksUnusable
from avbc.acctvantage.records import LookAlike
from avbc.acctvantage.sql import handshake, schema
from avbc.acctvantage.sql.journal import mark_journaled
from avbc.database import Tables
from avbc.documentation import see
from avbc.logs import get_logger
from avbc.text import text_key

_log = get_logger("avbc.acctvantage")

_LOGGED = 20
"""Look-alikes that are named in the log; the rest is counted."""


def _to_version_2(connection: sa.Connection) -> None:
    """Shipments, credits, the end of a pre-authorization, quantities in order of their parts."""
    receipts, quantities = schema.receipts, schema.quantities
    for column in (receipts.c.captured_at, receipts.c.voided_at):
        kind = column.type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE receipts ADD COLUMN {column.name} {kind}")
    if connection.dialect.name == "postgresql":
        for table in (schema.products, schema.product_aliases, quantities):
            connection.exec_driver_sql(
                f'ALTER TABLE {table.name} ALTER COLUMN part_key TYPE TEXT COLLATE "C"'
            )
    else:
        connection.exec_driver_sql("ALTER TABLE quantities RENAME TO quantities_before")
        quantities.create(connection)
        connection.exec_driver_sql(
            "INSERT INTO quantities (warehouse, part_key, on_hand) "
            "SELECT warehouse, part_key, on_hand FROM quantities_before ORDER BY 1, 2"
        )
        connection.exec_driver_sql("DROP TABLE quantities_before")
    for table, name in (
        (schema.products, "ix_products_walk"),
        (schema.sales_orders, "ix_sales_orders_status_changed"),
        (receipts, "ix_receipts_wanted"),
        (receipts, "ix_receipts_authorized"),
    ):
        _index(table, name).create(connection)
    schema.metadata.create_all(
        connection,
        [
            schema.shipments,
            schema.shipment_items,
            schema.shipment_parcels,
            schema.shipment_parcel_items,
            schema.credits,
            schema.credit_lines,
            schema.credit_tenders,
        ],
    )


def _to_version_3(connection: sa.Connection) -> None:
    """Texts compare by `text_key`: in Unicode form NFC, with spaces folded to one.

    Two records whose keys were different and now are the same both stay. The one that has the key
    already keeps it, or else the first one gets it. The key of the other is marked by a space in
    front, which no `text_key` has, and the two are noted in `look_alikes`.
    """
    schema.look_alikes.create(connection)
    products, contacts, clients = schema.products.c, schema.contacts.c, schema.clients.c
    aliases, ship_vias, promotions = (
        table.c for table in (schema.product_aliases, schema.ship_vias, schema.promotions)
    )
    person = [contacts.email, contacts.last_name, contacts.first_name]
    found = [
        *_client_look_alikes(connection),
        *_rekey(connection, products.part_key, [products.part_number]),
        *_rekey(connection, ship_vias.name_key, [ship_vias.name]),
        *_rekey(connection, promotions.code_key, [promotions.code]),
        *_rekey(connection, contacts.person_key, person, contacts.client_id),
    ]
    for key, text in (
        (aliases.alias_key, aliases.alias),
        (contacts.email_key, contacts.email),
        (clients.email_key, clients.email),
    ):
        for row, new, _ in _changed(connection, key, [text]):
            connection.execute(key.table.update().values({key: new}).where(row))
    for name in _NAMES:
        first: dict[str, str] = {}
        for text in connection.scalars(sa.select(name).order_by(*name.table.primary_key)):
            same_as = first.setdefault(text_key(text), text)
            if same_as != text:
                found.append(LookAlike(name.table.name, text, text, same_as))
    for one in found:
        connection.execute(schema.look_alikes.insert().values(attrs.asdict(one)))


def _to_version_4(connection: sa.Connection) -> None:
    """What is left to ship of a line, and the store that an order came from.

    All of a line is left to ship, and of orders that are in the books the store is not known.
    """
    orders, lines = schema.sales_orders, schema.sales_order_lines
    for column, rule in ((lines.c.to_ship, ""), (orders.c.store_hash, " NOT NULL DEFAULT ''")):
        kind = column.type.compile(connection.dialect)
        connection.exec_driver_sql(
            f"ALTER TABLE {column.table.name} ADD COLUMN {column.name} {kind}{rule}"
        )
    connection.execute(lines.update().values(to_ship=lines.c.quantity))
    _index(orders, "ix_sales_orders_store").create(connection)


def _to_version_5(connection: sa.Connection) -> None:
    """The day of each order in its store's time zone.

    Of orders that are in the books it is not known: the books have no time zone.
    """
    column = schema.sales_orders.c.ordered_on
    kind = column.type.compile(connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE sales_orders ADD COLUMN {column.name} {kind}")


def _to_version_6(connection: sa.Connection) -> None:
    """What AcctVantage picks up and answers.

    Orders that are in the books are undecided: AcctVantage may have them already, so they are
    offered nowhere until a person says so (`SqlGateway.hand_over_earlier_orders`).
    """
    look = sa.inspect(connection)
    orders, receipts, of_credits = schema.sales_orders, schema.receipts, schema.credits
    for column, rule in (
        (schema.books.c.hand_over, " NOT NULL DEFAULT 'pick_up'"),
        (schema.clients.c.client_number, " NOT NULL DEFAULT ''"),
        (orders.c.hand_over, ""),
        *(
            (table.c[name], rule)
            for table in (orders, receipts, of_credits)
            for name, rule in (
                ("version", " NOT NULL DEFAULT 1"),
                ("offered_at", ""),
                ("answered", ""),
            )
        ),
    ):
        if column.name in {one["name"] for one in look.get_columns(column.table.name)}:
            continue  # The step to version 2 makes the credits of today.
        kind = column.type.compile(connection.dialect)
        connection.exec_driver_sql(
            f"ALTER TABLE {column.table.name} ADD COLUMN {column.name} {kind}{rule}"
        )
    for table, name in (
        (orders, "ix_sales_orders_to_enter"),
        (orders, "ix_sales_orders_refused"),
        (orders, "ix_sales_orders_undecided"),
        (receipts, "ix_receipts_to_enter"),
        (of_credits, "ix_credits_to_enter"),
    ):
        _index(table, name).create(connection, checkfirst=True)
    schema.metadata.create_all(
        connection,
        [
            schema.acknowledgements,
            schema.former_versions,
        ],
    )


def _to_version_7(connection: sa.Connection) -> None:
    """What was journaled on which day, and what AcctVantage sends: nothing yet."""
    quantities = schema.quantities
    there = {column["name"] for column in sa.inspect(connection).get_columns(quantities.name)}
    for column in (quantities.c.available, quantities.c.available_at):
        if column.name not in there:  # The step to version 2 makes the quantities of today.
            kind = column.type.compile(connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE quantities ADD COLUMN {column.name} {kind}")
    for table, _ in schema.PARTS_REFUSED:
        _index(table, f"ix_{table.name}_refused").create(connection, checkfirst=True)
    tables = [
        schema.journal_days,
        schema.journal_entries,
        schema.journal_documents,
        schema.entered_since,
        schema.shipments_in,
        schema.shipment_items_in,
        schema.shipment_parcels_in,
        schema.shipment_parcel_items_in,
    ]
    schema.metadata.create_all(connection, tables)
    if connection.dialect.name == "sqlite":  # Its columns cannot be altered to take NULL as empty.
        answers = schema.acknowledgements
        connection.exec_driver_sql("DROP INDEX ix_acknowledgements_import_id")
        connection.exec_driver_sql("ALTER TABLE acknowledgements RENAME TO acknowledgements_6")
        answers.create(connection)
        names = answers.columns.keys()
        former = sa.table("acknowledgements_6", *map(sa.column, names))
        connection.execute(
            answers.insert().from_select(names, sa.select(former), include_defaults=False)
        )
        connection.exec_driver_sql("DROP TABLE acknowledgements_6")


def _to_version_8(_: sa.Connection) -> None:
    """Stamps that never go back: they are made by triggers, which are no part of a step."""


def _to_version_9(connection: sa.Connection) -> None:
    """Clients are found by the customers that they are bound to."""
    bound = schema.client_store_customers
    _index(bound, f"ix_{bound.name}_customer").create(connection, checkfirst=True)


def _to_version_10(connection: sa.Connection) -> None:
    """What is asked for in every run is found by an index, however many orders there are."""
    orders, documents = schema.sales_orders, schema.journal_documents
    for table, name in (
        (orders, "ix_sales_orders_client_id"),
        (orders, "ix_sales_orders_store_order_id"),
        (orders, "ix_sales_orders_ordered_at"),
        (orders, "ix_sales_orders_to_journal"),
    ):
        _index(table, name).create(connection, checkfirst=True)
    mark_journaled(connection)
    is_there = [
        sa.exists().where(table.c.import_id == documents.c.import_id)
        for table in (orders, schema.receipts, schema.credits)
    ]
    gone = sa.select(documents.c.import_id).where(~sa.or_(*is_there))
    schema.journal_removed.create(connection)
    connection.execute(schema.journal_removed.insert().from_select(["import_id"], gone))


def _index(table: sa.Table, name: str) -> sa.Index:
    return next(index for index in table.indexes if index.name == name)


_NAMES = (
    schema.order_statuses.c.name,
    schema.receipt_types.c.name,
    schema.gl_accounts.c.code,
    schema.tax_areas.c.name,
    schema.warehouses.c.name,
)
"""Names that are unique as they are written; no key is kept of them."""

_KEYS: Mapping[str, sa.Column[Any]] = {
    column.table.name: column
    for column in (
        schema.products.c.part_key,
        schema.ship_vias.c.name_key,
        schema.promotions.c.code_key,
        schema.contacts.c.person_key,
        schema.clients.c.id,
        *_NAMES,
    )
}
"""By table: where the `key` of a look-alike is."""


def _rows(
    connection: sa.Connection, select: sa.Select[*tuple[Any, ...]]
) -> Iterator[Sequence[Any]]:
    """Read a table of any size, some thousand rows at a time."""
    return iter(connection.execute(select, execution_options={"yield_per": 5_000}))


def _changed(
    connection: sa.Connection, key: sa.Column[str], texts: Sequence[sa.Column[str]]
) -> list[tuple[sa.ColumnElement[bool], str, list[str]]]:
    """The rows whose key is not what it is today: which row, the new key and its texts."""
    own = list(key.table.primary_key)
    found: list[tuple[sa.ColumnElement[bool], str, list[str]]] = []
    for old, *values in _rows(connection, sa.select(key, *own, *texts).order_by(*own)):
        new = "\n".join(text_key(text) for text in values[len(own) :])
        if new != old:
            row = sa.and_(*(column == value for column, value in zip(own, values, strict=False)))
            found.append((row, new, values[len(own) :]))
    return found


def _rekey(
    connection: sa.Connection,
    key: sa.Column[str],
    texts: Sequence[sa.Column[str]],
    owner: sa.Column[int] | None = None,
) -> Iterator[LookAlike]:
    """Renew a unique key (unique within an owner, if there is one); yield who cannot have it."""
    table = key.table
    for row, new, values in _changed(connection, key, texts):
        within: list[sa.ColumnElement[bool]] = []
        if owner is not None:
            within.append(owner == sa.select(owner).where(row).scalar_subquery())
        free, same_as = new, ""
        while other := connection.execute(sa.select(*texts).where(key == free, *within)).first():
            free, same_as = f" {free}", same_as or _called(other)
        if table is schema.products:
            _move_product(connection, row, free)
        else:
            connection.execute(table.update().values({key: free}).where(row))
        if same_as:
            yield LookAlike(table.name, free, _called(values), same_as)


def _move_product(connection: sa.Connection, row: sa.ColumnElement[bool], part_key: str) -> None:
    """Give a product another key, by which its aliases and quantities refer to it."""
    products = schema.products
    old = connection.scalar(sa.select(products.c.part_key).where(row))
    others = [column for column in products.columns if column is not products.c.part_key]
    copy = sa.select(sa.literal(part_key), *others).where(row)
    connection.execute(products.insert().from_select([products.c.part_key, *others], copy))
    for table in (schema.product_aliases, schema.quantities):
        moved = table.update().values(part_key=part_key).where(table.c.part_key == old)
        connection.execute(moved)
    connection.execute(products.delete().where(products.c.part_key == old))


def _client_look_alikes(connection: sa.Connection) -> Iterator[LookAlike]:
    """Clients whose name, first name and email were different and now compare equal.

    Clients may share all three, so their keys are not unique: look-ups find both.
    """
    table = schema.clients.c
    select = sa.select(table.id, table.name, table.first_name, table.email).order_by(table.id)

    def keys() -> Iterator[tuple[int, list[str], tuple[str, ...]]]:
        for number, *texts in _rows(connection, select):
            yield number, texts, tuple(map(text_key, texts))

    changed = {key for _, texts, key in keys() if key != _key_before(texts)}
    first: dict[tuple[str, ...], list[str]] = {}
    for number, texts, key in keys() if changed else ():
        same_as = first.setdefault(key, texts)
        if key in changed and _key_before(same_as) != _key_before(texts):
            yield LookAlike("clients", str(number), _called(texts), _called(same_as))


def _called(texts: Iterable[str]) -> str:
    return " ".join(filter(None, texts))


def _key_before(texts: Iterable[str]) -> tuple[str, ...]:
    """By what texts compared up to version 2."""
    return tuple(text.strip().casefold() for text in texts)


def look_alikes(connection: sa.Connection) -> list[LookAlike]:
    """Return the records of older books that compare as equal to others, until one is gone.

    Both stay in the books. `docs/books.md` says how to rename or remove one of them.
    """
    found: list[LookAlike] = []
    table = schema.look_alikes.c
    select = sa.select(table.table_name, table.key, table.text, table.same_as).order_by(table.id)
    for row in connection.execute(select):
        key = _KEYS[row.table_name]
        value = key.type.python_type(row.key)
        if connection.execute(sa.select(key).where(key == value)).first():
            found.append(LookAlike(*row))
    return found


def _report(connection: sa.Connection) -> None:
    undecided = connection.scalar(
        sa.select(sa.func.count())
        .select_from(schema.sales_orders)
        .where(schema.sales_orders.c.hand_over.is_(None))
    )
    if undecided:
        _log.warning(
            "%d orders came into the books before AcctVantage could pick them up: they are "
            "offered nowhere until SqlGateway.hand_over_earlier_orders(to) says what becomes of "
            "them (pick_up, journal or entered)",
            undecided,
        )
    found = look_alikes(connection)
    for one in found[:_LOGGED]:
        _log.warning(
            "two records of the books compare as equal in %s: %a and %a. Rename or remove one of "
            "them (%s)",
            one.table_name,
            one.text,
            one.same_as,
            see("books"),
        )
    if len(found) > _LOGGED:
        _log.warning(
            "the books have %d more such pairs: the table look_alikes of their database lists all",
            len(found) - _LOGGED,
        )


BOOKS = Tables(
    owner="the books",
    metadata=schema.metadata,
    versions=schema.books_version,
    version=10,
    migrations={
        1: _to_version_2,
        2: _to_version_3,
        3: _to_version_4,
        4: _to_version_5,
        5: _to_version_6,
        6: _to_version_7,
        7: _to_version_8,
        8: _to_version_9,
        9: _to_version_10,
    },
    programs=(handshake.create, handshake.drop),
    errors={
        "unreachable": BooksUnreachable,
        "refused": BooksRefused,
        "unusable": BooksUnusable,
        "misplaced": BooksUnusable,
        "too_new": BooksUnusable,
    },
    log=_log,
    on_open=_report,
    attempts=3,
)
"""What a database is opened with. Every transaction is safe to repeat: Import IDs are unique."""
