"""Receipts that wait for the store's gateway, and what became of them (manual 2.2.4)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.records import Receipt
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.reading import receipts_where
from avbc.money import ZERO
from avbc.statements import AnySelect, fetch_column
from avbc.text import quoted

_TABLE = schema.receipts


def receipts_to_capture(connection: sa.Connection, source_code: str) -> list[Receipt]:
    """Return the pre-authorized receipts of a source with `capture_wanted` or `void_wanted`."""
    ids = fetch_column(connection, _WANTED, {"code": source_code})
    wanted = receipts_where(connection, _TABLE.c.id, ids)
    # Not in the statement: SQLite would look at all that are held, by their index.
    return [receipt for receipt in wanted if receipt.state == "pre_authorized"]


def receipts_authorized(
    connection: sa.Connection, source_code: str, before: datetime
) -> list[Receipt]:
    """Return the pre-authorized receipts of a source that were authorized before a time.

    Those with `capture_wanted` or `void_wanted` are left out: `receipts_to_capture` has them.
    """
    values = {"code": source_code, "before": before}
    return receipts_where(connection, _TABLE.c.id, fetch_column(connection, _AUTHORIZED, values))


_OF_SOURCE: AnySelect = (
    sa.select(_TABLE.c.id)
    .join_from(
        _TABLE, schema.sales_orders, _TABLE.c.order_import_id == schema.sales_orders.c.import_id
    )
    .where(schema.sales_orders.c.source_code == sa.bindparam("code"))
)
_WANTED = _OF_SOURCE.where(schema.RECEIPT_IS_WANTED)
_AUTHORIZED = _OF_SOURCE.where(
    schema.RECEIPT_IS_AUTHORIZED,
    _TABLE.c.authorized_at < sa.bindparam("before"),
    sa.not_(schema.RECEIPT_IS_WANTED),
)


def record_capture(
    connection: sa.Connection, receipt_import_id: str, amount: Decimal, at: datetime
) -> Receipt:
    """Turn a pre-authorized receipt into one captured for this amount at this time.

    One that is captured for this amount stays as it is.

    Raises:
        BooksRefused: The amount is not above zero, there is no such receipt, or it is in another
            state or captured for another amount.
    """
    if not amount.is_finite() or amount <= 0:
        raise BooksRefused(
            f"receipt {receipt_import_id}: {amount} is not an amount that can be captured"
        )
    receipt = _locked(connection, receipt_import_id)
    if receipt.state == "captured":
        if receipt.amount != amount:
            raise BooksRefused(
                f"receipt {receipt_import_id} is captured for {receipt.amount} already, not for "
                f"{amount}"
            )
        return receipt
    _must_be_open(receipt, "captured")
    return _changed(
        connection,
        receipt_import_id,
        state="captured",
        amount=amount,
        captured_at=at,
        capture_wanted=False,
        void_wanted=False,
    )


def record_void(connection: sa.Connection, receipt_import_id: str, at: datetime) -> Receipt:
    """Turn a pre-authorized receipt into a voided one; one that is voided stays as it is.

    Raises:
        BooksRefused: There is no such receipt, or it is in another state.
    """
    receipt = _locked(connection, receipt_import_id)
    if receipt.state == "voided":
        return receipt
    _must_be_open(receipt, "voided")
    return _changed(
        connection,
        receipt_import_id,
        state="voided",
        amount=ZERO,
        voided_at=at,
        capture_wanted=False,
        void_wanted=False,
    )


def update_receipt(connection: sa.Connection, before: Receipt, after: Receipt) -> Receipt:
    """See `SqlGateway.update_receipt`."""
    about = f"receipt {before.import_id}"
    for name in ("import_id", "order_import_id", "receipt_type"):
        was, becomes = getattr(before, name), getattr(after, name)
        if was != becomes:
            raise BooksRefused(f"{about}: its {name} {quoted(was)} cannot become {quoted(becomes)}")
    for amount in (after.amount, after.pre_auth_amount):
        if not amount.is_finite() or amount < 0:
            raise BooksRefused(f"{about}: {amount} is not an amount of a receipt")
    receipt = _locked(connection, before.import_id)
    if receipt.order_import_id != before.order_import_id:
        raise BooksRefused(
            f"{about} is on order {receipt.order_import_id}, not on {before.order_import_id}"
        )
    differences = _differences(receipt, before)
    if differences or receipt.posted:
        if not _differences(receipt, after):
            return receipt
        reasons = ["it is posted"] if receipt.posted else differences
        raise BooksRefused(
            f"{about} on order {receipt.order_import_id} cannot become {after.state}: "
            f"{' and '.join(reasons)}. Correct it in AcctVantage"
        )
    values = {name: getattr(after, name) for name in _OF_THE_PAYMENT}
    if after.state != "pre_authorized":
        values |= {"capture_wanted": False, "void_wanted": False}
    return _changed(connection, before.import_id, **values)


_COMPARED = ("receipt_type", "state", "amount", "pre_auth_amount")
"""By these a receipt is known to be as avbc last wrote it."""

_OF_THE_PAYMENT = (
    "state",
    "amount",
    "pre_auth_amount",
    "authorized_at",
    "captured_at",
    "voided_at",
    "gateway",
    "gateway_transaction_id",
)


def _differences(receipt: Receipt, expected: Receipt) -> list[str]:
    return [
        f"its {name} is {getattr(receipt, name)}, not {getattr(expected, name)}"
        for name in _COMPARED
        if getattr(receipt, name) != getattr(expected, name)
    ]


def want_capture(
    connection: sa.Connection, receipt_import_id: str, *, wanted: bool = True
) -> Receipt:
    """Ask for the capture of a pre-authorized receipt, and no longer for its void.

    `wanted=False` cancels the request: neither is asked for.

    Raises:
        BooksRefused: There is no such receipt, or it is in another state.
    """
    _must_be_open(_locked(connection, receipt_import_id), "captured")
    return _changed(connection, receipt_import_id, capture_wanted=wanted, void_wanted=False)


def want_void(connection: sa.Connection, receipt_import_id: str, *, wanted: bool = True) -> Receipt:
    """Ask for the void of a pre-authorized receipt, and no longer for its capture.

    `wanted=False` cancels the request: neither is asked for.

    Raises:
        BooksRefused: There is no such receipt, or it is in another state.
    """
    _must_be_open(_locked(connection, receipt_import_id), "voided")
    return _changed(connection, receipt_import_id, capture_wanted=False, void_wanted=wanted)


def _locked(connection: sa.Connection, import_id: str) -> Receipt:
    # The order first: an update of it replaces its receipts, and a lock on one that is replaced
    # would not hold the one that takes its place.
    order = schema.sales_orders.c
    this = _TABLE.c.import_id == import_id
    joined = sa.select(order.id).join_from(
        schema.sales_orders, _TABLE, _TABLE.c.order_import_id == order.import_id
    )
    connection.execute(joined.where(this).with_for_update(of=schema.sales_orders))
    connection.execute(sa.select(_TABLE.c.id).where(this).with_for_update())
    found = receipts_where(connection, _TABLE.c.import_id, [import_id])
    if not found:
        raise BooksRefused(f"there is no receipt {quoted(import_id)} in the books")
    return found[0]


def _must_be_open(receipt: Receipt, wanted: str) -> None:
    if receipt.state != "pre_authorized" or receipt.posted:
        state = "posted" if receipt.posted else receipt.state
        raise BooksRefused(
            f"receipt {receipt.import_id} cannot be {wanted}: it is {state}, and only a "
            "pre-authorized one can"
        )


def _changed(connection: sa.Connection, import_id: str, **values: object) -> Receipt:
    connection.execute(_TABLE.update().values(values).where(_TABLE.c.import_id == import_id))
    return receipts_where(connection, _TABLE.c.import_id, [import_id])[0]
