"""Ship Vias: the books' name for the store's shipping method (manual 2.3.2 and 2.3.3)."""

from __future__ import annotations

import attrs

from avbc.acctvantage.records import ShipVia
from avbc.mapping.decisions import Findings, Ruling
from avbc.mapping.rules import MappingRules
from avbc.mapping.text import fold, plain

_NO_METHOD = frozenset(["", "none"])
"""How the store writes that an order has no shipping method."""


@attrs.frozen
class ShipViaChoice:
    """The name of a Ship Via, and the record to create where the books do not have it yet."""

    name: str
    create: ShipVia | None = None


def ship_via_for(method: str, rules: MappingRules) -> Ruling[ShipViaChoice]:
    """The Ship Via of a shipping method.

    Without a method it is the Default Ship Via (manual 2.3.2). A method's name is looked up without
    case and spaces. One that is missing is created with the Default Shipment Product Class where
    the settings allow it (manual 2.3.3), which must be active in the warehouse; otherwise it is a
    problem (inferred).
    """
    found = Findings()
    return found.ruling(choose_ship_via(method, rules, found))


def choose_ship_via(
    method: str, rules: MappingRules, found: Findings, field: str = "ship_via"
) -> ShipViaChoice:
    """As `ship_via_for`, with the problems going to `found`; `field` is the decided field."""
    name = plain(method)
    setting = ""
    if fold(name) in _NO_METHOD:
        name, setting = rules.settings.shipping.default_ship_via, "shipping.default_ship_via"
        if not name:
            found.error(
                "ship_via_missing",
                setting,
                "",
                "The order names no shipping method, and there is no Default Ship Via.",
                "Set shipping.default_ship_via to a Ship Via of AcctVantage.",
            )
            return ShipViaChoice("")
    known = rules.ship_vias.get(fold(name))
    if known is not None:
        reason = (
            "the order names no shipping method"
            if setting
            else "the books have a Ship Via of this name"
        )
        found.note(field, known.name, reason, setting)
        return ShipViaChoice(known.name)
    if not rules.settings.shipping.auto_create_missing_shipping_methods:
        found.error(
            "ship_via_unknown",
            setting or field,
            name,
            f"AcctVantage has no Ship Via {name!r}.",
            "Create it in AcctVantage, or set shipping.auto_create_missing_shipping_methods.",
        )
        return ShipViaChoice(name)
    return ShipViaChoice(name, _new_ship_via(name, rules, found, field))


def _new_ship_via(name: str, rules: MappingRules, found: Findings, field: str) -> ShipVia | None:
    product_class = rules.settings.shipping.default_shipment_product_class
    setting = "shipping.default_shipment_product_class"
    # Without the warehouse every class would look inactive; its absence is a problem of its own.
    if rules.warehouse is not None and not rules.is_class_active(product_class):
        found.error(
            "product_class_inactive",
            setting,
            product_class,
            f"The Ship Via {name!r} is to be created with product class {product_class!r}, not "
            f"active in {rules.warehouse.name!r}.",
            "Activate the product class in the warehouse, or name another one.",
        )
        return None
    found.note(
        field, name, "the books lack it: created with product class {!r}", setting, product_class
    )
    return ShipVia(name=name, product_class=product_class)
