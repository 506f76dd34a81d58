"""CSV files whose columns are not separated by commas."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from avbc.documentation import see
from avbc.text import quoted


def separator_fault(header: Sequence[str], known: Collection[str]) -> str:
    """What is wrong with the only column of a header; empty if it is no row of columns itself.

    >>> separator_fault(["part_number;name"], {"part_number", "name"}).partition(",")[0]
    "has columns separated by ';': save it with commas"
    >>> separator_fault(["part_number", "name"], {"part_number", "name"})
    ''
    """
    for separator in (";", "\t", "|") if len(header) == 1 else ():
        if any(column.strip() in known for column in header[0].split(separator)[1:]):
            return (
                f"has columns separated by {quoted(separator)}: save it with commas, or read it by "
                f"a layout ({see('files')})"
            )
    return ""
