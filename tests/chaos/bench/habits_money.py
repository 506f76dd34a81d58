"""Habits of real stores: what was paid, by which method, and when an order is imported for it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import attrs

from avbc.testing import FakeOrder, Payment, example
from avbc.testing.values import number
from bench.habits import (
    AWAITING_PAYMENT,
    CANCELED,
    CENT,
    MORE_METHODS,
    NEW,
    OFFLINE,
    PAID,
    Act,
    Case,
    D,
    End,
    Habit,
    Screens,
    Shop,
    amount,
    awaited,
    booked_of,
    goods,
    imported,
    received,
    refused,
    sold,
    waiting,
)

CARD, NO_GATEWAY = Payment(), "offline"
_NOT_CAPTURED = "payment_not_captured"
_LAPSED = frozenset(["payment_not_received"])


def total(order: FakeOrder) -> Decimal:
    return amount(order.header["total_inc_tax"])


def cents(choose: random.Random, most: Decimal) -> Decimal:
    """An amount from a cent to a cent less than so much."""
    return D(choose.randrange(1, max(2, int(most * 100)))) / 100


def set_status(status_id: int) -> Act:
    return lambda shop, order: shop.store.edit_order(order.id, status_id=status_id)


def paid_in_panel(order: FakeOrder, event: str, value: Decimal, **more: Any) -> None:
    """Add a transaction that refers to the first one."""
    first = order.transactions[0]
    order.transactions.append(
        {
            **first,
            "id": int(str(order.transactions[-1]["id"])) + 1,
            "event": event,
            "amount": number(value),
            "status": "ok",
            "reference_transaction_id": first["id"],
            **more,
        }
    )


# --- methods that no gateway knows ---


_LOST = "Its journal is lost"


def _new_is_either(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    new = choose.choice([NEW, AWAITING_PAYMENT])
    return {
        "order_status": {"new_order_status": new},
        "store": {"description": choose.choice(["", "", _LOST])},
    }


def lose_journal(shop: Shop) -> None:
    """In some batches the journal is gone after each step."""
    if shop.screens["store"]["description"] == _LOST:
        shop.lose_journal()


def offline(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Methods known to be offline, by name or by their row, with any payment status."""
    new = screens["order_status"]["new_order_status"]
    method = choose.choice([*OFFLINE, "House Account", "cash on  delivery", "CHECK"])
    said = choose.choice(["", "pending", "authorized", "captured", "captured"])
    order = sold(choose, order_id, payment=Payment(method, "", NO_GATEWAY), status_id=new)
    order.header["payment_status"] = said
    if choose.random() < 0.3:
        order.header["payment_provider_id"] = choose.choice([None, f"ref-{order_id}"])
    what = f"{method}, {said!r}, status {new}"
    full = imported(booked_of(order, received(order, "Check")))
    if new != AWAITING_PAYMENT:
        return Case(order, what, full, [(None, full)])
    none = imported(booked_of(order, awaited("Check")), _NOT_CAPTURED)
    # Our own Downloaded is no word about money.
    then: list[tuple[Act | None, End]] = [(None, none)]
    moved = choose.choice([None, *PAID, 11, 1, CANCELED, CANCELED, CANCELED])
    if moved is None:
        return Case(order, what, none, then)
    # Shipped is what avbc's own push writes, too: without the journal it may be ours.
    is_ours = moved == 2 and screens["store"]["description"] == _LOST
    is_paid = moved in (*PAID, 11) and not is_ours
    end = imported(
        booked_of(order, received(order, "Check") if is_paid else awaited("Check")),
        _NOT_CAPTURED,
        status=moved,
        items=frozenset(["order_stopped_in_store"] if moved == CANCELED else []),
    )
    return Case(order, f"{what}, then {moved}", none, [*then, (set_status(moved), end)])


