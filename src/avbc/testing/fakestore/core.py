"""What answers requests: the one core behind every way into a fake store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from avbc.bigcommerce.quota import REQUESTS_LEFT, RESET_MS, RETRY_AFTER
from avbc.testing.factories import OrderFactory
from avbc.testing.fakestore.faults import SECONDS, WITHOUT_EFFECT, Fault, Spoil
from avbc.testing.fakestore.http import (
    Delivery,
    Refusal,
    Reply,
    StoreRequest,
    StoreResponse,
    v2_error,
    v3_error,
)
from avbc.testing.fakestore.quota import RequestQuota
from avbc.testing.fakestore.resources import (
    customers,
    hooks,
    inventory,
    orders,
    payments,
    products,
    shipments,
    store,
    variants,
)
from avbc.testing.fakestore.resources.store import set_up
from avbc.testing.fakestore.routes import ALL_SCOPES, Route, Routes
from avbc.testing.fakestore.state import State
from avbc.testing.values import from_unix, rfc2822

if TYPE_CHECKING:
    import httpx

_HTML = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_DELIVERIES: Mapping[str, Delivery] = {
    "refused": "refused",
    "reset_before": "reset",
    "reset_after": "reset",
    "timeout": "timeout",
    "timeout_after": "timeout",
    "slow_body": "slow",
    "truncated": "truncated",
}
_URI_LIMIT = 8192
"""Bytes; inferred: gateways commonly refuse a longer request line."""

ROUTES = Routes(
    [
        *customers.ROUTES,
        *hooks.ROUTES,
        *inventory.ROUTES,
        *orders.ROUTES,
        *payments.ROUTES,
        *products.ROUTES,
        *shipments.ROUTES,
        *store.ROUTES,
        *variants.ROUTES,
    ]
)
"""Every address the fake store answers."""


@attrs.frozen
class LoggedRequest:
    """One request as the store saw it."""

    number: int
    """Counted from 1."""
    name: str
    """The call: `GET /v2/orders/{id}`."""
    method: str
    path: str
    query: str
    body: bytes
    status: int
    """The answer's status; 0 where no answer was delivered."""
    fault: str
    """The fault that struck, or nothing."""
    at: float
    """Unix seconds by the store's clock."""


