"""The fake store's own request and response, so that one core serves httpx, respx and a socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl

import attrs

from avbc.testing.values import Row, dumps, loads

STATUS_TYPE = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes"
TITLES: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "You don't have a required scope to access the endpoint",
    404: "The requested resource was not found.",
    405: "Method not allowed.",
    409: "Conflict",
    413: "Request entity too large",
    414: "URI too long",
    415: "Unsupported media type",
    422: "JSON data is missing or invalid",
    429: "Too many requests",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service unavailable",
    504: "Gateway timeout",
}


@attrs.frozen
class StoreRequest:
    """A request as the store sees it; header names in lower case."""

    method: str
    path: str
    """Without the `/stores/{hash}` in front: `/v2/orders/1042`."""
    query: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: bytes = b""

    @property
    def params(self) -> dict[str, str]:
        """The query's parameters; if a name is repeated, the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def version(self) -> str:
        """`v2` or `v3`."""
        return self.path[1:3]

    def json(self) -> object:
        """Return the parsed body; other content types are a 415, missing or invalid JSON a 400."""
        if self.body and "json" not in self.headers.get("content-type", ""):
            raise Refusal(415, "Content-Type must be application/json")
        try:
            return loads(self.body)
        except ValueError as error:
            raise Refusal(400, "Input is invalid: the body is not JSON") from error


@attrs.frozen
class StoreResponse:
    """An answer; the quota's headers and the date are added by the store."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])


Delivery: TypeAlias = Literal["whole", "reset", "refused", "timeout", "truncated", "slow"]
"""How an answer goes over the wire."""


@attrs.frozen
class Reply:
    """A response and how it is delivered; every delivery but `whole` is a fault."""

    response: StoreResponse
    headers: Mapping[str, str]
    delivery: Delivery = "whole"
    pause: float = 0.0
    """Seconds: the latency before the answer."""
    stall: float = 0.0
    """Seconds of pause in the body (`slow`), or of silence before the connection drops."""


class Refusal(Exception):
    """Raised by a resource to answer with an error, in the shape of the request's version."""

    def __init__(
        self,
        status: int,
        message: str = "",
        errors: Mapping[str, str] | None = None,
        *,
        content_type: str = "application/json",
    ) -> None:
        self.status = status
        self.content_type = content_type
        self.message = message or TITLES.get(status, "")
        self.errors = dict(errors or {})
        super().__init__(f"{status} {self.message}")


def ok(value: object, status: int = 200) -> StoreResponse:
    """Answer with JSON."""
    return StoreResponse(status, dumps(value))


def data(value: object) -> StoreResponse:
    """Answer as v3 does, without pages."""
    return ok({"data": value, "meta": {}})


def no_content() -> StoreResponse:
    """Answer 204 without a body: v2's empty list."""
    return StoreResponse(204)


def v2_error(status: int, message: str = "") -> StoreResponse:
    """Answer with an error as v2 does: an array."""
    return StoreResponse(status, dumps([{"status": status, "message": message or TITLES[status]}]))


def v3_error(
    status: int,
    title: str = "",
    errors: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> StoreResponse:
    """Answer with an error as v3 and the gateway in front of both versions do: an object."""
    body: Row = {
        "status": status,
        "title": title or TITLES[status],
        "type": STATUS_TYPE,
        "errors": dict(errors or {}),
    }
    return StoreResponse(status, dumps(body), content_type)