def near_offline(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Methods of a gateway with the same payment statuses, with and without its transactions."""
    new = screens["order_status"]["new_order_status"]
    method, by = choose.choice(
        [("Wallet", "PayPal"), ("Credit Card", "Visa/MC"), ("Online Check", "Check")]
    )
    has_transactions = choose.random() < 0.3
    payment = Payment(method, "authorizenet", "paid" if has_transactions else NO_GATEWAY)
    order = sold(choose, order_id, payment=payment, status_id=new)
    said = choose.choice([None, "", "", "missing", "pending", "authorized", "captured"])
    reference = choose.choice([None, "", f"ref-{order_id}", order_id, "x"])
    order.header.update(payment_status=said, payment_provider_id=reference)
    if said == "missing":
        del order.header["payment_status"]
    text = said if said in ("pending", "authorized", "captured") else ""
    what = f"{method}, {said!r}, reference {reference!r}, {has_transactions=}, status {new}"
    full = imported(booked_of(order, received(order, by)))
    none = imported(booked_of(order, awaited(by)), _NOT_CAPTURED)
    if has_transactions:
        end = full
    elif text in ("pending", "authorized") or new == AWAITING_PAYMENT:
        end = none
    elif text == "captured" or not reference:
        end = full
    else:
        end = refused("payment_status_missing")
    # An authorization of March may have lapsed.
    then = end if text != "authorized" or end is not none else attrs.evolve(end, items=_LAPSED)
    return Case(order, what, end, [(None, then)])


def ours_is_no_word(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """An order that was refused first: the last status before our Import Error counts."""
    new = screens["order_status"]["new_order_status"]
    method = choose.choice(OFFLINE)
    order = sold(choose, order_id, payment=Payment(method, "", NO_GATEWAY), status_id=new)
    order.header["payment_status"] = choose.choice(["", "pending"])
    sku = order.products[0]["sku"]
    order.products[0]["sku"] = "NO-SUCH"

    def corrected(shop: Shop, stored: FakeOrder) -> None:
        stored.products[0]["sku"] = sku
        shop.store.edit_order(stored.id)

    right = booked_of(
        order, awaited("Check") if new == AWAITING_PAYMENT else received(order, "Check")
    )
    (only,) = [line for line in right.lines if line[1] == "NO-SUCH"]
    right.lines[only[0], str(sku), only[2], only[3]] = right.lines.pop(only)
    end = imported(right, *([_NOT_CAPTURED] if new == AWAITING_PAYMENT else []))
    return Case(
        order,
        f"{method}, refused in {new}",
        refused("sku_unknown"),
        [(corrected, end), (None, end)],
    )


# --- captures of a part ---


def partly_captured(choose: random.Random, order_id: int, _: Screens) -> Case:
    """Authorized over the whole, and captured in part; or a cent beside that."""
    order = sold(choose, order_id, payment=Payment(state="authorized"))
    whole = total(order)
    part = cents(choose, whole)
    order.header["payment_status"] = choose.choice(["captured", "captured", "authorized"])
    kind = choose.choice(["part", "part", "parts", "all", "more", "other sum", "purchase"])
    rest = whole - part
    if kind == "more":
        part = whole + CENT
    elif kind == "all":
        part = whole
    elif kind == "other sum":
        off = choose.choice([CENT, -CENT])
        order.transactions[0]["amount"] = number(whole + off)
    elif kind == "purchase":
        order.transactions[0].update(event="purchase", amount=number(part))
        order.header["payment_status"] = "captured"
    if kind == "parts" and part > CENT:
        first = cents(choose, part)
        paid_in_panel(order, "capture", first)
        paid_in_panel(order, "capture", part - first)
    elif kind != "purchase":
        paid_in_panel(order, "capture", part)
    what = f"{kind} {part} of {whole}"
    if kind == "all":
        end = imported(booked_of(order, received(order)))
        return Case(order, what, end, [(None, end)])
    if kind not in ("part", "parts"):
        return Case(order, what, refused("transactions_do_not_foot"))
    receipt = ("Visa/MC", "captured", part, D(0))
    code = "payment_partly_captured"
    first_end = imported(booked_of(order, receipt), code)
    item = imported(booked_of(order, receipt), code, items=frozenset([code]))
    settled = choose.choice(["", "captured", "edited"])

    def capture(shop: Shop, stored: FakeOrder) -> None:
        paid_in_panel(stored, "capture", rest)
        shop.store.edit_order(stored.id, payment_status="captured")

    then: list[tuple[Act | None, End]] = [(None, item)]
    if settled == "captured":
        then.append((capture, imported(booked_of(order, received(order)), code)))
    return Case(order, f"{what}, then {settled!r}", first_end, then)


# --- tests ---


def _rehearsal(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"gl": {"import_test_transactions": choose.random() < 0.5}}


def tests(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """A transaction that is a test, or is none; also of an order with a tender beside it."""
    is_let_in = screens["gl"]["import_test_transactions"]
    state = choose.choice(["paid", "captured"])
    order = sold(choose, order_id, payment=Payment(state=state))
    is_test = choose.random() < 0.7
    for row in order.transactions[: choose.choice([1, 2])]:
        row["test"] = is_test or choose.choice([False, None])
    booked = booked_of(order, received(order))
    if not is_test:
        end = imported(booked)
    else:
        end = imported(booked, "test_transaction") if is_let_in else refused("test_transaction")
    return Case(order, f"{state}, test {is_test}, let in {is_let_in}", end, [(None, end)])


def _says_so(shop: Shop, cases: Sequence[Case]) -> list[str]:
    """The receipts of tests say that they are."""
    of_tests = {f"WEB{case.order.id}" for case in cases if "test True" in case.what}
    return [
        f"the receipt of {receipt.order_import_id} says {receipt.gateway!r}"
        for receipt in shop.books.receipts()
        if ("(test)" in receipt.gateway) != (receipt.order_import_id in of_tests)
    ]


# --- refunds before the import ---


def _with_refunds(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    return {"gl": {"import_refunds": choose.random() < 0.6}}


def edited_down(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """A line taken off before the import, and its price refunded; or a refund without an edit."""
    books_refunds = screens["gl"]["import_refunds"]
    order = sold(choose, order_id, goods(choose))
    whole, gone = total(order), D(choose.randrange(2, 60_000)) / 100
    kind = choose.choice(["edited", "edited", "captured", "off", "no edit"])
    booked = booked_of(order, received(order))
    if kind == "no edit":
        back = cents(choose, whole)
        paid_in_panel(order, "refund", back)
        order.header["payment_status"] = "partially refunded"
        order.refunds.append(_refund(order, back, order.id))
        if books_refunds:
            booked.credits = [(back, D(0))]
        warned = imported(booked_of(order, received(order)), "payment_partly_refunded")
        item = frozenset([] if books_refunds else ["refund_not_booked"])
        then = imported(booked, "payment_partly_refunded", items=item)
        return Case(order, f"{kind} {back} of {whole}", warned, [(None, then)])
    order.transactions[0]["amount"] = number(whole + gone)
    if kind == "captured":
        order.transactions[0]["event"] = "authorization"
        paid_in_panel(order, "capture", whole + gone)
    off = choose.choice([CENT, -CENT]) if kind == "off" else D(0)
    paid_in_panel(order, "refund", gone + off)
    order.refunds.append(_refund(order, gone + off, order.id))
    order.header["payment_status"] = "partially refunded"
    what = f"{kind}, {whole} + {gone}, refunded {gone + off}, {books_refunds=}"
    if off:
        return Case(order, what, refused("transactions_do_not_foot"))
    end = imported(booked)
    return Case(order, what, end, [(None, end)])


def _refund(order: FakeOrder, back: Decimal, identity: int) -> dict[str, object]:
    """A refund of an amount of the order as a whole."""
    return {
        "id": identity,
        "order_id": order.id,
        "user_id": 1,
        "created": "2026-03-03T10:00:00Z",
        "reason": "",
        "total_amount": number(back),
        "total_tax": 0,
        "uses_merchant_override_values": True,
        "items": [
            {
                "item_type": "ORDER",
                "item_id": order.id,
                "reason": "",
                "requested_amount": number(back),
            }
        ],
        "payments": [
            {
                "id": identity,
                "provider_id": order.transactions[0]["gateway"],
                "amount": number(back),
                "offline": False,
                "is_declined": False,
                "declined_message": "",
            }
        ],
    }


# --- import_when ---


def _rules(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    """A rule for a card's payments, and one for cash."""
    methods: list[dict[str, object]] = []
    base = example.settings_dict("https://example.com/v3/")["gl"]["payment_methods"]
    rules = {
        "Credit Card": choose.choice(["always", "authorized", "paid", "never"]),
        "Cash on Delivery": choose.choice(["always", "authorized", "paid", "never"]),
    }
    for row in [*cast("list[dict[str, object]]", base), *MORE_METHODS]:
        when = rules.get(str(row["bigcommerce"]), "always")
        methods.append({**row, "import_when": when})
    new = choose.choice([NEW, AWAITING_PAYMENT])
    held = choose.random() < 0.3
    return {
        "gl": {"payment_methods": methods, "credit_card_transactions_are_preauthorizations": held},
        "order_status": {"new_order_status": new, "waiting_days": choose.choice([3, 7, 30])},
    }


def import_when(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Orders whose payments have come as far as their method asks, or not yet."""
    status, gl = screens["order_status"], screens["gl"]
    new = status["new_order_status"]
    rules = {row["bigcommerce"]: row["import_when"] for row in gl["payment_methods"]}
    days = status["waiting_days"]
    age = choose.choice([days - 0.01, days + 0.01, 0.1, days * 3])
    made: dict[str, Any] = {"created": datetime.now(UTC) - timedelta(days=age), "status_id": new}
    is_old = age > days
    if choose.random() < 0.35:
        return _cash(choose, order_id, rules["Cash on Delivery"], is_old=is_old, **made)
    rule = rules["Credit Card"]
    state = choose.choice(["paid", "captured", "authorized", "authorized", "pending", "void"])
    held = gl["credit_card_transactions_are_preauthorizations"]
    payment = Payment(state="paid" if state in ("pending", "void") else state)
    order = sold(choose, order_id, payment=payment, **made)
    if state == "pending":
        order.transactions.clear()
        order.header["payment_status"] = "pending"
    elif state == "void":
        order.transactions.clear()
        order.header["payment_status"] = "void"
    what = f"{rule}, {state}, {age} of {days} days"
    if rule == "never":
        end = waiting("order_never_imported", items=frozenset())
        return Case(order, what, end, [(None, end)])
    is_enough = (
        rule == "always"
        or state in ("paid", "captured")
        or (rule == "authorized" and state == "authorized")
    )
    full = booked_of(order, received(order))
    if is_enough:
        if state == "void":
            end = refused("payment_void")
        elif state == "pending":
            end = imported(booked_of(order, awaited()), _NOT_CAPTURED)
        elif state == "authorized" and held:
            receipt = ("Visa/MC", "pre_authorized", D(0), total(order))
            end = imported(booked_of(order, receipt))
        elif state == "authorized":
            end = imported(booked_of(order, awaited()), _NOT_CAPTURED)
            items = _LAPSED if age > 7 else frozenset[str]()
            return Case(order, what, end, [(None, attrs.evolve(end, items=items))])
        else:
            end = imported(full)
        return Case(order, what, end)
    code = "order_waits_for_payment"
    end = waiting(code, items=frozenset([code] if is_old else []))
    turn = choose.choice(["", "paid", "canceled"])
    if state == "authorized" and turn == "paid":

        def capture(shop: Shop, stored: FakeOrder) -> None:
            paid_in_panel(stored, "capture", total(stored))
            shop.store.edit_order(stored.id, payment_status="captured")

        return Case(order, f"{what}, then captured", end, [(None, end), (capture, imported(full))])
    if turn == "canceled":
        gone = End("waiting", frozenset([code]), status=CANCELED, items=frozenset())
        return Case(order, f"{what}, then canceled", end, [(set_status(CANCELED), gone)])
    return Case(order, what, end, [(None, end)])


def _cash(choose: random.Random, order_id: int, rule: str, *, is_old: bool, **made: Any) -> Case:
    order = sold(choose, order_id, payment=Payment("Cash on Delivery", "", NO_GATEWAY), **made)
    order.header["payment_status"] = choose.choice(["", "pending", "authorized"])
    what = f"cash, {rule}, status {made['status_id']}"
    full = imported(booked_of(order, received(order, "Check")))
    if rule == "never":
        end = waiting("order_never_imported", items=frozenset())
    elif made["status_id"] == NEW:
        end = full
    elif rule == "always":
        end = imported(booked_of(order, awaited("Check")), _NOT_CAPTURED)
    else:
        code = "order_waits_for_payment"
        end = waiting(code, items=frozenset([code] if is_old else []))
    return Case(order, what, end, [(None, end)])


def _reads_of_waiting(shop: Shop, cases: Sequence[Case]) -> list[str]:
    """What the listing shows to wait costs no request of its own."""
    held = {case.order.id for case in cases if case.end.result == "waiting" and not case.then[1:]}
    return [
        f"{request.method} {request.path} for an order that waits"
        for request in shop.store.log
        if (parts := request.path.strip("/").split("/"))[1] == "orders"
        and len(parts) > 3
        and parts[2].isdecimal()
        and int(parts[2]) in held
    ]


# --- names in the shopper's language ---

_IDS = {"authorizenet.credit_card": "Visa/MC"}


def _by_id(choose: random.Random) -> Mapping[str, Mapping[str, object]]:
    rows = [
        {"bigcommerce": "Credit Card", "receipt_type": "Visa/MC"},
        {"bigcommerce": "Carte Bleue", "receipt_type": "PayPal"},
        {"bigcommerce": "Bank Deposit", "receipt_type": "Check"},
    ]
    if choose.random() < 0.5:
        rows[0]["payment_method_id"] = "authorizenet.credit_card"
    return {"gl": {"payment_methods": rows}}


def translated_payment(choose: random.Random, order_id: int, screens: Screens) -> Case:
    """Payment methods named in the shopper's language, found by id or by their name."""
    by_id = "payment_method_id" in screens["gl"]["payment_methods"][0]
    name = choose.choice(
        ["Kreditkarte", "Carte Bleue", "クレジットカード", "Credit Card", "CREDIT  CARD"]
    )
    locale = choose.choice(["de", "fr-FR", "ja", "en", "en-US", "EN", ""])
    gateway = choose.choice(["authorizenet", "stripe"])
    order = sold(choose, order_id, payment=Payment(name, gateway), customer_locale=locale)
    has_id = gateway == "authorizenet"
    what = f"{name} by {gateway} in {locale!r}, {by_id=}"
    is_foreign = locale.lower().partition("-")[0] not in ("en", "")
    if (by_id and has_id) or name.lower().split() == ["credit", "card"]:
        end = imported(booked_of(order, received(order, "Visa/MC")))
    elif name == "Carte Bleue":
        end = imported(booked_of(order, received(order, "PayPal")))
    else:
        end = refused(f"payment_method_{'translated' if is_foreign else 'unmapped'}")
    return Case(order, what, end, [(None, end)])


MONEY = (
    Habit("offline methods", offline, _new_is_either, later=(lose_journal, "follow_orders")),
    Habit("offline methods, neighbors", near_offline, _new_is_either),
    Habit(
        "statuses that avbc wrote",
        ours_is_no_word,
        _new_is_either,
        later=("retry", "follow_orders"),
    ),
    Habit("captured in part", partly_captured),
    Habit("test transactions", tests, _rehearsal, whole=_says_so),
    Habit(
        "edited down before the import",
        edited_down,
        _with_refunds,
        later=("refunds", "follow_orders"),
    ),
    Habit(
        "import_when",
        import_when,
        _rules,
        later=("import_orders", "follow_orders"),
        whole=_reads_of_waiting,
    ),
    Habit("payment methods in other languages", translated_payment, _by_id),
)
