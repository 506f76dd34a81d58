"""Records of the books that an order refers to: tax area, warehouse, Ship Via, product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from avbc.acctvantage.records import Product, ShipVia
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.patterns import first_fit
from avbc.mapping.text import plain
from avbc.mapping.translated import may_be_translated
from avbc.shown import Shown
from avbc.text import quoted, text_key

_NO_METHOD = frozenset(["", "none"])
"""How the store writes that an order has no shipping method."""
_CLASS = "shipping.default_shipment_product_class"


@attrs.frozen
class ShipViaChoice(Shown):
    """The name of a Ship Via, and the record to create where the books do not have it yet."""

    name: str
    create: ShipVia | None = None


def tax_area_for(rules: MappingRules) -> Ruling[str]:
    """The tax area that an order's tax is booked to, with or without tax on the order.

    The store's tax is never computed again: the order's Override box is always ticked, since a tax
    of zero is a result too (inferred). The area must exist in the books and must not be the one of
    AvaTax, which would compute the tax again (manual 2.2.2).
    """
    case = Case(rules)
    wanted = rules.settings.gl.tax_area
    setting = "gl.tax_area"
    case.note(
        "tax_override",
        value=True,
        reason="the store computed the tax; AcctVantage must not do it again",
        setting=setting,
    )
    area = rules.tax_areas.get(text_key(wanted))
    if area is None:
        case.error(
            "tax_area_unknown",
            setting,
            wanted,
            f"AcctVantage has no Tax Area {quoted(wanted)}.",
            f"{rules.how_to_create('it')}, or name another one in gl.tax_area.",
            candidates=tuple(known.name for known in rules.reference.tax_areas if not known.avatax),
        )
    else:
        if area.avatax:
            case.error(
                "tax_area_is_avatax",
                setting,
                area.name,
                f"{quoted(area.name)} is the Tax Area of AvaTax, which would compute the store's "
                "tax again.",
                f"{rules.how_to_create('a Tax Area for the store')}, and name it in gl.tax_area.",
            )
        case.note("tax_area", area.name, "the configured Tax Area", setting)
    return case.ruling(area.name if area is not None else None)


def warehouse_for(rules: MappingRules) -> Ruling[str]:
    """Find the Warehouse of the settings in the books (manual 2.3.1)."""
    case = Case(rules)
    wanted, known = rules.settings.shipping.warehouse, rules.warehouse
    if known is None:
        case.error(
            "warehouse_unknown",
            "shipping.warehouse",
            wanted,
            f"AcctVantage has no Warehouse {quoted(wanted)}.",
            f"{rules.how_to_create('it')}, or correct shipping.warehouse.",
            candidates=tuple(warehouse.name for warehouse in rules.reference.warehouses),
        )
    else:
        case.note(
            "warehouse",
            known.name,
            "the warehouse that fulfills the store's orders",
            "shipping.warehouse",
        )
    return case.ruling(known.name if known is not None else None)


def ship_via_for(
    method: str, rules: MappingRules, field: str = "ship_via", *, locale: str = ""
) -> Ruling[ShipViaChoice]:
    """The Ship Via of a shipping method; `field` is where the choice is noted.

    Without a method it is the Default Ship Via (manual 2.3.2). A row of `shipping.methods` comes
    before the Ship Via of the method's own name. One that is missing is created with the Default
    Shipment Product Class where the settings allow it (manual 2.3.3), which must be active in the
    warehouse; otherwise it is a problem (inferred). `locale` is the order's `customer_locale`: no
    Ship Via is created for a name that may be a translation.
    """
    case = Case(rules)
    shipping = rules.settings.shipping
    name, setting = plain(method), ""
    is_named = text_key(name) not in _NO_METHOD
    row = ship_via_row(name, rules) if is_named else None
    reason = "the books have a Ship Via of this name"
    if row is not None:
        setting = f"shipping.methods[{row}].ship_via"
        reason = "a row of shipping.methods has it for the shipping method {!r}"
        name = shipping.methods[row].ship_via
    elif not is_named:
        name, setting = shipping.default_ship_via, "shipping.default_ship_via"
        reason = "the order names no shipping method"
    known = rules.ship_vias.get(text_key(name))
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
        case.note(field, name, reason, setting, plain(method))
    elif row is not None:
        # A row names what is in the books: a slip in it must not become a Ship Via.
        case.error(
            "ship_via_unknown",
            setting,
            name,
            f"AcctVantage has no Ship Via {quoted(name)}, which a row of shipping.methods names.",
            f"{rules.how_to_create('it')}, or correct {setting}.",
        )
    elif is_named and may_be_translated(locale, rules.language):
        case.error(
            "shipping_method_translated",
            field,
            name,
            f"No setting and no Ship Via has the name of the shipping method {quoted(name)}. The "
            f"shopper used the store in {quoted(locale)}, so the name may be a translation, and no "
            "Ship Via is created for it.",
            f"Give {quoted(name)} a Ship Via in shipping.methods.",
        )
    elif not shipping.auto_create_missing_shipping_methods:
        case.error(
            "ship_via_unknown",
            setting or field,
            name,
            f"AcctVantage has no Ship Via {quoted(name)}.",
            f"{rules.how_to_create('it')}, "
            + (
                "give the shipping method another one in shipping.methods, "
                if is_named
                else f"correct {setting}, "
            )
            + "or set shipping.auto_create_missing_shipping_methods.",
        )
    elif rules.warehouse is not None and not rules.is_class_active(product_class):
        # Without the warehouse every class would look inactive, and its absence is reported itself.
        case.error(
            "product_class_inactive",
            _CLASS,
            product_class,
            f"The Ship Via {quoted(name)} would be created with product class "
            f"{quoted(product_class)}, which is not active in {quoted(rules.warehouse.name)}.",
            f"{rules.how_to_activate()}, or name another one.",
        )
    else:
        case.note(
            field, name, "the books lack it: created with product class {!r}", _CLASS, product_class
        )
        created = ShipVia(name=name, product_class=product_class)
    return case.ruling(ShipViaChoice(name, created))


def is_method_unknown(method: str, rules: MappingRules) -> bool:
    """Whether neither a row nor a Ship Via has the name of a shipping method."""
    name = plain(method)
    key = text_key(name)
    return (
        key not in _NO_METHOD and key not in rules.ship_vias and ship_via_row(name, rules) is None
    )


def ship_via_row(method: str, rules: MappingRules) -> int | None:
    """The row of `shipping.methods` that a method's name fits; None where none does."""
    rows = enumerate(rules.settings.shipping.methods)
    return first_fit(((row.bigcommerce, place) for place, row in rows), method)


