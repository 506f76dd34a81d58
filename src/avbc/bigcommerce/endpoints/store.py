"""The store itself: its information, its clock, its currencies."""

from __future__ import annotations

from datetime import datetime

from avbc.bigcommerce.call import Call, ListCall
from avbc.bigcommerce.endpoints.parts import object_call, paged_call, value_reader
from avbc.bigcommerce.endpoints.scopes import INFORMATION
from avbc.bigcommerce.models.store import Currency, StoreInformation, TaxClass
from avbc.bigcommerce.values import epoch


def get_store() -> Call[StoreInformation]:
    """Read the store's names, currency, time zone and units.

    Scope: Information & Settings: read-only.
    """
    return object_call("/v2/store", StoreInformation, INFORMATION)


def get_time() -> Call[datetime]:
    """Read the store's clock, in UTC. BigCommerce recommends it for testing a connection.

    Scope: Information & Settings: read-only.

    >>> get_time().read({"time": 1529512970})
    datetime.datetime(2018, 6, 20, 16, 42, 50, tzinfo=datetime.timezone.utc)
    """
    return Call("GET", "/v2/time", value_reader("time", epoch), scope=INFORMATION)


def list_currencies() -> ListCall[Currency]:
    """List the currencies that the store shows or charges.

    Scope: Information & Settings: read-only (inferred).
    """
    return paged_call("/v2/currencies", Currency, INFORMATION)


def list_tax_classes() -> ListCall[TaxClass]:
    """List the tax classes that products can have.

    Scope: Information & Settings: read-only (inferred).
    """
    return paged_call("/v2/tax_classes", TaxClass, INFORMATION)
