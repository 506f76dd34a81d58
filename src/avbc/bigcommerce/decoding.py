"""From parsed JSON to models: strict where a wrong value would change money or identity, lenient where BigCommerce drifts.

cattrs finds the hook of each type; the hooks are ours, since cattrs' own coerce in silence (null to
'None', 'false' to True, 1.9 to 1). What is accepted (docs/facts.md, bigcommerce-pitfalls):

- amounts: JSON numbers and their text; never NaN, infinity, booleans or exponents in text
- whole numbers: also as text of digits, or as 3.0
- booleans: also 0, 1, "true" and "false"
- text: also whole numbers
- times: RFC 2822 and ISO 8601; the result is aware and in UTC
- null, "", [] and {} where a scalar or an object is due: absent, which is an error for required
  fields and the default for others
- lists of rows: also links to them (`{"url", "resource"}`), which count as absent

A list is first read by functions that are generated per class and only know good data. Only a row
that fails is read again, field by field, to find the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import partial
from types import NoneType
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter

from avbc.bigcommerce.body import Json, shortened
from avbc.bigcommerce.call import Page, UnreadableRow
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.models.base import REQUIRED, Model, json_key
from avbc.bigcommerce.models.hooks import Hook as StoreHook
from avbc.bigcommerce.models.orders import (
    Consignments,
    EmailedConsignment,
    Fee,
    Order,
    PickupConsignment,
    ShippingConsignment,
)

M = TypeVar("M", bound=Model)


class BadValue(ValueError):
    """A value that cannot be read; each level that it passes puts its own step in front of the path."""

    def __init__(self, value: object, message: str) -> None:
        super().__init__(message)
        self.value = value
        self.message = message
        self.steps: list[str] = []

    def within(self, step: str) -> BadValue:
        """Add the step that leads to where the value stands."""
        self.steps.insert(0, step)
        return self

    def at(self, path: str, row_id: int | None) -> UnexpectedData:
        """Turn it into the error that users see, for a row that stands at `path`."""
        message = (
            self.message if row_id is None else f"{self.message} (in the row with id {row_id})"
        )
        return UnexpectedData(path + "".join(self.steps), shortened(self.value), message)


# --- values ---

# At most 15 digits before the point and 12 after: all of it fits in the 28 digits that Decimal
# computes with.
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,12})?")
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_LARGEST_AMOUNT = 10**15  # NaN and infinity are not below it either.
_LARGEST_WHOLE = 10**18  # What databases hold in 64 bits.
_LARGEST_EXACT_FLOAT = 2**53
_MONTH_NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES, 1)}


def amount(value: Json) -> Decimal:
    """Read an amount, a rate or a price.

    >>> amount("361.9500"), amount(5), amount(12.99)
    (Decimal('361.9500'), Decimal('5'), Decimal('12.99'))
    """
    if isinstance(value, str):
        if _AMOUNT.fullmatch(value):
            return Decimal(value)
    elif (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < _LARGEST_AMOUNT
    ):
        return Decimal(str(value))
    raise BadValue(value, "expected an amount")


def integer(value: Json) -> int:
    """Read a whole number.

    >>> integer(17), integer("17"), integer(17.0)
    (17, 17, 17)
    """
    if isinstance(value, str):
        if _WHOLE.fullmatch(value):
            return int(value)
    elif isinstance(value, float):
        if value.is_integer() and abs(value) < _LARGEST_EXACT_FLOAT:
            return int(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_WHOLE:
        return value
    raise BadValue(value, "expected a whole number")


def flag(value: Json) -> bool:
    """Read a boolean.

    >>> flag(True), flag(0), flag("false")
    (True, False, False)
    """
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    if isinstance(value, int) and value in {0, 1}:
        return value == 1
    raise BadValue(value, "expected true or false")


def text(value: Json) -> str:
    """Read text, kept as it is; a whole number becomes its digits.

    >>> text("Café"), text(78751)
    ('Café', '78751')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadValue(value, "expected text")


