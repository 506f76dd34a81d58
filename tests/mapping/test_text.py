"""Text for people and for plain fields."""

from decimal import Decimal

import pytest

from avbc.mapping.case import Findings
from avbc.mapping.decisions import Problem, value_text
from avbc.mapping.text import plain
from avbc.money import amount_text

D = Decimal


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", ""),
        ("  a b ", "a b"),
        ("Tea &amp; Co", "Tea & Co"),
        ("&lt;b&gt;", "<b>"),
        ("&#39;&#x2615;&eacute;", "'☕é"),
        ("AT&T; Q&A", "AT&T; Q&A"),
        (
            "&copyright &copy=1",
            "&copyright &copy=1",
        ),  # html.unescape alone would make signs of these
        ("&unknown; &;", "&unknown; &;"),
        ("a\x00b\x1fc\ud800d", "abcd"),
        ("two\nlines\ttab", "two\nlines\ttab"),
        ("👩‍👩‍👧 Ελλάδα שלום 茶", "👩‍👩‍👧 Ελλάδα שלום 茶"),
    ],
)
def test_plain(text, read):
    assert plain(text) == read


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1E+3", "1000.00"),
        ("0.1", "0.10"),
        ("-0.00501", "-0.00501"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
    ],
)
def test_amount_text(amount, text):
    assert amount_text(D(amount)) == text


def test_values_read_as_people_write_them():
    from datetime import UTC, datetime

    from avbc.acctvantage.records import Address

    assert value_text(datetime(2026, 3, 2, tzinfo=UTC)) == "2026-03-02T00:00:00+00:00"
    assert value_text(Address(name="Ana", city="Austin")) == "Ana, Austin"
    assert (value_text(None), value_text(False), value_text(3)) == ("", "no", "3")


def test_the_same_problem_is_told_once():
    found = Findings()
    for _ in range(2):
        found.error("a", "b", "c", "d", "e")
    assert len(found.problems) == 1
    assert found.ruling(1).value is None
    assert [str(problem) for problem in found.ruling(1).errors] == ["d [a] e"]


def test_a_problem_is_read_with_its_candidates_and_what_to_change():
    assert (
        str(Problem("code", "field", "value", "Too many.", "Choose.", candidates=("a", "b")))
        == "Too many. [code] Candidates: a, b. Choose."
    )
    assert str(Problem("code", "field", "value", "Bad.")) == "Bad. [code]"
