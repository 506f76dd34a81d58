"""Habits of real stores: kinds of orders, each with its neighbors, and what must become of them.

A kind generates orders with random amounts, tax rates and quantities, in stores with and without
tax in their prices. What must be in the books is worked out from the JSON and the settings alone:
nothing here calls `avbc.mapping`. Kinds that go on after the import play their steps, too.
"""

from __future__ import annotations

import random
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeAlias

import attrs

import avbc
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.orchestrator.reports import RESULTS
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, Line, OrderFactory, example, item
from avbc.testing.factories import PHYSICAL
from bench.badorders import API_URL, Books
from bench.tally import Damage, Row

Screens: TypeAlias = "dict[str, dict[str, Any]]"
D = Decimal
CENT = D("0.01")
BATCH = 25
"""Orders of one draw of settings."""
NEW, DOWNLOADED, IMPORT_ERROR, AWAITING_PAYMENT, CANCELED = 11, 9, 12, 7, 5
PAID = (2, 3, 8, 10)
"""Statuses of paid orders, without those that the settings use."""

_MORE_BOOKS = """\
ship_vias = [
    { name = "Truck", product_class = "Freight" },
    { name = "Parcel", product_class = "Freight" },
]
promotions = [
    { code = "ENGINE20", kind = "%", value = "20", gl_code = "11000-000-000" },
]
clients = [
    { name = "Owing Ltd", email = "owing@example.com", open_ar = true },
    { name = "Cash Only Ltd", email = "cash.only@example.com" },
]
"""


@cache
def _books() -> Books:
    """Books in memory for every kind: the example's, and a few records more."""
    books = Books()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.toml"
        file.write_text(_MORE_BOOKS, encoding="utf-8")
        books.gateway.load(file)
    books.keep()
    return books


# --- what is wanted ---


@attrs.define
class Booked:
    """What a sales order must hold, with its receipts and credits."""

    total: Decimal
    tax: Decimal
    freight: Decimal
    discount: Decimal
    lines: Counter[tuple[int, str | None, Decimal, Decimal]]
    """Store line id, part number, quantity and amount without tax."""
    receipts: list[tuple[str, str, Decimal, Decimal]]
    """Receipt Type, state, amount and what is held."""
    more: dict[str, object] = attrs.field(factory=dict)
    """Other fields of the sales order."""
    discounts: list[tuple[str, Decimal]] | None = None
    """Promotion code and amount in the store of each; None: not looked at."""
    credits: list[tuple[Decimal, Decimal]] = attrs.field(factory=list)
    """Total and tax of each."""


@attrs.define
class End:
    """What must have become of an order after a step."""

    result: str
    """imported, refused, waiting, or left: as if nobody had looked at it."""
    codes: frozenset[str] | None = frozenset()
    """Of its problems, in the report; None: some error, whichever says best what is wrong."""
    among: str = ""
    """A code that is one of them."""
    booked: Booked | None = None
    items: frozenset[str] | None = None
    """Codes on the worklist; by default the errors of one that was refused, and none else."""
    status: int | None = None
    """In the store; by default what its result says."""


Act: TypeAlias = "Callable[[Shop, FakeOrder], object]"


@attrs.define
class Case:
    """An order, what happens to it, and how it must end after each step."""

    order: FakeOrder
    what: str
    """What was chosen, in words."""
    end: End
    then: list[tuple[Act | None, End]] = attrs.field(factory=list)
    """What somebody does after the import, and the end after the jobs that follow."""

    def __str__(self) -> str:
        return f"order {self.order.id} ({self.what})"


def imported(booked: Booked, *codes: str, **more: Any) -> End:
    """It is in the books, and Downloaded; `codes` are its warnings."""
    return End("imported", frozenset(codes), booked=booked, **more)


def refused(*codes: str) -> End:
    """It is an Import Error for these reasons; without any, for one that fits."""
    return End("refused", frozenset(codes) or None)


def waiting(*codes: str, **more: Any) -> End:
    """It is New, and held back."""
    return End("waiting", frozenset(codes), **more)


LEFT = End("left")


@attrs.frozen
class Habit:
    """A kind of orders."""

    name: str
    make: Callable[[random.Random, int, Screens], Case]
    """An order of this kind or a neighbor of it, by its id and the settings."""
    screens: Callable[[random.Random], Mapping[str, Mapping[str, object]]] = lambda _: {}
    """What its settings have that the example's lack, for a batch."""
    later: tuple[str | Callable[[Shop], object], ...] = ("follow_orders",)
    """The jobs after each later step."""
    options: Mapping[str, Any] = attrs.field(factory=dict)
    """Of the orchestrator."""
    prepare: Callable[[Shop], object] = lambda _: None
    """What is done to the store and the books before the orders come."""
    before: Callable[[Shop, Sequence[Case]], Sequence[str]] = lambda _, __: ()
    """What is wrong before the first import."""
    whole: Callable[[Shop, Sequence[Case]], Sequence[str]] = lambda _, __: ()
    """What is wrong with the batch as a whole."""


