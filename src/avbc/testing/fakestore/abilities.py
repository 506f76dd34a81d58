"""What a test reads from a fake store and does to it: each ability is one method.

Those by which it acts as the merchant are in `avbc.testing.fakestore.merchant`.

`FakeStore` runs it in place, `StoreProcess` sends it to the process that has the store
(`avbc.testing.fakestore.control`). Arguments and results are what `control` can write as JSON and
read back by the method's annotations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar, Unpack, cast

from avbc.testing.factories import Line, OrderOptions
from avbc.testing.fakestore.ability import ability
from avbc.testing.fakestore.core import ROUTES, Core, LoggedRequest
from avbc.testing.fakestore.events import Event, WebhookCall, signed_headers, webhook_body
from avbc.testing.fakestore.faults import SECONDS, Fault, FaultKind, Spoil, SpoilKind, fault_kind
from avbc.testing.fakestore.merchant import Merchant
from avbc.testing.fakestore.options import StoreOptions, set_options
from avbc.testing.fakestore.resources.store import location
from avbc.testing.orders import SUMMED_UP, FakeOrder
from avbc.testing.values import Row, as_row, from_unix, require_number, whole
from avbc.text import quoted

T = TypeVar("T")


class Abilities(Merchant):
    """Every ability of a fake store."""

    # Orders

    @ability
    def add_order(self, order: FakeOrder | Mapping[str, object]) -> FakeOrder:
        """Add or replace an order, and its customer if it has one; returns the store's own copy.

        A plain dict is an order as the API shows it, with its parts embedded
        (`FakeOrder.from_json`).
        """
        given = cast("object", order)
        if not isinstance(given, FakeOrder | Mapping):
            raise TypeError(f"order: {quoted(given)} is no order; add_orders takes a list of them")
        own = order.copy() if isinstance(order, FakeOrder) else FakeOrder.from_json(order)
        self._core.state.put_order(own)
        if own.customer is not None:
            self._core.state.customers.setdefault(whole(own.customer["id"]), own.customer)
        return own

    @ability
    def add_orders(self, orders: Sequence[FakeOrder | Mapping[str, object]]) -> list[FakeOrder]:
        """Add many orders at once."""
        if isinstance(orders, FakeOrder | Mapping):
            raise TypeError("orders: must be a list: write [order]")
        return [self.add_order(order) for order in orders]

    @ability
    def place_order(
        self, lines: Sequence[Line] | None = None, **options: Unpack[OrderOptions]
    ) -> FakeOrder:
        """Let a shopper place an order, now by the store's clock, under the next free id.

        Stock is taken from the default location if the store's settings say so, and webhooks fire.

        Args:
            lines: What is bought (`avbc.testing.item("MUG-BLUE", 2)`); random goods by default.
            options: Buyer, shipping, discounts, payment and so on: `avbc.testing.OrderOptions`.
        """
        state, factory = self._core.state, self._core.factory
        factory.next_id = max([factory.next_id - 1, *state.orders]) + 1
        options.setdefault("created", from_unix(state.clock()))
        order = self.add_order(
            factory.order(factory.lines(2) if lines is None else lines, **options)
        )
        state.take_stock(order)
        state.emit("store/order/created", order.id)
        state.emit(
            "store/order/statusUpdated",
            order.id,
            status={"previous_status_id": 0, "new_status_id": order.header["status_id"]},
        )
        return order

    @ability
    def order(self, order_id: int) -> FakeOrder:
        """Return an order of the store; raises `KeyError` if there is none."""
        return self._core.state.order(order_id)

    @ability
    def summary(self) -> Row:
        """Return the main fields of all `orders`, and the number of `customers`.

        `requests` counts all requests, `refused` those that got a 429.
        """
        return {
            "orders": [
                {key: order.header.get(key) for key in SUMMED_UP}
                for order in self._core.state.sorted_orders()
            ],
            "customers": len(self._core.state.customers),
            "requests": len(self._core.requests),
            "refused": self._core.quota.refused,
        }

    # Money and goods of orders

    @ability
    def payments(self) -> list[Row]:
        """Return each order's `payment_status` and `transactions`, by `id`."""
        return [
            {
                "id": order.id,
                "payment_status": order.header["payment_status"],
                "transactions": order.transactions,
            }
            for order in self._core.state.sorted_orders()
        ]

    @ability
    def shipments(self) -> list[Row]:
        """Return the shipments of all orders."""
        return [row for order in self._core.state.sorted_orders() for row in order.shipments]

    @ability
    def refunds(self) -> list[Row]:
        """Return the refunds of all orders."""
        return [row for order in self._core.state.sorted_orders() for row in order.refunds]

    @ability
    def add_refund(self, refund: Mapping[str, object]) -> None:
        """Add a refund as the refunds list shows it, to the order of its `order_id`."""
        self._core.state.order(whole(refund["order_id"])).refunds.append(dict(refund))

    @ability
    def settle(self) -> int:
        """Let pending stock levels, captures and voids take effect now; returns how many."""
        return self._core.state.settle()

    # Customers, products and stock

    @ability
    def customers(self) -> list[Row]:
        """Return the customers with all their addresses."""
        return [row for _, row in sorted(self._core.state.customers.items())]

    @ability
    def add_customer(self, customer: Mapping[str, object]) -> int:
        """Add or replace a customer as the customers API shows it, with all `addresses`.

        Returns its id, the next free one if it has none.
        """
        customer_id = whole(customer.get("id") or self._core.state.next_customer())
        self._core.state.customers[customer_id] = {
            "date_created": "2026-01-05T10:00:00Z",
            "date_modified": "2026-01-05T10:00:00Z",
            "addresses": [],
            **customer,
            "id": customer_id,
        }
        return customer_id

    @ability
    def products(self) -> list[Row]:
        """Return the products, each with its `variants`, without the API's defaults."""
        catalog = self._core.state.catalog
        return [
            {**row, "variants": catalog.variants_of(product_id)}
            for product_id, row in sorted(catalog.rows.items())
        ]

    @ability
    def add_product(
        self, product: Mapping[str, object], inventory: Mapping[int, int] | None = None
    ) -> int:
        """Add or replace a product as the catalog API shows it.

        Without `variants` it gets a base variant with its SKU. Fields that are left out show the
        API's defaults.

        Args:
            product: `{"sku": "MUG", "name": "A mug", "price": 9.5, "inventory_tracking":
                "product"}`.
            inventory: Quantities by location id; if the product is tracked by variant, of each
                variant.

        Returns:
            The product's id, the next free one if it has none.
        """
        state = self._core.state
        for location_id in inventory or {}:
            state.require_location(location_id)
        product_id = state.catalog.put(product, state.now_iso())
        for location_id, quantity in (inventory or {}).items():
            for variant in state.catalog.variants_of(product_id):
                state.stock.put(state.keeper(whole(variant["id"])), location_id, quantity)
        return product_id

    @ability
    def add_products(
        self,
        count: int,
        *,
        first_sku: int = 1,
        quantity: int = 0,
        tracking: str = "product",
    ) -> range:
        """Add many simple products, `SKU-000001` and on, for tests of scale.

        Each has `quantity` at the default location. Returns their ids, which are consecutive.
        """
        require_number(count, "count", 1)
        require_number(first_sku, "first_sku", 1)
        require_number(quantity, "quantity", 0)
        state, last = self._core.state, 0
        now, location_id = state.now_iso(), state.default_location
        for number in range(first_sku, first_sku + count):
            last = state.catalog.put(
                {
                    "sku": f"SKU-{number:06d}",
                    "name": f"Product {number}",
                    "price": 10,
                    "inventory_tracking": tracking,
                },
                now,
            )
            variant_id = whole(state.catalog.rows[last]["base_variant_id"])
            state.stock.put(state.keeper(variant_id), location_id, quantity)
        return range(last - count + 1, last + 1)

    @ability
    def add_location(self, code: str, label: str = "", *, enabled: bool = True) -> int:
        """Add a location; returns its id. The first one, `MAIN` with id 1, stays the default."""
        location_id = max(whole(row["id"]) for row in self._core.state.locations) + 1
        self._core.state.locations.append(
            location(location_id, code, label or code, enabled=enabled)
        )
        return location_id

    @ability
    def locations(self) -> list[Row]:
        """Return the locations."""
        return self._core.state.locations

    @ability
    def set_inventory(self, sku: str, quantity: int, location_id: int = 1) -> None:
        """Set a stock level at once, as a person in the control panel does.

        Raises `KeyError` for an unknown SKU or location.
        """
        require_number(quantity, "quantity")
        state = self._core.state
        state.stock.put(state.keeper_of(sku), state.require_location(location_id), quantity)

    @ability
    def set_backorders(self, sku: str, most: int | None = None, location_id: int = 1) -> None:
        """Let shoppers order more than there is: at most so many, or any number by default.

        From then on the level has the fields of backorders. Raises `KeyError` for an unknown SKU or
        location.
        """
        if most is not None:
            require_number(most, "most", 0)
        state = self._core.state
        state.stock.backorders[state.require_location(location_id), state.keeper_of(sku)] = most

    @ability
    def inventory(self, location_id: int = 1) -> dict[str, int]:
        """Return the quantities at a location by SKU: those in effect, without pending changes.

        Raises `KeyError` for an unknown location.
        """
        state = self._core.state
        state.require_location(location_id)
        return {
            str(row["sku"]): state.stock.onhand(state.keeper(whole(row["id"])), location_id)
            for row in state.catalog.variants.values()
            if row.get("sku")
        }

    # Webhooks

    @ability
    def hooks(self) -> list[Row]:
        """Return the webhooks that clients created."""
        return [hook for _, hook in sorted(self._core.state.hooks.items())]

    @ability
    def deactivate_hook(self, hook_id: int) -> None:
        """Deactivate a webhook as BigCommerce does after 90 days without events, or of failures.

        No event and no answer says so: only `is_active` in the list of hooks does.
        """
        hook = self._core.state.hooks.get(hook_id)
        if hook is None:
            there = ", ".join(map(str, self._core.state.hooks)) or "none"
            raise KeyError(f"the store has no hook {quoted(hook_id)}: there are {there}")
        self._core.state.deactivated.add(hook_id)
        hook.update(is_active=False, updated_at=int(self._core.state.clock()))

    @ability
    def block_domain(self, destination: str, seconds: int = 180) -> None:
        """Block a destination for a while, as BigCommerce does where too many calls fail.

        No calls go there until it is over; `GET /v3/hooks/admin` says so.
        """
        require_number(seconds, "seconds", 1)
        self._core.state.blocked[destination] = self._core.state.clock() + seconds

    @property
    @ability
    def events(self) -> list[Event]:
        """What happened so far, with or without a hook for it: API writes and changes by hand.

        Orders and products that are added to fill the store are no events. A changed stock level is
        one only if a hook waits for it.
        """
        return self._core.state.events

    @ability
    def webhook(
        self,
        event: Event,
        hook: Row | None = None,
        *,
        at: float | None = None,
        client_secret: str | None = None,
        sparse: bool = False,
    ) -> WebhookCall:
        """Return the request that reports an event, signed with the client secret.

        The same event has the same body and the same `webhook-id` each time: two calls give the
        duplicates that BigCommerce sends.

        Args:
            event: One of `events`.
            hook: The hook that is called, for its destination and its own headers.
            at: When it is sent, in unix seconds; now by default. A stale one is sent long ago.
            client_secret: Another secret, for a bad signature.
            sparse: As BigCommerce's documentation shows some: `channel_id` is null, `created_at`
                and the `status` of a `statusUpdated` are missing, and slashes are escaped.
        """
        store_id = self._core.state.information["store_id"]
        body = webhook_body(event, self._core.store_hash, store_id, sparse=sparse)
        headers = signed_headers(
            body,
            client_secret or self._core.client_secret,
            webhook_id=f"msg_{event.number:020d}",
            timestamp=int(self._core.state.clock() if at is None else at),
        )
        if hook is None:
            return WebhookCall(event.scope, "", headers, body)
        own = {key: str(value) for key, value in as_row(hook["headers"] or {}).items()}
        return WebhookCall(event.scope, str(hook["destination"]), {**own, **headers}, body)

    @ability
    def webhook_calls(self, *, since: int = 0, copies: int = 1) -> list[WebhookCall]:
        """Return the calls to active hooks, but blocked ones, for the events after number `since`.

        Each call comes `copies` times.
        """
        require_number(since, "since", 0)
        require_number(copies, "copies", 1)
        state = self._core.state
        hooks = [
            hook
            for hook in self.hooks()
            if hook["is_active"] and not state.blocked_for(str(hook["destination"]))
        ]
        return [
            self.webhook(event, hook)
            for event in state.events[since:]
            for hook in hooks
            if fnmatchcase(event.scope, str(hook["scope"]))
            for _ in range(copies)
        ]

    # Faults, options and the log

    @ability
    def fail(
        self,
        match: str = "*",
        kind: FaultKind = "500",
        *,
        times: int | None = 1,
        at: int = 1,
        reset_ms: int | None = None,
        seconds: float | None = None,
    ) -> Fault:
        """Let requests fail.

        Args:
            match: Method and path with wildcards: `PUT /v2/orders/*`.
            kind: What goes wrong (`avbc.testing.fakestore.faults.FaultKind`).
            times: How many matching requests fail; None: all, until `clear_faults`.
            at: The first matching request that fails, counted from 1 and from now.
            reset_ms: What a `429` reports as the rest of the window; the truth by default.
            seconds: How long a `slow_body` pauses (0.2), and over loopback a `timeout` stays silent
                (60) and a `refused` port stays closed (0.2).

        Raises:
            TypeError: A number is none.
            ValueError: There is no such kind, the store answers no request that `match` means, or a
                number is too small.
        """
        ROUTES.require_match(match)
        require_number(at, "at", 1)
        if times is not None:
            require_number(times, "times", 1)
        if reset_ms is not None:
            require_number(reset_ms, "reset_ms", 0)
        lasts = SECONDS.get(kind, 0.0) if seconds is None else seconds
        require_number(lasts, "seconds", 0, is_whole=False)
        fault = Fault(match, fault_kind(kind), times, at, reset_ms, lasts)
        self._core.planned.append(fault)
        return fault

    @ability
    def spoil_order(
        self,
        order_id: int,
        kind: SpoilKind = "truncated",
        *,
        only_included: bool = False,
        size: int = 1_000_000,
    ) -> None:
        """Let an order, but not lists of its parts, spoil every answer that contains it.

        Args:
            order_id: Its id.
            kind: What becomes of the answer (`avbc.testing.fakestore.faults.SpoilKind`).
            only_included: Only where its lines, consignments or fees are included.
            size: Of an answer that is `too_large`, in bytes, before it is compressed.
        """
        require_number(size, "size", 1)
        self._core.state.spoils[self._core.state.order(order_id).id] = Spoil(
            kind, only_included, size
        )

    @ability
    def heal_order(self, order_id: int) -> None:
        """Let an order spoil no answer any more."""
        self._core.state.spoils.pop(order_id, None)

    @property
    @ability
    def faults(self) -> list[Fault]:
        """The planned faults, each with the number of requests that it affected."""
        return self._core.planned

    @ability
    def clear_faults(self) -> None:
        """Forget all faults, and heal all orders."""
        self._core.planned.clear()
        self._core.state.spoils.clear()
        self._core.state.clock_offset = 0.0

    def mend(self) -> None:
        """Forget all faults: the earlier name of `clear_faults`, kept for existing test suites."""
        self.clear_faults()

    @ability
    def pass_time(self, seconds: float) -> None:
        """Let time pass in the store: its clock is so many seconds further from now on."""
        require_number(seconds, "seconds", is_whole=False)
        self._core.passed += seconds

    @ability
    def set_options(self, **options: Unpack[StoreOptions]) -> None:
        """Change options of the store while it runs: `StoreOptions`."""
        set_options(self._core, options)

    @property
    @ability
    def log(self) -> list[LoggedRequest]:
        """Every request so far, as the store saw it."""
        return self._core.requests

    @ability
    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._core.requests.clear()

    @ability
    def counts(self) -> dict[str, int]:
        """Return the number of requests by call: `{"GET /v2/orders": 2}`."""
        return dict(Counter(entry.name for entry in self._core.requests))


class LocalStore(Abilities, Core):
    """A store in this process: it runs its own abilities, one at a time."""

    @property
    def _core(self) -> Core:
        return self

    def perform(
        self, method: Callable[..., T], args: tuple[object, ...], named: dict[str, object]
    ) -> T:
        """Run an ability here."""
        with self.lock:
            return method(self, *args, **named)
