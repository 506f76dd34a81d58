"""avbc joins a BigCommerce store to the AcctVantage ERP.

Names load when they are first used: `import avbc` brings neither HTTP nor a database along.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from avbc.lazy import lazy_names

if TYPE_CHECKING:
    from avbc import acctvantage as acctvantage
    from avbc import bigcommerce as bigcommerce
    from avbc import mapping as mapping
    from avbc import orchestrator as orchestrator
    from avbc import settings as settings
    from avbc import testing as testing
    from avbc import tracing as tracing
    from avbc._version import __version__
    from avbc.acctvantage import (
        BooksFileError,
        BooksRefused,
        BooksUnreachable,
        BooksUnusable,
        ClientGateway,
        CreditGateway,
        FollowGateway,
        Gateway,
        ImportGateway,
        PaymentGateway,
        ProductGateway,
        ShipmentGateway,
        SqlGateway,
        StagingGateway,
        StatusGateway,
        StockGateway,
    )
    from avbc.acctvantage.records import (
        Acknowledgement,
        Address,
        Client,
        Contact,
        CreatedOrder,
        Credit,
        CreditLine,
        CreditTender,
        OrderBundle,
        OrderDiscount,
        Parcel,
        Pickup,
        Product,
        Promotion,
        Receipt,
        ReferenceData,
        SalesOrder,
        SalesOrderLine,
        Shipment,
        ShippedItem,
        ShipVia,
        TaxArea,
        TrialBalance,
        Warehouse,
    )
    from avbc.bigcommerce import (
        AnswerTooLarge,
        AsyncBigCommerce,
        BadAnswer,
        BigCommerce,
        ClientClosed,
        Conflict,
        NotFound,
        PartlySaved,
        Quota,
        RequestRefused,
        Retries,
        ScopeMissing,
        StoreBusy,
        StoreError,
        StoreUnavailable,
        StoreUnreachable,
        TokenRefused,
        TooManyItems,
        UnexpectedData,
        UnsendableRequest,
    )
    from avbc.errors import (
        AvbcError,
        Fault,
        FaultyInputError,
        FinalError,
        MissingExtra,
        TransientError,
    )
    from avbc.mapping import Decision, MappedOrder, Mapper, OrderInputs, Problem, map_order
    from avbc.orchestrator import (
        BacktestReport,
        Change,
        Check,
        ConnectionReport,
        Customisation,
        CycleReport,
        History,
        HooksReport,
        ImportReport,
        Job,
        JournalEntry,
        JournalTooNew,
        JournalUnreachable,
        MethodsMissing,
        NoSuchItem,
        NoSuchLocation,
        NoSuchOrder,
        Orchestrator,
        OrderCustomisation,
        Outcome,
        PlannedCall,
        PushReport,
        ReconcileReport,
        SetupReport,
        Webhook,
        WebhookRefused,
        WebhookReport,
        Worklist,
        WorklistItem,
        run_all,
    )
    from avbc.secret import Secret
    from avbc.settings import Settings, SettingsError

__all__ = [
    "Acknowledgement",
    "Address",
    "AnswerTooLarge",
    "AsyncBigCommerce",
    "AvbcError",
    "BacktestReport",
    "BadAnswer",
    "BigCommerce",
    "BooksFileError",
    "BooksRefused",
    "BooksUnreachable",
    "BooksUnusable",
    "Change",
    "Check",
    "Client",
    "ClientClosed",
    "ClientGateway",
    "Conflict",
    "ConnectionReport",
    "Contact",
    "CreatedOrder",
    "Credit",
    "CreditGateway",
    "CreditLine",
    "CreditTender",
    "Customisation",
    "CycleReport",
    "Decision",
    "Fault",
    "FaultyInputError",
    "FinalError",
    "FollowGateway",
    "Gateway",
    "History",
    "HooksReport",
    "ImportGateway",
    "ImportReport",
    "Job",
    "JournalEntry",
    "JournalTooNew",
    "JournalUnreachable",
    "MappedOrder",
    "Mapper",
    "MethodsMissing",
    "MissingExtra",
    "NoSuchItem",
    "NoSuchLocation",
    "NoSuchOrder",
    "NotFound",
    "Orchestrator",
    "OrderBundle",
    "OrderCustomisation",
    "OrderDiscount",
    "OrderInputs",
    "Outcome",
    "Parcel",
    "PartlySaved",
    "PaymentGateway",
    "Pickup",
    "PlannedCall",
    "Problem",
    "Product",
    "ProductGateway",
    "Promotion",
    "PushReport",
    "Quota",
    "Receipt",
    "ReconcileReport",
    "ReferenceData",
    "RequestRefused",
    "Retries",
    "SalesOrder",
    "SalesOrderLine",
    "ScopeMissing",
    "Secret",
    "Settings",
    "SettingsError",
    "SetupReport",
    "ShipVia",
    "Shipment",
    "ShipmentGateway",
    "ShippedItem",
    "SqlGateway",
    "StagingGateway",
    "StatusGateway",
    "StockGateway",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "StoreUnreachable",
    "TaxArea",
    "TokenRefused",
    "TooManyItems",
    "TransientError",
    "TrialBalance",
    "UnexpectedData",
    "UnsendableRequest",
    "Warehouse",
    "Webhook",
    "WebhookRefused",
    "WebhookReport",
    "Worklist",
    "WorklistItem",
    "__version__",
    "map_order",
    "run_all",
]

_find, _ = lazy_names(
    __name__,
    __all__,
    "_version",
    "errors",
    "secret",
    "acctvantage",
    "settings",
    "bigcommerce",
    "mapping",
    "orchestrator",
)
_PACKAGES = (
    "acctvantage",
    "bigcommerce",
    "mapping",
    "orchestrator",
    "settings",
    "testing",
    "tracing",
)

# Quiet unless the application configures logging.
logging.getLogger("avbc").addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    return import_module(f"avbc.{name}") if name in _PACKAGES else _find(name)


def __dir__() -> list[str]:
    return sorted([*__all__, *_PACKAGES])
