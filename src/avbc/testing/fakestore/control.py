"""What a test asks a served store about itself, under `/_fake/`: no token, no quota, no latency, not in the log.

| request | does |
| --- | --- |
| `GET /_fake/state` | orders with status, notes and dates; how many requests came, how many got a 429 |
| `GET /_fake/counts` | requests by call |
| `GET /_fake/log`, `DELETE /_fake/log` | every request; forget them |
| `GET`, `POST`, `DELETE /_fake/faults` | the faults with their hits; add one (the arguments of `FakeStore.fail`); forget them |
| `POST /_fake/orders` | add orders: a list of them as the API shows them, or `{"example": {"orders": 40, "seed": 1, "first_id": 2001}}` |
| `PUT`, `DELETE /_fake/orders/{id}` | edit an order's header as a person would; remove it for good |
| `POST /_fake/settle` | let stock levels, captures and voids that are on their way take effect; says how many |
| `GET /_fake/payments`, `PUT /_fake/payments/{id}` | each order's payment; `{"result": "declined"}` for the next capture or void |
| `GET /_fake/shipments`, `GET /_fake/refunds` | of all orders |
| `POST /_fake/refunds/{id}` | refund an order: the arguments of `FakeStore.refund`, amounts as text |
| `GET`, `POST /_fake/products` | products with their variants; add a list of them, each with its `inventory` by location id if any |
| `POST /_fake/products` | `{"count": 1000, "quantity": 5}` adds many at once: the arguments of `FakeStore.add_products` |
| `GET /_fake/inventory`, `PUT /_fake/inventory` | stock by location id and SKU; set it at once: `{"1": {"MUG-BLUE": 4}}` |
| `POST /_fake/locations` | `{"code": "WEST", "enabled": true}` |
| `GET`, `POST /_fake/customers` | customers with all their addresses; add some |
| `GET /_fake/hooks` | the webhooks |
| `GET /_fake/events`, `GET /_fake/webhooks?since=0&copies=1` | what happened; the signed calls of it to active hooks |
| `PUT /_fake/options` | `latency` (seconds), `quota`, `other_apps`, `scopes`, `settle_after` (requests, or null), `names_faulty_items` |
"""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from avbc.testing.example import populate
from avbc.testing.fakestore.faults import fault_kind
from avbc.testing.fakestore.http import StoreResponse, no_content, ok
from avbc.testing.fakestore.store import FakeStore
from avbc.testing.values import Row, as_list, as_row, as_rows, is_row, loads, text, whole

CONTROL = "/_fake/"
"""Where every control address begins."""

_SHOWN = [
    "id",
    "status_id",
    "status",
    "staff_notes",
    "payment_status",
    "date_created",
    "date_modified",
    "is_deleted",
    "total_inc_tax",
]


def control(store: FakeStore, method: str, target: str, body: bytes) -> StoreResponse:
    """Answer a control request; 400 with the reason where it makes no sense."""
    parts = urlsplit(target)
    name, _, order_id = parts.path.removeprefix(CONTROL).rstrip("/").partition("/")
    params = {key: int(values[-1]) for key, values in parse_qs(parts.query).items()}
    try:
        wish = loads(body) if body else None
        answer = _goods(store, f"{method} {name}", wish) or _afterwards(
            store, f"{method} {name}", order_id, wish, params
        )
        return answer or _answer(store, f"{method} {name}", order_id, wish)
    except (KeyError, ValueError, TypeError) as error:
        return ok({"error": f"{type(error).__name__}: {error}"}, 400)


def state_of(store: FakeStore) -> Row:
    """Return the store's state: what `GET /_fake/state` answers."""
    orders = [
        {key: order.header.get(key) for key in _SHOWN}
        for _, order in sorted(store.state.orders.items())
    ]
    return {
        "orders": orders,
        "customers": len(store.state.customers),
        "requests": len(store.log),
        "refused": store.quota.refused,
    }


def _answer(store: FakeStore, name: str, order_id: str, body: object) -> StoreResponse:
    match name:
        case "GET state":
            return ok(state_of(store))
        case "GET counts":
            return ok(store.counts())
        case "GET log":
            return ok([_entry(store, index) for index in range(len(store.log))])
        case "DELETE log":
            store.clear_log()
        case "GET faults":
            return ok(
                [
                    {
                        "match": fault.match,
                        "kind": fault.kind,
                        "seen": fault.seen,
                        "hits": fault.hits,
                    }
                    for fault in store.faults
                ]
            )
        case "POST faults":
            _add_fault(store, as_row(body))
        case "DELETE faults":
            store.mend()
        case "POST orders" if is_row(body):
            wish = as_row(body["example"])
            populate(
                store,
                whole(wish.get("orders", 40)),
                whole(wish.get("seed", 1)),
                whole(wish.get("first_id", 1001)),
            )
        case "POST orders":
            for order in as_rows(body):
                store.add_order(order)
        case "PUT orders":
            store.edit_order(int(order_id), **as_row(body))
        case "DELETE orders":
            store.delete_order(int(order_id))
        case "PUT options":
            _set_options(store, as_row(body))
        case _:
            return ok({"error": f"no control address {name}"}, 404)
    return no_content()


