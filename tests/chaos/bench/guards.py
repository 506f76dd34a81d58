"""What guards a promise, and the tests that fail when it is removed.

Each guard is really removed, in a copy of the package, and its tests are run on the copy: they must
fail. `guards.txt` has the code of each, and `docs/promises.md` its tests.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import attrs

import avbc
from bench.tally import Damage, Row

ROOT = Path(__file__).parents[3]
PACKAGE = Path(avbc.__file__).parent

_TOKEN = re.compile(r"\w+|[^\w\s]")
_TRAILING_COMMA = re.compile(r",(?=\s*[)\]}])")


@attrs.frozen
class Removal:
    """A text of the package, wherever it is in the file, and what is left when it is gone.

    Quoted from column 0. White space, line breaks and trailing commas of the source do not matter.
    """

    path: str
    text: str
    left: str = ""

    def removed_from(self, source: str) -> str | None:
        """The source without the text, or None where the text is not in it."""
        tokens = _TOKEN.findall(_TRAILING_COMMA.sub("", self.text))
        pattern = r"\s*".join(
            rf"(?:,\s*)?{re.escape(token)}" if token in ")]}" else re.escape(token)
            for token in tokens
        )
        found = re.compile(rf"(?P<indent>^ *)?{pattern}", re.MULTILINE)

        def left(match: re.Match[str]) -> str:
            indent = match["indent"] or ""
            return indent + self.left.replace("\n", f"\n{indent}")

        changed, count = found.subn(left, source)
        return changed if count else None


@attrs.frozen
class Guard:
    """A piece of code without which a promise would not be kept."""

    name: str
    tests: tuple[str, ...]
    """Each of them fails without it."""
    removals: tuple[Removal, ...]
    is_lived: bool = False
    """Whether the simulation finds that it is gone (tests/simulation/planted.py)."""


def named_tests(*, lived: bool = False) -> dict[str, tuple[str, ...]]:
    """The tests of each guard, by its name: the last two tables of the page of promises.

    Args:
        lived: Only of what the simulation finds, the first of the two.
    """
    page = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
    tables = page.split("| guard | tests that fail without it |\n| --- | --- |\n")[1:]
    rows = [row for table in tables[: 1 if lived else 2] for row in table.splitlines()]
    cells = [row.strip("| ").partition(" | ") for row in rows if row.startswith("| ")]
    return {name: tuple(re.findall("`([^`]+)`", tests)) for name, _, tests in cells}


def read(file: Path) -> tuple[Guard, ...]:
    """Read a file of guards, or of other removals."""
    tests, lived, found = named_tests(), named_tests(lived=True), dict[str, list[Removal]]()
    for line in file.read_text(encoding="utf-8").splitlines():
        kind, text = line[:1], line[2:]
        if kind == "=":
            removals = found.setdefault(text, [])
        elif kind == "@":
            path = text
            removals.append(Removal(path, ""))
        elif kind in "-+" and line:
            removals += [] if removals else [Removal(path, "")]
            last = removals[-1]
            name, before = ("text", last.text) if kind == "-" else ("left", last.left)
            removals[-1] = attrs.evolve(last, **{name: f"{before}\n{text}" if before else text})
    return tuple(
        Guard(name, tests.get(name, ()), tuple(each), name in lived) for name, each in found.items()
    )


GUARDS = read(Path(__file__).with_name("guards.txt"))


def changed(removal: Removal, package: Path = PACKAGE) -> str:
    """Return the source of a module without what a removal takes out.

    Raises:
        LookupError: Its text is no longer there.
        SyntaxError: What is left is no Python.
    """
    source = (package / removal.path).read_text(encoding="utf-8")
    left = removal.removed_from(source)
    if left is None or left == source:
        raise LookupError(f"{removal.path} does not have: {removal.text}")
    ast.parse(left)
    return left


def without(guard: Guard, folder: Path) -> Path:
    """Copy the package without a guard; returns what is to be put in front of PYTHONPATH.

    Raises:
        LookupError: A text of it is no longer in the package.
    """
    source = folder / "src"
    # What was compiled of the other modules is still good.
    shutil.copytree(PACKAGE, source / "avbc")
    for removal in guard.removals:
        left = changed(removal, source / "avbc")
        (source / "avbc" / removal.path).write_text(left, encoding="utf-8")
    return source


def failures(guard: Guard) -> list[str]:
    """Remove a guard and run each of its tests; returns what is wrong: those that do not fail."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(without(guard, Path(folder))), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        for test in guard.tests:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
            ended = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            # 1: tests were run, and some failed. Anything else is no verdict.
            if ended.returncode != 1:
                wrong.append(f"{test} ends with {ended.returncode}: {ended.stdout[-300:]}")
    return wrong


def guards(some: Iterable[Guard] = GUARDS, *, share: tuple[int, int] = (0, 1)) -> Row:
    """Remove guards one after another; each test of theirs is a point."""
    started = time.monotonic()
    row = Row("guards removed")
    for guard in list(some)[share[0] :: share[1]]:
        for complaint in failures(guard):
            row.complain(guard.name, complaint)
        for _ in guard.tests:
            row.count(0, Damage(), guard.name)
    row.seconds = time.monotonic() - started
    return row
