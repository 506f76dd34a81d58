from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avbc.acctvantage import (
    Address,
    BooksRefused,
    BooksUnreachable,
    Client,
    CreatedOrder,
    OrderBundle,
    OrderDiscount,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    SqlGateway,
)
from avbc.acctvantage.sql import orders, reading
from avbc.errors import FaultyInputError
from avbc.testing.contract import ANA, make_bundle, make_order

Make = Callable[[int], OrderBundle]


class TestWhatIsRefused:
    def refuse(self, books: SqlGateway, bundle: OrderBundle, words: str) -> None:
        for write in (books.create_order, books.update_order):
            with pytest.raises(BooksRefused, match=words):
                write(bundle)
        assert books.sales_orders() == []
        assert books.clients() == []

    def test_an_order_that_is_off_by_a_cent(self, memory: SqlGateway) -> None:
        order = make_order(1)
        self.refuse(
            memory,
            evolve(make_bundle(1), order=evolve(order, total=order.total + Decimal("0.01"))),
            "WEB1 does not balance: its total 24.0518",
        )

    @pytest.mark.parametrize(
        "amount", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity")]
    )
    def test_an_amount_that_is_no_number(self, memory: SqlGateway, amount: Decimal) -> None:
        self.refuse(
            memory,
            evolve(make_bundle(1), order=evolve(make_order(1), freight=amount)),
            "WEB1 (has an amount|does not balance)",
        )
        receipt = Receipt("WEB1", "Check", amount)
        with pytest.raises(BooksRefused, match="not an amount that the books can keep"):
            memory.create_order(evolve(make_bundle(1), receipts=(receipt,)))
        assert memory.clients() == []

    def test_a_line_to_an_address_that_is_not_there(self, memory: SqlGateway) -> None:
        self.refuse(
            memory,
            evolve(make_bundle(1), order=evolve(make_order(1), ship_tos=())),
            "the line 'Mug 0' goes to an address",
        )

    def test_a_receipt_on_another_order(self, memory: SqlGateway) -> None:
        self.refuse(
            memory,
            evolve(make_bundle(1), receipts=make_bundle(2).receipts),
            "WEB1 comes with a receipt on order WEB2",
        )

    def test_an_order_without_import_id(self, memory: SqlGateway) -> None:
        self.refuse(
            memory,
            evolve(make_bundle(1), order=evolve(make_order(1), import_id="")),
            "order 1 of the store has no Import ID",
        )

    def test_a_client_with_an_empty_import_id(self, memory: SqlGateway) -> None:
        self.refuse(
            memory,
            evolve(make_bundle(1), new_client=evolve(ANA, import_id="")),
            "Import ID of its new client is empty",
        )

    def test_an_order_without_a_client(self, memory: SqlGateway) -> None:
        with pytest.raises(BooksRefused, match="neither a client"):
            memory.create_order(evolve(make_bundle(1), new_client=None))

    def test_values_that_no_database_takes(self, books: SqlGateway) -> None:
        for change, words in [
            ({"memo": "half \ud83d a face"}, "lone surrogate"),
            ({"store_order_id": 2**63}, "bits|out of range"),
            ({"ordered_on": datetime(2026, 1, 1, tzinfo=UTC)}, "is not a day"),
            ({"ordered_at": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001  # what is refused
            (
                {
                    "ordered_at": datetime.min.replace(tzinfo=UTC)
                    .astimezone(UTC)
                    .replace(tzinfo=_east())
                },
                "no equivalent in UTC",
            ),
        ]:
            with pytest.raises(BooksRefused, match=words):
                books.create_order(evolve(make_bundle(1), order=evolve(make_order(1), **change)))
        assert books.clients() == []

    def test_a_message_names_the_order_and_the_rule(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        taken = evolve(make_bundle(2).receipts[0], import_id="WEB1-1")
        with pytest.raises(
            BooksRefused, match=r"order WEB2 .*another record has the same receipts\.import_id"
        ):
            books.create_order(evolve(make_bundle(2), receipts=(taken,)))
        with pytest.raises(
            BooksRefused, match=r"order WEB2 .*names a record that is not in the books"
        ):
            books.create_order(
                evolve(make_bundle(2), new_client=None, client_id=99, new_contact=None)
            )

    def test_an_import_id_of_another_client_is_not_bound(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        guest = books.create_order(
            evolve(make_bundle(2), new_client=Client("Guest"), new_contact=None)
        ).order
        bundle = evolve(
            make_bundle(3),
            new_client=None,
            new_contact=None,
            client_id=guest.client_id,
            bind_import_id="WEB1",
        )
        with pytest.raises(BooksRefused, match=r"same clients\.import_id"):
            books.create_order(bundle)


def _east() -> object:
    from datetime import timezone

    return timezone(timedelta(hours=14))


class TestCreate:
    def test_receipts_without_import_id_are_numbered(self, books: SqlGateway) -> None:
        receipts = tuple(evolve(receipt, import_id="") for receipt in make_bundle(1).receipts)
        books.create_order(evolve(make_bundle(1), receipts=receipts))
        assert [receipt.import_id for receipt in books.receipts()] == ["WEB1-1", "WEB1-2"]

    def test_a_new_client_comes_with_all_that_it_has(self, books: SqlGateway) -> None:
        client = evolve(
            ANA, contacts=(make_bundle(1).new_contact,), store_customer_ids={"WEB": 7, "SHP": 9}
        )
        books.create_order(evolve(make_bundle(1), new_client=client))
        (found,) = books.clients(["WEB7"])
        assert evolve(found, id=None, contacts=()) == evolve(client, contacts=())
        assert [contact.email for contact in found.contacts] == ["ana@example.com"]
        assert books.clients(["WEB8"]) == []

    def test_an_order_without_anything(self, books: SqlGateway) -> None:
        order = SalesOrder(
            "WEB1", 1, "Ana", (), Decimal(0), Decimal(0), "", "USD", "", "", Address()
        )
        created = books.create_order(OrderBundle(order, new_client=Client("Ana"))).order
        assert books.sales_orders() == [created]
        assert created.lines == created.ship_tos == created.discounts == ()

    def test_an_order_that_vanishes_while_it_is_read_is_tried_again_later(
        self, memory: SqlGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        memory.create_order(make_bundle(1))
        monkeypatch.setattr(memory, "sales_orders", lambda _: [])
        with pytest.raises(BooksUnreachable, match="WEB1 was removed"):
            memory.create_order(make_bundle(1))

    def test_a_client_that_vanishes_while_an_order_is_written(
        self, memory: SqlGateway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        memory.create_order(make_bundle(1))
        monkeypatch.setattr(
            memory._orders,
            "_client_by_import_id",
            "SELECT id FROM clients WHERE import_id = ? AND 1 = 0",
        )
        with pytest.raises(BooksUnreachable, match="try again"):
            memory.create_order(evolve(make_bundle(2), new_client=evolve(ANA, import_id="WEB1")))
        assert len(memory.sales_orders()) == 1


CREATOR = """
import json, sys
from avbc.acctvantage import SqlGateway
from avbc.testing.contract import make_bundle
with SqlGateway(sys.argv[1]) as books:
    sys.stdin.readline()
    orders = ((number, books.create_order(make_bundle(number))) for number in range(1, 31))
    print(json.dumps([number for number, order in orders if order.created]))
"""


@pytest.mark.one_python
def test_processes_create_each_order_once(url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CREATOR, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    created = [
        number for process in processes for number in json.loads(process.communicate(timeout=60)[0])
    ]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(created) == list(range(1, 31))
    with SqlGateway(url) as books:
        assert len(books.sales_orders()) == len(books.clients()) == 30
        assert len(books.receipts()) == 60
        assert len(books.promotions()) == len(books.ship_vias()) == 1


class TestTrialBalance:
    def test_an_order_adds_up(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        (balance,) = books.trial_balance(["WEB1", "WEB2"])
        order = make_order(1)
        assert balance.lines == Decimal("19.8999")
        assert (balance.freight, balance.tax, balance.rounding, balance.total) == (
            order.freight,
            order.tax,
            order.rounding,
            order.total,
        )
        assert balance.discounts == Decimal("2.5")
        assert balance.difference == 0
        assert balance.receipts == Decimal(3)
        assert balance.pre_authorized == order.total - 3
        assert balance.open_ar == order.total - 3
        assert books.trial_balance([]) == []
        assert books.trial_balance() == [balance]

    def test_what_somebody_changed_by_sql_shows(self, books: SqlGateway) -> None:
        books.create_order(make_bundle(1))
        with books.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE sales_orders SET freight = '4.99'")
        (balance,) = books.trial_balance()
        assert balance.difference == Decimal("0.01")


def test_reading_all_goes_on_past_one_statement(
    books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avbc.acctvantage.sql.reading.CHUNK", 2)
    for number in range(1, 6):
        books.create_order(make_bundle(number))
    everything = [f"WEB{number}" for number in range(1, 6)]
    assert [order.import_id for order in books.sales_orders()] == everything
    assert [
        order.import_id for order in books.sales_orders(reversed(everything + everything))
    ] == everything
    assert [client.import_id for client in books.clients()] == everything
    assert [
        client.import_id for client in books.find_clients(everything, ["ana@example.com"])
    ] == everything
    assert len(books.receipts()) == 10
    assert [balance.import_id for balance in books.trial_balance()] == everything


amounts = st.builds(
    lambda number, places: Decimal(number).scaleb(-places),
    st.integers(-(10**13), 10**13),
    st.integers(-3, 9),
)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
times = (
    st.datetimes(
        # Hypothesis takes bounds without a time zone, which `timezones` gives.
        min_value=datetime(1, 1, 2),  # noqa: DTZ001
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.just(UTC),
    )
    | st.none()
)  # bounds
addresses = st.builds(Address, *[texts] * 11)
lines = st.builds(
    SalesOrderLine,
    kind=st.sampled_from(["product", "custom", "gift_certificate", "wrapping", "handling", "fee"]),
    description=texts,
    quantity=amounts,
    unit_price=amounts,
    amount=amounts,
    tax=amounts,
    part_number=texts | st.none(),
    memo=texts,
    store_line_id=st.integers(-(2**63), 2**63 - 1) | st.none(),
)
discounts = st.builds(
    OrderDiscount, code=texts, amount=amounts, gl_code=texts, name=texts, amount_in_store=amounts
)


@st.composite
def sales_orders(draw: st.DrawFn) -> SalesOrder:
    order = SalesOrder(
        import_id="",
        store_order_id=draw(st.integers(0, 2**63 - 1)),
        client=draw(texts),
        lines=tuple(draw(st.lists(lines, max_size=4))),
        total=Decimal(0),
        tax=draw(amounts),
        tax_area=draw(texts),
        currency="USD",
        warehouse=draw(texts),
        ship_via=draw(texts),
        bill_to=draw(addresses),
        ship_tos=tuple(draw(st.lists(addresses, max_size=2))),
        freight=draw(amounts),
        discounts=tuple(draw(st.lists(discounts, max_size=2))),
        rounding=draw(amounts),
        tax_override=draw(st.booleans()),
        memo=draw(texts),
        ordered_at=draw(times),
        ordered_on=draw(st.none() | st.dates()),
        status_changed_at=draw(times),
    )
    return evolve(
        order, total=order.subtotal + order.freight + order.tax - order.discount + order.rounding
    )


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=sales_orders())
def test_every_text_amount_and_time_survives(books: SqlGateway, order: SalesOrder) -> None:
    order = evolve(order, import_id=f"WEB{len(books.sales_orders())}")
    created = books.create_order(OrderBundle(order, new_client=Client("Ana"))).order
    (read,) = books.sales_orders([order.import_id])
    assert read == created == evolve(order, id=created.id, client_id=created.client_id)
    assert books.create_order(OrderBundle(order, new_client=Client("Ana"))) == CreatedOrder(
        read, created=False
    )
    # Equal is not enough for money: 1.50 stays 1.50, and no exponent becomes text that other
    # readers take for something else.
    assert [line.amount.as_tuple() for line in read.lines] == [
        _plain(line.amount).as_tuple() for line in order.lines
    ]


def _plain(amount: Decimal) -> Decimal:
    return Decimal(f"{amount:f}")


@pytest.mark.parametrize(
    "read",
    [
        *("sales_orders", "receipts", "trial_balance", "credits", "pickups"),
        *("clients", "find_products", "shipments_of"),
    ],
)
@pytest.mark.parametrize("keys", ["WEB1042", [1042]])
def test_a_key_alone_is_no_list_of_keys(books: SqlGateway, read: str, keys: object) -> None:
    with pytest.raises(FaultyInputError, match="must be a list of texts") as caught:
        getattr(books, read)(keys)
    assert f"{read} has 1 fault" in str(caught.value)


def test_a_person_is_one_key() -> None:
    contact = make_bundle(1).new_contact
    assert contact is not None
    assert orders.person_key(contact) == "ana@example.com\nrivera\nana"


def test_all_orders_are_walked_with_nothing_open_between_two(url: str) -> None:
    with SqlGateway(url) as books:
        for number in (3, 1, 2):
            books.create_order(make_bundle(number))
        walked = books.iter_sales_orders()
        assert next(walked).import_id == "WEB3"
        books.delete_order("WEB3")
        assert [order.import_id for order in walked] == ["WEB1", "WEB2"]
        assert list(books.iter_sales_orders()) == books.sales_orders()


def test_orders_of_a_long_period_come_by_their_numbers(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    with SqlGateway(url) as books:
        for number in (9, 10, 2, 30, 4):
            made = make_bundle(number)
            at = None if number == 4 else day + timedelta(number)
            books.create_order(evolve(made, order=evolve(made.order, ordered_at=at)))
        for few in (2_000, 2):
            monkeypatch.setattr(reading, "_SORTED", few)
            found = books.sales_orders_ordered("WEB", day, day + timedelta(10))
            assert [order.store_order_id for order in found] == [2, 9, 10]
            assert list(books.sales_orders_ordered("EBAY", day, day + timedelta(10))) == []
