"""The proof to the cent: an order's own amounts must add up before anything is written.

BigCommerce: orders API; docs/facts.md. What an order's fields mean is not documented in every case:
is the total before or after store credit, are fees part of the subtotal, are discounts amounts with
tax or without? Nothing is assumed. Each reading predicts the total, and the one that fits to the
cent is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain
from operator import attrgetter
from typing import Literal, TypeAlias

import attrs

from avbc.bigcommerce.models import Fee, Order, OrderProduct
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.sums import header_parts, line_parts
from avbc.money import STEP, ZERO, amount_text, are_store_amounts, is_amount, to_minor_unit
from avbc.shown import Shown
from avbc.text import quoted

Discounts: TypeAlias = Literal["none", "with tax", "without tax"]

HEADER_AMOUNTS = (
    "subtotal_ex_tax",
    "subtotal_inc_tax",
    "subtotal_tax",
    "shipping_cost_ex_tax",
    "shipping_cost_inc_tax",
    "shipping_cost_tax",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
    "wrapping_cost_ex_tax",
    "wrapping_cost_inc_tax",
    "wrapping_cost_tax",
    "total_ex_tax",
    "total_inc_tax",
    "total_tax",
    "discount_amount",
    "coupon_discount",
    "store_credit_amount",
    "gift_certificate_amount",
)
# The total without tax is negative where tenders that pay more than it are taken off.
_NEVER_NEGATIVE = frozenset(HEADER_AMOUNTS) - {
    "subtotal_ex_tax",
    "subtotal_inc_tax",
    "subtotal_tax",
    "total_ex_tax",
}
_HEADER: Callable[[Order], tuple[Decimal, ...]] = attrgetter(*HEADER_AMOUNTS)
_FEE_AMOUNTS = ("cost_ex_tax", "cost_inc_tax", "cost_tax")
_FEE: Callable[[Fee], tuple[Decimal, ...]] = attrgetter(*_FEE_AMOUNTS)
_LINE_AMOUNTS = ("price_ex_tax", "price_inc_tax", "total_ex_tax", "total_inc_tax", "total_tax")
_LINE: Callable[[OrderProduct], tuple[Decimal, ...]] = attrgetter(*_LINE_AMOUNTS)
_UNIT_PRICE_ERROR = Decimal("0.00005")
COMPARE = (
    "Compare the order's amounts in BigCommerce; if they are right there, enter the order by hand."
)
"""What to do about amounts that do not add up."""


@attrs.frozen
class Proof(Shown):
    """That an order's amounts add up, and by which reading of them, in the order's currency."""

    total: Decimal
    """The order with tax, redeemed store credit and gift certificates included, to the cent."""
    gateway_amount: Decimal
    """What of the total is left to pay after store credit and gift certificates."""
    discount: Decimal
    """All discounts without tax: what the parts without tax exceed the total without tax by.

    Without discounts it rounds to zero.
    """
    residue: Decimal
    """What the total with tax differs from its parts by; rounds to zero."""
    tenders: Literal["none", "in the total", "taken off the total"]
    """Where the store's total leaves redeemed store credit and gift certificates."""
    fees: Literal["none", "in the subtotal", "on top of the subtotal"]
    discounts: Discounts
    """Whether the store's discounts are amounts with tax or without."""
    subtotal_tax: Literal["after discounts", "before discounts"] = "after discounts"
    """Whether the store's tax on the subtotal is what is left of it after discounts."""

    @property
    def convention(self) -> str:
        """The reading that fits, in words."""
        words = f"tenders: {self.tenders}; fees: {self.fees}; discounts: {self.discounts}"
        is_before = self.subtotal_tax == "before discounts"
        return f"{words}; tax of the subtotal: before discounts" if is_before else words


@attrs.frozen
class LinesProof:
    """What the lines say about the order's sums."""

    fees_on_top: bool | None = None
    """Whether fees come on top of the subtotal; None where there are none, or it is not known."""
    readable: bool = True
    """Whether all amounts of the lines are amounts of money."""


