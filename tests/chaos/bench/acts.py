"""What people and gateways do with orders, which a run then finds.

Merchants act in the control panel, gateways on payments, the warehouse in AcctVantage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import TypeAlias

import attrs

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Shipment, ShippedItem
from avbc.orchestrator import Orchestrator
from avbc.testing import FakeStore, OrderFactory, Payment, item
from avbc.testing.fakestore.http import Reply, StoreRequest

NEW, UNFINISHED, SHIPPED, REFUNDED, CANCELED, DECLINED, ON_ITS_WAY = 11, 0, 2, 4, 5, 6, 9
COMPLETED, DISPUTED = 10, 13
LONG_AGO = "Mon, 05 Jan 2026 10:00:00 +0000"

HELD = Payment("Credit Card", "authorizenet", "authorized")
PAID = Payment("Credit Card", "authorizenet", "paid")
OFFLINE = Payment("Cash on Delivery", "", "offline")

Act: TypeAlias = Callable[[FakeStore, int], object]


# Money


def _at_gateway(store: FakeStore, order_id: int, action: str) -> None:
    answer = store.request("POST", f"/v3/orders/{order_id}/payment_actions/{action}")
    assert answer.status == 201, answer
    store.settle()


def capture(store: FakeStore, order_id: int) -> None:
    """Capture in the control panel; the gateway does it at once."""
    _at_gateway(store, order_id, "capture")


def void(store: FakeStore, order_id: int) -> None:
    """Void in the control panel."""
    _at_gateway(store, order_id, "void")


def decline(store: FakeStore, order_id: int) -> None:
    """Ask for a capture that the gateway declines."""
    store.set_payment_result(order_id, "declined")
    _at_gateway(store, order_id, "capture")


def refund_part(store: FakeStore, order_id: int) -> None:
    """Refund one unit of the first line."""
    store.refund(order_id, items={_lines(store, order_id)[0]: 1})


# Orders


def status(status_id: int) -> Act:
    """Give an order a status by hand."""
    return lambda store, order_id: store.edit_order(order_id, status_id=status_id)


def edit(store: FakeStore, order_id: int) -> None:
    """Change the address that an order is billed to."""
    address = store.order(order_id).header["billing_address"]
    assert isinstance(address, dict)
    store.edit_order(order_id, billing_address={**address, "city": "Springfield"})


def spoil(store: FakeStore, order_id: int) -> None:
    """Make an order unreadable."""
    store.edit_order(order_id, total_inc_tax=None)


def resize(quantity: int) -> Act:
    """Sell another number of the product."""

    def act(store: FakeStore, order_id: int) -> None:
        before = store.order(order_id)
        after = OrderFactory(first_id=order_id, seed=7).order(
            [item("MUG-BLUE", quantity)], payment=PAID
        )
        for name in ("date_created", "billing_address", "customer_id"):
            after.header[name] = before.header[name]
        store.add_order(after)
        store.edit_order(order_id, status_id=before.header["status_id"])

    return act


def unknown(store: FakeStore, order_id: int) -> None:
    """Sell a product that the books do not have."""
    for line in store.order(order_id).products:
        line["sku"] = "NO-SUCH"
    store.edit_order(order_id)


def note(store: FakeStore, order_id: int) -> None:
    """Write into the staff notes."""
    store.edit_order(order_id, staff_notes="Call Ana first.")


def ship(store: FakeStore, order_id: int) -> None:
    """Ship one unit of the first line in the control panel."""
    line = store.order(order_id).products[0]
    body = {
        "order_address_id": line["order_address_id"],
        "items": [{"order_product_id": line["id"], "quantity": 1}],
    }
    path = f"/v2/orders/{order_id}/shipments"
    answer = store.request("POST", path, body=json.dumps(body).encode())
    assert answer.status == 201, answer


def archive(store: FakeStore, order_id: int) -> None:
    """Archive an order: it leaves the lists."""
    store.edit_order(order_id, is_deleted=True)


def delete(store: FakeStore, order_id: int) -> None:
    """Remove an order for good."""
    store.delete_order(order_id)


def nothing(_store: FakeStore, _order_id: int) -> None:
    """Leave an order alone."""


def _lines(store: FakeStore, order_id: int) -> list[int]:
    return [int(str(line["id"])) for line in store.order(order_id).products]


AFTER_IMPORT: Sequence[tuple[Payment, Act, Act]] = (
    (PAID, status(CANCELED), nothing),
    (HELD, status(CANCELED), nothing),
    (HELD, status(CANCELED), void),
    (OFFLINE, status(DECLINED), nothing),
    (PAID, status(DISPUTED), nothing),
    (PAID, FakeStore.refund, nothing),
    (PAID, refund_part, nothing),
    (PAID, edit, nothing),
    (HELD, capture, nothing),
    (HELD, capture, refund_part),
    (HELD, void, nothing),
    (HELD, decline, nothing),
    (PAID, ship, nothing),
    (PAID, ship, status(CANCELED)),
    (OFFLINE, status(COMPLETED), nothing),
    (PAID, archive, nothing),
    (HELD, delete, nothing),
    (PAID, spoil, nothing),
    (HELD, nothing, nothing),
)
"""How an order is paid, and what is done with it after its import."""
BEFORE_A_LOOK: Sequence[tuple[Payment, Act, Act]] = (
    (PAID, status(CANCELED), status(ON_ITS_WAY)),
    (OFFLINE, edit, nothing),
    (PAID, archive, nothing),
    (PAID, spoil, status(CANCELED)),
)
"""The same, with a run between the first and the second."""


def followed(store: FakeStore, _books: SqlGateway, web: Orchestrator) -> None:
    """Orders that were imported and followed, and went on in the store since."""
    _imported(store, web)
    web.follow_orders()
    _happens(store, web)


def never_followed(store: FakeStore, _books: SqlGateway, web: Orchestrator) -> None:
    """The same, where nothing was ever followed."""
    _imported(store, web)
    _happens(store, web)


def everything(store: FakeStore, books: SqlGateway, web: Orchestrator) -> None:
    """The same, while the warehouse goes on, and new orders come."""
    followed(store, books, web)
    for number, order in enumerate(books.sales_orders(), 1):
        goods = [line for line in order.lines if line.store_address_id is not None]
        place = ("Open", "Picked", "Shipped/Invoice")[number % 3]
        if place != "Open":
            books.set_order_status(order.import_id, place)
        if place != "Picked" and goods:
            items = (ShippedItem(goods[0].store_line_id or 0, Decimal(1)),)
            shipped_at = datetime.now(UTC) - timedelta(hours=number % 2)
            books.add_shipment(
                Shipment(
                    number,
                    order.import_id,
                    items,
                    ship_via="UPS Ground",
                    carrier="UPS",
                    shipped_at=shipped_at,
                )
            )
    for receipt in books.receipts():
        if receipt.state == "pre_authorized":
            books.want_capture(receipt.import_id)
    _place(store, [HELD, OFFLINE], first_id=7000)


def reported(store: FakeStore, _books: SqlGateway, web: Orchestrator) -> None:
    """The same, as webhooks reported it to a process that died before it acted.

    What they are about is not found without them: it is of long ago in the store.
    """
    web.register_webhooks("https://hooks.example.com/avbc")
    _imported(store, web)
    web.follow_orders()
    begin = len(store.events)
    _happens(store, web)
    placed = store.place_order([item("MUG-BLUE", 2)], payment=HELD)
    calls = store.webhook_calls(since=begin)
    for order in store.state.sorted_orders():
        if order.id != placed.id:
            order.header["date_modified"] = LONG_AGO
            store.state.put_order(order)
    # The listing of an earlier run showed these orders: not one of them counts as missing.
    journal, scope = web._integration.journal, web._integration.scope
    journal.forget_fingerprints(f"followed lately {scope}", None)
    journal.remember(f"followed all {scope}", {"at": datetime.now(UTC).isoformat()}.items())
    for call in calls:
        web.accept_webhook(call.body, call.headers)


def _imported(store: FakeStore, web: Orchestrator) -> None:
    orders = [*AFTER_IMPORT, *BEFORE_A_LOOK]
    _place(store, [payment for payment, _, _ in orders], first_id=4000)
    report = web.import_orders()
    assert len(report.imported) == len(orders), report
    if web.settings.gl.import_refunds:
        web.import_refunds()


def _place(store: FakeStore, payments: Sequence[Payment], first_id: int) -> None:
    factory = OrderFactory(seed=4, first_id=first_id)
    created = datetime.now(UTC) - timedelta(hours=2)
    for payment in payments:
        lines = [item("MUG-BLUE", 3), item("LAMP-01", 2)]
        store.add_order(factory.order(lines, payment=payment, created=created))


def _happens(store: FakeStore, web: Orchestrator) -> None:
    first = 4000 + len(AFTER_IMPORT)
    for place, (_, act, _) in enumerate(BEFORE_A_LOOK):
        act(store, first + place)
    if web._integration.journal.watermark(f"follow_orders {web._integration.scope}"):
        web.follow_orders()
    for place, (_, _, act) in enumerate(BEFORE_A_LOOK):
        act(store, first + place)
    for place, (_, act, then) in enumerate(AFTER_IMPORT):
        act(store, 4000 + place)
        then(store, 4000 + place)
    minutes_ago(store)
    unfinished = store.place_order([item("MUG-BLUE")], payment=PAID)
    store.edit_order(unfinished.id, status_id=UNFINISHED, payment_status="captured")
    # The hour is over after which all open orders are looked for.
    web._integration.journal.forget_fingerprints(f"followed all {web._integration.scope}", None)


def minutes_ago(store: FakeStore) -> None:
    """Let all changes be of some minutes before: what is of this second is looked at again."""
    at = format_datetime(datetime.now(UTC) - timedelta(minutes=10))
    for order in store.state.sorted_orders():
        order.header["date_modified"] = at
        store.state.put_order(order)


# While an import runs


BEFORE_WRITING: Sequence[tuple[Act, Act]] = (
    (nothing, nothing),
    (status(CANCELED), nothing),
    (nothing, status(CANCELED)),
    (resize(3), nothing),
    (nothing, resize(3)),
    (resize(4), resize(5)),
    (unknown, nothing),
    (nothing, archive),
    (delete, nothing),
    (nothing, note),
    (status(SHIPPED), nothing),
    (nothing, spoil),
    (spoil, resize(2)),
    (resize(6), status(CANCELED)),
)
"""What is done with an order after the list was read, and after its first payment was."""


def waiting(store: FakeStore, _books: SqlGateway, web: Orchestrator) -> None:
    """Orders that a person acts on while they are imported, two that are in the books already."""
    _place(store, [PAID, PAID], first_id=6100)
    web.import_orders()
    for order_id in (6100, 6101):
        resize(2)(store, order_id)
        store.edit_order(order_id, status_id=NEW)
    _place(store, [PAID] * len(BEFORE_WRITING), first_id=6000)


@attrs.define
class _Acted:
    """What was done."""

    listed: bool = False
    paid: bool = False


class Restless(FakeStore):
    """A store in which people act while orders are imported: once, whatever dies.

    They act after a list was answered and after the payments of its first order were, and always
    before the import looks again. What they do later is not promised to be seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self._acted = _Acted()

    def answer(self, request: StoreRequest, *, waited: bool = True) -> Reply:
        """Answer a request, then let people act."""
        reply = super().answer(request, waited=waited)
        if request.method != "GET":
            return reply
        if request.path == "/v2/orders" and "status_id=11" in request.query:
            if not self._acted.listed:
                self._acted.listed = True
                self._act([act for act, _ in BEFORE_WRITING])
                self.edit_order(6100, status_id=CANCELED)
        elif request.path == "/v3/orders/6000/transactions" and not self._acted.paid:
            self._acted.paid = True
            self._act([act for _, act in BEFORE_WRITING])
        return reply

    def _act(self, acts: Sequence[Act]) -> None:
        for place, act in enumerate(acts):
            act(self, 6000 + place)


STORES: Mapping[str, Callable[[], FakeStore]] = {"second look": Restless}
"""Stores of worlds in which people act during a run: there each look counts as long ago."""
