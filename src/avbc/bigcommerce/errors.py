"""The errors of the BigCommerce client. Their types say whether trying again can help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from avbc.bigcommerce.body import Json
from avbc.bigcommerce.http import Response
from avbc.errors import AvbcError, FinalError, TransientError

_State: TypeAlias = "tuple[type[StoreError], tuple[object, ...], dict[str, object]]"

# Each says that it is of avbc itself, and is documented here.
__all__ = [
    "AnswerTooLarge",
    "BadAnswer",
    "ClientClosed",
    "Conflict",
    "NotFound",
    "PartlySaved",
    "RequestRefused",
    "ScopeMissing",
    "StopAsked",
    "StoreBusy",
    "StoreError",
    "StoreUnavailable",
    "StoreUnreachable",
    "TokenRefused",
    "TooManyItems",
    "UnexpectedData",
    "UnsendableRequest",
]


class StoreError(AvbcError):
    """The root of all errors of the BigCommerce client.

    The message names the request by method and path only: a query may hold a customer's email
    address. Neither the message nor any attribute holds the access token. Errors can be pickled;
    `response` is then left behind.

    Attributes:
        call: Method and path of the request: `GET /v2/orders`.
        status: The HTTP status of the answer, or None if none came.
        request_id: BigCommerce's id of the request, for its support.
        body: The text of the answer.
        response: The answer, if one came.

    >>> error = StoreError("GET /v2/orders: the store did not answer", "GET /v2/orders")
    >>> error.call, error.status
    ('GET /v2/orders', None)
    """

    def __init__(self, message: str, call: str = "") -> None:
        super().__init__(message)
        self.call = call
        self.status: int | None = None
        self.request_id: str | None = None
        self.body = ""
        self.response: Response | None = None

    def __reduce__(self) -> _State:
        return type(self), self.args, {**self.__dict__, "response": None}


class StoreUnreachable(StoreError, TransientError):
    """No answer came: no connection, a timeout, or a connection that broke.

    Attributes:
        sent: False if the request certainly had no effect, because no connection was made.

    >>> issubclass(StoreUnreachable, TransientError), StoreUnreachable("a timeout").sent
    (True, True)
    """

    sent = True


class StoreBusy(StoreError, TransientError):
    """429: the quota of requests or a concurrency limit is used up, or the platform is overloaded.

    Attributes:
        retry_after: How long BigCommerce asks to wait, or None if it does not say.

    >>> issubclass(StoreBusy, TransientError), StoreBusy("429").retry_after
    (True, None)
    """

    retry_after: timedelta | None = None


class StoreUnavailable(StoreError, TransientError):
    """5xx, and temporary 4xx (408, 423, 499): BigCommerce or a service behind it failed.

    Attributes:
        retry_after: How long BigCommerce asks to wait, or None if it does not say.

    >>> issubclass(StoreUnavailable, TransientError), StoreUnavailable("503").retry_after
    (True, None)
    """

    retry_after: timedelta | None = None


class BadAnswer(StoreError, TransientError):
    """A success whose body is not BigCommerce's: truncated, or another server's HTML or JSON.

    >>> issubclass(BadAnswer, TransientError)  # trying again can help
    True
    """


class StopAsked(StoreError, TransientError):
    """A stop was asked for: the request was not sent, not sent again, or not waited for.

    >>> issubclass(StopAsked, TransientError)
    True
    """


class TokenRefused(StoreError, FinalError):
    """401: the access token is wrong, or its API account was deleted.

    >>> issubclass(TokenRefused, FinalError)  # trying the same again gives the same
    True
    """


class ScopeMissing(StoreError, FinalError):
    """403: the access token lacks an OAuth scope, or the store's owner or plan forbids the request.

    Attributes:
        scope: The scope that the request needs, by the name and level that the API account's screen
            shows: `Orders: modify`.

    >>> issubclass(ScopeMissing, FinalError), ScopeMissing("403").scope
    (True, '')
    """

    scope = ""


class RequestRefused(StoreError, FinalError):
    """BigCommerce refused the request: 3xx, 400, 405, 406, 415, 422, 501, 507, and the subclasses.

    Attributes:
        errors: BigCommerce's messages about single fields, by their names.
        rows: The refusals of single rows, if BigCommerce refused a batch row by row.

    >>> error = RequestRefused("PUT /v3/customers: 422", "PUT /v3/customers")
    >>> dict(error.errors), list(error.rows)
    ({}, [])
    """

    errors: Mapping[str, str] = {}
    rows: Sequence[Mapping[str, Json]] = ()


class NotFound(RequestRefused):
    """404: there is no such record.

    >>> issubclass(NotFound, RequestRefused)
    True
    """


class Conflict(RequestRefused):
    """409: the record conflicts with another one, such as a name or SKU that is taken.

    >>> issubclass(Conflict, RequestRefused)
    True
    """


class TooManyItems(RequestRefused):
    """413: more rows in one request than BigCommerce accepts; the message has its limit.

    >>> issubclass(TooManyItems, RequestRefused)
    True
    """


class PartlySaved(RequestRefused):
    """207: the record was saved, but a part of it failed, such as its inventory or its URL.

    >>> issubclass(PartlySaved, RequestRefused)
    True
    """


class UnsendableRequest(RequestRefused):
    """The request was not sent: it holds a value that JSON or a URL cannot hold.

    `errors` names each such value by its place in the body: `[3].price`.

    >>> issubclass(UnsendableRequest, RequestRefused)
    True
    """


class AnswerTooLarge(StoreError, FinalError):
    """The answer is larger than the client takes; see the client's `largest_answer`.

    >>> issubclass(AnswerTooLarge, FinalError)
    True
    """


class ClientClosed(StoreError, FinalError):
    """The client was closed before the request could be sent.

    >>> issubclass(ClientClosed, FinalError)
    True
    """


class UnexpectedData(StoreError, FinalError):
    """BigCommerce sent a value that a model could only guess at, so the row is not used.

    Attributes:
        path: The place of the value in the answer: `orders[3].products[1].quantity`.
        value_repr: The value as Python writes it, shortened.
        message: What was expected instead.

    >>> print(UnexpectedData("orders[3].total_inc_tax", "None", "an amount is required"))
    orders[3].total_inc_tax: an amount is required, got None
    """

    def __init__(self, path: str, value_repr: str, message: str) -> None:
        super().__init__(f"{path}: {message}, got {value_repr}")
        self.path = path
        self.value_repr = value_repr
        self.message = message

    def __reduce__(self) -> _State:
        return (
            type(self),
            (self.path, self.value_repr, self.message),
            {**self.__dict__, "response": None},
        )
