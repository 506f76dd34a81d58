"""The tables of the books. `docs/handshake.md` lists them for those who read them by SQL.

A column has the name of the record's field; a nested address has its fields with a prefix. A
`..._key` column is the `text_key` of the texts, by which they compare.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from avbc.acctvantage.records import Address
from avbc.acctvantage.sql.column_types import DatabaseNow, Exact, Moment

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", _ID, primary_key=True)


_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that sorts as Python sorts it, whatever the language of the database is."""


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _exact(name: str) -> sa.Column[Decimal]:
    return sa.Column(name, Exact, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _position() -> sa.Column[int]:
    return sa.Column("position", sa.Integer, primary_key=True, autoincrement=False)


def _of(name: str, owner: sa.Table) -> sa.Column[int]:
    return sa.Column(
        name,
        _ID,
        sa.ForeignKey(owner.c.id, ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def _partial_index(
    name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool] | sa.TextClause
) -> None:
    """An index of those rows only that are looked for, so that the others cost nothing."""
    sa.Index(name, *columns, sqlite_where=where, postgresql_where=where)


def _offered() -> list[sa.Column[Any]]:
    """How far AcctVantage is with a document: made by the database (`handshake`)."""
    return [
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("offered_at", Moment),
        # NULL: the present version has no answer; 'entered', 'refused', or 'journaled' as it is.
        sa.Column("answered", sa.Text),
    ]


def _address(prefix: str = "") -> list[sa.Column[str]]:
    return [_text(f"{prefix}{field.name}") for field in attrs.fields(Address)]


books_version = sa.Table(
    "books_version",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)

# The reference data.
books = sa.Table(
    "books",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    _text("currency"),
    # What becomes of new orders: 'pick_up' or 'journal'.
    sa.Column("hand_over", sa.Text, nullable=False, server_default="pick_up"),
)
order_statuses = sa.Table(
    "order_statuses", metadata, _position(), sa.Column("name", sa.Text, nullable=False, unique=True)
)
receipt_types = sa.Table(
    "receipt_types", metadata, _id(), sa.Column("name", sa.Text, nullable=False, unique=True)
)
gl_accounts = sa.Table(
    "gl_accounts", metadata, _id(), sa.Column("code", sa.Text, nullable=False, unique=True)
)
tax_areas = sa.Table(
    "tax_areas",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _flag("avatax"),
)
warehouses = sa.Table(
    "warehouses", metadata, _id(), sa.Column("name", sa.Text, nullable=False, unique=True)
)
warehouse_product_classes = sa.Table(
    "warehouse_product_classes",
    metadata,
    sa.Column("warehouse", sa.Text, sa.ForeignKey(warehouses.c.name), primary_key=True),
    _position(),
    _text("product_class"),
)
ship_vias = sa.Table(
    "ship_vias",
    metadata,
    _id(),
    sa.Column("name_key", sa.Text, nullable=False, unique=True),
    _text("name"),
    _text("product_class"),
)
promotions = sa.Table(
    "promotions",
    metadata,
    _id(),
    sa.Column("code_key", sa.Text, nullable=False, unique=True),
    _text("code"),
    _text("kind"),
    _exact("value"),
    _text("gl_code"),
    _text("name"),
    _flag("inactive"),
)

# Products and their quantities.
products = sa.Table(
    "products",
    metadata,
    sa.Column("part_key", _KEY, primary_key=True),
    _text("part_number"),
    _text("name"),
    _text("product_class"),
    _text("kind"),
    _text("description"),
    _text("sales_memo"),
    sa.Column("list_price", Exact),
    sa.Column("sell_price", Exact),
    sa.Column("weight", Exact),
    sa.Column("length", Exact),
    sa.Column("width", Exact),
    sa.Column("height", Exact),
    _flag("taxable"),
    _text("webstore_category"),
    _flag("sync_to_webstore"),
)
IS_FOR_STORE = products.c.sync_to_webstore.is_(sa.true()) & products.c.part_key.not_like(" %")
"""Sync to Webstore is ticked, and it is no look-alike: the store would take it for the other."""
# All that a walk over the quantities of a million products needs of them, in the sequence of the
# walk.
sa.Index(
    "ix_products_walk",
    products.c.part_key,
    products.c.sync_to_webstore,
    products.c.kind,
    products.c.part_number,
)
product_aliases = sa.Table(
    "product_aliases",
    metadata,
    sa.Column(
        "part_key", _KEY, sa.ForeignKey(products.c.part_key, ondelete="CASCADE"), primary_key=True
    ),
    _position(),
    sa.Column("alias_key", sa.Text, nullable=False, index=True),
    _text("alias"),
)
quantities = sa.Table(
    "quantities",
    metadata,
    sa.Column("warehouse", sa.Text, sa.ForeignKey(warehouses.c.name), primary_key=True),
    sa.Column(
        "part_key", _KEY, sa.ForeignKey(products.c.part_key, ondelete="CASCADE"), primary_key=True
    ),
    _exact("on_hand"),
    # AcctVantage's own Qty Available, and when it came; NULL where AcctVantage gave none.
    sa.Column("available", Exact),
    sa.Column("available_at", Moment),
    sqlite_with_rowid=False,
)

look_alikes = sa.Table(
    "look_alikes",
    metadata,
    _id(),
    _text("table_name"),
    _text("key"),
    _text("text"),
    _text("same_as"),
)

# Clients.
clients = sa.Table(
    "clients",
    metadata,
    _id(),
    sa.Column("email_key", sa.Text, nullable=False, index=True),
    sa.Column("import_id", sa.Text, unique=True),
    _text("name"),
    _text("first_name"),
    _text("email"),
    _text("phone"),
    *_address("address_"),
    _flag("open_ar"),
    sa.Column("client_number", sa.Text, nullable=False, server_default=""),
)
contacts = sa.Table(
    "contacts",
    metadata,
    _id(),
    sa.Column("client_id", _ID, sa.ForeignKey(clients.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("email_key", sa.Text, nullable=False, index=True),
    _text("person_key"),
    _text("last_name"),
    _text("first_name"),
    _text("email"),
    _text("phone"),
    sa.UniqueConstraint("client_id", "person_key"),
)
client_store_customers = sa.Table(
    "client_store_customers",
    metadata,
    sa.Column("client_id", _ID, sa.ForeignKey(clients.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("source_code", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.BigInteger, nullable=False),
    sa.Index("ix_client_store_customers_customer", "source_code", "customer_id"),
)

# Orders. What belongs to an order is clustered by it on SQLite: one tree, and no index in addition.
sales_orders = sa.Table(
    "sales_orders",
    metadata,
    _id(),
    sa.Column("client_id", _ID, sa.ForeignKey(clients.c.id), nullable=False, index=True),
    sa.Column("contact_id", _ID, sa.ForeignKey(contacts.c.id)),
    sa.Column("imported_at", Moment, nullable=False),
    sa.Column("updated_at", Moment),
    sa.Column("import_id", sa.Text, nullable=False, unique=True),
    sa.Column("store_order_id", sa.BigInteger, nullable=False, index=True),
    _text("client"),
    _exact("total"),
    _exact("tax"),
    *map(_text, ("tax_area", "currency", "warehouse", "ship_via")),
    *_address("bill_to_"),
    _exact("freight"),
    _exact("rounding"),
    _flag("tax_override"),
    sa.Column("status", sa.Text, nullable=False, index=True),
    *map(_text, ("po_number", "reference", "memo")),
    sa.Column("ordered_at", Moment, index=True),
    _text("source_code"),
    _text("fingerprint"),
    sa.Column("status_changed_at", Moment),
    sa.Column("store_hash", sa.Text, nullable=False, server_default=""),
    # NULL is not known, as of what an avbc of version 4 wrote.
    sa.Column("ordered_on", sa.Date),
    # 'pick_up' or 'journal'; NULL is undecided, as of orders from before version 6.
    sa.Column("hand_over", sa.Text),
    *_offered(),
)
# Not the source first: SQLite would find all orders of a source by it, rather than the few that are
# looked for by their status or the time of its change.
sa.Index("ix_sales_orders_store", sales_orders.c.store_hash, sales_orders.c.source_code)
_partial_index(
    "ix_sales_orders_status_changed",
    sales_orders.c.status_changed_at,
    where=sales_orders.c.status_changed_at.is_not(None),
)
_partial_index(
    "ix_sales_orders_to_enter",
    sales_orders.c.id,
    where=sa.text("answered IS NULL AND hand_over = 'pick_up'"),
)
ORDER_IS_REFUSED = sales_orders.c.answered == sa.literal_column("'refused'")
"""Refused by AcctVantage. A query with these very words uses the index of such orders."""
_partial_index("ix_sales_orders_refused", sales_orders.c.id, where=ORDER_IS_REFUSED)
ORDER_TO_JOURNAL = sales_orders.c.answered.is_(None) & (
    sales_orders.c.hand_over == sa.literal_column("'journal'")
)
"""Not journaled as it is. A query with these very words uses the index of such orders."""
_partial_index("ix_sales_orders_to_journal", sales_orders.c.id, where=ORDER_TO_JOURNAL)
_partial_index(
    "ix_sales_orders_undecided", sales_orders.c.id, where=sales_orders.c.hand_over.is_(None)
)


def _of_sales_order() -> sa.Column[str]:
    return sa.Column(
        "order_import_id",
        sa.Text,
        sa.ForeignKey(sales_orders.c.import_id),
        nullable=False,
        index=True,
    )


sales_order_ship_tos = sa.Table(
    "sales_order_ship_tos",
    metadata,
    _of("order_id", sales_orders),
    _position(),
    *_address(),
    sqlite_with_rowid=False,
)
sales_order_lines = sa.Table(
    "sales_order_lines",
    metadata,
    _of("order_id", sales_orders),
    _position(),
    _text("kind"),
    _text("description"),
    _exact("quantity"),
    _exact("unit_price"),
    _exact("amount"),
    _exact("tax"),
    sa.Column("part_number", sa.Text),
    _text("memo"),
    _text("gl_code"),
    sa.Column("ship_to", sa.Integer),
    _text("ship_via"),
    sa.Column("store_line_id", sa.BigInteger),
    sa.Column("store_address_id", sa.BigInteger),
    sa.Column("component_of", sa.BigInteger),
    # NULL is the quantity: what avbc writes whose tables were of version 3 when it opened them.
    sa.Column("to_ship", Exact),
    sqlite_with_rowid=False,
)
sales_order_discounts = sa.Table(
    "sales_order_discounts",
    metadata,
    _of("order_id", sales_orders),
    _position(),
    _text("code"),
    _exact("amount"),
    _text("gl_code"),
    _text("name"),
    _exact("amount_in_store"),
    sqlite_with_rowid=False,
)
receipts = sa.Table(
    "receipts",
    metadata,
    _id(),
    _of_sales_order(),
    sa.Column("import_id", sa.Text, nullable=False, unique=True),
    _text("receipt_type"),
    _exact("amount"),
    _text("state"),
    _exact("pre_auth_amount"),
    _text("store_payment_method"),
    _text("gateway"),
    _text("gateway_transaction_id"),
    sa.Column("authorized_at", Moment),
    _flag("posted"),
    _flag("capture_wanted"),
    _flag("void_wanted"),
    sa.Column("captured_at", Moment),
    sa.Column("voided_at", Moment),
    *_offered(),
)
_partial_index("ix_receipts_to_enter", receipts.c.id, where=receipts.c.answered.is_(None))
RECEIPT_IS_WANTED = receipts.c.capture_wanted.is_(sa.true()) | receipts.c.void_wanted.is_(sa.true())
"""A capture or void is wanted. A query with these very words uses the index of such receipts."""
_partial_index("ix_receipts_wanted", receipts.c.order_import_id, where=RECEIPT_IS_WANTED)
RECEIPT_IS_AUTHORIZED = receipts.c.state == sa.literal_column("'pre_authorized'")
"""Held by a gateway. A query with these very words uses the index of such receipts."""
_partial_index("ix_receipts_authorized", receipts.c.authorized_at, where=RECEIPT_IS_AUTHORIZED)


# Shipments, whose parcels may say what is in them.
shipments = sa.Table(
    "shipments",
    metadata,
    _id(),
    sa.Column("changed_at", Moment, nullable=False, index=True),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),
    _of_sales_order(),
    _text("ship_via"),
    _text("carrier"),
    _text("tracking_link"),
    _text("comments"),
    sa.Column("shipped_at", Moment),
)
shipment_items = sa.Table(
    "shipment_items",
    metadata,
    _of("shipment_id", shipments),
    _position(),
    sa.Column("store_line_id", sa.BigInteger, nullable=False),
    _exact("quantity"),
    sqlite_with_rowid=False,
)
shipment_parcels = sa.Table(
    "shipment_parcels",
    metadata,
    _of("shipment_id", shipments),
    _position(),
    _text("tracking_number"),
    sqlite_with_rowid=False,
)
shipment_parcel_items = sa.Table(
    "shipment_parcel_items",
    metadata,
    _of("shipment_id", shipments),
    sa.Column("parcel", sa.Integer, primary_key=True, autoincrement=False),
    _position(),
    sa.Column("store_line_id", sa.BigInteger, nullable=False),
    _exact("quantity"),
    sqlite_with_rowid=False,
)

# Credits: refunds made in the store.
credits = sa.Table(  # noqa: A001  # the table's name; the builtin is for the prompt only
    "credits",
    metadata,
    _id(),
    sa.Column("imported_at", Moment, nullable=False),
    sa.Column("import_id", sa.Text, nullable=False, unique=True),
    _of_sales_order(),
    sa.Column("store_refund_id", sa.BigInteger, nullable=False),
    _exact("tax"),
    _exact("total"),
    _text("currency"),
    _text("reason"),
    sa.Column("created_at", Moment),
    *_offered(),
)
_partial_index("ix_credits_to_enter", credits.c.id, where=credits.c.answered.is_(None))
PARTS_REFUSED = [
    (table, table.c.answered == sa.literal_column("'refused'")) for table in (receipts, credits)
]
"""What belongs to an order and AcctVantage refused. These very words use the indexes of such."""
for _table, _is_refused in PARTS_REFUSED:
    _partial_index(f"ix_{_table.name}_refused", _table.c.order_import_id, where=_is_refused)
credit_lines = sa.Table(
    "credit_lines",
    metadata,
    _of("credit_id", credits),
    _position(),
    _text("kind"),
    _exact("amount"),
    _exact("tax"),
    sa.Column("quantity", Exact),
    sa.Column("store_line_id", sa.BigInteger),
    sa.Column("part_number", sa.Text),
    _text("description"),
    sqlite_with_rowid=False,
)
credit_tenders = sa.Table(
    "credit_tenders",
    metadata,
    _of("credit_id", credits),
    _position(),
    _text("receipt_type"),
    _exact("amount"),
    _text("store_payment_method"),
    sqlite_with_rowid=False,
)

# What AcctVantage answers, and the versions of what was removed.
acknowledgements = sa.Table(
    "acknowledgements",
    metadata,
    _id(),
    _text("import_id"),
    sa.Column("version", sa.Integer, nullable=False),
    # NULL is empty: PostgreSQL's trigger does that, and no trigger of SQLite can.
    *(
        sa.Column(
            name,
            sa.Text,
            nullable=False,
            server_default="",
            sqlite_on_conflict_not_null="REPLACE",
        )
        for name in ("document_number", "status", "client_number", "refused_code", "refused_text")
    ),
    sa.Column("at", Moment, nullable=False, server_default=DatabaseNow()),
    sa.Index("ix_acknowledgements_import_id", "import_id"),
)
EARLIER_DOCUMENT = "earlier"
"""The document number of what AcctVantage had before it could answer."""

former_versions = sa.Table(
    "former_versions",
    metadata,
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)


# What was journaled on which day, of orders with hand_over = 'journal' (`journal`).
journal_days = sa.Table(
    "journal_days",
    metadata,
    sa.Column("source_code", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    # How many of them have entries on the day; none where it was closed without any.
    *(sa.Column(name, sa.Integer, nullable=False) for name in ("orders", "receipts", "credits")),
    _text("memo"),
)
journal_entries = sa.Table(
    "journal_entries",
    metadata,
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("account", sa.Text, primary_key=True),
    _text("source_code"),
    # A debit is positive, a credit negative.
    sa.Column("in_cents", sa.BigInteger, nullable=False),
    sa.Index("ix_journal_entries_source_code", "source_code", "day"),
    sqlite_with_rowid=False,
)
journal_documents = sa.Table(
    "journal_documents",
    metadata,
    sa.Column("import_id", sa.Text, primary_key=True),
    sa.Column("order_import_id", sa.Text, nullable=False, index=True),
    _text("source_code"),
    # 'order', 'receipt' or 'credit'.
    _text("kind"),
    # The version that was journaled; 0 where more of it follows on a later day.
    sa.Column("version", sa.Integer, nullable=False),
)
# What was removed from the books, of such orders, until the next closing takes it back.
journal_removed = sa.Table("journal_removed", metadata, _id(), _text("import_id"))

# What AcctVantage has entered since it last gave its quantity: it is in no quantity yet.
entered_since = sa.Table(
    "entered_since",
    metadata,
    sa.Column("warehouse", sa.Text, primary_key=True),
    sa.Column("part_key", _KEY, primary_key=True),
    sa.Column("order_id", _ID, primary_key=True, autoincrement=False),
    _position(),
    _exact("quantity"),
    sa.Index("ix_entered_since_order_id", "order_id"),
    sqlite_with_rowid=False,
)

# Shipments as AcctVantage writes them, until their last row (`inbound`).


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False)


def _store_line() -> sa.Column[int]:
    return sa.Column("store_line_id", sa.BigInteger, primary_key=True, autoincrement=False)


def _tracking_number() -> sa.Column[str]:
    return sa.Column("tracking_number", sa.Text, primary_key=True)


shipments_in = sa.Table(
    "shipments_in",
    metadata,
    _number(),
    _text("order_import_id"),
    *(
        sa.Column(name, sa.Text, nullable=False, server_default="")
        for name in ("ship_via", "carrier", "tracking_link", "comments")
    ),
    sa.Column("shipped_at", Moment),
)
shipment_items_in = sa.Table(
    "shipment_items_in", metadata, _number(), _store_line(), _exact("quantity")
)
shipment_parcels_in = sa.Table("shipment_parcels_in", metadata, _number(), _tracking_number())
shipment_parcel_items_in = sa.Table(
    "shipment_parcel_items_in",
    metadata,
    _number(),
    _tracking_number(),
    _store_line(),
    _exact("quantity"),
)
