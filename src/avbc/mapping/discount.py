"""Discounts: coupons as promotions, automatic and manual discounts (manual 2.2.1, Coupon Codes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.acctvantage.records import OrderDiscount, Promotion
from avbc.bigcommerce.models import Order, OrderCoupon, OrderProduct
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.proof import Proof, unreadable
from avbc.mapping.text import amount_text, plain
from avbc.money import ZERO, is_amount, share, to_minor_unit
from avbc.text import text_key

_KINDS: Mapping[int, Literal["$", "%"]] = {1: "%", 2: "$"}
"""BigCommerce's coupon types that are promotions of AcctVantage: off each item, off the order."""
_UNSUPPORTED = {0: "an amount off each item", 3: "an amount off shipping", 4: "free shipping"}
_DEFAULT_GL = "gl.default_discount_gl_code"
_FIX = (
    "Compare the order's discounts in BigCommerce; if they are right there, enter the order by "
    "hand."
)


_Key: TypeAlias = tuple[str, ...]
"""A coupon by its code; another discount by its id and name."""


@attrs.frozen
class Discounts:
    """The discounts of an order and the promotions to create for them."""

    discounts: tuple[OrderDiscount, ...] = ()
    new_promotions: tuple[Promotion, ...] = ()


@attrs.define
class _Given:
    """One discount as the store shows it, summed over the lines."""

    code: str
    name: str
    amount: Decimal = ZERO
    base: Decimal = ZERO
    """The totals of the lines that it is on, with tax where discounts are amounts with tax."""
    lines: int = 0
    coupon: OrderCoupon | None = None

    @property
    def terms(self) -> tuple[Literal["$", "%"], Decimal] | None:
        """The promotion's kind and value, where the coupon's type says them."""
        kind = _KINDS.get(self.coupon.type) if self.coupon is not None else None
        return None if self.coupon is None or kind is None else (kind, self.coupon.amount)


def discounts_for(
    order: Order, coupons: Sequence[OrderCoupon], proof: Proof, rules: MappingRules
) -> Ruling[Discounts]:
    """The discounts of an order, which together are the proof's discount without tax.

    A coupon is the promotion with its code (or name); one that the books lack is created with the
    Default Discount GL Code (manual 2.2.1). Where the books' promotion would have given another
    amount, that is reported and the store's amount is booked, since that is what the shopper paid.
    Coupons that AcctVantage cannot hold are refused where their type is known, from `coupons`.
    Automatic and manual discounts are booked to the Default Discount GL Code (inferred). What the
    order took off beyond its lines, other than by coupons, is a discount of its own, such as one on
    shipping (inferred).
    """
    case = Case(rules)
    given: dict[_Key, _Given] = {}
    readable = [
        _read_line(line, position, proof, given, case) for position, line in enumerate(order.lines)
    ]
    readable += [_read_coupon(coupon, given, case) for coupon in coupons]
    if not all(readable) or not _explain_the_rest(order, given, case):
        return case.ruling(None)
    taken = [discount for discount in given.values() if discount.amount]
    if not taken:
        return case.ruling(Discounts())
    made: list[OrderDiscount] = []
    new: list[Promotion] = []
    default_gl = rules.settings.gl.default_discount_gl_code
    for discount, amount in zip(
        taken, share(proof.discount, [discount.amount for discount in taken]), strict=True
    ):
        promotion = rules.promotions.get(text_key(discount.code)) if discount.code else None
        gl_code = (promotion.gl_code if promotion else "") or default_gl
        _check_gl_code(gl_code, promotion, case)
        field = f"discounts[{len(made)}]"
        if promotion is not None:
            _compare(promotion, discount, case)
            case.note(field, amount, "the coupon is the books' promotion {!r}", "", promotion.code)
        elif discount.code:
            new.append(_new_promotion(discount, gl_code, rules))
            case.note(
                field,
                amount,
                "the books lack a promotion {!r}: created with GL code {}",
                _DEFAULT_GL,
                discount.code,
                gl_code,
            )
        else:
            case.note(
                field,
                amount,
                "{}: no coupon, booked to GL code {}",
                _DEFAULT_GL,
                discount.name,
                gl_code,
            )
        made.append(
            OrderDiscount(
                code=promotion.code if promotion else discount.code,
                amount=amount,
                gl_code=gl_code,
                name=(promotion.name if promotion else "") or discount.name,
                amount_in_store=discount.amount,
            )
        )
    return case.ruling(Discounts(tuple(made), tuple(new)))


