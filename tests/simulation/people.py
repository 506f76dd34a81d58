"""Everybody who acts on a store and its books but avbc, and what is remembered of their acts.

The shopper, the merchant and the gateway act in the store, the warehouse and AcctVantage's script
in the books. An act that cannot be done is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

import attrs
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Receipt, SalesOrder, Shipment, ShippedItem
from avbc.acctvantage.sql.schema import receipts
from avbc.testing import FakeStore, OrderFactory, Payment, item
from avbc.testing.fakestore.events import WebhookCall
from avbc.testing.fakestore.faults import SpoilKind
from avbc.testing.orders import FakeOrder

NEW, STOPPED = 11, frozenset({4, 5, 6, 13})
NAMES = {
    2: "Shipped",
    4: "Refunded",
    5: "Canceled",
    6: "Declined",
    8: "Awaiting Pickup",
    9: "Awaiting Shipment",
    10: "Completed",
    11: "Awaiting Fulfillment",
    13: "Disputed",
}
HELD = Payment("Credit Card", "authorizenet", "authorized")
PAID = Payment("Credit Card", "authorizenet", "paid")
CASH = Payment("Cash on Delivery", "", "offline")
PAYMENTS = {"held": HELD, "paid": PAID, "cash": CASH}
FAULTS = ("an unknown SKU", "a total that is off by a cent")
"""Why an order cannot be imported."""
_ANSWER = sa.text(
    "INSERT INTO acknowledgements (import_id, version, document_number, refused_code, refused_text)"
    " VALUES (:import_id, :version, :number, :code, :words)"
)

Said: TypeAlias = tuple[str, Decimal, Decimal, bool]
"""What a receipt says: its state, what was received, what is held, whether it is posted."""
P = ParamSpec("P")
T = TypeVar("T", bound="People")
Act = Callable[Concatenate[T, P], str]


@attrs.frozen
class Deed:
    """What somebody did, in words."""

    at: datetime
    who: str
    words: str
    order_id: int = 0

    def __str__(self) -> str:
        return f"{self.at:%a %H:%M:%S} {self.who} {self.words}"


@attrs.define
class Diary:
    """What people did with an order, as far as what must hold depends on it."""

    payment: Payment
    lines: list[tuple[str, int]]
    fault: str = ""
    """Why it cannot be imported as it is."""
    channel: int = 1
    faults: set[str] = attrs.field(factory=set[str])
    """Why it could not be imported at any time."""
    totals: set[Decimal] = attrs.field(factory=set[Decimal])
    """All that it ever cost."""
    acts: dict[str, datetime] = attrs.field(factory=dict[str, datetime])
    """What was done with it, and when last."""
    status: int = 0
    """The last status that a person gave it in the store."""
    status_at: datetime | None = None
    stopped_at: datetime | None = None
    """Since when it is stopped."""
    booked: str = "Open"
    """The status that the warehouse gave it."""
    booked_at: datetime | None = None
    booked_while_stopped: bool = False
    """Whether it was stopped in the store then."""
    shipments: dict[int, int] = attrs.field(factory=dict[int, int])
    """Units of the first line by the number of AcctVantage's shipment."""
    deleted: set[int] = attrs.field(factory=set[int])
    """The shipments that went with a sales order: the store may have them, and keeps them."""
    hidden_at: datetime | None = None
    """Since when it spoils every answer that contains it."""
    notes: str = ""
    """What the merchant wrote in the staff notes."""
    refusals: list[str] = attrs.field(factory=list[str])
    """What AcctVantage refused of it, in its words."""
    refused_at: datetime | None = None
    """When it refused the version that was offered last."""
    receipts: dict[str, Said] = attrs.field(factory=dict[str, Said])
    """What the accountant left on receipts, by Import ID."""
    wants: dict[str, str] = attrs.field(factory=dict[str, str])
    """What the warehouse wants of receipts, by Import ID: the field that says so."""

    def did(self, *names: str) -> bool:
        """Whether one of these was done with it."""
        return not self.acts.keys().isdisjoint(names)


ACTS: dict[str, str] = {}
"""Who does what, by the methods of `People`."""


def act(who: str) -> Callable[[Act[T, P]], Act[T, P]]:
    """Make a method an act of somebody. It returns what was done, or nothing if it cannot be."""

    def register(method: Act[T, P]) -> Act[T, P]:
        ACTS[method.__name__] = who
        return method

    return register