class Core:
    """A store's records, its options, and what answers a request."""

    def __init__(
        self,
        *,
        access_token: str = "example-token",  # noqa: S107  # the fake store's own token, no secret
        store_hash: str = "abc123",
        scopes: Iterable[str] = ALL_SCOPES,
        quota: int = 1_000_000,
        other_apps: int = 0,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        status_labels: Mapping[int, str] | None = None,
        settle_after: int | None = 1,
        shipments_move_status: bool = False,
        embeds: bool = True,
        client_id: str = "example-client",
        client_secret: str = "example-secret",  # noqa: S107  # the fake store's own secret
    ) -> None:
        self.access_token = access_token
        self.client_secret = client_secret
        self.store_hash = store_hash
        self.scopes = set(scopes)
        self.latency = latency
        self.quota = RequestQuota(quota, other_apps)
        self.passed = 0.0
        """Seconds by which the store's clock is ahead of the one it was given."""
        self.state = State(
            clock=lambda: clock() + self.passed,
            store_hash=store_hash,
            client_id=client_id,
            settle_after=settle_after,
        )
        self.state.shipments_move_status = shipments_move_status
        self.state.embeds = embeds
        set_up(self.state, status_labels or {})
        self.factory = OrderFactory()
        self.requests: list[LoggedRequest] = []
        self.planned: list[Fault] = []
        """The faults that `fail` planned."""
        self.lock = threading.RLock()
        self._in_progress: dict[str, list[float]] = {}
        """By group of requests, when each of them ends; in seconds of the monotonic clock."""

    def translate(self, request: httpx.Request) -> StoreRequest:
        """Turn an httpx request into the store's own."""
        return self.parse(
            request.method,
            request.url.raw_path.decode(),
            {key.lower(): value for key, value in request.headers.items()},
            request.content,
        )

    def parse(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> StoreRequest:
        """Build a request from its line: strips `/stores/{hash}` from the target."""
        parts = urlsplit(target)
        return StoreRequest(
            method,
            parts.path.removeprefix(f"/stores/{self.store_hash}"),
            parts.query,
            headers,
            body,
        )

    def answer(self, request: StoreRequest, *, waited: bool = True) -> Reply:
        """Answer a request. `waited`: the caller waits for the latency."""
        with self.lock:
            now = self.state.clock()
            route, ids, exists = ROUTES.find(request.method, request.path)
            name = f"{request.method} {request.path}"
            fault = next((fault for fault in self.planned if fault.strikes(name)), None)
            kind: str = "" if fault is None else fault.kind
            within, room = self.quota.take(now), route is None or self._has_room(route)
            if fault is not None and kind in WITHOUT_EFFECT:
                response = _failure(kind, request)
            elif not within:
                response = v3_error(429)
            elif not room:
                response = v3_error(429, "Too many requests at once")
            else:
                self.state.clock_offset = 3600.0 if kind == "clock" else 0.0
                self.state.partial = kind == "207"
                self._begin(route, self.latency if waited else 0.0)
                self.state.shown.clear()
                response = self._respond(request, route, ids, exists=exists)
                if not kind and (spoil := self.state.spoil) is not None:
                    kind, response = spoil.kind, _made_of(response, spoil, request)
                spoiled = _SPOILED.get(kind)
                response = response if spoiled is None else spoiled(response)
            self.state.count_request()
            headers = self._headers(now, fault, response, bare=not room)
            delivery = _DELIVERIES.get(kind, "whole")
            lost = delivery in {"reset", "refused", "timeout"}
            self.requests.append(
                LoggedRequest(
                    number=len(self.requests) + 1,
                    name=name if route is None else route.name,
                    method=request.method,
                    path=request.path,
                    query=request.query,
                    body=request.body,
                    status=0 if lost else response.status,
                    fault=kind,
                    at=now,
                )
            )
            return Reply(
                response,
                headers,
                delivery,
                self.latency,
                SECONDS.get(kind, 0.0) if fault is None else fault.seconds,
            )

    def _has_room(self, route: Route) -> bool:
        """Whether a route's cap lets one more request be under way."""
        if route.cap is None:
            return True
        now = time.monotonic()
        for group in [route.cap.group, *route.cap.apart_from]:
            self._in_progress[group] = [
                end for end in self._in_progress.get(group, []) if end > now
            ]
        within = route.cap.most is None or len(self._in_progress[route.cap.group]) < route.cap.most
        return within and not any(self._in_progress[group] for group in route.cap.apart_from)

    def _begin(self, route: Route | None, seconds: float) -> None:
        if route is not None and route.cap is not None and seconds:
            self._in_progress.setdefault(route.cap.group, []).append(time.monotonic() + seconds)

    def _respond(
        self, request: StoreRequest, route: Route | None, ids: tuple[int, ...], *, exists: bool
    ) -> StoreResponse:
        if len(request.path) + len(request.query) > _URI_LIMIT:
            return v3_error(414)
        if request.headers.get("x-auth-token") != self.access_token:
            return v3_error(401)
        if not request.path.startswith(("/v2/", "/v3/")):
            return v3_error(403)
        if route is None:
            error = v2_error if request.version == "v2" else v3_error
            return error(405 if exists else 404)
        if route.scopes and not route.scopes & self.scopes:
            return v3_error(403)
        try:
            return route.handler(self.state, request, ids)
        except Refusal as refusal:
            if request.version == "v2":
                return v2_error(refusal.status, refusal.message)
            return v3_error(refusal.status, refusal.message, refusal.errors, refusal.content_type)

    def _headers(
        self, now: float, fault: Fault | None, response: StoreResponse, *, bare: bool
    ) -> dict[str, str]:
        headers = {
            "Date": rfc2822(from_unix(now + self.state.clock_offset)).replace("+0000", "GMT"),
            "X-Request-Id": f"fake-{len(self.requests) + 1:08d}",
            **response.headers,
        }
        if response.body:
            headers["Content-Type"] = response.content_type
        # Too many at once: no headers of the window (inferred from a public report of such a 429).
        if (fault is not None and fault.kind == "429_bare") or (bare and response.status == 429):
            return headers
        headers.update(self.quota.headers(now))
        if response.status == 429:
            reset_ms = (
                self.quota.reset_ms(now)
                if fault is None or fault.reset_ms is None
                else fault.reset_ms
            )
            headers[RESET_MS] = str(reset_ms)
            headers[REQUESTS_LEFT] = "0"
            headers[RETRY_AFTER] = str(-(-reset_ms // 1000))
        return headers


def _failure(kind: str, request: StoreRequest) -> StoreResponse:
    """Return the answer of a fault that keeps the request from taking effect."""
    if kind == "html_502":
        return StoreResponse(502, _HTML, "text/html")
    # Where the answer is lost, nobody sees its status.
    status = int(kind[:3]) if kind[:3].isdecimal() else 500
    error = v2_error if request.version == "v2" and status == 500 else v3_error
    return error(status)


def _made_of(response: StoreResponse, spoil: Spoil, request: StoreRequest) -> StoreResponse:
    """Return what an order makes of an answer that contains it."""
    if spoil.kind == "too_large":
        return attrs.evolve(response, body=response.body.ljust(spoil.size))
    if spoil.kind == "cut_json":
        return _SPOILED[spoil.kind](response)
    return response if spoil.kind == "truncated" else _failure(spoil.kind, request)


_SPOILED: Mapping[str, Callable[[StoreResponse], StoreResponse]] = {
    "504_after": lambda _: v3_error(504),
    "204": lambda _: StoreResponse(204),
    "cut_json": lambda response: attrs.evolve(
        response, body=response.body[: max(1, len(response.body) // 2)] or b"{"
    ),
    "wrong_json": lambda _: StoreResponse(200, b'{"error":"unexpected"}'),
    "html_200": lambda _: StoreResponse(200, _HTML, "text/html"),
}
"""What a fault makes of the answer to a request that took effect."""
