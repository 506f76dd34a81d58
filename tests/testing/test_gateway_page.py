"""docs/gateway.md: its code is that of MemoryGateway, and a gateway made of its pieces works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import avbc
from avbc.orchestrator.engine.parts import NEEDS, PARTS
from avbc.settings import Settings
from avbc.testing import FakeStore, contract, example, memory_gateway

PAGE = Path(__file__).parents[2] / "docs" / "gateway.md"
TEXT = PAGE.read_text(encoding="utf-8")
MODULES = Path(memory_gateway.__file__).parent
PIECES = {
    "FollowGateway": ["FollowGateway"],
    "StatusGateway": ["StatusGateway"],
    "ShipmentGateway": ["ShipmentGateway"],
    "ProductGateway": ["ProductGateway"],
    "StockGateway": ["ProductGateway", "StockGateway"],
    "ClientGateway": ["ClientGateway"],
    "PaymentGateway": ["PaymentGateway"],
    "CreditGateway": ["CreditGateway"],
}
"""The sections of the page that a class with a part is made of."""
HOOKS = """
    def add_products(self, gateway, products):
        gateway.add_products(products)

    def add_quantities(self, gateway, warehouse, on_hand):
        gateway.add_quantities(warehouse, on_hand)

    def add_shipment(self, gateway, shipment):
        gateway.add_shipment(shipment)
"""


def section(title: str) -> str:
    """A section, without those below it."""
    _, _, rest = TEXT.partition(f"\n{title}\n")
    assert rest, title
    return re.split(r"^##+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def code(text: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def module(name: str) -> str:
    return (MODULES / f"{name}.py").read_text(encoding="utf-8")


def import_part() -> str:
    *blocks, use = code(section("## The import part"))
    assert "avbc.Orchestrator(" in use
    return "\n".join(blocks)


def run_pytest(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_books.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_import_part_of_the_page_is_the_module() -> None:
    assert lines(import_part()) == lines(module("importing"))


def test_the_other_parts_of_the_page_are_the_module() -> None:
    _, _, rest = TEXT.partition("\n## The other parts\n")
    assert lines("\n".join(code(rest))) == lines(module("whole"))


@pytest.mark.one_python
def test_what_the_page_says_gets_there(tmp_path: Path) -> None:
    """Save its blocks, run pytest: the import part passes its contract."""
    (tmp_path / "my_books.py").write_text(import_part(), encoding="utf-8")
    (suite,) = code(section("## Run the contract"))
    (tmp_path / "test_my_books.py").write_text(suite, encoding="utf-8")
    assert re.search(r"\d\d passed", run_pytest(tmp_path))


@pytest.mark.one_python
def test_the_import_part_imports(tmp_path: Path) -> None:
    (tmp_path / "my_books.py").write_text(import_part(), encoding="utf-8")
    store = FakeStore()
    example.populate(store, 3)
    with store.serve() as server:
        Settings.from_dict(example.settings_dict(server.api_url)).save(tmp_path / "avbc.toml")
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code(section("## The import part"))[-1]],
            cwd=tmp_path,
            env={**os.environ, "AVBC_ACCESS_TOKEN": store.access_token},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "3 orders" in done.stdout


@pytest.mark.one_python
def test_each_part_alone_passes_its_contract(tmp_path: Path) -> None:
    """The import part, what the parts share, and the methods of one part."""
    (tmp_path / "my_books.py").write_text(import_part(), encoding="utf-8")
    shared, whole = code(section("## The other parts"))
    shared = shared.replace("avbc.testing.memory_gateway.importing", "my_books")
    _, _, state = whole.partition('"""\n\n')
    books = [shared]
    suite = ["import pytest", "from avbc.testing import *", "import parts"]
    for part, sections in PIECES.items():
        bases = ", ".join(f"av.{each}" for each in sections)
        pieces = [block for each in sections for block in code(section(f"### {each}"))]
        books += [f"class {part}Books(MemoryImportGateway, {bases}):", state, *pieces]
        contracts = f"ImportContract, {part.removesuffix('Gateway')}Contract"
        suite += [f"class Test{part}({contracts}):", "    @pytest.fixture"]
        suite += [f"    def gateway(self):\n        return parts.{part}Books()", HOOKS]
    (tmp_path / "parts.py").write_text("\n".join(books), encoding="utf-8")
    (tmp_path / "test_my_books.py").write_text("\n".join(suite), encoding="utf-8")
    assert re.search(r"\d\d\d passed", run_pytest(tmp_path))


def test_every_part_job_and_setting_is_listed() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    for part in PARTS:
        if part.__name__ not in {
            "StagingGateway",
            "JournalGateway",
            "OrderGroupGateway",
            "TurnGateway",
            "ClockGateway",
        }:
            (row,) = (row for row in rows if row.startswith(f"| `{part.__name__}` | `"))
            for job, need in NEEDS.items():
                if need.part is part:
                    assert f"`{job}`" in row
                    assert f"`{need.key}`" in row or not need.key
    assert {*PIECES} < {part.__name__ for part in PARTS}


@pytest.mark.parametrize("home", [avbc, contract], ids=["avbc", "contract"])
def test_every_name_is_there(home: ModuleType) -> None:
    pattern = r"`(?:avbc\.)?(\w+Contract)" if home is contract else r"`avbc\.(\w+)`"
    names = {name for name in re.findall(pattern, TEXT) if name != "testing"}
    assert names
    for name in names - {"acctvantage"}:
        assert hasattr(home, name), name
