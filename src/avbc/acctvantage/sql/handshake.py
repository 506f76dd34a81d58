"""What the database does by itself: the views that AcctVantage reads, the triggers behind them.

`docs/handshake.md` (The tables) describes them for those who write SQL. They are made again after
each migration, so this is their only definition.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import sqlalchemy as sa

from avbc.acctvantage.records import ORDER_STATUSES
from avbc.acctvantage.sql import inbound, schema
from avbc.database import NOW

_VERSIONED = ("sales_orders", "receipts", "credits")
"""Tables of documents that AcctVantage picks up and answers, each under versions of its own."""

_STATUSES = ", ".join(f"'{name}'" for name in ORDER_STATUSES)


def _is_unknown(status: str) -> str:
    """Whether the books know no such status; those without any of their own have the defaults."""
    return (
        f"NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = {status}) AND (EXISTS "
        f"(SELECT 1 FROM order_statuses) OR {status} NOT IN ({_STATUSES}))"
    )


def _version_of(import_id: str) -> str:
    """The present version of the order, receipt or credit; NULL where there is none."""
    each = (f"(SELECT version FROM {table} WHERE import_id = {import_id})" for table in _VERSIONED)
    return f"COALESCE({', '.join(each)})"


def _text(name: str) -> str:
    """A text of an acknowledgement as it is kept: NULL is empty, and so are spaces alone."""
    return f"TRIM(COALESCE({name}, ''))"


_TEXTS = ("document_number", "status", "client_number", "refused_code", "refused_text")
_NUMBER, _STATUS, _CLIENT, _CODE, _WORDS = (_text(f"NEW.{name}") for name in _TEXTS)


def _entered_before(condition: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND "
        f"a.version = NEW.version AND {condition})"
    )


_EARLIER = schema.EARLIER_DOCUMENT

_REFUSALS = (
    (
        "NEW.import_id IS NULL OR NEW.version IS NULL",
        "an acknowledgement needs import_id and version: send back what was picked up",
    ),
    (
        f"{_NUMBER} = '' AND {_CODE} = '' AND {_WORDS} = ''",
        (
            "an acknowledgement needs document_number (entered), or refused_code or refused_text "
            "(refused)"
        ),
    ),
    (
        f"{_NUMBER} <> '' AND ({_CODE} <> '' OR {_WORDS} <> '')",
        (
            "an acknowledgement with document_number is entered: it cannot have refused_code or "
            "refused_text"
        ),
    ),
    (
        f"{_version_of('NEW.import_id')} IS NULL",
        "the books have no order, receipt or credit with the import_id of the acknowledgement",
    ),
    (
        f"NEW.version < 1 OR NEW.version > {_version_of('NEW.import_id')}",
        "version of the acknowledgement was never offered: send back the one that was picked up",
    ),
    (
        (
            "EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id AND "
            "COALESCE(hand_over, '') <> 'pick_up')"
        ),
        "the order of the acknowledgement is not offered for pick-up",
    ),
    (
        f"{_NUMBER} = '' AND " + _entered_before("a.document_number <> ''"),
        (
            "this version is acknowledged as entered and cannot be refused: void the document in "
            "AcctVantage instead"
        ),
    ),
    (
        (
            f"{_NUMBER} NOT IN ('', '{_EARLIER}') AND "
            + _entered_before(f"a.document_number NOT IN ('', '{_EARLIER}')")
            + " AND NOT "
            + _entered_before(f"a.document_number = {_NUMBER}")
        ),
        (
            "this version is acknowledged as entered under another document_number: look for a "
            "second document in AcctVantage, and void it"
        ),
    ),
    (
        (
            f"{_STATUS} <> '' AND NOT EXISTS "
            "(SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id)"
        ),
        "only the acknowledgement of an order has a status",
    ),
    (
        f"{_STATUS} <> '' AND {_is_unknown(_STATUS)}",
        "status of the acknowledgement is not in order_statuses",
    ),
)
"""When an acknowledgement is refused, and in which words."""

_UNKNOWN_STATUS = "status of the order is not in order_statuses"
_ID = "id of the acknowledgement is made by the database: leave it out"
_APPEND_ONLY = "acknowledgements are never changed or deleted: add another one"

_ANSWERED = f"CASE WHEN {_NUMBER} <> '' THEN 'entered' ELSE 'refused' END"
_TAKES_ANSWER = (
    *inbound.KEEPS_RESERVED,
    *(
        f"UPDATE {table} SET answered = {_ANSWERED} "
        "WHERE import_id = NEW.import_id AND version = NEW.version"
        for table in _VERSIONED
    ),
    (
        f"UPDATE sales_orders SET status = {_STATUS} "
        f"WHERE import_id = NEW.import_id AND version = NEW.version AND {_STATUS} <> ''"
    ),
    (
        f"UPDATE clients SET client_number = {_CLIENT} "
        f"WHERE {_CLIENT} <> '' AND id IN (SELECT client_id FROM sales_orders "
        "WHERE import_id = NEW.import_id AND version = NEW.version)"
    ),
)
"""What an acknowledgement changes: nothing where its version is not the present one."""

_KEEP_VERSION = (
    "INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) "
    "ON CONFLICT (import_id) DO UPDATE SET version = excluded.version"
)
"""One that is removed and comes again goes on counting: no answer to what was is one to it."""

_NEXT_VERSION = (
    "COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), "
    "1)"
)

_RECEIPT_CHANGES = ("receipt_type", "state", "amount", "pre_auth_amount")
"""Fields of a receipt whose change makes another version of it."""

_SHIPMENT_CHANGES = [
    column.name for column in schema.shipments.columns if column.name not in {"id", "changed_at"}
]
_SHIPMENT_PARTS = ("shipment_items", "shipment_parcels", "shipment_parcel_items")


def _leave_journal(table: str) -> str:
    """What was journaled of a document that is removed is taken back by the next closing."""
    of_order = (
        "WHERE OLD.hand_over = 'journal'"
        if table == "sales_orders"
        else "FROM sales_orders AS o WHERE o.import_id = OLD.order_import_id "
        "AND o.hand_over = 'journal'"
    )
    return f"INSERT INTO journal_removed (import_id) SELECT OLD.import_id {of_order}"


def _differs(kind: str, *names: str) -> str:
    word = "IS NOT" if kind == "sqlite" else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{name} {word} OLD.{name}" for name in names) + ")"


def _part_differs(kind: str, table: str) -> str:
    return _differs(kind, *(column.name for column in schema.metadata.tables[table].columns))


def _next_stamp(kind: str, table: str, column: str) -> str:
    """The present, and never a time before the last stamp of the column.

    A clock may be set back, and on SQLite each machine has its own: who asks for what changed since
    the last stamp would never see a change with an earlier one.
    """
    now = NOW[kind]
    last = f"SELECT max({column}) FROM {table} WHERE {column} IS NOT NULL"
    if kind == "sqlite":
        return f"max({now}, COALESCE(({last}), ''))"
    return f"GREATEST({now}, ({last}))"


_status_stamp = partial(_next_stamp, table="sales_orders", column="status_changed_at")
_shipment_stamp = partial(_next_stamp, table="shipments", column="changed_at")


_HAND_OVER = "COALESCE((SELECT b.hand_over FROM books AS b), 'pick_up')"


# SQLite.


def _sqlite_trigger(name: str, event: str, *work: str, when: str = "") -> str:
    condition = f" WHEN {when}" if when else ""
    return f"CREATE TRIGGER avbc_{name} {event}{condition} BEGIN {'; '.join(work)}; END"


def _sqlite_triggers() -> Iterator[str]:
    now = NOW["sqlite"]
    for table in _VERSIONED:
        is_order = table == "sales_orders"
        decided = f", hand_over = {_HAND_OVER}" if is_order else ""
        undecided = " OR NEW.hand_over IS NULL" if is_order else ""
        yield _sqlite_trigger(
            f"{table}_offered",
            f"AFTER INSERT ON {table}",
            f"UPDATE {table} SET version = {_NEXT_VERSION}, offered_at = {now}{decided} "
            "WHERE id = NEW.id",
            when=f"NEW.offered_at IS NULL{undecided} OR EXISTS "
            "(SELECT 1 FROM former_versions WHERE import_id = NEW.import_id)",
        )
        yield _sqlite_trigger(
            f"{table}_offered_again",
            f"AFTER UPDATE OF version ON {table}",
            f"UPDATE {table} SET offered_at = {now}, answered = NULL WHERE id = NEW.id",
            when=_differs("sqlite", "version"),
        )
        gone = (inbound.FORGETS_RESERVED,) if is_order else ()
        yield _sqlite_trigger(
            f"{table}_removed",
            f"AFTER DELETE ON {table}",
            _KEEP_VERSION,
            _leave_journal(table),
            *gone,
        )
    for table, changes in (("sales_orders", ("updated_at",)), ("receipts", _RECEIPT_CHANGES)):
        yield _sqlite_trigger(
            f"{table}_changed",
            f"AFTER UPDATE OF {', '.join(changes)} ON {table}",
            f"UPDATE {table} SET version = version + 1 WHERE id = NEW.id",
            when=f"{_differs('sqlite', *changes)} AND NEW.version = OLD.version",
        )
    yield _sqlite_trigger(
        "sales_orders_status",
        "AFTER UPDATE OF status ON sales_orders",
        f"SELECT RAISE(ABORT, '{_UNKNOWN_STATUS}') WHERE {_is_unknown('NEW.status')}",
        f"UPDATE sales_orders SET status_changed_at = {_status_stamp('sqlite')} WHERE id = NEW.id",
        when=_differs("sqlite", "status"),
    )
    # Before the row is there, an id that was left out is -1.
    given = ("NEW.id <> -1 AND EXISTS (SELECT 1 FROM acknowledgements WHERE id = NEW.id)", _ID)
    yield _sqlite_trigger(
        "acknowledgements_checked",
        "BEFORE INSERT ON acknowledgements",
        *(f"SELECT RAISE(ABORT, '{words}') WHERE {when}" for when, words in (given, *_REFUSALS)),
    )
    kept = ", ".join(f"{name} = {_text(name)}" for name in _TEXTS)
    yield _sqlite_trigger(
        "acknowledgements_taken",
        "AFTER INSERT ON acknowledgements",
        f"SELECT RAISE(ABORT, '{_ID}') WHERE NEW.id < 1",
        f"UPDATE acknowledgements SET at = {now}, {kept} WHERE id = NEW.id",
        *_TAKES_ANSWER,
    )
    # Only what the trigger above does passes: 'now' is one moment throughout a statement.
    other = " OR ".join(f"NEW.{name} IS NOT {_text(f'OLD.{name}')}" for name in _TEXTS)
    moved = _differs("sqlite", "id", "import_id", "version")
    yield _sqlite_trigger(
        "acknowledgements_no_update",
        "BEFORE UPDATE ON acknowledgements",
        f"SELECT RAISE(ABORT, '{_APPEND_ONLY}')",
        when=f"NEW.at IS NOT {now} OR {other} OR {moved}",
    )
    yield _sqlite_trigger(
        "acknowledgements_no_delete",
        "BEFORE DELETE ON acknowledgements",
        f"SELECT RAISE(ABORT, '{_APPEND_ONLY}')",
    )
    stamp = f"UPDATE shipments SET changed_at = {_shipment_stamp('sqlite')} WHERE id = "
    yield _sqlite_trigger("shipments_added", "AFTER INSERT ON shipments", f"{stamp}NEW.id")
    yield _sqlite_trigger(
        "shipments_changed",
        f"AFTER UPDATE OF {', '.join(_SHIPMENT_CHANGES)} ON shipments",
        f"{stamp}NEW.id",
        when=_differs("sqlite", *_SHIPMENT_CHANGES),
    )
    for table in _SHIPMENT_PARTS:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            yield _sqlite_trigger(
                f"{table}_{event.lower()}",
                f"AFTER {event} ON {table}",
                f"{stamp}{row}.shipment_id",
                when=_part_differs("sqlite", table) if event == "UPDATE" else "",
            )
    for one in inbound.triggers("sqlite"):
        refused = (f"SELECT RAISE(ABORT, '{words}') WHERE {when}" for when, words in one.checks)
        yield _sqlite_trigger(one.name, one.event, *refused, *one.work)


# PostgreSQL.


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION USING MESSAGE = '{words}', ERRCODE = '23514';"


def _function(name: str, work: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION avbc_{name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$avbc$ BEGIN {work} END $avbc$"
    )


def _postgresql_trigger(name: str, event: str) -> str:
    each = "STATEMENT" if "TRUNCATE" in event else "ROW"
    return f"CREATE TRIGGER avbc_{name} {event} FOR EACH {each} EXECUTE FUNCTION avbc_{name}()"


def _postgresql_functions() -> dict[str, tuple[str, str]]:
    """By name: what runs, and when."""
    now, kind = NOW["postgresql"], "postgresql"
    found: dict[str, tuple[str, str]] = {}
    own = {
        "sales_orders": (
            (
                f"IF {_differs(kind, 'status')} THEN IF {_is_unknown('NEW.status')} THEN "
                f"{_raise(_UNKNOWN_STATUS)} END IF; "
                f"NEW.status_changed_at := {_status_stamp(kind)}; END IF; "
            ),
            ("updated_at",),
        ),
        "receipts": ("", _RECEIPT_CHANGES),
        "credits": ("", ()),
    }
    for table in _VERSIONED:
        decided = f"NEW.hand_over := {_HAND_OVER}; " if table == "sales_orders" else ""
        found[f"{table}_offered"] = (
            f"NEW.version := {_NEXT_VERSION}; NEW.offered_at := {now}; {decided}RETURN NEW;",
            f"BEFORE INSERT ON {table}",
        )
        before, changes = own[table]
        changed = (
            f"IF {_differs(kind, *changes)} AND NEW.version = OLD.version THEN "
            "NEW.version := OLD.version + 1; END IF; "
            if changes
            else ""
        )
        found[f"{table}_changed"] = (
            (
                f"{before}{changed}IF NEW.version <> OLD.version THEN NEW.offered_at := {now}; "
                "NEW.answered := NULL; END IF; RETURN NEW;"
            ),
            f"BEFORE UPDATE ON {table}",
        )
        gone = f"{inbound.FORGETS_RESERVED}; " if table == "sales_orders" else ""
        found[f"{table}_removed"] = (
            f"{_KEEP_VERSION}; {_leave_journal(table)}; {gone}RETURN OLD;",
            f"AFTER DELETE ON {table}",
        )
    # The answer and a change of what it answers wait for each other by the document's row.
    locks = " ".join(
        f"PERFORM 1 FROM {table} WHERE import_id = NEW.import_id FOR UPDATE;"
        for table in _VERSIONED
    )
    checks = " ".join(f"IF {when} THEN {_raise(words)} END IF;" for when, words in _REFUSALS)
    kept = " ".join(f"NEW.{name} := {_text(f'NEW.{name}')};" for name in _TEXTS)
    found["acknowledgements_checked"] = (
        f"{locks} {checks} NEW.at := {now}; {kept} RETURN NEW;",
        "BEFORE INSERT ON acknowledgements",
    )
    found["acknowledgements_taken"] = (
        f"{'; '.join(_TAKES_ANSWER)}; RETURN NEW;",
        "AFTER INSERT ON acknowledgements",
    )
    found["acknowledgements_kept"] = (
        _raise(_APPEND_ONLY),
        "BEFORE UPDATE OR DELETE ON acknowledgements",
    )
    found["acknowledgements_not_truncated"] = (
        _raise(_APPEND_ONLY),
        "BEFORE TRUNCATE ON acknowledgements",
    )
    stamp = _shipment_stamp(kind)
    found["shipments_changed"] = (
        (
            f"IF TG_OP = 'INSERT' THEN NEW.changed_at := {stamp}; "
            f"ELSIF {_differs(kind, *_SHIPMENT_CHANGES)} THEN NEW.changed_at := {stamp}; END IF; "
            "RETURN NEW;"
        ),
        f"BEFORE INSERT OR UPDATE OF {', '.join(_SHIPMENT_CHANGES)} ON shipments",
    )
    for table in _SHIPMENT_PARTS:
        found[f"{table}_changed"] = (
            (
                f"IF TG_OP = 'UPDATE' THEN IF NOT {_part_differs(kind, table)} THEN RETURN NULL; "
                f"END IF; END IF; UPDATE shipments SET changed_at = {stamp} WHERE id = CASE TG_OP "
                "WHEN 'DELETE' THEN OLD.shipment_id ELSE NEW.shipment_id END; RETURN NULL;"
            ),
            f"AFTER INSERT OR UPDATE OR DELETE ON {table}",
        )
    for one in inbound.triggers(kind):
        checks = " ".join(f"IF {when} THEN {_raise(words)} END IF;" for when, words in one.checks)
        found[one.name] = (f"{checks} {'; '.join(one.work)}; RETURN NEW;", one.event)
    return found


# Views, the same on both.


def _columns(table: sa.Table, alias: str, *apart: str) -> str:
    return ", ".join(f"{alias}.{each.name}" for each in table.columns if each.name not in apart)


def _document(alias: str) -> str:
    """AcctVantage's number of the document, from its last answer to any version."""
    return (
        "COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = "
        f"{alias}.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') "
        "AS document_number"
    )


