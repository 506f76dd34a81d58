"""Which values of the store a product push would replace that it did not push itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeGuard, cast

import attrs

from avbc.bigcommerce.models import Product, ProductDraft, Variant, VariantDraft
from avbc.mapping.decisions import value_text
from avbc.mapping.field_map import FieldValue, field_texts, read_texts
from avbc.shown import Shown

_IDENTITY = frozenset(["id", "sku"])
"""What a record is found by."""
_SHOWN = 60
"""How many characters of a value an example shows."""


@attrs.frozen
class Replacement(Shown):
    """A value of the store that a push would replace, and that no push wrote there.

    >>> print(Replacement("price", "40.00", "49.00"))
    price 40.00 -> 49.00
    """

    field: str
    """The store's name of the field: `price`."""
    before: str
    """The store's value."""
    after: str
    """The value that the push would write; empty where it would leave the field without one."""

    def __str__(self) -> str:
        return f"{self.field} {_line(self.before)} -> {_line(self.after)}"

    def shortened(self) -> str:
        """As one of many examples: long values are cut."""
        return f"{self.field} {_cut(_line(self.before))} -> {_cut(_line(self.after))}"


def replaced_values(
    there: Product | Variant, draft: ProductDraft | VariantDraft, pushed: str = ""
) -> tuple[Replacement, ...]:
    """The values of a record of the store that an update would replace.

    A field that is empty there, has the new value or has what was pushed last (`pushed`, a text of
    `product_text`) is no replacement. White space of texts does not count, since HTML has none. A
    variant without a price of its own is sold at its product's.

    >>> mug = Product(id=7, name="Mug", price=Decimal(9), sale_price=Decimal(7))
    >>> draft = ProductDraft(id=7, name="Mug", price=Decimal("9.00"), sale_price=Decimal(0))
    >>> [str(each) for each in replaced_values(mug, draft)]
    ['sale_price 7.00 -> 0.00']
    """
    names = [name for name in draft.given() if name not in _IDENTITY]
    old, new = _values(there, names), _values(draft, names)
    if isinstance(there, Variant) and there.price is None and there.calculated_price is not None:
        old["price"] = there.calculated_price
    was, becomes = field_texts(old), field_texts(new)
    known = {name: _from_json(value) for name, value in read_texts(pushed).items()}
    return tuple(
        Replacement(name, value_text(value), value_text(new.get(name)))
        for name, value in old.items()
        if name in new
        and not _is_empty(name, value)
        and _folded(value) != _folded(new[name])
        and was[name] not in (becomes[name], known.get(name))
    )


def _values(record: object, names: list[str]) -> dict[str, FieldValue]:
    """Those fields of a record whose values a map of fields can fill."""
    values: Mapping[str, object] = {name: getattr(record, name, None) for name in names}
    return {name: _value(value) for name, value in values.items() if _is_plain(value)}


def _from_json(value: object) -> FieldValue:
    values = tuple(cast("list[object]", value)) if isinstance(value, list) else value
    return _value(values) if _is_plain(values) else None


def _is_plain(value: object) -> TypeGuard[FieldValue]:
    if isinstance(value, tuple):
        return all(isinstance(each, int) for each in cast("tuple[object, ...]", value))
    return value is None or isinstance(value, str | Decimal | int)


def _value(value: FieldValue) -> FieldValue:
    """The value; ids, such as categories, have no sequence."""
    return tuple(sorted(value)) if isinstance(value, tuple) else value


def _is_empty(name: str, value: FieldValue) -> bool:
    """Whether the field has no value there; a price of zero is a price."""
    is_zero = isinstance(value, Decimal) and not value
    return value is None or value in {"", ()} or (is_zero and name != "price")


def _folded(value: FieldValue) -> FieldValue:
    return " ".join(value.split()) if isinstance(value, str) else value


def _line(value: str) -> str:
    return " ".join(value.split()) or "(empty)"


def _cut(text: str) -> str:
    return f"{text[:_SHOWN]}..." if len(text) > _SHOWN else text
