from __future__ import annotations

import pytest

from avbc.testing import FakeStore

CUSTOMERS = "/v3/customers"
ADDRESSES = "/v3/customers/addresses"
ANA: dict[str, object] = {"email": "ana@example.com", "first_name": "Ana", "last_name": "Rivera"}
HOME: dict[str, object] = {
    "first_name": "Ana",
    "last_name": "Rivera",
    "address1": "14 Harbor Road",
    "city": "Austin",
    "state_or_province": "Texas",
    "postal_code": "78751",
    "country_code": "US",
}


@pytest.fixture
def filled(store: FakeStore, ask) -> FakeStore:
    """Customers 1 and 2; the first one's address is 1000001."""
    assert (
        ask(
            "POST",
            CUSTOMERS,
            [
                {**ANA, "addresses": [HOME]},
                {**ANA, "email": "bo@example.com", "company": "Bo & Co"},
            ],
        )[0]
        == 200
    )
    return store


def test_customers_are_created_with_their_addresses(filled, ask) -> None:
    first, second = ask("GET", f"{CUSTOMERS}?include=addresses")[1]["data"]
    assert (first["id"], first["email"], first["customer_group_id"], first["address_count"]) == (
        1,
        "ana@example.com",
        0,
        1,
    )
    assert first["date_created"] == first["date_modified"] == "2026-03-02T15:00:00+00:00"
    assert first["addresses"] == [
        {
            **HOME,
            "id": 1_000_001,
            "customer_id": 1,
            "company": "",
            "address2": "",
            "phone": "",
            "address_type": "residential",
            "form_fields": [],
            "country": "United States",
        }
    ]
    assert (second["company"], second["addresses"]) == ("Bo & Co", [])
    assert [event.scope for event in filled.events] == ["store/customer/created"] * 2


def test_ids_that_are_taken_are_left_out(store, ask) -> None:
    store.add_customer({"id": 2, "email": "two@example.com"})
    _, answer = ask(
        "POST", CUSTOMERS, [{**ANA, "email": f"{number}@example.com"} for number in range(3)]
    )
    assert [row["id"] for row in answer["data"]] == [1, 3, 4]
    assert store.add_customer({"email": "five@example.com"}) == 5


def test_an_update_keeps_what_is_not_sent_and_cannot_touch_addresses(filled, ask, clock) -> None:
    clock.now += 60
    status, answer = ask(
        "PUT",
        CUSTOMERS,
        [{"id": 2, "last_name": "Lind", "email": "BO@example.com", "addresses": [HOME], "id2": 4}],
    )
    assert (status, answer["data"][0]["last_name"], answer["data"][0]["company"]) == (
        200,
        "Lind",
        "Bo & Co",
    )
    shown = ask("GET", f"{CUSTOMERS}?id:in=2&include=addresses")[1]["data"][0]
    assert (shown["addresses"], shown["date_modified"]) == ([], "2026-03-02T15:01:00+00:00")
    assert filled.events[-1].data == {"type": "customer", "id": 2}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name:in=ana%20rivera,x", [1, 2]),
        ("name:like=riv", [1, 2]),
        ("name:like=zz", []),
        ("phone:in=1", []),
    ],
)
def test_filters_by_name_and_phone(filled, ask, query, expected) -> None:
    assert [row["id"] for row in ask("GET", f"{CUSTOMERS}?{query}")[1]["data"]] == expected


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({**ANA, "email": "ANA@Example.com"}, "1.email"),
        ({**ANA, "email": "new@example.com"}, "1.email"),
        ({**ANA, "email": None}, "1.email"),
        ({**ANA, "email": "x" * 251}, "1.email"),
        ({**ANA, "email": "c@example.com", "first_name": ""}, "1.first_name"),
        ({**ANA, "email": "c@example.com", "first_name": "x" * 101}, "1.first_name"),
        ({"email": "c@example.com", "first_name": "C"}, "1.last_name"),
        ({**ANA, "email": "c@example.com", "company": "x" * 256}, "1.company"),
        ({**ANA, "email": "c@example.com", "phone": "1" * 51}, "1.phone"),
        ({**ANA, "email": "c@example.com", "phone": 555}, "1.phone"),
        (
            {**ANA, "email": "c@example.com", "addresses": [{**HOME, "state_or_province": "TX"}]},
            "1.addresses.0.state_or_province",
        ),
        ({**ANA, "email": "c@example.com", "addresses": ["home"]}, "1.addresses.0."),
    ],
)
def test_one_faulty_row_refuses_the_new_customers(*, filled, ask, row, field) -> None:
    status, answer = ask("POST", CUSTOMERS, [{**ANA, "email": "new@example.com"}, row])
    assert (status, list(answer["errors"])) == (422, [field])
    assert len(filled.state.customers) == 2


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"id": 2, "email": "Ana@example.com"}, "0.email"),
        ({"id": 2, "last_name": "x" * 101}, "0.last_name"),
        ({"id": 99, "last_name": "x"}, "0.id"),
        ({"last_name": "x"}, "0.id"),
        ({"id": True}, "0.id"),
    ],
)
def test_updates_that_are_refused(filled, ask, row, field) -> None:
    before = ask("GET", CUSTOMERS)
    status, answer = ask("PUT", CUSTOMERS, [row])
    assert (status, list(answer["errors"])) == (422, [field])
    assert ask("GET", CUSTOMERS) == before


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_batch_holds_ten_customers(ask, method) -> None:
    status, answer = ask(method, CUSTOMERS, [{"id": 1}] * 11)
    assert (status, "10" in answer["title"]) == (413, True)
    for body in [[], {}, ["ana"]]:
        assert ask(method, CUSTOMERS, body)[0] == 422
        assert ask(method, ADDRESSES, body)[0] == 422