def moment(value: Json) -> datetime:
    """Read a point in time; one without an offset is UTC, as all of BigCommerce's times are.

    >>> moment("Tue, 05 Mar 2019 21:40:11 +0000")
    datetime.datetime(2019, 3, 5, 21, 40, 11, tzinfo=datetime.timezone.utc)
    >>> moment("2019-03-05T15:40:11-06:00") == moment("Tue, 05 Mar 2019 21:40:11 +0000")
    True
    """
    if not isinstance(value, str):
        raise BadValue(value, "expected a date and time")
    try:
        if value[25:] == " +0000":
            # Cut apart and put together as ISO 8601: several times as fast as email.utils.
            return datetime.fromisoformat(
                f"{value[12:16]}-{_MONTHS[value[8:11]]}-{value[5:7]}T{value[17:25]}+00:00"
            )
        time = parsedate_to_datetime(value) if "," in value else datetime.fromisoformat(value)
        if f"{time.year:04}" not in value:
            # email.utils takes the year 26 for 2026, and 0001 for 2001.
            raise BadValue(value, "expected a date and time")
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        raise BadValue(value, "expected a date and time") from None


def epoch(value: Json) -> datetime:
    """Read a point in time that is written as seconds since 1970.

    >>> epoch(1529512970)
    datetime.datetime(2018, 6, 20, 16, 42, 50, tzinfo=datetime.timezone.utc)
    """
    try:
        return datetime.fromtimestamp(integer(value), UTC)
    except (ValueError, OverflowError, OSError):
        raise BadValue(value, "expected seconds since 1970") from None


class _Amounts(dict[Json, Decimal]):
    """Amounts that were read before, by their text: "0.0000" makes up most of an order."""

    SIZE = 4096

    def __missing__(self, value: Json) -> Decimal:
        result = amount(value)
        if isinstance(value, str):  # A number as key would also answer for its equals: 1 for True.
            if len(self) >= self.SIZE:
                self.clear()
            self[value] = result
        return result


_AMOUNTS = _Amounts()


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
    judges_absence: bool
    """The hook takes what is absent, too."""

    @property
    def many(self) -> bool:
        return get_origin(self.kind) is tuple

    def read(self, value: Json) -> object:
        if self.judges_absence:
            return self.hook(value, self.kind)
        if _is_absent(value, self.many):
            if self.required:
                raise BadValue(value, "a value is required")
            return self.default()
        return self.hook(value, self.kind)


def _is_absent(value: Json, many: bool) -> bool:
    if many:
        return value is None or value in ("", {}) or is_link(value)
    return value is None or value in ("", {}, [])


def is_link(value: Json) -> bool:
    """Whether BigCommerce sent where to find rows instead of the rows.

    >>> is_link({"url": "https://api.bigcommerce.com/...", "resource": "/orders/218/products"})
    True
    """
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and "resource" in first and "id" not in first


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
        fields.append(
            _Field(
                name=attribute.name,
                key=json_key(attribute),
                kind=kind,
                required=required,
                default=getattr(attribute.default, "factory", None)
                or partial(_same, attribute.default),
                hook=special(converter) if special else converter.get_structure_hook(kind),
                judges_absence=special is not None,
            )
        )
    return fields


def _same(value: object) -> object:
    return value


# --- drift that belongs to one field ---


def _consignments(converter: Converter) -> Hook:
    hook = converter.get_structure_hook(Consignments)

    def read(value: Json, kind: Any) -> Consignments | None:
        if _is_absent(value, many=False) or is_link(value):
            return None
        if isinstance(value, list):
            raise BadValue(
                value,
                "the old array of consignments cannot be read: ask with "
                "consignment_structure=object",
            )
        return cast("Consignments", hook(value, kind))

    return read


