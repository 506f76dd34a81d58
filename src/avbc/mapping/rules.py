"""What the rules look up, folded once for a whole run: settings, the books' reference data, the store's statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

import attrs

from avbc.acctvantage.records import Promotion, ReferenceData, ShipVia, TaxArea, Warehouse
from avbc.bigcommerce.models import OrderStatus
from avbc.mapping.text import fold
from avbc.money import decimals
from avbc.settings import Settings

T = TypeVar("T")


def _by_name(named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Fold the names; where two fold alike the first stands."""
    folded: dict[str, T] = {}
    for name, value in named:
        folded.setdefault(fold(name), value)
    return folded


def _half_minor_unit(rules: MappingRules) -> Decimal:
    return Decimal(5).scaleb(-decimals(rules.reference.currency) - 1)


def _payment_methods(rules: MappingRules) -> dict[str, str]:
    return _by_name(
        (row.bigcommerce, row.receipt_type) for row in rules.settings.gl.payment_methods
    )


def _receipt_types(rules: MappingRules) -> dict[str, str]:
    return _by_name((name, name) for name in rules.reference.receipt_types)


def _tax_areas(rules: MappingRules) -> dict[str, TaxArea]:
    return _by_name((area.name, area) for area in rules.reference.tax_areas)


def _ship_vias(rules: MappingRules) -> dict[str, ShipVia]:
    return _by_name((ship_via.name, ship_via) for ship_via in rules.reference.ship_vias)


def _promotions(rules: MappingRules) -> dict[str, Promotion]:
    by_code = [(promotion.code, promotion) for promotion in rules.reference.promotions]
    by_name = [
        (promotion.name, promotion) for promotion in rules.reference.promotions if promotion.name
    ]
    return _by_name(by_code + by_name)


def _gl_accounts(rules: MappingRules) -> frozenset[str]:
    return frozenset(fold(code) for code in rules.reference.gl_accounts)


def _order_statuses(rules: MappingRules) -> dict[str, int]:
    return _by_name(
        (name, position) for position, name in enumerate(rules.reference.order_statuses)
    )


def _warehouse(rules: MappingRules) -> Warehouse | None:
    wanted = fold(rules.settings.shipping.warehouse)
    return next(
        (warehouse for warehouse in rules.reference.warehouses if fold(warehouse.name) == wanted),
        None,
    )


def _active_classes(rules: MappingRules) -> frozenset[str]:
    names = rules.warehouse.product_classes if rules.warehouse else ()
    return frozenset([*names, *map(fold, names)])


@attrs.frozen
class MappingRules:
    """Settings and reference data, prepared for looking up by name without case and spaces. Build it once for a run."""

    settings: Settings
    reference: ReferenceData
    statuses: tuple[OrderStatus, ...] = ()
    """The store's order statuses; only the status rules need them."""

    half_minor_unit: Decimal = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_half_minor_unit, takes_self=True)
    )
    """What rounds to nothing in the books' currency is smaller than this."""
    payment_methods: Mapping[str, str] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_payment_methods, takes_self=True)
    )
    receipt_types: Mapping[str, str] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_receipt_types, takes_self=True)
    )
    tax_areas: Mapping[str, TaxArea] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_tax_areas, takes_self=True)
    )
    ship_vias: Mapping[str, ShipVia] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_ship_vias, takes_self=True)
    )
    promotions: Mapping[str, Promotion] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_promotions, takes_self=True)
    )
    """By code, and by name where no code is the same (manual, BigCommerce - Coupon Codes)."""
    gl_accounts: frozenset[str] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_gl_accounts, takes_self=True)
    )
    order_statuses: Mapping[str, int] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_order_statuses, takes_self=True)
    )
    """The position of each AcctVantage order status in the sequence."""
    warehouse: Warehouse | None = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_warehouse, takes_self=True)
    )
    """The configured warehouse as the books have it."""
    active_classes: frozenset[str] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(_active_classes, takes_self=True)
    )
    """The product classes active in the warehouse, as they are written and folded."""

    @property
    def source_code(self) -> str:
        """The Import Source Code: what every Import ID of this store starts with."""
        return self.settings.order_status.import_source_code

    def is_class_active(self, product_class: str) -> bool:
        """Whether the product class is active in the warehouse, as buying, stocking and selling need (manual, Product Classes)."""
        return product_class in self.active_classes or fold(product_class) in self.active_classes

    def is_gl_account(self, code: str) -> bool:
        """Whether the books have the GL account; books that list none are not held against it."""
        return not self.gl_accounts or fold(code) in self.gl_accounts

    def rounds_to_zero(self, amount: Decimal) -> bool:
        """Whether the amount is less than half a minor unit of the currency: not a cent.

        Raises nothing; `amount` must be finite.
        """
        return -self.half_minor_unit < amount < self.half_minor_unit
