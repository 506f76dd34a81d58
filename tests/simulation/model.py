"""The life of an order (docs/life.md) as rules: what holds at every moment, and what when all is
quiet.

Each rule is a function of one order, which says what is wrong, or nothing. It reads the store's raw
JSON, the books as they are read back, the worklist, and what people did; nothing of how avbc works.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import attrs
from people import NEW, STOPPED, Diary, People, said, whole

from avbc.acctvantage.pickups import Pickup
from avbc.acctvantage.records import Credit, Receipt, SalesOrder
from avbc.orchestrator import WorklistItem
from avbc.orchestrator.engine.journal import Journal
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row

ZERO = Decimal(0)
DOWNLOADED, IMPORT_ERROR, PARTLY_SHIPPED = 9, 12, 3
MAPPED = {"Picked": 8, "Packed": 3, "Shipped/Invoice": 2}
"""The Order Status Mapping of all settings."""
GONE = {3: 1, 2: 2, 10: 3}
"""Statuses of goods that have left, which no order goes back from."""
LOOK, LAST_LOOK = timedelta(seconds=5), timedelta(minutes=2)
"""How long a look at an order counts, and the last of three in a scarce quota."""
MARK = "[AcctVantage import error: "
SHIPPED = frozenset({"Shipped/Invoice", "Posted"})
_AGAIN = 6
"""How often a journal may say the same of an order: deaths have it said again."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@attrs.frozen
class Setup:
    """What of the settings decides how an order's life goes on."""

    updates: str = "push"
    preauthorized: bool = True
    import_refunds: bool = False
    errors_of_acctvantage: bool = False
    """Whether an order that AcctVantage refuses gets the Import Error Status."""
    shipments_move_status: bool = False
    webhooks: bool = False
    waits_for_payment: bool = False
    """Whether an order by card stays New until its payment is captured."""
    channels: tuple[int, ...] = ()
    """The channels whose orders are imported; all, if there are none."""


@attrs.frozen
class Violation:
    """A rule that does not hold of an order."""

    rule: str
    order_id: int
    words: str

    def __str__(self) -> str:
        return f"{self.rule}, order {self.order_id}: {self.words}"


@attrs.define
class Books:
    """The books as they are read back, by the order's id in the store."""

    orders: dict[int, list[SalesOrder]]
    receipts: dict[int, list[Receipt]]
    credits: dict[int, list[Credit]]

    @classmethod
    def read(cls, people: People, order_id: int = 0) -> Books:
        """Read all of them, or one order."""
        keys = [[f"WEB{order_id}"]] if order_id else []
        found = cls({}, {}, {})
        for order in people.books.sales_orders(*keys):
            found.orders.setdefault(order.store_order_id, []).append(order)
        for receipt in people.books.receipts(*keys) if found.orders else ():
            found.receipts.setdefault(_order_id(receipt.order_import_id), []).append(receipt)
        for credit in people.books.credits(*keys) if found.orders else ():
            found.credits.setdefault(_order_id(credit.order_import_id), []).append(credit)
        return found


