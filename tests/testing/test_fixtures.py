"""The fixtures of the plugin, as the test suite of a program that embeds avbc uses them."""

from __future__ import annotations

import importlib.util
import inspect
import re
import runpy

import attrs
import httpx
import pytest

import avbc
from avbc.testing import FakeStore, MemoryGateway, fixtures, item, plugin


def test_an_import(orchestrator: avbc.Orchestrator, fake_store: FakeStore, books) -> None:
    order = fake_store.place_order([item("MUG-BLUE", 2)])
    assert [each.order_id for each in orchestrator.import_orders().imported] == [order.id]
    assert fake_store.order(order.id).header["status"] == "Awaiting Shipment"
    (sales_order,) = books.sales_orders([f"WEB{order.id}"])
    assert str(sales_order.total) == order.header["total_inc_tax"].removesuffix("00")


def test_nothing_waits(orchestrator: avbc.Orchestrator, fake_store: FakeStore) -> None:
    fake_store.place_order()
    faults = [
        fake_store.fail("GET /v2/orders", "429", reset_ms=20_000),
        fake_store.fail("PUT /v2/orders/*", "503", at=2),
    ]
    assert orchestrator.import_orders().imported
    assert [fault.hits for fault in faults] == [1, 1]


def test_an_orchestrator_of_ones_own(
    settings: avbc.Settings, books: avbc.SqlGateway, fake_store: FakeStore
) -> None:
    order = fake_store.place_order()

    def renamed(_: object, bundle: avbc.acctvantage.OrderBundle) -> avbc.acctvantage.OrderBundle:
        return attrs.evolve(bundle, order=attrs.evolve(bundle.order, po_number="PO 7"))

    with avbc.Orchestrator(settings, books, customise=[renamed]) as web:
        assert web.import_orders().imported
    assert [each.po_number for each in books.sales_orders([f"WEB{order.id}"])] == ["PO 7"]


class TestOwnSettings:
    @pytest.fixture
    def settings(self, settings: avbc.Settings) -> avbc.Settings:
        status = attrs.evolve(settings.order_status, import_source_code="SHP")
        return attrs.evolve(settings, order_status=status)

    def test_are_used(self, orchestrator: avbc.Orchestrator, fake_store: FakeStore, books) -> None:
        order = fake_store.place_order()
        orchestrator.import_orders()
        assert books.sales_orders([f"SHP{order.id}"])


class TestOwnBooks:
    @pytest.fixture
    def books(self, books: avbc.SqlGateway) -> MemoryGateway:
        own = MemoryGateway(books.reference_data())
        own.add_products(books.products())
        return own

    def test_are_used(self, orchestrator: avbc.Orchestrator, fake_store: FakeStore, books) -> None:
        order = fake_store.place_order()
        assert orchestrator.import_orders().imported
        assert isinstance(books, MemoryGateway)
        assert books.sales_orders([f"WEB{order.id}"])


class TestAnother:
    @pytest.fixture
    def settings(self) -> str:
        return "another"

    def test_fixture_of_the_name_wins(self, settings: str, fake_store: FakeStore) -> None:
        assert (settings, fake_store.counts()) == ("another", {})


class TestSecrets:
    @pytest.fixture(autouse=True)
    def token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AVBC_ACCESS_TOKEN", "a-real-token")

    def test_of_the_environment_are_not_read(
        self, settings: avbc.Settings, fake_store: FakeStore
    ) -> None:
        assert settings.require_access_token().reveal() == fake_store.access_token


def test_what_is_not_the_stores_is_refused(fake_store: FakeStore) -> None:
    with pytest.raises(AssertionError, match="not mocked"):
        httpx.get("https://other.example.com/")


@pytest.mark.parametrize("name", ["fake_store", "books", "settings", "orchestrator"])
def test_each_example_passes(name: str, request: pytest.FixtureRequest) -> None:
    (sample,) = re.findall(
        r"```python\n(.*?)```", inspect.getdoc(getattr(fixtures, name)) or "", re.DOTALL
    )
    names: dict[str, object] = {}
    exec(sample, names)  # the samples of our own docstrings
    (test,) = (value for key, value in names.items() if key.startswith("test_"))
    test(*map(request.getfixturevalue, inspect.signature(test).parameters))


def test_settings_stays_the_fixture_of_django(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest-django has a fixture of this name, and the last plugin loaded would win."""
    assert hasattr(plugin, "settings")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    offered = runpy.run_path(plugin.__file__)
    assert "settings" not in offered
    assert "orchestrator" in offered
