"""docs/manual.md has each item of AcctVantage's manual, and all that it names is there."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path

import pytest

import avbc
from avbc.testing import example

PAGE = Path(__file__).parents[1] / "docs" / "manual.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]
ITEMS = {
    **dict.fromkeys(("1", "1.1", "1.2", "1.3", "1.3.1", "2", "2.1", "2.2", "2.3"), 1),
    **{f"1.1, step {step}": 1 for step in (1, 2, 3, 4)},
    **{f"1.2, step {step}": 1 for step in (5, 6, 7)},
    **{f"1.3, step {step}": 1 for step in (8, 9)},
    "1.3, step 10": 6,  # the fields of Store Setup
    "1.3, step 11": 2,
    **{f"2.1.{item}": 1 for item in (1, 2, 4, 5, 7)},
    "2.1.3": 2,
    "2.1.6": 3,
    **{f"2.2.{item}": 1 for item in (1, 2, 4)},
    "2.2.3": 2,
    "2.3.1": 3,
    "2.3.2": 1,
    "2.3.3": 2,
}
"""The numbers of the manual page, with how many options each has."""
SETTINGS = avbc.Settings.from_dict(example.settings_dict("http://127.0.0.1/stores/abc123/v3/"))


def test_every_item_of_the_manual_has_its_rows() -> None:
    found = [row[0] for row in ROWS]
    assert {number: found.count(number) for number in found} == ITEMS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_what_a_row_names_is_there(row: list[str]) -> None:
    _, item, setting, method, more = row
    assert item
    assert more
    if setting:
        assert attrgetter(setting.strip("`"))(SETTINGS) is not None
    if method:
        assert callable(getattr(avbc.Orchestrator, method.strip("`")))


def test_every_setting_of_the_manual_is_named() -> None:
    """Those whose row in docs/settings.md has a number of the manual."""
    page = (PAGE.parent / "settings.md").read_text(encoding="utf-8")
    numbered: set[str] = set()
    for section, text in re.findall(
        r"^## `\[(\w+)\]`.*?\n(.*?)(?=^## )", page, re.MULTILINE | re.DOTALL
    ):
        keys = re.findall(r"^\| `(\w+)` \|[^|]*\| \d\.\d\.\d \|", text, re.MULTILINE)
        numbered |= {f"{section}.{key}" for key in keys}
    assert len(numbered) > 15
    assert numbered <= {row[2].strip("`") for row in ROWS}


def test_a_page_that_names_a_setting_with_a_number_has_the_number_of_this_page() -> None:
    pairs = [
        (setting.rpartition(".")[2], number)
        for page in PAGE.parent.glob("*.md")
        for setting, number in re.findall(
            r"`([\w.]+)`,? \(?manual (\d\.\d\.\d)\b", page.read_text(encoding="utf-8")
        )
    ]
    rows = {(row[2].strip("`").rpartition(".")[2], row[0]) for row in ROWS}
    assert pairs
    assert set(pairs) <= rows
