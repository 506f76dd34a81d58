"""What all models share: the row that BigCommerce sent, and which fields it must have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeAlias, TypeVar

import attrs

from avbc.bigcommerce.body import Body
from avbc.shown import Shown
from avbc.unset import UNSET

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of models that are built by hand without one; a decoded row has the store's time."""


REQUIRED = "required"

Required: TypeAlias = Annotated[T, REQUIRED]
"""A field that an answer must have, because a default would change money or identity.

Its default in the class is for models that are built by hand, in tests and notebooks.
"""


@attrs.define(kw_only=True)
class Model(Shown):
    """The base of all models. They declare the JSON keys of BigCommerce that avbc reads.

    Models compare by their declared fields. They are plain mutable attrs classes, since those
    decode fastest; treat them as values and change them by `attrs.evolve`.
    """

    raw: Mapping[str, object] = attrs.field(factory=dict[str, object], eq=False, repr=False)
    """The row as BigCommerce sent it."""

    @property
    def extra(self) -> dict[str, object]:
        """The keys of the row that the model does not declare, with their values.

        >>> from avbc.bigcommerce.models import OrderStatus
        >>> OrderStatus(id=11, name="Awaiting Fulfillment", raw={"id": 11, "order": 3}).extra
        {'order': 3}
        """
        declared = {json_key(field) for field in attrs.fields(type(self))}
        return {key: value for key, value in self.raw.items() if key not in declared}


def json_key(field: attrs.Attribute[object]) -> str:
    """Return the JSON key of a field: its name, unless Python has no public name for the key."""
    return str(field.metadata.get("key", field.name))


@attrs.frozen(kw_only=True)
class Draft(Shown):
    """The base of all drafts: a record, or a part of one, that is to be written.

    Attributes are named after BigCommerce's JSON keys. UNSET, their default, is not sent, so that
    the store keeps what it has; None is sent as null, which empties what may be empty. Amounts are
    Decimal and are sent digit for digit.
    """

    def given(self) -> tuple[str, ...]:
        """The names of the fields that are sent.

        >>> from avbc.bigcommerce.models import VariantDraft
        >>> VariantDraft(id=7, price=None).given()
        ('id', 'price')
        """
        return tuple(
            field.name
            for field in attrs.fields(type(self))
            if getattr(self, field.name) is not UNSET
        )

    def body(self) -> dict[str, Body]:
        """What is sent.

        >>> from decimal import Decimal
        >>> from avbc.bigcommerce.models import ProductDraft
        >>> ProductDraft(id=7, price=Decimal("19.90"), categories=(3, 4)).body()
        {'id': 7, 'price': Decimal('19.90'), 'categories': [3, 4]}
        """
        return {name: _sent(getattr(self, name)) for name in self.given()}


def _sent(value: Draft | Body) -> Body:
    if isinstance(value, Draft):
        return value.body()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sent(item) for item in value]
    return value
