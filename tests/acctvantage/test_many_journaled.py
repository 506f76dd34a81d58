"""The journal of 20,000 orders: each day balances, and all days equal the trial balance."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import (
    Address,
    Client,
    Credit,
    CreditLine,
    CreditTender,
    JournalAccounts,
    JournalDay,
    OrderBundle,
    OrderDiscount,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    SqlGateway,
)
from avbc.acctvantage.sql import schema

D = Decimal
MANY = 20_000
START = date(2020, 1, 1)
RUNS = (20, 21, 45, 70)
"""On which days the days before are closed."""
ACCOUNTS = JournalAccounts(
    receivable="1100",
    pending="1150",
    certificates_sold="2400",
    rounding="6900",
    sales="4000",
    freight="4100",
    returns="4900",
    tax={"Taxed": "2200", "Elsewhere": "2210"},
    clearing={"Visa/MC": "1050", "PayPal": "1060", "GiftCard": "2400"},
)


def cents(chance: random.Random, most: int) -> Decimal:
    return D(chance.randrange(1, most)).scaleb(-2)


def at(day: int) -> datetime:
    return datetime(START.year, START.month, START.day, 12, tzinfo=UTC) + timedelta(day)


class Books:
    """Books that take orders and what becomes of them, day by day."""

    def __init__(self) -> None:
        self.gateway = SqlGateway()
        self.chance = random.Random(7)
        self.today = 0
        self.done: Counter[str] = Counter()
        self.held: dict[str, Decimal] = {}
        self.orders: list[SalesOrder] = []
        self.client_id: int | None = None
        self.gateway.reference_data()
        with self.gateway.engine.begin() as connection:
            values = {"id": 1, "currency": "USD", "hand_over": "journal"}
            connection.execute(schema.books.insert().values(values))

    def day_of(self, when: datetime) -> date:
        """The day of a time; what the books stamp themselves happens today."""
        return when.date() if when.year < 2021 else START + timedelta(self.today)

    def bundle(self, number: int, day: int) -> OrderBundle:
        chance = self.chance
        lines = [
            self.line(number, place, D(chance.randrange(1, 10**6)).scaleb(-4))
            for place in range(chance.choice((1, 1, 2, 3)))
        ]
        if chance.random() < 0.05:
            amount = D(25)
            lines.append(self.line(number, 9, amount, kind="gift_certificate"))
        discounts = (
            (OrderDiscount("SAVE", cents(chance, 9), "4800"),) if chance.random() < 0.2 else ()
        )
        freight, tax = cents(chance, 900), cents(chance, 500)
        exact = sum((each.amount for each in lines), freight + tax)
        exact -= sum(each.amount for each in discounts)
        total = exact.quantize(D("0.01"))
        order = SalesOrder(
            import_id=f"WEB{number}",
            store_order_id=number,
            client="Rivera",
            lines=tuple(lines),
            total=total,
            tax=tax,
            tax_area=chance.choice(("Taxed", "Elsewhere")),
            currency="USD",
            warehouse="Main",
            ship_via="UPS Ground",
            bill_to=Address(),
            freight=freight,
            discounts=discounts,
            rounding=total - exact,
            ordered_at=at(day),
            ordered_on=START + timedelta(day),
            source_code="WEB",
        )
        receipts = tuple(self.receipts(order, day))
        if self.client_id is None:
            return OrderBundle(order, receipts, new_client=Client("Rivera"))
        return OrderBundle(order, receipts, client_id=self.client_id)

    def line(self, number: int, place: int, amount: Decimal, **values: Any) -> SalesOrderLine:
        given = {"kind": "product", "gl_code": self.chance.choice(("", "4050"))} | values
        if given["kind"] == "gift_certificate":
            given["gl_code"] = ""
        return SalesOrderLine(
            description="Mug",
            quantity=D(1),
            unit_price=amount,
            amount=amount,
            store_line_id=number * 10 + place,
            **given,
        )

    def receipts(self, order: SalesOrder, day: int) -> list[Receipt]:
        kind = self.chance.choice(("none", "paid", "paid", "held", "held", "split", "pending"))
        self.done[kind] += 1
        if kind == "none":
            return []
        rest, found = order.total, list[Receipt]()
        if kind == "split":
            part = (rest / 3).quantize(D("0.01"))
            found.append(Receipt(order.import_id, "GiftCard", part, authorized_at=at(day)))
            rest -= part
        card = Receipt(order.import_id, "Visa/MC", rest, authorized_at=at(day))
        if kind == "pending":
            card = attrs.evolve(card, amount=D(0), state="pending")
        if kind == "held":
            card = attrs.evolve(card, amount=D(0), state="pre_authorized", pre_auth_amount=rest)
        elif kind == "paid":
            card = attrs.evolve(card, receipt_type="PayPal")
        found.append(card)
        return [
            attrs.evolve(each, import_id=f"{order.import_id}-{place}")
            for place, each in enumerate(found, 1)
        ]

    def new(self, number: int) -> None:
        # Now and then an order comes in some days late.
        day = max(0, self.today - self.chance.choice((0,) * 9 + (3,)))
        bundle = self.bundle(number, day)
        order = self.gateway.create_order(bundle).order
        self.client_id = order.client_id
        self.orders.append(order)
        self.note_held(bundle)

    def note_held(self, bundle: OrderBundle) -> None:
        for each in bundle.receipts:
            if each.state == "pre_authorized":
                self.held[each.import_id] = each.pre_auth_amount

    def change(self) -> None:
        """Something becomes of an earlier order."""
        kind = self.chance.choice(("capture", "capture", "void", "edit", "delete", "refund"))
        if kind in {"capture", "void"} and self.held:
            import_id = self.chance.choice(list(self.held))
            amount = self.held.pop(import_id)
            if kind == "void":
                self.gateway.record_void(import_id, at(self.today))
            else:
                amount = (amount * self.chance.choice((1, 1, D("0.5")))).quantize(D("0.01"))
                self.gateway.record_capture(import_id, max(amount, D("0.01")), at(self.today))
        elif kind in {"edit", "delete"}:
            order = self.orders.pop(self.chance.randrange(len(self.orders)))
            for place in (1, 2):
                self.held.pop(f"{order.import_id}-{place}", None)
            if kind == "delete":
                self.gateway.delete_order(order.import_id)
            else:
                day = (order.ordered_on or START) - START
                edited = self.bundle(order.store_order_id, day.days)
                self.gateway.update_order(edited)
                self.note_held(edited)
        elif kind == "refund":
            order = self.orders.pop(self.chance.randrange(len(self.orders)))
            self.gateway.create_credit(self.refund(order))
        self.done[kind] += 1

    def refund(self, order: SalesOrder) -> Credit:
        lines = [
            CreditLine("product", each.amount.quantize(D("0.01")), store_line_id=each.store_line_id)
            for each in order.lines
        ]
        lines.append(CreditLine("shipping", order.freight))
        total = sum((each.amount for each in lines), order.tax)
        return Credit(
            import_id=f"{order.import_id}-CM1",
            order_import_id=order.import_id,
            store_refund_id=order.store_order_id,
            lines=tuple(lines),
            tax=order.tax,
            total=total,
            currency="USD",
            tenders=(CreditTender("PayPal", total),),
            created_at=at(self.today),
        )

    def close(self) -> list[JournalDay]:
        through = START + timedelta(self.today)
        return self.gateway.close_journal("WEB", through, self.day_of, ACCOUNTS)


def account_totals(days: list[JournalDay]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(lambda: D(0))
    for day in days:
        for each in day.entries:
            found[each.account] += each.debit - each.credit
    return found


def equals_the_trial_balance(days: list[JournalDay], gateway: SqlGateway) -> None:
    booked = account_totals(days)
    balances, refunds = gateway.trial_balance(), gateway.credits()
    paid_back = sum(each.total for each in refunds)
    assert booked["1150"] == sum(each.pre_authorized for each in balances)
    owed = sum(each.open_ar for each in balances)
    assert booked["1100"] + booked["1150"] == owed
    assert booked["1060"] + booked["1050"] + booked["2400"] - certificates(gateway) == (
        sum(each.receipts for each in balances) - paid_back
    )
    tax = sum(each.tax for each in balances) - sum(each.tax for each in refunds)
    assert booked["2200"] + booked["2210"] == -tax
    shipped_back = sum(
        line.amount for each in refunds for line in each.lines if line.kind == "shipping"
    )
    assert booked["4100"] == shipped_back - sum(each.freight for each in balances)
    assert booked["4800"] == sum(each.discounts for each in balances)
    assert abs(booked["6900"]) < D("0.01") * len(balances)
    sold = sum(each.lines + each.rounding for each in balances)
    given_back = paid_back - sum(each.tax for each in refunds) - shipped_back
    of_goods = booked["4000"] + booked["4050"] + booked["4900"] + booked["6900"]
    assert of_goods + certificates(gateway) == given_back - sold
    assert sum(booked.values()) == 0


def certificates(gateway: SqlGateway) -> Decimal:
    """What certificates sold and refunded debit to their account, of all orders."""
    line = schema.sales_order_lines.c
    with gateway.engine.connect() as connection:
        rows = connection.execute(
            sa.select(line.store_line_id, line.amount).where(line.kind == "gift_certificate")
        )
        sold = {row.store_line_id: row.amount for row in rows}
    refunded = (
        line.amount
        for each in gateway.credits()
        for line in each.lines
        if line.store_line_id in sold
    )
    return sum(refunded, D(0)) - sum(sold.values(), D(0))


@pytest.mark.one_python
def test_the_journal_of_many_orders_balances_and_equals_the_trial_balance() -> None:
    books = Books()
    closed: list[JournalDay] = []
    each_day = MANY // (RUNS[-1] - 1)
    number = 0
    for books.today in range(RUNS[-1] + 1):
        while number < min(MANY, each_day * (books.today + 1)) or (
            books.today == RUNS[-1] and number < MANY
        ):
            number += 1
            books.new(number)
            if number % 8 == 0:
                books.change()
        if books.today in RUNS:
            found = books.close()
            assert books.close() == []
            assert not closed or closed[-1].day < found[0].day
            closed += found
            equals_the_trial_balance(closed, books.gateway)
    assert number == MANY
    assert min(books.done.values()) > 200, books.done
    assert books.gateway.journal_days("WEB") == closed
    for day in closed:
        assert sum(each.debit for each in day.entries) == sum(each.credit for each in day.entries)
        assert day.text.endswith("EOF\r\n")
    assert len(closed) == RUNS[-1] + 1
