"""Webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from avbc.bigcommerce.models.base import Draft, Model, Required
from avbc.unset import UNSET, Unset


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
    """The https URL that is called."""
    is_active: bool = True
    """BigCommerce deactivates hooks after 90 days without events or 48 hours of failures."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@attrs.frozen(kw_only=True)
class HookDraft(Draft):
    """A webhook to create (`scope` and `destination`) or what changes in one."""

    scope: str | Unset = UNSET
    """The event: `store/order/statusUpdated`."""
    destination: str | Unset = UNSET
    """An https URL on port 443."""
    is_active: bool | Unset = UNSET
    headers: Mapping[str, str] | Unset | None = attrs.field(default=UNSET, repr=False)
    """Headers of every event, by which to recognize BigCommerce; they may hold a secret."""
