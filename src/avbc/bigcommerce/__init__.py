"""The typed BigCommerce client: models, calls, errors, quota, retries. Nothing of AcctVantage.

Names load when they are first used, so that `avbc.bigcommerce.models` alone brings no HTTP along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from avbc.lazy import lazy_names

if TYPE_CHECKING:
    from avbc.bigcommerce.answers import Answer
    from avbc.bigcommerce.at_once import AtOnce
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
    from avbc.bigcommerce.decoding import read_object
    from avbc.bigcommerce.errors import (
        AnswerTooLarge,
        BadAnswer,
        ClientClosed,
        Conflict,
        NotFound,
        PartlySaved,
        RequestRefused,
        ScopeMissing,
        StopAsked,
        StoreBusy,
        StoreError,
        StoreUnavailable,
        StoreUnreachable,
        TokenRefused,
        TooManyItems,
        UnexpectedData,
        UnsendableRequest,
    )
    from avbc.bigcommerce.quota import Quota
    from avbc.bigcommerce.retry import Retries
    from avbc.bigcommerce.webhooks import WebhookEvent, WebhookRefused, unwrap_webhook

__all__ = [
    "Answer",
    "AnswerTooLarge",
    "AsyncBigCommerce",
    "AtOnce",
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
    "StopAsked",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "StoreUnreachable",
    "TokenRefused",
    "TooManyItems",
    "UnexpectedData",
    "UnreadableRow",
    "UnsendableRequest",
    "WebhookEvent",
    "WebhookRefused",
    "WriteResult",
    "read_object",
    "unwrap_webhook",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    __all__,
    "errors",
    "answers",
    "at_once",
    "call",
    "quota",
    "retry",
    "webhooks",
    "decoding",
    "client",
)
