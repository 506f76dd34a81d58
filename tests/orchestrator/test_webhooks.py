"""Webhooks from the fake store's events to the books: verified, acted on once, registered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import pickle
import re
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import httpx
import pytest

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import StoreError
from avbc.errors import AvbcError, FinalError
from avbc.orchestrator import (
    FollowOrder,
    Ignore,
    ImportOrder,
    JournalUnusable,
    LookAtOrder,
    NoteRefund,
    NoteStatus,
    Orchestrator,
    Webhook,
    WebhookRefused,
    WebhookReport,
)
from avbc.orchestrator.jobs.hooks import HOOKS
from avbc.orchestrator.webhooks import read_webhook
from avbc.secret import Secret
from avbc.settings import PaymentMethodMapping, Settings, SettingsError
from avbc.testing import Discount, FakeStore, OrderFactory, Payment, item, order_of_shape
from avbc.testing.fakestore.events import Event, WebhookCall
from avbc.testing.shapes import NEW_COUPON, PURCHASER

Change = Callable[..., Settings]
Join = Callable[..., Orchestrator]

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SECRET = "example-secret"
URL = "https://example.com/webhooks"
NEW = 11


def event(scope: str = "store/order/statusUpdated", **changes: object) -> dict[str, object]:
    data = {"type": "order", "id": 250, "status": {"previous_status_id": 0, "new_status_id": 11}}
    body = {
        "scope": scope,
        "store_id": "1025646",
        "data": data,
        "hash": "3f9ea420",
        "created_at": 1561479335,
        "producer": "stores/abc123",
    }
    return {**body, **changes}


def signed(
    body: bytes, at: datetime = NOW, key: bytes = SECRET.encode(), webhook_id: str = "msg_1"
) -> dict[str, str]:
    """Signed by the words of Standard Webhooks, apart from the code of the fake store."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(
        key, b".".join([webhook_id.encode(), timestamp.encode(), body]), hashlib.sha256
    ).digest()
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def read(
    body: bytes,
    headers: Mapping[str, str],
    now: datetime = NOW,
    secret: str = SECRET,
    store_hash: str = "abc123",
) -> Webhook:
    return read_webhook(
        body,
        headers,
        client_secret=Secret(secret),
        store_hash=store_hash,
        new_status_id=NEW,
        now=now,
    )


def read_event(body: object) -> Webhook:
    raw = json.dumps(body).encode()
    return read(raw, signed(raw))


# Verifying


def test_a_webhook_is_verified() -> None:
    body = json.dumps(event()).encode()
    webhook = read(body, signed(body))
    assert webhook.scope == "store/order/statusUpdated"
    assert webhook.action == ImportOrder(250)
    assert webhook.created_at == datetime(2019, 6, 25, 16, 15, 35, tzinfo=UTC)
    assert pickle.loads(pickle.dumps(webhook)) == webhook


def test_the_key_is_the_client_secret_which_libraries_take_in_base64() -> None:
    """The libraries decode base64(client secret), so the secret's own bytes sign."""
    body = json.dumps(event()).encode()
    key_for_libraries = base64.b64encode(SECRET.encode())
    assert read(body, signed(body, key=base64.b64decode(key_for_libraries))).action == ImportOrder(
        250
    )
    with pytest.raises(WebhookRefused):
        read(body, signed(body, key=key_for_libraries))


def test_header_names_have_no_case() -> None:
    body = json.dumps(event()).encode()
    assert read(
        body, {name.title(): f" {value} " for name, value in signed(body).items()}
    ).action == ImportOrder(250)


def test_one_signature_of_several_is_enough() -> None:
    body = json.dumps(event()).encode()
    headers = signed(body)
    other = signed(body, key=b"example-secret-2")["webhook-signature"]
    headers["webhook-signature"] = f"v1a,nonsense {other}  {headers['webhook-signature']} v2,é"
    assert read(body, headers).action == ImportOrder(250)


@pytest.mark.parametrize("off", [timedelta(), timedelta(minutes=5), timedelta(minutes=-5)])
def test_five_minutes_of_difference_are_allowed(off: timedelta) -> None:
    body = json.dumps(event()).encode()
    assert read(body, signed(body), NOW + off).action == ImportOrder(250)


