"""The store itself: its currencies, tax classes, shipping zones and webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import attrs

from avbc.bigcommerce.models.base import IN_SECONDS, Draft, Model, Required
from avbc.unset import UNSET, Unset


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


@attrs.define(kw_only=True)
class Zone(Model):
    """A part of the world that the store ships to."""

    id: Required[int] = 0
    name: str = ""
    type: str = ""
    enabled: bool = True


@attrs.define(kw_only=True)
class ShippingMethod(Model):
    """A method of a zone. Its `name` is what orders show as `shipping_method`."""

    id: Required[int] = 0
    name: str = ""
    type: str = ""
    enabled: bool = True
    is_fallback: bool = False


@attrs.define(kw_only=True)
class Hook(Model):
    """A webhook: an event, and where BigCommerce sends it. Only its API account sees it.

    Its headers may hold a secret, so they are in `extra` only, which is never shown.
    """

    id: Required[int] = 0
    client_id: str = ""
    store_hash: str = ""
    scope: Required[str] = ""
    """The event: `store/order/statusUpdated`."""
    destination: Required[str] = ""
    is_active: bool = True
    """BigCommerce deactivates hooks after 90 days without events or 48 hours of failures."""
    created_at: datetime | None = attrs.field(default=None, metadata=IN_SECONDS)
    updated_at: datetime | None = attrs.field(default=None, metadata=IN_SECONDS)


@attrs.frozen(kw_only=True)
class HookDraft(Draft):
    """A webhook to create (`scope` and `destination`) or what changes in one.

    `scope` is the event, `destination` an https URL on port 443.
    """

    scope: str | Unset = UNSET
    destination: str | Unset = UNSET
    is_active: bool | Unset = UNSET
    headers: Mapping[str, str] | Unset | None = attrs.field(default=UNSET, repr=False)
    """Headers of every event, by which to recognize BigCommerce; they may hold a secret."""
