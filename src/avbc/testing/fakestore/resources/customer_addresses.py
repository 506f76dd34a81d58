"""Customers' addresses (BigCommerce: customers API v3). A duplicate is answered 200, and is silently absent from the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from avbc.testing.fakestore.fields import Field, Fields, batch_of_rows, faults, known, refuse, under
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, data, no_content
from avbc.testing.fakestore.query import ids_in, integers
from avbc.testing.fakestore.routes import (
    ADDRESS_CREATIONS,
    ADDRESS_UPDATES,
    CUSTOMERS,
    CUSTOMERS_READ,
    Route,
    v3_list,
)
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_rows, is_row, text, whole
from avbc.text import text_key

_FIELDS: Fields = {
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
_REQUIRED = (
    "first_name",
    "last_name",
    "address1",
    "city",
    "state_or_province",
    "postal_code",
    "country_code",
)
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


def address_faults(row: object) -> dict[str, str]:
    """Return what is wrong with a new address, by field. A state needs its full name."""
    if not is_row(row):
        return {"": "an object is expected"}
    return {**_state_fault(row), **faults(row, _FIELDS, _REQUIRED)}


def new_address(state: State, customer_id: int, row: Row) -> Row:
    """Return an address as the store keeps it, under the next free id."""
    return _kept({"id": state.next_address(), "customer_id": customer_id, **known(row, _FIELDS)})


def _addresses(state: State, _ids: tuple[int, ...]) -> list[Row]:
    return [
        address
        for _, customer in sorted(state.customers.items())
        for address in as_rows(customer.get("addresses", []))
    ]


def _post(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows = batch_of_rows(request)
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found |= under(index, address_faults(row))
        if row.get("customer_id") not in state.customers:
            found[f"{index}.customer_id"] = f"there is no customer {row.get('customer_id')}"
    refuse(found)
    written: list[Row] = []
    for row in rows:
        customer_id = whole(row["customer_id"])
        kept = as_rows(state.customers[customer_id].setdefault("addresses", []))
        if not any(_same(address, row) for address in kept):
            address = new_address(state, customer_id, row)
            kept.append(address)
            written.append(address)
            state.emit(
                "store/customer/address/created",
                whole(address["id"]),
                address={"customer_id": customer_id},
            )
    return data(written)


def _put(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows = batch_of_rows(request)
    by_id = {address["id"]: address for address in _addresses(state, ())}
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found |= under(index, _state_fault(row) | faults(row, _FIELDS))
        if row.get("id") not in by_id:
            found[f"{index}.id"] = f"there is no address {row.get('id')}"
    refuse(found)
    written: list[Row] = []
    for row in rows:
        address = by_id[row["id"]]
        wanted = _kept({**address, **known(row, _FIELDS)})
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


def _delete(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
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
    defaults: Row = {"company": "", "address2": "", "phone": "", "address_type": "residential"}
    code = text(row, "country_code")
    return {**defaults, **row, "country": _COUNTRIES.get(code, code)}


def _same(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether two addresses of a customer are the same to the store (inferred: in all that is written on a parcel)."""
    keys = [key for key in _FIELDS if key != "address_type"]
    return all(text_key(text(one, key)) == text_key(text(other, key)) for key in keys)


ROUTES = [
    Route(
        "GET",
        "/v3/customers/addresses",
        CUSTOMERS_READ,
        v3_list(_addresses, {"customer_id:in": ids_in("customer_id"), "id:in": ids_in("id")}),
    ),
    Route("POST", "/v3/customers/addresses", CUSTOMERS, _post, ADDRESS_CREATIONS),
    Route("PUT", "/v3/customers/addresses", CUSTOMERS, _put, ADDRESS_UPDATES),
    Route("DELETE", "/v3/customers/addresses", CUSTOMERS, _delete),
]
