"""The README's sample runs as it stands there, and every extra is named."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_every_extra_is_named() -> None:
    project = tomllib.loads((README.parent / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    named = re.findall(r"`avbc\[(\w+)\]`", README.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(extras)


def test_the_sample_runs_as_shown(tmp_path: Path) -> None:
    sample = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert sample is not None
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", sample[1]],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Imported 5 orders." in done.stdout
    assert "WEB1001" in done.stdout
