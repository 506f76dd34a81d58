"""The benchmarks run: each in its smallest size, where its numbers mean nothing."""

from __future__ import annotations

import json
import os
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
    options = ["--quick", "--json", str(saved), "--plot", str(tmp_path)]
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
    assert {path.stem for path in tmp_path.glob("*.svg")} == {
        f"performance-{each}" for each in groups
    }
    above = [
        f"{figure['name']}: {figure['ours']}, {figure['peer']}"
        for figure in figures
        if figure["group"] == "requests" and figure["share"] > 1
    ]
    assert above == []
