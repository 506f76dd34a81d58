"""The screens of AcctVantage's BigCommerce integration (manual 1.3, 2), as a file and classes."""

from avbc.settings.rules import SettingsError
from avbc.settings.screens import (
    EditedOrders,
    FormFieldMapping,
    FormFieldTarget,
    GlSettings,
    ImportWhen,
    OrderStatusSettings,
    PaymentMethodMapping,
    ProductMapping,
    ProductSettings,
    ShippingMethodMapping,
    ShippingSettings,
    StatusMapping,
    StoreSetup,
    StoreStatus,
    UnsupportedCoupons,
    Updates,
    payment_method_key,
)
from avbc.settings.settings import Settings

__all__ = [
    "EditedOrders",
    "FormFieldMapping",
    "FormFieldTarget",
    "GlSettings",
    "ImportWhen",
    "OrderStatusSettings",
    "PaymentMethodMapping",
    "ProductMapping",
    "ProductSettings",
    "Settings",
    "SettingsError",
    "ShippingMethodMapping",
    "ShippingSettings",
    "StatusMapping",
    "StoreSetup",
    "StoreStatus",
    "UnsupportedCoupons",
    "Updates",
    "payment_method_key",
]