@pytest.mark.parametrize(
    ("off", "told"),
    [(timedelta(seconds=301), "301 s old"), (timedelta(seconds=-301), "301 s ahead of our clock")],
)
def test_more_is_stale(off: timedelta, told: str) -> None:
    body = json.dumps(event()).encode()
    with pytest.raises(WebhookRefused, match=told):
        read(body, signed(body), NOW + off)


def refused(body: bytes, headers: Mapping[str, str], **options: str) -> str:
    with pytest.raises(WebhookRefused) as caught:
        read(body, headers, **options)  # type: ignore[arg-type]  # the names are read's
    assert isinstance(caught.value, FinalError)
    assert SECRET not in f"{caught.value}{caught.value!r}"
    assert signed(body)["webhook-signature"] not in str(caught.value)
    return str(caught.value)


def test_a_bad_signature_is_refused() -> None:
    body = json.dumps(event()).encode()
    assert "no signature of the webhook matches" in refused(
        body, signed(body, key=b"example-secret-2")
    )
    assert "no signature" in refused(body + b" ", signed(body))
    assert "no signature" in refused(body, {**signed(body), "webhook-id": "msg_2"})
    assert "no signature" in refused(body, {**signed(body), "webhook-timestamp": "1772463601"})
    assert "no signature" in refused(
        body,
        {
            **signed(body),
            "webhook-signature": signed(body)["webhook-signature"].replace("v1,", "v2,"),
        },
    )
    assert "no signature" in refused(
        body,
        {
            **signed(body),
            "webhook-signature": signed(body)["webhook-signature"].replace("v1,", ","),
        },
    )
    assert "no signature" in refused(body, {**signed(body), "webhook-id": "msg_\udcff"})


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name: str) -> None:
    body = json.dumps(event()).encode()
    headers = signed(body)
    assert name in refused(body, {key: value for key, value in headers.items() if key != name})
    assert name in refused(body, {**headers, name: "  "})


@pytest.mark.parametrize("timestamp", ["soon", "-5", "1e9", "²", "1" * 13, "1772463600.5"])
def test_a_timestamp_must_be_seconds(timestamp: str) -> None:
    body = json.dumps(event()).encode()
    digest = hmac.new(
        SECRET.encode(), f"msg_1.{timestamp}.".encode() + body, hashlib.sha256
    ).digest()
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
    assert "timestamp" in refused(body, headers)


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_body_must_be_an_object(body: bytes) -> None:
    assert "not a JSON object" in refused(body, signed(body))


@pytest.mark.parametrize("producer", ["stores/other", "stores/ABC123", None, 5])
def test_another_store_is_refused(producer: object) -> None:
    body = json.dumps(event(producer=producer)).encode()
    assert "not from the store abc123" in refused(body, signed(body))


# Deciding


@pytest.mark.parametrize(
    ("body", "action"),
    [
        (event("store/order/created", data={"type": "order", "id": 250}), ImportOrder(250)),
        (event(), ImportOrder(250)),
        (
            event(data={"id": 250, "status": {"previous_status_id": 12, "new_status_id": 11}}),
            ImportOrder(250),
        ),
        (
            event(data={"id": 250, "status": {"previous_status_id": 11, "new_status_id": 9}}),
            NoteStatus(250, 11, 9),
        ),
        (event(data={"id": 250, "status": {"new_status_id": 0}}), NoteStatus(250, None, 0)),
        (event(data={"id": 250}), LookAtOrder(250)),
        (event(data={"id": 250, "status": "Shipped"}), LookAtOrder(250)),
        (event(data={"id": 250, "status": {"previous_status_id": 9}}), LookAtOrder(250)),
        (event("store/order/archived", data={"id": 250}), FollowOrder(250, "archived")),
        (
            event("store/order/transaction/created", data={"order_id": "250"}),
            FollowOrder(250, "a new payment transaction"),
        ),
        (
            event("store/order/transaction/updated", data={"order_id": 250}),
            FollowOrder(250, "a changed payment transaction"),
        ),
        (
            event("store/order/refund/created", data={"id": 250, "refund": {"refund_id": 3}}),
            NoteRefund(250, 3),
        ),
        (event("store/order/refund/created", data={"id": 250}), NoteRefund(250)),
    ],
)
def test_an_event_becomes_the_smallest_action(body: dict[str, object], action: object) -> None:
    assert read_event(body).action == action