@attrs.define
class One:
    """An order with all that is known of it."""

    id: int
    diary: Diary
    order: FakeOrder | None
    """None where it was deleted from the store."""
    orders: Sequence[SalesOrder]
    receipts: Sequence[Receipt]
    credits: Sequence[Credit]
    items: Counter[tuple[str, str, str]]
    """Its items on the worklist: code, key and the job that found it."""
    setup: Setup

    @property
    def booked(self) -> SalesOrder | None:
        """The sales order, if the books have it."""
        return self.orders[0] if self.orders else None

    @property
    def header(self) -> Row:
        """The order's own fields; none where it was deleted."""
        return self.order.header if self.order is not None else {}

    @property
    def status(self) -> int:
        """Its status in the store."""
        return whole(self.header.get("status_id", 0))

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped."""
        return self.status in STOPPED

    @property
    def is_listed(self) -> bool:
        """Whether the store lists it."""
        return self.order is not None and not self.header.get("is_deleted")

    @property
    def is_ours(self) -> bool:
        """Whether its status is not one that a person gave it."""
        return self.status != self.diary.status

    @property
    def is_of_others(self) -> bool:
        """Whether it is of a channel that another system imports."""
        return bool(self.setup.channels) and self.diary.channel not in self.setup.channels

    @property
    def waits(self) -> bool:
        """Whether it is held back until it is paid."""
        is_by_card = self.setup.waits_for_payment and not self.diary.payment.is_offline
        return is_by_card and not self.money("purchase", "capture")

    @property
    def codes(self) -> set[str]:
        """The codes of its items."""
        return {code for code, _, _ in self.items}

    def has(self, *codes: str) -> bool:
        """Whether one of these is on the worklist."""
        return not self.codes.isdisjoint(codes)

    def money(self, *events: str) -> Decimal:
        """What the gateway did with it, added up."""
        rows = self.order.transactions if self.order is not None else []
        found = (row for row in rows if row["status"] == "ok" and row["event"] in events)
        return sum((Decimal(str(row["amount"])) for row in found), ZERO)

    @property
    def captured(self) -> Decimal:
        """What the receipts say was received; a person's own aside."""
        ours = [each for each in self.receipts if not each.import_id.startswith("AV-")]
        return sum((each.amount for each in ours), ZERO)

    @property
    def held(self) -> Decimal:
        """What the receipts say is held."""
        held = (one.pre_auth_amount for one in self.receipts if one.state == "pre_authorized")
        return sum(held, ZERO)

    def shipped(self) -> Counter[int]:
        """Units that the store shipped, by line."""
        found = Counter[int]()
        for row in _items(self.order):
            found[whole(row["order_product_id"])] += whole(row["quantity"])
        return found

    def left(self) -> int:
        """Units of the first line that the store has neither shipped nor refunded."""
        if self.order is None:
            return 0
        line = self.order.products[0]
        gone = self.shipped()[whole(line["id"])] + whole(line.get("quantity_refunded", 0))
        return whole(line["quantity"]) - gone


Rule = Callable[[One], str]


# What holds at every moment


def is_in_the_books_once(one: One) -> str:
    return f"{len(one.orders)} sales orders" if len(one.orders) > 1 else ""


def is_booked_to_the_cent(one: One) -> str:
    """Over a total that the order had when somebody looked."""
    booked = one.booked
    if booked is None or booked.total in one.diary.totals:
        return ""
    return f"booked with {booked.total}, and it cost {sorted(one.diary.totals)}"


def is_imported_when_it_may_be(one: One) -> str:
    """Not before it is paid where that is asked for, and never one of another channel."""
    codes = one.codes - {"order_not_shown", "webhook_open"}
    if one.is_of_others and (one.booked or codes):
        return f"of channel {one.diary.channel}, and {'booked' if one.booked else codes}"
    return "booked before it was paid" if one.booked and one.waits else ""


def is_importable(one: One) -> str:
    """An order that never was right is not in the books."""
    never = one.diary.fault and not one.diary.did("mend")
    return f"booked with {one.diary.fault}" if never and one.booked else ""


def has_received_what_the_books_say(one: One) -> str:
    received = one.money("purchase", "capture")
    if one.diary.payment.is_offline:
        received = max(one.diary.totals)
    if one.order is not None and one.captured > received:
        return f"{one.captured} in the books, and the store received {received}"
    authorized = one.money("authorization")
    return f"{one.held} held in the books, of {authorized}" if one.held > authorized else ""


def ships_no_more_than_was_ordered(one: One) -> str:
    shipped = one.shipped()
    for row in one.order.products if one.order is not None else ():
        if (units := shipped[whole(row["id"])]) > whole(row["quantity"]):
            return f"{units} units of line {row['id']} were shipped"
    return ""


def ships_each_shipment_once(one: One) -> str:
    numbers = Counter(_shipments(one.order))
    twice = sorted(number for number, times in numbers.items() if times > 1)
    if twice:
        return f"shipments {twice} are in the store twice"
    others = sorted(numbers.keys() - one.diary.shipments.keys() - one.diary.deleted)
    return f"shipments {others} are another order's" if others and one.booked else ""


def says_why_it_was_refused(one: One) -> str:
    is_error = one.status == IMPORT_ERROR and one.is_ours
    is_said = MARK in str(one.header.get("staff_notes"))
    return "Import Error without a reason" if is_error and not is_said else ""


def is_refused_with_cause(one: One) -> str:
    """Import Error is a fault of the order, and never one of the network or the books."""
    diary = one.diary
    causes = diary.faults or diary.refusals or diary.did(*_MAY_BE_REFUSED)
    # Its item goes when the order is archived.
    causes = causes or "order_ended_process" in f"{one.codes} {one.header.get('staff_notes')}"
    return (
        f"refused: {one.header['staff_notes']}" if one.status == IMPORT_ERROR and not causes else ""
    )


_MAY_BE_REFUSED = ("act_at_gateway", "edit", "move", "refund", "want_void", "decline", "set_status")


