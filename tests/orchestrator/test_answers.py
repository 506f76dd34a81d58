"""What AcctVantage answers by SQL shows in the store, where the settings say so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import attrs
import httpx
import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.clock import Clock
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.journal import Journal
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, item, order_of_shape

NEW, DOWNLOADED, ERROR, SHIPPED, CANCELED = 11, 9, 12, 2, 5

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
WORDS = "AcctVantage refused {} (version {}): P17 Unknown part."


class Erp:
    """AcctVantage's side: plain SQL."""

    def __init__(self, books: SqlGateway) -> None:
        self.books = books

    def __call__(self, statement: str, **values: object) -> None:
        with self.books.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def refuse(self, import_id: str, version: int = 1) -> None:
        self(
            "INSERT INTO acknowledgements (import_id, version, refused_code, refused_text) "
            "VALUES (:import_id, :version, 'P17', 'Unknown part.')",
            import_id=import_id,
            version=version,
        )

    def enter(self, import_id: str, version: int = 1) -> None:
        self(
            "INSERT INTO acknowledgements (import_id, version, document_number) "
            "VALUES (:import_id, :version, 'SO-7001')",
            import_id=import_id,
            version=version,
        )


@pytest.fixture
def erp(both: SqlGateway) -> Erp:
    return Erp(both)


@pytest.fixture
def marking(change: Change) -> Settings:
    return change(order_status={"import_error_when_acctvantage_refuses": True})


@pytest.fixture
def web(join: Join, both: SqlGateway, marking: Settings) -> Orchestrator:
    """With the setting on."""
    return join(books=both, settings=marking)


@pytest.fixture
def order_id(join: Join, both: SqlGateway, erp: Erp, store: FakeStore) -> int:
    """An order that was imported, and that AcctVantage refused."""
    factory = OrderFactory(first_id=500)
    order = factory.order(
        [item("MUG-RED")],
        buyer=factory.person(0),
        payment=Payment("Cash on Delivery", state="offline"),
    )
    number = store.add_order(order).id
    store.edit_order(number, staff_notes="Call first.")
    assert len(join(books=both).import_orders().imported) == 1
    erp.refuse(f"WEB{number}")
    return number


def state(store: FakeStore, order_id: int) -> tuple[object, object]:
    header = store.order(order_id).header
    return header["status_id"], header["staff_notes"]


def noted(order_id: int, version: int = 1) -> tuple[int, str]:
    words = WORDS.format(f"WEB{order_id}", version)
    return ERROR, f"Call first.\n[AcctVantage import error: {words}]"


def test_the_setting_is_off_by_default(
    join: Join, both: SqlGateway, store: FakeStore, order_id: int
) -> None:
    assert len(join(books=both).take_answers().refused) == 1
    assert state(store, order_id) == (DOWNLOADED, "Call first.")


def test_a_refused_order_gets_the_import_error_status_once_for_each_version(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int
) -> None:
    preview = web.take_answers(preview=True)
    assert preview.sent[0].calls
    assert state(store, order_id) == (DOWNLOADED, "Call first.")
    report = web.take_answers()
    assert (report.sent[0].before, report.sent[0].after) == (
        "Awaiting Shipment",
        "Manual Verification Required",
    )
    assert state(store, order_id) == noted(order_id)
    assert [item.code for item in web.worklist()] == ["refused_by_acctvantage"]
    # A person's own decision stands, as long as it is the same refusal.
    store.edit_order(order_id, status_id=DOWNLOADED)
    assert list(web.take_answers()) == []
    assert state(store, order_id)[0] == DOWNLOADED
    web.import_order(order_id)
    erp.refuse(f"WEB{order_id}", 2)
    assert len(web.take_answers().sent) == 1
    assert state(store, order_id) == noted(order_id, 2)


