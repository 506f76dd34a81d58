"""Customers (BigCommerce: customers API v3): created and changed in batches of ten; an email belongs to one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from avbc.testing.fakestore.fields import Field, Fields, faults, known
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.fakestore.paging import v3_page
from avbc.testing.fakestore.query import integers, texts, within_dates
from avbc.testing.fakestore.resources.customer_addresses import address_faults, new_address
from avbc.testing.fakestore.routes import CUSTOMER_UPDATES, CUSTOMERS, CUSTOMERS_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_list, as_row, as_rows, is_list, is_row, text, whole

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
    ids, emails = integers(params, "id:in"), texts(params, "email:in")
    groups, companies = integers(params, "customer_group_id:in"), texts(params, "company:in")
    included = texts(params, "include") or set[str]()
    names, phones, like = (
        texts(params, "name:in"),
        texts(params, "phone:in"),
        params.get("name:like", "").casefold(),
    )
    rows = [
        _row(customer, included)
        for customer_id, customer in sorted(state.customers.items())
        if (ids is None or customer_id in ids)
        and (emails is None or text(customer, "email").casefold() in emails)
        and (groups is None or whole(customer.get("customer_group_id") or 0) in groups)
        and (companies is None or text(customer, "company").casefold() in companies)
        and (names is None or _name(customer) in names)
        and (phones is None or text(customer, "phone") in phones)
        and like in _name(customer)
        and within_dates(customer, params, "date_created")
        and within_dates(customer, params, "date_modified")
    ]
    return ok(v3_page(rows, request, cursors=True))


def _name(customer: Row) -> str:
    return f"{text(customer, 'first_name')} {text(customer, 'last_name')}".strip().casefold()


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
    rows = _rows(request.json())
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        found.update(
            _under(index, faults(row, CUSTOMER_FIELDS, ("email", "first_name", "last_name")))
        )
        found.update(_under(index, _email_fault(state, row, rows[:index], None)))
        for place, address in enumerate(as_list(row.get("addresses", []))):
            found.update(
                _under(
                    index,
                    {
                        f"addresses.{place}.{key}": fault
                        for key, fault in address_faults(address).items()
                    },
                )
            )
    if found:
        raise Refusal(422, "Create customers failed.", found)
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
    return ok(
        {
            "data": [_row(state.customers[customer_id], {"addresses"}) for customer_id in ids],
            "meta": {},
        }
    )


def _put(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Change up to ten customers; what is not sent is kept, and addresses cannot be changed here."""
    rows = _rows(request.json())
    found: dict[str, str] = {}
    for index, row in enumerate(rows):
        customer_id = row.get("id")
        if isinstance(customer_id, bool) or not isinstance(customer_id, int):
            found[f"{index}.id"] = "is required"
            continue
        if customer_id not in state.customers:
            found[f"{index}.id"] = f"there is no customer {customer_id}"
            continue
        found.update(_under(index, faults(row, CUSTOMER_FIELDS)))
        found.update(_under(index, _email_fault(state, row, rows[:index], customer_id)))
    if found:
        raise Refusal(422, "Update customers failed.", found)
    for row in rows:
        customer = state.customers[whole(row["id"])]
        customer.update(known(row, CUSTOMER_FIELDS))
        customer["date_modified"] = state.now_iso()
        state.emit("store/customer/updated", whole(row["id"]))
    return ok(
        {"data": [_row(state.customers[whole(row["id"])], set[str]()) for row in rows], "meta": {}}
    )


def _rows(body: object) -> list[Row]:
    if not is_list(body) or not body:
        raise Refusal(
            422, "JSON data is missing or invalid", {"0": "at least one customer is required"}
        )
    if len(body) > BATCH:
        raise Refusal(
            413,
            "The request payload is too large. The maximum number of items allowed in the array "
            f"is {BATCH}.",
        )
    if not all(is_row(row) for row in body):
        raise Refusal(
            422, "JSON data is missing or invalid", {"": "an array of objects is expected"}
        )
    return as_rows(body)


def _under(index: int, found: Mapping[str, str]) -> dict[str, str]:
    return {f"{index}.{key}": fault for key, fault in found.items()}


def _email_fault(
    state: State, row: Row, earlier: Sequence[Row], customer_id: int | None
) -> dict[str, str]:
    """Refuse an email that another customer has, ignoring case."""
    email = text(row, "email").casefold()
    taken = email and (
        any(text(other, "email").casefold() == email for other in earlier)
        or any(
            text(other, "email").casefold() == email
            for other_id, other in state.customers.items()
            if other_id != customer_id
        )
    )
    return {"email": f"the email {text(row, 'email')} is already in use"} if taken else {}


ROUTES = [
    Route("GET", "/v3/customers", CUSTOMERS_READ, _list),
    Route("POST", "/v3/customers", CUSTOMERS, _post),
    Route("PUT", "/v3/customers", CUSTOMERS, _put, CUSTOMER_UPDATES),
]
