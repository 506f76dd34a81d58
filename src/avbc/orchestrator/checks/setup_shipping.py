"""The setup check: Ship Vias and the Warehouse."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

import attrs

from avbc.acctvantage.gateway import ProductGateway
from avbc.acctvantage.records import Warehouse
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Order
from avbc.mapping import MappingRules, ship_via_for
from avbc.mapping.patterns import covers
from avbc.mapping.reference import ship_via_row, warehouse_for
from avbc.mapping.text import plain
from avbc.mapping.translated import may_be_translated
from avbc.orchestrator.checks.setup_parts import hidden_rows, hinted, or_unknown, ruled
from avbc.orchestrator.engine.parts import Parts
from avbc.orchestrator.reports import Check, State
from avbc.report import counted
from avbc.text import near_name, quoted, some_of, text_key
from avbc.toml import toml_row

_SOLVED_BY_A_ROW = frozenset({"ship_via_unknown", "shipping_method_translated"})


def shipping_checks(
    store: BigCommerce, parts: Parts, recent: Sequence[Order], rules: MappingRules
) -> Iterator[Check]:
    """Check the Ship Vias of the store's shipping methods, and the Warehouse."""
    yield from _ship_vias(store, recent, rules)
    yield from _warehouse(rules)
    if rules.warehouse is not None and parts.has(ProductGateway):
        yield from _inactive_classes(parts, rules, rules.warehouse)


def _ship_vias(store: BigCommerce, recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    yield _ship_via("", "shipping.default_ship_via", "error", rules)
    yield from _rows(rules)
    shipped = [
        (consignment.shipping_method, order.customer_locale)
        for order in recent
        if order.consignments is not None
        for consignment in order.consignments.shipping
    ]
    used = _by_key(method for method, _ in shipped)
    used.pop("none", None)
    # Of a name that several orders have, the store's own language decides.
    locales = {
        text_key(plain(method)): locale
        for method, locale in sorted(
            shipped, key=lambda each: may_be_translated(each[1], rules.language), reverse=True
        )
    }
    for key, name in used.items():
        yield _ship_via(name, name, "error", rules, locales[key])
    yield from or_unknown("ship via", "the store's list", _offered_ship_vias(store, used, rules))


def _rows(rules: MappingRules) -> Iterator[Check]:
    """Check the Ship Vias of the rows for shipping methods."""
    for position, row in enumerate(rules.settings.shipping.methods):
        setting = f"shipping.methods[{position}].ship_via"
        known = rules.ship_vias.get(text_key(row.ship_via))
        if known is not None:
            yield Check("ship via", setting, "ok", known.name)
            continue
        names = [each.name for each in rules.reference.ship_vias]
        yield Check(
            "ship via",
            setting,
            "error",
            f"AcctVantage has no Ship Via {quoted(row.ship_via)}.",
            hinted(f"{rules.how_to_create('it')}, or correct {setting}.", row.ship_via, names),
        )
    rows = [(row.bigcommerce, row.ship_via) for row in rules.settings.shipping.methods]
    yield from hidden_rows("ship via", "shipping.methods", rows, covers)


def _offered_ship_vias(
    store: BigCommerce, used: Collection[str], rules: MappingRules
) -> Iterator[Check]:
    zones = [zone.id for zone in store.shipping_zones.list() if zone.enabled]
    methods = store.map(map(store.shipping_methods.list.call, zones))
    offered = _by_key(method.name for method in chain.from_iterable(methods) if method.enabled)
    for key, name in offered.items():
        if key not in used:
            yield _ship_via(name, name, "warning", rules)


def _by_key(names: Iterable[str]) -> dict[str, str]:
    """Return the names that are not empty by how they compare."""
    return {text_key(name): name for name in map(plain, names) if text_key(name)}


def _ship_via(
    method: str, item: str, otherwise: State, rules: MappingRules, locale: str = ""
) -> Check:
    ruling = ship_via_for(method, rules, locale=locale)
    known = [each.name for each in rules.reference.ship_vias]
    if ruling.value is None:
        check = attrs.evolve(ruled("ship via", item, ruling, known), state=otherwise)
        # Where a row has it already, another one after it would never apply.
        is_solved = (
            method
            and ruling.errors[0].code in _SOLVED_BY_A_ROW
            and ship_via_row(plain(method), rules) is None
        )
        return attrs.evolve(check, toml=_row(method, known)) if is_solved else check
    name, create = ruling.value.name, ruling.value.create
    if create is None:
        return Check("ship via", item, "ok", name)
    found = (
        f"is created with product class {quoted(create.product_class)} when the first order uses it"
    )
    near = near_name(name, known)
    if not near:
        return Check("ship via", item, "ok", found)
    created = rules.how_to_create(quoted(name))
    fix = f"If it is the same, add the row to shipping.methods. If not: {created}."
    row = ""
    if method:
        row = _row(method, known)
    else:
        # Rows are for shipping methods, and this is for orders without one.
        fix = f"Did you mean {quoted(near)}? Correct {item}. If not: {created}."
    return Check("ship via", item, "warning", f"{found}; AcctVantage has {quoted(near)}.", fix, row)


def _row(method: str, known: Sequence[str]) -> str:
    """Propose a row for a shipping method: the Ship Via whose name is near, or all of them."""
    likely = near_name(method, known)
    return toml_row("shipping.methods", known, bigcommerce=method, ship_via=likely)


def _warehouse(rules: MappingRules) -> Iterator[Check]:
    yield ruled("warehouse", "shipping.warehouse", warehouse_for(rules))
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
            f"The product class {quoted(wanted)} is not active in {quoted(rules.warehouse.name)}.",
            hinted(
                f"{rules.how_to_activate()}{f', or use one of {classes}' if classes else ''}.",
                wanted,
                rules.warehouse.product_classes,
            ),
        )


def _inactive_classes(parts: Parts, rules: MappingRules, warehouse: Warehouse) -> Iterator[Check]:
    """Check the product classes of the store's products: orders for one not active are refused."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for product in parts.products.products_for_store():
        if not rules.is_class_active(product.product_class):
            found[product.product_class].append(product.part_number)
    for name, numbers in found.items():
        has = "has" if len(numbers) == 1 else "have"
        yield Check(
            "product class",
            name,
            "error",
            f"{counted(len(numbers), 'product')} with Sync to Webstore ({some_of(numbers)}) {has} "
            f"it, and it is not active in {quoted(warehouse.name)}: orders for such a product are "
            "refused.",
            hinted(f"{rules.how_to_activate()}.", name, warehouse.product_classes),
        )