def product_for(
    sku: str,
    products: Mapping[str, Sequence[Product]],
    rules: MappingRules,
    *,
    field: str = "sku",
    line: str = "",
) -> Ruling[Product]:
    """The product that a SKU means: by part number, otherwise by alias.

    `products` holds the books' products by `text_key` of the SKU. No product, more than one, or a
    product class that is not active in the warehouse (manual, Product Classes) is a problem:
    AcctVantage takes an order with all its lines or not at all. `field` and `line` say in problems
    where the SKU is and what the line is called.
    """
    key = text_key(sku)
    hits = products.get(key, ())
    if len(hits) > 1:
        # A part number comes before an alias; the same product may be there by both.
        hits = [hit for hit in hits if text_key(hit.part_number) == key] or hits
        hits = list({text_key(hit.part_number): hit for hit in hits}.values())
    if len(hits) == 1 and (rules.warehouse is None or rules.is_class_active(hits[0].product_class)):
        return Ruling(hits[0])
    case = Case(rules)
    if not key:
        case.error(
            "sku_missing",
            field,
            "",
            f"The line {quoted(line)} has no SKU, so its product cannot be found."
            if line
            else "There is no SKU.",
            "Give the product a SKU in BigCommerce that is its part number in AcctVantage.",
        )
    elif not hits:
        case.error(
            "sku_unknown",
            field,
            sku,
            f"AcctVantage has no product with part number or alias {quoted(sku)}.",
            f"{rules.how_to_create('the product', 'load_products')}, or correct the SKU in "
            "BigCommerce.",
        )
    elif len(hits) > 1:
        case.error(
            "sku_ambiguous",
            field,
            sku,
            f"More than one product of AcctVantage has the part number or alias {quoted(sku)}.",
            "Take the alias off all products but one.",
            candidates=tuple(hit.part_number for hit in hits),
        )
    else:
        case.error(
            "product_class_inactive",
            field,
            hits[0].product_class,
            f"{quoted(hits[0].part_number)} has product class {quoted(hits[0].product_class)}, "
            f"which is not active in warehouse {quoted(rules.settings.shipping.warehouse)}.",
            f"{rules.how_to_activate()}.",
        )
    return case.ruling(None)
