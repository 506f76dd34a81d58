"""Whether an order was imported right, decided by the JSON alone.

No value coerced in silence, no cent adjusted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from avbc.acctvantage.records import Receipt, SalesOrder
from avbc.bigcommerce.models import Order
from avbc.bigcommerce.models.base import Model, json_key

HALF = Decimal("0.005")
ZERO = Decimal(0)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ABSENT: tuple[object, ...] = (None, "", [], {})
_MONEY = [
    f"{name}_{side}"
    for name in ("subtotal", "shipping_cost", "handling_cost", "wrapping_cost", "total")
    for side in ("ex_tax", "inc_tax")
]
_TAKEN = ["discount_amount", "coupon_discount", "store_credit_amount", "gift_certificate_amount"]
MUST = ["id", "status_id", "customer_id", "total_tax", *_MONEY, *_TAKEN]
"""Without one of these no order is imported: a silent zero would be money, or another customer."""
MUST_OF_LINE = ["id", "quantity", "total_ex_tax", "total_inc_tax"]


def faults_of(
    raw: Any, order: Order, entered: SalesOrder, receipts: Sequence[Receipt], transactions: Any = ()
) -> Iterator[str]:
    """Tell what is wrong with an order that was imported.

    Args:
        raw: Its JSON.
        order: What the client made of it.
        entered: The sales order.
        receipts: Its receipts.
        transactions: The JSON of its transactions.
    """
    if not isinstance(raw, dict):
        yield f"imported from {raw!r}"
        return
    for key in MUST:
        if raw.get(key) in _ABSENT:
            yield f"imported without {key}"
    yield from _coerced(order, raw, "order")
    amounts = {key: number(raw.get(key)) for key in [*_MONEY, *_TAKEN, "total_tax"]}
    yield from _amounts(amounts, raw, entered)
    yield from _lines(order, entered)
    yield from _receipts(raw, entered, receipts, _captured_in_part(raw, transactions))


def number(value: object) -> Decimal:
    """Read an amount of JSON; whatever is none counts as nothing."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return Decimal(0)


def _amounts(
    amounts: Mapping[str, Decimal], raw: Mapping[str, Any], entered: SalesOrder
) -> Iterator[str]:
    tenders = amounts["store_credit_amount"] + amounts["gift_certificate_amount"]
    held: set[str] = set()
    residue = Decimal(0)
    # Discounts are amounts with tax or without, and so is the sum that holds.
    for side in ("ex_tax", "inc_tax"):
        fees = sum((number(fee.get(f"cost_{side}")) for fee in _fees(raw)), Decimal(0))
        parts = ("subtotal", "shipping_cost", "handling_cost", "wrapping_cost")
        residue = amounts[f"total_{side}"] - (
            sum(amounts[f"{part}_{side}"] for part in parts)
            - amounts["discount_amount"]
            - amounts["coupon_discount"]
        )
        readings = {"": Decimal(0), "net": -tenders, "fees": fees, "net and fees": fees - tenders}
        held |= {name for name, value in readings.items() if abs(residue - value) < HALF}
    if not held:
        yield f"imported though its total is off by {residue}"
    if abs(amounts["total_inc_tax"] - amounts["total_ex_tax"] - amounts["total_tax"]) >= HALF:
        yield "imported though its tax does not foot"
    totals = {
        amounts["total_inc_tax"] + (tenders if name.startswith("net") else 0) for name in held
    }
    if not any(abs(entered.total - total) < HALF for total in totals):
        yield f"entered as {entered.total}, and the store says {amounts['total_inc_tax']}"
    if entered.tax != amounts["total_tax"]:
        yield f"its tax was entered as {entered.tax}, and the store says {amounts['total_tax']}"
    if entered.freight != amounts["shipping_cost_ex_tax"]:
        yield (
            f"its freight was entered as {entered.freight}, and the store says "
            f"{amounts['shipping_cost_ex_tax']}"
        )
    parts = entered.subtotal + entered.freight + entered.tax - entered.discount + entered.rounding
    if entered.total != parts or abs(entered.rounding) >= HALF:
        yield (
            f"entered with a total of {entered.total}, parts of {parts} and a rounding of "
            f"{entered.rounding}"
        )


