from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from avbc.testing import FakeStore
from avbc.testing.fixtures import books, fake_store, orchestrator, settings

__all__ = ["books", "fake_store", "orchestrator", "settings"]

SPECS = Path(__file__).parents[2] / "../shared/bigcommerce/specs"


class Clock:
    """Unix seconds that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 1_772_463_600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> FakeStore:
    return FakeStore(clock=clock)


@pytest.fixture
def ask(store: FakeStore) -> Callable[..., tuple[int, object]]:
    """Ask the core: (method, path and query, body) to (status, parsed body)."""

    def ask(method: str, target: str, body: object = None) -> tuple[int, object]:
        path, _, query = target.partition("?")
        response = store.request(
            method, path, query, b"" if body is None else json.dumps(body).encode()
        )
        return response.status, json.loads(response.body) if response.body else None

    return ask


@pytest.fixture
def client(store: FakeStore) -> Iterator[httpx.Client]:
    headers = {"X-Auth-Token": store.access_token}
    with httpx.Client(
        transport=store.transport(), base_url=store.api_url.removesuffix("v3/"), headers=headers
    ) as client:
        yield client


@pytest.fixture
def specs() -> Path:
    if not SPECS.is_dir():
        pytest.skip("BigCommerce's OpenAPI files are not beside the repository")
    return SPECS
