"""A webhook is open from before it is answered until what it asks for is done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import StoreError
from avbc.orchestrator import FollowOrder, Ignore, ImportOrder, LookAtOrder, Orchestrator
from avbc.orchestrator.engine import open_webhooks
from avbc.orchestrator.engine.journal import JOURNAL, Journal
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.open_webhooks import OpenWebhook, OpenWebhooks
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, StoreProcess, example, order_of_shape
from avbc.testing.fakestore.events import WebhookCall, signed_headers

Change = Callable[..., Settings]
Join = Callable[..., Orchestrator]

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
SCOPE = "WEB@abc123"


@pytest.fixture(params=["memory", "file", "postgresql"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    urls = {"memory": "sqlite://", "file": f"sqlite:///{tmp_path}/journal.db"}
    opened = Journal(urls.get(request.param) or request.getfixturevalue("postgresql_url"))
    yield opened
    opened.close()


def webhook(*keys: str, at: datetime = AT, order_id: int = 250) -> OpenWebhook:
    return OpenWebhook(keys, "follow", order_id, "status 9 to 5 in the store", at)


# In the journal


def test_a_repetition_counts_until_the_webhook_is_closed(journal: Journal) -> None:
    opened = OpenWebhooks(journal, SCOPE)
    assert not opened.is_done(["a"])
    assert opened.accept(webhook("a", "b"))
    assert opened.read() == [webhook("a", "b")]
    for keys in (("a", "b"), ("a", "x"), ("y", "b")):
        assert not opened.is_done(keys)
        assert opened.accept(webhook(*keys))
    assert opened.read("follow") == [webhook("a", "b")]
    assert opened.read("import") == OpenWebhooks(journal, "WEB@other").read() == []
    opened.close([("y", "b")])
    assert opened.read() == []
    for keys in (("a", "b"), ("a", "x"), ("y", "b")):
        assert opened.is_done(keys)
        assert not opened.accept(webhook(*keys))
    assert opened.read() == []


def test_what_is_closed_is_remembered_for_three_days_and_what_is_open_for_ever(
    journal: Journal,
) -> None:
    opened = OpenWebhooks(journal, SCOPE)
    assert opened.accept(webhook("closed"))
    assert opened.accept(webhook("open", order_id=251))
    opened.close([["closed"]])
    assert not opened.accept(webhook("other", "closed", at=AT + timedelta(days=3)))
    assert not opened.is_done(["other"])  # it was not half noted
    later = AT + timedelta(days=3, seconds=1)
    assert opened.accept(webhook("closed", at=later))
    assert opened.accept(webhook("open", at=later))
    assert [(each.order_id, each.at) for each in opened.read()] == [(251, AT), (250, later)]


def test_a_journal_of_version_2_keeps_what_was_received(journal: Journal) -> None:
    """What an earlier version received was done, as far as that version knew."""
    opened = OpenWebhooks(journal, SCOPE)
    assert opened.accept(webhook("a"))
    database = journal._database
    with database.engine.begin() as connection:
        for table in ("avbc_worklist", "avbc_open_webhooks"):
            connection.exec_driver_sql(f"drop table {table}")
        connection.exec_driver_sql("update avbc_journal_version set version = 2")
    again = Journal(database.engine)
    reopened = OpenWebhooks(again, SCOPE)
    assert not reopened.accept(webhook("a"))
    assert reopened.accept(webhook("b"))
    assert reopened.read() == [webhook("b")]
    with database.engine.begin() as connection:
        version = connection.execute(sa.text("select version from avbc_journal_version")).scalar()
    assert version == JOURNAL.version


# Between accepting and acting


def last_call(store: FakeStore, scope: str = "") -> WebhookCall:
    return store.webhook([event for event in store.events if event.scope.endswith(scope)][-1])


def accept(web: Orchestrator, call: WebhookCall) -> object:
    return web.accept_webhook(call.body, call.headers).action


def still_open(web: Orchestrator) -> list[tuple[str, int]]:
    opened = OpenWebhooks.of(web._integration).read()
    return [(each.asks, each.order_id) for each in opened]


def test_a_webhook_is_open_before_it_is_answered(web: Orchestrator, store: FakeStore) -> None:
    order = store.place_order().id
    accepted = web.accept_webhook(*_parts(last_call(store, "created")))
    assert still_open(web) == [("import", order)]
    assert web.act_on_webhook(accepted).is_done
    assert still_open(web) == []


def _parts(call: WebhookCall) -> tuple[bytes, dict[str, str]]:
    return call.body, dict(call.headers)


def test_what_failed_stays_open_and_the_next_import_closes_it(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreError):
        web.handle_webhook(*_parts(call))
    assert still_open(web) == [("import", order)]
    assert [outcome.order_id for outcome in web.import_orders().imported] == [order]
    assert still_open(web) == []
    store.clear_log()
    assert accept(web, call) == Ignore("it came before")
    assert store.counts() == {}


def test_an_import_closes_what_it_looked_at_whatever_the_order_is_now(
    web: Orchestrator, store: FakeStore
) -> None:
    """New and imported, refused, canceled before it was imported, or gone."""
    store.place_order()
    accept(web, last_call(store, "created"))
    refused = store.add_order(order_of_shape("unknown_sku", OrderFactory(first_id=2001))).id
    store.edit_order(refused, status_id=7)
    store.edit_order(refused, status_id=11)
    accept(web, last_call(store, "statusUpdated"))
    canceled, gone = store.place_order().id, store.place_order().id
    for event in store.events:
        if event.data["id"] in (canceled, gone) and event.scope.endswith("created"):
            accept(web, store.webhook(event))
    store.edit_order(canceled, status_id=5)
    store.delete_order(gone)
    assert len(still_open(web)) == 4
    web.import_orders()
    assert still_open(web) == []


def test_an_import_leaves_open_what_it_could_not_do(web: Orchestrator, store: FakeStore) -> None:
    """A preview, a run that ended early, an order that was postponed: none has done it."""
    order = store.add_order(order_of_shape("captured")).id
    store.edit_order(order, status_id=7)
    store.edit_order(order, status_id=11)
    accept(web, last_call(store, "statusUpdated"))
    web.preview_orders()
    assert still_open(web) == [("import", order)]
    store.fail(f"GET /v3/orders/{order}/transactions", "503")
    report = web.import_orders()
    assert [outcome.order_id for outcome in report.postponed] == [order]
    assert still_open(web) == [("import", order)]
    assert [outcome.order_id for outcome in web.import_orders().imported] == [order]
    assert still_open(web) == []


def test_what_was_accepted_while_a_run_was_listing_is_left_to_the_next(
    join: Join, store: FakeStore
) -> None:
    """The list may not have the order: it was made before."""
    other = join()

    def meanwhile(done: int, *_: object) -> None:
        if not still_open(other):
            store.place_order()
            accept(other, last_call(store, "created"))

    store.place_order()
    web = join(on_progress=meanwhile)
    web.import_orders()
    assert len(still_open(web)) == 1
    join().import_orders()
    assert still_open(web) == []


@pytest.mark.parametrize(
    "event", [("created", "import_orders"), ("statusUpdated", "follow_orders"), ("created", "")]
)
def test_whoever_acts_on_a_webhook_waits_for_no_other_process(
    join: Join,
    new_books: Callable[..., SqlGateway],
    tmp_path: Path,
    store: FakeStore,
    event: tuple[str, str],
) -> None:
    """The turn is taken, or an import is past the place of the order in its list."""
    scope, turn = event
    books = new_books(f"sqlite:///{tmp_path}/books.db")
    other, web = join(books=books), join(books=books)
    store.place_order()
    web.import_orders()
    acted = []

    def act(*_: object) -> None:
        if acted:
            return
        order = store.place_order().id
        if scope == "statusUpdated":
            store.edit_order(order, status_id=5)
        accepted = other.accept_webhook(*_parts(last_call(store, scope)))
        store.clear_log()
        began = time.monotonic()
        acted.append(other.act_on_webhook(accepted))
        assert time.monotonic() - began < 5
        assert store.log == []

    if turn:
        with web._integration.turn(turn, timedelta(0)):
            act()
    else:
        store.place_order()
        join(books=books, on_progress=act).import_orders()
    (report,) = acted
    assert not report.is_done
    assert "another process is doing this for the store" in report.summary()
    if scope == "created":
        assert report.summary().endswith(
            "The webhook stays open: the import that runs now or the next one takes the order, "
            "and closes it."
        )
    assert len(still_open(web)) == 1
    (web.follow_orders if turn == "follow_orders" else web.import_orders)()
    assert still_open(web) == []
    noted = [each for each in web.history(1002).entries if each.action == "webhook"]
    assert len(noted) == (scope == "statusUpdated")


def test_a_webhook_that_stays_open_waits_for_a_person(
    web: Orchestrator, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour, once; the advice is followed, and the item goes."""
    order = store.add_order(order_of_shape("captured")).id
    store.edit_order(order, status_id=7)
    store.edit_order(order, status_id=11)
    accept(web, last_call(store, "statusUpdated"))
    store.fail(f"GET /v3/orders/{order}/transactions", "503", times=3)
    web.import_orders()
    assert web.worklist().ok
    monkeypatch.setattr(open_webhooks, "OLD", timedelta(0))
    web.import_orders()
    (item,) = web.worklist()
    assert (item.code, item.order_id, item.key) == ("webhook_open", order, f"WEB{order}")
    assert "Call import_orders(): its report says why." in item.fix
    assert web.import_orders().postponed[0].problems
    assert [outcome.order_id for outcome in web.import_orders().imported] == [order]
    assert web.worklist().ok