def prove(order: Order, rules: MappingRules, fees_on_top: bool | None = None) -> Ruling[Proof]:
    """The proof of an order's header.

    It holds where (BigCommerce: orders API, checked on the published examples)

    - the total with tax is the subtotal, shipping, handling and wrapping with tax, less discount
      and coupon discount (I1), in one of the readings: redeemed tenders in the total or taken off
      it, fees in the subtotal or on top of it;
    - the total tax is the total with tax less the total without (I2);
    - without a discount, the total without tax is the sum of its parts too (I4). A discount without
      tax is the difference of the two.

    Where discounts are amounts without tax (inferred, for stores whose prices are), I1 is off by
    the tax on the discount; then the sum without tax must hold with the discount in it, and so must
    the sum of the taxes (I3).

    The tax of the subtotal may be the one before the discounts, as old orders have it. Then it must
    be what the subtotals with and without tax differ by (I5), and I3 must hold less the tax that
    the discounts saved, which must be the lines' own tax on their discounts, up to a minor unit for
    each line.

    Each identity may be off by less than half a minor unit. `fees_on_top` says where the order's
    lines leave the fees, if known. Each amount that is not an amount of money is a problem.
    """
    case = Case(rules)
    readable = check_amounts(order, case)
    return case.ruling(prove_header(order, fees_on_top, case) if readable else None)


def proof_of(order: Order, case: Case) -> Proof | None:
    """The proof of an order's header, with what its lines say where all of them were read."""
    complete = check_lines(order, case)
    if not check_amounts(order, case):
        return None
    on_top = prove_lines(order, order.lines, case).fees_on_top if complete else None
    return prove_header(order, on_top, case)


def check_lines(order: Order, case: Case) -> bool:
    """Whether all lines of the order were read."""
    complete = order.lines_complete
    if not complete:
        case.error(
            "lines_incomplete",
            "items_total",
            order.items_total,
            f"The order has {order.items_total} pieces, and the lines that were read do not make "
            "them.",
            "Read the order's lines in full (orders/{id}/products), as an import does. If they "
            "were, compare the order's lines in BigCommerce; if they are right there, enter the "
            "order by hand.",
        )
    return complete


def check_amounts(order: Order, case: Case) -> bool:
    """Whether the header and the fees hold amounts of money, negative only where possible."""
    amounts = _HEADER(order)
    of_fees = [
        (f"fees[{position}].{name}", amount)
        for position, fee in enumerate(order.fees or ())
        for name, amount in zip(_FEE_AMOUNTS, _FEE(fee), strict=True)
    ]
    if are_store_amounts((*amounts, *(amount for _, amount in of_fees))) and min(amounts) >= 0:
        return True
    readable = True
    for name, amount in (*zip(HEADER_AMOUNTS, amounts, strict=True), *of_fees):
        if not are_store_amounts((amount,)):
            unreadable(name, amount, case)
            readable = False
        elif amount < 0 and name in _NEVER_NEGATIVE:
            case.error(
                "amount_negative",
                name,
                amount,
                f"{name} is negative: {amount_text(amount)}.",
                COMPARE,
            )
            readable = False
    return readable


def unreadable(field: str, amount: Decimal, case: Case) -> None:
    """Report a field that holds no amount of money."""
    case.error(
        "amount_unreadable",
        field,
        amount,
        f"{field} is {amount}, which is not an amount of money with at most four decimals.",
        COMPARE,
    )