def is_in_the_books_where_downloaded(one: One) -> str:
    is_due = one.status == DOWNLOADED and one.is_ours and not one.diary.did("delete")
    return "Downloaded, and not in the books" if is_due and one.booked is None else ""


def is_moved_by_the_warehouse_alone(one: One) -> str:
    """Nothing is posted; AcctVantage's status moves only if statuses are pulled."""
    booked, diary = one.booked, one.diary
    if any(each.posted and each.import_id not in diary.receipts for each in one.receipts):
        return "a receipt was posted"
    if booked is None or booked.status == diary.booked:
        return ""
    if booked.status == "Posted":
        return "posted"
    if one.setup.updates == "pull" and booked.status in MAPPED:
        return ""
    if booked.status == "Open" and diary.refusals:
        return ""
    return f"{booked.status} in the books, and was made {diary.booked}"


def keeps_what_the_accountant_left(one: One) -> str:
    """A receipt stays that a person posted, corrected or entered."""
    here = {each.import_id: said(each) for each in one.receipts}
    left = one.diary.receipts
    return str([(left[key], here.get(key)) for key in left if left[key] != here.get(key)] or "")


def keeps_what_the_warehouse_wants(one: One) -> str:
    """Until it is done."""
    wants, held = one.diary.wants, [each for each in one.receipts if each.state == "pre_authorized"]
    lost = [
        each.import_id for each in held if not getattr(each, wants.get(each.import_id, "state"))
    ]
    return f"no capture or void of {lost} is wanted any more" if lost else ""


def keeps_what_people_wrote(one: One) -> str:
    """Of the staff notes only our own line is ours."""
    notes = one.header.get("staff_notes", one.diary.notes)
    return "" if one.diary.notes in str(notes) else f"{one.diary.notes!r} became {notes!r}"


def is_on_the_worklist_once(one: One) -> str:
    twice = sorted(each for each, times in one.items.items() if times > 1)
    return f"{twice} more than once" if twice else ""


def is_on_the_worklist_for_a_cause(one: One) -> str:
    causeless = [code for code in one.codes if not _could_be(one, code)]
    return f"on the worklist for nothing: {causeless}" if causeless else ""


_PAYMENT = (
    *("act_at_gateway", "decline", "want_void", "want_capture", "refund", "edit"),
    *("enter_receipt", "post_receipts", "correct"),
)
_STOP = ("set_status", "refund")
_EDIT = ("edit", "move", "mend", "refund")
CAUSES: Mapping[str, Sequence[str]] = {
    "books_refused": ("edit", "move"),
    "capture_exceeds_order": (*_EDIT, "enter_receipt"),
    "left_to_ship_differs": ("ship_by_hand", "refund", "set_status", "reach"),
    "not_in_store": ("archive",),
    "nothing_left_to_ship": ("refund", "ship_by_hand", "set_status"),
    "order_edited": _EDIT,
    "order_edited_after_import": _EDIT,
    "order_gone_from_books": ("delete",),
    "order_not_shown": ("hide",),
    "order_gone_from_store": ("archive",),
    "order_stopped_in_store": _STOP,
    "payment_declined": _PAYMENT,
    "payment_declined_after_import": _PAYMENT,
    "payment_not_authorized": _PAYMENT,
    "payment_not_received": ("reach", "set_status"),
    "payment_refunded": ("refund",),
    "payment_void": _PAYMENT,
    "payment_void_after_import": _PAYMENT,
    "receipt_amount_differs": _PAYMENT,
    "receipt_cannot_follow": _PAYMENT,
    "receipt_changed_by_edit": ("edit",),
    "receipt_missing": _PAYMENT,
    "receipt_not_backed": _PAYMENT,
    "receipt_not_preauthorized": _PAYMENT,
    "refund_not_booked": ("refund",),
    "refused_by_acctvantage": ("refuse",),
    "shipment_before_stop": _STOP,
    "shipped_more_than_remains": ("ship",),
    "status_backwards": ("reach", "ship_by_hand", "set_status"),
    "store_refused": ("edit", "ship_by_hand"),
    "status_posting_refused": ("reach",),
    "status_unmapped": ("reach", "set_status"),
    "transactions_do_not_foot": _EDIT,
}
"""What somebody must have done before it is on the worklist."""
OF_FAULTS = frozenset({"sku_unknown", "total_does_not_foot", "tax_does_not_foot"})
"""What is said of an order that cannot be imported."""
MONEY = frozenset(
    {
        "not_in_store",
        "order_gone_from_store",
        "payment_declined",
        "payment_declined_after_import",
        "payment_void_after_import",
        "receipt_amount_differs",
        "receipt_cannot_follow",
        "receipt_missing",
        "receipt_not_backed",
    }
)
"""The items that say how the money in the store differs from the books."""


