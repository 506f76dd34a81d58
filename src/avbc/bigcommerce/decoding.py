"""From parsed JSON to models: strict about money and identity, lenient where BigCommerce drifts.

cattrs finds the hook of each type; the hooks are ours. `avbc.bigcommerce.values` reads single
values. In addition:

- null, "", [] and {} where a scalar or an object is due: absent, which is an error for required
  fields and the default for others
- lists of rows: also links to them (`{"url", "resource"}`), which count as absent

A model is read by a function that is generated for its class. It takes a value of the usual type
as it is, and hands any other to the field's `read`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from types import NoneType
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter

from avbc.bigcommerce.body import Json, shortened
from avbc.bigcommerce.call import Page, UnreadableRow
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.models.base import REQUIRED, Model, json_key
from avbc.bigcommerce.models.orders import Fee, Order, ShippingConsignment
from avbc.bigcommerce.values import (
    AMOUNTS,
    LARGEST_WHOLE,
    BadValue,
    amount,
    flag,
    integer,
    is_absent,
    is_link,
    moment,
    text,
)

M = TypeVar("M", bound=Model)


# --- fields ---

Hook = Callable[[Json, Any], Any]
"""A structure hook as cattrs calls it: the value and its type."""


@attrs.frozen
class _Field:
    """How one field of a model is read."""

    name: str
    key: str
    kind: Any
    """Its type, without `Required` and without `None`."""
    required: bool
    default: Callable[[], object]
    hook: Hook
    takes_absence: bool
    """The hook takes what is absent, too."""

    @property
    def many(self) -> bool:
        return get_origin(self.kind) is tuple

    def read(self, value: Json) -> object:
        if self.takes_absence:
            return self.hook(value, self.kind)
        if _is_absent(value, self.many):
            if self.required:
                raise BadValue(value, "a value is required")
            return self.default()
        return self.hook(value, self.kind)


def _is_absent(value: Json, many: bool) -> bool:
    if many:
        return value is None or value in ("", {}) or is_link(value)
    return is_absent(value)


def _fields(model: type[Model], converter: Converter) -> list[_Field]:
    hints = get_type_hints(model, include_extras=True)
    fields: list[_Field] = []
    for attribute in attrs.fields(model):
        if attribute.name == "raw":
            continue
        kind = hints[attribute.name]
        required = get_origin(kind) is Annotated and REQUIRED in kind.__metadata__
        if required:
            kind = kind.__origin__
        elif NoneType in get_args(kind):
            kind = next(option for option in get_args(kind) if option is not NoneType)
        special = _SPECIAL.get((model, attribute.name))
        own = attribute.metadata.get("read")
        hook = partial(_without_type, own) if own else converter.get_structure_hook(kind)
        fields.append(
            _Field(
                name=attribute.name,
                key=json_key(attribute),
                kind=kind,
                required=required,
                default=getattr(attribute.default, "factory", None)
                or partial(_same, attribute.default),
                hook=partial(special, hook) if special else hook,
                takes_absence=special is not None or own is not None,
            )
        )
    return fields


def _same(value: object) -> object:
    return value


# --- drift that belongs to one field ---


def _consignments(hook: Hook, value: Json, kind: Any) -> object:
    if _is_absent(value, many=False) or is_link(value):
        return None
    if isinstance(value, list):
        raise BadValue(
            value,
            "the old array of consignments cannot be read: ask with consignment_structure=object",
        )
    return hook(value, kind)


def fee_rows(value: Json) -> Json:
    """Return the rows of fees, sent as a list, as `{"fees": [...]}`, or as a single fee.

    >>> fee_rows({"fees": [{"id": 1}]}), fee_rows({"id": 1}), fee_rows([{"id": 1}])
    ([{'id': 1}], [{'id': 1}], [{'id': 1}])
    """
    if isinstance(value, Mapping) and "fees" in value:
        return value["fees"]
    return [value] if isinstance(value, dict) and value and not is_link(value) else value


def _fees(hook: Hook, value: Json, kind: Any) -> object:
    rows = fee_rows(value)
    return None if _is_absent(rows, many=True) else hook(rows, kind)


_SPECIAL: dict[tuple[type[Model], str], Callable[[Hook, Json, Any], object]] = {
    (Order, "consignments"): _consignments,
    (Order, "fees"): _fees,
}


def _respelled_fee(hook: Hook, row: Json, kind: Any) -> object:
    """Fees also come with `cost_exc_tax`, as BigCommerce's documentation spells it in places."""
    if isinstance(row, dict) and "cost_ex_tax" not in row and "cost_exc_tax" in row:
        row = {**row, "cost_ex_tax": row["cost_exc_tax"]}
    return hook(row, kind)


