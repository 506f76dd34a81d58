"""Customers' addresses (BigCommerce: customers API v3). A duplicate is answered 200, and is silently absent from the answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from avbc.testing.fakestore.fields import Field, Fields, faults, known
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.query import integers
from avbc.testing.fakestore.routes import (
    ADDRESS_CREATIONS,
    ADDRESS_UPDATES,
    CUSTOMERS,
    CUSTOMERS_READ,
    Route,
)
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_list, as_rows, is_list, is_row, text, whole

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


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    customers, ids = integers(request.params, "customer_id:in"), integers(request.params, "id:in")
    rows = [
        address
        for customer_id, customer in sorted(state.customers.items())
        if customers is None or customer_id in customers
        for address in as_rows(customer.get("addresses", []))
        if ids is None or whole(address["id"]) in ids
    ]
    return ok(v3_page(rows, request))


def _post(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows = _rows(request.json())
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found.update({f"{index}.{key}": fault for key, fault in address_faults(row).items()})
        if row.get("customer_id") not in state.customers:
            found[f"{index}.customer_id"] = f"there is no customer {row.get('customer_id')}"
    _raise(found)
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
    return ok({"data": written, "meta": {}})


def _put(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    rows = _rows(request.json())
    by_id = {
        address["id"]: address
        for customer in state.customers.values()
        for address in as_rows(customer.get("addresses", []))
    }
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found.update(
            {
                f"{index}.{key}": fault
                for key, fault in {**_state_fault(row), **faults(row, _FIELDS)}.items()
            }
        )
        if row.get("id") not in by_id:
            found[f"{index}.id"] = f"there is no address {row.get('id')}"
    _raise(found)
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
    return ok({"data": written, "meta": {}})


def _delete(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    ids = integers(request.params, "id:in")
    if not ids:
        raise Refusal(422, "The filter is invalid.", {"id:in": "is required"})
    for customer in state.customers.values():
        kept = as_rows(customer.get("addresses", []))
        customer["addresses"] = [address for address in kept if whole(address["id"]) not in ids]
    return no_content()


def _rows(body: object) -> list[Row]:
    if not is_list(body) or not body:
        raise Refusal(
            422, "JSON data is missing or invalid", {"0": "at least one address is required"}
        )
    if not all(is_row(row) for row in as_list(body)):
        raise Refusal(
            422, "JSON data is missing or invalid", {"": "an array of objects is expected"}
        )
    return as_rows(body)


def _raise(found: dict[str, str]) -> None:
    if found:
        raise Refusal(422, "JSON data is missing or invalid", found)


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
    return all(text(one, key).casefold() == text(other, key).casefold() for key in keys)


ROUTES = [
    Route("GET", "/v3/customers/addresses", CUSTOMERS_READ, _list),
    Route("POST", "/v3/customers/addresses", CUSTOMERS, _post, ADDRESS_CREATIONS),
    Route("PUT", "/v3/customers/addresses", CUSTOMERS, _put, ADDRESS_UPDATES),
    Route("DELETE", "/v3/customers/addresses", CUSTOMERS, _delete),
]
