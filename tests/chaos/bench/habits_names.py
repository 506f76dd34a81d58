"""Habits of real stores: what lines, shipping methods, answers and buyers are called."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import attrs

from avbc.bigcommerce.models import Order
from avbc.testing import FakeOrder, Payment, Person, Shipping, item
from bench.habits import (
    NEW,
    Case,
    End,
    Habit,
    Screens,
    Shop,
    booked_of,
    goods,
    imported,
    received,
    refused,
    sold,
)


def same(text: str) -> str:
    """A text as names compare: without case, and with one space for many."""
    return " ".join(text.casefold().split())


def fits(pattern: str, text: str) -> bool:
    return fnmatchcase(same(text), same(pattern))


def reset_to_new(shop: Shop, order: FakeOrder) -> None:
    shop.store.edit_order(order.id, status_id=NEW)


# --- products ---

_ROWS = (
    {"variant_id": 9001, "part_number": "LAMP-01"},
    {"product_id": 777, "part_number": "MUG-RED"},
    {"sku": "AMZ-*", "part_number": "MUG-BLUE"},
    {"name": "*sign*", "part_number": "POSTER-A2"},
    {"sku": "EXACT-1", "name": "Set of *", "part_number": "SET-TEA"},
    {"sku": "GONE-*", "part_number": "NO-SUCH-PART"},
)
_SKUS = (
    "AMZ-1",
    "amz-2",
    "XAMZ-1",
    "EXACT-1",
    "EXACT-11",
    "GONE-9",
    "NO-SUCH",
    "mug-red",
    "CHAIR-OAK",
)
_NAMES = ("A hand-carved sign", "SIGN", "Set of two", "A set of two", "Repair")


def _product_rows(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    rows = choose.sample(_ROWS, choose.randint(3, len(_ROWS)))
    placeholder = choose.choice(["", "PATTERN-1"])
    return {"products": {"mapping": rows, "placeholder_product": placeholder}}


def product_rows(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Lines by their product, variant, SKU or name, and custom items, with rows for some."""
    products = screens["products"]
    lines = [
        attrs.evolve(item(choose.choice(["MUG-RED", "LAMP-01", "CHAIR-OAK"])), quantity=n)
        for n in range(1, choose.randint(2, 4))
    ]
    order = sold(choose, order_id, lines)
    for line in order.products:
        line["variant_id"] = choose.choice([9001, 9002, 0])
        if choose.random() < 0.2:
            line["product_id"] = choose.choice([777, 778])
        if choose.random() < 0.4:
            line["sku"] = choose.choice(_SKUS)
        if choose.random() < 0.4:
            line["name"] = choose.choice(_NAMES)
        if choose.random() < 0.3:
            line.update(product_id=0, variant_id=0, sku=choose.choice(["", "REP-7", "AMZ-3"]))
    order.header["items_total"] = sum(int(str(line["quantity"])) for line in order.products)
    codes, parts = set[str](), dict[object, str | None]()
    for line in order.products:
        part = _part_of(line, products)
        if part == "NO-SUCH-PART":
            codes.add("part_number_unknown")
        elif part is not None and same(part) not in _PARTS:
            codes.add("sku_unknown")
        parts[line["id"]] = _PARTS.get(same(part)) if part is not None else None
    booked = booked_of(order, received(order))
    booked.lines = Counter(
        (line, parts[line], quantity, value) for line, _, quantity, value in booked.lines
    )
    names = [f"{line['sku']}/{line['name']}/{line['product_id']}" for line in order.products]
    end = refused(*codes) if codes else imported(booked)
    return Case(order, "; ".join(names), end, [] if codes else [(reset_to_new, end), (None, end)])


_PARTS = {
    same(part): part
    for part in ("MUG-RED", "MUG-BLUE", "LAMP-01", "CHAIR-OAK", "POSTER-A2", "SET-TEA", "PATTERN-1")
}


def _part_of(line: Mapping[str, Any], products: Mapping[str, Any]) -> str | None:
    """What a line is looked up by; None for a custom item that no setting names."""
    for row in products["mapping"]:
        if (
            row.get("variant_id") in (None, line["variant_id"])
            and row.get("product_id") in (None, line["product_id"])
            and fits(row.get("sku", "*"), str(line["sku"]))
            and fits(row.get("name", "*"), str(line["name"]))
        ):
            return str(row["part_number"])
    if line["product_id"]:
        return str(line["sku"])
    return products["placeholder_product"] or None


