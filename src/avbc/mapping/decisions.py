"""Decisions and problems as data: what the rules of the mapping engine report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.acctvantage.records import Address
from avbc.mapping.text import one_line
from avbc.money import amount_text
from avbc.shown import Shown
from avbc.text import quoted, some_of

Severity: TypeAlias = Literal["error", "warning"]

MappingProblem: TypeAlias = Literal[
    "amount_negative",
    "amount_unreadable",
    "authorization_old",
    "bundle_missing",
    "capture_and_void",
    "capture_exceeds_order",
    "capture_is_partial",
    "carrier_unknown",
    "client_address_incomplete",
    "client_ambiguous",
    "client_bound_elsewhere",
    "client_field_missing",
    "client_import_id_kept",
    "client_name_missing",
    "client_not_on_open_ar",
    "consignments_missing",
    "cost_does_not_foot",
    "country_unknown",
    "coupon_booked_by_amount",
    "coupon_type_unsupported",
    "coupon_unknown",
    "currency_differs",
    "customer_ambiguous",
    "discount_does_not_foot",
    "discount_gl_code_missing",
    "discounts_do_not_foot",
    "email_invalid",
    "ex_tax_does_not_foot",
    "gift_certificate_gl_code_missing",
    "gl_code_unknown",
    "handling_does_not_foot",
    "line_discount_does_not_foot",
    "line_does_not_foot",
    "lines_do_not_foot",
    "lines_incomplete",
    "nothing_left_to_ship",
    "order_empty",
    "order_never_imported",
    "order_status_unknown",
    "order_waits_for_payment",
    "parcels_differ",
    "parcels_not_told_apart",
    "part_number_unknown",
    "partly_refunded_before_import",
    "partly_shipped_before_import",
    "payment_declined",
    "payment_declined_after_import",
    "payment_held",
    "payment_method_missing",
    "payment_method_translated",
    "payment_method_unmapped",
    "payment_not_authorized",
    "payment_not_captured",
    "payment_partly_captured",
    "payment_partly_refunded",
    "payment_refunded",
    "payment_status_missing",
    "payment_status_unknown",
    "payment_void",
    "payment_void_after_import",
    "payment_without_order",
    "po_number_too_long",
    "po_numbers_differ",
    "product_class_inactive",
    "product_field_missing",
    "promotion_differs",
    "promotion_inactive",
    "quantity_invalid",
    "reading_ambiguous",
    "receipt_amount_differs",
    "receipt_cannot_follow",
    "receipt_changed_by_edit",
    "receipt_missing",
    "receipt_not_backed",
    "receipt_not_from_store",
    "receipt_not_preauthorized",
    "receipt_type_unknown",
    "refund_declined",
    "refund_does_not_foot",
    "refund_item_unknown",
    "refund_line_unknown",
    "refund_of_edit_unclear",
    "refund_overridden",
    "refund_tax_does_not_foot",
    "refund_tenders_do_not_foot",
    "rounding_too_large",
    "ship_to_unknown",
    "ship_via_missing",
    "ship_via_unknown",
    "shipment_differs",
    "shipment_empty",
    "shipped_line_unknown",
    "shipped_more_than_remains",
    "shipped_quantity_invalid",
    "shipping_does_not_foot",
    "shipping_method_translated",
    "sku_ambiguous",
    "sku_missing",
    "sku_unknown",
    "state_unknown",
    "status_ambiguous",
    "status_backwards",
    "status_posting_refused",
    "status_unknown",
    "status_unmapped",
    "tax_area_is_avatax",
    "tax_area_unknown",
    "tax_does_not_foot",
    "tax_parts_differ",
    "tender_does_not_foot",
    "tender_unmapped",
    "tenders_exceed_total",
    "test_transaction",
    "text_too_long",
    "total_does_not_foot",
    "tracking_link_invalid",
    "tracking_number_differs",
    "transaction_currency_differs",
    "transactions_do_not_foot",
    "warehouse_unknown",
    "wrapping_does_not_foot",
]
"""The codes of problems that the mapping rules find; docs/problems.md explains each."""


@attrs.frozen
class Problem(Shown):
    """Why an order (or a record) cannot be mapped, or what a person should look at.

    `code` is listed in the documentation; `field` is the place in the order or in the settings;
    `value` is what was found there; `fix` says what to change.

    >>> Problem("sku_unknown", "lines[0].sku", "MUG", "AcctVantage has no such product.").severity
    'error'
    """

    code: str
    field: str
    value: str
    message: str
    fix: str = ""
    severity: Severity = "error"
    candidates: tuple[str, ...] = ()
    """The possible answers, where more than one was found (clients with the same email)."""

    def __str__(self) -> str:
        text = f"{self.message} [{self.code}]"
        if self.candidates:
            text += f" Candidates: {some_of(self.candidates, self.value)}."
        return f"{text} {self.fix}" if self.fix else text


@attrs.frozen
class Decision(Shown):
    """One field of the AcctVantage record: its value, the rule, and the setting it came from.

    >>> Decision("tax_area", "BigCommerce", "the configured Tax Area", "gl.tax_area").setting
    'gl.tax_area'
    """

    field: str
    value: str
    reason: str
    setting: str = ""


Note: TypeAlias = tuple[str, object, str, str, tuple[object, ...]]
"""A decision before it is read: field, value, reason (a format), setting, its arguments."""


def decisions_of(notes: Iterable[Note]) -> tuple[Decision, ...]:
    """The notes as decisions, with their texts."""
    return tuple(Decision(*texts) for texts in decision_texts(notes))


def decision_texts(notes: Iterable[Note]) -> list[tuple[str, str, str, str]]:
    """The texts of decisions alone: field, value, reason, setting."""
    return [
        (field, value_text(value), _read(reason, args) if args else reason, setting)
        for field, value, reason, setting, args in notes
    ]


def _read(reason: str, args: tuple[object, ...]) -> str:
    texts = [_Quoted(each) if isinstance(each, str) else each for each in args]
    return reason.format(*texts)


class _Quoted(str):
    """What `!r` of a reason's format asks for: the text as all messages quote it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return quoted(self)


def value_text(value: object) -> str:
    """A value as people read it.

    >>> value_text(Decimal("5.0000")), value_text(None), value_text(True)
    ('5.00', '', 'yes')
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case Decimal():
            return amount_text(value)
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
        case Address():
            return one_line(value)
        case _:
            return str(value)
