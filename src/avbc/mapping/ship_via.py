"""Ship Vias: the books' name for the store's shipping method (manual 2.3.2 and 2.3.3)."""

from __future__ import annotations

import attrs

from avbc.acctvantage.records import ShipVia
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.text import plain
from avbc.text import text_key

_NO_METHOD = frozenset(["", "none"])
"""How the store writes that an order has no shipping method."""
_CLASS = "shipping.default_shipment_product_class"


@attrs.frozen
class ShipViaChoice:
    """The name of a Ship Via, and the record to create where the books do not have it yet."""

    name: str
    create: ShipVia | None = None


def ship_via_for(
    method: str, rules: MappingRules, field: str = "ship_via"
) -> Ruling[ShipViaChoice]:
    """The Ship Via of a shipping method; `field` is where the choice is noted.

    Without a method it is the Default Ship Via (manual 2.3.2). One that is missing is created with
    the Default Shipment Product Class where the settings allow it (manual 2.3.3), which must be
    active in the warehouse; otherwise it is a problem (inferred).
    """
    case = Case(rules)
    shipping = rules.settings.shipping
    name, setting = plain(method), ""
    key = text_key(name)
    if key in _NO_METHOD:
        name, setting = shipping.default_ship_via, "shipping.default_ship_via"
        key = text_key(name)
    known = rules.ship_vias.get(key)
    product_class = shipping.default_shipment_product_class
    created: ShipVia | None = None
    if not name:
        case.error(
            "ship_via_missing",
            setting,
            "",
            "The order names no shipping method, and there is no Default Ship Via.",
            "Set shipping.default_ship_via to a Ship Via of AcctVantage.",
        )
    elif known is not None:
        name = known.name
        reason = "the order names no shipping method"
        case.note(
            field, name, reason if setting else "the books have a Ship Via of this name", setting
        )
    elif not shipping.auto_create_missing_shipping_methods:
        case.error(
            "ship_via_unknown",
            setting or field,
            name,
            f"AcctVantage has no Ship Via {name!r}.",
            "Create it in AcctVantage, or set shipping.auto_create_missing_shipping_methods.",
        )
    elif rules.warehouse is not None and not rules.is_class_active(product_class):
        # Without the warehouse every class would look inactive, and its absence is reported itself.
        case.error(
            "product_class_inactive",
            _CLASS,
            product_class,
            f"The Ship Via {name!r} would be created with product class {product_class!r}, which "
            f"is not active in {rules.warehouse.name!r}.",
            "Activate the product class in the warehouse, or name another one.",
        )
    else:
        case.note(
            field, name, "the books lack it: created with product class {!r}", _CLASS, product_class
        )
        created = ShipVia(name=name, product_class=product_class)
    return case.ruling(ShipViaChoice(name, created))
