"""Payments: the order's tenders as receipts (manual 2.2.3, 2.2.4, Store Credits & Gift Cards)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import attrs

from avbc.acctvantage.import_ids import receipt_import_id
from avbc.acctvantage.records import GIFT_CARD, PURCHASE_ORDER, STORE_CREDIT, Receipt
from avbc.bigcommerce.models import Order, Transaction
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.client import ClientChoice, check_open_ar
from avbc.mapping.decisions import MappingProblem
from avbc.mapping.offline import is_owed
from avbc.mapping.reference import is_method_unknown
from avbc.mapping.text import plain
from avbc.mapping.translated import may_be_translated
from avbc.mapping.worth import (
    AUTHORIZED,
    AWAITED,
    DECLINED,
    HELD,
    MISSING,
    PARTLY_REFUNDED,
    RECEIVED,
    REFUNDED,
    VOID,
    GatewayPayment,
    Worth,
    payments_worth,
)
from avbc.money import ZERO, amount_text
from avbc.settings import payment_method_key
from avbc.shown import Shown
from avbc.text import quoted

_PURCHASE_ORDER = payment_method_key(PURCHASE_ORDER)
TENDER_WORDS = {
    STORE_CREDIT: (payment_method_key(STORE_CREDIT),),
    GIFT_CARD: (payment_method_key(GIFT_CARD), payment_method_key("Gift Certificate")),
}
"""Keys of the manual's and BigCommerce's names for redeemed tenders, by their Receipt Type."""

TENDER_NAMES = {STORE_CREDIT: "Store Credit", GIFT_CARD: "Gift Certificate"}
"""BigCommerce's names for them, for rows; those of the Receipt Types are found as well."""

TENDER_METHODS = frozenset(word for words in TENDER_WORDS.values() for word in words)
"""The payment methods, as keys, of what is paid by store credit or a gift certificate."""
_SETTING = "gl.payment_methods"
_PREAUTHORIZED = "gl.credit_card_transactions_are_preauthorizations"

_MAY_BE_OFFLINE = (
    " If the method is paid outside of any gateway, set offline = true in its row of "
    f"{_SETTING}: then the order's status says when it is paid."
)
NET_OF_REFUND = "net of the refund of what the order was edited down by: it makes no credit"
"""The reason of a receipt for less than was paid at first."""

STATUS_MISSING: tuple[MappingProblem, str, str, str, str] = (
    "payment_status_missing",
    "payment_status",
    "",
    (
        "The order names a payment at a gateway, and BigCommerce has neither a payment status nor "
        "a transaction of it."
    ),
    (
        "Check the payment in BigCommerce. If the method is paid outside of any gateway, set "
        "offline = true in its row of gl.payment_methods."
    ),
)
"""The problem of a payment of which nothing is known."""

_NOT_RECEIVED = frozenset([AUTHORIZED, "pending", "capture pending"])
_REFUSED: dict[str, tuple[MappingProblem, str, str]] = {
    DECLINED: (
        "payment_declined",
        "The payment was declined.",
        "Get the order paid, or cancel it, in BigCommerce.",
    ),
    VOID: (
        "payment_void",
        "The payment was voided.",
        "Get the order paid, or cancel it, in BigCommerce.",
    ),
    "void pending": (
        "payment_void",
        "The payment is being voided.",
        "Get the order paid, or cancel it, in BigCommerce.",
    ),
    HELD: (
        "payment_held",
        "The payment is held for review.",
        "Approve or decline it in BigCommerce.",
    ),
    REFUNDED: (
        "payment_refunded",
        "The payment was refunded in full.",
        "Cancel the order in BigCommerce, or get it paid again.",
    ),
}


@attrs.frozen
class Payment(Shown):
    """What an order's tenders make: receipts, or a purchase order on open A/R."""

    receipts: tuple[Receipt, ...] = ()
    po_number: str = ""
    """Set where the gateway amount is not received but owed: the client must be on open A/R."""