def _could_be(one: One, code: str) -> bool:
    if code in OF_FAULTS:
        return bool(one.diary.faults)
    if code == "order_ended_process":
        # Two processes may have been killed while they had it in hand.
        return True
    if code == "webhook_open":
        # All workers may have been dead or paused for an hour.
        return one.setup.webhooks
    return one.diary.did(*CAUSES.get(code, ()))


MOMENT: Sequence[Rule] = (
    is_in_the_books_once,
    is_booked_to_the_cent,
    is_imported_when_it_may_be,
    is_importable,
    has_received_what_the_books_say,
    ships_no_more_than_was_ordered,
    ships_each_shipment_once,
    says_why_it_was_refused,
    is_refused_with_cause,
    is_in_the_books_where_downloaded,
    is_moved_by_the_warehouse_alone,
    keeps_what_the_accountant_left,
    keeps_what_the_warehouse_wants,
    keeps_what_people_wrote,
    is_on_the_worklist_once,
    is_on_the_worklist_for_a_cause,
)


# What holds when nobody has acted for some cycles, and nothing has failed


def is_imported(one: One) -> str:
    is_new = one.status == NEW and one.is_listed and not one.waits
    return "still New" if is_new else ""


def says_what_money_differs(one: One) -> str:
    """Equal to the cent, or on the worklist."""
    if one.booked is None or one.order is None or one.codes & MONEY or one.diary.did("correct"):
        return ""
    if one.diary.payment.is_offline:
        return "" if one.captured == one.booked.total else f"{one.captured} of {one.booked.total}"
    received, held = one.money("purchase", "capture"), ZERO
    if not one.money("capture", "void") and one.setup.preauthorized:
        held = one.money("authorization")
    if (one.captured, one.held) == (received, held):
        return ""
    return f"the store has {received} and holds {held}, the books {one.captured} and {one.held}"


def has_its_status_in_the_store(one: One) -> str:
    """What the warehouse did last, unless a person gave it another status since."""
    booked, diary = one.booked, one.diary
    if one.setup.updates != "push" or booked is None or not _goes_on(one):
        return ""
    target = MAPPED.get(booked.status, 0)
    if diary.booked_at is None or not target or one.status == target:
        return ""
    if one.setup.shipments_move_status and _items(one.order):
        return ""
    if one.has("status_backwards"):
        return "" if GONE.get(one.status, 0) else f"{booked.status} is not before {one.status}"
    by_person = diary.status_at is not None and diary.status_at >= diary.booked_at
    if by_person and not diary.booked_while_stopped:
        return ""
    return f"{booked.status} in the books, and {one.status} in the store"


def has_its_status_in_the_books(one: One) -> str:
    """What the merchant did last, where it is later than what the warehouse did."""
    booked = one.booked
    wanted = next((name for name, status in MAPPED.items() if status == one.status), None)
    if one.setup.updates != "pull" or booked is None or wanted is None or not _goes_on(one):
        return ""
    if (one.diary.booked_at or _NEVER) > (one.diary.status_at or _NEVER):
        return ""
    places = {name: place for place, name in enumerate(MAPPED)}
    is_later = booked.status == "Open" or places.get(booked.status, 9) < places[wanted]
    return f"{wanted} in the store, and {booked.status} in the books" if is_later else ""


def has_its_shipments_in_the_store(one: One) -> str:
    if one.booked is None or not _goes_on(one):
        return ""
    missing = sorted(one.diary.shipments.keys() - _shipments(one.order))
    if not missing:
        return ""
    if one.has("order_edited", "order_edited_after_import"):
        # Until the books have the edit, nobody knows what there is to ship.
        return ""
    if one.has("shipped_more_than_remains", "store_refused"):
        least = min(one.diary.shipments[number] for number in missing)
        return "" if least > one.left() else f"shipments {missing} fit, and are not in the store"
    return f"shipments {missing} are not in the store"


def is_on_the_worklist_where_stopped(one: One) -> str:
    on_list = one.has("order_stopped_in_store")
    if one.booked is None or not one.is_listed:
        return ""
    is_credited = one.setup.import_refunds and sum(each.total for each in one.credits) > 0
    if one.is_stopped and not on_list and not is_credited:
        return "stopped, and not on the worklist"
    return "goes on, and is on the worklist as stopped" if on_list and not one.is_stopped else ""


