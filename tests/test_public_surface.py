"""The public surface: kept in a list, and each name of it in the reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import Signature, ismemberdescriptor, signature
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

import avbc
from avbc import acctvantage, bigcommerce, mapping, orchestrator, settings, testing

ROOT = Path(__file__).parents[1]
KEPT = Path(__file__).with_name("public_surface.txt")
PACKAGES = (avbc, acctvantage, bigcommerce, mapping, orchestrator, settings, testing)


def lines() -> Iterator[str]:
    """Each public name, and of a class each method and property, with names of parameters."""
    for package in PACKAGES:
        for name in sorted(package.__all__):
            value = getattr(package, name)
            if package is not avbc and getattr(avbc, name, None) is value:
                continue
            yield f"{package.__name__}.{name}{parameters(value)}"
            if isinstance(value, type) and value.__module__.startswith("avbc."):
                for member in sorted(set(dir(value)) - set(dir(Exception)) - set(dir(type))):
                    found = getattr(value, member)
                    # Fields are in the constructor.
                    if not (member.startswith(("_", "test_")) or ismemberdescriptor(found)):
                        yield f"  {member}{parameters(found)}"


def parameters(value: object) -> str:
    try:
        given = signature(value).parameters.values() if callable(value) else None
    except (TypeError, ValueError):
        return ""
    if given is None:
        return ""
    plain = [each.replace(annotation=each.empty) for each in given]
    optional = [each if each.default is each.empty else each.replace(default=...) for each in plain]
    return str(Signature(optional)).replace("=Ellipsis", "=...")


@pytest.mark.one_python
def test_the_surface_is_the_kept_one() -> None:
    """A name that goes or a parameter that changes breaks programs: it is in CHANGELOG.md then.

    To keep the new surface: `python tests/test_public_surface.py`.
    """
    assert list(lines()) == KEPT.read_text(encoding="utf-8").splitlines()


# The reference


def documented() -> Iterator[tuple[ModuleType, str]]:
    """The module and the name of everything that a directive of docs/api/ shows."""
    for page in sorted((ROOT / "docs" / "api").glob("*.md")):
        for kind, target, options in re.findall(
            r"^\.\. auto(module|class|data):: (\S+)\n((?:   .*\n)*)",
            page.read_text(encoding="utf-8"),
            re.MULTILINE,
        ):
            if kind != "module":
                module, _, name = target.rpartition(".")
                yield import_module(module), name
                continue
            members = re.search(r":members:(.*)", options)
            assert members, target
            shown = import_module(target)
            named = [name.strip() for name in members[1].split(",") if name.strip()]
            # Without a list, Sphinx shows what the module says it has made.
            own = [key for key, each in vars(shown).items() if is_of(each, target)]
            for name in named or own:
                yield shown, name


def is_of(value: object, module: str) -> bool:
    return getattr(value, "__module__", module) == module


REFERENCE = list(documented())


def test_every_name_of_the_reference_is_there() -> None:
    assert [f"{module}.{name}" for module, name in REFERENCE if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", [avbc, testing], ids=["avbc", "avbc.testing"])
def test_every_public_name_is_in_the_reference(package: ModuleType) -> None:
    shown = {(name, id(getattr(module, name))) for module, name in REFERENCE}
    wanted = {(name, id(getattr(package, name))) for name in package.__all__ if name[0] != "_"}
    assert [name for name, _ in wanted - shown] == []


def has_example(value: object) -> bool:
    """Whether its docstring, or that of one of its methods, has an example; pytest runs them."""
    members = vars(value).values() if isinstance(value, type) else ()
    docs = [each.__doc__ or "" for each in (value, *members)]
    return any(">>>" in text or "```python" in text for text in docs)


@pytest.mark.parametrize("package", [avbc, testing], ids=["avbc", "avbc.testing"])
def test_every_public_class_and_function_has_an_example(package: ModuleType) -> None:
    values = {name: getattr(package, name) for name in package.__all__}
    made = {name: each for name, each in values.items() if isinstance(each, type | FunctionType)}
    assert len(made) > 20
    assert [name for name, each in made.items() if not has_example(each)] == []


if __name__ == "__main__":
    KEPT.write_text("".join(f"{line}\n" for line in lines()), encoding="utf-8")
