"""Books that an earlier avbc made: the files beside this one are dumps of them."""

from __future__ import annotations

import json
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from attrs import evolve

from avbc.acctvantage import JournalAccounts, Product, SalesOrder, SqlGateway
from avbc.acctvantage.sql import handshake, schema, versions
from avbc.testing.contract import make_bundle, make_order

HERE = Path(__file__).parent


def restore(url: str, version: int) -> None:
    """Make the books of a version at a URL."""
    kind = sa.make_url(url).get_backend_name()
    script = (HERE / f"books_version_{version}.{kind}.sql").read_text(encoding="utf-8")
    if kind == "sqlite":
        with sqlite3.connect(str(sa.make_url(url).database)) as connection:
            connection.executescript(script)
        connection.close()
        return
    engine = sa.create_engine(url)
    with engine.begin() as session:
        session.exec_driver_sql(script)
    engine.dispose()


def tables(books: SqlGateway) -> dict[str, Any]:
    """Everything that the database knows of its tables."""
    look = sa.inspect(books.engine)
    found: dict[str, Any] = {}
    for name in sorted(look.get_table_names()):
        found[name] = {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"])
                for column in look.get_columns(name)
            ],
            "key": look.get_pk_constraint(name),
            "foreign": sorted(look.get_foreign_keys(name), key=str),
            "unique": sorted(look.get_unique_constraints(name), key=str),
            "indexes": sorted(
                json.dumps(index, default=str, sort_keys=True) for index in look.get_indexes(name)
            ),
        }
    if books.engine.dialect.name == "sqlite":
        with books.engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_master WHERE type = 'table'"
            )
            found["clustered"] = sorted(name for name, is_clustered in rows if is_clustered)
    return found


