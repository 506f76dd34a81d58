"""What the fake store holds. Resources read and change it; it knows nothing of HTTP."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from math import ceil
from urllib.parse import urlsplit

import attrs

from avbc.report import counted
from avbc.testing.fakestore.events import Event
from avbc.testing.fakestore.faults import Spoil
from avbc.testing.fakestore.products import Keeper, Products, Stock
from avbc.testing.orders import FakeOrder, View
from avbc.testing.values import Row, dumps, from_unix, rfc2822, whole
from avbc.text import quoted

_OWN_ADDRESSES = 1_000_000
"""Addresses that are created through the API have ids above this."""


@attrs.define
class State:
    """The store's records. Orders are indexed by status."""

    clock: Callable[[], float]
    """Unix seconds, UTC."""
    store_hash: str = "abc123"
    client_id: str = "example-client"
    orders: dict[int, FakeOrder] = attrs.field(factory=dict[int, FakeOrder])
    statuses: list[Row] = attrs.field(factory=list[Row])
    customers: dict[int, Row] = attrs.field(factory=dict[int, Row])
    """Customers by id, each with all its `addresses`."""
    catalog: Products = attrs.field(factory=Products)
    stock: Stock = attrs.field(factory=Stock)
    brands: dict[str, int] = attrs.field(factory=dict[str, int])
    """Brand ids by name without case; writing a new `brand_name` makes one."""
    tax_classes: list[Row] = attrs.field(factory=list[Row])
    inventory_settings: Row = attrs.field(factory=dict[str, object])
    hooks: dict[int, Row] = attrs.field(factory=dict[int, Row])
    coupons: list[Row] = attrs.field(factory=list[Row])
    payment_methods: list[Row] = attrs.field(factory=list[Row])
    shipping_zones: list[Row] = attrs.field(factory=list[Row])
    shipping_methods: dict[int, list[Row]] = attrs.field(factory=dict[int, list[Row]])
    """Shipping methods by zone id."""
    currencies: list[Row] = attrs.field(factory=list[Row])
    locations: list[Row] = attrs.field(factory=list[Row])
    information: Row = attrs.field(factory=dict[str, object])
    clock_offset: float = 0.0
    """Seconds by which the store's clock is off."""
    settle_after: int | None = 1
    """After how many more requests a scheduled effect shows; None: only after `settle`."""
    payment_results: dict[int, str] = attrs.field(factory=dict[int, str])
    """The `payment_status` that the gateway's next answer sets, by order id."""
    events: list[Event] = attrs.field(factory=list[Event])
    partial: bool = False
    """The next product written is saved without its inventory and URL: a 207."""
    shipments_move_status: bool = False
    """A shipment makes its order Partially Shipped or Shipped, whatever its status was."""
    embeds: bool = True
    spoils: dict[int, Spoil] = attrs.field(factory=dict[int, Spoil])
    """What orders make of the answers that contain them, by id."""
    shown: dict[int, bool] = attrs.field(factory=dict[int, bool])
    """The orders in the answer that is made now, and whether with what a request can include."""
    flat_inventory_settings: bool = False
    emails: list[object] = attrs.field(factory=list[object])
    """Who is mailed when a webhook is blocked or deactivated."""
    deactivated: set[int] = attrs.field(factory=set[int])
    """Hooks that BigCommerce deactivated, until they are active again."""
    blocked: dict[str, float] = attrs.field(factory=dict[str, float])
    """Until when a destination of webhooks is blocked, in unix seconds."""
    names_faulty_items: bool = True
    """A refused inventory adjustment names the faulty items."""
    _requests: int = attrs.field(default=0, init=False)
    _scheduled: deque[tuple[int, Callable[[], None]]] = attrs.field(
        factory=deque[tuple[int, Callable[[], None]]], init=False
    )
    """What is still to take effect: the request after which it was scheduled, and the effect."""
    _last_ids: dict[str, int] = attrs.field(factory=dict[str, int], init=False)
    _listed: list[int] = attrs.field(factory=list[int], init=False)
    _by_status: dict[int, list[int]] = attrs.field(factory=dict[int, list[int]], init=False)
    _rendered: dict[int, dict[View, bytes]] = attrs.field(
        factory=dict[int, dict[View, bytes]], init=False
    )

    @property
    def base(self) -> str:
        """The address before the version, as links in answers name it."""
        return f"https://api.bigcommerce.com/stores/{self.store_hash}"

    def now(self) -> str:
        """The store's time, as v2 writes it."""
        return rfc2822(from_unix(self.clock() + self.clock_offset))

    def now_iso(self) -> str:
        """The store's time, as v3 writes it."""
        return from_unix(self.clock() + self.clock_offset).isoformat()

    def next_id(self, kind: str) -> int:
        """Return the next free id of a kind of record: 1, 2, 3."""
        self._last_ids[kind] = self._last_ids.get(kind, 0) + 1
        return self._last_ids[kind]

    def next_customer(self) -> int:
        """Return the next free customer id."""
        customer_id = self.next_id("customer")
        while customer_id in self.customers:
            customer_id = self.next_id("customer")
        return customer_id

    def next_address(self) -> int:
        """Return the next free id of a customer's address, above those of added customers."""
        return _OWN_ADDRESSES + self.next_id("address")

    def emit(self, scope: str, identity: int | None, **more: object) -> None:
        """Note that something happened: `emit("store/order/updated", 1001)`."""
        named = {} if identity is None else {"id": identity}
        self.events.append(
            Event(
                scope,
                data={"type": scope.split("/")[1], **named, **more},
                created_at=int(self.clock() + self.clock_offset),
                number=len(self.events) + 1,
            )
        )

    def has_hook(self, scope: str) -> bool:
        """Whether an active webhook waits for a scope; `store/order/*` waits for all of orders."""
        return any(
            hook["is_active"] and fnmatchcase(scope, str(hook["scope"]))
            for hook in self.hooks.values()
        )

    def blocked_for(self, destination: str) -> int:
        """For how many more seconds a destination of webhooks is blocked; hooks of a host share."""
        host = urlsplit(destination).hostname
        ends = [end for other, end in self.blocked.items() if urlsplit(other).hostname == host]
        return max(0, ceil(max(ends, default=0.0) - self.clock()))

    # Products and what there is of them

    @property
    def products(self) -> dict[int, Row]:
        """Products by id."""
        return self.catalog.rows

    @property
    def default_location(self) -> int:
        """The id of the location whose stock the storefront sells."""
        return next(
            (whole(location["id"]) for location in self.locations if location.get("is_default")), 1
        )

    def require_location(self, location_id: int) -> int:
        """Return the id of a location; `KeyError` if there is none with it."""
        ids = [whole(row["id"]) for row in self.locations]
        if location_id not in ids:
            raise KeyError(f"the store has no location {quoted(location_id)}: there are {ids}")
        return location_id

    def keeper(self, variant_id: int) -> Keeper:
        """Return what a variant's stock level belongs to: the variant, or its product."""
        product_id = whole(self.catalog.variants[variant_id]["product_id"])
        if self.catalog.rows[product_id].get("inventory_tracking") == "product":
            return "product", product_id
        return "variant", variant_id

    def keeper_of(self, sku: str) -> Keeper:
        """Return what a SKU's stock level belongs to; `KeyError` if there is no such SKU."""
        variant_id = self.catalog.variant_by_sku.get(sku)
        if variant_id is None:
            raise KeyError(f"no product of the store has the SKU {quoted(sku)}")
        return self.keeper(variant_id)

    def catalog_level(self, product_id: int) -> int:
        """Return a product's `inventory_level`: the default location's, of all its variants."""
        row = self.catalog.rows[product_id]
        tracking, location_id = row.get("inventory_tracking", "none"), self.default_location
        if tracking == "product":
            return self.stock.onhand(("product", product_id), location_id)
        if tracking == "none":
            return 0
        return sum(
            self.stock.onhand(("variant", whole(variant["id"])), location_id)
            for variant in self.catalog.variants_of(product_id)
        )

    def take_stock(self, order: FakeOrder) -> None:
        """Take a placed order's goods from the default location, if the settings say so."""
        if self.inventory_settings.get("update_stock_behavior") != "order_placed":
            return
        for line in order.products:
            variant_id = whole(line.get("variant_id") or 0)
            if variant_id in self.catalog.variants:
                keeper = self.keeper(variant_id)
                left = self.stock.onhand(keeper, self.default_location) - whole(line["quantity"])
                self.stock.put(keeper, self.default_location, max(0, left))

    def take_partial(self) -> bool:
        """Whether a product that is written now loses its inventory and URL; once per fault."""
        partial, self.partial = self.partial, False
        return partial

    # What takes effect later

    def later(self, effect: Callable[[], None]) -> None:
        """Schedule what takes effect after the answer: stock levels, results of payments."""
        self._scheduled.append((self._requests, effect))

    def count_request(self) -> None:
        """Count an answered request, and apply what was scheduled long enough ago."""
        if self._scheduled and self.settle_after is not None:
            due = self._requests - self.settle_after
            while self._scheduled and self._scheduled[0][0] <= due:
                self._scheduled.popleft()[1]()
        self._requests += 1

    def settle(self) -> int:
        """Let everything that is scheduled take effect; returns how much it was."""
        settled = len(self._scheduled)
        while self._scheduled:
            self._scheduled.popleft()[1]()
        return settled

    def status_fields(self, status_id: object) -> Row | None:
        """Return the fields of an order in a status; None if there is no such status."""
        if isinstance(status_id, bool) or not str(status_id).isdecimal():
            return None
        for status in self.statuses:
            if status["id"] == whole(status_id):
                return {
                    "status_id": status["id"],
                    "status": status["name"],
                    "custom_status": status["custom_label"],
                }
        return None

    def put_order(self, order: FakeOrder) -> None:
        """Add or replace an order."""
        self.drop_order(order.id)
        self.orders[order.id] = order
        if not order.header.get("is_deleted"):
            insort(self._listed, order.id)
            insort(self._by_status.setdefault(whole(order.header["status_id"]), []), order.id)

    def order(self, order_id: int) -> FakeOrder:
        """Return an order of the store.

        Raises:
            KeyError: There is no such order.
        """
        if order_id in self.orders:
            return self.orders[order_id]
        ids = sorted(self.orders)
        there = f"{counted(len(ids), 'order')}, from {ids[0]} to {ids[-1]}" if ids else "no orders"
        raise KeyError(f"the store has no order {quoted(order_id)}: it has {there}")

    def change_order(self, order_id: int, changes: Row) -> FakeOrder:
        """Change header fields of an order and its `date_modified`."""
        order = self.order(order_id)
        self._unlist(order)
        before, archived = order.header["status_id"], bool(order.header.get("is_deleted"))
        order.header.update(changes)
        order.header["date_modified"] = self.now()
        self.put_order(order)
        self.emit("store/order/updated", order_id)
        after = order.header["status_id"]
        if after != before:
            self.emit(
                "store/order/statusUpdated",
                order_id,
                status={"previous_status_id": before, "new_status_id": after},
            )
        if order.header.get("is_deleted") and not archived:
            self.emit("store/order/archived", order_id)
        return order

    def add_transaction(self, order: FakeOrder, earlier: Row, **fields: object) -> Row:
        """Add a transaction that refers to an earlier one of the order; returns it."""
        made: Row = {
            **earlier,
            "id": max(whole(row["id"]) for row in order.transactions) + 1,
            "status": "ok",
            "date_created": self.now_iso(),
            "reference_transaction_id": earlier["id"],
            **fields,
        }
        order.transactions.append(made)
        return made

    def drop_order(self, order_id: int) -> None:
        """Remove an order for good; does nothing where there is none."""
        self._rendered.pop(order_id, None)
        order = self.orders.pop(order_id, None)
        if order is not None:
            self._unlist(order)

    def sorted_orders(self) -> list[FakeOrder]:
        """Return all orders by id, archived ones too."""
        return [order for _, order in sorted(self.orders.items())]

    def order_ids(
        self, status_id: int | None = None, min_id: int | None = None, max_id: int | None = None
    ) -> Sequence[int]:
        """Return the ids of listed orders, ascending."""
        ids = self._listed if status_id is None else self._by_status.get(status_id, [])
        start = 0 if min_id is None else bisect_left(ids, min_id)
        stop = len(ids) if max_id is None else bisect_right(ids, max_id)
        return ids[start:stop]

    def count(self, status_id: int) -> int:
        """How many orders have a status."""
        return len(self._by_status.get(status_id, []))

    @property
    def spoil(self) -> Spoil | None:
        """What an order makes of the answer that contains it now."""
        return next(
            (
                self.spoils[order_id]
                for order_id, is_included in self.shown.items()
                if order_id in self.spoils
                and (is_included or not self.spoils[order_id].only_included)
            ),
            None,
        )

    def render(self, order_id: int, view: View) -> bytes:
        """Return an order's JSON, written once until it changes."""
        self.shown[order_id] = view != View()
        views = self._rendered.setdefault(order_id, {})
        body = views.get(view)
        if body is None:
            body = views[view] = dumps(self.orders[order_id].to_json(view, self.base))
        return body

    def _unlist(self, order: FakeOrder) -> None:
        for ids in [self._listed, self._by_status.get(whole(order.header["status_id"]), [])]:
            place = bisect_left(ids, order.id)
            if place < len(ids) and ids[place] == order.id:
                del ids[place]
