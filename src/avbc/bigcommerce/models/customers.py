"""Customers and their addresses. Address fields are named otherwise here than on orders, as BigCommerce has it."""

from __future__ import annotations

from datetime import datetime

import attrs

from avbc.bigcommerce.models.base import Model, Required


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