@pytest.fixture
def fresh(url: str, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The tables that this version makes in an empty database of the same kind."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        with SqlGateway(f"sqlite:///{tmp_path}/fresh.db") as books:
            books.reference_data()
            return tables(books)
    with SqlGateway(url) as books:
        books.reference_data()
        found = tables(books)
        with books.engine.begin() as connection:
            handshake.drop(connection)
        schema.metadata.drop_all(books.engine)
        return found


@pytest.mark.parametrize("version", [1, 3, 4, 5, 6, 7])
def test_tables_of_earlier_versions_become_those_of_today(
    url: str, fresh: dict[str, Any], version: int
) -> None:
    restore(url, version)
    with SqlGateway(url) as books:
        books.reference_data()
        assert tables(books) == fresh
        with books.engine.connect() as connection:
            assert (
                connection.scalar(sa.select(schema.books_version.c.version))
                == versions.BOOKS.version
            )


def test_books_of_version_1_keep_what_they_hold(url: str) -> None:
    restore(url, 1)
    with SqlGateway(url) as books:
        mug = Product("MUG-0", "Mug", "Goods", list_price=Decimal("9.95"), aliases=("Becher",))
        assert [order.import_id for order in books.sales_orders()] == ["WEB1", "WEB2"]
        assert [order.status for order in books.sales_orders()] == ["Open", "Picked"]
        assert all(balance.difference == 0 for balance in books.trial_balance())
        assert len(books.receipts()) == 4
        assert all(receipt.captured_at is receipt.voided_at is None for receipt in books.receipts())
        lines = [line for order in books.sales_orders() for line in order.lines]
        assert lines
        assert all(line.to_ship == line.quantity for line in lines)
        assert [dict(client.store_customer_ids) for client in books.clients()] == [
            {"WEB": 7},
            {},
            {},
        ]
        assert books.find_products(["becher"]) == [mug]
        assert books.available("Main") == {"MUG-0": 9, "mug-1": 4}
        assert books.available("Outlet", ["MUG-0"]) == {"MUG-0": Decimal("0.5")}
        reference = books.reference_data()
    assert reference.currency == "CAD"
    assert [warehouse.name for warehouse in reference.warehouses] == ["Main", "Outlet"]


def test_books_of_version_1_take_what_is_new(url: str) -> None:
    restore(url, 1)
    with SqlGateway(url) as books:
        assert books.create_order(make_bundle(3)).created
        assert [number for number, _ in books.quantities_available("Main")] == ["MUG-0", "Straße"]
        (changed,) = books.sales_orders_changed("WEB", datetime(2020, 1, 1, tzinfo=UTC))
        assert changed.import_id == "WEB2"
        books.want_capture("WEB1-1")
        assert (
            books.record_capture("WEB1-1", Decimal(3), datetime(2026, 4, 1, tzinfo=UTC)).state
            == "captured"
        )
        books.set_quantity("mug-0", "Outlet", 4)
        assert books.available("Outlet", ["MUG-0"]) == {"MUG-0": 4}


def test_books_of_version_3_keep_what_they_hold(url: str) -> None:
    restore(url, 3)
    with SqlGateway(url) as books:
        first, second, third = books.sales_orders()
        assert evolve(third, id=None, client_id=None, contact_id=None) == of_version_3(3)
        assert [str(line.to_ship) for line in second.lines] == ["0.2500", "1.5"]
        assert [order.status for order in (first, second, third)] == ["Open", "Picked", "Open"]
        assert [receipt.state for receipt in books.receipts(["WEB3"])] == ["captured"] * 2
        assert [shipment.number for shipment in books.shipments("WEB")] == [501]
        assert [credit.import_id for credit in books.credits()] == ["WEB1-CM91"]
        assert books.order_sources() == frozenset()


def of_version_3(number: int) -> SalesOrder:
    """An order of that time: all is left to ship, and neither store nor day were kept."""
    order = make_order(number)
    lines = tuple(evolve(line, to_ship=line.quantity) for line in order.lines)
    return evolve(order, lines=lines, store_hash="", ordered_on=None)


def test_books_of_version_3_take_what_is_new(url: str) -> None:
    restore(url, 3)
    with SqlGateway(url) as books:
        assert books.create_order(make_bundle(4)).created
        assert books.order_sources() == {("WEB", "abc123")}
        assert books.set_to_ship("WEB1", {1000: Decimal("0.5")}).lines[0].to_ship == Decimal("0.5")
        # An edit of an order from before notes the store.
        assert books.update_order(make_bundle(1)).store_hash == "abc123"


def test_books_of_version_4_keep_what_they_hold_and_take_days(url: str) -> None:
    restore(url, 4)
    with SqlGateway(url) as books:
        orders = books.sales_orders()
        assert [order.import_id for order in orders] == ["WEB1", "WEB2", "WEB3", "WEB4"]
        assert [order.ordered_on for order in orders] == [None] * 4
        assert [line.to_ship for line in orders[0].lines] == [Decimal("0.5"), Decimal("1.5")]
        as_before = evolve(make_order(4), ordered_on=None)
        assert evolve(orders[3], id=None, client_id=None, contact_id=None) == as_before
        assert books.order_sources() == {("WEB", "abc123")}
        assert books.create_order(make_bundle(5)).order.ordered_on == date(2026, 3, 1)
        # An edit of an order from before notes its day.
        assert books.update_order(make_bundle(4)).ordered_on == date(2026, 3, 1)
        assert books.sales_orders(["WEB5"])[0].ordered_on == date(2026, 3, 1)


def test_books_of_version_6_keep_what_they_hold_and_take_a_journal(url: str) -> None:
    restore(url, 6)
    with SqlGateway(url) as books:
        # In flight: picked up or not, edited, wanted and voided, offered or left to the journal.
        (first, second) = books.pickups(["WEB1", "WEB2", "WEB3", "WEB4"])
        assert (first.document_number, second.answer) == ("SO-1", None)
        assert [order.status for order in books.sales_orders(["WEB1", "WEB2"])] == [
            "Open",
            "Picked",
        ]
        assert [each.import_id for each in books.receipts_to_capture("WEB")] == ["WEB1-1"]
        assert books.journal_days("WEB") == []
        orders, receipts = books.sales_orders(["WEB3", "WEB4"]), books.receipts(["WEB3", "WEB4"])
        assert {each.state for each in receipts} == {"pre_authorized", "captured", "voided"}
        accounts = JournalAccounts(
            receivable="1100",
            pending="1150",
            certificates_sold="2400",
            rounding="6900",
            sales="4000",
            freight="4100",
            returns="4900",
            tax={order.tax_area: "2200" for order in orders},
            clearing={each.receipt_type: "1050" for each in receipts},
        )
        closed = books.close_journal("WEB", date(2026, 5, 1), datetime.date, accounts)
        assert closed == books.journal_days("WEB")
        assert sum(each.orders for each in closed) == 2
        assert books.offer_again("WEB2").version == 1


def test_books_of_version_9_know_what_is_journaled(url: str, fresh: dict[str, Any]) -> None:
    restore(url, 6)
    found = schema.sales_orders.c
    with SqlGateway(url) as books:
        orders = books.sales_orders(["WEB3", "WEB4"])
        receipts = books.receipts(["WEB3", "WEB4"])
        accounts = JournalAccounts(
            receivable="1100",
            pending="1150",
            certificates_sold="2400",
            rounding="6900",
            sales="4000",
            freight="4100",
            returns="4900",
            tax={order.tax_area: "2200" for order in orders},
            clearing={each.receipt_type: "1050" for each in receipts},
        )
        books.close_journal("WEB", date(2026, 5, 1), datetime.date, accounts)
        with books.engine.begin() as connection:
            # As an avbc of version 9 left them: it marked neither what is journaled nor what is
            # gone.
            handshake.drop(connection)
            for name in (
                *("ix_sales_orders_client_id", "ix_sales_orders_store_order_id"),
                *("ix_sales_orders_ordered_at", "ix_sales_orders_to_journal"),
            ):
                connection.exec_driver_sql(f"DROP INDEX {name}")
            schema.journal_removed.drop(connection)
            for table in (schema.sales_orders, schema.receipts):
                journaled = table.c.answered == "journaled"
                changed = connection.execute(table.update().values(answered=None).where(journaled))
                assert changed.rowcount > 1
            connection.execute(
                schema.receipts.delete().where(schema.receipts.c.order_import_id == "WEB4")
            )
            connection.execute(schema.sales_orders.delete().where(found.import_id == "WEB4"))
            connection.execute(schema.books_version.update().values(version=9))
    with SqlGateway(url) as books:
        books.reference_data()
        assert tables(books) == fresh
        with books.engine.connect() as connection:
            answered = sa.select(found.answered).where(found.import_id == "WEB3")
            assert connection.scalar(answered) == "journaled"
        (day,) = books.close_journal("WEB", date(2026, 5, 2), datetime.date, accounts)
        # What was journaled of the order that is gone is taken back, and nothing else is new.
        assert (day.orders, day.day) == (1, date(2026, 5, 2))
        assert books.close_journal("WEB", date(2026, 5, 3), datetime.date, accounts) == []


def test_books_of_version_7_with_stamps_from_the_future_go_on_from_them(url: str) -> None:
    restore(url, 7)
    future = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=5)
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        orders, shipments = schema.sales_orders, schema.shipments
        connection.execute(
            orders.update().where(orders.c.import_id == "WEB1").values(status_changed_at=future)
        )
        connection.execute(shipments.update().values(changed_at=future))
    engine.dispose()
    with SqlGateway(url) as books:
        assert books.now() == future
        assert books.set_order_status("WEB2", "Packed").status_changed_at == future
        (shipment,) = books.shipments("WEB", future)
        books.add_shipment(evolve(shipment, number=8))
        assert [each.number for each in books.shipments("WEB", future)] == [7, 8]


