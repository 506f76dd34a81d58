"""Clients become customers once, bound to the right one, and the store loses nothing."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import httpx
import pytest

from avbc.acctvantage import BooksRefused, BooksUnreachable, SqlGateway
from avbc.acctvantage.records import Client
from avbc.bigcommerce.in_flight import MOST
from avbc.mapping import CLIENT_FIELDS, FieldRule, with_fields
from avbc.orchestrator import Orchestrator, PushReport
from avbc.testing import FakeStore

Join = Callable[..., Orchestrator]
Add = Callable[..., list[int]]

ADDRESS = (
    '{ address_1 = "1 Example Street", city = "Austin", state = "TX", zip = "78701", '
    'country = "US" }'
)


def add_to(books: SqlGateway, folder: Path, *rows: str) -> list[int]:
    """Add clients as rows of books.toml; returns their ids."""
    known = {client.id for client in books.clients()}
    file = folder / "clients.toml"
    file.write_text(
        "clients = [\n" + "".join(f"    {{ {row} }},\n" for row in rows) + "]\n", encoding="utf-8"
    )
    books.load(file)
    return [
        client.id for client in books.clients() if client.id is not None and client.id not in known
    ]


@pytest.fixture
def empty(new_books: Callable[..., SqlGateway]) -> SqlGateway:
    """Books without clients."""
    books = new_books()
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM clients")
    return books


@pytest.fixture
def add(empty: SqlGateway, tmp_path: Path) -> Add:
    return lambda *rows: add_to(empty, tmp_path, *rows)


@pytest.fixture
def web(join: Join, empty: SqlGateway) -> Orchestrator:
    return join(books=empty)


def person(number: int, more: str = "") -> str:
    return (
        f'name = "Person {number}", first_name = "Ana", email = "person{number}@example.com"{more}'
    )


def bound(books: SqlGateway) -> dict[str, int | None]:
    """The store's customer of each client, by the client's name."""
    return {client.name: client.store_customer_ids.get("WEB") for client in books.clients()}


def codes(report: PushReport) -> dict[str, list[str]]:
    return {
        change.key: [problem.code for problem in change.problems]
        for _, change in report
        if change.problems
    }


def told(report: PushReport) -> list[tuple[str, str]]:
    return [(change.what, change.after) for change in report.sent]


# Who is exported


def test_a_new_client_becomes_a_customer(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    add(
        'name = "Rivera", first_name = "Ana", email = "ana@example.com", phone = "555-0101", '
        f"address = {ADDRESS}"
    )
    report = web.export_clients()
    assert told(report) == [("customer", "new, customer 1")]
    customer = store.state.customers[1]
    assert [customer[name] for name in ("last_name", "first_name", "email", "phone")] == [
        "Rivera",
        "Ana",
        "ana@example.com",
        "555-0101",
    ]
    (address,) = json.loads(store.request("GET", "/v3/customers/addresses").body)["data"]
    assert (address["address1"], address["city"], address["state_or_province"]) == (
        "1 Example Street",
        "Austin",
        "Texas",
    )
    assert (address["postal_code"], address["country_code"]) == ("78701", "US")
    assert bound(empty) == {"Rivera": 1}
    assert store.counts() == {
        "GET /v3/customers": 1,
        "POST /v3/customers": 1,
        "GET /v3/customers/addresses": 1,
    }
    # It is no new client any more.
    store.clear_log()
    assert not list(web.export_clients())
    assert store.log == []


def test_a_client_whom_the_store_has_is_completed_and_bound(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    old = {
        "id": 7,
        "customer_id": 27,
        "first_name": "Ana",
        "last_name": "R",
        "address1": "Old Street",
        "city": "Austin",
    }
    more = {
        "company": "Example Inc",
        "notes": "likes tea",
        "customer_group_id": 3,
        "addresses": [old],
    }
    store.add_customer(
        {"id": 27, "email": "ANA@example.com", "first_name": "Ana", "last_name": "R", **more}
    )
    add(f'name = "Rivera", first_name = "Ana", email = " ana@example.com ", address = {ADDRESS}')
    report = web.export_clients()
    assert told(report) == [
        ("customer", "last_name"),
        ("address", "new"),
        ("binding", "customer 27"),
    ]
    customer = store.state.customers[27]
    assert (
        customer["last_name"],
        customer["company"],
        customer["notes"],
        customer["customer_group_id"],
    ) == (
        "Rivera",
        "Example Inc",
        "likes tea",
        3,
    )
    assert [address["address1"] for address in customer["addresses"]] == [
        "Old Street",
        "1 Example Street",
    ]  # type: ignore[attr-defined]  # rows
    assert bound(empty) == {"Rivera": 27}
    assert len(store.state.customers) == 1


def test_a_client_whom_the_store_has_as_it_is_costs_one_look(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    store.add_customer(
        {"id": 27, "email": "person1@example.com", "first_name": "Ana", "last_name": "Person 1"}
    )
    add(person(1))
    assert told(web.export_clients()) == [("binding", "customer 27")]
    assert store.counts() == {"GET /v3/customers": 1}
    assert bound(empty) == {"Person 1": 27}


def test_clients_by_their_numbers(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    first, second = add(person(1), person(2))
    web.export_clients([first])
    assert bound(empty) == {"Person 1": 1, "Person 2": None}
    report = web.export_clients([first, second, 999])
    assert (report.unchanged, told(report)) == (1, [("customer", "new, customer 2")])
    assert codes(report) == {"999": ["client_unknown"]}
    # A change is told to the customer that it is bound to, whatever its email is by now.
    with empty.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE clients SET email = 'new@example.com', email_key = 'new@example.com' WHERE id "
            "= ?",
            (first,),
        )
    assert told(web.export_clients([first])) == [("customer", "email")]
    assert store.state.customers[1]["email"] == "new@example.com"


def test_clients_that_came_from_the_store_are_not_new_to_it(
    store: FakeStore, join: Join, books: SqlGateway
) -> None:
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM clients")
    web = join()
    store.place_order()
    web.import_orders()
    assert books.clients()
    assert not list(web.export_clients())


def test_a_preview_sends_nothing(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    store.add_customer(
        {"id": 27, "email": "person2@example.com", "first_name": "Ana", "last_name": "P"}
    )
    add(person(1), person(2, f", address = {ADDRESS}"))
    report = web.export_clients(preview=True)
    assert told(report) == [
        ("customer", "new"),
        ("customer", "last_name"),
        ("address", "new"),
        ("binding", "customer 27"),
    ]
    calls = [f"{call.method} {call.path}" for change in report.sent for call in change.calls]
    assert calls == ["POST /v3/customers", "PUT /v3/customers", "POST /v3/customers/addresses"]
    assert store.counts() == {"GET /v3/customers": 1}
    assert set(bound(empty).values()) == {None}
    assert ("last_name", "Person 1") in [
        (decision.field, decision.value) for decision in report.sent[0].decisions
    ]
    assert told(web.export_clients())[1:] == told(report)[1:]


def test_a_field_map_of_your_own(store: FakeStore, join: Join, empty: SqlGateway, add: Add) -> None:
    fields = with_fields(
        CLIENT_FIELDS,
        FieldRule[Client]("notes", "Name", lambda client: f"AcctVantage: {client.name}"),
    )
    add(person(1))
    join(books=empty, client_fields=fields).export_clients()
    assert store.state.customers[1]["notes"] == "AcctVantage: Person 1"


def test_an_address_that_the_customer_has_beyond_the_tenth(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    place = {
        "first_name": "Ana",
        "last_name": "Person 1",
        "city": "Austin",
        "state_or_province": "Texas",
        "postal_code": "78701",
        "country_code": "US",
    }
    streets = [*(f"{number} Other Street" for number in range(2, 12)), "1 Example Street"]
    addresses = [
        {"id": 50 + n, "customer_id": 27, **place, "address1": street, "phone": ""}
        for n, street in enumerate(streets)
    ]
    store.add_customer(
        {
            "id": 27,
            "email": "person1@example.com",
            "first_name": "Ana",
            "last_name": "Person 1",
            "addresses": addresses,
        }
    )
    add(person(1, f", address = {ADDRESS}"))
    report = web.export_clients()
    # Only ten come with a customer; of one that is there already the store says nothing.
    assert told(report) == [("address", "new"), ("binding", "customer 27")]
    assert len(store.state.customers[27]["addresses"]) == 11  # type: ignore[arg-type]  # rows


# How many requests


@pytest.mark.one_python
def test_requests_for_three_hundred(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    class Counting(httpx.BaseTransport):
        """Counts the requests that are under way at once, by method."""

        def __init__(self) -> None:
            self.now, self.most = Counter[str](), Counter[str]()
            self.lock = threading.Lock()

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            with self.lock:
                self.now[request.method] += 1
                self.most |= self.now
            # Lets the other threads come in.
            time.sleep(0.001)
            response = store.handle(request)
            with self.lock:
                self.now[request.method] -= 1
            return response

    for number in range(100):
        store.add_customer(
            {"email": f"person{number}@example.com", "first_name": "Ana", "last_name": "P"}
        )
    add(*(person(number) for number in range(300)))
    counting = Counting()
    report = join(books=empty, transport=counting).export_clients()
    assert len([change for change in report.sent if change.what == "customer"]) == 300
    counts = store.counts()
    assert (counts["POST /v3/customers"], counts["PUT /v3/customers"]) == (20, 10)
    assert counts["GET /v3/customers"] <= 3
    # BigCommerce takes three updates at once.
    assert counting.most["PUT"] <= 3
    assert max(counting.most.values()) <= MOST
    assert None not in bound(empty).values()


# What is refused


def test_a_missing_field_is_named(store: FakeStore, web: Orchestrator, add: Add) -> None:
    add(
        'name = "Nofirst", email = "no@example.com"',
        'name = "Nomail", first_name = "No"',
        person(3),
    )
    report = web.export_clients()
    assert [problem.message for change in report.refused for problem in change.problems] == [
        "'Nofirst' has no First Name, and the store needs it as first_name.",
        "'Nomail' has no Email, and the store needs it as email.",
    ]
    assert told(report) == [("customer", "new, customer 1")]


def test_an_incomplete_address_is_left_out_with_a_warning(
    store: FakeStore, web: Orchestrator, add: Add
) -> None:
    add(person(1, ', address = { address_1 = "1 Example Street", country = "US" }'))
    report = web.export_clients()
    assert list(codes(report).values()) == [["client_address_incomplete"]]
    assert (told(report), report.ok) == ([("customer", "new, customer 1")], True)


def test_a_customer_who_is_another_client(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    first, second = add(person(1), 'name = "Other", first_name = "Bo", email = "bo@example.com"')
    web.export_clients([first])
    # The first client has another email by now, and the store's customer still the old one.
    with empty.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE clients SET email = 'new@example.com', email_key = 'new@example.com' WHERE id "
            "= ?",
            (first,),
        )
        connection.exec_driver_sql(
            "UPDATE clients SET email = 'person1@example.com', email_key = 'person1@example.com' "
            "WHERE id = ?",
            (second,),
        )
    report = web.export_clients()
    assert codes(report) == {str(second): ["customer_of_other_client"]}
    assert f"is client {first} in the books" in report.refused[0].problems[0].message
    assert store.state.customers[1]["last_name"] == "Person 1"


def test_a_customer_who_was_imported_as_another_client(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    (other,) = add(
        'name = "Imported", first_name = "Bo", email = "bo@example.com", import_id = "WEB27"'
    )
    store.add_customer(
        {"id": 27, "email": "person1@example.com", "first_name": "Bo", "last_name": "Imported"}
    )
    (mine,) = add(person(1))
    report = join(books=empty, journal="sqlite://").export_clients()
    assert codes(report) == {str(mine): ["customer_of_other_client"]}
    assert str(other) in report.refused[0].problems[0].message
    assert store.counts() == {"GET /v3/customers": 1}


def test_the_books_have_the_last_word_on_who_is_who(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    """Without the journal, only the books know a client that another program bound."""
    first, second = add(person(1), person(2))
    store.add_customer(
        {"id": 27, "email": "person2@example.com", "first_name": "Ana", "last_name": "Person 2"}
    )
    empty.bind_client(first, "WEB", 27)
    report = join(books=empty).export_clients([second])
    assert codes(report) == {str(second): ["customer_of_other_client"]}


def test_an_email_that_several_clients_have(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    first, second, third = add(person(1), person(2), person(3))
    with empty.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE clients SET email = 'PERSON1@example.com', email_key = 'person1@example.com' "
            "WHERE id = ?",
            (second,),
        )
    report = web.export_clients()
    assert codes(report) == {
        str(first): ["client_email_shared"],
        str(second): ["client_email_shared"],
    }
    assert [change.key for change in report.sent] == [str(third)]
    assert len(store.state.customers) == 1


def test_an_email_that_cannot_be_looked_up(store: FakeStore, web: Orchestrator, add: Add) -> None:
    add('name = "Rivera", first_name = "Ana", email = "a,b@example.com"')
    assert list(codes(web.export_clients()).values()) == [["email_invalid"]]
    assert store.log == []


@pytest.mark.parametrize("shape", ["by position", "by email", "vague"])
def test_a_row_that_the_store_refuses(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add, shape: str
) -> None:
    class Meanwhile(httpx.BaseTransport):
        """Somebody registers with an email after it was looked up."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and 99 not in store.state.customers:
                store.add_customer(
                    {
                        "id": 99,
                        "email": "person3@example.com",
                        "first_name": "Bo",
                        "last_name": "Okafor",
                    }
                )
            response = store.handle(request)
            if response.status_code == 422 and shape != "by position":
                message = (
                    "the email person3@example.com is already in use"
                    if shape == "by email"
                    else "one of them is in use"
                )
                return httpx.Response(
                    422,
                    json={
                        "status": 422,
                        "title": "Create customers failed.",
                        "errors": {".customer_create": message},
                    },
                )
            return response

    ids = add(*(person(number) for number in range(8)))
    report = join(books=empty, transport=Meanwhile()).export_clients()
    assert codes(report) == {str(ids[3]): ["store_refused"]}
    assert len(report.sent) == 7
    # The next export finds the customer by its email.
    report = join(books=empty).export_clients()
    assert told(report) == [("customer", "first_name, last_name"), ("binding", "customer 99")]