def _addressed_lines(hook: Hook, row: Json, kind: Any) -> object:
    """Lines that are embedded in a shipping consignment may leave out that they go there."""
    consignment: ShippingConsignment = hook(row, kind)
    for line in consignment.line_items:
        if not line.order_address_id:
            line.order_address_id = consignment.id
    return consignment


_AROUND: dict[type[Model], Callable[[Hook, Json, Any], object]] = {
    Fee: _respelled_fee,
    ShippingConsignment: _addressed_lines,
}


# --- rows and models ---


def _rows_hook(kind: Any, converter: Converter) -> Hook:
    row_kind = get_args(kind)[0]
    hook = converter.get_structure_hook(row_kind)

    def read(rows: Json, _: Any) -> tuple[Any, ...]:
        if not isinstance(rows, list):
            raise BadValue(rows, "expected a list")
        result: list[Any] = []
        try:
            for row in rows:
                result.append(hook(row, row_kind))  # noqa: PERF401 - its length is the index
        except BadValue as bad:
            raise bad.within(f"[{len(result)}]") from None
        return tuple(result)

    return read


def _model_hook(model: type[Model], converter: Converter) -> Hook:
    """Generate a function of one line per field.

    It fills the slots directly: calling `__init__` with as many arguments costs a third more.
    """
    names: dict[str, Any] = {"new": model.__new__, "model": model, "BadValue": BadValue}
    names |= {"amounts": AMOUNTS, "amount": amount, "numbers": (float, int)}
    names |= {"moment": moment, "is_link": is_link}
    lines = [
        "def read_row(row, _):",
        "  if row.__class__ is not dict: raise BadValue(row, 'expected an object')",
        "  get = row.get",
        "  it = new(model)",
        "  it.raw = row",
        "  try:",
        "    key = ''",
    ]
    for number, field in enumerate(_fields(model, converter)):
        names |= {
            f"read_{number}": field.read,
            f"hook_{number}": field.hook,
            f"kind_{number}": field.kind,
            f"default_{number}": field.default(),
        }
        lines += [
            f"    key = {field.key!r}",
            "    value = get(key)",
            f"    it.{field.name} = {_expression(field, number)}",
        ]
    lines += [
        "  except BadValue as bad:",
        "    raise bad.within('.' + key) from None",
        "  return it",
    ]
    # Built from avbc's own classes only.
    exec(compile("\n".join(lines), f"<avbc reads {model.__name__}>", "exec"), names)  # noqa: S102
    return cast("Hook", names["read_row"])