def is_on_the_worklist_where_gone(one: One) -> str:
    on_list = one.has("order_gone_from_store")
    if one.booked is None or one.booked.status in SHIPPED:
        return ""
    if not one.is_listed and not on_list and not one.credits:
        return "gone from the store, and not on the worklist"
    return "in the store, and on the worklist as gone" if one.is_listed and on_list else ""


def is_as_in_the_store(one: One) -> str:
    """Every edit is in the books, or on the worklist."""
    booked, order = one.booked, one.order
    if booked is None or order is None or not _goes_on(one):
        return ""
    if one.has("order_edited", "order_edited_after_import"):
        return ""
    lines = {whole(row["id"]): whole(row["quantity"]) for row in order.products}
    here = {line.store_line_id: line.quantity for line in booked.lines if line.store_line_id}
    address = order.header["billing_address"]
    if lines != here:
        return f"lines {lines} in the store, and {here} in the books"
    if booked.bill_to.city != address["city"]:  # type: ignore[index]
        return f"billed to {booked.bill_to.city} in the books"
    total = Decimal(str(order.header["total_inc_tax"]))
    return f"{total} in the store, and {booked.total} in the books" if total != booked.total else ""


def has_left_to_ship_what_is_left(one: One) -> str:
    """What was refunded or shipped by hand is not to be shipped; what AcctVantage shipped stays."""
    booked, order = one.booked, one.order
    if booked is None or order is None or booked.status in SHIPPED or not _goes_on(one):
        return ""
    if one.has("left_to_ship_differs") or one.status in (2, 10):
        return ""
    line = order.products[0]
    shipped_here = sum(one.diary.shipments.values())
    by_hand = one.shipped()[whole(line["id"])] - shipped_here
    gone = whole(line.get("quantity_refunded", 0)) + max(0, by_hand)
    here = next((each for each in booked.lines if each.store_line_id == line["id"]), None)
    if here is None or here.to_ship <= max(shipped_here, here.quantity - gone):
        return ""
    return f"{here.to_ship} of {here.quantity} left to ship, and {gone} have left"


def has_its_refunds_in_the_books(one: One) -> str:
    if one.booked is None or one.order is None or not _goes_on(one) or not one.order.refunds:
        return ""
    refunded = sum((Decimal(str(row["total_amount"])) for row in one.order.refunds), ZERO)
    credited = sum((each.total for each in one.credits), ZERO)
    if refunded == credited or one.has("refund_not_booked"):
        return ""
    return f"{refunded} was refunded, and the books have credits of {credited}"


def has_what_was_asked_of_its_payment(one: One) -> str:
    """A capture or a void that AcctVantage wants is made, or is on the worklist."""
    is_at_gateway = str(one.header.get("payment_status")).endswith(" pending")
    if not one.is_listed or not one.setup.preauthorized or is_at_gateway:
        return ""
    for receipt in one.receipts:
        is_due = receipt.void_wanted or (receipt.capture_wanted and not one.is_stopped)
        excused = one.codes - {"order_stopped_in_store"} if receipt.void_wanted else one.codes
        if is_due and receipt.state == "pre_authorized" and not excused:
            return f"{receipt.import_id} is still {receipt.state}"
    return ""


def says_what_acctvantage_refused(one: One, refused: Collection[str]) -> str:
    is_refused = f"WEB{one.id}" in refused
    on_list = one.has("refused_by_acctvantage", "order_stopped_in_store")
    if is_refused and not on_list:
        return "refused by AcctVantage, and not on the worklist"
    is_told = one.has("refused_by_acctvantage")
    return "on the worklist as refused, and was not" if is_told and not is_refused else ""


def goes_on_with_acctvantage(
    one: One, pickups: Mapping[int, Pickup], offered: Collection[int]
) -> str:
    """What is offered has no answer yet; what was refused is offered again once it is New again."""
    pickup, diary = pickups.get(one.id), one.diary
    is_refused = one.status == IMPORT_ERROR and one.is_ours and one.is_listed
    if is_refused and not one.codes and one.id not in offered:
        return "Import Error, and not on the worklist"
    if pickup is None:
        return ""
    if (pickup.answer is None) != (one.id in offered):
        return f"offered: {one.id in offered}, and {pickup}"
    if one.status == DOWNLOADED and diary.status == NEW and pickup.is_refused:
        is_again = (diary.status_at or _NEVER) > (diary.refused_at or _NEVER)
        words = f"New again after it was refused, and not offered again: {pickup}"
        return words if is_again else ""
    is_entered = pickup.answer is not None and not pickup.is_refused
    is_error = one.status == IMPORT_ERROR and one.is_ours and one.is_listed and diary.refusals
    causes = diary.faults or diary.did(*_MAY_BE_REFUSED)
    is_left = is_entered and is_error and not causes
    return "entered after all, and still Import Error" if is_left else ""