def strip_prefix(order: Order) -> Order:
    """What a merchant's own function does: take a marketplace's prefix off SKUs."""
    for line in order.lines:
        line.sku = line.sku.removeprefix("AMZ-")
    if order.customer_message == "dearer":
        order.total_inc_tax += 1
    if order.customer_message == "more":
        order.lines[0].quantity += 1
    return order


def customised(choose: random.Random, order_id: int, _: Screens) -> Case:
    """SKUs of a marketplace, which a function of the merchant's makes the books' own."""
    message = choose.choice(["", "", "", "", "dearer", "more"])
    order = sold(choose, order_id, goods(choose), customer_message=message)
    booked = booked_of(order, received(order))
    prefix = choose.choice(["AMZ-", "AMZ-", "", "amz-", "AMZ--"])
    for line in order.products:
        line["sku"] = f"{prefix}{line['sku']}"
    what = f"{prefix!r}, {message!r}"
    if message:
        end = attrs.evolve(refused(), among="customisation_refused")
    elif prefix in ("amz-", "AMZ--"):
        end = refused("sku_unknown")
    else:
        end = imported(booked)
    then = [(reset_to_new, end), (None, end)] if end.booked else []
    return Case(order, what, end, then)


# --- shipping methods ---

_METHODS = [
    {"bigcommerce": "UPS Ground (*)", "ship_via": "UPS Ground"},
    {"bigcommerce": "*Express*", "ship_via": "Truck"},
    {"bigcommerce": "Paket*", "ship_via": "Parcel"},
    {"bigcommerce": "Ghost*", "ship_via": "No Such Via"},
]
_VIAS = ("UPS Ground", "Truck", "Parcel")