def prove_header(order: Order, fees_on_top: bool | None, case: Case) -> Proof | None:
    """The header's proof, for amounts that passed `check_amounts`; it may come with problems."""
    _prove_taxes(order, case)
    tenders = order.store_credit_amount + order.gift_certificate_amount
    taken = order.discount_amount + order.coupon_discount
    parts = (
        order.subtotal_inc_tax
        + order.shipping_cost_inc_tax
        + order.handling_cost_inc_tax
        + order.wrapping_cost_inc_tax
    )
    residue = order.total_inc_tax - parts + taken
    places_of_fees = (False, True) if fees_on_top is None else (fees_on_top,)
    if not any(fee.cost_inc_tax or fee.cost_ex_tax for fee in order.fees or ()):
        places_of_fees = (False,)
    fits = [
        proof
        for net in ((False, True) if tenders else (False,))
        for on_top in places_of_fees
        if (proof := _read(order, case.rules, residue, net=net, on_top=on_top)) is not None
    ]
    if not fits:
        case.error(
            "total_does_not_foot",
            "total_inc_tax",
            order.total_inc_tax,
            f"The total with tax is {amount_text(order.total_inc_tax)}, and its parts come to "
            f"{amount_text(parts - taken)}: "
            f"off by {amount_text(abs(residue))}."
            f"{_also_tried(order, tenders)}{header_parts(order)}",
            COMPARE,
        )
        return None
    if len({proof.total for proof in fits}) > 1:
        fits = [proof for proof in fits if _fits_lines(order, proof, case.rules)] or fits
    if len({proof.total for proof in fits}) > 1:
        case.error(
            "reading_ambiguous",
            "total_inc_tax",
            order.total_inc_tax,
            "The order's total can be read in more than one way, with different results.",
            "Enter the order by hand.",
            candidates=tuple(f"{amount_text(proof.total)} ({proof.convention})" for proof in fits),
        )
        return None
    return fits[0] if _prove_without_tax(order, fits[0], case) else None


def _read(
    order: Order, rules: MappingRules, residue: Decimal, *, net: bool, on_top: bool
) -> Proof | None:
    """The proof by one reading, where it fits; `residue` is the difference in the usual one."""
    tenders = order.store_credit_amount + order.gift_certificate_amount
    fees = order.fees or ()
    discounts: Discounts = "with tax" if order.discount_amount or order.coupon_discount else "none"
    taken_off = tenders if net else ZERO
    residue += taken_off
    without = order.total_ex_tax + taken_off
    parts = (
        order.subtotal_ex_tax
        + order.shipping_cost_ex_tax
        + order.handling_cost_ex_tax
        + order.wrapping_cost_ex_tax
    )
    fees_tax = ZERO
    if on_top:
        residue -= sum((fee.cost_inc_tax for fee in fees), ZERO)
        parts += sum((fee.cost_ex_tax for fee in fees), ZERO)
        fees_tax = sum((fee.cost_tax for fee in fees), ZERO)
    taken = order.discount_amount + order.coupon_discount
    if not rules.rounds_to_zero(residue):
        # The tax that the discounts saved, which a discount without tax leaves in the parts with
        # tax.
        saved = -residue
        residue = without - parts + taken
        if not (0 < saved <= taken and rules.rounds_to_zero(residue)):
            return None
        discounts = "without tax"
    else:
        saved = taken - (parts - without)
    taxes_off = _tax_parts(order) + fees_tax - order.total_tax
    before = bool(taken) and not rules.rounds_to_zero(taxes_off)
    if before and not (
        rules.rounds_to_zero(taxes_off - saved)
        and rules.rounds_to_zero(
            order.subtotal_inc_tax - order.subtotal_ex_tax - order.subtotal_tax
        )
        and _saved_by_lines(order, saved, rules, with_tax=discounts == "with tax")
    ):
        if discounts == "without tax":
            return None
        before = False  # A warning, and no reading.
    total = to_minor_unit(order.total_inc_tax + taken_off, rules.reference.currency)
    return Proof(
        total=total,
        gateway_amount=total - tenders,
        discount=parts - without,
        residue=residue,
        tenders="none" if not tenders else "taken off the total" if net else "in the total",
        fees="none" if not fees else "on top of the subtotal" if on_top else "in the subtotal",
        discounts=discounts,
        subtotal_tax="before discounts" if before else "after discounts",
    )


