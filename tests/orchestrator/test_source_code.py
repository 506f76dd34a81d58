"""The Import Source Code of a store, which the books have its orders under."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, MemoryGateway, OrderFactory

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def refuse_second(
    join: Join, store: FakeStore, change: Change, new_books: Callable[..., SqlGateway]
) -> Callable[[SqlGateway | MemoryGateway, str], None]:
    """Try a second code with books that have an order, and follow the advice."""

    def refused(books: SqlGateway | MemoryGateway, code: str) -> None:
        factory = OrderFactory()
        first = store.add_order(factory.plain()).id
        join(books=books).import_orders()
        last = store.add_order(factory.plain()).id
        before = books.sales_orders()
        # Another process, whose journal knows nothing.
        renamed = change(order_status={"import_source_code": code})
        web = join(books=books, settings=renamed, journal="sqlite://")
        store.log.clear()
        for run in (
            web.import_orders,
            web.preview_orders,
            lambda: web.import_order(first),
            lambda: web.import_orders(ids=[first]),
            web.follow_orders,
            web.push_order_statuses,
            lambda: web.reconcile(date(2026, 1, 1)),
            lambda: web.backtest(renamed, date(2026, 1, 1)),
            lambda: web.explain(first),
            lambda: web.history(first),
        ):
            with pytest.raises(SettingsError) as raised:
                run()
            message = str(raised.value)
            assert f"import_source_code: is {code!r}, and the books have the orders" in message
            assert f"({store.store_hash}) under 'WEB'" in message
            assert "Set it back to 'WEB'." in message
        assert {entry.method for entry in store.log} <= {"GET"}
        assert books.sales_orders() == before
        (item,) = web.worklist()
        assert item.fix.startswith("Correct order_status.import_source_code in the settings. The")
        (check,) = [each for each in web.check_setup().checks if each.area == "source code"]
        assert check.state == "error"
        assert "under 'WEB'" in check.found
        assert check.fix.startswith("Set it back to 'WEB'. To begin under another code,")
        # Both ways of the advice are good.
        elsewhere = join(books=new_books(), settings=renamed).import_order(last)
        assert [each.import_id for each in elsewhere.imported] == [f"{code}{last}"]
        web.use(change())
        assert [each.import_id for each in web.import_order(last).imported] == [f"WEB{last}"]

    return refused


def test_a_second_code_is_refused_where_the_settings_change_meanwhile(
    join: Join, store: FakeStore, change: Change, factory: OrderFactory
) -> None:
    order_id = store.add_order(factory.plain()).id
    web = join()
    assert web.import_orders().imported
    # By now the books have said of the first code that it is right.
    assert web.import_orders().ok
    web.use(change(order_status={"import_source_code": "SHP"}))
    with pytest.raises(SettingsError, match="under 'WEB'"):
        web.import_orders(ids=[order_id])
    assert {row.source_code for row in web.books.sales_orders()} == {"WEB"}
    web.use(change())
    assert web.import_orders().ok


@pytest.mark.parametrize("code", ["web", "SHP"])
def test_a_second_code_is_refused_before_anything_is_written(
    both: SqlGateway, refuse_second: Callable[[SqlGateway, str], None], code: str
) -> None:
    refuse_second(both, code)


def test_a_second_code_is_refused_for_books_of_ones_own(
    books: SqlGateway, refuse_second: Callable[[MemoryGateway, str], None]
) -> None:
    own = MemoryGateway(books.reference_data())
    own.add_products(books.products())
    refuse_second(own, "web")


def test_a_store_whose_code_is_another_stores_goes_back_to_its_own(
    join: Join, store: FakeStore, books: SqlGateway, change: Change, factory: OrderFactory
) -> None:
    store.add_order(factory.plain())
    join().import_orders()
    other = FakeStore(store_hash="xyz789")
    theirs = change(store={"api_url": other.api_url}, order_status={"import_source_code": "XYZ"})
    other.add_order(OrderFactory(first_id=5).plain())
    second = join(settings=theirs, transport=other.transport())
    assert len(second.import_orders().imported) == 1
    second.use(change(store={"api_url": other.api_url}))
    with pytest.raises(SettingsError, match=r"orders of the store abc123 .* back to 'XYZ'"):
        second.import_orders()
    second.use(theirs)
    assert second.import_orders().imported == []


def test_a_store_without_orders_in_the_books_may_change_its_code(
    join: Join, store: FakeStore, change: Change, factory: OrderFactory
) -> None:
    web = join()
    web.import_orders()
    web.use(change(order_status={"import_source_code": "web"}))
    order_id = store.add_order(factory.plain()).id
    assert [each.import_id for each in web.import_orders().imported] == [f"web{order_id}"]