_ORDER_OFFERED = "o.hand_over = 'pick_up' AND o.answered IS NULL"
_OF_ORDER_OFFERED = "o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered')"
"""What belongs to an order is offered with it and after it was entered, not while it is refused."""

_APART = ("id", "hand_over", "answered", "fingerprint")


def _part_view(table: sa.Table, owner: sa.Table, key: str, import_id: str, offered: str) -> str:
    parts = _columns(table, "p", key)
    order = (
        ""
        if owner is schema.sales_orders
        else ("JOIN sales_orders AS o ON o.import_id = d.order_import_id ")
    )
    alias = "o" if owner is schema.sales_orders else "d"
    return (
        f"SELECT {alias}.import_id AS {import_id}, {alias}.version, {parts} FROM {owner.name} "
        f"AS {alias} {order}JOIN {table.name} AS p ON p.{key} = {alias}.id WHERE {offered}"
    )


_CREDIT_OFFERED = f"d.answered IS NULL AND {_OF_ORDER_OFFERED}"

_TO_ENTER = {
    "orders_to_enter": (
        f"SELECT {_columns(schema.sales_orders, 'o', *_APART)}, {_document('o')}, c.client_number "
        "FROM sales_orders AS o JOIN clients AS c ON c.id = o.client_id "
        f"WHERE {_ORDER_OFFERED}"
    ),
    "order_lines_to_enter": _part_view(
        schema.sales_order_lines,
        schema.sales_orders,
        "order_id",
        "order_import_id",
        _ORDER_OFFERED,
    ),
    "order_discounts_to_enter": _part_view(
        schema.sales_order_discounts,
        schema.sales_orders,
        "order_id",
        "order_import_id",
        _ORDER_OFFERED,
    ),
    "order_ship_tos_to_enter": _part_view(
        schema.sales_order_ship_tos,
        schema.sales_orders,
        "order_id",
        "order_import_id",
        _ORDER_OFFERED,
    ),
    "receipts_to_enter": (
        f"SELECT {_columns(schema.receipts, 'd', *_APART)}, {_document('d')} FROM receipts AS d "
        "JOIN sales_orders AS o ON o.import_id = d.order_import_id "
        f"WHERE d.answered IS NULL AND {_OF_ORDER_OFFERED} "
        "AND (d.state IN ('captured', 'pre_authorized') OR EXISTS (SELECT 1 FROM acknowledgements "
        "AS e WHERE e.import_id = d.import_id AND e.document_number <> ''))"
    ),
    "clients_to_enter": (
        f"SELECT {_columns(schema.clients, 'c', 'email_key', 'open_ar')} FROM clients AS c "
        "WHERE c.id IN "
        f"(SELECT o.client_id FROM sales_orders AS o WHERE {_ORDER_OFFERED})"
    ),
    "credits_to_enter": (
        f"SELECT {_columns(schema.credits, 'd', *_APART)}, {_document('d')} FROM credits AS d "
        "JOIN sales_orders AS o ON o.import_id = d.order_import_id "
        f"WHERE {_CREDIT_OFFERED}"
    ),
    "credit_lines_to_enter": _part_view(
        schema.credit_lines, schema.credits, "credit_id", "credit_import_id", _CREDIT_OFFERED
    ),
    "credit_tenders_to_enter": _part_view(
        schema.credit_tenders, schema.credits, "credit_id", "credit_import_id", _CREDIT_OFFERED
    ),
}
"""What AcctVantage picks up: a row is there while its version has no answer."""

VIEWS = {**_TO_ENTER, **inbound.VIEWS}


def create(connection: sa.Connection) -> None:
    """Make the views and triggers."""
    for name, select in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {select}")
    if connection.dialect.name == "sqlite":
        for statement in _sqlite_triggers():
            connection.exec_driver_sql(statement)
        return
    for name, (work, event) in _postgresql_functions().items():
        connection.exec_driver_sql(_function(name, work))
        connection.exec_driver_sql(_postgresql_trigger(name, event))


def drop(connection: sa.Connection) -> None:
    """Remove the views and triggers of this version and of earlier ones."""
    for name in VIEWS:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
    if connection.dialect.name == "sqlite":
        names = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'avbc_*'"
        )
        for (name,) in names.fetchall():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    for name in _postgresql_functions():
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS avbc_{name}() CASCADE")
