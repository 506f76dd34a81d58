"""AcctVantage's side: records, the Gateway protocol, and books that work out of the box.

Names are imported on first use, so that the records do not bring SQLAlchemy with them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avbc.acctvantage.gateway import (
        BooksFileError,
        BooksRefused,
        BooksUnreachable,
        BooksUnusable,
        Gateway,
        LendsDatabase,
    )
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
    "Address",
    "BooksFileError",
    "BooksRefused",
    "BooksUnreachable",
    "BooksUnusable",
    "Client",
    "Contact",
    "CreatedOrder",
    "Credit",
    "CreditLine",
    "CreditTender",
    "Gateway",
    "LendsDatabase",
    "LookAlike",
    "OrderBundle",
    "OrderDiscount",
    "Parcel",
    "Product",
    "Promotion",
    "Receipt",
    "ReferenceData",
    "SalesOrder",
    "SalesOrderLine",
    "ShipVia",
    "Shipment",
    "ShippedItem",
    "SqlGateway",
    "TaxArea",
    "TrialBalance",
    "Warehouse",
]

_ELSEWHERE = {
    "BooksFileError": "gateway",
    "BooksRefused": "gateway",
    "BooksUnreachable": "gateway",
    "BooksUnusable": "gateway",
    "Gateway": "gateway",
    "LendsDatabase": "gateway",
    "SqlGateway": "sql.gateway",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'records')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
