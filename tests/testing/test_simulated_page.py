"""docs/simulated.md: what it says is simulated is, and no more is left out than it says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from avbc.testing import FakeStore
from avbc.testing.fakestore.core import ROUTES
from avbc.testing.fakestore.options import StoreOptions
from avbc.testing.fakestore.routes import Route

HERE = Path(__file__).parent
TEXT = (HERE.parents[1] / "docs" / "simulated.md").read_text(encoding="utf-8")
METHODS = ("get", "post", "put", "delete", "patch")


def table(head: str) -> list[list[str]]:
    """The rows of the table with this first cell of its head."""
    _, _, rest = TEXT.partition(f"\n| {head} |")
    assert rest, head
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def known_tests() -> set[str]:
    return {
        f"{path.name}::{node.name}"
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


def test_each_behavior_has_a_source_and_a_test() -> None:
    rows, there = table("what it does"), known_tests()
    assert len(rows) > 30
    for what, source, tried in rows:
        for part in source.split("; "):
            assert re.match(
                r"\*([Oo]bserved|[Ii]nferred)\*|\*Documented\*: (`(docs|reference)/|the limits)",
                part,
            ), what
        names = re.findall(r"`([^`]+)`", tried)
        assert names, what
        assert set(names) <= there, what


def limit(route: Route) -> str:
    if route.cap is None:
        return "-"
    most = [f"{route.cap.most} at once"] if route.cap.most else []
    apart = [f"none beside a write to the {group}" for group in route.cap.apart_from]
    return ", ".join(most + apart)


def test_each_call_has_its_row() -> None:
    for_each = {
        route.name: [
            " or ".join(f"`{scope}`" for scope in sorted(route.scopes)) or "none",
            limit(route),
        ]
        for route in ROUTES
    }
    assert {call.strip("`"): rest for call, _, *rest in table("call")} == for_each


def calls_of(spec: Path) -> set[str]:
    version = spec.stem.rpartition(".")[2]
    return {
        f"{method.upper()} /{version}{re.sub(r'{[^}]+}', '{id}', path.removeprefix(f'/{version}'))}"
        for path, item in json.loads(spec.read_text(encoding="utf-8"))["paths"].items()
        for method in METHODS
        if method in item
    }


def test_the_files_describe_these_calls_and_so_many_others(specs: Path) -> None:
    simulated: dict[str, set[str]] = {}
    for call, file, *_ in table("call"):
        simulated.setdefault(file, set()).add(call.strip("`"))
    others = {file: int(number) for file, number, _ in table("of this file")}
    assert set(others) <= set(simulated)
    for file, calls in simulated.items():
        stem = Path(file.strip("`")).name.removesuffix(".yml").removesuffix(".oas2")
        described = calls_of(specs / f"{stem}.json")
        assert calls <= described, file
        assert len(described - calls) == others.get(file, 0), file


def test_what_helps_instead_is_there() -> None:
    for what, instead in table("not simulated"):
        for name in re.findall(r"`(\w+)", instead):
            assert hasattr(FakeStore, name) or name in (
                *StoreOptions.__annotations__,
                "channel_id",
            ), what
