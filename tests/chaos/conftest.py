"""The harness of the chaos bench is next to these tests, in the package `bench`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the bench once: it takes long."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.one_python)
