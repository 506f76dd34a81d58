"""What a journal debits and credits, and the file of a day."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest

from avbc.acctvantage.files.journal import (
    Entry,
    JournalAccounts,
    JournalAccountsMissing,
    changed,
    journal_text,
)
from avbc.acctvantage.records import (
    Address,
    Credit,
    CreditLine,
    CreditTender,
    OrderBundle,
    OrderDiscount,
    Receipt,
    SalesOrder,
    SalesOrderLine,
)
from avbc.acctvantage.sql.gateway import SqlGateway
from avbc.errors import FinalError
from avbc.testing.contract import make_bundle

D = Decimal
ACCOUNTS = JournalAccounts(
    receivable="1100",
    pending="1150",
    certificates_sold="2400",
    rounding="6900",
    sales="4000",
    freight="4100",
    returns="4900",
    tax={"BigCommerce": "2200"},
    clearing={"Visa/MC": "1050", "GiftCard": "2400"},
)
SUB_LEDGER = (
    "GL Account Code\tClient/Vendor/Part\tClient/Vendor Number\tAV ID\tInvoice/Lot Number\t"
    "Doc Date\tDue Date\tDebit\tCredit\tProduct Qty\tWarehouse\tLocation\tMemo"
)


def line(amount: str, **values: Any) -> SalesOrderLine:
    given: dict[str, Any] = {"kind": "product", "description": "Mug", "quantity": D(1)}
    return SalesOrderLine(unit_price=D(amount), amount=D(amount), **given | values)


def order(*lines: SalesOrderLine, total: str, tax: str = "0", **values: Any) -> SalesOrder:
    return SalesOrder(
        import_id="WEB1",
        store_order_id=1,
        client="Rivera",
        lines=lines,
        total=D(total),
        tax=D(tax),
        tax_area="BIGCOMMERCE",
        currency="USD",
        warehouse="Main",
        ship_via="UPS Ground",
        bill_to=Address(),
        **values,
    )


def receipt(amount: str, state: Any = "captured", held: str = "0") -> Receipt:
    return Receipt("WEB1", "visa/mc", D(amount), state, D(held), "WEB1-1")


def test_an_order_debits_the_receivable_and_discounts_and_credits_what_was_sold() -> None:
    sold = order(
        line("20.00"),
        line("5.00", gl_code="4050"),
        line("25.00", kind="gift_certificate"),
        total="55.00",
        tax="2.00",
        freight=D("5.00"),
        discounts=(OrderDiscount("SAVE", D("2.00"), "4800"),),
    )
    assert ACCOUNTS.order(sold) == {
        "1100": D(55),
        "4800": D(2),
        "4000": D(-20),
        "4050": D(-5),
        "2400": D(-25),
        "4100": D(-5),
        "2200": D(-2),
    }


def test_what_an_order_leaves_below_a_cent_is_rounding() -> None:
    sold = order(line("1.0040"), line("1.0040", gl_code="4050"), total="2.01", rounding=D("0.0020"))
    assert ACCOUNTS.order(sold) == {
        "1100": D("2.01"),
        "4000": D("-1.00"),
        "4050": D("-1.00"),
        "6900": D("-0.01"),
    }


def test_an_order_that_does_not_add_up_is_refused_and_not_rounded() -> None:
    with pytest.raises(FinalError, match=r"WEB1: debits and credits differ by 0\.01"):
        ACCOUNTS.order(order(line("9.99"), total="10.00"))


def test_a_capture_moves_pending_money_to_clearing_and_leaves_the_receivable() -> None:
    held = ACCOUNTS.receipt(receipt("0", "pre_authorized", held="10.00"))
    assert held == {"1150": D(10), "1100": D(-10)}
    taken = ACCOUNTS.receipt(receipt("10.00"))
    assert taken == {"1050": D(10), "1100": D(-10)}
    assert changed(taken, held) == {"1050": D(10), "1150": D(-10)}


@pytest.mark.parametrize("state", ["pending", "voided"])
def test_what_is_pending_or_voided_is_no_money(state: str) -> None:
    held = ACCOUNTS.receipt(receipt("0", "pre_authorized", held="10.00"))
    assert ACCOUNTS.receipt(receipt("0", state)) == {}
    assert changed({}, held) == {"1150": D(-10), "1100": D(10)}


@pytest.mark.parametrize(("paid_out", "receivable"), [("11.00", {}), ("4.00", {"1100": D(-7)})])
def test_a_credit_returns_sales_freight_and_tax(paid_out: str, receivable: Entry) -> None:
    given = Credit(
        import_id="WEB1-CM7",
        order_import_id="WEB1",
        store_refund_id=7,
        lines=(
            CreditLine("product", D(8)),
            CreditLine("shipping", D(2)),
            CreditLine("tax", D("0.25")),
        ),
        tax=D("0.75"),
        total=D(11),
        currency="USD",
        tenders=(CreditTender("Visa/MC", D(paid_out)),),
    )
    assert (
        ACCOUNTS.credit(given, order(line("10"), total="10"))
        == {
            "4900": D(8),
            "4100": D(2),
            "2200": D(1),
            "1050": -D(paid_out),
        }
        | receivable
    )


def test_a_certificate_that_is_taken_back_debits_the_liability() -> None:
    sold = order(
        line("25.00", kind="gift_certificate", store_line_id=7),
        line("9.00", kind="gift_certificate", store_line_id=8, gl_code="2450"),
        line("5.00", store_line_id=9),
        total="39.00",
    )
    given = Credit(
        import_id="WEB1-CM7",
        order_import_id="WEB1",
        store_refund_id=7,
        lines=tuple(
            CreditLine("product", D(amount), store_line_id=number)
            for amount, number in ((25, 7), (9, 8), (5, 9), (1, None))
        ),
        tax=D(0),
        total=D(40),
        currency="USD",
        tenders=(CreditTender("Visa/MC", D(40)),),
    )
    back = {"2400": D(25), "2450": D(9), "4900": D(6), "1050": D(-40)}
    assert ACCOUNTS.credit(given, sold) == back


def test_amounts_have_the_decimals_of_the_currency() -> None:
    yen = attrs.evolve(
        order(line("99.5"), total="100", rounding=D("0.5")), currency="JPY", tax_area="none"
    )
    assert ACCOUNTS.order(yen) == {"1100": D(100), "4000": D(-100)}
    with pytest.raises(FinalError, match="WEB1 is in KWD, which has 3 decimals"):
        ACCOUNTS.order(attrs.evolve(yen, currency="KWD"))
    with pytest.raises(FinalError, match="WEB1-1 is in KWD"):
        ACCOUNTS.receipt(receipt("10.00"), "KWD")


def test_one_error_lists_every_missing_account() -> None:
    accounts = attrs.evolve(ACCOUNTS, sales="", tax={}, rounding="")
    with pytest.raises(JournalAccountsMissing, match="GL accounts") as caught:
        accounts.order(order(line("9.00"), total="10.00", tax="1.00"))
    assert caught.value.missing == {"sales": "WEB1", "tax of the area BIGCOMMERCE": "WEB1"}


def test_the_file_of_a_day() -> None:
    sold = ACCOUNTS.order(order(line("9.00"), total="10.00", tax="1.00"))
    text = journal_text(date(2026, 3, 1), "Web\tsales", [sold, ACCOUNTS.receipt(receipt("10.00"))])
    assert text.split("\r\n") == [
        "AVExtDef20050421",
        "Date\tMemo",
        "03/01/2026\tWeb sales",
        "GL Account Code\tDebit\tCredit",
        "1050\t10.00\t",
        "1100\t10.00\t",
        "1100\t\t10.00",
        "2200\t\t1.00",
        "4000\t\t9.00",
        SUB_LEDGER,
        "EOF",
        "",
    ]


@pytest.mark.parametrize("entries", [[], [{}], [{"1100": D(1)}]])
def test_a_day_that_is_empty_or_out_of_balance_has_no_file(entries: list[Entry]) -> None:
    with pytest.raises(ValueError, match="2026-03-01"):
        journal_text(date(2026, 3, 1), "", entries)


def test_entries_of_many_orders_balance_and_their_receivable_is_their_total() -> None:
    chance = random.Random(11)
    totals, receivable = D(0), D(0)
    for _ in range(2000):
        lines = [
            line(str(D(chance.randrange(1, 10**7)).scaleb(-4)), gl_code=chance.choice(["", "4050"]))
            for _ in range(chance.randrange(1, 6))
        ]
        exact = sum((each.amount for each in lines), D(0))
        total = exact.quantize(D("0.01"))
        entry = ACCOUNTS.order(order(*lines, total=str(total), rounding=total - exact))
        assert sum(entry.values()) == 0
        assert abs(entry.get("6900", D(0))) <= D("0.01")
        totals, receivable = totals + total, receivable + entry.get("1100", D(0))
    assert receivable == totals


def test_rounding_is_missing_only_where_something_is_left_below_a_cent() -> None:
    accounts = attrs.evolve(ACCOUNTS, rounding="")
    assert accounts.order(order(line("9.00"), total="9.00")) == {"1100": D(9), "4000": D(-9)}
    with pytest.raises(JournalAccountsMissing, match=r"  rounding \(for WEB1\)"):
        accounts.order(order(line("9.004"), total="9.00", rounding=D("-0.004")))


def in_cents(bundle: OrderBundle) -> OrderBundle:
    """The bundle with a total that can be paid; what is left below a cent is its rounding."""
    total = bundle.order.total.quantize(D("0.01"))
    rounding = bundle.order.rounding + total - bundle.order.total
    return attrs.evolve(
        bundle,
        order=attrs.evolve(bundle.order, total=total, rounding=rounding),
        receipts=tuple(
            attrs.evolve(each, pre_auth_amount=each.pre_auth_amount.quantize(D("0.01")))
            for each in bundle.receipts
        ),
    )


def test_the_journal_of_the_books_equals_their_trial_balance(books: SqlGateway) -> None:
    for number in range(1, 21):
        books.create_order(in_cents(make_bundle(number)))
    orders, receipts, balances = books.sales_orders(), books.receipts(), books.trial_balance()
    accounts = attrs.evolve(
        ACCOUNTS,
        tax={order.tax_area: "2200" for order in orders},
        clearing={receipt.receipt_type: "1050" for receipt in receipts},
    )
    sold = [accounts.order(order) for order in orders]
    paid = [accounts.receipt(receipt) for receipt in receipts]

    def booked(account: str) -> Decimal:
        return sum((entry.get(account, D(0)) for entry in sold + paid), D(0))

    assert len(balances) == 20
    assert booked("1050") == sum(balance.receipts for balance in balances)
    assert booked("1150") == sum(balance.pre_authorized for balance in balances)
    assert booked("1100") + booked("1150") == sum(balance.open_ar for balance in balances)
    assert booked("2200") == -sum(round(balance.tax, 2) for balance in balances)
    assert {sum(entry.values()) for entry in sold + paid} == {0}