def test_what_an_earlier_avbc_writes_meanwhile_is_read(url: str) -> None:
    """One that had the books open before they were brought up knows nothing of the new columns."""
    with SqlGateway(url) as books:
        books.create_order(make_bundle(1))
        with books.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE sales_order_lines SET to_ship = NULL")
        (order,) = books.sales_orders()
        assert [line.to_ship for line in order.lines] == [Decimal("1.5")] * 2
        order = books.set_to_ship("WEB1", {1001: Decimal(1)})
        assert [line.to_ship for line in order.lines] == [Decimal("1.5"), Decimal(1)]


@pytest.mark.parametrize("version", [1, 3])
def test_a_migration_that_dies_leaves_the_books_as_they_were(
    url: str, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore(url, version)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(versions, "_index", die)
        with SqlGateway(url) as books, pytest.raises(KeyboardInterrupt):
            books.reference_data()
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        assert connection.scalar(sa.select(schema.books_version.c.version)) == version
        columns = {column["name"] for column in sa.inspect(connection).get_columns("sales_orders")}
    engine.dispose()
    assert "store_hash" not in columns
    with SqlGateway(url) as books:
        assert books.sales_orders()[0].lines[0].to_ship > 0


def test_many_that_open_books_of_version_1_at_once_bring_them_up_once(url: str) -> None:
    restore(url, 1)
    start = threading.Barrier(4, timeout=30)

    def open_books(_: int) -> int:
        with SqlGateway(url) as books:
            start.wait()
            return len(books.sales_orders())

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(open_books, range(4))) == {2}


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The warnings but for the one about orders that no one has handed over."""
    texts = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert "hand_over_earlier_orders" in texts[0]
    return texts[1:]


NFC, NFD = "CAF\u00c9-1", "CAFE\u0301-1"


def in_old_books(url: str, statements: str) -> None:
    """Write to books of version 1 as the avbc of that time did."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for statement in filter(None, map(str.strip, statements.split(";\n"))):
            connection.exec_driver_sql(statement)
    engine.dispose()