def _goods(store: FakeStore, name: str, body: object) -> StoreResponse | None:
    """Answer what is about products and stock; None for anything else."""
    catalog = store.state.catalog
    match name:
        case "GET products":
            rows: list[Row] = [
                {**row, "variants": catalog.variants_of(product_id)}
                for product_id, row in sorted(catalog.rows.items())
            ]
            return ok(rows)
        case "POST products" if is_row(body):
            wish = {
                "quantity": 0,
                "first_sku": 1,
                **{key: whole(value) for key, value in body.items() if key != "tracking"},
            }
            store.add_products(
                wish.pop("count"), tracking=text(body, "tracking") or "product", **wish
            )
        case "POST products":
            for row in as_rows(body):
                inventory = {
                    int(key): whole(quantity)
                    for key, quantity in as_row(row.get("inventory") or {}).items()
                }
                store.add_product(
                    {key: value for key, value in row.items() if key != "inventory"}, inventory
                )
        case "GET inventory":
            return ok(
                {
                    str(location["id"]): store.inventory(whole(location["id"]))
                    for location in store.state.locations
                }
            )
        case "PUT inventory":
            for location_id, levels in as_row(body).items():
                for sku, quantity in as_row(levels).items():
                    store.set_inventory(sku, whole(quantity), int(location_id))
        case "POST locations":
            wished = as_row(body)
            store.add_location(
                text(wished, "code"),
                text(wished, "label"),
                enabled=bool(wished.get("enabled", True)),
            )
        case _:
            return None
    return no_content()


def _afterwards(
    store: FakeStore, name: str, order_id: str, body: object, params: dict[str, int]
) -> StoreResponse | None:
    """Answer what is about payments, shipments, refunds, customers and webhooks; None for anything else."""
    orders = [order for _, order in sorted(store.state.orders.items())]
    match name:
        case "POST settle":
            return ok({"settled": store.settle()})
        case "GET payments":
            payments: list[Row] = [
                {
                    "id": order.id,
                    "payment_status": order.header["payment_status"],
                    "transactions": order.transactions,
                }
                for order in orders
            ]
            return ok(payments)
        case "PUT payments":
            store.set_payment_result(int(order_id), text(as_row(body), "result"))
        case "GET shipments":
            return ok([shipment for order in orders for shipment in order.shipments])
        case "GET refunds":
            return ok([refund for order in orders for refund in order.refunds])
        case "POST refunds":
            return ok(_refund(store, int(order_id), as_row(body or {})))
        case "GET customers":
            return ok([customer for _, customer in sorted(store.state.customers.items())])
        case "POST customers":
            for customer in as_rows(body):
                store.add_customer(customer)
        case "GET hooks":
            return ok([hook for _, hook in sorted(store.state.hooks.items())])
        case "GET events":
            return ok(
                [
                    {"number": event.number, "scope": event.scope, "data": event.data}
                    for event in store.events
                ]
            )
        case "GET webhooks":
            calls = store.webhook_calls(
                since=params.get("since", 0), copies=params.get("copies", 1)
            )
            rows: list[Row] = [
                {
                    "scope": call.scope,
                    "destination": call.destination,
                    "headers": dict(call.headers),
                    "body": call.body.decode(),
                }
                for call in calls
            ]
            return ok(rows)
        case _:
            return None
    return no_content()


def _refund(store: FakeStore, order_id: int, wish: Row) -> Row:
    unknown = wish.keys() - {
        "items",
        "wrapping",
        "shipping",
        "handling",
        "fees",
        "amount",
        "payments",
        "reason",
    }
    if unknown:
        raise ValueError(f"a refund has no {min(unknown)!r}")
    return store.refund(
        order_id,
        items={
            int(line_id): whole(quantity)
            for line_id, quantity in as_row(wish.get("items", {})).items()
        },
        wrapping=[whole(line_id) for line_id in as_list(wish.get("wrapping", []))],
        shipping={
            int(address_id): Decimal(str(amount))
            for address_id, amount in as_row(wish.get("shipping", {})).items()
        },
        handling={
            int(address_id): Decimal(str(amount))
            for address_id, amount in as_row(wish.get("handling", {})).items()
        },
        fees=[whole(fee_id) for fee_id in as_list(wish.get("fees", []))],
        amount=Decimal(str(wish.get("amount", 0))),
        payments=[
            (str(provider), Decimal(str(amount)))
            for provider, amount in map(as_list, as_list(wish.get("payments", [])))
        ],
        reason=text(wish, "reason"),
    )


def _entry(store: FakeStore, index: int) -> Row:
    entry = store.log[index]
    return {
        "number": entry.number,
        "name": entry.name,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "body": entry.body.decode(errors="replace"),
        "status": entry.status,
        "fault": entry.fault,
        "at": entry.at,
    }


def _add_fault(store: FakeStore, wish: Row) -> None:
    reset_ms, seconds = wish.get("reset_ms"), wish.get("seconds")
    store.fail(
        text(wish, "match") or "*",
        fault_kind(text(wish, "kind")),
        times=whole(wish.get("times", 1)),
        at=whole(wish.get("at", 1)),
        reset_ms=None if reset_ms is None else whole(reset_ms),
        seconds=None if seconds is None else float(str(seconds)),
    )


def _set_options(store: FakeStore, wish: Row) -> None:
    for key, value in wish.items():
        match key:
            case "latency":
                store.latency = float(str(value))
            case "quota":
                store.quota.limit = whole(value)
            case "other_apps":
                store.quota.others = whole(value)
            case "scopes":
                store.scopes = {str(scope) for scope in as_list(value)}
            case "settle_after":
                store.state.settle_after = None if value is None else whole(value)
            case "names_faulty_items":
                store.state.names_faulty_items = bool(value)
            case _:
                known = "latency, quota, other_apps, scopes, settle_after and names_faulty_items"
                raise ValueError(f"no option {key!r}: there are {known}")