def _fees(raw: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    fees = raw.get("fees")
    rows = (
        fees.get("fees")
        if isinstance(fees, dict) and "fees" in fees
        else [fees]
        if isinstance(fees, dict)
        else fees
    )
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _lines(order: Order, entered: SalesOrder) -> Iterator[str]:
    for line in order.lines:
        for key in MUST_OF_LINE:
            if line.raw.get(key) in _ABSENT:
                yield f"imported with a line without {key}"
    kinds = {"product", "custom", "gift_certificate"}
    were = [
        (line.store_line_id, line.quantity, line.amount)
        for line in entered.lines
        if line.kind in kinds
    ]
    parts = {line.store_line_id for line in entered.lines if line.component_of is not None}
    wanted: list[tuple[object, ...]] = []
    for line in order.lines:
        identity = int(number(line.raw.get("id")))
        amount = Decimal(0) if identity in parts else number(line.raw.get("total_ex_tax"))
        wanted.append((identity, number(line.raw.get("quantity")), amount))
    if Counter(were) != Counter(wanted):
        yield f"its lines were entered as {were}, and the store says {wanted}"


def _captured_in_part(raw: Mapping[str, Any], transactions: Any) -> Decimal | None:
    """What was received where less was captured than was authorized; None anywhere else."""
    listed: list[Any] = transactions if isinstance(transactions, list) else []
    dicts = [row for row in listed if isinstance(row, dict)]
    rows = [row for row in dicts if str(row.get("status")).strip().casefold() == "ok"]
    sums = {
        event: sum((number(row.get("amount")) for row in rows if row.get("event") == event), ZERO)
        for event in ("authorization", "capture", "purchase")
    }
    is_captured = any(row.get("event") == "capture" for row in rows)
    if not is_captured or not 0 <= sums["capture"] < sums["authorization"]:
        return None
    return sums["capture"] + sums["purchase"] + sum(number(raw.get(key)) for key in _TAKEN[2:])


def _receipts(
    raw: Mapping[str, Any],
    entered: SalesOrder,
    receipts: Sequence[Receipt],
    in_part: Decimal | None,
) -> Iterator[str]:
    received = sum((receipt.amount for receipt in receipts), Decimal(0))
    held = sum((receipt.pre_auth_amount for receipt in receipts), Decimal(0))
    if any(receipt.amount < 0 for receipt in receipts) or received + held > entered.total:
        yield f"receipts of {received} and {held} held on an order of {entered.total}"
    if (
        raw.get("payment_status") in ("captured", "paid")
        and not entered.po_number
        and received != (entered.total if in_part is None else in_part)
    ):
        yield f"receipts of {received} on a paid order of {entered.total}"


# --- coercion ---


def _coerced(model: Model, raw: Mapping[str, Any], at: str) -> Iterator[str]:
    """Walk a model and its JSON side by side.

    Each value must be the one that was sent, or the default where none was.
    """
    for field in attrs.fields(type(model)):
        if field.name == "raw":
            continue
        key = json_key(field)
        value, sent = getattr(model, field.name), raw.get(key)
        place = f"{at}.{key}"
        if isinstance(value, Model) and isinstance(sent, dict) and sent:
            yield from _coerced(value, sent, place)
        elif isinstance(value, tuple) and value and isinstance(value[0], Model):
            rows = sent if isinstance(sent, list) else _fees(raw) if key == "fees" else None
            if rows is None or len(rows) != len(value):
                # Lines that were cut off were read apart, and stand under `products` then.
                if key != "products":
                    yield f"{place}: {len(value)} rows of {sent!r:.80}"
                continue
            for place_in, (row, inner) in enumerate(zip(rows, value, strict=True)):
                yield from _coerced(inner, row, f"{place}[{place_in}]")
        elif not _same(sent, value, key):
            yield f"{place}: {sent!r:.80} was read as {value!r:.80}"


def _same(sent: Any, value: object, key: str) -> bool:
    if key in _FILLED or (key == "order_address_id" and sent in (0, "0")):
        return True
    if (sent in _ABSENT and not isinstance(sent, bool)) or (
        isinstance(sent, dict | list) and not isinstance(value, tuple)
    ):
        # The default of what was not sent, or of a link; which fields may be absent is judged
        # above.
        return (
            value in (None, "", 0, False, (), Decimal(0))
            or isinstance(value, datetime | Model)
            or key in _DEFAULTS
        )
    if isinstance(value, bool):
        return (
            sent is value
            or (sent in ("true", "false") and (sent == "true") is value)
            or (type(sent) is int and sent == int(value))
        )
    if isinstance(value, Decimal):
        return _is_number(sent) and number(sent) == value
    if isinstance(value, int):
        return (
            _is_number(sent)
            and number(sent) == value
            and not (isinstance(sent, str) and "." in sent)
        )
    if isinstance(value, str):
        return (isinstance(sent, str) and _whole(sent) == value) or (
            type(sent) is int and str(sent) == value
        )
    if isinstance(value, datetime):
        return isinstance(sent, str) and _instant(sent.strip()) == value
    if isinstance(value, tuple):
        # A link to rows counts as none.
        return (
            value == ()
            if "resource" in str(sent)
            else isinstance(sent, list) and len(sent) == len(value)
        )
    return value is None and sent in _ABSENT


_DEFAULTS = {"order_address_id", "status", "channel_id", "type"}
_FILLED = {"warning", "__warning__"}


def _is_number(sent: object) -> bool:
    return (isinstance(sent, str) and _NUMBER.fullmatch(sent) is not None) or (
        isinstance(sent, int | float) and not isinstance(sent, bool)
    )


def _instant(text: str) -> datetime | None:
    try:
        if "," in text:
            # Not by email.utils, which guesses the century of years before 100.
            moment = datetime.strptime(
                text if text[-5] in "+-" else f"{text} +0000", "%a, %d %b %Y %H:%M:%S %z"
            )
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, IndexError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _whole(text: str) -> str:
    """A text with a replacement character for each half of one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
