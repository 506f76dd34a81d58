"""AcctVantage picks up and answers by SQL: its side has a connection and no avbc."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc import BooksRefused
from avbc.acctvantage import Credit, CreditLine, CreditTender, SqlGateway, StagingGateway
from avbc.testing.contract import make_bundle

from .test_migration import restore


class Side:
    """A connection of AcctVantage's: each statement is committed."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.connection: Any = sqlite3.connect(
                str(sa.make_url(url).database), isolation_level=None
            )
            self.error: type[Exception] = sqlite3.Error
            return
        import psycopg

        plain = sa.make_url(url).set(drivername="postgresql")
        self.connection = psycopg.connect(
            plain.render_as_string(hide_password=False), autocommit=True
        )
        self.error = psycopg.Error

    def __call__(self, statement: str) -> list[tuple[Any, ...]]:
        cursor = self.connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture
def books(url: str) -> Iterator[SqlGateway]:
    with SqlGateway(url) as gateway:
        gateway.reference_data()
        yield gateway


@pytest.fixture
def side(url: str, books: SqlGateway) -> Iterator[Side]:
    one = Side(url)
    yield one
    one.connection.close()


def enter(side: Side, import_id: str, version: int = 1, number: str = "SO-1") -> None:
    side(
        "INSERT INTO acknowledgements (import_id, version, document_number) "
        f"VALUES ('{import_id}', {version}, '{number}')"
    )


def refuse(side: Side, import_id: str, version: int = 1) -> None:
    side(
        "INSERT INTO acknowledgements (import_id, version, refused_code, refused_text) "
        f"VALUES ('{import_id}', {version}, 'PART', 'no such part')"
    )


def to_enter(side: Side, view: str = "orders_to_enter") -> list[tuple[Any, ...]]:
    return side(f"SELECT import_id, version FROM {view} ORDER BY import_id")


def test_books_are_a_staging_gateway(books: SqlGateway) -> None:
    assert isinstance(books, StagingGateway)


