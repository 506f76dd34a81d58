"""What the rules look up, what they find about one order, and what they return."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cached_property
from typing import Generic, TypeVar

import attrs

from avbc.acctvantage.records import Promotion, ReferenceData, ShipVia, TaxArea, Warehouse
from avbc.bigcommerce.models import OrderStatus
from avbc.mapping.advice import how_to_create, in_the_books
from avbc.mapping.decisions import (
    Decision,
    MappingProblem,
    Note,
    Problem,
    decisions_of,
    value_text,
)
from avbc.mapping.product_names import ProductNames
from avbc.money import decimals
from avbc.settings import Settings, payment_method_key
from avbc.shown import Shown
from avbc.text import text_key

T = TypeVar("T")


def _by_name(named: Iterable[tuple[str, T]], key: Callable[[str], str] = text_key) -> dict[str, T]:
    """The values by key of their names; of two names with one key the first counts."""
    values: dict[str, T] = {}
    for name, value in named:
        values.setdefault(key(name), value)
    return values


@attrs.frozen
class MappingRules(Shown):
    """Settings and reference data, prepared for looking up by name. Build it once for a run."""

    settings: Settings
    reference: ReferenceData
    statuses: tuple[OrderStatus, ...] = ()
    """The store's order statuses; only the status rules need them."""
    language: str = ""
    """The store's language, such as `en`; empty where it is not known."""
    loads_files: bool = False
    """Whether the books are a `SqlGateway`, which is filled from files: what advice then says."""

    def how_to_create(self, what: str, load: str = "load") -> str:
        """Say where a record is created that the books lack."""
        return how_to_create(what, load, loads_files=self.loads_files)

    def how_to_activate(self) -> str:
        """Say where a product class is made active in the warehouse."""
        there = in_the_books(loads_files=self.loads_files)
        return f"Activate the product class in the warehouse, in AcctVantage and {there}"

    @property
    def source_code(self) -> str:
        """The Import Source Code: what every Import ID of this store starts with."""
        return self.settings.order_status.import_source_code

    @cached_property
    def half_minor_unit(self) -> Decimal:
        """What rounds to nothing in the books' currency is smaller than this."""
        return Decimal(5).scaleb(-decimals(self.reference.currency) - 1)

    @cached_property
    def payment_methods(self) -> dict[str, str]:
        """The Receipt Types of the mapping rows, by payment method."""
        rows = self.settings.gl.payment_methods
        return _by_name(((row.bigcommerce, row.receipt_type) for row in rows), payment_method_key)

    @cached_property
    def offline_methods(self) -> dict[str, bool]:
        """Whether a method is offline, for the methods whose mapping rows say so, by its key."""
        rows = self.settings.gl.payment_methods
        return _by_name(
            ((row.bigcommerce, row.offline) for row in rows if row.offline is not None),
            payment_method_key,
        )

    @cached_property
    def methods_by_id(self) -> dict[str, str]:
        """The Receipt Types of the mapping rows that have a `payment_method_id`, by that id."""
        rows = self.settings.gl.payment_methods
        return _by_name(
            (row.payment_method_id, row.receipt_type) for row in rows if row.payment_method_id
        )

    def receipt_type_of_id(self, payment_method_id: str) -> str:
        """The Receipt Type of the row with a `payment_method_id`; empty where there is none."""
        rows = self.methods_by_id
        return rows.get(text_key(payment_method_id), "") if rows and payment_method_id else ""

    @cached_property
    def receipt_types(self) -> dict[str, str]:
        """The books' Receipt Types."""
        names = self.reference.receipt_types
        return _by_name(((name, name) for name in names), payment_method_key)

    @cached_property
    def tax_areas(self) -> dict[str, TaxArea]:
        """The books' Tax Areas."""
        return _by_name((area.name, area) for area in self.reference.tax_areas)

    @cached_property
    def ship_vias(self) -> dict[str, ShipVia]:
        """The books' Ship Vias."""
        return _by_name((ship_via.name, ship_via) for ship_via in self.reference.ship_vias)

    @cached_property
    def promotions(self) -> dict[str, Promotion]:
        """By code, and by name where no code is the same (manual, BigCommerce - Coupon Codes)."""
        known = self.reference.promotions
        by_name = [(promotion.name, promotion) for promotion in known if promotion.name]
        return _by_name([*((promotion.code, promotion) for promotion in known), *by_name])

    @cached_property
    def gl_accounts(self) -> dict[str, str]:
        """The books' GL accounts."""
        return _by_name((code, code) for code in self.reference.gl_accounts)

    @cached_property
    def order_statuses(self) -> dict[str, int]:
        """The position of each AcctVantage order status in the sequence."""
        return _by_name((name, place) for place, name in enumerate(self.reference.order_statuses))

    @cached_property
    def product_names(self) -> ProductNames:
        """What lines' products are looked up by."""
        return ProductNames(self.settings.products)

    @cached_property
    def warehouse(self) -> Warehouse | None:
        """The configured warehouse as the books have it."""
        known = _by_name((warehouse.name, warehouse) for warehouse in self.reference.warehouses)
        return known.get(text_key(self.settings.shipping.warehouse))

    @cached_property
    def active_classes(self) -> frozenset[str]:
        """The product classes that are active in the warehouse, as they are written and as keys."""
        names = self.warehouse.product_classes if self.warehouse else ()
        return frozenset([*names, *map(text_key, names)])

    def is_class_active(self, product_class: str) -> bool:
        """Whether the warehouse can buy, stock and sell it (manual, Product Classes)."""
        return (
            product_class in self.active_classes or text_key(product_class) in self.active_classes
        )

    def is_gl_account(self, code: str) -> bool:
        """Whether the books have the GL account; books that list no accounts accept any."""
        return not self.gl_accounts or text_key(code) in self.gl_accounts

    def rounds_to_zero(self, amount: Decimal) -> bool:
        """Whether a finite amount is less than half a minor unit of the currency: not a cent."""
        return -self.half_minor_unit < amount < self.half_minor_unit


