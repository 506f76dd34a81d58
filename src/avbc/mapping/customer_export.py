"""Clients as customers of the store (manual, BigCommerce - Clients & Contacts)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import attrs

from avbc.acctvantage.records import Client
from avbc.bigcommerce.models import Customer, CustomerAddress, CustomerAddressDraft, CustomerDraft
from avbc.mapping.case import Findings, Ruling
from avbc.mapping.field_map import FieldRule, FieldValue, arguments, check_names, field_values
from avbc.mapping.places import STATES, country_code, state_name
from avbc.mapping.text import plain
from avbc.shown import Shown
from avbc.text import quoted, text_key
from avbc.unset import UNSET

CLIENT_FIELDS: tuple[FieldRule[Client], ...] = (
    FieldRule(
        "last_name", "Client Name", lambda client: plain(client.name), required=True, longest=100
    ),
    FieldRule(
        "first_name",
        "First Name",
        lambda client: plain(client.first_name),
        required=True,
        longest=100,
    ),
    FieldRule("email", "Email", lambda client: plain(client.email), required=True, longest=250),
    FieldRule("phone", "Telephone", lambda client: plain(client.phone), longest=50),
)
"""What fills a customer's fields (manual, BigCommerce - Clients & Contacts)."""


def _second_line(client: Client) -> str:
    return ", ".join(
        line for line in (plain(client.address.address_2), plain(client.address.address_3)) if line
    )


ADDRESS_FIELDS: tuple[FieldRule[Client], ...] = (
    FieldRule(
        "first_name",
        "First Name",
        lambda client: plain(client.first_name),
        longest=255,
    ),
    FieldRule("last_name", "Client Name", lambda client: plain(client.name), longest=255),
    FieldRule("address1", "Address 1", lambda client: plain(client.address.address_1)),
    FieldRule("address2", "Address 2", _second_line),
    FieldRule("city", "City", lambda client: plain(client.address.city), longest=100),
    FieldRule(
        "state_or_province", "State", lambda client: plain(client.address.state), longest=100
    ),
    FieldRule("postal_code", "Zip", lambda client: plain(client.address.zip), longest=30),
    FieldRule("country_code", "Country", lambda client: plain(client.address.country)),
    FieldRule(
        "phone",
        "Telephone",
        lambda client: plain(client.address.phone) or plain(client.phone),
        longest=50,
    ),
)
"""What fills an address's fields (the same page; a third address line joins the second, inferred).

State and country are what the books say; they become a full name and two letters afterwards.
"""

_OF_CUSTOMERS = frozenset(field.name for field in attrs.fields(CustomerDraft)) - {"id", "addresses"}
_OF_ADDRESSES = frozenset(field.name for field in attrs.fields(CustomerAddressDraft)) - {
    "id",
    "customer_id",
}
_PLACE = "addresses[0]."


@attrs.frozen
class ClientExport(Shown):
    """What to send to the store for a client. Both are None where the store has all of it."""

    customer: CustomerDraft | None = None
    """A new customer, with the address in it; or what changes of the one that is there."""
    address: CustomerAddressDraft | None = None
    """A new address of a customer that is there."""


def store_customer_id(client: Client, source_code: str) -> int | None:
    """The store's id of a client: the one that an export bound, or the one in its Import ID.

    >>> store_customer_id(Client("Rivera", import_id="WEB20"), "WEB")
    20
    """
    bound = client.store_customer_ids.get(source_code)
    if bound is not None:
        return bound
    number = re.fullmatch(rf"{re.escape(source_code)}([0-9]{{1,19}})", client.import_id or "")
    return int(number[1]) if number is not None else None


def customer_for(
    client: Client, source_code: str, customers: Iterable[Customer]
) -> Ruling[Customer]:
    """The store's customer that a client is, among those with its id or its email.

    No value and no problem means that it is new. By its id first, then by email. More than one with
    the email, or an email that is another customer's than the one the client is bound to, is a
    problem, never a choice (inferred).
    """
    found = Findings()
    known = list(customers)
    bound = store_customer_id(client, source_code)
    email = text_key(client.email)
    by_id = next((customer for customer in known if customer.id == bound), None)
    by_email = list(
        {
            customer.id: customer
            for customer in known
            if email and text_key(customer.email) == email
        }.values()
    )
    others = [customer for customer in by_email if customer.id != bound]
    customer = by_id or next(iter(by_email), None)
    if bound is not None and others:
        found.error(
            "client_bound_elsewhere",
            "email",
            client.email,
            f"The client {quoted(client.name)} is the store's customer {bound}, and its email is "
            "another customer's.",
            "Merge the two customers in BigCommerce, or correct the client's email in AcctVantage.",
            candidates=tuple(_described(customer) for customer in others),
        )
    elif by_id is not None:
        found.note("id", by_id.id, "the client is bound to this customer")
    elif len(by_email) > 1:
        found.error(
            "customer_ambiguous",
            "email",
            client.email,
            f"The store has more than one customer with the email {quoted(client.email)}.",
            "Merge them in BigCommerce, or change the email of all but one.",
            candidates=tuple(_described(customer) for customer in by_email),
        )
    elif customer is not None:
        found.note("id", customer.id, "email {}", "", client.email)
    else:
        found.note("id", "", "new to the store")
    return found.ruling(customer)


