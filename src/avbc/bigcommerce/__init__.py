"""The typed BigCommerce client: models, calls, errors, quota, retries. Nothing of AcctVantage.

Names load when they are first used, so that `avbc.bigcommerce.models` alone brings no HTTP along.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avbc.bigcommerce.answers import Answer
    from avbc.bigcommerce.call import (
        Call,
        Cap,
        ListCall,
        Page,
        Paging,
        PartFailure,
        UnreadableRow,
        WriteResult,
    )
    from avbc.bigcommerce.client import AsyncBigCommerce, BigCommerce
    from avbc.bigcommerce.errors import (
        BadAnswer,
        ClientClosed,
        Conflict,
        NotFound,
        PartlySaved,
        RequestRefused,
        ScopeMissing,
        StoreBusy,
        StoreError,
        StoreUnavailable,
        StoreUnreachable,
        TokenRefused,
        TooManyItems,
        UnexpectedData,
    )
    from avbc.bigcommerce.quota import Quota
    from avbc.bigcommerce.retry import Retries

__all__ = [
    "Answer",
    "AsyncBigCommerce",
    "BadAnswer",
    "BigCommerce",
    "Call",
    "Cap",
    "ClientClosed",
    "Conflict",
    "ListCall",
    "NotFound",
    "Page",
    "Paging",
    "PartFailure",
    "PartlySaved",
    "Quota",
    "RequestRefused",
    "Retries",
    "ScopeMissing",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "StoreUnreachable",
    "TokenRefused",
    "TooManyItems",
    "UnexpectedData",
    "UnreadableRow",
    "WriteResult",
]

_HOMES = {
    "Answer": "answers",
    "AsyncBigCommerce": "client",
    "BigCommerce": "client",
    "Call": "call",
    "Cap": "call",
    "ListCall": "call",
    "Page": "call",
    "Paging": "call",
    "PartFailure": "call",
    "Quota": "quota",
    "Retries": "retry",
    "UnreadableRow": "call",
    "WriteResult": "call",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(
        importlib.import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name
    )
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