def test_a_duplicate_address_is_answered_200_and_is_absent(filled, ask) -> None:
    work = {**HOME, "customer_id": 1, "address1": "1 Example Street", "address_type": "commercial"}
    status, answer = ask("POST", ADDRESSES, [{**HOME, "customer_id": 1, "city": "AUSTIN"}, work])
    assert (status, [row["address1"] for row in answer["data"]]) == (200, ["1 Example Street"])
    assert ask("POST", ADDRESSES, [work]) == (200, {"data": [], "meta": {}})
    assert ask("GET", f"{ADDRESSES}?customer_id:in=1")[1]["meta"]["pagination"]["total"] == 2
    assert ask("POST", ADDRESSES, [{**work, "customer_id": 2}])[1]["data"][0]["customer_id"] == 2
    work_id = answer["data"][0]["id"]
    assert ask("PUT", ADDRESSES, [{"id": work_id, "address1": "14 Harbor Road"}]) == (
        200,
        {"data": [], "meta": {}},
    )
    _, changed = ask("PUT", ADDRESSES, [{"id": work_id, "phone": "555-0100", "country_code": "FR"}])
    assert [(row["address1"], row["phone"], row["country"]) for row in changed["data"]] == [
        ("1 Example Street", "555-0100", "FR")
    ]
    told = [(event.scope, event.data["id"]) for event in filled.events if "address" in event.scope]
    assert told == [
        ("store/customer/address/created", 1_000_002),
        ("store/customer/address/created", 1_000_003),
        ("store/customer/address/updated", work_id),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"state_or_province": "TX"}, "state_or_province"),
        ({"state_or_province": "NSW"}, "state_or_province"),
        ({"state_or_province": ""}, "state_or_province"),
        ({"country_code": "USA"}, "country_code"),
        ({"postal_code": None}, "postal_code"),
        ({"city": "x" * 101}, "city"),
        ({"address_type": "boat"}, "address_type"),
        ({"customer_id": 99}, "customer_id"),
        ({"customer_id": None}, "customer_id"),
    ],
)
def test_addresses_that_are_refused(*, filled, ask, changes, field) -> None:
    status, answer = ask(
        "POST", ADDRESSES, [{**HOME, "address1": "New", "customer_id": 1, **changes}]
    )
    assert (status, list(answer["errors"])) == (422, [f"0.{field}"])
    assert ask("GET", ADDRESSES)[1]["meta"]["pagination"]["total"] == 1


def test_changes_of_addresses_that_are_refused(filled, ask) -> None:
    assert ask("PUT", ADDRESSES, [{"id": 9, "city": "x"}])[1]["errors"].keys() == {"0.id"}
    assert ask("PUT", ADDRESSES, [{"id": 1_000_001, "state_or_province": "TX"}])[0] == 422


def test_addresses_are_deleted_by_id(filled, ask) -> None:
    assert ask("DELETE", ADDRESSES)[0] == 422
    assert ask("DELETE", f"{ADDRESSES}?id:in=1000001,5") == (204, None)
    assert ask("GET", ADDRESSES)[1]["data"] == []


def test_customers_are_those_of_live_stores(store, ask) -> None:
    body = [{"email": "b@example.com", "first_name": "B", "last_name": "C"}]
    answer = ask("POST", "/v3/customers", body)[1]
    (made,) = answer["data"]
    assert answer["meta"] == {}
    assert made["channel_ids"] is None
    assert made["store_credit_amounts"] == [{"amount": 0}]
    assert made["authentication"] == {"force_password_reset": False}
    answer = ask("PUT", "/v3/customers", [{"id": made["id"], "notes": "x"}])[1]
    assert answer["meta"] == {}
    assert answer["data"][0]["store_credit_amounts"] == [{"amount": 0}]
    listed = ask("GET", "/v3/customers")[1]
    assert listed["meta"]["cursor_pagination"]["links"] == {}
    assert "store_credit_amounts" not in listed["data"][0]
    assert listed["data"][0]["channel_ids"] is None