def _saved_by_lines(order: Order, saved: Decimal, rules: MappingRules, *, with_tax: bool) -> bool:
    """Whether the tax that the discounts saved is the lines' own tax on their discounts.

    What is on no line is taxed at the lowest to the highest rate of the order's parts. Each
    discounted line may have lost a minor unit to rounding: half of one before its discount and half
    of one after it. `with_tax` says whether discounts are amounts with tax.
    """
    lines = [line for line in order.lines if not line.is_component]
    parts = [(line.total_ex_tax, line.total_inc_tax) for line in lines]
    taken = [[applied.amount for applied in line.applied_discounts] for line in lines]
    if not all(map(is_amount, chain(*parts, *taken))):
        return True  # What reads the lines reports it.
    if not lines:
        parts = [(order.subtotal_ex_tax, order.subtotal_inc_tax)]
    parts += [
        (order.shipping_cost_ex_tax, order.shipping_cost_inc_tax),
        (order.handling_cost_ex_tax, order.handling_cost_inc_tax),
        (order.wrapping_cost_ex_tax, order.wrapping_cost_inc_tax),
        *((fee.cost_ex_tax, fee.cost_inc_tax) for fee in order.fees or ()),
    ]
    bases = [(inc if with_tax else ex, inc - ex) for ex, inc in parts]
    rates = [tax / base if base else ZERO for base, tax in bases]
    on_lines = [sum(amounts, ZERO) for amounts in taken]
    rest = order.discount_amount + order.coupon_discount - sum(on_lines, ZERO)
    known = sum((part * rate for part, rate in zip(on_lines, rates, strict=False)), ZERO)
    charged = [rate for rate, (base, _) in zip(rates, bases, strict=True) if base] or [ZERO]
    bounds = sorted((known + rest * min(charged), known + rest * max(charged)))
    tolerance = 2 * rules.half_minor_unit * max(1, sum(map(bool, on_lines)))
    return bounds[0] - tolerance < saved < bounds[1] + tolerance


def _tax_parts(order: Order) -> Decimal:
    return (
        order.subtotal_tax
        + order.shipping_cost_tax
        + order.handling_cost_tax
        + order.wrapping_cost_tax
    )


def _fits_lines(order: Order, proof: Proof, rules: MappingRules) -> bool:
    """Whether what was paid for each line, where the store says it, is so by this reading."""
    for line in order.lines:
        paid = line.discounted_total_inc_tax
        taken = [applied.amount for applied in line.applied_discounts]
        amounts = (*_LINE(line), *taken)
        if paid and all(map(is_amount, (paid, *amounts))):
            after, _ = after_discounts(line, sum(taken, ZERO), proof)
            if not rules.rounds_to_zero(after - paid):
                return False
    return True


def _also_tried(order: Order, tenders: Decimal) -> str:
    fees = amount_text(sum((fee.cost_inc_tax for fee in order.fees or ()), ZERO))
    credit = f"{amount_text(tenders)} of store credit and gift certificates being off the total"
    tried = [credit] * bool(tenders) + [f"fees of {fees} coming on top"] * bool(order.fees)
    return f" Nor does {' or '.join(tried)} explain it." if tried else ""


def _prove_taxes(order: Order, case: Case) -> None:
    """I2, and the same for each cost and fee: with tax less without tax is tax."""
    off = order.total_inc_tax - order.total_ex_tax - order.total_tax
    if not case.rules.rounds_to_zero(off):
        case.error(
            "tax_does_not_foot",
            "total_tax",
            order.total_tax,
            f"The total tax is {amount_text(order.total_tax)}, and the totals with and without "
            f"tax differ by {amount_text(order.total_inc_tax - order.total_ex_tax)}: off by "
            f"{amount_text(abs(off))}.",
            COMPARE,
        )
    for field, name, off in (
        (
            "shipping_cost_tax",
            "The shipping cost",
            order.shipping_cost_inc_tax - order.shipping_cost_ex_tax - order.shipping_cost_tax,
        ),
        (
            "handling_cost_tax",
            "The handling cost",
            order.handling_cost_inc_tax - order.handling_cost_ex_tax - order.handling_cost_tax,
        ),
        (
            "wrapping_cost_tax",
            "The wrapping cost",
            order.wrapping_cost_inc_tax - order.wrapping_cost_ex_tax - order.wrapping_cost_tax,
        ),
        *(
            (
                f"fees[{position}].cost_tax",
                f"Fee {quoted(fee.display_name_merchant)}",
                fee.cost_inc_tax - fee.cost_ex_tax - fee.cost_tax,
            )
            for position, fee in enumerate(order.fees or ())
        ),
    ):
        if off and not case.rules.rounds_to_zero(off):
            case.error(
                "cost_does_not_foot",
                field,
                off,
                f"{name} without tax and its tax do not add up to it with tax: off by "
                f"{amount_text(abs(off))}.",
                COMPARE,
            )


