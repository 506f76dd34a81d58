"""Tables fit what they are printed on, lose no text, and put what went wrong first."""

from __future__ import annotations

import io
import sys
import tomllib
from decimal import Decimal

import pytest
from rich.console import Console

from avbc.mapping import Problem
from avbc.orchestrator import Change, Check, ImportReport, Outcome, PushReport, SetupReport
from avbc.tables import MARK, html_table, plain_text, text_table, wrapped
from avbc.toml import toml_row

WORDS = " ".join(f"word{number}" for number in range(60))
LONG = "order_status.new_sales_order_status_of_a_long_name" * 3


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def report() -> ImportReport:
    bad = Problem("sku_unknown", "lines[0].sku", "X", f"There is no X. {WORDS}", "Create it.")
    return ImportReport(
        imported=[Outcome(1, "WEB1", Decimal("9.9500")), Outcome(2, "WEB2", Decimal(1042))],
        refused=[Outcome(3, "WEB3", None, (bad,))],
        requests=3,
    )


@pytest.mark.parametrize("width", [140, 200])
def test_a_table_fits_and_loses_nothing(width: int) -> None:
    item = "order_status.new_sales_order_status of a long name, " * 4
    rows = [{"key": "A", "item": item, "note": WORDS}, {"key": "B" * 30, "item": "", "note": "x"}]
    lines = text_table(rows, ["key", "item", "note"], width).splitlines()
    assert max(map(len, lines)) <= width
    for word in WORDS.split():
        assert word in "\n".join(lines)
    # Each cell stays within its column: what is above a column is the column alone.
    column = lines[0].index("item")
    shown = " ".join(line[column : lines[0].index("note")] for line in lines[1:-1])
    assert shown.split() == item.split()


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_a_word_that_is_longer_than_its_place_is_shown_whole(width: int) -> None:
    rows = [{"key": "A", "item": LONG, "note": LONG}]
    lines = text_table(rows, ["key", "item", "note"], width).splitlines()
    assert max(map(len, lines)) <= width
    assert "".join("".join(lines).split()).endswith("A" + LONG * 2)


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_report_fits_and_puts_what_went_wrong_first(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = str(report()).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[3].startswith("refused")
    assert lines[-2:] == [
        "imported         1  WEB1          9.95",
        "imported         2  WEB2       1042.00",
    ]
    assert f"{report()}" == str(report())


@pytest.mark.parametrize("width", [60, 72])
def test_on_a_narrow_terminal_long_texts_are_below_their_rows(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = str(report()).splitlines()
    assert max(map(len, lines)) <= width
    first = next(place for place, line in enumerate(lines) if line.startswith("refused"))
    assert lines[first].split() == ["refused", "3", "WEB3"]
    assert lines[first + 1].startswith("    There is no X. word0")
    text = " ".join(" ".join(lines).split())
    assert f"{WORDS} [sku_unknown] Create it." in text
    assert lines[-1] == "imported         2  WEB2       1042.00"
    # A short text stays where it is.
    rows = [{"key": "A", "note": WORDS}, {"key": "B", "note": "short"}]
    assert text_table(rows, ["key", "note"], 60).splitlines()[-1] == "B    short"


CODE, PATH = "[shipped_more_than_remains]", "/v3/inventory/adjustments/absolute"
COMMAND = "`avbc import 1042 --retry-errors`"


def parcel() -> PushReport:
    what = "2 units to address 10010, 1Z999AA10123456784"
    problem = Problem(
        "carrier_unknown", "carrier", "X", f"{WORDS} {CODE} {PATH}", f"Run {COMMAND}."
    )
    change = Change("WEB1001 shipment 1", "shipment", after=what, problems=(problem,))
    return PushReport("push_shipments", refused=[change], preview=True)


@pytest.mark.parametrize("width", [60, 72, 80, 90, 100, 110, 120, 140, 200])
def test_what_is_copied_stays_in_one_piece(width: int) -> None:
    lines = plain_text(parcel().lines(width)).splitlines()
    assert max(map(len, lines)) <= width
    for piece in (CODE, PATH, COMMAND, "[carrier_unknown]", "1Z999AA10123456784"):
        assert any(piece in line for line in lines), piece


@pytest.mark.parametrize("width", [80, 100])
def test_a_long_text_is_below_its_row_where_its_column_would_be_narrow(width: int) -> None:
    lines = plain_text(parcel().lines(width)).splitlines()
    assert lines[3].startswith("would be refused")
    (below,) = [line for line in lines if "word0 " in line]
    assert below.startswith("    word0 ")
    assert len(below) > width - 12
    assert len(lines) < 14


def test_a_heading_is_beside_the_others_where_there_is_room() -> None:
    rows = [{"field": "total", "value": "a value of some length, " * 3, "reason": WORDS}]
    assert text_table(rows, ["field", "value", "reason"], 80).splitlines()[0].endswith("reason")


def test_one_column_wraps() -> None:
    lines = text_table([{"note": WORDS}], ["note"], 60).splitlines()
    assert lines[0] == "note"
    assert " ".join(lines[1:]) == WORDS


def test_columns_without_a_value_are_left_out() -> None:
    fine = ImportReport(imported=[Outcome(1, "WEB1", Decimal(1))])
    assert str(fine).splitlines()[2].split() == ["result", "order_id", "import_id", "total"]
    assert "problems" not in fine.to_html()
    assert "problems" in report().to_html()


def test_wide_characters_count_as_they_are_shown() -> None:
    rows = [{"name": "\u8336\u78d7", "n": 1}, {"name": "mugs", "n": 2}]
    assert text_table(rows, ["name", "n"], 80).splitlines()[1:] == ["\u8336\u78d7  1", "mugs  2"]
    assert wrapped("\u8336" * 5, 4) == ["\u8336\u8336", "\u8336\u8336", "\u8336"]


def test_color_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain = str(report())
    monkeypatch.setattr(sys, "stdout", Terminal())
    colored = str(report())
    assert "\x1b[1;31mrefused\x1b[0m" in colored
    assert f"{report()}" == plain  # for files and mails
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in str(report())
    monkeypatch.setitem(sys.modules, "rich.console", None)
    assert str(report()) == plain


def test_rich_prints_a_report_as_wide_as_its_console() -> None:
    screen = io.StringIO()
    Console(file=screen, width=90).print(report())
    assert max(map(len, screen.getvalue().splitlines())) <= 90
    assert "refused" in screen.getvalue()


def test_html_marks_aligns_and_folds() -> None:
    table = html_table(
        [
            {"state": "error", "n": "7", "body": "a fault " * 60, MARK: "error"},
            {"state": "ok", "n": "1042", "body": f"{WORDS}<b>", MARK: ""},
        ],
        ["state", "n", "body"],
    )
    assert '<mark class="error">error</mark>' in table
    assert table.count('<td class="number"') == 2
    assert table.count("<details>") == 1  # a problem is shown as it is, a long body is folded
    assert "&lt;b&gt;</details>" in table


def test_rows_to_paste_stand_below_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    row = f'[[gl.payment_methods]]\nbigcommerce = "{"x" * 90}"'
    setup = SetupReport((Check("payment method", "X", "error", "not mapped", "Add it.", row),))
    assert str(setup).endswith(row)
    assert "<pre>Rows to add" in setup.to_html()


def test_rows_to_complete_fit_a_narrow_terminal() -> None:
    choices = ["Visa/MC", "PayPal", "Check", "StoreCredit", "GiftCard", "Purchase Order", "Cash"]
    row = toml_row("gl.payment_methods", choices, bigcommerce="Credit Card", receipt_type="")
    setup = SetupReport((Check("payment method", "X", "error", "not mapped", "Add it.", row),))
    lines = plain_text(setup.lines(60)).splitlines()
    assert max(map(len, lines)) <= 60
    # It can be filled in by removing the first # of each line.
    below = "\n".join(line.removeprefix("# ") for line in row.splitlines())
    assert tomllib.loads(below)["gl"]["payment_methods"][0]["receipt_type"] == ""
    assert all(choice in " ".join(row.split()) for choice in choices)
