"""Customers and addresses, created and updated."""

import json
import os
from importlib import import_module

import attrs
import pytest

from avbc.bigcommerce import RequestRefused, StoreUnavailable
from avbc.bigcommerce.endpoints import customers
from avbc.bigcommerce.models import Customer, CustomerAddressDraft, CustomerDraft

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

ADDRESS = CustomerAddressDraft(
    customer_id=11,
    first_name="Ana",
    last_name="Rivera",
    address1="1 Main Street",
    city="Austin",
    state_or_province="Texas",
    postal_code="78701",
    country_code="US",
)


def customer(number: int = 1, **changes: object) -> CustomerDraft:
    return CustomerDraft(
        email=f"ana{number}@example.com", first_name="Ana", last_name="Rivera", **changes
    )


def saved(draft: CustomerAddressDraft, number: int, **changes: object) -> dict[str, object]:
    """The row of an answer for an address that was sent."""
    return {
        "id": number,
        "company": "",
        "address2": "",
        "phone": "",
        "address_type": "residential",
        **draft.body(),
        **changes,
    }


# --- customers ---


def test_customers_are_created(script, open_store):
    rows = [{"id": 12, "email": "ANA2@example.com"}, {"id": 11, "email": "ana1@example.com"}]
    answers = script(httpx.Response(200, json={"data": rows, "meta": {}}))
    here = attrs.evolve(ADDRESS, customer_id=attrs.fields(CustomerAddressDraft).customer_id.default)
    result = open_store(answers.transport).customers.create_many(
        [customer(1, company="Acme", addresses=(here,)), customer(2)]
    )
    assert [(one.id, one.email) for one in result.saved] == [
        (12, "ANA2@example.com"),
        (11, "ana1@example.com"),
    ]
    assert result.complete
    (request,) = answers.requests
    assert request.method == "POST"
    assert request.url.path == "/stores/abc123/v3/customers"
    assert json.loads(request.content) == [
        {
            "email": "ana1@example.com",
            "first_name": "Ana",
            "last_name": "Rivera",
            "company": "Acme",
            "addresses": [
                {
                    "first_name": "Ana",
                    "last_name": "Rivera",
                    "address1": "1 Main Street",
                    "city": "Austin",
                    "state_or_province": "Texas",
                    "postal_code": "78701",
                    "country_code": "US",
                }
            ],
        },
        {"email": "ana2@example.com", "first_name": "Ana", "last_name": "Rivera"},
    ]


def test_a_customer_that_the_answer_leaves_out(script, open_store):
    rows = [{"id": 11, "email": " Ana1@Example.com"}]
    result = open_store(
        script(httpx.Response(200, json={"data": rows})).transport
    ).customers.create_many([customer(2), customer(1)])
    assert result.saved == (Customer(id=11, email=" Ana1@Example.com"),)
    assert result.absent == (0,)


def test_customers_are_never_created_twice(script, open_store):
    answers = script(httpx.Response(500), httpx.Response(200, json={"data": []}))
    with pytest.raises(StoreUnavailable, match="read the state before sending it again"):
        open_store(answers.transport).customers.create_many([customer()])
    assert len(answers.requests) == 1


def test_an_address_that_another_customer_has(script, open_store):
    errors = {".customer_create": "email ana1@example.com already in use"}
    body = {"status": 422, "title": "Create customers failed.", "type": "x", "errors": errors}
    with pytest.raises(RequestRefused, match="already in use") as caught:
        open_store(script(httpx.Response(422, json=body)).transport).customers.create_many(
            [customer()]
        )
    assert caught.value.errors == errors


