"""Names that load when they are first used, so that a package is cheap to import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module


def lazy_names(
    package: str, names: Sequence[str], *homes: str
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make the `__getattr__` and the `__dir__` of a package.

    Args:
        package: Its full name.
        names: Its public names.
        *homes: The modules of the package in which a name is looked for, in this sequence: those
            that bring little with them first.

    >>> find, names = lazy_names("avbc", ["Fault"], "errors")
    >>> find("Fault").__name__, names()
    ('Fault', ['Fault'])
    """

    def find(name: str) -> object:
        for home in homes if name in names else ():
            module = import_module(f"{package}.{home}")
            if hasattr(module, name):
                value: object = getattr(module, name)
                setattr(sys.modules[package], name, value)  # found without this from now on
                return value
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find, lambda: sorted(names)