def has_a_cause_still(one: One) -> str:
    """An item goes when its cause goes."""
    over = [code for code, is_over in _OVER.items() if one.has(code) and is_over(one)]
    return f"on the worklist still: {over}" if over else ""


_OVER: Mapping[str, Callable[[One], bool]] = {
    "webhook_open": lambda one: True,
    "order_not_shown": lambda one: True,
    **dict.fromkeys(OF_FAULTS, lambda one: one.booked is not None),
    "order_gone_from_books": lambda one: one.booked is not None,
    "not_in_store": lambda one: one.is_listed,
    "refund_not_booked": lambda one: one.order is not None and not one.order.refunds,
    "shipment_before_stop": lambda one: one.is_listed and not one.is_stopped,
    "status_unmapped": lambda one: (
        one.setup.updates == "push" and one.booked is not None and one.booked.status in MAPPED
    ),
}


QUIET: Sequence[Rule] = (
    *MOMENT,
    is_imported,
    says_what_money_differs,
    has_its_status_in_the_store,
    has_its_status_in_the_books,
    has_its_shipments_in_the_store,
    is_on_the_worklist_where_stopped,
    is_on_the_worklist_where_gone,
    is_as_in_the_store,
    has_left_to_ship_what_is_left,
    has_its_refunds_in_the_books,
    has_what_was_asked_of_its_payment,
    has_a_cause_still,
)


def _goes_on(one: One) -> bool:
    return one.is_listed and not one.is_stopped and one.status not in (NEW, IMPORT_ERROR)


# What is sent to the store


@attrs.frozen
class Write:
    """A request that cannot be taken back, when it reaches the store."""

    worker: str
    what: str
    """`status`, `shipment`, `capture` or `void`."""
    order_id: int
    body: Row
    sent: datetime
    """When it left, which may be before it reaches the store."""

    @property
    def status(self) -> int:
        """The status that it gives the order; 0 for none."""
        return whole(self.body.get("status_id", 0)) if self.what == "status" else 0

    @classmethod
    def of(cls, worker: str, method: str, path: str, body: Row, sent: datetime) -> Write | None:
        """Read a request; None for any other."""
        parts = path.partition("/v2/orders/")[2] or path.partition("/v3/orders/")[2]
        number, _, rest = parts.partition("/")
        if method == "GET" or not number.isdecimal():
            return None
        what = {"shipments": "shipment", "": "status"}.get(rest) or rest.rpartition("/")[2]
        return cls(worker, what, int(number), body, sent)