# --- orders and what the store's own figures say of them ---


def sold(
    choose: random.Random, order_id: int, lines: Sequence[Line] = (), **options: Any
) -> FakeOrder:
    """A random order: prices, quantities, tax rate, and prices with tax or without."""
    factory = OrderFactory(seed=choose.randrange(10**9), first_id=order_id)
    options.setdefault("tax_inclusive", choose.random() < 0.5)
    options.setdefault(
        "tax_rate", choose.choice([D(0), D("0.07"), D("0.0825"), D("0.19"), D("0.2")])
    )
    if "shipping" not in options:
        cost = D(choose.randrange(0, 3000)) / 100
        options["shipping"] = [avbc.testing.Shipping("UPS Ground", cost)]
    return factory.order(lines or goods(choose), **options)


def goods(choose: random.Random, most: int = 3) -> list[Line]:
    """Random lines of different products at random prices."""
    return [
        attrs.evolve(item(sku, choose.randint(1, 9)), price=D(choose.randrange(50, 50_000)) / 100)
        for sku in choose.sample(PHYSICAL, choose.randint(1, most))
    ]


def amount(value: object) -> Decimal:
    """An amount of the JSON."""
    return D(str(value))


def booked_of(order: FakeOrder, *receipts: tuple[str, str, Decimal, Decimal]) -> Booked:
    """What the sales order of a good order must hold, by the order's own figures."""
    header = {key: amount(order.header[key]) for key in _HEADER}
    parts = sum((header[f"{name}_ex_tax"] for name in _PARTS), D(0))
    return Booked(
        total=header["total_inc_tax"],
        tax=header["total_tax"],
        freight=header["shipping_cost_ex_tax"],
        discount=parts - header["total_ex_tax"],
        lines=Counter(
            (
                int(str(line["id"])),
                str(line["sku"]) if line["product_id"] else None,
                amount(line["quantity"]),
                amount(line["total_ex_tax"]),
            )
            for line in order.products
            if line["quantity"]
        ),
        receipts=sorted(receipts),
    )


_PARTS = ("subtotal", "shipping_cost", "handling_cost", "wrapping_cost")
_HEADER = [
    *(f"{name}_{side}_tax" for name in (*_PARTS, "total") for side in ("ex", "inc")),
    "total_tax",
]


def received(order: FakeOrder, receipt_type: str = "Visa/MC") -> tuple[str, str, Decimal, Decimal]:
    """A receipt over the whole order."""
    return receipt_type, "captured", amount(order.header["total_inc_tax"]), D(0)


def awaited(receipt_type: str = "Visa/MC") -> tuple[str, str, Decimal, Decimal]:
    """A receipt over nothing."""
    return receipt_type, "pending", D(0), D(0)


def fits_header(order: FakeOrder) -> bool:
    """Whether the header's sums hold, with tax or without."""
    header = {key: amount(order.header[key]) for key in _HEADER}
    taken = amount(order.header["discount_amount"]) + amount(order.header["coupon_discount"])
    off = [
        sum((header[f"{name}_{side}_tax"] for name in _PARTS), D(0))
        - taken
        - header[f"total_{side}_tax"]
        for side in ("inc", "ex")
    ]
    tax = header["total_inc_tax"] - header["total_ex_tax"] - header["total_tax"]
    return min(map(abs, off)) < CENT / 2 and abs(tax) < CENT / 2


# --- a batch ---


