"""docs/promises.md names tests that exist, and what it says of guards is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from bench.guards import GUARDS, PACKAGE, ROOT, Guard, Removal, changed, failures, named_tests

PAGE = ROOT / "docs/promises.md"
_NAMED = re.compile(r"`(tests/[^`]+)`")


def defined(file: Path) -> set[str]:
    """The functions and classes of a module, methods by their own names."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


def inherited() -> set[str]:
    """The tests of the contract, which its subclasses inherit."""
    return {name for file in (PACKAGE / "testing/contract").glob("*.py") for name in defined(file)}


def is_test(name: str) -> bool:
    """Whether a test, or a module, of this name exists."""
    path, *parts = name.partition("[")[0].split("::")
    file = ROOT / path
    if not file.is_file() or file.suffix != ".py":
        return file.is_file()
    known = defined(file)
    return all(part in known or (len(parts) == 2 and part in inherited()) for part in parts)


def named() -> list[str]:
    return sorted(set(_NAMED.findall(PAGE.read_text(encoding="utf-8"))))


def test_every_promise_names_a_test() -> None:
    rows = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and "---" not in line
    ]
    without = [
        row
        for row in rows
        if not _NAMED.search(row)
        and not row.endswith(("| verified by |", "| tests that fail without it |"))
    ]
    assert without == []
    assert len(rows) > 40


@pytest.mark.parametrize("name", named())
def test_every_test_that_is_named_exists(name: str) -> None:
    assert is_test(name)


def test_a_test_that_does_not_exist_is_seen() -> None:
    assert not is_test("tests/chaos/test_promises.py::test_of_nothing")
    assert not is_test("tests/test_nothing.py")


def test_the_page_lists_every_guard_with_its_tests() -> None:
    assert [guard.name for guard in GUARDS if not guard.tests] == []
    assert [name for name in named_tests() if name not in {each.name for each in GUARDS}] == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name.partition(":")[0])
def test_every_guard_is_where_the_bench_looks_for_it(guard: Guard) -> None:
    """Where this fails, the code was changed: put its new text into bench/guards.txt.

    `nox -s chaos` then shows whether its tests still fail without it.
    """
    for removal in guard.removals:
        assert changed(removal)


def test_a_guard_is_found_however_its_code_is_wrapped() -> None:
    removal = Removal("x.py", "if is_bad(a, b):\n    return None", "if False:\n    return None")
    wrapped = "def f():\n    if is_bad(\n        a,\n        b,\n    ):\n        return None\n"
    assert removal.removed_from(wrapped) == "def f():\n    if False:\n        return None\n"
    assert removal.removed_from("if is_bad(a):\n    return None\n") is None


def test_a_guard_that_is_removed_is_missed() -> None:
    """One of them, as a sample; `nox -s chaos` removes each."""
    (proof,) = [guard for guard in GUARDS if guard.name == "the proof of an order's lines"]
    assert failures(proof) == []
