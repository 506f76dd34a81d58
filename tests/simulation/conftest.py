"""The simulation is next to these tests, and the bench with the guards in tests/chaos."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "chaos"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run it once: it takes long."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.one_python)
