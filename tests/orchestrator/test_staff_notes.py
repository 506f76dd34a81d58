from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.orchestrator.engine.staff_notes import with_error, without_error

NOTES = st.text().filter(lambda text: "[AcctVantage import error: " not in text)


@given(NOTES, st.text())
def test_what_the_merchant_wrote_comes_back_exactly(notes: str, reason: str) -> None:
    assert without_error(with_error(notes, reason)) == notes


@given(NOTES, st.text(), st.text())
def test_our_line_is_replaced_not_repeated(notes: str, first: str, second: str) -> None:
    assert with_error(with_error(notes, first), second) == with_error(notes, second)


@pytest.mark.parametrize("behind", [" - Ana: fixed", "\nAna: fixed", "\r\nAna: fixed"])
def test_what_a_person_wrote_behind_our_line_stays(behind: str) -> None:
    noted = with_error("Call first.", "unknown SKU") + behind
    assert with_error(noted, "other") == "Call first.\n[AcctVantage import error: other]" + behind
    assert without_error(noted).endswith(behind)
    assert without_error(noted).startswith("Call first.")


def test_copies_of_our_line_become_one() -> None:
    assert (
        with_error("[AcctVantage import error: a]\n[AcctVantage import error: b]", "c")
        == "[AcctVantage import error: c]"
    )


def test_a_long_reason_is_cut_and_brackets_do_not_end_the_line_early() -> None:
    note = with_error("", "x]" * 2000)
    assert len(note) < 1100
    assert note.count("]") == 1
    assert without_error(note) == ""
