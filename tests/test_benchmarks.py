"""The benchmarks run: each in its smallest size, where its numbers mean nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

pytestmark = [pytest.mark.one_python, pytest.mark.no_cover]


def test_every_benchmark_runs(tmp_path: Path) -> None:
    """And what it counts is at its floor in this size, too."""
    if "CI" not in os.environ:
        pytest.importorskip("bigc", reason="the dependency group bench is not installed")
    saved = tmp_path / "figures.json"
    plots = tmp_path / "_static"
    plots.mkdir()
    page = shutil.copy(BENCHMARKS.parent / "docs" / "performance.md", tmp_path)
    options = ["--quick", "--json", str(saved), "--plot", str(plots), "--page", str(page)]
    # Books on a disk wait for it.
    ram = {"TMPDIR": "/dev/shm"} if Path("/dev/shm").exists() else {}
    ran = subprocess.run(
        [sys.executable, str(BENCHMARKS / "run.py"), *options],
        env={**os.environ, **ram},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    figures = json.loads(saved.read_text(encoding="utf-8"))["figures"]
    groups = {figure["group"] for figure in figures}
    # A drawing of requests would show nothing: all are at their floors.
    drawn = {path.stem.removeprefix("performance-") for path in plots.iterdir()}
    assert groups - drawn == {"requests"}
    text = Path(page).read_text(encoding="utf-8")
    assert [figure["name"] for figure in figures if f"| {figure['name']} |" not in text] == []
    assert all(f"](_static/performance-{group}.svg)" in text for group in drawn)
    above = [
        f"{figure['name']}: {figure['ours']}, {figure['peer']}"
        for figure in figures
        if figure["group"] == "requests" and figure["share"] > 1
    ]
    assert above == []


def test_every_benchmark_is_among_those_that_run() -> None:
    run = (BENCHMARKS / "run.py").read_text(encoding="utf-8")
    found = {
        path.stem
        for path in BENCHMARKS.glob("*.py")
        if "def figures(" in path.read_text(encoding="utf-8")
    }
    assert len(found) > 10
    assert {name for name in found if f"{name}.figures" not in run} == set()
