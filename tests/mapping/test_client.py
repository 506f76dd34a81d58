"""Clients and contacts (manual 2.1.3, BigCommerce - Clients & Contacts)."""

import attrs
import pytest

from avbc.acctvantage.records import Client, Contact
from avbc.bigcommerce.models import Address
from avbc.mapping import MappingRules, client_for, client_import_id

ANA = Address(
    first_name="Ana", last_name="Rivera", email="Ana@Example.com ", phone="555-0100", city="Austin"
)
FIRM = attrs.evolve(ANA, company="Mugs &amp; More")


@pytest.fixture
def choose(settings, reference):
    def run(customer_id, *clients, billing=ANA, by_email=True):
        order_status = attrs.evolve(settings.order_status, match_clients_by_email=by_email)
        return client_for(
            customer_id,
            billing,
            clients,
            MappingRules(attrs.evolve(settings, order_status=order_status), reference),
        )

    return run


def codes(ruling):
    return [problem.code for problem in ruling.problems]


@pytest.mark.parametrize(("customer_id", "import_id"), [(20, "WEB20"), (0, None), (-1, None)])
def test_a_guest_has_no_import_id(customer_id, import_id):
    assert client_import_id("WEB", customer_id) == import_id


MATCHING, CODE = "order_status.match_clients_by_email", "order_status.import_source_code"
OWN = Client("Rivera", import_id="WEB20")
SENT = Client("Rivera", import_id="OLD7", store_customer_ids={"WEB": 20})
SAME = Client("Rivera", email="ana@example.com")
NO_EMAIL = attrs.evolve(ANA, email="")


@pytest.mark.parametrize(
    ("case", "reason", "setting"),
    [
        ((0, ANA, True), "a guest, and no client has email Ana@Example.com : created", MATCHING),
        ((0, ANA, False), "a guest, and clients are not matched by email: created", MATCHING),
        ((0, NO_EMAIL, True), "a guest without an email: created", ""),
        (
            (20, ANA, True),
            "no client has Import ID WEB20 or email Ana@Example.com : created",
            MATCHING,
        ),
        ((20, ANA, False), "no client has Import ID WEB20: created", CODE),
        ((20, NO_EMAIL, True), "no client has Import ID WEB20: created", CODE),
        ((20, ANA, True, OWN), "Import ID WEB20", CODE),
        ((20, ANA, True, SENT), "it was exported to the store as customer 20", CODE),
        ((0, ANA, True, SAME), "email Ana@Example.com ", MATCHING),
    ],
)
def test_a_reason_names_the_setting_that_decided(choose, case, reason, setting):
    customer_id, billing, by_email, *clients = case
    ruling = choose(customer_id, *clients, billing=billing, by_email=by_email)
    decision = next(each for each in ruling.decisions if each.field == "client")
    assert (decision.reason, decision.setting) == (reason, setting)


BY_ID = Client("Rivera", "Ana", import_id="WEB20", email="other@example.com", id=1)
BY_EMAIL = Client("Rivera", "Ana", email="ana@example.com", id=2)
OTHER_ID = Client("Rivera", "Ana", email="ana@example.com", import_id="WEB19", id=3)
BY_CONTACT = Client(
    "Mugs & More", contacts=(Contact("Rivera", "Ana", email="ANA@example.com", id=40),), id=4
)
EXPORTED = Client("Rivera", "Ana", store_customer_ids={"WEB": 20, "ABC": 5}, id=5)


@pytest.mark.parametrize(
    ("customer_id", "clients", "by_email", "id_", "bind"),
    [
        (20, [BY_ID], True, 1, None),
        (20, [BY_EMAIL, BY_ID], True, 1, None),  # the Import ID comes first
        (20, [EXPORTED], False, 5, None),  # bound by an export
        (5, [EXPORTED], False, None, None),  # by that of another store, not
        (20, [BY_EMAIL], True, 2, "WEB20"),  # a new customer, found by email: bound
        (20, [BY_EMAIL], False, None, None),
        (20, [BY_CONTACT], True, 4, "WEB20"),
        (20, [BY_CONTACT, BY_EMAIL], True, 2, "WEB20"),  # clients come before contacts
        (0, [BY_EMAIL], True, 2, None),  # a guest is never bound
        (0, [BY_EMAIL], False, None, None),
        (0, [BY_CONTACT], True, 4, None),
        (0, [], True, None, None),
        (0, [BY_ID], True, None, None),
    ],
)
def test_who_the_client_is(choose, customer_id, *, clients, by_email, id_, bind):
    ruling = choose(customer_id, *clients, by_email=by_email)
    assert ruling.problems == ()
    choice = ruling.value
    assert (choice.client.id if choice.client else None) == id_
    assert choice.bind_import_id == bind
    assert (choice.new_client is None) == (id_ is not None)