def _expression(field: _Field, number: int) -> str:
    """Return the expression that reads `value`.

    A value of the usual JSON type is taken as it is, absence gives the default, and `_Field.read`
    does the rest.
    """
    hook = f"hook_{number}(value, kind_{number})"
    if field.takes_absence:
        return hook
    rest = f"read_{number}(value)"
    if not field.required and not isinstance(
        field.default(), Model
    ):  # A model is mutable, so each row gets its own.
        rest = f"default_{number} if value is None or value == '' else {rest}"
    if field.kind is Decimal:
        return (
            "amounts[value] if value.__class__ is str and value else amount(value) if "
            f"value.__class__ in numbers else {rest}"
        )
    if field.kind is datetime:
        return f"moment(value) if value.__class__ is str and value else {rest}"
    if field.kind is str:
        return f"value if value.__class__ is str and value else {rest}"
    if field.kind is int:
        return (
            f"value if value.__class__ is int and -{LARGEST_WHOLE} < value < {LARGEST_WHOLE} "
            f"else {rest}"
        )
    if field.kind is bool:
        return f"value if value.__class__ is bool else {rest}"
    if field.many and not _is_model(get_args(field.kind)[0]):
        return f"{hook} if value.__class__ is list else {rest}"
    if field.many:
        if not field.required:
            rest = f"default_{number} if value.__class__ is dict and is_link(value) else {rest}"
        return (
            f"() if value == [] else {hook} if value.__class__ is list and "
            f"value[0].__class__ is dict and 'resource' not in value[0] else {rest}"
        )
    return f"{hook} if value.__class__ is dict and value else {rest}"


def _converter() -> Converter:
    converter = Converter()
    for kind, read in (
        (Decimal, amount),
        (int, integer),
        (bool, flag),
        (str, text),
        (datetime, moment),
    ):
        converter.register_structure_hook(kind, partial(_without_type, read))

    def model_factory(model: type[Model], converter: Converter) -> Hook:
        around = _AROUND.get(model)
        hook = _model_hook(model, converter)
        return partial(around, hook) if around else hook

    converter.register_structure_hook_factory(_is_model, model_factory)
    converter.register_structure_hook_factory(_is_tuple, _rows_hook)
    return converter


def _without_type(read: Callable[[Json], object], value: Json, _: object) -> object:
    return read(value)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


_CONVERTER = _converter()


# --- answers ---


def read_object(row: Json, model: type[M], path: str) -> M:
    """Read one row.

    Args:
        row: The parsed JSON object.
        model: What it becomes.
        path: Its name in messages: `order`.

    Raises:
        UnexpectedData: A value cannot be read; the error names its path.
    """
    try:
        return cast("M", _CONVERTER.get_structure_hook(model)(row, model))
    except BadValue as bad:
        error = unexpected(bad, path, row_id(row))
    # Raised out here, it does not carry the frames of a half-read model along.
    raise error


def read_rows(rows: Sequence[Json], model: type[M], path: str) -> list[M]:
    """Read the rows of a list.

    Args:
        rows: The parsed JSON objects.
        model: What each becomes.
        path: The list's name in messages: `orders`.

    Raises:
        UnexpectedData: A row cannot be read; the error names the first such value:
            `orders[3].products[1].quantity`.

    >>> from avbc.bigcommerce.models import OrderStatus
    >>> read_rows([{"id": 11}, {"id": None}], OrderStatus, "order_statuses")
    Traceback (most recent call last):
    avbc.UnexpectedData: order_statuses[1].id: a value is required, got None
    """
    page = read_page(rows, model, path)
    if page.unreadable:
        raise page.unreadable[0].error
    return list(page.items)


def read_page(rows: Sequence[Json], model: type[M], path: str) -> Page[M]:
    """Read the rows of a list, and keep those that cannot be read apart from the others."""
    hook = _CONVERTER.get_structure_hook(model)
    items: list[M] = []
    unreadable: list[UnreadableRow] = []
    for index, row in enumerate(rows):
        try:
            items.append(hook(row, model))
        except BadValue as bad:
            number = row_id(row)
            error = unexpected(bad, f"{path}[{index}]", number)
            unreadable.append(UnreadableRow(index, number, row, error))
    return Page(items, tuple(unreadable))


def unexpected(bad: BadValue, path: str, number: int | None = None) -> UnexpectedData:
    """Return the error that users see, for the row at `path`, which has this id."""
    message = bad.message if number is None else f"{bad.message} (in the row with id {number})"
    return UnexpectedData(path + "".join(bad.steps), shortened(bad.value), message)


def row_id(row: Json) -> int | None:
    """Return the id of a row, or None if it has none that can be read."""
    try:
        return integer(row.get("id")) if isinstance(row, Mapping) else None
    except BadValue:
        return None
