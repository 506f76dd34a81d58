"""The routes table: every address the fake store answers, its scopes and its function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias

import attrs

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.lists import MAX_LIMIT, Filter, filtered, v2_slice, v3_page
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, whole
from avbc.text import did_you_mean, quoted

Handler: TypeAlias = Callable[[State, StoreRequest, tuple[int, ...]], StoreResponse]
Rows: TypeAlias = Callable[[State, tuple[int, ...]], Sequence[Row]]
"""The rows of a list, by the ids in its address."""

ORDERS = frozenset({"store_v2_orders"})
ORDERS_READ = ORDERS | {"store_v2_orders_read_only"}
TRANSACTIONS = frozenset({"store_v2_transactions"})
TRANSACTIONS_READ = TRANSACTIONS | {"store_v2_transactions_read_only"}
PRODUCTS = frozenset({"store_v2_products"})
PRODUCTS_READ = PRODUCTS | {"store_v2_products_read_only"}
INVENTORY = frozenset({"store_inventory"})
INVENTORY_READ = INVENTORY | {"store_inventory_read_only"}
LOCATIONS_READ = frozenset({"store_locations", "store_locations_read_only"})
CUSTOMERS = frozenset({"store_v2_customers"})
CUSTOMERS_READ = CUSTOMERS | {"store_v2_customers_read_only"}
INFORMATION = frozenset({"store_v2_information"})
INFORMATION_READ = INFORMATION | {"store_v2_information_read_only"}
MARKETING_READ = frozenset({"store_v2_marketing", "store_v2_marketing_read_only"})
PAYMENT_METHODS = frozenset({"store_payments_methods_read"})
NO_SCOPE: frozenset[str] = frozenset()

ALL_SCOPES = (
    ORDERS
    | TRANSACTIONS
    | PRODUCTS
    | INVENTORY
    | CUSTOMERS
    | PAYMENT_METHODS
    | INFORMATION
    | {
        "store_locations",
        "store_v2_marketing",
    }
)
"""The modify scopes of everything that the fake store answers, by their parameter names."""


@attrs.frozen
class ConcurrencyLimit:
    """How many requests of a group may be under way at once; more are answered 429."""

    group: str
    most: int | None = None
    apart_from: frozenset[str] = frozenset()
    """Groups of which none may be under way."""


INVENTORY_WRITES = ConcurrencyLimit("inventory", 1, frozenset({"catalog"}))
"""One adjustment at a time, and none during a bulk write to the catalog (docs/facts.md)."""
CATALOG_WRITES = ConcurrencyLimit("catalog", apart_from=frozenset({"inventory"}))
CUSTOMER_UPDATES = ConcurrencyLimit("customers", 3)
ADDRESS_UPDATES = ConcurrencyLimit("addresses", 3)
ADDRESS_CREATIONS = ConcurrencyLimit("new addresses", 10)
LOCATION_READS = ConcurrencyLimit("locations", 50)


@attrs.frozen
class Route:
    """One method of one address. `{id}` is an id; any one of `scopes` is enough."""

    method: str
    template: str
    scopes: frozenset[str]
    handler: Handler
    cap: ConcurrencyLimit | None = None

    @property
    def name(self) -> str:
        """The call's name in logs: `GET /v2/orders/{id}`."""
        return f"{self.method} {self.template}"


def shown(value: Callable[[State], object]) -> Handler:
    """Answer a value of the store."""
    return lambda state, _, __: ok(value(state))


def v2_list(rows: Rows, filters: Mapping[str, Filter] | None = None) -> Handler:
    """Answer a v2 list: a page, or 204 if it is empty."""

    def handler(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
        cut = v2_slice(filtered(rows(state, ids), request.params, filters or {}), request.params)
        return ok(cut) if cut else no_content()

    return handler


def v2_one(rows: Rows) -> Handler:
    """Answer the row whose id comes last in the address."""
    return lambda state, _, ids: ok(row_with(rows(state, ids), ids[-1]))


def v3_list(
    rows: Rows, filters: Mapping[str, Filter] | None = None, maximum: int = MAX_LIMIT
) -> Handler:
    """Answer a v3 list: a page with its `meta`."""

    def handler(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
        found = filtered(rows(state, ids), request.params, filters or {})
        return ok(v3_page(found, request, maximum=maximum))

    return handler


def row_with(rows: Iterable[Row], identity: int) -> Row:
    """Return the row with an id; 404 if there is none."""
    for row in rows:
        if whole(row["id"]) == identity:
            return row
    raise Refusal(404)


_NUMBERS = re.compile(r"\d+")


def _names(template: str, match: str) -> Iterator[str]:
    """Name requests of a route with ids that a pattern may mean."""
    for each in ("1000", *_NUMBERS.findall(match)):
        yield template.replace("{id}", each)


class Routes:
    """Finds the route of a request by one look-up."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._methods: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._methods.setdefault(route.template, {})[route.method] = route

    def __iter__(self) -> Iterator[Route]:
        """Every route, by its address."""
        for _, methods in sorted(self._methods.items()):
            yield from methods.values()

    def require_match(self, match: object) -> None:
        """Make sure that a pattern of method and path can match a request.

        Raises:
            TypeError: It is no text.
            ValueError: The store answers no such request.
        """
        if not isinstance(match, str):
            raise TypeError(f"match: {quoted(match)} must be a text, such as 'GET /v2/orders/*'")
        # Which texts these mean is not worked out here.
        if "?" in match or "[" in match:
            return
        names = [route.name for route in self]
        if not any(fnmatchcase(name, match) for each in names for name in _names(each, match)):
            hint = did_you_mean(match, names) or "Write it as in 'GET /v2/orders/*'."
            raise ValueError(f"match: the store answers no request {quoted(match)}. {hint}")

    def find(self, method: str, path: str) -> tuple[Route | None, tuple[int, ...], bool]:
        """Return the route, the ids in the path, and whether another method exists there."""
        ids: list[int] = []
        segments: list[str] = []
        for segment in path.rstrip("/").split("/"):
            if segment.isdecimal():
                ids.append(int(segment))
                segments.append("{id}")
            else:
                segments.append(segment)
        methods: Mapping[str, Route] = self._methods.get("/".join(segments), {})
        return methods.get(method), tuple(ids), bool(methods)
