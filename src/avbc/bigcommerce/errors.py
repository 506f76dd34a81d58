"""What can go wrong between us and BigCommerce: one tree, in which the type says whether trying again can help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

from avbc.bigcommerce.body import Json
from avbc.errors import AvbcError, FinalError, TransientError

if TYPE_CHECKING:
    import httpx

_State: TypeAlias = "tuple[type[StoreError], tuple[object, ...], dict[str, object]]"


class StoreError(AvbcError):
    """The root of all errors of the BigCommerce client.

    The message names the request by method and path only: a query may hold a customer's email
    address. Neither the message nor any attribute holds the access token. Errors can be pickled;
    `response` is then left behind.

    Attributes:
        call: Method and path of the request: `GET /v2/orders`.
        status: The HTTP status of the answer, or None where none came.
        request_id: BigCommerce's own id of the request, to be given to its support.
        body: The text of the answer as it came.
        response: The answer, where one came.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.call = ""
        self.status: int | None = None
        self.request_id: str | None = None
        self.body = ""
        self.response: httpx.Response | None = None

    def __reduce__(self) -> _State:
        return type(self), self.args, {**self.__dict__, "response": None}


class StoreUnreachable(StoreError, TransientError):
    """No answer came: no connection, a timeout, or a connection that broke.

    Attributes:
        sent: False where the request surely never left (no connection was made), so that it had no
            effect.
    """

    sent = True


class StoreBusy(StoreError, TransientError):
    """429: the quota of requests or a concurrency limit is used up, or the platform is overloaded.

    Attributes:
        retry_after: How long BigCommerce asked us to wait, or None where it did not say.
    """

    retry_after: timedelta | None = None


class StoreUnavailable(StoreError, TransientError):
    """5xx, and the few 4xx that pass by themselves (408, 423, 499): BigCommerce or something behind it failed.

    Attributes:
        retry_after: How long BigCommerce asked us to wait, or None where it did not say.
    """

    retry_after: timedelta | None = None


class BadAnswer(StoreError, TransientError):
    """The answer says success but is not BigCommerce's: truncated on its way, a page of HTML or other JSON from something in between."""


class TokenRefused(StoreError, FinalError):
    """401: the access token is wrong, or its API account was deleted."""


class ScopeMissing(StoreError, FinalError):
    """403: the access token lacks an OAuth scope, or the store's owner or plan forbids the request.

    Attributes:
        scope: The scope that the request needs, by the name and level that the API account's screen
            shows: `Orders: modify`.
    """

    scope = ""


class RequestRefused(StoreError, FinalError):
    """BigCommerce refused the request as it is: 3xx, 400, 405, 406, 415, 422, 501, 507, and the subclasses.

    Attributes:
        errors: What BigCommerce says of single fields, by their names.
        rows: The refusals of single rows, where a batch was refused row by row, as they came.
    """

    errors: Mapping[str, str] = {}
    rows: Sequence[Mapping[str, Json]] = ()


class NotFound(RequestRefused):
    """404: there is no such record."""


class Conflict(RequestRefused):
    """409: the record conflicts with another one, such as a name or SKU that is taken."""


class TooManyItems(RequestRefused):
    """413: more rows at once than BigCommerce takes; the message holds its limit."""


class PartlySaved(RequestRefused):
    """207: the record was saved, but a part of it failed, such as its inventory or its URL."""


class ClientClosed(StoreError, FinalError):
    """The client was closed before the request could be sent."""


class UnexpectedData(StoreError, FinalError):
    """BigCommerce sent a value that a model cannot hold without guessing, so nothing of that row is used.

    Attributes:
        path: Where the value stands in the answer: `orders[3].products[1].quantity`.
        value_repr: The value as Python writes it, cut to a readable length
            (`avbc.bigcommerce.call.shortened`).
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
