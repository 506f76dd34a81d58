"""One order of the store as a sales order of the books with all that belongs to it, or why not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal, localcontext

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import (
    Client,
    OrderBundle,
    Product,
    ReferenceData,
    SalesOrder,
    SalesOrderLine,
)
from avbc.bigcommerce.models import Order, OrderCoupon, OrderStatus, Transaction
from avbc.mapping.case import Case, MappingRules
from avbc.mapping.client import client_for
from avbc.mapping.days import day_of
from avbc.mapping.decisions import Decision, Note, Problem, decisions_of
from avbc.mapping.discount import Discounts, discounts_for
from avbc.mapping.edits import fingerprint
from avbc.mapping.form_fields import FormValues, form_values
from avbc.mapping.lines import cost_lines, note_removed, routes, sales_order_lines
from avbc.mapping.payment import Payment, payment_for
from avbc.mapping.proof import (
    LinesProof,
    Proof,
    check_amounts,
    check_lines,
    prove_header,
    prove_lines,
)
from avbc.mapping.reference import tax_area_for, warehouse_for
from avbc.mapping.status import new_order_status
from avbc.mapping.text import address, plain
from avbc.mapping.to_ship import with_to_ship
from avbc.money import ARITHMETIC, ZERO, amount_text
from avbc.report import Report, as_data, counted
from avbc.settings import Settings
from avbc.shown import Shown, to_the_second
from avbc.tables import MARK
from avbc.text import text_key


@attrs.frozen
class OrderInputs(Shown):
    """Everything about one order that was read from the store and the books before it is mapped.

    >>> from avbc.bigcommerce.models import Order
    >>> OrderInputs(Order(id=1042)).paid_order.id
    1042
    """

    order: Order
    """With its consignments, lines and fees."""
    transactions: tuple[Transaction, ...] | None = ()
    """Its transactions, which decide what was paid. None: they were not read, and the payment is
    taken as the order's header has it."""
    products: Mapping[str, tuple[Product, ...]] = attrs.field(
        factory=dict[str, "tuple[Product, ...]"]
    )
    """The books' products that have a line's SKU as part number or alias, by its `text_key`."""
    clients: tuple[Client, ...] = ()
    """The books' clients with this customer's Import ID or this order's email."""
    coupons: tuple[OrderCoupon, ...] = ()
    """The order's coupons with their types, where `order.coupons` does not have them."""
    paid_status_id: int | None = None
    """The order's last status that says whether it was paid, if avbc wrote the one that it has."""
    store_hash: str = ""
    """The store that the order is from."""
    in_store: Order | None = None
    """The order as the store has it, where `order` was changed before it is mapped."""
    time_zone: tzinfo | None = None
    """The store's time zone, in which the order has its day; None: not known."""

    @property
    def paid_order(self) -> Order:
        """The order with the status that says whether it was paid."""
        if self.paid_status_id in (None, self.order.status_id):
            return self.order
        return attrs.evolve(self.order, status_id=self.paid_status_id)


@attrs.frozen
class MappedOrder(Report):
    """What an order becomes in AcctVantage, and why; or the problems that keep it out.

    `str()` of it is a table of the decisions and the problems.

    >>> from decimal import Decimal
    >>> MappedOrder(1042, "WEB1042", Decimal("57.37"), bundle=None).problems
    ()
    """

    columns = ("field", "value", "reason")

    order_id: int
    import_id: str
    total: Decimal | None
    """The proven total; the store's total with tax where the order is refused. None where it could
    not be read."""
    bundle: OrderBundle | None
    """None where one of the problems is an error, and only then."""
    problems: tuple[Problem, ...] = ()
    proof: Proof | None = None
    """The reading by which the order's amounts add up; None where none does."""
    notes: tuple[Note, ...] = attrs.field(default=(), repr=False, eq=False)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Each field of the sales order: its value, the rule, and the setting that it came from."""
        return decisions_of(self.notes)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the order out."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    def summary(self) -> str:
        """The order, its Import ID, and its total or what keeps it out."""
        order = f"Order {self.order_id} as {self.import_id}"
        if self.total is None:
            return " ".join((f"{order}:", *(each.message for each in self.errors)))
        if self.errors:
            return f"{order} would be refused: {counted(len(self.errors), 'problem')}."
        return f"{order} would be imported: {amount_text(self.total)}."

    def to_dicts(self) -> list[dict[str, object]]:
        """The decisions and then the problems as rows, for tables and files."""
        problems = (
            Decision(problem.field, problem.value, f"{problem.severity}: {problem}")
            for problem in self.problems
        )
        return [as_data(decision) for decision in (*self.decisions, *problems)]

    def shown(self) -> list[dict[str, object]]:
        """The problems, and then each field that has a value, in an accountant's sequence."""
        rows = self.to_dicts()
        count = len(rows) - len(self.problems)
        problems = zip(rows[count:], self.problems, strict=True)
        fields = [row for row in rows[:count] if row["value"] and row["field"] not in _NOT_SHOWN]
        return [
            *(row | {MARK: problem.severity} for row, problem in problems),
            *map(_for_people, sorted(fields, key=_place)),
        ]


