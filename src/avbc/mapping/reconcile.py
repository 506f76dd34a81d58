"""The store's orders and the books' sales orders: what is missing, doubled or different."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation, localcontext
from typing import Literal, TypeAlias, TypeVar

import attrs

from avbc.acctvantage.import_ids import credit_import_id, order_import_id
from avbc.acctvantage.records import Credit, LineKind, Receipt, SalesOrder, SalesOrderLine
from avbc.bigcommerce.models import Order, OrderProduct, Refund
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import Case, MappingRules
from avbc.mapping.decisions import Problem, value_text
from avbc.mapping.edits import Difference, fingerprint, is_fingerprint_of, line_text
from avbc.mapping.form_fields import form_values
from avbc.mapping.offline import is_offline, is_owed
from avbc.mapping.proof import Proof, proof_of
from avbc.mapping.status import order_status_name, status_for_books, status_for_store, store_status
from avbc.mapping.stopped import stopped
from avbc.mapping.worth import AWAITED, RECEIVED, status_without_transactions
from avbc.money import ARITHMETIC, ZERO, is_amount
from avbc.shown import Shown
from avbc.text import text_key

K = TypeVar("K")
V = TypeVar("V")

Verdict: TypeAlias = Literal[
    "same", "different", "missing_in_books", "missing_in_store", "doubled", "not_due"
]

_RECEIVED = RECEIVED | {"", "refunded"}
_HELD = frozenset(["authorized", "capture pending"])


@attrs.frozen
class Reconciled(Shown):
    """One order in both systems."""

    order_id: int
    import_id: str
    verdict: Verdict
    """`not_due`: not in the books, and rightly so by its status in the store."""
    in_store: Decimal | None
    """The order's total in the store with redeemed tenders; None where it is not there."""
    in_books: Decimal | None
    """The sales orders' total; None where there is none."""
    differences: tuple[Difference, ...] = ()
    problems: tuple[Problem, ...] = ()
    """Why the store's order does not add up. It is compared anyway, as far as possible."""


def reconcile(
    orders: Iterable[Order],
    sales_orders: Iterable[SalesOrder],
    receipts: Iterable[Receipt],
    rules: MappingRules,
    *,
    not_due: Collection[int] = (),
    refunds: tuple[Iterable[Refund] | None, Iterable[Credit]] | None = None,
) -> tuple[Reconciled, ...]:
    """Compare the orders of a period, one by one, in the sequence of their ids.

    It compares money, and what it is for: total, tax, freight, discount, each line's quantity and
    amount, wrapping, handling and fees, what was received, what gateways hold, and whether the
    order was edited in the store after its import. Amounts that differ by less than half a minor
    unit are the same. Statuses differ where an order was canceled, declined, refunded or disputed
    in the store and no credit covers it, and where a push or pull of statuses, if the settings ask
    for one, would change one. It does not compare clients, addresses and GL codes, which people
    change in AcctVantage. No other mapping setting plays a part, so settings may have changed
    since.

    Args:
        orders: The store's orders, with all their lines, consignments and fees.
        sales_orders: The books' orders of the same period and source.
        receipts: The receipts on them.
        rules: For the currency, the source and the status mapping, which needs the store's
            statuses.
        not_due: Ids of the store's statuses with which an order is rightly not in the books: New,
            Import Error, Incomplete.
        refunds: The refunds of these orders, None if they are not to be compared, and the credits
            on these sales orders.
    """
    in_store = {order.id: order for order in orders}
    in_books = _grouped(
        (order.store_order_id, order)
        for order in sales_orders
        if order.source_code in ("", rules.source_code)
    )
    made, booked = refunds or (None, ())
    compare = _Comparison(
        rules,
        _grouped((receipt.order_import_id, receipt) for receipt in receipts),
        None if made is None else _grouped((refund.order_id, refund) for refund in made),
        _grouped((credit.order_import_id, credit) for credit in booked),
        frozenset(not_due),
    )
    with localcontext(ARITHMETIC):
        return tuple(
            _reconciled(
                order_id,
                in_store.get(order_id),
                in_books.get(order_id, []),
                compare,
            )
            for order_id in sorted(in_store.keys() | in_books.keys())
        )


