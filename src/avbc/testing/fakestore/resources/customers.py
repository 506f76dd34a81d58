"""Customers (BigCommerce: customers API v3): created and changed in batches of ten; an email belongs to one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from avbc.testing.fakestore.fields import Field, Fields, batch_of_rows, faults, known, refuse, under
from avbc.testing.fakestore.http import StoreRequest, StoreResponse, data, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.query import Filter, Params, dates, filtered, ids_in, texts, texts_in
from avbc.testing.fakestore.resources.customer_addresses import address_faults, new_address
from avbc.testing.fakestore.routes import CUSTOMER_UPDATES, CUSTOMERS, CUSTOMERS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_list, as_row, as_rows, text, whole
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
"""What can be written to a customer, beside `addresses` on creation."""
_DEFAULTS: Mapping[str, object] = {
    "company": "",
    "phone": "",
    "notes": "",
    "tax_exempt_category": "",
    "customer_group_id": 0,
    "registration_ip_address": "",
    "accepts_product_review_abandoned_cart_emails": False,
    "channel_ids": [1],
}


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    included = texts(params, "include") or set[str]()
    customers = [customer for _, customer in sorted(state.customers.items())]
    rows = filtered(customers, params, _FILTERS)
    return ok(v3_page(rows, request, show=lambda row: _row(row, included), cursors=True))


def _name_like(params: Params, key: str) -> Callable[[Row], bool]:
    part = text_key(params[key])
    return lambda customer: (
        part in text_key(f"{text(customer, 'first_name')} {text(customer, 'last_name')}")
    )


_FILTERS: Mapping[str, Filter] = {
    "id:in": ids_in("id"),
    "email:in": texts_in("email"),
    "customer_group_id:in": ids_in("customer_group_id"),
    "company:in": texts_in("company"),
    "name:in": texts_in("first_name", "last_name"),
    "name:like": _name_like,
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
    """Create up to ten customers, with up to ten addresses each; one faulty row refuses all of them (inferred)."""
    rows = batch_of_rows(request, BATCH)
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found |= under(index, faults(row, CUSTOMER_FIELDS, ("email", "first_name", "last_name")))
        found |= under(index, _email_fault(state, row, rows[:index], None))
        for place, address in enumerate(as_list(row.get("addresses", []))):
            found |= under(f"{index}.addresses.{place}", address_faults(address))
    refuse(found, "Create customers failed.")
    ids: list[int] = []
    for row in rows:
        customer_id = state.next_customer()
        now = state.now_iso()
        addresses = [
            new_address(state, customer_id, as_row(address))
            for address in as_list(row.get("addresses", []))
        ]
        customer: Row = {
            **_DEFAULTS,
            **known(row, CUSTOMER_FIELDS),
            "id": customer_id,
            "date_created": now,
            "date_modified": now,
            "addresses": addresses,
        }
        state.customers[customer_id] = customer
        ids.append(customer_id)
        state.emit("store/customer/created", customer_id)
    return data([_row(state.customers[customer_id], {"addresses"}) for customer_id in ids])


def _put(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Change up to ten customers; what is not sent is kept, and addresses cannot be changed here."""
    rows = batch_of_rows(request, BATCH)
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        customer_id = row.get("id")
        if isinstance(customer_id, bool) or not isinstance(customer_id, int):
            found[f"{index}.id"] = "is required"
            continue
        if customer_id not in state.customers:
            found[f"{index}.id"] = f"there is no customer {customer_id}"
            continue
        found |= under(index, faults(row, CUSTOMER_FIELDS))
        found |= under(index, _email_fault(state, row, rows[:index], customer_id))
    refuse(found, "Update customers failed.")
    for row in rows:
        customer = state.customers[whole(row["id"])]
        customer.update(known(row, CUSTOMER_FIELDS))
        customer["date_modified"] = state.now_iso()
        state.emit("store/customer/updated", whole(row["id"]))
    return data([_row(state.customers[whole(row["id"])], set[str]()) for row in rows])


def _email_fault(
    state: State, row: Row, earlier: Sequence[Row], customer_id: int | None
) -> dict[str, str]:
    """Refuse an email that another customer has, ignoring case."""
    email = text_key(text(row, "email"))
    others = [other for key, other in state.customers.items() if key != customer_id]
    taken = email and email in {text_key(text(other, "email")) for other in [*earlier, *others]}
    return {"email": f"the email {text(row, 'email')} is already in use"} if taken else {}


ROUTES = [
    Route("GET", "/v3/customers", CUSTOMERS_READ, _list),
    Route("POST", "/v3/customers", CUSTOMERS, _post),
    Route("PUT", "/v3/customers", CUSTOMERS, _put, CUSTOMER_UPDATES),
]
