"""Clients as customers of the store."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.acctvantage.records import Address, Client
from avbc.bigcommerce.models import Customer, CustomerAddress, CustomerAddressDraft, CustomerDraft
from avbc.mapping import (
    CLIENT_FIELDS,
    FieldRule,
    customer_for,
    export_client,
    store_customer_id,
    with_fields,
)
from avbc.unset import UNSET

HOME = Address(
    address_1="14 Harbor Road",
    address_2="Floor 2",
    city="Austin",
    state="TX",
    zip="78751",
    country="United States",
)
ANA = Client(
    name="Rivera", first_name="Ana", email=" Ana@example.com ", phone="512 555 0100", address=HOME
)
IN_STORE = Customer(
    id=20,
    email="ana@EXAMPLE.com",
    first_name="Ana",
    last_name="Rivera",
    phone="512 555 0100",
    addresses=(
        CustomerAddress(
            id=1,
            first_name="Ana",
            last_name="Rivera",
            address1="14 harbor road",
            address2="Floor 2",
            city="Austin",
            state_or_province="Texas",
            postal_code="78751",
            country_code="US",
            phone="512 555 0100",
        ),
    ),
)


def codes(ruling):
    return [(problem.code, problem.field) for problem in ruling.problems]


def at(**changes):
    return attrs.evolve(ANA, address=attrs.evolve(HOME, **changes))


def address_of(ruling):
    (address,) = ruling.value.customer.addresses
    return address


def test_a_new_customer_comes_with_its_address():
    ruling = export_client(ANA)
    assert ruling.problems == ()
    assert ruling.value.address is None
    assert ruling.value.customer == CustomerDraft(
        email="Ana@example.com",
        first_name="Ana",
        last_name="Rivera",
        phone="512 555 0100",
        addresses=(
            CustomerAddressDraft(
                first_name="Ana",
                last_name="Rivera",
                address1="14 Harbor Road",
                address2="Floor 2",
                city="Austin",
                state_or_province="Texas",
                postal_code="78751",
                country_code="US",
                phone="512 555 0100",
            ),
        ),
    )
    named = {decision.field: decision.reason for decision in ruling.decisions}
    assert named["last_name"] == "its Client Name"
    assert named["addresses[0].state_or_province"] == "'TX' in full"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": " "}, ("client_field_missing", "last_name")),
        ({"first_name": ""}, ("client_field_missing", "first_name")),
        ({"email": ""}, ("client_field_missing", "email")),
        ({"email": "ana.example.com"}, ("email_invalid", "email")),
        ({"email": "@example.com"}, ("email_invalid", "email")),
        ({"email": "ana@"}, ("email_invalid", "email")),
        ({"email": "ana rivera@example.com"}, ("email_invalid", "email")),
        ({"email": f"{'a' * 245}@a.com"}, ("text_too_long", "email")),
        ({"first_name": "x" * 101}, ("text_too_long", "first_name")),
        ({"phone": "5" * 51, "address": Address()}, ("text_too_long", "phone")),
        (
            {"address": attrs.evolve(HOME, country="Atlantis")},
            ("country_unknown", "addresses[0].country_code"),
        ),
        (
            {"address": attrs.evolve(HOME, state="Bavaria")},
            ("state_unknown", "addresses[0].state_or_province"),
        ),
        ({"address": attrs.evolve(HOME, city="x" * 101)}, ("text_too_long", "addresses[0].city")),
        (
            {"address": attrs.evolve(HOME, zip="x" * 31)},
            ("text_too_long", "addresses[0].postal_code"),
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(changes, expected):
    ruling = export_client(attrs.evolve(ANA, **changes))
    assert (ruling.value, codes(ruling)) == (None, [expected])


def test_all_that_is_missing_is_named():
    ruling = export_client(Client(name=""))
    assert codes(ruling) == [
        ("client_field_missing", name) for name in ("last_name", "first_name", "email")
    ]
    assert "First Name" in ruling.problems[1].message


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"address_1": ""}, "Address 1"),
        ({"city": ""}, "City"),
        ({"state": ""}, "State"),
        ({"zip": ""}, "Zip"),
        ({"zip": "", "state": ""}, "State, Zip"),
        ({"country": "Canada", "state": ""}, "State"),
    ],
)
def test_an_incomplete_address_is_left_out_and_said_so(changes, missing):
    ruling = export_client(at(**changes))
    assert ruling.value.customer.addresses is UNSET
    assert codes(ruling) == [("client_address_incomplete", "addresses")]
    assert ruling.problems[0].value == missing


def test_a_client_without_an_address_is_no_problem():
    ruling = export_client(attrs.evolve(ANA, address=Address(country="United States", state="TX")))
    assert (ruling.value.customer.addresses, ruling.problems) == (UNSET, ())


@pytest.mark.parametrize(
    ("changes", "country", "state"),
    [
        ({"country": ""}, "US", "Texas"),
        ({"country": "Germany", "state": "BY"}, "DE", "BY"),
        ({"country": "UK", "state": "", "zip": ""}, "GB", ""),
        ({"country": "canada", "state": "qc"}, "CA", "Quebec"),
    ],
)
def test_countries_by_two_letters_and_states_in_full(changes, country, state):
    address = address_of(export_client(at(**changes)))
    assert (address.country_code, address.state_or_province) == (country, state)
    assert address.postal_code is not UNSET


def test_a_third_line_joins_the_second():
    assert address_of(export_client(at(address_3="Door B"))).address2 == "Floor 2, Door B"
    assert address_of(export_client(at(address_2="", address_3=""))).address2 is UNSET


def test_the_address_s_own_telephone_comes_first():
    assert address_of(export_client(at(phone="512 555 0199"))).phone == "512 555 0199"


# --- a customer that is there ---


def test_a_customer_that_has_all_of_it_is_left_alone():
    ruling = export_client(ANA, IN_STORE)
    assert (ruling.value.customer, ruling.value.address, ruling.problems) == (None, None, ())


def test_only_what_differs_is_sent():
    ruling = export_client(attrs.evolve(ANA, first_name="Anna", phone=""), IN_STORE)
    assert ruling.value.customer == CustomerDraft(id=20, first_name="Anna")


def test_what_the_books_do_not_have_is_kept():
    ruling = export_client(attrs.evolve(ANA, first_name="", email=""), IN_STORE)
    assert (ruling.value.customer, ruling.value.address, ruling.problems) == (None, None, ())


def test_another_address_is_added():
    ruling = export_client(at(address_1="15 Harbor Road"), IN_STORE)
    assert ruling.value.customer is None
    assert (ruling.value.address.customer_id, ruling.value.address.address1) == (
        20,
        "15 Harbor Road",
    )
    assert ruling.value.address.id is UNSET


def test_addresses_that_were_not_read_are_taken_for_none():
    assert export_client(ANA, attrs.evolve(IN_STORE, addresses=None)).value.address is not None


def test_the_map_is_data():
    fields = with_fields(
        CLIENT_FIELDS,
        FieldRule("company", "Client Name", lambda client: client.name),
        FieldRule(
            "last_name",
            "Contact",
            lambda client: client.contacts[0].last_name if client.contacts else "",
            required=True,
        ),
    )
    assert codes(export_client(ANA, fields=fields)) == [("client_field_missing", "last_name")]
    assert export_client(ANA, IN_STORE, fields).value.customer == CustomerDraft(
        id=20, company="Rivera"
    )


@pytest.mark.parametrize(
    "maps",
    [
        {"fields": "id"},
        {"fields": "surname"},
        {"address_fields": "street_1"},
        {"address_fields": "customer_id"},
    ],
)
def test_a_field_that_the_store_does_not_have_is_a_mistake_of_the_program(maps):
    ((which, name),) = maps.items()
    with pytest.raises(ValueError, match=name):
        export_client(ANA, **{which: (FieldRule(name, "Anything", lambda client: client.name),)})


# --- which customer ---


@pytest.mark.parametrize(
    ("import_id", "bound", "expected"),
    [
        ("WEB20", {}, 20),
        ("WEB20", {"WEB": 31}, 31),
        (None, {"WEB": 31}, 31),
        (None, {"OTH": 31}, None),
        ("OTH20", {}, None),
        ("WEB", {}, None),
        ("WEBx", {}, None),
        ("WEB²", {}, None),
        ("WEB" + "9" * 5000, {}, None),
        (None, {}, None),
    ],
)
def test_a_client_s_customer_id_is_bound_or_in_its_import_id(import_id, bound, expected):
    assert (
        store_customer_id(attrs.evolve(ANA, import_id=import_id, store_customer_ids=bound), "WEB")
        == expected
    )


OTHER = Customer(id=31, email="Ana@example.com", first_name="Ann", last_name="Rivers")
BOUND = attrs.evolve(ANA, import_id="WEB20")


@pytest.mark.parametrize(
    ("client", "customers", "expected", "code"),
    [
        (ANA, [], None, None),
        (ANA, [attrs.evolve(IN_STORE, email="else@example.com")], None, None),
        (ANA, [IN_STORE], 20, None),
        (ANA, [IN_STORE, IN_STORE], 20, None),
        (ANA, [IN_STORE, OTHER], None, "customer_ambiguous"),
        (attrs.evolve(ANA, email=""), [attrs.evolve(IN_STORE, email="")], None, None),
        (BOUND, [IN_STORE], 20, None),
        (BOUND, [attrs.evolve(IN_STORE, email="old@example.com")], 20, None),
        (
            BOUND,
            [attrs.evolve(IN_STORE, email="old@example.com"), OTHER],
            None,
            "client_bound_elsewhere",
        ),
        (BOUND, [OTHER], None, "client_bound_elsewhere"),
        (BOUND, [], None, None),
    ],
)
def test_which_customer_a_client_is(client, customers, expected, code):
    ruling = customer_for(client, "WEB", customers)
    assert (ruling.value and ruling.value.id) == expected
    assert [problem.code for problem in ruling.problems] == ([code] if code else [])


def test_the_possible_customers_are_listed():
    assert customer_for(ANA, "WEB", [IN_STORE, OTHER]).problems[0].candidates == (
        "Rivera, Ana (customer 20)",
        "Rivers, Ann (customer 31)",
    )


# --- for all clients ---

texts = st.text(max_size=110)
some_addresses = st.builds(
    Address,
    address_1=texts,
    city=texts,
    state=st.sampled_from(["TX", "", "Bavaria", "x" * 101]),
    zip=texts,
    country=texts | st.just("Germany"),
)
some_clients = st.builds(
    Client,
    texts,
    first_name=texts,
    email=texts | st.just("ana@example.com"),
    phone=texts,
    address=some_addresses,
)


@given(some_clients)
def test_whatever_the_client_what_is_sent_fits(client):
    ruling = export_client(client)
    assert (ruling.value is None) == bool(ruling.errors)
    if ruling.value is not None:
        draft = ruling.value.customer
        assert 1 <= len(draft.first_name) <= 100
        assert 1 <= len(draft.last_name) <= 100
        assert "@" in draft.email
        for address in draft.addresses or ():
            assert {
                "first_name",
                "last_name",
                "address1",
                "city",
                "state_or_province",
                "postal_code",
                "country_code",
            } <= set(address.given())
            assert len(address.country_code) == 2