def test_a_different_import_id_is_never_overwritten(choose):
    ruling = choose(20, OTHER_ID)
    assert (ruling.value.client, ruling.value.bind_import_id) == (OTHER_ID, None)
    assert codes(ruling) == ["client_import_id_kept"]
    assert ruling.errors == ()
    assert choose(0, OTHER_ID).problems == ()


def test_more_than_one_hit_lists_the_candidates(choose):
    by_email = choose(0, BY_EMAIL, OTHER_ID)
    assert (by_email.value, codes(by_email)) == (None, ["client_ambiguous"])
    assert by_email.problems[0].candidates == (
        "Rivera, Ana (id 2)",
        "Rivera, Ana (Import ID WEB19, id 3)",
    )
    by_contact = choose(0, BY_CONTACT, attrs.evolve(BY_CONTACT, name="Second", id=None))
    assert by_contact.problems[0].candidates == ("Mugs & More (id 4)", "Second")
    by_id = choose(20, BY_ID, EXPORTED)
    assert (by_id.value, codes(by_id)) == (None, ["client_ambiguous"])
    assert by_id.problems[0].field == "customer_id"


def test_no_email_matches_nobody(choose):
    nameless = Client("Nobody", email="", id=9)
    choice = choose(0, nameless, billing=attrs.evolve(ANA, email=" ")).value
    assert choice.client is None
    assert choice.new_client.import_id is None


def test_a_new_client_comes_with_the_email_that_no_client_has(choose):
    for customer_id, billing in [(0, ANA), (20, ANA), (20, FIRM)]:
        assert choose(customer_id, billing=billing).value.email == ANA.email
        assert choose(customer_id, billing=billing, by_email=False).value.email == ""
    assert choose(20, BY_ID).value.email == ""
    assert choose(0, BY_EMAIL).value.email == ""


def test_a_new_individual_is_named_by_the_last_name(choose):
    choice = choose(20).value
    assert (choice.new_client.name, choice.new_client.first_name) == ("Rivera", "Ana")
    assert (choice.new_client.import_id, choice.new_client.email) == ("WEB20", "Ana@Example.com")
    assert choice.new_client.address.city == "Austin"
    assert (choice.new_contact, choice.contact) == (None, None)
    assert (choice.name, choice.open_ar) == ("Rivera", False)


def test_a_new_company_has_the_person_as_its_contact(choose):
    choice = choose(0, billing=FIRM).value
    assert (choice.new_client.name, choice.new_client.first_name) == ("Mugs & More", "")
    assert choice.new_contact == Contact("Rivera", "Ana", email="Ana@Example.com", phone="555-0100")
    assert choice.new_client.address.attention == "Ana Rivera"


@pytest.mark.parametrize(
    ("billing", "name", "first_name", "contact"),
    [
        (Address(first_name="Cher"), "Cher", "", None),
        (Address(email="x@example.com"), "x@example.com", "", None),
        (Address(company="Acme"), "Acme", "", None),
        (Address(company="Acme", first_name="Cher"), "Acme", "", Contact("Cher")),
    ],
)
def test_incomplete_names(choose, billing, name, first_name, contact):
    choice = choose(0, billing=billing).value
    assert (choice.new_client.name, choice.new_client.first_name, choice.new_contact) == (
        name,
        first_name,
        contact,
    )


def test_nobody_at_all_is_a_problem(choose):
    ruling = choose(0, billing=Address())
    assert (ruling.value, codes(ruling)) == (None, ["client_name_missing"])


@pytest.mark.parametrize(
    ("client", "contact_id", "new"),
    [
        (
            attrs.evolve(
                BY_ID,
                contacts=(
                    Contact("X", email="ana@example.com", id=1),
                    Contact("Rivera", "Ana", id=2),
                ),
            ),
            1,
            False,
        ),
        (
            attrs.evolve(BY_ID, contacts=(Contact("X", id=1), Contact("RIVERA", "ana", id=2))),
            2,
            False,
        ),
        (BY_ID, None, False),  # the client is the person
        (attrs.evolve(BY_ID, name="Mugs & More", first_name=""), None, True),
        (
            attrs.evolve(
                BY_ID, name="Mugs & More", first_name="", contacts=(Contact("Berg", "Jo", id=3),)
            ),
            None,
            True,
        ),
    ],
)
def test_the_contact_at_a_known_client(choose, client, contact_id, new):
    choice = choose(20, client).value
    assert (choice.contact.id if choice.contact else None) == contact_id
    assert (choice.new_contact is not None) == new


def test_a_client_without_email_has_no_contact_by_email(choose):
    client = attrs.evolve(BY_ID, contacts=(Contact("X", email="", id=1),))
    assert choose(20, client, billing=attrs.evolve(ANA, email="")).value.contact is None


def test_a_nameless_choice_has_no_name():
    from avbc.mapping import ClientChoice

    assert ClientChoice().name == ""
