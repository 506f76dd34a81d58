"""The bench itself: it sees damage where there is some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from bench.ends import Damage, damage, seen, unreported
from bench.faults import Trial
from bench.tally import Row, merged, table

from avbc.testing import FakeStore


@pytest.fixture
def trial() -> Iterator[Trial]:
    with Trial("few") as trial:
        yield trial


@pytest.fixture
def end(trial: Trial) -> FakeStore:
    """The store after a good run; the books are the trial's."""
    store = trial.store()
    assert trial.until_quiet(store) == ""
    return store


def test_a_good_end_is_no_damage(trial: Trial, end: FakeStore) -> None:
    found = damage(trial.expected, seen(end, trial.books))
    assert not found
    assert str(found) == "none"


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("delete from receipts where order_import_id = 'WEB1002'", "lost"),
        ("update receipts set amount = '19.42' where import_id = 'WEB1001-1'", "off"),
        ("update sales_orders set total = '19.44' where import_id = 'WEB1001'", "off"),
        ("update sales_orders set memo = 'x' where import_id = 'WEB1001'", "other"),
        (
            (
                "update sales_orders set store_order_id = 1001, import_id = 'WEB1001b' where "
                "import_id = 'WEB1002'"
            ),
            "doubled",
        ),
    ],
)
def test_damage_to_the_books_is_seen(
    trial: Trial, end: FakeStore, statement: str, kind: str
) -> None:
    with closing(trial.books.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("pragma foreign_keys = off")
        cursor.execute(statement)
        cursor.execute("pragma foreign_keys = on")
        connection.commit()
    assert getattr(damage(trial.expected, seen(end, trial.books)), kind)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("delete from avbc_worklist where key = 'WEB1005'", "lost"),
        ("update avbc_worklist set message = 'x' where key = 'WEB1005'", "other"),
        ("update avbc_worklist set key = 'WEB1001' where key = 'WEB1005'", "doubled"),
    ],
)
def test_damage_to_the_worklist_is_seen(
    trial: Trial, end: FakeStore, statement: str, kind: str
) -> None:
    with trial.books.engine.begin() as connection:
        assert connection.exec_driver_sql(statement).rowcount
    found = seen(end, trial.books)
    assert getattr(damage(trial.expected, found), kind)
    assert unreported(found, trial.reports) or kind == "lost"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"status_id": 11}, "lost"), ({"staff_notes": "[AcctVantage import error: twice]"}, "other")],
)
def test_damage_to_the_store_is_seen(
    trial: Trial, end: FakeStore, changes: dict[str, object], kind: str
) -> None:
    end.edit_order(1001, **changes)
    assert getattr(damage(trial.expected, seen(end, trial.books)), kind)


def test_what_was_tried_is_added_up() -> None:
    one, other = Row("death: few"), Row("death: few")
    one.count(7, Damage(), "point 1")
    other.count(7, Damage(lost=["a"], doubled=["b", "c"]), "point 2")
    other.complain("point 3", "it never came")
    (row,) = merged([one, other])
    assert row.wrong == [
        "death: few, point 2: lost: a | doubled: b; c",
        "death: few, point 3: it never came",
    ]
    assert table([row]).splitlines() == [
        "kind        points tried  orders  lost  doubled  off by a cent",
        "----------  ------------  ------  ----  -------  -------------",
        "death: few             2      14     1        2              0",
        "all                    2      14     1        2              0",
    ]