def receipt_type_for(
    method: str,
    rules: MappingRules,
    payment_method_ids: Iterable[str] = (),
    *,
    locale: str = "",
) -> Ruling[str]:
    """The Receipt Type of a BigCommerce payment method: many methods may share one (manual 2.2.3).

    A row with one of the `payment_method_ids` that transactions have decides before the name, which
    may be translated. `Purchase Order` is the item for clients on open A/R. A method without a row
    is a problem (inferred): a Receipt Type of the same name is taken for StoreCredit and GiftCard
    only. `locale` is the order's `customer_locale`.
    """
    case = Case(rules)
    ids = [one for one in payment_method_ids if one]
    by_id = next(filter(rules.receipt_type_of_id, ids), "")
    name = by_id or plain(method)
    mapped = rules.receipt_type_of_id(by_id) or rules.payment_methods.get(
        payment_method_key(name), ""
    )
    key = payment_method_key(mapped)
    known = rules.receipt_types.get(key)
    if not name:
        case.error(
            "payment_method_missing",
            "payment_method",
            "",
            "Something is left to pay, and the order names no payment method.",
            "Set the order's payment method in BigCommerce.",
        )
    elif not mapped and may_be_translated(locale, rules.language):
        by_name = f"a row of {_SETTING} for {quoted(name)}"
        case.error(
            "payment_method_translated",
            "payment_method",
            name,
            f"The payment method {quoted(name)} is not mapped to a Receipt Type, and may be a name "
            f"in the shopper's language: the order was made in {quoted(locale)}.",
            f'Set payment_method_id = "{ids[0]}" in the method\'s row of {_SETTING}, or '
            f"add {by_name}."
            if ids
            else f"Add {by_name}, with the Receipt Type of the method in your own language.",
        )
    elif not mapped:
        case.error(
            "payment_method_unmapped",
            "payment_method",
            name,
            f"The payment method {quoted(name)} is not mapped to a Receipt Type.",
            f"Give {quoted(name)} a Receipt Type in the Payment Methods Mapping "
            "(gl.payment_methods).",
        )
    elif key == _PURCHASE_ORDER:
        known = PURCHASE_ORDER
    elif known is None:
        _unknown_receipt_type(mapped, case)
    else:
        case.note(
            "receipts.receipt_type",
            known,
            "the payment method {!r} is mapped to it",
            _SETTING,
            name,
        )
    return case.ruling(known)


def tender_type_for(name: str, rules: MappingRules) -> Ruling[str]:
    """The Receipt Type of store credit or a gift certificate that was redeemed.

    `name` is one of `TENDER_WORDS`. A mapping row decides, or else the Receipt Type of its name.
    """
    case = Case(rules)
    mapped = next(
        (
            rules.payment_methods[word]
            for word in TENDER_WORDS[name]
            if word in rules.payment_methods
        ),
        "",
    )
    known = rules.receipt_types.get(payment_method_key(mapped or name))
    # Books may list it among their Receipt Types.
    if payment_method_key(mapped) == _PURCHASE_ORDER:
        known = None
        case.error(
            "tender_unmapped",
            _SETTING,
            name,
            f"{name} is money that was received, and cannot be mapped to Purchase Order.",
            f"Map {name} to a Receipt Type.",
        )
    elif known is not None:
        reason = "{} is mapped to it" if mapped else "the Receipt Type of the name {}"
        case.note("receipts.receipt_type", known, reason, _SETTING if mapped else "", name)
    elif not mapped:
        case.error(
            "tender_unmapped",
            _SETTING,
            name,
            f"The order was paid with {name}, for which there is neither a mapping row nor a "
            f"Receipt Type {quoted(name)}.",
            f"{case.rules.how_to_create(f'a Receipt Type {quoted(name)}')}, or give "
            f"{quoted(TENDER_NAMES[name])} one in the Payment Methods Mapping "
            "(gl.payment_methods).",
        )
    else:
        _unknown_receipt_type(mapped, case)
    return case.ruling(known)


def has_unknown_names(order: Order, rules: MappingRules) -> bool:
    """Whether an order has a payment or shipping method that neither settings nor books name.

    Only then does it matter whether the name may be a translation.
    """
    shipped = order.consignments.shipping if order.consignments is not None else ()
    return bool(order.customer_locale) and (
        payment_method_key(plain(order.payment_method)) not in rules.payment_methods
        or any(is_method_unknown(consignment.shipping_method, rules) for consignment in shipped)
    )