def _prove_without_tax(order: Order, proof: Proof, case: Case) -> bool:
    """I4 without a discount; with one, that it is possible without tax. Then I3."""
    taken = order.discount_amount + order.coupon_discount
    if not taken and not case.rules.rounds_to_zero(proof.discount):
        case.error(
            "ex_tax_does_not_foot",
            "total_ex_tax",
            order.total_ex_tax,
            f"The total without tax is {amount_text(order.total_ex_tax)}, and its parts come to "
            f"{amount_text(order.total_ex_tax + proof.discount)}: off by "
            f"{amount_text(abs(proof.discount))}.",
            COMPARE,
        )
        return False
    if taken and not 0 <= proof.discount < taken + case.rules.half_minor_unit:
        case.error(
            "discount_does_not_foot",
            "total_ex_tax",
            order.total_ex_tax,
            f"The discounts are {amount_text(taken)}, and the amounts without tax leave "
            f"{amount_text(proof.discount)} for them.",
            COMPARE,
        )
        return False
    on_top = (
        sum((fee.cost_tax for fee in order.fees or ()), ZERO)
        if proof.fees == "on top of the subtotal"
        else ZERO
    )
    off = order.total_tax - _tax_parts(order) - on_top
    if proof.subtotal_tax == "after discounts" and not case.rules.rounds_to_zero(off):
        case.warn(
            "tax_parts_differ",
            "subtotal_tax",
            order.subtotal_tax,
            "The taxes on lines, shipping, handling and wrapping add up to "
            f"{amount_text(order.total_tax - off)}, and the order's tax is "
            f"{amount_text(order.total_tax)}, which is what is booked.",
            "Check the order's tax in BigCommerce.",
        )
    return True


def prove_lines(order: Order, lines: Sequence[OrderProduct], case: Case) -> LinesProof:
    """Compare the lines with themselves and with the order's subtotal.

    A line's total is its unit price times its quantity, and its tax is what its totals with and
    without tax differ by. The lines' totals, components of bundles left out, are the subtotal: with
    the fees, or without them.
    """
    counted = [(position, line) for position, line in enumerate(lines) if not line.is_component]
    readable = [
        _check_quantity(line, position, case)
        and (line.is_component or _prove_line(line, position, case))
        for position, line in enumerate(lines)
    ]
    if not all(readable):
        return LinesProof(readable=False)
    off = (
        order.subtotal_ex_tax - sum((line.total_ex_tax for _, line in counted), ZERO),
        order.subtotal_inc_tax - sum((line.total_inc_tax for _, line in counted), ZERO),
    )
    fees = (
        sum((fee.cost_ex_tax for fee in order.fees or ()), ZERO),
        sum((fee.cost_inc_tax for fee in order.fees or ()), ZERO),
    )
    if case.rules.rounds_to_zero(off[0]) and case.rules.rounds_to_zero(off[1]):
        return LinesProof(fees_on_top=True if any(fees) else None)
    if case.rules.rounds_to_zero(off[0] - fees[0]) and case.rules.rounds_to_zero(off[1] - fees[1]):
        return LinesProof(fees_on_top=False)
    for name, subtotal, difference, fee in zip(
        ("subtotal_ex_tax", "subtotal_inc_tax"),
        (order.subtotal_ex_tax, order.subtotal_inc_tax),
        off,
        fees,
        strict=True,
    ):
        if not case.rules.rounds_to_zero(difference - fee):
            also = (
                (
                    f" With the fees of {amount_text(fee)} they are off by "
                    f"{amount_text(abs(difference - fee))}."
                )
                if fee
                else ""
            )
            case.error(
                "lines_do_not_foot",
                name,
                subtotal,
                f"{name} is {amount_text(subtotal)}, and the lines come to "
                f"{amount_text(subtotal - difference)}: "
                f"off by {amount_text(abs(difference))}.{also}{line_parts(counted, name)}",
                COMPARE
                if order.fees is not None
                else (
                    "Read the order with its fees (include=fees), and compare its lines in "
                    "BigCommerce."
                ),
            )
    return LinesProof()


