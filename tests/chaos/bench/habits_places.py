"""Habits of real stores: time zones, channels, stock, and faults of the set-up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import attrs

from avbc.settings import Settings, SettingsError
from avbc.testing import Discount, Payment, Shipping, example
from avbc.testing.factories import PHYSICAL
from bench.habits import (
    LEFT,
    NEW,
    Case,
    D,
    End,
    Habit,
    Screens,
    Shop,
    booked_of,
    goods,
    imported,
    received,
    refused,
    screens_of,
    sold,
    waiting,
)

_ZONES = (
    "America/Chicago",
    "Australia/Sydney",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/St_Johns",
    "Europe/London",
    "UTC",
    "America/Havana",
    "Asia/Kolkata",
)
SECOND = timedelta(seconds=1)


def zone_of(screens: Screens) -> ZoneInfo:
    return ZoneInfo(screens["store"]["description"])


def _in_a_zone(choose: random.Random) -> dict[str, dict[str, Any]]:
    # The description names the time zone of the batch's store.
    return {"store": {"description": choose.choice(_ZONES)}}


def _set_zone(shop: Shop) -> None:
    shop.store.set_options(time_zone=shop.screens["store"]["description"])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there, found by looking at each quarter of an hour, in UTC."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=15)
    while at.astimezone(zone).date() < day:
        at += timedelta(minutes=15)
    return at


# --- the store's own day ---


def days(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Orders at any time, and within a second of a midnight in the store's time zone."""
    zone = zone_of(screens)
    day = date(choose.randint(2000, 2036), 1, 1) + timedelta(days=choose.randrange(365))
    made = midnight(day, zone) + choose.choice([-1, 0, 1]) * SECOND
    if choose.random() < 0.4:
        made = datetime.fromtimestamp(choose.randrange(10**9, 2 * 10**9), UTC)
    order = sold(choose, order_id)
    order.header["date_created"] = format_datetime(made)
    booked = booked_of(order, received(order))
    booked.more = {"ordered_at": made, "ordered_on": made.astimezone(zone).date()}
    end = imported(booked)
    return Case(order, f"{made} in {zone}", end, [(None, end)])


def _since(choose: random.Random) -> dict[str, dict[str, Any]]:
    day = date(2026, 1, 1) + timedelta(days=choose.randrange(200))
    return _in_a_zone(choose) | {"order_status": {"import_orders_created_since": day}}


