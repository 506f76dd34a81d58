from __future__ import annotations

import json
import pickle
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

import avbc
from avbc.errors import MissingExtra
from avbc.mapping import Decision, MappedOrder, Problem
from avbc.orchestrator import (
    Change,
    Check,
    ConnectionReport,
    History,
    ImportReport,
    JournalEntry,
    Orchestrator,
    Outcome,
    PlannedCall,
    PushReport,
    SetupReport,
)
from avbc.report import Report

BAD = Problem(
    "sku_unknown",
    "lines[0].sku",
    "<b>X</b>",
    "There is no <b>X</b>.",
    "Create it.",
    candidates=("Y",),
)


def test_an_import_report_is_data_first() -> None:
    report = ImportReport(
        imported=[Outcome(1, "WEB1", Decimal("19.9500"))],
        refused=[Outcome(2, "WEB2", None, (BAD,))],
    )
    rows = report.to_dicts()
    assert rows[0] == {
        "result": "imported",
        "order_id": 1,
        "import_id": "WEB1",
        "total": "19.95",
        "problems": [],
    }
    assert rows[1]["total"] is None
    assert rows[1]["problems"] == [
        {
            "code": "sku_unknown",
            "field": "lines[0].sku",
            "value": "<b>X</b>",
            "message": "There is no <b>X</b>.",
            "fix": "Create it.",
            "severity": "error",
            "candidates": ["Y"],
        }
    ]
    assert json.loads(json.dumps(rows)) == rows
    assert [(result, outcome.order_id) for result, outcome in report] == [
        ("imported", 1),
        ("refused", 2),
    ]
    assert not report.ok


def test_the_summary_counts_and_says_what_it_means() -> None:
    report = ImportReport(
        imported=[Outcome(1, "WEB1")],
        relinked=[Outcome(2, "WEB2")],
        updated=[Outcome(3, "WEB3")],
        refused=[Outcome(4, "WEB4", None, (BAD,))],
        postponed=[Outcome(5, "WEB5", None, (BAD,))],
        stopped="the store is away",
        requests=1,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        finished=datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC),
    )
    assert report.summary() == (
        "Imported 1, relinked 1, updated 1, refused 1, postponed 1 orders. Refused orders have "
        "the Import Error Status. "
        "Postponed orders wait for the next run. 1 request, 2.0 s. Stopped early: the store is away"
    )
    assert (
        ImportReport(preview=True, imported=[Outcome(1, "WEB1")]).summary()
        == "1 order would be imported."
    )
    assert str(ImportReport()) == "No new orders."
    assert ImportReport().ok


def test_html_is_escaped() -> None:
    shown = ImportReport(
        refused=[Outcome(2, "WEB2", None, (BAD,))], stopped="<script>"
    )._repr_html_()
    assert "<b>X" not in shown
    assert "&lt;b&gt;X" in shown
    assert "<script>" not in shown
    assert "<table>" not in ImportReport()._repr_html_()
    check = Check("ship via", "<i>", "error", "no <i>", "Add it.", toml='name = "<i>"')
    assert "<i>" not in SetupReport((check,))._repr_html_()
    assert "<i>" not in ConnectionReport("<i>", (check,))._repr_html_()
    history = History(
        1,
        "WEB1",
        (JournalEntry(datetime(2026, 1, 1, tzinfo=UTC), "import", "refused", 1, "WEB1", "<i>"),),
    )
    assert "<i>" not in history._repr_html_()


def test_a_long_report_shows_all_problems_and_the_first_of_the_rest() -> None:
    report = ImportReport(
        imported=[Outcome(number, f"WEB{number}") for number in range(1, 1001)],
        refused=[Outcome(2000, "WEB2000", None, (BAD,))],
    )
    report.imported[700] = Outcome(701, "WEB701", None, (BAD,))
    text = str(report)
    assert "WEB701" in text
    assert "WEB2000" in text
    assert "and 949 more without problems" in text
    assert len(text.splitlines()) < 70
    assert len(report.to_dicts()) == 1001


def test_checks_are_sorted_by_what_they_mean() -> None:
    fine = Check("status", "new", "ok", "11")
    warn = Check("currency", "EUR", "warning", "refused", "Do not.")
    wrong = Check(
        "payment method",
        "Pigeon",
        "error",
        "not mapped",
        "Add a row.",
        toml="[[gl.payment_methods]]",
    )
    unknown = Check("ship via", "", "unknown", "403")
    report = SetupReport((fine, warn, wrong, unknown))
    assert (report.errors, report.warnings, report.ok) == ([wrong], [warn], False)
    assert report.toml == "[[gl.payment_methods]]"
    assert "1 error, 1 warning in 4 checks" in str(report)
    assert str(report).endswith("Rows to add to the settings:\n\n[[gl.payment_methods]]")
    yours = SetupReport((Check("ship via", "X", "warning", "not there", "", '# ship_via = ""'),))
    assert "fill in, and remove the #)\n\n#" in str(yours)
    assert report.to_dicts()[2]["fix"] == "Add a row."
    assert SetupReport((fine, unknown)).ok
    assert "Rows to add" not in str(SetupReport((fine,)))


