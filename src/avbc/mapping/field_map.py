"""Field maps as data: which field of the store is filled by what of the books."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeAlias, TypeVar, cast

import attrs

from avbc.mapping.case import Findings
from avbc.mapping.decisions import MappingProblem
from avbc.money import amount_text, is_amount
from avbc.shown import Shown

R = TypeVar("R")

FieldValue: TypeAlias = str | Decimal | int | bool | tuple[int, ...] | None
"""What a field is filled with. With None and "" the store keeps what it has."""


@attrs.frozen
class FieldRule(Shown, Generic[R]):
    """One field of the store and what fills it.

    A map of fields is a tuple of these: leave some out, add your own, or put others in their place
    by `with_fields`.
    """

    name: str
    """The store's name of the field: `sale_price`."""
    source: str
    """AcctVantage's name of the field, for people: `Sell Price`."""
    value: Callable[[R], FieldValue]
    """A plain function from the record to the value. It must not raise."""
    required: bool = False
    """A new record needs it."""
    longest: int | None = None
    """The most characters that BigCommerce takes."""
    only_new: bool = False
    """Sent with new records only, since the merchant may choose otherwise later."""


def with_fields(fields: Iterable[FieldRule[R]], *others: FieldRule[R]) -> tuple[FieldRule[R], ...]:
    """The map with these fields: each in the place of the one of its name, or at the end.

    >>> upc, alias = FieldRule("upc", "UPC", str), FieldRule("upc", "Alias", str)
    >>> [rule.source for rule in with_fields([upc], alias, FieldRule("mpn", "MPN", str))]
    ['Alias', 'MPN']
    """
    by_name = {rule.name: rule for rule in fields}
    by_name.update((rule.name, rule) for rule in others)
    return tuple(by_name.values())


def check_names(fields: Iterable[FieldRule[R]], allowed: Collection[str]) -> None:
    """Check that a map fills only fields that the store has.

    Raises:
        ValueError: It does not: a mistake of the program, not of a record.
    """
    unknown = [rule.name for rule in fields if rule.name not in allowed]
    if unknown:
        raise ValueError(
            f"the store has no field {', '.join(unknown)} that a map of fields can fill"
        )


def field_values(
    record: R,
    fields: Iterable[FieldRule[R]],
    found: Findings,
    *,
    missing: MappingProblem | None,
    whose: str,
    place: str = "",
) -> dict[str, FieldValue]:
    """The record's values for the store's fields, as far as it has any.

    In a new record a required field without a value is the problem `missing`, which is None for a
    record that the store has. Unreadable and negative amounts and texts that are too long are
    problems too. `whose` names the record in messages; `place` comes before the fields' names.
    """
    values: dict[str, FieldValue] = {}
    for rule in fields:
        if rule.only_new and missing is None:
            continue
        field = f"{place}{rule.name}"
        value = rule.value(record)
        if value is None or value == "":
            if rule.required and missing is not None:
                found.error(
                    missing,
                    field,
                    "",
                    f"{whose} has no {rule.source}, and the store needs it as {rule.name}.",
                    f"Enter its {rule.source} in AcctVantage.",
                )
            continue
        if isinstance(value, Decimal):
            readable = is_amount(value)
            if not readable or value < 0:
                found.error(
                    "amount_negative" if readable else "amount_unreadable",
                    field,
                    value,
                    f"The {rule.source} of {whose} is negative: {amount_text(value)}."
                    if readable
                    else f"The {rule.source} of {whose} is {value}, which is not an amount.",
                    "Correct it in AcctVantage.",
                )
        elif isinstance(value, str) and rule.longest is not None:
            found.check_length(value, field, rule.longest)
        values[rule.name] = value
        found.note(field, value, "its {}", "", rule.source)
    return values


def arguments(values: Mapping[str, FieldValue]) -> dict[str, Any]:
    """The values as arguments of a draft: the names are checked, the types are up to the map."""
    return cast("dict[str, Any]", dict(values))


def values_text(values: Mapping[str, FieldValue]) -> str:
    """Values as one deterministic text, which shows later what changed; long texts by their hash.

    >>> values_text({"price": Decimal("9.950"), "name": "Mug"})
    '{"name":"Mug","price":"9.95"}'
    """
    return json.dumps(
        field_texts(values),
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
    )


def changed_fields(before: str, after: str) -> frozenset[str]:
    """The fields whose values differ between two texts by `values_text`; all without a `before`.

    >>> sorted(changed_fields('{"name":"Mug","price":"9.95"}', '{"name":"Mug","price":"8.95"}'))
    ['price']
    """
    known = read_texts(before)
    return frozenset(name for name, value in read_texts(after).items() if known.get(name) != value)


def field_texts(values: Mapping[str, FieldValue]) -> dict[str, object]:
    """Values as `values_text` writes them: amounts as text, long texts by their hash."""
    return {name: _text(value) for name, value in values.items()}


def read_texts(text: str) -> dict[str, object]:
    """The values that `values_text` wrote; none where it did not write the text."""
    try:
        values: object = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, object]", values) if isinstance(values, dict) else {}


def _text(value: FieldValue) -> object:
    if isinstance(value, Decimal):
        return amount_text(value)
    if isinstance(value, str) and len(value) > 64:
        return f"sha256:{hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return value
