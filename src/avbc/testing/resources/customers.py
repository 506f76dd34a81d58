"""Customers and their addresses (BigCommerce: customers API v3)."""

from __future__ import annotations

from avbc.testing.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.paging import v3_page
from avbc.testing.query import integers, texts, within_dates
from avbc.testing.routes import CUSTOMERS, CUSTOMERS_READ, Route
from avbc.testing.state import State
from avbc.testing.values import Row, as_rows, is_list, text, whole

EMBEDDED_ADDRESSES = 10
"""A customer embeds this many addresses; the rest is read from the addresses list."""
_BATCH = 10


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    ids, emails = integers(params, "id:in"), texts(params, "email:in")
    groups, companies = integers(params, "customer_group_id:in"), texts(params, "company:in")
    included = texts(params, "include") or set[str]()
    rows = [
        _row(customer, included)
        for customer_id, customer in sorted(state.customers.items())
        if (ids is None or customer_id in ids)
        and (emails is None or text(customer, "email").casefold() in emails)
        and (groups is None or whole(customer.get("customer_group_id") or 0) in groups)
        and (companies is None or text(customer, "company").casefold() in companies)
        and within_dates(customer, params, "date_created")
        and within_dates(customer, params, "date_modified")
    ]
    return ok(v3_page(rows, request, cursors=True))


def _row(customer: Row, included: set[str]) -> Row:
    row: Row = {key: value for key, value in customer.items() if key != "addresses"}
    addresses = as_rows(customer.get("addresses", []))
    row["address_count"] = len(addresses)
    if "addresses" in included:
        row["addresses"] = addresses[:EMBEDDED_ADDRESSES]
    for name, key, nothing in [("storecredit", "store_credit_amounts", [{"amount": 0}]), ("attributes", "attributes", [])]:
        if name in included:
            row.setdefault(key, nothing)
    return row


def _addresses(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    customers, ids = integers(request.params, "customer_id:in"), integers(request.params, "id:in")
    rows = [
        address
        for customer_id, customer in sorted(state.customers.items())
        if customers is None or customer_id in customers
        for address in as_rows(customer.get("addresses", []))
        if ids is None or whole(address["id"]) in ids
    ]
    return ok(v3_page(rows, request))


def _write(_state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Refuse what cannot succeed: no list, an empty list, more than ten."""
    body = request.json()
    if not is_list(body) or not body:
        raise Refusal(422, "JSON data is missing or invalid", {"0": "at least one customer is required"})
    if len(body) > _BATCH:
        raise Refusal(413, f"The maximum number of customers is {_BATCH}.")
    raise Refusal(501, "The fake store does not write customers.")


ROUTES = [
    Route("GET", "/v3/customers", CUSTOMERS_READ, _list),
    Route("POST", "/v3/customers", CUSTOMERS, _write),
    Route("PUT", "/v3/customers", CUSTOMERS, _write),
    Route("GET", "/v3/customers/addresses", CUSTOMERS_READ, _addresses),
]