class Model:
    """Holds the store and the books against what people did.

    Args:
        people: Who acts.
        setup: The settings.
        worklist: Reads the worklist.
        hears_reports: Whether it is told of the reports of the worklist.
    """

    def __init__(
        self,
        people: People,
        setup: Setup,
        worklist: Callable[[], Sequence[WorklistItem]],
        *,
        hears_reports: bool = False,
    ) -> None:
        self._hears_reports = hears_reports
        self.people = people
        self.setup = setup
        self._worklist = worklist
        self.found: list[Violation] = []
        self.look = LOOK
        self.seen: dict[str, dict[int, int]] = {}
        """The statuses of orders as each worker saw them when it looked last."""
        self.shown: dict[tuple[str, int], datetime] = {}
        """When each worker saw an order last."""
        self._captured: set[int] = set()
        """The orders whose payments a worker captured."""
        self._journal = Journal(people.books.journal_engine)
        self._sent: dict[int, set[tuple[str, object]]] = {}
        """What was sent for orders: captures, voids and shipments by their comments."""
        self._reported: dict[tuple[str, str, str], tuple[datetime, str, str]] = {}
        """In which words items were reported last, by their places."""
        self._doubted: set[tuple[str, str, str]] = set()
        """The items that may be reported once more, since a worker died."""

    def _each(self, order_id: int = 0) -> Iterator[One]:
        books, people = Books.read(self.people, order_id), self.people
        items: dict[int, Counter[tuple[str, str, str]]] = {}
        for each in self._worklist():
            items.setdefault(each.order_id, Counter())[each.code, each.key, each.area] += 1
        for number in [order_id] if order_id else people.diaries:
            yield One(
                number,
                people.diaries[number],
                people.store.state.orders.get(number),
                books.orders.get(number, ()),
                books.receipts.get(number, ()),
                books.credits.get(number, ()),
                items.get(number, Counter()),
                self.setup,
            )
        if others := items.keys() - people.diaries.keys():
            words = f"{[items[number] for number in others]} is on the worklist"
            self.found.append(Violation("is_on_the_worklist_for_a_cause", 0, words))

    def moment(self, order_id: int = 0) -> None:
        """Hold all orders, or one, against what holds whatever is going on."""
        for one in self._each(order_id):
            self._hold(one, MOMENT)

    def quiet(self) -> None:
        """Hold all orders against what holds when nobody acts and nothing fails."""
        refused = {each.order_import_id for each in self.people.books.orders_refused("WEB")}
        says = partial(says_what_acctvantage_refused, refused=refused)
        books = self.people.books
        pickups = books.pickups([f"WEB{number}" for number in self.people.diaries])
        with books.engine.connect() as connection:
            offered = connection.exec_driver_sql("SELECT store_order_id FROM orders_to_enter")
            goes_on = partial(
                goes_on_with_acctvantage,
                pickups={_order_id(each.order_import_id): each for each in pickups},
                offered=set(offered.scalars()),
            )
        for one in self._each():
            is_left = one.is_of_others or one.diary.hidden_at is not None
            self._hold(one, MOMENT if is_left else QUIET)
            if is_left:
                continue
            self._hold(one, [says], says_what_acctvantage_refused.__name__)
            self._hold(one, [goes_on], goes_on_with_acctvantage.__name__)
            self._hold(one, [self._is_told_once], "is_told_once")
        for each in self._worklist() if self._hears_reports else ():
            _, *words = self._reported.get(_place(each), ("",))
            if words != [each.message, each.fix]:
                self.found.append(Violation("is_reported", each.order_id, str(each)))
        off = [each for each in self.people.books.trial_balance() if each.difference]
        self.found += [Violation("balances", _order_id(each.import_id), str(each)) for each in off]

    def _hold(self, one: One, rules: Sequence[Rule], name: str = "") -> None:
        for rule in rules:
            if words := rule(one):
                self.found.append(Violation(name or rule.__name__, one.id, words))

    def _is_told_once(self, one: One) -> str:
        """The journal has what each run finds again once, or a little more often after deaths."""
        told = Counter(
            (each.action, each.outcome, each.detail)
            for each in self._journal.entries(f"WEB{one.id}")
            if each.outcome in ("postponed", "refused", "waiting")
        )
        return str([each for each, times in told.items() if times > _AGAIN] or "")

    def report(self, items: Sequence[WorklistItem]) -> None:
        """Note what the application was told of the worklist: nothing twice in the same words."""
        for each in items:
            place, words = _place(each), (each.since, each.message, each.fix)
            if self._reported.get(place) == words and place not in self._doubted:
                self.found.append(Violation("is_reported_once", each.order_id, str(each)))
            self._reported[place] = words
            self._doubted.discard(place)

    # Requests

    def answered(self, worker: str, method: str, path: str, body: object) -> None:
        """Note what a worker saw of orders in an answer."""
        if method != "GET" or "/v2/orders" not in path:
            return
        seen = self.seen.setdefault(worker, {})
        for row in body if isinstance(body, list) else [body]:
            if isinstance(row, dict) and "status_id" in row:
                seen[whole(row["id"])] = whole(row["status_id"])
                self.shown[worker, whole(row["id"])] = self.people.now()

    def forget(self, worker: str) -> None:
        """Note that a worker died."""
        self.seen.pop(worker, None)
        self._doubted |= self._reported.keys()

    def write(self, write: Write) -> None:
        """Hold a request against what is known, when it reaches the store."""
        order = self.people.store.state.orders.get(write.order_id)
        diary = self.people.diaries.get(write.order_id)
        if order is None or diary is None:
            return
        self._sent.setdefault(write.order_id, set()).add((write.what, write.body.get("comments")))
        for rule in _WRITES:
            if words := rule(self, write, order, diary):
                told = f"{write.worker} sent {words}"
                self.found.append(Violation(rule.__name__, write.order_id, told))
        if write.what == "capture" and order.header["payment_status"] == "authorized":
            self._captured.add(write.order_id)
        if write.status:
            self.seen.setdefault(write.worker, {})[write.order_id] = write.status


