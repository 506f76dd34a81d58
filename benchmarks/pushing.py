"""Requests of pushes from the books to the store, and of following what happens there.

They are compared with the fewest that BigCommerce's API allows (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from example import joined, write_products
from figure import Figure, counted

from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.orchestrator import SCHEDULE
from avbc.testing import FakeStore, OrderFactory, Payment, item
from avbc.testing.example import plain_orders, populate

HELD = {"credit_card_transactions_are_preauthorizations": True}
SENT = {"push_shipments": True}


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    yield from _quantities(10 if quick else 10_000)
    yield from _details(10 if quick else 1_000)
    yield _statuses(2 if quick else 60)
    if not quick:
        yield _statuses(500)
    yield from _held_payments(4 if quick else 100)
    yield _shipments(2 if quick else 60)
    yield _quiet_cycle(2 if quick else 40)


def _quantities(count: int) -> Iterator[Figure]:
    store = FakeStore()
    store.add_products(count)
    with joined(store) as (web, books, folder):
        write_products(books, folder, count, price="9.95", quantity=5)
        web.push_products()
        web.push_inventory()
        write_products(books, folder, count, price="9.95", quantity=6)
        store.clear_log()
        report = web.push_inventory()
        assert len(report.sent) == count, report
        writes, looks = (
            store.counts()["PUT /v3/inventory/adjustments/absolute"],
            store.counts()["GET /v2/orders/count"],
        )
        assert report.requests == writes + looks
        yield counted(
            f"requests to push {count:,} quantities that changed",
            writes,
            {"writes": -(-count // 2_000)},
        )
        yield counted("and to look at the orders that wait meanwhile", looks, {"count": 1})
        yield counted(
            f"requests to push {count:,} quantities that did not", web.push_inventory().requests, {}
        )


def _details(count: int) -> Iterator[Figure]:
    store = FakeStore()
    store.add_products(count)
    with joined(store) as (web, books, folder):
        for name, price, floor in [
            ("looked up", "9.95", {"lists": -(-count // 250), "writes": count // 10}),
            ("known", "8.95", {"writes": count // 10}),
        ]:
            write_products(books, folder, count, price=price, quantity=5)
            report = web.push_products()
            assert len(report.sent) == count, report
            yield counted(
                f"requests for the details of {count:,} products, ids {name}",
                report.requests,
                floor,
            )


def _statuses(count: int) -> Figure:
    store = FakeStore()
    for order in plain_orders(count):
        store.add_order(order)
    with joined(store) as (web, books, _):
        for outcome in web.import_orders().imported:
            books.set_order_status(outcome.import_id, "Shipped/Invoice")
        report = web.push_order_statuses()
        assert len(report.sent) == count, report
        return counted(
            f"requests to push {count} order statuses",
            report.requests,
            {"looks": _looks(count), "statuses": count},
        )


def _looks(count: int) -> int:
    """Orders are looked at before something is sent, those near each other with one request."""
    return -(-count // 249)


def _held_payments(count: int) -> Iterator[Figure]:
    """Authorized payments: a half is captured by hand and followed, a half by AcctVantage."""
    store, factory = FakeStore(), OrderFactory()
    held = Payment("Credit Card", "authorizenet", "authorized")
    for _ in range(count):
        store.add_order(factory.order([item("MUG-RED")], payment=held, created=datetime.now(UTC)))
    with joined(store, screens={"gl": HELD}) as (web, books, _):
        web.import_orders()
        web.follow_orders()
        receipts = books.receipts()
        half = count // 2
        for receipt in receipts[:half]:
            order_id = int(receipt.order_import_id[3:])
            store.request("POST", f"/v3/orders/{order_id}/payment_actions/capture")
        store.settle()
        report = web.follow_orders()
        assert len(report.sent) == half, report
        yield counted(
            f"requests to follow {half} payments that were captured",
            report.requests,
            {"pages": 1, "transactions": half},
        )
        for receipt in receipts[half:]:
            books.want_capture(receipt.import_id)
        report = web.capture_payments()
        left = count - half
        yield counted(
            f"requests to capture {left} payments",
            report.requests,
            {"looks": 2 * _looks(left), "captures": left},
        )


def _shipments(count: int) -> Figure:
    store = FakeStore()
    for order in plain_orders(count):
        store.add_order(order)
    with joined(store, screens={"shipping": SENT}) as (web, books, _):
        web.import_orders()
        orders = books.sales_orders()
        for number, order in enumerate(orders, 1):
            items = tuple(
                ShippedItem(line.store_line_id, line.quantity)
                for line in order.lines
                if line.store_line_id is not None
            )
            books.add_shipment(Shipment(number, order.import_id, items, carrier="UPS"))
        report = web.push_shipments()
        assert len(report.sent) == count, report
        # The list of what was shipped and the shipment for each, and one look at each 32 orders.
        return counted(
            f"requests to push the shipments of {count} orders",
            report.requests,
            {"looks": -(-count // 32), "lists of shipments": count, "shipments": count},
        )


def _quiet_cycle(count: int) -> Figure:
    store = FakeStore()
    populate(store, orders=0)
    for order in plain_orders(count):
        store.add_order(order)
    with joined(store) as (web, _, _folder):
        jobs = [job for job in SCHEDULE if job.when(web.settings) and job.method != "check_hooks"]
        for _ in range(3):
            store.clear_log()
            for job in jobs:
                getattr(web, job.method)()
        return counted(
            "requests of a cycle in which nothing happened, the hourly look at hooks aside",
            len(store.log),
            {"pages of New orders": 1, "pages of changed orders": 1},
        )


if __name__ == "__main__":
    for figure in figures():
        print(figure)
