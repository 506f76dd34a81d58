"""What a test asks a served store about itself, under `/_fake/`: no token, no quota, no latency, not in the log.

| request | does |
| --- | --- |
| `GET /_fake/state` | orders with status, notes and dates; how many requests came, how many got a 429 |
| `GET /_fake/counts` | requests by call |
| `GET /_fake/log`, `DELETE /_fake/log` | every request; forget them |
| `GET`, `POST`, `DELETE /_fake/faults` | the faults with their hits; add one (the arguments of `FakeStore.fail`); forget them |
| `POST /_fake/orders` | add orders: a list of them as the API shows them, or `{"example": {"orders": 40, "seed": 1, "first_id": 2001}}` |
| `PUT`, `DELETE /_fake/orders/{id}` | edit an order's header as a person would; remove it for good |
| `PUT /_fake/options` | `latency` (seconds), `quota`, `other_apps`, `scopes` |
"""

from __future__ import annotations

from urllib.parse import urlsplit

from avbc.testing.example import populate
from avbc.testing.faults import fault_kind
from avbc.testing.http import StoreResponse, no_content, ok
from avbc.testing.store import FakeStore
from avbc.testing.values import Row, as_list, as_row, as_rows, is_row, loads, text, whole

CONTROL = "/_fake/"
"""Where every control address begins."""

_SHOWN = ["id", "status_id", "status", "staff_notes", "payment_status", "date_created", "date_modified", "is_deleted", "total_inc_tax"]


def control(store: FakeStore, method: str, target: str, body: bytes) -> StoreResponse:
    """Answer a control request; 400 with the reason where it makes no sense."""
    path = urlsplit(target).path.removeprefix(CONTROL).rstrip("/")
    name, _, order_id = path.partition("/")
    try:
        return _answer(store, f"{method} {name}", order_id, loads(body) if body else None)
    except (KeyError, ValueError, TypeError) as error:
        return ok({"error": f"{type(error).__name__}: {error}"}, 400)


def state_of(store: FakeStore) -> Row:
    """Return the store's state: what `GET /_fake/state` answers."""
    orders = [{key: order.header.get(key) for key in _SHOWN} for _, order in sorted(store.state.orders.items())]
    return {"orders": orders, "customers": len(store.state.customers), "requests": len(store.log), "refused": store.quota.refused}


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
            return ok([{"match": fault.match, "kind": fault.kind, "seen": fault.seen, "hits": fault.hits} for fault in store.faults])
        case "POST faults":
            _add_fault(store, as_row(body))
        case "DELETE faults":
            store.mend()
        case "POST orders" if is_row(body):
            wish = as_row(body["example"])
            populate(store, whole(wish.get("orders", 40)), whole(wish.get("seed", 1)), whole(wish.get("first_id", 1001)))
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
            case _:
                raise ValueError(f"no option {key!r}: there are latency, quota, other_apps and scopes")