def test_customers_are_updated(script, open_store):
    answers = script(
        httpx.Response(504),
        httpx.Response(
            200, json={"data": [{"id": 11, "email": "ana1@example.com", "company": "Acme"}]}
        ),
    )
    result = open_store(answers.transport).customers.update_many(
        [CustomerDraft(id=11, company="Acme"), CustomerDraft(id=12, notes="")]
    )
    assert [one.company for one in result.saved] == ["Acme"]
    assert result.absent == (1,)
    assert len(answers.requests) == 2
    assert json.loads(answers.requests[1].content) == [
        {"id": 11, "company": "Acme"},
        {"id": 12, "notes": ""},
    ]


# --- addresses ---


def test_addresses_are_created(script, open_store):
    other = attrs.evolve(ADDRESS, customer_id=12, address_type="commercial")
    rows = [saved(ADDRESS, 1), saved(other, 2)]
    answers = script(httpx.Response(503), httpx.Response(200, json={"data": rows, "meta": {}}))
    result = open_store(answers.transport).customer_addresses.create_many([ADDRESS, other])
    assert [(address.id, address.customer_id) for address in result.saved] == [(1, 11), (2, 12)]
    assert result.complete
    assert len(answers.requests) == 2, "an address that exists already is not made again"


SAME_BUT = [
    {"customer_id": 12},
    {"first_name": "Anna"},
    {"last_name": "Rivero"},
    {"company": "Acme"},
    {"phone": "555-0100"},
    {"address1": "2 Main Street"},
    {"address2": "Floor 2"},
    {"city": "Houston"},
    {"country_code": "MX"},
    {"state_or_province": "Jalisco"},
    {"postal_code": "78702"},
]


@pytest.mark.parametrize("difference", SAME_BUT)
def test_an_address_that_exists_already_is_named(script, open_store, difference):
    """BigCommerce answers 200 and leaves it out. Addresses differ if any part of them does."""
    other = attrs.evolve(ADDRESS, **difference)
    for known, absent in ((ADDRESS, 1), (other, 0)):
        answers = script(httpx.Response(200, json={"data": [saved(known, 5)], "meta": {}}))
        result = open_store(answers.transport).customer_addresses.create_many([ADDRESS, other])
        assert result.absent == (absent,)
        assert [address.id for address in result.saved] == [5]
        assert not result.complete


def test_the_kind_of_an_address_counts_where_it_is_sent(script, open_store):
    home, office = (
        attrs.evolve(ADDRESS, address_type=kind) for kind in ("residential", "commercial")
    )
    result = open_store(
        script(httpx.Response(200, json={"data": [saved(office, 5)]})).transport
    ).customer_addresses.create_many([home, office])
    assert result.absent == (0,)


def test_how_bigcommerce_writes_an_address_does_not_matter(script, open_store):
    row = saved(
        ADDRESS,
        5,
        first_name="ANA ",
        country_code="us",
        company=None,
        phone=None,
        country="United States",
    )
    other = attrs.evolve(ADDRESS, city="Houston")
    result = open_store(
        script(httpx.Response(200, json={"data": [row]})).transport
    ).customer_addresses.create_many([other, ADDRESS])
    assert result.absent == (0,)


def test_the_same_address_twice_in_one_batch(script, open_store):
    result = open_store(
        script(httpx.Response(200, json={"data": [saved(ADDRESS, 5)]})).transport
    ).customer_addresses.create_many([ADDRESS, ADDRESS])
    assert result.absent == (1,)


def test_all_addresses_exist_already(script, open_store):
    result = open_store(
        script(httpx.Response(200, json={"data": [], "meta": {}})).transport
    ).customer_addresses.create_many([ADDRESS])
    assert (result.saved, result.absent) == ((), (0,))


def test_a_row_that_is_no_address_is_nobodys(script, open_store):
    other = attrs.evolve(ADDRESS, city="Houston")
    result = open_store(
        script(httpx.Response(200, json={"data": [saved(ADDRESS, 5, city={"x": 1})]})).transport
    )
    assert result.customer_addresses.create_many([ADDRESS, other]).absent == (0, 1)