class People:
    """Who acts on a store and its books.

    Args:
        store: The store. Captures and voids take effect when the gateway settles.
        books: The books, through a gateway of their own.
        now: The time by everybody's clock.
        accept: Takes a webhook; None where nobody listens.
    """

    def __init__(
        self,
        store: FakeStore,
        books: SqlGateway,
        now: Callable[[], datetime],
        accept: Callable[[WebhookCall], object] | None = None,
    ) -> None:
        self.store = store
        self.books = books
        self.now = now
        self.accept = accept
        self.diaries: dict[int, Diary] = {}
        """By the order's id in the store."""
        self.deeds: list[Deed] = []
        self._reported = len(store.events)
        self._numbers = 0

    def do(self, name: str, order_id: int = 0, **options: object) -> str:
        """Let somebody act; returns what was done, or nothing if it could not be."""
        if order_id:
            diary = self.diaries.get(order_id)
            if diary is None:
                return ""
            words: str = getattr(self, name)(order_id, **options)
            if not words:
                return ""
            diary.acts[name] = self.now()
            self._note(order_id)
        else:
            words = getattr(self, name)(**options)
        if words:
            self.deeds.append(Deed(self.now(), ACTS[name], words, order_id))
        return words

    def _note(self, order_id: int) -> None:
        diary, order = self.diaries[order_id], self.store.state.orders.get(order_id)
        if order is None:
            return
        diary.totals.add(Decimal(str(order.header["total_inc_tax"])))
        is_stopped = order.header["status_id"] in STOPPED
        diary.stopped_at = (diary.stopped_at or self.now()) if is_stopped else None

    # The shopper

    @act("the shopper")
    def place(
        self,
        payment: str = "held",
        lines: list[tuple[str, int]] | None = None,
        fault: str = "",
        channel: int = 1,
    ) -> str:
        """Place an order, the last of `diaries` from then on."""
        sold = lines or [("MUG-BLUE", 3), ("LAMP-01", 1)]
        buyer = OrderFactory(seed=len(self.diaries) + 1).person()
        order = self.store.place_order(
            [item(sku, units) for sku, units in sold],
            payment=PAYMENTS[payment],
            created=self.now() - timedelta(seconds=1),
            buyer=buyer,
        )
        diary = self.diaries[order.id] = Diary(PAYMENTS[payment], list(sold), fault, channel)
        if fault:
            diary.faults.add(fault)
            self._spoil(order, spoiled=True)
        diary.notes = f"Customer {len(self.diaries)} calls before it is delivered."
        self.store.edit_order(order.id, staff_notes=diary.notes, channel_id=channel)
        self._note(order.id)
        goods = ", ".join(f"{units} {sku}" for sku, units in sold)
        return f"orders {goods} ({payment}{f', {fault}' if fault else ''}): order {order.id}"

    def _spoil(self, order: FakeOrder, *, spoiled: bool) -> None:
        diary = self.diaries[order.id]
        total = Decimal(str(order.header["total_inc_tax"]))
        if diary.fault == FAULTS[0]:
            order.products[0]["sku"] = "NO-SUCH" if spoiled else diary.lines[0][0]
        elif diary.fault:
            total += Decimal("0.01") if spoiled else Decimal("-0.01")
        self.store.edit_order(order.id, total_inc_tax=f"{total:.4f}")

    # The merchant, in the control panel

    @act("the merchant")
    def set_status(self, order_id: int, status: int) -> str:
        """Give an order a status."""
        diary = self.diaries[order_id]
        # Who gives a status to an order that goes on has seen what the warehouse did meanwhile.
        diary.booked_while_stopped &= diary.stopped_at is not None
        if self.store.order(order_id).header["status_id"] != status:
            diary.status, diary.status_at = status, self.now()
        self.store.edit_order(order_id, status_id=status)
        return f"makes order {order_id} {NAMES[status]}"

    @act("the merchant")
    def mend(self, order_id: int) -> str:
        """Correct what kept an order from being imported, and make it New again."""
        diary = self.diaries[order_id]
        if not diary.fault or self.store.order(order_id).header.get("is_deleted"):
            return ""
        self._spoil(self.store.order(order_id), spoiled=False)
        diary.fault = ""
        return f"corrects order {order_id}; {self.set_status(order_id, NEW)}"

    @act("the merchant")
    def refund(self, order_id: int, units: int | None = None) -> str:
        """Refund all that is left, or some units of the first line."""
        order = self.store.order(order_id)
        if order.header["payment_status"] not in ("captured", "", "partially refunded"):
            return ""
        line = order.products[0]
        left = whole(line["quantity"]) - whole(line.get("quantity_refunded", 0))
        if self.diaries[order_id].fault or (left <= units if units else order.refunds):
            return ""
        before = order.header["status_id"]
        if units is None:
            self.store.refund(order_id)
        else:
            self.store.refund(order_id, items={whole(line["id"]): units})
        diary = self.diaries[order_id]
        if order.header["status_id"] != before:
            diary.booked_while_stopped &= diary.stopped_at is not None
            diary.status, diary.status_at = whole(order.header["status_id"]), self.now()
        return f"refunds {f'{units} {diary.lines[0][0]}' if units else 'all'} of order {order_id}"

    @act("the merchant")
    def edit(self, order_id: int, units: int = 4) -> str:
        """Sell another number of the first product, where no money has moved."""
        before, diary = self.store.order(order_id), self.diaries[order_id]
        sku, sold = diary.lines[0]
        shipped = whole(before.products[0].get("quantity_shipped", 0))
        if before.transactions or before.refunds or diary.fault or units in range(shipped):
            return ""
        if units == sold:
            return ""
        diary.lines[0] = (sku, units)
        factory = OrderFactory(first_id=order_id, seed=7)
        other = factory.order([item(sku, units) for sku, units in diary.lines], payment=CASH)
        for name in ("status_id", "date_created", "billing_address", "customer_id", *_KEPT):
            other.header[name] = before.header[name]
        for name in ("status", "custom_status", "is_deleted"):
            other.header[name] = before.header.get(name)
        for address, old in zip(other.shipping, before.shipping, strict=True):
            address.update({key: old[key] for key in _ADDRESS if key in old})
        other.shipments = before.shipments
        other.products[0]["quantity_shipped"] = shipped
        self.store.add_order(other)
        self.store.edit_order(order_id)
        return f"edits order {order_id}: {units} {sku} instead of {sold}"

    @act("the merchant")
    def move(self, order_id: int, city: str = "Springfield") -> str:
        """Change the address that an order is billed to."""
        address = self.store.order(order_id).header["billing_address"]
        assert isinstance(address, dict)
        if address["city"] == city:
            return ""
        self.store.edit_order(order_id, billing_address={**address, "city": city})
        return f"bills order {order_id} to {city}"

    @act("the merchant")
    def act_at_gateway(self, order_id: int, action: str) -> str:
        """Capture or void in the panel; the gateway does it at once."""
        header = self.store.order(order_id).header
        before = header["payment_status"]
        self.store.request("POST", f"/v3/orders/{order_id}/payment_actions/{action}")
        # Whatever the answer was.
        if header["payment_status"] == before:
            return ""
        self.store.settle()
        return f"{action}s the payment of order {order_id}"

    @act("the merchant")
    def ship_by_hand(self, order_id: int, units: int = 1) -> str:
        """Ship units of the first line in the panel, which moves the status."""
        order, diary = self.store.order(order_id), self.diaries[order_id]
        line = order.products[0]
        gone = whole(line.get("quantity_shipped", 0)) + whole(line.get("quantity_refunded", 0))
        is_over = order.header["status_id"] in STOPPED or order.header.get("is_deleted")
        if whole(line["quantity"]) - gone < units or is_over:
            return ""
        body = {
            "order_address_id": line["order_address_id"],
            "items": [{"order_product_id": line["id"], "quantity": units}],
        }
        before, path = len(order.shipments), f"/v2/orders/{order_id}/shipments"
        self.store.request("POST", path, body=json.dumps(body).encode())
        if len(order.shipments) == before:
            return ""
        if order.header["status_id"] != 3:
            diary.status, diary.status_at, diary.booked_while_stopped = 3, self.now(), False
            self.store.edit_order(order_id, status_id=3)
        return f"ships {units} {diary.lines[0][0]} of order {order_id} by hand"

    @act("the merchant")
    def archive(self, order_id: int, *, archived: bool = True) -> str:
        """Archive an order, so that it leaves the lists, or bring it back."""
        if bool(self.store.order(order_id).header.get("is_deleted")) == archived:
            return ""
        self.store.edit_order(order_id, is_deleted=archived)
        return f"{'archives' if archived else 'restores'} order {order_id}"

    @act("the store")
    def hide(self, order_id: int, kind: SpoilKind = "500") -> str:
        """Spoil every answer that contains an order."""
        self.store.spoil_order(order_id, kind)
        self.diaries[order_id].hidden_at = self.now()
        return f"cannot show order {order_id} any more ({kind})"

    @act("the store")
    def show(self, order_id: int) -> str:
        """Show an order again."""
        self.store.heal_order(order_id)
        before, self.diaries[order_id].hidden_at = self.diaries[order_id].hidden_at, None
        return f"shows order {order_id} again" if before else ""

    # The gateway of payments

    @act("the gateway")
    def decline(self, order_id: int) -> str:
        """Decline the next capture or void of an order."""
        if self.diaries[order_id].payment is not HELD:
            return ""
        self.store.set_payment_result(order_id, "declined")
        return f"will decline what is next asked for order {order_id}"

    @act("the gateway")
    def settle(self) -> str:
        """Do what was asked for since the last time."""
        return "settles" if self.store.settle() else ""

    # The warehouse, in AcctVantage

    @act("the warehouse")
    def reach(self, order_id: int, status: str) -> str:
        """Give the sales order a status."""
        diary, order = self.diaries[order_id], self.booked(order_id)
        if order is None or order.status == status:
            return ""
        self.books.set_order_status(f"WEB{order_id}", status)
        diary.booked, diary.booked_at = status, self.now()
        diary.booked_while_stopped = diary.stopped_at is not None
        return f"makes WEB{order_id} {status}"

    @act("the warehouse")
    def ship(self, order_id: int, units: int = 1, days: int = 0) -> str:
        """Ship units of the first line, some days ago."""
        order = self.booked(order_id)
        if order is None or self.store.state.orders.get(order_id) is None:
            return ""
        self._numbers += 1
        line = order.lines[0].store_line_id
        assert line is not None
        self.books.add_shipment(
            Shipment(
                self._numbers,
                f"WEB{order_id}",
                items=(ShippedItem(line, Decimal(units)),),
                carrier="UPS",
                shipped_at=self.now() - timedelta(days=days),
            )
        )
        self.diaries[order_id].shipments[self._numbers] = units
        ago = f", {days} days ago" if days else ""
        return f"ships {units} of WEB{order_id} (shipment {self._numbers}{ago})"

    @act("the warehouse")
    def want_capture(self, order_id: int) -> str:
        """Ask for the capture of what is pre-authorized."""
        is_wanted = self._want(order_id, self.books.want_capture, "capture_wanted")
        return f"wants the money of WEB{order_id}" if is_wanted else ""

    @act("the warehouse")
    def want_void(self, order_id: int) -> str:
        """Ask for the void of what is pre-authorized."""
        is_wanted = self._want(order_id, self.books.want_void, "void_wanted")
        return f"gives up the money of WEB{order_id}" if is_wanted else ""

    def _want(self, order_id: int, want: Callable[[str], object], field: str) -> bool:
        diary = self.diaries[order_id]
        wanted = [
            one.import_id
            for one in self.receipts(order_id)
            if one.state == "pre_authorized" and one.import_id not in diary.wants | diary.receipts
        ]
        for import_id in wanted:
            want(import_id)
            diary.wants[import_id] = field
        return bool(wanted)

    @act("the warehouse")
    def delete(self, order_id: int) -> str:
        """Delete a sales order that is stopped and not posted, as the worklist advises."""
        order, there = self.booked(order_id), self.store.state.orders.get(order_id)
        is_over = there is not None and there.header["status_id"] in STOPPED
        is_posted = any(each.posted for each in self.receipts(order_id))
        if order is None or not is_over or order.status == "Posted" or is_posted:
            return ""
        self.books.delete_order(f"WEB{order_id}")
        diary = self.diaries[order_id]
        diary.booked, diary.booked_at = "Open", None
        diary.deleted.update(diary.shipments)
        for each in (diary.shipments, diary.refusals, diary.receipts, diary.wants):
            each.clear()
        return f"deletes WEB{order_id}"

    @act("a bug")
    def post(self) -> str:
        """Post all receipts, which nobody may: for the simulation's own tests."""
        with self.books.engine.begin() as connection:
            connection.exec_driver_sql("update receipts set posted = 1")
        return "posts all receipts"

    # The accountant, in AcctVantage

    @act("the accountant")
    def enter_receipt(self, order_id: int) -> str:
        """Enter a receipt over money that comes in another way."""
        for found in self.receipts(order_id)[:1]:
            number = f"AV-{order_id}-{len(self.receipts(order_id))}"
            this = receipts.select().where(receipts.c.import_id == found.import_id)
            money = {"state": "pending", "amount": Decimal(0), "pre_auth_amount": Decimal(5)}
            with self.books.engine.begin() as connection:
                like = dict(connection.execute(this).mappings().one())
                del like["id"]
                row = {**like, **money, "import_id": number}
                connection.execute(receipts.insert().values(row))
            self._leave(order_id, number)
            return f"enters the receipt {number} on WEB{order_id}"
        return ""

    @act("the accountant")
    def post_receipts(self, order_id: int) -> str:
        """Post the receipts of an order of which nothing is wanted any more."""
        found = [one.import_id for one in self.receipts(order_id) if not one.posted]
        if not found or self.diaries[order_id].wants:
            return ""
        self._change(order_id, found, posted=True)
        return f"posts the receipts of WEB{order_id}"

    @act("the accountant")
    def correct(self, order_id: int) -> str:
        """Enter what came in of a payment: less than is held, since the bank kept a fee."""
        found = [one.import_id for one in self.receipts(order_id) if one.state == "pre_authorized"]
        if not found or self.store.order(order_id).header["payment_status"] != "captured":
            return ""
        self._change(
            order_id, found, state="captured", amount=Decimal(1), pre_auth_amount=Decimal(0)
        )
        return f"enters that 1.00 came in for WEB{order_id}"

    def _change(self, order_id: int, import_ids: list[str], **change: object) -> None:
        these = receipts.update().where(receipts.c.import_id.in_(import_ids))
        with self.books.engine.begin() as connection:
            connection.execute(these.values(change))
        self._leave(order_id, *import_ids)

    def _leave(self, order_id: int, *import_ids: str) -> None:
        left = {one.import_id: said(one) for one in self.receipts(order_id)}
        self.diaries[order_id].receipts.update({key: left[key] for key in import_ids})

    # AcctVantage's script

    @act("AcctVantage")
    def enter(self, order_id: int, how: str = "") -> str:
        """Enter an order that is offered, or an `old` version, or `after all` what was refused."""
        return self._answer(order_id, f"SO-{order_id}", "", "", how)

    @act("AcctVantage")
    def refuse(self, order_id: int, words: str = "No such part.", how: str = "") -> str:
        """Refuse an order that is offered, or an `old` version."""
        return self._answer(order_id, "", "P17", words, how)

    def _answer(self, order_id: int, number: str, code: str, words: str, how: str) -> str:
        for each in self.books.pickups([f"WEB{order_id}"]):
            version = each.version - (how == "old")
            before = {one.version: one for one in each.answers}.get(version)
            is_due = each.is_refused if how == "after all" else before is None
            if not (version and (is_due or (how == "old" and number))):
                return ""
            values = {"import_id": each.order_import_id, "version": version}
            answer = {**values, "number": number, "code": code, "words": words}
            with self.books.engine.begin() as connection:
                connection.execute(_ANSWER, answer)
            if code and not how:
                self.diaries[order_id].refusals.append(words)
                self.diaries[order_id].refused_at = self.now()
            what = f"{'refuses' if code else 'enters'} version {version}"
            return f"{what} of WEB{order_id} of {each.version}"
        return ""

    # The network

    @act("the network")
    def deliver(self, copies: int = 1) -> str:
        """Deliver the webhooks of what happened since the last time, or lose them."""
        calls = self.store.webhook_calls(since=self._reported, copies=copies) if copies else []
        self._reported = len(self.store.events)
        if self.accept is None or not calls:
            return ""
        for call in calls:
            self.accept(call)
        return f"delivers {len(calls)} webhooks"

    # What is seen

    def booked(self, order_id: int) -> SalesOrder | None:
        """The sales order, if the books have it."""
        return next(iter(self.books.sales_orders([f"WEB{order_id}"])), None)

    def receipts(self, order_id: int) -> list[Receipt]:
        """The receipts on the sales order."""
        return self.books.receipts([f"WEB{order_id}"])


_KEPT = ("staff_notes", "channel_id")
_ADDRESS = ("first_name", "last_name", "company", "street_1", "city", "state", "zip", "email")


def said(receipt: Receipt) -> Said:
    """What a receipt says."""
    return receipt.state, receipt.amount, receipt.pre_auth_amount, receipt.posted


def whole(value: object) -> int:
    """A number of the store's JSON."""
    return int(str(value))
