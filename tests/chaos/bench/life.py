"""An order's life: a store, its books, and everybody who acts on them after the import.

The merchant acts in the control panel, the warehouse in AcctVantage, the shopper and the gateway in
the store. What must hold whatever they do is in `Life.faults`.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Self, cast

import httpx

import avbc
from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Receipt, Shipment, ShippedItem
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, example, item
from avbc.testing.fakestore.faults import FaultKind

STOPPED = {4, 5, 6, 13}
PLACED_AND_PAID = {2, 3, 8, 9, 10, 11, 12, 14}
CENT = Decimal("0.01")
MAPPING = (
    {"acctvantage": "Picked", "bigcommerce": "Awaiting Pickup"},
    {"acctvantage": "Packed", "bigcommerce": "Partially Shipped"},
    {"acctvantage": "Shipped/Invoice", "bigcommerce": "Shipped"},
)
"""AcctVantage's statuses and the store's, in both directions."""
MONEY = {
    "not_in_store",
    "order_gone_from_store",
    "payment_declined_after_import",
    "payment_void_after_import",
    "receipt_amount_differs",
    "receipt_cannot_follow",
    "receipt_missing",
    "receipt_not_backed",
}
"""The items that say how the money in the store differs from the books."""
OF_THE_WAREHOUSE = {"shipped_more_than_remains", "status_unmapped"}
"""The items that come of what the warehouse does alone."""
HOOK = "https://hooks.example.com/avbc"

CARD_HELD = Payment("Credit Card", "authorizenet", "authorized")
CARD_PAID = Payment("Credit Card", "authorizenet", "paid")
CASH = Payment("Cash on Delivery", "", "offline")


_BOOKS: list[SqlGateway] = []
"""Books that no life uses now: used again, they keep their compiled statements."""


@cache
def _loaded() -> bytes:
    """Books that were filled once."""
    with tempfile.TemporaryDirectory() as folder, SqlGateway("sqlite://") as books:
        path = Path(folder) / "books.toml"
        path.write_text(example.books_toml, encoding="utf-8")
        books.load(path)
        with closing(books.engine.raw_connection()) as connection:
            return cast("sqlite3.Connection", connection.driver_connection).serialize()


class _Acting(httpx.BaseTransport):
    """The way to the store, on which somebody acts between two requests."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._life.store.handle(request)
        if request.url.path.endswith("/v2/orders") and request.method == "GET":
            acts, self._life._acts = self._life._acts, []
            for act in acts:
                act()
        return response