_SOURCE = "order_status.import_source_code"
_NOT_SHOWN = ("fingerprint",)
_SEQUENCE = (
    *("import_id", "client", "contact", "lines", "discounts", "promotions", "freight", "tax"),
    *("rounding", "total", "receipts", "po_number", "ship_via", "ship_tos"),
)
_PART = re.compile(r"[\[.]")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def _place(row: Mapping[str, object]) -> int:
    """The place of a field in an accountant's sequence, in which the rest comes last."""
    name = _PART.split(str(row["field"]))[0]
    return _SEQUENCE.index(name) if name in _SEQUENCE else len(_SEQUENCE)


def _for_people(row: Mapping[str, object]) -> dict[str, object]:
    """A row with its time to the second, and its setting behind the reason."""
    value, setting = str(row["value"]), row["setting"]
    if _TIME.match(value):
        value = to_the_second(datetime.fromisoformat(value))
    reason = f"{row['reason']} ({setting})" if setting else row["reason"]
    return {**row, "value": value, "reason": reason}


def map_order(inputs: OrderInputs, settings: Settings, reference: ReferenceData) -> MappedOrder:
    """Map one order. For many under the same settings, make one `Mapper` and use its `map`.

    >>> from avbc import Settings
    >>> from avbc.acctvantage.records import ReferenceData
    >>> from avbc.bigcommerce.models import Order
    >>> from avbc.testing import example
    >>> values = example.settings_dict("https://api.bigcommerce.com/stores/abc123/v3/")
    >>> mapped = map_order(OrderInputs(Order(id=1042)), Settings.from_dict(values), ReferenceData())
    >>> mapped.bundle is None, bool(mapped.problems)  # It is empty, and so are the books.
    (True, True)
    """
    return Mapper(settings, reference).map(inputs)


