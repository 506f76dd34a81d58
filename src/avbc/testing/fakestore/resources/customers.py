"""Customers (BigCommerce: customers API v3), in batches of ten; each email is unique."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from avbc.testing.fakestore.fields import Field, Fields, batch_of_rows, faults, known, refuse, under
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, data, no_content, ok
from avbc.testing.fakestore.lists import (
    Filter,
    by,
    chosen,
    dates,
    filtered,
    ids_in,
    integers,
    searched,
    texts,
    texts_in,
    v3_page,
)
from avbc.testing.fakestore.routes import (
    ADDRESS_CREATIONS,
    ADDRESS_UPDATES,
    CUSTOMER_UPDATES,
    CUSTOMERS,
    CUSTOMERS_READ,
    Route,
    v3_list,
)
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_list, as_row, as_rows, is_row, text, whole
from avbc.text import text_key

EMBEDDED_ADDRESSES = 10
"""A customer embeds this many addresses; the rest is read from the addresses list."""
BATCH = 10
"""Customers in one request."""

CUSTOMER_FIELDS: Fields = {
    "email": Field("text", 250, 3),
    "first_name": Field("text", 100, 1),
    "last_name": Field("text", 100, 1),
    "company": Field("text", 255),
    "phone": Field("text", 50),
    "notes": Field("text"),
    "tax_exempt_category": Field("text", 255),
    "customer_group_id": Field("integer"),
    "accepts_product_review_abandoned_cart_emails": Field("flag"),
    "store_credit_amounts": Field("list"),
    "origin_channel_id": Field("integer"),
    "channel_ids": Field("list"),
}
"""What can be written to a customer, in addition to `addresses` on creation."""
_DEFAULTS: Mapping[str, object] = {
    "company": "",
    "phone": "",
    "notes": "",
    "tax_exempt_category": "",
    "customer_group_id": 0,
    "registration_ip_address": "",
    "accepts_product_review_abandoned_cart_emails": False,
    "authentication": {"force_password_reset": False},
    "origin_channel_id": 1,
    "channel_ids": None,
}


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    included = texts(request.params, "include") or set[str]()
    rows = filtered(chosen(state.customers), request.params, _FILTERS)
    return ok(v3_page(rows, request, show=lambda row: _row(row, included), cursors=True))


_FILTERS: Mapping[str, Filter] = {
    "id:in": ids_in("id"),
    "email:in": texts_in("email"),
    "customer_group_id:in": ids_in("customer_group_id"),
    "company:in": texts_in("company"),
    "name:in": texts_in("first_name", "last_name"),
    "name:like": by(
        searched,
        lambda row, part: part in text_key(f"{text(row, 'first_name')} {text(row, 'last_name')}"),
    ),
    "phone:in": texts_in("phone"),
    **dates("date_created"),
    **dates("date_modified"),
}


def _row(customer: Row, included: set[str]) -> Row:
    row: Row = {key: value for key, value in customer.items() if key != "addresses"}
    addresses = as_rows(customer.get("addresses", []))
    row["address_count"] = len(addresses)
    if "addresses" in included:
        row["addresses"] = addresses[:EMBEDDED_ADDRESSES]
    for name, key, nothing in [
        ("storecredit", "store_credit_amounts", [{"amount": 0}]),
        ("attributes", "attributes", []),
    ]:
        if name in included:
            row.setdefault(key, nothing)
    return row


def _post(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Create up to ten customers with ten addresses each; a faulty row refuses all (inferred)."""
    rows = batch_of_rows(request, BATCH)
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found |= under(index, faults(row, CUSTOMER_FIELDS, ("email", "first_name", "last_name")))
        found |= under(index, _email_fault(state, row, rows[:index], None))
        for place, address in enumerate(as_list(row.get("addresses", []))):
            found |= under(f"{index}.addresses.{place}", _address_faults(address))
    refuse(found, "Create customers failed.")
    ids: list[int] = []
    for row in rows:
        customer_id = state.next_customer()
        now = state.now_iso()
        addresses = [
            _new_address(state, customer_id, as_row(address))
            for address in as_list(row.get("addresses", []))
        ]
        state.customers[customer_id] = {
            **_DEFAULTS,
            **known(row, CUSTOMER_FIELDS),
            "id": customer_id,
            "date_created": now,
            "date_modified": now,
            "addresses": addresses,
        }
        ids.append(customer_id)
        state.emit("store/customer/created", customer_id)
    shown = {"addresses", "storecredit"}
    return data([_row(state.customers[customer_id], shown) for customer_id in ids])


