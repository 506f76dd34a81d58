"""Faults of the set-up with which every order would fail: the run ends before the first one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import PaymentMethodMapping, Settings, SettingsError
from avbc.testing import FakeStore, OrderFactory, example, order_of_shape

NEW, DOWNLOADED, IMPORT_ERROR = 11, 9, 12
TOO_EARLY = datetime(2020, 1, 1, tzinfo=UTC)

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

WRONG = [
    ("gl.tax_area", {"gl": {"tax_area": "Moon"}}, "There are: BigCommerce."),
    ("gl.tax_area", {"gl": {"tax_area": "AvaTax"}}, "would compute the store's tax again"),
    ("shipping.warehouse", {"shipping": {"warehouse": "Moon"}}, "There are: Main."),
    ("shipping.warehouse", {"shipping": {"warehouse": "Maine"}}, "'Main'"),
    (
        "order_status.new_sales_order_status",
        {"order_status": {"new_sales_order_status": "Moon"}},
        "There are: ",
    ),
]
ASKED: list[Callable[[Orchestrator, int], object]] = [
    lambda web, _: web.import_orders(),
    lambda web, _: web.preview_orders(),
    lambda web, order_id: web.import_order(order_id),
    lambda web, order_id: web.import_orders(ids=[order_id]),
    lambda web, order_id: web.import_orders(ids=[order_id], preview=True),
    lambda web, _: web.import_orders(since=TOO_EARLY),
    lambda web, _: web.import_orders(retry_errors=True),
]


@pytest.mark.parametrize(("key", "values", "says"), WRONG)
def test_the_run_ends_before_the_first_order_and_nothing_is_marked(
    join: Join,
    change: Change,
    store: FakeStore,
    books: SqlGateway,
    *,
    key: str,
    values: dict[str, dict[str, object]],
    says: str,
) -> None:
    order = store.add_order(OrderFactory().plain())
    before = dict(order.header)
    web = join(settings=change(**values))
    for ask in ASKED:
        with pytest.raises(SettingsError) as caught:
            ask(web, order.id)
        (fault,) = caught.value.faults
        assert fault.key == key
        assert says in fault.message
    assert store.order(order.id).header == before
    assert store.counts() == {}
    assert books.sales_orders() == []
    assert [each.code for each in web.worklist()] == ["run_failed"]
    assert web.history(order.id).entries == ()
    # Corrected, the same order goes through.
    web.use(change())
    assert [each.order_id for each in web.import_orders().imported] == [order.id]
    assert list(web.worklist()) == []


def test_every_fault_is_listed_by_one_error(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> None:
    web = join()
    store.add_order(OrderFactory().plain())
    web.import_orders()
    with books.engine.begin() as connection:
        connection.execute(sa.text("UPDATE sales_orders SET store_hash = 'other'"))
    order = store.add_order(OrderFactory(first_id=2000).plain())
    web.use(
        change(
            gl={"tax_area": "Moon"},
            shipping={"warehouse": "Attic"},
            order_status={
                "new_sales_order_status": "Odd",
                "downloaded_order_status": "Elsewhere",
            },
        )
    )
    with pytest.raises(SettingsError) as caught:
        web.import_orders()
    assert {fault.key for fault in caught.value.faults} == {
        "order_status.import_source_code",
        "order_status.downloaded_order_status",
        "order_status.new_sales_order_status",
        "gl.tax_area",
        "shipping.warehouse",
    }
    assert store.order(order.id).header["status_id"] == NEW


def test_the_timer_reports_it_and_goes_on(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> None:
    order = store.add_order(OrderFactory().plain())
    web = join(settings=change(gl={"tax_area": "Moon"}))
    errors: list[object] = []

    def look(report: object) -> None:
        errors.extend(job.error for job in report.jobs if job.method == "import_orders")  # type: ignore[attr-defined]
        web.stop()

    web.run(on_report=look)
    (error,) = errors
    assert isinstance(error, SettingsError)
    assert "gl.tax_area" in str(error)
    assert store.order(order.id).header["status_id"] == NEW
    assert books.sales_orders() == []


def test_it_ends_when_the_record_is_there(join: Join, store: FakeStore, settings: Settings) -> None:
    order = store.add_order(OrderFactory().plain())
    with SqlGateway("sqlite://") as books:
        books.load(example.books_toml.replace('{ name = "BigCommerce" }, ', ""))
        web = join(books=books)
        with pytest.raises(SettingsError, match="Create it in AcctVantage"):
            web.import_orders()
        books.load(example.books_toml)
        assert [each.order_id for each in web.import_orders().imported] == [order.id]


def test_a_wrong_account_for_discounts_refuses_only_the_orders_that_need_it(
    join: Join, change: Change, store: FakeStore
) -> None:
    factory = OrderFactory()
    plain = store.add_order(factory.plain())
    reduced = store.add_order(order_of_shape("automatic_discount", factory))
    web = join(settings=change(gl={"default_discount_gl_code": "1"}))
    report = web.import_orders()
    assert [each.order_id for each in report.imported] == [plain.id]
    assert [each.order_id for each in report.refused] == [reduced.id]
    assert store.order(reduced.id).header["status_id"] == IMPORT_ERROR


def test_an_explanation_still_shows_everything_that_is_wrong(
    join: Join, change: Change, store: FakeStore
) -> None:
    order = store.add_order(OrderFactory().plain())
    web = join(settings=change(gl={"tax_area": "Moon"}))
    assert [problem.code for problem in web.explain(order.id).errors] == ["tax_area_unknown"]


@pytest.mark.parametrize(
    ("key", "wrong", "near"),
    [
        ("new_order_status", "Awaiting Fulfilment", "Awaiting Fulfillment"),
        ("downloaded_order_status", "Awating Shipment", "Awaiting Shipment"),
        ("import_error_status", "Manual Verification", "Manual Verification Required"),
        ("new_sales_order_status", "Opne", "Open"),
    ],
)
def test_the_error_of_a_run_has_the_near_names_too(
    join: Join, change: Change, *, key: str, wrong: str, near: str
) -> None:
    web = join(settings=change(order_status={key: wrong}))
    with pytest.raises(SettingsError, match=f"Did you mean '{near}'"):
        web.import_orders()
    web.use(change(order_status={key: near}))
    assert web.import_orders().ok


def test_the_fault_comes_first_and_names_three_at_most(
    join: Join, change: Change, books: SqlGateway, store: FakeStore
) -> None:
    books.load({"receipt_types": [f"Terminal {number}" for number in range(9)]})
    wrong = change(
        order_status={"import_error_status": "Manual Verifcation", "new_sales_order_status": "Opn"}
    )
    with pytest.raises(SettingsError) as caught:
        join(settings=wrong).import_orders()
    for fault in caught.value.faults:
        assert not fault.message.startswith("Did you mean")
        assert "Did you mean" in fault.message
        listed = re.search(r"(?:Candidates|There are): (.*?)\.(?: |$)", fault.message)
        assert listed is not None
        assert len(listed[1].split(" and ")[0].split(", ")) <= 3
    row = PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Terminal")
    (check,) = [
        each
        for each in join(settings=change(gl={"payment_methods": (row,)})).check_setup().errors
        if each.item.startswith("gl.payment_methods[0]")
    ]
    assert check.fix.endswith("There are: Terminal 8, Terminal 7, Terminal 6 and 12 more.")
