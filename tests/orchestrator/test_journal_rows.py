"""The journal grows with what happens, and not with the runs that find nothing new."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.mapping import Problem
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine.journal import JOURNAL
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.run import Task
from avbc.orchestrator.reports import Change
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, item, order_of_shape

Join = Callable[..., Orchestrator]


def rows(web: Orchestrator) -> dict[str, int]:
    """How many rows each table of the journal has."""
    return web._integration.journal.read(
        lambda connection: {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in JOURNAL.metadata.sorted_tables
        }
    )


@pytest.fixture
def store() -> FakeStore:
    """A gateway that never gets done with a capture."""
    return FakeStore(settle_after=None)


@pytest.fixture
def web(join: Join, store: FakeStore, books: SqlGateway, settings: Settings) -> Orchestrator:
    """Six captures are pending, two orders wait, and two have a status that is not mapped."""
    gl = attrs.evolve(
        settings.gl,
        credit_card_transactions_are_preauthorizations=True,
        payment_methods=[
            attrs.evolve(row, import_when="paid") if row.bigcommerce == "PayPal" else row
            for row in settings.gl.payment_methods
        ],
    )
    mapping = settings.order_status.mapping[:1]
    order_status = attrs.evolve(settings.order_status, updates="push", mapping=mapping)
    web = join(settings=attrs.evolve(settings, gl=gl, order_status=order_status))
    factory = OrderFactory()
    card = Payment("Credit Card", "authorizenet", "authorized")
    for payment in [card] * 6 + [Payment("PayPal", "paypal", "authorized")] * 2:
        store.add_order(factory.order([item("LAMP-01")], payment=payment))
    store.add_order(order_of_shape("unknown_sku", factory))
    report = web.import_orders()
    assert report.counts() == {**report.counts(), "imported": 6, "waiting": 2, "refused": 1}
    for receipt in books.receipts():
        books.want_capture(receipt.import_id)
    for key in ("WEB1001", "WEB1002"):
        books.set_order_status(key, "Packed")
    return web


def cycle(web: Orchestrator) -> None:
    web.import_orders()
    web.follow_orders()
    web.push_order_statuses()
    web.capture_payments()


def test_quiet_cycles_add_no_rows(web: Orchestrator) -> None:
    for _ in range(3):
        cycle(web)
    before = rows(web)
    for _ in range(5):
        cycle(web)
    assert len(web.capture_payments().postponed) == 6
    assert len(web.import_orders().waiting) == 2
    assert rows(web) == before


def test_a_store_that_is_away_adds_a_row_for_an_order_and_no_more(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    order_id = store.add_order(OrderFactory().plain()).id
    web = join()
    store.fail(f"PUT /v2/orders/{order_id}", "503", times=4)
    for _ in range(4):
        web.import_orders()
    web.import_orders()
    assert [entry.outcome for entry in web.history(order_id).entries] == ["postponed", "relinked"]


# --- what a run finds again ---


def found(web: Orchestrator, *effects: tuple[str, str]) -> None:
    """A run finds these: an effect, and the words of its problem."""

    def job(run: PushRun) -> None:
        for effect, words in effects:
            change, problem = (
                Change("WEB1", "status", import_id="WEB1"),
                Problem("code", "", "", words, ""),
            )
            if effect == "sent":
                run.sent(change)
            elif effect == "refused":
                run.refuse(change, problem)
            else:
                run.postpone(change, problem)

    PushRun(web._integration, Task("push_order_statuses", "Pushing order statuses")).do(job)


def said(web: Orchestrator) -> list[str]:
    entries = web._integration.journal.entries("WEB1")
    words = [entry.detail.rpartition("; ")[2].removesuffix(" [code]") for entry in entries]
    return [f"{entry.outcome} {text}" for entry, text in zip(entries, words, strict=True)]


def test_a_state_is_said_once_and_again_when_its_words_change(join: Join) -> None:
    web = join()
    for words in ("away", "away", "busy", "busy", "away"):
        found(web, ("postponed", words))
    assert said(web) == ["postponed away", "postponed busy", "postponed away"]


def test_a_refusal_in_the_words_of_a_postponement_is_another_state(join: Join) -> None:
    web = join()
    for effect in ("postponed", "refused", "refused"):
        found(web, (effect, "away"))
    assert said(web) == ["postponed away", "refused away"]


def test_what_was_done_ends_a_state(join: Join) -> None:
    web = join()
    for effect in ("refused", "sent", "sent", "refused", "refused"):
        found(web, (effect, "no"))
    assert [each.split()[0] for each in said(web)] == ["refused", "sent", "sent", "refused"]
    found(web, ("sent", "no"), ("refused", "no"))
    assert [each.split()[0] for each in said(web)][4:] == ["sent", "refused"]


def test_a_record_may_have_two_states_at_once(join: Join) -> None:
    """Such as an order with two shipments, also where its chunk ends between them."""
    web = join()
    for _ in range(3):
        found(web, ("postponed", "one"), ("refused", "two"))

    def apart(run: PushRun) -> None:
        for words in ("one", "two"):
            change = Change("WEB1", "status", import_id="WEB1")
            (run.refuse if words == "two" else run.postpone)(
                change, Problem("code", "", "", words, "")
            )
            run.flush()

    for _ in range(3):
        PushRun(web._integration, Task("push_order_statuses", "")).do(apart)
    assert said(web) == ["postponed one", "refused two"]


def test_states_that_cannot_be_read_are_lost_with_the_record(join: Join) -> None:
    web = join()
    found(web, ("postponed", "away"))
    with web._integration.journal._database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE avbc_fingerprints RENAME TO gone")
    run = PushRun(web._integration, Task("push_order_statuses", ""))
    change = Change("WEB1", "status", import_id="WEB1")
    report = run.do(lambda run: run.postpone(change, Problem("code", "", "", "busy", "")))
    assert len(report.postponed) == 1
    assert "avbc_fingerprints" in report.unrecorded