def payment_for(
    order: Order,
    transactions: Sequence[Transaction] | None,
    gateway_amount: Decimal | None,
    order_import_id: str,
    rules: MappingRules,
    *,
    client: ClientChoice | None = None,
) -> Ruling[Payment]:
    """The receipts of an order.

    `gateway_amount` is what is left to pay after store credit and gift certificates, in the order's
    currency; without it only what needs no sums is decided. Redeemed store credit and gift
    certificates are receipts of their own. The rest is one receipt for each payment at the gateway,
    or one for all where there are no transactions (None: they were not read). A payment that was
    captured in part is one over that part, with a warning. Purchase Order makes no receipt: its
    number is the payment's reference, or the BigCommerce order id (inferred). A `client` who owes
    it must be on open A/R, or new where the settings let new clients owe.
    """
    case = Case(rules)
    receipts: list[Receipt] = []
    if gateway_amount is not None and gateway_amount < 0:
        case.error(
            "tenders_exceed_total",
            "total_inc_tax",
            order.total_inc_tax,
            "Store credit and gift certificates exceed the order's total by "
            f"{amount_text(-gateway_amount)}.",
            "Correct the order in BigCommerce.",
        )
    worth = payments_worth(order, transactions, gateway_amount or ZERO, case)
    po_number = ""
    if gateway_amount or (
        gateway_amount is None and not (order.store_credit_amount or order.gift_certificate_amount)
    ):
        ids = [one.payment_method_id for one in worth.payments]
        receipt_type = case.add(
            receipt_type_for(order.payment_method, rules, ids, locale=order.customer_locale)
        )
        is_good = _is_good(worth, order, case)
        if receipt_type == PURCHASE_ORDER:
            po_number = plain(order.payment_provider_id or "") or str(order.id)
            case.note(
                "po_number",
                po_number,
                "paid by Purchase Order: no receipt, the client owes it",
                _SETTING,
            )
        elif (
            receipt_type is not None
            and is_good
            and gateway_amount is not None
            and _foots(order, worth, gateway_amount, case)
        ):
            method = plain(order.payment_method)
            received = gateway_amount - worth.uncaptured
            whole = Receipt(order_import_id, receipt_type, received, store_payment_method=method)
            receipts += _receipts(whole, worth.payments, rules)
            _note_reading(worth, case)
    elif gateway_amount is not None:
        case.note("receipts", "", "nothing is left to pay at the gateway")
    redeemed = _redeemed(order, order_import_id, len(receipts), case)
    receipts += redeemed if gateway_amount is not None else ()
    for position, receipt in enumerate(receipts):
        case.note(
            f"receipts[{position}]",
            receipt.amount + receipt.pre_auth_amount,
            "{} by {}",
            "",
            receipt.state,
            receipt.receipt_type,
        )
    if po_number and client is not None:
        check_open_ar(client, order.payment_method, case)
    return case.ruling(Payment(tuple(receipts), po_number))


def _redeemed(order: Order, order_import_id: str, before: int, case: Case) -> list[Receipt]:
    """The receipts of store credit and gift certificates, after so many at the gateway."""
    receipts: list[Receipt] = []
    for name, amount in (
        (STORE_CREDIT, order.store_credit_amount),
        (GIFT_CARD, order.gift_certificate_amount),
    ):
        if amount:
            tender = case.add(tender_type_for(name, case.rules)) or name
            number = receipt_import_id(order_import_id, before + len(receipts) + 1)
            receipts.append(
                Receipt(
                    order_import_id, tender, amount, import_id=number, store_payment_method=name
                )
            )
    return receipts


def _unknown_receipt_type(name: str, case: Case) -> None:
    case.error(
        "receipt_type_unknown",
        _SETTING,
        name,
        f"AcctVantage has no Receipt Type {quoted(name)}.",
        f"{case.rules.how_to_create('it')}, or map the payment method to another one.",
        candidates=case.rules.reference.receipt_types,
    )


def _is_good(worth: Worth, order: Order, case: Case) -> bool:
    """Whether an order with these payments can be imported: what can go wrong, and why."""
    status = worth.status
    if status == PARTLY_REFUNDED and not (worth.edited_away and not worth.refunded):
        case.warn(
            "payment_partly_refunded",
            "payment_status",
            status,
            "A part of the payment was refunded; the receipt is over the whole payment.",
            "import_refunds writes the credit: book none by hand."
            if case.rules.settings.gl.import_refunds
            else "Book the refund in AcctVantage.",
        )
    if not status or status in RECEIVED:
        return True
    if status == AUTHORIZED and (
        case.rules.settings.gl.credit_card_transactions_are_preauthorizations
    ):
        return True
    if status == AWAITED:
        if not is_owed(order.payment_method, case.rules):
            case.warn(
                "payment_not_captured",
                "payment_status",
                plain(order.payment_status),
                "The order has a status of orders that are not paid yet, so the receipt is over "
                "nothing.",
                "When the money has come, give the order another status of paid orders in "
                "BigCommerce than the one that avbc gave it: the next follow_orders() updates the "
                "receipt, or reports what to enter. Or enter the receipt in AcctVantage.",
            )
        return True
    if status in _NOT_RECEIVED:
        case.warn(
            "payment_not_captured",
            "payment_status",
            status,
            f"The payment is {quoted(status)}: nothing was received yet, so the receipt is over "
            "nothing.",
            "Capture it in BigCommerce, or wait until it clears: the next follow_orders() updates "
            "the receipt, or reports what to enter. If AcctVantage is to capture it, set "
            f"{_PREAUTHORIZED} and call "
            f"follow_orders([{order.id}])." + (_MAY_BE_OFFLINE if worth.transacted is None else ""),
        )
        return True
    if status == MISSING:
        case.error(*STATUS_MISSING)
        return False
    unknown: tuple[MappingProblem, str, str] = (
        "payment_status_unknown",
        f"BigCommerce says that the payment is {quoted(status)}, which avbc does not know.",
        "Check the payment in BigCommerce and enter the order by hand.",
    )
    code, message, fix = _REFUSED.get(status, unknown)
    case.error(code, "payment_status", status, message, fix)
    return False


