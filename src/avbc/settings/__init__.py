"""The screens of AcctVantage's BigCommerce integration (manual 1.3, 2), as a file and classes."""

from avbc.settings.rules import SettingsError
from avbc.settings.screens import (
    EditedOrders,
    GlSettings,
    OrderStatusSettings,
    PaymentMethodMapping,
    ShippingSettings,
    StatusMapping,
    StoreSetup,
    StoreStatus,
    Updates,
    payment_method_key,
)
from avbc.settings.settings import Settings

__all__ = [
    "EditedOrders",
    "GlSettings",
    "OrderStatusSettings",
    "PaymentMethodMapping",
    "Settings",
    "SettingsError",
    "ShippingSettings",
    "StatusMapping",
    "StoreSetup",
    "StoreStatus",
    "Updates",
    "payment_method_key",
]