def export_client(
    client: Client,
    in_store: Customer | None = None,
    fields: Sequence[FieldRule[Client]] = CLIENT_FIELDS,
    address_fields: Sequence[FieldRule[Client]] = ADDRESS_FIELDS,
) -> Ruling[ClientExport]:
    """What to send to the store for a client: a new customer with its address, or what differs.

    A required field without a value is a problem in a new customer. An address that
    lacks something is left out with a warning that names it; a client without any address is
    exported without. States of the United States and provinces of Canada are sent in full,
    countries by their two letters. An address that the store has is not sent again, and none is
    ever removed or overwritten (inferred); `in_store` should come with its addresses.
    """
    check_names(fields, _OF_CUSTOMERS)
    check_names(address_fields, _OF_ADDRESSES)
    found = Findings()
    values = field_values(
        client,
        fields,
        found,
        missing="client_field_missing" if in_store is None else None,
        whose=quoted(client.name),
    )
    email = values.get("email")
    if isinstance(email, str) and not _is_email(email):
        found.error(
            "email_invalid",
            "email",
            email,
            f"The email of {quoted(client.name)} is {quoted(email)}, which is not an email "
            "address.",
            "Correct it in AcctVantage.",
        )
    address = _address(client, in_store, address_fields, found)
    if in_store is None:
        addresses = UNSET if address is None else (CustomerAddressDraft(**arguments(address)),)
        return found.ruling(ClientExport(CustomerDraft(**arguments(values), addresses=addresses)))
    changes = {name: value for name, value in values.items() if not _same(name, value, in_store)}
    customer = CustomerDraft(id=in_store.id, **arguments(changes)) if changes else None
    if address is not None and any(
        _is_address(address, known) for known in in_store.addresses or ()
    ):
        found.note("addresses", "", "the customer has this address already")
        address = None
    new = (
        None
        if address is None
        else CustomerAddressDraft(customer_id=in_store.id, **arguments(address))
    )
    return found.ruling(ClientExport(customer, new))


def _address(
    client: Client, in_store: Customer | None, fields: Sequence[FieldRule[Client]], found: Findings
) -> dict[str, FieldValue] | None:
    if not any(
        rule.value(client) for rule in fields if rule.name in ("address1", "city", "postal_code")
    ):
        found.note("addresses", "", "the client has no address")
        return None
    values = field_values(
        client, fields, found, missing=None, whose=quoted(client.name), place=_PLACE
    )
    if in_store is not None:
        values = {"first_name": in_store.first_name, "last_name": in_store.last_name, **values}
    named = str(values.get("country_code", ""))
    country = country_code(named)
    if country is None:
        found.error(
            "country_unknown",
            f"{_PLACE}country_code",
            named,
            f"{quoted(named)} is not a country that avbc knows.",
            "Write its usual English name or its two letters in AcctVantage.",
        )
        return None
    values["country_code"] = country
    found.note(f"{_PLACE}country_code", country, "{!r} in two letters", "", named)
    state = str(values.get("state_or_province", ""))
    if state:
        full = state_name(state, country)
        if full is None:
            found.error(
                "state_unknown",
                f"{_PLACE}state_or_province",
                state,
                f"{quoted(state)} is not a state of {country}, and BigCommerce takes full names "
                "only.",
                "Write its name or its code in AcctVantage.",
            )
            return None
        values["state_or_province"] = full
        found.note(f"{_PLACE}state_or_province", full, "{!r} in full", "", state)
    of_states = ("state_or_province", "postal_code") if country in STATES else ()
    needed = ("address1", "city", *of_states)
    missing = [rule.source for rule in fields if rule.name in needed and not values.get(rule.name)]
    if missing:
        found.warn(
            "client_address_incomplete",
            "addresses",
            ", ".join(missing),
            f"The address of {quoted(client.name)} lacks {', '.join(missing)}, so the customer is "
            "exported without it.",
            "Complete it in AcctVantage.",
        )
        return None
    # BigCommerce asks for these two of every address; where a country has none they are empty
    # (inferred).
    return {"state_or_province": "", "postal_code": "", **values}


def _is_email(text: str) -> bool:
    name, at, domain = text.rpartition("@")
    return bool(name and at and domain) and not any(sign.isspace() for sign in text)


def _same(name: str, value: FieldValue, customer: Customer) -> bool:
    known: object = getattr(customer, name, None)
    is_same_text = text_key(str(known)) == text_key(str(value))
    return is_same_text if name == "email" else known == value


def _is_address(values: Mapping[str, FieldValue], known: CustomerAddress) -> bool:
    return all(
        text_key(str(getattr(known, name, ""))) == text_key(str(value))
        for name, value in values.items()
    )


def _described(customer: Customer) -> str:
    return f"{customer.last_name}, {customer.first_name} (customer {customer.id})"
