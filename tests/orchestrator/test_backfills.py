"""Orders that no import takes by itself: by id, of a period, and refused ones again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from avbc.acctvantage import BooksUnreachable, SqlGateway
from avbc.bigcommerce import BigCommerce
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, Line, OrderFactory, Payment, item

NEW, DOWNLOADED, IMPORT_ERROR = 11, 9, 12
SHIPPED, CANCELED, DISPUTED = 2, 5, 13

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

OFFLINE = Payment("Cash on Delivery", state="offline")
UNKNOWN = Line("NO-SUCH", "Nothing", Decimal(5), product_id=9)
AT = datetime(2026, 3, 2, tzinfo=UTC)


def ids(report: ImportReport, result: str) -> list[int]:
    return [outcome.order_id for outcome in getattr(report, result)]


def codes(report: ImportReport) -> dict[int, list[str]]:
    return {
        outcome.order_id: [problem.code for problem in outcome.problems]
        for _, outcome in report
        if outcome.problems
    }


def status(store: FakeStore, order_id: int) -> object:
    return store.order(order_id).header["status_id"]


@pytest.fixture
def placed(store: FakeStore, factory: OrderFactory) -> Callable[..., int]:
    """Add an order that was placed: `placed(status_id, line, created=...)`."""

    def add(status_id: int = NEW, line: Line | None = None, **options: object) -> int:
        lines = [line or item("MUG-RED")]
        order = factory.order(lines, status_id=status_id, payment=OFFLINE, **options)  # type: ignore[arg-type]  # any option
        return store.add_order(order).id

    return add


def asked(store: FakeStore) -> int:
    return store.counts().get("GET /v2/orders", 0)


# By id


@pytest.mark.parametrize("other", [2, 3, 7, 8, 9, 10, 12, 13, 14])
def test_every_placed_order_is_imported_by_its_id_and_keeps_its_status(
    web: Orchestrator, store: FakeStore, books: SqlGateway, placed: Callable[..., int], other: int
) -> None:
    order_id = placed(other)
    assert ids(web.import_order(order_id), "imported") == [order_id]
    assert status(store, order_id) == other
    assert [order.store_order_id for order in books.sales_orders()] == [order_id]
    assert [entry.path for entry in store.log if entry.method == "PUT"] == ["/v2/orders/0"]
    assert ids(web.import_order(order_id), "relinked") == [order_id]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (0, "'Incomplete': its checkout was not finished"),
        (1, "'Pending': its checkout was not finished"),
        (4, "'Refunded': it was refunded"),
        (5, "'Cancelled': it was canceled"),
        (6, "'Declined': it was declined"),
    ],
)
def test_what_was_not_placed_or_was_stopped_says_why_and_how_it_is_imported(
    web: Orchestrator,
    store: FakeStore,
    placed: Callable[..., int],
    other: int,
    why: str,
) -> None:
    order_id = placed(other)
    report = web.import_order(order_id)
    (problem,) = report.postponed[0].problems
    assert why in problem.message
    assert status(store, order_id) == other
    assert problem.fix == "If it is to be imported, give it the status 'Awaiting Fulfillment'."
    store.edit_order(order_id, status_id=NEW)
    assert ids(web.import_orders(), "imported") == [order_id]


def test_a_disputed_order_is_imported_and_is_on_the_worklist(
    web: Orchestrator, placed: Callable[..., int]
) -> None:
    order_id = placed(DISPUTED)
    assert ids(web.import_order(order_id), "imported") == [order_id]
    (waiting,) = web.worklist()
    assert (waiting.code, waiting.order_id) == ("order_stopped_in_store", order_id)


def test_an_import_error_of_ours_becomes_downloaded_and_a_persons_stays(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    placed: Callable[..., int],
    tmp_path: Path,
) -> None:
    ours, persons = placed(NEW, UNKNOWN), placed(IMPORT_ERROR)
    web.import_orders()
    assert status(store, ours) == IMPORT_ERROR
    (tmp_path / "more.toml").write_text(
        'products = [{ part_number = "NO-SUCH", name = "Nothing", product_class = "Goods" }]'
    )
    books.load(tmp_path / "more.toml")
    assert ids(web.import_order(ours), "imported") == [ours]
    assert ids(web.import_order(persons), "imported") == [persons]
    assert [status(store, each) for each in (ours, persons)] == [DOWNLOADED, IMPORT_ERROR]
    assert store.order(ours).header["staff_notes"] == ""


def test_our_note_goes_when_an_order_is_imported_that_keeps_its_status(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    order_id = placed(NEW, UNKNOWN)
    web.import_orders()
    note = store.order(order_id).header["staff_notes"]
    assert str(note).startswith("[AcctVantage import error: ")
    store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED")], payment=OFFLINE))
    store.edit_order(order_id, status_id=SHIPPED, staff_notes=f"Mine.\n{note}")
    assert ids(web.import_order(order_id), "imported") == [order_id]
    assert store.order(order_id).header["staff_notes"] == "Mine."
    assert status(store, order_id) == SHIPPED


def test_an_order_that_a_person_moves_to_the_import_error_status_later_is_not_ours(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    order_id = placed()
    web.import_orders()
    store.edit_order(order_id, status_id=IMPORT_ERROR)
    assert ids(web.import_order(order_id), "relinked") == [order_id]
    assert status(store, order_id) == IMPORT_ERROR


def test_a_shipped_order_that_is_refused_keeps_its_status_and_says_what_to_do(
    web: Orchestrator, store: FakeStore, books: SqlGateway, placed: Callable[..., int]
) -> None:
    order_id = placed(SHIPPED, UNKNOWN)
    report = web.import_order(order_id)
    assert {"sku_unknown", "status_kept"} <= set(codes(report)[order_id])
    assert ids(report, "refused") == [order_id]
    assert "Import Error Status" not in report.summary()
    assert status(store, order_id) == SHIPPED
    assert store.order(order_id).header["staff_notes"] == ""
    # Its New Order Status would have all of it shipped again: only its id has it imported.
    (waiting,) = web.worklist()
    assert waiting.code == "status_kept"
    assert "keeps its status 'Shipped'" in waiting.message
    assert "New Order Status" not in waiting.fix
    # It waits in the status that it has.
    web.follow_orders()
    assert list(web.worklist()) == [waiting]
    # A person's own Import Error Status is not ours, though the order was refused.
    store.edit_order(order_id, status_id=IMPORT_ERROR)
    assert list(web.import_orders(retry_errors=True)) == []
    assert "NO-SUCH" in waiting.message
    assert waiting.fix.endswith(f"Correct what is wrong, then call import_order({order_id}) again.")
    store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED")], payment=OFFLINE))
    store.edit_order(order_id, status_id=SHIPPED)
    assert ids(web.import_order(order_id), "imported") == [order_id]
    assert list(web.worklist()) == []


def test_a_shipped_order_that_is_refused_and_then_canceled_waits_no_more(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    placed()
    web.import_orders()
    web.follow_orders()
    order_id = placed(SHIPPED, UNKNOWN)
    web.import_order(order_id)
    store.edit_order(order_id, status_id=CANCELED)
    web.follow_orders()
    assert list(web.worklist()) == []


def test_an_imported_order_that_was_edited_is_updated_by_its_id(
    web: Orchestrator, store: FakeStore, books: SqlGateway, placed: Callable[..., int]
) -> None:
    order_id = placed()
    web.import_orders()
    store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED", 2)], payment=OFFLINE))
    store.edit_order(order_id, status_id=10)
    assert ids(web.import_order(order_id), "updated") == [order_id]
    assert [line.quantity for line in books.sales_orders()[0].lines] == [2]
    assert status(store, order_id) == 10


def test_an_edit_that_the_policy_refuses_goes_when_a_person_has_made_it_in_acctvantage(
    web: Orchestrator, store: FakeStore, books: SqlGateway, placed: Callable[..., int]
) -> None:
    order_id = placed()
    web.import_orders()
    import_id = f"WEB{order_id}"
    books.set_order_status(import_id, "Picked")
    guest = store.order(order_id)
    double = OrderFactory(first_id=order_id).order([item("MUG-RED", 2)], payment=OFFLINE)
    store.add_order(double)
    store.edit_order(order_id, status_id=SHIPPED, billing_address=guest.header["billing_address"])
    report = web.import_order(order_id)
    (waiting,) = web.worklist()
    assert {"order_edited", "status_kept"} <= set(codes(report)[order_id])
    assert waiting.code == "status_kept"
    assert report.refused[0].problems[0].fix == waiting.fix
    assert (
        waiting.fix
        == f"Change {import_id} in AcctVantage by hand, then call import_order({order_id})."
    )
    # By hand: the status back to Open lets the same call make the change.
    books.set_order_status(import_id, "Open")
    assert ids(web.import_order(order_id), "updated") == [order_id]
    assert list(web.worklist()) == []


def test_reconciles_advice_for_a_missing_order_that_was_shipped_is_good(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    order_id = placed(SHIPPED, created=AT)
    since = AT - timedelta(days=1)
    assert [each.order_id for each in web.reconcile(since).missing_in_books] == [order_id]
    assert ids(web.import_order(order_id), "imported") == [order_id]
    report = web.reconcile(since)
    assert report.missing_in_books == []
    assert status(store, order_id) == SHIPPED


@pytest.mark.parametrize("updates", ["push", "pull"])
def test_an_order_that_was_imported_as_shipped_has_no_echo(
    join: Join, change: Change, store: FakeStore, placed: Callable[..., int], updates: str
) -> None:
    order_id = placed(SHIPPED)
    web = join(settings=change(order_status={"updates": updates}))
    web.import_order(order_id)
    push = web.push_order_statuses if updates == "push" else web.pull_order_statuses
    push()
    assert status(store, order_id) == SHIPPED


def test_a_status_that_was_kept_is_not_taken_for_one_that_we_set(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, placed: Callable[..., int]
) -> None:
    web = join(settings=change(order_status={"updates": "push"}))
    order_id = placed()
    web.import_orders()
    store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED", 2)], payment=OFFLINE))
    store.edit_order(order_id, status_id=SHIPPED)
    assert ids(web.import_order(order_id), "updated") == [order_id]
    books.set_order_status(f"WEB{order_id}", "Shipped/Invoice")
    store.clear_log()
    report = web.push_order_statuses()
    assert (report.sent, report.unchanged) == ([], 1)
    assert {entry.method for entry in store.log} == {"GET"}


def test_webhooks_leave_orders_of_other_statuses_alone(
    web: Orchestrator, books: SqlGateway, placed: Callable[..., int]
) -> None:
    order_id = placed(7)
    assert codes(web.import_order(order_id, only_new=True)) == {order_id: ["order_not_new"]}
    assert books.sales_orders() == []


# Several ids


def test_several_orders_are_taken_by_their_ids_with_few_requests(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    first, shipped, canceled, last = placed(), placed(SHIPPED), placed(CANCELED), placed()
    untouched = placed()
    web.test_connection()
    store.clear_log()
    report = web.import_orders(ids=[last, shipped, first, canceled, 4711, first])
    assert ids(report, "imported") == [first, shipped, last]
    assert codes(report) == {
        shipped: ["nothing_left_to_ship"],
        canceled: ["order_not_new"],
        4711: ["not_in_store"],
    }
    assert asked(store) == 2
    assert [status(store, each) for each in (first, shipped, canceled, last, untouched)] == [
        DOWNLOADED,
        SHIPPED,
        CANCELED,
        DOWNLOADED,
        NEW,
    ]
    assert "wait" not in report.summary()


def test_no_ids_are_no_orders(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    placed()
    assert list(web.import_orders(ids=[])) == []
    assert store.log == []


def test_an_order_that_is_too_old_is_refused_by_its_id_too(
    join: Join, change: Change, placed: Callable[..., int]
) -> None:
    old, new = placed(created=AT - timedelta(days=60)), placed(created=AT)
    web = join(settings=change(order_status={"import_orders_created_since": AT}))
    report = web.import_orders(ids=[old, new])
    assert codes(report) == {old: ["order_too_old"]}
    assert ids(report, "imported") == [new]


# A period


def test_the_placed_orders_of_a_period_are_taken_that_are_not_in_the_books(
    web: Orchestrator, store: FakeStore, books: SqlGateway, placed: Callable[..., int]
) -> None:
    days = {day: AT + timedelta(days=day) for day in range(6)}
    before = placed(SHIPPED, created=days[0])
    imported = placed(created=days[1])
    web.import_orders(ids=[imported])
    shipped, new = placed(SHIPPED, created=days[2]), placed(created=days[3])
    canceled, unfinished = placed(CANCELED, created=days[2]), placed(0, created=days[2])
    after = placed(10, created=days[5])
    preview = web.import_orders(since=days[1], until=days[4], preview=True)
    assert ids(preview, "imported") == [shipped, new]
    report = web.import_orders(since=days[1], until=days[4])
    assert ids(report, "imported") == [shipped, new]
    assert [len(list(report)), report.stopped] == [2, ""]
    assert [
        status(store, each) for each in (before, shipped, new, canceled, unfinished, after)
    ] == [
        SHIPPED,
        SHIPPED,
        DOWNLOADED,
        CANCELED,
        0,
        10,
    ]
    assert ids(web.import_orders(since=days[1]), "imported") == [after]
    assert list(web.import_orders(since=days[1])) == []
    assert len(books.sales_orders()) == 4


@pytest.mark.parametrize("preview", [False, True])
def test_a_period_in_the_future_is_said_to_be_one(
    web: Orchestrator, change: Callable[..., Settings], preview: bool
) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    web.use(change(gl={"import_refunds": True}))
    begins = "The period that was asked for begins in the future."
    for since in (ahead, ahead.date()):
        report = web.import_orders(since=since, preview=preview)
        assert report.summary().startswith(f"No new orders. {begins}")
        assert begins in web.import_refunds(since=since, preview=preview).summary()
    assert begins not in web.import_orders(since=AT, preview=preview).summary()
    assert begins not in web.import_refunds(since=AT, preview=preview).summary()
    assert begins not in web.import_refunds(preview=preview).summary()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ids": [1], "since": AT}, "one of them"),
        ({"ids": [], "retry_errors": True}, "one of them"),
        ({"since": AT, "retry_errors": True}, "one of them"),
        ({"until": AT}, "needs since"),
        ({"since": AT, "until": AT - timedelta(1)}, "is before since"),
        ({"since": AT.replace(tzinfo=None)}, "no time zone"),
        ({"since": AT, "until": AT.replace(tzinfo=None)}, "no time zone"),
    ],
)
def test_selections_that_contradict_each_other_are_errors(
    web: Orchestrator, store: FakeStore, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        web.import_orders(**arguments)  # type: ignore[arg-type]  # what is tested
    assert store.log == []


# Refused ones again


def test_refused_orders_are_taken_again_when_asked_and_a_persons_are_not(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    ours, persons, moved, new = placed(NEW, UNKNOWN), placed(12), placed(NEW, UNKNOWN), placed()
    web.import_orders(ids=[ours, moved])
    store.edit_order(moved, status_id=SHIPPED)
    assert ids(web.import_orders(retry_errors=True), "refused") == [ours]
    store.add_order(OrderFactory(first_id=ours).order([item("MUG-RED")], payment=OFFLINE))
    store.edit_order(ours, status_id=IMPORT_ERROR)
    assert ids(web.import_orders(), "imported") == [new]
    assert len(web.worklist()) == 2
    report = web.import_orders(retry_errors=True)
    assert ids(report, "imported") == [ours]
    assert len(list(report)) == 1
    assert [status(store, each) for each in (ours, persons, moved)] == [
        DOWNLOADED,
        IMPORT_ERROR,
        SHIPPED,
    ]
    assert [each.order_id for each in web.worklist()] == [moved]
    assert list(web.import_orders(retry_errors=True)) == []


# Two stores


def test_books_that_do_not_answer_whose_orders_they_have_end_the_run(
    web: Orchestrator, store: FakeStore, books: SqlGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_order(OrderFactory().plain())

    def unreachable() -> frozenset[tuple[str, str]]:
        raise BooksUnreachable("the books do not answer about codes")

    monkeypatch.setattr(books, "order_sources", unreachable)
    with pytest.raises(BooksUnreachable, match="codes"):
        web.import_orders()
    assert store.log == []
    monkeypatch.undo()
    assert len(web.import_orders().imported) == 1


def test_two_stores_cannot_share_an_import_source_code(
    web: Orchestrator, store: FakeStore, settings: Settings, books: SqlGateway, join: Join
) -> None:
    factory = OrderFactory()
    order_id = store.add_order(factory.plain()).id
    web.import_orders()
    before = books.sales_orders()
    other = FakeStore(store_hash="xyz789")
    other.add_order(OrderFactory(first_id=order_id).order([item("SET-TEA")]))
    theirs = attrs.evolve(settings, store=attrs.evolve(settings.store, api_url=other.api_url))
    second = join(settings=theirs, transport=httpx.MockTransport(other.handle))
    for run in (
        second.import_orders,
        second.preview_orders,
        lambda: second.import_order(order_id),
        lambda: second.import_orders(ids=[order_id]),
    ):
        with pytest.raises(SettingsError, match=r"import_source_code: is 'WEB'.*abc123.*xyz789"):
            run()
    assert books.sales_orders() == before
    assert {entry.method for entry in other.log} <= {"GET"}
    assert isinstance(second.store, BigCommerce)
    # The advice is good.
    renamed = attrs.evolve(
        theirs, order_status=attrs.evolve(theirs.order_status, import_source_code="XYZ")
    )
    second.use(renamed)
    assert ids(second.import_orders(), "imported") == [order_id]
    assert [order.store_hash for order in books.sales_orders()] == ["abc123", "xyz789"]


@pytest.mark.parametrize(
    "selection", [{"retry_errors": True}, {"since": date(2020, 1, 1)}], ids=["errors", "period"]
)
def test_an_order_that_a_person_settled_is_imported_only_by_its_id(
    web: Orchestrator,
    store: FakeStore,
    books: SqlGateway,
    placed: Callable[..., int],
    selection: dict[str, Any],
) -> None:
    """They entered it by hand: imported too, it would be in AcctVantage twice."""
    settled, other = placed(NEW, UNKNOWN), placed(NEW, UNKNOWN)
    web.import_orders()
    web.settle(settled)
    for order_id in (settled, other):
        store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED")], payment=OFFLINE))
        store.edit_order(order_id, status_id=IMPORT_ERROR)
    report = web.import_orders(**selection)
    assert ids(report, "imported") == [other]
    assert codes(report)[settled] == ["order_settled"]
    assert "1 order was left alone" in report.summary()
    assert "wait for the next run" not in report.summary()
    assert status(store, settled) == IMPORT_ERROR
    assert list(web.worklist()) == []
    # The advice works.
    (problem,) = report.postponed[0].problems
    assert problem.fix.endswith(f"call import_order({settled}).")
    assert ids(web.import_order(settled), "imported") == [settled]


def test_an_order_that_a_person_settled_is_left_alone_in_another_status_too(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    """As the pages advise for one that was entered by hand."""
    order_id = placed(NEW, UNKNOWN)
    web.import_orders()
    web.settle(order_id)
    store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED")], payment=OFFLINE))
    store.edit_order(order_id, status_id=SHIPPED)
    web.follow_orders()
    report = web.import_orders(since=date(2020, 1, 1))
    assert codes(report) == {order_id: ["order_settled"]}
    web.reconcile(date(2020, 1, 1))
    (waiting,) = web.worklist()
    assert waiting.fix.startswith("If it was entered by hand, call settle(")


def test_an_order_that_a_person_settled_is_imported_once_it_is_new_again(
    web: Orchestrator, store: FakeStore, placed: Callable[..., int]
) -> None:
    order_id = placed(NEW, UNKNOWN)
    web.import_orders()
    web.settle(order_id)
    store.add_order(OrderFactory(first_id=order_id).order([item("MUG-RED")], payment=OFFLINE))
    assert ids(web.import_orders(since=date(2020, 1, 1)), "imported") == [order_id]
