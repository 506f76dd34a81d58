"""Refunds of the store as credits on the imported order, to the cent (orders API v3, refunds)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import product

import attrs

from avbc.acctvantage.import_ids import credit_import_id
from avbc.acctvantage.records import Credit, CreditKind, CreditLine, CreditTender, SalesOrder
from avbc.bigcommerce.models import Order, OrderProduct, Refund, RefundItem
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.lines import fee_name
from avbc.mapping.offline import has_gateway_payments
from avbc.mapping.patterns import fits
from avbc.mapping.payment import TENDER_WORDS, receipt_type_for, tender_type_for
from avbc.mapping.proof import Proof, after_discounts, proof_of
from avbc.mapping.text import plain
from avbc.money import ARITHMETIC, ZERO, amount_text, are_store_amounts, decimals, is_amount
from avbc.settings import payment_method_key
from avbc.text import quoted, text_key

_NONE = Decimal("NaN")
_LOOK = "Compare the refund with its order in BigCommerce, and enter the credit by hand."
_KINDS: Mapping[str, CreditKind] = {
    "product": "product",
    "gift_wrapping": "wrapping",
    "shipping": "shipping",
    "handling": "handling",
    "fee": "fee",
    "tax": "tax",
    "order": "order",
}


@attrs.frozen
class _Thing:
    """What an item of a refund is about: what the order paid for it, and the tax in that."""

    kind: CreditKind
    description: str
    paid: Decimal = ZERO
    """With tax."""
    tax: Decimal = ZERO
    pieces: int = 0
    line_id: int | None = None
    part_number: str | None = None


_ALL_OF_IT: Mapping[CreditKind, _Thing] = {
    "tax": _Thing("tax", "Tax"),
    "order": _Thing("order", "The order as a whole"),
}


@attrs.frozen
class _Part:
    """What goes back for one thing, before it is rounded."""

    thing: _Thing
    amount: Decimal
    """With tax."""
    tax: Decimal
    quantity: int | None = None


def map_refund(
    refund: Refund, order: Order, sales_order: SalesOrder, rules: MappingRules
) -> Ruling[Credit]:
    """A refund of the store as a credit on the sales order that its order was imported as.

    The refund's total and its tax are the store's, to the cent; what each item has of them is
    computed, since BigCommerce writes only quantities for products and wrapping:

    - a product gives back what the shopper paid for so many of the line's pieces, all discounts
      out, and the tax in that;
    - wrapping likewise; shipping, handling, fees and the order as a whole give back the amount
      asked for, which is one with tax, or one without that tax comes on top of (whichever makes the
      refund's total: inferred). The order as a whole and tax itself have no tax;
    - what was held back from a product is a line of its own, without tax or with it (whichever
      fits: inferred).

    Amounts round to cents, and where several round, the total decides by a cent each. More than
    that is a problem that says by how much. Where the merchant typed in the amounts, the difference
    is a line of its own, with a warning.

    What was paid out must be the total. Store credit and gift certificates go by their own Receipt
    Types, everything else by the mapping row of the provider or else of the order's payment method
    (manual 2.2.3; inferred for refunds).

    Args:
        refund: The refund.
        order: Its order as the store has it, with lines, consignments and fees.
        sales_order: The order as the books have it.
        rules: Settings and reference data.
    """
    case = Case(rules)
    with localcontext(ARITHMETIC):
        step = Decimal(1).scaleb(-decimals(sales_order.currency))
        _check_refund(refund, order, sales_order, step, case)
        of_order = _things(refund, order, sales_order, rules)
        things = [
            _thing(item, f"items[{position}]", of_order, case)
            for position, item in enumerate(refund.items)
        ]
        if case.failed:
            return case.ruling(None)
        credit = Credit(
            import_id=credit_import_id(sales_order.import_id, refund.id),
            order_import_id=sales_order.import_id,
            store_refund_id=refund.id,
            lines=_lines(refund, [thing for thing in things if thing is not None], step, case),
            tax=refund.total_tax,
            total=refund.total_amount,
            currency=sales_order.currency,
            tenders=_tenders(refund, order, case),
            reason=plain(refund.reason),
            created_at=refund.created,
        )
        case.note(
            "import_id", credit.import_id, "the order's Import ID, -CM and the store's refund id"
        )
        case.note("total", credit.total, "the refund's total, to the cent")
        case.note("tax", credit.tax, "the refund's tax, never computed again")
        return case.ruling(credit)


def _check_refund(
    refund: Refund, order: Order, sales_order: SalesOrder, step: Decimal, case: Case
) -> None:
    currency = order.default_currency_code.strip().upper()
    if text_key(currency) != text_key(sales_order.currency):
        case.error(
            "currency_differs",
            "default_currency_code",
            currency,
            f"The order is in {currency or 'no known currency'}, and in the books in "
            f"{sales_order.currency}.",
            "Enter the credit by hand.",
        )
    _check_edit(refund, order, sales_order, case)
    amounts = {
        "total_amount": refund.total_amount,
        "total_tax": refund.total_tax,
        **{
            f"payments[{position}].amount": payment.amount
            for position, payment in enumerate(refund.payments)
        },
    }
    for name, amount in amounts.items():
        if not are_store_amounts((amount,)) or (name == "total_amount" and amount % step):
            case.error(
                "amount_unreadable",
                name,
                amount,
                f"{name} of refund {refund.id} is {amount}, which cannot be paid.",
                _LOOK,
            )
        elif amount < 0 and name != "total_tax":
            case.error(
                "amount_negative",
                name,
                amount,
                f"{name} of refund {refund.id} is negative: {amount_text(amount)}.",
                _LOOK,
            )


def _check_edit(refund: Refund, order: Order, sales_order: SalesOrder, case: Case) -> None:
    """Refuse a refund that may be for lines that are off the order and off the sales order.

    Where a gateway was paid, its transactions say it; of a refund of lines, the lines do.
    """
    booked = {line.store_line_id for line in sales_order.lines}
    gone = [line for line in order.removed_lines if line.id not in booked]
    names_order = any(text_key(item.item_type) == "order" for item in refund.items)
    if gone and names_order and not has_gateway_payments(order, case.rules):
        number = credit_import_id(sales_order.import_id, refund.id)
        case.error(
            "refund_of_edit_unclear",
            "items",
            refund.id,
            f"{quoted(gone[0].name)} was taken off order {order.id}, and refund {refund.id} over "
            f"{amount_text(refund.total_amount)} names no line: it may be for what was taken off, "
            "which the order's total leaves out.",
            f"If it is not, enter the credit in AcctVantage with the Import ID {number}. Then call "
            f"settle({order.id}).",
        )


# --- what it is for ---


def _thing(
    item: RefundItem, field: str, things: Mapping[tuple[CreditKind, int], _Thing], case: Case
) -> _Thing | None:
    kind = _KINDS.get(text_key(item.item_type))
    amounts = [
        item.requested_amount or ZERO,
        *(adjustment.amount for adjustment in item.adjustments),
    ]
    thing = _ALL_OF_IT.get(kind) or things.get((kind, item.item_id)) if kind else None
    if not are_store_amounts(amounts):
        case.error(
            "amount_unreadable",
            f"{field}.requested_amount",
            amounts[0],
            f"An amount of {field} is not a number.",
            _LOOK,
        )
    elif kind is None:
        case.error(
            "refund_item_unknown",
            f"{field}.item_type",
            item.item_type,
            f"The refund gives back {quoted(item.item_type)}, which avbc does not know.",
            "Enter the credit by hand.",
        )
    elif thing is None:
        case.error(
            "refund_line_unknown",
            f"{field}.item_id",
            item.item_id,
            f"The refund gives back {item.item_type} of {item.item_id}, which the order and its "
            "sales order do not both have.",
            "Read the order with all its lines, consignments and fees; if it is right, enter the "
            "credit by hand.",
        )
    elif not (is_amount(thing.paid) and is_amount(thing.tax)):
        case.error(
            "amount_unreadable",
            field,
            thing.paid,
            f"What was paid for {quoted(thing.description)} is not an amount.",
            _LOOK,
        )
    elif item.requested_amount is None and not 0 < _pieces(item, thing) <= thing.pieces:
        case.error(
            "quantity_invalid",
            f"{field}.quantity",
            item.quantity,
            f"{item.quantity} of {quoted(thing.description)} are refunded, of which there are "
            f"{thing.pieces}.",
            _LOOK,
        )
    return thing


def _pieces(item: RefundItem, thing: _Thing) -> int:
    """How many pieces are refunded; for wrapping BigCommerce leaves it out: all (inferred)."""
    return item.quantity or (thing.pieces if thing.kind == "wrapping" else 0)


def _things(
    refund: Refund, order: Order, sales_order: SalesOrder, rules: MappingRules
) -> dict[tuple[CreditKind, int], _Thing]:
    """What the refund may give back of the order, by kind and the store's id."""
    proof = proof_of(order, Case(rules))
    things: dict[tuple[CreditKind, int], _Thing] = {}
    booked = {line.store_line_id: line.part_number for line in sales_order.lines}
    wanted = {item.item_id for item in refund.items} & booked.keys()
    for line in order.lines:
        if line.id in wanted:
            name = plain(line.name) or plain(line.sku)
            product = _Thing(
                "product", name, *_paid(line, proof), line.quantity, line.id, booked[line.id]
            )
            paid, tax = _wrapping(line, order)
            name = plain(line.wrapping_name) or "Gift wrapping"
            things["product", line.id] = product
            things["wrapping", line.id] = attrs.evolve(
                product, kind="wrapping", description=name, paid=paid, tax=tax
            )
    for fee in order.fees or ():
        things["fee", fee.id] = _Thing("fee", fee_name(fee), fee.cost_inc_tax, fee.cost_tax)
    for place in order.consignments.shipping if order.consignments is not None else ():
        method = plain(place.shipping_method) or "Shipping"
        things["shipping", place.id] = _Thing(
            "shipping", method, place.cost_inc_tax, place.cost_tax
        )
        things["handling", place.id] = _Thing(
            "handling", "Handling", place.handling_cost_inc_tax, place.handling_cost_tax
        )
    return things


def _paid(line: OrderProduct, proof: Proof | None) -> tuple[Decimal, Decimal]:
    """What the shopper paid for the line with tax and after discounts, and the tax in it.

    By the reading that the order's own proof took. The store may leave the amount after discounts
    out, or write 0; where the order does not add up (any more), it counts as far as it is there.
    """
    discounted = line.discounted_total_inc_tax or ZERO
    discounts = [discount.amount for discount in line.applied_discounts]
    totals = (line.total_inc_tax, line.total_ex_tax, line.total_tax)
    if not all(map(is_amount, (*totals, discounted, *discounts))):
        return _NONE, _NONE
    taken = sum(discounts, ZERO)
    if proof is not None and proof.discounts != "none":
        return after_discounts(line, taken, proof)
    paid = discounted or line.total_inc_tax - taken
    # The line's own tax may be the one before its discounts.
    return paid, _share(paid, line.total_inc_tax - line.total_ex_tax, line.total_inc_tax)


def _wrapping(line: OrderProduct, order: Order) -> tuple[Decimal, Decimal]:
    """What wrapping the line cost, with tax, and the tax.

    A cost is for the line or for each piece: whichever makes the order's.
    """
    costs = [(line.wrapping_cost_inc_tax, line.quantity) for line in order.lines]
    if not all(
        map(
            is_amount,
            (order.wrapping_cost_inc_tax, line.wrapping_cost_tax, *(cost for cost, _ in costs)),
        )
    ):
        return _NONE, _NONE
    by_line = sum((cost for cost, _ in costs), ZERO)
    by_piece = sum((cost * quantity for cost, quantity in costs), ZERO)
    times = line.quantity if by_line != order.wrapping_cost_inc_tax == by_piece else 1
    return line.wrapping_cost_inc_tax * times, line.wrapping_cost_tax * times


# --- how much of it ---


def _lines(
    refund: Refund, things: Sequence[_Thing], step: Decimal, case: Case
) -> tuple[CreditLine, ...]:
    """The lines by the first reading that makes the refund's total and tax."""
    misses: list[tuple[list[_Part], Decimal, Decimal]] = []
    for with_tax, held_back_with_tax in product((True, False), (False, True)):
        parts = _parts(refund, things, with_tax=with_tax, held_back_with_tax=held_back_with_tax)
        amounts, off = _amounts(parts, refund.total_amount, step)
        taxes, tax_off = _taxes(parts, refund.total_tax, step)
        if not off and not tax_off:
            return _credit_lines(parts, amounts, taxes, case)
        misses.append((parts, off, tax_off))
    # The first whose total is right, or else the first of all, says what is wrong.
    parts, off, tax_off = min(misses, key=lambda miss: miss[1] != 0)
    if refund.uses_merchant_override_values:
        return _overridden(refund, parts, step, case)
    if off:
        case.error(
            "refund_does_not_foot",
            "total_amount",
            refund.total_amount,
            f"Refund {refund.id} is over {amount_text(refund.total_amount)}, and its items come to "
            f"{amount_text(refund.total_amount - off)}: off by {amount_text(abs(off))}.",
            _LOOK,
        )
    if tax_off:
        case.error(
            "refund_tax_does_not_foot",
            "total_tax",
            refund.total_tax,
            f"The tax of refund {refund.id} is {amount_text(refund.total_tax)}, and that of its "
            "items comes to "
            f"{amount_text(refund.total_tax - tax_off)}: off by {amount_text(abs(tax_off))}.",
            _LOOK,
        )
    return ()


def _parts(
    refund: Refund, things: Sequence[_Thing], *, with_tax: bool, held_back_with_tax: bool
) -> list[_Part]:
    if not refund.items:
        # BigCommerce leaves the items out where only tax is refunded.
        return (
            [_Part(_Thing("tax", "Tax"), refund.total_tax, refund.total_tax)]
            if refund.total_tax
            else []
        )
    parts: list[_Part] = []
    for item, thing in zip(refund.items, things, strict=True):
        asked = item.requested_amount
        if thing.kind == "tax":
            parts.append(_Part(thing, asked or ZERO, asked or ZERO))
        elif asked is None:
            pieces = _pieces(item, thing)
            # Multiplied first: what is whole stays whole.
            parts.append(
                _Part(
                    thing,
                    thing.paid * pieces / thing.pieces,
                    thing.tax * pieces / thing.pieces,
                    pieces,
                )
            )
        else:
            tax = _share(asked, thing.tax, thing.paid if with_tax else thing.paid - thing.tax)
            parts.append(
                _Part(thing, asked if with_tax else asked + tax, tax, item.quantity or None)
            )
        for adjustment in item.adjustments:
            name = plain(adjustment.description) or f"Held back from {thing.description}"
            tax = _share(adjustment.amount, thing.tax, thing.paid) if held_back_with_tax else ZERO
            parts.append(
                _Part(
                    _Thing("order", name, line_id=thing.line_id, part_number=thing.part_number),
                    adjustment.amount,
                    tax,
                )
            )
    return parts


def _share(amount: Decimal, tax: Decimal, base: Decimal) -> Decimal:
    return amount * tax / base if base else ZERO


def _amounts(
    parts: Sequence[_Part], total: Decimal, step: Decimal
) -> tuple[list[Decimal], Decimal]:
    """The parts in whole minor units that make the total, and what they miss it by.

    Each part that is not whole may be rounded the other way; that is all that rounding can explain.
    """
    rounded = [_round(part.amount, step) for part in parts]
    off = total - sum(rounded, ZERO)
    direction = step if off > 0 else -step
    errors = {
        place: part.amount - rounded[place]
        for place, part in enumerate(parts)
        if part.amount != rounded[place]
    }
    if abs(off) > step * len(errors):
        return rounded, off
    for place in sorted(errors, key=lambda place: -errors[place] * direction)[
        : int(abs(off) / step)
    ]:
        rounded[place] += direction
    return rounded, ZERO


def _taxes(parts: Sequence[_Part], total: Decimal, step: Decimal) -> tuple[list[Decimal], Decimal]:
    """The tax in each part, together the refund's tax, and what they miss it by.

    A minor unit for each part with tax is rounding.
    """
    rounded = [_round(part.tax, step) for part in parts]
    off = total - sum(rounded, ZERO)
    taxed = [place for place, part in enumerate(parts) if part.tax]
    if abs(off) > step * len(taxed):
        return rounded, off
    if off:
        rounded[max(taxed, key=lambda place: abs(rounded[place]))] += off
    return rounded, ZERO


def _round(amount: Decimal, step: Decimal) -> Decimal:
    return amount.quantize(step, rounding=ROUND_HALF_UP)


def _overridden(
    refund: Refund, parts: Sequence[_Part], step: Decimal, case: Case
) -> tuple[CreditLine, ...]:
    amounts = [_round(part.amount, step) for part in parts]
    taxes = [_round(part.tax, step) for part in parts]
    typed = _Part(_Thing("order", "Amount typed in by the merchant"), ZERO, ZERO)
    off, tax_off = refund.total_amount - sum(amounts, ZERO), refund.total_tax - sum(taxes, ZERO)
    case.warn(
        "refund_overridden",
        "total_amount",
        refund.total_amount,
        f"The merchant typed in the amounts of refund {refund.id}: they differ from its items by "
        f"{amount_text(off)}, "
        f"{amount_text(tax_off)} of it tax, which is a line of its own.",
        "Check the credit in AcctVantage.",
    )
    return _credit_lines([*parts, typed], [*amounts, off], [*taxes, tax_off], case)


def _credit_lines(
    parts: Sequence[_Part], amounts: Iterable[Decimal], taxes: Iterable[Decimal], case: Case
) -> tuple[CreditLine, ...]:
    lines = tuple(
        CreditLine(
            kind=part.thing.kind,
            amount=amount - tax,
            tax=tax,
            quantity=None if part.quantity is None else Decimal(part.quantity),
            store_line_id=part.thing.line_id,
            part_number=part.thing.part_number,
            description=part.thing.description,
        )
        for part, amount, tax in zip(parts, amounts, taxes, strict=True)
    )
    for position, line in enumerate(lines):
        reason = "{0} of {1}" if line.quantity else "{1}"
        case.note(f"lines[{position}]", line.amount, reason, "", line.quantity, line.description)
    return lines


# --- how it was paid out ---


def _tenders(refund: Refund, order: Order, case: Case) -> tuple[CreditTender, ...]:
    tenders: list[CreditTender] = []
    for position, payment in enumerate(refund.payments):
        if payment.is_declined:
            case.error(
                "refund_declined",
                f"payments[{position}]",
                payment.provider_id,
                f"{quoted(payment.provider_id)} declined to pay back "
                f"{amount_text(payment.amount)}: {payment.declined_message or 'no reason'}.",
                "Settle the refund in BigCommerce, and enter the credit by hand.",
            )
            continue
        method = plain(payment.provider_id)
        receipt_type = _receipt_type(method, order, case)
        if receipt_type is not None:
            case.note(
                f"tenders[{position}]",
                payment.amount,
                "{!r} by {}",
                "gl.payment_methods",
                method,
                receipt_type,
            )
            tenders.append(CreditTender(receipt_type, payment.amount, method))
    off = refund.total_amount - sum((payment.amount for payment in refund.payments), ZERO)
    if off:
        case.error(
            "refund_tenders_do_not_foot",
            "payments",
            refund.total_amount - off,
            f"Refund {refund.id} is over {amount_text(refund.total_amount)}, and "
            f"{amount_text(refund.total_amount - off)} were paid out: "
            f"off by {amount_text(abs(off))}.",
            _LOOK,
        )
    return tuple(tenders)


def _receipt_type(method: str, order: Order, case: Case) -> str | None:
    key = payment_method_key(method)
    tender = next((name for name, words in TENDER_WORDS.items() if key in words), None)
    if tender is not None:
        return case.add(tender_type_for(tender, case.rules))
    known = case.rules.payment_methods
    mapped = method if key in known else order.payment_method
    ids: list[str] = []
    if payment_method_key(plain(mapped)) not in known:
        # The ids of a gateway's methods begin with its name: where they mean one Receipt Type, it
        # is the one of the order, whose method's name is translated.
        of_it = [one for one in case.rules.methods_by_id if fits(f"{method}.*", one)]
        ids = of_it if len({case.rules.methods_by_id[one] for one in of_it}) == 1 else []
    found = receipt_type_for(mapped, case.rules, ids, locale=order.customer_locale)
    return case.add(found)