def after_discounts(line: OrderProduct, taken: Decimal, proof: Proof) -> tuple[Decimal, Decimal]:
    """What was paid for a line with tax, and the tax in it, by the reading of its order's proof.

    Args:
        line: The line, with amounts of money.
        taken: Its discounts.
        proof: Its order's.
    """
    tax = line.total_inc_tax - line.total_ex_tax
    if proof.discounts != "without tax" or not line.total_ex_tax:
        paid = line.total_inc_tax - taken
    elif line.total_tax != tax:
        return line.total_ex_tax - taken + line.total_tax, line.total_tax
    else:
        # The line's tax is the one before its discounts: what is left is taxed at its own rate.
        left = line.total_ex_tax - taken
        paid = (left * line.total_inc_tax / line.total_ex_tax).quantize(STEP, ROUND_HALF_UP)
    return paid, paid * tax / line.total_inc_tax if line.total_inc_tax else ZERO


def _check_quantity(line: OrderProduct, position: int, case: Case) -> bool:
    """Whether a line has pieces; one that was taken off, with no money on it, is not among them."""
    if line.quantity < 1:
        money = "" if line.quantity else ", and amounts that are not 0"
        case.error(
            "quantity_invalid",
            f"lines[{position}].quantity",
            line.quantity,
            f"The line {quoted(line.name)} has a quantity of {line.quantity}{money}.",
            "Correct or remove the line in BigCommerce. A line that is taken off over the API has "
            "quantity 0 and no amounts.",
        )
    return line.quantity > 0


def _prove_line(line: OrderProduct, position: int, case: Case) -> bool:
    amounts = _LINE(line)
    if not are_store_amounts(amounts):
        for name, amount in zip(_LINE_AMOUNTS, amounts, strict=True):
            if not are_store_amounts((amount,)):
                unreadable(f"lines[{position}].{name}", amount, case)
        return False
    off = (
        line.total_ex_tax - line.price_ex_tax * line.quantity,
        line.total_inc_tax - line.price_inc_tax * line.quantity,
        # A discounted line may show its tax before the discount or after it.
        ZERO if line.applied_discounts else line.total_inc_tax - line.total_ex_tax - line.total_tax,
    )
    if not any(off):
        return True
    # A unit price of four decimals may be off by half of the last one, and so as many times as
    # there are units.
    allowed = case.rules.half_minor_unit + _UNIT_PRICE_ERROR * line.quantity
    for name, difference in zip(("total_ex_tax", "total_inc_tax", "total_tax"), off, strict=True):
        if abs(difference) >= (case.rules.half_minor_unit if name == "total_tax" else allowed):
            case.error(
                "line_does_not_foot",
                f"lines[{position}].{name}",
                getattr(line, name),
                f"The line {quoted(line.name)} ({line.quantity} x {amount_text(line.price_ex_tax)} "
                "without tax, "
                f"{amount_text(line.price_inc_tax)} with tax) does not come to its {name}: off by "
                f"{amount_text(abs(difference))}.",
                COMPARE,
            )
    return True