def product(part_number: str) -> str:
    key = part_number.strip().casefold()
    return (
        f"INSERT INTO products SELECT '{key}', '{part_number}', name, product_class, kind, "
        "description, sales_memo, list_price, sell_price, weight, length, width, height, "
        "taxable, webstore_category, sync_to_webstore FROM products WHERE part_key = 'mug-0';\n"
        f"INSERT INTO product_aliases VALUES ('{key}', 0, 'b {key}', 'B {part_number}');\n"
        f"INSERT INTO quantities VALUES ('Main', '{key}', '{len(part_number)}');\n"
    )


def test_keys_are_brought_into_one_unicode_form(url: str) -> None:
    restore(url, 1)
    in_old_books(
        url,
        product(NFD)
        + product("TEA  POT")
        + f"INSERT INTO ship_vias VALUES (7, '{NFD.casefold()}', '{NFD}', 'Freight');\n"
        f"INSERT INTO promotions VALUES (7, '{NFD.casefold()}', '{NFD}', '$', '1', '40', '', "
        "false);\n"
        "UPDATE clients SET email = 'jose\u0301@example.com', "
        "email_key = 'jose\u0301@example.com' WHERE id = 3;\n"
        "UPDATE contacts SET email = 'jose\u0301@example.com', "
        "email_key = 'jose\u0301@example.com', "
        "person_key = 'jose\u0301@example.com' WHERE id = 2;\n",
    )
    with SqlGateway(url) as books:
        assert books.look_alikes() == []
        for name in (NFD, NFC, f" b  {NFC.lower()} "):
            assert [found.part_number for found in books.find_products([name])] == [NFD]
        assert [found.part_number for found in books.find_products(["tea pot"])] == ["TEA  POT"]
        assert books.available("Main", [NFC, "Tea Pot"]) == {NFD: 7, "TEA  POT": 8}
        assert [client.id for client in books.find_clients([], ["JOS\u00c9@example.com"])] == [3]
        # What comes in by the other form is the same record.
        bundle = make_bundle(9)
        promotion = evolve(bundle.new_promotions[0], code=NFC)
        ship_via = evolve(bundle.new_ship_vias[0], name=NFC)
        books.create_order(evolve(bundle, new_promotions=[promotion], new_ship_vias=[ship_via]))
        assert [found.code for found in books.promotions()] == ["SAVE", NFD]
        assert [found.name for found in books.ship_vias()] == ["UPS Ground", NFD]