class Shop:
    """A store, its books and the orchestrator between them, for a batch of orders."""

    def __init__(self, habit: Habit, screens: Screens) -> None:
        self.screens = screens
        self.books = _books().gateway
        _books().reset()
        self.store = FakeStore(settle_after=None)
        self._stack = ExitStack()
        client = self._stack.enter_context(
            BigCommerce(
                API_URL,
                "example-token",
                transport=self.store.transport(),
                retries=Retries(attempts=1),
                sleep=lambda _: None,
            )
        )
        self._client, self._options = client, habit.options
        self.web = self._join()
        self.outcomes: dict[int, tuple[str, frozenset[str]]] = {}
        """What the last report that had an order says of it: its list and its codes."""
        self.twice: list[int] = []
        """Orders that a report had more than once."""
        self.reports: list[ImportReport] = []
        self.was: dict[int, dict[str, object]] = {}
        """What an import may change of orders, as it was before."""

    def _join(self, **options: Any) -> Orchestrator:
        settings = Settings.from_dict(self.screens)
        web = Orchestrator(settings, self.books, store=self._client, **self._options, **options)
        return self._stack.enter_context(web)

    def lose_journal(self) -> None:
        """Go on with a new journal, as if the old one had been deleted."""
        self.web = self._join(journal="sqlite://")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, job: str | Callable[[Shop], object]) -> object:
        """Run a job.

        `retry` is an import of the refused ones, too, and `refunds` an import of refunds where the
        settings want them.
        """
        if callable(job):
            report = job(self)
        elif job == "retry":
            report = self.web.import_orders(retry_errors=True)
        elif job == "refunds":
            return self.web.import_refunds() if self.web.settings.gl.import_refunds else None
        else:
            report = getattr(self.web, job)()
        if isinstance(report, ImportReport):
            self.reports.append(report)
            seen = Counter[int]()
            for name in RESULTS:
                for outcome in report.outcomes(name):
                    seen[outcome.order_id] += 1
                    codes = frozenset(
                        problem.code
                        for problem in outcome.problems
                        if name != "refused" or problem.severity == "error"
                    )
                    self.outcomes[outcome.order_id] = name, codes
            self.twice += [number for number, count in seen.items() if count > 1]
        return report

    def mark(self, order_id: int) -> dict[str, object]:
        """What an import may change of an order."""
        header = self.store.order(order_id).header
        return {key: header[key] for key in ("status_id", "staff_notes", "date_modified")}


def screens_of(changes: Mapping[str, Mapping[str, object]]) -> Screens:
    """The example's settings with changes; more payment methods by default."""
    raw: Screens = {name: dict(values) for name, values in example.settings_dict(API_URL).items()}
    raw["gl"]["payment_methods"] = [*raw["gl"]["payment_methods"], *MORE_METHODS]
    for name, values in changes.items():
        raw.setdefault(name, {}).update(values)
    return raw


OFFLINE = (
    "Bank Deposit",
    "Check",
    "Money Order",
    "Cash on Delivery",
    "Pay in Store",
    "Cash",
    "Manual",
)
MORE_METHODS: list[dict[str, object]] = [
    {"bigcommerce": name, "receipt_type": "Check"} for name in OFFLINE if name != "Cash on Delivery"
] + [
    {"bigcommerce": "Wallet", "receipt_type": "PayPal"},
    {"bigcommerce": "House Account", "receipt_type": "Check", "offline": True},
    {"bigcommerce": "Online Check", "receipt_type": "Check", "offline": False},
]


def play(habit: Habit, seed: str, count: int, first_id: int, row: Row) -> None:
    """Play a batch of orders of a kind."""
    choose = random.Random(seed)
    screens = screens_of(habit.screens(choose))
    cases = [habit.make(choose, first_id + place, screens) for place in range(count)]
    with Shop(habit, screens) as shop:
        try:
            _play(habit, shop, cases, row)
        except Exception:  # noqa: BLE001  # what the bench looks for
            row.complain(f"batch {seed}", traceback.format_exc(limit=-4)[-900:])


def _play(habit: Habit, shop: Shop, cases: Sequence[Case], row: Row) -> None:
    habit.prepare(shop)
    for case in cases:
        # A case may place its order itself, as when it was there before.
        shop.store.add_order(case.order)
        shop.was[case.order.id] = shop.mark(case.order.id)
    damages = [Damage() for _ in cases]
    for complaint in habit.before(shop, cases):
        row.complain("before the import", complaint)
    shop.run("import_orders")
    _look(shop, cases, [case.end for case in cases], damages)
    known = dict(shop.outcomes)
    again = shop.run("import_orders")
    assert isinstance(again, ImportReport)
    for name, outcome in again:
        if name != "waiting" or known.get(outcome.order_id, ("",))[0] != "waiting":
            row.complain(f"{name} {outcome.order_id}", "a second import finds it")
    for step in range(max((len(case.then) for case in cases), default=0)):
        for case in cases:
            if step < len(case.then) and (act := case.then[step][0]) is not None:
                act(shop, shop.store.order(case.order.id))
        for job in habit.later:
            shop.run(job)
        ends = [
            case.then[min(step, len(case.then) - 1)][1] if case.then else case.end for case in cases
        ]
        _look(shop, cases, ends, damages, step + 1)
    for case, damage in zip(cases, damages, strict=True):
        row.count(1, damage, str(case))
    for complaint in habit.whole(shop, cases):
        row.complain("the batch", complaint)
    for number in shop.twice:
        row.complain(f"order {number}", "a report has it more than once")


