"""Customers and their addresses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import attrs

from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import Call, Cap, ListCall, Paging, WriteResult
from avbc.bigcommerce.endpoints.parts import (
    check,
    paged_call,
    result_reader,
    same_id,
    same_text,
)
from avbc.bigcommerce.endpoints.scopes import CUSTOMERS, CUSTOMERS_MODIFY
from avbc.bigcommerce.models.customers import (
    Customer,
    CustomerAddress,
    CustomerAddressDraft,
    CustomerDraft,
)
from avbc.unset import UNSET

Include: TypeAlias = Literal["addresses", "storecredit", "attributes", "formfields"]
"""What a list of customers can include. `Customer` declares addresses; the rest is in `extra`."""

CUSTOMERS_AT_ONCE = 10
"""How many customers one request may create or update."""
ADDRESSES_AT_ONCE = 10
"""How many addresses one request creates or updates (inferred from the limit of customers)."""

_UPDATES = Cap("update customers", 3)
_ADDRESS_CREATIONS = Cap("create customer addresses", 10)
_ADDRESS_UPDATES = Cap("update customer addresses", 3)

_OF_NEW_ADDRESSES = (
    "first_name",
    "last_name",
    "address1",
    "city",
    "state_or_province",
    "postal_code",
    "country_code",
)
_CORE = tuple(
    field.name
    for field in attrs.fields(CustomerAddressDraft)
    if field.name not in {"id", "customer_id", "address_type"}
)


def list_customers(
    *,
    id_in: Collection[int] | None = None,
    email_in: Collection[str] | None = None,
    company_in: Collection[str] | None = None,
    customer_group_id_in: Collection[int] | None = None,
    name_in: Collection[str] | None = None,
    name_like: Collection[str] | None = None,
    phone_in: Collection[str] | None = None,
    date_created: datetime | None = None,
    date_created_min: datetime | None = None,
    date_created_max: datetime | None = None,
    date_modified: datetime | None = None,
    date_modified_min: datetime | None = None,
    date_modified_max: datetime | None = None,
    sort: str | None = None,
    include: Collection[Include] = (),
    limit: int | None = None,
) -> ListCall[Customer]:
    """List customers.

    Args:
        id_in: With these ids; up to about 500 fit into one URL.
        email_in: With these mail addresses.
        company_in: Of these companies.
        customer_group_id_in: Of these groups.
        name_in: With these full names.
        name_like: Whose names hold these texts.
        phone_in: With these telephone numbers.
        date_created: Created then; times need a time zone.
        date_created_min: Created then or later.
        date_created_max: Created then or earlier.
        date_modified: Modified then.
        date_modified_min: Modified then or later.
        date_modified_max: Modified then or earlier.
        sort: `date_created`, `date_modified` or `last_name`, with `:asc` or `:desc`.
        include: What comes with each customer. Addresses stop at 10 for each:
            `list_customer_addresses` has the rest.
        limit: At most so many customers, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma; or a time has no time
            zone.

    Scope: Customers: read-only.

    >>> list_customers(id_in=[11, 20], include=["addresses"]).params
    {'id:in': '11,20', 'include': 'addresses'}
    """
    return paged_call(
        "/v3/customers",
        Customer,
        CUSTOMERS,
        {
            "id:in": id_in,
            "email:in": email_in,
            "company:in": company_in,
            "customer_group_id:in": customer_group_id_in,
            "name:in": name_in,
            "name:like": name_like,
            "phone:in": phone_in,
            "date_created": date_created,
            "date_created:min": date_created_min,
            "date_created:max": date_created_max,
            "date_modified": date_modified,
            "date_modified:min": date_modified_min,
            "date_modified:max": date_modified_max,
            "sort": sort,
            "include": include or None,
        },
        Paging.CURSOR,
    ).first(limit)


def list_customer_addresses(
    *,
    customer_id_in: Collection[int] | None = None,
    id_in: Collection[int] | None = None,
    company_in: Collection[str] | None = None,
    name_in: Collection[str] | None = None,
    limit: int | None = None,
) -> ListCall[CustomerAddress]:
    """List addresses of customers.

    Args:
        customer_id_in: Of these customers.
        id_in: With these ids.
        company_in: Of these companies.
        name_in: With these full names.
        limit: At most so many addresses, 1 or more; without it, all of them.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma.

    Scope: Customers: read-only.
    """
    return paged_call(
        "/v3/customers/addresses",
        CustomerAddress,
        CUSTOMERS,
        {
            "customer_id:in": customer_id_in,
            "id:in": id_in,
            "company:in": company_in,
            "name:in": name_in,
        },
        Paging.V3,
    ).first(limit)


def create_customers(customers: Sequence[CustomerDraft]) -> Call[WriteResult[Customer]]:
    """Create up to 10 customers, each with up to 10 addresses.

    They are never sent twice by themselves: after a failure in which an answer was lost, look for
    their mail addresses first. One that another customer has is refused (422).

    Args:
        customers: Whom to create.

    Raises:
        ValueError: There are none or too many; one lacks `email`, `first_name` or `last_name`, or
            has an id.

    Scope: Customers: modify.

    >>> ana = CustomerDraft(email="ana@example.com", first_name="Ana", last_name="Rivera")
    >>> create_customers([ana]).name
    'POST /v3/customers'
    """
    check(
        "customers",
        customers,
        CUSTOMERS_AT_ONCE,
        needs=("email", "first_name", "last_name"),
        without={"id": "a new customer has none yet"},
    )
    for index, customer in enumerate(customers):
        if customer.addresses is not UNSET and customer.addresses:
            unknown = "the address comes with its customer"
            check(
                f"customers[{index}].addresses",
                customer.addresses,
                ADDRESSES_AT_ONCE,
                without={"id": unknown, "customer_id": unknown},
            )
    return Call(
        "POST",
        "/v3/customers",
        result_reader("customers", Customer, customers, _same_email),
        body=[customer.body() for customer in customers],
        scope=CUSTOMERS_MODIFY,
        repeatable=False,
    )


def update_customers(customers: Sequence[CustomerDraft]) -> Call[WriteResult[Customer]]:
    """Update up to 10 customers. Fields that a draft leaves out stay as they are.

    BigCommerce accepts 3 such requests at a time; the client keeps to that.

    Args:
        customers: What changes, each with its id.

    Raises:
        ValueError: There are none or too many; an id is missing, or addresses are given.

    Scope: Customers: modify.
    """
    check(
        "customers",
        customers,
        CUSTOMERS_AT_ONCE,
        needs=("id",),
        without={"addresses": "customer_addresses writes them"},
    )
    return Call(
        "PUT",
        "/v3/customers",
        result_reader("customers", Customer, customers, same_id),
        body=[customer.body() for customer in customers],
        scope=CUSTOMERS_MODIFY,
        cap=_UPDATES,
    )


def create_customer_addresses(
    addresses: Sequence[CustomerAddressDraft],
) -> Call[WriteResult[CustomerAddress]]:
    """Create up to 10 addresses, of any customers.

    An address that its customer has already is left out of the answer without a word; `absent`
    names it. So it is safe to repeat.

    Args:
        addresses: What to create.

    Raises:
        ValueError: There are none or too many; one has an id, or lacks its customer or a part that
            BigCommerce requires.

    Scope: Customers: modify.
    """
    check(
        "addresses",
        addresses,
        ADDRESSES_AT_ONCE,
        needs=("customer_id", *_OF_NEW_ADDRESSES),
        without={"id": "a new address has none yet"},
    )
    return Call(
        "POST",
        "/v3/customers/addresses",
        result_reader("addresses", CustomerAddress, addresses, _same_address),
        body=[address.body() for address in addresses],
        scope=CUSTOMERS_MODIFY,
        cap=_ADDRESS_CREATIONS,
    )


def update_customer_addresses(
    addresses: Sequence[CustomerAddressDraft],
) -> Call[WriteResult[CustomerAddress]]:
    """Update up to 10 addresses; what a draft does not give stays.

    One that would become the same as another of its customer stays as it is and is left out of the
    answer; `absent` names it.

    Args:
        addresses: What changes, each with its id.

    Raises:
        ValueError: There are none or too many; an id is missing, or a customer is given.

    Scope: Customers: modify.
    """
    check(
        "addresses",
        addresses,
        ADDRESSES_AT_ONCE,
        needs=("id",),
        without={"customer_id": "an address keeps its customer"},
    )
    return Call(
        "PUT",
        "/v3/customers/addresses",
        result_reader("addresses", CustomerAddress, addresses, same_id),
        body=[address.body() for address in addresses],
        scope=CUSTOMERS_MODIFY,
        cap=_ADDRESS_UPDATES,
    )


def _same_email(draft: CustomerDraft, row: Mapping[str, Json]) -> bool:
    return same_text(draft.email, row, "email")


def _same_address(draft: CustomerAddressDraft, row: Mapping[str, Json]) -> bool:
    """Compare all fields by which BigCommerce distinguishes two addresses of a customer.

    BigCommerce sets the type of an address that is sent without one.
    """
    return (
        row.get("customer_id") == draft.customer_id
        and (draft.address_type is UNSET or same_text(draft.address_type, row, "address_type"))
        and all(same_text(getattr(draft, name), row, name) for name in _CORE)
    )