def test_the_base_asks_for_its_parts() -> None:
    with pytest.raises(NotImplementedError):
        Report().summary()
    with pytest.raises(NotImplementedError):
        Report().to_dicts()


def test_every_problem_code_is_in_the_docs() -> None:
    house = Path(avbc.orchestrator.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in house.rglob("*.py"))
    codes = {
        *re.findall(r'[Pp]roblem\(\s*"(\w+)"', source),
        "run_stopped",
        "books_unreachable",
        "store_failed",
        "try_again",
    }
    docs = Path(__file__).parents[2] / "docs"
    text = "".join(
        (docs / name).read_text(encoding="utf-8") for name in ("importing.md", "problems.md")
    )
    assert {"order_edited", "status_not_set", "order_unreadable"} <= codes
    assert {code for code in codes if f"| `{code}` |" not in text} == set()


def test_a_push_report_shows_what_needs_a_look() -> None:
    call = PlannedCall(
        "PUT",
        "/v3/catalog/products",
        [{"id": 1, "price": Decimal("9.50"), "name": "<b>" + "x" * 400}],
    )
    report = PushReport("push_products", preview=True, unchanged=3)
    report.sent += [
        Change(f"SKU-{number}", "price", "9.00", "9.50", calls=(call,) if number == 0 else ())
        for number in range(60)
    ]
    report.refused.append(
        Change("MUG", "price", problems=(Problem("store_refused", "", "", "No <i>."),))
    )
    text = str(report)
    assert text.startswith("push_products (preview): would send 60, unchanged 3, would refuse 1.")
    assert "and 10 more without problems" in text
    assert "No <i>. [store_refused]" in text
    # The whole text is there, however the table wraps it.
    assert f"id: 1, price: 9.50, name: <b>{'x' * 400}" in report.sent[0].note()
    assert "".join(text.split()).count("x" * 400) == 1
    assert "&lt;i&gt;" in report._repr_html_()
    row = report.to_dicts()[0]
    assert row["result"] == "sent"
    json.dumps(report.to_dicts())
    assert row["calls"] == [
        {
            "method": "PUT",
            "path": "/v3/catalog/products",
            "body": [{"id": 1, "price": "9.50", "name": "<b>" + "x" * 400}],
        }
    ]
    assert not report.ok
    assert PushReport("push_products").summary() == "push_products: nothing to do."
    assert PushReport("push_products", stopped="away").summary().endswith("Stopped early: away")


def test_each_change_of_a_request_for_many_shows_its_own_part(web: Orchestrator) -> None:
    report = web.push_inventory(preview=True)
    assert len(report.sent) > 2
    for change in report.sent:
        assert f"quantity: {change.after}, sku: {change.key}" in change.note()
        assert change.note().count("quantity: ") == 1
    (call,) = report.sent[0].calls
    assert call.name in report.sent[0].note()
    assert "..." not in str(report)
    assert '{"' not in str(report)


def test_a_change_explains_itself() -> None:
    decision = Decision("status_id", "2", "the mapping says so", "order_status.mapping[0]")
    change = Change("WEB1", "status", "Open", "Shipped", decisions=(decision,))
    assert "the mapping says so" in str(change)
    assert "order_status.mapping[0]" in change._repr_html_()
    assert change.to_dicts() == [attrs.asdict(decision)]


def test_reports_as_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    report = PushReport("push_products")
    assert list(report.to_frame().columns) == ["result", "key", "what", "before", "after", "note"]
    report.sent.append(Change("SKU-1", "price", "9.00", "9.50"))
    frame = report.to_frame()
    assert frame.loc[0, "key"] == "SKU-1"
    assert len(frame) == 1
    explanation = MappedOrder(1, "WEB1", Decimal(1), None, problems=(BAD,))
    assert explanation.to_frame().loc[0, "field"] == "lines[0].sku"
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        MissingExtra, match=r"to_frame needs pandas: pip install 'avbc\[pandas\]'"
    ) as caught:
        report.to_frame()
    assert pickle.loads(pickle.dumps(caught.value)).extra == "pandas"