class Mapper:
    """Maps orders under one set of settings and reference data, whose look-ups it makes once.

    >>> from avbc import Settings
    >>> from avbc.acctvantage.records import ReferenceData
    >>> from avbc.bigcommerce.models import Order
    >>> from avbc.testing import example
    >>> values = example.settings_dict("https://api.bigcommerce.com/stores/abc123/v3/")
    >>> mapper = Mapper(Settings.from_dict(values), ReferenceData())
    >>> mapper
    <Mapper WEB>
    >>> mapper.map(OrderInputs(Order(id=1042))).import_id
    'WEB1042'
    """

    def __init__(
        self,
        settings: Settings,
        reference: ReferenceData,
        statuses: Sequence[OrderStatus] = (),
        *,
        language: str = "",
        loads_files: bool = False,
    ) -> None:
        self.rules = MappingRules(settings, reference, tuple(statuses), language, loads_files)
        # The same for every order.
        case = Case(self.rules)
        status = case.add(new_order_status(self.rules)) or ""
        area = case.add(tax_area_for(self.rules)) or ""
        self._settled = case.ruling((status, area, case.add(warehouse_for(self.rules)) or ""))

    def __repr__(self) -> str:
        return f"<Mapper {self.rules.source_code}>"

    @property
    def setup_problems(self) -> tuple[Problem, ...]:
        """The problems of the set-up that would refuse every order."""
        return self._settled.errors

    def map(self, inputs: OrderInputs) -> MappedOrder:
        """Map one order. Bad data makes problems, all of them at once, and never an exception.

        A bundle comes out only if everything was decided and the order adds up to the cent. Its
        order's total is then exactly lines + freight + tax - discounts + rounding, with a rounding
        of less than half a minor unit.
        """
        with localcontext(ARITHMETIC):
            return self._map(inputs)

    def _map(self, inputs: OrderInputs) -> MappedOrder:
        case = Case(self.rules)
        order = inputs.order
        import_id = order_import_id(self.rules.source_code, order.id)
        case.note("import_id", import_id, "Import Source Code + BigCommerce order id", _SOURCE)
        lines = order.lines
        complete = check_lines(order, case)
        if complete and not lines:
            case.error(
                "order_empty",
                "products",
                "",
                "The order has no lines.",
                "Enter it by hand, if there is something to enter.",
            )
        _check_currency(order, case)

        where = routes(order, lines, case)
        made = sales_order_lines(lines, where, inputs.products, case)
        note_removed(order, case)
        proof: Proof | None = None
        discounts: Discounts | None = None
        if check_amounts(order, case):
            of_lines = prove_lines(order, lines, case) if complete else LinesProof()
            proof = prove_header(order, of_lines.fees_on_top, case)
            if complete:
                made += cost_lines(order, lines, where, case)
                if proof is not None and of_lines.readable:
                    coupons = inputs.coupons or order.coupons or ()
                    discounts = case.add(discounts_for(order, coupons, proof, self.rules))

        found_client = client_for(
            order.customer_id, order.billing_address, inputs.clients, self.rules
        )
        payment = case.add(
            payment_for(
                inputs.paid_order,
                inputs.transactions,
                proof.gateway_amount if proof is not None else None,
                import_id,
                self.rules,
                client=found_client.value,
            )
        )
        client = case.add(found_client)
        status, area, warehouse = case.add(self._settled) or ("", "", "")
        po_number, memo = _from_form_fields(order, payment, case)

        bundle: OrderBundle | None = None
        if not case.failed and proof and discounts and payment and client:
            rounding = _rounding(order, proof, made, discounts, case)
            sales_order = SalesOrder(
                import_id=import_id,
                store_order_id=order.id,
                store_hash=inputs.store_hash,
                client=client.name,
                lines=with_to_ship(order, made, case),
                total=proof.total,
                tax=order.total_tax,
                tax_area=area,
                currency=self.rules.reference.currency,
                warehouse=warehouse,
                ship_via=where.ship_via,
                bill_to=client.new_client.address
                if client.new_client is not None
                else address(order.billing_address),
                ship_tos=where.ship_tos,
                freight=order.shipping_cost_ex_tax - discounts.off_freight,
                discounts=discounts.discounts,
                rounding=rounding,
                tax_override=True,
                status=status,
                po_number=po_number,
                reference=str(order.id),
                memo=memo,
                ordered_at=order.date_created,
                ordered_on=day_of(order.date_created, inputs.time_zone)
                if inputs.time_zone is not None
                else None,
                source_code=self.rules.source_code,
                fingerprint=fingerprint(inputs.in_store or order),
                client_id=client.client.id if client.client is not None else None,
                contact_id=client.contact.id if client.contact is not None else None,
            )
            if not case.failed:
                _note_header(sales_order, proof, case)
                _note_day(sales_order, inputs.time_zone, case)
                bundle = OrderBundle(
                    order=sales_order,
                    receipts=payment.receipts,
                    client_id=sales_order.client_id,
                    new_client=client.new_client,
                    bind_import_id=client.bind_import_id,
                    contact_id=sales_order.contact_id,
                    new_contact=client.new_contact,
                    new_promotions=discounts.new_promotions,
                    new_ship_vias=where.new_ship_vias,
                    client_email=client.email,
                )
        return MappedOrder(
            order_id=order.id,
            import_id=import_id,
            total=proof.total if proof is not None else order.total_inc_tax,
            bundle=bundle,
            problems=tuple(case.problems),
            proof=proof,
            notes=tuple(case.notes),
        )


