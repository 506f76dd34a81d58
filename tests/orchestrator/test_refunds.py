"""Refunds become credits: each once, exact to the cent, and only if the settings ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import attrs
import pytest

from avbc.acctvantage import BooksUnreachable, SqlGateway
from avbc.acctvantage.records import Credit
from avbc.bigcommerce import StoreUnavailable
from avbc.orchestrator import Orchestrator, PushReport
from avbc.settings import Settings, SettingsError
from avbc.testing import (
    FakeOrder,
    FakeStore,
    OrderFactory,
    item,
    order_of_shape,
    orders_of_every_shape,
)
from avbc.testing.example import plain_orders

LIST, ORDERS = "GET /v3/orders/payment_actions/refunds", "GET /v2/orders"

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return attrs.evolve(settings, gl=attrs.evolve(settings.gl, import_refunds=True))


@pytest.fixture
def imported(store: FakeStore, web: Orchestrator) -> list[FakeOrder]:
    """Five orders that are in the books."""
    orders = [store.add_order(order) for order in plain_orders(5)]
    assert len(web.import_orders().imported) == 5
    store.clear_log()
    return orders


def line_ids(order: FakeOrder) -> list[int]:
    return [int(str(line["id"])) for line in order.products]


def codes(report: PushReport) -> list[str]:
    return [problem.code for _, change in report for problem in change.problems]


def test_it_is_off_unless_somebody_wants_it(join: Join, change: Change) -> None:
    assert not Settings.from_dict({**_bare()}).gl.import_refunds
    with pytest.raises(SettingsError, match=r"gl\.import_refunds: is false: set it to true"):
        join(settings=change(gl={"import_refunds": False})).import_refunds()


def test_a_refund_becomes_a_credit_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    order = imported[1]
    refund = store.refund(order.id, items={line_ids(order)[0]: 1}, reason="A chip")
    report = web.import_refunds()
    (change,) = report.sent
    total = Decimal(str(refund["total_amount"]))
    assert (change.key, change.what, change.after) == (
        f"WEB{order.id}-CM{refund['id']}",
        "credit",
        f"{total} USD",
    )
    assert {decision.field for decision in change.decisions} > {
        "total",
        "tax",
        "lines[0]",
        "tenders[0]",
    }
    (credit,) = books.credits()
    assert (credit.total, credit.tax) == (total, Decimal(str(refund["total_tax"])))
    assert (
        credit.total
        == sum((line.amount for line in credit.lines), credit.tax)
        == sum(tender.amount for tender in credit.tenders)
    )
    assert (credit.order_import_id, credit.reason, credit.lines[0].store_line_id) == (
        f"WEB{order.id}",
        "A chip",
        line_ids(order)[0],
    )
    assert store.counts() == {LIST: 1, ORDERS: 1}

    again = web.import_refunds()
    assert (list(again), again.unchanged) == ([], 1)
    assert store.counts() == {LIST: 2, ORDERS: 2}
    assert books.credits() == [credit]
    assert [(entry.action, entry.outcome) for entry in web.history(order.id).entries][-1] == (
        "import_refunds",
        "sent",
    )


def test_an_empty_list_in_place_of_a_refund_is_asked_for_once_more(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    web.import_refunds()
    store.refund(imported[0].id)
    # What is of this second is looked at again anyway.
    ago = datetime.now(UTC) - timedelta(minutes=10)
    store.order(imported[0].id).header["date_modified"] = format_datetime(ago)
    store.add_order(store.order(imported[0].id))
    store.fail(LIST, "204")
    assert len(web.import_refunds().sent) == len(books.credits()) == 1


def test_refunds_of_every_shape_are_exact(join: Join, store: FakeStore, books: SqlGateway) -> None:
    """Each order is refunded in part, then the rest: together the credits are what was paid."""
    web = join()
    orders = [store.add_order(order) for order in orders_of_every_shape() if order.importable]
    web.import_orders()
    paid: dict[str, Decimal] = {}
    for order in orders:
        total = Decimal(str(order.header["total_inc_tax"])).quantize(Decimal("0.01"))
        if not total or order.header["payment_method"] == "Purchase Order":
            continue
        if int(str(order.products[0]["quantity"])) > 1:
            store.refund(order.id, items={line_ids(order)[0]: 1})
        store.refund(order.id)
        paid[f"WEB{order.id}"] = total
    report = web.import_refunds()
    assert codes(report) == []
    credited: dict[str, Decimal] = dict.fromkeys(paid, Decimal(0))
    for credit in books.credits():
        credited[credit.order_import_id] += credit.total
    assert credited == paid
    assert len(paid) > 20


@pytest.mark.no_cover
def test_many_refunds_take_few_requests(join: Join, store: FakeStore, books: SqlGateway) -> None:
    orders = [store.add_order(order) for order in plain_orders(120)]
    web = join()
    web.import_orders()
    for order in orders:
        store.refund(order.id)
    store.clear_log()
    report = web.import_refunds()
    assert len(report.sent) == len(books.credits()) == 120
    assert store.counts() == {LIST: 1, ORDERS: 1}
    assert report.requests == 2


def test_a_quiet_run_asks_once(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder]
) -> None:
    assert list(web.import_refunds()) == []
    # The second one reads the store's clock.
    assert store.counts() == {LIST: 1, ORDERS: 1}
    # The import's own status write has changed these orders; after that nothing has.
    for _ in range(2):
        assert list(web.import_refunds()) == []
    assert store.counts() == {LIST: 2, ORDERS: 3}


def test_a_second_refund_in_the_same_second_is_not_missed(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    """The store's times are in seconds, and an amount of the order as a whole shows nowhere."""
    web.import_refunds()
    for count in (1, 2):
        store.refund(imported[0].id, amount=Decimal("1.00"))
        assert len(web.import_refunds().sent) == 1
        assert len(books.credits()) == count


