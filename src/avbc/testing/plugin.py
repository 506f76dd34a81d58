"""The pytest plugin: fixtures that come with `pip install avbc[testing]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from avbc.testing.fakestore.store import FakeStore


@pytest.fixture
def fake_store() -> Iterator[FakeStore]:
    """A `FakeStore` that answers httpx requests to its `api_url`; other requests raise."""
    import respx  # noqa: PLC0415  # only tests that use the fixture need it

    # Every pytest run loads the plugin.
    from avbc.testing.fakestore.store import FakeStore  # noqa: PLC0415

    store = FakeStore()
    with respx.mock(assert_all_called=False, assert_all_mocked=True) as router:
        store.mount(router)
        yield store
