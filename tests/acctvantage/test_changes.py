"""What becomes of an order after its import: what is left to ship, its store, its deletion."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage import BooksRefused, OrderBundle, SqlGateway
from avbc.acctvantage.sql import schema
from avbc.testing.contract import make_bundle
from avbc.testing.contract.examples import make_credit, make_shipment, of_source

AT = datetime(2026, 3, 3, 8, tzinfo=UTC)
NOTHING = Decimal(0)

Ended = Callable[[str, Callable[[], object]], object]
"""Statements of someone else, in a transaction that ends while a call waits for the first one."""

TABLES = [table for table in schema.metadata.sorted_tables if table is not schema.books_version]


def of_store(store_hash: str) -> OrderBundle:
    bundle = make_bundle(1)
    return evolve(bundle, order=evolve(bundle.order, store_hash=store_hash))


def rows(books: SqlGateway) -> dict[str, list[tuple[object, ...]]]:
    """All that is in the books."""
    with books.engine.connect() as connection:
        return {
            table.name: sorted(
                (tuple(row) for row in connection.execute(sa.select(table))), key=str
            )
            for table in TABLES
        }


def posted(books: SqlGateway, import_id: str) -> None:
    """A posting session posts a receipt, as docs/handshake.md shows it."""
    with books.engine.begin() as connection:
        table = schema.receipts
        posting = table.update().values(posted=True)
        connection.execute(posting.where(table.c.import_id == import_id))


@pytest.fixture
def ended(books: SqlGateway) -> Ended:
    def run(statements: str, call: Callable[[], object]) -> object:
        with ThreadPoolExecutor(1) as pool:
            with books.engine.begin() as connection:
                first, *others = statements.split(";")
                connection.exec_driver_sql(first)
                running = pool.submit(call)
                while not running.done() and not is_waited_for(books):
                    wait([running], timeout=0.01)
                for statement in others:
                    connection.exec_driver_sql(statement)
            return running.result()

    return run


def is_waited_for(books: SqlGateway) -> bool:
    """Whether a call waits for a lock. On SQLite all that write wait, and it cannot be asked."""
    if books.engine.dialect.name == "sqlite":
        return True
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = :name AND "
        "wait_event_type = 'Lock'"
    )
    with books.engine.connect() as connection:
        name = books.engine.url.query["application_name"]
        return bool(connection.scalar(waiting, {"name": name}))


class TestWhatIsLeftToShip:
    def test_messages_name_the_line_and_what_to_do(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        for to_ship, words in [
            ({1001: Decimal(2)}, r"order WEB1: 2 of the line 'Mug 1' .* since 1\.5 were ordered"),
            ({2000: Decimal(1)}, "order WEB1 has no line 2000 of the store"),
        ]:
            with pytest.raises(BooksRefused, match=words):
                books.set_to_ship("WEB1", to_ship)
        with pytest.raises(BooksRefused, match="no order 'WEB9' in the books"):
            books.set_to_ship("WEB9", {})
        books.set_order_status("WEB1", "Shipped/Invoice")
        with pytest.raises(BooksRefused, match=r"is Shipped/Invoice\. Correct it in AcctVantage"):
            books.set_to_ship("WEB1", {1000: NOTHING})
        books.set_order_status("WEB1", "Packed")
        posted(books, "WEB1-2")
        with pytest.raises(BooksRefused, match=r"a receipt on it is posted\. Correct it"):
            books.set_to_ship("WEB1", {1000: NOTHING})

    def test_statuses_of_ones_own_have_their_place(self, books: SqlGateway, tmp_path: Path) -> None:
        (tmp_path / "books.toml").write_text(
            'order_statuses = ["Open", "Boxed", "shipped/invoice", "On the road", "Completed"]'
        )
        books.load(tmp_path / "books.toml")
        books.create_order(make_bundle(1))
        for status, left in [("Open", "1"), ("Boxed", "0.5")]:
            books.set_order_status("WEB1", status)
            assert books.set_to_ship("WEB1", {1000: Decimal(left)}).status == status
        for status in ("shipped/invoice", "On the road", "Completed"):
            books.set_order_status("WEB1", status)
            with pytest.raises(BooksRefused, match=f"it is {status}"):
                books.set_to_ship("WEB1", {1000: NOTHING})

    def test_a_change_is_stamped_and_no_change_is_not(self, books: SqlGateway) -> None:
        def updated_at() -> datetime | None:
            with books.engine.connect() as connection:
                return connection.scalar(sa.select(schema.sales_orders.c.updated_at))

        books.create_order(make_bundle(1))
        books.set_to_ship("WEB1", {1000: Decimal("1.250")})
        assert updated_at() is None
        books.set_to_ship("WEB1", {1000: NOTHING})
        assert updated_at() is not None
        assert books.sales_orders()[0].status_changed_at is None

    def test_what_is_available_stays(self, books: SqlGateway, tmp_path: Path) -> None:
        """What was shipped by hand has left the shelf, like what is still to be shipped."""
        stock(books, tmp_path)
        books.create_order(make_bundle(1))
        for status in ("Open", "Picked"):
            books.set_order_status("WEB1", status)
            books.set_to_ship("WEB1", {1000: NOTHING})
            assert books.available("Main") == {"MUG-0": Decimal("10.5")}

    def test_lines_that_are_not_of_the_store_stay(self, books: SqlGateway) -> None:
        bundle = make_bundle(1)
        first, second = bundle.order.lines
        gift = evolve(first, store_line_id=None)
        books.create_order(evolve(bundle, order=evolve(bundle.order, lines=(gift, second))))
        changed = books.set_to_ship("WEB1", {1001: NOTHING})
        assert changed.lines == (gift, evolve(second, to_ship=NOTHING))

    def test_an_order_that_is_posted_meanwhile_is_not_changed(
        self, books: SqlGateway, ended: Ended
    ) -> None:
        books.create_order(make_bundle(1))
        with pytest.raises(BooksRefused, match="a receipt on it is posted"):
            ended(
                "UPDATE receipts SET posted = true WHERE import_id = 'WEB1-2'",
                lambda: books.set_to_ship("WEB1", {1000: NOTHING}),
            )
        assert books.sales_orders()[0].lines[0].to_ship == Decimal("1.25")


class TestReceiptsThatFollow:
    def test_messages_name_the_receipt_and_how_it_differs(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        held = books.receipts()[0]
        voided = evolve(held, state="voided", voided_at=AT)
        books.record_capture("WEB1-1", Decimal(5), AT)
        with pytest.raises(
            BooksRefused,
            match=r"receipt WEB1-1 on order WEB1 cannot become voided: its state is captured, not "
            r"pre_authorized and its amount is 5, not 0\. Correct it in AcctVantage",
        ):
            books.update_receipt(held, voided)
        posted(books, "WEB1-1")
        received = books.receipts()[0]
        with pytest.raises(BooksRefused, match=r"WEB1-1 .* become voided: it is posted"):
            books.update_receipt(received, evolve(received, state="voided"))
        with pytest.raises(BooksRefused, match="its receipt_type 'Visa/MC' cannot become 'Check'"):
            books.update_receipt(held, evolve(held, receipt_type="Check"))
        with pytest.raises(BooksRefused, match="receipt WEB1-1 is on order WEB1, not on WEB2"):
            books.update_receipt(
                evolve(held, order_import_id="WEB2"), evolve(voided, order_import_id="WEB2")
            )
        with pytest.raises(BooksRefused, match="receipt WEB1-1: -1 is not an amount"):
            books.update_receipt(held, evolve(held, amount=Decimal(-1)))
        with pytest.raises(BooksRefused, match="no receipt 'WEB1-9' in the books"):
            books.update_receipt(evolve(held, import_id="WEB1-9"), evolve(held, import_id="WEB1-9"))

    def test_a_time_without_zone_changes_nothing(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        (before, _) = receipts = books.receipts()
        naive = datetime(2026, 1, 1)  # noqa: DTZ001  # what is refused
        with pytest.raises(BooksRefused, match="has no time zone"):
            books.update_receipt(before, evolve(before, state="voided", voided_at=naive))
        assert books.receipts() == receipts

    def test_it_is_money_received_in_the_trial_balance(self, books: SqlGateway) -> None:
        bundle = make_bundle(1)
        pending = evolve(bundle.receipts[0], state="pending", pre_auth_amount=NOTHING)
        books.create_order(evolve(bundle, receipts=(pending,)))
        (before,) = books.receipts()
        books.update_receipt(before, evolve(before, state="captured", amount=bundle.order.total))
        (balance,) = books.trial_balance()
        assert (balance.receipts, balance.open_ar, balance.difference) == (bundle.order.total, 0, 0)

    def test_one_that_is_posted_meanwhile_stays(self, books: SqlGateway, ended: Ended) -> None:
        books.create_order(make_bundle(1))
        before = books.receipts()[0]
        after = evolve(before, state="captured", amount=Decimal(5))
        with pytest.raises(BooksRefused, match="it is posted"):
            ended(
                "UPDATE receipts SET posted = true WHERE import_id = 'WEB1-1'",
                lambda: books.update_receipt(before, after),
            )
        assert books.receipts()[0] == evolve(before, posted=True)

    def test_one_that_is_replaced_meanwhile_is_the_one_that_counts(
        self, books: SqlGateway, ended: Ended
    ) -> None:
        """As an edit of the order does it: another row with the same Import ID."""
        books.create_order(make_bundle(1))
        before = books.receipts()[0]
        new = {"import_id": "'WEB1-1'", "amount": "'1.00'"}
        names = [column.name for column in schema.receipts.columns if column.name != "id"]
        with pytest.raises(BooksRefused, match=r"its amount is 1\.00, not 0"):
            ended(
                "UPDATE sales_orders SET memo = 'edited' WHERE import_id = 'WEB1';"
                "UPDATE receipts SET import_id = 'old' WHERE import_id = 'WEB1-1';"
                f"INSERT INTO receipts ({', '.join(names)}) "
                f"SELECT {', '.join(new.get(name, name) for name in names)} FROM receipts "
                "WHERE import_id = 'old';"
                "DELETE FROM receipts WHERE import_id = 'old'",
                lambda: books.update_receipt(before, evolve(before, state="voided")),
            )
        assert [receipt.amount for receipt in books.receipts()] == [3, Decimal("1.00")]


class TestStores:
    def test_the_message_names_both_stores_and_what_to_do(self, books: SqlGateway) -> None:
        books.create_order(of_store("abc123"))
        for write in (books.create_order, books.update_order):
            with pytest.raises(
                BooksRefused,
                match=r"order WEB1 is in the books from the store abc123, and this one is of the "
                r"store xyz789: .* Give one of them another import_source_code",
            ):
                write(of_store("xyz789"))

    def test_an_order_of_another_store_is_refused_however_far_it_is(
        self, books: SqlGateway
    ) -> None:
        books.create_order(of_store("abc123"))
        books.set_order_status("WEB1", "Committed")
        with pytest.raises(BooksRefused, match="from the store abc123"):
            books.update_order(of_store("xyz789"))

    def test_stores_are_found_by_an_index(self, books: SqlGateway) -> None:
        """They are asked for in each run, of books that may have a million orders."""
        if books.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL decides by its statistics")
        books.create_order(of_store("abc123"))
        asked = asked_of(books, books.order_sources)
        assert len(asked) == 1
        with books.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[0]}")
            steps = [row[3] for row in plan if "sales_orders" in row[3]]
            assert len(steps) == 4
            assert all("INDEX ix_sales_orders_store (store_hash" in step for step in steps)

    def test_each_source_is_found_once(self, books: SqlGateway) -> None:
        for number, (code, store_hash) in enumerate(
            [
                ("ABC", "bbb"),
                ("WEB", "ccc"),
                ("WEB", "aaa"),
                ("ABC", "ccc"),
                ("ABC", "ccc"),
                ("WEB", ""),
            ],
            1,
        ):
            bundle = of_source(code, number)
            order = evolve(bundle.order, store_hash=store_hash)
            books.create_order(evolve(bundle, order=order))
        assert books.order_sources() == {
            ("WEB", "aaa"),
            ("ABC", "bbb"),
            ("ABC", "ccc"),
            ("WEB", "ccc"),
        }

    def test_what_a_cycle_asks_does_not_walk_all_orders_of_the_source(
        self, books: SqlGateway
    ) -> None:
        """They are a hundred thousand after some years, and almost all of them are posted."""
        if books.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL decides by its statistics")
        at = datetime(2026, 3, 1, tzinfo=UTC)

        def ask() -> None:
            books.sales_orders_changed("WEB", at)
            books.orders_in_status("WEB", ["Open", "Picked"])
            books.receipts_to_capture("WEB")
            books.receipts_authorized("WEB", at)
            books.shipments("WEB", at)
            books.shipments_of(["WEB1"])

        asked = asked_of(books, ask)
        assert len(asked) == 6
        with books.engine.connect() as connection:
            for statement in asked:
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
                steps = [row[3] for row in plan]
                # By an index of their own, and not by the source.
                assert not [step for step in steps if "ix_sales_orders_store" in step], steps
                assert all("SEARCH" in step or "ix_receipts_" in step for step in steps), steps


def asked_of(books: SqlGateway, work: Callable[[], object]) -> list[str]:
    """The SELECTs that SQLite runs for some work."""
    asked: list[str] = []
    # The connection that the next read takes, too.
    driver = books._database.read(lambda connection: connection.connection.driver_connection)
    assert isinstance(driver, sqlite3.Connection)
    driver.set_trace_callback(asked.append)
    work()
    driver.set_trace_callback(None)
    return [each for each in asked if each.startswith(("SELECT", "WITH"))]


class TestDelete:
    def test_an_order_goes_with_all_that_belongs_to_it(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(2))
        before = rows(books)
        books.create_order(evolve(make_bundle(1), new_client=None, client_id=1, new_contact=None))
        books.add_shipment(make_shipment(501))
        books.create_credit(make_credit(1, 91))
        assert all(len(rows(books)[name]) > len(before[name]) for name in OF_ORDERS)
        books.delete_order("WEB1")
        # Only how far its versions had come is kept.
        assert rows(books) == {**before, "former_versions": rows(books)["former_versions"]}
        assert books.create_order(make_bundle(1)).created

    def test_what_is_posted_stays(self, books: SqlGateway, tmp_path: Path) -> None:
        (tmp_path / "books.toml").write_text(
            'order_statuses = ["Open", "Shipped/Invoice", "Posted", "Archived"]'
        )
        books.load(tmp_path / "books.toml")
        books.create_order(make_bundle(1))
        for status in ("Posted", "Archived"):
            books.set_order_status("WEB1", status)
            with pytest.raises(BooksRefused, match=f"WEB1 cannot be deleted: it is {status}"):
                books.delete_order("WEB1")
        books.set_order_status("WEB1", "Shipped/Invoice")
        posted(books, "WEB1-1")
        with pytest.raises(BooksRefused, match="WEB1 cannot be deleted: a receipt on it is posted"):
            books.delete_order("WEB1")
        with pytest.raises(BooksRefused, match="no order 'WEB9' in the books"):
            books.delete_order("WEB9")
        assert len(books.receipts()) == 2

    def test_one_that_is_posted_meanwhile_stays(self, books: SqlGateway, ended: Ended) -> None:
        books.create_order(make_bundle(1))
        with pytest.raises(BooksRefused, match="a receipt on it is posted"):
            ended(
                "UPDATE receipts SET posted = true WHERE import_id = 'WEB1-2'",
                lambda: books.delete_order("WEB1"),
            )
        assert len(books.receipts()) == 2

    def test_picked_goods_come_back(self, books: SqlGateway, tmp_path: Path) -> None:
        stock(books, tmp_path)
        for status in ("Open", "Picked", "Shipped/Invoice"):
            books.create_order(make_bundle(1))
            books.set_order_status("WEB1", status)
            assert books.available("Main") == {"MUG-0": Decimal("10.5")}
            books.delete_order("WEB1")
            assert books.available("Main") == {"MUG-0": 12}
        # One that came in Picked had taken nothing.
        bundle = make_bundle(1)
        books.create_order(evolve(bundle, order=evolve(bundle.order, status="Picked")))
        books.delete_order("WEB1")
        assert books.available("Main") == {"MUG-0": 12}


OF_ORDERS = (
    *("sales_orders", "sales_order_lines", "sales_order_ship_tos", "sales_order_discounts"),
    *("receipts", "shipments", "shipment_items", "shipment_parcels", "shipment_parcel_items"),
    *("credits", "credit_lines", "credit_tenders"),
)

CHANGES = {
    "update_receipt": "books.update_receipt(held, evolve(held, state='captured', amount=held."
    "pre_auth_amount))",
    "set_to_ship": "books.set_to_ship('WEB1', {1000: Decimal(0), 1001: Decimal(1)})",
    "delete_order": "books.delete_order('WEB1')",
}
DYING = """
import os, sys
from decimal import Decimal
from attrs import evolve
from sqlalchemy import event
from avbc.acctvantage import SqlGateway
books = SqlGateway(sys.argv[1])
held = books.receipts()[0]
event.listen(books.engine, "commit", lambda _: os._exit(9))
"""


@pytest.mark.parametrize("name", CHANGES)
def test_a_process_that_dies_before_it_commits_leaves_nothing(url: str, name: str) -> None:
    with SqlGateway(url) as books:
        books.create_order(make_bundle(1))
        before = rows(books)
        process = subprocess.run([sys.executable, "-c", DYING + CHANGES[name], url], check=False)
        assert process.returncode == 9
        assert rows(books) == before
        # The same call again succeeds: what the dead one had locked is free.
        held = books.receipts()[0]
        again = {"books": books, "held": held, "evolve": evolve, "Decimal": Decimal}
        exec(CHANGES[name], again)
        assert rows(books) != before


ENDING = """
import json, sys
from decimal import Decimal
from attrs import evolve
from avbc.acctvantage import BooksRefused, SqlGateway
books = SqlGateway(sys.argv[1])
befores = books.receipts()[::2]
done = []
print("ready", flush=True)
sys.stdin.readline()
for before in befores:
    ends = {
        "voided": evolve(before, state="voided"),
        "captured": evolve(before, state="captured", amount=Decimal(5)),
    }
    try:
        done.append(books.update_receipt(before, ends[sys.argv[2]]).state)
    except BooksRefused:
        done.append("")
