"""Refunds as the store makes them: whole units and charges of an order, exact to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

import attrs

from avbc.money import ZERO, to_minor_unit
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, amount_of, as_rows, money, number, text, whole

_ROUNDED_OFF = Decimal("0.02")
"""What rounding each refund to the cent may leave of an order."""


def _ids(ids: Collection[int]) -> tuple[int, ...]:
    return tuple(sorted(set(ids)))


@attrs.frozen
class RefundParts:
    """What is refunded; if nothing is named, everything that is left."""

    items: Mapping[int, int]
    """Units by order line."""
    wrapping: tuple[int, ...] = attrs.field(converter=_ids)
    """Order lines."""
    shipping: Mapping[int, Decimal]
    """Amounts by order address, as in `handling`."""
    handling: Mapping[int, Decimal]
    fees: tuple[int, ...] = attrs.field(converter=_ids)
    amount: Decimal = ZERO
    """Of the order as a whole, without tax."""


NOTHING = RefundParts({}, (), {}, {}, ())


@attrs.frozen
class _Part:
    """One thing that is refunded: its row, its amount with tax, and the tax in it."""

    row: Row
    amount: Decimal
    tax: Decimal


def everything(order: FakeOrder) -> RefundParts:
    """Return what is left to refund of an order, without amounts of the order as a whole."""
    done = _done(order)

    def charges(kind: str, field: str) -> dict[int, Decimal]:
        left = {
            whole(row["id"]): amount_of(row[field]) - done.get((kind, row["id"]), ZERO)
            for row in order.shipping
        }
        return {address_id: amount for address_id, amount in left.items() if amount}

    return RefundParts(
        items={
            whole(line["id"]): whole(line["quantity"]) - whole(line["quantity_refunded"])
            for line in order.products
            if whole(line["quantity"]) > whole(line["quantity_refunded"])
        },
        wrapping=[
            whole(line["id"])
            for line in order.products
            if amount_of(line["wrapping_cost_inc_tax"])
            and ("GIFT_WRAPPING", line["id"]) not in done
        ],
        shipping=charges("SHIPPING", "cost_inc_tax"),
        handling=charges("HANDLING", "handling_cost_inc_tax"),
        fees=[whole(fee["id"]) for fee in order.fees if ("FEE", fee["id"]) not in done],
    )


def refund(
    state: State,
    order: FakeOrder,
    asked: RefundParts,
    payments: Sequence[tuple[str, Decimal]] = (),
    reason: str = "",
) -> Row:
    """Refund, and return the refund as the API shows it.

    The total is exact: what rounding leaves of earlier partial refunds goes with the last one. The
    order becomes Refunded, or Partially Refunded while something is left; `refunded_amount` stays
    0, as BigCommerce's does.

    Raises:
        ValueError: The refund is more than what is left.
    """
    currency = text(order.header, "default_currency_code")
    named = everything(order) if asked == NOTHING else asked
    parts = _parts(order, named)
    if not parts:
        raise ValueError(f"nothing is left to refund of order {order.id}")
    total = to_minor_unit(sum((part.amount for part in parts), ZERO), currency)
    before = sum((amount_of(row["total_amount"]) for row in order.refunds), ZERO)
    paid = _paid(order)
    if abs(total + before - paid) <= _ROUNDED_OFF and everything(order) == attrs.evolve(
        named, amount=ZERO
    ):
        total = paid - before
    if total + before > paid and not _may_be_more(order):
        raise ValueError(
            f"order {order.id} was paid with {paid}: {before} is refunded already, so {total} is "
            "too much"
        )
    tenders = list(payments) or _tenders(order, total)
    if sum((amount for _, amount in tenders), ZERO) != total:
        raise ValueError(f"the payments of this refund must add up to {total}")
    row: Row = {
        "id": state.next_id("refund"),
        "order_id": order.id,
        "user_id": 1,
        "created": state.now_iso(),
        "reason": reason,
        "total_amount": number(total),
        "total_tax": number(to_minor_unit(sum((part.tax for part in parts), ZERO), currency)),
        "uses_merchant_override_values": False,
        "items": [part.row for part in parts],
        "payments": [_payment(state, order, provider, amount) for provider, amount in tenders],
    }
    order.refunds.append(row)
    for part in parts:
        if part.row["item_type"] == "PRODUCT":
            _mark(order, part)
    full = total + before == paid
    changes = state.status_fields(4 if full else 14) or {}
    if order.header["payment_status"]:
        changes["payment_status"] = "refunded" if full else "partially refunded"
    state.change_order(order.id, changes)
    state.emit("store/order/refund/created", order.id, refund={"refund_id": row["id"]})
    return row


def _paid(order: FakeOrder) -> Decimal:
    """Return what was paid of an order: more than its total where that was edited down since."""
    tenders = [
        amount_of(row["amount"])
        for row in order.transactions
        if row["event"] in {"purchase", "authorization"} and row["status"] == "ok"
    ]
    return max(amount_of(order.header["total_inc_tax"]), sum(tenders, ZERO))


def _may_be_more(order: FakeOrder) -> bool:
    """Whether more may have been paid than can be seen: offline, before a line was taken off."""
    return not order.transactions and any(not line["quantity"] for line in order.products)


def line_paid(order: FakeOrder, line: Row) -> tuple[Decimal, Decimal]:
    """Return what the shopper paid for a line, all discounts out: with tax, and the tax in it.

    Where `discounted_total_inc_tax` is missing or 0, which means unknown, it is what the discounts
    left of the side that was typed.
    """
    taxes = [
        amount_of(row["line_amount"])
        for row in order.taxes
        if text(row, "order_product_id") == str(line["id"]) and row.get("line_item_type") == "item"
    ]
    tax, paid = sum(taxes, ZERO), amount_of(line.get("discounted_total_inc_tax"))
    if paid:
        return paid, tax
    taken = sum(
        (amount_of(row["amount"]) for row in as_rows(line.get("applied_discounts") or [])), ZERO
    )
    with_tax = order.header.get("is_tax_inclusive_pricing")
    if with_tax is None:
        with_tax = line["base_price"] == line["price_inc_tax"] != line["price_ex_tax"]
    if with_tax:
        return amount_of(line["total_inc_tax"]) - taken, tax
    return amount_of(line["total_ex_tax"]) - taken + tax, tax


def _parts(order: FakeOrder, named: RefundParts) -> list[_Part]:
    lines = {whole(line["id"]): line for line in order.products}
    addresses = {whole(address["id"]): address for address in order.shipping}
    fees = {whole(fee["id"]): fee for fee in order.fees}
    _known("line", {*named.items, *named.wrapping}, lines)
    _known("shipping address", {*named.shipping, *named.handling}, addresses)
    _known("fee", named.fees, fees)
    parts = [_units(order, lines[line_id], quantity) for line_id, quantity in named.items.items()]
    for line_id in named.wrapping:
        line = lines[line_id]
        amount, tax = amount_of(line["wrapping_cost_inc_tax"]), amount_of(line["wrapping_cost_tax"])
        parts.append(_Part(_item("GIFT_WRAPPING", line_id, None), amount, tax))
    for kind, amounts, field in [
        ("SHIPPING", named.shipping, "cost"),
        ("HANDLING", named.handling, "handling_cost"),
    ]:
        for address_id, amount in amounts.items():
            address = addresses[address_id]
            whole_amount, whole_tax = (
                amount_of(address[f"{field}_inc_tax"]),
                amount_of(address[f"{field}_tax"]),
            )
            done = _done(order).get((kind, address_id), ZERO)
            if not ZERO < amount <= whole_amount - done:
                raise ValueError(
                    f"{whole_amount - done} of the {kind.lower()} of address {address_id} is left "
                    f"to refund, not {amount}"
                )
            tax = _share(whole_tax, done + amount, whole_amount) - _share(
                whole_tax, done, whole_amount
            )
            parts.append(_Part(_item(kind, address_id, None, amount), amount, tax))
    for fee_id in named.fees:
        amount, tax = amount_of(fees[fee_id]["cost_inc_tax"]), amount_of(fees[fee_id]["cost_tax"])
        parts.append(_Part(_item("FEE", fee_id, None, amount), amount, tax))
    if named.amount:
        parts.append(_Part(_item("ORDER", order.id, None, named.amount), named.amount, ZERO))
    return parts


def _units(order: FakeOrder, line: Row, quantity: int) -> _Part:
    """Refund units of a line at what the shopper paid for them, all discounts out."""
    ordered, done = whole(line["quantity"]), whole(line["quantity_refunded"])
    if not 0 < quantity <= ordered - done:
        raise ValueError(
            f"{ordered - done} of line {line['id']} are left to refund, not {quantity}"
        )
    amount, tax = (
        _share(paid, done + quantity, ordered) - _share(paid, done, ordered)
        for paid in line_paid(order, line)
    )
    return _Part(_item("PRODUCT", whole(line["id"]), quantity), amount, tax)


def _share(amount: Decimal, part: Decimal | int, of: Decimal | int) -> Decimal:
    """Return a share of an amount to 2 decimals; the whole of it exactly."""
    return amount if part == of else (amount * part / of).quantize(Decimal("0.01"))


def _item(kind: str, identity: int, quantity: int | None, amount: Decimal | None = None) -> Row:
    """Return an item. Only products have a quantity; refunded by quantity, the amount is null."""
    return {
        "item_type": kind,
        "item_id": identity,
        "reason": "",
        "requested_amount": None if amount is None else number(amount),
        **({} if quantity is None else {"quantity": quantity}),
    }


def _mark(order: FakeOrder, part: _Part) -> None:
    line = next(line for line in order.products if line["id"] == part.row["item_id"])
    line["quantity_refunded"] = whole(line["quantity_refunded"]) + whole(part.row["quantity"])
    line["is_refunded"] = line["quantity_refunded"] == line["quantity"]
    line["refund_amount"] = money(amount_of(line["refund_amount"]) + part.amount)


def _tenders(order: FakeOrder, total: Decimal) -> list[tuple[str, Decimal]]:
    """Pay back the gateway, then store credit, then a gift certificate; the rest is offline."""
    left = defaultdict[str, Decimal](Decimal)
    for transaction in order.transactions:
        if transaction["event"] in {"purchase", "authorization"} and transaction["status"] == "ok":
            left[text(transaction, "gateway")] += amount_of(transaction["amount"])
    for payment in (part for row in order.refunds for part in as_rows(row.get("payments", []))):
        left[text(payment, "provider_id")] -= amount_of(payment["amount"])
    tenders: list[tuple[str, Decimal]] = []
    for provider in sorted(
        left, key=lambda name: (name == "giftcertificate", name == "storecredit")
    ):
        amount = min(left[provider], total)
        if amount > 0:
            tenders.append((provider, amount))
            total -= amount
    return [*tenders, ("custom", total)] if total else tenders


def _payment(state: State, order: FakeOrder, provider: str, amount: Decimal) -> Row:
    """Return one tender of a refund, and add its transaction if a gateway was paid."""
    row: Row = {
        "id": state.next_id("refund payment"),
        "provider_id": provider,
        "amount": number(amount),
        "offline": provider == "custom",
        "is_declined": False,
        "declined_message": "",
    }
    paid = next((part for part in order.transactions if part["gateway"] == provider), None)
    if paid is not None:
        made = state.add_transaction(order, paid, event="refund", amount=number(amount))
        row["transaction_id"] = str(made["id"])
    return row


def _done(order: FakeOrder) -> dict[tuple[object, object], Decimal]:
    """Return the amounts refunded so far, by kind and id; 0 for what is refunded by quantity."""
    done = defaultdict[tuple[object, object], Decimal](Decimal)
    for item in (item for row in order.refunds for item in as_rows(row.get("items", []))):
        done[item["item_type"], item["item_id"]] += amount_of(item["requested_amount"])
    return done


def _known(kind: str, wanted: Collection[int], there: Mapping[int, Row]) -> None:
    unknown = sorted(set(wanted) - there.keys())
    if unknown:
        raise ValueError(
            f"the order has no {kind} {unknown[0]}: there are "
            f"{', '.join(map(str, there)) or 'none'}"
        )