def _put(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Change the given fields of up to ten customers; addresses cannot be changed here."""
    rows = batch_of_rows(request, BATCH)
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        customer_id = row.get("id")
        if isinstance(customer_id, bool) or not isinstance(customer_id, int):
            found[f"{index}.id"] = "is required"
        elif customer_id not in state.customers:
            found[f"{index}.id"] = f"there is no customer {customer_id}"
        else:
            found |= under(index, faults(row, CUSTOMER_FIELDS))
            found |= under(index, _email_fault(state, row, rows[:index], customer_id))
    refuse(found, "Update customers failed.")
    for row in rows:
        customer = state.customers[whole(row["id"])]
        customer.update(known(row, CUSTOMER_FIELDS))
        customer["date_modified"] = state.now_iso()
        state.emit("store/customer/updated", whole(row["id"]))
    return data([_row(state.customers[whole(row["id"])], {"storecredit"}) for row in rows])


def _email_fault(
    state: State, row: Row, earlier: Sequence[Row], customer_id: int | None
) -> dict[str, str]:
    """Refuse an email that another customer has, ignoring case."""
    email = text_key(text(row, "email"))
    others = [other for key, other in state.customers.items() if key != customer_id]
    taken = email and email in {text_key(text(other, "email")) for other in [*earlier, *others]}
    return {"email": f"the email {text(row, 'email')} is already in use"} if taken else {}


# Addresses. A duplicate is answered 200, and is absent from the answer.

_ADDRESS_FIELDS: Fields = {
    "first_name": Field("text", 255, 1),
    "last_name": Field("text", 255, 1),
    "company": Field("text", 255),
    "address1": Field("text"),
    "address2": Field("text"),
    "city": Field("text", 100),
    "state_or_province": Field("text", 100),
    "postal_code": Field("text", 30),
    "country_code": Field("text", 2, 2),
    "phone": Field("text", 50),
    "address_type": Field("text", among=frozenset({"residential", "commercial"})),
}
_ADDRESS_REQUIRED = (
    "first_name",
    "last_name",
    "address1",
    "city",
    "state_or_province",
    "postal_code",
    "country_code",
)
_ADDRESS_DEFAULTS = {"company": "", "address2": "", "phone": "", "address_type": "residential"}
_CODE = re.compile(r"[A-Z]{1,3}")
_COUNTRIES = {
    "US": "United States",
    "CA": "Canada",
    "DE": "Germany",
    "GB": "United Kingdom",
    "MX": "Mexico",
    "AU": "Australia",
}
"""Names of some countries, as answers show them; others show their code."""


def _address_faults(row: object) -> dict[str, str]:
    """Return what is wrong with a new address, by field. A state needs its full name."""
    if not is_row(row):
        return {"": "an object is expected"}
    return {**_state_fault(row), **faults(row, _ADDRESS_FIELDS, _ADDRESS_REQUIRED)}


def _new_address(state: State, customer_id: int, row: Row) -> Row:
    """Return an address as the store keeps it, under the next free id."""
    return _kept(
        {"id": state.next_address(), "customer_id": customer_id, **known(row, _ADDRESS_FIELDS)}
    )


def _addresses(state: State, _ids: tuple[int, ...]) -> list[Row]:
    return [
        address
        for customer in chosen(state.customers)
        for address in as_rows(customer.get("addresses", []))
    ]


def _post_addresses(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows = batch_of_rows(request)
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found |= under(index, _address_faults(row))
        if row.get("customer_id") not in state.customers:
            found[f"{index}.customer_id"] = f"there is no customer {row.get('customer_id')}"
    refuse(found)
    written: list[Row] = []
    for row in rows:
        customer_id = whole(row["customer_id"])
        kept = as_rows(state.customers[customer_id].setdefault("addresses", []))
        if not any(_same(address, row) for address in kept):
            address = _new_address(state, customer_id, row)
            kept.append(address)
            written.append(address)
            state.emit(
                "store/customer/address/created",
                whole(address["id"]),
                address={"customer_id": customer_id},
            )
    return data(written)


def _put_addresses(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows = batch_of_rows(request)
    by_id = {address["id"]: address for address in _addresses(state, ())}
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found |= under(index, _state_fault(row) | faults(row, _ADDRESS_FIELDS))
        if row.get("id") not in by_id:
            found[f"{index}.id"] = f"there is no address {row.get('id')}"
    refuse(found)
    written: list[Row] = []
    for row in rows:
        address = by_id[row["id"]]
        wanted = _kept({**address, **known(row, _ADDRESS_FIELDS)})
        siblings = as_rows(state.customers[whole(address["customer_id"])]["addresses"])
        if not any(_same(other, wanted) for other in siblings):
            address.update(wanted)
            written.append(address)
            state.emit(
                "store/customer/address/updated",
                whole(address["id"]),
                address={"customer_id": address["customer_id"]},
            )
    return data(written)


def _delete_addresses(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    ids = integers(request.params, "id:in")
    if not ids:
        raise Refusal(422, "The filter is invalid.", {"id:in": "is required"})
    for customer in state.customers.values():
        kept = as_rows(customer.get("addresses", []))
        customer["addresses"] = [address for address in kept if whole(address["id"]) not in ids]
    return no_content()


def _state_fault(row: Row) -> dict[str, str]:
    name = row.get("state_or_province")
    if isinstance(name, str) and _CODE.fullmatch(name):
        return {"state_or_province": f"{name} is a code: the full name is needed"}
    return {}


def _kept(row: Row) -> Row:
    code = text(row, "country_code")
    return {**_ADDRESS_DEFAULTS, "form_fields": [], **row, "country": _COUNTRIES.get(code, code)}


def _same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two addresses of a customer are the same to the store (inferred)."""
    return all(
        text_key(text(one, key)) == text_key(text(other, key))
        for key in _ADDRESS_FIELDS
        if key != "address_type"
    )


ROUTES = [
    Route("GET", "/v3/customers", CUSTOMERS_READ, _list),
    Route("POST", "/v3/customers", CUSTOMERS, _post),
    Route("PUT", "/v3/customers", CUSTOMERS, _put, CUSTOMER_UPDATES),
    Route(
        "GET",
        "/v3/customers/addresses",
        CUSTOMERS_READ,
        v3_list(_addresses, {"customer_id:in": ids_in("customer_id"), "id:in": ids_in("id")}),
    ),
    Route("POST", "/v3/customers/addresses", CUSTOMERS, _post_addresses, ADDRESS_CREATIONS),
    Route("PUT", "/v3/customers/addresses", CUSTOMERS, _put_addresses, ADDRESS_UPDATES),
    Route("DELETE", "/v3/customers/addresses", CUSTOMERS, _delete_addresses),
]