def is_not_stopped(model: Model, write: Write, order: FakeOrder, diary: Diary) -> str:
    """Nothing but a void is sent for an order that was seen stopped, or stopped a while ago.

    Nor for one that was archived a while ago.
    """
    if order.header.get("is_deleted"):
        since = write.sent - diary.acts["archive"]
        return f"a {write.what} {since} after it was archived" if since > model.look else ""
    is_harmless = write.what == "void" or (write.what == "status" and not write.status)
    if is_harmless or order.header["status_id"] not in STOPPED:
        return ""
    if model.seen.get(write.worker, {}).get(write.order_id) in STOPPED:
        return f"a {write.what} for an order that it saw stopped"
    since = write.sent - (diary.stopped_at or write.sent)
    return f"a {write.what} {since} after it was stopped" if since > model.look else ""


def is_sent_once(model: Model, write: Write, order: FakeOrder, diary: Diary) -> str:
    """No shipment that the store has, and no capture of a payment that avbc captured."""
    if write.what == "shipment" and write.body.get("comments"):
        here = [row for row in order.shipments if row["comments"] == write.body["comments"]]
        return f"{write.body['comments']} a second time" if here else ""
    status = order.header["payment_status"]
    if write.what == "capture" and status in ("capture pending", "captured"):
        return "a second capture" if write.order_id in model._captured else ""
    return ""


def is_seen(model: Model, write: Write, order: FakeOrder, diary: Diary) -> str:
    """Nothing is sent for others' orders, and nothing but a void for one that nobody can see."""
    if model.setup.channels and diary.channel not in model.setup.channels:
        return f"a {write.what} for an order of channel {diary.channel}"
    shown = model.shown.get((write.worker, write.order_id), _NEVER)
    hidden = write.sent - max(diary.hidden_at or write.sent, shown)
    is_late = hidden > model.look and write.what != "void"
    return f"a {write.what} {hidden} after it was hidden" if is_late else ""


def goes_forward(model: Model, write: Write, order: FakeOrder, diary: Diary) -> str:
    """No status takes an order back whose goods have left."""
    seen = model.seen.get(write.worker, {}).get(write.order_id, 0)
    is_back = write.status and seen in GONE and GONE.get(write.status, 0) < GONE[seen]
    return f"status {write.status} for an order that it saw in {seen}" if is_back else ""


def takes_its_place(model: Model, write: Write, order: FakeOrder, diary: Diary) -> str:
    """Downloaded and Import Error come in place of New and of each other, after the books."""
    seen = model.seen.get(write.worker, {}).get(write.order_id, NEW)
    is_own = write.status in (DOWNLOADED, IMPORT_ERROR)
    if is_own and seen not in (NEW, DOWNLOADED, IMPORT_ERROR):
        return f"{write.status} for an order that it saw in {seen}"
    is_early = write.status == DOWNLOADED and model.people.booked(write.order_id) is None
    is_early &= write.sent - diary.acts.get("delete", _NEVER) > model.look
    return "Downloaded for an order that is not in the books" if is_early else ""


def is_written_down(model: Model, write: Write, order: FakeOrder, diary: Diary) -> str:
    """What cannot be taken back is in the journal as begun before it is sent."""
    job = {"shipment": "push_shipments", "capture": "capture_payments", "void": "capture_payments"}
    if (action := job.get(write.what)) is None:
        return ""
    entries = model._journal.entries(f"WEB{write.order_id}")
    begun = sum((each.action, each.outcome) == (action, "begun") for each in entries)
    sent = sum(job.get(what) == action for what, _ in model._sent[write.order_id])
    return f"a {write.what} that the journal does not have as begun" if begun < sent else ""


_WRITES = (is_not_stopped, is_seen, is_sent_once, goes_forward, takes_its_place, is_written_down)


def _place(item: WorklistItem) -> tuple[str, str, str]:
    return item.area, item.code, item.key


def _items(order: FakeOrder | None) -> list[Row]:
    shipments = order.shipments if order is not None else []
    return [row for each in shipments for row in each["items"]]  # type: ignore[attr-defined]


def _shipments(order: FakeOrder | None) -> list[int]:
    """The numbers of AcctVantage's shipments in the store, as often as they are there."""
    words = [str(row["comments"]) for row in order.shipments] if order is not None else []
    return [int(text.split()[2]) for text in words if text.startswith("AcctVantage shipment ")]


def _order_id(import_id: str) -> int:
    return int(import_id.removeprefix("WEB").partition("-")[0])
