"""docs/files.md says what a journal is: its settings, its code and its file are real ones."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

from avbc.orchestrator import Orchestrator
from avbc.settings import JournalSettings, Settings
from avbc.testing import example

ROOT = Path(__file__).parents[2]
PAGE, EXAMPLE = ROOT / "docs" / "files.md", ROOT / "examples" / "daily_journal.py"
TEXT = PAGE.read_text(encoding="utf-8").partition("## The Import Wizard")[0]


def blocks(language: str) -> list[str]:
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", TEXT, re.DOTALL | re.MULTILINE)
    return [re.sub("^   ", "", each, flags=re.MULTILINE) for each in found]


def test_the_settings_of_the_page_load() -> None:
    books, journal = map(tomllib.loads, blocks("toml"))
    assert books == {"hand_over": "journal"}
    values = example.settings_dict("https://api.bigcommerce.com/stores/abc123/v3/")
    settings = Settings.from_dict({**values, **journal})
    accounts = settings.to_dict()["journal"]
    assert accounts.keys() == journal["journal"].keys()
    assert settings.journal != JournalSettings()


def test_the_code_of_the_page_calls_what_is_there() -> None:
    (code,) = blocks("python")
    called: list[str] = []

    class Web:
        def __getattr__(self, name: str) -> object:
            assert callable(getattr(Orchestrator, name))
            return lambda *_: called.append(name)

    exec(code, {"web": Web()})
    assert called == ["import_orders", "follow_orders", "import_refunds", "write_journal"]


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the package is tested without its examples")
def test_the_example_prints_what_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(EXAMPLE))["main"](tmp_path)
    printed = capsys.readouterr().out.splitlines()
    (shown,) = blocks("text")
    for line in shown.splitlines():
        start = line.removesuffix("...")
        assert any(each.startswith(start) for each in printed), line
    assert "journal-WEB-2026-03-03.txt" in printed
