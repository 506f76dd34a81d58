"""Webhooks."""

import json
import os
from datetime import UTC, datetime
from importlib import import_module

import pytest

from avbc.bigcommerce import NotFound, StoreUnavailable, UnexpectedData
from avbc.bigcommerce.endpoints import store as endpoints
from avbc.bigcommerce.models import Hook, HookDraft

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

ROW = {
    "id": 22561593,
    "client_id": "example-id",
    "store_hash": "abc123",
    "scope": "store/order/statusUpdated",
    "destination": "https://example.com/hook",
    "headers": {"X-Check": "example-secret"},
    "is_active": True,
    "created_at": 1561479335,
    "updated_at": None,
}
DRAFT = HookDraft(
    scope="store/order/statusUpdated",
    destination="https://example.com/hook",
    is_active=True,
    headers={"X-Check": "example-secret"},
)


def test_hooks_are_listed(script, open_store):
    answers = script(
        httpx.Response(200, json={"data": [ROW], "meta": {"pagination": {"total_pages": 1}}})
    )
    (hook,) = open_store(answers.transport).hooks.list(
        scope="store/order/created", destination="https://example.com/hook", is_active=True
    )
    assert hook.created_at == datetime(2019, 6, 25, 16, 15, 35, tzinfo=UTC)
    assert hook.updated_at is None
    assert hook.extra == {"headers": {"X-Check": "example-secret"}}
    assert "example-secret" not in repr(hook)
    assert dict(answers.requests[0].url.params) == {
        "limit": "250",
        "scope": "store/order/created",
        "destination": "https://example.com/hook",
        "is_active": "true",
    }


@pytest.mark.parametrize("value", ["soon", 1e300, True, 10**17])
def test_a_time_that_is_none_has_its_place(value):
    with pytest.raises(
        UnexpectedData, match=r"^hooks\[0\]\.created_at: expected seconds since 1970"
    ):
        endpoints.list_hooks().read({"data": [ROW | {"created_at": value}]})


def test_a_hook_is_created_once(script, open_store):
    answers = script(httpx.Response(200, json={"data": ROW, "meta": {}}))
    hook = open_store(answers.transport).hooks.create(DRAFT)
    assert isinstance(hook, Hook)
    assert hook.id == 22561593
    assert json.loads(answers.requests[0].content) == {
        "scope": "store/order/statusUpdated",
        "destination": "https://example.com/hook",
        "is_active": True,
        "headers": {"X-Check": "example-secret"},
    }
    failing = script(httpx.Response(500), httpx.Response(200, json={"data": ROW}))
    with pytest.raises(StoreUnavailable):
        open_store(failing.transport).hooks.create(DRAFT)
    assert len(failing.requests) == 1


def test_a_hook_is_changed(script, open_store):
    answers = script(httpx.Response(503), httpx.Response(200, json={"data": ROW, "meta": {}}))
    assert (
        open_store(answers.transport)
        .hooks.update(22561593, HookDraft(is_active=False, headers=None))
        .id
        == 22561593
    )
    assert (answers.requests[1].method, answers.requests[1].url.path) == (
        "PUT",
        "/stores/abc123/v3/hooks/22561593",
    )
    assert json.loads(answers.requests[1].content) == {"is_active": False, "headers": None}


def test_a_hook_is_deleted(script, open_store):
    answers = script(
        httpx.Response(503), httpx.Response(200, json={"data": ROW}), httpx.Response(204)
    )
    store = open_store(answers.transport)
    assert store.hooks.delete(22561593) is None
    assert store.hooks.delete(22561593) is None
    assert {request.method for request in answers.requests} == {"DELETE"}
    assert len(answers.requests) == 3


def test_a_hook_that_is_gone(script, open_store):
    answers = script(
        httpx.Response(404, json={"status": 404, "title": "Webhook not found", "errors": {}})
    )
    with pytest.raises(NotFound, match="Webhook not found"):
        open_store(answers.transport).hooks.delete(1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: endpoints.create_hook(HookDraft(headers={})),
            "hooks[0].scope: a value is required; hooks[0].destination: a value is required",
        ),
        (lambda: endpoints.update_hook(1, HookDraft()), "hooks: nothing to update"),
    ],
)
def test_what_is_not_sent(make, message):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value) == message