def _look(
    shop: Shop, cases: Sequence[Case], ends: Sequence[End], damages: Sequence[Damage], step: int = 0
) -> None:
    orders: dict[int, list[Any]] = defaultdict(list)
    for order in shop.books.sales_orders():
        orders[order.store_order_id].append(order)
    receipts, credits_ = defaultdict[str, list[Any]](list), defaultdict[str, list[Any]](list)
    for receipt in shop.books.receipts():
        receipts[receipt.order_import_id].append(receipt)
    for credit in shop.books.credits():
        credits_[credit.order_import_id].append(credit)
    items = defaultdict[int, list[str]](list)
    for each in shop.web.worklist():
        items[each.order_id or 0].append(each.code)
    for case, end, damage in zip(cases, ends, damages, strict=True):
        number, key = case.order.id, f"WEB{case.order.id}"
        at = f"after step {step}: " if step else ""
        entered = orders.pop(number, [])
        if len(entered) > 1:
            damage.doubled.append(f"{at}{len(entered)} sales orders")
        if bool(entered) != (end.result == "imported"):
            said = shop.outcomes.get(number, "in no report")
            damage.lost.append(f"{at}wanted {end.result} {end.codes}, and it is {said}"[:400])
            continue
        if entered and end.booked is not None:
            found = _differences(end.booked, entered[0], receipts[key], credits_[key])
            damage.off += [f"{at}{each}" for each in found]
        damage.other += [f"{at}{each}" for each in _state_faults(shop, number, end, items[number])]
    for number in orders:
        damages[0].other.append(f"order {number} is in the books, and nobody placed it")


def _state_faults(shop: Shop, number: int, end: End, items: list[str]) -> list[str]:
    found: list[str] = []
    now, was = shop.mark(number), shop.was[number]
    name, codes = shop.outcomes.get(number, ("left", frozenset[str]()))
    if end.result in ("waiting", "left"):
        if end.status is None and now != was:
            found.append(f"it was {was} and is {now}")
    else:
        status = end.status or (DOWNLOADED if end.result == "imported" else IMPORT_ERROR)
        if now["status_id"] != status:
            found.append(f"its status is {now['status_id']} and not {status}")
    listed = "imported" if name in ("relinked", "updated") else name
    if listed != end.result:
        found.append(f"it is {name} in the report and not {end.result}")
    if end.codes is not None and codes != end.codes:
        found.append(f"its problems are {sorted(codes)} and not {sorted(end.codes)}")
    elif end.codes is None and (not codes or (end.among and end.among not in codes)):
        found.append(f"its problems are {sorted(codes)}, without {end.among or 'any'}")
    wanted = end.items
    if wanted is None:
        wanted = codes if end.result == "refused" else frozenset()
    if sorted(items) != sorted(wanted):
        found.append(f"the worklist has {sorted(items)} of it and not {sorted(wanted)}")
    return found


def _differences(
    wanted: Booked, order: Any, receipts: Sequence[Any], credits_: Sequence[Any]
) -> list[str]:
    lines = Counter(
        (line.store_line_id, line.part_number, line.quantity, line.amount)
        for line in order.lines
        if line.kind in ("product", "custom")
    )
    pairs: list[tuple[str, object, object]] = [
        ("total", order.total, wanted.total),
        ("tax", order.tax, wanted.tax),
        ("freight", order.freight, wanted.freight),
        ("discount", order.discount, wanted.discount),
        ("lines", lines, wanted.lines),
        (
            "receipts",
            sorted((r.receipt_type, r.state, r.amount, r.pre_auth_amount) for r in receipts),
            sorted(wanted.receipts),
        ),
        ("credits", sorted((c.total, c.tax) for c in credits_), sorted(wanted.credits)),
        *((name, getattr(order, name), value) for name, value in wanted.more.items()),
        (
            "discounts",
            None
            if wanted.discounts is None
            else sorted((each.code, each.amount_in_store) for each in order.discounts),
            wanted.discounts and sorted(wanted.discounts),
        ),
    ]
    parts = order.subtotal + order.freight + order.tax - order.discount + order.rounding
    pairs.append(("total of its parts", parts, order.total))
    if abs(order.rounding) >= CENT / 2:
        pairs.append(("rounding", order.rounding, 0))
    return [
        f"{name} is {found!s:.300} and not {value!s:.300}"
        for name, found, value in pairs
        if found != value
    ]


def habit_row(name: str) -> str:
    """The name of a kind's row in the summary."""
    return f"habits: {name}"


def try_habit(
    habit: Habit, count: int, seed: int, *, share: tuple[int, int] = (0, 1), size: int = BATCH
) -> Row:
    """Generate orders of a kind, import them, and play what follows.

    Args:
        habit: The kind.
        count: How many, all shares together.
        seed: Of the random choices.
        share: Which part of how many parts, where several work on it.
        size: How many orders have the same settings.
    """
    started = time.monotonic()
    row = Row(habit_row(habit.name))
    for batch in range(share[0], -(-count // size), share[1]):
        some = min(size, count - batch * size)
        play(habit, f"{seed} {habit.name} {batch}", some, 1 + batch * size, row)
    row.seconds = time.monotonic() - started
    return row
