"""Each failure gives one clear error; only an order's own sets its Import Error Status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from avbc.acctvantage import BooksUnreachable, CreatedOrder, OrderBundle, SqlGateway
from avbc.acctvantage.errors import BooksRefused, BooksUnusable
from avbc.bigcommerce import (
    BadAnswer,
    ScopeMissing,
    StoreUnavailable,
    StoreUnreachable,
    TokenRefused,
)
from avbc.errors import AvbcError, FinalError, TransientError
from avbc.orchestrator import JournalUnreachable, Orchestrator
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, order_of_shape
from avbc.testing.example import plain_orders
from avbc.testing.fakestore.faults import FaultKind

NEW, DOWNLOADED, IMPORT_ERROR = 11, 9, 12

Join = Callable[..., Orchestrator]


@pytest.fixture
def waiting(store: FakeStore) -> list[int]:
    return [store.add_order(order).id for order in plain_orders(3)]


def untouched(store: FakeStore, books: SqlGateway, order_ids: list[int]) -> bool:
    is_new = all(store.order(order_id).header["status_id"] == NEW for order_id in order_ids)
    return (
        is_new
        and books.sales_orders() == []
        and books.receipts() == []
        and len(books.clients()) == 1
    )


def test_a_wrong_token(join: Join, store: FakeStore, books: SqlGateway, waiting: list[int]) -> None:
    web = join(token="another-token")
    with pytest.raises(TokenRefused, match="access token is wrong") as caught:
        web.import_orders()
    assert "another-token" not in str(caught.value)
    assert untouched(store, books, waiting)


@pytest.mark.parametrize(
    ("scope", "needed"),
    [
        ("store_v2_orders", "Orders: modify"),
        ("store_v2_transactions", "Order Transactions: read-only"),
    ],
)
def test_a_missing_scope(
    join: Join, store: FakeStore, books: SqlGateway, waiting: list[int], *, scope: str, needed: str
) -> None:
    """A token that may list orders and not set their status is refused before any write."""
    store.scopes -= {scope, f"{scope}_read_only"}
    store.scopes |= {"store_v2_orders_read_only"}
    with pytest.raises(ScopeMissing, match=needed) as caught:
        join().import_orders()
    assert caught.value.scope == needed
    assert untouched(store, books, waiting)


def test_no_orders_scope_at_all(
    join: Join, store: FakeStore, books: SqlGateway, waiting: list[int]
) -> None:
    store.scopes -= {"store_v2_orders", "store_v2_orders_read_only"}
    with pytest.raises(ScopeMissing, match="Orders: read-only"):
        join().import_orders()
    assert untouched(store, books, waiting)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("html_502", StoreUnavailable),
        ("503", StoreUnavailable),
        ("cut_json", BadAnswer),
        ("html_200", BadAnswer),
        ("truncated", StoreUnreachable),
        ("refused", StoreUnreachable),
        ("timeout", StoreUnreachable),
    ],
)
def test_a_store_that_fails(
    join: Join,
    store: FakeStore,
    books: SqlGateway,
    waiting: list[int],
    *,
    fault: FaultKind,
    error: type[AvbcError],
) -> None:
    store.fail("GET /v2/orders", fault)
    web = join()
    with pytest.raises(error, match=r"GET /v2/orders") as caught:
        web.import_orders()
    assert isinstance(caught.value, TransientError)
    assert untouched(store, books, waiting)
    assert len(web.import_orders().imported) == 3


@pytest.mark.parametrize("fault", ["html_502", "cut_json"])
def test_a_store_that_fails_for_the_only_order(
    join: Join, store: FakeStore, books: SqlGateway, fault: FaultKind
) -> None:
    order_id = store.add_order(order_of_shape("captured")).id
    store.fail("GET /v3/orders/*/transactions", fault)
    report = join().import_orders()
    assert [(outcome.order_id, outcome.problems[0].code) for outcome in report.postponed] == [
        (order_id, "store_failed")
    ]
    assert untouched(store, books, [order_id])


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("null_total", "order_unreadable"),
        ("off_by_a_cent", "total_does_not_foot"),
        ("unknown_sku", "sku_unknown"),
        ("unmapped_method", "payment_method_unmapped"),
    ],
)
def test_an_order_of_which_something_is_wrong(
    join: Join, store: FakeStore, books: SqlGateway, shape: str, code: str
) -> None:
    order_id = store.add_order(order_of_shape(shape)).id
    report = join().import_orders()
    (outcome,) = report.refused
    (problem,) = outcome.problems
    assert problem.code == code
    assert problem.fix
    header = store.order(order_id).header
    assert header["status_id"] == IMPORT_ERROR
    assert code in str(header["staff_notes"])
    assert (books.sales_orders(), books.receipts(), len(books.clients())) == ([], [], 1)


def test_an_order_that_cannot_be_read_is_explained_by_what_is_known(
    join: Join, store: FakeStore
) -> None:
    order_id = store.add_order(order_of_shape("null_total")).id
    web = join()
    web.import_orders()
    explained = web.explain(order_id)
    assert explained.summary().startswith(
        f"Order {order_id} as WEB{order_id}: The order cannot be read: total_inc_tax: a value is "
    )
    assert "The order is 'Manual Verification Required', and only" in str(explained)


def test_the_cent_is_named_with_its_place(join: Join, store: FakeStore) -> None:
    store.add_order(order_of_shape("off_by_a_cent"))
    (problem,) = join().import_orders().refused[0].problems
    assert problem.field == "total_inc_tax"
    assert "0.01" in problem.message


def test_books_that_cannot_be_reached(
    join: Join, store: FakeStore, waiting: list[int], tmp_path: Path
) -> None:
    with (
        SqlGateway(f"sqlite:///{tmp_path}/no/such/folder/books.db") as nowhere,
        pytest.raises(BooksUnreachable, match=r"books\.db"),
    ):
        join(books=nowhere).import_orders()
    assert [store.order(order_id).header["status_id"] for order_id in waiting] == [NEW] * 3


def test_a_server_of_books_that_cannot_be_reached_keeps_its_password_to_itself(
    join: Join, store: FakeStore, waiting: list[int]
) -> None:
    with SqlGateway(
        "postgresql://avbc:example-password@127.0.0.1:1/books?connect_timeout=1"
    ) as nowhere:
        with pytest.raises(BooksUnreachable) as caught:
            join(books=nowhere).import_orders()
        assert "example-password" not in str(caught.value)
    assert store.log == []


def test_a_journal_that_cannot_be_reached(
    join: Join, store: FakeStore, books: SqlGateway, waiting: list[int], tmp_path: Path
) -> None:
    with pytest.raises(JournalUnreachable, match=r"journal\.db"):
        join(journal=f"sqlite:///{tmp_path}/no/journal.db").import_orders()
    assert untouched(store, books, waiting)


def test_without_an_access_token_the_settings_are_at_fault(
    settings: Settings, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVBC_ACCESS_TOKEN", raising=False)
    tokenless = attrs.evolve(settings, store=attrs.evolve(settings.store, access_token=None))
    with (
        Orchestrator(tokenless, books) as web,
        pytest.raises(SettingsError, match=r"store\.access_token"),
    ):
        web.import_orders()


class FailingBooks(SqlGateway):
    """Books whose nth new order fails."""

    def __init__(self, url: str, error: Exception, at: int) -> None:
        super().__init__(url)
        self.error = error
        self.at = at

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        self.at -= 1
        if self.at == 0:
            raise self.error
        return super().create_order(bundle)


@pytest.fixture
def failing(books_toml: Path) -> Iterator[Callable[..., FailingBooks]]:
    with ExitStack() as stack:

        def made(error: Exception, at: int = 2) -> FailingBooks:
            books = stack.enter_context(FailingBooks("sqlite://", error, at))
            books.load(books_toml)
            return books

        yield made


def test_books_that_go_away_in_the_middle_postpone_the_rest(
    join: Join, store: FakeStore, failing: Callable[..., FailingBooks], waiting: list[int]
) -> None:
    books = failing(BooksUnreachable("the books are locked"))
    report = join(books=books).import_orders()
    assert [outcome.order_id for outcome in report.imported] == waiting[:1]
    assert {outcome.order_id: outcome.problems[0].code for outcome in report.postponed} == {
        waiting[1]: "books_unreachable",
        waiting[2]: "run_stopped",
    }
    assert report.stopped == "the books are locked"
    assert [store.order(order_id).header["status_id"] for order_id in waiting] == [
        DOWNLOADED,
        NEW,
        NEW,
    ]
    assert len(books.sales_orders()) == 1
    assert [outcome.order_id for outcome in join(books=books).import_orders().imported] == waiting[
        1:
    ]


def test_a_record_that_the_books_refuse_is_the_orders_problem(
    join: Join, store: FakeStore, failing: Callable[..., FailingBooks], waiting: list[int]
) -> None:
    report = join(books=failing(BooksRefused("no such client"))).import_orders()
    (outcome,) = report.refused
    assert outcome.problems[0].code == "books_refused"
    assert "no such client" in str(store.order(waiting[1]).header["staff_notes"])
    assert len(report.imported) == 2


@pytest.mark.parametrize(("at", "imported"), [(1, 0), (3, 2)])
def test_books_that_must_be_mended_stop_the_run(
    join: Join,
    store: FakeStore,
    failing: Callable[..., FailingBooks],
    waiting: list[int],
    *,
    at: int,
    imported: int,
) -> None:
    """Where nothing was written yet, there is no report to give, and the error is raised."""
    web = join(books=failing(BooksUnusable("tables of a later version"), at))
    if not imported:
        with pytest.raises(BooksUnusable, match="later version"):
            web.import_orders()
    else:
        report = web.import_orders()
        assert len(report.imported) == imported
        assert "later version" in report.stopped
    assert [store.order(order_id).header["status_id"] for order_id in waiting][imported:] == [
        NEW
    ] * (3 - imported)


@pytest.mark.parametrize(
    "error",
    [ZeroDivisionError("oops"), FinalError("not in the protocol"), TransientError("not now")],
)
def test_an_unexpected_failure_postpones_its_order_only(
    join: Join,
    store: FakeStore,
    failing: Callable[..., FailingBooks],
    waiting: list[int],
    error: Exception,
) -> None:
    report = join(books=failing(error)).import_orders()
    (outcome,) = report.postponed
    assert (outcome.order_id, store.order(outcome.order_id).header["status_id"]) == (
        waiting[1],
        NEW,
    )
    assert str(error) in outcome.problems[0].message
    assert len(report.imported) == 2


class OvertakenBooks(SqlGateway):
    """Books into which another process writes the same order just before us."""

    def __init__(self, change: Callable[[OrderBundle], OrderBundle]) -> None:
        super().__init__("sqlite://")
        self.change = change

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        super().create_order(self.change(bundle))
        return super().create_order(bundle)


@pytest.mark.parametrize("same", [True, False])
def test_an_order_that_another_process_imports_meanwhile(
    join: Join, store: FakeStore, books_toml: Path, same: bool
) -> None:
    order_id = next(iter(plain_orders(1))).id
    store.add_order(next(iter(plain_orders(1))))

    def change(bundle: OrderBundle) -> OrderBundle:
        return (
            bundle
            if same
            else attrs.evolve(bundle, order=attrs.evolve(bundle.order, fingerprint="another"))
        )

    with OvertakenBooks(change) as books:
        books.load(books_toml)
        report = join(books=books).import_orders()
        assert len(books.sales_orders()) == 1
    if same:
        assert [outcome.order_id for outcome in report.relinked] == [order_id]
    else:
        assert [outcome.problems[0].code for outcome in report.postponed] == [
            "order_imported_meanwhile"
        ]
        assert store.order(order_id).header["status_id"] == NEW


def test_totals_survive_in_the_report(join: Join, store: FakeStore) -> None:
    store.add_order(order_of_shape("off_by_a_cent"))
    assert join().import_orders().refused[0].total == Decimal("49.81")