def _note_reading(worth: Worth, case: Case) -> None:
    """Note by which reading the transactions add up, where it is not the plain one."""
    if worth.edited_away:
        case.note(
            "receipts",
            worth.edited_away,
            NET_OF_REFUND,
        )
    if worth.uncaptured:
        uncaptured = amount_text(worth.uncaptured)
        case.note("receipts", worth.uncaptured, "authorized and not captured: still to come")
        case.warn(
            "payment_partly_captured",
            "transactions",
            worth.uncaptured,
            f"Only a part of the payment was captured: {uncaptured} that were authorized are not "
            "received, and the receipt is over what was.",
            uncaptured_fix(uncaptured),
        )


def uncaptured_fix(amount: str) -> str:
    """What to do where only a part of an authorization was captured."""
    return (
        f"Capture {amount} more at the gateway: the next follow_orders() updates the receipt, or "
        "reports what to enter. Or lower the order in BigCommerce to what was captured, or enter a "
        f"receipt over {amount} in AcctVantage if it was paid in another way."
    )


def _foots(order: Order, worth: Worth, amount: Decimal, case: Case) -> bool:
    """Whether the payments at the gateway, if given, add up to what was to be paid there."""
    paid = worth.transacted
    if paid is None or case.rules.rounds_to_zero(paid - amount):
        return True
    case.error(
        "transactions_do_not_foot",
        "transactions",
        paid,
        f"The gateway's transactions add up to {amount_text(paid)}, and {amount_text(amount)} is "
        f"to be paid by {quoted(order.payment_method)}: "
        f"off by {amount_text(abs(paid - amount))}.",
        _too_much_fix(worth, amount, paid - amount)
        if paid > amount
        else "Check the order's payments in BigCommerce.",
    )
    return False


def _too_much_fix(worth: Worth, amount: Decimal, excess: Decimal) -> str:
    """What to do where more was paid or authorized than is due: an edit moves no money."""
    lowered = "Check the order's payments in BigCommerce. If the order was edited down"
    refund = f"refund {amount_text(excess)}"
    if all(one.state == "captured" and not one.is_open for one in worth.payments):
        return f"{lowered}, {refund} there: that makes no credit."
    return (
        f"{lowered}, capture {amount_text(amount)} at the gateway in all, and no more. Or "
        f"capture it in BigCommerce, which takes all that was authorized, and {refund} there: "
        "that makes no credit."
    )


def _receipts(
    whole: Receipt, payments: Sequence[GatewayPayment], rules: MappingRules
) -> Iterator[Receipt]:
    """One receipt for each payment; together `whole`, to its last decimal."""
    left = whole.amount
    for number, payment in enumerate(payments, 1):
        amount = left if number == len(payments) else payment.amount
        left -= amount
        by_id = payment_method_key(rules.receipt_type_of_id(payment.payment_method_id))
        yield attrs.evolve(
            whole,
            receipt_type=rules.receipt_types.get(by_id, whole.receipt_type),
            amount=amount if payment.state == "captured" else ZERO,
            state=payment.state,
            pre_auth_amount=amount if payment.state == "pre_authorized" else ZERO,
            import_id=receipt_import_id(whole.order_import_id, number),
            gateway=payment.gateway,
            gateway_transaction_id=payment.gateway_transaction_id,
            authorized_at=payment.authorized_at if payment.state != "captured" else None,
        )