def _read_line(
    line: OrderProduct,
    position: int,
    proof: Proof,
    given: dict[_Key, _Given],
    case: Case,
) -> bool:
    """Add the line's discounts to `given`. Whether what the shopper paid for the line agrees."""
    discounted = line.discounted_total_inc_tax
    if not line.applied_discounts and (
        not discounted or (is_amount(discounted) and discounted == line.total_inc_tax)
    ):
        return True
    off = ZERO
    base = line.total_ex_tax if proof.discounts == "without tax" else line.total_inc_tax
    amounts = [
        base,
        line.total_inc_tax,
        discounted or ZERO,
        *(applied.amount for applied in line.applied_discounts),
    ]
    if not all(is_amount(amount) for amount in amounts):
        unreadable(
            f"lines[{position}].applied_discounts",
            next(amount for amount in amounts if not is_amount(amount)),
            case,
        )
        return False
    for applied in line.applied_discounts:
        if applied.amount < 0:
            case.error(
                "amount_negative",
                f"lines[{position}].applied_discounts",
                applied.amount,
                f"The line {line.name!r} has a discount of {amount_text(applied.amount)}.",
                _FIX,
            )
            return False
        code = plain(applied.code or "")
        key = ("coupon", text_key(code)) if code else ("discount", applied.id, applied.name)
        discount = given.setdefault(key, _Given(code, plain(applied.name) or "Discount"))
        discount.amount += applied.amount
        discount.base += base
        discount.lines += 1
        off += applied.amount
    difference = line.total_inc_tax - off - (discounted or ZERO)
    # The store may leave it out or write 0; with discounts without tax it is not the difference.
    if (
        discounted
        and proof.discounts != "without tax"
        and not case.rules.rounds_to_zero(difference)
    ):
        case.error(
            "line_discount_does_not_foot",
            f"lines[{position}].discounted_total_inc_tax",
            discounted,
            f"The line {line.name!r} is {amount_text(line.total_inc_tax)} less discounts of "
            f"{amount_text(off)}, and "
            f"{amount_text(discounted)} after them: off by {amount_text(abs(difference))}.",
            _FIX,
        )
    return True


def _read_coupon(coupon: OrderCoupon, given: dict[_Key, _Given], case: Case) -> bool:
    """Add what only the coupon itself has: its type, and what it took off beyond the lines."""
    if not is_amount(coupon.amount) or not is_amount(coupon.discount):
        unreadable(f"the amount of coupon {coupon.code!r}", coupon.discount, case)
        return False
    code = plain(coupon.code)
    if coupon.type in _UNSUPPORTED:
        case.error(
            "coupon_type_unsupported",
            "coupons",
            code,
            f"The coupon {code!r} gives {_UNSUPPORTED[coupon.type]}; AcctVantage's promotions are "
            "an amount off the order or a percentage "
            "off each item.",
            "Enter the order by hand, and offer coupons of the two supported types.",
        )
    discount = given.setdefault(("coupon", text_key(code)), _Given(code, code))
    discount.coupon = coupon
    beyond = coupon.discount - discount.amount
    if beyond <= -_tolerance(discount.lines, case.rules):
        case.error(
            "discounts_do_not_foot",
            "coupons",
            code,
            f"The coupon {code!r} took off {amount_text(coupon.discount)}, and the lines have "
            f"{amount_text(discount.amount)} of it: "
            f"off by {amount_text(-beyond)}.",
            _FIX,
        )
        return False
    if beyond >= _tolerance(discount.lines, case.rules):
        discount.amount = coupon.discount
    return True