def test_addresses_are_updated(script, open_store):
    answers = script(httpx.Response(200, json={"data": [saved(ADDRESS, 5)], "meta": {}}))
    drafts = [CustomerAddressDraft(id=4, city="Austin"), CustomerAddressDraft(id=5, city="Austin")]
    result = open_store(answers.transport).customer_addresses.update_many(drafts)
    assert result.absent == (0,)
    assert answers.requests[0].method == "PUT"
    assert json.loads(answers.requests[0].content) == [
        {"id": 4, "city": "Austin"},
        {"id": 5, "city": "Austin"},
    ]


# --- limits ---


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: customers.create_customers([]), "customers: there is nothing to write"),
        (lambda: customers.update_customers([]), "customers: there is nothing to write"),
        (lambda: customers.create_customer_addresses([]), "addresses: there is nothing to write"),
        (lambda: customers.update_customer_addresses([]), "addresses: there is nothing to write"),
        (
            lambda: customers.create_customers([customer(number) for number in range(11)]),
            "customers: 11 at once, but BigCommerce takes at most 10: write them in several calls",
        ),
        (
            lambda: customers.update_customers([CustomerDraft(id=number) for number in range(11)]),
            "customers: 11 at once, but BigCommerce takes at most 10: write them in several calls",
        ),
        (
            lambda: customers.create_customer_addresses([ADDRESS] * 11),
            "addresses: 11 at once, but BigCommerce takes at most 10: write them in several calls",
        ),
        (
            lambda: customers.create_customers([CustomerDraft(id=3, email="ana@example.com")]),
            (
                "customers[0].first_name: a value is required; customers[0].last_name: a value is "
                "required; "
                "customers[0].id: a new customer has none yet"
            ),
        ),
        (
            lambda: customers.create_customers(
                [customer(1, addresses=(attrs.evolve(ADDRESS, id=5),))]
            ),
            (
                "customers[0].addresses[0].id: the address comes with its customer; "
                "customers[0].addresses[0].customer_id: the address comes with its customer"
            ),
        ),
        (
            lambda: customers.create_customers(
                [customer(1, addresses=(CustomerAddressDraft(city="Austin"),) * 11)]
            ),
            (
                "customers[0].addresses: 11 at once, but BigCommerce takes at most 10: write them "
                "in several calls"
            ),
        ),
        (
            lambda: customers.update_customers([CustomerDraft(addresses=())]),
            (
                "customers[0].id: a value is required; customers[0].addresses: customer_addresses "
                "writes them"
            ),
        ),
        (
            lambda: customers.create_customer_addresses(
                [CustomerAddressDraft(id=1, first_name="Ana", last_name="Rivera", city="Austin")]
            ),
            (
                "addresses[0].customer_id: a value is required; addresses[0].address1: a value is "
                "required; "
                "addresses[0].state_or_province: a value is required; addresses[0].postal_code: a "
                "value is required; "
                "addresses[0].country_code: a value is required; addresses[0].id: a new address "
                "has none yet"
            ),
        ),
        (
            lambda: customers.update_customer_addresses([CustomerAddressDraft(customer_id=11)]),
            (
                "addresses[0].id: a value is required; addresses[0].customer_id: an address keeps "
                "its customer"
            ),
        ),
    ],
)
def test_what_bigcommerce_does_not_take(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message


def test_a_customer_may_come_without_addresses():
    assert customers.create_customers([customer(1, addresses=())]).body[0]["addresses"] == []


def test_how_many_run_at_once():
    caps = {
        "customers": customers.update_customers([CustomerDraft(id=1)]).cap,
        "new addresses": customers.create_customer_addresses([ADDRESS]).cap,
        "addresses": customers.update_customer_addresses([CustomerAddressDraft(id=1)]).cap,
    }
    assert {name: cap and cap.limit for name, cap in caps.items()} == {
        "customers": 3,
        "new addresses": 10,
        "addresses": 3,
    }
    assert len({cap and cap.name for cap in caps.values()}) == 3
    assert customers.create_customers([customer()]).cap is None