@pytest.mark.parametrize(
    "body",
    [
        event("store/order/updated"),
        event("store/cart/created", data={"type": "cart", "id": "09346904-4175"}),
        event(scope=["store/order/created"]),
        event(data=None),
        event(data={"id": "250"}),
        event("store/order/transaction/created", data={"order_id": "²"}),
        event("store/order/transaction/created", data={"id": 250}),
        event(data={"id": True}),
        event(data={"id": 0}),
        event(data={"id": -1}),
    ],
)
def test_anything_else_is_ignored(body: dict[str, object]) -> None:
    assert isinstance(read_event(body).action, Ignore)


def test_what_it_asks_for_reads_well() -> None:
    assert str(ImportOrder(250)) == "import order 250"
    assert str(NoteStatus(250, 11, 9)) == "note that order 250 went from status 11 to 9"
    assert str(NoteStatus(250, None, 9)) == "note that order 250 has status 9"
    assert str(LookAtOrder(250)) == "look at order 250"
    assert str(FollowOrder(250, "archived")) == "follow order 250 (archived in the store)"
    assert str(NoteRefund(250)) == "note a refund of order 250"
    assert str(NoteRefund(250, 3)) == "note refund 3 of order 250"
    assert str(Ignore("so")) == "nothing: so"


def test_repetitions_are_known_by_the_id_or_by_the_event() -> None:
    body = json.dumps(event()).encode()
    keys = read(body, signed(body)).keys
    assert read(body, signed(body, webhook_id="msg_2")).keys[1] == keys[1]
    later = json.dumps(event(created_at=1561479999)).encode()
    assert set(read(later, signed(later)).keys) & set(keys) == {keys[0]}
    assert set(read(later, signed(later, webhook_id="msg_2")).keys).isdisjoint(keys)
    bare = json.dumps({**event(), "hash": ""}).encode()
    assert read(bare, signed(bare)).keys == keys[:1]
    assert all(len(key) == 64 for key in keys)


# Acting, with the fake store's own events


def last_call(store: FakeStore, scope: str = "") -> WebhookCall:
    return store.webhook([told for told in store.events if told.scope.endswith(scope)][-1])


def handle(web: Orchestrator, call: WebhookCall) -> WebhookReport:
    return web.handle_webhook(call.body, call.headers)


def test_a_placed_order_is_imported_at_once(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order([item("MUG-BLUE", 2)])
    store.place_order()
    report = handle(
        web, store.webhook(next(told for told in store.events if told.data["id"] == order.id))
    )
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.imported] == [order.id]
    assert report.ok
    assert str(report).startswith(f"store/order/created: import order {order.id}: imported.\n")
    assert f"WEB{order.id}" in str(report)
    assert report.to_dicts()[0]["result"] == "imported"
    assert [order.import_id for order in books.sales_orders()] == [f"WEB{order.id}"]
    assert store.order(order.id).header["status_id"] == 9


@pytest.mark.parametrize("status_id", [NEW, 0])
def test_the_webhooks_of_a_normal_order_ask_nobody_for_anything(
    web: Orchestrator, store: FakeStore, caplog: pytest.LogCaptureFixture, status_id: int
) -> None:
    """Each order comes in several: one leads to its import, or it is an unfinished checkout."""
    caplog.set_level(logging.INFO, "avbc")
    order = store.place_order()
    if status_id == NEW:
        data = {"order_id": f"{order.id}"}
        store.events.append(Event("store/order/transaction/created", data, 1772463600, 99))
    else:
        store.edit_order(order.id, status_id=status_id)
    done = 0
    while done < len(store.events):  # the import's own status is an event, too
        report = handle(web, store.webhook(store.events[done]))
        done += 1
        assert report.ok
        assert "import_order" not in str(report)
        assert "Give it" not in str(report)
    assert done >= 3
    assert {record.levelname for record in caplog.records} == {"INFO"}
    said = [record.getMessage() for record in caplog.records]
    assert any(f"order {order.id}: left alone (order_not_new)" in line for line in said)
    assert any("No new orders. 1 order was left alone." in line for line in said)
    assert not any("Give it" in line or "postponed" in line.lower() for line in said)