def test_the_next_run_begins_where_the_last_one_ended(
    join: Join, new_books: Callable[..., SqlGateway], settings: Settings
) -> None:
    """By the store's clock, whatever ours says."""
    now = datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp()
    store = FakeStore(clock=lambda: now)
    web = join(transport=store.transport(), books=new_books())
    orders = [store.add_order(order) for order in plain_orders(3)]
    web.import_orders()
    store.refund(orders[0].id)
    now += 10
    assert len(web.import_refunds().sent) == 1
    now += 7200
    store.refund(orders[1].id)
    now += 10
    assert len(web.import_refunds().sent) == 1
    assert _asked(store, ORDERS, "min_date_modified") == "2026-03-05T11:00:00+00:00"
    now += 7200
    store.refund(orders[2].id)
    report = web.import_refunds()
    # Orders of the hour before are listed again, and their refunds are not.
    assert (len(report.sent), report.unchanged) == (1, 0)


def test_it_begins_where_it_is_told_to(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    store.refund(imported[0].id)
    assert list(web.import_refunds(since=datetime.now(UTC) + timedelta(hours=1))) == []
    assert books.credits() == []
    assert len(web.import_refunds(since=datetime.now(UTC) - timedelta(hours=1)).sent) == 1
    with pytest.raises(ValueError, match="time zone"):
        web.import_refunds(since=datetime(2026, 1, 1))  # noqa: DTZ001  # what is refused


def test_the_first_run_begins_at_the_date_from_which_orders_are_imported(
    join: Join, change: Change, store: FakeStore, imported: list[FakeOrder]
) -> None:
    join(
        settings=change(
            order_status={"import_orders_created_since": datetime(2026, 2, 1, tzinfo=UTC)}
        )
    ).import_refunds()
    assert _asked(store, LIST, "created:min") == "2026-02-01T00:00:00+00:00"


def test_a_preview_writes_nothing(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    store.refund(imported[0].id)
    report = web.import_refunds(preview=True)
    assert [change.key for change in report.sent] == [f"WEB{imported[0].id}-CM1"]
    assert report.sent[0].decisions
    assert books.credits() == []
    # It did not move where the next run begins either.
    assert len(web.import_refunds().sent) == 1


def test_a_journal_that_was_lost_doubles_nothing(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    store.refund(imported[0].id)
    join(journal="sqlite://").import_refunds()
    report = join(journal="sqlite://").import_refunds()
    assert (list(report), report.unchanged, len(books.credits())) == ([], 1, 1)


# Refunds that wait


def test_the_refund_of_an_order_that_comes_later_waits_for_it(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order = store.add_order(factory.order([item("MUG-RED", 3)]))
    store.refund(order.id, items={line_ids(order)[0]: 1})
    for _ in range(2):
        report = web.import_refunds()
        assert (list(report), report.unchanged) == ([], 0)
    store.edit_order(order.id, status_id=11)
    assert len(web.import_orders().imported) == 1
    # Later refunds have moved on where the list begins.
    assert [
        change.order_id
        for change in web.import_refunds(since=datetime.now(UTC) + timedelta(hours=1)).sent
    ] == [order.id]
    assert len(books.credits()) == 1
    store.clear_log()
    assert list(web.import_refunds()) == []
    assert store.counts() == {ORDERS: 1, LIST: 1}


def test_an_order_that_never_comes_is_forgotten(
    join: Join, new_books: Callable[..., SqlGateway], factory: OrderFactory
) -> None:
    now = datetime(2026, 3, 5, tzinfo=UTC).timestamp()
    store, books = FakeStore(clock=lambda: now), new_books()
    web = join(transport=store.transport(), books=books)
    never = store.add_order(factory.plain())
    store.refund(never.id)
    web.import_refunds()
    assert _waiting(web) == 1
    now += 91 * 86400
    other = store.add_order(factory.plain())
    store.refund(other.id)
    for _ in range(2):
        web.import_refunds()
    assert _waiting(web) == 1


def test_a_refund_that_cannot_be_a_credit_is_looked_at_again(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    order = imported[0]
    refund = store.refund(order.id)
    mapped = change().gl.payment_methods
    unmapped = tuple(
        row
        for row in mapped
        if row.bigcommerce not in (order.header["payment_method"], "Credit Card")
    )
    web = join(settings=change(gl={"payment_methods": unmapped}))
    for _ in range(2):
        assert codes(web.import_refunds()) == ["payment_method_unmapped"]
    assert books.credits() == []
    # It is told to the journal once.
    assert [
        entry.outcome for entry in web.history(order.id).entries if entry.action == "import_refunds"
    ] == ["refused"]
    mended = join()
    later = datetime.now(UTC) + timedelta(hours=1)
    assert [change.key for change in mended.import_refunds(since=later).sent] == [
        f"WEB{order.id}-CM{refund['id']}"
    ]


def test_an_amount_that_is_off_by_a_cent_is_refused(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    refund = store.refund(imported[0].id)
    refund["total_amount"] = float(Decimal(str(refund["total_amount"])) + Decimal("0.50"))
    report = web.import_refunds()
    assert "off by 0.50" in str(report)
    assert len(report.refused) == 1
    assert books.credits() == []


def test_a_refund_that_cannot_be_read_is_reported(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    bad, good = store.refund(imported[0].id), store.refund(imported[1].id)
    bad["total_amount"] = None
    report = web.import_refunds()
    assert [change.key for change in report.refused] == [f"refund {bad['id']}"]
    assert codes(report) == ["refund_unreadable"]
    assert [change.key for change in report.sent] == [f"WEB{imported[1].id}-CM{good['id']}"]


def test_an_order_that_was_deleted_or_cannot_be_read(
    web: Orchestrator, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    for order in imported[:3]:
        store.refund(order.id)
    # The order leaves the list, and its refunds stay in theirs.
    store.edit_order(imported[0].id, is_deleted=True)
    store.edit_order(imported[1].id, total_inc_tax=None)
    report = web.import_refunds()
    assert {change.order_id: change.problems[0].code for change in report.refused} == {
        imported[0].id: "not_in_store",
        imported[1].id: "order_unreadable",
    }
    assert [change.order_id for change in report.sent] == [imported[2].id]


def test_an_order_of_many_lines_is_read_in_full(
    web: Orchestrator, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> None:
    order = store.add_order(order_of_shape("long", factory))
    web.import_orders()
    store.refund(order.id)
    store.fail("GET /v2/orders/*/products", "503")
    report = web.import_refunds()
    assert codes(report) == ["store_failed"]
    assert len(report.postponed) == 1
    assert len(web.import_refunds().sent) == 1
    assert len(books.credits()[0].lines) > 50


# What goes wrong on the way


def test_the_store_is_away(web: Orchestrator, store: FakeStore, imported: list[FakeOrder]) -> None:
    store.refund(imported[0].id)
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreUnavailable):
        web.import_refunds()
    assert len(web.import_refunds().sent) == 1


def test_the_books_go_away(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    for order in imported[:2]:
        store.refund(order.id)
    create = books.create_credit

    def away(_: Credit) -> bool:
        raise BooksUnreachable("the books are away")

    books.create_credit = away  # type: ignore[method-assign]  # the database goes away
    report = join().import_refunds()
    assert codes(report) == ["books_unreachable"]
    assert report.stopped == "the books are away"
    books.create_credit = create  # type: ignore[method-assign]
    assert len(join().import_refunds().sent) == 2


def test_a_stop_leaves_the_rest_to_the_next_run(
    join: Join, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    for order in imported[:3]:
        store.refund(order.id)
    web = join()
    create = books.create_credit

    def stopping(credit: Credit) -> bool:
        web.stop()
        return create(credit)

    books.create_credit = stopping  # type: ignore[method-assign]  # somebody stops it in the middle
    with web.stop_request.listening():
        report = web.import_refunds()
    assert (len(report.sent), report.stopped) == (1, "a stop was asked for")
    books.create_credit = create  # type: ignore[method-assign]
    assert len(join().import_refunds().sent) == 2
    stopped = join()
    with stopped.stop_request.listening():
        stopped.stop()
        assert list(stopped.import_refunds()) == []


@pytest.mark.one_python
def test_a_run_may_die_anywhere(
    live_on: Callable[..., None], store: FakeStore, settings: Settings, imported: list[FakeOrder]
) -> None:
    for order in imported[:3]:
        store.refund(order.id, items={line_ids(order)[0]: 1})

    def state(_: FakeStore, books: SqlGateway) -> object:
        return books.credits()

    live_on("import_refunds", state, settings)


# Webhooks and the timer


def test_a_webhook_imports_a_refund_at_once(
    join: Join, change: Change, store: FakeStore, books: SqlGateway
) -> None:
    web = join()
    order = store.add_order(next(iter(plain_orders(1))))
    web.import_orders()
    store.refund(order.id)
    call = store.webhook(store.events[-1])
    report = web.handle_webhook(call.body, call.headers)
    assert report.ok
    assert len(books.credits()) == 1
    assert report.refund_report is not None
    assert "import_refunds: sent 1" in str(report)
    assert report.to_dicts()[0]["key"] == f"WEB{order.id}-CM1"
    assert [entry.action for entry in web.history(order.id).entries] == [
        "import",
        "webhook",
        "import_refunds",
        "follow_orders",
    ]


def test_refunds_are_reported_in_either_setting(
    join: Join, change: Change, store: FakeStore
) -> None:
    """A refund that is not imported is followed all the same."""
    url = "https://example.com/webhooks"
    scope = "store/order/refund/created"
    off = join(settings=change(gl={"import_refunds": False})).register_webhooks(url, preview=True)
    on = join().register_webhooks(url, preview=True)
    assert [scope in [hook.scope for hook in report.hooks] for report in (off, on)] == [True, True]


def test_the_timer_imports_refunds_where_they_are_wanted(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, imported: list[FakeOrder]
) -> None:
    store.refund(imported[0].id)
    for settings, count in ((change(gl={"import_refunds": False}), 0), (change(), 1)):
        web = join(settings=settings)
        called: list[str] = []

        def tell(report: object, web: Orchestrator = web, called: list[str] = called) -> None:
            called.extend(job.method for job in report.jobs)  # type: ignore[attr-defined]  # a cycle's report
            web.stop()

        web.run(on_report=tell)
        assert ("import_refunds" in called) == bool(count)
        assert len(books.credits()) == count


def _bare() -> dict[str, dict[str, object]]:
    return {
        "store": {"api_url": "https://api.bigcommerce.com/stores/abc123/v3/"},
        "order_status": {
            "import_source_code": "WEB",
            "new_order_status": 11,
            "downloaded_order_status": 9,
            "import_error_status": 12,
        },
        "gl": {"tax_area": "BigCommerce"},
        "shipping": {"warehouse": "Main"},
    }


def _asked(store: FakeStore, name: str, key: str) -> str:
    from urllib.parse import parse_qs

    query = [entry.query for entry in store.log if entry.name == name][-1]
    return parse_qs(query)[key][0]


def _waiting(web: Orchestrator) -> int:
    return len(
        list(
            web._integration.journal.all_fingerprints(f"refund waiting WEB@{web.store.store_hash}")
        )
    )
