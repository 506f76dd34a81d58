"""Discounts: coupons as promotions, automatic and manual discounts (manual 2.2.1, Coupon Codes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.acctvantage.records import OrderDiscount, Promotion
from avbc.bigcommerce.models import Order, OrderCoupon, OrderProduct
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.proof import Proof, after_discounts, unreadable
from avbc.mapping.text import plain
from avbc.money import STEP, ZERO, amount_text, is_amount, share, to_minor_unit
from avbc.shown import Shown
from avbc.text import quoted, text_key

_KINDS: Mapping[int, Literal["$", "%"]] = {1: "%", 2: "$"}
"""BigCommerce's coupon types that are promotions of AcctVantage: off each item, off the order."""
_UNSUPPORTED = {0: "an amount off each item", 3: "an amount off shipping", 4: "free shipping"}
_ON_SHIPPING = frozenset({3, 4})
PROMOTION_CODE = 5
"""The type of a code of the promotions engine, which gives what the promotion's rules say."""
_DEFAULT_GL = "gl.default_discount_gl_code"
_UNSUPPORTED_COUPONS = "gl.unsupported_coupons"
_IDS_OF_THE_ONLY_COUPON = frozenset({"coupon", "total-coupon"})
"""Ids of a coupon's share of a line that name no coupon."""
_FIX = (
    "Compare the order's discounts in BigCommerce; if they are right there, enter the order by "
    "hand."
)


_Key: TypeAlias = tuple[str, ...]
"""A coupon by its code; another discount by its id and name."""


@attrs.frozen
class Discounts(Shown):
    """The discounts of an order and the promotions to create for them."""

    discounts: tuple[OrderDiscount, ...] = ()
    new_promotions: tuple[Promotion, ...] = ()
    off_freight: Decimal = ZERO
    """What coupons on shipping took off the shipping cost, without tax, where settings book it."""


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

    @property
    def is_unsupported(self) -> bool:
        """Whether AcctVantage's promotions do not support the coupon's kind."""
        return self.coupon is not None and self.coupon.type in _UNSUPPORTED

    @property
    def is_on_shipping(self) -> bool:
        """Whether it is a coupon on the shipping cost."""
        return self.coupon is not None and self.coupon.type in _ON_SHIPPING

    @property
    def has_no_terms(self) -> bool:
        """Whether the coupon's kind is known and is no promotion: only its discount is money."""
        return self.coupon is not None and self.coupon.type not in _KINDS

    @property
    def label(self) -> str:
        """Its name, and its code where that is not the name."""
        is_same = text_key(self.code) == text_key(self.name)
        return self.name if is_same else f"{self.name} ({self.code})"


def discounts_for(
    order: Order, coupons: Sequence[OrderCoupon], proof: Proof, rules: MappingRules
) -> Ruling[Discounts]:
    """The discounts of an order, which together are the proof's discount without tax.

    A coupon is the promotion with its code (or name); one that the books lack is created with the
    Default Discount GL Code (manual 2.2.1). Where the books' promotion would have given another
    amount, that is reported and the store's amount is booked, since that is what the shopper paid.
    A code of the promotions engine says nothing of what it gives: where the books have no promotion
    of that code, it is a discount by its amount, and none is made of it.
    Coupons that AcctVantage cannot hold are refused where their type is known, from `coupons`, or
    booked by their amounts where settings say so: those on shipping against freight.
    Automatic and manual discounts are booked to the Default Discount GL Code (inferred). What the
    order took off beyond its lines, other than by coupons, is a discount of its own, such as one on
    shipping (inferred).
    """
    case = Case(rules)
    given: dict[_Key, _Given] = {}
    readable = [
        _read_line(line, position, proof, given, case) for position, line in enumerate(order.lines)
    ]
    by_code: dict[str, list[OrderCoupon]] = {}
    for coupon in coupons:
        by_code.setdefault(text_key(plain(coupon.code)), []).append(coupon)
    for rows in by_code.values():
        _name_shares(rows, given, len(by_code) == 1, rules)
        readable.append(_read_coupon(rows, given, case))
    if not all(readable):
        return case.ruling(None)
    _leave_out_free_shipping(order, given, case)
    if not _explain_the_rest(order, given, case):
        return case.ruling(None)
    off_freight = _off_freight(order, given, proof, case)
    taken = [
        discount for discount in given.values() if discount.amount and not discount.is_on_shipping
    ]
    if not taken or case.failed:
        return case.ruling(Discounts(off_freight=off_freight))
    new: list[Promotion] = []
    amounts = share(proof.discount - off_freight, [discount.amount for discount in taken])
    made = [
        _booked(discount, amount, f"discounts[{position}]", new, case)
        for position, (discount, amount) in enumerate(zip(taken, amounts, strict=True))
    ]
    return case.ruling(Discounts(tuple(made), tuple(new), off_freight))


