"""The house: no circle of imports, no long module, no function of many parameters, no wide line."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import avbc
from avbc.documentation import PAGES

pytestmark = pytest.mark.one_python

HOUSE = Path(avbc.__file__).parent
DOCS = Path(__file__).parents[1] / "docs"
MOST_LINES, MOST_COLUMNS, MOST_PARAMETERS = 600, 100, 6

# Constructors and methods whose options a user chooses by name.
OPTIONS = {
    "avbc.bigcommerce.base.StoreClient.__init__",
    "avbc.bigcommerce.endpoints.catalog.list_products",
    "avbc.bigcommerce.endpoints.catalog.list_variants",
    "avbc.bigcommerce.endpoints.customers.list_customers",
    "avbc.bigcommerce.endpoints.orders.list_orders",
    "avbc.orchestrator.connected.Connected.__init__",
    "avbc.testing.factories.factory.OrderFactory.__init__",
    "avbc.testing.fakestore.merchant.Merchant.refund",
    "avbc.testing.fakestore.core.Core.__init__",
    "avbc.testing.process.StoreProcess.__init__",
}


@cache
def sources() -> dict[str, str]:
    """The source of every module by its name; a package's name is that of its `__init__`."""
    found: dict[str, str] = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = ("avbc", *path.relative_to(HOUSE).with_suffix("").parts)
        found[".".join(parts).removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


@cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(source) for name, source in sources().items()}


def imported(tree: ast.Module, modules: dict[str, ast.Module]) -> Iterator[str]:
    """The modules of avbc that a module imports: for type checkers and inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module in modules:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules else str(node.module)


def functions(scope: ast.AST, prefix: str) -> Iterator[tuple[str, ast.arguments]]:
    """The parameters of each function in a module, by its full name."""
    for node in ast.iter_child_nodes(scope):
        name = prefix
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}.{node.name}"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield name, node.args
        yield from functions(node, name)


@pytest.mark.one_python
def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: {*imported(tree, trees())} - {name} for name, tree in trees().items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_imports_are_absolute() -> None:
    """Otherwise the circles above would not be seen."""
    relative = {
        name
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    }
    assert relative == set()


def test_no_module_is_long() -> None:
    lengths = {name: len(source.splitlines()) for name, source in sources().items()}
    long = {name: length for name, length in lengths.items() if length > MOST_LINES}
    assert long == {}


def test_no_line_is_wide() -> None:
    """No pragma and no URL makes an exception, as they do for ruff."""
    wide = [
        f"{name}:{number}"
        for name, source in sources().items()
        for number, line in enumerate(source.splitlines(), 1)
        if len(line) > MOST_COLUMNS
    ]
    assert wide == []


def test_no_function_has_many_parameters() -> None:
    many: dict[str, int] = {}
    for module, tree in trees().items():
        for name, arguments in functions(tree, module):
            parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
            names = [parameter.arg for parameter in parameters]
            count = len(names) - (names[:1] in (["self"], ["cls"]))
            if count > MOST_PARAMETERS:
                many[name] = count
    assert many.keys() == OPTIONS, many


def test_messages_quote_by_the_one_function() -> None:
    # `!r` escapes a quote: 'O\'Hara "1"'. A repr, code that is made, code to copy and the words of
    # Python stay.
    python = {"avbc.bigcommerce.decoding", "avbc.lazy", "avbc.testing.memory_gateway.whole"}
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        if name not in python
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.conversion == ord("r")
        if not any(
            scope.name == "__repr__" and scope.lineno <= node.lineno <= (scope.end_lineno or 0)
            for scope in ast.walk(tree)
            if isinstance(scope, ast.FunctionDef)
        )
    ]
    assert not found, f"write quoted(...) in place of !r: {found}"


def test_messages_name_the_documentation_as_their_reader_finds_it() -> None:
    """No file of `docs/` is installed: a message names a page by its title."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees().items()
        for scope in ast.walk(tree)
        for node in ast.iter_child_nodes(scope)
        if isinstance(node, ast.Constant)
        and not isinstance(scope, ast.Expr)
        and re.search(r"docs/\w+\.md", str(node.value))
    ]
    assert found == []
    for page, title in PAGES.items():
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {title}\n")
