"""The settings of one store, whole and checked."""

from __future__ import annotations

import attrs

from avbc.settings.screens import GlSettings, OrderStatusSettings, ShippingSettings, StoreSetup


@attrs.frozen(kw_only=True)
class Settings:
    """One Web Integration of AcctVantage: its four screens."""

    store: StoreSetup
    order_status: OrderStatusSettings
    gl: GlSettings
    shipping: ShippingSettings