def test_records_that_now_compare_equal_are_reported_and_both_stay(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    restore(url, 1)
    in_old_books(
        url,
        product(NFD)
        + product(NFC)
        + product(f"{NFC} X")
        + product(f"{NFC}  X")
        + product(f"{NFD}   X")
        + "INSERT INTO ship_vias VALUES (7, 'ups  ground', 'UPS  Ground', 'Freight');\n"
        f"INSERT INTO promotions VALUES (7, '{NFD.casefold()}', '{NFD}', '$', '1', '40', '', "
        "false);\n"
        f"INSERT INTO promotions VALUES (8, '{NFC.casefold()}', '{NFC}', '$', '1', '40', '', "
        "false);\n"
        "INSERT INTO contacts VALUES (8, 2, '', '\njose\u0301\n', 'Jose\u0301', '', '', '');\n"
        "INSERT INTO contacts VALUES (9, 2, '', '\njos\u00e9\n', 'Jos\u00e9', '', '', '');\n"
        "INSERT INTO contacts VALUES (10, 3, '', '\njose\u0301\n', 'Jose\u0301', '', '', '');\n"
        "UPDATE clients SET name = 'Jose\u0301' WHERE id = 1;\n"
        "UPDATE clients SET name = 'Jos\u00e9' WHERE id = 2;\n"
        f"INSERT INTO receipt_types VALUES (7, '{NFC}');\n"
        f"INSERT INTO receipt_types VALUES (8, '{NFD}');\n",
    )
    with SqlGateway(url) as books:
        found = books.look_alikes()
        assert {(one.table_name, one.text, one.same_as) for one in found} == {
            ("products", NFD, NFC),
            ("products", f"{NFC}  X", f"{NFC} X"),
            ("products", f"{NFD}   X", f"{NFC} X"),
            ("ship_vias", "UPS  Ground", "UPS Ground"),
            ("promotions", NFD, NFC),
            ("contacts", "Jose\u0301", "Jos\u00e9"),
            ("clients", "Jos\u00e9 Ana ana@example.com", "Jose\u0301 Ana ana@example.com"),
            ("receipt_types", NFD, NFC),
        }
        warnings = warned(caplog)
        assert len(warnings) == len(found)
        assert any(r"'CAFE\u0301-1' and 'CAF\xc9-1'" in text for text in warnings)
        # Nothing is lost, and look-ups find one of them.
        assert {NFC, NFD} <= {one.part_number for one in books.products()}
        assert {one.code for one in books.promotions()} == {"SAVE", NFC, NFD}
        assert [one.part_number for one in books.find_products([NFC, NFD])] == [NFC]
        assert books.find_products([f"b {NFD}"])
        on_hand = books.available("Main")
        assert (on_hand[NFC], on_hand[NFD], on_hand[f"{NFD}   X"]) == (6, 7, 11)
        # The store has one of them, so one of them is sent, and each key once.
        for walked in (
            [part_number for part_number, _ in books.quantities_available("Main")],
            [one.part_number for one in books.products_for_store()],
        ):
            assert walked == [NFC, f"{NFC} X", "MUG-0", "Stra\u00dfe"]
    with SqlGateway(url) as books:
        # It is reported each time until one of the two is gone, as docs/books.md says.
        caplog.clear()
        with books.engine.begin() as connection:
            for one in found:
                if one.table_name == "products":
                    connection.execute(
                        schema.products.delete().where(schema.products.c.part_key == one.key)
                    )
        assert len(books.look_alikes()) == len(found) - 3
        assert f"'{NFD}'" not in caplog.text
        assert books.available("Main", [NFC, NFD]) == {NFC: 6}


def test_more_look_alikes_than_a_log_should_hold_are_counted(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    restore(url, 1)
    spaced = "".join(product(f"TEA {number}") + product(f"TEA  {number}") for number in range(23))
    in_old_books(url, spaced)
    with SqlGateway(url) as books:
        assert len(books.look_alikes()) == 23
    warnings = warned(caplog)
    assert len(warnings) == 21
    assert "3 more" in warnings[-1]
