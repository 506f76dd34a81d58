"""Days of a journal are closed once, and what happens later goes to a later day."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta, timezone
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
    JournalAccountsMissing,
    JournalDay,
    JournalGateway,
    OrderBundle,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    SqlGateway,
)
from avbc.acctvantage.sql import schema
from avbc.errors import FinalError

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
    clearing={"Visa/MC": "1050", "PayPal": "1060"},
)
STORE_ZONE = timezone(timedelta(hours=-5))


def day(number: int) -> date:
    return date(2020, 3, number)


def at(number: int) -> datetime:
    """Late in the evening of a day of the store: the next day in UTC."""
    return datetime.combine(day(number), time(22), STORE_ZONE)


class StoreDays:
    """The days of the store; what the books stamp themselves happens on `today`."""

    def __init__(self) -> None:
        self.today = day(1)

    def __call__(self, when: datetime) -> date:
        return when.astimezone(STORE_ZONE).date() if when.year < 2021 else self.today


@pytest.fixture
def days() -> StoreDays:
    return StoreDays()


@pytest.fixture(autouse=True)
def no_one_picks_up(request: pytest.FixtureRequest) -> None:
    if "books" in request.fixturenames:
        journal_only(request.getfixturevalue("books"))


def journal_only(books: SqlGateway) -> None:
    books.reference_data()
    with books.engine.begin() as connection:
        connection.execute(schema.books.insert().values(id=1, currency="USD", hand_over="journal"))


def bundle(number: int, on: int, *receipts: Receipt, **values: Any) -> OrderBundle:
    """An order of 10.00 on a day of March 2020."""
    amount = values.pop("amount", D(10))
    line = SalesOrderLine("product", "Mug", D(1), amount, amount, store_line_id=7)
    given: dict[str, Any] = {
        "source_code": "WEB",
        "ordered_on": day(on),
        "ordered_at": at(on),
        "lines": (line,),
        "total": amount,
        "currency": "USD",
    }
    order = SalesOrder(
        import_id=f"WEB{number}",
        store_order_id=number,
        client="Rivera",
        tax=D(0),
        tax_area="BigCommerce",
        warehouse="Main",
        ship_via="UPS Ground",
        bill_to=Address(),
        **given | values,
    )
    return OrderBundle(order, receipts, new_client=Client("Rivera"))


def held(number: int, on: int, amount: str = "10") -> Receipt:
    values: dict[str, Any] = {"state": "pre_authorized", "pre_auth_amount": D(amount)}
    return Receipt(
        f"WEB{number}", "Visa/MC", D(0), import_id=f"WEB{number}-1", authorized_at=at(on), **values
    )


def paid(number: int, on: int, amount: str = "10", which: int = 1) -> Receipt:
    return Receipt(
        f"WEB{number}",
        "PayPal",
        D(amount),
        import_id=f"WEB{number}-{which}",
        authorized_at=at(on),
    )


def refund(number: int, on: int, amount: str = "4") -> Credit:
    return Credit(
        import_id=f"WEB{number}-CM1",
        order_import_id=f"WEB{number}",
        store_refund_id=1,
        lines=(CreditLine("product", D(amount), store_line_id=7),),
        tax=D(0),
        total=D(amount),
        currency="USD",
        tenders=(CreditTender("PayPal", D(amount)),),
        created_at=at(on),
    )


def booked(closed: list[JournalDay]) -> dict[int, dict[str, Decimal]]:
    """By day of March: what each account is debited, less what it is credited."""
    return {
        each.day.day: {
            totals.account: totals.debit - totals.credit
            for totals in each.entries
            if totals.debit != totals.credit
        }
        for each in closed
    }


SALE = {"1100": D(10), "4000": D(-10)}
HELD = {"1100": D(-10), "1150": D(10)}
TAKEN = {"1050": D(10), "1150": D(-10)}


def back(entry: dict[str, Decimal]) -> dict[str, Decimal]:
    return {account: -amount for account, amount in entry.items()}


def test_the_books_are_a_journal_gateway(books: SqlGateway) -> None:
    assert isinstance(books, JournalGateway)


def test_a_day_is_closed_once_and_read_back_as_it_was(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 2, paid(1, 2)))
    pending = attrs.evolve(paid(2, 2, "0"), state="pending")
    books.create_order(bundle(2, 2, pending))
    books.create_order(bundle(3, 4))
    closed = books.close_journal("WEB", day(3), days, ACCOUNTS)
    assert booked(closed) == {2: {"1060": D(10), "1100": D(10), "4000": D(-20)}}
    assert (closed[0].orders, closed[0].receipts, closed[0].credits) == (2, 1, 0)
    assert closed[0].total == 30
    assert "1100\t20.00\t\r\n1100\t\t10.00\r\n" in closed[0].text
    assert "03/02/2020\tWEB 2020-03-02\r\n" in closed[0].text
    for through in (day(2), day(3)):
        assert books.close_journal("WEB", through, days, ACCOUNTS) == []
    assert books.journal_days("WEB") == closed
    (later,) = books.close_journal("WEB", day(4), days, ACCOUNTS)
    assert booked([later]) == {4: SALE}
    assert books.journal_days("WEB") == [*closed, later]
    assert books.journal_days("WEB", day(3)) == [later]
    assert books.journal_days("EBAY") == []


def test_an_order_is_on_its_day_in_the_store(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 2, ordered_at=at(1)))
    assert booked(books.close_journal("WEB", day(5), days, ACCOUNTS)) == {2: SALE}


def test_an_order_without_its_day_is_on_the_day_of_its_time(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 2, ordered_on=None))
    books.create_order(bundle(2, 2, ordered_on=None, ordered_at=None))
    days.today = day(3)
    assert booked(books.close_journal("WEB", day(5), days, ACCOUNTS)) == {2: SALE, 3: SALE}


def test_pending_money_becomes_a_payment_on_the_day_of_its_capture(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, held(1, 2)))
    assert booked(books.close_journal("WEB", day(3), days, ACCOUNTS)) == {1: SALE, 2: HELD}
    books.record_capture("WEB1-1", D(10), at(5))
    assert books.close_journal("WEB", day(4), days, ACCOUNTS) == []
    assert booked(books.close_journal("WEB", day(6), days, ACCOUNTS)) == {5: TAKEN}
    assert books.close_journal("WEB", day(7), days, ACCOUNTS) == []


def test_a_capture_leaves_what_was_held_on_its_closed_day(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, held(1, 2)))
    books.close_journal("WEB", day(3), days, ACCOUNTS)
    (before,) = books.receipts(["WEB1"])
    captured = attrs.evolve(
        before, state="captured", amount=D(8), pre_auth_amount=D(8), captured_at=at(5)
    )
    books.update_receipt(before, captured)
    closed = booked(books.close_journal("WEB", day(6), days, ACCOUNTS))
    assert closed == {5: {"1050": D(8), "1100": D(2), "1150": D(-10)}}


def test_a_capture_on_the_day_of_its_authorization_needs_no_pending_money(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, held(1, 2)))
    books.record_capture("WEB1-1", D(10), at(2))
    accounts = attrs.evolve(ACCOUNTS, pending="")
    closed = booked(books.close_journal("WEB", day(6), days, accounts))
    assert closed == {1: SALE, 2: {"1050": D(10), "1100": D(-10)}}


def test_a_late_run_has_an_authorization_and_its_capture_on_their_days(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, held(1, 2)))
    books.record_capture("WEB1-1", D(7), at(5))
    closed = books.close_journal("WEB", day(4), days, ACCOUNTS)
    assert booked(closed) == {1: SALE, 2: HELD}
    later = booked(books.close_journal("WEB", day(5), days, ACCOUNTS))
    assert later == {5: {"1050": D(7), "1100": D(3), "1150": D(-10)}}


def test_one_run_closes_an_authorization_and_its_void(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1, held(1, 2)))
    books.create_order(bundle(2, 1, held(2, 3)))
    books.record_void("WEB1-1", at(4))
    books.record_void("WEB2-1", at(3))
    closed = booked(books.close_journal("WEB", day(6), days, ACCOUNTS))
    assert closed == {1: {"1100": D(20), "4000": D(-20)}, 2: HELD, 4: back(HELD)}


def test_a_change_is_journaled_on_its_own_day(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1, paid(1, 1), paid(1, 1, which=2)))
    books.close_journal("WEB", day(2), days, ACCOUNTS)
    days.today = day(4)
    books.update_order(bundle(1, 1, paid(1, 1, "8"), amount=D(8)))
    assert books.close_journal("WEB", day(3), days, ACCOUNTS) == []
    (change,) = books.close_journal("WEB", day(5), days, ACCOUNTS)
    # The second payment is gone, and two less are sold and paid.
    assert booked([change]) == {4: {"1060": D(-12), "1100": D(10), "4000": D(2)}}
    assert (change.orders, change.receipts) == (1, 2)
    assert books.close_journal("WEB", day(6), days, ACCOUNTS) == []


def test_a_change_between_two_runs_is_in_the_first_entry(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1))
    days.today = day(4)
    books.update_order(bundle(1, 1, amount=D(8)))
    closed = booked(books.close_journal("WEB", day(2), days, ACCOUNTS))
    assert closed == {1: {"1100": D(8), "4000": D(-8)}}


def test_what_comes_late_goes_to_the_first_open_day(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1, held(1, 1)))
    books.close_journal("WEB", day(5), days, ACCOUNTS)
    books.create_order(bundle(2, 2, paid(2, 3)))
    books.create_credit(refund(1, 4))
    books.record_capture("WEB1-1", D(10), at(4))
    (late,) = books.close_journal("WEB", day(9), days, ACCOUNTS)
    assert late.day == day(6)
    assert (late.orders, late.receipts, late.credits) == (1, 2, 1)
    assert late.total == 34


def test_what_was_held_and_captured_on_closed_days_is_captured_on_the_first_open_one(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(2, 1))
    books.close_journal("WEB", day(5), days, ACCOUNTS)
    books.create_order(bundle(1, 1, held(1, 2)))
    books.record_capture("WEB1-1", D(7), at(3))
    closed = booked(books.close_journal("WEB", day(9), days, ACCOUNTS))
    assert closed == {6: {"1050": D(7), "1100": D(3), "4000": D(-10)}}


def test_a_credit_is_on_the_day_of_the_refund(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1))
    books.create_credit(refund(1, 3))
    closed = booked(books.close_journal("WEB", day(4), days, ACCOUNTS))
    refunded = {"1060": D(-4), "4900": D(4)}
    assert closed == {1: SALE, 3: refunded}
    books.create_order(bundle(2, 5))
    books.close_journal("WEB", day(5), days, ACCOUNTS)
    books.create_credit(refund(2, 7))
    assert booked(books.close_journal("WEB", day(7), days, ACCOUNTS)) == {7: refunded}


def test_a_deleted_order_is_reversed_on_the_day_that_is_closed(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, held(1, 1)))
    books.create_order(bundle(2, 1))
    books.create_credit(refund(1, 1))
    books.close_journal("WEB", day(2), days, ACCOUNTS)
    books.delete_order("WEB1")
    (found,) = books.close_journal("WEB", day(4), days, ACCOUNTS)
    assert booked([found]) == {4: {"1060": D(4), "1150": D(-10), "4000": D(10), "4900": D(-4)}}
    assert (found.orders, found.receipts, found.credits) == (1, 1, 1)
    assert books.close_journal("WEB", day(5), days, ACCOUNTS) == []
    # It is imported again: the same Import ID is another sale.
    days.today = day(8)
    books.create_order(bundle(1, 1))
    assert booked(books.close_journal("WEB", day(7), days, ACCOUNTS)) == {6: SALE}


def test_an_order_that_is_deleted_and_comes_again_at_once_is_not_journaled_twice(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1))
    books.close_journal("WEB", day(2), days, ACCOUNTS)
    books.delete_order("WEB1")
    books.create_order(bundle(1, 1, amount=D(11)))
    days.today = day(3)
    closed = booked(books.close_journal("WEB", day(4), days, ACCOUNTS))
    assert closed == {3: {"1100": D(1), "4000": D(-1)}}


def test_one_error_lists_the_missing_accounts_of_all_documents(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, paid(1, 1)))
    books.create_order(bundle(2, 1, held(2, 2)))
    accounts = attrs.evolve(ACCOUNTS, clearing={}, pending="", sales="")
    with pytest.raises(JournalAccountsMissing) as caught:
        books.close_journal("WEB", day(3), days, accounts)
    assert caught.value.missing == {
        "clearing of the Receipt Type PayPal": "WEB1-1",
        "pending": "WEB2-1",
        "sales": "WEB1",
    }
    assert books.journal_days("WEB") == []
    assert set(booked(books.close_journal("WEB", day(3), days, ACCOUNTS))) == {1, 2}


def test_a_currency_that_a_journal_cannot_hold_is_refused(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1, currency="KWD"))
    with pytest.raises(FinalError, match="WEB1 is in KWD, which has 3 decimals"):
        books.close_journal("WEB", day(3), days, ACCOUNTS)


def test_other_accounts_are_for_what_comes_later(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1))
    books.close_journal("WEB", day(1), days, ACCOUNTS)
    books.create_order(bundle(2, 2))
    books.create_credit(refund(1, 3))
    accounts = attrs.evolve(ACCOUNTS, sales="4001")
    closed = booked(books.close_journal("WEB", day(3), days, accounts))
    assert closed == {2: {"1100": D(10), "4001": D(-10)}, 3: {"1060": D(-4), "4900": D(4)}}


def test_only_orders_that_no_one_picks_up_are_in_the_journal(
    books: SqlGateway, days: StoreDays
) -> None:
    books.create_order(bundle(1, 1))
    with books.engine.begin() as connection:
        connection.execute(schema.books.update().values(hand_over="pick_up"))
    books.create_order(bundle(2, 1, paid(2, 1)))
    books.create_credit(refund(2, 1))
    # It was taken in for the journal, and stays there when it is edited.
    books.update_order(bundle(1, 1, paid(1, 1)))
    closed = booked(books.close_journal("WEB", day(1), days, ACCOUNTS))
    assert closed == {1: {"1060": D(10), "4000": D(-10)}}


def test_sources_close_their_days_by_themselves(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1))
    books.create_order(bundle(2, 1, source_code="EBAY"))
    assert len(books.close_journal("WEB", day(3), days, ACCOUNTS)) == 1
    (other,) = books.close_journal("EBAY", day(2), days, ACCOUNTS)
    assert (other.source_code, other.day, other.orders) == ("EBAY", day(1), 1)


def test_days_without_entries_are_closed_too(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1))
    books.close_journal("WEB", day(1), days, ACCOUNTS)
    assert books.close_journal("WEB", day(3), days, ACCOUNTS) == []
    books.create_order(bundle(2, 2))
    assert booked(books.close_journal("WEB", day(6), days, ACCOUNTS)) == {4: SALE}


def test_no_day_is_closed_before_the_first_order(books: SqlGateway, days: StoreDays) -> None:
    books.create_order(bundle(1, 1, source_code="EBAY"))
    assert books.close_journal("WEB", day(3), days, ACCOUNTS) == []
    books.create_order(bundle(2, 2))
    assert booked(books.close_journal("WEB", day(3), days, ACCOUNTS)) == {2: SALE}


def test_of_many_that_close_a_day_at_once_one_does(url: str, days: StoreDays) -> None:
    with SqlGateway(url) as books:
        journal_only(books)
        for number in range(1, 41):
            books.create_order(bundle(number, 1, paid(number, 1)))
    start = threading.Barrier(4, timeout=30)

    def close(_: int) -> list[JournalDay]:
        with SqlGateway(url) as own:
            own.reference_data()
            start.wait()
            return own.close_journal("WEB", day(1), days, ACCOUNTS)

    with ThreadPoolExecutor(4) as pool:
        closed = list(pool.map(close, range(4)))
    assert sorted(len(each) for each in closed) == [0, 0, 0, 1]
    with SqlGateway(url) as books:
        (found,) = books.journal_days("WEB")
        assert (found.orders, found.receipts, found.total) == (40, 40, D(800))
        with books.engine.connect() as connection:
            entries = connection.scalar(
                sa.select(sa.func.count()).select_from(schema.journal_entries)
            )
        assert entries == 160


def test_what_is_edited_while_days_are_closed_is_journaled_once(url: str, days: StoreDays) -> None:
    with SqlGateway(url) as books:
        journal_only(books)
        for number in range(1, 6):
            books.create_order(bundle(number, 1, paid(number, 1)))

        def edit(turn: int) -> None:
            number, amount = turn % 5 + 1, D(turn + 11)
            books.update_order(bundle(number, 1, paid(number, 1, str(amount)), amount=amount))

        with ThreadPoolExecutor(1) as pool:
            edits = [pool.submit(edit, turn) for turn in range(60)]
            while not edits[-1].done():
                days.today += timedelta(1)
                books.close_journal("WEB", days.today, days, ACCOUNTS)
        for each in edits:
            each.result()
        days.today += timedelta(1)
        books.close_journal("WEB", days.today, days, ACCOUNTS)
        totals: dict[str, Decimal] = {}
        for closed in books.journal_days("WEB"):
            for entry in closed.entries:
                moved = entry.debit - entry.credit
                totals[entry.account] = totals.get(entry.account, D(0)) + moved
        sold = sum(balance.total for balance in books.trial_balance())
        assert sold == sum(range(66, 71))
        assert totals == {"1060": sold, "1100": 0, "4000": -sold}
