"""What tomllib lacks: a writer for settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

from avbc.toml_lines import quoted


def write_toml(sections: Mapping[str, Mapping[str, object]]) -> str:
    """Write tables whose values are text, numbers, boxes, times or lists of rows; rows become arrays of tables.

    >>> print(write_toml({"gl": {"tax_area": "BC", "payment_methods": [{"bigcommerce": "Card", "receipt_type": "Visa"}]}}))
    [gl]
    tax_area = "BC"
    <BLANKLINE>
    [[gl.payment_methods]]
    bigcommerce = "Card"
    receipt_type = "Visa"
    <BLANKLINE>
    """
    blocks: list[str] = []
    for section, values in sections.items():
        rows = {
            key: cast("list[dict[str, object]]", value)
            for key, value in values.items()
            if isinstance(value, list)
        }
        blocks.append(
            _block(
                f"[{section}]", ((key, value) for key, value in values.items() if key not in rows)
            )
        )
        blocks += [
            _block(f"[[{section}.{key}]]", row.items())
            for key, table in rows.items()
            for row in table
        ]
    return "\n".join(blocks)


def _block(header: str, pairs: Iterable[tuple[str, object]]) -> str:
    return "\n".join([header, *(f"{key} = {_literal(value)}" for key, value in pairs)]) + "\n"


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return quoted(value)
    return str(value)