class Life:
    """A store joined to books, and who acts on them.

    Args:
        updates: The direction of statuses: `push`, `pull` or `off`.
        webhooks: Whether the store reports its events.
        preauthorized: Whether AcctVantage captures.
    """

    def __init__(
        self, updates: str = "push", *, webhooks: bool = False, preauthorized: bool = True
    ) -> None:
        self._stack = ExitStack()
        self.store = FakeStore(settle_after=None)
        example.populate(self.store, 0)
        self.books = _BOOKS.pop() if _BOOKS else SqlGateway("sqlite://")
        with closing(self.books.engine.raw_connection()) as connection:
            cast("sqlite3.Connection", connection.driver_connection).deserialize(_loaded())
        raw = example.settings_dict(self.store.api_url)
        changes: Mapping[str, Mapping[str, object]] = {
            "order_status": {
                "updates": updates,
                "mapping": [] if updates == "off" else list(MAPPING),
            },
            "gl": {"credit_card_transactions_are_preauthorizations": preauthorized},
            "shipping": {"sync_product_details": False, "sync_inventory_levels": False},
        }
        self.settings = Settings.from_dict(
            {name: {**values, **changes.get(name, {})} for name, values in raw.items()}
        )
        self.updates, self.webhooks = updates, webhooks
        self.reported: Counter[tuple[str, str, str]] = Counter()
        self._acts: list[Callable[[], None]] = []
        self.web = self._open()
        self._sent = 0
        """Requests that were looked at."""
        self._events = 0
        self._shipment = 0
        self.trespasses: list[str] = []
        self.touched: set[int] = set()
        """The orders on which anybody but the warehouse acted after they were placed."""
        self._booked: dict[int, str] = {}
        """The status that the warehouse gave each sales order."""
        self._present: set[tuple[str, str, str]] = set()
        """The items, in their words, at the end of the last job."""
        if webhooks:
            self.web.register_webhooks(HOOK)

    def _open(self) -> Orchestrator:
        client = self._stack.enter_context(
            BigCommerce(
                self.settings.store.api_url,
                "example-token",
                client_secret=self.settings.store.client_secret,
                transport=_Acting(self),
                retries=Retries(attempts=1),
                sleep=lambda _: None,
            )
        )
        return self._stack.enter_context(
            Orchestrator(self.settings, self.books, store=client, on_attention=self._report)
        )

    def _report(self, items: list[avbc.WorklistItem]) -> None:
        for each in items:
            text = (each.code, each.key, f"{each.message} {each.fix}")
            self.reported[text] += 1
            if text in self._present:
                self.trespasses.append(f"reported again: {each}")

    def restart(self) -> None:
        """End the process and start another: only books and journal are left."""
        self.web.close()
        self.web = self._open()

    def close(self) -> None:
        """Close what was opened, and leave the books to the next life."""
        self._stack.close()
        _BOOKS.append(self.books)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def after_first_list(self, act: Callable[[], None]) -> None:
        """Let somebody act once, right after the next list of orders was answered."""
        self._acts.append(act)

    # The shopper

    def place(self, payment: Payment = CARD_HELD, units: int = 3) -> int:
        """Place an order; returns its id."""
        order = self.store.place_order(
            [item("MUG-BLUE", units), item("LAMP-01")],
            payment=payment,
            created=datetime.now(UTC) - timedelta(minutes=5),
        )
        return order.id

    # The merchant, in the control panel

    def set_status(self, order_id: int, status_id: int) -> None:
        """Give an order a status."""
        self.touched.add(order_id)
        self.store.edit_order(order_id, status_id=status_id)

    def refund(self, order_id: int, units: int | None = None) -> None:
        """Refund all that is left, or some units of the first line."""
        self.touched.add(order_id)
        if units is None:
            self.store.refund(order_id)
        else:
            self.store.refund(order_id, items={self.line(order_id): units})

    def edit(self, order_id: int, units: int = 4) -> None:
        """Sell another number of the first product; only for orders that are paid offline."""
        self.touched.add(order_id)
        before = self.store.order(order_id)
        other = OrderFactory(first_id=order_id, seed=7).order(
            [item("MUG-BLUE", units), item("LAMP-01")], payment=CASH
        )
        for name in ("status_id", "date_created", "billing_address", "customer_id"):
            other.header[name] = before.header[name]
        self.store.add_order(other)
        self.store.edit_order(order_id, status_id=before.header["status_id"])

    def act_at_gateway(self, order_id: int, action: str) -> None:
        """Capture or void in the panel; the gateway does it at once."""
        self.touched.add(order_id)
        self.store.request("POST", f"/v3/orders/{order_id}/payment_actions/{action}")
        self.store.settle()

    def ship_by_hand(self, order_id: int, units: int = 1) -> None:
        """Ship units of the first line in the panel, which moves the status."""
        self.touched.add(order_id)
        order = self.store.order(order_id)
        line = order.products[0]
        body = {
            "order_address_id": line["order_address_id"],
            "items": [{"order_product_id": line["id"], "quantity": units}],
        }
        answer = self.store.request(
            "POST", f"/v2/orders/{order_id}/shipments", body=json.dumps(body).encode()
        )
        assert answer.status == 201, answer
        self.store.edit_order(order_id, status_id=3)

    def archive(self, order_id: int, *, archived: bool = True) -> None:
        """Archive an order, so that it leaves the lists, or bring it back."""
        self.touched.add(order_id)
        self.store.edit_order(order_id, is_deleted=archived)

    # The warehouse, in AcctVantage

    def reach(self, order_id: int, status: str) -> None:
        """Give the sales order a status."""
        self.books.set_order_status(f"WEB{order_id}", status)
        self._booked[order_id] = status

    def ship(self, order_id: int, units: int = 1, at: datetime | None = None) -> None:
        """Ship units of the first line."""
        self._shipment += 1
        self.books.add_shipment(
            Shipment(
                self._shipment,
                f"WEB{order_id}",
                items=(ShippedItem(self.line(order_id), Decimal(units)),),
                carrier="UPS",
                shipped_at=at or datetime.now(UTC),
            )
        )

    def want_capture(self, order_id: int, *, is_declined: bool = False) -> None:
        """Ask for the capture of what is pre-authorized; the gateway may decline it."""
        if is_declined:
            self.touched.add(order_id)
            self.store.set_payment_result(order_id, "declined")
        for receipt in self.receipts(order_id):
            if receipt.state == "pre_authorized":
                self.books.want_capture(receipt.import_id)

    def want_void(self, order_id: int) -> None:
        """Ask for the void of what is pre-authorized."""
        self.touched.add(order_id)
        for receipt in self.receipts(order_id):
            if receipt.state == "pre_authorized" and not receipt.capture_wanted:
                self.books.want_void(receipt.import_id)

    def delete(self, order_id: int) -> None:
        """Delete a sales order that is not posted, as the worklist advises."""
        self.touched.add(order_id)
        self.books.delete_order(f"WEB{order_id}")
        self._booked.pop(order_id, None)

    # Cycles

    def cycle(self, *, settle: bool = True) -> list[object]:
        """Let avbc do what its timer does, and the store report what happened."""
        self._sent = len(self.store.log)
        self._deliver()
        before = {number: self.is_stopped(number) for number in self.store.state.orders}
        web, jobs = self.web, list[Callable[[], object]]()
        jobs += [web.import_orders, web.follow_orders]
        if self.updates != "off":
            is_push = self.updates == "push"
            jobs.append(web.push_order_statuses if is_push else web.pull_order_statuses)
        if self.settings.gl.credit_card_transactions_are_preauthorizations:
            jobs.append(web.capture_payments)
        jobs.append(web.push_shipments)
        reports: list[object] = []
        for job in jobs:
            reports.append(job())
            self._look()
        if settle:
            self.store.settle()
        self._watch(before)
        return reports

    def _look(self) -> None:
        """Note what is on the worklist: an item that went may be reported again."""
        self._present = {
            (each.code, each.key, f"{each.message} {each.fix}") for each in self.web.worklist()
        }

    def bad_cycle(self, kind: FaultKind, at: int) -> None:
        """Let one request of a cycle fail."""
        # A window that ends at once: no play waits for the quota.
        self.store.fail("*", kind, at=at, reset_ms=1)
        with suppress(avbc.AvbcError):
            self.cycle(settle=False)
        self.store.clear_faults()

    def _deliver(self) -> None:
        calls = self.store.webhook_calls(since=self._events)
        self._events = len(self.store.events)
        for call in calls:
            self.web.handle_webhook(call.body, call.headers)
            self._look()

    def _watch(self, stopped_before: Mapping[int, bool]) -> None:
        """Note what was sent for orders that had been stopped."""
        for request in self.store.log[self._sent :]:
            parts = request.path.strip("/").split("/")
            if request.method == "GET" or len(parts) < 3 or not parts[2].isdecimal():
                continue
            order_id = int(parts[2])
            if stopped_before.get(order_id) and not request.path.endswith("/void"):
                self.trespasses.append(f"{request.method} {request.path} for a stopped order")
        self._sent = len(self.store.log)

    # What is seen

    def line(self, order_id: int) -> int:
        """The id of an order's first line."""
        return int(str(self.store.order(order_id).products[0]["id"]))

    def status(self, order_id: int) -> int:
        """The order's status in the store."""
        return int(str(self.store.order(order_id).header["status_id"]))

    def is_stopped(self, order_id: int) -> bool:
        """Whether the merchant stopped the order."""
        return self.status(order_id) in STOPPED

    def receipts(self, order_id: int) -> list[Receipt]:
        """The receipts on the sales order."""
        return self.books.receipts([f"WEB{order_id}"])

    def codes(self, order_id: int) -> set[str]:
        """The codes of the order's items on the worklist."""
        return {each.code for each in self.web.worklist().of(order_id)}

    def is_imported(self, order_id: int) -> bool:
        """Whether the books have the order."""
        return bool(self.books.sales_orders([f"WEB{order_id}"]))

    def money_in_store(self, order_id: int) -> tuple[Decimal, Decimal]:
        """What the store received at the gateway and what it holds, less what was refunded."""
        received = held = Decimal(0)
        for row in self.store.order(order_id).transactions:
            amount = Decimal(str(row["amount"]))
            match row["event"] if row["status"] == "ok" else "":
                case "purchase":
                    received += amount
                case "authorization":
                    held += amount
                case "capture":
                    held, received = Decimal(0), received + amount
                case "void":
                    held = Decimal(0)
                case _:
                    pass
        return received, held

    # What can be done

    def can_refund(self, order_id: int, units: int | None) -> bool:
        """Whether money was received for what is to be refunded."""
        order = self.store.order(order_id)
        if order.header["payment_status"] not in ("captured", "", "partially refunded"):
            return False
        line = order.products[0]
        left = int(str(line["quantity"])) - int(str(line.get("quantity_refunded", 0)))
        return left > 1 if units else not order.refunds

    def can_ship(self, order_id: int) -> bool:
        """Whether a unit of the first line is left in the store."""
        order = self.store.order(order_id)
        line = order.products[0]
        left = (
            int(str(line["quantity"]))
            - int(str(line.get("quantity_shipped", 0)))
            - int(str(line.get("quantity_refunded", 0)))
        )
        return left > 0 and not self.is_stopped(order_id) and not order.header.get("is_deleted")

    def can_delete(self, order_id: int) -> bool:
        """Whether the order was stopped and is in the books, not posted."""
        orders = self.books.sales_orders([f"WEB{order_id}"])
        return self.is_stopped(order_id) and bool(orders) and orders[0].status != "Posted"

    def can_edit(self, order_id: int) -> bool:
        """Whether an edit moves no money and nothing has left."""
        order = self.store.order(order_id)
        return not (order.transactions or order.shipments or order.refunds)

    # What must hold

    def faults(self) -> list[str]:
        """What does not hold, after cycles in which nobody acted."""
        found = list(self.trespasses)
        items = self.web.worklist()
        counts = Counter((each.code, each.key) for each in items)
        found += [f"{place} is on the worklist {n} times" for place, n in counts.items() if n > 1]
        for order_id, order in self.store.state.orders.items():
            if not self.is_imported(order_id):
                continue
            codes = self.codes(order_id)
            if codes - OF_THE_WAREHOUSE and order_id not in self.touched:
                found.append(f"order {order_id} is on the worklist for nothing: {codes}")
            found += self._status_faults(order_id)
            found += self._stop_faults(order_id, codes)
            found += self._money_faults(order_id, codes)
            shipped = Counter[int]()
            for shipment in order.shipments:
                for row in shipment["items"]:  # type: ignore[attr-defined]
                    shipped[row["order_product_id"]] += row["quantity"]
            found += [
                f"{units} units of line {row['id']} of order {order_id} were shipped"
                for row in order.products
                if (units := shipped[row["id"]]) > int(str(row["quantity"]))  # type: ignore[index]
            ]
        return found

    def _stop_faults(self, order_id: int, codes: set[str]) -> list[str]:
        on_list = "order_stopped_in_store" in codes
        archived = bool(self.store.order(order_id).header.get("is_deleted"))
        if self.is_stopped(order_id) and not on_list and not archived:
            return [f"order {order_id} was stopped, and is not on the worklist"]
        if not self.is_stopped(order_id) and on_list:
            return [f"order {order_id} goes on, and is on the worklist as stopped"]
        return []

    def _status_faults(self, order_id: int) -> list[str]:
        (order,) = self.books.sales_orders([f"WEB{order_id}"])
        expected = self._booked.get(order_id, "Open")
        if self.updates != "pull" and order.status != expected:
            return [f"order {order_id} is {order.status} in the books, and was made {expected}"]
        if order.status == "Posted" != expected:
            return [f"order {order_id} was posted"]
        return []

    def _money_faults(self, order_id: int, codes: set[str]) -> list[str]:
        received, held = self.money_in_store(order_id)
        receipts = self.receipts(order_id)
        in_books = sum((each.amount for each in receipts), Decimal(0))
        held_in_books = sum(
            (each.pre_auth_amount for each in receipts if each.state == "pre_authorized"),
            Decimal(0),
        )
        if not self.store.order(order_id).transactions or codes & MONEY:
            return []
        if abs(in_books - received) < CENT and abs(held_in_books - held) < CENT:
            return []
        in_store = f"order {order_id}: the store received {received} and holds {held}"
        return [f"{in_store}; the books say {in_books} and {held_in_books}"]