def _tolerance(lines: int, rules: MappingRules) -> Decimal:
    """A discount that was spread over lines may have lost half a minor unit on each."""
    return rules.half_minor_unit * max(1, lines)


def _explain_the_rest(order: Order, given: dict[_Key, _Given], case: Case) -> bool:
    """Whether the discounts explain all that the order took off."""
    taken = order.discount_amount + order.coupon_discount
    rest = taken - sum((discount.amount for discount in given.values()), ZERO)
    tolerance = _tolerance(sum(discount.lines for discount in given.values()), case.rules)
    named = [discount for discount in given.values() if discount.amount]
    if -tolerance < rest < tolerance and (named or not taken):
        if named:
            named[-1].amount += rest
        return True
    if rest < 0:
        case.error(
            "discounts_do_not_foot",
            "discount_amount",
            taken,
            f"The lines and coupons have discounts of {amount_text(taken - rest)}, and the order "
            f"took off {amount_text(taken)}: "
            f"off by {amount_text(-rest)}.",
            _FIX,
        )
        return False
    unnamed_coupons = order.coupon_discount - sum(
        (discount.amount for discount in given.values() if discount.code), ZERO
    )
    if unnamed_coupons >= tolerance:
        case.error(
            "coupon_unknown",
            "coupon_discount",
            order.coupon_discount,
            f"Coupons took off {amount_text(order.coupon_discount)}, and "
            f"{amount_text(unnamed_coupons)} of it is on no line, so its coupon "
            "is not known.",
            "Read the order with its coupons (orders/{id}/coupons); if they do not explain it, "
            "enter the order by hand.",
        )
        return False
    given["the rest",] = _Given("", "Discount", rest)
    return True


def _new_promotion(discount: _Given, gl_code: str, rules: MappingRules) -> Promotion:
    off_the_order = to_minor_unit(discount.amount, rules.reference.currency)
    kind, value = discount.terms or ("$", off_the_order)
    return Promotion(
        code=discount.code, kind=kind, value=value, gl_code=gl_code, name=discount.name
    )


def _compare(promotion: Promotion, discount: _Given, case: Case) -> None:
    """Compare the books' promotion with the coupon: AcctVantage would silently use its own."""
    if promotion.inactive:
        case.error(
            "promotion_inactive",
            "coupons",
            discount.code,
            f"The promotion {promotion.code!r} is inactive in AcctVantage.",
            "Activate the promotion in AcctVantage.",
        )
    if discount.terms is not None:
        same = discount.terms == (promotion.kind, promotion.value)
    elif promotion.kind == "$":
        same = case.rules.rounds_to_zero(promotion.value - discount.amount)
    else:
        same = not discount.lines or abs(
            discount.base * promotion.value / 100 - discount.amount
        ) < _tolerance(discount.lines, case.rules)
    if not same:
        case.warn(
            "promotion_differs",
            "coupons",
            discount.code,
            f"Promotion {promotion.code!r} gives {amount_text(promotion.value)} "
            f"{'percent off each item' if promotion.kind == '%' else 'off the order'} in "
            f"AcctVantage; the store took off {amount_text(discount.amount)}, which is booked.",
            "Make the promotion and the coupon the same.",
        )


def _check_gl_code(gl_code: str, promotion: Promotion | None, case: Case) -> None:
    if not gl_code:
        case.error(
            "discount_gl_code_missing",
            _DEFAULT_GL,
            "",
            "The order has a discount, and there is no Default Discount GL Code to book it to.",
            f"Set {_DEFAULT_GL}.",
        )
    elif not case.rules.is_gl_account(gl_code):
        place = f"promotion {promotion.code!r}" if promotion and promotion.gl_code else _DEFAULT_GL
        case.error(
            "gl_code_unknown",
            place,
            gl_code,
            f"AcctVantage has no GL account {gl_code!r}.",
            f"Correct {place}.",
        )
