"""Customers and their addresses, whose fields BigCommerce names differently than on orders."""

from __future__ import annotations

from datetime import datetime

import attrs

from avbc.bigcommerce.models.base import Draft, Model, Required
from avbc.unset import UNSET, Unset


@attrs.define(kw_only=True)
class CustomerAddress(Model):
    """An address that a customer keeps in the store."""

    id: Required[int] = 0
    customer_id: Required[int] = 0
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state_or_province: str = ""
    postal_code: str = ""
    country_code: str = ""
    country: str = ""
    phone: str = ""
    address_type: str = ""
    """`residential` or `commercial`."""


@attrs.define(kw_only=True)
class Customer(Model):
    """A registered customer."""

    id: Required[int] = 0
    email: Required[str] = ""
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    phone: str = ""
    customer_group_id: int = 0
    notes: str = ""
    tax_exempt_category: str = ""
    date_created: datetime | None = None
    date_modified: datetime | None = None
    address_count: int | None = None
    addresses: tuple[CustomerAddress, ...] | None = None
    """None when not asked for by `include`; at most 10, the rest by `customer_addresses.list`."""


@attrs.frozen(kw_only=True)
class CustomerAddressDraft(Draft):
    """An address to create (`customer_id` and a full address) or to update (`id` and changes).

    BigCommerce takes addresses for the same when all these fields are, `id` apart. A
    `country_code` has two letters, a `phone` at most 50 characters.
    """

    id: int | Unset = UNSET
    customer_id: int | Unset = UNSET
    """For new addresses; not for those that come with a new customer."""
    first_name: str | Unset = UNSET
    last_name: str | Unset = UNSET
    company: str | Unset = UNSET
    address1: str | Unset = UNSET
    address2: str | Unset = UNSET
    city: str | Unset = UNSET
    state_or_province: str | Unset = UNSET
    """The full name: codes such as "TX" are refused."""
    postal_code: str | Unset = UNSET
    country_code: str | Unset = UNSET
    phone: str | Unset = UNSET
    address_type: str | Unset = UNSET


@attrs.frozen(kw_only=True)
class CustomerDraft(Draft):
    """A customer to create (`email`, `first_name`, `last_name`) or to update (`id` and changes).

    An `email` is unique in the store and has at most 250 characters; `first_name` and `last_name`
    have 1 to 100, `company` at most 255, `phone` at most 50.
    """

    id: int | Unset = UNSET
    email: str | Unset = UNSET
    first_name: str | Unset = UNSET
    last_name: str | Unset = UNSET
    company: str | Unset = UNSET
    phone: str | Unset = UNSET
    notes: str | Unset = UNSET
    tax_exempt_category: str | Unset = UNSET
    customer_group_id: int | Unset = UNSET
    addresses: tuple[CustomerAddressDraft, ...] | Unset = UNSET
    """For new customers only, at most 10."""
