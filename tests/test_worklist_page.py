"""The recipes of docs/worklist.md work as they are written, and the example notifies once."""

from __future__ import annotations

import re
import smtplib
import subprocess
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import pytest

import avbc

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/worklist.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
RECIPES = [sample for sample in SAMPLES if "def notify" in sample]
ITEM = avbc.WorklistItem(
    "sku_unknown",
    "WEB1042",
    1042,
    "WEB1042",
    datetime(2026, 1, 2, 12, 5, tzinfo=UTC),
    "AcctVantage has no product with part number or alias 'MUG-TEAL'.",
    "Create the product.",
)


def notify_of(recipe: str) -> Any:
    names: dict[str, Any] = {"avbc": avbc}
    exec(recipe, names)  # our own page
    return names["notify"]


def test_the_recipe_by_the_standard_library_sends_one_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, EmailMessage]] = []

    class Server:
        def __init__(self, host: str, timeout: float) -> None:
            self.host = host
            assert timeout

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def send_message(self, mail: EmailMessage) -> None:
            sent.append((self.host, mail))

    notify = notify_of(RECIPES[0])
    monkeypatch.setattr(smtplib, "SMTP", Server)
    notify([ITEM])
    ((host, mail),) = sent
    assert host == "mail.example.com"
    assert mail["Subject"] == "avbc: 1 new on the worklist"
    assert "MUG-TEAL" in mail.get_content()


def test_the_recipe_by_apprise_notifies_and_reports_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[dict[str, str]] = []

    class Apprise:
        works = True

        def add(self, url: str) -> bool:
            return url.startswith("mailtos://")

        def notify(self, **message: str) -> bool:
            sent.append(message)
            return self.works

    apprise = ModuleType("apprise")
    apprise.Apprise = Apprise  # type: ignore[attr-defined]  # a stand-in
    monkeypatch.setitem(sys.modules, "apprise", apprise)
    notify = notify_of(RECIPES[1])
    notify([ITEM])
    assert sent[0]["title"] == "avbc: 1 new on the worklist"
    assert "MUG-TEAL" in sent[0]["body"]
    Apprise.works = False
    with pytest.raises(OSError, match="could not notify"):
        notify([ITEM])


def test_the_printed_sample_is_what_is_printed() -> None:
    assert str(avbc.Worklist([ITEM])).splitlines()[:2] == ["1 item waits for a person.", ""]
    sample = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL)
    assert sample is not None
    assert str(ITEM.message) in " ".join(sample[1].split())


@pytest.mark.one_python
def test_the_example_sends_one_mail() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "examples/worklist.py"],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.count("Subject: avbc: 1 new on the worklist") == 1
    assert "Nothing waits for a person." in done.stdout
