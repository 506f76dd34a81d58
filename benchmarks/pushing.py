"""Pushes from the books to the store, and what it takes to find changes.

Requests are compared with the fewest that BigCommerce's API allows.
`python benchmarks/pushing.py --push FOLDER --products 1000000` pushes the books that `--prepare
FOLDER --products 1000000` made, in this process: all quantities, then those that changed. It prints
the CPU seconds of each and by how many bytes the process's peak rose.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from figure import Figure
from memory import RAM_DISK, megabytes, peak

from avbc import BigCommerce, Orchestrator, Settings, SqlGateway
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.orchestrator import SCHEDULE
from avbc.testing import FakeStore, OrderFactory, Payment, item
from avbc.testing.example import books_toml, plain_orders, populate, settings_dict

URL = "https://api.bigcommerce.com/stores/abc123/v3/"
HELD = {"credit_card_transactions_are_preauthorizations": True}
SENT = {"push_shipments": True}
FIRST_SECONDS, LATER_SECONDS = 25.0, 5.0
"""CPU for 1,000,000 quantities."""
FIRST_PEAK = 60 * 2**20


def figures(*, quick: bool = False, full: bool = False) -> Iterator[Figure]:
    """Measure."""
    yield from _quantities(400 if quick else 10_000)
    yield from _details(40 if quick else 1_000)
    yield _statuses(10 if quick else 60)
    yield _statuses(20 if quick else 500)
    yield from _held_payments(12 if quick else 100)
    yield _shipments(10 if quick else 60)
    yield _quiet_cycle()
    yield from _finding(10_000 if quick else 1_000_000 if full else 100_000)


# Requests


def _quantities(count: int) -> Iterator[Figure]:
    store = FakeStore()
    store.add_products(count)
    with _joined(store, store.transport()) as (web, books, folder):
        _write(books, folder, count, price="9.95", quantity=5)
        web.push_products()
        web.push_inventory()
        _write(books, folder, count, price="9.95", quantity=6)
        store.clear_log()
        report = web.push_inventory()
        assert len(report.sent) == count, report
        writes, looks = (
            store.counts()["PUT /v3/inventory/adjustments/absolute"],
            store.counts()["GET /v2/orders/count"],
        )
        assert report.requests == writes + looks
        yield _counted(
            f"requests to push {count:,} quantities that changed", writes, -(-count // 2_000)
        )
        yield _counted("and to look at the orders that wait meanwhile", looks, 1)
        yield _counted(
            f"requests to push {count:,} quantities that did not", web.push_inventory().requests, 0
        )


def _details(count: int) -> Iterator[Figure]:
    store = FakeStore()
    store.add_products(count)
    with _joined(store, store.transport()) as (web, books, folder):
        for name, price, floor in [
            ("looked up", "9.95", -(-count // 250) + count // 10),
            ("known", "8.95", count // 10),
        ]:
            _write(books, folder, count, price=price, quantity=5)
            report = web.push_products()
            assert len(report.sent) == count, report
            yield _counted(
                f"requests for the details of {count:,} products, ids {name}",
                report.requests,
                floor,
            )


def _statuses(count: int) -> Figure:
    store = FakeStore()
    for order in plain_orders(count):
        store.add_order(order)
    with _joined(store, store.transport()) as (web, books, _):
        for outcome in web.import_orders().imported:
            books.set_order_status(outcome.import_id, "Shipped/Invoice")
        report = web.push_order_statuses()
        assert len(report.sent) == count, report
        return _counted(
            f"requests to push {count} order statuses", report.requests, count + _looks(count)
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
    with _joined(store, store.transport(), screens={"gl": HELD}) as (web, books, _):
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
        yield _counted(
            f"requests to follow {half} payments that were captured", report.requests, 1 + half
        )
        for receipt in receipts[half:]:
            books.want_capture(receipt.import_id)
        report = web.capture_payments()
        left = count - half
        yield _counted(
            f"requests to capture {left} payments", report.requests, left + 2 * _looks(left)
        )


def _shipments(count: int) -> Figure:
    store = FakeStore()
    for order in plain_orders(count):
        store.add_order(order)
    with _joined(store, store.transport(), screens={"shipping": SENT}) as (web, books, _):
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
        return _counted(
            f"requests to push the shipments of {count} orders",
            report.requests,
            2 * count + -(-count // 32),
        )


def _quiet_cycle() -> Figure:
    store = FakeStore()
    populate(store, orders=0)
    for order in plain_orders(40):
        store.add_order(order)
    with _joined(store, store.transport()) as (web, _, _folder):
        jobs = [job for job in SCHEDULE if job.when(web.settings) and job.method != "check_hooks"]
        for _ in range(3):
            store.clear_log()
            for job in jobs:
                getattr(web, job.method)()
        return Figure(
            "requests of a cycle in which nothing happened, the hourly look at hooks aside",
            str(len(store.log)),
            "2",
            aim="<= 2",
            met=len(store.log) <= 2,
        )


def _counted(name: str, ours: int, floor: int) -> Figure:
    return Figure(
        name,
        f"{ours:,}",
        f"floor: {floor:,}",
        ours / floor if floor else None,
        f"{floor:,}",
        ours <= floor,
    )


# Finding what changed


def _finding(count: int) -> Iterator[Figure]:
    """The first push of so many quantities, and one after 1 % of them changed."""
    with tempfile.TemporaryDirectory(dir=RAM_DISK if RAM_DISK.exists() else None) as folder:
        _child("--prepare", folder, "--products", str(count))
        first, first_peak, later, _ = map(
            float, _child("--push", folder, "--products", str(count)).split()
        )
    share = count / 1_000_000
    for name, seconds, most in (
        (f"the first push of {count:,} quantities", first, FIRST_SECONDS),
        (f"finding and pushing 1 % changes among {count:,} quantities", later, LATER_SECONDS),
    ):
        yield Figure(
            f"CPU of {name}",
            f"{seconds:.1f} s",
            "",
            aim=f"<= {most * share:.1f} s",
            met=seconds <= most * share,
        )
    yield Figure(
        f"memory (RSS) that the first push of {count:,} quantities adds",
        megabytes(first_peak),
        "",
        aim=f"<= {megabytes(FIRST_PEAK)}",
        met=first_peak <= FIRST_PEAK,
    )


def _child(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, check=True, text=True
    ).stdout


def _prepare(folder: Path, count: int) -> None:
    """Write books, in a process of its own: what it takes is not counted."""
    with _joined(None, httpx.MockTransport(_taken), folder) as (_, books, _place):
        _write(books, folder, count, price="9.95", quantity=5)


def _push(folder: Path, count: int) -> None:
    with _joined(None, httpx.MockTransport(_taken), folder) as (web, books, _):
        spent = [*_pushed(web, count)]
        _write(books, folder, count, price="9.95", quantity=6, step=100)
        print(*spent, *_pushed(web, -(-count // 100)))


def _pushed(web: Orchestrator, count: int) -> tuple[float, int]:
    """CPU seconds of a push, and by how much the process's peak rose."""
    before, began = peak(), time.process_time()
    report = web.push_inventory()
    assert len(report.sent) == count, report
    return time.process_time() - began, peak() - before