def _from_form_fields(order: Order, payment: Payment | None, case: Case) -> tuple[str, str]:
    """The PO number and the memo: the shopper's own PO number comes before the payment's."""
    ruling = form_values(order, case.rules)
    values = ruling.value or FormValues()
    if values.po_number:
        case.notes = [note for note in case.notes if note[0] != "po_number"]
    case.add(ruling)
    memo = "\n".join(text for text in (plain(order.customer_message), *values.memo) if text)
    case.note(
        "memo",
        memo,
        "the shopper's comment and the form fields that are not mapped to the PO number"
        if values.memo
        else "the shopper's comment",
        "order_status.form_fields" if values.memo else "",
    )
    return values.po_number or (payment.po_number if payment is not None else ""), memo


def _check_currency(order: Order, case: Case) -> None:
    charged = order.default_currency_code.strip().upper()
    books = case.rules.reference.currency
    if charged != books and text_key(charged) != text_key(books):
        case.error(
            "currency_differs",
            "default_currency_code",
            charged,
            f"The order is in {charged or 'no known currency'}, and the books are in {books}.",
            "Enter the order by hand at the rate that your accounting uses.",
        )


def _rounding(
    order: Order,
    proof: Proof,
    made: Sequence[SalesOrderLine],
    discounts: Discounts,
    case: Case,
) -> Decimal:
    """What four-decimal amounts leave of the total: less than a cent."""
    lines = sum((line.amount for line in made), ZERO)
    taken = sum((discount.amount for discount in discounts.discounts), ZERO)
    freight = order.shipping_cost_ex_tax - discounts.off_freight
    rounding = proof.total - (lines + freight + order.total_tax - taken)
    if not case.rules.rounds_to_zero(rounding):
        case.error(
            "rounding_too_large",
            "total_inc_tax",
            order.total_inc_tax,
            "Fractions of a cent add up: the order's parts miss its total by "
            f"{amount_text(rounding)}.",
            "Compare the order's amounts in BigCommerce; if they are right there, enter the order "
            "by hand.",
        )
    return rounding


def _note_day(sales_order: SalesOrder, time_zone: tzinfo | None, case: Case) -> None:
    reason = "the day of ordered_at in the store's time zone, {}"
    if time_zone is None:
        reason = "the store's time zone is not known"
    case.note("ordered_on", sales_order.ordered_on or "", reason, "", time_zone)


def _note_header(sales_order: SalesOrder, proof: Proof, case: Case) -> None:
    discounts: Note = (
        "discounts",
        sales_order.discount,
        "what the parts without tax exceed the total without tax by"
        if sales_order.discounts
        else "the order has none",
        "",
        (),
    )
    if "freight" not in [note[0] for note in case.notes]:
        case.note("freight", sales_order.freight, "the shipping cost without tax")
    case.notes += (
        ("source_code", sales_order.source_code, "the Import Source Code", _SOURCE, ()),
        ("store_order_id", sales_order.store_order_id, "the BigCommerce order id", "", ()),
        (
            "total",
            sales_order.total,
            "the store's total with tax, to the cent; {}",
            "",
            (proof.convention,),
        ),
        ("tax", sales_order.tax, "the store's tax, never computed again", "gl.tax_area", ()),
        discounts,
        (
            "rounding",
            sales_order.rounding,
            "what amounts of four decimals leave below one minor unit",
            "",
            (),
        ),
        ("currency", sales_order.currency, "the order and the books have the same", "", ()),
        ("bill_to", sales_order.bill_to, "the billing address", "", ()),
        ("reference", sales_order.reference, "the BigCommerce order id", "", ()),
        ("ordered_at", sales_order.ordered_at, "when the order was made", "", ()),
        (
            "fingerprint",
            sales_order.fingerprint,
            "of the order's money, lines, addresses, form fields and payment method",
            "",
            (),
        ),
    )