def fee_rows(value: Json) -> Json:
    """Return the rows of fees, which BigCommerce sends as a list, as `{"fees": [...]}`, or as one bare fee.

    >>> fee_rows({"fees": [{"id": 1}]}), fee_rows({"id": 1}), fee_rows([{"id": 1}])
    ([{'id': 1}], [{'id': 1}], [{'id': 1}])
    """
    if isinstance(value, dict) and "fees" in value:
        rows: Json = value["fees"]
        return rows
    return [value] if isinstance(value, dict) and value and not is_link(value) else value


def _fees(converter: Converter) -> Hook:
    kind = tuple[Fee, ...]
    hook = converter.get_structure_hook(kind)

    def read(value: Json, _: Any) -> tuple[Fee, ...] | None:
        rows = fee_rows(value)
        return None if _is_absent(rows, many=True) else hook(rows, kind)

    return read


def _warning(_: Converter) -> Hook:
    def read(value: Json, _: Any) -> str:
        if isinstance(value, dict):
            value = value.get("message", "") or "some lines are missing"
        return "" if _is_absent(value, many=False) else text(value)

    return read


def _seconds(_: Converter) -> Hook:
    def read(value: Json, _: Any) -> datetime | None:
        return None if _is_absent(value, many=False) else epoch(value)

    return read


_SPECIAL: dict[tuple[type[Model], str], Callable[[Converter], Hook]] = {
    (Order, "consignments"): _consignments,
    (Order, "fees"): _fees,
    (ShippingConsignment, "warning"): _warning,
    (PickupConsignment, "warning"): _warning,
    (EmailedConsignment, "warning"): _warning,
    (StoreHook, "created_at"): _seconds,
    (StoreHook, "updated_at"): _seconds,
}


def _mended_fee(hook: Hook) -> Hook:
    """Fees also come with `cost_exc_tax`, as BigCommerce's documentation spells it in places."""

    def read(row: Json, kind: Any) -> Fee:
        if isinstance(row, dict) and "cost_ex_tax" not in row and "cost_exc_tax" in row:
            row = {**row, "cost_ex_tax": row["cost_exc_tax"]}
        return cast("Fee", hook(row, kind))

    return read


def _addressed_lines(hook: Hook) -> Hook:
    """Lines that are embedded in a shipping consignment may leave out that they go there."""

    def read(row: Json, kind: Any) -> ShippingConsignment:
        consignment: ShippingConsignment = hook(row, kind)
        for line in consignment.line_items:
            if not line.order_address_id:
                line.order_address_id = consignment.id
        return consignment

    return read


_AROUND: dict[type[Model], Callable[[Hook], Hook]] = {
    Fee: _mended_fee,
    ShippingConsignment: _addressed_lines,
}


# --- the careful way: knows the place of every value ---


def _careful_rows(kind: Any, converter: Converter) -> Hook:
    row_kind = get_args(kind)[0]
    hook = converter.get_structure_hook(row_kind)

    def read(rows: Json, _: Any) -> tuple[Any, ...]:
        if not isinstance(rows, list):
            raise BadValue(rows, "expected a list")
        result: list[Any] = []
        for index, row in enumerate(rows):
            try:
                result.append(hook(row, row_kind))
            except BadValue as bad:
                raise bad.within(f"[{index}]") from None
        return tuple(result)

    return read


def _careful_model(model: type[Model], converter: Converter) -> Hook:
    fields = _fields(model, converter)

    def read(row: Json, _: Any) -> Model:
        if not isinstance(row, dict):
            raise BadValue(row, "expected an object")
        values: dict[str, Any] = {"raw": row}
        for field in fields:
            try:
                values[field.name] = field.read(row.get(field.key))
            except BadValue as bad:
                raise bad.within(f".{field.key}") from None
        return model(**values)

    return read


# --- the fast way: generated per class; any error sends the row the careful way ---


def _fast_rows(kind: Any, converter: Converter) -> Hook:
    row_kind = get_args(kind)[0]
    hook = converter.get_structure_hook(row_kind)

    def read(rows: Json, _: Any) -> tuple[Any, ...]:
        if not isinstance(rows, list):
            raise BadValue(rows, "")
        return tuple([hook(row, row_kind) for row in rows])

    return read


