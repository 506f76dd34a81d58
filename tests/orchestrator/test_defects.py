"""Exceptions of books of one's own: an outage, or a defect that waits for a person."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from avbc.acctvantage import BooksUnreachable, BooksUnusable, SqlGateway
from avbc.orchestrator import Job, NoSuchOrder, Orchestrator
from avbc.orchestrator.worklist import WorklistItem
from avbc.testing import FakeStore, example

Join = Callable[..., Orchestrator]
Fails = Callable[..., object]
CYCLE = [Job("import_orders"), Job("follow_orders"), Job("check_hooks")]


class MyBooks:
    """Books of an application, of which some methods do something else."""

    def __init__(self, books: SqlGateway, **methods: Callable[..., object]) -> None:
        self._books, self.methods = books, methods
        # A protocol finds no attribute of `__getattr__` since Python 3.12.
        self.journal_engine = books.journal_engine

    def __getattr__(self, name: str) -> Any:
        if name == "create_orders":
            raise AttributeError(name)
        return self.methods.get(name) or getattr(self._books, name)


def raising(error: Exception) -> Fails:
    """A method that raises an error."""

    def method(*_: object, **__: object) -> object:
        raise error

    return method


def returning(answer: object) -> Fails:
    """A method that returns something else."""
    return lambda *_, **__: answer


def yielding(error: Exception) -> Fails:
    """A method that raises an error as its items are taken."""

    def method(*_: object, **__: object) -> Iterator[object]:
        raise error
        yield

    return method


def test_a_defect_names_the_method_and_waits_for_a_person(
    join: Join, books: SqlGateway, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    (order, _) = store.add_orders(list(example.plain_orders(2)))
    before, news = order.header["status_id"], list[list[WorklistItem]]()
    given = MyBooks(books, find_products=raising(AttributeError("no nope")))
    web = join(books=given, on_attention=news.append)
    with pytest.raises(BooksUnusable) as caught:
        web.import_orders()
    said = str(caught.value)
    assert said.startswith("MyBooks.find_products, line ")
    assert said.endswith(
        " of test_defects.py, raised AttributeError: no nope. Correct it in MyBooks."
    )
    assert isinstance(caught.value.__cause__, AttributeError)
    for _ in range(2):
        report = web.run_cycle(CYCLE)
        assert [job.method for job in report.failed] == ["import_orders"]
    (item,) = web.worklist()
    assert (item.code, item.key) == ("run_failed", "import_orders")
    assert said in item.message
    assert [[each.code for each in items] for items in news] == [["run_failed"]]
    assert order.header["status_id"] == before
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.exc_info[0] is AttributeError
    del given.methods["find_products"]
    web.import_orders()
    assert list(web.worklist()) == []


def test_one_defect_that_several_jobs_meet_is_one_item(
    join: Join, books: SqlGateway, store: FakeStore
) -> None:
    news: list[list[WorklistItem]] = []
    store.add_orders(list(example.plain_orders(1)))
    for method in (raising(KeyError("WEB7")), returning({"WEB"})):
        given = MyBooks(books, order_sources=method)
        web = join(books=given, on_attention=news.append)
        for _ in range(2):
            assert len(web.run_cycle(CYCLE).failed) > 1
        (item,) = web.worklist()
        assert "MyBooks.order_sources" in item.message
    assert [len(items) for items in news] == [1, 1]
    join().run_cycle(CYCLE)
    assert list(web.worklist()) == []


LOOKS: dict[str, tuple[str, Callable[[Orchestrator, Path], object]]] = {
    "check_setup": ("reference_data", lambda web, _: web.check_setup()),
    "history": ("sales_orders", lambda web, _: web.history(1001)),
    "page": ("sales_orders_ordered", lambda web, folder: web.page(folder / "seen.html")),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_defect_that_a_look_meets_waits_until_the_look_works(
    join: Join, books: SqlGateway, store: FakeStore, name: str, tmp_path: Path
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    news: list[list[WorklistItem]] = []
    method, look = LOOKS[name]
    given = MyBooks(books, **{method: raising(AttributeError("no nope"))})
    web = join(books=given, on_attention=news.append)
    for _ in range(2):
        with pytest.raises(BooksUnusable, match=f"MyBooks.{method}"):
            look(web, tmp_path)
    (item,) = web.worklist()
    assert (item.code, item.key) == ("run_failed", name)
    assert item.fix.endswith(f"This item goes when {name} works again.")
    assert [len(items) for items in news] == [1]
    del given.methods[method]
    look(web, tmp_path)
    assert list(web.worklist()) == []


def test_the_item_of_a_look_gives_way_to_that_of_a_run(
    join: Join, books: SqlGateway, store: FakeStore
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    given = MyBooks(books, order_sources=raising(KeyError("WEB7")))
    web = join(books=given)
    for look in (web.import_orders, lambda: web.history(1001)):
        with pytest.raises(BooksUnusable):
            look()
        assert [each.key for each in web.worklist()] == ["import_orders"]
    del given.methods["order_sources"]
    web.import_orders()
    given.methods["order_sources"] = raising(KeyError("WEB7"))
    with pytest.raises(BooksUnusable):
        web.history(1001)
    assert [each.key for each in web.worklist()] == ["history"]
    with pytest.raises(BooksUnusable):
        web.import_orders()
    assert [each.key for each in web.worklist()] == ["import_orders"]
    del given.methods["order_sources"]
    web.import_orders()
    assert list(web.worklist()) == []


def test_a_look_that_finds_no_order_leaves_no_item(join: Join) -> None:
    web = join()
    with pytest.raises(NoSuchOrder):
        web.history(77)
    assert list(web.worklist()) == []


def test_another_number_makes_no_other_item(join: Join, books: SqlGateway) -> None:
    news: list[list[WorklistItem]] = []
    for number in (7, 12):
        given = MyBooks(books, order_sources=raising(KeyError(f"at {number}")))
        web = join(books=given, on_attention=news.append)
        with pytest.raises(BooksUnusable, match=f"at {number}"):
            web.import_orders()
    assert [len(items) for items in news] == [1]
    given = MyBooks(books, order_sources=raising(KeyError("another")))
    with pytest.raises(BooksUnusable):
        join(books=given, on_attention=news.append).import_orders()
    assert [len(items) for items in news] == [1, 1]


@pytest.mark.parametrize("name", ["reference_data", "create_order"])
def test_an_outage_of_ones_own_books_is_temporary(
    join: Join, books: SqlGateway, store: FakeStore, name: str
) -> None:
    store.add_orders(list(example.plain_orders(2)))
    for error in (ConnectionError("4D is down"), TimeoutError("late"), OSError("no route")):
        web = join(books=MyBooks(books, **{name: raising(error)}))
        (failed,) = web.run_cycle(CYCLE[:1]).failed
        assert isinstance(failed.failure, BooksUnreachable)
        what = f"raised {type(error).__name__}: {error}"
        assert str(failed.failure).startswith(f"MyBooks.{name}, line ")
        assert str(failed.failure).endswith(what)
    assert list(web.worklist()) == []
    web = join(books=MyBooks(books, reference_data=raising(FileNotFoundError("4d.cfg"))))
    with pytest.raises(BooksUnusable, match="FileNotFoundError"):
        web.import_orders()
    assert len(join().import_orders().imported) == 2


def test_an_iterator_that_raises_is_a_defect_too(join: Join, books: SqlGateway) -> None:
    for method in (yielding(ValueError("odd")), returning(map(int, ["x"]))):
        web = join(books=MyBooks(books, sales_orders_ordered=method))
        with pytest.raises(BooksUnusable, match=r"MyBooks\.sales_orders_ordered.* ValueError: "):
            web.reconcile(since=date(2020, 1, 1))
        (item,) = web.worklist()
        assert item.message.startswith("reconcile failed: MyBooks.sales_orders_ordered")
    join().reconcile(since=date(2020, 1, 1))
    assert list(web.worklist()) == []


def test_an_order_that_a_defect_keeps_out_of_the_books_waits_for_a_person(
    join: Join, books: SqlGateway, store: FakeStore
) -> None:
    orders = store.add_orders(list(example.plain_orders(2)))
    news: list[list[WorklistItem]] = []
    given = MyBooks(books, create_order=raising(ValueError("the server said no")))
    web = join(books=given, on_attention=news.append)
    for _ in range(3):
        report = web.import_orders()
        assert [each.problems[0].code for each in report.postponed] == ["unexpected_error"] * 2
    items = list(web.worklist())
    assert [(each.code, each.order_id) for each in items] == [
        ("unexpected_error", each.id) for each in orders
    ]
    assert "the server said no (MyBooks.create_order, line " in items[0].message
    assert items[0].fix.endswith("The next run tries again.")
    assert [len(each) for each in news] == [2]
    web.follow_orders()
    assert len(web.worklist()) == 2
    assert len(join().import_orders().imported) == 2
    assert list(web.worklist()) == []


def test_what_ends_a_run_in_its_middle_is_on_the_worklist(
    join: Join, books: SqlGateway, store: FakeStore
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    join().import_orders()
    order = books.sales_orders()[0]
    web = join(books=MyBooks(books, receipts=returning([order])))
    report = web.run_cycle(CYCLE)
    (failed,) = report.failed
    assert failed.method == "follow_orders"
    (item,) = web.worklist()
    assert "MyBooks.receipts returned a list that holds a SalesOrder" in item.message


def test_the_texts_of_a_cycle_agree_on_what_failed(
    join: Join, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    report = join(token="x").run_cycle(CYCLE)
    assert len(report.failed) == 3
    assert report.headline.startswith("3 of 3 jobs failed")
    assert [row["ok"] for row in report.to_dicts()] == [False] * 3
    assert all(str(row["outcome"]).startswith("failed: ") for row in report.to_dicts())
    assert all(str(row["outcome"]).startswith("failed: ") for row in report.shown())
    (record,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert "import_orders, follow_orders and check_hooks failed" in record.getMessage()