# Killed for real

LISTENER = """
import json, sys
from avbc import Orchestrator, Settings, SqlGateway
from avbc.testing import example

api_url, books_url = json.loads(sys.stdin.readline())
settings = Settings.from_dict(example.settings_dict(api_url))
with SqlGateway(books_url) as books, Orchestrator(settings, books) as web:
    for line in sys.stdin:
        body, headers = json.loads(line)
        print(web.accept_webhook(body.encode(), headers).action, flush=True)
"""


@pytest.fixture(params=["file", "postgresql"])
def books_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "file":
        return f"sqlite:///{tmp_path}/books.db"
    return str(request.getfixturevalue("postgresql_url"))


def test_a_process_that_is_killed_between_accepting_and_acting_loses_nothing(
    books_url: str, books_toml: Path
) -> None:
    """The next run does what it had promised, and so does a repetition."""
    with StoreProcess(orders=0) as store, SqlGateway(books_url) as books:
        books.load(books_toml)
        first, second = store.place_order().id, store.place_order().id
        created = [event for event in store.events if event.scope.endswith("created")]
        calls = [store.webhook(event) for event in created]
        with subprocess.Popen(
            [sys.executable, "-c", LISTENER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            for line in ([store.api_url, books_url], *(_line(call) for call in calls)):
                process.stdin.write(json.dumps(line) + "\n")
            process.stdin.flush()
            answers = [process.stdout.readline() for _ in calls]
            os.kill(process.pid, signal.SIGKILL)
        assert answers == [f"import order {number}\n" for number in (first, second)]
        settings = Settings.from_dict(example.settings_dict(store.api_url))
        with Orchestrator(settings, books) as web:
            assert still_open(web) == [("import", first), ("import", second)]
            report = web.handle_webhook(*_parts(calls[0]))
            assert report.import_report is not None
            assert [outcome.order_id for outcome in report.import_report.imported] == [first]
            assert still_open(web) == [("import", second)]
            assert [outcome.order_id for outcome in web.import_orders().imported] == [second]
            assert still_open(web) == []
            assert accept(web, calls[1]) == Ignore("it came before")


def _line(call: WebhookCall) -> list[object]:
    return [call.body.decode(), dict(call.headers)]


def test_two_processes_that_act_on_the_same_webhook_do_no_harm(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    one, other = join(), join()
    accepted = [web.accept_webhook(*_parts(call)) for web in (one, other)]
    assert [each.action for each in accepted] == [ImportOrder(order)] * 2
    # Neither knows that the other is at it.
    OpenWebhooks.of(other._integration).accept(webhook(*accepted[0].keys))
    assert one.act_on_webhook(accepted[0]).ok
    assert other.act_on_webhook(accepted[1]).ok
    assert [each.import_id for each in books.sales_orders()] == [f"WEB{order}"]


# Without a status


def bare_call(store: FakeStore, order_id: int, number: int) -> WebhookCall:
    """BigCommerce's own sample: no `data.status`, no `created_at`."""
    body = json.dumps(
        {
            "store_id": "11111",
            "producer": f"stores/{store.store_hash}",
            "scope": "store/order/statusUpdated",
            "data": {"type": "order", "id": order_id},
            "hash": f"{number:040d}",
        }
    ).encode()
    headers = signed_headers(
        body, "example-secret", webhook_id=f"msg_bare_{number}", timestamp=int(time.time())
    )
    return WebhookCall("store/order/statusUpdated", "", headers, body)


def test_without_a_status_a_new_order_is_imported(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order().id
    report = web.handle_webhook(*_parts(bare_call(store, order, 1)))
    assert report.webhook.action == LookAtOrder(order)
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.imported] == [order]
    assert report.summary().startswith(
        f"store/order/statusUpdated: look at order {order}: imported."
    )
    assert [each.import_id for each in books.sales_orders()] == [f"WEB{order}"]


def test_a_label_of_the_stores_own_is_not_asked_for_before_the_answer(
    join: Join, change: Change, books: SqlGateway
) -> None:
    """A store that hangs would hold the web application that has to answer."""
    store = FakeStore(status_labels={11: "Ready"})
    settings = change(order_status={"new_order_status": "Ready"})
    order = store.place_order(status_id=7).id
    store.edit_order(order, status_id=11)
    web = join(settings=settings, transport=store.transport())
    webhook = web.accept_webhook(*_parts(last_call(store, "statusUpdated")))
    assert webhook.action == LookAtOrder(order)
    assert store.log == []
    web.act_on_webhook(webhook)
    assert [each.import_id for each in books.sales_orders()] == [f"WEB{order}"]
    # By now the label is known.
    again = store.place_order(status_id=7).id
    store.edit_order(again, status_id=11)
    assert web.accept_webhook(*_parts(last_call(store, "statusUpdated"))).action == ImportOrder(
        again
    )


def test_without_a_status_what_the_order_is_now_is_in_its_history(
    web: Orchestrator, store: FakeStore
) -> None:
    order = store.place_order().id
    web.import_orders()
    store.edit_order(order, status_id=5)
    report = web.handle_webhook(*_parts(bare_call(store, order, 2)))
    assert f"look at order {order}: status 5 in the store" in report.summary()
    store.delete_order(order)
    web.handle_webhook(*_parts(bare_call(store, order, 3)))
    noted = [entry.detail for entry in web.history(order).entries if entry.action == "webhook"]
    assert noted == ["status 5 in the store", "archived or deleted in the store"]
    assert still_open(web) == []


def test_a_webhook_does_not_retry_an_order_that_was_refused(
    web: Orchestrator, store: FakeStore
) -> None:
    """Only a New order is imported for a webhook; what is refused waits for a person."""
    order = store.add_order(order_of_shape("unknown_sku")).id
    store.edit_order(order, status_id=7)
    store.edit_order(order, status_id=11)
    call = last_call(store, "statusUpdated")
    web.import_orders()
    report = web.handle_webhook(*_parts(call))
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.postponed] == [order]
    assert report.ok


# What is followed


def imported(web: Orchestrator, store: FakeStore) -> int:
    order = store.place_order().id
    web.import_orders()
    return order


def test_a_canceled_order_is_followed_by_the_next_run_if_nobody_acts(
    join: Join, store: FakeStore, books: SqlGateway
) -> None:
    """The process died after it had accepted the webhook: the order is not made Shipped."""
    web = join()
    order = imported(web, store)
    store.edit_order(order, status_id=5)
    call = last_call(store, "statusUpdated")
    web.accept_webhook(*_parts(call))
    books.set_order_status(f"WEB{order}", "Shipped/Invoice")

    again = join()
    assert still_open(again) == [("follow", order)]
    assert again.push_order_statuses().sent == []
    assert store.order(order).header["status_id"] == 5
    again.follow_orders()
    assert still_open(again) == []
    assert [(item.code, item.order_id) for item in again.worklist()] == [
        ("order_stopped_in_store", order)
    ]
    noted = [entry.detail for entry in again.history(order).entries if entry.action == "webhook"]
    assert noted == ["status 9 to 5 in the store"]
    assert accept(again, call) == Ignore("it came before")


@pytest.mark.parametrize("has_status", [True, False])
def test_a_webhook_of_a_stop_is_followed_at_once(
    web: Orchestrator, store: FakeStore, has_status: bool
) -> None:
    order = imported(web, store)
    store.edit_order(order, status_id=5)
    call = last_call(store, "statusUpdated") if has_status else bare_call(store, order, 4)
    report = web.handle_webhook(*_parts(call))
    assert report.follow_report is not None
    assert [(item.code, item.order_id) for item in web.worklist()] == [
        ("order_stopped_in_store", order)
    ]
    assert still_open(web) == []


def test_the_echo_of_our_own_status_costs_no_request(web: Orchestrator, store: FakeStore) -> None:
    imported(web, store)
    store.clear_log()
    report = web.handle_webhook(*_parts(last_call(store, "statusUpdated")))
    assert report.follow_report is None
    assert store.counts() == {}


def test_an_archived_order_and_a_capture_are_followed_at_once(
    web: Orchestrator, store: FakeStore
) -> None:
    order = store.add_order(order_of_shape("authorized")).id
    store.edit_order(order, status_id=7)
    store.edit_order(order, status_id=11)
    web.import_orders()
    store.request("POST", f"/v3/orders/{order}/payment_actions/capture")
    store.settle()
    report = web.handle_webhook(*_parts(last_call(store, "transaction/created")))
    assert report.webhook.action == FollowOrder(order, "a new payment transaction")
    assert report.follow_report is not None
    (receipt,) = web.books.receipts([f"WEB{order}"])
    assert receipt.state == "captured"
    store.request("DELETE", f"/v2/orders/{order}")
    web.handle_webhook(*_parts(last_call(store, "archived")))
    assert [item.order_id for item in web.worklist()] == [order]
    assert still_open(web) == []


def test_a_refund_is_followed_at_once(web: Orchestrator, store: FakeStore) -> None:
    order = imported(web, store)
    store.refund(order)
    report = web.handle_webhook(*_parts(last_call(store, "refund/created")))
    assert report.follow_report is not None
    assert order in [item.order_id for item in web.worklist()]


def test_a_follow_that_fails_stays_open(web: Orchestrator, store: FakeStore) -> None:
    order = imported(web, store)
    store.edit_order(order, status_id=5)
    call = last_call(store, "statusUpdated")
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreError):
        web.handle_webhook(*_parts(call))
    assert still_open(web) == [("follow", order)]
    assert web.handle_webhook(*_parts(call)).follow_report is not None
    assert still_open(web) == []


@pytest.mark.one_python
def test_a_process_may_die_anywhere_while_it_handles_webhooks(
    *,
    live_on: Callable[..., None],
    join: Join,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """BigCommerce repeats one and not the other: the end is the same, and nothing is open."""
    web = join()
    canceled = imported(web, store)
    web.follow_orders()
    store.edit_order(canceled, status_id=5)
    new = store.place_order().id
    calls = [last_call(store, "created"), bare_call(store, canceled, 5)]
    left: list[WebhookCall] = []

    def take_webhooks(web: Orchestrator) -> list[object]:
        """As a worker does, and then the timer."""
        handled = list(left)
        left[:] = calls[1:]
        for call in handled:
            web.handle_webhook(*_parts(call))
        return [*web.import_orders(), *web.follow_orders().sent]

    def fill(_: FakeStore) -> None:
        left[:] = calls

    def state(world: FakeStore, books: SqlGateway) -> object:
        with closing(Journal(books.engine)) as journal:
            assert OpenWebhooks(journal, SCOPE).read() == []
            items = OpenItems(journal, SCOPE).all()
        return (
            [world.order(number).header["status_id"] for number in (canceled, new)],
            sorted(order.import_id for order in books.sales_orders()),
            [(item.code, item.key) for item in items],
        )

    monkeypatch.setattr(Orchestrator, "take_webhooks", take_webhooks, raising=False)
    live_on("take_webhooks", state, fill=fill)
