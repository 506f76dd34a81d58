"""FakeStore: a BigCommerce store that lives in memory."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Unpack
from urllib.parse import urlsplit

import attrs

from avbc.money import ZERO
from avbc.testing.factories import Line, OrderFactory, OrderOptions
from avbc.testing.fakestore.events import Event, WebhookCall, signed_headers, webhook_body
from avbc.testing.fakestore.faults import SECONDS, WITHOUT_EFFECT, Fault, FaultKind, fault_kind
from avbc.testing.fakestore.http import (
    Answer,
    Delivery,
    Refusal,
    StoreRequest,
    StoreResponse,
    v2_error,
    v3_error,
)
from avbc.testing.fakestore.quota import Quota
from avbc.testing.fakestore.refunds import RefundWish, everything, refund
from avbc.testing.fakestore.resources import (
    currencies,
    customer_addresses,
    customers,
    hooks,
    inventory,
    inventory_settings,
    locations,
    marketing,
    order_parts,
    order_statuses,
    orders,
    payment_actions,
    payment_methods,
    products,
    shipments,
    shipping,
    store_information,
    tax_classes,
    transactions,
    variants,
)
from avbc.testing.fakestore.routes import ALL_SCOPES, Route, Routes
from avbc.testing.fakestore.state import State
from avbc.testing.fakestore.stock import Keeper
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, as_row, from_unix, rfc2822, whole

if TYPE_CHECKING:
    import httpx
    import respx

    from avbc.testing.fakestore.loopback import LoopbackServer
    from avbc.testing.fakestore.transport import FakeTransport

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
        *currencies.ROUTES,
        *customer_addresses.ROUTES,
        *customers.ROUTES,
        *hooks.ROUTES,
        *inventory.ROUTES,
        *inventory_settings.ROUTES,
        *locations.ROUTES,
        *marketing.ROUTES,
        *order_parts.ROUTES,
        *order_statuses.ROUTES,
        *orders.ROUTES,
        *payment_actions.ROUTES,
        *payment_methods.ROUTES,
        *products.ROUTES,
        *shipments.ROUTES,
        *shipping.ROUTES,
        *store_information.ROUTES,
        *tax_classes.ROUTES,
        *transactions.ROUTES,
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


class FakeStore:
    """A stateful BigCommerce store in memory, for tests.

    It answers as the real one is documented to: authentication and scopes, quota headers, paging,
    errors in the shapes of both API versions, embedded consignments with their limits. One core is
    reached three ways: `transport()` for httpx, `mount()` on respx, `serve()` over real loopback
    HTTP. It is safe to use from several threads.

    >>> store = FakeStore()
    >>> store.api_url
    'https://api.bigcommerce.com/stores/abc123/v3/'
    >>> store.request("GET", "/v2/orders").status
    204

    Args:
        access_token: The token it accepts; any other gets 401.
        store_hash: The store's hash in its addresses.
        scopes: The OAuth scopes of the token, by their parameter names (`store_v2_orders`); all by
            default.
        quota: Requests in 30 seconds. So large by default that no test waits; 150 is a Standard
            plan.
        other_apps: Requests of each window that other applications use.
        latency: Seconds before each answer.
        clock: Returns unix seconds; what the window, `date_modified` and the `Date` header are read
            from.
        status_labels: Names that the merchant gave to statuses, by status id.
        settle_after: After how many further requests a stock level, a capture or a void shows;
            None: only by `settle()`.
        client_id: Of the API account; hooks show it.
        client_secret: Of the API account; it signs webhooks.
    """

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
        client_id: str = "example-client",
        client_secret: str = "example-secret",  # noqa: S107  # the fake store's own secret
    ) -> None:
        self.access_token = access_token
        self.client_secret = client_secret
        self.store_hash = store_hash
        self.scopes = set(scopes)
        self.latency = latency
        self.quota = Quota(quota, other_apps)
        self.state = State(
            clock=clock, store_hash=store_hash, client_id=client_id, settle_after=settle_after
        )
        self.state.statuses = order_statuses.system_statuses(dict(status_labels or {}))
        self.state.information = store_information.example_information(store_hash)
        self.state.currencies = currencies.example_currencies()
        self.state.payment_methods = payment_methods.example_methods()
        self.state.shipping_zones = shipping.example_zones()
        self.state.shipping_methods = {1: shipping.methods_named(["UPS Ground", "Flat Rate"])}
        self.state.locations = [locations.location(1, "MAIN", "Main", is_default=True)]
        self.state.inventory_settings = inventory_settings.example_settings()
        self.state.tax_classes = tax_classes.example_classes()
        self.factory = OrderFactory()
        self.log: list[LoggedRequest] = []
        self.faults: list[Fault] = []
        self._under_way: dict[str, list[float]] = {}
        """By group of requests, until when each of them is under way; in seconds of the monotonic clock."""
        self._clock = clock
        self._lock = threading.RLock()

    @property
    def api_url(self) -> str:
        """The API path as BigCommerce shows it when the API account is made."""
        return f"https://api.bigcommerce.com/stores/{self.store_hash}/v3/"

    # What the store holds

    def add_order(self, order: FakeOrder | Mapping[str, object]) -> FakeOrder:
        """Add or replace an order, and its customer where it brings one; returns the store's own copy.

        A plain dict is taken as the API writes an order, with its parts embedded
        (`FakeOrder.from_json`).
        """
        own = order.copy() if isinstance(order, FakeOrder) else FakeOrder.from_json(order)
        with self._lock:
            self.state.put_order(own)
            if own.customer is not None:
                self.state.customers.setdefault(whole(own.customer["id"]), own.customer)
        return own

    def place_order(
        self, lines: Sequence[Line] | None = None, **options: Unpack[OrderOptions]
    ) -> FakeOrder:
        """Let a shopper place an order, now by the store's clock, under the next free id.

        It takes its stock at the default location where the store's settings say so, and webhooks
        are told of it.

        Args:
            lines: What is bought (`avbc.testing.item("MUG-BLUE", 2)`); random goods by default.
            options: Who buys, shipping, discounts, payment and so on: `avbc.testing.OrderOptions`.
        """
        with self._lock:
            self.factory.next_id = max([self.factory.next_id - 1, *self.state.orders]) + 1
            options.setdefault("created", from_unix(self._clock()))
            order = self.add_order(
                self.factory.order(self.factory.lines(2) if lines is None else lines, **options)
            )
            self.state.take_stock(order)
            self.state.emit("store/order/created", order.id)
            status: Row = {"previous_status_id": 0, "new_status_id": order.header["status_id"]}
            self.state.emit("store/order/statusUpdated", order.id, status=status)
            return order

    def add_customer(self, customer: Mapping[str, object]) -> int:
        """Add or replace a customer as the customers API shows them, with all `addresses`; returns the id (the next free by default)."""
        with self._lock:
            customer_id = whole(customer.get("id") or self.state.next_customer())
            defaults: Row = {
                "date_created": "2026-01-05T10:00:00Z",
                "date_modified": "2026-01-05T10:00:00Z",
                "addresses": [],
            }
            self.state.customers[customer_id] = {**defaults, **customer, "id": customer_id}
            return customer_id

    def add_product(
        self, product: Mapping[str, object], inventory: Mapping[int, int] | None = None
    ) -> int:
        """Add or replace a product as the catalog API shows it; returns the id (the next free by default).

        Without `variants` it gets a base variant, which bears its SKU; what is left out shows the
        API's defaults.

        Args:
            product: `{"sku": "MUG", "name": "A mug", "price": 9.5, "inventory_tracking":
                "product"}`.
            inventory: What there is of it, by location id; of a product that is tracked by variant,
                of each of its variants.
        """
        with self._lock:
            product_id = self.state.catalog.put(product, self.state.now_iso())
            for location_id, quantity in (inventory or {}).items():
                for variant in self.state.catalog.variants_of(product_id):
                    self.state.stock.put(
                        self.state.keeper(whole(variant["id"])), location_id, quantity
                    )
            return product_id

    def add_products(
        self, count: int, *, first_sku: int = 1, quantity: int = 0, tracking: str = "product"
    ) -> range:
        """Add many simple products for tests of scale, `SKU-000001` and on, each with `quantity` at the default location.

        Returns their ids, which follow each other.
        """
        with self._lock:
            now, location_id, last = self.state.now_iso(), self.state.default_location, 0
            for number in range(first_sku, first_sku + count):
                row: Row = {
                    "sku": f"SKU-{number:06d}",
                    "name": f"Product {number}",
                    "price": 10,
                    "inventory_tracking": tracking,
                }
                last = self.state.catalog.put(row, now)
                variant = self.state.catalog.variants_of(last)[0]
                self.state.stock.put(self.state.keeper(whole(variant["id"])), location_id, quantity)
            return range(last - count + 1, last + 1)

    def add_location(self, code: str, label: str = "", *, enabled: bool = True) -> int:
        """Add a location; returns its id. The first one, `MAIN` with id 1, stays the default."""
        with self._lock:
            location_id = max(whole(row["id"]) for row in self.state.locations) + 1
            self.state.locations.append(
                locations.location(location_id, code, label or code, enabled=enabled)
            )
            return location_id

    def set_inventory(self, sku: str, quantity: int, location_id: int = 1) -> None:
        """Set a stock level at once, as a person in the control panel would; raises `KeyError` for an unknown SKU."""
        with self._lock:
            self.state.stock.put(self._keeper(sku), location_id, quantity)

    def inventory(self, location_id: int = 1) -> dict[str, int]:
        """Return what a location holds, by SKU: what has taken effect, without what is on its way."""
        with self._lock:
            stock = self.state.stock
            rows = self.state.catalog.variants.values()
            return {
                str(row["sku"]): stock.onhand(self.state.keeper(whole(row["id"])), location_id)
                for row in rows
                if row.get("sku")
            }

    def add_refund(self, refund: Mapping[str, object]) -> None:
        """Add a refund as the refunds list shows it, to the order that its `order_id` names."""
        with self._lock:
            self.state.orders[whole(refund["order_id"])].refunds.append(dict(refund))

    def refund(
        self,
        order_id: int,
        *,
        items: Mapping[int, int] | None = None,
        wrapping: Collection[int] = (),
        shipping: Mapping[int, Decimal] | None = None,
        handling: Mapping[int, Decimal] | None = None,
        fees: Collection[int] = (),
        amount: Decimal = ZERO,
        payments: Sequence[tuple[str, Decimal]] = (),
        reason: str = "",
    ) -> Row:
        """Refund an order, or a part of it, as a person in the control panel would; returns the refund as the API shows it.

        Named nothing, everything that is left is refunded. The order's status becomes Refunded or
        Partially Refunded.

        Args:
            order_id: The order.
            items: How many units of which order lines, by the lines' ids.
            wrapping: The gift wrapping of these order lines.
            shipping: What of the shipping with tax, by the shipping addresses' ids.
            handling: What of the handling with tax, by the shipping addresses' ids.
            fees: These fees.
            amount: An amount of the order as a whole, which has no tax; the rest can then no longer
                be refunded by naming nothing.
            payments: Provider and amount of each tender, `("authorizenet", Decimal("5.00"))`; by
                default the gateway is paid back first, then store credit, then a gift certificate.
            reason: Why.

        Raises:
            KeyError: There is no such order.
            ValueError: Something is not of this order, or more is asked for than is left.
        """
        wish = RefundWish(
            dict(items or {}),
            wrapping,
            dict(shipping or {}),
            dict(handling or {}),
            fees,
            amount,
            payments,
            reason,
        )
        with self._lock:
            order = self.state.orders[order_id]
            if wish.nothing:
                wish = attrs.evolve(everything(order), payments=payments, reason=reason)
            return refund(self.state, order, wish)

    def order(self, order_id: int) -> FakeOrder:
        """Return an order of the store; raises `KeyError` where there is none."""
        return self.state.orders[order_id]

    def edit_order(self, order_id: int, **changes: object) -> None:
        """Change header fields of an order as a person in the control panel would; `date_modified` moves."""
        with self._lock:
            if "status_id" in changes:
                name = order_statuses.status_name(self.state, changes["status_id"])
                if name is None:
                    raise ValueError(f"no order status {changes['status_id']!r}")
                changes.update(status=name[0], custom_status=name[1])
            self.state.change_order(order_id, as_row(changes))

    def delete_order(self, order_id: int) -> None:
        """Remove an order for good: reading or writing it is a 404 from now on."""
        with self._lock:
            self.state.drop_order(order_id)

    def settle(self) -> int:
        """Let stock levels, captures and voids that are on their way take effect now; returns how many there were."""
        with self._lock:
            return self.state.settle()

    def set_payment_result(self, order_id: int, payment_status: str) -> None:
        """Say in which `payment_status` the next capture or void of an order ends: `declined` instead of success."""
        if payment_status not in payment_actions.PAYMENT_STATUSES:
            raise ValueError(
                f"no payment_status {payment_status!r}: there are "
                f"{', '.join(sorted(payment_actions.PAYMENT_STATUSES))}"
            )
        with self._lock:
            self.state.payment_results[self.state.orders[order_id].id] = payment_status

    def _keeper(self, sku: str) -> Keeper:
        variant_id = self.state.catalog.variant_by_sku(sku)
        if variant_id is None:
            raise KeyError(f"no product of the store has the SKU {sku!r}")
        return self.state.keeper(variant_id)

    @property
    def events(self) -> list[Event]:
        """What happened so far, whether or not a hook waits for it: writes through the API, and what is changed by hand.

        Orders and products that are added to fill the store are no events; changed stock levels are
        where a hook waits for them.
        """
        return self.state.events

    def webhook(
        self,
        event: Event,
        hook: Row | None = None,
        *,
        at: float | None = None,
        client_secret: str | None = None,
    ) -> WebhookCall:
        """Return the request that tells of an event, signed with the client secret.

        The same event is told with the same body and the same `webhook-id` each time: calling this
        twice gives the duplicates that BigCommerce sends.

        Args:
            event: One of `events`.
            hook: The hook that is called, for its destination and its own headers.
            at: When it is sent, in unix seconds; now by default. A stale one is sent long ago.
            client_secret: Another secret, for a bad signature.
        """
        body = webhook_body(event, self.store_hash, self.state.information["store_id"])
        own = (
            {}
            if hook is None
            else {str(key): str(value) for key, value in as_row(hook["headers"] or {}).items()}
        )
        secret, moment = (
            client_secret or self.client_secret,
            int(self._clock() if at is None else at),
        )
        headers = signed_headers(
            body, secret, webhook_id=f"msg_{event.number:020d}", timestamp=moment
        )
        return WebhookCall(
            event.scope, "" if hook is None else str(hook["destination"]), {**own, **headers}, body
        )

    def webhook_calls(self, *, since: int = 0, copies: int = 1) -> list[WebhookCall]:
        """Return what active hooks are called with for the events after number `since`, each as often as `copies` says."""
        with self._lock:
            hooks = [hook for _, hook in sorted(self.state.hooks.items()) if hook["is_active"]]
            told = [
                (event, hook)
                for event in self.events[since:]
                for hook in hooks
                if fnmatchcase(event.scope, str(hook["scope"]))
            ]
            return [self.webhook(event, hook) for event, hook in told for _ in range(copies)]

    # Faults and the log

    def fail(
        self,
        match: str = "*",
        kind: FaultKind = "500",
        *,
        times: int = 1,
        at: int = 1,
        reset_ms: int | None = None,
        seconds: float | None = None,
    ) -> Fault:
        """Let requests go wrong.

        Args:
            match: Method and path with wildcards: `PUT /v2/orders/*`.
            kind: What goes wrong (`avbc.testing.fakestore.faults.FaultKind`).
            times: On how many matching requests.
            at: From which matching request on, counted from 1 and from now.
            reset_ms: What a `429` says is left of the window; the truth by default.
            seconds: How long a `slow_body` pauses (0.2), and over loopback a `timeout` stays silent
                (60) and a `refused` port stays closed (0.2).
        """
        lasts = SECONDS.get(kind, 0.0) if seconds is None else seconds
        fault = Fault(
            match=match, kind=fault_kind(kind), times=times, at=at, reset_ms=reset_ms, seconds=lasts
        )
        with self._lock:
            self.faults.append(fault)
        return fault

    def mend(self) -> None:
        """Forget all faults."""
        with self._lock:
            self.faults.clear()
            self.state.clock_offset = 0.0

    def counts(self) -> dict[str, int]:
        """How many requests came, by call: `{"GET /v2/orders": 2}`."""
        with self._lock:
            return dict(Counter(entry.name for entry in self.log))

    def clear_log(self) -> None:
        """Forget the requests so far."""
        with self._lock:
            self.log.clear()

    # The core and the ways to it

    def request(
        self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str
    ) -> StoreResponse:
        """Ask the core directly, with the right token; for tests of the fake store and for a look into it."""
        sent = {"x-auth-token": self.access_token, "content-type": "application/json", **headers}
        return self.answer(StoreRequest(method, path, query, sent, body), waited=False).response

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer an httpx request; a fault of the network raises the httpx exception that it would raise there."""
        from avbc.testing.fakestore.transport import deliver  # noqa: PLC0415  # httpx is imported where it is used

        return deliver(self.answer(self.translate(request), waited=False), request)

    def transport(self) -> FakeTransport:
        """Return an httpx transport for `httpx.Client` and `httpx.AsyncClient` alike."""
        from avbc.testing.fakestore.transport import FakeTransport  # noqa: PLC0415  # httpx is imported where it is used

        return FakeTransport(self)

    def mount(self, router: respx.Router) -> respx.Route:
        """Let a respx router send every request to this store's address here; returns the route.

        The store's latency is not waited for.
        """
        return router.route(url__startswith=self.api_url.removesuffix("v3/")).mock(
            side_effect=self.handle
        )

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> LoopbackServer:
        """Serve over real HTTP on loopback, in a thread: a context manager with the `api_url` to use.

        >>> with FakeStore().serve() as server:
        ...     server.api_url.startswith("http://127.0.0.1:")
        True
        """
        from avbc.testing.fakestore.loopback import LoopbackServer  # noqa: PLC0415  # asyncio is imported where it is used

        return LoopbackServer(self, host, port)

    def translate(self, request: httpx.Request) -> StoreRequest:
        """Turn an httpx request into the store's own."""
        raw = request.url.raw_path.decode()
        headers = {key.lower(): value for key, value in request.headers.items()}
        return self.parse(request.method, raw, headers, request.content)

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

    def answer(self, request: StoreRequest, *, waited: bool = True) -> Answer:
        """Answer a request: the one core behind every way in. `waited` says whether the caller waits for the latency."""
        with self._lock:
            now = self._clock()
            route, ids, exists = ROUTES.find(request.method, request.path)
            name = f"{request.method} {request.path}"
            fault = next((fault for fault in self.faults if fault.strikes(name)), None)
            kind = "" if fault is None else fault.kind
            within, room = self.quota.take(now), route is None or self._has_room(route)
            if fault is not None and kind in WITHOUT_EFFECT:
                response = _failure(fault, request)
            elif not within:
                response = v3_error(429, "Too many requests", {})
            elif not room:
                response = v3_error(429, "Too many requests at once", {})
            else:
                self.state.clock_offset = 3600.0 if kind == "clock" else 0.0
                self.state.partial = kind == "207"
                self._begin(route, self.latency if waited else 0.0)
                response = self._respond(request, route, ids, exists=exists)
                if fault is not None:
                    response = _spoil(response, fault)
            self.state.count_request()
            headers = self._headers(now, fault, response, bare=not room)
            delivery = _DELIVERIES.get(kind, "whole")
            lost = delivery in {"reset", "refused", "timeout"}
            self.log.append(
                LoggedRequest(
                    number=len(self.log) + 1,
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
            return Answer(
                response, headers, delivery, self.latency, 0.0 if fault is None else fault.seconds
            )

    def _has_room(self, route: Route) -> bool:
        """Whether a route's cap lets one more request be under way."""
        if route.cap is None:
            return True
        now = time.monotonic()
        for group in [route.cap.group, *route.cap.apart_from]:
            self._under_way[group] = [end for end in self._under_way.get(group, []) if end > now]
        within = route.cap.most is None or len(self._under_way[route.cap.group]) < route.cap.most
        return within and not any(self._under_way[group] for group in route.cap.apart_from)

    def _begin(self, route: Route | None, seconds: float) -> None:
        if route is not None and route.cap is not None and seconds:
            self._under_way.setdefault(route.cap.group, []).append(time.monotonic() + seconds)

    def _respond(
        self, request: StoreRequest, route: Route | None, ids: tuple[int, ...], *, exists: bool
    ) -> StoreResponse:
        if len(request.path) + len(request.query) > _URI_LIMIT:
            return v3_error(414, "URI too long")
        if request.headers.get("x-auth-token") != self.access_token:
            return v3_error(401, "Unauthorized")
        if not request.path.startswith(("/v2/", "/v3/")):
            return v3_error(403, "You don't have a required scope to access the endpoint")
        error = v2_error if request.version == "v2" else v3_error
        if route is None:
            return (
                error(405, "Method not allowed.")
                if exists
                else error(404, "The requested resource was not found.")
            )
        if route.scopes and not route.scopes & self.scopes:
            return v3_error(403, "You don't have a required scope to access the endpoint")
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
            "X-Request-Id": f"fake-{len(self.log) + 1:08d}",
            **response.headers,
        }
        if response.body:
            headers["Content-Type"] = response.content_type
        # Too many at once is told without the window's headers (inferred from a public report of
        # such a 429).
        if (fault is not None and fault.kind == "429_bare") or (bare and response.status == 429):
            return headers
        headers.update(self.quota.headers(now))
        if response.status == 429:
            reset_ms = (
                self.quota.reset_ms(now)
                if fault is None or fault.reset_ms is None
                else fault.reset_ms
            )
            headers["X-Rate-Limit-Time-Reset-Ms"] = str(reset_ms)
            headers["X-Rate-Limit-Requests-Left"] = "0"
            headers["X-Retry-After"] = str(-(-reset_ms // 1000))
        return headers


def _failure(fault: Fault, request: StoreRequest) -> StoreResponse:
    """Return the answer of a fault that keeps the request from taking effect."""
    if fault.kind == "html_502":
        return StoreResponse(502, _HTML, "text/html")
    if fault.kind in {"429", "429_bare"}:
        return v3_error(429, "Too many requests")
    status = int(fault.kind) if fault.kind.isdecimal() else 500
    error = v2_error if request.version == "v2" and status == 500 else v3_error
    return error(
        status,
        {500: "Internal server error", 503: "Service unavailable", 504: "Gateway timeout"}[status],
    )


def _spoil(response: StoreResponse, fault: Fault) -> StoreResponse:
    """Return what a fault makes of the answer of a request that took effect."""
    match fault.kind:
        case "504_after":
            return v3_error(504, "Gateway timeout")
        case "204":
            return StoreResponse(204)
        case "cut_json":
            return attrs.evolve(
                response, body=response.body[: max(1, len(response.body) // 2)] or b"{"
            )
        case "wrong_json":
            return StoreResponse(200, b'{"error":"unexpected"}')
        case "html_200":
            return StoreResponse(200, _HTML, "text/html")
        case _:
            return response