def test_an_order_is_offered_until_it_is_entered(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    assert to_enter(side) == [("WEB1", 1)]
    assert len(side("SELECT order_import_id, version, to_ship FROM order_lines_to_enter")) == 2
    assert side("SELECT order_import_id FROM order_discounts_to_enter")
    assert side("SELECT order_import_id FROM order_ship_tos_to_enter")
    assert side("SELECT id, client_number FROM clients_to_enter") == [(1, "")]
    side(
        "INSERT INTO acknowledgements (import_id, version, document_number, status, client_number)"
        " VALUES ('WEB1', 1, 'SO-1001', 'Picked', 'C-7')"
    )
    assert to_enter(side) == []
    assert not side("SELECT 1 FROM order_lines_to_enter")
    (pickup,) = books.pickups(["WEB1"])
    assert (pickup.document_number, pickup.refusal) == ("SO-1001", None)
    assert pickup.answer is not None
    assert pickup.offered_at is not None
    assert pickup.answer.at is not None
    assert pickup.answer.at >= pickup.offered_at
    (order,) = books.sales_orders(["WEB1"])
    assert order.status == "Picked"
    assert order.status_changed_at is not None
    assert side("SELECT client_number FROM clients") == [("C-7",)]
    assert to_enter(side, "receipts_to_enter") == [("WEB1-1", 1), ("WEB1-2", 1)]
    enter(side, "WEB1-1")
    assert to_enter(side, "receipts_to_enter") == [("WEB1-2", 1)]


def test_a_refused_order_is_offered_again_under_a_new_version(
    books: SqlGateway, side: Side
) -> None:
    books.create_order(make_bundle(1))
    books.create_order(make_bundle(2))
    refuse(side, "WEB1")
    assert to_enter(side) == [("WEB2", 1)]
    assert {name for name, _ in to_enter(side, "receipts_to_enter")} == {"WEB2-1", "WEB2-2"}
    (pickup,) = books.orders_refused("WEB")
    assert pickup.refusal is not None
    assert (pickup.refusal.refused_code, pickup.refusal.refused_text) == ("PART", "no such part")
    again = books.offer_again("WEB1")
    assert (again.version, again.answer) == (2, None)
    assert books.offer_again("WEB1").version == 2
    assert to_enter(side) == [("WEB1", 2), ("WEB2", 1)]
    assert books.orders_refused("WEB") == []
    enter(side, "WEB1", 1)
    assert to_enter(side) == [("WEB1", 2), ("WEB2", 1)]
    enter(side, "WEB1", 2)
    enter(side, "WEB1", 2)
    assert to_enter(side) == [("WEB2", 1)]
    with pytest.raises(BooksRefused, match="not in the books"):
        books.offer_again("WEB9")


def test_refused_may_become_entered_and_not_the_other_way(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    refuse(side, "WEB1")
    enter(side, "WEB1")
    assert books.orders_refused("WEB") == []
    with pytest.raises(side.error, match="cannot be refused"):
        refuse(side, "WEB1")


def test_an_edit_is_another_version_and_an_old_answer_changes_nothing(
    books: SqlGateway, side: Side
) -> None:
    bundle = make_bundle(1)
    books.create_order(bundle)
    books.update_order(evolve(bundle, order=evolve(bundle.order, memo="changed")))
    side(
        "INSERT INTO acknowledgements (import_id, version, document_number, status) "
        "VALUES ('WEB1', 1, 'SO-1', 'Picked')"
    )
    assert books.sales_orders(["WEB1"])[0].status == "Open"
    assert side("SELECT import_id, version, memo, document_number FROM orders_to_enter") == [
        ("WEB1", 2, "changed", "SO-1")
    ]
    # The receipts were written again: what is answered of the former ones is no answer to these.
    assert to_enter(side, "receipts_to_enter") == [("WEB1-1", 2), ("WEB1-2", 2)]
    enter(side, "WEB1", 2)
    books.set_to_ship("WEB1", {1000: Decimal(1)})
    assert to_enter(side) == [("WEB1", 3)]


def test_an_order_that_is_removed_and_comes_again_goes_on_counting(
    books: SqlGateway, side: Side
) -> None:
    books.create_order(make_bundle(1))
    books.delete_order("WEB1")
    books.create_order(make_bundle(1))
    enter(side, "WEB1", 1)
    enter(side, "WEB1-1", 1)
    assert to_enter(side) == [("WEB1", 2)]
    assert ("WEB1-1", 2) in to_enter(side, "receipts_to_enter")


@pytest.mark.parametrize(
    ("columns", "values", "words"),
    [
        ("import_id, version", "'WEB1', 1", "needs document_number"),
        ("import_id, version, document_number", "'WEB1', 1, NULL", "needs document_number"),
        ("import_id, version, document_number", "'WEB1', NULL, 'A'", "needs import_id and version"),
        ("import_id, version, document_number", "NULL, 1, 'A'", "needs import_id and version"),
        ("import_id, version, document_number", "'WEB9', 1, 'A'", "no order, receipt or credit"),
        ("import_id, version, document_number", "'WEB1', 2, 'A'", "never offered"),
        ("import_id, version, document_number", "'WEB1', 0, 'A'", "never offered"),
        ("import_id, version, document_number, status", "'WEB1', 1, 'A', 'Opn'", "order_statuses"),
        ("import_id, version, document_number, status", "'WEB1-1', 1, 'A', 'Open'", "of an order"),
        ("import_id, version, document_number, refused_code", "'WEB1', 1, 'A', 'B'", "entered"),
    ],
)
def test_an_acknowledgement_that_is_wrong_is_refused_in_words(
    books: SqlGateway, side: Side, columns: str, values: str, words: str
) -> None:
    books.create_order(make_bundle(1))
    with pytest.raises(side.error, match=words):
        side(f"INSERT INTO acknowledgements ({columns}) VALUES ({values})")
    assert to_enter(side) == [("WEB1", 1)]
    assert side("SELECT COUNT(*) FROM acknowledgements") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE acknowledgements SET document_number = 'X'", "DELETE FROM acknowledgements"],
)
def test_acknowledgements_are_only_added(books: SqlGateway, side: Side, statement: str) -> None:
    books.create_order(make_bundle(1))
    enter(side, "WEB1")
    with pytest.raises(side.error, match="never changed or deleted"):
        side(statement)


def test_an_acknowledgement_is_never_replaced_or_emptied(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    enter(side, "WEB1")
    before = side("SELECT * FROM acknowledgements")
    if side.is_sqlite:
        for given in (1, -1, 0):
            with pytest.raises(side.error, match="leave it out"):
                side(
                    "REPLACE INTO acknowledgements (id, import_id, version, document_number) "
                    f"VALUES ({given}, 'WEB1', 1, 'SO-1')"
                )
        with pytest.raises(side.error, match="never changed"):
            side("UPDATE acknowledgements SET at = '2020-01-01T00:00:00.000000+00:00'")
    else:
        with pytest.raises(side.error, match="never changed or deleted"):
            side("TRUNCATE acknowledgements")
    assert side("SELECT * FROM acknowledgements") == before


def test_the_stamp_of_an_acknowledgement_is_the_database_s(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    side(
        "INSERT INTO acknowledgements (import_id, version, document_number, at) "
        "VALUES ('WEB1', 1, 'SO-1', '2020-01-01T00:00:00.000000+00:00')"
    )
    (pickup,) = books.pickups(["WEB1"])
    assert pickup.answer is not None
    assert pickup.answer.at is not None
    assert pickup.answer.at.year > 2020


def test_a_document_number_of_spaces_is_none(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    with pytest.raises(side.error, match="needs document_number"):
        enter(side, "WEB1", number="  ")
    side(
        "INSERT INTO acknowledgements (import_id, version, document_number, refused_code) "
        "VALUES ('WEB1', 1, '  ', 'PART')"
    )
    (pickup,) = books.orders_refused("WEB")
    assert (pickup.document_number, pickup.version) == ("", 1)
    enter(side, "WEB1", number=" SO-1 ")
    (pickup,) = books.pickups(["WEB1"])
    assert pickup.document_number == "SO-1"


@pytest.mark.parametrize("earlier", [False, True])
def test_null_is_an_empty_text(url: str, earlier: bool) -> None:
    if earlier:
        restore(url, 6)
    with SqlGateway(url) as books:
        books.reference_data()
        books.create_order(make_bundle(71))
        books.create_order(make_bundle(72))
        side = Side(url)
        side("UPDATE sales_orders SET hand_over = 'pick_up'")
        names = "import_id, version, document_number, status, client_number, refused_code"
        into = f"INSERT INTO acknowledgements ({names}, refused_text) VALUES"
        side(f"{into} ('WEB71', 1, 'SO-1', NULL, NULL, NULL, NULL)")
        side(f"{into} ('WEB72', 1, NULL, NULL, NULL, 'PART', NULL)")
        assert side(f"SELECT {names} FROM acknowledgements WHERE import_id > 'WEB7'") == [
            ("WEB71", 1, "SO-1", "", "", ""),
            ("WEB72", 1, "", "", "", "PART"),
        ]
        if earlier:
            first = "SELECT document_number FROM acknowledgements WHERE import_id = 'WEB1'"
            assert side(first) == [("SO-1",)]
        side.connection.close()


def test_one_version_has_one_document(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    enter(side, "WEB1")
    enter(side, "WEB1", number="SO-1 ")
    with pytest.raises(side.error, match="another document_number"):
        enter(side, "WEB1", number="SO-9")
    books.set_to_ship("WEB1", {1000: Decimal(1)})
    enter(side, "WEB1", 2, "SO-9")
    with pytest.raises(side.error, match="another document_number"):
        enter(side, "WEB1", 1, "SO-9")
    (pickup,) = books.pickups(["WEB1"])
    assert pickup.document_number == "SO-9"


def test_a_status_by_sql_is_stamped_and_checked(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    side("UPDATE sales_orders SET status = 'Picked' WHERE import_id = 'WEB1'")
    stamp = books.sales_orders(["WEB1"])[0].status_changed_at
    assert stamp is not None
    side("UPDATE sales_orders SET status = 'Picked' WHERE import_id = 'WEB1'")
    assert books.sales_orders(["WEB1"])[0].status_changed_at == stamp
    with pytest.raises(side.error, match="order_statuses"):
        side("UPDATE sales_orders SET status = 'Pickd' WHERE import_id = 'WEB1'")


def test_a_receipt_whose_payment_goes_on_is_another_version(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    for import_id in ("WEB1", "WEB1-1", "WEB1-2"):
        enter(side, import_id)
    books.want_capture("WEB1-1")
    assert to_enter(side, "receipts_to_enter") == []
    (receipt, _) = books.receipts(["WEB1"])
    assert receipt.state == "pre_authorized"
    books.record_void("WEB1-1", datetime(2026, 3, 3, tzinfo=UTC))
    assert side("SELECT import_id, version, state, document_number FROM receipts_to_enter") == [
        ("WEB1-1", 2, "voided", "SO-1")
    ]


def test_books_for_the_journal_offer_nothing(books: SqlGateway, side: Side, tmp_path: Any) -> None:
    path = tmp_path / "books.toml"
    path.write_text('hand_over = "journal"\n')
    books.load(path)
    books.create_order(make_bundle(1))
    assert to_enter(side) == to_enter(side, "receipts_to_enter") == []
    assert books.pickups(["WEB1"]) == []
    with pytest.raises(side.error, match="not offered"):
        enter(side, "WEB1")
    path.write_text('hand_over = "pick_up"\n')
    books.load(path)
    books.create_order(make_bundle(2))
    assert to_enter(side) == [("WEB2", 1)]


def test_orders_from_before_are_offered_when_a_person_says_so(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    restore(url, 5)
    with SqlGateway(url) as books:
        assert books.pickups([f"WEB{number}" for number in range(1, 6)]) == []
        assert "5 orders" in caplog.text
        side = Side(url)
        try:
            assert to_enter(side) == to_enter(side, "receipts_to_enter") == []
            assert books.hand_over_earlier_orders("pick_up", ["WEB1"]) == 1
            assert to_enter(side) == [("WEB1", 1)]
            assert to_enter(side, "credits_to_enter") == [("WEB1-CM91", 1)]
            assert books.hand_over_earlier_orders("journal", ["WEB2"]) == 1
            assert books.hand_over_earlier_orders("entered") == 3
            assert books.hand_over_earlier_orders("journal") == 0
            assert to_enter(side) == [("WEB1", 1)]
            with pytest.raises(BooksRefused, match="WEB9"):
                books.hand_over_earlier_orders("journal", ["WEB9"])
            # Open captures go on, and what changes now is offered.
            (waiting,) = books.receipts_to_capture("WEB")
            assert waiting.authorized_at is not None
            books.record_capture(waiting.import_id, Decimal(5), waiting.authorized_at)
            assert ("WEB3-1", 2) in to_enter(side, "receipts_to_enter")
            assert [shipment.number for shipment in books.shipments("WEB")] == [501]
        finally:
            side.connection.close()


def a_credit() -> Credit:
    return Credit(
        "WEB1-CM1",
        "WEB1",
        1,
        lines=(CreditLine("product", Decimal(4), quantity=Decimal(1), part_number="MUG-0"),),
        tax=Decimal(1),
        total=Decimal(5),
        currency="USD",
        tenders=(CreditTender("Visa/MC", Decimal(5)),),
        created_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def test_a_credit_is_offered_until_it_is_answered(books: SqlGateway, side: Side) -> None:
    books.create_order(make_bundle(1))
    refuse(side, "WEB1")
    books.create_credit(a_credit())
    assert to_enter(side, "credits_to_enter") == []
    enter(side, "WEB1")
    assert to_enter(side, "credits_to_enter") == [("WEB1-CM1", 1)]
    for view in ("credit_lines_to_enter", "credit_tenders_to_enter"):
        assert side(f"SELECT credit_import_id, version, position FROM {view}") == [
            ("WEB1-CM1", 1, 0)
        ]
    enter(side, "WEB1-CM1", number="CM-1")
    assert to_enter(side, "credits_to_enter") == []


@pytest.mark.parametrize(
    ("import_id", "view"), [("WEB1-1", "receipts_to_enter"), ("WEB1-CM1", "credits_to_enter")]
)
def test_what_is_refused_of_an_order_that_was_entered_is_offered_again(
    books: SqlGateway, side: Side, import_id: str, view: str
) -> None:
    books.create_order(make_bundle(1))
    books.create_order(make_bundle(2))
    books.create_credit(a_credit())
    enter(side, "WEB1")
    refuse(side, import_id)
    assert (import_id, 1) not in to_enter(side, view)
    (pickup,) = books.orders_refused("WEB")
    assert (pickup.order_import_id, pickup.version) == ("WEB1", 1)
    assert not pickup.is_refused
    assert pickup.refusal is not None
    assert (pickup.refusal.import_id, pickup.refusal.refused_code) == (import_id, "PART")
    assert books.pickups(["WEB1"]) == [pickup]
    again = books.offer_again("WEB1")
    assert (again.version, again.refusal) == (1, None)
    assert books.orders_refused("WEB") == []
    assert (import_id, 2) in to_enter(side, view)
    assert ("WEB1", 1) not in to_enter(side)
    enter(side, import_id, 2)
    assert (import_id, 2) not in to_enter(side, view)


def test_an_edit_by_an_earlier_avbc_is_another_version(books: SqlGateway, side: Side) -> None:
    """It knows no versions: it stamps `updated_at`, and writes the receipts again."""
    books.create_order(make_bundle(1))
    for import_id in ("WEB1", "WEB1-1", "WEB1-2"):
        enter(side, import_id)
    side("UPDATE sales_orders SET updated_at = '2026-03-02T01:04:05.000000+00:00', memo = 'x'")
    assert to_enter(side) == [("WEB1", 2)]
    names = (
        "order_import_id, import_id, receipt_type, amount, state, pre_auth_amount, "
        "store_payment_method, gateway, gateway_transaction_id, posted, capture_wanted, void_wanted"
    )
    side(f"CREATE TABLE kept AS SELECT {names} FROM receipts")
    side("DELETE FROM receipts")
    side(f"INSERT INTO receipts ({names}) SELECT {names} FROM kept")
    side("DROP TABLE kept")
    assert to_enter(side, "receipts_to_enter") == [("WEB1-1", 2), ("WEB1-2", 2)]


@pytest.mark.parametrize("first", ["edit", "answer"])
def test_an_answer_and_an_edit_wait_for_each_other(postgresql_url: str, first: str) -> None:
    statements = {
        "edit": "UPDATE sales_orders SET updated_at = now() WHERE import_id = 'WEB1'",
        "answer": (
            "INSERT INTO acknowledgements (import_id, version, document_number, status) "
            "VALUES ('WEB1', 1, 'SO-1', 'Committed')"
        ),
    }
    with SqlGateway(postgresql_url) as books:
        books.create_order(make_bundle(1))
        one, other, look = (Side(postgresql_url) for _ in range(3))
        try:
            ((number,),) = other("SELECT pg_backend_pid()")
            one("BEGIN")
            one(statements[first])
            second = "answer" if first == "edit" else "edit"
            with ThreadPoolExecutor() as pool:
                waiting = pool.submit(other, statements[second])
                while not look(f"SELECT 1 FROM pg_locks WHERE pid = {number} AND NOT granted"):
                    assert not waiting.done()
                one("COMMIT")
                waiting.result()
            # Either way AcctVantage took the first version, and the second is offered.
            assert to_enter(look) == [("WEB1", 2)]
            (order,) = books.sales_orders(["WEB1"])
            assert order.status == ("Open" if first == "edit" else "Committed")
            (pickup,) = books.pickups(["WEB1"])
            assert [answer.version for answer in pickup.answers] == [1]
        finally:
            for each in (one, other, look):
                each.connection.close()
