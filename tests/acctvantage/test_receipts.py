from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from attrs import evolve

from avbc.acctvantage import BooksRefused, SqlGateway
from avbc.testing.contract import make_bundle

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.fixture
def ordered(books: SqlGateway) -> SqlGateway:
    books.create_order(make_bundle(1))
    return books


def test_what_is_wanted_last_counts(ordered: SqlGateway) -> None:
    for want, wants in [
        (ordered.want_capture, (True, False)),
        (ordered.want_void, (False, True)),
        (ordered.want_capture, (True, False)),
    ]:
        receipt = want("WEB1-1")
        assert (receipt.capture_wanted, receipt.void_wanted) == wants
        assert ordered.receipts_to_capture("WEB") == [receipt] == ordered.receipts()[:1]


def test_only_what_is_pre_authorized_can_be_wanted(ordered: SqlGateway) -> None:
    for want, done in [(ordered.want_capture, "captured"), (ordered.want_void, "voided")]:
        with pytest.raises(
            BooksRefused,
            match=f"receipt WEB1-2 cannot be {done}: it is captured, and only a pre-authorized "
            "one can",
        ):
            want("WEB1-2")
        with pytest.raises(BooksRefused, match="no receipt 'WEB1-9' in the books"):
            want("WEB1-9")
    assert ordered.receipts_to_capture("WEB") == []


def test_messages_name_the_receipt_and_what_it_is(ordered: SqlGateway) -> None:
    ordered.record_capture("WEB1-1", Decimal(5), AT)
    with pytest.raises(BooksRefused, match="receipt WEB1-1 is captured for 5 already, not for 6"):
        ordered.record_capture("WEB1-1", Decimal(6), AT)
    with pytest.raises(BooksRefused, match="receipt WEB1-1 cannot be voided: it is captured"):
        ordered.record_void("WEB1-1", AT)
    with pytest.raises(BooksRefused, match="receipt WEB1-1: 0 is not an amount"):
        ordered.record_capture("WEB1-1", Decimal(0), AT)


def test_what_is_posted_stays(books: SqlGateway) -> None:
    bundle = make_bundle(1)
    books.create_order(evolve(bundle, receipts=(evolve(bundle.receipts[0], posted=True),)))
    with pytest.raises(BooksRefused, match="cannot be captured: it is posted"):
        books.record_capture("WEB1-1", Decimal(5), AT)


def test_a_capture_is_money_received_in_the_trial_balance(ordered: SqlGateway) -> None:
    (before,) = ordered.trial_balance()
    ordered.record_capture("WEB1-1", before.pre_authorized, AT)
    (after,) = ordered.trial_balance()
    assert (after.receipts, after.pre_authorized) == (before.receipts + before.pre_authorized, 0)
    assert (after.open_ar, after.difference) == (0, 0)
