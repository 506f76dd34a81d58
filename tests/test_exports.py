from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import avbc

HOUSE = Path(avbc.__file__).parents[1]


def fresh(code: str) -> str:
    """Run code in a Python of its own that finds this very avbc; returns what it prints."""
    program = f"import sys; sys.path.insert(0, {str(HOUSE)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_all_names_are_there_and_sorted() -> None:
    assert avbc.__all__ == sorted(avbc.__all__)
    for name in avbc.__all__:
        assert getattr(avbc, name) is not None
    assert set(avbc.__all__) <= set(dir(avbc))


def test_type_checkers_see_what_python_sees() -> None:
    """The imports under TYPE_CHECKING and the table name the same things in the same places."""
    tree = ast.parse(Path(avbc.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    homes = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    packages = {name for name, module in homes.items() if module == "avbc"}
    assert {name for name in homes if name not in packages} == set(avbc.__all__)
    assert packages == {
        "acctvantage",
        "bigcommerce",
        "mapping",
        "orchestrator",
        "settings",
        "testing",
        "tracing",
    }
    for name, module in homes.items():
        if name not in packages:
            assert getattr(avbc, name) is getattr(__import__(str(module), fromlist=[name]), name)


def test_every_error_is_at_the_top() -> None:
    from avbc import acctvantage, bigcommerce, orchestrator, settings

    for package in (acctvantage, bigcommerce, orchestrator, settings):
        values = {name: getattr(package, name) for name in package.__all__}
        errors = {
            name
            for name, value in values.items()
            if isinstance(value, type) and issubclass(value, Exception)
        }
        assert errors <= set(avbc.__all__), package.__name__


def test_import_is_light() -> None:
    heavy = fresh(
        "import avbc; print([name for name in ('httpx', 'sqlalchemy', 'attrs', 'attr', 'cattrs', "
        "'asyncio') if name in sys.modules])"
    )
    assert heavy.strip() == "[]"


def test_packages_load_by_attribute() -> None:
    assert fresh(
        "import avbc; print(avbc.testing.FakeStore.__name__, avbc.mapping.map_order.__name__)"
    ).split() == [
        "FakeStore",
        "map_order",
    ]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Orchestra'"):
        _ = avbc.Orchestra  # type: ignore[attr-defined]  # not there


def test_quiet_by_default() -> None:
    code = (
        "import avbc, logging; logging.getLogger('avbc.orchestrator').warning('lost'); "
        "print('done')"
    )
    program = f"import sys; sys.path.insert(0, {str(HOUSE)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