def _method_rows(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    creates = choose.random() < 0.5
    rows = choose.sample(_METHODS, choose.randint(2, 4))
    return {"shipping": {"methods": rows, "auto_create_missing_shipping_methods": creates}}


def shipping_methods(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Methods with rows, with Ship Vias of their name, in other languages, and new ones."""
    setup = screens["shipping"]
    method = choose.choice(
        [
            f"UPS Ground ({choose.randint(1, 9)} to 9 days)",
            "ups  ground (x)",
            "UPS Ground",
            f"UPS Ground Saver {order_id}",
            "truck",
            f"FedEx Express Saver {order_id}",
            f"Paketversand {order_id}",
            f"Versand per Drohne {order_id}",
            f"Drone {order_id}",
            f"Ghost ship {order_id}",
            "",
        ]
    )
    locale = choose.choice(["en", "en-US", "", "de", "fr_CA"])
    order = sold(choose, order_id, shipping=[Shipping(method)], customer_locale=locale)
    row = next((row for row in setup["methods"] if fits(row["bigcommerce"], method)), None)
    wanted = (row["ship_via"] if row else method) if method else "UPS Ground"
    known = {same(via): via for via in _VIAS}
    what = f"{method!r} in {locale!r}, creates {setup['auto_create_missing_shipping_methods']}"
    creates = setup["auto_create_missing_shipping_methods"]
    booked = booked_of(order, received(order))
    if same(wanted) in known:
        booked.more["ship_via"] = known[same(wanted)]
        end = imported(booked)
    elif row:
        end = refused("ship_via_unknown")
    elif locale[:2] in ("de", "fr"):
        end = refused("shipping_method_translated")
    elif not creates:
        end = refused("ship_via_unknown")
    else:
        booked.more["ship_via"] = wanted
        end = imported(booked)
    return Case(order, what, end, [(None, end)])


def _ship_vias(shop: Shop, cases: Sequence[Case]) -> list[str]:
    wanted = {same(via) for via in _VIAS}
    wanted |= {same(str(c.end.booked.more["ship_via"])) for c in cases if c.end.booked}
    found = Counter(same(via.name) for via in shop.books.ship_vias())
    return [] if found == Counter(wanted) else [f"the Ship Vias are {found} and not {wanted}"]


# --- answers at checkout ---

_FIELDS = [
    {"bigcommerce": "Your PO*", "acctvantage": "po_number"},
    {"bigcommerce": "Fax", "acctvantage": "memo"},
    {"bigcommerce": "Ref. (*)", "acctvantage": "po_number"},
]
_QUESTIONS = ("Your PO number", "your  po No.", "Fax", "Ref. (buyer)", "Delivery", "Größe", "*", "")
_ANSWERS = (
    "4500017", "4500017 ", "PO 9", "=1+1 {0} %s", "'; DROP TABLE sales_orders; --", "יום טוב", "",
    "  ", "Leave in\nbackyard", "a\r\nb", "x" * 50, "y" * 51, "z" * 3000, "🎁", "0",
)  # fmt: skip


def _field_rows(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"order_status": {"form_fields": choose.sample(_FIELDS, choose.randint(0, 3))}}


def form_fields(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Questions at checkout, answered on the billing and the shipping address."""
    asked = [
        (choose.choice(_QUESTIONS), choose.choice(_ANSWERS)) for _ in range(choose.randint(0, 4))
    ]
    billing = choose.sample(asked, choose.randint(0, len(asked)))
    shipping = choose.sample(asked, choose.randint(0, len(asked)))
    message = choose.choice(["", "Call first"])
    order = sold(
        choose,
        order_id,
        shipping=[Shipping(form_fields=shipping)],
        form_fields=billing,
        customer_message=message,
    )
    rows = screens["order_status"]["form_fields"]
    numbers: dict[str, str] = {}
    memo, codes = [message] * bool(message), []
    said: set[tuple[str, str]] = set()
    for question, answer in [*billing, *shipping]:
        name, value = " ".join(question.split()), "\n".join(answer.strip().splitlines())
        if not value or (same(name), same(value)) in said:
            continue
        said.add((same(name), same(value)))
        row = next((row for row in rows if fits(row["bigcommerce"], name)), None)
        one_line = " ".join(value.split())
        if row is None or row["acctvantage"] == "memo":
            memo.append(f"{name}: {value}" if name else value)
        elif len(one_line) > 50:
            memo.append(f"{name}: {value}" if name else value)
            codes.append("po_number_too_long")
        else:
            numbers.setdefault(same(one_line), one_line)
    what = f"{billing} and {shipping} with {[row['bigcommerce'] for row in rows]}"[:300]
    if len(numbers) > 1:
        return Case(order, what, refused("po_numbers_differ"))
    booked = booked_of(order, received(order))
    booked.more = {"memo": "\n".join(memo), "po_number": next(iter(numbers.values()), "")}
    end = imported(booked, *codes)
    again = attrs.evolve(end, codes=frozenset())
    return Case(order, what, end, [(reset_to_new, again), (None, again)])


# --- purchase orders ---


def _lets_in(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {
        "gl": {"purchase_orders_from_new_clients": choose.random() < 0.5},
        "order_status": {"form_fields": [_FIELDS[0]]},
    }


def purchase_orders(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Purchase Orders by clients on open A/R, by others, and by new buyers."""
    lets_in = screens["gl"]["purchase_orders_from_new_clients"]
    kind = choose.choice(["open", "not open", "new", "new", "registered"])
    emails = {"open": "OWING@example.com", "not open": "cash.only@example.com"}
    buyer = Person(
        "Lin",
        "Okafor",
        email=emails.get(kind, f"buyer{order_id}@example.com"),
        customer_id=order_id + 50_000 if kind == "registered" else 0,
    )
    reference = choose.choice(["", f"PO-{order_id}"])
    payment = Payment("Purchase Order", state="offline", reference=reference)
    asked = [("Your PO", f"F-{order_id}")] if choose.random() < 0.4 else []
    status = choose.choice(["", "", "pending"])
    order = sold(choose, order_id, payment=payment, buyer=buyer, form_fields=asked)
    order.header["payment_status"] = status
    booked = booked_of(order)
    booked.more["po_number"] = asked[0][1] if asked else reference or str(order_id)
    what = f"{kind}, lets in {lets_in}, {reference!r}, {asked}"
    end: End = imported(booked)
    if kind == "not open" or (kind in ("new", "registered") and not lets_in):
        end = refused("client_not_on_open_ar")
    return Case(order, what, end, [(None, end)])


def _advice(shop: Shop, cases: Sequence[Case]) -> list[str]:
    """The fix of a new buyer's order says how to create the client, and of no other order's."""
    new = {case.order.id for case in cases if case.what.startswith(("new", "registered"))}
    return [
        f"the advice for order {each.order_id} is {each.fix}"
        for each in shop.web.worklist()
        if each.code == "client_not_on_open_ar"
        and ("Create a client with" in each.fix) != (each.order_id in new)
    ]


NAMES = (
    Habit(
        "rows of products", product_rows, _product_rows, later=("import_orders", "follow_orders")
    ),
    Habit(
        "orders customised before products",
        customised,
        later=("import_orders", "follow_orders"),
        options={"customise_order": [strip_prefix]},
    ),
    Habit("shipping methods", shipping_methods, _method_rows, whole=_ship_vias),
    Habit(
        "checkout form fields", form_fields, _field_rows, later=("import_orders", "follow_orders")
    ),
    Habit("purchase orders by new buyers", purchase_orders, _lets_in, whole=_advice),
)