@pytest.mark.parametrize("way", ["new again", "by its id", "retry"])
def test_the_fix_of_a_refusal_is_followed_to_its_end(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int, way: str
) -> None:
    web.take_answers()
    (waiting,) = web.worklist()
    assert "give the order its New Order Status again" in waiting.fix
    assert f"import_order({order_id})" in waiting.fix
    if way == "new again":
        store.edit_order(order_id, status_id=NEW)
        report = web.import_orders()
    elif way == "by its id":
        report = web.import_order(order_id)
    else:
        report = web.import_orders(retry_errors=True)
    assert len(report.relinked) == 1
    assert state(store, order_id) == (DOWNLOADED, "Call first.")
    assert not web.worklist()
    assert erp.books.pickups([f"WEB{order_id}"])[0].version == 2
    erp.enter(f"WEB{order_id}", 2)
    assert list(web.take_answers()) == []
    assert state(store, order_id) == (DOWNLOADED, "Call first.")
    assert not web.worklist()


def test_what_a_person_settled_is_not_offered_again_by_a_retry(
    web: Orchestrator, erp: Erp, order_id: int
) -> None:
    """They entered it by hand: entered from the books, too, it would be there twice."""
    web.take_answers()
    web.settle(order_id)
    report = web.import_orders(retry_errors=True)
    assert [outcome.problems[0].code for outcome in report.postponed] == ["order_settled"]
    assert erp.books.pickups([f"WEB{order_id}"])[0].version == 1
    assert len(web.import_order(order_id).relinked) == 1


def test_what_acctvantage_enters_after_all_is_downloaded_again(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int
) -> None:
    web.take_answers()
    erp.enter(f"WEB{order_id}")
    assert len(web.take_answers().sent) == 1
    assert state(store, order_id) == (DOWNLOADED, "Call first.")
    assert not web.worklist()
    assert list(web.take_answers()) == []
    # It is no order that an import refused any more.
    store.edit_order(order_id, status_id=ERROR)
    assert list(web.take_answers()) == []
    assert list(web.import_orders(retry_errors=True)) == []
    assert state(store, order_id)[0] == ERROR


@pytest.mark.parametrize("status_id", [CANCELED, SHIPPED, NEW])
def test_an_order_that_was_moved_is_left_alone(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int, status_id: int
) -> None:
    store.edit_order(order_id, status_id=status_id)
    assert list(web.take_answers().sent) == []
    assert state(store, order_id) == (status_id, "Call first.")
    # Nor is a status taken back that a person has given.
    store.edit_order(order_id, status_id=ERROR)
    erp.enter(f"WEB{order_id}")
    assert list(web.take_answers().sent) == []
    assert state(store, order_id) == (ERROR, "Call first.")