def since(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Orders from just before the first day that is imported, and from it on."""
    zone, first = zone_of(screens), screens["order_status"]["import_orders_created_since"]
    start = midnight(first, zone)
    made = start + choose.choice([-SECOND, timedelta(), SECOND, timedelta(hours=5)])
    if choose.random() < 0.3:
        made = start + timedelta(hours=choose.uniform(-30, 30))
        made = made.replace(microsecond=0)
    order = sold(choose, order_id)
    order.header["date_created"] = format_datetime(made)
    what = f"{made} in {zone}, since {first}"
    end = imported(booked_of(order, received(order))) if made >= start else LEFT
    return Case(order, what, end, [(None, end)])


def periods(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Orders of the days of a period, which are asked for, and of the seconds beside it."""
    zone, start, stop = zone_of(screens), *_period(screens)
    first, last = midnight(start, zone), midnight(stop + timedelta(days=1), zone)
    made = choose.choice([first, last]) + choose.choice([-2, -1, 0, 1]) * SECOND
    order = sold(choose, order_id, status_id=10)
    order.header["date_created"] = format_datetime(made)
    end = LEFT
    if first <= made < last:
        booked = booked_of(order, received(order))
        end = imported(booked, "nothing_left_to_ship", status=10)
    return Case(order, f"{made} in {zone}, {start} to {stop}", LEFT, [(None, end)])


def _period(screens: Screens) -> tuple[date, date]:
    """The days that a batch asks for: they are kept in what no import reads."""
    first = date.fromisoformat(screens["store"]["client_id"])
    return first, first + timedelta(days=len(screens["store"]["license_key"]) - 1)


def _with_period(choose: random.Random) -> dict[str, dict[str, Any]]:
    day = date(2026, 1, 1) + timedelta(days=choose.randrange(300))
    zone = _in_a_zone(choose)["store"]
    return {"store": {**zone, "client_id": str(day), "license_key": "x" * choose.randint(1, 3)}}


def import_period(shop: Shop) -> object:
    first, last = _period(shop.screens)
    return shop.web.import_orders(since=first, until=last)


# --- channels ---


def _channels(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"order_status": {"channels": choose.choice([[1], [1, 4], [4, 7, 9], []])}}


def channels(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Orders of the channels that are named, and of others: those are left alone."""
    named, channel = screens["order_status"]["channels"], choose.choice([1, 4, 7, 11])
    order = sold(choose, order_id)
    order.header["channel_id"] = channel
    is_bad = choose.random() < 0.2
    if is_bad:
        order.products[0]["sku"] = "NO-SUCH"
    if named and channel not in named:
        end = LEFT
    else:
        end = refused("sku_unknown") if is_bad else imported(booked_of(order, received(order)))
    return Case(order, f"channel {channel} of {named}, {is_bad=}", end, [(None, end)])


# --- stock ---

_MANY = 100_000
_OPEN = {3, 7, 8, 9, 11, 12, 13, 14}
"""Statuses of placed orders of which goods may still be there."""


def _stock(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    methods = [
        {"bigcommerce": "Credit Card", "receipt_type": "Visa/MC"},
        {"bigcommerce": "Wallet", "receipt_type": "PayPal", "import_when": "never"},
    ]
    return {
        "gl": {"payment_methods": methods},
        "order_status": {
            "channels": choose.choice([[], [1], [1, 4]]),
            "import_orders_created_since": date(2026, 3, 1),
        },
    }


def stock(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Orders in every status, in part shipped and refunded; some are imported, or never."""
    method = choose.choice(["Credit Card", "Wallet", "Barter"])
    status = choose.choice([*range(15), NEW, NEW, NEW, 3, 3, 14])
    order = sold(choose, order_id, payment=Payment(method), status_id=status)
    channel = choose.choice([1, 1, 4, 7])
    first = midnight(date(2026, 3, 1), ZoneInfo("America/Chicago"))
    made = first + choose.choice([-SECOND, timedelta(), timedelta(days=1), timedelta(days=9)])
    order.header.update(channel_id=channel, date_created=format_datetime(made))
    for line in order.products:
        units = int(str(line["quantity"]))
        if choose.random() < 0.3 and status in (3, 14):
            line["quantity_shipped"] = choose.randint(0, units)
        if choose.random() < 0.3 and status in (3, 14):
            line["quantity_refunded"] = choose.randint(
                0, units - int(str(line["quantity_shipped"]))
            )
    named = screens["order_status"]["channels"]
    is_ours = (not named or channel in named) and made >= first
    what = f"{method} in {status}, channel {channel} of {named}, {made}"
    end, items = LEFT, frozenset[str]()
    if status == NEW and is_ours:
        if method == "Wallet":
            end = waiting("order_never_imported", items=items)
        elif method == "Barter":
            end = refused("payment_method_unmapped")
        else:
            end = imported(booked_of(order, received(order)))
    return Case(order, what, attrs.evolve(end, items=None if end is not LEFT else items), [])


def _fill(shop: Shop) -> None:
    example.populate(shop.store, orders=0)
    for sku in PHYSICAL:
        shop.books.set_quantity(sku, "Main", _MANY)


def _netted(shop: Shop, cases: Sequence[Case]) -> list[str]:
    named = shop.screens["order_status"]["channels"]
    first = midnight(date(2026, 3, 1), ZoneInfo("America/Chicago"))
    gone = Counter[str]()
    # What is in the books counts there, and so does each order once.
    for case in cases:
        order = shop.store.order(case.order.id)
        made = datetime.strptime(str(order.header["date_created"]), "%a, %d %b %Y %H:%M:%S %z")
        if (
            order.header["status_id"] not in _OPEN
            or made < first
            or (named and order.header["channel_id"] not in named)
        ):
            continue
        for line in order.products:
            gone[str(line["sku"])] += sum(
                sign * int(str(line.get(key, 0)))
                for sign, key in [
                    (1, "quantity"),
                    (-1, "quantity_shipped"),
                    (-1, "quantity_refunded"),
                ]
            )
    shop.web.push_inventory(full=True)
    shop.store.settle()
    now = shop.store.inventory()
    return [
        f"{sku}: {now[sku]} may be sold, and not {_MANY - gone[sku]}"
        for sku in PHYSICAL
        if now[sku] != _MANY - gone[sku]
    ]


# --- faults of the set-up ---

_FAULTS: list[tuple[str, str, list[str]]] = [
    ("gl", "tax_area", ["Moon", "AvaTax", "BigComerce"]),
    ("shipping", "warehouse", ["Moon", "Maine"]),
    ("order_status", "new_sales_order_status", ["Moon", "Opened"]),
    ("order_status", "downloaded_order_status", ["Moon", "Shiped"]),
]


def set_up(choose: random.Random, order_id: int, _: Screens) -> Case:
    """Orders good and bad, of a shop whose set-up is wrong at first."""
    order = sold(choose, order_id)
    if choose.random() < 0.2:
        order.products[0]["sku"] = "NO-SUCH"
        return Case(order, "bad", refused("sku_unknown"))
    return Case(order, "good", imported(booked_of(order, received(order))))


def _faulty_first(shop: Shop, cases: Sequence[Case]) -> list[str]:
    """With faults that concern every order, nothing is done to any."""
    choose, wrong = random.Random(cases[0].order.id), list[str]()
    good = shop.web.settings
    for _ in range(5):
        chosen = choose.sample(_FAULTS, choose.randint(1, 3))
        changes: dict[str, dict[str, object]] = {}
        for screen, key, values in chosen:
            changes.setdefault(screen, {})[key] = choose.choice(values)
        shop.web.use(Settings.from_dict(screens_of(changes)))
        some = choose.choice(cases).order.id
        for ask in (
            shop.web.import_orders,
            shop.web.preview_orders,
            partial(shop.web.import_order, some),
        ):
            try:
                ask()
            except SettingsError as error:
                keys = {fault.key for fault in error.faults}
                if keys != {f"{screen}.{key}" for screen, key, _ in chosen}:
                    wrong.append(f"{changes} is reported as {keys}")
            else:
                wrong.append(f"a run goes through with {changes}")
    shop.web.use(good)
    wrong += [
        f"order {case.order.id} was touched"
        for case in cases
        if shop.mark(case.order.id) != shop.was[case.order.id]
    ]
    if shop.books.sales_orders():
        wrong.append("something was written")
    waits = [item.code for item in shop.web.worklist()]
    if waits != ["run_failed"]:
        wrong.append(f"on the worklist is {waits}, and not why the runs failed")
    return wrong


def _no_account(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"gl": {"default_discount_gl_code": choose.choice(["99999", ""])}}


def some_orders(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """A wrong account for discounts refuses the orders that have one, and no other."""
    code = screens["gl"]["default_discount_gl_code"]
    off = [Discount("manual", D(choose.randrange(10, 100)) / 100)] if choose.random() < 0.5 else []
    order = sold(
        choose,
        order_id,
        [attrs.evolve(line, price=line.price + 3) for line in goods(choose)],
        discounts=off,
    )
    what = f"{code!r}, {len(off)} discounts"
    end: End = imported(booked_of(order, received(order)))
    if off:
        end = refused("gl_code_unknown" if code else "discount_gl_code_missing")
    return Case(order, what, end, [(None, end)])


# --- fields that nobody documented ---

_NEW_FIELDS = ("mood", "carbon", "x_y", "loyalty", "zz")


def new_fields(choose: random.Random, order_id: int, _: Screens) -> Case:
    """Fields that no documentation names, on orders, lines, addresses and transactions."""
    order = sold(choose, order_id, shipping=[Shipping("UPS Ground", D(5))])
    what: list[str] = []
    if choose.random() < 0.2:
        place, row = choose.choice(
            [
                ("orders", order.header),
                ("orders.products", order.products[0]),
                ("orders.billing_address", order.header["billing_address"]),
                ("orders.transactions", order.transactions[0]),
            ]
        )
        name = choose.choice(_NEW_FIELDS)
        row[name] = choose.choice(["x", 1, None, {"a": 1}, [], True])  # type: ignore[index]
        what.append(f"{place}.{name}")
    end = imported(booked_of(order, received(order)))
    return Case(order, " ".join(what), end, [(None, end)])


def _reported(shop: Shop, cases: Sequence[Case]) -> list[str]:
    wanted = {case.what for case in cases if case.what}
    found = Counter(name for report in shop.reports[:1] for name in report.unknown_fields)
    return [] if found == Counter(wanted) else [f"unknown fields are {found} and not {wanted}"]


PLACES = (
    Habit("the store's own day", days, _in_a_zone, prepare=_set_zone),
    Habit("created since a day", since, _since, prepare=_set_zone),
    Habit("days of a period", periods, _with_period, later=(import_period,), prepare=_set_zone),
    Habit("channels", channels, _channels),
    Habit("stock", stock, _stock, prepare=_fill, whole=_netted),
    Habit("faults of the set-up", set_up, before=_faulty_first),
    Habit("faults that some orders meet", some_orders, _no_account),
    Habit("fields that nobody documented", new_fields, whole=_reported),
)