print(json.dumps(done))
"""


@pytest.mark.one_python
def test_processes_agree_on_what_became_of_a_receipt(url: str) -> None:
    with SqlGateway(url) as books:
        for number in range(1, 21):
            books.create_order(make_bundle(number))
        ends = ["voided", "captured", "voided", "captured"]
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", ENDING, url, end],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for end in ends
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        done = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
        states = [receipt.state for receipt in books.receipts()[::2]]
    assert set(states) <= {"voided", "captured"}
    for end, answers in zip(ends, done, strict=True):
        assert answers == [state if state == end else "" for state in states]


def test_an_order_is_deleted_once(books: SqlGateway) -> None:
    """Of deletions and captures at once: one deletion, and nothing is left behind."""
    books.create_order(make_bundle(1))
    start = threading.Barrier(6, timeout=30)

    def tried(call: Callable[[], object]) -> bool:
        start.wait()
        with suppress(BooksRefused):
            call()
            return True
        return False

    deletions = [partial(books.delete_order, "WEB1")] * 3
    captures = [partial(books.record_capture, "WEB1-1", Decimal(1), AT)] * 3
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(tried, [*deletions, *captures]))
    assert done[:3].count(True) == 1
    assert not any(rows(books)[name] for name in OF_ORDERS)


def stock(books: SqlGateway, folder: Path) -> None:
    (folder / "books.toml").write_text(
        'warehouses = [{ name = "Main" }]\n'
        'products = [{ part_number = "MUG-0", name = "Mug", product_class = "Goods", '
        "quantity = { Main = 12 } }]"
    )
    books.load(folder / "books.toml")
