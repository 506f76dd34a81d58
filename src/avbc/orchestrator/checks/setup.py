"""The setup check: do the settings fit the store and the books?

It calls the mapping engine's own rules, so what passes here passes in an import.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.acctvantage.records import GIFT_CARD, PURCHASE_ORDER, STORE_CREDIT
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Order
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.errors import AvbcError
from avbc.mapping import (
    MappingRules,
    Ruling,
    new_order_status,
    receipt_type_for,
    ship_via_for,
    store_status,
    tax_area_for,
)
from avbc.mapping.payment import TENDER_WORDS
from avbc.mapping.reference import warehouse_for
from avbc.mapping.status import status_name
from avbc.mapping.text import plain
from avbc.mapping.worth import PAID
from avbc.orchestrator.engine.order_reads import IN_FLIGHT
from avbc.orchestrator.engine.statuses import (
    import_statuses,
    mapped_statuses,
    require_mapping,
)
from avbc.orchestrator.engine.stock_location import NoSuchLocation, StockLocation
from avbc.orchestrator.jobs.hooks import hooks_state
from avbc.orchestrator.reports import Check, SetupReport, State
from avbc.settings import Settings, SettingsError, payment_method_key
from avbc.text import text_key
from avbc.toml import toml_row

T = TypeVar("T")

_IMPORT_STATUSES = ("new_order_status", "downloaded_order_status", "import_error_status")
# The payment method that the store gives an order that was paid in full by these.
_TENDER_WORDS = frozenset(chain.from_iterable(TENDER_WORDS.values()))


def setup_report(settings: Settings, store: BigCommerce, books: Gateway) -> SetupReport:
    """Compare the settings with the live store and the books; changes nothing.

    Raises:
        StoreError: The store's statuses or orders cannot be read.
        BooksUnreachable: The books cannot be read.
    """
    rules = MappingRules(settings, books.reference_data(), tuple(store.order_statuses.list()))
    latest = store.orders.list.call(sort="date_created:desc", include=["consignments"])
    recent = next(store.pages(latest)).items
    return SetupReport(
        (
            *_source_code(store, books, settings),
            *_statuses(rules),
            *_crossings(rules),
            *_status_mapping(rules),
            *_or_unknown("currency", "", _store_currency(store, rules)),
            *_order_currencies(recent, rules),
            *_payment_methods(store, recent, rules),
            *_tenders(recent, rules),
            *_ship_vias(store, recent, rules),
            *_warehouse(rules),
            *_stock(store, settings),
            _ruled("tax area", "gl.tax_area", tax_area_for(rules)),
            *_gl_codes(recent, rules),
            *_or_unknown("webhook", "", _hooks(store)),
        )
    )


def _or_unknown(area: str, item: str, checks: Iterator[Check]) -> Iterator[Check]:
    """Yield checks; one that is unknown, where the store does not answer what they ask."""
    try:
        yield from checks
    except AvbcError as error:
        yield Check(area, item, "unknown", str(error))


def _source_code(store: BigCommerce, books: Gateway, settings: Settings) -> Iterator[Check]:
    """Check that the books have no other store's orders under the Import Source Code."""
    setting, code = "order_status.import_source_code", settings.order_status.import_source_code
    others = sorted(books.source_stores(code) - {store.store_hash})
    if others:
        yield Check(
            "source code",
            setting,
            "error",
            f"The books have orders of the store {', '.join(others)} under {code!r}. An order of "
            f"{store.store_hash} with the same number would have the same Import ID, and is "
            "refused.",
            f"Choose another {setting}, which no other store has.",
        )
    else:
        yield Check("source code", setting, "ok", code)


def _hooks(store: BigCommerce) -> Iterator[Check]:
    """Check the registered webhooks; nothing where there are none."""
    for hook in hooks_state(list(store.hooks.list())):
        problem = hook.problem
        if problem is None:
            yield Check("webhook", hook.scope, "ok", "active")
        else:
            yield Check("webhook", hook.scope, "warning", problem.message, problem.fix)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


# Statuses


