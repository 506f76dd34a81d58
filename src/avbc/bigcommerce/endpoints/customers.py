"""Customers and their addresses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Literal, TypeAlias

from avbc.bigcommerce.call import ListCall, Paging
from avbc.bigcommerce.endpoints.parts import paged, query
from avbc.bigcommerce.endpoints.scopes import CUSTOMERS
from avbc.bigcommerce.models.customers import Customer, CustomerAddress

Include: TypeAlias = Literal["addresses", "storecredit", "attributes", "formfields"]
"""What can come with a customer. Only addresses are declared in `Customer`; the rest is in its `extra`."""


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
        include: What comes with each customer. Addresses stop at 10 for each: `list_customer_addresses` has the rest.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma; or a time has no time zone.

    Scope: Customers: read-only.

    >>> list_customers(id_in=[11, 20], include=["addresses"]).params
    {'id:in': '11,20', 'include': 'addresses'}
    """
    params = query(
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
        }
    )
    return paged("/v3/customers", Customer, CUSTOMERS, params, Paging.CURSOR)


def list_customer_addresses(
    *,
    customer_id_in: Collection[int] | None = None,
    id_in: Collection[int] | None = None,
    company_in: Collection[str] | None = None,
    name_in: Collection[str] | None = None,
) -> ListCall[CustomerAddress]:
    """List addresses of customers.

    Args:
        customer_id_in: Of these customers.
        id_in: With these ids.
        company_in: Of these companies.
        name_in: With these full names.

    Raises:
        ValueError: A list is empty, too long for a URL, or holds a comma.

    Scope: Customers: read-only.
    """
    params = query({"customer_id:in": customer_id_in, "id:in": id_in, "company:in": company_in, "name:in": name_in})
    return paged("/v3/customers/addresses", CustomerAddress, CUSTOMERS, params, Paging.V3)
