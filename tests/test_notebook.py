"""The example notebooks tell what they show.

The working week is kept without what it showed last; the others with it, for the site.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import avbc

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = EXAMPLES / "working_week.ipynb"
SAVED = [EXAMPLES / "error_clinic.ipynb", EXAMPLES / "month_in_review.ipynb"]

pytestmark = pytest.mark.skipif(
    not NOTEBOOK.exists(), reason="the package is tested without its examples"
)


def cells(notebook: Path) -> list[dict[str, Any]]:
    return [
        cell
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]


def test_outputs_are_not_kept() -> None:
    kept = {(json.dumps(cell["outputs"]), cell["execution_count"]) for cell in cells(NOTEBOOK)}
    assert kept == {("[]", None)}


@pytest.mark.parametrize("notebook", SAVED, ids=lambda notebook: notebook.stem)
def test_outputs_are_kept_of_one_run_without_errors(notebook: Path) -> None:
    """`jupyter execute --inplace examples/month_in_review.ipynb` saves them anew."""
    code = cells(notebook)
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {
        "stream",
        "display_data",
        "execute_result",
    }
    assert {output.get("name") for output in outputs} <= {None, "stdout"}


def run(notebook: Path, names: dict[str, Any]) -> Iterator[object]:
    """Run cell after cell, and yield what a notebook would show."""
    for cell in cells(notebook):
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(notebook), "exec"), names)
        if isinstance(last, ast.Expr):
            yield eval(compile(ast.Expression(last.value), str(notebook), "eval"), names)


def test_everybody_leaves_the_error_clinic() -> None:
    """It checks by itself what it says."""
    shown = list(run(SAVED[0], {}))
    reports = [report for report in shown if isinstance(report, avbc.ImportReport)]
    assert [len(report.imported) for report in reports] == [2, 1, 1, 1, 1]


@pytest.mark.one_python
def test_the_week_comes_to_its_end() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("rich")
    names: dict[str, Any] = {}
    shown = list(run(NOTEBOOK, names))
    imports = [report for report in shown if isinstance(report, avbc.ImportReport)]
    assert [(len(report.imported), len(report.refused)) for report in imports] == [(2, 1), (1, 0)]
    pushes = [report for report in shown if isinstance(report, avbc.PushReport)]
    told = [
        (
            report.direction,
            report.preview,
            len(report.sent),
            len(report.refused),
            len(report.postponed),
        )
        for report in pushes
    ]
    assert told == [
        ("push_shipments", True, 1, 0, 0),
        ("push_shipments", False, 1, 0, 0),
        ("push_order_statuses", False, 1, 0, 0),
        ("push_inventory", False, 13, 0, 0),
        ("capture_payments", False, 0, 0, 2),
        ("capture_payments", False, 2, 0, 0),
        ("import_refunds", False, 1, 0, 0),
    ]
    # Two teapots were sold: first the store alone knows, then both.
    assert [value for value in shown if isinstance(value, tuple)] == [
        (Decimal(140), 138),
        (Decimal(138), 138),
    ]
    before, after = (report for report in shown if isinstance(report, avbc.ReconcileReport))
    assert (before.ok, before.same) == (True, 4)
    assert [found.verdict for found in after] == ["missing_in_books", "missing_in_store"]
    (backtest,) = (report for report in shown if isinstance(report, avbc.BacktestReport))
    assert backtest.fields() == {"status": len(backtest.changed)}
    assert all(
        hasattr(report, "_repr_html_") for report in [*imports, *pushes, before, after, backtest]
    )