def _statuses(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.order_status
    checks = [
        _status(f"order_status.{name}", getattr(settings, name), rules) for name in _IMPORT_STATUSES
    ]
    yield from checks
    if all(check.state == "ok" for check in checks):
        try:
            new = import_statuses(settings, lambda: rules.statuses).new
        except SettingsError as error:
            for fault in error.faults:
                yield Check("status", fault.key, "error", fault.message, "Choose another status.")
        else:
            yield from _same_statuses(rules, new)
    yield _ruled("status", "order_status.new_sales_order_status", new_order_status(rules))


def _same_statuses(rules: MappingRules, new: int) -> Iterator[Check]:
    settings = rules.settings.order_status
    try:
        require_mapping(settings, mapped_statuses(settings, lambda: rules.statuses), new)
    except SettingsError as error:
        for fault in error.faults:
            found, _, fix = fault.message.rpartition("; ")
            yield Check("status", fault.key, "error", found, _sentence(fix))


def _status(setting: str, wanted: str | int, rules: MappingRules) -> Check:
    ruling = store_status(wanted, rules.statuses, setting)
    if ruling.value is None:
        return _ruled("status", setting, ruling)
    return Check("status", setting, "ok", f"{status_name(ruling.value)}, id {ruling.value.id}")


def _crossings(rules: MappingRules) -> Iterator[Check]:
    """Warn of moves from a paid status to an unpaid one (docs/facts.md, bigcommerce-orders)."""
    settings = rules.settings.order_status
    new = store_status(settings.new_order_status, rules.statuses).value
    if new is None or new.id not in PAID:
        return
    for name in _IMPORT_STATUSES[1:]:
        target = store_status(getattr(settings, name), rules.statuses).value
        if target is not None and target.id not in {*PAID, SystemStatus.REFUNDED}:
            yield Check(
                "status",
                f"order_status.{name}",
                "warning",
                (
                    f"An import moves orders from {status_name(new)!r}, a paid status, to "
                    f"{status_name(target)!r}, which is not. "
                    "If Avalara computes the store's tax, that voids the order's tax document."
                ),
                "With Avalara on the store, choose a paid status.",
            )


def _status_mapping(rules: MappingRules) -> Iterator[Check]:
    settings = rules.settings.order_status
    known = {text_key(name) for name in rules.reference.order_statuses}
    for position, row in enumerate(settings.mapping):
        place = f"order_status.mapping[{position}]"
        yield _status(f"{place}.bigcommerce", row.bigcommerce, rules)
        if text_key(row.acctvantage) not in known:
            yield Check(
                "status",
                f"{place}.acctvantage",
                "error",
                f"AcctVantage has no order status {row.acctvantage!r}.",
                f"Use one of {', '.join(rules.reference.order_statuses)}.",
            )
    if settings.updates == "off":
        return
    # A quote is not an order yet, and an import sets the first status.
    shown = {"quote", text_key(settings.new_sales_order_status)}
    shown.update(text_key(row.acctvantage) for row in settings.mapping)
    for name in rules.reference.order_statuses:
        if text_key(name) not in shown:
            yield Check(
                "status",
                name,
                "warning",
                (
                    f"AcctVantage's {name!r} is not mapped: orders that reach it keep their status "
                    "in the store."
                ),
                "Add a row if the store should show it.",
                toml_row("order_status.mapping", acctvantage=name, bigcommerce=""),
            )


# Money


def _store_currency(store: BigCommerce, rules: MappingRules) -> Iterator[Check]:
    currency, books = store.information().currency, rules.reference.currency
    if text_key(currency) == text_key(books):
        yield Check("currency", books, "ok", "the store and the books have the same")
    else:
        yield Check(
            "currency",
            currency,
            "error",
            f"The store's currency is {currency}, and the books are in {books}.",
            "Only orders in the books' currency are imported.",
        )


def _order_currencies(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    others = Counter(
        order.default_currency_code
        for order in recent
        if text_key(order.default_currency_code) != text_key(rules.reference.currency)
    )
    for currency, count in others.items():
        yield Check(
            "currency",
            currency,
            "warning",
            f"{count} of the latest {len(recent)} orders are in {currency} and are refused.",
            "Enter such orders by hand, or sell in the books' currency only.",
        )


def _payment_methods(
    store: BigCommerce, recent: Sequence[Order], rules: MappingRules
) -> Iterator[Check]:
    for position, row in enumerate(rules.settings.gl.payment_methods):
        yield _ruled(
            "payment method",
            f"gl.payment_methods[{position}] {row.bigcommerce!r}",
            receipt_type_for(row.bigcommerce, rules),
        )
    names = [plain(order.payment_method) for order in recent]
    keys = [payment_method_key(name) for name in names]
    seen = Counter(key for key in keys if key and key not in _TENDER_WORDS)
    for key, count in seen.items():
        if key not in rules.payment_methods:
            yield _unmapped_method(
                next(name for name in names if payment_method_key(name) == key),
                "error",
                f"{count} of the latest {len(recent)} orders were paid by it.",
                rules,
            )
    offered = _offered_payment_methods(store, seen, rules)
    yield from _or_unknown("payment method", "the store's list", offered)


def _offered_payment_methods(
    store: BigCommerce, used: Collection[str], rules: MappingRules
) -> Iterator[Check]:
    known = {*used, *rules.payment_methods, *_TENDER_WORDS}
    for method in store.payment_methods.list():
        name = plain(method.name)
        if name and payment_method_key(name) not in known:
            seen = "The store offers it; none of the latest orders was paid by it."
            yield _unmapped_method(name, "warning", seen, rules)


def _unmapped_method(name: str, state: State, seen: str, rules: MappingRules) -> Check:
    choices = list(dict.fromkeys([*rules.reference.receipt_types, PURCHASE_ORDER]))
    key = payment_method_key(name)
    likely = next((choice for choice in choices if payment_method_key(choice) == key), "")
    return Check(
        "payment method",
        name,
        state,
        "not mapped to a Receipt Type.",
        "Add a row.",
        toml_row("gl.payment_methods", bigcommerce=name, receipt_type=likely)
        + ("" if likely else f"  # one of: {', '.join(choices)}"),
        seen,
    )


def _tenders(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Check the Receipt Types of redeemed store credit and gift certificates."""
    for name, used in (
        (STORE_CREDIT, any(order.store_credit_amount for order in recent)),
        (GIFT_CARD, any(order.gift_certificate_amount for order in recent)),
    ):
        if any(word in rules.payment_methods for word in TENDER_WORDS[name]):
            continue  # its row is checked with the others
        key = payment_method_key(name)
        if key in rules.receipt_types:
            found = f"the Receipt Type {rules.receipt_types[key]}, by its name"
            yield Check("payment method", name, "ok", found)
        else:
            yield Check(
                "payment method",
                name,
                "error" if used else "warning",
                f"There is neither a Receipt Type {name!r} nor a row for "
                f"it{'; the latest orders used it' if used else ''}.",
                f"Create the Receipt Type {name!r}, or add a row.",
                toml_row("gl.payment_methods", bigcommerce=name, receipt_type=""),
            )


def _gl_codes(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    discounted = sum(1 for order in recent if order.discount_amount or order.coupon_discount)
    needs: tuple[tuple[str, str, State, str], ...] = (
        (
            "default_discount_gl_code",
            "Orders with a discount are refused without it.",
            "error" if discounted else "warning",
            f"{discounted} of the latest {len(recent)} have one.",
        ),
        (
            "gift_certificate_gl_code",
            "Gift certificates that are sold get no account without it.",
            "warning",
            "",
        ),
    )
    for key, without, state, seen in needs:
        setting, code = f"gl.{key}", getattr(rules.settings.gl, key)
        if not code:
            fix = f"Set {setting} to a GL account."
            yield Check("GL code", setting, state, without, fix, seen=seen)
        elif rules.is_gl_account(code):
            yield Check("GL code", setting, "ok", code)
        else:
            yield Check(
                "GL code",
                setting,
                "error",
                f"AcctVantage has no GL account {code!r}.",
                f"Correct {setting}.",
            )


# Shipping


def _ship_vias(store: BigCommerce, recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    yield _ship_via("", "shipping.default_ship_via", "error", rules)
    used = _by_key(
        consignment.shipping_method
        for order in recent
        if order.consignments is not None
        for consignment in order.consignments.shipping
    )
    used.pop("none", None)
    for name in used.values():
        yield _ship_via(name, name, "error", rules)
    yield from _or_unknown("ship via", "the store's list", _offered_ship_vias(store, used, rules))


def _offered_ship_vias(
    store: BigCommerce, used: Collection[str], rules: MappingRules
) -> Iterator[Check]:
    zones = [zone.id for zone in store.shipping_zones.list() if zone.enabled]
    methods = store.map(map(store.shipping_methods.list.call, zones), limit=IN_FLIGHT)
    offered = _by_key(method.name for method in chain.from_iterable(methods) if method.enabled)
    for key, name in offered.items():
        if key not in used:
            yield _ship_via(name, name, "warning", rules)


def _by_key(names: Iterable[str]) -> dict[str, str]:
    """Return the names that are not empty by how they compare."""
    return {text_key(name): name for name in map(plain, names) if text_key(name)}


def _ship_via(method: str, item: str, otherwise: State, rules: MappingRules) -> Check:
    ruling = ship_via_for(method, rules)
    if ruling.value is None:
        return attrs.evolve(_ruled("ship via", item, ruling), state=otherwise)
    if ruling.value.create is not None:
        return Check(
            "ship via",
            item,
            "ok",
            f"is created with product class {ruling.value.create.product_class!r} when the first "
            "order uses it",
        )
    return Check("ship via", item, "ok", ruling.value.name)


def _warehouse(rules: MappingRules) -> Iterator[Check]:
    yield _ruled("warehouse", "shipping.warehouse", warehouse_for(rules))
    if rules.warehouse is None:
        return
    setting = "shipping.default_shipment_product_class"
    wanted = rules.settings.shipping.default_shipment_product_class
    if wanted and rules.is_class_active(wanted):
        yield Check("product class", setting, "ok", wanted)
    elif wanted:
        classes = ", ".join(rules.warehouse.product_classes)
        yield Check(
            "product class",
            setting,
            "error",
            f"The product class {wanted!r} is not active in {rules.warehouse.name!r}.",
            f"Activate it there, or use one of {classes}." if classes else "Activate it there.",
        )


def _stock(store: BigCommerce, settings: Settings) -> Iterator[Check]:
    """Check the location of pushed quantities, and when the store reduces its stock."""
    if settings.shipping.sync_inventory_levels:
        setting, code = "shipping.bigcommerce_location", settings.shipping.bigcommerce_location
        yield from _or_unknown("location", setting, _location(store, setting, code))
        yield from _or_unknown("stock", "when it is reduced", _stock_reduction(store))


def _location(store: BigCommerce, setting: str, code: str) -> Iterator[Check]:
    try:
        found = f"{code or 'the default location'} (id {StockLocation(store, code).id()})"
    except NoSuchLocation as error:
        message, _, fix = str(error).rpartition(": ")
        yield Check("location", setting, "error", _sentence(message), _sentence(fix))
    else:
        yield Check("location", setting, "ok", found)


def _stock_reduction(store: BigCommerce) -> Iterator[Check]:
    if store.inventory_settings.get().update_stock_behavior == "order_placed":
        yield Check("stock", "when it is reduced", "ok", "when an order is placed")
    else:
        yield Check(
            "stock",
            "when it is reduced",
            "warning",
            (
                "The store reduces its stock when an order is completed or shipped. AcctVantage "
                "has reduced it by then, so it is reduced twice until the quantity is pushed again."
            ),
            "Let BigCommerce reduce stock when an order is placed (Settings, Inventory).",
        )


# From rulings to checks


def _ruled(area: str, item: str, ruling: Ruling[T]) -> Check:
    """Return a ruling as a check: its value, or its first error."""
    if ruling.value is not None:
        return Check(area, item, "ok", str(ruling.value))
    problem = ruling.errors[0]
    choices = f" There are: {', '.join(problem.candidates)}." if problem.candidates else ""
    return Check(area, item, "error", problem.message, f"{problem.fix}{choices}")