@attrs.frozen
class _Comparison:
    """What the orders of both systems are compared by."""

    rules: MappingRules
    receipts: Mapping[str, Sequence[Receipt]]
    refunds: Mapping[int, Sequence[Refund]] | None
    credits: Mapping[str, Sequence[Credit]]
    not_due: frozenset[int]

    def __call__(self, field: str, in_books: Decimal, in_store: Decimal) -> Iterator[Difference]:
        """The difference of two amounts, where there is one."""
        readable = is_amount(in_books) and is_amount(in_store)
        if not (readable and self.rules.rounds_to_zero(in_store - in_books)):
            yield Difference(field, value_text(in_books), value_text(in_store))


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _reconciled(
    order_id: int,
    order: Order | None,
    booked: Sequence[SalesOrder],
    compare: _Comparison,
) -> Reconciled:
    import_id = (
        booked[0].import_id if booked else order_import_id(compare.rules.source_code, order_id)
    )
    in_books = _sum(sales_order.total for sales_order in booked) if booked else None
    if order is None:
        return Reconciled(order_id, import_id, "missing_in_store", None, in_books)
    case = Case(compare.rules)
    proof = proof_of(order, case)
    total = proof.total if proof is not None else order.total_inc_tax
    verdict: Verdict = "not_due" if order.status_id in compare.not_due else "missing_in_books"
    differences: tuple[Difference, ...] = ()
    if len(booked) == 1:
        differences = tuple(_differences(order, booked[0], proof, compare))
        verdict = "different" if differences else "same"
    elif booked:
        import_ids = ", ".join(sales_order.import_id for sales_order in booked)
        differences = (Difference("sales_orders", import_ids, str(order_id)),)
        verdict = "doubled"
    problems = tuple(case.problems)
    return Reconciled(order_id, import_id, verdict, total, in_books, differences, problems)


def _differences(
    order: Order, booked: SalesOrder, proof: Proof | None, compare: _Comparison
) -> Iterator[Difference]:
    total = proof.total if proof is not None else order.total_inc_tax
    yield from compare("total", booked.total, total)
    yield from compare("tax", booked.tax, order.total_tax)
    freight = order.shipping_cost_ex_tax
    taken = _sum(discount.amount for discount in booked.discounts)
    if proof is not None:
        # A coupon on the shipping cost is booked against freight.
        off = _sum((freight, -booked.freight))
        if 0 < off <= order.coupon_discount and compare.rules.rounds_to_zero(
            _sum((proof.discount, -taken, -off))
        ):
            freight, taken = booked.freight, proof.discount
        yield from compare("discount", taken, proof.discount)
    yield from compare("freight", booked.freight, freight)
    if text_key(booked.currency) != text_key(order.default_currency_code):
        yield Difference("currency", booked.currency, order.default_currency_code)
    if order.lines_complete:
        yield from _lines(order.lines, booked.lines, compare)
    yield from compare("wrapping", _of_kind(booked, "wrapping"), order.wrapping_cost_ex_tax)
    yield from compare("handling", _of_kind(booked, "handling"), order.handling_cost_ex_tax)
    yield from compare(
        "fees", _of_kind(booked, "fee"), _sum(fee.cost_ex_tax for fee in order.fees or ())
    )
    now = _fingerprint(order) if booked.fingerprint else ""
    is_edited = bool(now) and not is_fingerprint_of(booked.fingerprint, order)
    # An edit moves no money: until it is in the books, what was received was for the old total.
    yield from _receipts(order, booked, booked.total if is_edited else total, compare)
    yield from _status(order, booked, compare)
    if compare.refunds is not None:
        yield from _credits(booked, compare.refunds.get(order.id, ()), compare)
    if is_edited:
        yield Difference(
            "fingerprint",
            booked.fingerprint[:12],
            f"{now[:12]}, so the order was edited after its import",
        )


def _status(order: Order, booked: SalesOrder, compare: _Comparison) -> Iterator[Difference]:
    """Where an order is stopped and alive in the books, or a push or pull would change a status."""
    rules, screen = compare.rules, compare.rules.settings.order_status
    differs = False
    if stopped(order.status_id):
        credited = _sum(credit.total for credit in compare.credits.get(booked.import_id, ()))
        is_covered = credited and rules.rounds_to_zero(min(ZERO, credited - booked.total))
        # Where refunds are compared, each that has no credit is a difference of its own.
        is_compared = order.status_id == SystemStatus.REFUNDED and (compare.refunds or {}).get(
            order.id
        )
        differs = not (is_covered or is_compared)
    elif order.status_id in compare.not_due:
        # It was reset, and is left to the import.
        differs = False
    elif screen.updates == "push" and order.status_id != SystemStatus.PARTIALLY_REFUNDED:
        # A refund gave it that status, which stays until AcctVantage's status changes.
        wanted = status_for_store(booked.status, rules, order.status_id).value
        differs = wanted is not None and wanted.id != order.status_id
    elif screen.updates == "pull":
        # The import wrote that status, and not the merchant.
        downloaded = store_status(screen.downloaded_order_status, rules.statuses).value
        if downloaded is None or downloaded.id != order.status_id:
            ours = status_for_books(order.status_id, booked.status, rules).value
            differs = ours is not None and text_key(ours) != text_key(booked.status)
    if differs:
        yield Difference("status", booked.status, order_status_name(order))


