"""The set-up check: does every name in the settings exist where it should, and is everything that the store uses mapped?

The rules of the mapping engine are asked, so that what passes here passes in an import.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.records import GIFT_CARD, PURCHASE_ORDER, STORE_CREDIT
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import (
    Order,
    OrderStatus,
    PaymentMethod,
    ShippingMethod,
    StoreInformation,
)
from avbc.errors import AvbcError
from avbc.mapping import (
    MappingRules,
    Problem,
    Ruling,
    new_order_status,
    receipt_type_for,
    ship_via_for,
    store_status,
    tax_area_for,
)
from avbc.mapping.status import status_name
from avbc.mapping.text import fold, plain
from avbc.orchestrator.engine.statuses import PAID, REFUNDED, import_statuses
from avbc.orchestrator.jobs.inventory import NoSuchLocation, StockLocation
from avbc.orchestrator.reports import Check, SetupReport, State
from avbc.settings import Settings, SettingsError

T = TypeVar("T")

_IMPORT_STATUSES = ("new_order_status", "downloaded_order_status", "import_error_status")
# What the store writes as payment method of an order that was paid wholly by these.
_TENDER_WORDS = frozenset(map(fold, (STORE_CREDIT, GIFT_CARD, "Gift Certificate")))


@attrs.frozen
class _Store:
    """What was read of the store; an error stands for what the token may not read."""

    statuses: Sequence[OrderStatus]
    recent: Sequence[Order]
    """The latest orders, with their consignments."""
    information: StoreInformation | AvbcError
    payment_methods: Sequence[PaymentMethod] | AvbcError
    shipping_methods: Sequence[ShippingMethod] | AvbcError


def setup_report(settings: Settings, store: BigCommerce, books: Gateway) -> SetupReport:
    """Hold the settings against the live store and the books. Nothing is changed.

    Raises:
        StoreError: The store's statuses or orders cannot be read.
        BooksUnreachable: The books cannot be read.
    """
    reference = books.reference_data()
    found = _read(store)
    rules = MappingRules(settings, reference, tuple(found.statuses))
    return SetupReport(
        (
            *_statuses(rules),
            *_crossings(rules),
            *_status_mapping(rules),
            *_currency(found, rules),
            *_payment_methods(found, rules),
            *_tenders(found, rules),
            *_ship_vias(found, rules),
            *_warehouse(rules),
            *_stock(store, settings),
            _ruled("tax area", "gl.tax_area", tax_area_for(rules)),
            *_gl_codes(found, rules),
        )
    )


def _read(store: BigCommerce) -> _Store:
    statuses = store.order_statuses.list()
    latest = next(
        store.pages(store.orders.list.call(sort="date_created:desc", include=["consignments"]))
    )
    return _Store(
        statuses=statuses,
        recent=latest.items,
        information=_or_error(store.information),
        payment_methods=_or_error(lambda: list(store.payment_methods.list())),
        shipping_methods=_or_error(partial(_read_shipping_methods, store)),
    )


def _read_shipping_methods(store: BigCommerce) -> list[ShippingMethod]:
    zones = store.map(
        [
            store.shipping_methods.list.call(zone.id)
            for zone in store.shipping_zones.list()
            if zone.enabled
        ]
    )
    return [method for methods in zones for method in methods if method.enabled]


def _or_error(read: Callable[[], T]) -> T | AvbcError:
    try:
        return read()
    except AvbcError as error:
        return error


# Statuses


def _statuses(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.order_status
    failed = False
    for name in _IMPORT_STATUSES:
        check = _status(f"order_status.{name}", getattr(settings, name), rules)
        failed = failed or check.state == "error"
        yield check
    if not failed:
        try:
            import_statuses(settings, lambda: rules.statuses)
        except SettingsError as error:
            for fault in error.faults:
                yield Check("status", fault.key, "error", fault.message, "Choose another status.")
    yield _ruled("status", "order_status.new_sales_order_status", new_order_status(rules))


def _status(setting: str, wanted: str | int, rules: MappingRules) -> Check:
    ruling = store_status(wanted, rules.statuses, setting)
    if ruling.value is None:
        return _ruled("status", setting, ruling)
    return Check("status", setting, "ok", f"{status_name(ruling.value)}, id {ruling.value.id}")


def _crossings(rules: MappingRules) -> Iterator[Check]:
    """Moves from a status of the paid kind to another one (docs/facts.md, bigcommerce-orders)."""
    settings = rules.settings.order_status
    new = store_status(settings.new_order_status, rules.statuses).value
    for name in _IMPORT_STATUSES[1:]:
        target = store_status(getattr(settings, name), rules.statuses).value
        if (
            new is None
            or target is None
            or new.id not in PAID
            or target.id in PAID
            or target.id == REFUNDED
        ):
            continue
        message = (
            f"An import moves orders from {status_name(new)!r}, which is of the paid kind, to "
            f"{status_name(target)!r}, which is not. "
            "Where Avalara computes the store's tax, that voids the order's tax document."
        )
        yield Check(
            "status",
            f"order_status.{name}",
            "warning",
            message,
            "With Avalara on the store choose a status of the paid kind.",
        )


def _status_mapping(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.order_status
    known = {fold(name) for name in rules.reference.order_statuses}
    mapped: set[str] = set()
    for position, row in enumerate(settings.mapping):
        place = f"order_status.mapping[{position}]"
        mapped.add(fold(row.acctvantage))
        yield _status(f"{place}.bigcommerce", row.bigcommerce, rules)
        if fold(row.acctvantage) not in known:
            names = ", ".join(rules.reference.order_statuses)
            message = f"AcctVantage has no order status {row.acctvantage!r}."
            yield Check("status", f"{place}.acctvantage", "error", message, f"Use one of {names}.")
    if settings.updates == "off":
        return
    for name in rules.reference.order_statuses:
        # A quote is no order yet, and with the first status it was imported.
        if fold(name) in mapped or fold(name) in ("quote", fold(settings.new_sales_order_status)):
            continue
        toml = _row("order_status.mapping", acctvantage=name, bigcommerce="")
        message = (
            f"AcctVantage's {name!r} is not mapped: orders that reach it keep their status "
            "in the store."
        )
        yield Check(
            "status", name, "warning", message, "Add a row, if the store shall show it.", toml
        )


# Money


def _currency(found: _Store, rules: MappingRules) -> Iterator[Check]:
    books = rules.reference.currency
    if isinstance(found.information, AvbcError):
        yield _unknown("currency", "", found.information)
    elif found.information.currency.upper() == books.upper():
        yield Check("currency", books, "ok", "the store and the books have the same")
    else:
        message = (
            f"The store's currency is {found.information.currency}, and the books are in {books}."
        )
        yield Check(
            "currency",
            found.information.currency,
            "error",
            message,
            "Only orders in the books' currency are imported.",
        )
    others = Counter(
        order.default_currency_code
        for order in found.recent
        if order.default_currency_code.upper() != books.upper()
    )
    for currency, count in others.items():
        message = (
            f"{count} of the latest {len(found.recent)} orders are in {currency}, and are refused."
        )
        yield Check(
            "currency",
            currency,
            "warning",
            message,
            "Enter such orders by hand, or sell in the books' currency only.",
        )


def _payment_methods(found: _Store, rules: MappingRules) -> Iterator[Check]:
    for position, row in enumerate(rules.settings.gl.payment_methods):
        yield _ruled(
            "payment method",
            f"gl.payment_methods[{position}] {row.bigcommerce!r}",
            receipt_type_for(row.bigcommerce, rules),
        )
    seen: dict[str, tuple[str, int]] = {}
    for order in found.recent:
        name = plain(order.payment_method)
        if name and fold(name) not in _TENDER_WORDS:
            first, count = seen.get(fold(name), (name, 0))
            seen[fold(name)] = (first, count + 1)
    for key, (name, count) in seen.items():
        if key not in rules.payment_methods:
            yield _unmapped_method(
                name,
                "error",
                f"{count} of the latest {len(found.recent)} orders were paid by it.",
                rules,
            )
    if isinstance(found.payment_methods, AvbcError):
        yield _unknown("payment method", "the store's list", found.payment_methods)
        return
    for method in found.payment_methods:
        name = plain(method.name)
        if (
            name
            and fold(name) not in seen
            and fold(name) not in rules.payment_methods
            and fold(name) not in _TENDER_WORDS
        ):
            yield _unmapped_method(
                name,
                "warning",
                "The store offers it; none of the latest orders was paid by it.",
                rules,
            )


def _unmapped_method(name: str, state: State, found: str, rules: MappingRules) -> Check:
    choices = [*rules.reference.receipt_types]
    if PURCHASE_ORDER not in choices:
        choices.append(PURCHASE_ORDER)
    likely = next((choice for choice in choices if fold(choice) == fold(name)), "")
    row = _row("gl.payment_methods", bigcommerce=name, receipt_type=likely) + (
        "" if likely else f"  # one of: {', '.join(choices)}"
    )
    return Check(
        "payment method", name, state, f"not mapped to a Receipt Type. {found}", "Add a row.", row
    )


def _tenders(found: _Store, rules: MappingRules) -> Iterator[Check]:
    """Redeemed store credit and gift certificates are receipts of their own (manual, BigCommerce - Store Credits & Gift Cards)."""
    for name, words, used in (
        (
            STORE_CREDIT,
            (fold(STORE_CREDIT),),
            any(order.store_credit_amount for order in found.recent),
        ),
        (
            GIFT_CARD,
            (fold(GIFT_CARD), fold("Gift Certificate")),
            any(order.gift_certificate_amount for order in found.recent),
        ),
    ):
        if any(word in rules.payment_methods for word in words):
            continue  # its row was looked at among the others
        if fold(name) in rules.receipt_types:
            yield Check(
                "payment method",
                name,
                "ok",
                f"the Receipt Type {rules.receipt_types[fold(name)]}, by its name",
            )
        else:
            state: State = "error" if used else "warning"
            message = (
                f"There is neither a Receipt Type {name!r} nor a row for "
                f"it{'; the latest orders used it' if used else ''}."
            )
            row = _row("gl.payment_methods", bigcommerce=name, receipt_type="")
            yield Check(
                "payment method",
                name,
                state,
                message,
                f"Create the Receipt Type {name!r}, or add a row.",
                row,
            )


def _gl_codes(found: _Store, rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.gl
    discounted = sum(1 for order in found.recent if order.discount_amount or order.coupon_discount)
    refused = (
        f"Orders with a discount are refused without it: {discounted} of the latest "
        f"{len(found.recent)}."
    )
    yield _gl_code(
        "default_discount_gl_code",
        settings.default_discount_gl_code,
        refused,
        "error" if discounted else "warning",
        rules,
    )
    without = "Gift certificates that are sold get no account without it."
    yield _gl_code(
        "gift_certificate_gl_code", settings.gift_certificate_gl_code, without, "warning", rules
    )


def _gl_code(key: str, code: str, without: str, state: State, rules: MappingRules) -> Check:
    setting = f"gl.{key}"
    if not code:
        return Check("GL code", setting, state, without, f"Set {setting} to a GL account.")
    if rules.is_gl_account(code):
        return Check("GL code", setting, "ok", code)
    return Check(
        "GL code",
        setting,
        "error",
        f"AcctVantage has no GL account {code!r}.",
        f"Correct {setting}.",
    )


# Shipping


def _ship_vias(found: _Store, rules: MappingRules) -> Iterator[Check]:
    yield _ship_via("", "shipping.default_ship_via", "error", rules)
    seen = Counter(
        plain(consignment.shipping_method)
        for order in found.recent
        if order.consignments is not None
        for consignment in order.consignments.shipping
    )
    names = {fold(name): name for name in seen if fold(name) not in ("", "none")}
    for name in names.values():
        yield _ship_via(name, name, "error", rules)
    if isinstance(found.shipping_methods, AvbcError):
        yield _unknown("ship via", "the store's list", found.shipping_methods)
        return
    offered = {fold(plain(method.name)): plain(method.name) for method in found.shipping_methods}
    for key, name in offered.items():
        if key and key not in names:
            yield _ship_via(name, name, "warning", rules)


def _ship_via(method: str, item: str, otherwise: State, rules: MappingRules) -> Check:
    ruling = ship_via_for(method, rules)
    if ruling.value is None:
        return attrs.evolve(_ruled("ship via", item, ruling), state=otherwise)
    if ruling.value.create is not None:
        return Check(
            "ship via",
            item,
            "ok",
            f"is created with product class {ruling.value.create.product_class!r} when it first "
            "comes in",
        )
    return Check("ship via", item, "ok", ruling.value.name)


def _warehouse(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.shipping
    if rules.warehouse is None:
        names = ", ".join(warehouse.name for warehouse in rules.reference.warehouses)
        message = f"AcctVantage has no Warehouse {settings.warehouse!r}."
        yield Check(
            "warehouse",
            "shipping.warehouse",
            "error",
            message,
            f"Use one of {names}." if names else "Create it in AcctVantage.",
        )
        return
    yield Check("warehouse", "shipping.warehouse", "ok", rules.warehouse.name)
    wanted = settings.default_shipment_product_class
    if wanted and rules.is_class_active(wanted):
        yield Check("product class", "shipping.default_shipment_product_class", "ok", wanted)
    elif wanted:
        classes = ", ".join(rules.warehouse.product_classes)
        message = f"The product class {wanted!r} is not active in {rules.warehouse.name!r}."
        fix = f"Activate it there, or use one of {classes}." if classes else "Activate it there."
        yield Check(
            "product class", "shipping.default_shipment_product_class", "error", message, fix
        )


_TAKEN_WHEN_PLACED = "order_placed"


def _stock(store: BigCommerce, settings: Settings) -> Iterator[Check]:
    """Where quantities are pushed to, and when the store moves its stock by itself."""
    if not settings.shipping.sync_inventory_levels:
        return
    code = settings.shipping.bigcommerce_location
    try:
        location_id = StockLocation(store, code).id()
    except NoSuchLocation as error:
        yield Check("location", "shipping.bigcommerce_location", "error", str(error))
    except AvbcError as error:
        yield _unknown("location", "shipping.bigcommerce_location", error)
    else:
        yield Check(
            "location",
            "shipping.bigcommerce_location",
            "ok",
            f"{code or 'the default location'} (id {location_id})",
        )
    try:
        behaviour = store.inventory_settings.get().update_stock_behavior
    except AvbcError as error:
        yield _unknown("stock", "when it is taken", error)
        return
    if behaviour == _TAKEN_WHEN_PLACED:
        yield Check("stock", "when it is taken", "ok", "when an order is placed")
        return
    message = (
        "The store takes goods off its stock when an order is completed or shipped. AcctVantage "
        "has taken them off by then, "
        "so they are off twice until their quantity is pushed again."
    )
    yield Check(
        "stock",
        "when it is taken",
        "warning",
        message,
        "Let BigCommerce take stock when an order is placed (Settings, Inventory).",
    )


# From rulings to checks


def _ruled(area: str, item: str, ruling: Ruling[T]) -> Check:
    """A ruling as a check: its value, or its first error."""
    if ruling.value is not None:
        return Check(area, item, "ok", str(ruling.value))
    problem = ruling.errors[0]
    return Check(area, item, "error", problem.message, _fix(problem))


def _fix(problem: Problem) -> str:
    return (
        f"{problem.fix} There are: {', '.join(problem.candidates)}."
        if problem.candidates
        else problem.fix
    )


def _unknown(area: str, item: str, error: AvbcError) -> Check:
    return Check(area, item, "unknown", str(error))


def _row(table: str, **values: str) -> str:
    # Text in JSON's quotes is text in TOML's.
    return "\n".join(
        [
            f"[[{table}]]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()),
        ]
    )