@attrs.frozen
class Ruling(Shown, Generic[T]):
    """What a rule returns: a value with its decisions, or no value and the problems.

    A value may come with warnings; an error comes with no value, except from `follow_receipts`,
    whose value is what follows in spite of it.
    """

    value: T | None
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = attrs.field(default=(), repr=False)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Each field that was decided: its value, the rule, and the setting it came from."""
        return decisions_of(self.notes)

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the import."""
        return tuple(problem for problem in self.problems if problem.severity == "error")


class Findings:
    """What the rules find about one record: problems, and notes that become decisions when read.

    Most orders are mapped and never explained, so a note costs a tuple and no text.

    >>> found = Findings()
    >>> found.note("ship_via", "UPS Ground", "the shipping method is {!r}", "", "UPS® Ground")
    >>> found.ruling("UPS Ground").decisions[0].reason
    "the shipping method is 'UPS® Ground'"
    """

    __slots__ = ("failed", "notes", "problems")

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.problems: list[Problem] = []
        self.failed = False
        """Whether one of the problems is an error."""

    def note(
        self, field: str, value: object, reason: str, setting: str = "", *args: object
    ) -> None:
        """Note that `field` got `value`; `reason` is a format that `args` fill in."""
        self.notes.append((field, value, reason, setting, args))

    def error(
        self,
        code: MappingProblem,
        field: str,
        value: object,
        message: str,
        fix: str,
        *,
        candidates: tuple[str, ...] = (),
    ) -> None:
        """Add a problem that stops the import; the same one is added once."""
        self.failed = True
        problem = Problem(code, field, value_text(value), message, fix, "error", candidates)
        if problem not in self.problems:
            self.problems.append(problem)

    def warn(self, code: MappingProblem, field: str, value: object, message: str, fix: str) -> None:
        """Add a problem that does not stop the import."""
        self.problems.append(Problem(code, field, value_text(value), message, fix, "warning"))

    def add(self, ruling: Ruling[T]) -> T | None:
        """Take over what another rule found, and return its value."""
        self.notes += ruling.notes
        if ruling.problems:
            self.failed = self.failed or bool(ruling.errors)
            self.problems += [
                problem for problem in ruling.problems if problem not in self.problems
            ]
        return ruling.value

    def ruling(self, value: T | None) -> Ruling[T]:
        """The findings with the value that they led to: no value where there is an error."""
        return Ruling(None if self.failed else value, tuple(self.problems), tuple(self.notes))

    def check_length(self, text: str, field: str, most: int) -> str:
        """Return a text, after checking that it fits the store's field; it is never cut."""
        if len(text) > most:
            self.error(
                "text_too_long",
                field,
                f"{text[:60]}...",
                f"{field} has {len(text):,} characters, and BigCommerce takes {most:,}.",
                "Shorten it in AcctVantage.",
            )
        return text


class Case(Findings):
    """One order as the rules see it: the look-ups of all orders, and the findings about it."""

    __slots__ = ("rules",)

    def __init__(self, rules: MappingRules) -> None:
        Findings.__init__(self)
        self.rules = rules
