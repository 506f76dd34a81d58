"""Requests to import orders, as the fake store counts them.

They are compared with the fewest that BigCommerce's API allows (docs/performance.md).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from decimal import Decimal

import attrs
import example
import httpx
from figure import Figure, compared

from avbc import BigCommerce
from avbc.clock import Clock
from avbc.mapping.offline import OFFLINE
from avbc.orchestrator.jobs.import_orders import CHUNK
from avbc.settings import payment_method_key
from avbc.testing import (
    Discount,
    FakeOrder,
    FakeStore,
    OrderFactory,
    Payment,
    StoreProcess,
    item,
)
from avbc.testing.example import example_orders, populate
from avbc.testing.values import as_rows

PAGE_SIZE = 250
EMBEDDED_LINES = 50
TIME_ZONE = 1
"""A process reads the store's time zone once, for the day of each order."""
_PERCENTAGE = 1
_KNOWN_COUPONS = {"SAVE5", "TEN"}
"""Promotions of the example books: only a coupon that is none of them must be read for its type."""


def floor(orders: Sequence[FakeOrder]) -> int:
    """The fewest requests for these orders, all of them New."""
    pages = len(orders) // PAGE_SIZE + 1  # An exactly full page is followed by one that is empty.
    readable = [order for order in orders if order.header["total_inc_tax"] is not None]
    payments = sum(
        1
        for order in readable
        if order.header["payment_status"]
        and payment_method_key(str(order.header["payment_method"])) not in OFFLINE
    )
    cut = sum(1 for order in orders if len(order.products) > EMBEDDED_LINES)
    return pages + payments + cut + _coupons(orders) + len(orders)


def _coupons(orders: Sequence[FakeOrder]) -> int:
    """Orders whose coupons must be read.

    The first with a new code, and those with a percentage and other discounts.
    """
    known = set(_KNOWN_COUPONS)
    count = 0
    for order in orders:
        codes = {str(row["code"]) for row in order.coupons}
        several = {
            str(row["id"]) for line in order.products for row in as_rows(line["applied_discounts"])
        }
        count += not codes <= known or (
            len(several) > 1 and any(row["type"] == _PERCENTAGE for row in order.coupons)
        )
        known |= codes
    return count


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    count = 60 if quick else PAGE_SIZE
    orders = example_orders(count)
    with StoreProcess(orders=0) as server:
        with example.orchestrator(server.api_url) as (web, _):
            web.test_connection()
            web.import_orders()
            server.clear_log()
            web.import_orders()
            yield _figure("requests of a poll that finds nothing", server, 1)
            populate(server, count)
            web.import_orders()
            yield _figure(
                f"requests to import {count} orders of every shape",
                server,
                floor(orders) + TIME_ZONE,
                len(orders),
            )
        populate(server, count, first_id=10_001)
        with example.orchestrator(server.api_url) as (web, _):
            web.import_orders()
            # A process asks once whether its token may set statuses; an order must not be in the
            # books before that is known.
            yield _figure(
                "the same as the first thing in a new process",
                server,
                floor(orders) + TIME_ZONE + 1,
                len(orders),
            )
    yield from _cards(count)
    yield from _webhooks()


@attrs.define
class _Sequence(httpx.BaseTransport):
    """Counts how many requests follow one another: each waits a moment, and ends after it."""

    inner: httpx.BaseTransport
    longest: int = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        place = self.longest + 1
        response = self.inner.handle_request(request)
        time.sleep(0.1)
        self.longest = max(self.longest, place)
        return response


def _webhooks() -> Iterator[Figure]:
    """From a webhook to the books: a card order, one with a new coupon, and in a new process."""
    coupon = Discount("coupon_amount", Decimal("3.00"), "WELCOME3")
    for name, discounts, is_first, least in [
        ("", [], False, 2),
        (" with a new coupon", [coupon], False, 3),
        (", the first thing in a process", [], True, 3),
    ]:
        server = FakeStore()
        sequence = _Sequence(server.transport())
        with (
            BigCommerce(server.api_url, "example-token", transport=sequence) as store,
            example.orchestrator(server.api_url, store) as (web, _),
        ):
            if not is_first:
                web.import_order(server.place_order([item("MUG-RED")]).id)
            order = server.place_order([item("MUG-RED")], discounts=discounts, status_id=0)
            server.edit_order(order.id, status_id=11)
            call = server.webhook(server.events[-1])
            sequence.longest, before = 0, store.requests_sent
            web.handle_webhook(call.body, call.headers)
            yield compared(
                f"requests in sequence from the webhook of a card order to its books{name}",
                f"{sequence.longest}, {store.requests_sent - before} in all",
                f"floor: {least}",
                sequence.longest / least,
                1.0,
            )


def _cards(count: int) -> Iterator[Figure]:
    """Orders that were all paid by card: imported fast, and a second for each request.

    Where an order was read more than five seconds before, its chunk is looked at before it is
    written.
    """
    factory = OrderFactory()
    orders = [factory.order([item("MUG-RED")], payment=Payment()) for _ in range(count)]
    for name, is_slow in [("", False), (", each chunk looked at", True)]:
        with StoreProcess(orders=0) as server:
            server.add_orders(orders)
            clock = Clock(monotonic=lambda: float(len(server.log))) if is_slow else Clock()
            with example.orchestrator(server.api_url, clock=clock) as (web, _):
                web.import_orders()
            looks = -(-count // CHUNK) if is_slow else 0
            yield _figure(
                f"requests to import {count} card orders{name}, the first thing in a process",
                server,
                floor(orders) + TIME_ZONE + 1 + looks,
                count,
            )


def _figure(name: str, server: StoreProcess, least: int, orders: int = 0) -> Figure:
    sent = sum(server.counts().values())
    server.clear_log()
    ours, fewest = f"{sent}", f"floor: {least}"
    if orders:
        ours, fewest = f"{ours} ({sent / orders:.2f} per order)", f"{fewest} ({least / orders:.2f})"
    return compared(name, ours, fewest, sent / least, 1.0)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
