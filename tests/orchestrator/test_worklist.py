"""The worklist: what waits for a person, kept in the journal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.open_items import OpenItems, Raised, Settled
from avbc.orchestrator.worklist import Worklist, WorklistItem

AT = datetime(2026, 1, 2, 12, 5, tzinfo=UTC)


def item(key: str, message: str = "It waits.", area: str = "job") -> WorklistItem:
    return WorklistItem("some_code", key, 0, key, AT, message, "Do something.", area)


@pytest.fixture(params=["sqlite", "postgresql"])
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    url = "sqlite://"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
    opened = Journal(url)
    yield opened
    opened.close()


def test_an_item_is_news_once_and_again_when_it_changes(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item("WEB1"))])
    items.set_reported(items.unreported())
    items.apply([Raised(item("WEB1"))])
    assert items.unreported() == []
    items.apply([Raised(item("WEB1", "It waits longer."))])
    assert [each.message for each in items.unreported()] == ["It waits longer."]


def test_an_item_goes_when_its_cause_goes_and_is_news_when_it_is_back(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item("WEB1"))])
    items.set_reported(items.all())
    items.apply([Settled("job", ("WEB1",))])
    assert items.all() == []
    items.apply([Raised(item("WEB1"))])
    assert items.unreported() == items.all() != []


def test_what_a_person_settled_is_back_when_it_changes(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item("WEB1"))])
    items.hide(items.all())
    items.apply([Raised(item("WEB1"))])
    assert items.all() == []
    items.apply([Raised(item("WEB1", "It changed."))])
    assert [each.message for each in items.all()] == ["It changed."]


def test_the_rest_of_an_area_goes_and_other_areas_and_stores_stay(journal: Journal) -> None:
    items, others = OpenItems(journal, "WEB@abc"), OpenItems(journal, "WEB@xyz")
    others.apply([Raised(item("WEB1"))])
    items.apply([Raised(item("WEB1")), Raised(item("WEB2")), Raised(item("A", area="other"))])
    items.apply([Settled("job", but=frozenset([("job", "some_code", "WEB2")]))])
    assert [each.key for each in items.all()] == ["A", "WEB2"]
    items.apply([Settled("job")])
    assert [each.key for each in items.all()] == ["A"]
    assert [each.key for each in others.all()] == ["WEB1"]


def test_ten_thousand_items_are_listed_in_a_second(journal: Journal) -> None:
    items = OpenItems(journal, "WEB@abc")
    items.apply([Raised(item(f"WEB{number}")) for number in range(10_000)])
    started = time.perf_counter()
    worklist = Worklist(tuple(items.all()))
    assert len(worklist) == 10_000
    assert time.perf_counter() - started < 1
