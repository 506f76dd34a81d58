"""Requests to import orders, as the fake store counts them.

They are compared with the fewest that BigCommerce's API allows (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Unpack

import example
from figure import Figure, counted
from virtual_time import Network, VirtualTime

from avbc import BigCommerce, Orchestrator, Quota
from avbc.mapping.offline import OFFLINE
from avbc.settings import payment_method_key
from avbc.testing import Discount, FakeOrder, FakeStore, OrderFactory, OrderOptions, Payment, item
from avbc.testing.example import example_orders, populate
from avbc.testing.values import as_rows

PAGE_SIZE = 250
EMBEDDED_LINES = 50
TIME_ZONE = {"time zone": 1}
"""A process reads the store's time zone once, for the day of each order."""
TOKEN_CHECK = {"token": 1}
"""A process asks once whether its token may set statuses: before that is known, no order may be in
the books."""
_PERCENTAGE = 1
_KNOWN_COUPONS = {"SAVE5", "TEN"}
"""Promotions of the example books: only a coupon that is none of them must be read for its type."""


def floor(orders: Sequence[FakeOrder]) -> dict[str, int]:
    """The fewest requests for these orders, all of them New."""
    readable = [order for order in orders if order.header["total_inc_tax"] is not None]
    return {
        # An exactly full page is followed by one that is empty.
        "pages": len(orders) // PAGE_SIZE + 1,
        "transactions": sum(
            1
            for order in readable
            if order.header["payment_status"]
            and payment_method_key(str(order.header["payment_method"])) not in OFFLINE
        ),
        "lines": sum(1 for order in orders if len(order.products) > EMBEDDED_LINES),
        "coupons": _coupons(orders),
        "statuses": len(orders),
    }


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
    count = 20 if quick else PAGE_SIZE
    orders = example_orders(count)
    server = FakeStore()
    with _joined(server) as web:
        web.test_connection()
        web.import_orders()
        server.clear_log()
        web.import_orders()
        yield _figure("requests of a poll that finds nothing", server, {"pages": 1})
        populate(server, count)
        web.import_orders()
        yield _figure(
            f"requests to import {count} orders of every shape",
            server,
            {**floor(orders), **TIME_ZONE},
        )
    populate(server, count, first_id=10_001)
    with _joined(server) as web:
        web.import_orders()
        yield _figure(
            "the same as the first thing in a new process",
            server,
            {**floor(orders), **TIME_ZONE, **TOKEN_CHECK},
        )
    server, factory = FakeStore(), OrderFactory()
    orders = [factory.order([item("MUG-RED")], payment=Payment()) for _ in range(count)]
    server.add_orders(orders)
    with _joined(server) as web:
        web.import_orders()
        yield _figure(
            f"requests to import {count} card orders, the first thing in a process",
            server,
            {**floor(orders), **TIME_ZONE, **TOKEN_CHECK},
        )
    yield from _webhooks()


@contextmanager
def _joined(server: FakeStore) -> Iterator[Orchestrator]:
    with (
        BigCommerce(server.api_url, "example-token", transport=server.transport()) as store,
        example.orchestrator(server.api_url, store) as (web, _),
    ):
        yield web


def _webhooks() -> Iterator[Figure]:
    """From a webhook to the books, in sequence and in all; what a process asks once was asked."""
    both, then = {"order and transactions at once": 1}, {"status": 1}
    each = {"order": 1, "transactions": 1, "status": 1}
    yield from _webhook("a card order", {**both, **then}, each)
    coupon = Discount("coupon_amount", Decimal("3.00"), "WELCOME3")
    own = {"coupons": 1}
    yield from _webhook(
        "a card order with a new coupon",
        {**both, **own, **then},
        {**each, **own},
        discounts=[coupon],
    )
    yield from _webhook(
        "a card order, the first thing in a process,",
        {**both, "token and time zone at once": 1, **then},
        {**each, **TOKEN_CHECK, **TIME_ZONE},
        is_first=True,
    )
    # They are read ahead, since the webhook does not say how it was paid.
    offline = Payment("Cash on Delivery", "", "awaiting")
    yield from _webhook("an order that is paid offline", {**both, **then}, each, payment=offline)
    # It does not say the status, and mostly it is an unfinished checkout.
    yield from _webhook("a created card order", each, each, is_created=True)


def _webhook(
    name: str,
    least: Mapping[str, int],
    in_all: Mapping[str, int],
    *,
    is_first: bool = False,
    is_created: bool = False,
    **options: Unpack[OrderOptions],
) -> Iterator[Figure]:
    server, virtual = FakeStore(), VirtualTime()
    # Each answer takes a second, and what it takes otherwise is less than that in all.
    network = Network(server, virtual, at_work=100, latency=lambda: 1.0)
    client = virtual.client(network, Quota(), server.api_url)
    with example.orchestrator(server.api_url, client) as (web, _):
        if not is_first:
            first = server.place_order([item("MUG-RED")]).id
            virtual.run(lambda: web.import_order(first))
        options["status_id"] = 11 if is_created else 0
        order = server.place_order([item("MUG-RED")], **options)
        if not is_created:
            server.edit_order(order.id, status_id=11)
        scope = f"store/order/{'created' if is_created else 'statusUpdated'}"
        *_, event = (event for event in server.events if event.scope == scope)
        call = server.webhook(event)
        began, before = virtual.seconds, network.sent
        virtual.run(lambda: web.handle_webhook(call.body, call.headers))
        assert server.order(order.id).header["status"] == "Awaiting Shipment"
        what = f"the webhook of {name} to its books"
        in_sequence = int(virtual.seconds - began)
        yield counted(f"requests in sequence from {what}", in_sequence, least)
        yield counted(f"requests in all from {what}", network.sent - before, in_all)


def _figure(name: str, server: FakeStore, least: Mapping[str, int]) -> Figure:
    sent = sum(server.counts().values())
    server.clear_log()
    return counted(name, sent, least)


if __name__ == "__main__":
    for figure in figures():
        print(figure)
