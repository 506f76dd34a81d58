"""Requests of each job, as the fake store counts them, against the floor that is derived for it.

docs/performance.md derives the floors. What a process asks once is asked before, unless a name says
otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Unpack

from example import joined, load_clients, write_products
from figure import Figure, counted

from avbc import Orchestrator, SqlGateway
from avbc.clock import Clock
from avbc.testing import Discount, FakeStore, OrderFactory, OrderOptions, Payment, item
from avbc.testing.example import books_toml, populate, settings_dict
from avbc.testing.values import whole

LISTED, WINDOW = 250, 249
"""Orders, products or emails in one request; ids that one list of neighbors covers."""
FOLLOWED_REFUNDS, IMPORTED_REFUNDS = 32, 200
"""Orders whose refunds one request lists: in `follow_orders`, and in `import_refunds`."""
CUSTOMERS = PRODUCTS = 10
"""That one request writes."""
PAGE = {"pages": 1}
SETUP = {"lists": 5, "settings": 2, "recent orders": 1, "products": 1, "hooks": 1}
"""What `check_setup` asks for, with one page of each list: statuses, payment methods, zones, their
shipping methods, and locations."""
CONNECTION = {"clock": 1, "scopes": 8}

_BOOKS = books_toml.replace("receipt_types = [", 'receipt_types = ["Wire", ')
_WIRE = Payment("Wire", "", "awaiting")
_HELD = Payment("Credit Card", "authorizenet", "authorized")


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    few = 3 if quick else 60
    yield from _imports(few)
    yield from _following(few)
    yield from _refunds(few)
    yield from _checks(few)
    yield _waiting_goods()
    yield from _previews(10 if quick else 1_000)
    yield from _exports(15 if quick else 300)


@contextmanager
def _store(
    screens: Mapping[str, object] | None = None, clock: Clock | None = None
) -> Iterator[tuple[FakeStore, Orchestrator, SqlGateway]]:
    """A store and books that were joined before: what a process asks once was asked."""
    tables = settings_dict("")["gl"]["payment_methods"]
    assert isinstance(tables, list)
    wire = {"bigcommerce": "Wire", "receipt_type": "Wire"}
    own = {"gl": {"payment_methods": [*tables, wire]}, **(screens or {})}
    store = FakeStore()
    with joined(store, screens=own, reference=_BOOKS, clock=clock or Clock()) as (web, books, _):
        store.place_order([item("MUG-RED")], created=datetime.now(UTC))
        web.import_orders()
        web.follow_orders()
        yield store, web, books


def _add(store: FakeStore, count: int, **options: Unpack[OrderOptions]) -> list[int]:
    """Add New orders of one line each; returns their ids, which are neighbors."""
    factory = OrderFactory(first_id=1002)
    options = {"created": datetime.now(UTC), "status_id": 11, **options}
    orders = [factory.order([item("MUG-RED")], **options) for _ in range(count)]
    return [order.id for order in store.add_orders(orders)]


def _sent(store: FakeStore, work: Callable[[], object]) -> int:
    store.clear_log()
    work()
    return len(store.log)


def _up(count: int, size: int) -> int:
    return -(-count // size)


# Importing


def _imports(count: int) -> Iterator[Figure]:
    pages, statuses = {"pages": count // LISTED + 1}, {"statuses": count}
    with _store() as (store, web, _):
        store.set_options(embeds=False)
        _add(store, count)
        name = f"requests to import {count} card orders that come with links"
        yield counted(
            name,
            _sent(store, web.import_orders),
            {**pages, "transactions": count, "parts": 3 * count, **statuses},
        )
    with _store() as (store, web, _):
        _add(store, count, payment=_WIRE)
        name = f"requests to import {count} orders by a method that no gateway handles"
        yield counted(
            name, _sent(store, web.import_orders), {**pages, "transactions": 2 * count, **statuses}
        )
    for kind, code in (("coupon_amount", "WELCOME3"), ("promotion", "SPRING")):
        with _store() as (store, web, _):
            discount = Discount(kind, Decimal(3), code)
            _add(store, count, discounts=[discount])
            name = (
                f"requests to import {count} card orders with one new {kind.partition('_')[0]} code"
            )
            least = {**pages, "transactions": count, "coupons": 1, **statuses}
            yield counted(name, _sent(store, web.import_orders), least)
    with _store() as (store, web, _):
        made, few = OrderFactory(first_id=1002, created=datetime.now(UTC)), min(count, 10)
        store.add_orders([made.order([item("MUG-RED")] * 60) for _ in range(few)])
        name = f"requests to import {few} card orders of 60 lines"
        least = {"pages": 1, "transactions": few, "lines": few, "statuses": few}
        yield counted(name, _sent(store, web.import_orders), least)
    row = {"bigcommerce": "Wire", "receipt_type": "Wire", "offline": True}
    with _store({"gl": {"payment_methods": [row]}}) as (store, web, _):
        _add(store, count, payment=_WIRE)
        name = f"requests to import {count} orders by a method whose row says that it is offline"
        yield counted(name, _sent(store, web.import_orders), {**pages, **statuses})
    with _store({"order_status": {"channels": [1]}}) as (store, web, _):
        _add(store, count)
        name = f"requests to import {count} card orders of one channel"
        yield counted(
            name, _sent(store, web.import_orders), {**pages, "transactions": count, **statuses}
        )
    held = {"bigcommerce": "Credit Card", "receipt_type": "Visa/MC", "import_when": "paid"}
    with _store({"gl": {"payment_methods": [held]}}) as (store, web, _):
        _add(store, count, payment=_HELD)
        name = f"requests of a poll while {count} orders wait by `import_when`"
        yield counted(name, _sent(store, web.import_orders), pages)


# Following


def _following(count: int) -> Iterator[Figure]:
    moment = datetime.now(UTC)
    clock = Clock(now=lambda: moment)
    windows = _up(count + 1, WINDOW)
    with _store(clock=clock) as (store, web, _):
        order_ids = _add(store, count)
        web.import_orders()
        web.follow_orders()
        yield counted(
            "requests of `follow_orders` that finds nothing", _sent(store, web.follow_orders), PAGE
        )
        _edit(store, order_ids, staff_notes="Call the shopper.")
        name = f"requests to follow {count} orders with other staff notes"
        yield counted(name, _sent(store, web.follow_orders), PAGE)
        moment += timedelta(minutes=61)
        name = f"requests of `follow_orders`, which lists {count} open orders once an hour"
        yield counted(name, _sent(store, web.follow_orders), {**PAGE, "open orders": windows})
    for status in ("", "capture pending"):
        with _store() as (store, web, _):
            order_ids = _add(store, count)
            web.import_orders()
            _edit(store, order_ids, payment_status=status)
            name = (
                f"requests to follow {count} orders whose `payment_status` is {status or 'empty'}"
            )
            yield counted(name, _sent(store, web.follow_orders), {**PAGE, "transactions": count})
            name = "the same, in the next cycle"
            yield counted(name, _sent(store, web.follow_orders), {**PAGE, "transactions": count})
    with _store() as (store, web, _):
        order_ids = _add(store, count)
        web.import_orders()
        web.follow_orders()
        _edit(store, order_ids, is_deleted=True)
        name = f"requests to follow {count} orders that were archived"
        yield counted(name, _sent(store, web.follow_orders), {**PAGE, "orders": count})
    with _store() as (store, web, _):
        made, few = OrderFactory(first_id=2001, created=moment), min(count, 10)
        store.add_orders([made.order([item("MUG-RED")] * 60) for _ in range(few)])
        web.import_orders()
        web.follow_orders()
        for order_id in range(2001, 2001 + few):
            store.remove_line(order_id, whole(store.order(order_id).products[0]["id"]))
        name = f"requests to follow {few} orders of 60 lines that lost one"
        yield counted(name, _sent(store, web.follow_orders), {**PAGE, "lines": few})
    with _store({"order_status": {"updates": "pull"}}) as (store, web, _):
        yield counted(
            "requests of `pull_order_statuses`", _sent(store, web.pull_order_statuses), PAGE
        )
        store.clear_log()
        web.follow_orders()
        name = "requests of `pull_order_statuses` after `follow_orders`"
        yield counted(name, _sent(store, web.pull_order_statuses), {})


def _edit(store: FakeStore, order_ids: list[int], **changes: object) -> None:
    for order_id in order_ids:
        store.edit_order(order_id, **changes)


def _refunds(count: int) -> Iterator[Figure]:
    for imports in (False, True):
        with _store({"gl": {"import_refunds": imports}}) as (store, web, _):
            order_ids = _add(store, count)
            web.import_orders()
            web.follow_orders()
            for order_id in order_ids:
                store.refund(order_id, amount=Decimal(1))
            if not imports:
                least = {**PAGE, "refunds": _up(count, FOLLOWED_REFUNDS)}
                name = f"requests to follow {count} refunds that are not imported"
                yield counted(name, _sent(store, web.follow_orders), least)
                continue
            web.follow_orders()
            lists = {"refunds": _up(count, IMPORTED_REFUNDS)}
            name = f"requests to import {count} refunds, after `follow_orders`"
            yield counted(
                name, _sent(store, web.import_refunds), {**lists, "looks": _up(count, WINDOW)}
            )
            web.follow_orders()
            name = "the same, in the next cycle, without another refund"
            yield counted(name, _sent(store, web.import_refunds), lists)


# Checks


def _checks(count: int) -> Iterator[Figure]:
    since = datetime.now(UTC) - timedelta(days=1)
    with _store() as (store, web, _):
        _add(store, count)
        web.import_orders()
        pages = {"pages": (count + 1) // LISTED + 1}
        name = f"requests to reconcile {count + 1} orders"
        yield counted(name, _sent(store, lambda: web.reconcile(since=since)), pages)
        name = f"requests to backtest {count + 1} orders"
        yield counted(name, _sent(store, lambda: web.backtest(web.settings, since=since)), pages)
        yield counted("requests of `check_setup`", _sent(store, web.check_setup), SETUP)
        yield counted(
            "requests of `test_connection`", _sent(store, web.test_connection), CONNECTION
        )
        web.register_webhooks("https://shop.example.com/webhooks")
        yield counted("requests of `check_hooks`", _sent(store, web.check_hooks), {"hooks": 1})
    with joined(store := FakeStore()) as (web, _, _folder):
        day = date.today()  # noqa: DTZ011, any day
        name = "requests to reconcile since a date, the first thing in a process"
        yield counted(
            name, _sent(store, lambda: web.reconcile(since=day)), {**PAGE, "time zone": 1}
        )


# Products and clients


def _waiting_goods() -> Figure:
    store, now = FakeStore(), datetime.now(UTC)
    populate(store, orders=0)
    with joined(store, reference=books_toml) as (web, books, _):
        web.push_products()
        # It is in Awaiting Shipment then.
        store.place_order([item("MUG-RED")], created=now)
        web.import_orders()
        web.push_inventory()
        # New, Awaiting Payment and Manual Verification; the goods of one in Shipped have left.
        for status_id in (11, 7, 12, 2):
            store.place_order([item("MUG-RED")], status_id=status_id, created=now)
        books.set_quantity("MUG-RED", "Main", 50)
        name = "requests to push one quantity while orders wait in four statuses"
        return counted(
            name, _sent(store, web.push_inventory), {"count": 1, "pages": 4, "writes": 1}
        )


def _previews(count: int) -> Iterator[Figure]:
    store = FakeStore()
    store.add_products(count)
    with joined(store) as (web, books, folder):
        lists = {"reads": _up(count, LISTED)}
        for name, price in (("looked up", "9.95"), ("known", "9.96")):
            write_products(books, folder, count, price=price, quantity=5)
            sent = _sent(store, lambda: web.push_products(preview=True))
            least = lists if name == "known" else {"lists": _up(count, LISTED), **lists}
            yield counted(f"requests to preview {count:,} products, ids {name}", sent, least)
            web.push_products()


def _exports(count: int) -> Iterator[Figure]:
    """A third is in the store already, under another name."""
    store, there = FakeStore(), count // 3
    for number in range(there):
        store.add_customer({"email": f"c{number}@example.com", "first_name": "A", "last_name": "B"})
    with joined(store) as (web, books, _):
        load_clients(books, count)
        lists = _up(count, LISTED)
        least = {
            "lists": lists,
            "new": _up(count - there, CUSTOMERS),
            "updates": _up(there, CUSTOMERS),
            "addresses": _up(there, CUSTOMERS),
        }
        name = f"requests to export {count} clients, of whom the store has {there}"
        yield counted(name, _sent(store, web.export_clients), least)
        again = _sent(store, lambda: web.export_clients([each.id or 0 for each in books.clients()]))
        name = f"requests to export {count} clients that are as in the store"
        yield counted(name, again, {"lists by email": lists, "lists by id": lists})


if __name__ == "__main__":
    for figure in figures():
        print(figure)
