"""The samples of CONTRIBUTING.md work as they are written."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import avbc.orchestrator.orchestrator
import avbc.testing.fakestore.abilities
from avbc import BigCommerce, Orchestrator, PushReport, Settings, SqlGateway
from avbc.testing import FakeStore, example
from avbc.testing.fakestore.abilities import Abilities

PAGE = Path(__file__).parents[1] / "CONTRIBUTING.md"
SAMPLES = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
JOB, METHOD, ABILITY = SAMPLES


@pytest.fixture
def job() -> Iterator[ModuleType]:
    module = ModuleType("external_ids")
    sys.modules[module.__name__] = module
    exec(JOB, vars(module))  # our own page
    yield module
    del sys.modules[module.__name__]


def test_a_job_is_one_file_and_one_method(job: ModuleType, books_toml: Path) -> None:
    store = FakeStore()
    example.populate(store, orders=8)
    names = {**vars(avbc.orchestrator.orchestrator), job.__name__: job}
    methods: dict[str, Any] = {}
    exec(METHOD, names, methods)
    push = methods["push_external_ids"]
    with (
        SqlGateway() as books,
        BigCommerce(store.api_url, "example-token", transport=store.transport()) as client,
    ):
        books.load(books_toml)
        with Orchestrator(
            Settings.from_dict(example.settings_dict(store.api_url)), books, store=client
        ) as web:
            imported = web.import_orders().imported
            assert imported
            planned = push(web, preview=True)
            assert [change.after for change in planned.sent] == [
                outcome.import_id for outcome in imported
            ]
            assert not any(has_external_id(store, each.order_id) for each in imported)
            report: PushReport = push(web)
            assert len(report.sent) == len(imported)
            assert all(has_external_id(store, each.order_id) for each in imported)
            again: PushReport = push(web)
            assert (len(again.sent), again.unchanged) == (0, len(imported))


def has_external_id(store: FakeStore, order_id: int) -> bool:
    return store.order(order_id).header.get("external_order_id") == f"WEB{order_id}"


def test_an_ability_is_one_method(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {**vars(avbc.testing.fakestore.abilities)}
    exec(ABILITY, names)
    (name,) = [node.name for node in ast.parse(ABILITY).body if isinstance(node, ast.FunctionDef)]
    monkeypatch.setattr(Abilities, name, names[name], raising=False)
    store: Any = FakeStore()
    store.rename_status(9, "Packing")
    with BigCommerce(store.api_url, "example-token", transport=store.transport()) as client:
        labels = {status.id: status.custom_label for status in client.order_statuses.list()}
    assert labels[9] == "Packing"
