"""What spreadsheets save: which encoding a CSV file has, and what to do where it is no text."""

from __future__ import annotations

import codecs
from pathlib import Path

from avbc.documentation import see

_ENDINGS = frozenset({".xlsx", ".xlsm", ".xls", ".ods", ".numbers"})
_UTF_8 = 'save it as "CSV UTF-8" (in Excel: Save As)'


def encoding_of(path: Path) -> str:
    """The encoding of a CSV file: UTF-8, or UTF-16 where it begins with its byte order mark."""
    try:
        with path.open("rb") as file:
            start = file.read(2)
    except OSError:
        return "utf-8-sig"  # that it cannot be read is reported when it is read
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def spreadsheet_fault(path: Path) -> str:
    """What is wrong with a file that is named as a spreadsheet; empty where it is not.

    >>> spreadsheet_fault(Path("products.xlsx"))
    'is a spreadsheet by its name: save it as "CSV UTF-8" (in Excel: Save As), and load that file'
    """
    is_one = path.suffix.lower() in _ENDINGS
    return f"is a spreadsheet by its name: {_UTF_8}, and load that file" if is_one else ""


def decoding_fault(path: Path, encoding: str) -> str:
    """What is wrong with a CSV file that is not text in its encoding."""
    name = encoding.upper().removesuffix("-SIG")
    return spreadsheet_fault(path) or (
        f"is not {name} text: {_UTF_8}, or read it by a layout with its encoding ({see('files')})"
    )