def _booked(
    discount: _Given, amount: Decimal, field: str, new: list[Promotion], case: Case
) -> OrderDiscount:
    """A discount as it is booked. A promotion that the books lack and need is added to `new`."""
    rules, code, name = case.rules, discount.code, discount.name
    promotion = None
    if code and not discount.is_unsupported:
        promotion = rules.promotions.get(text_key(code))
    gl_code = promotion.gl_code if promotion is not None else ""
    gl_code = gl_code or rules.settings.gl.default_discount_gl_code
    _check_gl_code(gl_code, promotion, case)
    if promotion is not None:
        _compare(promotion, discount, case)
        case.note(field, amount, "the coupon is the books' promotion {!r}", "", promotion.code)
        code, name = promotion.code, promotion.name or name
    elif discount.has_no_terms:
        reason = (
            "the coupon {!r} is no promotion of the books, and its amount differs from order to "
            "order: booked by its amount to GL code {}"
        )
        case.note(field, amount, reason, _DEFAULT_GL, code, gl_code)
        type_ = discount.coupon.type if discount.coupon is not None else PROMOTION_CODE
        if type_ != PROMOTION_CODE and not discount.is_unsupported and amount:
            case.warn(
                "coupon_booked_by_amount",
                "coupons",
                code,
                f"The coupon {quoted(code)} is of type {type_}, which avbc does not know: "
                f"{amount_text(amount)} is booked as an amount.",
                "Check the discount in AcctVantage.",
            )
        code, name = "", discount.label
    elif code:
        new.append(_new_promotion(discount, gl_code, rules))
        reason = "the books lack a promotion {!r}: created with GL code {}"
        case.note(field, amount, reason, _DEFAULT_GL, code, gl_code)
    else:
        case.note(field, amount, "{}: no coupon, booked to GL code {}", _DEFAULT_GL, name, gl_code)
    return OrderDiscount(
        code=code, amount=amount, gl_code=gl_code, name=name, amount_in_store=discount.amount
    )


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
        line.total_tax,
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
                f"The line {quoted(line.name)} has a discount of {amount_text(applied.amount)}.",
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
    paid, _ = after_discounts(line, off, proof)
    difference = paid - (discounted or ZERO)
    # The store may leave it out or write 0.
    if discounted and not case.rules.rounds_to_zero(difference):
        case.error(
            "line_discount_does_not_foot",
            f"lines[{position}].discounted_total_inc_tax",
            discounted,
            f"The line {quoted(line.name)} is {amount_text(line.total_inc_tax)} with tax, and has "
            f"discounts of {amount_text(off)} {proof.discounts}. {amount_text(discounted)} after "
            f"them is off by {amount_text(abs(difference))}.",
            _FIX,
        )
    return True


def _name_shares(
    rows: Sequence[OrderCoupon], given: dict[_Key, _Given], is_only: bool, rules: MappingRules
) -> None:
    """Give the lines' shares of a coupon its code, where old orders have it on the coupon alone.

    They are those with the coupon's id, which together are what the coupon took off.
    """
    code = plain(rows[0].code)
    key = ("coupon", text_key(code))
    taken = [row.discount for row in rows]
    if key in given or not all(map(is_amount, taken)):
        return
    ids = {str(number) for row in rows for number in (row.id, row.coupon_id) if number}
    ids |= _IDS_OF_THE_ONLY_COUPON if is_only else frozenset()
    same = [
        place
        for place, discount in given.items()
        if not discount.code
        and place[1] in ids
        and abs(sum(taken, ZERO) - discount.amount) < _tolerance(discount.lines, rules)
    ]
    if len(same) == 1:
        given[key] = given.pop(same[0])
        given[key].code = code


def _read_coupon(rows: Sequence[OrderCoupon], given: dict[_Key, _Given], case: Case) -> bool:
    """Add what only the coupon itself has: its type, and what it took off beyond the lines.

    Args:
        rows: The coupon, as often as its code was used.
        given: The discounts so far.
        case: The findings.
    """
    code = plain(rows[0].code)
    for amount in (amount for row in rows for amount in (row.discount, row.amount)):
        if not is_amount(amount):
            unreadable(f"the amount of coupon {quoted(rows[0].code)}", amount, case)
            return False
    discount = given.setdefault(("coupon", text_key(code)), _Given(code, code))
    discount.coupon = max(rows, key=lambda row: (row.type in _UNSUPPORTED, row.type not in _KINDS))
    taken = sum((row.discount for row in rows), ZERO)
    if discount.is_unsupported:
        _check_support(discount, taken, case)
    beyond = taken - discount.amount
    if beyond <= -_tolerance(discount.lines, case.rules):
        case.error(
            "discounts_do_not_foot",
            "coupons",
            code,
            f"The coupon {quoted(code)} took off {amount_text(taken)}, and the lines have "
            f"{amount_text(discount.amount)} of it: "
            f"off by {amount_text(-beyond)}.",
            _FIX,
        )
        return False
    if beyond >= _tolerance(discount.lines, case.rules):
        discount.amount = taken
    return True


