"""The store itself: its information, its clock, its currencies."""

from __future__ import annotations

from datetime import UTC, datetime

from avbc.bigcommerce.call import Call, Json, ListCall, shortened
from avbc.bigcommerce.decoding import BadValue, integer
from avbc.bigcommerce.endpoints.parts import one, paged
from avbc.bigcommerce.endpoints.scopes import INFORMATION
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.models.store import Currency, StoreInformation


def get_store() -> Call[StoreInformation]:
    """Read the store's names, currency, time zone and units.

    Scope: Information & Settings: read-only.
    """
    return one("/v2/store", StoreInformation, INFORMATION)


def get_time() -> Call[datetime]:
    """Read the store's clock, in UTC. BigCommerce recommends it for testing a connection.

    Scope: Information & Settings: read-only.

    >>> get_time().read({"time": 1529512970})
    datetime.datetime(2018, 6, 20, 16, 42, 50, tzinfo=datetime.timezone.utc)
    """
    return Call("GET", "/v2/time", _clock, scope=INFORMATION)


def _clock(body: Json) -> datetime:
    seconds = body.get("time") if isinstance(body, dict) else body
    try:
        return datetime.fromtimestamp(integer(seconds), UTC)
    except (BadValue, ValueError, OverflowError, OSError):
        raise UnexpectedData("time", shortened(seconds), "expected seconds since 1970") from None


def list_currencies() -> ListCall[Currency]:
    """List the currencies that the store shows or charges.

    Scope: Information & Settings: read-only (inferred).
    """
    return paged("/v2/currencies", Currency, INFORMATION)
