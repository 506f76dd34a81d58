"""AcctVantage's side: records, the Gateway protocol, and books that work out of the box.

Names are imported on first use, so that the records do not bring SQLAlchemy with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from avbc.lazy import lazy_names

if TYPE_CHECKING:
    from avbc.acctvantage.checks import (
        check_credit,
        check_order,
        check_shipment,
        check_store,
        replacing,
    )
    from avbc.acctvantage.errors import (
        BooksFileError,
        BooksRefused,
        BooksUnreachable,
        BooksUnusable,
        ClientTaken,
        ReceiptsChanged,
    )
    from avbc.acctvantage.files.journal import (
        AccountTotals,
        JournalAccounts,
        JournalAccountsMissing,
        JournalDay,
    )
    from avbc.acctvantage.gateway import (
        ClientGateway,
        CreditGateway,
        FollowGateway,
        Gateway,
        ImportGateway,
        PaymentGateway,
        ProductGateway,
        ShipmentGateway,
        StatusGateway,
        StockGateway,
    )
    from avbc.acctvantage.optional import (
        ClockGateway,
        JournalGateway,
        LendsDatabase,
        OrderGroupGateway,
        StagingGateway,
        Turn,
        TurnGateway,
    )
    from avbc.acctvantage.pickups import Acknowledgement, Pickup
    from avbc.acctvantage.records import (
        Address,
        Client,
        Contact,
        CreatedOrder,
        Credit,
        CreditLine,
        CreditTender,
        LookAlike,
        OrderBundle,
        OrderDiscount,
        Parcel,
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
    from avbc.acctvantage.sql.gateway import SqlGateway

__all__ = [
    "AccountTotals",
    "Acknowledgement",
    "Address",
    "BooksFileError",
    "BooksRefused",
    "BooksUnreachable",
    "BooksUnusable",
    "Client",
    "ClientGateway",
    "ClientTaken",
    "ClockGateway",
    "Contact",
    "CreatedOrder",
    "Credit",
    "CreditGateway",
    "CreditLine",
    "CreditTender",
    "FollowGateway",
    "Gateway",
    "ImportGateway",
    "JournalAccounts",
    "JournalAccountsMissing",
    "JournalDay",
    "JournalGateway",
    "LendsDatabase",
    "LookAlike",
    "OrderBundle",
    "OrderDiscount",
    "OrderGroupGateway",
    "Parcel",
    "PaymentGateway",
    "Pickup",
    "Product",
    "ProductGateway",
    "Promotion",
    "Receipt",
    "ReceiptsChanged",
    "ReferenceData",
    "SalesOrder",
    "SalesOrderLine",
    "ShipVia",
    "Shipment",
    "ShipmentGateway",
    "ShippedItem",
    "SqlGateway",
    "StagingGateway",
    "StatusGateway",
    "StockGateway",
    "TaxArea",
    "TrialBalance",
    "Turn",
    "TurnGateway",
    "Warehouse",
    "check_credit",
    "check_order",
    "check_shipment",
    "check_store",
    "replacing",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    __all__,
    "records",
    "errors",
    "pickups",
    "gateway",
    "optional",
    "checks",
    "files.journal",
    "sql.gateway",
)
