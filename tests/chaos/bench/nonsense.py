# ruff: noqa: RUF001 - letters that look like others are what is tried here
"""Bad data: orders from valid to nonsense, made by changing the JSON that the store would send."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, TypeAlias

import attrs

from avbc.testing import Line, OrderFactory
from avbc.testing.orders import FakeOrder
from avbc.testing.shapes import SHAPES

Json: TypeAlias = Any


@attrs.define
class Sample:
    """What the store sends of one order."""

    id: int
    body: Json
    """The row of the list, with everything embedded."""
    lines: Json
    """What `/v2/orders/{id}/products` answers."""
    transactions: Json
    coupons: Json
    importable: bool
    """It must be imported: nothing was changed, and its shape is a good one."""
    changes: list[str] = attrs.field(factory=list)

    def __str__(self) -> str:
        return f"order {self.id}: {'; '.join(self.changes) or 'unchanged'}"


# --- good orders ---

SCRIPTS = (
    "Zoë Łukasiewicz-O'Hara",
    "山田 太郎 株式会社",
    "Мария Иванова",
    "שלום עולם",
    "محمد بن علي",
    "नमस्ते दुनिया",
    "สวัสดีชาวโลก",
    "👩‍👩‍👧‍👦 🏳️‍🌈 🎁",
    "e\u0301 \u202eright to left\u202c \u200b\ufeff",
    "<script>alert('x')</script> & &amp; &lt;b&gt;",
    "'; DROP TABLE sales_orders; --",
    "=1+1 @SUM(A1) {0} %s $(x) `y`",
    "line one\nline two\r\n\tline three",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𠜎 \U0010ffff",
    "ﷺ ẞ ǆ ﬁ İi",
)
DATES = (
    "Thu, 01 Jan 1970 00:00:00 +0000",
    "Tue, 29 Feb 2000 23:59:59 +0000",
    "Fri, 31 Dec 9999 23:59:59 +0000",
    "Mon, 01 Jan 0001 00:00:00 +0000",
    "Tue, 19 Jan 2038 03:14:08 +0000",
    "Thu, 12 Mar 2026 02:30:00 -0600",
    "2026-03-12T02:30:00.123456+05:45",
)
_TEXTS = ("staff_notes", "customer_message")
_ADDRESS_TEXTS = (
    "first_name",
    "last_name",
    "company",
    "street_1",
    "street_2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
)


def good_order(choose: random.Random, order_id: int) -> Sample:
    """An order of any shape, also at the edges; `tests/mapping/test_properties.py` mixes them."""
    factory = OrderFactory(seed=choose.randrange(10**9), first_id=order_id)
    sample = sample_of(SHAPES[choose.choice(sorted(SHAPES))](factory))
    if choose.random() < 0.25:
        _dress(choose, sample)
    return sample


def sample_of(order: FakeOrder) -> Sample:
    """What the store sends of an order, in copies of its own."""
    parts = [order.to_json(), order.products, order.transactions, order.coupons]
    body, lines, transactions, coupons = json.loads(json.dumps(parts))
    return Sample(order.id, body, lines, transactions, coupons, order.importable)


def _dress(choose: random.Random, sample: Sample) -> None:
    """Text of any script, long notes, dates at the edges: still a good order."""
    for key in _TEXTS:
        sample.body[key] = choose.choice(
            [choose.choice(SCRIPTS), "x" * 65_536, "né 山 " * 16_000, "", None]
        )
    for address in [sample.body["billing_address"], *(sample.body["consignments"]["shipping"])]:
        for key in choose.sample(_ADDRESS_TEXTS, 3):
            address[key] = choose.choice(SCRIPTS).replace("\n", " ")
    for line in _all_lines(sample.body):
        line["name"] = choose.choice(SCRIPTS)
    sample.body["date_created"] = choose.choice(DATES)
    sample.changes.append("dressed")


def huge_order(order_id: int, lines: int = 500) -> Sample:
    """An order of very many lines and of a total of ten figures."""
    factory = OrderFactory(seed=order_id, first_id=order_id)
    dear = Line("RUG-WOOL", "A rug woven of gold", Decimal("99999.99"), 999, product_id=106)
    others = [
        attrs.evolve(line, price=Decimal("9999.99"), quantity=400)
        for line in factory.lines(lines - 1)
    ]
    return sample_of(factory.order([dear, *others]))


def _all_lines(body: Json) -> Iterator[Json]:
    found = body["consignments"]
    for consignment in [
        *found["shipping"],
        *found["pickups"],
        *found["downloads"],
        *found["email"]["gift_certificates"],
    ]:
        yield from consignment["line_items"]


# --- bad ones ---

Path: TypeAlias = "tuple[str | int, ...]"

NONSENSE: tuple[Json, ...] = (
    None, "", [], {}, True, False, 0, 1, -1, 2, 0.1, -0.01, 1e15, 1e300, -1e300, 10**18, -(10**18),
    2**63, 2**64, 10**40,
    "0", "1", "-1", "null", "NaN", "Infinity", "1e3", "1,000.00", "12.345678", "0x10", "١٢", "１２",
    " 5 ", "5.", ".5", "--1",
    "1.0000000000000001",
    "9999999999.9999", "99999999999999999999.0000", "true", "True", "on", "x", "\x00", "\x07bell",
    "\ud800", "a\udfff", "\u2028",
    "2026-13-45", "not a date", ("Thu, 01 Jan 1970 "
"00:00:00"), "Sat, 31 Feb 2026 00:00:00 +0000", "Fri, 31 Dec 9999 23:59:59 -0800",
    ("Mon, 01 Jan 0001 00:00:00 "
"+0900"), "Wed, 31 Dec 2025 23:59:60 +0000", 1750000000, {"url": "x", "resource": "/x"},
    [{"url": "x", "resource": "/x"}], [None], [[]], [{}], {"id": 1}, {"error": "unexpected"},
    {"message": "x"}, "x" * 70_000, "é" * 4000,
)  # fmt: skip
_CENT = Decimal("0.01")


def mutate(choose: random.Random, sample: Sample) -> None:
    """Change something of an order; it may still be a good one, or a good one of other content."""
    for _ in range(choose.choice([1, 1, 1, 1, 2, 3])):
        _change(choose, sample)
    sample.importable = False


def _change(choose: random.Random, sample: Sample) -> None:
    part = choose.choices(["body", "lines", "transactions", "coupons"], [16, 1, 3, 1])[0]
    whole = getattr(sample, part)
    if choose.random() < 0.005 or not whole:
        # The list gives its row by its id: a body that is none at all has lost it, and one with
        # another id is another order's.
        values = [value for value in NONSENSE if part != "body" or value != {"id": 1}]
        setattr(sample, part, copy.deepcopy(choose.choice(values)))
        sample.changes.append(f"{part} = {_short(getattr(sample, part))}")
        return
    if not isinstance(whole, (dict, list)):
        return
    paths = _paths(whole)
    top = [path for path in paths if len(path) == 1 and path != ("id",)]
    path = choose.choice(top if choose.random() < 0.5 and top else paths)
    holder = whole
    for step in path[:-1]:
        holder = holder[step]
    key = path[-1]
    if part == "body" and path == ("id",):
        # Another id is another order. What is no id, or the same one written otherwise, can be
        # told.
        value = choose.choice([None, "", "x", True, [], -1.5, str(sample.id), float(sample.id)])
        holder[key] = value
        sample.changes.append(f"body.id = {_short(value)}")
        return
    how: Callable[[random.Random, Json, Json], str] = choose.choice(_WAYS)
    told = how(choose, holder, key)
    if told:
        sample.changes.append(f"{part}.{'.'.join(map(str, path))}: {told}")


def _paths(value: Json, at: Path = ()) -> list[Path]:
    found: list[Path] = [at] if at else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _paths(inner, (*at, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += _paths(inner, (*at, place))
    return found


def _nonsense(choose: random.Random, holder: Json, key: Json) -> str:
    holder[key] = copy.deepcopy(choose.choice(NONSENSE))
    return f"= {_short(holder[key])}"


def _cent(choose: random.Random, holder: Json, key: Json) -> str:
    """An amount, or any number, that is a little more or less."""
    try:
        number = Decimal(str(holder[key]))
    except ArithmeticError:
        return ""
    if not number.is_finite() or isinstance(holder[key], bool):
        return ""
    off = choose.choice(
        [
            _CENT,
            -_CENT,
            Decimal(1),
            Decimal(-1),
            -number,
            -2 * number,
            number * 9,
            Decimal("0.005"),
            Decimal("0.0001"),
        ]
    )
    changed = number + off
    if isinstance(holder[key], str):
        holder[key] = f"{changed:f}"
    else:
        holder[key] = int(changed) if changed == changed.to_integral_value() else float(changed)
    return f"+ {off}"


def _gone(_: random.Random, holder: Json, key: Json) -> str:
    del holder[key]
    return "gone"


def _twice(choose: random.Random, holder: Json, key: Json) -> str:
    """A part of a list that stands there twice, or a list that is turned or cut."""
    value = holder[key]
    if isinstance(holder, list):
        holder.insert(key, copy.deepcopy(value))
        return "twice"
    if isinstance(value, list) and value:
        holder[key] = choose.choice([value[::-1], value[:-1], [], value + value])
        return "another list"
    return ""


def _swapped(choose: random.Random, holder: Json, key: Json) -> str:
    if not isinstance(holder, dict):
        return ""
    other = choose.choice(sorted(holder))
    if key == "id" or other == "id":
        return ""
    holder[key], holder[other] = holder[other], holder[key]
    return f"swapped with {other}"


def _written_otherwise(choose: random.Random, holder: Json, key: Json) -> str:
    """The same value as another JSON type."""
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = choose.choice([str(value).lower(), int(value), str(int(value))])
    elif isinstance(value, (int, float)):
        holder[key] = choose.choice([str(value), float(value), f"{value}.0", [value]])
    elif isinstance(value, str):
        try:
            holder[key] = choose.choice([float(value), value + "0", f" {value}", [value]])
        except (ValueError, OverflowError):
            holder[key] = choose.choice([[value], {"value": value}, value.upper(), value + " "])
    else:
        return ""
    return f"written as {_short(holder[key])}"


def _text(choose: random.Random, holder: Json, key: Json) -> str:
    if not isinstance(holder[key], str):
        return ""
    holder[key] = choose.choice(
        [
            *SCRIPTS,
            "",
            " ",
            "\u0000",
            "\ud83d",
            "x" * 70_000,
            "\n" * 50,
            "[AcctVantage import error: x]",
        ]
    )
    return f"= {_short(holder[key])}"


_WAYS = [
    _nonsense,
    _nonsense,
    _nonsense,
    _cent,
    _cent,
    _gone,
    _twice,
    _swapped,
    _written_otherwise,
    _written_otherwise,
    _text,
]


def _short(value: Json) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def samples(choose: random.Random, count: int, first_id: int) -> list[Sample]:
    """Orders, one in five of them good."""
    found: list[Sample] = []
    for order_id in range(first_id, first_id + count):
        sample = good_order(choose, order_id)
        if choose.random() < 0.8:
            mutate(choose, sample)
        found.append(sample)
    return found
