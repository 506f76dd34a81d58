"""The store itself and its currencies."""

from __future__ import annotations

from decimal import Decimal

import attrs

from avbc.bigcommerce.models.base import Model, Required


@attrs.define(kw_only=True)
class Timezone(Model):
    """The merchant's time zone; BigCommerce's own times are UTC."""

    name: str = ""
    raw_offset: int = 0
    """Seconds east of UTC, without daylight saving."""
    dst_offset: int = 0
    """Seconds east of UTC, with daylight saving."""


@attrs.define(kw_only=True)
class StoreInformation(Model):
    """A store: its names, its currency, its units."""

    id: Required[str] = ""
    """The store hash."""
    store_id: int = 0
    """The number that webhooks carry."""
    name: str = ""
    domain: str = ""
    secure_url: str = ""
    status: str = ""
    admin_email: str = ""
    country: str = ""
    country_code: str = ""
    language: str = ""
    timezone: Timezone = attrs.field(factory=Timezone)
    currency: str = ""
    decimal_places: int = 2
    weight_units: str = ""
    dimension_units: str = ""
    is_price_entered_with_tax: bool = False
    plan_name: str = ""
    default_channel_id: int = 1


@attrs.define(kw_only=True)
class Currency(Model):
    """A currency that the store shows or charges."""

    id: Required[int] = 0
    currency_code: Required[str] = "USD"
    name: str = ""
    currency_exchange_rate: Decimal | None = None
    is_default: bool = False
    is_transactional: bool = False
    """Whether shoppers pay in it; otherwise it is shown only."""
    enabled: bool = False
    decimal_places: int = 2
    token: str = ""


@attrs.define(kw_only=True)
class TaxClass(Model):
    """A tax class that products can have."""

    id: Required[int] = 0
    """BigCommerce sends it as text."""
    name: str = ""
