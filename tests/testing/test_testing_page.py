"""docs/testing.md: a reader who saves what it says to save has tests that pass."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import avbc
from avbc.bigcommerce import BigCommerce
from avbc.testing.__main__ import main
from avbc.testing.fakestore.abilities import Abilities
from avbc.testing.fakestore.control import abilities
from avbc.testing.fakestore.faults import KINDS
from avbc.testing.memory_gateway import importing

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCK = re.compile(
    r"(?P<before>[^\n]*\n[^\n]*)\n\n```python\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE
)


def files() -> dict[str, str]:
    """What the page says to save, by name."""
    saved: dict[str, str] = {}
    for block in BLOCK.finditer(TEXT):
        names = re.findall(r"this\s+(?:one\s+)?as\s+`(\w+\.py)`", block["before"])
        if names:
            saved[names[-1]] = block["code"]
    return saved


def samples() -> list[str]:
    """The other blocks, which are read one after the other."""
    return [
        code
        for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
        if code not in files().values()
    ]


@pytest.mark.one_python
def test_what_the_page_says_to_save_passes(tmp_path: Path) -> None:
    saved = files()
    assert [*saved] == [
        "test_first.py",
        "test_my_settings.py",
        "shop.py",
        "test_shop.py",
        "test_my_gateway.py",
        "test_import_error.py",
        "test_merchant.py",
        "test_outage.py",
    ]
    # That it is the code of docs/gateway.md, that page's own test says.
    saved["my_books.py"] = inspect.getsource(importing)
    # Beside the file that a reader of the tutorial has.
    tutorial = (PAGE.parent / "tutorial.md").read_text(encoding="utf-8")
    tables = re.findall(r"`avbc\.toml`:\n\n```toml\n(.*?)```", tutorial, re.DOTALL)
    assert len(tables) == 4
    (tmp_path / "avbc.toml").write_text("".join(tables), encoding="utf-8")
    (tmp_path / "BigCommerceAPI-credentials.txt").write_text(
        "ACCESS TOKEN: real\nAPI PATH: https://api.bigcommerce.com/stores/real99/v3/\n",
        encoding="utf-8",
    )
    for name, code in saved.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    points = importlib.metadata.entry_points(group="pytest11")
    is_installed = any(point.value == "avbc.testing.plugin" for point in points)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"),
            *([] if is_installed else ["-p", "avbc.testing.plugin"]),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(avbc.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tests = sum(code.count("\ndef test_") + code.startswith("def test_") for code in saved.values())
    assert f"{tests} passed" in done.stdout


def test_every_other_sample_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"run_my_import": _set_every_order_to_awaiting_shipment}
    for code in samples():
        exec(code, names)  # the samples of our own page


def _set_every_order_to_awaiting_shipment(api_url: str) -> None:
    with BigCommerce(api_url=api_url, access_token="example-token") as client:
        calls = [client.orders.update.call(order_id, status_id=9) for order_id in range(1001, 1041)]
        list(client.map(calls))


def test_the_page_names_every_ability_every_fault_and_only_what_there_is() -> None:
    missing = [name for name in abilities() if not re.search(rf"[`/.]{name}\b", TEXT)]
    assert missing == []
    assert [kind for kind in KINDS if f"`{kind}`" not in TEXT] == []
    names: set[str] = set()
    for code in [*samples(), *files().values()]:
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and node.module == "avbc.testing":
                names |= {alias.name for alias in node.names}
    assert names <= {*avbc.testing.__all__, "example"}
    for row in re.findall(r"^\| `(\w+)\(", TEXT, re.MULTILINE):
        assert hasattr(Abilities, row), row


def test_every_public_name_has_an_example() -> None:
    """Doctest runs them, and those of the fixtures run in test_fixtures.py."""
    things = [getattr(avbc.testing, name) for name in avbc.testing.__all__]
    without = [
        each.__name__
        for each in things
        if callable(each) and ">>>" not in (inspect.getdoc(each) or "")
    ]
    assert without == []


def test_the_command_has_the_options_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    known = set(re.findall(r"--[a-z][a-z-]*", capsys.readouterr().out))
    section = TEXT.partition("## A store for other languages")[2]
    assert set(re.findall(r"--[a-z][a-z-]*", section)) <= known
    assert {"--orders", "--latency-ms", "--port"} <= known