def test_a_change_that_the_store_refuses_leaves_the_client_unbound(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    fields = with_fields(
        CLIENT_FIELDS, FieldRule[Client]("company", "Name", lambda client: "x" * 300)
    )
    store.add_customer(
        {"id": 27, "email": "person1@example.com", "first_name": "Ana", "last_name": "Person 1"}
    )
    add(person(1))
    report = join(books=empty, client_fields=fields).export_clients()
    assert list(codes(report).values()) == [["store_refused"]]
    assert "at most 255 characters" in report.refused[0].problems[0].message
    assert bound(empty) == {"Person 1": None}
    # With a map that the store takes it goes through.
    assert told(join(books=empty).export_clients()) == [("binding", "customer 27")]


def test_a_customer_who_was_deleted_in_the_store_is_created_again(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    ids = add(person(1))
    web.export_clients()
    del store.state.customers[1]
    assert told(web.export_clients(ids)) == [("customer", "new, customer 2")]
    assert bound(empty) == {"Person 1": 2}


# Deaths and failures


def test_an_answer_that_was_lost_creates_nobody_twice(
    store: FakeStore, web: Orchestrator, empty: SqlGateway, add: Add
) -> None:
    add(person(1))
    store.fail("POST /v3/customers", "reset_after")
    report = web.export_clients()
    assert [problem.code for change in report.postponed for problem in change.problems] == [
        "store_failed"
    ]
    assert told(web.export_clients()) == [("binding", "customer 1")]
    assert len(store.state.customers) == 1
    assert bound(empty) == {"Person 1": 1}


def test_an_answer_without_the_id_is_looked_up_the_next_time(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    class Silent(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = store.handle(request)
            return (
                httpx.Response(200, json={"data": [], "meta": {}})
                if request.method == "POST"
                else response
            )

    add(person(1))
    report = join(books=empty, transport=Silent()).export_clients()
    assert [problem.code for change in report.postponed for problem in change.problems] == [
        "try_again"
    ]
    assert told(join(books=empty).export_clients()) == [("binding", "customer 1")]
    assert len(store.state.customers) == 1


def test_books_that_cannot_be_written(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    class Unwritable:
        def __getattr__(self, name: str) -> object:
            return getattr(empty, name)

        def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
            raise BooksUnreachable("the books are locked")

    add(person(1), person(2))
    report = join(books=Unwritable()).export_clients()
    assert report.stopped == "the books are locked"
    assert {problem.code for change in report.postponed for problem in change.problems} == {
        "books_unreachable"
    }
    report = join(books=empty).export_clients()
    assert sorted(told(report)) == [("binding", "customer 1"), ("binding", "customer 2")]
    assert len(store.state.customers) == 2


def test_books_that_refuse_a_binding(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> object:
            return getattr(empty, name)

        def find_clients(
            self, import_ids: Collection[str], emails: Collection[str]
        ) -> list[Client]:
            return []

        def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
            raise BooksRefused("the customer is another client")

    store.add_customer(
        {"id": 27, "email": "person1@example.com", "first_name": "Ana", "last_name": "Person 1"}
    )
    add(person(1))
    assert list(codes(join(books=Refusing()).export_clients()).values()) == [
        ["customer_of_other_client"]
    ]


def test_a_stop_ends_between_two_chunks(
    store: FakeStore, join: Join, empty: SqlGateway, add: Add
) -> None:
    add(*(person(number) for number in range(400)))
    web = join(books=empty, on_progress=lambda *_: web.stop())
    with web.stop_request.listening():
        report = web.export_clients()
    assert report.stopped == "a stop was asked for"
    assert len(store.state.customers) == 250
    web.export_clients()
    assert (len(store.state.customers), None in bound(empty).values()) == (400, False)


@pytest.mark.one_python
def test_a_death_anywhere_creates_nobody_twice(
    live_on: Callable[..., None], books: SqlGateway, tmp_path: Path
) -> None:
    with books.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM clients")
    add_to(books, tmp_path, *(person(number, f", address = {ADDRESS}") for number in (1, 2)))

    def fill(store: FakeStore) -> None:
        store.add_customer(
            {"id": 27, "email": "person2@example.com", "first_name": "Ana", "last_name": "P"}
        )

    def state(store: FakeStore, books: SqlGateway) -> object:
        rows = store.state.customers.values()
        customers = sorted(
            (str(row["email"]), str(row["last_name"]), len(row["addresses"])) for row in rows
        )  # type: ignore[arg-type]  # rows
        return customers, {client.name: client.store_customer_ids for client in books.clients()}

    live_on("export_clients", state, fill=fill)