def _fingerprint(order: Order) -> str:
    """The order's fingerprint; empty where lines are missing or an amount is not a number."""
    try:
        return fingerprint(order) if order.lines_complete else ""
    except InvalidOperation:
        return ""


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, or NaN where one of them is not an amount."""
    found = list(amounts)
    return sum(found, ZERO) if all(map(is_amount, found)) else Decimal("NaN")


def _of_kind(booked: SalesOrder, kind: LineKind) -> Decimal:
    return _sum(line.amount for line in booked.lines if line.kind == kind)


def _lines(
    in_store: Iterable[OrderProduct], in_books: Iterable[SalesOrderLine], compare: _Comparison
) -> Iterator[Difference]:
    sold = {line.id: line for line in in_store}
    booked = {line.store_line_id: line for line in in_books if line.store_line_id is not None}
    for line_id in dict.fromkeys([*sold, *booked]):
        theirs, ours = sold.get(line_id), booked.get(line_id)
        place = f"line {line_id}"
        if theirs is None or ours is None:
            of_store = theirs and (
                f"{theirs.quantity} x {theirs.sku or theirs.name} = "
                f"{value_text(theirs.total_ex_tax)}"
            )
            yield Difference(place, line_text(ours), of_store or "")
            continue
        if not ours.quantity.is_finite() or ours.quantity != theirs.quantity:
            yield Difference(f"{place}.quantity", str(ours.quantity), str(theirs.quantity))
        yield from compare(
            f"{place}.amount", ours.amount, ZERO if theirs.is_component else theirs.total_ex_tax
        )


def _receipts(
    order: Order, booked: SalesOrder, total: Decimal, compare: _Comparison
) -> Iterator[Difference]:
    """Compare what was received and what gateways hold."""
    receipts = compare.receipts.get(booked.import_id, ())
    tenders = _sum((order.store_credit_amount, order.gift_certificate_amount))
    at_gateway = _sum((total, -tenders))
    status = status_without_transactions(order, None, compare.rules)
    captured = _sum(receipt.amount for receipt in receipts if receipt.state == "captured")
    received, held = tenders, ZERO
    is_unsaid = not status or is_offline(order.payment_method, compare.rules)
    if not status and any(receipt.state == "pre_authorized" for receipt in receipts):
        # The order says nothing, and its transactions said that the payment is authorized only.
        status = "authorized"
    elif is_unsaid and any(receipt.state == "pending" for receipt in receipts):
        # The order's last status before avbc's own said that nothing was received, and a person may
        # have entered since what was.
        status, received = AWAITED, min(max(tenders, captured), total)
    # A purchase order is owed; a pending receipt says that nothing may be captured by AcctVantage,
    # whatever the gateway holds.
    if status in _RECEIVED and not _is_purchase_order(order, booked, compare.rules):
        received = _sum((tenders, at_gateway))
    elif status in _HELD and not any(receipt.state == "pending" for receipt in receipts):
        held = at_gateway
    yield from compare("received", captured, received)
    yield from compare(
        "held",
        _sum(receipt.pre_auth_amount for receipt in receipts if receipt.state == "pre_authorized"),
        held,
    )


def _is_purchase_order(order: Order, booked: SalesOrder, rules: MappingRules) -> bool:
    """Whether a sales order is a purchase order, as its PO number says.

    A PO number that a form field gave is the buyer's own, whatever the order was paid by.
    """
    if not booked.po_number:
        return False
    values = form_values(order, rules).value
    if values is None or text_key(values.po_number) != text_key(booked.po_number):
        return True
    return is_owed(order.payment_method, rules)


def _credits(
    booked: SalesOrder, refunds: Sequence[Refund], compare: _Comparison
) -> Iterator[Difference]:
    made = {credit.import_id: credit for credit in compare.credits.get(booked.import_id, ())}
    for refund in refunds:
        credit = made.pop(credit_import_id(booked.import_id, refund.id), None)
        place = f"refund {refund.id}"
        if credit is None:
            yield Difference(place, "", value_text(refund.total_amount))
            continue
        yield from compare(f"{place}.total", credit.total, refund.total_amount)
        yield from compare(f"{place}.tax", credit.tax, refund.total_tax)
    for credit in made.values():
        yield Difference(f"refund {credit.store_refund_id}", value_text(credit.total), "")