def _taken(request: httpx.Request) -> httpx.Response:
    """A store that takes all quantities. A fake store of a million products takes most memory."""
    if request.url.path.endswith("/locations"):
        return httpx.Response(
            200, json={"data": [{"id": 1, "code": "MAIN", "enabled": True}], "meta": {}}
        )
    if request.url.path.endswith("/count"):
        return httpx.Response(200, json={"count": 0, "statuses": []})
    return httpx.Response(200, json={"transaction_id": "1"})


# Books


@contextmanager
def _joined(
    store: FakeStore | None,
    transport: httpx.BaseTransport,
    place: Path | None = None,
    screens: Mapping[str, Mapping[str, object]] | None = None,
) -> Iterator[tuple[Orchestrator, SqlGateway, Path]]:
    """Join a store to books in a folder: the example's reference data and no products."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = place or Path(temporary)
        reference = folder / "books.toml"
        reference.write_text(
            _reference() if store is None or not store.state.orders else books_toml,
            encoding="utf-8",
        )
        url = URL if store is None else store.api_url
        with (
            SqlGateway(f"sqlite:///{folder}/books.db") as books,
            BigCommerce(url, "example-token", transport=transport) as client,
        ):
            books.load(reference)
            settings = {
                name: {**values, **(screens or {}).get(name, {})}
                for name, values in settings_dict(url).items()
            }
            with Orchestrator(Settings.from_dict(settings), books, store=client) as web:
                yield web, books, folder


def _reference() -> str:
    head, _, _ = books_toml.partition("products = [")
    return head


def _write(
    books: SqlGateway, folder: Path, count: int, *, price: str, quantity: int, step: int = 1
) -> None:
    """Write products and their quantities on hand, named as `FakeStore.add_products` names them.

    With `step` only every so many-th of them.
    """
    products, quantities = folder / "products.csv", folder / "quantities.csv"
    skus = [_sku(number) for number in range(0, count, step)]
    with products.open("w", encoding="utf-8") as file:
        file.write("part_number,name,product_class,list_price,weight\n")
        file.writelines(f"{sku},Product {sku},Goods,{price},1\n" for sku in skus)
    with quantities.open("w", encoding="utf-8") as file:
        file.write("part_number,warehouse,quantity\n")
        file.writelines(f"{sku},Main,{quantity}\n" for sku in skus)
    books.load_products(products)
    books.load_quantities(quantities)


def _sku(number: int) -> str:
    return f"SKU-{number + 1:06d}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--prepare", type=Path)
    parser.add_argument("--push", type=Path)
    parser.add_argument("--products", type=int, default=1_000_000)
    asked = parser.parse_args()
    if asked.prepare is not None:
        _prepare(asked.prepare, asked.products)
    elif asked.push is not None:
        _push(asked.push, asked.products)
    else:
        for figure in figures():
            print(figure)