def _check_support(discount: _Given, taken: Decimal, case: Case) -> None:
    """Refuse a coupon of a kind that AcctVantage lacks, or warn where settings book its amount."""
    gives = _UNSUPPORTED[discount.coupon.type if discount.coupon else 0]
    code = discount.code
    if case.rules.settings.gl.unsupported_coupons == "refuse":
        case.error(
            "coupon_type_unsupported",
            "coupons",
            code,
            f"The coupon {quoted(code)} gives {gives}; AcctVantage's promotions are an amount off "
            "the order or a percentage off each item.",
            "Enter the order by hand, and offer coupons of the two supported types. Or set "
            f'{_UNSUPPORTED_COUPONS} = "amount", which books such coupons by their amounts.',
        )
    elif taken:
        case.warn(
            "coupon_booked_by_amount",
            "coupons",
            code,
            f"The coupon {quoted(code)} gives {gives}, which AcctVantage's promotions do not "
            f"support: {amount_text(taken)} is booked as an amount"
            + (", against freight." if discount.is_on_shipping else "."),
            "Check the discount in AcctVantage.",
        )


def _leave_out_free_shipping(order: Order, given: dict[_Key, _Given], case: Case) -> None:
    """Leave out coupons on shipping, where the order's discounts add up without them alone.

    Then the order's shipping cost is what is left of it.
    """
    on_shipping = [discount for discount in given.values() if discount.is_on_shipping]
    whole = sum((discount.amount for discount in given.values()), ZERO)
    rest = order.discount_amount + order.coupon_discount - whole
    free = sum((discount.amount for discount in on_shipping), ZERO)
    if free and not case.rules.rounds_to_zero(rest) and case.rules.rounds_to_zero(rest + free):
        for discount in on_shipping:
            case.note(
                "freight",
                order.shipping_cost_ex_tax,
                "the shipping cost is without the {} of coupon {!r}",
                _UNSUPPORTED_COUPONS,
                amount_text(discount.amount),
                discount.code,
            )
            discount.amount = ZERO


def _off_freight(order: Order, given: dict[_Key, _Given], proof: Proof, case: Case) -> Decimal:
    """What coupons took off the shipping cost, without tax; the shipping cost is the most."""
    on_shipping = [one for one in given.values() if one.amount and one.is_on_shipping]
    if not on_shipping:
        return ZERO
    with_tax, without = order.shipping_cost_inc_tax, order.shipping_cost_ex_tax
    taken = sum((discount.amount for discount in on_shipping), ZERO)
    codes = ", ".join(discount.code for discount in on_shipping)
    off = taken
    if proof.discounts == "with tax" and with_tax:
        off = (taken * without / with_tax).quantize(STEP, ROUND_HALF_UP)
    others = any(one.amount and not one.is_on_shipping for one in given.values())
    missing = off - proof.discount
    if off >= without + case.rules.half_minor_unit or (
        missing > 0 if others else not case.rules.rounds_to_zero(missing)
    ):
        case.error(
            "discounts_do_not_foot",
            "coupons",
            codes,
            f"Coupons on shipping took off {amount_text(taken)}, which is {amount_text(off)} "
            f"without tax, of a shipping cost of {amount_text(without)} without tax and discounts "
            f"of {amount_text(proof.discount)}: off by "
            f"{amount_text(max(off - without, abs(missing)))}.",
            _FIX,
        )
        return ZERO
    off = off if others else proof.discount
    case.note(
        "freight",
        without - off,
        "the shipping cost without tax, less {} by coupon {}",
        _UNSUPPORTED_COUPONS,
        amount_text(off),
        codes,
    )
    return off


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
            f"The promotion {quoted(promotion.code)} is inactive in AcctVantage.",
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
            f"Promotion {quoted(promotion.code)} gives {amount_text(promotion.value)} "
            f"{'percent off each item' if promotion.kind == '%' else 'off the order'} in "
            f"AcctVantage; the store took off {amount_text(discount.amount)}, which is booked.",
            "Make the promotion and the coupon the same."
            if not discount.has_no_terms
            else "Make the promotion what the code gives. Or delete promotion "
            f"{quoted(promotion.code)} in AcctVantage: the code is then booked by its amount.",
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
        place = (
            f"promotion {quoted(promotion.code)}"
            if promotion and promotion.gl_code
            else _DEFAULT_GL
        )
        case.error(
            "gl_code_unknown",
            place,
            gl_code,
            f"AcctVantage has no GL account {quoted(gl_code)}.",
            f"{case.rules.how_to_create('it')}, or correct {place}.",
        )