@pytest.mark.parametrize("status_id", [CANCELED, SHIPPED])
def test_an_order_that_is_moved_while_the_books_are_read_is_left_alone(
    join: Join,
    both: SqlGateway,
    marking: Settings,
    store: FakeStore,
    order_id: int,
    *,
    status_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, now = both.pickups, [0.0]
    web = join(books=both, settings=marking, clock=Clock(monotonic=lambda: now[0]))

    def slow(keys: list[str]) -> object:
        store.edit_order(order_id, status_id=status_id)
        now[0] += 60
        return read(keys)

    monkeypatch.setattr(both, "pickups", slow)
    assert list(web.take_answers().sent) == []
    assert state(store, order_id) == (status_id, "Call first.")


def test_what_is_entered_while_the_store_is_read_is_not_marked(
    join: Join, erp: Erp, store: FakeStore, order_id: int, *, marking: Settings
) -> None:
    class Enters(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if not erp.books.pickups([f"WEB{order_id}"])[0].document_number:
                erp.enter(f"WEB{order_id}")
            return store.handle(request)

    web = join(books=erp.books, settings=marking, transport=Enters())
    assert list(web.take_answers().sent) == []
    assert state(store, order_id) == (DOWNLOADED, "Call first.")


def test_notes_that_the_store_refuses_do_not_prevent_the_status(
    join: Join, both: SqlGateway, store: FakeStore, order_id: int, marking: Settings
) -> None:
    class NoNotes(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if b"staff_notes" in request.read():
                return httpx.Response(400, json=[{"status": 400, "message": "too long"}])
            return store.handle(request)

    web = join(books=both, settings=marking, transport=NoNotes())
    assert len(web.take_answers().sent) == 1
    assert state(store, order_id) == (ERROR, "Call first.")
    assert [item.code for item in web.worklist()] == ["refused_by_acctvantage"]


def test_without_notes_where_the_settings_say_so(
    join: Join, both: SqlGateway, store: FakeStore, order_id: int, change: Change
) -> None:
    quiet = change(
        order_status={"import_error_when_acctvantage_refuses": True, "staff_notes_on_errors": False}
    )
    assert len(join(books=both, settings=quiet).take_answers().sent) == 1
    assert state(store, order_id) == (ERROR, "Call first.")


def test_an_order_that_an_import_refused_since_keeps_its_status(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int
) -> None:
    web.take_answers()
    store.add_order(order_of_shape("unknown_sku", OrderFactory(first_id=order_id)))
    store.edit_order(order_id, status_id=NEW)
    assert [each.problems[0].code for each in web.import_orders().refused] == ["sku_unknown"]
    erp.enter(f"WEB{order_id}")
    assert list(web.take_answers()) == []
    assert state(store, order_id)[0] == ERROR


def test_a_stopped_order_has_one_item(
    join: Join, both: SqlGateway, store: FakeStore, order_id: int
) -> None:
    web = join(books=both)
    web.take_answers()
    store.edit_order(order_id, status_id=CANCELED)
    web.follow_orders()
    web.take_answers()
    assert [item.code for item in web.worklist()] == ["order_stopped_in_store"]
    store.edit_order(order_id, status_id=DOWNLOADED)
    web.follow_orders()
    web.take_answers()
    assert [item.code for item in web.worklist()] == ["refused_by_acctvantage"]


@pytest.mark.no_cover
def test_a_death_at_any_step_marks_an_order_and_takes_it_back(
    live_on: Callable[..., None],
    join: Join,
    books: SqlGateway,
    store: FakeStore,
    marking: Settings,
) -> None:
    factory = OrderFactory(first_id=500)
    for _ in range(2):
        store.add_order(factory.order([item("MUG-RED")]))
    join(books=books).import_orders()
    erp, keys = Erp(books), ["WEB500", "WEB501"]
    for key in keys:
        erp.refuse(key)

    def result(world: FakeStore, at: SqlGateway) -> object:
        refused = Journal(at.engine).refused("import", keys)
        codes = [(each.code, each.key) for each in join(books=at).worklist()]
        return [state(world, number) for number in (500, 501)], refused, codes

    live_on("take_answers", result, marking)
    join(books=books, settings=marking).take_answers()
    assert {state(store, number)[0] for number in (500, 501)} == {ERROR}
    for key in keys:
        erp.enter(key)
    live_on("take_answers", result, marking)
    join(books=books, settings=marking).take_answers()
    assert {state(store, number)[0] for number in (500, 501)} == {DOWNLOADED}


def test_checks_show_what_acctvantage_answered(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int
) -> None:
    since = date(2020, 1, 1)
    refused = web.reconcile(since)
    assert [each.order_id for each in refused.not_entered] == [order_id]
    assert not refused.ok
    assert f"not_entered       {order_id}" in str(refused)
    assert WORDS.format(f"WEB{order_id}", 1) in str(refused)
    assert "not entered by AcctVantage 1" in refused.summary()
    says = "AcctVantage refused version 1: P17 Unknown part ("
    assert f". {says}" in web.explain(order_id).summary()
    assert f". {says}" in web.history(order_id).summary()
    (problem,) = (each for each in web.explain(order_id).problems if "P17" in each.message)
    assert problem.severity == "warning"
    assert f"import_order({order_id})" in problem.fix
    store.edit_order(order_id, status_id=NEW)
    assert "order_offered_again" in {each.code for each in web.explain(order_id).problems}
    web.import_order(order_id)
    assert web.reconcile(since).ok
    erp.enter(f"WEB{order_id}", 2)
    says = "AcctVantage entered version 2 as SO-7001 ("
    assert says in web.explain(order_id).summary()
    assert says in web.history(order_id).summary()
    assert web.reconcile(since).ok


def test_reconcile_lists_what_has_no_answer_for_more_than_a_day(
    web: Orchestrator, both: SqlGateway, order_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = both.pickups([f"WEB{order_id}"])[0]
    offered = datetime.now(UTC) - timedelta(hours=25)
    waits = attrs.evolve(now, version=2, offered_at=offered)
    monkeypatch.setattr(both, "pickups", lambda _: [waits])
    (late,) = web.reconcile(date(2020, 1, 1)).not_entered
    assert late.problem.code == "not_answered_by_acctvantage"
    assert "waits for AcctVantage, which refused version 1" in late.problem.message
    waits = attrs.evolve(waits, offered_at=offered + timedelta(hours=2))
    assert web.reconcile(date(2020, 1, 1)).ok


def test_a_stopped_order_need_not_be_entered(
    web: Orchestrator, store: FakeStore, order_id: int
) -> None:
    store.edit_order(order_id, status_id=CANCELED)
    assert web.reconcile(date(2020, 1, 1)).not_entered == []


@pytest.mark.parametrize("was_entered", [False, True])
def test_an_edited_order_that_was_only_refused_need_not_be_open(
    join: Join, erp: Erp, store: FakeStore, change: Change, *, was_entered: bool
) -> None:
    screen = {"new_sales_order_status": "Quote", "edited_orders": "refuse"}
    web = join(books=erp.books, settings=change(order_status=screen))
    factory = OrderFactory(first_id=500)
    buyer, cash = factory.person(0), Payment("Cash on Delivery", state="offline")
    store.add_order(factory.order([item("MUG-RED")], buyer=buyer, payment=cash))
    web.import_orders()
    if was_entered:
        erp.enter("WEB500")
        erp("UPDATE sales_orders SET version = 2 WHERE import_id = 'WEB500'")
        erp.refuse("WEB500", 2)
    else:
        erp.refuse("WEB500")
    factory = OrderFactory(first_id=500)
    store.add_order(factory.order([item("MUG-RED", 2)], buyer=buyer, payment=cash))
    store.edit_order(500, status_id=NEW)
    report = web.import_orders()
    (booked,) = erp.books.sales_orders(["WEB500"])
    assert booked.status == "Quote"
    if was_entered:
        assert [each.problems[0].code for each in report.refused] == ["order_edited"]
        assert booked.lines[0].quantity == 1
    else:
        assert [each.problems[0].code for each in report.updated] == ["order_offered_again"]
        assert booked.lines[0].quantity == 2
        assert erp.books.pickups(["WEB500"])[0].version == 2


def test_a_refused_receipt_of_an_entered_order_is_on_the_worklist_and_offered_again(
    web: Orchestrator, erp: Erp, store: FakeStore, order_id: int
) -> None:
    web.take_answers()
    erp.enter(f"WEB{order_id}")
    erp.refuse(f"WEB{order_id}-1")
    report = web.take_answers()
    assert len(report.refused) == 1
    # AcctVantage has the order, whatever becomes of its receipt.
    assert len(report.sent) == 1
    assert state(store, order_id) == (DOWNLOADED, "Call first.")
    (waiting,) = web.worklist()
    assert f"AcctVantage refused WEB{order_id}-1 (version 1): P17" in waiting.message
    assert f"import_order({order_id})" in waiting.fix
    assert list(web.take_answers()) == []
    (outcome,) = web.import_order(order_id).relinked
    assert outcome.problems[0].code == "order_offered_again"
    assert not web.worklist()
    assert list(web.take_answers()) == []
    erp.refuse(f"WEB{order_id}-1", 2)
    assert len(web.take_answers().refused) == 1
    erp.enter(f"WEB{order_id}-1", 2)
    assert list(web.take_answers()) == []
    assert not web.worklist()