def _fast_model(model: type[Model], converter: Converter) -> Hook:
    """Generate a function of one line per field.

    It fills the slots directly: calling `__init__` with as many arguments costs a third more.
    """
    names: dict[str, Any] = {"new": model.__new__, "model": model, "BadValue": BadValue}
    names |= {
        "amounts": _AMOUNTS,
        "amount": amount,
        "numbers": (float, int),
        "moment": moment,
        "is_link": is_link,
    }
    lines = [
        "def read_row(row, _):",
        "  if row.__class__ is not dict: raise BadValue(row, '')",
        "  get = row.get",
        "  it = new(model)",
        "  it.raw = row",
    ]
    for number, field in enumerate(_fields(model, converter)):
        names |= {
            f"read_{number}": field.read,
            f"hook_{number}": field.hook,
            f"kind_{number}": field.kind,
            f"default_{number}": field.default(),
        }
        lines += [
            f"  value = get({field.key!r})",
            f"  it.{field.name} = {_expression(field, number)}",
        ]
    lines.append("  return it")
    exec(compile("\n".join(lines), f"<avbc reads {model.__name__}>", "exec"), names)  # noqa: S102 - built from our own classes only
    return cast("Hook", names["read_row"])


def _expression(field: _Field, number: int) -> str:
    """The expression that reads `value`: the usual JSON type is taken as it is, absence gives the default, `_Field.read` does the rest."""
    hook = f"hook_{number}(value, kind_{number})"
    if field.judges_absence:
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
            f"value if value.__class__ is int and -{_LARGEST_WHOLE} < value < {_LARGEST_WHOLE} "
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
            f"() if value == [] else {hook} if value.__class__ is list and 'resource' not in "
            f"value[0] else {rest}"
        )
    return f"{hook} if value.__class__ is dict and value else {rest}"


def _converter(
    model_hook: Callable[[type[Model], Converter], Hook],
    rows_hook: Callable[[Any, Converter], Hook],
) -> Converter:
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
        hook = model_hook(model, converter)
        return around(hook) if around else hook

    converter.register_structure_hook_factory(_is_model, model_factory)
    converter.register_structure_hook_factory(_is_tuple, rows_hook)
    return converter


def _without_type(read: Callable[[Json], object], value: Json, _: object) -> object:
    return read(value)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Model)


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


_FAST = _converter(_fast_model, _fast_rows)
_CAREFUL = _converter(_careful_model, _careful_rows)


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
        return cast("M", _FAST.get_structure_hook(model)(row, model))
    except (BadValue, TypeError):
        pass  # The careful way finds the place.
    try:
        return cast("M", _CAREFUL.get_structure_hook(model)(row, model))
    except BadValue as bad:
        raise bad.at(path, _row_id(row)) from None


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
    avbc.bigcommerce.errors.UnexpectedData: order_statuses[1].id: a value is required, got None
    """
    page = read_page(rows, model, path)
    if page.unreadable:
        raise page.unreadable[0].error
    return list(page.items)


def read_page(rows: Sequence[Json], model: type[M], path: str) -> Page[M]:
    """Read the rows of a list and keep apart those that cannot be read, so that one bad order never sinks a page."""
    hook = _FAST.get_structure_hook(model)
    try:
        return Page([hook(row, model) for row in rows])
    except (BadValue, TypeError):
        pass  # One of them is unusual: find out which, row by row.
    items: list[M] = []
    unreadable: list[UnreadableRow] = []
    for index, row in enumerate(rows):
        try:
            items.append(read_object(row, model, f"{path}[{index}]"))
        except UnexpectedData as error:
            unreadable.append(UnreadableRow(index, _row_id(row), row, error.with_traceback(None)))
    return Page(items, tuple(unreadable))


def _row_id(row: Json) -> int | None:
    try:
        return integer(row.get("id")) if isinstance(row, Mapping) else None
    except BadValue:
        return None
