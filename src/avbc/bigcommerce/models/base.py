"""What all models share: the row that BigCommerce sent, and which fields it must have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, TypeVar, cast

import attrs

from avbc.bigcommerce.body import Body, Json
from avbc.bigcommerce.values import (
    BadValue,
    amount,
    flag,
    integer,
    is_absent,
    is_link,
    moment,
    seconds,
    text,
)
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


IN_SECONDS: Mapping[str, Callable[[Any], object]] = {
    "read": seconds,
    "write": lambda time: time and int(time.timestamp()),
}
"""The metadata of a field that the store sends as seconds since 1970."""

_READ: Mapping[type, Callable[[Any], object]] = {
    str: text,
    bool: flag,
    int: integer,
    Decimal: amount,
    datetime: moment,
}


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

    def to_dict(self) -> dict[str, Json]:
        """The row with the names and values of BigCommerce's JSON, `extra` included.

        What the store sent is returned as it sent it, and a field that was changed since with its
        new value: amounts as text, digit for digit, and times in ISO 8601. A model that was built
        by hand has all its fields. `json.dumps` takes the result, and
        `avbc.bigcommerce.read_object` makes the same model of it.

        >>> from avbc.bigcommerce.models import OrderStatus
        >>> status = OrderStatus(id=11, name="Awaiting Fulfillment", raw={"id": "11", "order": 3})
        >>> status.to_dict()
        {'id': '11', 'order': 3, 'name': 'Awaiting Fulfillment'}
        """
        row = cast("dict[str, Json]", dict(self.raw))
        for field in attrs.fields(type(self)):
            if field.name == "raw":
                continue
            key, value = json_key(field), getattr(self, field.name)
            is_default = value == _default(field)
            if key in row:
                is_right = _says(row[key], value, field, is_default)
            else:
                is_right = is_default and bool(self.raw)
            if not is_right:
                row[key] = field.metadata.get("write", to_json)(value)
        return row


def _default(field: attrs.Attribute[object]) -> object:
    factory = getattr(field.default, "factory", None)
    return field.default if factory is None else factory()


def _says(sent: Any, value: object, field: attrs.Attribute[object], is_default: bool) -> bool:
    """Whether what the store sent says this value."""
    if is_default and (is_absent(sent) or is_link(sent)):
        return True
    read = field.metadata.get("read") or _READ.get(type(value))
    try:
        return read is not None and bool(read(sent) == value)
    except BadValue:
        return False


def to_json(value: object) -> Json:
    """Write the value of a field of a model or a draft as JSON has it.

    >>> to_json((Decimal("8.950"), datetime(2026, 3, 2, 15, tzinfo=UTC), None))
    ['8.950', '2026-03-02T15:00:00+00:00', None]
    """
    if isinstance(value, Model | Draft):
        return value.to_dict()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [to_json(each) for each in cast("Sequence[object]", value)]
    return cast("Json", value)


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
        names = [field.name for field in attrs.fields(type(self))]
        return tuple([name for name in names if getattr(self, name) is not UNSET])

    def to_dict(self) -> dict[str, Json]:
        """What is given, for `json.dumps`: amounts are text, digit for digit. UNSET is left out.

        >>> from avbc.bigcommerce.models import ProductDraft
        >>> ProductDraft(id=7, price=Decimal("19.90")).to_dict()
        {'id': 7, 'price': '19.90'}
        """
        return {name: to_json(getattr(self, name)) for name in self.given()}

    def body(self) -> dict[str, Body]:
        """What is sent.

        >>> from avbc.bigcommerce.models import ProductDraft
        >>> ProductDraft(id=7, price=Decimal("19.90"), categories=(3, 4)).body()
        {'id': 7, 'price': Decimal('19.90'), 'categories': [3, 4]}
        """
        return {name: _sent(getattr(self, name)) for name in self.given()}


def _sent(value: Draft | Body) -> Body:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Draft):
        return value.body()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sent(item) for item in value]
    return value
