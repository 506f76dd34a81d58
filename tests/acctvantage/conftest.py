"""Books of each kind, empty, for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from avbc.acctvantage import OrderBundle, SqlGateway
from avbc.testing.contract import make_bundle


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{quote(str(tmp_path))}/books.db"


@pytest.fixture(params=["file", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of books that processes can share."""
    value = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(value, str)
    return value


@pytest.fixture(params=["memory", "file", "postgresql"])
def books(request: pytest.FixtureRequest) -> Iterator[SqlGateway]:
    kind = request.param
    with SqlGateway(
        "sqlite://" if kind == "memory" else request.getfixturevalue(f"{kind}_url")
    ) as gateway:
        yield gateway


@pytest.fixture
def memory() -> Iterator[SqlGateway]:
    with SqlGateway() as gateway:
        yield gateway


@pytest.fixture
def bundle() -> Callable[[int], OrderBundle]:
    return make_bundle