@pytest.mark.parametrize("code", ["order_of_other_channel", "order_too_old"])
def test_an_order_that_is_not_to_be_imported_is_no_warning_either(
    join: Join, change: Change, store: FakeStore, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    settings = {
        "order_of_other_channel": change(order_status={"channels": [7]}),
        "order_too_old": change(
            order_status={"import_orders_created_since": datetime.now(UTC) + timedelta(days=1)}
        ),
    }[code]
    web = join(settings=settings)
    caplog.set_level(logging.INFO, "avbc")
    store.place_order()
    report = handle(web, last_call(store, "created"))
    assert report.summary().endswith(f": left alone ({code}).")
    assert {record.levelname for record in caplog.records} == {"INFO"}


def test_what_a_person_asks_for_is_a_warning_with_what_to_do(
    web: Orchestrator, store: FakeStore, caplog: pytest.LogCaptureFixture
) -> None:
    order = store.add_order(OrderFactory().plain())
    store.edit_order(order.id, status_id=0)
    report = web.import_order(order.id)
    assert "give it the status" in str(report)
    (line,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert line.getMessage().endswith(f"order {order.id}: postponed (order_not_new)")


def test_an_order_that_is_mended_and_reset_is_imported(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.add_order(order_of_shape("unknown_sku", OrderFactory())).id
    web.import_orders()
    store.edit_order(order, status_id=NEW)
    report = handle(web, last_call(store, "statusUpdated"))
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.refused] == [order]
    assert not report.ok
    assert (
        report.summary()
        == f"store/order/statusUpdated: import order {order}: refused (sku_unknown)."
    )
    # The refusal is an event too. It is noted and not acted on: else an order would be tried for
    # ever.
    assert handle(web, last_call(store, "statusUpdated")).webhook.action == NoteStatus(
        order, NEW, 12
    )


def test_an_unfinished_checkout_is_left_alone(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.add_order(OrderFactory().plain())
    store.edit_order(order.id, status_id=0)
    created = store.webhook(
        Event("store/order/created", {"type": "order", "id": order.id}, 1772463600, 1)
    )
    report = handle(web, created)
    assert report.import_report is not None
    assert [outcome.problems[0].code for outcome in report.import_report.postponed] == [
        "order_not_new"
    ]
    assert report.ok
    assert books.sales_orders() == []


def test_an_order_that_is_gone_is_no_failure(web: Orchestrator, store: FakeStore) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    store.delete_order(order)
    report = handle(web, call)
    assert f"but the store has no order {order}" in str(report)
    assert report.to_dicts() == []


def test_other_changes_are_noted_in_the_history(web: Orchestrator, store: FakeStore) -> None:
    order = store.add_order(OrderFactory().plain()).id
    web.import_orders()
    store.edit_order(order, status_id=2)
    store.clear_log()
    report = handle(web, last_call(store, "statusUpdated"))
    assert report.ok
    assert (
        str(report)
        == f"store/order/statusUpdated: note that order {order} went from status 9 to 2."
    )
    refund = Event(
        "store/order/refund/created",
        {"type": "order", "id": order, "refund": {"refund_id": 3}},
        1772463600,
        999,
    )
    handle(web, store.webhook(refund))
    # The order is followed.
    assert store.counts() == {"GET /v2/orders": 1}
    noted = [
        (entry.action, entry.outcome, entry.detail)
        for entry in web.history(order).entries
        if entry.action == "webhook"
    ]
    assert noted == [
        ("webhook", "noted", "status 9 to 2 in the store"),
        ("webhook", "noted", "refund 3 in the store"),
    ]


def test_what_nothing_depends_on_is_not_even_remembered(
    web: Orchestrator, store: FakeStore
) -> None:
    store.edit_order(store.add_order(OrderFactory().plain()).id, staff_notes="call first")
    call = last_call(store, "order/updated")
    for _ in range(2):
        assert (
            str(handle(web, call)) == "store/order/updated: nothing: nothing depends on this event."
        )


def test_a_repetition_asks_for_nothing(web: Orchestrator, store: FakeStore) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    assert handle(web, call).webhook.action == ImportOrder(order)
    store.clear_log()
    assert handle(web, call).webhook.action == Ignore("it came before")
    assert store.counts() == {}


def test_repetitions_are_remembered_by_all_processes_with_the_journal(
    join: Join, store: FakeStore, tmp_path: Path
) -> None:
    journal = f"sqlite:///{tmp_path}/journal.db"
    one, other = join(journal=journal), join(journal=journal)
    store.place_order()
    call = last_call(store, "created")
    first = one.accept_webhook(call.body, call.headers)
    assert isinstance(first.action, ImportOrder)
    # Until it is done, a repetition may be the only one that is left.
    second = other.accept_webhook(call.body, call.headers)
    assert second.action == first.action
    assert one.act_on_webhook(first).import_report is not None
    store.clear_log()
    assert other.act_on_webhook(second).webhook.action == Ignore("it came before")
    assert other.accept_webhook(call.body, call.headers).action == Ignore("it came before")
    assert store.counts() == {}


def test_accepting_asks_the_store_nothing_and_acting_may_wait(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    store.clear_log()
    webhook = web.accept_webhook(call.body, call.headers)
    assert store.counts() == {}
    assert books.sales_orders() == []
    queued = pickle.loads(pickle.dumps(webhook))
    report = web.act_on_webhook(queued)
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.imported] == [order]


def test_what_could_not_be_done_counts_again_when_repeated(
    web: Orchestrator, store: FakeStore
) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreError):
        handle(web, call)
    report = handle(web, call)
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.imported] == [order]


def test_the_error_is_told_where_the_journal_is_lost_as_well(
    join: Join, store: FakeStore, tmp_path: Path
) -> None:
    web = join(journal=f"sqlite:///{tmp_path}/journal.db")
    store.place_order()
    call = last_call(store, "created")
    webhook = web.accept_webhook(call.body, call.headers)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("DROP TABLE avbc_webhooks")
    store.fail("GET /v2/orders", "503")
    with pytest.raises(StoreError):
        web.act_on_webhook(webhook)
    with pytest.raises(JournalUnusable):
        web.accept_webhook(call.body, call.headers)


def test_polling_does_what_a_lost_webhook_would_have_done(
    web: Orchestrator, store: FakeStore
) -> None:
    order = store.place_order().id
    assert [outcome.order_id for outcome in web.import_orders().imported] == [order]
    report = handle(web, last_call(store, "created"))
    assert report.import_report is not None
    assert [outcome.problems[0].code for outcome in report.import_report.postponed] == [
        "order_not_new"
    ]


def test_an_order_that_is_left_alone_has_nothing_new_in_its_history(
    web: Orchestrator, store: FakeStore
) -> None:
    """A second webhook of an order postpones nothing."""
    order = store.place_order().id
    created = last_call(store, "created")
    handle(web, created)
    store.edit_order(order, status_id=9)
    before = [entry for entry in web.history(order).entries if entry.action == "import"]
    again = Event("store/order/created", {"type": "order", "id": order}, 1772463600, 99)
    handle(web, store.webhook(again))
    web.import_order(order, only_new=True)
    after = [entry for entry in web.history(order).entries if entry.action == "import"]
    assert [entry.outcome for entry in after] == ["imported"]
    assert after == before


def test_a_body_may_be_text_and_what_is_none_is_refused(
    web: Orchestrator, store: FakeStore
) -> None:
    order = store.place_order().id
    call = last_call(store, "created")
    for body, headers in [(call.body, None), (None, call.headers), (json.loads(call.body), {})]:
        with pytest.raises(WebhookRefused):
            web.handle_webhook(body, headers)  # type: ignore[arg-type]  # as a framework may
    pairs = list(call.headers.items())
    assert web.accept_webhook(call.body.decode(), pairs).action == ImportOrder(order)


def test_nothing_is_done_for_a_bad_signature(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    store.place_order()
    store.clear_log()
    told = store.events[-1]
    for call in (store.webhook(told, client_secret="example-secret-2"), store.webhook(told, at=0)):
        with pytest.raises(WebhookRefused):
            handle(web, call)
    assert store.counts() == {}
    assert books.sales_orders() == []
    assert isinstance(handle(web, store.webhook(told)).webhook.action, ImportOrder)


def test_a_store_that_is_not_enabled_ignores_them(
    join: Join, store: FakeStore, change: Change
) -> None:
    store.place_order()
    web = join(settings=change(store={"enabled": False}))
    assert handle(web, last_call(store, "created")).webhook.action == Ignore(
        "store.enabled is false"
    )


def test_without_a_client_secret_nothing_can_be_verified(
    join: Join, store: FakeStore, change: Change
) -> None:
    store.place_order()
    web = join(settings=change(store={"client_secret": None}))
    with pytest.raises(
        SettingsError, match=r"store\.client_secret: is required to verify webhooks"
    ):
        handle(web, last_call(store, "created"))


def test_without_a_client_secret_nothing_is_registered(
    join: Join, store: FakeStore, change: Change
) -> None:
    web = join(settings=change(store={"client_secret": None}))
    for preview in (True, False):
        with pytest.raises(SettingsError, match=r"store\.client_secret: is required to verify"):
            web.register_webhooks("https://example.com/webhooks", preview=preview)
    assert store.counts() == {}


def test_hooks_whose_webhooks_are_all_refused_are_warned_of(
    join: Join, store: FakeStore, change: Change
) -> None:
    join().register_webhooks("https://example.com/webhooks")
    web = join(settings=change(store={"client_secret": None}))
    (check,) = [each for each in web.check_setup().checks if each.item == "store.client_secret"]
    assert (check.area, check.state) == ("webhook", "warning")
    assert "each one is refused: it is required to verify webhooks: set AVBC_C" in check.found
    assert not [e for e in join().check_setup().checks if e.item == "store.client_secret"]
    store.state.hooks.clear()
    assert not [e for e in web.check_setup().checks if e.item == "store.client_secret"]


def test_a_credentials_file_without_a_client_secret_is_named(
    join: Join, change: Change, tmp_path: Path
) -> None:
    file = tmp_path / "account.txt"
    web = join(settings=change(store={"client_secret": None, "credentials_file": file}))
    with pytest.raises(SettingsError) as caught:
        web.register_webhooks("https://example.com/webhooks")
    (fault,) = caught.value.faults
    assert str(fault) == (
        "store.client_secret: is required to verify webhooks, and account.txt (credentials_file) "
        "has no line CLIENT SECRET: add it, or set AVBC_CLIENT_SECRET"
    )


# Registering


def hooks(store: FakeStore) -> list[tuple[object, object, object]]:
    return [
        (hook["scope"], hook["destination"], hook["is_active"])
        for hook in store.state.hooks.values()
    ]


CREATED, UPDATED = "store/order/created", "store/order/statusUpdated"
NEEDED = [need.scope for need in HOOKS]


def test_the_needed_hooks_are_created_once(web: Orchestrator, store: FakeStore) -> None:
    preview = web.register_webhooks(URL, preview=True)
    assert [outcome.result for outcome in preview.hooks] == ["created"] * 6
    assert str(preview).startswith("Webhooks (preview): would create 6.")
    assert hooks(store) == []
    report = web.register_webhooks(URL)
    assert hooks(store) == [(scope, URL, True) for scope in NEEDED]
    assert [(row["result"], row["scope"], row["is_active"]) for row in report.to_dicts()] == [
        ("created", scope, True) for scope in NEEDED
    ]
    store.clear_log()
    again = web.register_webhooks(URL)
    assert str(again).startswith("Webhooks: kept 6.")
    assert store.counts() == {"GET /v3/hooks": 1}


def test_our_own_writes_need_no_hook() -> None:
    """Each write to an order is a `store/order/updated`, ours too."""
    assert "store/order/updated" not in NEEDED


def test_hooks_are_repaired_and_others_left_alone(web: Orchestrator, store: FakeStore) -> None:
    elsewhere = "https://example.com/elsewhere"
    for scope, destination, is_active in [
        (CREATED, elsewhere, False),
        (CREATED, "https://example.com/staging", True),
        (UPDATED, elsewhere, True),
        (UPDATED, URL, False),
        ("store/cart/created", elsewhere, True),
    ]:
        body = json.dumps(
            {"scope": scope, "destination": destination, "is_active": is_active}
        ).encode()
        assert store.request("POST", "/v3/hooks", body=body).status == 200
    before = hooks(store)
    preview = web.register_webhooks(URL, preview=True)
    assert hooks(store) == before
    report = web.register_webhooks(URL)
    assert [(outcome.result, outcome.changes) for outcome in preview.hooks] == [
        (outcome.result, outcome.changes) for outcome in report.hooks
    ]
    assert [
        (outcome.result, outcome.scope, outcome.destination, outcome.changes)
        for outcome in report.hooks
    ] == [
        ("repaired", CREATED, URL, "had the URL https://example.com/staging"),
        ("repaired", UPDATED, URL, "was inactive"),
        *(("created", need.scope, URL, need.why) for need in HOOKS[2:]),
        ("other", CREATED, elsewhere, ""),
        ("other", UPDATED, elsewhere, ""),
        ("other", "store/cart/created", elsewhere, ""),
    ]
    assert hooks(store) == [
        (CREATED, elsewhere, False),
        (CREATED, URL, True),
        (UPDATED, elsewhere, True),
        (UPDATED, URL, True),
        ("store/cart/created", elsewhere, True),
        *((scope, URL, True) for scope in NEEDED[2:]),
    ]
    assert [outcome.result for outcome in web.register_webhooks(URL).hooks] == [
        *["kept"] * 6,
        "other",
        "other",
        "other",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hooks?token=example-token",
        "https://example.com:8443/?token=example-token",
        "https:///example-token",
        "example-token",
    ],
)
def test_only_what_bigcommerce_would_call_is_registered(
    web: Orchestrator, store: FakeStore, url: str
) -> None:
    with pytest.raises(ValueError, match="https") as caught:
        web.register_webhooks(url)
    assert "example-token" not in str(caught.value)
    with pytest.raises(ValueError, match="cannot be read"):
        web.register_webhooks("https://[example-token")
    assert store.counts() == {}


def test_hooks_told_by_the_store_are_those_that_are_handled(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    web.register_webhooks(URL)
    orders = [store.place_order().id for _ in range(3)]
    handled = 0
    while calls := store.webhook_calls(since=handled, copies=2):
        handled = len(store.events)
        assert {call.destination for call in calls} == {URL}
        for call in calls:
            handle(web, call)
    assert sorted(order.store_order_id for order in books.sales_orders()) == orders
    assert store.counts()["PUT /v2/orders/{id}"] == 1 + len(
        orders
    )  # with the probe of the right to write


def test_a_failure_names_itself(web: Orchestrator, store: FakeStore) -> None:
    store.fail("POST /v3/hooks", "500", at=2)
    with pytest.raises(AvbcError):
        web.register_webhooks(URL)
    assert [outcome.result for outcome in web.register_webhooks(URL).hooks] == [
        "kept",
        *["created"] * 5,
    ]


def test_a_webhook_may_be_changed_like_other_data() -> None:
    webhook = Webhook(CREATED, ImportOrder(5))
    assert attrs.evolve(webhook, action=Ignore("so")).action == Ignore("so")
    assert avbc.WebhookRefused is WebhookRefused


# How many requests in sequence


LIST, PAID, SET = "GET /v2/orders", "GET /v3/orders/{id}/transactions", "PUT /v2/orders/{id}"
COUPONS, INFORMATION = "GET /v2/orders/{id}/coupons", "GET /v2/store"
PROBE = "PUT /v2/orders/0"


class InWaves(httpx.BaseTransport):
    """Answers requests only when all of their wave are there, and none before its wave's turn."""

    def __init__(self, store: FakeStore, waves: Sequence[set[str]]) -> None:
        self._store = store
        self._waves = [set(wave) for wave in waves]
        self._changed = threading.Condition()
        self._waiting: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.partition("/stores/abc123")[2]
        numbered = path if path == "/v2/orders/0" else re.sub(r"/[0-9]+", "/{id}", path)
        name = f"{request.method} {numbered}"
        with self._changed:
            assert self._waves, f"{name} comes after the last wave"
            wave = self._waves[0]
            assert name in wave - self._waiting, f"{name} is not of the wave {wave}"
            self._waiting.add(name)
            if self._waiting == wave:
                self._waiting = set()
                del self._waves[0]
                self._changed.notify_all()
            elif not self._changed.wait_for(lambda: wave not in self._waves, timeout=5):
                raise AssertionError(f"{wave - self._waiting} is not sent at the same time")
        return self._store.handle(request)

    @property
    def is_over(self) -> bool:
        return not self._waves


@pytest.mark.parametrize(
    ("discounts", "is_first", "waves"),
    [
        ([], False, [{LIST, PAID}, {SET}]),
        ([NEW_COUPON], False, [{LIST, PAID}, {COUPONS}, {SET}]),
        ([], True, [{LIST, PAID}, {INFORMATION, PROBE}, {SET}]),
    ],
)
def test_a_card_order_takes_two_requests_in_sequence_after_its_webhook(
    join: Callable[..., Orchestrator],
    store: FakeStore,
    discounts: list[Discount],
    is_first: bool,
    waves: list[set[str]],
) -> None:
    order = store.place_order([item("MUG-BLUE")], discounts=discounts, status_id=0)
    store.edit_order(order.id, status_id=NEW)
    call = last_call(store, "statusUpdated")
    before = [] if is_first else [{LIST}, {INFORMATION, PROBE}, {PAID}, {SET}]
    transport = InWaves(store, [*before, *waves])
    web = join(transport=transport)
    if not is_first:
        assert web.import_order(store.place_order([item("MUG-RED")]).id).ok
    report = handle(web, call)
    assert report.import_report is not None
    assert [outcome.order_id for outcome in report.import_report.imported] == [order.id]
    assert report.import_report.requests == sum(map(len, waves))
    assert transport.is_over


@pytest.mark.parametrize(
    ("method", "receipt_type"),
    [("Cash on Delivery", "Check"), ("Purchase Order", "Purchase Order")],
)
def test_the_transactions_of_an_order_are_not_read_ahead_where_no_gateway_is_used(
    join: Callable[..., Orchestrator],
    store: FakeStore,
    change: Callable[..., Settings],
    method: str,
    receipt_type: str,
) -> None:
    rows = [PaymentMethodMapping(bigcommerce=method, receipt_type=receipt_type)]
    order = store.place_order(
        [item("MUG-BLUE")], buyer=PURCHASER, payment=Payment(method), status_id=0
    )
    store.edit_order(order.id, status_id=NEW)
    report = handle(
        join(settings=change(gl={"payment_methods": rows})), last_call(store, "Updated")
    )
    assert report.ok
    assert PAID not in store.counts()


def test_what_was_read_ahead_of_an_order_that_is_not_new_any_more_is_not_used(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order([item("MUG-BLUE")], status_id=0)
    store.edit_order(order.id, status_id=NEW)
    call = last_call(store, "statusUpdated")
    store.edit_order(order.id, status_id=5)
    assert handle(web, call).import_report is not None
    assert books.sales_orders() == []
    assert store.counts() == {LIST: 1, PAID: 1}


def test_transactions_that_were_read_ahead_and_are_empty_are_asked_for_again(
    web: Orchestrator, store: FakeStore, books: SqlGateway
) -> None:
    order = store.place_order([item("MUG-BLUE")], status_id=0)
    store.edit_order(order.id, status_id=NEW)
    call = last_call(store, "statusUpdated")
    store.fail("GET */transactions", "204")
    assert handle(web, call).ok
    assert str(books.receipts()[0].amount) == str(order.header["total_inc_tax"])[:-2]
    assert store.counts()[PAID] == 2
